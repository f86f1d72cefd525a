//! Texts of rosters that mean harm to whoever reads a report, and findings without number.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::common::{ACME, Project, replaced};
use crate::scene::{
    HOSTILE, begins, command, hostile, of_cases, of_github, of_gitlab, of_json, of_junit, of_lines, of_sarif,
    runner_lines, validate,
};

/// Whether a character could steer a terminal or a reader.
fn steers(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}' | '\u{ad}')
}

#[test]
fn no_text_of_a_roster_breaks_a_format_or_gets_lost() {
    let project = Project::with_roster(&hostile());
    validate(&project, "", 1);
    let expected = of_json(&project.read("out.json"));
    assert!(expected.len() >= 2 * HOSTILE.len(), "{expected:#?}");
    let places = |all: Vec<crate::scene::Seen>| {
        let mut places: Vec<_> = all.into_iter().map(|one| (one.rule, one.path, one.begin)).collect();
        places.sort();
        places
    };
    assert_eq!(places(of_sarif(&project.read("out.sarif"))), places(expected.clone()));
    assert_eq!(places(of_gitlab(&project.read("out.gitlab.json"))), places(expected.clone()));
    assert_eq!(places(of_cases(&project.read("out.xml"))), places(expected.clone()));
    let log = project.read("out.github");
    let told = of_github(&log).into_iter().chain(of_lines(&log)).collect();
    assert_eq!(places(told), places(expected));
    for file in ["out.sarif", "out.gitlab.json", "out.xml", "out.github", "out.txt"] {
        let text = project.read(file);
        assert_eq!(text.chars().find(|c| steers(*c)), None, "{file}");
        assert!(text.contains("pwned") && text.contains("日本語"), "{file}");
    }
    for file in ["out.sarif", "out.gitlab.json"] {
        let json: Json = serde_json::from_str(&project.read(file)).unwrap();
        let mut stack = vec![&json];
        while let Some(value) = stack.pop() {
            match value {
                Json::String(text) => assert_eq!(text.chars().find(|c| steers(*c)), None, "{file}: {text:?}"),
                Json::Array(all) => stack.extend(all),
                Json::Object(all) => stack.extend(all.values()),
                _ => {}
            }
        }
        assert!(!json.to_string().contains("](https://evil.example)") || file != "out.sarif", "a link");
    }
    let xml = project.read("out.xml");
    let allowed = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !allowed(*c)), None, "XML 1.0 forbids it");
    assert!(!xml.contains("<script"));
}

