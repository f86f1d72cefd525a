//! Live state: what a portal has, read with a proof of completeness, and how it is changed.
//!
//! Planning is handed a [`Read`] only. Nothing before `apply` can write, so there is no dry-run flag anywhere.

pub mod embedded;
pub mod object;
mod portal;
pub mod rest;
pub mod scim;
pub mod snapshot;
pub mod unseen;

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Group, Organisation, Person};
use crate::platform::{BUILT_IN, Check, Platform, RoleIx, Rule, Section, Verb};
pub use embedded::{AuditRow, Embedded};
pub use portal::Portal;
pub use rest::Rest;
pub use scim::Scim;
pub use snapshot::Snapshot;
pub use unseen::{Taken, Unseen};

/// The kinds of object that a portal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// A group that gives access.
    PermissionGroup,
    /// A person with access.
    User,
    /// A person or list without access.
    Contact,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Resource::PermissionGroup => "permission group",
            Resource::User => "user",
            Resource::Contact => "contact",
        })
    }
}

impl Resource {
    /// The section of rosters that holds objects of this kind.
    pub fn section(self) -> Section {
        match self {
            Resource::User => Section::Users,
            Resource::Contact => Section::Contacts,
            Resource::PermissionGroup => Section::PermissionGroups,
        }
    }
}

impl From<Section> for Resource {
    /// The kind of object that a section holds.
    fn from(section: Section) -> Resource {
        match section {
            Section::Users => Resource::User,
            Section::Contacts => Resource::Contact,
            Section::PermissionGroups => Resource::PermissionGroup,
        }
    }
}

/// An organisation on a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: SmolStr,
    /// How rosters name its platform.
    pub platform: SmolStr,
    /// The text of the platform file that the portal enforces.
    pub platform_text: String,
}

impl Listed {
    /// The platform that the portal has for the organisation.
    pub fn load(&self) -> Result<Platform, LiveError> {
        let text = match BUILT_IN.iter().find(|(id, _)| *id == self.platform) {
            Some((_, text)) => text,
            None => self.platform_text.as_str(),
        };
        Platform::from_text(&self.platform, text).map_err(|_| {
            let message = format!("the platform `{}` of `{}` cannot be read any more", self.platform, self.id);
            LiveError::new(message, "apply the roster again with a sound platform file")
        })
    }
}

/// What a portal has of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Users and contacts.
    pub people: Vec<Entry<Person>>,
    /// Permission groups.
    pub groups: Vec<Entry<Group>>,
    /// Objects that rosterctl wrote and that are gone from the portal, where the portal keeps that: kind and id.
    pub vanished: Vec<(Resource, SmolStr)>,
    /// Objects that are there and cannot be understood: announced, but not read.
    pub unread: Vec<Unread>,
    /// Whether this is all of it.
    pub proof: Completeness,
    /// Members of groups who are none of the people read: the group's id, and what the portal calls the member.
    pub foreign_members: Vec<(SmolStr, SmolStr)>,
    /// Whether the portal may be shared with other organisations: whom no roster names may be theirs, and stays.
    pub shared: bool,
    /// Whether the portal keeps what rosterctl wrote, so that who changed what can be told.
    pub records: bool,
    /// Whether the portal itself lets accounts in and shuts them out, also where the platform knows no such states.
    pub switches: bool,
    /// Whether the portal keeps mail addresses in a case of its own: another spelling is no change then.
    pub folds_case: bool,
    /// When the portal last changed objects, by their handles, where a portal on the network says so.
    pub modified: Vec<(SmolStr, jiff::Timestamp)>,
    /// Why it is not all, one sentence each.
    pub gaps: Vec<String>,
    /// Whether people are missing in it who may be there: it is a part of a list.
    pub partial: bool,
    /// Why it should not be believed although it seems to be all: the portal is suddenly empty or much smaller.
    pub suspect: Option<String>,
    /// What to do about that, where it is known better than in general.
    pub cure: Option<String>,
    /// What the source of the reading does not say: unknown, so it is not compared.
    pub unseen: Unseen,
    /// When it was taken, where it is an export or a hand-kept list and not the portal itself.
    pub taken: Option<Taken>,
    /// What is wrong with the source of the reading. The subject of one about an unread object is that object's handle.
    pub findings: Vec<Diagnostic>,
}

