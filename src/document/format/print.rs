//! From the tree to canonical text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::WIDTH;
use super::comments::{Child, child_layout};
use super::scalar::{self, Written};
use crate::document::record::Layout;
use crate::document::tree::{Comment, Kind, Node};

/// Writes one file.
pub(super) struct Printer<'t> {
    pub(super) text: &'t str,
    pub(super) comments: &'t [Comment],
    /// Where the lines of the text start.
    pub(super) lines: Vec<usize>,
    out: String,
    /// No blank line may follow: the text begins here, or a line that opens something, or one whose breaks count.
    tight: bool,
}

/// What stands before a value on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing: it is a document.
    Root,
    /// `key:`
    Key,
    /// `-`
    Dash,
}

/// Where a node starts, its anchor and tag included.
pub(super) fn start(text: &str, node: Node<'_>) -> usize {
    let place = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let anchor = node.anchor().map(|name| place(name) - 1);
    let tag = node.tag().map(place);
    anchor.into_iter().chain(tag).fold(node.span().start as usize, usize::min)
}

impl<'t> Printer<'t> {
    pub(super) fn new(text: &'t str, comments: &'t [Comment]) -> Printer<'t> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Printer { text, comments, lines, out: String::with_capacity(text.len() + text.len() / 8), tight: true }
    }

    /// The text, with the comments from `next` on at its end.
    pub(super) fn finish(mut self, next: usize) -> String {
        self.comment_lines(next..self.comments.len(), 0, true);
        self.out
    }

    /// Writes a document marker or directive after the comments `own`; gives the first comment behind its line.
    pub(super) fn marker(&mut self, range: Range<usize>, own: Range<usize>) -> usize {
        let after = self.upto(own.end..self.comments.len(), range.end);
        self.comment_lines(own.clone(), 0, true);
        if self.blank_before(range.start) {
            self.blank();
        }
        let line = &self.text[range.clone()];
        let end = self.comments[own.end..after].first().map_or(range.end, |comment| comment.span.start as usize);
        let line = if line.starts_with('%') { &self.text[range.start..end] } else { &line[..3] };
        self.out.push_str(line.trim_end());
        self.comment_after(own.end..after);
        self.end_line(true);
        after
    }

    /// Writes a document.
    pub(super) fn root(&mut self, node: Node<'t>, layout: Layout, own: Range<usize>) {
        self.value(node, layout, Place::Root, 0, own);
    }

    /// Writes a value behind what stands on the line, and ends the line. Lines of its own are indented by `indent`.
    /// Says whether it is a block of several entries.
    fn value(&mut self, node: Node<'t>, layout: Layout, place: Place, indent: usize, own: Range<usize>) -> bool {
        let written = !self.source(node).is_empty();
        let before = if written { self.upto(own.clone(), node.span().start as usize) } else { own.start };
        let below = before > own.start || place == Place::Root;
        let column = if below { indent } else { self.line_width() + 1 };
        match self.in_one_piece(node, layout, column, indent) {
            Some(piece) => {
                let empty = !node.is_alias() && matches!(node.kind(), Kind::Sequence | Kind::Mapping);
                let before = if empty { self.upto(own.clone(), node.span().end as usize) } else { before };
                self.piece(piece, place, indent, own.start..before, before..own.end);
                false
            }
            None => {
                self.collection(node, layout, place, indent, own);
                true
            }
        }
    }

    /// A node that is no block of entries.
    fn in_one_piece(&self, node: Node<'t>, layout: Layout, column: usize, indent: usize) -> Option<Written> {
        if node.is_alias() {
            return Some(Written { head: self.source(node).to_owned(), body: String::new(), keeps: false });
        }
        if node.text().is_some() {
            let written = scalar::write(self.text, node, indent.max(2));
            let mut head = String::new();
            join(&mut head, node, &written.head);
            return Some(Written { head, ..written });
        }
        let empty = node.items().next().is_none() && node.raw_entries().next().is_none();
        let span = node.span();
        let first = self.upto(0..self.comments.len(), span.start as usize);
        let commented = self.comments.get(first).is_some_and(|comment| comment.span.start < span.end);
        let fits = empty || (node.flow() && !commented);
        let mut flat = String::new();
        let limit = if empty { usize::MAX } else { WIDTH.saturating_sub(column) };
        let written = fits && self.flat(node, layout, limit, &mut flat);
        written.then_some(Written { head: flat, body: String::new(), keeps: false })
    }

    /// Writes a node on one line, in brackets; gives up where it is wider than `limit` or cannot be.
    fn flat(&self, node: Node<'t>, layout: Layout, limit: usize, out: &mut String) -> bool {
        let fits = |out: &String| out.len() <= limit || out.chars().count() <= limit;
        if node.is_alias() {
            out.push_str(self.source(node));
            return fits(out);
        }
        match node.kind() {
            Kind::Sequence => {
                join(out, node, "[");
                for (index, item) in node.items().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    if !self.flat(item, child_layout(layout, None), limit, out) {
                        return false;
                    }
                }
                out.push(']');
            }
            Kind::Mapping => {
                join(out, node, "{");
                let entries: Vec<_> = node.raw_entries().take(limit.saturating_add(1)).collect();
                for (index, at) in self.order(&entries, layout).into_iter().enumerate() {
                    let (key, value) = entries[at];
                    out.push_str(if index > 0 { ", " } else { " " });
                    out.push_str(&self.key(key));
                    if !self.source(value).is_empty() || value.anchor().is_some() || value.tag().is_some() {
                        out.push_str(": ");
                    }
                    if !self.flat(value, child_layout(layout, Some(key)), limit, out) {
                        return false;
                    }
                }
                out.push_str(if entries.is_empty() { "}" } else { " }" });
            }
            _ if self.source(node).contains('\n') => return false,
            _ => join(out, node, self.source(node)),
        }
        fits(out)
    }

    /// Writes what [`Printer::in_one_piece`] made, between the comments before and after it.
    fn piece(&mut self, piece: Written, place: Place, indent: usize, before: Range<usize>, after: Range<usize>) {
        if place == Place::Root {
            self.comment_lines(before.clone(), indent, false);
            if !before.is_empty() && self.separated(before.end - 1) {
                self.blank();
            }
        } else if !before.is_empty() {
            let rest = self.comment_after(before);
            self.end_line(true);
            self.comment_lines(rest, indent, true);
            self.indent(indent);
        } else if !piece.head.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(&piece.head);
        let rest = self.comment_after(after);
        self.out.push_str(&piece.body);
        self.end_line(piece.keeps);
        self.comment_lines(rest, indent, true);
    }

    fn collection(&mut self, node: Node<'t>, layout: Layout, place: Place, indent: usize, own: Range<usize>) {
        let (mut children, end) = self.children(node, layout, own);
        let properties = properties(node);
        let root = place == Place::Root;
        if let Some(first) = children.first_mut().filter(|_| root) {
            let header = self.header(first.lead.clone());
            self.comment_lines(first.lead.start..header, 0, false);
            if header > first.lead.start && self.separated(header - 1) {
                self.blank();
            }
            first.lead.start = header;
        }
        if !root && !properties.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(&properties);
        if let Some(first) = children.first_mut().filter(|_| !root || !properties.is_empty()) {
            first.lead = self.comment_after(first.lead.clone());
        }
        let entries: Vec<_> = children.iter().filter_map(|child| Some((child.key?, child.value))).collect();
        let mut order = self.order(&entries, layout);
        if entries.is_empty() {
            order = (0..children.len()).collect();
        }
        let first = order.first().map(|at| &children[*at]);
        let open = self.out.ends_with('-') && place == Place::Dash && properties.is_empty();
        let mut compact = open && first.is_some_and(|first| first.lead.is_empty());
        if compact {
            self.out.push(' ');
        } else if !root || !properties.is_empty() {
            self.end_line(true);
        }
        let mut after_block = false;
        for at in order {
            let child = &children[at];
            if !compact && (child.blank || (root && after_block && child.key.is_some())) {
                self.blank();
            }
            self.lead(child, indent, compact);
            compact = false;
            let place = if child.key.is_some() { Place::Key } else { Place::Dash };
            after_block = self.value(child.value, child.layout, place, indent + 2, child.own.clone());
        }
        self.comment_lines(end, indent, true);
    }

    /// Writes the comments before an entry, and its key or dash.
    fn lead(&mut self, child: &Child<'t>, indent: usize, compact: bool) {
        self.comment_lines(child.lead.clone(), indent, false);
        if !child.lead.is_empty() && self.blank_before(child.start) {
            self.blank();
        }
        if !compact {
            self.indent(indent);
        }
        match child.key {
            Some(key) => {
                self.out.push_str(&self.key(key));
                self.out.push(':');
            }
            None => self.out.push('-'),
        }
    }

    /// How many of the comments before a document's first entry belong to the file rather than to the entry.
    fn header(&self, lead: Range<usize>) -> usize {
        let schema = |at: usize| self.comment(at)[1..].trim_start().starts_with("yaml-language-server:");
        lead.clone().rev().find(|at| schema(*at) || self.separated(*at)).map_or(lead.start, |last| last + 1)
    }

    /// Whether a blank line follows a comment.
    fn separated(&self, comment: usize) -> bool {
        let rest = &self.text[self.comments[comment].span.end as usize..];
        rest.split('\n').nth(1).is_some_and(|line| line.trim_ascii().is_empty())
    }

    /// The order in which a map's entries are written.
    fn order(&self, entries: &[(Node<'t>, Node<'t>)], layout: Layout) -> Vec<usize> {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        if let Layout::Record(keys) = layout {
            let rank = |at: &usize| match entries[*at].0.text() {
                Some("<<") => 0,
                text => keys.iter().position(|(key, _)| text == Some(key)).map_or(usize::MAX, |rank| rank + 1),
            };
            order.sort_by_cached_key(rank);
            if !order.is_sorted() && moves_anchors(entries, &order) {
                order.sort_unstable();
            }
        }
        order
    }

    fn key(&self, key: Node<'t>) -> String {
        let mut written = String::new();
        join(&mut written, key, self.source(key));
        written.push_str(if key.is_alias() { " " } else { "" });
        written
    }

    fn source(&self, node: Node<'t>) -> &'t str {
        &self.text[node.span().start as usize..node.span().end as usize]
    }

    fn comment(&self, at: usize) -> &'t str {
        let span = self.comments[at].span;
        self.text[span.start as usize..span.end as usize].trim_end()
    }

    /// Writes the first of the comments behind what stands on the line, if that is its place; gives the others.
    fn comment_after(&mut self, comments: Range<usize>) -> Range<usize> {
        if comments.is_empty() || self.comments[comments.start].own_line {
            return comments;
        }
        self.out.push(' ');
        self.out.push_str(self.comment(comments.start));
        comments.start + 1..comments.end
    }

    /// Writes comments on lines of their own, with the author's blank lines between them and, if asked, before them.
    fn comment_lines(&mut self, comments: Range<usize>, indent: usize, blank: bool) {
        for at in comments.clone() {
            if (blank || at > comments.start) && self.blank_before(self.comments[at].span.start as usize) {
                self.blank();
            }
            self.indent(indent);
            self.out.push_str(self.comment(at));
            self.end_line(false);
        }
    }

    fn blank(&mut self) {
        if !self.tight {
            self.end_line(true);
        }
    }

    fn end_line(&mut self, tight: bool) {
        self.out.push('\n');
        self.tight = tight;
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn line_width(&self) -> usize {
        self.out[self.out.rfind('\n').map_or(0, |at| at + 1)..].chars().count()
    }
}

