//! Since when differences are there, by whoever wrote it down, and how each is settled.

use serde_json::{Value as Json, json};

use super::common::{ACME, Project, served};

/// The differences of a drift, by their items.
fn since(project: &Project, item: &str) -> Json {
    let json = project.run("drift --format json").exits(2).json();
    let found = json["differences"].as_array().expect("differences").iter().find(|one| {
        let field = one["field"].as_str().map_or_else(String::new, |field| format!("/{field}"));
        format!("{}/{}{field}", one["organisation"].as_str().unwrap(), one["key"].as_str().unwrap()) == item
    });
    found.unwrap_or_else(|| panic!("no {item}: {json}"))["since"].clone()
}

/// A time, however it is written.
fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_portal_says_when_it_changed_an_object_last() {
    let project = Project::applied(ACME);
    project.sql("UPDATE person SET phone = '+32 999' WHERE external_id = 'acme/ada'");
    let at = project.column("SELECT modified FROM person WHERE external_id = 'acme/ada'").remove(0);
    let found = since(&project, "acme/ada/phone");
    let same = |text: &Json| time(text.as_str().unwrap());
    assert_eq!(same(&found["at"]), time(&at));
    assert_eq!((&found["bound"], &found["source"]), (&"no-later-than".into(), &"portal".into()));
    project.run("drift").exits(2).says("at the latest").says("rosterctl accept acme/ada/phone");
    // What only the roster changed is younger than what rosterctl wrote; the portal's time says nothing of it.
    project.roster("name: Dana Kowalska", "name: Dana K");
    let found = since(&project, "acme/dana/name");
    assert_eq!((&found["bound"], &found["source"]), (&"not-before".into(), &"applied".into()));
    project.run("drift").exits(2).says("when rosterctl wrote it").never_says("accept acme/dana");
    // Where nobody wrote anything down, nothing is said.
    std::fs::remove_dir_all(project.path(".rosterctl/audit")).unwrap();
    project.sql("DELETE FROM audit");
    assert_eq!(since(&project, "acme/dana/name"), Json::Null);
}

#[test]
fn the_audit_trail_of_the_portal_names_the_moment_and_who() {
    let project = Project::applied(ACME);
    {
        let served = project.serve("");
        let users = served.get("/Users?filter=externalId%20eq%20%22acme%2Fada%22").is(200).json();
        let id = users["Resources"][0]["id"].as_str().expect("ada").to_owned();
        let phone = json!([{ "op": "replace", "path": "phoneNumbers", "value": [{ "value": "+32 999" }] }]);
        assert!(matches!(served.patch(&format!("/Users/{id}"), phone).status, 200 | 204));
    }
    let found = since(&project, "acme/ada/phone");
    assert_eq!((&found["bound"], &found["source"]), (&"exact".into(), &"portal-audit".into()), "{found}");
    let at = project.column("SELECT at FROM audit ORDER BY id DESC LIMIT 1").remove(0);
    assert_eq!(found["at"].as_str(), Some(at.as_str()));
    let who = project.column("SELECT who FROM audit ORDER BY id DESC LIMIT 1").remove(0);
    assert_eq!(found["by"].as_str(), Some(who.as_str()));
    project.run("drift").exits(2).says(&format!("by {who}"));
}

#[test]
fn a_portal_on_the_network_tells_when_an_account_changed_last() {
    let (portal, client) = (Project::empty(), Project::with_roster(ACME));
    let served = portal.serve("--db p.db --platform arxus --organisation acme");
    let url = &served.url;
    client.write("rosterctl.yaml", format!("version: 1\ntargets:\n  t: {{ kind: scim, url: \"{url}\" }}\n"));
    client.run("target probe --write").exits(0);
    client.run("apply --yes").exits(0);
    client.run("drift").exits(0);
    let users = served.get("/Users?filter=externalId%20eq%20%22acme%2Fada%22").is(200).json();
    let id = users["Resources"][0]["id"].as_str().expect("ada").to_owned();
    let path = format!("/Users/{id}");
    let roles = json!([
        { "op": "replace", "path": "roles", "value": [{ "value": "technical" }, { "value": "watchlist" }] },
        { "op": "replace", "path": "phoneNumbers", "value": [{ "value": "+32 999" }] },
    ]);
    assert!(matches!(served.patch(&path, roles).status, 200 | 204));
    let modified = served.get(&path).json()["meta"]["lastModified"].clone();
    // Written by rosterctl as the roster wants it, and changed later: no later than the account's own time.
    let found = since(&client, "acme/ada/roles");
    assert_eq!((&found["bound"], &found["source"]), (&"no-later-than".into(), &"portal".into()), "{found}");
    let same = |text: &Json| time(text.as_str().unwrap());
    assert_eq!(same(&found["at"]), same(&modified));
    // The trail leaves numbers out, so that nobody can tell whose side changed: after rosterctl wrote it is all.
    let found = since(&client, "acme/ada/phone");
    assert_eq!((&found["bound"], &found["source"]), (&"not-before".into(), &"applied".into()), "{found}");
    // Without that trail only the portal's side is known.
    std::fs::remove_dir_all(client.path(".rosterctl/audit")).unwrap();
    let found = since(&client, "acme/ada/phone");
    assert_eq!((&found["bound"], same(&found["at"])), (&"unchanged".into(), same(&modified)), "{found}");
    client.run("drift").exits(2).says("so on the portal since");
}

#[test]
fn who_came_and_who_went_at_the_portal_is_dated_by_its_trail() {
    let project = Project::applied(ACME);
    let made = {
        let served = project.serve("");
        let stranger = json!({
            "schemas": [served::USER], "userName": "eve@evil.example", "displayName": "Eve Everard",
            "emails": [{ "value": "eve@evil.example" }]
        });
        let made = served.post("/Users", &stranger).is(201).json();
        let grace = served.get("/Contacts?filter=externalId%20eq%20%22acme%2Fdana%22").is(200).json();
        let id = grace["Resources"][0]["id"].as_str().expect("dana").to_owned();
        served.delete(&format!("/Contacts/{id}")).is(204);
        made
    };
    let handle = made["id"].as_str().unwrap();
    let stranger = since(&project, &format!("acme/{handle} (eve@evil.example)"));
    assert_eq!((&stranger["bound"], &stranger["source"]), (&"unchanged".into(), &"portal".into()), "{stranger}");
    let gone = since(&project, "acme/dana");
    assert_eq!((&gone["bound"], &gone["source"]), (&"exact".into(), &"portal-audit".into()), "{gone}");
    let made = project.column("SELECT created FROM person WHERE external_id IS NULL").remove(0);
    assert_eq!(time(stranger["at"].as_str().unwrap()), time(&made));
    let trail = "SELECT at FROM audit WHERE action = 'delete' ORDER BY id DESC LIMIT 1";
    assert_eq!(gone["at"].as_str(), Some(project.column(trail)[0].as_str()));
    project.run("drift").exits(2).says("accept: rosterctl accept acme/dana (takes the entry").says(handle);
}
