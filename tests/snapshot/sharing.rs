//! Rows, columns and sheets that share a file: several people a row, several organisations, columns of one name, sheets
//! that nothing asks for. What cannot be told apart removes nobody.

use rust_xlsxwriter::{Workbook, Worksheet};

use crate::common::{ACME, Project, words};
use crate::scene::{ACME_CSV, HEADER, WORKSPACE, project, with_keys};

/// Somebody whom no roster names, as a row of the export.
const STRANGER: &str = "Udo Alt;udo@acme.example;;Contact;Watchlist Contact;;;;;";

#[test]
fn people_by_role_may_be_users_of_the_roster() {
    let rows = "Company;Technical contact name;Technical contact email;Commercial contact name;Commercial contact email;DPO name;DPO email\nacme;Ada Peeters;ada@acme.example;Grace Lindqvist;grace@acme.example;Dana Kowalska;dana@acme.example\n";
    let snapshot = project(rows);
    let ran = snapshot.run("plan --prune --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "Ada is the user of the roster: {ran}");
    snapshot.run("drift").exits(0);
    // Whoever is in no section of the roster is still told.
    let other = rows.replace("Dana Kowalska;dana@", "Udo Alt;udo@");
    let ran = project(&other).run("plan --prune --format json").exits(0);
    let steps = words(&ran.json()["steps"]);
    assert!(steps.contains(&"create contact dana".to_owned()), "{steps:?}");
    assert!(steps.contains(&"delete contact udo@acme.example".to_owned()), "{steps:?}");
    assert!(steps.iter().all(|step| !step.contains("ada")), "{steps:?}");
    // Whose time is over leaves from where the roster had them.
    let over = project(rows);
    over.edit("rosters/acme.yaml", "email: ada@acme.example", "email: ada@acme.example\n    until: 2026-01-31");
    let steps = words(&over.run("plan --format json --as-of 2026-11-22").exits(1).json()["steps"]);
    assert!(steps.contains(&"delete user ada".to_owned()), "{steps:?}");
    // What the file does say of a user counts.
    let moved = rows.replace("Ada Peeters;ada@", "Ada Peters;ada@");
    let ran = project(&moved).run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["update user ada"], "{ran}");
}

/// The export with a column of the organisation, and a stranger in a row whose organisation is `named`.
fn of_organisations(named: &str) -> String {
    let rows = ACME_CSV.lines().skip(1).map(|row| format!("{row};acme\n"));
    format!("{HEADER};Organisation\n{}{STRANGER};{named}\n", rows.collect::<String>())
}

#[test]
fn a_row_of_no_organisation_or_of_several_removes_nobody() {
    let known = project(of_organisations("acme")).run("plan --prune --format json").exits(0);
    assert_eq!(words(&known.json()["steps"]), ["delete contact udo@acme.example"]);
    for (named, says) in [
        ("", "the cell is empty, so it is not known of which organisation the row is"),
        ("\"globex, acme\"", "`globex, acme` seems to name several organisations"),
        ("acme | globex", "`acme | globex` seems to name several organisations"),
    ] {
        let ran = project(of_organisations(named)).run("plan --prune --format json").exits(0);
        assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "{named}: {ran}");
        assert_eq!(ran.json()["complete"], false, "{named}");
        let finding = ran.finding("snapshot/unknown-organisation");
        let place = format!("live/acme.csv:5, column `Organisation`: {says}");
        assert!(finding.message.starts_with(&place), "{}", finding.message);
    }
    // Two that nobody knows are of others; and a name with a comma is one where the workspace says so.
    let ran = project(of_organisations("\"globex, initech\"")).run("plan --prune --format json").exits(0);
    assert_eq!(ran.json()["complete"], true, "{ran}");
    let keys = "words: { organisations: { \"Acme, Inc.\": acme } }";
    let ran = with_keys(of_organisations("\"Acme, Inc.\""), keys).run("plan --prune --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["delete contact udo@acme.example"]);
}

#[test]
fn a_column_of_organisations_without_any_is_of_whom_the_workspace_says() {
    let silent = of_organisations("").replace(";acme\n", ";\n");
    let ran = with_keys(&silent, "organisation: acme").run("plan --prune --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["delete contact udo@acme.example"], "{ran}");
    let ran = project(&silent).run("plan --prune --format json").exits(1);
    assert_eq!(ran.json()["complete"], false, "{ran}");
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "{ran}");
}

