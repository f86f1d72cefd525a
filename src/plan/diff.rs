//! Desired × live → changes. Pure: `diff(x, x)` is empty, and applying `diff(a, b)` to `a` gives `b`.

use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::document::Action;
use super::unread::{LeftOut, Unknowns};
use crate::diagnostic::{Located, Place};
use crate::live::{Entry, Live, Object, Resource};
use crate::model::{Group, Organisation, Person};
use crate::platform::{Section, State};

/// One change to one object, before it has a number and an order.
#[derive(Clone, Debug)]
pub struct Delta {
    /// What is done.
    pub action: Action,
    /// The kind of object.
    pub resource: Resource,
    /// The id in the roster; for what left it, the id that it had.
    pub key: SmolStr,
    /// The portal's name for it; none where it is created.
    pub handle: Option<SmolStr>,
    /// Whether rosterctl managed it before.
    pub managed: bool,
    /// The object before, in the words of the rosters: renamed groups carry their new id.
    pub before: Option<Object>,
    /// The object after.
    pub after: Option<Object>,
    /// The line behind it.
    pub place: Option<Place>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// The difference between what an organisation wants and what is live.
#[derive(Debug, Default)]
pub struct Diff {
    /// The changes, in the order of the roster.
    pub deltas: Vec<Delta>,
    /// How many objects are as they should be.
    pub unchanged: usize,
    /// What is live and named by no roster, in managed sections.
    pub unmanaged: Vec<(Resource, SmolStr)>,
    /// Removals left out because the read was not complete.
    pub withheld: usize,
    /// Entries of the roster of which nothing can be said, since the portal's own cannot be understood.
    pub left_out: Vec<LeftOut>,
    /// Ids of groups that are renamed: old to new.
    pub renamed_groups: HashMap<SmolStr, SmolStr>,
}

/// Compares an organisation with its live state. `prune` removes what no roster names.
pub fn diff(organisation: &Organisation, live: &Live, prune: bool) -> Diff {
    let mut diff = Diff::default();
    let complete = live.proof.holds();
    let mut unknowns = Unknowns::of(live);
    if organisation.managed.groups {
        diff.groups(organisation, live, &mut unknowns, prune, complete);
    }
    diff.people(organisation, live, &unknowns, prune, complete);
    diff
}

impl Diff {
    fn groups<'a>(
        &mut self,
        organisation: &'a Organisation,
        live: &'a Live,
        unknowns: &mut Unknowns<'a>,
        prune: bool,
        complete: bool,
    ) {
        let by_id: HashMap<&str, &Entry<Group>> =
            live.groups.iter().filter(|entry| entry.managed).map(|entry| (entry.object.id.as_str(), entry)).collect();
        let mut taken: HashSet<&str> = HashSet::new();
        for wanted in &organisation.groups {
            let earlier = || {
                let earlier = wanted.previously.iter().filter(|id| organisation.group(id).is_none());
                earlier.filter_map(|id| by_id.get(id.as_str())).next()
            };
            let by_name = || {
                let same = |entry: &&Entry<Group>| !entry.managed && entry.object.name.value == wanted.name.value;
                live.groups.iter().find(same)
            };
            let exact = by_id.get(wanted.id.as_str());
            let found = exact.or_else(earlier).copied().or_else(by_name).filter(|entry| taken.insert(&entry.handle));
            if exact.is_none()
                && let Some(unread) = unknowns.group(wanted)
            {
                self.left_out.push(LeftOut::of(&unread.handle, &wanted.id, wanted.place()));
                continue;
            }
            match found {
                None => self.deltas.push(Delta {
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
            self.leaver(
                Resource::PermissionGroup,
                &entry.object.id,
                entry.managed,
                &entry.handle,
                object,
                prune,
                complete,
                None,
            );
        }
    }

    fn update_group(&mut self, wanted: &Group, entry: &Entry<Group>) {
        let same_access = || {
            let access = |group: &Group| group.applications.iter().map(|(a, l, _)| (*a, *l)).collect::<Vec<_>>();
            access(wanted) == access(&entry.object)
        };
        if entry.managed && wanted.id == entry.object.id && wanted.name == entry.object.name && same_access() {
            self.unchanged += 1;
            return;
        }
        if wanted.id != entry.object.id {
            self.renamed_groups.insert(entry.object.id.clone(), wanted.id.clone());
        }
        self.deltas.push(Delta {
            action: Action::Update,
            resource: Resource::PermissionGroup,
            key: wanted.id.clone(),
            handle: Some(entry.handle.clone()),
            managed: entry.managed,
            before: Some(Object::Group(entry.object.clone())),
            after: Some(Object::Group(plain_group(wanted))),
            place: Some(wanted.place()),
            notes: adoption(entry.managed, "a group of the same name is there already: it is taken over"),
        });
    }

    fn people(
        &mut self,
        organisation: &Organisation,
        live: &Live,
        unknowns: &Unknowns<'_>,
        prune: bool,
        complete: bool,
    ) {
        let mut by_id: HashMap<(Section, &str), &Entry<Person>> = HashMap::with_capacity(live.people.len());
        let mut by_email: HashMap<String, &Entry<Person>> = HashMap::new();
        for entry in &live.people {
            if entry.managed {
                by_id.insert((entry.object.section, &entry.object.id), entry);
            }
        }
        // Only those who are not known by their id need to be looked up by their address.
        let unknown = |person: &&Person| !by_id.contains_key(&(person.section, person.id.as_str()));
        if organisation.people.iter().any(|person| unknown(&person)) {
            for entry in &live.people {
                if let Some(email) = &entry.object.email {
                    by_email.insert(email.value.to_ascii_lowercase(), entry);
                }
            }
        }
        let mut taken: HashSet<&str> = HashSet::with_capacity(live.people.len());
        let expected = |entry: &Entry<Person>| {
            let id = entry.object.id.as_str();
            entry.managed && organisation.entry(entry.object.section, id).is_some()
        };
        // Whom an entry that is not there yet names under `previously` is that entry's, and nobody else's by address;
        // and who stands in a section that is not managed stays there.
        let new = organisation.people.iter().filter(unknown);
        let claims: HashSet<(Section, &str)> =
            new.flat_map(|person| person.previously.iter().map(|id| (person.section, id.as_str()))).collect();
        let free = |entry: &&&Entry<Person>| {
            let (section, id) = (entry.object.section, entry.object.id.as_str());
            let ours = organisation.managed.has(section);
            ours && !expected(entry) && !(entry.managed && claims.contains(&(section, id)))
        };
        for wanted in &organisation.people {
            let earlier = || {
                let ids = wanted.previously.iter();
                let mut found = ids.filter_map(|id| by_id.get(&(wanted.section, id.as_str())));
                found.find(|entry| !expected(entry))
            };
            let same_address = || {
                let email = wanted.email.as_ref()?.value.to_ascii_lowercase();
                by_email.get(&email).filter(free)
            };
            let other = || {
                let other = if wanted.section == Section::Users { Section::Contacts } else { Section::Users };
                by_id.get(&(other, wanted.id.as_str())).filter(free)
            };
            let exact = by_id.get(&(wanted.section, wanted.id.as_str()));
            let found = exact.or_else(earlier).or_else(other).or_else(same_address).copied();
            let found = found.filter(|entry| taken.insert(&entry.handle));
            if let Some(unread) = unknowns.person(wanted, exact.is_some()) {
                self.left_out.push(LeftOut::of(&unread.handle, &wanted.id, wanted.place()));
                continue;
            }
            match found {
                None => self.deltas.push(Delta {
                    action: Action::Create,
                    resource: Resource::from(wanted.section),
                    key: wanted.id.clone(),
                    handle: None,
                    managed: false,
                    before: None,
                    after: Some(Object::Person(Box::new(merged(None, wanted)))),
                    place: Some(wanted.place()),
                    notes: never_seen(wanted),
                }),
                Some(entry) => self.update_person(wanted, entry),
            }
        }
        let ended: HashMap<(Section, &str), &Person> =
            organisation.expired.iter().map(|person| ((person.section, person.id.as_str()), person)).collect();
        for entry in live.people.iter().filter(|entry| !taken.contains(entry.handle.as_str())) {
            if !organisation.managed.has(entry.object.section) {
                continue;
            }
            let person = self.in_new_words(&entry.object);
            let ended = ended.get(&(person.section, person.id.as_str())).copied();
            let (id, resource) = (person.id.clone(), Resource::from(person.section));
            let object = Object::Person(Box::new(person));
            self.leaver(resource, &id, entry.managed, &entry.handle, object, prune, complete, ended);
        }
    }

    fn update_person(&mut self, wanted: &Person, entry: &Entry<Person>) {
        let before = self.in_new_words(&entry.object);
        let after = merged(Some(&before), wanted);
        if entry.managed && same(&before, &after) {
            self.unchanged += 1;
            return;
        }
        let action = match (before.status.value, after.status.value) {
            (State::Active, State::Deactivated) => Action::Deactivate,
            (State::Deactivated, State::Active) => Action::Reactivate,
            _ => Action::Update,
        };
        let mut notes = adoption(entry.managed, "someone with this e-mail address is there already: taken over");
        if before.section != after.section {
            let (from, to) = (Resource::from(before.section), Resource::from(after.section));
            notes.push(format!("the {from} becomes a {to}"));
        }
        self.deltas.push(Delta {
            action,
            resource: Resource::from(wanted.section),
            key: wanted.id.clone(),
            handle: Some(entry.handle.clone()),
            managed: entry.managed,
            before: Some(Object::Person(Box::new(before))),
            after: Some(Object::Person(Box::new(after))),
            place: Some(wanted.place()),
            notes,
        });
    }

    /// A live person with renamed groups under their new ids.
    pub(super) fn in_new_words(&self, person: &Person) -> Person {
        let mut person = person.clone();
        if !self.renamed_groups.is_empty() {
            for group in &mut person.groups {
                if let Some(new) = self.renamed_groups.get(&group.value) {
                    group.value = new.clone();
                }
            }
        }
        person
    }

    #[allow(clippy::too_many_arguments)]
    fn leaver(
        &mut self,
        resource: Resource,
        id: &SmolStr,
        managed: bool,
        handle: &SmolStr,
        object: Object,
        prune: bool,
        complete: bool,
        ended: Option<&Person>,
    ) {
        if !managed && !prune {
            self.unmanaged.push((resource, handle.clone()));
            return;
        }
        if !complete {
            self.withheld += 1;
            return;
        }
        let mut notes = Vec::new();
        let mut place = None;
        if let Some((ended, until)) = ended.and_then(|ended| Some((ended, ended.until?))) {
            notes.push(format!("the last day was {} (`until`)", until.value.0));
            place = Some(ended.at(until.span, &["until"]));
        }
        if !managed {
            notes.push("no roster names it: removed by --prune".to_owned());
        }
        self.deltas.push(Delta {
            action: Action::Delete,
            resource,
            key: id.clone(),
            handle: Some(handle.clone()),
            managed,
            before: Some(object),
            after: None,
            place,
            notes,
        });
    }
}

/// What is worth knowing of a newcomer who is said to have had other ids.
fn never_seen(wanted: &Person) -> Vec<String> {
    let ids: Vec<&str> = wanted.previously.iter().map(SmolStr::as_str).collect();
    let note = || format!("nobody on the portal has an earlier id of `previously` ({}): a new entry", ids.join(", "));
    if ids.is_empty() { Vec::new() } else { vec![note()] }
}

fn adoption(managed: bool, note: &str) -> Vec<String> {
    if managed { Vec::new() } else { vec![note.to_owned()] }
}

fn plain_group(group: &Group) -> Group {
    Group { previously: Vec::new(), ..group.clone() }
}

/// What a person shall be: what the roster says, and where it is silent what the portal has.
pub fn merged(live: Option<&Person>, wanted: &Person) -> Person {
    let filled = |text: &Option<crate::model::Text>| text.clone().filter(|text| !text.value.is_empty());
    let mut after = wanted.clone();
    after.previously = Vec::new();
    after.until = None;
    after.email = match (&wanted.email, live) {
        (None, Some(live)) => live.email.clone(),
        (email, _) => filled(email),
    };
    after.phone = match (&wanted.phone, live) {
        (None, Some(live)) => live.phone.clone(),
        (phone, _) => filled(phone),
    };
    if let Some(live) = live {
        for (attribute, value) in &live.attributes {
            if wanted.attribute(*attribute).is_none() {
                after.attributes.push((*attribute, Located::nowhere(value.value.clone())));
            }
        }
        after.attributes.sort_by_key(|(attribute, _)| *attribute);
    }
    after
}

/// Whether two people are the same to a portal: order in lists means nothing.
pub fn same(a: &Person, b: &Person) -> bool {
    let scalars = a.id == b.id
        && a.section == b.section
        && a.name == b.name
        && a.email == b.email
        && a.phone == b.phone
        && a.entry_type == b.entry_type
        && a.status == b.status;
    scalars && same_set(&a.roles, &b.roles) && same_set(&a.groups, &b.groups) && same_attributes(a, b)
}

fn same_set<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a == b || a.iter().all(|item| b.contains(item)) && b.iter().all(|item| a.contains(item))
}

fn same_attributes(a: &Person, b: &Person) -> bool {
    use crate::model::Value;
    a.attributes.len() == b.attributes.len()
        && a.attributes.iter().zip(&b.attributes).all(|((left, x), (right, y))| {
            left == right
                && match (&x.value, &y.value) {
                    (Value::List(x), Value::List(y)) => same_set(x, y),
                    (x, y) => x == y,
                }
        })
}
