//! The portal's rows one by one, as they are, for whoever serves them: no row is too broken to be shown.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::{lock, row, store};
use crate::live::{Listed, LiveError, Resource};
use crate::platform::Platform;

/// Platforms by the text that organisations have of them.
pub(super) type Platforms = Mutex<HashMap<String, Arc<Platform>>>;

/// A row as it is, in words, with what is kept beside the object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The portal's own name for the object.
    pub handle: SmolStr,
    /// Its number in that name; later objects have higher ones.
    pub number: i64,
    /// The organisation.
    pub organisation: SmolStr,
    /// `organisation/id`, where rosterctl manages the object.
    pub external_id: Option<SmolStr>,
    /// The name.
    pub name: SmolStr,
    /// The mail address of a person.
    pub email: Option<SmolStr>,
    /// The telephone number of a person.
    pub phone: Option<SmolStr>,
    /// `person` or `distribution-list`; empty for a group.
    pub entry_type: SmolStr,
    /// `pending`, `active` or `deactivated`; empty for a group.
    pub state: SmolStr,
    /// The roles of a person.
    pub roles: Vec<SmolStr>,
    /// The permission groups of a person: ids, of unmanaged groups the handles.
    pub groups: Vec<SmolStr>,
    /// The attributes of a person by name.
    pub attributes: Vec<(SmolStr, Json)>,
    /// What a group gives access to: `application=level`.
    pub applications: Vec<SmolStr>,
    /// What is kept beside the object.
    pub side: Side,
    /// How often the row has changed, from 1 on.
    pub version: i64,
    /// When it was made, in RFC 3339; none where that is not known.
    pub created: Option<SmolStr>,
    /// When it changed last, in RFC 3339; none where that is not known.
    pub modified: Option<SmolStr>,
}

/// What the portal keeps for clients without knowing what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The name that a person signs in with; unique on the portal whatever its case.
    pub user_name: Option<SmolStr>,
    /// An external id that is not one of rosterctl's.
    pub foreign_id: Option<SmolStr>,
    /// JSON of whoever serves the portal.
    pub beside: Option<String>,
    /// Mail addresses in it, by which the person is found too. Not read back.
    pub addresses: Vec<SmolStr>,
}

/// By what rows are found without looking at all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'k> {
    /// The external id, one of rosterctl's or a foreign one; case counts.
    ExternalId(&'k str),
    /// The name of a person to sign in with; without one the mail address, and without that the handle. ASCII case
    /// does not count.
    UserName(&'k str),
    /// The name; ASCII case does not count.
    Name(&'k str),
    /// A mail address of a person, also one that is kept beside; ASCII case does not count.
    Email(&'k str),
}

const OWN: &str = "id, organisation, external_id, name, foreign_id, beside, version, created, modified";

static PERSON: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {OWN}, email, phone, type, state, roles, groups, attributes, user_name FROM person")
});

static GROUP: LazyLock<String> = LazyLock::new(|| format!("SELECT {OWN}, applications FROM permission_group"));

/// Looks at a portal at one moment.
#[derive(Clone, Copy)]
pub struct Shelf<'t> {
    pub(super) rows: &'t Connection,
    pub(super) path: &'t Path,
    pub(super) platforms: &'t Platforms,
}

