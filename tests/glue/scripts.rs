//! The scripts of the actions, run as a runner runs them: its variables, its files, and stand-ins for `gh` and `cargo`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::TAG;
use super::common::{Project, repository};

/// Every script of the glue, by its path in the repository.
pub fn all() -> Vec<String> {
    let mut found = vec!["tests/glue/linters".to_owned()];
    for folder in [".github/actions/rosterctl", ".github/actions/post", ".github/release", ".github/container"] {
        for entry in fs::read_dir(repository(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".sh") {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    assert!(found.len() >= 7, "{found:?}");
    found
}

/// Whether the machine has what a test needs; where all is asked for, it must. What is skipped is said.
#[allow(clippy::print_stderr, reason = "what was skipped is said")]
fn have(programs: &[&str]) -> bool {
    let there = |program: &&&str| ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).exists());
    let missing: Vec<_> = programs.iter().filter(|program| !there(program)).collect();
    let all = std::env::var("ROSTERCTL_LINTERS").is_ok_and(|which| which == "all");
    assert!(!all || missing.is_empty(), "this machine has no {missing:?}");
    if !missing.is_empty() {
        eprintln!("SKIPPED: this machine has no {missing:?}");
    }
    missing.is_empty()
}

/// What install.sh is made of.
const INSTALLS: &[&str] =
    &["bash", "tr", "awk", "cut", "grep", "head", "sha256sum", "curl", "mktemp", "rm", "tar", "mv", "chmod"];

/// What run.sh is made of.
const RUNS: &[&str] = &["bash", "od", "tr", "env", "sort"];

/// What post.sh is made of.
const POSTS: &[&str] = &["bash", "jq", "sort", "head", "cat", "mktemp"];

/// A run of a script that has ended.
struct Ran {
    code: i32,
    said: String,
}

impl Ran {
    #[track_caller]
    fn fails_saying(self, text: &str) {
        assert!(self.code != 0 && self.said.contains(text), "exit code {}\n{}", self.code, self.said);
    }

    #[track_caller]
    fn succeeds(self) -> String {
        assert_eq!(self.code, 0, "{}", self.said);
        self.said
    }
}

/// A runner: a folder with `bin` for stand-ins, `temp`, and the files by which steps talk to it.
struct Runner {
    folder: Project,
    variables: BTreeMap<String, String>,
}

impl Runner {
    fn new() -> Runner {
        let folder = Project::empty();
        fs::create_dir_all(folder.path("temp")).unwrap();
        fs::create_dir_all(folder.path("bin")).unwrap();
        let mut runner = Runner { folder, variables: BTreeMap::new() };
        let file = |name: &str| runner.folder.path(name).display().to_string();
        let variables = [
            ("PATH", format!("{}:/usr/bin:/bin", file("bin"))),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_TEMP", file("temp")),
            ("GITHUB_PATH", file("path")),
            ("GITHUB_OUTPUT", file("output")),
            ("GITHUB_REPOSITORY", "acme/rosters".to_owned()),
            ("GITHUB_SERVER_URL", "https://github.example".to_owned()),
            ("GITHUB_RUN_ID", "42".to_owned()),
        ];
        runner.variables.extend(variables.map(|(name, value)| (name.to_owned(), value)));
        runner
    }

    /// The defaults of an action's inputs, by the names of the variables that carry them.
    fn action(mut self, action: &str) -> Runner {
        let text = fs::read_to_string(repository(&format!(".github/actions/{action}/action.yml"))).unwrap();
        let action: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        for step in action["runs"]["steps"].as_sequence().unwrap() {
            for (name, value) in step["env"].as_mapping().unwrap() {
                let input = value.as_str().unwrap().trim_start_matches("${{ inputs.").trim_end_matches(" }}");
                let default = action["inputs"][input]["default"].as_str().unwrap_or_default().to_owned();
                let default = if default.contains("github.token") { "a-token".to_owned() } else { default };
                self.variables.insert(name.as_str().unwrap().to_owned(), default);
            }
        }
        self
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Runner {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts a stand-in on the path.
    fn stand_in(&self, name: &str, script: &str) {
        let path = self.folder.path(&format!("bin/{name}"));
        fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn runs(&self, script: &str) -> Ran {
        let mut command = Command::new("bash");
        command.arg(repository(script)).current_dir(self.folder.path("")).env_clear().envs(&self.variables);
        let ran = command.output().expect("bash runs");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        Ran { code: ran.status.code().unwrap_or(-1), said }
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path(file)).unwrap_or_default()
    }
}

// --- install.sh

const INSTALL: &str = ".github/actions/rosterctl/install.sh";

/// A place to download from, with one release: the program of this build for one target.
fn release(runner: &mut Runner, target: &str) {
    let version = TAG.trim_start_matches('v');
    let name = format!("rosterctl-{version}-{target}");
    let folder = runner.folder.path(&format!("downloads/{TAG}"));
    fs::create_dir_all(folder.join(&name)).unwrap();
    let program = if target.contains("windows") { "rosterctl.exe" } else { "rosterctl" };
    fs::write(folder.join(&name).join(program), format!("#!/bin/bash\necho rosterctl {version} of {target}\n"))
        .unwrap();
    let sh = |line: &str| {
        let ran = Command::new("sh").args(["-c", line]).current_dir(&folder).output().unwrap();
        assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    sh(&format!("tar -czf {name}.tar.gz {name} && rm -r {name} && sha256sum *.tar.gz > SHA256SUMS"));
    let place = format!("file://{}", runner.folder.path("downloads").display());
    runner.set("ROSTERCTL_DOWNLOADS", &place).set("PROVENANCE", "false");
}

#[test]
fn a_release_is_installed_on_every_sort_of_runner() {
    if !have(INSTALLS) {
        return;
    }
    for (os, arch, target) in [
        ("Linux", "X64", "x86_64-unknown-linux-musl"),
        ("Linux", "ARM64", "aarch64-unknown-linux-musl"),
        ("macOS", "X64", "x86_64-apple-darwin"),
        ("macOS", "ARM64", "aarch64-apple-darwin"),
        ("Windows", "X64", "x86_64-pc-windows-msvc"),
        ("Windows", "ARM64", "x86_64-pc-windows-msvc"),
    ] {
        let mut runner = Runner::new().action("rosterctl");
        release(&mut runner, target);
        runner.set("RUNNER_OS", os).set("RUNNER_ARCH", arch);
        assert!(runner.runs(INSTALL).succeeds().contains(&format!("of {target}")));
        let path = runner.text("path");
        assert_eq!(path.lines().count(), 1, "{path}");
        assert!(Path::new(path.trim()).is_dir(), "{path}");
        // Again, without a network: what is there is taken.
        fs::remove_dir_all(runner.folder.path("downloads")).unwrap();
        runner.runs(INSTALL).succeeds();
        // And the release workflow builds it.
        let workflow = fs::read_to_string(repository(".github/workflows/release.yml")).unwrap();
        assert!(workflow.contains(&format!("target: {target},")), "{target}");
    }
}

#[test]
fn what_is_not_what_was_released_is_not_installed() {
    if !have(INSTALLS) {
        return;
    }
    let target = "x86_64-unknown-linux-musl";
    let archive = format!("downloads/{TAG}/rosterctl-{}-{target}.tar.gz", TAG.trim_start_matches('v'));
    let sums = format!("downloads/{TAG}/SHA256SUMS");
    let fresh = || {
        let mut runner = Runner::new().action("rosterctl");
        release(&mut runner, target);
        runner
    };
    let runner = fresh();
    fs::write(runner.folder.path(&archive), "something else").unwrap();
    runner.runs(INSTALL).fails_saying("is not the file whose checksum the release has");
    assert_eq!(runner.text("path"), "");
    for text in ["", "0123  other.tar.gz\n", &runner.text(&sums).repeat(2)] {
        let runner = fresh();
        fs::write(runner.folder.path(&sums), text).unwrap();
        runner.runs(INSTALL).fails_saying("does not have one checksum");
    }
    let runner = fresh();
    fs::remove_file(runner.folder.path(&sums)).unwrap();
    runner.runs(INSTALL).fails_saying("has no SHA256SUMS that can be downloaded");
    for version in ["v0.1.0", "latest", "../../evil/0.1.0", "0.1.0\n::warning::x", ""] {
        fresh().set("VERSION", version).runs(INSTALL).fails_saying("version must be that of a release");
    }
    fresh().set("VERSION", "9.9.9").runs(INSTALL).fails_saying("release 9.9.9 has no");
    fresh().set("RUNNER_ARCH", "S390X").runs(INSTALL).fails_saying("no released binary for Linux on S390X");
    fresh().set("FROM", "elsewhere").runs(INSTALL).fails_saying("from must be release or source");
    fresh().set("PROVENANCE", "maybe").runs(INSTALL).fails_saying("provenance must be true or false");
}

#[test]
fn provenance_is_asked_for_unless_it_is_declined() {
    if !have(INSTALLS) {
        return;
    }
    let fresh = || {
        let mut runner = Runner::new().action("rosterctl");
        assert_eq!(runner.variables["PROVENANCE"], "true", "by default");
        release(&mut runner, "x86_64-unknown-linux-musl");
        runner.set("PROVENANCE", "true");
        runner
    };
    let runner = fresh();
    runner.stand_in("gh", "printf '%s\\n' \"$*\" >gh.log");
    runner.runs(INSTALL).succeeds();
    let asked = runner.text("gh.log");
    assert!(asked.starts_with("attestation verify ") && asked.contains("--repo rosterctl/rosterctl"), "{asked}");
    assert!(asked.contains(&format!("--source-ref refs/tags/{TAG}")), "{asked}");
    let runner = fresh();
    runner.stand_in("gh", "exit 1");
    runner.runs(INSTALL).fails_saying("did not build");
    assert_eq!(runner.text("path"), "");
    let mut runner = fresh();
    // Only what is needed is on the path, and gh is not.
    for program in
        ["bash", "tr", "awk", "cut", "grep", "head", "sha256sum", "curl", "mktemp", "rm", "tar", "mv", "chmod"]
    {
        runner.stand_in(program, &format!("PATH=/usr/bin:/bin exec {program} \"$@\""));
    }
    let path = runner.folder.path("bin").display().to_string();
    runner.set("PATH", &path);
    let mut command = Command::new("/bin/bash");
    command.arg(repository(INSTALL)).current_dir(runner.folder.path("")).env_clear().envs(&runner.variables);
    let ran = command.output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stdout).contains("no gh on this runner"), "{ran:?}");
}

#[test]
fn the_source_of_the_action_itself_is_built_where_that_is_asked() {
    if !have(INSTALLS) {
        return;
    }
    let mut runner = Runner::new().action("rosterctl");
    runner.set("FROM", "source");
    // `cargo install --locked --path SOURCE --root FOLDER`
    runner.stand_in(
        "cargo",
        "printf '%s\\n' \"$*\" >>cargo.log; mkdir -p \"$6/bin\"; printf '#!/bin/sh\\necho built' >\"$6/bin/rosterctl\"; chmod +x \"$6/bin/rosterctl\"",
    );
    assert!(runner.runs(INSTALL).succeeds().contains("built"));
    runner.runs(INSTALL).succeeds();
    let asked = runner.text("cargo.log");
    assert_eq!(asked.lines().count(), 1, "built once a job: {asked}");
    let root = repository("").canonicalize().unwrap();
    assert!(asked.starts_with(&format!("install --locked --path {} --root ", root.display())), "{asked}");
    assert!(root.join("Cargo.toml").is_file());
}

// --- run.sh

const RUN: &str = ".github/actions/rosterctl/run.sh";

/// A runner with a program that tells what it was given.
fn teller(code: u8) -> Runner {
    let runner = Runner::new().action("rosterctl");
    let tell = format!("for one in \"$@\"; do printf '[%s]\\n' \"$one\"; done; env | sort >environment; exit {code}");
    runner.stand_in("rosterctl", &tell);
    runner
}

#[test]
fn arguments_are_lines_and_nothing_in_them_is_run() {
    if !have(RUNS) {
        return;
    }
    let mut runner = teller(0);
    runner.set("COMMAND", "plan").set("ARGS", "--target=a b\r\n\n$(touch evil)\n`touch evil`;touch evil\n*\nlast");
    let said = runner.runs(RUN).succeeds();
    let given: Vec<&str> = said.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(given, ["[plan]", "[--target=a b]", "[$(touch evil)]", "[`touch evil`;touch evil]", "[*]", "[last]"]);
    assert!(!runner.folder.has("evil"));
    let mut runner = teller(0);
    runner.set("COMMAND", "validate");
    assert_eq!(runner.runs(RUN).succeeds().lines().filter(|line| line.starts_with('[')).count(), 1);
    for command in ["plan --target x", "$(touch evil)", "--help", "a;b"] {
        teller(0).set("COMMAND", command).runs(RUN).fails_saying("command must be one command");
    }
}

#[test]
fn what_rosters_say_is_no_command_to_the_runner() {
    if !have(RUNS) {
        return;
    }
    let mut runner = teller(0);
    runner.set("COMMAND", "plan").set("ARGS", "::error::x");
    let said = runner.runs(RUN).succeeds();
    let token = said.lines().next().unwrap().strip_prefix("::stop-commands::").expect("commands are stopped first");
    assert!(token.len() == 32 && said.trim_end().ends_with(&format!("::{token}::")), "{said}");
    let again = runner.runs(RUN).succeeds();
    assert!(!again.contains(token), "nobody can guess it");
    for args in ["--format=github", "--deny=warning\n--format\ngithub"] {
        let said = teller(0).set("COMMAND", "validate").set("ARGS", args).runs(RUN).succeeds();
        assert!(!said.contains("stop-commands"), "annotations are commands: {said}");
    }
    let said = teller(0).set("COMMAND", "validate").set("ARGS", "github").runs(RUN).succeeds();
    assert!(said.contains("stop-commands"), "{said}");
}

#[test]
fn exit_codes_are_told_and_only_accepted_ones_pass() {
    if !have(RUNS) {
        return;
    }
    for (code, accept, passes) in
        [(0, "0", true), (1, "0", false), (2, "0", false), (2, "0 2", true), (1, "0 2", false), (64, "0 2", false)]
    {
        let mut runner = teller(code);
        runner.set("COMMAND", "drift").set("ACCEPT", accept);
        let ran = runner.runs(RUN);
        assert_eq!(ran.code, if passes { 0 } else { i32::from(code) }, "{}", ran.said);
        assert_eq!(runner.text("output"), format!("exit-code={code}\n"));
    }
    teller(0).set("COMMAND", "drift").set("ACCEPT", "all").runs(RUN).fails_saying("accept must be exit codes");
}

#[test]
fn the_command_alone_sees_the_credential_under_its_name() {
    if !have(RUNS) {
        return;
    }
    let mut runner = teller(0);
    runner.set("COMMAND", "plan").set("CREDENTIAL", "s3cret=$x y").set("CREDENTIAL_ENV", "MY_TOKEN");
    runner.set("GH_TOKEN", "a-token");
    let said = runner.runs(RUN).succeeds();
    assert!(!said.contains("s3cret"), "{said}");
    let environment = runner.text("environment");
    assert!(environment.contains("MY_TOKEN=s3cret=$x y\n"), "{environment}");
    assert_eq!(environment.matches("s3cret").count(), 1, "{environment}");
    assert!(!environment.contains("GH_TOKEN"), "{environment}");
    for name in ["PATH", "LD_PRELOAD", "BASH_ENV", "GITHUB_OUTPUT", "RUNNER_TEMP"] {
        let mut runner = teller(0);
        runner.set("COMMAND", "plan").set("CREDENTIAL", "x").set("CREDENTIAL_ENV", name);
        runner.runs(RUN).fails_saying("credential-env cannot be");
    }
    for name in ["", "a b", "X=1", "a;touch evil"] {
        let mut runner = teller(0);
        runner.set("COMMAND", "plan").set("CREDENTIAL", "x").set("CREDENTIAL_ENV", name);
        runner.runs(RUN).fails_saying("credential-env must be the name");
    }
}

#[test]
fn the_program_itself_is_the_gate() {
    if !have(RUNS) {
        return;
    }
    for (example, code) in [("examples/small", 0), ("examples/broken", 1)] {
        let mut runner = Runner::new().action("rosterctl");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rosterctl"), runner.folder.path("bin/rosterctl")).unwrap();
        let example = repository(example).join("rosterctl.yaml").display().to_string();
        runner.set("COMMAND", "validate").set("ARGS", &format!("--workspace\n{example}"));
        let ran = runner.runs(RUN);
        assert_eq!(ran.code, code, "{}", ran.said);
        assert!(ran.said.contains("checked 1 organisation"), "{}", ran.said);
    }
}

// --- post.sh

const POST: &str = ".github/actions/post/post.sh";
const MARKER: &str = "<!-- rosterctl:plan production digest sha256:22 -->";

/// A runner whose `gh` answers lists from `list.json` and writes down what it is told to write.
fn poster(list: &str, report: &str) -> Runner {
    let mut runner = Runner::new().action("post");
    runner.stand_in(
        "gh",
        "case \" $* \" in
          *' --paginate '*) cat list.json; printf '%s\\n' \"$*\" >>reads ;;
          *) printf '%s\\n' \"$*\" >>writes; body=\"$*\"; body=${body#*body=@}; cat \"${body%% *}\" >posted
             echo https://github.example/1 ;;
        esac",
    );
    fs::write(runner.folder.path("list.json"), list).unwrap();
    fs::write(runner.folder.path("report.md"), report).unwrap();
    runner.set("REPORT", "report.md");
    runner
}

