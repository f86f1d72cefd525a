//! What keeps a portal safe: nothing is written on a guess, on a wrong reading, or where it would not hold.

use serde_json::{Value as Json, json};

use crate::common::ACME;
use crate::server::quirks::{Filter, Quirks, Totals};
use crate::server::{Act, Kind};
use crate::world::{World, crowd, number, said, second, third, writes};

#[test]
fn without_a_profile_a_plan_says_so_and_apply_writes_nothing() {
    let world = World::new(Quirks::default());
    let finding = world.run("plan --format json").exits(1).finding("plan/not-probed");
    assert!(finding.help.contains("target probe --write"), "{finding:?}");
    world.run("apply --yes").exits(1);
    // What reading alone shows is not enough.
    world.run("target probe").exits(0);
    let finding = world.run("plan --format json").exits(1).finding("plan/not-probed");
    assert!(finding.message.contains("members"), "{finding:?}");
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
    world.run("target probe --write").exits(0);
    world.converges();
    // Counting anew keeps what was learned by writing.
    world.server.heard();
    world.run("target probe").exits(0);
    assert!(writes(&world.server.heard()).is_empty());
    assert_eq!(world.learned().learned.users, 1);
    world.settled();
}

#[test]
fn a_saved_plan_is_not_applied_without_a_profile() {
    let world = World::probed(Quirks::default());
    world.run("plan --out plan.json").exits(0);
    std::fs::remove_file(world.project.path("capabilities/t.yaml")).unwrap();
    world.server.heard();
    world.run("apply --plan plan.json --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
}

#[test]
fn a_portal_that_is_suddenly_much_smaller_is_not_believed() {
    let world = World::probed(Quirks::default());
    world.roster(&crowd(20));
    world.converges();
    world.run("target probe").exits(0);
    world.run("plan --out saved.json").exits(0);
    world.roster(&crowd(19));
    world.run("plan --out plan.json").exits(0);
    // Somebody's filter, or another tenant: five are left, and the list says that this is all.
    let kept: Vec<_> = world.server.portal().all[0].drain(5..).collect();
    let before = world.server.state();
    world.server.heard();
    let ran = world.run("plan --format json --allow-removals 99").exits(1);
    let finding = ran.finding("plan/shrunk");
    assert!(finding.message.contains("5 users") && finding.severity == "error", "{finding:?}");
    for command in ["apply --yes", "apply --yes --allow-removals 99", "apply --plan plan.json --yes"] {
        world.run(command).exits(1);
    }
    assert!(writes(&world.server.heard()).is_empty(), "neither removed nor made anew");
    assert_eq!(world.server.state(), before);
    world.server.portal().all[0].extend(kept);
    world.run("apply --yes").exits(0);
    world.settled();
    assert_eq!(world.server.count(Kind::User), 20);
}

#[test]
fn who_is_not_let_in_in_the_middle_of_a_list_does_not_take_the_rest_for_gone() {
    for status in [401, 403] {
        for path in ["/Users", "/Groups", "/Contacts"] {
            let world = World::probed(Quirks { page_size: 4, ..Quirks::default() });
            world.roster(&crowd(20));
            world.converges();
            world.roster(ACME);
            let skip = if path == "/Users" { 2 } else { 0 };
            world.server.hook("GET", path, skip, 99, Act::Status(status));
            world.server.heard();
            world.run("plan").exits(1).complains(&status.to_string());
            world.run("apply --yes --allow-removals 99").exits(1);
            world.run("drift").exits(1);
            assert!(writes(&world.server.heard()).is_empty());
            assert_eq!(world.server.count(Kind::User), 21);
        }
    }
}

#[test]
fn a_page_that_is_no_page_is_an_error_and_not_an_empty_list() {
    let world = World::applied(Quirks::default());
    world.roster(&crowd(3));
    for status in [404, 500, 502] {
        world.server.portal().hooks.clear();
        world.server.hook("GET", "/Users", 0, 99, Act::Status(status));
        world.server.heard();
        world.run("plan").exits(1).complains(&status.to_string());
        world.run("apply --yes").exits(1);
        assert!(writes(&world.server.heard()).is_empty());
    }
}

#[test]
fn nothing_is_removed_on_a_reading_that_is_not_whole_and_the_plan_says_why() {
    let world = World::probed(Quirks::default());
    world.roster(&second());
    world.converges();
    world.roster(&third());
    world.server.portal().quirks.totals = crate::server::quirks::Totals::TooHigh;
    let ran = world.run("plan --format json").ends();
    let plan = ran.json();
    assert_eq!((&plan["complete"], &plan["summary"]["remove"]), (&json!(false), &json!(0)), "{ran}");
    let said = plan["diagnostics"].to_string();
    assert!(said.contains("announced") && said.contains("/Users"), "{said}");
    world.server.heard();
    world.run("apply --yes").ends();
    assert_eq!(number(&world.server.heard(), "DELETE", "/"), 0);
    assert_eq!(world.server.one(Kind::User, "acme/ben")["active"], true);
}

#[test]
fn several_organisations_share_a_target_and_leave_each_other_alone() {
    let world = World::probed(Quirks::default());
    let other = ACME.replace("organisation: acme", "organisation: beta").replace("acme.example", "beta.example");
    world.project.write("rosters/beta.yaml", &other);
    world.converges();
    assert_eq!((world.server.count(Kind::User), world.server.count(Kind::Group)), (2, 2));
    // A roster alone, and `users: {}` in it, concerns nobody of the other.
    let of_beta = |world: &World| -> Vec<Json> {
        world.server.state().into_iter().filter(|one| one["externalId"].to_string().contains("beta/")).collect()
    };
    let before = of_beta(&world);
    assert_eq!(before.len(), 4);
    world.roster(&second());
    world.run("apply --yes rosters/acme.yaml").exits(0);
    assert_eq!(of_beta(&world), before);
    let plan = world.run("plan --format json rosters/acme.yaml").exits(0).json();
    assert_eq!((&plan["summary"]["unmanaged"], &plan["organisations"]), (&json!(0), &json!(["acme"])));
    // The same ids in both are two people.
    let people = world.server.all(Kind::User);
    let ids: Vec<_> = people.iter().map(|one| one["externalId"].as_str().unwrap()).collect();
    assert!(ids.contains(&"acme/ada") && ids.contains(&"beta/ada"), "{ids:?}");
}

#[test]
fn contacts_are_users_without_access_or_a_resource_of_their_own() {
    // The portal has the resource type; the workspace may still want users.
    let world = World::probed(Quirks::default());
    world.converges();
    assert_eq!((world.server.count(Kind::User), world.server.count(Kind::Contact)), (1, 2));
    let world = World::probed(Quirks::default());
    world.workspace(", contacts: inactive-users");
    world.lives();
    assert_eq!(world.server.count(Kind::Contact), 0);
    for name in ["grace", "dana", "soc"] {
        assert_eq!(world.server.one(Kind::User, &format!("\"{name}@acme.example\""))["active"], false);
    }
    // Where there is no such type, that cannot be asked for.
    let world = World::probed(Quirks { contacts: false, ..Quirks::default() });
    world.workspace(", contacts: resource-type");
    world.run("plan").exits(1).complains("no resource type for contacts");
    world.workspace(", contacts: inactive-users");
    world.lives();
}

#[test]
fn people_who_are_there_are_taken_over_by_their_address() {
    let world = World::probed(Quirks { contacts: false, filter: Filter::Ignored, ..Quirks::default() });
    let person = |name: &str, mail: &str| {
        json!({ "userName": mail, "displayName": name, "name": { "formatted": name }, "active": true, "title": "Boss",
            "emails": [{ "value": mail, "type": "work" }] })
    };
    let ada = world.server.portal().insert(Kind::User, person("Ada P.", "Ada@ACME.example"));
    let zoe = world.server.portal().insert(Kind::User, person("Zoe", "zoe@acme.example"));
    let plan = world.run("plan --format json").exits(0).json();
    let steps = plan["steps"].as_array().unwrap();
    let of_ada = steps.iter().find(|step| step["key"] == "ada").unwrap();
    assert_eq!(of_ada["action"], "update");
    assert_eq!(plan["summary"]["unmanaged"], 1, "Zoe is reported");
    world.run("apply --yes").exits(0);
    let now = world.server.one(Kind::User, "acme/ada");
    assert_eq!(
        (&now["id"], &now["title"]),
        (&json!(ada), &json!("Boss")),
        "the same person, and what others wrote stays"
    );
    assert_eq!(now["displayName"], "Ada Peeters");
    assert_eq!(world.server.one(Kind::User, "zoe")["id"], json!(zoe));
    assert_eq!(world.server.one(Kind::User, "zoe")["meta"]["version"], "W/\"1\"", "and nobody touched her");
    world.server.heard();
    world.run("apply --yes").exits(0).says("no changes");
    assert!(writes(&world.server.heard()).is_empty());
}

#[test]
fn what_changed_outside_is_drift_and_is_put_back() {
    let world = World::applied(Quirks::default());
    let (ada, group) = {
        let portal = world.server.portal();
        (portal.find(Kind::User, "acme/ada"), portal.find(Kind::Group, "acme/it-operations"))
    };
    world.server.portal().change(Kind::User, &ada, |one| {
        one.body.insert("roles".to_owned(), json!([{ "value": "watchlist" }]));
    });
    world.server.portal().change(Kind::Group, &group, |one| one.members.clear());
    world.server.heard();
    let drift = world.run("drift").exits(2);
    assert!(drift.stdout.contains("ada") && drift.stdout.contains("watchlist"), "{drift}");
    assert!(writes(&world.server.heard()).is_empty(), "looking changes nothing");
    world.converges();
    assert_eq!(world.members("IT operations"), ["ada@acme.example"]);
}

#[test]
fn an_export_is_a_roster_that_plans_nothing() {
    for (extension, contacts) in [(true, true), (true, false), (false, false)] {
        let world = World::probed(Quirks { extension, contacts, ..Quirks::default() });
        world.workspace(", platform: arxus");
        world.roster(&second());
        world.converges();
        let exported = world.run("export").exits(0).stdout;
        assert!(exported.contains("platform: arxus") && exported.contains("soc@acme.example"), "{exported}");
        // What the portal does not know is in the roster that was there: facts about the organisation.
        let profile = "profile: { domains: [acme.example], size: small, serviceAgreement: signed }\n";
        let text = if exported.contains("profile:") { exported.clone() } else { format!("{exported}{profile}") };
        world.roster(&text);
        world.settled();
    }
    let world = World::applied(Quirks::default());
    world.run("export").exits(1).complains("platform");
}

#[test]
fn secrets_are_in_no_output() {
    let world = World::probed(Quirks::default());
    world.server.hook("POST", "/Users", 0, 9, Act::Status(400));
    for command in ["plan -v --format json", "apply --yes -v", "target probe --out - -v", "drift -v"] {
        let ran = world.run(command).ends();
        assert!(!ran.stdout.contains(crate::server::TOKEN) && !ran.stderr.contains(crate::server::TOKEN), "{ran}");
    }
    world.project.run("plan").env("TOKEN", "wrong").exits(1).complains("401");
    world.project.run("plan").exits(1).complains("TOKEN");
}

#[test]
fn removals_that_wait_for_a_whole_reading_are_listed_and_an_apply_says_that_it_is_not_done() {
    let world = World::probed(Quirks::default());
    world.roster(&second());
    world.converges();
    world.roster(&third());
    world.server.portal().quirks.totals = Totals::TooHigh;
    let plan = world.run("plan --format json").exits(0).json();
    assert_eq!(plan["complete"], false);
    assert!(!plan["steps"].to_string().contains("\"delete\"") && plan["blocked"] == json!([]), "{plan:#}");
    let finding = world.run("plan --format json").ends().finding("plan/incomplete");
    assert!(finding.message.contains("Held back: delete user ben"), "{finding:?}");
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("ben"), "{ran}");
    assert_eq!(world.server.all(Kind::User).iter().filter(|one| one.to_string().contains("ben@")).count(), 1);
    world.server.portal().quirks.totals = Totals::Right;
    world.converges();
}

