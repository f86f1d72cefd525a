//! Maps edited: keys added where the language has them, values replaced, entries taken out.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use smol_str::SmolStr;

use super::list::Row;
use super::render::{inline, lines, pair, styled};
use super::said::Said;
use super::{Change, Goal, Goals, Surgeon, Value, is_map, layout_below, wishes_of};
use crate::diagnostic::Span;
use crate::document::format::WIDTH;
use crate::document::record::Layout;
use crate::document::tree::{Kind, Node};

/// A map to be edited, and what is known of where it stands.
pub(super) struct Site<'t> {
    pub(super) node: Node<'t>,
    /// Where a value behind the map's key would be written.
    pub(super) after: usize,
    /// Whether it stands in brackets, its own included.
    pub(super) flow: bool,
    /// Whether what it stands in stands in brackets.
    pub(super) outer: bool,
    /// An alias through which others share it.
    pub(super) shared: Option<Span>,
    pub(super) layout: Layout,
}

/// Something to be added to a map.
enum Piece<'w> {
    Value(Value),
    /// Lines without their indentation, and the same as a value where it can be written anew.
    Lines(&'w [String], Option<Value>),
}

const SHARED: &str = "other entries share this through an alias, and would change with it";
const ALIAS: &str = "this is an alias: what it stands for is shared with others, and would change for them too";
const MERGED: &str = "this comes in through `<<`: others share it, and would change with it";

impl<'t> Surgeon<'t> {
    /// Does what `goals` ask of a map.
    pub(super) fn map(&mut self, site: &Site<'t>, goals: Goals) {
        let node = site.node;
        if let Some(target) = node.target() {
            let related = Some((target.span(), "what the alias stands for"));
            goals.values().for_each(|goal| self.refuse_all(goal, node.span(), ALIAS, related));
            return;
        }
        let shared = site.shared.or_else(|| self.alias_of(node));
        let pairs: Vec<(Node<'t>, Node<'t>)> = node.raw_entries().collect();
        let mut removed = vec![false; pairs.len()];
        let mut added: Vec<(SmolStr, Piece<'_>, Vec<usize>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(pairs.len());
        let mut twice: HashSet<&str> = HashSet::new();
        for (index, text) in pairs.iter().enumerate().filter_map(|(index, (key, _))| Some((index, key.text()?))) {
            if *places.entry(text).or_insert(index) != index {
                twice.insert(text);
            }
        }
        for (name, goal) in goals {
            let found = places.get(name.as_str()).copied();
            if twice.contains(name.as_str()) {
                self.refuse_all(&goal, pairs[found.unwrap_or(0)].0.span(), "the key is written twice", None);
                continue;
            }
            if let (Some(index), Goal::Below(_)) = (found, &goal) {
                let (key, value) = pairs[index];
                let Some(after) = self.after_colon(key, value).filter(|_| is_map(value)) else {
                    self.refuse_all(&goal, key.span(), "this is no map that can be edited", None);
                    continue;
                };
                let Goal::Below(goals) = goal else { continue };
                let flow = site.flow || !value.is_alias() && value.flow();
                let layout = layout_below(site.layout, &name);
                self.map(&Site { node: value, after, flow, outer: site.flow, shared, layout }, goals);
                continue;
            }
            if let Some(alias) = shared {
                let span = found.map_or(node.span(), |index| pairs[index].0.span());
                self.refuse_all(&goal, span, SHARED, Some((alias, "the alias")));
                continue;
            }
            let inherited =
                || node.entries().find(|(key, _)| key.text() == Some(name.as_str())).map(|(key, _)| key.span());
            match (goal, found) {
                (Goal::Wish(wish), Some(index)) => match &self.wishes[wish].change {
                    Change::Remove => removed[index] = self.may_go(node, pairs[index], &name, wish),
                    Change::Put(value) => self.put(site, pairs[index], value, wish),
                    Change::Give(_) => {
                        let message = format!("`{name}` is there already");
                        self.refuse(wish, pairs[index].0.span(), &message);
                    }
                },
                (goal, None) => {
                    let all = wishes_of(&goal);
                    let overrides = matches!(&goal, Goal::Wish(wish) if self.overrides(*wish));
                    if let Some(span) = inherited().filter(|_| !overrides) {
                        self.refuse_all(&goal, span, MERGED, Some((node.span(), "the entry that takes it in")));
                    } else if let Some(piece) = self.piece(&goal) {
                        added.push((name, piece, all));
                    }
                }
                (Goal::Below(_), Some(_)) => {}
            }
        }
        if removed.iter().all(|one| !one) && added.is_empty() {
            return;
        }
        let entries = added.iter().any(|(_, piece, _)| matches!(piece, Piece::Lines(..) | Piece::Value(Value::Map(_))));
        let bare = pairs.is_empty() && entries && !site.outer;
        if node.flow() && !bare {
            self.flow_map(site, &pairs, &removed, added);
        } else {
            self.block_map(site, &pairs, &removed, added);
        }
    }

    /// Whether a wish, as a key of the map's own, hides one that is merged in: a whole value does.
    fn overrides(&self, wish: usize) -> bool {
        let field = !self.wishes[wish].field.is_empty();
        field && matches!(self.wishes[wish].change, Change::Put(Value::Bool(_) | Value::Text(_) | Value::List(_)))
    }

    /// What is to be added for a goal whose key is not there; nothing where only removals are asked for.
    fn piece(&self, goal: &Goal) -> Option<Piece<'t>> {
        match goal {
            Goal::Wish(wish) => match &self.wishes[*wish].change {
                Change::Put(value) => Some(Piece::Value(value.clone())),
                Change::Give(taken) => Some(Piece::Lines(&taken.lines, taken.anew())),
                Change::Remove => None,
            },
            Goal::Below(goals) => {
                let entries = goals.iter().filter_map(|(key, goal)| match self.piece(goal)? {
                    Piece::Value(value) => Some((key.clone(), value)),
                    Piece::Lines(..) => None,
                });
                let entries: Vec<(SmolStr, Value)> = entries.collect();
                (!entries.is_empty()).then_some(Piece::Value(Value::Map(entries)))
            }
        }
    }

