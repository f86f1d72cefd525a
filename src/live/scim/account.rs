//! A user, contact or group as the target has it, read from its JSON and kept small: there may be 100,000.

use smol_str::{SmolStr, format_smolstr};

use super::mapping::{self, Carriers, Identity, Known, Roles, Words};
use super::wire::{AccountText, GroupText, Member, words};
use crate::live::SEVERAL_NAMES;
use crate::platform::State;

/// Which collection of the target a resource belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `/Users`.
    User,
    /// The resource type of contacts.
    Contact,
    /// `/Groups`.
    Group,
}

impl Kind {
    /// The handle of a resource: ids alone may be the same in several collections.
    pub fn handle(self, id: &str) -> SmolStr {
        match self {
            Kind::User => format_smolstr!("Users/{id}"),
            Kind::Contact => format_smolstr!("Contacts/{id}"),
            Kind::Group => format_smolstr!("Groups/{id}"),
        }
    }

    /// The collection and id that a handle names.
    pub fn of_handle(handle: &str) -> Option<(Kind, &str)> {
        let (kind, id) = handle.split_once('/')?;
        match kind {
            "Users" => Some((Kind::User, id)),
            "Contacts" => Some((Kind::Contact, id)),
            "Groups" => Some((Kind::Group, id)),
            _ => None,
        }
    }
}

/// A user or contact as the target has it.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The target's name for it.
    pub id: SmolStr,
    /// Whether it is of the resource type of contacts.
    pub contact: bool,
    /// The organisation and id that it carries.
    pub identity: Option<(SmolStr, SmolStr)>,
    /// What the person signs in with.
    pub user_name: SmolStr,
    /// The name.
    pub name: SmolStr,
    /// The mail address.
    pub email: Option<SmolStr>,
    /// The telephone number.
    pub phone: Option<SmolStr>,
    /// Whether it has access; absent: it has.
    pub active: bool,
    /// The state, where the target knows more than that.
    pub state: Option<State>,
    /// When the target last changed it.
    pub modified: Option<jiff::Timestamp>,
    /// What is kept in the account itself.
    pub known: Known,
}

impl Account {
    /// Reads an account. `contact`: of the resource type of contacts.
    pub fn read(text: AccountText, carriers: &Carriers, contact: bool) -> Result<Account, Unnamed> {
        let user_name = text.user_name.clone().unwrap_or_default();
        let carried = match carriers.identity {
            _ if contact => text.external_id.as_deref().and_then(mapping::parted),
            Identity::ExternalId => text.external_id.as_deref().and_then(mapping::parted),
            Identity::EmployeeNumber => {
                let number = text.enterprise.as_ref().and_then(|enterprise| enterprise.employee_number.as_deref());
                number.and_then(mapping::parted)
            }
            Identity::UserName => mapping::from_user_name(&user_name),
        };
        let several = carried.filter(|_| !contact).and_then(|_| several_names(&text, carriers));
        let name = several.or_else(|| full_name(&text)).or_else(|| text.user_name.clone());
        let email = text.emails.iter().find(|email| email.primary).or(text.emails.first());
        let email = email.map(|email| email.value.clone()).filter(|email| !email.is_empty());
        let by_name = carriers.identity == Identity::UserName;
        let email = email.or_else(|| text.user_name.clone().filter(|name| !by_name && name.contains('@')));
        let Some(id) = text.id.clone() else {
            return Err(Unnamed { name, email });
        };
        let mut known = Known::default();
        match carriers.roles {
            Roles::Roles => known.roles.extend(words(&text.roles).cloned()),
            Roles::Entitlements | Roles::Groups if contact => known.roles.extend(words(&text.roles).cloned()),
            Roles::Entitlements | Roles::Groups => {}
        }
        let extension = text.extension.as_ref();
        if carriers.roles == Roles::Entitlements || carriers.words == Words::Entitlements {
            let of_roles = carriers.roles == Roles::Entitlements;
            let wanted = |fact: &&SmolStr| of_roles || !fact.starts_with("role:");
            words(&text.entitlements).filter(wanted).for_each(|fact| known.add(fact));
        }
        if contact {
            known.attributes.extend(words(&text.attributes).cloned());
            known.list = text.entry_type.as_deref() == Some("distribution-list");
        } else if carriers.words == Words::Extension {
            known.attributes.extend(extension.iter().flat_map(|own| words(&own.attributes)).cloned());
            let kind = extension.and_then(|own| own.entry_type.as_deref());
            known.list |= kind == Some("distribution-list");
            known.contact |= kind == Some("contact") || kind == Some("contact-list");
            known.list |= kind == Some("contact-list");
        }
        Ok(Account {
            identity: carried.map(|(organisation, id)| (organisation.into(), id.into())),
            contact,
            name: name.unwrap_or_else(|| id.clone()),
            id,
            user_name,
            email,
            phone: words(&text.phones).next().cloned(),
            modified: text.meta.as_ref().and_then(|meta| meta.modified),
            active: text.active.unwrap_or(true),
            state: text.standing.as_ref().and_then(|own| own.status.as_deref()).and_then(crate::live::object::state),
            known,
        })
    }

