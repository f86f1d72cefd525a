//! The order of steps: none opens a rule that another order keeps.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rosterctl::document::roster::EntryType;
use rosterctl::document::workspace::Removal;
use rosterctl::plan::Options;
use rosterctl::plan::diff::{Delta, diff};
use rosterctl::plan::document::Blocked;

use crate::oracle::{Broken, Oracle, kept, opened};
use crate::platforms::{LIFELONG, PLATFORMS};
use crate::portal::{Portal, handle, renamed, states};
use crate::scene::{Raw, RawPerson, Scene, has_finding, planned, scene, scene_on, someone};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1900, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_step_opens_a_rule_that_another_order_keeps(scene in scene()) {
        judge(&scene, &scene.options())?;
    }

    #[test]
    fn what_is_kept_back_leaves_an_order_that_keeps_rules(scene in scene()) {
        judge(&scene, &scene.acted())?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_fails_takes_with_it_whoever_needs_it(scene in scene_on(LIFELONG..LIFELONG + 1), fails in any::<prop::sample::Index>()) {
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.options());
        if document.steps.len() < 2 || has_finding(&document, "roster/duplicate-email") {
            return Ok(());
        }
        let states = states(&document, &platform, &live)?;
        let renamed = renamed(&document);
        let oracle = Oracle { organisation: &organisation, levels: scene.levels(), deltas: Vec::new(), start: states[0].clone(), renamed };
        let failing = document.steps[fails.index(document.steps.len())].id;
        let mut undone = BTreeSet::from([failing]);
        let (mut portal, mut before) = (states[0].clone(), oracle.broken(&states[0]));
        let start = before.clone();
        for (step, state) in document.steps.iter().zip(&states[1..]) {
            if undone.contains(&step.id) || step.after.iter().any(|needed| undone.contains(needed)) {
                undone.insert(step.id);
                continue;
            }
            let handle = handle(step);
            match state.objects.get(&handle) {
                Some(object) => portal.put(&handle, true, object.clone()),
                None => drop(portal.objects.remove(&handle)),
            }
            let after = oracle.broken(&portal);
            let opens = opened(&platform, &states[0], &(&before | &start), &after, portal.person(&handle));
            let new = opens.iter().find(|(rule, allowed)| !allowed && !document.steps.iter().any(|step| step.opens.contains(rule)));
            prop_assert!(new.is_none(), "{:?} by {:#?} where {} fails of {:#?}", new, step, failing, document.steps);
            before = after;
        }
    }
}

/// Tries every order of the steps that a plan kept: it opens a rule only if each of them does, and says so.
fn judge(scene: &Scene, options: &Options) -> Result<(), TestCaseError> {
    let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
    let found = diff(&organisation, &live, scene.prune, scene.removal, scene.options().today);
    prop_assume!((2..=6).contains(&found.deltas.len()));
    let document = planned(&organisation, &live, options);
    let renamed = renamed(&document);
    let start = Portal::new(&live, &renamed);
    let oracle = |deltas: &[Delta]| Oracle {
        organisation: &organisation,
        levels: scene.levels(),
        deltas: deltas.to_vec(),
        start: start.clone(),
        renamed: renamed.clone(),
    };
    let all = oracle(&found.deltas);
    if has_finding(&document, "plan/circular") {
        let best = all.best();
        prop_assert_eq!(best, None, "an order was there: {:?}", best);
        return Ok(());
    }
    prop_assume!(!has_finding(&document, "roster/duplicate-email"));
    let states = states(&document, &platform, &live)?;
    let broken: Vec<Broken> = states.iter().map(|state| all.broken(state)).collect();
    let shown = || {
        document
            .steps
            .iter()
            .map(|step| format!("{} {} {} {:?}\n", step.id, step.action.as_str(), step.key, step.opens))
            .collect::<String>()
    };
    let mut opens = Vec::new();
    for (index, step) in document.steps.iter().enumerate() {
        let person = states[index + 1].person(&handle(step));
        let truth = opened(&platform, &start, &broken[index], &broken[index + 1], person);
        let (said, is): (BTreeSet<&str>, BTreeSet<&str>) =
            (step.opens.iter().map(String::as_str).collect(), truth.iter().map(|(rule, _)| rule.as_str()).collect());
        prop_assert_eq!(said, is, "what step {} opens is not what it says\n{}", step.id, shown());
        // What was broken before the plan began counts for what is said, not for what is judged.
        opens.append(&mut opened(&platform, &start, &(&broken[index] | &broken[0]), &broken[index + 1], person));
    }
    let kept = oracle(&kept(&document, &states));
    if document.blocked.is_empty() {
        prop_assert_eq!(kept.deltas.len(), found.deltas.len());
    }
    if let Some((wrong, total)) = kept.best() {
        prop_assert!(
            wrong > 0 || opens.iter().all(|(_, allowed)| *allowed),
            "an order opens nothing forbidden\n{}",
            shown()
        );
        prop_assert!(total > 0 || opens.is_empty(), "an order opens nothing at all\n{}", shown());
    }
    // Steps wait for an acceptance only where every order of all of them would have opened a rule.
    let waits = |blocked: &&Blocked| blocked.message.starts_with("waits until");
    if let Some(waiting) = document.blocked.iter().find(waits)
        && let Some((_, total)) = all.best()
    {
        prop_assert!(total > 0 || options.actor.is_some(), "{:#?}\n{}", waiting, shown());
    }
    Ok(())
}

