//! `--base REV`: what this branch changes, told from what was there before and from what others changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::process::Command;

use common::{ACME, Project, Ran, replaced};
use serde_json::Value as Json;

/// A project under git, its first roster committed on `main`.
fn repository(roster: &str) -> Project {
    let project = Project::with_roster(roster).with(".gitignore", ".rosterctl\np.db*\n");
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

/// The plan of a branch on which Ada is renamed in the roster and somebody else renamed Grace: what is told of them.
#[track_caller]
fn is_compared(project: &Project, arguments: &str) {
    let ran = run(project, &format!("plan --base main --format json {arguments}")).exits(0);
    assert_eq!(origins(&ran), ["ada name branch", "grace name outside"], "{ran}");
    assert!(!ran.stdout.contains("plan/base-unreadable"), "{ran}");
}

fn changed_on_both_sides(project: &Project, roster: &str) {
    project.edit(roster, "name: Ada Peeters", "name: Ada Janssens");
    project.sql("UPDATE person SET name = 'Grace Other' WHERE external_id = 'acme/grace'");
}

#[test]
fn a_file_of_the_command_line_is_found_by_the_name_that_it_had() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    git(&project, "mv rosters people");
    changed_on_both_sides(&project, "people/acme.yaml");
    is_compared(&project, "people/acme.yaml");
    is_compared(&project, "people");
    is_compared(&project, "people/*.yaml");
    // Moved without git: it may be the one that is gone, and nobody knows.
    let project = repository(ACME);
    std::fs::rename(project.path("rosters"), project.path("people")).unwrap();
    let ran = run(&project, "plan --base main --format json people/acme.yaml").exits(0);
    let messages: Vec<String> = ran.findings().into_iter().map(|finding| finding.message).collect();
    assert!(
        messages.iter().any(|one| one.contains("`people/acme.yaml`") && one.contains("`rosters/acme.yaml`")),
        "{ran}"
    );
    let ran = run(&project, "validate --base main people/acme.yaml").exits(0);
    ran.says("`people/acme.yaml` is not there, and may be what was `rosters/acme.yaml`");
    // Many are counted.
    for number in 0..30 {
        let roster = replaced(ACME, "organisation: acme", &format!("organisation: o{number}"));
        project.write(&format!("people/o{number}.yaml"), roster);
    }
    let named: String = (0..30).map(|number| format!(" people/o{number}.yaml")).collect();
    let ran = run(&project, &format!("plan --base main --format json{named}")).exits(0);
    let messages: Vec<String> = ran.findings().into_iter().map(|finding| finding.message).collect();
    assert!(messages.iter().any(|one| one.ends_with("; and 10 more")), "{messages:?}");
    // One that is new is no finding.
    let project = repository(ACME);
    project.write("rosters/other.yaml", replaced(ACME, "organisation: acme", "organisation: other"));
    let ran = run(&project, "plan --base main --format json rosters/acme.yaml rosters/other.yaml").exits(0);
    assert!(!ran.stdout.contains("plan/base-unreadable"), "{ran}");
}

#[test]
fn a_workspace_file_that_was_moved_is_found() {
    let workspace = "version: 1\nrosters: [people]\nrules: { levels: { arxus/unmanaged: off } }\n";
    let project = Project::empty().with("infra/rosterctl.yaml", workspace).with("infra/people/acme.yaml", ACME);
    let project = project.with(".gitignore", ".rosterctl\n");
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    // With git's knowledge, and without.
    std::fs::rename(project.path("infra/rosterctl.yaml"), project.path("rosterctl.yaml")).unwrap();
    project.write("rosterctl.yaml", replaced(workspace, "[people]", "[infra/people]"));
    run(&project, "apply --yes").exits(0);
    changed_on_both_sides(&project, "infra/people/acme.yaml");
    is_compared(&project, "");
    git(&project, "add -A");
    is_compared(&project, "");
    // One that was not there before: what it names was.
    let project = Project::empty().with("people/acme.yaml", ACME).with(".gitignore", ".rosterctl\n");
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project.write("rosterctl.yaml", workspace);
    run(&project, "apply --yes").exits(0);
    changed_on_both_sides(&project, "people/acme.yaml");
    is_compared(&project, "");
    // One outside of the repository has no other state than it has now.
    let project = Project::empty().with("repo/people/acme.yaml", ACME);
    git_in(&project, "repo", "init --quiet --initial-branch main");
    git_in(&project, "repo", "add -A");
    git_in(&project, "repo", "commit --quiet -m first");
    project.write("repo/people/acme.yaml", replaced(ACME, "email: dana@acme.example", "email: dana.acme.example"));
    project.write("ci.yaml", "version: 1\nrosters: [repo/people]\n");
    let named = || run(&project, "validate --base main --workspace ../ci.yaml --format json").below("repo");
    assert_eq!(named().exits(1).finding("roster/invalid-email").subject.as_deref(), Some("dana"));
    git_in(&project, "repo", "commit --quiet -am second");
    assert_eq!(named().exits(0).json()["base"]["remaining"], 1);
}

