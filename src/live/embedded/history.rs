//! What the portal wrote down of objects: who changed them and when, and when each was changed last.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::{Embedded, row};
use crate::live::{LiveError, Past, Resource};
use crate::platform::Section;

impl Embedded {
    /// What was done to objects with these ids, oldest first. What was refused is left out, and so is what some program
    /// did to the file without the portal.
    pub fn past(&self, organisation: &str, keys: &BTreeSet<SmolStr>) -> Result<Vec<Past>, LiveError> {
        let past = super::blocking(|| self.looking(|rows| past(rows, organisation, keys)));
        Ok(past?.unwrap_or_default())
    }

    /// When rows were made and changed last, by whatever program; a time that nobody kept is none.
    pub fn times<'h>(&self, handles: impl Iterator<Item = &'h SmolStr>) -> Result<HashMap<SmolStr, Times>, LiveError> {
        let found = super::blocking(|| self.looking(|rows| times(rows, handles)));
        Ok(found?.unwrap_or_default())
    }
}

/// When a row was made, and when it was changed last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// When it was made; none where another program did.
    pub created: Option<Timestamp>,
    /// When it was changed last.
    pub modified: Option<Timestamp>,
}

fn past(rows: &Connection, organisation: &str, keys: &BTreeSet<SmolStr>) -> rusqlite::Result<Vec<Past>> {
    let sql =
        "SELECT at, who, resource, key, detail FROM audit WHERE organisation = ?1 AND outcome = 'done' ORDER BY id";
    let mut statement = rows.prepare_cached(sql)?;
    let mut found = statement.query([organisation])?;
    let mut past = Vec::new();
    while let Some(row) = found.next()? {
        let key = row.get_ref(3)?.as_str()?;
        if !keys.contains(key) {
            continue;
        }
        let (at, detail) = (row.get_ref(0)?.as_str()?.parse(), serde_json::from_str(row.get_ref(4)?.as_str()?));
        // An entry that nobody can read tells nothing.
        let (Ok(at), Ok(mut detail)) = (at, detail) else { continue };
        let Some(resource) = resource(row.get_ref(2)?.as_str()?) else { continue };
        let mut part = |name: &str| match &mut detail {
            Json::Object(parts) => parts.remove(name).unwrap_or_default(),
            _ => Json::Null,
        };
        let (before, after) = (part("before"), part("after"));
        past.push(Past { at, who: row.get_ref(1)?.as_str()?.into(), resource, key: key.into(), before, after });
    }
    Ok(past)
}

fn times<'h>(
    rows: &Connection,
    handles: impl Iterator<Item = &'h SmolStr>,
) -> rusqlite::Result<HashMap<SmolStr, Times>> {
    let mut found = HashMap::new();
    for handle in handles {
        let person = row::number(Section::Users, handle);
        let group = row::number(Section::PermissionGroups, handle);
        let (table, Some(number)) = (if person.is_some() { "person" } else { "permission_group" }, person.or(group))
        else {
            continue;
        };
        let sql = format!("SELECT created, modified FROM {table} WHERE id = ?1");
        let mut statement = rows.prepare_cached(&sql)?;
        let time = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let read = |row: &rusqlite::Row<'_>| Ok(Times { created: time(row.get(0)?), modified: time(row.get(1)?) });
        found.extend(statement.query_row([number], read).optional()?.map(|times| (handle.clone(), times)));
    }
    Ok(found)
}

fn resource(word: &str) -> Option<Resource> {
    match word {
        "user" => Some(Resource::User),
        "contact" => Some(Resource::Contact),
        "permission-group" => Some(Resource::PermissionGroup),
        _ => None,
    }
}
