//! Requests and answers: what a method on a path means (RFC 7644 §3.2).

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::list::{self, Query};
use super::problem::Problem;
use super::project::Projection;
use super::schema::{TYPES, Type};
use super::token::Token;
use super::write::{Change, Client, Order, Written, fits, perform};
use super::{Done, PREFIX, Shared, bulk, discovery, patch, render};
use crate::document::record::visible;
use crate::live::embedded::Visitor;
use crate::live::{Author, Resource};
use crate::scim::{ListResponse, MEDIA_TYPE, SEARCH_REQUEST};

/// What is answered.
pub struct Reply {
    status: u16,
    headers: Vec<(header::HeaderName, String)>,
    body: Option<Json>,
}

impl Reply {
    fn json(status: u16, body: impl Into<Json>) -> Reply {
        Reply { status, headers: Vec::new(), body: Some(body.into()) }
    }

    fn with(mut self, name: header::HeaderName, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The answer as HTTP; `accept` is what the client wants to read.
    pub fn response(self, accept: Option<&str>) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let plain = accept.is_some_and(|accept| {
            accept.contains("application/json") && !accept.contains(MEDIA_TYPE) && !accept.contains("*/*")
        });
        let built = match self.body {
            None => response.body(Body::empty()),
            Some(body) => response
                .header(header::CONTENT_TYPE, if plain { "application/json" } else { MEDIA_TYPE })
                .body(Body::from(body.to_string())),
        };
        built.unwrap_or_else(|_| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Reply {
        let body = serde_json::to_value(problem.message()).unwrap_or(Json::Null);
        let reply = Reply::json(problem.status, body);
        match problem.status {
            401 => reply.with(header::WWW_AUTHENTICATE, "Bearer realm=\"rosterctl\""),
            503 => reply.with(header::RETRY_AFTER, "1"),
            _ => reply,
        }
    }
}

impl From<Written> for Reply {
    fn from(written: Written) -> Reply {
        let mut reply = Reply { status: written.status, headers: Vec::new(), body: written.object.map(Json::Object) };
        if let Some(tag) = written.tag {
            reply = reply.with(header::ETAG, tag);
        }
        if written.status == 201 { reply.with(header::LOCATION, written.location) } else { reply }
    }
}

/// A request that may come in.
struct Call<'r> {
    shared: &'r Shared,
    client: Client,
    method: Method,
    headers: HeaderMap,
    parameters: Vec<(String, String)>,
}

/// Answers a request; also says who asked.
pub async fn answer(shared: &Shared, request: Request) -> (Reply, String) {
    let (parts, body) = request.into_parts();
    let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = Token::shown(&shared.settings.tokens, shown);
    let who = token.map_or_else(|| "anybody".to_owned(), |token| token.name.clone());
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
    let below = path.strip_prefix(PREFIX).filter(|below| below.is_empty() || below.starts_with('/'));
    let Some(below) = below else {
        let detail = format!("there is nothing at `{}`; everything is below {PREFIX}", visible(&path));
        return (Problem::new(404, detail).into(), who);
    };
    let segments: Vec<&str> = below.split('/').filter(|segment| !segment.is_empty()).collect();
    // What a provider can do, the password to it included, may be asked before (RFC 7644 §4).
    let open = segments.as_slice() == ["ServiceProviderConfig"] || shared.settings.tokens.is_empty();
    if token.is_none() && !open {
        return (Problem::new(401, "show a token: `Authorization: Bearer …`").into(), who);
    }
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    // rosterctl calls its requests by the plan and the step that they carry out.
    let (digest, step) = text("x-request-id").and_then(Author::named_by).unwrap_or_default();
    let author = Author { name: who.clone(), actor: token.and_then(|token| token.actor.clone()), digest };
    let call = Call {
        shared,
        client: Client {
            visitor: Visitor { author, rosterctl: agent.starts_with("rosterctl/"), step },
            base: base(shared, &parts.headers),
        },
        method: parts.method,
        parameters: parameters(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
    };
    let reply = match call.route(&segments, body).await {
        Ok(reply) => reply,
        Err(problem) => problem.into(),
    };
    (reply, who)
}

/// Where the server is as the client sees it.
fn base(shared: &Shared, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let sound =
        |host: &&str| !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c));
    format!("http://{}{PREFIX}", host.filter(sound).unwrap_or(&shared.host))
}

