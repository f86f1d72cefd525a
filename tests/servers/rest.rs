//! Keycloak's admin REST API, connected by the manifest that is built in, on a real server.

use std::process::Command;

use serde_json::{Value as Json, json};

use crate::common::stages::{second, third};
use crate::common::{ACME, Project, Run, replaced};
use crate::{curl, facts, script, sent};

/// A Keycloak that runs, and a project for it.
struct Realm {
    project: Project,
    url: String,
    token_url: String,
    secret: String,
}

impl Drop for Realm {
    fn drop(&mut self) {
        let stopped = Command::new(script()).arg("stop").arg(self.project.path("server")).status();
        assert!(std::thread::panicking() || stopped.is_ok_and(|status| status.success()), "keycloak was not stopped");
    }
}

impl Realm {
    fn start(variant: &str) -> Result<Realm, String> {
        let project = Project::with_roster(ACME);
        let facts = facts(variant, &project.path("server"))?;
        let url = facts["URL"].replace("/realms/acme/scim/v2", "/admin/realms/acme");
        let (token_url, secret) = (facts["TOKEN_URL"].clone(), facts["CLIENT_SECRET"].clone());
        let client = format!("tokenUrl: \"{token_url}\", clientId: rosterctl, clientSecret: {{ env: SECRET }}");
        let auth = format!("{{ oauth2ClientCredentials: {{ {client} }} }}");
        let target = format!("{{ kind: rest, manifest: keycloak, url: \"{url}\", auth: {auth} }}");
        project.write("rosterctl.yaml", format!("version: 1\nrosters: [rosters]\ntargets:\n  t: {target}\n"));
        Ok(Realm { project, url, token_url, secret })
    }

    fn run(&self, arguments: &str) -> Run {
        self.project.run(arguments).env("SECRET", &self.secret)
    }

    /// A request of the test itself.
    fn ask(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let client = format!("rosterctl:{}", self.secret);
        let (_, token) = curl(&["-u", &client, "-d", "grant_type=client_credentials", &self.token_url]);
        let token = format!("Authorization: Bearer {}", token["access_token"].as_str().unwrap());
        let (url, text) = (format!("{}{path}", self.url), body.to_string());
        let mut arguments = vec!["-X", method, "-H", &token, "-H", "Content-Type: application/json"];
        if !body.is_null() {
            arguments.extend(["--data-binary", &text]);
        }
        arguments.push(&url);
        curl(&arguments)
    }

    fn get(&self, path: &str) -> Json {
        let (status, json) = self.ask("GET", path, &Json::Null);
        assert_eq!(status, 200, "{path}: {json}");
        json
    }

    fn user(&self, name: &str) -> Json {
        let found = self.get(&format!("/users?username={name}&exact=true&briefRepresentation=false"));
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
        found[0].clone()
    }

    /// The realm roles that somebody has, in order.
    fn roles(&self, user: &Json) -> Vec<String> {
        let path = format!("/users/{}/role-mappings/realm", user["id"].as_str().unwrap());
        let name = |role: &Json| role["name"].as_str().unwrap().to_owned();
        let mut names: Vec<String> = self.get(&path).as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    }

    /// Gives a realm role to somebody, or takes it.
    fn map(&self, method: &str, user: &str, role: &str) {
        let role = self.get(&format!("/roles/{role}"));
        assert_eq!(self.ask(method, &format!("{user}/role-mappings/realm"), &json!([role])).0, 204);
    }

    /// Nothing is to do, and nothing is sent to change something.
    fn settled(&self) {
        for command in ["plan --detailed-exitcode -v", "apply --yes -v"] {
            let ran = self.run(command).exits(0);
            assert_eq!(sent(&ran).1, 0, "requests that change something\n{ran}");
        }
        self.run("drift").exits(0);
    }
}

