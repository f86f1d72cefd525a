//! Manifests that are wrong: found before any request, each at its place.

use serde_json::Value as Json;

use crate::common::{Project, replaced, repository};
use crate::odd::{Pages, manifest};
use crate::world::World;

/// The findings about a manifest.
fn findings(text: &str) -> Vec<Json> {
    let world = World::odd(Pages::Offset);
    world.manifest(text);
    let report = world.run("validate --format json").exits(1).json();
    for command in ["plan", "apply --yes", "drift", "target probe"] {
        world.run(command).exits(1);
    }
    assert!(world.server.heard().is_empty(), "nothing was asked of the portal");
    let all = report["diagnostics"].as_array().unwrap().clone();
    all.into_iter().filter(|one| one["location"]["path"] == "portal.yaml").collect()
}

/// Replaces a part of the manifest, and asserts where the finding is: the text that is underlined.
#[track_caller]
fn wrong(from: &str, to: &str, underlined: &str, said: &str) {
    let text = replaced(&manifest(Pages::Offset), from, to);
    let found = findings(&text);
    let one = found.iter().find(|one| one["message"].as_str().unwrap().contains(said));
    let one = one.unwrap_or_else(|| panic!("nothing says {said:?}: {found:#?}"));
    let at = |key: &str| one["location"][key].as_u64().unwrap() as usize;
    let line = text.lines().nth(at("line") - 1).unwrap();
    let shown: String = match at("endLine") == at("line") {
        true => line.chars().skip(at("column") - 1).take(at("endColumn") - at("column")).collect(),
        false => line.chars().skip(at("column") - 1).collect(),
    };
    assert_eq!(shown, underlined, "{one:#}");
}

#[test]
fn an_expression_that_is_wrong_is_underlined_where_it_is_wrong() {
    wrong("email: item.mail", "email: itm.mail", "itm", "there is no `itm` here");
    wrong("mail: person.email", "mail: person.emial", "emial", "no field `emial`");
    wrong("fullName: person.name\n", "fullName: '\"Dr \" + persn.name'\n", "persn", "there is no `persn`");
    wrong("path: \"/staff/{id}\"\n    keep", "path: \"/staff/{ident}\"\n    keep", "ident", "there is no `ident`");
    wrong(
        "{ skip: page.offset, size: page.size }",
        "{ skip: page.offst, size: page.size }",
        "offst",
        "no field `offst`",
    );
    wrong(
        "active: item.state == \"on\"",
        "active: string(item.state)",
        "string(item.state)",
        "true or false is wanted",
    );
    wrong("exists: answer.status == 422", "exists: answer.status == '422'", "==", "cannot be compared");
    wrong("name: item.fullName", "name: item.fullName.lower()", "lower", "there is no function `lower`");
    wrong("items: answer.body.found.staff", "items: answer.body[", "[", "this is no expression");
}

#[test]
fn an_expression_that_grows_or_goes_on_is_stopped_and_named() {
    let world = World::odd(Pages::Offset);
    world.server.portal(|portal| portal.stranger("zoe"));
    for bomb in [
        "[item.mail]".to_owned() + &".map(a, a + a)".repeat(40) + "[0]",
        "[item]".to_owned() + &".map(a, {'x': a, 'y': a})".repeat(24) + "[0].mail",
        "[item.mail]".to_owned() + &".map(a, [a, a])".repeat(40) + "[0]",
    ] {
        world.manifest(&replaced(&manifest(Pages::Offset), "email: item.mail", &format!("email: {bomb:?}")));
        for command in ["plan", "target probe"] {
            let ran = world.run(command).within_megabytes(600).ends();
            let all = format!("{ran}").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(all.contains("too l") && all.contains(", in portal.yaml:19:12"), "{bomb}: {ran}");
        }
    }
}

#[test]
fn a_manifest_lacks_nothing_that_its_requests_need() {
    let lacking = |from: &str, to: &str, said: &str| {
        let found = findings(&replaced(&manifest(Pages::Offset), from, to));
        let messages: Vec<&str> = found.iter().map(|one| one["message"].as_str().unwrap()).collect();
        assert!(messages.iter().any(|one| one.contains(said)), "nothing says {said:?}: {messages:#?}");
    };
    lacking("    id: answer.body.it.pid\n", "", "`create` needs the key `id`");
    lacking("    id: item.pid\n", "", "needs the key `id`");
    lacking("    externalId: item.tags.ref\n", "", "needs the key `externalId`");
    lacking("    name: item.fullName\n", "", "`fields` needs the key `name`");
    lacking("    items: answer.body.found.staff\n", "", "needs the key `items`");
    lacking("    members: item.crew\n", "", "needs the key `members`");
    lacking("    remove: { method: DELETE, path: \"/teams/{id}/crew/{member}\" }\n", "", "needs the key `remove`");
    lacking("by: offset, size: 5, end: total", "by: offset, end: total", "needs the key `size`");
    lacking("by: offset, size: 5, end: total", "by: cursor, end: no-next", "needs the key `next`");
    lacking("by: offset, size: 5, end: total", "by: offset, size: 5, end: no-next", "does not go with pages by offset");
    lacking("total: answer.body.found.count\n    ", "", "needs the key `total`");
    lacking("path: /staff\n", "path: staff\n", "a path begins with `/`");
    lacking("path: \"/staff/{id}\"\n    keep", "path: \"/staff/{id\"\n    keep", "a brace is opened");
    lacking("method: PUT", "method: GET", "must be one of POST, PUT, PATCH, DELETE");
    lacking("  one: { get: \"/staff/{id}\", item: answer.body.it }\n", "", "needs the key `one`");
    lacking("groups:\n", "group:\n", "has no key `group`");
}

#[test]
fn a_target_without_a_manifest_says_what_to_write() {
    let project = Project::with_roster(crate::common::ACME);
    let target = |manifest: &str| {
        let text = format!(
            "version: 1\nrosters: [rosters]\ntargets:\n  t: {{ kind: rest{manifest}, url: \"http://127.0.0.1:1/\" }}\n"
        );
        project.write("rosterctl.yaml", text);
    };
    target("");
    project.run("plan").exits(1).says("needs the key `manifest`");
    target(", manifest: nowhere.yaml");
    project.run("plan").exits(1).says("nowhere.yaml").says("keycloak, servicenow, graph");
}

#[test]
fn the_schema_takes_what_the_loader_takes() {
    let project = Project::with_roster(crate::common::ACME);
    let schema = project.run("schema manifest").exits(0).json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let shipped = ["keycloak", "servicenow", "graph"]
        .map(|name| std::fs::read_to_string(repository(&format!("src/live/rest/manifests/{name}.yaml"))).unwrap());
    let pages = [Pages::Offset, Pages::Numbered, Pages::Cursor, Pages::Next, Pages::Link, Pages::Whole];
    for text in shipped.into_iter().chain(pages.map(manifest)) {
        let json: Json = serde_yaml::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{text}");
    }
    let wrong: Json = serde_yaml::from_str(&replaced(&manifest(Pages::Offset), "groups:\n", "group:\n")).unwrap();
    assert!(!validator.is_valid(&wrong));
}
