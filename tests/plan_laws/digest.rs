//! What the digest of a plan stands for, and what makes no difference to it.

use proptest::prelude::*;
use rosterctl::diagnostic::{FileId, Located};
use rosterctl::document::{self, Sources};
use rosterctl::live::Resource;
use rosterctl::live::object::PersonRecord;
use rosterctl::model::{Day, Organisation, Person, Platforms, build};
use rosterctl::plan::diff::diff;
use rosterctl::plan::document::{Action, PlanDocument};
use rosterctl::plan::plan;
use rosterctl::platform::{Platform, Section};

use crate::scene::{Scene, planned, scene, scene_on, target, unique};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1900, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_digest_covers_what_is_done_and_to_what(scene in scene(), pick in any::<prop::sample::Index>()) {
        let (organisation, live) = (scene.organisation(), scene.live());
        let document = planned(&organisation, &live, &scene.options());
        prop_assert_eq!(&document.digest, &planned(&organisation, &live, &scene.options()).digest);
        prop_assert_eq!(&document.digest, &document.digest_now());
        let json = serde_json::to_string(&document).unwrap();
        let read: PlanDocument = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read.digest_now(), &document.digest, "saved and read again");
        let digest = |change: &dyn Fn(&mut PlanDocument)| {
            let mut other = document.clone();
            change(&mut other);
            other.digest_now()
        };
        let elsewhere: [&dyn Fn(&mut PlanDocument); 4] = [
            &|other| other.target.identity.push('x'),
            &|other| other.target.name.push('x'),
            &|other| other.organisations.push("other".to_owned()),
            &|other| other.complete = !other.complete,
        ];
        for change in elsewhere {
            prop_assert_ne!(&digest(change), &document.digest);
        }
        if document.steps.is_empty() {
            return Ok(());
        }
        let at = pick.index(document.steps.len());
        let unread: [&dyn Fn(&mut PlanDocument); 4] = [
            &|other| other.steps[at].notes.push("a remark".to_owned()),
            &|other| other.steps[at].location = None,
            &|other| other.impact = rosterctl::plan::document::Impact::default(),
            &|other| other.unmanaged.clear(),
        ];
        for change in unread {
            prop_assert_eq!(&digest(change), &document.digest);
        }
        let done: [&dyn Fn(&mut PlanDocument); 9] = [
            &|other| other.steps[at].key.push('x'),
            &|other| other.steps[at].organisation.push('x'),
            &|other| other.steps[at].action = if other.steps[at].action == Action::Delete { Action::Update } else { Action::Delete },
            &|other| other.steps[at].resource = match other.steps[at].resource {
                Resource::User => Resource::Contact,
                _ => Resource::User,
            },
            &|other| other.steps[at].handle = Some(other.steps[at].handle.clone().unwrap_or_default() + "x"),
            &|other| other.steps[at].fingerprint = Some(other.steps[at].fingerprint.clone().unwrap_or_default() + "x"),
            &|other| other.steps[at].after.push(99),
            &|other| other.steps[at].opens.push("x/y".to_owned()),
            &|other| {
                other.steps.remove(at);
            },
        ];
        for (number, change) in done.iter().enumerate() {
            prop_assert_ne!(&digest(*change), &document.digest, "change {}", number);
        }
        let changes = document.steps[at].changes.len();
        if changes > 0 {
            prop_assert_ne!(&digest(&|other| other.steps[at].changes[changes - 1].to = "else".into()), &document.digest);
            prop_assert_ne!(&digest(&|other| other.steps[at].changes[changes - 1].from = "else".into()), &document.digest);
        }
        // An object that a step changes is another by now: the plan is another too.
        if let Some(handle) = &document.steps[at].handle {
            let mut moved = live.clone();
            moved.people.iter_mut().filter(|entry| entry.handle == handle.as_str()).for_each(|entry| {
                entry.object.phone = Some(Located::nowhere("+1 555 0100".into()));
            });
            moved.groups.iter_mut().filter(|entry| entry.handle == handle.as_str()).for_each(|entry| {
                entry.object.name.value = "Another name".into();
            });
            prop_assert_ne!(&planned(&organisation, &moved, &scene.options()).digest, &document.digest);
        }
    }
}

