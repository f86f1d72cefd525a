//! Plans from end to end: what is to be done and in what order, what is refused and what lets it pass.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use common::portal::DATABASE;
use common::{ACME, Project, Ran, replaced, words};
use serde_json::{Value as Json, json};

/// Two users who could do each other's work, and some contacts to come and go.
const TEAM: &str = r#"version: 1
organisation: acme
platform: arxus
users:
  ada:
    name: Ada Peeters
    email: ada@acme.example
    phone: "+32 470 00 00 01"
    roles: [technical]
    groups: [it-operations]
    attributes: { serviceNow: true, signingAuthority: true, directoryRoles: [global-administrator] }
  ben:
    name: Ben Claes
    email: ben@acme.example
    phone: "+32 470 00 00 02"
    roles: [commercial]
    groups: [purchasing]
    attributes: { serviceNow: true, signingAuthority: true, directoryRoles: [global-administrator] }
contacts:
  dana: { name: Dana Kowalska, email: dana@acme.example, roles: [dpo] }
  wim: { name: Wim Maes, email: wim@acme.example, roles: [watchlist] }
  eva: { name: Eva Smet, email: eva@acme.example, roles: [watchlist] }
permissionGroups:
  it-operations: { name: IT operations, applications: { users-and-permissions: full } }
  purchasing: { name: Purchasing, applications: { csp: read } }
"#;

impl Project {
    /// Applies and asserts that nothing is left to do.
    #[track_caller]
    fn converges(&self) {
        self.run("apply --yes").exits(0);
        let again = self.run("plan --detailed-exitcode --format json").exits(0);
        assert_eq!(steps(&again), [""; 0], "{again}");
    }
}

/// The steps of a plan as `action resource key`.
#[track_caller]
fn steps(ran: &Ran) -> Vec<String> {
    words(&ran.json()["steps"])
}

/// The fields that a step changes.
fn fields(step: &Json) -> Vec<&str> {
    step["changes"].as_array().unwrap().iter().map(|change| change["field"].as_str().unwrap()).collect()
}

/// The rules of the errors, in their order.
#[track_caller]
fn errors(ran: &Ran) -> Vec<String> {
    ran.findings().into_iter().filter(|finding| finding.severity == "error").map(|finding| finding.rule).collect()
}

const GUS: &str = "  gus:
    name: Gus Wouters
    email: gus@acme.example
    roles: [commercial]
    attributes: { signingAuthority: true }
";

const GRACE: &str = "  grace:
    name: Grace Lindqvist
    email: grace@acme.example
    roles: [commercial]
    attributes: { signingAuthority: true }
";

#[test]
fn the_commercial_contact_is_replaced_in_one_plan_without_a_gap() {
    let project = Project::applied(ACME);
    project.roster(GRACE, GUS);
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["create contact gus", "delete contact grace"]);
    let plan = ran.json();
    assert_eq!(plan["steps"][0]["opens"], json!(["arxus/commercial-count"]));
    assert_eq!(plan["steps"][1]["opens"], json!([]));
    assert_eq!(plan["steps"][1]["after"], json!([1]), "who goes waits for the replacement");
    let ran = project.run("plan").exits(0);
    ran.says("arxus/commercial-count").says("one person too many holds commercial").never_says("nobody holds");
    project.converges();
}

#[test]
fn the_commercial_role_moves_between_people_who_stay() {
    let before = replaced(ACME, GRACE, &format!("{GRACE}{}", replaced(GUS, "commercial", "watchlist")));
    let project = Project::applied(&before);
    let after = replaced(&before, "[commercial]", "[gone]");
    let after = replaced(&replaced(&after, "[watchlist]", "[commercial]"), "[gone]", "[watchlist]");
    project.write("rosters/acme.yaml", &after);
    let ran = project.run("plan --format json --allow-grants 2").exits(0);
    assert_eq!(steps(&ran), ["update contact gus", "update contact grace"]);
    assert_eq!(ran.json()["steps"][0]["opens"], json!(["arxus/commercial-count"]));
    assert_eq!(ran.json()["steps"][1]["after"], json!([1]));
    project
        .run("plan --allow-grants 2")
        .exits(0)
        .says("one person too many holds commercial")
        .never_says("nobody holds");
    project.run("apply --yes --allow-grants 2").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
}

#[test]
fn two_people_exchange_roles_without_a_gap() {
    let project = Project::applied(TEAM);
    project.roster("roles: [technical]", "roles: [later]");
    project.roster("roles: [commercial]", "roles: [technical]");
    project.roster("roles: [later]", "roles: [commercial]");
    let ran = project.run("plan --format json --allow-grants 2").exits(0);
    let plan = ran.json();
    // Nobody can change places in one step: one of the two is given the new role first and loses the old one last.
    assert_eq!(steps(&ran), ["update user ada", "update user ben", "update user ada"]);
    let opens: Vec<&Json> = plan["steps"].as_array().unwrap().iter().map(|step| &step["opens"]).collect();
    assert_eq!(opens, [&json!(["arxus/commercial-count"]), &json!([]), &json!([])]);
    assert_eq!(plan["steps"][0]["changes"][0]["to"], json!(["commercial", "technical"]));
    assert_eq!(plan["steps"][2]["changes"][0]["from"], json!(["commercial", "technical"]));
    project.run("plan --allow-grants 2").exits(0).says("in two steps").never_says("nobody holds");
    project.run("apply --yes --allow-grants 2").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
    assert_eq!(
        project.column("SELECT roles FROM person WHERE section = 'users' ORDER BY id"),
        ["commercial", "technical"]
    );
}

