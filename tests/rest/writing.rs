//! What an apply sends, and what becomes of answers that are lost.

use serde_json::json;

use crate::common::stages::{crowd, second, third};
use crate::common::{ACME, replaced};
use crate::odd::{Odd, Pages, mail, manifest};
use crate::server::{Act, empty, json as answer, page};
use crate::world::{World, number, said, writes};

#[test]
fn a_roster_comes_changes_and_shrinks_and_the_portal_follows() {
    for pages in [Pages::Offset, Pages::Cursor, Pages::Next] {
        let world = World::odd(pages);
        for roster in [ACME.to_owned(), second(), third()] {
            world.roster(&roster);
            world.converges();
        }
        world.server.portal(|portal| {
            let mut mails: Vec<String> = portal.people.iter().map(mail).collect();
            mails.sort();
            let wanted = ["ada", "dana", "grace", "soc"].map(|name| format!("{name}@acme.example"));
            assert_eq!(mails, wanted, "{pages:?}");
            assert_eq!(portal.members("IT operations"), ["ada@acme.example"]);
            let ada = portal.one("acme/ada");
            assert_eq!((&ada["fullName"], &ada["tel"]), (&json!("Ada Peeters-Janssens"), &json!("+32 470 00 00 01")));
            assert_eq!(ada["tags"]["jobs"], json!(["technical"]));
            assert!(ada["tags"]["facts"].to_string().contains("serviceNow=false"));
            assert_eq!(portal.one("acme/soc")["state"], "off", "a contact has no access");
            let access = &portal.teams[0]["access"];
            assert_eq!(*access, json!(["service-desk=full", "users-and-permissions=full"]));
        });
    }
}

#[test]
fn an_apply_writes_once_for_each_object_and_members_together() {
    let world = World::odd(Pages::Offset);
    world.roster(&crowd(9));
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    assert_eq!(number(&heard, "POST", "/staff"), 12);
    assert_eq!(heard.iter().filter(|one| one.method == "POST" && one.path == "/teams").count(), 1);
    assert_eq!(heard.iter().filter(|one| one.path.ends_with("/crew")).count(), 4, "ten members, three by one request");
    assert_eq!(writes(&heard).len(), 12 + 1 + 4);
    world.settled();
}

