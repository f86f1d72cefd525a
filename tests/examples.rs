//! The examples: four are clean and can be applied, two are read from files, one is broken on purpose and shows what that
//! looks like.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Project, assert_file, repository};

/// The day on which the examples are read.
const DAY: &str = "2026-06-01";

/// Examples without a finding.
const CLEAN: &[&str] = &["small", "large", "reseller", "grx"];

/// Examples of portals that are read from a file, which cannot be applied to.
const SNAPSHOTS: &[&str] = &["snapshot"];

/// Examples with findings, which are the point of them.
const BROKEN: &[&str] = &["broken"];

#[test]
fn every_example_is_tested() {
    let there: BTreeSet<String> = fs::read_dir(repository("examples"))
        .expect("examples")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // Workflows, not rosters: tests/glue.rs has them. And a portal of its own: tests/rest has that.
        .filter(|name| name != "ci" && name != "rest")
        .collect();
    let known: BTreeSet<String> = CLEAN.iter().chain(BROKEN).chain(SNAPSHOTS).map(|name| (*name).to_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn clean_examples_have_no_findings_and_are_canonical() {
    for example in CLEAN {
        let project = Project::copy_of(&format!("examples/{example}"));
        let ran = project.run(&format!("validate --deny warning --format json --as-of {DAY}")).exits(0);
        assert_eq!(ran.findings(), [], "examples/{example}");
        project.run("fmt --check").exits(0);
    }
}

#[test]
fn clean_examples_apply_once_and_then_there_is_nothing_to_do() {
    for example in CLEAN {
        let project = Project::copy_of(&format!("examples/{example}"));
        let with = |command: &str| project.run(&format!("{command} --as-of {DAY}"));
        let plan = with("plan --format json").exits(0).json();
        let create = plan["summary"]["create"].as_u64().expect("a number");
        assert!(create > 0 && plan["complete"] == true, "examples/{example}");
        assert_eq!(plan["blocked"], serde_json::json!([]), "examples/{example}");
        with("plan --detailed-exitcode").exits(2);
        with("drift").exits(2);
        with("apply --yes").exits(0).says(&format!("{create} steps done"));
        let again = with("plan --format json --detailed-exitcode").exits(0).json();
        assert_eq!(
            (&again["steps"], &again["summary"]["unchanged"]),
            (&serde_json::json!([]), &create.into()),
            "{example}"
        );
        // On grx everybody is invited, and has yet to accept.
        let waiting = if *example == "grx" { create } else { 0 };
        assert_eq!(again["summary"]["waiting"], waiting, "{example}");
        with("apply --yes").exits(0).never_says("steps done");
        with("drift").exits(0);
    }
}

#[test]
fn examples_of_snapshots_are_clean_and_planned() {
    let steps = [
        ("arxus", vec!["create contact nora", "update user jorg"]),
        ("grx", vec!["update user olga", "create user tom"]),
    ];
    for (customer, steps) in steps {
        let project = Project::copy_of(&format!("examples/snapshot/{customer}"));
        let ran = project.run(&format!("validate --deny warning --format json --as-of {DAY}")).exits(0);
        assert_eq!(ran.findings(), [], "{customer}");
        project.run("fmt --check").exits(0);
        let plan = project.run(&format!("plan --format json --as-of {DAY}")).exits(0).json();
        assert_eq!(common::words(&plan["steps"]), steps, "{customer}");
        assert_eq!((&plan["complete"], &plan["blocked"]), (&true.into(), &serde_json::json!([])), "{customer}");
        project.run(&format!("drift --as-of {DAY}")).exits(2);
        project.run("drift --as-of 2026-12-01").exits(2).says("snapshot/too-old");
        let roster = project.run("export").exits(0).stdout;
        assert!(roster.contains("users:"), "{roster}");
    }
}

#[test]
fn the_example_of_grx_holds_what_is_special_there() {
    let project = Project::copy_of("examples/grx");
    let who = |question: &str| project.run(&format!("who {question} --as-of {DAY}")).exits(0);
    who("notified authorize-report")
        .says("falls back to account-administrator")
        .says("disputed: holds customer-portfolio-manager");
    who("notified new-assessment").says("contacted first");
    who("notified breach-alert").says("notified whoever else is");
    who("can answer-assessment").says("within controlGroups identity-and-access, logging-and-monitoring only");
    who("can request-report").says("meridian-hosting: nobody");
}

#[test]
fn the_broken_example_shows_every_mistake_at_once() {
    let project = Project::copy_of("examples/broken");
    let ran = project.run(&format!("validate --as-of {DAY}")).env("COLUMNS", "100").exits(1).without_complaint();
    assert_file("tests/golden/broken.txt", &ran.stdout);
    let found = project.run(&format!("validate --format json --as-of {DAY}")).exits(1).findings();
    let rules: BTreeSet<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
    for rule in [
        "roster/unknown-group",
        "roster/unknown-role",
        "arxus/commercial-count",
        "arxus/commercial-signing",
        "arxus/dl-only-watchlist",
        "roster/unknown-key",
        "roster/expectation",
    ] {
        assert!(rules.contains(rule), "{rule} is not among {rules:?}");
    }
    project.run("plan").exits(1).says("nothing was planned");
    project.run("apply --yes").exits(1);
    assert!(!project.has(".rosterctl/sandbox.db"), "nothing is written for rosters with errors");
}
