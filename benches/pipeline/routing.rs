//! What questions cost: who is told of every event, against what it takes to read and check the same roster.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rosterctl::diagnostic::FileId;
use rosterctl::document::{Sources, read_rosters};
use rosterctl::model::{Built, Day, Organisation, Platforms, Roll, View, build};
use rosterctl::platform::EventIx;
use rosterctl::rules::{Doubts, Levels, check};

/// Time to read, build and check a roster, and time to answer all its events; the fastest of several runs.
pub fn measure(text: &str, runs: usize) -> (Duration, Duration) {
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..runs {
        let start = Instant::now();
        let organisation = validated(text);
        let validate = start.elapsed();
        let start = Instant::now();
        let roll = Roll::new(View::of(&organisation), &organisation.people);
        for event in 0..organisation.platform.events.len() {
            black_box(roll.notified(EventIx(event as u16)));
        }
        best = (best.0.min(validate), best.1.min(start.elapsed()));
    }
    best
}

fn validated(text: &str) -> Organisation {
    let mut sources = Sources::from_texts([("roster.yaml".to_owned(), text.to_owned())]);
    let (documents, _) = read_rosters(&sources, &[FileId(0)]);
    let (platforms, _) = Platforms::load(&documents, &mut sources, std::path::Path::new("."));
    let today = Day("2026-06-01".parse().expect("a day"));
    let Built { mut organisations, .. } = build(documents, &platforms, today);
    let organisation = organisations.pop().expect("the generated roster has one organisation");
    black_box(check(&organisation, &Levels::default(), &Doubts::default(), today));
    organisation
}
