//! The commands, end to end: what is typed, what comes out where, and the code at the end.

mod common;

use std::collections::BTreeSet;

use common::{ACME, Project, replaced, repository};
use rosterctl::platform::Platform;
use serde_json::Value as Json;

/// A workspace with one embedded portal.
const WORKSPACE: &str = "version: 1
rosters: [rosters]
defaultTarget: sandbox
targets:
  sandbox: { kind: embedded, path: .rosterctl/sandbox.db }
";

/// A platform of one's own: Arxus with a service for phones and a rule that asks for one.
const MINE: &str = r#"version: 1
id: mine
name: Our own portal
summary: Arxus with a rule of ours.
extends: arxus
rules:
  phone-for-all:
    level: warning
    title: A user has a phone number.
    cure: Write it down.
    requires:
      of: { section: users }
      must:
        - be: { has: phone }
          say: "{subject} has no phone number"
          help: "add `phone` to {subject}"
          point: phone
"#;

fn acme() -> Project {
    Project::with_roster(ACME).with_workspace(WORKSPACE)
}

fn applied() -> Project {
    let project = acme();
    project.run("apply --yes").exits(0);
    project
}

/// A second user beside Ada.
fn henry(text: &str) -> String {
    let user = "users:\n  henry:\n    name: Henry Okafor\n    email: henry@acme.example\n    groups: [it-operations]\n    \
                attributes: { responsibilities: [it-administration] }\n";
    replaced(text, "users:\n", user)
}

fn keys(json: &Json) -> Vec<&str> {
    json.as_object().expect("an object").keys().map(String::as_str).collect()
}

// --- exit codes and usage

#[test]
fn help_is_no_wrong_usage() {
    let project = Project::empty();
    project.run("--help").exits(0).without_complaint().says("Exit codes: 0 done and clean").says("apply");
    project.run("-h").exits(0).says("validate");
    project.run("--version").exits(0).says("rosterctl ").without_complaint();
    for command in
        ["init", "validate", "plan", "apply", "drift", "export", "who", "explain", "fmt", "schema", "completions"]
    {
        project.run(&format!("{command} --help")).exits(0).without_complaint().says("Usage: rosterctl");
    }
}

#[test]
fn misspelt_words_are_wrong_usage_and_offered() {
    let project = acme();
    for (typed, offered) in [
        ("validte", "'validate'"),
        ("exprot", "'export'"),
        ("validate --fromat json", "'--format'"),
        ("validate --format jsn", "'json'"),
        ("lint", "'validate'"),
        ("diff --target sandbox", "'plan'"),
        ("status", "'drift'"),
        ("target prob", "'probe'"),
        ("portal acept", "'accept'"),
        ("validate --colour always", "'--color'"),
        ("apply --plann x.json", "'--plan'"),
        ("schema rooster", "'roster'"),
        ("completions fsh", "'fish'"),
        ("who notifed data-breach", "'notified'"),
        ("init --platform arxsu", "`arxus`"),
        ("plan --target sandbx", "`sandbox`"),
        ("apply --yes --target sandbx", "`sandbox`"),
        ("export --target sandbx", "`sandbox`"),
        ("drift --target sandbx", "`sandbox`"),
    ] {
        let ran = project.run(typed).ends();
        assert_eq!(ran.code, Some(64), "{ran}");
        assert!(ran.stdout.is_empty(), "{ran}");
        ran.complains(offered);
    }
}

#[test]
fn wrong_usage_of_every_sort_is_64() {
    let project = acme();
    for typed in [
        "validate --as-of yesterday",
        "validate --as-of 2026-13-01",
        "validate --deny everything",
        "validate --workspace nowhere.yaml",
        "plan --allow-removals many",
        "plan --allow-removals -1",
        "apply --plan plan.json rosters",
        "apply --plan plan.json --prune",
        "who",
        "who holds",
        "init",
        "init --platform arxus --organisation Acme_NV",
        "completions",
        "schema workspace --platform arxus",
        "explain a b",
        "plan -q -v",
    ] {
        let ran = project.run(typed).exits(64);
        assert!(ran.stdout.is_empty(), "usage goes to standard error\n{ran}");
        assert!(!ran.stderr.is_empty(), "{ran}");
    }
    for (actor, cure) in [("", "write an id such as"), ("Ada L", "write `ada-l`"), ("ada@acme.example", "kebab-case")] {
        for command in ["plan", "apply --yes"] {
            project.run(command).arg("--actor").arg(actor).exits(64).complains("not an id").complains(cure);
        }
    }
    let project = Project::with_roster(ACME);
    for actor in ["\"\"", "Ada", "ada@acme.example", "[ada]"] {
        let targets = format!("{{ t: {{ kind: embedded, path: p.db, actor: {actor} }} }}");
        project.write("rosterctl.yaml", format!("version: 1\ntargets: {targets}\n"));
        let found = project.run("plan --format json").exits(1).finding("roster/wrong-type");
        assert_eq!(found.pointer, "/targets/t/actor");
    }
}

#[test]
fn no_rosters_are_wrong_usage_with_the_cure() {
    let project = Project::empty();
    for command in ["validate", "plan", "apply --yes", "drift", "fmt", "who holds dpo"] {
        project.run(command).exits(64).complains("`rosterctl init --platform arxus`");
    }
    project.run("export").exits(1).complains("no organisation yet").complains("once a roster was applied");
}

#[test]
fn every_code_of_the_table_is_reached() {
    let project = acme();
    project.run("validate").exits(0);
    project.run("plan").exits(0);
    project.run("plan --detailed-exitcode").exits(2);
    project.run("apply").exits(1).complains("--yes");
    project.run("drift").exits(2);
    project.run("apply --yes").exits(0);
    project.run("plan --detailed-exitcode").exits(0).says("no changes");
    project.run("drift").exits(0);
    project.edit("rosters/acme.yaml", "roles: [dpo]", "roles: [dop]");
    for command in ["validate", "plan", "plan --detailed-exitcode", "apply --yes", "drift"] {
        project.run(command).exits(1);
    }
    project.run("validate --frmat").exits(64);
}

