//! GRX: the life of a user and what plans make of a wish, one test for each rule of the domain by its number. Who may do what is in
//! `grx_plans.rs`; where each rule is proved stands in `grx_proof.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use common::grx::{ADMIN, CONTRIBUTOR, only_ada, quotes, without_carl};
use common::{Project, words};
use serde_json::json;

#[test]
fn g4_the_last_administrator_stays_in_the_roster() {
    let project = only_ada();
    project.leaves("ada");
    let finding = project.finds("grx/last-admin", 1);
    quotes(&finding.message);
    assert!(finding.help.contains("give the role `account-administrator`"), "{finding:?}");
    project.run("apply --yes").exits(1);
    project.has_state("ada active account-administrator");
}

#[test]
fn g4_there_is_an_administrator_after_every_step() {
    // The role changes hands: given first, then taken.
    let project = only_ada();
    project.wants("ada", CONTRIBUTOR);
    project.wants("pia", ADMIN);
    assert_eq!(project.steps(), ["update user pia", "update user ada"]);
    assert_eq!(project.planned(0)["steps"][1]["after"], json!([1]), "not tried where the first fails");
    project.apply();
    project.is_settled();
    // An administrator comes back before the only one leaves.
    let project = Project::grx(&[]);
    project.leaves("ben");
    project.apply();
    project.leaves("ada");
    project.wants("ben", ADMIN);
    assert_eq!(project.steps(), ["reactivate user ben", "deactivate user ada"]);
    project.apply();
    project.is_settled();
}

#[test]
fn g4_a_workspace_without_the_rules_meets_the_portal() {
    let levels = "grx/last-admin: off, grx/admin-must-be-active: off, grx/single-admin: off";
    let project =
        only_ada().with_workspace(&format!("version: 1\nrosters: [rosters]\nrules: {{ levels: {{ {levels} }} }}\n"));
    project.leaves("ada");
    project.run("apply --yes").exits(1).says("There must always be at least one user with this role");
    project.has_state("ada active account-administrator");
}

#[test]
fn who_replaces_the_only_administrator_accepts_first() {
    let project = only_ada();
    project.leaves("ada");
    project.wants("zoe", ADMIN);
    let held = |steps: &[&str]| {
        let plan = project.planned(0);
        assert_eq!(words(&plan["steps"]), steps);
        let blocked = &plan["blocked"][0];
        assert_eq!((&blocked["rule"], &plan["summary"]["blocked"]), (&json!("grx/admin-must-be-active"), &json!(1)));
        assert_eq!(words(&json!([blocked["step"]])), ["deactivate user ada"]);
        let message = blocked["message"].as_str().unwrap();
        assert!(message.contains("until `zoe` has accepted the invitation"), "{message}");
    };
    held(&["create user zoe"]);
    project.run("apply --yes").exits(3).says("1 step done");
    held(&[]);
    project.run("apply --yes").exits(3);
    project.has_state("ada active account-administrator");
    project.run("portal accept zoe").exits(0);
    project.lets("zoe", &["deactivate user ada"]);
}

#[test]
fn g54_who_is_invited_is_waited_for() {
    let project = Project::grx(&[]);
    project.wants("nina", CONTRIBUTOR);
    assert_eq!(project.steps(), ["create user nina"]);
    project.apply();
    project.has_state("nina pending assessment-contributor");
    let plan = project.planned(0);
    assert_eq!(words(&plan["steps"]), [""; 0], "nobody can accept for her");
    assert_eq!((&plan["waiting"][0]["person"], &plan["summary"]["waiting"]), (&json!("nina"), &json!(1)));
    project.run("plan --detailed-exitcode").exits(0).says("nina: has not accepted the invitation yet");
    project.run("drift").exits(0).says("no drift");
    assert_eq!(project.run("drift --format json").exits(0).json()["differences"], json!([]));
    // What else is wanted of her is done meanwhile.
    project.wants("nina", "roles: [assessment-contributor, customer-portfolio-manager]");
    project.lets("pia", &["update user nina"]);
    project.has_state("nina pending assessment-contributor,customer-portfolio-manager");
    project.run("portal accept nina").exits(0);
    project.is_settled();
    assert_eq!(project.planned(0)["waiting"], json!([]));
}

#[test]
fn g55_who_is_invited_cannot_be_deactivated() {
    let project = Project::grx(&[("nina", CONTRIBUTOR)]);
    project.turns("nina", "state = 'pending', applied_state = 'pending'");
    project.wants("nina", "status: deactivated");
    let finding = project.finds("grx/pending-no-deactivate", 1);
    quotes(&finding.message);
    assert_eq!(finding.pointer, "/users/nina/status");
    assert!(finding.help.contains("take `nina` out of the roster, which deletes the invitation"), "{finding:?}");
    assert_eq!(words(&project.planned(1)["steps"]), [""; 0]);
    project.run("plan").exits(1).says("nothing can be done about what the errors name").never_says("no changes");
    project.run("drift").exits(1).says("no drift besides what the errors name");
    project.run("apply --yes").exits(1);
    project.has_state("nina pending assessment-contributor");
    // Either way that the help offers.
    project.run("portal accept nina").exits(0);
    project.lets("ada", &["update user nina", "deactivate user nina"]);
}

