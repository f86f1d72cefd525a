//! Whether two texts say the same: values, styles, anchors, tags, and the comments beside them.

use crate::document::tree::{self, Comment, Kind, Node, Parsed};

/// Whether `formatted` says what the parsed `text` says.
pub(super) fn same(text: &str, parsed: &Parsed<'_>, formatted: &str) -> bool {
    let again = tree::parse(formatted, true);
    again.errors.is_empty()
        && parsed.documents.len() == again.documents.len()
        && parsed.roots().zip(again.roots()).all(|(before, after)| same_node(before, after))
        && sorted(text, &parsed.comments) == sorted(formatted, &again.comments)
}

fn sorted<'t>(text: &'t str, comments: &[Comment]) -> Vec<&'t str> {
    let written = |comment: &Comment| text[comment.span.start as usize..comment.span.end as usize].trim_end();
    let mut all: Vec<&str> = comments.iter().map(written).collect();
    all.sort_unstable();
    all
}

/// The parser's limits on depth and on what aliases stand for bound this walk too.
fn same_node(before: Node<'_>, after: Node<'_>) -> bool {
    before.kind() == after.kind()
        && before.text() == after.text()
        && before.style() == after.style()
        && before.is_alias() == after.is_alias()
        && before.anchor() == after.anchor()
        && before.tag() == after.tag()
        && match (before.target(), after.target()) {
            (Some(before), Some(after)) => same_node(before, after),
            _ => same_children(before, after),
        }
}

fn same_children(before: Node<'_>, after: Node<'_>) -> bool {
    match before.kind() {
        Kind::Sequence => {
            let (mut ours, mut theirs) = (before.items(), after.items());
            loop {
                match (ours.next(), theirs.next()) {
                    (Some(before), Some(after)) if same_node(before, after) => {}
                    (None, None) => return true,
                    _ => return false,
                }
            }
        }
        Kind::Mapping => {
            let (ours, theirs) = (by_key(before), by_key(after));
            let same = |((key, value), (other, its)): (&(Node<'_>, Node<'_>), &(Node<'_>, Node<'_>))| {
                same_node(*key, *other) && same_node(*value, *its)
            };
            ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
        }
        _ => true,
    }
}

/// A map's entries by their keys; those of one key stay in order.
fn by_key<'t>(map: Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
    let mut entries: Vec<_> = map.raw_entries().collect();
    entries.sort_by_key(|(key, _)| key.text());
    entries
}
