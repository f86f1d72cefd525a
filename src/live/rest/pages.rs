//! One page after the other: where the next begins, and how the end is known.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::api::{Api, List, Path, Slot, word};
use super::expression::Names;
use super::manifest::{Advance, End, PagingBy};
use super::talk::{Talk, unusable};
use crate::http::Answer;
use crate::live::LiveError;
use crate::live::scim::{Bound, Next};

/// The most pages of a list of members.
const MOST_PAGES: usize = 20_000;

/// How often a list is read where it changes meanwhile.
const READINGS: usize = 3;

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Position {
    offset: usize,
    number: usize,
    cursor: SmolStr,
    /// The address that the page before told.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    address: SmolStr,
    /// How many items another request said that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counted: Option<u64>,
}

/// A page as the portal sent it.
#[derive(Debug)]
pub struct Sheet {
    /// Its items.
    pub items: Vec<Json>,
    /// How many there are in all.
    pub total: Option<u64>,
    /// What comes after it.
    pub next: Next,
    /// Why what was read may not be all.
    pub gap: Option<String>,
}

/// What one reading of a list brought.
struct Reading {
    items: Vec<Json>,
    /// Why these may not be all.
    gap: Option<String>,
    /// Whether pages may have shifted unseen.
    shifting: bool,
    /// What tells it from another reading.
    digest: [u8; 32],
}

/// What tells items from others: they need not be kept for that.
fn digest(items: &[Json]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for item in items {
        digest.update(item.to_string());
        digest.update([0]);
    }
    digest.finalize().into()
}

impl Talk {
    /// The page of a list that begins where the page before it said; empty: the first. `id` is the group of a list of
    /// members.
    pub(super) async fn sheet(&self, list: &List, id: Option<&str>, from: &str) -> Result<Sheet, LiveError> {
        let path = list.get.text.as_str();
        let mut position: Position = match from {
            "" => self.first(list, id).await?,
            from => serde_json::from_str(from).map_err(|error| unusable(path, &error.to_string()))?,
        };
        let paging = list.paging;
        let size = paging.map_or(0, |paging| paging.size);
        let page = Api::page(size, position.offset, position.number, &position.cursor);
        let mut names = Names::default().with("page", &page);
        if let Some(id) = id {
            names = names.with("id", &id.into());
        }
        let answer = match position.address.as_str() {
            "" => {
                let address = self.api.address(&list.get, list.query.as_ref(), &names);
                self.read(&address.map_err(|why| unusable(path, &why))?).await?
            }
            address => self.read_at(address).await?,
        };
        if !answer.succeeded() {
            return Err(self.unexpected(path, &answer));
        }
        let link = answer.link.clone();
        let shown = self.shown_at(&list.get, &answer)?;
        let names = Names::default().with("answer", &shown);
        let items = self.items(list, path, &names)?;
        let mut gap = None;
        let mut total = position.counted;
        if let Some(slot) = list.total {
            match self.number(slot, &names) {
                Ok(number) => total = Some(number),
                Err(why) => {
                    let place = self.api.place_of(slot);
                    gap = Some(format!("{path}: the portal does not say how many there are: {why} ({place})"));
                }
            }
        }
        let next = match paging {
            None => Next::Nothing,
            Some(paging) => {
                let came = items.len();
                let step = if paging.advance == Advance::Asked { paging.size } else { came };
                let over = |gone: usize| match paging.end {
                    // Without a total only an empty page can tell.
                    End::Total => total.map_or(came == 0, |total| gone as u64 >= total || step == 0),
                    End::EmptyPage | End::NoNext => came == 0,
                    End::ShortPage => came < paging.size,
                };
                match paging.by {
                    PagingBy::Offset => {
                        position.offset += step;
                        if over(position.offset - paging.first) { Next::NothingSeen } else { next(&position) }
                    }
                    PagingBy::Page => {
                        position.number += 1;
                        let gone = (position.number - paging.first).saturating_mul(paging.size);
                        if over(gone) { Next::NothingSeen } else { next(&position) }
                    }
                    PagingBy::Cursor => match self.following(paging.next, &names, path)? {
                        None => Next::Nothing,
                        Some(cursor) => next(&Position { cursor: cursor.into(), ..position }),
                    },
                    PagingBy::Next => match self.following(paging.next, &names, path)? {
                        None => Next::Nothing,
                        Some(address) => next(&Position { address: resolved(&answer, &address).into(), ..position }),
                    },
                    PagingBy::Link => match link.as_deref().and_then(linked) {
                        None => Next::Nothing,
                        Some(address) => next(&Position { address: resolved(&answer, &address).into(), ..position }),
                    },
                }
            }
        };
        if !matches!(next, Next::Page(_)) && list.count.is_some() && !from.is_empty() {
            total = self.count(list, id).await?;
        }
        Ok(Sheet { items, total, next, gap })
    }

