//! What `validate` and `plan` cost, as ratios against a floor measured in the same run: `cargo bench --bench pipeline`.
//!
//! The floor is the time that the faster of two maintained parsers needs to emit the events of the same files on the
//! same number of threads, reading the files included. `validate` and `plan` are the program itself, start to end,
//! `plan` against an embedded target that has the same people. Figures are the fastest of several runs, memory is the
//! highest peak of any. Runs alternate, so that a busy machine disturbs all alike; where others use the cores too, the
//! ratios of processor time (`cpu`) tell more than those of wall time.
//!
//! `-- --full` (or `ROSTERCTL_BENCH=full`) measures 1,000,000 people too; a further word selects cases by name.

#![allow(clippy::print_stdout, clippy::expect_used)]

mod base;
mod floor;
mod gate;
mod roster;
mod routing;
mod snapshot;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use roster::Size;
use wait4::Wait4;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rosterctl");

/// One row of the table.
struct Case {
    name: &'static str,
    size: Size,
    runs: usize,
    /// Whether it is left out of a short run.
    long: bool,
}

const CASES: [Case; 6] = [
    case("one file, 10,000 users", 1, 1, 10_000, 9, false),
    case("one file, 100,000 users", 1, 1, 100_000, 5, false),
    case("200 files, 10 organisations", 10, 20, 500, 5, false),
    case("2,000 files, 100 organisations", 100, 20, 500, 3, true),
    case("1,000 files, 1 organisation each", 1_000, 1, 10, 9, false),
    case("10,000 files, 1 organisation each", 10_000, 1, 10, 5, false),
];

const fn case(name: &'static str, organisations: usize, files: usize, users: usize, runs: usize, long: bool) -> Case {
    Case { name, size: Size { organisations, files, users }, runs, long }
}

/// Time, processor time and peak memory of one run of a program.
#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    cpu: Duration,
    peak: u64,
}

impl Cost {
    /// The better times and the worse peak.
    fn with(self, other: Cost) -> Cost {
        Cost { time: self.time.min(other.time), cpu: self.cpu.min(other.cpu), peak: self.peak.max(other.peak) }
    }

    /// How many times as much as another it takes: wall time, processor time.
    fn over(self, other: Cost) -> (f64, f64) {
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        (ratio(self.time, other.time), ratio(self.cpu, other.cpu))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // The floor runs in a process of its own: what this process once held would count as its children's memory.
    if let [mode, parser, folder] = arguments.as_slice()
        && mode == "--floor"
    {
        let time = floor::measure(parser, Path::new(folder)).expect("the generated files can be read");
        return println!("{}", time.as_nanos());
    }
    let full = arguments.iter().any(|argument| argument == "--full")
        || std::env::var_os("ROSTERCTL_BENCH").is_some_and(|mode| mode == "full");
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    println!(
        "{:<34} {:>9} {:>6} {:>10} {:>12} {:>6} {:>5} {:>8} {:>14} {:>5} {:>20}",
        "case",
        "people",
        "MB",
        "floor ms",
        "validate ms",
        "ratio",
        "cpu",
        "plan ms",
        "plan/validate",
        "cpu",
        "KB/person: validate, plan"
    );
    cold_start();
    for case in CASES.iter().filter(|case| full || !case.long) {
        if wanted.is_none_or(|word| case.name.contains(word.as_str())) {
            measure(case);
        }
    }
    if wanted.is_none_or(|word| "life cycle".contains(word.as_str())) {
        life();
    }
    if wanted.is_none_or(|word| "gate".contains(word.as_str())) {
        gate::measure(5);
    }
    if wanted.is_none_or(|word| "base".contains(word.as_str())) {
        base::measure(full, 3);
    }
    if wanted.is_none_or(|word| "snapshot".contains(word.as_str())) {
        snapshot::measure(5);
    }
    if wanted.is_none_or(|word| "routing".contains(word.as_str())) {
        let (validate, routing) = routing::measure(&roster::assessed(100_000, false), 5);
        let share = routing.as_secs_f64() / validate.as_secs_f64();
        println!(
            "routing: all events of 100,000 users answered in {:.1} ms, {share:.3} of reading and checking them ({:.0} ms)",
            millis(routing),
            millis(validate)
        );
    }
}

/// `plan` by an administrator of ProcessUnity GRX, where everybody has accepted and every twentieth is to change.
fn life() {
    let times = [10_000, 100_000].map(|users| {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = folder.path();
        roster::write_assessed(folder, users, false).expect("the roster can be written");
        run(folder, &["apply", "--yes", "--quiet"]);
        run(folder, &["portal", "accept", "--all", "--quiet"]);
        roster::write_assessed(folder, users, true).expect("the roster can be written");
        (0..3).map(|_| run(folder, &["plan", "--allow-grants", "10000"]).time).min().unwrap_or_default()
    });
    let [few, many] = times.map(millis);
    println!(
        "life cycle and actor: plan of 10,000 users {few:.0} ms, of 100,000 {many:.0} ms ({:.1} times)",
        many / few
    );
}

/// `validate` of the small example: what starting up costs.
fn cold_start() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    let best = (0..20).map(|_| run(&example, &["validate"]).time).min().unwrap_or_default();
    println!("{:<34} {:>9} {:>6} {:>10} {:>12.1}", "examples/small, cold start", 6, "", "", millis(best));
}