#[test]
fn rosters_of_other_repositories_are_named() {
    let project = Project::empty().with("outside.yaml", &replaced(ACME, "organisation: acme", "organisation: other"));
    let project = project.with("repo/rosters/acme.yaml", ACME);
    git_in(&project, "repo", "init --quiet --initial-branch main");
    git_in(&project, "repo", "add -A");
    git_in(&project, "repo", "commit --quiet -m first");
    let named = "rosters/acme.yaml ../outside.yaml";
    for command in ["plan", "drift", "validate"] {
        let ran = run(&project, &format!("{command} --base main --format json {named}")).below("repo").ends();
        let finding = ran.finding("plan/base-unreadable");
        assert!(finding.message.contains("`../outside.yaml` is not in this repository"), "{ran}");
    }
    // In a submodule, named by its own path.
    let from = repository(&replaced(ACME, "organisation: acme", "organisation: other"));
    let from = from.path("");
    let project = repository(ACME);
    git(&project, &format!("-c protocol.file.allow=always submodule --quiet add {} other", from.display()));
    commit(&project, "second");
    for command in ["plan", "drift", "validate"] {
        let ran = run(&project, &format!("{command} --base main --format json rosters other/rosters/acme.yaml")).ends();
        let finding = ran.finding("plan/base-unreadable");
        assert!(finding.message.contains("`other` is a submodule"), "{ran}");
    }
}

#[test]
#[cfg(unix)]
fn folders_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let names: [&[u8]; 3] = [b"caf\xe9", b"line\n", b"tab\there \"quoted\""];
    let broken = replaced(ACME, "email: dana@acme.example", "email: dana.acme.example");
    for name in names {
        let name = std::ffi::OsStr::from_bytes(name);
        let project = Project::empty();
        // As a folder of the repository, and as that of the repository itself.
        let roster = project.path("").join(name).join("rosters").join(name);
        std::fs::create_dir_all(&roster).unwrap();
        std::fs::write(roster.join("acme.yaml"), &broken).unwrap();
        let own = project.path("").join(name);
        for arguments in [&["init", "--quiet", "--initial-branch", "main"][..], &["add", "-A"], &["commit", "-qm", "1"]]
        {
            let mut git = Command::new("git");
            git.arg("-C").arg(&own).args(["-c", "user.name=Tess", "-c", "user.email=tess@acme.example"]);
            assert!(git.args(arguments).status().unwrap().success());
        }
        let ran = run(&project, "validate --base main --format json").within(&own).exits(0);
        assert_eq!(ran.json()["base"]["remaining"], 1, "{ran}");
    }
}

#[test]
#[cfg(unix)]
fn a_link_to_what_is_read_as_well_is_read_once() {
    let project = Project::empty().with("rosters/shared/acme.yaml", ACME);
    std::os::unix::fs::symlink("shared/acme.yaml", project.path("rosters/link.yaml")).unwrap();
    std::os::unix::fs::symlink("rosters", project.path("all")).unwrap();
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project.edit("rosters/shared/acme.yaml", "email: dana@acme.example", "email: dana.acme.example");
    commit(&project, "second");
    for paths in ["", "all", "all rosters", "rosters/link.yaml", "rosters/shared all/link.yaml"] {
        let ran = run(&project, &format!("validate --base HEAD --format json {paths}")).exits(0);
        assert_eq!(ran.json()["base"]["remaining"], 1, "{ran}");
        let ran = run(&project, &format!("validate --base HEAD~1 --format json {paths}")).exits(1);
        assert_eq!((&ran.json()["base"]["remaining"], &ran.json()["base"]["mended"]), (&0.into(), &0.into()), "{ran}");
    }
}

