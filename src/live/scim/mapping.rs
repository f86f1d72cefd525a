//! What carries what: how people and groups of a roster become resources of a target, and back.
//!
//! Every organisation's object has an identity, `organisation/id`. Roles, attributes and the access that groups give are
//! kept where the target was seen to keep them, else as memberships of groups made for that: *facts*.

use std::borrow::Cow;
use std::fmt;

use smol_str::{SmolStr, format_smolstr};

use crate::model::{EntryType, Group, Person, Value};
use crate::platform::{AttributeType, Platform, Section};

/// What carries what on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carriers {
    /// Where a person's identity is kept.
    pub identity: Identity,
    /// Where a group's identity is kept.
    pub group_identity: GroupIdentity,
    /// Where roles are kept.
    pub roles: Roles,
    /// Where attributes and the kind of entry are kept.
    pub words: Words,
    /// Where the access that a group gives is kept.
    pub applications: Applications,
    /// Whether telephone numbers are kept.
    pub phone: bool,
    /// Whether the name shown is kept, beside the name and its parts.
    pub display_name: bool,
}

/// Where a person's identity is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// `externalId`.
    ExternalId,
    /// `employeeNumber` of the enterprise extension.
    EmployeeNumber,
    /// `userName`, as `organisation.id`.
    UserName,
}

/// Where a group's identity is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupIdentity {
    /// `externalId`.
    ExternalId,
    /// `displayName`, in parentheses after the name.
    DisplayName,
}

/// Where roles are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// `roles`.
    Roles,
    /// `entitlements`, as `role:…`.
    Entitlements,
    /// One group for each role.
    Groups,
}

/// Where attributes and the kind of entry are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Our own extension.
    Extension,
    /// `entitlements`.
    Entitlements,
    /// One group for each.
    Groups,
}

/// Where the access that a group gives is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applications {
    /// Our own extension.
    Extension,
    /// One more group for each application and level.
    Groups,
}

impl Carriers {
    /// Whether facts are kept as groups.
    pub fn facts(&self) -> bool {
        self.roles == Roles::Groups || self.words == Words::Groups
    }
}

impl Default for Carriers {
    /// Where nothing is known of the target: what is announced most often.
    fn default() -> Carriers {
        Carriers {
            identity: Identity::ExternalId,
            group_identity: GroupIdentity::ExternalId,
            roles: Roles::Roles,
            words: Words::Extension,
            applications: Applications::Extension,
            phone: true,
            display_name: true,
        }
    }
}

/// An organisation and what follows it in an identity: `organisation/rest`.
pub fn parted(identity: &str) -> Option<(&str, &str)> {
    let (organisation, rest) = identity.split_once('/')?;
    let fits = crate::document::record::is_kebab(organisation) && !rest.is_empty();
    fits.then_some((organisation, rest))
}

/// The user name that carries an identity.
pub fn as_user_name(organisation: &str, id: &str) -> String {
    format!("{organisation}.{id}")
}

/// The organisation and id in such a user name.
pub fn from_user_name(user_name: &str) -> Option<(&str, &str)> {
    let (organisation, id) = user_name.split_once('.')?;
    let kebab = crate::document::record::is_kebab;
    (kebab(organisation) && kebab(id)).then_some((organisation, id))
}

/// What a group of an organisation stands for: what follows the organisation in its identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// A permission group.
    Permission(SmolStr),
    /// An application and level to which a permission group gives access. It has no members: those of the permission
    /// group count.
    Access(SmolStr, SmolStr),
    /// A fact about its members: a role, an attribute, the kind of entry.
    Fact(SmolStr),
}

impl Meaning {
    /// Reads what follows the organisation.
    pub fn read(rest: &str) -> Meaning {
        match (rest.split_once('/'), rest.split_once(':')) {
            (_, Some(_)) => Meaning::Fact(rest.into()),
            (Some((group, access)), None) => Meaning::Access(group.into(), access.into()),
            (None, None) => Meaning::Permission(rest.into()),
        }
    }

    /// The identity of the group.
    pub fn identity(&self, organisation: &str) -> SmolStr {
        format_smolstr!("{organisation}/{self}")
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Meaning::Permission(id) => f.write_str(id),
            Meaning::Access(group, access) => write!(f, "{group}/{access}"),
            Meaning::Fact(fact) => f.write_str(fact),
        }
    }
}

