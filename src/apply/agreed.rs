//! What roster and portal agree on although rosterctl did not write it: others changed it, and the roster took it over.

use crate::live::embedded::Agreed;
use crate::live::{Applied, Entry, Live, Object, Resource};
use crate::model::{Group, Organisation, Person};
use crate::plan::merge::{merged, same};
use crate::platform::{Platform, Section, State};

/// What a portal that keeps records shall know for rosterctl's from now on.
pub fn agreed(organisation: &Organisation, live: &Live) -> Agreed {
    let platform = &organisation.platform;
    let person = |person: &Person| Object::Person(Box::new(person.clone()));
    let people = live.people.iter().filter(|entry| unsettled(platform, entry, person));
    let people = people.filter(|entry| is_wanted(organisation, entry, live.folds_case));
    let people = people.map(|entry| (entry.handle.clone(), person(&entry.object)));
    let group = |group: &Group| Object::Group(group.clone());
    let groups = live.groups.iter().filter(|entry| unsettled(platform, entry, group));
    let groups = groups.filter(|entry| is_wanted_group(organisation, entry));
    let groups = groups.map(|entry| (entry.handle.clone(), group(&entry.object)));
    let gone = live.vanished.iter().filter(|(resource, id)| match resource {
        Resource::User => organisation.managed.users && organisation.entry(Section::Users, id).is_none(),
        Resource::Contact => organisation.managed.contacts && organisation.entry(Section::Contacts, id).is_none(),
        Resource::PermissionGroup => organisation.managed.groups && organisation.group(id).is_none(),
    });
    Agreed { there: people.chain(groups).collect(), gone: gone.cloned().collect() }
}

/// Whether a roster asks for just what is there of somebody.
fn is_wanted(organisation: &Organisation, entry: &Entry<Person>, folds_case: bool) -> bool {
    let there = &entry.object;
    let Some(wanted) = organisation.entry(there.section, &there.id).filter(|_| entry.managed) else { return false };
    let mut after = merged(Some(there), wanted, folds_case);
    if there.status.value == State::Pending && after.status.value == State::Active {
        after.status.value = State::Pending;
    }
    same(there, &after)
}

fn is_wanted_group(organisation: &Organisation, entry: &Entry<Group>) -> bool {
    let access = |group: &Group| {
        let mut access: Vec<_> =
            group.applications.iter().map(|(application, level, _)| (*application, *level)).collect();
        access.sort_unstable();
        access
    };
    let wanted = organisation.group(&entry.object.id).filter(|_| entry.managed);
    wanted.is_some_and(|wanted| wanted.name == entry.object.name && access(wanted) == access(&entry.object))
}

/// Whether rosterctl wrote something else last, or nothing.
fn unsettled<T>(platform: &Platform, entry: &Entry<T>, of: impl Fn(&T) -> Object) -> bool {
    match &entry.applied {
        Applied::Same => false,
        Applied::Unknown => true,
        Applied::Other(applied) => of(applied).json(platform) != of(&entry.object).json(platform),
    }
}
