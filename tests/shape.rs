//! The shape of the house: imports run one way, every file says what it is, every list is complete.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use common::{Project, repository};
use rosterctl::platform::BUILT_IN;
use rosterctl::report::Format;

/// The modules in the order in which they may use each other: each only those before it, and itself.
const ORDER: &[&str] = &[
    "diagnostic",
    "document",
    "revision",
    "platform",
    "model",
    "rules",
    "http",
    "scim",
    "live",
    "serve",
    "plan",
    "apply",
    "report",
    "clock",
    "error",
    "cli",
];

/// No file is longer than this, or it is split by noun.
const MOST_LINES: usize = 500;

/// Files that are longer, and why they may be until they are split.
const LONG_FILES: &[(&str, &str)] = &[];

/// Files of `src/cli` that are no command.
const CLI_PARTS: &[&str] = &[
    "args",
    "args/runbook",
    "args/schema",
    "base",
    "complete",
    "connect",
    "context",
    "every",
    "examples",
    "manifest",
    "mod",
    "next",
    "output",
    "platform",
    "progress",
    "reports",
    "rosters",
    "whose",
    "witness",
];

/// Files below a folder of the repository, with their paths from its root, forward slashes.
fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![repository(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                if !["target", ".git", ".rosterctl"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if kind.is_file() && !name.ends_with(".tmp") && name != ".git" {
                let shown = path.strip_prefix(repository("")).expect("below the repository").to_string_lossy();
                found.push((shown.replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no file below {folder}");
    found
}

fn rust_files() -> Vec<(String, String)> {
    let files = files("src").into_iter().filter(|(path, _)| path.ends_with(".rs"));
    let files: Vec<_> = files.map(|(path, file)| (path, fs::read_to_string(file).expect("UTF-8"))).collect();
    assert!(files.len() > 30, "the sources were not found");
    files
}

/// Numbered lines of code: no comments, and nothing from the file's own tests on.
fn code(path: &str, text: &str) -> Vec<(usize, String)> {
    if path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.iter().position(|line| line.trim() == "#[cfg(test)]").unwrap_or(lines.len());
    // A test module in a file of its own (`#[cfg(test)] mod tests;`) ends nothing.
    let tests = match lines.get(tests + 1) {
        Some(next) if next.trim_end().ends_with(';') => lines.len(),
        _ => tests,
    };
    let code = lines[..tests].iter().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.map(|(index, line)| (index + 1, line.split(" // ").next().unwrap_or_default().to_owned())).collect()
}

/// The module that a file of `src` belongs to.
fn module(path: &str) -> &str {
    let below = path.strip_prefix("src/").expect("a source");
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

/// The modules of the crate that a line names: `crate::a::…` and `crate::{a::…, b}`.
fn named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            None => found.push(word(rest)),
            Some(list) => {
                let mut depth = 0;
                let top = list.chars().take_while(|c| {
                    depth += i32::from(*c == '{') - i32::from(*c == '}');
                    depth >= 0
                });
                let mut depth = 0;
                let mut item = String::new();
                for c in top.chain([',']) {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    if c == ',' && depth == 0 {
                        found.push(word(item.trim()));
                        item.clear();
                    } else {
                        item.push(c);
                    }
                }
            }
        }
    }
    found
}

fn none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn the_reader_of_imports_reads_them() {
    assert_eq!(named("use crate::plan::{Step, order};"), ["plan"]);
    assert_eq!(named("use crate::{plan::{Step, Plan}, live, model::Person};"), ["plan", "live", "model"]);
    assert_eq!(named("let x: crate::live::Live = crate::plan::make();"), ["live", "plan"]);
    assert_eq!(named("use supercrate::plan; $crate::document::tree::Kind"), ["document"]);
    assert_eq!(module("src/report/text/plan.rs"), "report");
    assert_eq!(module("src/apply.rs"), "apply");
    assert_eq!(code("src/a.rs", "use a;\n// crate::cli\n#[cfg(test)]\nmod tests {\n").len(), 1);
    assert_eq!(code("src/a.rs", "use a;\n#[cfg(test)]\nmod tests;\nuse b;\n").len(), 4);
}

#[test]
fn imports_run_one_way() {
    let mut broken = Vec::new();
    for (path, text) in rust_files() {
        if ["src/lib.rs", "src/main.rs"].contains(&path.as_str()) {
            continue;
        }
        let own = module(&path);
        let Some(place) = ORDER.iter().position(|module| *module == own) else {
            broken.push(format!("{path}: `{own}` is not in the order of modules"));
            continue;
        };
        for (number, line) in code(&path, &text) {
            for used in named(&line) {
                match ORDER.iter().position(|module| *module == used) {
                    Some(earlier) if earlier <= place => {}
                    Some(_) => broken.push(format!("{path}:{number}: {own} -> {used}")),
                    None => broken.push(format!("{path}:{number}: {own} -> {used}, which is no module")),
                }
            }
        }
    }
    none(broken, &format!("imports run one way, {}", ORDER.join(" < ")));
}

#[test]
fn the_order_of_modules_is_what_lib_rs_declares_and_says() {
    let text = fs::read_to_string(repository("src/lib.rs")).expect("a file");
    let declared: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ORDER.iter().copied().collect());
    let said: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
    assert!(said.join(" ").contains(&ORDER.join(" < ")), "src/lib.rs shows another order than {}", ORDER.join(" < "));
}

#[test]
fn only_the_embedded_portal_knows_sqlite_and_only_the_tree_knows_yaml() {
    let mut broken = Vec::new();
    let owners = [
        ("granit_parser", "src/document/tree"),
        ("rusqlite", "src/live/embedded"),
        ("clap", "src/cli/"),
        ("reqwest", "src/http/"),
        ("rustls", "src/http/"),
        ("serde_yaml", "src/document/"),
        (" cel", "src/live/rest/"),
    ];
    for (path, text) in rust_files() {
        for (number, line) in code(&path, &text) {
            for (name, owner) in owners {
                let derive = name == "clap" && line.contains("clap::ValueEnum");
                // The tool's own files, written by the same crate.
                let files = ["src/live/scim/capabilities.rs", "src/live/rest/counted.rs"];
                let own = name == "serde_yaml" && files.contains(&path.as_str());
                if line.contains(&format!("{name}::")) && !path.starts_with(owner) && !derive && !own {
                    broken.push(format!("{path}:{number}: `{name}` belongs to {owner}"));
                }
            }
        }
    }
    none(broken, "a library is known in one place");
}

#[test]
fn every_file_says_what_it_is() {
    let sources = rust_files().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    let broken = sources.map(|(path, _)| path).collect();
    none(broken, "every .rs file begins with a line of module documentation");
}

#[test]
fn every_file_of_the_rules_is_a_template_that_is_listed() {
    let list = fs::read_to_string(repository("src/rules/mod.rs")).expect("a file");
    let listed: BTreeSet<String> = list
        .lines()
        .filter_map(|line| {
            line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("mod ")?.strip_suffix(';')
        })
        .map(str::to_owned)
        .collect();
    let stems: BTreeSet<String> = files("src/rules")
        .into_iter()
        .map(|(path, _)| path.trim_start_matches("src/rules/").trim_end_matches(".rs").to_owned())
        .filter(|stem| stem != "mod")
        .collect();
    assert_eq!(stems, listed, "files of src/rules and the list in src/rules/mod.rs");
}

#[test]
fn every_command_has_a_file_and_every_file_is_a_command() {
    let text = fs::read_to_string(repository("src/cli/args.rs")).expect("a file");
    let list = text.split("pub enum Command {").nth(1).and_then(|rest| rest.split("\n}").next());
    let commands: BTreeSet<String> = list
        .expect("the enum of commands")
        .lines()
        .filter_map(|line| line.trim().strip_suffix("),")?.split_once('('))
        .map(|(variant, _)| variant.to_lowercase())
        .collect();
    let stems = files("src/cli").into_iter().map(|(path, _)| path.trim_start_matches("src/cli/").replace(".rs", ""));
    let stems: BTreeSet<String> = stems.filter(|stem| !CLI_PARTS.contains(&stem.as_str())).collect();
    assert_eq!(stems, commands, "files of src/cli and the commands in src/cli/args.rs");
    let help = Project::empty().run("--help").exits(0).stdout;
    for command in &commands {
        assert!(help.contains(&format!("\n  {command} ")), "`{command}` is not in --help:\n{help}");
    }
}

#[test]
fn every_format_is_in_the_help_of_every_command() {
    let project = Project::empty();
    for command in ["", "validate ", "plan ", "drift ", "apply "] {
        let help = project.run(&format!("{command}--help")).exits(0).stdout;
        for format in Format::value_variants() {
            let name = format.to_possible_value().expect("a name").get_name().to_owned();
            assert!(help.contains(&format!("- {name}:")), "`{name}` is not in {command}--help:\n{help}");
        }
    }
}

#[test]
fn every_platform_file_is_in_the_list_and_has_examples() {
    let files = files("src/platform")
        .into_iter()
        .filter_map(|(path, _)| Some(path.strip_prefix("src/platform/")?.strip_suffix(".yaml")?.to_owned()));
    let listed: BTreeSet<String> = BUILT_IN.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), listed);
    for (id, _) in BUILT_IN {
        assert!(repository(&format!("tests/rules/{id}")).is_dir(), "tests/rules/{id} is missing");
    }
}

