//! `--report FORMAT=FILE`: what fits, what is refused, and that a file is whole or not there.

use crate::common::{ACME, Project, replaced};
use crate::scene::{ALL, validate};

fn sandboxed() -> Project {
    let workspace = "version: 1\nrosters: [rosters]\ntargets:\n  sandbox: { kind: embedded, path: sandbox.db }\n";
    Project::with_roster(ACME).with_workspace(workspace)
}

/// The files of a project that nobody asked for.
fn left_over(project: &Project) -> Vec<String> {
    let names =
        std::fs::read_dir(project.path("")).unwrap().map(|one| one.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".tmp")).collect()
}

#[test]
fn reports_are_what_the_format_would_print() {
    let project = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    let human = project.run("validate").exits(1);
    let ran = validate(&project, "", 1);
    assert_eq!(ran.stdout, human.stdout, "the output is the same with reports");
    for (format, file) in ALL {
        let printed = project.run(&format!("validate --format {format}")).exits(1).stdout;
        assert_eq!(project.read(file), printed, "{format}");
        assert!(printed.ends_with('\n'), "{format}");
    }
    assert_eq!(left_over(&project), [""; 0]);
}

#[test]
fn reports_have_no_colours_and_json_goes_with_any_of_them() {
    let project = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    let ran = project.run("validate --color always --format json --report text=r.txt --report github=r.log").exits(1);
    ran.json();
    assert!(!project.read("r.txt").contains('\u{1b}'));
    assert!(project.read("r.log").contains("::error "));
}

#[test]
fn a_run_that_fails_leaves_no_report_of_an_earlier_one() {
    let project = sandboxed();
    for command in ["plan", "drift", "runbook make"] {
        let again =
            |extra: &str| project.run(&format!("{command} {extra} --report markdown=r.md --report json=r.json"));
        again("").ends();
        assert!(project.path("r.md").exists() && project.path("r.json").exists(), "{command}");
        // A bad command line tells nothing about the files.
        again("--report text=r.md").exits(64);
        assert!(project.path("r.md").exists() && project.path("r.json").exists(), "{command}");
        project.write("kept.txt", "mine");
        std::fs::remove_file(project.path("r.json")).unwrap();
        std::os::unix::fs::symlink(project.path("kept.txt"), project.path("r.json")).unwrap();
        project.edit("rosterctl.yaml", "path: sandbox.db", "path: rosters");
        again("").exits(1);
        assert!(!project.path("r.md").exists(), "{command}");
        assert_eq!(project.read("kept.txt"), "mine", "a link is no report");
        std::fs::remove_file(project.path("r.json")).unwrap();
        project.edit("rosterctl.yaml", "path: rosters", "path: sandbox.db");
    }
    // What the run reads is no report, however it is named.
    let before = project.read("rosters/acme.yaml");
    project.run("plan --target nowhere --report text=rosters/acme.yaml").ends();
    assert_eq!(project.read("rosters/acme.yaml"), before);
}

