//! Reports for reviewers: a comment for a pull request, in GitHub Flavored Markdown.
//!
//! What it means for people comes before what it does, each with the line of the roster behind it. A comment is never
//! longer than [`LIMIT`]: the least important is folded away, and that is said. Text from rosters and portals cannot
//! become markup, a mention, a reference or an address: see `inline`.

mod drift;
mod findings;
mod fit;
mod inline;
mod plan;
mod runbook;

pub use drift::drift;
pub use plan::plan;
pub use runbook::{checked, runbook};

use inline::Inline;

/// The most bytes of a comment. GitHub refuses bodies of more than 65,536 characters, and no character, however it is
/// counted, has less than one byte.
pub const LIMIT: usize = 65_000;

/// The comment that nobody sees and by which a bot finds its own: the same for every plan of a target up to `digest`.
fn marker(kind: &str, target: &str, digest: &str) -> String {
    format!("<!-- rosterctl:{kind} {} digest {} -->\n", word(target), word(digest))
}

/// Text as one word that cannot end a comment: everything but letters, digits and `.:_-` as `%` and two digits of each
/// byte, and the second of two hyphens as well.
fn word(text: &str) -> String {
    let mut word = String::new();
    for byte in text.bytes().take(200) {
        match byte {
            b'-' if word.is_empty() || word.ends_with('-') => word.push_str("%2D"),
            b'-' | b'.' | b':' | b'_' => word.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => word.push(byte as char),
            byte => word.push_str(&format!("%{byte:02X}")),
        }
    }
    if word.ends_with('-') {
        word.truncate(word.len() - 1);
        word.push_str("%2D");
    }
    word
}

/// The name of an organisation before what is said of it, where that needs saying.
fn owner(organisation: &str, several: bool) -> Inline {
    let line = Inline::new();
    if several { line.code(organisation).raw(": ") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_one_comment_whatever_the_target_is_called() {
        assert_eq!(marker("plan", "sandbox", "sha256:ab"), "<!-- rosterctl:plan sandbox digest sha256:ab -->\n");
        for hostile in ["-->", "--!>", "->", "a--b-", "--", "é\n x", "--><script>"] {
            let marker = marker("plan", hostile, hostile);
            let inner = marker.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->\n")).expect("a comment");
            assert!(!inner.contains("--") && !inner.contains(['>', '<', '\n']), "{marker}");
        }
    }
}
