//! The schemas in `schema/` are those that the program makes, are valid, and accept what the program accepts.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{ACME, Project, assert_file, repository};
use jsonschema::{Validator, draft202012};
use rosterctl::report::schema;
use serde_json::{Value as Json, json};

/// The rules of shape that a schema can hold.
const SHAPE: &[&str] =
    &["roster/unknown-key", "roster/wrong-type", "roster/missing-key", "roster/null-section", "roster/version"];

/// Where the loader is stricter than the schema of rosters, and why a schema cannot say it.
const STRICTER_LOADER: &[(&str, &str)] = &[
    ("a day that the calendar lacks", "a pattern knows no months"),
    ("an expectation without a kind", "the loader says it better than `oneOf` would in an editor"),
    ("an expectation of two kinds", "the same"),
    ("an invisible character", "the list of such characters is no pattern worth reading in an editor"),
    ("a text that is too long", "bytes are not characters"),
    ("an attribute of the wrong type", "types are those of the platform: the schema of the platform holds it"),
    ("a level that an application lacks", "words of the platform: the schema of the platform holds it"),
    ("a list attribute with a word that is no id", "a word of the platform's list attributes"),
];

fn text(schema: &Json) -> String {
    serde_json::to_string_pretty(schema).expect("JSON") + "\n"
}

/// What YAML says, as JSON; every document of the text.
fn documents(yaml: &str) -> Vec<Json> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(yaml)
        .map(|one| Json::deserialize(one).expect("YAML that JSON can say"))
        .collect()
}

fn validator(schema: &Json) -> Validator {
    draft202012::new(schema).expect("a schema that can be compiled")
}

#[track_caller]
fn accepts(schema: &Json, path: &str, instance: &Json) {
    if let Err(error) = validator(schema).validate(instance) {
        panic!("{path} is refused by its schema at {}: {error}", error.instance_path());
    }
}