/// A node's anchor and tag.
fn properties(node: Node<'_>) -> String {
    let anchor = node.anchor().map(|name| format!("&{name}"));
    let parts: Vec<String> = anchor.into_iter().chain(node.tag().map(str::to_owned)).collect();
    parts.join(" ")
}

/// Writes what a node says behind its anchor and tag.
fn join(out: &mut String, node: Node<'_>, written: &str) {
    let properties = properties(node);
    out.push_str(&properties);
    out.push_str(if properties.is_empty() || written.is_empty() { "" } else { " " });
    out.push_str(written);
}

/// Whether the order would put an alias before its anchor, or between other anchors of its name.
fn moves_anchors(entries: &[(Node<'_>, Node<'_>)], order: &[usize]) -> bool {
    let mut names: Vec<Vec<(&str, bool)>> = vec![Vec::new(); entries.len()];
    for (names, (key, value)) in names.iter_mut().zip(entries) {
        anchor_names(*key, names);
        anchor_names(*value, names);
    }
    let defined: HashSet<&str> =
        names.iter().flatten().filter(|(_, defines)| *defines).map(|(name, _)| *name).collect();
    let mut last: HashMap<&str, usize> = HashMap::new();
    let mut moved = |at: &usize| {
        let mut used = names[*at].iter().filter(|(name, _)| defined.contains(name));
        used.any(|(name, _)| last.insert(name, *at).is_some_and(|before| before > *at))
    };
    order.iter().any(&mut moved)
}

/// The names of anchors and aliases in a node, and whether each is an anchor.
fn anchor_names<'t>(node: Node<'t>, names: &mut Vec<(&'t str, bool)>) {
    names.extend(node.anchor().map(|name| (name, true)));
    if node.is_alias() {
        let target = node.target().and_then(Node::anchor);
        names.extend(target.map(|name| (name, false)));
        return;
    }
    for (key, value) in node.raw_entries() {
        anchor_names(key, names);
        anchor_names(value, names);
    }
    node.items().for_each(|item| anchor_names(item, names));
}
