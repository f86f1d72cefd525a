//! From a located tree to typed records: one definition of a record is its reader, its schema and its help.
//!
//! A record is declared once with `record!`. What the reader cannot take becomes a finding with its place, and
//! reading goes on: every finding of a file comes out of one pass.

mod declare;
mod id;
mod schema;

use std::collections::HashSet;

use smol_str::SmolStr;

use super::tree::{Kind, Node};
use crate::diagnostic::{Diagnostic, FileId, Located, Place, Span, nearest, push_pointer};
pub use declare::{first_line, is_key, wrong_word};
pub(crate) use declare::{reader, record, words};
use id::report_id;
pub use id::{Id, id_problem, is_kebab};

/// The longest text that a single value may hold, in bytes.
pub const MAX_TEXT: usize = 16 * 1024;

/// The most items that a list may have.
const MAX_ITEMS: usize = 10_000;

/// Text with its place.
pub type Text = Located<SmolStr>;

/// One step of the way from the document's root to the value being read.
#[derive(Clone, Copy)]
enum Step<'t> {
    Key(&'t str),
    Index(usize),
}

/// Reads one document of one file: knows where it is and gathers what is wrong.
pub struct Reader<'t> {
    file: FileId,
    path: Vec<Step<'t>>,
    /// The findings so far.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    /// A reader for a file.
    pub fn new(file: FileId) -> Reader<'t> {
        Reader { file, path: Vec::new(), diagnostics: Vec::new() }
    }

    /// Reads a whole document.
    pub fn document<T: FromNode>(&mut self, root: Node<'t>) -> Option<T> {
        T::read(root, self)
    }

    fn within<R>(&mut self, step: Step<'t>, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step);
        let result = read(self);
        self.path.pop();
        result
    }

    /// Reads the value of a key.
    pub fn key<R>(&mut self, key: &'t str, read: impl FnOnce(&mut Self) -> R) -> R {
        self.within(Step::Key(key), read)
    }

    /// Reads an item of a list.
    pub fn item<R>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> R) -> R {
        self.within(Step::Index(index), read)
    }

    /// How deep below the root the value being read stands.
    pub fn depth(&self) -> usize {
        self.path.len()
    }

    /// The name of the value being read: its key, or that of the list it stands in.
    pub fn name(&self) -> &'t str {
        let key = |step: &Step<'t>| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        };
        self.path.iter().rev().find_map(key).unwrap_or("document")
    }

    /// The place of `span` under the path being read.
    pub fn place(&self, span: Span) -> Place {
        let mut pointer = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) => push_pointer(&mut pointer, key),
                Step::Index(index) => push_pointer(&mut pointer, &index.to_string()),
            }
        }
        Place { file: self.file, span, pointer }
    }

    /// Reports an error at `span`.
    pub fn report(&mut self, rule: &'static str, span: Span, message: String, help: Option<String>) {
        let mut finding = Diagnostic::error(rule, message).at(self.place(span));
        finding.help = help;
        if let [Step::Key("users" | "contacts" | "permissionGroups"), Step::Key(id), ..] = self.path[..] {
            finding.subject = Some(id.into());
        }
        self.diagnostics.push(finding);
    }

    /// Reports a value of another type than `expected` ("a list", "true or false").
    pub fn wrong_type(&mut self, node: Node<'_>, expected: &str) {
        let name = self.name();
        let section = self.depth() == 1 && !matches!(name, "version" | "organisation" | "platform" | "defaultTarget");
        if section && node.kind() == Kind::Null {
            self.report(
                "roster/null-section",
                node.span(),
                format!("`{name}` has no value, so it says neither that there are none nor that they are not managed"),
                Some(format!(
                    "write `{name}: {}` for none, or take the key out to leave them unmanaged",
                    if expected.contains("list") { "[]" } else { "{}" }
                )),
            );
            return;
        }
        let secret = self.path.iter().any(|step| matches!(step, Step::Key("auth")));
        let found = match node.kind() {
            Kind::Null => "nothing".to_owned(),
            Kind::Bool(_) | Kind::Number | Kind::String if secret => "something else".to_owned(),
            Kind::Bool(_) | Kind::Number | Kind::String => match node.text() {
                Some(text) if text.len() <= 40 => format!("`{}`", visible(text)),
                _ => "a long text".to_owned(),
            },
            Kind::Sequence => "a list".to_owned(),
            Kind::Mapping => "a map".to_owned(),
        };
        let help = match (node.kind(), expected) {
            _ if secret => None,
            (Kind::Null, _) => Some(format!("give `{name}` a value, or take the key out")),
            (Kind::Bool(_) | Kind::Number, text) if text.contains("text") => {
                Some(format!("quote it: \"{}\"", visible(node.text().unwrap_or_default())))
            }
            (_, expected) if expected.starts_with("a day") => Some("write year, month and day: 2027-06-30".to_owned()),
            (_, "true or false") => Some("write true or false, without quotes".to_owned()),
            (_, expected) if expected.starts_with("a whole number") => {
                Some("write a number, without quotes".to_owned())
            }
            (_, expected) if expected.starts_with("a map") => {
                Some(format!("write `{name}:` and below it, indented, one `key: value` a line"))
            }
            (_, expected) if expected.starts_with("one of ") => Some(format!("write {expected}")),
            (Kind::String, "a list") => {
                Some(format!("write it as a list: [{}]", visible(node.text().unwrap_or_default())))
            }
            _ => None,
        };
        self.report("roster/wrong-type", node.span(), format!("`{name}` must be {expected}, found {found}"), help);
    }

    /// Reports a key that the record does not have.
    pub fn unknown_key(&mut self, key: Node<'t>, record: &str, keys: &[Key], hint: Option<&str>) {
        let text = key.text().unwrap_or_default();
        let keys: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        let help = match (hint, nearest(text, keys.iter().copied())) {
            (Some(hint), _) => hint.to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("{record} has: {}", keys.join(", ")),
        };
        let message = format!("{record} has no key `{}`", visible(text));
        self.key(text, |r| r.report("roster/unknown-key", key.span(), message, Some(help)));
    }

    /// Reports a key that stands twice in one map.
    pub fn duplicate_key(&mut self, map: Node<'t>, key: Node<'t>) {
        let text = key.text().unwrap_or_default();
        let first = map.entries().map(|(key, _)| key).find(|first| first.text() == Some(text));
        let message = format!("`{}` is written twice; only one of the two can hold", visible(text));
        self.key(text, |r| {
            let help = Some("keep one of them and move what the other adds into it".to_owned());
            r.report("roster/duplicate-key", key.span(), message, help);
            let place = first.map(|first| r.place(first.span()));
            if let (Some(place), Some(finding)) = (place, r.diagnostics.pop()) {
                r.diagnostics.push(finding.related(place, "first written here"));
            }
        });
    }

    /// Reports a key that must be there.
    pub fn missing_key(&mut self, span: Span, record: &str, key: &str) {
        let message = format!("{record} needs the key `{key}`");
        self.report("roster/missing-key", span, message, Some(format!("add `{key}:`")));
    }
}

