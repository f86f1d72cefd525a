//! A server that behaves as the documentation of Microsoft Graph says: linked pages, references as members, throttling.

use serde_json::{Value as Json, json};

use crate::common::stages::{crowd, second, third};
use crate::common::{ACME, replaced};
use crate::server::{Act, Asked, Portal, Reply, empty, json as answer};
use crate::world::{World, number, writes};

/// The tenant.
#[derive(Default)]
pub struct Tenant {
    pub users: Vec<Json>,
    pub groups: Vec<Json>,
    /// Directory roles that are activated: template, name, and members.
    pub roles: Vec<(&'static str, &'static str, Vec<Json>)>,
    made: u32,
    /// How many items a page has, whatever is asked for.
    pub page: usize,
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    answer(status, json!({ "error": { "code": code, "message": message } }))
}

impl Tenant {
    fn list(&self, asked: &Asked, items: &[Json], counted: bool) -> Reply {
        let at = asked.query("$skiptoken").map_or(0, |token| token.parse().unwrap());
        let size = asked.number("$top").unwrap_or(100).min(self.page.max(1));
        let page: Vec<&Json> = items.iter().skip(at).take(size).collect();
        let mut body = json!({ "value": page });
        if at + size < items.len() {
            let host = asked.header("host").unwrap();
            let link = format!("http://{host}/api{}?$skiptoken={}&$top={size}", asked.path, at + size);
            body["@odata.nextLink"] = link.into();
        }
        if counted && asked.query("$count") == Some("true") {
            assert_eq!(asked.header("ConsistencyLevel"), Some("eventual"), "counts are told only so");
            body["@odata.count"] = items.len().into();
        }
        answer(200, body)
    }
}

impl Portal for Tenant {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let parts = asked.parts();
        let missing = || error(404, "Request_ResourceNotFound", "Resource does not exist.");
        let body = &asked.body;
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["users"]) => self.list(asked, &self.users, true),
            ("GET", ["groups"]) => {
                let plain = |group: &Json| json!({ "id": group["id"], "displayName": group["displayName"], "description": group["description"] });
                self.list(asked, &self.groups.iter().map(plain).collect::<Vec<Json>>(), true)
            }
            ("GET", ["directoryRoles"]) => {
                assert!(asked.query("$top").is_none(), "not among the parameters that this list knows");
                let role = |(at, one): (usize, &(&str, &str, Vec<Json>))| json!({ "id": format!("dr-{at}"), "displayName": one.1, "roleTemplateId": one.0 });
                self.list(asked, &self.roles.iter().enumerate().map(role).collect::<Vec<Json>>(), false)
            }
            ("GET", ["directoryRoles", id, "members"]) => {
                let at: usize = id.strip_prefix("dr-").unwrap().parse().unwrap();
                self.list(asked, &self.roles[at].2.clone(), false)
            }
            ("GET", ["users", id]) => {
                self.users.iter().find(|user| user["id"] == *id).map_or_else(missing, |user| answer(200, user.clone()))
            }
            ("GET", ["groups", id]) => self
                .groups
                .iter()
                .find(|group| group["id"] == *id)
                .map_or_else(missing, |group| answer(200, group.clone())),
            ("GET", ["groups", id, "members"]) => match self.groups.iter().find(|group| group["id"] == *id) {
                Some(group) => self.list(asked, group["members"].as_array().unwrap(), false),
                None => missing(),
            },
            ("POST", ["users"]) => {
                if body["passwordProfile"]["password"].as_str().is_none_or(|password| password.len() < 40) {
                    return error(400, "Request_BadRequest", "A password must be specified to create a new user.");
                }
                if self.users.iter().any(|user| user["userPrincipalName"] == body["userPrincipalName"]) {
                    let message = "Another object with the same value for property userPrincipalName already exists.";
                    return error(400, "Request_BadRequest", message);
                }
                self.made += 1;
                let mut user = body.clone();
                user["id"] = format!("00000000-0000-4000-8000-{:012}", self.made).into();
                user.as_object_mut().unwrap().remove("passwordProfile");
                self.users.push(user.clone());
                answer(201, user)
            }
            ("POST", ["groups"]) => {
                assert!(!body["mailNickname"].as_str().unwrap().contains(['/', ':', '=', ' ']), "{body}");
                self.made += 1;
                let mut group = body.clone();
                group["id"] = format!("00000000-0000-4000-9000-{:012}", self.made).into();
                group["members"] = json!([]);
                self.groups.push(group.clone());
                answer(201, group)
            }
            ("PATCH", [kind @ ("users" | "groups"), id]) => {
                let all = if *kind == "users" { &mut self.users } else { &mut self.groups };
                let Some(one) = all.iter_mut().find(|one| one["id"] == *id) else { return missing() };
                for (key, value) in body.as_object().unwrap() {
                    if key != "members@odata.bind" {
                        one[key.as_str()] = value.clone();
                        continue;
                    }
                    let joining = value.as_array().unwrap();
                    assert!(joining.len() <= 20, "up to 20 members by one request");
                    for reference in joining {
                        let id = reference
                            .as_str()
                            .unwrap()
                            .strip_prefix("https://graph.microsoft.com/v1.0/directoryObjects/");
                        let member = json!({ "@odata.type": "#microsoft.graph.user", "id": id.unwrap() });
                        if one["members"].as_array().unwrap().contains(&member) {
                            return error(
                                400,
                                "Request_BadRequest",
                                "One or more added object references already exist.",
                            );
                        }
                        one["members"].as_array_mut().unwrap().push(member);
                    }
                }
                empty(204)
            }
            ("DELETE", ["groups", id, "members", member, "$ref"]) => {
                let Some(group) = self.groups.iter_mut().find(|group| group["id"] == *id) else { return missing() };
                let members = group["members"].as_array_mut().unwrap();
                let before = members.len();
                members.retain(|one| one["id"] != *member);
                if members.len() < before { empty(204) } else { missing() }
            }
            ("DELETE", [kind @ ("users" | "groups"), id]) => {
                let all = if *kind == "users" { &mut self.users } else { &mut self.groups };
                let before = all.len();
                all.retain(|one| one["id"] != *id);
                for group in &mut self.groups {
                    group["members"].as_array_mut().unwrap().retain(|one| one["id"] != *id);
                }
                if kind == &"groups" || self.users.len() < before || before == 0 { empty(204) } else { missing() }
            }
            _ => error(405, "Request_BadRequest", "what?"),
        }
    }
}

