//! Resources as clients send them: names in the schema's spelling, values of the right type, nothing that only the
//! portal may say.

use serde_json::{Map, Value as Json};

use super::problem::Problem;
use super::schema::{Attribute, Kind, Type, schema};
use crate::diagnostic::nearest;
use crate::document::record::visible;

/// The resource in a body, without what clients cannot change. Values that are null or empty are not there.
pub fn resource(kind: &'static Type, body: &Json) -> Result<Map<String, Json>, Problem> {
    let Json::Object(body) = body else {
        return Err(Problem::syntax(format!("a {} is a JSON object", kind.name)));
    };
    named(kind, body)?;
    let mut found = Map::new();
    for (name, value) in body {
        if let Some(extension) = kind.extension(name) {
            let inner = extended(kind, extension, value)?;
            if !inner.is_empty() {
                found.insert(extension.to_owned(), Json::Object(inner));
            }
            continue;
        }
        let Some(place) = kind.own(name) else {
            return Err(unknown(name, kind.attributes()));
        };
        if let Some(value) = value_of(place.attribute, value)? {
            found.insert(place.attribute.name.clone(), value);
        }
    }
    complete(kind, &found)?;
    Ok(found)
}

/// Refuses schemas that the resource cannot have.
fn named(kind: &Type, body: &Map<String, Json>) -> Result<(), Problem> {
    let schemas = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let Some(schemas) = schemas else {
        return Err(Problem::syntax(format!("`schemas` is missing; name at least \"{}\"", kind.schema)));
    };
    let Json::Array(urns) = schemas else { return Err(Problem::syntax("`schemas` is a list of schemas")) };
    let mut own = false;
    for urn in urns {
        let urn = urn.as_str().ok_or_else(|| Problem::syntax("`schemas` is a list of schemas"))?;
        own |= kind.schema.eq_ignore_ascii_case(urn);
        if !kind.schema.eq_ignore_ascii_case(urn) && kind.extension(urn).is_none() {
            let known = kind.extensions.join(", ");
            let detail = format!("a {} has no schema `{}`; besides its own it has: {known}", kind.name, visible(urn));
            return Err(Problem::syntax(detail));
        }
    }
    if own { Ok(()) } else { Err(Problem::syntax(format!("`schemas` does not name \"{}\"", kind.schema))) }
}

fn extended(kind: &'static Type, extension: &'static str, value: &Json) -> Result<Map<String, Json>, Problem> {
    let mut inner = Map::new();
    let object = match value {
        Json::Null => return Ok(inner),
        Json::Object(object) => object,
        _ => return Err(Problem::syntax(format!("`{extension}` is an object"))),
    };
    for (name, value) in object {
        // Some clients repeat the names of schemas in here.
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let Some(place) = kind.extended(extension, name) else {
            return Err(unknown(name, schema(extension).into_iter().flat_map(|schema| &schema.attributes)));
        };
        if let Some(value) = value_of(place.attribute, value)? {
            inner.insert(place.attribute.name.clone(), value);
        }
    }
    Ok(inner)
}

/// Refuses a resource that lacks what it must have.
pub fn complete(kind: &Type, found: &Map<String, Json>) -> Result<(), Problem> {
    let missing = kind.attributes().find(|one| one.required && !one.read_only() && !found.contains_key(&one.name));
    match missing {
        Some(missing) => Err(Problem::value(format!("`{}` is missing: a {} has one", missing.name, kind.name))),
        None => Ok(()),
    }
}

/// An attribute that there is not, and the one that may be meant.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a Attribute>) -> Problem {
    let near = nearest(name, known.map(|attribute| attribute.name.as_str()));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Problem::syntax(format!("there is no attribute `{}`{near}", visible(name)))
}

/// The value of an attribute in the form of the schema; none where there is none or clients do not decide it.
pub fn value_of(attribute: &Attribute, value: &Json) -> Result<Option<Json>, Problem> {
    if attribute.read_only() {
        return Ok(None);
    }
    if !attribute.multi_valued {
        return one(attribute, value);
    }
    let items = match value {
        Json::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        list.extend(one(attribute, item)?);
    }
    let primary = list.iter().filter(|item| item.get("primary") == Some(&Json::Bool(true))).count();
    if primary > 1 {
        return Err(Problem::value(format!("`{}` has {primary} primary values; one can be", attribute.name)));
    }
    Ok((!list.is_empty()).then_some(Json::Array(list)))
}

/// One value of an attribute.
pub fn one(attribute: &Attribute, value: &Json) -> Result<Option<Json>, Problem> {
    let name = &attribute.name;
    let wrong = |what: &str| Err(Problem::value(format!("`{name}` is {what}, not {}", shown(value))));
    match (attribute.kind, value) {
        (_, Json::Null) => Ok(None),
        (Kind::Complex, Json::Object(object)) => {
            let mut inner = Map::new();
            for (part, value) in object {
                let Some(sub) = attribute.sub(part) else {
                    return Err(unknown(part, attribute.sub_attributes.iter()));
                };
                if let Some(value) = value_of(sub, value)? {
                    inner.insert(sub.name.clone(), value);
                }
            }
            Ok((!inner.is_empty()).then_some(Json::Object(inner)))
        }
        // A plain value in a list of objects is the `value` of one.
        (Kind::Complex, Json::String(_)) if attribute.multi_valued && attribute.sub("value").is_some() => {
            Ok(Some(serde_json::json!({ "value": value })))
        }
        (Kind::Complex, _) => wrong("an object"),
        (Kind::Boolean, Json::Bool(_)) => Ok(Some(value.clone())),
        (Kind::Boolean, Json::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true.into())),
            "false" => Ok(Some(false.into())),
            _ => wrong("true or false"),
        },
        (Kind::Boolean, _) => wrong("true or false"),
        (Kind::Integer | Kind::Decimal, Json::Number(_)) => Ok(Some(value.clone())),
        (Kind::Integer | Kind::Decimal, _) => wrong("a number"),
        (Kind::DateTime, Json::String(text)) if text.parse::<jiff::Timestamp>().is_ok() => Ok(Some(value.clone())),
        (Kind::DateTime, _) => wrong("a moment such as 2027-06-30T12:00:00Z"),
        (Kind::String | Kind::Reference | Kind::Binary, Json::String(text)) => match text.chars().find(unprintable) {
            None => Ok(Some(value.clone())),
            Some(sign) => {
                Err(Problem::value(format!("`{name}` has the control character U+{:04X} in it", u32::from(sign))))
            }
        },
        (Kind::String | Kind::Reference | Kind::Binary, _) => wrong("text"),
    }
}

/// Whether a character is nothing to be seen: a postal address has several lines (RFC 7643 §4.1.2), and that is all.
fn unprintable(sign: &char) -> bool {
    sign.is_control() && !matches!(sign, '\n' | '\r' | '\t')
}

/// The beginning of a value.
fn shown(value: &Json) -> String {
    let text = value.to_string();
    let start: String = text.chars().take(60).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}
