//! GRX: what is live and breaks a rule of the domain, one test for each by its number; drift and export of people in every
//! state. Where each rule is proved stands in `grx_proof.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use common::grx::{ADMIN, CONTRIBUTOR, only_ada, quotes, without_carl};
use common::{Project, words};
use serde_json::json;

#[test]
fn g4_a_portal_without_an_administrator_is_a_finding() {
    let project = Project::grx(&[]);
    project.sql("UPDATE person SET roles = 'assessment-owner' WHERE roles = 'account-administrator'");
    let finding = project.finds("grx/last-admin", 0);
    assert!(finding.message.starts_with("on the portal, as it is, "), "{finding:?}");
    assert_eq!(finding.severity, "warning", "what mends it may be applied");
    project.run("drift").exits(2).says("grx/last-admin");
    project.run("who holds account-administrator --live").exits(0);
    project.apply();
    project.is_settled();
}

#[test]
fn g4_what_is_said_of_the_portal_quotes_the_platform() {
    let project = Project::grx(&[]);
    project.sql("UPDATE person SET roles = 'assessment-owner' WHERE roles = 'account-administrator'");
    quotes(&project.finds("grx/last-admin", 0).message);
    let project = only_ada();
    project.leaves("ada");
    project.wants("zoe", ADMIN);
    quotes(project.planned(0)["blocked"][0]["message"].as_str().unwrap());
}

#[test]
fn g6_who_is_not_active_does_not_administer() {
    let project = only_ada();
    project.wants("ada", &format!("status: deactivated, {ADMIN}"));
    quotes(&project.finds("grx/admin-must-be-active", 1).message);
    for state in ["pending", "deactivated"] {
        let project = Project::grx(&[]);
        project.sql(&format!("UPDATE person SET state = '{state}' WHERE roles = 'account-administrator'"));
        let finding = project.finds("grx/admin-must-be-active", 0);
        assert!(finding.message.starts_with("on the portal, as it is, "), "{finding:?}");
        let invited = finding.message.contains("until `ada` or `ben` accepts the invitation");
        assert_eq!(invited, state == "pending", "{finding:?}");
        project.apply();
        project.run("portal accept --all").exits(0);
        project.is_settled();
        assert_eq!(project.run("plan --format json").exits(0).rules(), [""; 0]);
    }
}

#[test]
fn g16_an_event_that_only_the_invited_would_read_is_a_finding() {
    let project = Project::grx(&[]);
    project.turns("dana", "state = 'pending', applied_state = 'pending'");
    let finding = project.finds("grx/black-hole", 0);
    assert!(finding.message.contains("`authorize-report`") && finding.message.contains("until `dana` accepts"));
    assert!(finding.help.contains("remind `dana`"), "{finding:?}");
    project.run("drift").exits(0).says("grx/black-hole").says("no drift");
    project.run("portal accept dana").exits(0);
    assert_eq!(project.run("plan --format json").exits(0).rules(), [""; 0]);
}

#[test]
fn g16_the_last_reader_gives_up_the_role_before_the_access() {
    let project = Project::grx(&[]);
    project.leaves("dana");
    // So the administrators are told, and nothing is lost.
    let plan = project.planned(0);
    assert_eq!(words(&plan["steps"]), ["update user dana", "deactivate user dana"]);
    assert_eq!(plan["impact"]["notifications"][0]["after"], json!(["ada", "ben"]));
    // A successor is there first.
    project.wants("pia", "roles: [platform-user-manager, data-request-authorizer]");
    assert_eq!(project.steps(), ["update user pia", "update user dana", "deactivate user dana"]);
    project.apply();
    project.is_settled();
}

#[test]
fn g16_the_role_is_taken_before_the_access_where_that_opens_nothing() {
    let project = Project::grx(&[]);
    project.wants("dana", "status: deactivated");
    let plan = project.planned(0);
    assert_eq!(words(&plan["steps"]), ["update user dana", "deactivate user dana"]);
    assert_eq!(plan["steps"][1]["opens"], json!([]));
    project.apply();
    project.is_settled();
}

#[test]
fn g16_a_step_that_may_not_be_taken_mends_nothing() {
    let project = Project::grx(&[]);
    project.deletes();
    project.leaves("dana");
    let plan = project.run("plan --format json --actor pia").exits(0).json();
    assert_eq!(words(&plan["steps"]), ["update user dana", "deactivate user dana"]);
    assert_eq!(words(&json!([plan["blocked"][0]["step"]])), ["delete user dana"]);
    assert!(!plan["steps"].to_string().contains("until step"), "{plan}");
}

#[test]
fn g69_roles_of_somebody_deactivated_count_for_nothing() {
    let project = Project::grx(&[]);
    project.wants("carl", &format!("status: deactivated, {CONTRIBUTOR}"));
    quotes(&project.finds("grx/roles-on-deactivated", 0).message);
    project.apply();
    let answer = project.run("who can answer-assessment --live --format json").exits(0).json();
    assert!(!answer["answers"][0]["people"].to_string().contains("carl"), "{answer}");
    project.wants("carl", "status: deactivated");
    assert_eq!(project.run("plan --format json").exits(0).rules(), [""; 0]);
    // An administrator without access is none: the only active one stays.
    let project = Project::grx(&[]);
    project.turns("ben", "state = 'deactivated', applied_state = 'deactivated'");
    project.wants("ben", &format!("status: deactivated, {ADMIN}"));
    project.wants("ada", CONTRIBUTOR);
    project.run("plan --format json").exits(1).finding("grx/admin-must-be-active");
}

