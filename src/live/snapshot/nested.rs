//! What JSON nests where something plain should be: entries of a list that are none, roles that are objects.

use serde_json::Value as Json;

use super::cell::{is_address, shown};
use super::grid::{Grid, ITEM};
use super::merge::not_understood;
use super::people::Trouble;
use super::vocabulary::Vocabulary;
use super::words::{ROLES, fold};
use crate::live::{Live, Resource, Unread};
use crate::platform::RoleIx;

/// Before an object or a list that stands in a cell, as JSON.
pub const NESTED: char = '\u{1e}';

/// Keys of an object that may name a role.
const NAMES: [&str; 4] = ["name", "id", "value", "display"];

/// An entry of a list that is no object with keys.
#[derive(Clone, Debug)]
pub struct Strange {
    /// Its number, from 1.
    line: u32,
    /// Its JSON Pointer.
    pointer: String,
    /// What stands there.
    text: String,
}

impl Strange {
    /// The entries of a list at a pointer that are none. Where no entry has keys, a value may be one by itself.
    pub fn of(entries: &[Json], list: &str) -> Vec<Strange> {
        let keyed = entries.iter().any(Json::is_object);
        let strange = |entry: &Json| match entry {
            Json::Null => true,
            Json::Object(fields) => fields.is_empty(),
            Json::Array(items) => keyed || items.is_empty(),
            _ => keyed,
        };
        let found = entries.iter().enumerate().filter(|(_, entry)| strange(entry));
        let found = found.map(|(index, entry)| Strange {
            line: index as u32 + 1,
            pointer: format!("{list}/{index}"),
            text: entry.as_str().map_or_else(|| entry.to_string(), str::to_owned),
        });
        found.collect()
    }

    /// Says that nobody knows who it is.
    pub fn tell(&self, grid: &Grid, of_groups: bool, live: &mut Live) {
        let what = if of_groups { "which group this is" } else { "who this is" };
        let message = format!(
            "{} (`{}`): `{}` is no object with keys, so it is not known {what}",
            grid.row(self.line),
            shown(&self.pointer),
            shown(&self.text)
        );
        let help = "export the list again, or take the entry out where it is nothing".to_owned();
        let apart = |c: char| c.is_whitespace() || ",;<>\"()[]{}".contains(c);
        let mut words = self.text.split(apart).map(|word| word.trim_start_matches("mailto:"));
        let email = words.find(|word| is_address(word)).filter(|_| !of_groups).map(Into::into);
        let resource = if of_groups { Resource::PermissionGroup } else { Resource::User };
        let handle = smol_str::format_smolstr!("{resource} at {}", grid.row(self.line));
        let unread = Unread { handle, resource: Some(resource), id: None, name: None, email, reason: String::new() };
        not_understood(live, unread, vec![Trouble { rule: "snapshot/no-entry", message, help }]);
    }
}

/// A value that is no plain one, as a cell; none: it is plain, or there is nothing in it.
pub fn cell(value: &Json) -> Option<String> {
    let nested = |value: &Json| value.is_object() || value.is_array();
    let one = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        value if nested(value) => format!("{NESTED}{value}"),
        value => value.to_string(),
    };
    match value {
        Json::Object(fields) if !fields.is_empty() => Some(one(value)),
        Json::Array(items) if items.iter().any(nested) => {
            Some(items.iter().map(one).collect::<Vec<String>>().join(&ITEM.to_string()))
        }
        _ => None,
    }
}

/// Whether a key is one of roles, whatever is below it. An object called a profile may hold anything.
pub fn of_roles(key: &str) -> bool {
    let key = fold(key);
    ROLES.contains(&key.as_str()) && !key.starts_with("profile")
}

/// The role that an object in a cell names: by a name that only one role has, and nothing that says no. None: it cannot
/// be told.
pub fn role(object: &str, words: &Vocabulary) -> Option<RoleIx> {
    let Ok(Json::Object(fields)) = serde_json::from_str(object) else { return None };
    if fields.iter().any(|(key, value)| *value == Json::Bool(false) && fold(key) != "primary") {
        return None;
    }
    let named = fields.iter().filter(|(key, _)| NAMES.contains(&fold(key).as_str()));
    let mut roles: Vec<RoleIx> = named.filter_map(|(_, value)| words.role(value.as_str()?)).collect();
    roles.sort_unstable();
    roles.dedup();
    match roles.as_slice() {
        [role] => Some(*role),
        _ => None,
    }
}
