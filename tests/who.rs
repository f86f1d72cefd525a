//! `rosterctl who`: who is notified, may, holds, who somebody is; from the rosters, from what is live, and from both sides
//! of a plan.

mod common;

use common::{ACME, Project, replaced};
use serde_json::{Value as Json, json};

/// A platform on which an invitation must be accepted, an event falls back, and the documentation contradicts itself.
const DESK: &str = r#"version: 1
id: desk
name: Release desk
sections: [users, permissionGroups]
roles:
  admin: { name: Administrator }
  authorizer: { name: Data request authorizer }
  manager: { name: Portfolio manager }
attributes:
  controlGroups: { type: list }
applications:
  vault: { name: Vault, levels: [read, full] }
permissions:
  authorize-release: { roles: [authorizer, admin] }
  answer: { within: { manager: controlGroups } }
  open-vault: { roles: [admin], application: vault, level: full }
  audit: { roles: [admin], when: { size: large } }
events:
  data-request:
    to: [authorizer]
    fallback: [admin]
    disputed:
      manager:
        for: They will receive new requests.
        against: They will only receive alerts.
  weekly: { to: [manager], always: [admin] }
  yearly: { to: [admin], when: { size: large } }
lifecycle:
  transitions:
    - { action: create, from: absent, to: pending, note: an invitation is sent }
    - { action: update, from: pending, to: pending }
    - { action: accept, from: pending, to: active }
    - { action: delete, from: pending, to: absent }
    - { action: update, from: active, to: active }
    - { action: update, from: deactivated, to: deactivated }
    - { action: deactivate, from: active, to: deactivated }
    - { action: reactivate, from: deactivated, to: active }
    - { action: delete, from: deactivated, to: absent }
"#;

/// Ann administers, Bob authorizes, Carl manages.
const TEAM: &str = r#"version: 1
organisation: acme
platform: ../desk.yaml
profile: { size: small }
users:
  ann: { name: Ann Adams, email: ann@acme.example, roles: [admin] }
  bob:
    name: Bob Brown
    email: bob@acme.example
    status: active
    roles: [authorizer]
    groups: [keepers]
  carl:
    name: Carl Clark
    email: carl@acme.example
    roles: [manager]
    attributes: { controlGroups: [privacy, network] }
permissionGroups:
  keepers: { name: Keepers, applications: { vault: full } }
"#;

fn team(text: &str) -> Project {
    Project::with_roster(text).with("desk.yaml", DESK)
}

/// The team on its portal, where everybody has been for long; whoever comes now is invited.
fn on_the_portal() -> Project {
    let project = team(TEAM);
    let invited = "from: absent, to: pending, note: an invitation is sent";
    project.write("desk.yaml", replaced(DESK, invited, "from: absent, to: active"));
    project.run("apply --yes").exits(0);
    project.write("desk.yaml", DESK);
    project
}

fn on_portal(project: &Project, sql: &str) {
    let portal = rusqlite::Connection::open(project.path(".rosterctl/sandbox.db")).expect("the portal");
    portal.execute_batch(sql).expect("a change on the portal");
}

#[track_caller]
fn prints(project: &Project, command: &str, expected: &str) {
    assert_eq!(project.run(command).exits(0).without_complaint().stdout, expected, "{command}");
}

