//! What a reading and an apply cost in requests.

use serde_json::json;

use crate::common::ACME;
use crate::server::quirks::Quirks;
use crate::server::{Heard, Kind};
use crate::world::{World, crowd, number, second, writes};

/// What a reading asks besides its pages: for each list whether the last page was really the last.
const CONSTANT: usize = 3;

fn fill(world: &World, users: usize, groups: usize) {
    let mut portal = world.server.portal();
    for at in 0..users {
        let mail = format!("s{at}@other.example");
        portal.insert(Kind::User, json!({ "userName": mail, "emails": [{ "value": mail }], "active": true }));
    }
    for at in 0..groups {
        portal.insert(Kind::Group, json!({ "displayName": format!("Group {at}") }));
    }
}

fn pages(number: usize, size: usize) -> usize {
    number.div_ceil(size)
}

#[test]
fn a_reading_costs_as_many_requests_as_there_are_pages() {
    for (users, groups, size) in [(0, 0, 50), (50, 50, 50), (51, 0, 50), (320, 130, 50), (999, 101, 100)] {
        let world = World::probed(Quirks { page_size: size, contacts: false, ..Quirks::default() });
        fill(&world, users, groups);
        world.server.heard();
        world.run("plan").ends();
        let heard = world.server.heard();
        let budget = pages(users, size) + pages(groups, size) + CONSTANT;
        assert!(heard.len() <= budget, "{users} users, {groups} groups: {} requests of {budget}", heard.len());
        assert!(heard.iter().all(|one| one.method == "GET"), "a plan writes nothing");
    }
}

#[test]
fn an_apply_writes_once_for_each_changed_resource() {
    let world = World::probed(Quirks::default());
    world.roster(&crowd(30));
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    assert_eq!(number(&heard, "POST", "/Users"), 31);
    assert_eq!(number(&heard, "POST", "/Contacts"), 2);
    assert_eq!(number(&heard, "POST", "/Groups"), 1);
    assert_eq!(number(&heard, "PATCH", "/Groups"), 1, "all members in one request");
    assert_eq!(writes(&heard).len(), 31 + 2 + 1 + 1);
    world.settled();

    // Three change, and only they are written, each once.
    let roster = crowd(30).replace("name: User 7,", "name: User Seven,").replace("name: User 8,", "name: User Eight,");
    world.roster(&roster.replace("Dana Kowalska", "Dana Kowalski"));
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    assert_eq!(writes(&heard).len(), 3, "{:#?}", writes(&heard));
    world.settled();
}

#[test]
fn members_cost_a_request_for_each_piece() {
    let world = World::probed(Quirks { member_limit: (100, 400), page_size: 200, ..Quirks::default() });
    world.roster(&crowd(249));
    world.server.heard();
    world.run("apply --yes").exits(0);
    assert_eq!(number(&world.server.heard(), "PATCH", "/Groups"), 3);
    assert_eq!(world.members("IT operations").len(), 250);
}

#[test]
fn an_apply_without_changes_writes_nothing_and_reads_once() {
    let world = World::applied(Quirks { page_size: 10, ..Quirks::default() });
    world.roster(&crowd(40));
    world.converges();
    world.server.heard();
    world.run("apply --yes").exits(0).says("no changes");
    let heard = world.server.heard();
    assert!(writes(&heard).is_empty());
    assert!(heard.len() <= pages(41, 10) + pages(1, 10) + pages(2, 10) + CONSTANT, "{} requests", heard.len());
}

#[test]
fn an_apply_reads_the_portal_twice_and_each_changed_resource_once_more() {
    let world = World::applied(Quirks::default());
    world.roster(&second());
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    let lists = heard.iter().filter(|one: &&Heard| one.method == "GET" && one.path.matches('/').count() == 1).count();
    assert!(lists <= 2 * (3 + CONSTANT), "{heard:#?}");
    let written = writes(&heard);
    assert!(written.len() <= 8, "{written:#?}");
    let looks = heard.iter().filter(|one| one.method == "GET" && one.path.matches('/').count() == 2).count();
    assert!(looks <= 2 * written.len(), "{looks} looks at {} writes", written.len());
}

/// Forty rosters for one target.
fn forty(world: &World) {
    for number in 0..40 {
        let name = format!("org{number:02}");
        let roster = ACME
            .replace("organisation: acme", &format!("organisation: {name}"))
            .replace("acme.example", &format!("{name}.example"));
        world.project.write(&format!("rosters/{name}.yaml"), roster);
    }
    std::fs::remove_file(world.project.path("rosters/acme.yaml")).unwrap();
}

#[test]
fn forty_organisations_on_one_target_are_read_by_one_listing() {
    let world = World::probed(Quirks::default());
    forty(&world);
    world.server.heard();
    let plan = world.run("plan --format json").exits(0).json();
    assert_eq!(plan["organisations"].as_array().unwrap().len(), 40);
    let heard = world.server.heard();
    assert!(heard.len() <= 3 + CONSTANT, "{} requests", heard.len());

    world.run("apply --yes").exits(0);
    assert_eq!((world.server.count(Kind::User), world.server.count(Kind::Contact)), (40, 80));
    world.server.heard();
    world.run("apply --yes").exits(0).says("no changes");
    let heard = world.server.heard();
    assert!(heard.len() <= 3 + CONSTANT && writes(&heard).is_empty(), "{} requests", heard.len());
    // One changes, and nobody else is touched.
    let before = world.server.state();
    let roster = world.project.read("rosters/org07.yaml").replace("Dana Kowalska", "Dana Seven");
    world.project.write("rosters/org07.yaml", roster);
    world.run("apply --yes").exits(0);
    let after = world.server.state();
    let changed: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["externalId"], "org07/dana");
}
