//! Who holds what on both sides: a table of people and the roles and groups that they hold.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Sides;
use super::folds::organisations;
use super::shell::Part;
use super::text::{T, at, code, who};
use crate::report::review::Review;
use crate::report::standing::{Held, Stand, Standing};
use crate::report::words::values::count;

/// The most columns of each kind; those in which nothing changes are left out first.
const MOST_COLUMNS: usize = 40;

/// The tables, one for each organisation in which somebody is shown.
pub(super) fn matrix(review: &Review<'_>, sides: &Sides) -> Option<Part> {
    let shown: Vec<&Standing> = review.standings.iter().filter(|one| !one.people.is_empty()).collect();
    let silent = review.standings.iter().filter(|one| one.people.is_empty()).count();
    (!shown.is_empty()).then(|| Part {
        id: "holds",
        title: "Who holds what".to_owned(),
        number: None,
        body: html! {
            (legend(sides))
            (organisations(&shown, changes, sides.still_holds, |standing| table(review, standing, sides)))
            @if silent > 0 { p class="dim" { (count(silent, "organisation")) " with nobody to show here." } }
        },
    })
}

fn changes(standing: &Standing) -> bool {
    standing.more_changed > 0 || standing.people.iter().any(Stand::changes)
}

fn legend(sides: &Sides) -> Markup {
    html! {
        ul class="legend" aria-label="Legend" {
            li { span class="cell gain" aria-hidden="true" { "+" } " " (sides.gained) }
            li { span class="cell loss" aria-hidden="true" { "−" } " " (sides.lost) }
            li { span class="cell" aria-hidden="true" { "●" } " " (sides.kept) }
        }
    }
}

/// The columns of a table: ids of roles or groups, and how many are left out.
fn columns(standing: &Standing, of: fn(&Stand) -> &Vec<Held>) -> (Vec<String>, usize) {
    let mut all: BTreeMap<&str, bool> = BTreeMap::new();
    for held in standing.people.iter().flat_map(of) {
        *all.entry(&held.id).or_default() |= held.before != held.after;
    }
    let number = all.len();
    let mut ids: Vec<(bool, &str)> = all.into_iter().map(|(id, changes)| (!changes, id)).collect();
    ids.sort_unstable();
    let kept: BTreeSet<String> = ids.into_iter().take(MOST_COLUMNS).map(|(_, id)| id.to_owned()).collect();
    (kept.into_iter().collect(), number.saturating_sub(MOST_COLUMNS))
}

fn table(review: &Review<'_>, standing: &Standing, sides: &Sides) -> Markup {
    let (roles, more_roles) = columns(standing, |person| &person.roles);
    let (groups, more_groups) = columns(standing, |person| &person.groups);
    let wide = 2 + roles.len() + groups.len();
    let left = [
        (standing.more_changed, "person", "more"),
        (standing.unchanged, "person", sides.unchanged),
        (more_roles, "role", "more"),
        (more_groups, "group", "more"),
    ];
    let left: Vec<String> = left
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, what, which)| format!("{} {which}", people(number, what)))
        .collect();
    html! {
        div data-group {
            h3 { (code(&standing.organisation)) }
            @if !left.is_empty() { p class="dim" { "Left out here: " (left.join(", ")) "." } }
            div class="scroll" tabindex="0" role="region" aria-label={ "Who holds what in " (T(&standing.organisation)) } {
                table class="matrix" {
                    caption class="sr" { "People of " (T(&standing.organisation)) ", and the roles and permission groups that they hold" }
                    thead {
                        tr {
                            th rowspan="2" scope="col" { "Person" }
                            th rowspan="2" scope="col" { "Account" }
                            @for (name, ids) in [("Roles", &roles), ("Permission groups", &groups)] {
                                @if !ids.is_empty() { th colspan=(ids.len()) scope="colgroup" class="kind" { (name) } }
                            }
                        }
                        tr { @for id in roles.iter().chain(&groups) { th scope="col" class="up" { span { (T(id)) } } } }
                    }
                    @for (section, name) in [("users", "Users: have access"), ("contacts", "Contacts: are told things, have no access")] {
                        @if standing.people.iter().any(|person| person.section == section) {
                            tbody data-group {
                                tr { th colspan=(wide) scope="rowgroup" class="section" { span { (name) } } }
                                @for person in standing.people.iter().filter(|person| person.section == section) {
                                    (row(review, person, &roles, &groups, sides))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn people(number: usize, what: &str) -> String {
    if what == "person" && number != 1 { format!("{number} people") } else { count(number, what) }
}

fn row(review: &Review<'_>, person: &Stand, roles: &[String], groups: &[String], sides: &Sides) -> Markup {
    let cells = roles.iter().map(|id| cell(&person.roles, id, sides));
    let cells = cells.chain(groups.iter().map(|id| cell(&person.groups, id, sides)));
    html! {
        tr class=[(!person.changes()).then_some("quiet")] data-who=(who([person.id.as_str(), &person.name])) {
            th scope="row" {
                code { (T(&person.id)) } " " span class="name" { (T(&person.name)) }
                @if let Some(location) = &person.location { br; (at(location, review.web.as_ref())) }
            }
            (account(person, sides))
            @for cell in cells { (cell) }
        }
    }
}

fn account(person: &Stand, sides: &Sides) -> Markup {
    match (person.before, person.after) {
        (None, after) => html! { td class="gain" { "+ " (sides.new) ", " (after.unwrap_or_default()) } },
        (Some(_), None) => html! { td class="loss" { "− " (sides.gone) } },
        (Some(before), Some(after)) if before != after => html! { td class="change" { (before) " → " (after) } },
        (Some(before), Some(_)) => html! { td { (before) } },
    }
}

fn cell(held: &[Held], id: &str, sides: &Sides) -> Markup {
    let Some(held) = held.iter().find(|held| held.id == id) else { return html! { td {} } };
    let (class, sign, word) = match (held.before, held.after) {
        (true, true) => ("cell", "●", sides.kept),
        (false, _) => ("cell gain", "+", sides.gained),
        (true, false) => ("cell loss", "−", sides.lost),
    };
    html! { td class=(class) { span aria-hidden="true" { (sign) } span class="sr" { (word) } } }
}
