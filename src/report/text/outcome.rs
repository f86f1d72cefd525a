//! How an apply went: what failed and why, what was not tried, how much was done.

use std::collections::HashMap;

use super::ink::{Ink, Page, Para};
use super::{FOLD_ABOVE, FOLD_TO, Style};
use crate::plan::document::Step;
use crate::report::words::steps::words;
use crate::report::words::values::{count, join};
use crate::report::{Outcome, StepResult};

/// The steps that were not carried out, and in the last line how many were.
pub fn outcome(outcome: &Outcome, style: &Style) -> String {
    let mut page = Page::new(style);
    let of = |result| outcome.steps.iter().filter(|step| step.result == result).count();
    let (done, failed, left) = (of(StepResult::Done), of(StepResult::Failed), of(StepResult::NotAttempted));
    let steps: HashMap<u32, &Step> = outcome.plan.steps.iter().map(|step| (step.id, step)).collect();
    let several = outcome.plan.organisations.len() > 1;
    let mut budget = style.budget(left, FOLD_ABOVE, FOLD_TO);
    for step in &outcome.steps {
        let (sign, ink, how) = match step.result {
            StepResult::Failed => ("x", Ink::Bad, "failed"),
            StepResult::NotAttempted if budget > 0 => ("-", Ink::Change, "not attempted"),
            StepResult::Done if style.verbose > 0 && !style.quiet => ("+", Ink::Good, "done"),
            _ => continue,
        };
        budget -= usize::from(step.result == StepResult::NotAttempted);
        let mut line = Para::new(2, 6).with(ink, &format!("{sign} {how}"));
        let what = match steps.get(&step.id) {
            Some(step) if several => format!(": {}: {}", step.organisation, words(step)),
            Some(step) => format!(": {}", words(step)),
            None => format!(": step {}", step.id),
        };
        line.push(Ink::Plain, &what);
        if let Some(reason) = &step.reason {
            line.push(Ink::Plain, &format!(": {reason}"));
        }
        page.add(line);
    }
    let shown = left.min(style.budget(left, FOLD_ABOVE, FOLD_TO));
    if left > shown {
        page.add(Para::new(2, 4).with(Ink::Dim, &format!("… and {} more not attempted (-v shows all)", left - shown)));
    }
    page.blank();
    if outcome.interrupted {
        page.add(Para::new(0, 2).with(Ink::Bad, "! stopped before the end; what was done stays done"));
    }
    if outcome.steps.is_empty() {
        if !style.quiet {
            page.add(Para::new(0, 2).with(Ink::Good, "no changes"));
        }
        return page.finish();
    }
    let mut line = Para::new(0, 2).with(Ink::Bold, "applied: ");
    if failed + left == 0 {
        line.push(Ink::Good, &format!("{} done", count(done, "step")));
    } else {
        let mut counts = vec![format!("{done} done")];
        if failed > 0 {
            counts.push(format!("{failed} failed"));
        }
        if left > 0 {
            counts.push(format!("{left} not attempted"));
        }
        line.push(Ink::Plain, &join(&counts, ", "));
    }
    page.add(line);
    page.finish()
}
