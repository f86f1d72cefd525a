//! Which items of a run-book are done, as the portal shows: each compared with what is there now.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::there::There;
use super::words::Words;
use super::{Item, Runbook};
use crate::live::unseen::UnseenGroups;
use crate::live::{Live, Resource};
use crate::model::Organisation;
use crate::plan::changes::fields;
use crate::plan::document::{Action, Change, Step, TargetRef};
use crate::platform::{self, Section};

/// How the items of a run-book stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checked {
    /// The version of this format: 1.
    pub version: u32,
    /// The digest of the plan that the run-book carries out.
    pub digest: String,
    /// Where was looked.
    pub target: TargetRef,
    /// Whether all of the portal was seen.
    pub complete: bool,
    /// How many items stand how.
    pub summary: Tally,
    /// The items.
    pub items: Vec<Standing>,
}

/// How many items stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tally {
    /// Done as asked.
    pub done: usize,
    /// Not done.
    pub undone: usize,
    /// Done, and otherwise than asked.
    pub different: usize,
    /// Seen done before, and no longer.
    pub undone_again: usize,
    /// Not to be seen in what the portal shows.
    pub unseen: usize,
}

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Standing {
    /// Its number.
    pub number: u32,
    /// In a line.
    pub title: String,
    /// How it stands.
    pub state: State,
    /// What is there instead.
    pub seen: Vec<String>,
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Done as asked.
    Done,
    /// Not done.
    Undone,
    /// Done, and otherwise than asked.
    Different,
    /// Seen done before, and no longer.
    UndoneAgain,
    /// Not to be seen in what the portal shows.
    Unseen,
}

/// Compares a run-book with what is there now.
pub fn verify(runbook: &Runbook, target: TargetRef, pairs: &[(&Organisation, &Live)]) -> Checked {
    let mut summary = Tally::default();
    let mut items = Vec::with_capacity(runbook.items.len());
    let later = Later::of(&runbook.plan.steps);
    let there = There::all(pairs);
    for (item, step) in runbook.items.iter().zip(&runbook.plan.steps) {
        let (state, seen) = match there.get(item.organisation.as_str()) {
            Some(there) => Look { there, later: &later }.at(step),
            None => (State::Unseen, vec!["the portal does not show the organisation".to_owned()]),
        };
        let again = matches!(state, State::Undone | State::Different) && runbook.was_done(item.number);
        let state = if again { State::UndoneAgain } else { state };
        *match state {
            State::Done => &mut summary.done,
            State::Undone => &mut summary.undone,
            State::Different => &mut summary.different,
            State::UndoneAgain => &mut summary.undone_again,
            State::Unseen => &mut summary.unseen,
        } += 1;
        items.push(standing(item, state, seen));
    }
    let complete = pairs.iter().all(|(_, live)| live.proof.holds());
    Checked { version: 1, digest: runbook.plan.digest.clone(), target, complete, summary, items }
}

fn standing(item: &Item, state: State, seen: Vec<String>) -> Standing {
    Standing { number: item.number, title: item.title.clone(), state, seen }
}

/// An object, by organisation, kind and id.
type Key<'a> = (&'a str, Resource, &'a str);

/// The values that steps ask for in a field, each with the number of the step.
type Asked<'a> = Vec<(u32, &'a Json)>;

/// What steps do to an object after others: a value that a later step asks for shows that the earlier one is done too.
struct Later<'a> {
    values: HashMap<Key<'a>, BTreeMap<&'a str, Asked<'a>>>,
    deleted: HashMap<Key<'a>, u32>,
}

impl<'a> Later<'a> {
    fn of(steps: &'a [Step]) -> Later<'a> {
        let mut later = Later { values: HashMap::new(), deleted: HashMap::new() };
        for step in steps {
            let key = key(step);
            if step.action == Action::Delete {
                later.deleted.insert(key, step.id);
                continue;
            }
            for change in &step.changes {
                later.values.entry(key).or_default().entry(&change.field).or_default().push((step.id, &change.to));
            }
        }
        later
    }

    fn deletes(&self, step: &Step) -> bool {
        self.deleted.get(&key(step)).is_some_and(|later| *later > step.id)
    }

    /// Whether a value is what the step, or a later one, asks for.
    fn asked(&self, step: &Step, change: &Change, live: &Json) -> bool {
        let values = self.values.get(&key(step)).and_then(|fields| fields.get(change.field.as_str()));
        let accepted = change.field == "status" && change.to == "pending" && live == "active";
        accepted || values.into_iter().flatten().any(|(id, value)| *id >= step.id && same(value, live))
    }
}

fn key(step: &Step) -> Key<'_> {
    (&step.organisation, step.resource, &step.key)
}

/// The portal's side of an organisation.
struct Look<'a> {
    there: &'a There<'a>,
    later: &'a Later<'a>,
}

