//! Every command shows examples in its help and its manual page, and every example does what it says when it is typed.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use clap::CommandFactory;
use common::{Project, repository};
use rosterctl::cli::Cli;

/// All commands, those with others below them too, by the words that name them.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        let path = [path, &[command.get_name().to_owned()]].concat();
        command.get_subcommands().for_each(|sub| below(sub, &path, found));
        found.push(path);
    }
    let mut found = Vec::new();
    Cli::command().get_subcommands().for_each(|sub| below(sub, &[], &mut found));
    assert!(found.len() > 15, "{found:?}");
    found
}

/// The lines of the examples in the help of a command.
fn examples(path: &[String]) -> Vec<String> {
    let project = Project::empty();
    let run = path.iter().fold(project.run(""), |run, word| run.arg(word));
    let help = run.arg("--help").env("COLUMNS", "200").exits(0).stdout;
    let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{path:?} has no examples:\n{help}"));
    let lines: Vec<&str> = examples.lines().take_while(|line| line.is_empty() || line.starts_with("  ")).collect();
    let typed: Vec<String> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("  rosterctl "))
        .map(|line| format!("rosterctl {line}"))
        .collect();
    let told = lines.iter().filter(|line| line.starts_with("  # ")).count();
    assert_eq!(told, typed.len(), "{path:?}: each example says what it is for:\n{help}");
    assert!(!typed.is_empty(), "{path:?}");
    for line in &typed {
        assert!(line[10..].starts_with(&path.join(" ")), "{path:?} shows another command: {line}");
    }
    typed
}

/// A shell that types a line in a project, at home there, with the program on its path.
fn shell(project: &Project, line: &str) -> Command {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().expect("a folder").to_owned();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).current_dir(project.path("")).env_clear().env("HOME", project.path(""));
    shell.env("PATH", program).env("TZ", "UTC");
    shell
}

/// The folder in which an example is typed.
fn scene(line: &str) -> Project {
    if line.contains(" init ") {
        return Project::empty();
    }
    if line.contains(" portal accept") {
        let project = Project::empty();
        project.run("init --platform grx").exits(0);
        project.run("apply --yes").exits(0);
        return project;
    }
    let project = Project::copy_of("examples/small");
    for folder in [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"] {
        fs::create_dir_all(project.path(folder)).expect("folders can be made");
    }
    project.write("tokens.txt", "ada s3cret-of-ada ada\n");
    if line.contains(" apply") || line.contains(" plan") {
        project.run("plan --out plan.json").exits(0);
    } else {
        if line.contains(" verify") {
            project.run("runbook make --report json=runbook.json").exits(0);
        }
        project.run("apply --yes").exits(0);
    }
    project
}

#[test]
#[cfg(unix)]
fn every_example_is_true() {
    let lines: BTreeSet<String> = commands().iter().flat_map(|path| examples(path)).collect();
    assert!(lines.len() > 30, "{lines:?}");
    for line in lines {
        let project = scene(&line);
        // These two need somebody: one to be stopped, one to be asked. Without a terminal the latter refuses.
        if line.starts_with("rosterctl serve") {
            let arguments = line.trim_start_matches("rosterctl serve").replace("--listen 0.0.0.0:8080", "");
            assert!(project.serve(&arguments).url.ends_with("/scim/v2"), "{line}");
            continue;
        }
        let served = line.contains("--target production").then(|| {
            let served = project.serve("");
            let target = format!("production: {{ kind: scim, url: \"{}\", platform: arxus }}", served.url);
            project.edit("rosterctl.yaml", "targets:\n", &format!("targets:\n  {target}\n"));
            served
        });
        let ran = shell(&project, &line).output().expect("a shell");
        let expected = match line.as_str() {
            "rosterctl apply" => 1,
            "rosterctl plan --detailed-exitcode" => 2,
            _ => 0,
        };
        let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(expected), "{line}\n{stdout}\n{stderr}");
        if expected == 1 {
            assert!(stderr.contains("there is no terminal to ask on"), "{line}\n{stderr}");
        } else {
            assert!(!stderr.contains("error"), "{line}\n{stderr}");
        }
        if let Some((_, file)) = line.split_once(" > ") {
            let file = fs::read(project.path(&file.replace("~/", ""))).expect("a file");
            assert!(!file.is_empty(), "{line}");
        }
        drop(served);
    }
}

#[test]
fn every_command_has_a_page_with_its_examples() {
    let project = Project::empty();
    project.run("man pages").exits(0).complains("pages were written to `pages`");
    let mut pages = 0;
    for path in commands() {
        let page = project.read(&format!("pages/rosterctl-{}.1", path.join("-")));
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS") && page.contains(".SH OPTIONS"), "{page}");
        for line in examples(&path) {
            let line = line.replace('-', "\\-");
            assert!(page.lines().any(|shown| shown == line), "{path:?}: {line}\n{page}");
        }
        pages += 1;
    }
    assert!(pages > 15);
    let main = project.read("pages/rosterctl.1");
    assert!(main.contains(".TH ROSTERCTL 1 \"\" \"rosterctl "), "no date, but its place:\n{main}");
    assert_eq!(project.run("man").exits(0).without_complaint().stdout, main);
    for command in ["validate", "plan", "who", "man"] {
        assert!(main.contains(&format!("rosterctl\\-{command}(1)")), "{main}");
    }
    // Where it cannot be written, that is said.
    project.write("file", "");
    project.run("man file").exits(1).complains("could not be written");
    let again = project.read("pages/rosterctl-plan.1");
    project.run("man pages").exits(0);
    assert_eq!(project.read("pages/rosterctl-plan.1"), again, "the same each time: no date, no machine");
}

#[test]
fn the_pages_are_sound_roff() {
    let Ok(groff) = Command::new("groff").arg("--version").output() else {
        return skipped();
    };
    assert!(groff.status.success());
    let project = Project::empty();
    project.run("man pages").exits(0);
    for entry in fs::read_dir(project.path("pages")).expect("a folder") {
        let page = entry.expect("a page").path();
        let ran = Command::new("groff").args(["-man", "-Tascii", "-ww", "-z"]).arg(&page).output().expect("groff runs");
        assert!(ran.stderr.is_empty(), "{}: {}", page.display(), String::from_utf8_lossy(&ran.stderr));
    }
}

#[allow(clippy::print_stderr, reason = "what was skipped is said")]
fn skipped() {
    eprintln!("SKIPPED: there is no groff on this machine to read the manual pages with");
}

#[test]
fn the_readme_shows_no_command_that_is_not_there() {
    let readme = fs::read_to_string(repository("README.md")).expect("a file");
    let known: Vec<String> = Cli::command().get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut checked = 0;
    for line in readme.lines() {
        let line = line.trim_start_matches("$ ");
        let Some(rest) = line.strip_prefix("rosterctl ") else { continue };
        let word = rest.split_whitespace().next().unwrap_or_default();
        if word.starts_with('-') || line.contains("keeps") {
            continue;
        }
        assert!(known.iter().any(|name| name == word), "{line}");
        checked += 1;
    }
    assert!(checked > 15, "{checked}");
}