#[test]
fn objects_that_are_missing_are_an_error_that_says_what_to_fetch() {
    for missing in ["HEAD:rosters", "HEAD:rosters/acme.yaml"] {
        let project = repository(ACME);
        let object = git(&project, &format!("rev-parse {missing}"));
        let file = project.path(&format!(".git/objects/{}/{}", &object[..2], &object[2..]));
        std::fs::remove_file(file).unwrap();
        if missing.ends_with(".yaml") {
            // What is the same as on the disk is not asked of git.
            run(&project, "validate --base main").exits(0);
            project.edit(ROSTER, "name: Ada Peeters", "name: Ada Janssens");
        }
        for command in ["validate", "plan", "drift", "apply --yes"] {
            let ran = run(&project, &format!("{command} --base main")).exits(1);
            ran.complains("`main` cannot be read whole: `rosters").complains("git fsck");
        }
        let from = project.path("");
        git(&project, &format!("remote add upstream {}", from.display()));
        run(&project, "validate --base main").exits(1).complains("git fetch --refetch upstream");
    }
    // A clone without contents, whose other side is gone.
    for filter in ["blob:none", "tree:0"] {
        let project = repository(ACME);
        git(&project, "config uploadpack.allowFilter true");
        project.edit(ROSTER, "name: Ada Peeters", "name: Ada Janssens");
        commit(&project, "second");
        let from = format!("file://{}", project.path("").display());
        git(&project, &format!("clone --quiet --filter={filter} {from} partial"));
        git_in(&project, "partial", "remote set-url origin file:///nowhere");
        let ran = run(&project, "validate --base HEAD~1").below("partial").exits(1);
        ran.complains("`HEAD~1` cannot be read whole").complains("git fetch --refetch --no-filter origin");
        git_in(&project, "partial", &format!("remote set-url origin {from}"));
        // What the message says is what helps.
        git_in(&project, "partial", "fetch --quiet --refetch --no-filter origin");
        git_in(&project, "partial", "remote set-url origin file:///nowhere");
        run(&project, "validate --base HEAD~1").below("partial").exits(0);
    }
}

#[test]
#[cfg(unix)]
fn a_hook_of_a_linked_worktree_reads_its_own_repository() {
    use std::os::unix::fs::PermissionsExt;
    let broken = replaced(ACME, "email: dana@acme.example", "email: dana.acme.example");
    let project = Project::empty().with("team/rosters/acme.yaml", &broken);
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    let program = env!("CARGO_BIN_EXE_rosterctl");
    let hook = format!(
        "#!/bin/sh\ncd team && \"{program}\" validate --base main --format json > \"$OUT\" 2> \"$OUT.err\"\nexit 0\n"
    );
    project.write(".git/hooks/pre-commit", hook);
    let path = project.path(".git/hooks/pre-commit");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    git(&project, "worktree add --quiet linked -b topic");
    for folder in ["linked", ""] {
        let roster = format!("{folder}/team/rosters/acme.yaml");
        let roster = roster.trim_start_matches('/');
        project.edit(roster, "email: grace@acme.example", "email: grace.acme.example");
        let out = project.path(&format!("out{folder}.json"));
        let mut git = Command::new("git");
        git.arg("-C").arg(project.path(folder).join("team")).args(["commit", "--quiet", "-am", "second"]);
        git.args(["--author", "Tess <tess@acme.example>"]).env("OUT", &out);
        git.env("GIT_COMMITTER_NAME", "Tess").env("GIT_COMMITTER_EMAIL", "tess@acme.example");
        assert!(git.status().unwrap().success());
        let said = std::fs::read_to_string(&out).unwrap();
        let said: Json = serde_json::from_str(&said).unwrap_or_else(|_| {
            panic!("{said}{}", std::fs::read_to_string(format!("{}.err", out.display())).unwrap_or_default())
        });
        // One finding was there at the base, one is new.
        assert_eq!(said["summary"]["errors"], 1, "{said}");
        assert_eq!((&said["base"]["remaining"], &said["base"]["mended"]), (&1.into(), &0.into()), "{said}");
        assert!(!said.to_string().contains("base-unreadable"), "{said}");
    }
    // A repository that is kept elsewhere, named by variables as people do for files in their home folder.
    let project = Project::empty().with("home/rosters/acme.yaml", ACME);
    git(&project, "init --quiet --bare --initial-branch main kept.git");
    let (kept, home) = (project.path("kept.git"), project.path("home"));
    let (kept, home) = (kept.display().to_string(), home.display().to_string());
    git(&project, &format!("--git-dir={kept} --work-tree={home} add {home}/rosters"));
    git(&project, &format!("--git-dir={kept} --work-tree={home} commit --quiet -m first"));
    project.edit("home/rosters/acme.yaml", "email: dana@acme.example", "email: dana.acme.example");
    let named = || run(&project, "validate --base main").env("GIT_DIR", &kept).env("GIT_WORK_TREE", &home);
    named().below("home").exits(1).says("dana.acme.example");
    git(&project, &format!("--git-dir={kept} --work-tree={home} commit --quiet -am second"));
    named().below("home").exits(0).says("1 finding more, which was there");
}

