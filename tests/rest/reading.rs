//! Lists read to their end, or not believed.

use serde_json::json;

use crate::common::ACME;
use crate::odd::{Odd, Oddities, Pages, manifest};
use crate::server::{Act, Reply, json as answer, page};
use crate::world::{World, number, said, writes};

const ALL: [Pages; 6] = [Pages::Offset, Pages::Numbered, Pages::Cursor, Pages::Next, Pages::Link, Pages::Whole];

fn strangers(world: &World<Odd>, count: usize) {
    for at in 0..count {
        world.server.portal(|portal| portal.stranger(&format!("s{at}")));
    }
}

/// Somebody who left the roster, so that there is something to remove.
fn somebody_leaves(world: &World<Odd>) {
    let ben = "  ben: { name: Ben Other, email: ben@acme.example, groups: [it-operations] }\n";
    world.roster(&ACME.replace("contacts:\n", &format!("{ben}contacts:\n")));
    world.run("apply --yes --allow-grants 9").exits(0);
    world.roster(ACME);
}

#[test]
fn every_manner_of_paging_is_followed_to_its_end() {
    for pages in ALL {
        let world = World::odd(pages);
        strangers(&world, 23);
        world.run("apply --yes --allow-grants 99").exits(0);
        let plan = world.run("plan --format json").exits(0).json();
        assert_eq!((&plan["complete"], plan["unmanaged"].as_array().unwrap().len()), (&json!(true), 23), "{pages:?}");
        assert_eq!(plan["summary"]["unchanged"], 4, "{pages:?}");
    }
}

#[test]
fn a_reading_costs_as_many_requests_as_there_are_pages() {
    for pages in ALL {
        for people in [0, 5, 23] {
            let world = World::odd(pages);
            strangers(&world, people);
            world.server.heard();
            world.run("plan").ends();
            let heard = world.server.heard();
            let wanted = if pages == Pages::Whole { 2 } else { people.div_ceil(5).max(1) + 1 };
            // An empty page ends the list where pages are numbered.
            let most = wanted + if pages == Pages::Numbered { 2 } else { 0 };
            assert!((wanted..=most).contains(&heard.len()), "{pages:?} {people}: {} requests", heard.len());
            assert!(writes(&heard).is_empty());
        }
    }
}

#[test]
fn a_list_that_is_not_whole_removes_nobody() {
    let odd = |pages| {
        let mut all = vec![
            ("more announced", Oddities { off_by: 1, ..Oddities::default() }),
            ("hidden rows", Oddities { hidden: vec!["s3@".to_owned()], ..Oddities::default() }),
        ];
        if pages != Pages::Offset {
            all.push(("fewer announced", Oddities { off_by: -1, ..Oddities::default() }));
            all.push(("no total", Oddities { silent: true, ..Oddities::default() }));
        }
        all
    };
    for pages in [Pages::Offset, Pages::Numbered, Pages::Cursor, Pages::Link, Pages::Whole] {
        for (what, oddities) in odd(pages) {
            let world = World::odd(pages);
            strangers(&world, 12);
            somebody_leaves(&world);
            world.server.portal(|portal| portal.odd = oddities.clone());
            world.server.heard();
            let plan = world.run("plan --format json").exits(0).json();
            assert_eq!(plan["complete"], false, "{pages:?}, {what}");
            assert_eq!(plan["summary"]["remove"], 0, "{pages:?}, {what}");
            world.run("apply --yes").ends();
            assert_eq!(number(&world.server.heard(), "DELETE", "/staff"), 0, "{pages:?}, {what}");
            world.server.portal(|portal| portal.odd = Oddities::default());
            world.run("apply --yes").exits(0);
            world.server.portal(|portal| assert!(!json!(portal.people).to_string().contains("ben@acme")));
        }
    }
}

#[test]
fn pages_that_repeat_are_no_list() {
    for pages in [Pages::Offset, Pages::Numbered, Pages::Cursor, Pages::Next, Pages::Link] {
        let world = World::odd(pages);
        strangers(&world, 12);
        world.server.portal(|portal| portal.odd.repeats = true);
        world.server.heard();
        world.run("plan").exits(1).complains("/staff").complains("for ever");
        world.run("apply --yes").exits(1);
        let heard = world.server.heard();
        assert!(heard.len() < 30, "{pages:?}: {} requests", heard.len());
        assert!(writes(&heard).is_empty());
    }
}