/// Probe, apply, a second apply without a write, changes, drift, and back.
pub fn suite() -> Result<(), String> {
    let realm = Realm::start("keycloak:rest")?;
    realm.run("target probe").exits(0).says("nothing to try the expressions on yet");
    for roster in [ACME.to_owned(), second(), third()] {
        realm.project.write("rosters/acme.yaml", &roster);
        let ran = realm.run("apply --yes --allow-removals 9 --allow-grants 99 -v").exits(0);
        assert!(sent(&ran).1 > 0, "something was written\n{ran}");
        realm.settled();
    }
    assert_eq!(realm.get("/users/count"), 4);
    let ada = realm.user("ada@acme.example");
    assert_eq!((&ada["firstName"], &ada["lastName"]), (&json!("Ada"), &json!("Peeters-Janssens")));
    assert_eq!(ada["attributes"].get("rosterctlRole"), None);
    assert_eq!(realm.roles(&ada), ["default-roles-acme", "technical"]);
    assert_eq!(realm.roles(&realm.user("grace@acme.example")), ["commercial", "default-roles-acme", "watchlist"]);
    assert_eq!(realm.user("soc@acme.example")["enabled"], false);
    realm
        .run("target probe")
        .exits(0)
        .says("acme/ada")
        .says("the portal says that there are 4")
        .says("roles at /roles");

    // What others keep there stays, and what they change of ours is drift and put back.
    let mut meddled = ada.clone();
    meddled["lastName"] = json!("Meddled");
    meddled["attributes"]["theirs"] = json!(["tea"]);
    let path = format!("/users/{}", ada["id"].as_str().unwrap());
    assert_eq!(realm.ask("PUT", &path, &meddled).0, 204);
    let group = realm.get("/groups")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(realm.ask("DELETE", &format!("{path}/groups/{group}"), &Json::Null).0, 204);
    realm.map("POST", &path, "somebody-elses");
    realm.map("POST", &path, "commercial");
    realm.map("DELETE", &path, "technical");
    let drift = realm.run("drift").exits(2);
    assert!(drift.stdout.contains("technical") && drift.stdout.contains("commercial"), "{drift}");
    assert!(!drift.stdout.contains("somebody-elses"), "{drift}");
    assert!(drift.stdout.contains("Ada Meddled") && drift.stdout.contains("it-operations"), "{drift}");
    realm.run("apply --yes").exits(0);
    realm.settled();
    let back = realm.user("ada@acme.example");
    assert_eq!((&back["lastName"], &back["attributes"]["theirs"]), (&json!("Peeters-Janssens"), &json!(["tea"])));
    assert_eq!(realm.roles(&ada), ["default-roles-acme", "somebody-elses", "technical"]);
    let members = realm.get(&format!("/groups/{group}/members"));
    assert_eq!((members.as_array().unwrap().len(), &members[0]["id"]), (1, &ada["id"]));

    // A role that the realm lacks is noticed before anything is written, and a role alone is one request.
    let roster = realm.project.read("rosters/acme.yaml");
    realm.project.write("rosters/acme.yaml", with_siec(&roster));
    let ran = realm.run("apply --yes -v").exits(1);
    assert!(ran.stdout.contains("cannot hold the role `security-incident-escalation`"), "{ran}");
    assert_eq!(sent(&ran).1, 0, "{ran}");
    realm.project.write("rosters/acme.yaml", replaced(&roster, "[technical]", "[technical, dpo]"));
    assert_eq!(sent(&realm.run("apply --yes -v").exits(0)).1, 1);
    realm.project.write("rosters/acme.yaml", &roster);
    assert_eq!(sent(&realm.run("apply --yes -v").exits(0)).1, 1);
    realm.settled();

    // More people than a page has: whoever is there besides is read to the end, and left alone.
    for at in 0..205 {
        let body = json!({ "username": format!("s{at:03}"), "enabled": true });
        assert_eq!(realm.ask("POST", "/users", &body).0, 201);
    }
    let strangers = realm.get("/users?max=300&search=s");
    let strangers = strangers.as_array().unwrap().iter().filter(|one| one["username"].as_str().unwrap().len() == 4);
    let mut held = 0;
    for stranger in strangers {
        realm.map("POST", &format!("/users/{}", stranger["id"].as_str().unwrap()), "watchlist");
        held += 1;
    }
    assert_eq!(held, 205);
    // One request for each of the four roles that both know and 3 pages of one of them; none for each person.
    let asked = sent(&realm.run("plan -v").exits(0)).0;
    assert!(asked < 40, "{asked} requests");
    let plan = realm.run("plan --format json").exits(0).json();
    assert_eq!((&plan["complete"], plan["unmanaged"].as_array().unwrap().len()), (&json!(true), 205));
    drop(realm);
    attributes_that_a_realm_drops_are_not_called_kept()
}

/// A roster in which Ada has a role that the realm lacks.
fn with_siec(roster: &str) -> String {
    let roster = replaced(roster, "  size: small\n", "  size: small\n  services: [secwise-watch]\n");
    replaced(&roster, "[technical]", "[technical, security-incident-escalation]")
}

/// A realm as it comes drops what its user profile does not name.
fn attributes_that_a_realm_drops_are_not_called_kept() -> Result<(), String> {
    let realm = Realm::start("keycloak:plain")?;
    // That nobody is there yet is believed once it was seen.
    realm.run("apply --yes").exits(1).says("was never probed");
    realm.run("target probe").exits(0);
    let ran = realm.run("apply --yes").exits(3);
    assert!(ran.stdout.contains("did not keep: external id"), "{ran}");
    Ok(())
}
