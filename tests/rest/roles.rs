//! A realm that behaves as the documentation of Keycloak says: roles are a resource of their own, and people hold many that
//! are nobody's business.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::common::stages::{crowd, second, third};
use crate::common::{ACME, replaced};
use crate::server::{Act, Asked, Portal, Reply, empty, json as answer};
use crate::world::{World, number, said, writes};

/// The manifest that is built in.
const MANIFEST: &str = include_str!("../../src/live/rest/manifests/keycloak.yaml");

/// The realm.
pub struct Realm {
    users: Vec<Json>,
    groups: Vec<Json>,
    members: BTreeSet<(String, String)>,
    /// Roles, and the ids of who holds them.
    roles: BTreeMap<String, Vec<String>>,
    made: u32,
    /// Holders are told in another order every time.
    restless: bool,
    asked: usize,
}

impl Realm {
    fn new() -> Realm {
        let names = ["technical", "commercial", "dpo", "watchlist", "offline_access", "default-roles-acme", "auditor"];
        Realm {
            users: Vec::new(),
            groups: Vec::new(),
            members: BTreeSet::new(),
            roles: names.into_iter().map(|name| (name.to_owned(), Vec::new())).collect(),
            made: 0,
            restless: false,
            asked: 0,
        }
    }

    fn id(&self, mail: &str) -> String {
        let user = self.users.iter().find(|user| user["email"] == mail).unwrap_or_else(|| panic!("nobody is {mail}"));
        user["id"].as_str().unwrap().to_owned()
    }

    /// The roles of somebody, whatever they are.
    fn held(&self, mail: &str) -> Vec<&str> {
        let id = self.id(mail);
        self.roles.iter().filter(|(_, ids)| ids.contains(&id)).map(|(name, _)| name.as_str()).collect()
    }

    fn give(&mut self, mail: &str, role: &str) {
        let id = self.id(mail);
        self.roles.get_mut(role).unwrap().push(id);
    }

    fn take(&mut self, mail: &str, role: &str) {
        let id = self.id(mail);
        self.roles.get_mut(role).unwrap().retain(|one| *one != id);
    }

    fn page(asked: &Asked, all: &[Json]) -> Reply {
        let (first, max) = (asked.number("first").unwrap_or(0), asked.number("max").unwrap_or(100));
        answer(200, all.iter().skip(first).take(max).cloned().collect())
    }

    fn made(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{:04}", self.made)
    }

    fn role(name: &str) -> Json {
        json!({ "id": format!("r-{name}"), "name": name, "composite": false })
    }

    /// Gives or takes the roles in a body.
    fn map(&mut self, id: &str, body: &Json, gives: bool) -> Reply {
        for role in body.as_array().unwrap() {
            let name = role["name"].as_str().unwrap();
            assert_eq!(role["id"], format!("r-{name}"), "a role is named by id and name");
            let Some(ids) = self.roles.get_mut(name) else { return empty(404) };
            ids.retain(|one| one != id);
            if gives {
                ids.push(id.to_owned());
            }
        }
        empty(204)
    }
}

