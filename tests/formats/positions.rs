//! Every format points at the same places, and these are where the text has them.

use crate::common::{ACME, Project, replaced};
use crate::scene::{ALL, begins, marked, of_cases, of_github, of_gitlab, of_json, of_lines, of_sarif, validate};

/// Runs all formats over a roster with marked places, and compares.
#[track_caller]
fn all_point_at(text: &str, rule: &str) {
    let (clean, places) = marked(text);
    assert!(!places.is_empty());
    let project = Project::with_roster(&clean);
    validate(&project, "", 1);
    let expected = of_json(&project.read("out.json"));
    let mut found: Vec<_> = expected.iter().filter(|one| one.rule == rule).map(|one| [one.begin, one.end]).collect();
    found.sort();
    assert_eq!(found, places, "{rule} in\n{text}");
    assert_eq!(of_sarif(&project.read("out.sarif")), expected, "SARIF");
    assert_eq!(of_gitlab(&project.read("out.gitlab.json")), expected, "GitLab");
    assert_eq!(begins(of_cases(&project.read("out.xml"))), begins(expected.clone()), "JUnit");
    let mut annotated = of_github(&project.read("out.github"));
    let mut github = expected.clone();
    // Columns go only with one line.
    for one in github.iter_mut().filter(|one| one.begin.0 != one.end.0) {
        (one.begin.1, one.end.1) = (0, 0);
    }
    annotated.sort();
    github.sort();
    assert_eq!(annotated, github, "GitHub");
    let text = project.read("out.txt");
    for one in &expected {
        let place = format!("{}:{}:{}", one.path, one.begin.0, one.begin.1);
        assert!(text.contains(&place), "{place} is not in\n{text}");
    }
}

fn with_grace(line: &str) -> String {
    let whole = "  grace:\n    name: Grace Lindqvist\n    email: grace@acme.example\n    roles: [commercial]\n    \
                 attributes: { signingAuthority: true }\n";
    replaced(ACME, whole, line)
}

const UNKNOWN: &str = "roster/unknown-role";

#[test]
fn plain_text() {
    all_point_at(&replaced(ACME, "roles: [dpo]", "roles: [«dop», commercial, «boss»]"), UNKNOWN);
}

#[test]
fn tabs() {
    all_point_at(&replaced(ACME, "roles: [dpo]", "roles:\t[\t«dop»\t,\tcommercial,\t«boss» ]\t# why"), UNKNOWN);
}

#[test]
fn windows_line_ends() {
    let text = replaced(ACME, "roles: [dpo]", "roles:\n    - «dop»\n    - «boss»").replace('\n', "\r\n");
    all_point_at(&text, UNKNOWN);
}

#[test]
fn letters_of_several_bytes() {
    all_point_at(
        &with_grace("  grace: { name: \"Zoë Łučić 日本\", email: grace@acme.example, roles: [«chéf», «社長»] }\n"),
        UNKNOWN,
    );
}

#[test]
fn emoji_outside_the_basic_plane() {
    all_point_at(
        &with_grace("  grace: { name: \"Grace 😀🏳🎉\", email: grace@acme.example, roles: [«😀», «boss»] }\n"),
        UNKNOWN,
    );
}

#[test]
fn combining_characters() {
    let name = "Re\u{301}ne\u{301}e o\u{308}\u{323}";
    let line = format!("  grace: {{ name: \"{name}\", email: grace@acme.example, roles: [«che\u{301}f», «boss»] }}\n");
    all_point_at(&with_grace(&line), UNKNOWN);
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let (clean, places) = marked(&replaced(ACME, "version: 1", "version: «2»"));
    let project = Project::empty();
    project.write("rosters/acme.yaml", format!("\u{feff}{clean}"));
    validate(&project, "", 1);
    let expected = of_json(&project.read("out.json"));
    assert_eq!([expected[0].begin, expected[0].end], places[0]);
    assert_eq!(of_sarif(&project.read("out.sarif")), expected);
    assert_eq!(of_gitlab(&project.read("out.gitlab.json")), expected);
}

