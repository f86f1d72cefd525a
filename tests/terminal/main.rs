//! The program on a terminal: the question before an apply, what is shown while one waits, narrow windows, colours.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod pty;

use std::net::TcpListener;

use common::{ACME, Project};
use pty::Terminal;

const QUESTION: &str = "carry out these 4 steps on `sandbox`? type yes: ";

fn acme() -> Project {
    Project::with_roster(ACME)
}

/// How often a text is there.
fn times(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[track_caller]
fn untouched(project: &Project) {
    project.run("export").exits(1).complains("no organisation yet");
}

// --- the question

#[test]
fn yes_carries_it_out() {
    let project = acme();
    let mut terminal = Terminal::open(&project, 100, "apply");
    terminal.until(QUESTION);
    let asked = plain(&terminal.seen());
    assert!(asked.contains("create user ada"), "the plan comes before the question:\n{asked}");
    untouched(&project);
    terminal.types("yes\r");
    let (code, shown) = terminal.ends();
    assert_eq!(code, 0, "{shown}");
    project.run("plan").exits(0).says("no changes");
}

#[test]
fn anything_else_does_nothing() {
    for answer in ["no\r", "y\r", "YES\r", "\r", "yes please\r", "\u{4}"] {
        let project = acme();
        let mut terminal = Terminal::open(&project, 100, "apply");
        terminal.until(QUESTION);
        terminal.types(answer);
        let (code, shown) = terminal.ends();
        assert_eq!(code, 1, "{answer:?}\n{shown}");
        assert!(shown.contains("not confirmed: nothing was done"), "{answer:?}\n{shown}");
        untouched(&project);
    }
}

#[test]
fn an_interrupt_at_the_question_does_nothing() {
    let project = acme();
    let mut terminal = Terminal::open(&project, 100, "apply");
    terminal.until(QUESTION);
    terminal.types("\u{3}");
    let (code, shown) = terminal.ends();
    assert_ne!(code, 0, "{shown}");
    untouched(&project);
}

#[test]
fn who_is_asked_has_seen_the_steps_however_quiet() {
    // On the terminal once, whatever becomes of standard output.
    for line in [
        "rosterctl apply",
        "rosterctl apply -q",
        "rosterctl apply -q > out.txt",
        "rosterctl apply > out.txt",
        "rosterctl apply --format json > out.txt",
        "rosterctl plan --out p.json > out.txt; rosterctl apply -q --plan p.json",
        "rosterctl plan --out p.json > out.txt; rosterctl apply --format json --plan p.json > out.txt",
    ] {
        let project = acme();
        let mut terminal = Terminal::shell(&project, 100, line);
        terminal.until(QUESTION);
        let asked = plain(&terminal.seen());
        for step in ["create user ada", "create contact grace", "what this means", "plan: 4 to create"] {
            assert_eq!(times(&asked, step), 1, "{line}: {step}\n{asked}");
        }
        terminal.types("yes\r");
        let (code, shown) = terminal.ends();
        assert_eq!(code, 0, "{line}\n{shown}");
        if line.contains("--format json") {
            let out: serde_json::Value = serde_json::from_str(&project.read("out.txt")).expect("one document");
            assert_eq!(out["steps"].as_array().unwrap().len(), 4);
        }
    }
}

#[test]
fn quiet_with_consent_shows_only_what_needs_attention() {
    let project = acme();
    let ran = project.run("apply --yes -q").exits(0).without_complaint();
    assert!(!ran.stdout.contains("create user ada"), "{ran}");
}

#[test]
fn one_step_is_one_step() {
    let project = acme();
    project.run("apply --yes").exits(0);
    project.edit("rosters/acme.yaml", "name: IT operations", "name: Operations");
    let mut terminal = Terminal::open(&project, 100, "apply");
    terminal.until("carry out this step on `sandbox`? type yes: ");
    terminal.types("yes\r");
    assert_eq!(terminal.ends().0, 0);
}

// --- while one waits

/// A portal that takes connections and never answers.
fn slow() -> (TcpListener, Project) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let target = format!("{{ kind: scim, url: \"http://127.0.0.1:{port}/scim/v2\", platform: arxus }}");
    let project = acme().with_workspace(&format!("version: 1\nrosters: [rosters]\ntargets: {{ far: {target} }}\n"));
    (listener, project)
}