fn comment(id: u32, author: &str, body: &str) -> String {
    serde_json::json!({ "id": id, "number": id, "user": { "login": author }, "body": body }).to_string()
}

const BOT: &str = "github-actions[bot]";

#[test]
fn one_comment_is_edited_in_place() {
    if !have(POSTS) {
        return;
    }
    let report = format!("{MARKER}\n# Plan\n");
    let mut runner = poster("[]", &report);
    runner.set("PULL_REQUEST", "7").runs(POST).succeeds();
    let written = runner.text("writes");
    assert!(
        written.starts_with("api --method POST repos/acme/rosters/issues/7/comments -F body=@report.md"),
        "{written}"
    );
    // Two pages; others wrote on the first, and quoted the marker; another target is another comment.
    let pages = format!(
        "[{},{},{}][{},{}]",
        comment(1, "mallory", &report),
        comment(2, BOT, "<!-- rosterctl:plan production-eu digest sha256:1 -->\n"),
        comment(3, BOT, "see <!-- rosterctl:plan production digest sha256:1 -->"),
        comment(5, BOT, "<!-- rosterctl:plan production digest sha256:11 -->\nolder"),
        comment(9, BOT, "<!-- rosterctl:plan production digest sha256:12 -->\nsecond by a race"),
    );
    let mut runner = poster(&pages, &report);
    runner.set("PULL_REQUEST", "7").runs(POST).succeeds();
    let written = runner.text("writes");
    assert!(
        written.starts_with("api --method PATCH repos/acme/rosters/issues/comments/5 -F body=@report.md"),
        "{written}"
    );
    assert_eq!(written.lines().count(), 1, "{written}");
    let mut runner = poster("[{\"id\":1,\"user\":null,\"body\":null}]", &report);
    runner.set("PULL_REQUEST", "7").runs(POST).succeeds();
}

