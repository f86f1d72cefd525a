//! Organisations, people and groups with their vocabulary resolved: one type for what is wanted and what is live.
//!
//! Questions such as "who is notified of this, and why" are answered here, once: see [`Roll`].

mod build;
mod evidence;
mod platforms;
mod roll;
mod settle;
mod view;

use std::sync::Arc;

use smol_str::SmolStr;

pub use crate::document::record::{Day, Text};
pub use crate::document::roster::{Agreement, EntryType, Expectation, Relationship, Size, Status};
pub use build::{Built, build};
pub use evidence::Evidence;
pub use platforms::{Platforms, no_platform};
pub use roll::{Answer, Roll, Why, grant};
pub use view::{GroupIndex, View};

use crate::diagnostic::{FileId, Located, Place, Span, pointer};
use crate::platform::{ApplicationIx, AttributeIx, Field, LevelIx, Platform, RoleIx, Section, State};

/// An organisation on a platform: the people it wants there.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Its id.
    pub id: SmolStr,
    /// The platform, and with it all vocabulary.
    pub platform: Arc<Platform>,
    /// Where the platform is stated: the organisation's own place in findings.
    pub place: Place,
    /// Facts that rules ask for.
    pub profile: Profile,
    /// Users and contacts, sorted by section and id.
    pub people: Vec<Person>,
    /// People whose last day has passed: they count as removed.
    pub expired: Vec<Person>,
    /// Permission groups, sorted by id.
    pub groups: Vec<Group>,
    /// Which sections are managed.
    pub managed: Managed,
    /// Assertions about the outcome.
    pub expectations: Vec<Stated<Expectation>>,
    /// Findings accepted for a reason.
    pub waivers: Vec<Waiver>,
    /// Which targets were asked for facts about the people: what they know, and their names.
    pub asked: Vec<(SmolStr, SmolStr)>,
}

/// Which sections of an organisation are managed; in the others nothing is read as a wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Managed {
    /// `users` is there.
    pub users: bool,
    /// `contacts` is there.
    pub contacts: bool,
    /// `permissionGroups` is there.
    pub groups: bool,
}

impl Managed {
    /// Whether a section is managed.
    pub fn has(self, section: Section) -> bool {
        match section {
            Section::Users => self.users,
            Section::Contacts => self.contacts,
            Section::PermissionGroups => self.groups,
        }
    }
}

/// Facts about an organisation.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Its name.
    pub name: Option<SmolStr>,
    /// Its mail domains, in lower case.
    pub domains: Vec<SmolStr>,
    /// Its size.
    pub size: Option<Size>,
    /// What it has bought.
    pub services: Vec<SmolStr>,
    /// The state of the service agreement.
    pub agreement: Option<Agreement>,
    /// How it does business; direct where the profile is silent.
    pub relationship: Option<Relationship>,
}

/// Something stated in a document, with its place.
#[derive(Clone, Debug)]
pub struct Stated<T> {
    /// What is stated.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// A finding accepted for a reason and for a time.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The rule.
    pub rule: SmolStr,
    /// The person or group; none: the organisation as a whole.
    pub subject: Option<SmolStr>,
    /// Why.
    pub reason: SmolStr,
    /// The last day on which it holds.
    pub until: Option<Day>,
    /// Where it is stated.
    pub place: Place,
}

/// A user or a contact, wanted or live.
///
/// In a wanted person, `None` for a scalar means "as the portal has it"; in a live person it means that there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The stable id; for a live person that no roster named, the portal's own handle.
    pub id: SmolStr,
    /// Users or contacts.
    pub section: Section,
    /// A person or a distribution list.
    pub entry_type: Located<EntryType>,
    /// The name.
    pub name: Text,
    /// The mail address.
    pub email: Option<Text>,
    /// The telephone number; empty: none.
    pub phone: Option<Text>,
    /// With or without access; who is wanted is never pending.
    pub status: Located<State>,
    /// The roles held, in the order written.
    pub roles: Vec<Held>,
    /// The ids of permission groups, in the order written.
    pub groups: Vec<Text>,
    /// Attributes, sorted by index.
    pub attributes: Vec<(AttributeIx, Located<Value>)>,
    /// Earlier ids.
    pub previously: Vec<SmolStr>,
    /// The last day of access.
    pub until: Option<Located<Day>>,
    /// The file it stands in; [`FileId::NONE`] for live people.
    pub file: FileId,
    /// The place of its id.
    pub key: Span,
}

/// A role held.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The role.
    pub role: RoleIx,
    /// Its place in the list as written.
    pub index: u16,
    /// Its place in the text.
    pub span: Span,
}

impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        self.role == other.role
    }
}

/// The value of an attribute, of the type that the platform asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Boolean(bool),
    /// Text, or the id of a user.
    Text(SmolStr),
    /// Words, or ids of roles.
    List(Vec<Text>),
}

/// A permission group, wanted or live.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The stable id.
    pub id: SmolStr,
    /// Its name.
    pub name: Text,
    /// The access that membership gives, sorted by application.
    pub applications: Vec<(ApplicationIx, LevelIx, Span)>,
    /// Earlier ids.
    pub previously: Vec<SmolStr>,
    /// The file it stands in.
    pub file: FileId,
    /// The place of its id.
    pub key: Span,
}

