//! What a plan means for people: the sentences, by organisation; of many only the bad news and the first ones.

use super::ink::{Ink, Page, Para};
use super::{FOLD_LINES, Style};
use crate::plan::document::Impact;
use crate::report::words::impact::{MOST_NAMES, sentences};
use crate::report::words::plan::MEANS;

/// Who gains and loses what, and whom events reach.
pub(super) fn impact(impact: &Impact, several: bool, style: &Style, page: &mut Page<'_>) {
    let all = sentences(impact, if style.verbose > 0 { usize::MAX } else { MOST_NAMES });
    let total = all.values().map(Vec::len).sum();
    let mut budget = if style.quiet { 0 } else { style.budget(total, FOLD_LINES, FOLD_LINES) };
    let mut folded = 0;
    let mut begun = false;
    let indent = if several { 4 } else { 2 };
    for (organisation, sentences) in all {
        let mut named = !several;
        for sentence in sentences {
            if !sentence.bad && budget == 0 {
                folded += 1;
                continue;
            }
            budget -= usize::from(!sentence.bad);
            if !begun {
                page.heading(0, Ink::Bold, MEANS);
            }
            if !named {
                page.add(Para::new(2, 4).with(Ink::Bold, organisation));
            }
            (begun, named) = (true, true);
            page.add(Para::new(indent, indent + 2).pieces(&sentence.pieces));
        }
    }
    if folded > 0 && !style.quiet {
        page.add(Para::new(2, 4).with(Ink::Dim, &format!("… and {folded} more (-v shows all)")));
    }
}
