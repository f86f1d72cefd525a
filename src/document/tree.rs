//! A located YAML tree: what stands where, over one flat tape of nodes.
//!
//! The only module that knows the YAML parser. It adds what an event stream leaves to its user: tags, merge keys, a cap
//! on nesting and on what aliases expand to, errors gathered document by document and said without parser jargon.

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{ErrorKind as E, Event, Parser, ScanError, Span as Marks, StructureStyle, Tag};

use crate::diagnostic::Span;

/// How many lists and maps may stand inside one another, aliases followed.
const MAX_DEPTH: usize = 128;
/// Texts longer than this are refused, so that offsets of decoded text fit 32 bits too.
const MAX_BYTES: usize = 1 << 31;

/// All nodes of one text.
pub struct Tree<'s> {
    source: &'s str,
    tape: Vec<Entry>,
    /// Text of scalars that is not a slice of the source: escapes decoded, lines folded.
    decoded: String,
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

/// One node. A collection's children follow it on the tape.
struct Entry {
    span: Span,
    /// A scalar: where its text starts. A collection: the index after its last node. An alias: the target's index.
    at: u32,
    /// A scalar: its text's length.
    length: u32,
    shape: Shape,
    flags: u8,
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

    /// A scalar's text, escapes decoded; nothing for collections.
    pub fn text(self) -> Option<&'t str> {
        let Entry { at, length, shape, flags, .. } = *self.resolved().entry();
        let whole = if flags & DECODED != 0 { self.tree.decoded.as_str() } else { self.tree.source };
        matches!(shape, Shape::Scalar(_)).then(|| &whole[at as usize..(at + length) as usize])
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

/// A collection whose end is still to come.
struct Open {
    index: u32,
    children: u32,
    /// How many levels the deepest child has below this one.
    height: u32,
    /// Where the last child ends.
    end: u32,
    anchor: usize,
    /// [`Builder::expanded`] before this collection.
    expanded: u64,
}

/// What an alias may stand for; still open while `nodes` is 0.
#[derive(Clone, Copy, Default)]
struct Anchored {
    index: u32,
    nodes: u64,
    height: u32,
}

struct Builder<'s> {
    tree: Tree<'s>,
    documents: Vec<u32>,
    errors: Vec<SyntaxError>,
    comments: Vec<Comment>,
    open: Vec<Open>,
    /// By the parser's number of the anchor.
    anchored: Vec<Anchored>,
    /// Where the document starts on the tape.
    start: u32,
    /// How many nodes the document has so far, with each alias counted as what it stands for.
    expanded: u64,
    /// The first alias that went beyond the budget of the document so far.
    over_budget: Option<Span>,
    /// The maps of the document that have a `<<` key.
    merges: Vec<u32>,
    /// The document has an error, though its shape is understood.
    broken: bool,
    /// Where the last piece of the text that was understood ends.
    reached: u32,
}

impl<'s> Builder<'s> {
    fn new(source: &'s str) -> Builder<'s> {
        let tape = Vec::with_capacity((source.len() / 16).min(1 << 16));
        let tree = Tree { source, tape, decoded: String::new(), anchors: Vec::new(), tags: Vec::new() };
        Builder {
            tree,
            documents: Vec::new(),
            errors: Vec::new(),
            comments: Vec::new(),
            open: Vec::new(),
            anchored: Vec::new(),
            start: 0,
            expanded: 0,
            over_budget: None,
            merges: Vec::new(),
            broken: false,
            reached: 0,
        }
    }

    fn finish(mut self) -> Parsed<'s> {
        self.abandon();
        self.errors.sort_by_key(|error| error.span.start);
        self.comments.sort_by_key(|comment| comment.span.start);
        Parsed { tree: self.tree, documents: self.documents, errors: self.errors, comments: self.comments }
    }

    /// Drops the nodes of the document that is being read.
    fn abandon(&mut self) {
        self.tree.tape.truncate(self.start as usize);
        self.tree.anchors.truncate(self.tree.anchors.partition_point(|&(index, _)| index < self.start));
        self.tree.tags.truncate(self.tree.tags.partition_point(|&(index, ..)| index < self.start));
        self.open.clear();
        self.merges.clear();
    }

    /// An error that leaves the shape of the document understood: more may be found in it, but it yields no root.
    fn fault(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.broken = true;
        self.errors.push(error(span, message, help));
    }