impl Organisation {
    /// The person with this id, wherever it stands.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.entry(Section::Users, id).or_else(|| self.entry(Section::Contacts, id))
    }

    /// The person with this id in a section.
    pub fn entry(&self, section: Section, id: &str) -> Option<&Person> {
        let found = self.people.binary_search_by(|person| (person.section, person.id.as_str()).cmp(&(section, id)));
        found.ok().map(|index| &self.people[index])
    }

    /// The group with this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        let found = self.groups.binary_search_by(|group| group.id.as_str().cmp(id));
        found.ok().map(|index| &self.groups[index])
    }

    /// The people of a section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.section == section)
    }
}

impl Person {
    /// A user without anything, as a start for live people and tests.
    pub fn new(section: Section, id: impl Into<SmolStr>, name: impl Into<SmolStr>) -> Person {
        Person {
            id: id.into(),
            section,
            entry_type: Located::nowhere(EntryType::Person),
            name: Located::nowhere(name.into()),
            email: None,
            phone: None,
            status: Located::nowhere(State::Active),
            roles: Vec::new(),
            groups: Vec::new(),
            attributes: Vec::new(),
            previously: Vec::new(),
            until: None,
            file: FileId::NONE,
            key: Span::default(),
        }
    }

    /// Whether the person holds a role.
    pub fn holds(&self, role: RoleIx) -> bool {
        self.roles.iter().any(|held| held.role == role)
    }

    /// The value of an attribute, where it is stated.
    pub fn attribute(&self, attribute: AttributeIx) -> Option<&Located<Value>> {
        let found = self.attributes.binary_search_by_key(&attribute, |(index, _)| *index);
        found.ok().map(|index| &self.attributes[index].1)
    }

    /// The words of a list attribute; none where it is not stated.
    pub fn words(&self, attribute: AttributeIx) -> &[Text] {
        match self.attribute(attribute).map(|value| &value.value) {
            Some(Value::List(words)) => words,
            _ => &[],
        }
    }

    /// Whether a list attribute names a role: the person comes first for it.
    pub fn primary(&self, attribute: AttributeIx, role: &str) -> bool {
        self.words(attribute).iter().any(|word| word.value == role)
    }

    /// Whether this is the person's mail address, whatever its case.
    pub fn has_address(&self, address: &str) -> bool {
        self.email.as_ref().is_some_and(|email| email.value.eq_ignore_ascii_case(address))
    }

    /// The mail address as it is compared: in lower case.
    pub fn address(&self) -> Option<SmolStr> {
        let address = &self.email.as_ref()?.value;
        let upper = address.bytes().any(|byte| byte.is_ascii_uppercase());
        Some(if upper { address.to_ascii_lowercase().into() } else { address.clone() })
    }

    /// Whether the person can act and be notified: who has not accepted an invitation or has no access cannot.
    pub fn active(&self) -> bool {
        self.status.value == State::Active
    }

    /// The place of the id.
    pub fn place(&self) -> Place {
        self.at(self.key, &[])
    }

    /// The place of a role held.
    pub fn role_place(&self, role: RoleIx) -> Place {
        match self.roles.iter().find(|held| held.role == role) {
            Some(held) => self.at(held.span, &["roles", &held.index.to_string()]),
            None => self.place(),
        }
    }

    /// The place of a membership, or of the id where there is none.
    pub fn group_place(&self, group: &str) -> Place {
        match self.groups.iter().position(|word| word.value == group) {
            Some(index) => self.at(self.groups[index].span, &["groups", &index.to_string()]),
            None => self.place(),
        }
    }

    /// The place of an attribute, or of the id where it is not stated.
    pub fn attribute_place(&self, platform: &Platform, attribute: AttributeIx) -> Place {
        match self.attribute(attribute) {
            Some(value) => self.at(value.span, &["attributes", &platform[attribute].name]),
            None => self.place(),
        }
    }

    /// The place of a field, or of the id where the field is not written.
    pub fn field_place(&self, field: Field) -> Place {
        let (span, token) = match field {
            Field::Email => (self.email.as_ref().map(|email| email.span), "email"),
            Field::Phone => (self.phone.as_ref().map(|phone| phone.span), "phone"),
            Field::Roles => (self.roles.first().map(|held| held.span), "roles"),
            Field::Groups => (self.groups.first().map(|group| group.span), "groups"),
            Field::Type => (Some(self.entry_type.span), "type"),
            Field::Status => (Some(self.status.span), "status"),
            Field::Attributes => (None, "attributes"),
        };
        match span {
            Some(span) if span != Span::default() => self.at(span, &[token]),
            _ => self.place(),
        }
    }

    /// A place below the person's entry.
    pub fn at(&self, span: Span, tokens: &[&str]) -> Place {
        let head = [self.section.as_str(), self.id.as_str()];
        Place { file: self.file, span, pointer: pointer(head.into_iter().chain(tokens.iter().copied())) }
    }
}

impl Group {
    /// The place of the id.
    pub fn place(&self) -> Place {
        Place { file: self.file, span: self.key, pointer: pointer(["permissionGroups", &self.id]) }
    }

    /// The place of the name.
    pub fn name_place(&self) -> Place {
        Place { file: self.file, span: self.name.span, pointer: pointer(["permissionGroups", &self.id, "name"]) }
    }
}
