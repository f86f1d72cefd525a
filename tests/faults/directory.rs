//! A small and strict SCIM server in memory (RFC 7643, RFC 7644): users, groups, PATCH, equality filters, pages and
//! versions. It remembers every state that it was in, so that a test can ask what was true at any moment.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ROSTER_USER: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:User";
const ROSTER_GROUP: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:Group";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What a server keeps and understands; what it does not keep it drops without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Traits {
    /// Its name in messages.
    pub name: &'static str,
    /// Our own extensions of users and groups.
    pub extensions: bool,
    pub roles: bool,
    pub entitlements: bool,
    pub external_id: bool,
    pub patch: bool,
    pub filter: bool,
    /// Versions, and 412 for a stale `If-Match`.
    pub versions: bool,
    /// Two groups of one name are refused.
    pub unique_groups: bool,
    /// Who is deleted leaves the groups.
    pub cascade: bool,
    /// Several creations in one request.
    pub bulk: bool,
    /// The most resources on a page.
    pub page: usize,
}

/// Keeps everything.
pub const RICH: Traits = Traits {
    name: "rich",
    extensions: true,
    roles: true,
    entitlements: true,
    external_id: true,
    patch: true,
    filter: true,
    versions: true,
    unique_groups: true,
    cascade: true,
    bulk: true,
    page: 3,
};

/// Keeps roles, and all else that is ours only as groups; no versions, and groups of one name.
pub const PLAIN: Traits = Traits {
    name: "plain",
    extensions: false,
    entitlements: false,
    versions: false,
    unique_groups: false,
    cascade: false,
    bulk: false,
    page: 4,
    ..RICH
};

/// Keeps words as entitlements.
pub const WORDS: Traits = Traits { name: "words", extensions: false, roles: false, cascade: false, page: 2, ..RICH };

/// Keeps names, addresses and groups: no external ids, no PATCH, no filters.
pub const POOR: Traits = Traits {
    name: "poor",
    extensions: false,
    roles: false,
    entitlements: false,
    external_id: false,
    patch: false,
    filter: false,
    unique_groups: false,
    bulk: false,
    page: 5,
    ..RICH
};

pub const ALL: [Traits; 4] = [RICH, PLAIN, WORDS, POOR];

type Resources = BTreeMap<String, Map<String, Json>>;

/// What the server has at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    pub users: Resources,
    pub groups: Resources,
}

/// The server.
#[derive(Clone, Debug)]
pub struct Directory {
    pub traits: Traits,
    pub now: Moment,
    /// The state after every change since [`Directory::watch`].
    pub history: Vec<Moment>,
    last: u32,
}

pub struct Question<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: BTreeMap<String, String>,
    pub if_match: Option<&'a str>,
    pub body: &'a [u8],
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

pub type Refusal = (u16, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Group,
}

impl Directory {
    pub fn new(traits: Traits) -> Directory {
        Directory { traits, now: Moment::default(), history: Vec::new(), last: 0 }
    }

    /// Forgets what was, and remembers from now on.
    pub fn watch(&mut self) {
        self.history = vec![self.now.clone()];
    }

    /// What the server says to a request; the path without the base.
    pub fn answer(&mut self, question: &Question<'_>) -> Reply {
        let before = self.now.clone();
        let reply = self.handle(question).unwrap_or_else(|(status, detail)| {
            let body = json!({ "schemas": [ERROR], "status": status.to_string(), "detail": detail });
            reply(status, &body)
        });
        if self.now != before {
            self.history.push(self.now.clone());
        }
        reply
    }

