//! What a snapshot does not say is taken to be as the roster wants it: it makes no difference and no step. And whom a
//! snapshot without ids means is told by addresses and names.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, Located, Severity};
use crate::live::unseen::UnseenGroups;
use crate::live::{Applied, Completeness, Entry, Live, Unseen};
use crate::model::{EntryType, Group, Organisation, Person, Value};
use crate::platform::{AttributeIx, Section, State};

/// Settles who is who in a snapshot, and fills in what it does not say. A portal that was read itself stays as it is.
///
/// `before`: the organisation at an earlier revision. Whom it named by an address and the roster does not name any more
/// has left; whom the roster gave another address is still the same.
pub fn settle(live: &mut Live, organisation: &Organisation, before: Option<&Organisation>) {
    if live.taken.is_none() {
        return;
    }
    groups(live, organisation, before);
    let recognised = recognise(live, organisation, before);
    name_unread(live, organisation);
    let unseen = std::mem::take(&mut live.unseen);
    for (entry, recognised) in live.people.iter_mut().zip(recognised).filter(|(entry, _)| entry.managed) {
        let (section, id) = (entry.object.section, &entry.object.id);
        let other = if section == Section::Users { Section::Contacts } else { Section::Users };
        let by_id = || organisation.entry(section, id).or_else(|| organisation.entry(other, id));
        let gone = |section: Section| {
            let expired = organisation.expired.iter().find(|then| then.section == section && then.id == *id);
            expired.or_else(|| before?.entry(section, id))
        };
        if let Some(wanted) = recognised.filter(|wanted| wanted.section == section).or_else(by_id) {
            if wanted.section != section && unseen.sections.contains(&wanted.section) {
                belongs(&mut entry.object, wanted);
            }
            fill(&mut entry.object, wanted, &unseen);
        } else if unseen.sections.contains(&other) && gone(section).is_none() {
            // Who has left is taken out of where the roster had them.
            if let Some(then) = gone(other) {
                belongs(&mut entry.object, then);
            }
        }
    }
    if !unseen.sections.is_empty() {
        let there = live.people.iter().filter(|entry| entry.managed);
        let there: HashSet<(Section, &SmolStr)> = there.map(|entry| (entry.object.section, &entry.object.id)).collect();
        let unread: HashSet<&SmolStr> = live.unread.iter().filter_map(|unread| unread.id.as_ref()).collect();
        let absent = organisation.people.iter().filter(|wanted| {
            let known = there.contains(&(wanted.section, &wanted.id)) || unread.contains(&wanted.id);
            unseen.sections.contains(&wanted.section) && !known
        });
        let assumed: Vec<Entry<Person>> = absent.map(|wanted| assumed(as_live(wanted), wanted.id.clone())).collect();
        live.people.extend(assumed);
    }
    if unseen.permission_groups {
        let there: HashSet<SmolStr> = live.groups.iter().map(|entry| entry.object.id.clone()).collect();
        let absent = organisation.groups.iter().filter(|wanted| !there.contains(&wanted.id));
        live.groups.extend(absent.map(assumed_group).collect::<Vec<_>>());
    }
    if unseen.applications {
        for entry in live.groups.iter_mut().filter(|entry| entry.managed) {
            if let Some(wanted) = organisation.group(&entry.object.id) {
                entry.object.applications = wanted.applications.clone();
            }
        }
    }
    live.unseen = unseen;
    let read = live.people.len() + live.groups.len();
    let missing = live.proof.announced - live.proof.read;
    live.proof = Completeness { read, announced: read + missing };
}

/// Says once what is not compared, of what the roster speaks of.
pub fn finding(live: &Live, organisation: &Organisation) -> Option<Diagnostic> {
    let (all, people) = (&live.unseen, &organisation.people);
    let spoken = Unseen {
        sections: all.sections.iter().copied().filter(|section| organisation.managed.has(*section)).collect(),
        section: all.section,
        entry_type: all.entry_type && people.iter().any(|one| one.entry_type.value != EntryType::Person),
        name: all.name,
        email: all.email && people.iter().any(|one| one.email.is_some()),
        phone: all.phone && people.iter().any(|one| one.phone.is_some()),
        status: all.status,
        roles: all.roles.iter().copied().filter(|role| people.iter().any(|one| one.holds(*role))).collect(),
        groups: match people.iter().any(|one| !one.groups.is_empty()) {
            true => all.groups.clone(),
            false => UnseenGroups::None,
        },
        attributes: {
            let stated = |attribute: &AttributeIx| people.iter().any(|one| one.attribute(*attribute).is_some());
            all.attributes.iter().copied().filter(stated).collect()
        },
        permission_groups: all.permission_groups && organisation.managed.groups,
        applications: all.applications && organisation.managed.groups,
    };
    let words = spoken.words(&organisation.platform);
    if words.is_empty() {
        return None;
    }
    let message = format!("the snapshot does not say these, so they are not compared: {}", words.join(", "));
    let help =
        "for people who are there they are taken to be as the roster says; export them too, or name their columns";
    Some(Diagnostic::new("plan/not-in-snapshot", Severity::Info, message).help(help))
}

