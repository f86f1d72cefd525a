//! A roster document as its author wrote it: every value with its place, no vocabulary resolved yet.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use smol_str::SmolStr;

use super::record::{Day, FromNode, Id, Map, Reader, Required, Text, record, visible, words};
use super::tree::{Kind, Node};
use crate::diagnostic::Located;

record! {
    /// One document of a roster: what one organisation wants on one platform, or a part of it.
    pub struct Roster as "a roster" {
        /// The version of this language: 1.
        "version" => version: Version,
        /// The id of the organisation; every document of the same organisation repeats it.
        "organisation" => organisation: Required<Located<Id>>,
        /// A built-in platform, or the path of a platform file; stated in exactly one document of an organisation.
        "platform" => platform: Option<Text>,
        /// Facts about the organisation that rules ask for; stated in at most one document.
        "profile" => profile: Option<Located<Profile>>,
        /// People with access to the portal. Absent: not managed. `{}`: there are none.
        "users" => users: Option<Map<Box<User>>>,
        /// People and lists that receive communication and have no access. Absent: not managed. `{}`: there are none.
        "contacts" => contacts: Option<Map<Box<Contact>>>,
        /// Groups through which users get access to applications. Absent: not managed. `{}`: there are none.
        "permissionGroups" => permission_groups: Option<Map<PermissionGroup>>,
        /// Assertions about the outcome, checked by `validate` as tests are.
        "expectations" => expectations: Option<Vec<Located<Expectation>>>,
        /// Findings accepted for a reason and for a time.
        "waivers" => waivers: Option<Vec<Located<Waiver>>>,
    }
    hints {
        "groups" => "permission groups are declared under `permissionGroups`",
        "organization" => "did you mean `organisation`?",
    }
}

impl Roster {
    /// How many users and contacts it holds.
    pub fn people(&self) -> usize {
        let users = self.users.as_ref().map_or(0, |users| users.entries.len());
        users + self.contacts.as_ref().map_or(0, |contacts| contacts.entries.len())
    }
}

record! {
    /// Facts about the organisation that rules ask for.
    pub struct Profile as "a profile" {
        /// The organisation's name.
        "name" => name: Option<Text>,
        /// The mail domains that belong to the organisation.
        "domains" => domains: Option<Vec<Text>>,
        /// How large it is.
        "size" => size: Option<Located<Size>>,
        /// What it has bought: switches platform rules on.
        "services" => services: Option<Vec<Text>>,
        /// Whether a service agreement has been signed.
        "serviceAgreement" => service_agreement: Option<Located<Agreement>>,
        /// How it does business with the portal's owner.
        "relationship" => relationship: Option<Located<Relationship>>,
    }
}

words! {
    /// How large an organisation is.
    pub enum Size {
        /// A senior executive may hold a specialist's role.
        Small = "small",
        /// Specialist roles are held by dedicated people.
        Large = "large",
    }
}

words! {
    /// Whether a service agreement has been signed.
    pub enum Agreement {
        /// It is in force.
        Signed = "signed",
        /// There is none yet.
        None = "none",
    }
}

words! {
    /// How an organisation does business with the portal's owner.
    pub enum Relationship {
        /// It buys for itself.
        Direct = "direct",
        /// A reseller acts for it.
        Reseller = "reseller",
        /// A value-add partner acts for it.
        ValueAddPartner = "value-add-partner",
    }
}

words! {
    /// What an entry stands for.
    pub enum EntryType {
        /// A human being.
        Person = "person",
        /// A mail address that reaches several people.
        DistributionList = "distribution-list",
    }
}

words! {
    /// Whether a user may use the portal.
    pub enum Status {
        /// The user has access.
        Active = "active",
        /// The account is kept, the access is not; only where the platform knows it.
        Deactivated = "deactivated",
    }
}