impl Shelf<'_> {
    /// The row with this handle.
    pub fn get(&self, resource: Resource, handle: &str) -> Result<Option<Kept>, LiveError> {
        let Some(number) = row::number(resource.section(), handle) else { return Ok(None) };
        Ok(self.many(resource, &[number])?.pop())
    }

    /// The rows with these numbers, in that order; those that are gone are left out.
    pub fn many(&self, resource: Resource, numbers: &[i64]) -> Result<Vec<Kept>, LiveError> {
        let sql = format!("{} WHERE id = ?1{}", select(resource), of(resource, " AND +"));
        self.told(|| {
            let mut statement = self.rows.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(numbers.len());
            for number in numbers {
                found.extend(statement.query_row([number], |row| kept(row, resource)).optional()?);
            }
            Ok(found)
        })
    }

    /// All rows, one after the other.
    pub fn each(&self, resource: Resource, mut look: impl FnMut(Kept)) -> Result<(), LiveError> {
        let sql = format!("{}{} ORDER BY id", select(resource), of(resource, " WHERE "));
        self.told(|| {
            let mut statement = self.rows.prepare_cached(&sql)?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                look(kept(row, resource)?);
            }
            Ok(())
        })
    }

    /// The numbers of all rows, lowest first.
    pub fn numbers(&self, resource: Resource) -> Result<Vec<i64>, LiveError> {
        let sql = format!("SELECT id FROM {}{} ORDER BY id", table(resource), of(resource, " WHERE "));
        self.list(&sql, &[])
    }

    /// The numbers of the rows that a key finds, lowest first.
    pub fn lookup(&self, resource: Resource, key: Key<'_>) -> Result<Vec<i64>, LiveError> {
        let person = resource != Resource::PermissionGroup;
        let handle = |word| row::number(resource.section(), word);
        let (condition, word) = match key {
            Key::ExternalId(word) => ("external_id = ?1 OR foreign_id = ?1".to_owned(), word),
            Key::Name(word) => ("name = ?1 COLLATE NOCASE".to_owned(), word),
            Key::Email(word) if person => {
                let kept = "SELECT person FROM address WHERE address.value = ?1";
                (format!("email = ?1 COLLATE NOCASE OR id IN ({kept})"), word)
            }
            Key::UserName(word) if person => {
                let named = "user_name = ?1 COLLATE NOCASE OR (email = ?1 COLLATE NOCASE AND user_name IS NULL)";
                let own = handle(&word.to_ascii_lowercase());
                let sql = format!(
                    "SELECT id FROM person WHERE ({named}){} UNION SELECT id FROM person WHERE id = ?2
                     AND user_name IS NULL AND email IS NULL{} ORDER BY id",
                    of(resource, " AND +"),
                    of(resource, " AND +")
                );
                return self.list(&sql, &[&word, &own]);
            }
            Key::Email(_) | Key::UserName(_) => return Ok(Vec::new()),
        };
        let sql =
            format!("SELECT id FROM {} WHERE ({condition}){} ORDER BY id", table(resource), of(resource, " AND +"));
        self.list(&sql, &[&word])
    }

    /// The handle and the name of the group that a word in a person's groups means.
    pub fn group(&self, organisation: &str, word: &str) -> Result<Option<(SmolStr, SmolStr)>, LiveError> {
        let sql = "SELECT id, name FROM permission_group
            WHERE external_id = ?1 OR id = ?2 AND organisation = ?3 AND external_id IS NULL";
        let section = crate::platform::Section::PermissionGroups;
        let keys = (row::external_id(organisation, word), row::number(section, word), organisation);
        self.told(|| {
            let mut statement = self.rows.prepare_cached(sql)?;
            let named = |row: &Row<'_>| Ok((row::handle(section, row.get(0)?), said(row, 1)?.unwrap_or_default()));
            statement.query_row(keys, named).optional()
        })
    }

    /// The numbers and the names of the members of a group, lowest number first.
    pub fn members(&self, group: &Kept) -> Result<Vec<(i64, SmolStr)>, LiveError> {
        let sql = "SELECT person.id, person.name FROM membership JOIN person ON person.id = membership.person
            WHERE membership.organisation = ?1 AND membership.word = ?2 ORDER BY person.id";
        self.told(|| {
            let mut statement = self.rows.prepare_cached(sql)?;
            let named = |row: &Row<'_>| Ok((row.get(0)?, said(row, 1)?.unwrap_or_default()));
            statement.query_map((group.organisation.as_str(), group.word()), named)?.collect()
        })
    }

    /// Those of these users who are members of a group: numbers and names.
    pub fn members_among(&self, group: &Kept, users: &[i64]) -> Result<Vec<(i64, SmolStr)>, LiveError> {
        let sql = "SELECT person.id, person.name FROM membership JOIN person ON person.id = membership.person
            WHERE membership.organisation = ?1 AND membership.word = ?2 AND membership.person = ?3";
        self.told(|| {
            let mut statement = self.rows.prepare_cached(sql)?;
            let mut found = Vec::new();
            for user in users {
                let named = |row: &Row<'_>| Ok((row.get(0)?, said(row, 1)?.unwrap_or_default()));
                let member = statement.query_row((group.organisation.as_str(), group.word(), user), named);
                found.extend(member.optional()?);
            }
            Ok(found)
        })
    }

    /// The organisations.
    pub fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        self.told(|| super::listed(self.rows))
    }

    /// The platform of an organisation; none where the portal does not know the organisation.
    pub fn platform(&self, organisation: &str) -> Result<Option<Arc<Platform>>, LiveError> {
        let sql = "SELECT platform, platform_digest FROM organisation WHERE id = ?1";
        let found = self.told(|| {
            let mut statement = self.rows.prepare_cached(sql)?;
            let found = statement.query_row([organisation], |row| Ok((row.get(0)?, row.get(1)?)));
            found.optional()
        })?;
        let Some((reference, digest)): Option<(String, String)> = found else { return Ok(None) };
        let name = format!("{reference} {digest}");
        if let Some(known) = lock(self.platforms).get(&name) {
            return Ok(Some(known.clone()));
        }
        let Some(listed) = self.organisations()?.into_iter().find(|one| one.id == organisation) else {
            return Ok(None);
        };
        let platform = Arc::new(listed.load()?);
        lock(self.platforms).insert(name, platform.clone());
        Ok(Some(platform))
    }

    fn list(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<i64>, LiveError> {
        self.told(|| self.rows.prepare_cached(sql)?.query_map(parameters, |row| row.get(0))?.collect())
    }

    /// The result of SQL, its errors in the user's words.
    pub(super) fn told<R>(&self, work: impl FnOnce() -> rusqlite::Result<R>) -> Result<R, LiveError> {
        work().map_err(|error| store::explain(self.path, error))
    }
}