#[test]
fn the_library_does_not_give_up() {
    let mut broken = Vec::new();
    for (path, text) in rust_files() {
        for (number, line) in code(&path, &text) {
            for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!("] {
                if line.contains(word) {
                    broken.push(format!("{path}:{number}: {}", line.trim()));
                }
            }
        }
    }
    none(broken, "no unwrap, expect or panic outside tests");
}

#[test]
fn the_library_never_prints() {
    let mut broken = Vec::new();
    for (path, text) in rust_files() {
        for (number, line) in code(&path, &text) {
            let printing = ["print!(", "println!(", "dbg!("].iter().any(|word| line.contains(word));
            let stdout = line.contains("stdout()") && !path.starts_with("src/cli/");
            let stderr = line.contains("stderr()") && !path.starts_with("src/cli/");
            if (printing || stdout || stderr) && path != "src/cli/output.rs" {
                broken.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    none(broken, "only src/cli/output.rs prints");
}

#[test]
fn no_file_is_a_god() {
    let long: BTreeMap<String, usize> = rust_files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .collect();
    let excused: BTreeSet<&str> = LONG_FILES.iter().map(|(path, _)| *path).collect();
    let broken = long.iter().filter(|(path, _)| !excused.contains(path.as_str()));
    let broken = broken.map(|(path, lines)| format!("{path}: {lines} lines")).collect();
    none(broken, &format!("files have at most {MOST_LINES} lines: split by noun"));
    let split = excused.iter().filter(|path| !long.contains_key(**path)).map(|path| (*path).to_owned()).collect();
    none(split, "no longer long, so take it out of LONG_FILES");
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    // Put together here, so that this file does not name one itself.
    let places = ["work", "root", "home/ubuntu", "Users", "tmp/bash"].map(|place| format!("/{place}/"));
    let mut broken = Vec::new();
    for (path, file) in files("") {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (index, line) in text.lines().enumerate() {
            for place in &places {
                let at = line.match_indices(place.as_str()).map(|(at, _)| line[..at].chars().next_back());
                // An address (`https://x.example/root/`) or a pointer into a document is no path.
                let absolute =
                    |before: Option<char>| before.is_none_or(|c| !c.is_alphanumeric() && !"._-~*}".contains(c));
                // `/Users/p-000001` is a resource of SCIM; somebody's home goes on.
                let home = |rest: &str| {
                    let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
                    name.is_some_and(|end| end > 0 && rest[end..].starts_with('/'))
                };
                let homes = || line.match_indices(place.as_str()).any(|(at, _)| home(&line[at + place.len()..]));
                if at.into_iter().any(absolute) && (!place.contains("Users") || homes()) {
                    broken.push(format!("{path}:{}: {}", index + 1, line.trim()));
                }
            }
        }
    }
    none(broken, "no absolute path of a machine in the repository");
}

#[test]
fn every_test_program_and_its_parts_are_documented() {
    let rust = files("tests").into_iter().filter(|(path, _)| path.ends_with(".rs"));
    let broken = rust.filter(|(_, file)| !fs::read_to_string(file).expect("UTF-8").starts_with("//! "));
    none(broken.map(|(path, _)| path).collect(), "every test program begins with a line of documentation");
    assert!(Path::new(env!("CARGO_BIN_EXE_rosterctl")).is_file());
}
