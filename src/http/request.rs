//! What is asked of a server, and what may be done about it when no answer comes.

use std::borrow::Cow;

use bytes::Bytes;
pub use reqwest::Method;
use url::Url;

/// One request. It is repeated only as its [`Safety`] allows.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; same scheme, host and port as the base of the client, or it is refused.
    pub url: Url,
    /// The body.
    pub body: Option<Bytes>,
    /// The type of the body; sent only with one.
    pub content_type: &'static str,
    /// The types that are understood, as `Accept` lists them.
    pub accept: &'static str,
    /// Only where the object still has this `ETag` (RFC 9110 §13.1.1).
    pub if_match: Option<String>,
    /// Further headers, and their values.
    pub also: Vec<(Cow<'static, str>, String)>,
    /// What may be done when no answer comes.
    pub safety: Safety,
    /// Sent as `X-Request-Id`; repetitions carry the same. None: one is made up.
    pub id: Option<String>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, url: Url, safety: Safety) -> Request {
        let json = "application/json";
        let (body, if_match, also, id) = (None, None, Vec::new(), None);
        Request { method, url, body, content_type: json, accept: json, if_match, also, safety, id }
    }

    /// Method and path, for messages: `GET /scim/v2/Users`. What is asked for is left out, it may name people.
    pub(super) fn asked(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

/// What may be done when it is not known whether the server did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Changes nothing: repeated freely, redirects are followed. For GET.
    Read,
    /// Twice is as once (PUT, DELETE, a PATCH that replaces): repeated where it is certain that nothing happened, or
    /// where the server asks for it (503 with `Retry-After`).
    Idempotent,
    /// Twice is not as once (POST): repeated only where it is certain that nothing happened.
    Once,
}
