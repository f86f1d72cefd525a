//! What each format tells beyond places: rules with help, second places, fingerprints, how the run ends, what was checked.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::common::{ACME, Project, replaced};
use crate::scene::{of_gitlab, of_junit};

/// Findings of SARIF by their fingerprints.
#[track_caller]
fn fingerprints(roster: &str) -> BTreeMap<String, (String, u64)> {
    let log = Project::with_roster(roster).run("validate --format sarif").exits(1).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found: BTreeMap<_, _> = results
        .iter()
        .map(|result| {
            let print = result["partialFingerprints"]["rosterctlFinding/v1"].as_str().unwrap().to_owned();
            let rule = result["ruleId"].as_str().unwrap().to_owned();
            let line = result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap_or(0);
            (print, (rule, line))
        })
        .collect();
    assert_eq!(found.len(), results.len(), "each finding has its own");
    found
}

/// Two people with the same mistake, and one with it twice.
fn mistaken() -> String {
    let roster = replaced(ACME, "roles: [dpo]", "roles: [dop, boss]");
    replaced(&roster, "roles: [commercial]", "roles: [dop]")
}

#[test]
fn fingerprints_stay_while_lines_move() {
    let before = fingerprints(&mistaken());
    let moved = format!("# A remark.\n\n# Another.\n{}", mistaken().replace("    email:", "\n    email:"));
    let after = fingerprints(&moved);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (print, (rule, line)) in &before {
        let (same, other) = &after[print];
        assert_eq!(rule, same);
        assert!(*line == 0 || other > line, "{rule} moved");
    }
    let spelt = fingerprints(&mistaken().replace("boss", "chef"));
    assert_eq!(before.keys().collect::<Vec<_>>(), spelt.keys().collect::<Vec<_>>(), "words are no part of it");
}

#[test]
fn fingerprints_differ_between_findings() {
    let before = fingerprints(&mistaken());
    let fewer = fingerprints(&mistaken().replace(", boss", ""));
    let gone: Vec<_> =
        before.iter().filter(|(print, _)| !fewer.contains_key(*print)).map(|(_, (rule, _))| rule.as_str()).collect();
    assert_eq!(gone, ["roster/unknown-role"], "the others are the same as before");
    let other = fingerprints(&mistaken().replace("organisation: acme", "organisation: other"));
    assert!(before.keys().all(|print| !other.contains_key(print)), "another organisation");
    let same = "version: 1\norganisation: acme\nusers:\n  x: { name: X, email: x@acme.example, roles: [boss] }\n";
    let twice = fingerprints(&format!("{ACME}---\n{same}---\n{}", same.replace("x@", "y@")));
    let alike: Vec<_> = twice.iter().filter(|(_, (rule, _))| rule == "roster/unknown-role").collect();
    assert_eq!(alike.len(), 2, "equal in all but their number");
    assert_eq!(alike[0].0.split(':').next(), alike[1].0.split(':').next());
}

#[test]
fn files_without_an_organisation_have_fingerprints_of_their_own() {
    let project = Project::empty().with("rosters/a.yaml", "[").with("rosters/b.yaml", "[");
    let both = of_prints(&project);
    project.write("rosters/a.yaml", ACME);
    let one = of_prints(&project);
    assert_eq!((both.len(), one.len()), (2, 1));
    assert!(both.contains(&one[0]), "mending one file changes nothing about the other");
}

