//! D1 to D12: what would destroy data if it were trusted.

use serde_json::{Value as Json, json};

use crate::common::{ACME, replaced};
use crate::server::quirks::{
    Errors, Filter, Form, Ids, IfMatch, Pages, Quirks, Shown, Totals, Versions as ServerVersions,
};
use crate::server::{Act, Kind};
use crate::world::{World, crowd, number, said, second, third, without_phone, writes};
use rosterctl::live::scim::capabilities::{MemberChange, MemberReading, Seen, Versions};

/// Somebody whom rosterctl does not manage.
fn stranger(name: &str) -> Json {
    let mail = format!("{name}@acme.example");
    json!({
        "userName": mail, "displayName": name, "name": { "formatted": name }, "active": true,
        "emails": [{ "value": mail }],
    })
}

#[test]
fn d1_a_filter_that_finds_everybody_is_seen_through_and_deletes_nobody() {
    let world = World::new(Quirks { filter: Filter::Ignored, ..Quirks::default() });
    for name in ["wim", "xena", "yves"] {
        world.server.portal().insert(Kind::User, stranger(name));
    }
    world.probe().says("ignored");
    let filters = world.learned().filters;
    assert_eq!([filters.user_name, filters.external_id, filters.group_name], [Seen::No; 3]);
    let strangers = world.server.state();
    for roster in [ACME.to_owned(), second(), third()] {
        world.roster(&roster);
        world.run("apply --yes --allow-removals 9 --allow-grants 99").exits(0);
        world.settled_among_strangers();
    }
    let now = world.server.state();
    assert!(strangers.iter().all(|one| now.contains(one)), "nobody touched them: {now:#?}");
}

#[test]
fn d1_a_filter_that_begins_to_find_everybody_is_never_believed() {
    let world = World::probed(Quirks::default());
    assert_eq!(world.learned().filters.user_name, Seen::Yes);
    let strangers: Vec<String> =
        ["wim", "xena"].map(|name| world.server.portal().insert(Kind::User, stranger(name))).into();
    world.server.portal().quirks.filter = Filter::Ignored;
    // The answer is lost, so the account has to be looked up, and the look-up finds everybody.
    world.server.hook("POST", "/Users", 0, 1, Act::DoneThen(500));
    world.run("apply --yes").exits(0);
    let ada = world.server.one(Kind::User, "ada@acme.example");
    assert_eq!(ada["externalId"], "acme/ada");
    for id in strangers {
        let one = world.server.one(Kind::User, &id);
        assert_eq!((one["externalId"].clone(), one["meta"]["version"].clone()), (Json::Null, json!("W/\"1\"")));
    }
    world.settled_among_strangers();
}

#[test]
fn d2_a_filter_that_finds_nobody_is_no_proof_that_nobody_is_there() {
    let world = World::probed(Quirks { filter: Filter::Nobody, ..Quirks::default() });
    let filters = world.learned().filters;
    assert_eq!([filters.user_name, filters.external_id, filters.group_name], [Seen::No; 3]);
    world.server.heard();
    world.server.hook("POST", "/Users", 0, 1, Act::DoneThen(500));
    world.server.hook("POST", "/Groups", 0, 1, Act::DoneThenGone);
    world.converges();
    assert_eq!((world.server.count(Kind::User), world.server.count(Kind::Group)), (1, 1), "nobody is there twice");
    assert!(world.server.heard().iter().all(|one| !one.query.contains("filter=")), "no filter is asked");
}

#[test]
fn d2_a_filter_that_stopped_working_makes_no_twins() {
    let world = World::probed(Quirks::default());
    world.server.portal().quirks.filter = Filter::Nobody;
    world.server.hook("POST", "/Users", 0, 1, Act::DoneThen(500));
    world.run("apply --yes").exits(3);
    assert_eq!(world.server.count(Kind::User), 1);
    // A fresh plan reads the list, finds her, and goes on.
    world.converges();
    assert_eq!(world.server.count(Kind::User), 1);
}

