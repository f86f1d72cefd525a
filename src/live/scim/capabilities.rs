//! What a target really does: learned by trying, kept in a file that people review and commit.
//!
//! What a server announces is a hint; what is written here was seen. What was not tried is `unknown`, and unknown means
//! no: nothing is written on the strength of it.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mapping::{Applications, Carriers, GroupIdentity, Identity, Roles, Words};
use crate::live::LiveError;
use crate::platform::{Platform, Section};

/// The version of the file's language.
pub const CAPABILITIES_VERSION: u32 = 1;

/// What is known of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capabilities {
    /// The version of this language: 1.
    pub version: u32,
    /// The address that it was learned from.
    pub url: String,
    /// When and how it was learned.
    pub learned: Learned,
    /// How lists are read.
    pub paging: Paging,
    /// Which filters work: each was tried on a resource known to be there.
    pub filters: Filters,
    /// What users keep.
    pub users: UserCapabilities,
    /// What groups keep.
    pub groups: GroupCapabilities,
    /// How members of groups are read and changed.
    pub members: MemberCapabilities,
    /// Whether there is a resource type of its own for contacts: its endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<String>,
    /// Whether `If-Match` is enforced, and how fine versions are.
    pub versions: Versions,
    /// Several users created by one request.
    #[serde(default)]
    pub bulk: BulkCapabilities,
}

/// When and how a profile was learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Learned {
    /// When, in RFC 3339 and UTC.
    pub at: String,
    /// Whether canary resources were written; without them most is `unknown`.
    pub by_writing: bool,
    /// How many users there were: a portal with far fewer is not believed.
    pub users: usize,
    /// How many groups there were.
    pub groups: usize,
}

/// How lists are read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Paging {
    /// How pages follow each other.
    pub style: PagingStyle,
    /// How many resources a page holds; 0: the server's own number.
    pub size: u32,
}

/// How pages follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PagingStyle {
    /// `startIndex` and `count` (RFC 7644 §3.4.2.4).
    Index,
    /// `cursor` (RFC 9865).
    Cursor,
    /// The server refuses `count`; everything comes at once.
    Whole,
}

/// Whether something was seen to work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It was tried and works.
    Yes,
    /// It was tried and does not work.
    No,
    /// It was not tried.
    #[default]
    Unknown,
}

impl Seen {
    /// Whether it was seen to work.
    pub fn works(self) -> bool {
        self == Seen::Yes
    }
}

impl From<bool> for Seen {
    fn from(works: bool) -> Seen {
        if works { Seen::Yes } else { Seen::No }
    }
}

/// Which equality filters find what they should and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Filters {
    /// `userName eq`.
    pub user_name: Seen,
    /// `externalId eq` on users.
    pub external_id: Seen,
    /// `displayName eq` on groups.
    pub group_name: Seen,
}

/// What survives a round trip on users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserCapabilities {
    /// `externalId`.
    pub external_id: Seen,
    /// `employeeNumber` of the enterprise extension.
    pub employee_number: Seen,
    /// `roles`, several of them, without types.
    pub roles: Seen,
    /// `entitlements`, several of them, without types.
    pub entitlements: Seen,
    /// Our own extension.
    pub extension: Seen,
    /// `phoneNumbers`.
    pub phone: Seen,
    /// `displayName`.
    pub display_name: Seen,
    /// Names of one word, which have no given name.
    pub one_word_names: Seen,
    /// `active: false`.
    pub active: Seen,
    /// What only a portal of ours says of a user can be asked for: whether an invitation is accepted.
    pub standing: Seen,
    /// The case of letters in mail addresses is kept.
    pub mail_case: Seen,
    /// `primary` on mail addresses is accepted.
    pub primary_email: Seen,
    /// PATCH works; where not, the whole resource is written with PUT.
    pub patch: Seen,
    /// Who was deleted can be created again.
    pub recreate: Seen,
    /// The answer to a creation shows what is kept, rather than what was sent.
    pub truthful_answers: Seen,
}

/// What survives a round trip on groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GroupCapabilities {
    /// `externalId`.
    pub external_id: Seen,
    /// Our own extension.
    pub extension: Seen,
    /// PATCH works; where not, the whole resource is written with PUT.
    pub patch: Seen,
    /// Two groups of one name are refused.
    pub unique_names: Seen,
}

/// How members are read and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MemberCapabilities {
    /// How they are read.
    pub read: MemberReading,
    /// How one is added.
    pub add: MemberChange,
    /// How one is removed.
    pub remove: MemberChange,
    /// How many go into one request.
    pub limit: u32,
    /// They may be given when the group is created.
    pub on_create: Seen,
    /// Each needs the address of its resource (`$ref`).
    pub needs_reference: bool,
    /// Who is deleted leaves the groups by the server's doing.
    pub leave_on_delete: Seen,
}

