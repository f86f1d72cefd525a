//! A portal of whichever kind: what plans are read from and applied to.

use smol_str::SmolStr;

use super::{
    Author, Embedded, Entry, Listed, Live, LiveError, Operation, Read, Refusal, Rest, Scim, Snapshot, Sought, Write,
};
use crate::diagnostic::Diagnostic;
use crate::model::{Organisation, Person};
use crate::platform::Platform;

/// A portal of one of the kinds that there are.
#[derive(Debug)]
pub enum Portal {
    /// One SQLite file.
    Embedded(Box<Embedded>),
    /// A portal that speaks SCIM 2.0.
    Scim(Box<Scim>),
    /// An export or a hand-kept list.
    Snapshot(Box<Snapshot>),
    /// A portal with a REST API of its own.
    Rest(Box<Rest>),
}

impl Portal {
    /// The embedded portal, where it is one.
    pub fn embedded(&self) -> Option<&Embedded> {
        match self {
            Portal::Embedded(portal) => Some(portal),
            Portal::Scim(_) | Portal::Snapshot(_) | Portal::Rest(_) => None,
        }
    }

    /// The SCIM portal, where it is one.
    pub fn scim(&self) -> Option<&Scim> {
        match self {
            Portal::Scim(portal) => Some(portal),
            Portal::Embedded(_) | Portal::Snapshot(_) | Portal::Rest(_) => None,
        }
    }

    /// Whether rosterctl can change it; else people carry plans out by hand.
    pub fn is_written(&self) -> bool {
        self.snapshot().is_none()
    }

    /// The export or list, where it is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Portal::Snapshot(portal) => Some(portal),
            Portal::Embedded(_) | Portal::Scim(_) | Portal::Rest(_) => None,
        }
    }

    /// The portal with a REST API of its own, where it is one.
    pub fn rest(&self) -> Option<&Rest> {
        match self {
            Portal::Rest(portal) => Some(portal),
            Portal::Embedded(_) | Portal::Scim(_) | Portal::Snapshot(_) => None,
        }
    }

    /// What speaks over the network, where it does.
    pub fn network(&self) -> Option<&Scim> {
        self.scim().or_else(|| self.rest().map(Rest::engine))
    }
}

/// The same call to the portal of each kind.
macro_rules! each {
    ($self:ident, $portal:ident => $call:expr) => {
        match $self {
            Portal::Embedded($portal) => $call,
            Portal::Scim($portal) => $call,
            Portal::Snapshot($portal) => $call,
            Portal::Rest($portal) => $call,
        }
    };
}

impl Read for Portal {
    async fn identity(&self) -> Result<Option<String>, LiveError> {
        each!(self, portal => portal.identity().await)
    }

    async fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        each!(self, portal => portal.organisations().await)
    }

    async fn managed(&self) -> Result<Vec<SmolStr>, LiveError> {
        each!(self, portal => portal.managed().await)
    }

    async fn read(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        each!(self, portal => portal.read(organisation, platform).await)
    }

    async fn look(
        &self,
        organisation: &str,
        platform: &Platform,
        sought: &Sought,
    ) -> Result<Vec<Entry<Person>>, LiveError> {
        match self {
            Portal::Embedded(portal) => Read::look(portal.as_ref(), organisation, platform, sought).await,
            Portal::Scim(portal) => portal.look(organisation, platform, sought).await,
            Portal::Snapshot(portal) => portal.look(organisation, platform, sought).await,
            Portal::Rest(portal) => portal.look(organisation, platform, sought).await,
        }
    }

    fn fit(&self, organisation: &Organisation) -> Vec<Diagnostic> {
        each!(self, portal => portal.fit(organisation))
    }
}

impl Write for Portal {
    fn batch(&self) -> usize {
        each!(self, portal => portal.batch())
    }

    async fn prepare(&self, organisation: &str, platform: &Platform) -> Result<(), LiveError> {
        each!(self, portal => portal.prepare(organisation, platform).await)
    }

    async fn execute(
        &self,
        platform: &Platform,
        operations: &[Operation],
        author: &Author,
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        each!(self, portal => portal.execute(platform, operations, author).await)
    }
}
