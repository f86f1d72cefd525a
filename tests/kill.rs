//! The program is killed at many instants of a large apply: whatever was done is done wholly, known to the audit trail,
//! and the next run goes on from there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};

use common::{ACME, Project, replaced};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value as Json;

const DATABASE: &str = ".rosterctl/sandbox.db";
const CROWD: usize = 3000;
const ROUNDS: usize = 15;

const GRACE: &str = "  grace:
    name: Grace Lindqvist
    email: grace@acme.example
";
const GUS: &str = "  gus:
    name: Gus Wouters
    email: gus@acme.example
";

/// A roster with a crowd of users and contacts, and another commercial contact and officer than before.
fn crowd(name: &str) -> String {
    let users = (0..CROWD / 3).map(|index| {
        format!("  u{index:04}: {{ name: {name} {index}, email: u{index:04}@acme.example, groups: [readers] }}\n")
    });
    let contacts = (0..CROWD - CROWD / 3).map(|index| {
        format!("  c{index:04}: {{ name: {name} {index}, email: c{index:04}@acme.example, roles: [watchlist] }}\n")
    });
    let roster = replaced(ACME, "users:\n", &format!("users:\n{}", users.collect::<String>()));
    let roster = replaced(&roster, "contacts:\n", &format!("contacts:\n{}", contacts.collect::<String>()));
    let readers = "permissionGroups:\n  readers: { name: Readers, applications: { csp: read } }\n";
    replaced(&replaced(&roster, "permissionGroups:\n", readers), GRACE, GUS)
}

fn start(project: &Project) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
    command.args(["apply", "--yes", "--quiet"]).current_dir(project.path("")).env_clear();
    command.env("HOME", project.path("")).env("TZ", "UTC").env("RAYON_NUM_THREADS", "2");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A look at the file that changes nothing in it.