#[test]
fn apply_without_a_terminal_asks_for_yes_and_does_nothing() {
    let project = acme();
    project.run("apply").stdin("yes\n").exits(1).complains("no terminal").complains("--yes");
    project.run("plan --detailed-exitcode").exits(2);
}

#[test]
fn deny_warning_makes_warnings_count_and_nothing_else() {
    let project =
        Project::with_roster(&replaced(ACME, "    phone: \"+32 470 00 00 01\"\n", "")).with_workspace(WORKSPACE);
    project.run("validate").exits(0).says("1 warning");
    project.run("validate --deny error").exits(0);
    project.run("validate --deny warning").exits(1);
    project.run("plan").exits(0);
    project.run("plan --deny warning").exits(1);
    project.run("apply --yes --deny warning").exits(1);
    project.run("plan --detailed-exitcode").exits(2);
    acme().run("validate --deny warning").exits(0);
}

// --- output

#[test]
fn json_is_exactly_one_document_and_all_else_goes_to_standard_error() {
    let project = acme();
    let document = |command: &str, code: i32| -> Json {
        let ran = project.run(&format!("{command} --format json")).exits(code);
        assert!(ran.stdout.ends_with('\n') && !ran.stdout.contains('\u{1b}'), "{ran}");
        ran.json()
    };
    assert_eq!(keys(&document("validate", 0)), ["diagnostics", "summary", "version"]);
    for key in ["version", "digest", "organisations", "target", "complete", "summary", "steps", "impact", "unmanaged"] {
        assert!(document("plan", 0).get(key).is_some(), "a plan has `{key}`");
    }
    assert_eq!(document("plan", 0)["summary"]["create"], 4);
    assert!(document("drift", 2)["differences"].as_array().is_some_and(|differences| differences.len() == 4));
    document("apply", 1);
    let outcome = document("apply --yes", 0);
    assert_eq!(outcome["version"], 1);
    assert_eq!(document("apply --yes", 0)["version"], 1, "nothing to do is a document too");
    assert_eq!(document("drift", 0)["differences"], Json::Array(Vec::new()));
    assert_eq!(document("export", 0)["organisation"], "acme");
    assert_eq!(document("who holds dpo", 0)["answers"][0]["people"][0]["person"], "dana");
    assert_eq!(document("explain technical", 0)["pages"][0]["kind"], "role");
    assert!(document("explain", 0)["rules"].as_array().expect("rules").len() > 40);
    assert_eq!(document("fmt", 0)["changed"], serde_json::json!(["rosters/acme.yaml"]));
    assert_eq!(document("fmt --check", 0)["changed"], Json::Array(Vec::new()));
    document("schema", 0);
    project.edit("rosters/acme.yaml", "roles: [dpo]", "roles: [dop]");
    for command in ["validate", "plan", "drift", "apply --yes", "who holds dpo"] {
        document(command, 1);
    }
    // What keeps a command from its work is a document too.
    assert!(document("export --organisation nobody", 1)["error"]["message"].is_string());
    assert!(document("explain nothing-of-the-sort", 1)["error"]["help"].is_string());
}

#[test]
fn json_of_init_is_a_document_too() {
    let project = Project::empty();
    project.run("init --platform arxus --format json").exits(0).json();
}

#[test]
fn a_broken_workspace_is_a_json_document_for_every_command() {
    let project = acme().with_workspace("version: 1\nrosters: [rosters]\nguard: {}\n");
    for command in ["validate", "plan", "apply --yes", "drift", "who holds dpo", "export", "fmt --check"] {
        project.run(&format!("{command} --format json")).exits(1).json();
    }
}

#[test]
fn a_broken_workspace_is_shown_by_every_command() {
    let project = acme().with_workspace("version: 1\nrosters: [rosters]\nguard: {}\ndefaultTarget: sandbox\n");
    for command in ["validate", "plan", "apply --yes", "drift", "export", "fmt --check", "fmt"] {
        project.run(command).exits(1).says("roster/unknown-key").says("rosterctl.yaml:3:1");
    }
    let found = project.run("fmt --check --format json").exits(1).findings();
    assert!(found.iter().any(|finding| finding.path == "rosterctl.yaml"), "{found:?}");
}

#[cfg(unix)]
#[test]
fn a_workspace_file_that_is_no_file_is_an_error() {
    let commands = ["validate", "validate rosters", "plan", "apply --yes", "drift", "export", "fmt"];
    let refused = |project: &Project, why: &str| {
        for command in commands {
            let ran = project.run(command).below("deep").exits(1);
            ran.says(why).says("../rosterctl.yaml").says("move it away").never_says("in order");
        }
        assert!(!project.has(".rosterctl") && !project.has("deep/.rosterctl"));
    };
    let deep = || Project::with_roster(ACME).with("deep/rosters/acme.yaml", ACME);
    refused(&deep().with("rosterctl.yaml/x", ""), "is a folder");
    let pipe = deep();
    let made = std::process::Command::new("mkfifo").arg(pipe.path("rosterctl.yaml")).status();
    assert!(made.expect("mkfifo starts").success());
    refused(&pipe, "not a regular file");
    let link = deep();
    std::os::unix::fs::symlink("nowhere", link.path("rosterctl.yaml")).expect("links can be made");
    refused(&link, "cannot be read");
    let bytes = deep();
    bytes.write("rosterctl.yaml", b"version: 1 # \xff\n");
    refused(&bytes, "not UTF-8");
    Project::empty().with("rosterctl.yaml/x", "").run("validate").exits(1).says("is a folder");
}

#[test]
fn fmt_reports_broken_yaml_in_json_too() {
    let project = Project::empty().with("x.yaml", "a: [\n");
    let text = project.run("fmt --check x.yaml").exits(1).says("roster/syntax").says("x.yaml:1:4");
    text.never_says("everything is in order");
    let json = project.run("fmt --check x.yaml --format json").exits(1).json();
    assert!(json.to_string().contains("roster/syntax"), "{json}");
}