fn world(page: usize) -> World<Tenant> {
    World::new(Tenant { page, ..Tenant::default() }, "graph", "")
}

#[test]
fn a_roster_comes_changes_and_shrinks_and_the_tenant_follows() {
    let world = world(3);
    for roster in [ACME.to_owned(), second(), third()] {
        world.roster(&roster);
        world.converges();
    }
    world.server.portal(|tenant| {
        let ada = tenant.users.iter().find(|user| user["mail"] == "ada@acme.example").unwrap();
        assert_eq!(ada["onPremisesExtensionAttributes"]["extensionAttribute15"], "acme/ada");
        assert_eq!((&ada["displayName"], &ada["accountEnabled"]), (&json!("Ada Peeters-Janssens"), &json!(true)));
        let group = tenant.groups.iter().find(|group| group["description"] == "acme/it-operations").unwrap();
        assert_eq!(group["members"].as_array().unwrap().len(), 1);
        let role = tenant.groups.iter().find(|group| group["description"] == "acme/role:technical").unwrap();
        assert_eq!(role["members"][0]["id"], ada["id"]);
    });
    world.run("plan").exits(0);
}

#[test]
fn throttling_is_waited_out_and_answers_that_are_lost_make_nobody_twice() {
    let world = world(999);
    let busy = error(429, "TooManyRequests", "Too many requests").with("Retry-After", 0);
    world.server.hook("GET", "/users", 0, 2, Act::Instead(busy.clone()));
    world.server.hook("POST", "/users", 0, 1, Act::Instead(busy.clone()));
    world.server.hook("PATCH", "/groups", 0, 2, Act::Instead(busy));
    world.server.hook("POST", "/users", 1, 1, Act::DoneThenGone);
    world.server.hook("POST", "/groups", 1, 1, Act::DoneThen(error(503, "serviceNotAvailable", "later")));
    world.run("apply --yes").exits(0);
    world.server.portal(|tenant| assert_eq!(tenant.users.len(), 3));
    world.settled();
}

