//! Lists read to their end, with a proof or with the reason why there is none.
//!
//! A list ends at an empty page, or at a page that brings nothing new: servers announce too few, ignore where a page
//! shall begin, or repeat pages for ever. What was read is compared with what was announced, and read again where people
//! moved meanwhile.

use std::collections::HashSet;

use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::account::Kind;
use super::capabilities::{Paging, PagingStyle};
use super::client::{Client, refused};
use super::dialect::{Bound, Dialect, Next};
use super::wire::{MOST, Page};
use crate::http::Answer;
use crate::live::LiveError;

/// How often a list is read where it changes meanwhile.
const ATTEMPTS: u32 = 3;

/// A server that invents people for ever is stopped when there are so many more than twice what it announced.
const MARGIN: usize = 10_000;

/// How many pages in a row may be empty and name a next one all the same (RFC 9865 §2 allows it).
const EMPTY_PAGES: u32 = 20;

/// A list.
#[derive(Debug)]
pub struct Listing<T> {
    /// The resources, each once.
    pub items: Vec<T>,
    /// Why this may not be all.
    pub gap: Option<String>,
    /// The ids, where the only doubt is that somebody moved between the pages meanwhile.
    unproven: Option<HashSet<SmolStr>>,
    /// It has no end: another reading would not have one either.
    endless: bool,
}

/// A resource that was read: its id and what it is.
pub struct Item<T> {
    /// The target's name for it; none where it has none.
    pub id: Option<SmolStr>,
    /// What it is.
    pub value: T,
}

/// Reads a list to its end.
pub async fn list<T: Send + 'static>(
    client: &Client,
    kind: Kind,
    query: &str,
    paging: Paging,
    read: impl Fn(&RawValue) -> Item<T> + Clone + Send + 'static,
) -> Result<Listing<T>, LiveError> {
    let mut last: Option<Listing<T>> = None;
    let mut before = None;
    let endpoint = client.endpoint(kind);
    for _ in 0..ATTEMPTS {
        let mut attempt = match (client.dialect(), paging.style) {
            (Some(dialect), _) => by_dialect(dialect, kind, read.clone()).await?,
            (None, PagingStyle::Cursor) => by_cursor(client, endpoint, query, paging, read.clone()).await?,
            (None, PagingStyle::Index | PagingStyle::Whole) => {
                by_index(client, endpoint, query, paging, read.clone()).await?
            }
        };
        // Where nothing says how many there are, two readings alike prove that nobody moved between the pages.
        if let Some(ids) = attempt.unproven.take() {
            if before.as_ref() == Some(&ids) {
                attempt.gap = None;
            }
            before = Some(ids);
        }
        match attempt.gap {
            Some(_) if !attempt.endless => last = Some(attempt),
            _ => return Ok(attempt),
        }
    }
    last.ok_or_else(|| LiveError::new("the portal was not read", "run it again"))
}

/// What a list has brought so far.
struct Gathered<T> {
    items: Vec<T>,
    seen: HashSet<SmolStr>,
    announced: Option<u64>,
    changed: bool,
    /// The portal itself said that nothing more comes.
    ended: bool,
    pages: usize,
    doubt: Option<String>,
}

/// What one page brought.
struct Read<T> {
    items: Vec<Item<T>>,
    total: Option<u64>,
    next_cursor: Option<SmolStr>,
}

impl<T> Gathered<T> {
    fn new() -> Gathered<T> {
        let (items, seen) = (Vec::new(), HashSet::new());
        Gathered { items, seen, announced: None, changed: false, ended: false, pages: 0, doubt: None }
    }

    /// Takes a page; says how many of its resources are new.
    fn take(&mut self, page: Read<T>) -> usize {
        if let Some(total) = page.total {
            self.changed |= self.announced.is_some_and(|before| before != total);
            self.announced = Some(total);
        }
        let mut new = 0;
        for item in page.items {
            // What has no id cannot be told from another: it counts as new, and is a finding of its own later.
            if item.id.is_none_or(|id| self.seen.insert(id)) {
                new += 1;
                self.items.push(item.value);
            }
        }
        new
    }

