//! The tool's own form as a snapshot: a roster that was exported earlier, or is kept by hand.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::grid::{Grid, Unit};
use super::groups::a_group;
use super::merge::{People, not_understood};
use super::people::{Found, Trouble};
use crate::document::roster::{AttributeValue, EntryType, Roster};
use crate::document::tree::{self, Node};
use crate::document::{Sources, Written, locate, read_rosters};
use crate::live::object::{GroupRecord, PersonRecord};
use crate::live::unseen::Unseen;
use crate::live::{Applied, Entry, Live, LiveError};
use crate::model::Person;
use crate::platform::{AttributeIx, Platform, Section};

/// The documents of a text that is a roster; none where it is a list of something else.
pub fn documents(text: &str, shown: &str) -> Result<Option<Vec<Written<Box<Roster>>>>, LiveError> {
    const SECTIONS: [&str; 3] = ["users", "contacts", "permissionGroups"];
    if !text.contains("organisation") || !SECTIONS.iter().any(|section| text.contains(section)) {
        return Ok(None);
    }
    let parsed = tree::parse(text, false);
    let has = |root: Node<'_>, word: &str| root.entries().any(|(key, _)| key.text() == Some(word));
    let is_roster = |root: Node<'_>| has(root, "organisation") && SECTIONS.iter().any(|section| has(root, section));
    if !parsed.roots().any(is_roster) {
        return Ok(None);
    }
    let mut sources = Sources::default();
    let file = sources.push(shown.to_owned(), text.to_owned());
    let (documents, findings) = read_rosters(&sources, &[file]);
    let Some(first) = findings.first() else { return Ok(Some(documents)) };
    let place = first.place.as_ref().map(|place| locate(&sources, place));
    let place = place.map(|place| format!("{shown}:{}:{}: ", place.line, place.column)).unwrap_or_default();
    let more = match findings.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more; `rosterctl validate {shown}` shows all)"),
    };
    let help = first.help.clone().unwrap_or_else(|| "mend it, or export it again".to_owned());
    Err(LiveError::new(format!("{place}{}{more}", first.message), help))
}

