//! The rosters at a revision, for commands that look from it: `--base REV`.

use std::collections::HashSet;
use std::path::PathBuf;

use smol_str::SmolStr;

use super::context::{Context, Rosters};
use super::output::Output;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::locate;
use crate::error::Error;
use crate::model::Organisation;
use crate::plan::base::Base;
use crate::revision::{Revision, Unresolved};

/// The rosters at a revision.
#[derive(Debug)]
pub struct Before {
    /// The revision.
    pub revision: Revision,
    /// The rosters as they were.
    pub rosters: Rosters,
    unread: HashSet<SmolStr>,
}

impl From<Unresolved> for Error {
    fn from(unresolved: Unresolved) -> Error {
        Error::failed(unresolved.message, unresolved.help)
    }
}

impl Before {
    /// The same where a revision is named.
    pub fn asked(
        context: &Context,
        name: Option<&str>,
        paths: &[PathBuf],
        output: &Output,
    ) -> Result<Option<Before>, Error> {
        name.map(|name| Before::read(context, name, paths, output)).transpose()
    }

    /// Reads the rosters of a workspace as they were at a revision.
    pub fn read(context: &Context, name: &str, paths: &[PathBuf], output: &Output) -> Result<Before, Error> {
        let revision = Revision::find(&context.base, name)?;
        let (rosters, _) = context.at(revision.tree.clone()).rosters(paths, output)?;
        // What is broken breaks its organisation; where it is not known which, all of them.
        let broken = rosters.diagnostics.iter().filter(|finding| misread(finding));
        let broken: Vec<Option<SmolStr>> = broken.map(|finding| finding.organisation.clone()).collect();
        let all = || rosters.organisations.iter().map(|organisation| organisation.id.clone());
        let unread = match broken.contains(&None) {
            true => all().collect(),
            false => broken.into_iter().flatten().collect(),
        };
        Ok(Before { revision, rosters, unread })
    }

    /// An organisation as it was; none where it cannot be understood.
    pub fn organisation(&self, id: &str) -> Option<&Organisation> {
        self.rosters.organisations.iter().find(|one| one.id == id && !self.unread.contains(id))
    }

    /// What a plan is compared with.
    pub fn base(&self) -> Base<'_> {
        let Revision { name, commit, .. } = &self.revision;
        Base { revision: name, commit, organisations: &self.rosters.organisations, unread: &self.unread }
    }

    /// That part of the revision was not read.
    pub fn left_out(&self) -> Option<Diagnostic> {
        let left_out = self.revision.tree.left_out();
        if left_out.is_empty() {
            return None;
        }
        let message = format!("at {} not everything was read: {}", self.revision.name, left_out.join("; "));
        let help = "entries in there look as if this branch had added them";
        Some(Diagnostic::new("plan/base-unreadable", Severity::Warning, message).help(help))
    }

    /// What is to be said of the revision itself: that it cannot be understood, or that this branch lacks part of it.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let name = &self.revision.name;
        let mut findings = Vec::new();
        let broken: Vec<&Diagnostic> = self.rosters.diagnostics.iter().filter(|finding| misread(finding)).collect();
        if let Some(first) = broken.first() {
            let place = first.place.as_ref().map(|place| {
                let place = locate(&self.rosters.sources, place);
                format!("{name}:{}:{}:{}: ", place.path, place.line, place.column)
            });
            let more = match broken.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let message = format!(
                "not all rosters at {name} can be understood, so what they said is not compared: {}{}{more}",
                place.unwrap_or_default(),
                first.message
            );
            let help = "nothing is wrong with the rosters here for that; where changes come from is not told";
            findings.push(Diagnostic::new("plan/base-unreadable", Severity::Warning, message).help(help));
        }
        findings.extend(self.left_out());
        if self.rosters.organisations.is_empty() && broken.is_empty() {
            let message = format!("at {name} there are no rosters at these paths, so nothing is compared");
            let help = "all looks as if this branch had added it: conflicts with what others changed are not seen";
            findings.push(Diagnostic::new("plan/base-unreadable", Severity::Warning, message).help(help));
        }
        if self.revision.behind.is_none() {
            let message =
                format!("the history at hand is cut off: nobody can tell whether this branch has all of {name}");
            let help = "fetch more of it, such as with `git fetch --deepen=50`, or see that the branch is up to date";
            findings.push(Diagnostic::new("plan/behind-base", Severity::Warning, message).help(help));
        }
        if self.revision.behind == Some(false) {
            let message = format!(
                "this branch does not have all of {name}: what was changed there since looks as if this branch changed it back"
            );
            let help = format!("merge {name} into the branch, or rebase it, then plan again");
            findings.push(Diagnostic::new("plan/behind-base", Severity::Warning, message).help(help));
        }
        findings
    }
}

/// Findings of the language that hide nothing of what a roster says.
const CLEAR: [&str; 5] = [
    "roster/waiver-expired",
    "roster/waiver-unused",
    "roster/expectation",
    "roster/invalid-email",
    "roster/duplicate-email",
];

/// Whether something could not be read: what it said is not known. A rule that is broken hides nothing.
fn misread(finding: &Diagnostic) -> bool {
    let rule = finding.rule.as_str();
    finding.severity == Severity::Error && rule.starts_with("roster/") && !CLEAR.contains(&rule)
}
