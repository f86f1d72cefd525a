//! What the server says of itself (RFC 7644 §4).

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::bulk::MOST_OPERATIONS;
use super::list::{LARGEST, PAGE, REMEMBERED};
use super::schema::{Attribute, Schema, TYPES, Type, schemas};
use crate::live::Resource;
use crate::platform::{AttributeType, Holder, Platform};
use crate::scim;

/// What the server can do.
pub fn provider(base: &str, max_payload: usize) -> Json {
    let yes = json!({ "supported": true });
    json!({
        "schemas": [scim::SERVICE_PROVIDER_CONFIG],
        "documentationUri": "https://github.com/rosterctl/rosterctl",
        "patch": yes,
        "bulk": { "supported": true, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": max_payload },
        "filter": { "supported": true, "maxResults": LARGEST },
        "changePassword": { "supported": false },
        "sort": yes,
        "etag": yes,
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE,
            "maxPageSize": LARGEST,
            "cursorTimeout": REMEMBERED.as_secs(),
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token that the server was started with",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// The types of resource.
pub fn resource_types(base: &str) -> Vec<Json> {
    TYPES.iter().map(|kind| resource_type(kind, base)).collect()
}

/// A type of resource.
pub fn resource_type(kind: &Type, base: &str) -> Json {
    // What only the portal says is no part that clients could give; its schema tells them to ask for it.
    let given = kind.extensions.iter().filter(|urn| !kind.on_request().any(|own| own == **urn));
    let extensions = given.map(|urn| json!({ "schema": urn, "required": false }));
    json!({
        "schemas": [scim::RESOURCE_TYPE],
        "id": kind.name,
        "name": kind.name,
        "endpoint": format!("/{}", kind.endpoint),
        "description": kind.description,
        "schema": kind.schema,
        "schemaExtensions": extensions.collect::<Vec<Json>>(),
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name) },
    })
}

/// The schemas, with what the portal's platforms have for words.
pub fn all_schemas(base: &str, platforms: &[&Platform]) -> Vec<Json> {
    schemas().iter().map(|schema| of_schema(schema, base, platforms)).collect()
}

fn of_schema(schema: &Schema, base: &str, platforms: &[&Platform]) -> Json {
    let mut schema = schema.clone();
    for attribute in &mut schema.attributes {
        suggest(&schema.id, attribute, platforms);
    }
    let mut json = serde_json::to_value(&schema).unwrap_or(Json::Null);
    json["schemas"] = json!([scim::SCHEMA]);
    json["meta"] = json!({ "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id) });
    json
}

/// Suggests the words of the platforms as values.
fn suggest(urn: &str, attribute: &mut Attribute, platforms: &[&Platform]) {
    let words: BTreeSet<String> = match attribute.name.as_str() {
        "roles" => {
            let kind = TYPES.iter().find(|kind| kind.schema == urn);
            let holders = match kind.map(|kind| kind.resource) {
                Some(Resource::User) => &[Holder::User][..],
                _ => &[Holder::Contact, Holder::DistributionList][..],
            };
            let all = platforms.iter().flat_map(|platform| &platform.roles);
            let fit = all.filter(|role| holders.iter().all(|holder| role.held_by.contains(holder)));
            let words = fit.map(|role| role.id.to_string()).collect();
            if let Some(value) = attribute.sub_attributes.iter_mut().find(|sub| sub.name == "value") {
                value.canonical_values = words;
            }
            return;
        }
        "attributes" => platforms.iter().flat_map(|platform| attribute_words(platform)).collect(),
        "applications" => platforms.iter().flat_map(|platform| application_words(platform)).collect(),
        _ => return,
    };
    attribute.canonical_values = words.into_iter().collect();
}

fn attribute_words(platform: &Platform) -> Vec<String> {
    let mut words = Vec::new();
    for attribute in &platform.attributes {
        let mut say = |value: &str| words.push(format!("{}={value}", attribute.name));
        match attribute.value_type {
            AttributeType::Boolean => ["true", "false"].into_iter().for_each(&mut say),
            AttributeType::Roles => platform.roles.iter().for_each(|role| say(&role.id)),
            AttributeType::List | AttributeType::Text => attribute.values.iter().for_each(|value| say(value)),
            AttributeType::User => {}
        }
    }
    words
}

fn application_words(platform: &Platform) -> Vec<String> {
    let all = platform.applications.iter();
    let words = all.flat_map(|one| one.levels.iter().map(move |level| format!("{}={level}", one.id)));
    words.collect()
}
