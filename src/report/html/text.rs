//! Text in pages: what comes from outside, pieces of sentences, places in rosters.

use maud::{Escaper, Markup, Render, html};
use std::fmt::Write;

use crate::diagnostic::Location;
use crate::document::record::visible;
use crate::report::web::Web;
use crate::report::words::steps::place;
use crate::report::words::{Ink, Piece};

/// Text from outside, with what would hide or steer written as an escape.
pub(super) struct T<'a>(pub(super) &'a str);

impl Render for T<'_> {
    fn render_to(&self, buffer: &mut String) {
        // Writing to a string cannot fail.
        let _ = Escaper::new(buffer).write_str(&visible(self.0));
    }
}

/// A name or a value.
pub(super) fn code(text: &str) -> Markup {
    html! { code { @if text.is_empty() { "\"\"" } @else { (T(text)) } } }
}

/// The pieces of a sentence; what stands between backticks in its prose is a name as well.
pub(super) fn pieces(pieces: &[Piece]) -> Markup {
    html! {
        @for piece in pieces {
            @let class = class(piece.ink);
            @match (piece.name, piece.ink) {
                (true, Ink::Bold) => { strong { (code(&piece.text)) } },
                (true, _) => { (code(&piece.text)) },
                (false, Ink::Bad) => { strong class="bad" { (T(&piece.text)) } },
                (false, _) => { @if let Some(class) = class { span class=(class) { (T(&piece.text)) } } @else { (T(&piece.text)) } },
            }
        }
    }
}

/// The class of an ink that has a colour.
fn class(ink: Ink) -> Option<&'static str> {
    match ink {
        Ink::Plain | Ink::Bold | Ink::Good => None,
        Ink::Dim => Some("dim"),
        Ink::Add => Some("gain"),
        Ink::Change => Some("change"),
        Ink::Remove => Some("loss"),
        Ink::Bad => Some("bad"),
    }
}

/// A message: what stands between backticks is a name.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 && !part.is_empty() { (code(part)) } @else { (T(part)) }
        }
    }
}

/// A place in a roster, and the way there where it is known.
pub(super) fn at(location: &Location, web: Option<&Web>) -> Markup {
    let shown = place(location);
    html! {
        @match web.and_then(|web| web.address(location)) {
            Some(address) => { a class="place" href=(address) rel="noreferrer" { (T(&shown)) } },
            None => { span class="place" { (T(&shown)) } },
        }
    }
}

/// Whom an entry concerns, for the filter: one name a line.
pub(super) fn who<'t>(names: impl IntoIterator<Item = &'t str>) -> String {
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).map(visible).collect();
    names.join("\n")
}
