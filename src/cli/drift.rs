//! `rosterctl drift`: compares and cannot write; says what changed outside and what is not applied yet.

use super::args::{Common, DriftArgs, Reach};
use super::context::{Context, block_on, sort};
use super::output::Output;
use super::plan::Planned;
use crate::error::{Error, Exit};
use crate::report::words::drift::NOT_COMPARED;
use crate::report::{Drift, Format, REPORT_VERSION, html, json, markdown, text};

/// Runs the command.
pub fn run(args: &DriftArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let (rosters, settings) = Context::open(common)?.rosters(&args.paths, output)?;
    let mut planned = block_on(Planned::make(rosters, &settings, &Reach::default(), common))??;
    // What a plan may do is no concern here, since drift does nothing; what no roster names is shown as a difference.
    planned
        .diagnostics
        .retain(|finding| !finding.rule.starts_with("plan/max-") && !finding.rule.ends_with("/unmanaged"));
    sort(&mut planned.diagnostics, &planned.rosters.sources);
    let pairs: Vec<_> = planned.rosters.organisations.iter().zip(&planned.live).collect();
    let drift = Drift {
        version: REPORT_VERSION,
        target: planned.document.target.clone(),
        complete: planned.document.complete,
        differences: crate::report::drift::differences(&planned.document, &pairs),
        diagnostics: planned.document.diagnostics.clone(),
    };
    output.print(&match output.chosen {
        Format::Json => json::to_json(&drift),
        Format::Markdown => markdown::drift(&planned.review(false), &drift),
        Format::Html => html::drift(&planned.review(true), &drift),
        Format::Text => {
            let findings = text::findings(&planned.diagnostics, &planned.rosters.sources, &output.style);
            let compared =
                if planned.sound() { text::drift(&drift, &output.style) } else { format!("{NOT_COMPARED}\n") };
            findings + &compared
        }
    })?;
    // What cannot be understood was not written by rosterctl: it came from outside.
    let same = drift.differences.is_empty() && planned.live.iter().all(|live| live.unread.is_empty());
    let invalid = !planned.sound();
    if invalid || common.deny.exit(&planned.diagnostics) != Exit::Clean && same {
        return Ok(Exit::Findings);
    }
    Ok(if same { Exit::Clean } else { Exit::Changes })
}
