//! The file of the embedded portal: opening it without harm, its schema, and what SQLite's errors mean to a user.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, TransactionBehavior};

use crate::live::LiveError;

/// Marks the file as ours (`PRAGMA application_id`): "rost" in ASCII.
const APPLICATION: i32 = 0x726f_7374;

/// The version of the schema (`PRAGMA user_version`).
const VERSION: i32 = 2;

/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What makes a portal of version 1 out of nothing.
const SCHEMA: &str = include_str!("schema.sql");

/// What makes one of version 2 out of that.
const SERVED: &str = include_str!("served.sql");

/// What a database file holds.
#[derive(PartialEq, Eq)]
enum Content {
    /// Nothing yet.
    Nothing,
    /// A portal of an earlier version: as good to read, and brought up to date before it is written.
    Earlier,
    /// A portal of the version that this program knows.
    Portal,
}

/// A connection for reading, which cannot change the content; none where there is nothing to read yet.
pub(super) fn reader(path: &Path) -> Result<Option<Connection>, LiveError> {
    if !exists(path)? {
        return Ok(None);
    }
    // A read-only connection in WAL mode leaves the companions `-wal` and `-shm` behind, one that could write takes
    // them away again. But the latter also moves into the file what a crash left in the `-wal`.
    let access = if log_filled(path) { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let opened = connect(path, access).and_then(|connection| {
        connection.pragma_update(None, "query_only", true)?;
        let content = content(&connection)?;
        Ok((connection, content))
    });
    let (connection, content) = match opened {
        Err(Error::SqliteFailure(error, _)) if cannot_lock(error.code) && !log_filled(path) => still(path, error)?,
        other => other.map_err(|error| explain(path, error))?,
    };
    Ok((content.map_err(|foreign| foreign.error(path))? != Content::Nothing).then_some(connection))
}

/// A connection for writing; makes the folder, the file and the tables where they are missing.
pub(super) fn writer(path: &Path) -> Result<Connection, LiveError> {
    if !exists(path)?
        && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            let message = format!("cannot make the folder `{}` for the portal: {}", folder.display(), reason(&error));
            LiveError::new(message, "make the folder yourself, or give the target another `path` in rosterctl.yaml")
        })?;
    }
    let explain = |error| explain(path, error);
    let mut connection =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE).map_err(explain)?;
    if connection.is_readonly("main").map_err(explain)? {
        return Err(read_only(path));
    }
    if content(&connection).map_err(explain)?.map_err(|foreign| foreign.error(path))? != Content::Portal {
        log_ahead(&connection).map_err(explain)?;
        let create = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explain)?;
        // Another process may have been faster.
        let steps: &[&str] = match content(&create).map_err(explain)?.map_err(|foreign| foreign.error(path))? {
            Content::Nothing => &[SCHEMA, SERVED],
            Content::Earlier => &[SERVED],
            Content::Portal => &[],
        };
        for step in steps {
            create.execute_batch(step).map_err(explain)?;
        }
        if !steps.is_empty() {
            create.pragma_update(None, "application_id", APPLICATION).map_err(explain)?;
            create.pragma_update(None, "user_version", VERSION).map_err(explain)?;
        }
        create.commit().map_err(explain)?;
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(explain)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(explain)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// A connection to a file in a folder where nothing can be written, not even a lock: nobody else writes there either.
fn still(path: &Path, error: rusqlite::ffi::Error) -> Result<(Connection, Result<Content, Foreign>), LiveError> {
    let failed = |error| explain(path, error);
    let text = path.to_str().ok_or_else(|| failed(Error::SqliteFailure(error, None)))?;
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).map_err(failed)?;
    let content = content(&connection).map_err(failed)?;
    Ok((connection, content))
}

fn cannot_lock(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
}

/// Switches to write-ahead logging. SQLite does not wait for other connections here, so this does.
fn log_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())) {
            Err(error) if busy(&error) && Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
}

