//! The loop with files alone: export, plan, do it, export again, nothing left.

use crate::common::{ACME, Project, words};
use crate::scene::{ACME_CSV, export_with, project, with_keys};

#[test]
fn an_export_that_agrees_is_no_difference_and_no_step() {
    let project = project(ACME_CSV);
    let plan = project.run("plan --format json --detailed-exitcode").exits(0).json();
    assert_eq!(words(&plan["steps"]), [] as [String; 0]);
    assert_eq!(plan["summary"]["unchanged"], 4);
    assert_eq!(plan["complete"], true);
    assert_eq!(plan["target"]["kind"], "snapshot");
    project.run("drift").exits(0);
}

#[test]
fn what_differs_is_planned_and_gone_once_the_export_has_it() {
    let now = export_with("Technical Contact;", "Technical Contact, Watchlist Contact;");
    let project = project(&now);
    let plan = project.run("plan --format json --detailed-exitcode").exits(2).json();
    assert_eq!(words(&plan["steps"]), ["update user ada"]);
    let change = &plan["steps"][0]["changes"];
    assert_eq!(change.as_array().map(Vec::len), Some(1), "adoption writes no id where none is kept: {change}");
    assert_eq!(change[0]["field"], "roles");
    project.run("drift").exits(2).says("ada, roles").says("so on the portal since");
    project.write("live/acme.csv", ACME_CSV);
    project.run("drift").exits(0);
}

#[test]
fn newcomers_get_everything_and_strangers_are_left_alone() {
    let without = export_with("Dana Kowalska;dana@acme.example;;Contact;Data Protection Officer (DPO);;;;;\n", "");
    let project = project(without + "Udo Alt;udo@acme.example;+32 1;Contact;Watchlist Contact;;;;;\n");
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(words(&plan["steps"]), ["create contact dana"]);
    assert_eq!(plan["summary"]["unmanaged"], 1);
    let pruned = project.run("plan --prune --format json").exits(0).json();
    assert_eq!(words(&pruned["steps"]), ["create contact dana", "delete contact udo@acme.example"]);
}

#[test]
fn what_cannot_be_written_becomes_a_run_book() {
    let project = project(export_with("Technical Contact;", ";"));
    let before = project.read("live/acme.csv");
    let ran = project.run("apply --yes").exits(0);
    ran.says("run-book for").complains("cannot be written by rosterctl");
    assert_eq!(project.read("live/acme.csv"), before, "the export is as it was");
    project.run("apply").exits(1).complains("there is no terminal to ask on");
}

#[test]
fn export_gives_a_roster_that_is_a_snapshot_as_well() {
    let keys = "organisation: acme\n    platform: arxus";
    let project = with_keys(ACME_CSV, keys);
    let roster = project.run("export").exits(0).stdout;
    assert!(roster.contains("ada@acme.example") && roster.contains("roles: [technical]"), "{roster}");
    let again = Project::with_roster(
        &roster.replace("organisation: acme\n", "organisation: acme\nprofile: { serviceAgreement: signed }\n"),
    );
    again.run("validate").exits(0);
    // The tool's own form, in YAML and in JSON, is read as it is.
    let workspace = "version: 1\ntargets:\n  kept: { kind: snapshot, path: live/acme.yaml }\n  other: { kind: snapshot, path: live/acme.json }\ndefaultTarget: kept\n";
    let kept = Project::with_roster(ACME).with_workspace(workspace).with("live/acme.yaml", ACME);
    kept.run("plan --detailed-exitcode").exits(0).says("no changes");
    let json = kept.run("export --format json").ends();
    assert_ne!(json.code, Some(0), "no platform is known: {json}");
    let json = project.run("export --format json").exits(0).stdout;
    kept.write("live/acme.json", json);
    let plan = kept.run("plan --target other --format json").exits(0).json();
    // Its ids were made of addresses: they are taken for ids of rosters, and are the same here.
    assert_eq!(words(&plan["steps"]), [] as [String; 0], "{plan}");
}

#[test]
fn who_left_the_roster_is_a_removal_where_the_base_named_them() {
    let project = project(ACME_CSV.to_owned() + "Udo Alt;udo@acme.example;;Contact;Watchlist Contact;;;;;\n");
    let udo = "  udo:\n    name: Udo Alt\n    email: udo@acme.example\n    roles: [watchlist]\npermissionGroups:";
    project.edit("rosters/acme.yaml", "permissionGroups:", udo);
    let Ok(path) = std::env::var("PATH") else { return };
    let git = |arguments: &[&str]| {
        let status =
            std::process::Command::new("git").arg("-C").arg(project.path("")).args(arguments).output().expect("git");
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["-c", "user.name=t", "-c", "user.email=t@t.example", "commit", "-q", "-m", "one"]);
    project.write("rosters/acme.yaml", ACME);
    let plan = |command: &str| project.run(command).env("PATH", &path).exits(0).json();
    assert_eq!(words(&plan("plan --format json")["steps"]), [] as [String; 0]);
    assert_eq!(words(&plan("plan --base HEAD --format json")["steps"]), ["delete contact udo"]);
    // Another address in the roster is the same person, where the base had the address of the export.
    project.edit("rosters/acme.yaml", "grace@acme.example", "g.lindqvist@acme.example");
    let steps = plan("plan --base HEAD --format json");
    assert_eq!(words(&steps["steps"]), ["update contact grace", "delete contact udo"]);
}

#[test]
fn an_id_column_makes_people_managed() {
    let keyed: String = ACME_CSV
        .lines()
        .map(|line| match line.split(';').nth(1) {
            Some("E-Mail") => format!("{line};Key\n"),
            Some(mail) => format!("{line};{}\n", mail.split('@').next().expect("a name")),
            None => unreachable!("every line has cells"),
        })
        .collect();
    let keyed = keyed + "Udo Alt;udo@acme.example;;Contact;Watchlist Contact;;;;;;udo\n";
    let columns = "columns: { id: Key, name: Name, email: E-Mail, phone: Phone, kind: Type, roles: Contact roles, groups: Permission groups }";
    let plan = with_keys(keyed, columns).run("plan --format json").exits(0).json();
    assert_eq!(words(&plan["steps"]), ["delete contact udo"]);
}