#[test]
fn the_report_has_the_shape_of_the_contract() {
    let project = Project::with_roster(&replaced(ACME, "roles: [technical]", "roles: [techncal]"));
    let json = project.run("validate --format json").exits(1).json();
    assert_eq!(json["version"], 1);
    assert_eq!(keys(&json["summary"]), ["contacts", "errors", "infos", "organisations", "users", "warnings"]);
    assert_eq!((&json["summary"]["users"], &json["summary"]["contacts"]), (&Json::from(1), &Json::from(2)));
    let finding = &json["diagnostics"][0];
    let wanted = ["help", "location", "message", "organisation", "related", "rule", "severity", "subject"];
    assert_eq!(keys(finding), wanted);
    assert_eq!(keys(&finding["location"]), ["column", "endColumn", "endLine", "line", "path", "pointer"]);
    let expected = serde_json::json!({
        "path": "rosters/acme.yaml", "line": 13, "column": 13, "endLine": 13, "endColumn": 21,
        "pointer": "/users/ada/roles/0",
    });
    let unknown = json["diagnostics"].as_array().expect("findings");
    let unknown = unknown.iter().find(|one| one["rule"] == "roster/unknown-role").expect("the finding");
    assert_eq!(
        (&unknown["location"], &unknown["subject"], &unknown["organisation"]),
        (&expected, &"ada".into(), &"acme".into())
    );
    assert!(unknown["help"].as_str().is_some_and(|help| help.contains("`technical`")));
}

#[test]
fn text_shows_the_line_and_what_to_do() {
    let ran = Project::with_roster(&replaced(ACME, "roles: [technical]", "roles: [techncal]")).run("validate").exits(1);
    ran.says("error[roster/unknown-role]")
        .says("--> rosters/acme.yaml:13:13")
        .says("roles: [techncal]")
        .says("^^^^^^^^")
        .says("did you mean `technical`?")
        .says("1 error")
        .without_complaint();
}

#[test]
fn colours_only_where_they_are_wanted() {
    let project = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]")).with_workspace(WORKSPACE);
    let colourful = |arguments: &str, variables: &[(&str, &str)]| {
        let run = project.run(arguments);
        let ran = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).ends();
        ran.stdout.contains('\u{1b}') || ran.stderr.contains('\u{1b}')
    };
    assert!(!colourful("validate", &[]), "a pipe is no terminal");
    assert!(!colourful("validate --color auto", &[("NO_COLOR", "1")]));
    assert!(!colourful("validate --color never", &[("CLICOLOR_FORCE", "1")]));
    assert!(colourful("validate --color always", &[]));
    assert!(colourful("validate --color always", &[("NO_COLOR", "1")]), "a flag outweighs the environment");
    assert!(!colourful("validate --color always --format json", &[]), "JSON has no colours");
    assert!(colourful("plan --target nowhere --color always", &[]), "errors take part");
    assert!(!colourful("validte --color never", &[]));
}

#[test]
fn quiet_says_less_and_verbose_more() {
    let clean = acme();
    assert_eq!(clean.run("validate -q").exits(0).stdout, "");
    clean.run("fmt").exits(0);
    assert_eq!(clean.run("fmt --check -q").exits(0).stdout, "");
    clean.run("validate").exits(0).says("no findings");
    let broken = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    broken.run("validate -q").exits(1).says("roster/unknown-role").never_says("checked");
    assert_eq!(broken.run("who holds technical -q").exits(1).stderr, "");
    broken.run("who holds technical").exits(1).complains("errors");
    let (less, more) = (clean.run("plan").exits(0).stdout, clean.run("plan -v").exits(0).stdout);
    assert!(more.len() >= less.len());
}

#[test]
fn text_fits_the_width() {
    let mut text = replaced(ACME, "roles: [technical]", "roles: [techncal]");
    text = replaced(&text, "name: Dana Kowalska", &format!("name: {}", "Dana ".repeat(60).trim()));
    let project = Project::with_roster(&text).with_workspace(WORKSPACE);
    for columns in [60, 80, 100, 200] {
        for command in ["validate", "plan", "explain"] {
            let ran = project.run(command).env("COLUMNS", &columns.to_string()).ends();
            let least = if command == "explain" { columns.max(80) } else { columns };
            for line in ran.stdout.lines() {
                let width = line.chars().count();
                assert!(width <= least, "`{command}` writes {width} characters on {columns} columns: {line}");
            }
        }
    }
    // Where nobody says how wide, a finding's first line is a sentence that a search finds whole.
    let ran = project.run("validate").ends();
    let title = ran.stdout.lines().find(|line| line.starts_with("error[")).expect("a title");
    assert!(title.ends_with("has no role `techncal`"), "{title}");
    let narrow = project.run("validate").env("COLUMNS", "40").ends();
    assert_eq!(narrow.stdout.lines().next(), Some("error[roster/unknown-role]: Arxus"), "{narrow}");
    narrow.says("\n    customer portal has no role\n    `techncal`\n");
    // A width that is none is no reason to fail.
    for columns in ["0", "1", "-5", "wide", "99999999999"] {
        project.run("validate").env("COLUMNS", columns).exits(1);
    }
}

// --- workspace and paths

#[test]
fn the_workspace_is_found_upwards_and_named_by_a_flag() {
    let project = acme();
    project.write("deep/er/note.txt", "");
    let ran = project.run("validate --format json").below("deep/er").exits(0);
    assert_eq!(ran.json()["summary"]["users"], 1);
    project.run("plan --detailed-exitcode").below("deep").exits(2);
    project.run("apply --yes").below("deep/er").exits(0);
    assert!(project.has(".rosterctl/sandbox.db"), "paths of the workspace are relative to it");
    assert!(!project.has("deep/.rosterctl"));
    project
        .write("other/ws.yaml", "version: 1\nrosters: [../rosters]\nrules: { levels: { arxus/dpo-missing: off } }\n");
    project.run("validate --workspace other/ws.yaml").exits(0);
    project.run("validate --workspace other").exits(64).complains("no workspace file");
}

#[test]
fn paths_are_shown_from_the_working_directory() {
    let project = Project::with_roster(&replaced(ACME, "roles: [dpo]", "roles: [dop]")).with_workspace(WORKSPACE);
    project.write("deep/note.txt", "");
    let path = |ran: common::Ran| ran.finding("roster/unknown-role").path;
    assert_eq!(path(project.run("validate --format json").exits(1)), "rosters/acme.yaml");
    assert_eq!(path(project.run("validate --format json").below("rosters").exits(1)), "acme.yaml");
    assert_eq!(path(project.run("validate --format json ./rosters/../rosters").exits(1)), "rosters/acme.yaml");
    assert_eq!(path(project.run("validate --format json").below("deep").exits(1)), "../rosters/acme.yaml");
}