impl Portal for Realm {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let parts = asked.parts();
        let missing = || answer(404, json!({ "error": "not found" }));
        let host = asked.header("host").unwrap();
        let made = |path: &str, id: &str| empty(201).with("Location", format!("http://{host}/api/{path}/{id}"));
        let top = |group: &Json| json!({ "id": group["id"], "name": group["name"], "attributes": group["attributes"] });
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["users", "count"]) => answer(200, self.users.len().into()),
            ("GET", ["groups", "count"]) => answer(200, json!({ "count": self.groups.len() })),
            ("GET", ["users"]) => Realm::page(asked, &self.users),
            ("GET", ["groups"]) => Realm::page(asked, &self.groups.iter().map(top).collect::<Vec<Json>>()),
            ("GET", ["roles"]) => {
                Realm::page(asked, &self.roles.keys().map(|name| Realm::role(name)).collect::<Vec<Json>>())
            }
            ("GET", ["roles", name, "users"]) => {
                let Some(ids) = self.roles.get(*name) else { return missing() };
                let mut ids = ids.clone();
                if self.restless {
                    self.asked += 1;
                    let at = self.asked % ids.len().max(1);
                    ids.rotate_left(at);
                }
                Realm::page(asked, &ids.iter().map(|id| json!({ "id": id })).collect::<Vec<Json>>())
            }
            ("GET", ["users", id, "role-mappings", "realm"]) => {
                let held = self.roles.iter().filter(|(_, ids)| ids.iter().any(|one| one == id));
                answer(200, held.map(|(name, _)| Realm::role(name)).collect())
            }
            ("POST", ["users", id, "role-mappings", "realm"]) => self.map(id, &asked.body, true),
            ("DELETE", ["users", id, "role-mappings", "realm"]) => self.map(id, &asked.body, false),
            ("GET", ["groups", id, "members"]) => {
                let ids = self.members.iter().filter(|(group, _)| group == id);
                Realm::page(asked, &ids.map(|(_, id)| json!({ "id": id })).collect::<Vec<Json>>())
            }
            ("PUT", ["users", id, "groups", group]) => {
                self.members.insert(((*group).to_owned(), (*id).to_owned()));
                empty(204)
            }
            ("DELETE", ["users", id, "groups", group]) => {
                self.members.remove(&((*group).to_owned(), (*id).to_owned()));
                empty(204)
            }
            (method, [kind @ ("users" | "groups"), rest @ ..]) => {
                if let ("POST", []) = (method, rest) {
                    let id = self.made(kind);
                    let mut body = asked.body.clone();
                    body["id"] = id.as_str().into();
                    if *kind == "users" {
                        if self.users.iter().any(|one| one["username"] == body["username"]) {
                            return answer(409, json!({ "errorMessage": "User exists with same username" }));
                        }
                        self.users.push(body);
                        self.roles.get_mut("default-roles-acme").unwrap().push(id.clone());
                    } else {
                        self.groups.push(body);
                    }
                    return made(kind, &id);
                }
                let all = if *kind == "users" { &mut self.users } else { &mut self.groups };
                let at = all.iter().position(|one| rest == [one["id"].as_str().unwrap()]);
                match (method, at) {
                    ("GET", Some(at)) => answer(200, all[at].clone()),
                    ("PUT", Some(at)) => {
                        let id = all[at]["id"].clone();
                        all[at] = asked.body.clone();
                        all[at]["id"] = id;
                        empty(204)
                    }
                    ("DELETE", Some(at)) => {
                        let gone = all.remove(at)["id"].as_str().unwrap().to_owned();
                        self.roles.values_mut().for_each(|ids| ids.retain(|id| *id != gone));
                        self.members.retain(|(group, id)| *group != gone && *id != gone);
                        empty(204)
                    }
                    _ => missing(),
                }
            }
            _ => answer(405, json!({ "error": "no such thing" })),
        }
    }
}

fn world() -> World<Realm> {
    World::new(Realm::new(), "keycloak", "")
}

/// A realm whose manifest is another.
fn with_manifest(text: &str) -> World<Realm> {
    World::new(Realm::new(), "portal.yaml", text)
}

#[test]
fn roles_come_change_and_go_and_those_of_others_stay() {
    let world = world();
    world.converges();
    world.server.portal(|realm| realm.give("ada@acme.example", "auditor"));
    for roster in [second(), third()] {
        world.roster(&roster);
        world.converges();
    }
    world.server.portal(|realm| {
        assert_eq!(realm.held("ada@acme.example"), ["auditor", "default-roles-acme", "technical"]);
        assert_eq!(realm.held("grace@acme.example"), ["commercial", "default-roles-acme", "watchlist"]);
        let ada = realm.users.iter().find(|user| user["email"] == "ada@acme.example").unwrap();
        assert!(ada["attributes"].get("rosterctlRole").is_none(), "{ada}");
    });
}

#[test]
fn a_reading_asks_once_for_each_role_and_never_for_each_person() {
    let world = world();
    world.roster(&crowd(120));
    world.converges();
    // More holders than a page has.
    world.server.portal(|realm| (0..120).for_each(|at| realm.give(&format!("u{at:03}@acme.example"), "auditor")));
    world.server.heard();
    world.run("plan --detailed-exitcode").exits(0);
    let heard = world.server.heard();
    let mut holders: Vec<&str> =
        heard.iter().filter(|one| one.path.starts_with("/roles/")).map(|one| one.parts()[1]).collect();
    holders.sort_unstable();
    assert_eq!(holders, ["commercial", "dpo", "technical", "watchlist"], "roles of the platform that the realm has");
    assert_eq!(heard.iter().filter(|one| one.path.contains("role-mappings")).count(), 0);
    // A role alone is given without a word to the account.
    world.roster(&replaced(&crowd(120), "name: User 7,", "name: User 7, roles: [watchlist],"));
    let ran = world.run("apply --yes").exits(0);
    let heard = writes(&world.server.heard());
    assert_eq!((heard.len(), heard[0].method.as_str()), (1, "POST"), "{heard:?}\n{ran}");
}