/// What an apply costs besides its readings of the lists: the methods of all requests to single objects, in order.
fn cost(world: &World<Odd>, arguments: &str) -> String {
    world.server.heard();
    world.run(arguments).exits(0);
    let heard = world.server.heard();
    let single = heard.iter().filter(|one| one.method != "GET" || one.parts().len() > 1);
    single.map(|one| one.method.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_write_costs_one_look_before_it_and_one_after_it() {
    let ben = "  ben: { name: Ben Other, email: ben@acme.example }\n";
    let with_ben = ACME.replace("contacts:\n", &format!("{ben}contacts:\n"));
    let world = World::applied(Pages::Offset);
    // Who is created was not there before.
    world.roster(&with_ben);
    assert_eq!(cost(&world, "apply --yes --allow-grants 9"), "POST GET");
    world.roster(&replaced(&with_ben, "Ben Other", "Ben Smith"));
    assert_eq!(cost(&world, "apply --yes"), "GET PUT GET");
    // A person is looked at for the group alone, and so is the group.
    let joined = with_ben.replace("ben@acme.example }", "ben@acme.example, groups: [it-operations] }");
    let joined = replaced(&joined, "Ben Other", "Ben Smith");
    world.roster(&joined);
    assert_eq!(cost(&world, "apply --yes --allow-grants 9"), "GET GET POST GET");
    world.roster(&replaced(&joined, "name: IT operations", "name: IT"));
    assert_eq!(cost(&world, "apply --yes"), "GET PATCH GET");
    world.roster(&replaced(&with_ben, "Ben Other", "Ben Smith").replace("name: IT operations", "name: IT"));
    assert_eq!(cost(&world, "apply --yes"), "GET GET DELETE GET");
    world.roster(&ACME.replace("name: IT operations", "name: IT"));
    assert_eq!(cost(&world, "apply --yes"), "GET DELETE");
    world.settled();
}

#[test]
fn what_others_keep_there_stays() {
    let world = World::applied(Pages::Offset);
    world.server.portal(|portal| {
        portal.change("acme/ada", |ada| {
            ada["note"] = json!("likes tea");
            ada["tags"]["theirs"] = json!([1, 2]);
        });
    });
    world.roster(&replaced(ACME, "name: Ada Peeters", "name: Ada Smith"));
    world.converges();
    world.server.portal(|portal| {
        let ada = portal.one("acme/ada");
        assert_eq!((&ada["fullName"], &ada["note"]), (&json!("Ada Smith"), &json!("likes tea")));
        assert_eq!(ada["tags"]["theirs"], json!([1, 2]));
    });
}

#[test]
fn an_answer_that_is_lost_makes_nobody_twice() {
    for path in ["/staff", "/teams"] {
        for act in [
            || Act::DoneThenGone,
            || Act::DoneThen(answer(500, json!({}))),
            || Act::DoneThen(page(200)),
            || Act::DoneThen(empty(201)),
            || Act::DoneThen(answer(504, json!({}))),
        ] {
            let world = World::odd(Pages::Offset);
            world.server.hook("POST", path, 0, 1, act());
            world.server.heard();
            world.run("apply --yes").exits(0);
            let heard = world.server.heard();
            let posts = heard.iter().filter(|one| one.method == "POST" && one.path == path).count();
            assert_eq!(posts, if path == "/staff" { 3 } else { 1 }, "{path}: looked up, not sent again");
            world.server.portal(|portal| assert_eq!((portal.people.len(), portal.teams.len()), (3, 1)));
            world.settled();
        }
    }
}

#[test]
fn a_write_that_is_answered_oddly_says_which_request_of_the_manifest_it_was() {
    for (reply, wanted) in [
        (page(200), "the answer to POST /api/staff (200) is a web page rather than JSON: \"Sign in\""),
        (page(500), "the portal answered 500: a web page: \"Sign in\""),
        (answer(500, json!({ "oops": "down" })), "the portal answered 500: down"),
    ] {
        let world = World::odd(Pages::Offset);
        world.server.hook("POST", "/staff", 0, 99, Act::Instead(reply));
        let ran = said(&world.run("apply --yes").exits(3));
        assert!(ran.contains(&format!("{wanted} (POST /staff, portal.yaml, line 28)")), "{ran}");
    }
}

#[test]
fn what_cannot_be_looked_up_is_parked_and_the_others_go_on() {
    let world = World::odd(Pages::Offset);
    world.server.hook("POST", "/staff", 0, 1, Act::DoneThenGone);
    // The list is read for the plan and for its approval; the third reading is the look-up.
    world.server.hook("GET", "/staff$", 2, 99, Act::Instead(empty(500)));
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("it could not be looked up"), "{ran}");
    world.server.portal(|portal| assert_eq!(portal.people.len(), 3, "sent once, and the others are there"));
    world.server.unhook();
    world.converges();
    world.server.portal(|portal| assert_eq!(portal.people.len(), 3));
}

#[test]
fn members_whose_answer_is_lost_are_looked_at() {
    for (act, code) in [(Act::DoneThenGone, 0), (Act::Instead(answer(500, json!({}))), 3)] {
        let world = World::odd(Pages::Offset);
        world.server.hook("POST", "/teams/", 0, 1, act);
        let ran = world.run("apply --yes").exits(code);
        if code == 3 {
            assert!(said(&ran).contains("did not keep the membership"), "{ran}");
        }
        world.converges();
        world.server.portal(|portal| assert_eq!(portal.members("IT operations"), ["ada@acme.example"]));
    }
}

#[test]
fn who_is_there_already_is_found_rather_than_made() {
    let world = World::odd(Pages::Offset);
    // Somebody comes between the plan and the apply.
    fn comes(portal: &mut Odd) {
        let body =
            json!({ "pid": 7, "mail": "Ada@acme.example", "fullName": "Ada", "state": "on", "tags": {}, "rev": 1 });
        portal.people.push(body);
    }
    world.server.hook("POST", "/staff", 0, 1, Act::First(comes));
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("has the same user name; plan again"), "{ran}");
    world.run("apply --yes").exits(0);
    world.server.portal(|portal| assert_eq!(portal.one("ada@acme.example")["pid"], 7, "taken over, not made"));
    world.settled();
}

