//! Fields that the manifest misspells: noticed before they become changes to everybody.

use serde_json::json;

use crate::common::{ACME, replaced};
use crate::odd::{Pages, manifest};
use crate::world::{World, said, writes};

/// An applied roster, strangers beside it, and a manifest with one part replaced since.
fn misspelt(from: &str, to: &str) -> (World<crate::odd::Odd>, usize) {
    let world = World::applied(Pages::Offset);
    for name in ["s1", "s2"] {
        world.server.portal(|portal| portal.stranger(name));
    }
    let text = replaced(&manifest(Pages::Offset), from, to);
    let line = text.lines().position(|line| line.contains(to)).unwrap() + 1;
    world.manifest(&text);
    let workspace = world.project.read("rosterctl.yaml");
    world.project.write("rosterctl.yaml", replaced(&workspace, "kind: rest,", "kind: rest, platform: arxus,"));
    world.server.heard();
    (world, line)
}

#[test]
fn a_field_that_nobody_has_is_an_error_where_nobody_can_be_without_it() {
    for (from, to, key) in [
        ("name: item.fullName", "name: item.fulName", "fulName"),
        ("name: item.fullName", "name: item['who']", "who"),
        ("name: item.fullName", "name: item.person.name", "person"),
        ("email: item.mail", "email: item.address", "address"),
        ("active: item.state == \"on\"", "active: item.status == \"on\"", "status"),
        ("id: item.pid", "id: item.uid", "uid"),
    ] {
        let (world, line) = misspelt(from, to);
        let before = world.project.read("rosters/acme.yaml");
        for command in [
            "plan",
            "apply --yes --allow-removals 9",
            "drift",
            "accept",
            "accept acme/ada/name",
            "export --organisation acme",
            "target probe",
        ] {
            let ran = world.run(command).ends();
            assert_ne!(ran.code, Some(0), "{to}: {command}: {ran}");
            let all = format!("{ran}").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(all.contains(&format!("portal.yaml, line {line}")), "{to}: {command}: {ran}");
            assert!(all.contains(&format!("the field `{key}`")), "{to}: {command}: {ran}");
        }
        assert_eq!(world.project.read("rosters/acme.yaml"), before, "{to}");
        assert!(writes(&world.server.heard()).is_empty(), "{to}");
        // What was counted with such a manifest is no measure.
        assert!(world.project.read("capabilities/t.yaml").contains("users: 0"), "{to}");
        world.manifest(&manifest(Pages::Offset));
        world.run("apply --yes").exits(0).says("no changes");
    }
}

#[test]
fn what_is_near_to_a_field_is_offered() {
    let (world, _) = misspelt("name: item.fullName", "name: item.fulName");
    world.run("plan").exits(1).says("did you mean `fullName`?");
    let (world, _) = misspelt("name: item.fullName", "name: item.who");
    world.run("plan").exits(1).says("has(item.who)");
}

#[test]
fn an_optional_field_that_nobody_has_is_a_warning_where_nothing_changes_it() {
    let (world, line) = misspelt("phone: item.tel", "phone: item.fon");
    world.run("plan").exits(1).says("nobody could see whether it was kept");
    world.roster(&replaced(ACME, "    phone: \"+32 470 00 00 01\"\n", ""));
    let plan = world.run("plan --format json").exits(0).json();
    let text = plan.to_string();
    assert!(text.contains(&format!("portal.yaml, line {line}")) && text.contains("the field `fon`"), "{plan:#}");
    let ran = world.run("target probe").exits(1);
    assert!(said(&ran).contains("reads the field `fon`"), "{ran}");
}

#[test]
fn what_a_fresh_portal_does_not_have_yet_is_no_mistake() {
    let world = World::odd(Pages::Offset);
    for at in 0..3 {
        world.server.portal(|portal| {
            portal.stranger(&format!("s{at}"));
            portal.people[at]["tel"] = json!("+32 2 555 01 01");
        });
    }
    let plan = world.run("plan --format json").exits(0).json();
    assert!(!plan.to_string().contains("reads the field"), "{plan:#}");
    world.converges_among_strangers();
    // The manifest may say that a field may be missing.
    let has = replaced(&manifest(Pages::Offset), "phone: item.tel", "phone: 'has(item.fon) ? item.fon : null'");
    world.manifest(&has);
    let plan = world.run("plan --format json").exits(0).json();
    assert!(!plan.to_string().contains("reads the field"), "{plan:#}");
}

#[test]
fn the_probe_says_how_many_pages_there_are() {
    let world = World::odd(Pages::Offset);
    for at in 0..12 {
        world.server.portal(|portal| portal.stranger(&format!("s{at}")));
    }
    let ran = world.run("target probe").exits(0);
    let text = said(&ran);
    assert!(text.contains("5 items on the first of 3 pages"), "{ran}");
    assert!(text.contains("there are 12 in all, and it is read until all are there"), "{ran}");
    world.server.portal(|portal| portal.people.truncate(4));
    let ran = world.run("target probe").exits(0);
    assert!(said(&ran).contains("4 items on the only page"), "{ran}");
}