#[test]
#[cfg(unix)]
fn git_is_asked_a_few_times_however_many_files_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let project = repository(ACME);
    for number in 0..300 {
        let roster = replaced(ACME, "organisation: acme", &format!("organisation: o{number}"));
        project.write(&format!("rosters/o{number}.yaml"), roster);
    }
    commit(&project, "second");
    // In place of git: one line for each call, then git.
    let real = std::env::var("PATH").unwrap();
    let shim = format!("#!/bin/sh\necho call >> {}\nPATH='{real}' exec git \"$@\"\n", project.path("calls").display());
    project.write("bin/git", shim);
    std::fs::set_permissions(project.path("bin/git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let named: String = (0..300).map(|number| format!(" rosters/o{number}.yaml")).collect();
    let ran = project.run(&format!("validate --base main --format json{named}"));
    ran.env("PATH", &project.path("bin").display().to_string()).exits(0);
    let calls = project.read("calls").lines().count();
    assert!((1..60).contains(&calls), "git was called {calls} times");
}

#[test]
fn an_id_that_changed_unsaid_is_known_again_by_its_address() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    // The same person, with another id and another name on this branch; others changed the telephone number.
    project.edit(ROSTER, "  ada:\n    name: Ada Peeters", "  ada-j:\n    name: Ada Janssens");
    project.sql("UPDATE person SET phone = '+32 470 99 99 99' WHERE external_id = 'acme/ada'");
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert_eq!(origins(&ran), ["ada-j id branch", "ada-j name branch", "ada-j phone outside"], "{ran}");
    // What others changed as well is a conflict, whatever the id.
    project.sql("UPDATE person SET name = 'Ada Other' WHERE external_id = 'acme/ada'");
    let ran = run(&project, "plan --base main --format json").exits(1);
    assert_eq!(origins(&ran), ["ada-j id branch", "ada-j name conflict", "ada-j phone outside"], "{ran}");
    assert!(ran.finding("plan/conflict").message.contains("`Ada Peeters`"), "{ran}");
}

const WIM: &str = "  wim: { name: Wim Maes, email: wim@acme.example, roles: [watchlist] }\n";

#[test]
fn who_leaves_here_and_was_changed_outside_is_a_conflict_that_shows_what() {
    let project = repository(&replaced(ACME, "contacts:\n", &format!("contacts:\n{WIM}")));
    project.run("apply --yes").exits(0);
    project.write(ROSTER, ACME);
    let plan = || run(&project, "plan --base main --format json --allow-removals 9");
    assert_eq!(origins(&plan().exits(0)), ["wim - branch"]);
    project.sql("UPDATE person SET name = 'Wim Other' WHERE external_id = 'acme/wim'");
    let ran = plan().exits(1);
    assert_eq!(origins(&ran), ["wim - conflict"]);
    let change = &ran.json()["base"]["changes"][0];
    assert_eq!((&change["base"]["name"], &change["live"]["name"]), (&"Wim Maes".into(), &"Wim Other".into()));
    assert_eq!(change["branch"], "absent");
    let finding = ran.finding("plan/conflict");
    assert!(finding.message.contains("main says name `Wim Maes`, the portal name `Wim Other`"), "{finding:?}");
    let text = run(&project, "drift --base main").exits(2);
    text.says("Wim Other");
}

#[test]
fn a_portal_without_records_has_that_conflict_compared_with_the_base() {
    let project = repository(&replaced(ACME, "contacts:\n", &format!("contacts:\n{WIM}")));
    let served = project.serve("--db p.db --platform arxus --organisation acme");
    project.write("rosterctl.yaml", format!("version: 1\ntargets:\n  t: {{ kind: scim, url: \"{}\" }}\n", served.url));
    project.run("target probe --write").exits(0);
    project.run("apply --yes").exits(0);
    commit(&project, "second");
    project.edit(ROSTER, WIM, "");
    let plan = || run(&project, "plan --base main --format json --allow-removals 9");
    assert_eq!(origins(&plan().exits(0)), ["wim - branch"]);
    let found = served.get("/Contacts?filter=externalId%20eq%20%22acme%2Fwim%22").is(200).json();
    let id = found["Resources"][0]["id"].as_str().unwrap().to_owned();
    let name = serde_json::json!([{ "op": "replace", "path": "displayName", "value": "Wim Other" }]);
    assert!(matches!(served.patch(&format!("/Contacts/{id}"), name).status, 200 | 204));
    let ran = plan().exits(1);
    assert_eq!(origins(&ran), ["wim - conflict"]);
    assert!(
        ran.finding("plan/conflict").message.contains("main says name `Wim Maes`, the portal name `Wim Other`"),
        "{ran}"
    );
    run(&project, "plan --base main --allow-removals 9 --allow-conflicts").exits(0);
}

