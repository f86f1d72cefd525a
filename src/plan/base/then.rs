//! Who somebody was at a revision, whatever they are called now.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::Changed;
use crate::live::{Object, Resource};
use crate::model::{Group, Organisation, Person};

/// An organisation as it was at a revision.
pub(super) struct Then<'t> {
    /// The organisation.
    pub organisation: &'t Organisation,
    by_address: OnceCell<HashMap<String, &'t Person>>,
}

impl<'t> Then<'t> {
    /// An organisation of a revision.
    pub fn new(organisation: &'t Organisation) -> Then<'t> {
        Then { organisation, by_address: OnceCell::new() }
    }

    /// The object at the revision: by its id, by an earlier one, by the id that it has on the portal or, as those are
    /// adopted who are there already, by its mail address. Who has another entry now is nobody else.
    pub fn object(&self, now: &Organisation, changed: &Changed, live_id: Option<&str>) -> Option<Object> {
        let key = changed.key.as_str();
        if changed.resource == Resource::PermissionGroup {
            let known = |id: &str| self.organisation.group(id);
            let earlier = || now.group(key)?.previously.iter().find_map(|id| known(id));
            let live = || live_id.filter(|id| now.group(id).is_none()).and_then(known);
            let group: Option<&Group> = known(key).or_else(earlier).or_else(live);
            return group.map(|group| Object::Group(group.clone()));
        }
        let known = |id: &str| self.organisation.person(id);
        let earlier = || now.person(key)?.previously.iter().find_map(|id| known(id));
        let live = || live_id.filter(|id| now.person(id).is_none()).and_then(known);
        let address = || {
            let address = now.person(key)?.email.as_ref()?.value.to_ascii_lowercase();
            self.by_address().get(&address).copied().filter(|then| now.person(&then.id).is_none())
        };
        let person = known(key).or_else(earlier).or_else(live).or_else(address);
        person.map(|person| Object::Person(Box::new(person.clone())))
    }

    fn by_address(&self) -> &HashMap<String, &'t Person> {
        self.by_address.get_or_init(|| {
            let people = self.organisation.people.iter();
            people.filter_map(|person| Some((person.email.as_ref()?.value.to_ascii_lowercase(), person))).collect()
        })
    }
}
