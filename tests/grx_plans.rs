//! GRX: who may do what in a plan, one test for each rule of the domain by its number. What becomes of a wish by the
//! state of a person is in `grx_life.rs`, what is live in `grx_live.rs`; where each rule is proved stands in `grx_proof.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use common::grx::{ADMIN, CONTRIBUTOR, MANAGER, quotes};
use common::{Finding, Project, words};
use serde_json::json;

const TOKEN: &str = "attributes: { apiToken: true }";

/// The team with what the roster wants of one person more, or of another.
fn wanting(id: &str, rest: &str) -> Project {
    let project = Project::grx(&[]);
    project.wants(id, rest);
    project
}

/// The team with one person out of the roster.
fn leaving(id: &str) -> Project {
    let project = Project::grx(&[]);
    project.leaves(id);
    project
}

/// The warning of a rule in a plan by somebody, where there is one. It quotes the platform.
#[track_caller]
fn warning(project: &Project, actor: &str, rule: &str) -> Option<Finding> {
    let finding = project.planned_by(actor).findings().into_iter().find(|finding| finding.rule == rule)?;
    assert_eq!(finding.severity, "warning", "{finding:?}");
    quotes(&finding.message);
    Some(finding)
}

#[test]
fn g7_only_an_administrator_makes_an_administrator() {
    let able = ["`olga`", "needs an account administrator: ada or ben"];
    let project = wanting("carl", "roles: [assessment-contributor, account-administrator]");
    project.blocks("olga", "update user carl", "grx/grant-admin", &able);
    project.lets("ben", &["update user carl"]);
    let project = wanting("nina", ADMIN);
    project.blocks("olga", "create user nina", "grx/grant-admin", &able);
    project.lets("ada", &["create user nina"]);
}

#[test]
fn g8_only_an_administrator_takes_the_role_away() {
    let project = wanting("ben", CONTRIBUTOR);
    project.blocks(
        "olga",
        "update user ben",
        "grx/revoke-admin",
        &["`olga`", "`ben`", "an account administrator: ada"],
    );
    project.lets("ada", &["update user ben"]);
}

#[test]
fn g8_who_loses_the_role_is_not_named_as_who_could_take_it() {
    for (project, step, rule) in [
        (wanting("ben", CONTRIBUTOR), "update user ben", "grx/revoke-admin"),
        (leaving("ben"), "deactivate user ben", "grx/revoke-admin"),
    ] {
        let message = project.forbids("olga", &[step], rule).remove(0);
        assert!(message.contains("ada") && !message.contains("or ben"), "{message}");
    }
}

#[test]
fn g9_nobody_takes_the_role_from_themselves() {
    let different = ["`ben`", "needs a different account administrator: ada"];
    wanting("ben", CONTRIBUTOR).blocks("ben", "update user ben", "grx/self-revoke", &different);
    // Not even together with the replacement, who is there only once the rest is done.
    let project = Project::grx(&[("ben", CONTRIBUTOR)]);
    project.wants("ada", CONTRIBUTOR);
    project.wants("pia", ADMIN);
    let plan = project.planned_by("ada").json();
    assert_eq!(words(&plan["steps"]), ["update user pia"]);
    assert_eq!(plan["blocked"][0]["rule"], "grx/self-revoke");
    project.run("apply --yes --actor ada").exits(3);
    project.lets("pia", &["update user ada"]);
}

#[test]
fn g9_names_whom_the_plan_makes_an_administrator() {
    let project = Project::grx(&[("ben", CONTRIBUTOR)]);
    project.wants("ada", CONTRIBUTOR);
    project.wants("pia", ADMIN);
    let plan = project.planned_by("ada").json();
    let message = plan["blocked"][0]["message"].as_str().unwrap();
    assert!(message.contains("a different account administrator") && message.contains("pia"), "{message}");
    assert!(!message.contains("nobody else"), "{message}");
}

#[test]
fn g10_another_administrator_can_always_take_it() {
    let project = wanting("ben", CONTRIBUTOR);
    let blocked = project.forbids("ben", &["update user ben"], "grx/self-revoke").remove(0);
    assert!(blocked.ends_with("; it needs a different account administrator: ada"), "{blocked}");
    project.lets("ada", &["update user ben"]);
    assert!(project.people_live().contains(&"ada active account-administrator".to_owned()));
}