    /// Whether an entry can be taken out: nothing refers to what stands in it, and nothing merged in comes to light.
    fn may_go(&mut self, map: Node<'t>, (key, value): (Node<'t>, Node<'t>), name: &str, wish: usize) -> bool {
        let range = self.start(key)..self.value_end(key, value);
        if let Some(alias) = self.used_elsewhere(&range) {
            let related = Some((alias, "the alias"));
            self.refuse_all(&Goal::Wish(wish), key.span(), "an alias elsewhere refers to what stands here", related);
            return false;
        }
        let merges = map.raw_entries().filter(|(key, _)| key.text() == Some("<<"));
        let merged = merges.flat_map(|(_, source)| {
            let one = (source.kind() == Kind::Mapping).then_some(source);
            one.into_iter().chain(source.items())
        });
        let hidden = merged.flat_map(Node::entries).find(|(own, _)| own.text() == Some(name));
        if let Some((own, _)) = hidden {
            let related = Some((own.span(), "the value that would hold instead"));
            let message = "without it the value that `<<` takes in would hold";
            self.refuse_all(&Goal::Wish(wish), key.span(), message, related);
            return false;
        }
        true
    }

    /// Where a key and its value end.
    fn value_end(&self, key: Node<'_>, value: Node<'_>) -> usize {
        let span = value.span();
        let bare = self.after_colon(key, value).unwrap_or(key.span().end as usize);
        if span.end > span.start { span.end as usize } else { bare }
    }

