//! Reading an organisation: one snapshot, every row or none.

use std::sync::LazyLock;

use rusqlite::Connection;
use smol_str::SmolStr;

use super::row::{self, Decoder, GROUP, PERSON};
use crate::live::{Applied, Completeness, Entry, Live, Resource};
use crate::model::{Group, Person};
use crate::platform::{Platform, Section};

static PEOPLE: LazyLock<String> = LazyLock::new(|| {
    let own = PERSON.join(", ");
    let applied = PERSON.map(|column| format!("applied_{column}")).join(", ");
    let same = PERSON.map(|column| format!("applied_{column} IS {column}")).join(" AND ");
    format!("SELECT id, section, external_id, {own}, {same}, {applied} FROM person WHERE organisation = ?1")
});

/// The handle of a row that cannot be understood, and why.
pub(super) type Unclear = (SmolStr, String);

/// Everything of an organisation; the caller holds the snapshot.
pub(super) fn live(
    rows: &Connection,
    organisation: &str,
    platform: &Platform,
) -> rusqlite::Result<Result<Live, Unclear>> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table} WHERE organisation = ?1");
        rows.prepare_cached(&sql)?.query_row([organisation], |row| row.get::<_, i64>(0)).map(|count| count as usize)
    };
    let (announced_people, announced_groups) = (count("person")?, count("permission_group")?);
    let people = match people(rows, organisation, platform, announced_people)? {
        Ok(people) => people,
        Err(unclear) => return Ok(Err(unclear)),
    };
    let groups = match groups(rows, organisation, platform)? {
        Ok(groups) => groups,
        Err(unclear) => return Ok(Err(unclear)),
    };
    let proof = Completeness { read: people.len() + groups.len(), announced: announced_people + announced_groups };
    let vanished = vanished(rows, organisation)?;
    Ok(Ok(Live { people, groups, vanished, proof }))
}

fn people(
    rows: &Connection,
    organisation: &str,
    platform: &Platform,
    expected: usize,
) -> rusqlite::Result<Result<Vec<Entry<Person>>, Unclear>> {
    let mut people = Vec::with_capacity(expected);
    let mut decoder = Decoder::new(organisation, platform);
    let mut statement = rows.prepare_cached(&PEOPLE)?;
    let mut found = statement.query([organisation])?;
    while let Some(row) = found.next()? {
        let number = row.get(0)?;
        let handle = row::handle(Section::Users, number);
        let read = row::person_section(row, 1).and_then(|section| {
            let (id, managed) = decoder.id(row, 2, &handle)?;
            Ok((decoder.person(row, 3, section, &id)?, managed))
        });
        let (object, managed) = match read {
            Ok(read) => read,
            Err(reason) => return Ok(Err((handle, reason))),
        };
        // What was written last is often what is there; where it is not understood any more, it says nothing.
        let applied = match row.get_ref(11)?.as_i64_or_null()? {
            Some(1) => Applied::Same,
            _ => written(decoder.person(row, 12, object.section, &object.id)),
        };
        people.push(Entry { object, handle, managed, applied });
    }
    Ok(Ok(people))
}

fn written<T, E>(decoded: Result<T, E>) -> Applied<T> {
    decoded.map_or(Applied::Unknown, |applied| Applied::Other(Box::new(applied)))
}

fn groups(
    rows: &Connection,
    organisation: &str,
    platform: &Platform,
) -> rusqlite::Result<Result<Vec<Entry<Group>>, Unclear>> {
    let own = GROUP.join(", ");
    let applied = GROUP.map(|column| format!("applied_{column}")).join(", ");
    let sql = format!("SELECT id, external_id, {own}, {applied} FROM permission_group WHERE organisation = ?1");
    let mut groups = Vec::new();
    let decoder = Decoder::new(organisation, platform);
    let mut statement = rows.prepare_cached(&sql)?;
    let mut found = statement.query([organisation])?;
    while let Some(row) = found.next()? {
        let handle = row::handle(Section::PermissionGroups, row.get(0)?);
        let read = decoder.id(row, 1, &handle).and_then(|(id, managed)| {
            let object = decoder.group(row, 2, &id)?;
            Ok((object, managed))
        });
        let (object, managed) = match read {
            Ok(read) => read,
            Err(reason) => return Ok(Err((handle, reason))),
        };
        let applied = written(decoder.group(row, 4, &object.id));
        groups.push(Entry { object, handle, managed, applied });
    }
    Ok(Ok(groups))
}

/// What rosterctl wrote and others deleted.
fn vanished(rows: &Connection, organisation: &str) -> rusqlite::Result<Vec<(Resource, SmolStr)>> {
    let sql = "SELECT section, external_id FROM vanished WHERE organisation = ?1";
    let mut statement = rows.prepare_cached(sql)?;
    let mut found = statement.query([organisation])?;
    let mut vanished = Vec::new();
    while let Some(row) = found.next()? {
        let resource = match Section::from_word(row.get_ref(0)?.as_str()?) {
            Some(Section::Users) => Resource::User,
            Some(Section::Contacts) => Resource::Contact,
            Some(Section::PermissionGroups) => Resource::PermissionGroup,
            None => continue,
        };
        if let Ok(id) = row::own_id(organisation, row.get_ref(1)?.as_str()?) {
            vanished.push((resource, id.into()));
        }
    }
    Ok(vanished)
}