#[test]
fn a_user_with_another_id_is_renamed() {
    let project = Project::applied(TEAM);
    let handles = project.column("SELECT 'p-' || id FROM person ORDER BY id");
    project.roster("  ada:\n", "  ada-peeters:\n    previously: [ada]\n");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update user ada-peeters"]);
    let change = &ran.json()["steps"][0]["changes"];
    assert_eq!(change, &json!([{ "field": "id", "from": "ada", "to": "ada-peeters" }]));
    assert_eq!(ran.json()["impact"]["access"], json!([]));
    project.converges();
    assert_eq!(project.column("SELECT 'p-' || id FROM person ORDER BY id"), handles);
    assert_eq!(
        project.column("SELECT external_id || ' ' || groups FROM person WHERE section = 'users' ORDER BY id"),
        ["acme/ada-peeters it-operations", "acme/ben purchasing"]
    );
}

#[test]
fn a_group_with_another_id_is_renamed_and_keeps_its_members() {
    let project = Project::applied(TEAM);
    project.roster("groups: [it-operations]", "groups: [it]");
    project.roster("  it-operations: {", "  it: { previously: [it-operations],");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update permission-group it"]);
    assert_eq!(fields(&ran.json()["steps"][0]), ["id"]);
    assert_eq!(ran.json()["impact"], json!({ "access": [], "notifications": [] }));
    project.converges();
    assert_eq!(project.column("SELECT groups FROM person WHERE section = 'users' ORDER BY id"), ["it", "purchasing"]);
}

#[test]
fn a_group_is_renamed_and_its_members_change_in_the_same_plan() {
    let project = Project::applied(TEAM);
    project.roster("groups: [it-operations]", "groups: [it, purchasing]");
    project.roster("  it-operations: {", "  it: { previously: [it-operations],");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update permission-group it", "update user ada"]);
    assert_eq!(ran.json()["steps"][1]["changes"][0]["from"], json!(["it"]), "in the words of the roster");
    assert_eq!(ran.json()["steps"][1]["after"], json!([1]));
    project.run("plan --out plan.json").exits(0);
    project.run("apply --plan plan.json --yes").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
}

#[test]
fn another_id_with_the_same_address_is_the_same_person() {
    let project = Project::applied(TEAM);
    project.roster("  wim: { name: Wim Maes, email: wim@", "  wim-maes: { name: Wim Maes, email: WIM@");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact wim-maes"]);
    assert_eq!(fields(&ran.json()["steps"][0]), ["id", "email"]);
    project.converges();
}

#[test]
fn an_earlier_id_counts_for_more_than_an_address() {
    // Wim's old address goes to somebody new, whose id comes first in the alphabet.
    let project = Project::applied(TEAM);
    project.roster(
        "  wim: { name: Wim Maes, email: wim@acme.example,",
        "  abel: { name: Abel Nys, email: wim@acme.example, roles: [watchlist] }\n  \
         willem: { name: Wim Maes, previously: [wim], email: willem@acme.example,",
    );
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact willem", "create contact abel"]);
    assert_eq!(ran.json()["steps"][1]["after"], json!([1]), "the address must be free first");
    project.converges();
    assert_eq!(
        project.column("SELECT external_id FROM person WHERE email LIKE 'wi%' ORDER BY email"),
        ["acme/willem", "acme/abel"]
    );
}

#[test]
fn a_group_is_replaced_by_another_and_its_members_move() {
    let project = Project::applied(TEAM);
    project.roster("groups: [it-operations]", "groups: [platform]");
    project.roster("  it-operations: { name: IT operations,", "  platform: { name: Platform team,");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(
        steps(&ran),
        ["create permission-group platform", "update user ada", "delete permission-group it-operations"]
    );
    let after: Vec<Json> = ran.json()["steps"].as_array().unwrap().iter().map(|step| step["after"].clone()).collect();
    assert_eq!(after, [json!([]), json!([1]), json!([2])]);
    assert_eq!(ran.json()["impact"]["access"], json!([]), "nobody gains or loses anything");
    project.converges();
}

#[test]
fn an_address_is_free_before_somebody_else_takes_it() {
    let project = Project::applied(TEAM);
    project.roster("  wim: { name: Wim Maes, email: wim@acme.example, roles: [watchlist] }\n", "");
    project.roster("eva@acme.example", "Wim@acme.example");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["delete contact wim", "update contact eva"]);
    assert_eq!(ran.json()["steps"][1]["after"], json!([1]));
    project.converges();
}

#[test]
fn a_newcomer_with_the_address_of_a_leaver_takes_the_entry_over() {
    let project = Project::applied(TEAM);
    project.roster("  wim: { name: Wim Maes,", "  nova: { name: Nova Peers,");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact nova"]);
    assert_eq!(fields(&ran.json()["steps"][0]), ["id", "name"]);
    project.converges();
}

#[test]
fn the_address_of_somebody_who_stays_is_refused() {
    let project = Project::applied(TEAM);
    project.sql(STRANGER);
    project.roster("eva@acme.example", "temp@acme.example");
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("roster/duplicate-email");
    assert!(finding.message.contains("`eva`") && finding.message.contains("p-000006"), "{finding:?}");
    assert_eq!((finding.subject.as_deref(), finding.pointer.as_str()), (Some("eva"), "/contacts/eva/email"));
}