impl Kept {
    /// The id in the external id, where rosterctl manages the object.
    pub fn id(&self) -> Option<&str> {
        self.external_id.as_deref().and_then(|external| row::own_id(&self.organisation, external).ok())
    }

    /// What people's `groups` call this group.
    pub fn word(&self) -> &str {
        self.id().unwrap_or(&self.handle)
    }
}

/// The handle of a row.
pub fn handle(resource: Resource, number: i64) -> SmolStr {
    row::handle(resource.section(), number)
}

/// The number in a handle, where it is one of this kind of object.
pub fn number(resource: Resource, handle: &str) -> Option<i64> {
    row::number(resource.section(), handle)
}

fn table(resource: Resource) -> &'static str {
    if resource == Resource::PermissionGroup { "permission_group" } else { "person" }
}

fn select(resource: Resource) -> &'static str {
    if resource == Resource::PermissionGroup { &GROUP } else { &PERSON }
}

/// The condition that picks a resource from its table. After a `+` it is no reason to look at all rows of the resource
/// where a key finds the few that count (SQLite, "The Next-Generation Query Planner" §Disqualifying WHERE clause terms).
fn of(resource: Resource, word: &str) -> String {
    match resource {
        Resource::PermissionGroup => String::new(),
        Resource::User | Resource::Contact => format!("{word}section = '{}'", resource.section()),
    }
}

/// The text of a column, whatever it holds; none where it is NULL or empty.
fn said(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<SmolStr>> {
    let text = match row.get_ref(column)? {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => SmolStr::from(String::from_utf8_lossy(bytes)),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn list(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<SmolStr>> {
    Ok(row::words(&said(row, column)?.unwrap_or_default()).map(SmolStr::from).collect())
}

/// The row in the columns of [`PERSON`] or [`GROUP`].
fn kept(row: &Row<'_>, resource: Resource) -> rusqlite::Result<Kept> {
    let number = row.get(0)?;
    let text = |column| Ok::<SmolStr, rusqlite::Error>(said(row, column)?.unwrap_or_default());
    let beside = said(row, 5)?.map(String::from);
    let own = Kept {
        handle: handle(resource, number),
        number,
        organisation: text(1)?,
        external_id: said(row, 2)?,
        name: text(3)?,
        side: Side { foreign_id: said(row, 4)?, beside, ..Side::default() },
        version: row.get(6)?,
        created: said(row, 7)?,
        modified: said(row, 8)?,
        ..Kept::default()
    };
    if resource == Resource::PermissionGroup {
        return Ok(Kept { applications: list(row, 9)?, ..own });
    }
    let attributes = text(15)?;
    let attributes = match serde_json::from_str::<serde_json::Map<String, Json>>(&attributes) {
        Ok(object) => object.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        Err(_) if attributes.is_empty() => Vec::new(),
        // What is there is shown, though nobody can say what it means.
        Err(_) => vec![("".into(), Json::from(attributes.as_str()))],
    };
    let side = Side { user_name: said(row, 16)?, ..own.side.clone() };
    Ok(Kept {
        email: said(row, 9)?,
        phone: said(row, 10)?,
        entry_type: text(11)?,
        state: text(12)?,
        roles: list(row, 13)?,
        groups: list(row, 14)?,
        attributes,
        side,
        ..own
    })
}
