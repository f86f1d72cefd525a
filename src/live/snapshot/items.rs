//! JSON and YAML: a list of entries, whose keys become columns.

use std::collections::HashMap;
use std::fmt;

use csv::StringRecord;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::cell::shown;
use super::grid::{Grid, ITEM, MAX_COLUMNS, Row, Unit};
use super::nested::{self, Strange};
use super::pages::{Part, of_errors, one_of_several};
use crate::diagnostic::push_pointer;
use crate::document::tree::{self, Kind, Node};
use crate::live::LiveError;

/// Deeper values are refused.
const MAX_DEPTH: usize = 64;

/// Keys under which exporters say when they exported.
const STAMPS: [&str; 8] =
    ["exportedAt", "exported_at", "exportDate", "generatedAt", "generated_at", "createdAt", "timestamp", "date"];

/// A JSON text.
pub fn json(text: &str, shown: &str) -> Result<Json, LiveError> {
    serde_json::from_str::<Plain>(text.trim_start_matches('\u{feff}')).map(|plain| plain.0).map_err(|error| {
        let place = format!("{shown}:{}:{}", error.line(), error.column());
        let why = error.to_string();
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
        LiveError::new(
            format!("{place}: the snapshot is not JSON: {why}"),
            "it was cut off or changed: export it again",
        )
    })
}

/// JSON in which no object has a key twice: which of the two counts, nobody can say (RFC 8259 §4).
struct Plain(Json);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain, D::Error> {
        deserializer.deserialize_any(Once).map(Plain)
    }
}

/// Visits values and refuses a second key.
struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(Plain(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if fields.contains_key(&key) {
                let why =
                    format!("the key `{}` stands twice in one object, and nobody can say which counts", shown(&key));
                return Err(Error::custom(why));
            }
            let Plain(value) = entries.next_value()?;
            fields.insert(key, value);
        }
        Ok(Json::Object(fields))
    }
}

/// A YAML text.
pub fn yaml(text: &str, shown: &str) -> Result<Json, LiveError> {
    let parsed = tree::parse(text, false);
    if let Some(error) = parsed.errors.first() {
        let line = 1 + text[..(error.span.start as usize).min(text.len())].matches('\n').count();
        let help = error.help.clone().unwrap_or_else(|| "mend it, or export it again".to_owned());
        return Err(LiveError::new(format!("{shown}:{line}: the snapshot is not YAML: {}", error.message), help));
    }
    let documents: Result<Vec<Json>, LiveError> = parsed.roots().map(|root| value(root, shown, 0)).collect();
    let mut documents = documents?;
    // A `---` at the end begins nothing.
    if documents.len() > 1 {
        documents.retain(|document| !document.is_null());
    }
    Ok(if documents.len() == 1 { documents.remove(0) } else { Json::Array(documents) })
}

fn value(node: Node<'_>, shown: &str, depth: usize) -> Result<Json, LiveError> {
    if depth > MAX_DEPTH {
        return Err(too_deep(shown));
    }
    let text = node.text().unwrap_or_default();
    Ok(match node.kind() {
        Kind::Null => Json::Null,
        Kind::Bool(value) => Json::Bool(value),
        Kind::Number | Kind::String => Json::String(text.to_owned()),
        Kind::Sequence => {
            Json::Array(node.items().map(|item| value(item, shown, depth + 1)).collect::<Result<_, _>>()?)
        }
        Kind::Mapping => {
            let entries = node.entries();
            let entries = entries
                .map(|(key, below)| Ok((key.text().unwrap_or_default().to_owned(), value(below, shown, depth + 1)?)));
            Json::Object(entries.collect::<Result<Map<_, _>, LiveError>>()?)
        }
    })
}