/// Every YAML file below a folder of the repository.
fn yaml_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repository(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.ends_with(".yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no YAML below {folder}");
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_files_are_what_the_program_makes() {
    let made = schema::all();
    for (name, schema) in &made {
        assert_file(&format!("schema/{name}"), &text(schema));
    }
    let names: BTreeSet<String> = made.into_iter().map(|(name, _)| name).collect();
    let there = fs::read_dir(repository("schema")).expect("a folder");
    let there = there.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let there: BTreeSet<String> = there.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(there, names, "files of schema/ and the schemas that there are");
}

#[test]
fn the_command_prints_what_the_files_hold() {
    let project = Project::empty();
    for (command, name) in [
        ("schema", "roster.v1.json"),
        ("schema workspace", "workspace.v1.json"),
        ("schema platform", "platform.v1.json"),
        ("schema plan", "plan.v1.json"),
        ("schema report", "report.v1.json"),
        ("schema outcome", "outcome.v1.json"),
        ("schema drift", "drift.v1.json"),
        ("schema accept", "accept.v1.json"),
        ("schema runbook", "runbook.v1.json"),
        ("schema roster --platform arxus", "roster.arxus.v1.json"),
        ("schema roster --platform grx", "roster.grx.v1.json"),
    ] {
        let made = schema::all().into_iter().find(|(known, _)| known == name).expect("a schema").1;
        assert_eq!(project.run(command).exits(0).json(), made, "{command}");
    }
}

#[test]
fn schemas_are_valid_and_refer_to_nothing_outside() {
    for (name, schema) in schema::all() {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        if let Err(error) = draft202012::meta::validate(&schema) {
            panic!("{name} is no schema: {error}");
        }
        validator(&schema);
        let text = text(&schema);
        for reference in text.split("\"$ref\": \"").skip(1) {
            assert!(
                reference.starts_with("#/"),
                "{name} refers to {}",
                reference.split('"').next().unwrap_or_default()
            );
        }
    }
}

#[test]
fn input_schemas_know_no_null_and_close_their_objects() {
    for (name, schema) in schema::all() {
        if ["plan", "report", "outcome", "drift", "accept", "runbook"].iter().any(|made| name.starts_with(made)) {
            continue;
        }
        fn walk(name: &str, schema: &Json) {
            if let Some(object) = schema.as_object() {
                let null = object.get("type").is_some_and(|kind| {
                    kind == "null" || kind.as_array().is_some_and(|all| all.contains(&"null".into()))
                });
                assert!(!null, "{name} takes null: {schema}");
                if object.contains_key("properties") {
                    assert_eq!(
                        object.get("additionalProperties"),
                        Some(&Json::Bool(false)),
                        "{name} is open: {schema}"
                    );
                }
            }
            let below = schema.as_object().into_iter().flat_map(|object| object.values());
            below.chain(schema.as_array().into_iter().flatten()).for_each(|below| walk(name, below));
        }
        walk(&name, &schema);
    }
}

#[test]
fn every_example_and_fixture_that_holds_is_accepted() {
    let (roster, workspace) = (schema::roster(), schema::workspace());
    let all = schema::all();
    let of_platform =
        |id: &str| all.iter().find(|(name, _)| *name == format!("roster.{id}.v1.json")).map(|(_, schema)| schema);
    let holds = yaml_files("tests/rules").into_iter().filter(|path| path.ends_with("holds.yaml"));
    let examples = yaml_files("examples").into_iter().filter(|path| !path.starts_with("examples/broken/rosters"));
    for path in holds.chain(examples) {
        for document in documents(&read(&path)) {
            if path.ends_with("/rosterctl.yaml") {
                accepts(&workspace, &path, &document);
                continue;
            }
            if path == "examples/rest/club.yaml" {
                accepts(&schema::manifest(), &path, &document);
                continue;
            }
            accepts(&roster, &path, &document);
            if let Some(schema) = document["platform"].as_str().and_then(of_platform) {
                accepts(schema, &path, &document);
            }
        }
    }
}

#[test]
fn platform_files_are_accepted() {
    let schema = schema::platform();
    for path in yaml_files("src/platform") {
        for document in documents(&read(&path)) {
            accepts(&schema, &path, &document);
        }
    }
}

#[test]
fn what_init_writes_is_accepted() {
    for (platform, _) in rosterctl::platform::BUILT_IN {
        let project = Project::empty();
        project.run(&format!("init --platform {platform}")).exits(0);
        for document in documents(&project.read("rosters/acme.yaml")) {
            accepts(&schema::roster(), "the starter", &document);
        }
        accepts(&schema::workspace(), "the workspace of init", &documents(&project.read("rosterctl.yaml"))[0]);
    }
}

#[test]
fn reports_and_plans_are_what_their_schemas_say() {
    let project = Project::copy_of("examples/broken");
    accepts(&schema::report(), "a report", &project.run("validate --format json").exits(1).json());
    accepts(&schema::plan(), "a refused plan", &project.run("plan --format json").exits(1).json());
    let project = Project::with_roster(ACME);
    accepts(&schema::report(), "a clean report", &project.run("validate --format json").exits(0).json());
    accepts(&schema::plan(), "a plan", &project.run("plan --format json").exits(0).json());
    project.run("apply --yes").exits(0);
    accepts(&schema::plan(), "an empty plan", &project.run("plan --format json").exits(0).json());
    project.edit("rosters/acme.yaml", "name: Dana Kowalska", "name: Dana Nowak");
    accepts(&schema::plan(), "an update", &project.run("plan --format json").exits(0).json());
}

/// One change of a roster: what it is called, where, and the new value; none takes the key out.
fn mutations() -> Vec<(&'static str, &'static str, Option<Json>)> {
    vec![
        ("nothing", "", None),
        ("no version", "/version", None),
        ("another version", "/version", Some(json!(2))),
        ("a version that is text", "/version", Some(json!("1"))),
        ("no organisation", "/organisation", None),
        ("an organisation that is a number", "/organisation", Some(json!(7))),
        ("an organisation that is no id", "/organisation", Some(json!("Acme NV"))),
        ("an organisation that is null", "/organisation", Some(Json::Null)),
        ("a platform that is a list", "/platform", Some(json!(["arxus"]))),
        ("an unknown key", "/colour", Some(json!("red"))),
        ("a misspelt section", "/uesrs", Some(json!({}))),
        ("users that are null", "/users", Some(Json::Null)),
        ("users that are a list", "/users", Some(json!([]))),
        ("users that are text", "/users", Some(json!("ada"))),
        ("no users", "/users", Some(json!({}))),
        ("users absent", "/users", None),
        ("contacts that are null", "/contacts", Some(Json::Null)),
        ("groups that are null", "/permissionGroups", Some(Json::Null)),
        ("a profile that is null", "/profile", Some(Json::Null)),
        ("a profile that is true", "/profile", Some(json!(true))),
        ("an empty profile", "/profile", Some(json!({}))),
        ("a profile with another key", "/profile/colour", Some(json!("red"))),
        ("a size that is unknown", "/profile/size", Some(json!("medium"))),
        ("a size that is null", "/profile/size", Some(Json::Null)),
        ("domains that are text", "/profile/domains", Some(json!("acme.example"))),
        ("domains with a number", "/profile/domains/0", Some(json!(7))),
        ("services that are a map", "/profile/services", Some(json!({}))),
        ("a relationship that is unknown", "/profile/relationship", Some(json!("friend"))),
        ("a user that is null", "/users/ada", Some(Json::Null)),
        ("a user that is text", "/users/ada", Some(json!("Ada"))),
        ("a user without a name", "/users/ada/name", None),
        ("a name that is null", "/users/ada/name", Some(Json::Null)),
        ("a name that is a number", "/users/ada/name", Some(json!(7))),
        ("an empty name", "/users/ada/name", Some(json!(""))),
        ("an e-mail that is a list", "/users/ada/email", Some(json!(["a@b.example"]))),
        ("no e-mail", "/users/ada/email", None),
        ("a phone that is a number", "/users/ada/phone", Some(json!(32))),
        ("an empty phone", "/users/ada/phone", Some(json!(""))),
        ("a type that is unknown", "/users/ada/type", Some(json!("robot"))),
        ("a status that is unknown", "/users/ada/status", Some(json!("suspended"))),
        ("roles that are text", "/users/ada/roles", Some(json!("technical"))),
        ("roles that are null", "/users/ada/roles", Some(Json::Null)),
        ("roles with a number", "/users/ada/roles/0", Some(json!(7))),
        ("roles with a list", "/users/ada/roles/0", Some(json!(["technical"]))),
        ("no roles", "/users/ada/roles", Some(json!([]))),
        ("groups that are a map", "/users/ada/groups", Some(json!({}))),
        ("attributes that are a list", "/users/ada/attributes", Some(json!([]))),
        ("an attribute that is null", "/users/ada/attributes/serviceNow", Some(Json::Null)),
        ("an attribute that is a number", "/users/ada/attributes/serviceNow", Some(json!(1))),
        ("an attribute of the wrong type", "/users/ada/attributes/serviceNow", Some(json!("yes"))),
        ("an attribute that is a map", "/users/ada/attributes/serviceNow", Some(json!({}))),
        ("a list attribute with a number", "/users/ada/attributes/responsibilities/0", Some(json!(7))),
        (
            "a list attribute with a word that is no id",
            "/users/ada/attributes/responsibilities/0",
            Some(json!("IT Admin")),
        ),
        ("a user with another key", "/users/ada/colour", Some(json!("red"))),
        ("a user with applications", "/users/ada/applications", Some(json!({}))),
        ("an id that is no id", "/users/Ada", Some(json!({ "name": "Ada" }))),
        ("a second user", "/users/ben", Some(json!({ "name": "Ben" }))),
        ("an earlier id", "/users/ada/previously", Some(json!(["ada-l"]))),
        ("an earlier id that is no id", "/users/ada/previously", Some(json!(["Ada L"]))),
        ("a last day", "/users/ada/until", Some(json!("2099-06-30"))),
        ("a last day that is text", "/users/ada/until", Some(json!("soon"))),
        ("a day that the calendar lacks", "/users/ada/until", Some(json!("2099-02-30"))),
        ("a contact with groups", "/contacts/dana/groups", Some(json!([]))),
        ("a contact with a status", "/contacts/dana/status", Some(json!("active"))),
        ("a contact without a name", "/contacts/dana/name", None),
        ("a group without a name", "/permissionGroups/it-operations/name", None),
        ("a group with members", "/permissionGroups/it-operations/members", Some(json!(["ada"]))),
        ("applications that are a list", "/permissionGroups/it-operations/applications", Some(json!(["csp"]))),
        ("a level that is a number", "/permissionGroups/it-operations/applications/service-desk", Some(json!(7))),
        (
            "a level that an application lacks",
            "/permissionGroups/it-operations/applications/service-desk",
            Some(json!("half")),
        ),
        ("expectations that are a map", "/expectations", Some(json!({}))),
        ("no expectations", "/expectations", Some(json!([]))),
        ("an expectation that is text", "/expectations", Some(json!(["all is well"]))),
        ("an expectation without a kind", "/expectations", Some(json!([{}]))),
        (
            "an expectation of two kinds",
            "/expectations",
            Some(json!([{ "holds": { "role": "dpo" }, "can": { "do": "manage-users" } }])),
        ),
        (
            "an expectation that holds",
            "/expectations",
            Some(json!([{ "holds": { "role": "dpo", "exactly": ["dana"] } }])),
        ),
        ("an expectation of nothing", "/expectations", Some(json!([{ "notified": { "exactly": [] } }]))),
        (
            "an expectation of less than none",
            "/expectations",
            Some(json!([{ "holds": { "role": "dpo", "atLeast": -1 } }])),
        ),
        (
            "an expectation of half a person",
            "/expectations",
            Some(json!([{ "holds": { "role": "dpo", "atLeast": 0.5 } }])),
        ),
        ("an expectation of text", "/expectations", Some(json!([{ "holds": { "role": "dpo", "nobody": "no" } }]))),
        ("a waiver without a reason", "/waivers", Some(json!([{ "rule": "arxus/dpo-missing" }]))),
        (
            "a waiver with another key",
            "/waivers",
            Some(json!([{ "rule": "arxus/dpo-missing", "reason": "x", "by": "me" }])),
        ),
        ("waivers that are null", "/waivers", Some(Json::Null)),
        ("an invisible character", "/users/ada/name", Some(json!("A\u{200b}da"))),
        ("a text that is too long", "/users/ada/name", Some(json!("x".repeat(20_000)))),
    ]
}

fn mutated(base: &Json, at: &str, value: Option<Json>) -> Json {
    let mut roster = base.clone();
    let Some((parent, key)) = at.rsplit_once('/') else { return roster };
    let parent = roster.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}"));
    match (parent, value) {
        (Json::Object(map), Some(value)) => drop(map.insert(key.to_owned(), value)),
        (Json::Object(map), None) => drop(map.remove(key).unwrap_or_else(|| panic!("there is no {at}"))),
        (Json::Array(list), Some(value)) => list[key.parse::<usize>().expect("an index")] = value,
        (other, _) => panic!("{other} has no parts"),
    }
    roster
}

