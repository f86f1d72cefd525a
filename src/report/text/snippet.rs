//! Findings as rustc draws them: the offending lines, carets under the words, what to do about it.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};

use super::Style;
use super::ink::{self, MARK, clean};
use super::window::{MAX_BYTES, Window, floor, line_end};
use crate::diagnostic::{Diagnostic, FileId, Place, Severity};
use crate::document::Sources;
use crate::report::words::values::count;

/// Places further apart than this many lines get a snippet each.
const MAX_LINES: usize = 40;

/// Second places shown per finding, unless everything is asked for.
const MAX_RELATED: usize = 20;

/// The columns that the gutter and the label of a note take, and the least that the note itself gets.
const NOTE: usize = 16;

/// How far the second and later lines of a title are set in.
const HANG: usize = 4;

/// Wider than any line handed over: the lines are cut before.
const UNLIMITED: usize = 1 << 24;

/// All findings, in the order given, each with its snippet and an empty line after it.
pub fn findings(diagnostics: &[Diagnostic], sources: &Sources, style: &Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(UNLIMITED).decor_style(DecorStyle::Ascii).hyperlink(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        if !style.quiet || diagnostic.severity != Severity::Info {
            finding(diagnostic, sources, style, &renderer, &mut text);
            text.push_str("\n\n");
        }
    }
    text
}

/// One finding, without the end of its last line.
fn finding(diagnostic: &Diagnostic, sources: &Sources, style: &Style, renderer: &Renderer, out: &mut String) {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(clean(&diagnostic.message)).id(clean(&diagnostic.rule));
    let mut group = Group::with_title(title);
    let most = if style.verbose > 0 { usize::MAX } else { MAX_RELATED };
    let places = pointers(diagnostic, sources, most);
    let (mut arrows, mut drawn_lines) = (Vec::new(), false);
    for view in views(places) {
        arrows.push(view.arrow(sources));
        group = match view.draw(sources, style.width) {
            Some(snippet) => {
                drawn_lines = true;
                group.element(snippet)
            }
            None => group.element(Origin::path(MARK.to_string())),
        };
    }
    if arrows.is_empty()
        && let Some(organisation) = &diagnostic.organisation
    {
        group = group.element(Level::NOTE.message(format!("organisation {}", clean(organisation))));
    }
    if let Some(more) = diagnostic.related.len().checked_sub(most).filter(|more| *more > 0) {
        group = group.element(Level::NOTE.message(format!("{} not shown (-v shows all)", count(more, "more place"))));
    }
    if let Some(help) = &diagnostic.help {
        let room = style.width.saturating_sub(NOTE).max(NOTE);
        group = group.element(Level::HELP.message(wrapped(&clean(help), room, room)));
    }
    let mut drawn = renderer.render(&[group]);
    if !drawn_lines {
        // Without line numbers the renderer leaves no room for them; it looks better with some.
        drawn = drawn.replace('\n', "\n ");
    }
    if style.fitted {
        let message = clean(&diagnostic.message);
        let label = format!("{}[{}]: ", diagnostic.severity, clean(&diagnostic.rule));
        let title = wrapped(&message, style.width.saturating_sub(ink::width(&label)), style.width.saturating_sub(HANG));
        drawn = drawn.replacen(&message, &title.replace('\n', &format!("\n{:HANG$}", "")), 1);
    }
    let mut pieces = drawn.trim_end().split(MARK);
    out.push_str(pieces.next().unwrap_or_default());
    for (piece, arrow) in pieces.zip(arrows) {
        out.push_str(&arrow);
        // What the renderer counted in the lines it was given: only right where none was cut.
        out.push_str(piece.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()));
    }
}

/// A text broken into lines: so many columns for the first, so many for each of the others.
fn wrapped(text: &str, first: usize, others: usize) -> String {
    let mut room = first;
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let wide = ink::width(word);
        if column > 0 {
            let fits = column + 1 + wide <= room;
            lines.push(if fits { ' ' } else { '\n' });
            (column, room) = if fits { (column + 1, room) } else { (0, others) };
        }
        lines.push_str(word);
        column += wide;
    }
    lines
}

/// Something to point at, on borders of characters.
struct Pointer {
    file: FileId,
    start: usize,
    end: usize,
    line: usize,
    column: usize,
    /// How many lines it covers, from 1.
    lines: usize,
    primary: bool,
    label: Option<String>,
}