#[test]
fn a_roster_without_users_makes_no_user_a_contact() {
    let project = Project::applied(TEAM);
    let contact = "contacts:\n  ada: { name: Ada Peeters, email: ada@acme.example, roles: [watchlist] }\n  gus:";
    let text = without(&replaced(TEAM, "contacts:\n", &replaced(GUS, "  gus:", contact)), &[]);
    let (start, end) = (text.find("users:").unwrap(), text.find("contacts:").unwrap());
    project.write("rosters/acme.yaml", format!("{}{}", &text[..start], &text[end..]));
    let ran = project.run("plan --format json --allow-open arxus/commercial-count").exits(1);
    assert_eq!(steps(&ran), ["create contact ada", "create contact gus"]);
    assert!(
        ran.finding("roster/duplicate-email")
            .message
            .contains("`ada` in the users of the portal, which this roster does not manage"),
        "{ran}"
    );
    project.run("apply --yes").exits(1);
    assert_eq!(project.column("SELECT section FROM person WHERE external_id = 'acme/ada'"), ["users"]);
}

#[test]
fn exchanged_addresses_are_refused() {
    let project = Project::applied(TEAM);
    project.roster("wim@acme.example", "later@acme.example");
    project.roster("eva@acme.example", "wim@acme.example");
    project.roster("later@acme.example", "eva@acme.example");
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("plan/circular");
    assert!(finding.message.contains("eva") && finding.message.contains("wim"), "{finding:?}");
    assert!(finding.help.contains("third address") && finding.path == "rosters/acme.yaml", "{finding:?}");
    project.run("apply --yes").exits(1);
    assert_eq!(project.column("SELECT email FROM person WHERE external_id LIKE '%/wim'"), ["wim@acme.example"]);
}

#[test]
fn a_user_becomes_a_contact_and_a_user_again() {
    let project = Project::applied(TEAM);
    let text = "  ben:
    name: Ben Claes
    email: ben@acme.example
    phone: \"+32 470 00 00 02\"
    roles: [commercial]
    groups: [purchasing]
    attributes: { serviceNow: true, signingAuthority: true, directoryRoles: [global-administrator] }
";
    project.roster(text, "");
    project.roster(
        "contacts:\n",
        "contacts:\n  ben: { name: Ben Claes, email: ben@acme.example, roles: [commercial, watchlist] }\n",
    );
    // Attributes are left as they are: the signing authority is still there.
    let ran = project.run("plan --format json").ends();
    assert_eq!(ran.code, Some(1), "the roster alone does not show the authority\n{ran}");
    project.roster(
        "roles: [commercial, watchlist]",
        "roles: [commercial, watchlist], attributes: { signingAuthority: true }",
    );
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact ben"], "{ran}");
    let step = &ran.json()["steps"][0];
    assert_eq!(fields(step), ["section", "roles", "groups"]);
    assert_eq!(step["notes"], json!(["the user becomes a contact"]));
    project.converges();
    let row = "SELECT section || ' ' || groups || ' ' || id FROM person WHERE external_id = 'acme/ben'";
    let as_contact = project.column(row);
    assert!(as_contact[0].starts_with("contacts  "), "{as_contact:?}");
    project.write("rosters/acme.yaml", TEAM);
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update user ben"]);
    assert_eq!(ran.json()["steps"][0]["notes"], json!(["the contact becomes a user"]));
    project.converges();
    assert!(project.column(row)[0].starts_with("users purchasing "));
}

#[test]
fn the_last_one_who_manages_users_keeps_that() {
    let project = Project::applied(TEAM);
    project.roster("groups: [it-operations]", "groups: [purchasing]");
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("arxus/actor");
    assert!(finding.message.contains("nobody can manage-users"), "{finding:?}");
    assert!(finding.help.contains("--allow-open arxus/actor"), "{finding:?}");
    project.run("apply --yes").exits(1);
    assert_eq!(project.column("SELECT groups FROM person WHERE external_id = 'acme/ada'"), ["it-operations"]);
    project.run("plan --allow-open arxus/coverage-after-plan").exits(1);
    let allowed = project.run("plan --format json --allow-open arxus/actor").exits(0);
    assert_eq!(allowed.json()["steps"][0]["opens"], json!(["arxus/actor"]), "what is allowed is still shown");
    project.run("apply --yes --allow-open arxus/actor").exits(0);
}

#[test]
fn the_last_officer_stays_until_there_is_another() {
    let project = Project::applied(TEAM);
    project.roster("  dana: { name: Dana Kowalska, email: dana@acme.example, roles: [dpo] }\n", "");
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("arxus/coverage-after-plan");
    assert!(
        finding.message.contains("delete contact dana") && finding.message.contains("nobody holds dpo"),
        "{finding:?}"
    );
    assert!(finding.help.contains("name a replacement"), "{finding:?}");
    project.run("apply --yes").exits(1);
    project.run("plan --allow-open arxus/coverage-after-plan").exits(0);
    project.run("plan --allow-open arxus/coverage-after-pla").exits(64);
    // With a replacement there is nothing to allow.
    project.roster("roles: [watchlist] }", "roles: [watchlist, dpo] }");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact wim", "delete contact dana"]);
    assert_eq!(ran.json()["steps"][1]["after"], json!([1]));
    project.converges();
}

