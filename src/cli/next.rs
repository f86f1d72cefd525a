//! `rosterctl` alone: what there is in this folder, and what to do next. Only local files are read, nothing is written.

use std::path::PathBuf;

use serde_json::json;

use super::args::Common;
use super::connect::capabilities_file;
use super::context::{Context, Settings};
use super::output::Output;
use super::runbook;
use crate::document::record::visible;
use crate::document::workspace::{Auth, SecretRef, Target, TargetKind};
use crate::error::{Error, Exit};
use crate::live::rest::Counted;
use crate::live::scim::Capabilities;
use crate::platform::{BUILT_IN, Section};
use crate::report::words::values::count;
use crate::report::{Plain, Summary, json, text};

/// What there is, and what to type next, each with a reason.
#[derive(Debug, Default)]
struct Advice {
    seen: Vec<String>,
    next: Vec<(String, String)>,
}

impl Advice {
    fn see(&mut self, what: impl Into<String>) {
        self.seen.push(what.into());
    }

    fn next(&mut self, line: impl Into<String>, why: impl Into<String>) {
        self.next.push((line.into(), why.into()));
    }
}

/// Looks around and says what to do.
pub fn run(common: &Common, output: &Output) -> Result<Exit, Error> {
    let mut advice = Advice::default();
    let exit = look(common, output, &mut advice)?;
    output.print(&match output.format {
        Plain::Json => {
            let next = advice.next.iter().map(|(line, why)| json!({ "command": line, "why": why }));
            json::to_json(&json!({ "version": 1, "seen": advice.seen, "next": next.collect::<Vec<_>>() }))
        }
        _ => shown(&advice, output),
    })?;
    Ok(exit)
}

