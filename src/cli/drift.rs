//! `rosterctl drift`: compares and cannot write; says what changed outside and what is not applied yet.

use super::args::{Common, DriftArgs, Reach};
use super::base::Before;
use super::context::{Context, block_on, sort};
use super::output::Output;
use super::plan::Planned;
use super::reports::Reports;
use crate::error::{Error, Exit};
use crate::report::text::Style;
use crate::report::words::drift::NOT_COMPARED;
use crate::report::{Drift, Format, REPORT_VERSION, Renderer, Report, html, json, markdown, text};

/// Runs the command.
pub fn run(args: &DriftArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let reports = Reports::of(&args.reports.report, None)?;
    let context = Context::open(common)?;
    let cwd = context.cwd.clone();
    let before = Before::asked(&context, args.base.as_deref(), &args.paths, output)?;
    let (rosters, settings) = context.rosters(&args.paths, output)?;
    reports.spare(&rosters.sources, &cwd)?;
    let mut planned = block_on(Planned::make(rosters, &settings, &Reach::default(), before.as_ref(), common))??;
    // What a plan may do is no concern here, since drift does nothing; what no roster names and what was changed on
    // several sides is shown as a difference.
    let of_plans =
        |rule: &str| rule.starts_with("plan/max-") || rule == "plan/conflict" || rule.ends_with("/unmanaged");
    planned.diagnostics.retain(|finding| !of_plans(&finding.rule));
    sort(&mut planned.diagnostics, &planned.rosters.sources);
    let pairs: Vec<_> = planned.rosters.organisations.iter().zip(&planned.live).collect();
    let drift = Drift {
        version: REPORT_VERSION,
        target: planned.document.target.clone(),
        complete: planned.document.complete,
        differences: crate::report::drift::differences(&planned.document, &pairs),
        base: planned.document.base.clone(),
        diagnostics: planned.document.diagnostics.clone(),
    };
    // What cannot be understood was not written by rosterctl: it came from outside.
    let same = drift.differences.is_empty() && planned.live.iter().all(|live| live.unread.is_empty());
    let invalid = !planned.sound();
    let exit = if invalid || common.deny.exit(&planned.diagnostics) != Exit::Clean && same {
        Exit::Findings
    } else if same {
        Exit::Clean
    } else {
        Exit::Changes
    };
    reports.deliver(&Compared { drift, planned }, exit, output)
}

/// The differences, and the plan that they come from.
pub struct Compared {
    drift: Drift,
    planned: Planned,
}

impl Compared {
    fn text(&self, style: &Style) -> String {
        let findings = text::findings(&self.planned.diagnostics, &self.planned.rosters.sources, style);
        let compared = if self.planned.sound() { text::drift(&self.drift, style) } else { format!("{NOT_COMPARED}\n") };
        findings + &compared
    }
}

impl Report for Compared {
    fn renderer(format: Format) -> Option<Renderer<Self>> {
        match format {
            Format::Text => Some(|compared, style, out| out.write_all(compared.text(style).as_bytes())),
            Format::Json => Some(|compared, _, out| out.write_all(json::to_json(&compared.drift).as_bytes())),
            Format::Markdown => Some(|compared, _, out| {
                out.write_all(markdown::drift(&compared.planned.review(false), &compared.drift).as_bytes())
            }),
            Format::Html => Some(|compared, _, out| {
                out.write_all(html::drift(&compared.planned.review(true), &compared.drift).as_bytes())
            }),
            Format::Sarif | Format::Github | Format::Junit | Format::Gitlab => None,
        }
    }
}