#[test]
fn a_list_that_always_brings_somebody_new_is_given_up_and_removes_nobody() {
    for (pages, said) in [
        (Pages::Numbered, "the portal announced 16, and goes on after 1100: its paging has no end"),
        (Pages::Cursor, "the portal announced 16, and goes on after 1100"),
        (Pages::Link, "the portal announced 16, and goes on after 1100"),
        (Pages::Next, "it had 12 when they were counted last, and goes on after 1100"),
    ] {
        let world = World::odd(pages);
        strangers(&world, 12);
        world.manifest(&manifest(pages).replace("size: 5,", "size: 100,"));
        somebody_leaves(&world);
        world.server.portal(|portal| (portal.odd.invents, portal.size) = (true, 100));
        if pages == Pages::Next {
            world.counted("users: 12");
        }
        world.server.heard();
        let plan = world.run("plan --format json").exits(0).json();
        assert!(plan.to_string().contains(said), "{pages:?}: {plan:#}");
        assert_eq!((&plan["complete"], &plan["summary"]["remove"]), (&json!(false), &json!(0)), "{pages:?}");
        assert_eq!(number(&world.server.heard(), "GET", "/staff"), 11, "{pages:?}: it is read once");
        // Who was not seen may be there: nobody is made, and nobody goes.
        world.run("apply --yes --allow-grants 99").ends();
        assert!(writes(&world.server.heard()).is_empty(), "{pages:?}");
    }
}

#[test]
fn what_is_no_list_is_an_error_and_never_an_empty_one() {
    let shapes: [(Reply, &str); 7] = [
        (page(200), "web page"),
        (answer(200, json!({ "found": {} })), "there is no `staff`"),
        (answer(200, json!({ "found": { "staff": null } })), "gives no list"),
        (answer(200, json!({ "oops": "log in first" })), "there is no `found`"),
        (answer(200, json!([])), "items"),
        (answer(401, json!({ "oops": "expired" })), "credentials"),
        (answer(403, json!({ "oops": "not you" })), "may not do this"),
    ];
    for (reply, said) in shapes {
        // On the first page, and in the middle.
        for skip in [0, 2] {
            let world = World::odd(Pages::Offset);
            strangers(&world, 12);
            somebody_leaves(&world);
            world.server.heard();
            world.server.hook("GET", "/staff", skip, 9, Act::Instead(reply.clone()));
            let ran = world.run("plan").exits(1).complains(said);
            // What is no JSON is told with the line that asks for it.
            let place = "the manifest names the path `/staff` in portal.yaml, line 9";
            let all = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(all.contains(place), said == "web page", "{ran}");
            world.run("apply --yes").exits(1);
            assert!(writes(&world.server.heard()).is_empty(), "{said}");
        }
    }
}

#[test]
fn a_portal_that_is_busy_is_asked_again_when_it_says() {
    let world = World::odd(Pages::Offset);
    strangers(&world, 12);
    let busy = answer(429, json!({})).with("Retry-After", 0);
    world.server.hook("GET", "/staff", 1, 2, Act::Instead(busy));
    world.run("plan").exits(0);
    // Another status and another header, as the manifest says.
    let limits = "limits: { later: [403], header: X-Free-At }\nusers:";
    world.manifest(&manifest(Pages::Offset).replacen("users:", limits, 1));
    let busy = answer(403, json!({})).with("X-Free-At", 1_000_000_000);
    world.server.hook("GET", "/staff", 1, 2, Act::Instead(busy.clone()));
    world.run("plan").exits(0);
    world.server.hook("POST", "/staff", 0, 1, Act::Instead(busy));
    world.converges_among_strangers();
}

#[test]
fn a_portal_that_is_suddenly_much_smaller_is_not_believed() {
    let world = World::applied(Pages::Offset);
    strangers(&world, 12);
    world.run("target probe").exits(0).says("15");
    let people = world.server.portal(|portal| std::mem::take(&mut portal.people));
    world.server.heard();
    let ran = world.run("apply --yes").exits(1);
    assert!(format!("{ran}").contains("had 15"), "{ran}");
    assert!(writes(&world.server.heard()).is_empty());
    world.server.portal(|portal| portal.people = people);
    world.run("apply --yes").exits(0).says("no changes");
}

