//! A portal with a REST API of its own, connected by a manifest: YAML that says how it lists, shows and changes people.
//!
//! The manifest becomes a [`Dialect`](super::scim::Dialect) of the engine that SCIM targets have too. So everything that
//! keeps a portal safe there holds here: lists are proven or not believed, lost answers are looked up before anything is
//! repeated, nothing is written over what somebody else changed, and every write is read again.

mod api;
mod blame;
mod bounds;
mod counted;
mod dialect;
mod expression;
mod fit;
mod formula;
mod lacks;
mod load;
pub mod manifest;
mod membership;
mod one;
mod pages;
pub mod probe;
mod roles;
mod shape;
mod spelling;
mod talk;
mod template;
mod view;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use smol_str::SmolStr;

use super::scim::capabilities::{
    CAPABILITIES_VERSION, Capabilities, Filters, GroupCapabilities, Learned, MemberCapabilities, MemberChange,
    MemberReading, Paging, PagingStyle, Seen, UserCapabilities, Versions,
};
use super::scim::{Config, Kind, Scim};
use super::{Author, Entry, Listed, Live, LiveError, Operation, Read, Refusal, Sought, Write};
use crate::diagnostic::Diagnostic;
use crate::http::Http;
use crate::model::{Organisation, Person};
use crate::platform::Platform;
pub use api::{Api, PersonField};
pub use counted::{Applied, Counted, Known};
pub use lacks::{Ability, Lack};
pub use load::load;
use manifest::{MailCase, MembersIn};
pub use spelling::Changing;
use talk::Talk;

/// The manifests that are built in: their names and texts.
pub const SHIPPED: &[(&str, &str)] = &[
    ("keycloak", include_str!("manifests/keycloak.yaml")),
    ("servicenow", include_str!("manifests/servicenow.yaml")),
    ("graph", include_str!("manifests/graph.yaml")),
];

/// The text of a manifest that is built in.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A portal with a REST API of its own.
#[derive(Debug)]
pub struct Rest {
    name: String,
    api: Arc<Api>,
    talk: Arc<Talk>,
    engine: Scim,
    /// The platform of its organisations, where the workspace says so.
    platform: Option<Listed>,
    known: Known,
}

impl Rest {
    /// A target at the other end of `http`, talked to as its manifest says. What `config` has of capabilities and of how
    /// many users there were is not used: the manifest and `known` tell that.
    pub fn new(http: Arc<Http>, api: Api, config: Config, known: Known) -> Rest {
        let (api, writes) = (Arc::new(api), Arc::new(AtomicU64::new(0)));
        let seen = known.probed.as_ref().and_then(|probed| Some((probed.users?, probed.at.clone())));
        let users = seen.as_ref().map(|(users, _)| *users as u64);
        let talk = Arc::new(Talk::new(http.clone(), api.clone(), writes.clone(), users));
        let capabilities = Some(capabilities(&api, http.base().as_str()));
        let (name, platform) = (config.name.clone(), config.platform.clone());
        let engine = Scim::new(http, Config { capabilities, seen, ..config }).speaking(talk.clone(), writes);
        Rest { name, api, talk, engine, platform, known }
    }

    /// How it is talked to.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Learns the roles of a platform: who holds new ones was not read before.
    async fn learn(&self, platform: &Platform) -> Result<(), LiveError> {
        if self.talk.learn_roles(platform)? {
            self.engine.forget().await;
        }
        Ok(())
    }

    /// Learns the roles of the platform in the workspace, so that one reading does for all.
    async fn learn_own(&self) -> Result<(), LiveError> {
        match self.platform.as_ref().filter(|_| self.api.granted().is_some()) {
            Some(platform) => self.learn(&platform.load()?).await,
            None => Ok(()),
        }
    }

    /// What its roles are evidence of, by the word in `evidence` of a platform file.
    pub fn feeds(&self) -> Option<&str> {
        self.api.roles.as_ref()?.feeds.as_deref()
    }

    /// Who holds roles that are evidence: the words by the handle of the person, and why that may not be all.
    ///
    /// # Errors
    ///
    /// A list of roles or of their holders cannot be read.
    pub async fn evidence(&self) -> Result<(HashMap<SmolStr, Vec<SmolStr>>, Option<String>), LiveError> {
        let Some(roles) = self.api.roles.as_ref().filter(|roles| roles.feeds.is_some()) else {
            return Ok(Default::default());
        };
        let (held, gap) = self.talk.evidence(roles).await?;
        Ok((held.into_iter().map(|(id, words)| (Kind::User.handle(&id), words)).collect(), gap))
    }

