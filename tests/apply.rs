//! Plans carried out by the real program: what it says of each step, what stops it and what does not, and what it leaves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]
#![allow(clippy::print_stderr, reason = "a test that is passed over says so")]

mod common;

use std::process::{Child, Command, Stdio};

use common::portal::DATABASE;
use common::{ACME, Project, Ran, replaced};
use serde_json::{Value as Json, json};

const EVA: &str = "  eva: { name: Eva Smet, email: eva@acme.example, roles: [watchlist] }\n";

impl Project {
    fn count(&self, sql: &str) -> usize {
        self.rows().query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap() as usize
    }

    /// The file is sound, and its audit trail knows everything that is there.
    #[track_caller]
    fn is_sound(&self) {
        assert_eq!(self.column("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(self.column("SELECT \"table\" FROM pragma_foreign_key_check"), [""; 0]);
        let unknown = "SELECT external_id FROM person WHERE NOT EXISTS (SELECT 1 FROM audit
            WHERE outcome = 'done' AND audit.organisation || '/' || key = external_id)";
        assert_eq!(self.column(unknown), [""; 0], "nobody came without a trace");
    }

    /// Starts the program and lets it run.
    fn start(&self, arguments: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
        command.args(arguments.split_whitespace()).current_dir(self.path("")).env_clear();
        command.env("HOME", self.path("")).env("TZ", "UTC").env("RAYON_NUM_THREADS", "2");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

#[track_caller]
fn steps(ran: &Ran) -> Vec<String> {
    let word = |step: &Json, name: &str| step[name].as_str().unwrap().to_owned();
    let steps = ran.json()["plan"]["steps"].clone();
    let results = ran.json()["steps"].clone();
    let both = steps.as_array().unwrap().iter().zip(results.as_array().unwrap());
    both.map(|(step, result)| [word(step, "action"), word(step, "key"), word(result, "result")].join(" ")).collect()
}

/// A roster of so many contacts more.
fn crowd(roster: &str, number: usize, name: &str) -> String {
    let contacts = (0..number).map(|index| {
        format!("  c{index:04}: {{ name: {name} {index}, email: c{index:04}@acme.example, roles: [watchlist] }}\n")
    });
    replaced(roster, "contacts:\n", &format!("contacts:\n{}", contacts.collect::<String>()))
}

#[test]
fn a_second_apply_has_nothing_to_do() {
    let project = Project::with_roster(ACME);
    let ran = project.run("apply --yes --format json").exits(0);
    assert_eq!(steps(&ran), ["create it-operations done", "create ada done", "create dana done", "create grace done"]);
    assert_eq!(ran.json()["interrupted"], false);
    let before = project.count("SELECT count(*) FROM audit");
    project.run("apply --yes").exits(0).says("no changes");
    project.run("apply").exits(0).says("no changes");
    assert_eq!(project.run("apply --yes --format json").exits(0).json()["steps"], json!([]));
    assert_eq!(project.count("SELECT count(*) FROM audit"), before);
    project.is_sound();
}

#[test]
fn without_a_terminal_consent_is_given_by_a_flag() {
    let project = Project::with_roster(ACME);
    let ran = project.run("apply").stdin("yes\n").exits(1);
    ran.complains("4 steps wait for consent").complains("--yes").says("create user ada");
    assert!(!project.has(DATABASE));
    project.run("plan --out plan.json").exits(0);
    project.run("apply --plan plan.json").stdin("yes\n").exits(1).complains("--yes");
    project.run("apply --yes --plan plan.json rosters").exits(64);
    project.run("apply --yes --plan plan.json --prune").exits(64);
    assert!(!project.has(DATABASE));
}

#[test]
fn one_refused_step_stops_only_what_needs_it() {
    let project = Project::applied(&replaced(ACME, "contacts:\n", &format!("contacts:\n{EVA}")));
    project.roster("Eva Smet", "Eva De Smet");
    project
        .roster("  dana:\n    name: Dana Kowalska\n    email: dana@", "  dora:\n    name: Dora Kahn\n    email: dora@");
    project.run("plan --out plan.json").exits(0);
    // Somebody at the portal is faster.
    project.sql(
        "INSERT INTO person (organisation, section, name, email) VALUES ('acme', 'contacts', 'Dora', 'DORA@Acme.Example')",
    );
    let ran = project.run("apply --plan plan.json --yes --format json").exits(3);
    assert_eq!(steps(&ran), ["create dora failed", "update eva done", "delete dana not-attempted"]);
    let outcome = ran.json();
    let reason = |index: usize| outcome["steps"][index]["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason(0).contains("belongs to"), "{}", reason(0));
    assert_eq!((reason(1), reason(2)), (String::new(), "step 1, which it needs, was not done".to_owned()));
    assert_eq!(outcome["interrupted"], false);
    assert_eq!(
        project.column("SELECT outcome FROM audit WHERE key IN ('dora', 'eva') ORDER BY id DESC LIMIT 2"),
        ["done", "stale"]
    );
    assert_eq!(project.count("SELECT count(*) FROM person WHERE external_id = 'acme/dana'"), 1, "the officer stays");
    // A new plan takes the newcomer over, and then the officer may go.
    let ran = project.run("apply --yes --format json").exits(0);
    assert_eq!(steps(&ran), ["update dora done", "delete dana done"]);
    project.run("plan --detailed-exitcode").exits(0);
    project.is_sound();
}

#[test]
fn a_partial_apply_is_told_in_words() {
    let project = Project::applied(&replaced(ACME, "contacts:\n", &format!("contacts:\n{EVA}")));
    project.roster("Eva Smet", "Eva De Smet");
    project
        .roster("  dana:\n    name: Dana Kowalska\n    email: dana@", "  dora:\n    name: Dora Kahn\n    email: dora@");
    project.run("plan --out plan.json").exits(0);
    project.sql("INSERT INTO person (organisation, section, name, email) VALUES ('acme', 'contacts', 'Dora', 'DORA@acme.example')");
    let ran = project.run("apply --plan plan.json --yes").exits(3);
    ran.says("failed: create contact dora")
        .says("not attempted: delete contact dana")
        .says("1 done, 1 failed, 1 not attempted");
}

#[test]
fn the_audit_trail_says_who_did_what_under_which_plan() {
    let project = Project::with_roster(ACME);
    let digest = project.run("plan --format json").exits(0).json()["digest"].as_str().unwrap().to_owned();
    project.run("apply --yes").env("USER", "carla").exits(0);
    let trail = project.column("SELECT who || ' ' || plan_digest || ' ' || step || ' ' || action || ' ' || resource || ' ' || key || ' ' || outcome FROM audit ORDER BY id");
    let expected = [
        "1 create permission-group it-operations",
        "2 create user ada",
        "3 create contact dana",
        "4 create contact grace",
    ];
    assert_eq!(trail, expected.map(|step| format!("carla {digest} {step} done")));
    let when = project.column("SELECT at FROM audit");
    assert!(when.iter().all(|at| at.ends_with('Z') && at.contains('T')), "{when:?}");
    let detail: Json = serde_json::from_str(&project.column("SELECT detail FROM audit WHERE key = 'dana'")[0]).unwrap();
    assert_eq!((&detail["before"], &detail["after"]["roles"]), (&Json::Null, &json!(["dpo"])));
    project.roster("Dana Kowalska", "Dana K.");
    project.run("apply --yes --actor ada").env("USER", "carla").exits(0);
    assert_eq!(project.column("SELECT who FROM audit ORDER BY id DESC LIMIT 1"), ["ada"]);
    let detail: Json =
        serde_json::from_str(&project.column("SELECT detail FROM audit ORDER BY id DESC LIMIT 1")[0]).unwrap();
    assert_eq!((&detail["before"]["name"], &detail["after"]["name"]), (&json!("Dana Kowalska"), &json!("Dana K.")));
}

/// Waits, busily, until the condition holds or the program has ended; says whether the condition held.
#[cfg(unix)]
fn watch(child: &mut Child, mut holds: impl FnMut() -> bool) -> bool {
    loop {
        if holds() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
}

/// The rows of the audit trail, as far as the file can be read in this moment.
#[cfg(unix)]
fn audited(project: &Project) -> usize {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let rows = rusqlite::Connection::open_with_flags(project.path(DATABASE), flags);
    let rows = rows.and_then(|rows| rows.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, u32>(0)));
    rows.unwrap_or(0) as usize
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_after_the_running_steps_and_the_rest_is_listed() {
    const CROWD: usize = 4000;
    // The signal may come when all is done already: then another round decides.
    for _ in 0..5 {
        let project = Project::applied(ACME);
        project.write("rosters/acme.yaml", crowd(ACME, CROWD, "Person"));
        let before = audited(&project);
        let mut child = project.start("apply --yes --format json");
        // Reading the output keeps the program from waiting for us.
        let mut stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut stdout, &mut text).map(|_| text)
        });
        let begun = watch(&mut child, || audited(&project) > before);
        assert!(begun || child.try_wait().unwrap().is_some());
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let status = child.wait().unwrap();
        assert!(status.code().is_some(), "the signal ended the program instead of asking it to stop: {status}");
        let outcome: Json = serde_json::from_str(&reader.join().unwrap().unwrap()).unwrap();
        let of =
            |result: &str| outcome["steps"].as_array().unwrap().iter().filter(|step| step["result"] == result).count();
        let (done, left) = (of("done"), of("not-attempted"));
        assert_eq!((done + left, of("failed")), (CROWD, 0));
        assert_eq!(project.count("SELECT count(*) FROM audit") - before, done, "what is told is what was done");
        project.is_sound();
        if left == 0 {
            continue;
        }
        assert_eq!(status.code(), Some(3));
        assert_eq!(outcome["interrupted"], true);
        let last = outcome["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(last["reason"], "the run was stopped before it");
        let ran = project.run("apply --yes --format json").exits(0);
        assert_eq!(ran.json()["steps"].as_array().unwrap().len(), left, "the next run finishes");
        project.run("plan --detailed-exitcode").exits(0);
        return;
    }
    panic!("five times the program was done before the signal came");
}

#[test]
fn two_at_once_with_one_roster_lose_nothing() {
    let project = Project::with_roster(&crowd(ACME, 600, "Person"));
    let both =
        [project.start("apply --yes"), project.start("apply --yes")].map(|child| child.wait_with_output().unwrap());
    for output in &both {
        // The slower one meets a portal that has changed since it looked.
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{:?} {shown}", output.status);
        assert!(!shown.contains("panicked"), "{shown}");
    }
    assert!(both.iter().any(|output| output.status.code() != Some(1)), "one of the two got on");
    project.is_sound();
    project.run("apply --yes").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
    assert_eq!(project.count("SELECT count(*) FROM person"), 603);
    assert_eq!(project.count("SELECT count(DISTINCT lower(email)) FROM person"), 603);
}

#[test]
fn two_at_once_for_two_organisations_both_succeed() {
    let other = replaced(ACME, "organisation: acme", "organisation: brink");
    let project =
        Project::with_roster(&crowd(ACME, 500, "Person")).with("rosters/brink.yaml", &crowd(&other, 500, "Person"));
    let commands = ["apply --yes rosters/acme.yaml", "apply --yes rosters/brink.yaml"];
    for output in commands.map(|command| project.start(command)).map(|child| child.wait_with_output().unwrap()) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    project.is_sound();
    project.run("plan --detailed-exitcode").exits(0);
    assert_eq!(project.count("SELECT count(*) FROM person"), 1006);
}

#[test]
fn two_at_once_with_different_rosters_lose_nothing() {
    let project = Project::applied(&crowd(ACME, 400, "Person"));
    project.write("other/acme.yaml", crowd(ACME, 400, "Somebody"));
    project.write("rosters/acme.yaml", crowd(ACME, 400, "Anybody"));
    let both = [project.start("apply --yes rosters"), project.start("apply --yes other")];
    for output in both.map(|child| child.wait_with_output().unwrap()) {
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)) && !shown.contains("panicked"), "{shown}");
    }
    project.is_sound();
    // Each change was made to what its plan had seen: the trail of everybody is without a jump.
    let trail = "SELECT key || '|' || coalesce(json_extract(detail, '$.before.name'), '') || '|' || json_extract(detail, '$.after.name')
        FROM audit WHERE outcome = 'done' AND resource = 'contact' ORDER BY id";
    let mut names = std::collections::HashMap::new();
    for line in project.column(trail) {
        let parts: Vec<&str> = line.split('|').collect();
        let before = names.insert(parts[0].to_owned(), parts[2].to_owned()).unwrap_or_default();
        assert_eq!(before, parts[1], "{line}");
    }
    for (id, name) in names {
        assert_eq!(project.column(&format!("SELECT name FROM person WHERE external_id = 'acme/{id}'")), [name]);
    }
    project.run("apply --yes rosters").exits(0);
    project.run("plan --detailed-exitcode rosters").exits(0);
    assert_eq!(project.count("SELECT count(*) FROM person WHERE name LIKE 'Anybody %'"), 400);
}

