//! `--base REV`: what this branch changes, told from what was there before and from what others changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::process::Command;

use common::{ACME, Project, Ran, replaced};
use serde_json::Value as Json;

/// A project under git, its first roster committed on `main`.
fn repository(roster: &str) -> Project {
    let project = Project::with_roster(roster).with(".gitignore", ".rosterctl\n");
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project
}

fn git(project: &Project, arguments: &str) -> String {
    git_in(project, "", arguments)
}

fn git_in(project: &Project, folder: &str, arguments: &str) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(project.path(folder)).args(arguments.split_whitespace());
    for (name, value) in [("NAME", "Tess Ter"), ("EMAIL", "tess@acme.example"), ("DATE", "2026-01-01T00:00:00Z")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let answer = command.output().expect("git is there");
    assert!(answer.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8_lossy(&answer.stdout).trim().to_owned()
}

fn commit(project: &Project, message: &str) {
    git(project, "add -A");
    git(project, &format!("-c protocol.file.allow=always commit --quiet --allow-empty -m {message}"));
}

/// A run with the system's PATH, so that git is found.
fn run(project: &Project, arguments: &str) -> common::Run {
    project.run(arguments).env("PATH", &std::env::var("PATH").unwrap())
}

/// `key field origin` of each change.
fn origins(ran: &Ran) -> Vec<String> {
    let word = |json: &Json| json.as_str().unwrap_or("-").to_owned();
    let changes = ran.json()["base"]["changes"].as_array().unwrap().clone();
    let mut lines: Vec<String> = changes
        .iter()
        .map(|one| format!("{} {} {}", word(&one["key"]), word(&one["field"]), word(&one["origin"])))
        .collect();
    lines.sort();
    lines
}

const ROSTER: &str = "rosters/acme.yaml";

#[test]
fn changes_of_the_branch_of_the_base_and_from_outside_are_told_apart() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    // On main, not applied yet.
    project.edit(ROSTER, "name: Dana Kowalska", "name: Dana Kowalski");
    commit(&project, "second");
    git(&project, "checkout --quiet -b topic");
    // On this branch, not even committed.
    project.edit(ROSTER, "name: Ada Peeters", "name: Ada Janssens");
    let new = "  wim: { name: Wim Maes, email: wim@acme.example, roles: [watchlist] }\n";
    project.edit(ROSTER, "contacts:\n", &format!("contacts:\n{new}"));
    // By others.
    project.sql("UPDATE person SET name = 'Grace Other' WHERE external_id = 'acme/grace'");
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert_eq!(origins(&ran), ["ada name branch", "dana name base", "grace name outside", "wim - branch"]);
    assert_eq!(ran.json()["base"]["revision"], "main");
    assert_eq!(ran.json()["base"]["commit"], git(&project, "rev-parse main"));
    let notes = |key: &str| {
        let plan = ran.json();
        let step = plan["steps"].as_array().unwrap().iter().find(|step| step["key"] == key).unwrap().clone();
        step["notes"].to_string()
    };
    assert!(notes("ada").contains("changed on this branch"), "{ran}");
    assert!(notes("dana").contains("on main already, and not applied yet"), "{ran}");
    assert!(notes("grace").contains("changed outside: the roster is as on main"), "{ran}");
    // The digest is of what is done, wherever it comes from.
    assert_eq!(ran.json()["digest"], run(&project, "plan --format json").exits(0).json()["digest"]);
    let drift = run(&project, "drift --base main").exits(2);
    drift.says("main: ").says("on main already, and not applied yet");
    run(&project, "apply --yes --base main").exits(0);
    assert_eq!(origins(&run(&project, "plan --base main --format json").exits(0)), [""; 0]);
}

#[test]
fn what_branch_and_others_changed_is_a_conflict_that_is_not_applied_unsaid() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    project.edit(ROSTER, "name: Grace Lindqvist", "name: Grace Branch");
    project.sql("UPDATE person SET name = 'Grace Outside' WHERE external_id = 'acme/grace'");
    let ran = run(&project, "plan --base main --format json --out plan.json").exits(1);
    assert_eq!(origins(&ran), ["grace name conflict"]);
    let finding = ran.finding("plan/conflict");
    for value in ["`Grace Lindqvist`", "`Grace Branch`", "`Grace Outside`"] {
        assert!(finding.message.contains(value), "{finding:?}");
    }
    assert!(finding.help.contains("--allow-conflicts"), "{finding:?}");
    assert!(!project.has("plan.json"));
    run(&project, "apply --yes --base main").exits(1);
    assert_eq!(project.column("SELECT name FROM person WHERE external_id = 'acme/grace'"), ["Grace Outside"]);
    run(&project, "drift --base main").exits(2).says("Grace Lindqvist").says("changed on this branch and outside");
    run(&project, "apply --yes --allow-conflicts").exits(64);
    run(&project, "apply --yes --base main --allow-conflicts").exits(0);
    assert_eq!(project.column("SELECT name FROM person WHERE external_id = 'acme/grace'"), ["Grace Branch"]);
}