fn look(common: &Common, output: &Output, advice: &mut Advice) -> Result<Exit, Error> {
    let context = Context::open(common)?;
    if !context.diagnostics.is_empty() {
        advice.see("the workspace file has errors");
        advice.next("rosterctl validate", "shows them, with the lines");
        return Ok(Exit::Findings);
    }
    let named = context.workspace.as_ref().is_some_and(|workspace| workspace.rosters.is_some());
    if !named && !context.base.join("rosters").is_dir() {
        nothing_here(&context, advice);
        return Ok(Exit::Clean);
    }
    let (base, known) = (context.base.clone(), known(&context));
    let (rosters, settings) = context.rosters(&[], output)?;
    let targets = Targets::of(known, base, &settings, common);
    if rosters.files.is_empty() {
        advice.see("there is no roster yet where the workspace file looks for them");
        targets.first(advice);
        return Ok(Exit::Findings);
    }
    let mut summary = Summary::default();
    summary.count(&rosters.diagnostics);
    let people: usize = [Section::Users, Section::Contacts]
        .map(|section| rosters.organisations.iter().map(|one| one.section(section).count()).sum())
        .iter()
        .sum();
    let organisations = rosters.organisations.len();
    advice.see(format!(
        "{}, {}: {}",
        count(organisations, "organisation"),
        counted(people, "person", "people"),
        match (summary.errors, summary.warnings) {
            (0, 0) => "no findings".to_owned(),
            (0, warnings) => count(warnings, "warning"),
            (errors, 0) => count(errors, "error"),
            (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
        }
    ));
    if summary.errors > 0 {
        advice.next("rosterctl validate", "shows what is wrong, where, and what to do about it");
        return Ok(Exit::Findings);
    }
    if summary.warnings > 0 {
        advice.next("rosterctl validate", "shows the warnings");
    }
    if organisations == 0 {
        advice.next("rosterctl schema roster", "describes what a roster looks like");
        return Ok(Exit::Clean);
    }
    targets.advise(advice);
    Ok(Exit::Clean)
}

fn nothing_here(context: &Context, advice: &mut Advice) {
    if context.workspace.is_some() {
        advice.see("there is a workspace file and no roster: it names none, and there is no folder `rosters`");
        advice.next("rosterctl export > rosters/NAME.yaml", "writes down who is on the target already");
        return;
    }
    advice.see("there is no roster here");
    for (id, _) in BUILT_IN {
        advice.next(format!("rosterctl init --platform {id}"), "writes a first one, and what belongs to it");
    }
}

/// The targets of a workspace, as far as files tell.
struct Targets {
    /// The one that commands take; none: it has to be named.
    usual: Option<String>,
    /// What has to be typed for that to be so.
    flag: String,
    known: Vec<Known>,
    /// The workspace's folder.
    base: PathBuf,
}

struct Known {
    name: String,
    kind: TargetKind,
    /// Whether its file is there: the portal itself, or what a portal on the network was seen to do.
    there: bool,
    /// Whether a portal on the network was probed by writing.
    probed: bool,
    /// Variables of the environment that hold its secrets and are not set.
    unset: Vec<String>,
}

/// The targets that the workspace names, or the one that is there without.
fn known(context: &Context) -> Vec<Known> {
    let targets = context.workspace.iter().flat_map(|workspace| &workspace.targets).flat_map(|all| &all.entries);
    let known: Vec<Known> =
        targets.filter_map(|(name, target)| Known::of(&name.value, &target.value, context)).collect();
    if !known.is_empty() {
        return known;
    }
    let there = context.base.join(super::context::SANDBOX).exists();
    let (name, kind) = ("sandbox".to_owned(), TargetKind::Embedded);
    vec![Known { name, kind, there, probed: false, unset: Vec::new() }]
}

impl Targets {
    fn of(known: Vec<Known>, base: PathBuf, settings: &Settings, common: &Common) -> Targets {
        let only = || known.first().filter(|_| known.len() == 1).map(|target| target.name.as_str());
        let usual = common.target.as_deref().or(settings.usual()).or_else(only).map(str::to_owned);
        let flag = common.target.as_ref().map(|name| format!(" --target {name}")).unwrap_or_default();
        Targets { usual, flag, known, base }
    }

    /// What leads to a first roster.
    fn first(&self, advice: &mut Advice) {
        let usual = self.usual.as_ref().and_then(|usual| self.known.iter().find(|target| target.name == *usual));
        if let Some(target) = usual.filter(|target| target.kind != TargetKind::Embedded) {
            advice.next(format!("rosterctl target probe{}", self.flag), format!("says what {} shows", target.name));
            let line = format!("rosterctl export{} > rosters/NAME.yaml", self.flag);
            advice.next(line, "writes down who is there, once there is a folder for it");
        } else {
            advice.next("rosterctl schema roster", "describes what a roster looks like");
        }
    }

    fn advise(&self, advice: &mut Advice) {
        let Some(usual) = &self.usual else {
            advice.see(format!("there are {} targets, and none of them is the default", self.known.len()));
            for target in &self.known {
                advice.next(format!("rosterctl plan --target {}", target.name), format!("plans for {}", target.name));
            }
            return;
        };
        let Some(target) = self.known.iter().find(|target| target.name == *usual) else {
            advice.see(format!("there is no target `{}`", visible(usual)));
            return;
        };
        let line = |words: &str| format!("rosterctl {words}{}", self.flag);
        for variable in &target.unset {
            advice.next(format!("export {variable}=…"), format!("holds a secret of {usual}, and is not set"));
        }
        if let Some(unfinished) = runbook::unfinished(&self.base, usual) {
            advice.see(unfinished);
            advice.next(line("runbook verify"), "says what of it is done, once there is a new export");
        }
        match target.kind {
            TargetKind::Embedded if !target.there => {
                advice.see(format!("target {usual}, a portal in one file: nothing was applied yet"));
                advice.next(line("plan"), "shows what would be created");
                advice.next(line("apply"), "asks, then creates it");
            }
            TargetKind::Scim if !target.there => {
                advice.see(format!("target {usual}, over SCIM: it is not known yet what it does"));
                advice.next(line("target probe"), "finds out by reading only");
                advice.next(line("target probe --write"), "finds out all of it; creates and removes a few of its own");
            }
            TargetKind::Scim if !target.probed => {
                advice.see(format!("target {usual}, over SCIM: probed by reading only, so nothing can be applied"));
                advice.next(line("target probe --write"), "finds out the rest; creates and removes a few of its own");
                advice.next(line("plan"), "shows what would change, and what that means");
            }
            TargetKind::Snapshot if !target.there => {
                advice.see(format!("target {usual}, an export: the file is not there"));
                advice.next(line("target probe"), "once it is: says which column is what");
            }
            TargetKind::Snapshot => {
                advice.see(format!("target {usual}, an export"));
                advice.next(line("target probe"), "says which column is what");
                advice.next(line("plan"), "shows what would change, and what that means");
                advice.next(line("drift"), "says what differs from the rosters");
            }
            TargetKind::Rest if !target.there => {
                advice.see(format!("target {usual}, over a REST API: its manifest has not been tried yet"));
                advice.next(line("target probe"), "tries it by reading only, and shows what it gives");
            }
            TargetKind::Embedded | TargetKind::Scim | TargetKind::Rest => {
                advice.see(format!("target {usual}"));
                advice.next(line("plan"), "shows what would change, and what that means");
                advice.next(line("drift"), "says who changed what: you here, or somebody there");
            }
        }
    }
}

impl Known {
    fn of(name: &str, target: &Target, context: &Context) -> Option<Known> {
        let kind = target.kind.0.as_ref()?.value;
        let learned = Capabilities::load(&capabilities_file(name, target, &context.base)).ok().flatten();
        let there = match kind {
            TargetKind::Scim => learned.is_some(),
            TargetKind::Rest => Counted::load(&capabilities_file(name, target, &context.base)).is_some(),
            _ => target.path.as_ref().is_some_and(|path| context.base.join(path.value.as_str()).exists()),
        };
        let secrets = target.auth.as_ref().map(secrets).unwrap_or_default();
        let unset = secrets.into_iter().filter(|name| std::env::var_os(name).is_none()).collect();
        let probed = learned.is_some_and(|known| known.learned.by_writing);
        Some(Known { name: name.to_owned(), kind, there, probed, unset })
    }
}

/// The variables of the environment that a target's secrets are in.
fn secrets(auth: &Auth) -> Vec<String> {
    let basic = auth.basic.as_ref().and_then(|basic| basic.password.0.as_ref());
    let client = auth.oauth2_client_credentials.as_ref().and_then(|client| client.client_secret.0.as_ref());
    let all = [auth.bearer.as_ref(), basic, client].into_iter().flatten();
    let variables = all.filter_map(|secret| match secret {
        SecretRef::Env(name) => Some(name.to_string()),
        SecretRef::File(_) => None,
    });
    variables.collect()
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn shown(advice: &Advice, output: &Output) -> String {
    let style = &output.style;
    let mut page: String = advice.seen.iter().map(|line| text::paragraph(line, 0, 2, style)).collect();
    if !advice.next.is_empty() {
        page.push_str("\nnext:\n");
    }
    let longest = advice.next.iter().map(|(line, _)| line.chars().count()).max().unwrap_or_default();
    for (line, why) in &advice.next {
        // Beside it where there is room, else below.
        if longest + 40 <= style.width {
            page.push_str(&text::paragraph(&format!("{line:longest$}  {why}"), 2, longest + 4, style));
        } else {
            page.push_str(&text::paragraph(line, 2, 4, style));
            page.push_str(&text::paragraph(why, 6, 6, style));
        }
    }
    if !style.quiet {
        page.push('\n');
        page.push_str(&text::paragraph("all commands: rosterctl --help", 0, 2, style));
    }
    page
}
