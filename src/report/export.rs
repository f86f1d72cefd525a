//! Live state as the roster that would leave it unchanged.

use serde_json::{Map, Value as Json, json};
use smol_str::{SmolStr, ToSmolStr};

use super::ids::with_ids;
use crate::diagnostic::Severity;
use crate::document::roster::AttributeValue;
use crate::document::write::{Entry, GroupEntry, RosterText};
use crate::live::{Live, Object};
use crate::model::{EntryType, Group, Person, Status, Value};
use crate::plan::changes;
use crate::plan::document::Change;
use crate::platform::{Check, Platform, Requires, RoleIx, Section, State, Test};

/// The roster of an organisation as it is live. What rosterctl does not manage stands under the portal's own
/// handles or, where those are no ids, under ids made of addresses and names.
pub fn roster(organisation: &str, platform: &Platform, live: &Live) -> RosterText {
    let live = &with_ids(live);
    let section = |section| platform.sections.contains(&section).then(|| people(platform, live, section));
    RosterText {
        organisation: organisation.into(),
        platform: platform.reference.clone(),
        services: implied(platform, live),
        users: section(Section::Users),
        contacts: section(Section::Contacts),
        groups: platform.sections.contains(&Section::PermissionGroups).then(|| groups(platform, live)),
    }
}

/// The services that an organisation must have, since somebody holds a role that there is only with them.
fn implied(platform: &Platform, live: &Live) -> Vec<SmolStr> {
    let held = |role: RoleIx| live.people.iter().any(|entry| entry.object.holds(role));
    let mut services: Vec<SmolStr> = Vec::new();
    for rule in &platform.rules {
        let Check::Requires(Requires { role: Some(role), only: None, must, .. }) = &rule.check else { continue };
        let alone = must.iter().filter_map(|clause| match &clause.be {
            Test::Services(words) if words.len() == 1 => words.first(),
            _ => None,
        });
        let new: Vec<SmolStr> = alone.filter(|word| !services.contains(word)).cloned().collect();
        if rule.level == Some(Severity::Error) && !new.is_empty() && held(*role) {
            services.extend(new);
        }
    }
    services
}

/// The same roster as JSON.
pub fn as_json(organisation: &str, platform: &Platform, live: &Live) -> Json {
    let live = &with_ids(live);
    let mut document = Map::new();
    document.insert("version".to_owned(), 1.into());
    document.insert("organisation".to_owned(), organisation.into());
    document.insert("platform".to_owned(), platform.reference.as_str().into());
    let services = implied(platform, live);
    if !services.is_empty() {
        document.insert("profile".to_owned(), json!({ "services": services }));
    }
    for section in &platform.sections {
        document.insert(section.as_str().to_owned(), json!({}));
    }
    let people = live.people.iter().map(|entry| Object::Person(Box::new(entry.object.clone())));
    let groups = live.groups.iter().map(|entry| Object::Group(entry.object.clone()));
    for object in people.chain(groups) {
        let mut fields = Map::new();
        // Who has not accepted yet is wanted active all the same.
        let unknown = |to: &Json| *to == State::Deactivated.as_str() && !shuts_out(platform);
        let waits =
            |change: &Change| change.field == "status" && (change.to == State::Pending.as_str() || unknown(&change.to));
        for change in changes(platform, None, Some(&object), true).into_iter().filter(|change| !waits(change)) {
            match change.field.split_once('.') {
                Some((map, key)) => fields.entry(map.to_owned()).or_insert_with(|| json!({}))[key] = change.to,
                None => {
                    fields.insert(change.field, change.to);
                }
            }
        }
        if let Some(section) = document.get_mut(object.section().as_str()) {
            section[object.id()] = Json::Object(fields);
        }
    }
    Json::Object(document)
}

fn people(platform: &Platform, live: &Live, section: Section) -> Vec<Entry> {
    let people = live.people.iter().map(|entry| &entry.object).filter(|person| person.section == section);
    let mut entries: Vec<Entry> = people.map(|person| entry(platform, person)).collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}

/// The entry of a person as it is live.
pub(super) fn entry(platform: &Platform, person: &Person) -> Entry {
    let attributes = person.attributes.iter().map(|(attribute, value)| {
        let value = match &value.value {
            Value::Boolean(value) => AttributeValue::Boolean(*value),
            Value::Text(text) => AttributeValue::Text(text.clone()),
            Value::List(words) => AttributeValue::List(words.clone()),
        };
        (platform[*attribute].name.clone(), value)
    });
    Entry {
        id: person.id.clone(),
        name: person.name.value.clone(),
        email: person.email.as_ref().map(|email| email.value.clone()),
        phone: person.phone.as_ref().map(|phone| phone.value.clone()),
        entry_type: Some(person.entry_type.value).filter(|kind| *kind != EntryType::Person),
        // Where the platform knows no such state, nobody can be wanted in it.
        status: (person.status.value == State::Deactivated && shuts_out(platform)).then_some(Status::Deactivated),
        roles: person.roles.iter().map(|held| platform[held.role].id.clone()).collect(),
        groups: person.groups.iter().map(|group| group.value.clone()).collect(),
        attributes: attributes.collect(),
    }
}

/// Whether people on a platform may be there without access.
pub(super) fn shuts_out(platform: &Platform) -> bool {
    platform.transitions.iter().any(|way| way.to == State::Deactivated)
}

fn groups(platform: &Platform, live: &Live) -> Vec<GroupEntry> {
    let mut entries: Vec<GroupEntry> = live.groups.iter().map(|entry| group(platform, &entry.object)).collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}

/// The entry of a permission group as it is live.
pub(super) fn group(platform: &Platform, group: &Group) -> GroupEntry {
    let levels = group.applications.iter();
    let levels = levels.map(|(application, level, _)| (&platform[*application], level.0 as usize));
    let access = levels.map(|(application, level)| (application.id.clone(), application.levels[level].clone()));
    GroupEntry { id: group.id.clone(), name: group.name.value.to_smolstr(), applications: access.collect() }
}
