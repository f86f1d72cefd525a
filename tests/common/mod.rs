//! End-to-end tests read aloud: a temporary folder, a scrubbed environment, the real program in it.
//!
//! ```text
//! let project = Project::with_roster(ACME);
//! let ran = project.run("validate --format json").exits(0);
//! assert_eq!(ran.json()["summary"]["users"], 1);
//! ```
#![allow(dead_code)] // each test program uses the part of it that it needs

pub mod grx;
pub mod portal;
pub mod served;
pub mod stages;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

/// A program that takes longer than this hangs. It is a limit for a broken program, not a measurement.
const HANGS: Duration = Duration::from_secs(240);

/// A sound roster on `arxus`: Ada is technical contact and administrator, Grace commercial, Dana the officer.
pub const ACME: &str = r#"version: 1
organisation: acme
platform: arxus
profile:
  domains: [acme.example]
  size: small
  serviceAgreement: signed
users:
  ada:
    name: Ada Peeters
    email: ada@acme.example
    phone: "+32 470 00 00 01"
    roles: [technical]
    groups: [it-operations]
    attributes:
      serviceNow: true
      responsibilities: [it-administration, security]
      directoryRoles: [global-administrator]
contacts:
  grace:
    name: Grace Lindqvist
    email: grace@acme.example
    roles: [commercial]
    attributes: { signingAuthority: true }
  dana:
    name: Dana Kowalska
    email: dana@acme.example
    roles: [dpo]
permissionGroups:
  it-operations:
    name: IT operations
    applications: { service-desk: full, users-and-permissions: full }
"#;

/// A file of this repository, by its path from the repository's root.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text with one part replaced. Fails where the part is not there, so that no test passes by accident.
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no {from:?} in:\n{text}");
    text.replacen(from, to, 1)
}

/// A temporary folder in which the program runs.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// A folder with nothing in it.
    pub fn empty() -> Project {
        Project { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder with `rosters/acme.yaml` and no workspace file.
    pub fn with_roster(text: &str) -> Project {
        Project::empty().with("rosters/acme.yaml", text)
    }

    /// A copy of a folder of this repository, such as `examples/small`.
    pub fn copy_of(folder: &str) -> Project {
        let project = Project::empty();
        copy(&repository(folder), project.folder.path());
        project
    }

    /// The same folder with one file more, or another text in it.
    pub fn with(self, path: &str, text: &str) -> Project {
        self.write(path, text);
        self
    }

    /// The same folder with a workspace file.
    pub fn with_workspace(self, text: &str) -> Project {
        self.with("rosterctl.yaml", text)
    }

    /// Writes a file; folders are made as needed.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        fs::write(path, content).expect("the file can be written");
    }

    /// Replaces one part of a file, which must be there.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        self.write(path, replaced(&self.read(path), from, to));
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether there is such a file or folder.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Where a path of the project is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The program with these arguments, separated by spaces, in this folder.
    #[must_use = "a run starts with `exits`"]
    pub fn run(&self, arguments: &str) -> Run {
        Run {
            arguments: arguments.split_whitespace().map(OsString::from).collect(),
            environment: Vec::new(),
            folder: self.folder.path().to_owned(),
            home: self.folder.path().to_owned(),
            stdin: Vec::new(),
            memory: None,
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name == ".rosterctl" {
            continue;
        }
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to.join(name)),
            false => fs::write(to.join(name), fs::read(entry.path()).expect("a file")).expect("a copy"),
        }
    }
}

/// A run of the program that has not started yet.
pub struct Run {
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    home: PathBuf,
    stdin: Vec<u8>,
    memory: Option<u32>,
}

impl Run {
    /// One argument more, as it is, for arguments with spaces.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Run {
        self.arguments.push(argument.into());
        self
    }

    /// A variable of the environment, which is otherwise empty.
    pub fn env(mut self, name: &str, value: &str) -> Run {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs in a folder of the project.
    pub fn below(mut self, folder: &str) -> Run {
        self.folder.push(folder);
        self
    }

    /// Runs in this folder, wherever it is.
    pub fn within(mut self, folder: &Path) -> Run {
        self.folder = folder.to_owned();
        self
    }

    /// What the program reads from standard input, which is otherwise empty and never a terminal.
    pub fn stdin(mut self, text: &str) -> Run {
        self.stdin = text.as_bytes().to_vec();
        self
    }

    /// Runs with at most so many megabytes of address space (on Unix): beyond it the program is aborted.
    pub fn within_megabytes(mut self, megabytes: u32) -> Run {
        self.memory = Some(megabytes);
        self
    }

    /// Runs the program and asserts its exit code and that it did not panic.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        let ran = self.ends();
        assert_eq!(ran.code, Some(code), "another exit code than expected\n{ran}");
        ran
    }

    /// Runs the program to its end, whatever that is.
    #[track_caller]
    pub fn ends(self) -> Ran {
        let mut command = self.command();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let id = child.id();
        // A program that reads no input closes the pipe: no failure.
        let _ = child.stdin.take().expect("a pipe").write_all(&self.stdin);
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let output = match receiver.recv_timeout(HANGS) {
            Ok(output) => output.expect("the output can be read"),
            Err(_) => {
                let _ = Command::new("kill").arg("-9").arg(id.to_string()).status();
                panic!("the program hangs: {:?}", self.arguments);
            }
        };
        let ran = Ran {
            arguments: self.arguments.iter().map(|one| one.to_string_lossy().into_owned()).collect(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        };
        let panicked = ran.code.is_none() || ran.code == Some(101) || ran.stderr.contains("panicked at");
        assert!(!panicked, "the program panicked or was killed ({})\n{ran}", output.status);
        ran
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_rosterctl");
        let mut command = match self.memory {
            Some(megabytes) if cfg!(unix) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("ulimit -v {} && exec \"$0\" \"$@\"", u64::from(megabytes) * 1024));
                shell.arg(program);
                shell
            }
            _ => Command::new(program),
        };
        command.args(&self.arguments).current_dir(&self.folder).env_clear();
        command.env("HOME", &self.home).env("TZ", "UTC").env("PATH", "");
        // The number of cores decides how much address space threads reserve: not here.
        command.env("RAYON_NUM_THREADS", "2").env("MALLOC_ARENA_MAX", "2");
        for kept in ["SystemRoot", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A run that has ended.
pub struct Ran {
    arguments: Vec<String>,
    /// The exit code; none: a signal.
    pub code: Option<i32>,
    /// What came out on standard output.
    pub stdout: String,
    /// What came out on standard error.
    pub stderr: String,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let arguments = self.arguments.join(" ");
        let shown = |c: char| if c.is_control() && c != '\n' { c.escape_unicode().collect() } else { c.to_string() };
        let start = |text: &str| text.chars().take(8000).map(shown).collect::<String>();
        writeln!(f, "$ rosterctl {arguments}\nexit code: {:?}", self.code)?;
        writeln!(f, "--- stdout\n{}\n--- stderr\n{}", start(&self.stdout), start(&self.stderr))
    }
}

