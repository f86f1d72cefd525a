//! Requests in the words of SCIM, over the one HTTP client of the target.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::account::{Collection, Kind};
use super::bulk::{Order, Ordered};
use super::dialect::Dialect;
use super::mapping::Carriers;
use super::wire::GroupText;
use crate::http::{Answer, Failure, Http, Method, Request, Safety};
use crate::live::LiveError;

/// The media type of SCIM (RFC 7644 §3.1); some servers know only plain JSON.
const MEDIA: &str = "application/scim+json";
const ACCEPT: &str = "application/scim+json, application/json";

/// The attributes of a group, where members come only when asked for.
pub const ASKED: &str = "?attributes=id,externalId,displayName,members";

/// The same, of a target that keeps in the group which access it gives.
const ASKED_WITH_ACCESS: &str = "?attributes=id,externalId,displayName,members,\
    urn:rosterctl:params:scim:schemas:extension:1.0:Group";

/// The attributes of a user on a portal of ours, with what only the portal says and only where it is asked for.
const STANDING: &str = "?attributes=userName,externalId,displayName,name,emails,phoneNumbers,active,roles,entitlements,\
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,\
    urn:rosterctl:params:scim:schemas:extension:1.0:User,\
    urn:rosterctl:params:scim:schemas:extension:1.0:Standing,meta";

/// What is escaped in an address: all but unreserved characters (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A target's address and how to talk to it.
#[derive(Clone, Debug)]
pub struct Client {
    http: Arc<Http>,
    /// The endpoint of contacts, where they have a resource type of their own.
    contacts: Option<SmolStr>,
    /// What a group is asked for; empty: nothing in particular.
    asked: &'static str,
    /// What a user is asked for; empty: nothing in particular.
    of_users: &'static str,
    writes: Arc<AtomicU64>,
    /// What is spoken there in place of SCIM.
    dialect: Option<Arc<dyn Dialect>>,
}

/// A resource as it is at this moment.
#[derive(Clone, Debug)]
pub struct Current {
    /// All of it.
    pub json: Json,
    /// Its version.
    pub version: Option<String>,
}

/// Why a write did not succeed.
#[derive(Debug)]
pub enum Trouble {
    /// The server did not do it, and said so: status and sentence.
    Refused(u16, String),
    /// Nothing was sent, or nothing was done.
    NotDone(String),
    /// Nobody knows whether it was done.
    Unknown(String),
    /// A part was done and another was not, as the sentence says.
    Half(String),
}

impl Trouble {
    /// The sentence.
    pub fn message(&self) -> &str {
        match self {
            Trouble::Refused(_, message)
            | Trouble::NotDone(message)
            | Trouble::Unknown(message)
            | Trouble::Half(message) => message,
        }
    }
}

impl Client {
    /// A client of a target.
    pub fn new(http: Arc<Http>, contacts: Option<SmolStr>) -> Client {
        Client { http, contacts, asked: "", of_users: "", writes: Arc::default(), dialect: None }
    }

    /// The same client, for a target that speaks something else. `writes` counts what it sends to change something.
    pub fn speaking(&self, dialect: Arc<dyn Dialect>, writes: Arc<AtomicU64>) -> Client {
        Client { dialect: Some(dialect), writes, ..self.clone() }
    }

    /// What is spoken there in place of SCIM.
    pub fn dialect(&self) -> Option<&dyn Dialect> {
        self.dialect.as_deref()
    }

    /// The way to the target.
    pub fn http(&self) -> Arc<Http> {
        self.http.clone()
    }

    /// The same client, which asks for members of groups. `access`: and for the access that they give.
    pub fn asking(&self, access: bool) -> Client {
        Client { asked: if access { ASKED_WITH_ACCESS } else { ASKED }, ..self.clone() }
    }

    /// The same client, which asks a portal of ours for what only it says of users.
    pub fn asking_standing(&self) -> Client {
        Client { of_users: STANDING, ..self.clone() }
    }