#[test]
fn what_is_accepted_and_dropped_is_not_called_done() {
    let world = World::odd(Pages::Offset);
    world.server.portal(|portal| portal.odd.drops = "tel");
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("did not keep: phone"), "{ran}");
    world.server.portal(|portal| portal.odd.drops = "");
    // By now nobody has one there: the manifest has to say that this may be so.
    world.run("apply --yes").exits(1).says("nobody could see whether it was kept");
    let may_lack = "phone: 'has(item.tel) ? item.tel : null'";
    world.manifest(&replaced(&manifest(Pages::Offset), "phone: item.tel", may_lack));
    world.converges();
}

#[test]
fn a_change_by_somebody_else_at_the_last_moment_is_not_lost() {
    // With a version that is sent back, and without one.
    for versioned in [true, false] {
        let world = World::applied(Pages::Offset);
        if !versioned {
            world.manifest(&replaced(&manifest(Pages::Offset), "    ifMatch: version\n", ""));
        }
        world.roster(&replaced(ACME, "roles: [technical]", "roles: [technical, watchlist]"));
        fn meddles(portal: &mut Odd) {
            portal.change("acme/ada", |ada| ada["tags"]["jobs"] = json!(["commercial"]));
        }
        let place = if versioned { "PUT" } else { "GET" };
        world.server.hook(place, if versioned { "/staff" } else { "/staff/" }, 0, 1, Act::First(meddles));
        let ran = world.run("apply --yes --allow-grants 9").exits(1);
        assert!(said(&ran).contains("plan again"), "{ran}");
        world.server.portal(|portal| assert_eq!(portal.one("acme/ada")["tags"]["jobs"], json!(["commercial"])));
        world.converges();
        world.server.portal(|portal| {
            assert_eq!(portal.one("acme/ada")["tags"]["jobs"], json!(["technical", "watchlist"]));
        });
    }
}

#[test]
fn what_others_change_is_drift_and_is_put_back() {
    let world = World::applied(Pages::Cursor);
    world.server.portal(|portal| {
        portal.change("acme/ada", |ada| ada["fullName"] = json!("Ada Meddled"));
        portal.teams[0]["crew"] = json!([]);
    });
    let drift = world.run("drift").exits(2);
    assert!(drift.stdout.contains("Ada Meddled") && drift.stdout.contains("it-operations"), "{drift}");
    world.run("apply --yes").exits(0);
    world.settled();
    world.server.portal(|portal| assert_eq!(portal.members("IT operations"), ["ada@acme.example"]));
}

/// A manifest in which access has requests of its own. What is created is always active, and an update leaves that
/// alone.
fn with_switches(version: &str) -> String {
    let switch = |key: &str, to: &str| {
        format!("  {key}: {{ method: POST, path: \"/staff/{{id}}/switch\", body: {{ to: '\"{to}\"' }}{version} }}\n")
    };
    let own = switch("deactivate", "off") + &switch("reactivate", "on");
    let text = manifest(Pages::Offset).replace("state: 'person.active ? \"on\" : \"off\"'", "state: '\"on\"'");
    let text = text.replace("    body: *person\n    ifMatch", "    body: { fullName: person.name, tags: { ref: person.externalId, jobs: person.roles, facts: person.attributes, sort: person.type } }\n    ifMatch");
    let delete = "  delete: { method: DELETE, path: \"/staff";
    replaced(&text, delete, &format!("{own}{delete}"))
}

