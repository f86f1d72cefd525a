//! Organisations on a page: those in which something changes are open, a few of the others folded, and of the rest it is
//! said how many they are.

use maud::{Markup, html};

use crate::report::standing::Standing;
use crate::report::words::values::count;

/// The most organisations with changes that one part shows.
const MOST_OPEN: usize = 50;

/// The most others.
const MOST_FOLDED: usize = 10;

/// A part with an entry for each organisation; `changes` tells the open ones, `still` says what the others have in
/// common: `in which ...`.
pub(super) fn organisations(
    all: &[&Standing],
    changes: impl Fn(&Standing) -> bool,
    still: &str,
    draw: impl Fn(&Standing) -> Markup,
) -> Markup {
    let (open, same): (Vec<&Standing>, Vec<&Standing>) = all.iter().partition(|standing| changes(standing));
    let more = |number: usize, most: usize| number.saturating_sub(most);
    html! {
        @for standing in open.iter().take(MOST_OPEN) { (draw(standing)) }
        @let left = more(open.len(), MOST_OPEN);
        @if left > 0 { p class="dim" { (count(left, "more organisation")) " with changes that are not drawn here: see the steps." } }
        @if !same.is_empty() {
            details data-group {
                summary { (count(same.len(), "organisation")) " " (still) }
                @for standing in same.iter().take(MOST_FOLDED) { (draw(standing)) }
                @let left = more(same.len(), MOST_FOLDED);
                @if left > 0 { p class="dim" { (count(left, "more organisation")) " not drawn here." } }
            }
        }
    }
}
