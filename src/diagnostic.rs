//! What is wrong, where, why and how to cure it: the one channel for problems of the user's own text.
//!
//! A [`Diagnostic`] names its place by file and bytes; line, column and path are worked out once, when a report is made.
//! Problems of the world (a file that cannot be read, a portal that does not answer) are errors instead: see [`crate::error`].

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A file of the run: an index into [`crate::document::Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

impl FileId {
    /// Marks values that no file holds, such as live state.
    pub const NONE: FileId = FileId(u32::MAX);
}

/// A half-open range of bytes in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }
}

/// A value with the bytes that say it. Values that did not come from a file have an empty span.
#[derive(Clone, Copy, Debug, Default)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where its text stands.
    pub span: Span,
}

impl<T> Located<T> {
    /// A value and its place.
    pub fn new(value: T, span: Span) -> Located<T> {
        Located { value, span }
    }

    /// A value from nowhere in particular, such as live state.
    pub fn nowhere(value: T) -> Located<T> {
        Located { value, span: Span::default() }
    }
}

/// Two located values are equal when their values are; where they were written does not matter.
impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Located<T>) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Located<T> {}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Denied by default: exit code 1.
    Error,
    /// Reported; denied with `--deny warning`.
    Warning,
    /// Worth knowing, never denied.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        })
    }
}

/// A place in a file: bytes for the report's snippet, a JSON Pointer (RFC 6901) for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes to underline.
    pub span: Span,
    /// The path of the value in its YAML document.
    pub pointer: String,
}

/// A place as users read it: lines and columns from 1, columns in characters (Unicode scalar values).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The path, relative to the working directory, with forward slashes.
    pub path: String,
    /// The first line.
    pub line: u32,
    /// The first column.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// One past the last column.
    pub end_column: u32,
    /// The JSON Pointer (RFC 6901) of the value in its document.
    pub pointer: String,
}

/// A second place that belongs to a finding: the other holder, the first definition, the line that forbids it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What that place has to do with the finding.
    pub message: String,
}

/// One finding about the user's text, or about live state where `place` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's id, such as `roster/unknown-key` or `arxus/commercial-count`.
    pub rule: SmolStr,
    /// How much it weighs in this run.
    pub severity: Severity,
    /// The organisation it concerns, where it is known.
    pub organisation: Option<SmolStr>,
    /// The id of the person, group or expectation it concerns.
    pub subject: Option<SmolStr>,
    /// What is wrong and why, as one lower-case sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where; findings about live state have none.
    pub place: Option<Place>,
    /// Second places.
    pub related: Vec<Related>,
}

/// By what a finding is known again, wherever its line has moved to.
type Known<'d> = (&'d str, Severity, Option<&'d str>, String, Option<&'d str>, &'d str);

/// The findings that are not among earlier ones: those that are more often there than before, by that much.
///
/// A finding of no organisation is known by its file as well, which `paths` tells of places before and now.
pub fn not_among(
    before: &[Diagnostic],
    now: Vec<Diagnostic>,
    paths: [&dyn Fn(FileId) -> String; 2],
) -> Vec<Diagnostic> {
    let mut known: HashMap<Known<'_>, usize> = HashMap::new();
    before.iter().for_each(|finding| *known.entry(finding.known(paths[0])).or_default() += 1);
    let mut new = Vec::with_capacity(now.len());
    for finding in &now {
        let left = known.get_mut(&finding.known(paths[1])).filter(|left| **left > 0);
        new.push(left.map(|left| *left -= 1).is_none());
    }
    now.into_iter().zip(new).filter(|(_, new)| *new).map(|(finding, _)| finding).collect()
}

impl Diagnostic {
    fn known(&self, path: &dyn Fn(FileId) -> String) -> Known<'_> {
        let file = self.place.as_ref().filter(|_| self.organisation.is_none()).map(|place| path(place.file));
        (
            &self.rule,
            self.severity,
            self.organisation.as_deref(),
            file.unwrap_or_default(),
            self.subject.as_deref(),
            &self.message,
        )
    }

    /// A finding without a place yet.
    pub fn new(rule: impl Into<SmolStr>, severity: Severity, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule: rule.into(),
            severity,
            organisation: None,
            subject: None,
            message: message.into(),
            help: None,
            place: None,
            related: Vec::new(),
        }
    }

    /// An error-level finding.
    pub fn error(rule: impl Into<SmolStr>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(rule, Severity::Error, message)
    }

    /// Says where.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// Says what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// Names the organisation.
    pub fn organisation(mut self, organisation: impl Into<SmolStr>) -> Diagnostic {
        self.organisation = Some(organisation.into());
        self
    }

    /// Names the person, group or other thing that it concerns.
    pub fn subject(mut self, subject: impl Into<SmolStr>) -> Diagnostic {
        self.subject = Some(subject.into());
        self
    }
}

/// The nearest word to a misspelt one, close enough to be worth offering.
pub fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).clamp(1, 4);
    words
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Appends one reference token to a JSON Pointer, escaped as RFC 6901 §3 asks.
pub fn push_pointer(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// A JSON Pointer from its tokens.
pub fn pointer<'t>(tokens: impl IntoIterator<Item = &'t str>) -> String {
    let mut text = String::new();
    for token in tokens {
        push_pointer(&mut text, token);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_offers_close_words_only() {
        assert_eq!(nearest("techncal", ["technical", "commercial"]), Some("technical"));
        assert_eq!(nearest("robot", ["technical", "commercial"]), None);
        assert_eq!(nearest("dop", ["dpo", "watchlist"]), Some("dpo"));
    }

    #[test]
    fn pointers_escape() {
        assert_eq!(pointer(["users", "a/b~c"]), "/users/a~1b~0c");
    }
}