#[test]
fn access_may_have_requests_of_its_own() {
    let world = World::odd(Pages::Offset);
    world.manifest(&with_switches(""));
    world.converges();
    let switches = |world: &World<Odd>| {
        let heard = world.server.heard();
        heard.iter().filter(|one| one.path.ends_with("/switch")).count()
    };
    world.server.portal(|portal| {
        assert_eq!(portal.one("acme/ada")["state"], "on");
        assert_eq!(portal.one("acme/dana")["state"], "off", "a contact has no access");
    });
    // Somebody lets a contact in, and that is undone by one request.
    world.server.portal(|portal| portal.change("acme/dana", |dana| dana["state"] = json!("on")));
    world.server.heard();
    world.run("apply --yes").exits(0);
    assert_eq!(switches(&world), 1);
    world.settled();
}

#[test]
fn each_request_of_a_change_carries_the_version_that_the_one_before_it_made() {
    let world = World::odd(Pages::Offset);
    world.server.portal(|portal| portal.odd.strict = true);
    world.manifest(&with_switches(", ifMatch: version"));
    // Contacts are created with access, which is taken at once.
    world.converges();
    world.server.portal(|portal| {
        portal.change("acme/dana", |dana| {
            dana["state"] = json!("on");
            dana["fullName"] = json!("Meddled");
        });
    });
    world.server.heard();
    world.run("apply --yes").exits(0);
    let changes: Vec<String> = writes(&world.server.heard()).iter().map(|one| one.method.clone()).collect();
    assert_eq!(changes, ["PUT", "POST"], "the name, then the access: neither is refused and sent again");
    world.settled();
}

#[test]
fn members_may_be_written_with_their_group() {
    let text = manifest(Pages::Offset);
    let from = text.find("    add: {").unwrap();
    let to = text.find("    together: 3\n").unwrap() + "    together: 3\n".len();
    let text = format!("{}{}", &text[..from], &text[to..]);
    let whole = "body: { title: group.name, tag: group.externalId, access: group.access, crew: 'group.members.map(id, int(id))' }";
    let text = replaced(&text, "path: \"/teams/{id}\", body: *team", &format!("path: \"/teams/{{id}}\", {whole}"));
    let world = World::odd(Pages::Offset);
    world.manifest(&text);
    for roster in [ACME.to_owned(), second(), third()] {
        world.roster(&roster);
        world.converges();
    }
    world.server.portal(|portal| {
        assert_eq!(portal.members("IT operations"), ["ada@acme.example"]);
        // Somebody else's member stays when ours change.
        let zoe = portal.stranger("zoe");
        portal.teams[0]["crew"].as_array_mut().unwrap().push(zoe.into());
    });
    world.roster(&second());
    world.run("apply --yes --allow-grants 9").exits(0);
    world.server.portal(|portal| {
        let names = portal.members("IT operations");
        assert_eq!(names, ["ada@acme.example", "ben@acme.example", "zoe@other.example"]);
    });
}

#[test]
fn people_without_access_may_be_kept_apart() {
    let contacts = r#"contacts:
  list: { get: /friends, items: answer.body }
  one: { get: "/friends/{id}" }
  fields: { id: item.fid, externalId: item.ref, name: item.called, email: item.mail, roles: item.jobs,
    attributes: item.facts, type: item.sort }
  create:
    method: POST
    path: /friends
    body: &friend { ref: person.externalId, called: person.name, mail: person.email, jobs: person.roles,
      facts: person.attributes, sort: person.type }
    id: answer.body
  update: { method: PUT, path: "/friends/{id}", keep: item, body: *friend }
  delete: { method: DELETE, path: "/friends/{id}" }
groups:
"#;
    let world = World::odd(Pages::Offset);
    world.manifest(&replaced(&manifest(Pages::Offset), "groups:\n", contacts));
    for roster in [ACME.to_owned(), second(), third()] {
        world.roster(&roster);
        world.converges();
    }
    world.server.portal(|portal| {
        assert_eq!((portal.people.len(), portal.friends.len()), (1, 3));
        let soc = portal.friends.iter().find(|one| one["ref"] == "acme/soc").unwrap();
        assert_eq!((&soc["sort"], &soc["jobs"]), (&json!("distribution-list"), &json!(["watchlist"])));
        portal.friends.iter_mut().find(|one| one["ref"] == "acme/grace").unwrap()["called"] = json!("Meddled");
    });
    assert!(world.run("drift").exits(2).stdout.contains("Meddled"));
    world.converges();
}

