//! A portal as a model: objects that steps change one by one, each held against what it says it found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use rosterctl::live::{Applied, Completeness, Entry, Live, Object, Resource};
use rosterctl::model::{Group, Person};
use rosterctl::plan::carried_out;
use rosterctl::plan::document::{Action, PlanDocument, Step};
use rosterctl::platform::{Platform, State};

#[derive(Clone, Debug)]
pub struct Portal {
    pub objects: BTreeMap<String, Object>,
    pub managed: BTreeMap<String, bool>,
}

impl Portal {
    /// What is live, with renamed groups under the words that they will have.
    pub fn new(live: &Live, renamed: &HashMap<String, String>) -> Portal {
        let mut portal = Portal { objects: BTreeMap::new(), managed: BTreeMap::new() };
        for entry in &live.people {
            let mut person = entry.object.clone();
            for group in &mut person.groups {
                if let Some(new) = renamed.get(group.value.as_str()) {
                    group.value = new.as_str().into();
                }
            }
            portal.put(&entry.handle, entry.managed, Object::Person(Box::new(person)));
        }
        for entry in &live.groups {
            portal.put(&entry.handle, entry.managed, Object::Group(entry.object.clone()));
        }
        portal
    }

    /// What is live by now.
    pub fn live(&self) -> Live {
        let people: Vec<Entry<Person>> = self.people().map(|(handle, person)| self.entry(handle, person)).collect();
        let groups: Vec<Entry<Group>> = self.groups().map(|(handle, group)| self.entry(handle, group)).collect();
        let count = people.len() + groups.len();
        let proof = Completeness { read: count, announced: count };
        Live { people, groups, proof, ..Live::default() }
    }

    fn entry<T: Clone>(&self, handle: &String, object: &T) -> Entry<T> {
        let managed = self.managed[handle];
        Entry { object: object.clone(), handle: handle.as_str().into(), managed, applied: Applied::Unknown }
    }

    /// Everybody who has been invited accepts.
    pub fn accept(&mut self) {
        for object in self.objects.values_mut() {
            if let Object::Person(person) = object
                && person.status.value == State::Pending
            {
                person.status.value = State::Active;
            }
        }
    }

    /// The person under a handle.
    pub fn person(&self, handle: &str) -> Option<&Person> {
        self.people().find(|(other, _)| *other == handle).map(|(_, person)| person)
    }

    pub fn put(&mut self, handle: &str, managed: bool, object: Object) {
        self.objects.insert(handle.to_owned(), object);
        self.managed.insert(handle.to_owned(), managed);
    }

    pub fn people(&self) -> impl Iterator<Item = (&String, &Person)> {
        self.objects.iter().filter_map(|(handle, object)| match object {
            Object::Person(person) => Some((handle, &**person)),
            Object::Group(_) => None,
        })
    }

    pub fn groups(&self) -> impl Iterator<Item = (&String, &Group)> {
        self.objects.iter().filter_map(|(handle, object)| match object {
            Object::Group(group) => Some((handle, group)),
            Object::Person(_) => None,
        })
    }

    pub fn email_twice(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let emails = self.people().filter_map(|(_, person)| person.email.as_ref());
        emails.map(|email| email.value.to_ascii_lowercase()).find(|email| !seen.insert(email.clone()))
    }

    pub fn id_twice(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let managed = self.objects.iter().filter(|(handle, _)| self.managed[*handle]);
        let ids = managed.map(|(_, object)| format!("{}/{}", object.section(), object.id()));
        ids.into_iter().find(|id| !seen.insert(id.clone()))
    }
}

pub fn renamed(document: &PlanDocument) -> HashMap<String, String> {
    let groups = document.steps.iter().filter(|step| step.resource == Resource::PermissionGroup);
    let changes = groups.flat_map(|step| step.changes.iter().map(move |change| (step, change)));
    let renames = changes.filter(|(_, change)| change.field == "id").filter_map(|(step, change)| {
        let old = change.from.as_str().or(step.handle.as_deref())?;
        Some((old.to_owned(), change.to.as_str()?.to_owned()))
    });
    renames.collect()
}

/// What the portal calls the object of a step: one that is created is called by the number of the step and its key, so
/// that no two plans for one portal give the same name.
pub fn handle(step: &Step) -> String {
    step.handle.clone().unwrap_or_else(|| format!("+{}-{}", step.id, step.key))
}

/// Every state on the way of a plan, from what is live on.
pub fn states(document: &PlanDocument, platform: &Platform, live: &Live) -> Result<Vec<Portal>, TestCaseError> {
    let mut states = vec![Portal::new(live, &renamed(document))];
    carry_out(document, platform, live, |_, portal| states.push(portal.clone()))?;
    Ok(states)
}

/// Carries out the steps one by one, holding each against what it says it found; tells of every state on the way.
pub fn carry_out(
    document: &PlanDocument,
    platform: &Platform,
    live: &Live,
    mut seen: impl FnMut(usize, &Portal),
) -> Result<Portal, TestCaseError> {
    let mut portal = Portal::new(live, &renamed(document));
    for (index, step) in document.steps.iter().enumerate() {
        prop_assert!(step.after.iter().all(|before| *before < step.id), "step {} waits for a later one", step.id);
        let before = step.handle.as_ref().map(|handle| portal.objects.get(handle));
        prop_assert!(before != Some(None), "step {} names something that is gone", step.id);
        let before = before.flatten().cloned();
        let fingerprint = before.as_ref().map(|object| object.fingerprint(platform, step.handle.as_deref().unwrap()));
        prop_assert_eq!(&step.fingerprint, &fingerprint, "step {} found another object", step.id);
        prop_assert_eq!(step.action == Action::Create, before.is_none());
        let handle = handle(step);
        let carried = if step.action == Action::Delete {
            Ok(None)
        } else {
            carried_out(platform, step.resource, &step.key, before.as_ref(), &step.changes).map(Some)
        };
        match carried.map_err(TestCaseError::fail)? {
            Some(object) => portal.put(&handle, true, object),
            None => {
                portal.objects.remove(&handle);
            }
        }
        seen(index, &portal);
    }
    Ok(portal)
}
