//! What rosterctl wrote last is brought up to what is there, where roster and portal agree: others had changed it, and the
//! rosters took it over.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::row::{self, GROUP, PERSON};
use super::{Embedded, blocking, reading};
use crate::live::{LiveError, Object, Resource};
use crate::platform::{Platform, Section};

/// What roster and portal agree on in an organisation, and the portal does not yet know for rosterctl's.
#[derive(Debug, Default)]
pub struct Agreed {
    /// Objects by their handles, as they were read.
    pub there: Vec<(SmolStr, Object)>,
    /// The kinds and ids of objects that others deleted and that no roster names.
    pub gone: Vec<(Resource, SmolStr)>,
}

impl Agreed {
    /// Whether there is nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.there.is_empty() && self.gone.is_empty()
    }
}

impl Embedded {
    /// Writes down that what is there counts as written by rosterctl; what has changed since it was read stays as it is.
    /// No object changes by that.
    pub fn settle(&self, organisation: &str, platform: &Platform, agreed: &Agreed) -> Result<(), LiveError> {
        blocking(|| self.writing(|rows| settle(rows, organisation, platform, agreed)))
    }
}

fn settle(rows: &Connection, organisation: &str, platform: &Platform, agreed: &Agreed) -> rusqlite::Result<()> {
    let now = reading::live(rows, organisation, platform)?;
    let people = now.people.into_iter().map(|entry| (entry.handle, Object::Person(Box::new(entry.object))));
    let groups = now.groups.into_iter().map(|entry| (entry.handle, Object::Group(entry.object)));
    let asked: HashSet<&SmolStr> = agreed.there.iter().map(|(handle, _)| handle).collect();
    let now = people.chain(groups).filter(|(handle, _)| asked.contains(handle));
    let now: HashMap<SmolStr, Json> = now.map(|(handle, object)| (handle, told(platform, &object))).collect();
    let (person, group) = (as_written("person", &PERSON), as_written("permission_group", &GROUP));
    for (handle, seen) in &agreed.there {
        let section = seen.section();
        let same = now.get(handle).is_some_and(|now| *now == told(platform, seen));
        let Some(number) = row::number(section, handle).filter(|_| same) else { continue };
        let sql = if section == Section::PermissionGroups { &group } else { &person };
        rows.prepare_cached(sql)?.execute([number])?;
    }
    for (resource, id) in &agreed.gone {
        let sql = "DELETE FROM vanished WHERE organisation = ?1 AND section = ?2 AND external_id = ?3";
        let (section, external_id) = (resource.section().as_str(), row::external_id(organisation, id));
        rows.prepare_cached(sql)?.execute((organisation, section, external_id))?;
    }
    Ok(())
}

/// An object in words, with its id and its section.
fn told(platform: &Platform, object: &Object) -> Json {
    serde_json::json!([object.section().as_str(), object.id(), object.json(platform)])
}

fn as_written(table: &str, columns: &[&str]) -> String {
    let pairs: Vec<String> = columns.iter().map(|column| format!("applied_{column} = {column}")).collect();
    format!("UPDATE {table} SET {} WHERE id = ?1", pairs.join(", "))
}
