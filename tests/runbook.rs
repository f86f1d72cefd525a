//! Run-books: plans as checklists for people, and how far people are with them.

mod common;

use common::{Project, Ran};
use serde_json::{Value as Json, json};

/// A platform on which users are invited, and the live state of an organisation on it.
const GRX: &str = "\
version: 1
organisation: acme
platform: grx
users:
  ada: { name: Ada, email: ada@acme.example, roles: [account-administrator] }
  bob: { name: Bob, email: bob@acme.example, roles: [platform-user-manager] }
  cas: { name: Cas, email: cas@acme.example, roles: [assessment-owner] }
  dot: { name: Dot, email: dot@acme.example, roles: [assessment-contributor] }
";

/// GRX with everybody active.
fn grx() -> Project {
    let project = Project::with_roster(GRX);
    project.run("apply --yes").exits(0);
    project.run("portal accept --all").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
    project
}

/// The small example with everything applied, and contracts about to pass from Grace to Hugo.
fn handover() -> Project {
    let project = Project::copy_of("examples/small");
    project.run("apply --yes").exits(0);
    let roster = "rosters/acme.yaml";
    project.edit(roster, "    roles: [commercial] # exactly one: contracts go to her, and she may sign them\n", "");
    project.edit(
        roster,
        "    groups: [purchasing]\n    attributes:\n      responsibilities: [procurement]",
        "    roles: [commercial]\n    groups: [purchasing]\n    attributes:\n      signingAuthority: true\n      responsibilities: [procurement]",
    );
    project.edit(roster, "csp-contract, exactly: [grace]", "csp-contract, exactly: [hugo]");
    project.edit(roster, "role: commercial, exactly: [grace]", "role: commercial, exactly: [hugo]");
    project
}

fn items(book: &Json) -> Vec<Json> {
    book["items"].as_array().expect("items").clone()
}

/// How each item stands.
fn states(ran: &Ran) -> Vec<String> {
    let items = ran.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["state"].as_str().expect("a state").to_owned()).collect()
}

#[test]
fn a_plan_becomes_a_checklist_in_the_words_of_the_portal() {
    let project = handover();
    let book = project.run("runbook make --format json").exits(0).json();
    let items = items(&book);
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["title"], "Update the user `Hugo Desmet` (`hugo@acme.example`)");
    assert_eq!(items[0]["path"], json!(["Users & Permissions", "Users", "Hugo Desmet", "Edit"]));
    assert_eq!(items[0]["finish"], "Save");
    assert_eq!(items[0]["fields"][0]["label"], "Contact roles");
    assert_eq!(items[0]["fields"][0]["to"], "Commercial Contact");
    assert_eq!(items[0]["location"]["line"], 46);
    let who: Vec<&str> = items[0]["who"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(who, ["ada", "bilal"], "those who may manage users");
    assert_eq!(items[1]["after"], json!([1]), "the new contact is there before the old one goes");
    assert_eq!(items[1]["before"], json!(["Contact roles shows `Commercial Contact`"]));
    project.run("plan --detailed-exitcode").exits(2).says("2 to update");
}

