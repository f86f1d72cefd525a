//! An account as it shall be: what differs from what is there, and how that is written.
//!
//! One comparison serves three ends: nothing is written that is so already, only what differs is written, and what was
//! written is compared with what came of it.

use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;

use super::account::Account;
use super::capabilities::Capabilities;
use super::mapping::{self, Carriers, Identity, Roles, Words};
use super::wire::{AccountText, words};
use crate::model::{EntryType, Person};
use crate::platform::{Platform, Section, State};
use crate::scim::{CONTACT, ENTERPRISE_USER, ROSTER_USER, USER};

/// An account as it shall be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whether it is of the resource type of contacts.
    pub contact: bool,
    /// What the person signs in with, where it is ours to say.
    pub user_name: Option<SmolStr>,
    /// The identity; none where it is compared with somebody whom no roster manages yet.
    identity: Option<SmolStr>,
    name: SmolStr,
    email: Option<SmolStr>,
    phone: Option<SmolStr>,
    state: State,
    roles: Option<Vec<SmolStr>>,
    attributes: Option<Vec<SmolStr>>,
    entitlements: Option<Vec<SmolStr>>,
    entry_type: Option<&'static str>,
}

/// An attribute that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Where the identity is.
    Identity,
    /// `userName`.
    UserName,
    /// `name` and `displayName`.
    Name,
    /// `emails`.
    Email,
    /// `phoneNumbers`.
    Phone,
    /// `active`.
    Active,
    /// `roles`.
    Roles,
    /// `entitlements`.
    Entitlements,
    /// The words of our extension, or of a contact.
    Attributes,
    /// The kind of entry there.
    Type,
}

impl Attribute {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Attribute::Identity => "external id",
            Attribute::UserName => "user name",
            Attribute::Name => "name",
            Attribute::Email => "e-mail address",
            Attribute::Phone => "phone",
            Attribute::Active => "active",
            Attribute::Roles => "roles",
            Attribute::Entitlements => "entitlements",
            Attribute::Attributes => "attributes",
            Attribute::Type => "type",
        }
    }
}

/// What is needed to say what an account shall be.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// What carries what.
    pub carriers: &'a Carriers,
    /// What the target was seen to do.
    pub capabilities: &'a Capabilities,
    /// The platform.
    pub platform: &'a Platform,
    /// The organisation.
    pub organisation: &'a str,
}

impl Wanted {
    /// The account that a person shall have. `managed`: whether it shall carry the identity.
    pub fn of(person: &Person, means: &Means<'_>, managed: bool) -> Wanted {
        let Means { carriers, capabilities, platform, organisation } = *means;
        let contact = person.section == Section::Contacts && capabilities.contacts.is_some();
        let among_users = person.section == Section::Contacts && !contact;
        let identity = format!("{organisation}/{}", person.id);
        let email = person.email.as_ref().map(|email| email.value.clone()).filter(|email| !email.is_empty());
        let by_name = mapping::as_user_name(organisation, &person.id);
        let user_name = match (carriers.identity, &email) {
            _ if contact => None,
            (Identity::UserName, _) if managed => Some(by_name.into()),
            (Identity::UserName, _) => None,
            (_, Some(email)) => Some(email.clone()),
            (_, None) => Some(by_name.into()),
        };
        let in_account = contact || carriers.roles == Roles::Roles;
        let as_words = contact || carriers.words == Words::Extension;
        let entitled = (carriers.roles == Roles::Entitlements, carriers.words == Words::Entitlements);
        let list = person.entry_type.value == EntryType::DistributionList;
        let kind = match (among_users, list) {
            (false, false) => "person",
            (false, true) => "distribution-list",
            (true, false) => "contact",
            (true, true) => "contact-list",
        };
        Wanted {
            contact,
            user_name,
            identity: managed.then(|| identity.into()),
            name: person.name.value.clone(),
            email,
            phone: person.phone.as_ref().map(|phone| phone.value.clone()).filter(|phone| !phone.is_empty()),
            state: if among_users { State::Deactivated } else { person.status.value },
            roles: in_account.then(|| mapping::roles(person, platform)),
            attributes: as_words.then(|| mapping::attributes(person, platform)),
            entitlements: (!contact && (entitled.0 || entitled.1))
                .then(|| mapping::facts(person, platform, entitled.0, entitled.1)),
            entry_type: as_words.then_some(kind),
        }
    }

