//! The schemas of what is served (RFC 7643 §7): attributes by name, for reading what clients send and ask.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::live::Resource;
use crate::scim;

/// The type of an attribute's value (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Text.
    #[default]
    String,
    /// True or false.
    Boolean,
    /// A number.
    Decimal,
    /// A whole number.
    Integer,
    /// A moment.
    DateTime,
    /// Bytes in base64.
    Binary,
    /// An address.
    Reference,
    /// An object.
    Complex,
}

/// Who may change an attribute (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// The portal only.
    ReadOnly,
    /// Clients, at any time.
    #[default]
    ReadWrite,
    /// Clients, when the value is made.
    Immutable,
}

/// When an attribute is in an answer (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// Whatever is asked for.
    Always,
    /// Unless it is excluded.
    #[default]
    Default,
    /// Only where it is named.
    Request,
}

/// Whether values are unique (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// They are not.
    #[default]
    None,
    /// On this server.
    Server,
}

/// An attribute (RFC 7643 §7).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// The type of its value.
    #[serde(rename = "type", default)]
    pub kind: Kind,
    /// Whether it has several values.
    #[serde(default)]
    pub multi_valued: bool,
    /// What it means.
    pub description: String,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// Values that are suggested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Whether the case of text counts.
    #[serde(default)]
    pub case_exact: bool,
    /// Who may change it.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is returned.
    #[serde(default)]
    pub returned: Returned,
    /// Whether it is unique.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// What it may refer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    /// The attributes of an object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// The attribute of the object with this name, whatever its case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// Whether clients cannot change it.
    pub fn read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }
}

/// A schema (RFC 7643 §7).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Its name everywhere.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it describes.
    pub description: String,
    /// The attributes.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The attribute with this name, whatever its case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

#[derive(Deserialize, Default)]
struct Book {
    common: Vec<Attribute>,
    schemas: Vec<Schema>,
}

/// A test proves that the file is sound.
static BOOK: LazyLock<Book> = LazyLock::new(|| serde_json::from_str(include_str!("schemas.json")).unwrap_or_default());

/// All schemas.
pub fn schemas() -> &'static [Schema] {
    &BOOK.schemas
}

/// The schema with this name, whatever its case.
pub fn schema(urn: &str) -> Option<&'static Schema> {
    BOOK.schemas.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn))
}

/// A type of resource (RFC 7643 §6).
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// What it is on the portal.
    pub resource: Resource,
    /// Its name.
    pub name: &'static str,
    /// The folder that it is in.
    pub endpoint: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its schema.
    pub schema: &'static str,
    /// What it may have besides.
    pub extensions: &'static [&'static str],
}

/// The types that are served.
pub const TYPES: [Type; 3] = [
    Type {
        resource: Resource::User,
        name: "User",
        endpoint: "Users",
        description: "People with access",
        schema: scim::USER,
        extensions: &[scim::ENTERPRISE_USER, scim::ROSTER_USER, scim::ROSTER_STANDING],
    },
    Type {
        resource: Resource::PermissionGroup,
        name: "Group",
        endpoint: "Groups",
        description: "Permission groups",
        schema: scim::GROUP,
        extensions: &[scim::ROSTER_GROUP],
    },
    Type {
        resource: Resource::Contact,
        name: "Contact",
        endpoint: "Contacts",
        description: "People and lists that are contacted and have no access",
        schema: scim::CONTACT,
        extensions: &[],
    },
];

/// An attribute in its place.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The extension that it belongs to; none: it is one of the resource's own.
    pub extension: Option<&'static str>,
    /// The attribute.
    pub attribute: &'static Attribute,
}

impl Type {
    /// The type whose folder this is.
    pub fn at(endpoint: &str) -> Option<&'static Type> {
        TYPES.iter().find(|one| one.endpoint == endpoint)
    }

    /// The type of a resource.
    pub fn of(resource: Resource) -> &'static Type {
        TYPES.iter().find(|one| one.resource == resource).unwrap_or(&TYPES[0])
    }

    /// The resource's own attribute with this name, whatever its case.
    pub fn own(&self, name: &str) -> Option<Place> {
        let own = || schema(self.schema)?.attribute(name);
        let common = BOOK.common.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
        common.or_else(own).map(|attribute| Place { extension: None, attribute })
    }

    /// All attributes that the resource itself has.
    pub fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        BOOK.common.iter().chain(schema(self.schema).into_iter().flat_map(|schema| &schema.attributes))
    }

    /// Extensions that are answered only where they are named.
    pub fn on_request(&self) -> impl Iterator<Item = &'static str> {
        let hidden = |urn: &&'static str| {
            schema(urn).is_some_and(|schema| schema.attributes.iter().all(|one| one.returned == Returned::Request))
        };
        self.extensions.iter().copied().filter(hidden)
    }

    /// The extension with this name, whatever its case.
    pub fn extension(&self, urn: &str) -> Option<&'static str> {
        self.extensions.iter().find(|extension| extension.eq_ignore_ascii_case(urn)).copied()
    }

    /// The attribute of an extension with this name, whatever its case.
    pub fn extended(&self, extension: &'static str, name: &str) -> Option<Place> {
        let attribute = schema(extension)?.attribute(name)?;
        Some(Place { extension: Some(extension), attribute })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound_and_has_every_schema() {
        let book: Book = serde_json::from_str(include_str!("schemas.json")).expect("the file is sound");
        assert_eq!(book.common.len(), 4);
        for one in &TYPES {
            assert!(schema(one.schema).is_some(), "{}", one.schema);
            assert!(one.extensions.iter().all(|urn| schema(urn).is_some()), "{}", one.name);
        }
        assert_eq!(schemas().len(), 7);
    }
}
