//! A plan as a page.

use std::collections::HashMap;

use maud::{Markup, html};

use super::PLAN;
use super::findings::findings;
use super::matrix::matrix;
use super::routing::routing;
use super::shell::{Part, banner, blocked, offered, organisations, owner, page, unmanaged, waiting, weights};
use super::steps::steps;
use super::text::{T, at, code, pieces, who};
use crate::diagnostic::{Location, Severity};
use crate::report::review::Review;
use crate::report::words::Ink;
use crate::report::words::hands::meaning as meaning_of;
use crate::report::words::impact::{MOST_NAMES, Sentence, Topic};
use crate::report::words::plan::{INCOMPLETE, NOT_PLANNED, counts, needs, no_changes, whereabouts};
use crate::report::words::steps::lines;

/// So many sentences on one topic are open, the others are folded.
const OPEN: usize = 40;

/// The most lines of rosters behind a sentence.
const MOST_LINES: usize = 3;

/// A whole plan.
pub fn plan(review: &Review<'_>) -> String {
    let parts = [
        meaning(review),
        matrix(review, &PLAN),
        routing(review, &PLAN),
        steps(review),
        blocked(review),
        waiting(review),
        unmanaged(review),
        findings(review),
    ];
    let parts: Vec<Part> = parts.into_iter().flatten().collect();
    page(&format!("Plan for {}", review.plan.target.name), &top(review), &offered(review), &parts)
}

fn top(review: &Review<'_>) -> Markup {
    let plan = review.plan;
    let place = whereabouts(&plan.target);
    html! {
        h1 { "Plan for " (code(&plan.target.name)) }
        p {
            "What applying the rosters of " (organisations(review)) " would change on the portal " (code(&plan.target.name))
            " (" (T(&plan.target.kind)) @if !place.is_empty() { " " code { (T(place)) } } ")"
            @if let Some(actor) = &plan.actor { ", as " (code(actor)) }
            ", and what that means for people."
        }
        @if !review.sound { (banner(NOT_PLANNED)) }
        @else if plan.steps.is_empty() {
            @let (news, ink, why) = no_changes(plan);
            p class=[matches!(ink, Ink::Bad).then_some("banner")] { strong { (news) } (T(&why)) }
        }
        ul class="counts" {
            @if review.sound && !plan.steps.is_empty() {
                @for (number, word, ink) in counts(plan) { li class=[tone(ink)] { strong { (number) } " " (word) } }
            }
            (weights(review))
        }
        @if review.sound && !plan.complete { (banner(INCOMPLETE)) }
        @if review.sound && review.count(Severity::Error) > 0 { (banner("the errors below keep this plan from being applied")) }
        @if let Some(needs) = needs(plan) { p class="dim" { (T(&needs)) } }
        @if review.sound { p class="dim" { "plan " code class="digest" { (T(&plan.digest)) } } }
    }
}

fn tone(ink: Ink) -> Option<&'static str> {
    match ink {
        Ink::Add => Some("gain"),
        Ink::Change => Some("change"),
        Ink::Remove | Ink::Bad => Some("loss"),
        _ => None,
    }
}

/// What a plan means for people, a list a topic.
fn meaning(review: &Review<'_>) -> Option<Part> {
    let lines = lines(review.plan);
    let all = meaning_of(review.plan, MOST_NAMES);
    let topics = [
        (Topic::Access, "Access gained and lost"),
        (Topic::Notifications, "Notifications rerouted"),
        (Topic::Roles, "Roles changing hands"),
    ];
    (!all.is_empty()).then(|| Part {
        id: "means",
        title: "What this means".to_owned(),
        number: None,
        body: html! {
            @for (topic, title) in topics {
                @let told: Vec<_> = all.iter().filter(|(_, sentence)| sentence.topic == topic).collect();
                @let (open, folded) = told.split_at(told.len().min(OPEN));
                @if !told.is_empty() {
                    div data-group {
                        h3 { (title) }
                        ul { @for (organisation, sentence) in open { (entry(review, organisation, sentence, &lines)) } }
                        @if !folded.is_empty() {
                            details data-group {
                                summary { "and " (folded.len()) " more" }
                                ul { @for (organisation, sentence) in folded { (entry(review, organisation, sentence, &lines)) } }
                            }
                        }
                    }
                }
            }
        },
    })
}

fn entry(
    review: &Review<'_>,
    organisation: &str,
    sentence: &Sentence,
    lines: &HashMap<(&str, &str), &Location>,
) -> Markup {
    let mut places: Vec<&Location> = Vec::new();
    for location in sentence.moved.iter().filter_map(|person| lines.get(&(organisation, person.as_str()))) {
        if !places.contains(location) && places.len() < MOST_LINES {
            places.push(location);
        }
    }
    html! {
        li data-who=(who(sentence.people.iter().map(String::as_str))) {
            (owner(review, organisation)) (pieces(&sentence.pieces)) " "
            @for location in places { " " (at(location, review.web.as_ref())) }
        }
    }
}
