//! Where things stand in the text, to the byte: the parser tells it roughly.

use granit_parser::Span as Marks;

use super::Span;
use super::build::Builder;

impl Builder<'_> {
    pub(super) fn bytes(&self, marks: &Marks) -> Span {
        let range = marks.byte_range().unwrap_or_default();
        let end = range.end.min(self.tree.source.len());
        Span::new(range.start.min(end) as u32, end as u32)
    }

    /// The character that starts at a byte.
    pub(super) fn character(&self, at: u32) -> Span {
        let mut start = (at as usize).min(self.tree.source.len());
        while !self.tree.source.is_char_boundary(start) {
            start -= 1;
        }
        let length = self.tree.source[start..].chars().next().map_or(0, char::len_utf8);
        Span::new(start as u32, (start + length) as u32)
    }

    /// The first byte from `from` on that is neither white space nor a comment, an indicator, an anchor or a tag.
    pub(super) fn content_after(&self, from: u32, stop_at_dash: bool) -> u32 {
        let bytes = self.tree.source.as_bytes();
        let mut at = from as usize;
        let skip = |at: usize, stop: fn(&u8) -> bool| bytes[at..].iter().position(stop).map_or(bytes.len(), |n| at + n);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'-' if stop_at_dash => break,
                b' ' | b'\t' | b'\n' | b'\r' | b'-' | b'?' | b':' | b',' => at += 1,
                b'#' => at = skip(at, |b| matches!(b, b'\n' | b'\r')),
                b'&' | b'!' => at = skip(at, u8::is_ascii_whitespace),
                0xEF if bytes[at..].starts_with("\u{feff}".as_bytes()) => at += 3,
                _ => break,
            }
        }
        at as u32
    }

    /// The place of a scalar of which nothing is written.
    pub(super) fn nothing_at(&self, at: u32) -> Span {
        let bytes = self.tree.source.as_bytes();
        let mut place = at as usize;
        while place > self.reached as usize && bytes[place - 1].is_ascii_whitespace() {
            place -= 1;
        }
        let is_value = self.in_mapping() && self.open.last().is_some_and(|open| open.children % 2 == 1);
        let colon = bytes[place..].iter().position(|b| !matches!(b, b' ' | b'\t')).map(|blanks| place + blanks);
        let ends = |byte: Option<&u8>| byte.is_none_or(|b| b.is_ascii_whitespace() || b",[]{}".contains(b));
        if let Some(colon) = colon.filter(|&at| is_value && bytes[at] == b':' && ends(bytes.get(at + 1))) {
            place = colon + 1;
        }
        Span::new(place as u32, place as u32)
    }

    /// A block scalar from its `|` or `>` to its last visible character.
    pub(super) fn block_scalar(&self, span: Span) -> Span {
        let bytes = self.tree.source.as_bytes();
        let header = self.content_after(self.reached, false);
        let found = matches!(bytes.get(header as usize), Some(b'|' | b'>'));
        let start = if found { header.min(span.start) } else { span.start };
        let body = &bytes[start as usize..span.end as usize];
        let end = body.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(start, |last| start + last as u32 + 1);
        Span::new(start, end)
    }
}
