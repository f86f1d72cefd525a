//! What differs between rosters and portal, by who changed it, and how to settle it.

use super::ink::{Ink, Page, Para};
use super::settling::settling;
use super::{FOLD_ABOVE, FOLD_TO, Style};
use crate::plan::base::Origins;
use crate::plan::document::Action;
use crate::report::words::drift::{CAUSES, INCOMPLETE, Told, none, says};
use crate::report::words::steps::{place, sign};
use crate::report::words::values::{count, join, value};
use crate::report::{Cause, Difference, Drift};

/// All differences, grouped by cause; `no drift` where there is none.
pub fn drift(drift: &Drift, style: &Style) -> String {
    let mut page = Page::new(style);
    let differences = &drift.differences;
    if !drift.complete {
        page.add(Para::new(0, 2).with(Ink::Bad, &format!("! {INCOMPLETE}")));
    }
    if differences.is_empty() {
        if !style.quiet {
            let (seen, good) = none(drift);
            page.add(Para::new(0, 2).with(if good { Ink::Good } else { Ink::Plain }, seen));
        }
        return page.finish();
    }
    let several = differences.iter().any(|difference| difference.organisation != differences[0].organisation);
    let mut budget = style.budget(differences.len(), FOLD_ABOVE, FOLD_TO);
    let base = drift.base.as_ref().map(Origins::of);
    let mut counts = Vec::new();
    for told in CAUSES {
        let Told { cause, heading, short, .. } = told;
        let of_cause: Vec<&Difference> = differences.iter().filter(|d| d.cause == cause).collect();
        if of_cause.is_empty() {
            continue;
        }
        counts.push(format!("{} {short}", of_cause.len()));
        let ink = if cause == Cause::NotApplied { Ink::Bold } else { Ink::Bad };
        page.heading(0, ink, heading);
        let mut folded = 0;
        for difference in of_cause {
            if difference.action != Action::Delete && budget == 0 {
                folded += 1;
                continue;
            }
            budget -= usize::from(difference.action != Action::Delete);
            one(difference, base.as_ref(), several, style, &mut page);
        }
        if folded > 0 {
            page.add(Para::new(2, 4).with(Ink::Dim, &format!("… and {folded} more (-v shows all)")));
        }
        if !style.quiet {
            page.add(Para::new(2, 4).with(Ink::Dim, told.settle(&drift.target)));
        }
    }
    page.blank();
    let mut line = Para::new(0, 2).with(Ink::Bold, "drift");
    line.push(Ink::Plain, &format!(" on {}: {}: ", drift.target.name, count(differences.len(), "difference")));
    line.push(Ink::Plain, &join(&counts, ", "));
    page.add(line);
    page.finish()
}

fn one(difference: &Difference, base: Option<&Origins<'_>>, several: bool, style: &Style, page: &mut Page<'_>) {
    let origin = base.and_then(|base| difference.origin(base));
    let (sign, ink) = sign(difference.action);
    let mut head = Para::new(2, 6).with(ink, &format!("{sign} "));
    if several {
        head.push(Ink::Plain, &format!("{}: ", difference.organisation));
    }
    head.push(Ink::Plain, &format!("{} ", difference.resource));
    head.push(Ink::Bold, &difference.key);
    if let Some(field) = &difference.field {
        head.push(Ink::Plain, &format!(", {field}"));
    }
    if let Some(location) = &difference.location {
        head.push(Ink::Dim, &format!("  {}", place(location)));
    }
    page.add(head);
    if let Some((words, ..)) = &origin {
        page.add(Para::new(6, 8).with(Ink::Plain, words));
    }
    if difference.field.is_none() {
        page.add(Para::new(6, 8).with(Ink::Plain, says(difference)));
        return settling(difference, style, page);
    }
    for (side, side_value) in [("roster: ", &difference.wanted), ("portal: ", &difference.live)] {
        let mut line = Para::new(6, 14).with(Ink::Dim, side);
        line.push(Ink::Plain, &value(side_value, style.verbose > 0));
        page.add(line);
    }
    if let Some((_, base, then)) = &origin {
        let mut line = Para::new(6, 14).with(Ink::Dim, &format!("{base}: "));
        line.push(Ink::Plain, &value(then, style.verbose > 0));
        page.add(line);
    }
    settling(difference, style, page);
}