    /// Whether there are so many that the list has no end.
    fn endless(&self) -> bool {
        let most = self.announced.map_or(MOST, |total| (total as usize).saturating_mul(2).saturating_add(MARGIN));
        self.items.len() > most.min(MOST)
    }

    fn end(self, endpoint: &str) -> Listing<T> {
        let read = self.items.len();
        let moving = !self.ended && self.pages > 1;
        let unproven = self.announced.is_none() && self.doubt.is_none() && moving;
        let gap = match self.announced {
            _ if self.doubt.is_some() => self.doubt,
            None if self.ended || self.pages == 1 => None,
            None if self.pages > 1 => Some(format!(
                "{endpoint}: the portal does not say how many there are, and {ATTEMPTS} readings differ from each other"
            )),
            None => Some(format!("{endpoint}: the portal does not say how many there are, so {read} may not be all")),
            Some(total) if total != read as u64 => {
                Some(format!("{endpoint}: the portal announced {total} and {read} were read, {ATTEMPTS} times"))
            }
            Some(_) if self.changed => {
                Some(format!("{endpoint}: the list changed each of the {ATTEMPTS} times while it was read"))
            }
            Some(_) => None,
        };
        Listing { items: self.items, gap, unproven: unproven.then_some(self.seen), endless: false }
    }
}

/// Reads a list of a portal that speaks something else, page by page.
async fn by_dialect<T: Send + 'static>(
    dialect: &dyn Dialect,
    kind: Kind,
    read: impl Fn(&RawValue) -> Item<T> + Clone + Send + 'static,
) -> Result<Listing<T>, LiveError> {
    let endpoint = dialect.name(kind);
    let mut gathered = Gathered::new();
    let mut met: HashSet<SmolStr> = HashSet::new();
    let mut from = SmolStr::default();
    let mut empty_pages = 0;
    let mut bound = Bound::known(dialect.counted(kind));
    loop {
        let page = dialect.page(kind, &from).await?;
        gathered.pages += 1;
        gathered.doubt = gathered.doubt.or(page.gap);
        let items: Vec<Item<T>> = page.resources.iter().map(|raw| read(raw)).collect();
        let empty = items.is_empty();
        bound.announced(page.total);
        let new = gathered.take(Read { items, total: page.total, next_cursor: None });
        match page.next {
            Next::Nothing => {
                gathered.ended = true;
                break;
            }
            Next::NothingSeen => break,
            Next::Page(next) => {
                empty_pages = if empty { empty_pages + 1 } else { 0 };
                let repeats = !met.insert(next.clone()) || new == 0 && !empty;
                if repeats || empty_pages > EMPTY_PAGES {
                    return Err(unreadable(endpoint, "its pages repeat for ever"));
                }
                if let Some(why) = bound.passed(gathered.items.len()) {
                    gathered.doubt = Some(format!("{endpoint}: {why}"));
                    return Ok(Listing { endless: true, ..gathered.end(endpoint) });
                }
                from = next;
            }
        }
    }
    Ok(gathered.end(endpoint))
}

