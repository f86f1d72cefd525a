//! Reports as JSON: one document, laid out for people, with a newline at its end.

use serde::Serialize;

use crate::document::record::deceptive;

/// A value as one JSON document.
pub fn to_json<T: Serialize>(value: &T) -> String {
    let mut text = match serde_json::to_string_pretty(value) {
        Ok(text) => text,
        // Reports hold text keys and plain values only, which always can be written.
        Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
    };
    text.push('\n');
    if text.contains(hidden) {
        return escaped(&text);
    }
    text
}

/// Whether a character is one that JSON may hold as it is and that hides or changes what a reader sees.
fn hidden(c: char) -> bool {
    c > '\u{7e}' && deceptive(c)
}

/// JSON with characters that hide something written as escapes (RFC 8259 §7).
pub fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if hidden(c) {
            c.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_pretty_and_ends_with_a_newline() {
        assert_eq!(to_json(&serde_json::json!({ "a": [1] })), "{\n  \"a\": [\n    1\n  ]\n}\n");
    }
}
