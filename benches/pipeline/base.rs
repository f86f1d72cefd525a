//! What reading the rosters at a git revision costs, against reading the working tree: `validate --base` reads both.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::roster::{self, Size};
use crate::{millis, run};

/// Measures rosters of a million people (a tenth of them unless `full`), packed as a clone has them, where more and more
/// of the organisations differ from the revision.
pub fn measure(full: bool, runs: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let organisations = if full { 100 } else { 10 };
    let size = Size { organisations, files: 20, users: 500 };
    roster::write(folder, size).expect("the rosters can be written");
    git(folder, &["init", "--quiet"]);
    git(folder, &["add", "--all"]);
    git(folder, &["-c", "user.name=bench", "-c", "user.email=bench@acme.example", "commit", "--quiet", "-m", "all"]);
    git(folder, &["gc", "--quiet"]);
    let based = ["validate", "--base", "HEAD"];
    for (what, every) in [("nothing", None), ("a tenth of the organisations", Some(10)), ("all of them", Some(1))] {
        every.map_or(Ok(()), |every| change(&folder.join("rosters"), every)).expect("the rosters can be written");
        let (mut alone, mut both) = (run(folder, &["validate"]), run(folder, &based));
        for _ in 0..runs {
            alone = alone.with(run(folder, &["validate"]));
            both = both.with(run(folder, &based));
        }
        let (ratio, cpu) = both.over(alone);
        println!(
            "base of {} people, {what} changed: the working tree {:.0} ms, a revision besides {:.0} ms ({:.2} times, processor {:.2})",
            size.people(),
            millis(alone.time),
            millis(both.time) - millis(alone.time),
            ratio - 1.0,
            cpu - 1.0,
        );
    }
}

/// Gives every n-th organisation another text, which says the same.
fn change(rosters: &Path, every: usize) -> io::Result<()> {
    for entry in fs::read_dir(rosters)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let number = text.lines().find_map(|line| line.strip_prefix("organisation: "));
        let number = number.map(|id| id.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse::<usize>());
        if number.and_then(Result::ok).is_some_and(|number| number.is_multiple_of(every)) {
            fs::OpenOptions::new().append(true).open(&path)?.write_all(b"# changed\n")?;
        }
    }
    Ok(())
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git").args(arguments).current_dir(folder).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "git {arguments:?}");
}