fn without(roster: &str, ids: &[&str]) -> String {
    let gone = |line: &&str| ids.iter().any(|id| line.starts_with(&format!("  {id}: ")));
    roster.lines().filter(|line| !gone(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn removals_beyond_the_guard_need_a_number() {
    let project = Project::applied(TEAM);
    project.write("rosters/acme.yaml", without(TEAM, &["wim", "eva"]));
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("plan/max-removals");
    assert!(
        finding.message.contains("2 of 3 contacts of `acme`") && finding.message.contains("allows 1"),
        "{finding:?}"
    );
    assert!(finding.help.contains("--allow-removals 2"), "{finding:?}");
    project.run("plan --allow-removals 1").exits(1);
    project.run("apply --yes --allow-removals 1").exits(1);
    assert_eq!(project.column("SELECT count(*) || '' FROM person WHERE section = 'contacts'"), ["3"]);
    project.run("plan --allow-removals 2").exits(0);
    project.run("plan --allow-removals many").exits(64);
    // One leaver always passes.
    project.write("rosters/acme.yaml", without(TEAM, &["wim"]));
    project.run("plan").exits(0);
    project.write("rosters/acme.yaml", without(TEAM, &["wim", "eva"]));
    project.run("apply --yes --allow-removals 2").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
}

#[test]
fn the_guard_counts_each_kind_and_organisation_by_itself() {
    let other = replaced(TEAM, "organisation: acme", "organisation: brink").replace("acme.example", "brink.example");
    let project = Project::with_roster(TEAM).with("rosters/brink.yaml", &other);
    project.run("apply --yes").exits(0);
    project.write("rosters/acme.yaml", without(TEAM, &["wim"]));
    project.write("rosters/brink.yaml", without(&other, &["eva"]));
    project.edit("rosters/acme.yaml", "groups: [purchasing]", "groups: []");
    project.edit("rosters/acme.yaml", "  purchasing: { name: Purchasing, applications: { csp: read } }\n", "");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(ran.json()["summary"]["remove"], 3, "one contact here, one there, one group\n{ran}");
    // A guard of the workspace: the smaller of number and share wins.
    project.write(
        "rosterctl.yaml",
        "version: 1\nrosters: [rosters]\nguards:\n  maxRemovals: { count: 0, percent: 100 }\n",
    );
    let ran = project.run("plan --format json").exits(1);
    assert_eq!(errors(&ran), ["plan/max-removals"; 3]);
    project.run("plan --allow-removals 1").exits(0);
}

#[test]
fn grants_beyond_the_guard_need_a_number() {
    let guards = "version: 1\nrosters: [rosters]\nguards:\n  maxGrants: { count: 1, percent: 100 }\n";
    let project = Project::with_roster(TEAM).with_workspace(guards);
    // The first apply grants everything to everybody, and is exempt.
    project.run("apply --yes").exits(0);
    project.roster("groups: [it-operations]", "groups: [it-operations, purchasing]");
    project.run("plan").exits(0);
    project.roster("groups: [purchasing]", "groups: [purchasing, it-operations]");
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("plan/max-grants");
    assert!(
        finding.message.contains("2 of 2 users of `acme` would gain") && finding.message.contains("allows 1"),
        "{finding:?}"
    );
    project.run("plan --allow-removals 2").exits(1);
    project.run("plan --allow-grants 1").exits(1);
    project.run("apply --yes --allow-grants 2").exits(0);
}

#[test]
fn who_becomes_a_contact_counts_among_the_users_that_are_live() {
    let project = Project::applied(&without(TEAM, &["wim", "eva", "dana"]).replace("contacts:\n", "contacts: {}\n"));
    let text = project.read("rosters/acme.yaml");
    let start = text.find("  ben:").unwrap();
    let end = text.find("contacts:").unwrap();
    let ben = "contacts:\n  ben: { name: Ben Claes, email: ben@acme.example, roles: [commercial, watchlist], attributes: { signingAuthority: true } }\n";
    project.write("rosters/acme.yaml", format!("{}{}", &text[..start], replaced(&text[end..], "contacts: {}\n", ben)));
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact ben"]);
}

const STRANGER: &str = "INSERT INTO person (organisation, section, name, email, phone, roles)
    VALUES ('acme', 'contacts', 'Temp Worker', 'Temp@Acme.example', '+32 470 99 99 99', 'watchlist');";

#[test]
fn who_is_in_no_roster_is_reported_and_left_alone() {
    let project = Project::applied(TEAM);
    project.sql(STRANGER);
    let ran = project.run("plan --format json --detailed-exitcode").exits(0);
    let plan = ran.json();
    assert_eq!((plan["summary"]["unmanaged"].as_u64(), steps(&ran).len()), (Some(1), 0));
    let expected = json!([{
        "organisation": "acme", "resource": "contact", "handle": "p-000006", "name": "Temp Worker", "email": "Temp@Acme.example"
    }]);
    assert_eq!(plan["unmanaged"], expected);
    assert_eq!(ran.finding("arxus/unmanaged").severity, "warning");
    project.run("plan --deny warning").exits(1);
    project.run("apply --yes").exits(0);
    assert_eq!(project.column("SELECT name FROM person WHERE external_id IS NULL"), ["Temp Worker"]);
}

#[test]
fn who_is_known_by_address_is_taken_over() {
    let project = Project::applied(TEAM);
    project.sql(STRANGER);
    project.roster(
        "contacts:\n",
        "contacts:\n  temp: { name: Temp Worker, email: temp@acme.example, roles: [watchlist] }\n",
    );
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update contact temp"]);
    let step = &ran.json()["steps"][0];
    assert_eq!(fields(step), ["id", "email"]);
    assert_eq!(step["changes"][0], json!({ "field": "id", "from": null, "to": "temp" }));
    assert!(step["notes"][0].as_str().unwrap().contains("taken over"), "{step}");
    project.converges();
    assert_eq!(project.column("SELECT phone FROM person WHERE external_id = 'acme/temp'"), ["+32 470 99 99 99"]);
}

#[test]
fn a_group_is_taken_over_with_its_members() {
    let project = Project::applied(TEAM);
    project.sql(
        "INSERT INTO permission_group (organisation, name, applications) VALUES ('acme', 'Finance', 'csp=full');
         UPDATE person SET groups = groups || ',g-000003' WHERE external_id = 'acme/ben';",
    );
    project.roster("  purchasing: {", "  finance: { name: Finance, applications: { csp: full } }\n  purchasing: {");
    project.roster("groups: [purchasing]", "groups: [finance]");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update permission-group finance", "update user ben"]);
    project.converges();
    assert_eq!(project.column("SELECT groups FROM person WHERE external_id = 'acme/ben'"), ["finance"]);
}

#[test]
fn who_is_in_no_roster_goes_when_asked() {
    let project = Project::applied(TEAM);
    project.sql(STRANGER);
    let ran = project.run("plan --prune --format json").exits(0);
    assert_eq!(steps(&ran), ["delete contact p-000006"]);
    assert_eq!(ran.json()["steps"][0]["notes"], json!(["in no roster: removed by --prune"]));
    project.run("apply --yes --prune").exits(0);
    assert_eq!(project.column("SELECT name FROM person WHERE external_id IS NULL"), [""; 0]);
}

#[test]
fn who_is_accepted_without_a_roster_stays_whoever_prunes() {
    let project = Project::applied(TEAM);
    project.sql(STRANGER);
    let text = project.read("rosters/acme.yaml");
    let waiver = "waivers:\n  - { rule: arxus/unmanaged, subject: p-000006, reason: The auditors of the year. }\n";
    project.write("rosters/acme.yaml", format!("{text}{waiver}"));
    let ran = project.run("plan --prune --format json").exits(0);
    assert_eq!(steps(&ran), [""; 0]);
    assert_eq!(ran.json()["unmanaged"][0]["handle"], "p-000006", "{ran}");
}

#[test]
fn a_section_that_is_absent_is_not_touched() {
    let project = Project::applied(TEAM);
    project.sql(STRANGER);
    let text = project.read("rosters/acme.yaml");
    let (start, end) = (text.find("contacts:").unwrap(), text.find("permissionGroups:").unwrap());
    project.write("rosters/acme.yaml", format!("{}{}", &text[..start], &text[end..]));
    let ran = project.run("plan --prune --format json").exits(0);
    assert_eq!(steps(&ran), [""; 0]);
    assert_eq!(ran.json()["unmanaged"], json!([]));
}

#[test]
fn an_empty_section_means_nobody_and_is_guarded() {
    let project = Project::applied(TEAM);
    let text = project.read("rosters/acme.yaml");
    let (start, end) = (text.find("contacts:").unwrap(), text.find("permissionGroups:").unwrap());
    project.write("rosters/acme.yaml", format!("{}contacts: {{}}\n{}", &text[..start], &text[end..]));
    let ran = project.run("plan --format json").exits(1);
    assert_eq!(ran.json()["summary"]["remove"], 3);
    let mut rules = errors(&ran);
    rules.sort();
    assert_eq!(rules, ["arxus/coverage-after-plan", "plan/max-removals"]);
    project.run("plan --allow-removals 3").exits(1);
    project.run("plan --allow-open arxus/coverage-after-plan").exits(1);
    project.run("plan --allow-removals 3 --allow-open arxus/coverage-after-plan").exits(0);
}

#[test]
fn a_row_that_cannot_be_understood_stops_nobody_else() {
    let project = Project::applied(TEAM);
    project.sql("UPDATE person SET roles = 'watchlist,boss' WHERE external_id = 'acme/wim'");
    project
        .write("rosters/acme.yaml", replaced(&without(TEAM, &["eva"]), "contacts:\n", &format!("contacts:\n{NOVA}")));
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["create contact nova"], "neither is Wim made twice nor is Eva removed");
    assert_eq!((&ran.json()["complete"], &ran.json()["summary"]["unchanged"]), (&json!(false), &json!(5)));
    let finding = ran.finding("plan/unreadable");
    assert_eq!((finding.severity.as_str(), finding.subject.as_deref()), ("warning", Some("wim")));
    assert_eq!(finding.pointer, "/contacts/wim");
    for words in ["contact `p-000005` (wim)", "unknown role `boss`", "nothing is planned for `wim`"] {
        assert!(finding.message.contains(words), "{finding:?}");
    }
    assert!(ran.finding("plan/incomplete").help.contains("plan/unreadable"), "{ran}");
    project.run("plan --deny warning").exits(1);
    project.run("apply --yes").exits(3).says("unknown role `boss`").says("delete contact eva");
    let names = project.column("SELECT name FROM person WHERE section = 'contacts' ORDER BY name");
    assert_eq!(names, ["Dana Kowalska", "Eva Smet", "Nova Peers", "Wim Maes"]);
    // Mended on the portal, everything goes its way.
    project.sql("UPDATE person SET roles = 'watchlist' WHERE external_id = 'acme/wim'");
    assert_eq!(steps(&project.run("plan --format json").exits(0)), ["delete contact eva"]);
    project.converges();
}

const NOVA: &str = "  nova: { name: Nova Peers, email: nova@acme.example, roles: [watchlist] }\n";

#[test]
fn who_may_be_the_one_that_cannot_be_understood_is_not_made_again() {
    // By the address, by an earlier id, and by the address that somebody wants who is there already.
    let project = Project::applied(TEAM);
    project.sql("UPDATE person SET external_id = 'wim', section = 'guests' WHERE external_id = 'acme/wim'");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), [""; 0]);
    let finding = ran.finding("plan/unreadable");
    assert_eq!(finding.subject.as_deref(), Some("p-000005"), "{finding:?}");
    assert!(finding.message.contains("nothing is planned for `wim`"), "{finding:?}");
    project.roster("wim@acme.example", "willem@acme.example");
    project.roster("eva@acme.example", "WIM@acme.example");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["create contact wim"], "nothing tells that the row is Wim's");
    assert!(ran.finding("plan/unreadable").message.contains("nothing is planned for `eva`"), "{ran}");

    let project = Project::applied(TEAM);
    project.sql("UPDATE person SET state = 'lost' WHERE external_id = 'acme/wim'");
    project.roster(
        "  wim: { name: Wim Maes, email: wim@",
        "  willem: { previously: [wim], name: Wim Maes, email: willem@",
    );
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), [""; 0]);
    assert!(ran.finding("plan/unreadable").message.contains("nothing is planned for `willem`"), "{ran}");
}

