//! Resources as the server keeps them: what of a request it keeps, and how a PATCH changes it.

use serde_json::{Map, Value as Json, json};

use super::quirks::{Active, Form, Quirks};
use super::reply::Fault;

/// The collections of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/Users`.
    User,
    /// `/Groups`.
    Group,
    /// `/Contacts`.
    Contact,
}

/// A resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// Its attributes without `id`, `meta` and `members`.
    pub body: Map<String, Json>,
    /// The ids of its members.
    pub members: Vec<String>,
    /// Counts its changes.
    pub version: u64,
    /// The second of the last change.
    pub second: u64,
}

impl Resource {
    /// An attribute as text.
    pub fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Json::as_str).unwrap_or_default()
    }
}

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OURS: &str = "urn:rosterctl:params:scim:schemas:";

/// Whether the server knows a schema.
pub fn knows(quirks: &Quirks, urn: &str) -> bool {
    urn.starts_with(CORE)
        || urn == ENTERPRISE
        || quirks.extension && urn.starts_with(&format!("{OURS}extension:"))
        || quirks.contacts && urn.starts_with(&format!("{OURS}core:"))
}

/// What the server keeps of a whole resource that was sent; members apart.
pub fn taken(
    kind: Kind,
    sent: &Json,
    quirks: &Quirks,
    replacing: Option<&Resource>,
) -> Result<Map<String, Json>, Fault> {
    let Some(sent) = sent.as_object() else { return Err(Fault::new(400, "invalidSyntax", "no object")) };
    let schemas = sent.get("schemas").and_then(Json::as_array).cloned().unwrap_or_default();
    if schemas.is_empty() {
        return Err(Fault::new(400, "invalidSyntax", "schemas is missing"));
    }
    for pointer in quirks.required {
        let (collection, pointer) = pointer.split_once('/').expect("Users/… or Groups/…");
        let meant = collection == "Users" && kind == Kind::User || collection == "Groups" && kind == Kind::Group;
        if meant && Json::Object(sent.clone()).pointer(&format!("/{pointer}")).is_none_or(Json::is_null) {
            return Err(Fault::new(400, "invalidValue", &format!("{pointer} is required")));
        }
    }
    for urn in schemas.iter().filter_map(Json::as_str).chain(sent.keys().map(String::as_str).filter(|key| urn(key))) {
        if quirks.strict_schemas && !knows(quirks, urn) {
            return Err(Fault::new(400, "invalidSyntax", &format!("{urn} is unknown")));
        }
    }
    let mut kept = Map::new();
    for (name, value) in sent {
        checked(name, value, quirks)?;
        if !["id", "meta", "members", "schemas", "groups"].contains(&name.as_str())
            && (kind == Kind::Contact || keeps(name, quirks))
        {
            kept.insert(name.clone(), value.clone());
        }
    }
    if kind == Kind::User {
        let before = replacing.and_then(|one| one.body.get("active"));
        let default = match (quirks.active, before) {
            (Active::DefaultsOnPut, _) | (_, None) => Json::Bool(true),
            (_, Some(before)) => before.clone(),
        };
        kept.entry("active").or_insert(default);
        flag(&mut kept);
    }
    Ok(kept)
}

fn urn(key: &str) -> bool {
    key.starts_with("urn:")
}

/// What a text says where a truth value is meant.
fn flag(body: &mut Map<String, Json>) {
    if let Some(Json::String(text)) = body.get("active") {
        let flag = text.eq_ignore_ascii_case("true");
        body.insert("active".to_owned(), flag.into());
    }
}

fn keeps(name: &str, quirks: &Quirks) -> bool {
    !quirks.drops.contains(&name) && (!urn(name) || knows(quirks, name))
}

/// Refuses values that this server does not take.
fn checked(name: &str, value: &Json, quirks: &Quirks) -> Result<(), Fault> {
    let bad = |why: &str| Err(Fault::new(400, "invalidValue", &format!("{name}: {why}")));
    let items = value.as_array();
    let empty = value.is_null() || items.is_some_and(Vec::is_empty) && name != "members";
    if quirks.refuses_empty && empty {
        return bad("null and [] are no values");
    }
    if quirks.refuses_primary && name == "emails" && value.to_string().contains("\"primary\"") {
        return bad("primary is unknown");
    }
    if let (true, "roles" | "entitlements", Some(items)) = (quirks.one_role_per_type, name, items) {
        let types: Vec<&str> = items.iter().filter_map(|item| item.get("type")?.as_str()).collect();
        let mut once = types.clone();
        once.sort_unstable();
        once.dedup();
        if once.len() != types.len() {
            return bad("two of one type");
        }
    }
    Ok(())
}

/// One operation of a PATCH.
struct Operation<'a> {
    op: &'a str,
    path: &'a str,
    value: &'a Json,
}

