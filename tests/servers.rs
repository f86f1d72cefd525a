//! The same suite against real servers that others wrote (`tests/servers`), with the real program, and with `curl` as
//! the one who looks and who meddles.
//!
//! `ROSTERCTL_REAL_SERVERS` says which: names with commas; `some`: those that can be had; `all`: every one, and one
//! that cannot be had is a failure. Unset, none is started, and that is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]
#![allow(clippy::print_stderr, reason = "what was skipped is said")]

mod common;
#[path = "servers/rest.rs"]
mod rest;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Instant;

use common::stages::{second, third, without_phone};
use common::{ACME, Project, Ran, Run, repository};
use serde_json::{Value as Json, json};

/// Servers and their variants, and what is odd about them for those who look from outside.
const SERVERS: [Server; 9] = [
    Server { name: "scim2-server", groups: "", people: 4 },
    Server { name: "scim2-server:extension", groups: "", people: 4 },
    Server { name: "scim2-server:cursor", groups: "", people: 4 },
    Server { name: "scim2-server:mini", groups: "", people: 4 },
    Server { name: "better-auth", groups: "", people: 4 },
    Server { name: "canaille", groups: "", people: 4 },
    Server { name: "keycloak", groups: MEMBERS, people: 4 },
    Server { name: "keycloak:plain", groups: MEMBERS, people: 4 },
    Server { name: "keycloak:extension", groups: MEMBERS, people: 4 },
];

/// Members come only when asked for.
const MEMBERS: &str = "?attributes=id,externalId,displayName,members";

/// A server that can be had.
struct Server {
    name: &'static str,
    /// What a list of groups has to be asked with.
    groups: &'static str,
    /// How many people the last roster has.
    people: usize,
}

/// The variable that says which servers to start.
const WHICH: &str = "ROSTERCTL_REAL_SERVERS";

fn main() {
    let chosen = std::env::var(WHICH).unwrap_or_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|one| one == "--list") {
        return;
    }
    // A word is the name of a test, as everywhere.
    let words: Vec<&String> = arguments.iter().filter(|one| !one.starts_with('-')).collect();
    let named = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    if chosen.is_empty() || !SERVERS.iter().any(|server| named(server.name)) && !named("keycloak:rest") {
        eprintln!("SKIPPED all real servers: set {WHICH}=all (after `tests/servers/servers install`) to run them");
        return;
    }
    let listed: Vec<&str> = chosen.split(',').collect();
    let all = chosen == "all";
    let wanted = |name: &str| all || chosen == "some" || listed.contains(&name);
    let (mut ran, mut skipped, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = |name: &str, begun: Instant, end: std::thread::Result<Result<(), String>>| match end {
        Ok(Ok(())) => {
            eprintln!("ok      {name} ({} s)", begun.elapsed().as_secs());
            ran.push(name.to_owned());
        }
        Ok(Err(why)) => {
            eprintln!("SKIPPED {name}: {why}");
            skipped.push(name.to_owned());
        }
        Err(_) => {
            eprintln!("FAILED  {name}");
            failed.push(name.to_owned());
        }
    };
    for server in SERVERS.iter().filter(|server| wanted(server.name) && named(server.name)) {
        let begun = Instant::now();
        count(server.name, begun, catch_unwind(AssertUnwindSafe(|| suite(server))));
    }
    let by_manifest = "keycloak by its admin REST API";
    if wanted("keycloak:rest") && named("keycloak:rest") {
        let begun = Instant::now();
        count(by_manifest, begun, catch_unwind(rest::suite));
    }
    let foreign = "the suites of others on `serve`";
    if repository("tests/servers/conformance").is_file() && wanted("conformance") && named("conformance") {
        let begun = Instant::now();
        count(foreign, begun, catch_unwind(conformance));
    }
    eprintln!("real servers: {} ran, {} failed, {} skipped", ran.len() + failed.len(), failed.len(), skipped.len());
    if !failed.is_empty() || all && !skipped.is_empty() || ran.len() + skipped.len() == 0 {
        std::process::exit(1);
    }
}