#[test]
fn a_group_that_cannot_be_understood_is_not_made_again() {
    let project = Project::applied(TEAM);
    let broken = |row: &str| project.sql(&format!("UPDATE permission_group SET {row} WHERE name = 'Purchasing'"));
    broken("applications = 'csp=read,csp=full'");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), [""; 0]);
    let finding = ran.finding("plan/unreadable");
    assert_eq!(
        (finding.subject.as_deref(), finding.pointer.as_str()),
        (Some("purchasing"), "/permissionGroups/purchasing")
    );
    assert!(finding.message.contains("the application `csp` is listed twice"), "{finding:?}");
    // It is there all the same: somebody can become a member.
    project.roster("groups: [it-operations]", "groups: [it-operations, purchasing]");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update user ada"]);
    project.run("apply --yes").exits(3);
    // Under another id it is not: who is to be a member waits for it.
    project.roster("  purchasing: {", "  buying: { previously: [purchasing],");
    project.roster("groups: [purchasing]", "groups: [buying]");
    project.roster("groups: [it-operations, purchasing]", "groups: [it-operations]");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update user ada"]);
    assert!(ran.finding("plan/unreadable").message.contains("nothing is planned for `buying`, `ben`"), "{ran}");
    // A group that is not managed is known by its name.
    broken("external_id = NULL");
    let ran = project.run("plan --format json").exits(0);
    assert!(ran.finding("plan/unreadable").message.contains("nothing is planned for `buying`, `ben`"), "{ran}");
}

