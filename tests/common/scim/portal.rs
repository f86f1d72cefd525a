//! The portal behind the server: its resources, and what it does with a request.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value as Json, json};

use super::quirks::{Active, Bulk, Discovery, Duplicates, Form, Ids, IfMatch, Named, Patch, Quirks, Shown, Versions};
use super::reply::{Fault, Reply};
use super::resource::{self, Kind, Resource};
use super::{Heard, TOKEN, bulk, lists};

/// What happens to a request instead of, before or after what it asks for.
pub struct Hook {
    /// Its method; empty: any.
    pub method: &'static str,
    /// How its path begins, after the base.
    pub path: String,
    /// How many such requests pass before.
    pub skip: usize,
    /// How many such requests are met; each counts down.
    pub times: usize,
    /// What happens.
    pub act: Act,
}

/// What a hook does.
pub enum Act {
    /// Answers this status and does nothing.
    Status(u16),
    /// Does what is asked, then answers this status.
    DoneThen(u16),
    /// Does what is asked, then breaks the connection.
    DoneThenGone,
    /// Breaks the connection.
    Gone,
    /// Answers this with 200 and does nothing.
    Says(String),
    /// Somebody else does something first.
    First(Box<dyn FnMut(&mut Portal) + Send>),
}

/// The portal.
#[derive(Default)]
pub struct Portal {
    /// What it does otherwise than others.
    pub quirks: Quirks,
    /// Where it is.
    pub base: String,
    /// Users, groups, contacts.
    pub all: [Vec<Resource>; 3],
    /// What it was asked.
    pub heard: Vec<Heard>,
    /// What shall happen.
    pub hooks: Vec<Hook>,
    made: u64,
    gone: BTreeSet<String>,
    free: Vec<String>,
}

/// A request.
pub struct Call<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path after the base, parts decoded.
    pub path: Vec<String>,
    /// Its query, decoded.
    pub query: Vec<(String, String)>,
    /// `Authorization`.
    pub authorization: &'a str,
    /// `If-Match`.
    pub if_match: Option<&'a str>,
    /// Its body.
    pub body: &'a Json,
}