/// Two suites that others wrote, against our own server.
fn conformance() -> Result<(), String> {
    let program = env!("CARGO_BIN_EXE_rosterctl");
    let output = Command::new(repository("tests/servers/conformance")).arg(program).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        Some(77) => Err(said),
        code => panic!("exit code {code:?}\n{}\n{said}", String::from_utf8_lossy(&output.stdout)),
    }
}

/// Everything that is checked of a server, in this order on one that was just started.
fn suite(server: &Server) -> Result<(), String> {
    let peer = Peer::start(server)?;
    let stranger = peer.add_stranger();
    a_probe_leaves_nothing_behind(&peer);
    who_is_not_managed_is_reported_and_not_touched(&peer, &stranger);
    a_roster_is_applied_and_nothing_is_left_to_do(&peer);
    changes_converge(&peer);
    what_others_change_is_drift_and_is_put_back(&peer);
    Ok(())
}

fn a_probe_leaves_nothing_behind(peer: &Peer) {
    let before = peer.dump();
    peer.run("target probe --write").exits(0);
    assert_eq!(peer.dump(), before, "the probe leaves everything as it was");
    assert!(peer.project.has("capabilities/t.yaml"));
}

/// Applies the roster, and asserts that it holds by what the server itself shows.
fn apply(peer: &Peer, roster: &str) {
    let mut roster = without_phone(roster);
    // Its profile asks for a given name: a name of one word is an error before anything is written.
    if peer.server.name == "keycloak:plain" && roster.contains("name: SOC,") {
        peer.project.write("rosters/acme.yaml", &roster);
        let before = peer.dump();
        peer.run("apply --yes --allow-grants 99").exits(1).says("plan/cannot-hold");
        assert_eq!(peer.dump(), before);
        roster = roster.replace("name: SOC,", "name: SOC desk,");
    }
    peer.project.write("rosters/acme.yaml", roster);
    let ran = peer.run("apply --yes --allow-removals 9 --allow-grants 99 -v").exits(0);
    assert!(sent(&ran).1 > 0, "something was written\n{ran}");
    settled(peer);
}

/// Nothing is to do, nothing is sent to change something, and the server has what it had.
fn settled(peer: &Peer) {
    let before = peer.dump();
    for command in ["plan --detailed-exitcode -v", "apply --yes -v"] {
        let ran = peer.run(command).exits(0);
        assert_eq!(sent(&ran).1, 0, "requests that change something\n{ran}");
    }
    peer.run("apply --yes").exits(0).says("no changes");
    peer.run("drift").exits(0);
    assert_eq!(peer.dump(), before, "nobody changed anything");
}

/// How many requests a run says that it sent, and how many to change something.
#[track_caller]
fn sent(ran: &Ran) -> (u64, u64) {
    let line = ran.stderr.lines().find(|line| line.contains("was sent")).unwrap_or_else(|| panic!("no count\n{ran}"));
    let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers.len(), 2, "{line}");
    (numbers[0], numbers[1])
}

fn who_is_not_managed_is_reported_and_not_touched(peer: &Peer, stranger: &Json) {
    peer.project.write("rosters/acme.yaml", without_phone(ACME));
    peer.run("apply --yes").exits(0).says("zoe@other.example");
    peer.run("drift").exits(2).says("zoe@other.example");
    let path = format!("/Users/{}", peer.id(stranger));
    assert_eq!(peer.get(&path), *stranger);
    let (status, answer) = peer.ask("DELETE", &path, None);
    assert_eq!(status, 204, "{answer}");
}

fn a_roster_is_applied_and_nothing_is_left_to_do(peer: &Peer) {
    settled(peer);
    let people = peer.people();
    assert_eq!(people.len(), 3, "{people:#?}");
    assert_eq!(peer.members("IT operations"), ["ada@acme.example"]);
    assert_eq!(people["ada@acme.example"]["active"], true);
}