#[test]
fn what_cannot_be_understood_is_drift_and_missing_from_an_export() {
    let project = Project::applied(TEAM);
    project.run("drift").exits(0);
    project.sql("UPDATE person SET attributes = '{\"shoeSize\": 45}' WHERE external_id = 'acme/wim'");
    let ran = project.run("drift --format json").exits(2);
    assert_eq!((&ran.json()["complete"], &ran.json()["differences"]), (&json!(false), &json!([])));
    assert!(ran.finding("plan/unreadable").message.contains("unknown attribute `shoeSize`"), "{ran}");
    project.run("drift --deny warning").exits(2).says("plan/unreadable").says("no drift in what could be read");
    let complaint = "the contact `p-000005` (wim) cannot be understood: unknown attribute `shoeSize`";
    let ran = project.run("export -q").exits(1).complains(complaint).never_says("wim").says("eva");
    assert!(ran.stderr.contains("not complete"), "{ran}");
    let exported = project.run("export --format json").exits(1).complains(complaint).json();
    assert!(exported["contacts"]["eva"].is_object() && exported["contacts"]["wim"].is_null(), "{exported}");
}

#[test]
fn a_saved_plan_is_refused_where_its_object_cannot_be_understood_any_more() {
    let project = saved();
    project.sql("UPDATE person SET state = 'lost' WHERE external_id = 'acme/wim'");
    let ran = project.run("apply --plan plan.json --yes").exits(1);
    ran.complains("contact wim of acme").complains("unknown state `lost`").complains("nothing was done");
    project.is_undone();
}

#[test]
fn an_organisation_that_no_roster_names_is_mentioned() {
    let project = Project::applied(TEAM);
    let other = replaced(ACME, "organisation: acme", "organisation: other");
    project.write("rosters/other.yaml", &other);
    project.run("apply --yes").exits(0);
    assert!(!project.run("plan --format json").exits(0).rules().contains(&"plan/unlisted".to_owned()));
    std::fs::remove_file(project.path("rosters/other.yaml")).unwrap();
    for command in ["plan", "plan --detailed-exitcode --deny warning", "drift"] {
        let finding = project.run(&format!("{command} --format json")).exits(0).finding("plan/unlisted");
        assert_eq!(finding.severity, "info", "{finding:?}");
        assert!(finding.message.contains("`other`") && finding.help.contains("export"), "{finding:?}");
    }
    // Where files are named it goes without saying that others are not.
    let ran = project.run("plan rosters --format json").exits(0);
    assert!(!ran.rules().contains(&"plan/unlisted".to_owned()), "{ran}");
}

#[test]
fn access_ends_on_its_last_day() {
    let roster = replaced(TEAM, "  wim: { name: Wim Maes,", "  wim: { until: 2031-06-30, name: Wim Maes,");
    let project = Project::with_roster(&roster);
    project.run("apply --yes --as-of 2031-06-01").exits(0);
    project.run("plan --detailed-exitcode --as-of 2031-06-30").exits(0);
    let ran = project.run("plan --format json --as-of 2031-07-01").exits(0);
    assert_eq!(steps(&ran), ["delete contact wim"]);
    let step = &ran.json()["steps"][0];
    assert_eq!(step["notes"], json!(["the last day was 2031-06-30 (`until`)"]));
    assert_eq!(step["location"]["pointer"], "/contacts/wim/until");
    assert_eq!((&step["location"]["path"], &step["location"]["line"]), (&json!("rosters/acme.yaml"), &json!(21)));
    project.run("apply --yes --as-of 2031-07-01").exits(0);
    project.run("plan --detailed-exitcode --as-of 2031-07-01").exits(0);
}

