//! `rosterctl validate`: shape, references, rules and expectations; no live state, no network.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::args::{Common, ValidateArgs};
use super::base::Before;
use super::context::Context;
use super::output::Output;
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::{Error, Exit};
use crate::plan::document::Finding;
use crate::platform::Section;
use crate::report::{BaseFindings, Format, REPORT_VERSION, Summary, Validation, json, text};

/// Runs the command.
pub fn run(args: &ValidateArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let context = Context::open(common)?;
    let before = Before::asked(&context, args.base.as_deref(), &args.paths, output)?;
    let (mut rosters, _) = context.rosters(&args.paths, output)?;
    let base = before.map(|before| added(&mut rosters.diagnostics, &before));
    let count = |section| rosters.organisations.iter().map(|organisation| organisation.section(section).count()).sum();
    let mut summary = Summary {
        organisations: rosters.organisations.len(),
        users: count(Section::Users),
        contacts: count(Section::Contacts),
        ..Summary::default()
    };
    summary.count(&rosters.diagnostics);
    let findings = rosters.diagnostics.iter().map(|finding| Finding::of(finding, &rosters.sources));
    let report = Validation { version: REPORT_VERSION, summary, base, diagnostics: findings.collect() };
    output.print(&match output.format {
        Format::Text => text::validation(&report, &rosters.diagnostics, &rosters.sources, &output.style),
        Format::Json => json::to_json(&report),
    })?;
    let exit = common.deny.exit(&rosters.diagnostics);
    // The program ends here, and the system takes the memory back in one piece.
    std::mem::forget(rosters);
    Ok(exit)
}

/// Leaves the findings that were not there before, each as often as it is more often there.
fn added(findings: &mut Vec<Diagnostic>, before: &Before) -> BaseFindings {
    let mut known: HashMap<Key, usize> = HashMap::new();
    for finding in &before.rosters.diagnostics {
        *known.entry(key(finding)).or_default() += 1;
    }
    let mut remaining = 0;
    findings.retain(|finding| {
        let left = known.get_mut(&key(finding)).filter(|left| **left > 0);
        let was_there = left.map(|left| *left -= 1).is_some();
        remaining += usize::from(was_there);
        !was_there
    });
    findings.extend(before.left_out());
    let (revision, commit) = (before.revision.name.clone(), before.revision.commit.clone());
    BaseFindings { revision, commit, remaining, mended: before.rosters.diagnostics.len() - remaining }
}

/// By what a finding is known again, wherever its line has moved to.
type Key = (SmolStr, Severity, Option<SmolStr>, Option<SmolStr>, String);

fn key(finding: &Diagnostic) -> Key {
    let Diagnostic { rule, severity, organisation, subject, message, .. } = finding;
    (rule.clone(), *severity, organisation.clone(), subject.clone(), message.clone())
}