    fn handle(&mut self, question: &Question<'_>) -> Result<Reply, Refusal> {
        let parts: Vec<&str> = question.path.trim_matches('/').split('/').collect();
        let (kind, id) = match parts.as_slice() {
            ["ServiceProviderConfig"] => return Ok(reply(200, &self.config())),
            ["Schemas"] => return Ok(reply(200, &self.schemas())),
            ["Bulk"] if self.traits.bulk => return self.bulk(question),
            ["Users"] => (Kind::User, None),
            ["Groups"] => (Kind::Group, None),
            ["Users", id] => (Kind::User, Some(*id)),
            ["Groups", id] => (Kind::Group, Some(*id)),
            _ => return Err((404, "there is no such address")),
        };
        match (question.method, id) {
            ("GET", None) => self.list(kind, question),
            ("GET", Some(id)) => {
                let resource = self.of(kind).get(id).ok_or((404, "there is no such resource"))?;
                Ok(self.shown(200, resource))
            }
            ("POST", None) => {
                let body = self.kept(kind, body(question)?)?;
                self.last += 1;
                let id = format!("{}{}", if kind == Kind::User { "u" } else { "g" }, self.last);
                self.put(kind, &id, body, None)?;
                Ok(self.shown(201, &self.of(kind)[&id]))
            }
            ("PUT" | "PATCH" | "DELETE", Some(id)) => {
                let now = self.of(kind).get(id).cloned().ok_or((404, "there is no such resource"))?;
                if self.traits.versions && question.if_match.is_some_and(|version| version != version_of(&now)) {
                    return Err((412, "it has another version by now"));
                }
                match question.method {
                    "DELETE" => return Ok(self.delete(kind, id)),
                    "PATCH" if !self.traits.patch => return Err((501, "PATCH is not supported")),
                    "PATCH" => {
                        let changed = patched(now.clone(), &body(question)?)?;
                        let changed = self.kept(kind, changed)?;
                        self.put(kind, id, changed, Some(&now))?;
                    }
                    _ => {
                        let body = self.kept(kind, body(question)?)?;
                        self.put(kind, id, body, Some(&now))?;
                    }
                }
                Ok(self.shown(200, &self.of(kind)[id]))
            }
            _ => Err((405, "this cannot be done here")),
        }
    }

    fn of(&self, kind: Kind) -> &Resources {
        match kind {
            Kind::User => &self.now.users,
            Kind::Group => &self.now.groups,
        }
    }

    fn config(&self) -> Json {
        let Traits { patch, filter, versions, page, .. } = self.traits;
        json!({
            "patch": { "supported": patch },
            "filter": { "supported": filter, "maxResults": page },
            "etag": { "supported": versions },
            "bulk": { "supported": self.traits.bulk, "maxOperations": 100 },
        })
    }

    fn schemas(&self) -> Json {
        let ours: &[&str] = if self.traits.extensions { &[ROSTER_USER, ROSTER_GROUP] } else { &[] };
        let schemas = [USER, GROUP].iter().chain(ours).map(|id| json!({ "id": id }));
        json!({ "schemas": [LIST], "Resources": schemas.collect::<Vec<Json>>() })
    }

    fn list(&self, kind: Kind, question: &Question<'_>) -> Result<Reply, Refusal> {
        let mut found: Vec<&Map<String, Json>> = self.of(kind).values().collect();
        // In the order in which they were made, as most databases do.
        found.sort_by_key(|resource| id_of(resource).trim_start_matches(['u', 'g']).parse::<u32>().unwrap_or(0));
        if let Some(filter) = question.query.get("filter") {
            if !self.traits.filter {
                return Err((400, "filters are not supported"));
            }
            let (attribute, value) = filter.split_once(" eq ").ok_or((400, "only `eq` is understood"))?;
            let value: String = serde_json::from_str(value).map_err(|_| (400, "the value is no string"))?;
            found.retain(|resource| {
                let now = resource.get(attribute).and_then(Json::as_str);
                now.is_some_and(|now| if attribute == "externalId" { now == value } else { same(now, &value) })
            });
        }
        let number = |name: &str| question.query.get(name).and_then(|text| text.parse::<usize>().ok());
        let start = number("startIndex").unwrap_or(1).max(1);
        let count = number("count").unwrap_or(self.traits.page).min(self.traits.page);
        let page: Vec<&Map<String, Json>> = found.iter().skip(start - 1).take(count).copied().collect();
        let body = json!({
            "schemas": [LIST],
            "totalResults": found.len(),
            "startIndex": start,
            "itemsPerPage": page.len(),
            "Resources": page,
        });
        Ok(reply(200, &body))
    }

    /// What is kept of a resource that was sent.
    fn kept(&self, kind: Kind, body: Map<String, Json>) -> Result<Map<String, Json>, Refusal> {
        let Traits { extensions, roles, entitlements, external_id, .. } = self.traits;
        if !body.get("schemas").is_some_and(Json::is_array) {
            return Err((400, "`schemas` is missing"));
        }
        let kept = |name: &str| match (kind, name) {
            (_, "schemas") => true,
            (_, "externalId") => external_id,
            (Kind::User, "userName" | "name" | "displayName" | "emails" | "phoneNumbers" | "active") => true,
            (Kind::User, "roles") => roles,
            (Kind::User, "entitlements") => entitlements,
            (Kind::User, ROSTER_USER) => extensions,
            (Kind::Group, "displayName" | "members") => true,
            (Kind::Group, ROSTER_GROUP) => extensions,
            _ => false,
        };
        let mut body: Map<String, Json> = body.into_iter().filter(|(name, _)| kept(name)).collect();
        if kind == Kind::User && !body.get("active").is_none_or(Json::is_boolean) {
            return Err((400, "`active` is true or false"));
        }
        if let Some(members) = body.get_mut("members") {
            let sent = members.as_array().ok_or((400, "`members` is a list"))?;
            let mut kept: Vec<Json> = Vec::new();
            for member in sent {
                let id = member["value"].as_str().ok_or((400, "a member has no `value`"))?;
                // A member who was there may be gone by now, and stay where nobody removes him.
                let known = self.now.users.contains_key(id) || !self.traits.cascade;
                let member = json!({ "value": id });
                if !known {
                    return Err((400, "there is no such member"));
                }
                if !kept.contains(&member) {
                    kept.push(member);
                }
            }
            *members = kept.into();
        }
        Ok(body)
    }

