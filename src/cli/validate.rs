//! `rosterctl validate`: shape, references, rules and expectations; no live state, no network.

use super::args::{Common, ValidateArgs};
use super::context::Context;
use super::output::Output;
use crate::error::{Error, Exit};
use crate::plan::document::Finding;
use crate::platform::Section;
use crate::report::{Plain, REPORT_VERSION, Summary, Validation, json, text};

/// Runs the command.
pub fn run(args: &ValidateArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let (rosters, _) = Context::open(common)?.rosters(&args.paths, output)?;
    let count = |section| rosters.organisations.iter().map(|organisation| organisation.section(section).count()).sum();
    let mut summary = Summary {
        organisations: rosters.organisations.len(),
        users: count(Section::Users),
        contacts: count(Section::Contacts),
        ..Summary::default()
    };
    summary.count(&rosters.diagnostics);
    let findings = rosters.diagnostics.iter().map(|finding| Finding::of(finding, &rosters.sources));
    let report = Validation { version: REPORT_VERSION, summary, diagnostics: findings.collect() };
    output.print(&match output.format {
        Plain::Text => text::validation(&report, &rosters.diagnostics, &rosters.sources, &output.style),
        Plain::Json => json::to_json(&report),
    })?;
    let exit = common.deny.exit(&rosters.diagnostics);
    // The program ends here, and the system takes the memory back in one piece.
    std::mem::forget(rosters);
    Ok(exit)
}
