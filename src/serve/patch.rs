//! Changes to a resource (RFC 7644 §3.5.2). What happens to a group's members is told, not done: they are many.

use serde_json::{Map, Value as Json, json};

use super::body;
use super::filter::{Filter, Operator, parse_within};
use super::path::{Named, Path, Scope};
use super::problem::Problem;
use super::schema::{Attribute, Type, schema};
use crate::document::record::visible;
use crate::scim::{PATCH_OP, PatchOp, PatchOperation};

/// What happens to the members of a group.
#[derive(Clone, Debug)]
pub enum Members {
    /// These come.
    Add(Vec<Json>),
    /// These go.
    Remove(Vec<Json>),
    /// Those who fit go.
    RemoveFitting(Filter),
    /// These are the members from now on.
    Set(Vec<Json>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Remove,
    Replace,
}

/// Where a change is made.
struct Target {
    named: Named,
    filter: Option<Filter>,
    sub: Option<&'static Attribute>,
}

/// The changes in a body.
pub fn read(body: &Json) -> Result<PatchOp, Problem> {
    let patch: PatchOp = serde_json::from_value(body.clone())
        .map_err(|error| Problem::syntax(format!("this is no PatchOp message: {error}")))?;
    if !patch.schemas.iter().any(|urn| urn.eq_ignore_ascii_case(PATCH_OP)) {
        return Err(Problem::syntax(format!("`schemas` does not name \"{PATCH_OP}\"")));
    }
    if patch.operations.is_empty() {
        return Err(Problem::syntax("`Operations` is empty"));
    }
    Ok(patch)
}

/// Carries the changes out on a resource, and tells what happens to members.
pub fn apply(kind: &'static Type, object: &mut Map<String, Json>, patch: &PatchOp) -> Result<Vec<Members>, Problem> {
    let mut members = Vec::new();
    for operation in &patch.operations {
        let op = match operation.op.to_ascii_lowercase().as_str() {
            "add" => Op::Add,
            "remove" => Op::Remove,
            "replace" => Op::Replace,
            other => return Err(Problem::syntax(format!("`op` is add, remove or replace, not `{}`", visible(other)))),
        };
        match &operation.path {
            Some(path) => change(kind, object, op, path, operation.value.as_ref(), true, &mut members)?,
            None => whole(kind, object, op, operation, &mut members)?,
        }
    }
    body::complete(kind, object)?;
    Ok(members)
}

/// A change without a path: its value names the attributes.
fn whole(
    kind: &'static Type,
    object: &mut Map<String, Json>,
    op: Op,
    operation: &PatchOperation,
    members: &mut Vec<Members>,
) -> Result<(), Problem> {
    if op == Op::Remove {
        return Err(Problem::bad("noTarget", "`remove` needs a `path`"));
    }
    let Some(Json::Object(value)) = &operation.value else {
        return Err(Problem::value("without a `path`, `value` is an object with the attributes"));
    };
    for (path, value) in value {
        change(kind, object, op, path, Some(value), false, members)?;
    }
    Ok(())
}

fn target(kind: &'static Type, path: &str) -> Result<Target, Problem> {
    let invalid = |detail: String| Problem::bad("invalidPath", detail);
    let scope = Scope::Resource(kind);
    let find = |head: &str| {
        let found = scope.named(head);
        found.ok_or_else(|| invalid(format!("`{}` is no attribute of a {}", visible(head), kind.name)))
    };
    let Some((head, rest)) = path.split_once('[') else {
        return Ok(match find(path)? {
            Named::Attribute(path) => {
                Target { named: Named::Attribute(Path { sub: None, ..path }), filter: None, sub: path.sub }
            }
            named => Target { named, filter: None, sub: None },
        });
    };
    let named = find(head)?;
    let Named::Attribute(Path { attribute, sub: None, .. }) = named else {
        return Err(invalid(format!("`{}` has no values to choose from", visible(head))));
    };
    let (filter, rest) = parse_within(rest).map_err(|problem| invalid(problem.detail))?;
    let filter = filter.bind(Scope::Value(attribute))?;
    let sub = match rest {
        "" => None,
        rest => {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let sub = attribute.sub(name);
            Some(sub.ok_or_else(|| invalid(format!("`{}` has no part `{}`", attribute.name, visible(name))))?)
        }
    };
    Ok(Target { named, filter: Some(filter), sub })
}

fn change(
    kind: &'static Type,
    object: &mut Map<String, Json>,
    op: Op,
    path: &str,
    value: Option<&Json>,
    strict: bool,
    members: &mut Vec<Members>,
) -> Result<(), Problem> {
    let Target { named, filter, sub } = target(kind, path)?;
    if op != Op::Remove && value.is_none() {
        return Err(Problem::value(format!("`{}`: the `value` is missing", visible(path))));
    }
    let path = match named {
        Named::Extension(urn) => return extension(kind, object, op, urn, value, members),
        Named::Attribute(path) => path,
    };
    let attribute = path.attribute;
    if attribute.read_only() || sub.is_some_and(Attribute::read_only) {
        if !strict {
            return Ok(());
        }
        return Err(Problem::bad("mutability", format!("`{}` cannot be changed", attribute.name)));
    }
    if attribute.name == "members" && path.extension.is_none() {
        members.push(of_members(op, filter, sub, value)?);
        return Ok(());
    }
    let object = match path.extension {
        None => object,
        Some(urn) => match object.entry(urn).or_insert_with(|| json!({})) {
            Json::Object(inner) => inner,
            _ => return Err(Problem::syntax(format!("`{urn}` is an object"))),
        },
    };
    let nothing = Json::Null;
    let value = value.unwrap_or(&nothing);
    match (filter, sub) {
        (None, None) => plain(object, attribute, op, value),
        (None, Some(sub)) => part(object, attribute, sub, op, value),
        (Some(filter), sub) => chosen(object, attribute, &filter, sub, op, value),
    }
}

/// A change to all of an extension.
fn extension(
    kind: &'static Type,
    object: &mut Map<String, Json>,
    op: Op,
    urn: &'static str,
    value: Option<&Json>,
    members: &mut Vec<Members>,
) -> Result<(), Problem> {
    match (op, value) {
        (Op::Remove, _) => {
            object.remove(urn);
            Ok(())
        }
        (_, Some(Json::Object(parts))) => {
            for (name, value) in parts.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
                if kind.extended(urn, name).is_none() {
                    return Err(body::unknown(name, schema(urn).into_iter().flat_map(|schema| &schema.attributes)));
                }
                change(kind, object, op, &format!("{urn}:{name}"), Some(value), false, members)?;
            }
            Ok(())
        }
        _ => Err(Problem::value(format!("`{urn}` is an object"))),
    }
}

