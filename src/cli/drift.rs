//! `rosterctl drift`: compares and cannot write; says what changed outside and what is not applied yet.

use jiff::Timestamp;

use super::args::{Common, DriftArgs, Reach};
use super::base::Before;
use super::context::{Context, Settings, block_on};
use super::output::Output;
use super::plan::Planned;
use super::reports::Reports;
use super::rosters::{Rosters, sort};
use crate::apply::past;
use crate::error::{Error, Exit};
use crate::plan::base::Origins;
use crate::report::since::Dating;
use crate::report::text::Style;
use crate::report::words::drift::NOT_COMPARED;
use crate::report::{Difference, Drift, Format, REPORT_VERSION, Renderer, Report, html, json, markdown, text};

/// Runs the command.
pub fn run(args: &DriftArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    if let Some(every) = args.clock.every {
        return super::every::run(every, args, common, output);
    }
    let reports = Reports::of(&args.reports.report, None)?;
    let context = Context::open(common)?;
    let cwd = context.cwd.clone();
    let (rosters, settings, before) = context.rosters_since(args.base.as_deref(), &args.paths, output)?;
    reports.spare(&rosters.sources, &cwd)?;
    let compared = block_on(Compared::make(rosters, &settings, before.as_ref(), common))??;
    let exit = compared.exit(common);
    reports.deliver(&compared, exit, output)
}

/// The differences, and the plan that they come from.
pub struct Compared {
    /// The differences.
    pub drift: Drift,
    /// The plan.
    pub planned: Planned,
}

impl Compared {
    /// Compares rosters and target.
    pub async fn make(
        rosters: Rosters,
        settings: &Settings,
        before: Option<&Before>,
        common: &Common,
    ) -> Result<Compared, Error> {
        let began = Timestamp::now();
        let mut planned = Planned::make(rosters, settings, &Reach::default(), before, common).await?;
        // What a plan may do is no concern here, since drift does nothing; what no roster names and what was changed on
        // several sides is shown as a difference.
        let of_plans =
            |rule: &str| rule.starts_with("plan/max-") || rule == "plan/conflict" || rule.ends_with("/unmanaged");
        planned.diagnostics.retain(|finding| !of_plans(&finding.rule));
        sort(&mut planned.diagnostics, &planned.rosters.sources);
        let pairs: Vec<_> = planned.pairs().collect();
        let mut differences = crate::report::drift::differences(&planned.document, &pairs);
        if let Some(base) = planned.document.base.as_ref().map(Origins::of) {
            differences.iter_mut().for_each(|difference| difference.settle_cause(&base));
        }
        date(&mut differences, &planned, began)?;
        let drift = Drift {
            version: REPORT_VERSION,
            target: planned.document.target.clone(),
            complete: planned.document.complete,
            differences,
            base: planned.document.base.clone(),
            diagnostics: planned.document.diagnostics.clone(),
        };
        Ok(Compared { drift, planned })
    }

    /// How a run ends that found this.
    pub fn exit(&self, common: &Common) -> Exit {
        // What cannot be understood was not written by rosterctl: it came from outside.
        let same = self.drift.differences.is_empty() && self.planned.live.iter().all(|live| live.unread.is_empty());
        let invalid = !self.planned.sound();
        // What was not read may differ.
        let unseen = same && !self.drift.complete;
        if invalid || unseen || common.deny.exit(&self.planned.diagnostics) != Exit::Clean && same {
            return Exit::Findings;
        }
        if same { Exit::Clean } else { Exit::Changes }
    }

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
            Format::Sarif | Format::Github | Format::Junit | Format::Gitlab | Format::Csv => None,
        }
    }
}

/// Finds out since when differences are there. `began`: when the reading did.
fn date(differences: &mut [Difference], planned: &Planned, began: Timestamp) -> Result<(), Error> {
    let Some(target) = planned.target.as_ref().filter(|_| !differences.is_empty()) else { return Ok(()) };
    let mut dating = Dating::of(differences, began);
    for (organisation, live) in planned.pairs() {
        let handles = dating.handles(organisation, live);
        if let Some(portal) = target.portal.embedded() {
            for past in portal.past(&organisation.id, &dating.keys(&organisation.id))? {
                dating.past(&organisation.id, &past);
            }
            for (handle, times) in portal.times(handles.keys())? {
                let places = handles.get(&handle).map_or(&[][..], Vec::as_slice);
                times.created.into_iter().for_each(|at| dating.created(places, at));
                times.modified.into_iter().for_each(|at| dating.modified(places, at, |_| false));
            }
        }
        if let Some(taken) = &live.taken {
            // What the export shows was so when it was taken.
            handles.values().for_each(|places| dating.modified(places, taken.at, |_| false));
        }
        if let Some(portal) = target.portal.network() {
            let known = live.modified.iter().filter_map(|(handle, at)| Some((handles.get(handle)?, *at)));
            known.for_each(|(places, at)| dating.modified(places, at, |field| portal.in_groups(field)));
        }
    }
    past::each(&target.audit, |applied| dating.applied(&applied)).map_err(|error| {
        let message = format!("the audit trail `{}` cannot be read: {error}", target.audit.display());
        Error::failed(message, "make it readable, or move it away")
    })?;
    dating.finish();
    Ok(())
}
