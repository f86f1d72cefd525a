//! Fields and their values before and after: how a plan says what a step changes, and how it is read back.

use serde_json::{Map, Value as Json};

use super::document::Change;
use crate::live::object::{GroupRecord, PersonRecord};
use crate::live::{Object, Resource};
use crate::platform::{Platform, Section};

/// The fields whose values are maps: each entry is a field of its own.
const SPREAD: [&str; 2] = ["attributes", "applications"];

/// What differs between two states of an object, field by field.
pub fn changes(platform: &Platform, before: Option<&Object>, after: Option<&Object>, managed: bool) -> Vec<Change> {
    let (old, new) = (before.map(|object| fields(platform, object)), after.map(|object| fields(platform, object)));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let mut changes = Vec::new();
    if let (Some(before), Some(after)) = (before, after) {
        if !managed || before.id() != after.id() {
            let from = if managed { before.id().into() } else { Json::Null };
            changes.push(Change { field: "id".to_owned(), from, to: after.id().into() });
        }
        if before.section() != after.section() {
            let (from, to) = (before.section().as_str().into(), after.section().as_str().into());
            changes.push(Change { field: "section".to_owned(), from, to });
        }
    }
    let names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    for name in names {
        let (from, to) = (old.get(name).cloned().unwrap_or(Json::Null), new.get(name).cloned().unwrap_or(Json::Null));
        let usual = before.is_none() && name == "status" && to == "active";
        if from != to && !usual {
            changes.push(Change { field: name.clone(), from, to });
        }
    }
    let rank = |field: &str| ORDER.iter().position(|known| field.starts_with(known)).unwrap_or(ORDER.len());
    changes.sort_by(|a, b| (rank(&a.field), &a.field).cmp(&(rank(&b.field), &b.field)));
    changes
}

/// The order in which fields are shown: that of a roster.
const ORDER: [&str; 10] =
    ["id", "section", "name", "email", "phone", "type", "status", "roles", "groups", "attributes"];

/// An object as a flat map of fields; fields that say nothing are left out.
pub fn fields(platform: &Platform, object: &Object) -> Map<String, Json> {
    let mut flat = Map::new();
    let Json::Object(record) = object.json(platform) else { return flat };
    for (name, value) in record {
        match value {
            Json::Object(entries) if SPREAD.contains(&name.as_str()) => {
                flat.extend(entries.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            Json::Array(items) if items.is_empty() => {}
            Json::String(word) if name == "type" && word == "person" => {}
            value => {
                flat.insert(name, value);
            }
        }
    }
    flat
}

/// An object with changes carried out, or why they do not fit.
pub fn carried_out(
    platform: &Platform,
    resource: Resource,
    key: &str,
    before: Option<&Object>,
    changes: &[Change],
) -> Result<Object, String> {
    let mut flat = before.map(|object| fields(platform, object)).unwrap_or_default();
    for change in changes.iter().filter(|change| change.field != "id" && change.field != "section") {
        let now = flat.get(&change.field).cloned().unwrap_or(Json::Null);
        if now != change.from {
            return Err(format!("`{}` is {now}, the plan saw {}", change.field, change.from));
        }
        match &change.to {
            Json::Null => flat.remove(&change.field),
            value => flat.insert(change.field.clone(), value.clone()),
        };
    }
    let mut record = Map::new();
    for (name, value) in flat {
        match name.split_once('.') {
            Some((spread, key)) if SPREAD.contains(&spread) => {
                let entries = record.entry(spread.to_owned()).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(entries) = entries {
                    entries.insert(key.to_owned(), value);
                }
            }
            _ => {
                record.insert(name, value);
            }
        }
    }
    let section = match resource {
        Resource::User => Section::Users,
        Resource::Contact => Section::Contacts,
        Resource::PermissionGroup => {
            record.entry("applications").or_insert_with(|| Json::Object(Map::new()));
            let record: GroupRecord =
                serde_json::from_value(Json::Object(record)).map_err(|error| error.to_string())?;
            return record.group(platform, key).map(Object::Group);
        }
    };
    for list in ["roles", "groups"] {
        record.entry(list).or_insert_with(|| Json::Array(Vec::new()));
    }
    record.entry("attributes").or_insert_with(|| Json::Object(Map::new()));
    record.entry("type").or_insert_with(|| "person".into());
    record.entry("status").or_insert_with(|| "active".into());
    let record: PersonRecord = serde_json::from_value(Json::Object(record)).map_err(|error| error.to_string())?;
    record.person(platform, section, key).map(|person| Object::Person(Box::new(person)))
}
