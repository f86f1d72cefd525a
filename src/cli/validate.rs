//! `rosterctl validate`: shape, references, rules and expectations; no live state, no network.

use std::path::{Path, PathBuf};

use super::args::{Common, ValidateArgs};
use super::base::Before;
use super::context::Context;
use super::output::Output;
use super::reports::Reports;
use super::rosters::{Rosters, sort};
use crate::diagnostic::{Diagnostic, FileId, not_among};
use crate::error::{Error, Exit};
use crate::plan::document::Finding;
use crate::platform::Section;
use crate::report::{
    BaseFindings, Format, REPORT_VERSION, Renderer, Report, Root, Summary, Validation, Verdict, github, gitlab, json,
    junit, sarif, text,
};

/// What the services name the folder of the repository that a job has checked out.
const REPOSITORIES: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// Runs the command.
pub fn run(args: &ValidateArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let reports = Reports::of(&args.reports.report, None)?;
    let context = Context::open(common)?;
    let cwd = context.cwd.clone();
    let (mut rosters, _, before) = context.rosters_since(args.base.as_deref(), &args.paths, output)?;
    reports.spare(&rosters.sources, &cwd)?;
    let base = before.and_then(|before| added(&mut rosters, &before));
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
    let exit = common.deny.exit(&rosters.diagnostics);
    let verdict = Verdict {
        report: &report,
        diagnostics: &rosters.diagnostics,
        sources: &rosters.sources,
        organisations: &rosters.organisations,
        levels: &rosters.levels,
        deny: common.deny.least(),
        exit: exit as u8,
        root: &root(&cwd),
    };
    let exit = reports.deliver(&verdict, exit, output)?;
    // The program ends here, and the system takes the memory back in one piece.
    std::mem::forget(rosters);
    Ok(exit)
}

/// Leaves the findings that were not there before; all of organisations that cannot be read there. None: nothing can be
/// compared.
fn added(rosters: &mut Rosters, before: &Before) -> Option<BaseFindings> {
    let unread = rosters.organisations.iter().filter(|organisation| before.is_unread(&organisation.id));
    let uncompared: Vec<String> = unread.map(|organisation| organisation.id.to_string()).collect();
    let compared = uncompared.is_empty() || uncompared.len() < rosters.organisations.len();
    let mut base = None;
    if compared {
        let own = |finding: &Diagnostic| {
            finding.organisation.as_ref().is_none_or(|own| !uncompared.iter().any(|one| one == own.as_str()))
        };
        let then: Vec<Diagnostic> = before.rosters.diagnostics.iter().filter(|finding| own(finding)).cloned().collect();
        let (now, mut findings): (Vec<Diagnostic>, _) =
            std::mem::take(&mut rosters.diagnostics).into_iter().partition(own);
        // What was not read twice is found as it was.
        let same = |finding: &Diagnostic| finding.organisation.as_ref().is_some_and(|own| before.same.contains(own));
        let (as_it_was, now): (Vec<Diagnostic>, Vec<Diagnostic>) = now.into_iter().partition(same);
        let all = now.len();
        let paths: [&dyn Fn(FileId) -> String; 2] =
            [&|file| before.rosters.sources.path(file).to_owned(), &|file| rosters.sources.path(file).to_owned()];
        let mut new = not_among(&then, now, paths);
        let remaining = all - new.len();
        findings.append(&mut new);
        sort(&mut findings, &rosters.sources);
        rosters.diagnostics = findings;
        let (revision, commit) = (before.revision.name.clone(), before.revision.commit.clone());
        let mended = then.len() - remaining;
        base = Some(BaseFindings { revision, commit, remaining: remaining + as_it_was.len(), mended, uncompared });
    }
    rosters.diagnostics.extend(before.unreadable("all findings of what is in there now are told"));
    base
}

/// Where the working directory lies in the repository that a CI job has checked out.
fn root(cwd: &Path) -> Root {
    let named = REPOSITORIES.iter().find_map(std::env::var_os).filter(|folder| !folder.is_empty());
    Root::of(cwd, named.map(PathBuf::from))
}

impl Report for Verdict<'_> {
    fn renderer(format: Format) -> Option<Renderer<Self>> {
        Some(match format {
            Format::Text => |verdict, style, out| {
                let text = text::validation(verdict.report, verdict.diagnostics, verdict.sources, style);
                out.write_all(text.as_bytes())
            },
            Format::Json => |verdict, _, out| out.write_all(json::to_json(verdict.report).as_bytes()),
            Format::Sarif => |verdict, _, out| sarif::write(verdict, out),
            Format::Github => |verdict, _, out| github::write(verdict, out),
            Format::Junit => |verdict, _, out| junit::write(verdict, out),
            Format::Gitlab => |verdict, _, out| gitlab::write(verdict, out),
            Format::Markdown | Format::Html | Format::Csv => return None,
        })
    }
}
