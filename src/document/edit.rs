//! Edits of a roster's text that touch only the lines they must: comments, order, quotes and line ends stay.
//!
//! The located tree says where everything stands; an edit cuts and pastes bytes there. Before a text is handed out it
//! is read back and compared with what was meant, value by value and comment by comment. What cannot be edited without
//! changing something else, such as a list that other entries share through an alias, is refused with its place.
//!
//! A crate that edits YAML (yaml-edit, yamlpatch) was not taken: which comment goes with which entry, what an alias or
//! a merge key shares, and where a key belongs is what matters here, and the tree that knows it is at hand.

mod lines;
mod list;
mod map;
mod moving;
mod render;
mod said;

use std::collections::HashMap;
use std::ops::Range;

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::record::{FromNode, Layout};
use super::roster::Roster;
use super::tree::{self, Kind, Node, Parsed};
use crate::diagnostic::Span;
use map::Site;
pub use moving::{Taken, take};
use said::Said;

/// What is written somewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// Text.
    Text(SmolStr),
    /// Words. In a list that is there already items that stay keep their place; new ones come last.
    List(Vec<SmolStr>),
    /// Keys and values, in the order in which they are written.
    Map(Vec<(SmolStr, Value)>),
}

/// What is to become of an entry or of one of its fields.
#[derive(Clone, Debug)]
pub enum Change {
    /// It has this value; where it is not there it is added.
    Put(Value),
    /// An entry taken out elsewhere is added, with its comments.
    Give(Box<Taken>),
    /// It is gone, with its comments.
    Remove,
}

/// One change to one document of an organisation.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The organisation that the document names.
    pub organisation: SmolStr,
    /// The section, as its key is written: `users`.
    pub section: SmolStr,
    /// The id of the entry.
    pub key: SmolStr,
    /// The keys below the entry that lead to the field; none: the entry as a whole.
    pub field: Vec<SmolStr>,
    /// What becomes of it.
    pub change: Change,
}

/// Why a wish was not carried out. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The index of the wish.
    pub wish: usize,
    /// The bytes of the text before the edit to point at.
    pub span: Span,
    /// Why, lower-case.
    pub message: String,
    /// The bytes of a second place, and what it has to do with it.
    pub related: Option<(Span, &'static str)>,
}

/// A text after an edit.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The wishes that were not carried out.
    pub refused: Vec<Refused>,
}

/// Carries out wishes in one text. Every wish that is not refused holds in the result, and nothing else differs.
pub fn edit(text: &str, wishes: &[Wish]) -> Edited {
    let parsed = tree::parse(text, true);
    if let Some(error) = parsed.errors.first() {
        let message = format!("the file is not YAML that can be edited: {}", error.message);
        let refuse = |wish| Refused { wish, span: error.span, message: message.clone(), related: None };
        return Edited { text: text.to_owned(), refused: (0..wishes.len()).map(refuse).collect() };
    }
    let mut surgeon = Surgeon::new(text, &parsed, wishes);
    surgeon.all();
    let Surgeon { splices, mut refused, .. } = surgeon;
    let done: Vec<usize> = (0..wishes.len()).filter(|wish| refused.iter().all(|one| one.wish != *wish)).collect();
    if splices.is_empty() {
        return Edited { text: text.to_owned(), refused };
    }
    if let Some(after) = spliced(text, &splices).filter(|after| meant(&parsed, &splices, after, wishes, &done)) {
        return Edited { text: after, refused };
    }
    if let [only] = done[..] {
        refused.push(Refused {
            wish: only,
            span: place(&parsed, &wishes[only]),
            message: "it is written in a way that cannot be edited without changing something else".to_owned(),
            related: None,
        });
        return Edited { text: text.to_owned(), refused };
    }
    // One of them is the culprit: each by itself, so that the others are carried out.
    let mut now = text.to_owned();
    for wish in done {
        let edited = edit(&now, &wishes[wish..=wish]);
        let span = place(&parsed, &wishes[wish]);
        refused.extend(edited.refused.into_iter().map(|one| Refused { wish, span, related: None, ..one }));
        now = edited.text;
    }
    refused.sort_by_key(|one| one.wish);
    Edited { text: now, refused }
}

/// Whether a text has a document of the organisation with this section, so that entries can be added there.
pub fn has_section(text: &str, organisation: &str, section: &str) -> bool {
    let parsed = tree::parse(text, false);
    parsed.errors.is_empty() && roots_of(&parsed, organisation).any(|root| below(root, section).is_some())
}

/// The documents of an organisation.
fn roots_of<'t>(parsed: &'t Parsed<'_>, organisation: &str) -> impl Iterator<Item = Node<'t>> {
    let named = move |root: &Node<'t>| below(*root, "organisation").and_then(Node::text) == Some(organisation);
    parsed.roots().filter(named)
}

