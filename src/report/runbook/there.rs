//! Who and what is on a portal, looked up for steps of a plan.

use std::collections::HashMap;

use crate::live::{Entry, Live, Object, Resource};
use crate::model::{Group, Organisation, Person};
use crate::plan::document::Step;

/// An organisation and what the portal has of it.
pub(super) struct There<'a> {
    /// The organisation as the rosters have it.
    pub organisation: &'a Organisation,
    /// What the portal has.
    pub live: &'a Live,
    handles: HashMap<&'a str, &'a Entry<Person>>,
    ids: HashMap<&'a str, &'a Entry<Person>>,
    /// By addresses in lower case.
    addresses: HashMap<String, &'a Entry<Person>>,
    /// Those who are not known by an id of rosterctl's.
    names: HashMap<&'a str, &'a Entry<Person>>,
}

impl<'a> There<'a> {
    /// What there is, by organisation.
    pub fn all(pairs: &[(&'a Organisation, &'a Live)]) -> HashMap<&'a str, There<'a>> {
        pairs.iter().map(|(organisation, live)| (organisation.id.as_str(), There::of(organisation, live))).collect()
    }

    fn of(organisation: &'a Organisation, live: &'a Live) -> There<'a> {
        let [mut handles, mut ids, mut names] = std::array::from_fn(|_| HashMap::new());
        let mut addresses = HashMap::new();
        for entry in &live.people {
            handles.entry(entry.handle.as_str()).or_insert(entry);
            match entry.managed {
                true => ids.entry(entry.object.id.as_str()).or_insert(entry),
                false => names.entry(entry.object.name.value.as_str()).or_insert(entry),
            };
            let address = entry.object.email.as_ref().map(|email| email.value.to_ascii_lowercase());
            address.map(|address| addresses.entry(address).or_insert(entry));
        }
        There { organisation, live, handles, ids, addresses, names }
    }

    /// The person whom a step changes, by the portal's name for them.
    pub fn person(&self, step: &Step) -> Option<&'a Person> {
        self.handles.get(step.handle.as_deref()?).map(|entry| &entry.object)
    }

    /// The group that a step changes, by the portal's name for it.
    pub fn group(&self, step: &Step) -> Option<&'a Group> {
        let handle = step.handle.as_deref()?;
        self.live.groups.iter().find(|entry| entry.handle == handle).map(|entry| &entry.object)
    }

    /// The object of a step, done or not: by the portal's name for it, its id, its address before or after, or its name.
    pub fn object(&self, step: &Step) -> Option<Object> {
        let values = |field: &str| {
            let change = step.changes.iter().find(|change| change.field == field);
            change.map_or([None, None], |change| [change.to.as_str(), change.from.as_str()])
        };
        if step.resource == Resource::PermissionGroup {
            let groups = || self.live.groups.iter().map(|entry| &entry.object);
            let names = values("name");
            let found = self.group(step).or_else(|| groups().find(|group| group.id == step.key));
            let named = || groups().find(|group| names.contains(&Some(group.name.value.as_str())));
            return found.or_else(named).map(|group| Object::Group(group.clone()));
        }
        let found = self.person(step).or_else(|| self.ids.get(step.key.as_str()).map(|entry| &entry.object));
        let addressed = || {
            let mut emails = values("email").into_iter().flatten();
            emails.find_map(|email| self.addresses.get(&email.to_ascii_lowercase())).map(|entry| &entry.object)
        };
        found.or_else(addressed).map(|person| Object::Person(Box::new(person.clone())))
    }

    /// Somebody of a name who is not known by an id.
    pub fn stranger(&self, name: &str) -> Option<&'a Person> {
        self.names.get(name).map(|entry| &entry.object)
    }
}
