//! What differs between rosters and portal, by who changed it, and how to settle it.

use super::ink::{Ink, Page, Para};
use super::settling::settling;
use super::steps::{place, sign};
use super::values::{count, join, value};
use super::{FOLD_ABOVE, FOLD_TO, Style};
use crate::diagnostic::Severity;
use crate::plan::document::Action;
use crate::report::{Cause, Difference, Drift};

/// A group of differences: its cause, what it is called, its short name in the last line, how to settle it.
const CAUSES: [(Cause, &str, &str, &str); 5] = [
    (
        Cause::Outside,
        "changed outside rosterctl",
        "changed outside rosterctl",
        "apply puts the roster back; `rosterctl accept` writes what the portal has into the roster",
    ),
    (
        Cause::NotApplied,
        "not applied yet",
        "not applied yet",
        "apply brings the portal up to date; to keep what the portal has, take the change out of the roster",
    ),
    (
        Cause::Both,
        "changed on both sides",
        "changed on both sides",
        "decide which is right: apply puts the roster's value in place; `rosterctl accept` writes the portal's into the roster",
    ),
    (
        Cause::Unknown,
        "cannot tell",
        "of unknown origin",
        "the portal keeps no record of who changed it; apply puts the roster back, `rosterctl accept` writes what the portal has into it",
    ),
    (
        Cause::Unmanaged,
        "in no roster",
        "in no roster",
        "add an entry with the same e-mail address to take it over, remove it with apply --prune, or waive the finding",
    ),
];

/// All differences, grouped by cause; `no drift` where there is none.
pub fn drift(drift: &Drift, style: &Style) -> String {
    let mut page = Page::new(style);
    let differences = &drift.differences;
    if !drift.complete {
        let text = "! the live state could not be read completely, so there may be more";
        page.add(Para::new(0, 2).with(Ink::Bad, text));
    }
    if differences.is_empty() {
        if !style.quiet {
            let errors = drift.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
            let (seen, ink) = match (drift.complete, errors) {
                (false, _) => ("no drift in what could be read", Ink::Plain),
                (true, true) => ("no drift besides what the errors name", Ink::Plain),
                (true, false) => ("no drift", Ink::Good),
            };
            page.add(Para::new(0, 2).with(ink, seen));
        }
        return page.finish();
    }
    let several = differences.iter().any(|difference| difference.organisation != differences[0].organisation);
    let mut budget = style.budget(differences.len(), FOLD_ABOVE, FOLD_TO);
    let mut counts = Vec::new();
    for (cause, heading, short, settle) in CAUSES {
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
            one(difference, several, style, &mut page);
        }
        if folded > 0 {
            page.add(Para::new(2, 4).with(Ink::Dim, &format!("… and {folded} more (-v shows all)")));
        }
        if !style.quiet {
            page.add(Para::new(2, 4).with(Ink::Dim, settle));
        }
    }
    page.blank();
    let mut line = Para::new(0, 2).with(Ink::Bold, "drift");
    line.push(Ink::Plain, &format!(" on {}: {}: ", drift.target.name, count(differences.len(), "difference")));
    line.push(Ink::Plain, &join(&counts, ", "));
    page.add(line);
    page.finish()
}

fn one(difference: &Difference, several: bool, style: &Style, page: &mut Page<'_>) {
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
    if difference.field.is_none() {
        let says = match difference.action {
            Action::Create => "in the roster, not on the portal",
            _ if difference.cause == Cause::Unmanaged => "on the portal, and no roster names it",
            Action::Delete => "on the portal, no longer in the roster",
            Action::Deactivate => "active on the portal, deactivated in the roster",
            Action::Reactivate => "deactivated on the portal, active in the roster",
            Action::Update => "not the same on the portal as in the roster",
        };
        page.add(Para::new(6, 8).with(Ink::Plain, says));
        return settling(difference, style, page);
    }
    for (side, side_value) in [("roster: ", &difference.wanted), ("portal: ", &difference.live)] {
        let mut line = Para::new(6, 14).with(Ink::Dim, side);
        line.push(Ink::Plain, &value(side_value, style));
        page.add(line);
    }
    settling(difference, style, page);
}
