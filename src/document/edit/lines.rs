//! Lines around a place: where they begin and end, how they are indented, which comments go with an entry.

use std::ops::Range;

use super::Surgeon;
use crate::document::tree::{Comment, Node};

impl<'t> Surgeon<'t> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Where the line of a byte begins. Both bytes of a line break belong to the line that it ends.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let inside_pair = at > 0 && self.byte(at) == Some(b'\n') && bytes[at - 1] == b'\r';
        let before = &bytes[..at.min(bytes.len()) - usize::from(inside_pair)];
        before.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |end| end + 1)
    }

    /// Where the line of a byte ends, its line break left out.
    pub(super) fn line_text_end(&self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at.min(self.text.len())..];
        rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(self.text.len(), |end| at + end)
    }

    /// Where the next line begins.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let end = self.line_text_end(at);
        match (self.byte(end), self.byte(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => end + 2,
            (Some(_), _) => end + 1,
            (None, _) => end,
        }
    }

    /// The line break that the line of a byte ends with, else that of the line above, else a line feed.
    pub(super) fn line_break(&self, at: usize) -> &'t str {
        let own = &self.text[self.line_text_end(at)..self.line_end(at)];
        let start = self.line_start(at);
        if !own.is_empty() {
            return own;
        }
        if start == 0 {
            return "\n";
        }
        let above = self.line_start(start - 1);
        let above = &self.text[self.line_text_end(above)..start];
        if above.is_empty() { "\n" } else { above }
    }

    /// What stands before a byte on its line, where that is white space only.
    pub(super) fn indent(&self, at: usize) -> Option<&'t str> {
        let start = self.line_start(at);
        let before = &self.text[start..at];
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        before.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then_some(before)
    }

    /// How far a byte stands from the beginning of its line.
    pub(super) fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    fn is_blank(&self, line: usize) -> bool {
        self.text[line..self.line_text_end(line)].trim_ascii().is_empty()
    }

    /// Where a node begins, its anchor and tag included.
    pub(super) fn start(&self, node: Node<'_>) -> usize {
        let place = |part: &str| part.as_ptr() as usize - self.text.as_ptr() as usize;
        let anchor = node.anchor().map(|name| place(name) - 1);
        let tag = node.tag().map(place);
        anchor.into_iter().chain(tag).fold(node.span().start as usize, usize::min)
    }

    /// Where what stands before the content of a value ends: the colon, or an anchor or tag behind it. Nothing where no
    /// colon follows the key.
    pub(super) fn after_colon(&self, key: Node<'_>, value: Node<'_>) -> Option<usize> {
        let end = key.span().end as usize;
        let blanks = self.text[end..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let colon = (self.byte(end + blanks) == Some(b':')).then_some(end + blanks + 1)?;
        let ends = |part: &str| part.as_ptr() as usize - self.text.as_ptr() as usize + part.len();
        Some(value.anchor().map(ends).into_iter().chain(value.tag().map(ends)).fold(colon, usize::max))
    }

    /// The first comment at or behind a byte.
    pub(super) fn comment_from(&self, at: usize) -> usize {
        self.parsed.comments.partition_point(|comment| (comment.span.start as usize) < at)
    }

    /// Whether a comment begins between two bytes.
    pub(super) fn comment_between(&self, range: &Range<usize>) -> bool {
        let next = self.parsed.comments.get(self.comment_from(range.start));
        next.is_some_and(|comment| (comment.span.start as usize) < range.end)
    }

    /// Where the lines of an entry begin, with the comments just above it. It must be the first thing on its line.
    pub(super) fn lead(&self, start: usize) -> usize {
        let mut line = self.line_start(start);
        let column = start - line;
        while line > 0 {
            let above = self.line_start(line - 1);
            let goes_with = |comment: &Comment| {
                let at = comment.span.start as usize;
                comment.own_line && at < line && self.column(at) == column
            };
            match self.parsed.comments.get(self.comment_from(above)) {
                Some(comment) if goes_with(comment) => line = above,
                _ => break,
            }
        }
        line
    }

    /// Where the lines of an entry end that begins at `start` and whose text ends at `end`: behind comments that stand
    /// below it and are indented deeper.
    pub(super) fn tail(&self, start: usize, end: usize) -> usize {
        let column = self.column(start);
        let mut line = self.line_end(end);
        let mut look = line;
        while look < self.text.len() {
            if self.is_blank(look) {
                look = self.line_end(look);
                continue;
            }
            let comment = self.parsed.comments.get(self.comment_from(look));
            let own = comment.filter(|comment| comment.own_line && (comment.span.start as usize) < self.line_end(look));
            let deeper = own.is_some_and(|comment| self.column(comment.span.start as usize) > column);
            if !deeper {
                break;
            }
            line = self.line_end(look);
            look = line;
        }
        line
    }

    /// The lines of an entry with its comments, and the empty lines above where others follow below, so that those that
    /// stay are set off as before.
    pub(super) fn whole_lines(&self, start: usize, end: usize) -> Range<usize> {
        let mut lead = self.lead(start);
        let tail = self.tail(start, end);
        if tail >= self.text.len() || self.is_blank(tail) {
            while lead > 0 {
                let above = self.line_start(lead - 1);
                if !self.is_blank(above) {
                    break;
                }
                lead = above;
            }
        }
        lead..tail
    }

    /// Whether the line above the lines of an entry is empty.
    pub(super) fn set_off(&self, start: usize) -> bool {
        let lead = self.lead(start);
        lead > 0 && self.is_blank(self.line_start(lead - 1))
    }

    /// Adds whole lines where a line begins, or at the end of a text that lacks its last line break.
    pub(super) fn add_lines(&mut self, at: usize, lines: &[String], like: usize) {
        let newline = self.line_break(like);
        let unfinished = at == self.text.len() && at > 0 && !self.text.ends_with(['\n', '\r']);
        let text = match unfinished {
            true => lines.iter().map(|line| format!("{newline}{line}")).collect::<String>(),
            false => lines.iter().map(|line| format!("{line}{newline}")).collect(),
        };
        self.splice(at..at, text);
    }
}
