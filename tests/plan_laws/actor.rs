//! The acting person: no step is planned that they may not take in the state that it meets.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rosterctl::live::Object;
use rosterctl::model::Person;
use rosterctl::plan::carried_out;
use rosterctl::plan::document::{Action, Step};
use rosterctl::platform::{Platform, Section, State};

use crate::platforms::LIFELONG;
use crate::portal::{Portal, handle, renamed, states};
use crate::scene::{planned, scene_on};

/// The roles that a person holds, by their ids.
fn roles(platform: &Platform, person: Option<&Person>) -> BTreeSet<String> {
    person.iter().flat_map(|person| &person.roles).map(|held| platform[held.role].id.to_string()).collect()
}

const ADMIN: &str = "account-administrator";
const MANAGER: &str = "platform-user-manager";

/// The permissions that a step needs, as the platform's page says.
fn needs(
    platform: &Platform,
    action: Action,
    before: Option<&Person>,
    after: Option<&Person>,
) -> BTreeSet<&'static str> {
    let (had, has) = (roles(platform, before), roles(platform, after));
    let mut needs = BTreeSet::from([match action {
        Action::Create => "add-user",
        Action::Update => "edit-user",
        Action::Deactivate => "deactivate-user",
        Action::Reactivate => "reactivate-user",
        Action::Delete => "delete-user",
    }]);
    if has.contains(ADMIN) && !had.contains(ADMIN) {
        needs.insert("grant-account-administrator");
    }
    if had.contains(ADMIN) && (!has.contains(ADMIN) || action == Action::Deactivate) {
        needs.insert("revoke-account-administrator");
    }
    if after.is_some() && had != has {
        needs.insert("assign-roles");
    }
    needs
}

/// The roles that give a permission.
fn giving(permission: &str) -> &'static [&'static str] {
    match permission {
        "add-user" | "edit-user" | "deactivate-user" | "assign-roles" => &[ADMIN, MANAGER],
        _ => &[ADMIN],
    }
}

fn able(platform: &Platform, person: &Person, permission: &str) -> bool {
    let held = roles(platform, Some(person));
    person.status.value == State::Active && giving(permission).iter().any(|role| held.contains(*role))
}

/// Whether the acting person may take a step in a state; `start` is the portal before the plan.
fn may(platform: &Platform, start: &Portal, portal: &Portal, actor: &str, step: &Step, after: Option<&Person>) -> bool {
    let me = start
        .people()
        .find(|(handle, person)| *handle == actor || person.id == actor)
        .map(|(handle, _)| handle.clone());
    let before = portal.person(&handle(step));
    let own = me.is_some() && step.handle == me;
    let gives_up = roles(platform, before).contains(ADMIN) && !roles(platform, after).contains(ADMIN);
    if own && (gives_up || [Action::Deactivate, Action::Delete].contains(&step.action)) {
        return false;
    }
    needs(platform, step.action, before, after).into_iter().all(|permission| {
        // Where nobody at all is able, somebody has to begin.
        let somebody = |portal: &Portal| portal.people().any(|(_, person)| able(platform, person, permission));
        let nobody = !somebody(start) && !somebody(portal);
        nobody || me.as_ref().and_then(|me| portal.person(me)).is_some_and(|me| able(platform, me, permission))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_acts_may_take_each_step_and_none_of_the_others(scene in scene_on(LIFELONG..LIFELONG + 1)) {
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.acted());
        let states = states(&document, &platform, &live)?;
        for (step, around) in document.steps.iter().zip(states.windows(2)) {
            let [before, after] = [&around[0], &around[1]].map(|portal| portal.person(&handle(step)));
            let said: BTreeSet<&str> = step.needs.iter().map(String::as_str).collect();
            prop_assert_eq!(said, needs(&platform, step.action, before, after), "{:?}", step);
            if let Some(actor) = scene.actor {
                prop_assert!(may(&platform, &states[0], &around[0], actor, step, after), "{} may not: {:#?}", actor, step);
            }
        }
        let all: BTreeSet<&str> = document.steps.iter().flat_map(|step| &step.needs).map(String::as_str).collect();
        prop_assert_eq!(all, document.needs.iter().map(String::as_str).collect::<BTreeSet<&str>>());
        for blocked in &document.blocked {
            let rule = platform.rule(&blocked.rule);
            prop_assert!(rule.is_some() || blocked.rule == "plan/circular", "{:?} names no rule", blocked);
            let of_actors = rule.is_some_and(|rule| matches!(rule.check, rosterctl::platform::Check::Actor(_)));
            prop_assert!(scene.actor.is_some() || !of_actors, "nobody acts: {:?}", blocked);
            // A step that waits for another is not judged by itself.
            if let Some(actor) = scene.actor.filter(|_| of_actors && !blocked.message.starts_with("waits for")) {
                let end = &states[states.len() - 1];
                let step = &blocked.step;
                let after = (step.action != Action::Delete).then(|| {
                    carried_out(&platform, step.resource, &step.key, end.objects.get(&handle(step)), &step.changes)
                });
                if let Ok(after) = after.transpose() {
                    let after = match &after { Some(Object::Person(person)) => Some(&**person), _ => None };
                    prop_assert!(!may(&platform, &states[0], end, actor, step, after), "{} may: {:#?}", actor, blocked);
                }
            }
        }
    }

    #[test]
    fn who_acts_can_manage_users_when_each_step_comes(scene in scene_on(0..LIFELONG)) {
        let Some(actor) = scene.actor else { return Ok(()) };
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.acted());
        let states = states(&document, &platform, &live)?;
        let renamed = renamed(&document);
        // The groups that give full access, by the words that people use.
        let administers = |portal: &Portal, person: &Person| person.section == Section::Users
            && person.status.value == State::Active
            && portal.groups().any(|(_, group)| {
                let word = renamed.get(group.id.as_str()).map_or(group.id.as_str(), String::as_str);
                let full = group.applications.iter().any(|(application, level, _)| {
                    let application = &platform[*application];
                    application.id == "users-and-permissions" && application.levels[level.0 as usize] == "full"
                });
                full && person.groups.iter().any(|group| group.value == word)
            });
        let new = !states[0].people().any(|(_, person)| administers(&states[0], person));
        let me = live.people.iter().find(|entry| entry.object.section == Section::Users && entry.object.id == actor);
        for (step, portal) in document.steps.iter().zip(&states) {
            let able = me.and_then(|me| portal.person(&me.handle)).is_some_and(|me| administers(portal, me));
            prop_assert!(able || new, "{} may not: {:#?}\nof {:#?}", actor, step, document.steps);
        }
    }
}