fn changes_converge(peer: &Peer) {
    let before = peer.people();
    apply(peer, &second());
    let people = peer.people();
    assert_eq!(people.len(), 5, "{people:#?}");
    assert_eq!(peer.members("IT operations"), ["ada@acme.example", "ben@acme.example"]);
    for mail in ["ada@acme.example", "dana@acme.example", "grace@acme.example"] {
        assert_eq!(before[mail]["id"], people[mail]["id"], "{mail} is still the same resource");
    }
    assert!(shown(&people["grace@acme.example"]).contains("Grace Hopper"));
    assert!(shown(&people["dana@acme.example"]).contains("Dora Kowalska"));

    apply(peer, &third());
    let people = peer.people();
    assert_eq!(people.len(), peer.server.people, "{people:#?}");
    assert!(!people.contains_key("ben@acme.example"));
    assert_eq!(peer.members("IT operations"), ["ada@acme.example"]);
}

fn what_others_change_is_drift_and_is_put_back(peer: &Peer) {
    let ada = peer.people()["ada@acme.example"].clone();
    peer.rename(&ada, "Ada", "Meddled");
    let drift = peer.run("drift").exits(2);
    assert!(drift.stdout.contains("ada") && drift.stdout.contains("Ada Meddled"), "{drift}");
    peer.run("apply --yes").exits(0);
    assert!(!shown(&peer.people()["ada@acme.example"]).contains("Meddled"));
    settled(peer);

    let id = peer.id(&ada);
    let group = peer.group("IT operations");
    peer.expel(&group, &id);
    assert_eq!(peer.members("IT operations"), [""; 0]);
    let drift = peer.run("drift").exits(2);
    assert!(drift.stdout.contains("it-operations"), "{drift}");
    peer.run("apply --yes").exits(0);
    assert_eq!(peer.members("IT operations"), ["ada@acme.example"]);
    settled(peer);
}

fn shown(user: &Json) -> String {
    user.to_string().replace("\"givenName\":\"", "").replace("\",\"familyName\":\"", " ")
}

/// A server that runs, and a project for it.
struct Peer<'s> {
    server: &'s Server,
    project: Project,
    facts: BTreeMap<String, String>,
    token: String,
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        let stopped = Command::new(script()).arg("stop").arg(self.project.path("server")).status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("{} could not be stopped", self.server.name);
        }
    }
}

fn script() -> std::path::PathBuf {
    repository("tests/servers/servers")
}

