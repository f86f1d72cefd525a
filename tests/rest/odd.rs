//! A portal with an API that nobody else has, in whatever manner of paging is asked for, and with oddities.

use serde_json::{Value as Json, json};

use crate::server::{Asked, Portal, Reply, empty, json};

/// How pages follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pages {
    Offset,
    Numbered,
    Cursor,
    Next,
    Link,
    Whole,
}

/// What a portal does wrong.
#[derive(Clone, Debug, Default)]
pub struct Oddities {
    /// Every page is the first one.
    pub repeats: bool,
    /// New people are invented for ever.
    pub invents: bool,
    /// So many are announced too many, or too few.
    pub off_by: i64,
    /// No total is told.
    pub silent: bool,
    /// Rows that a page counts and does not show.
    pub hidden: Vec<String>,
    /// A field that is accepted and dropped.
    pub drops: &'static str,
    /// Whoever changes somebody has to say which version they saw; the `ETag` is that of something else.
    pub strict: bool,
}

/// The portal.
pub struct Odd {
    pub pages: Pages,
    pub size: usize,
    pub people: Vec<Json>,
    pub teams: Vec<Json>,
    /// People without access, kept apart.
    pub friends: Vec<Json>,
    pub odd: Oddities,
    last: u64,
    invented: usize,
}

impl Odd {
    pub fn new(pages: Pages) -> Odd {
        let (people, teams, friends) = (Vec::new(), Vec::new(), Vec::new());
        Odd { pages, size: 5, people, teams, friends, odd: Oddities::default(), last: 100, invented: 0 }
    }

    /// Somebody whom no roster names.
    pub fn stranger(&mut self, name: &str) -> u64 {
        self.last += 1;
        let mail = format!("{name}@other.example");
        let body = json!({ "pid": self.last, "mail": mail, "fullName": name, "tel": null, "state": "on", "tags": {}, "rev": 1 });
        self.people.push(body);
        self.last
    }

    /// The only person with a text.
    pub fn one(&self, text: &str) -> &Json {
        let found: Vec<&Json> = self.people.iter().filter(|one| one.to_string().contains(text)).collect();
        assert_eq!(found.len(), 1, "not one person has {text}: {:#?}", self.people);
        found[0]
    }

    pub fn change(&mut self, text: &str, change: impl FnOnce(&mut Json)) {
        let id = self.one(text)["pid"].clone();
        let one = self.people.iter_mut().find(|one| one["pid"] == id).unwrap();
        change(one);
        one["rev"] = json!(one["rev"].as_u64().unwrap() + 1);
    }

    /// Who is in the team with a title.
    pub fn members(&self, title: &str) -> Vec<String> {
        let team = self.teams.iter().find(|team| team["title"] == title).unwrap();
        let named = |id: &Json| self.people.iter().find(|one| one["pid"] == *id).map_or("nobody".to_owned(), mail);
        let mut names: Vec<String> = team["crew"].as_array().unwrap().iter().map(named).collect();
        names.sort();
        names
    }

    /// Why a change of somebody is refused, where it is: it is not of the version that is there.
    fn stale(&self, asked: &Asked, id: &str) -> Option<Reply> {
        let one = self.people.iter().find(|one| is(&one["pid"], id))?;
        match asked.header("if-match") {
            None if self.odd.strict => Some(json(428, json!({ "oops": "say which version" }))),
            Some(version) if !is(&one["rev"], version) => Some(json(418, json!({ "oops": "it moved on" }))),
            _ => None,
        }
    }

    fn friend(&mut self, method: &str, rest: &[&str], sent: &Json) -> Reply {
        let at = rest.first().and_then(|id| self.friends.iter().position(|one| is(&one["fid"], id)));
        match (method, at) {
            ("GET", None) if rest.is_empty() => json(200, json!(self.friends)),
            ("POST", None) if rest.is_empty() => {
                self.last += 1;
                let mut body = sent.clone();
                body["fid"] = self.last.into();
                self.friends.push(body);
                json(201, json!(self.last))
            }
            ("GET", Some(at)) => json(200, self.friends[at].clone()),
            ("PUT", Some(at)) => {
                let id = self.friends[at]["fid"].clone();
                self.friends[at] = sent.clone();
                self.friends[at]["fid"] = id;
                empty(204)
            }
            ("DELETE", Some(at)) => {
                self.friends.remove(at);
                empty(204)
            }
            _ => json(404, json!({ "oops": "no friend" })),
        }
    }

