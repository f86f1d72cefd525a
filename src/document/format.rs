//! Canonical order and layout of a file, with every comment and every word of its author kept.
//!
//! The text is read into the located tree and printed again from it: scalars are copied from the source as written,
//! the space between them is made anew. Before the result is handed out it is read back and compared with what the
//! author wrote: values, styles, anchors and comments. Where anything differs the file is left alone.

mod comments;
mod print;
mod scalar;
mod verify;

use std::borrow::Cow;
use std::ops::Range;

use super::record::{FromNode, Layout};
use super::roster::Roster;
use super::tree::{self, Kind, Node, Parsed, SyntaxError};
use super::workspace::Workspace;
use crate::diagnostic::Span;
use print::Printer;

/// Lists and maps in brackets that go beyond this column are written as blocks.
pub const WIDTH: usize = 100;

/// The canonical text of a roster or a workspace file.
///
/// What is not YAML, or could not be laid out without changing it, is reported with its bytes in `text`.
pub fn format(text: &str) -> Result<String, Vec<SyntaxError>> {
    format_as(text, &[])
}

/// The canonical text of a roster, a workspace file or a further kind of file, such as a platform file: its
/// `PlatformFile::layout()` says how. The keys of each document tell which kind it is.
pub fn format_as(text: &str, further: &[Layout]) -> Result<String, Vec<SyntaxError>> {
    let unix = with_plain_breaks(text);
    let parsed = tree::parse(&unix, true);
    let mut errors = parsed.errors.clone();
    if errors.is_empty() {
        parsed.roots().for_each(|root| refuse_keys(root, &unix, &mut errors));
    }
    if errors.is_empty() {
        let formatted = print(&unix, &parsed, further);
        if verify::same(&unix, &parsed, &formatted) {
            let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
            return Ok(if crlf { formatted.replace('\n', "\r\n") } else { formatted });
        }
        errors.push(SyntaxError {
            span: Span::default(),
            message: "formatting would have changed what this file says, so it was left alone".to_owned(),
            help: Some("please report the file: this is a fault of rosterctl, not of the file".to_owned()),
        });
    }
    if let Cow::Owned(_) = unix {
        let bom = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        let pairs = text[bom..].match_indices("\r\n").enumerate();
        let dropped: Vec<usize> = pairs.map(|(before, (at, _))| at - before).collect();
        let place = |at: u32| at + (bom + dropped.partition_point(|dropped| *dropped < at as usize)) as u32;
        errors.iter_mut().for_each(|error| error.span = Span::new(place(error.span.start), place(error.span.end)));
    }
    Err(errors)
}

const BOM: char = '\u{feff}';

/// The text without a byte order mark, every line break as `\n`: to YAML they mean the same.
fn with_plain_breaks(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') && !text.starts_with(BOM) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.strip_prefix(BOM).unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n"))
}

/// Reports keys that cannot stand before a `:` on one line.
fn refuse_keys(node: Node<'_>, text: &str, errors: &mut Vec<SyntaxError>) {
    if node.is_alias() {
        return;
    }
    node.items().for_each(|item| refuse_keys(item, text, errors));
    for (key, value) in node.raw_entries() {
        let span = key.span();
        let written = &text[span.start as usize..span.end as usize];
        if written.is_empty() || written.contains('\n') {
            let what =
                if written.is_empty() { "no key stands before this `:`" } else { "this key spans several lines" };
            let help = Some("write the key on one line, in quotes where it needs them".to_owned());
            errors.push(SyntaxError { span, message: format!("{what}, which `fmt` does not lay out"), help });
        }
        refuse_keys(value, text, errors);
    }
}

/// A part of the stream of documents.
enum Part<'t> {
    /// `---`, `...` or a `%` directive, up to the end of its line or the content that follows on it.
    Marker(Range<usize>),
    /// A document's content.
    Root(Node<'t>),
}

fn print(text: &str, parsed: &Parsed<'_>, further: &[Layout]) -> String {
    let parts = parts(text, parsed);
    let mut printer = Printer::new(text, &parsed.comments);
    let mut next = 0;
    for (index, part) in parts.iter().enumerate() {
        let end = parts[index + 1..].iter().find_map(|part| match part {
            Part::Marker(range) => Some(range.start),
            Part::Root(_) => None,
        });
        let all = next..parsed.comments.len();
        match part {
            Part::Marker(range) => {
                let own = next..printer.upto(all.clone(), range.start);
                next = printer.marker(range.clone(), own);
            }
            Part::Root(root) => {
                next = printer.upto(all.clone(), end.unwrap_or(usize::MAX));
                printer.root(*root, layout_of(*root, further), all.start..next);
            }
        }
    }
    printer.finish(next)
}

/// Documents and the markers around them, in order.
fn parts<'t>(text: &str, parsed: &'t Parsed<'_>) -> Vec<Part<'t>> {
    let mut parts = Vec::new();
    let mut at = 0;
    for root in parsed.roots() {
        let start = print::start(text, root);
        markers(text, at..start, &mut parts);
        parts.push(Part::Root(root));
        at = (root.span().end as usize).max(start);
    }
    markers(text, at..text.len(), &mut parts);
    parts
}

fn markers(text: &str, gap: Range<usize>, parts: &mut Vec<Part<'_>>) {
    let mut at = gap.start;
    while at < gap.end {
        let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let line = &text[at..end];
        let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
        let marker = ["---", "..."].iter().any(|marker| line.strip_prefix(marker).is_some_and(ends));
        if (at == 0 || text[..at].ends_with('\n')) && (marker || line.starts_with('%')) {
            parts.push(Part::Marker(at..end.min(gap.end)));
        }
        at = end + 1;
    }
}

/// Which kind of file a document is: the one that has most of its keys.
fn layout_of(root: Node<'_>, further: &[Layout]) -> Layout {
    let known = [Roster::layout(), Workspace::layout()];
    let fitting = |layout: &Layout| match layout {
        Layout::Record(keys) if !root.is_alias() && root.kind() == Kind::Mapping => {
            let has = |key: Node<'_>| keys.iter().any(|(name, _)| key.text() == Some(name));
            root.raw_entries().filter(|(key, _)| has(*key)).count()
        }
        _ => 0,
    };
    let all = known.iter().chain(further);
    let best = all.rev().max_by_key(|layout| fitting(layout)).filter(|layout| fitting(layout) > 0);
    best.copied().unwrap_or(Layout::Free)
}