async fn by_index<T: Send + 'static>(
    client: &Client,
    endpoint: &str,
    query: &str,
    paging: Paging,
    read: impl Fn(&RawValue) -> Item<T> + Clone + Send + 'static,
) -> Result<Listing<T>, LiveError> {
    let mut gathered = Gathered::new();
    let mut start = 1;
    let whole = paging.style == PagingStyle::Whole;
    let query_from = |start: usize| match (whole, paging.size) {
        (true, _) => query.to_owned(),
        (false, 0) => join(query, &format!("startIndex={start}")),
        (false, size) => join(query, &format!("startIndex={start}&count={size}")),
    };
    let mut usual = paging.size as usize;
    let mut ahead: Option<(usize, Answer)> = None;
    loop {
        let body = match ahead.take().filter(|(from, _)| *from == start) {
            Some((_, body)) => body,
            None => client.list(endpoint, &query_from(start)).await?,
        };
        let parsed = parsed(endpoint, body, read.clone());
        // While a page is read, the next is on its way from where it will most likely begin.
        let next = start + usual;
        let more = !whole && usual > 0 && gathered.announced.is_some_and(|total| (next as u64) <= total);
        let page = if more {
            let address = query_from(next);
            let (page, body) = tokio::join!(parsed, client.list(endpoint, &address));
            ahead = Some((next, body?));
            page?
        } else {
            parsed.await?
        };
        let length = page.items.len();
        let new = gathered.take(page);
        if length == 0 || new == 0 || whole {
            break;
        }
        if gathered.endless() {
            return Err(unreadable(endpoint, "it never ends"));
        }
        start += length;
        usual = length;
    }
    Ok(gathered.end(endpoint))
}

async fn by_cursor<T: Send + 'static>(
    client: &Client,
    endpoint: &str,
    query: &str,
    paging: Paging,
    read: impl Fn(&RawValue) -> Item<T> + Clone + Send + 'static,
) -> Result<Listing<T>, LiveError> {
    let mut gathered = Gathered::new();
    let mut cursors: HashSet<SmolStr> = HashSet::new();
    let mut cursor = SmolStr::default();
    let mut empty_pages = 0;
    let size = if paging.size == 0 { String::new() } else { format!("&count={}", paging.size) };
    loop {
        let address = join(query, &format!("cursor={}{size}", super::client::escaped(&cursor)));
        let body = client.list(endpoint, &address).await?;
        let mut page = parsed(endpoint, body, read.clone()).await?;
        let next = page.next_cursor.take().filter(|next| !next.is_empty());
        let empty = page.items.is_empty();
        let new = gathered.take(page);
        let Some(next) = next else { break };
        empty_pages = if empty { empty_pages + 1 } else { 0 };
        let repeats = !cursors.insert(next.clone()) || new == 0 && !empty;
        if repeats || empty_pages > EMPTY_PAGES || gathered.endless() {
            return Err(unreadable(endpoint, "its pages repeat for ever"));
        }
        cursor = next;
    }
    Ok(gathered.end(endpoint))
}

/// Asks for the resources that a filter finds. Fewer than announced are an error: what was made may be among the others.
pub async fn filtered(client: &Client, endpoint: &str, filter: &str) -> Result<Vec<Box<RawValue>>, LiveError> {
    let page: Page = client.list(endpoint, filter).await?.json().map_err(refused)?;
    let found = page.resources.unwrap_or_default();
    match page.total {
        Some(total) if total > found.len() as u64 => {
            let why = format!("the filter finds {total}, and {} are shown", found.len());
            Err(unreadable(endpoint, &why))
        }
        _ => Ok(found),
    }
}

fn join(query: &str, more: &str) -> String {
    if query.is_empty() { more.to_owned() } else { format!("{query}&{more}") }
}

/// Reads a page beside what goes on on the network.
async fn parsed<T: Send + 'static>(
    endpoint: &str,
    body: Answer,
    read: impl Fn(&RawValue) -> Item<T> + Send + 'static,
) -> Result<Read<T>, LiveError> {
    let page = tokio::task::spawn_blocking(move || parse(&body, &read)).await;
    page.map_err(|_| unreadable(endpoint, "it could not be read"))?
}

fn parse<T>(answer: &Answer, read: &impl Fn(&RawValue) -> Item<T>) -> Result<Read<T>, LiveError> {
    let page: Page = answer.json().map_err(refused)?;
    let resources = page.resources.unwrap_or_default();
    let items = resources.iter().map(|raw| read(raw)).collect();
    Ok(Read { items, total: page.total, next_cursor: page.next_cursor })
}

fn unreadable(endpoint: &str, why: &str) -> LiveError {
    let message = format!("the list {endpoint} of the portal cannot be used: {why}");
    LiveError::new(message, "try again; if it stays so, tell whoever runs the portal")
}