/// The shape findings that the loader reports; JSON is YAML.
fn shape_findings(roster: &Json) -> Vec<String> {
    let project = Project::with_roster(&text(roster));
    let found = project.run("validate --format json --as-of 2026-06-01").ends().findings();
    let found = found.into_iter().filter(|finding| SHAPE.contains(&finding.rule.as_str()));
    found.map(|finding| format!("{} at {}: {}", finding.rule, finding.pointer, finding.message)).collect()
}

#[test]
fn the_schema_accepts_what_the_loader_accepts() {
    let base = &documents(ACME)[0];
    let validator = validator(&schema::roster());
    let mut wrong = Vec::new();
    let mutations = mutations();
    assert!(mutations.len() >= 60);
    for (exception, _) in STRICTER_LOADER {
        assert!(mutations.iter().any(|(name, ..)| name == exception), "{exception} is not tried");
    }
    for (name, at, value) in mutations {
        let roster = mutated(base, at, value);
        let (schema, loader) = (validator.is_valid(&roster), shape_findings(&roster));
        let excused = STRICTER_LOADER.iter().any(|(exception, _)| *exception == name);
        match (schema, loader.is_empty(), excused) {
            (true, true, false) | (false, false, false) | (true, false, true) => {}
            (_, _, true) => {
                wrong.push(format!("{name}: no exception any more; schema accepts: {schema}, loader: {loader:?}"))
            }
            _ => wrong.push(format!("{name}: schema accepts: {schema}, loader: {loader:?}")),
        }
    }
    assert!(wrong.is_empty(), "schema and loader differ:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_schema_of_a_platform_knows_its_words() {
    let base = &documents(ACME)[0];
    let arxus = schema::all().into_iter().find(|(name, _)| name == "roster.arxus.v1.json").expect("a schema").1;
    let validator = validator(&arxus);
    assert!(validator.is_valid(base));
    for (at, value) in [
        ("/users/ada/roles/0", json!("techncal")),
        ("/users/ada/attributes/serviceNow", json!("yes")),
        ("/users/ada/attributes/serviceNaw", json!(true)),
        ("/users/ada/attributes/primaryFor", json!(["techncal"])),
        ("/permissionGroups/it-operations/applications/service-desk", json!("half")),
        ("/permissionGroups/it-operations/applications/servicedesk", json!("full")),
        ("/profile/services", json!(["secwise-watsh"])),
        ("/expectations", json!([{ "notified": { "of": "data-breech" } }])),
        ("/expectations", json!([{ "can": { "do": "manage-user" } }])),
        ("/expectations", json!([{ "holds": { "role": "dop" } }])),
    ] {
        let roster = mutated(base, at, Some(value));
        assert!(!validator.is_valid(&roster), "{at} is accepted");
        let project = Project::with_roster(&text(&roster));
        project.run("validate").exits(1);
    }
}

#[test]
fn the_schema_of_the_workspace_accepts_what_the_loader_accepts() {
    let validator = validator(&schema::workspace());
    let mut wrong = Vec::new();
    for (text, stricter) in [
        ("version: 1\n", false),
        ("rosters: [rosters]\n", false),
        ("version: 1\nrosters: rosters\n", false),
        ("version: 1\nroster: [rosters]\n", false),
        ("version: 1\ntargets: { a: { kind: embedded, path: a.db } }\n", false),
        ("version: 1\ntargets: { a: { kind: embeded, path: a.db } }\n", false),
        ("version: 1\ntargets: { a: { path: a.db } }\n", false),
        ("version: 1\ntargets: { A: { kind: embedded, path: a.db } }\n", false),
        ("version: 1\ntargets: null\n", false),
        ("version: 1\ntargets: { a: { kind: scim, url: u, auth: { bearer: secret } } }\n", false),
        ("version: 1\ntargets: { a: { kind: scim, url: u, auth: { bearer: { env: A } } } }\n", false),
        ("version: 1\ntargets: { a: { kind: scim, url: u, auth: { bearer: { env: A, file: b } } } }\n", false),
        ("version: 1\ntargets: { a: { kind: scim, url: u, concurrency: 8 } }\n", false),
        ("version: 1\ntargets: { a: { kind: scim, url: u, concurrency: -8 } }\n", false),
        ("version: 1\nguards: { maxRemovals: { count: 10, percent: 10 } }\n", false),
        ("version: 1\nguards: { maxRemovals: 10 }\n", false),
        ("version: 1\nremoval: delete\n", false),
        ("version: 1\nremoval: forget\n", false),
        ("version: 1\nrules: { levels: { arxus/dpo-missing: error } }\n", false),
        ("version: 1\nrules: { levels: { arxus/dpo-missing: fatal } }\n", false),
        ("version: 1\nrules: { levels: [] }\n", false),
        // Which keys a target needs follows from its kind; which targets there are, from the file.
        ("version: 1\ntargets: { a: { kind: embedded } }\n", true),
        ("version: 1\ndefaultTarget: a\n", true),
    ] {
        let project = Project::with_roster(ACME).with_workspace(text);
        let found = project.run("validate --format json rosters").ends().findings();
        let found: Vec<String> =
            found.into_iter().filter(|one| SHAPE.contains(&one.rule.as_str())).map(|one| one.message).collect();
        let schema = validator.is_valid(&documents(text)[0]);
        if (schema == found.is_empty()) == stricter {
            wrong.push(format!("{text:?}: schema accepts: {schema}, loader: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "schema and loader differ:\n  {}", wrong.join("\n  "));
}