/// The one answer of a command.
#[track_caller]
fn answer(project: &Project, command: &str) -> Json {
    let document = project.run(&format!("{command} --format json")).exits(0).json();
    assert_eq!((&document["version"], document["answers"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    document["answers"][0].clone()
}

fn people(answer: &Json) -> Vec<&str> {
    let people = answer["people"].as_array().expect("people");
    people.iter().map(|one| one["person"].as_str().expect("an id")).collect()
}

// --- reasons

#[test]
fn a_dispute_is_told_with_both_sentences() {
    let project = team(TEAM);
    let expected = "acme: notified of data-request
  bob   Bob Brown, holds authorizer (rosters/acme.yaml:11)
  carl  Carl Clark, disputed: holds manager, of which the platform says both (rosters/acme.yaml:16)
        for: \"They will receive new requests.\"
        against: \"They will only receive alerts.\"
";
    prints(&project, "who notified data-request", expected);
    let answer = answer(&project, "who notified data-request");
    assert_eq!((&answer["people"][0]["certain"], &answer["people"][1]["certain"]), (&json!(true), &json!(false)));
    let quotes = json!({ "for": "They will receive new requests.", "against": "They will only receive alerts." });
    assert_eq!(answer["people"][1]["disputed"], quotes);
    assert_eq!(answer["people"][0].get("disputed"), None);
    assert_eq!(answer["people"][0]["location"]["line"], 11);
    assert_eq!((answer.get("blackHole"), answer.get("note")), (None, None));
}

#[test]
fn a_fallback_is_told_with_its_cause() {
    let project = team(&replaced(TEAM, "    roles: [authorizer]\n", ""));
    let ran = project.run("who notified data-request").exits(0);
    ran.says("  ann   Ann Adams, because nobody holds authorizer, so it falls back to admin (rosters/acme.yaml:6)\n");
    assert_eq!(people(&answer(&project, "who notified data-request")), ["ann", "carl"]);
    let ran = project.run("who notified weekly").exits(0);
    ran.says("  carl  Carl Clark, holds manager").says("  ann   Ann Adams, holds admin, notified whoever else is");
}

#[test]
fn a_black_hole_is_told_in_words() {
    let away = replaced(TEAM, "status: active", "status: deactivated");
    let alone = replaced(&away, "    roles: [manager]\n", "");
    let expected = "acme: nobody is notified of data-request: assigned to bob (deactivated) only; \
                    whether it falls back is not documented\n";
    prints(&team(&alone), "who notified data-request", expected);
    let answer = answer(&team(&alone), "who notified data-request");
    assert_eq!(answer["people"], json!([]));
    assert_eq!(answer["blackHole"][0]["person"], "bob");
    assert_eq!(answer["blackHole"][0]["reason"], "holds authorizer, deactivated");
    assert_eq!(answer["blackHole"][0]["location"]["line"], 11);
    // Where it is disputed whether somebody else is notified, both are told.
    let ran = team(&away).run("who notified data-request").exits(0);
    ran.says("  carl  Carl Clark, disputed").says("  nobody else: assigned to bob (deactivated) only; whether");
    // Whoever is always notified is no black hole.
    let without = answer_of(&replaced(TEAM, "roles: [manager]", "status: deactivated\n    roles: [manager]"));
    assert_eq!((people(&without), without.get("blackHole")), (vec!["ann"], None));
}

fn answer_of(text: &str) -> Json {
    answer(&team(text), "who notified weekly")
}

#[test]
fn holders_without_access_are_marked() {
    let project = team(&replaced(TEAM, "status: active", "status: deactivated"));
    prints(
        &project,
        "who holds authorizer",
        "acme: holding authorizer\n  bob  Bob Brown, holds authorizer, deactivated (rosters/acme.yaml:11)\n",
    );
    assert_eq!(answer(&project, "who holds authorizer")["people"][0]["status"], "deactivated");
    prints(
        &project,
        "who can open-vault",
        "acme: able to do open-vault\n  ann  Ann Adams, holds admin (rosters/acme.yaml:6)\n",
    );
}

#[test]
fn who_can_tells_parts_and_levels_and_why_there_is_nobody() {
    let project = team(TEAM);
    project.run("who can answer").exits(0).says("holds manager, within controlGroups privacy, network only");
    project.run("who can vault:read").exits(0).says("bob").says("in keepers, which gives vault:full");
    project.run("who can audit").exits(0).says("nobody is able to do audit: the permission does not exist");
    project.run("who notified yearly").exits(0).says("nobody is notified of yearly: the event does not arise");
    let empty = team(&replaced(TEAM, "roles: [admin]", "roles: []").replace("groups: [keepers]", "groups: []"));
    let reason = "no active person holds admin, and no active person is in a permission group that gives vault:full";
    prints(&empty, "who can open-vault", &format!("acme: nobody is able to do open-vault: {reason}\n"));
    assert_eq!(answer(&empty, "who can open-vault")["note"], reason);
    prints(&empty, "who holds admin", "acme: nobody is holding admin\n");
    empty.run("who can vault:full").exits(0).says("nobody is able to do vault:full: no active person is in");
}

// --- words

#[test]
fn a_word_of_one_platform_is_answered_there_and_missed_elsewhere() {
    let project = team(TEAM).with("rosters/beta.yaml", &ACME.replace("organisation: acme", "organisation: beta"));
    let ran = project.run("who holds dpo").exits(0);
    ran.says("acme: Release desk has no role `dpo`\n").says("beta: holding dpo\n  dana");
    let document = project.run("who notified data-breach --format json").exits(0).json();
    assert_eq!((&document["answers"][0]["known"], &document["answers"][0]["people"]), (&json!(false), &json!([])));
    assert_eq!(document["answers"][0]["note"], "Release desk has no event `data-breach`");
    assert_eq!((document["answers"][1].get("known"), people(&document["answers"][1])), (None, vec!["dana"]));
    // None knows it: the nearest word of all of them.
    let ran = project.run("who holds authoriser").exits(1);
    ran.complains("none of Arxus customer portal, Release desk has the role `authoriser`").complains("`authorizer`");
    project.run("who notified data-breech").exits(1).complains("`data-breach`");
    project.run("who can vault:ful").exits(1).complains("`vault:full`");
    project.run("who can zzzzzzzz").exits(1).complains("approve-csp-contract").complains("and APPLICATION:LEVEL");
    let ran = project.run("who holds dop --format json").exits(1);
    assert_eq!(ran.json()["error"]["help"], "did you mean `dpo`?");
}

// --- points of view

#[test]
fn standpoints_exclude_each_other() {
    let project = team(TEAM);
    for flags in ["--live --after", "--before --after", "--live --before"] {
        project.run(&format!("who notified weekly {flags}")).exits(64).complains("cannot be used with");
    }
    project.run("who notified weekly --after --target nowhere").exits(64).complains("`nowhere`");
}

#[test]
fn live_answers_from_the_target_and_before_and_after_from_the_plan() {
    let project = on_the_portal();
    project.edit("rosters/acme.yaml", "    roles: [authorizer]\n", "");
    let dora = "users:\n  dora: { name: Dora Dunn, email: dora@acme.example, roles: [authorizer] }\n";
    project.edit("rosters/acme.yaml", "users:\n", dora);
    prints(
        &project,
        "who holds authorizer",
        "acme: holding authorizer\n  dora  Dora Dunn, holds authorizer (rosters/acme.yaml:6)\n",
    );
    prints(
        &project,
        "who holds authorizer --live",
        "acme on sandbox: holding authorizer\n  bob  Bob Brown, holds authorizer\n",
    );
    prints(
        &project,
        "who holds authorizer --before",
        "acme before the plan for sandbox: holding authorizer\n  bob  Bob Brown, holds authorizer\n",
    );
    // Who is only invited is not active yet: the event is lost until Dora accepts.
    prints(
        &project,
        "who holds authorizer --after",
        "acme after the plan for sandbox: holding authorizer\n  \
         dora  Dora Dunn, holds authorizer, pending (rosters/acme.yaml:6)\n",
    );
    let ran = project.run("who notified data-request --after").exits(0);
    ran.says("nobody else: assigned to dora (pending) only").says("carl");
    let document = project.run("who notified data-request --after --format json").exits(0).json();
    assert_eq!((&document["from"], &document["target"]), (&json!("after"), &json!("sandbox")));
    assert_eq!(document["answers"][0]["blackHole"][0]["status"], "pending");
    let live = project.run("who notified data-request --live --format json").exits(0).json();
    assert_eq!((&live["from"], &live["answers"][0]["people"][0]["location"]), (&json!("live"), &Json::Null));
    // Whom no step touches is live, and stands in the roster nevertheless.
    project.run("who notified weekly --after").exits(0).says("carl  Carl Clark, holds manager (rosters/acme.yaml:16)");
}

#[test]
fn both_sides_of_a_plan_agree_with_its_impact() {
    let project = on_the_portal();
    project.edit("rosters/acme.yaml", "    roles: [manager]\n", "    roles: []\n");
    project.edit("rosters/acme.yaml", "bob:\n", "robert:\n    previously: [bob]\n");
    project.edit(
        "rosters/acme.yaml",
        "    status: active\n    roles: [authorizer]\n",
        "    roles: [authorizer, manager]\n",
    );
    let plan = project.run("plan --format json").exits(0).json();
    let notifications = plan["impact"]["notifications"].as_array().expect("notifications");
    assert!(!notifications.is_empty());
    for change in notifications {
        let event = change["event"].as_str().expect("an event");
        for side in ["before", "after"] {
            let answer = answer(&project, &format!("who notified {event} --{side}"));
            assert_eq!(json!(people(&answer)), change[side], "{event} {side}");
        }
    }
}

#[test]
fn after_a_plan_unmanaged_people_are_there_and_leavers_are_not() {
    let project = on_the_portal();
    let sql = "INSERT INTO person (organisation, section, name, email, roles)
        VALUES ('acme', 'users', 'Otto', 'otto@acme.example', 'authorizer');
        UPDATE person SET state = 'deactivated' WHERE email = 'bob@acme.example'";
    on_portal(&project, sql);
    project.edit("rosters/acme.yaml", "  ann: { name: Ann Adams, email: ann@acme.example, roles: [admin] }\n", "");
    project.edit("rosters/acme.yaml", "status: active", "status: deactivated");
    // Ann is active: this life cycle has no way to delete her, so she stays.
    assert_eq!(people(&answer(&project, "who holds admin --after")), ["ann"]);
    let holders = answer(&project, "who holds authorizer --after");
    let states: Vec<_> = holders["people"].as_array().expect("people").iter().map(|one| &one["status"]).collect();
    assert_eq!((people(&holders).len(), states), (2, vec![&json!("deactivated"), &json!("active")]));
    on_portal(&project, "UPDATE person SET state = 'pending' WHERE email = 'ann@acme.example'");
    assert_eq!(people(&answer(&project, "who holds admin --after")), [""; 0]);
    project.run("who notified data-request --live").exits(0).says("Otto, holds authorizer");
    project
        .run("who is otto@acme.example --after")
        .exits(0)
        .says("acme after the plan for sandbox: p-")
        .says("status        active");
}

#[test]
fn renamed_groups_and_recognised_people_have_their_new_names_on_both_sides() {
    let project = on_the_portal();
    project.edit("rosters/acme.yaml", "  keepers: { name", "  guards: { previously: [keepers], name");
    project.edit("rosters/acme.yaml", "[keepers]\n  carl", "[guards]\n  carl");
    on_portal(&project, "UPDATE person SET external_id = NULL WHERE email = 'ann@acme.example'");
    for side in ["--before", "--after"] {
        let ran = project.run(&format!("who can vault:full {side}")).exits(0);
        ran.says("bob").says("in guards, which gives vault:full").never_says("keepers");
        assert_eq!(people(&answer(&project, &format!("who holds admin {side}"))), ["ann"]);
    }
    project.run("who can vault:full --live").exits(0).says("in keepers").never_says("guards");
    assert_ne!(people(&answer(&project, "who holds admin --live")), ["ann"]);
}

#[test]
fn live_needs_no_managed_section_and_a_plan_needs_sound_rosters() {
    let project = on_the_portal();
    let bare = "version: 1\norganisation: acme\nplatform: ../desk.yaml\nprofile: { size: large }\n";
    project.write("rosters/acme.yaml", bare);
    prints(
        &project,
        "who notified yearly --live",
        "acme on sandbox: notified of yearly\n  ann  Ann Adams, holds admin\n",
    );
    project.run("who notified yearly").exits(0).says("nobody");
    assert_eq!(people(&answer(&project, "who holds manager --after")), ["carl"]);
    project.write("rosters/acme.yaml", replaced(TEAM, "[manager]", "[manger]"));
    project.run("who holds manager --live").exits(1).says("carl").complains("the rosters have errors");
    let ran = project.run("who holds manager --after").exits(1);
    ran.says("roster/unknown-role").never_says("carl");
}

#[test]
fn what_cannot_be_understood_is_left_out_and_said() {
    let project = on_the_portal();
    on_portal(&project, "UPDATE person SET roles = 'wizard' WHERE email = 'bob@acme.example'");
    project.run("who holds admin --live -q").exits(1).says("ann").complains("bob").complains("left out");
    let document = project.run("who holds admin --after --format json").exits(1).json();
    assert_eq!((&document["complete"], people(&document["answers"][0])), (&json!(false), vec!["ann"]));
}

// --- is

#[test]
fn who_is_tells_everything_with_its_line() {
    let project = team(TEAM);
    let expected = "acme: bob, Bob Brown (rosters/acme.yaml:7)
  e-mail        bob@acme.example
  section       users
  status        active
  roles         authorizer (rosters/acme.yaml:11)
  groups        keepers (rosters/acme.yaml:12)
  permissions   authorize-release, holds authorizer (rosters/acme.yaml:11)
                open-vault, in keepers, which gives vault:full (rosters/acme.yaml:12)
  applications  vault:full, in keepers, which gives vault:full (rosters/acme.yaml:12)
  events        data-request, holds authorizer (rosters/acme.yaml:11)
";
    prints(&project, "who is bob", expected);
    prints(&project, "who is BOB@acme.example", expected);
    let bob = answer(&project, "who is bob");
    let keys: Vec<&String> = bob.as_object().expect("an object").keys().collect();
    let expected =
        "applications email events location name organisation permissionGroups permissions person roles section status";
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(sorted, expected.split(' ').collect::<Vec<_>>());
    assert_eq!(bob["permissionGroups"][0]["id"], "keepers");
    assert_eq!(bob["permissionGroups"][0]["location"]["pointer"], "/users/bob/groups/0");
    assert_eq!(bob["permissions"][1]["reason"], "in keepers, which gives vault:full");
    assert_eq!(bob["applications"][0]["id"], "vault:full");
    assert_eq!((&bob["events"][0]["id"], &bob["events"][0]["certain"]), (&json!("data-request"), &json!(true)));
    let carl = answer(&project, "who is carl");
    assert_eq!((&carl["events"][0]["certain"], carl["events"][0]["disputed"].is_object()), (&json!(false), true));
    project.run("who is carl").exits(0).says("against: \"They will only receive alerts.\"");
}

#[test]
fn who_is_knows_people_by_earlier_ids_and_says_who_has_no_access() {
    let gone = replaced(TEAM, "    status: active\n", "    status: deactivated\n    previously: [robert]\n");
    let ran = team(&gone).run("who is robert").exits(0);
    ran.says("acme: bob, Bob Brown")
        .says("status        deactivated: neither notified nor able to do anything")
        .says("roles         authorizer")
        .says("permissions   none")
        .says("events        none");
}

#[test]
fn who_is_looks_from_every_standpoint() {
    let project = on_the_portal();
    project.edit("rosters/acme.yaml", "    roles: [authorizer]\n", "    roles: [authorizer, manager]\n");
    let roles = |flag: &str| {
        let person = answer(&project, &format!("who is bob {flag}"));
        person["roles"].as_array().expect("roles").iter().map(|role| role["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(roles("--live"), ["authorizer"]);
    assert_eq!(roles("--before"), ["authorizer"]);
    assert_eq!(roles("--after"), ["authorizer", "manager"]);
    let ran = project.run("who is bob --live").exits(0);
    ran.says("acme on sandbox: bob, Bob Brown\n").never_says("rosters/acme.yaml");
    project.run("who is bob --after").exits(0).says("weekly, holds manager (rosters/acme.yaml:11)");
    project.edit("rosters/acme.yaml", "users:\n", "users:\n  eve: { name: Eve, email: eve@acme.example }\n");
    project.run("who is eve --live").exits(1).complains("nobody here");
    project.run("who is eve --after").exits(0).says("status        pending");
}

#[test]
fn who_is_asks_every_organisation_and_offers_the_nearest_id() {
    let project = team(TEAM).with("rosters/beta.yaml", &ACME.replace("organisation: acme", "organisation: beta"));
    let ran = project.run("who is ada").exits(0);
    ran.says("beta: ada").never_says("acme:");
    let both = project.run("who is ann").exits(0).never_says("beta:");
    both.says("acme: ann");
    let ran = project.run("who is carrl").exits(1);
    ran.complains("nobody here has the id or e-mail address `carrl`").complains("did you mean `carl`?");
    assert_eq!(project.run("who is carrl --format json").exits(1).json()["error"]["help"], "did you mean `carl`?");
    project.run("who is zzzzzzzzz").exits(1).complains("give an id");
    let until = team(&replaced(TEAM, "    status: active\n", "    until: 2026-01-31\n"));
    let ran = until.run("who is bob --as-of 2026-02-01").exits(1);
    ran.complains("`bob` is no longer at acme: the last day was 2026-01-31");
    until.run("who is bob --as-of 2026-01-31").exits(0).says("acme: bob");
}
