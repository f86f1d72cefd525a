//! What a portal on the network costs: `cargo bench --bench portal`.
//!
//! Creating people is compared with a plain load generator that sends the same bodies to the same server over as many
//! connections, and looks at nothing but the status. Both run against `rosterctl serve` with an empty portal, or against
//! any other SCIM server: `-- URL TOKEN`, which then has to be empty before each of the two runs (it is asked for).
//! Reading is measured as the time and peak memory of `plan` over HTTP where everybody is as they should be.

#![allow(clippy::print_stdout, clippy::expect_used)]

mod load;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rosterctl");
const TOKEN: &str = "bench-0123456789abcdef0123456789abcdef";
const CONCURRENCY: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.as_slice() {
        [url, token] => foreign(url, token),
        _ => {
            creates(10_000);
            for people in [10_000, 100_000] {
                reads(people);
            }
        }
    }
}

/// A served portal; it ends with this value.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(folder: &Path) -> Served {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder).env("ROSTERCTL_SERVE_TOKEN", TOKEN).stdout(Stdio::piped()).stderr(Stdio::null());
        command.args(["serve", "--listen", "127.0.0.1:0", "--db", "portal.db"]);
        command.args(["--platform", "arxus", "--organisation", "acme"]);
        let mut child = command.spawn().expect("the portal can be served");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it has an output");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it is");
        let url =
            line.split_whitespace().find(|word| word.starts_with("http")).expect("it says its address").to_owned();
        Served { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Creating people: ours against a plain load generator.
fn creates(people: usize) {
    let (mut plain, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let served = Served::start(folder.path());
        plain = plain.min(load::post(&served.url, TOKEN, CONCURRENCY, &bodies(people)));
        drop(served);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let served = Served::start(folder.path());
        ours = ours.min(apply(folder.path(), &served.url, TOKEN, people));
    }
    say("rosterctl serve", people, plain, ours);
}

/// The same on a server that somebody else started.
fn foreign(url: &str, token: &str) {
    let people = 3_000;
    let plain = load::post(url, token, CONCURRENCY, &bodies(people));
    println!("empty the server now, and press Enter");
    let _ = std::io::stdin().read_line(&mut String::new());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let ours = apply(folder.path(), url, token, people);
    say(url, people, plain, ours);
}

fn say(server: &str, people: usize, plain: Duration, ours: Duration) {
    let rate = |time: Duration| people as f64 / time.as_secs_f64();
    println!(
        "{server}: {people} creates, {CONCURRENCY} connections: load generator {:.0}/s, apply {:.0}/s, {:.0} %",
        rate(plain),
        rate(ours),
        100.0 * rate(ours) / rate(plain)
    );
}

/// The time that an apply takes beyond a plan: approving, writing, looking at what came of it, the audit trail.
fn apply(folder: &Path, url: &str, token: &str, people: usize) -> Duration {
    workspace(folder, url, people);
    run(folder, token, &["target", "probe", "--write", "--target", "portal", "--quiet"]);
    let plan = run(folder, token, &["plan", "--target", "portal", "--quiet"]).0;
    let apply = run(folder, token, &["apply", "--yes", "--target", "portal", "--quiet"]).0;
    apply.saturating_sub(plan)
}

/// Reading everybody over HTTP and comparing them.
fn reads(people: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    workspace(folder, "http://127.0.0.1:1/unused", people);
    run(folder, TOKEN, &["apply", "--yes", "--target", "here", "--quiet"]);
    let served = Served::start(folder);
    workspace(folder, &served.url, people);
    run(folder, TOKEN, &["target", "probe", "--write", "--target", "portal", "--quiet"]);
    let (mut time, mut peak) = (Duration::MAX, 0);
    for _ in 0..3 {
        let (one, memory) = run(folder, TOKEN, &["plan", "--target", "portal", "--quiet", "--detailed-exitcode"]);
        time = time.min(one);
        peak = peak.max(memory);
    }
    println!(
        "plan of {people} people over HTTP: {:.0} ms, {:.0} MB at most",
        time.as_secs_f64() * 1e3,
        peak as f64 / 1e6
    );
}

/// A workspace with a portal at `url`, one in a file, and a roster.
fn workspace(folder: &Path, url: &str, people: usize) {
    let text = format!(
        "version: 1\nrosters: [rosters]\ntargets:\n  here: {{ kind: embedded, path: portal.db }}\n  \
         portal: {{ kind: scim, url: \"{url}\", auth: {{ bearer: {{ env: BENCH_TOKEN }} }}, concurrency: {CONCURRENCY} }}\n"
    );
    std::fs::write(folder.join("rosterctl.yaml"), text).expect("the workspace can be written");
    let mut roster =
        String::from("version: 1\norganisation: acme\nplatform: arxus\nprofile: { domains: [acme.example] }\nusers:\n");
    for number in 0..people {
        let _ = write!(roster, "  u{number}:\n    name: {}\n    email: {}\n", name(number), email(number));
        roster.push_str("    attributes: { serviceNow: true, responsibilities: [security] }\n");
    }
    std::fs::create_dir_all(folder.join("rosters")).expect("the folder can be made");
    std::fs::write(folder.join("rosters/acme.yaml"), roster).expect("the roster can be written");
}

fn name(number: usize) -> String {
    format!("Given{number} Family{number}")
}

fn email(number: usize) -> String {
    format!("u{number}@acme.example")
}

/// What is sent for each person.
fn bodies(people: usize) -> Vec<String> {
    let body = |number: usize| {
        let (email, name) = (email(number), name(number));
        format!(
            "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"{email}\",\
             \"externalId\":\"acme/u{number}\",\"name\":{{\"formatted\":\"{name}\",\"givenName\":\"Given{number}\",\
             \"familyName\":\"Family{number}\"}},\"displayName\":\"{name}\",\
             \"emails\":[{{\"value\":\"{email}\",\"primary\":true}}],\"active\":true}}"
        )
    };
    (0..people).map(body).collect()
}

/// Runs the program; gives its time and peak memory in bytes.
fn run(folder: &Path, token: &str, arguments: &[&str]) -> (Duration, u64) {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).args(arguments).env("BENCH_TOKEN", token);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let start = Instant::now();
    let ended = command.spawn().and_then(|mut child| child.wait4()).expect("the program can be run");
    let time = start.elapsed();
    assert!(ended.status.success(), "rosterctl {} fails", arguments.join(" "));
    (time, ended.rusage.maxrss)
}
