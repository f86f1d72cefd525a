//! `rosterctl serve`: the embedded portal as a SCIM 2.0 server, asked over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::served::{CONTACT, GROUP, OWN, OWN_GROUP, STANDING, Served, USER, encoded, id, user};
use common::{ACME, Project};
use serde_json::{Value as Json, json};

/// A platform on which users come active and may do everything.
const PLAIN: &str = include_str!("servers/conformance.platform.yaml");

fn arxus() -> (Project, Served) {
    let project = Project::empty();
    let served = project.serve("--platform arxus --organisation acme");
    (project, served)
}

fn plain() -> (Project, Served) {
    let project = Project::empty().with("plain.yaml", PLAIN);
    let served = project.serve("--platform plain.yaml --organisation acme");
    (project, served)
}

fn group(name: &str, members: &[&str]) -> Json {
    let members: Vec<Json> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "members": members })
}

fn members(group: &Json) -> Vec<String> {
    let members = group["members"].as_array().map(Vec::as_slice).unwrap_or_default();
    members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_server_says_what_it_can() {
    let (_project, served) = arxus();
    let provider = served.get("/ServiceProviderConfig").is(200);
    assert_eq!(provider.header("content-type"), Some("application/scim+json"));
    let provider = provider.json();
    for ability in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(provider[ability]["supported"], true, "{ability}");
    }
    assert_eq!(provider["changePassword"]["supported"], false);
    assert_eq!(provider["pagination"]["cursor"], true);
    let types = served.get("/ResourceTypes").is(200).json();
    assert_eq!(types["totalResults"], 3);
    for kind in types["Resources"].as_array().unwrap() {
        let own = served.get(&format!("/ResourceTypes/{}", kind["name"].as_str().unwrap())).is(200).json();
        assert_eq!(&own, kind);
        let list = served.get(kind["endpoint"].as_str().unwrap()).is(200).json();
        assert_eq!(list["totalResults"], 0, "an empty portal has none");
    }
    let schemas = served.get("/Schemas").is(200).json();
    assert_eq!(schemas["totalResults"], 7);
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    let own = served.get(&format!("/Schemas/{urn}")).is(200).json();
    assert_eq!(own, served.get(&format!("/Schemas/{}", encoded(urn))).is(200).json());
    let roles = own["attributes"].as_array().unwrap().iter().find(|one| one["name"] == "roles").unwrap();
    let words = roles["subAttributes"][0]["canonicalValues"].as_array().unwrap();
    assert!(words.contains(&json!("technical")), "the platform's words are suggested: {words:?}");
    served.get("/Schemas?filter=id%20pr").refuses(403, None, "cannot be filtered");
    served.get("/Schemas/urn:nothing").refuses(404, None, "no schema");
    for (method, path) in [("POST", "/Schemas"), ("DELETE", "/Users"), ("POST", "/Users/p-000001"), ("GET", "/Bulk")] {
        let answer = served.send(method, path, &[], None).refuses(405, None, "possible");
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
    for path in ["/Nothing", "/Users/p-000001", "/Users/p-1", "/Users/g-000001", "/Groups/a/b"] {
        served.get(path).refuses(404, None, "");
    }
    served.get("/Me").refuses(501, None, "/Me");
    let outside = served.raw(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    outside.refuses(404, None, "everything is below /scim/v2");
}

#[test]
fn a_user_comes_changes_and_goes() {
    let (project, served) = arxus();
    let sent = json!({
        "schemas": [USER, OWN], "userName": "ada.p", "externalId": "acme/ada", "displayName": "Ada Peeters",
        "name": { "givenName": "Ada", "familyName": "Peeters" }, "title": "Head of IT",
        "emails": [{ "value": "ada@acme.example", "type": "work", "primary": true }, { "value": "ada@home.example", "type": "home" }],
        "phoneNumbers": [{ "value": "+32 470 00 00 01", "type": "mobile" }],
        "roles": [{ "value": "technical", "display": "Technical contact" }],
        OWN: { "attributes": ["serviceNow=true", "responsibilities=security", "responsibilities=it-administration"] },
    });
    let made = served.post("/Users", &sent).is(201);
    let location = made.header("location").unwrap().to_owned();
    let tag = made.header("etag").unwrap().to_owned();
    let ada = made.json();
    assert_eq!((ada["id"].as_str(), &ada["meta"]["location"]), (Some("p-000001"), &json!(location)));
    assert_eq!((&ada["meta"]["version"], &ada["meta"]["resourceType"]), (&json!(tag), &json!("User")));
    assert_eq!(ada["active"], true);
    assert_eq!(ada.get(STANDING), None, "it has to be asked for");
    assert_eq!(served.standing("/Users/p-000001"), json!({ "status": "active", "organisation": "acme" }));
    for name in ["userName", "externalId", "displayName", "name", "title", "emails", "phoneNumbers", "roles"] {
        assert_eq!(ada[name], sent[name], "{name}");
    }
    let words: BTreeSet<&str> =
        ada[OWN]["attributes"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(
        words,
        BTreeSet::from(["serviceNow=true", "responsibilities=security", "responsibilities=it-administration"])
    );
    assert_eq!(served.get("/Users/p-000001").is(200).json(), ada);
    // What the portal models is in its own columns.
    let column = |name: &str| project.column(&format!("SELECT {name} FROM person"));
    assert_eq!(column("name || ' ' || email || ' ' || phone"), ["Ada Peeters ada@acme.example +32 470 00 00 01"]);
    assert_eq!(column("roles || ' ' || external_id"), ["technical acme/ada"]);
    // A client that sends back what it read changes nothing.
    let same = served.put("/Users/p-000001", &ada).is(200);
    assert_eq!((same.header("etag"), same.json()), (Some(tag.as_str()), ada.clone()));
    // What PUT leaves out is gone.
    let put = json!({ "schemas": [USER], "userName": "ada.p", "externalId": "acme/ada", "displayName": "Ada P.",
        "emails": [{ "value": "ada@acme.example" }] });
    let put = served.put("/Users/p-000001", &put).is(200).json();
    assert_eq!((&put["title"], &put["roles"], &put["phoneNumbers"]), (&Json::Null, &Json::Null, &Json::Null));
    assert_eq!((&put["displayName"], &put["name"]), (&json!("Ada P."), &json!({ "formatted": "Ada P." })));
    assert_ne!(put["meta"]["version"], ada["meta"]["version"]);
    assert_eq!(column("coalesce(phone, 'none') || roles"), ["none"]);
    served.delete("/Users/p-000001").is(204);
    served.get("/Users/p-000001").refuses(404, None, "no User `p-000001`");
    served.delete("/Users/p-000001").refuses(404, None, "");
    let trail = project.run("portal audit --format json").exits(0).json();
    let done: Vec<String> = trail["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["who"], row["action"], row["key"], row["outcome"]))
        .collect();
    assert_eq!(
        done,
        [
            r#""anybody" "create" "ada" "done""#,
            r#""anybody" "update" "ada" "done""#,
            r#""anybody" "delete" "ada" "done""#,
        ]
    );
    let new = served.user("ada", json!({}));
    assert_eq!(id(&new), "p-000002", "ids are not used again");
}

#[test]
fn contacts_come_change_and_go() {
    let (project, served) = arxus();
    let sent = json!({
        "schemas": [CONTACT], "externalId": "acme/soc", "displayName": "SOC", "emails": [{ "value": "soc@acme.example" }],
        "phoneNumbers": [{ "value": "1" }], "roles": [{ "value": "watchlist" }], "type": "distribution-list",
    });
    let soc = served.post("/Contacts", &sent).is(201).json();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&soc[name.as_str()], value, "{name}");
    }
    served.get(&format!("/Users/{}", id(&soc))).refuses(404, None, "");
    let path = format!("/Contacts/{}", id(&soc));
    let signs = json!([{ "op": "add", "path": "attributes", "value": ["signingAuthority=true"] }]);
    let changed = served.patch(&path, signs).is(200).json();
    assert_eq!(changed["attributes"], json!(["signingAuthority=true"]));
    assert_eq!(
        project.column("SELECT section || type || attributes FROM person"),
        [r#"contactsdistribution-list{"signingAuthority":true}"#]
    );
    served.patch(&path, json!([{ "op": "add", "path": "roles", "value": [{ "value": "comercial" }] }])).refuses(
        400,
        Some("invalidValue"),
        "did you mean `commercial`?",
    );
    served.patch(&path, json!([{ "op": "add", "path": "roles", "value": [{ "value": "dpo" }] }])).refuses(
        403,
        None,
        "cannot be held by a distribution-list",
    );
    served.patch(&path, json!([{ "op": "remove", "path": "displayName" }])).refuses(
        400,
        Some("invalidValue"),
        "displayName",
    );
    served.delete(&path).is(204);
    assert_eq!(project.column("SELECT name FROM person"), [""; 0]);
}

#[test]
fn groups_have_members_and_give_access() {
    let (project, served) = arxus();
    let (ada, bob) = (served.user("ada", json!({})), served.user("bob", json!({})));
    let mut sent = group("IT operations", &[id(&ada)]);
    sent["externalId"] = "acme/it-operations".into();
    sent[OWN_GROUP] = json!({ "applications": ["service-desk=full"] });
    let made = served.post("/Groups", &sent).is(201).json();
    assert_eq!(members(&made), [id(&ada)]);
    assert_eq!(made[OWN_GROUP]["applications"], json!(["service-desk=full"]));
    assert_eq!(made["members"][0]["$ref"], ada["meta"]["location"]);
    let path = format!("/Groups/{}", id(&made));
    let of = |user: &Json| served.get(&format!("/Users/{}", id(user))).is(200).json()["groups"].clone();
    assert_eq!(of(&ada)[0]["value"], made["id"]);
    assert_eq!(of(&ada)[0]["display"], "IT operations");
    assert_eq!(project.column("SELECT groups FROM person WHERE name = 'ada'"), ["it-operations"]);
    // Another member makes it another version of the group.
    let version = |group: &Json| group["meta"]["version"].as_str().unwrap().to_owned();
    let both =
        served.patch(&path, json!([{ "op": "add", "path": "members", "value": [{ "value": id(&bob) }] }])).is(200);
    let both = both.json();
    assert_eq!(members(&both), [id(&ada), id(&bob)]);
    assert_ne!(version(&both), version(&made));
    let again =
        served.patch(&path, json!([{ "op": "add", "path": "members", "value": [{ "value": id(&bob) }] }])).is(200);
    assert_eq!(again.json(), both, "who is in it already changes nothing");
    // Every way to take somebody out.
    for operation in [
        json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", id(&bob)) }),
        json!({ "op": "Remove", "path": "members", "value": [{ "value": id(&bob) }] }),
        json!({ "op": "replace", "path": "members", "value": [{ "value": id(&ada) }] }),
        json!({ "op": "replace", "value": { "members": [{ "$ref": ada["meta"]["location"] }] } }),
        json!({ "op": "remove", "path": "members[display eq \"bob\"]" }),
    ] {
        let left = served.patch(&path, json!([operation])).is(200).json();
        assert_eq!(members(&left), [id(&ada)], "{operation}");
        served.patch(&path, json!([{ "op": "add", "value": { "members": [{ "value": id(&bob) }] } }])).is(200);
    }
    let none = served.patch(&path, json!([{ "op": "remove", "path": "members" }])).is(200).json();
    assert_eq!((none.get("members"), of(&ada)), (None, Json::Null));
    let put = served.put(&path, &sent).is(200).json();
    assert_eq!(members(&put), [id(&ada)]);
    // Who cannot be a member.
    let other = served.post("/Groups", &group("Others", &[])).is(201).json();
    for (member, words) in [
        (json!({ "value": "p-000099" }), "there is no user"),
        (json!({ "value": other["id"] }), "there is no user"),
        (json!({ "value": other["id"], "type": "Group" }), "no groups"),
        (json!({ "display": "ada" }), "no `value`"),
    ] {
        let operations = json!([{ "op": "add", "path": "members", "value": [{ "value": id(&bob) }, member] }]);
        served.patch(&path, operations).refuses(400, Some("invalidValue"), words);
    }
    assert_eq!(members(&served.get(&path).json()), [id(&ada)], "all or nothing");
    served.patch(&path, json!([{ "op": "replace", "path": "members.display", "value": "x" }])).refuses(
        400,
        Some("mutability"),
        "",
    );
    // A group that rosterctl does not manage is known to people by its handle, and keeps them when it gets a name.
    let path = format!("/Groups/{}", id(&other));
    served.patch(&path, json!([{ "op": "add", "path": "members", "value": [{ "value": id(&bob) }] }])).is(200);
    assert_eq!(project.column("SELECT groups FROM person WHERE name = 'bob'"), [id(&other)]);
    let named =
        served.patch(&path, json!([{ "op": "add", "path": "externalId", "value": "acme/others" }])).is(200).json();
    assert_eq!(members(&named), [id(&bob)]);
    assert_eq!(project.column("SELECT groups FROM person WHERE name = 'bob'"), ["others"]);
    let foreign =
        served.patch(&path, json!([{ "op": "replace", "path": "externalId", "value": "S-1-5-21" }])).is(200).json();
    assert_eq!((&foreign["externalId"], members(&foreign)), (&json!("S-1-5-21"), vec![id(&bob).to_owned()]));
    assert_eq!(project.column("SELECT groups FROM person WHERE name = 'bob'"), [id(&other)]);
    served.delete(&path).is(204);
    assert_eq!(of(&bob), Json::Null, "with the group its memberships end");
    let list = served.get("/Groups?excludedAttributes=members").is(200).json();
    assert_eq!(list["Resources"][0].get("members"), None);
    let list = served.get("/Groups?attributes=members.display").is(200).json();
    assert_eq!(list["Resources"][0]["members"], json!([{ "display": "ada" }]));
}

#[test]
fn every_form_of_patch() {
    let (_project, served) = plain();
    let ada = served.user("ada", json!({ "emails": [
        { "value": "ada@acme.example", "type": "work", "primary": true }, { "value": "a@home.example", "type": "home" }] }));
    let path = format!("/Users/{}", id(&ada));
    let check = |operation: Json, pointer: &str, expected: Json| {
        let after = served.patch(&path, json!([operation])).is(200).json();
        assert_eq!(after.pointer(pointer).cloned().unwrap_or_default(), expected, "{operation}");
    };
    let add = |path: &str, value: Json| json!({ "op": "add", "path": path, "value": value });
    let replace = |path: &str, value: Json| json!({ "op": "replace", "path": path, "value": value });
    let remove = |path: &str| json!({ "op": "remove", "path": path });
    check(add("title", json!("Boss")), "/title", json!("Boss"));
    check(json!({ "op": "Add", "value": { "title": "Head", "name.familyName": "Peeters" } }), "/title", json!("Head"));
    check(add("name", json!({ "givenName": "Ada" })), "/name/familyName", json!("Peeters"));
    check(replace("NAME.givenname", json!("A.")), "/name/givenName", json!("A."));
    check(remove("name.givenName"), "/name/givenName", Json::Null);
    check(replace(&format!("{USER}:displayName"), json!("Ada P.")), "/displayName", json!("Ada P."));
    check(remove("title"), "/title", Json::Null);
    check(remove("title"), "/title", Json::Null);
    check(
        add("emails", json!([{ "value": "x@acme.example", "type": "other", "primary": true }])),
        "/emails/0/primary",
        json!(false),
    );
    check(remove("emails[type eq \"other\"]"), "/emails/2", Json::Null);
    check(replace("emails[type eq \"work\"].primary", json!(true)), "/emails/0/primary", json!(true));
    check(
        replace("emails[type eq \"home\"].value", json!("b@home.example")),
        "/emails/1/value",
        json!("b@home.example"),
    );
    check(
        add("emails[type eq \"fun\"].value", json!("c@fun.example")),
        "/emails/2",
        json!({ "type": "fun", "value": "c@fun.example" }),
    );
    check(
        json!({ "op": "remove", "path": "emails", "value": [{ "value": "c@fun.example" }] }),
        "/emails/2",
        Json::Null,
    );
    check(
        replace("emails[type eq \"home\"]", json!({ "value": "d@home.example", "display": "D" })),
        "/emails/1/display",
        json!("D"),
    );
    check(remove("emails[type eq \"home\"].display"), "/emails/1/display", Json::Null);
    check(replace("phoneNumbers", json!([{ "value": "1" }])), "/phoneNumbers", json!([{ "value": "1" }]));
    check(add("phoneNumbers", json!({ "value": "1" })), "/phoneNumbers/1", Json::Null);
    check(add("roles", json!(["watchlist"])), "/roles", json!([{ "value": "watchlist" }]));
    check(remove("roles[value eq \"watchlist\"]"), "/roles", Json::Null);
    let own = |rest: &str| format!("/{OWN}{rest}");
    check(
        add(&format!("{OWN}:attributes"), json!(["responsibilities=security"])),
        &own("/attributes/0"),
        json!("responsibilities=security"),
    );
    check(remove(&format!("{OWN}:attributes[value sw \"resp\"]")), &own("/attributes"), Json::Null);
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    check(add(enterprise, json!({ "employeeNumber": "7" })), &format!("/{enterprise}/employeeNumber"), json!("7"));
    check(
        add(&format!("{enterprise}:manager.value"), json!("p-9")),
        &format!("/{enterprise}/manager/value"),
        json!("p-9"),
    );
    check(remove(enterprise), &format!("/{enterprise}"), Json::Null);
    check(replace("active", json!("False")), "/active", json!(false));
    check(
        json!({ "op": "replace", "value": { "active": true, OWN: { "attributes": ["responsibilities=security"] } } }),
        "/active",
        json!(true),
    );
    check(add("nickName", Json::Null), "/nickName", Json::Null);
    // What cannot be done says why, and nothing of the request is done.
    for (operation, kind, words) in [
        (remove("nothing"), "invalidPath", "`nothing`"),
        (remove("emails[type eq]"), "invalidPath", "value in JSON"),
        (remove("emails[type eq \"work\""), "invalidPath", "not closed"),
        (remove("emails[kind eq \"work\"]"), "invalidFilter", "`kind`"),
        (json!({ "op": "remove" }), "noTarget", "needs a `path`"),
        (json!({ "op": "move", "path": "title" }), "invalidSyntax", "add, remove or replace"),
        (json!({ "op": "add", "path": "title" }), "invalidValue", "`value` is missing"),
        (json!({ "op": "add", "value": "x" }), "invalidValue", "an object"),
        (replace("emails[type eq \"none\"].value", json!("x")), "noTarget", "no value"),
        (replace("id", json!("x")), "mutability", "`id`"),
        (replace("groups", json!([])), "mutability", "`groups`"),
        (replace(&format!("{STANDING}:status"), json!("active")), "mutability", "`status`"),
        (remove("userName"), "invalidValue", "`userName`"),
        (replace("active", json!("maybe")), "invalidValue", "true or false"),
        (replace("title", json!(7)), "invalidValue", "text"),
        (replace("externalId", json!("beta/ada")), "mutability", "cannot move"),
    ] {
        let before = served.get(&path).json();
        let both = json!([{ "op": "add", "path": "title", "value": "never" }, operation]);
        served.patch(&path, both).refuses(400, Some(kind), words);
        assert_eq!(served.get(&path).json(), before, "{operation}");
    }
    served.send("PATCH", &path, &[], Some("{}")).refuses(400, Some("invalidSyntax"), "PatchOp");
}

#[test]
fn filters_find_what_fits() {
    let (project, served) = plain();
    for (name, more) in [
        ("ada", json!({ "title": "Boss", "name": { "familyName": "Peeters" } })),
        (
            "Bob",
            json!({ "externalId": "hr-7", "emails": [{ "value": "bob@acme.example", "type": "work" }, { "value": "Bob@home.example" }] }),
        ),
        ("carl", json!({ "active": false })),
        ("d\"e\\f", json!({ "externalId": "x", "emails": [] })),
        ("élan", json!({ "externalId": "y", "roles": [{ "value": "watchlist" }] })),
    ] {
        served.user(name, more);
    }
    let of = |names: &[&str]| names.iter().map(|name| format!("{name}@acme.example")).collect::<Vec<_>>();
    for (filter, names) in [
        (r#"userName eq "ADA@acme.example""#, &["ada"][..]),
        (r#"userName eq "ÉLAN@acme.example""#, &["élan"]),
        (r#"userName eq "d\"e\\f@acme.example""#, &["d\"e\\f"]),
        (r#"externalId eq "acme/ada""#, &["ada"]),
        (r#"externalId eq "ACME/ada""#, &[]),
        (r#"externalId eq "hr-7""#, &["Bob"]),
        (r#"id eq "p-000003""#, &["carl"]),
        (r#"id eq "p-3""#, &[]),
        (r#"displayName eq "BOB""#, &["Bob"]),
        (r#"displayName eq "ÉLAN""#, &["élan"]),
        (r#"emails.value eq "BOB@HOME.example""#, &["Bob"]),
        (r#"emails eq "bob@acme.example""#, &["Bob"]),
        (r#"emails[value eq "bob@home.example"]"#, &["Bob"]),
        (r#"emails[type eq "work" and value eq "bob@home.example"]"#, &[]),
        (r#"active eq false"#, &["carl"]),
        (r#"not (emails pr)"#, &["d\"e\\f"]),
        (r#"title pr or roles.value eq "watchlist""#, &["ada", "élan"]),
        (r#"(title pr or active eq false) and userName sw "c""#, &["carl"]),
        (r#"title pr and userName eq "bob@acme.example""#, &[]),
        (r#"userName co "@acme" and not (userName ew "nothing")"#, &["ada", "Bob", "carl", "d\"e\\f", "élan"]),
        (r#"urn:rosterctl:params:scim:schemas:extension:1.0:Standing:status eq "deactivated""#, &["carl"]),
        (r#"meta.created gt "2020-01-01T00:00:00Z" and name.familyName eq "peeters""#, &["ada"]),
        (r#"meta.lastModified lt "2020-01-01T00:00:00Z""#, &[]),
    ] {
        assert_eq!(served.finds(filter), of(names), "{filter}");
    }
    let made = served.post("/Groups", &group("Readers", &["p-000001", "p-000003"])).is(201).json();
    let by = |path: &str, filter: String| {
        let list = served.get(&format!("{path}?filter={}", encoded(&filter))).is(200).json();
        list["Resources"].as_array().unwrap().iter().map(|one| id(one).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(by("/Users", format!("groups.value eq \"{}\"", id(&made))), ["p-000001", "p-000003"]);
    assert_eq!(by("/Users", "groups.display eq \"readers\"".into()), ["p-000001", "p-000003"]);
    assert_eq!(by("/Groups", "members.value eq \"p-000003\"".into()), [id(&made)]);
    assert_eq!(by("/Groups", "members[value eq \"p-000002\"]".into()), [""; 0]);
    assert_eq!(by("/Groups", "members[display sw \"AD\"]".into()), [id(&made)]);
    assert_eq!(by("/Groups", "displayName eq \"readers\"".into()), [id(&made)]);
    assert_eq!(by("", "displayName eq \"readers\" or userName eq \"ada@acme.example\"".into()), ["p-000001"]);
    assert_eq!(by("", "meta.resourceType eq \"Group\"".into()), [id(&made)]);
    for filter in ["userNam eq \"a\"", "userName eq", "userName zz \"a\"", "(userName pr", "active gt true"] {
        let answer = served.get(&format!("/Users?filter={}", encoded(filter)));
        answer.refuses(400, Some("invalidFilter"), "");
    }
    // What somebody changes at the portal is found at once.
    project.sql("UPDATE person SET name = 'Zoe', email = 'zoe@acme.example' WHERE id = 1");
    assert_eq!(served.finds("displayName eq \"zoe\" and emails eq \"zoe@acme.example\""), of(&["ada"]));
}

#[test]
fn lists_are_sorted_projected_and_searched() {
    let (_project, served) = plain();
    for name in ["carl", "Ada", "bob"] {
        served.user(name, json!({ "externalId": name, "title": if name == "bob" { Json::Null } else { json!(name) } }));
    }
    let names = |list: Json| {
        let found = list["Resources"].as_array().unwrap().iter();
        found.map(|user| user["displayName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let get = |query: &str| served.get(&format!("/Users?{query}")).is(200).json();
    assert_eq!(names(get("sortBy=displayName")), ["Ada", "bob", "carl"]);
    assert_eq!(names(get("sortBy=userName&sortOrder=descending")), ["carl", "bob", "Ada"]);
    assert_eq!(names(get("sortBy=title")), ["Ada", "carl", "bob"], "what is not there comes last");
    assert_eq!(names(get("sortBy=emails&count=1&startIndex=2")), ["bob"]);
    served.get("/Users?sortBy=nothing").refuses(400, Some("invalidPath"), "`nothing`");
    let only = get("attributes=userName,emails.value&count=1");
    let keys: Vec<&String> = only["Resources"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["emails", "id", "schemas", "userName"]);
    assert_eq!(only["Resources"][0]["emails"], json!([{ "value": "carl@acme.example" }]));
    let without = get(&format!("excludedAttributes=id,emails,meta.version,{OWN}&count=1"));
    let first = without["Resources"][0].as_object().unwrap();
    assert!(first.contains_key("id") && !first.contains_key("emails") && !first.contains_key(OWN), "{first:?}");
    assert!(first["meta"].get("version").is_none() && first["meta"].get("location").is_some());
    served.get("/Users?attributes=userName&excludedAttributes=id").refuses(400, Some("invalidValue"), "both");
    let none = get("count=0");
    assert_eq!((none["totalResults"].as_u64(), names(none)), (Some(3), vec![]));
    assert_eq!(get("startIndex=9")["Resources"], json!([]));
    assert_eq!(get("startIndex=-5&count=1")["startIndex"], 1);
    served.get("/Users?count=many").refuses(400, Some("invalidValue"), "whole number");
    let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "title pr",
        "sortBy": "displayName", "sortOrder": "descending", "startIndex": 1, "count": 1, "attributes": ["displayName"] });
    for path in ["/Users/.search", "/.search"] {
        let found = served.post(path, &search).is(200).json();
        assert_eq!((found["totalResults"].as_u64(), names(found)), (Some(2), vec!["carl".to_owned()]), "{path}");
    }
    served.post("/.search", &json!({})).refuses(400, Some("invalidSyntax"), "SearchRequest");
}

/// Reads all pages, from one to the next as `next` says; asserts that none is larger than asked for.
fn walk(served: &Served, mut path: String, next: impl Fn(&Json, usize) -> Option<String>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let page = served.get(&path).is(200).json();
        let found = page["Resources"].as_array().unwrap();
        assert!(found.len() <= 7, "{path}");
        all.extend(found.iter().map(|one| id(one).to_owned()));
        match next(&page, all.len()) {
            Some(other) if !found.is_empty() => path = other,
            _ => return all,
        }
    }
}

fn by_index(page: &Json, read: usize) -> Option<String> {
    let more = read < page["totalResults"].as_u64().unwrap() as usize;
    more.then(|| format!("/Users?count=7&startIndex={}", read + 1))
}

fn by_cursor(page: &Json, _: usize) -> Option<String> {
    Some(format!("/Users?count=7&cursor={}", page.get("nextCursor")?.as_str().unwrap()))
}

#[test]
fn pages_are_complete_while_people_come_and_go() {
    let (_project, served) = plain();
    let crowd = |from: usize, to: usize| {
        let operations: Vec<Json> = (from..to)
            .map(|index| json!({ "method": "POST", "path": "/Users", "bulkId": format!("{index}"), "data": user(&format!("u{index}"), json!({})) }))
            .collect();
        let bulk =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
        let done = served.post("/Bulk", &bulk).is(200).json();
        assert!(done["Operations"].as_array().unwrap().iter().all(|one| one["status"] == "201"), "{done}");
    };
    crowd(0, 200);
    let stay: BTreeSet<String> =
        (1..=200).filter(|number| number % 3 != 0).map(|number| format!("p-{number:06}")).collect();
    let (over, gone) = (AtomicBool::new(false), AtomicUsize::new(0));
    for (start, next) in [
        ("/Users?count=7", &by_index as &(dyn Fn(&Json, usize) -> Option<String> + Sync)),
        ("/Users?count=7&cursor=", &by_cursor),
    ] {
        over.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            // One who leaves and one who comes for every page that is read, and more.
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let index = gone.fetch_add(3, Ordering::SeqCst) + 3;
                    if index <= 200 {
                        served.delete(&format!("/Users/p-{index:06}")).is(204);
                    }
                    crowd(1000 + index, 1001 + index);
                }
            });
            let all = walk(&served, start.to_owned(), next);
            over.store(true, Ordering::SeqCst);
            let distinct: BTreeSet<String> = all.iter().cloned().collect();
            assert_eq!(distinct.len(), all.len(), "nobody is there twice");
            assert!(stay.is_subset(&distinct), "nobody is missing: {:?}", stay.difference(&distinct).next());
        });
    }
    assert!(gone.load(Ordering::SeqCst) > 0);
    // A quiet portal is read whole.
    let total = served.get("/Users?count=0").json()["totalResults"].as_u64().unwrap() as usize;
    assert_eq!(walk(&served, "/Users?count=7".to_owned(), by_index).len(), total);
    let first = served.get("/Users?count=7&cursor").json();
    assert_eq!((&first["itemsPerPage"], first.get("startIndex")), (&json!(7), None));
    let cursor = first["nextCursor"].as_str().unwrap().to_owned();
    let twice = || served.get(&format!("/Users?count=7&cursor={cursor}")).is(200).json();
    assert_eq!(twice(), twice(), "a page can be read again");
    let sorted = walk(&served, "/Users?count=7&cursor&sortBy=userName".to_owned(), |page, _| {
        Some(format!("/Users?count=7&sortBy=userName&cursor={}", page.get("nextCursor")?.as_str().unwrap()))
    });
    assert_eq!(sorted.iter().collect::<BTreeSet<_>>().len(), total);
    served.get("/Users?cursor=bogus").refuses(400, Some("invalidCursor"), "no cursor");
    served.get("/Users?cursor=0-7").refuses(400, Some("expiredCursor"), "expired");
    served.get(&format!("/Groups?cursor={cursor}")).refuses(400, Some("invalidCursor"), "");
    served.get(&format!("/Users?cursor={cursor}&filter=title%20pr")).refuses(400, Some("invalidCursor"), "");
    served.get("/Users?cursor=&count=x").refuses(400, Some("invalidCount"), "");
}

#[test]
fn entity_tags_keep_changes_apart() {
    let (project, served) = plain();
    let ada = served.user("ada", json!({}));
    let path = format!("/Users/{}", id(&ada));
    let old = ada["meta"]["version"].as_str().unwrap().to_owned();
    served.send("GET", &path, &[("If-None-Match", &old)], None).is(304);
    served.send("GET", &path, &[("If-None-Match", "W/\"999\", W/\"998\"")], None).is(200);
    // A change at the portal is a change too.
    project.sql("UPDATE person SET phone = '7'");
    let body = user("ada", json!({ "title": "Boss" })).to_string();
    let patch = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "add", "path": "title", "value": "Boss" }] });
    let patch = patch.to_string();
    for (method, body) in [("PUT", Some(body.as_str())), ("PATCH", Some(&patch)), ("DELETE", None)] {
        served.send(method, &path, &[("If-Match", &old)], body).refuses(412, None, "has changed");
    }
    let now = served.get(&path).header("etag").unwrap().to_owned();
    assert_ne!(now, old);
    let put = served.send("PUT", &path, &[("If-Match", &format!("{old}, {now}"))], Some(&body)).is(200);
    assert_ne!(put.header("etag"), Some(now.as_str()));
    assert_eq!(put.header("etag"), put.json()["meta"]["version"].as_str());
    served.send("DELETE", &path, &[("If-Match", "*")], None).is(204);
    served.send("DELETE", &path, &[("If-Match", "*")], None).refuses(404, None, "");
}

#[test]
fn a_bulk_request_does_many_things() {
    let (_project, served) = plain();
    let bulk = |fail: Option<usize>, operations: Json| {
        let mut bulk =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
        if let Some(fail) = fail {
            bulk["failOnErrors"] = fail.into();
        }
        served.post("/Bulk", &bulk)
    };
    // The group comes before those who are in it.
    let done = bulk(None, json!([
        { "method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Readers", &["bulkId:a", "bulkId:b"]) },
        { "method": "post", "path": "/Users", "bulkId": "a", "data": user("ada", json!({})) },
        { "method": "POST", "path": "/Users", "bulkId": "b", "data": user("bob", json!({})) },
        { "method": "PATCH", "path": "/Users/bulkId:a", "data": { "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "add", "path": "title", "value": "Boss" }] } },
        { "method": "PUT", "path": "/Users/p-000002", "version": "W/\"99\"", "data": user("bob", json!({})) },
        { "method": "POST", "path": "/Users", "bulkId": "c", "data": user("ada", json!({})) },
        { "method": "DELETE", "path": "/Users/p-000099" },
        { "method": "POST", "path": "/Groups", "bulkId": "h", "data": group("Others", &["bulkId:nobody"]) },
    ])).is(200).json();
    let all = done["Operations"].as_array().unwrap();
    let statuses: Vec<&str> = all.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "201", "201", "200", "412", "409", "404", "400"], "{done}");
    assert_eq!(all[5]["response"]["scimType"], "uniqueness");
    assert_eq!(all[5].get("location"), None);
    assert!(all[7]["response"]["detail"].as_str().unwrap().contains("`nobody`"), "{done}");
    let readers = served.get("/Groups").json();
    assert_eq!(members(&readers["Resources"][0]), ["p-000001", "p-000002"]);
    assert_eq!(readers["totalResults"], 1);
    assert_eq!(all[0]["location"], readers["Resources"][0]["meta"]["location"]);
    let done = bulk(
        Some(1),
        json!([
            { "method": "DELETE", "path": "/Users/p-000099" },
            { "method": "DELETE", "path": "/Users/p-000001" },
        ]),
    )
    .is(200)
    .json();
    assert_eq!(done["Operations"].as_array().unwrap().len(), 1, "after so many errors nothing more is done");
    served.get("/Users/p-000001").is(200);
    let delete = json!({ "method": "DELETE", "path": "/Users/p-000099" });
    bulk(None, Json::Array(vec![delete; 1001])).refuses(413, None, "1000 at most");
    bulk(None, json!([{ "method": "POST", "path": "/Users", "bulkId": "x" }, { "method": "POST", "path": "/Users", "bulkId": "x" }]))
        .refuses(400, Some("invalidValue"), "twice");
}

#[test]
fn nobody_is_there_twice() {
    let (project, served) = arxus();
    served.user("ada", json!({}));
    let again = |more: Json| served.post("/Users", &user("other", more));
    again(json!({ "userName": "ADA@acme.example" })).refuses(409, Some("uniqueness"), "user name");
    again(json!({ "externalId": "acme/ada" })).refuses(409, Some("uniqueness"), "id `ada` is on the portal already");
    again(json!({ "emails": [{ "value": "Ada@Acme.example" }] })).refuses(409, Some("uniqueness"), "belongs to");
    let bob = served.user("bob", json!({}));
    let path = format!("/Users/{}", id(&bob));
    let replace = |path: &str, value: &str| json!([{ "op": "replace", "path": path, "value": value }]);
    served.patch(&path, replace("userName", "ada@ACME.example")).refuses(409, Some("uniqueness"), "");
    served.patch(&path, replace("externalId", "acme/ada")).refuses(409, Some("uniqueness"), "");
    served.patch(&path, replace("emails.value", "ada@acme.example")).refuses(409, Some("uniqueness"), "");
    assert_eq!(served.get("/Users").json()["totalResults"], 2);
    let mut group = group("Readers", &[]);
    group["externalId"] = "acme/readers".into();
    served.post("/Groups", &group).is(201);
    served.post("/Groups", &group).refuses(409, Some("uniqueness"), "");
    // Many at once: one wins.
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| served.post("/Users", &user("eve", json!({}))).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 7, "{answers:?}");
    // What was refused is in the trail too.
    let refused = project.column("SELECT outcome || ' ' || key FROM audit WHERE outcome <> 'done'");
    assert!(refused.contains(&"stale ada".to_owned()), "{refused:?}");
}

#[test]
fn the_life_of_a_user_is_that_of_the_platform() {
    let project = Project::grx(&[]);
    let served = project.serve("");
    let nina = served.user("nina", json!({ "roles": [{ "value": "assessment-contributor" }] }));
    let path = format!("/Users/{}", id(&nina));
    assert_eq!((&served.standing(&path)["status"], &nina["active"]), (&json!("pending"), &json!(true)));
    let turn =
        |path: &str, active: bool| served.patch(path, json!([{ "op": "replace", "path": "active", "value": active }]));
    let status = |_: Json| served.standing(&path)["status"].as_str().unwrap().to_owned();
    turn(&path, false).refuses(403, None, "\"");
    assert_eq!(status(turn(&path, true).is(200).json()), "pending", "nobody can accept for her");
    assert_eq!(status(served.put(&path, &nina).is(200).json()), "pending");
    project.run("portal accept nina").exits(0);
    assert_eq!(status(served.get(&path).json()), "active");
    served.delete(&path).refuses(403, None, "no way to delete");
    let off = turn(&path, false).is(200).json();
    assert_eq!((status(off.clone()).as_str(), &off["active"]), ("deactivated", &json!(false)));
    // Together with other changes, which a deactivation alone cannot make.
    let mut back = off;
    back["active"] = true.into();
    back["displayName"] = "Nina N.".into();
    assert_eq!(status(served.put(&path, &back).is(200).json()), "active");
    back["active"] = false.into();
    back["roles"] = json!([{ "value": "assessment-contributor" }, { "value": "data-request-authorizer" }]);
    assert_eq!(status(served.put(&path, &back).is(200).json()), "deactivated");
    served.delete(&path).is(204);
    // The last administrator stays, in the words of the platform.
    let admins = served.get("/Users?filter=roles.value%20eq%20%22account-administrator%22").json();
    let admins: Vec<String> = admins["Resources"].as_array().unwrap().iter().map(|one| id(one).to_owned()).collect();
    assert_eq!(admins.len(), 2);
    turn(&format!("/Users/{}", admins[0]), false).is(200);
    turn(&format!("/Users/{}", admins[1]), false).refuses(
        403,
        None,
        "There must always be at least one user with this role",
    );
    let trail = project.column("SELECT action FROM audit WHERE key = 'nina' AND outcome = 'done' AND who <> 'nina'");
    let expected = ["create", "deactivate", "reactivate", "update", "deactivate", "delete"];
    assert_eq!(
        trail.iter().filter(|action| *action != "update").collect::<Vec<_>>(),
        expected.iter().filter(|action| **action != "update").collect::<Vec<_>>()
    );
    served.post("/Contacts", &json!({ "schemas": [CONTACT], "displayName": "SOC", "externalId": "acme/soc" })).refuses(
        403,
        None,
        "has no contacts",
    );
    served.post("/Users", &user("off", json!({ "active": false }))).refuses(403, None, "deactivate");
    assert_eq!(served.finds("externalId eq \"acme/off\""), [""; 0]);
}

#[test]
fn whoever_has_a_token_has_the_rights_of_its_person() {
    let project = Project::grx(&[]);
    project.write("tokens.txt", "# who\nci s3cret-ci\npia s3cret-pia pia\ncarl s3cret-carl carl\n");
    let mut served = project.serve_with("--token-file tokens.txt -v", &[("ROSTERCTL_SERVE_TOKEN", "s3cret-env")]);
    let closed = served.get("/Users").refuses(401, None, "show a token");
    assert!(closed.header("www-authenticate").unwrap().starts_with("Bearer"));
    served.get("/ServiceProviderConfig").is(200);
    served.get("/Schemas").refuses(401, None, "");
    for wrong in ["s3cret", "s3cret-ci2", ""] {
        served.token(wrong);
        served.get("/Users").refuses(401, None, "");
    }
    served.token("s3cret-carl");
    served.post("/Users", &user("new", json!({}))).refuses(403, None, "`carl` may not create this user");
    served.token("s3cret-pia");
    served.user("new", json!({ "roles": [{ "value": "assessment-contributor" }] }));
    served.token("s3cret-env");
    served.get("/Users").is(200);
    served.token("s3cret-ci");
    served.user("other", json!({}));
    let trail = project.column("SELECT who || ' ' || outcome FROM audit WHERE key IN ('new', 'other')");
    assert_eq!(trail, ["carl forbidden", "pia done", "ci done"]);
}

#[test]
fn without_tokens_only_this_machine_is_served() {
    let project = Project::empty();
    let refused = project.run("serve --listen 0.0.0.0:0 --db p.db").exits(1);
    refused.complains("without tokens the portal is not served on 0.0.0.0:0").complains("--token-file");
    project.run("serve --listen nowhere --db p.db").exits(64).complains("no address");
    project.write("empty.txt", "# nobody\n");
    project.run("serve --token-file empty.txt --db p.db").exits(1).complains("names no token");
    project.write("bad.txt", "ada s3cret and more words\n");
    let bad = project.run("serve --token-file bad.txt --db p.db").exits(1).complains("line 1");
    assert!(!bad.stderr.contains("s3cret"), "{bad}");
    project.run("serve --platform arxsu --db p.db").exits(64).complains("did you mean `arxus`?");
    assert!(!project.has("p.db"), "nothing is made before it is served");
}

#[test]
fn organisations_are_those_of_the_portal_or_of_the_command_line() {
    let project = Project::empty();
    let served = project.serve("--db p.db");
    served.post("/Users", &user("ada", json!({}))).refuses(400, Some("invalidValue"), "--platform");
    let foreign = || user("eve", json!({ "externalId": "hr-1" }));
    served.post("/Users", &foreign()).refuses(400, Some("invalidValue"), "`organisation/id`");
    drop(served);
    let served = project.serve("--db p.db --platform arxus");
    served.user("ada", json!({}));
    let eve = served.post("/Users", &foreign()).is(201).json();
    assert_eq!(
        (&served.standing(&format!("/Users/{}", id(&eve)))["organisation"], &eve["externalId"]),
        (&json!("acme"), &json!("hr-1")),
        "there is only one"
    );
    served.user("bea", json!({ "externalId": "beta/bea" }));
    served.post("/Users", &user("fay", json!({ "externalId": null }))).refuses(
        400,
        Some("invalidValue"),
        "(acme, beta)",
    );
    drop(served);
    let served = project.serve("--db p.db --organisation beta");
    let fay = served.post("/Users", &user("fay", json!({ "externalId": null }))).is(201).json();
    let own = served.standing(&format!("/Users/{}", id(&fay)));
    assert_eq!((&own["organisation"], fay.get("externalId")), (&json!("beta"), None));
    let stranger = served.post("/Groups", &group("Mixed", &[])).is(201).json();
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": "p-000001" }] }]);
    served.patch(&format!("/Groups/{}", id(&stranger)), join).refuses(
        400,
        Some("invalidValue"),
        "belongs to the organisation `acme`",
    );
}

#[test]
fn bodies_that_are_none_are_refused() {
    let (_project, served) = arxus();
    let post = |kind: &str, body: &str| served.send("POST", "/Users", &[("Content-Type", kind)], Some(body));
    post("text/plain", "{}").refuses(415, None, "text/plain");
    post("application/json; charset=utf-8", "{").refuses(400, Some("invalidSyntax"), "no JSON");
    for body in ["", "[]", "null", "\"x\"", "{}", r#"{"schemas":"x"}"#, r#"{"schemas":["urn:x"],"userName":"a"}"#] {
        post("application/scim+json", body).refuses(400, Some("invalidSyntax"), "");
    }
    let with = |more: Json| served.post("/Users", &user("ada", more));
    with(json!({ "tite": "Boss" })).refuses(400, Some("invalidSyntax"), "did you mean `title`?");
    with(json!({ "password": "s3cret" })).refuses(400, Some("invalidSyntax"), "`password`");
    with(json!({ "userName": "" })).refuses(400, Some("invalidValue"), "userName");
    with(json!({ "active": 1 })).refuses(400, Some("invalidValue"), "true or false");
    with(json!({ "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] })).refuses(
        400,
        Some("invalidValue"),
        "primary",
    );
    with(json!({ "roles": [{ "value": "techncal" }] })).refuses(400, Some("invalidValue"), "did you mean `technical`?");
    with(json!({ OWN: { "attributes": ["serviceNow"] } })).refuses(400, Some("invalidValue"), "name=value");
    with(json!({ OWN: { "attributes": ["serviceNow=perhaps"] } })).refuses(400, Some("invalidValue"), "true or false");
    with(json!({ "externalId": "acme/ada", "active": false })).refuses(403, None, "deactivate");
    let large = format!("{{\"schemas\":[\"{USER}\"],\"userName\":\"{}\"}}", "x".repeat(5 << 20));
    post("application/json", &large).refuses(413, None, "at most");
    let chunked = format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    served.raw(chunked.as_bytes()).refuses(413, None, "at most");
    assert_eq!(served.get("/Users").json()["totalResults"], 0, "nothing came of it");
}

#[test]
fn what_a_roster_made_is_served_and_what_is_served_can_be_planned() {
    let project = Project::applied(ACME);
    let served = project.serve("");
    let ada = served.get("/Users?filter=externalId%20eq%20%22acme/ada%22").json()["Resources"][0].clone();
    assert_eq!((&ada["userName"], &ada["displayName"]), (&json!("ada@acme.example"), &json!("Ada Peeters")));
    assert_eq!(ada["groups"][0]["display"], "IT operations");
    assert_eq!(ada["roles"], json!([{ "value": "technical" }]));
    assert!(ada[OWN]["attributes"].as_array().unwrap().contains(&json!("serviceNow=true")));
    assert_eq!(served.get("/Contacts").json()["totalResults"], 2);
    // A change over SCIM by somebody else is drift; an apply meanwhile is seen by clients.
    let path = format!("/Users/{}", id(&ada));
    served.patch(&path, json!([{ "op": "replace", "path": "phoneNumbers", "value": [{ "value": "007" }] }])).is(200);
    project.run("drift").exits(2).says("phone");
    project.run("apply --yes").exits(0);
    let now = served.get(&path).json();
    assert_eq!(now["phoneNumbers"], ada["phoneNumbers"], "what was kept of the other number does not fit any more");
    assert_ne!(now["meta"]["version"], ada["meta"]["version"]);
    project.run("drift").exits(0);
    // A program that says it is rosterctl writes as an apply does: no drift, only a roster that is behind.
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "phoneNumbers", "value": [{ "value": "008" }] }] });
    served.send("PATCH", &path, &[("User-Agent", "rosterctl/0.1.0")], Some(&body.to_string())).is(200);
    assert_eq!(project.column("SELECT applied_phone FROM person WHERE name = 'Ada Peeters'"), ["008"]);
}

#[test]
fn a_row_that_nobody_understands_is_shown_and_not_changed() {
    let (project, served) = arxus();
    let ada = served.user("ada", json!({}));
    let path = format!("/Users/{}", id(&ada));
    project.sql("UPDATE person SET roles = 'wizard', attributes = 'no json'");
    let shown = served.get(&path).is(200).json();
    assert_eq!(shown["roles"], json!([{ "value": "wizard" }]));
    assert_eq!(served.get("/Users").is(200).json()["totalResults"], 1);
    let change = json!([{ "op": "remove", "path": "roles" }]);
    served.patch(&path, change).refuses(400, Some("invalidValue"), "`no json`");
    project.sql("UPDATE person SET attributes = '{}'");
    let change = json!([{ "op": "remove", "path": "roles" }]);
    served.patch(&path, change).refuses(500, None, "cannot be understood: unknown role `wizard`");
    assert_eq!(project.column("SELECT roles FROM person"), ["wizard"]);
}

#[test]
fn a_portal_of_the_first_version_is_brought_up_to_date() {
    let project = Project::applied(ACME);
    // As an older rosterctl left it: without what the second version added.
    let added = project.column("SELECT 'DROP ' || type || ' ' || name FROM sqlite_schema WHERE type IN ('trigger', 'index')
        AND sql IS NOT NULL AND (sql LIKE '%membership%' OR sql LIKE '%version%' OR sql LIKE '%address%' OR name IN
        ('person_user_name', 'person_section', 'person_name', 'permission_group_name', 'person_foreign_id', 'permission_group_foreign_id'))");
    assert!(added.len() > 8, "{added:?}");
    project.sql(&added.join(";"));
    for (table, columns) in [
        ("person", &["version", "created", "modified", "user_name", "foreign_id", "beside"][..]),
        ("permission_group", &["version", "created", "modified", "foreign_id", "beside"]),
    ] {
        columns.iter().for_each(|column| project.sql(&format!("ALTER TABLE {table} DROP COLUMN {column}")));
    }
    project.sql("DROP TABLE membership; DROP TABLE address; PRAGMA user_version = 1");
    project.run("plan").exits(0).says("no changes");
    assert_eq!(
        project.column("SELECT CAST(user_version AS TEXT) FROM pragma_user_version"),
        ["1"],
        "reading changes nothing"
    );
    let served = project.serve("");
    assert_eq!(project.column("SELECT CAST(user_version AS TEXT) FROM pragma_user_version"), ["2"]);
    let groups = served.get("/Groups").json();
    assert_eq!(groups["Resources"][0]["members"].as_array().unwrap().len(), 1);
    assert_eq!(groups["Resources"][0]["meta"].get("created"), None, "when it was made is not known");
    drop(served);
    project.run("plan").exits(0).says("no changes");
}

#[test]
fn what_cannot_be_seen_is_no_part_of_a_name() {
    let (_project, served) = arxus();
    for (word, sign) in [("Ada\u{0}", "U+0000"), ("A\u{1b}[31mda", "U+001B"), ("Ada\u{9b}", "U+009B")] {
        let body = user("ada", json!({ "displayName": word, "name": { "formatted": word } }));
        served.post("/Users", &body).refuses(400, Some("invalidValue"), sign);
    }
    let address = json!([{ "formatted": "1 Street\nTown", "type": "work" }]);
    served.post("/Users", &user("ada", json!({ "addresses": address }))).is(201);
}

#[test]
fn the_trail_of_a_served_portal_names_the_plan_and_the_step_of_rosterctls_requests() {
    let (project, served) = arxus();
    let client = Project::with_roster(ACME);
    let url = &served.url;
    client.write(
        "rosterctl.yaml",
        format!("version: 1\nrosters: [rosters]\ntargets:\n  t: {{ kind: scim, url: \"{url}\", concurrency: 2 }}\n"),
    );
    client.run("target probe --write").exits(0);
    let plan = client.run("plan --format json").exits(0).json();
    client.run("apply --yes").exits(0);
    let digest = plan["digest"].as_str().unwrap();
    let trail = project.run("portal audit --format json").exits(0).json();
    let of = |key: &str| {
        let rows = trail["audit"].as_array().unwrap().iter();
        rows.filter(|row| row["key"] == key && row["action"] == "create").cloned().next_back().unwrap()
    };
    for (key, kind) in [("ada", "user"), ("grace", "contact"), ("it-operations", "permission-group")] {
        let row = of(key);
        let told = row["planDigest"].as_str().unwrap();
        assert!(told.len() == "sha256:".len() + 12 && digest.starts_with(told), "{row} is of {digest}");
        let step = plan["steps"].as_array().unwrap().iter().find(|step| step["key"] == key && step["resource"] == kind);
        assert_eq!(row["step"], step.unwrap()["id"], "{row}");
    }
}

#[test]
#[cfg(unix)]
fn the_server_ends_when_asked_and_finishes_what_it_began() {
    let (_project, served) = arxus();
    served.user("ada", json!({}));
    assert_eq!(served.ends(), Some(0));
}

#[test]
fn a_server_that_is_killed_leaves_a_sound_portal() {
    let project = Project::empty().with("plain.yaml", PLAIN);
    let mut known: Vec<String> = Vec::new();
    for round in 0..5 {
        let served = project.serve("--platform plain.yaml --organisation acme --db p.db");
        let done = AtomicUsize::new(0);
        let answered: Vec<String> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let (served, done) = (&served, &done);
                    scope.spawn(move || {
                        let mut answered = Vec::new();
                        for index in 0.. {
                            let name = format!("u{round}-{writer}-{index}");
                            let body = user(&name, json!({})).to_string();
                            match served.try_post("/Users", &body) {
                                Some(201) => answered.push(format!("acme/{name}")),
                                Some(status) => panic!("{status}"),
                                None => return answered,
                            }
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        answered
                    })
                })
                .collect();
            while done.load(Ordering::SeqCst) < 20 {
                std::thread::yield_now();
            }
            served.kill_now();
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
        });
        known.extend(answered);
        let rows = rusqlite::Connection::open(project.path("p.db")).unwrap();
        let sound: String = rows.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        let mut there = rows.prepare("SELECT external_id FROM person").unwrap();
        let there: BTreeSet<String> = there.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let missing = known.iter().find(|id| !there.contains(*id));
        assert_eq!(missing, None, "whatever was answered is there");
        let unknown: i64 = rows.query_row("SELECT count(*) FROM person WHERE external_id NOT IN (SELECT 'acme/' || key FROM audit WHERE outcome = 'done')", [], |row| row.get(0)).unwrap();
        assert_eq!(unknown, 0, "the trail knows everybody");
    }
}