    /// All items of a list, and why they may not be all. For lists that are part of another. Where nothing says how many
    /// there are, and pages may shift meanwhile, two readings alike are the proof.
    pub(super) async fn all(&self, list: &List, id: Option<&str>) -> Result<(Vec<Json>, Option<String>), LiveError> {
        let mut before = None;
        for _ in 0..READINGS {
            let Reading { items, gap, shifting, digest } = self.once(list, id).await?;
            if gap.is_some() || !shifting || before == Some(digest) {
                return Ok((items, gap));
            }
            before = Some(digest);
        }
        let path = list.get.text.as_str();
        Ok((Vec::new(), Some(format!("{path}: the list changed each of the {READINGS} times while it was read"))))
    }

    /// One reading of a list.
    async fn once(&self, list: &List, id: Option<&str>) -> Result<Reading, LiveError> {
        let path = list.get.text.as_str();
        let mut items: Vec<Json> = Vec::new();
        let mut from = SmolStr::default();
        let (mut met, mut whole) = (HashSet::new(), Sha256::new());
        let (mut gap, mut total, mut bound) = (None, None, Bound::default());
        for page in 0..MOST_PAGES {
            let sheet = self.sheet(list, id, &from).await?;
            gap = gap.or(sheet.gap);
            total = sheet.total.or(total);
            bound.announced(sheet.total);
            let digest = digest(&sheet.items);
            whole.update(digest);
            if !sheet.items.is_empty() && !met.insert(digest) {
                return Err(unusable(path, "its pages repeat for ever"));
            }
            items.extend(sheet.items);
            let read = items.len();
            match sheet.next {
                Next::Page(next) => from = next,
                next @ (Next::Nothing | Next::NothingSeen) => {
                    let shifting = next == Next::NothingSeen && page > 0 && total.is_none();
                    let differs = total.filter(|total| *total != read as u64);
                    let short =
                        differs.map(|total| format!("{path}: the portal announced {total} and {read} were read"));
                    return Ok(Reading { items, gap: gap.or(short), shifting, digest: whole.finalize().into() });
                }
            }
            if let Some(why) = bound.passed(read) {
                gap = Some(format!("{path}: {why}"));
                break;
            }
        }
        let gap = gap.unwrap_or_else(|| format!("{path}: it has no end within {MOST_PAGES} pages"));
        Ok(Reading { items, gap: Some(gap), shifting: false, digest: whole.finalize().into() })
    }

    /// What expressions call `answer`; what cannot be it is said with the line of the manifest that asks for it.
    pub(super) fn shown_at(&self, path: &Path, answer: &Answer) -> Result<Json, LiveError> {
        self.shown(answer).map_err(|error| {
            let place = format!("the manifest names the path `{}` in {}", path.text, self.api.place_at(path.at));
            let hint = error.hint.map_or_else(|| place.clone(), |hint| format!("{hint}; {place}"));
            LiveError::new(error.message, hint)
        })
    }

    async fn first(&self, list: &List, id: Option<&str>) -> Result<Position, LiveError> {
        let first = list.paging.map_or(0, |paging| paging.first);
        let by = list.paging.map(|paging| paging.by);
        let counted = self.count(list, id).await?;
        Ok(match by {
            Some(PagingBy::Page) => Position { number: first, counted, ..Position::default() },
            _ => Position { offset: first, counted, ..Position::default() },
        })
    }

