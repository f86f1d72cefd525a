//! Several changes in one request (RFC 7644 §3.7): each wholly or not at all, all in one transaction.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::Settings;
use super::patch;
use super::problem::Problem;
use super::project::Projection;
use super::schema::Type;
use super::write::{Change, Client, Order, Written, perform};
use crate::document::record::visible;
use crate::live::Author;
use crate::live::embedded::Desk;
use crate::scim::{BULK_REQUEST, BULK_RESPONSE};

/// How many operations a request has at most.
pub const MOST_OPERATIONS: usize = 1000;

/// A request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bulk {
    #[serde(default)]
    schemas: Vec<String>,
    /// After so many errors nothing more is done.
    #[serde(default)]
    fail_on_errors: Option<usize>,
    #[serde(rename = "Operations", default)]
    operations: Vec<Operation>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    method: String,
    path: String,
    #[serde(default)]
    bulk_id: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    data: Json,
}

/// Reads a request.
pub fn read(body: &Json) -> Result<Bulk, Problem> {
    let bulk = Bulk::deserialize(body);
    let bulk = bulk.map_err(|error| Problem::syntax(format!("this is no BulkRequest message: {error}")))?;
    if !bulk.schemas.iter().any(|urn| urn.eq_ignore_ascii_case(BULK_REQUEST)) {
        return Err(Problem::syntax(format!("`schemas` does not name \"{BULK_REQUEST}\"")));
    }
    if bulk.operations.len() > MOST_OPERATIONS {
        let detail = format!("{} operations are too many: {MOST_OPERATIONS} at most", bulk.operations.len());
        return Err(Problem { status: 413, scim_type: None, detail });
    }
    let mut seen = std::collections::HashSet::new();
    for id in bulk.operations.iter().filter_map(|operation| operation.bulk_id.as_deref()) {
        if !seen.insert(id) {
            return Err(Problem::value(format!("the bulkId `{}` is there twice", visible(id))));
        }
    }
    Ok(bulk)
}

/// Carries a request out. What names a resource that a later operation makes waits for it.
pub fn perform_all(settings: &Settings, desk: &mut Desk<'_, '_>, client: &Client, bulk: &Bulk) -> Json {
    let mut made: HashMap<&str, SmolStr> = HashMap::new();
    let mut answers: Vec<Option<Json>> = vec![None; bulk.operations.len()];
    let mut errors = 0;
    let enough = |errors: usize| bulk.fail_on_errors.is_some_and(|most| most > 0 && errors >= most);
    loop {
        let mut moved = false;
        for (index, operation) in bulk.operations.iter().enumerate() {
            if answers[index].is_some() || enough(errors) {
                continue;
            }
            let Ok((path, data)) = resolved(operation, &made) else { continue };
            moved = true;
            let done = one(settings, desk, &on_behalf(client, operation), operation, &path, data);
            if let (Ok(written), Some(id)) = (&done, &operation.bulk_id) {
                made.insert(id, written.id.clone());
            }
            errors += usize::from(done.is_err());
            answers[index] = Some(answer(operation, client, &path, done));
        }
        if !moved {
            break;
        }
    }
    for (index, operation) in bulk.operations.iter().enumerate() {
        if answers[index].is_some() || enough(errors) {
            continue;
        }
        errors += 1;
        let missing = resolved(operation, &made).err().unwrap_or_default();
        let problem =
            Problem::value(format!("no operation of this request made a resource as `{}`", visible(&missing)));
        answers[index] = Some(answer(operation, client, &operation.path, Err(problem)));
    }
    json!({ "schemas": [BULK_RESPONSE], "Operations": answers.into_iter().flatten().collect::<Vec<Json>>() })
}

/// The client of one operation: rosterctl calls each by the plan and the step that it carries out.
fn on_behalf<'c>(client: &'c Client, operation: &Operation) -> Cow<'c, Client> {
    let mut client = Cow::Borrowed(client);
    if let Some((digest, step)) = operation.bulk_id.as_deref().and_then(Author::named_by) {
        let visitor = &mut client.to_mut().visitor;
        visitor.author.digest = digest;
        visitor.step = step;
    }
    client
}

/// The path and the data of an operation with ids in the place of `bulkId:…`; else the one that is not made yet.
fn resolved(operation: &Operation, made: &HashMap<&str, SmolStr>) -> Result<(String, Json), String> {
    let id = |word: &str| made.get(word).cloned().ok_or_else(|| word.to_owned());
    let path = match operation.path.split_once("bulkId:") {
        Some((folder, word)) => format!("{folder}{}", id(word)?),
        None => operation.path.clone(),
    };
    fn walk(json: &Json, id: &impl Fn(&str) -> Result<SmolStr, String>) -> Result<Json, String> {
        Ok(match json {
            Json::String(text) => match text.split_once("bulkId:") {
                Some((before, word)) if before.is_empty() || before.ends_with('/') => {
                    Json::String(format!("{before}{}", id(word)?))
                }
                _ => json.clone(),
            },
            Json::Array(items) => items.iter().map(|item| walk(item, id)).collect::<Result<Vec<_>, _>>()?.into(),
            Json::Object(object) => {
                let walked = object.iter().map(|(name, value)| Ok((name.clone(), walk(value, id)?)));
                Json::Object(walked.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }
    Ok((path, walk(&operation.data, &id)?))
}

fn one(
    settings: &Settings,
    desk: &mut Desk<'_, '_>,
    client: &Client,
    operation: &Operation,
    path: &str,
    data: Json,
) -> Result<Written, Problem> {
    let invalid = || Problem::bad("invalidPath", format!("`{}` is no path of a resource here", visible(path)));
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let kind = parts.next().and_then(Type::at).ok_or_else(invalid)?;
    let id = parts.next().filter(|id| !id.is_empty() && !id.contains('/'));
    let change = match (operation.method.to_ascii_uppercase().as_str(), id) {
        ("POST", None) if operation.bulk_id.is_none() => return Err(Problem::syntax("a POST needs a `bulkId`")),
        ("POST", None) => Change::Create(data),
        ("PUT", Some(id)) => Change::Replace(id.into(), data),
        ("PATCH", Some(id)) => Change::Patch(id.into(), patch::read(&data)?),
        ("DELETE", Some(id)) => Change::Delete(id.into()),
        ("POST" | "PUT" | "PATCH" | "DELETE", _) => return Err(invalid()),
        (other, _) => return Err(Problem::syntax(format!("`method` cannot be `{}`", visible(other)))),
    };
    let order = Order { kind, change, if_match: operation.version.clone(), projection: Projection::default() };
    perform(settings, desk, client, &order)
}

fn answer(operation: &Operation, client: &Client, path: &str, done: Result<Written, Problem>) -> Json {
    let mut answer = json!({ "method": operation.method.to_ascii_uppercase() });
    if let Some(id) = &operation.bulk_id {
        answer["bulkId"] = Json::from(id.as_str());
    }
    match done {
        Ok(written) => {
            answer["location"] = written.location.into();
            answer["status"] = written.status.to_string().into();
            if let Some(tag) = written.tag {
                answer["version"] = tag.into();
            }
            // Who sees what is kept need not ask for each again.
            if let Some(object) = written.object {
                answer["response"] = object.into();
            }
        }
        Err(problem) => {
            if !operation.method.eq_ignore_ascii_case("POST") {
                answer["location"] = format!("{}/{}", client.base, path.trim_start_matches('/')).into();
            }
            answer["status"] = problem.status.to_string().into();
            answer["response"] = serde_json::to_value(problem.message()).unwrap_or(Json::Null);
        }
    }
    answer
}