#[test]
fn g56_who_is_invited_is_deleted_in_one_step() {
    let project = Project::grx(&[]);
    project.wants("nina", CONTRIBUTOR);
    project.apply();
    project.leaves("nina");
    project.lets("ada", &["delete user nina"]);
    assert!(!project.people_live().iter().any(|row| row.starts_with("nina")));
}

#[test]
fn g57_nobody_begins_deactivated() {
    let project = Project::grx(&[]);
    project.wants("nina", "status: deactivated");
    let finding = project.finds("grx/deactivated-was-active", 1);
    quotes(&finding.message);
    assert_eq!(finding.pointer, "/users/nina/status");
    assert!(finding.help.contains("take `nina` out of the roster"), "{finding:?}");
    project.run("apply --yes").exits(1);
    project.wants("nina", CONTRIBUTOR);
    project.apply();
    project.run("portal accept nina").exits(0);
    project.wants("nina", "status: deactivated");
    project.lets("ada", &["update user nina", "deactivate user nina"]);
}

#[test]
fn g59_who_left_and_stays_deactivated_is_not_forgotten() {
    let project = without_carl();
    let finding = project.finds("grx/retention", 0);
    quotes(&finding.message);
    assert_eq!((finding.subject.as_deref(), finding.severity.as_str()), (Some("carl"), "warning"));
    assert!(finding.help.contains("`removal: delete`") && finding.help.contains("status: deactivated"), "{finding:?}");
    project.run("drift").exits(0).says("grx/retention");
    project.run("plan --deny warning").exits(1);
    // Kept on purpose, or deleted.
    let kept = "status: deactivated";
    project.wants("carl", kept);
    project.lets("ada", &["update user carl"]);
    assert_eq!(project.run("plan --format json").exits(0).rules(), [""; 0]);
    project.leaves("carl");
    project.deletes();
    project.lets("ada", &["delete user carl"]);
    assert_eq!(project.run("plan --format json").exits(0).rules(), [""; 0]);
}

#[test]
fn g59_who_was_never_in_a_roster_is_not_forgotten_either() {
    let project = without_carl();
    project.turns("carl", "external_id = NULL");
    quotes(&project.finds("grx/retention", 0).message);
}

#[test]
fn g62_an_active_user_is_deactivated_then_deleted() {
    let project = Project::grx(&[]);
    project.deletes();
    project.leaves("carl");
    let plan = project.planned(0);
    assert_eq!(words(&plan["steps"]), ["deactivate user carl", "delete user carl"]);
    assert_eq!(plan["steps"][1]["after"], json!([1]), "not tried where the first fails");
    // Both by an administrator: the user manager does the one that they may, and says who does the other.
    let plan = project.planned_by("pia").json();
    assert_eq!(words(&plan["steps"]), ["deactivate user carl"]);
    assert_eq!(plan["blocked"][0]["rule"], "grx/who-deletes");
    quotes(plan["blocked"][0]["message"].as_str().unwrap());
    project.run("apply --yes --actor pia").exits(3);
    project.has_state("carl deactivated assessment-contributor");
    project.lets("ada", &["delete user carl"]);
}

#[test]
fn g67_an_invitation_is_shown() {
    let project = Project::grx(&[]);
    project.wants("nina", CONTRIBUTOR);
    assert_eq!(project.planned(0)["steps"][0]["notes"], json!(["an invitation is sent"]));
    project.run("plan").exits(0).says("an invitation is sent");
    project.run("plan --out plan.json").exits(0);
    project.run("apply --yes --plan plan.json").exits(0);
    // The same once more finds the first one, and sends nothing.
    project.run("apply --yes --plan plan.json").exits(1).complains("plan again");
    project.is_settled();
    assert_eq!(project.column("SELECT outcome FROM audit WHERE key = 'nina' AND action = 'create'"), ["done"]);
}

#[test]
fn g68_who_was_here_comes_back() {
    for roles in ["assessment-contributor", ""] {
        let project = without_carl();
        project.turns("carl", &format!("roles = '{roles}'"));
        project.wants("carl", CONTRIBUTOR);
        assert_eq!(project.steps(), ["reactivate user carl"]);
        assert!(project.planned(0)["steps"][0]["notes"].to_string().contains("roles are asserted again"));
        project.lets("ada", &["reactivate user carl"]);
        project.has_state("carl active assessment-contributor");
    }
    // Known by the address, under another id or to nobody yet.
    for id in ["'acme/carl'", "NULL"] {
        let project = without_carl();
        project.turns("carl", &format!("external_id = {id}"));
        project.wants("carl-maes", CONTRIBUTOR);
        project.roster("carl-maes@acme.example", "Carl@acme.example");
        project.lets("ada", &["reactivate user carl-maes"]);
        assert_eq!(project.people_live().len(), 6, "nobody is there twice");
    }
}

#[test]
fn g68_says_once_that_roles_are_asserted_again() {
    let project = without_carl();
    project.wants("carl", CONTRIBUTOR);
    assert_eq!(project.planned(0)["steps"][0]["notes"], json!(["roles are asserted again"]));
}