/// The differences of a drift as `action key field cause`.
#[track_caller]
fn differences(ran: &Ran) -> Vec<String> {
    let word = |one: &Json, name: &str| one[name].as_str().unwrap_or("-").to_owned();
    let all = ran.json()["differences"].clone();
    let line = |one| ["action", "key", "field", "cause"].map(|name| word(one, name)).join(" ");
    all.as_array().unwrap().iter().map(line).collect()
}

fn watched() -> Project {
    Project::applied(&replaced(ACME, "contacts:\n", &format!("contacts:\n{EVA}")))
}

#[test]
fn drift_tells_on_whose_side_a_difference_arose() {
    let project = watched();
    project.run("drift").exits(0);
    project.sql("UPDATE person SET name = 'Eva Outside' WHERE external_id = 'acme/eva'");
    let ran = project.run("drift --format json").exits(2);
    assert_eq!(differences(&ran), ["update eva name outside"]);
    let one = &ran.json()["differences"][0];
    assert_eq!((&one["wanted"], &one["live"]), (&json!("Eva Smet"), &json!("Eva Outside")));
    assert_eq!(one["location"]["path"], "rosters/acme.yaml");
    project.roster("Eva Smet", "Eva Inside");
    assert_eq!(differences(&project.run("drift --format json").exits(2)), ["update eva name both"]);
    project.sql("UPDATE person SET name = 'Eva Smet' WHERE external_id = 'acme/eva'");
    assert_eq!(differences(&project.run("drift --format json").exits(2)), ["update eva name not-applied"]);
    let before = project.count("SELECT count(*) FROM audit");
    project.run("drift").exits(2);
    assert_eq!(project.count("SELECT count(*) FROM audit"), before);
    project.run("apply --yes").exits(0);
    project.run("drift").exits(0);
}