    /// How many items there are, by the request that tells that.
    async fn count(&self, list: &List, id: Option<&str>) -> Result<Option<u64>, LiveError> {
        let Some(count) = &list.count else { return Ok(None) };
        let path = count.get.text.as_str();
        let mut names = Names::default().with("page", &Api::page(0, 0, 0, ""));
        if let Some(id) = id {
            names = names.with("id", &id.into());
        }
        let address = self.api.address(&count.get, count.query.as_ref(), &names).map_err(|why| unusable(path, &why))?;
        let answer = self.read(&address).await?;
        if !answer.succeeded() {
            return Err(self.unexpected(path, &answer));
        }
        let names = Names::default().with("answer", &self.shown_at(&count.get, &answer)?);
        let number = self.number(count.value, &names);
        number.map(Some).map_err(|why| self.no_fit(count.value, path, &format!("it tells no number: {why}")))
    }

    fn items(&self, list: &List, path: &str, names: &Names) -> Result<Vec<Json>, LiveError> {
        match self.api.give(list.items, names) {
            Ok(Json::Array(items)) => Ok(items),
            other => Err(self.no_items(list.items, path, other, names)),
        }
    }

    fn number(&self, slot: Slot, names: &Names) -> Result<u64, String> {
        let given = self.api.give(slot, names).map_err(|failure| failure.message().to_owned())?;
        let number = given.as_u64().or_else(|| given.as_str()?.trim().parse().ok());
        number.ok_or_else(|| format!("`{}` gives no number", self.api.written(slot)))
    }

    /// What the next page is called; none where there is none.
    fn following(&self, slot: Option<Slot>, names: &Names, path: &str) -> Result<Option<String>, LiveError> {
        let Some(slot) = slot else { return Ok(None) };
        match self.api.give(slot, names) {
            Ok(Json::Null) | Err(super::expression::Failure::Absent(..)) => Ok(None),
            Ok(given) => match word(&given) {
                Some(word) => Ok(Some(word).filter(|word| !word.is_empty())),
                None => Err(unusable(path, &format!("`next: {}` gives no word", self.api.written(slot)))),
            },
            Err(failure) => Err(unusable(path, &format!("`next: {}`: {}", self.api.written(slot), failure.message()))),
        }
    }
}

fn next(position: &Position) -> Next {
    // A position is numbers and texts: it can always be written.
    Next::Page(serde_json::to_string(position).unwrap_or_default().into())
}

/// An address as it is seen from the answer that tells it.
fn resolved(answer: &Answer, address: &str) -> String {
    answer.url.join(address).map_or_else(|_| address.to_owned(), |url| url.to_string())
}

/// The address of the next page in `Link` headers (RFC 8288 §3).
fn linked(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(open) = rest.find('<') {
        let close = open + rest[open..].find('>')?;
        let address = &rest[open + 1..close];
        let after = &rest[close + 1..];
        let end = after.find(",<").or_else(|| after.find(", <")).unwrap_or(after.len());
        let relation = after[..end].split(';').filter_map(|parameter| parameter.trim().split_once('='));
        let relations = relation.filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
        let named =
            |value: &str| value.trim().trim_matches('"').split_whitespace().any(|one| one.eq_ignore_ascii_case("next"));
        if relations.into_iter().any(|(_, value)| named(value)) {
            return Some(address.to_owned());
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        let cases = [
            ("<https://a/x?page=2>; rel=\"next\"", Some("https://a/x?page=2")),
            (
                "<https://a/x?page=1>; rel=\"prev\", <https://a/x?p=1,2>; title=\"a\"; rel=next",
                Some("https://a/x?p=1,2"),
            ),
            ("</x?page=9>; rel=\"last next\"", Some("/x?page=9")),
            ("<https://a/x?page=9>; rel=\"last\"", None),
            ("nothing", None),
            ("<broken; rel=next", None),
        ];
        for (header, wanted) in cases {
            assert_eq!(linked(header).as_deref(), wanted, "{header}");
        }
    }
}