#[test]
fn two_columns_of_one_name_are_an_error_where_they_are_guessed() {
    let twice = |first: &str| {
        let rows = ACME_CSV.lines().skip(1).map(|row| format!("{row};Watchlist Contact\n"));
        format!("{HEADER};{first}\n{}", rows.collect::<String>())
    };
    for second in ["Contact roles", "contact-roles"] {
        let says = format!("live/acme.csv:1 has 2 columns of one name: 5 (`Contact roles`), 11 (`{second}`)");
        project(twice(second)).run("plan").exits(1).complains(&says).complains("under different names");
    }
    // Nothing is lost where the column is not read.
    let unread = twice("Notes").replace(HEADER, &format!("{HEADER};Notes")).replace(";Watchlist Contact", ";a;b");
    project(unread).run("plan --detailed-exitcode").exits(0).says("no changes");
}

fn fill(sheet: &mut Worksheet, name: &str, rows: &str) {
    sheet.set_name(name).expect("a name");
    for (row, line) in rows.lines().enumerate() {
        for (column, cell) in line.split(';').enumerate() {
            sheet.write(row as u32, column as u16, cell).expect("a cell");
        }
    }
}

/// A project whose export is a workbook of these sheets; those whose names begin with `hidden` are.
fn workbook(keys: &str, sheets: &[(&str, &str)]) -> Project {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        fill(sheet, name, rows);
        sheet.set_hidden(name.starts_with("hidden"));
    }
    let project = with_keys("", keys);
    project.edit("rosterctl.yaml", "live/acme.csv", "live/acme.xlsx");
    project.write("live/acme.xlsx", book.save_to_buffer().expect("a workbook"));
    project
}

#[test]
fn sheets_that_nothing_asks_for_are_told_and_remove_nobody() {
    let users = format!("{ACME_CSV}{STRANGER}\n");
    let more = format!("{HEADER}\nEve Janssens;eve@acme.example;;Contact;Watchlist Contact\n");
    let sheets = [("Users", users.as_str()), ("Others", more.as_str()), ("hidden people", more.as_str())];
    let several = workbook("maxAge: 7d", &sheets);
    let ran = several.run("plan --prune --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "{ran}");
    assert_eq!(ran.json()["complete"], false);
    let finding = ran.finding("snapshot/other-sheets");
    let says =
        "live/acme.xlsx, sheet `Users` is all that is read, and the sheets `Others`, `hidden people` hold rows too";
    assert!(finding.message.starts_with(says), "{}", finding.message);
    assert!(finding.help.contains("`sheet: NAME`"), "{}", finding.help);
    several.run("target probe").exits(0).says("the workbook has besides: `Others`").says("is all that is read");
    let removes = ["delete contact udo@acme.example"];
    let steps = |project: Project| words(&project.run("plan --prune --format json").exits(0).json()["steps"]);
    assert_eq!(steps(workbook("sheet: Users", &sheets)), removes, "whoever names a sheet is believed");
    // Empty sheets, headers alone and lists for cells that are hidden are nothing.
    let nothing = [("Users", users.as_str()), ("Empty", ""), ("Head", HEADER), ("hidden words", "User\nContact\n")];
    assert_eq!(steps(workbook("maxAge: 7d", &nothing)), removes);
    // A sheet of groups is asked for.
    let groups =
        "Group;Application;Level\nIT operations;ServiceDesk Support;full\nIT operations;Users & Permissions;read\n";
    let asked = workbook("groups: { sheet: Groups }", &[("Users", users.as_str()), ("Groups", groups)]);
    let ran = asked.run("plan --prune --format json").exits(0);
    assert_eq!(ran.json()["complete"], true, "{ran}");
}

#[cfg(unix)]
#[test]
fn a_pipe_and_a_device_are_errors_and_wait_for_nobody() {
    let project = Project::with_roster(ACME).with_workspace(WORKSPACE);
    project.write("live/other.txt", "");
    let pipe = project.path("live/acme.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    project.run("plan").exits(1).complains("the snapshot `live/acme.csv` is no file but a pipe or a device");
    project.edit("rosterctl.yaml", "live/acme.csv", "/dev/zero");
    project.run("plan").exits(1).complains("is no file but a pipe or a device");
}