    /// The engine that it shares with targets that speak SCIM.
    pub fn engine(&self) -> &Scim {
        &self.engine
    }
}

/// What a manifest says that a portal does. Where it says nothing, nothing is relied on.
fn capabilities(api: &Api, url: &str) -> Capabilities {
    let has = |kind, field| Seen::from(api.has(kind, field));
    let user = |field| has(Kind::User, field);
    let one_by_one = api.groups.as_ref().is_some_and(|groups| groups.members.add.is_some());
    let in_groups = api.groups.as_ref().is_some_and(|groups| groups.members.place == MembersIn::Group);
    let change = if one_by_one || !in_groups { MemberChange::List } else { MemberChange::Put };
    let versions = api.writes().any(|call| call.if_match.is_some());
    Capabilities {
        version: CAPABILITIES_VERSION,
        url: url.to_owned(),
        learned: Learned { at: String::new(), by_writing: true, users: 0, groups: 0 },
        paging: Paging { style: PagingStyle::Cursor, size: 0 },
        filters: Filters::default(),
        users: UserCapabilities {
            external_id: Seen::Yes,
            employee_number: Seen::No,
            roles: Seen::from(api.has(Kind::User, PersonField::Roles) || api.granted().is_some()),
            entitlements: Seen::No,
            extension: user(PersonField::Attributes),
            phone: user(PersonField::Phone),
            display_name: Seen::No,
            one_word_names: Seen::Yes,
            active: user(PersonField::Active),
            standing: Seen::No,
            mail_case: Seen::from(api.users.mail_case == MailCase::Kept),
            primary_email: Seen::No,
            patch: Seen::No,
            recreate: Seen::Yes,
            truthful_answers: Seen::Yes,
        },
        groups: GroupCapabilities {
            external_id: has(Kind::Group, PersonField::ExternalId),
            extension: has(Kind::Group, PersonField::Access),
            patch: Seen::No,
            unique_names: Seen::from(api.groups.as_ref().is_some_and(|groups| groups.unique_names)),
        },
        members: MemberCapabilities {
            read: MemberReading::Listed,
            add: change,
            remove: change,
            limit: u32::MAX,
            on_create: Seen::No,
            needs_reference: false,
            leave_on_delete: Seen::No,
        },
        contacts: api.contacts.as_ref().map(|contacts| contacts.list.get.text.to_string()),
        versions: if versions { Versions::Enforced } else { Versions::Ignored },
        bulk: Default::default(),
    }
}

impl Read for Rest {
    async fn identity(&self) -> Result<Option<String>, LiveError> {
        self.engine.identity().await
    }

    async fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        self.learn_own().await?;
        self.engine.organisations().await
    }

    async fn managed(&self) -> Result<Vec<SmolStr>, LiveError> {
        self.learn_own().await?;
        self.engine.managed().await
    }

    async fn read(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        self.learn(platform).await?;
        let mut live = self.engine.read(organisation, platform).await?;
        self.talk.tell_lost(&mut live);
        if let Some((users, false)) = self.engine.inhabited().await
            && live.suspect.is_none()
            && live.gaps.is_empty()
        {
            (live.suspect, live.cure) = self.known.doubt(&self.name, users == 0).unzip();
        }
        Ok(live)
    }

    async fn look(
        &self,
        organisation: &str,
        platform: &Platform,
        sought: &Sought,
    ) -> Result<Vec<Entry<Person>>, LiveError> {
        self.learn(platform).await?;
        self.engine.look(organisation, platform, sought).await
    }

    fn fit(&self, organisation: &Organisation) -> Vec<Diagnostic> {
        let mut findings = fit::findings(organisation, &self.name, &self.api);
        findings.extend(fit::roles(organisation, &self.name, |key| self.talk.missing_role(key)));
        findings
    }
}

impl Write for Rest {
    fn batch(&self) -> usize {
        self.engine.batch()
    }

    async fn prepare(&self, _: &str, _: &Platform) -> Result<(), LiveError> {
        // What single steps need was said by the plan, before anything was sent.
        if self.api.users.create.is_some() || self.api.users.update.is_some() || self.api.users.delete.is_some() {
            return Ok(());
        }
        let message = format!("`{}` can only be read: its manifest does not say how people are changed", self.name);
        Err(LiveError::new(message, "add `create` and `update` to `users` in the manifest"))
    }

    async fn execute(
        &self,
        platform: &Platform,
        operations: &[Operation],
        author: &Author,
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        self.learn(platform).await?;
        self.engine.execute(platform, operations, author).await
    }
}