fn of_members(
    op: Op,
    filter: Option<Filter>,
    sub: Option<&Attribute>,
    value: Option<&Json>,
) -> Result<Members, Problem> {
    let list = |value: Option<&Json>| match value {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(items)) => items.clone(),
        Some(other) => vec![other.clone()],
    };
    match (op, filter, sub) {
        (Op::Add, None, None) => Ok(Members::Add(list(value))),
        (Op::Replace, None, None) => Ok(Members::Set(list(value))),
        (Op::Remove, None, None) if value.is_some() => Ok(Members::Remove(list(value))),
        (Op::Remove, None, None) => Ok(Members::Set(Vec::new())),
        (Op::Remove, Some(filter), None) => Ok(Members::RemoveFitting(filter)),
        _ => Err(Problem::bad("mutability", "a member comes or goes as a whole: add or remove it")),
    }
}

/// A change to an attribute as a whole.
fn plain(object: &mut Map<String, Json>, attribute: &Attribute, op: Op, value: &Json) -> Result<(), Problem> {
    let name = &attribute.name;
    let wanted = body::value_of(attribute, value)?;
    match op {
        Op::Remove if attribute.multi_valued && wanted.is_some() => {
            let Some(Json::Array(list)) = object.get_mut(name) else { return Ok(()) };
            let gone = wanted.as_ref().and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            list.retain(|item| !gone.iter().any(|gone| same(item, gone)));
        }
        Op::Remove => {
            object.remove(name);
        }
        Op::Replace => match (wanted, object.get_mut(name)) {
            (None, _) => {
                object.remove(name);
            }
            (Some(Json::Object(parts)), Some(Json::Object(there))) if !attribute.multi_valued => there.extend(parts),
            (Some(wanted), _) => {
                object.insert(name.clone(), wanted);
            }
        },
        Op::Add => match (wanted, object.get_mut(name)) {
            (None, _) => {}
            (Some(Json::Array(items)), Some(Json::Array(there))) => {
                items.into_iter().for_each(|item| join(there, item))
            }
            (Some(Json::Object(parts)), Some(Json::Object(there))) => there.extend(parts),
            (Some(wanted), _) => {
                object.insert(name.clone(), wanted);
            }
        },
    }
    tidy(object, name);
    Ok(())
}

