//! What `target probe` proposes is what a plan reads with it.

use crate::common::words;
use crate::scene::{ACME_CSV, export_with, project};

#[test]
fn the_proposal_pasted_reads_the_same() {
    let layouts = [
        ACME_CSV.to_owned(),
        "Name;Email;Technical Contact;Commercial;DPO\nAda Peeters;ada@acme.example;x;;\nGrace Lindqvist;grace@acme.example;;x;\nDana Kowalska;dana@acme.example;;;\n".to_owned(),
        "Vorname;Nachname;\"Mail: \"\"Büro\"\"\"\nAda;Peeters;ada@acme.example\nGrace;Lindqvist;grace@acme.example\n".to_owned(),
    ];
    for text in layouts {
        let project = project(&text);
        let guessed = words(&project.run("plan --format json").exits(0).json()["steps"]);
        let shown = project.run("target probe").exits(0).stdout;
        let (_, lines) = shown.split_once("under `targets`:\n\n").unwrap_or_else(|| panic!("{shown}"));
        project.write("rosterctl.yaml", format!("version: 1\ntargets:\n{lines}"));
        assert!(lines.contains("columns:"), "{lines}");
        assert_eq!(words(&project.run("plan --format json").exits(0).json()["steps"]), guessed, "{lines}");
    }
}

#[test]
fn several_people_a_row_are_proposed_too() {
    let row = "Technical contact name,Technical contact e-mail,DPO e-mail,Cost centre\nAda Peeters,ada@acme.example,dana@acme.example,7\n";
    let project = project(row);
    let shown = project.run("target probe").exits(0).stdout;
    assert!(shown.contains("holds: [technical]") && shown.contains("holds: [dpo]"), "{shown}");
    assert!(shown.contains("`Cost centre` is not placed"), "{shown}");
    let (_, lines) = shown.split_once("under `targets`:\n\n").expect("lines");
    project.write("rosterctl.yaml", format!("version: 1\ntargets:\n{lines}"));
    project.run("plan").exits(0);
}

#[test]
fn it_says_what_it_could_not_understand_and_writes_nothing() {
    let before = project(export_with("Technical Contact;", "Overlord;"));
    let ran = before.run("target probe").exits(0);
    assert!(ran.stdout.contains("1 not understood") && ran.stdout.contains("Overlord"), "{ran}");
    assert!(!before.has("capabilities") && !before.has(".rosterctl"));
    assert!(!ran.stdout.contains("ada@acme.example"), "it shows words, not people: {ran}");
    before.run("target probe --write").exits(64).complains("nothing is written");
    let json = before.run("target probe --format json").exits(0).json();
    assert_eq!(json["proposal"]["people"], 2);
    let none = project("Colour;Size\nred;1\nblue;2\n");
    none.run("target probe").exits(1).says("no mapping can be proposed").says("`Colour` is not placed");
}
