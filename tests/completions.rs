//! What shells are told when somebody presses Tab: commands and flags, and the names of this folder and its platforms.

mod common;

use std::process::Command;

use common::{ACME, Project, Ran, repository};

const WORKSPACE: &str = "version: 1
rosters: [rosters]
targets:
  sandbox: { kind: embedded, path: .rosterctl/sandbox.db }
  production: { kind: scim, url: \"https://portal.invalid/scim/v2\", auth: { bearer: { env: PORTAL_TOKEN } } }
";

fn acme() -> Project {
    Project::with_roster(ACME).with_workspace(WORKSPACE)
}

/// What fish is told for a line, whose last word is being typed; empty: a new one.
#[track_caller]
fn asked(project: &Project, line: &[&str]) -> Ran {
    let run = line.iter().fold(project.run("-- rosterctl"), |run, word| run.arg(*word));
    run.env("ROSTERCTL_COMPLETE", "fish").exits(0).without_complaint()
}

/// The words that are offered, without what they are.
#[track_caller]
fn offered(project: &Project, line: &[&str]) -> Vec<String> {
    let told = asked(project, line).stdout;
    told.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn names_of_the_folder_are_offered() {
    let project = acme();
    assert_eq!(offered(&project, &["plan", "--target", ""]), ["sandbox", "production"]);
    assert_eq!(offered(&project, &["plan", "--target", "prod"]), ["production"]);
    assert_eq!(offered(&project, &["export", "--organisation", ""]), ["acme"]);
    assert_eq!(offered(&project, &["export", "--organisation=a"]), ["--organisation=acme"]);
    asked(&project, &["plan", "--target", ""]).says("production\tscim");
}

#[test]
fn words_of_the_platforms_that_are_in_use_are_offered() {
    let project = acme();
    let roles = offered(&project, &["who", "holds", ""]);
    assert!(roles.contains(&"dpo".to_owned()) && !roles.contains(&"account-owner".to_owned()), "{roles:?}");
    assert!(offered(&project, &["plan", "--allow-open", "arxus/comm"]).contains(&"arxus/commercial-count".to_owned()));
    assert!(offered(&project, &["who", "notified", "data"]).contains(&"data-breach".to_owned()));
    let can = offered(&project, &["who", "can", ""]);
    assert!(
        can.contains(&"approve-csp-contract".to_owned()) && can.contains(&"service-desk:full".to_owned()),
        "{can:?}"
    );
    for word in ["dpo", "data-breach", "arxus/commercial-count", "roster/syntax", "service-desk"] {
        assert_eq!(offered(&project, &["explain", word])[0], word);
    }
    // Nothing here says which platform: the words of all that are built in.
    let everywhere = offered(&Project::empty(), &["who", "holds", ""]);
    assert!(everywhere.len() > roles.len() && everywhere.contains(&"dpo".to_owned()), "{everywhere:?}");
}

#[test]
fn a_platform_of_ones_own_is_used() {
    let mine = "version: 1\nid: mine\nname: Ours\nsummary: Arxus with a role of ours.\nextends: arxus\nroles:\n  night-watch:\n    \
                name: Night watch\n    summary: Is awake.\n";
    let roster = common::replaced(ACME, "platform: arxus", "platform: ../mine.yaml # ours");
    let project = Project::with_roster(&roster).with("mine.yaml", mine);
    project.run("validate").exits(0);
    assert!(offered(&project, &["who", "holds", "night"]).contains(&"night-watch".to_owned()));
}

#[test]
fn commands_flags_values_and_files_are_offered() {
    let project = acme();
    assert_eq!(offered(&project, &["val"]), ["validate"]);
    assert!(offered(&project, &["plan", "--allow"]).contains(&"--allow-open".to_owned()));
    assert!(offered(&project, &["validate", "--format", ""]).contains(&"json".to_owned()));
    assert!(offered(&project, &["validate", "ros"]).iter().any(|path| path.starts_with("rosters")));
    assert!(offered(&project, &["init", "--platform", ""]).contains(&"grx".to_owned()));
}

#[test]
fn another_workspace_on_the_line_counts() {
    let project =
        acme().with("other/rosterctl.yaml", "version: 1\ntargets: { elsewhere: { kind: embedded, path: x.db } }\n");
    assert_eq!(offered(&project, &["--workspace", "other/rosterctl.yaml", "plan", "--target", ""]), ["elsewhere"]);
}

#[test]
fn what_is_broken_disturbs_nobody_and_nothing_is_written() {
    let broken = [
        Project::empty(),
        Project::empty().with_workspace("version: [\n"),
        Project::empty().with_workspace("\u{0}"),
        Project::with_roster("organisation: [").with_workspace("version: 9\ntargets: 7\n"),
        Project::with_roster("platform: ./nowhere.yaml\norganisation: acme\n"),
    ];
    for project in broken {
        for line in [
            &["plan", "--target", ""][..],
            &["export", "--organisation", ""],
            &["who", "holds", ""],
            &["plan", "--allow-open", ""],
            &["--workspace", "nowhere.yaml", "plan", "--target", ""],
            &["who", ""],
            &["nonsense", ""],
        ] {
            asked(&project, line);
        }
        assert!(!project.has(".rosterctl"), "nothing is written");
    }
    // A shell that nobody knows, and one that asks for nothing.
    Project::empty().run("-- rosterctl x").env("ROSTERCTL_COMPLETE", "tcsh").exits(0).without_complaint();
    Project::empty().run("--version").env("ROSTERCTL_COMPLETE", "").exits(0).says("rosterctl ");
}

#[test]
fn names_cannot_play_tricks_on_the_terminal() {
    let project = acme().with("rosters/evil.yaml", "version: 1\norganisation: \"a\u{1b}[31mb\"\n");
    let ran = asked(&project, &["export", "--organisation", ""]);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
}

#[test]
fn bash_itself_completes() {
    let Ok(found) = Command::new("bash").arg("--version").output() else {
        return eprintln_skipped("bash");
    };
    assert!(found.status.success());
    let project = acme();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().expect("a folder").to_owned();
    let script = "source <(rosterctl completions bash)
        complete -p rosterctl >/dev/null || exit 9
        COMP_WORDS=(rosterctl plan --target pro) COMP_CWORD=3 COMP_TYPE=9
        _clap_complete_rosterctl rosterctl pro --target
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let path = format!("{}:/usr/bin:/bin", program.display());
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]).current_dir(project.path("")).env("PATH", path);
    let ran = bash.output().expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "production", "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn fish_itself_completes() {
    let Ok(found) = Command::new("fish").arg("--version").output() else {
        return eprintln_skipped("fish");
    };
    assert!(found.status.success());
    let project = acme();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().expect("a folder").to_owned();
    let mut fish = Command::new("fish");
    let script = "rosterctl completions fish | source; complete -C 'rosterctl plan --target pro'";
    let path = format!("{}:/usr/bin:/bin", program.display());
    fish.args(["--no-config", "-c", script])
        .current_dir(project.path(""))
        .env("PATH", path)
        .env("HOME", project.path(""));
    let ran = fish.output().expect("fish runs");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "production\tscim\n", "{}", String::from_utf8_lossy(&ran.stderr));
}

#[allow(clippy::print_stderr, reason = "what was skipped is said")]
fn eprintln_skipped(what: &str) {
    eprintln!("SKIPPED: there is no {what} on this machine");
}

#[test]
fn every_argument_whose_names_are_known_is_completed() {
    // A name in the table of sources that no argument has would be dead.
    let text = std::fs::read_to_string(repository("src/cli/complete.rs")).expect("a file");
    let args = std::fs::read_to_string(repository("src/cli/args.rs")).expect("a file");
    let table =
        text.split("fn source(").nth(1).and_then(|rest| rest.split("_ => return None").next()).expect("a table");
    let mut checked = 0;
    for row in table.lines().filter_map(|line| line.trim().strip_prefix('(')) {
        let Some(argument) =
            row.split('"').rev().nth(1).filter(|word| word.chars().all(|c| c.is_lowercase() || c == '_'))
        else {
            continue;
        };
        assert!(args.contains(&format!("{argument}: ")), "no argument is called {argument}");
        checked += 1;
    }
    assert!(checked >= 8, "{checked}");
}