#[test]
fn who_may_not_manage_users_may_not_apply() {
    let project = Project::applied(TEAM);
    project.roster("Wim Maes", "Wim De Maes");
    let ran = project.run("plan --format json --actor ben").ends();
    let plan = ran.json();
    assert_eq!(steps(&ran), [""; 0]);
    let blocked = &plan["blocked"][0];
    assert_eq!((blocked["rule"].as_str(), plan["summary"]["blocked"].as_u64()), (Some("arxus/actor"), Some(1)));
    assert_eq!(blocked["step"]["key"], "wim");
    let message = blocked["message"].as_str().unwrap();
    assert!(message.contains("`ben`") && message.contains("manage-users") && message.contains("ada"), "{message}");
    assert_eq!(plan["actor"], "ben");
    assert_eq!(plan["impact"], json!({ "access": [], "notifications": [] }));
    project.run("plan --actor ben --detailed-exitcode").exits(2).says("arxus/actor");
    project.run("apply --yes --actor ben").exits(3);
    assert_eq!(project.column("SELECT name FROM person WHERE external_id = 'acme/wim'"), ["Wim Maes"]);
    project.run("apply --yes --actor ada").exits(0);
    assert_eq!(project.column("SELECT DISTINCT who FROM audit WHERE key = 'wim' AND action = 'update'"), ["ada"]);
    // The actor of the workspace counts where the command line names none.
    let workspace = format!(
        "version: 1\nrosters: [rosters]\ntargets:\n  sandbox: {{ kind: embedded, path: {DATABASE}, actor: ben }}\n"
    );
    project.write("rosterctl.yaml", &workspace);
    project.roster("Wim De Maes", "Wim Maes");
    project.run("apply --yes").exits(3);
    project.run("apply --yes --actor ada").exits(0);
}

/// A saved plan that renames Wim and removes Eva.
fn saved() -> Project {
    let project = Project::applied(TEAM);
    project.write("rosters/acme.yaml", replaced(&without(TEAM, &["eva"]), "Wim Maes", "Wim De Maes"));
    project.run("plan --out plan.json").exits(0);
    project
}

const UNDONE: [&str; 2] = ["Eva Smet", "Wim Maes"];

impl Project {
    /// Asserts that nothing of the saved plan was done.
    #[track_caller]
    fn is_undone(&self) {
        assert_eq!(self.column("SELECT name FROM person WHERE roles = 'watchlist' ORDER BY name"), UNDONE);
    }
}

#[test]
fn a_saved_plan_is_carried_out() {
    let project = saved();
    // What the roster says by now does not matter.
    project.write("rosters/acme.yaml", "nothing that could be read: [");
    let ran = project.run("apply --plan plan.json --yes --format json").exits(0);
    assert_eq!(
        ran.json()["steps"],
        json!([{ "id": 1, "result": "done", "reason": null }, { "id": 2, "result": "done", "reason": null }])
    );
    assert_eq!(project.column("SELECT name FROM person WHERE roles = 'watchlist'"), ["Wim De Maes"]);
    project.run("apply --plan plan.json --yes").exits(1).complains("changed");
}

#[test]
fn a_saved_plan_fits_on_another_machine() {
    let project = saved();
    let other = Project::empty().with("plan.json", &project.read("plan.json"));
    other.write(DATABASE, std::fs::read(project.path(DATABASE)).unwrap());
    other.run("apply --plan plan.json --yes").exits(0);
    assert_eq!(other.column("SELECT name FROM person WHERE roles = 'watchlist'"), ["Wim De Maes"]);
    project.is_undone();
}

#[test]
fn a_plan_edited_by_hand_is_refused() {
    let project = saved();
    let good = project.read("plan.json");
    for (from, to) in [
        ("Wim De Maes", "Mallory"),
        ("\"delete\"", "\"update\""),
        ("\"key\": \"eva\"", "\"key\": \"dana\""),
        ("sandbox.db", "other.db"),
    ] {
        project.write("plan.json", replaced(&good, from, to));
        let ran = project.run("apply --plan plan.json --yes").exits(1);
        assert!(ran.stderr.contains("edited") || ran.stderr.contains("for the target"), "{from}\n{ran}");
        project.is_undone();
    }
    project.write("plan.json", replaced(&good, "\"version\": 1", "\"version\": 1, \"extra\": true"));
    project.run("apply --plan plan.json --yes").exits(1).complains("not a plan");
    project.write("plan.json", &good[..good.len() / 2]);
    project.run("apply --plan plan.json --yes").exits(1).complains("not a plan");
    project.run("apply --plan missing.json --yes").exits(1).complains("missing.json");
    project.is_undone();
}

#[test]
fn a_plan_whose_objects_changed_since_is_refused_as_a_whole() {
    let project = saved();
    project.sql("UPDATE person SET phone = '+1' WHERE external_id = 'acme/eva'");
    let ran = project.run("apply --plan plan.json --yes").exits(1);
    ran.complains("contact eva of acme").complains("changed").complains("nothing was done");
    project.is_undone();
    project.sql("DELETE FROM person WHERE external_id = 'acme/eva'");
    project.run("apply --plan plan.json --yes").exits(1).complains("contact eva of acme").complains("gone");
    assert_eq!(project.column("SELECT name FROM person WHERE external_id = 'acme/wim'"), ["Wim Maes"]);
}

