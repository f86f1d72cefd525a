//! A located YAML tree: what stands where, over one flat tape of nodes.
//!
//! The only module that knows the YAML parser. It adds what an event stream leaves to its user: tags, merge keys, a cap
//! on nesting and on what aliases expand to, errors gathered document by document and said without parser jargon.

mod build;
mod explain;
mod place;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use granit_parser::Parser;

use crate::diagnostic::Span;
use build::Builder;
use explain::error;

/// How many lists and maps may stand inside one another, aliases followed.
const MAX_DEPTH: usize = 128;
/// Texts longer than this are refused, so that offsets of decoded text fit 32 bits too.
const MAX_BYTES: usize = 1 << 31;

/// All nodes of one text.
pub struct Tree<'s> {
    source: &'s str,
    tape: Vec<Entry>,
    /// Text of scalars that is not a slice of the source: escapes decoded, lines folded.
    decoded: Decoded,
    /// The anchored nodes with the bytes of `&name`, in the tape's order.
    anchors: Vec<(u32, Span)>,
    /// The tagged nodes with the tag's meaning and bytes, in the tape's order.
    tags: Vec<(u32, CoreTag, Span)>,
}

/// What [`parse`] found in a text.
pub struct Parsed<'s> {
    /// The nodes of every document that parsed whole.
    pub tree: Tree<'s>,
    /// The tape index of each such document's root. Documents without any content have none.
    pub documents: Vec<u32>,
    /// What is wrong with the other documents, in the text's order.
    pub errors: Vec<SyntaxError>,
    /// The comments in the text's order, where they were asked for. A broken document's may be missing.
    pub comments: Vec<Comment>,
}

/// Why a document is not YAML that this program reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The bytes to underline; empty at the end of the text.
    pub span: Span,
    /// What is wrong, lower-case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// One comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line, without the line break.
    pub span: Span,
    /// Whether nothing but white space precedes it on its line.
    pub own_line: bool,
}

/// What a node is by YAML 1.2's core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or a floating-point number.
    Number,
    /// Text; every quoted scalar is text.
    String,
    /// A list.
    Sequence,
    /// A map.
    Mapping,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// `'so'`
    SingleQuoted,
    /// `"so"`
    DoubleQuoted,
    /// A block after `|`, lines kept.
    Literal,
    /// A block after `>`, lines joined.
    Folded,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Scalar(ScalarStyle),
    Sequence,
    Mapping,
    Alias,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CoreTag {
    Str,
    Int,
    Float,
    Bool,
    Null,
    Seq,
    Map,
    Unknown,
}

/// One node, in 16 bytes: a large file has millions. A collection's children follow it on the tape.
struct Entry {
    span: Span,
    /// A scalar: where its text starts in the source, which ends as far from the span's end as it starts from its start;
    /// or its number in [`Tree::decoded`]. A collection: the index after its last node. An alias: the target's index.
    at: u32,
    shape: Shape,
    flags: u8,
}

/// Texts in a row.
#[derive(Default)]
struct Decoded {
    texts: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Decoded {
    /// Adds a text and gives its number.
    fn push(&mut self, text: &str) -> u32 {
        self.texts.push_str(text);
        self.ends.push(self.texts.len() as u32);
        self.ends.len() as u32 - 1
    }

    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.texts[start as usize..self.ends[number] as usize]
    }
}

/// The scalar's text is in [`Tree::decoded`].
const DECODED: u8 = 1;
/// The collection is written in brackets.
const FLOW: u8 = 2;
/// The mapping has a `<<` key.
const MERGE: u8 = 4;
/// [`Tree::tags`] knows the node.
const TAGGED: u8 = 8;

/// A node of a tree. An alias stands for its target in every accessor but [`Node::span`], [`Node::is_alias`],
/// [`Node::target`], [`Node::raw_entries`], [`Node::anchor`] and [`Node::tag`].
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree<'t>,
    index: u32,
}

impl Parsed<'_> {
    /// The text that was read.
    pub fn text(&self) -> &str {
        self.tree.source
    }

    /// The root of every document that parsed whole.
    pub fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.documents.iter().map(|&index| Node { tree: &self.tree, index })
    }
}

