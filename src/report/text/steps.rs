//! The steps of a plan, organisation by organisation, each with what it changes.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::ink::{Ink, Page, Para, width};
use super::values::{count, is_empty, items, join, value, without};
use super::{FOLD_ABOVE, FOLD_TO, Style};
use crate::diagnostic::Location;
use crate::plan::document::{Action, Change, PlanDocument, Step};

/// The column of the sign of a step, and of what stands below it.
const STEP: usize = 2;
const BELOW: usize = 6;

/// Steps wider than this are not lined up with the others.
const WIDE: usize = 64;

/// The longest field name that others are lined up with.
const LONG_FIELD: usize = 24;

/// The sign and the ink of an action.
pub(super) fn sign(action: Action) -> (&'static str, Ink) {
    match action {
        Action::Create | Action::Reactivate => ("+", Ink::Add),
        Action::Update => ("~", Ink::Change),
        Action::Deactivate | Action::Delete => ("-", Ink::Remove),
    }
}

/// What a step does, in a few words: `create user henry`.
pub(super) fn words(step: &Step) -> String {
    format!("{} {} {}", step.action.as_str(), step.resource, step.key)
}

/// The place in a roster, as editors open it.
pub(super) fn place(location: &Location) -> String {
    format!("{}:{}", location.path, location.line)
}

/// Entries by organisation, in the order in which organisations first appear.
pub(super) fn grouped<'e, E>(entries: &'e [E], of: impl Fn(&'e E) -> &'e String) -> IndexMap<&'e str, Vec<&'e E>> {
    let mut groups: IndexMap<&str, Vec<&E>> = IndexMap::new();
    for entry in entries {
        groups.entry(of(entry)).or_default().push(entry);
    }
    groups
}

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

/// Whether a step takes something away or breaks a rule for a while, and so is never folded.
fn weighty(step: &Step) -> bool {
    matches!(step.action, Action::Delete | Action::Deactivate) || !step.opens.is_empty()
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

/// The name of what appears or disappears. Where a name changes it is among the changes.
fn name(step: &Step) -> Option<&str> {
    let change = step.changes.iter().find(|change| change.field == "name")?;
    let name = match step.action {
        Action::Create => &change.to,
        Action::Delete => &change.from,
        _ => return None,
    };
    name.as_str().filter(|name| !name.is_empty() && *name != step.key)
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
        Action::Create => summary(step, |change| &change.to, Ink::Plain, style, page),
        Action::Delete => summary(step, |change| &change.from, Ink::Dim, style, page),
        _ => fields(&step.changes, style, page),
    }
    for rule in &step.opens {
        page.add(Para::new(BELOW, BELOW + 2).with(Ink::Change, &format!("! opens {rule}")));
    }
    for note in step.notes.iter().filter(|_| !style.quiet) {
        page.add(Para::new(BELOW, BELOW + 2).with(Ink::Dim, note));
    }
}

/// What an object that appears or disappears is, in one line: its address first, then what it may.
fn summary(step: &Step, of: fn(&Change) -> &Json, ink: Ink, style: &Style, page: &mut Page<'_>) {
    let told = |change: &&Change| {
        let minor = matches!(change.field.as_str(), "phone" | "language");
        change.field != "name" && change.field != "id" && !is_empty(of(change)) && (style.verbose > 0 || !minor)
    };
    let mut parts = Vec::new();
    for change in step.changes.iter().filter(told) {
        let text = value(of(change), style);
        let field = change.field.split_once('.').map_or(change.field.as_str(), |(_, field)| field);
        match field {
            "email" => parts.insert(0, text),
            "status" | "type" if text == "active" || text == "person" => {}
            field => parts.push(format!("{field}: {text}")),
        }
    }
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
    let both = format!("{} -> {}", value(&change.from, style), value(&change.to, style));
    let lists = items(&change.from).zip(items(&change.to));
    let Some((from, to)) = lists.filter(|_| change.from.is_array() || change.to.is_array()) else {
        line.push(Ink::Plain, &both);
        return;
    };
    let (gained, lost) = (without(&to, &from), without(&from, &to));
    let mut marks: Vec<(Ink, String)> = gained.iter().map(|item| (Ink::Add, format!("+{item}"))).collect();
    marks.extend(lost.iter().map(|item| (Ink::Remove, format!("-{item}"))));
    let marked: usize = marks.iter().map(|(_, mark)| width(mark) + 1).sum();
    let fits = line.width() + 1 + width(&both) + 1 + marked <= style.width || style.verbose > 0;
    if marks.is_empty() {
        let note = if to.len() > 1 { "  (another order)" } else { "" };
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
    let kept = to.len() - gained.len();
    if !fits && kept > 0 {
        let stay = if kept == 1 { "stays" } else { "stay" };
        line.push(Ink::Dim, &format!(" ({kept} {stay})"));
    }
}
