//! What `validate` and `plan` cost, as ratios against a floor measured in the same run: `cargo bench --bench pipeline`.
//!
//! The floor is the time that the faster of two maintained parsers needs to emit the events of the same files on the
//! same number of threads, reading the files included. `validate` and `plan` are the program itself, start to end,
//! `plan` against an embedded target that has the same people. Figures are the fastest of several runs, memory is the
//! highest peak of any. Runs alternate, so that a busy machine disturbs all alike.
//!
//! `-- --full` (or `ROSTERCTL_BENCH=full`) measures 1,000,000 people too; a further word selects cases by name.

#![allow(clippy::print_stdout, clippy::expect_used)]

mod floor;
mod roster;

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

const CASES: [Case; 7] = [
    case("one file, 10,000 users", 1, 1, 10_000, 9, false),
    case("one file, 100,000 users", 1, 1, 100_000, 5, false),
    case("200 files, 10 organisations", 10, 20, 500, 5, false),
    case("2,000 files, 100 organisations", 100, 20, 500, 3, true),
    case("1,000 files, 1 organisation each", 1_000, 1, 10, 9, false),
    case("10,000 files, 1 organisation each", 10_000, 1, 10, 5, false),
    case("one file, 1,000,000 users", 1, 1, 1_000_000, 3, true),
];

const fn case(name: &'static str, organisations: usize, files: usize, users: usize, runs: usize, long: bool) -> Case {
    Case { name, size: Size { organisations, files, users }, runs, long }
}

/// Time and peak memory of one run of the program.
#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    peak: u64,
}

impl Cost {
    /// The better time and the worse peak.
    fn with(self, other: Cost) -> Cost {
        Cost { time: self.time.min(other.time), peak: self.peak.max(other.peak) }
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
        "{:<34} {:>9} {:>6} {:>13} {:>12} {:>6} {:>9} {:>14} {:>16}",
        "case", "people", "MB", "floor ms", "validate ms", "ratio", "plan ms", "plan/validate", "peak KB/person"
    );
    cold_start();
    for case in CASES.iter().filter(|case| full || !case.long) {
        if wanted.is_none_or(|word| case.name.contains(word.as_str())) {
            measure(case);
        }
    }
}

/// `validate` of the small example: what starting up costs.
fn cold_start() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    let best = (0..20).map(|_| run(&example, &["validate"]).time).min().unwrap_or_default();
    println!("{:<34} {:>9} {:>6} {:>13} {:>12.1}", "examples/small, cold start", 8, "", "", millis(best));
}

fn measure(case: &Case) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let bytes = roster::write(folder, case.size).expect("the rosters can be written");
    run(folder, &["apply", "--yes", "--quiet"]);
    let mut floors = [Duration::MAX; 2];
    let mut validate = run(folder, &["validate"]);
    let mut plan = run(folder, &["plan"]);
    for _ in 0..case.runs {
        for (floor, parser) in floors.iter_mut().zip(floor::PARSERS) {
            *floor = (*floor).min(floor_of(parser, &folder.join("rosters")));
        }
        validate = validate.with(run(folder, &["validate"]));
        plan = plan.with(run(folder, &["plan"]));
    }
    let (floor, parser) = if floors[0] <= floors[1] { (floors[0], "s") } else { (floors[1], "g") };
    let people = case.size.people();
    let above = |cost: Cost| cost.peak.saturating_sub(bytes) as f64 / 1024.0 / people as f64;
    println!(
        "{:<34} {:>9} {:>6.1} {:>11.0} {parser} {:>12.0} {:>6.2} {:>9.0} {:>14.2} {:>8.2} {:>7.2}",
        case.name,
        people,
        bytes as f64 / 1e6,
        millis(floor),
        millis(validate.time),
        validate.time.as_secs_f64() / floor.as_secs_f64(),
        millis(plan.time),
        plan.time.as_secs_f64() / validate.time.as_secs_f64(),
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
    Cost { time, peak: ended.rusage.maxrss }
}

fn floor_of(parser: &str, folder: &Path) -> Duration {
    let this = std::env::current_exe().expect("the benchmark knows its own path");
    let output = Command::new(this).args(["--floor", parser]).arg(folder).output().expect("the floor can be measured");
    let nanos = String::from_utf8_lossy(&output.stdout).trim().parse().expect("the floor is a number");
    Duration::from_nanos(nanos)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
