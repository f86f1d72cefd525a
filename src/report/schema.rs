//! JSON Schemas of everything that is read and written, generated from the types.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Value as Json, json};

use super::accept::Acceptance;
use super::runbook::Runbook;
use super::{Drift, Outcome, Validation};
use crate::document::roster::Roster;
use crate::document::workspace::Workspace;
use crate::live::rest::manifest::Manifest;
use crate::plan::document::PlanDocument;
use crate::platform::file::PlatformFile;
use crate::platform::{AttributeType, Platform, Section};

/// Roster files.
pub fn roster() -> Json {
    input::<Roster>("rosterctl roster")
}

/// The workspace file.
pub fn workspace() -> Json {
    input::<Workspace>("rosterctl workspace")
}

/// Platform files.
pub fn platform() -> Json {
    input::<PlatformFile>("rosterctl platform")
}

/// Manifests of portals with a REST API of their own.
pub fn manifest() -> Json {
    input::<Manifest>("rosterctl manifest")
}

/// Plans.
pub fn plan() -> Json {
    output::<PlanDocument>("rosterctl plan")
}

/// Reports of `validate`.
pub fn report() -> Json {
    output::<Validation>("rosterctl report")
}

/// How an `apply` ended.
pub fn outcome() -> Json {
    output::<Outcome>("rosterctl outcome")
}

/// What `drift` saw.
pub fn drift() -> Json {
    output::<Drift>("rosterctl drift")
}

/// How an `accept` ended.
pub fn accept() -> Json {
    output::<Acceptance>("rosterctl accept")
}

/// Run-books.
pub fn runbook() -> Json {
    output::<Runbook>("rosterctl runbook")
}

/// All schemas, with the names of their files in the folder `schema`.
pub fn all() -> Vec<(String, Json)> {
    let mut schemas = vec![
        ("roster.v1.json".to_owned(), roster()),
        ("workspace.v1.json".to_owned(), workspace()),
        ("platform.v1.json".to_owned(), platform()),
        ("manifest.v1.json".to_owned(), manifest()),
        ("plan.v1.json".to_owned(), plan()),
        ("report.v1.json".to_owned(), report()),
        ("outcome.v1.json".to_owned(), outcome()),
        ("drift.v1.json".to_owned(), drift()),
        ("accept.v1.json".to_owned(), accept()),
        ("runbook.v1.json".to_owned(), runbook()),
    ];
    for (id, _) in crate::platform::BUILT_IN {
        schemas.extend(Platform::built_in(id).map(|platform| (format!("roster.{id}.v1.json"), roster_of(&platform))));
    }
    schemas
}

/// Roster files of one platform: its roles, attributes, applications and services are spelt out.
pub fn roster_of(platform: &Platform) -> Json {
    let mut schema = roster();
    schema["title"] = format!("rosterctl roster for {}", platform.name).into();
    let words = |words: Vec<(&str, &str)>| -> Json {
        let one = |(word, summary): (&str, &str)| match summary.is_empty() {
            true => json!({ "const": word }),
            false => json!({ "const": word, "description": summary }),
        };
        json!({ "oneOf": words.into_iter().map(one).collect::<Vec<_>>() })
    };
    let roles = words(platform.roles.iter().map(|role| (role.id.as_str(), role.summary.as_str())).collect());
    let services = words(platform.services.iter().map(|one| (one.id.as_str(), one.summary.as_str())).collect());
    let events = words(platform.events.iter().map(|one| (one.id.as_str(), one.summary.as_str())).collect());
    let levels: Vec<String> = platform
        .applications
        .iter()
        .flat_map(|application| application.levels.iter().map(move |level| format!("{}:{level}", application.id)))
        .collect();
    let permissions = platform.permissions.iter().map(|one| (one.id.as_str(), one.summary.as_str()));
    let permissions = words(permissions.chain(levels.iter().map(|level| (level.as_str(), ""))).collect());
    let mut attributes = serde_json::Map::new();
    for attribute in &platform.attributes {
        let mut value = match attribute.value_type {
            AttributeType::Boolean => json!({ "type": "boolean" }),
            AttributeType::Text | AttributeType::User => json!({ "type": "string" }),
            AttributeType::Roles => json!({ "type": "array", "items": roles }),
            AttributeType::List if attribute.values.is_empty() => {
                json!({ "type": "array", "items": { "type": "string" } })
            }
            AttributeType::List => json!({ "type": "array", "items": { "enum": attribute.values } }),
        };
        if !attribute.summary.is_empty() {
            value["description"] = attribute.summary.as_str().into();
        }
        attributes.insert(attribute.name.to_string(), value);
    }
    let mut applications = serde_json::Map::new();
    for application in &platform.applications {
        let mut value = json!({ "enum": application.levels });
        if !application.summary.is_empty() {
            value["description"] = application.summary.as_str().into();
        }
        applications.insert(application.id.to_string(), value);
    }
    let closed = |properties: serde_json::Map<String, Json>, description: &str| json!({ "type": "object", "description": description, "additionalProperties": false, "properties": properties });
    for kind in ["User", "Contact"] {
        set(&mut schema, &["$defs", kind, "properties", "roles", "items"], roles.clone());
        let value = closed(attributes.clone(), "Facts that the platform defines and rules ask for.");
        set(&mut schema, &["$defs", kind, "properties", "attributes"], value);
    }
    let value = closed(applications, "The access that membership gives: application to level. Absent: none.");
    set(&mut schema, &["$defs", "PermissionGroup", "properties", "applications"], value);
    set(&mut schema, &["$defs", "Profile", "properties", "services", "items"], services);
    set(&mut schema, &["$defs", "Notified", "properties", "of"], events);
    set(&mut schema, &["$defs", "Can", "properties", "do"], permissions);
    set(&mut schema, &["$defs", "Holds", "properties", "role"], roles);
    for section in Section::ALL.iter().filter(|section| !platform.sections.contains(section)) {
        if let Some(sections) = schema["properties"].as_object_mut() {
            sections.remove(section.as_str());
        }
    }
    schema
}

/// Replaces a part of a schema, keeping its description.
fn set(schema: &mut Json, path: &[&str], mut value: Json) {
    let Some(place) = path.iter().try_fold(schema, |schema, key| schema.get_mut(*key)) else { return };
    if let Some(description) = place.get("description").filter(|_| value.get("description").is_none()) {
        value["description"] = description.clone();
    }
    *place = value;
}

/// A schema of something that users write: null is never a value there.
fn input<T: JsonSchema>(title: &str) -> Json {
    let without_null = RecursiveTransform(|schema: &mut Schema| strip_null(schema));
    let generator = SchemaSettings::draft2020_12().with_transform(without_null).into_generator();
    finish(generator.into_root_schema_for::<T>(), title)
}

fn output<T: JsonSchema>(title: &str) -> Json {
    finish(SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>(), title)
}

fn finish(schema: Schema, title: &str) -> Json {
    let mut schema = schema.to_value();
    schema["title"] = title.into();
    schema
}

fn strip_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let is_null = |schema: &Json| schema.get("type").is_some_and(|kind| kind == "null");
    if let Some(Json::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Json::Array(choices)) = object.get_mut("anyOf")
        && choices.iter().any(is_null)
    {
        choices.retain(|choice| !is_null(choice));
        if let [Json::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Json::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}