#[test]
fn who_is_added_here_and_was_created_outside_is_told_as_such() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    let columns = "organisation, section, name, email, type, state, roles";
    project.sql(&format!(
        "INSERT INTO person ({columns}) VALUES ('acme', 'contacts', 'Wim Other', 'Wim@acme.example', 'person', 'active', 'watchlist')"
    ));
    project.edit(ROSTER, "contacts:\n", &format!("contacts:\n{WIM}"));
    let ran = run(&project, "plan --base main --format json").exits(0);
    let of_wim = origins(&ran);
    assert!(of_wim.contains(&"wim name added-twice".to_owned()), "{of_wim:?}");
    let finding = ran.finding("plan/conflict");
    assert_eq!((finding.severity.as_str(), finding.subject.as_deref()), ("warning", Some("wim")));
    assert!(finding.message.contains("name is `Wim Maes` on this branch and `Wim Other` on the portal"), "{finding:?}");
    // With the values of the portal there is nothing to tell.
    project.edit(
        ROSTER,
        "wim: { name: Wim Maes, email: wim@acme.example",
        "wim: { name: Wim Other, email: Wim@acme.example",
    );
    let ran = run(&project, "plan --base main --format json").exits(0);
    assert!(!ran.stdout.contains("plan/conflict"), "{ran}");
}

#[test]
fn what_is_broken_on_the_base_alone_hides_no_conflict() {
    let roster = replaced(ACME, "contacts:\n", &format!("contacts:\n{WIM}"));
    for (from, to) in [("contacts:\n", "contacts:\n  : [broken\n"), ("platform: arxus", "platform: nope")] {
        let project = repository(&replaced(&roster, from, to));
        // Another organisation is not touched by that.
        project.write("rosters/zeta.yaml", ACME.replace("acme", "zeta"));
        commit(&project, "second");
        git(&project, "checkout --quiet -b topic");
        project.write(ROSTER, &roster);
        project.run("apply --yes").exits(0);
        project.edit(ROSTER, "name: Grace Lindqvist", "name: Grace Branch");
        project.edit("rosters/zeta.yaml", "name: Ada Peeters", "name: Ada Janssens");
        project.sql("UPDATE person SET name = 'Dana Outside' WHERE external_id = 'acme/dana'");
        project.sql("UPDATE person SET name = 'Grace Outside' WHERE external_id = 'acme/grace'");
        let ran = run(&project, "plan --base main --format json").exits(1);
        assert_eq!(origins(&ran), ["ada name branch", "dana name unknown", "grace name conflict"], "{ran}");
        let conflict = ran.finding("plan/conflict");
        assert!(
            conflict.message.contains("what main says is not known, this branch says `Grace Branch`"),
            "{conflict:?}"
        );
        assert_eq!(ran.finding("plan/base-unreadable").severity, "warning");
        run(&project, "drift --base main").exits(2).says("changed in the roster and outside");
        run(&project, "apply --yes --base main").exits(1);
        assert_eq!(project.column("SELECT name FROM person WHERE external_id = 'acme/grace'"), ["Grace Outside"]);
        // Who leaves here and was changed outside is one as well.
        project.write(ROSTER, ACME);
        project.sql("UPDATE person SET name = 'Wim Outside' WHERE external_id = 'acme/wim'");
        let ran = run(&project, "plan --base main --format json --allow-removals 9").exits(1);
        assert!(origins(&ran).contains(&"wim - conflict".to_owned()), "{ran}");
        let messages: Vec<String> = ran.findings().into_iter().map(|finding| finding.message).collect();
        let said = |words: &str| messages.iter().any(|message| message.contains(words));
        assert!(said("what main says is not known, the portal says name `Wim Outside`"), "{messages:?}");
    }
}

#[test]
fn validate_does_not_compare_with_what_cannot_be_read() {
    let project = repository(&replaced(ACME, "contacts:\n", "contacts:\n  : [broken\n"));
    let broken = |roster: &str| replaced(roster, "email: dana@", "email: dana.");
    project.write(ROSTER, broken(ACME));
    let ran = run(&project, "validate --base main --format json").exits(1);
    assert!(ran.finding("plan/base-unreadable").message.contains("main:rosters/acme.yaml:"), "{ran}");
    assert_eq!(ran.json()["base"], Json::Null, "{ran}");
    let text = run(&project, "validate --base main").exits(1);
    assert!(!text.stdout.contains("since main") && !text.stdout.contains("mended"), "{text}");
    // Another organisation is compared; what is told of this one is all that there is.
    git(&project, "checkout --quiet -- rosters");
    project.write("rosters/zeta.yaml", broken(&ACME.replace("acme", "zeta")));
    commit(&project, "second");
    project.write(ROSTER, broken(ACME));
    let ran = run(&project, "validate --base main --format json").exits(1);
    let of_rosters = ran.findings().into_iter().filter(|finding| finding.rule == "roster/invalid-email").count();
    assert_eq!((of_rosters, &ran.json()["base"]["remaining"]), (1, &1.into()), "{ran}");
    assert_eq!(ran.json()["base"]["uncompared"], serde_json::json!(["acme"]));
    run(&project, "validate --base main").exits(1).says("since main (all of acme");
}

