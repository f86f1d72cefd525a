//! The audit trail of a portal: a line for each thing done or refused, the newest last.

use super::ink::{Ink, Page, Para, width};
use super::plan::short_digest;
use super::{FOLD_ABOVE, FOLD_TO, Style};
use crate::live::AuditRow;

/// The trail; of a long one the end, of a quiet run what was refused.
pub fn audit(trail: &[AuditRow], style: &Style) -> String {
    let mut page = Page::new(style);
    let told: Vec<&AuditRow> = trail.iter().filter(|row| !style.quiet || row.outcome != DONE).collect();
    if trail.is_empty() && !style.quiet {
        page.add(Para::new(0, 2).with(Ink::Plain, "nothing has been done here yet"));
    }
    let hidden = told.len().saturating_sub(style.budget(told.len(), FOLD_ABOVE, FOLD_TO));
    if hidden > 0 {
        page.add(Para::new(0, 2).with(Ink::Dim, &format!("… {hidden} earlier (-v shows all)")));
    }
    let several = trail.windows(2).any(|pair| pair[0].organisation != pair[1].organisation);
    let widest = |of: &dyn Fn(&AuditRow) -> usize| told[hidden..].iter().map(|row| of(row)).max().unwrap_or(0);
    let who = widest(&|row| width(&row.who)).min(WIDE);
    let plan = widest(&|row| width(digest(row, style)));
    for row in &told[hidden..] {
        let mut line = Para::new(0, 4).with(Ink::Dim, &seconds(&row.at)).with(Ink::Plain, "  ");
        let column = line.width() + 2;
        line.push(Ink::Plain, &row.who);
        line.pad(column + who + 2);
        line.push(Ink::Dim, digest(row, style));
        line.pad(column + who + 2 + plan + 2);
        let organisation = if several { format!("{}: ", row.organisation) } else { String::new() };
        line.push(
            Ink::Plain,
            &format!("{organisation}{} {} {}  ", row.action, row.resource.replace('-', " "), row.key),
        );
        line.push(if row.outcome == DONE { Ink::Good } else { Ink::Bad }, &row.outcome);
        if let Some(reason) = row.detail["reason"].as_str() {
            line.push(Ink::Plain, &format!(": {reason}"));
        }
        page.add(line);
    }
    page.finish()
}

/// The outcome of what went well.
const DONE: &str = "done";

/// Names longer than this are not lined up with the others.
const WIDE: usize = 24;

fn digest<'r>(row: &'r AuditRow, style: &Style) -> &'r str {
    if row.plan_digest.is_empty() { "no plan" } else { short_digest(&row.plan_digest, style) }
}

/// A time without the fraction of the second.
fn seconds(at: &str) -> String {
    at.split_once('.').map_or_else(|| at.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}