#[test]
fn one_issue_is_opened_edited_and_closed() {
    if !have(POSTS) {
        return;
    }
    let report = MARKER.replace("plan", "drift");
    let open = format!("[{}]", comment(4, BOT, &report.replace("22", "21")));
    for (list, close, method, rest) in [
        ("[]", "false", "POST repos/acme/rosters/issues ", "-f title=rosterctl found drift"),
        (open.as_str(), "false", "PATCH repos/acme/rosters/issues/4 ", "-f title=rosterctl found drift"),
        (open.as_str(), "true", "PATCH repos/acme/rosters/issues/4 ", "-f state=closed -f state_reason=completed"),
    ] {
        let mut runner = poster(list, &report);
        runner.set("CLOSE", close).runs(POST).succeeds();
        let written = runner.text("writes");
        assert!(written.contains(method) && written.contains(rest), "{written}");
        assert_eq!(written.lines().count(), 1, "{written}");
    }
    let mut runner = poster("[]", &report);
    assert!(runner.set("CLOSE", "true").runs(POST).succeeds().contains("none is needed"));
    assert_eq!(runner.text("writes"), "");
    // A pull request is in the list of issues too.
    let pull = open.replacen("{", "{\"pull_request\":{},", 1);
    let runner = poster(&pull, &report);
    runner.runs(POST).succeeds();
    assert!(runner.text("writes").contains("--method POST"), "{}", runner.text("writes"));
}