#[test]
fn who_may_do_it_follows_the_rules_of_the_platform() {
    let project = grx();
    project.edit("rosters/acme.yaml", "roles: [assessment-owner]", "roles: [assessment-owner, account-administrator]");
    project.edit(
        "rosters/acme.yaml",
        "roles: [assessment-contributor]",
        "roles: [assessment-contributor, assessment-owner]",
    );
    let book = project.run("runbook make --allow-grants 2 --format json").exits(0).json();
    let who = |title: &str| {
        let all = items(&book);
        let item = all.iter().find(|item| item["title"].as_str().unwrap().contains(title)).expect("an item").clone();
        item["who"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(who("Cas"), ["ada"], "only an account administrator makes another one");
    assert_eq!(who("Dot"), ["ada", "bob"]);
}

#[test]
fn somebody_must_stay_and_the_run_book_says_who_to_look_for() {
    let project = grx();
    project.edit("rosters/acme.yaml", "roles: [assessment-owner]", "roles: [account-administrator]");
    project.run("apply --yes").exits(0);
    project.edit(
        "rosters/acme.yaml",
        "  ada: { name: Ada, email: ada@acme.example, roles: [account-administrator] }\n",
        "",
    );
    let ran = project.run("runbook make").exits(0);
    ran.says("Deactivate the user `Ada`")
        .says("User Management > Ada > Edit > Deactivate")
        .says("somebody else who is active is Account Administrator, such as `Cas`; stop if nobody is")
        .says("`Cas`")
        .says("the user is listed as Deactivated");
}

#[test]
fn verify_tells_done_undone_done_differently_and_undone_again() {
    let project = handover();
    let before = Project::copy_of("examples/small").read("rosters/acme.yaml");
    project.run("runbook make --report json=book.json").exits(0);
    let ran = project.run("runbook verify book.json --format json").exits(2);
    assert_eq!(states(&ran), ["undone", "undone"]);
    // Somebody gives Hugo another role than the one asked for.
    let asked = project.read("rosters/acme.yaml");
    let other =
        before.replace("  hugo:\n    name: Hugo Desmet\n", "  hugo:\n    name: Hugo Desmet\n    roles: [watchlist]\n");
    assert_ne!(other, before, "the roster was changed");
    project.write("rosters/acme.yaml", &other);
    project.run("apply --yes").exits(0);
    project.write("rosters/acme.yaml", &asked);
    let ran = project.run("runbook verify book.json --format json").exits(2);
    assert_eq!(states(&ran), ["different", "undone"]);
    assert_eq!(
        ran.json()["items"][0]["seen"][0],
        "Contact roles shows `Watchlist Contact`, and shall show `Commercial Contact`"
    );
    project.run("apply --yes").exits(0);
    let ran = project.run("runbook verify book.json --format json").exits(0);
    assert_eq!(states(&ran), ["done", "done"]);
    project.run("runbook verify book.json").exits(0).says("all done: 2 items");
    // And somebody puts it back.
    project.write("rosters/acme.yaml", &before);
    project.run("apply --yes").exits(0);
    project.write("rosters/acme.yaml", &asked);
    let ran = project.run("runbook verify book.json --format json").exits(2);
    assert_eq!(states(&ran), ["undone-again", "undone-again"]);
    project.run("runbook verify book.json").exits(2).says("0 of 2 items done; 2 undone again");
}

#[test]
fn people_who_come_and_go_are_verified_by_their_address() {
    let project = grx();
    project.edit(
        "rosters/acme.yaml",
        "  dot: { name: Dot, email: dot@acme.example, roles: [assessment-contributor] }\n",
        "  eve: { name: Eve, email: eve@acme.example, roles: [assessment-contributor] }\n",
    );
    project
        .run("runbook make --report json=book.json")
        .exits(0)
        .says("nobody there has the address `eve@acme.example` yet");
    let ran = project.run("runbook verify book.json --format json").exits(2);
    assert!(states(&ran).iter().all(|state| state == "undone"), "{:?}", states(&ran));
    project.run("apply --yes").exits(0);
    let ran = project.run("runbook verify book.json --format json").exits(0);
    assert!(states(&ran).iter().all(|state| state == "done"), "{:?}", states(&ran));
}

#[test]
fn a_plan_that_is_denied_becomes_no_run_book() {
    let project = handover();
    project.edit("rosters/acme.yaml", "csp-contract, exactly: [hugo]", "csp-contract, exactly: [grace]");
    project.run("runbook make --report json=book.json").exits(1).complains("no run-book was made");
    assert!(!project.has("book.json"));
}

#[test]
fn a_run_book_that_was_edited_or_is_none_is_refused() {
    let project = handover();
    project.run("runbook make --report json=book.json").exits(0);
    let text = project.read("book.json");
    project.write("book.json", text.replacen("\"key\": \"hugo\"", "\"key\": \"ada\"", 1));
    project.run("runbook verify book.json").exits(1).complains("edited or damaged");
    for (content, said) in [("{", "is not a run-book"), ("[]", "is not a run-book"), ("", "is not a run-book")] {
        project.write("book.json", content);
        project.run("runbook verify book.json").exits(1).complains(said);
    }
    project.run("runbook verify absent.json").exits(1).complains("cannot be read");
    project.run("runbook verify").exits(1).complains("there is no run-book in");
    project.run("runbook verify --target elsewhere book.json").exits(1);
}

#[test]
fn names_cannot_break_out_of_any_format() {
    let evil = "=HYPERLINK(\\\"http://x\\\")</li><script>alert(1)</script> @team #1 [a](http://b)";
    let project = Project::with_roster(&format!(
        "version: 1\norganisation: acme\nplatform: arxus\ncontacts:\n  zed: {{ name: \"{evil}\", email: zed@acme.example, roles: [watchlist] }}\n"
    ));
    project.run("runbook make --report html=book.html --report markdown=book.md --report csv=book.csv").exits(0);
    assert!(!project.read("book.html").contains("<script>alert"));
    let markdown = project.read("book.md");
    assert!(!markdown.contains('\u{1b}'));
    assert!(!markdown.replace('`', "\u{0}").contains("\u{0} @team"), "{markdown}");
    let csv = project.read("book.csv");
    assert!(csv.contains("\"'=HYPERLINK"), "{csv}");
    assert!(!csv.contains(",\"=") && !csv.contains(",="), "a cell that begins like a formula: {csv}");
}

/// The header of an export, a line for each person, and the lines themselves.
fn export(header: &str, lines: &[&str]) -> String {
    lines.iter().fold(format!("{header}\r\n"), |text, line| text + line + "\r\n")
}

/// A repository that holds an export alone, with a date in its name that is the day of the run.
fn customer(platform: &str, header: &str, lines: &[&str]) -> Project {
    let target = format!(
        "portal: {{ kind: snapshot, path: live/acme-2026-05-01.csv, organisation: acme, platform: {platform} }}"
    );
    let project =
        Project::empty().with("rosterctl.yaml", &format!("version: 1\nrosters: [rosters]\ntargets:\n  {target}\n"));
    project.write("live/acme-2026-05-01.csv", export(header, lines));
    let roster = project.run("export --as-of 2026-05-01").exits(0).stdout;
    project.write("rosters/acme.yaml", roster);
    project.run("drift --as-of 2026-05-01").exits(0);
    project
}

/// The same customer with a new export, a day later.
fn exported_again(project: &Project, header: &str, lines: &[&str]) {
    project.write("live/acme-2026-05-02.csv", export(header, lines));
    let workspace = project.read("rosterctl.yaml").replace("acme-2026-05-01", "acme-2026-05-02");
    project.write("rosterctl.yaml", workspace);
}

#[test]
fn an_arxus_customer_goes_round_the_loop_with_files_alone() {
    let header = "Name;E-mail;Kind;Contact roles;Signing authority;ServiceNow";
    let before = [
        "Ada;ada@acme.example;user;Technical Contact;no;yes",
        "Grace;grace@acme.example;contact;Commercial Contact;yes;no",
        "Dana;dana@acme.example;contact;Data Protection Officer (DPO);no;no",
    ];
    let project = customer("arxus", header, &before);
    let roster = project.read("rosters/acme.yaml");
    let dana = roster.lines().find(|line| line.contains("dana@acme.example")).expect("dana");
    project.write("rosters/acme.yaml", roster.replace(dana, &dana.replace("dana@", "privacy@")));
    let mut replaced = project.read("rosters/acme.yaml");
    replaced = replaced.replace("name: Dana", "name: Eve");
    project.write("rosters/acme.yaml", replaced);
    project.run("plan --prune --as-of 2026-05-01").exits(0).says("privacy@acme.example");
    let ran = project.run("apply --prune --yes --as-of 2026-05-01").exits(0);
    ran.says("Users & Permissions").complains(".rosterctl/runbooks/portal/");
    project.run("runbook verify --as-of 2026-05-01").exits(2).says("not done");
    let after = [before[0], before[1], "Eve;privacy@acme.example;contact;Data Protection Officer (DPO);no;no"];
    exported_again(&project, header, &after);
    project.run("runbook verify --as-of 2026-05-02").exits(0).says("all done");
    project.run("drift --as-of 2026-05-02").exits(0);
    // An export that is cut off proves nothing.
    project.write("live/acme-2026-05-02.csv", "Name;E-mail;Kind\r\nAda;\"ada@acme");
    let ran = project.run("runbook verify --as-of 2026-05-02").ends();
    assert_ne!(ran.code, Some(0), "{}", ran.stdout);
    ran.never_says("all done");
}

#[test]
fn a_grx_customer_goes_round_the_loop_with_files_alone() {
    let header = "Name,Email,Status,Roles";
    let before = [
        "Ada,ada@acme.example,Active,Account Administrator",
        "Bob,bob@acme.example,Active,Account Administrator",
        "Cas,cas@acme.example,Active,Assessment Owner",
    ];
    let project = customer("grx", header, &before);
    let roster = project.read("rosters/acme.yaml");
    let bob: String =
        roster.lines().skip_while(|line| *line != "  bob:").take(4).map(|line| format!("{line}\n")).collect();
    let gone = roster.replace(&bob, "");
    assert_ne!(gone, roster, "{roster}");
    project.write("rosters/acme.yaml", gone);
    let ran = project.run("apply --prune --yes --as-of 2026-05-01").exits(0);
    ran.says("Deactivate the user `Bob`").says("User Management > Bob > Edit > Deactivate").says("such as `Ada`");
    project.run("runbook verify --as-of 2026-05-01").exits(2);
    exported_again(&project, header, &[before[0], "Bob,bob@acme.example,Deactivated,Account Administrator", before[2]]);
    project.run("runbook verify --as-of 2026-05-02").exits(0).says("all done");
    exported_again(&project, header, &before);
    project.run("runbook verify --as-of 2026-05-02").exits(2).says("undone again");
}

/// An organisation whose portal only people can change, with an export of who is there.
fn exported() -> Project {
    let workspace = "version: 1\nrosters: [rosters]\ntargets:\n  portal: { kind: snapshot, path: people.csv, platform: grx, organisation: acme }\n";
    let people = "Name,Email,Roles\nAda,ada@acme.example,Account Administrator\n";
    let roster = GRX.replace("name: Bob", "name: B`o`b");
    Project::with_roster(&roster).with_workspace(workspace).with("people.csv", people)
}

#[test]
fn marks_in_names_are_typed_as_they_are() {
    let project = exported();
    project.run("runbook make").exits(0).says("Name: `B`o`b`");
    project.run("runbook make --format markdown").exits(0).says("`Name`: ``B`o`b``");
    project.run("runbook make --format html").exits(0).says("<code>B`o`b</code>");
    project.run("runbook make --format csv").exits(0).says(",Name,B`o`b,");
}

#[test]
fn an_unfinished_run_book_is_what_comes_next() {
    let project = exported();
    let verify = "rosterctl runbook verify";
    project.run("").exits(0).never_says(verify);
    project.run("apply --yes").exits(0);
    project.run("").exits(0).says(verify).says("0 of 3 items seen done");
    let people = project.read("people.csv");
    project.write("people.csv", people + "Cas,cas@acme.example,Assessment Owner\n");
    project.run("runbook verify").exits(2);
    project.run("").exits(0).says("1 of 3 items seen done");
}

/// GRX with an import of users.
const IMPORTING: &str = "\
version: 1
id: mine
name: Mine
extends: grx
menus:
  fields: { name: Full name }
  ways: [{ of: users, action: create, path: [Users, New], finish: Save }]
  imports:
    - { of: users, path: [Users, Import], finish: Start, separator: ' | ', columns: { Who: name, Mail: email, Phone: phone, Rights: roles } }
";

#[test]
fn what_the_portal_can_import_is_a_file_and_the_rest_is_typed() {
    let project = exported().with("mine.yaml", IMPORTING);
    project.edit("rosters/acme.yaml", "platform: grx", "platform: ../mine.yaml");
    project.edit(
        "rosters/acme.yaml",
        "roles: [assessment-owner]",
        "phone: '+32 470', roles: [assessment-owner, assessment-contributor]",
    );
    project.edit("rosterctl.yaml", "platform: grx", "platform: ./mine.yaml");
    let ran = project.run("runbook make --imports new --format json").exits(0);
    let written = project.read("new/acme-users.csv");
    let lines: Vec<&str> = written.split("\r\n").collect();
    assert_eq!(lines[0], "Who,Mail,Phone,Rights");
    assert_eq!(lines.len(), 5, "{written}");
    assert!(
        lines.contains(&"Cas,cas@acme.example,,Assessment Contributor | Assessment Owner"),
        "no formula: {written}"
    );
    let note = |name: &str| {
        let items = items(&ran.json());
        let item = items.into_iter().find(|item| item["title"].as_str().unwrap().contains(name)).unwrap();
        item["notes"].to_string()
    };
    assert!(note("Dot").contains("is in the import of users (Users > Import): nothing is left to type then"), "{ran}");
    assert!(note("Cas").contains("(Users > Import): Phone must be typed then"), "{ran}");
    assert_eq!(ran.json()["imports"][0]["items"].as_array().unwrap().len(), 3);
    project.run("apply --yes").exits(0).complains("-import-acme-users.csv");
    let roles = "Ada,ada@acme.example,Account Administrator\nB`o`b,bob@acme.example,Platform User Manager\n\
                 Cas,cas@acme.example,\"Assessment Contributor, Assessment Owner\"\nDot,dot@acme.example,Assessment Contributor\n";
    project.write("people.csv", format!("Name,Email,Roles\n{roles}"));
    project.run("runbook make --imports new").exits(0).says("there is nothing to do now");
    assert!(!project.has("new/acme-users.csv"), "what was taken in already is not offered again");
}

#[test]
fn an_import_that_no_platform_has_or_that_names_no_field_is_an_error() {
    let project = exported();
    project
        .run("runbook make --imports new")
        .exits(1)
        .complains("is known to import anything")
        .complains("menus.imports");
    assert!(!project.has("new"));
    let project = Project::with_roster(&GRX.replace("platform: grx", "platform: ../mine.yaml"))
        .with("mine.yaml", &IMPORTING.replace("Phone: phone,", "Phone: phon,"));
    let finding = project.run("validate --format json").exits(1).finding("roster/wrong-type");
    assert_eq!(finding.message, "rosters have no field `phon`");
    assert!(finding.help.contains("phone"), "{finding:?}");
    assert_eq!(finding.at(), (9, 118), "{finding:?}");
}
