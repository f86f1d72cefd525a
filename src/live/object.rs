//! Objects in words: people and groups as JSON with the platform's vocabulary spelt out, canonical for digests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::Object;
use crate::diagnostic::{FileId, Located, Span};
use crate::model::{EntryType, Group, Held, Person, Text, Value};
use crate::platform::{AttributeType, Platform, Section, State};

/// A user or a contact in words. Lists are sorted: their order means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonRecord {
    /// The name.
    pub name: SmolStr,
    /// The mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<SmolStr>,
    /// The telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<SmolStr>,
    /// `person` or `distribution-list`.
    #[serde(rename = "type")]
    pub entry_type: SmolStr,
    /// `pending`, `active` or `deactivated`.
    pub status: SmolStr,
    /// Roles.
    pub roles: Vec<SmolStr>,
    /// Permission groups.
    pub groups: Vec<SmolStr>,
    /// Attributes by name.
    pub attributes: BTreeMap<SmolStr, Json>,
}

/// A permission group in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRecord {
    /// The name.
    pub name: SmolStr,
    /// Application to level.
    pub applications: BTreeMap<SmolStr, SmolStr>,
}

impl PersonRecord {
    /// A person in words.
    pub fn of(person: &Person, platform: &Platform) -> PersonRecord {
        let filled = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone()).filter(|text| !text.is_empty());
        let mut roles: Vec<SmolStr> = person.roles.iter().map(|held| platform[held.role].id.clone()).collect();
        roles.sort_unstable();
        roles.dedup();
        let mut groups: Vec<SmolStr> = person.groups.iter().map(|group| group.value.clone()).collect();
        groups.sort_unstable();
        groups.dedup();
        let attributes = person.attributes.iter();
        PersonRecord {
            name: person.name.value.clone(),
            email: filled(&person.email),
            phone: filled(&person.phone),
            entry_type: person.entry_type.value.as_str().into(),
            status: person.status.value.as_str().into(),
            roles,
            groups,
            attributes: attributes.map(|(ix, value)| (platform[*ix].name.clone(), value_json(&value.value))).collect(),
        }
    }

    /// The person that the words describe; a word that the platform does not have is an error, in words.
    pub fn person(&self, platform: &Platform, section: Section, id: &str) -> Result<Person, String> {
        let mut person = Person::new(section, id, self.name.clone());
        person.email = self.email.clone().map(Located::nowhere);
        person.phone = self.phone.clone().map(Located::nowhere);
        person.entry_type.value =
            EntryType::from_word(&self.entry_type).ok_or_else(|| format!("unknown type `{}`", self.entry_type))?;
        person.status.value = state(&self.status).ok_or_else(|| format!("unknown status `{}`", self.status))?;
        for (index, role) in self.roles.iter().enumerate() {
            let role = platform.role(role).ok_or_else(|| format!("unknown role `{role}`"))?;
            person.roles.push(Held { role, index: index as u16, span: Span::default() });
        }
        person.groups = self.groups.iter().cloned().map(Located::nowhere).collect();
        for (name, json) in &self.attributes {
            let attribute = platform.attribute(name).ok_or_else(|| format!("unknown attribute `{name}`"))?;
            let value = json_value(json, platform[attribute].value_type)
                .ok_or_else(|| format!("attribute `{name}` has a value of the wrong type: {json}"))?;
            person.attributes.push((attribute, Located::nowhere(value)));
        }
        person.attributes.sort_by_key(|(attribute, _)| *attribute);
        Ok(person)
    }
}

impl GroupRecord {
    /// A group in words.
    pub fn of(group: &Group, platform: &Platform) -> GroupRecord {
        let access = group.applications.iter();
        let access = access.map(|(application, level, _)| {
            let application = &platform[*application];
            (application.id.clone(), application.levels[level.0 as usize].clone())
        });
        GroupRecord { name: group.name.value.clone(), applications: access.collect() }
    }

    /// The group that the words describe; a word that the platform does not have is an error, in words.
    pub fn group(&self, platform: &Platform, id: &str) -> Result<Group, String> {
        let mut applications = Vec::new();
        for (name, level) in &self.applications {
            let application = platform.application(name).ok_or_else(|| format!("unknown application `{name}`"))?;
            let level =
                platform[application].level(level).ok_or_else(|| format!("unknown level `{level}` of `{name}`"))?;
            applications.push((application, level, Span::default()));
        }
        applications.sort_unstable_by_key(|(application, ..)| *application);
        Ok(Group {
            id: id.into(),
            name: Located::nowhere(self.name.clone()),
            applications,
            previously: Vec::new(),
            file: FileId::NONE,
            key: Span::default(),
        })
    }
}

/// The state of somebody who is there.
pub fn state(word: &str) -> Option<State> {
    State::from_word(word).filter(|state| *state != State::Absent)
}

/// An attribute's value as JSON; lists are sorted.
pub fn value_json(value: &Value) -> Json {
    match value {
        Value::Boolean(value) => Json::Bool(*value),
        Value::Text(text) => Json::String(text.to_string()),
        Value::List(words) => {
            let mut words: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
            words.sort_unstable();
            words.dedup();
            words.into()
        }
    }
}

/// An attribute's value from JSON, where it is of the type asked for.
pub fn json_value(json: &Json, value_type: AttributeType) -> Option<Value> {
    match (json, value_type) {
        (Json::Bool(value), AttributeType::Boolean) => Some(Value::Boolean(*value)),
        (Json::String(text), AttributeType::Text | AttributeType::User) => Some(Value::Text(text.as_str().into())),
        (Json::Array(items), AttributeType::List | AttributeType::Roles) => {
            let words = items.iter().map(|item| item.as_str().map(|word| Located::nowhere(word.into())));
            words.collect::<Option<Vec<Text>>>().map(Value::List)
        }
        _ => None,
    }
}

impl Object {
    /// The object as canonical JSON.
    pub fn json(&self, platform: &Platform) -> Json {
        let json = match self {
            Object::Person(person) => serde_json::to_value(PersonRecord::of(person, platform)),
            Object::Group(group) => serde_json::to_value(GroupRecord::of(group, platform)),
        };
        json.unwrap_or(Json::Null)
    }

    /// A digest of what the object is, and of the portal's name for it: two reads agree exactly when nothing changed.
    pub fn fingerprint(&self, platform: &Platform, handle: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(handle.as_bytes());
        hasher.update([0]);
        hasher.update(self.json(platform).to_string().as_bytes());
        hex(&hasher.finalize()[..16])
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
