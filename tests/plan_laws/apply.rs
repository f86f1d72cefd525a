//! Plans carried out on a real portal: it takes every step, and then there is nothing left to do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rosterctl::apply::{ApprovedPlan, Ended};
use rosterctl::live::{Author, Embedded, Read, Resource};
use rosterctl::model::Organisation;
use rosterctl::plan::Options;
use rosterctl::plan::document::PlanDocument;
use rosterctl::platform::State;

use crate::common::portal::wait;
use crate::platforms::LIFELONG;
use crate::portal::carry_out;
use crate::scene::{Scene, has_finding, planned, scene_on};

/// Plans against a real portal and carries it out; gives the plan and how its steps ended.
fn apply(portal: &Embedded, organisation: &Organisation, options: &Options) -> (PlanDocument, Vec<(u32, Ended)>) {
    let live = wait(portal.read("acme", &organisation.platform)).unwrap();
    let document = planned(organisation, &live, options);
    let platforms = BTreeMap::from([("acme".to_owned(), organisation.platform.clone())]);
    let approved = wait(ApprovedPlan::approve(document.clone(), platforms, portal));
    let approved = approved.unwrap_or_else(|refused| panic!("the plan is refused: {refused:?}\n{document:#?}"));
    let author = Author { name: "laws".to_owned(), actor: None, digest: document.digest.clone() };
    let done = wait(approved.apply(portal, &author, || false, |_, _, _| ()));
    (document, done.steps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_to_a_real_portal_converges(scene in scene_on(0..LIFELONG), strangers in 0..3u32) {
        // A portal creates nobody without access; the life cycle has its own tests.
        let mut scene = scene;
        for side in [&mut scene.live, &mut scene.wanted] {
            side.people.iter_mut().for_each(|person| person.state = State::Active);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        let portal = Embedded::open(&path).unwrap();
        let first = Scene { wanted: scene.live.clone(), managed: [true; 3], ..scene.clone() }.organisation();
        let (document, steps) = apply(&portal, &first, &scene.options());
        prop_assert!(steps.iter().all(|(_, ended)| *ended == Ended::Done), "{:?}\n{:#?}", steps, document.steps);
        if !first.people.is_empty() {
            // Some are known to nobody: their rows are as a person at the portal would have made them.
            let rows = rusqlite::Connection::open(&path).unwrap();
            let forget = "UPDATE person SET external_id = NULL, applied_name = NULL WHERE id <= ?1";
            rows.execute(forget, [strangers]).unwrap();
            rows.execute("UPDATE permission_group SET external_id = NULL, applied_name = NULL WHERE id = 1 AND ?1 = 2", [strangers]).unwrap();
            let rename = "UPDATE person SET groups = trim(replace(',' || groups || ',', ',' || ?1 || ',', ',g-000001,'), ',') WHERE ?2 = 2";
            let renamed = first.groups.first().map(|group| group.id.to_string()).unwrap_or_default();
            if !renamed.is_empty() {
                let first_group = document.steps.iter().find(|step| step.resource == Resource::PermissionGroup).unwrap();
                rows.execute(rename, rusqlite::params![first_group.key, strangers]).unwrap();
            }
        }
        let organisation = scene.organisation();
        let live = wait(portal.read("acme", &organisation.platform)).unwrap();
        let expected = planned(&organisation, &live, &scene.options());
        prop_assume!(!has_finding(&expected, "plan/circular"));
        prop_assume!(!has_finding(&expected, "roster/unknown-group"));
        let end = carry_out(&expected, &organisation.platform, &live, |_, _| ())?;
        prop_assume!(!has_finding(&expected, "roster/duplicate-email"));
        // A group that goes while somebody whom the roster does not manage is in it: only the portal can tell.
        let ids: BTreeSet<&str> = end.groups().map(|(_, group)| group.id.as_str()).collect();
        prop_assume!(end.people().all(|(_, person)| person.groups.iter().all(|group| ids.contains(group.value.as_str()))));
        let (document, steps) = apply(&portal, &organisation, &scene.options());
        prop_assert!(steps.iter().all(|(_, ended)| *ended == Ended::Done), "{:?}\n{:#?}", steps, document.steps);
        let (again, _) = apply(&portal, &organisation, &scene.options());
        prop_assert!(again.steps.is_empty(), "{:#?}", again.steps);
    }
}
