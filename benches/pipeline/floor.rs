//! The floor: what reading the files and having a maintained parser emit their events costs, on all cores.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

/// The fastest maintained YAML parsers.
pub const PARSERS: [&str; 2] = ["saphyr", "granit"];

/// How long a parser takes for all files of a folder.
pub fn measure(parser: &str, folder: &Path) -> std::io::Result<Duration> {
    let start = Instant::now();
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let events = match parser {
        "saphyr" => saphyr,
        _ => granit,
    };
    let counts = files.par_iter().map(|file| fs::read_to_string(file).map(|text| events(&text)));
    black_box(counts.collect::<std::io::Result<Vec<usize>>>()?);
    Ok(start.elapsed())
}

fn saphyr(text: &str) -> usize {
    let mut parser = saphyr_parser::Parser::new_from_str(text);
    let mut count = 0;
    while let Some(event) = parser.next_event() {
        black_box(&event.expect("the generated rosters are YAML"));
        count += 1;
    }
    count
}

fn granit(text: &str) -> usize {
    let mut parser = granit_parser::Parser::new_from_str(text);
    let mut count = 0;
    while let Some(event) = parser.next_event() {
        black_box(&event.expect("the generated rosters are YAML"));
        count += 1;
    }
    count
}
