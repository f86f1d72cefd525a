//! Drift as a page: what differs, on whose side, how to settle it.

use maud::{Markup, html};

use super::DRIFT;
use super::findings::findings;
use super::matrix::matrix;
use super::routing::routing;
use super::shell::{Part, banner, offered, organisations, owner, page, waiting, weights};
use super::text::{T, at, code, pieces, prose, who};
use crate::plan::base::Origins;
use crate::plan::document::Action;
use crate::report::review::Review;
use crate::report::words::drift::{CAUSES, INCOMPLETE, NOT_COMPARED, Told, none, says};
use crate::report::words::plan::whereabouts;
use crate::report::words::settling::{accept, since};
use crate::report::words::values::{capital, value};
use crate::report::{Cause, Difference, Drift};

/// More differences of one cause than this are folded.
const OPEN: usize = 60;

/// All differences.
pub fn drift(review: &Review<'_>, drift: &Drift) -> String {
    let base = drift.base.as_ref().map(Origins::of);
    let mut parts: Vec<Part> = CAUSES.iter().filter_map(|told| cause(review, drift, base.as_ref(), told)).collect();
    parts.extend(
        [matrix(review, &DRIFT), routing(review, &DRIFT), waiting(review), findings(review)].into_iter().flatten(),
    );
    page(&format!("Drift on {}", drift.target.name), &top(review, drift), &offered(review), &parts)
}

fn top(review: &Review<'_>, drift: &Drift) -> Markup {
    let place = whereabouts(&drift.target);
    let of = |cause| drift.differences.iter().filter(|difference| difference.cause == cause).count();
    html! {
        h1 { "Drift on " (code(&drift.target.name)) }
        p {
            "How the portal " (code(&drift.target.name)) " (" (T(&drift.target.kind)) @if !place.is_empty() { " " code { (T(place)) } } ")"
            " differs from the rosters of " (organisations(review)) "."
        }
        @if !review.sound { (banner(NOT_COMPARED)) }
        @else if drift.differences.is_empty() { p { strong { (capital(none(drift).0)) } "." } }
        ul class="counts" {
            @for told in CAUSES { @if of(told.cause) > 0 {
                li class=(if told.cause == Cause::NotApplied { "change" } else { "loss" }) { strong { (of(told.cause)) } " " (told.short) }
            } }
            (weights(review))
        }
        @if review.sound && !drift.complete { (banner(INCOMPLETE)) }
    }
}

fn cause(review: &Review<'_>, drift: &Drift, base: Option<&Origins<'_>>, told: &Told) -> Option<Part> {
    let all: Vec<&Difference> = drift.differences.iter().filter(|one| one.cause == told.cause).collect();
    let (open, folded) = all.split_at(all.len().min(OPEN));
    (!all.is_empty()).then(|| Part {
        id: told.cause.as_str(),
        title: told.title(),
        number: Some(all.len()),
        body: html! {
            p { (prose(&capital(told.settle(&drift.target)))) "." }
            ul class="steps" data-group { @for difference in open { (one(review, base, difference)) } }
            @if !folded.is_empty() {
                details data-group {
                    summary { "and " (folded.len()) " more" }
                    ul class="steps" { @for difference in folded { (one(review, base, difference)) } }
                }
            }
        },
    })
}

fn one(review: &Review<'_>, base: Option<&Origins<'_>>, difference: &Difference) -> Markup {
    let (class, sign) = match difference.action {
        Action::Create | Action::Reactivate => ("badge gain", "+"),
        Action::Update => ("badge change", "~"),
        Action::Deactivate | Action::Delete => ("badge loss", "−"),
    };
    html! {
        li data-who=(who([difference.key.as_str()])) {
            p {
                span class=(class) aria-hidden="true" { (sign) } " " (owner(review, &difference.organisation))
                (difference.resource.to_string()) " " strong { (code(&difference.key)) }
                @if let Some(field) = &difference.field { ", " (T(field)) }
                " " @if let Some(location) = &difference.location { (at(location, review.web.as_ref())) }
            }
            ul class="fields" {
                @if difference.field.is_none() { li { (says(difference)) } }
                @else {
                    li { "roster: " (code(&value(&difference.wanted, false))) }
                    li { "portal: " (code(&value(&difference.live, false))) }
                }
                @if let Some((words, revision, then)) = base.and_then(|base| difference.origin(base)) {
                    li { (code(revision)) ": " (code(&value(then, false))) "; " (words) }
                }
                @if let Some(said) = since(difference) { li { (pieces(&said)) } }
                @if let Some(said) = accept(difference, |_| true) { li { (pieces(&said)) } }
            }
        }
    }
}
