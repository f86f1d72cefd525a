//! What a plan changes: it leads from what is live to what is wanted, and touches nothing else.

use proptest::prelude::*;
use rosterctl::diagnostic::Located;
use rosterctl::document::workspace::Removal;
use rosterctl::live::object::PersonRecord;
use rosterctl::live::{Live, Object, Resource, Unread};
use rosterctl::model::{Group, Person};
use rosterctl::plan::diff::diff;
use rosterctl::plan::document::Action;
use rosterctl::platform::{Section, State};

use crate::platforms::LIFELONG;
use crate::portal::states;
use crate::scene::{has_finding, planned, scene, scene_on};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1900, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn steps_lead_from_what_is_live_to_what_is_wanted(scene in scene_on(0..LIFELONG)) {
        let (platform, organisation, live) = (scene.platform(), scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.options());
        prop_assume!(!has_finding(&document, "plan/circular") && !has_finding(&document, "plan/lifecycle"));
        let states = states(&document, &platform, &live)?;
        let portal = &states[states.len() - 1];
        let told = has_finding(&document, "roster/duplicate-email");
        prop_assert_eq!(told, portal.email_twice().is_some(), "{:?}", portal.email_twice());
        if told {
            return Ok(());
        }
        for state in &states {
            prop_assert_eq!(state.email_twice(), None, "an address is given before it is free");
            prop_assert_eq!(state.id_twice(), None, "an id is given before it is free");
        }
        for wanted in &organisation.people {
            let found: Vec<_> = portal.people()
                .filter(|(handle, person)| portal.managed[*handle] && person.id == wanted.id && person.section == wanted.section)
                .collect();
            prop_assert_eq!(found.len(), 1, "`{}` is there once", wanted.id);
            let (handle, now) = found[0];
            let earlier = live.people.iter().find(|entry| entry.handle == handle.as_str()).map(|entry| &entry.object);
            let (now, words) = (PersonRecord::of(now, &platform), PersonRecord::of(wanted, &platform));
            let earlier = earlier.map(|earlier| PersonRecord::of(earlier, &platform));
            prop_assert_eq!(
                (&now.name, &now.roles, &now.groups, &now.status),
                (&words.name, &words.roles, &words.groups, &words.status)
            );
            // An earlier id that is nobody's now names the one who is renamed.
            let known = |id: &str| live.people.iter().find(|entry| {
                entry.managed && entry.object.section == wanted.section && entry.object.id == id
            });
            let claimed: Vec<&str> = wanted.previously.iter().map(|id| id.as_str())
                .filter(|id| known(id).is_some() && organisation.entry(wanted.section, id).is_none())
                .filter(|id| organisation.people.iter().filter(|other| other.section == wanted.section
                    && other.previously.iter().any(|other| other == id)).count() == 1)
                .collect();
            match (known(&wanted.id), claimed.as_slice()) {
                (Some(entry), _) => prop_assert_eq!(&entry.handle, handle),
                (None, [id]) => prop_assert_eq!(&known(id).unwrap().handle, handle, "`{}` was renamed from `{}`", wanted.id, id),
                _ => {}
            }
            let kept = |wanted: bool| earlier.clone().filter(|_| !wanted);
            let email = kept(wanted.email.is_some()).map_or(words.email, |earlier| earlier.email);
            let phone = kept(wanted.phone.is_some()).map_or(words.phone, |earlier| earlier.phone);
            prop_assert_eq!((&now.email, &now.phone), (&email, &phone));
            let mut attributes = earlier.map(|earlier| earlier.attributes).unwrap_or_default();
            attributes.extend(words.attributes);
            prop_assert_eq!(&now.attributes, &attributes);
        }
        for wanted in &organisation.groups {
            let found: Vec<_> = portal.groups().filter(|(_, group)| group.id == wanted.id).collect();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!((&found[0].1.name, &found[0].1.applications), (&wanted.name, &wanted.applications));
        }
        let taken_over = |handle: &str| document.steps.iter().any(|step| step.handle.as_deref() == Some(handle) && step.action != Action::Delete);
        let entries = live.people.iter().map(|entry| (&entry.handle, entry.managed, entry.object.section));
        let entries = entries.chain(live.groups.iter().map(|entry| (&entry.handle, entry.managed, Section::PermissionGroups)));
        for (handle, managed, section) in entries {
            let (before, after) = (&states[0].objects[handle.as_str()], portal.objects.get(handle.as_str()));
            if !organisation.managed.has(section) && !taken_over(handle) {
                prop_assert_eq!(after, Some(before), "{} is not managed and was touched", section);
            }
            if !managed && !scene.prune && !taken_over(handle) {
                prop_assert_eq!(after, Some(before), "`{}` is unmanaged and was touched", handle);
            }
            if managed && organisation.managed.has(section) && after.is_some() {
                let wanted = match &portal.objects[handle.as_str()] {
                    // Who left is deactivated, where the platform has that and no more is asked for.
                    Object::Person(person) if person.status.value == State::Deactivated && scene.removal == Removal::Deactivate => true,
                    Object::Person(person) => organisation.entry(person.section, &person.id).is_some(),
                    Object::Group(group) => organisation.group(&group.id).is_some(),
                };
                prop_assert!(wanted, "`{}` left the roster and is still there", handle);
            }
        }
        let second = planned(&organisation, &portal.live(), &scene.options());
        prop_assert!(second.steps.is_empty(), "a second plan has steps: {:#?}", second.steps);
    }

    #[test]
    fn nothing_is_to_do_where_live_is_as_wanted(scene in scene()) {
        let mut scene = scene;
        scene.live = scene.wanted.clone();
        scene.managed = [true; 3];
        scene.live.people.iter_mut().for_each(|person| person.managed = true);
        scene.live.groups.iter_mut().for_each(|group| group.managed = true);
        let (organisation, live) = (scene.organisation(), scene.live());
        let same = diff(&organisation, &live, scene.prune, scene.removal, scene.options().today);
        prop_assert!(same.deltas.is_empty() && same.unmanaged.is_empty(), "{:#?}", same.deltas);
        prop_assert_eq!(same.unchanged, organisation.people.len() + organisation.groups.len());
    }

    #[test]
    fn an_incomplete_reading_removes_nothing(scene in scene(), missing in 1..4usize) {
        let (organisation, mut live) = (scene.organisation(), scene.live());
        live.proof.announced += missing;
        let document = planned(&organisation, &live, &scene.options());
        prop_assert!(document.steps.iter().all(|step| step.action != Action::Delete));
        prop_assert!(!document.complete && has_finding(&document, "plan/incomplete"));
    }

    #[test]
    fn what_cannot_be_understood_is_not_made_twice(scene in scene(), broken in prop::collection::vec(any::<bool>(), 16)) {
        let (organisation, mut live) = (scene.organisation(), scene.live());
        let mut broken = broken.into_iter().cycle();
        let unread = |handle: &str, resource, managed: bool, id: &str, name: &str, email: Option<&Located<_>>| Unread {
            handle: handle.into(), resource: Some(resource), id: managed.then(|| id.into()), name: Some(name.into()),
            email: email.map(|email: &Located<smol_str::SmolStr>| email.value.clone()), reason: "unknown role".to_owned(),
        };
        let Live { people, groups, unread: found, .. } = &mut live;
        people.retain(|entry| broken.next() == Some(false) || {
            let Person { id, section, name, email, .. } = &entry.object;
            found.push(unread(&entry.handle, Resource::from(*section), entry.managed, id, &name.value, email.as_ref()));
            false
        });
        groups.retain(|entry| broken.next() == Some(false) || {
            let Group { id, name, .. } = &entry.object;
            found.push(unread(&entry.handle, Resource::PermissionGroup, entry.managed, id, &name.value, None));
            false
        });
        live.proof.read -= live.unread.len();
        let document = planned(&organisation, &live, &scene.options());
        let findings = document.diagnostics.iter().filter(|finding| finding.rule == "plan/unreadable").count();
        prop_assert_eq!(findings, live.unread.len());
        for step in &document.steps {
            prop_assert!(!step.changes.is_empty(), "a step without changes: {:?}", step);
            prop_assert!(step.action != Action::Delete || live.unread.is_empty(), "{:?}", step);
            let group = step.resource == Resource::PermissionGroup;
            let email = step.changes.iter().find(|change| change.field == "email").and_then(|change| change.to.as_str());
            for unread in live.unread.iter().filter(|unread| unread.is_group() == group) {
                let made_again = step.action == Action::Create && unread.id.as_deref() == Some(step.key.as_str());
                prop_assert!(!made_again, "{:?} is {:?}", step, unread);
                let same = unread.email.as_deref().zip(email).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
                prop_assert!(!same, "{:?} takes the address of {:?}", step, unread);
            }
        }
    }
}
