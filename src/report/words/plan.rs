//! A plan as a whole: its headings, how much there is of everything, what is said where nothing is to be done.

use super::Ink;
use super::values::count;
use crate::diagnostic::Severity;
use crate::plan::document::{PlanDocument, TargetRef};

/// How much of a digest tells plans apart at a glance.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

/// The heading of what a plan means for people.
pub const MEANS: &str = "what this means";

/// The heading of what no roster names.
pub const UNMANAGED: &str = "in no roster (left as they are; --prune would remove them)";

/// The heading of people of whom the portal waits for something.
pub const WAITING: &str = "waiting for people";

/// The heading of steps that may not be taken.
pub const HELD_BACK: &str = "held back";

/// Said where the live state was not read completely.
pub const INCOMPLETE: &str = "the live state could not be read completely, so nothing is removed";

/// Said where the rosters have errors.
pub const NOT_PLANNED: &str = "nothing was planned: the rosters have errors";

/// What the applying person needs, where that is worth saying.
pub fn needs(plan: &PlanDocument) -> Option<String> {
    let said = plan.actor.is_none() && !plan.needs.is_empty();
    said.then(|| format!("whoever applies this needs: {}", plan.needs.join(", ")))
}

/// Where a target is, as people know it: what else tells the portal from others is for machines.
pub fn whereabouts(target: &TargetRef) -> &str {
    target.identity.split('#').next().unwrap_or_default()
}

/// As much of a digest as tells plans apart at a glance.
pub fn short_digest(digest: &str) -> &str {
    digest.char_indices().nth(SHORT_DIGEST).map_or(digest, |(cut, _)| &digest[..cut])
}

/// How much there is of everything, what there is none of left out.
pub fn counts(plan: &PlanDocument) -> Vec<(usize, &'static str, Ink)> {
    let summary = &plan.summary;
    let kinds = [
        (summary.create, "to create", Ink::Add),
        (summary.update, "to update", Ink::Change),
        (summary.remove, "to remove", Ink::Remove),
        (summary.unchanged, "unchanged", Ink::Plain),
        (plan.waiting.len(), "waiting", Ink::Plain),
        (plan.blocked.len(), HELD_BACK, Ink::Bad),
    ];
    kinds.into_iter().filter(|(number, ..)| *number > 0).collect()
}

/// What is said of a plan without steps: the news, how it is coloured, and why.
pub fn no_changes(plan: &PlanDocument) -> (&'static str, Ink, String) {
    let number = plan.blocked.len();
    if number > 0 {
        let rest = format!(": {} {} held back", count(number, "step"), if number == 1 { "is" } else { "are" });
        return ("nothing can be done", Ink::Bad, rest);
    }
    if plan.diagnostics.iter().any(|finding| finding.severity == Severity::Error) {
        return ("nothing can be done", Ink::Bad, " about what the errors name".to_owned());
    }
    let unchanged = plan.summary.unchanged;
    let waiting = if plan.waiting.is_empty() { String::new() } else { format!(", {} waiting", plan.waiting.len()) };
    let known = if plan.complete { "" } else { ", as far as the live state could be read" };
    let why = match &plan.organisations[..] {
        [] => ": there is no roster".to_owned(),
        [one] => format!(": {one} is as its roster says{known} ({unchanged} unchanged{waiting})"),
        many => format!(": all {} organisations are as their rosters say{known}{waiting}", many.len()),
    };
    ("no changes", if plan.complete { Ink::Good } else { Ink::Plain }, why)
}
