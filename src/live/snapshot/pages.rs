//! Whether a file is one page of several, as it comes from an API: then it is not all.

use serde_json::{Map, Value as Json};

use super::cell::shown;
use super::grid::Grid;
use super::nested::Strange;
use super::words::{NO, fold};
use crate::diagnostic::{Diagnostic, Severity, push_pointer};
use crate::document::record::visible;
use crate::live::Live;

/// Keys that name the next page, as they are compared: `@odata.nextLink`, `next_cursor`.
const NEXT: &[&str] = &[
    "next",
    "nextlink",
    "odatanextlink",
    "nexturl",
    "nexthref",
    "nextpage",
    "nextpageurl",
    "nextpagetoken",
    "nextpagelink",
    "nexttoken",
    "nextcursor",
    "nextoffset",
    "continuation",
    "continuationtoken",
];
/// Keys that say whether there are more.
const MORE: &[&str] = &["hasmore", "hasnext", "hasnextpage", "more", "moreavailable", "truncated", "istruncated"];
/// Keys that say whether this is the last page.
const LAST: &[&str] = &["last", "islast", "islastpage", "lastpage", "complete"];
/// Keys that say how many entries there are on all pages.
const TOTAL: &[&str] = &[
    "total",
    "totalcount",
    "totalresults",
    "totalitems",
    "totalelements",
    "totalrecords",
    "totalrows",
    "totalsize",
    "odatacount",
    "count",
];
/// Keys that say how many pages there are.
const PAGES: &[&str] = &["totalpages", "pagecount", "numpages", "pages"];
/// Keys of objects in which such keys stand.
const AROUND: &[&str] = &["meta", "metadata", "page", "pageinfo", "paging", "pagination", "links", "cursor"];

/// Keys that name the page before this one.
const BEFORE: &[&str] = &[
    "prev",
    "previous",
    "prevlink",
    "previouslink",
    "odataprevlink",
    "prevurl",
    "previousurl",
    "prevpage",
    "previouspage",
    "prevpageurl",
    "previouspageurl",
    "prevpagetoken",
    "prevcursor",
    "previouscursor",
    "hasprev",
    "hasprevious",
    "hasprevpage",
    "haspreviouspage",
];
/// Keys that say which page this is, counted from 0 or from 1.
const PAGE: &[&str] = &["page", "currentpage", "pagenumber", "pageno", "pageindex"];
/// The same, in an object about pages only.
const PAGE_WITHIN: &[&str] = &["number", "current"];
/// Keys that say how many entries stand before the first one.
const OFFSET: &[&str] = &["offset", "skip", "startat"];
/// Keys that say which entry is the first one, counted from 1 (RFC 7644 §3.4.2.4).
const START: &[&str] = &["startindex"];
/// Keys that tell of what went wrong.
const ERROR: &[&str] = &["error", "errors"];

/// Why a list is not all there is, or not known to be.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// What says so.
    pub why: Option<Why>,
    /// Entries of which nobody knows who they are.
    pub strange: Vec<Strange>,
}

/// What says that a list is not all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is one page of several.
    Page(String),
    /// It came with an error.
    Failed(String),
}

impl Part {
    /// What there is to say of a list, where there is anything.
    pub fn of(why: Option<Why>, strange: Vec<Strange>) -> Option<Part> {
        (why.is_some() || !strange.is_empty()).then_some(Part { why, strange })
    }

