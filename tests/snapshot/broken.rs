//! Bad input: truncated, renamed, garbled, doubled, huge. Nothing of it is passed over, and nobody is removed on it.

use crate::common::words;
use crate::scene::{ACME_CSV, export_with, project, with_keys};

/// Plans, and gives the only finding of a rule; the plan removes nobody and says that it is not complete.
#[track_caller]
fn told(export: &str, rule: &str) -> (String, String) {
    let project = project(export);
    let ran = project.run("plan --prune --format json").exits(0);
    let plan = ran.json();
    assert_eq!(plan["complete"], false, "{ran}");
    let removed = words(&plan["steps"]).into_iter().filter(|step| step.starts_with("delete")).count();
    assert_eq!(removed, 0, "{ran}");
    let finding = ran.finding(rule);
    project.run("drift").exits(2);
    (finding.message, finding.help)
}

const STRANGER: &str = "Udo Alt;udo@acme.example;;Contact;Watchlist Contact;;;;;\n";

#[test]
fn a_row_that_was_cut_off_is_told_with_its_line() {
    let cut = ACME_CSV.to_owned() + STRANGER + "Zoe Q;zoe@ac";
    let (message, help) = told(&cut, "snapshot/ragged-row");
    assert!(message.contains("live/acme.csv:6 has 2 cells, and the header has 10"), "{message}");
    assert!(help.contains("export the file again"), "{help}");
    let shifted = export_with("Ada Peeters;ada@", "Peeters; Ada;ada@");
    let (message, _) = told(&shifted, "snapshot/ragged-row");
    assert!(message.contains("live/acme.csv:2 has 11 cells"), "{message}");
}

#[test]
fn what_a_cell_says_must_be_known() {
    let cases = [
        ("Technical Contact;", "Techncal Contact;", "snapshot/unknown-role", "did you mean `Technical Contact`?"),
        (";User;", ";Usr;", "snapshot/unknown-word", "user, contact or distribution list"),
        (";User;", ";;", "snapshot/unknown-word", "user, contact or distribution list"),
        (";yes;;it", ";perhaps;;it", "snapshot/unknown-word", "words: { yes:"),
        ("ada@acme.example", "ada(at)acme.example", "snapshot/invalid-email", "write one address"),
        ("+32 470 00 00 01", "3.2E+10", "snapshot/mangled-number", "as text"),
        ("+32 470 00 00 01", "#REF!", "snapshot/formula", "mend the cell"),
        ("Ada Peeters", "=A1&B1", "snapshot/formula", "paste as values"),
        ("Ada Peeters", "Ad\u{fffd} Peeters", "snapshot/lost-letter", "encoding"),
        ("Ada Peeters", "Ad\u{202e}a", "snapshot/invisible-character", "take it out"),
    ];
    for (from, to, rule, cure) in cases {
        let (message, help) = told(&(export_with(from, to) + STRANGER), rule);
        assert!(message.contains("live/acme.csv:2") && message.contains("column `"), "{rule}: {message}");
        assert!(help.contains(cure), "{rule}: {help}");
    }
    let (message, _) =
        told(&(ACME_CSV.to_owned() + STRANGER + "Bob Nameless;;;Contact;DPO;;;;;\n"), "snapshot/no-address");
    assert!(message.contains("live/acme.csv:6: `Bob Nameless` has no mail address"), "{message}");
}

#[test]
fn nothing_is_planned_for_whom_a_broken_row_may_be() {
    let project = project(export_with("Technical Contact;", "Boss;"));
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0]);
    let finding = ran.finding("snapshot/unknown-role");
    assert!(finding.message.ends_with("nothing is planned for `ada` of the roster"), "{}", finding.message);
    // A row without an address has a name: whoever of the roster has it is not made twice.
    project.write("live/acme.csv", export_with("dana@acme.example", ""));
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "{ran}");
}

#[test]
fn two_people_with_one_address_and_rows_that_disagree() {
    let doubled = ACME_CSV.to_owned() + "Adam Other;ADA@acme.example;;User;DPO;;;;;\n";
    let (message, _) = told(&doubled, "snapshot/duplicate-email");
    assert!(message.contains("live/acme.csv:2 and live/acme.csv:5 have the same mail address"), "{message}");
    assert!(message.contains("`Ada Peeters` and `Adam Other`"), "{message}");
    let other = ACME_CSV.to_owned() + "Ada Peeters;ada@acme.example;+32 999;User;DPO;;;;;\n";
    let (message, _) = told(&other, "snapshot/contradiction");
    assert!(message.contains("disagree on the telephone number"), "{message}");
}