#[test]
fn d3_a_total_that_is_too_low_ends_no_list_and_removes_nobody() {
    let world = World::probed(Quirks { page_size: 10, ..Quirks::default() });
    world.roster(&second());
    world.converges();
    for at in 0..25 {
        world.server.portal().insert(Kind::User, stranger(&format!("s{at}")));
    }
    world.server.portal().quirks.totals = Totals::TooLow;
    world.roster(&third());
    let plan = world.run("plan --format json --allow-removals 9").exits(0).json();
    assert_eq!(plan["complete"], false);
    assert_eq!(plan["unmanaged"].as_array().unwrap().len(), 25, "everybody was read");
    assert_eq!(plan["summary"]["remove"], 0, "and nobody is removed");
    let said = plan["diagnostics"].to_string();
    assert!(said.contains("announced"), "the plan says why: {said}");
    world.server.heard();
    world.run("apply --yes").ends();
    assert_eq!(number(&world.server.heard(), "DELETE", "/"), 0);
    // Believable again, the removal goes through.
    world.server.portal().quirks.totals = Totals::Right;
    world.run("apply --yes").exits(0);
    assert_eq!(number(&world.server.heard(), "DELETE", "/Users"), 1);
    assert!(!world.server.state().iter().any(|one| one["externalId"] == "acme/ben"));
}

#[test]
fn d3_a_total_that_is_too_high_or_missing_removes_nobody() {
    for totals in [Totals::TooHigh, Totals::Unsaid] {
        let world = World::probed(Quirks::default());
        world.roster(&second());
        world.converges();
        world.server.portal().quirks.totals = totals;
        world.roster(&third());
        let plan = world.run("plan --format json").exits(0).json();
        assert_eq!((&plan["complete"], &plan["summary"]["remove"]), (&json!(false), &json!(0)), "{totals:?}");
    }
}

#[test]
fn d4_pages_that_never_end_are_left_and_not_trusted() {
    for (pages, whole) in [(Pages::First, false), (Pages::PastTheEnd, true)] {
        let world = World::probed(Quirks { page_size: 10, ..Quirks::default() });
        world.roster(&second());
        world.converges();
        for at in 0..25 {
            world.server.portal().insert(Kind::User, stranger(&format!("s{at}")));
        }
        world.server.portal().quirks.pages = pages;
        world.roster(&third());
        world.server.heard();
        let plan = world.run("plan --format json").exits(0).json();
        assert_eq!(plan["complete"], whole, "{pages:?}");
        let removed = plan["summary"]["remove"].as_u64().unwrap();
        assert_eq!(removed, u64::from(whole), "{pages:?}: a list that is not whole removes nobody");
        let asked = number(&world.server.heard(), "GET", "/Users");
        assert!(asked < 20, "{pages:?}: {asked} requests");
    }
}

#[test]
fn d4_people_who_are_invented_for_ever_are_an_error() {
    let world = World::applied(Quirks { page_size: 1000, ..Quirks::default() });
    world.server.portal().quirks.pages = Pages::Invented;
    world.server.heard();
    world.run("plan").exits(1).complains("/Users").complains("end");
    let asked = number(&world.server.heard(), "GET", "/Users");
    assert!(asked < 50, "{asked} requests");
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
}

#[test]
fn d4_cursors_are_followed_to_their_end() {
    let world = World::probed(Quirks { pages: Pages::Cursor, page_size: 7, ..Quirks::default() });
    world.roster(&crowd(20));
    world.converges();
    assert_eq!(world.server.count(Kind::User), 21);
}

#[test]
fn d5_members_that_are_never_shown_are_not_taken_for_nobody() {
    let world = World::new(Quirks { shown: Shown::Never, ..Quirks::default() });
    world.probe().says("members of groups cannot be");
    assert_eq!(world.learned().members.read, MemberReading::Unknown);
    world.server.heard();
    world.run("plan").exits(1).says("members");
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty(), "no endless adding");
}