/// A change to one part of an attribute: of every value, where there are several.
fn part(
    object: &mut Map<String, Json>,
    attribute: &Attribute,
    sub: &Attribute,
    op: Op,
    value: &Json,
) -> Result<(), Problem> {
    let empty = if attribute.multi_valued { json!([]) } else { json!({}) };
    match object.entry(attribute.name.clone()).or_insert(empty) {
        Json::Object(inner) => plain(inner, sub, op, value)?,
        Json::Array(items) => {
            if items.is_empty() && op != Op::Remove {
                items.push(json!({}));
            }
            for item in items.iter_mut().filter_map(Json::as_object_mut) {
                plain(item, sub, op, value)?;
            }
        }
        _ => {}
    }
    tidy(object, &attribute.name);
    Ok(())
}

/// A change to those values of an attribute that fit.
fn chosen(
    object: &mut Map<String, Json>,
    attribute: &Attribute,
    filter: &Filter,
    sub: Option<&Attribute>,
    op: Op,
    value: &Json,
) -> Result<(), Problem> {
    let name = &attribute.name;
    let there = object.entry(name.clone()).or_insert_with(|| json!([]));
    if !there.is_array() {
        *there = Json::Array(vec![there.take()]);
    }
    let Json::Array(items) = there else { return Ok(()) };
    let mut found = 0;
    if op == Op::Remove && sub.is_none() {
        items.retain(|item| !filter.fits_value(item));
        found = 1;
    } else {
        for item in items.iter_mut().filter(|item| filter.fits_value(item)) {
            found += 1;
            match (item, sub) {
                (Json::Object(item), Some(sub)) => plain(item, sub, op, value)?,
                (Json::Object(item), None) => {
                    if let Some(Json::Object(parts)) = body::one(attribute, value)? {
                        item.extend(parts);
                    }
                }
                (item, _) => {
                    if let Some(value) = body::one(attribute, value)? {
                        *item = value;
                    }
                }
            }
        }
    }
    if found == 0 && op == Op::Replace {
        tidy(object, name);
        return Err(Problem::bad("noTarget", format!("no value of `{name}` fits the filter")));
    }
    if found == 0 && op == Op::Add {
        let mut made = Map::new();
        described(filter, &mut made);
        match (sub, body::one(attribute, if sub.is_some() { &Json::Null } else { value })?) {
            (Some(sub), _) => plain(&mut made, sub, op, value)?,
            (None, Some(Json::Object(parts))) => made.extend(parts),
            (None, _) => return Err(Problem::bad("noTarget", format!("no value of `{name}` fits the filter"))),
        }
        join(items, Json::Object(made));
    }
    // Only one can be primary: the one that was made so now.
    let primary: Vec<usize> = (0..items.len()).filter(|index| is_primary(&items[*index])).collect();
    if primary.len() > 1 {
        let newest = primary.iter().copied().find(|index| filter.fits_value(&items[*index])).unwrap_or(primary[0]);
        for index in primary.into_iter().filter(|index| *index != newest) {
            items[index]["primary"] = false.into();
        }
    }
    tidy(object, name);
    Ok(())
}

/// What a filter says of the values that fit it.
fn described(filter: &Filter, made: &mut Map<String, Json>) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| described(part, made)),
        Filter::Test(path, Operator::Equal, value) if !path.itself => {
            made.insert(path.attribute.name.clone(), value.clone());
        }
        _ => {}
    }
}

fn is_primary(item: &Json) -> bool {
    item.get("primary") == Some(&Json::Bool(true))
}

/// Whether two values of a list are one: they have the same `value`, and no other `type`.
fn same(item: &Json, other: &Json) -> bool {
    match (item.get("value"), other.get("value")) {
        (Some(one), Some(two)) => {
            one == two
                && (item.get("type") == other.get("type") || item.get("type").is_none() || other.get("type").is_none())
        }
        _ => item == other,
    }
}

/// Puts a value into a list, once.
fn join(list: &mut Vec<Json>, item: Json) {
    if is_primary(&item) {
        for other in list.iter_mut().filter(|other| is_primary(other)) {
            other["primary"] = false.into();
        }
    }
    match (list.iter_mut().find(|there| same(there, &item)), item) {
        (Some(Json::Object(there)), Json::Object(item)) => there.extend(item),
        (Some(_), _) => {}
        (None, item) => list.push(item),
    }
}

/// Takes an attribute away that has nothing in it.
fn tidy(object: &mut Map<String, Json>, name: &str) {
    let empty = match object.get_mut(name) {
        Some(Json::Array(items)) => {
            items.retain(|item| item.as_object().is_none_or(|item| !item.is_empty()));
            items.is_empty()
        }
        Some(Json::Object(inner)) => inner.is_empty(),
        _ => false,
    };
    if empty {
        object.remove(name);
    }
}