#[test]
fn drift_tells_who_came_and_who_went() {
    let project = watched();
    project.roster(EVA, "  fay: { name: Fay, email: fay@acme.example, roles: [watchlist] }\n");
    assert_eq!(
        differences(&project.run("drift --format json").exits(2)),
        ["create fay - not-applied", "delete eva - not-applied"]
    );
    project.roster("  fay: { name: Fay, email: fay@acme.example, roles: [watchlist] }\n", EVA);
    project.sql("DELETE FROM person WHERE external_id = 'acme/eva'");
    assert_eq!(differences(&project.run("drift --format json").exits(2)), ["create eva - outside"]);
    project.run("apply --yes").exits(0);
    project.run("drift").exits(0);
    // Removed by us, and wanted again: that is nobody's doing but ours.
    project.roster(EVA, "");
    project.run("apply --yes").exits(0);
    project.roster("contacts:\n", &format!("contacts:\n{EVA}"));
    assert_eq!(differences(&project.run("drift --format json").exits(2)), ["create eva - not-applied"]);
}

#[test]
fn drift_sees_groups_and_what_they_give() {
    let project = watched();
    project.sql("UPDATE permission_group SET applications = 'service-desk=full,users-and-permissions=full,csp=full'");
    assert_eq!(
        differences(&project.run("drift --format json").exits(2)),
        ["update it-operations applications.csp outside"]
    );
    project.run("apply --yes").exits(0);
    project.sql("UPDATE person SET groups = '' WHERE external_id = 'acme/ada'");
    assert_eq!(differences(&project.run("drift --format json").exits(2)), ["update ada groups outside"]);
}