record! {
    /// A person with access to the portal.
    pub struct User as "a user" {
        /// The person's name.
        "name" => name: Required<Text>,
        /// The mail address; existing people are recognised by it. Absent: left as the portal has it.
        "email" => email: Option<Located<Email>>,
        /// The telephone number, quoted. Absent: left as the portal has it; empty: none.
        "phone" => phone: Option<Text>,
        /// What the entry stands for; platforms refuse a user that is not a person.
        "type" => entry_type: Option<Located<EntryType>>,
        /// Whether the user has access; default active.
        "status" => status: Option<Located<Status>>,
        /// The roles held. Absent: none.
        "roles" => roles: Option<Vec<Text>>,
        /// The permission groups that the user belongs to. Absent: none.
        "groups" => groups: Option<Vec<Text>>,
        /// Facts that the platform defines and rules ask for. An attribute left out stays as the portal has it.
        "attributes" => attributes: Option<Map<Located<AttributeValue>, false>>,
        /// Earlier ids of the same person: renames without deleting.
        "previously" => previously: Option<Vec<Located<Id>>>,
        /// The last day of access: from the day after, the person counts as removed.
        "until" => until: Option<Located<Day>>,
    }
    hints {
        "applications" => "access comes only through permission groups: list the group under `groups`",
        "permissions" => "access comes only through permission groups: list the group under `groups`",
        "kind" => "what an entry is follows from its section: `users` or `contacts`",
    }
}

record! {
    /// A person or list that receives communication and has no access.
    pub struct Contact as "a contact" {
        /// The name of the person or list.
        "name" => name: Required<Text>,
        /// The mail address; existing contacts are recognised by it. Absent: left as the portal has it.
        "email" => email: Option<Located<Email>>,
        /// The telephone number, quoted. Absent: left as the portal has it; empty: none.
        "phone" => phone: Option<Text>,
        /// What the entry stands for; default person.
        "type" => entry_type: Option<Located<EntryType>>,
        /// The roles held. Absent: none.
        "roles" => roles: Option<Vec<Text>>,
        /// Facts that the platform defines and rules ask for. An attribute left out stays as the portal has it.
        "attributes" => attributes: Option<Map<Located<AttributeValue>, false>>,
        /// Earlier ids of the same contact: renames without deleting.
        "previously" => previously: Option<Vec<Located<Id>>>,
        /// The last day as a contact: from the day after, the entry counts as removed.
        "until" => until: Option<Located<Day>>,
    }
    hints {
        "groups" => "a contact has no access: move the entry to `users`; a user may hold contact roles too",
        "applications" => "a contact has no access: move the entry to `users`; a user may hold contact roles too",
        "status" => "a contact has no access to switch off: take the key out",
        "kind" => "what an entry is follows from its section: `users` or `contacts`",
    }
}

record! {
    /// A group through which users get access to applications.
    pub struct PermissionGroup as "a permission group" {
        /// The group's name.
        "name" => name: Required<Text>,
        /// The access that membership gives: application to level. Absent: none.
        "applications" => applications: Option<Map<Text, false>>,
        /// Earlier ids of the same group: renames without deleting.
        "previously" => previously: Option<Vec<Located<Id>>>,
    }
    hints {
        "members" => "membership is written at the person: list the group under the user's `groups`",
        "users" => "membership is written at the person: list the group under the user's `groups`",
    }
}

record! {
    /// An assertion about the outcome: exactly one of `notified`, `can` and `holds`.
    pub struct Expectation as "an expectation" {
        /// Who is notified of an event.
        "notified" => notified: Option<Box<Notified>>,
        /// Who may do something.
        "can" => can: Option<Box<Can>>,
        /// Who holds a role.
        "holds" => holds: Option<Box<Holds>>,
    }
}

record! {
    /// Who is notified of an event.
    pub struct Notified as "a claim" {
        /// The event.
        "of" => of: Required<Text>,
        ..claim: Claim,
        /// The one who is contacted before the others.
        "first" => first: Option<Text>,
    }
}

record! {
    /// Who may do something.
    pub struct Can as "a claim" {
        /// The permission.
        "do" => what: Required<Text>,
        ..claim: Claim,
    }
}