#[test]
fn a_comment_names_its_commit_and_says_where_a_plan_failed() {
    if !have(POSTS) {
        return;
    }
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let run = "https://github.example/acme/rosters/actions/runs/42";
    let report = format!("{MARKER}\n# Plan\n");
    let older = format!("[{}]", comment(5, BOT, &report));
    let mut runner = poster(&older, &report);
    runner.set("PULL_REQUEST", "7").set("COMMIT", commit).set("TARGET", "production").runs(POST).succeeds();
    assert_eq!(runner.text("posted"), format!("{report}\nOf {commit}, made by [this run]({run}).\n"));
    // Without a report the comment of an older commit does not stay as it was.
    let mut runner = poster(&older, "");
    std::fs::remove_file(runner.folder.path("report.md")).unwrap();
    runner.set("PULL_REQUEST", "7").set("COMMIT", commit).set("TARGET", "production").runs(POST).succeeds();
    let (written, posted) = (runner.text("writes"), runner.text("posted"));
    assert!(written.contains("--method PATCH repos/acme/rosters/issues/comments/5 "), "{written}");
    assert!(posted.starts_with("<!-- rosterctl:plan production digest none -->\n"), "{posted}");
    assert!(posted.contains(&format!("**The plan of {commit} failed**")) && posted.contains(run), "{posted}");
    // The next plan finds that comment again.
    let mut runner = poster(&format!("[{}]", comment(5, BOT, &posted)), &report);
    runner.set("PULL_REQUEST", "7").runs(POST).succeeds();
    assert!(runner.text("writes").contains("--method PATCH"), "{}", runner.text("writes"));
    for (name, value) in [("COMMIT", "main`"), ("TARGET", "x -->"), ("TARGET", "x--y")] {
        let mut runner = poster("[]", &report);
        assert_ne!(runner.set("PULL_REQUEST", "7").set(name, value).runs(POST).code, 0, "{value}");
        assert_eq!(runner.text("writes"), "");
    }
    // Of drift there is no failed plan.
    let mut runner = poster("[]", "");
    runner.set("TARGET", "production").runs(POST).fails_saying("there is no report");
}