fn of_prints(project: &Project) -> Vec<String> {
    let issues: Json = serde_json::from_str(&project.run("validate --format gitlab").exits(1).stdout).unwrap();
    issues.as_array().unwrap().iter().map(|one| one["fingerprint"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn sarif_tells_second_places_with_messages() {
    let roster = replaced(ACME, "roles: [dpo]", "roles: [dpo, commercial]\n    attributes: { signingAuthority: true }");
    let project = Project::with_roster(&roster);
    let sarif = project.run("validate --format sarif").exits(1).json();
    let json = project.run("validate --format json").exits(1).json();
    let expected: Vec<&Json> = json["diagnostics"].as_array().unwrap().iter().collect();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let mut second = 0;
    for (finding, result) in expected.iter().zip(results) {
        let related = finding["related"].as_array().unwrap();
        let told = result["relatedLocations"].as_array().cloned().unwrap_or_default();
        assert_eq!(told.len(), related.len());
        for (number, (related, told)) in related.iter().zip(&told).enumerate() {
            second += 1;
            assert_eq!(told["message"]["text"], related["message"]);
            assert_eq!(told["id"], number + 1);
            let (place, region) = (&related["location"], &told["physicalLocation"]["region"]);
            assert_eq!(told["physicalLocation"]["artifactLocation"]["uri"], place["path"]);
            let found = ["startLine", "startColumn", "endLine", "endColumn"].map(|key| &region[key]);
            assert_eq!(found, ["line", "column", "endLine", "endColumn"].map(|key| &place[key]));
        }
    }
    assert!(second > 0, "{json:#}");
}

#[test]
fn sarif_has_the_rules_that_were_checked_with_help() {
    let ran = Project::with_roster(ACME).run("validate --format sarif").exits(0);
    let log = ran.json();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = |id: &str| rules.iter().find(|rule| rule["id"] == id).unwrap_or_else(|| panic!("no rule {id}"));
    let signing = rule("arxus/commercial-signing");
    assert_eq!(signing["shortDescription"]["text"], "A commercial contact has signing authority.");
    assert_eq!(signing["defaultConfiguration"]["level"], "error");
    let markdown = signing["help"]["markdown"].as_str().unwrap();
    assert!(markdown.contains("Breaks it:\n\n```yaml\n") && markdown.contains("\n> "), "{markdown}");
    assert!(signing["help"]["text"].as_str().unwrap().len() > 100);
    assert_eq!(rule("roster/waiver-unused")["defaultConfiguration"]["level"], "warning");
    assert!(rules.iter().all(|rule| rule.get("helpUri").is_none()), "there is no page to lead to");
    assert!(!rules.iter().any(|rule| rule["id"].as_str().unwrap().starts_with("grx/")), "no roster is on grx");
    assert_eq!(log["runs"][0]["results"], json!([]), "an empty list says that all is well; none would not");
    assert_eq!(log["runs"][0]["invocations"][0]["exitCode"], 0);
}

#[test]
fn a_rule_that_is_off_is_not_listed() {
    let project =
        Project::with_roster(ACME).with_workspace("version: 1\nrules: { levels: { arxus/dpo-missing: off } }\n");
    let log = project.run("validate --format sarif").exits(0).json();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "arxus/dpo-conflict" || rule["id"] == "arxus/dpo-seniority"));
    assert!(!rules.iter().any(|rule| rule["id"] == "arxus/dpo-missing"));
    let suites = of_junit(&project.run("validate --format junit").exits(0).stdout);
    assert!(!suites[0].cases.iter().any(|(name, ..)| name == "arxus/dpo-missing"));
}

#[test]
fn sarif_and_json_agree_on_how_the_run_ends() {
    let warned = format!("{ACME}waivers:\n  - {{ rule: arxus/dpo-missing, subject: acme, reason: Why. }}\n");
    let project = Project::with_roster(&warned);
    for (deny, code) in [("error", 0), ("warning", 1)] {
        let log = project.run(&format!("validate --format sarif --deny {deny}")).exits(code).json();
        let run = &log["runs"][0];
        assert_eq!(run["invocations"][0]["exitCode"], code);
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        assert_eq!(run["results"][0]["level"], "warning");
    }
}

#[test]
fn what_does_not_fail_the_run_is_no_failed_test() {
    let warned = format!("{ACME}waivers:\n  - {{ rule: arxus/dpo-missing, subject: acme, reason: Why. }}\n");
    let project = Project::with_roster(&warned);
    let suites = of_junit(&project.run("validate --format junit").exits(0).stdout);
    let (end, text) = suites[0].case("roster/waiver-unused");
    assert_eq!(end, "passed");
    assert!(text.contains("warning[roster/waiver-unused] rosters/acme.yaml:"), "{text}");
    let suites = of_junit(&project.run("validate --format junit --deny warning").exits(1).stdout);
    assert_eq!(suites[0].case("roster/waiver-unused").0, "failed");
}

#[test]
fn junit_says_what_was_not_checked() {
    let sound = of_junit(&Project::with_roster(ACME).run("validate --format junit").exits(0).stdout);
    assert_eq!(sound.len(), 1);
    assert_eq!(sound[0].name, "acme");
    assert!(sound[0].cases.iter().all(|(_, end, _)| *end == "passed"));
    assert_eq!(sound[0].case("arxus/dpo-missing").0, "passed");
    assert!(!sound[0].cases.iter().any(|(name, ..)| name == "arxus/siec-missing"), "the service is not bought");

    let doubtful = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    let suites = of_junit(&doubtful.run("validate --format junit").exits(1).stdout);
    assert_eq!(suites[0].case("roster/unknown-role").0, "failed");
    assert_eq!(suites[0].case("arxus/dpo-missing").0, "skipped", "who `dop` is meant to be is not known");

    let homeless = Project::with_roster(ACME).with("rosters/broken.yaml", "[");
    let suites = of_junit(&homeless.run("validate --format junit").exits(1).stdout);
    let names: Vec<_> = suites.iter().map(|suite| suite.name.as_str()).collect();
    assert_eq!(names, ["acme", "rosters/broken.yaml"]);
    assert_eq!(suites[0].case("roster/syntax").0, "skipped", "the file may be one of acme's");
    assert_eq!(suites[1].case("roster/syntax").0, "failed");
}

#[test]
fn findings_without_a_place_are_told_too() {
    let project = Project::with_roster(ACME);
    let run = |format: &str| project.run(&format!("validate rosters nowhere.yaml --format {format}")).exits(1).stdout;
    let sarif: Json = serde_json::from_str(&run("sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], ".", "GitHub takes no result without a place");
    assert_eq!(place["region"]["startLine"], 1);
    assert!(result["message"]["text"].as_str().unwrap().contains("nowhere.yaml"));
    let [issue] = of_gitlab(&run("gitlab")).try_into().unwrap();
    assert_eq!((issue.path.as_str(), issue.begin), (".", (1, 1)), "GitLab takes no issue without a path");
    assert!(run("github").contains("::error title=roster/syntax::there is no file or folder `nowhere.yaml`"));
    let suites = of_junit(&run("junit"));
    let suite = suites.iter().find(|suite| suite.name == "rosters").expect("a suite for what has no file");
    assert!(suite.case("roster/syntax").1.contains("error[roster/syntax]: there is no file"), "{suite:?}");
}

#[test]
fn a_run_that_fails_says_so_to_github() {
    let ran = Project::empty().run("validate --format github").exits(64);
    assert!(ran.stdout.starts_with("::error title=rosterctl::no rosters are named"), "{ran}");
    assert!(ran.stdout.contains("%0Ahelp: "), "{ran}");
    // No findings would mean that all is well.
    for format in ["sarif", "junit", "gitlab"] {
        let ran = Project::empty().run(&format!("validate --format {format}")).exits(64);
        assert_eq!(ran.stdout, "", "{ran}");
    }
}

#[test]
fn gitlab_gets_the_shape_that_it_documents() {
    let project = Project::with_roster(&mistaken());
    let issues: Json = serde_json::from_str(&project.run("validate --format gitlab").exits(1).stdout).unwrap();
    let issues = issues.as_array().unwrap();
    assert!(issues.len() >= 3);
    for issue in issues {
        let keys: Vec<&str> = issue.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["check_name", "description", "fingerprint", "location", "severity"]);
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&issue["severity"].as_str().unwrap()));
        assert!(!issue["location"]["path"].as_str().unwrap().starts_with("./"));
        assert!(issue["location"]["positions"]["begin"]["line"].as_u64().unwrap() > 0);
    }
    let clean = Project::with_roster(ACME).run("validate --format gitlab").exits(0).stdout;
    assert_eq!(clean, "[]\n");
}