fn rows(project: &Project) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(project.path(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn count(project: &Project, sql: &str) -> rusqlite::Result<u32> {
    rows(project)?.query_row(sql, [], |row| row.get(0))
}

fn audited(project: &Project) -> u32 {
    count(project, "SELECT count(*) FROM audit").unwrap_or(0)
}

/// The size of the database and of its log.
fn size(project: &Project) -> u64 {
    let size = |path: &str| std::fs::metadata(project.path(path)).map_or(0, |metadata| metadata.len());
    size(DATABASE) + size(".rosterctl/sandbox.db-wal")
}

/// The database and its log, byte by byte.
fn content(project: &Project) -> [Option<Vec<u8>>; 2] {
    [DATABASE, ".rosterctl/sandbox.db-wal"]
        .map(|path| std::fs::read(project.path(path)).ok().filter(|it| !it.is_empty()))
}

/// Goes on, busily, until the condition holds or the program has ended.
fn until(child: &mut Child, mut holds: impl FnMut() -> bool) {
    while !holds() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}

/// Everything that the file says of itself is true: see the assertions.
#[track_caller]
fn is_sound(project: &Project) {
    let rows = rows(project).unwrap();
    let column = |sql: &str| -> Vec<String> {
        let mut statement = rows.prepare(sql).unwrap();
        let found = statement.query_map([], |row| Ok(row.get::<_, Option<String>>(0)?.unwrap_or_default()));
        found.unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(column("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(column("SELECT \"table\" FROM pragma_foreign_key_check"), [""; 0]);
    assert_eq!(column("SELECT outcome FROM audit WHERE outcome <> 'done'"), [""; 0]);
    // The trail tells the last state of every object, and the objects are in that state: none is half done, none is
    // there that the trail does not know, none is gone that it says was made.
    let mut told: HashMap<String, Json> = HashMap::new();
    let mut trail = rows.prepare("SELECT resource, key, detail FROM audit ORDER BY id").unwrap();
    let mut found = trail.query([]).unwrap();
    while let Some(row) = found.next().unwrap() {
        let detail: Json = serde_json::from_str(&row.get::<_, String>(2).unwrap()).unwrap();
        let resource: String = row.get(0).unwrap();
        let kind = if resource == "permission-group" { "group" } else { "person" };
        let key = format!("{kind} acme/{}", row.get::<_, String>(1).unwrap());
        let before = told.insert(key.clone(), detail["after"].clone()).unwrap_or(Json::Null);
        assert_eq!(before, detail["before"], "{key}: what was done began where the trail had ended");
    }
    told.retain(|_, after| !after.is_null());
    let mut people = rows.prepare("SELECT external_id, name, email, roles, groups FROM person").unwrap();
    let mut found = people.query([]).unwrap();
    while let Some(row) = found.next().unwrap() {
        let text = |index| row.get::<_, Option<String>>(index).unwrap().unwrap_or_default();
        let after = told.remove(&format!("person {}", text(0)));
        let after = after.unwrap_or_else(|| panic!("`{}` is there and nobody knows why", text(0)));
        let words = |name: &str| -> String {
            let words = after[name].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            words.collect::<Vec<_>>().join(",")
        };
        assert_eq!((&after["name"], &after["email"]), (&Json::from(text(1)), &Json::from(text(2))));
        assert_eq!((words("roles"), words("groups")), (text(3), text(4)), "{}", text(0));
    }
    told.retain(|key, _| key.starts_with("person "));
    assert!(told.is_empty(), "the trail tells of people who are not there: {:?}", told.keys().next());
    // What the platform demands holds at every instant.
    let holders =
        |role: &str| column(&format!("SELECT external_id FROM person WHERE ',' || roles || ',' LIKE '%,{role},%'"));
    assert!((1..=2).contains(&holders("commercial").len()), "{:?}", holders("commercial"));
    assert!(!holders("dpo").is_empty() && !holders("technical").is_empty());
    assert_eq!(column("SELECT external_id FROM person WHERE groups LIKE '%it-operations%'"), ["acme/ada"]);
    let astray = "SELECT external_id FROM person WHERE groups LIKE '%readers%'
        AND NOT EXISTS (SELECT 1 FROM permission_group WHERE external_id = 'acme/readers')";
    assert_eq!(column(astray), [""; 0]);
}

#[test]
fn a_run_that_is_killed_leaves_nothing_half_done() {
    let project = Project::with_roster(ACME);
    project.run("apply --yes").exits(0);
    project.write("rosters/acme.yaml", crowd("Person"));
    let (mut killed, mut renamed, mut most) = (0, 0, 0);
    for round in 0..ROUNDS {
        // Once the crowd is there, the next rounds give it other names.
        if count(&project, "SELECT count(*) FROM person WHERE section = 'users'").unwrap() as usize > CROWD / 3
            && project.run("plan --detailed-exitcode --quiet").ends().code == Some(0)
        {
            renamed += 1;
            project.write("rosters/acme.yaml", crowd(&format!("Name {renamed}")));
        }
        let (trail, bytes) = (audited(&project), size(&project));
        let mut child = start(&project);
        match round % 5 {
            0 => {}
            1 => until(&mut child, || size(&project) != bytes),
            2 => until(&mut child, || audited(&project) > trail),
            3 => until(&mut child, || audited(&project) > trail + 500),
            _ => until(&mut child, || size(&project) > bytes + 300_000),
        }
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        killed += usize::from(!ended);
        // What the dead run left in the log stays there until somebody writes: looking writes nothing.
        let left = content(&project);
        project.run("plan --quiet").ends();
        assert!(content(&project) == left, "round {round}: a plan wrote to the portal");
        is_sound(&project);
        most = most.max(audited(&project) - trail);
    }
    assert!(killed > ROUNDS / 2, "only {killed} runs were still at it when they were killed");
    assert!(most > 0, "no run got anywhere");
    project.run("apply --yes --quiet").exits(0);
    is_sound(&project);
    project.run("plan --detailed-exitcode").exits(0).says("no changes");
    assert_eq!(count(&project, "SELECT count(*) FROM person").unwrap() as usize, CROWD + 3);
}
