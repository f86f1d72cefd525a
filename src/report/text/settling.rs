//! Since when a difference is there and how it is accepted, on a line below it.

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::report::Difference;
use crate::report::words::settling::{accept, since};
use crate::report::words::text;

/// One line below a difference, where there is something to say.
pub(super) fn settling(difference: &Difference, style: &Style, page: &mut Page<'_>) {
    let since = since(difference).map(|pieces| text(&pieces));
    let accept = accept(difference, |_| true).filter(|_| !style.quiet).map(|pieces| text(&pieces));
    let said: Vec<String> = since.into_iter().chain(accept).collect();
    if !said.is_empty() {
        page.add(Para::new(6, 8).with(Ink::Dim, &said.join("; ")));
    }
}
