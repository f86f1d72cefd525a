//! The rosters at a revision, for commands that look from it: `--base REV`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use smol_str::SmolStr;

use super::context::{Context, Settings};
use super::output::Output;
use super::rosters::Rosters;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::record::visible;
use crate::document::source::WORKSPACE_FILE;
use crate::document::{Sources, locate};
use crate::error::Error;
use crate::model::Organisation;
use crate::plan::base::{Base, Unread};
use crate::revision::{Earlier, Revision, Unresolved};

/// How much that was not read is named one by one.
const MOST_NAMED: usize = 20;

/// The rosters at a revision.
#[derive(Debug)]
pub struct Before {
    /// The revision.
    pub revision: Revision,
    /// The rosters as they were, besides those of `same`.
    pub rosters: Rosters,
    /// Organisations whose rosters are the same then and now, so that they were not read twice.
    pub same: HashSet<SmolStr>,
    unread: Unread,
}

impl From<Unresolved> for Error {
    fn from(unresolved: Unresolved) -> Error {
        Error::failed(unresolved.message, unresolved.help)
    }
}

impl Context {
    /// Reads the rosters, and how they were at a revision where one is named.
    pub fn rosters_since(
        self,
        name: Option<&str>,
        paths: &[PathBuf],
        output: &Output,
    ) -> Result<(Rosters, Settings, Option<Before>), Error> {
        let then = name.map(|name| self.then(name, paths));
        let (rosters, settings) = self.rosters(paths, output)?;
        let read = |(revision, context, paths): (Revision, Context, Vec<PathBuf>)| {
            Before::read(revision, context, &paths, &rosters, output)
        };
        let before = then.transpose()?.map(read).transpose()?;
        Ok((rosters, settings, before))
    }

    /// A revision, the workspace as it was then, and the paths that were named, as they were.
    fn then(&self, name: &str, paths: &[PathBuf]) -> Result<(Revision, Context, Vec<PathBuf>), Error> {
        // A workspace file may lie outside of the rosters' repository.
        let beside = |unresolved| Revision::find(&self.cwd, name).map_err(|_| unresolved);
        let revision = Revision::find(&self.base, name).or_else(beside)?;
        let paths = named_then(&revision, paths, &self.cwd);
        let context = self.at(&revision);
        Ok((revision, context, paths))
    }
}

impl Before {
    /// Reads the rosters of a workspace as they were at a revision, besides what is the same now.
    fn read(
        revision: Revision,
        context: Context,
        paths: &[PathBuf],
        now: &Rosters,
        output: &Output,
    ) -> Result<Before, Error> {
        let (rosters, same) = context.rosters_beside(paths, now, output)?;
        revision.broken()?;
        let mut unread = Unread::default();
        for finding in rosters.diagnostics.iter().filter(|finding| misread(finding)) {
            let file = finding.place.as_ref().map(|place| place.file).filter(|file| rosters.sources.readable(*file));
            match (&finding.organisation, file.filter(|file| rosters.files.contains(file))) {
                (Some(organisation), _) => unread.organisation(organisation.clone()),
                (None, Some(roster)) => unread.roster(rosters.sources.text(roster)),
                // A platform, or what cannot be opened at all: of whom it is nobody knows.
                (None, None) => unread.everything(),
            }
        }
        if !revision.tree.left_out().is_empty() {
            unread.partial();
        }
        Ok(Before { revision, rosters, same, unread })
    }

    /// An organisation as it was, of the one that it is now; none where it cannot be understood.
    pub fn organisation<'o>(&'o self, now: &'o Organisation) -> Option<&'o Organisation> {
        self.base().organisation(now).filter(|_| !self.unread.has(&now.id, true))
    }