#[test]
fn who_comes_and_goes_is_told_apart_as_well() {
    let wim = "  wim: { name: Wim Maes, email: wim@acme.example, roles: [watchlist] }\n";
    let eva = "  eva: { name: Eva Smet, email: eva@acme.example, roles: [watchlist] }\n";
    let nova = "  nova: { name: Nova Peers, email: nova@acme.example, roles: [watchlist] }\n";
    let with = |more: &[&str]| replaced(ACME, "contacts:\n", &format!("contacts:\n{}", more.concat()));
    let project = repository(&with(&[wim, eva]));
    project.run("apply --yes").exits(0);
    // Eva leaves on main, and is still there.
    project.write(ROSTER, with(&[wim]));
    commit(&project, "second");
    // Wim leaves on this branch, Nova comes; somebody deletes Dana on the portal.
    project.write(ROSTER, with(&[nova]));
    project.sql("DELETE FROM person WHERE external_id = 'acme/dana'");
    let ran = run(&project, "plan --base main --format json --allow-removals 9").exits(0);
    assert_eq!(origins(&ran), ["dana - outside", "eva - base", "nova - branch", "wim - branch"]);
}

#[test]
fn validate_tells_only_what_the_branch_adds() {
    let broken = replaced(ACME, "email: dana@acme.example", "email: dana.acme.example");
    let project = repository(&broken);
    run(&project, "validate").exits(1);
    run(&project, "validate --base main").exits(0).says("1 finding more, which was there");
    // Lines move, and a file gets another name: the finding is the same.
    git(&project, "mv rosters/acme.yaml rosters/other.yaml");
    project.write("rosters/other.yaml", format!("# moved\n\n{}", project.read("rosters/other.yaml")));
    let ran = run(&project, "validate --base main --format json").exits(0);
    assert_eq!((&ran.json()["base"]["remaining"], &ran.json()["base"]["mended"]), (&1.into(), &0.into()));
    project.edit("rosters/other.yaml", "email: grace@acme.example", "email: grace.acme.example");
    let ran = run(&project, "validate --base main --format json").exits(1);
    assert_eq!(ran.json()["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!(ran.finding("roster/invalid-email").subject.as_deref(), Some("grace"));
    project.edit("rosters/other.yaml", "dana.acme.example", "dana@acme.example");
    let ran = run(&project, "validate --base main --format json").exits(1);
    assert_eq!((&ran.json()["base"]["remaining"], &ran.json()["base"]["mended"]), (&0.into(), &1.into()));
}

#[test]
fn platform_files_and_the_workspace_are_those_of_the_revision() {
    let project = Project::empty();
    project.write("rosterctl.yaml", "version: 1\nrosters: [people]\n");
    project.write("people/acme.yaml", replaced(ACME, "platform: arxus", "platform: ../mine.yaml"));
    project.write("mine.yaml", "version: 1\nid: mine\nname: Mine\nextends: arxus\n");
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project.run("apply --yes").exits(0);
    git(&project, "mv people staff");
    git(&project, "mv mine.yaml ours.yaml");
    project.write("rosterctl.yaml", "version: 1\nrosters: [staff]\n");
    project.edit("staff/acme.yaml", "../mine.yaml", "../ours.yaml");
    project.edit("staff/acme.yaml", "name: Ada Peeters", "name: Ada Janssens");
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert_eq!(origins(&ran), ["ada name branch"], "{ran}");
}

#[test]
fn a_revision_that_is_not_there_says_how_to_get_it() {
    let project = repository(ACME);
    run(&project, "plan --base mian").exits(1).complains("did you mean `main`?");
    run(&project, "plan --base origin/main")
        .exits(1)
        .complains("there is no revision `origin/main` in this repository");
    run(&project, "validate --base=--all").exits(1).complains("is no name of a revision");
    let alone = Project::with_roster(ACME);
    run(&alone, "validate --base main").exits(1).complains("is in no git repository");
    alone.run("validate --base main").exits(1).complains("git could not be started");
}

#[test]
fn shallow_and_bare_clones_serve_as_well() {
    let project = repository(ACME);
    let first = git(&project, "rev-parse HEAD");
    project.edit(ROSTER, "name: Ada Peeters", "name: Ada Janssens");
    commit(&project, "second");
    let from = format!("file://{}", project.path("").display());
    git(&project, &format!("clone --quiet --depth=1 {from} shallow"));
    let shallow = |arguments: &str| run(&project, arguments).below("shallow");
    shallow("validate --base HEAD").exits(0);
    shallow(&format!("validate --base {first}")).exits(1).complains("in this shallow clone").complains("git fetch");
    shallow("validate --base HEAD~1").exits(1).complains("git fetch --deepen");
    // What the message says is what helps.
    git_in(&project, "shallow", "fetch --quiet --deepen=50");
    shallow("validate --base HEAD~1").exits(0);
    // Of a bare clone the folder itself stands for the root.
    git(&project, &format!("clone --quiet --bare {from} bare.git"));
    std::fs::create_dir_all(project.path("bare.git/rosters")).unwrap();
    let changed = replaced(ACME, "email: dana@acme.example", "email: dana.acme.example");
    project.write("bare.git/rosters/acme.yaml", changed);
    let ran = run(&project, "validate --base main --format json").below("bare.git").exits(1);
    assert_eq!(ran.finding("roster/invalid-email").subject.as_deref(), Some("dana"));
}

#[test]
fn a_base_that_is_broken_is_said_and_stops_nothing() {
    let project = repository("version: 1\norganisation: [\n");
    project.write(ROSTER, ACME);
    run(&project, "validate --base main").exits(0);
    let ran = run(&project, "plan --base main --format json").exits(0);
    let finding = ran.finding("plan/base-unreadable");
    assert!(finding.message.contains("main:rosters/acme.yaml:"), "{finding:?}");
    // A revision without any roster is one on which nobody was.
    let project = Project::empty().with("README.md", "nothing yet");
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project.write(ROSTER, ACME);
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert!(origins(&ran).iter().all(|line| line.ends_with(" branch")), "{ran}");
}

#[test]
fn a_branch_that_lacks_what_is_on_the_base_is_told_so() {
    let project = repository(ACME);
    git(&project, "checkout --quiet -b topic");
    git(&project, "checkout --quiet main");
    project.edit(ROSTER, "name: Ada Peeters", "name: Ada Janssens");
    commit(&project, "second");
    git(&project, "checkout --quiet topic");
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert!(ran.finding("plan/behind-base").help.contains("merge main"), "{ran}");
    git(&project, "merge --quiet main");
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert!(!ran.stdout.contains("plan/behind-base"), "{ran}");
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_submodules_are_named() {
    let project = Project::empty().with("shared/acme.yaml", ACME);
    std::os::unix::fs::symlink("shared", project.path("rosters")).unwrap();
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project.edit("shared/acme.yaml", "email: dana@acme.example", "email: dana.acme.example");
    let ran = run(&project, "validate --base main --format json").exits(1);
    assert_eq!(ran.json()["base"]["remaining"], 0, "{ran}");
    // A repository within the repository.
    let other = repository(&replaced(ACME, "organisation: acme", "organisation: other"));
    let from = other.path("");
    let project = repository(ACME);
    git(&project, &format!("-c protocol.file.allow=always submodule --quiet add {} rosters/other", from.display()));
    commit(&project, "second");
    let ran = run(&project, "plan --base main --format json").exits(0);
    let finding = ran.finding("plan/base-unreadable");
    assert!(finding.message.contains("`rosters/other` is a submodule"), "{finding:?}");
}

#[test]
fn nothing_is_written_to_the_repository() {
    let project = repository(ACME);
    let before = git(&project, "count-objects -v");
    let index = std::fs::read(project.path(".git/index")).unwrap();
    run(&project, "plan --base main").exits(0);
    run(&project, "validate --base HEAD").exits(0);
    assert_eq!(git(&project, "count-objects -v"), before);
    assert_eq!(std::fs::read(project.path(".git/index")).unwrap(), index);
}