#[test]
fn d5_members_are_read_where_they_are_shown() {
    for (shown, reading) in [
        (Shown::Listed, MemberReading::Listed),
        (Shown::Asked, MemberReading::Asked),
        (Shown::Single, MemberReading::Single),
    ] {
        let world = World::probed(Quirks { shown, ..Quirks::default() });
        assert_eq!(world.learned().members.read, reading);
        world.lives();
    }
}

#[test]
fn d5_members_that_are_shown_no_longer_are_no_wish_to_add_them_again_for_ever() {
    let world = World::applied(Quirks::default());
    world.server.portal().quirks.shown = Shown::Never;
    // Ada seems to be in no group: she is added, that does not show, and so it is not called done.
    let ran = world.run("apply --yes").exits(1);
    assert!(said(&ran).contains("did not keep the membership"), "{ran}");
}

#[test]
fn d6_a_replace_that_merges_is_not_used_to_remove() {
    let quirks = Quirks { replace_merges: true, refuses: &[Form::Filter, Form::List], ..plain_roles() };
    let world = World::probed(quirks);
    assert_eq!(world.learned().members.remove, MemberChange::Put);
    world.lives();
    let world = World::probed(Quirks { replace_merges: true, ..plain_roles() });
    assert_eq!(world.learned().members.remove, MemberChange::Filter);
    assert_ne!(world.learned().users.roles, Seen::Yes, "roles that cannot shrink are kept another way");
    world.lives();
}

/// Without extensions of ours, so that roles, attributes and access have to be kept another way.
fn plain_roles() -> Quirks {
    Quirks { extension: false, contacts: false, ..Quirks::default() }
}

#[test]
fn d6_a_removal_without_effect_is_not_called_done() {
    let world = World::applied(Quirks::default());
    let two = "  two: { name: Two, applications: { csp: read } }\n";
    world.roster(&replaced(&format!("{ACME}{two}"), "groups: [it-operations]", "groups: [it-operations, two]"));
    world.converges();
    world.server.portal().quirks.ignores_removal = true;
    world.roster(&format!("{ACME}{two}"));
    let ran = world.run("apply --yes").exits(1);
    assert!(said(&ran).contains("did not take out of"), "{ran}");
    assert_eq!(world.members("Two"), ["ada@acme.example"]);
    world.server.portal().quirks.ignores_removal = false;
    world.converges();
    assert_eq!(world.members("Two"), [""; 0]);
}

#[test]
fn d6_nobody_can_be_removed_is_learned_and_nothing_is_written() {
    let refuses = &[Form::Filter, Form::List, Form::Replace, Form::Put];
    let world = World::new(Quirks { refuses, ..Quirks::default() });
    world.probe().says("not removed");
    world.server.heard();
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
}

#[test]
fn d7_what_is_accepted_and_dropped_is_kept_another_way() {
    let drops: [&[&str]; 6] = [
        &["externalId"],
        &["roles"],
        &["entitlements"],
        &["displayName"],
        &["externalId", "roles", "entitlements"],
        &["externalId", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "roles", "entitlements"],
    ];
    for drops in drops {
        for (extension, echoes) in [(true, false), (false, true)] {
            // A group has no other name.
            let drops: &[&str] = if drops == ["displayName"] { &["nickName"] } else { drops };
            let quirks = Quirks { drops, extension, contacts: extension, echoes, ..Quirks::default() };
            let world = World::probed(quirks);
            let users = world.learned().users;
            for (name, seen) in
                [("externalId", users.external_id), ("roles", users.roles), ("entitlements", users.entitlements)]
            {
                assert_eq!(seen, Seen::from(!drops.contains(&name)), "{name} with {drops:?}");
            }
            assert_eq!(users.extension, Seen::from(extension));
            world.lives();
        }
    }
}

