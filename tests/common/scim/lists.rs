//! Lists: filters and pages.

use serde_json::{Value as Json, json};

use super::portal::{Call, Portal};
use super::quirks::{Filter, Pages, Totals};
use super::reply::{Fault, Reply};
use super::resource::{Kind, Resource};

/// A list of resources (RFC 7644 §3.4.2).
pub fn list(portal: &Portal, kind: Kind, call: &Call<'_>) -> Result<Reply, Fault> {
    let quirks = &portal.quirks;
    if quirks.refuses_count && call.query("count").is_some() {
        return Err(Fault::new(500, "", "str is no int"));
    }
    let all: Vec<&Resource> = portal.all[kind as usize].iter().collect();
    let found = match call.query("filter") {
        None => all,
        Some(filter) => filtered(portal, &all, filter)?,
    };
    let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
    let count = number("count").unwrap_or(quirks.page_size).min(quirks.page_size);
    let count = if quirks.refuses_count { found.len() } else { count };
    let (from, cursor) = match quirks.pages {
        Pages::Cursor => {
            let Some(cursor) = call.query("cursor") else {
                return Err(Fault::new(501, "", "pages are by cursor only"));
            };
            let from = cursor.strip_prefix("after ").and_then(|text| text.parse().ok()).unwrap_or(0);
            (from, Some(from + count).filter(|next| *next < found.len()))
        }
        Pages::First => (0, None),
        _ => (number("startIndex").unwrap_or(1).max(1) - 1, None),
    };
    let rest = found.get(from..).unwrap_or_default();
    let mut page: Vec<Json> =
        rest.iter().take(count).map(|one| portal.view(kind, one, call.query("attributes"), false)).collect();
    if page.is_empty() && quirks.pages == Pages::PastTheEnd {
        let last = found.iter().rev().take(count);
        page = last.map(|one| portal.view(kind, one, None, false)).collect();
    }
    if page.is_empty() && quirks.pages == Pages::Invented && kind == Kind::User {
        let somebody = |at: usize| json!({ "id": format!("nobody-{at}"), "userName": format!("nobody-{at}") });
        page = (from..from + count).map(somebody).collect();
    }
    let total = match quirks.totals {
        Totals::Right => Some(found.len()),
        Totals::TooLow => Some(found.len() / 2),
        Totals::TooHigh => Some(found.len() + 3),
        Totals::Unsaid => None,
    };
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "startIndex": from + 1,
        "itemsPerPage": page.len(),
        "Resources": page,
    });
    if let Some(total) = total {
        body["totalResults"] = total.into();
    }
    if let Some(next) = cursor {
        body["nextCursor"] = format!("after {next}").into();
    }
    Ok(Reply::json(200, &body))
}

/// What an equality filter finds; no other filter is known.
fn filtered<'r>(portal: &Portal, all: &[&'r Resource], filter: &str) -> Result<Vec<&'r Resource>, Fault> {
    let quirks = &portal.quirks;
    match quirks.filter {
        Filter::Ignored => return Ok(all.to_vec()),
        Filter::Nobody => return Ok(Vec::new()),
        Filter::Refused => return Err(Fault::new(400, "invalidFilter", "there are no filters here")),
        Filter::Works | Filter::NoEscapes => {}
    }
    let parts = filter.split_once(" eq ");
    let parts = parts.and_then(|(name, value)| Some((name, serde_json::from_str::<String>(value).ok()?, value)));
    let Some((name, value, quoted)) = parts else {
        return Err(Fault::new(400, "invalidFilter", filter));
    };
    if quirks.filter == Filter::NoEscapes && quoted.contains('\\') {
        return Ok(Vec::new());
    }
    let exact = name == "externalId" || quirks.case_sensitive;
    let is = |text: &str| if exact { text == value } else { text.eq_ignore_ascii_case(&value) };
    Ok(all.iter().copied().filter(|one| one.body.contains_key(name) && is(one.text(name))).collect())
}
