//! The life of a user: invited, active, deactivated, gone, and who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rosterctl::document::workspace::Removal;
use rosterctl::live::Live;
use rosterctl::live::object::PersonRecord;
use rosterctl::model::{Organisation, Person};
use rosterctl::plan::Options;
use rosterctl::plan::document::{Action, PlanDocument};
use rosterctl::platform::State;

use crate::platforms::LIFELONG;
use crate::portal::{Portal, handle, states};
use crate::scene::{Scene, planned, scene_on};

/// Rules of the platform that speak of wishes: a roster that breaks them is told so, whatever else is planned.
const WISHES: [&str; 2] = ["life/pending-no-deactivate", "life/was-active"];

/// The states to which an action leads; nothing where there is no way. `None` is a user who is not there.
fn leads(action: Action, from: Option<State>) -> Option<Option<State>> {
    match (action, from) {
        (Action::Create, None) => Some(Some(State::Pending)),
        (Action::Update, Some(state)) => Some(Some(state)),
        (Action::Deactivate, Some(State::Active)) => Some(Some(State::Deactivated)),
        (Action::Reactivate, Some(State::Deactivated)) => Some(Some(State::Active)),
        (Action::Delete, Some(State::Pending | State::Deactivated)) => Some(None),
        _ => None,
    }
}

fn state(person: Option<&Person>) -> Option<State> {
    person.map(|person| person.status.value)
}

fn administrators(organisation: &Organisation, portal: &Portal) -> usize {
    let role = organisation.platform.role("account-administrator").unwrap();
    let active = portal.people().filter(|(_, person)| person.status.value == State::Active);
    active.filter(|(_, person)| person.roles.iter().any(|held| held.role == role)).count()
}

/// Errors but those about wishes that cannot be fulfilled.
fn refused(document: &PlanDocument) -> bool {
    document.errors().any(|finding| !WISHES.contains(&finding.rule.as_str()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_step_is_a_way_of_the_life_cycle(scene in scene_on(LIFELONG..LIFELONG + 1)) {
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.acted());
        let states = states(&document, &platform, &live)?;
        let last_admin_opens = document.errors().any(|finding| ["life/active-admin", "life/last-admin"].contains(&finding.rule.as_str()));
        for (step, around) in document.steps.iter().zip(states.windows(2)) {
            let [before, after] = [&around[0], &around[1]].map(|portal| state(portal.person(&handle(step))));
            prop_assert_eq!(leads(step.action, before), Some(after), "{:?}", step);
            if before == Some(State::Pending) && organisation.person(&step.key).is_some() {
                prop_assert_eq!(step.action, Action::Update, "only they can accept: {:?}", step);
                prop_assert!(step.changes.iter().all(|change| change.field != "status"), "{:?}", step);
            }
            if step.action == Action::Create {
                prop_assert!(step.notes.contains(&"an invitation is sent".to_owned()), "{:?}", step);
            }
            let [before, after] = [&around[0], &around[1]].map(|portal| administrators(&organisation, portal));
            let locked_out = before > 0 && after == 0;
            prop_assert!(!locked_out || scene.lenient || last_admin_opens, "nobody administers after {:?}", step);
        }
    }

    #[test]
    fn who_waits_and_whose_wish_cannot_be_fulfilled_is_told(scene in scene_on(LIFELONG..LIFELONG + 1)) {
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.options());
        prop_assume!(!refused(&document) && document.blocked.is_empty());
        let states = states(&document, &platform, &live)?;
        let (start, end) = (&states[0], &states[states.len() - 1]);
        let findings = |of: &[&str]| -> BTreeMap<&str, &str> {
            let findings = document.diagnostics.iter().filter(|finding| of.contains(&finding.rule.as_str()));
            findings.map(|finding| (finding.subject.as_deref().unwrap(), finding.rule.as_str())).collect()
        };
        let wishes = findings(&WISHES);
        let (mut waiting, mut unfulfilled) = (BTreeSet::new(), BTreeSet::new());
        for wanted in &organisation.people {
            let there = end.people().find(|(handle, person)| end.managed[*handle] && person.id == wanted.id);
            let earlier = there.and_then(|(handle, _)| start.person(handle));
            // Who is invited may be known by an earlier id, or by address only.
            let same = |person: &Person| {
                let address = |person: &Person| person.email.as_ref().map(|email| email.value.to_lowercase());
                let address = address(wanted).is_some_and(|wanted| address(person) == Some(wanted));
                person.id == wanted.id || wanted.previously.contains(&person.id) || address
            };
            let invited = start.people().any(|(_, person)| person.status.value == State::Pending && same(person));
            match (wanted.status.value, state(there.map(|(_, person)| person)), state(earlier)) {
                (State::Active, _, Some(State::Pending)) => drop(waiting.insert(wanted.id.as_str())),
                (State::Deactivated, now @ (None | Some(State::Pending)), _) => {
                    unfulfilled.insert(wanted.id.as_str());
                    let [pending, absent] = WISHES;
                    let said = wishes.get(wanted.id.as_str());
                    prop_assert!(said == Some(&pending) && invited || said == Some(&absent) && now.is_none(), "{:?}", said);
                }
                _ => {}
            }
        }
        prop_assert_eq!(wishes.into_keys().collect::<BTreeSet<&str>>(), unfulfilled);
        let said: BTreeSet<&str> = document.waiting.iter().map(|waiting| waiting.person.as_str()).collect();
        prop_assert_eq!((said.len(), said), (document.waiting.len(), waiting));
        let kept = live.people.iter().filter(|entry| {
            let handle = Some(entry.handle.as_str());
            let taken = document.steps.iter().any(|step| step.handle.as_deref() == handle);
            let left = !taken && organisation.person(&entry.object.id).is_none();
            // Whom nobody manages stays, however far leavers go.
            let stays = scene.removal == Removal::Deactivate || !(entry.managed || scene.prune);
            organisation.managed.users && left && stays && entry.object.status.value == State::Deactivated
        });
        let said = findings(&["life/retention"]).into_keys().collect::<BTreeSet<&str>>();
        prop_assert_eq!(said, kept.map(|entry| entry.object.id.as_str()).collect());
    }

    #[test]
    fn once_everybody_accepts_the_portal_is_as_wanted(scene in scene_on(LIFELONG..LIFELONG + 1)) {
        let (platform, organisation) = (scene.platform(), scene.organisation());
        let options = Options { actor: None, ..scene.acted() };
        let mut live = scene.live();
        let first = live.clone();
        let mut invited = BTreeSet::new();
        for round in 0.. {
            prop_assert!(round < 4, "it does not come to an end");
            let document = planned(&organisation, &live, &options);
            prop_assume!(!refused(&document));
            if document.is_empty() && live.people.iter().all(|entry| entry.object.status.value != State::Pending) {
                break;
            }
            let mut end = states(&document, &platform, &live)?.pop().unwrap();
            for step in document.steps.iter().filter(|step| step.action == Action::Create) {
                prop_assert!(invited.insert(step.key.clone()), "invited twice: {}", step.key);
            }
            end.accept();
            live = end.live();
        }
        converged(&scene, &organisation, &first, &live)?;
    }
}

