//! Lists: filters, order, and pages that stay complete while people come and go (RFC 7644 §3.4.2, RFC 9865).
//!
//! The first page decides what the list is: the numbers of its rows are remembered for the pages that follow. Rows that
//! are gone meanwhile leave the list, rows that are new come at the end of the next one.

use std::cmp::Ordering;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::filter::{Filter, Written};
use super::path::{Path, Scope};
use super::problem::Problem;
use super::project::Projection;
use super::render::Renderer;
use super::schema::{TYPES, Type};
use crate::live::embedded::{Kept, Key, Shelf, number};
use crate::live::{LiveError, Resource};
use crate::scim::ListResponse;

/// How many resources a page has where the client does not say.
pub const PAGE: usize = 100;

/// How many resources a page has at most.
pub const LARGEST: usize = 1000;

/// How long a list is remembered after its last page was read.
pub const REMEMBERED: Duration = Duration::from_secs(600);

/// How many lists are remembered at once.
const LISTS: usize = 64;

/// How many rows all remembered lists have together.
const ROWS: usize = 8_000_000;

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The filter.
    pub filter: Option<String>,
    /// The attribute that decides the order; none: as they were made.
    pub sort_by: Option<String>,
    /// Whether the order is turned round.
    pub descending: bool,
    /// The place of the first resource of the page, counted from 1.
    pub start: usize,
    /// How many resources the page has at most.
    pub count: Option<usize>,
    /// Where the page begins, by a cursor; empty: at the beginning.
    pub cursor: Option<String>,
    /// What of each resource is answered.
    pub projection: Projection,
}

/// A row of a list: its type and its number.
type Item = (u8, i64);

/// A list that is being read.
struct List {
    id: u64,
    /// Who reads it, and what was asked for.
    of: String,
    items: Arc<Mutex<Vec<Item>>>,
    used: Instant,
}