#[test]
fn d7_what_is_dropped_only_later_is_not_called_done() {
    for echoes in [false, true] {
        let world = World::probed(Quirks { echoes, ..Quirks::default() });
        if echoes {
            // An answer that repeats what was sent: nothing told the probe so, as long as everything was kept.
            world.believe(|learned| learned.users.truthful_answers = Seen::No);
        }
        world.server.portal().quirks.drops = &["roles"];
        let ran = world.run("apply --yes").exits(3);
        assert!(said(&ran).contains("did not keep: roles; learn what it keeps with `rosterctl target probe"), "{ran}");
        // Learned anew, roles are kept as something else.
        world.run("target probe --write").exits(0);
        world.converges();
    }
}

#[test]
fn d8_an_answer_that_is_lost_makes_nobody_twice() {
    for after in [Act::DoneThen as fn(u16) -> Act, |_| Act::DoneThenGone] {
        for path in ["/Users", "/Groups", "/Contacts"] {
            let world = World::probed(Quirks::default());
            world.server.hook("POST", path, 0, 1, after(500));
            world.server.heard();
            world.run("apply --yes").exits(0);
            let posts = number(&world.server.heard(), "POST", path);
            assert_eq!(posts, if path == "/Contacts" { 2 } else { 1 }, "{path}: looked up, not sent again");
            let counts = [Kind::User, Kind::Group, Kind::Contact].map(|kind| world.server.count(kind));
            assert_eq!(counts, [1, 1, 2], "{path}");
            world.settled();
        }
    }
}

#[test]
fn d8_a_change_whose_answer_is_lost_is_looked_at() {
    let world = World::applied(Quirks::default());
    world.roster(&replaced(ACME, "name: Ada Peeters", "name: Ada Smith"));
    world.server.hook("PATCH", "/Users", 0, 1, Act::DoneThen(500));
    world.converges();
    world.roster(ACME);
    world.server.hook("PATCH", "/Users", 0, 1, Act::Status(500));
    world.run("apply --yes").exits(1).says("Ada");
    world.converges();
}

#[test]
fn d8_what_cannot_be_looked_up_is_parked_and_the_others_go_on() {
    let world = World::probed(Quirks::default());
    world.server.hook("POST", "/Users", 0, 1, Act::DoneThen(500));
    world.server.hook("GET", "/Users", 2, 9, Act::Status(500));
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("it could not be looked up"), "{ran}");
    let counts = [Kind::User, Kind::Group, Kind::Contact].map(|kind| world.server.count(kind));
    assert_eq!(counts, [1, 1, 2], "sent once, and the others are there");
    world.server.portal().hooks.clear();
    world.converges();
    assert_eq!(world.server.count(Kind::User), 1);
}

#[test]
fn d9_versions_are_believed_as_far_as_they_were_seen_to_protect() {
    use ServerVersions::{Absent, Counter, Seconds};
    for (versions, if_match, announces_etag, learned) in [
        (Counter, IfMatch::Obeyed, true, Versions::Enforced),
        (Counter, IfMatch::Obeyed, false, Versions::Enforced),
        (Counter, IfMatch::Ignored, true, Versions::Ignored),
        (Seconds, IfMatch::Obeyed, true, Versions::Coarse),
        (Absent, IfMatch::Obeyed, true, Versions::Ignored),
    ] {
        let world = World::probed(Quirks { versions, if_match, announces_etag, ..Quirks::default() });
        assert_eq!(world.learned().versions, learned, "{versions:?} {if_match:?}");
        world.lives();
    }
}

#[test]
fn d9_a_change_by_somebody_else_at_the_last_moment_is_not_lost() {
    for versions in [ServerVersions::Counter, ServerVersions::Seconds, ServerVersions::Absent] {
        let world = World::applied(Quirks { versions, ..Quirks::default() });
        world.roster(&replaced(ACME, "roles: [technical]", "roles: [technical, watchlist]"));
        // Between the plan and the change, and after the plan was looked at again.
        world.server.hook(
            "GET",
            "/Users/",
            0,
            1,
            Act::First(Box::new(|portal| {
                let ada = portal.find(Kind::User, "acme/ada");
                portal.change(Kind::User, &ada, |one| {
                    one.body.insert("name".to_owned(), json!({ "formatted": "Ada Somebody" }));
                    one.body.insert("displayName".to_owned(), "Ada Somebody".into());
                });
            })),
        );
        let ran = world.run("apply --yes").exits(1);
        assert!(said(&ran).contains("has changed on the portal"), "{ran}");
        let ada = world.server.one(Kind::User, "acme/ada");
        assert_eq!((&ada["displayName"], &ada["roles"]), (&json!("Ada Somebody"), &json!([{ "value": "technical" }])));
    }
}