/// The organisations of documents.
pub fn organisations(documents: &[Written<Box<Roster>>]) -> Vec<SmolStr> {
    let ids = documents.iter().filter_map(|one| one.value.organisation.0.as_ref().map(|id| id.value.0.clone()));
    let mut ids: Vec<SmolStr> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Puts what documents say of an organisation into a live state.
pub fn read(documents: &[Written<Box<Roster>>], organisation: &str, platform: &Platform, shown: &str, live: &mut Live) {
    let grid = Grid {
        shown: shown.to_owned(),
        unit: Unit::Item,
        rows: Vec::new(),
        seen: String::new(),
        stamp: None,
        part: None,
        sheets: Vec::new(),
    };
    let mut people = People::new(&grid, 0);
    let mut unseen = Unseen { phone: true, ..Unseen::default() };
    let mut stated: Vec<AttributeIx> = Vec::new();
    let own = documents.iter().map(|one| &one.value);
    let own = own.filter(|one| one.organisation.0.as_ref().is_some_and(|id| id.value.0 == organisation));
    let mut there: Vec<Section> = Vec::new();
    let mut line = 0;
    let mut gives = false;
    let mut add = |section: Section, id: &SmolStr, record: PersonRecord| {
        line += 1;
        unseen.phone &= record.phone.is_none();
        let (person, trouble) = match record.person(platform, section, id) {
            Ok(person) => (person, None),
            Err(why) => {
                let message = format!("{shown}: `{id}` of `{section}`: {why}", section = section.as_str());
                let help = "correct the word, or export the roster again".to_owned();
                let mut person = Person::new(section, id.clone(), record.name.clone());
                person.email = record.email.clone().map(crate::diagnostic::Located::nowhere);
                (person, Some(Trouble { rule: "snapshot/unknown-word", message, help }))
            }
        };
        stated.extend(person.attributes.iter().map(|(attribute, _)| *attribute));
        people.add(Found { line, id: Some(id.clone()), person, troubles: trouble.into_iter().collect() });
    };
    for roster in own {
        for (id, user) in roster.users.iter().flat_map(|users| &users.entries) {
            let status = user.status.as_ref().map_or("active", |status| status.value.as_str());
            let parts =
                (&user.name.0, user.email.as_ref().map(|email| email.value.0.clone()), &user.phone, &user.entry_type);
            add(Section::Users, &id.value, record(parts, status, &user.roles, &user.groups, user.attributes.as_ref()));
        }
        for (id, one) in roster.contacts.iter().flat_map(|contacts| &contacts.entries) {
            let parts =
                (&one.name.0, one.email.as_ref().map(|email| email.value.0.clone()), &one.phone, &one.entry_type);
            add(Section::Contacts, &id.value, record(parts, "active", &one.roles, &None, one.attributes.as_ref()));
        }
        for (id, group) in roster.permission_groups.iter().flat_map(|groups| &groups.entries) {
            let name = group.name.0.as_ref().map_or_else(|| id.value.clone(), |name| name.value.clone());
            gives |= group.applications.is_some();
            let applications = group.applications.iter().flat_map(|map| &map.entries);
            let applications = applications.map(|(name, level)| (name.value.clone(), level.value.clone())).collect();
            let (handle, managed) = (id.value.clone(), true);
            match (GroupRecord { name: name.clone(), applications }).group(platform, &id.value) {
                Ok(object) => live.groups.push(Entry { object, handle, managed, applied: Applied::Unknown }),
                Err(why) => {
                    let message = format!("{shown}: the permission group `{handle}`: {why}");
                    let help = "correct the word, or export the roster again".to_owned();
                    let trouble = Trouble { rule: "snapshot/unknown-word", message, help };
                    not_understood(live, a_group(handle, Some(name)), vec![trouble]);
                }
            }
        }
        let sections = [
            (roster.users.is_some(), Section::Users),
            (roster.contacts.is_some(), Section::Contacts),
            (roster.permission_groups.is_some(), Section::PermissionGroups),
        ];
        there.extend(sections.iter().filter(|(there, _)| *there).map(|(_, section)| *section));
    }
    people.into_live(live);
    unseen.permission_groups = !there.contains(&Section::PermissionGroups);
    unseen.applications = !gives;
    let missing = |section: &Section| platform.sections.contains(section) && !there.contains(section);
    unseen.sections = [Section::Users, Section::Contacts].into_iter().filter(missing).collect();
    let all = (0..platform.attributes.len()).map(|index| AttributeIx(index as u16));
    unseen.attributes = all.filter(|attribute| !stated.contains(attribute)).collect();
    live.unseen = unseen;
}

/// Name, mail address, telephone number and kind of an entry.
type Parts<'r> = (
    &'r Option<crate::document::record::Text>,
    Option<SmolStr>,
    &'r Option<crate::document::record::Text>,
    &'r Option<crate::diagnostic::Located<EntryType>>,
);

fn record(
    (name, email, phone, entry_type): Parts<'_>,
    status: &str,
    roles: &Option<Vec<crate::document::record::Text>>,
    groups: &Option<Vec<crate::document::record::Text>>,
    attributes: Option<&crate::document::record::Map<crate::diagnostic::Located<AttributeValue>, false>>,
) -> PersonRecord {
    let words = |words: &Option<Vec<crate::document::record::Text>>| {
        words.iter().flatten().map(|word| word.value.clone()).collect::<Vec<SmolStr>>()
    };
    let attributes = attributes.into_iter().flat_map(|map| &map.entries).map(|(name, value)| {
        let value = match &value.value {
            AttributeValue::Boolean(value) => Json::Bool(*value),
            AttributeValue::Text(text) => Json::String(text.to_string()),
            AttributeValue::List(words) => words.iter().map(|word| word.value.as_str()).collect(),
        };
        (name.value.clone(), value)
    });
    PersonRecord {
        name: name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        email,
        phone: phone.as_ref().map(|phone| phone.value.clone()).filter(|phone| !phone.is_empty()),
        entry_type: entry_type.as_ref().map_or(EntryType::Person, |one| one.value).as_str().into(),
        status: status.into(),
        roles: words(roles),
        groups: words(groups),
        attributes: attributes.collect::<BTreeMap<_, _>>(),
    }
}
