//! `rosterctl plan`: validates, reads live state, shows what would change and what that means.

use std::path::Path;

use jiff::{Timestamp, Zoned};

use super::args::{Common, PlanArgs, Reach};
use super::base::Before;
use super::connect::Target;
use super::context::{Context, Settings, block_on};
use super::manifest;
use super::output::Output;
use super::progress::Waiting;
use super::reports::{Reports, Spared};
use super::rosters::{Rosters, sort};
use super::witness::hear;
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::live::{Live, Read};
use crate::model::Organisation;
use crate::plan::document::{Finding, PlanDocument};
use crate::plan::{Options, outcome, plan, unlisted};
use crate::report::review::Review;
use crate::report::runbook::{Able, Runbook};
use crate::report::standing::standing;
use crate::report::text::Style;
use crate::report::web::Web;
use crate::report::words::plan::NOT_PLANNED;
use crate::report::{Format, Renderer, Report, html, json, markdown, text};

/// Runs the command.
pub fn run(args: &PlanArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let reports = Reports::of(&args.reports.report, args.out.as_deref())?;
    let context = Context::open(common)?;
    let cwd = context.cwd.clone();
    let (rosters, settings, before) = context.rosters_since(args.reach.base.as_deref(), &args.paths, output)?;
    reports.spare(&rosters.sources, &cwd)?;
    args.out.iter().try_for_each(|file| Spared::of(&rosters.sources, &cwd).spare(file))?;
    let mut planned = block_on(Planned::make(rosters, &settings, &args.reach, before.as_ref(), common))??;
    let denied = planned.refused() || common.deny.exit(&planned.diagnostics) != Exit::Clean;
    match &args.out {
        Some(file) if !denied => save(&planned.document, file)?,
        Some(file) => output.remark(&format!("not saved to `{}`: this plan may not be applied", file.display())),
        None => {}
    }
    let changes = args.detailed_exitcode && !planned.document.is_empty();
    let exit = match (denied, changes) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::Changes,
        (false, false) => Exit::Clean,
    };
    let exit = reports.deliver(&planned, exit, output)?;
    if let Some(target) = planned.target.take() {
        target.tell_requests(output);
    }
    // The program ends here, and the system takes the memory back in one piece.
    std::mem::forget(planned);
    Ok(exit)
}

/// A plan with everything that it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan; without steps where the rosters have errors.
    pub document: PlanDocument,
    /// All findings: of the rosters and of the plan.
    pub diagnostics: Vec<Diagnostic>,
    /// The rosters.
    pub rosters: Rosters,
    /// The target; not opened where the rosters have errors.
    pub target: Option<Target>,
    /// The live states, one for each organisation.
    pub live: Vec<Live>,
    /// How far the plan was allowed to go.
    options: Options,
}

impl Planned {
    /// Reads the target and plans. Rosters with errors give a plan that says so and does nothing.
    pub async fn make(
        mut rosters: Rosters,
        settings: &Settings,
        reach: &Reach,
        before: Option<&Before>,
        common: &Common,
    ) -> Result<Planned, Error> {
        hear(&mut rosters, settings).await?;
        let sound = rosters.diagnostics.iter().all(|finding| finding.severity != Severity::Error);
        let target = if sound { Some(settings.identified(common).await?) } else { None };
        let reference = target.as_ref().map_or_else(|| settings.reference(common), |target| target.reference.clone());
        known_rules(&reach.allow_open, &rosters)?;
        let options = settings.options(reach, &rosters.levels, target.as_ref().and_then(|target| target.actor.clone()));
        let mut live = Vec::with_capacity(rosters.organisations.len());
        if let Some(target) = &target {
            let _waiting = Waiting::new(common.quiet, &format!("reading {}", target.reference.name));
            if let Some(snapshot) = target.portal.snapshot() {
                snapshot.know(rosters.organisations.iter().map(|organisation| &organisation.id));
            }
            for organisation in &rosters.organisations {
                let then = before.and_then(|before| before.organisation(organisation));
                live.push(target.live(organisation, then).await?);
            }
        }
        let pairs: Vec<_> = rosters.organisations.iter().zip(&live).collect();
        let (mut document, mut diagnostics) = plan(&pairs, reference, &options, &rosters.sources, &rosters.diagnostics);
        if let Some(target) = target.as_ref().filter(|_| rosters.all) {
            diagnostics.extend(unlisted(&target.portal.managed().await?, &rosters.organisations));
        }
        if let Some(target) = target.as_ref().filter(|_| !document.steps.is_empty()) {
            diagnostics.extend(rosters.organisations.iter().flat_map(|organisation| target.portal.fit(organisation)));
        }
        if let Some(portal) = target.as_ref().and_then(|target| target.portal.rest()) {
            diagnostics.extend(manifest::lacking(portal, &document, &rosters.sources));
            manifest::refuse_unseen(portal, &document, &mut diagnostics);
        }
        diagnostics.extend(target.as_ref().and_then(Target::newness));
        if let Some(before) = before.filter(|_| sound) {
            diagnostics.extend(before.findings());
            let mut conflicts = before.base().compare(&mut document, &pairs);
            if reach.allow_conflicts {
                conflicts.iter_mut().for_each(|conflict| conflict.severity = Severity::Warning);
            }
            diagnostics.append(&mut conflicts);
        }
        sort(&mut diagnostics, &rosters.sources);
        document.diagnostics = diagnostics.iter().map(|finding| Finding::of(finding, &rosters.sources)).collect();
        if !sound {
            document.organisations = rosters.organisations.iter().map(|one| one.id.to_string()).collect();
            document.complete = false;
        }
        document.digest = document.digest_now();
        Ok(Planned { document, diagnostics, rosters, target, live, options })
    }