impl Live {
    /// Whether somebody may be on the portal whom a snapshot does not show: then nobody is known to be a newcomer.
    pub fn lacks_people(&self) -> bool {
        self.taken.is_some() && (self.partial || self.unread.iter().any(|unread| !unread.is_group()))
    }
}

/// Between the names that an account goes by, where it goes by several and nobody can say which is meant.
pub const SEVERAL_NAMES: &str = " \u{2260} ";

/// An object on a portal.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// The object. Its id is the external id where rosterctl manages it, else the portal's handle.
    pub object: T,
    /// The portal's own name for it; stays the same when the id changes.
    pub handle: SmolStr,
    /// Whether rosterctl manages it: it carries an external id.
    pub managed: bool,
    /// The object as rosterctl wrote it last.
    pub applied: Applied<T>,
}

/// A change that a portal wrote down in a trail of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// When.
    pub at: jiff::Timestamp,
    /// Who made it.
    pub who: SmolStr,
    /// The kind of object.
    pub resource: Resource,
    /// The id that the object had.
    pub key: SmolStr,
    /// The object in words before the change; null where there was none.
    pub before: serde_json::Value,
    /// The object in words after it; null where there is none.
    pub after: serde_json::Value,
}

/// What rosterctl wrote last, as far as the portal keeps that.
#[derive(Clone, Debug)]
pub enum Applied<T> {
    /// Not known.
    Unknown,
    /// Just what is there now.
    Same,
    /// This; somebody else changed it since.
    Other(Box<T>),
}

impl<T> Entry<T> {
    /// The object as rosterctl wrote it last, where that is known.
    pub fn applied(&self) -> Option<&T> {
        match &self.applied {
            Applied::Unknown => None,
            Applied::Same => Some(&self.object),
            Applied::Other(applied) => Some(applied),
        }
    }
}

/// An object that breaks the platform's own rules, so that nobody can say what it is. What of it can be read tells
/// whom it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The portal's own name for it.
    pub handle: SmolStr,
    /// The kind of object; none: a user or a contact.
    pub resource: Option<Resource>,
    /// The id, where rosterctl manages it.
    pub id: Option<SmolStr>,
    /// The name.
    pub name: Option<SmolStr>,
    /// The mail address of a person.
    pub email: Option<SmolStr>,
    /// Why it cannot be understood.
    pub reason: String,
}

impl Unread {
    /// Whether it is a permission group.
    pub fn is_group(&self) -> bool {
        self.resource == Some(Resource::PermissionGroup)
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resource {
            Some(resource) => write!(f, "the {resource} `{}`", self.handle)?,
            None => write!(f, "the person `{}`", self.handle)?,
        }
        if let Some(word) = self.id.as_ref().or(self.email.as_ref()).or(self.name.as_ref()) {
            write!(f, " ({word})")?;
        }
        write!(f, " cannot be understood: {}", self.reason)
    }
}

/// How it is known that a read saw everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Objects read.
    pub read: usize,
    /// Objects that the portal said it has.
    pub announced: usize,
}

impl Completeness {
    /// Whether nothing was missed; only then may anything be removed.
    pub fn holds(self) -> bool {
        self.read == self.announced
    }
}

/// An object in the state before or after a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A user or a contact.
    Person(Box<Person>),
    /// A permission group.
    Group(Group),
}

impl Object {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Object::Person(person) => &person.id,
            Object::Group(group) => &group.id,
        }
    }

    /// The user or contact that it is.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Object::Person(person) => Some(person),
            Object::Group(_) => None,
        }
    }

    /// The section that it stands in.
    pub fn section(&self) -> Section {
        match self {
            Object::Person(person) => person.section,
            Object::Group(_) => Section::PermissionGroups,
        }
    }
}

/// One change to one object.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The plan's step that it carries out.
    pub step: u32,
    /// The organisation.
    pub organisation: SmolStr,
    /// What is done.
    pub action: Verb,
    /// The kind of object.
    pub resource: Resource,
    /// The id in the roster, which becomes the external id.
    pub key: SmolStr,
    /// The portal's name for the object; none where it is to be created.
    pub handle: Option<SmolStr>,
    /// The object as the plan saw it; the portal refuses where it has changed since.
    pub before: Option<Object>,
    /// The object as it shall be; none where it is deleted.
    pub after: Option<Object>,
}

