//! Learning what a target does: what it says of itself is noted, what it does is tried.
//!
//! Without leave to write, little can be learned: how lists are paged and which filters find a user who is there. With
//! it, two users and two groups of our own are created, changed, looked at and removed again.

mod bulk;
mod canary;
mod members;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::account::Kind;
use super::capabilities::{
    BulkCapabilities, CAPABILITIES_VERSION, Capabilities, Filters, GroupCapabilities, Learned, MemberCapabilities,
    Paging, PagingStyle, Seen, UserCapabilities, Versions,
};
use super::client::{Client, equals};
use super::wire::Page;
use crate::http::{Answer, Http};
use crate::live::LiveError;
use crate::scim::CONTACT;

/// What a probe learned.
#[derive(Debug)]
pub struct Probed {
    /// What the target was seen to do.
    pub capabilities: Capabilities,
    /// What is worth knowing besides: what the target says and does not do, what could not be tried.
    pub remarks: Vec<String>,
    /// What the probe created and could not remove again.
    pub left: Vec<String>,
}

/// Learns what a target does. `write`: with canary resources of our own.
pub async fn probe(http: Arc<Http>, write: bool) -> Result<Probed, LiveError> {
    let base = http.base().as_str().trim_end_matches('/').to_owned();
    let mut probe = Probe { client: Client::new(http, None), remarks: Vec::new(), left: Vec::new() };
    let announced = probe.announced().await;
    let paging = probe.paging(&announced).await?;
    let (users, first) = probe.count("/Users", paging).await?;
    let (groups, first_group) = probe.count("/Groups", paging).await?;
    let mut capabilities = Capabilities {
        version: CAPABILITIES_VERSION,
        url: base,
        learned: Learned { at: now(), by_writing: write, users, groups },
        paging,
        filters: Filters::default(),
        users: UserCapabilities::default(),
        groups: GroupCapabilities::default(),
        members: MemberCapabilities { limit: 1, ..MemberCapabilities::default() },
        contacts: announced.contacts.clone(),
        versions: Versions::default(),
        bulk: BulkCapabilities::default(),
    };
    let known = Known { user: first.as_ref(), group: first_group.as_ref() };
    capabilities.filters = probe.filters(known).await?;
    if write {
        probe.canaries(&mut capabilities, &announced).await?;
    }
    probe.compare(&announced, &capabilities);
    Ok(Probed { capabilities, remarks: probe.remarks, left: probe.left })
}

fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| jiff::Timestamp::now()).to_string()
}

/// A probe under way.
struct Probe {
    client: Client,
    remarks: Vec<String>,
    left: Vec<String>,
}

/// What the target says of itself; all of it may be missing or wrong.
#[derive(Debug, Default)]
struct Announced {
    patch: Option<bool>,
    filter: Option<bool>,
    etag: Option<bool>,
    most: Option<u32>,
    bulk: Option<bool>,
    /// How many operations and bytes a request for several may have; 0: not said.
    bulk_most: (u32, u32),
    cursor: bool,
    index: bool,
    /// The schemas and extensions that resources may have.
    schemas: Vec<String>,
    /// Whether it said so at all.
    schemas_known: bool,
    contacts: Option<String>,
    /// The words that a portal with a vocabulary of its own takes, by schema and attribute.
    words: HashMap<(String, String), Vec<String>>,
}

impl Announced {
    /// Pairs of words to try in a multi-valued attribute: those of the portal's vocabulary, else two of our own.
    fn pairs(&self, schema: &str, attribute: &str, usual: [&str; 2]) -> Vec<[String; 2]> {
        let words = self.words.get(&(schema.to_owned(), attribute.to_owned()));
        match words.map(Vec::as_slice) {
            Some(words @ [_, _, ..]) => words.windows(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect(),
            _ => vec![usual.map(str::to_owned)],
        }
    }
}

/// Resources known to be there.
#[derive(Clone, Copy)]
struct Known<'a> {
    user: Option<&'a Json>,
    group: Option<&'a Json>,
}

