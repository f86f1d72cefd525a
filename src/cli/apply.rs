//! `rosterctl apply`: plans, asks, carries it out; or carries out a saved plan that still fits.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{ApplyArgs, Common, Reach};
use super::connect::Target;
use super::context::{Context, Settings, block_on};
use super::output::Output;
use super::plan::Planned;
use super::platform::platform;
use super::progress;
use super::runbook::Book;
use crate::apply::agreed::agreed;
use crate::apply::trail::Trail;
use crate::apply::{ApprovedPlan, Done, Ended, Refused};
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::live::{Author, Operation};
use crate::plan::document::{PlanDocument, Step};
use crate::platform::Platform;
use crate::report::text::Style;
use crate::report::{Outcome, Plain, REPORT_VERSION, StepOutcome, StepResult, json, text};

/// How many differences from a saved plan are told.
const MOST_REASONS: usize = 5;

/// Runs the command.
pub fn run(args: &ApplyArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    match &args.plan {
        Some(file) => block_on(saved(file, args, common, output))?,
        None => block_on(fresh(args, common, output))?,
    }
}

async fn fresh(args: &ApplyArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let context = Context::open(common)?;
    let (cwd, base) = (context.cwd.clone(), context.base.clone());
    let (rosters, settings, before) = context.rosters_since(args.reach.base.as_deref(), &args.paths, output)?;
    let planned = Planned::make(rosters, &settings, &args.reach, before.as_ref(), common).await?;
    let denied = planned.refused() || common.deny.exit(&planned.diagnostics) != Exit::Clean;
    let Some(target) = planned.target.as_ref().filter(|_| !denied && !planned.document.steps.is_empty()) else {
        if !denied {
            settle(&planned, output);
        }
        return nothing_to_do(planned, denied, output);
    };
    if !target.portal.is_written() {
        return hand_over(&planned, args.yes, (&cwd, &base), output);
    }
    consent(args.yes, &planned.document, |style| planned.text(style), output)?;
    settle(&planned, output);
    let platforms = planned.rosters.organisations.iter();
    let platforms = platforms.map(|one| (one.id.to_string(), one.platform.clone())).collect();
    carry_out(planned.document, platforms, target, output).await
}

/// Makes a run-book of a plan for a portal that people alone can change.
fn hand_over(planned: &Planned, yes: bool, (cwd, base): (&Path, &Path), output: &Output) -> Result<Exit, Error> {
    let name = &planned.document.target.name;
    consent(yes, &planned.document, |style| planned.text(style), output)?;
    let book = Book::of(planned, cwd);
    if output.format == Plain::Text {
        output.print("\n")?;
    }
    output.show(&book)?;
    book.keep(cwd, base, output)?;
    output.remark(&format!("`{}` cannot be written by rosterctl: people carry this out, item by item", visible(name)));
    Ok(Exit::Clean)
}

/// Has a portal that keeps records know for rosterctl's what rosters and portal agree on, so that what others change from
/// now on is seen as theirs. No object changes by that.
fn settle(planned: &Planned, output: &Output) {
    let Some(portal) = planned.target.as_ref().and_then(|target| target.portal.embedded()) else { return };
    for (organisation, live) in planned.pairs() {
        let agreed = agreed(organisation, live);
        if agreed.is_empty() {
            continue;
        }
        if let Err(error) = portal.settle(&organisation.id, &organisation.platform, &agreed) {
            output.remark(&format!(
                "note: it could not be put on record that `{}` is as its roster says: {error}",
                organisation.id
            ));
        }
    }
}

/// Ends a run in which nothing can or need be done.
fn nothing_to_do(planned: Planned, denied: bool, output: &Output) -> Result<Exit, Error> {
    if let Some(target) = &planned.target {
        target.tell_requests(output);
    }
    if output.format == Plain::Text {
        planned.print(output)?;
        if denied {
            output.print("nothing was done: what the findings above deny keeps the whole plan from being applied\n")?;
        }
        let blocked = falls_short(&planned.document);
        return Ok(if denied {
            Exit::Findings
        } else if blocked {
            Exit::Partial
        } else {
            Exit::Clean
        });
    }
    let exit = conclude(Done { document: planned.document, steps: Vec::new(), interrupted: false }, output)?;
    Ok(if denied { Exit::Findings } else { exit })
}