#[test]
fn a_column_that_was_renamed_is_an_error_that_names_the_nearest() {
    let columns = "columns: { name: Name, email: E-Mail, roles: Contact roles, kind: Type }";
    let renamed = export_with("Contact roles", "Contact role(s) held").replace("E-Mail", "E-Mails");
    let ran = with_keys(&renamed, columns).run("plan").exits(1);
    assert!(ran.stderr.contains("no column `E-Mail`") && ran.stderr.contains("no column `Contact roles`"), "{ran}");
    assert!(ran.stderr.contains("`E-Mails` is near"), "{ran}");
    let twice = export_with(";Phone;", ";E-Mail;");
    with_keys(&twice, columns).run("plan").exits(1).complains("2 columns `E-Mail`");
    // Where no columns are named, somebody must still be known by something.
    project(ACME_CSV.replace("E-Mail", "Number").replace('@', " at ")).run("plan").exits(1).complains("recognised");
    project(ACME_CSV.replace("Phone", "Email")).run("plan").exits(1).complains("several columns");
}

#[test]
fn no_rows_never_mean_nobody() {
    let header = ACME_CSV.lines().next().expect("a header").to_owned() + "\n";
    for (text, says) in [(header.as_str(), "a header and no rows"), ("", "is empty"), (" \r\n \n", "is empty")] {
        project(text).run("plan --prune").exits(1).complains(says);
    }
    project("<!DOCTYPE html><title>Sign in</title>").run("plan").exits(1).complains("web page");
    let gone = project(ACME_CSV);
    std::fs::remove_file(gone.path("live/acme.csv")).expect("the file can go");
    gone.run("plan").exits(1).complains("cannot be read");
    // Most of it is not understood: then it is the columns that are wrong, and none of it is believed.
    let garbled = ACME_CSV.replace("Contact;", "Kontactt;").replace(";User;", ";Usser;");
    let ran = project(garbled).run("plan --format json").exits(1);
    assert!(ran.rules().contains(&"plan/shrunk".to_owned()), "{ran}");
}

#[test]
fn a_quote_that_never_ends_and_bytes_that_are_no_text() {
    project(export_with("Grace Lindqvist", "\"Grace Lindqvist"))
        .run("plan")
        .exits(1)
        .complains("live/acme.csv:3: a quotation mark");
    let mut bytes = ACME_CSV.as_bytes().to_vec();
    bytes[80] = 0;
    project(bytes).run("plan").exits(1).complains("zero byte");
    let cut = ACME_CSV.replace("Ada Peeters", "Áda Peeters").replace("Dana Kowalska", "Dana Köwalska");
    let cut = &cut.as_bytes()[..cut.find('ö').expect("a letter") + 1];
    project(cut).run("plan").exits(1).complains("is not UTF-8");
}

#[test]
fn large_and_deep_files_are_refused_soon() {
    let wide = format!("{}E-Mail\n", "x;".repeat(1_000_000));
    project(wide).run("plan").within_megabytes(2000).exits(1).complains("1000001 columns");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for name in ["live/acme.json", "live/acme.yaml"] {
        let project = project("");
        project.write(name, &deep);
        project.edit("rosterctl.yaml", "live/acme.csv", name);
        let ran = project.run("plan").within_megabytes(2000).exits(1);
        assert!(ran.stderr.contains("error"), "{ran}");
    }
    let large = project("");
    let file = std::fs::File::create(large.path("live/acme.csv")).expect("a file");
    file.set_len((100 << 20) + 1).expect("a hole");
    large.run("plan").exits(1).complains("larger than 100 MB");
}

#[test]
fn every_rule_of_snapshots_can_be_explained_and_arises() {
    let files = [
        "age.rs",
        "cell.rs",
        "groups.rs",
        "merge.rs",
        "mod.rs",
        "nested.rs",
        "pages.rs",
        "people.rs",
        "roster.rs",
        "sheet.rs",
        "whose.rs",
    ];
    let mut arising = std::collections::BTreeSet::new();
    for file in files {
        let path = crate::common::repository(&format!("src/live/snapshot/{file}"));
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let rules = text.split('"').filter(|word| word.starts_with("snapshot/") && !word.contains([' ', '…']));
        arising.extend(rules.map(str::to_owned));
    }
    let explained = rosterctl::rules::PLAN_RULES.iter().map(|(rule, _)| (*rule).to_owned());
    let explained: std::collections::BTreeSet<String> =
        explained.filter(|rule| rule.starts_with("snapshot/")).collect();
    assert_eq!(arising, explained);
    project(ACME_CSV).run("explain snapshot/too-old").exits(0).says("maxAge");
}
