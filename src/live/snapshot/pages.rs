//! Whether a file is one page of several, as it comes from an API: then it is not all.

use serde_json::{Map, Value as Json};

use super::words::fold;
use crate::diagnostic::push_pointer;

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
const PAGES: &[&str] = &["totalpages", "pagecount", "numpages"];
/// Keys of objects in which such keys stand.
const AROUND: &[&str] = &["meta", "metadata", "page", "pageinfo", "paging", "pagination", "links", "cursor"];

/// What says that the list at a pointer, with so many entries, is not all of it.
pub fn one_of_several(document: &Json, pointer: &str, entries: usize) -> Option<String> {
    let mut place = document;
    let mut path = String::new();
    let mut tokens = pointer.split('/').skip(1);
    loop {
        if let Json::Object(fields) = place {
            let own = said(fields, &path, entries);
            let below = || {
                let around = fields.iter().filter(|(key, _)| AROUND.contains(&fold(key).as_str()));
                let mut around = around.filter_map(|(key, value)| Some((key, value.as_object()?)));
                around.find_map(|(key, inner)| {
                    let mut path = path.clone();
                    push_pointer(&mut path, key);
                    said(inner, &path, entries)
                })
            };
            if let Some(why) = own.or_else(below) {
                return Some(why);
            }
        }
        let token = tokens.next()?;
        place = place.pointer(&format!("/{token}"))?;
        path.push('/');
        path.push_str(token);
    }
}

fn said(fields: &Map<String, Json>, path: &str, entries: usize) -> Option<String> {
    fields.iter().find_map(|(key, value)| {
        let word = fold(key);
        let any = |list: &[&str]| list.contains(&word.as_str());
        let mut place = path.to_owned();
        push_pointer(&mut place, key);
        let number = || value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        if any(NEXT) && is_there(value) {
            return Some(format!("`{place}` names another page"));
        }
        if any(MORE) && *value == Json::Bool(true) || any(LAST) && *value == Json::Bool(false) {
            return Some(format!("`{place}` is {value}"));
        }
        let total = number().filter(|total| any(TOTAL) && *total > entries as u64);
        if let Some(total) = total {
            return Some(format!("`{place}` is {total}, and it has {entries}"));
        }
        let pages = number().filter(|pages| any(PAGES) && *pages > 1)?;
        Some(format!("`{place}` is {pages}"))
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
        ];
        for (text, pointer, says) in pages {
            let why = one_of_several(&serde_json::from_str(text).unwrap(), pointer, 2).unwrap_or_default();
            assert!(why.starts_with(says), "{text}: {why}");
        }
        let whole = [
            (r#"{"value": [1, 2], "@odata.nextLink": null, "@odata.count": 2}"#, "/value"),
            (r#"{"items": [1, 2], "next": "", "hasMore": false, "last": true, "totalPages": 1}"#, "/items"),
            (r#"{"items": [1, 2], "_links": {"next": {"href": ""}}, "total": 2}"#, "/items"),
            (r#"[{"total": 7}, {"next": "x"}]"#, ""),
        ];
        for (text, pointer) in whole {
            assert_eq!(one_of_several(&serde_json::from_str(text).unwrap(), pointer, 2), None, "{text}");
        }
    }
}
