//! What somebody who writes a manifest gets wrong: named with the line to mend, and nothing is made of it meanwhile.

use serde_json::{Value as Json, json};

use crate::common::{ACME, Ran, replaced};
use crate::odd::{Odd, Pages, manifest};
use crate::server::Act;
use crate::world::{World, number, writes};

/// Everything that a run says, in one line.
fn all(ran: &Ran) -> String {
    format!("{ran}").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The manifest with a part replaced, and the line of that part.
fn slip(from: &str, to: &str) -> (String, usize) {
    let text = replaced(&manifest(Pages::Offset), from, to);
    let line = text.lines().position(|line| line.contains(to.trim())).unwrap() + 1;
    (text, line)
}

/// An applied roster, of which `one` of users is misspelt since; and what is said of a request for somebody.
fn lost_one() -> (World<Odd>, impl Fn(&str) -> String) {
    let world = World::applied(Pages::Offset);
    let (text, line) = slip("one: { get: \"/staff/{id}\"", "one: { get: \"/membres/{id}\"");
    world.manifest(&text);
    world.server.heard();
    (world, move |id| format!("GET /membres/{id}, as the manifest says: portal.yaml, line {line}, answered 404"))
}

fn id(world: &World<Odd>, mail: &str) -> String {
    world.server.portal(|portal| portal.one(mail)["pid"].to_string())
}

#[test]
fn the_probe_reads_one_of_each_kind_by_itself() {
    let (world, said) = lost_one();
    let first = world.server.portal(|portal| portal.people[0]["pid"].to_string());
    let ran = world.run("target probe").exits(1);
    assert!(all(&ran).contains(&said(&first)), "{ran}");
    assert!(all(&ran).contains("mend first: `one` of `users` (portal.yaml, line "), "{ran}");
    assert!(!all(&ran).contains("next: `rosterctl plan"), "{ran}");
    let probed = world.run("target probe --format json").exits(1).json();
    assert_eq!(probed["works"], false, "{probed:#}");
    // The lists are whole: what was counted is a measure.
    assert!(world.project.read("capabilities/t.yaml").contains("users: 3"));

    world.manifest(&manifest(Pages::Offset));
    world.run("target probe -v").exits(0).says("shows the first of them").says("next: `rosterctl plan");
    let other = json!({ "it": { "pid": 999, "fullName": "Somebody else", "state": "on" } });
    world.server.hook("GET", &format!("/staff/{first}$"), 0, 1, Act::Instead(crate::server::json(200, other)));
    let ran = world.run("target probe").exits(1);
    assert!(all(&ran).contains("showed `999`"), "{ran}");
    world.server.hook("GET", "/teams/", 0, 1, Act::Instead(crate::server::json(404, json!({}))));
    let ran = world.run("target probe").exits(1);
    assert!(all(&ran).contains("mend first: `one` of `groups`"), "{ran}");
}

#[test]
fn nobody_is_said_to_be_gone_whom_the_list_shows() {
    let (world, said) = lost_one();
    let people = world.server.portal(|portal| portal.people.clone());
    let ada = id(&world, "ada@acme.example");
    world.roster(&replaced(ACME, "Ada Peeters", "Ada Pieters"));
    let ran = world.run("apply --yes").exits(1);
    assert!(all(&ran).contains(&said(&ada)) && !all(&ran).contains("no longer on the portal"), "{ran}");
    assert!(writes(&world.server.heard()).is_empty(), "{ran}");

    // What cannot be found was not deleted either.
    let dana = id(&world, "dana@acme.example");
    let from = ACME.find("  dana:").unwrap();
    let to = ACME.find("permissionGroups:").unwrap();
    world.roster(&format!("{}{}", &ACME[..from], &ACME[to..]));
    let ran = world.run("apply --yes --allow-removals 9 --allow-open arxus/coverage-after-plan").ends();
    assert_ne!(ran.code, Some(0), "{ran}");
    assert_eq!(world.server.portal(|portal| portal.people.clone()), people, "{ran}");
    assert!(all(&ran).contains(&said(&dana)), "{ran}");
}

#[test]
fn nobody_is_created_twice_where_one_does_not_find_them() {
    let (world, _) = lost_one();
    let eve = "  eve:\n    name: Eve Janssens\n    email: eve@acme.example\n";
    world.roster(&replaced(ACME, "permissionGroups:", &format!("{eve}permissionGroups:")));
    // The list shows them, and that they are what they shall be.
    let ran = world.run("apply --yes").exits(0);
    id(&world, "eve@acme.example");
    assert_eq!(number(&world.server.heard(), "POST", "/staff"), 1, "{ran}");
}

#[test]
fn somebody_who_was_deleted_meanwhile_is_gone() {
    let world = World::applied(Pages::Offset);
    let ada = id(&world, "ada@acme.example");
    world.roster(&replaced(ACME, "Ada Peeters", "Ada Pieters"));
    let delete = |portal: &mut Odd| portal.people.retain(|one| !one.to_string().contains("ada@acme.example"));
    world.server.hook("GET", &format!("/staff/{ada}$"), 0, 1, Act::First(delete));
    let ran = world.run("apply --yes").ends();
    assert!(all(&ran).contains("it is no longer on the portal; plan again"), "{ran}");
}

#[test]
fn a_field_that_nobody_has_and_that_steps_change_is_an_error_before_the_first_write() {
    let world = World::odd(Pages::Offset);
    for name in ["s1", "s2"] {
        world.server.portal(|portal| portal.stranger(name));
    }
    world.server.portal(|portal| portal.people[0]["tel"] = json!("+32 2 555 01 01"));
    let (text, line) = slip("phone: item.tel", "phone: item.tell");
    world.manifest(&text);
    let plan = world.run("plan --format json").exits(1).json();
    let findings = plan["diagnostics"].as_array().unwrap();
    let own: Vec<&Json> = findings.iter().filter(|one| one["rule"] == "plan/no-such-field").collect();
    let [own] = own.as_slice() else { panic!("not one finding: {findings:#?}") };
    let (message, help) = (own["message"].as_str().unwrap(), own["help"].as_str().unwrap());
    assert_eq!(own["severity"], "error", "{own:#}");
    assert!(message.starts_with(&format!("portal.yaml, line {line}: `phone` of `users`")), "{own:#}");
    assert!(message.ends_with("one step changes it, and nobody could see whether it was kept"), "{own:#}");
    assert!(help.contains("did you mean `tel`?") && help.contains("'has(item.tell) ? item.tell : null'"), "{own:#}");
    world.run("apply --yes --allow-grants 9").exits(1);
    assert!(writes(&world.server.heard()).is_empty());

    let ran = world.run("target probe").exits(1);
    assert!(all(&ran).contains(&format!("mend first: `phone` of `users` (portal.yaml, line {line})")), "{ran}");
    assert!(!all(&ran).contains("next: `rosterctl plan"), "{ran}");
    assert!(world.project.read("capabilities/t.yaml").contains("users: 2"), "{ran}");
    // A plan that does not touch it may go on.
    world.roster(&replaced(ACME, "    phone: \"+32 470 00 00 01\"\n", ""));
    let plan = world.run("plan --format json").exits(0).json();
    assert!(plan.to_string().contains("reads the field `tell`"), "{plan:#}");
}

#[test]
fn items_that_are_not_where_the_manifest_looks_are_told_with_what_is_there() {
    let world = World::odd(Pages::Offset);
    world.server.portal(|portal| portal.stranger("zoe"));
    for (to, key, has, near) in [
        ("answer.body.found.staf", "staf", "`found` has `count`, `staff`", Some("staff")),
        ("answer.body.fond.staff", "fond", "the answer has `found`", Some("found")),
        ("answer.body[\"members\"]", "body", "the answer has `found`", None),
        ("answer.body.found", "answer", "gives no list but a map, which has `count`, `staff`", None),
    ] {
        let (text, line) = slip("items: answer.body.found.staff", &format!("items: {to}"));
        world.manifest(&text);
        let column = text.lines().nth(line - 1).unwrap().find(key).unwrap() + 1;
        for command in ["target probe", "plan"] {
            let ran = world.run(command).exits(1);
            assert!(all(&ran).contains(has), "{to}: {ran}");
            assert!(near.is_none_or(|near| all(&ran).contains(&format!("did you mean `{near}`?"))), "{to}: {ran}");
            // An index is where its bracket is; a field is where its name is.
            let place =
                if near.is_some() { format!("portal.yaml:{line}:{column}") } else { format!("portal.yaml:{line}:") };
            assert!(all(&ran).contains(&place), "{to}: {place}: {ran}");
            assert!(!all(&ran).contains("shows what it sends"), "{to}: {ran}");
        }
    }
}

/// The findings about a manifest, as messages and helps.
fn findings(text: &str) -> Vec<(String, String)> {
    let world = World::odd(Pages::Offset);
    world.manifest(text);
    let report = world.run("validate --format json").ends();
    let report: Json = serde_json::from_str(&report.stdout).unwrap();
    let said = |one: &Json, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let all = report["diagnostics"].as_array().unwrap().iter().filter(|one| one["location"]["path"] == "portal.yaml");
    all.map(|one| (said(one, "message"), said(one, "help"))).collect()
}

#[test]
fn a_slip_in_what_an_alias_repeats_is_told_once() {
    let found = findings(&slip("fullName: person.name", "fullName: persn.name").0);
    assert_eq!(found.iter().filter(|(message, _)| message.contains("`persn`")).count(), 1, "{found:#?}");
    // Two slips alike in two places are two.
    let twice = slip("path: \"/teams/{id}/crew\"", "path: \"/teams/{team}/crew\"").0;
    let twice = replaced(&twice, "path: \"/teams/{id}/crew/{member}\"", "path: \"/teams/{team}/crew/{member}\"");
    let found = findings(&twice);
    assert_eq!(found.iter().filter(|(message, _)| message.contains("`team`")).count(), 2, "{found:#?}");
}

#[test]
fn a_missing_key_comes_with_an_example_that_does() {
    for (line, key) in [
        ("    id: answer.body.it.pid\n", "id"),
        ("    id: item.pid\n", "id"),
        ("    externalId: item.tags.ref\n", "externalId"),
        ("    name: item.fullName\n", "name"),
        ("    items: answer.body.found.staff\n", "items"),
        ("    members: item.crew\n", "members"),
        ("    remove: { method: DELETE, path: \"/teams/{id}/crew/{member}\" }\n", "remove"),
        ("    add: { method: POST, path: \"/teams/{id}/crew\", body: { join: members } }\n", "add"),
        ("  one: { get: \"/staff/{id}\", item: answer.body.it }\n", "one"),
        ("  delete: { method: DELETE, path: \"/staff/{id}\" }\n", "reactivate"),
    ] {
        // A request that shuts out needs one that lets in.
        let deactivate = "  deactivate: { method: POST, path: \"/staff/{id}/switch\" }\n";
        let without = if key == "reactivate" { deactivate } else { "" };
        let found = findings(&replaced(&manifest(Pages::Offset), line, without));
        let needs = format!("needs the key `{key}`");
        let found = found.iter().find(|(message, _)| message.contains(&needs));
        let (_, help) = found.unwrap_or_else(|| panic!("nothing needs `{key}`"));
        let example = help.strip_prefix(&format!("add `{key}:`, such as `")).and_then(|rest| rest.strip_suffix('`'));
        let example = example.unwrap_or_else(|| panic!("no example: {help}"));
        let indent = &line[..line.len() - line.trim_start().len()];
        let with = replaced(&manifest(Pages::Offset), line, &format!("{without}{indent}{example}\n"));
        assert_eq!(findings(&with), Vec::new(), "{example}");
    }
}

#[test]
fn a_deletion_that_leads_nowhere_is_not_done() {
    let world = World::applied(Pages::Offset);
    let (text, line) =
        slip("delete: { method: DELETE, path: \"/staff/{id}", "delete: { method: DELETE, path: \"/staff/0{id}");
    world.manifest(&text);
    let id = id(&world, "grace@acme.example");
    let told = world.project.read("rosters/acme.yaml");
    let (before, rest) = told.split_once("  grace:\n").unwrap();
    let rest = &rest[rest.find("\n  dana:").unwrap() + 1..];
    let rest = replaced(rest, "roles: [dpo]", "roles: [dpo, commercial]\n    attributes: { signingAuthority: true }");
    world.project.write("rosters/acme.yaml", format!("{before}{rest}"));
    let ran = world.run("apply --yes").exits(3);
    assert!(
        all(&ran).contains(&format!("portal.yaml, line {line}, answered 404, and the portal has it still")),
        "{ran}"
    );
    assert!(world.server.portal(|portal| portal.one("grace@acme.example")["pid"].to_string()) == id);
}
