//! What a client's resource means on the portal.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::beside::Beside;
use super::problem::Problem;
use crate::diagnostic::nearest;
use crate::document::record::{is_kebab, visible};
use crate::live::embedded::{Kept, Side, Wanted};
use crate::live::object::{GroupRecord, PersonRecord};
use crate::live::{LiveError, Resource};
use crate::platform::{AttributeType, Platform};
use crate::scim;

/// An external id: one of rosterctl's, or somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalId {
    /// `organisation/id`.
    Ours {
        /// The organisation.
        organisation: SmolStr,
        /// The id there.
        id: SmolStr,
    },
    /// Anything else.
    Foreign(SmolStr),
    /// None.
    None,
}

impl ExternalId {
    /// The external id of a resource.
    pub fn of(object: &Map<String, Json>) -> ExternalId {
        let Some(text) = text(object, "externalId") else { return ExternalId::None };
        match text.split_once('/') {
            Some((organisation, id)) if is_kebab(organisation) && is_kebab(id) => {
                ExternalId::Ours { organisation: organisation.into(), id: id.into() }
            }
            _ => ExternalId::Foreign(text.into()),
        }
    }
}

/// Where an object shall be, and under which platform.
#[derive(Clone, Copy, Debug)]
pub struct Home<'h> {
    /// The organisation.
    pub organisation: &'h SmolStr,
    /// Its platform.
    pub platform: &'h Platform,
    /// Whether what the resource does not say shall not be answered, where the portal has it of its own: after a PATCH
    /// took it away. In a new resource it is what the portal chooses.
    pub hides: bool,
}

/// The user or contact that a resource describes; `groups` are those that it is in.
pub fn person(
    resource: Resource,
    object: &Map<String, Json>,
    home: Home<'_>,
    groups: &[SmolStr],
) -> Result<Wanted<PersonRecord>, Problem> {
    let platform = home.platform;
    let user = resource == Resource::User;
    let own = if user { object.get(scim::ROSTER_USER).and_then(Json::as_object) } else { Some(object) };
    let user_name = text(object, "userName");
    if user && user_name.is_none() {
        return Err(Problem::value("`userName` is missing: a User has one"));
    }
    let name = name(object).or(user_name.map(str::to_owned));
    let name = name.ok_or_else(|| Problem::value("`displayName` is missing"))?;
    let entry_type = own.and_then(|own| text(own, "type")).unwrap_or("person");
    let known = if user { &["person"][..] } else { &["person", "distribution-list"][..] };
    if !known.contains(&entry_type) {
        let known = known.join(" or ");
        return Err(Problem::value(format!("`type` is {known}, not `{}`", visible(entry_type))));
    }
    let deactivated = user && object.get("active") == Some(&Json::Bool(false));
    let record = PersonRecord {
        name: name.into(),
        email: chosen(object, "emails")?,
        phone: chosen(object, "phoneNumbers")?,
        entry_type: entry_type.into(),
        status: if deactivated { "deactivated" } else { "active" }.into(),
        roles: roles(object, platform)?,
        groups: groups.to_vec(),
        attributes: match own.and_then(|own| own.get("attributes")) {
            Some(entries) => attributes(entries, platform)?,
            None => BTreeMap::new(),
        },
    };
    let mut wanted = wanted(object, home, record);
    wanted.side.user_name = user_name.map(SmolStr::from);
    let row = Kept {
        name: wanted.record.name.clone(),
        email: wanted.record.email.clone(),
        phone: wanted.record.phone.clone(),
        entry_type: wanted.record.entry_type.clone(),
        state: wanted.record.status.clone(),
        roles: wanted.record.roles.clone(),
        attributes: wanted.record.attributes.clone().into_iter().collect(),
        ..row(&wanted)
    };
    keep(&mut wanted.side, resource, &row, object, home.hides)?;
    Ok(wanted)
}

/// The permission group that a resource describes.
pub fn group(object: &Map<String, Json>, home: Home<'_>) -> Result<Wanted<GroupRecord>, Problem> {
    let name = text(object, "displayName").ok_or_else(|| Problem::value("`displayName` is missing"))?;
    let entries = object.get(scim::ROSTER_GROUP).and_then(|own| own.get("applications"));
    let mut applications = BTreeMap::new();
    for entry in entries.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
        let Some((application, level)) = entry.split_once('=') else {
            return Err(Problem::value(format!("`{}` is not of the form `application=level`", visible(entry))));
        };
        let known = home.platform.applications.iter().map(|one| one.id.as_str());
        let Some(found) = home.platform.application(application) else {
            return Err(unknown("application", application, home.platform, known));
        };
        let levels = &home.platform[found].levels;
        if !levels.iter().any(|one| one == level) {
            let levels = levels.iter().map(SmolStr::as_str);
            return Err(unknown(&format!("level of `{application}`"), level, home.platform, levels));
        }
        if applications.insert(SmolStr::from(application), SmolStr::from(level)).is_some() {
            return Err(Problem::value(format!("the application `{application}` is listed twice")));
        }
    }
    let mut wanted = wanted(object, home, GroupRecord { name: name.into(), applications });
    let access = wanted.record.applications.iter().map(|(application, level)| format!("{application}={level}").into());
    let row = Kept { name: wanted.record.name.clone(), applications: access.collect(), ..row(&wanted) };
    keep(&mut wanted.side, Resource::PermissionGroup, &row, object, home.hides)?;
    Ok(wanted)
}

