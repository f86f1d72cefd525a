//! Nothing is dropped in silence: roles without a name, keys that stand twice, one page of several, organisations that
//! nobody knows, letters of another code page.

use crate::common::{ACME, Project, words};
use crate::scene::{ACME_CSV, HEADER, export_with, project, with_keys};

/// Somebody whom no roster names, as a row of the export.
const STRANGER: &str = "Udo Alt;udo@acme.example;;Contact;Watchlist Contact;;;;;\n";

/// A project whose snapshot is JSON.
fn json(text: &str) -> Project {
    let project = Project::with_roster(ACME)
        .with_workspace("version: 1\ntargets:\n  portal: { kind: snapshot, path: live/acme.json }\n");
    project.write("live/acme.json", text);
    project
}

/// Everybody of the roster and a stranger, as items of JSON.
const ITEMS: &str = r#"[
  {"name": "Ada Peeters", "email": "ada@acme.example", "type": "user", "roles": ["technical"]},
  {"name": "Grace Lindqvist", "email": "grace@acme.example", "type": "contact", "roles": ["commercial"]},
  {"name": "Dana Kowalska", "email": "dana@acme.example", "type": "contact", "roles": ["dpo"]},
  {"name": "Udo Alt", "email": "udo@acme.example", "type": "contact", "roles": ["watchlist"]}
]"#;

#[test]
fn a_role_of_nobody_among_several_people_of_a_row_is_told_with_its_column() {
    let rows = "Name;Email;Role;Second name;Second email;Second role\nAda Peeters;ada@acme.example;Technical;;;Watchlist\nGrace Lindqvist;grace@acme.example;Commercial;Dana Kowalska;dana@acme.example;DPO\nUdo Alt;udo@acme.example;Watchlist;;;\n";
    let keys = "people:\n      - { name: Name, email: Email, roles: Role }\n      - { name: Second name, email: Second email, roles: Second role }";
    let project = with_keys(rows, keys);
    let ran = project.run("plan --prune --format json").exits(0);
    let finding = ran.finding("snapshot/no-address");
    let place = "live/acme.csv:2, column `Second role`: `Watchlist` stands there without a name";
    assert!(finding.message.starts_with(place), "{}", finding.message);
    assert_eq!(ran.json()["complete"], false);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "nobody is removed: {ran}");
    // An empty cell, and one that says no, are of nobody.
    for nothing in ["", "-", "no"] {
        let rows = rows.replace(";;;Watchlist", &format!(";;;{nothing}"));
        let ran = with_keys(rows, keys).run("plan --prune --format json").exits(0);
        assert_eq!(ran.json()["complete"], true, "{nothing}: {ran}");
        assert_eq!(words(&ran.json()["steps"]), ["delete user udo@acme.example"], "{nothing}");
    }
}