#[test]
fn d10_nobody_is_deleted_who_changed_at_the_last_moment() {
    for if_match in [IfMatch::NotOnDelete, IfMatch::Ignored, IfMatch::Obeyed] {
        let world = World::applied(Quirks { if_match, ..Quirks::default() });
        world.roster(&second());
        world.converges();
        world.roster(&third());
        world.server.hook(
            "GET",
            "/Users/",
            0,
            9,
            Act::First(Box::new(|portal| {
                let ben = portal.find(Kind::User, "acme/ben");
                portal.change(Kind::User, &ben, |one| {
                    one.body.insert("displayName".to_owned(), "Ben Somebody".into());
                    one.body.insert("name".to_owned(), json!({ "formatted": "Ben Somebody" }));
                });
            })),
        );
        let ran = world.run("apply --yes").exits(3);
        assert!(said(&ran).contains("has changed on the portal"), "{ran}");
        assert_eq!(world.server.one(Kind::User, "acme/ben")["displayName"], "Ben Somebody");
    }
}

#[test]
fn d11_an_id_that_was_given_to_somebody_else_is_not_the_same_person() {
    let world = World::applied(Quirks { ids: Ids::Numbers, reuses_ids: true, ..Quirks::default() });
    world.roster(&replaced(ACME, "name: Ada Peeters", "name: Ada Smith"));
    world.run("plan --out plan.json").exits(0);
    {
        let mut portal = world.server.portal();
        let ada = portal.find(Kind::User, "acme/ada");
        let at = portal.all[0].iter().position(|one| one.id == ada).unwrap();
        portal.delete(Kind::User, at);
        let id = portal.insert(Kind::User, stranger("zoe"));
        assert_eq!(id, ada);
    }
    world.server.heard();
    world.run("apply --plan plan.json --yes").exits(1).complains("changed since the plan was made");
    assert!(writes(&world.server.heard()).is_empty());
    assert_eq!(world.server.one(Kind::User, "zoe")["displayName"], "zoe");
}

#[test]
fn d11_who_cannot_come_back_is_said() {
    let world = World::new(Quirks { tombstones: true, ..Quirks::default() });
    world.probe().says("cannot be created again");
    assert_eq!(world.learned().users.recreate, Seen::No);
    world.converges();
    world.roster(&second());
    world.converges();
    world.roster(&third());
    world.converges();
    // Ben wants to come back.
    world.roster(&second());
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("`ben`: the portal says that this is there already, and it cannot be found"), "{ran}");
}

#[test]
fn d12_who_is_deleted_leaves_the_groups() {
    let world = World::probed(Quirks { stale_members: true, ..Quirks::default() });
    assert_eq!(world.learned().members.leave_on_delete, Seen::No);
    world.lives();
    let world = World::probed(Quirks::default());
    assert_eq!(world.learned().members.leave_on_delete, Seen::Yes);
    world.lives();
}

#[test]
fn d7_what_a_portal_cannot_keep_at_all_is_an_error_before_anything_is_written() {
    let world = World::probed(Quirks { drops: &["phoneNumbers"], errors: Errors::Html, ..Quirks::default() });
    assert_eq!(world.learned().users.phone, Seen::No);
    world.server.heard();
    let ran = world.run("plan --format json").exits(1);
    let finding = ran.finding("plan/cannot-hold");
    assert!(finding.message.contains("phone") && finding.message.contains("ada") && finding.line > 0, "{finding:?}");
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
    world.roster(&without_phone(ACME));
    world.converges();
}