#[test]
fn files_folders_and_globs_are_read_once_each() {
    let project = Project::empty();
    let people = |id: &str| ACME.replace("organisation: acme", &format!("organisation: {id}"));
    project.write("a/one.yaml", people("one"));
    project.write("a/b/two.yml", people("two"));
    project.write("c/three.yaml", people("three"));
    project.write("c/notes.txt", "no roster");
    project.write("c/.hidden.yaml", "no: roster\n");
    let count = |paths: &str| {
        project.run(&format!("validate --format json {paths}")).exits(0).json()["summary"]["organisations"].as_u64()
    };
    assert_eq!(count("a/one.yaml"), Some(1));
    assert_eq!(count("a"), Some(2));
    assert_eq!(count("a/*.yaml"), Some(1));
    assert_eq!(count("**/*.yaml"), Some(2));
    assert_eq!(count("**/*.{yaml,yml}"), Some(3));
    assert_eq!(count("."), Some(3));
    assert_eq!(count("a a/one.yaml ./a/one.yaml a/b"), Some(2));
    assert_eq!(count("a c"), Some(3));
    let ran = project.run("validate --format json a/onne.yaml").exits(1);
    assert!(ran.finding("roster/syntax").help.contains("a/one.yaml"), "{ran}");
    project.run("validate c/*.yml").exits(1).says("matches");
}

#[test]
fn an_organisation_may_be_spread_over_files_and_documents() {
    let people = replaced(
        ACME,
        "platform: arxus\nprofile:\n  domains: [acme.example]\n  size: small\n  serviceAgreement: signed\n",
        "",
    );
    let facts = "version: 1\norganisation: acme\nplatform: arxus\nprofile: { domains: [acme.example], serviceAgreement: signed }\n";
    let apart = Project::empty().with("rosters/people.yaml", &people).with("rosters/zz.yaml", facts);
    apart.run("validate --deny warning").exits(0).says("1 organisation, 1 user, 2 contacts");
    let together = Project::with_roster(&format!("{facts}---\n{people}...\n"));
    together.run("validate --deny warning").exits(0).says("1 organisation, 1 user, 2 contacts");
    // Places are right in a second document too.
    together.edit("rosters/acme.yaml", "roles: [dpo]", "roles: [dop]");
    let ran = together.run("validate --format json").exits(1);
    let finding = ran.finding("roster/unknown-role");
    let line = together.read("rosters/acme.yaml").lines().position(|line| line.contains("[dop]")).expect("it is there");
    assert_eq!((finding.line, finding.column), (line as u64 + 1, 13));
    // Two organisations in one file.
    let two = format!("{ACME}---\n{}", ACME.replace("organisation: acme", "organisation: beta"));
    Project::with_roster(&two).run("validate").exits(0).says("2 organisations, 2 users, 4 contacts");
    // A person that stands in two files.
    apart.write(
        "rosters/more.yaml",
        "version: 1\norganisation: acme\nusers:\n  ada: { name: Ada, email: ada2@acme.example }\n",
    );
    let ran = apart.run("validate --format json").exits(1);
    let twice = ran.finding("roster/duplicate-key");
    assert_eq!((twice.path.as_str(), twice.subject.as_deref()), ("rosters/people.yaml", Some("ada")));
}

#[test]
fn the_platform_and_the_profile_are_stated_once() {
    let second = "version: 1\norganisation: acme\nplatform: arxus\n";
    let project = Project::with_roster(ACME).with("rosters/b.yaml", second);
    let ran = project.run("validate --format json").exits(1);
    let twice = ran.finding("roster/duplicate-key");
    assert_eq!((twice.path.as_str(), twice.at()), ("rosters/b.yaml", (3, 11)));
    assert_eq!(ran.json()["diagnostics"][0]["related"][0]["location"]["path"], "rosters/acme.yaml");

    let project = Project::with_roster(ACME).with("rosters/b.yaml", "version: 1\norganisation: acme\nprofile: {}\n");
    let twice = project.run("validate --format json").exits(1).finding("roster/duplicate-key");
    assert_eq!((twice.path.as_str(), twice.line, twice.pointer.as_str()), ("rosters/b.yaml", 3, "/profile"));

    let project = Project::with_roster(&replaced(ACME, "platform: arxus\n", ""));
    let missing = project.run("validate --format json").exits(1).finding("roster/missing-key");
    assert!(missing.help.contains("platform: arxus"), "{missing:?}");
}

#[test]
fn default_targets_must_exist_and_several_need_a_choice() {
    let project = acme().with_workspace(
        "version: 1\nrosters: [rosters]\ndefaultTarget: sandbx\ntargets:\n  sandbox: { kind: embedded, path: a.db }\n",
    );
    let finding = project.run("validate --format json").exits(1).findings().remove(0);
    assert_eq!(
        (finding.path.as_str(), finding.at(), finding.pointer.as_str()),
        ("rosterctl.yaml", (3, 16), "/defaultTarget")
    );
    assert!(finding.help.contains("`sandbox`"));

    let two = "version: 1\nrosters: [rosters]\ntargets:\n  a: { kind: embedded, path: a.db }\n  b: { kind: embedded, path: b.db }\n";
    let project = acme().with_workspace(two);
    project.run("validate").exits(0);
    project.run("plan").exits(64).complains("a, b").complains("--target");
    project.run("apply --yes --target b").exits(0);
    assert!(project.has("b.db") && !project.has("a.db"));
    project.run("plan --target a --detailed-exitcode").exits(2);
    project.run("plan --target b --detailed-exitcode").exits(0);
    project.run("plan --target zzz").exits(64).complains("the targets are: a, b");
    // Of one there is no choice to make.
    acme()
        .with_workspace("version: 1\nrosters: [rosters]\ntargets:\n  a: { kind: embedded, path: a.db }\n")
        .run("plan")
        .exits(0);
}