/// Text safe to print: control and direction-changing characters are written as escapes.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if deceptive(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// A text of at most so many characters, and a mark where it goes on.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Whether a character can change how a terminal or a reviewer sees the text around it.
pub fn deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A value that can be read from a node of the tree.
pub trait FromNode: Sized {
    /// Reads the value; reports what is wrong and gives `None` where nothing can be made of it.
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self>;

    /// The value of a key that is not there: a finding unless the type says that it may be left out.
    fn missing(span: Span, record: &str, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        reader.missing_key(span, record, key);
        None
    }

    /// The value of a key whose value could not be read.
    fn unreadable() -> Option<Self> {
        None
    }

    /// The order of the keys below such a value.
    fn layout() -> Layout {
        Layout::Free
    }
}

/// The layout of a type; a function, so that records may hold themselves.
pub type LayoutOf = fn() -> Layout;

/// A key of a record, and the layout of its value.
pub type Key = (&'static str, LayoutOf);

/// The order in which a value's keys are written: what the formatter knows of a record.
#[derive(Clone, Copy)]
pub enum Layout {
    /// The author's order.
    Free,
    /// The order of a record's declaration.
    Record(&'static [Key]),
    /// A map from ids in the author's order; its values are laid out alike.
    Map(LayoutOf),
    /// A list; its items are laid out alike.
    List(LayoutOf),
}

impl<T: FromNode> FromNode for Option<T> {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        T::read(node, reader).map(Some)
    }
    fn missing(_: Span, _: &str, _: &str, _: &mut Reader<'_>) -> Option<Self> {
        Some(None)
    }
    fn unreadable() -> Option<Self> {
        Some(None)
    }
    fn layout() -> Layout {
        T::layout()
    }
}

/// A key that must be there. Where it is not, that is reported and the rest of the record is kept.
#[derive(Clone, Debug)]
pub struct Required<T>(pub Option<T>);

impl<T: FromNode> FromNode for Required<T> {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        Some(Required(T::read(node, reader)))
    }
    fn missing(span: Span, record: &str, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        reader.missing_key(span, record, key);
        Some(Required(None))
    }
    fn unreadable() -> Option<Self> {
        Some(Required(None))
    }
    fn layout() -> Layout {
        T::layout()
    }
}

