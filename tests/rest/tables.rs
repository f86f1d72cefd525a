//! A server that behaves as the documentation of ServiceNow's Table API says: rows that an access rule hides are left out of
//! a page and counted all the same.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::common::ACME;
use crate::common::stages::{second, third};
use crate::server::{Act, Asked, Portal, Reply, empty, json as answer};
use crate::world::{World, number, writes};

/// The tables.
#[derive(Default)]
pub struct Tables {
    pub rows: BTreeMap<String, Vec<Json>>,
    /// Rows with this text in them are hidden.
    pub hidden: String,
    made: u32,
}

impl Tables {
    fn insert(&mut self, table: &str, row: &Json) -> Json {
        self.made += 1;
        let mut row = row.clone();
        // Everything is text there.
        for value in row.as_object_mut().unwrap().values_mut() {
            if !value.is_string() {
                *value = value.to_string().into();
            }
        }
        row["sys_id"] = format!("{:032x}", 0xabc000 + self.made).into();
        row["sys_mod_count"] = "0".into();
        self.rows.entry(table.to_owned()).or_default().push(row.clone());
        row
    }

    fn list(&self, table: &str, asked: &Asked) -> Reply {
        let none = Vec::new();
        let all = self.rows.get(table).unwrap_or(&none);
        let filter = asked.query("sysparm_query").unwrap_or_default();
        let wanted: Vec<(&str, &str)> = filter.split('^').filter_map(|one| one.split_once('=')).collect();
        let fits = |row: &&Json| wanted.iter().all(|(key, value)| row[*key] == *value);
        let mut rows: Vec<&Json> = all.iter().filter(fits).collect();
        assert!(filter.contains("ORDERBYsys_id"), "without an order pages shift");
        rows.sort_by_key(|row| row["sys_id"].as_str());
        let total = rows.len();
        let offset = asked.number("sysparm_offset").unwrap_or(0);
        let limit = asked.number("sysparm_limit").unwrap_or(10_000);
        let shown = |row: &&Json| self.hidden.is_empty() || !row.to_string().contains(&self.hidden);
        let page: Vec<&Json> = rows.into_iter().skip(offset).take(limit).filter(shown).collect();
        answer(200, json!({ "result": page })).with("X-Total-Count", total)
    }
}

impl Portal for Tables {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let parts = asked.parts();
        let missing = || {
            answer(
                404,
                json!({ "error": { "message": "No Record found", "detail": "Record doesn't exist" }, "status": "failure" }),
            )
        };
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", [table]) => self.list(table, asked),
            ("GET", [table, id]) => {
                let row = self.rows.get(*table).into_iter().flatten().find(|row| row["sys_id"] == *id);
                row.map_or_else(missing, |row| answer(200, json!({ "result": row })))
            }
            ("POST", [table]) => {
                let taken = |row: &Json| row["user_name"] == asked.body["user_name"];
                if *table == "sys_user" && self.rows.get(*table).into_iter().flatten().any(taken) {
                    let error = json!({ "message": "Operation Failed", "detail": "Unique Key violation detected by database (unique)" });
                    return answer(403, json!({ "error": error, "status": "failure" }));
                }
                let row = self.insert(table, &asked.body);
                answer(201, json!({ "result": row }))
            }
            ("PATCH", [table, id]) => {
                let rows = self.rows.entry((*table).to_owned()).or_default();
                let Some(row) = rows.iter_mut().find(|row| row["sys_id"] == *id) else { return missing() };
                for (key, value) in asked.body.as_object().unwrap() {
                    row[key.as_str()] = value.as_str().map_or_else(|| value.to_string(), str::to_owned).into();
                }
                answer(200, json!({ "result": row }))
            }
            ("DELETE", [table, id]) => {
                let rows = self.rows.entry((*table).to_owned()).or_default();
                let before = rows.len();
                rows.retain(|row| row["sys_id"] != *id);
                if rows.len() < before { empty(204) } else { missing() }
            }
            _ => answer(405, json!({})),
        }
    }
}

fn world() -> World<Tables> {
    World::new(Tables::default(), "servicenow", "")
}

fn row(world: &World<Tables>, table: &str, text: &str) -> Json {
    world.server.portal(|portal| {
        let rows: Vec<&Json> = portal.rows[table].iter().filter(|row| row.to_string().contains(text)).collect();
        assert_eq!(rows.len(), 1, "{table} {text}: {:#?}", portal.rows);
        rows[0].clone()
    })
}

#[test]
fn a_roster_comes_changes_and_shrinks_and_the_tables_follow() {
    let world = world();
    for roster in [ACME.to_owned(), second(), third()] {
        world.roster(&roster);
        world.converges();
    }
    let ada = row(&world, "sys_user", "acme/ada");
    assert_eq!((&ada["first_name"], &ada["last_name"]), (&json!("Ada"), &json!("Peeters-Janssens")));
    assert_eq!(ada["active"], "true");
    let kept = ada["u_rosterctl"].as_str().unwrap();
    assert!(kept.starts_with("acme/ada\ntype:person\nrole:technical\nfact:"), "{kept}");
    assert_eq!(row(&world, "sys_user", "acme/soc")["active"], "false");
    let link = row(&world, "sys_user_grmember", "user");
    assert_eq!(link["user"], ada["sys_id"]);
}