#[test]
fn targets_need_what_their_kind_needs_and_say_what_is_not_there_yet() {
    let target =
        |text: &str| acme().with_workspace(&format!("version: 1\nrosters: [rosters]\ntargets:\n  t: {text}\n"));
    for (text, rule) in [
        ("{ kind: embedded }", "roster/missing-key"),
        ("{ kind: snapshot }", "roster/missing-key"),
        ("{ kind: scim }", "roster/missing-key"),
        ("{ path: x.db }", "roster/missing-key"),
        ("{ kind: embeded, path: x.db }", "roster/wrong-type"),
        ("{ kind: embedded, path: x.db, pth: y }", "roster/unknown-key"),
        ("{ kind: embedded, path: x.db, concurrency: many }", "roster/wrong-type"),
    ] {
        let found = target(text).run("validate --format json").exits(1).findings();
        assert_eq!(found.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), [rule], "{text}");
        assert_eq!((found[0].path.as_str(), found[0].line), ("rosterctl.yaml", 4), "{text}");
    }
    let scim = target("{ kind: scim, url: \"https://portal.example\", auth: { bearer: { env: TOKEN } } }");
    scim.run("validate").exits(0);
    let ran = scim.run("plan").ends();
    assert!(matches!(ran.code, Some(1)), "{ran}");
}

#[test]
fn secrets_never_stand_in_the_file_and_are_never_shown() {
    for auth in [
        "{ bearer: hunter2-secret }",
        "{ basic: { user: ada, password: hunter2-secret } }",
        "{ oauth2ClientCredentials: { tokenUrl: \"https://x.example\", clientId: a, clientSecret: hunter2-secret } }",
    ] {
        let workspace = format!(
            "version: 1\nrosters: [rosters]\ntargets:\n  t:\n    kind: scim\n    url: https://portal.example\n    auth: {auth}\n"
        );
        let project = acme().with_workspace(&workspace);
        for format in ["json", "text"] {
            let ran = project.run(&format!("validate --format {format}")).exits(1).says("roster/wrong-type");
            assert!(ran.stdout.contains("{ env: NAME }"), "the cure is named\n{ran}");
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"), "the secret is printed\n{ran}");
        }
    }
    for auth in ["{ bearer: { env: A, file: b } }", "{ bearer: {} }", "{ bearer: { value: x } }"] {
        let workspace = format!(
            "version: 1\nrosters: [rosters]\ntargets:\n  t: {{ kind: scim, url: \"https://x.example\", auth: {auth} }}\n"
        );
        acme().with_workspace(&workspace).run("validate").exits(1);
    }
}

// --- init

#[test]
fn init_writes_what_validates_clean_and_never_overwrites() {
    let arxus = Platform::built_in("arxus").expect("it loads");
    assert!(arxus.starter.contains("{organisation}"));
    for platform in rosterctl::platform::BUILT_IN.iter().map(|(id, _)| *id) {
        let project = Project::empty();
        project
            .run(&format!("init --platform {platform}"))
            .exits(0)
            .says("rosterctl.yaml")
            .says("rosterctl validate")
            .without_complaint();
        project.run("validate --deny warning").exits(0).says("no findings");
        project.run("fmt --check").exits(0);
        // Until whoever is invited accepts, nobody administers a new organisation: that is a warning.
        let denied = if platform == "grx" { "error" } else { "warning" };
        project.run(&format!("plan --deny {denied} --detailed-exitcode")).exits(2);
        project.run("apply --yes").exits(0);
        project.run("plan --detailed-exitcode").exits(0);
        let workflow = project.read(".github/workflows/rosters.yml");
        assert!(workflow.contains("target: \"\" # name one"), "a starter has no portal to plan for yet:\n{workflow}");
        assert!(!workflow.contains("production") && workflow.lines().count() <= 25, "{workflow}");
        let before = project.read("rosters/acme.yaml");
        let ran = project.run(&format!("init --platform {platform}")).exits(1);
        ran.complains("rosters/acme.yaml").complains("nothing was written");
        assert_eq!(project.read("rosters/acme.yaml"), before);
    }
    let project = Project::empty();
    project.run("init new/place --platform arxus --organisation globex").exits(0);
    assert!(project.read("new/place/rosters/globex.yaml").contains("organisation: globex"));
    project.run("validate --deny warning").below("new/place").exits(0);
    // One file that is there already: none is written.
    let project = Project::empty().with("rosterctl.yaml", "version: 1\n");
    project.run("init --platform arxus").exits(1);
    assert!(!project.has("rosters") && !project.has(".github"));
}

#[test]
fn init_with_a_platform_of_ones_own_is_portable() {
    let project = Project::empty().with("mine.yaml", MINE);
    project.run("init --platform mine.yaml").exits(0);
    project.run("validate").exits(0);
    let roster = project.read("rosters/acme.yaml");
    let path = project.path("").display().to_string();
    assert!(!roster.contains(path.trim_end_matches('/')), "the roster names a place of this machine:\n{roster}");
}

// --- explain and who

