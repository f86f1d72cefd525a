//! A run-book to work through in a browser, which remembers what is ticked off.

use maud::{Markup, html};

use super::shell::{Part, page};
use super::text::{T, at, code, prose, who as whom};
use crate::report::runbook::{Item, Runbook};
use crate::report::web::Web;
use crate::report::words::plan::short_digest;
use crate::report::words::runbook::{NO_WAY, Said, UNDOCUMENTED, afterwards, fill, follows, who};

/// The page.
pub fn runbook(runbook: &Runbook, web: Option<&Web>) -> String {
    let plan = &runbook.plan;
    let title = format!("Run-book for {}", plan.target.name);
    let top = html! {
        h1 { (T(&title)) }
        p { "Plan " (code(short_digest(&plan.digest))) ", made " (code(&runbook.made)) ". Do the items in this order." }
        p id="ticked" role="status" {}
    };
    let several = plan.organisations.len() > 1;
    let items = Part {
        id: "items",
        title: "What to do".to_owned(),
        number: Some(runbook.items.len()),
        body: html! {
            ol class="steps runbook" data-book={ (plan.digest) " " (runbook.made) } data-group {
                @for (item, step) in runbook.items.iter().zip(&plan.steps) { (one(item, &step.key, several, web)) }
            }
            p { (prose(afterwards(runbook))) "." }
        },
    };
    let later = (!runbook.later.is_empty()).then(|| Part {
        id: "later",
        title: "Later".to_owned(),
        number: Some(runbook.later.len()),
        body: html! { ul { @for line in &runbook.later { li { (prose(line)) } } } },
    });
    let parts: Vec<Part> = std::iter::once(items).chain(later).collect();
    let mut offered: Vec<(String, String)> =
        plan.steps.iter().map(|step| (step.key.clone(), step.key.clone())).collect();
    offered.sort();
    offered.dedup();
    page(&title, &top, &offered, &parts)
}

fn one(item: &Item, key: &str, several: bool, web: Option<&Web>) -> Markup {
    let id = format!("item-{}", item.number);
    html! {
        li data-who=(whom([key, item.title.as_str()])) {
            p {
                input type="checkbox" id=(id) data-tick=(item.number);
                " "
                label for=(id) {
                    span class="number" { span class="sr" { "Item " } (item.number) } " "
                    @if several { span class="owner" { (T(&item.organisation)) } " " }
                    strong { (prose(&item.title)) }
                }
                " " @if let Some(location) = &item.location { (at(location, web)) }
            }
            ul class="fields" {
                li { "Who: " (prose(&who(item))) }
                @if let Some(after) = follows(item) { li { "After " (after) } }
                @for check in &item.before { li { "Check first: " (prose(check)) } }
                li {
                    "Choose: "
                    @if item.path.is_empty() { (prose(NO_WAY)) }
                    @for (place, word) in item.path.iter().enumerate() {
                        @if place > 0 { " → " }
                        strong { (T(word)) }
                    }
                    @if !item.path.is_empty() && !item.documented { " " span class="dim" { "(" (UNDOCUMENTED) ")" } }
                }
                @for entry in &item.fields {
                    li {
                        (T(&entry.label)) ": "
                        @for part in fill(entry) {
                            @match part { Said::Words(words) => (words), Said::Value(value) => (code(value)) }
                        }
                    }
                }
                @if let Some(finish) = &item.finish { li { "Then: " strong { (T(finish)) } } }
                @for check in &item.done { li { "See: " (prose(check)) } }
            }
            @for note in &item.notes { p class="note" { (prose(note)) } }
        }
    }
}
