//! What reading and planning 100,000 people of a snapshot costs besides checking their roster, against `validate` of the
//! same people: as CSV and as XLSX.

use std::fmt::Write as _;
use std::fs;

use rust_xlsxwriter::Workbook;

use crate::{millis, roster, run};

/// People in the snapshot.
const PEOPLE: usize = 100_000;

/// Measures both forms, so many times each, in turns.
pub fn measure(runs: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let text = roster::assessed(PEOPLE, false);
    let rows = rows(&text);
    fs::create_dir_all(folder.join("rosters")).expect("a folder can be made");
    fs::write(folder.join("rosters/assessed.yaml"), &text).expect("the roster can be written");
    let workspace = "version: 1\nrosters: [rosters]\ndefaultTarget: csv\ntargets:\n  csv: { kind: snapshot, path: live.csv }\n  xlsx: { kind: snapshot, path: live.xlsx }\n";
    fs::write(folder.join("rosterctl.yaml"), workspace).expect("the workspace can be written");
    let mut csv = String::from("Name,Email,User role,Status\r\n");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["Name", "Email", "User role", "Status"]).expect("a header");
    for (index, &[name, email, role]) in rows.iter().enumerate() {
        let _ = write!(csv, "{name},{email},{role},Active\r\n");
        sheet.write_row(index as u32 + 1, 0, [name, email, role, "Active"]).expect("a row");
    }
    fs::write(folder.join("live.csv"), csv).expect("the snapshot can be written");
    book.save(folder.join("live.xlsx")).expect("the workbook can be written");
    let measured = |arguments: &[&str]| run(folder, arguments);
    let (csv, xlsx) = (["plan", "--detailed-exitcode"], ["plan", "--detailed-exitcode", "--target", "xlsx"]);
    let mut costs = [measured(&["validate"]), measured(&csv), measured(&xlsx)];
    for _ in 0..runs {
        for (cost, arguments) in costs.iter_mut().zip([&["validate"][..], &csv, &xlsx]) {
            *cost = cost.with(measured(arguments));
        }
    }
    let [validate, csv, xlsx] = costs;
    let (ratio, cpu) = csv.over(validate);
    let (xlsx_ratio, xlsx_cpu) = xlsx.over(validate);
    println!(
        "snapshot of {PEOPLE}: validate {:.0} ms; reading and planning besides, from CSV {:.0} ms ({:.2} times, processor {:.2}), from XLSX {:.0} ms ({:.2} times, processor {:.2})",
        millis(validate.time),
        millis(csv.time) - millis(validate.time),
        ratio - 1.0,
        cpu - 1.0,
        millis(xlsx.time) - millis(validate.time),
        xlsx_ratio - 1.0,
        xlsx_cpu - 1.0,
    );
}

/// Name, mail address and role of everybody in a roster that [`roster::assessed`] made.
fn rows(text: &str) -> Vec<[&str; 3]> {
    let field = |line: &'static str| text.lines().filter_map(move |own| own.trim_start().strip_prefix(line));
    let roles = field("roles: [").map(|role| role.trim_end_matches(']'));
    field("name: ").zip(field("email: ")).zip(roles).map(|((name, email), role)| [name, email, role]).collect()
}
