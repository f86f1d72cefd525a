//! HTTP as portals on the network need it: signed requests within one budget, repeated where that does no harm, and
//! for each that fails, how sure it is that nothing happened.
//!
//! What targets speak (SCIM, REST) sits on top; this layer knows no resource of theirs.
//!
//! - Credentials go to one origin (scheme, host, port) and nowhere else, and over plain http to this machine only.
//! - A 5xx is an [`Answer`]; a [`Failure`] is an exchange without an answer that can be used.
//! - A portal on this machine is reached directly. All others go through the proxies that `HTTP_PROXY`, `HTTPS_PROXY`
//!   and `NO_PROXY` (or the system) name.

mod answer;
mod budget;
mod client;
mod excerpt;
mod failure;
mod request;
mod retry;
mod secret;
mod settings;
mod sign;
mod stamp;
mod trust;
mod wire;

pub use answer::Answer;
pub use bytes::Bytes;
pub use client::Http;
pub use failure::{Failure, HttpError};
pub use request::{Method, Request, Safety};
pub use secret::Secret;
pub use settings::{Auth, Settings, Timeouts};
pub use stamp::stamp;
pub use trust::unguessable;
pub use url::Url;
