//! Values and lists in words.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::document::record::cut;

/// The longest value shown whole, in characters, unless all of it is asked for.
const LONG_VALUE: usize = 160;

/// A number and what it counts: `1 user`, `3 users`.
pub fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// Texts with a separator between them.
pub fn join<S: AsRef<str>>(texts: &[S], separator: &str) -> String {
    texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(separator)
}

/// A text of ours with a capital first letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Names as people list them: `ada, bob and carol`; beyond `most` of them, how many others there are.
pub fn names<S: AsRef<str>>(names: &[S], most: usize) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.as_ref().to_owned(),
        many if many.len() > most => {
            let shown = most.saturating_sub(1).max(1);
            format!("{} and {} others", join(&many[..shown], ", "), many.len() - shown)
        }
        [most @ .., last] => format!("{} and {}", join(most, ", "), last.as_ref()),
    }
}

/// A value as people read it; unless the whole of it is asked for, cut where it is long.
pub fn value(value: &Json, whole: bool) -> String {
    let mut text = String::new();
    write(value, &mut text);
    if whole { text } else { cut(&text, LONG_VALUE) }
}

fn write(value: &Json, text: &mut String) {
    match value {
        Json::Null => text.push_str("none"),
        Json::String(string) if string.is_empty() => text.push_str("\"\""),
        Json::String(string) => text.push_str(string),
        Json::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                write(item, text);
            }
            text.push(']');
        }
        Json::Object(entries) => {
            text.push('{');
            for (place, (key, item)) in entries.iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                text.push_str(key);
                text.push_str(": ");
                write(item, text);
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// The items of a list as text; nothing counts as an empty list.
pub fn items(value: &Json) -> Option<Vec<String>> {
    match value {
        Json::Null => Some(Vec::new()),
        Json::Array(items) => Some(
            items
                .iter()
                .map(|item| {
                    let mut text = String::new();
                    write(item, &mut text);
                    text
                })
                .collect(),
        ),
        _ => None,
    }
}

/// What is in `these` and not in `those`, in order.
pub fn without<'t>(these: &'t [String], those: &[String]) -> Vec<&'t str> {
    let those: BTreeSet<&str> = those.iter().map(String::as_str).collect();
    these.iter().map(String::as_str).filter(|item| !those.contains(item)).collect()
}

/// Whether a value says nothing.
pub fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        Json::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_like_a_sentence() {
        assert_eq!(names::<&str>(&[], 6), "nobody");
        assert_eq!(names(&["a"], 6), "a");
        assert_eq!(names(&["a", "b", "c"], 6), "a, b and c");
        assert_eq!(names(&["a", "b", "c", "d"], 3), "a, b and 2 others");
    }

    #[test]
    fn values_read_plainly() {
        assert_eq!(value(&serde_json::json!([1, "x", { "a": null }]), false), "[1, x, {a: none}]");
        assert_eq!(value(&Json::String("x".repeat(500)), false).chars().count(), LONG_VALUE + 1);
    }
}