/// Changes a resource by PATCH (RFC 7644 §3.5.2). Whether something changed.
pub fn patch(
    kind: Kind,
    resource: &mut Resource,
    sent: &Json,
    quirks: &Quirks,
    who: &dyn Fn(&Json) -> Result<String, Fault>,
) -> Result<(), Fault> {
    let message = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    if sent.pointer("/schemas/0").and_then(Json::as_str) != Some(message) {
        return Err(Fault::new(400, "invalidSyntax", "schemas is missing"));
    }
    let Some(operations) = sent.get("Operations").and_then(Json::as_array) else {
        return Err(Fault::new(400, "invalidSyntax", "Operations is missing"));
    };
    let number: usize = operations.iter().map(members_in).sum();
    let (limit, status) = quirks.member_limit;
    if limit > 0 && number > limit {
        return Err(Fault::new(status, "tooMany", "One or more Group members are invalid"));
    }
    for operation in operations {
        let op = operation.get("op").and_then(Json::as_str).unwrap_or_default();
        if !["add", "replace", "remove"].contains(&op) {
            return Err(Fault::new(400, "invalidSyntax", &format!("`{op}` is no operation")));
        }
        let path = operation.get("path").and_then(Json::as_str).unwrap_or_default();
        let operation = Operation { op, path, value: operation.get("value").unwrap_or(&Json::Null) };
        if kind == Kind::Group && path.starts_with("members") {
            members(resource, &operation, quirks, who)?;
        } else {
            attribute(kind, resource, &operation, quirks)?;
        }
    }
    flag(&mut resource.body);
    Ok(())
}

fn members_in(operation: &Json) -> usize {
    let path = operation.get("path").and_then(Json::as_str).unwrap_or_default();
    if !path.starts_with("members") {
        return 0;
    }
    operation.get("value").and_then(Json::as_array).map_or(1, Vec::len)
}

fn members(
    group: &mut Resource,
    operation: &Operation<'_>,
    quirks: &Quirks,
    who: &dyn Fn(&Json) -> Result<String, Fault>,
) -> Result<(), Fault> {
    let refuse = |form: Form, status: u16| match quirks.refuses.contains(&form) {
        true => Err(Fault::new(status, "invalidPath", "this form is not supported")),
        false => Ok(()),
    };
    let named =
        || -> Result<Vec<String>, Fault> { operation.value.as_array().into_iter().flatten().map(who).collect() };
    let filtered = operation.path.strip_prefix("members[value eq ").and_then(|rest| rest.strip_suffix(']'));
    match (operation.op, filtered) {
        ("add", None) => {
            refuse(Form::Add, 400)?;
            for id in named()? {
                if !group.members.contains(&id) {
                    group.members.push(id);
                }
            }
        }
        ("replace", None) => {
            refuse(Form::Replace, 400)?;
            let named = named()?;
            if !quirks.replace_merges {
                group.members.clear();
            }
            group.members.extend(named.into_iter().filter(|id| !group.members.contains(id)).collect::<Vec<_>>());
        }
        ("remove", Some(value)) => {
            refuse(Form::Filter, 501)?;
            let value: Json = serde_json::from_str(value).map_err(|_| Fault::new(400, "invalidPath", "no value"))?;
            let gone = who(&json!({ "value": value, "$ref": "" }))?;
            if !quirks.ignores_removal {
                group.members.retain(|id| *id != gone);
            }
        }
        ("remove", None) => {
            let all = operation.value.is_null();
            if all && quirks.required.contains(&"Groups/members") {
                return Err(Fault::new(400, "invalidValue", "required attribute cannot be removed"));
            }
            if !all {
                refuse(Form::List, 400)?;
            }
            let gone = operation.value.as_array().into_iter().flatten();
            let gone: Vec<&str> = gone.filter_map(|member| member.get("value")?.as_str()).collect();
            if !quirks.ignores_removal {
                group.members.retain(|id| !all && !gone.contains(&id.as_str()));
            }
        }
        _ => return Err(Fault::new(400, "invalidPath", operation.path)),
    }
    Ok(())
}

fn attribute(kind: Kind, resource: &mut Resource, operation: &Operation<'_>, quirks: &Quirks) -> Result<(), Fault> {
    let Operation { op, path, value } = *operation;
    if op != "remove" && !value.is_array() && !value.is_object() && value.is_null() && quirks.refuses_empty {
        return Err(Fault::new(400, "invalidValue", "null is no value"));
    }
    if path.is_empty() {
        return Err(Fault::new(400, "noTarget", "no path"));
    }
    let (extension, name) = match path.starts_with("urn:") {
        true => path.rsplit_once(':').map_or((None, path), |(urn, name)| (Some(urn), name)),
        false => (None, path),
    };
    if let Some(urn) = extension.filter(|urn| !knows(quirks, urn)) {
        return match quirks.strict_schemas {
            true => Err(Fault::new(400, "invalidPath", &format!("{urn} is unknown"))),
            false => Ok(()),
        };
    }
    if op != "remove" {
        checked(name, value, quirks)?;
    }
    let drops = !keeps(extension.unwrap_or(name), quirks) || quirks.drops.contains(&name);
    if kind != Kind::Contact && drops {
        return Ok(());
    }
    let body = match extension {
        None => &mut resource.body,
        Some(urn) => {
            let own = resource.body.entry(urn).or_insert_with(|| json!({}));
            own.as_object_mut().expect("an extension")
        }
    };
    match op {
        "remove" => {
            body.remove(name);
        }
        _ => {
            let merged = op == "add" || quirks.replace_merges;
            match (body.get_mut(name), value) {
                (Some(Json::Array(there)), Json::Array(more)) if merged => {
                    let new: Vec<Json> = more.iter().filter(|item| !there.contains(item)).cloned().collect();
                    there.extend(new);
                }
                _ => {
                    body.insert(name.to_owned(), value.clone());
                }
            }
        }
    }
    Ok(())
}