#[test]
fn what_others_give_and_take_is_drift_and_put_back() {
    let world = world();
    world.converges();
    world.server.portal(|realm| {
        realm.take("ada@acme.example", "technical");
        realm.give("dana@acme.example", "commercial");
        realm.give("dana@acme.example", "offline_access");
    });
    let ran = world.run("drift").exits(2);
    ran.says("technical").says("commercial").never_says("offline_access");
    world.converges();
    world.server.portal(|realm| {
        assert_eq!(realm.held("ada@acme.example"), ["default-roles-acme", "technical"]);
        assert_eq!(realm.held("dana@acme.example"), ["default-roles-acme", "dpo", "offline_access"]);
    });
    let workspace = world.project.read("rosterctl.yaml").replace("kind: rest,", "kind: rest, platform: arxus,");
    world.project.write("rosterctl.yaml", workspace);
    let roster = world.run("export").exits(0);
    roster.says("roles: [technical]").says("roles: [dpo]").never_says("offline_access");
    world.run("who holds technical --target t").exits(0).says("ada");
}

#[test]
fn a_role_that_the_realm_lacks_is_an_error_before_anything_is_written() {
    let world = world();
    world.server.portal(|realm| drop(realm.roles.remove("dpo")));
    let ran = world.run("plan --format json").exits(1);
    let finding = ran.finding("plan/cannot-hold");
    assert_eq!(finding.message, "`t` cannot hold the role `dpo`, which one entry needs: it has no such role");
    let help = finding.help;
    assert_eq!(help, "create the role `dpo` there (Realm roles, Create role), and plan again");
    assert!(finding.line > 0);
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
    // Where nobody needs it, nobody misses it.
    world.roster(&replaced(ACME, "    roles: [dpo]\n", ""));
    world.run("apply --yes").exits(0);
    // A role that goes away between the plan and the apply is noticed before its person is made.
    world.roster(&second());
    world.server.portal(|realm| drop(realm.roles.insert("dpo".to_owned(), Vec::new())));
    world.run("plan --out plan.json --allow-grants 9").exits(0);
    world.server.portal(|realm| drop(realm.roles.remove("watchlist")));
    let ran = world.run("apply --plan plan.json --yes").exits(3);
    assert!(said(&ran).contains("nothing was done: the portal has no role `watchlist`; plan again"), "{ran}");
    world.server.portal(|realm| {
        assert!(!realm.users.iter().any(|user| user["email"] == "soc@acme.example"));
        assert_eq!(realm.held("dana@acme.example"), ["default-roles-acme", "dpo"]);
    });
    // Credentials that may not see roles are told which permission is missing.
    world.server.hook("GET", "/roles$", 0, 99, Act::Instead(answer(403, json!({ "error": "HTTP 403 Forbidden" }))));
    world.run("plan").exits(1).complains("view-realm");
}

#[test]
fn holders_that_are_not_all_known_are_never_nobody() {
    let world = world();
    world.roster(&crowd(230).replace("groups: [it-operations] }", "groups: [it-operations], roles: [watchlist] }"));
    world.run("apply --yes --allow-grants 999").exits(0);
    world.server.portal(|realm| realm.restless = true);
    let ran = world.run("plan --format json").ends();
    assert_eq!(ran.json()["complete"], false, "{ran}");
    assert_eq!(ran.json()["summary"]["remove"], 0);
    assert!(ran.stdout.contains("/roles/{id}/users: the list changed"), "{ran}");
    world.server.portal(|realm| realm.restless = false);
    world.settled();
    world.server.hook("GET", "/roles/technical/users", 0, 99, Act::Instead(answer(500, json!({ "error": "oops" }))));
    world.run("plan").exits(1).complains("/roles/{id}/users");
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.heard()).is_empty());
}

#[test]
fn an_answer_that_is_lost_gives_no_role_twice_and_a_refusal_is_said() {
    let world = world();
    let refused = answer(403, json!({ "error": "unknown_error" }));
    // Those of Ada, Grace and Dana: the first answer is lost, the second request is refused.
    world.server.hook("POST", "/users/", 0, 1, Act::DoneThenGone);
    world.server.hook("POST", "/users/", 0, 1, Act::Instead(refused));
    let ran = world.run("apply --yes").exits(3);
    let text = said(&ran);
    assert!(text.contains("the account was written, its roles were not: the portal answered 403"), "{ran}");
    world.server.portal(|realm| assert_eq!(realm.users.len(), 3));
    let heard = world.server.heard();
    assert_eq!((number(&heard, "POST", "/users/"), number(&heard, "POST", "/users") - 3), (3, 3));
    world.converges();
    world.server.portal(|realm| assert_eq!((realm.users.len(), realm.held("ada@acme.example").len()), (3, 2)));
    // What is called done and not done is no success.
    world.roster(&replaced(ACME, "roles: [technical]", "roles: [technical, watchlist]"));
    world.server.hook("POST", "/users/", 0, 1, Act::Instead(empty(204)));
    let ran = world.run("apply --yes").exits(1);
    assert!(said(&ran).contains("its roles were not: the portal did not keep `watchlist`"), "{ran}");
    world.converges();
}