#[test]
fn g11_nobody_removes_their_own_account() {
    let different = ["`ben`", "needs a different account administrator: ada"];
    let project = leaving("ben");
    project.blocks("ben", "deactivate user ben", "grx/self-removal", &different);
    project.lets("ada", &["deactivate user ben"]);
    let project = wanting("pia", "status: deactivated, roles: [platform-user-manager]");
    project.blocks("pia", "deactivate user pia", "grx/self-removal", &["`pia`", "deactivate-user", "ada or ben"]);
    let project = leaving("ben");
    project.deletes();
    project.forbids("ben", &["deactivate user ben", "delete user ben"], "grx/self-removal");
    project.lets("ada", &["deactivate user ben", "delete user ben"]);
}

#[test]
fn g17_a_user_manager_adds_users() {
    wanting("nina", CONTRIBUTOR).lets("pia", &["create user nina"]);
}

#[test]
fn g18_a_user_manager_deactivates_users() {
    leaving("carl").lets("pia", &["deactivate user carl"]);
    let project = wanting("carl", "status: deactivated");
    project.lets("pia", &["update user carl", "deactivate user carl"]);
    assert!(project.people_live().contains(&"carl deactivated".to_owned()));
}

#[test]
fn g19_a_user_manager_edits_users_and_their_roles() {
    wanting("carl", "roles: [assessment-contributor, customer-portfolio-manager]").lets("pia", &["update user carl"]);
    // Of an administrator too, whatever is not that role.
    wanting("ben", "phone: \"+32 470 00 00 02\", roles: [account-administrator, assessment-contributor]")
        .lets("pia", &["update user ben"]);
}

#[test]
fn g20_a_user_manager_assigns_tokens_to_others() {
    let project = wanting("carl", &format!("{CONTRIBUTOR}, {TOKEN}"));
    assert_eq!(warning(&project, "pia", "grx/pum-tokens"), None);
    project.lets("pia", &["update user carl"]);
    let project = wanting("pia", &format!("{MANAGER}, {TOKEN}"));
    let own = warning(&project, "pia", "grx/pum-tokens").unwrap();
    assert_eq!((own.subject.as_deref(), own.path.as_str()), (Some("pia"), "rosters/acme.yaml"));
    assert!(own.help.contains("another platform user manager"), "{own:?}");
    assert_eq!(warning(&project, "ada", "grx/pum-tokens"), None);
    project.lets("pia", &["update user pia"]);
}

#[test]
fn g21_a_user_manager_neither_gives_nor_takes_the_role() {
    let (rule, able) = ("grx/pum-not-admin", ["`pia`", "needs an account administrator: ada"]);
    wanting("nina", ADMIN).blocks("pia", "create user nina", rule, &able);
    wanting("carl", ADMIN).blocks("pia", "update user carl", rule, &able);
    wanting("pia", ADMIN).blocks("pia", "update user pia", rule, &able);
    let project = wanting("ben", CONTRIBUTOR);
    project.blocks("pia", "update user ben", rule, &able);
    project.lets("ada", &["update user ben"]);
}

#[test]
fn g21_holds_as_soon_as_a_step_makes_the_first_administrator() {
    // Nobody on the portal is an administrator, so the user manager may make one; a second one is that one's business.
    let project = Project::grx(&[]);
    project.sql("UPDATE person SET roles = 'assessment-contributor' WHERE roles = 'account-administrator'");
    let plan = project.planned_by("pia").json();
    assert_eq!(words(&plan["steps"]), ["update user ada"], "{plan}");
    assert_eq!(
        (&plan["blocked"][0]["rule"], &plan["blocked"][0]["step"]["key"]),
        (&json!("grx/pum-not-admin"), &json!("ben"))
    );
    assert!(plan["blocked"][0]["message"].as_str().unwrap().ends_with("needs an account administrator: ada"));
}