impl Probe {
    /// What the target says of itself. None of it is needed: discovery may be absent, or violate the RFC.
    async fn announced(&mut self) -> Announced {
        let mut announced = Announced { index: true, ..Announced::default() };
        if let Some(config) = self.document("/ServiceProviderConfig").await {
            let supported = |name: &str| config.pointer(&format!("/{name}/supported")).and_then(Json::as_bool);
            let number = |pointer: &str| config.pointer(pointer).and_then(Json::as_u64).map(|n| n.min(100_000) as u32);
            announced.patch = supported("patch");
            announced.filter = supported("filter");
            announced.etag = supported("etag");
            announced.bulk = supported("bulk");
            let size = |name: &str| config.pointer(name).and_then(Json::as_u64).map_or(0, |n| n.min(1 << 30) as u32);
            announced.bulk_most = (size("/bulk/maxOperations"), size("/bulk/maxPayloadSize"));
            announced.most = number("/filter/maxResults").filter(|most| *most > 0);
            let flag = |name: &str| config.pointer(&format!("/pagination/{name}")).and_then(Json::as_bool);
            announced.cursor = flag("cursor") == Some(true);
            announced.index = flag("index") != Some(false);
            announced.most = number("/pagination/maxPageSize").filter(|most| *most > 0).or(announced.most);
        }
        if let Some(schemas) = self.document("/Schemas").await {
            announced.schemas = items(&schemas).filter_map(|one| one.get("id")?.as_str().map(str::to_owned)).collect();
            announced.schemas_known = !announced.schemas.is_empty();
            for schema in items(&schemas) {
                let id = schema.get("id").and_then(Json::as_str).unwrap_or_default();
                for attribute in list_of(schema, "attributes") {
                    let name = attribute.get("name").and_then(Json::as_str).unwrap_or_default();
                    let value = list_of(attribute, "subAttributes").find(|sub| sub["name"] == "value");
                    let words = list_of(value.unwrap_or(attribute), "canonicalValues").filter_map(Json::as_str);
                    let words: Vec<String> = words.map(str::to_owned).collect();
                    announced.words.insert((id.to_owned(), name.to_owned()), words);
                }
            }
        }
        if let Some(types) = self.document("/ResourceTypes").await {
            let contact = items(&types).find(|one| one.get("schema").and_then(Json::as_str) == Some(CONTACT));
            let endpoint = contact.and_then(|one| one.get("endpoint")).and_then(Json::as_str);
            // The endpoint may be a path, or a whole address: its last part is what counts.
            announced.contacts = endpoint.and_then(|end| end.rsplit('/').next()).map(|name| format!("/{name}"));
        }
        announced
    }

    async fn document(&mut self, path: &str) -> Option<Json> {
        let (answer, why) = match self.client.fetch(path).await {
            Ok(answer) if answer.succeeded() => match answer.json() {
                Ok(json) => return Some(json),
                Err(failure) => (None, failure.to_string()),
            },
            Ok(answer) => (Some(answer.status), String::new()),
            Err(error) => (None, error.message),
        };
        let why = answer.map_or(why, |status| format!("the portal answered {status}"));
        self.remarks.push(format!("{path} cannot be read ({why}): what it would tell was tried instead"));
        None
    }

    /// How lists are paged: what is announced is tried, and what is refused is left out.
    async fn paging(&mut self, announced: &Announced) -> Result<Paging, LiveError> {
        if announced.cursor && !announced.index {
            let size = announced.most.unwrap_or(100);
            let answer = self.client.fetch(&format!("/Users?cursor=&count={size}")).await?;
            if answer.succeeded() {
                return Ok(Paging { style: PagingStyle::Cursor, size });
            }
            self.remarks.push(format!("cursor paging is announced and answers {}", answer.status));
        }
        let size = announced.most.unwrap_or(100).min(1000);
        let answer = self.client.fetch(&format!("/Users?startIndex=1&count={size}")).await?;
        if answer.succeeded() {
            return Ok(Paging { style: PagingStyle::Index, size });
        }
        self.remarks.push(format!("lists with `count` answer {}: everything is read at once", answer.status));
        self.client.list("/Users", "").await?;
        Ok(Paging { style: PagingStyle::Whole, size: 0 })
    }

    /// How many resources there are, and one of them.
    async fn count(&mut self, endpoint: &str, paging: Paging) -> Result<(usize, Option<Json>), LiveError> {
        let query = match paging.style {
            PagingStyle::Index => "startIndex=1&count=1",
            PagingStyle::Cursor => "cursor=&count=1",
            PagingStyle::Whole => "",
        };
        let page = self.page(endpoint, query).await?;
        let first = page.1.into_iter().next();
        Ok((page.0, first))
    }