/// Starts a server with its state in a folder, and gives what it says of itself; why not, where this machine lacks
/// something.
fn facts(server: &str, folder: &std::path::Path) -> Result<BTreeMap<String, String>, String> {
    let output = Command::new(script()).args(["start", server, "0"]).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => {}
        Some(77) => return Err(said),
        code => panic!("{server} does not start ({code:?}): {said}"),
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let facts = text.lines().filter_map(|line| line.split_once('='));
    Ok(facts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

impl<'s> Peer<'s> {
    /// Starts a server; why not, where this machine lacks something.
    fn start(server: &'s Server) -> Result<Peer<'s>, String> {
        let project = Project::empty();
        let folder = project.path("server");
        let facts = facts(server.name, &folder)?;
        let mut peer = Peer { server, project, facts, token: String::new() };
        let auth = match peer.fact("AUTH") {
            "oauth2" => {
                let scope = match peer.fact("SCOPE") {
                    "" => String::new(),
                    scope => format!(", scope: \"{scope}\""),
                };
                let (url, id) = (peer.fact("TOKEN_URL"), peer.fact("CLIENT_ID"));
                let secret = "clientSecret: { env: SECRET }";
                format!("{{ oauth2ClientCredentials: {{ tokenUrl: \"{url}\", clientId: \"{id}\", {secret}{scope} }} }}")
            }
            _ => "{ bearer: { env: SECRET } }".to_owned(),
        };
        let url = peer.fact("URL");
        let target = format!("{{ kind: scim, url: \"{url}\", auth: {auth} }}");
        peer.project.write("rosterctl.yaml", format!("version: 1\nrosters: [rosters]\ntargets:\n  t: {target}\n"));
        peer.project.write("rosters/acme.yaml", without_phone(ACME));
        peer.token = peer.sign_in();
        Ok(peer)
    }

    fn fact(&self, name: &str) -> &str {
        self.facts.get(name).map(String::as_str).unwrap_or_default()
    }

    fn sign_in(&self) -> String {
        if self.fact("AUTH") != "oauth2" {
            return self.fact("TOKEN").to_owned();
        }
        let client = format!("{}:{}", self.fact("CLIENT_ID"), self.fact("CLIENT_SECRET"));
        let mut arguments = vec!["-u", &client, "-d", "grant_type=client_credentials"];
        let scope = format!("scope={}", self.fact("SCOPE"));
        if !self.fact("SCOPE").is_empty() {
            arguments.extend(["-d", &scope]);
        }
        arguments.push(self.fact("TOKEN_URL"));
        let (status, json) = curl(&arguments);
        json["access_token"].as_str().unwrap_or_else(|| panic!("no token: {status} {json}")).to_owned()
    }

    /// The program, which finds its secret in the environment.
    fn run(&self, arguments: &str) -> Run {
        let secret = if self.fact("AUTH") == "oauth2" { self.fact("CLIENT_SECRET") } else { self.fact("TOKEN") };
        self.project.run(arguments).env("SECRET", secret)
    }

    /// A request of the test itself, and its answer.
    fn ask(&self, method: &str, path: &str, body: Option<&Json>) -> (u16, Json) {
        let url = format!("{}{path}", self.fact("URL"));
        let token = format!("Authorization: Bearer {}", self.token);
        let text = body.map(Json::to_string).unwrap_or_default();
        let mut arguments = vec!["-X", method, "-H", &token, "-H", "Content-Type: application/scim+json"];
        if body.is_some() {
            arguments.extend(["--data-binary", &text]);
        }
        arguments.push(&url);
        curl(&arguments)
    }

    #[track_caller]
    fn get(&self, path: &str) -> Json {
        let (status, json) = self.ask("GET", path, None);
        assert_eq!(status, 200, "{path}: {json}");
        json
    }

    /// All resources of a kind, by id.
    #[track_caller]
    fn all(&self, path: &str) -> BTreeMap<String, Json> {
        let mut all = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}"));
            for one in page["Resources"].as_array().cloned().unwrap_or_default() {
                all.insert(self.id(&one), one);
            }
            match page["nextCursor"].as_str() {
                Some(next) if !next.is_empty() => cursor = format!("?cursor={next}"),
                _ => {
                    assert_eq!(page["totalResults"], json!(all.len()), "{path}: all of it fits on what was read");
                    return all;
                }
            }
        }
    }

    /// Everything, with versions and times where there are any.
    #[track_caller]
    fn dump(&self) -> Vec<BTreeMap<String, Json>> {
        let mut all = vec![self.all("/Users"), self.all(&format!("/Groups{}", self.server.groups))];
        if self.server.name.ends_with("extension") && self.server.name.starts_with("scim2") {
            all.push(self.all("/Contacts"));
        }
        all
    }

    /// The people of the roster by their addresses.
    #[track_caller]
    fn people(&self) -> BTreeMap<String, Json> {
        let mut people = BTreeMap::new();
        let dump = self.dump();
        let both = dump.iter().enumerate().filter(|(at, _)| *at != 1).flat_map(|(_, all)| all.values());
        for one in both {
            let mail = one.pointer("/emails/0/value").and_then(Json::as_str).unwrap_or_default().to_lowercase();
            if mail.ends_with("@acme.example") {
                assert!(people.insert(mail.clone(), one.clone()).is_none(), "{mail} is there twice");
            }
        }
        people
    }

    /// The id of the group with this name; its identity may follow in parentheses.
    #[track_caller]
    fn group(&self, name: &str) -> String {
        let groups = self.all(&format!("/Groups{}", self.server.groups));
        let named = |group: &Json| {
            let shown = group["displayName"].as_str().unwrap_or_default();
            shown == name || shown == format!("{name} (acme/it-operations)")
        };
        let found: Vec<&String> = groups.iter().filter(|(_, group)| named(group)).map(|(id, _)| id).collect();
        assert_eq!(found.len(), 1, "one group {name}: {groups:#?}");
        found[0].clone()
    }

    /// The addresses of the members of a group, as the server shows them.
    #[track_caller]
    fn members(&self, name: &str) -> Vec<String> {
        let group = self.get(&format!("/Groups/{}{}", self.group(name), self.server.groups));
        let users = self.all("/Users");
        let named = |member: &Json| {
            let value = member["value"].as_str().unwrap_or_default();
            let user = users.values().find(|user| user["id"] == value || user["userName"] == value);
            let user = user.unwrap_or_else(|| panic!("nobody is `{value}`"));
            user["emails"][0]["value"].as_str().unwrap_or_default().to_lowercase()
        };
        let mut members: Vec<String> = group["members"].as_array().into_iter().flatten().map(named).collect();
        members.sort();
        members
    }

    fn id(&self, resource: &Json) -> String {
        resource["id"].as_str().unwrap_or_else(|| panic!("no id: {resource}")).to_owned()
    }

    /// Somebody whom rosterctl does not manage.
    fn add_stranger(&self) -> Json {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "zoe@other.example",
            "name": { "formatted": "Zoe Stranger", "givenName": "Zoe", "familyName": "Stranger" },
            "emails": [{ "value": "zoe@other.example" }],
            "active": true,
        });
        let (status, made) = self.ask("POST", "/Users", Some(&body));
        assert_eq!(status, 201, "{made}");
        self.get(&format!("/Users/{}", self.id(&made)))
    }

    /// Gives somebody another name, as somebody at the portal would.
    fn rename(&self, user: &Json, given: &str, family: &str) {
        let path = format!("/Users/{}", self.id(user));
        let name = json!({ "formatted": format!("{given} {family}"), "givenName": given, "familyName": family });
        let mut operations = vec![json!({ "op": "replace", "path": "name", "value": name })];
        if user.get("displayName").is_some() {
            operations.push(json!({ "op": "replace", "path": "displayName", "value": name["formatted"] }));
        }
        let (status, answer) = self.ask("PATCH", &path, Some(&patch(&operations)));
        if status >= 400 {
            let mut whole = self.get(&path);
            let body = whole.as_object_mut().unwrap();
            body.remove("meta");
            body.remove("groups");
            if body.contains_key("displayName") {
                body.insert("displayName".to_owned(), name["formatted"].clone());
            }
            body.insert("name".to_owned(), name);
            let (put, said) = self.ask("PUT", &path, Some(&whole));
            assert!(put < 300, "PATCH {status} {answer}, PUT {put} {said}");
        }
    }

    /// Takes the only member out of a group, as somebody at the portal would.
    fn expel(&self, group: &str, user: &str) {
        let path = format!("/Groups/{group}");
        let filter = format!("members[value eq \"{user}\"]");
        let forms =
            [json!({ "op": "remove", "path": filter }), json!({ "op": "replace", "path": "members", "value": [] })];
        let mut said = Vec::new();
        for form in forms {
            let (status, answer) = self.ask("PATCH", &path, Some(&patch(&[form])));
            if status < 300 {
                return;
            }
            said.push((status, answer));
        }
        let mut whole = self.get(&path);
        whole.as_object_mut().unwrap().remove("meta");
        whole["members"] = json!([]);
        let (status, answer) = self.ask("PUT", &path, Some(&whole));
        assert!(status < 300, "{said:?}, PUT {status} {answer}");
    }
}

fn patch(operations: &[Json]) -> Json {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// Status and body of what `curl` gets.
fn curl(arguments: &[&str]) -> (u16, Json) {
    let mut command = Command::new("curl");
    command.args(["-s", "-m", "60", "--noproxy", "*", "-w", "\n%{http_code}"]).args(arguments);
    let output = command.output().expect("curl runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').expect("a status");
    (status.parse().unwrap_or(0), serde_json::from_str(body).unwrap_or_else(|_| body.into()))
}