    fn list(&mut self, asked: &Asked, what: &str) -> Reply {
        let all = if what == "staff" { self.people.clone() } else { self.teams.clone() };
        let total = all.len() as i64 + self.odd.off_by;
        let size = asked.number("size").unwrap_or(self.size).min(self.size);
        let at = match self.pages {
            Pages::Offset => asked.number("skip").unwrap_or(0),
            Pages::Numbered => (asked.number("page").unwrap_or(1) - 1) * size,
            Pages::Cursor => asked.query("after").and_then(|after| after.strip_prefix("c-")?.parse().ok()).unwrap_or(0),
            Pages::Next | Pages::Link => asked.number("from").unwrap_or(0),
            Pages::Whole => 0,
        };
        let at = if self.odd.repeats { 0 } else { at };
        let size = if self.pages == Pages::Whole { all.len() } else { size };
        let rows = all.iter().skip(at).take(size);
        let hidden = |one: &&Json| !self.odd.hidden.iter().any(|text| one.to_string().contains(text.as_str()));
        let mut rows: Vec<Json> = rows.filter(hidden).cloned().collect();
        let end = at + size;
        let mut more = end < all.len() || self.odd.repeats;
        if self.odd.invents && what == "staff" {
            rows = (0..size).map(|_| {
                self.invented += 1;
                json!({ "pid": 1_000_000 + self.invented, "mail": format!("i{}@x.example", self.invented), "state": "on",
                    "fullName": "Invented", "tel": null, "tags": {}, "rev": 1 })
            }).collect();
            more = true;
        }
        let mut body = json!({ "found": { what: rows } });
        if !self.odd.silent {
            body["found"]["count"] = total.into();
        }
        let mut reply = json(200, Json::Null);
        match self.pages {
            Pages::Cursor if more => body["found"]["after"] = format!("c-{end}").into(),
            Pages::Next if more => body["found"]["more"] = format!("/api/{what}?from={end}").into(),
            Pages::Link if more => reply = reply.with("Link", format!("</api/{what}?from={end}>; rel=\"next\"")),
            _ => {}
        }
        Reply { body: body.to_string(), ..reply }
    }
}

/// Whether a number is written so.
fn is(number: &Json, text: &str) -> bool {
    let written = number.to_string();
    written == text
}

pub fn mail(person: &Json) -> String {
    person["mail"].as_str().unwrap_or_default().to_owned()
}

impl Portal for Odd {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let parts = asked.parts();
        let no = |status, why: &str| json(status, json!({ "oops": why }));
        match (asked.method.as_str(), parts.as_slice()) {
            (method, ["friends", rest @ ..]) => self.friend(method, rest, &asked.body),
            ("GET", [what @ ("staff" | "teams")]) => self.list(asked, what),
            ("GET", [what, id]) => {
                let (all, key) = if *what == "staff" { (&self.people, "pid") } else { (&self.teams, "tid") };
                match all.iter().find(|one| is(&one[key], id)) {
                    Some(one) if self.odd.strict => json(200, json!({ "it": one })).with("ETag", "W/\"a-page\""),
                    Some(one) => json(200, json!({ "it": one })).with("ETag", format!("\"{}\"", one["rev"])),
                    None => no(404, "nobody"),
                }
            }
            ("POST", ["staff"]) => {
                let taken =
                    |one: &&Json| mail(one).eq_ignore_ascii_case(asked.body["mail"].as_str().unwrap_or_default());
                if self.people.iter().any(|one| taken(&one)) {
                    return no(422, "this mail address is taken");
                }
                self.last += 1;
                let mut body = asked.body.clone();
                body["pid"] = self.last.into();
                body["rev"] = 1.into();
                strip(&mut body, self.odd.drops);
                self.people.push(body);
                json(201, json!({ "it": { "pid": self.last } }))
            }
            ("PUT", ["staff", id]) => {
                if let Some(refused) = self.stale(asked, id) {
                    return refused;
                }
                let drops = self.odd.drops;
                let Some(one) = self.people.iter_mut().find(|one| is(&one["pid"], id)) else {
                    return no(404, "nobody");
                };
                let (pid, rev) = (one["pid"].clone(), one["rev"].as_u64().unwrap());
                // What is not sent is gone.
                *one = asked.body.clone();
                one["pid"] = pid;
                one["rev"] = (rev + 1).into();
                strip(one, drops);
                empty(204)
            }
            ("DELETE", ["staff", id]) => {
                let before = self.people.len();
                self.people.retain(|one| !is(&one["pid"], id));
                if self.people.len() < before { empty(204) } else { no(404, "nobody") }
            }
            ("POST", ["staff", id, "switch"]) => {
                let at = self.people.iter().position(|one| is(&one["pid"], id));
                let Some(at) = at else { return no(404, "nobody") };
                if let Some(refused) = self.stale(asked, id) {
                    return refused;
                }
                let one = &mut self.people[at];
                one["state"] = asked.body["to"].clone();
                one["rev"] = (one["rev"].as_u64().unwrap() + 1).into();
                empty(200)
            }
            ("POST", ["teams"]) => {
                self.last += 1;
                let mut body = asked.body.clone();
                body["tid"] = self.last.into();
                body["crew"] = json!([]);
                self.teams.push(body);
                json(201, json!({ "it": { "tid": self.last } }))
            }
            ("PATCH", ["teams", id]) => {
                let Some(one) = self.teams.iter_mut().find(|one| is(&one["tid"], id)) else {
                    return no(404, "no team");
                };
                for (key, value) in asked.body.as_object().unwrap() {
                    one[key.as_str()] = value.clone();
                }
                empty(204)
            }
            ("DELETE", ["teams", id]) => {
                self.teams.retain(|one| !is(&one["tid"], id));
                empty(204)
            }
            ("POST", ["teams", id, "crew"]) => {
                let Some(one) = self.teams.iter_mut().find(|one| is(&one["tid"], id)) else {
                    return no(404, "no team");
                };
                let joining = asked.body["join"].as_array().unwrap().clone();
                assert!(joining.len() <= 3, "more than are taken together");
                let crew = one["crew"].as_array_mut().unwrap();
                for id in joining {
                    let id: u64 = id.as_str().unwrap().parse().unwrap();
                    assert!(!crew.contains(&id.into()), "nobody joins twice");
                    crew.push(id.into());
                }
                empty(204)
            }
            ("DELETE", ["teams", id, "crew", who]) => {
                let Some(one) = self.teams.iter_mut().find(|one| is(&one["tid"], id)) else {
                    return no(404, "no team");
                };
                one["crew"].as_array_mut().unwrap().retain(|one| !is(one, who));
                empty(204)
            }
            _ => no(405, "what?"),
        }
    }
}