#[test]
fn g64_who_has_what_is_missing_is_named_though_they_lack_something_else() {
    let project = Project::grx(&[]);
    project.sql("UPDATE person SET roles = 'assessment-contributor' WHERE roles = 'account-administrator'");
    let plan = project.planned_by("olga").json();
    for blocked in plan["blocked"].as_array().unwrap() {
        assert_eq!(blocked["rule"], "grx/who-assigns-roles");
        assert!(
            blocked["message"].as_str().unwrap().ends_with("it needs somebody with `assign-roles`: pia"),
            "{blocked}"
        );
    }
}

#[test]
fn g23_a_user_manager_does_not_deactivate_an_administrator() {
    let rule = "grx/pum-vs-admin-account";
    let able = ["`pia`", "`ben`, an account administrator", "needs an account administrator: ada"];
    let project = leaving("ben");
    project.blocks("pia", "deactivate user ben", rule, &able);
    project.lets("ada", &["deactivate user ben"]);
    wanting("ben", &format!("status: deactivated, {ADMIN}")).blocks("pia", "deactivate user ben", rule, &able);
}

#[test]
fn g24_roles_for_oneself_need_a_second_look() {
    for (actor, roles) in [
        ("pia", "roles: [platform-user-manager, data-request-authorizer]"),
        ("ada", "roles: [account-administrator, assessment-contributor]"),
    ] {
        let project = wanting(actor, roles);
        let own = warning(&project, actor, "grx/self-escalation").unwrap();
        assert!(own.help.contains("let another account administrator or platform user manager"), "{own:?}");
        assert_eq!(own.subject.as_deref(), Some(actor));
        assert_eq!(warning(&project, "ben", "grx/self-escalation"), None, "somebody else looks at it");
        project.run(&format!("apply --yes --deny warning --actor {actor}")).exits(1);
        project.lets(actor, &[&format!("update user {actor}")]);
    }
    let fewer = Project::grx(&[("pia", "roles: [platform-user-manager, data-request-authorizer]")]);
    fewer.wants("pia", MANAGER);
    assert_eq!(warning(&fewer, "pia", "grx/self-escalation"), None, "to have less needs nobody's look");
}

#[test]
fn g60_who_deactivates() {
    let project = leaving("carl");
    let able = ["`olga` cannot deactivate `carl`", "somebody with `deactivate-user`", "pia", "ada", "ben"];
    project.blocks("olga", "deactivate user carl", "grx/who-deactivates", &able);
    project.lets("ada", &["deactivate user carl"]);
}

#[test]
fn g61_who_deletes() {
    // Somebody who is pending, and somebody who has been deactivated.
    let project = wanting("nina", CONTRIBUTOR);
    project.run("apply --yes").exits(0);
    project.leaves("nina");
    project.deletes();
    let able = ["`pia` cannot delete", "needs an account administrator: ada or ben"];
    project.blocks("pia", "delete user nina", "grx/who-deletes", &able);
    project.lets("ada", &["delete user nina"]);
    let project = leaving("carl");
    project.run("apply --yes").exits(0);
    project.deletes();
    project.blocks("pia", "delete user carl", "grx/who-deletes", &able);
    project.lets("ada", &["delete user carl"]);
}

#[test]
fn g63_who_reactivates() {
    let project = leaving("carl");
    project.run("apply --yes").exits(0);
    project.wants("carl", CONTRIBUTOR);
    let able = ["`pia` cannot reactivate `carl`", "needs an account administrator: ada or ben"];
    project.blocks("pia", "reactivate user carl", "grx/reactivate", &able);
    project.lets("ada", &["reactivate user carl"]);
}