#[test]
fn g70_a_token_needs_an_active_owner() {
    let token = |on| format!("{CONTRIBUTOR}, attributes: {{ apiToken: {on} }}");
    let project = Project::grx(&[("carl", &token(true))]);
    project.wants("carl", "status: deactivated, attributes: { apiToken: true }");
    let finding = project.finds("grx/token-owner", 0);
    assert!(finding.message.contains("API token") && finding.help.contains("apiToken: false"), "{finding:?}");
    project.wants("carl", "status: deactivated, attributes: { apiToken: false }");
    assert_eq!(project.run("plan --format json").exits(0).rules(), [""; 0]);
    project.lets("ada", &["update user carl", "deactivate user carl"]);
}

#[test]
fn g70_the_token_of_a_leaver_is_mentioned() {
    let project = Project::grx(&[("carl", "roles: [assessment-contributor], attributes: { apiToken: true }")]);
    project.leaves("carl");
    assert_eq!(project.finds("grx/token-owner", 0).subject.as_deref(), Some("carl"));
    project.apply();
    assert_eq!(project.finds("grx/token-owner", 0).subject.as_deref(), Some("carl"));
}

#[test]
fn drift_of_a_status_says_on_which_side_it_arose() {
    let cause = |project: &Project| {
        let differences = project.run("drift --format json").exits(2).json()["differences"].clone();
        assert_eq!(differences.as_array().unwrap().len(), 1, "{differences}");
        assert_eq!((&differences[0]["key"], &differences[0]["field"]), (&json!("carl"), &json!("status")));
        differences[0]["cause"].clone()
    };
    let project = Project::grx(&[]);
    project.turns("carl", "state = 'deactivated'");
    assert_eq!(cause(&project), "outside");
    let project = Project::grx(&[]);
    project.leaves("carl");
    assert_eq!(cause(&project), "not-applied");
    project.apply();
    project.wants("carl", CONTRIBUTOR);
    assert_eq!(cause(&project), "not-applied");
}

#[test]
fn an_export_of_every_state_reads_back() {
    let project = without_carl();
    project.wants("nina", "roles: [customer-portfolio-manager]");
    project.apply();
    let exported = project.run("export").exits(0).stdout;
    assert!(exported.contains("status: deactivated") && exported.contains("nina"), "{exported}");
    // JSON is YAML: the same roster may be read from it too.
    let json = project.run("export --format json").exits(0).stdout;
    for roster in [json, exported] {
        project.write("rosters/acme.yaml", &roster);
        project.run("validate").exits(0);
        project.run("plan --detailed-exitcode").exits(0);
        let plan = project.planned(0);
        assert_eq!((&plan["steps"], &plan["waiting"][0]["person"]), (&json!([]), &json!("nina")));
    }
    project.run("fmt --check").exits(0);
}

#[test]
fn live_people_who_break_the_platform_are_findings() {
    for (change, word) in [("roles = 'wizard'", "`wizard`"), ("state = 'suspended'", "`suspended`")] {
        let project = Project::grx(&[]);
        project.turns("ada", change);
        let finding = project.finds("plan/unreadable", 0);
        assert!(finding.message.contains(word) && finding.message.contains("`ada`"), "{finding:?}");
        let plan = project.planned(0);
        assert_eq!((&plan["complete"], &plan["steps"]), (&json!(false), &json!([])));
        project.run("drift").exits(2).says("plan/unreadable");
        project.run("export").exits(1).complains(word);
        project.run("who holds account-administrator --live").exits(1).complains(word);
        project.run("portal accept --all").exits(0);
        // Whoever can be understood is worked on, but nobody is removed.
        project.wants("carl", "roles: [customer-portfolio-manager]");
        project.leaves("olga");
        assert_eq!(project.steps(), ["update user carl"]);
        project.run("apply --yes --actor ben").exits(3);
        project.has_state("olga active assessment-owner");
    }
}

#[test]
fn who_has_access_and_is_in_no_roster_is_drift_until_the_access_is_gone() {
    let roster = "version: 1\norganisation: acme\nplatform: grx\nusers:\n  ada: { name: Ada, email: ada@acme.example, roles: [account-administrator] }\n  bob: { name: Bob, email: bob@acme.example, roles: [account-administrator] }\n";
    let project = Project::with_roster(roster);
    project.run("apply --yes").exits(0);
    project.run("portal accept --all").exits(0);
    project.run("drift").exits(0);
    project.sql("UPDATE person SET external_id = NULL, applied_name = NULL WHERE external_id = 'acme/bob'");
    project.edit(
        "rosters/acme.yaml",
        "  bob: { name: Bob, email: bob@acme.example, roles: [account-administrator] }\n",
        "",
    );
    assert!(project.run("plan --format json").exits(0).rules().contains(&"grx/unmanaged".to_owned()));
    project.run("drift").exits(2).says("in no roster").says("bob@acme.example");
    project.run("accept bob@acme.example --dry-run").exits(0);
    project.sql("UPDATE person SET state = 'deactivated' WHERE email = 'bob@acme.example'");
    project.run("drift").exits(0).never_says("grx/unmanaged");
}

#[test]
fn an_export_says_which_service_its_roles_tell_of() {
    let roster = "version: 1\norganisation: acme\nplatform: grx\nprofile: { services: [customer] }\nusers:\n  ada: { name: Ada, email: ada@acme.example, roles: [account-administrator] }\n  theo: { name: Theo, email: theo@acme.example, roles: [third-party-portfolio-manager] }\n";
    let project = Project::with_roster(roster);
    project.run("apply --yes").exits(0);
    project.run("portal accept --all").exits(0);
    let exported = project.run("export").exits(0).says("services: [customer] # somebody holds a role");
    assert_eq!(project.run("export --format json").exits(0).json()["profile"], json!({ "services": ["customer"] }));
    project.write("rosters/acme.yaml", exported.stdout);
    project.run("validate").exits(0);
    project.run("drift").exits(0);
    project.run("fmt --check").exits(0);
}