/// The entries of the list at a pointer; where none is given, of the only list of entries near the top.
pub fn grid(document: &Json, pointer: Option<&str>, shown: &str) -> Result<Grid, LiveError> {
    let (list, at) = match pointer {
        Some(pointer) => match document.pointer(pointer) {
            Some(found) => (found, pointer.to_owned()),
            None => {
                let message =
                    format!("the snapshot `{shown}` has nothing at `{pointer}`, where `items` says that the list is");
                return Err(LiveError::new(message, choices(document)));
            }
        },
        None => match lists(document).as_slice() {
            [(pointer, list)] => (*list, pointer.clone()),
            _ => {
                let message = format!("it is not clear where in `{shown}` the list of people is");
                return Err(LiveError::new(message, choices(document)));
            }
        },
    };
    let Json::Array(entries) = list else {
        let message = format!("the snapshot `{shown}` has no list at `{at}`");
        return Err(LiveError::new(message, choices(document)));
    };
    let mut columns: Vec<String> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut flat = Vec::with_capacity(entries.len());
    let mut deep: Vec<(usize, &str, String)> = Vec::new();
    let strange = Strange::of(entries, &at);
    let keyed = entries.iter().any(Json::is_object);
    for entry in entries {
        let mut cells: Vec<(usize, String)> = Vec::new();
        let mut add = |pointer: &str, text: String| {
            let column = *known.entry(pointer.to_owned()).or_insert_with(|| {
                columns.push(pointer.to_owned());
                columns.len() - 1
            });
            cells.push((column, text));
        };
        match entry {
            Json::Object(fields) => {
                for (key, value) in fields {
                    deep.extend(nested::cell(value).map(|cell| (flat.len(), key.as_str(), cell)));
                    let mut pointer = String::new();
                    push_pointer(&mut pointer, key);
                    flatten(value, pointer, Some(key), &mut add, 0, shown)?;
                }
            }
            // Told as what it is.
            _ if keyed => {}
            other => flatten(other, String::new(), Some("value"), &mut add, 0, shown)?,
        }
        flat.push(cells);
        if columns.len() > MAX_COLUMNS {
            let message = format!("the entries of `{shown}` have more than {MAX_COLUMNS} different keys");
            return Err(LiveError::new(
                message,
                "name the list under `items`; if it is the right one, export fewer keys",
            ));
        }
    }
    // What is plain elsewhere in the list is not nothing here.
    for (row, key, cell) in deep {
        if !known.contains_key(key) && nested::of_roles(key) {
            known.insert(key.to_owned(), columns.len());
            columns.push(key.to_owned());
        }
        flat[row].extend(known.get(key).map(|column| (*column, cell)));
    }
    let record = |line: usize, mut cells: Vec<(usize, String)>| {
        cells.sort_by_key(|(column, _)| *column);
        let mut record = StringRecord::new();
        for (column, text) in cells {
            while record.len() < column {
                record.push_field("");
            }
            record.push_field(&text);
        }
        Row { line: line as u32, cells: record }
    };
    let mut rows = vec![Row { line: 0, cells: columns.iter().map(String::as_str).collect() }];
    rows.extend(flat.into_iter().enumerate().map(|(index, cells)| record(index + 1, cells)));
    let seen = format!("{} entries at `{}`", entries.len(), if at.is_empty() { "/" } else { &at });
    let part = Part::of(one_of_several(document, &at, entries.len()), strange);
    Ok(Grid { shown: shown.to_owned(), unit: Unit::Item, rows, seen, stamp: stamp(document), part, sheets: Vec::new() })
}

/// A value as cells: what is directly below an entry is named by its key, what is deeper by a JSON Pointer.
fn flatten(
    value: &Json,
    pointer: String,
    key: Option<&str>,
    add: &mut impl FnMut(&str, String),
    depth: usize,
    shown: &str,
) -> Result<(), LiveError> {
    if depth > MAX_DEPTH {
        return Err(too_deep(shown));
    }
    let name = key.unwrap_or(&pointer);
    match value {
        Json::Object(fields) => {
            for (key, value) in fields {
                let mut below = pointer.clone();
                push_pointer(&mut below, key);
                flatten(value, below, None, add, depth + 1, shown)?;
            }
        }
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (index, item) in items.iter().enumerate() {
                flatten(item, format!("{pointer}/{index}"), None, add, depth + 1, shown)?;
            }
        }
        Json::Array(items) => {
            add(name, items.iter().map(text).collect::<Vec<String>>().join(&ITEM.to_string()));
        }
        other => add(name, text(other)),
    }
    Ok(())
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// The lists of entries at the top of a document or one step below.
fn lists(document: &Json) -> Vec<(String, &Json)> {
    let entries = |value: &Json| value.as_array().is_some_and(|items| items.first().is_some_and(Json::is_object));
    match document {
        Json::Array(_) => vec![(String::new(), document)],
        Json::Object(fields) => {
            let named = fields.iter().filter(|(key, value)| entries(value) && !of_errors(key)).map(|(key, value)| {
                let mut pointer = String::new();
                push_pointer(&mut pointer, key);
                (pointer, value)
            });
            named.collect()
        }
        _ => Vec::new(),
    }
}

fn choices(document: &Json) -> String {
    match lists(document).as_slice() {
        [] => "name the list under `items`, such as `items: /data/users`".to_owned(),
        lists => {
            let names: Vec<&str> = lists.iter().map(|(pointer, _)| pointer.as_str()).collect();
            format!("name one under `items`: {}", names.join(", "))
        }
    }
}

/// When the export says that it was made.
fn stamp(document: &Json) -> Option<(String, String)> {
    let near = [Some(document), document.get("meta"), document.get("metadata")];
    near.into_iter().flatten().find_map(|place| {
        STAMPS.iter().find_map(|key| {
            let text = place.get(key)?.as_str()?;
            Some((text.to_owned(), format!("its own `{key}`")))
        })
    })
}

fn too_deep(shown: &str) -> LiveError {
    let message = format!("the snapshot `{shown}` is nested deeper than {MAX_DEPTH} levels");
    LiveError::new(message, "name the list of people under `items`, and export it without what is below them")
}