/// The roster of a scene as text, its entries and lists in an order that `turn` decides.
fn text(scene: &Scene, turn: usize) -> String {
    let organisation = scene.organisation();
    let platform: &Platform = &organisation.platform;
    let turned = |mut items: Vec<String>| {
        if !items.is_empty() {
            let by = turn % items.len();
            items.rotate_left(by);
        }
        if turn % 2 == 1 {
            items.reverse();
        }
        items
    };
    let list = |items: Vec<String>| format!("[{}]", turned(items).join(", "));
    let entry = |person: &Person| {
        let record = PersonRecord::of(person, platform);
        let mut keys = vec![format!("name: {}", record.name)];
        keys.extend(record.email.map(|email| format!("email: {email}")));
        keys.extend(person.phone.as_ref().map(|phone| format!("phone: {:?}", phone.value.as_str())));
        keys.push(format!("roles: {}", list(record.roles.iter().map(ToString::to_string).collect())));
        if person.section == Section::Users {
            keys.push(format!("groups: {}", list(record.groups.iter().map(ToString::to_string).collect())));
        }
        let attributes = record.attributes.iter().map(|(name, value)| match value.as_array() {
            Some(words) => {
                format!("{name}: {}", list(words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()))
            }
            None => format!("{name}: {value}"),
        });
        keys.push(format!("attributes: {{ {} }}", turned(attributes.collect()).join(", ")));
        format!("  {}: {{ {} }}\n", person.id, turned(keys).join(", "))
    };
    let section = |name: &str, entries: Vec<String>| match entries.is_empty() {
        true => format!("{name}: {{}}\n"),
        false => format!("{name}:\n{}", turned(entries).concat()),
    };
    let groups = organisation.groups.iter().map(|group| {
        let access = group.applications.iter().map(|(application, level, _)| {
            format!("{}: {}", platform[*application].id, platform[*application].levels[level.0 as usize])
        });
        format!(
            "  {}: {{ name: {}, applications: {{ {} }} }}\n",
            group.id,
            group.name.value,
            turned(access.collect()).join(", ")
        )
    });
    let sections = vec![
        section("users", organisation.section(Section::Users).map(entry).collect()),
        section("contacts", organisation.section(Section::Contacts).map(entry).collect()),
        section("permissionGroups", groups.collect()),
    ];
    format!("version: 1\norganisation: acme\nplatform: arxus\n{}", turned(sections).concat())
}

fn read(text: &str) -> (Sources, Organisation) {
    let mut sources = Sources::from_texts([("acme.yaml".to_owned(), text.to_owned())]);
    let (documents, findings) = document::read_rosters(&sources, &[FileId(0)]);
    assert!(findings.is_empty(), "{findings:?}\n{text}");
    let (platforms, findings) = Platforms::load(&documents, &mut sources, std::path::Path::new("."));
    assert!(findings.is_empty(), "{findings:?}\n{text}");
    let mut built = build(documents, &platforms, Day("2026-01-01".parse().unwrap()));
    assert!(built.diagnostics.is_empty(), "{:?}\n{text}", built.diagnostics);
    (sources, built.organisations.remove(0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_entries_means_nothing(scene in scene_on(0..1), turn in 1..50usize) {
        let mut scene = scene;
        scene.managed = [true; 3];
        // A roster has no two groups of one name.
        scene.wanted.groups = unique(&unique(&scene.wanted.groups, |group| group.id), |group| group.name.into());
        let live = scene.live();
        let (one, other) = (read(&text(&scene, 0)), read(&text(&scene, turn)));
        let plans = [&one, &other].map(|(sources, organisation)| {
            let pairs = [(organisation, &live)];
            let (document, _) = plan(&pairs, target(), &scene.options(), sources, &[]);
            let found = diff(organisation, &live, scene.prune, scene.removal, scene.options().today);
            (document, found.deltas.into_iter().map(|delta| (delta.action, delta.resource, delta.key)).collect::<Vec<_>>())
        });
        prop_assert_eq!(&plans[0].1, &plans[1].1);
        prop_assert_eq!(&plans[0].0.digest, &plans[1].0.digest);
        prop_assert_eq!(&plans[0].0.impact, &plans[1].0.impact);
    }
}