/// What the roster wants and whom nobody manages is all that is there, and those who left where they are kept.
fn converged(scene: &Scene, organisation: &Organisation, first: &Live, live: &Live) -> Result<(), TestCaseError> {
    let platform = &organisation.platform;
    let mut ours = BTreeSet::new();
    for wanted in &organisation.people {
        let mut found = live.people.iter().filter(|entry| entry.managed && entry.object.id == wanted.id);
        let Some(entry) = found.next() else {
            prop_assert_eq!(wanted.status.value, State::Deactivated, "`{}` is not there", wanted.id);
            continue;
        };
        prop_assert!(found.next().is_none(), "`{}` is there twice", wanted.id);
        ours.insert(&entry.handle);
        let [now, words] = [&entry.object, wanted].map(|person| PersonRecord::of(person, platform));
        prop_assert_eq!((&now.name, &now.roles, &now.status), (&words.name, &words.roles, &words.status));
    }
    for entry in live.people.iter().filter(|entry| !ours.contains(&entry.handle)) {
        let before = first.people.iter().find(|other| other.handle == entry.handle).map(|other| &other.object);
        let left = organisation.managed.users && (entry.managed || scene.prune);
        let (status, kept) = (entry.object.status.value, scene.removal == Removal::Deactivate);
        prop_assert!(!left || kept && status == State::Deactivated, "`{}` left and is {}", entry.object.id, status);
        // Nothing else was done to them, but that whom nobody names may accept.
        let same = before.map(|before| {
            let status = entry.object.status;
            // Whoever leaves gives up roles, so that events fall back.
            let roles = if left { entry.object.roles.clone() } else { before.roles.clone() };
            PersonRecord::of(&Person { status, roles, ..before.clone() }, platform)
                == PersonRecord::of(&entry.object, platform)
        });
        prop_assert_eq!(same, Some(true), "{:?} was {:?}", entry.object, before);
        prop_assert!(left || state(before) != Some(State::Active) || status == State::Active);
    }
    Ok(())
}