#[test]
fn a_move_that_git_does_not_tell_hides_no_conflict_and_has_a_cure() {
    let project = repository(ACME).with("rosterctl.yaml", "version: 1\nrosters: [rosters]\n");
    commit(&project, "second");
    project.run("apply --yes").exits(0);
    git(&project, "checkout --quiet -b topic");
    std::fs::create_dir_all(project.path("deep")).unwrap();
    git(&project, "mv rosters/acme.yaml deep/p.yaml");
    let comment: String =
        (0..80).map(|line| format!("# line {line} of an explanation that was not there before\n")).collect();
    project.write("deep/p.yaml", comment + &replaced(ACME, "name: Dana Kowalska", "name: Dana Branch"));
    project.write("rosterctl.yaml", "version: 1\nrosters: [deep]\n");
    commit(&project, "third");
    project.sql("UPDATE person SET name = 'Dana Outside' WHERE external_id = 'acme/dana'");
    let ran = run(&project, "plan --base main --format json deep/p.yaml").exits(1);
    assert_eq!(origins(&ran), ["dana name conflict"]);
    let finding = ran.finding("plan/base-unreadable");
    assert!(!finding.message.contains("git add") && finding.message.contains("leave the path out"), "{finding:?}");
    run(&project, "apply --yes --base main deep/p.yaml").exits(1);
    // What the message says is what helps.
    let ran = run(&project, "plan --base main --format json").exits(1);
    assert!(!ran.stdout.contains("plan/base-unreadable"), "{ran}");
    assert!(ran.finding("plan/conflict").message.contains("main says `Dana Kowalska`"), "{ran}");
}

#[test]
fn who_was_changed_here_and_deleted_outside_is_a_conflict_that_shows_what() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    project.edit(ROSTER, "name: Dana Kowalska", "name: Dana Branch");
    project.sql("DELETE FROM person WHERE external_id = 'acme/dana'");
    let ran = run(&project, "plan --base main --format json").exits(1);
    assert_eq!(origins(&ran), ["dana - conflict"]);
    let conflict = ran.finding("plan/conflict");
    let says = "this branch changes name from `Dana Kowalska` to `Dana Branch`, and the portal deleted the person";
    assert!(conflict.message.contains(says), "{conflict:?}");
    assert!(conflict.help.contains("take the entry out (`rosterctl accept acme/dana`)"), "{conflict:?}");
    let change = &ran.json()["base"]["changes"][0];
    assert_eq!((&change["branch"]["name"], &change["live"]), (&"Dana Branch".into(), &"absent".into()));
    run(&project, "drift --base main").exits(2).says("Dana Kowalska").says("deleted outside");
    // What the message says is what helps.
    run(&project, "accept acme/dana").exits(0);
    run(&project, "plan --base main").exits(0);
}

#[test]
fn the_cure_of_a_conflict_takes_one_field_only() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    project.edit(ROSTER, "name: Ada Peeters", "name: Ada Branch");
    project.edit(ROSTER, "+32 470 00 00 01", "+32 470 00 00 02");
    project.sql("UPDATE person SET name = 'Ada Outside' WHERE external_id = 'acme/ada'");
    let ran = run(&project, "plan --base main --format json").exits(1);
    assert!(ran.finding("plan/conflict").help.contains("`rosterctl accept acme/ada/name`"), "{ran}");
    run(&project, "accept acme/ada/name").exits(0);
    assert!(project.read(ROSTER).contains("name: Ada Outside") && project.read(ROSTER).contains("00 00 02"));
}

#[test]
fn what_fetches_a_revision_cuts_no_history() {
    let project = repository(ACME);
    let from = format!("file://{}", project.path("").display());
    git(&project, &format!("clone --quiet {from} whole"));
    git(&project, &format!("clone --quiet --single-branch {from} single"));
    git(&project, &format!("clone --quiet --depth=1 {from} shallow"));
    git(&project, "branch release-7");
    for (clone, command) in [
        ("whole", "fetch origin release-7"),
        ("single", "fetch origin release-7:refs/remotes/origin/release-7"),
        ("shallow", "fetch --depth=1 origin release-7:refs/remotes/origin/release-7"),
    ] {
        let validate = |base: &str| run(&project, &format!("validate --base {base}")).below(clone);
        validate("release-7").exits(1).complains(&format!("git {command}`, and name it `origin/release-7`"));
        git_in(&project, clone, &format!("-c advice.detachedHead=false {command} --quiet"));
        validate("origin/release-7").exits(0);
    }
    for (base, says) in [("HEAD^{tree}", "is a tree, and no commit"), ("HEAD:rosters", "is a tree, and no commit")] {
        let ran = run(&project, &format!("validate --base {base}")).exits(1);
        assert!(!ran.stderr.contains("git fetch"), "{ran}");
        ran.complains(says).complains("name a branch");
    }
    let ran = run(&project, "validate --base HEAD~99").below("whole").exits(1);
    assert!(!ran.stderr.contains("git fetch"), "{ran}");
}