/// The lists that are being read.
#[derive(Default)]
pub struct Lists(Mutex<Vec<List>>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lists {
    fn remember(&self, of: String, items: Vec<Item>) -> (u64, Arc<Mutex<Vec<Item>>>) {
        let mut lists = lock(&self.0);
        let now = Instant::now();
        lists.retain(|list| now.duration_since(list.used) < REMEMBERED);
        let mut rows: usize = items.len() + lists.iter().map(|list| lock(&list.items).len()).sum::<usize>();
        while !lists.is_empty() && (lists.len() >= LISTS || rows > ROWS) {
            let oldest = lists.iter().enumerate().min_by_key(|(_, list)| list.used).map_or(0, |(index, _)| index);
            rows -= lock(&lists.swap_remove(oldest).items).len();
        }
        let id = RandomState::new().build_hasher().finish();
        let items = Arc::new(Mutex::new(items));
        lists.push(List { id, of, items: items.clone(), used: now });
        (id, items)
    }

    /// Forgets the lists of an earlier walk: a new one sees what is there now.
    fn forget(&self, of: &str) {
        lock(&self.0).retain(|list| list.of != of);
    }

    fn find(&self, fits: impl Fn(&List) -> bool) -> Option<(u64, Arc<Mutex<Vec<Item>>>)> {
        let mut lists = lock(&self.0);
        let now = Instant::now();
        lists.retain(|list| now.duration_since(list.used) < REMEMBERED);
        let list = lists.iter_mut().rev().find(|list| fits(list))?;
        list.used = now;
        Some((list.id, list.items.clone()))
    }
}

/// A page of a list for somebody.
pub fn page(
    shelf: &Shelf<'_>,
    lists: &Lists,
    who: &str,
    base: &str,
    kinds: &[&'static Type],
    query: &Query,
) -> Result<ListResponse<Map<String, Json>>, Problem> {
    let count = query.count.unwrap_or(PAGE).min(LARGEST);
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    // Walks by place and walks by cursor do not share lists: the former begin anew with each first page.
    let by = if query.cursor.is_some() { "cursor" } else { "place" };
    let of = format!("{by}\n{who}\n{names:?}\n{:?}\n{:?}\n{}", query.filter, query.sort_by, query.descending);
    let (start, found) = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
        Some(cursor) => {
            let invalid = || Problem::bad("invalidCursor", "this is no cursor of such a list; begin again without one");
            let (id, start) = cursor.split_once('-').ok_or_else(invalid)?;
            let id = u64::from_str_radix(id, 16).map_err(|_| invalid())?;
            let start: usize = start.parse().map_err(|_| invalid())?;
            let found = lists.find(|list| list.id == id && list.of == of);
            if found.is_none() {
                return Err(match lists.find(|list| list.id == id) {
                    Some(_) => invalid(),
                    None => Problem::bad("expiredCursor", "the cursor has expired; begin again without one"),
                });
            }
            (start, found)
        }
        None if query.start > 1 && query.cursor.is_none() => (query.start - 1, lists.find(|list| list.of == of)),
        None => {
            if query.cursor.is_none() {
                lists.forget(&of);
            }
            (0, None)
        }
    };
    let mut renderer = Renderer::new(shelf, base);
    let mut resources = Vec::new();
    let mut show = |items: &mut Vec<Item>, start: usize| -> Result<usize, Problem> {
        let mut at = start;
        while resources.len() < count && at < items.len() {
            let end = items.len().min(at + count - resources.len());
            let there = rows(shelf, &items[at..end])?;
            // Whoever is gone leaves the list, so that those who follow keep their places for the next page.
            items.splice(at..end, there.iter().map(|(item, _)| *item));
            at += there.len();
            for ((kind, _), kept) in there {
                let kind = &TYPES[kind as usize];
                let members = kind.resource == Resource::PermissionGroup && query.projection.members(kind);
                let object = renderer.resource(kind.resource, &kept, members)?;
                resources.push(query.projection.of(kind, object));
            }
        }
        Ok(at)
    };
    let (id, total, end) = match found {
        Some((id, items)) => {
            let mut items = lock(&items);
            let end = show(&mut items, start)?;
            (Some(id), items.len(), end)
        }
        None => {
            let mut items = items(shelf, base, kinds, query)?;
            let end = show(&mut items, start)?;
            let total = items.len();
            let more = end < total && count > 0;
            (more.then(|| lists.remember(of, items).0), total, end)
        }
    };
    let mut response = ListResponse::new(resources, total);
    match query.cursor {
        Some(_) => response.next_cursor = id.filter(|_| end < total && count > 0).map(|id| format!("{id:x}-{end}")),
        None => response.start_index = Some(start + 1),
    }
    Ok(response)
}

/// The rows of items that are still there, in their order.
fn rows(shelf: &Shelf<'_>, items: &[Item]) -> Result<Vec<(Item, Kept)>, LiveError> {
    let mut found = Vec::with_capacity(items.len());
    for part in items.chunk_by(|one, other| one.0 == other.0) {
        let numbers: Vec<i64> = part.iter().map(|(_, number)| *number).collect();
        let kind = part[0].0;
        let kept = shelf.many(TYPES[kind as usize].resource, &numbers)?;
        found.extend(kept.into_iter().map(|kept| ((kind, kept.number), kept)));
    }
    Ok(found)
}

/// All rows that fit, in the order asked for.
fn items(shelf: &Shelf<'_>, base: &str, kinds: &[&'static Type], query: &Query) -> Result<Vec<Item>, Problem> {
    let written = query.filter.as_deref().map(super::filter::parse).transpose()?;
    let mut found = Vec::new();
    let mut problem = None;
    let mut understood = false;
    for kind in kinds {
        let place = TYPES.iter().position(|one| one == *kind).unwrap_or_default() as u8;
        match search(shelf, base, kind, written.as_ref(), query) {
            Ok(part) => {
                understood = true;
                found.extend(part.into_iter().map(|(number, key)| ((place, number), key)));
            }
            // Among several types, one that does not have the attribute has nothing that fits.
            Err(Search::Problem(other)) if kinds.len() > 1 && other.status == 400 => problem = Some(other),
            Err(Search::Problem(other)) => return Err(other),
            Err(Search::Broken(error)) => return Err(error.into()),
        }
    }
    match problem {
        Some(problem) if !understood => return Err(problem),
        _ => {}
    }
    if query.sort_by.is_some() {
        found.sort_by(|(one, a), (other, b)| {
            let order = in_order(a.as_ref(), b.as_ref());
            if query.descending { order.reverse() } else { order }.then_with(|| one.cmp(other))
        });
    }
    Ok(found.into_iter().map(|(item, _)| item).collect())
}

/// Why nothing was found.
enum Search {
    Problem(Problem),
    Broken(LiveError),
}

impl From<Problem> for Search {
    fn from(problem: Problem) -> Search {
        Search::Problem(problem)
    }
}

impl From<LiveError> for Search {
    fn from(error: LiveError) -> Search {
        Search::Broken(error)
    }
}