fn parameters(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

impl Call<'_> {
    async fn route(&self, segments: &[&str], body: Body) -> Result<Reply, Problem> {
        match segments {
            [] => match self.method {
                Method::GET => self.list(&every(), self.query()?).await,
                _ => Ok(self.not_allowed("GET")),
            },
            [".search"] => self.search(&every(), body).await,
            ["ServiceProviderConfig"] => {
                self.discover(|base, shared| Ok(discovery::provider(base, shared.settings.max_payload)))
            }
            ["ResourceTypes"] => self.discover(|base, _| Ok(listed(discovery::resource_types(base)))),
            ["ResourceTypes", name] => self.discover(|base, _| {
                let kind = TYPES.iter().find(|kind| kind.name == *name);
                let kind = kind.ok_or_else(|| Problem::missing("resource type", &visible(name)))?;
                Ok(discovery::resource_type(kind, base))
            }),
            ["Schemas"] => self.discover(|base, shared| Ok(listed(schemas(base, shared)?))),
            ["Schemas", urn] => self.discover(|base, shared| {
                let schema = schemas(base, shared)?.into_iter().find(|schema| schema["id"] == *urn);
                schema.ok_or_else(|| Problem::missing("schema", &visible(urn)))
            }),
            ["Bulk"] => self.bulk(body).await,
            ["Me"] => Err(Problem::new(501, "the server has no /Me; name yourself by your id")),
            [folder, rest @ ..] => {
                let Some(kind) = Type::at(folder) else {
                    return Err(Problem::new(404, format!("there is no endpoint `/{}`", visible(folder))));
                };
                match rest {
                    [] => self.of_type(kind, body).await,
                    [".search"] => self.search(&[kind], body).await,
                    [id] => self.of_resource(kind, id, body).await,
                    _ => Err(Problem::new(404, format!("a {} has nothing below it", kind.name))),
                }
            }
        }
    }

    async fn of_type(&self, kind: &'static Type, body: Body) -> Result<Reply, Problem> {
        match self.method {
            Method::GET => self.list(&[kind], self.query()?).await,
            Method::POST => {
                let sent = self.body(body).await?;
                self.write(kind, Change::Create(sent)).await
            }
            _ => Ok(self.not_allowed("GET, POST")),
        }
    }

    async fn of_resource(&self, kind: &'static Type, id: &str, body: Body) -> Result<Reply, Problem> {
        match self.method {
            Method::GET => self.get(kind, id).await,
            Method::PUT => {
                let sent = self.body(body).await?;
                self.write(kind, Change::Replace(id.into(), sent)).await
            }
            Method::PATCH => {
                let patch = patch::read(&self.body(body).await?)?;
                self.write(kind, Change::Patch(id.into(), patch)).await
            }
            Method::DELETE => self.write(kind, Change::Delete(id.into())).await,
            _ => Ok(self.not_allowed("GET, PUT, PATCH, DELETE")),
        }
    }

    fn not_allowed(&self, allowed: &str) -> Reply {
        let detail = format!("{} is not possible here; possible: {allowed}", self.method);
        Reply::from(Problem::new(405, detail)).with(header::ALLOW, allowed)
    }

    fn discover(&self, document: impl FnOnce(&str, &Shared) -> Result<Json, Problem>) -> Result<Reply, Problem> {
        if self.method != Method::GET {
            return Ok(self.not_allowed("GET"));
        }
        if self.parameter("filter").is_some() {
            // RFC 7644 §4: so that no client takes the whole for what it asked for.
            return Err(Problem::new(403, "what the server says of itself cannot be filtered"));
        }
        Ok(Reply::json(200, document(&self.client.base, self.shared)?))
    }

    async fn get(&self, kind: &'static Type, id: &str) -> Result<Reply, Problem> {
        let projection = self.projection()?;
        let (base, id) = (self.client.base.clone(), id.to_owned());
        let found = self.shared.look(move |shelf, _| {
            let Some(kept) = shelf.get(kind.resource, &id)? else {
                return Err(Problem::missing(kind.name, &visible(&id)));
            };
            let members = kind.resource == Resource::PermissionGroup && projection.members(kind);
            let object = render::Renderer::new(shelf, &base).resource(kind.resource, &kept, members)?;
            Ok((render::tag(&kept), projection.of(kind, object)))
        });
        let (tag, object) = found.await?;
        let known = self.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        if known.is_some_and(|known| fits(known, &tag)) {
            return Ok(Reply { status: 304, headers: Vec::new(), body: None }.with(header::ETAG, tag));
        }
        Ok(Reply::json(200, object).with(header::ETAG, tag))
    }

    async fn write(&self, kind: &'static Type, change: Change) -> Result<Reply, Problem> {
        let if_match = self.headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let order = Order { kind, change, if_match, projection: self.projection()? };
        let (client, settings) = (self.client.clone(), self.shared.settings.clone());
        let job = Box::new(move |desk: &mut crate::live::embedded::Desk<'_, '_>| {
            perform(&settings, desk, &client, &order).map(|written| Done::One(Box::new(written)))
        });
        match self.shared.queue.wait(job).await? {
            Done::One(written) => Ok((*written).into()),
            Done::Many(answers) => Ok(Reply::json(200, answers)),
        }
    }

    async fn bulk(&self, body: Body) -> Result<Reply, Problem> {
        if self.method != Method::POST {
            return Ok(self.not_allowed("POST"));
        }
        let bulk = bulk::read(&self.body(body).await?)?;
        let (client, settings) = (self.client.clone(), self.shared.settings.clone());
        let job = Box::new(move |desk: &mut crate::live::embedded::Desk<'_, '_>| {
            Ok(Done::Many(bulk::perform_all(&settings, desk, &client, &bulk)))
        });
        match self.shared.queue.wait(job).await? {
            Done::Many(answers) => Ok(Reply::json(200, answers)),
            Done::One(written) => Ok((*written).into()),
        }
    }

    async fn search(&self, kinds: &[&'static Type], body: Body) -> Result<Reply, Problem> {
        if self.method != Method::POST {
            return Ok(self.not_allowed("POST"));
        }
        let sent = self.body(body).await?;
        let named = sent["schemas"].as_array().into_iter().flatten().any(|urn| *urn == SEARCH_REQUEST);
        if !named {
            return Err(Problem::syntax(format!("`schemas` does not name \"{SEARCH_REQUEST}\"")));
        }
        let text = |name: &str| sent[name].as_str().map(str::to_owned);
        let number = |name: &str| match &sent[name] {
            Json::Null => Ok(None),
            other => other.as_i64().map(Some).ok_or_else(|| Problem::value(format!("`{name}` is a whole number"))),
        };
        let names = |name: &str| -> Vec<String> {
            sent[name].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let query = Query {
            filter: text("filter"),
            sort_by: text("sortBy"),
            descending: text("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("descending")),
            start: number("startIndex")?.unwrap_or(1).max(1) as usize,
            count: number("count")?.map(|count| count.max(0) as usize),
            cursor: text("cursor"),
            projection: Projection::new(names("attributes"), names("excludedAttributes"))?,
        };
        self.list(kinds, query).await
    }

    async fn list(&self, kinds: &[&'static Type], query: Query) -> Result<Reply, Problem> {
        let kinds = kinds.to_vec();
        let (base, who) = (self.client.base.clone(), self.client.visitor.author.name.clone());
        let page = self.shared.look(move |shelf, lists| list::page(shelf, lists, &who, &base, &kinds, &query)).await?;
        Ok(Reply::json(200, serde_json::to_value(page).unwrap_or(Json::Null)))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn query(&self) -> Result<Query, Problem> {
        let number = |name: &str, kind: &'static str| match self.parameter(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => match value.parse::<i64>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Problem::bad(kind, format!("`{name}` is a whole number, not `{}`", visible(value)))),
            },
        };
        let text = |name: &str| self.parameter(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let cursor = self.parameter("cursor").map(str::to_owned);
        let count = number("count", if cursor.is_some() { "invalidCount" } else { "invalidValue" })?;
        Ok(Query {
            filter: text("filter"),
            sort_by: text("sortBy"),
            descending: text("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("descending")),
            start: number("startIndex", "invalidValue")?.unwrap_or(1).max(1) as usize,
            count: count.map(|count| count.max(0) as usize),
            cursor,
            projection: self.projection()?,
        })
    }

    fn projection(&self) -> Result<Projection, Problem> {
        let names = |name: &str| -> Vec<String> {
            let words = self.parameter(name).unwrap_or_default().split(',').map(str::trim);
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        Projection::new(names("attributes"), names("excludedAttributes"))
    }

    /// The JSON in the body.
    async fn body(&self, body: Body) -> Result<Json, Problem> {
        let media = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if let Some(media) = media {
            let bare = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if bare != "application/json" && !bare.ends_with("+json") {
                let detail = format!("a body is {MEDIA_TYPE}, not `{}`", visible(media));
                return Err(Problem::new(415, detail));
            }
        }
        let most = self.shared.settings.max_payload;
        let large = || Problem::new(413, format!("a body has at most {most} bytes"));
        let length = self.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > most) {
            return Err(large());
        }
        let bytes = axum::body::to_bytes(body, most).await.map_err(|_| large())?;
        serde_json::from_slice(&bytes).map_err(|error| Problem::syntax(format!("the body is no JSON: {error}")))
    }
}

fn every() -> Vec<&'static Type> {
    TYPES.iter().collect()
}

fn listed(resources: Vec<Json>) -> Json {
    let total = resources.len();
    let list = ListResponse { start_index: Some(1), ..ListResponse::new(resources, total) };
    serde_json::to_value(list).unwrap_or_else(|_| json!({}))
}

fn schemas(base: &str, shared: &Shared) -> Result<Vec<Json>, Problem> {
    let platforms = shared.platforms()?;
    let platforms: Vec<_> = platforms.iter().map(AsRef::as_ref).collect();
    Ok(discovery::all_schemas(base, &platforms))
}
