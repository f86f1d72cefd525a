//! What tests of portals share: the sandbox of a project with its rows, and objects at hand.

use rosterctl::diagnostic::{FileId, Located, Span};
use rosterctl::model::Group;
use rosterctl::platform::Platform;

use super::Project;

/// The portal of a project without a workspace file.
pub const DATABASE: &str = ".rosterctl/sandbox.db";

impl Project {
    /// A project whose roster has been applied.
    pub fn applied(roster: &str) -> Project {
        let project = Project::with_roster(roster);
        project.run("apply --yes").exits(0);
        project
    }

    /// Replaces a part of the roster.
    pub fn roster(&self, from: &str, to: &str) {
        self.edit("rosters/acme.yaml", from, to);
    }

    /// The rows of the sandbox.
    pub fn rows(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path(DATABASE)).expect("the sandbox opens")
    }

    /// Changes rows of the sandbox, as somebody at the portal would.
    pub fn sql(&self, sql: &str) {
        self.rows().execute_batch(sql).expect("the rows can be changed");
    }

    /// The first column of what a query finds; empty for NULL.
    pub fn column(&self, sql: &str) -> Vec<String> {
        let rows = self.rows();
        let mut statement = rows.prepare(sql).expect("a query");
        let found = statement.query_map([], |row| Ok(row.get::<_, Option<String>>(0)?.unwrap_or_default()));
        found.expect("rows").map(|row| row.expect("a row")).collect()
    }
}

/// The result of asynchronous work.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// A platform from its text, which must be sound.
pub fn platform(reference: &str, text: &str) -> Platform {
    let platform = Platform::from_text(reference, text);
    platform.unwrap_or_else(|findings| panic!("{reference} loads: {findings:?}"))
}

/// A permission group that gives nothing.
pub fn group(id: &str, name: &str) -> Group {
    Group {
        id: id.into(),
        name: Located::nowhere(name.into()),
        applications: Vec::new(),
        previously: Vec::new(),
        file: FileId::NONE,
        key: Span::default(),
    }
}
