//! The README tells the truth: what it shows is what the program takes and prints.

mod common;

use common::{Project, repository};

fn readme() -> String {
    std::fs::read_to_string(repository("README.md")).expect("the README is there")
}

/// The text between two marks, the first of which is left out.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("the README has no {from:?}"));
    rest.split_once(to).unwrap_or_else(|| panic!("nothing ends with {to:?}")).0
}

#[test]
fn the_roster_that_it_shows_is_clean_and_canonical() {
    let readme = readme();
    let roster =
        format!("version: 1\norganisation: acme{}", between(&readme, "```yaml\nversion: 1\norganisation: acme", "```"));
    let project = Project::with_roster(&roster);
    let ran = project.run("validate --deny warning --as-of 2026-11-22").exits(0);
    assert!(ran.stdout.ends_with("no findings\n"), "{}", ran.stdout);
    project.run("fmt --check").exits(0);
}

#[test]
fn the_plan_that_it_shows_is_what_is_printed() {
    let project = Project::copy_of("examples/small");
    project.run("apply --yes").exits(0);
    let roster = "rosters/acme.yaml";
    project.edit(roster, "    roles: [commercial] # exactly one: contracts go to her, and she may sign them\n", "");
    project.edit(
        roster,
        "    groups: [purchasing]\n    attributes:\n      responsibilities: [procurement]",
        "    roles: [commercial]\n    groups: [purchasing]\n    attributes:\n      signingAuthority: true\n      responsibilities: [procurement]",
    );
    project.edit(roster, "csp-contract, exactly: [grace]", "csp-contract, exactly: [hugo]");
    project.edit(roster, "role: commercial, exactly: [grace]", "role: commercial, exactly: [hugo]");
    let printed = project.run("plan").exits(0).stdout;
    let readme = readme();
    let shown = between(&readme, "$ rosterctl plan\n", "```");
    // The digest names the versions of everything and is not repeated here.
    let without_digest = |text: &str| text.rsplit_once("sha256:").expect("a digest").0.to_owned();
    assert_eq!(without_digest(shown), without_digest(&printed), "the README shows another plan:\n{printed}");
}

#[test]
fn the_answer_and_the_finding_that_it_shows_are_printed() {
    let readme = readme();
    let answer = between(&readme, "$ rosterctl who notified data-breach\n", "$ ");
    assert_eq!(Project::copy_of("examples/small").run("who notified data-breach").exits(0).stdout, answer);
    let answer = between(&readme, "$ rosterctl who is dana\n", "```");
    assert_eq!(Project::copy_of("examples/small").run("who is dana").exits(0).stdout, answer);
    let printed = Project::copy_of("examples/broken").run("validate").exits(1).stdout;
    for part in between(&readme, "$ rosterctl validate\n...\n", "```").split("...\nchecked") {
        assert!(printed.contains(part.trim_end()), "not printed:\n{part}\nbut\n{printed}");
    }
}

#[test]
fn the_workflow_that_it_shows_is_that_of_the_examples() {
    let readme = readme();
    let example = std::fs::read_to_string(repository("examples/ci/github/rosters.yml")).expect("a file");
    let first = example.lines().next().expect("a line");
    let shown = between(&readme, "```yaml\n# In the pull request", "```");
    assert_eq!(format!("# In the pull request{shown}"), example);
    assert!(first.starts_with("# In the pull request"));
}