#[test]
fn exchanged_roles_are_given_before_they_are_taken() {
    let platform = &PLATFORMS[2];
    let side = |ada: &[&str], ben: &[&str]| Raw {
        people: vec![someone(0, ada, platform), someone(1, ben, platform), someone(2, &["dpo"], platform)],
        groups: Vec::new(),
    };
    let scene = Scene::between(2, side(&["technical"], &["commercial"]), side(&["commercial"], &["technical"]));
    let options = Options { allow_open: Vec::new(), ..scene.options() };
    let document = planned(&scene.organisation(), &scene.live(), &options);
    assert_eq!(document.errors().count(), 0, "{:#?}", document.diagnostics);
    assert_eq!(document.steps.len(), 3, "one of the two is done in halves: {:#?}", document.steps);
    assert!(document.steps.iter().all(|step| step.opens.is_empty()), "{:#?}", document.steps);
    let keys: Vec<&str> = document.steps.iter().map(|step| step.key.as_str()).collect();
    assert_eq!(keys, ["ada", "ben", "ada"]);
    assert_eq!(document.steps[1].after, [1], "what is taken waits for its replacement");
    assert_eq!(document.steps[2].after, [1, 2]);
    assert_eq!(EntryType::Person.as_str(), "person");
}

#[test]
fn where_every_order_opens_a_rule_the_plan_says_so_and_is_refused() {
    let platform = &PLATFORMS[1];
    let side = |holder: usize| Raw {
        people: (0..2)
            .map(|id| someone(id, if id == holder { &["commercial"] } else { &["watchlist"] }, platform))
            .collect(),
        groups: Vec::new(),
    };
    let scene = Scene { managed: [true; 3], ..Scene::between(1, side(0), side(1)) };
    let refused = planned(&scene.organisation(), &scene.live(), &Options { allow_open: Vec::new(), ..scene.options() });
    let rules: Vec<&str> = refused.errors().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["strict/commercial-count"]);
    let allowed = Options { allow_open: vec!["strict/commercial-count".to_owned()], ..scene.options() };
    assert_eq!(planned(&scene.organisation(), &scene.live(), &allowed).errors().count(), 0);
}

#[test]
fn who_takes_over_role_and_address_of_somebody_who_leaves_gets_the_role_first() {
    let platform = &PLATFORMS[LIFELONG];
    let admin: &[&str] = &["account-administrator"];
    let [mut ben, mut eva, mut heir] =
        [someone(1, admin, platform), someone(4, &[], platform), someone(4, admin, platform)];
    (ben.email, eva.email, heir.email) = (Some(1), Some(2), Some(1));
    let side = |people: Vec<RawPerson>| Raw { people, groups: Vec::new() };
    let removal = Removal::Delete;
    let scene = Scene { removal, ..Scene::between(LIFELONG, side(vec![ben, eva]), side(vec![heir])) };
    let document = planned(&scene.organisation(), &scene.live(), &scene.options());
    let steps: Vec<(&str, &str)> =
        document.steps.iter().map(|step| (step.action.as_str(), step.key.as_str())).collect();
    assert_eq!(steps, [("update", "eva"), ("deactivate", "ben"), ("delete", "ben"), ("update", "eva")]);
    assert!(document.steps.iter().all(|step| step.opens.is_empty()), "{:#?}", document.steps);
    assert!(document.steps[0].notes.iter().any(|note| note.contains("address is not free")), "{:#?}", document.steps);
}