    fn put(
        &mut self,
        kind: Kind,
        id: &str,
        mut body: Map<String, Json>,
        before: Option<&Map<String, Json>>,
    ) -> Result<(), Refusal> {
        let text = |body: &Map<String, Json>, name: &str| body.get(name).and_then(Json::as_str).map(str::to_owned);
        let taken = |name: &str, value: &str| {
            let others = self.of(kind).iter().filter(|(other, _)| *other != id);
            others.into_iter().any(|(_, other)| text(other, name).is_some_and(|own| same(&own, value)))
        };
        match kind {
            Kind::User => {
                let name = text(&body, "userName").ok_or((400, "`userName` is missing"))?;
                if taken("userName", &name) {
                    return Err((409, "the `userName` is taken"));
                }
                body.entry("active").or_insert(Json::Bool(true));
            }
            Kind::Group => {
                let name = text(&body, "displayName").ok_or((400, "`displayName` is missing"))?;
                if self.traits.unique_groups && taken("displayName", &name) {
                    return Err((409, "the `displayName` is taken"));
                }
                body.entry("members").or_insert_with(|| json!([]));
            }
        }
        body.insert("id".to_owned(), id.into());
        let plain = |body: &Map<String, Json>| {
            let mut body = body.clone();
            body.remove("meta");
            body
        };
        let version = match before {
            Some(before) if plain(before) == body => version_of(before),
            Some(before) => {
                let number: u32 = version_of(before).trim_matches(['W', '/', '"']).parse().unwrap_or(0);
                format!("W/\"{}\"", number + 1)
            }
            None => "W/\"1\"".to_owned(),
        };
        body.insert("meta".to_owned(), json!({ "version": version }));
        match kind {
            Kind::User => self.now.users.insert(id.to_owned(), body),
            Kind::Group => self.now.groups.insert(id.to_owned(), body),
        };
        Ok(())
    }

    fn delete(&mut self, kind: Kind, id: &str) -> Reply {
        match kind {
            Kind::Group => drop(self.now.groups.remove(id)),
            Kind::User => {
                self.now.users.remove(id);
                let groups = self.now.groups.values_mut().filter(|_| self.traits.cascade);
                for members in groups.filter_map(|group| group.get_mut("members")?.as_array_mut()) {
                    members.retain(|member| member["value"] != id);
                }
            }
        }
        Reply { status: 204, etag: None, body: Vec::new() }
    }

    fn shown(&self, status: u16, resource: &Map<String, Json>) -> Reply {
        let mut resource = resource.clone();
        let version = version_of(&resource);
        if !self.traits.versions {
            resource.remove("meta");
        }
        Reply { etag: self.traits.versions.then_some(version), ..reply(status, &Json::Object(resource)) }
    }
}

