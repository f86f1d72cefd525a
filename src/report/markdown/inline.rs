//! Text inside lines of Markdown, made safe on its way in.
//!
//! Names and values stand in code spans: neither GitHub nor GitLab looks for mentions, references or addresses there.
//! Of prose, every word that could be more than a word (it holds a sign that has a meaning somewhere, it looks like the
//! number of an issue or like a commit) stands in a code span too, so that no sign is left to escape.

use crate::diagnostic::Location;
use crate::document::record::{cut, visible};
use crate::report::web::Web;
use crate::report::words::steps::place;
use crate::report::words::{Ink, Piece};

/// The longest name or value in a line, in characters.
const LONG: usize = 160;

/// The longest message, in characters.
const LONG_PROSE: usize = 2_000;

/// The shortest word of hexadecimal digits that could be a commit.
const COMMIT: usize = 7;

/// A piece of Markdown that stays within its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inline(String);

impl Inline {
    /// Nothing yet.
    pub(super) fn new() -> Inline {
        Inline::default()
    }

    /// Words and markup of this program.
    pub(super) fn raw(mut self, text: &'static str) -> Inline {
        self.0.push_str(text);
        self
    }

    /// A number.
    pub(super) fn number(mut self, number: usize) -> Inline {
        self.0.push_str(&number.to_string());
        self
    }

    /// What was made safe before.
    pub(super) fn then(mut self, other: &Inline) -> Inline {
        self.span(&other.0);
        self
    }

    /// A name or a value, as it is.
    pub(super) fn code(mut self, text: &str) -> Inline {
        self.span(&code(text));
        self
    }

    /// A sentence with names in it; what stands between backticks is a name.
    pub(super) fn prose(mut self, text: &str) -> Inline {
        let text = visible(&cut(text, LONG_PROSE));
        for (place, part) in text.split('`').enumerate() {
            if place % 2 == 1 {
                match part.trim().is_empty() {
                    // What stands on both sides of nothing must not become one word.
                    true if !self.0.is_empty() && !self.0.ends_with(' ') => self.0.push(' '),
                    true => {}
                    false => self.span(&code(part)),
                }
                continue;
            }
            for (place, word) in part.split(' ').enumerate() {
                if place > 0 && !self.0.ends_with(' ') {
                    self.0.push(' ');
                }
                self.word(word);
            }
        }
        self
    }

    /// The pieces of a sentence.
    pub(super) fn pieces(mut self, pieces: &[Piece]) -> Inline {
        for piece in pieces {
            self = match (piece.name, piece.ink) {
                (true, Ink::Bold) => self.raw("**").code(&piece.text).raw("**"),
                (true, _) => self.code(&piece.text),
                (false, Ink::Bad) => self.raw("**").prose(&piece.text).raw("**"),
                (false, _) => self.prose(&piece.text),
            };
        }
        self
    }

    /// A place in a roster, and the way there where it is known.
    pub(super) fn place(mut self, location: &Location, web: Option<&Web>) -> Inline {
        let shown = code(&place(location));
        match web.and_then(|web| web.address(location)) {
            Some(address) => self.0.push_str(&format!("[{shown}]({address})")),
            None => self.span(&shown),
        }
        self
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Appends what may begin with a backtick, apart from one that stands before it.
    fn span(&mut self, text: &str) {
        if self.0.ends_with('`') && text.starts_with('`') {
            self.0.push(' ');
        }
        self.0.push_str(text);
    }

    /// A word without spaces or backticks.
    fn word(&mut self, word: &str) {
        let core = word.trim_start_matches('(').trim_end_matches([')', ',', '.', ';', ':', '?']);
        let before = word.len() - word.trim_start_matches('(').len();
        // `1. ` at the beginning would be the first entry of a list.
        let entry =
            before == 0 && core.chars().all(|c| c.is_ascii_digit()) && word[core.len()..].starts_with(['.', ')']);
        // At the beginning of a line a colon would be more.
        let within = !self.0.is_empty() && !self.0.ends_with("- ");
        let marks = if within { "(),;?:." } else { "(),;?" };
        if core.is_empty() && word.chars().all(|c| marks.contains(c)) {
            self.0.push_str(word);
        } else if core.is_empty() || risky(core) || entry {
            // With what stands around it, where there is nothing else.
            let (start, end) = if core.is_empty() { (0, word.len()) } else { (before, before + core.len()) };
            self.0.push_str(&word[..start]);
            self.span(&code(&word[start..end]));
            self.0.push_str(&word[end..]);
        } else {
            self.0.push_str(word);
        }
    }
}

/// Whether a word could be more than a word to whoever shows it.
fn risky(word: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-'\"…’–".contains(c) || (!c.is_ascii() && !c.is_whitespace());
    let letters = word.chars().any(char::is_alphanumeric);
    let mut runs = word.split(|c: char| !c.is_ascii_alphanumeric());
    let commit = runs.any(|run| run.len() >= COMMIT && run.chars().all(|c| c.is_ascii_hexdigit()));
    // `GH-1`, and what a repository may have set up for trackers of its own.
    let ticket = word.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    !word.chars().all(plain) || !letters || commit || ticket
}

/// Whether a code span shows all of a text: half a command is none.
pub(super) fn whole(text: &str) -> bool {
    text.chars().count() <= LONG
}

/// Text as a code span (CommonMark §6.1): between more backticks than it has in one place.
fn code(text: &str) -> String {
    let text = cut(&visible(text), LONG);
    let text = if text.trim().is_empty() { format!("\"{text}\"") } else { text };
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let padded = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if padded { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text inside an HTML element of ours that stands on a line of Markdown: as code, for the same reason.
pub(super) fn html_code(text: &str) -> String {
    let text = cut(&visible(text), LONG);
    let mut html = String::from("<code>");
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html.push_str("</code>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(text: &str) -> String {
        Inline::new().prose(text).finish()
    }

    #[test]
    fn names_stand_in_code_whatever_they_hold() {
        assert_eq!(code("ada"), "`ada`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code(""), "`\"\"`");
        assert_eq!(code("a\nb\u{202e}"), "`a\\u{a}b\\u{202e}`");
        assert_eq!(code(&"x".repeat(999)).chars().count(), LONG + 3);
    }

    #[test]
    fn prose_stays_prose_and_what_is_more_becomes_code() {
        assert_eq!(
            prose("will reach ada, and no longer grace (before: hugo)"),
            "will reach ada, and no longer grace (before: hugo)"
        );
        assert_eq!(prose("`acme` has 2 commercial contacts."), "`acme` has 2 commercial contacts.");
        assert_eq!(prose("ask @ada, see #1 or x/y#2;"), "ask `@ada`, see `#1` or `x/y#2`;");
        assert_eq!(prose("www.evil.example: a@b.example"), "`www.evil.example`: `a@b.example`");
        assert_eq!(prose("GH-12 deadbeef1 <b> *x*"), "`GH-12` `deadbeef1` `<b>` `*x*`");
        assert_eq!(prose("\"0123456\" 日0123456"), "`\"0123456\"` `日0123456`");
        assert_eq!(prose("1. one - two + three"), "`1`. one `-` two `+` three");
        assert_eq!(prose("``"), "");
        assert_eq!(prose("deadbe``ef12"), "deadbe ef12");
        assert_eq!(prose("`a``b`"), "`a` `b`");
        assert_eq!(prose("a `lone"), "a `lone`");
    }
}