/// The value of a key, merged in or not.
fn below<'t>(node: Node<'t>, key: &str) -> Option<Node<'t>> {
    node.entries().find(|(own, _)| own.text() == Some(key)).map(|(_, value)| value)
}

/// Which document an entry stands in: looked up often, so known by organisation, section and id.
struct Homes<'t> {
    entries: HashMap<(&'t str, &'t str, &'t str), usize>,
    /// The last document that has the section.
    sections: HashMap<(&'t str, &'t str), usize>,
}

impl<'t> Homes<'t> {
    fn of(parsed: &'t Parsed<'_>) -> Homes<'t> {
        let mut homes = Homes { entries: HashMap::new(), sections: HashMap::new() };
        for (index, root) in parsed.roots().enumerate() {
            let Some(organisation) = below(root, "organisation").and_then(Node::text) else { continue };
            for (name, section) in root.entries().filter_map(|(key, value)| Some((key.text()?, value))) {
                homes.sections.insert((organisation, name), index);
                for key in section.entries().filter_map(|(key, _)| key.text()) {
                    homes.entries.entry((organisation, name, key)).or_insert(index);
                }
            }
        }
        homes
    }

    /// The document that a wish speaks of: the one that has the entry, else the last that has its section.
    fn find(&self, wish: &Wish) -> Option<usize> {
        let (organisation, section) = (wish.organisation.as_str(), wish.section.as_str());
        let entry = self.entries.get(&(organisation, section, wish.key.as_str()));
        entry.or_else(|| self.sections.get(&(organisation, section))).copied()
    }
}

/// The document that a wish speaks of.
fn home(parsed: &Parsed<'_>, wish: &Wish) -> Option<usize> {
    Homes::of(parsed).find(wish)
}

/// Where the entry of a wish stands, or its section, or its document.
fn place(parsed: &Parsed<'_>, wish: &Wish) -> Span {
    let root = home(parsed, wish).and_then(|index| parsed.roots().nth(index));
    let key_of =
        |node: Node<'_>, key: &str| node.entries().find(|(own, _)| own.text() == Some(key)).map(|(k, _)| k.span());
    let section = root.and_then(|root| below(root, &wish.section));
    let entry = section.and_then(|section| key_of(section, &wish.key));
    let of_section = || root.and_then(|root| key_of(root, &wish.section));
    entry.or_else(of_section).or_else(|| root.map(super::record::first_line)).unwrap_or_default()
}

/// A piece of text in the place of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Splice {
    range: Range<usize>,
    text: String,
}

/// What is to be done below a map: by key, in the order of the wishes.
enum Goal {
    /// The wish with this index speaks of just this value.
    Wish(usize),
    /// Wishes speak of what stands below.
    Below(Goals),
}

type Goals = IndexMap<SmolStr, Goal>;

/// An edit under way.
struct Surgeon<'t> {
    text: &'t str,
    parsed: &'t Parsed<'t>,
    wishes: &'t [Wish],
    splices: Vec<Splice>,
    refused: Vec<Refused>,
    /// Every alias of the text: what it stands for, and where it stands.
    aliases: Vec<(Span, Span)>,
}

impl<'t> Surgeon<'t> {
    fn new(text: &'t str, parsed: &'t Parsed<'t>, wishes: &'t [Wish]) -> Surgeon<'t> {
        let mut aliases = Vec::new();
        parsed.roots().for_each(|root| gather_aliases(root, &mut aliases));
        Surgeon { text, parsed, wishes, splices: Vec::new(), refused: Vec::new(), aliases }
    }

    fn all(&mut self) {
        let mut by_root: IndexMap<usize, Goals> = IndexMap::new();
        let homes = Homes::of(self.parsed);
        for (index, wish) in self.wishes.iter().enumerate() {
            match homes.find(wish) {
                Some(root) => {
                    let path = [&wish.section, &wish.key].into_iter().chain(&wish.field);
                    let path: Vec<SmolStr> = path.cloned().collect();
                    if !add_goal(by_root.entry(root).or_default(), &path, index) {
                        self.refuse(index, Span::default(), "two changes speak of the same value");
                    }
                }
                None => {
                    let message = format!("no document here has the section `{}`, so it is not managed", wish.section);
                    self.refuse(index, Span::default(), &message);
                }
            }
        }
        let roots: Vec<Node<'t>> = self.parsed.roots().collect();
        for (root, goals) in by_root {
            let node = roots[root];
            let site = Site {
                node,
                after: self.start(node),
                flow: node.flow(),
                outer: false,
                shared: None,
                layout: Roster::layout(),
            };
            self.map(&site, goals);
        }
    }

    fn refuse(&mut self, wish: usize, span: Span, message: &str) {
        self.refused.push(Refused { wish, span, message: message.to_owned(), related: None });
    }

    fn refuse_all(&mut self, goal: &Goal, span: Span, message: &str, related: Option<(Span, &'static str)>) {
        for wish in wishes_of(goal) {
            self.refused.push(Refused { wish, span, message: message.to_owned(), related });
        }
    }

    fn splice(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.splices.push(Splice { range, text: text.into() });
    }

    /// An alias elsewhere that stands for something inside of `range`.
    fn used_elsewhere(&self, range: &Range<usize>) -> Option<Span> {
        let inside = |span: &Span| range.contains(&(span.start as usize)) && span.end as usize <= range.end;
        self.aliases.iter().find(|(target, alias)| inside(target) && !inside(alias)).map(|(_, alias)| *alias)
    }

    /// An alias that stands for just this node.
    fn alias_of(&self, node: Node<'_>) -> Option<Span> {
        node.anchor()?;
        self.aliases.iter().find(|(target, _)| *target == node.span()).map(|(_, alias)| *alias)
    }
}