impl Ran {
    /// Standard output, which must be exactly one JSON document.
    #[track_caller]
    pub fn json(&self) -> Json {
        match serde_json::from_str(&self.stdout) {
            Ok(json) => json,
            Err(error) => panic!("standard output is not one JSON document: {error}\n{self}"),
        }
    }

    /// The findings of a run with `--format json`.
    #[track_caller]
    pub fn findings(&self) -> Vec<Finding> {
        let json = self.json();
        let Some(findings) = json["diagnostics"].as_array() else { panic!("no `diagnostics`\n{self}") };
        findings.iter().map(Finding::of).collect()
    }

    /// The rules of the findings of a run with `--format json`, in their order.
    #[track_caller]
    pub fn rules(&self) -> Vec<String> {
        self.findings().into_iter().map(|finding| finding.rule).collect()
    }

    /// The only finding of a rule in a run with `--format json`.
    #[track_caller]
    pub fn finding(&self, rule: &str) -> Finding {
        let mut found: Vec<Finding> = self.findings().into_iter().filter(|finding| finding.rule == rule).collect();
        assert_eq!(found.len(), 1, "not exactly one finding of {rule}\n{self}");
        found.remove(0)
    }

    /// Asserts that standard output contains the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(self.stdout.contains(text), "standard output does not say {text:?}\n{self}");
        self
    }

    /// Asserts that standard output does not contain the text.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Ran {
        assert!(!self.stdout.contains(text), "standard output says {text:?}\n{self}");
        self
    }

    /// Asserts that standard error contains the text.
    #[track_caller]
    pub fn complains(self, text: &str) -> Ran {
        assert!(self.stderr.contains(text), "standard error does not say {text:?}\n{self}");
        self
    }

    /// Asserts that nothing came out on standard error.
    #[track_caller]
    pub fn without_complaint(self) -> Ran {
        assert!(self.stderr.is_empty(), "standard error is not empty\n{self}");
        self
    }
}

/// A finding as a machine reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// The person, group or expectation.
    pub subject: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it; empty: nothing.
    pub help: String,
    /// The file; empty: no place.
    pub path: String,
    /// The first line; 0: no place.
    pub line: u64,
    /// The first column; 0: no place.
    pub column: u64,
    /// The JSON Pointer.
    pub pointer: String,
}

impl Finding {
    fn of(json: &Json) -> Finding {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let location = &json["location"];
        Finding {
            rule: text(&json["rule"]),
            severity: text(&json["severity"]),
            subject: json["subject"].as_str().map(str::to_owned),
            message: text(&json["message"]),
            help: text(&json["help"]),
            path: text(&location["path"]),
            line: location["line"].as_u64().unwrap_or(0),
            column: location["column"].as_u64().unwrap_or(0),
            pointer: text(&location["pointer"]),
        }
    }

    /// Line and column.
    pub fn at(&self) -> (u64, u64) {
        (self.line, self.column)
    }
}

/// Steps of a plan as `action resource key`.
#[track_caller]
pub fn words(steps: &Json) -> Vec<String> {
    let word = |step: &Json, name: &str| step[name].as_str().expect("a word").to_owned();
    let line = |step| [word(step, "action"), word(step, "resource"), word(step, "key")].join(" ");
    steps.as_array().expect("steps").iter().map(line).collect()
}

/// Asserts that a file of this repository has this content. `UPDATE=1` writes it instead.
#[track_caller]
pub fn assert_file(path: &str, actual: &str) {
    let file = repository(path);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(file.parent().expect("a folder")).expect("folders can be made");
        fs::write(&file, actual).expect("the file can be written");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    if expected != actual {
        let difference = similar::TextDiff::from_lines(expected.as_str(), actual);
        let difference = difference.unified_diff().context_radius(2).header(path, "now").to_string();
        let accept = format!("UPDATE=1 cargo test --test {}", env!("CARGO_CRATE_NAME"));
        panic!("{path} is not what the program makes now; to accept: {accept}\n{difference}");
    }
}