async fn saved(file: &Path, args: &ApplyArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::failed(format!("the plan `{}` cannot be read: {error}", file.display()), "write one with `plan --out`")
    })?;
    let document: PlanDocument = serde_json::from_str(&text).map_err(|error| {
        let message = format!("`{}` is not a plan of this version: {error}", file.display());
        Error::failed(message, "make the plan again with `plan --out`")
    })?;
    if document.digest != document.digest_now() {
        return Err(refusal(Refused::Edited));
    }
    let denied: Vec<_> = document.diagnostics.iter().filter(|finding| common.deny.denies(finding.severity)).collect();
    if !denied.is_empty() {
        let reasons = denied.iter().map(|finding| finding.message.clone()).collect();
        return Err(refusal(Refused::Forbidden(reasons)));
    }
    let context = Context::open(common)?;
    let (cwd, base) = (context.cwd.clone(), context.base.clone());
    if !context.diagnostics.is_empty() {
        return output.refuse(&context.diagnostics, &context.sources);
    }
    let settings = Settings::from(context);
    let named = Common { target: common.target.clone().or(Some(document.target.name.clone())), ..common.clone() };
    let target = settings.identified(&named).await?;
    if target.reference != document.target {
        let message =
            format!("the plan was made for another portal than the target `{}` is now", target.reference.name);
        return Err(Error::failed(message, "name the target that it was made for, or make the plan again"));
    }
    if !target.portal.is_written() && !document.steps.is_empty() {
        let planned = again(document, &named, output).await?;
        return hand_over(&planned, args.yes, (&cwd, &base), output);
    }
    if document.steps.is_empty() {
        return conclude(Done { document, steps: Vec::new(), interrupted: false }, output);
    }
    let mut platforms = BTreeMap::new();
    for (organisation, reference) in &document.platforms {
        let folder = [&cwd, &base].into_iter().find(|folder| folder.join(reference).is_file()).unwrap_or(&cwd);
        let platform = platform(reference, folder).map_err(|error| {
            let message = format!("the platform of the plan cannot be used: {}", error.message);
            Error::failed(message, "run `rosterctl validate`, then make the plan again")
        })?;
        platforms.insert(organisation.clone(), Arc::new(platform));
    }
    consent(args.yes, &document, |style| text::plan(&document, style), output)?;
    carry_out(document, platforms, &target, output).await
}

/// A saved plan for people to carry out, with rosters and live state: it must still be what those give, since a run-book
/// tells from them who may do what and what is seen afterwards.
async fn again(document: PlanDocument, common: &Common, output: &Output) -> Result<Planned, Error> {
    let mut differs = None;
    // Whether it was made with --prune is not in it, nor which allowances it had: only what they allowed.
    for prune in [false, true] {
        let context = Context::open(common)?;
        let base = document.base.as_ref().map(|base| base.revision.clone());
        let silent = output.silent();
        let (mut rosters, settings, before) = context.rosters_since(base.as_deref(), &[], &silent)?;
        rosters.organisations.retain(|one| document.organisations.iter().any(|id| one.id == *id));
        let reach = Reach {
            prune,
            allow_removals: Some(usize::MAX),
            allow_grants: Some(usize::MAX),
            allow_open: document.steps.iter().flat_map(|step| step.opens.iter().cloned()).collect(),
            actor: document.actor.clone(),
            allow_conflicts: base.is_some(),
            base,
        };
        let mut planned = Planned::make(rosters, &settings, &reach, before.as_ref(), common).await?;
        if !planned.sound() {
            let message = "the rosters have errors now, so it cannot be told whether the plan still fits";
            return Err(Error::failed(message, "mend what `rosterctl validate` says, then make the plan again"));
        }
        if planned.document.digest == document.digest {
            planned.document = document;
            return Ok(planned);
        }
        differs.get_or_insert(planned.document);
    }
    let reasons = differs.map(|now| other_steps(&document, &now)).unwrap_or_default();
    Err(Error::failed(
        format!("the rosters or the export changed since the plan was made, so no run-book was made:\n  {reasons}"),
        "make the plan again and review it",
    ))
}