    /// Whether somebody has the same mail address.
    pub fn has_address(&self, person: &Person) -> bool {
        self.email.as_ref().is_some_and(|email| person.has_address(email))
    }

    /// What differs between this and an account as it is.
    pub fn differs(&self, text: &AccountText, means: &Means<'_>) -> Vec<Attribute> {
        let carriers = means.carriers;
        let Ok(now) = Account::read(text.clone(), carriers, self.contact) else { return vec![Attribute::Identity] };
        let mut differs = Vec::new();
        let mut check = |same: bool, attribute| {
            if !same {
                differs.push(attribute);
            }
        };
        if let Some(identity) = &self.identity {
            let carried = now.identity.as_ref().map(|(organisation, id)| format!("{organisation}/{id}"));
            let by_name = !self.contact && carriers.identity == Identity::UserName;
            let attribute = if by_name { Attribute::UserName } else { Attribute::Identity };
            check(carried.as_deref() == Some(identity.as_str()), attribute);
        }
        check(now.name == self.name, Attribute::Name);
        check(same_address(now.email.as_deref(), self.email.as_deref()), Attribute::Email);
        if carriers.phone {
            check(now.phone == self.phone, Attribute::Phone);
        }
        if !self.contact {
            let inside = |state: State| state != State::Deactivated;
            let active = now.state.map_or(now.active, inside);
            check(active == inside(self.state), Attribute::Active);
        }
        if let Some(roles) = &self.roles {
            check(*roles == self.our_roles(text, means), Attribute::Roles);
        }
        if let Some(entitlements) = &self.entitlements {
            let mut ours: Vec<SmolStr> =
                words(&text.entitlements).filter(|fact| mapping::is_ours(fact)).cloned().collect();
            if now.active && self.state != State::Deactivated {
                // Who has access is no contact, whatever was noted once.
                ours.retain(|fact| fact != mapping::CONTACT);
            }
            ours.sort_unstable();
            let mut wanted = entitlements.clone();
            wanted.sort_unstable();
            check(ours == wanted, Attribute::Entitlements);
        }
        if let Some(attributes) = &self.attributes {
            let extension = text.extension.as_ref().map(|own| &own.attributes);
            let items = if self.contact { Some(&text.attributes) } else { extension };
            let mut there: Vec<SmolStr> = items.into_iter().flat_map(|items| words(items)).cloned().collect();
            there.sort_unstable();
            there.dedup();
            check(there == *attributes, Attribute::Attributes);
        }
        if let Some(kind) = self.entry_type {
            let extension = text.extension.as_ref().and_then(|own| own.entry_type.as_deref());
            let there = if self.contact { text.entry_type.as_deref() } else { extension };
            check(there.unwrap_or("person") == kind, Attribute::Type);
        }
        differs
    }

    /// Whether the user name is to follow the mail address: it was the old one.
    pub fn renames(&self, before: &Wanted, text: &AccountText, means: &Means<'_>) -> bool {
        let by_address = !self.contact && means.carriers.identity != Identity::UserName;
        let now = text.user_name.as_deref();
        let moved = !same_address(before.email.as_deref(), self.email.as_deref());
        by_address && moved && self.email.is_some() && same_address(now, before.email.as_deref())
    }

    /// What has to be written: what differs, and a mail address in another case.
    pub fn unlike(&self, text: &AccountText, means: &Means<'_>) -> Vec<Attribute> {
        let mut unlike = self.differs(text, means);
        unlike.extend((self.respells(text) && !unlike.contains(&Attribute::Email)).then_some(Attribute::Email));
        unlike
    }