/// The numbers of the rows of a type that fit, each with that by which it is sorted.
fn search(
    shelf: &Shelf<'_>,
    base: &str,
    kind: &'static Type,
    written: Option<&Written>,
    query: &Query,
) -> Result<Vec<(i64, Option<Json>)>, Search> {
    let scope = Scope::Resource(kind);
    let filter = written.map(|written| written.bind(scope)).transpose()?;
    let sort = match &query.sort_by {
        None => None,
        Some(path) => Some(scope.attribute(path).ok_or_else(|| {
            let detail = format!("`sortBy`: there is no attribute `{}`", crate::document::record::visible(path));
            Problem::bad("invalidPath", detail)
        })?),
    };
    let candidates = filter.as_ref().map(|filter| certain(shelf, kind, filter)).transpose()?.flatten();
    if candidates.is_none() && filter.is_none() && sort.is_none() {
        return Ok(shelf.numbers(kind.resource)?.into_iter().map(|number| (number, None)).collect());
    }
    let asks = |word: &str| {
        let texts = [&query.filter, &query.sort_by];
        texts.into_iter().flatten().any(|text| text.to_ascii_lowercase().contains(word))
    };
    let members = kind.resource == Resource::PermissionGroup && asks("members");
    let mut renderer = Renderer::new(shelf, base);
    let mut found = Vec::new();
    let mut broken = None;
    let mut look = |kept: Kept| match renderer.resource(kind.resource, &kept, members) {
        Err(error) => broken = Some(error),
        Ok(object) => {
            if filter.as_ref().is_none_or(|filter| filter.fits(&object)) {
                found.push((kept.number, sort.as_ref().and_then(|path| sorted_by(path, &object))));
            }
        }
    };
    match candidates {
        Some(numbers) => shelf.many(kind.resource, &numbers)?.into_iter().for_each(&mut look),
        None => shelf.each(kind.resource, &mut look)?,
    }
    match broken {
        Some(error) => Err(error.into()),
        None => Ok(found),
    }
}

/// The rows among which all that fit must be, where an index knows them.
fn certain(shelf: &Shelf<'_>, kind: &'static Type, filter: &Filter) -> Result<Option<Vec<i64>>, LiveError> {
    let resource = kind.resource;
    let name = |path: &Path| match (path.extension, path.sub.map(|sub| sub.name.as_str())) {
        (None, None) => path.attribute.name.clone(),
        (None, Some(sub)) => format!("{}.{sub}", path.attribute.name),
        (Some(_), _) => String::new(),
    };
    let indexed = [
        "id",
        "externalId",
        "userName",
        "displayName",
        "emails",
        "emails.value",
        "groups",
        "groups.value",
        "members",
        "members.value",
    ];
    let Some((path, word)) = filter.certain(&|path| indexed.contains(&name(path).as_str())) else { return Ok(None) };
    // The index folds the case of ASCII only; what fits is looked at again anyway.
    let folded = word.is_ascii();
    let key = match name(&path).as_str() {
        "id" => return Ok(Some(number(resource, word).into_iter().collect())),
        "externalId" => Key::ExternalId(word),
        "userName" if folded => Key::UserName(word),
        "displayName" if folded => Key::Name(word),
        "emails" | "emails.value" if folded => Key::Email(word),
        "groups" | "groups.value" => {
            let group = shelf.get(Resource::PermissionGroup, word)?;
            let members = group.map(|group| shelf.members(&group)).transpose()?.unwrap_or_default();
            return Ok(Some(members.into_iter().map(|(user, _)| user).collect()));
        }
        "members" | "members.value" => {
            let Some(user) = shelf.get(Resource::User, word)? else { return Ok(Some(Vec::new())) };
            let mut groups = Vec::new();
            for group in &user.groups {
                let found: Option<(SmolStr, SmolStr)> = shelf.group(&user.organisation, group)?;
                groups.extend(found.and_then(|(handle, _)| number(resource, &handle)));
            }
            groups.sort_unstable();
            return Ok(Some(groups));
        }
        _ => return Ok(None),
    };
    shelf.lookup(resource, key).map(Some)
}

/// The value by which a resource is sorted: of several the primary one, else the first.
fn sorted_by(path: &Path, object: &Map<String, Json>) -> Option<Json> {
    let whole = Path { sub: None, ..*path };
    let values = whole.values(object);
    let primary = values.iter().find(|value| value.get("primary") == Some(&Json::Bool(true)));
    let value = primary.or(values.first())?;
    let value = match (path.sub, value) {
        (Some(sub), value) => value.get(&sub.name)?,
        (None, Json::Object(inner)) => inner.get("value").or(inner.get("formatted"))?,
        (None, value) => value,
    };
    let folded = |text: &String| if path.compared().case_exact { text.clone() } else { text.to_lowercase() };
    Some(match value {
        Json::String(text) => Json::String(folded(text)),
        other => other.clone(),
    })
}

/// The order of two values; what is not there comes last.
fn in_order(one: Option<&Json>, other: Option<&Json>) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(Json::String(one)), Some(Json::String(other))) => one.cmp(other),
        (Some(Json::Bool(one)), Some(Json::Bool(other))) => one.cmp(other),
        (Some(one), Some(other)) => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
    }
}