#[test]
fn explain_knows_every_word_of_every_platform() {
    let project = Project::empty();
    for (word, parts) in [
        ("arxus/dpo-missing", &["A21", "warning", "breaks it", "holds", "properly assigned"][..]),
        ("dpo-missing", &["arxus/dpo-missing"]),
        ("arxus/dpo-conflict", &["off by default"]),
        ("arxus/route-watchlist", &["A24", "nothing to report"]),
        ("technical", &["role of", "held by", "incident-report"]),
        ("data-breach", &["event of", "reaches: dpo"]),
        ("incident-ticket-mail", &["copied to: watchlist"]),
        ("approve-csp-contract", &["permission of", "commercial"]),
        (
            "new-assessment",
            &["reaches: assessment-owner", "while nobody holds one of these, to: account-administrator"],
        ),
        ("breach-alert", &["always told besides: account-administrator"]),
        ("authorize-report", &["customer-portfolio-manager is disputed", "Will receive", "This role will only"]),
        ("request-approved", &["arises only for organisations with the service customer"]),
        ("request-report", &["exists only for organisations with the service customer"]),
        ("answer-assessment", &["in part by the role assessment-delegate: within the person's controlGroups"]),
        ("assessment-delegate", &["held by: user\n", "answer-assessment (within controlGroups)"]),
        ("customer-portfolio-manager", &["disputed, of: authorize-report, breach-weekly-summary"]),
        ("account-administrator", &["notified of: breach-weekly-summary, breach-alert", "while nobody else"]),
        ("G64", &["grx/who-edits"]),
        ("manage-users", &["permission of", "users-and-permissions: full"]),
        ("service-desk", &["application of", "levels: read, full"]),
        ("signingAuthority", &["attribute of", "boolean"]),
        ("secwise-watch", &["service of"]),
        ("roster/null-section", &["always holds"]),
        ("unknown-key", &["roster/unknown-key"]),
    ] {
        let ran = project.run(&format!("explain {word}")).exits(0).without_complaint();
        parts.iter().fold(ran, |ran, part| ran.says(part));
    }
    for id in rosterctl::platform::BUILT_IN.iter().map(|(id, _)| *id) {
        let platform = Platform::built_in(id).expect("it loads");
        let rules = platform.rules.iter().map(|rule| rule.id.clone());
        let facts = platform.facts.iter().map(|fact| fact.id.clone());
        let roles = platform.roles.iter().map(|role| role.id.clone());
        let events = platform.events.iter().map(|event| event.id.clone());
        let permissions = platform.permissions.iter().map(|permission| permission.id.clone());
        for word in rules.chain(facts).chain(roles).chain(events).chain(permissions) {
            project.run(&format!("explain {word} --platform {id}")).exits(0).says(&word);
        }
    }
    let list = project.run("explain").exits(0);
    for (rule, _) in rosterctl::rules::ROSTER_RULES {
        assert!(list.stdout.contains(rule), "{rule} is not listed");
    }
    project.run("explain techncial").exits(1).complains("`technical`");
    project.run("explain arxus/dpo-mising").exits(1).complains("`arxus/dpo-missing`");
    project.run("explain zzzzzzzzz").exits(1).complains("lists the rules");
    project.run("explain technical --platform arxsu").exits(64).complains("`arxus`");
    let own = Project::empty().with("mine.yaml", MINE);
    own.run("explain phone-for-all --platform mine.yaml")
        .exits(0)
        .says("A user has a phone number.")
        .says("Write it down.");
}

#[test]
fn who_answers_with_reasons_and_places() {
    let project = acme();
    project
        .run("who notified data-breach")
        .exits(0)
        .says("dana")
        .says("dpo")
        .says("(rosters/acme.yaml:28)")
        .without_complaint();
    project.run("who can manage-users").exits(0).says("ada").says("it-operations").says("users-and-permissions:full");
    project.run("who can approve-csp-contract").exits(0).says("grace").says("commercial");
    project.run("who holds technical").exits(0).says("ada").says("Ada Peeters");
    project.run("who holds technical rosters/acme.yaml").exits(0).says("ada");
    project.run("who holds watchlist").exits(0).says("nobody");
    project.run("who notified incident-ticket-mail").exits(0).says("nobody").says("watchlist");
    project.run("who notified major-breach").exits(0).says("nobody").says("does not arise");
    project.run("who notified service-agreement").exits(0).says("nobody");
    project.run("who notified data-breech").exits(1).complains("`data-breach`");
    project.run("who can manage-user").exits(1).complains("`manage-users`");
    project.run("who holds dop").exits(1).complains("`dpo`");
    project.run("who holds zzzzzzzz").exits(1).complains("technical, commercial, dpo");
    let json = project.run("who can manage-users --format json").exits(0).json();
    let person = &json["answers"][0]["people"][0];
    assert_eq!((&json["answers"][0]["organisation"], &person["person"]), (&"acme".into(), &"ada".into()));
    assert!(person["reason"].as_str().is_some_and(|reason| reason.contains("it-operations")));
    assert_eq!(person["location"]["path"], "rosters/acme.yaml");
    // The primary one comes first.
    let second = "users:\n  aaron:\n    name: Aaron Abels\n    email: aaron@acme.example\n    phone: \"1\"\n    roles: [technical]\n    groups: [it-operations]\n    attributes: { directoryRoles: [global-administrator], responsibilities: [it-administration] }\n";
    let text = replaced(
        &replaced(ACME, "users:\n", second),
        "      serviceNow: true\n",
        "      serviceNow: true\n      primaryFor: [technical]\n",
    );
    let ran = Project::with_roster(&text).run("who notified tenant-issue").exits(0);
    let (ada, aaron) = (ran.stdout.find("ada"), ran.stdout.find("aaron"));
    assert!(ada < aaron, "{ran}");
}

#[test]
fn who_answers_for_every_organisation() {
    let project =
        Project::with_roster(ACME).with("rosters/b.yaml", &ACME.replace("organisation: acme", "organisation: beta"));
    project.run("who holds dpo").exits(0).says("acme: holding dpo").says("beta: holding dpo");
}

// --- schema, completions, fmt

#[test]
fn schemas_of_all_kinds_come_out() {
    let project = Project::empty().with("mine.yaml", MINE);
    for kind in
        ["roster", "workspace", "platform", "plan", "report", "roster --platform arxus", "roster --platform mine.yaml"]
    {
        let json = project.run(&format!("schema {kind}")).exits(0).without_complaint().json();
        assert_eq!(json["$schema"], "https://json-schema.org/draft/2020-12/schema", "{kind}");
        assert!(json["title"].as_str().is_some_and(|title| title.starts_with("rosterctl")), "{kind}");
    }
    assert_eq!(project.run("schema").exits(0).stdout, project.run("schema roster").exits(0).stdout);
    project.run("schema --platform arxus").exits(0).says("security-incident-escalation");
    project.run("schema --platform nowhere").exits(64).complains("built in: arxus");
}

#[test]
fn quiet_says_nothing_where_all_went_well() {
    let project = Project::empty();
    for line in
        ["init --platform grx", "validate", "apply --yes", "portal accept --all", "plan", "drift", "fmt", "man pages"]
    {
        if line.starts_with("apply") {
            // What was done is said in the last line, and what may get lost until somebody accepts.
            project.run(line).arg("-q").exits(0).says("may be lost").says("applied: 5 steps done");
            continue;
        }
        let ran = project.run(line).arg("-q").ends();
        assert!(ran.code == Some(0) && ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran}");
    }
    assert!(project.has("rosters/acme.yaml") && project.has("pages/rosterctl.1"));
}

