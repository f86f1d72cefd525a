//! Rows, columns and sheets that share a file: several people a row, several organisations, columns of one name, sheets
//! that nothing asks for. What cannot be told apart removes nobody.

use crate::common::words;
use crate::scene::{ACME_CSV, HEADER, project, with_keys};

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
