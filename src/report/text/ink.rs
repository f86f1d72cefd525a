//! Pages of paragraphs: cleaning, wrapping and colouring in one place.

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::Style;
use crate::document::record::visible;
pub(super) use crate::report::words::Ink;
use crate::report::words::Piece;

/// Stands for the path of a snippet until the right place is written in; never let in from outside.
pub(super) const MARK: char = '\u{e000}';

impl Ink {
    /// How a terminal shows it.
    fn ansi(self) -> Ansi {
        let color = |color: AnsiColor| color.on_default();
        match self {
            Ink::Plain => Ansi::new(),
            Ink::Bold => Ansi::new().effects(Effects::BOLD),
            Ink::Dim => Ansi::new().effects(Effects::DIMMED),
            Ink::Add | Ink::Good => color(AnsiColor::Green),
            Ink::Change => color(AnsiColor::Yellow),
            Ink::Remove => color(AnsiColor::Red),
            Ink::Bad => color(AnsiColor::Red).effects(Effects::BOLD),
        }
    }
}

/// Text that cannot steer a terminal: what could is written as an escape, and so is the mark.
pub(super) fn clean(text: &str) -> String {
    visible(text).replace(MARK, "\\u{e000}")
}

/// How many columns a character takes, at least one.
pub(in crate::report) fn columns(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f | 0x2600..=0x27bf | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f000..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// A piece of a paragraph that is not broken inside.
struct Word {
    ink: Ink,
    text: String,
    /// Spaces before it; without any it clings to the word before.
    gap: usize,
}

/// Text that wraps at spaces: the first line begins at `indent`, the others at `hang`.
pub(super) struct Para {
    indent: usize,
    hang: usize,
    gap: usize,
    words: Vec<Word>,
}

impl Para {
    /// An empty paragraph.
    pub(super) fn new(indent: usize, hang: usize) -> Para {
        Para { indent, hang, gap: 0, words: Vec::new() }
    }

    /// Appends text, cleaned.
    pub(super) fn push(&mut self, ink: Ink, text: &str) {
        let text = clean(text);
        for (place, piece) in text.split(' ').enumerate() {
            self.gap += usize::from(place > 0);
            if piece.is_empty() {
                continue;
            }
            match self.words.last_mut() {
                Some(last) if self.gap == 0 && last.ink == ink => last.text.push_str(piece),
                _ => self.words.push(Word { ink, text: piece.to_owned(), gap: self.gap }),
            }
            self.gap = 0;
        }
    }

    /// Appends text, cleaned, and gives the paragraph back.
    pub(super) fn with(mut self, ink: Ink, text: &str) -> Para {
        self.push(ink, text);
        self
    }

    /// Appends the pieces of a sentence, cleaned, and gives the paragraph back.
    pub(super) fn pieces(mut self, pieces: &[Piece]) -> Para {
        pieces.iter().for_each(|piece| self.push(piece.ink, &piece.text));
        self
    }

    /// How wide it is on one line, the indent included.
    pub(super) fn width(&self) -> usize {
        self.indent + self.words.iter().map(|word| word.gap + width(&word.text)).sum::<usize>()
    }

    /// Pads up to a column, counted from the left edge.
    pub(super) fn pad(&mut self, column: usize) {
        self.gap = column.saturating_sub(self.width());
    }
}

/// The lines of a report.
pub(super) struct Page<'s> {
    style: &'s Style,
    text: String,
}

impl<'s> Page<'s> {
    /// An empty page.
    pub(super) fn new(style: &'s Style) -> Page<'s> {
        Page { style, text: String::new() }
    }

    /// An empty line, unless the page is empty or has just had one.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading, set off by an empty line.
    pub(super) fn heading(&mut self, indent: usize, ink: Ink, text: &str) {
        self.blank();
        self.add(Para::new(indent, indent + 2).with(ink, text));
    }

    /// Lays out a paragraph.
    pub(super) fn add(&mut self, para: Para) {
        let words = &para.words;
        let mut column = para.indent;
        self.text.extend(std::iter::repeat_n(' ', para.indent));
        let (mut next, mut ink) = (0, Ink::Plain);
        while next < words.len() {
            let first = next;
            next += 1;
            while next < words.len() && words[next].gap == 0 {
                next += 1;
            }
            let unit = &words[first..next];
            let wide: usize = unit.iter().map(|word| width(&word.text)).sum();
            let gap = unit[0].gap;
            let breaks = first > 0 && column + gap + wide > self.style.width && column > para.hang;
            if breaks || unit[0].ink != ink {
                self.ink(&mut ink, Ink::Plain);
            }
            if breaks {
                self.text.push('\n');
                column = para.hang;
            } else {
                column += gap;
            }
            self.text.extend(std::iter::repeat_n(' ', if breaks { para.hang } else { gap }));
            column += wide;
            for word in unit {
                self.ink(&mut ink, word.ink);
                self.text.push_str(&word.text);
            }
        }
        self.ink(&mut ink, Ink::Plain);
        self.text.push('\n');
    }

    /// Adds a line as it is, cleaned and never wrapped, such as one of a text that is shown.
    pub(super) fn verbatim(&mut self, ink: Ink, line: &str) {
        let mut now = Ink::Plain;
        self.ink(&mut now, ink);
        self.text.push_str(&clean(line));
        self.ink(&mut now, Ink::Plain);
        self.text.push('\n');
    }

    /// Goes over from one ink to another.
    fn ink(&mut self, now: &mut Ink, next: Ink) {
        if self.style.color && *now != next {
            for style in [format!("{:#}", now.ansi()), next.ansi().to_string()] {
                self.text.push_str(&style);
            }
        }
        *now = next;
    }

    /// The text of the page.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(width: usize, color: bool) -> Style {
        Style { color, width, fitted: true, verbose: 0, quiet: false }
    }

    #[test]
    fn paragraphs_wrap_with_a_hanging_indent_and_keep_glued_words_together() {
        let style = style(20, false);
        let mut page = Page::new(&style);
        let mut para = Para::new(2, 4).with(Ink::Plain, "one two three ");
        para.push(Ink::Bold, "four");
        para.push(Ink::Plain, ", five");
        page.add(para);
        assert_eq!(page.finish(), "  one two three\n    four, five\n");
    }

    #[test]
    fn nothing_raw_gets_onto_a_page() {
        let style = style(80, false);
        let mut page = Page::new(&style);
        page.add(Para::new(0, 0).with(Ink::Plain, "a\u{1b}[31m\nb\u{202e}c\u{61c}d"));
        assert_eq!(page.finish(), "a\\u{1b}[31m\\u{a}b\\u{202e}c\\u{61c}d\n");
    }

    #[test]
    fn colours_only_where_asked() {
        let style = style(80, true);
        let mut page = Page::new(&style);
        page.add(Para::new(0, 0).with(Ink::Add, "a"));
        assert_eq!(page.finish(), "\u{1b}[32ma\u{1b}[0m\n");
    }
}