/// Several users created by one request (RFC 7644 §3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BulkCapabilities {
    /// Two users were created by one request.
    pub create: Seen,
    /// The answer shows each user as it is kept. Without that each would have to be read again, and nothing is gained.
    pub shows_kept: Seen,
    /// How many operations a request may have; 0: the portal does not say.
    pub operations: u32,
    /// How many bytes a request may have; 0: the portal does not say.
    pub bytes: u32,
}

impl BulkCapabilities {
    /// Whether it costs less than single requests.
    pub fn pays(&self) -> bool {
        self.create.works() && self.shows_kept.works()
    }
}

/// How members are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberReading {
    /// They are in lists of groups.
    Listed,
    /// They are in lists of groups where `attributes=members` asks for them.
    Asked,
    /// They are in single groups only, so that each is read by itself.
    Single,
    /// It was not tried: that a list shows no members says nothing.
    #[default]
    Unknown,
}

/// How members are changed: the form of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberChange {
    /// PATCH with `members[value eq "…"]` as path.
    Filter,
    /// PATCH with the path `members` and a list of values.
    List,
    /// PATCH that replaces the whole list.
    Replace,
    /// PUT of the whole group.
    Put,
    /// It was not tried.
    #[default]
    Unknown,
}

/// Whether and how finely versions protect from lost changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Versions {
    /// A stale `If-Match` is refused, however quickly changes follow each other.
    Enforced,
    /// A stale `If-Match` is refused, but two quick changes share a version.
    Coarse,
    /// `If-Match` is not looked at.
    Ignored,
    /// It was not tried.
    #[default]
    Unknown,
}

impl Versions {
    /// Whether `If-Match` is worth sending.
    pub fn checked(self) -> bool {
        matches!(self, Versions::Enforced | Versions::Coarse)
    }
}

impl Capabilities {
    /// Reads a profile; none where there is no such file.
    pub fn load(path: &Path) -> Result<Option<Capabilities>, LiveError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let message = format!("the capabilities file `{}` cannot be read: {error}", path.display());
                return Err(LiveError::new(message, "make it readable, or learn it again with `target probe --write`"));
            }
        };
        let broken = |why: String| {
            let message = format!("the capabilities file `{}` cannot be used: {why}", path.display());
            LiveError::new(message, "learn it again with `rosterctl target probe --write`")
        };
        let capabilities: Capabilities = serde_yaml::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if capabilities.version != CAPABILITIES_VERSION {
            return Err(broken(format!("it has version {}, this is version 1", capabilities.version)));
        }
        Ok(Some(capabilities))
    }

    /// The profile as the text of its file.
    pub fn text(&self) -> Result<String, LiveError> {
        let body = serde_yaml::to_string(self)
            .map_err(|error| LiveError::new(format!("the capabilities cannot be written: {error}"), "report this"))?;
        Ok(format!(
            "# What this target was seen to do. Written by `rosterctl target probe`; review it and commit it.\n{body}"
        ))
    }

    /// What carries what on this target.
    pub fn carriers(&self) -> Carriers {
        let (users, groups) = (&self.users, &self.groups);
        Carriers {
            identity: if users.external_id.works() {
                Identity::ExternalId
            } else if users.employee_number.works() {
                Identity::EmployeeNumber
            } else {
                Identity::UserName
            },
            group_identity: if groups.external_id.works() {
                GroupIdentity::ExternalId
            } else {
                GroupIdentity::DisplayName
            },
            roles: if users.roles.works() {
                Roles::Roles
            } else if users.entitlements.works() {
                Roles::Entitlements
            } else {
                Roles::Groups
            },
            words: if users.extension.works() {
                Words::Extension
            } else if users.entitlements.works() {
                Words::Entitlements
            } else {
                Words::Groups
            },
            applications: if groups.extension.works() { Applications::Extension } else { Applications::Groups },
            phone: users.phone.works(),
            display_name: users.display_name.works(),
        }
    }

    /// What of that which a platform needs has to be tried before anything can be written; empty where all that matters was.
    pub fn untried(&self, platform: &Platform) -> Vec<&'static str> {
        let users = [
            ("externalId", self.users.external_id),
            ("roles", self.users.roles),
            ("active", self.users.active),
            ("PATCH", self.users.patch),
        ];
        let mut untried: Vec<&str> =
            users.into_iter().filter(|(_, seen)| *seen == Seen::Unknown).map(|(n, _)| n).collect();
        let members = [self.members.add, self.members.remove];
        let groups = platform.sections.contains(&Section::PermissionGroups) || self.carriers().facts();
        if groups && (members.contains(&MemberChange::Unknown) || self.members.read == MemberReading::Unknown) {
            untried.push("members");
        }
        untried
    }
}