    /// Replaces a value.
    fn put(&mut self, site: &Site<'t>, (key, value): (Node<'t>, Node<'t>), wanted: &Value, wish: usize) {
        let span = value.span();
        let range = span.start as usize..span.end as usize;
        if value.is_alias() {
            return self.splice(range, inline(wanted, site.flow));
        }
        if let Some(alias) = self.alias_of(value) {
            return self.refuse_all(&Goal::Wish(wish), key.span(), SHARED, Some((alias, "the alias")));
        }
        let Some(after) = self.after_colon(key, value) else {
            return self.refuse(
                wish,
                key.span(),
                "the key is written in a form that is not edited: write `key: value`",
            );
        };
        match (wanted, value.kind()) {
            (Value::List(words), Kind::Sequence) => self.list(value, after, words, wish),
            (Value::Map(_), _) | (_, Kind::Sequence | Kind::Mapping) => {
                let message = format!("`{}` is there already", key.text().unwrap_or_default());
                self.refuse(wish, key.span(), &message);
            }
            (Value::Text(text), Kind::String) if value.text() == Some(text.as_str()) => {}
            (Value::Bool(wanted), Kind::Bool(there)) if *wanted == there => {}
            (Value::Text(text), _) if span.end > span.start => {
                self.splice(range, styled(text, value.style(), site.flow));
            }
            (wanted, _) if span.end > span.start => self.splice(range, inline(wanted, site.flow)),
            (wanted, _) => self.splice(after..after, format!(" {}", inline(wanted, site.flow))),
        }
    }

    /// The pair behind which a key belongs.
    fn predecessor(&self, layout: Layout, pairs: &[(Node<'t>, Node<'t>)], name: &str) -> Option<usize> {
        let Layout::Record(keys) = layout else { return pairs.len().checked_sub(1) };
        let rank = |text: Option<&str>| keys.iter().position(|(key, _)| Some(*key) == text);
        let own = rank(Some(name));
        let earlier = |index: &usize| rank(pairs[*index].0.text()).is_none_or(|rank| own.is_none_or(|own| rank < own));
        (0..pairs.len()).rev().find(earlier)
    }