#[test]
fn a_base_from_which_main_went_on_does_not_call_what_was_applied_since_unapplied() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    git(&project, "checkout --quiet -b topic");
    project.edit(ROSTER, "name: Ada Peeters", "name: Ada Janssens");
    commit(&project, "second");
    git(&project, "checkout --quiet main");
    project.edit(ROSTER, "name: Dana Kowalska", "name: Dana Newer");
    commit(&project, "third");
    project.run("apply --yes").exits(0);
    git(&project, "checkout --quiet topic");
    let began = git(&project, "merge-base main topic");
    // Another branch may end there.
    git(&project, &format!("branch other {began}"));
    let plan = |base: &str| run(&project, &format!("plan --format json --base {base}")).exits(0);
    let ran = plan(&began);
    assert_eq!(origins(&ran), ["ada name branch", "dana name rewritten"]);
    assert!(!ran.stdout.contains("not applied yet"), "{ran}");
    let finding = ran.finding("plan/behind-base");
    assert_eq!(finding.severity, "warning");
    assert!(
        finding.message.contains("main goes on from") && finding.message.contains("`acme/dana/name`"),
        "{finding:?}"
    );
    // What the message says is what helps.
    assert!(plan("main").finding("plan/behind-base").help.contains("merge main"));
    git(&project, "merge --quiet main -m merged");
    assert_eq!(origins(&plan("main")), ["ada name branch"]);
    // What is on the base and not applied is told so, where nothing goes on from it.
    project.edit(ROSTER, "name: Grace Lindqvist", "name: Grace Newer");
    commit(&project, "fourth");
    assert!(origins(&plan("topic")).contains(&"grace name base".to_owned()));
}

/// Four organisations: one of two files, two of one file, one on a platform of its own, one with a waiver.
fn several() -> Project {
    let of = |id: &str| {
        replaced(ACME, "organisation: acme", &format!("organisation: {id}"))
            .replace("acme.example", &format!("{id}.example"))
    };
    let (people, rest) = of("acme").split_once("contacts:").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let waiver = "waivers:\n  - { rule: arxus/technical-missing, reason: later, until: 2030-01-01 }\n";
    let project = Project::empty()
        .with("rosterctl.yaml", "version: 1\nrules: { levels: { arxus/least-privilege: off } }\n")
        .with(".gitignore", ".rosterctl\n")
        .with("mine.yaml", "version: 1\nid: mine\nname: Mine\nextends: arxus\n")
        .with("rosters/acme/users.yaml", &people)
        .with("rosters/acme/others.yaml", &format!("version: 1\norganisation: acme\ncontacts:{rest}"))
        .with("rosters/both.yaml", &format!("{}---\n{}", of("bolt"), of("cargo")))
        .with("rosters/delta.yaml", &format!("{}{waiver}", of("delta")))
        .with("rosters/own.yaml", &replaced(&of("own"), "platform: arxus", "platform: ../mine.yaml"));
    git(&project, "init --quiet --initial-branch main");
    project
}

