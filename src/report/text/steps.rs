//! The steps of a plan, organisation by organisation, each with what it changes.

use super::ink::{Ink, Page, Para, width};
use super::{FOLD_ABOVE, FOLD_TO, Style};
use crate::plan::document::{Action, Change, PlanDocument, Step};
use crate::report::words::steps::{self as words, Difference, grouped, name, place, sign, weighty};
use crate::report::words::values::{count, join};

/// The column of the sign of a step, and of what stands below it.
const STEP: usize = 2;
const BELOW: usize = 6;

/// Steps wider than this are not lined up with the others.
const WIDE: usize = 64;

/// The longest field name that others are lined up with.
const LONG_FIELD: usize = 24;

/// All steps; where there are many, those that only add something are folded.
pub(super) fn steps(plan: &PlanDocument, style: &Style, page: &mut Page<'_>) {
    let groups = grouped(&plan.steps, |step| &step.organisation);
    let several = plan.organisations.len() > 1 || groups.len() > 1;
    let mut budget = if style.quiet { 0 } else { style.budget(plan.steps.len(), FOLD_ABOVE, FOLD_TO) };
    let (mut elsewhere, mut organisations) = (0, 0);
    for (organisation, all) in groups {
        let (mut shown, mut folded) = (Vec::new(), Vec::new());
        for step in all {
            if weighty(step) {
                shown.push(step);
            } else if budget > 0 {
                budget -= 1;
                shown.push(step);
            } else {
                folded.push(step);
            }
        }
        if shown.is_empty() {
            elsewhere += folded.len();
            organisations += 1;
            continue;
        }
        page.blank();
        if several {
            page.add(Para::new(0, 2).with(Ink::Bold, organisation));
        }
        let heads: Vec<Para> = shown.iter().map(|step| head(step)).collect();
        let column = heads.iter().map(Para::width).filter(|wide| *wide <= WIDE).max().unwrap_or_default() + 2;
        for (step, head) in shown.iter().zip(heads) {
            one(step, head, column, style, page);
        }
        if !folded.is_empty() && !style.quiet {
            more(&kinds(&folded), page);
        }
    }
    if elsewhere > 0 && !style.quiet {
        page.blank();
        more(&format!("{} in {}", count(elsewhere, "more step"), count(organisations, "more organisation")), page);
    }
}

/// Says what was folded away.
fn more(what: &str, page: &mut Page<'_>) {
    let line = Para::new(STEP, BELOW).with(Ink::Dim, &format!("… and {what} (-v shows all)"));
    page.add(line);
}

/// How many folded steps there are, by what they do.
fn kinds(steps: &[&Step]) -> String {
    let of = |action| steps.iter().filter(|step| step.action == action).count();
    let kinds =
        [(of(Action::Create), "create"), (of(Action::Update), "update"), (of(Action::Reactivate), "reactivate")];
    let kinds: Vec<_> = kinds.into_iter().filter(|(number, _)| *number > 0).collect();
    match kinds[..] {
        [(number, word)] => format!("{number} more to {word}"),
        _ => {
            let each: Vec<String> = kinds.iter().map(|(number, word)| format!("{number} to {word}")).collect();
            format!("{} more: {}", steps.len(), join(&each, ", "))
        }
    }
}

/// The line of a step, but for its place.
fn head(step: &Step) -> Para {
    let (sign, ink) = sign(step.action);
    let mut line = Para::new(STEP, BELOW).with(ink, &format!("{sign} {}", step.action.as_str()));
    line.push(Ink::Plain, &format!(" {} ", step.resource));
    line.push(Ink::Bold, &step.key);
    if let Some(name) = name(step) {
        line.push(Ink::Plain, &format!(" ({name})"));
    }
    line
}

/// A step, and below it what it changes, what it leaves open, what else is worth knowing.
fn one(step: &Step, mut head: Para, column: usize, style: &Style, page: &mut Page<'_>) {
    if let Some(location) = &step.location {
        let place = place(location);
        if head.width() <= column && column + width(&place) <= style.width {
            head.pad(column);
        } else {
            head.push(Ink::Plain, "  ");
        }
        head.push(Ink::Dim, &place);
    }
    page.add(head);
    match step.action {
        Action::Create => summary(step, Ink::Plain, style, page),
        Action::Delete => summary(step, Ink::Dim, style, page),
        _ => fields(&step.changes, style, page),
    }
    for rule in &step.opens {
        page.add(
            Para::new(BELOW, BELOW + 2).with(Ink::Change, &format!("! opens {rule}: after this step it does not hold")),
        );
    }
    for note in step.notes.iter().filter(|_| !style.quiet) {
        page.add(Para::new(BELOW, BELOW + 2).with(Ink::Dim, note));
    }
}

/// What an object that appears or disappears is, in one line.
fn summary(step: &Step, ink: Ink, style: &Style, page: &mut Page<'_>) {
    let parts = words::summary(step, style.verbose > 0).into_iter();
    let parts: Vec<String> =
        parts.map(|(field, text)| field.map_or(text.clone(), |field| format!("{field}: {text}"))).collect();
    if !parts.is_empty() && !style.quiet {
        page.add(Para::new(BELOW, BELOW + 2).with(ink, &join(&parts, ", ")));
    }
}

/// The fields that change, one below the other, their values lined up.
fn fields(changes: &[Change], style: &Style, page: &mut Page<'_>) {
    let wide = |change: &Change| width(&change.field);
    let column = changes.iter().map(wide).filter(|wide| *wide <= LONG_FIELD).max().unwrap_or_default();
    let column = BELOW + column + 2;
    for change in changes {
        let mut line = Para::new(BELOW, BELOW + 4).with(Ink::Plain, &format!("{}:", change.field));
        line.pad(column.max(line.width() + 1));
        difference(change, style, &mut line);
        page.add(line);
    }
}

/// A value before and after; of lists also which items come and go, or only those where both lists are too long.
fn difference(change: &Change, style: &Style, line: &mut Para) {
    let Difference { from, to, list } = words::difference(change, style.verbose > 0);
    let both = format!("{from} -> {to}");
    let Some(list) = list else {
        line.push(Ink::Plain, &both);
        return;
    };
    let mut marks: Vec<(Ink, String)> = list.gained.iter().map(|item| (Ink::Add, format!("+{item}"))).collect();
    marks.extend(list.lost.iter().map(|item| (Ink::Remove, format!("-{item}"))));
    let marked: usize = marks.iter().map(|(_, mark)| width(mark) + 1).sum();
    let fits = line.width() + 1 + width(&both) + 1 + marked <= style.width || style.verbose > 0;
    if marks.is_empty() {
        let note = if list.reordered() { "  (another order)" } else { "" };
        line.push(Ink::Plain, &format!("{both}{note}"));
        return;
    }
    if fits {
        line.push(Ink::Plain, &format!("{both}  "));
    }
    for (place, (ink, mark)) in marks.into_iter().enumerate() {
        line.push(Ink::Plain, if place > 0 { " " } else { "" });
        line.push(ink, &mark);
    }
    if !fits && list.kept > 0 {
        let stay = if list.kept == 1 { "stays" } else { "stay" };
        line.push(Ink::Dim, &format!(" ({} {stay})", list.kept));
    }
}