#[test]
fn a_portal_that_shows_nobody_is_not_believed_until_it_is_probed() {
    let world = World::odd(Pages::Offset);
    std::fs::remove_file(world.project.path("capabilities/t.yaml")).unwrap();
    let unbelieved = |arguments: &str, said: &str| {
        world.server.heard();
        let plan = world.run(&format!("plan {arguments} --format json")).exits(1).json();
        let finding = plan["diagnostics"].as_array().unwrap().iter().find(|one| one["rule"] == "plan/shrunk").unwrap();
        assert!(finding["message"].as_str().unwrap().contains(said), "{finding:#}");
        assert!(finding["help"].as_str().unwrap().contains("rosterctl target probe --target t"), "{finding:#}");
        assert_eq!((&plan["steps"], &plan["impact"]["access"]), (&json!([]), &json!([])), "nothing is made of it");
        for command in ["apply --yes", "drift", "export --organisation acme", "accept ada"] {
            let ran = world.run(command).exits(1);
            assert!(!format!("{ran}").contains("no changes"), "{ran}");
        }
        assert!(writes(&world.server.heard()).is_empty());
    };
    unbelieved("", "shows no users and was never probed");
    world.run("target probe").exits(0).says("the portal says that there are 0");
    world.converges();
    // It forgets everything: those who were applied since it was probed are gone.
    let forgotten =
        world.server.portal(|portal| (std::mem::take(&mut portal.people), std::mem::take(&mut portal.teams)));
    unbelieved("", "shows none of the 3 people who were applied to it since it was probed, as the audit trail says");
    // Somebody else who is there does not make it better.
    world.server.portal(|portal| portal.stranger("zoe"));
    unbelieved("--prune", "shows none of the 3 people");
    world.server.portal(|portal| (portal.people, portal.teams) = forgotten);
    world.run("apply --yes").exits(0).says("no changes");
    // Somebody says that it is right so: what was applied before that is no reason for doubt.
    world.server.portal(|portal| (portal.people.clear(), portal.teams.clear()));
    world.run("target probe").exits(0);
    world.converges();
    // Who was deleted by an apply is not missed.
    world.project.edit("rosterctl.yaml", "targets:", "rules: { levels: { arxus/commercial-count: off } }\ntargets:");
    world.roster("version: 1\norganisation: acme\nplatform: arxus\nusers: {}\ncontacts: {}\npermissionGroups: {}\n");
    let open = "--allow-open arxus/actor --allow-open arxus/coverage-after-plan";
    world.run(&format!("apply --yes --allow-removals 9 {open}")).exits(0);
    world.server.portal(|portal| assert_eq!(portal.people.len(), 0));
    assert!(said(&world.run("plan").ends()).contains("no changes"));
}

#[test]
fn what_cannot_be_understood_is_said_and_not_taken_for_nothing() {
    let world = World::applied(Pages::Next);
    world.server.portal(|portal| portal.change("acme/ada", |ada| ada["tags"]["jobs"] = json!("technical")));
    let plan = world.run("plan --format json").exits(0).json();
    assert_eq!(plan["complete"], false);
    assert!(plan.to_string().contains("`roles`: it gives text, and a list is wanted"), "{plan:#}");
    world.server.heard();
    world.run("apply --yes").ends();
    assert!(writes(&world.server.heard()).is_empty());
}

#[test]
fn a_list_without_a_total_is_read_twice_where_people_may_move_between_its_pages() {
    let silent = manifest(Pages::Numbered).replace("total: answer.body.found.count\n    ", "");
    let world = World::odd(Pages::Numbered);
    world.manifest(&silent);
    strangers(&world, 12);
    somebody_leaves(&world);
    // Somebody of the first page goes while the second is read: the next page begins one later than it should.
    fn goes(portal: &mut Odd) {
        portal.people.remove(0);
    }
    world.server.heard();
    world.server.hook("GET", "/staff", 1, 1, Act::First(goes));
    let plan = world.run("plan --format json").exits(0).json();
    assert_eq!((&plan["complete"], &plan["summary"]["remove"]), (&json!(true), &json!(1)), "{plan:#}");
    assert_eq!(plan["summary"]["create"], 0, "nobody is created again");
    let asked = number(&world.server.heard(), "GET", "/staff");
    assert!((12..=15).contains(&asked), "three readings of four pages and an empty one: {asked}");
}
