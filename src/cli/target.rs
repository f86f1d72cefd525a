//! `rosterctl target probe`: tries what a target does, and writes it into a file to review and commit. Of a snapshot it
//! says which column seems to be what.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::args::{Common, ProbeArgs, TargetArgs, TargetCommand};
use super::connect::Target;
use super::context::{Context, Settings, block_on};
use super::output::Output;
use super::progress::Waiting;
use crate::document::source::replace;
use crate::document::write::scalar;
use crate::error::{Error, Exit};
use crate::live::Snapshot;
use crate::live::rest::{self, Counted, Rest};
use crate::live::scim::capabilities::CAPABILITIES_VERSION;
use crate::live::scim::probe::{Probed, probe};
use crate::platform::Platform;
use crate::report::{Plain, REPORT_VERSION, json as as_json, text};

/// Runs the command.
pub fn run(args: &TargetArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let TargetCommand::Probe(args) = &args.command;
    let context = Context::open(common)?;
    if !context.diagnostics.is_empty() {
        return output.refuse(&context.diagnostics, &context.sources);
    }
    let target = Settings::from(context).target(common)?;
    if let Some(portal) = target.portal.snapshot() {
        return propose(portal, args, &target, common, output);
    }
    block_on(learn(args, &target, output))?
}

/// Proposes how a snapshot is read.
fn propose(
    portal: &Snapshot,
    args: &ProbeArgs,
    target: &Target,
    common: &Common,
    output: &Output,
) -> Result<Exit, Error> {
    let name = &target.reference.name;
    if args.write || args.out.is_some() {
        let message =
            format!("the target `{name}` is a snapshot: what the probe finds out is printed, and nothing is written");
        return Err(Error::usage(message, "leave --write and --out out, and paste the lines into rosterctl.yaml"));
    }
    let config = portal.config();
    let platform = match &config.platform {
        Some(listed) => Arc::new(listed.load()?),
        None => platform_of_rosters(name, common, output)?,
    };
    let organisation = config.organisation.as_deref();
    let proposal = block_on(portal.propose(organisation, &platform))??;
    let quoted = |text: &str| scalar(text);
    let mut head = format!("  {}:\n    kind: snapshot\n    path: {}\n", quoted(name), quoted(&config.shown));
    organisation.iter().for_each(|own| head.push_str(&format!("    organisation: {}\n", quoted(own))));
    head.push_str(&format!("    platform: {}\n", quoted(&platform.reference)));
    output.print(&match output.format {
        Plain::Text => text::proposed(&proposal, &head, &output.style),
        Plain::Json => as_json::to_json(&json!({ "version": REPORT_VERSION, "proposal": proposal })),
    })?;
    Ok(if proposal.problem.is_some() { Exit::Findings } else { Exit::Clean })
}

/// The platform of the workspace's rosters, where all are of one.
fn platform_of_rosters(name: &str, common: &Common, output: &Output) -> Result<Arc<Platform>, Error> {
    let unknown = || {
        let message = format!("it is not known of which platform the people in `{name}` are");
        Error::failed(message, "add `platform: arxus` (or another) to the target in rosterctl.yaml")
    };
    let (rosters, _) = Context::open(common)?.rosters(&[], output).map_err(|_| unknown())?;
    let mut platforms = rosters.organisations.iter().map(|organisation| &organisation.platform);
    let first = platforms.next().ok_or_else(unknown)?;
    if platforms.any(|other| other.reference != first.reference) {
        return Err(unknown());
    }
    Ok(first.clone())
}

async fn learn(args: &ProbeArgs, target: &Target, output: &Output) -> Result<Exit, Error> {
    let name = &target.reference.name;
    if let (Some(portal), Some(usual)) = (target.portal.rest(), &target.capabilities) {
        return tried(args, portal, usual, name, output).await;
    }
    let (Some(portal), Some(usual)) = (target.portal.scim(), &target.capabilities) else {
        let message = format!("the target `{name}` is of kind `{}`: there is nothing to learn", target.reference.kind);
        return Err(Error::usage(message, "name a target of kind `scim`, `rest` or `snapshot` with --target"));
    };
    let before = portal.capabilities();
    if !args.write && before.is_some_and(|known| known.learned.by_writing) && args.out.is_none() {
        // What was learned by writing is worth more than what reading shows: only the counts are new.
        output.remark("what was learned by writing is kept; only how many people there are is counted anew");
    }
    let waiting = Waiting::new(output.style.quiet, &format!("trying what {name} does"));
    let mut probed = probe(portal.http(), args.write).await?;
    drop(waiting);
    if let Some(before) = before.filter(|known| !args.write && known.learned.by_writing) {
        let learned = probed.capabilities.learned.clone();
        probed.capabilities = before.clone();
        probed.capabilities.learned.users = learned.users;
        probed.capabilities.learned.groups = learned.groups;
    }
    let text = probed.capabilities.text()?;
    let out = args.out.as_deref().unwrap_or(usual);
    let shown = out == Path::new("-");
    if !shown {
        save(out, &text)?;
    }
    output.print(&match output.format {
        Plain::Text if shown => text,
        Plain::Text => {
            text::probed(&probed.capabilities, &probed.remarks, &out.display().to_string(), name, &output.style)
        }
        Plain::Json => as_json::to_json(&json!({
            "version": CAPABILITIES_VERSION,
            "capabilities": probed.capabilities,
            "remarks": probed.remarks,
            "left": probed.left,
        })),
    })?;
    conclude(&probed, output)
}

/// Tries the manifest of a target, and writes down how many people there are.
async fn tried(args: &ProbeArgs, portal: &Rest, usual: &Path, name: &str, output: &Output) -> Result<Exit, Error> {
    if args.write {
        let message = format!("`{name}` is connected by a manifest, which is tried by reading only");
        return Err(Error::usage(message, "leave --write out: what is written is always read again"));
    }
    let waiting = Waiting::new(output.style.quiet, &format!("trying the manifest of {name}"));
    let tried = rest::probe::probe(portal).await;
    drop(waiting);
    let out = args.out.as_deref().unwrap_or(usual);
    let mut saved = None;
    if tried.whole() {
        let text = Counted::now(portal.engine().http().base().as_str(), tried.users(), tried.groups()).text()?;
        if out != Path::new("-") {
            save(out, &text)?;
            saved = Some(out.display().to_string());
        }
    }
    output.print(&match output.format {
        Plain::Text => text::tried(&tried, saved.as_deref(), name, &output.style),
        Plain::Json => as_json::to_json(&json!({ "version": 1, "tried": tried, "works": tried.mend().is_none() })),
    })?;
    Ok(if tried.mend().is_none() { Exit::Clean } else { Exit::Findings })
}

/// What could not be removed again is the one thing that somebody has to do by hand.
fn conclude(probed: &Probed, output: &Output) -> Result<Exit, Error> {
    if probed.left.is_empty() {
        return Ok(Exit::Clean);
    }
    let message = format!("these were created by the probe and could not be removed:\n  {}", probed.left.join("\n  "));
    output.complain(&Error::failed(message, "remove them by hand: they have `rosterctl-probe` in their names"));
    Ok(Exit::Findings)
}

fn save(file: &Path, text: &str) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        let message = format!("the capabilities could not be saved to `{}`: {error}", file.display());
        Error::failed(message, "make room or name another file with --out; nothing was saved")
    };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    replace(file, text).map_err(failed)
}
