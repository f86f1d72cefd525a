//! The order of steps: none opens a rule that another order keeps.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rosterctl::document::roster::EntryType;
use rosterctl::document::workspace::Removal;
use rosterctl::plan::Options;
use rosterctl::plan::diff::diff;

use crate::oracle::{Oracle, opened};
use crate::platforms::PLATFORMS;
use crate::portal::{Portal, carry_out, renamed};
use crate::scene::{Raw, Scene, has_finding, planned, scene, someone};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_step_opens_a_rule_that_another_order_keeps(scene in scene()) {
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let found = diff(&organisation, &live, scene.prune, Removal::Deactivate);
        prop_assume!((2..=6).contains(&found.deltas.len()));
        let document = planned(&organisation, &live, &scene.options());
        let renamed = renamed(&document);
        let oracle = Oracle {
            organisation: &organisation,
            levels: scene.levels(),
            deltas: &found.deltas,
            start: Portal::new(&live, &renamed),
            renamed,
        };
        let best = oracle.best();
        if has_finding(&document, "plan/circular") {
            prop_assert_eq!(best, None, "an order was there: {:?}", best);
            return Ok(());
        }
        let start = oracle.broken(&oracle.start);
        let mut before = start.clone();
        // What was broken before the plan began counts for what is said, not for what is judged.
        let (mut truth, mut fresh) = (Vec::new(), Vec::new());
        carry_out(&document, &platform, &live, |_, portal| {
            let after = oracle.broken(portal);
            truth.push(opened(&platform, &before, &after));
            fresh.push(opened(&platform, &(&before | &start), &after));
            before = after;
        })?;
        prop_assume!(!has_finding(&document, "roster/duplicate-email"));
        for (step, truth) in document.steps.iter().zip(&truth) {
            let (said, is): (BTreeSet<&str>, BTreeSet<&str>) =
                (step.opens.iter().map(String::as_str).collect(), truth.iter().map(|(rule, _)| rule.as_str()).collect());
            prop_assert_eq!(said, is, "what step {} opens is not what it says", step.id);
        }
        let Some((wrong, total)) = best else { return Ok(()) };
        let all: Vec<&(String, bool)> = fresh.iter().flatten().collect();
        let shown = || document.steps.iter().map(|step| format!("{} {} {} {:?}\n", step.id, step.action.as_str(), step.key, step.opens)).collect::<String>();
        if wrong == 0 {
            prop_assert!(all.iter().all(|(_, allowed)| *allowed), "an order opens nothing forbidden\n{}", shown());
        }
        if total == 0 {
            prop_assert!(all.is_empty(), "an order opens nothing at all\n{}", shown());
        }
    }
}

#[test]
fn exchanged_roles_are_given_before_they_are_taken() {
    let platform = &PLATFORMS[2];
    let side = |ada: &[&str], ben: &[&str]| Raw {
        people: vec![someone(0, ada, platform), someone(1, ben, platform), someone(2, &["dpo"], platform)],
        groups: Vec::new(),
    };
    let scene = Scene {
        platform: 2,
        live: side(&["technical"], &["commercial"]),
        wanted: side(&["commercial"], &["technical"]),
        managed: [true, true, false],
        strict: [false; 3],
        prune: false,
    };
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
    let scene =
        Scene { platform: 1, live: side(0), wanted: side(1), managed: [true; 3], strict: [false; 3], prune: false };
    let refused = planned(&scene.organisation(), &scene.live(), &Options { allow_open: Vec::new(), ..scene.options() });
    let rules: Vec<&str> = refused.errors().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["strict/commercial-count"]);
    let allowed = Options { allow_open: vec!["strict/commercial-count".to_owned()], ..scene.options() };
    assert_eq!(planned(&scene.organisation(), &scene.live(), &allowed).errors().count(), 0);
}
