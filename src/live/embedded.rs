//! The embedded portal: one SQLite file that behaves like the portal of a service.
//!
//! It has handles of its own, keeps what rosterctl wrote last, an audit trail, and enforces the platform itself.
//! Reading a file that does not exist finds nothing and makes nothing; the first write makes it.

mod acting;
mod audit;
mod desk;
mod groups;
mod history;
mod people;
mod portal;
mod reading;
mod row;
mod settle;
mod shelf;
mod store;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::object::hex;
use super::{Author, Entry, Listed, Live, LiveError, Object, Operation, Read, Refusal, Resource, Sought, Write};
use crate::diagnostic::Diagnostic;
use crate::model::{Organisation, Person};
use crate::platform::{Platform, State, Verb};
use acting::{Acting, Known};
pub use audit::AuditRow;
pub use desk::{Denied, Desk, Job, Request, Visitor, Wanted};
pub use history::Times;
use portal::{Portal, Stop};
use row::Hand;
pub use settle::Agreed;
pub use shelf::{Kept, Key, Shelf, Side, handle, number};

/// How many operations go into one transaction.
const BATCH: usize = 250;

/// A portal in a SQLite file.
#[derive(Debug)]
pub struct Embedded {
    path: PathBuf,
    /// Connections that read, ready to be used again. They close before the writer, which then tidies the file up.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
    known: Mutex<Known>,
    platforms: shelf::Platforms,
}

impl Embedded {
    /// The portal in a file, which need not exist yet.
    pub fn open(path: &Path) -> Result<Embedded, LiveError> {
        let (readers, writer, known) = (Mutex::default(), Mutex::default(), Mutex::default());
        let portal = Embedded { path: path.to_owned(), readers, writer, known, platforms: Mutex::default() };
        portal.looking(|_| Ok(()))?;
        Ok(portal)
    }

    /// Whether there is such a file: a portal that was never written to has none.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// The audit trail, oldest first: of one organisation or of all.
    pub fn audit(&self, organisation: Option<&str>) -> Result<Vec<AuditRow>, LiveError> {
        let trail = self.looking(|rows| audit::trail(rows, organisation));
        Ok(trail?.unwrap_or_default())
    }

    /// People accept their invitations, each for themselves: what no plan can do.
    pub fn accept(
        &self,
        organisation: &str,
        platform: &Platform,
        people: &[&Entry<Person>],
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        if !platform.transitions.iter().any(|way| way.action == Verb::Accept) {
            let message = format!("the platform `{}` knows no invitations", platform.name);
            return Err(LiveError::new(message, "whom a roster names is active there as soon as it is applied"));
        }
        let accepted = |entry: &&Entry<Person>| {
            let (id, before) = (entry.object.id.clone(), Box::new(entry.object.clone()));
            let mut after = before.clone();
            after.status.value = State::Active;
            let author = Author { name: id.to_string(), actor: Some(id.clone()), digest: String::new() };
            let operation = Operation {
                step: 0,
                organisation: organisation.into(),
                action: Verb::Accept,
                resource: Resource::User,
                key: id,
                handle: Some(entry.handle.clone()),
                before: Some(Object::Person(before)),
                after: Some(Object::Person(after)),
            };
            (operation, author)
        };
        let accepted: Vec<(Operation, Author)> = people.iter().map(accepted).collect();
        let accepted = accepted.iter().map(|(operation, author)| (operation, author));
        blocking(|| self.one_by_one(platform, accepted, |portal, operation| portal.accept(operation)))
    }