impl GroupIdentity {
    /// The name of a group on the target.
    pub fn display_name(self, label: &str, organisation: &str, meaning: &Meaning) -> String {
        match (self, meaning) {
            (GroupIdentity::ExternalId, Meaning::Permission(_)) => label.to_owned(),
            (GroupIdentity::ExternalId, _) => format!("{label} ({organisation})"),
            (GroupIdentity::DisplayName, _) => format!("{label} ({})", meaning.identity(organisation)),
        }
    }

    /// The name in a group's name on the target, without the identity.
    pub fn label<'n>(self, display_name: &'n str, identity: &str) -> &'n str {
        match self {
            GroupIdentity::ExternalId => display_name,
            GroupIdentity::DisplayName => {
                let bare = display_name.strip_suffix(')').and_then(|name| name.strip_suffix(identity));
                bare.and_then(|name| name.strip_suffix(" (")).unwrap_or(display_name)
            }
        }
    }

    /// The identity that a group carries.
    pub fn identity<'g>(self, external_id: Option<&'g str>, display_name: &'g str) -> Option<&'g str> {
        let identity = match self {
            GroupIdentity::ExternalId => external_id?,
            GroupIdentity::DisplayName => display_name.strip_suffix(')')?.rsplit_once(" (")?.1,
        };
        parted(identity).map(|_| identity)
    }
}

/// The fact that an account is a contact's.
pub const CONTACT: &str = "entry:contact";
const LIST: &str = "entry:distribution-list";

/// The label of a fact's group, for people who look at the target.
pub fn label(platform: &Platform, meaning: &Meaning, group_name: Option<&str>) -> String {
    match meaning {
        Meaning::Permission(id) => group_name.unwrap_or(id).to_owned(),
        Meaning::Access(group, access) => {
            let access = access.split_once('=').map_or(Cow::Borrowed(access.as_str()), |(application, level)| {
                format!("{application}: {level}").into()
            });
            format!("{}, {access}", group_name.unwrap_or(group))
        }
        Meaning::Fact(fact) => match fact.split_once(':') {
            Some(("role", role)) => {
                platform.role(role).map_or_else(|| role.to_owned(), |role| platform[role].name.to_string())
            }
            Some((_, rest)) => rest.replacen('=', ": ", 1),
            None => fact.to_string(),
        },
    }
}

