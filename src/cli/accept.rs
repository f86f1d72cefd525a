//! `rosterctl accept`: writes what was changed outside into the rosters, touching only the lines it must.

use std::collections::BTreeMap;
use std::path::Path;

use similar::TextDiff;

use super::args::{AcceptItems, Common, Reach};
use super::context::{Context, Settings, block_on};
use super::output::Output;
use super::plan::Planned;
use super::rosters::Rosters;
use crate::diagnostic::{FileId, not_among};
use crate::document::Sources;
use crate::document::record::visible;
use crate::document::source::{NotRewritten, Rewrite, rewrite_all};
use crate::error::{Error, Exit};
use crate::live::Live;
use crate::model::Organisation;
use crate::plan::document::Finding;
use crate::plan::plan;
use crate::report::accept::{Acceptance, Outcome, World, Wrong, accept, choose};
use crate::report::drift::differences;
use crate::report::{Difference, Plain, REPORT_VERSION, json, text};

/// Runs the command.
pub fn run(args: &AcceptItems, common: &Common, output: &Output) -> Result<Exit, Error> {
    let (rosters, settings) = Context::open(common)?.rosters(&args.rosters, output)?;
    let planned = block_on(Planned::make(rosters, &settings, &Reach::default(), None, common))??;
    if !planned.sound() {
        let exit = output.refuse(&planned.diagnostics, &planned.rosters.sources)?;
        output.remark("nothing was accepted: the rosters have errors");
        if planned.diagnostics.iter().any(|finding| finding.rule == "roster/duplicate-key") {
            output.remark(
                "an `accept` that was killed between two files leaves an entry in both: take out the one in the section \
                 that the person left, whatever else is advised",
            );
        }
        return Ok(exit);
    }
    if let Some((suspect, cure)) = planned.live.iter().find_map(|live| live.suspect.as_ref().zip(live.cure.as_ref())) {
        let message = format!("the portal is not believed, so nothing is accepted from it: {suspect}");
        return Err(Error::failed(message, cure));
    }
    let pairs: Vec<(&Organisation, &Live)> = planned.pairs().collect();
    let found = differences(&planned.document, &pairs);
    let sources = &planned.rosters.sources;
    let world = World { differences: &found, pairs: &pairs, plan: &planned.document, sources };
    let choice = choose(&world, &args.items, args.unmanaged).map_err(|wrong| usage(&wrong))?;
    let mut brought = (Vec::new(), Sources::default());
    let Outcome { texts, accepted, declined } = accept(&world, &choice.taken, |texts| {
        let (now, _) =
            Context::open(common)?.rosters_with(&args.rosters, &by_path(texts, sources), &output.silent())?;
        let remaining = remaining(&planned, &settings, &now);
        brought = (
            not_among(
                &planned.rosters.diagnostics,
                now.diagnostics,
                [&|file| sources.path(file).to_owned(), &|file| now.sources.path(file).to_owned()],
            ),
            now.sources,
        );
        Ok::<_, Error>(remaining)
    })?;
    if !args.dry_run {
        write(&texts, sources)?;
    }
    if texts.is_empty() {
        brought = (Vec::new(), Sources::default());
    }
    let report = Acceptance {
        version: REPORT_VERSION,
        target: planned.document.target.clone(),
        dry_run: args.dry_run,
        accepted,
        declined,
        left: choice.left,
        same: choice.same,
        changed: texts.iter().map(|(file, _)| sources.path(*file).to_owned()).collect(),
        diff: texts.iter().map(|(file, after)| unified(sources.path(*file), sources.text(*file), after)).collect(),
        diagnostics: brought.0.iter().map(|finding| Finding::of(finding, &brought.1)).collect(),
    };
    output.print(&match output.format {
        Plain::Json => json::to_json(&report),
        Plain::Text => {
            let findings = text::findings(&brought.0, &brought.1, &output.style);
            let lead = if findings.is_empty() { "" } else { "what is accepted brings these findings:\n" };
            format!("{lead}{findings}{}", text::acceptance(&report, &output.style))
        }
    })?;
    let done = report.declined.is_empty() && choice.vain.is_empty();
    Ok(if done { Exit::Clean } else { Exit::Findings })
}

fn usage(wrong: &[Wrong]) -> Error {
    let items: Vec<String> = wrong.iter().map(|one| format!("`{}`", visible(&one.item))).collect();
    let near: Vec<String> = wrong.iter().filter_map(|one| one.near.as_ref()).map(|near| format!("`{near}`")).collect();
    let hint = match near.as_slice() {
        [] => "write organisation/key or organisation/key/field; `rosterctl drift` lists what differs".to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    };
    Error::usage(format!("nothing is called {}", items.join(", ")), hint)
}

fn by_path(texts: &BTreeMap<FileId, String>, sources: &Sources) -> Vec<(String, String)> {
    texts.iter().map(|(file, text)| (sources.path(*file).to_owned(), text.clone())).collect()
}

/// What would differ from the live state that was read, were the rosters these.
fn remaining(planned: &Planned, settings: &Settings, now: &Rosters) -> Vec<Difference> {
    let live = |organisation: &Organisation| {
        let known = planned.rosters.organisations.iter().position(|one| one.id == organisation.id)?;
        Some(&planned.live[known])
    };
    let pairs: Vec<_> = now.organisations.iter().filter_map(|one| Some((one, live(one)?))).collect();
    let actor = planned.target.as_ref().and_then(|target| target.actor.clone());
    let options = settings.options(&Reach::default(), &now.levels, actor);
    let (document, _) = plan(&pairs, planned.document.target.clone(), &options, &now.sources, &[]);
    let mut found = differences(&document, &pairs);
    // An organisation that cannot be read any more differs in everything.
    let lost = planned.rosters.organisations.iter().filter(|one| now.organisations.iter().all(|now| now.id != one.id));
    let lost: Vec<&str> = lost.map(|one| one.id.as_str()).collect();
    if !lost.is_empty() {
        let pairs: Vec<_> = planned.pairs().collect();
        let before = differences(&planned.document, &pairs);
        found.extend(before.into_iter().filter(|one| lost.contains(&one.organisation.as_str())));
    }
    found
}

fn unified(path: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().context_radius(2).header(path, path).to_string()
}

/// Writes all files, in this order. Where one cannot be written, those before it are put back, so that nothing is half done.
fn write(texts: &[(FileId, String)], sources: &Sources) -> Result<(), Error> {
    let path = |file: FileId| Path::new(sources.path(file));
    let files = texts.iter().map(|(file, after)| Rewrite { path: path(*file), before: sources.text(*file), after });
    let files: Vec<Rewrite<'_>> = files.collect();
    rewrite_all(&files).map_err(|stuck| {
        let name = |file: usize| visible(&files[file].path.to_string_lossy());
        let message = match stuck.why {
            NotRewritten::Changed => format!("`{}` was changed in the meantime", name(stuck.file)),
            NotRewritten::Failed(error) => format!("`{}` could not be written: {error}", name(stuck.file)),
        };
        let done: Vec<String> = stuck.done.into_iter().map(name).collect();
        let hint = match done.as_slice() {
            [] => "nothing was accepted, and no file was changed; try again".to_owned(),
            done => format!("these were written already and could not be put back: {}", done.join(", ")),
        };
        Error::failed(message, hint)
    })
}
