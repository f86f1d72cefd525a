//! Which comment belongs to which entry.
//!
//! The comments of a text are one sorted list, and every node owns a range of it: those before the entry, inside of
//! it, behind it on its last line, and below it as far as they are indented like its content.

use std::ops::Range;

use super::print::{Printer, start};
use crate::document::record::Layout;
use crate::document::tree::{Kind, Node};

/// One entry of a map or item of a list, with its comments.
pub(super) struct Child<'t> {
    /// The key, where the parent is a map.
    pub(super) key: Option<Node<'t>>,
    pub(super) value: Node<'t>,
    pub(super) layout: Layout,
    /// Where it begins: its key, its dash or, in brackets, itself.
    pub(super) start: usize,
    /// Where its text ends.
    end: usize,
    /// The comments before it.
    pub(super) lead: Range<usize>,
    /// The comments inside of it, behind it and, indented, below it.
    pub(super) own: Range<usize>,
    /// Whether the author left a blank line before it and its comments.
    pub(super) blank: bool,
}

impl<'t> Printer<'t> {
    /// Deals the comments `own` of a collection out to its children; what is left stands below the last one.
    pub(super) fn children(&self, node: Node<'t>, layout: Layout, own: Range<usize>) -> (Vec<Child<'t>>, Range<usize>) {
        let pairs = node.raw_entries().map(|(key, value)| (Some(key), value));
        let pairs: Vec<_> = pairs.chain(node.items().map(|item| (None, item))).collect();
        let mut children: Vec<Child<'t>> = Vec::with_capacity(pairs.len());
        let mut at = node.span().start as usize;
        for (key, value) in pairs {
            let start = match key {
                Some(key) => start(self.text, key),
                None if node.flow() => start(self.text, value),
                None => self.dash(at),
            };
            // Of a value that is not written only the line is known for sure.
            let span = if value.span().end > value.span().start { value.span() } else { key.unwrap_or(value).span() };
            at = if key.is_none() && span.start == span.end { start + 1 } else { span.end as usize };
            let layout = child_layout(layout, key);
            children.push(Child { key, value, layout, start, end: at, lead: 0..0, own: 0..0, blank: false });
        }
        let mut cursor = own.start;
        for index in 0..children.len() {
            let next = children.get(index + 1).map_or(usize::MAX, |next| next.start);
            let Child { start, value, end: text_end, .. } = children[index];
            let lead = cursor..self.upto(cursor..own.end, start);
            let limit = self.upto(lead.end..own.end, next);
            let mut end = self.upto(lead.end..limit, text_end);
            if end < limit && !self.comments[end].own_line {
                end += 1;
            }
            if let Some(least) = self.content_column(start, value) {
                let below = self.comments[end..limit].iter();
                end += below.take_while(|comment| self.column(comment.span.start as usize) >= least).count();
            }
            let first = lead.clone().next().map_or(start, |comment| self.comments[comment].span.start as usize);
            let child = &mut children[index];
            child.blank = index > 0 && self.blank_before(first);
            child.own = lead.end..end;
            child.lead = lead;
            cursor = end;
        }
        (children, cursor..own.end)
    }

    /// How many columns a comment below an entry must be indented to belong to the entry's content.
    fn content_column(&self, entry: usize, value: Node<'t>) -> Option<usize> {
        let entry = self.column(entry) + 1;
        match value.kind() {
            _ if value.is_alias() || value.flow() => None,
            Kind::Mapping => value.raw_entries().next().map(|(key, _)| self.column(start(self.text, key)).max(entry)),
            Kind::Sequence => Some(self.column(self.dash(value.span().start as usize)).max(entry)),
            Kind::Null if value.text() == Some("") => Some(entry),
            _ => None,
        }
    }

    /// The first dash from `at` on, comments, anchors and tags passed over.
    fn dash(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let pass = |at: usize, stop: fn(&u8) -> bool| bytes[at..].iter().position(stop).map_or(bytes.len(), |n| at + n);
        let mut place = at;
        while let Some(byte) = bytes.get(place) {
            match byte {
                b'-' => return place,
                b'#' => place = pass(place, |b| *b == b'\n'),
                b'&' | b'!' => place = pass(place, u8::is_ascii_whitespace),
                _ => place += 1,
            }
        }
        at
    }

    /// The first comment of `range` that starts at `place` or behind it.
    pub(super) fn upto(&self, range: Range<usize>, place: usize) -> usize {
        range.start + self.comments[range].partition_point(|comment| (comment.span.start as usize) < place)
    }

    fn line_start(&self, place: usize) -> usize {
        self.lines[self.lines.partition_point(|line| *line <= place) - 1]
    }

    fn column(&self, place: usize) -> usize {
        place - self.line_start(place)
    }

    /// Whether `place` is the first thing on its line and the line above is blank.
    pub(super) fn blank_before(&self, place: usize) -> bool {
        let line = self.line_start(place);
        let first = self.text[line..place].trim_ascii().is_empty();
        first && line > 0 && self.text[self.line_start(line - 1)..line].trim_ascii().is_empty()
    }
}

/// How what stands below a key, or in a list, is laid out.
pub(super) fn child_layout(layout: Layout, key: Option<Node<'_>>) -> Layout {
    match (layout, key) {
        (Layout::Record(keys), Some(key)) => {
            let known = keys.iter().find(|(name, _)| key.text() == Some(name));
            known.map_or(Layout::Free, |(_, layout)| layout())
        }
        (Layout::Map(each), Some(_)) | (Layout::List(each), None) => each(),
        _ => Layout::Free,
    }
}