#[test]
fn rows_that_a_rule_hides_are_missing_and_remove_nobody() {
    let world = world();
    world.server.portal(|portal| {
        for at in 0..1200 {
            let mail = format!("s{at:04}@other.example");
            portal.insert("sys_user", &json!({ "user_name": mail, "email": mail, "last_name": "S", "active": "true" }));
        }
    });
    world.roster(&second());
    world.converges_among_strangers();
    world.roster(&third());
    // A whole page is hidden, and still the next one is read.
    world.server.portal(|portal| portal.hidden = "@other.example".to_owned());
    world.server.heard();
    let plan = world.run("plan --format json").exits(0).json();
    assert_eq!((&plan["complete"], &plan["summary"]["remove"]), (&json!(false), &json!(0)));
    assert!(plan.to_string().contains("announced 1205 and 5 were read"), "{plan:#}");
    let heard = world.server.heard();
    let last = heard.iter().filter(|one| one.path == "/sys_user").filter_map(|one| one.number("sysparm_offset")).max();
    assert_eq!(last, Some(1000), "the last of the pages");
    world.run("apply --yes").ends();
    assert_eq!(number(&world.server.heard(), "DELETE", "/sys_user"), 0);
    world.server.portal(|portal| portal.hidden.clear());
    world.run("apply --yes").exits(0);
    world.server.portal(|portal| assert!(!json!(portal.rows["sys_user"]).to_string().contains("acme/ben")));
}

#[test]
fn memberships_that_are_hidden_make_no_second_ones() {
    let world = world();
    world.converges();
    let link = row(&world, "sys_user_grmember", "user");
    world.server.portal(|portal| portal.hidden = link["sys_id"].as_str().unwrap().to_owned());
    world.server.heard();
    let plan = world.run("plan --format json").exits(0).json();
    assert_eq!(plan["complete"], false);
    world.run("apply --yes").ends();
    assert_eq!(number(&world.server.heard(), "POST", "/sys_user_grmember"), 0);
    world.server.portal(|portal| portal.hidden.clear());
    world.settled();
}

#[test]
fn a_reading_costs_the_pages_of_three_tables() {
    let world = world();
    world.server.portal(|portal| {
        for at in 0..1200 {
            let mail = format!("s{at:04}@other.example");
            portal.insert("sys_user", &json!({ "user_name": mail, "email": mail, "last_name": "S", "active": "true" }));
        }
    });
    world.server.heard();
    world.run("plan").exits(0);
    let heard = world.server.heard();
    assert_eq!(heard.len(), 3 + 1 + 1, "1200 people on pages of 500, no groups, no memberships");
    assert!(writes(&heard).is_empty());
}

#[test]
fn somebody_with_the_same_name_is_found_when_the_table_refuses() {
    let world = world();
    fn comes(portal: &mut Tables) {
        portal.insert("sys_user", &json!({ "user_name": "ada@acme.example", "email": "ada@acme.example", "last_name": "A", "active": "true" }));
    }
    world.server.hook("POST", "/sys_user$", 0, 1, Act::First(comes));
    let ran = world.run("apply --yes").exits(3);
    assert!(crate::world::said(&ran).contains("has the same user name"), "{ran}");
    world.converges();
}

/// A technical contact of a portal elsewhere, whose account this ServiceNow is asked for.
const ASKED: &str = "\
version: 1
organisation: acme
platform: arxus
profile: { serviceAgreement: signed }
users:
  ada: { name: Ada, email: Ada@acme.example, phone: '+32 470', roles: [technical], attributes: { serviceNow: true } }
  cleo: { name: Cleo, email: cleo@acme.example, roles: [commercial], attributes: { signingAuthority: true } }
";

#[test]
fn rules_ask_it_who_is_a_service_now_user() {
    let world = world();
    let workspace = world.project.read("rosterctl.yaml").replace("url:", "provides: [service-now-users], url:");
    world.project.write(
        "rosterctl.yaml",
        workspace + "  sandbox: { kind: embedded, path: sandbox.db }\ndefaultTarget: sandbox\n",
    );
    world.roster(ASKED);
    let asked = || world.run("plan --format json").exits(1).finding("arxus/technical-servicenow").message;
    let there = |mail: &str, active: &str| {
        let row = json!({ "user_name": mail, "email": mail, "last_name": "S", "active": active });
        world.server.portal(|portal| portal.insert("sys_user", &row));
    };
    there("cleo@acme.example", "true");
    assert!(asked().ends_with("(asked of `t`)"), "the roster says yes, ServiceNow does not know her");
    there("ada@acme.example", "false");
    assert!(asked().ends_with("(asked of `t`)"), "an account that was shut is none");
    world.server.portal(|portal| portal.rows.get_mut("sys_user").unwrap().pop());
    there("ada@acme.example", "true");
    world.run("plan").exits(0).never_says("technical-servicenow");
    // Whom a rule hides there is not known to be missing.
    world.server.portal(|portal| portal.hidden = "ada@acme.example".to_owned());
    world.run("plan").exits(0).says("not all of `t` could be read").never_says("technical-servicenow");
    assert!(writes(&world.server.heard()).is_empty(), "it was only asked");
}