#[test]
fn members_join_twenty_by_twenty() {
    let world = world(999);
    world.roster(&crowd(44));
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    world.server.portal(|tenant| {
        let group = tenant.groups.iter().find(|group| group["description"] == "acme/it-operations").unwrap();
        assert_eq!(group["members"].as_array().unwrap().len(), 45);
        let joins = heard
            .iter()
            .filter(|one| one.method == "PATCH" && one.parts() == ["groups", group["id"].as_str().unwrap()]);
        assert_eq!(joins.count(), 3);
    });
    world.settled();
    // A refusal because of the principal name is looked up, as are others that say what is there.
    assert!(number(&heard, "POST", "/users") == 47 && !writes(&heard).is_empty());
}

#[test]
fn a_link_to_elsewhere_is_not_followed() {
    let world = world(999);
    let elsewhere = answer(200, json!({ "value": [], "@odata.nextLink": "http://127.0.0.1:9/users?$skiptoken=1" }));
    world.server.hook("GET", "/users", 0, 9, Act::Instead(elsewhere));
    world.run("plan").exits(1).complains("names an address elsewhere");
    assert!(writes(&world.server.heard()).is_empty());
}

const GLOBAL: &str = "62e90394-69f5-4237-9190-012177145e10";

/// A tenant where Ada is there, and another target that the roster is applied to.
fn asked_world(ada: &str) -> World<Tenant> {
    let world = world(2);
    let of = |kind: &str, id: &str| json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id });
    let users = ["ada", "bob", "cleo", "dan"].map(|name| {
        json!({ "id": format!("u-{name}"), "userPrincipalName": format!("{name}@acme.example"), "displayName": name,
            "mail": format!("{name}@acme.example"), "mobilePhone": null, "accountEnabled": true,
            "onPremisesExtensionAttributes": {} })
    });
    world.server.portal(|tenant| {
        tenant.users = users.to_vec();
        let members = json!([of("user", "u-ada"), of("user", "u-cleo"), of("user", "u-dan")]);
        tenant
            .groups
            .push(json!({ "id": "g-admins", "displayName": "Admins", "description": null, "members": members }));
        let others = vec![of("user", "u-bob"), of("servicePrincipal", "sp-1"), of("user", "u-dan")];
        tenant.roles.push(("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", others.clone()));
        let mut admins = others;
        match ada {
            "direct" => admins.push(of("user", "u-ada")),
            "group" => admins.push(of("group", "g-admins")),
            _ => {}
        }
        tenant.roles.push((GLOBAL, "Company Administrator", admins));
    });
    let text = world
        .project
        .read("rosterctl.yaml")
        .replace("manifest: graph,", "manifest: graph, provides: [directory-roles],");
    let text = text
        .replace("targets:\n", "defaultTarget: sandbox\ntargets:\n  sandbox: { kind: embedded, path: sandbox.db }\n");
    world.project.write("rosterctl.yaml", text);
    world
}

#[test]
fn directory_roles_answer_the_rule_that_asks_for_them() {
    for ada in ["direct", "group"] {
        let world = asked_world(ada);
        // The roster says that she is not, the tenant that she is.
        world.roster(&replaced(ACME, "      directoryRoles: [global-administrator]\n", ""));
        world.run("validate").ends().says("technical-global-admin");
        world.run("plan").exits(0).never_says("technical-global-admin").never_says("plan/evidence");
        assert!(writes(&world.server.heard()).is_empty());
    }
    let world = asked_world("nobody");
    let ran = world.run("plan --format json").exits(0);
    let finding = ran.finding("arxus/technical-global-admin");
    assert_eq!(finding.subject.as_deref(), Some("ada"));
    assert!(finding.message.ends_with("(asked of `t`)"), "{}", finding.message);
}

#[test]
fn holders_of_directory_roles_that_cannot_be_read_are_no_answer() {
    for (path, reply) in [
        ("/directoryRoles$", error(403, "Authorization_RequestDenied", "Insufficient privileges")),
        ("/directoryRoles/dr-1", error(500, "generalException", "later")),
    ] {
        let world = asked_world("nobody");
        world.server.hook("GET", path, 0, 99, Act::Instead(reply));
        let ran = world.run("plan --format json").exits(0);
        assert!(ran.finding("plan/evidence").message.starts_with("`t` could not be asked"), "{ran}");
        assert!(
            !ran.rules().iter().any(|rule| rule == "arxus/technical-global-admin"),
            "what she declares counts: {ran}"
        );
    }
}
