//! What the server answers.

use serde_json::{Value as Json, json};

use super::quirks::{Errors, Quirks};

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the content.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// The version of the resource.
    pub etag: Option<String>,
    /// Where the resource is.
    pub location: Option<String>,
}

impl Reply {
    /// JSON.
    pub fn json(status: u16, body: &Json) -> Reply {
        let body = body.to_string();
        Reply { status, content_type: "application/scim+json", body, etag: None, location: None }
    }

    /// Nothing.
    pub fn empty(status: u16) -> Reply {
        Reply { status, content_type: "application/scim+json", body: String::new(), etag: None, location: None }
    }

    /// A page for browsers.
    pub fn html(status: u16) -> Reply {
        let body = "<!doctype html><title>Portal</title><h1>Something is here</h1>".to_owned();
        Reply { status, content_type: "text/html", body, etag: None, location: None }
    }
}

/// Why something is not done.
#[derive(Clone, Debug)]
pub struct Fault {
    status: u16,
    scim_type: String,
    detail: String,
}

impl Fault {
    /// A status, the type of the error and a sentence.
    pub fn new(status: u16, scim_type: &str, detail: &str) -> Fault {
        Fault { status, scim_type: scim_type.to_owned(), detail: detail.to_owned() }
    }

    /// The answer, in the shape that this server gives it.
    pub fn reply(&self, quirks: &Quirks) -> Reply {
        let (status, detail) = (self.status, &self.detail);
        let schema = "urn:ietf:params:scim:api:messages:2.0:Error";
        let plain = |body: Json| Reply { content_type: "application/json", ..Reply::json(status, &body) };
        match quirks.errors {
            Errors::Scim => Reply::json(
                status,
                &json!({ "schemas": [schema], "status": status.to_string(), "scimType": self.scim_type, "detail": detail }),
            ),
            Errors::Number => plain(json!({ "status": status, "detail": detail })),
            Errors::Nested => plain(json!({ "status": { "code": "201" }, "message": detail })),
            Errors::Wrong => plain(json!({ "scimType": "invalidFilter", "detail": [detail] })),
            Errors::Html => Reply::html(status),
            Errors::Empty => Reply::empty(status),
        }
    }
}
