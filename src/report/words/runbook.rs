//! The sentences of run-books.

use super::values::{count, join};
use crate::report::runbook::{Entry, Item, Runbook, State, Tally};

/// What stands where the platform file has no words for a step.
pub const NO_WAY: &str = "the platform file does not say where (see `menus` in its schema)";

/// The items whose words the portal's documentation does not have, where there are any.
pub fn undocumented(items: &[Item]) -> Option<String> {
    let unsure = items.iter().filter(|item| !item.documented && !item.path.is_empty());
    let numbers: Vec<String> = unsure.map(|item| item.number.to_string()).collect();
    let which =
        if numbers.len() == items.len() { "all items".to_owned() } else { format!("items {}", join(&numbers, ", ")) };
    (!numbers.is_empty()).then(|| format!("{which}: {UNDOCUMENTED}"))
}

/// Said where the words of the portal's pages are not documented.
pub const UNDOCUMENTED: &str = "the portal's documentation does not name these words; they may differ";

/// What to do when all is ticked off.
const AFTERWARDS: &str = "when all is done: export again and let the target read the new export; then \
                             `rosterctl runbook verify` says what is done, and `rosterctl drift` what is left";

/// What stands below the items.
pub fn afterwards(runbook: &Runbook) -> &'static str {
    if runbook.items.is_empty() { "there is nothing to do now" } else { AFTERWARDS }
}

/// Who may do it, and what it needs.
pub fn who(item: &Item) -> String {
    let names: Vec<String> = item.who.iter().map(|person| format!("`{}`", person.name)).collect();
    let needs = join(&item.needs, " and ");
    match (names.as_slice(), needs.as_str()) {
        ([], "") => "whoever may change people on the portal".to_owned(),
        ([], needs) if !item.who_is_known => {
            format!("whoever has {needs} there: what was exported does not tell who that is")
        }
        ([], needs) => {
            format!("nobody who is known to be there may do it (it needs {needs}): ask the portal's support")
        }
        (names, "") => join(names, " or "),
        (names, needs) => format!("{} (needs {needs})", join(names, " or ")),
    }
}

/// The items that come before, where there are any.
pub fn follows(item: &Item) -> Option<String> {
    let numbers: Vec<String> = item.after.iter().map(ToString::to_string).collect();
    let word = if numbers.len() == 1 { "item" } else { "items" };
    (!numbers.is_empty()).then(|| format!("{word} {}", join(&numbers, ", ")))
}

/// A part of a sentence that tells what to type: values stand as they are, whatever marks are in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'s> {
    /// Words of ours.
    Words(&'static str),
    /// A value to type or to choose.
    Value(&'s str),
}

/// What to do with a field.
pub fn fill(entry: &Entry) -> Vec<Said<'_>> {
    use Said::{Value, Words};
    fn listed<'s>(verb: &'static str, items: &'s [String]) -> Vec<Said<'s>> {
        let each = items.iter().enumerate();
        each.flat_map(|(at, item)| [Words(if at == 0 { verb } else { ", " }), Value(item)]).collect()
    }
    match (entry.add.as_slice(), entry.remove.as_slice()) {
        ([], []) if entry.to.is_empty() => vec![Words("empty it (it says "), Value(&entry.from), Words(")")],
        ([], []) if entry.from.is_empty() => vec![Value(&entry.to)],
        ([], []) => vec![Value(&entry.to), Words(" instead of "), Value(&entry.from)],
        (add, []) => listed("add ", add),
        ([], remove) => listed("take away ", remove),
        (add, remove) => [listed("add ", add), vec![Words("; ")], listed("take away ", remove)].concat(),
    }
}

/// How an item stands.
pub fn state(state: State) -> &'static str {
    match state {
        State::Done => "done",
        State::Undone => "not done",
        State::Different => "done differently",
        State::UndoneAgain => "undone again",
        State::Unseen => "cannot be seen",
    }
}

/// How all items stand.
pub fn standing(tally: &Tally) -> String {
    let all = tally.done + tally.undone + tally.different + tally.undone_again + tally.unseen;
    let kinds = [
        (tally.undone, "not done"),
        (tally.different, "done differently"),
        (tally.undone_again, "undone again"),
        (tally.unseen, "cannot be seen"),
    ];
    let rest: Vec<String> =
        kinds.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    match rest.is_empty() {
        true => format!("all done: {}", count(all, "item")),
        false => format!("{} of {} done; {}", tally.done, count(all, "item"), join(&rest, ", ")),
    }
}