#[test]
fn the_log_of_a_workflow_holds_no_command_but_ours() {
    let project = Project::with_roster(&hostile());
    let ran = project.run("validate --format github").exits(1);
    // This fails by itself where any other command is there.
    assert_eq!(of_github(&ran.stdout).len(), 10);
    assert!(!ran.stdout.contains("##["), "{ran}");
    for line in runner_lines(&ran.stdout).filter(|line| line.contains("pwned")) {
        assert!(line.starts_with("::error file=") || command(line).is_none(), "{line}");
    }
    // The reader would have seen them.
    for text in ["::set-env name=A::b", "  ::stop-commands::x", "a ##[set-env name=A]b", "x::error::y"] {
        assert_eq!(command(text).is_some(), !text.starts_with('x'), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_are_no_commands_either() {
    let project = Project::empty();
    let names = ["::error::x.yaml", "##[error]y.yaml", "\u{202e}\n::set-env name=A::b.yaml", "-->]]>&<.yaml"];
    for (number, name) in names.iter().enumerate() {
        let text = replaced(ACME, "roles: [dpo]", "roles: [dop]").replace("acme", &format!("acme-{number}"));
        project.write(&format!("rosters/{name}"), text);
    }
    validate(&project, "", 1);
    let expected = of_json(&project.read("out.json"));
    assert_eq!(of_sarif(&project.read("out.sarif")), expected);
    assert_eq!(of_gitlab(&project.read("out.gitlab.json")), expected);
    let log = project.read("out.github");
    assert_eq!(of_github(&log).len() + of_lines(&log).len(), expected.len());
    assert_eq!(of_cases(&project.read("out.xml")).len(), expected.len());
}

#[test]
fn github_shows_ten_of_a_kind_and_loses_nothing() {
    let mut roster = replaced(ACME, "users:\n", "users:\n  zed: { name: Zed, email: zed@acme.example }\n");
    let roles: Vec<String> = (0..25).map(|number| format!("unknown-{number}")).collect();
    roster = replaced(&roster, "roles: [dpo]", &format!("roles: [dpo, {}]", roles.join(", ")));
    roster.push_str("waivers:\n");
    for number in 0..13 {
        writeln!(roster, "  - {{ rule: arxus/dpo-missing, subject: s-{number}, reason: {} }}", "long ".repeat(3))
            .unwrap();
    }
    let project = Project::with_roster(&roster);
    let log = project.run("validate --format github").exits(1).stdout;
    let json = project.run("validate --format json").exits(1).stdout;
    let annotated = of_github(&log);
    let of = |severity: &str| annotated.iter().filter(|one| one.severity == severity).count();
    assert_eq!(of("error"), 10, "{log}");
    assert!(of("warning") <= 10 && of("info") <= 10);
    let told = annotated.into_iter().chain(of_lines(&log)).collect();
    assert_eq!(begins(told), begins(of_json(&json)));
    let last = log.lines().last().unwrap();
    assert!(last.contains("GitHub shows 10 annotations of a kind, so 15 errors"), "{last}");
}

#[test]
fn a_message_beyond_the_limit_of_the_runner_is_cut_there_and_whole_in_the_log() {
    let long = "x".repeat(3_900) + "-end";
    let project = Project::with_roster(&replaced(ACME, "roles: [dpo]", &format!("roles: [dpo, {long}]")));
    let log = project.run("validate --format github").exits(1).stdout;
    let [annotation] = of_github(&log).try_into().unwrap();
    assert!(
        annotation.message.encode_utf16().count() < 4_096 && annotation.message.ends_with("(all of it is in the log)")
    );
    let [line] = of_lines(&log).try_into().unwrap();
    assert!(line.message.contains("x-end"), "{}", line.message.len());
}

#[test]
fn a_hundred_thousand_findings() {
    let mut roster = ACME.split_once("permissionGroups:").expect("groups").0.to_owned();
    for person in 0..20 {
        writeln!(roster, "  p{person}:\n    name: P\n    email: p{person}@acme.example\n    roles:").unwrap();
        (0..5_000).for_each(|number| writeln!(roster, "      - r{number}").unwrap());
    }
    roster.push_str("permissionGroups:\n  it-operations: { name: IT, applications: { service-desk: full } }\n");
    let project = Project::with_roster(&roster);
    validate(&project, "-q", 1);
    let expected = of_json(&project.read("out.json"));
    assert!(expected.len() >= 100_000, "{}", expected.len());
    assert_eq!(of_sarif(&project.read("out.sarif")), expected);
    assert_eq!(of_gitlab(&project.read("out.gitlab.json")).len(), expected.len());
    assert_eq!(of_cases(&project.read("out.xml")).len(), expected.len());
    let log = project.read("out.github");
    assert_eq!(of_github(&log).len() + of_lines(&log).len(), expected.len());
    let issues: Json = serde_json::from_str(&project.read("out.gitlab.json")).unwrap();
    let prints: HashSet<&str> =
        issues.as_array().unwrap().iter().filter_map(|one| one["fingerprint"].as_str()).collect();
    assert_eq!(prints.len(), expected.len(), "fingerprints are unique");
}

#[test]
fn so_many_organisations_that_rules_that_hold_are_folded() {
    let project = Project::empty();
    for folder in 0..4 {
        let mut text = String::new();
        for number in 0..700 {
            writeln!(text, "{}---", ACME.replace("acme", &format!("acme-{folder}-{number}"))).unwrap();
        }
        project.write(&format!("rosters/{folder}.yaml"), text.trim_end_matches("---\n"));
    }
    project.edit("rosters/0.yaml", "roles: [dpo]", "roles: [dop]");
    let xml = project.run("validate --format junit").exits(1).stdout;
    let suites = of_junit(&xml);
    assert_eq!(suites.len(), 2_800);
    let (broken, sound): (Vec<_>, Vec<_>) =
        suites.iter().partition(|suite| suite.cases.iter().any(|(_, end, _)| *end == "failed"));
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0].case("roster/unknown-role").0, "failed");
    for suite in sound {
        let [(name, end, _)] = suite.cases.as_slice() else { panic!("{suite:?}") };
        assert!(name.ends_with(" rules that hold") && *end == "passed", "{name}");
    }
}
