//! Users created several at a time, where that was seen to work and to show what is kept.

use rosterctl::live::scim::capabilities::Seen;

use crate::server::quirks::{Bulk, Quirks};
use crate::server::{Act, Kind};
use crate::world::{World, crowd, number, said, writes};

fn world(bulk: Bulk) -> World {
    World::probed(Quirks { bulk, page_size: 50, ..Quirks::default() })
}

#[test]
fn users_are_created_several_at_a_time_where_the_answer_shows_what_is_kept() {
    let world = world(Bulk::Shows);
    assert!(world.learned().bulk.pays());
    world.roster(&crowd(200));
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    assert_eq!(world.server.count(Kind::User), 201);
    assert_eq!(number(&heard, "POST", "/Users"), 0);
    // Eight connections, all of them busy.
    assert_eq!(number(&heard, "POST", "/Bulk"), 8, "{:#?}", writes(&heard));
    assert_eq!(heard.iter().filter(|one| one.method == "GET" && one.path.starts_with("/Users/")).count(), 0);
    world.settled();
}

#[test]
fn what_only_repeats_or_tells_nothing_is_not_used() {
    for (bulk, create) in [(Bulk::Repeats, Seen::Yes), (Bulk::Silent, Seen::Yes), (Bulk::Absent, Seen::No)] {
        let world = World::probed(Quirks { bulk, drops: &["roles"], echoes: true, ..Quirks::default() });
        let learned = world.learned().bulk;
        assert_eq!((learned.create, learned.pays()), (create, false), "{bulk:?}");
        world.roster(&crowd(9));
        world.server.heard();
        world.run("apply --yes").exits(0);
        assert_eq!(number(&world.server.heard(), "POST", "/Bulk"), 0, "{bulk:?}");
        world.settled();
    }
}

#[test]
fn an_operation_that_the_answer_forgets_is_looked_up_and_nobody_is_made_twice() {
    let world = world(Bulk::Shows);
    world.server.portal().quirks.bulk = Bulk::Forgets;
    world.roster(&crowd(60));
    world.server.heard();
    world.run("apply --yes").exits(0);
    assert_eq!(world.server.count(Kind::User), 61);
    let heard = world.server.heard();
    assert_eq!(number(&heard, "POST", "/Users"), 0, "all were found: {:#?}", writes(&heard));
    world.settled();
}

#[test]
fn a_request_that_is_too_large_is_made_smaller() {
    let world = world(Bulk::Shows);
    world.server.portal().quirks.bulk = Bulk::Small;
    world.roster(&crowd(39));
    world.run("apply --yes").exits(0);
    assert_eq!(world.server.count(Kind::User), 40);
    world.settled();
}

#[test]
fn what_was_learned_and_is_gone_is_done_one_by_one() {
    let world = world(Bulk::Shows);
    world.server.portal().quirks.bulk = Bulk::Absent;
    world.roster(&crowd(20));
    world.run("apply --yes").exits(0);
    assert_eq!(world.server.count(Kind::User), 21);
    world.settled();
}

#[test]
fn an_answer_that_is_lost_is_looked_up_before_anybody_is_created_again() {
    for (act, code) in [
        (Act::DoneThenGone, 0),
        (Act::DoneThen(500), 0),
        (Act::DoneThen(413), 0),
        (Act::DoneThen(400), 0),
        (Act::Gone, 3),
    ] {
        let world = world(Bulk::Shows);
        world.server.hook("POST", "/Bulk", 0, 1, act);
        world.roster(&crowd(40));
        world.server.heard();
        world.run("apply --yes").exits(code);
        // Who may still come is not created again; the next plan sees.
        world.converges();
        assert_eq!(world.server.count(Kind::User), 41);
        assert_eq!(number(&world.server.heard(), "POST", "/Users"), 0);
    }
}

#[test]
fn an_operation_that_is_answered_twice_is_looked_up() {
    let world = world(Bulk::Shows);
    world.server.portal().quirks.bulk = Bulk::Twice;
    world.roster(&crowd(10));
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("the portal has 2 of them now"), "{ran}");
}

#[test]
fn one_who_is_refused_is_told_and_the_others_are_created() {
    let world = world(Bulk::Shows);
    // Somebody else is called so since the plan.
    world.server.hook(
        "POST",
        "/Bulk",
        0,
        1,
        Act::First(Box::new(|portal| {
            let taken = serde_json::json!({ "userName": "u003@acme.example", "active": true });
            portal.insert(Kind::User, taken);
        })),
    );
    world.roster(&crowd(10));
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("has the same user name"), "{ran}");
    assert_eq!(world.server.count(Kind::User), 11, "the ten others and whoever came between");
}