/// Groups of a snapshot are known by their names: they get the ids of the roster.
fn groups(live: &mut Live, organisation: &Organisation, before: Option<&Organisation>) {
    let mut ids: HashMap<String, &SmolStr> = HashMap::new();
    for group in before.into_iter().flat_map(|before| &before.groups).chain(&organisation.groups) {
        ids.insert(folded(&group.name.value), &group.id);
    }
    for group in &organisation.groups {
        ids.insert(folded(&group.id), &group.id);
        // The portal may have it under what it was called before.
        for earlier in &group.previously {
            ids.entry(folded(earlier)).or_insert(&group.id);
        }
    }
    let mut renamed: HashMap<SmolStr, SmolStr> = HashMap::new();
    let mut taken: HashSet<SmolStr> = HashSet::new();
    for entry in live.groups.iter_mut().filter(|entry| !entry.managed) {
        let by_id = ids.get(&folded(&entry.object.id));
        let found = by_id.or_else(|| ids.get(&folded(&entry.object.name.value)));
        let Some(id) = found.filter(|id| taken.insert((**id).clone())) else { continue };
        entry.managed = true;
        let old = std::mem::replace(&mut entry.object.id, (*id).clone());
        let wanted = organisation.group(id);
        if let Some(wanted) = wanted.filter(|wanted| {
            folded(&wanted.name.value) == folded(&entry.object.name.value)
                || folded(&old) == folded(&entry.object.name.value)
        }) {
            // Known by the id alone, or written in another case: the name is not another one for that.
            entry.object.name = Located::nowhere(wanted.name.value.clone());
        }
        renamed.insert(old, entry.object.id.clone());
    }
    let members = live.people.iter_mut().filter(|_| !renamed.is_empty());
    for group in members.flat_map(|entry| &mut entry.object.groups) {
        if let Some(id) = renamed.get(&group.value) {
            group.value = id.clone();
        }
    }
    for unread in live.unread.iter_mut().filter(|unread| unread.is_group()) {
        let name = unread.name.as_ref().or(unread.id.as_ref());
        if let Some(id) = name.and_then(|name| ids.get(&folded(name))) {
            unread.id = Some((*id).clone());
        }
    }
}

/// People without an id of the roster are known by their addresses. Tells of each whose entry of the roster it is, where
/// that was found by the address that the roster has now.
fn recognise<'o>(
    live: &mut Live,
    organisation: &'o Organisation,
    before: Option<&Organisation>,
) -> Vec<Option<&'o Person>> {
    let known: HashSet<SmolStr, RandomState> =
        live.people.iter().filter(|entry| entry.managed).map(|entry| entry.object.id.clone()).collect();
    // By address the id, and the entry of the roster where it has that address now.
    let mut wanted: HashMap<SmolStr, (&SmolStr, Option<&'o Person>), RandomState> =
        HashMap::with_capacity_and_hasher(organisation.people.len(), RandomState::default());
    let free = |person: &&Person| !known.contains(&person.id) && !person.previously.iter().any(|id| known.contains(id));
    // Where the roster gives somebody another address, the portal has the earlier one. An address counts as it is now first.
    for then in before.into_iter().flat_map(|before| &before.people) {
        wanted.extend(then.address().map(|address| (address, (&then.id, None))));
    }
    // A contact may have the id of a user, who comes first.
    let second = |one: &Person| one.section != Section::Users && organisation.entry(Section::Users, &one.id).is_some();
    let mut doubtful = before.is_some() || !organisation.expired.is_empty();
    for person in organisation.people.iter().filter(free) {
        let first = Some(person).filter(|person| !second(person));
        doubtful |= first.is_none();
        wanted.extend(person.address().map(|address| (address, (&person.id, first))));
    }
    for person in organisation.expired.iter().filter(free) {
        wanted.extend(person.address().map(|address| (address, (&person.id, None))));
    }
    // Those of the roster who are there under the address that it has now.
    let mut now: HashSet<&SmolStr> = HashSet::new();
    if doubtful {
        let there: HashSet<SmolStr> = live.people.iter().filter_map(|entry| entry.object.address()).collect();
        let found = organisation.people.iter().filter(|one| one.address().is_some_and(|own| there.contains(&own)));
        now.extend(found.map(|person| &person.id));
    }
    let mut taken = known;
    let mut recognise = |entry: &mut Entry<Person>| {
        let (id, person) = *wanted.get(&entry.object.address().filter(|_| !entry.managed)?)?;
        // Whoever has the address that the roster says now comes before whoever had the earlier one.
        if person.is_none() && now.contains(id) || !taken.insert(id.clone()) {
            return None;
        }
        entry.object.id = id.clone();
        entry.managed = true;
        person
    };
    live.people.iter_mut().map(&mut recognise).collect()
}