impl Call<'_> {
    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl Portal {
    /// A portal with nobody in it.
    pub fn new(quirks: Quirks, base: &str) -> Portal {
        Portal { quirks, base: base.to_owned(), ..Portal::default() }
    }

    /// Answers a request; none where the connection breaks.
    pub fn answer(&mut self, call: &Call<'_>) -> Option<Reply> {
        let path = format!("/{}", call.path.join("/"));
        let mut act = None;
        for at in 0..self.hooks.len() {
            let hook = &mut self.hooks[at];
            if (hook.method.is_empty() || hook.method == call.method) && path.starts_with(&hook.path) && hook.times > 0
            {
                if hook.skip > 0 {
                    hook.skip -= 1;
                    continue;
                }
                hook.times -= 1;
                act = Some(at);
                break;
            }
        }
        let Some(at) = act else { return Some(self.plainly(call)) };
        // A hook that changes the portal is taken out of it meanwhile.
        let mut act = std::mem::replace(&mut self.hooks[at].act, Act::Gone);
        let reply = match &mut act {
            Act::Status(status) => Some(Fault::new(*status, "invalidValue", "because I say so").reply(&self.quirks)),
            Act::DoneThen(status) => {
                let status = *status;
                self.plainly(call);
                Some(Fault::new(status, "", "something broke").reply(&self.quirks))
            }
            Act::DoneThenGone => {
                self.plainly(call);
                None
            }
            Act::Gone => None,
            Act::Says(body) => Some(Reply { body: body.clone(), ..Reply::empty(200) }),
            Act::First(act) => {
                act(self);
                Some(self.plainly(call))
            }
        };
        self.hooks[at].act = act;
        reply
    }

    fn plainly(&mut self, call: &Call<'_>) -> Reply {
        self.route(call).unwrap_or_else(|fault| fault.reply(&self.quirks))
    }

    fn route(&mut self, call: &Call<'_>) -> Result<Reply, Fault> {
        let parts: Vec<&str> = call.path.iter().map(String::as_str).collect();
        if let ["ServiceProviderConfig" | "Schemas" | "ResourceTypes", ..] = parts[..] {
            return self.discovery(parts[0]);
        }
        if call.authorization != format!("Bearer {TOKEN}") {
            return Err(Fault::new(401, "", "who are you"));
        }
        if parts == ["Bulk"] && self.quirks.bulk != Bulk::Absent {
            return bulk::perform(self, call);
        }
        let kind = match parts.first() {
            Some(&"Users") => Kind::User,
            Some(&"Groups") => Kind::Group,
            Some(&"Contacts") if self.quirks.contacts => Kind::Contact,
            _ => return Err(Fault::new(404, "", "there is no such endpoint")),
        };
        match (call.method, &parts[1..]) {
            ("GET", []) => lists::list(self, kind, call),
            ("POST", []) => self.create(kind, call.body),
            ("GET", [id]) => {
                let at = self.place(kind, id)?;
                Ok(self.shown(kind, at, call.query("attributes"), true, 200))
            }
            ("PUT", [id]) => self.replace(kind, id, call),
            ("PATCH", [id]) => self.patch(kind, id, call),
            ("DELETE", [id]) => {
                let at = self.place(kind, id)?;
                if self.quirks.if_match != IfMatch::NotOnDelete {
                    self.matches(kind, at, call)?;
                }
                self.delete(kind, at);
                Ok(Reply::empty(204))
            }
            _ => Err(Fault::new(405, "", "not here")),
        }
    }

    /// Where a resource is.
    pub fn place(&self, kind: Kind, id: &str) -> Result<usize, Fault> {
        let found = self.all[kind as usize].iter().position(|one| one.id == id);
        found.ok_or_else(|| Fault::new(404, "", "there is no such resource"))
    }

    fn discovery(&self, document: &str) -> Result<Reply, Fault> {
        match self.quirks.discovery {
            Discovery::Whole | Discovery::Absolute => {}
            Discovery::Absent => return Err(Fault::new(404, "", "there is no such endpoint")),
            Discovery::Denied => return Err(Fault::new(401, "", "who are you")),
            Discovery::Html => return Ok(Reply::html(200)),
            Discovery::Nonsense => return Ok(Reply::json(200, &json!({ "patch": "yes", "Resources": [7] }))),
        }
        let supported = |flag: bool| json!({ "supported": flag });
        let list = |items: Vec<Json>| json!({ "totalResults": items.len(), "Resources": items });
        let cursor = self.quirks.pages == super::quirks::Pages::Cursor;
        let body = match document {
            "ServiceProviderConfig" => json!({
                "patch": supported(self.quirks.patch != Patch::Refused),
                "filter": { "supported": true, "maxResults": self.quirks.page_size },
                "etag": supported(self.quirks.announces_etag),
                "bulk": bulk::announced(self),
                "pagination": { "cursor": cursor, "index": !cursor, "maxPageSize": self.quirks.page_size },
            }),
            "Schemas" => {
                let core = ["User", "Group"].map(|name| format!("urn:ietf:params:scim:schemas:core:2.0:{name}"));
                let more = [
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                    "urn:rosterctl:params:scim:schemas:extension:1.0:User",
                    "urn:rosterctl:params:scim:schemas:extension:1.0:Group",
                    "urn:rosterctl:params:scim:schemas:core:1.0:Contact",
                ];
                let all = core.iter().map(String::as_str).chain(more);
                list(all.filter(|urn| resource::knows(&self.quirks, urn)).map(|urn| json!({ "id": urn })).collect())
            }
            _ => {
                let whole = self.quirks.discovery == Discovery::Absolute;
                let base = if whole { self.base.as_str() } else { "" };
                let kind = |name: &str, urn: &str| json!({ "endpoint": format!("{base}/{name}"), "schema": urn });
                let mut kinds = vec![
                    kind("Users", "urn:ietf:params:scim:schemas:core:2.0:User"),
                    kind("Groups", "urn:ietf:params:scim:schemas:core:2.0:Group"),
                ];
                if self.quirks.contacts {
                    kinds.push(kind("Contacts", "urn:rosterctl:params:scim:schemas:core:1.0:Contact"));
                }
                list(kinds)
            }
        };
        Ok(Reply::json(200, &body))
    }

    fn new_id(&mut self) -> String {
        if let Some(id) = self.free.pop() {
            return id;
        }
        self.made += 1;
        let number = self.made;
        match self.quirks.ids {
            Ids::Hex => format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            Ids::Numbers => (100 + number).to_string(),
            Ids::Odd => format!("Jörg № {number}/7?#%2F&+=é"),
        }
    }

    /// Adds a resource as it is, without looking at it.
    pub fn insert(&mut self, kind: Kind, body: Json) -> String {
        let id = self.new_id();
        let Json::Object(body) = body else { panic!("no object: {body}") };
        let made = Resource { id: id.clone(), body, members: Vec::new(), version: 1, second: seconds() };
        self.all[kind as usize].push(made);
        id
    }

    /// Changes a resource as somebody else would.
    pub fn change(&mut self, kind: Kind, id: &str, act: impl FnOnce(&mut Resource)) {
        let one = self.all[kind as usize].iter_mut().find(|one| one.id == id).expect("it is there");
        act(one);
        one.version += 1;
        one.second = seconds();
    }

    /// The id of the only resource with this text in it.
    pub fn find(&self, kind: Kind, text: &str) -> String {
        let has = |one: &&Resource| Json::Object(one.body.clone()).to_string().contains(text);
        let found: Vec<&Resource> = self.all[kind as usize].iter().filter(has).collect();
        assert_eq!(found.len(), 1, "not exactly one {kind:?} has {text:?}: {found:?}");
        found[0].id.clone()
    }

    pub(super) fn create(&mut self, kind: Kind, sent: &Json) -> Result<Reply, Fault> {
        let body = resource::taken(kind, sent, &self.quirks, None)?;
        self.unique(kind, &body, None)?;
        let members = self.members_of(kind, sent)?;
        let id = self.new_id();
        let members = if self.quirks.refuses.contains(&Form::Add) { Vec::new() } else { members };
        let made = Resource { id, body, members, version: 1, second: seconds() };
        self.all[kind as usize].push(made);
        let at = self.all[kind as usize].len() - 1;
        let mut reply = self.shown(kind, at, None, true, 201);
        if self.quirks.echoes {
            reply.body = self.echo(sent, kind, at);
        }
        Ok(reply)
    }

    /// The answer that repeats what was sent.
    fn echo(&self, sent: &Json, kind: Kind, at: usize) -> String {
        let mut echo = sent.clone();
        echo["id"] = self.all[kind as usize][at].id.as_str().into();
        echo.to_string()
    }

    fn replace(&mut self, kind: Kind, id: &str, call: &Call<'_>) -> Result<Reply, Fault> {
        let at = self.place(kind, id)?;
        self.matches(kind, at, call)?;
        if kind == Kind::Group && self.quirks.refuses.contains(&Form::Put) && call.body.get("members").is_some() {
            return Err(Fault::new(400, "invalidValue", "members cannot be replaced"));
        }
        let body = resource::taken(kind, call.body, &self.quirks, Some(&self.all[kind as usize][at]))?;
        self.unique(kind, &body, Some(id))?;
        let members = self.members_of(kind, call.body)?;
        let before = &mut self.all[kind as usize][at];
        before.members = if call.body.get("members").is_some() { members } else { before.members.clone() };
        before.body = body;
        before.version += 1;
        before.second = seconds();
        Ok(self.shown(kind, at, None, true, 200))
    }

    fn members_of(&self, kind: Kind, sent: &Json) -> Result<Vec<String>, Fault> {
        let members = sent.get("members").and_then(Json::as_array).cloned().unwrap_or_default();
        let (limit, status) = self.quirks.member_limit;
        if limit > 0 && members.len() > limit {
            return Err(Fault::new(status, "tooMany", "One or more Group members are invalid"));
        }
        if kind != Kind::Group { Ok(Vec::new()) } else { members.iter().map(|one| self.who(one)).collect() }
    }

    /// The id of a user whom a member names.
    fn who(&self, member: &Json) -> Result<String, Fault> {
        if self.quirks.needs_reference && member.get("$ref").and_then(Json::as_str).is_none() {
            return Err(Fault::new(400, "invalidValue", "$ref is required"));
        }
        let value = member.get("value").and_then(Json::as_str).unwrap_or_default();
        let end = member.get("$ref").and_then(Json::as_str).and_then(|address| address.rsplit('/').next());
        let end = end.map(|end| percent_encoding::percent_decode_str(end).decode_utf8_lossy().into_owned());
        let users = &self.all[Kind::User as usize];
        let is = |one: &&Resource, name: &str| !name.is_empty() && (one.id == name || one.text("userName") == name);
        let found = users.iter().find(|one| is(one, value) || end.as_deref().is_some_and(|end| is(one, end)));
        found.map(|one| one.id.clone()).ok_or_else(|| Fault::new(400, "invalidValue", "nobody has this id"))
    }

    fn patch(&mut self, kind: Kind, id: &str, call: &Call<'_>) -> Result<Reply, Fault> {
        if self.quirks.patch == Patch::Refused {
            return Err(Fault::new(501, "", "there is no PATCH here"));
        }
        let at = self.place(kind, id)?;
        self.matches(kind, at, call)?;
        let mut changed = self.all[kind as usize][at].clone();
        resource::patch(kind, &mut changed, call.body, &self.quirks, &|member| self.who(member))?;
        self.unique(kind, &changed.body, Some(id))?;
        let same = changed.body == self.all[kind as usize][at].body;
        changed.version += 1;
        changed.second = seconds();
        self.all[kind as usize][at] = changed;
        let silent = match self.quirks.patch {
            Patch::Silent => true,
            Patch::Mixed => same || kind == Kind::Group,
            _ => false,
        };
        Ok(if silent { Reply::empty(204) } else { self.shown(kind, at, None, true, 200) })
    }

    /// Deletes a resource.
    pub fn delete(&mut self, kind: Kind, at: usize) {
        let gone = self.all[kind as usize].remove(at);
        if self.quirks.tombstones {
            self.gone.insert(gone.text("userName").to_lowercase());
        }
        if kind == Kind::User && !self.quirks.stale_members {
            for group in &mut self.all[Kind::Group as usize] {
                group.members.retain(|id| *id != gone.id);
            }
        }
        if self.quirks.reuses_ids {
            self.free.push(gone.id);
        }
    }

    fn unique(&self, kind: Kind, body: &Map<String, Json>, own: Option<&str>) -> Result<(), Fault> {
        let text = |body: &Map<String, Json>, name: &str| match (body.get(name).and_then(Json::as_str), name) {
            (Some(text), "externalId") => text.to_owned(),
            (Some(text), _) if self.quirks.case_sensitive => text.to_owned(),
            (Some(text), _) => text.to_lowercase(),
            (None, _) => String::new(),
        };
        let mail = |body: &Map<String, Json>| body.get("emails").map(Json::to_string).unwrap_or_default();
        let names: &[&str] = match (kind, self.quirks.unique_everything) {
            (Kind::User, true) => &["userName", "externalId"],
            (Kind::User, false) => &["userName"],
            (Kind::Group, _) if self.quirks.unique_groups => &["displayName"],
            _ => &[],
        };
        let others = self.all[kind as usize].iter().filter(|one| Some(one.id.as_str()) != own);
        for other in others {
            let same = |name: &&&str| !text(body, name).is_empty() && text(&other.body, name) == text(body, name);
            let mails = self.quirks.unique_everything && kind == Kind::User;
            let same_mail = mails && !mail(body).is_empty() && mail(body) == mail(&other.body);
            if names.iter().any(|name| same(&name)) || same_mail {
                return Err(match self.quirks.duplicates {
                    Duplicates::Conflict => Fault::new(409, "uniqueness", "somebody has this already"),
                    Duplicates::Crash => Fault::new(500, "", "something broke"),
                });
            }
        }
        if kind == Kind::User && own.is_none() && self.gone.contains(&text(body, "userName").to_lowercase()) {
            return Err(Fault::new(409, "uniqueness", "somebody had this before"));
        }
        Ok(())
    }

    fn matches(&self, kind: Kind, at: usize, call: &Call<'_>) -> Result<(), Fault> {
        let version = self.version(&self.all[kind as usize][at]);
        match (call.if_match, version) {
            (Some(wanted), Some(version)) if wanted != version && self.quirks.if_match != IfMatch::Ignored => {
                Err(Fault::new(412, "", "it has changed"))
            }
            _ => Ok(()),
        }
    }

    fn version(&self, resource: &Resource) -> Option<String> {
        match self.quirks.versions {
            Versions::Counter => Some(format!("W/\"{}\"", resource.version)),
            Versions::Seconds => Some(format!("W/\"{:x}\"", resource.second)),
            Versions::Absent => None,
        }
    }

    fn address(&self, kind: Kind, id: &str) -> String {
        let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/{kind:?}s/{id}", self.base)
    }

    fn shown(&self, kind: Kind, at: usize, attributes: Option<&str>, single: bool, status: u16) -> Reply {
        let resource = &self.all[kind as usize][at];
        let mut reply = Reply::json(status, &self.view(kind, resource, attributes, single));
        reply.etag = self.version(resource);
        reply.location = (status == 201 && !self.quirks.no_location).then(|| self.address(kind, &resource.id));
        reply
    }

    /// A resource as it is shown, in a list or by itself.
    pub fn view(&self, kind: Kind, resource: &Resource, attributes: Option<&str>, single: bool) -> Json {
        let mut body = resource.body.clone();
        let core = match kind {
            Kind::Contact => "urn:rosterctl:params:scim:schemas:core:1.0:Contact".to_owned(),
            kind => format!("urn:ietf:params:scim:schemas:core:2.0:{kind:?}"),
        };
        let schemas: Vec<&str> = std::iter::once(core.as_str())
            .chain(body.keys().map(String::as_str).filter(|key| key.starts_with("urn:")))
            .collect();
        body.insert("schemas".to_owned(), json!(schemas));
        if let (Kind::User, Some(active)) = (kind, body.get("active").and_then(Json::as_bool)) {
            match self.quirks.active {
                Active::Text => {
                    let text = if active { "True" } else { "False" };
                    body.insert("active".to_owned(), text.into());
                }
                Active::Unsaid if active => {
                    body.remove("active");
                }
                _ => {}
            }
        }
        let asked = |name: &str| attributes.is_some_and(|list| list.split(',').any(|one| one == name));
        let members = match self.quirks.shown {
            Shown::Listed => attributes.is_none() || asked("members"),
            Shown::Asked => asked("members"),
            Shown::Single => single && (attributes.is_none() || asked("members")),
            Shown::Never => false,
        };
        if kind == Kind::Group && members && !resource.members.is_empty() {
            let members: Vec<Json> = resource.members.iter().map(|id| self.member(id)).collect();
            body.insert("members".to_owned(), members.into());
        }
        if attributes.is_some() {
            body.retain(|name, _| asked(name) || name == "schemas");
        }
        body.insert("id".to_owned(), resource.id.as_str().into());
        let mut meta = json!({ "resourceType": format!("{kind:?}") });
        if let Some(version) = self.version(resource) {
            meta["version"] = version.into();
        }
        if !self.quirks.no_location {
            meta["location"] = self.address(kind, &resource.id).into();
        }
        body.insert("meta".to_owned(), meta);
        Json::Object(body)
    }

    fn member(&self, id: &str) -> Json {
        let reference = self.address(Kind::User, id);
        let name = || {
            let user = self.all[Kind::User as usize].iter().find(|one| one.id == id);
            user.map_or(id, |user| user.text("userName")).to_owned()
        };
        match self.quirks.named {
            Named::Id => json!({ "value": id, "$ref": reference, "display": name() }),
            Named::UserName => json!({ "value": name(), "$ref": reference }),
            Named::Reference => json!({ "$ref": reference }),
        }
    }
}
