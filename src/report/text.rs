//! Reports for people: snippets with carets, steps with their changes, sentences. Everything is returned as text;
//! nothing here prints.
//!
//! Text from files and portals is cleaned on its way into a page, so that no name or message can steer a terminal.

mod accept;
mod audit;
mod drift;
mod impact;
mod ink;
mod outcome;
mod plan;
mod probed;
mod proposed;
mod runbook;
mod settling;
mod snippet;
mod steps;
#[cfg(test)]
mod tests;
mod tried;
mod who;
mod window;

pub use accept::acceptance;
pub use audit::audit;
pub use drift::drift;
pub(in crate::report) use ink::columns;
pub use outcome::outcome;
pub use plan::plan;
pub use probed::probed;
pub use proposed::proposed;
pub use runbook::{checked, runbook};
pub use snippet::findings;
pub use tried::tried;
pub use who::{portraits, replies};

use super::Validation;
use super::words::values::{count, join};
use crate::diagnostic::Diagnostic;
use crate::document::Sources;
use ink::{Ink, Page, Para};

/// How much of a report to show, and on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour with ANSI escape sequences.
    pub color: bool,
    /// The width of the terminal in columns.
    pub width: usize,
    /// Whether the width is that of a terminal, or asked for. Elsewhere the first lines of findings stay whole, so that
    /// a search finds them.
    pub fitted: bool,
    /// How much more than usual to show; anything above 0 folds nothing away.
    pub verbose: u8,
    /// Whether to show only what may hurt.
    pub quiet: bool,
}

/// Lists longer than this are folded, unless everything is asked for.
const FOLD_ABOVE: usize = 60;

/// What is left of a folded list.
const FOLD_TO: usize = 40;

/// Sentences and names beyond this many are folded, unless everything is asked for.
const FOLD_LINES: usize = 30;

impl Style {
    /// How many of `total` entries to show in a list that folds above `above` entries, down to `to`.
    fn budget(&self, total: usize, above: usize, to: usize) -> usize {
        if self.verbose > 0 || total <= above { usize::MAX } else { to }
    }
}

/// A paragraph wrapped to the width, its first line indented by `indent` and the others by `hang` columns.
pub fn paragraph(text: &str, indent: usize, hang: usize, style: &Style) -> String {
    let mut page = Page::new(style);
    page.add(Para::new(indent, hang).with(Ink::Plain, text));
    page.finish()
}

/// What `validate` found: every finding with its snippet, and how much was checked in the last line.
pub fn validation(report: &Validation, diagnostics: &[Diagnostic], sources: &Sources, style: &Style) -> String {
    let mut text = findings(diagnostics, sources, style);
    if style.quiet {
        return text;
    }
    let summary = &report.summary;
    let mut checked = vec![count(summary.organisations, "organisation"), count(summary.users, "user")];
    if summary.contacts > 0 {
        checked.push(count(summary.contacts, "contact"));
    }
    let mut page = Page::new(style);
    let clean = summary.errors + summary.warnings + summary.infos == 0;
    let mut line = Para::new(0, 2);
    if clean && style.color {
        line.push(Ink::Good, "\u{2713} ");
    }
    line.push(Ink::Plain, &format!("checked {}: ", join(&checked, ", ")));
    if clean {
        line.push(Ink::Good, "no findings");
    }
    let kinds = [
        (summary.errors, "error", Ink::Bad),
        (summary.warnings, "warning", Ink::Change),
        (summary.infos, "info", Ink::Bold),
    ];
    for (place, (number, word, ink)) in kinds.into_iter().filter(|(number, ..)| *number > 0).enumerate() {
        if place > 0 {
            line.push(Ink::Plain, ", ");
        }
        line.push(ink, &count(number, word));
    }
    if let Some(base) = &report.base {
        let was_there = match base.remaining {
            0 => "none was there before".to_owned(),
            remaining => format!(
                "{} more, which {} there already",
                count(remaining, "finding"),
                if remaining == 1 { "was" } else { "were" }
            ),
        };
        let uncompared = match base.uncompared.as_slice() {
            [] => String::new(),
            [only] => format!(" (all of {only}, which is not compared)"),
            several => format!(" (all of {} organisations, which are not compared)", several.len()),
        };
        line.push(Ink::Plain, &format!(" since {}{uncompared}; {was_there}", base.revision));
        if base.mended > 0 {
            line.push(Ink::Good, &format!("; {} mended", base.mended));
        }
    }
    page.add(line);
    text.push_str(&page.finish());
    text
}
