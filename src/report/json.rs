//! Reports as JSON: one document with a newline at its end, laid out for people or streamed.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

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

/// Writes a value as one JSON document without indentation, piece by piece.
pub fn stream<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Careful))?;
    out.write_all(b"\n")
}

/// Writes values as one JSON array without indentation, each as soon as it is made.
pub fn stream_all<T: Serialize>(values: impl IntoIterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::Serializer::with_formatter(&mut *out, Careful).collect_seq(values)?;
    out.write_all(b"\n")
}

/// Compact JSON in which characters that hide something are escapes.
struct Careful;

impl serde_json::ser::Formatter for Careful {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        match fragment.contains(hidden) {
            true => writer.write_all(escaped(fragment).as_bytes()),
            false => writer.write_all(fragment.as_bytes()),
        }
    }
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

    #[test]
    fn streamed_json_is_compact_and_hides_nothing() {
        let mut out = Vec::new();
        stream_all(["é\u{202e}", "\u{7f}😀"], &mut out).expect("memory takes everything");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), "[\"é\\u202e\",\"\\u007f😀\"]\n");
    }
}