#[test]
fn a_renamed_group_is_no_change_from_outside() {
    let project = watched();
    project.roster("groups: [it-operations]", "groups: [it, desk]");
    project.roster(
        "  it-operations:\n",
        "  desk: { name: Desk, applications: { service-desk: read } }\n  it:\n    previously: [it-operations]\n",
    );
    let mut found = differences(&project.run("drift --format json").exits(2));
    found.sort();
    assert_eq!(found, ["create desk - not-applied", "update ada groups not-applied", "update it id not-applied"]);
}

#[test]
fn a_change_in_two_steps_is_one_difference() {
    let both = "attributes: { serviceNow: true, signingAuthority: true }";
    let users = format!(
        "users:\n  ben: {{ name: Ben, email: ben@acme.example, phone: \"+1\", groups: [it-operations], roles: [commercial], {both} }}\n"
    );
    let roster = replaced(ACME, "users:\n", &users);
    let (start, end) = (roster.find("  grace:").unwrap(), roster.find("  dana:").unwrap());
    let roster = replaced(
        &format!("{}{}", &roster[..start], &roster[end..]),
        "serviceNow: true\n",
        "serviceNow: true\n      signingAuthority: true\n",
    );
    let project = Project::applied(&roster);
    project.roster("roles: [technical]", "roles: [later]");
    project.roster("roles: [commercial]", "roles: [technical]");
    project.roster("roles: [later]", "roles: [commercial]");
    let plan = project.run("plan --format json --allow-grants 2").exits(0).json();
    assert_eq!(plan["steps"].as_array().unwrap().len(), 3, "{plan}");
    let mut found = differences(&project.run("drift --format json").exits(2));
    found.sort();
    assert_eq!(found, ["update ada roles not-applied", "update ben roles not-applied"]);
}