#[test]
fn completions_for_the_shells() {
    let project = Project::empty();
    for (shell, part) in [
        ("bash", "-F _clap_complete_rosterctl rosterctl"),
        ("zsh", "#compdef rosterctl"),
        ("fish", "--command rosterctl"),
    ] {
        let ran = project.run(&format!("completions {shell}")).exits(0).says(part).without_complaint();
        ran.says("ROSTERCTL_COMPLETE");
    }
    for shell in ["powershell", "elvish"] {
        project.run(&format!("completions {shell}")).exits(0).says("rosterctl");
    }
}

#[test]
fn fmt_checks_without_writing_and_writes_once() {
    let canonical = Project::with_roster(ACME);
    canonical.run("fmt").exits(0);
    let untidy = replaced(
        &canonical.read("rosters/acme.yaml"),
        "  ada:\n    name: Ada Peeters\n    email: ada@acme.example\n",
        "  ada:\n    email:   ada@acme.example # her own\n    name: Ada Peeters\n",
    );
    let project = Project::with_roster(&untidy);
    project.run("fmt --check").exits(1).says("rosters/acme.yaml").says("would change 1 file");
    assert_eq!(project.read("rosters/acme.yaml"), untidy);
    project.run("fmt").exits(0).says("rosters/acme.yaml").says("changed 1 file");
    let tidy = project.read("rosters/acme.yaml");
    assert!(tidy.contains("# her own") && tidy.find("name: Ada") < tidy.find("email: ada"), "{tidy}");
    project.run("fmt --check").exits(0).says("in order");
    project.run("fmt").exits(0);
    assert_eq!(project.read("rosters/acme.yaml"), tidy);
    project.run("validate --deny warning").exits(0);
    // From below, too.
    project.write("rosters/acme.yaml", &untidy);
    project.write("deep/note.txt", "");
    project.run("fmt ../rosters").below("deep").exits(0);
    assert_eq!(project.read("rosters/acme.yaml"), tidy);
}

// --- export and drift

#[test]
fn export_after_apply_is_a_roster_that_changes_nothing() {
    let project = applied();
    let exported = project.run("export").exits(0).without_complaint().stdout;
    project.write("rosters/acme.yaml", &exported);
    project.run("fmt --check").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
    project.run("validate").exits(0);
    project.run("export --organisation acm").exits(1).complains("`acme`");
    project.run("export --organisation acme").exits(0);
}

/// The profile of an organisation as one of its rosters states it.
fn profile_of(project: &Project, organisation: &str) -> String {
    let files = std::fs::read_dir(project.path("rosters")).expect("rosters");
    let texts = files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text"));
    let own = texts.filter(|text| text.contains(&format!("\norganisation: {organisation}\n")));
    let mut blocks = own.flat_map(|text| {
        let block = text.split_once("\nprofile:").map(|(_, rest)| rest.to_owned())?;
        let end = block
            .find('\n')
            .map(|_| block.lines().skip(1).take_while(|line| line.starts_with(' ')).collect::<Vec<_>>().join("\n"));
        Some(format!("profile:\n{}\n", end.unwrap_or_default()))
    });
    blocks.next().unwrap_or_default()
}

#[test]
fn export_of_every_example_plans_empty_and_validates_as_before() {
    for example in ["small", "large", "reseller"] {
        let project = Project::copy_of(&format!("examples/{example}"));
        project.run("apply --yes").exits(0);
        let json = project.run("plan --format json").exits(0).json();
        let organisations: Vec<&str> =
            json["organisations"].as_array().expect("a list").iter().filter_map(Json::as_str).collect();
        assert!(!organisations.is_empty());
        for organisation in &organisations {
            let text = project.run(&format!("export --organisation {organisation}")).exits(0).stdout;
            // The portal does not know the profile: the person who exports adds it, as the first lines say.
            assert!(text.contains("add what is missing of it below `platform`"));
            // Of it is written what roles tell of.
            let known = |line: &&str| !line.starts_with("profile:") && !line.starts_with("  services:");
            let text: String = text.lines().filter(known).map(|line| format!("{line}\n")).collect();
            let text = replaced(&text, "\nusers:", &format!("\n{}\nusers:", profile_of(&project, organisation)));
            project.write(&format!("exported/{organisation}.yaml"), text);
        }
        project.run("validate exported").exits(0);
        project.run("plan exported --detailed-exitcode").exits(0);
        if organisations.len() > 1 {
            project.run("export").exits(64).complains("--organisation");
        }
    }
}

#[test]
fn export_keeps_what_yaml_would_misread() {
    let odd = [
        "'yes'",
        "'0123'",
        "\"#1: a\"",
        "'- x'",
        "'null'",
        "\"it's\"",
        "'1e3'",
        "\"a: b\"",
        "'@x'",
        "\"tab\\\\n\"",
        "' x'",
    ];
    let text = ACME.replace("+32 470 00 00 01", "0032470000001");
    let lines: String = odd
        .iter()
        .enumerate()
        .map(|(n, name)| format!("  c{n}:\n    name: {name}\n    email: c{n}@acme.example\n    roles: [watchlist]\n"))
        .collect();
    let project =
        Project::with_roster(&replaced(&text, "contacts:\n", &format!("contacts:\n{lines}"))).with_workspace(WORKSPACE);
    project.run("apply --yes").exits(0);
    let exported = project.run("export").exits(0).stdout;
    project.write("rosters/acme.yaml", &exported);
    project.run("plan --detailed-exitcode").exits(0);
    project.run("fmt --check").exits(0);
}

