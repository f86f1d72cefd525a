//! What a document says, without its looks: to tell whether an edit did what was meant and nothing else.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{Change, Value, Wish};
use crate::document::tree::{Comment, Kind, Node, Parsed};

/// A value, aliases followed and merges carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Said>),
    /// A map.
    Map(BTreeMap<String, Said>),
}

impl Said {
    /// What a node says.
    pub(super) fn of(node: Node<'_>) -> Said {
        let text = || node.text().unwrap_or_default().to_owned();
        match node.kind() {
            Kind::Null => Said::Null,
            Kind::Bool(value) => Said::Bool(value),
            Kind::Number => Said::Number(text()),
            Kind::String => Said::Text(text()),
            Kind::Sequence => Said::List(node.items().map(Said::of).collect()),
            Kind::Mapping => {
                // Of keys that stand twice the first counts, as for the reader.
                let entries = node.entries().map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value));
                let mut map = BTreeMap::new();
                entries.for_each(|(key, value)| {
                    map.entry(key).or_insert_with(|| Said::of(value));
                });
                Said::Map(map)
            }
        }
    }

    fn value(value: &Value) -> Said {
        match value {
            Value::Bool(value) => Said::Bool(*value),
            Value::Text(text) => Said::Text(text.to_string()),
            Value::List(words) => Said::List(words.iter().map(|word| Said::Text(word.to_string())).collect()),
            Value::Map(entries) => {
                Said::Map(entries.iter().map(|(key, value)| (key.to_string(), Said::value(value))).collect())
            }
        }
    }

    /// As something that can be written anew; nothing where it holds what rosters do not.
    pub(super) fn to_value(&self) -> Option<Value> {
        Some(match self {
            Said::Bool(value) => Value::Bool(*value),
            Said::Text(text) => Value::Text(text.into()),
            Said::List(items) => {
                let word = |item: &Said| if let Said::Text(text) = item { Some(SmolStr::from(text)) } else { None };
                Value::List(items.iter().map(word).collect::<Option<_>>()?)
            }
            Said::Map(map) => {
                let entries = map.iter().map(|(key, value)| Some((SmolStr::from(key), value.to_value()?)));
                Value::Map(entries.collect::<Option<_>>()?)
            }
            Said::Null | Said::Number(_) => return None,
        })
    }

    /// Makes it what it shall be after a wish; false where the wish does not fit.
    pub(super) fn carry_out(&mut self, wish: &Wish) -> bool {
        let path: Vec<&SmolStr> = [&wish.section, &wish.key].into_iter().chain(&wish.field).collect();
        let Some((last, above)) = path.split_last() else { return false };
        let mut now = self;
        for key in above {
            let Said::Map(map) = now else { return false };
            if matches!(wish.change, Change::Remove) && !map.contains_key(key.as_str()) {
                return true;
            }
            now = map.entry(key.to_string()).or_insert_with(|| Said::Map(BTreeMap::new()));
        }
        let Said::Map(map) = now else { return false };
        let said = match &wish.change {
            Change::Remove => {
                map.remove(last.as_str());
                return true;
            }
            Change::Give(taken) => taken.said.clone(),
            Change::Put(value) => match (map.get(last.as_str()), value) {
                (Some(Said::List(old)), Value::List(words)) => merged(old, words),
                _ => Said::value(value),
            },
        };
        map.insert(last.to_string(), said);
        true
    }
}

/// A list that keeps the order of what stays; what is new comes last.
fn merged(old: &[Said], words: &[SmolStr]) -> Said {
    let wanted = |item: &&Said| matches!(item, Said::Text(text) if words.iter().any(|word| word == text));
    let mut items: Vec<Said> = old.iter().filter(wanted).cloned().collect();
    for word in words {
        let said = Said::Text(word.to_string());
        if !items.contains(&said) {
            items.push(said);
        }
    }
    Said::List(items)
}

/// The text of a comment, without white space at its end.
pub(super) fn comment<'t>(parsed: &'t Parsed<'_>, comment: &Comment) -> &'t str {
    let span = comment.span;
    parsed.text().get(span.start as usize..span.end as usize).unwrap_or_default().trim_end()
}