impl Moment {
    /// Whether somebody has access at all.
    pub fn is_active(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|user| user["active"] == true)
    }

    /// The groups that carry an identity, in whichever way.
    pub fn groups_of(&self, identity: &str) -> impl Iterator<Item = &Map<String, Json>> {
        let suffix = format!(" ({identity})");
        self.groups.values().filter(move |group| {
            let text = |name: &str| group.get(name).and_then(Json::as_str).unwrap_or_default();
            text("externalId") == identity || text("displayName").ends_with(&suffix)
        })
    }

    /// The names of the groups whose identity begins so.
    pub fn groups_below(&self, prefix: &str) -> Vec<String> {
        let in_parentheses = format!("({prefix}");
        let groups = self.groups.values().filter(|group| {
            let text = |name: &str| group.get(name).and_then(Json::as_str).unwrap_or_default();
            text("externalId").starts_with(prefix) || text("displayName").contains(&in_parentheses)
        });
        groups.map(|group| group["displayName"].to_string()).collect()
    }

    /// Whether somebody is in a group with that identity.
    pub fn is_in(&self, user: &str, identity: &str) -> bool {
        self.groups_of(identity).any(|group| members(group).any(|member| member == user))
    }

    /// Whether somebody holds a role, in whichever way it is kept.
    pub fn holds(&self, user: &str, organisation: &str, role: &str) -> bool {
        let Some(account) = self.users.get(user) else { return false };
        let has = |list: &str, word: &str| {
            let items = account.get(list).and_then(Json::as_array).into_iter().flatten();
            items.into_iter().any(|item| item["value"] == word)
        };
        let fact = format!("role:{role}");
        has("roles", role) || has("entitlements", &fact) || self.is_in(user, &format!("{organisation}/{fact}"))
    }

    /// What two resources of one kind share although nobody may: user names, external ids, identities.
    pub fn twins(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (kind, resources) in [("user", &self.users), ("group", &self.groups)] {
            for resource in resources.values() {
                let names = if kind == "user" { vec!["userName", "externalId"] } else { vec!["externalId"] };
                let mut words: Vec<String> = Vec::new();
                for name in names {
                    let value = resource.get(name).and_then(Json::as_str);
                    words.extend(value.map(|value| format!("{kind} {name} {}", value.to_ascii_lowercase())));
                }
                let name = resource.get("displayName").and_then(Json::as_str).unwrap_or_default();
                if kind == "group" && name.ends_with(')') {
                    words.push(format!("group {name}"));
                }
                words.into_iter().for_each(|word| *seen.entry(word).or_default() += 1);
            }
        }
        seen.into_iter().filter(|(_, count)| *count > 1).map(|(word, count)| format!("{count} x {word}")).collect()
    }
}

/// The members of a group.
pub fn members(group: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let members = group.get("members").and_then(Json::as_array).into_iter().flatten();
    members.filter_map(|member| member["value"].as_str())
}

pub fn reply(status: u16, body: &Json) -> Reply {
    Reply { status, etag: None, body: body.to_string().into_bytes() }
}

pub fn body(question: &Question<'_>) -> Result<Map<String, Json>, Refusal> {
    serde_json::from_slice(question.body).map_err(|_| (400, "the body is no JSON object"))
}

fn id_of(resource: &Map<String, Json>) -> &str {
    resource["id"].as_str().unwrap_or_default()
}

fn version_of(resource: &Map<String, Json>) -> String {
    resource["meta"]["version"].as_str().unwrap_or_default().to_owned()
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// A resource after the operations of a PATCH request.
fn patched(mut resource: Map<String, Json>, request: &Map<String, Json>) -> Result<Map<String, Json>, Refusal> {
    if request.get("schemas") != Some(&json!([PATCH])) {
        return Err((400, "`schemas` is not that of a PATCH"));
    }
    let operations = request.get("Operations").and_then(Json::as_array).ok_or((400, "there are no operations"))?;
    for operation in operations {
        let path = operation["path"].as_str().ok_or((400, "an operation has no path"))?;
        let (word, value) = (operation["op"].as_str().unwrap_or_default(), operation.get("value"));
        let extension = [ROSTER_USER, ROSTER_GROUP]
            .into_iter()
            .find_map(|urn| Some((urn, path.strip_prefix(urn)?.strip_prefix(':')?)));
        let (holder, name) = match extension {
            None => (&mut resource, path),
            Some((urn, name)) => {
                let holder = resource.entry(urn).or_insert_with(|| json!({}));
                (holder.as_object_mut().ok_or((400, "the extension is no object"))?, name)
            }
        };
        match (word, value) {
            ("remove", None) if name.starts_with("members[") => {
                let quoted = name.strip_prefix("members[value eq ").and_then(|rest| rest.strip_suffix(']'));
                let quoted = quoted.ok_or((400, "the path is not understood"))?;
                let id: String = serde_json::from_str(quoted).map_err(|_| (400, "the path is not understood"))?;
                if let Some(members) = holder.get_mut("members").and_then(Json::as_array_mut) {
                    members.retain(|member| member["value"] != id);
                }
            }
            ("remove", None) => drop(holder.remove(name)),
            ("add", Some(Json::Array(more))) if name == "members" => {
                let members = holder.entry(name).or_insert_with(|| json!([]));
                let members = members.as_array_mut().ok_or((400, "`members` is no list"))?;
                members.extend(more.iter().cloned());
            }
            ("replace" | "add", Some(value)) => drop(holder.insert(name.to_owned(), value.clone())),
            _ => return Err((400, "the operation is not understood")),
        }
    }
    Ok(resource)
}
