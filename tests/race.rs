//! Administrators: steps that touch them go one at a time and look first, and of two runs that each remove the other's
//! administrator only one wins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use common::portal::{DATABASE, platform, wait};
use common::{Project, replaced};
use rosterctl::apply::{ApprovedPlan, Ended};
use rosterctl::diagnostic::Diagnostic;
use rosterctl::live::{Author, Embedded, Entry, Listed, Live, LiveError, Operation, Read, Refusal, Sought, Write};
use rosterctl::model::{Organisation, Person};
use rosterctl::platform::Platform;
use smol_str::SmolStr;

const GUILD: &str = "version: 1
id: guild
name: Guild portal
sections: [users]
roles:
  master: { name: Master, heldBy: [user] }
  member: { name: Member, heldBy: [user] }
lifecycle:
  transitions:
    - { action: create, from: absent, to: active }
    - { action: update, from: active, to: active }
    - { action: update, from: deactivated, to: deactivated }
    - { action: deactivate, from: active, to: deactivated }
    - { action: reactivate, from: deactivated, to: active }
    - { action: delete, from: deactivated, to: absent }
rules:
  one-master:
    level: error
    title: There is a master.
    source: There must always be at least one master.
    serial: { role: master }
";

const ROSTER: &str = "version: 1
organisation: acme
platform: ../guild.yaml
users:
  ann: { name: Ann, email: ann@acme.example, roles: [master] }
  bob: { name: Bob, email: bob@acme.example, roles: [master] }
  cleo: { name: Cleo, email: cleo@acme.example, roles: [member] }
  dirk: { name: Dirk, email: dirk@acme.example, roles: [member] }
";

/// A guild with two masters.
fn guild() -> Project {
    let project = Project::with_roster(ROSTER).with("guild.yaml", GUILD);
    project.run("apply --yes").exits(0);
    project
}

impl Project {
    /// Saves a plan for a roster that says something else of somebody.
    fn plan(&self, name: &str, from: &str, to: &str) {
        self.write(&format!("{name}/acme.yaml"), replaced(ROSTER, from, to));
        self.run(&format!("plan {name} --out {name}.json")).exits(0);
    }

    /// The ids of the active masters.
    fn masters(&self) -> Vec<String> {
        self.column("SELECT substr(external_id, 6) FROM person WHERE roles LIKE '%master%' AND state = 'active'")
    }

    fn start(&self, arguments: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path(""))
            .env_clear()
            .env("RAYON_NUM_THREADS", "2")
            .env("COLUMNS", "200");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

#[test]
fn two_runs_that_remove_each_others_master_do_not_both_win() {
    let project = guild();
    project.plan("a", "bob@acme.example, roles: [master]", "bob@acme.example, roles: [member]");
    project.plan("b", "ann@acme.example, roles: [master]", "ann@acme.example, roles: [member]");
    let mut wins = [0, 0];
    for round in 0..25 {
        let order = if round % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
        let runs = order.map(|name| (name, project.start(&format!("apply --yes --plan {name}.json"))));
        for (name, child) in runs {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => wins[usize::from(name == "b")] += 1,
                // Told by the second look, or by the portal itself where that came too early.
                Some(1) => {
                    assert!(said.contains("nobody active would hold") || said.contains("at least one"), "{said}")
                }
                code => panic!("{code:?}: {said}"),
            }
        }
        assert_eq!(project.masters().len(), 1, "round {round}: one stays, one wins");
        assert_eq!(wins[0] + wins[1], round + 1, "exactly one wins");
        project.sql("UPDATE person SET roles = 'master', applied_roles = 'master' WHERE external_id IN ('acme/ann', 'acme/bob')");
    }
}

/// A portal that notes what is asked of it, and on which somebody else is at work before a certain reading.
struct Watched<'p> {
    project: &'p Project,
    portal: Embedded,
    calls: Mutex<Vec<String>>,
    meanwhile: (usize, &'static str),
}

impl Read for Watched<'_> {
    async fn identity(&self) -> Result<Option<String>, LiveError> {
        self.portal.identity().await
    }

    async fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        self.portal.organisations().await
    }

    async fn managed(&self) -> Result<Vec<SmolStr>, LiveError> {
        self.portal.managed().await
    }

    async fn read(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        let reads = self.calls.lock().unwrap().iter().filter(|call| *call == "read").count();
        if reads == self.meanwhile.0 {
            self.project.sql(self.meanwhile.1);
        }
        self.calls.lock().unwrap().push("read".to_owned());
        self.portal.read(organisation, platform).await
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

    fn fit(&self, organisation: &Organisation) -> Vec<Diagnostic> {
        self.portal.fit(organisation)
    }
}