    /// What lists of users are asked for.
    pub fn of_users(&self) -> &'static str {
        self.of_users.trim_start_matches('?')
    }

    /// What lists of groups are asked for.
    pub fn asked(&self) -> &'static str {
        self.asked.trim_start_matches('?')
    }

    /// The address of a collection.
    pub fn endpoint(&self, kind: Kind) -> &str {
        if let Some(dialect) = self.dialect() {
            return dialect.name(kind);
        }
        match kind {
            Kind::User => "/Users",
            Kind::Group => "/Groups",
            Kind::Contact => self.contacts.as_deref().unwrap_or("/Contacts"),
        }
    }

    /// How many requests may be under way at once.
    pub fn concurrency(&self) -> usize {
        self.http.concurrency()
    }

    /// How many requests were sent so far, and how many of them to change something.
    pub fn sent(&self) -> (u64, u64) {
        (self.http.requests(), self.writes.load(Ordering::Relaxed))
    }

    /// The address of a resource, built from base, endpoint and id: what servers say of it is often wrong.
    pub fn address(&self, kind: Kind, id: &str) -> String {
        format!("{}{}/{}", self.http.base().as_str().trim_end_matches('/'), self.endpoint(kind), escaped(id))
    }

    fn request(&self, method: Method, path: &str, safety: Safety) -> Result<Request, String> {
        let address = format!("{}{path}", self.http.base().as_str().trim_end_matches('/'));
        let url = url::Url::parse(&address).map_err(|error| format!("`{address}` is no address: {error}"))?;
        Ok(Request { content_type: MEDIA, accept: ACCEPT, ..Request::new(method, url, safety) })
    }

    /// A document of the target; the answer whatever its status.
    pub async fn fetch(&self, path: &str) -> Result<Answer, LiveError> {
        let request = self.request(Method::GET, path, Safety::Read).map_err(plain)?;
        self.http.send(request).await.map_err(refused)
    }

    /// One page of a list. Anything but success is an error: it is never an empty list.
    pub async fn list(&self, endpoint: &str, query: &str) -> Result<Answer, LiveError> {
        let path = if query.is_empty() { endpoint.to_owned() } else { format!("{endpoint}?{query}") };
        let answer = self.fetch(&path).await?;
        if answer.succeeded() {
            return Ok(answer);
        }
        let message = format!("the portal answered {} to the list {endpoint}: {}", answer.status, detail(&answer));
        let hint = match answer.status {
            404 | 405 => "check the `url` of the target: it is the address before `/Users`",
            _ => "try again; if it stays so, tell whoever runs the portal",
        };
        Err(LiveError::new(message, hint))
    }

    /// A resource as it is now; none where it is gone.
    pub async fn get(&self, kind: Kind, id: &str) -> Result<Option<Current>, LiveError> {
        if let Some(dialect) = self.dialect() {
            return dialect.get(kind, id).await;
        }
        let query = match kind {
            Kind::Group => self.asked,
            Kind::User => self.of_users,
            Kind::Contact => "",
        };
        let path = format!("{}/{}{query}", self.endpoint(kind), escaped(id));
        let answer = self.fetch(&path).await?;
        match answer.status {
            404 | 410 => Ok(None),
            _ if answer.succeeded() => Ok(Some(current(&answer).map_err(refused)?)),
            _ => Err(unexpected(&path, &answer)),
        }
    }

    /// The members of a group, where they are shown for single groups only.
    pub async fn members(&self, id: &str) -> Result<Option<Vec<SmolStr>>, LiveError> {
        if let Some(dialect) = self.dialect() {
            let current = dialect.get(Kind::Group, id).await?;
            let text = current.and_then(|current| serde::Deserialize::deserialize(&current.json).ok());
            return Ok(text.and_then(|text| Collection::read(text, &Carriers::default()).ok()?.members));
        }
        let path = format!("/Groups/{}?attributes=members", escaped(id));
        let answer = self.fetch(&path).await?;
        if !answer.succeeded() {
            return Err(unexpected(&path, &answer));
        }
        let text: GroupText = answer.json().map_err(refused)?;
        let text = GroupText { id: Some(id.into()), ..text };
        Ok(Collection::read(text, &Carriers::default()).ok().and_then(|group| group.members))
    }

    /// Creates a resource.
    pub async fn create(&self, kind: Kind, body: &Json, id: &str) -> Result<Current, Trouble> {
        if let Some(dialect) = self.dialect() {
            return dialect.create(kind, body, id).await;
        }
        let request = self.request(Method::POST, self.endpoint(kind), Safety::Once).map_err(Trouble::NotDone)?;
        self.write(request, Some(body), id)
            .await?
            .ok_or_else(|| Trouble::Unknown("the portal answered that it created it, but not what".to_owned()))
    }

    /// Creates several resources by one request (RFC 7644 §3.7); the answer in the portal's words.
    pub async fn create_together(&self, orders: &[Order], id: &str) -> Result<Vec<Ordered>, Trouble> {
        let mut request = self.request(Method::POST, "/Bulk", Safety::Once).map_err(Trouble::NotDone)?;
        request.body = Some(Order::message(orders).into());
        let answer = self.write(request, None, id).await?;
        let answer = answer.ok_or_else(|| Trouble::Unknown("the portal's answer to /Bulk is empty".to_owned()))?;
        Ok(Ordered::all(answer.json))
    }

    /// Changes a resource by PATCH; the resource as it is then, where the answer shows it.
    pub async fn patch(
        &self,
        kind: Kind,
        of: &str,
        operations: Vec<Json>,
        version: Option<&str>,
        id: &str,
    ) -> Result<Option<Current>, Trouble> {
        let body = serde_json::json!({ "schemas": [crate::scim::PATCH_OP], "Operations": operations });
        self.change(Method::PATCH, kind, of, Some(&body), version, id).await
    }

    /// Replaces a resource by PUT.
    pub async fn put(
        &self,
        kind: Kind,
        of: &str,
        body: &Json,
        version: Option<&str>,
        id: &str,
    ) -> Result<Option<Current>, Trouble> {
        if let Some(dialect) = self.dialect() {
            return dialect.put(kind, of, body, version, id).await;
        }
        self.change(Method::PUT, kind, of, Some(body), version, id).await
    }

    /// Deletes a resource; that it is gone already is as good. Where the answer does not tell, it is looked up.
    pub async fn delete(&self, kind: Kind, of: &str, version: Option<&str>, id: &str) -> Result<(), Trouble> {
        let answer = match self.dialect() {
            Some(dialect) => dialect.delete(kind, of, version, id).await,
            None => self.change(Method::DELETE, kind, of, None, version, id).await.map(|_| ()),
        };
        match answer {
            Ok(()) | Err(Trouble::Refused(404 | 410, _)) => Ok(()),
            Err(Trouble::Unknown(why)) => match self.get(kind, of).await {
                Ok(None) => Ok(()),
                Ok(Some(_)) => Err(Trouble::Unknown(format!("it is still there: {why}"))),
                Err(error) => Err(Trouble::Unknown(format!("{why}; nor could it be looked up: {error}"))),
            },
            Err(trouble) => Err(trouble),
        }
    }

    async fn change(
        &self,
        method: Method,
        kind: Kind,
        of: &str,
        body: Option<&Json>,
        version: Option<&str>,
        id: &str,
    ) -> Result<Option<Current>, Trouble> {
        let path = format!("{}/{}", self.endpoint(kind), escaped(of));
        let mut request = self.request(method, &path, Safety::Idempotent).map_err(Trouble::NotDone)?;
        request.if_match = version.map(str::to_owned);
        self.write(request, body, id).await
    }

    async fn write(&self, request: Request, body: Option<&Json>, id: &str) -> Result<Option<Current>, Trouble> {
        let body = body.map(|body| body.to_string().into()).or_else(|| request.body.clone());
        let request = Request { body, id: Some(id.to_owned()), ..request };
        self.writes.fetch_add(1, Ordering::Relaxed);
        let answer = match self.http.send(request).await {
            Ok(answer) => answer,
            // What this resource refuses (403) it may say why; wrong credentials (401) are wrong everywhere.
            Err(Failure::Denied { status: 403, answer: Some(answer), .. }) => {
                return Err(Trouble::Refused(403, detail(&answer)));
            }
            Err(Failure::NotSent { message, .. } | Failure::Denied { message, .. }) => {
                return Err(Trouble::NotDone(message));
            }
            Err(Failure::Unknown { message, .. } | Failure::Unusable { message, .. }) => {
                return Err(Trouble::Unknown(message));
            }
        };
        match answer.status {
            200..=299 if answer.body.is_empty() => Ok(None),
            // A sign-in page is sent with 200 as well: what is no JSON tells nothing.
            200..=299 => match current(&answer) {
                Ok(current) => Ok(Some(current)),
                Err(failure) => Err(Trouble::Unknown(failure.message().to_owned())),
            },
            500.. => Err(Trouble::Unknown(format!("the portal answered {}: {}", answer.status, detail(&answer)))),
            status => Err(Trouble::Refused(status, detail(&answer))),
        }
    }
}

