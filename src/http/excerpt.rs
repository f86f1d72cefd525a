//! Texts of servers, made fit to be shown: no secrets, no control characters, and not much of it.

use crate::document::record::{cut, visible};

use super::secret::Veil;

/// As many characters of a server's text are shown.
const SHOWN: usize = 160;

/// As many bytes are looked at; what is shown is far less, so that a secret cut in two here is not shown either.
const LOOKED_AT: usize = 16 << 10;

/// A short excerpt, on one line.
pub(super) fn excerpt(text: &str, veil: &Veil) -> String {
    let end = (0..=text.len().min(LOOKED_AT)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let text = &text[..end];
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&visible(&veil.hide(&words.join(" "))), SHOWN)
}

/// A short excerpt of a body.
pub(super) fn of_body(body: &[u8], veil: &Veil) -> String {
    excerpt(&String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]), veil)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Secret;

    #[test]
    fn an_excerpt_is_short_and_hides_what_deceives() {
        let veil = Veil::new([Secret::new("t0ken")]);
        assert_eq!(excerpt("a\n\tb \u{1b}[31m t0ken \u{202e}c", &veil), "a b \\u{1b}[31m (secret) \\u{202e}c");
        let long = excerpt(&"ä".repeat(100_000), &veil);
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN + 1, true));
        assert_eq!(of_body(b"\xff{", &veil), "\u{fffd}{");
    }
}