fn strip(body: &mut Json, field: &str) {
    if let (false, Some(body)) = (field.is_empty(), body.as_object_mut()) {
        body.remove(field);
    }
}

/// The manifest of the portal. `paging`: what the lists have besides path and items.
pub fn manifest(pages: Pages) -> String {
    let (query, paging) = match pages {
        Pages::Offset => (
            "{ skip: page.offset, size: page.size }",
            "total: answer.body.found.count\n    paging: { by: offset, size: 5, end: total }",
        ),
        Pages::Numbered => (
            "{ page: page.number, size: page.size }",
            "total: answer.body.found.count\n    paging: { by: page, size: 5, end: empty-page }",
        ),
        Pages::Cursor => (
            "{ after: page.cursor, size: page.size }",
            "total: answer.body.found.count\n    paging: { by: cursor, size: 5, next: answer.body.found.after, end: no-next }",
        ),
        Pages::Next => ("{}", "paging: { by: next, next: answer.body.found.more, end: no-next }"),
        Pages::Link => ("{}", "total: answer.body.found.count\n    paging: { by: link, end: no-next }"),
        Pages::Whole => ("{}", "total: answer.body.found.count"),
    };
    format!(
        r#"version: 1
name: An odd portal
answers:
  exists: answer.status == 422
  changed: answer.status == 418
  message: answer.body.oops
users:
  list:
    get: /staff
    query: {query}
    items: answer.body.found.staff
    {paging}
  one: {{ get: "/staff/{{id}}", item: answer.body.it }}
  fields:
    id: item.pid
    externalId: item.tags.ref
    name: item.fullName
    email: item.mail
    phone: item.tel
    active: item.state == "on"
    roles: item.tags.jobs
    attributes: item.tags.facts
    type: item.tags.sort
    version: string(item.rev)
  create:
    method: POST
    path: /staff
    body: &person
      mail: person.email
      fullName: person.name
      tel: person.phone
      state: 'person.active ? "on" : "off"'
      tags: {{ ref: person.externalId, jobs: person.roles, facts: person.attributes, sort: person.type }}
    id: answer.body.it.pid
  update:
    method: PUT
    path: "/staff/{{id}}"
    keep: item
    without: [pid, rev]
    body: *person
    ifMatch: version
  delete: {{ method: DELETE, path: "/staff/{{id}}" }}
groups:
  list:
    get: /teams
    query: {query}
    items: answer.body.found.teams
    {paging}
  one: {{ get: "/teams/{{id}}", item: answer.body.it }}
  fields:
    id: item.tid
    externalId: item.tag
    name: item.title
    access: item.access
  members:
    in: group
    members: item.crew
    add: {{ method: POST, path: "/teams/{{id}}/crew", body: {{ join: members }} }}
    remove: {{ method: DELETE, path: "/teams/{{id}}/crew/{{member}}" }}
    together: 3
  create:
    method: POST
    path: /teams
    body: &team {{ title: group.name, tag: group.externalId, access: group.access }}
    id: answer.body.it.tid
  update: {{ method: PATCH, path: "/teams/{{id}}", body: *team }}
  delete: {{ method: DELETE, path: "/teams/{{id}}" }}
"#
    )
}