    fn flow_map(
        &mut self,
        site: &Site<'t>,
        pairs: &[(Node<'t>, Node<'t>)],
        removed: &[bool],
        added: Vec<(SmolStr, Piece<'_>, Vec<usize>)>,
    ) {
        let items: Vec<Range<usize>> =
            pairs.iter().map(|(key, value)| self.start(*key)..self.value_end(*key, *value)).collect();
        let mut texts = Vec::new();
        for (name, piece, wishes) in added {
            let behind = self.predecessor(site.layout, pairs, &name);
            match piece {
                Piece::Value(value) | Piece::Lines(_, Some(value)) => texts.push((behind, pair(&name, &value, true))),
                Piece::Lines(_, None) => {
                    let message = "its comments cannot stand between brackets: write the section as a block first";
                    wishes.into_iter().for_each(|wish| self.refuse(wish, site.node.span(), message));
                }
            }
        }
        let span = site.node.span();
        self.flow(&Row { span: span.start as usize..span.end as usize, items, removed, pad: " " }, texts);
    }

    fn block_map(
        &mut self,
        site: &Site<'t>,
        pairs: &[(Node<'t>, Node<'t>)],
        removed: &[bool],
        added: Vec<(SmolStr, Piece<'_>, Vec<usize>)>,
    ) {
        let starts: Vec<usize> = pairs.iter().map(|(key, _)| self.start(*key)).collect();
        let own = match starts.first() {
            Some(first) => self.indent(*first),
            None => self.indent(self.first_on_line(site.after)),
        };
        let Some(own) = own.filter(|_| starts.iter().all(|start| self.indent(*start).is_some())) else {
            let all = added.into_iter().flat_map(|(_, _, wishes)| wishes);
            let message = "the keys here do not each stand on a line of their own";
            all.for_each(|wish| self.refuse(wish, site.node.span(), message));
            // What was to be taken out stays; reading the result back shows that, and it is refused too.
            return;
        };
        let unit = self.unit(pairs);
        let indent = if pairs.is_empty() { format!("{own}{unit}") } else { own.to_owned() };
        for (index, start) in starts.iter().enumerate().filter(|(index, _)| removed[*index]) {
            let range = self.whole_lines(*start, self.value_end(pairs[index].0, pairs[index].1));
            self.splice(range, "");
        }
        if added.is_empty() && removed.iter().all(|one| *one) {
            return self.splice(site.after..site.after, " {}");
        }
        let mut end_of_brackets = None;
        if pairs.is_empty() {
            let end = site.node.span().end as usize;
            self.splice(site.after..end, "");
            end_of_brackets = Some(end);
        }
        let compact = pairs.last().is_some_and(|(key, value)| value.flow() && self.one_line(*key, *value));
        let spaced = pairs.len() > 1 && self.set_off(starts[pairs.len() - 1]);
        for (name, piece, _) in added {
            let behind = self.predecessor(site.layout, pairs, &name);
            let entry = !matches!(piece, Piece::Value(Value::Bool(_) | Value::Text(_) | Value::List(_)));
            let mut new: Vec<String> = match piece {
                Piece::Lines(taken, _) => taken
                    .iter()
                    .map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") })
                    .collect(),
                Piece::Value(value) => {
                    let line = format!("{indent}{}", pair(&name, &value, false));
                    let fits = compact && line.chars().count() <= WIDTH;
                    if fits { vec![line] } else { lines(&name, &value, &indent, &unit) }
                }
            };
            if spaced && entry && matches!(site.layout, Layout::Map(_)) {
                new.insert(0, String::new());
            }
            match (behind, end_of_brackets) {
                (Some(index), _) => {
                    let end = self.value_end(pairs[index].0, pairs[index].1);
                    let at = self.tail(starts[index], end);
                    self.add_lines(at, &new, end);
                }
                (None, Some(end)) => {
                    let at = self.line_end(end);
                    self.add_lines(at, &new, end);
                }
                (None, None) => {
                    let at = self.lead(starts[0]);
                    self.add_lines(at, &new, starts[0]);
                }
            }
        }
    }

    fn first_on_line(&self, at: usize) -> usize {
        let start = self.line_start(at);
        let blanks = self.text[start..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        start + blanks
    }

    fn one_line(&self, key: Node<'_>, value: Node<'_>) -> bool {
        self.line_start(key.span().start as usize) == self.line_start(value.span().end as usize)
    }

    /// By how much what stands below an entry is indented: as below its neighbours, else as elsewhere in the text.
    fn unit(&self, pairs: &[(Node<'t>, Node<'t>)]) -> String {
        let below = |(key, value): (Node<'t>, Node<'t>)| {
            let block = value.kind() == Kind::Mapping && !value.is_alias() && !value.flow();
            let first = value.raw_entries().next().filter(|_| block)?.0;
            let step = self.column(self.start(first)).checked_sub(self.column(self.start(key)))?;
            (step > 0).then(|| " ".repeat(step))
        };
        let neighbours = pairs.iter().rev().copied().find_map(below);
        let elsewhere = || self.parsed.roots().flat_map(Node::raw_entries).find_map(below);
        neighbours.or_else(elsewhere).unwrap_or_else(|| "  ".to_owned())
    }
}

/// Whether two values say the same; the order of lists means nothing.
pub(super) fn same(there: &Said, wanted: &[SmolStr]) -> bool {
    let Said::List(items) = there else { return false };
    let text = |item: &Said| if let Said::Text(text) = item { Some(text.clone()) } else { None };
    let there: Vec<Option<String>> = items.iter().map(text).collect();
    there.iter().all(|item| item.as_ref().is_some_and(|item| wanted.iter().any(|word| word == item)))
        && wanted.iter().all(|word| there.iter().any(|item| item.as_deref() == Some(word)))
}