#[test]
fn a_key_that_stands_twice_in_an_object_is_told_with_its_line() {
    json(ITEMS).run("plan").exits(0);
    let twice = ITEMS.replace(r#""roles": ["dpo"]"#, r#""roles": ["dpo"], "email": "dora@acme.example""#);
    json(&twice)
        .run("plan")
        .exits(1)
        .complains("live/acme.json:4:")
        .complains("the key `email` stands twice in one object");
    // Below an entry as well; in different objects the same key is as it should be.
    json(&ITEMS.replace(r#""type": "user""#, r#""type": "user", "more": {"a": 1, "a": 2}"#))
        .run("plan")
        .exits(1)
        .complains("live/acme.json:2:")
        .complains("the key `a` stands twice");
}

#[test]
fn one_page_of_several_removes_nobody_and_says_so() {
    let whole = json(&format!("{{\"value\": {ITEMS}, \"@odata.nextLink\": null, \"total\": 4}}"));
    let plan = whole.run("plan --prune --format json").exits(0).json();
    assert_eq!(words(&plan["steps"]), ["delete contact udo@acme.example"]);
    for (page, says) in [
        ("\"@odata.nextLink\": \"https://x.example/?$skiptoken=2\"", "`/@odata.nextLink` names another page"),
        ("\"total\": 5", "`/total` is 5, and it has 4"),
        ("\"meta\": { \"hasMore\": true }", "`/meta/hasMore` is true"),
    ] {
        let project = json(&format!("{{\"value\": {ITEMS}, {page}}}"));
        let ran = project.run("plan --prune --format json").exits(0);
        assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "{page}: {ran}");
        assert_eq!(ran.json()["complete"], false, "{page}");
        let finding = ran.finding("snapshot/one-page");
        assert!(finding.message.contains("live/acme.json") && finding.message.contains(says), "{}", finding.message);
    }
}

#[test]
fn an_organisation_that_nobody_knows_is_counted_and_a_near_one_removes_nobody() {
    let header = format!("{HEADER};Organisation\n");
    let rows = |organisation: &str| -> String {
        let rows = ACME_CSV.lines().skip(1).chain([STRANGER.trim_end()]);
        header.clone() + &rows.map(|row| format!("{row};{organisation}\n")).collect::<String>()
    };
    let known = rows("acme") + &rows("Globex").replacen(&header, "", 1);
    let ran = project(&known).run("plan --prune --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["delete contact udo@acme.example"]);
    let finding = ran.finding("snapshot/unknown-organisation");
    assert_eq!(finding.severity, "info");
    assert!(finding.message.starts_with("4 rows of `live/acme.csv` are of organisations"), "{}", finding.message);
    assert!(finding.message.ends_with("`Globex`; lines 6, 7, 8, 9"), "{}", finding.message);
    // A misspelt one may be this one.
    let misspelt = known.replacen(
        "Dana Kowalska;dana@acme.example;;Contact;Data Protection Officer (DPO);;;;;;acme",
        "Dana Kowalska;dana@acme.example;;Contact;Data Protection Officer (DPO);;;;;;acmee",
        1,
    );
    let project = project(&misspelt);
    let ran = project.run("plan --prune --format json").exits(0);
    assert_eq!(ran.json()["complete"], false, "{ran}");
    assert!(words(&ran.json()["steps"]).iter().all(|step| !step.starts_with("delete")), "{ran}");
    let findings = ran.findings().into_iter().filter(|one| one.rule == "snapshot/unknown-organisation");
    let near: Vec<_> = findings.filter(|one| one.severity == "warning").collect();
    let [near] = near.as_slice() else { panic!("{ran}") };
    let place = "live/acme.csv:4, column `Organisation`: no roster is of the organisation `acmee`";
    assert!(near.message.starts_with(place), "{}", near.message);
    assert!(near.message.ends_with("nothing is planned for `dana` of the roster"), "{}", near.message);
    assert!(near.help.contains("did you mean `acme`?"), "{}", near.help);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "she is not made twice: {ran}");
    // Whoever says that it is another one is believed.
    let keys = "words: { organisations: { acmee: acmee } }";
    let ran = with_keys(&misspelt, keys).run("plan --prune --format json").exits(0);
    assert_eq!(ran.json()["complete"], true, "{ran}");
}

#[test]
fn letters_of_dos_are_read_by_name_and_suspected_without_it() {
    // "René Peeters" in code page 850.
    let at = ACME_CSV.find("Ada Peeters").expect("Ada");
    let bytes =
        [&ACME_CSV.as_bytes()[..at], b"Ren\x82 Peeters", &ACME_CSV.as_bytes()[at + "Ada Peeters".len()..]].concat();
    let roster = ACME.replace("Ada Peeters", "René Peeters");
    let suspected = project(&bytes);
    suspected.write("rosters/acme.yaml", &roster);
    let ran = suspected.run("plan --format json").exits(0);
    let finding = ran.finding("snapshot/lost-letter");
    assert!(finding.message.contains("live/acme.csv:2, column `Name`"), "{}", finding.message);
    assert!(finding.help.contains("encoding: cp850"), "{}", finding.help);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "{ran}");
    let named = with_keys(&bytes, "encoding: cp850");
    named.write("rosters/acme.yaml", &roster);
    named.run("plan --detailed-exitcode").exits(0).says("no changes");
}

#[test]
fn a_saved_plan_becomes_a_run_book_while_it_fits() {
    let project = project(export_with("Technical Contact;", "Technical Contact, Watchlist Contact;") + STRANGER);
    project.run("plan --prune --out plan.json").exits(0);
    project.run("apply --plan plan.json").exits(1).complains("there is no terminal to ask on");
    let ran = project.run("apply --plan plan.json --yes").exits(0);
    ran.says("run-book for").says("udo").complains("cannot be written by rosterctl");
    // Another export asks for something else, and so does another roster.
    let export = project.read("live/acme.csv");
    project.write("live/acme.csv", ACME_CSV.to_owned() + STRANGER);
    project
        .run("apply --plan plan.json --yes")
        .exits(1)
        .complains("`update user ada of acme` is not what they ask for");
    project.write("live/acme.csv", export);
    project.edit("rosters/acme.yaml", "Grace Lindqvist", "Grace Hopper");
    project.run("apply --plan plan.json --yes").exits(1).complains("`update contact grace of acme` is new");
    // A plan that was edited is none.
    project.edit("rosters/acme.yaml", "Grace Hopper", "Grace Lindqvist");
    project.edit("plan.json", "\"delete\"", "\"update\"");
    project.run("apply --plan plan.json --yes").exits(1).complains("edited or damaged");
}

#[test]
fn people_of_a_row_whose_role_nobody_knows_are_told() {
    let rows = "Technical contact name,Technical contact email,Bigboss name,Bigboss email\nAda Peeters,ada@acme.example,Udo Alt,udo@acme.example\n";
    let project = project(rows);
    let finding = project.run("plan --format json").exits(0).finding("snapshot/unknown-role");
    assert!(finding.message.contains("live/acme.csv: people are not read from `Bigboss email`"), "{}", finding.message);
    project.run("target probe").ends().says("people are not read from `Bigboss email`");
}

#[test]
fn a_mapping_that_names_unknown_words_is_an_error_with_its_line() {
    let row = "Name;Email;Role\nAda Peeters;ada@acme.example;Technical\n";
    let cases = [
        (
            "people:\n      - { name: Name, email: Email, holds: [technicall] }",
            "rosterctl.yaml:7: the target names the role `technicall`",
        ),
        (
            "people:\n      - { name: Name, email: Email, roles: { columns: { boss: Role } } }",
            "rosterctl.yaml:7: the target names the role `boss`",
        ),
        (
            "columns: { name: Name, email: Email, attributes: { pager: Role } }",
            "rosterctl.yaml:6: the target names the attribute `pager`",
        ),
        (
            "words: { roles: { Technical: technicall } }",
            "rosterctl.yaml:6: `words` of the target names the role `technicall`",
        ),
    ];
    for (keys, says) in cases {
        with_keys(row, keys).run("plan").exits(1).complains(says);
    }
}