#[test]
fn a_group_that_gets_another_id_keeps_its_name_and_its_members() {
    for unique_groups in [true, false] {
        let world = World::applied(Quirks { unique_groups, ..Quirks::default() });
        let before = world.server.one(Kind::Group, "IT operations")["id"].clone();
        world.roster(&ACME.replace("it-operations", "operations"));
        let ran = world.run("plan").exits(0);
        assert!(said(&ran).contains("`it-operations`, which left the roster, has the same name"), "{ran}");
        world.converges();
        let after = world.server.one(Kind::Group, "IT operations");
        assert_eq!(after["id"], before, "it is the same group");
        assert_eq!(world.members("IT operations"), ["ada@acme.example"]);
    }
}

#[test]
fn a_name_that_is_changed_in_one_of_its_places_is_drift() {
    let world = World::applied(Quirks::default());
    let changes: [fn(&mut Json); 4] = [
        |user| user["name"]["familyName"] = "Janssens".into(),
        |user| user["name"]["formatted"] = "Ada Janssens".into(),
        |user| user["displayName"] = "Ada Janssens".into(),
        |user| {
            user["displayName"] = "Ada Janssens".into();
            user["name"]["formatted"] = "Ada Janssens".into();
        },
    ];
    for change in changes {
        {
            let mut portal = world.server.portal();
            let ada = portal.all[0].iter_mut().find(|user| user.body["userName"] == "ada@acme.example").unwrap();
            let mut body = Json::Object(std::mem::take(&mut ada.body));
            change(&mut body);
            ada.body = body.as_object().unwrap().clone();
        }
        let ran = world.run("drift").exits(2);
        assert!(said(&ran).contains("Ada Janssens"), "{ran}");
        world.converges();
        let ada = world.server.one(Kind::User, "ada@acme.example");
        assert_eq!(ada["name"]["familyName"], "Peeters");
        assert_eq!((&ada["name"]["formatted"], &ada["displayName"]), (&"Ada Peeters".into(), &"Ada Peeters".into()));
    }
    // Which of them is meant nobody can say: it is not taken into the roster.
    world.server.portal().all[0][0].body["displayName"] = "Ada Janssens".into();
    world.run("accept acme/ada/name").exits(1).says("several names");
}

#[test]
fn who_is_gone_from_a_portal_without_records_is_of_unknown_origin() {
    let world = World::applied(Quirks::default());
    world.server.portal().all[0].clear();
    let drift = world.run("drift --format json").ends().json();
    let causes: Vec<&str> =
        drift["differences"].as_array().unwrap().iter().map(|one| one["cause"].as_str().unwrap()).collect();
    assert!(causes.contains(&"unknown") && !causes.contains(&"not-applied"), "{drift:#}");
}

#[test]
fn a_page_of_more_than_anybody_has_is_an_error() {
    let page = format!("{{\"totalResults\": 1, \"Resources\": [{}{{}}]}}", "{},".repeat(1_000_001));
    let world = World::probed(Quirks::default());
    world.server.hook("GET", "/Users", 0, 9, Act::Says(page));
    world.run("plan").exits(1).complains("a page has more than 1000000 resources");
}