impl FromNode for SmolStr {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::String {
            reader.wrong_type(node, "text");
            return None;
        }
        let text = node.text()?;
        if text.len() > MAX_TEXT {
            let message = format!("`{}` is longer than {MAX_TEXT} bytes", reader.name());
            reader.report("roster/wrong-type", node.span(), message, Some("shorten it".to_owned()));
            return None;
        }
        let one_line = matches!(reader.name(), "name" | "email" | "phone");
        if let Some(c) = text.chars().find(|c| deceptive(*c) && (*c != '\n' || one_line)) {
            let message = format!("`{}` holds the invisible character U+{:04X}", reader.name(), c as u32);
            let help = "take it out: it can hide or change what a reader sees".to_owned();
            reader.report("roster/wrong-type", node.span(), message, Some(help));
            return None;
        }
        Some(SmolStr::from(text))
    }
}

impl FromNode for bool {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        match node.kind() {
            Kind::Bool(value) => Some(value),
            _ => {
                reader.wrong_type(node, "true or false");
                None
            }
        }
    }
}

impl FromNode for u32 {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let number = if node.kind() == Kind::Number { node.text().and_then(|text| text.parse().ok()) } else { None };
        if number.is_none() {
            reader.wrong_type(node, "a whole number");
        }
        number
    }
}

impl<T: FromNode> FromNode for Located<T> {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        Some(Located::new(T::read(node, reader)?, node.span()))
    }
    fn layout() -> Layout {
        T::layout()
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Sequence {
            reader.wrong_type(node, "a list");
            return None;
        }
        if let Some(beyond) = node.items().nth(MAX_ITEMS) {
            let message = format!("`{}` has more than {MAX_ITEMS} items", reader.name());
            reader.report("roster/wrong-type", beyond.span(), message, Some("take the rest out".to_owned()));
            return None;
        }
        // Lists are short and many: no more room than they need.
        let mut list = Vec::with_capacity(node.items().count());
        list.extend(node.items().enumerate().filter_map(|(index, item)| reader.item(index, |r| T::read(item, r))));
        Some(list)
    }
    fn layout() -> Layout {
        Layout::List(T::layout)
    }
}

impl<T: FromNode> FromNode for Box<T> {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        T::read(node, reader).map(Box::new)
    }
    fn layout() -> Layout {
        T::layout()
    }
}

/// A map from names to records, in the order written. The names are kebab-case ids unless `KEBAB` is false.
#[derive(Clone, Debug)]
pub struct Map<T, const KEBAB: bool = true> {
    /// The entries: id and record, each with its place.
    pub entries: Vec<(Text, T)>,
    /// The ids of entries that could not be read.
    pub unread: Vec<SmolStr>,
    /// The place of the whole map.
    pub span: Span,
}

impl<T, const KEBAB: bool> Default for Map<T, KEBAB> {
    fn default() -> Self {
        Map { entries: Vec::new(), unread: Vec::new(), span: Span::default() }
    }
}

impl<T: FromNode, const KEBAB: bool> FromNode for Map<T, KEBAB> {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Mapping {
            reader.wrong_type(node, "a map from ids");
            return None;
        }
        let mut entries = Vec::with_capacity(node.entries().count());
        let mut unread = Vec::new();
        let mut keys = Keys::default();
        for (key, value) in node.entries() {
            let Some(text) = key.text() else { continue };
            if !keys.insert(text) {
                reader.duplicate_key(node, key);
                continue;
            }
            let read = reader.key(text, |r| {
                if KEBAB && !is_kebab(text) {
                    report_id(key, node, r);
                }
                T::read(value, r)
            });
            match read {
                Some(value) => entries.push((Located::new(SmolStr::from(text), key.span()), value)),
                None => unread.push(SmolStr::from(text)),
            }
        }
        Some(Map { entries, unread, span: node.span() })
    }
    fn layout() -> Layout {
        Layout::Map(T::layout)
    }
}

/// The keys of one map that were met so far: a few stand in a row, more of them are hashed.
#[derive(Default)]
struct Keys<'t> {
    few: [&'t str; 8],
    count: usize,
    many: HashSet<&'t str, foldhash::fast::RandomState>,
}

impl<'t> Keys<'t> {
    /// Adds a key; false where it is known.
    fn insert(&mut self, key: &'t str) -> bool {
        if self.few[..self.count].contains(&key) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = key;
                self.count += 1;
                true
            }
            None => self.many.insert(key),
        }
    }
}

/// A calendar day, written `2027-06-30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub jiff::civil::Date);

impl FromNode for Day {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let date = node.text().filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
        if date.is_none() {
            reader.wrong_type(node, "a day such as 2027-06-30");
        }
        date.map(Day)
    }
}