fn measure(case: &Case) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let bytes = roster::write(folder, case.size).expect("the rosters can be written");
    run(folder, &["apply", "--yes", "--quiet"]);
    let mut validate = run(folder, &["validate"]);
    let mut plan = run(folder, &["plan"]);
    let rosters = folder.join("rosters");
    let mut floors = floor::PARSERS.map(|parser| floor_of(parser, &rosters));
    for _ in 0..case.runs {
        for (floor, parser) in floors.iter_mut().zip(floor::PARSERS) {
            *floor = floor.with(floor_of(parser, &rosters));
        }
        validate = validate.with(run(folder, &["validate"]));
        plan = plan.with(run(folder, &["plan"]));
    }
    // The letter tells which parser is the faster.
    let (floor, parser) = if floors[0].time <= floors[1].time { (floors[0], 's') } else { (floors[1], 'g') };
    let people = case.size.people();
    let above = |cost: Cost| cost.peak.saturating_sub(bytes) as f64 / 1024.0 / people as f64;
    let (ratio, cpu) = validate.over(floor);
    let (plan_ratio, plan_cpu) = plan.over(validate);
    println!(
        "{:<34} {people:>9} {:>6.1} {:>8.0} {parser} {:>12.0} {ratio:>6.2} {cpu:>5.2} {:>8.0} {plan_ratio:>14.2} {plan_cpu:>5.2} {:>17.2} {:>7.2}",
        case.name,
        bytes as f64 / 1e6,
        millis(floor.time),
        millis(validate.time),
        millis(plan.time),
        above(validate),
        above(plan),
    );
}

/// Runs the program in a folder; it must find nothing wrong.
fn run(folder: &Path, arguments: &[&str]) -> Cost {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let ended = command.spawn().and_then(|mut child| child.wait4()).expect("the program can be run");
    let time = start.elapsed();
    assert!(ended.status.success(), "rosterctl {} fails on a generated roster", arguments.join(" "));
    Cost { time, cpu: ended.rusage.utime + ended.rusage.stime, peak: ended.rusage.maxrss }
}

/// What a parser takes for all files of a folder; it tells the time itself, without that of starting up.
fn floor_of(parser: &str, folder: &Path) -> Cost {
    let this = std::env::current_exe().expect("the benchmark knows its own path");
    let mut command = Command::new(this);
    command.args(["--floor", parser]).arg(folder).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the floor can be measured");
    let mut said = String::new();
    if let Some(stdout) = &mut child.stdout {
        stdout.read_to_string(&mut said).expect("the floor says its time");
    }
    let usage = child.wait4().expect("the floor ends").rusage;
    let nanos = said.trim().parse().expect("the floor is a number");
    Cost { time: Duration::from_nanos(nanos), cpu: usage.utime + usage.stime, peak: usage.maxrss }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
