//! What every page has: head, contents, filter, and the policy that lets nothing in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::text::{T, at, pieces, prose, who};
use crate::diagnostic::Severity;
use crate::document::record::deceptive;
use crate::report::review::Review;
use crate::report::words::values::capital;
use crate::report::words::{Ink, listed};

/// How pages look.
const STYLE: &str = include_str!("page.css");

/// What pages do where scripts run: filter by person, open everything for the printer.
const SCRIPT: &str = include_str!("page.js");

/// The most names that the filter offers; it finds the others as well.
const MOST_OFFERED: usize = 2_000;

/// A part of a page.
pub(super) struct Part {
    /// Its name in addresses.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: String,
    /// How many entries it has, where that says something.
    pub(super) number: Option<usize>,
    /// What is in it.
    pub(super) body: Markup,
}

/// A page: title, what stands at its top, its parts.
pub(super) fn page(title: &str, top: &Markup, offered: &[(String, String)], parts: &[Part]) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (T(title)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header { (top) }
                nav aria-label="Contents" {
                    ul {
                        @for part in parts {
                            li { a href={ "#" (part.id) } { (part.title) @if let Some(number) = part.number { " (" (number) ")" } } }
                        }
                    }
                }
                form id="filter" role="search" hidden {
                    label for="who" { "Show only what concerns" }
                    input id="who" type="search" list="people" autocomplete="off" placeholder="a person";
                    datalist id="people" {
                        @for (id, name) in offered.iter().take(MOST_OFFERED) { option value=(T(id)) { (T(name)) } }
                    }
                    button type="reset" { "Show all" }
                    p id="found" role="status" {}
                }
                main id="main" tabindex="-1" {
                    @for part in parts {
                        section id=(part.id) aria-labelledby={ (part.id) "-title" } {
                            h2 id={ (part.id) "-title" } { (part.title) }
                            (part.body)
                        }
                    }
                }
                footer { p { "Made by rosterctl " (env!("CARGO_PKG_VERSION")) ". This page holds everything that it shows." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    sealed(page.into_string())
}

/// The last net: no character that hides or steers gets through, whatever a template does.
fn sealed(page: String) -> String {
    let hides = |c: char| c != '\n' && deceptive(c);
    if !page.contains(hides) {
        return page;
    }
    page.chars().flat_map(|c| if hides(c) { c.escape_unicode().collect::<Vec<char>>() } else { vec![c] }).collect()
}

/// The people whom the filter offers: ids and names, each once.
pub(super) fn offered(review: &Review<'_>) -> Vec<(String, String)> {
    let people = review.standings.iter().flat_map(|standing| &standing.people);
    let mut people: Vec<_> = people.map(|person| (person.id.clone(), person.name.clone())).collect();
    people.sort();
    people.dedup_by(|a, b| a.0 == b.0);
    people
}

/// The organisations in words.
pub(super) fn organisations(review: &Review<'_>) -> Markup {
    pieces(&listed(&review.plan.organisations, 6, Ink::Plain))
}

/// How many findings of weight there are.
pub(super) fn weights(review: &Review<'_>) -> Markup {
    let kinds = [(Severity::Error, "error", "loss"), (Severity::Warning, "warning", "change")];
    let number = |severity| review.count(severity);
    html! {
        @for (severity, word, class) in kinds {
            @if number(severity) > 0 {
                li class=(class) { strong { (number(severity)) } " " (word) @if number(severity) != 1 { "s" } }
            }
        }
    }
}

/// The part of people of whom the portal waits for something.
pub(super) fn waiting(review: &Review<'_>) -> Option<Part> {
    let all = &review.plan.waiting;
    (!all.is_empty()).then(|| Part {
        id: "waiting",
        title: "Waiting for people".to_owned(),
        number: Some(all.len()),
        body: html! {
            ul data-group {
                @for one in all {
                    li data-who=(who([one.person.as_str()])) {
                        (owner(review, &one.organisation)) strong { code { (T(&one.person)) } } ": " (prose(&one.reason))
                    }
                }
            }
        },
    })
}

/// The part of what no roster names.
pub(super) fn unmanaged(review: &Review<'_>) -> Option<Part> {
    let all = &review.plan.unmanaged;
    (!all.is_empty()).then(|| Part {
        id: "unmanaged",
        title: "In no roster".to_owned(),
        number: Some(all.len()),
        body: html! {
            p { "These are left as they are; " code { "--prune" } " would remove them." }
            ul data-group {
                @for one in all {
                    li data-who=(who([one.handle.as_str(), &one.name, one.email.as_deref().unwrap_or_default()])) {
                        (owner(review, &one.organisation)) (one.resource.to_string()) " "
                        strong { (T(if one.name.is_empty() { &one.handle } else { &one.name })) }
                        @if let Some(email) = &one.email { ", " code { (T(email)) } }
                        @if !one.name.is_empty() { ", " code class="dim" { (T(&one.handle)) } }
                    }
                }
            }
        },
    })
}

/// The part of steps that may not be taken.
pub(super) fn blocked(review: &Review<'_>) -> Option<Part> {
    let all = &review.plan.blocked;
    (!all.is_empty()).then(|| Part {
        id: "held-back",
        title: "Held back".to_owned(),
        number: Some(all.len()),
        body: html! {
            ul data-group {
                @for one in all {
                    @let step = &one.step;
                    li data-who=(who([step.key.as_str()])) {
                        (owner(review, &step.organisation)) (step.action.as_str()) " " (step.resource.to_string()) " "
                        strong { code { (T(&step.key)) } } " "
                        @if let Some(location) = &step.location { (at(location, review.web.as_ref())) }
                        br; (prose(&one.message)) " " code class="dim" { (T(&one.rule)) }
                    }
                }
            }
        },
    })
}

/// Of whom a line speaks, where that needs saying.
pub(super) fn owner(review: &Review<'_>, organisation: &str) -> Markup {
    html! { @if review.plan.organisations.len() > 1 { span class="owner" { (T(organisation)) } " " } }
}

/// Said in a frame of its own.
pub(super) fn banner(text: &str) -> Markup {
    html! { p class="banner" { strong { (capital(text)) "." } } }
}