/// The roles of a person.
pub fn roles(person: &Person, platform: &Platform) -> Vec<SmolStr> {
    let mut roles: Vec<SmolStr> = person.roles.iter().map(|held| platform[held.role].id.clone()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// The attributes of a person, one `name=value` a word; an empty list is `name=`.
pub fn attributes(person: &Person, platform: &Platform) -> Vec<SmolStr> {
    let mut words = Vec::new();
    for (attribute, value) in &person.attributes {
        let name = &platform[*attribute].name;
        match &value.value {
            Value::Boolean(value) => words.push(format_smolstr!("{name}={value}")),
            Value::Text(text) => words.push(format_smolstr!("{name}={text}")),
            Value::List(list) if list.is_empty() => words.push(format_smolstr!("{name}=")),
            Value::List(list) => words.extend(list.iter().map(|word| format_smolstr!("{name}={}", word.value))),
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The access that a group gives, one `application=level` a word.
pub fn access(group: &Group, platform: &Platform) -> Vec<SmolStr> {
    let words = group.applications.iter().map(|(application, level, _)| {
        let application = &platform[*application];
        format_smolstr!("{}={}", application.id, application.levels[level.0 as usize])
    });
    words.collect()
}

/// The facts about a person: roles, and attributes with the kind of entry, as far as asked for.
pub fn facts(person: &Person, platform: &Platform, of_roles: bool, of_words: bool) -> Vec<SmolStr> {
    let mut facts = Vec::new();
    if of_roles {
        facts.extend(roles(person, platform).iter().map(|role| format_smolstr!("role:{role}")));
    }
    if of_words {
        facts.extend(attributes(person, platform).iter().map(|word| format_smolstr!("attribute:{word}")));
        if person.section == Section::Contacts {
            facts.push(CONTACT.into());
        }
        if person.entry_type.value == EntryType::DistributionList {
            facts.push(LIST.into());
        }
    }
    facts
}

/// What is known of a person by facts and words, before the platform's vocabulary is looked at.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Roles.
    pub roles: Vec<SmolStr>,
    /// Attributes, `name=value`.
    pub attributes: Vec<SmolStr>,
    /// Whether it is a contact kept among the users.
    pub contact: bool,
    /// Whether it is a distribution list.
    pub list: bool,
}

impl Known {
    /// Adds a fact; what is not one of ours is passed over.
    pub fn add(&mut self, fact: &str) {
        match fact.split_once(':') {
            Some(("role", role)) => self.roles.push(role.into()),
            Some(("attribute", word)) => self.attributes.push(word.into()),
            Some(("entry", _)) => {
                self.contact |= fact == CONTACT;
                self.list |= fact == LIST;
            }
            _ => {}
        }
    }
}

/// Whether a fact is one of ours rather than somebody else's entitlement.
pub fn is_ours(fact: &str) -> bool {
    ["role:", "attribute:", "entry:"].iter().any(|prefix| fact.starts_with(prefix))
}

/// The values that words give to an attribute.
pub fn value(words: &[&str], value_type: AttributeType) -> Option<Value> {
    use crate::diagnostic::Located;
    match (value_type, words) {
        (AttributeType::Boolean, [word]) => word.parse().ok().map(Value::Boolean),
        (AttributeType::Text | AttributeType::User, [word]) => Some(Value::Text((*word).into())),
        (AttributeType::List | AttributeType::Roles, words) => {
            let words = words.iter().filter(|word| !word.is_empty());
            Some(Value::List(words.map(|word| Located::nowhere((*word).into())).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Located;

    #[test]
    fn an_identity_is_an_organisation_and_what_follows_it() {
        assert_eq!(parted("acme/ada"), Some(("acme", "ada")));
        assert_eq!(parted("acme/it/service-desk=full"), Some(("acme", "it/service-desk=full")));
        for foreign in ["acme", "/ada", "acme/", "Acme/ada", "a b/c", ""] {
            assert_eq!(parted(foreign), None, "{foreign}");
        }
        assert_eq!(from_user_name(&as_user_name("acme", "ada-l")), Some(("acme", "ada-l")));
        assert_eq!(from_user_name("ada@acme.example"), None);
    }

    #[test]
    fn what_a_group_means_is_read_as_it_is_written() {
        let meanings = [
            Meaning::Permission("it-operations".into()),
            Meaning::Access("it-operations".into(), "service-desk=full".into()),
            Meaning::Fact("role:technical".into()),
            Meaning::Fact("attribute:note=a/b: c".into()),
        ];
        for meaning in meanings {
            assert_eq!(Meaning::read(&meaning.to_string()), meaning);
            for carrier in [GroupIdentity::ExternalId, GroupIdentity::DisplayName] {
                let identity = meaning.identity("acme");
                let name = carrier.display_name("A (strange) name", "acme", &meaning);
                let external = Some(identity.as_str());
                assert_eq!(carrier.identity(external, &name), Some(identity.as_str()), "{name}");
            }
            let name = GroupIdentity::DisplayName.display_name("A (strange) name", "acme", &meaning);
            assert_eq!(GroupIdentity::DisplayName.label(&name, &meaning.identity("acme")), "A (strange) name");
        }
        assert_eq!(GroupIdentity::DisplayName.identity(None, "Friends (of the house)"), None);
    }

    #[test]
    fn all_facts_of_a_person_are_known_again() {
        let platform = Platform::built_in("arxus").unwrap();
        let mut person = Person::new(Section::Contacts, "soc", "SOC");
        person.entry_type.value = EntryType::DistributionList;
        let attribute = |name: &str| platform.attribute(name).unwrap();
        let words = ["security".into(), "it-administration".into()].map(Located::nowhere).to_vec();
        person.attributes = vec![
            (attribute("serviceNow"), Located::nowhere(Value::Boolean(false))),
            (attribute("responsibilities"), Located::nowhere(Value::List(words))),
            (attribute("directoryRoles"), Located::nowhere(Value::List(Vec::new()))),
        ];
        let mut known = Known::default();
        facts(&person, &platform, true, true).iter().for_each(|fact| known.add(fact));
        known.add("somebody-elses");
        assert!(known.contact && known.list && known.roles.is_empty());
        for (index, given) in &person.attributes {
            let described = &platform[*index];
            let prefix = format!("{}=", described.name);
            let mut values: Vec<&str> =
                known.attributes.iter().filter_map(|word| word.strip_prefix(prefix.as_str())).collect();
            values.sort_unstable();
            let now = value(&values, described.value_type).unwrap();
            let canonical = crate::live::object::value_json;
            assert_eq!(canonical(&now), canonical(&given.value), "{}", described.name);
        }
    }
}
