//! What was accepted into the rosters: the difference, what could not be accepted and why, what is left.

use super::ink::{Ink, Page, Para};
use super::{FOLD_LINES, Style};
use crate::document::record::visible;
use crate::report::accept::Acceptance;
use crate::report::words::steps::place;
use crate::report::words::values::{count, join};

/// The difference of the files, then what is worth knowing about it.
pub fn acceptance(report: &Acceptance, style: &Style) -> String {
    let mut page = Page::new(style);
    for line in report.diff.lines() {
        let ink = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Ink::Bold,
            [b'+', ..] => Ink::Add,
            [b'-', ..] => Ink::Remove,
            [b'@', ..] => Ink::Dim,
            _ => Ink::Plain,
        };
        page.verbatim(ink, &visible(line));
    }
    let notes = report.accepted.iter().filter_map(|one| Some((&one.difference, one.note.as_ref()?)));
    let notes: Vec<_> = notes.filter(|_| !style.quiet).collect();
    if !notes.is_empty() {
        page.blank();
    }
    for (difference, note) in notes {
        page.add(Para::new(0, 2).with(Ink::Bold, &difference.key).with(Ink::Plain, &format!(": {note}")));
    }
    if !report.declined.is_empty() {
        page.heading(0, Ink::Bad, "not accepted");
    }
    for declined in &report.declined {
        let mut head = Para::new(2, 6).with(Ink::Bold, &declined.item);
        if let Some(location) = &declined.location {
            head.push(Ink::Dim, &format!("  {}", place(location)));
        }
        page.add(head);
        page.add(Para::new(6, 8).with(Ink::Plain, &declined.reason));
    }
    if !report.left.is_empty() && !style.quiet {
        page.heading(0, Ink::Bold, "left as it is");
        let budget = style.budget(report.left.len(), FOLD_LINES, FOLD_LINES);
        for left in report.left.iter().take(budget) {
            page.add(Para::new(2, 6).with(Ink::Bold, &left.item).with(Ink::Plain, &format!(": {}", left.reason)));
        }
        if report.left.len() > budget {
            let more = format!("… and {} more (-v shows all)", report.left.len() - budget);
            page.add(Para::new(2, 4).with(Ink::Dim, &more));
        }
    }
    if style.quiet {
        return page.finish();
    }
    page.blank();
    for item in &report.same {
        page.add(Para::new(0, 2).with(Ink::Plain, &format!("{item} is on the portal as in the roster")));
    }
    let verb = if report.dry_run { "would accept" } else { "accepted" };
    let line = match (report.accepted.len(), report.declined.len()) {
        (0, 0) if !report.same.is_empty() => return page.finish(),
        (0, 0) => "nothing to accept".to_owned(),
        (0, _) => "nothing was accepted".to_owned(),
        (accepted, _) => format!(
            "{verb} {} from {} into {}",
            count(accepted, "difference"),
            report.target.name,
            join(&report.changed, ", ")
        ),
    };
    page.add(Para::new(0, 2).with(Ink::Plain, &line));
    page.finish()
}
