//! New entries out of live objects, and values that a roster can hold.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::World;
use super::choose::unmanaged;
use crate::document::edit::Value;
use crate::document::record::{MAX_TEXT, deceptive, is_kebab, visible};
use crate::document::roster::{AttributeValue, email_problem};
use crate::document::write::{Entry, GroupEntry};
use crate::live::{Live, Resource};
use crate::model::Organisation;
use crate::platform::{Section, State};
use crate::report::ids::with_ids_beside;
use crate::report::{Cause, export};

/// Live objects of an organisation under ids that its rosters can give them.
pub struct Newcomers {
    live: Live,
    /// The new ids of groups that are accepted along, by what the portal calls them.
    groups: HashMap<SmolStr, SmolStr>,
}

impl Newcomers {
    /// The live objects of an organisation; `taken` are the differences to be accepted.
    pub fn of(world: &World<'_>, organisation: &Organisation, live: &Live, taken: &[usize]) -> Newcomers {
        let new = |index: &usize| {
            let difference = &world.differences[*index];
            let written =
                organisation.person(&difference.key).is_some() || organisation.group(&difference.key).is_some();
            difference.organisation == organisation.id.as_str() && (difference.cause == Cause::Unmanaged || !written)
        };
        if !taken.iter().any(new) {
            return Newcomers { live: Live::default(), groups: HashMap::new() };
        }
        let people = organisation.people.iter().chain(&organisation.expired);
        let ids: HashSet<SmolStr> =
            people.flat_map(|person| std::iter::once(&person.id).chain(&person.previously)).cloned().collect();
        let groups = organisation.groups.iter();
        let group_ids: HashSet<SmolStr> =
            groups.flat_map(|group| std::iter::once(&group.id).chain(&group.previously)).cloned().collect();
        let named = with_ids_beside(live, &ids, &group_ids);
        let handles = taken
            .iter()
            .map(|index| &world.differences[*index])
            .filter(|one| one.resource == Resource::PermissionGroup && one.organisation == organisation.id.as_str());
        let handles: HashSet<&str> =
            handles.map(|one| unmanaged(world, one).map_or(one.key.as_str(), |one| one.handle.as_str())).collect();
        let pairs = live.groups.iter().zip(&named.groups);
        let accepted = pairs.filter(|(old, _)| {
            handles.contains(old.handle.as_str()) || old.managed && handles.contains(old.object.id.as_str())
        });
        let groups = accepted.map(|(old, new)| (old.object.id.clone(), new.object.id.clone())).collect();
        Newcomers { live: named, groups }
    }

    /// The id and the entry of what the portal has under a handle.
    pub fn entry(
        &self,
        organisation: &Organisation,
        section: Section,
        handle: &str,
        managed: bool,
    ) -> Result<(SmolStr, Value), String> {
        let platform = &organisation.platform;
        let gone = || "the portal does not have it any more".to_owned();
        if section == Section::PermissionGroups {
            let entry = self.live.groups.iter().find(|entry| entry.handle == handle).ok_or_else(gone)?;
            let value = group_value(export::group(platform, &entry.object));
            writable_entry(&value)?;
            return Ok((entry.object.id.clone(), value));
        }
        let entry = self.live.people.iter().find(|entry| entry.handle == handle).ok_or_else(gone)?;
        let person = &entry.object;
        if !managed && person.email.as_ref().is_none_or(|email| email.value.is_empty()) {
            return Err("it has no e-mail address, so nothing would tell that the entry means it".to_owned());
        }
        if person.status.value == State::Deactivated && !export::shuts_out(platform) {
            return Err(format!("it is deactivated, which {} does not know: a roster cannot say it", platform.name));
        }
        let mut written = export::entry(platform, person);
        for group in &written.groups {
            let known = organisation.group(group).is_some() || self.groups.values().any(|id| id == group);
            if !known && organisation.managed.groups {
                return Err(unknown_group(organisation, group));
            }
        }
        if section == Section::Contacts {
            written.groups.clear();
            written.status = None;
        }
        let value = person_value(written);
        writable_entry(&value)?;
        Ok((person.id.clone(), value))
    }

