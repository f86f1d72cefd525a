//! What SCIM servers write, read as leniently as is safe: a value of a strange type is no value, never a failed page.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::scim::{ENTERPRISE_USER, ROSTER_GROUP, ROSTER_STANDING, ROSTER_USER};

/// A list response (RFC 7644 §3.4.2). Its resources are read one by one, so that one bad resource spoils no other.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// How many resources there are in all, where the server says so.
    #[serde(rename = "totalResults", default, deserialize_with = "count")]
    pub total: Option<u64>,
    /// Where the next page begins (RFC 9865).
    #[serde(rename = "nextCursor", default)]
    pub next_cursor: Option<SmolStr>,
    /// The resources.
    #[serde(rename = "Resources", alias = "resources", default, deserialize_with = "bounded")]
    pub resources: Option<Vec<Box<RawValue>>>,
}

/// The most resources of a list: more than any organisation has, and few enough to be kept.
pub const MOST: usize = 1_000_000;

/// Resources up to the bound: a page may be small and have millions of them.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Box<RawValue>>>, D::Error> {
    struct Resources;
    impl<'de> serde::de::Visitor<'de> for Resources {
        type Value = Option<Vec<Box<RawValue>>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of resources")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut resources = Vec::new();
            while let Some(resource) = items.next_element()? {
                if resources.len() == MOST {
                    return Err(serde::de::Error::custom(format!("a page has more than {MOST} resources")));
                }
                resources.push(resource);
            }
            Ok(Some(resources))
        }
    }
    deserializer.deserialize_any(Resources)
}

/// A user, or a contact of a resource type of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountText {
    /// The server's name for it.
    #[serde(deserialize_with = "text")]
    pub id: Option<SmolStr>,
    /// What the person signs in with.
    #[serde(rename = "userName", deserialize_with = "text")]
    pub user_name: Option<SmolStr>,
    /// The client's name for it.
    #[serde(rename = "externalId", deserialize_with = "text")]
    pub external_id: Option<SmolStr>,
    /// The name shown.
    #[serde(rename = "displayName", deserialize_with = "text")]
    pub display_name: Option<SmolStr>,
    /// The parts of the name.
    #[serde(deserialize_with = "or_none")]
    pub name: Option<NameText>,
    /// Mail addresses.
    #[serde(deserialize_with = "many")]
    pub emails: Vec<Valued>,
    /// Telephone numbers.
    #[serde(rename = "phoneNumbers", deserialize_with = "many")]
    pub phones: Vec<Valued>,
    /// Whether the account has access.
    #[serde(deserialize_with = "flag")]
    pub active: Option<bool>,
    /// Roles.
    #[serde(deserialize_with = "many")]
    pub roles: Vec<Valued>,
    /// Entitlements.
    #[serde(deserialize_with = "many")]
    pub entitlements: Vec<Valued>,
    /// The version and more.
    #[serde(deserialize_with = "or_none")]
    pub meta: Option<Meta>,
    /// The enterprise extension.
    #[serde(rename = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", deserialize_with = "or_none")]
    pub enterprise: Option<EnterpriseText>,
    /// Our own extension.
    #[serde(rename = "urn:rosterctl:params:scim:schemas:extension:1.0:User", deserialize_with = "or_none")]
    pub extension: Option<OwnText>,
    /// What only a portal of ours says of a user.
    #[serde(rename = "urn:rosterctl:params:scim:schemas:extension:1.0:Standing", deserialize_with = "or_none")]
    pub standing: Option<StandingText>,
    /// Attributes of a contact of a resource type of its own.
    #[serde(deserialize_with = "many")]
    pub attributes: Vec<Valued>,
    /// `person` or `distribution-list`, of such a contact.
    #[serde(rename = "type", deserialize_with = "text")]
    pub entry_type: Option<SmolStr>,
    /// Why it cannot be understood, where another API than SCIM is spoken.
    #[serde(rename = "urn:rosterctl:unread", deserialize_with = "text")]
    pub unread: Option<SmolStr>,
}

/// Where a dialect says why a resource cannot be understood.
pub const UNREAD: &str = "urn:rosterctl:unread";

/// The parts of a name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NameText {
    /// The whole name.
    #[serde(deserialize_with = "text")]
    pub formatted: Option<SmolStr>,
    /// The given name.
    #[serde(rename = "givenName", deserialize_with = "text")]
    pub given: Option<SmolStr>,
    /// The family name.
    #[serde(rename = "familyName", deserialize_with = "text")]
    pub family: Option<SmolStr>,
}

/// The one attribute of the enterprise extension that is used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EnterpriseText {
    /// The employee number.
    #[serde(rename = "employeeNumber", deserialize_with = "text")]
    pub employee_number: Option<SmolStr>,
}

/// Our own extension of a user or a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnText {
    /// Attributes, one `name=value` a word.
    #[serde(deserialize_with = "many")]
    pub attributes: Vec<Valued>,
    /// `person` or `distribution-list`.
    #[serde(rename = "type", deserialize_with = "text")]
    pub entry_type: Option<SmolStr>,
    /// Access of a group, one `application=level` a word.
    #[serde(deserialize_with = "many")]
    pub applications: Vec<Valued>,
}

/// What only a portal of ours says of a user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StandingText {
    /// `pending`, `active` or `deactivated`.
    #[serde(deserialize_with = "text")]
    pub status: Option<SmolStr>,
}