    /// What a plan is compared with.
    pub fn base(&self) -> Base<'_> {
        let Revision { name, commit, further, .. } = &self.revision;
        let further = further.as_deref();
        let (organisations, same) = (&self.rosters.organisations, &self.same);
        Base { revision: name, commit, further, organisations, same, unread: &self.unread }
    }

    /// Whether it is not known what an organisation said then.
    pub fn is_unread(&self, id: &str) -> bool {
        self.unread.has(id, self.same.contains(id) || self.rosters.organisations.iter().any(|one| one.id == id))
    }

    /// That part of the revision was not found.
    fn left_out(&self) -> Option<Diagnostic> {
        let left_out = self.revision.tree.left_out();
        if left_out.is_empty() {
            return None;
        }
        let more = match left_out.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let named = left_out[..left_out.len().min(MOST_NAMED)].join("; ");
        let message = format!("at {} not everything was read: {named}{more}", self.revision.name);
        let help = "where changes of entries in there come from is not told";
        Some(Diagnostic::new("plan/base-unreadable", Severity::Warning, message).help(help))
    }

    /// That part of the revision cannot be understood or was not found, and what follows from that.
    pub fn unreadable(&self, so: &str) -> Vec<Diagnostic> {
        let name = &self.revision.name;
        let broken: Vec<&Diagnostic> = self.rosters.diagnostics.iter().filter(|finding| misread(finding)).collect();
        let misread = broken.first().map(|first| {
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
            let help = format!("nothing is wrong with the rosters here for that; {so}");
            Diagnostic::new("plan/base-unreadable", Severity::Warning, message).help(help)
        });
        misread.into_iter().chain(self.left_out()).collect()
    }

    /// What is to be said of the revision itself: that it cannot be understood, or that this branch lacks part of it.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let name = &self.revision.name;
        let mut findings = self.unreadable("where changes of what is in there come from is not told");
        let understood = !self.rosters.diagnostics.iter().any(misread);
        let nobody = self.rosters.organisations.is_empty() && self.same.is_empty();
        if nobody && understood && !self.unread.is_partial() {
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

/// The paths that files named on the command line had at a revision. What may have had another name is noted.
fn named_then(revision: &Revision, paths: &[PathBuf], cwd: &Path) -> Vec<PathBuf> {
    let tree = &revision.tree;
    let then = |path: &PathBuf| {
        let full: PathBuf = cwd.join(path).components().collect();
        // What is not there now either is a pattern, and moves with the folder in which it begins.
        let begin = full.ancestors().find(|part| part.exists()).unwrap_or(&full);
        if tree.has(begin) {
            return vec![path.clone()];
        }
        let shown = visible(&path.to_string_lossy());
        match tree.earlier(begin) {
            Earlier::At(earlier) => return earlier,
            Earlier::Added => {}
            Earlier::Unclear(gone) => tree.leave_out(unclear(&shown, &gone, tree.tracks(begin))),
            Earlier::Outside => {
                tree.leave_out(format!("`{shown}` is not in this repository, so it has no earlier state"))
            }
        }
        vec![path.clone()]
    };
    paths.iter().flat_map(then).collect()
}

/// `tracked`: whether git was told of it, and knows it no more for that.
fn unclear(shown: &str, gone: &[PathBuf], tracked: bool) -> String {
    let Some((first, more)) = gone.split_first() else {
        return format!("`{shown}` is not there, and git does not tell whether it had another name");
    };
    let more = if more.is_empty() { String::new() } else { format!(", or one of {} more that are gone", more.len()) };
    let first = visible(&first.to_string_lossy());
    let cure = match tracked {
        true => "too much of it has changed for git to tell: let the workspace name the roster, and leave the path out",
        false => "`git add` lets git tell",
    };
    format!("`{shown}` is not there, and may be what was `{first}`{more} ({cure})")
}

impl Context {
    /// The same workspace as it was at a revision of its repository: by the name of its file, by the name that this had
    /// then, or by where one has gone from.
    fn at(&self, revision: &Revision) -> Context {
        let tree = &revision.tree;
        let mut context = self.with(Sources::past(tree.clone()));
        let Some(file) = self.file() else {
            let files = self.cwd.ancestors().map(|folder| folder.join(WORKSPACE_FILE));
            if let Some(file) = { files }.find(|file| tree.has(file)) {
                context.read_workspace(&file);
            }
            return context;
        };
        if tree.has(file) {
            context.read_workspace(file);
            return context;
        }
        let gone = |path: &PathBuf| !path.exists();
        let then: Vec<PathBuf> = match tree.earlier(file) {
            // Its settings are no part of the repository.
            Earlier::Outside => {
                context.take_present_workspace(file, true);
                return context;
            }
            Earlier::At(earlier) => earlier,
            _ => file.file_name().map_or_else(Vec::new, |name| tree.called(name).into_iter().filter(gone).collect()),
        };
        match then.as_slice() {
            [only] => context.read_workspace(only),
            several => {
                if !several.is_empty() {
                    tree.leave_out(format!("the workspace file is one of {} that were there", several.len()));
                }
                // There was none: what this one names was there without it.
                context.take_present_workspace(file, false);
            }
        }
        context
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
