//! Since when a difference is there, and the command that accepts it.

use jiff::Timestamp;

use super::{Ink, Piece};
use crate::document::record::visible;
use crate::plan::document::Action;
use crate::report::since::{Bound, Since, Source};
use crate::report::{Cause, Difference};

/// Since when a difference is there, where that is known.
pub fn since(difference: &Difference) -> Option<Vec<Piece>> {
    let since = difference.since.as_ref()?;
    let (before, after) = around(since, difference);
    let mut pieces = vec![Piece::prose(Ink::Plain, before), Piece::name(Ink::Plain, time(since))];
    if !after.is_empty() {
        pieces.push(Piece::prose(Ink::Plain, after));
    }
    if let (Bound::Exact, Some(by)) = (since.bound, &since.by) {
        pieces.extend([Piece::prose(Ink::Plain, ", by "), Piece::name(Ink::Plain, by)]);
    }
    Some(pieces)
}

/// The command that writes what the portal has into the roster, as a shell takes it. Nothing where the change was meant
/// so and waits to be applied, since to accept would undo it. `shows` says whether a report shows all of a command: half
/// of it, or one with signs in it that nobody types, is none.
pub fn accept(difference: &Difference, shows: impl Fn(&str) -> bool) -> Option<Vec<Piece>> {
    let item = difference.item();
    let command = format!("rosterctl accept {}", quoted(&item));
    let told = match visible(&item) == item && shows(&command) {
        true => Piece::name(Ink::Plain, command),
        false => Piece::prose(Ink::Plain, "its name cannot be shown here as it would be typed"),
    };
    // What is not on the portal is accepted by taking it out of the roster.
    let gone = difference.field.is_none() && difference.action == Action::Create;
    let gone = gone.then(|| Piece::prose(Ink::Plain, " (takes the entry out of the roster)"));
    let pieces = [Piece::prose(Ink::Plain, "accept: "), told].into_iter().chain(gone);
    (difference.cause != Cause::NotApplied).then(|| pieces.collect())
}

/// What stands before and after a time.
fn around(since: &Since, difference: &Difference) -> (&'static str, &'static str) {
    match (since.bound, since.source) {
        (Bound::Exact, _) => ("since ", ""),
        (Bound::NoLaterThan, _) => ("since ", " at the latest"),
        (Bound::NotBefore, Source::Applied) => ("later than ", ", when rosterctl wrote it"),
        (Bound::NotBefore, _) => ("later than ", ", when the portal got what it has"),
        (Bound::Unchanged, _) if difference.cause == Cause::Unmanaged => ("there since ", " or longer"),
        (Bound::Unchanged, _) => ("so on the portal since ", " or longer"),
    }
}

fn time(since: &Since) -> String {
    let at = since.at.parse();
    at.map_or_else(|_| since.at.clone(), |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_portal_is_a_command() {
        assert_eq!(quoted("acme/ada/attributes.serviceNow"), "acme/ada/attributes.serviceNow");
        assert_eq!(quoted("acme/$(rm -r x)'; y"), "'acme/$(rm -r x)'\\''; y'");
    }
}
