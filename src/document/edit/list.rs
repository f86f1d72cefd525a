//! Lists edited item by item, and what lists and maps in brackets have in common.

use std::ops::Range;

use smol_str::SmolStr;

use super::map::same;
use super::said::Said;
use super::{Goal, Surgeon};
use crate::document::tree::Node;
use crate::document::write::{item, scalar};

/// A list or map in brackets.
pub(super) struct Row<'r> {
    /// From bracket to bracket.
    pub(super) span: Range<usize>,
    /// The items, or keys with their values.
    pub(super) items: Vec<Range<usize>>,
    /// Which of them go.
    pub(super) removed: &'r [bool],
    /// What stands between a bracket and what is written next to it.
    pub(super) pad: &'static str,
}

impl<'t> Surgeon<'t> {
    /// Makes a list hold just these words: items that stay keep place and comments, new ones come last.
    pub(super) fn list(&mut self, list: Node<'t>, after: usize, words: &[SmolStr], wish: usize) {
        if same(&Said::of(list), words) {
            return;
        }
        let items: Vec<Node<'t>> = list.items().collect();
        let stays = |node: &Node<'t>| words.iter().any(|word| node.text() == Some(word.as_str()));
        let removed: Vec<bool> = items.iter().map(|node| !stays(node)).collect();
        let new: Vec<&SmolStr> =
            words.iter().filter(|word| !items.iter().any(|node| node.text() == Some(word.as_str()))).collect();
        let range = |node: &Node<'t>| self.start(*node)..node.span().end as usize;
        let gone = items.iter().zip(&removed).filter(|(_, removed)| **removed);
        let used = gone.map(|(node, _)| range(node)).find_map(|range| self.used_elsewhere(&range));
        if let Some(alias) = used {
            let message = "an alias elsewhere refers to an item that would go";
            return self.refuse_all(&Goal::Wish(wish), list.span(), message, Some((alias, "the alias")));
        }
        if list.flow() {
            let span = list.span();
            let items: Vec<Range<usize>> = items.iter().map(range).collect();
            let last = items.len().checked_sub(1);
            let texts = new.into_iter().map(|word| (last, item(word))).collect();
            let span = span.start as usize..span.end as usize;
            return self.flow(&Row { span, items, removed: &removed, pad: "" }, texts);
        }
        let dashes: Option<Vec<usize>> = items.iter().map(|node| self.dash(self.start(*node))).collect();
        let Some(dashes) = dashes else {
            return self.refuse(wish, list.span(), "the items here do not each stand on a line of their own");
        };
        for index in (0..items.len()).filter(|index| removed[*index]) {
            let range = self.whole_lines(dashes[index], items[index].span().end as usize);
            self.splice(range, "");
        }
        if new.is_empty() && removed.iter().all(|one| *one) {
            return self.splice(after..after, " []");
        }
        if let (Some(dash), Some(last), false) = (dashes.last(), items.last(), new.is_empty()) {
            let end = last.span().end as usize;
            let indent = self.indent(*dash).unwrap_or_default();
            let lines: Vec<String> = new.iter().map(|word| format!("{indent}- {}", scalar(word))).collect();
            let at = self.tail(*dash, end);
            self.add_lines(at, &lines, end);
        }
    }

    /// The dash of an item, where it is the first thing on the item's line.
    fn dash(&self, item: usize) -> Option<usize> {
        let start = self.line_start(item);
        let before = self.text[start..item].trim_end_matches([' ', '\t']);
        let dash = start + before.strip_suffix('-')?.len();
        self.indent(dash).map(|_| dash)
    }

    /// Takes items out of brackets and adds others, each behind the item with the index given.
    pub(super) fn flow(&mut self, row: &Row<'_>, added: Vec<(Option<usize>, String)>) {
        let Row { span, items, removed, pad } = row;
        let inner = span.start + 1..span.end - 1;
        let texts = || added.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ");
        if items.is_empty() && !added.is_empty() {
            let blanks = self.text[inner.clone()].bytes().take_while(|byte| *byte == b' ').count();
            let bare = inner.start + blanks == inner.end;
            let end = if bare { inner.end } else { inner.start };
            let behind = if bare { pad } else { "" };
            return self.splice(inner.start..end, format!("{pad}{}{behind}", texts()));
        }
        if removed.iter().all(|one| *one) {
            let text = if added.is_empty() { String::new() } else { format!("{pad}{}{pad}", texts()) };
            return self.splice(inner, text);
        }
        let mut index = 0;
        while index < items.len() {
            let mut next = index + 1;
            if removed[index] {
                while next < items.len() && removed[next] {
                    next += 1;
                }
                let range = self.cut(items, index..next);
                self.splice(range, "");
            }
            index = next;
        }
        let kept = |behind: Option<usize>| (0..=behind?).rev().find(|index| !removed[*index]);
        let first = removed.iter().position(|removed| !removed).unwrap_or(0);
        let mut by_place: Vec<(Option<usize>, Vec<&str>)> = Vec::new();
        for (behind, text) in &added {
            let place = kept(*behind);
            match by_place.iter_mut().find(|(known, _)| *known == place) {
                Some((_, texts)) => texts.push(text),
                None => by_place.push((place, vec![text.as_str()])),
            }
        }
        for (place, texts) in by_place {
            let Some(place) = place else {
                let at = items[first].start;
                self.splice(at..at, format!("{}, ", texts.join(", ")));
                continue;
            };
            let item = items[place].clone();
            let Some(indent) = self.indent(item.start).filter(|_| self.ends_line(item.end)) else {
                self.splice(item.end..item.end, texts.iter().map(|text| format!(", {text}")).collect::<String>());
                continue;
            };
            let comma = self.comma(item.end).is_some();
            if !comma {
                self.splice(item.end..item.end, ",");
            }
            let count = texts.len();
            let lines = texts.iter().enumerate().map(|(index, text)| {
                let end = if comma || index + 1 < count { "," } else { "" };
                format!("{indent}{text}{end}")
            });
            let lines: Vec<String> = lines.collect();
            let at = self.line_end(item.end);
            self.add_lines(at, &lines, item.end);
        }
    }

    /// The bytes to cut so that a run of items is gone and its neighbours stay as they are.
    fn cut(&self, items: &[Range<usize>], run: Range<usize>) -> Range<usize> {
        let (start, end) = (items[run.start].start, items[run.end - 1].end);
        if self.indent(start).is_some() && self.ends_line(end) {
            return self.lead(start)..self.line_end(end);
        }
        if let Some(next) = items.get(run.end) {
            return start..next.start;
        }
        let previous = run.start.checked_sub(1).map_or(start, |index| items[index].end);
        match self.comment_between(&(previous..start)) {
            true => start..self.comma(end).unwrap_or(end),
            false => previous..end,
        }
    }

    /// Whether nothing but a comma and a comment follows on the line.
    fn ends_line(&self, at: usize) -> bool {
        let from = self.comma(at).unwrap_or(at);
        let rest = self.text[from..self.line_text_end(from)].trim_ascii();
        rest.is_empty() || rest.starts_with('#')
    }

    /// Where a comma ends that follows on the same line.
    fn comma(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..self.line_text_end(at)];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[blanks..].starts_with(',').then_some(at + blanks + 1)
    }
}