    /// The groups of somebody under the ids that the rosters have for them.
    pub fn group_ids(&self, organisation: &Organisation, live: &Json) -> Result<Vec<SmolStr>, String> {
        let words = live.as_array().into_iter().flatten().filter_map(Json::as_str);
        let id = |word: &str| match self.groups.get(word) {
            Some(id) => Ok(id.clone()),
            None if organisation.group(word).is_some() || !organisation.managed.groups => Ok(word.into()),
            None => Err(unknown_group(organisation, word)),
        };
        words.map(id).collect()
    }
}

fn unknown_group(organisation: &Organisation, group: &str) -> String {
    let (id, group) = (&organisation.id, visible(group));
    format!("it is in the group `{group}`, which no roster has: accept `{id}/{group}` as well")
}

fn person_value(entry: Entry) -> Value {
    let text = |text: SmolStr| Value::Text(text);
    let mut fields = vec![("name", text(entry.name))];
    fields.extend(entry.email.map(|email| ("email", text(email))));
    fields.extend(entry.phone.map(|phone| ("phone", text(phone))));
    fields.extend(entry.entry_type.map(|kind| ("type", text(kind.as_str().into()))));
    fields.extend(entry.status.map(|status| ("status", text(status.as_str().into()))));
    for (key, list) in [("roles", entry.roles), ("groups", entry.groups)] {
        if !list.is_empty() {
            fields.push((key, Value::List(list)));
        }
    }
    let attributes = entry.attributes.into_iter().map(|(name, value)| {
        let value = match value {
            AttributeValue::Boolean(value) => Value::Bool(value),
            AttributeValue::Text(text) => Value::Text(text),
            AttributeValue::List(words) => Value::List(words.into_iter().map(|word| word.value).collect()),
        };
        (name, value)
    });
    let attributes: Vec<_> = attributes.collect();
    if !attributes.is_empty() {
        fields.push(("attributes", Value::Map(attributes)));
    }
    Value::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn group_value(group: GroupEntry) -> Value {
    let mut fields = vec![(SmolStr::from("name"), Value::Text(group.name))];
    if !group.applications.is_empty() {
        let levels = group.applications.into_iter().map(|(application, level)| (application, Value::Text(level)));
        fields.push(("applications".into(), Value::Map(levels.collect())));
    }
    Value::Map(fields)
}

/// A value of a plan as one that can be written.
pub fn value(json: &Json) -> Option<Value> {
    match json {
        Json::Bool(value) => Some(Value::Bool(*value)),
        Json::String(text) => Some(Value::Text(text.into())),
        Json::Array(items) => {
            Some(Value::List(items.iter().map(|item| item.as_str().map(SmolStr::from)).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn writable_entry(value: &Value) -> Result<(), String> {
    let Value::Map(fields) = value else { return Ok(()) };
    for (key, value) in fields {
        match value {
            Value::Map(below) => below.iter().try_for_each(|(_, value)| writable(key, value))?,
            value => writable(key, value)?,
        }
    }
    Ok(())
}

/// Whether a roster with this value reads back as just this value.
pub fn writable(field: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Text(text) => {
            let one_line = matches!(field, "name" | "email" | "phone");
            if let Some(c) = text.chars().find(|c| deceptive(*c) && (*c != '\n' || one_line)) {
                let code = c as u32;
                return Err(format!(
                    "the portal's `{field}` holds the invisible character U+{code:04X}: correct it there"
                ));
            }
            if text.len() > MAX_TEXT {
                return Err(format!("the portal's `{field}` is longer than {MAX_TEXT} bytes"));
            }
            if field == "name" && text.is_empty() {
                return Err("the portal has no name for it, and a roster needs one".to_owned());
            }
            let problem = (field == "email").then(|| email_problem(text)).flatten();
            problem.map_or(Ok(()), |(message, _)| Err(format!("{message}: correct it on the portal")))
        }
        Value::List(words) => match words.iter().find(|word| !is_kebab(word)) {
            Some(word) => {
                Err(format!("`{}` in the portal's `{field}` is no word that a roster can hold", visible(word)))
            }
            None => Ok(()),
        },
        Value::Bool(_) | Value::Map(_) => Ok(()),
    }
}
