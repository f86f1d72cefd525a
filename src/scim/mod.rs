//! The words of SCIM 2.0 (RFC 7643, RFC 7644) that both sides of the protocol use: names of schemas, and messages.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

/// The media type of SCIM (RFC 7644 §3.1).
pub const MEDIA_TYPE: &str = "application/scim+json";

/// The schema of users (RFC 7643 §4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups (RFC 7643 §4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of contacts: people and lists without access. Ours.
pub const CONTACT: &str = "urn:rosterctl:params:scim:schemas:core:1.0:Contact";
/// What users of employers have besides (RFC 7643 §4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// What users of a portal have besides: `attributes`, `type`, `status`, `organisation`. Ours.
pub const ROSTER_USER: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:User";
/// What groups of a portal have besides: `applications`. Ours.
pub const ROSTER_GROUP: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:Group";

/// The schema of what a provider can do (RFC 7643 §5).
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of resource types (RFC 7643 §6).
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of schemas (RFC 7643 §7).
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// A page of a list (RFC 7644 §3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// A query in a body (RFC 7644 §3.4.3).
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// Changes to a resource (RFC 7644 §3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Several requests at once (RFC 7644 §3.7).
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The answers to several requests (RFC 7644 §3.7).
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// What went wrong (RFC 7644 §3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<R = Json> {
    /// [`LIST_RESPONSE`].
    #[serde(default)]
    pub schemas: Vec<String>,
    /// How many there are on all pages.
    #[serde(default)]
    pub total_results: usize,
    /// How many are on this page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_per_page: Option<usize>,
    /// The place of the first one of this page, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_index: Option<usize>,
    /// The cursor of the next page (RFC 9865); none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The resources.
    #[serde(rename = "Resources", default = "Vec::new")]
    pub resources: Vec<R>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorMessage {
    /// [`ERROR`].
    #[serde(default)]
    pub schemas: Vec<String>,
    /// The HTTP status, as text. Some servers say it as a number, so nothing relies on it.
    #[serde(default)]
    pub status: Json,
    /// The kind of error, such as `uniqueness` (RFC 7644 §3.12, table 9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim_type: Option<String>,
    /// What went wrong, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Changes to a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchOp {
    /// [`PATCH_OP`].
    #[serde(default)]
    pub schemas: Vec<String>,
    /// The changes, in their order.
    #[serde(rename = "Operations", alias = "operations")]
    pub operations: Vec<PatchOperation>,
}

/// A change to a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchOperation {
    /// `add`, `remove` or `replace`.
    pub op: String,
    /// The attribute; none: `value` names the attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The value; a `null` that is there is one too.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl<R> ListResponse<R> {
    /// A page.
    pub fn new(resources: Vec<R>, total: usize) -> ListResponse<R> {
        ListResponse {
            schemas: vec![LIST_RESPONSE.to_owned()],
            total_results: total,
            items_per_page: Some(resources.len()),
            start_index: None,
            next_cursor: None,
            resources,
        }
    }
}

impl ErrorMessage {
    /// An error with its HTTP status.
    pub fn new(status: u16, scim_type: Option<&str>, detail: impl Into<String>) -> ErrorMessage {
        ErrorMessage {
            schemas: vec![ERROR.to_owned()],
            status: status.to_string().into(),
            scim_type: scim_type.map(str::to_owned),
            detail: Some(detail.into()),
        }
    }
}

impl PatchOp {
    /// Changes in their order.
    pub fn new(operations: Vec<PatchOperation>) -> PatchOp {
        PatchOp { schemas: vec![PATCH_OP.to_owned()], operations }
    }
}