    /// Says it: nobody is removed on such a list, and nobody created where it is of people.
    pub fn tell(&self, grid: &Grid, of_groups: bool, live: &mut Live) {
        self.strange.iter().for_each(|strange| strange.tell(grid, of_groups, live));
        let Some(why) = &self.why else { return };
        live.partial |= !of_groups;
        let shown = visible(&grid.shown);
        let nothing = if of_groups { "nothing is removed" } else { "nobody is removed or created" };
        let (message, gap, cure) = match why {
            Why::Page(why) => (
                format!("the snapshot `{shown}` is one page of several: {why}"),
                format!("`{shown}` is one page of several"),
                "export all pages into one list, or take that key out where the list is all there is",
            ),
            Why::Failed(why) => (
                format!("the snapshot `{shown}` came with an error, so it may not be all: {why}"),
                format!("`{shown}` came with an error"),
                "export it again, or take that key out where the list is all there is",
            ),
        };
        let help = format!("{cure}; {nothing} on a part");
        live.findings.push(Diagnostic::new("snapshot/one-page", Severity::Warning, message).help(help));
        live.gaps.push(gap);
    }
}

/// Whether a key of a document tells of errors.
pub fn of_errors(key: &str) -> bool {
    ERROR.contains(&fold(key).as_str())
}

/// What says that the list at a pointer, with so many entries, is not all of it.
pub fn one_of_several(document: &Json, pointer: &str, entries: usize) -> Option<Why> {
    let mut place = document;
    let mut path = String::new();
    let mut tokens = pointer.split('/').skip(1);
    loop {
        if let Json::Object(fields) = place {
            let own = said(fields, &path, entries, false).map(Why::Page);
            let below = || {
                let around = fields.iter().filter(|(key, _)| AROUND.contains(&fold(key).as_str()));
                let mut around = around.filter_map(|(key, value)| Some((key, value.as_object()?)));
                around.find_map(|(key, inner)| {
                    let mut path = path.clone();
                    push_pointer(&mut path, key);
                    said(inner, &path, entries, true).map(Why::Page)
                })
            };
            if let Some(why) = own.or_else(below).or_else(|| failed(fields, &path, pointer)) {
                return Some(why);
            }
        }
        let token = tokens.next()?;
        place = place.pointer(&format!("/{token}"))?;
        path.push('/');
        path.push_str(token);
    }
}

/// The error that stands beside a list.
fn failed(fields: &Map<String, Json>, path: &str, list: &str) -> Option<Why> {
    fields.iter().filter(|(key, _)| of_errors(key)).find_map(|(key, value)| {
        let mut place = path.to_owned();
        push_pointer(&mut place, key);
        let none = match value {
            Json::Number(number) => number.as_f64() == Some(0.0),
            Json::String(text) => NO.contains(&fold(text).as_str()),
            _ => false,
        };
        let told = is_there(value) && !none && !list.starts_with(&place);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        told.then(|| Why::Failed(format!("`{place}` is `{}`", shown(&text))))
    })
}

fn said(fields: &Map<String, Json>, path: &str, entries: usize, within: bool) -> Option<String> {
    fields.iter().find_map(|(key, value)| {
        let word = fold(key);
        let any = |list: &[&str]| list.contains(&word.as_str());
        let mut place = path.to_owned();
        push_pointer(&mut place, key);
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        let above = |list: &[&str], first: u64| number.filter(|number| any(list) && *number > first);
        if any(NEXT) && is_there(value) {
            return Some(format!("`{place}` names another page"));
        }
        if any(BEFORE) && is_there(value) && number != Some(0) {
            return Some(format!("`{place}` tells of a page before it"));
        }
        if word == "cursor" && !value.is_object() && is_there(value) && number != Some(0) {
            return Some(format!("`{place}` marks where another page begins"));
        }
        if any(MORE) && *value == Json::Bool(true) || any(LAST) && *value == Json::Bool(false) {
            return Some(format!("`{place}` is {value}"));
        }
        if let Some(total) = above(TOTAL, entries as u64) {
            return Some(format!("`{place}` is {total}, and it has {entries}"));
        }
        let page = above(PAGE, 1).or_else(|| above(PAGE_WITHIN, 1).filter(|_| within));
        let late = page.or_else(|| above(OFFSET, 0)).or_else(|| above(START, 1));
        if let Some(late) = late {
            return Some(format!("`{place}` is {late}, so it is not the first page"));
        }
        Some(format!("`{place}` is {}", above(PAGES, 1)?))
    })
}

