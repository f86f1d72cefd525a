//! Our formats before judges that others wrote (`tests/validators`): SARIF before its published schema and before
//! Microsoft's SARIF Multitool, JUnit before the schemas of Jenkins and of Surefire and before a reader in Python.
//!
//! `ROSTERCTL_VALIDATORS_RUN` says what to do without them: `all` makes that a failure; unset, it is skipped, and said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]
#![allow(clippy::print_stderr, reason = "what was skipped is said")]

mod common;
#[allow(dead_code, reason = "shared with the tests of formats")]
#[path = "formats/scene.rs"]
mod scene;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;

use common::{ACME, Project, replaced, repository};
use jsonschema::Validator;
use scene::{hostile, of_json, of_junit, of_lines, validate};
use serde_json::Value as Json;

/// The variable that makes missing judges a failure.
const REQUIRED: &str = "ROSTERCTL_VALIDATORS_RUN";

/// What Multitool remarks and why that may stay.
const REMARKS: &[(&str, &str)] = &[
    ("SARIF2005", "rosterctl has no page of its own that `informationUri` could name"),
    ("SARIF2003", "the revision is known to whoever uploads the log, not to the program"),
    ("SARIF2002", "messages are whole: GitHub reads no arguments"),
    ("SARIF2006", "it asks the network whether the schema is where the log says"),
    ("SARIF2009", "ids of rules are those of everywhere else, with the platform first"),
    ("SARIF2010", "no copy of people's data goes along: whoever reads the log has the rosters"),
    ("SARIF2011", "the same"),
    ("SARIF2012", "there is no page for a rule that `helpUri` could name"),
];

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    let status = Command::new(repository("tests/validators/install")).arg("status").output();
    let missing = match &status {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    let required = std::env::var(REQUIRED).is_ok_and(|value| value == "all");
    if let Some(why) = missing {
        eprintln!("SKIPPED all judges of formats: {why}");
        std::process::exit(i32::from(required));
    }
    let judges = Judges::find();
    let (mut ran, mut failed) = (0, 0);
    for (name, make) in scenes() {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        ran += 1;
        match catch_unwind(AssertUnwindSafe(|| judges.judge(&make()))) {
            Ok(()) => eprintln!("ok      {name}"),
            Err(_) => {
                eprintln!("FAILED  {name}");
                failed += 1;
            }
        }
    }
    eprintln!("formats before their judges: {ran} scenes, {failed} failed");
    std::process::exit(i32::from(failed > 0 || ran == 0));
}

/// A project, how `validate` is called in it, and how that ends.
struct Scene {
    project: Project,
    arguments: &'static str,
    code: i32,
}

type Maker = fn() -> Scene;

fn scenes() -> Vec<(&'static str, Maker)> {
    vec![
        ("nothing found", || Scene { project: Project::with_roster(ACME), arguments: "", code: 0 }),
        ("the broken example", || Scene { project: Project::copy_of("examples/broken"), arguments: "", code: 1 }),
        ("hostile texts", || Scene { project: Project::with_roster(&hostile()), arguments: "", code: 1 }),
        ("names of files", || {
            let project = Project::empty();
            for (number, name) in ["a b.yaml", "50% é😀.yaml", "c:d,e=f.yaml", "#x?y&z.yaml"].iter().enumerate() {
                let text = replaced(ACME, "roles: [dpo]", "roles: [dop]").replace("acme", &format!("acme-{number}"));
                project.write(&format!("rosters/{name}"), text);
            }
            Scene { project, arguments: "", code: 1 }
        }),
        ("no place, no organisation, no file", || {
            let project = Project::with_roster(ACME).with("rosters/broken.yaml", "[").with("rosters/empty.yaml", "");
            Scene { project, arguments: "rosters nowhere.yaml", code: 1 }
        }),
        ("warnings, second places, several platforms", || {
            let grx = std::fs::read_to_string(repository("tests/rules/grx/no-role/breaks.yaml")).unwrap();
            let twice = replaced(ACME, "roles: [dpo]", "roles: [dpo, commercial]");
            let waived = format!("{twice}waivers:\n  - {{ rule: arxus/dpo-missing, reason: Why. }}\n");
            Scene { project: Project::with_roster(&waived).with("rosters/grx.yaml", &grx), arguments: "", code: 1 }
        }),
        ("two thousand organisations", || {
            let mut text = String::new();
            for number in 0..2_500 {
                let roster = ACME.replace("acme", &format!("acme-{number}"));
                writeln!(text, "{}---", if number % 9 == 0 { roster.replace("[dpo]", "[dop]") } else { roster })
                    .unwrap();
            }
            Scene { project: Project::with_roster(text.trim_end_matches("---\n")), arguments: "-q", code: 1 }
        }),
    ]
}

/// What others wrote.
struct Judges {
    schema: Validator,
    multitool: PathBuf,
    python: PathBuf,
    schemas: [PathBuf; 2],
}