#[test]
fn plan_and_drift_write_reports_too() {
    let project = sandboxed();
    let ran = project
        .run("plan --detailed-exitcode --report json=plan-report.json --report text=plan.txt --out plan.json")
        .exits(2);
    assert_eq!(project.read("plan.txt"), ran.stdout);
    assert_eq!(project.read("plan-report.json"), project.read("plan.json"));
    let ran = project.run("drift --report json=drift.json --report text=drift.txt").exits(2);
    assert_eq!(project.read("drift.txt"), ran.stdout);
    assert_eq!(project.read("drift.json"), project.run("drift --format json").exits(2).stdout);
    project.write("rosters/acme.yaml", replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    project.run("plan --report text=refused.txt").exits(1);
    assert!(project.read("refused.txt").contains("nothing was planned"));
}

#[test]
fn a_format_that_does_not_fit_is_wrong_usage_and_says_what_fits() {
    let project = sandboxed();
    let six = "the formats are: text, json, sarif, github, junit, gitlab";
    project.run("validate --report sarfi=x").exits(64).complains("no format `sarfi` fits").complains(six);
    for command in ["plan", "drift"] {
        let ran = project.run(&format!("{command} --report sarif=x")).exits(64);
        ran.complains("no format `sarif` fits").complains("the formats are: text, json");
        project.run(&format!("{command} --format sarif")).exits(64).complains("the formats are: text, json");
    }
    for command in ["apply --yes", "who holds dpo", "export", "fmt", "explain", "init --platform arxus new", "schema"] {
        let ran = project.run(&format!("{command} --format junit")).exits(64);
        ran.complains("`junit` does not fit this command").complains("the formats are: text, json");
    }
    assert!(!project.has("x") && !project.has("new"));
    project
        .run("validate --format yaml")
        .exits(64)
        .complains("[possible values: text, json, sarif, github, junit, gitlab");
}

#[test]
fn what_is_no_report_is_wrong_usage() {
    let project = sandboxed();
    for wrong in ["sarif", "=x", "sarif=", ""] {
        project.run("validate --report").arg(wrong).exits(64).complains("sarif=report.sarif");
    }
    project.run("validate --report json=-").exits(64).complains("--format json");
    project.run("validate --report json=a --report text=./a").exits(64).complains("is named for two results");
    project.run("validate --report json=a --report text=rosters/../a").exits(64).complains("is named for two results");
    project.run("plan --out a --report text=a").exits(64).complains("is named for two results");
    assert!(!project.has("a"));
}

#[test]
fn no_report_is_written_over_what_is_read() {
    let project = sandboxed();
    for file in ["rosters/acme.yaml", "./rosters/acme.yaml", "rosterctl.yaml"] {
        for command in ["validate", "plan", "drift"] {
            let ran = project.run(&format!("{command} --report json={file}")).exits(64);
            ran.complains("is a file that this run reads");
        }
    }
    assert_eq!(project.read("rosters/acme.yaml"), ACME);
}

#[cfg(unix)]
#[test]
fn nor_by_way_of_a_link_and_links_stay_links() {
    let project = sandboxed();
    std::os::unix::fs::symlink("rosters/acme.yaml", project.path("link.yaml")).unwrap();
    project.run("validate --report json=link.yaml").exits(64).complains("is a file that this run reads");
    project.write("real.json", "old");
    std::os::unix::fs::symlink("real.json", project.path("other")).unwrap();
    project.run("validate --report json=other --report text=real.json").exits(64).complains("named for two results");
    project.run("validate --report json=other").exits(0);
    assert!(project.path("other").is_symlink());
    assert!(project.read("real.json").contains("\"summary\""));
}

#[test]
#[cfg(unix)]
fn links_to_one_file_that_is_not_there_yet_are_one_file() {
    let project = sandboxed();
    std::os::unix::fs::symlink("out/real", project.path("one")).unwrap();
    std::os::unix::fs::symlink("two-more", project.path("two")).unwrap();
    std::os::unix::fs::symlink("out/real", project.path("two-more")).unwrap();
    std::fs::create_dir(project.path("out")).unwrap();
    for (first, second) in [("one", "two"), ("one", "out/real"), ("out/real", "two")] {
        let ran = project.run(&format!("validate --report sarif={first} --report json={second}"));
        ran.exits(64).complains(&format!("`{second}` is named for two results"));
    }
    assert!(!project.has("out/real"));
    project.run("validate --report json=two").exits(0);
    assert!(project.has("out/real") && project.path("two").is_symlink(), "links stay links");
}

#[test]
fn a_report_that_cannot_be_written_fails_the_run_after_its_output() {
    let project = sandboxed();
    let ran = project.run("validate --report json=no/such/r.json --report text=r.txt").exits(1);
    ran.says("no findings").complains("the report `no/such/r.json` could not be written").complains("mkdir -p no/such");
    assert!(project.read("r.txt").contains("no findings"), "the others are written");
    assert!(!project.has("no"));
    project.run("plan --report json=rosters").exits(1).complains("could not be written").says("to create");
    // Drift would be 2: that a report is missing says more.
    project.run("drift --report json=no/r.json").exits(1).complains("mkdir -p no").says("not applied");
    assert_eq!(left_over(&project), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_report_that_was_there() {
    let project = sandboxed();
    project.run("validate --report json=/dev/full").exits(1).complains("No space left");
    let ran = project.run("validate --report json=/dev/stdout -q").exits(0);
    assert!(ran.stdout.contains("\"summary\""), "{ran}");
    // A limit on the size of files is what a full disk is: the text gets that far and no further.
    project.write("rosters/acme.yaml", replaced(ACME, "roles: [dpo]", &format!("roles: [{}]", "boss, ".repeat(2_000))));
    project.write("r.sarif", "the last good one");
    let program = env!("CARGO_BIN_EXE_rosterctl");
    let script = format!("trap '' XFSZ; ulimit -f 64; exec {program} validate -q --report sarif=r.sarif");
    let output =
        std::process::Command::new("bash").arg("-c").arg(script).current_dir(project.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the report `r.sarif` could not be written"), "{said}");
    assert_eq!(project.read("r.sarif"), "the last good one");
    assert_eq!(left_over(&project), [""; 0]);
}
