//! What a manifest gave when it was tried, as text.

use serde_json::{Map, Value as Json};

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::live::rest::Ability;
use crate::live::rest::probe::{Field, Looked, Tried};

/// The fields that are shown before others.
const FIRST: [&str; 6] = ["name", "givenName", "familyName", "email", "externalId", "active"];

/// The lists, what each expression gave, the first people, and what to do next.
pub fn tried(tried: &Tried, saved: Option<&str>, target: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    for looked in tried.lists.iter().filter(|looked| !style.quiet || troubled(looked)) {
        list(looked, style, &mut page);
    }
    if !style.quiet {
        page.blank();
        page.add(Para::new(0, 2).with(Ink::Plain, "what the manifest says how to do:"));
        tried.operations.iter().for_each(|ability| page.add(able(ability)));
    }
    if let Some(about) = tried.about.as_ref().filter(|_| !style.quiet) {
        page.blank();
        page.add(Para::new(0, 2).with(Ink::Plain, &format!("{}: {about}", tried.api)));
    }
    page.blank();
    if let Some(file) = saved.filter(|_| !style.quiet) {
        let what = match tried.users() {
            Some(_) => "how many there are is written to",
            None => "when it was tried is written to",
        };
        let words = format!("{what} {file}; commit it, so that a sudden emptiness is noticed");
        page.add(Para::new(0, 2).with(Ink::Plain, &words));
    }
    let next = match tried.mend() {
        None => format!("nothing was written there; next: `rosterctl plan --target {target}` shows what would change"),
        Some(what) => format!("mend first: {what}; then try again: nothing was written there"),
    };
    page.add(Para::new(0, 2).with(Ink::Plain, &next));
    page.finish()
}

/// What the manifest says how to do with a resource, and what it does not say.
fn able(ability: &Ability) -> Para {
    let mut line = Para::new(2, 4).with(Ink::Bold, ability.resource);
    match ability.can.as_slice() {
        [] => line.push(Ink::Plain, ": nothing, they can only be read"),
        can => line.push(Ink::Plain, &format!(": {}", can.join(", "))),
    }
    if !ability.cannot.is_empty() {
        let keys: Vec<String> = ability.cannot.iter().map(|key| format!("`{key}`")).collect();
        line.push(Ink::Plain, &format!("; not {}", keys.join(", ")));
    }
    line
}

fn troubled(looked: &Looked) -> bool {
    looked.mend().is_some()
}

fn list(looked: &Looked, style: &Style, page: &mut Page<'_>) {
    page.blank();
    page.add(Para::new(0, 2).with(Ink::Bold, &looked.list).with(Ink::Plain, &format!(" at {}", looked.path)));
    if let Some(error) = &looked.error {
        page.add(Para::new(2, 4).with(Ink::Bad, "failed").with(Ink::Plain, &format!(": {error}")));
        return;
    }
    let count = match looked.items {
        1 => "1 item".to_owned(),
        items => format!("{items} items"),
    };
    let items = match looked.pages {
        Some(1) => format!("{count} on the only page"),
        Some(pages) => format!("{count} on the first of {pages} pages, which alone is looked at here"),
        None => format!("{count} on the first page, which alone is looked at here"),
    };
    page.add(Para::new(2, 4).with(Ink::Plain, &format!("{items}; {}", looked.end)));
    if !looked.end_known {
        let words = "so nobody would be removed: what is missing may only be hidden";
        page.add(Para::new(2, 4).with(Ink::Bad, words));
    }
    if looked.items == 0 {
        let words = "nothing to try the expressions on yet";
        page.add(Para::new(2, 4).with(Ink::Plain, words));
        return;
    }
    for field in &looked.fields {
        one(field, looked.items, style, page);
    }
    for lost in &looked.lost {
        page.add(Para::new(2, 4).with(if lost.fatal { Ink::Bad } else { Ink::Change }, &lost.message));
        page.add(Para::new(4, 4).with(Ink::Plain, &format!("help: {}", lost.help)));
    }
    if let Some(one) = &looked.one {
        match &one.error {
            Some(why) => page.add(Para::new(2, 4).with(Ink::Bad, "`one`").with(Ink::Plain, &format!(": {why}"))),
            None if style.verbose > 0 => {
                let words = format!("`one` at {}: shows the first of them", one.path);
                page.add(Para::new(2, 4).with(Ink::Plain, &words));
            }
            None => {}
        }
    }
    for (at, item) in looked.first.iter().enumerate().filter(|_| !style.quiet) {
        let name = if at == 0 { "first" } else { "then" };
        page.add(Para::new(2, 4).with(Ink::Plain, &format!("{name}: {}", shown(item))));
    }
}

fn one(field: &Field, items: usize, style: &Style, page: &mut Page<'_>) {
    let odd = field.failed > 0 || field.given == 0 && items > 0;
    // What works in all items is worth a line only where everything is asked for.
    if field.given == items && items > 0 && style.verbose == 0 || style.quiet && field.failed == 0 {
        return;
    }
    let mut parts = vec![format!("found in {} of {items}", field.given)];
    if field.failed > 0 {
        parts.push(format!("failed in {}", field.failed));
    }
    let mut line = Para::new(2, 4).with(if field.failed > 0 { Ink::Bad } else { Ink::Plain }, field.field);
    line.push(Ink::Plain, &format!(" ({}): {}", field.written.replace('\n', " "), parts.join(", ")));
    if let Some(why) = field.why.as_ref().filter(|_| odd) {
        line.push(Ink::Plain, &format!(": {why}"));
    }
    page.add(line);
}

/// An item on one line.
fn shown(item: &Map<String, Json>) -> String {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let words: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
            format!("[{}]", words.join(", "))
        }
        other => other.to_string(),
    };
    // Who it is comes first.
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut entries: Vec<(&String, &Json)> = item.iter().collect();
    entries.sort_by_key(|(name, _)| (rank(name), *name));
    let parts: Vec<String> = entries.iter().map(|(name, value)| format!("{name} {}", text(value))).collect();
    parts.join(", ")
}