#[test]
fn who_waits_is_told_for_what() {
    let (_listener, project) = slow();
    let mut terminal = Terminal::open(&project, 80, "target probe");
    terminal.until("trying what far does");
    terminal.types("\u{3}");
    terminal.ends();
    // On standard error, and only where that is a terminal.
    let mut terminal = Terminal::shell(&project, 80, "rosterctl target probe > out.txt");
    terminal.until("trying what far does");
    terminal.types("\u{3}");
    terminal.ends();
    assert_eq!(project.read("out.txt"), "");
}

#[test]
fn steps_are_counted_as_they_are_done() {
    let project = acme();
    let (code, shown) = Terminal::open(&project, 100, "apply --yes").ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("/4 steps"), "{shown:?}");
    let (_, shown) = Terminal::open(&acme(), 40, "apply --yes").ends();
    assert!(shown.contains("/4 steps") && !shown.contains('█'), "no bar where there is no room:\n{shown:?}");
    let (_, shown) = Terminal::open_with(&acme(), 100, "apply --yes", &[("TERM", "dumb")]).ends();
    assert!(!shown.contains("/4 steps") && !shown.contains('\u{1b}'), "{shown:?}");
    for quiet in ["apply --yes -q", "apply --yes --format json"] {
        let (code, shown) = Terminal::open(&acme(), 100, quiet).ends();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains("/4 steps"), "{quiet}\n{shown:?}");
    }
}

// --- width and colours

/// The text without colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest));
    }
    text
}

/// Asserts that no line is wider than the terminal, but where one word is.
#[track_caller]
fn fits(shown: &str, columns: usize, what: &str) {
    for line in plain(shown).lines() {
        // What was drawn over is gone.
        let line = line.rsplit('\r').next().unwrap_or_default();
        let wide = line.chars().count() > columns;
        let words = line.split_whitespace().count();
        assert!(!wide || words <= 1, "{what}: wider than {columns} columns:\n{line}\nin\n{}", plain(shown));
    }
}

#[test]
fn narrow_terminals_get_narrow_lines() {
    let project = acme();
    project.run("apply --yes").exits(0);
    let served = project.serve("");
    let target = format!("{{ kind: scim, url: \"{}\", platform: arxus }}", served.url);
    project.write("rosterctl.yaml", format!("version: 1\nrosters: [rosters]\ntargets: {{ far: {target} }}\n"));
    for columns in [32, 40, 64] {
        for arguments in ["target probe", "target probe --write", "", "plan", "validate", "drift"] {
            let (_, shown) = Terminal::open(&project, columns, arguments).ends();
            assert!(!shown.is_empty(), "{arguments}");
            fits(&shown, columns.into(), arguments);
        }
    }
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let project = acme();
    let coloured = |arguments: &str, environment: &[(&str, &str)]| {
        let (_, shown) = Terminal::open_with(&project, 80, arguments, environment).ends();
        shown.contains("\u{1b}[3") || shown.contains("\u{1b}[1m")
    };
    for arguments in ["plan", "validate", "--help", "pan"] {
        assert!(coloured(arguments, &[]) || arguments == "validate", "{arguments}");
        assert!(!coloured(arguments, &[("NO_COLOR", "1")]), "{arguments}");
        assert!(!coloured(arguments, &[("TERM", "dumb")]), "{arguments}");
        assert!(!coloured(&format!("--color never {arguments}"), &[]), "{arguments}");
        assert!(coloured(&format!("--color=always {arguments}"), &[("NO_COLOR", "1")]) || arguments == "validate");
    }
}