    async fn page(&self, endpoint: &str, query: &str) -> Result<(usize, Vec<Json>), LiveError> {
        let answer = self.client.list(endpoint, query).await?;
        let page: Page = answer.json().map_err(super::client::refused)?;
        let resources = page.resources.unwrap_or_default();
        let total = page.total.map_or(resources.len(), |total| total as usize);
        Ok((total, resources.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()))
    }

    /// Which filters find a resource that is there, and nothing else; and nothing where nothing is.
    async fn filters(&mut self, known: Known<'_>) -> Result<Filters, LiveError> {
        Ok(Filters {
            user_name: self.filter("/Users", "userName", known.user).await?,
            external_id: self.filter("/Users", "externalId", known.user).await?,
            group_name: self.filter("/Groups", "displayName", known.group).await?,
        })
    }

    async fn filter(&mut self, endpoint: &str, attribute: &str, known: Option<&Json>) -> Result<Seen, LiveError> {
        let value = known.and_then(|known| known.get(attribute)).and_then(Json::as_str);
        let Some(value) = value else { return Ok(Seen::Unknown) };
        let Some(hits) = self.hits(endpoint, attribute, value).await? else { return Ok(Seen::No) };
        let none = self.hits(endpoint, attribute, "rosterctl-nobody-has-this").await?;
        let right = |hit: &String| hit.eq_ignore_ascii_case(value);
        if hits.len() > 1 && hits.iter().any(|hit| !right(hit)) {
            self.remarks.push(format!("the filter `{attribute} eq` on {endpoint} is ignored: it finds everybody"));
        }
        Ok(Seen::from(!hits.is_empty() && hits.iter().all(right) && none.is_some_and(|none| none.is_empty())))
    }

    /// The values that a filter finds; none where it is refused.
    async fn hits(&self, endpoint: &str, attribute: &str, value: &str) -> Result<Option<Vec<String>>, LiveError> {
        let answer: Answer = self.client.fetch(&format!("{endpoint}?{}", equals(attribute, value))).await?;
        if !answer.succeeded() {
            return Ok(None);
        }
        let Ok(page) = answer.json::<Page>() else { return Ok(None) };
        let json = page.resources.unwrap_or_default();
        let json = json.iter().filter_map(|raw| serde_json::from_str::<Json>(raw.get()).ok());
        Ok(Some(json.map(|one| one[attribute].as_str().unwrap_or_default().to_owned()).collect()))
    }

    /// Says where the target does other than it says.
    fn compare(&mut self, announced: &Announced, seen: &Capabilities) {
        let mut say = |told: Option<bool>, does: Seen, what: &str| match (told, does) {
            (Some(true), Seen::No) => self.remarks.push(format!("{what} is announced and does not work")),
            (Some(false), Seen::Yes) => self.remarks.push(format!("{what} works although it is not announced")),
            _ => {}
        };
        say(announced.patch, seen.users.patch, "PATCH");
        say(announced.bulk, seen.bulk.create, "creating several users by one request");
        say(announced.filter, seen.filters.user_name, "filtering by user name");
        let versions = match seen.versions {
            Versions::Unknown => Seen::Unknown,
            Versions::Ignored => Seen::No,
            Versions::Enforced | Versions::Coarse => Seen::Yes,
        };
        say(announced.etag, versions, "`If-Match`");
    }

    /// Removes a canary; notes it where that fails.
    async fn remove(&mut self, kind: Kind, id: &str) {
        if let Err(trouble) = self.client.delete(kind, id, None, PROBE).await {
            let address = self.client.address(kind, id);
            self.left.push(format!("{address}: {}", trouble.message()));
        }
    }
}

/// What requests of a probe are called.
const PROBE: &str = "rosterctl-probe";

fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.get("Resources").or(Some(list)).and_then(Json::as_array).into_iter().flatten()
}

fn list_of<'j>(json: &'j Json, name: &str) -> impl Iterator<Item = &'j Json> {
    json.get(name).and_then(Json::as_array).into_iter().flatten()
}

/// A word that nobody else has.
fn nonce() -> SmolStr {
    let letters = (0..10).map(|_| fastrand::lowercase());
    letters.collect()
}
