//! A portal that speaks SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865).
//!
//! The client believes what it has seen and not what is announced: see [`Capabilities`]. Reading is whole or says that
//! it is not; every write is compared with what came of it.

mod account;
mod bulk;
pub mod capabilities;
mod client;
mod dialect;
mod directory;
mod fit;
mod groups;
mod listing;
mod lookup;
pub mod mapping;
mod members;
mod moving;
mod people;
pub mod probe;
mod reading;
mod wanted;
mod wire;
mod writing;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};

use smol_str::SmolStr;
use tokio::sync::Mutex;

use super::{Author, Entry, Listed, Live, LiveError, Operation, Read, Refusal, Sought, Write};
use crate::diagnostic::Diagnostic;
use crate::http::Http;
use crate::model::{Organisation, Person};
use crate::platform::Platform;
pub use account::Kind;
pub use capabilities::Capabilities;
use capabilities::{MemberReading, Seen};
pub use client::{Client, Current, Trouble, detail, escaped, refused};
pub use dialect::{Bound, Dialect, Next, Page};
use directory::Directory;
use mapping::{Applications, Carriers, Roles, Words};
pub use wire::UNREAD;

/// How many operations are handed over at once: enough to keep every connection busy, few enough to stop between.
const BATCH: usize = 1000;

/// What to do about a portal that has become much smaller.
const SHRUNK: &str =
    "see on the portal what became of them; where it is right, count anew with `rosterctl target probe`";

/// A SCIM target as the workspace describes it.
#[derive(Debug)]
pub struct Config {
    /// Its name in the workspace.
    pub name: String,
    /// What it was seen to do; none: it was never probed, and nothing is written.
    pub capabilities: Option<Capabilities>,
    /// The only organisation there, where the workspace says so; none: others may share it.
    pub organisation: Option<SmolStr>,
    /// The platform of its organisations, where the workspace says so.
    pub platform: Option<Listed>,
    /// How many users it had when somebody looked last, and when that was.
    pub seen: Option<(usize, String)>,
}

/// A portal that speaks SCIM 2.0.
#[derive(Debug)]
pub struct Scim {
    client: Client,
    config: Config,
    carriers: Carriers,
    directory: Mutex<Option<Directory>>,
    known: Lock<Names>,
    /// The most members that one request has taken without complaint.
    member_limit: AtomicUsize,
}

/// What the target calls things, as far as it has been met.
#[derive(Debug, Default)]
struct Names {
    /// Groups by the identity that they carry.
    groups: HashMap<SmolStr, SmolStr>,
    /// Identities that several groups carry: nobody can say which is meant.
    twins: HashSet<SmolStr>,
    /// Whether the last readings of people and of groups were whole: where not, who is not known may be there.
    whole: (bool, bool),
    /// Whether all groups are known by now.
    groups_known: bool,
    /// People who were created, by organisation and id: their handles.
    made: HashMap<(SmolStr, SmolStr), SmolStr>,
}

impl Scim {
    /// A target at the other end of `http`.
    pub fn new(http: Arc<Http>, config: Config) -> Scim {
        let known = config.capabilities.as_ref();
        let contacts = known.and_then(|known| known.contacts.as_deref()).map(SmolStr::from);
        let ask = known.is_some_and(|known| known.members.read == MemberReading::Asked);
        let limit = known.map_or(1, |known| known.members.limit.max(1) as usize);
        let carriers = known.map(Capabilities::carriers).unwrap_or_default();
        let client = Client::new(http, contacts);
        let standing = known.is_some_and(|known| known.users.standing.works());
        let client = if standing { client.asking_standing() } else { client };
        Scim {
            client: if ask { client.asking(carriers.applications == Applications::Extension) } else { client },
            carriers,
            config,
            directory: Mutex::new(None),
            known: Lock::default(),
            member_limit: AtomicUsize::new(limit),
        }
    }

    /// The same target, which speaks something else. `writes` counts what that sends to change something.
    pub fn speaking(self, dialect: Arc<dyn Dialect>, writes: Arc<AtomicU64>) -> Scim {
        Scim { client: self.client.speaking(dialect, writes), ..self }
    }

    /// How many requests were sent so far, and how many of them to change something.
    pub fn sent(&self) -> (u64, u64) {
        self.client.sent()
    }

    /// Whether a field of a person is kept in groups, of which the account itself tells nothing.
    pub fn in_groups(&self, field: &str) -> bool {
        match field {
            "groups" => true,
            "roles" => self.carriers.roles == Roles::Groups,
            field => field.starts_with("attributes") && self.carriers.words == Words::Groups,
        }
    }