/// Rows that have a name alone may be whoever of the roster has that name and was not found.
fn name_unread(live: &mut Live, organisation: &Organisation) {
    if live.unread.iter().all(|unread| unread.is_group() || unread.id.is_some() || unread.email.is_some()) {
        return;
    }
    let found: HashSet<&SmolStr> =
        live.people.iter().filter(|entry| entry.managed).map(|entry| &entry.object.id).collect();
    let names: HashMap<String, &SmolStr> = organisation
        .people
        .iter()
        .filter(|person| !found.contains(&person.id))
        .map(|person| (person.name.value.to_lowercase(), &person.id))
        .collect();
    for unread in
        live.unread.iter_mut().filter(|unread| !unread.is_group() && unread.id.is_none() && unread.email.is_none())
    {
        unread.id = unread.name.as_ref().and_then(|name| names.get(&name.to_lowercase())).map(|id| (*id).clone());
    }
}

/// Whom the roster names in a section that the snapshot has no place for is that person, and nobody else besides.
fn belongs(live: &mut Person, wanted: &Person) {
    live.section = wanted.section;
    live.entry_type = Located::nowhere(wanted.entry_type.value);
    // Of contacts no state is read.
    live.status =
        Located::nowhere(if wanted.status.value == State::Absent { State::Active } else { wanted.status.value });
}

/// What a snapshot does not say of somebody.
fn fill(live: &mut Person, wanted: &Person, unseen: &Unseen) {
    if unseen.section {
        live.section = wanted.section;
    }
    if unseen.entry_type {
        live.entry_type = Located::nowhere(wanted.entry_type.value);
    }
    if unseen.name || live.name.value.is_empty() {
        live.name = Located::nowhere(wanted.name.value.clone());
    }
    if unseen.email {
        live.email = wanted.email.as_ref().map(|email| Located::nowhere(email.value.clone()));
    }
    let same_number = |a: &SmolStr, b: &SmolStr| a == b || digits(a) == digits(b);
    match (&live.phone, &wanted.phone) {
        (_, Some(phone)) if unseen.phone => live.phone = Some(Located::nowhere(phone.value.clone())),
        // One number may be written in several ways.
        (Some(own), Some(phone)) if same_number(&own.value, &phone.value) => {
            live.phone = Some(Located::nowhere(phone.value.clone()));
        }
        _ => {}
    }
    if live.phone.as_ref().is_some_and(|phone| phone.value.is_empty()) {
        live.phone = None;
    }
    if unseen.status && live.section == Section::Users {
        live.status = Located::nowhere(wanted.status.value);
    }
    for held in &wanted.roles {
        if unseen.roles.contains(&held.role) && !live.holds(held.role) {
            live.roles.push(*held);
        }
    }
    if let UnseenGroups::Except(seen) = &unseen.groups {
        let unknown = wanted.groups.iter().filter(|group| !seen.contains(&group.value));
        let unknown: Vec<_> = unknown.filter(|group| !live.groups.contains(group)).cloned().collect();
        live.groups.extend(unknown);
    }
    // An empty cell is no, so nobody has to write a no into it.
    let unknown = |attribute, value: &Value| unseen.attributes.contains(attribute) || *value == Value::Boolean(false);
    let stated = wanted.attributes.iter().filter(|(attribute, value)| unknown(attribute, &value.value));
    let missing = stated.filter(|(attribute, _)| live.attribute(*attribute).is_none());
    let missing: Vec<_> =
        missing.map(|(attribute, value)| (*attribute, Located::nowhere(value.value.clone()))).collect();
    live.attributes.extend(missing);
    live.attributes.sort_by_key(|(attribute, _)| *attribute);
}

fn as_live(wanted: &Person) -> Person {
    let mut person = Person::new(wanted.section, wanted.id.clone(), wanted.name.value.clone());
    let filled = |text: &Option<crate::model::Text>| {
        text.as_ref().filter(|text| !text.value.is_empty()).map(|text| Located::nowhere(text.value.clone()))
    };
    (person.email, person.phone) = (filled(&wanted.email), filled(&wanted.phone));
    person.entry_type = Located::nowhere(wanted.entry_type.value);
    person.status =
        Located::nowhere(if wanted.status.value == State::Absent { State::Active } else { wanted.status.value });
    person.roles = wanted.roles.clone();
    person.groups = wanted.groups.clone();
    person.attributes = wanted.attributes.clone();
    person
}

fn assumed<T>(object: T, handle: SmolStr) -> Entry<T> {
    Entry { object, handle, managed: true, applied: Applied::Unknown }
}

fn assumed_group(wanted: &Group) -> Entry<Group> {
    assumed(Group { previously: Vec::new(), ..wanted.clone() }, wanted.id.clone())
}

/// The digits of a telephone number, without what stands for a plus.
fn digits(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches("00").to_owned()
}

/// A name as it is compared: groups of portals are spelled in many ways.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