/// What a finding points at, the thing itself first.
fn pointers(diagnostic: &Diagnostic, sources: &Sources, most: usize) -> Vec<Pointer> {
    let primary = diagnostic.place.iter().filter_map(|place| pointer(place, None, sources));
    let related = diagnostic.related.iter().take(most);
    primary.chain(related.filter_map(|second| pointer(&second.place, Some(&second.message), sources))).collect()
}

/// What a place points at, without the spaces at its end and not beyond what can be shown.
fn pointer(place: &Place, message: Option<&str>, sources: &Sources) -> Option<Pointer> {
    if place.file == FileId::NONE {
        return None;
    }
    let text = sources.text(place.file);
    let start = floor(text, place.span.start as usize);
    let mut end = floor(text, place.span.end as usize).max(start);
    let far = end - start > MAX_BYTES;
    if far {
        end = floor(text, start + MAX_BYTES);
    } else {
        end = start + text[start..end].trim_end().len().max(usize::from(end > start && start < text.len()));
        end = floor(text, end).max(start);
    }
    let (mut lines, mut at, mut first) = (1, start, None);
    while let Some((line, next)) = line_end(&text[..end], at) {
        first = first.or(Some(line));
        (lines, at) = (lines + 1, next);
    }
    let mut label = message.map(clean).filter(|label| !label.is_empty());
    if let Some(first) = first
        && (far || lines > MAX_LINES)
    {
        // Too much to frame: its first line stands for it.
        let last = sources.position(place.file, place.span.end).line;
        let until = format!("from here to line {last}");
        label = Some(label.map_or(until.clone(), |label| format!("{label} ({until})")));
        (end, lines) = (first, 1);
    }
    let position = sources.position(place.file, start as u32);
    let (line, column) = (position.line as usize, position.column as usize);
    Some(Pointer { file: place.file, start, end, line, column, lines, primary: message.is_none(), label })
}

/// Pointers into lines that stand close together.
struct View {
    pointers: Vec<Pointer>,
}

/// The pointers, those that are close together in one view; the first is the one that the view is about.
fn views(pointers: Vec<Pointer>) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for pointer in pointers {
        match views.iter_mut().find(|view| view.takes(&pointer)) {
            Some(view) => view.pointers.push(pointer),
            None => views.push(View { pointers: vec![pointer] }),
        }
    }
    views
}

impl View {
    /// Whether a pointer is close enough to the others.
    fn takes(&self, new: &Pointer) -> bool {
        let all = || self.pointers.iter().chain([new]);
        let low = |of: fn(&Pointer) -> usize| all().map(of).min().unwrap_or_default();
        let high = |of: fn(&Pointer) -> usize| all().map(of).max().unwrap_or_default();
        let lines = high(|p| p.line + p.lines) - low(|p| p.line);
        let bytes = high(|p| p.end) - low(|p| p.start);
        self.pointers.iter().all(|p| p.file == new.file) && lines <= MAX_LINES && bytes <= MAX_BYTES
    }

    /// Where the arrow points: `path:line:column`, or the path alone where there is no text.
    fn arrow(&self, sources: &Sources) -> String {
        let Some(first) = self.pointers.first() else { return String::new() };
        let path = clean(sources.path(first.file));
        if sources.text(first.file).is_empty() { path } else { format!("{path}:{}:{}", first.line, first.column) }
    }

    /// The lines with their marks; none where there is no text.
    fn draw(
        &self,
        sources: &Sources,
        width: usize,
    ) -> Option<Snippet<'static, annotate_snippets::Annotation<'static>>> {
        let pointers = &self.pointers;
        let text = pointers.first().map(|first| sources.text(first.file)).filter(|text| !text.is_empty())?;
        let line = pointers.iter().map(|p| p.line).min()?;
        let last = pointers.iter().map(|p| p.line + p.lines - 1).max()?;
        let start = pointers.iter().map(|p| p.start).min()?;
        let end = pointers.iter().map(|p| p.end).max()?;
        let frame = if pointers.iter().any(|p| p.lines > 1) { 2 * pointers.len() } else { 0 };
        let room = width.saturating_sub(last.to_string().len() + " | ".len() + frame);
        let focuses: Vec<_> = pointers.iter().map(|p| p.start..p.end).collect();
        let window = Window::new(text, start, end, &focuses, room);
        let annotations: Vec<_> = pointers
            .iter()
            .map(|p| {
                let kind = if p.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                kind.span(window.find(p.start)..window.find(p.end)).label(p.label.clone())
            })
            .collect();
        Some(Snippet::source(window.text).line_start(line).path(MARK.to_string()).annotations(annotations))
    }
}
