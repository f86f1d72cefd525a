//! How things are said: sentences and lists as pieces that every rendering sets in its own type, so that terminal,
//! comment and page say the same in the same words.

pub mod drift;
pub mod hands;
pub mod impact;
pub mod plan;
pub mod runbook;
pub mod settling;
pub mod steps;
pub mod values;

/// What a piece of text is, and so how it is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Ordinary text.
    Plain,
    /// A heading, or what a sentence is about.
    Bold,
    /// Of little weight.
    Dim,
    /// Comes new.
    Add,
    /// Becomes something else, or asks for care.
    Change,
    /// Goes away.
    Remove,
    /// Is wrong.
    Bad,
    /// Is right.
    Good,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    /// What it is.
    pub ink: Ink,
    /// Whether it is a name or a value from a roster or a portal; else it is prose.
    pub name: bool,
    /// The text, as it came: whoever renders it makes it safe.
    pub text: String,
}

impl Piece {
    /// Prose.
    pub fn prose(ink: Ink, text: impl Into<String>) -> Piece {
        Piece { ink, name: false, text: text.into() }
    }

    /// A name or a value.
    pub fn name(ink: Ink, text: impl Into<String>) -> Piece {
        Piece { ink, name: true, text: text.into() }
    }
}

/// Names as people list them: `ada, bob and carol`; beyond `most` of them, how many others there are.
pub fn listed<S: AsRef<str>>(names: &[S], most: usize, ink: Ink) -> Vec<Piece> {
    let shown = if names.len() > most { most.saturating_sub(1).max(1) } else { names.len() };
    let others = names.len() - shown;
    let mut pieces = Vec::new();
    for (place, name) in names.iter().take(shown).enumerate() {
        if place > 0 {
            pieces.push(Piece::prose(ink, if place + 1 == names.len() { " and " } else { ", " }));
        }
        pieces.push(Piece::name(ink, name.as_ref()));
    }
    match (names.len(), others) {
        (0, _) => pieces.push(Piece::prose(ink, "nobody")),
        (_, 0) => {}
        (_, others) => pieces.push(Piece::prose(ink, format!(" and {others} others"))),
    }
    pieces
}

/// The text of pieces, one after the other.
pub fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_pieces_read_as_lists_of_names_do() {
        for (all, most) in [(0, 6), (1, 6), (2, 6), (3, 6), (4, 3), (9, 1)] {
            let names: Vec<String> = (0..all).map(|number| format!("n{number}")).collect();
            assert_eq!(text(&listed(&names, most, Ink::Plain)), values::names(&names, most));
        }
    }
}
