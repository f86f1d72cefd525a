//! Entries that go from one section to another, with their comments.

use super::said::Said;
use super::{Change, Edited, Refused, Surgeon, Value, Wish, below, edit, home, place};
use crate::diagnostic::Span;
use crate::document::tree;

/// An entry that was taken out of a text.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its lines, without the indentation of its key.
    pub(super) lines: Vec<String>,
    /// How many comments are among them.
    pub(super) comments: usize,
    /// What it says.
    pub(super) said: Said,
}

impl Taken {
    /// The same, written anew; nothing where comments would be lost.
    pub(super) fn anew(&self) -> Option<Value> {
        self.said.to_value().filter(|_| self.comments == 0)
    }
}

/// Takes an entry out of a text: `wish` says which, and asks for its removal. Gives the text without it, and the entry.
pub fn take(text: &str, wish: &Wish) -> Result<(String, Taken), Refused> {
    let parsed = tree::parse(text, true);
    let refuse = |span: Span, message: &str| Refused { wish: 0, span, message: message.to_owned(), related: None };
    let at = place(&parsed, wish);
    let absent = || refuse(at, "the entry is not written here as one of its section's own");
    let wishes = [Wish { change: Change::Remove, field: Vec::new(), ..wish.clone() }];
    let surgeon = Surgeon::new(text, &parsed, &wishes);
    let root = home(&parsed, wish).and_then(|index| parsed.roots().nth(index)).ok_or_else(absent)?;
    let section = below(root, &wish.section).ok_or_else(absent)?;
    let (key, value) =
        section.raw_entries().find(|(key, _)| key.text() == Some(wish.key.as_str())).ok_or_else(absent)?;
    let (start, end) = (surgeon.start(key), value.span().end as usize);
    let range = if section.flow() { start..end } else { surgeon.lead(start)..surgeon.tail(start, end) };
    let indent = if section.flow() { "" } else { surgeon.indent(start).ok_or_else(absent)? };
    let taken = &text[range.clone()];
    let lines = taken.lines().map(|line| match line.strip_prefix(indent) {
        Some(line) => Some(line.to_owned()),
        None => line.trim_ascii().is_empty().then(String::new),
    });
    let lines: Option<Vec<String>> = lines.collect();
    let lines = lines.filter(|lines| !section.flow() || lines.len() == 1);
    let comments = surgeon.comment_from(range.end) - surgeon.comment_from(range.start);
    let lines = lines.ok_or_else(|| refuse(at, "its lines are not indented alike, so it cannot be moved as it is"))?;
    let taken = Taken { lines, comments, said: Said::of(value) };
    let Edited { text, mut refused } = edit(text, &wishes);
    match refused.pop() {
        Some(refused) => Err(refused),
        None => Ok((text, taken)),
    }
}
