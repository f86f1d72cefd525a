//! Between what a portal sends and what is meant: items become resources (RFC 7643), and resources become what
//! expressions call `person` and `group`.

use serde_json::{Map, Value as Json, json};

use super::api::{Api, PersonField, word};
use super::expression::{Failure, Names};
use crate::live::scim::{Kind, UNREAD};
use crate::scim::{ROSTER_GROUP, ROSTER_USER};

/// Where a resource carries the item that it was made of.
pub const NATIVE: &str = "urn:rosterctl:native";

/// What became of one field of an item.
#[derive(Clone, Debug)]
pub struct Told {
    /// The field.
    pub field: PersonField,
    /// Its value, or why there is none.
    pub value: Result<Json, Failure>,
}

/// Evaluates all fields of an item.
pub fn told(api: &Api, kind: Kind, item: &Json) -> Vec<Told> {
    let names = Names::default().with("item", item);
    let fields = api.fields(kind).iter();
    fields.map(|(field, slot)| Told { field: *field, value: shaped(*field, api.give(*slot, &names)) }).collect()
}

/// A value of the sort that a field has: a portal may send a number for an id, and null for nothing.
fn shaped(field: PersonField, given: Result<Json, Failure>) -> Result<Json, Failure> {
    let given = given?;
    let absent = || Err(Failure::Absent("it is empty".to_owned(), None));
    let wrong = |wanted: &str| Err(Failure::Failed(format!("it gives {}, and {wanted} is wanted", sort(&given))));
    if given.is_null() || given == "" {
        return absent();
    }
    match field {
        PersonField::Active => match given {
            Json::Bool(_) => Ok(given),
            _ => wrong("true or false"),
        },
        PersonField::Roles | PersonField::Attributes | PersonField::Access => match &given {
            Json::Array(items) if items.iter().all(Json::is_string) => Ok(given),
            Json::Array(_) => Err(Failure::Failed("it gives a list with other things than texts in it".to_owned())),
            _ => wrong("a list"),
        },
        _ => match word(&given) {
            Some(word) => Ok(Json::String(word)),
            None => wrong("text"),
        },
    }
}