#[test]
fn drift_tells_both_sides_apart_and_writes_nothing() {
    let project = applied();
    project.run("drift").exits(0).says("no drift");
    project.edit("rosters/acme.yaml", "name: Dana Kowalska", "name: Dana Nowak");
    let json = project.run("drift --format json").exits(2).json();
    assert_eq!(json["differences"][0]["cause"], "not-applied", "{json}");
    project.edit("rosters/acme.yaml", "name: Dana Nowak", "name: Dana Kowalska");
    project.run("drift").exits(0);
    let portal = rusqlite::Connection::open(project.path(".rosterctl/sandbox.db")).expect("the portal");
    let changed =
        portal.execute("UPDATE person SET phone = '+32 999' WHERE email = 'ada@acme.example'", []).expect("a change");
    assert_eq!(changed, 1);
    let json = project.run("drift --format json").exits(2).json();
    assert_eq!((&json["differences"][0]["cause"], &json["differences"][0]["key"]), (&"outside".into(), &"ada".into()));
    project.run("drift").exits(2).says("ada").says("outside");
    let phone: String = portal
        .query_row("SELECT phone FROM person WHERE email = 'ada@acme.example'", [], |row| row.get(0))
        .expect("a phone");
    assert_eq!(phone, "+32 999", "drift writes nothing");
    project.edit("rosters/acme.yaml", "roles: [dpo]", "roles: [dop]");
    project.run("drift").exits(1).says("roster/unknown-role");
}

#[test]
fn drift_does_not_care_what_a_plan_may_do() {
    let project = applied();
    project.edit(
        "rosters/acme.yaml",
        "roles: [dpo]\n",
        "roles: [dpo]\n  extra:\n    name: Extra\n    email: extra@acme.example\n    roles: [watchlist]\n",
    );
    project.write("rosters/acme.yaml", henry(&project.read("rosters/acme.yaml")));
    project.run("drift").exits(2).says("henry").says("extra");
}

// --- platforms of one's own

#[test]
fn a_platform_file_beside_the_roster_extends_a_built_in_one() {
    let roster = replaced(&henry(ACME), "platform: arxus", "platform: ../mine.yaml");
    let project = Project::with_roster(&roster).with("mine.yaml", MINE).with_workspace(WORKSPACE);
    let found = project.run("validate --format json").exits(0).findings();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule.as_str(), found[0].severity.as_str()), ("mine/phone-for-all", "warning"));
    assert_eq!((found[0].subject.as_deref(), found[0].path.as_str()), (Some("henry"), "rosters/acme.yaml"));
    project.run("apply --yes").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
    // Rules of the base are there under the new name, and levels reach them.
    project.edit("rosters/acme.yaml", "roles: [dpo]", "roles: [watchlist]");
    let rules: BTreeSet<String> = project.run("validate --format json").exits(0).rules().into_iter().collect();
    assert!(rules.contains("mine/dpo-missing"), "{rules:?}");
    project.write(
        "rosterctl.yaml",
        format!("{WORKSPACE}rules: {{ levels: {{ mine/phone-for-all: error, mine/dpo-missing: off }} }}\n"),
    );
    let found = project.run("validate --format json").exits(1).findings();
    assert_eq!(
        found.iter().map(|one| (one.rule.as_str(), one.severity.as_str())).collect::<Vec<_>>(),
        [("mine/phone-for-all", "error")]
    );
    // A platform file among the rosters is passed over.
    project.write("rosters/mine.yaml", MINE);
    project.run("validate").exits(1).never_says("roster/unknown-key");
}

#[test]
fn entries_of_the_same_id_replace_those_of_the_base() {
    let stricter = format!(
        "{MINE}  dpo-missing:\n    level: error\n    title: There is an officer.\n    cardinality: {{ role: dpo, min: 1, few: \"nobody is officer here\" }}\n"
    );
    let roster =
        replaced(&replaced(ACME, "platform: arxus", "platform: ../mine.yaml"), "roles: [dpo]", "roles: [watchlist]");
    let project = Project::with_roster(&roster).with("mine.yaml", &stricter);
    let found = project.run("validate --format json").exits(1).findings();
    assert_eq!(found.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["mine/dpo-missing"]);
    assert_eq!((found[0].severity.as_str(), found[0].message.as_str()), ("error", "nobody is officer here"));
}

#[test]
fn a_broken_platform_file_shows_where_it_is_broken() {
    let roster = replaced(ACME, "platform: arxus", "platform: ../mine.yaml");
    for (from, to, rule, line) in [
        ("has: phone", "has: phon", "roster/wrong-type", 14),
        ("section: users", "role: techncal", "roster/unknown-role", 12),
        ("extends: arxus", "extends: arxsu", "roster/unknown-platform", 5),
        ("    title: A user has a phone number.\n", "", "roster/missing-key", 8),
        ("    level: warning\n", "    level: loud\n", "roster/wrong-type", 8),
        ("summary:", "sumary:", "roster/unknown-key", 4),
        ("version: 1", "version: 2", "roster/version", 1),
        ("rules:", "rules: {", "roster/syntax", 0),
    ] {
        let project = Project::with_roster(&roster).with("mine.yaml", &replaced(MINE, from, to));
        let found = project.run("validate --format json").exits(1).findings();
        let hit = found.iter().find(|finding| finding.rule == rule);
        let hit = hit.unwrap_or_else(|| panic!("{to}: no {rule} in {found:?}"));
        assert_eq!(hit.path, "mine.yaml", "{to}");
        assert!(line == 0 || hit.line == line, "{to}: line {} instead of {line}", hit.line);
    }
    let missing = Project::with_roster(&roster).run("validate --format json").exits(1);
    let missing = missing.finding("roster/unknown-platform");
    assert_eq!((missing.path.as_str(), missing.at()), ("rosters/acme.yaml", (3, 11)));
}

#[test]
fn a_rule_has_exactly_one_template() {
    let roster = replaced(ACME, "platform: arxus", "platform: ../mine.yaml");
    let two = replaced(MINE, "    requires:", "    usefulGroup: {}\n    requires:");
    let none = MINE.split("    requires:").next().expect("a part");
    for text in [two.as_str(), none] {
        let project = Project::with_roster(&roster).with("mine.yaml", text);
        let found = project.run("validate --format json").exits(1).findings();
        assert!(found.iter().all(|one| one.path == "mine.yaml") && !found.is_empty(), "{found:?}");
        assert!(found[0].message.contains("template") || found[0].help.contains("template"), "{found:?}");
    }
}

#[test]
fn the_repository_is_where_the_tests_think_it_is() {
    assert!(repository("Cargo.toml").is_file());
}
