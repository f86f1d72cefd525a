//! The steps of a plan in their order, and what each changes.

use maud::{Markup, html};

use super::shell::Part;
use super::text::{T, at, code, prose, who};
use crate::plan::document::{Action, Change, Step};
use crate::report::review::Review;
use crate::report::words::steps::{difference, grouped, name, summary};
use crate::report::words::values::{count, join};

/// More steps than this are folded into lists of so many.
const OPEN: usize = 40;
const CHUNK: usize = 100;

/// The most steps that one has to wait for that are named.
const MOST_AFTER: usize = 12;

/// All steps, organisation by organisation.
pub(super) fn steps(review: &Review<'_>) -> Option<Part> {
    let all = &review.plan.steps;
    let groups = grouped(all, |step| &step.organisation);
    let several = review.plan.organisations.len() > 1;
    let folds = all.len() > OPEN;
    (!all.is_empty()).then(|| Part {
        id: "steps",
        title: "What it does".to_owned(),
        number: Some(all.len()),
        body: html! {
            p { "In this order, so that nothing is missing on the way. A step waits for those that it names." }
            @for (organisation, steps) in groups {
                div data-group {
                    @if several { h3 { (code(organisation)) } }
                    @for chunk in steps.chunks(if folds { CHUNK } else { OPEN }) {
                        @if folds {
                            details data-group { summary { (told(chunk)) } (list(review, chunk)) }
                        } @else { (list(review, chunk)) }
                    }
                }
            }
        },
    })
}

/// What a folded list holds.
fn told(steps: &[&Step]) -> String {
    let kinds = [Action::Create, Action::Update, Action::Deactivate, Action::Reactivate, Action::Delete];
    let of = |action| steps.iter().filter(|step| step.action == action).count();
    let kinds = kinds.into_iter().map(|action| (of(action), action)).filter(|(number, _)| *number > 0);
    let kinds: Vec<String> = kinds.map(|(number, action)| format!("{number} to {}", action.as_str())).collect();
    let number = |step: Option<&&Step>| step.map(|step| step.id).unwrap_or_default();
    format!("Steps {} to {}: {}", number(steps.first()), number(steps.last()), join(&kinds, ", "))
}

fn list(review: &Review<'_>, steps: &[&Step]) -> Markup {
    html! { ol class="steps" { @for step in steps { (one(review, step)) } } }
}

fn one(review: &Review<'_>, step: &Step) -> Markup {
    let (class, sign) = match step.action {
        Action::Create | Action::Reactivate => ("badge gain", "+ "),
        Action::Update => ("badge change", "~ "),
        Action::Deactivate | Action::Delete => ("badge loss", "− "),
    };
    let fields = if matches!(step.action, Action::Create | Action::Delete) { &[] } else { &step.changes[..] };
    let parts = summary(step, false);
    html! {
        li id={ "step-" (step.id) } data-who=(who([step.key.as_str(), name(step).unwrap_or_default()])) {
            p {
                span class="number" { span class="sr" { "Step " } (step.id) } " "
                strong class=(class) { span aria-hidden="true" { (sign) } (step.action.as_str()) } " "
                (step.resource.to_string()) " " strong { (code(&step.key)) }
                @if let Some(name) = name(step) { " " (T(name)) }
                " " @if let Some(location) = &step.location { (at(location, review.web.as_ref())) }
            }
            @if !parts.is_empty() || !fields.is_empty() {
                ul class="fields" {
                    @for (field, value) in &parts {
                        li { @if let Some(field) = field { (T(field)) ": " } (code(value)) }
                    }
                    @for change in fields { li { (changed(change)) } }
                }
            }
            @for rule in &step.opens { p class="note" { strong class="change" { "! opens " } (code(rule)) ": after this step it does not hold" } }
            @for note in &step.notes { p class="note" { (prose(note)) } }
            @if !step.after.is_empty() {
                p class="note" {
                    "after "
                    @for (place, before) in step.after.iter().take(MOST_AFTER).enumerate() {
                        @if place > 0 { ", " }
                        a href={ "#step-" (before) } { "step " (before) }
                    }
                    @let more = step.after.len().saturating_sub(MOST_AFTER);
                    @if more > 0 { " and " (count(more, "more step")) }
                }
            }
        }
    }
}

/// A field before and after; of lists also what comes and goes.
fn changed(change: &Change) -> Markup {
    let difference = difference(change, false);
    html! {
        (T(&change.field)) ": " (code(&difference.from)) " → " (code(&difference.to))
        @if let Some(list) = &difference.list {
            @for item in &list.gained { " " span class="mark gain" { "+ " (T(item)) } }
            @for item in &list.lost { " " span class="mark loss" { "− " (T(item)) } }
            @if list.reordered() { span class="dim" { " (another order)" } }
        }
    }
}
