//! Values written anew: on one line, or as lines of a block.

use smol_str::SmolStr;

use super::Value;
use crate::document::format::WIDTH;
use crate::document::record::deceptive;
use crate::document::tree::ScalarStyle;
use crate::document::write::{item, quoted, scalar};

/// A value on one line; inside of brackets some texts need quotes that do without elsewhere.
pub(super) fn inline(value: &Value, in_brackets: bool) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Text(text) if in_brackets => bracketed(text),
        Value::Text(text) => scalar(text),
        Value::List(words) => format!("[{}]", words.iter().map(|word| bracketed(word)).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let pairs: Vec<String> = entries.iter().map(|(key, value)| pair(key, value, true)).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// A text inside of brackets. Readers differ in what they take there without quotes, so signs are put in quotes.
fn bracketed(text: &str) -> String {
    if text.contains([':', '?', '#', '&', '*', '!', '|', '>', '%', '`', '\'', '"']) { quoted(text) } else { item(text) }
}

/// A key and its value on one line.
pub(super) fn pair(key: &SmolStr, value: &Value, in_brackets: bool) -> String {
    let key = if in_brackets { bracketed(key) } else { scalar(key) };
    format!("{key}: {}", inline(value, in_brackets))
}

/// A key and its value as lines of a block that is indented by `indent`; what stands below by `unit` more.
pub(super) fn lines(key: &SmolStr, value: &Value, indent: &str, unit: &str) -> Vec<String> {
    let line = format!("{indent}{}", pair(key, value, false));
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            let deeper = format!("{indent}{unit}");
            let below = entries.iter().flat_map(|(key, value)| lines(key, value, &deeper, unit));
            std::iter::once(format!("{indent}{}:", scalar(key))).chain(below).collect()
        }
        Value::List(words) if line.chars().count() > WIDTH && !words.is_empty() => {
            let items = words.iter().map(|word| format!("{indent}{unit}- {}", scalar(word)));
            std::iter::once(format!("{indent}{}:", scalar(key))).chain(items).collect()
        }
        _ => vec![line],
    }
}

/// A text in the style of the one that it replaces, as far as it can be written so.
pub(super) fn styled(text: &str, style: ScalarStyle, in_brackets: bool) -> String {
    match style {
        ScalarStyle::DoubleQuoted => quoted(text),
        ScalarStyle::SingleQuoted if !text.contains(deceptive) => format!("'{}'", text.replace('\'', "''")),
        ScalarStyle::SingleQuoted => quoted(text),
        _ => inline(&Value::Text(text.into()), in_brackets),
    }
}