#[test]
fn drift_of_what_rosterctl_never_wrote_is_unknown() {
    let project = watched();
    project.sql(
        "INSERT INTO person (organisation, section, external_id, name, email, roles)
        VALUES ('acme', 'contacts', 'acme/fay', 'Fay', 'fay@acme.example', 'watchlist')",
    );
    project.roster(EVA, &format!("{EVA}  fay: {{ name: Fay Nys, email: fay@acme.example, roles: [watchlist] }}\n"));
    assert_eq!(differences(&project.run("drift --format json").exits(2)), ["update fay name unknown"]);
}

#[cfg(unix)]
mod world {
    //! A world that does not co-operate: full disks, foreign files, folders that cannot be written.

    use super::*;

    /// Runs the program in a shell after some preparation; the arguments are `$@`.
    fn shell(project: &Project, script: &str, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_rosterctl")).args(arguments);
        command.current_dir(project.path("")).env("HOME", project.path("")).env("RAYON_NUM_THREADS", "2");
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Files may not grow beyond so many blocks; to go on is an error and not the end.
    const SMALL_FILES: &str = "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"";

    #[test]
    fn a_plan_that_does_not_fit_on_the_disk_leaves_the_old_one() {
        let project = Project::with_roster(ACME);
        project.run("plan --out plan.json").exits(0);
        let old = project.read("plan.json");
        project.write("rosters/acme.yaml", crowd(ACME, 1500, "Person"));
        let output = shell(&project, SMALL_FILES, &["-q", "plan", "--out", "plan.json"]);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(complaint.contains("could not be saved") && complaint.contains("plan.json"), "{complaint}");
        assert_eq!(project.read("plan.json"), old);
        let left: Vec<_> =
            std::fs::read_dir(project.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "plan.json" || name == "rosters"), "{left:?}");
    }

    #[test]
    fn a_database_that_cannot_grow_loses_nothing() {
        let project = Project::applied(ACME);
        project.write("rosters/acme.yaml", crowd(ACME, 1500, "Person"));
        let output = shell(&project, SMALL_FILES, &["apply", "--yes", "--format", "json"]);
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            matches!(output.status.code(), Some(1 | 3)),
            "{:?}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let outcome: Json = serde_json::from_str(&shown).unwrap();
        let failed: Vec<&Json> =
            outcome["steps"].as_array().unwrap().iter().filter(|step| step["result"] == "failed").collect();
        let reason = failed[0]["reason"].as_str().unwrap();
        assert!(reason.contains("sandbox.db") && (reason.contains("space") || reason.contains("disk")), "{reason}");
        let done = outcome["steps"].as_array().unwrap().iter().filter(|step| step["result"] == "done").count();
        assert_eq!(project.count("SELECT count(*) FROM person WHERE name LIKE 'Person %'"), done);
        project.is_sound();
        project.run("apply --yes").exits(0);
        project.run("plan --detailed-exitcode").exits(0);
    }