    /// The handle.
    pub fn handle(&self) -> SmolStr {
        if self.contact { Kind::Contact.handle(&self.id) } else { Kind::User.handle(&self.id) }
    }
}

/// A resource without an id: nobody can name it, so nothing can be done with it.
#[derive(Debug)]
pub struct Unnamed {
    /// Its name.
    pub name: Option<SmolStr>,
    /// Its mail address.
    pub email: Option<SmolStr>,
}

/// The names that an account goes by, where they are not one: rosterctl writes the whole name, its parts and the name
/// shown alike, and others change one of them. Which of them is meant nobody can say.
fn several_names(text: &AccountText, carriers: &Carriers) -> Option<SmolStr> {
    let name = text.name.as_ref();
    let parts = name.and_then(|name| Some(format_smolstr!("{} {}", name.given.as_ref()?, name.family.as_ref()?)));
    let shown = text.display_name.clone().filter(|_| carriers.display_name);
    let mut names: Vec<SmolStr> = Vec::new();
    for one in [name.and_then(|name| name.formatted.clone()), shown, parts].into_iter().flatten() {
        if !names.iter().any(|known| known.split_whitespace().eq(one.split_whitespace())) {
            names.push(one);
        }
    }
    (names.len() > 1).then(|| names.join(SEVERAL_NAMES).into())
}

fn full_name(text: &AccountText) -> Option<SmolStr> {
    let name = text.name.as_ref();
    let formatted = name.and_then(|name| name.formatted.clone());
    let parts = || {
        let name = name?;
        match (&name.given, &name.family) {
            (Some(given), Some(family)) => Some(format_smolstr!("{given} {family}")),
            (one, other) => one.clone().or_else(|| other.clone()),
        }
    };
    formatted.or_else(|| text.display_name.clone()).or_else(parts)
}

/// A group as the target has it.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    /// The target's name for it.
    pub id: SmolStr,
    /// The identity that it carries: `organisation/…`.
    pub identity: Option<SmolStr>,
    /// Its name, without the identity.
    pub name: SmolStr,
    /// The members as the target names them; none where they were not shown.
    pub members: Option<Vec<SmolStr>>,
    /// The access that it gives, where the target keeps that in the group.
    pub access: Vec<SmolStr>,
}

impl Collection {
    /// Reads a group.
    pub fn read(text: GroupText, carriers: &Carriers) -> Result<Collection, Unnamed> {
        let display_name = text.display_name.unwrap_or_default();
        let Some(id) = text.id else {
            return Err(Unnamed { name: Some(display_name), email: None });
        };
        let identity = carriers.group_identity.identity(text.external_id.as_deref(), &display_name);
        let name =
            identity.map_or(display_name.as_str(), |identity| carriers.group_identity.label(&display_name, identity));
        let extension = text.extension.as_ref();
        Ok(Collection {
            id,
            name: name.into(),
            members: text.members.map(|members| members.iter().filter_map(named).collect()),
            access: extension.iter().flat_map(|own| words(&own.applications)).cloned().collect(),
            identity: identity.map(SmolStr::from),
        })
    }

    /// The organisation and meaning of the group.
    pub fn meaning(&self) -> Option<(&str, mapping::Meaning)> {
        let (organisation, rest) = mapping::parted(self.identity.as_deref()?)?;
        Some((organisation, mapping::Meaning::read(rest)))
    }
}

/// How a member is named: by its value or, without one, by the end of its address.
fn named(member: &Member) -> Option<SmolStr> {
    let last = || member.reference.as_deref().and_then(|address| address.rsplit('/').next());
    let end = || last().map(|end| percent_encoding::percent_decode_str(end).decode_utf8_lossy().as_ref().into());
    member.value.clone().or_else(end)
}
