//! Permission groups compared: known by their id, by an earlier one, or by their name.

use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::{Comparison, Delta, adoption};
use crate::live::{Entry, Object, Resource};
use crate::model::Group;
use crate::plan::document::Action;
use crate::plan::unread::{LeftOut, Unknowns};

impl<'a> Comparison<'a> {
    pub(super) fn groups(&mut self, unknowns: &mut Unknowns<'a>) {
        let (organisation, live) = (self.organisation, self.live);
        let by_id: HashMap<&str, &Entry<Group>> =
            live.groups.iter().filter(|entry| entry.managed).map(|entry| (entry.object.id.as_str(), entry)).collect();
        let mut taken: HashSet<&str> = HashSet::new();
        let claimed: HashSet<&str> =
            organisation.groups.iter().flat_map(|group| group.previously.iter().map(SmolStr::as_str)).collect();
        for wanted in &organisation.groups {
            let earlier = || {
                let earlier = wanted.previously.iter().filter(|id| organisation.group(id).is_none());
                earlier.filter_map(|id| by_id.get(id.as_str())).next()
            };
            // One that no roster names any more is the same group under another id.
            let free = |entry: &&Entry<Group>| {
                let id = &entry.object.id;
                !entry.managed || organisation.group(id).is_none() && !claimed.contains(id.as_str())
            };
            let by_name = || {
                let mut free = live.groups.iter().filter(free);
                free.find(|entry| entry.object.name.value == wanted.name.value)
            };
            let exact = by_id.get(wanted.id.as_str());
            let found = exact.or_else(earlier).copied().or_else(by_name).filter(|entry| taken.insert(&entry.handle));
            if exact.is_none()
                && let Some(unread) = unknowns.group(wanted)
            {
                self.found.left_out.push(LeftOut::of(&unread.handle, &wanted.id, wanted.place()));
                continue;
            }
            match found {
                None => self.found.deltas.push(Delta {
                    action: Action::Create,
                    resource: Resource::PermissionGroup,
                    key: wanted.id.clone(),
                    handle: None,
                    managed: false,
                    before: None,
                    after: Some(Object::Group(plain_group(wanted))),
                    place: Some(wanted.place()),
                    notes: Vec::new(),
                }),
                Some(entry) => self.update_group(wanted, entry),
            }
        }
        for entry in live.groups.iter().filter(|entry| !taken.contains(entry.handle.as_str())) {
            let object = Object::Group(entry.object.clone());
            self.leaver(Resource::PermissionGroup, entry.managed, &entry.handle, object, None);
        }
    }

    fn update_group(&mut self, wanted: &Group, entry: &Entry<Group>) {
        let same_access = || {
            let access = |group: &Group| group.applications.iter().map(|(a, l, _)| (*a, *l)).collect::<Vec<_>>();
            access(wanted) == access(&entry.object)
        };
        if entry.managed && wanted.id == entry.object.id && wanted.name == entry.object.name && same_access() {
            self.found.unchanged += 1;
            return;
        }
        if wanted.id != entry.object.id {
            self.found.renamed_groups.insert(entry.object.id.clone(), wanted.id.clone());
        }
        self.found.deltas.push(Delta {
            action: Action::Update,
            resource: Resource::PermissionGroup,
            key: wanted.id.clone(),
            handle: Some(entry.handle.clone()),
            managed: entry.managed,
            before: Some(Object::Group(entry.object.clone())),
            after: Some(Object::Group(plain_group(wanted))),
            place: Some(wanted.place()),
            notes: taken_over(wanted, entry),
        });
    }
}

/// What is worth knowing of a group that is known by its name alone.
fn taken_over(wanted: &Group, entry: &Entry<Group>) -> Vec<String> {
    let id = &entry.object.id;
    let by_name = entry.managed && *id != wanted.id && !wanted.previously.contains(id);
    match by_name {
        true => vec![format!("the group `{id}`, which left the roster, has the same name: it gets this id")],
        false => adoption(entry.managed, "a group of the same name is there already: it is taken over"),
    }
}

fn plain_group(group: &Group) -> Group {
    Group { previously: Vec::new(), ..group.clone() }
}