    /// Reads in one transaction; none where there is nothing to read.
    fn looking<R>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R>) -> Result<Option<R>, LiveError> {
        let idle = lock(&self.readers).pop();
        let Some(mut connection) = idle.map_or_else(|| store::reader(&self.path), |idle| Ok(Some(idle)))? else {
            return Ok(None);
        };
        let read = connection.transaction().and_then(|snapshot| work(&snapshot));
        let read = read.map_err(|error| store::explain(&self.path, error))?;
        lock(&self.readers).push(connection);
        Ok(Some(read))
    }

    /// Writes in one transaction.
    fn writing<R>(&self, work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<R>) -> Result<R, LiveError> {
        let mut writer = lock(&self.writer);
        let connection = match writer.take() {
            Some(connection) => connection,
            None => store::writer(&self.path)?,
        };
        let connection = writer.insert(connection);
        let written =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|mut transaction| {
                let result = work(&mut transaction)?;
                transaction.commit()?;
                Ok(result)
            });
        written.map_err(|error| store::explain(&self.path, error))
    }

    fn managed_now(&self) -> Result<Vec<SmolStr>, LiveError> {
        let sql = "SELECT id FROM organisation WHERE EXISTS
            (SELECT 1 FROM person WHERE organisation = organisation.id AND external_id IS NOT NULL) ORDER BY id";
        let managed = self.looking(|rows| {
            let mut statement = rows.prepare_cached(sql)?;
            let managed = statement.query_map([], |row| Ok(row.get_ref(0)?.as_str()?.into()))?;
            managed.collect::<rusqlite::Result<Vec<SmolStr>>>()
        });
        Ok(managed?.unwrap_or_default())
    }

    fn organisations_now(&self) -> Result<Vec<Listed>, LiveError> {
        Ok(self.looking(|rows| listed(rows))?.unwrap_or_default())
    }

    fn prepare_now(&self, organisation: &str, platform: &Platform) -> Result<(), LiveError> {
        self.writing(|rows| prepare(rows, organisation, platform))
    }

    /// Does one operation after the other in one transaction, each wholly or not at all, and leaves a trace of it.
    fn one_by_one<'o>(
        &self,
        platform: &Platform,
        operations: impl ExactSizeIterator<Item = (&'o Operation, &'o Author)>,
        act: impl Fn(Portal<'_>, &Operation) -> Result<(), Stop>,
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        if operations.len() == 0 {
            return Ok(Vec::new());
        }
        self.writing(|rows| {
            let mut outcomes = Vec::with_capacity(operations.len());
            let able = RefCell::default();
            for (operation, author) in operations {
                let acting = Acting { id: author.actor.as_ref(), known: &self.known, able: &able };
                let savepoint = rows.savepoint()?;
                let portal = Portal { rows: &savepoint, platform, acting: &acting, hand: Hand::PLAN };
                let outcome = match act(portal, operation) {
                    Ok(()) => Ok(savepoint.commit()?),
                    Err(Stop::Refused(refusal)) => {
                        savepoint.finish()?;
                        Err(refusal)
                    }
                    Err(Stop::Failed(error)) => return Err(error),
                };
                audit::record(rows, platform, operation, author, &outcome)?;
                outcomes.push(outcome);
            }
            Ok(outcomes)
        })
    }
}

impl Read for Embedded {
    async fn identity(&self) -> Result<Option<String>, LiveError> {
        blocking(|| self.looking(|rows| rows.query_row("SELECT id FROM portal", [], |row| row.get(0))))
    }

    async fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        blocking(|| self.organisations_now())
    }

    async fn managed(&self) -> Result<Vec<SmolStr>, LiveError> {
        blocking(|| self.managed_now())
    }

    async fn read(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        let live = blocking(|| self.looking(|rows| reading::live(rows, organisation, platform)));
        Ok(live?.unwrap_or_else(|| Live { records: true, ..Live::default() }))
    }

    async fn look(
        &self,
        organisation: &str,
        platform: &Platform,
        sought: &Sought,
    ) -> Result<Vec<Entry<Person>>, LiveError> {
        let live = self.read(organisation, platform).await?;
        Ok(live.people.into_iter().filter(|entry| sought.has(entry)).collect())
    }

    fn fit(&self, _: &Organisation) -> Vec<Diagnostic> {
        Vec::new()
    }
}

impl Write for Embedded {
    fn batch(&self) -> usize {
        BATCH
    }

    async fn prepare(&self, organisation: &str, platform: &Platform) -> Result<(), LiveError> {
        blocking(|| self.prepare_now(organisation, platform))
    }

    async fn execute(
        &self,
        platform: &Platform,
        operations: &[Operation],
        author: &Author,
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        let operations = operations.iter().map(|operation| (operation, author));
        blocking(|| self.one_by_one(platform, operations, |portal, operation| portal.carry_out(operation)))
    }
}

fn listed(rows: &Connection) -> rusqlite::Result<Vec<Listed>> {
    let sql = "SELECT organisation.id, organisation.platform, platform.text
        FROM organisation JOIN platform ON platform.digest = platform_digest ORDER BY organisation.id";
    let mut statement = rows.prepare_cached(sql)?;
    let listed = statement.query_map([], |row| {
        let (id, platform) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok(Listed { id: id.into(), platform: platform.into(), platform_text: row.get(2)? })
    });
    listed?.collect()
}

fn prepare(rows: &Connection, organisation: &str, platform: &Platform) -> rusqlite::Result<()> {
    let digest = hex(&Sha256::digest(platform.text.as_bytes()));
    let sql = "INSERT INTO platform (digest, text) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING";
    rows.prepare_cached(sql)?.execute((&digest, &platform.text))?;
    let sql = "INSERT INTO organisation (id, platform, platform_digest) VALUES (?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET platform = excluded.platform, platform_digest = excluded.platform_digest
        WHERE platform <> excluded.platform OR platform_digest <> excluded.platform_digest";
    if rows.prepare_cached(sql)?.execute((organisation, platform.reference.as_str(), &digest))? > 0 {
        let sql = "DELETE FROM platform WHERE digest NOT IN (SELECT platform_digest FROM organisation)";
        rows.prepare_cached(sql)?.execute([])?;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SQLite blocks: lets the runtime's other tasks go on meanwhile, where it has threads for them.
fn blocking<R>(work: impl FnOnce() -> R) -> R {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
