//! Reports as JSON: one document, laid out for people, with a newline at its end.

use serde::Serialize;

/// A value as one JSON document.
pub fn to_json<T: Serialize>(value: &T) -> String {
    let mut text = match serde_json::to_string_pretty(value) {
        Ok(text) => text,
        // Reports hold text keys and plain values only, which always can be written.
        Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
    };
    text.push('\n');
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
