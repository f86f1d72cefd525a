//! What a reading does not say: unknown, which is neither there nor empty.

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::platform::{AttributeIx, Platform, RoleIx, Section};

/// What the source of a reading has no place for, so that nothing is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// Sections that are not in it at all.
    pub sections: Vec<Section>,
    /// Whether somebody is a user or a contact.
    pub section: bool,
    /// Whether somebody is a person or a distribution list.
    pub entry_type: bool,
    /// Names.
    pub name: bool,
    /// Mail addresses.
    pub email: bool,
    /// Telephone numbers.
    pub phone: bool,
    /// Whether users are active.
    pub status: bool,
    /// Roles of which it is not known who holds them.
    pub roles: Vec<RoleIx>,
    /// Who is in which permission group.
    pub groups: UnseenGroups,
    /// Attributes.
    pub attributes: Vec<AttributeIx>,
    /// Which permission groups there are.
    pub permission_groups: bool,
    /// The access that permission groups give.
    pub applications: bool,
}

/// How far it is unknown who is in which permission group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UnseenGroups {
    /// It is known.
    #[default]
    None,
    /// It is known of these groups only.
    Except(Vec<SmolStr>),
}

impl Unseen {
    /// Whether everything is known.
    pub fn is_empty(&self) -> bool {
        *self == Unseen::default()
    }

    /// What is not known, in the words of rosters.
    pub fn words(&self, platform: &Platform) -> Vec<String> {
        let mut words: Vec<String> = self.sections.iter().map(|section| section.as_str().to_owned()).collect();
        let both = platform.sections.contains(&Section::Users) && platform.sections.contains(&Section::Contacts);
        let flags = [
            (self.section && both, "who is a user and who a contact"),
            (self.name, "name"),
            (self.email, "email"),
            (self.phone, "phone"),
            (self.entry_type && platform.sections.contains(&Section::Contacts), "type"),
            (self.status && platform.knows_deactivated(), "status"),
        ];
        words.extend(flags.iter().filter(|(unknown, _)| *unknown).map(|(_, word)| (*word).to_owned()));
        match self.roles.len() {
            0 => {}
            all if all == platform.roles.len() => words.push("roles".to_owned()),
            _ => words.extend(self.roles.iter().map(|role| format!("the role {}", platform[*role].id))),
        }
        let groups = platform.sections.contains(&Section::PermissionGroups);
        match &self.groups {
            UnseenGroups::Except(seen) if groups && seen.is_empty() => words.push("groups".to_owned()),
            UnseenGroups::Except(seen) if groups => words.push(format!("groups other than {}", seen.join(", "))),
            _ => {}
        }
        words.extend(self.attributes.iter().map(|attribute| format!("attributes.{}", platform[*attribute].name)));
        match (self.permission_groups && groups, self.applications && groups) {
            (true, _) => words.push("permissionGroups".to_owned()),
            (false, true) => words.push("what permission groups give".to_owned()),
            (false, false) => {}
        }
        words
    }
}

/// When a snapshot was taken, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// What says so, to follow "by".
    pub by: String,
}