fn add_goal(goals: &mut Goals, path: &[SmolStr], wish: usize) -> bool {
    match path {
        [] => false,
        [last] if goals.contains_key(last) => false,
        [last] => {
            goals.insert(last.clone(), Goal::Wish(wish));
            true
        }
        [first, rest @ ..] => match goals.entry(first.clone()).or_insert_with(|| Goal::Below(Goals::new())) {
            Goal::Below(goals) => add_goal(goals, rest, wish),
            Goal::Wish(_) => false,
        },
    }
}

fn wishes_of(goal: &Goal) -> Vec<usize> {
    match goal {
        Goal::Wish(wish) => vec![*wish],
        Goal::Below(goals) => goals.values().flat_map(wishes_of).collect(),
    }
}

fn gather_aliases(node: Node<'_>, found: &mut Vec<(Span, Span)>) {
    if let Some(target) = node.target() {
        found.push((target.span(), node.span()));
        return;
    }
    node.items().for_each(|item| gather_aliases(item, found));
    node.raw_entries().for_each(|(key, value)| {
        gather_aliases(key, found);
        gather_aliases(value, found);
    });
}

/// The text after all splices; nothing where two of them meet in the same bytes.
fn spliced(text: &str, splices: &[Splice]) -> Option<String> {
    let mut splices: Vec<&Splice> = splices.iter().collect();
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut out = String::with_capacity(text.len() + splices.iter().map(|splice| splice.text.len()).sum::<usize>());
    let mut at = 0;
    for splice in splices {
        if splice.range.start < at || splice.range.end < splice.range.start {
            return None;
        }
        out.push_str(text.get(at..splice.range.start)?);
        out.push_str(&splice.text);
        at = splice.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Whether the text after an edit says what was meant, and keeps every comment outside of what was replaced.
fn meant(before: &Parsed<'_>, splices: &[Splice], after: &str, wishes: &[Wish], done: &[usize]) -> bool {
    let now = tree::parse(after, true);
    let mut expected: Vec<Said> = before.roots().map(Said::of).collect();
    let homes = Homes::of(before);
    for wish in done {
        let Some(root) = homes.find(&wishes[*wish]) else { return false };
        if !expected[root].carry_out(&wishes[*wish]) {
            return false;
        }
    }
    let same = now.errors.is_empty() && now.roots().count() == expected.len();
    if !same || !now.roots().zip(&expected).all(|(root, expected)| Said::of(root) == *expected) {
        return false;
    }
    let kept =
        |comment: &&tree::Comment| !splices.iter().any(|splice| splice.range.contains(&(comment.span.start as usize)));
    let mut kept = before.comments.iter().filter(kept).map(|comment| said::comment(before, comment));
    let given: usize =
        wishes.iter().map(|wish| if let Change::Give(taken) = &wish.change { taken.comments } else { 0 }).sum();
    let mut now_there = now.comments.iter().map(|comment| said::comment(&now, comment));
    kept.all(|comment| now_there.any(|there| there == comment)) && now.comments.len() <= before.comments.len() + given
}

/// The layout of what stands below a key.
fn layout_below(layout: Layout, key: &str) -> Layout {
    match layout {
        Layout::Record(keys) => keys.iter().find(|(name, _)| *name == key).map_or(Layout::Free, |(_, layout)| layout()),
        Layout::Map(each) => each(),
        _ => Layout::Free,
    }
}

/// Whether entries can be added to or changed below a node.
fn is_map(node: Node<'_>) -> bool {
    node.kind() == Kind::Mapping
}
