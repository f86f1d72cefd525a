//! The glue around the program: the action, the workflows, the examples for CI, the hooks. Its scripts are run for real,
//! with stand-ins for GitHub alone; actionlint, zizmor and shellcheck read all of it.
//!
//! The linters are skipped, and that is said, unless `ROSTERCTL_LINTERS=all` (after `tests/glue/linters install`).

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

#[path = "glue/scripts.rs"]
mod scripts;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use common::{Project, repository};
use serde_yaml::Value as Yaml;

/// The release that everything names.
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// All workflows and actions, those of the examples too, by their paths in the repository.
fn workflows() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in [".github/workflows", ".github/actions/rosterctl", ".github/actions/post", "examples/ci/github"] {
        for entry in fs::read_dir(repository(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".yml") {
                let path = format!("{folder}/{name}");
                found.push((path.clone(), fs::read_to_string(repository(&path)).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() >= 9, "{found:?}");
    found
}

fn yaml(text: &str) -> Yaml {
    serde_yaml::from_str(text).expect("YAML")
}

/// The jobs of a workflow, with their names.
fn jobs(workflow: &Yaml) -> Vec<(String, Yaml)> {
    let jobs = workflow.get("jobs").and_then(Yaml::as_mapping);
    jobs.into_iter().flatten().map(|(name, job)| (name.as_str().unwrap().to_owned(), job.clone())).collect()
}

fn steps(job: &Yaml) -> Vec<Yaml> {
    job.get("steps").and_then(Yaml::as_sequence).cloned().unwrap_or_default()
}

#[test]
fn one_workflow_of_25_lines_gives_a_repository_all_three() {
    let text = fs::read_to_string(repository("examples/ci/github/rosters.yml")).unwrap();
    assert!(text.lines().count() <= 25, "{} lines", text.lines().count());
    let caller = yaml(&text);
    let job = &caller["jobs"]["rosters"];
    assert_eq!(job["uses"].as_str().unwrap(), format!("rosterctl/rosterctl/.github/workflows/roster.yml@{TAG}"));
    let called = yaml(&fs::read_to_string(repository(".github/workflows/roster.yml")).unwrap());
    // What the caller gives is what the called one takes, and what it lets it do is what its jobs ask for.
    let takes = &called["on"]["workflow_call"];
    for (kind, given) in [("inputs", &job["with"]), ("secrets", &job["secrets"])] {
        for (name, _) in given.as_mapping().unwrap() {
            assert!(takes[kind].get(name).is_some(), "{kind} has no {name:?}");
        }
    }
    let mut asked = std::collections::BTreeMap::new();
    for (_, job) in jobs(&called) {
        for (what, how) in job["permissions"].as_mapping().unwrap() {
            let how = how.as_str().unwrap().to_owned();
            let before = asked.entry(what.as_str().unwrap().to_owned()).or_insert_with(String::new);
            *before = how.max(before.clone());
        }
    }
    let granted = job["permissions"].as_mapping().unwrap().iter();
    let granted = granted.map(|(what, how)| (what.as_str().unwrap().to_owned(), how.as_str().unwrap().to_owned()));
    assert_eq!(granted.collect::<std::collections::BTreeMap<_, _>>(), asked);
}

#[test]
fn everything_is_pinned() {
    let mut pinned = 0;
    for (path, text) in workflows() {
        for line in text.lines() {
            let Some((_, used)) = line.split_once("uses: ") else { continue };
            pinned += 1;
            let (what, at) = used.split_once('@').unwrap_or_else(|| panic!("{path}: {line}"));
            if what.starts_with("rosterctl/rosterctl/") {
                assert_eq!(at, TAG, "{path}: a release names itself");
                let below = what.trim_start_matches("rosterctl/rosterctl/");
                assert!(repository(below).exists(), "{path}: there is no {below}");
                continue;
            }
            let (commit, version) = at.split_once(" # v").unwrap_or_else(|| panic!("{path}: no version: {line}"));
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}: {line}");
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{path}: {line}");
        }
    }
    assert!(pinned > 20, "{pinned}");
    let version = TAG.trim_start_matches('v');
    let action = fs::read_to_string(repository(".github/actions/rosterctl/action.yml")).unwrap();
    assert_eq!(yaml(&action)["inputs"]["version"]["default"].as_str().unwrap(), version);
    let gitlab = fs::read_to_string(repository("examples/ci/gitlab/.gitlab-ci.yml")).unwrap();
    assert_eq!(yaml(&gitlab)["variables"]["ROSTERCTL_VERSION"].as_str().unwrap(), version);
}

#[test]
fn whoever_may_write_sees_neither_rosters_nor_credentials() {
    let mut writers = 0;
    for (path, text) in
        workflows().into_iter().filter(|(path, _)| !path.contains("release") && !path.contains("actions"))
    {
        let workflow = yaml(&text);
        if workflow.get("jobs").is_none() {
            continue;
        }
        assert!(workflow["permissions"].as_mapping().is_some_and(|all| all.is_empty()), "{path}: nothing by default");
        for (name, job) in jobs(&workflow).into_iter().filter(|(_, job)| job.get("steps").is_some()) {
            let rights = job["permissions"].as_mapping().unwrap();
            let writes = rights.iter().any(|(_, how)| how.as_str() == Some("write"));
            let shown = serde_yaml::to_string(&job).unwrap();
            if writes {
                writers += 1;
                assert!(!shown.contains("secrets.") && !shown.contains("actions/checkout"), "{path}: {name}:\n{shown}");
                assert_eq!(rights.len(), 1, "{path}: {name}");
            } else {
                assert_eq!(serde_yaml::to_string(rights).unwrap(), "contents: read\n", "{path}: {name}");
            }
            if shown.contains("secrets.") && shown.contains("pull_request") {
                let rule = job["if"].as_str().unwrap();
                assert!(rule.contains("head.repo.full_name == github.repository"), "{path}: {name}: {rule}");
            }
            if shown.contains("actions/checkout") {
                assert!(shown.contains("persist-credentials: false"), "{path}: {name}");
            }
        }
    }
    assert!(writers >= 4, "{writers}");
}

#[test]
fn nothing_that_others_write_gets_into_a_script() {
    for (path, text) in workflows() {
        let file = yaml(&text);
        let own = file.get("runs").into_iter().flat_map(steps);
        let all = jobs(&file).into_iter().flat_map(|(_, job)| steps(&job)).chain(own);
        for run in all.filter_map(|step| step.get("run").and_then(Yaml::as_str).map(str::to_owned)) {
            assert!(!run.contains("${{"), "{path}: {run}");
        }
    }
}

/// What the workflows ask of the program, it does: as a runner would have checked the repository out.
#[test]
fn the_program_does_what_the_workflows_ask_of_it() {
    let project = Project::with_roster(common::ACME).with(".gitignore", ".rosterctl\n*.md\n*.html\n");
    let git = |arguments: &str| {
        let mut command = Command::new("git");
        command.arg("-C").arg(project.path("")).args(["-c", "user.name=Tess", "-c", "user.email=tess@acme.example"]);
        let answer = command.args(arguments.split_whitespace()).output().unwrap();
        assert!(answer.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&answer.stderr));
    };
    project.run("fmt").exits(0);
    project.run("apply --yes").exits(0);
    git("init --quiet --initial-branch main");
    git("add -A");
    git("commit --quiet -m first");
    git("checkout --quiet -b topic");
    project.edit("rosters/acme.yaml", "name: Ada Peeters", "name: Ada Janssens");
    git("commit --quiet -am second");
    // The merge that a pull request is checked out as: its first parent is the base.
    git("checkout --quiet main");
    git("merge --quiet --no-ff topic -m merge");
    let called = yaml(&fs::read_to_string(repository(".github/workflows/roster.yml")).unwrap());
    let mut asked = Vec::new();
    for step in jobs(&called).iter().flat_map(|(_, job)| steps(job)) {
        let Some(command) = step["with"].get("command").and_then(Yaml::as_str) else { continue };
        let args = step["with"]["args"].as_str().unwrap_or_default();
        let here = project.path("").display().to_string();
        let filled = args.replace("${{ inputs.target }}", "sandbox").replace("${{ inputs.deny }}", "error");
        let filled = filled.replace("${{ runner.temp }}", here.trim_end_matches('/'));
        assert!(!filled.contains("${{"), "{filled}");
        let run = filled.lines().fold(project.run(command), common::Run::arg);
        let ran = run.env("PATH", &std::env::var("PATH").unwrap()).ends();
        let accepts = step["with"].get("accept").and_then(Yaml::as_str).unwrap_or("0");
        let code = ran.code.unwrap().to_string();
        assert!(accepts.split(' ').any(|one| one == code), "{ran}");
        asked.push(command.to_owned());
    }
    assert_eq!(asked, ["validate", "fmt", "plan", "drift"]);
    let comment = project.read("plan.md");
    assert!(comment.starts_with("<!-- rosterctl:plan sandbox digest "), "{comment}");
    assert!(comment.contains("changed on this branch"), "{comment}");
    assert!(project.has("plan.html") && project.has("drift.md") && project.has("drift.html"));
}

#[test]
fn the_hooks_name_commands_that_are_there() {
    let hooks = yaml(&fs::read_to_string(repository(".pre-commit-hooks.yaml")).unwrap());
    let project = Project::copy_of("examples/small");
    for hook in hooks.as_sequence().unwrap() {
        assert_eq!(hook["pass_filenames"].as_bool(), Some(false));
        let line = hook["entry"].as_str().unwrap().strip_prefix("rosterctl ").unwrap();
        project.run(line).exits(0);
    }
}

// --- what others read it with

/// The folder with the linters; none: they were not asked for.
#[allow(clippy::print_stderr, reason = "what was skipped is said")]
fn linters() -> Option<PathBuf> {
    if std::env::var("ROSTERCTL_LINTERS").is_ok_and(|which| which == "all") {
        let path = Command::new("bash").arg(repository("tests/glue/linters")).arg("path").output().expect("bash");
        let folder = PathBuf::from(String::from_utf8(path.stdout).unwrap().trim());
        assert!(folder.join("zizmor").exists(), "run `tests/glue/linters install` first");
        return Some(folder);
    }
    eprintln!("SKIPPED linters: set ROSTERCTL_LINTERS=all (after `tests/glue/linters install`) to run them");
    None
}

/// Runs a program of the linters in the repository, and gives what it said.
#[track_caller]
fn content(folder: &std::path::Path, program: &str, arguments: &[&str], files: &[String]) -> String {
    let mut command = Command::new(folder.join(program));
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let ran = command.args(arguments).args(files).current_dir(repository("")).env("PATH", path).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{program} is not content:\n{said}");
    said
}

#[test]
fn linters_are_content() {
    let Some(folder) = linters() else { return };
    let all: Vec<String> = workflows().into_iter().map(|(path, _)| path).collect();
    let no_actions: Vec<String> = all.iter().filter(|path| !path.contains("/actions/")).cloned().collect();
    content(&folder, "actionlint", &["-no-color"], &no_actions);
    let said = content(&folder, "zizmor", &["--offline", "--no-progress", "--config", ".github/zizmor.yml"], &all);
    assert!(said.contains("No findings to report"), "{said}");
    for path in &all {
        assert!(said.contains(&format!("completed {path}")), "zizmor did not read {path}:\n{said}");
    }
    let starter = Project::empty();
    starter.run("init --platform arxus").exits(0);
    let written = [starter.path(".github/workflows/rosters.yml").display().to_string()];
    content(&folder, "actionlint", &["-no-color"], &written);
    content(&folder, "zizmor", &["--offline", "--no-progress", "--config", ".github/zizmor.yml"], &written);
    content(&folder, "shellcheck", &["--severity=info"], &scripts::all());
    // The scripts of the GitLab example stand in YAML: one file each.
    let gitlab = yaml(&fs::read_to_string(repository("examples/ci/gitlab/.gitlab-ci.yml")).unwrap());
    let project = Project::empty();
    let mut pulled_out = Vec::new();
    for job in [".rosterctl", "gate", "plan", "drift"] {
        let lines = ["before_script", "script"].into_iter().filter_map(|key| gitlab[job].get(key)?.as_sequence());
        let lines: Vec<&str> = lines.flatten().map(|line| line.as_str().unwrap()).collect();
        assert!(!lines.is_empty(), "{job}");
        project.write(&format!("{job}.sh"), format!("#!/bin/sh\nset -e\n{}\n", lines.join("\n")));
        pulled_out.push(project.path(&format!("{job}.sh")).display().to_string());
    }
    content(&folder, "shellcheck", &["--severity=info"], &pulled_out);
}

#[test]
fn linters_would_find_something() {
    let Some(folder) = linters() else { return };
    let project = Project::empty();
    project.write(
        ".github/workflows/bad.yml",
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n",
    );
    for (program, arguments) in [("actionlint", &["-no-color"][..]), ("zizmor", &["--offline", "--no-progress"])] {
        let mut command = Command::new(folder.join(program));
        let ran =
            command.args(arguments).arg(".github/workflows/bad.yml").current_dir(project.path("")).output().unwrap();
        assert!(!ran.status.success(), "{program} lets everything pass");
    }
}

#[test]
fn pre_commit_runs_the_hooks() {
    let Some(folder) = linters() else { return };
    let program = PathBuf::from(env!("CARGO_BIN_EXE_rosterctl"));
    let path = format!(
        "{}:{}:{}",
        folder.display(),
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let git = |project: &Project, line: &str| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "init.defaultBranch=main"]);
        let ran =
            git.args(line.split(' ')).current_dir(project.path("")).env("HOME", project.path("")).output().unwrap();
        assert!(ran.status.success(), "git {line}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    };
    // The hooks as they are in this tree, committed or not.
    let hooks = Project::empty();
    hooks.write(".pre-commit-hooks.yaml", fs::read(repository(".pre-commit-hooks.yaml")).unwrap());
    git(&hooks, "init -q");
    git(&hooks, "add -A");
    git(&hooks, "commit -q -m hooks");
    let commit = git(&hooks, "rev-parse HEAD");
    let project = Project::copy_of("examples/small");
    let hook = |id: &str| format!("      - id: {id}\n");
    project.write(
        ".pre-commit-config.yaml",
        format!(
            "repos:\n  - repo: {}\n    rev: {commit}\n    hooks:\n{}{}",
            hooks.path("").display(),
            hook("rosterctl-validate-system"),
            hook("rosterctl-fmt-system")
        ),
    );
    git(&project, "init -q");
    git(&project, "add -A");
    let run = || {
        let mut command = Command::new(folder.join("pre-commit"));
        command.args(["run", "--all-files", "--color", "never"]).current_dir(project.path(""));
        let home = project.path("");
        command.env("PATH", &path).env("HOME", &home).env("PRE_COMMIT_HOME", home.join(".cache"));
        let ran = command.output().unwrap();
        (
            ran.status.success(),
            String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr),
        )
    };
    let (good, said) = run();
    assert!(good && said.matches("Passed").count() == 2, "{said}");
    project.edit("rosters/acme.yaml", "roles: [dpo]", "roles: [dop]");
    let (good, said) = run();
    assert!(!good && said.contains("roster/unknown-role"), "{said}");
}