    fn event(&mut self, event: Event<'s>, marks: &Marks) -> Result<(), SyntaxError> {
        let span = self.bytes(marks);
        match event {
            Event::Comment(..) => {
                let line = self.tree.source[..span.start as usize].bytes().rev();
                let own_line = line.take_while(|b| !matches!(b, b'\n' | b'\r')).all(|b| matches!(b, b' ' | b'\t'));
                self.comments.push(Comment { span, own_line });
                return Ok(());
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style.into(), anchor, tag, span, marks),
            Event::SequenceStart(style, anchor, tag) => self.begin(Shape::Sequence, style, anchor, tag, span, marks)?,
            Event::MappingStart(style, anchor, tag) => self.begin(Shape::Mapping, style, anchor, tag, span, marks)?,
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => self.alias(id, span)?,
            Event::UnresolvedAlias(name) => {
                let message = format!("`*{name}` refers to nothing: no `&{name}` stands before it in this document");
                self.fault(span, message, format!("define `&{name}` first, or put the text in quotes"));
                self.node(Entry { span, at: 0, length: 0, shape: Shape::Scalar(ScalarStyle::Plain), flags: 0 }, 1, 0);
            }
            Event::Anchor(..) => self.tree.anchors.push((self.tree.tape.len() as u32 - 1, span)),
            Event::DocumentStart(explicit, _) => {
                self.start = self.tree.tape.len() as u32;
                (self.expanded, self.over_budget, self.broken) = (0, None, false);
                if !explicit {
                    // Its place is that of its content, and it is the first document or follows `...`.
                    let before = &self.tree.source[..span.start as usize];
                    let mut ends = before.rmatch_indices("...").map(|(at, _)| at);
                    let end = ends.find(|&at| at == 0 || before[..at].ends_with(['\n', '\r', '\u{feff}']));
                    self.reached = end.map_or(self.reached, |end| self.reached.max(end as u32 + 3));
                    return Ok(());
                }
            }
            Event::DocumentEnd => self.document(),
            _ => {}
        }
        self.reached = self.reached.max(span.end);
        Ok(())
    }

    fn document(&mut self) {
        let nodes = self.tree.tape.len() as u64 - u64::from(self.start);
        let limit = budget(nodes);
        if let Some(span) = self.over_budget.filter(|_| self.expanded > limit) {
            let message = format!("aliases expand to more than {limit} values");
            self.fault(span, message, "write the values out, or refer to smaller parts");
        } else {
            self.check_merges();
        }
        let root = self.tree.tape.get(self.start as usize);
        let nothing = |root: &Entry| {
            let bare = self.tree.anchors.last().is_none_or(|&(index, _)| index < self.start) && root.flags == 0;
            root.shape == Shape::Scalar(ScalarStyle::Plain) && root.span.start == root.span.end && bare
        };
        if self.broken || root.is_none_or(nothing) {
            self.abandon();
        } else {
            self.documents.push(self.start);
        }
        self.start = self.tree.tape.len() as u32;
        self.merges.clear();
    }

    /// Appends a node that counts as `nodes` when aliases are followed and has `height` levels.
    fn node(&mut self, entry: Entry, nodes: u64, height: u32) {
        let collection = matches!(entry.shape, Shape::Sequence | Shape::Mapping);
        self.expanded = self.expanded.saturating_add(nodes);
        let in_mapping = self.in_mapping();
        if let Some(parent) = self.open.last_mut() {
            parent.children += 1;
            parent.end = parent.end.max(entry.span.end);
            parent.height = parent.height.max(height);
            if in_mapping && parent.children % 2 == 1 && (collection || height > 0) {
                let span = if collection { self.character(entry.span.start) } else { entry.span };
                let message = "a key must be a single word or text, not a list or map";
                self.fault(span, message, "put the key in quotes if its brackets are meant as text");
            }
        }
        self.tree.tape.push(entry);
    }

    fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'s, Tag>>,
        span: Span,
        marks: &Marks,
    ) {
        let index = self.tree.tape.len() as u32;
        let mut entry = Entry { span, at: 0, length: 0, shape: Shape::Scalar(style), flags: 0 };
        if style == ScalarStyle::Plain && span.start == span.end {
            entry.span = self.nothing_at(span.start);
            entry.at = entry.span.start;
        } else {
            if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                entry.span = self.block_scalar(span);
            }
            entry.length = text.len() as u32;
            let slice = match &text {
                Cow::Borrowed(slice) => (slice.as_ptr() as usize).checked_sub(self.tree.source.as_ptr() as usize),
                Cow::Owned(_) => None,
            };
            match slice.filter(|at| at + text.len() <= self.tree.source.len()) {
                Some(at) => entry.at = at as u32,
                None => {
                    entry.at = self.tree.decoded.len() as u32;
                    entry.flags |= DECODED;
                    self.tree.decoded.push_str(&text);
                }
            }
        }
        if let Some(tag) = tag {
            entry.flags |= TAGGED;
            self.tag(&tag, entry.shape, &text, marks);
        }
        let merge = text == "<<" && style == ScalarStyle::Plain && entry.flags & TAGGED == 0;
        if let Some(parent) = self.open.last().filter(|parent| merge && self.in_mapping() && parent.children % 2 == 0) {
            self.tree.tape[parent.index as usize].flags |= MERGE;
        }
        self.node(entry, 1, 0);
        self.remember(anchor, Anchored { index, nodes: 1, height: 0 });
    }

    fn begin(
        &mut self,
        shape: Shape,
        style: StructureStyle,
        anchor: usize,
        tag: Option<Cow<'s, Tag>>,
        span: Span,
        marks: &Marks,
    ) -> Result<(), SyntaxError> {
        let mut start = span.start;
        if shape == Shape::Sequence && style == StructureStyle::Block && self.in_mapping() {
            // The parser says where the first item stands; the list starts with its dash.
            start = self.content_after(self.reached, true).min(start);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep(self.character(start)));
        }
        let index = self.tree.tape.len() as u32;
        let flow = if style == StructureStyle::Flow { FLOW } else { 0 };
        let tagged = if tag.is_some() { TAGGED } else { 0 };
        if let Some(tag) = tag {
            self.tag(&tag, shape, "", marks);
        }
        let expanded = self.expanded;
        self.node(Entry { span: Span::new(start, start), at: 0, length: 0, shape, flags: flow | tagged }, 1, 0);
        self.open.push(Open { index, children: 0, height: 0, end: start, anchor, expanded });
        self.remember(anchor, Anchored { index, nodes: 0, height: 0 });
        Ok(())
    }

    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let next = self.tree.tape.len() as u32;
        let entry = &mut self.tree.tape[open.index as usize];
        entry.at = next;
        // Only a closing bracket has an extent; a block ends with its last child.
        let bracket = entry.flags & FLOW != 0 && span.end > span.start;
        entry.span.end = if bracket { span.end } else { open.end };
        let end = entry.span.end;
        if entry.flags & MERGE != 0 {
            self.merges.push(open.index);
        }
        if let Some(parent) = self.open.last_mut() {
            parent.height = parent.height.max(open.height + 1);
            parent.end = parent.end.max(end);
        }
        let nodes = (self.expanded - open.expanded).max(1);
        self.remember(open.anchor, Anchored { index: open.index, nodes, height: open.height + 1 });
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), SyntaxError> {
        let Anchored { index, nodes, height } = self.anchored.get(id).copied().unwrap_or_default();
        if nodes == 0 {
            return Err(error(span, "this alias refers to a list or map that it stands in itself", "write it out"));
        }
        if self.open.len() + height as usize > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.node(Entry { span, at: index, length: 0, shape: Shape::Alias, flags: 0 }, nodes, height);
        if self.over_budget.is_none() && self.expanded > budget(self.tree.tape.len() as u64 - u64::from(self.start)) {
            self.over_budget = Some(span);
        }
        Ok(())
    }

    fn remember(&mut self, anchor: usize, anchored: Anchored) {
        if anchor == 0 {
            return;
        }
        if self.anchored.len() <= anchor {
            self.anchored.resize(anchor + 1, Anchored::default());
        }
        self.anchored[anchor] = anchored;
    }

    fn tag(&mut self, tag: &Tag, shape: Shape, text: &str, marks: &Marks) {
        let span = marks.tag_span().map(|marks| self.bytes(&marks)).unwrap_or_else(|| self.bytes(marks));
        let scalar = matches!(shape, Shape::Scalar(_));
        let core = match tag.core_suffix() {
            Some("str") => CoreTag::Str,
            Some("int") => CoreTag::Int,
            Some("float") => CoreTag::Float,
            Some("bool") => CoreTag::Bool,
            Some("null") => CoreTag::Null,
            Some("seq") => CoreTag::Seq,
            Some("map") => CoreTag::Map,
            _ if tag.original() == "!" && scalar => CoreTag::Str,
            _ => CoreTag::Unknown,
        };
        let written = &self.tree.source[span.start as usize..span.end as usize];
        let fits = match core {
            CoreTag::Str => scalar,
            CoreTag::Seq => shape == Shape::Sequence,
            CoreTag::Map => shape == Shape::Mapping,
            CoreTag::Int | CoreTag::Float => scalar && plain_kind(text) == Kind::Number,
            CoreTag::Bool => scalar && matches!(plain_kind(text), Kind::Bool(_)),
            CoreTag::Null => scalar && plain_kind(text) == Kind::Null,
            CoreTag::Unknown => tag.original() == "!",
        };
        if !fits {
            let why = if core == CoreTag::Unknown { "is not known here" } else { "does not fit what follows it" };
            self.fault(span, format!("tag {written} {why}"), "leave it out");
        }
        self.tree.tags.push((self.tree.tape.len() as u32, core, span));
    }

    fn check_merges(&mut self) {
        let tree = &self.tree;
        let maps = self.merges.iter().map(|&index| Node { tree, index });
        let values = maps.flat_map(Node::pairs).filter_map(|(key, value)| key.is_merge_key().then_some(value));
        let wrong = |value: &Node<'_>| value.merge_sources().any(|source| source.kind() != Kind::Mapping);
        for span in values.filter(wrong).map(Node::span).collect::<Vec<_>>() {
            self.fault(span, "`<<` takes in maps only", "refer to a map, as in `<<: *name`, or put the key in quotes");
        }
    }

    fn in_mapping(&self) -> bool {
        self.open.last().is_some_and(|open| self.tree.tape[open.index as usize].shape == Shape::Mapping)
    }

    fn bytes(&self, marks: &Marks) -> Span {
        let range = marks.byte_range().unwrap_or_default();
        let end = range.end.min(self.tree.source.len());
        Span::new(range.start.min(end) as u32, end as u32)
    }

    /// The character that starts at a byte.
    fn character(&self, at: u32) -> Span {
        let mut start = (at as usize).min(self.tree.source.len());
        while !self.tree.source.is_char_boundary(start) {
            start -= 1;
        }
        let length = self.tree.source[start..].chars().next().map_or(0, char::len_utf8);
        Span::new(start as u32, (start + length) as u32)
    }

    /// The first byte from `from` on that is neither white space nor a comment, an indicator, an anchor or a tag.
    fn content_after(&self, from: u32, stop_at_dash: bool) -> u32 {
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
    fn nothing_at(&self, at: u32) -> Span {
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
    fn block_scalar(&self, span: Span) -> Span {
        let bytes = self.tree.source.as_bytes();
        let header = self.content_after(self.reached, false);
        let found = matches!(bytes.get(header as usize), Some(b'|' | b'>'));
        let start = if found { header.min(span.start) } else { span.start };
        let body = &bytes[start as usize..span.end as usize];
        let end = body.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(start, |last| start + last as u32 + 1);
        Span::new(start, end)
    }

    /// The parser's complaint in words, at the place that has to change.
    fn explain(&self, scan: &ScanError) -> SyntaxError {
        let text = self.tree.source;
        let at = self.character(scan.marker().byte_offset().unwrap_or(text.len()) as u32);
        let rest = &text[at.start as usize..];
        let found = |offset: Option<usize>| self.character(at.start + offset.unwrap_or(0) as u32);
        let (span, message, help) = match scan.kind() {
            E::RecursionLimitExceeded => return too_deep(at),
            E::TabInBlockIndentation
            | E::TabNotAllowed
            | E::TabInIndentation
            | E::TabInPlainScalar
            | E::TabAtBlockScalarStart
            | E::InvalidBlockEntryWhitespace => {
                let tabs = text[..at.start as usize].bytes().rev().take_while(|&b| b == b'\t').count() as u32;
                let span = if tabs > 0 { Span::new(at.start - tabs, at.start) } else { found(rest.find('\t')) };
                let help = "use spaces: YAML does not allow tabs for indentation";
                (span, "this line is indented with a tab", help)
            }
            E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => (at, UNCLOSED, CLOSE),
            E::InvalidQuotedScalarIndent => {
                let open = self.content_after(self.reached, false);
                let quoted = text.get(open as usize..at.start as usize).unwrap_or_default();
                let unclosed = quoted.starts_with(['"', '\'']) && !quoted[1..].contains(&quoted[..1]);
                (if unclosed { self.character(open) } else { at }, UNCLOSED, CLOSE)
            }
            E::InvalidTrailingSingleQuotedScalar => {
                (at, "there is text after the closing quote", "write a `'` inside of '…' twice: 'it''s'")
            }
            E::InvalidTrailingDoubleQuotedScalar => {
                (at, "there is text after the closing quote", "write a `\"` inside of \"…\" as \\\"")
            }
            E::UnknownQuotedScalarEscape
            | E::InvalidQuotedScalarHexEscape
            | E::InvalidLowSurrogateHexEscape
            | E::InvalidLowSurrogate
            | E::MissingLowSurrogate
            | E::UnpairedLowSurrogate
            | E::InvalidUnicodeEscape => {
                let backslash = found(bad_escape(rest));
                let span = Span::new(backslash.start, self.character(backslash.end).end);
                (span, "this is not an escape that \"…\" knows", "write a backslash as \\\\, or use '…' quotes")
            }
            E::UnexpectedCharacter { character: c @ ('@' | '`' | '%' | '|' | '>') } => {
                (found(rest.find(*c)), "a value cannot start with this character", "put it in quotes")
            }
            E::UnexpectedCharacter { character } => {
                let message = format!("the invisible character U+{:04X} is not allowed", u32::from(*character));
                let help = "remove it, or write it as an escape such as \\x07 inside of \"…\"";
                return error(found(rest.find(*character)), message, help);
            }
            E::BomInsideDocument => (at, "a byte order mark stands inside the text", "remove it"),
            E::UnclosedFlowCollection { open: '[' } => (at, "this `[` is never closed", "add the closing `]`"),
            E::UnclosedFlowCollection { .. } => (at, "this `{` is never closed", "add the closing `}`"),
            E::MismatchedFlowCollectionEnd { open: '[', .. } => (at, "this `[` is closed by `}`", "close it with `]`"),
            E::MismatchedFlowCollectionEnd { .. } => (at, "this `{` is closed by `]`", "close it with `}`"),
            E::MisplacedFlowCollectionEnd => {
                (at, "this closing bracket has no opening one", "remove it, or put the text in quotes")
            }
            E::UnexpectedEofFlowSequence
            | E::UnexpectedEofFlowMapping
            | E::UnexpectedEofImplicitFlowMapping
            | E::ExpectedFlowMappingSeparator
            | E::ExpectedFlowSequenceSeparator
            | E::InvalidColonPlacement
            | E::FlowMappingValueAdjacentCollection
            | E::PlainScalarStartsWithDashFlowIndicator
            | E::BlockEntryInFlowCollection
            | E::InvalidFlowScalarIndent => {
                let help = "close the bracket before it, or put text with special characters in quotes";
                (at, "expected `,` or a closing bracket here", help)
            }
            E::SimpleKeyExpected => {
                (at, "expected `key: value` here", "add the `:`, or indent the line if it continues the one above")
            }
            E::MappingValueNotAllowed => {
                let help = "put text that holds `: ` in quotes, or check the indentation";
                (at, "this `:` cannot start a value here", help)
            }
            E::BlockSequenceEntryNotAllowed => {
                (at, "a list cannot start here", "start it on its own line, or put the text in quotes")
            }
            E::ExpectedBlockMappingKey
            | E::UnexpectedEofBlockMapping
            | E::MappingKeyNotAllowed
            | E::InvalidIndentation => {
                (at, "this does not line up with the map above it", "give all keys of a map the same indentation")
            }
            E::ExpectedBlockSequenceEntry | E::UnexpectedEofBlockSequence => {
                (at, "this does not line up with the list above it", "give all items of a list the same indentation")
            }
            E::CommentInterceptedScalar => {
                let help = "move it, or put the text in quotes";
                (at, "a comment interrupts text that goes on in the next line", help)
            }
            E::CommentNotSeparated | E::ExpectedWhitespace | E::InvalidMappingValueWhitespace => {
                (at, "a space is missing here", "add it, or put the text in quotes")
            }
            E::InvalidBlockScalarHeader | E::ZeroBlockScalarIndent => {
                let help = "start the text on the next line, or put it in quotes";
                (at, "nothing but `-`, `+` or a digit may follow `|` and `>`", help)
            }
            E::InvalidBlockScalarIndent => {
                let help = "indent all lines of the text alike";
                (at, "this line is indented less than the text it belongs to", help)
            }
            E::MissingAnchorOrAliasName => {
                (at, "a name is missing after `&` or `*`", "put text that starts with `&` or `*` in quotes")
            }
            E::UndeclaredTagHandle => (at, "this tag is not known here", "leave it out"),
            E::ExpectedDocumentStart | E::InvalidDocumentEnd | E::MissingDocumentEndBeforeDirective => {
                (at, "expected a line `---` before this", "separate documents by a line `---`")
            }
            E::UnsupportedYamlMajorVersion => (at, "only YAML 1 is read", "leave the %YAML line out"),
            other => return SyntaxError { span: at, message: other.to_string(), help: None },
        };
        error(span, message, help)
    }
}

const UNCLOSED: &str = "this quote is never closed";
const CLOSE: &str = "close it; further lines of quoted text are indented below its key";

/// How many nodes a document of so many may stand for once its aliases are followed.
fn budget(nodes: u64) -> u64 {
    100_000 + 10 * nodes
}

fn error(span: Span, message: impl Into<String>, help: impl Into<String>) -> SyntaxError {
    SyntaxError { span, message: message.into(), help: Some(help.into()) }
}

fn too_deep(span: Span) -> SyntaxError {
    error(span, format!("nested deeper than {MAX_DEPTH} levels"), "flatten the lists and maps")
}

/// Where the first wrong escape of a text in double quotes starts.
fn bad_escape(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..)?.iter().position(|&b| b == b'\\') {
        at += found;
        let digits = match bytes.get(at + 1)? {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"' | b'/' | b'\\' => 0,
            b'N' | b'_' | b'L' | b'P' | b'\n' | b'\r' => 0,
            _ => return Some(at),
        };
        let hex = quoted.get(at + 2..at + 2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if digits > 0 && hex.and_then(char::from_u32).is_none() {
            return Some(at);
        }
        at += 2 + digits;
    }
    None
}

impl From<granit_parser::ScalarStyle> for ScalarStyle {
    fn from(style: granit_parser::ScalarStyle) -> ScalarStyle {
        match style {
            granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
            granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::SingleQuoted,
            granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::DoubleQuoted,
            granit_parser::ScalarStyle::Literal => ScalarStyle::Literal,
            granit_parser::ScalarStyle::Folded => ScalarStyle::Folded,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TRICKY: &[&str] = &[
        "",
        "# only\n",
        "---\n",
        "\u{feff}a: b",
        "a:\nb: 1\nc: [x, y ,]\nd: {k: v, z}\ne: &x !!str   'q'\nf:   # c\n  - a\n  - b\n\n# tail\ng: *x\n",
        "h: |\n  text\n  more\n\n\ni: >-\n  z\n\n",
        "x: |2-  # c | d\n\n   t\ny: >\nz: |\n",
        "- a\n- \n- b\n-",
        "? a\n: b\n? c\n",
        "{a, b: , : c}",
        "- - x\n  - y\n-\n  k: v\n  l: w\n",
        "--- a\n...\n--- b\n---\n--- >\n z\n",
        "a: \"ü\n  lïne\\u0041\"\nb: ä\n  ö\n",
        "&a k: &b [1]\n? *a \n: x",
        "a:\n- # c\n  x\n- y",
        "a: &q\n# com\n- - y",
        "a:\n-   {k: v}\n-\n",
        "[a: b, c : d, ? e : f, : g]",
        "? a\n:\n? b\n:   # c\n",
        "a:\r\n  - 'b'\r\n  -\r\nc:\r\n",
        "ключ: значение # комментарий\nü: \"é\"",
        "a: \"öpen\nb: 1\n",
        "a: [ö, 2\nb: 3\n",
        "a:\n\t- b\n",
        "a: ö\n  b: 1\n\tc: 2\n",
        "ö: b: c\n",
        "- ö\nb: c\n",
        "a: \u{1}ö",
        "a: \"ö\\q\"",
        "a: 'ö' ö",
        "a: [ö}]",
        "a: ö]",
        "a: @ö",
        "%YAML 1.2\n---\na: b",
        "a: !ö x",
        "a: !<ö",
        "a: *ö",
        "a: |\n  x\n\u{7}y\n",
        "a: |\n  x\u{7}ö\n",
        "[[[[ö",
        "ö: 1\n ö: 2",
        "a: b\u{2028}c\u{85}d\n",
        "<<: {a: 1}\na: 2",
        "a: \u{fffe}",
        "a: 'x\n",
        "\"a\": \n\"b\"  :\n",
    ];

    fn spans(node: Node<'_>, out: &mut Vec<Span>) {
        out.push(node.span());
        if !node.is_alias() {
            node.items().for_each(|item| spans(item, out));
            node.raw_entries().for_each(|(key, value)| [key, value].into_iter().for_each(|node| spans(node, out)));
        }
    }

    #[test]
    fn every_place_is_in_the_text() {
        for text in TRICKY {
            for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
                let text = &text[..cut];
                let (parsed, silent) = (parse(text, true), parse(text, false));
                let mut all: Vec<Span> = parsed.errors.iter().map(|error| error.span).collect();
                all.extend(parsed.comments.iter().map(|comment| comment.span));
                parsed.roots().for_each(|root| spans(root, &mut all));
                for span in all {
                    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
                }
                assert!(parsed.comments.iter().all(|c| text[c.span.start as usize..].starts_with('#')));
                let shown = |parsed: &Parsed<'_>| parsed.roots().map(show).collect::<Vec<_>>();
                assert_eq!((shown(&parsed), &parsed.errors), (shown(&silent), &silent.errors), "{text:?}");
            }
        }
    }

    /// The tree as JSON-like text, aliases and merges followed.
    fn show(node: Node<'_>) -> String {
        match node.kind() {
            Kind::Sequence => format!("[{}]", node.items().map(show).collect::<Vec<_>>().join(",")),
            Kind::Mapping => {
                let pair = |(key, value)| format!("{}:{}", show(key), show(value));
                format!("{{{}}}", node.entries().map(pair).collect::<Vec<_>>().join(","))
            }
            Kind::String => format!("{:?}", node.text().unwrap()),
            Kind::Null => "null".into(),
            Kind::Bool(value) => value.to_string(),
            Kind::Number => node.text().unwrap().into(),
        }
    }

    fn value(text: &str) -> String {
        let parsed = parse(text, true);
        assert_eq!(parsed.errors, [], "{text:?}");
        parsed.roots().map(show).collect::<Vec<_>>().join(" ")
    }

    /// Each error as `underlined text: message`.
    fn errors(text: &str) -> Vec<String> {
        let parsed = parse(text, true);
        let shown = |e: &SyntaxError| format!("{}: {}", &text[e.span.start as usize..e.span.end as usize], e.message);
        parsed.errors.iter().map(shown).collect()
    }

    #[test]
    fn scalars_agree_with_another_reader() {
        let plain = "null Null NULL ~ nULL true True TRUE false tRUE yes no on y 0 -1 +1 12 1.5 -.5 +.5 1. \
                     1e3 1E-3 1.e2 . -- + 0x1F 0xg 0o17 0o8 \
                     .inf -.INF +.inf .Inf .iNF .nan .NaN 1_000 1e 1e+ 0x 0o e3 1.2.3 2024-01-01 12:30 a=b \
                     a@b.example <<< =";
        let others = ["", "''", "\"\"", "'it''s'", "\"a\\tb\"", "'1'", "\"true\"", "!!str 1", "!!str", "!!int '5'"];
        let blocks = [
            "|\n  a\n  b\n",
            "|-\n  a\n\n  b\n",
            ">\n  a\n  b\n\n  c\n",
            "|+\n  a\n\n",
            "a\n  b\n\n  c\n",
            "\"a\n  b\"",
        ];
        for scalar in plain.split_whitespace().chain(others).chain(blocks) {
            let text = format!("k: {scalar}\n");
            let expected: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            let parsed = parse(&text, true);
            let (_, node) = parsed.roots().next().unwrap().entries().next().unwrap();
            let agrees = match (&expected["k"], node.kind()) {
                (serde_yaml::Value::Null, Kind::Null) | (serde_yaml::Value::Number(_), Kind::Number) => true,
                (serde_yaml::Value::Bool(a), Kind::Bool(b)) => *a == b,
                (serde_yaml::Value::String(a), Kind::String) => Some(a.as_str()) == node.text(),
                _ => false,
            };
            assert!(agrees, "{text:?}: {:?}, not {:?}", expected["k"], node.kind());
        }
    }

    #[test]
    fn nodes_know_their_bytes() {
        let text = "a:\n- 'x'\n-  y: [1, 2 ]  # c\n\nb:   # c\nc: &n |-\n  t\n\nd: *n\ne: {k: }\n? f\n";
        let parsed = parse(text, true);
        let mut all = Vec::new();
        parsed.roots().for_each(|root| spans(root, &mut all));
        let shown: Vec<_> = all[1..].iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
        let list = "- 'x'\n-  y: [1, 2 ]";
        let expected =
            ["a", list, "'x'", "y: [1, 2 ]", "y", "[1, 2 ]", "1", "2", "b", "", "c", "|-\n  t", "d", "*n", "e"];
        assert_eq!(shown[..15], expected);
        assert_eq!(shown[15..], ["{k: }", "k", "", "f", ""]);
        assert!(text[..all[10].start as usize].ends_with("b:") && text[..all[18].start as usize].ends_with("k:"));
        assert_eq!(parsed.comments.iter().filter(|comment| !comment.own_line).count(), 2);
        let (_, c) = parsed.roots().next().unwrap().entries().nth(2).unwrap();
        assert_eq!((c.anchor(), c.style(), c.text()), (Some("n"), ScalarStyle::Literal, Some("t")));
        let tagged = parse("!!seq [ !!str 1 ]", false);
        let root = tagged.roots().next().unwrap();
        assert_eq!((root.tag(), root.flow(), root.items().next().unwrap().tag()), (Some("!!seq"), true, Some("!!str")));
    }

    #[test]
    fn documents_and_merges() {
        assert_eq!(value("# nothing\n---\n--- 1\n---\n# c\n"), "1");
        assert_eq!(value("--- ~\n--- ''"), "null \"\"");
        let merged = "- &a {x: 1, y: 1}\n- &b {<<: *a, y: 2, z: 2}\n- {z: 3, <<: [*b, *a, {w: 4}]}\n- {\"<<\": 1}";
        let expected = "{\"z\":3,\"y\":2,\"x\":1,\"w\":4}";
        assert!(value(merged).ends_with(&format!("{expected},{{\"<<\":1}}]")), "{}", value(merged));
        assert_eq!(value("{a: 1, a: 2}"), "{\"a\":1,\"a\":2}");
    }

    #[test]
    fn errors_are_gathered_in_good_words() {
        let text = "a: [1\n---\nb: *nope\nc: !x 1\n[d]: 1\n<<: [3]\n---\ne: 1\n--- 'f\n";
        let expected = [
            "[: this `[` is never closed",
            "*nope: `*nope` refers to nothing: no `&nope` stands before it in this document",
            "!x: tag !x is not known here",
            "[: a key must be a single word or text, not a list or map",
            "[3]: `<<` takes in maps only",
            "': this quote is never closed",
        ];
        assert_eq!(errors(text), expected);
        assert_eq!(parse(text, true).roots().map(show).collect::<Vec<_>>(), ["{\"e\":1}"]);
        assert_eq!(errors("a: \"x\nb: 1"), ["\": this quote is never closed"]);
        assert_eq!(errors("a:\n  b: 1\n\tc: 2\n"), ["\t: this line is indented with a tab"]);
        assert_eq!(errors("a:\n\t- b\n"), ["\t: this line is indented with a tab"]);
        assert_eq!(errors("a: \"b\\n\\q\""), ["\\q: this is not an escape that \"…\" knows"]);
        assert_eq!(errors("a: |\n  b\u{7}"), ["\u{7}: the invisible character U+0007 is not allowed"]);
        assert_eq!(errors("a: &a [*a]"), ["*a: this alias refers to a list or map that it stands in itself"]);
        assert_eq!(errors("a: !!int x"), ["!!int: tag !!int does not fit what follows it"]);
    }

    #[test]
    fn nothing_blows_up() {
        let deep = |open: &str, n: usize| errors(&open.repeat(n)).concat();
        assert!(deep("[", 100_000).contains("nested deeper than 128 levels"));
        assert!(deep("- ", 100_000).contains("nested deeper than 128 levels"));
        assert!(deep("{a: [", 100_000).contains("nested deeper than 128 levels"));
        assert_eq!(errors(&format!("{}{}", "[".repeat(128), "]".repeat(128))), [] as [&str; 0]);
        let chain: String = (1..200).map(|n| format!("- &a{n} [*a{}]\n", n - 1)).collect();
        assert_eq!(errors(&format!("- &a0 []\n{chain}")), ["*a126: nested deeper than 128 levels"]);
        let bomb = format!("- &a [{}]\n{}", "x, ".repeat(5000), "- *a\n".repeat(5000));
        assert_eq!(errors(&bomb), ["*a: aliases expand to more than 200020 values"]);
        let comments = format!("a:\n{}  b: 1\n", "# c\n".repeat(50_000));
        assert_eq!((parse(&comments, true).comments.len(), parse(&comments, false).comments.len()), (50_000, 0));
    }
}