/// How the plan that is made now differs from a saved one: the first of it.
fn other_steps(then: &PlanDocument, now: &PlanDocument) -> String {
    let same = |a: &Step, b: &Step| {
        (&a.organisation, a.action, a.resource, &a.key, &a.handle, &a.changes, &a.fingerprint)
            == (&b.organisation, b.action, b.resource, &b.key, &b.handle, &b.changes, &b.fingerprint)
    };
    let words =
        |step: &Step| format!("{} {} {} of {}", step.action.as_str(), step.resource, step.key, step.organisation);
    let without = |some: &PlanDocument, others: &PlanDocument, what: &str| -> Vec<String> {
        let alone = some.steps.iter().filter(|step| !others.steps.iter().any(|other| same(step, other)));
        alone.map(|step| format!("`{}` {what}", words(step))).collect()
    };
    let mut reasons = without(then, now, "is not what they ask for now");
    reasons.extend(without(now, then, "is new"));
    if reasons.is_empty() {
        reasons.push("the steps come in another order, or less of the portal is known".to_owned());
    }
    reasons.truncate(MOST_REASONS);
    reasons.join("\n  ")
}

/// Shows a plan and asks before anything is written. Who is asked has seen the plan, whatever else was asked for: whole,
/// and on the terminal.
fn consent(yes: bool, document: &PlanDocument, shown: impl Fn(&Style) -> String, output: &Output) -> Result<(), Error> {
    let stdin = std::io::stdin();
    let asks = !yes && stdin.is_terminal() && std::io::stderr().is_terminal();
    let whole = Style { quiet: false, ..output.style };
    let text = output.format == Plain::Text;
    if asks && !(text && std::io::stdout().is_terminal()) {
        output.aside(&shown(&whole));
    }
    if text {
        output.print(&shown(if asks { &whole } else { &output.style }))?;
    }
    if yes {
        return Ok(());
    }
    if !asks {
        let message = format!("{} for consent, and there is no terminal to ask on", waits(document.steps.len()));
        return Err(Error::failed(message, "add --yes, or save the plan with `plan --out` and have it reviewed"));
    }
    let steps = if document.steps.len() == 1 {
        "this step".to_owned()
    } else {
        format!("these {} steps", document.steps.len())
    };
    output.aside(&format!("carry out {steps} on `{}`? type yes: ", visible(&document.target.name)));
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    match (read, answer.trim()) {
        (Ok(_), "yes") => Ok(()),
        _ => Err(Error::failed("not confirmed: nothing was done", "type yes to go on")),
    }
}

fn waits(steps: usize) -> String {
    if steps == 1 { "1 step waits".to_owned() } else { format!("{steps} steps wait") }
}

async fn carry_out(
    document: PlanDocument,
    platforms: BTreeMap<String, Arc<Platform>>,
    target: &Target,
    output: &Output,
) -> Result<Exit, Error> {
    let approved = ApprovedPlan::approve(document, platforms, &target.portal).await.map_err(refusal)?;
    let author = author(approved.document());
    let requests = target.portal.network().is_some();
    let trail = Trail::open(&target.audit, &target.reference.name, &author, target.personal, requests);
    let mut trail = trail.map_err(|error| untraced(&target.audit, "nothing was done", &error))?;
    let stop = Arc::new(AtomicBool::new(false));
    let listener = on_interrupt(stop.clone());
    let bar = progress::steps(approved.len(), output.style.quiet || output.format != Plain::Text, output.style.width);
    let mut lost = None;
    let settled = |platform: &Platform, operation: &Operation, ended: &Ended| {
        bar.inc(1);
        if let Err(error) = trail.write(platform, operation, ended) {
            // What cannot be put on record is not gone on with.
            stop.store(true, Ordering::SeqCst);
            lost.get_or_insert(error);
        }
    };
    let done = approved.apply(&target.portal, &author, || stop.load(Ordering::SeqCst), settled).await;
    bar.finish_and_clear();
    listener.abort();
    target.tell_requests(output);
    let lost = lost.or(trail.finish().err());
    let exit = conclude(done, output)?;
    match lost {
        None => Ok(exit),
        Some(error) => {
            output.complain(&untraced(&target.audit, "not all that was done is in it", &error));
            Ok(Exit::Partial)
        }
    }
}

