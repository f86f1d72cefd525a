//! The steps of a plan: what each does, to what, and which values come and go.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Ink;
use super::values::{is_empty, items, value, without};
use crate::diagnostic::Location;
use crate::plan::document::{Action, Change, PlanDocument, Step};

/// The sign and the ink of an action.
pub fn sign(action: Action) -> (&'static str, Ink) {
    match action {
        Action::Create | Action::Reactivate => ("+", Ink::Add),
        Action::Update => ("~", Ink::Change),
        Action::Deactivate | Action::Delete => ("-", Ink::Remove),
    }
}

/// What a step does, in a few words: `create user henry`.
pub fn words(step: &Step) -> String {
    format!("{} {} {}", step.action.as_str(), step.resource, step.key)
}

/// The place in a roster, as editors open it.
pub fn place(location: &Location) -> String {
    format!("{}:{}", location.path, location.line)
}

/// Entries by organisation, in the order in which organisations first appear.
pub fn grouped<'e, E>(entries: &'e [E], of: impl Fn(&'e E) -> &'e String) -> IndexMap<&'e str, Vec<&'e E>> {
    let mut groups: IndexMap<&str, Vec<&E>> = IndexMap::new();
    for entry in entries {
        groups.entry(of(entry)).or_default().push(entry);
    }
    groups
}

/// The lines of the rosters behind steps, by organisation and key.
pub fn lines(plan: &PlanDocument) -> HashMap<(&str, &str), &Location> {
    let blocked = plan.blocked.iter().map(|blocked| &blocked.step);
    let placed = plan.steps.iter().chain(blocked).filter_map(|step| Some((step, step.location.as_ref()?)));
    placed.map(|(step, location)| ((step.organisation.as_str(), step.key.as_str()), location)).collect()
}

/// Whether a step takes something away or breaks a rule for a while, and so is never folded.
pub fn weighty(step: &Step) -> bool {
    matches!(step.action, Action::Delete | Action::Deactivate) || !step.opens.is_empty()
}

/// The name of what appears or disappears. Where a name changes it is among the changes.
pub fn name(step: &Step) -> Option<&str> {
    let change = step.changes.iter().find(|change| change.field == "name")?;
    let name = match step.action {
        Action::Create => &change.to,
        Action::Delete => &change.from,
        _ => return None,
    };
    name.as_str().filter(|name| !name.is_empty() && *name != step.key)
}

/// What an object that appears or disappears is, in parts: its address first, then what it may; each with the field
/// where that needs saying. Nothing of a step that changes fields.
pub fn summary(step: &Step, whole: bool) -> Vec<(Option<&str>, String)> {
    let of = |change: &'_ Change| -> Json {
        if step.action == Action::Delete { change.from.clone() } else { change.to.clone() }
    };
    let told = |change: &&Change| {
        let minor = change.field == "language" || change.field == "phone" && step.action == Action::Delete;
        change.field != "name" && change.field != "id" && !is_empty(&of(change)) && (whole || !minor)
    };
    let mut parts = Vec::new();
    if !matches!(step.action, Action::Create | Action::Delete) {
        return parts;
    }
    for change in step.changes.iter().filter(told) {
        let text = value(&of(change), whole);
        let field = change.field.split_once('.').map_or(change.field.as_str(), |(_, field)| field);
        match field {
            "email" => parts.insert(0, (None, text)),
            "status" | "type" if text == "active" || text == "person" => {}
            field => parts.push((Some(field), text)),
        }
    }
    parts
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
    /// Of lists, what comes, what goes and how much stays.
    pub list: Option<ListDifference>,
}

/// What comes and goes in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListDifference {
    /// What comes.
    pub gained: Vec<String>,
    /// What goes.
    pub lost: Vec<String>,
    /// How many stay.
    pub kept: usize,
}

impl ListDifference {
    /// Whether the same items only stand in another order.
    pub fn reordered(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.kept > 1
    }
}

/// A value before and after; of lists also which items come and go.
pub fn difference(change: &Change, whole: bool) -> Difference {
    let lists = items(&change.from).zip(items(&change.to));
    let lists = lists.filter(|_| change.from.is_array() || change.to.is_array());
    let list = lists.map(|(from, to)| {
        let owned = |items: Vec<&str>| items.into_iter().map(str::to_owned).collect::<Vec<String>>();
        let (gained, lost) = (owned(without(&to, &from)), owned(without(&from, &to)));
        ListDifference { kept: to.len() - gained.len(), gained, lost }
    });
    Difference { from: value(&change.from, whole), to: value(&change.to, whole), list }
}