impl Write for Watched<'_> {
    fn batch(&self) -> usize {
        self.portal.batch()
    }

    async fn prepare(&self, organisation: &str, platform: &Platform) -> Result<(), LiveError> {
        self.portal.prepare(organisation, platform).await
    }

    async fn execute(
        &self,
        platform: &Platform,
        operations: &[Operation],
        author: &Author,
    ) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        let keys: Vec<&str> = operations.iter().map(|operation| operation.key.as_str()).collect();
        self.calls.lock().unwrap().push(keys.join(" "));
        self.portal.execute(platform, operations, author).await
    }
}

/// Applies a saved plan while somebody changes rows before the reading with this number.
fn apply(project: &Project, plan: &str, meanwhile: (usize, &'static str)) -> (Vec<Ended>, Vec<String>) {
    let document = serde_json::from_str(&project.read(plan)).unwrap();
    let platforms = BTreeMap::from([("acme".to_owned(), Arc::new(platform("guild.yaml", GUILD)))]);
    let portal = Embedded::open(&project.path(DATABASE)).unwrap();
    let watched = Watched { project, portal, calls: Mutex::default(), meanwhile };
    let author = Author { name: "carla".to_owned(), actor: None, digest: String::new() };
    let done = wait(async {
        let approved = ApprovedPlan::approve(document, platforms, &watched).await.unwrap();
        approved.apply(&watched, &author, || false, |_, _, _| ()).await
    });
    (done.steps.into_iter().map(|(_, ended)| ended).collect(), watched.calls.into_inner().unwrap())
}

const NEVER: (usize, &str) = (usize::MAX, "");

#[test]
fn steps_that_touch_a_master_go_alone_and_look_first() {
    let project = guild();
    let from = ROSTER.split_once("users:\n").unwrap().1;
    let people = from
        .replace("[member]", "[]")
        .replace("bob@acme.example, roles: [master]", "bob@acme.example, roles: [member]");
    project.plan("a", from, &(people + "  eva: { name: Eva, email: eva@acme.example, roles: [master] }\n  finn: { name: Finn, email: finn@acme.example }\n"));
    let (ended, calls) = apply(&project, "a.json", NEVER);
    assert!(ended.iter().all(|ended| *ended == Ended::Done), "{ended:?}");
    for (index, call) in calls.iter().enumerate() {
        let master = call.contains("bob") || call.contains("eva");
        assert!(!master || (!call.contains(' ') && calls[index - 1] == "read"), "{calls:?}");
    }
    assert!(calls.iter().any(|call| call.contains(' ')), "all others go together: {calls:?}");
    assert_eq!(calls.iter().filter(|call| *call == "read").count(), 3, "{calls:?}");
}

#[test]
fn who_was_removed_meanwhile_is_named_and_nothing_is_asked_of_the_portal() {
    let project = guild();
    let told = |role: &str, sql: &'static str, why: &str| {
        project.plan("a", "ann@acme.example, roles: [master]", &format!("ann@acme.example, {role}"));
        let (ended, calls) = apply(&project, "a.json", (1, sql));
        let expected =
            format!("without `ann` nobody active would hold `master` any more: {why} (guild/one-master); plan again");
        assert_eq!(ended, [Ended::Failed(Refusal::Stale(expected))]);
        assert_eq!(calls, ["read", "read"]);
        assert_eq!(project.masters(), ["ann"]);
        project.sql("UPDATE person SET roles = 'master', state = 'active' WHERE external_id = 'acme/bob'");
    };
    told(
        "roles: [member]",
        "UPDATE person SET roles = 'member' WHERE external_id = 'acme/bob'",
        "`bob` holds it no longer",
    );
    told(
        "roles: [master], status: deactivated",
        "UPDATE person SET state = 'deactivated' WHERE external_id = 'acme/bob'",
        "`bob` is deactivated",
    );
    told("roles: []", "DELETE FROM person WHERE external_id = 'acme/bob'", "`bob` is gone");
}
