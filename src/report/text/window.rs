//! The few lines of a file that a snippet shows, cut to the width of the terminal and made safe to print.
//!
//! The work is bounded by the width and [`MAX_BYTES`], whatever the size of the file or the length of a line.

use super::ink::{MARK, columns};
use crate::document::record::deceptive;

/// The most bytes between the first and the last thing pointed at in one window.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// Shown where a line was cut.
const CUT: &str = "...";

/// Lines ready to be drawn.
pub(super) struct Window {
    /// The lines, cleaned and cut.
    pub(super) text: String,
    /// From bytes of the file to bytes of `text`, both ascending.
    map: Vec<(usize, usize)>,
}

/// What to keep in sight: bytes of the file.
pub(super) type Focus = std::ops::Range<usize>;

impl Window {
    /// The window that shows the bytes `from..to` of a file and their whole lines, each at most `room` columns wide.
    /// On each line the first focus that touches it stays in sight. All bytes are on borders of characters.
    pub(super) fn new(file: &str, from: usize, to: usize, focuses: &[Focus], room: usize) -> Window {
        let room = room.max(4 * CUT.len());
        let reach = 4 * room + 8;
        let mut window = Window { text: String::new(), map: Vec::new() };
        // Between the halves of a line's end there is nothing to point at.
        let from = if file[..from].ends_with('\r') && file[from..].starts_with('\n') { from - 1 } else { from };
        let low = floor(file, from.saturating_sub(reach));
        let (mut start, mut cut_before) = match file[low..from].rfind(['\n', '\r']) {
            Some(newline) => (low + newline + 1, false),
            None => (low, low > 0),
        };
        let high = floor(file, to.saturating_add(reach).min(file.len()));
        loop {
            let seen = start.max(from);
            let next = line_end(&file[..high], seen);
            let (end, cut_after) = next.map_or((high, high < file.len()), |(end, _)| (end, false));
            window.line(file, Line { start, end, cut_before, cut_after }, focuses, room);
            match next {
                Some((_, after)) if after <= to => (start, cut_before) = (after, false),
                _ => break,
            }
            window.text.push('\n');
        }
        if window.text.is_empty() || window.text.ends_with('\n') {
            window.text.push(' ');
        }
        window
    }

    /// Where a byte of the file stands in the window.
    pub(super) fn find(&self, byte: usize) -> usize {
        let after = self.map.partition_point(|(from, _)| *from <= byte);
        self.map.get(after.saturating_sub(1)).map_or(0, |(_, to)| *to)
    }

    fn line(&mut self, file: &str, line: Line, focuses: &[Focus], room: usize) {
        let end = line.end;
        let touches = |focus: &&Focus| focus.start <= end && focus.end >= line.start;
        let focus = focuses.iter().find(touches).cloned().unwrap_or(line.start..line.start);
        let begins = focus.start >= line.start;
        let point = if begins { focus.start } else { focus.end }.clamp(line.start, end);
        let stop = if begins { focus.end.clamp(point, end) } else { point };
        let text = &file[line.start..end];
        let before: usize = text[..point - line.start].chars().map(shown_columns).sum();
        let focused: usize = file[point..stop].chars().map(shown_columns).sum();
        let total = before + file[point..end].chars().map(shown_columns).sum::<usize>();
        let whole = !line.cut_before && !line.cut_after && total <= room;
        let skip = if whole || (!line.cut_before && before + focused.min(room / 2) + 2 * CUT.len() <= room) {
            0
        } else {
            before.saturating_sub((room - focused.min(room - 2 * CUT.len()) - 2 * CUT.len()) / 2)
        };
        let cut_before = line.cut_before || skip > 0;
        self.map.push((line.start, self.text.len()));
        let mut left = room;
        if cut_before {
            self.text.push_str(CUT);
            left -= CUT.len();
        }
        let remaining = total - skip.min(total);
        let cut_after = line.cut_after || remaining > left;
        if cut_after {
            left -= CUT.len();
        }
        let mut column = 0;
        let mut last = end;
        for (at, c) in text.char_indices() {
            let wide = shown_columns(c);
            column += wide;
            if column <= skip {
                continue;
            }
            if wide > left {
                last = line.start + at;
                break;
            }
            left -= wide;
            self.map.push((line.start + at, self.text.len()));
            match c {
                '\t' => self.text.push_str("    "),
                c if deceptive(c) || c == MARK => self.text.push('\u{fffd}'),
                c => self.text.push(c),
            }
        }
        self.map.push((last, self.text.len()));
        if cut_after {
            self.text.push_str(CUT);
        }
    }
}

/// A line, or as much of it as can matter.
struct Line {
    start: usize,
    end: usize,
    cut_before: bool,
    cut_after: bool,
}

/// The columns of a character as the window shows it.
fn shown_columns(c: char) -> usize {
    if c == '\t' { 4 } else { columns(c) }
}

/// The nearest border of a character at or before a byte.
pub(super) fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// Where the line that holds a byte ends, and where the next begins. Lines end as YAML's do: at a line feed, a carriage
/// return, or both.
pub(super) fn line_end(text: &str, byte: usize) -> Option<(usize, usize)> {
    let rest = &text[byte..];
    let end = rest.find(['\n', '\r'])?;
    let long = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
    Some((byte + end, byte + end + long))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(file: &str, focus: Focus, room: usize) -> (String, String) {
        let window = Window::new(file, focus.start, focus.end, std::slice::from_ref(&focus), room);
        let (from, to) = (window.find(focus.start), window.find(focus.end));
        (window.text.clone(), window.text[from..to].to_owned())
    }

    #[test]
    fn short_lines_are_whole() {
        assert_eq!(show("a\nhello world\nb", 8..13, 40), ("hello world".to_owned(), "world".to_owned()));
        assert_eq!(show("a\r\nhello\r\nb", 3..8, 40), ("hello".to_owned(), "hello".to_owned()));
        assert_eq!(show("", 0..0, 40), (" ".to_owned(), String::new()));
        assert_eq!(show("a\n", 2..2, 40), (" ".to_owned(), String::new()));
    }

    #[test]
    fn tabs_controls_and_wide_characters_keep_the_focus() {
        let (text, focus) = show("\ta\u{1b}é😀\u{202e}b: bad # x", 15..18, 40);
        assert_eq!(focus, "bad");
        assert_eq!(text, "    a\u{fffd}é😀\u{fffd}b: bad # x");
    }

    #[test]
    fn long_lines_are_cut_around_the_focus() {
        let file = format!("{}needle{}", "x".repeat(1_000_000), "y".repeat(1_000_000));
        for room in 12..200 {
            let (text, focus) = show(&file, 1_000_000..1_000_006, room);
            assert_eq!(focus, "needle", "{room}: {text}");
            assert!(text.chars().count() <= room, "{room}: {text}");
            assert!(text.starts_with(CUT) && text.ends_with(CUT));
        }
        let (text, focus) = show(&file, 0..2_000, 40);
        assert_eq!((text.len(), focus.len()), (40, 37));
    }
}