#[test]
fn what_is_no_report_is_not_posted() {
    if !have(POSTS) {
        return;
    }
    for report in ["", "# Plan\n", "<!-- something else -->\n", "<!-- rosterctl:plan\n"] {
        let runner = poster("[]", report);
        let ran = runner.runs(POST);
        assert!(ran.code != 0 && ran.said.contains("::error title=rosterctl::"), "{report:?}: {}", ran.said);
        assert_eq!(runner.text("writes"), "");
    }
    for (name, value, says) in [("PULL_REQUEST", "7/../8", "must be a number"), ("CLOSE", "yes", "close must be")] {
        poster("[]", MARKER).set(name, value).runs(POST).fails_saying(says);
    }
    // A list that cannot be read opens no second comment.
    let mut runner = poster("not JSON", MARKER);
    assert_ne!(runner.set("PULL_REQUEST", "7").runs(POST).code, 0);
    assert_eq!(runner.text("writes"), "");
}

// --- the GitLab example

/// One job of the example, as GitLab runs it, with stand-ins for `curl`, `git` and `rosterctl`.
fn gitlab(job: &str, code: u8, posted: &str) -> (Ran, Runner) {
    let text = fs::read_to_string(repository("examples/ci/gitlab/.gitlab-ci.yml")).unwrap();
    let file: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let lines: Vec<&str> =
        file[job]["script"].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let mut runner = Runner::new();
    runner.stand_in("git", "printf 'git %s\\n' \"$*\" >>log");
    runner.stand_in("rosterctl", &format!("printf 'rosterctl %s\\n' \"$*\" >>log; exit {code}"));
    // Reads answer from a file, writes are written down with what they carry.
    runner.stand_in(
        "curl",
        "case \" $* \" in
          *' -X '*) printf 'curl %s\\n' \"$*\" >>writes; for one in \"$@\"; do case $one in @*) cat \"${one#@}\" >>writes ;; esac; done ;;
          *api/v4/user*) echo '{\"id\":7}' ;;
          *) cat list.json ;;
        esac",
    );
    let report = MARKER.replace("plan", job);
    fs::write(runner.folder.path(&format!("{job}.md")), format!("{report}\n# Report\n")).unwrap();
    fs::write(runner.folder.path("list.json"), posted).unwrap();
    fs::write(runner.folder.path("job.sh"), format!("set -e\n{}\n", lines.join("\n"))).unwrap();
    for (name, value) in [
        ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ("CI_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_IID", "2"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/7"),
        ("GITLAB_TOKEN", "secret"),
        ("ROSTERCTL_TARGET", "production"),
    ] {
        runner.set(name, value);
    }
    let mut command = Command::new("bash");
    command.arg("job.sh").current_dir(runner.folder.path("")).env_clear().envs(&runner.variables);
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    (Ran { code: ran.status.code().unwrap_or(-1), said }, runner)
}

