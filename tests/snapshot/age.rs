//! How old a snapshot is, who says so, and what is not done on an old one.

use crate::common::words;
use crate::scene::{ACME_CSV, with_keys};

const STRANGER: &str = "Udo Alt;udo@acme.example;;Contact;Watchlist Contact;;;;;\n";

#[test]
fn an_old_snapshot_removes_nobody_and_says_how_old_it_is() {
    let project = with_keys(ACME_CSV.to_owned() + STRANGER, "taken: 2026-11-01");
    let ran = project.run("plan --prune --format json --as-of 2026-11-22").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0]);
    assert_eq!(ran.json()["complete"], false);
    let old = ran.finding("snapshot/too-old");
    assert!(
        old.message.contains("taken on 2026-11-01, 21 days ago (`taken` of the target says so)"),
        "{}",
        old.message
    );
    assert!(ran.finding("plan/incomplete").message.contains("Held back: delete contact udo@acme.example"));
    let ran = project.run("plan --prune --format json --as-of 2026-11-08").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["delete contact udo@acme.example"]);
    project.edit("rosterctl.yaml", "taken: 2026-11-01", "taken: 2026-11-01\n    maxAge: 30d");
    let ran = project.run("plan --prune --format json --as-of 2026-11-22").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["delete contact udo@acme.example"]);
    // What is the same on an old one may not be the same any more.
    let same = with_keys(ACME_CSV, "taken: 2026-11-01");
    same.run("drift --as-of 2026-11-02").exits(0);
    same.run("drift --as-of 2026-11-22").exits(1);
}

#[test]
fn the_future_is_a_finding() {
    let ran = with_keys(ACME_CSV, "taken: 2026-12-24").run("plan --format json --as-of 2026-11-22").exits(0);
    let finding = ran.finding("snapshot/from-the-future");
    assert!(finding.message.contains("2026-12-24"), "{}", finding.message);
    assert_eq!(ran.json()["complete"], false);
}

#[test]
fn the_name_of_the_file_tells_and_the_time_of_writing_comes_last() {
    let project = with_keys(ACME_CSV, "maxAge: 1d");
    project.run("plan --format json").exits(0).never_says("snapshot/");
    project.write("live/acme_20260102.csv", ACME_CSV);
    project.edit("rosterctl.yaml", "live/acme.csv", "live/acme_20260102.csv");
    let old = project.run("plan --format json").exits(0).finding("snapshot/too-old");
    assert!(old.message.contains("2026-01-02") && old.message.contains("the date in its name"), "{}", old.message);
}

#[test]
fn a_column_or_a_cell_tells_and_another_way_of_writing_days_is_an_error() {
    let dated = |day: &str| -> String {
        let lines = ACME_CSV.lines().enumerate();
        lines
            .map(|(index, line)| if index == 0 { format!("{line};Exported on\n") } else { format!("{line};{day}\n") })
            .collect()
    };
    let keys = "taken: { column: Exported on }";
    let old = |day: &str, keys: &str| with_keys(dated(day), keys).run("plan --format json --as-of 2026-11-22").ends();
    let message = old("01.11.2026", keys).finding("snapshot/too-old").message;
    assert!(message.contains("2026-11-01") && message.contains("the column `Exported on`"), "{message}");
    let ran = old("06/11/2026", keys);
    assert!(
        ran.stderr.contains("may be two days: 2026-11-06 and 2026-06-11") && ran.stderr.contains("dateFormat"),
        "{ran}"
    );
    let british = "taken: { column: Exported on }\n    dateFormat: \"%d/%m/%Y\"";
    assert!(old("06/11/2026", british).finding("snapshot/too-old").message.contains("2026-11-06"));
    let ran = old("2026-11-06", british);
    assert!(ran.stderr.contains("is not written as `dateFormat` says"), "{ran}");
    let titled = format!("Exported;2026-11-01;;;;;;;;\n{ACME_CSV}");
    let ran = with_keys(titled, "taken: { cell: B1 }").run("plan --format json --as-of 2026-11-22").exits(0);
    assert!(ran.finding("snapshot/too-old").message.contains("the cell B1"));
    with_keys(ACME_CSV, "taken: { cell: Z9 }").run("plan").exits(1).complains("nothing in Z9");
}

#[test]
fn keys_are_checked_where_they_stand() {
    for (keys, says) in [
        ("maxAge: 7", "a span of hours, days or weeks"),
        ("maxAge: 0d", "a span of hours, days or weeks"),
        ("taken: soon", "a day such as"),
        ("delimiter: \"x\"", "one of"),
        ("columns: { mail: E-Mail }", "did you mean `email`?"),
        ("columns: { roles: { separator: \",\" } }", "either `{ column: … }`"),
        ("columnss: {}", "did you mean `columns`?"),
    ] {
        let ran = with_keys(ACME_CSV, keys).run("plan").exits(1);
        assert!(ran.stdout.contains(says) && ran.stdout.contains("rosterctl.yaml:6"), "{keys}: {ran}");
    }
}