    #[test]
    fn a_full_file_system_loses_nothing() {
        let project = Project::with_roster(ACME);
        std::fs::create_dir_all(project.path("small")).unwrap();
        project.write(
            "rosterctl.yaml",
            "version: 1\nrosters: [rosters]\ntargets:\n  sandbox: { kind: embedded, path: small/portal.db }\n",
        );
        project.write("rosters/acme.yaml", crowd(ACME, 3000, "Person"));
        // A mount of one's own goes away with the process.
        let script = "unshare --mount --map-root-user /bin/sh -c '
            mount -t tmpfs -o size=512k none small || exit 99
            \"$0\" \"$@\"; code=$?
            cp small/portal.db* . && exit $code' \"$0\" \"$@\" || exit $?";
        let output = shell(&project, script, &["apply", "--yes"]);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if !project.has("portal.db") {
            eprintln!("passed over: no file system can be mounted here: {complaint}");
            return;
        }
        let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &complaint;
        assert!(matches!(output.status.code(), Some(1 | 3)), "{:?} {shown}", output.status);
        assert!(shown.contains("no space is left"), "{shown}");
        let rows = rusqlite::Connection::open(project.path("portal.db")).unwrap();
        let sound: String = rows.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }

    #[test]
    fn a_database_of_a_newer_version_is_left_alone() {
        let project = Project::applied(ACME);
        project.sql("PRAGMA user_version = 99");
        project.roster("Dana Kowalska", "Dana K.");
        for command in ["plan", "apply --yes", "drift"] {
            project.run(command).exits(1).complains("version 99").complains("newer rosterctl");
        }
        assert_eq!(project.count("SELECT count(*) FROM person WHERE name = 'Dana K.'"), 0);
    }

    #[test]
    fn what_is_no_portal_is_left_alone() {
        let project = Project::with_roster(ACME);
        project.write(DATABASE, "These are my holiday pictures, in words.\n".repeat(100));
        project.run("plan").exits(1).complains("not a SQLite database");
        project.run("apply --yes").exits(1).complains("not a SQLite database");
        assert!(project.read(DATABASE).starts_with("These are my holiday pictures"));
        std::fs::remove_file(project.path(DATABASE)).unwrap();
        project.sql("CREATE TABLE pictures (name TEXT); INSERT INTO pictures VALUES ('beach')");
        project.run("apply --yes").exits(1).complains("not a portal of rosterctl");
        assert_eq!(project.column("SELECT name FROM pictures"), ["beach"]);
        assert_eq!(project.column("SELECT name FROM sqlite_schema"), ["pictures"]);
    }

    #[test]
    fn a_folder_is_no_portal() {
        let project = Project::with_roster(ACME);
        std::fs::create_dir_all(project.path(DATABASE)).unwrap();
        project.run("plan").exits(1).complains("it is a folder");
        project.run("apply --yes").exits(1).complains("it is a folder");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error() {
        use std::os::unix::fs::PermissionsExt;
        let project = Project::with_roster(ACME);
        let folder = project.path(".rosterctl");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
        if std::fs::write(folder.join("probe"), "").is_ok() {
            eprintln!("passed over: whoever runs this may write everywhere");
            return;
        }
        project.run("plan").exits(0);
        project.run("apply --yes").exits(1).complains("write");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        project.run("apply --yes").exits(0);
    }
}

#[test]
fn a_portal_that_was_applied_to_and_is_gone_is_no_empty_portal() {
    let project = Project::copy_of("examples/small");
    project.run("plan").exits(0).says("info[plan/new-portal]");
    project.run("apply --yes").exits(0);
    project.run("plan").exits(0).never_says("new-portal");
    std::fs::rename(project.path(".rosterctl/sandbox.db"), project.path("elsewhere.db")).unwrap();
    for command in ["plan", "drift", "apply --yes", "who is ada --live"] {
        project
            .run(command)
            .exits(1)
            .complains("the portal of the target `sandbox` is gone")
            .complains("put the file back");
    }
    let trail = project.path(".rosterctl/audit/sandbox.jsonl");
    let before = std::fs::read(&trail).unwrap();
    std::fs::rename(project.path("elsewhere.db"), project.path(".rosterctl/sandbox.db")).unwrap();
    project.run("drift").exits(0);
    assert_eq!(std::fs::read(&trail).unwrap(), before, "nothing was written");
    std::fs::remove_dir_all(project.path(".rosterctl")).unwrap();
    project.run("drift").exits(2).says("no portal yet");
}