#[test]
fn what_is_the_same_at_the_revision_is_compared_as_if_it_had_been_read_twice() {
    type Edit = (&'static str, fn(&Project));
    let edits: [Edit; 10] = [
        ("nothing", |_| {}),
        ("names in two of four", |project| {
            project.edit("rosters/acme/users.yaml", "name: Ada Peeters", "name: Ada Janssens");
            project.edit("rosters/both.yaml", "name: Grace Lindqvist", "name: Grace Branch");
        }),
        ("one of two files", |project| {
            project.edit("rosters/acme/users.yaml", "email: ada@acme.example", "email: grace@acme.example");
        }),
        ("a file that is gone", |project| std::fs::remove_file(project.path("rosters/acme/others.yaml")).unwrap()),
        ("a file more", |project| {
            let more = "version: 1\norganisation: acme\ncontacts:\n  dana: { name: Dana Two, roles: [dpo] }\n";
            project.write("rosters/acme/more.yaml", more);
        }),
        ("a file that is of others now", |project| {
            project.edit("rosters/delta.yaml", "organisation: delta", "organisation: acme");
        }),
        ("a file that cannot be understood", |project| {
            project.edit("rosters/delta.yaml", "name: Ada Peeters", "name: Ada: Peeters");
        }),
        ("one of two in a file", |project| {
            project.edit("rosters/both.yaml", "roles: [commercial]", "roles: [finance]");
        }),
        ("the level of a rule", |project| {
            project.write(
                "rosterctl.yaml",
                "version: 1\nrules: { levels: { arxus/technical-order: error, arxus/dpo-conflict: warning } }\n",
            )
        }),
        ("a platform", |project| {
            let rule = "rules:\n  phone: { level: error, title: T, cure: C, requires: { of: { section: contacts }, must: [{ be: { has: phone }, say: '{subject} has no phone', help: 'add it', point: phone }] } }\n";
            project.write("mine.yaml", format!("version: 1\nid: mine\nname: Mine\nextends: arxus\n{rule}"));
        }),
    ];
    for (what, edit) in edits {
        let told = |otherwise: bool| {
            let project = several();
            // The people are the same, the texts are not: everything has to be read.
            let files =
                ["acme/users", "acme/others", "both", "delta", "own"].map(|name| format!("rosters/{name}.yaml"));
            let texts = files.clone().map(|file| project.read(&file));
            if otherwise {
                files.iter().zip(&texts).for_each(|(file, text)| project.write(file, format!("{text}# then\n")));
            }
            commit(&project, "first");
            project.run("apply --yes").exits(0);
            files.iter().zip(&texts).for_each(|(file, text)| project.write(file, text));
            edit(&project);
            project.sql("UPDATE person SET name = 'Other' WHERE external_id LIKE '%/grace'");
            let validated = run(&project, "validate --base main --format json").ends().json();
            let planned = run(&project, "plan --base main --format json --allow-removals 99").ends().json();
            let base = &validated["base"];
            (
                (base["remaining"].clone(), base["mended"].clone(), base["uncompared"].clone()),
                validated["diagnostics"].clone(),
                planned["base"]["changes"].clone(),
                planned["diagnostics"].clone(),
            )
        };
        assert_eq!(told(false), told(true), "{what}");
    }
}

#[test]
fn drift_of_a_portal_without_records_is_told_apart_by_the_base() {
    let workspace = "version: 1\nrosters: [rosters]\ntargets:\n  portal: { kind: snapshot, path: people.csv, platform: grx, organisation: acme }\n";
    let roster = "version: 1\norganisation: acme\nplatform: grx\nusers:\n  ada: { name: Ada, email: ada@acme.example, roles: [account-administrator] }\n  cas: { name: Cas, email: cas@acme.example, roles: [assessment-owner] }\n";
    let project = Project::with_roster(roster)
        .with_workspace(workspace)
        .with("people.csv", "Name,Email,Roles\nAda,ada@acme.example,Account Administrator\nCas Other,cas@acme.example,Assessment Owner\nEve,eve@acme.example,Assessment Owner\n");
    git(&project, "init --quiet --initial-branch main");
    commit(&project, "first");
    project.edit(ROSTER, "name: Ada,", "name: Ada Branch,");
    let ran = run(&project, "drift --base main --format json").exits(2);
    let cause = |key: &str| {
        let differences = ran.json()["differences"].as_array().unwrap().clone();
        differences.iter().find(|one| one["key"].as_str().unwrap().starts_with(key)).map(|one| one["cause"].clone())
    };
    assert_eq!(cause("ada"), Some("not-applied".into()), "{ran}");
    assert_eq!(cause("cas"), Some("unknown".into()), "{ran}");
    assert_eq!(cause("eve"), Some("unmanaged".into()), "{ran}");
}

#[test]
fn an_organisation_that_came_from_a_file_nobody_names_is_compared_all_the_same() {
    let project = repository(ACME);
    project.run("apply --yes").exits(0);
    let other = replaced(ACME, "organisation: acme", "organisation: other").replace("acme.example", "other.example");
    project.write("rosters/o.yaml", &other);
    commit(&project, "second");
    // Both files change their names with each other, and Ada hers.
    project.write("rosters/o.yaml", replaced(ACME, "name: Ada Peeters", "name: Ada Janssens"));
    project.write(ROSTER, &other);
    project.sql("UPDATE person SET name = 'Ada Other' WHERE external_id = 'acme/ada'");
    for paths in ["", "rosters/o.yaml"] {
        let ran = run(&project, &format!("plan --base main --format json {paths}")).ends();
        let changes = origins(&ran);
        assert!(changes.contains(&"ada name conflict".to_owned()), "{paths}: {changes:?}");
    }
    run(&project, "apply --base main --yes rosters/o.yaml").exits(1);
}