/// A group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GroupText {
    /// The server's name for it.
    #[serde(deserialize_with = "text")]
    pub id: Option<SmolStr>,
    /// The client's name for it.
    #[serde(rename = "externalId", deserialize_with = "text")]
    pub external_id: Option<SmolStr>,
    /// The name shown.
    #[serde(rename = "displayName", deserialize_with = "text")]
    pub display_name: Option<SmolStr>,
    /// The members; none where the answer does not have the attribute at all.
    #[serde(deserialize_with = "some_members")]
    pub members: Option<Vec<Member>>,
    /// The version and more.
    #[serde(deserialize_with = "or_none")]
    pub meta: Option<Meta>,
    /// Our own extension.
    #[serde(rename = "urn:rosterctl:params:scim:schemas:extension:1.0:Group", deserialize_with = "or_none")]
    pub extension: Option<OwnText>,
    /// Why it cannot be understood, where another API than SCIM is spoken.
    #[serde(rename = "urn:rosterctl:unread", deserialize_with = "text")]
    pub unread: Option<SmolStr>,
}

/// A member of a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Member {
    /// Whom it names: the id or, with some servers, the user name.
    #[serde(deserialize_with = "text")]
    pub value: Option<SmolStr>,
    /// The address of the member's resource.
    #[serde(rename = "$ref", deserialize_with = "text")]
    pub reference: Option<SmolStr>,
    /// `User` or `Group`.
    #[serde(rename = "type", deserialize_with = "text")]
    pub member_type: Option<SmolStr>,
}

/// What a server says of a resource itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The version, which `If-Match` takes.
    #[serde(deserialize_with = "text")]
    pub version: Option<SmolStr>,
    /// When the server last changed the resource (RFC 7643 §3.1).
    #[serde(rename = "lastModified", deserialize_with = "moment")]
    pub modified: Option<jiff::Timestamp>,
}

/// An item of a multi-valued attribute: a complex value, or its bare `value`.
#[derive(Clone, Debug, Default)]
pub struct Valued {
    /// The value.
    pub value: SmolStr,
    /// Whether it is the first among several.
    pub primary: bool,
}

/// The words of a multi-valued attribute.
pub fn words(items: &[Valued]) -> impl Iterator<Item = &SmolStr> {
    items.iter().map(|item| &item.value).filter(|value| !value.is_empty())
}

const _: () = {
    // serde's attributes take literals only: these must be the same as the constants.
    assert!(same(UNREAD, "urn:rosterctl:unread"));
    assert!(same(ROSTER_USER, "urn:rosterctl:params:scim:schemas:extension:1.0:User"));
    assert!(same(ROSTER_GROUP, "urn:rosterctl:params:scim:schemas:extension:1.0:Group"));
    assert!(same(ROSTER_STANDING, "urn:rosterctl:params:scim:schemas:extension:1.0:Standing"));
    assert!(same(ENTERPRISE_USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"));
};

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// A value of whatever type, as far as it is of use.
#[derive(Deserialize)]
#[serde(untagged)]
enum Any<'a> {
    #[serde(borrow)]
    Text(Cow<'a, str>),
    Flag(bool),
    Number(i64),
    Other(IgnoredAny),
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SmolStr>, D::Error> {
    Ok(match Any::deserialize(deserializer)? {
        Any::Text(text) if !text.is_empty() => Some(text.into()),
        Any::Number(number) => Some(number.to_string().into()),
        _ => None,
    })
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Any::deserialize(deserializer)? {
        Any::Flag(flag) => Some(flag),
        Any::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Any::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    })
}

/// A time (RFC 7643 §2.3.5); one that cannot be read is none.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<jiff::Timestamp>, D::Error> {
    Ok(match Any::deserialize(deserializer)? {
        Any::Text(text) => text.parse().ok(),
        _ => None,
    })
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Any::deserialize(deserializer)? {
        Any::Number(number) => number.try_into().ok(),
        Any::Text(text) => text.parse().ok(),
        _ => None,
    })
}

/// A complex value, or nothing where something else stands there.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Value(T),
        Other(IgnoredAny),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Value(value) => Some(value),
        Either::Other(_) => None,
    })
}

fn many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Valued>, D::Error> {
    #[derive(Deserialize)]
    struct Complex {
        #[serde(default, deserialize_with = "text")]
        value: Option<SmolStr>,
        #[serde(default, deserialize_with = "flag")]
        primary: Option<bool>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Item {
        Complex(Complex),
        Text(SmolStr),
        Other(IgnoredAny),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Items {
        Many(Vec<Item>),
        One(Item),
    }
    let items = match Items::deserialize(deserializer)? {
        Items::Many(items) => items,
        Items::One(item) => vec![item],
    };
    let valued = items.into_iter().filter_map(|item| match item {
        Item::Complex(Complex { value: Some(value), primary }) => {
            Some(Valued { value, primary: primary.unwrap_or(false) })
        }
        Item::Text(value) => Some(Valued { value, primary: false }),
        _ => None,
    });
    Ok(valued.collect())
}

fn some_members<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Member>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Item {
        Member(Member),
        Bare(SmolStr),
        Other(IgnoredAny),
    }
    let items: Option<Vec<Item>> = or_none(deserializer)?;
    let member = |item| match item {
        Item::Member(member) => member,
        Item::Bare(value) => Member { value: Some(value), ..Member::default() },
        Item::Other(_) => Member::default(),
    };
    Ok(items.map(|items| items.into_iter().map(member).collect()))
}
