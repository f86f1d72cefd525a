//! What `target probe` proposes is what a plan reads with it.

use crate::common::words;
use crate::scene::{ACME_CSV, export_with, project, with_keys};

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

const FRENCH: &str = "Nom;Courriel pro;N° tél.;Groupe;Accès ServiceNow\nAda Peeters;ada@acme.example;+32 470 00 00 01;IT;oui\nDana Kowalska;dana@acme.example;;IT;non\n";
const ITALIAN: &str = "Cognome e nome;Posta elettronica;Abilitato\nAda Peeters;ada@acme.example;Sì\nDana Kowalska;dana@acme.example;Sì\nUgo Verdi;;No\n";

#[test]
fn what_the_target_names_is_what_the_probe_shows() {
    let project = with_keys(FRENCH, "columns: { name: Nom, email: Courriel pro, phone: N° tél. }");
    let ran = project.run("target probe").exits(0);
    assert!(ran.stdout.contains("`N° tél.` is phone"), "{ran}");
    assert!(ran.stdout.contains("read as the target says: 2 people, 0 not understood"), "{ran}");
    // What is known and not named yet is proposed, and nothing else.
    let (_, more) = ran.stdout.split_once("to add to it:").unwrap_or_else(|| panic!("{ran}"));
    assert!(more.contains("groups: Groupe") && !more.contains("Courriel") && !more.contains("Nom"), "{ran}");
    // A header that no language here knows: the target names it.
    let project = with_keys(ITALIAN, "columns: { name: Cognome e nome, email: Posta elettronica, state: Abilitato }");
    let ran = project.run("target probe").exits(0);
    assert!(ran.stdout.contains("3 rows, 3 columns"), "{ran}");
    assert!(ran.stdout.contains("`Abilitato` is state"), "{ran}");
    assert!(ran.stdout.contains("2 people, 1 not understood"), "{ran}");
    assert!(!ran.stdout.contains("to add to it"), "{ran}");
    // Words that it gives are known too.
    let words = ITALIAN.replace("Sì", "acceso").replace(";No", ";spento");
    let columns = "columns: { name: Cognome e nome, email: Posta elettronica, state: Abilitato }";
    let project = with_keys(&words, &format!("{columns}\n    words: {{ active: [acceso], deactivated: [spento] }}"));
    let ran = project.run("target probe").exits(0);
    assert!(ran.stdout.contains("2 people, 1 not understood"), "{ran}");
    // A column that is not there is what a plan says too.
    let project = with_keys(ITALIAN, "columns: { name: Nome, email: Posta elettronica }");
    let ran = project.run("target probe").exits(1).says("cannot be read as the target says");
    assert!(ran.stdout.contains("no column `Nome`"), "{ran}");
    project.run("plan").exits(1).complains("no column `Nome`");
}

#[test]
fn a_file_without_a_column_of_names_names_nobody() {
    let project = with_keys(ITALIAN, "organisation: acme\n    platform: arxus");
    for command in ["plan", "drift"] {
        project.run(command).exits(1).complains("names of people");
    }
    let ran = project.run("export").exits(1).complains("names of people");
    assert!(!ran.stdout.contains("name:"), "{ran}");
    let ran = project.run("target probe").exits(1);
    assert!(ran.stdout.contains("3 rows, 3 columns") && ran.stdout.contains("names of people"), "{ran}");
    // Where the target says that there are none, a plan leaves names alone, every row counts, and nothing is exported.
    let project =
        with_keys(ITALIAN, "organisation: acme\n    platform: arxus\n    columns: { email: Posta elettronica }");
    let ran = project.run("target probe").exits(0);
    assert!(ran.stdout.contains("2 people, 1 not understood"), "{ran}");
    project.run("export").exits(1).complains("does not say the names");
}

#[test]
fn every_row_is_counted() {
    let text = format!("{ACME_CSV}Ada Peeters;ada@acme.example;;User;;;;;;\n");
    let ran = project(&text).run("target probe").exits(0);
    let shown = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("3 people, 0 not understood, 1 further row of people who have one already"), "{ran}");
}
