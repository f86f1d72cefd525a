//! Cases that the laws found and that have a name since: on the portal where people are invited.

use rosterctl::document::workspace::Removal;
use rosterctl::plan::Options;
use rosterctl::plan::document::{PlanDocument, Step};
use rosterctl::platform::State;

use crate::platforms::{LIFELONG, PLATFORMS};
use crate::scene::{Raw, RawGroup, RawPerson, Scene, planned, someone};

const OWNER: &[&str] = &["assessment-owner"];
const ADMIN: &[&str] = &["account-administrator"];

/// Somebody on the portal of invitations, or wanted there: a number, the roles, the state.
fn user(id: usize, roles: &[&str], state: State) -> RawPerson {
    RawPerson { state, ..someone(id, roles, &PLATFORMS[LIFELONG]) }
}

/// A plan from what is live to what is wanted, which opens no rule; whoever acts, if anybody.
fn plan(live: Vec<RawPerson>, wanted: Vec<RawPerson>, removal: Removal, actor: Option<&'static str>) -> PlanDocument {
    let [live, wanted] = [live, wanted].map(|people| Raw { people, groups: Vec::new() });
    let scene = Scene { managed: [true, false, false], removal, actor, ..Scene::between(LIFELONG, live, wanted) };
    planned(&scene.organisation(), &scene.live(), &scene.acted())
}

fn word(step: &Step) -> String {
    format!("{} {}", step.action.as_str(), step.key)
}

/// The steps of a plan and those that are held back, as `action key`.
fn words(document: &PlanDocument) -> (Vec<String>, Vec<String>) {
    (document.steps.iter().map(word).collect(), document.blocked.iter().map(|blocked| word(&blocked.step)).collect())
}

#[track_caller]
fn assert_plan(document: &PlanDocument, steps: &[&str], held: &[&str]) {
    let (is, kept_back) = words(document);
    assert_eq!(
        (is, kept_back),
        (steps.iter().map(ToString::to_string).collect(), held.iter().map(ToString::to_string).collect()),
        "{document:#?}"
    );
}

#[test]
fn who_relies_on_a_step_that_may_not_be_taken_stays() {
    // Ben may not delete himself, so he stays invited: nobody would read what Cleo reads.
    let live = vec![user(2, OWNER, State::Active), user(1, OWNER, State::Pending)];
    let document = plan(live, vec![user(2, &[], State::Active)], Removal::Deactivate, Some("ben"));
    assert_plan(&document, &[], &["delete ben", "update cleo"]);
    assert_eq!(document.blocked[1].message, "waits for delete user ben, which may not be taken");
}

#[test]
fn whom_an_invitation_replaces_stays_though_first_to_lose_would_leave_an_event_to_its_fallback() {
    let live = vec![user(0, ADMIN, State::Active), user(1, OWNER, State::Active)];
    let wanted = vec![user(0, ADMIN, State::Active), user(1, &[], State::Active), user(2, OWNER, State::Active)];
    let document = plan(live, wanted, Removal::Deactivate, None);
    assert_plan(&document, &["create cleo"], &["update ben"]);
    assert!(document.blocked[0].message.starts_with("waits until `cleo` has accepted the invitation"), "{document:#?}");
    assert_eq!(document.errors().count(), 0);
}

#[test]
fn an_address_is_free_before_the_roles_that_are_held_until_its_next_owner_accepts() {
    let live = vec![user(5, ADMIN, State::Active)];
    let fay = RawPerson { email: Some(0), ..user(5, &[], State::Active) };
    let ada = RawPerson { email: Some(5), ..user(0, ADMIN, State::Active) };
    let document = plan(live, vec![fay, ada], Removal::Deactivate, None);
    assert_plan(&document, &["update fay", "create ada"], &["update fay"]);
}

#[test]
fn nobody_waits_for_an_invitation_that_waits_for_them() {
    // Ben is to have the address of Ada, who is to have another and the role that only Ben's acceptance would cover.
    let ada = RawPerson { email: Some(1), ..user(0, ADMIN, State::Deactivated) };
    let ben = RawPerson { email: Some(0), ..user(1, ADMIN, State::Active) };
    let document = plan(vec![user(0, &[], State::Active)], vec![ada, ben], Removal::Deactivate, None);
    assert_plan(&document, &["deactivate ada", "update ada", "create ben"], &[]);
    assert_eq!(document.errors().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["life/active-admin"]);
}

#[test]
fn who_reads_an_event_stays_where_it_is_not_taken_from_somebody_deactivated() {
    let live = vec![user(0, OWNER, State::Active), user(3, OWNER, State::Active)];
    let document = plan(live, vec![user(3, &[], State::Active)], Removal::Delete, None);
    assert_plan(&document, &["update dan", "update ada", "deactivate ada", "delete ada"], &[]);
    assert!(document.steps.iter().all(|step| step.opens.is_empty()), "{document:#?}");
}

/// Cleo, who acts, administers through a group that becomes another; of whoever else there is, Dan goes and Eva comes.
fn regrouped(access: [u8; 3]) -> PlanDocument {
    let platform = &PLATFORMS[0];
    let group = |id, access, previously| RawGroup { id, name: 0, access, previously, managed: true };
    let cleo = |groups, phone| RawPerson { groups, phone, ..someone(2, &[], platform) };
    let live = vec![cleo(0b001, None), someone(3, &[], platform)];
    let wanted = vec![cleo(0b010, Some(true)), RawPerson { groups: 0b010, ..someone(4, &[], platform) }];
    let live = Raw { people: live, groups: vec![group(0, [2, 0, 0], None)] };
    let wanted = Raw { people: wanted, groups: vec![group(1, access, Some(0))] };
    let scene = Scene { managed: [true, false, true], ..Scene::between(0, live, wanted) };
    planned(&scene.organisation(), &scene.live(), &Options { actor: Some("cleo".into()), ..scene.options() })
}

#[test]
fn whose_group_has_another_name_may_do_the_same() {
    assert_plan(&regrouped([2, 0, 0]), &["update desk", "create eva", "update cleo", "delete dan"], &[]);
}

#[test]
fn whose_group_gives_less_may_do_less() {
    assert_plan(&regrouped([1, 0, 0]), &["delete dan", "update desk"], &["create eva", "update cleo"]);
}