/// Whether the name of a page is one.
fn is_there(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::String(text) => !text.trim().is_empty(),
        Json::Object(fields) => fields.values().any(is_there),
        Json::Array(items) => items.iter().any(is_there),
        Json::Bool(true) | Json::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_known_by_what_they_say_of_others() {
        let pages = [
            (r#"{"value": [1, 2], "@odata.nextLink": "https://x/?$skip=2"}"#, "/value", "`/@odata.nextLink` names"),
            (r#"{"items": [1, 2], "meta": {"total": 3}}"#, "/items", "`/meta/total` is 3, and it has 2"),
            (r#"{"Resources": [1, 2], "totalResults": "7"}"#, "/Resources", "`/totalResults` is 7"),
            (r#"{"data": {"users": [1, 2], "has_more": true}}"#, "/data/users", "`/data/has_more` is true"),
            (r#"{"content": [1, 2], "last": false}"#, "/content", "`/last` is false"),
            (r#"{"users": [1, 2], "_links": {"next": {"href": "/2"}}}"#, "/users", "`/_links/next` names"),
            (r#"{"users": [1, 2], "paging": {"totalPages": 4}}"#, "/users", "`/paging/totalPages` is 4"),
            (r#"{"users": [1, 2], "page": 2}"#, "/users", "`/page` is 2, so"),
            (r#"{"users": [1, 2], "page": {"number": 2}}"#, "/users", "`/page/number` is 2, so"),
            (r#"{"users": [1, 2], "offset": 100}"#, "/users", "`/offset` is 100, so"),
            (r#"{"users": [1, 2], "startIndex": 101}"#, "/users", "`/startIndex` is 101, so"),
            (r#"{"users": [1, 2], "prev": "/?page=1", "next": null}"#, "/users", "`/prev` tells of"),
            (r#"{"users": [1, 2], "pagination": {"page": 1, "pages": 3}}"#, "/users", "`/pagination/pages` is 3"),
            (r#"{"users": [1, 2], "cursor": "abc"}"#, "/users", "`/cursor` marks"),
            (r#"{"users": [1, 2], "error": "timeout"}"#, "/users", "`/error` is `timeout`"),
            (r#"{"users": [1, 2], "errors": [{"code": 7}]}"#, "/users", "`/errors` is `[{"),
        ];
        for (text, pointer, says) in pages {
            let why = one_of_several(&serde_json::from_str(text).unwrap(), pointer, 2);
            let why = match why.unwrap_or_else(|| panic!("{text}")) {
                Why::Page(why) | Why::Failed(why) => why,
            };
            assert!(why.starts_with(says), "{text}: {why}");
        }
        let whole = [
            (r#"{"value": [1, 2], "@odata.nextLink": null, "@odata.count": 2}"#, "/value"),
            (r#"{"items": [1, 2], "next": "", "hasMore": false, "last": true, "totalPages": 1}"#, "/items"),
            (r#"{"items": [1, 2], "_links": {"next": {"href": ""}}, "total": 2}"#, "/items"),
            (r#"[{"total": 7}, {"next": "x"}]"#, ""),
            (r#"{"items": [1, 2], "page": 1, "pages": 1, "startIndex": 1, "offset": 0, "next": null}"#, "/items"),
            (r#"{"items": [1, 2], "errors": [], "error": null, "prev": null, "cursor": ""}"#, "/items"),
            (r#"{"items": [1, 2], "error": false, "errors": 0, "cursor": {"next": null}, "number": 7}"#, "/items"),
            (r#"{"errors": [1, 2], "page": 0}"#, "/errors"),
        ];
        for (text, pointer) in whole {
            assert_eq!(one_of_several(&serde_json::from_str(text).unwrap(), pointer, 2), None, "{text}");
        }
    }
}
