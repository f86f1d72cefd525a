//! Rows as resources.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;

use super::beside::Beside;
use super::schema::Type;
use crate::live::embedded::{Kept, Shelf, handle};
use crate::live::{LiveError, Resource};
use crate::scim;

/// Makes resources of rows that were read at one moment.
pub struct Renderer<'s> {
    shelf: &'s Shelf<'s>,
    /// Where the server is: `http://host/scim/v2`.
    base: &'s str,
    groups: HashMap<(SmolStr, SmolStr), Option<(SmolStr, SmolStr)>>,
}

impl<'s> Renderer<'s> {
    /// A renderer for what is on a shelf.
    pub fn new(shelf: &'s Shelf<'s>, base: &'s str) -> Renderer<'s> {
        Renderer { shelf, base, groups: HashMap::new() }
    }

    /// The resource, with everything that the portal says of it.
    pub fn resource(&mut self, resource: Resource, kept: &Kept, members: bool) -> Result<Map<String, Json>, LiveError> {
        let kind = Type::of(resource);
        let mut object = stated(resource, kept);
        match resource {
            Resource::User => {
                let groups = self.groups(kept)?;
                if !groups.is_empty() {
                    object.insert("groups".to_owned(), Json::Array(groups));
                }
                let standing = json!({ "status": kept.state.as_str(), "organisation": kept.organisation.as_str() });
                object.insert(scim::ROSTER_STANDING.to_owned(), standing);
            }
            Resource::PermissionGroup if members => {
                let members = self.members(kept)?;
                if !members.is_empty() {
                    object.insert("members".to_owned(), Json::Array(members));
                }
            }
            Resource::PermissionGroup | Resource::Contact => {}
        }
        let asked_for = |urn: &str| kind.on_request().any(|own| own == urn);
        let extensions = kind.extensions.iter().filter(|urn| object.contains_key(**urn) && !asked_for(urn));
        let schemas: Vec<&str> = [kind.schema].into_iter().chain(extensions.copied()).collect();
        object.insert("schemas".to_owned(), json!(schemas));
        object.insert("id".to_owned(), Json::from(kept.handle.as_str()));
        let mut meta = json!({
            "resourceType": kind.name,
            "location": self.location(resource, &kept.handle),
            "version": tag(kept),
        });
        for (name, moment) in [("created", &kept.created), ("lastModified", &kept.modified)] {
            if let Some(moment) = moment {
                meta[name] = Json::from(moment.as_str());
            }
        }
        object.insert("meta".to_owned(), meta);
        Ok(object)
    }

    /// Where a resource is.
    pub fn location(&self, resource: Resource, handle: &str) -> String {
        format!("{}/{}/{handle}", self.base, Type::of(resource).endpoint)
    }

    fn groups(&mut self, kept: &Kept) -> Result<Vec<Json>, LiveError> {
        let mut groups = Vec::with_capacity(kept.groups.len());
        for word in &kept.groups {
            let key = (kept.organisation.clone(), word.clone());
            let known = match self.groups.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let found = self.shelf.group(&kept.organisation, word)?;
                    self.groups.insert(key, found.clone());
                    found
                }
            };
            groups.push(match known {
                Some((handle, name)) => json!({
                    "value": handle.as_str(),
                    "$ref": self.location(Resource::PermissionGroup, &handle),
                    "display": name.as_str(),
                    "type": "direct",
                }),
                // A group that is not there any more: the membership is, and is shown.
                None => json!({ "value": word.as_str(), "type": "direct" }),
            });
        }
        Ok(groups)
    }

    /// The members of a group.
    pub fn members(&self, kept: &Kept) -> Result<Vec<Json>, LiveError> {
        Ok(self.users(self.shelf.members(kept)?))
    }

    /// Users as members: numbers and names.
    pub fn users(&self, users: Vec<(i64, SmolStr)>) -> Vec<Json> {
        let members = users.into_iter().map(|(number, name)| {
            let handle = handle(Resource::User, number);
            let location = self.location(Resource::User, &handle);
            json!({ "value": handle.as_str(), "$ref": location, "type": "User", "display": name.as_str() })
        });
        members.collect()
    }
}

/// The entity tag of a row.
pub fn tag(kept: &Kept) -> String {
    format!("W/\"{}\"", kept.version)
}

/// What clients may say of a resource, as it is: the portal's columns and what is kept beside them.
pub fn stated(resource: Resource, kept: &Kept) -> Map<String, Json> {
    let mut object = derived(resource, kept);
    if let Some(beside) = kept.side.beside.as_deref().and_then(Beside::read) {
        beside.lay(&mut object, kept);
    }
    object
}

/// What the portal's columns alone say of a resource.
pub fn derived(resource: Resource, kept: &Kept) -> Map<String, Json> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Json| object.insert(name.to_owned(), value);
    if let Some(external) = kept.external_id.as_ref().or(kept.side.foreign_id.as_ref()) {
        put("externalId", Json::from(external.as_str()));
    }
    put("displayName", Json::from(kept.name.as_str()));
    if resource == Resource::PermissionGroup {
        if !kept.applications.is_empty() {
            put(scim::ROSTER_GROUP, json!({ "applications": words(&kept.applications) }));
        }
        return object;
    }
    if let Some(email) = &kept.email {
        put("emails", json!([{ "value": email.as_str(), "primary": true }]));
    }
    if let Some(phone) = &kept.phone {
        put("phoneNumbers", json!([{ "value": phone.as_str() }]));
    }
    if !kept.roles.is_empty() {
        put("roles", kept.roles.iter().map(|role| json!({ "value": role.as_str() })).collect());
    }
    let mut own = Map::new();
    let attributes = attributes(kept);
    if !attributes.is_empty() {
        own.insert("attributes".to_owned(), Json::from(attributes));
    }
    if resource == Resource::Contact {
        own.insert("type".to_owned(), Json::from(kept.entry_type.as_str()));
        object.append(&mut own);
        return object;
    }
    put("userName", Json::from(user_name(kept)));
    put("name", json!({ "formatted": kept.name.as_str() }));
    put("active", Json::from(kept.state != "deactivated"));
    if !own.is_empty() {
        put(scim::ROSTER_USER, Json::Object(own));
    }
    object
}

/// The name that a user signs in with.
fn user_name(kept: &Kept) -> &str {
    kept.side.user_name.as_ref().or(kept.email.as_ref()).unwrap_or(&kept.handle)
}

fn words(words: &[SmolStr]) -> Vec<&str> {
    words.iter().map(SmolStr::as_str).collect()
}

/// The attributes of a person as `name=value`, one entry for each word of a list.
fn attributes(kept: &Kept) -> Vec<String> {
    let mut entries = Vec::new();
    for (name, value) in &kept.attributes {
        let mut say = |value: &str| match name.is_empty() {
            true => entries.push(value.to_owned()),
            false => entries.push(format!("{name}={value}")),
        };
        match value {
            Json::String(text) => say(text),
            Json::Array(items) if items.is_empty() => say(""),
            Json::Array(items) => items.iter().for_each(|item| match item {
                Json::String(text) => say(text),
                other => say(&other.to_string()),
            }),
            other => say(&other.to_string()),
        }
    }
    entries
}