impl<'t> Node<'t> {
    fn entry(self) -> &'t Entry {
        &self.tree.tape[self.index as usize]
    }

    fn resolved(self) -> Node<'t> {
        self.target().unwrap_or(self)
    }

    /// The index after the node and all below it.
    fn next(self) -> u32 {
        match self.entry().shape {
            Shape::Sequence | Shape::Mapping => self.entry().at,
            Shape::Scalar(_) | Shape::Alias => self.index + 1,
        }
    }

    fn children(self) -> impl Iterator<Item = Node<'t>> {
        let collection = matches!(self.entry().shape, Shape::Sequence | Shape::Mapping);
        let end = if collection { self.entry().at } else { 0 };
        let mut child = Node { tree: self.tree, index: self.index + 1 };
        std::iter::from_fn(move || {
            let node = (child.index < end).then_some(child)?;
            child.index = node.next();
            Some(node)
        })
    }

    fn pairs(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> {
        let mut children = (self.entry().shape == Shape::Mapping).then(|| self.children()).into_iter().flatten();
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    fn is_merge_key(self) -> bool {
        let entry = self.entry();
        entry.shape == Shape::Scalar(ScalarStyle::Plain) && entry.flags & TAGGED == 0 && self.text() == Some("<<")
    }

    /// The maps that this value of a `<<` key merges in.
    fn merge_sources(self) -> impl Iterator<Item = Node<'t>> {
        let value = self.resolved();
        let one = (value.entry().shape != Shape::Sequence).then_some(value);
        one.into_iter().chain(value.items().map(Node::resolved))
    }

    fn merge_into(self, seen: &mut HashSet<&'t str>, merged: &mut Vec<(Node<'t>, Node<'t>)>) {
        let values = self.pairs().filter_map(|(key, value)| key.is_merge_key().then_some(value));
        for source in values.flat_map(Node::merge_sources) {
            let own = source.pairs().filter(|(key, _)| !key.is_merge_key());
            merged.extend(own.filter(|(key, _)| key.text().is_none_or(|text| seen.insert(text))));
            if source.entry().flags & MERGE != 0 {
                source.merge_into(seen, merged);
            }
        }
    }

    /// What the node is.
    pub fn kind(self) -> Kind {
        let node = self.resolved();
        let text = node.text().unwrap_or_default();
        match (node.entry().shape, node.core_tag()) {
            (Shape::Sequence, _) => Kind::Sequence,
            (Shape::Mapping, _) => Kind::Mapping,
            (_, Some(CoreTag::Str)) => Kind::String,
            (Shape::Scalar(ScalarStyle::Plain), _) => plain_kind(text),
            (_, Some(CoreTag::Int | CoreTag::Float | CoreTag::Bool | CoreTag::Null)) => plain_kind(text),
            _ => Kind::String,
        }
    }

    /// The bytes of the node as written: quotes, brackets and block headers included, white space after it excluded.
    /// Where nothing is written, the empty place just after the key's `:` or the item's `-`.
    pub fn span(self) -> Span {
        self.entry().span
    }

    /// What is written there, quotes and escapes as they are.
    pub fn raw(self) -> &'t str {
        let span = self.resolved().entry().span;
        self.tree.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// A scalar's text, escapes decoded; nothing for collections.
    pub fn text(self) -> Option<&'t str> {
        let Entry { span, at, shape, flags } = *self.resolved().entry();
        matches!(shape, Shape::Scalar(_)).then(|| match flags & DECODED {
            0 => &self.tree.source[at as usize..(span.end - (at - span.start)) as usize],
            _ => self.tree.decoded.get(at),
        })
    }

    /// A list's items; none for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'t>> {
        let node = self.resolved();
        (node.entry().shape == Shape::Sequence).then(|| node.children()).into_iter().flatten()
    }

    /// A map's keys and values: first its own in order, duplicates included, then what its `<<` keys merge in, where an
    /// earlier source hides a later one and own keys hide both. None for anything else.
    pub fn entries(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> {
        let node = self.resolved();
        let merges = node.entry().flags & MERGE != 0;
        let own = move || node.pairs().filter(move |(key, _)| !merges || !key.is_merge_key());
        let mut merged = Vec::new();
        if merges {
            let mut seen = own().filter_map(|(key, _)| key.text()).collect();
            node.merge_into(&mut seen, &mut merged);
        }
        own().chain(merged)
    }

    /// A map's keys and values exactly as written: `<<` is a key like any other, and an alias has none.
    pub fn raw_entries(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> {
        self.pairs()
    }

    /// Whether the node is written as `*name`.
    pub fn is_alias(self) -> bool {
        self.entry().shape == Shape::Alias
    }

    /// What an alias stands for.
    pub fn target(self) -> Option<Node<'t>> {
        self.is_alias().then(|| Node { tree: self.tree, index: self.entry().at })
    }

    /// Whether the collection is written in brackets.
    pub fn flow(self) -> bool {
        self.resolved().entry().flags & FLOW != 0
    }

    /// How the scalar is written; collections say [`ScalarStyle::Plain`].
    pub fn style(self) -> ScalarStyle {
        match self.resolved().entry().shape {
            Shape::Scalar(style) => style,
            _ => ScalarStyle::Plain,
        }
    }

    /// The name after `&` that stands before this node.
    pub fn anchor(self) -> Option<&'t str> {
        let anchors = &self.tree.anchors;
        let found = anchors.binary_search_by_key(&self.index, |&(index, _)| index).ok()?;
        let span = anchors[found].1;
        self.tree.source.get(span.start as usize + 1..span.end as usize)
    }

    /// The tag that stands before this node, as written.
    pub fn tag(self) -> Option<&'t str> {
        let span = self.tagged()?.2;
        self.tree.source.get(span.start as usize..span.end as usize)
    }

    fn tagged(self) -> Option<&'t (u32, CoreTag, Span)> {
        let tags = &self.tree.tags;
        let known = self.entry().flags & TAGGED != 0;
        known.then(|| tags.binary_search_by_key(&self.index, |&(index, ..)| index).ok().map(|found| &tags[found]))?
    }

    fn core_tag(self) -> Option<CoreTag> {
        self.tagged().map(|&(_, tag, _)| tag)
    }
}