fn wanted<R>(object: &Map<String, Json>, home: Home<'_>, record: R) -> Wanted<R> {
    let mut side = Side::default();
    let id = match ExternalId::of(object) {
        ExternalId::Ours { id, .. } => Some(id),
        ExternalId::Foreign(foreign) => {
            side.foreign_id = Some(foreign);
            None
        }
        ExternalId::None => None,
    };
    Wanted { organisation: home.organisation.clone(), id, record, side }
}

fn row<R>(wanted: &Wanted<R>) -> Kept {
    Kept { organisation: wanted.organisation.clone(), side: wanted.side.clone(), ..Kept::default() }
}

fn keep(
    side: &mut Side,
    resource: Resource,
    row: &Kept,
    object: &Map<String, Json>,
    hides: bool,
) -> Result<(), Problem> {
    let Some(beside) = Beside::of(resource, row, object, hides) else { return Ok(()) };
    side.addresses = beside.addresses();
    side.addresses.retain(|address| row.email.as_ref() != Some(address));
    let text = serde_json::to_string(&beside).map_err(|error| {
        Problem::from(LiveError::new(format!("what was sent cannot be kept: {error}"), "send less"))
    })?;
    side.beside = Some(text);
    Ok(())
}

/// The text of an attribute, where there is some.
pub fn text<'o>(object: &'o Map<String, Json>, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Json::as_str).filter(|text| !text.trim().is_empty())
}

fn name(object: &Map<String, Json>) -> Option<String> {
    if let Some(display) = text(object, "displayName") {
        return Some(display.to_owned());
    }
    let parts = object.get("name")?.as_object()?;
    if let Some(formatted) = text(parts, "formatted") {
        return Some(formatted.to_owned());
    }
    let parts: Vec<&str> = ["givenName", "familyName"].iter().filter_map(|part| text(parts, part)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The value of a list that the portal uses: the primary one, else the first.
fn chosen(object: &Map<String, Json>, name: &str) -> Result<Option<SmolStr>, Problem> {
    let Some(items) = object.get(name).and_then(Json::as_array) else { return Ok(None) };
    let primary = items.iter().find(|item| item.get("primary") == Some(&Json::Bool(true)));
    let Some(item) = primary.or(items.first()) else { return Ok(None) };
    match item.get("value").and_then(Json::as_str).filter(|value| !value.trim().is_empty()) {
        Some(value) => Ok(Some(value.into())),
        None => Err(Problem::value(format!("an entry of `{name}` has no `value`"))),
    }
}

fn roles(object: &Map<String, Json>, platform: &Platform) -> Result<Vec<SmolStr>, Problem> {
    let items = object.get("roles").and_then(Json::as_array);
    let mut roles = Vec::new();
    for item in items.into_iter().flatten() {
        let Some(role) = item.get("value").and_then(Json::as_str) else {
            return Err(Problem::value("an entry of `roles` has no `value`"));
        };
        if platform.role(role).is_none() {
            return Err(unknown("role", role, platform, platform.roles.iter().map(|role| role.id.as_str())));
        }
        roles.push(role.into());
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

fn attributes(entries: &Json, platform: &Platform) -> Result<BTreeMap<SmolStr, Json>, Problem> {
    let mut found: BTreeMap<SmolStr, Json> = BTreeMap::new();
    for entry in entries.as_array().into_iter().flatten().filter_map(Json::as_str) {
        let Some((name, value)) = entry.split_once('=') else {
            return Err(Problem::value(format!("`{}` is not of the form `name=value`", visible(entry))));
        };
        let Some(attribute) = platform.attribute(name) else {
            return Err(unknown("attribute", name, platform, platform.attributes.iter().map(|one| one.name.as_str())));
        };
        let twice = || Problem::value(format!("the attribute `{name}` is listed twice"));
        match platform[attribute].value_type {
            AttributeType::List | AttributeType::Roles => {
                let list = found.entry(name.into()).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(list) = list
                    && !value.is_empty()
                    && !list.iter().any(|word| word == value)
                {
                    list.push(value.into());
                }
            }
            AttributeType::Boolean => {
                let value = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(Problem::value(format!("`{name}` is true or false, not `{}`", visible(value)))),
                };
                if found.insert(name.into(), value.into()).is_some_and(|before| before != value) {
                    return Err(twice());
                }
            }
            AttributeType::Text | AttributeType::User => {
                if found.insert(name.into(), value.into()).is_some_and(|before| before != value) {
                    return Err(twice());
                }
            }
        }
    }
    found.values_mut().for_each(|value| {
        if let Json::Array(list) = value {
            list.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
        }
    });
    Ok(found)
}

fn unknown<'k>(what: &str, word: &str, platform: &Platform, known: impl Iterator<Item = &'k str>) -> Problem {
    let near = nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Problem::value(format!("the platform `{}` has no {what} `{}`{near}", platform.name, visible(word)))
}
