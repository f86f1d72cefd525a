//! What clients say and the portal does not model: kept beside the row, and laid over what the portal says as long as
//! it still fits.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::render::derived;
use super::schema::Type;
use crate::live::Resource;
use crate::live::embedded::Kept;
use crate::scim;

/// Attributes that the portal decides alone, or has columns for.
const PORTAL: [&str; 7] = ["schemas", "id", "meta", "externalId", "userName", "groups", "members"];

/// What is kept beside a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// The name, mail address and telephone number that the row had. Where another program has changed one of them,
    /// what is kept of it is no longer true.
    anchors: [Option<SmolStr>; 3],
    /// Attributes that are not as the columns say.
    #[serde(skip_serializing_if = "Map::is_empty")]
    set: Map<String, Json>,
    /// Attributes that the columns say and the client does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<String>,
}

impl Beside {
    /// What was kept.
    pub fn read(text: &str) -> Option<Beside> {
        serde_json::from_str(text).ok()
    }

    /// What has to be kept, so that a row like this gives back what a client said; none where the columns say it all.
    /// Where the client `hides` what it does not say, that is not given back either.
    pub fn of(resource: Resource, row: &Kept, wanted: &Map<String, Json>, hides: bool) -> Option<Beside> {
        let said = flat(resource, wanted);
        let own = flat(resource, &derived(resource, row));
        let mut beside = Beside { anchors: anchors(row), ..Beside::default() };
        for (name, value) in &said {
            let same = own.iter().any(|(other, there)| other == name && alike(there, value));
            if !same && !decided(name) {
                beside.set.insert(name.clone(), value.clone());
            }
        }
        let said_nothing = |name: &String| !said.iter().any(|(other, _)| other == name);
        let gone = own.iter().map(|(name, _)| name.clone());
        beside.gone = gone.filter(|name| hides && said_nothing(name) && !decided(name)).collect();
        (!beside.set.is_empty() || !beside.gone.is_empty()).then_some(beside)
    }

    /// The mail addresses that are kept besides the portal's own.
    pub fn addresses(&self) -> Vec<SmolStr> {
        let emails = self.set.get("emails").and_then(Json::as_array);
        let values = emails.into_iter().flatten().filter_map(|email| email.get("value").and_then(Json::as_str));
        values.map(SmolStr::from).collect()
    }

    /// Lays what was kept over what the columns say.
    pub fn lay(self, object: &mut Map<String, Json>, row: &Kept) {
        let now = anchors(row);
        let still = |name: &str| match name {
            "displayName" | "name" => self.anchors[0] == now[0],
            "emails" => self.anchors[1] == now[1],
            "phoneNumbers" => self.anchors[2] == now[2],
            "active" => row.state == "active",
            _ => true,
        };
        for name in self.gone.iter().filter(|name| still(name)) {
            remove(object, name);
        }
        for (name, value) in self.set.iter().filter(|(name, _)| still(name)) {
            let value = if name == "roles" { decorated(value, &row.roles) } else { Some(value.clone()) };
            match value {
                Some(value) => put(object, name, value),
                None => remove(object, name),
            }
        }
    }
}

fn anchors(row: &Kept) -> [Option<SmolStr>; 3] {
    [Some(row.name.clone()), row.email.clone(), row.phone.clone()]
}

/// Whether the portal's columns alone decide an attribute.
fn decided(name: &str) -> bool {
    let own = |attribute: &str| {
        name.strip_prefix(scim::ROSTER_USER)
            .or(name.strip_prefix(scim::ROSTER_GROUP))
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| rest == attribute)
    };
    PORTAL.contains(&name) || ["attributes", "applications"].iter().any(|word| name == *word || own(word))
}

/// A resource's attributes, those of extensions under their whole names.
fn flat(resource: Resource, object: &Map<String, Json>) -> Vec<(String, Json)> {
    let mut all = Vec::with_capacity(object.len());
    for (name, value) in object {
        match (Type::of(resource).extension(name), value) {
            (Some(_), Json::Object(inner)) => {
                all.extend(inner.iter().map(|(part, value)| (format!("{name}:{part}"), value.clone())));
            }
            _ => all.push((name.clone(), value.clone())),
        }
    }
    all
}

/// The object and the name in it that a whole name means.
fn inside<'o>(object: &'o mut Map<String, Json>, name: &'o str) -> Option<(&'o mut Map<String, Json>, &'o str)> {
    match name.rsplit_once(':') {
        None => Some((object, name)),
        Some((extension, part)) => {
            let inner = object.entry(extension).or_insert_with(|| Json::Object(Map::new()));
            inner.as_object_mut().map(|inner| (inner, part))
        }
    }
}

fn put(object: &mut Map<String, Json>, name: &str, value: Json) {
    if let Some((object, name)) = inside(object, name) {
        object.insert(name.to_owned(), value);
    }
}

fn remove(object: &mut Map<String, Json>, name: &str) {
    if let Some((inner, part)) = inside(object, name) {
        inner.remove(part);
        if let Some((extension, _)) = name.rsplit_once(':')
            && inner.is_empty()
        {
            object.remove(extension);
        }
    }
}

/// Whether two values mean the same: lists have no order.
fn alike(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().all(|item| other.contains(item))
        }
        _ => one == other,
    }
}

/// The roles that the portal gives, each with what was kept of it.
fn decorated(kept: &Json, roles: &[SmolStr]) -> Option<Json> {
    let kept = kept.as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |role: &SmolStr| kept.iter().find(|item| item.get("value").and_then(Json::as_str) == Some(role));
    let plain = |role: &SmolStr| serde_json::json!({ "value": role.as_str() });
    let all: Vec<Json> = roles.iter().map(|role| of(role).cloned().unwrap_or_else(|| plain(role))).collect();
    (!all.is_empty()).then_some(Json::Array(all))
}
