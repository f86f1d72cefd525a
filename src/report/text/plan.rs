//! A plan for people: what would be done, what that means, what stays as it is and why.

use super::ink::{Ink, Page, Para};
use super::{FOLD_LINES, Style, impact, steps};
use crate::plan::document::PlanDocument;
use crate::report::words::plan::{self as words, HELD_BACK, INCOMPLETE, UNMANAGED, WAITING, counts};
use crate::report::words::steps::{place, sign, words as step_words};
use crate::report::words::values::names;

/// A whole plan; its last line says how much there is of everything.
pub fn plan(plan: &PlanDocument, style: &Style) -> String {
    let mut page = Page::new(style);
    let idle = plan.steps.is_empty() && plan.blocked.is_empty();
    if idle && style.quiet && plan.complete {
        return String::new();
    }
    if !style.quiet {
        header(plan, &mut page);
    }
    if !plan.complete {
        page.blank();
        page.add(Para::new(0, 2).with(Ink::Bad, &format!("! {INCOMPLETE}")));
    }
    let several = plan.organisations.len() > 1;
    steps::steps(plan, style, &mut page);
    impact::impact(&plan.impact, several, style, &mut page);
    if !style.quiet {
        unmanaged(plan, several, style, &mut page);
        waiting(plan, several, style, &mut page);
    }
    blocked(plan, several, &mut page);
    page.blank();
    if let Some(needs) = words::needs(plan).filter(|_| !style.quiet) {
        page.add(Para::new(0, 2).with(Ink::Dim, &needs));
    }
    last_line(plan, style, &mut page);
    page.finish()
}

/// Of whom a line speaks, where that needs saying.
fn owner(organisation: &str, several: bool) -> String {
    if several { format!("{organisation}: ") } else { String::new() }
}

fn header(plan: &PlanDocument, page: &mut Page<'_>) {
    let only_says_so = plan.unmanaged.is_empty() && plan.waiting.is_empty() && plan.complete;
    if plan.steps.is_empty() && plan.blocked.is_empty() && only_says_so {
        return;
    }
    let target = &plan.target;
    let mut line = Para::new(0, 2).with(Ink::Bold, &format!("plan for {}", target.name));
    line.push(Ink::Plain, &format!(": {}", names(&plan.organisations, 6)));
    let place = words::whereabouts(target);
    let identity = if place.is_empty() { String::new() } else { format!(" {place}") };
    line.push(Ink::Dim, &format!("  ({}{identity})", target.kind));
    if let Some(actor) = &plan.actor {
        line.push(Ink::Dim, &format!(" as {actor}"));
    }
    page.add(line);
}

fn unmanaged(plan: &PlanDocument, several: bool, style: &Style, page: &mut Page<'_>) {
    if plan.unmanaged.is_empty() {
        return;
    }
    page.heading(0, Ink::Bold, UNMANAGED);
    folded(&plan.unmanaged, style, page, |thing| {
        let mut line =
            Para::new(2, 4).with(Ink::Plain, &format!("{}{} ", owner(&thing.organisation, several), thing.resource));
        line.push(Ink::Bold, if thing.name.is_empty() { &thing.handle } else { &thing.name });
        if let Some(email) = &thing.email {
            line.push(Ink::Plain, &format!(" <{email}>"));
        }
        if !thing.name.is_empty() {
            line.push(Ink::Dim, &format!("  {}", thing.handle));
        }
        line
    });
}

fn waiting(plan: &PlanDocument, several: bool, style: &Style, page: &mut Page<'_>) {
    if plan.waiting.is_empty() {
        return;
    }
    page.heading(0, Ink::Bold, WAITING);
    folded(&plan.waiting, style, page, |waiting| {
        let mut line = Para::new(2, 4).with(Ink::Plain, &owner(&waiting.organisation, several));
        line.push(Ink::Bold, &waiting.person);
        line.push(Ink::Plain, &format!(": {}", waiting.reason));
        line
    });
}

fn folded<E>(entries: &[E], style: &Style, page: &mut Page<'_>, line: impl Fn(&E) -> Para) {
    let shown = style.budget(entries.len(), FOLD_LINES, FOLD_LINES);
    entries.iter().take(shown).for_each(|entry| page.add(line(entry)));
    let rest = entries.len().saturating_sub(shown);
    if rest > 0 {
        page.add(Para::new(2, 4).with(Ink::Dim, &format!("… and {rest} more (-v shows all)")));
    }
}

fn blocked(plan: &PlanDocument, several: bool, page: &mut Page<'_>) {
    if plan.blocked.is_empty() {
        return;
    }
    page.heading(0, Ink::Bad, HELD_BACK);
    for blocked in &plan.blocked {
        let step = &blocked.step;
        let (sign, ink) = sign(step.action);
        let mut line = Para::new(2, 6).with(ink, &format!("{sign} "));
        line.push(Ink::Plain, &format!("{}{}", owner(&step.organisation, several), step_words(step)));
        if let Some(location) = &step.location {
            line.push(Ink::Dim, &format!("  {}", place(location)));
        }
        page.add(line);
        let mut why = Para::new(6, 8).with(Ink::Plain, &blocked.message);
        why.push(Ink::Dim, &format!(" [{}]", blocked.rule));
        page.add(why);
    }
}

fn last_line(plan: &PlanDocument, style: &Style, page: &mut Page<'_>) {
    if plan.steps.is_empty() {
        return page.add(no_changes(plan));
    }
    let mut line = Para::new(0, 2).with(Ink::Bold, "plan:");
    for (place, (number, word, ink)) in counts(plan).into_iter().enumerate() {
        line.push(Ink::Plain, if place > 0 { ", " } else { " " });
        line.push(ink, &format!("{number} {word}"));
    }
    line.push(Ink::Dim, &format!("  {}", short_digest(&plan.digest, style)));
    page.add(line);
}

/// As much of a digest as the style asks for.
pub(super) fn short_digest<'d>(digest: &'d str, style: &Style) -> &'d str {
    if style.verbose > 0 { digest } else { words::short_digest(digest) }
}

fn no_changes(plan: &PlanDocument) -> Para {
    let (news, ink, why) = words::no_changes(plan);
    Para::new(0, 2).with(ink, news).with(Ink::Plain, &why)
}
