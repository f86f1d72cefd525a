//! What a gate costs that writes its findings in every format, against `validate` alone on the same files.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::roster::{self, Size};
use crate::{Cost, millis, run};

/// All formats of `validate`, each into a file.
const REPORTS: [&str; 13] = [
    "validate",
    "--report",
    "text=report.txt",
    "--report",
    "json=report.json",
    "--report",
    "sarif=report.sarif",
    "--report",
    "github=report.log",
    "--report",
    "junit=report.xml",
    "--report",
    "gitlab=report.gitlab.json",
];

/// 10,000 files with an organisation each: where nothing is found, and where each has one warning.
pub fn measure(runs: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let size = Size { organisations: 10_000, files: 1, users: 10 };
    roster::write(folder, size).expect("the rosters can be written");
    for found in ["nothing found", "a warning in each"] {
        let (mut alone, mut all) = (run(folder, &["validate"]), run(folder, &REPORTS));
        for _ in 0..runs {
            alone = alone.with(run(folder, &["validate"]));
            all = all.with(run(folder, &REPORTS));
        }
        let (ratio, cpu) = all.over(alone);
        println!(
            "gate, 10,000 files, {found}: validate {:.0} ms, with six reports {:.0} ms ({ratio:.2} times, processor {cpu:.2}); {}",
            millis(alone.time),
            millis(all.time),
            memory(alone, all),
        );
        warn(&folder.join("rosters")).expect("the rosters can be written");
    }
}

fn memory(alone: Cost, all: Cost) -> String {
    format!("{} and {} MB at most", alone.peak >> 20, all.peak >> 20)
}

/// Gives every roster a waiver that nothing needs.
fn warn(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let mut file = fs::OpenOptions::new().append(true).open(entry?.path())?;
        file.write_all(b"\nwaivers:\n  - { rule: arxus/dpo-missing, reason: Nobody is the officer yet. }\n")?;
    }
    Ok(())
}
