//! `rosterctl` alone: what to do next in a folder, from its files only.

mod common;

use common::{ACME, Project, replaced};

/// The lines that are offered, in their order.
#[track_caller]
fn next(project: &Project, arguments: &str, code: i32) -> Vec<String> {
    let text = project.run(arguments).exits(code).without_complaint();
    let json = project.run(&format!("{arguments} --format json")).exits(code).json();
    let lines: Vec<String> = json["next"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["command"].as_str().expect("a line").to_owned())
        .collect();
    for line in &lines {
        assert!(text.stdout.contains(line.as_str()), "{line}\n{text}");
    }
    assert!(text.stdout.ends_with("all commands: rosterctl --help\n"), "{text}");
    lines
}

#[test]
fn an_empty_folder_gets_a_first_roster_and_then_one_step_after_the_other() {
    let project = Project::empty();
    let lines = next(&project, "", 0);
    assert_eq!(lines, ["rosterctl init --platform arxus", "rosterctl init --platform grx"]);
    for (done, expected) in [
        (lines[0].as_str(), ["rosterctl plan", "rosterctl apply"]),
        ("rosterctl apply --yes", ["rosterctl plan", "rosterctl drift"]),
    ] {
        project.run(done.trim_start_matches("rosterctl ")).exits(0);
        assert_eq!(next(&project, "", 0), expected, "after {done}");
    }
}

#[test]
fn what_is_wrong_comes_first() {
    let project = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    assert_eq!(next(&project, "", 1), ["rosterctl validate"]);
    project.run("").exits(1).says("1 organisation, 3 people: 1 error");
    let project = Project::with_roster(ACME).with_workspace("version: 1\nrooosters: []\n");
    assert_eq!(next(&project, "", 1), ["rosterctl validate"]);
    project.run("--workspace nowhere.yaml").exits(64);
}

#[test]
fn portals_on_the_network_are_looked_up_in_files_only() {
    let workspace = "version: 1\nrosters: [rosters]\ntargets:\n  production: { kind: scim, url: \"https://portal.invalid/scim/v2\", \
                     auth: { bearer: { env: PORTAL_TOKEN } } }\n";
    let project = Project::with_roster(ACME).with_workspace(workspace);
    let lines = next(&project, "", 0);
    assert_eq!(lines, ["export PORTAL_TOKEN=…", "rosterctl target probe", "rosterctl target probe --write"]);
    let told = project.run("").env("PORTAL_TOKEN", "secret").exits(0).says("production, over SCIM");
    assert!(!told.stdout.contains("export") && !told.stdout.contains("secret"), "{told}");
    project.run("plan").env("PORTAL_TOKEN", "secret").exits(1); // no such host
}

#[test]
fn several_targets_have_to_be_named() {
    let targets = "targets:\n  one: { kind: embedded, path: 1.db }\n  two: { kind: embedded, path: 2.db }\n";
    let project = Project::with_roster(ACME).with_workspace(&format!("version: 1\n{targets}"));
    assert_eq!(next(&project, "", 0), ["rosterctl plan --target one", "rosterctl plan --target two"]);
    assert_eq!(next(&project, "--target two", 0), ["rosterctl plan --target two", "rosterctl apply --target two"]);
}

#[test]
fn nothing_is_written() {
    let project = Project::with_roster(ACME);
    project.run("").exits(0);
    assert!(!project.has(".rosterctl"));
}

#[test]
fn who_has_an_export_and_no_roster_is_led_to_the_first_one() {
    let workspace = "version: 1\nrosters: [rosters]\ntargets:\n  portal: { kind: snapshot, path: people.csv, platform: grx, organisation: acme }\n";
    let project = Project::empty()
        .with("rosterctl.yaml", workspace)
        .with("people.csv", "Name,Email,Roles\nAda,ada@acme.example,Account Administrator\n");
    let lines = next(&project, "", 1);
    assert_eq!(lines, ["rosterctl target probe", "rosterctl export > rosters/NAME.yaml"]);
    let roster = project.run("export").exits(0).stdout;
    project.write("rosters/acme.yaml", roster);
    project.run("drift").exits(0);
}