#[test]
fn the_gitlab_example_keeps_one_note_and_one_issue() {
    if !have(POSTS) {
        return;
    }
    let note = |id: u32, author: u32, marker: &str| serde_json::json!({ "id": id, "iid": id, "author": { "id": author }, "body": marker, "description": marker });
    let (ran, runner) = gitlab("plan", 0, "[]");
    ran.succeeds();
    let written = runner.text("writes");
    assert!(written.contains("-X POST") && written.contains("merge_requests/2/notes\n"), "{written}");
    assert!(written.contains("# Report"), "{written}");
    // The base is the tip of the target branch, not where the branch began.
    let log = runner.text("log");
    assert!(log.contains("git fetch origin +refs/heads/release/7:refs/remotes/origin/release/7\n"), "{log}");
    assert!(log.contains("rosterctl plan --target production --base origin/release/7 "), "{log}");
    // Somebody else's note with the same marker is left alone; a plan that is refused fails after it was shown.
    let list = serde_json::json!([note(3, 8, MARKER), note(4, 7, MARKER)]).to_string();
    let (ran, runner) = gitlab("plan", 1, &list);
    assert_eq!(ran.code, 1, "{}", ran.said);
    assert!(runner.text("writes").contains("-X PUT") && runner.text("writes").contains("/notes/4\n"));
    let drifted = MARKER.replace("plan", "drift");
    let list = serde_json::json!([note(5, 7, &drifted)]).to_string();
    for (code, list, expected) in [
        (2, "[]", Some(("-X POST", "/issues\n"))),
        (2, list.as_str(), Some(("-X PUT", "/issues/5\n"))),
        (0, list.as_str(), Some(("-X PUT", "\"state_event\": \"close\""))),
        (0, "[]", None),
    ] {
        let (ran, runner) = gitlab("drift", code, list);
        ran.succeeds();
        let written = runner.text("writes");
        match expected {
            Some((method, rest)) => assert!(written.contains(method) && written.contains(rest), "{code}: {written}"),
            None => assert_eq!(written, ""),
        }
        assert_eq!(written.contains("state_event"), code == 0 && expected.is_some(), "{written}");
    }
    let (ran, runner) = gitlab("drift", 1, "[]");
    assert_eq!(ran.code, 1);
    assert_eq!(runner.text("writes"), "", "a look that failed says nothing of drift");
}