record! {
    /// Who holds a role.
    pub struct Holds as "a claim" {
        /// The role.
        "role" => role: Required<Text>,
        ..claim: Claim,
    }
}

record! {
    /// What is claimed of a set of people.
    pub struct Claim as "a claim" {
        /// These people and nobody else.
        "exactly" => exactly: Option<Vec<Text>>,
        /// At least these people.
        "includes" => includes: Option<Vec<Text>>,
        /// None of these people.
        "excludes" => excludes: Option<Vec<Text>>,
        /// At least so many people.
        "atLeast" => at_least: Option<Located<u32>>,
        /// `true`: no one at all.
        "nobody" => nobody: Option<Located<bool>>,
    }
}

record! {
    /// A finding accepted for a reason and for a time.
    pub struct Waiver as "a waiver" {
        /// The rule whose finding is accepted.
        "rule" => rule: Required<Text>,
        /// The person or group it is accepted for. Absent: the organisation as a whole, never each of its people.
        "subject" => subject: Option<Text>,
        /// Why it is accepted.
        "reason" => reason: Required<Text>,
        /// The last day on which it holds; afterwards the waiver itself is an error.
        "until" => until: Option<Located<Day>>,
    }
}

/// The version of the language.
#[derive(Clone, Copy, Debug)]
pub struct Version;

impl FromNode for Version {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Number || node.text() != Some("1") {
            let found = match (node.kind(), node.text()) {
                (Kind::String, Some(text)) => format!("the text `{}`", visible(text)),
                (_, Some(text)) if !text.is_empty() => format!("`{}`", visible(text)),
                _ => "no number".to_owned(),
            };
            let message = format!("this rosterctl reads version 1, found {found}");
            let help = "write `version: 1`, without quotes".to_owned();
            reader.report("roster/version", node.span(), message, Some(help));
        }
        Some(Version)
    }
    fn missing(span: crate::diagnostic::Span, record: &str, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        reader.missing_key(span, record, key);
        Some(Version)
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "const": 1 })
    }
}

/// A mail address, kept as written and compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(pub SmolStr);

impl FromNode for Email {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let text = SmolStr::read(node, reader)?;
        match email_problem(&text) {
            None => Some(Email(text)),
            Some((message, help)) => {
                reader.report("roster/invalid-email", node.span(), message, Some(help));
                None
            }
        }
    }
}

/// What keeps a text from being a mail address that a person can tell from every other, and the cure.
pub fn email_problem(text: &str) -> Option<(String, String)> {
    if let Some(c) = text.chars().find(|c| !c.is_ascii()) {
        let message = format!("the e-mail address holds `{c}` (U+{:04X}), which can pass for another letter", c as u32);
        let help = "type the address in plain ASCII letters; write a domain with other letters in its `xn--` form";
        return Some((message, help.to_owned()));
    }
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let well_formed = text.len() <= 254
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && local.bytes().all(atom)
                && !local.starts_with('.')
                && !local.ends_with('.')
                && !local.contains("..")
                && domain.contains('.')
                && domain.split('.').all(label)
        });
    (!well_formed).then(|| {
        (format!("`{}` is not an e-mail address", visible(text)), "write it as name@domain.example".to_owned())
    })
}

impl JsonSchema for Email {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Email".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "email", "maxLength": 254 })
    }
}

/// The value of an attribute; the platform says which type it must have.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum AttributeValue {
    /// True or false.
    Boolean(bool),
    /// Text.
    Text(SmolStr),
    /// A list of words.
    List(Vec<Text>),
}

impl FromNode for AttributeValue {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        match node.kind() {
            Kind::Bool(value) => Some(AttributeValue::Boolean(value)),
            Kind::String => SmolStr::read(node, reader).map(AttributeValue::Text),
            Kind::Sequence => Vec::read(node, reader).map(AttributeValue::List),
            _ => {
                reader.wrong_type(node, "true, false, quoted text or a list");
                None
            }
        }
    }
}