#[test]
fn roles_may_have_other_names_there() {
    let world = with_manifest(&replaced(
        MANIFEST,
        "  name: item.name\n  #",
        "  name: item.name\n  called: '\"gw-\" + key'\n  #",
    ));
    world.run("plan").exits(1).says("it has no role `gw-technical`");
    world.server.portal(|realm| {
        for name in ["technical", "commercial", "dpo", "watchlist"] {
            let there = realm.roles.remove(name).unwrap();
            realm.roles.insert(format!("gw-{name}"), there);
        }
    });
    for roster in [ACME.to_owned(), second(), third()] {
        world.roster(&roster);
        world.converges();
    }
    world.server.portal(|realm| assert_eq!(realm.held("ada@acme.example"), ["default-roles-acme", "gw-technical"]));
    world.manifest(&replaced(MANIFEST, "  name: item.name\n  #", "  name: item.name\n  called: '\"all\"'\n  #"));
    world.run("plan").exits(1).complains("are both called `all`");
}

#[test]
fn a_portal_may_tell_roles_by_person_alone_or_by_role_alone() {
    let holders = MANIFEST.find("  holders:\n").unwrap();
    let (of, add) = (MANIFEST.rfind("  of:\n").unwrap(), MANIFEST.rfind("  add:\n").unwrap());
    for text in
        [format!("{}{}", &MANIFEST[..holders], &MANIFEST[of..]), format!("{}{}", &MANIFEST[..of], &MANIFEST[add..])]
    {
        let world = with_manifest(&text);
        for roster in [ACME.to_owned(), second(), third()] {
            world.roster(&roster);
            world.converges();
        }
        world.server.portal(|realm| {
            assert_eq!(realm.held("grace@acme.example"), ["commercial", "default-roles-acme", "watchlist"]);
        });
    }
}

#[test]
fn a_realm_where_roles_were_attributes_gets_roles_and_keeps_the_attributes() {
    let world = world();
    world.converges();
    world.server.portal(|realm| {
        realm.take("ada@acme.example", "technical");
        let ada = realm.users.iter_mut().find(|user| user["email"] == "ada@acme.example").unwrap();
        ada["attributes"]["rosterctlRole"] = json!(["technical"]);
    });
    world.converges();
    world.server.portal(|realm| {
        assert_eq!(realm.held("ada@acme.example"), ["default-roles-acme", "technical"]);
        let ada = realm.users.iter().find(|user| user["email"] == "ada@acme.example").unwrap();
        assert_eq!(ada["attributes"]["rosterctlRole"], json!(["technical"]));
    });
}

#[test]
fn a_probe_shows_roles_and_what_can_be_done() {
    let world = world();
    let ran = world.run("target probe").exits(0);
    ran.says("roles at /roles").says("name auditor").says("holders at /roles/{id}/users").says("roles: add, remove");
}

#[test]
fn run_books_and_actors_know_roles() {
    let world = world();
    world.converges();
    world.roster(&second());
    world.run("runbook make --allow-grants 9").exits(0).says("Contact roles: add `Watchlist Contact`");
    let workspace = world.project.read("rosterctl.yaml").replace("kind: rest,", "kind: rest, actor: dana,");
    world.project.write("rosterctl.yaml", workspace);
    // Dana may not change people: that is known by what the realm says of her.
    let plan = world.run("plan --format json --allow-grants 9").ends().json();
    assert_eq!(plan["actor"], "dana");
    assert!(plan["blocked"].as_array().is_some_and(|blocked| !blocked.is_empty()), "{plan:#}");
}

#[test]
fn slips_in_roles_are_shown_where_they_are() {
    let cases = [
        ("  holder: item.id\n", "", "`holders` needs the key `holder`"),
        ("  id: item.name\n", "  id: itm.name\n", "there is no `itm` here"),
        (
            "[{ id: role.id, name: role.name }]\n  remove",
            "[{ id: rol.id, name: role.name }]\n  remove",
            "there is no `rol`",
        ),
        ("    active: item.enabled\n", "    active: item.enabled\n    roles: item.roles\n", "roles are told twice"),
        ("  id: item.name\n", "  feeds: directory-roles\n  id: item.name\n", "`roles` with `feeds` are evidence"),
    ];
    for (from, to, wanted) in cases {
        let world = with_manifest(&replaced(MANIFEST, from, to));
        let ran = world.run("plan").exits(1);
        assert!(said(&ran).contains(wanted) && ran.stdout.contains("portal.yaml:"), "{wanted}\n{ran}");
    }
}