#[test]
fn what_the_manifest_cannot_hold_is_said_before_anything_is_written() {
    let whole = manifest(Pages::Offset);
    let groups = whole.find("groups:\n").unwrap();
    for (text, said) in [
        (replaced(&whole, "    phone: item.tel\n", ""), "cannot hold the phone number of `ada`"),
        (replaced(&whole, "    active: item.state == \"on\"\n", ""), "cannot hold an account without access"),
        (whole[..groups].to_owned(), "cannot hold the permission group `it-operations`"),
        (replaced(&whole[..groups], "    roles: item.tags.jobs\n", ""), "cannot hold the roles of `ada`"),
    ] {
        let world = World::odd(Pages::Offset);
        world.manifest(&text);
        world.run("plan").exits(1).says(said);
        world.run("apply --yes").exits(1);
        assert!(writes(&world.server.heard()).is_empty(), "{said}");
    }
    // What can be held in another place is: that is said, and it comes back.
    let text =
        replaced(&whole, "    roles: item.tags.jobs\n    attributes: item.tags.facts\n    type: item.tags.sort\n", "");
    let text = text.replace(", jobs: person.roles, facts: person.attributes, sort: person.type", "");
    let world = World::odd(Pages::Offset);
    world.manifest(&text);
    world.run("plan").exits(0).says("roles as groups, one for each role").says("attributes as groups");
    world.converges();
    world.server.portal(|portal| {
        let team = portal.teams.iter().find(|team| team["tag"] == "acme/role:technical").unwrap();
        assert_eq!(team["crew"], json!([portal.one("acme/ada")["pid"]]));
    });
}

#[test]
fn a_manifest_without_ways_to_write_is_for_reading_only() {
    let text = manifest(Pages::Offset);
    let start = text.find("  create:\n    method: POST\n    path: /staff").unwrap();
    let world = World::odd(Pages::Offset);
    world.manifest(&text[..start]);
    let roster = replaced(ACME, "    groups: [it-operations]\n", "");
    world.roster(&roster[..roster.find("permissionGroups:").unwrap()]);
    world.server.portal(|portal| portal.stranger("zoe"));
    world.run("drift").exits(2).says("zoe@other.example");
    let ran = world.run("apply --yes").exits(1);
    assert!(said(&ran).contains("its manifest has no `users.create`, which step 1 (create user `ada`) needs"), "{ran}");
    assert!(writes(&world.server.heard()).is_empty());
    world.run("target probe").exits(0).says("users: nothing, they can only be read");
}

#[test]
fn what_the_manifest_lacks_is_said_by_the_plan() {
    let whole = manifest(Pages::Offset);
    let cut = |from: &str, to: &str| {
        let start = whole.find(from).unwrap_or_else(|| panic!("{from}"));
        let end = whole[start..].find(to).map_or(whole.len(), |end| start + end);
        format!("{}{}", &whole[..start], &whole[end..])
    };
    let gone = second();
    let gone = format!("{}{}", &gone[..gone.find("  dora:").unwrap()], &gone[gone.find("  soc:").unwrap()..]);
    for (text, before, after, key) in [
        (cut("  delete: { method: DELETE, path: \"/staff", "groups:\n"), second(), gone, "users.delete"),
        (
            cut("  update: { method: PATCH", "  delete: { method: DELETE, path: \"/teams"),
            ACME.to_owned(),
            second(),
            "groups.update",
        ),
    ] {
        let world = World::odd(Pages::Offset);
        world.roster(&before);
        world.converges();
        world.roster(&after);
        world.manifest(&text);
        world.server.heard();
        let ran = world.run("apply --yes --allow-removals 9").exits(1);
        assert!(said(&ran).contains(&format!("its manifest has no `{key}`")), "{key}\n{ran}");
        assert!(ran.stdout.contains("--> portal.yaml:"), "{ran}");
        assert!(writes(&world.server.heard()).is_empty());
        let probed = world.run("target probe").exits(0);
        assert!(said(&probed).contains(&format!("; not `{}`", key.split('.').next_back().unwrap())), "{probed}");
    }
}

