//! Ids: kebab-case names, and what to write instead of one that is not.

use smol_str::SmolStr;

use super::{FromNode, Reader, visible};
use crate::document::tree::Node;

/// Whether a text is kebab-case: lower-case letters and digits, in words joined by single hyphens.
pub fn is_kebab(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 128 && text.split('-').all(word)
}

/// Reports a key that is not a well-formed id, and the one that it differs from in case only.
pub(super) fn report_id<'t>(key: Node<'t>, map: Node<'t>, reader: &mut Reader<'t>) {
    let text = key.text().unwrap_or_default();
    let (message, help) = id_problem(text);
    reader.report("roster/wrong-type", key.span(), message, Some(help));
    let twin =
        |other: &Node<'t>| other.span() != key.span() && other.text().is_some_and(|o| o.eq_ignore_ascii_case(text));
    if let Some(twin) = map.entries().map(|(key, _)| key).find(twin) {
        let place = reader.place(twin.span());
        if let Some(finding) = reader.diagnostics.pop() {
            reader.diagnostics.push(finding.related(place, "differs from this id in case only"));
        }
    }
}

/// What is wrong with an id that is not kebab-case, and what to write instead.
pub fn id_problem(text: &str) -> (String, String) {
    let mut near = String::new();
    for c in text.chars().take(128) {
        match c {
            c if c.is_ascii_alphanumeric() => near.push(c.to_ascii_lowercase()),
            _ if near.ends_with('-') || near.is_empty() => {}
            _ => near.push('-'),
        }
    }
    let near = near.trim_end_matches('-');
    let message = format!(
        "`{}` is not an id: ids are kebab-case (lower-case letters, digits and single hyphens, at most 128)",
        visible(&text.chars().take(60).collect::<String>())
    );
    let help = if near.is_empty() { "write an id such as `ada-l`".to_owned() } else { format!("write `{near}`") };
    (message, help)
}

/// An id: kebab-case text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Id(pub SmolStr);

impl FromNode for Id {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let text = SmolStr::read(node, reader)?;
        if !is_kebab(&text) {
            let (message, help) = id_problem(&text);
            reader.report("roster/wrong-type", node.span(), message, Some(help));
            return None;
        }
        Some(Id(text))
    }
}
