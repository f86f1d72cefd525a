//! Why a request has no answer that can be used, and how sure it is that nothing happened.

use std::fmt;

use super::answer::Answer;

/// A client that cannot be made from its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// What is wrong, lower-case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl HttpError {
    /// An error and its cure.
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> HttpError {
        HttpError { message: message.into(), hint: Some(hint.into()) }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HttpError {}

/// Why a request was not answered in a way that can be used. A server's own error (404, 409, 500, …) is an
/// [`Answer`], not a failure.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Certain: the server did nothing. No connection, or it refused to start (429) to the end.
    NotSent {
        /// What happened.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The server may have done it, or not: the connection broke, or the time ran out, after the request was sent.
    Unknown {
        /// What happened.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The credentials are wrong (401) or not enough (403). The server did nothing.
    Denied {
        /// 401 or 403; of the token endpoint also 400 (RFC 6749 §5.2).
        status: u16,
        /// What happened.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// The server's answer; none where the token endpoint refused.
        answer: Option<Box<Answer>>,
    },
    /// There is an answer, and it cannot be used: too large, a web page, not the JSON that was expected. What was
    /// asked may have been done.
    Unusable {
        /// What happened.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl Failure {
    pub(super) fn not_sent(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::NotSent { message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn unusable(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Unusable { message: message.into(), hint: Some(hint.into()) }
    }

    /// What happened, lower-case.
    pub fn message(&self) -> &str {
        match self {
            Failure::NotSent { message, .. }
            | Failure::Unknown { message, .. }
            | Failure::Denied { message, .. }
            | Failure::Unusable { message, .. } => message,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Failure::NotSent { hint, .. }
            | Failure::Unknown { hint, .. }
            | Failure::Denied { hint, .. }
            | Failure::Unusable { hint, .. } => hint.as_deref(),
        }
    }

    /// The same failure, after several attempts.
    pub(super) fn after(mut self, attempts: u32) -> Failure {
        if attempts > 1 {
            match &mut self {
                Failure::NotSent { message, .. }
                | Failure::Unknown { message, .. }
                | Failure::Denied { message, .. }
                | Failure::Unusable { message, .. } => message.push_str(&format!(" ({attempts} attempts)")),
            }
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Failure {}
