//! What is told a client instead of what it asked for (RFC 7644 §3.12).

use crate::live::embedded::Denied;
use crate::live::{LiveError, Refusal};
use crate::scim::ErrorMessage;

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The kind of error, where RFC 7644 has a word for it.
    pub scim_type: Option<&'static str>,
    /// The sentence.
    pub detail: String,
}

impl Problem {
    /// An error without a kind.
    pub fn new(status: u16, detail: impl Into<String>) -> Problem {
        Problem { status, scim_type: None, detail: detail.into() }
    }

    /// A request that is wrong in a way for which there is a word.
    pub fn bad(scim_type: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// A value that does not fit.
    pub fn value(detail: impl Into<String>) -> Problem {
        Problem::bad("invalidValue", detail)
    }

    /// A body that is no such message.
    pub fn syntax(detail: impl Into<String>) -> Problem {
        Problem::bad("invalidSyntax", detail)
    }

    /// A resource that is not there.
    pub fn missing(kind: &str, id: &str) -> Problem {
        Problem::new(404, format!("there is no {kind} `{id}`"))
    }

    /// A resource that has changed since the client saw it.
    pub fn changed() -> Problem {
        Problem::new(412, "the resource has changed since it was read; read it again")
    }

    /// The message of the protocol.
    pub fn message(&self) -> ErrorMessage {
        ErrorMessage::new(self.status, self.scim_type, self.detail.clone())
    }
}

impl From<LiveError> for Problem {
    fn from(error: LiveError) -> Problem {
        let hint = error.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        Problem::new(503, format!("{}{hint}", error.message))
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        match denied {
            Denied::Taken(detail) => Problem { status: 409, scim_type: Some("uniqueness"), detail },
            Denied::Unknown(detail) => Problem::value(detail),
            Denied::Refused(Refusal::Forbidden(detail)) => Problem::new(403, detail),
            Denied::Refused(Refusal::Failed(detail)) => Problem::value(detail),
            Denied::Unread(detail) => Problem::new(500, detail),
            Denied::Refused(Refusal::Stale(detail)) => Problem::new(409, detail),
            Denied::Broken(error) => error.into(),
        }
    }
}