    /// What it was seen to do.
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.config.capabilities.as_ref()
    }

    /// An organisation there, with the platform that the workspace gives it.
    pub fn organisation(&self, id: &str) -> Listed {
        let platform = self.config.platform.as_ref();
        let (reference, text) =
            platform.map_or_else(Default::default, |listed| (listed.platform.clone(), listed.platform_text.clone()));
        Listed { id: id.into(), platform: reference, platform_text: text }
    }

    /// The way to it.
    pub fn http(&self) -> Arc<Http> {
        self.client.http()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was read: the next reading is a fresh one.
    pub async fn forget(&self) {
        *self.directory.lock().await = None;
    }

    async fn load(&self) -> Result<Directory, LiveError> {
        let known = self.config.capabilities.as_ref();
        let contacts = known.is_some_and(|known| known.contacts.is_some());
        let directory = Directory::load(&self.client, known, self.carriers, contacts).await?;
        let mut names = self.names();
        names.groups = directory.groups.clone();
        names.twins = directory.twins.clone();
        (names.whole, names.groups_known) = (directory.whole, directory.whole.1);
        drop(names);
        Ok(directory)
    }

    /// How many users the last reading found, and whether people of any organisation are managed; none where nothing was
    /// read yet.
    pub async fn inhabited(&self) -> Option<(usize, bool)> {
        let kept = self.directory.lock().await;
        kept.as_ref().map(|directory| (directory.sizes.0, !directory.organisations.is_empty()))
    }

    /// Why a reading should not be believed although it seems to be whole.
    fn suspect(&self, directory: &Directory) -> Option<String> {
        let (before, at) = self.config.seen.as_ref()?;
        let now = directory.sizes.0;
        (*before >= 4 && now * 2 < *before).then(|| {
            format!("`{}` has {now} users, and had {before} when they were counted last ({at})", self.config.name)
        })
    }
}

impl Read for Scim {
    async fn identity(&self) -> Result<Option<String>, LiveError> {
        Ok(None)
    }

    async fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        Ok(self.managed().await?.iter().map(|id| self.organisation(id)).collect())
    }

    async fn managed(&self) -> Result<Vec<SmolStr>, LiveError> {
        let mut directory = self.directory.lock().await;
        if directory.is_none() {
            *directory = Some(self.load().await?);
        }
        Ok(directory.as_ref().map(|directory| directory.organisations.clone()).unwrap_or_default())
    }

    async fn read(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        let mut kept = self.directory.lock().await;
        let taken = kept.as_mut().and_then(|directory| directory.take(organisation));
        let part = match taken {
            Some(part) => part,
            None => {
                let mut fresh = self.load().await?;
                let part = fresh.take(organisation).unwrap_or_default();
                *kept = Some(fresh);
                part
            }
        };
        let Some(directory) = kept.as_ref() else { return Ok(Live::default()) };
        let mut live =
            reading::live(organisation, platform, &self.carriers, [&part, &directory.strangers], &directory.gaps);
        live.suspect = self.suspect(directory);
        live.cure = live.suspect.is_some().then(|| SHRUNK.to_owned());
        let mail_case = self.config.capabilities.as_ref().map_or(Seen::Unknown, |known| known.users.mail_case);
        live.folds_case = mail_case == Seen::No;
        live.switches = self.config.capabilities.as_ref().is_some_and(|known| known.users.active.works());
        live.shared = self.config.organisation.as_deref() != Some(organisation);
        Ok(live)
    }

    async fn look(
        &self,
        organisation: &str,
        platform: &Platform,
        sought: &Sought,
    ) -> Result<Vec<Entry<Person>>, LiveError> {
        let mut handles = sought.handles.clone();
        {
            let names = self.names();
            let made = sought.ids.iter().filter_map(|id| names.made.get(&(organisation.into(), id.clone())));
            handles.extend(made.cloned());
        }
        self.look_at(organisation, platform, &handles).await
    }

    fn fit(&self, organisation: &Organisation) -> Vec<Diagnostic> {
        fit::findings(organisation, &self.config.name, self.config.capabilities.as_ref())
    }
}

impl Write for Scim {
    fn batch(&self) -> usize {
        BATCH
    }

    async fn prepare(&self, _: &str, platform: &Platform) -> Result<(), LiveError> {
        let untried = self.config.capabilities.as_ref().map(|known| known.untried(platform));
        match untried {
            Some(untried) if untried.is_empty() => Ok(()),
            Some(untried) => Err(fit::not_probed(&self.config.name, &untried)),
            None => Err(fit::not_probed(&self.config.name, &[])),
        }
    }

    async fn execute(
        &self,
        platform: &Platform,
        operations: &[Operation],
        author: &Author,
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        let Some(capabilities) = &self.config.capabilities else {
            return Err(fit::not_probed(&self.config.name, &[]));
        };
        Ok(writing::Writing::new(self, capabilities, platform, author).execute(operations).await)
    }
}

/// The collection and id that an operation's handle names.
fn place(handle: &str) -> Result<(Kind, &str), Refusal> {
    Kind::of_handle(handle).ok_or_else(|| Refusal::Failed(format!("`{handle}` is no handle of this portal")))
}