fn untraced(file: &Path, what: &str, error: &std::io::Error) -> Error {
    let message = format!("the audit trail `{}` cannot be written, {what}: {error}", file.display());
    Error::failed(message, "make room or make the folder writable, or give the target another `audit: { path: FILE }`")
}

/// Hears Ctrl-C from now on, even before the listener itself gets to run.
fn on_interrupt(stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<()> {
    #[cfg(unix)]
    let interrupts = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    tokio::spawn(async move {
        #[cfg(unix)]
        if let Ok(mut interrupts) = interrupts {
            while interrupts.recv().await.is_some() {
                stop.store(true, Ordering::SeqCst);
            }
        }
        #[cfg(not(unix))]
        while tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, Ordering::SeqCst);
        }
    })
}

fn refusal(refused: Refused) -> Error {
    match refused {
        Refused::Edited => Error::failed(
            "the plan's digest does not match its content: it was edited or damaged",
            "make the plan again with `plan --out`; to change what it does, change the roster",
        ),
        Refused::Forbidden(reasons) => Error::failed(
            format!("the plan may not be applied:\n  {}", reasons.join("\n  ")),
            "mend the findings, or allow them by name when making the plan",
        ),
        Refused::Stale(reasons) => Error::failed(
            format!("the target changed since the plan was made, so nothing was done:\n  {}", reasons.join("\n  ")),
            "make the plan again and review it",
        ),
        Refused::Live(error) => error.into(),
    }
}

/// Who acts: the actor of the plan, or the user of this machine.
fn author(document: &PlanDocument) -> Author {
    let environment = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = document.actor.clone().or_else(environment).or_else(user_number);
    Author {
        name: name.unwrap_or_else(|| "unknown".to_owned()),
        actor: document.actor.as_deref().map(Into::into),
        digest: document.digest.clone(),
    }
}

/// The number of the user of this process, where the system tells it.
fn user_number() -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").ok().map(|process| format!("uid {}", process.uid()))
    }
    #[cfg(not(unix))]
    None
}

/// Whether a plan does less than the rosters ask for: steps are held back, or not all of the portal could be read.
fn falls_short(document: &PlanDocument) -> bool {
    !document.blocked.is_empty() || !document.complete
}

fn conclude(done: Done, output: &Output) -> Result<Exit, Error> {
    let steps = done.steps.into_iter().map(|(id, ended)| match ended {
        Ended::Done => StepOutcome { id, result: StepResult::Done, reason: None },
        Ended::Failed(why) => StepOutcome { id, result: StepResult::Failed, reason: Some(why.to_string()) },
        Ended::Skipped(reason) => StepOutcome { id, result: StepResult::NotAttempted, reason: Some(reason) },
    });
    let steps: Vec<StepOutcome> = steps.collect();
    let done_steps = steps.iter().filter(|step| step.result == StepResult::Done).count();
    let blocked = falls_short(&done.document);
    let exit = match (done_steps, steps.len()) {
        (done, all) if done == all && !blocked => Exit::Clean,
        (0, all) if all > 0 && !blocked => Exit::Findings,
        _ => Exit::Partial,
    };
    let outcome = Outcome { version: REPORT_VERSION, plan: done.document, steps, interrupted: done.interrupted };
    output.print(&match output.format {
        Plain::Text => text::outcome(&outcome, &output.style),
        Plain::Json => json::to_json(&outcome),
    })?;
    Ok(exit)
}