impl Judges {
    fn find() -> Judges {
        let base =
            std::env::var_os("ROSTERCTL_VALIDATORS").map_or_else(|| repository("target/validators"), PathBuf::from);
        let sarif = base.join("sarif/node_modules/@microsoft/sarif-multitool-linux");
        let schema = std::fs::read_to_string(sarif.join("sarif-2.1.0.json")).unwrap();
        let schema: Json = serde_json::from_str(schema.trim_start_matches('\u{feff}')).unwrap();
        Judges {
            schema: jsonschema::options().should_validate_formats(true).build(&schema).unwrap(),
            multitool: sarif.join("Sarif.Multitool"),
            python: base.join("venv/bin/python"),
            schemas: ["junit-10.xsd", "surefire-test-report.xsd"].map(|name| base.join("xsd").join(name)),
        }
    }

    fn judge(&self, scene: &Scene) {
        validate(&scene.project, scene.arguments, scene.code);
        self.sarif(&scene.project);
        self.junit(&scene.project);
    }

    fn sarif(&self, project: &Project) {
        let text = project.read("out.sarif");
        let log: Json = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> =
            self.schema.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).take(5).collect();
        assert_eq!(errors, [""; 0], "the published schema");
        // One bad log more, so that it is known that the judge judges.
        let bad = text.replacen("\"startLine\":", "\"startLine\":-", 1);
        if bad != text {
            assert!(!self.schema.is_valid(&serde_json::from_str(&bad).unwrap()));
        }
        let output = Command::new(&self.multitool)
            .args(["validate", "out.sarif", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"])
            .args(["--output", "judged.sarif", "--log", "ForceOverwrite"])
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .current_dir(project.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let judged = project.read("judged.sarif");
        let judged: Json = serde_json::from_str(judged.trim_start_matches('\u{feff}')).unwrap();
        let mut remarks: BTreeMap<String, String> = BTreeMap::new();
        for result in judged["runs"][0]["results"].as_array().into_iter().flatten() {
            let rule = result["ruleId"].as_str().unwrap().to_owned();
            if !REMARKS.iter().any(|(known, _)| *known == rule) {
                remarks.entry(rule).or_insert_with(|| result.to_string());
            }
        }
        assert!(remarks.is_empty(), "{remarks:#?}");
        self.rewritten(project, &text);
    }

    /// What the other implementation reads and writes again has the same findings at the same places.
    fn rewritten(&self, project: &Project, text: &str) {
        let output = Command::new(&self.multitool)
            .args(["rewrite", "out.sarif", "--output", "again.sarif", "--log", "ForceOverwrite"])
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .current_dir(project.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let again = project.read("again.sarif");
        let again: Json = serde_json::from_str(again.trim_start_matches('\u{feff}')).unwrap();
        let log: Json = serde_json::from_str(text).unwrap();
        let seen = |log: &Json| -> Vec<Json> {
            let results = log["runs"][0]["results"].as_array().into_iter().flatten();
            results
                .map(|result| {
                    let place = &result["locations"][0]["physicalLocation"];
                    let prints = result["partialFingerprints"].clone();
                    Json::from(vec![
                        result["ruleId"].clone(),
                        result["message"]["text"].clone(),
                        place["artifactLocation"]["uri"].clone(),
                        place["region"]["startLine"].clone(),
                        place["region"]["startColumn"].clone(),
                        place["region"]["endColumn"].clone(),
                        prints,
                    ])
                })
                .collect()
        };
        assert_eq!(seen(&again), seen(&log));
    }

    fn junit(&self, project: &Project) {
        let run = |file: &str| {
            let mut command = Command::new(&self.python);
            command.arg(repository("tests/validators/junit.py")).args(&self.schemas).arg(project.path(file));
            command.output().unwrap()
        };
        let output = run("out.xml");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read: Json = serde_json::from_slice(&output.stdout).unwrap();
        let xml = project.read("out.xml");
        let suites = of_junit(&xml);
        let names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(read["suites"], Json::from(names));
        let cases: usize = suites.iter().map(|suite| suite.cases.len()).sum();
        assert_eq!(read["tests"], Json::from(vec![cases, cases]));
        let failed = read["failed"].as_object().unwrap();
        let texts: String =
            failed.values().flat_map(|all| all.as_array().unwrap()).map(|one| one.as_str().unwrap()).collect();
        let mut told: Vec<_> = of_lines(&texts).into_iter().map(|one| (one.rule, one.path, one.begin)).collect();
        let errors = of_json(&project.read("out.json")).into_iter().filter(|one| one.severity == "error");
        let mut expected: Vec<_> = errors.map(|one| (one.rule, one.path, one.begin)).collect();
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "what the reader in Python sees");
        project.write("bad.xml", xml.replacen("<testcase name=", "<testcase title=", 1));
        assert!(!run("bad.xml").status.success(), "the judge judges");
    }
}