    /// Whether the mail address is the same in another case: that is written, and a portal may keep its own case.
    fn respells(&self, text: &AccountText) -> bool {
        let there = text.emails.iter().find(|email| email.primary).or(text.emails.first()).map(|email| &email.value);
        // Whoever has no address but a name that is one is known by that.
        let there = there.or(text.user_name.as_ref());
        there.zip(self.email.as_ref()).is_some_and(|(there, email)| there != email && there.eq_ignore_ascii_case(email))
    }

    fn our_roles(&self, text: &AccountText, means: &Means<'_>) -> Vec<SmolStr> {
        let ours = words(&text.roles).filter(|role| means.platform.role(role).is_some());
        let mut roles: Vec<SmolStr> = ours.cloned().collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The whole account, to be created.
    pub fn body(&self, means: &Means<'_>) -> Json {
        let mut body = Map::new();
        let mut schemas = vec![if self.contact { CONTACT } else { USER }];
        body.insert("schemas".to_owned(), Json::Null);
        let mut all = vec![Attribute::Identity, Attribute::Name, Attribute::Email, Attribute::Phone, Attribute::Active];
        if let Some(name) = &self.user_name {
            body.insert("userName".to_owned(), name.as_str().into());
        }
        all.extend(self.roles.as_ref().map(|_| Attribute::Roles));
        all.extend(self.entitlements.as_ref().map(|_| Attribute::Entitlements));
        all.extend(self.attributes.as_ref().map(|_| Attribute::Attributes));
        // Who is nothing but a person need not be said to be one.
        all.extend(self.entry_type.filter(|kind| *kind != "person").map(|_| Attribute::Type));
        self.put(&mut body, &all, means);
        if body.contains_key(ENTERPRISE_USER) {
            schemas.push(ENTERPRISE_USER);
        }
        if body.contains_key(ROSTER_USER) {
            schemas.push(ROSTER_USER);
        }
        body.insert("schemas".to_owned(), schemas.into());
        Json::Object(body)
    }

    /// Writes attributes into an account's JSON; what others keep there stays.
    pub fn put(&self, body: &mut Map<String, Json>, attributes: &[Attribute], means: &Means<'_>) {
        for attribute in attributes {
            for (path, value) in self.values(*attribute, body, means) {
                // An empty list is refused by some and means nothing to others: what is left out of a whole is empty.
                let place = match path {
                    Path::Plain(name) => Some((&mut *body, name)),
                    Path::Extension(urn, name) => {
                        let extension = body.entry(urn).or_insert_with(|| json!({}));
                        extension.as_object_mut().map(|extension| (extension, name))
                    }
                };
                let Some((object, name)) = place else { continue };
                if is_empty(&value) {
                    object.remove(name);
                } else {
                    object.insert(name.to_owned(), value);
                }
            }
        }
        let extended: Vec<&str> =
            [ENTERPRISE_USER, ROSTER_USER].into_iter().filter(|urn| body.contains_key(*urn)).collect();
        if let Some(Json::Array(schemas)) = body.get_mut("schemas") {
            let missing: Vec<Json> =
                extended.into_iter().filter(|urn| !schemas.iter().any(|one| one == urn)).map(Json::from).collect();
            schemas.extend(missing);
        }
    }

    /// The operations of a PATCH that makes the attributes what they shall be (RFC 7644 §3.5.2).
    pub fn operations(&self, attributes: &[Attribute], now: &Map<String, Json>, means: &Means<'_>) -> Vec<Json> {
        let mut operations = Vec::new();
        for attribute in attributes {
            for (path, value) in self.values(*attribute, now, means) {
                let path = match path {
                    Path::Plain(name) => name.to_owned(),
                    Path::Extension(urn, name) => format!("{urn}:{name}"),
                };
                operations.push(if is_empty(&value) {
                    json!({ "op": "remove", "path": path })
                } else {
                    json!({ "op": "replace", "path": path, "value": value })
                });
            }
        }
        operations
    }

    fn values(&self, attribute: Attribute, now: &Map<String, Json>, means: &Means<'_>) -> Vec<(Path, Json)> {
        use Path::{Extension, Plain};
        let extension = |name: &'static str| if self.contact { Plain(name) } else { Extension(ROSTER_USER, name) };
        let strings = |words: &Option<Vec<SmolStr>>| -> Json {
            words.iter().flatten().map(|word| Json::from(word.as_str())).collect()
        };
        match attribute {
            Attribute::Identity => match (&self.identity, means.carriers.identity) {
                (None, _) => Vec::new(),
                (Some(identity), _) if self.contact => vec![(Plain("externalId"), identity.as_str().into())],
                (Some(identity), Identity::ExternalId) => vec![(Plain("externalId"), identity.as_str().into())],
                (Some(identity), Identity::EmployeeNumber) => {
                    vec![(Extension(ENTERPRISE_USER, "employeeNumber"), identity.as_str().into())]
                }
                (Some(_), Identity::UserName) => Vec::new(),
            },
            Attribute::UserName => {
                self.user_name.iter().map(|name| (Plain("userName"), name.as_str().into())).collect()
            }
            Attribute::Name => {
                let display = (Plain("displayName"), Json::from(self.name.as_str()));
                let shown = self.contact || means.capabilities.users.display_name.works();
                let name = (Plain("name"), name_parts(&self.name));
                match (self.contact, shown) {
                    (true, _) => vec![display],
                    (false, true) => vec![name, display],
                    (false, false) => vec![name],
                }
            }
            Attribute::Email => {
                let primary = means.capabilities.users.primary_email.works();
                let address = |email: &SmolStr| match primary {
                    true => json!([{ "value": email, "primary": true }]),
                    false => json!([{ "value": email }]),
                };
                vec![(Plain("emails"), self.email.as_ref().map_or_else(|| json!([]), address))]
            }
            Attribute::Phone if !self.contact && !means.carriers.phone => Vec::new(),
            Attribute::Phone => {
                let number = |phone: &SmolStr| json!([{ "value": phone }]);
                vec![(Plain("phoneNumbers"), self.phone.as_ref().map_or_else(|| json!([]), number))]
            }
            Attribute::Active if self.contact => Vec::new(),
            Attribute::Active => vec![(Plain("active"), (self.state != State::Deactivated).into())],
            Attribute::Roles => {
                let foreign = kept(now.get("roles"), |role| means.platform.role(role).is_none());
                let ours = self.roles.iter().flatten().map(|role| json!({ "value": role }));
                vec![(Plain("roles"), foreign.chain(ours).collect())]
            }
            Attribute::Entitlements => {
                let foreign = kept(now.get("entitlements"), |fact| !mapping::is_ours(fact));
                let ours = self.entitlements.iter().flatten().map(|fact| json!({ "value": fact }));
                vec![(Plain("entitlements"), foreign.chain(ours).collect())]
            }
            Attribute::Attributes => vec![(extension("attributes"), strings(&self.attributes))],
            Attribute::Type => self.entry_type.iter().map(|kind| (extension("type"), Json::from(*kind))).collect(),
        }
    }
}

fn is_empty(value: &Json) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Where a value stands.
enum Path {
    Plain(&'static str),
    Extension(&'static str, &'static str),
}

/// The items of somebody else's vocabulary, as they are.
fn kept(now: Option<&Json>, foreign: impl Fn(&str) -> bool) -> impl Iterator<Item = Json> {
    let items = now.and_then(Json::as_array).into_iter().flatten();
    let value = |item: &Json| item.get("value").unwrap_or(item).as_str().is_some_and(&foreign);
    items.filter(|item| value(item)).cloned().collect::<Vec<Json>>().into_iter()
}

/// A name in its parts: the last word is the family name, which some servers ask for.
fn name_parts(name: &str) -> Json {
    match name.rsplit_once(' ') {
        Some((given, family)) => json!({ "formatted": name, "givenName": given, "familyName": family }),
        None => json!({ "formatted": name, "familyName": name }),
    }
}

fn same_address(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    }
}