#[test]
fn a_plan_whose_objects_are_there_by_now_is_refused() {
    let project = Project::applied(TEAM);
    project.roster(
        "contacts:\n",
        "contacts:\n  temp: { name: Temp Worker, email: temp@acme.example, roles: [watchlist] }\n",
    );
    project.run("plan --out plan.json").exits(0);
    project.run("apply --yes").exits(0);
    let ran = project.run("apply --plan plan.json --yes").exits(1);
    ran.complains("contact temp of acme").complains("created on the portal since");
}

#[test]
fn a_plan_for_another_target_is_refused() {
    let workspace = |path: &str| {
        format!(
            "version: 1\nrosters: [rosters]\ndefaultTarget: one\ntargets:\n  one: {{ kind: embedded, path: {path} }}\n  two: {{ kind: embedded, path: two.db }}\n"
        )
    };
    let project = Project::with_roster(TEAM).with_workspace(&workspace("one.db"));
    project.run("plan --out plan.json").exits(0);
    project.run("apply --plan plan.json --yes --target two").exits(1).complains("target");
    project.write("rosterctl.yaml", workspace("moved.db"));
    project.run("apply --plan plan.json --yes").exits(1).complains("target `one`");
    assert!(!project.has("one.db") && !project.has("two.db") && !project.has("moved.db"));
    project.write("rosterctl.yaml", workspace("one.db"));
    project.run("apply --plan plan.json --yes").exits(0);
    assert!(project.has("one.db"));
}

#[test]
fn a_refused_plan_is_not_saved() {
    let project = Project::applied(TEAM);
    project.write("rosters/acme.yaml", without(TEAM, &["wim", "eva"]));
    project.run("plan --out plan.json").exits(1).complains("not saved");
    assert!(!project.has("plan.json"));
}

#[test]
fn exit_codes_tell_changes_apart_when_asked() {
    let project = Project::with_roster(TEAM);
    project.run("plan").exits(0);
    project.run("plan --detailed-exitcode").exits(2);
    assert!(!project.has(DATABASE), "a plan writes nothing");
    project.run("apply --yes").exits(0);
    project.run("plan --detailed-exitcode").exits(0);
    project.roster("[technical]", "[tecnical]");
    let ran = project.run("plan --detailed-exitcode --format json").exits(1);
    assert_eq!(steps(&ran), [""; 0], "rosters with errors are not planned\n{ran}");
    assert_eq!(ran.json()["complete"], false);
}

#[test]
fn plans_keep_to_their_schema() {
    let schema = Project::empty().run("schema plan").exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let check = |ran: &Ran| {
        let problems: Vec<String> = validator.iter_errors(&ran.json()).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}\n{ran}");
    };
    let project = Project::with_roster(TEAM);
    check(&project.run("plan --format json").exits(0));
    project.run("apply --yes").exits(0);
    check(&project.run("plan --format json").exits(0));
    project.sql(STRANGER);
    project.write("rosters/acme.yaml", replaced(&without(TEAM, &["dana", "wim"]), "[technical]", "[watchlist]"));
    check(&project.run("plan --format json").exits(1));
    check(&project.run("plan --format json --actor ben").ends());
    project.roster("[watchlist]", "[wathclist]");
    check(&project.run("plan --format json").exits(1));
}

#[test]
fn the_impact_follows_groups_and_roles() {
    let project = Project::applied(TEAM);
    project.roster("csp: read", "csp: full");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(steps(&ran), ["update permission-group purchasing"]);
    let gained = |person: &str, permission: &str, change: &str| json!({ "organisation": "acme", "person": person, "permission": permission, "change": change });
    let expected = json!({ "access": [gained("ben", "csp:full", "gained")], "notifications": [] });
    assert_eq!(ran.json()["impact"], expected);
    project.run("plan").exits(0).says("ben gains csp:full");
    project.converges();
    // Wim hands the watch list to Dana, who stays the officer.
    project.roster("  wim: { name: Wim Maes, email: wim@acme.example, roles: [watchlist] }\n", "");
    project.roster("roles: [dpo]", "roles: [dpo, watchlist]");
    let ran = project.run("plan --format json").exits(0);
    let copied = json!({ "organisation": "acme", "event": "incident-ticket-mail", "before": ["eva", "wim"], "after": ["dana", "eva"] });
    let mut told = ran.json()["impact"]["notifications"][0].clone();
    for side in ["before", "after"] {
        let mut people: Vec<String> = serde_json::from_value(told[side].clone()).unwrap();
        people.sort();
        told[side] = json!(people);
    }
    assert_eq!((told, &ran.json()["impact"]["access"]), (copied, &json!([])));
}

#[test]
fn one_too_many_whom_no_roster_names_is_named_with_the_ways_out() {
    let project = Project::applied(ACME);
    project.sql("UPDATE person SET external_id = NULL, email = 'old@acme.example', name = 'Old Boss' WHERE external_id = 'acme/grace'");
    let finding = project.run("plan --format json").exits(1).finding("arxus/commercial-count");
    assert!(finding.help.starts_with("`Old Boss`, whom no roster names, holds commercial there"), "{}", finding.help);
    assert!(finding.help.contains("--prune") && finding.help.contains("--base"), "{}", finding.help);
    project.run("plan --prune").exits(0);
}
