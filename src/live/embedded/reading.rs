//! Reading an organisation: one snapshot, every row; what cannot be understood is told apart, never dropped.

use std::sync::LazyLock;

use rusqlite::{Connection, Row};
use smol_str::SmolStr;

use super::row::{self, Decoder, GROUP, PERSON};
use crate::live::{Applied, Completeness, Entry, Live, Resource, Unread};
use crate::platform::{Platform, Section};

static PEOPLE: LazyLock<String> = LazyLock::new(|| {
    let own = PERSON.join(", ");
    let applied = PERSON.map(|column| format!("applied_{column}")).join(", ");
    let same = PERSON.map(|column| format!("applied_{column} IS {column}")).join(" AND ");
    format!("SELECT id, section, external_id, {own}, {same}, {applied} FROM person WHERE organisation = ?1")
});

/// Everything of an organisation; the caller holds the snapshot.
pub(super) fn live(rows: &Connection, organisation: &str, platform: &Platform) -> rusqlite::Result<Live> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table} WHERE organisation = ?1");
        rows.prepare_cached(&sql)?.query_row([organisation], |row| row.get::<_, i64>(0)).map(|count| count as usize)
    };
    let (announced_people, announced_groups) = (count("person")?, count("permission_group")?);
    let mut live = Live { people: Vec::with_capacity(announced_people), records: true, ..Live::default() };
    let mut decoder = Decoder::new(organisation, platform);
    people(rows, &mut decoder, &mut live)?;
    groups(rows, &decoder, &mut live)?;
    let read = live.people.len() + live.groups.len();
    live.proof = Completeness { read, announced: announced_people + announced_groups };
    live.vanished = vanished(rows, organisation)?;
    Ok(live)
}

fn people(rows: &Connection, decoder: &mut Decoder<'_>, live: &mut Live) -> rusqlite::Result<()> {
    let mut statement = rows.prepare_cached(&PEOPLE)?;
    let mut found = statement.query([decoder.organisation()])?;
    while let Some(row) = found.next()? {
        let handle = row::handle(Section::Users, row.get(0)?);
        let section = row::person_section(row, 1);
        let read = section.clone().and_then(|section| {
            let (id, managed) = decoder.id(row, 2, &handle)?;
            Ok((decoder.person(row, 3, section, &id)?, managed))
        });
        let (object, managed) = match read {
            Ok(read) => read,
            Err(reason) => {
                let email = seen(row, 4);
                live.unread.push(Unread { email, ..unread(decoder, row, 2, handle, section.ok(), reason) });
                continue;
            }
        };
        // What was written last is often what is there; where it is not understood any more, it says nothing.
        let applied = match row.get_ref(11)?.as_i64_or_null()? {
            Some(1) => Applied::Same,
            _ => written(decoder.person(row, 12, object.section, &object.id)),
        };
        live.people.push(Entry { object, handle, managed, applied });
    }
    Ok(())
}

fn written<T, E>(decoded: Result<T, E>) -> Applied<T> {
    decoded.map_or(Applied::Unknown, |applied| Applied::Other(Box::new(applied)))
}

fn groups(rows: &Connection, decoder: &Decoder<'_>, live: &mut Live) -> rusqlite::Result<()> {
    let own = GROUP.join(", ");
    let applied = GROUP.map(|column| format!("applied_{column}")).join(", ");
    let sql = format!("SELECT id, external_id, {own}, {applied} FROM permission_group WHERE organisation = ?1");
    let mut statement = rows.prepare_cached(&sql)?;
    let mut found = statement.query([decoder.organisation()])?;
    while let Some(row) = found.next()? {
        let section = Section::PermissionGroups;
        let handle = row::handle(section, row.get(0)?);
        let read = decoder.id(row, 1, &handle).and_then(|(id, managed)| {
            let object = decoder.group(row, 2, &id)?;
            Ok((object, managed))
        });
        let (object, managed) = match read {
            Ok(read) => read,
            Err(reason) => {
                live.unread.push(unread(decoder, row, 1, handle, Some(section), reason));
                continue;
            }
        };
        let applied = written(decoder.group(row, 4, &object.id));
        live.groups.push(Entry { object, handle, managed, applied });
    }
    Ok(())
}

/// What can be seen of a row that cannot be understood; its name stands behind its external id.
fn unread(
    decoder: &Decoder<'_>,
    row: &Row<'_>,
    external_id: usize,
    handle: SmolStr,
    section: Option<Section>,
    reason: String,
) -> Unread {
    let id = decoder.id(row, external_id, &handle).ok().and_then(|(id, managed)| managed.then_some(id));
    Unread { handle, resource: section.map(Resource::from), id, name: seen(row, external_id + 1), email: None, reason }
}

/// The text of a column, where it is text.
fn seen(row: &Row<'_>, column: usize) -> Option<SmolStr> {
    row::text(row, column, "").ok().flatten().map(SmolStr::from)
}

/// What rosterctl wrote and others deleted.
fn vanished(rows: &Connection, organisation: &str) -> rusqlite::Result<Vec<(Resource, SmolStr)>> {
    let sql = "SELECT section, external_id FROM vanished WHERE organisation = ?1";
    let mut statement = rows.prepare_cached(sql)?;
    let mut found = statement.query([organisation])?;
    let mut vanished = Vec::new();
    while let Some(row) = found.next()? {
        let section = seen(row, 0).and_then(|section| Section::from_word(&section));
        let id = seen(row, 1).and_then(|external| row::own_id(organisation, &external).ok().map(SmolStr::from));
        vanished.extend(section.map(Resource::from).zip(id));
    }
    Ok(vanished)
}