fn busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether the path is a file; an error where it is something else.
fn exists(path: &Path) -> Result<bool, LiveError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(metadata) => {
            let what = if metadata.is_dir() { "a folder" } else { "not a regular file" };
            let message = format!("the portal cannot be kept in `{}`: it is {what}", path.display());
            Err(LiveError::new(message, "give the target the path of a file, such as `.rosterctl/sandbox.db`"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            let message = format!("cannot look at the portal `{}`: {}", path.display(), reason(&error));
            Err(LiveError::new(message, "check the path and the permissions of the folders above it"))
        }
    }
}

/// Whether there is a write-ahead log with something in it: of a process at work or of one that crashed.
fn log_filled(path: &Path) -> bool {
    let mut log = OsString::from(path);
    log.push("-wal");
    std::fs::metadata(PathBuf::from(log)).is_ok_and(|metadata| metadata.len() > 0)
}

/// A database that is no portal of this version.
enum Foreign {
    Newer(i32),
    Unknown,
}

impl Foreign {
    fn error(self, path: &Path) -> LiveError {
        let path = path.display();
        match self {
            Foreign::Newer(version) => LiveError::new(
                format!("the portal `{path}` is of version {version}, this rosterctl knows version {VERSION}"),
                "use the newer rosterctl that wrote it, or give the target another `path`",
            ),
            Foreign::Unknown => LiveError::new(
                format!("`{path}` is a SQLite database, but not a portal of rosterctl"),
                "give the target the `path` of a file that does not exist yet; this one is left as it is",
            ),
        }
    }
}

fn content(connection: &Connection) -> rusqlite::Result<Result<Content, Foreign>> {
    // One moment for all three answers: another process may be making the tables just now.
    let _moment = if connection.is_autocommit() { Some(connection.unchecked_transaction()?) } else { None };
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (APPLICATION, VERSION, _) => Ok(Content::Portal),
        (APPLICATION, 1..VERSION, _) => Ok(Content::Earlier),
        (APPLICATION, version, _) if version > VERSION => Err(Foreign::Newer(version)),
        (0, 0, 0) => Ok(Content::Nothing),
        _ => Err(Foreign::Unknown),
    })
}

fn read_only(path: &Path) -> LiveError {
    let message = format!("the portal `{}` cannot be written: the file or its folder is read-only", path.display());
    LiveError::new(message, "give yourself the right to write the file and its folder, or choose another target")
}

/// An error of SQLite in the user's words.
pub(super) fn explain(path: &Path, error: Error) -> LiveError {
    let shown = path.display();
    let (message, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            format!("the portal `{shown}` is being written by another process; waited {} s", PATIENCE.as_secs()),
            "run this again when the other process is done",
        ),
        Some(ErrorCode::NotADatabase) => (
            format!("`{shown}` is not a SQLite database, so it is no portal"),
            "give the target the `path` of a file that does not exist yet; this one is left as it is",
        ),
        Some(ErrorCode::DatabaseCorrupt) => (
            format!("the portal `{shown}` is damaged: {error}"),
            "restore the file from a backup, or move it away to begin with an empty portal",
        ),
        Some(ErrorCode::ReadOnly) => return read_only(path),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            format!("cannot open the portal `{shown}`: {error}"),
            "check that the folder exists and that you may read and write there",
        ),
        Some(ErrorCode::DiskFull) => (
            format!("no space is left to write the portal `{shown}`; nothing of this call was written"),
            "free space on the disk and run this again",
        ),
        Some(ErrorCode::SystemIoFailure) => (
            format!("the disk failed on the portal `{shown}`: {error}"),
            "check the disk and the permissions of the file's folder, then run this again",
        ),
        _ => (
            format!("the portal `{shown}` failed: {error}"),
            "check that no other program changed its tables; moving the file away begins with an empty portal",
        ),
    };
    LiveError::new(message, hint)
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder".to_owned(),
        std::io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        std::io::ErrorKind::StorageFull => "no space is left".to_owned(),
        _ => error.to_string(),
    }
}
