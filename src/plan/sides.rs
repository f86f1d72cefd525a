//! The two sides of a plan: who is there before it and who after it, so that the same questions can be asked of both.

use std::borrow::Cow;
use std::collections::HashMap;

use smol_str::SmolStr;

use super::diff::{Delta, in_new_words};
use super::watch::as_person;
use crate::live::{Entry, Live, Object};
use crate::model::{Group, Organisation, Person, Roll, View};

/// One side of a plan: the live state, and laid over it what differs. Both sides speak the words of the rosters, so that
/// somebody who is renamed or recognised has the same id on both.
#[derive(Debug)]
pub struct Side<'a> {
    live: &'a Live,
    /// By handle; none: gone.
    people: HashMap<&'a str, Option<Cow<'a, Person>>>,
    groups: HashMap<&'a str, Option<Cow<'a, Group>>>,
    /// Those who were not there.
    pub newcomers: Vec<&'a Person>,
    new_groups: Vec<&'a Group>,
}

impl<'a> Side<'a> {
    fn nothing_over(live: &'a Live) -> Side<'a> {
        let (people, groups) = (HashMap::new(), HashMap::new());
        Side { live, people, groups, newcomers: Vec::new(), new_groups: Vec::new() }
    }

    /// What changes start from; `renamed` are the new ids of groups by their old ones.
    pub fn before(live: &'a Live, changes: &[&'a Delta], renamed: &HashMap<SmolStr, SmolStr>) -> Side<'a> {
        let mut side = Side::nothing_over(live);
        for delta in changes {
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
        side.in_new_words(renamed)
    }

    /// What is there once the changes are made.
    pub fn after(live: &'a Live, changes: &[&'a Delta], renamed: &HashMap<SmolStr, SmolStr>) -> Side<'a> {
        let mut side = Side::nothing_over(live);
        for delta in changes {
            match (&delta.handle, &delta.before, &delta.after) {
                (Some(handle), Some(Object::Group(_)), None) => drop(side.groups.insert(handle, None)),
                (Some(handle), _, Some(Object::Group(group))) => {
                    side.groups.insert(handle, Some(Cow::Borrowed(group)));
                }
                (None, _, Some(Object::Group(group))) => side.new_groups.push(group),
                (Some(handle), ..) => {
                    side.people.insert(handle, as_person(&delta.after).map(Cow::Borrowed));
                }
                (None, ..) => side.newcomers.extend(as_person(&delta.after)),
            }
        }
        side.in_new_words(renamed)
    }

    /// Has the people whom no change touches name renamed groups by their new ids.
    fn in_new_words(mut self, renamed: &HashMap<SmolStr, SmolStr>) -> Side<'a> {
        if renamed.is_empty() {
            return self;
        }
        for entry in &self.live.people {
            if let person @ Cow::Owned(_) = in_new_words(renamed, &entry.object) {
                self.people.entry(&entry.handle).or_insert(Some(person));
            }
        }
        self
    }

    /// What has become of somebody who was there; none: gone.
    pub fn person<'s>(&'s self, entry: &'s Entry<Person>) -> Option<&'s Person> {
        match self.people.get(entry.handle.as_str()) {
            Some(other) => other.as_deref(),
            None => Some(&entry.object),
        }
    }

    /// Whether anything is laid over somebody who was there.
    pub fn differs(&self, entry: &Entry<Person>) -> bool {
        self.people.contains_key(entry.handle.as_str())
    }

    /// Calls the roll of this side, in the light of what the organisation says of itself.
    pub fn roll<'s>(&'s self, organisation: &'s Organisation) -> Roll<'s> {
        let people = self.live.people.iter().filter_map(|entry| self.person(entry));
        let groups = self.live.groups.iter().filter_map(|entry| match self.groups.get(entry.handle.as_str()) {
            Some(other) => other.as_deref(),
            None => Some(&entry.object),
        });
        let groups = groups.chain(self.new_groups.iter().copied());
        let view = View::with(&organisation.platform, &organisation.profile, groups);
        Roll::new(view, people.chain(self.newcomers.iter().copied()))
    }
}