/// What a scalar without quotes is by the core schema.
fn plain_kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Kind::Number,
        _ if is_number(text) => Kind::Number,
        _ => Kind::String,
    }
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let based = |digits: &str, base| !digits.is_empty() && digits.chars().all(|c| c.is_digit(base));
    if let Some(rest) = text.strip_prefix("0x") {
        return based(rest, 16);
    }
    if let Some(rest) = text.strip_prefix("0o") {
        return based(rest, 8);
    }
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(text);
    let rest = &text[whole..];
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some("inf" | "Inf" | "INF") if whole == 0 => return true,
        Some(rest) => (digits(rest), &rest[digits(rest)..]),
        None => (0, rest),
    };
    let exponent = rest.strip_prefix(['e', 'E']).map(|power| power.strip_prefix(['-', '+']).unwrap_or(power));
    whole + fraction > 0 && (rest.is_empty() || exponent.is_some_and(|power| based(power, 10)))
}

/// Reads a text of any number of YAML documents. Time and memory are linear in the text.
pub fn parse(text: &str, with_comments: bool) -> Parsed<'_> {
    let mut builder = Builder::new(text);
    if text.len() > MAX_BYTES {
        builder.errors.push(error(Span::default(), "the text is larger than 2 GiB", "split it into several files"));
        return builder.finish();
    }
    let mut options = granit_parser::options! {
        emit_anchor_events: true, emit_unresolved_aliases: true, max_buffered_comment_events: usize::MAX,
        simple_key_max_lookahead: 4096, flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(with_comments);
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(next) = parser.next_event() {
        let result = match next {
            Ok((event, marks)) => builder.event(event, &marks),
            Err(scan) => Err(builder.explain(&scan)),
        };
        if let Err(error) = result {
            builder.errors.push(error);
            builder.abandon();
            if parser.proceed_next_document().is_err() {
                break;
            }
        }
    }
    builder.finish()
}