/// The roles of which somebody active must always remain, each with the rule that says so.
pub fn serial(platform: &Platform) -> impl Iterator<Item = (&Rule, RoleIx)> {
    let rules = platform.rules.iter().filter(|rule| rule.level == Some(Severity::Error));
    rules.filter_map(|rule| match rule.check {
        Check::Serial(role) => Some((rule, role)),
        _ => None,
    })
}

/// Who writes and for which plan: goes into the audit trail.
#[derive(Clone, Debug)]
pub struct Author {
    /// The acting person or, where none is known, the operating-system user.
    pub name: String,
    /// The id of the acting person, where one is known. A portal that knows them lets them do what they may, no more.
    pub actor: Option<SmolStr>,
    /// The digest of the plan.
    pub digest: String,
}

impl Author {
    /// What requests of a step are called in the logs of both sides: the beginning of the plan's digest, and the step.
    pub fn request_id(&self, step: u32) -> String {
        let digest = self.digest.trim_start_matches("sha256:");
        format!("{}-{step}", digest.get(..12).unwrap_or(digest))
    }

    /// The beginning of the plan's digest and the step that such a name tells; none where it is another kind of name.
    pub fn named_by(request_id: &str) -> Option<(String, u32)> {
        let (digest, step) = request_id.split_once('-')?;
        let hexadecimal = digest.len() == 12 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some((format!("sha256:{digest}"), step.parse().ok()?)).filter(|_| hexadecimal)
    }
}

/// Why a portal did not carry out an operation. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The object is not as the plan saw it.
    Stale(String),
    /// The platform forbids it.
    Forbidden(String),
    /// The portal could not.
    Failed(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Stale(message) | Refusal::Forbidden(message) | Refusal::Failed(message) => f.write_str(message),
        }
    }
}

/// A portal that cannot be used: the world's fault, not the roster's.
#[derive(Debug)]
pub struct LiveError {
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl LiveError {
    /// An error and its cure.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> LiveError {
        LiveError { message: message.into(), hint: Some(hint.into()) }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LiveError {}

/// People to look at again: those with one of these handles, and those who were created in this run under one of these
/// ids.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// The portal's own names.
    pub handles: BTreeSet<SmolStr>,
    /// The ids in the roster.
    pub ids: BTreeSet<SmolStr>,
}

impl Sought {
    /// Whether somebody is meant.
    pub fn has(&self, entry: &Entry<Person>) -> bool {
        self.handles.contains(&entry.handle) || entry.managed && self.ids.contains(&entry.object.id)
    }
}

/// Reads a portal. Cannot change it.
pub trait Read {
    /// What tells the portal from every other, where it exists yet.
    fn identity(&self) -> impl Future<Output = Result<Option<String>, LiveError>> + Send;

    /// The organisations that the portal has.
    fn organisations(&self) -> impl Future<Output = Result<Vec<Listed>, LiveError>> + Send;

    /// The organisations in which rosterctl manages people.
    fn managed(&self) -> impl Future<Output = Result<Vec<SmolStr>, LiveError>> + Send;

    /// Everything that the portal has of an organisation; empty where it does not know the organisation.
    fn read(&self, organisation: &str, platform: &Platform) -> impl Future<Output = Result<Live, LiveError>> + Send;

    /// A few people of an organisation as they are at this moment; who is gone is left out.
    fn look(
        &self,
        organisation: &str,
        platform: &Platform,
        sought: &Sought,
    ) -> impl Future<Output = Result<Vec<Entry<Person>>, LiveError>> + Send;

    /// What the portal cannot hold of an organisation, and how what it can hold is kept there.
    fn fit(&self, organisation: &Organisation) -> Vec<Diagnostic>;
}

/// Changes a portal.
pub trait Write: Read {
    /// How many operations are best handed over at once.
    fn batch(&self) -> usize;

    /// Makes sure that the organisation is there and that the portal enforces its platform.
    fn prepare(&self, organisation: &str, platform: &Platform) -> impl Future<Output = Result<(), LiveError>> + Send;

    /// Carries out operations in the order given, each wholly or not at all, and says of each how it went. An error
    /// means that none of them was carried out.
    fn execute(
        &self,
        platform: &Platform,
        operations: &[Operation],
        author: &Author,
    ) -> impl Future<Output = Result<Vec<Result<(), Refusal>>, LiveError>> + Send;
}
