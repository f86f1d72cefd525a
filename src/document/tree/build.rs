//! From the events of the parser to the tape: aliases, merges, tags and limits.

use std::borrow::Cow;

use granit_parser::{Event, Span as Marks, StructureStyle, Tag};

use super::explain::{error, too_deep};
use super::*;

/// A collection whose end is still to come.
pub(super) struct Open {
    pub(super) index: u32,
    pub(super) children: u32,
    /// How many levels the deepest child has below this one.
    pub(super) height: u32,
    /// Where the last child ends.
    pub(super) end: u32,
    pub(super) anchor: usize,
    /// [`Builder::expanded`] before this collection.
    pub(super) expanded: u64,
}

/// What an alias may stand for; still open while `nodes` is 0.
#[derive(Clone, Copy, Default)]
pub(super) struct Anchored {
    index: u32,
    nodes: u64,
    height: u32,
}

pub(super) struct Builder<'s> {
    pub(super) tree: Tree<'s>,
    pub(super) documents: Vec<u32>,
    pub(super) errors: Vec<SyntaxError>,
    pub(super) comments: Vec<Comment>,
    pub(super) open: Vec<Open>,
    /// By the parser's number of the anchor.
    pub(super) anchored: Vec<Anchored>,
    /// Where the document starts on the tape.
    pub(super) start: u32,
    /// How many nodes the document has so far, with each alias counted as what it stands for.
    pub(super) expanded: u64,
    /// The first alias that went beyond the budget of the document so far.
    pub(super) over_budget: Option<Span>,
    /// The maps of the document that have a `<<` key.
    pub(super) merges: Vec<u32>,
    /// The document has an error, though its shape is understood.
    pub(super) broken: bool,
    /// Where the last piece of the text that was understood ends.
    pub(super) reached: u32,
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str) -> Builder<'s> {
        let tape = Vec::with_capacity((source.len() / 16).min(1 << 16));
        let tree = Tree { source, tape, decoded: Decoded::default(), anchors: Vec::new(), tags: Vec::new() };
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

    pub(super) fn finish(mut self) -> Parsed<'s> {
        self.abandon();
        self.errors.sort_by_key(|error| error.span.start);
        self.comments.sort_by_key(|comment| comment.span.start);
        Parsed { tree: self.tree, documents: self.documents, errors: self.errors, comments: self.comments }
    }

    /// Drops the nodes of the document that is being read.
    pub(super) fn abandon(&mut self) {
        self.tree.tape.truncate(self.start as usize);
        self.tree.anchors.truncate(self.tree.anchors.partition_point(|&(index, _)| index < self.start));
        self.tree.tags.truncate(self.tree.tags.partition_point(|&(index, ..)| index < self.start));
        self.open.clear();
        self.merges.clear();
    }

    /// An error that leaves the shape of the document understood: more may be found in it, but it yields no root.
    pub(super) fn fault(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.broken = true;
        self.errors.push(error(span, message, help));
    }

    pub(super) fn event(&mut self, event: Event<'s>, marks: &Marks) -> Result<(), SyntaxError> {
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
                let at = self.tree.decoded.push("");
                self.node(Entry { span, at, shape: Shape::Scalar(ScalarStyle::Plain), flags: DECODED }, 1, 0);
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

    pub(super) fn document(&mut self) {
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
    pub(super) fn node(&mut self, entry: Entry, nodes: u64, height: u32) {
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

    pub(super) fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'s, Tag>>,
        span: Span,
        marks: &Marks,
    ) {
        let index = self.tree.tape.len() as u32;
        let mut entry = Entry { span, at: 0, shape: Shape::Scalar(style), flags: 0 };
        if style == ScalarStyle::Plain && span.start == span.end {
            entry.span = self.nothing_at(span.start);
            entry.at = entry.span.start;
        } else {
            if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                entry.span = self.block_scalar(span);
            }
            let slice = match &text {
                Cow::Borrowed(slice) => (slice.as_ptr() as usize).checked_sub(self.tree.source.as_ptr() as usize),
                Cow::Owned(_) => None,
            };
            let (start, end) = (entry.span.start as usize, entry.span.end as usize);
            let centred = |at: &usize| at.checked_sub(start).is_some_and(|margin| at + text.len() + margin == end);
            match slice.filter(centred) {
                Some(at) => entry.at = at as u32,
                None => {
                    entry.at = self.tree.decoded.push(&text);
                    entry.flags |= DECODED;
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

    pub(super) fn begin(
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
        self.node(Entry { span: Span::new(start, start), at: 0, shape, flags: flow | tagged }, 1, 0);
        self.open.push(Open { index, children: 0, height: 0, end: start, anchor, expanded });
        self.remember(anchor, Anchored { index, nodes: 0, height: 0 });
        Ok(())
    }

    pub(super) fn end(&mut self, span: Span) {
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

    pub(super) fn alias(&mut self, id: usize, span: Span) -> Result<(), SyntaxError> {
        let Anchored { index, nodes, height } = self.anchored.get(id).copied().unwrap_or_default();
        if nodes == 0 {
            return Err(error(span, "this alias refers to a list or map that it stands in itself", "write it out"));
        }
        if self.open.len() + height as usize > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.node(Entry { span, at: index, shape: Shape::Alias, flags: 0 }, nodes, height);
        if self.over_budget.is_none() && self.expanded > budget(self.tree.tape.len() as u64 - u64::from(self.start)) {
            self.over_budget = Some(span);
        }
        Ok(())
    }

    pub(super) fn remember(&mut self, anchor: usize, anchored: Anchored) {
        if anchor == 0 {
            return;
        }
        if self.anchored.len() <= anchor {
            self.anchored.resize(anchor + 1, Anchored::default());
        }
        self.anchored[anchor] = anchored;
    }

    pub(super) fn tag(&mut self, tag: &Tag, shape: Shape, text: &str, marks: &Marks) {
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

    pub(super) fn check_merges(&mut self) {
        let tree = &self.tree;
        let maps = self.merges.iter().map(|&index| Node { tree, index });
        let values = maps.flat_map(Node::pairs).filter_map(|(key, value)| key.is_merge_key().then_some(value));
        let wrong = |value: &Node<'_>| value.merge_sources().any(|source| source.kind() != Kind::Mapping);
        for span in values.filter(wrong).map(Node::span).collect::<Vec<_>>() {
            self.fault(span, "`<<` takes in maps only", "refer to a map, as in `<<: *name`, or put the key in quotes");
        }
    }

    pub(super) fn in_mapping(&self) -> bool {
        self.open.last().is_some_and(|open| self.tree.tape[open.index as usize].shape == Shape::Mapping)
    }
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

/// How many nodes a document of so many may stand for once its aliases are followed.
fn budget(nodes: u64) -> u64 {
    100_000 + 10 * nodes
}