#[test]
fn g64_who_edits() {
    let edited = "phone: \"+32 470 00 00 05\", roles: [assessment-contributor]";
    for (id, rest, step, rule) in [
        ("carl", edited, "update user carl", "grx/who-edits"),
        ("nina", CONTRIBUTOR, "create user nina", "grx/who-creates"),
        ("carl", "roles: [customer-portfolio-manager]", "update user carl", "grx/who-assigns-roles"),
        ("carl", &format!("{CONTRIBUTOR}, {TOKEN}"), "update user carl", "grx/who-assigns-tokens"),
    ] {
        let project = wanting(id, rest);
        for actor in ["olga", "dana"] {
            project.blocks(actor, step, rule, &[actor, "somebody with `", "pia", "ada", "ben"]);
        }
        project.lets("pia", &[step]);
    }
    // Whom the portal does not know may nothing either, nor who has not accepted or has no access any more.
    let project = wanting("carl", edited);
    project.blocks("zoe", "update user carl", "grx/who-edits", &["the portal has no user `zoe`"]);
    for state in ["pending", "deactivated"] {
        let sql = format!("UPDATE person SET state = '{state}' WHERE external_id = 'acme/ben'");
        project.sql(&sql);
        let plan = project.planned_by("ben").json();
        let blocked = plan["blocked"].as_array().unwrap().iter().find(|one| one["step"]["key"] == "carl").unwrap();
        assert_eq!(blocked["rule"], "grx/who-edits");
        assert!(blocked["message"].as_str().unwrap().ends_with(": pia or ada"), "{blocked}");
    }
}

#[test]
fn g65_an_administrator_edits_themselves() {
    let project = wanting("ada", "phone: \"+32 470 00 00 01\", roles: [account-administrator]");
    assert_eq!(project.planned_by("ada").rules(), [""; 0]);
    project.lets("ada", &["update user ada"]);
    // Their other roles too, which somebody else should look at (G24).
    wanting("ada", "roles: [account-administrator, data-request-authorizer]").lets("ada", &["update user ada"]);
    // It is said of administrators only.
    let project = wanting("olga", "phone: \"+32 470 00 00 04\", roles: [assessment-owner]");
    project.blocks("olga", "update user olga", "grx/who-edits", &["somebody with `edit-user`: pia or ada or ben"]);
}

#[test]
fn without_an_actor_nothing_is_blocked_and_what_is_needed_is_listed() {
    let project = Project::grx(&[]);
    project.wants("ben", &format!("{CONTRIBUTOR}, {TOKEN}"));
    project.wants("nina", ADMIN);
    project.leaves("carl");
    let ran = project.run("plan --format json").exits(0);
    let plan = ran.json();
    assert_eq!(plan["summary"]["blocked"], 0, "{ran}");
    let of = |id: &str| {
        let steps = plan["steps"].as_array().unwrap();
        steps.iter().find(|step| step["key"] == id).unwrap()["needs"].clone()
    };
    assert_eq!(of("carl"), json!(["deactivate-user"]));
    assert_eq!(of("nina"), json!(["grant-account-administrator", "add-user", "assign-roles"]));
    assert_eq!(of("ben"), json!(["revoke-account-administrator", "assign-roles", "assign-api-token", "edit-user"]));
    let all = [
        "add-user",
        "assign-api-token",
        "assign-roles",
        "deactivate-user",
        "edit-user",
        "grant-account-administrator",
        "revoke-account-administrator",
    ];
    assert_eq!(plan["needs"], json!(all));
    project.run("plan").exits(0).says(&format!("whoever applies this needs: {}", all[..3].join(", ")));
}

#[test]
fn the_rest_is_done_and_exit_code_3_says_that_something_remains() {
    let project = Project::grx(&[]);
    project.wants("carl", "phone: \"+32 470 00 00 05\", roles: [assessment-contributor]");
    project.wants("ben", CONTRIBUTOR);
    project.wants("nina", CONTRIBUTOR);
    let ran = project.run("apply --yes --format json --actor pia").exits(3);
    let outcome = ran.json();
    assert_eq!(words(&outcome["plan"]["steps"]), ["create user nina", "update user carl"], "{ran}");
    let results = outcome["steps"].as_array().unwrap().iter().map(|step| step["result"].clone());
    assert_eq!(results.collect::<Vec<_>>(), ["done", "done"]);
    assert_eq!(outcome["plan"]["blocked"][0]["rule"], "grx/pum-not-admin");
    project.blocks("pia", "update user ben", "grx/pum-not-admin", &["`ben`"]);
    project.lets("ada", &["update user ben"]);
}