#[test]
fn several_documents_a_file() {
    let second = "version: 1\norganisation: acme\nusers:\n  eve:\n    name: Eve 😀\n    email: eve@acme.example\n    roles: [«boss»]\n";
    let first = replaced(ACME, "roles: [dpo]", "roles: [«dop»]");
    all_point_at(&format!("{first}---\n{second}...\n---\n{}", second.replace("eve", "eva")), UNKNOWN);
}

#[test]
fn places_over_several_lines() {
    let expectation = "expectations:\n  - «notified: { of: data-breach,\n      exactly: [ada] }»\n";
    all_point_at(&format!("{ACME}{expectation}"), "roster/expectation");
}

#[test]
fn the_working_directory_may_lie_below_the_repository() {
    let project = Project::empty();
    let (clean, _) = marked(&replaced(ACME, "roles: [dpo]", "roles: [«dop»]"));
    project.write("people/eu/rosters/acme.yaml", &clean);
    project.write("people/shared/other.yaml", clean.replace("acme", "other"));
    let repository = project.path("").to_string_lossy().into_owned();
    for (variable, format) in
        [("GITHUB_WORKSPACE", "sarif"), ("GITHUB_WORKSPACE", "github"), ("CI_PROJECT_DIR", "gitlab")]
    {
        let run = project.run(&format!("validate rosters ../shared/other.yaml --format {format}"));
        let ran = run.below("people/eu").env(variable, &repository).exits(1);
        let seen = match format {
            "sarif" => of_sarif(&ran.stdout),
            "github" => of_github(&ran.stdout),
            _ => of_gitlab(&ran.stdout),
        };
        let mut paths: Vec<_> = seen.iter().map(|one| one.path.as_str()).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths, ["people/eu/rosters/acme.yaml", "people/shared/other.yaml"], "{format}");
    }
    let ran =
        project.run("validate rosters --format sarif").below("people/eu").env("GITHUB_WORKSPACE", &repository).exits(1);
    assert_eq!(ran.json()["runs"][0]["automationDetails"]["id"], "rosterctl/validate/people/eu/");
    let ran = project.run("validate rosters --format sarif").below("people/eu").exits(1);
    assert_eq!(ran.json()["runs"][0]["automationDetails"]["id"], "rosterctl/validate/");
    assert_eq!(of_sarif(&ran.stdout)[0].path, "rosters/acme.yaml");
}

#[test]
fn names_of_files_are_addresses_in_sarif_and_paths_elsewhere() {
    let names = ["a b.yaml", "50% é😀.yaml", "c:d,e=f.yaml", "#x?y&z.yaml", "[g](h).yaml"];
    let project = Project::empty();
    for (number, name) in names.iter().enumerate() {
        let text = replaced(ACME, "roles: [dpo]", "roles: [dop]").replace("acme", &format!("acme-{number}"));
        project.write(&format!("rosters/{name}"), text);
    }
    validate(&project, "", 1);
    let expected = of_json(&project.read("out.json"));
    let mut paths: Vec<_> = expected.iter().map(|one| one.path.trim_start_matches("rosters/")).collect();
    paths.sort();
    paths.dedup();
    let mut sorted = names;
    sorted.sort();
    assert_eq!(paths, sorted);
    assert_eq!(of_sarif(&project.read("out.sarif")), expected);
    assert_eq!(of_gitlab(&project.read("out.gitlab.json")), expected);
    assert!(project.read("out.sarif").contains("rosters/50%25%20%C3%A9%F0%9F%98%80.yaml"));
    let mut annotated = of_github(&project.read("out.github"));
    annotated.extend(of_lines(&project.read("out.github")));
    assert_eq!(begins(annotated), begins(expected));
}

#[test]
fn every_format_is_looked_at_here() {
    use clap::ValueEnum;
    use rosterctl::report::Format;
    let names = Format::value_variants().iter().map(|format| format.name());
    let fits =
        |name: &String| Project::with_roster(ACME).run(&format!("validate --format {name}")).ends().code == Some(0);
    assert_eq!(names.filter(fits).collect::<Vec<_>>(), ALL.map(|(name, _)| name));
}