/// The resource in an answer.
fn current(answer: &Answer) -> Result<Current, Failure> {
    let json: Json = answer.json()?;
    let version = json.pointer("/meta/version").and_then(Json::as_str).map(str::to_owned);
    Ok(Current { version: answer.etag.clone().or(version), json })
}

/// What an error answer says (RFC 7644 §3.12), or the beginning of it.
pub fn detail(answer: &Answer) -> String {
    let json: Option<Json> = answer.json().ok();
    let text = |key: &str| json.as_ref().and_then(|json| json.get(key)).and_then(Json::as_str);
    match (text("detail").or(text("message")), text("scimType")) {
        (Some(detail), Some(kind)) => answer.shown(&format!("{detail} ({kind})")),
        (Some(detail), None) => answer.shown(detail),
        _ => answer.excerpt(),
    }
}

/// A failure of the network as an error of the target.
pub fn refused(failure: Failure) -> LiveError {
    LiveError { message: failure.message().to_owned(), hint: failure.hint().map(str::to_owned) }
}

fn unexpected(path: &str, answer: &Answer) -> LiveError {
    let message = format!("the portal answered {} to {path}: {}", answer.status, detail(answer));
    LiveError::new(message, "try again; if it stays so, tell whoever runs the portal")
}

fn plain(message: String) -> LiveError {
    LiveError::new(message, "check the `url` of the target")
}

/// Text for use in an address: all but unreserved characters in per cent (RFC 3986 §2.3).
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Whether a value can stand in a filter: what has to be escaped there is understood by few, and found by fewer.
pub fn plain_in_filter(value: &str) -> bool {
    !value.contains(['"', '\\'])
}

/// A filter for equality (RFC 7644 §3.4.2.2), ready for an address.
pub fn equals(attribute: &str, value: &str) -> String {
    let quoted = Json::String(value.to_owned()).to_string();
    format!("filter={}", escaped(&format!("{attribute} eq {quoted}")))
}
