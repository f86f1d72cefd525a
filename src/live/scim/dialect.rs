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
use super::wire::MOST;
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

/// Where a list that always brings somebody new is given up.
#[derive(Debug, Default)]
pub struct Bound {
    announced: Option<u64>,
    /// How many there were when somebody counted them last.
    before: Option<u64>,
}

impl Bound {
    /// So many more than twice what was announced, or known from the last count, have no end.
    const MARGIN: u64 = 1000;

    /// The bound of a list that had so many items when somebody counted them last.
    pub fn known(before: Option<u64>) -> Bound {
        Bound { announced: None, before }
    }

    /// Hears what a page announces. The first word counts: who announces more with every page never ends.
    pub fn announced(&mut self, total: Option<u64>) {
        self.announced = self.announced.or(total);
    }

    /// Why a list is given up after so many items, of which none was there twice; none: it goes on.
    pub fn passed(&self, read: usize) -> Option<String> {
        let most = |known: u64| known.saturating_mul(2).saturating_add(Bound::MARGIN);
        let read = read as u64;
        match (self.announced, self.before) {
            (Some(total), _) if read > most(total) => Some(format!(
                "the portal announced {total}, and goes on after {read}: its paging has no end (see `paging` in the \
                 manifest)"
            )),
            (None, Some(before)) if read > most(before) => Some(format!(
                "it had {before} when they were counted last, and goes on after {read}: either its paging has no end, \
                 or they have become many, and `rosterctl target probe` is to be run again"
            )),
            (None, None) if read > MOST as u64 => {
                Some(format!("it goes on after {read}: its paging has no end (see `paging` in the manifest)"))
            }
            _ => None,
        }
    }
}

/// An API that is spoken in place of SCIM.
pub trait Dialect: Send + Sync + fmt::Debug {
    /// What the list of a kind is called in messages: its path.
    fn name(&self, kind: Kind) -> &str;

    /// The page of a list that begins where the page before it said; empty: the first.
    fn page<'a>(&'a self, kind: Kind, from: &'a str) -> BoxFuture<'a, Result<Page, LiveError>>;

    /// How many of a kind there were when somebody counted them last.
    fn counted(&self, _: Kind) -> Option<u64> {
        None
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_have_a_million_where_nothing_says_otherwise_and_little_more_than_twice_what_does() {
        let passes =
            |bound: &Bound, most: usize| (bound.passed(most), bound.passed(most + 1).is_some()) == (None, true);
        assert!(passes(&Bound::default(), 1_000_000));
        let mut bound = Bound::known(Some(10));
        assert!(passes(&bound, 1020));
        // What the portal says now counts for more than what it said once, and its first word most.
        bound.announced(Some(4000));
        bound.announced(Some(9000));
        assert!(passes(&bound, 9000));
    }
}
