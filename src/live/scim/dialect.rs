//! What another API than SCIM has to do so that all that holds for SCIM holds for it: lists are proven, lost answers are
//! looked up, what was written is read again.
//!
//! A dialect speaks in the resources of SCIM (RFC 7643): whoever uses it need not know what goes over the wire.

use std::fmt;

use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::account::Kind;
use super::client::{Current, Trouble};
use crate::live::LiveError;

/// One page of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// The resources.
    pub resources: Vec<Box<RawValue>>,
    /// How many there are in all, where that is known.
    pub total: Option<u64>,
    /// Where the next page begins, and whether there is one.
    pub next: Next,
    /// Why what was read may not be all.
    pub gap: Option<String>,
}

/// What comes after a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// A page that begins here.
    Page(SmolStr),
    /// Nothing, and the portal said so: pages are linked, and this one links no other.
    #[default]
    Nothing,
    /// Nothing that is seen: somebody who moved from a later page to an earlier one meanwhile was missed.
    NothingSeen,
}

/// An API that is spoken in place of SCIM.
pub trait Dialect: Send + Sync + fmt::Debug {
    /// What the list of a kind is called in messages: its path.
    fn name(&self, kind: Kind) -> &str;

    /// The page of a list that begins where the page before it said; empty: the first.
    fn page<'a>(&'a self, kind: Kind, from: &'a str) -> BoxFuture<'a, Result<Page, LiveError>>;

    /// A resource as it is now; none where it is gone.
    fn get<'a>(&'a self, kind: Kind, id: &'a str) -> BoxFuture<'a, Result<Option<Current>, LiveError>>;

    /// Creates a resource, and shows it as it is kept.
    fn create<'a>(&'a self, kind: Kind, body: &'a Json, request: &'a str) -> BoxFuture<'a, Result<Current, Trouble>>;

    /// Makes a resource what it shall be, and shows it as it is kept; none where it has to be looked at.
    fn put<'a>(
        &'a self,
        kind: Kind,
        id: &'a str,
        body: &'a Json,
        version: Option<&'a str>,
        request: &'a str,
    ) -> BoxFuture<'a, Result<Option<Current>, Trouble>>;

    /// Deletes a resource.
    fn delete<'a>(
        &'a self,
        kind: Kind,
        id: &'a str,
        version: Option<&'a str>,
        request: &'a str,
    ) -> BoxFuture<'a, Result<(), Trouble>>;

    /// Lets people join and leave a group; who was in it already, or was not, is no reason to fail.
    fn change_members<'a>(
        &'a self,
        group: &'a str,
        join: &'a [SmolStr],
        leave: &'a [SmolStr],
        request: &'a str,
    ) -> BoxFuture<'a, Result<(), String>>;
}