impl Look<'_> {
    fn at(&self, step: &Step) -> (State, Vec<String>) {
        if !self.shows_any(step) {
            return (State::Unseen, vec![format!("the export has no {}s", step.resource)]);
        }
        let there = self.there.object(step);
        let Some(object) = there else {
            if let Some(other) = self.namesake(step) {
                return (State::Unseen, vec![other]);
            }
            let state = match step.action {
                _ if !self.there.live.proof.holds() => State::Unseen,
                Action::Delete => State::Done,
                Action::Create => State::Undone,
                _ if self.later.deletes(step) => State::Done,
                _ => State::Different,
            };
            let gone = (state == State::Different).then(|| "it is not there any more".to_owned());
            let unseen = (state == State::Unseen).then(|| "not all of the portal could be read".to_owned());
            return (state, gone.into_iter().chain(unseen).collect());
        };
        if step.action == Action::Delete {
            let was = step.changes.iter().any(|change| change.field == "status" && change.from == "deactivated");
            let shut = object.person().is_some_and(|person| person.status.value == platform::State::Deactivated);
            return match shut && !was {
                true => (State::Different, vec!["it is still there, deactivated and not deleted".to_owned()]),
                false => (State::Undone, vec!["it is still there".to_owned()]),
            };
        }
        let words = Words::of(self.there.organisation, self.there.live);
        let flat = fields(&self.there.organisation.platform, &object);
        let (mut done, mut undone, mut seen) = (0, 0, Vec::new());
        let hidden = told(step).filter(|change| !self.shows(change));
        let hidden: Vec<String> = hidden.map(|change| words.label(&change.field)).collect();
        for change in told(step).filter(|change| self.shows(change)) {
            let live = value(&flat, change);
            if self.later.asked(step, change, live) {
                done += 1;
                continue;
            }
            undone += usize::from(same(&change.from, live));
            let said = |value: &Json| match words.value(&change.field, value) {
                text if text.is_empty() => "nothing".to_owned(),
                text => format!("`{text}`"),
            };
            let (is, wanted) = (said(live), said(&change.to));
            seen.push(format!("{} shows {is}, and shall show {wanted}", words.label(&change.field)));
        }
        let state = match (done, undone, seen.len()) {
            (0, _, 0) if step.action != Action::Create => State::Unseen,
            (_, _, 0) => State::Done,
            (0, undone, all) if undone == all && step.action != Action::Create => State::Undone,
            _ => State::Different,
        };
        if !hidden.is_empty() {
            seen.push(format!("not shown, so not checked: {}", hidden.join(", ")));
        }
        (state, seen)
    }

    /// Whether what is live tells of a field: what an export has no place for is not known.
    fn shows(&self, change: &Change) -> bool {
        let (unseen, platform) = (&self.there.live.unseen, &self.there.organisation.platform);
        let moved = |known: &dyn Fn(&str) -> bool| {
            let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
            let (from, to) = (items(&change.from), items(&change.to));
            let (gone, new) =
                (from.iter().filter(|item| !to.contains(item)), to.iter().filter(|item| !from.contains(item)));
            gone.chain(new).filter_map(Json::as_str).all(known)
        };
        match (change.field.as_str(), change.field.split_once('.')) {
            ("name", _) => !unseen.name,
            ("email", _) => !unseen.email,
            ("phone", _) => !unseen.phone,
            ("type", _) => !unseen.entry_type,
            ("status", _) => !unseen.status,
            ("roles", _) => moved(&|role| platform.role(role).is_none_or(|role| !unseen.roles.contains(&role))),
            ("groups", _) => match &unseen.groups {
                UnseenGroups::None => true,
                UnseenGroups::Except(seen) => moved(&|group| seen.iter().any(|known| known == group)),
            },
            (_, Some(("attributes", name))) => {
                platform.attribute(name).is_none_or(|attribute| !unseen.attributes.contains(&attribute))
            }
            (_, Some(("applications", _))) => !unseen.applications,
            _ => true,
        }
    }

    /// Whether what is live tells of objects of this kind at all.
    fn shows_any(&self, step: &Step) -> bool {
        let unseen = &self.there.live.unseen;
        match step.resource {
            Resource::PermissionGroup => !unseen.permission_groups,
            Resource::User => !unseen.sections.contains(&Section::Users),
            Resource::Contact => !unseen.sections.contains(&Section::Contacts),
        }
    }

    /// Somebody of the same name at another address, where no id tells whether it is the same person.
    fn namesake(&self, step: &Step) -> Option<String> {
        let name = step.changes.iter().find(|change| change.field == "name");
        let name = name.and_then(|change| change.from.as_str().or(change.to.as_str()))?;
        if self.there.live.taken.is_none() || step.resource == Resource::PermissionGroup {
            return None;
        }
        let email = self.there.stranger(name)?.email.as_ref()?;
        Some(format!("`{name}` is there as `{}`: whether that is the same person cannot be told", email.value))
    }
}

/// What a step changes that people can see: ids are rosterctl's own.
fn told(step: &Step) -> impl Iterator<Item = &Change> {
    step.changes.iter().filter(|change| change.field != "id" && change.field != "section")
}

fn value<'f>(flat: &'f Map<String, Json>, change: &Change) -> &'f Json {
    flat.get(&change.field).unwrap_or(&Json::Null)
}

/// Whether two values say the same: order in lists means nothing, and an empty list is none.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(items), Json::Null) | (Json::Null, Json::Array(items)) => items.is_empty(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().all(|item| b.contains(item)),
        (a, b) => a == b,
    }
}