#[test]
fn a_fault_of_the_manifest_is_looked_for_there() {
    let whole = manifest(Pages::Offset);
    for (from, to, wanted) in [
        ("    get: /staff\n", "    get: /stuff\n", "GET /stuff"),
        ("answer.body.found.staff", "answer.body.found.stuff", "there is no `stuff`"),
        ("answer.body.found.count", "answer.body.found.number", "there is no `number`"),
    ] {
        let world = World::odd(Pages::Offset);
        world.manifest(&replaced(&whole, from, to));
        let ran = world.run("plan").ends();
        let text = format!("{} {}", said(&ran), ran.stderr.split_whitespace().collect::<Vec<_>>().join(" "));
        let line = 1 + whole[..whole.find(from).unwrap()].matches('\n').count();
        let named = |text: &str| [", line ", ":"].iter().any(|by| text.contains(&format!("portal.yaml{by}{line}")));
        assert!(text.contains(wanted) && named(&text), "{wanted} {line}\n{ran}");
        let probed = world.run("target probe").exits(1);
        assert!(named(&said(&probed)), "{probed}");
    }
    // What is written has a line as well.
    let world = World::odd(Pages::Offset);
    world.manifest(&replaced(&whole, "    method: POST\n    path: /staff\n", "    method: POST\n    path: /stuff\n"));
    let ran = world.run("apply --yes").ends();
    assert!(said(&ran).contains("(POST /stuff, as the manifest says: portal.yaml, line"), "{ran}");
}

#[test]
fn a_target_that_does_not_tell_its_platform_is_told_so_at_once() {
    let world = World::odd(Pages::Offset);
    let ran = world.run("export").exits(1);
    let text = format!("{ran}");
    assert!(text.contains("rosterctl.yaml:4:3") && text.contains("add `platform: arxus`"), "{ran}");
    assert!(world.server.heard().is_empty(), "nobody was asked");
    assert!(ran.stdout.is_empty(), "a roster would be written there: {ran}");
    world.server.portal(|portal| portal.stranger("zoe"));
    let text =
        world.project.read("rosterctl.yaml").replace("kind: rest,", "kind: rest, platform: arxus, organisation: acme,");
    world.project.write("rosterctl.yaml", text);
    world.run("export").exits(0).says("organisation: acme").says("zoe@other.example");
}

#[test]
fn a_version_goes_back_as_the_portal_writes_it() {
    let world = World::applied(Pages::Offset);
    let text = replaced(&manifest(Pages::Offset), "version: string(item.rev)", "version: item.rev");
    let text = replaced(&text, "    ifMatch: version\n", "");
    let text = replaced(
        &text,
        "    body: *person\n",
        "    body: { seen: version, mail: person.email, fullName: person.name, tel: person.phone, state: 'person.active ? \"on\" : \"off\"', tags: { ref: person.externalId, jobs: person.roles, facts: person.attributes, sort: person.type } }\n",
    );
    world.manifest(&text);
    world.project.edit("rosters/acme.yaml", "name: Grace Lindqvist", "name: Grace Other");
    world.server.heard();
    world.run("apply --yes").exits(0);
    let written = world.server.heard().into_iter().find(|heard| heard.method == "PUT").expect("a change");
    assert!(written.body["seen"].is_number(), "{}", written.body);
}