fn sort(json: &Json) -> &'static str {
    match json {
        Json::Null => "nothing",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

/// A word that a field told, where it told one.
pub fn word_of(told: &[Told], field: PersonField) -> Option<String> {
    told.iter().find(|told| told.field == field).and_then(|told| word(told.value.as_ref().ok()?))
}

/// The resource that an item is, by what its fields told. What cannot be told of it makes it one that cannot be
/// understood: never one that seems to have nothing there.
pub fn resource_of(kind: Kind, told: Vec<Told>, members: Option<Vec<String>>) -> Map<String, Json> {
    let mut resource = Map::new();
    let (mut given, mut family, mut whole) = (None, None, None);
    let mut own = Map::new();
    let mut problems = Vec::new();
    for Told { field, value } in told {
        let value = match value {
            Ok(value) => value,
            Err(Failure::Absent(..)) => continue,
            Err(Failure::Failed(why)) => {
                problems.push(format!("`{}`: {why}", field.as_str()));
                continue;
            }
        };
        let mut put = |key: &str, value: Json| {
            resource.insert(key.to_owned(), value);
        };
        match field {
            PersonField::Id => put("id", value),
            PersonField::ExternalId => put("externalId", value),
            PersonField::UserName => put("userName", value),
            PersonField::Name if kind == Kind::User => whole = Some(value),
            PersonField::Name => put("displayName", value),
            PersonField::GivenName => given = value.as_str().map(str::to_owned),
            PersonField::FamilyName => family = value.as_str().map(str::to_owned),
            PersonField::Email => put("emails", json!([{ "value": value }])),
            PersonField::Phone => put("phoneNumbers", json!([{ "value": value }])),
            PersonField::Active => put("active", value),
            PersonField::Roles => put("roles", value),
            PersonField::Attributes if kind == Kind::Contact => put("attributes", value),
            PersonField::Type if kind == Kind::Contact => put("type", value),
            PersonField::Attributes => drop(own.insert("attributes".to_owned(), value)),
            PersonField::Type => drop(own.insert("type".to_owned(), value)),
            PersonField::Access => drop(own.insert("applications".to_owned(), value)),
            PersonField::Modified => put("meta", json!({ "lastModified": value })),
            PersonField::Version => {}
        }
    }
    let parts = [given, family].into_iter().flatten().collect::<Vec<String>>().join(" ");
    let whole = whole.or_else(|| (!parts.trim().is_empty()).then(|| Json::String(parts.trim().to_owned())));
    match (kind, whole) {
        (Kind::User, Some(name)) => drop(resource.insert("name".to_owned(), json!({ "formatted": name }))),
        (Kind::Contact, Some(name)) => drop(resource.insert("displayName".to_owned(), name)),
        _ => {}
    }
    if kind == Kind::User && !resource.contains_key("userName") {
        let mail = resource.get("emails").and_then(|emails| emails.pointer("/0/value")).cloned();
        resource.extend(mail.map(|mail| ("userName".to_owned(), mail)));
    }
    if !own.is_empty() {
        let urn = if kind == Kind::Group { ROSTER_GROUP } else { ROSTER_USER };
        resource.insert(urn.to_owned(), Json::Object(own));
    }
    if let Some(members) = members {
        let members: Vec<Json> = members.into_iter().map(|id| json!({ "value": id })).collect();
        resource.insert("members".to_owned(), members.into());
    }
    if !problems.is_empty() {
        resource.insert(UNREAD.to_owned(), problems.join("; ").into());
    }
    resource
}

/// What expressions call `person`: a resource as it shall be.
pub fn person(kind: Kind, resource: &Json) -> Json {
    let text = |pointer: &str| resource.pointer(pointer).and_then(Json::as_str).map(Json::from).unwrap_or_default();
    let own = resource.get(ROSTER_USER).filter(|_| kind == Kind::User).unwrap_or(resource);
    let external = resource.get("externalId").and_then(Json::as_str);
    let name = resource.pointer("/name/formatted").or(resource.get("displayName")).and_then(Json::as_str);
    let (given, family) = match name.map(|name| name.rsplit_once(' ').unwrap_or(("", name))) {
        Some((given, family)) => (Json::from(given), Json::from(family)),
        None => (Json::Null, Json::Null),
    };
    let entry = own.get("type").and_then(Json::as_str).unwrap_or("person");
    let mut person = identity(external);
    person["userName"] = text("/userName");
    person["name"] = name.into();
    person["givenName"] = given;
    person["familyName"] = family;
    person["email"] = text("/emails/0/value");
    person["phone"] = text("/phoneNumbers/0/value");
    person["active"] = resource.get("active").and_then(Json::as_bool).unwrap_or(true).into();
    person["roles"] = words(resource.get("roles")).into();
    person["attributes"] = words(own.get("attributes")).into();
    person["type"] = entry.into();
    person
}

/// What expressions call `group`.
pub fn group(resource: &Json) -> Json {
    let mut group = identity(resource.get("externalId").and_then(Json::as_str));
    group["name"] = resource.get("displayName").cloned().unwrap_or_default();
    group["access"] = words(resource.get(ROSTER_GROUP).and_then(|own| own.get("applications"))).into();
    group["members"] = words(resource.get("members")).into();
    group
}

fn identity(external: Option<&str>) -> Json {
    let parts = external.and_then(|external| external.split_once('/'));
    json!({ "externalId": external, "organisation": parts.map(|one| one.0), "key": parts.map(|one| one.1) })
}

/// The texts of a multi-valued attribute, sorted: their order means nothing.
fn words(items: Option<&Json>) -> Vec<String> {
    let items = items.and_then(Json::as_array).into_iter().flatten();
    let mut words: Vec<String> =
        items.filter_map(|item| item.get("value").unwrap_or(item).as_str().map(str::to_owned)).collect();
    words.sort_unstable();
    words.dedup();
    words
}
