//! The two sides of a plan: who is there before it and who after it, so that the same questions can be asked of both.

use std::borrow::Cow;
use std::collections::HashMap;

use super::diff::{Delta, Diff};
use crate::live::{Live, Object};
use crate::model::{Group, Organisation, Person, Roll, View};
use crate::platform::{Platform, Section, State, Verb};

/// One side of a plan: the live state, and laid over it what differs. Both sides speak the words of the rosters, so that
/// somebody who is renamed or recognised has the same id on both.
#[derive(Debug)]
pub struct Side<'a> {
    live: &'a Live,
    /// By handle; none: gone.
    people: HashMap<&'a str, Option<Cow<'a, Person>>>,
    groups: HashMap<&'a str, Option<Cow<'a, Group>>>,
    new_people: Vec<Cow<'a, Person>>,
    new_groups: Vec<&'a Group>,
}

impl<'a> Side<'a> {
    fn nothing_over(live: &'a Live) -> Side<'a> {
        let (people, groups) = (HashMap::new(), HashMap::new());
        Side { live, people, groups, new_people: Vec::new(), new_groups: Vec::new() }
    }

    /// What a plan starts from.
    pub fn before(live: &'a Live, diff: &'a Diff) -> Side<'a> {
        let mut side = Side::nothing_over(live);
        for delta in &diff.deltas {
            let Some(handle) = delta.handle.as_deref() else { continue };
            match (&delta.before, &delta.after) {
                (Some(Object::Person(before)), Some(after)) if before.id != after.id() => {
                    let person = Person { id: after.id().into(), ..before.as_ref().clone() };
                    side.people.insert(handle, Some(Cow::Owned(person)));
                }
                (Some(Object::Group(before)), Some(after)) if before.id != after.id() => {
                    let group = Group { id: after.id().into(), ..before.clone() };
                    side.groups.insert(handle, Some(Cow::Owned(group)));
                }
                _ => {}
            }
        }
        side.in_new_words(diff)
    }

    /// What is there once a plan is carried out: of the life cycle each user takes the way that there is, so that who is
    /// invited is pending and who cannot be changed stays.
    pub fn after(platform: &Platform, live: &'a Live, diff: &'a Diff) -> Side<'a> {
        let mut side = Side::nothing_over(live);
        for delta in &diff.deltas {
            match (&delta.handle, &delta.before, &delta.after) {
                (Some(handle), Some(Object::Group(_)), None) => {
                    side.groups.insert(handle, None);
                }
                (Some(handle), _, Some(Object::Group(group))) => {
                    side.groups.insert(handle, Some(Cow::Borrowed(group)));
                }
                (None, _, Some(Object::Group(group))) => side.new_groups.push(group),
                (handle, ..) => match (handle, person_after(platform, delta)) {
                    (Some(handle), Some(after)) => {
                        side.people.insert(handle, after);
                    }
                    (None, Some(after)) => side.new_people.extend(after),
                    (_, None) => {}
                },
            }
        }
        side.in_new_words(diff)
    }

    /// Has the people whom no step touches name renamed groups by their new ids.
    fn in_new_words(mut self, diff: &Diff) -> Side<'a> {
        if diff.renamed_groups.is_empty() {
            return self;
        }
        for entry in &self.live.people {
            if entry.object.groups.iter().any(|group| diff.renamed_groups.contains_key(&group.value)) {
                let renamed = || Some(Cow::Owned(diff.in_new_words(&entry.object)));
                self.people.entry(&entry.handle).or_insert_with(renamed);
            }
        }
        self
    }

    /// Calls the roll of this side, in the light of what the organisation says of itself.
    pub fn roll<'s>(&'s self, organisation: &'s Organisation) -> Roll<'s> {
        let people = self.live.people.iter().filter_map(|entry| match self.people.get(entry.handle.as_str()) {
            Some(other) => other.as_deref(),
            None => Some(&entry.object),
        });
        let groups = self.live.groups.iter().filter_map(|entry| match self.groups.get(entry.handle.as_str()) {
            Some(other) => other.as_deref(),
            None => Some(&entry.object),
        });
        let groups = groups.chain(self.new_groups.iter().copied());
        let view = View::with(&organisation.platform, &organisation.profile, groups);
        Roll::new(view, people.chain(self.new_people.iter().map(|person| &**person)))
    }
}

/// What becomes of a person: `Some(None)` is gone; none where the life cycle has no way, so that nothing happens.
fn person_after<'a>(platform: &Platform, delta: &'a Delta) -> Option<Option<Cow<'a, Person>>> {
    let person = |object: &'a Option<Object>| match object {
        Some(Object::Person(person)) => Some(person.as_ref()),
        _ => None,
    };
    let (before, after) = (person(&delta.before), person(&delta.after));
    let is_user = |person: &Person| person.section == Section::Users;
    if !after.or(before).is_some_and(is_user) {
        return Some(after.map(Cow::Borrowed));
    }
    // A contact who becomes a user comes into the life cycle by its beginning.
    let (verb, from) = match before.filter(|person| is_user(person)) {
        Some(before) => (delta.action.verb(), before.status.value),
        None => (Verb::Create, State::Absent),
    };
    let to = platform.transition(verb, from)?.to;
    Some(after.filter(|_| to != State::Absent).map(|after| {
        if after.status.value == to {
            return Cow::Borrowed(after);
        }
        let mut after = after.clone();
        after.status.value = to;
        Cow::Owned(after)
    }))
}