    /// The organisations, each with its live state; none where nothing was planned.
    pub fn pairs(&self) -> impl Iterator<Item = (&Organisation, &Live)> {
        self.rosters.organisations.iter().zip(&self.live)
    }

    /// Whether the rosters have no errors, so that something was planned at all.
    pub fn sound(&self) -> bool {
        self.target.is_some()
    }

    /// Whether errors forbid to apply the plan.
    pub fn refused(&self) -> bool {
        self.document.errors().next().is_some()
    }

    /// Prints findings and plan.
    pub fn print(&self, output: &Output) -> Result<(), Error> {
        output.show(self)
    }

    /// Now, or the beginning of the day that counts as today.
    pub fn moment(&self) -> Timestamp {
        let now = Zoned::now();
        let day = self.options.today.0;
        let begun = || day.to_zoned(now.time_zone().clone()).ok().map(|begun| begun.timestamp());
        if day == now.date() { now.timestamp() } else { begun().unwrap_or(now.timestamp()) }
    }

    /// The plan as a checklist for people.
    pub fn runbook(&self, made: Timestamp) -> Runbook {
        let pairs: Vec<_> = self.pairs().collect();
        let able = Able::of(&self.document, &pairs, &self.options, &self.rosters.sources);
        Runbook::of(self.document.clone(), &pairs, &able, made)
    }

    /// What pages are made of; who stands where only where it is asked for.
    pub fn review(&self, standings: bool) -> Review<'_> {
        let pairs = self.pairs().filter(|_| standings);
        let standings = pairs.map(|(organisation, live)| {
            let becomes = outcome(organisation, live, &self.options);
            standing(organisation, live, &becomes, &self.rosters.sources)
        });
        let cwd = std::env::current_dir().ok();
        Review {
            plan: &self.document,
            sound: self.sound(),
            diagnostics: &self.diagnostics,
            sources: &self.rosters.sources,
            standings: standings.collect(),
            web: cwd.and_then(|cwd| Web::of(|name| std::env::var(name).ok(), &cwd)),
        }
    }

    /// Findings and plan as text.
    pub fn text(&self, style: &Style) -> String {
        let mut shown = text::findings(&self.diagnostics, &self.rosters.sources, style);
        if self.sound() {
            shown.push_str(&text::plan(&self.document, style));
        } else {
            shown.push_str(&format!("{NOT_PLANNED}\n"));
        }
        shown
    }
}

impl Report for Planned {
    fn renderer(format: Format) -> Option<Renderer<Self>> {
        match format {
            Format::Text => Some(|planned, style, out| out.write_all(planned.text(style).as_bytes())),
            Format::Json => Some(|planned, _, out| out.write_all(json::to_json(&planned.document).as_bytes())),
            Format::Markdown => {
                Some(|planned, _, out| out.write_all(markdown::plan(&planned.review(false)).as_bytes()))
            }
            Format::Html => Some(|planned, _, out| out.write_all(html::plan(&planned.review(true)).as_bytes())),
            Format::Sarif | Format::Github | Format::Junit | Format::Gitlab | Format::Csv => None,
        }
    }
}

/// Refuses an allowance for a rule that no platform of the run has: it would allow nothing.
fn known_rules(allowed: &[String], rosters: &Rosters) -> Result<(), Error> {
    let rules = || rosters.organisations.iter().flat_map(|one| &one.platform.rules).map(|rule| rule.id.as_str());
    let unknown = allowed.iter().find(|rule| !rules().any(|known| known == **rule));
    let Some(unknown) = unknown.filter(|_| !rosters.organisations.is_empty()) else { return Ok(()) };
    let short = rules().find(|known| known.split_once('/').is_some_and(|(_, short)| short == unknown));
    let hint = match short.or_else(|| nearest(unknown, rules())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rosterctl explain` lists the rules".to_owned(),
    };
    Err(Error::usage(format!("--allow-open: there is no rule `{}`", visible(unknown)), hint))
}

/// Saves a plan whole or not at all: a plan cut short by a full disk never takes the place of a good one.
fn save(document: &PlanDocument, file: &Path) -> Result<(), Error> {
    crate::document::source::replace(file, &json::to_json(document)).map_err(|error| {
        let message = format!("the plan could not be saved to `{}`: {error}", file.display());
        Error::failed(message, "make room or name another file; nothing was saved")
    })
}
