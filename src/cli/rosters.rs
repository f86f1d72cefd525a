//! The rosters of a run: found, read, understood, and weighed by the rules.

use std::collections::{BTreeSet, HashSet};
use std::mem::take;
use std::path::PathBuf;

use rayon::prelude::*;
use smol_str::SmolStr;

use super::context::{Context, Settings};
use super::output::Output;
use super::progress::Waiting;
use super::whose::{self, Share, Whose};
use crate::diagnostic::{Diagnostic, FileId, nearest};
use crate::document::record::visible;
use crate::document::roster::Roster;
use crate::document::workspace::Level;
use crate::document::{self, Sources, Written};
use crate::error::Error;
use crate::model::{Built, Organisation, Platforms, build};
use crate::platform::{BUILT_IN, Platform};
use crate::rules::{self, Doubts, Levels};

/// The rosters of a run, and everything that is wrong with them.
#[derive(Debug)]
pub struct Rosters {
    /// The organisations whose platform is known.
    pub organisations: Vec<Organisation>,
    /// The findings, by path, line and column.
    pub diagnostics: Vec<Diagnostic>,
    /// Everything that was read.
    pub sources: Sources,
    /// Which of that are rosters.
    pub files: Vec<FileId>,
    /// Of whom they are.
    pub whose: Whose,
    /// How rules are weighed.
    pub levels: Levels,
    /// The levels that the workspace asks for.
    pub asked_levels: Vec<(SmolStr, Level)>,
    /// Whether these are all that there are; false where the command line names some.
    pub all: bool,
}

impl Context {
    /// Reads and checks the rosters that the command line or the workspace names.
    pub fn rosters(self, paths: &[PathBuf], output: &Output) -> Result<(Rosters, Settings), Error> {
        self.rosters_with(paths, &[], output)
    }

    /// The same as if some files, by their paths as shown, had another text.
    pub fn rosters_with(
        mut self,
        paths: &[PathBuf],
        texts: &[(String, String)],
        output: &Output,
    ) -> Result<(Rosters, Settings), Error> {
        if let Some(other) = self.passed_by(paths) {
            output.remark(&format!(
                "note: {} is not used: a workspace file counts from its own folder downwards (go there, or name it with --workspace)",
                visible(&other.to_string_lossy())
            ));
        }
        let _waiting = Waiting::new(output.style.quiet, "reading and checking the rosters");
        let (files, mut diagnostics) = self.files(paths)?;
        diagnostics.append(&mut self.diagnostics);
        for (path, text) in texts {
            if let Some(file) = self.sources.find(path) {
                self.sources.put(file, text.clone());
            }
        }
        let read = document::read_rosters(&self.sources, &files);
        let rosters = self.understand(files, read, diagnostics, &[], paths.is_empty());
        Ok((rosters, Settings::from(self)))
    }

    /// Reads the rosters of another time beside those at hand: of organisations whose rosters are the same then and now,
    /// nothing is read again. Gives the others, and the ids of those.
    pub fn rosters_beside(
        mut self,
        paths: &[PathBuf],
        now: &Rosters,
        output: &Output,
    ) -> Result<(Rosters, HashSet<SmolStr>), Error> {
        let _waiting = Waiting::new(output.style.quiet, "reading and checking the rosters");
        let (patterns, base) = self.patterns(paths)?;
        let meant = self.sources.meant(&patterns, &base, &self.cwd);
        let comparable = self.asked_levels() == now.asked_levels;
        let Share { changed, mut same } = now.whose.share(now, &self.sources, meant, comparable);
        let (mut files, mut diagnostics) = self.sources.read_meant(changed);
        diagnostics.append(&mut self.diagnostics);
        let (mut documents, mut findings) = document::read_rosters(&self.sources, &files);
        let then = Whose::of(&documents, &findings, &files, &self.sources);
        let (further, ids) = same.without(&then);
        let further: Vec<FileId> = further
            .into_iter()
            .map(|file| self.sources.push(now.sources.path(file).to_owned(), now.sources.text(file).to_owned()))
            .collect();
        let (mut more, mut more_findings) = document::read_rosters(&self.sources, &further);
        files.extend(further);
        documents.append(&mut more);
        findings.append(&mut more_findings);
        if !paths.is_empty() {
            let (mut elsewhere, mut kept) = self.read_elsewhere(now, &documents, &ids, &files);
            files.append(&mut elsewhere);
            documents.append(&mut kept);
        }
        // In the order of the paths, as if all had been read at once.
        files.sort_by(|a, b| self.sources.path(*a).cmp(self.sources.path(*b)));
        documents.sort_by(|a, b| self.sources.path(a.file).cmp(self.sources.path(b.file)));
        let shared: Vec<&Organisation> = now.organisations.iter().filter(|one| ids.contains(&one.id)).collect();
        let rosters = self.understand(files, (documents, findings), diagnostics, &shared, paths.is_empty());
        Ok((rosters, ids))
    }

    /// Of organisations that are in none of the named files of another time, what the other rosters of then say: they may
    /// have moved from a file that nobody names now.
    fn read_elsewhere(
        &mut self,
        now: &Rosters,
        documents: &[Written<Box<Roster>>],
        same: &HashSet<SmolStr>,
        files: &[FileId],
    ) -> (Vec<FileId>, Vec<Written<Box<Roster>>>) {
        let there: HashSet<&SmolStr> = documents.iter().filter_map(whose::organisation).chain(same).collect();
        let lost: HashSet<&SmolStr> =
            now.organisations.iter().map(|one| &one.id).filter(|id| !there.contains(id)).collect();
        let (Ok((patterns, base)), false) = (self.patterns(&[]), lost.is_empty()) else { return Default::default() };
        let known: HashSet<&str> = files.iter().map(|file| self.sources.path(*file)).collect();
        let mut meant = self.sources.meant(&patterns, &base, &self.cwd);
        meant.retain(|file| !known.contains(file.shown.as_str()));
        // What cannot be read there is told by a run over all rosters.
        let (found, _) = self.sources.read_meant(meant);
        let found: Vec<FileId> = found
            .into_iter()
            .filter(|file| {
                let text = self.sources.text(*file);
                lost.iter().any(|id| text.contains(id.as_str()))
            })
            .collect();
        let (mut elsewhere, _) = document::read_rosters(&self.sources, &found);
        elsewhere.retain(|document| whose::organisation(document).is_some_and(|id| lost.contains(id)));
        (found, elsewhere)
    }

    /// Builds organisations out of documents, and weighs them. `beside`: organisations that count as read, too.
    fn understand(
        &mut self,
        files: Vec<FileId>,
        (documents, mut findings): document::Read,
        mut diagnostics: Vec<Diagnostic>,
        beside: &[&Organisation],
        all: bool,
    ) -> Rosters {
        let whose = Whose::of(&documents, &findings, &files, &self.sources);
        diagnostics.append(&mut findings);
        let (platforms, mut findings) = Platforms::load(&documents, &mut self.sources, &self.cwd);
        diagnostics.append(&mut findings);
        let Built { organisations, diagnostics: mut findings } = build(documents, &platforms, self.today);
        diagnostics.append(&mut findings);
        let known = organisations.iter().chain(beside.iter().copied());
        let levels = self.known_levels(known.map(|organisation| &*organisation.platform), &mut diagnostics);
        let doubts = Doubts::of(&diagnostics);
        let check = |organisation: &Organisation| rules::check(organisation, &levels, &doubts, self.today);
        diagnostics.extend(organisations.par_iter().map(check).collect::<Vec<_>>().into_iter().flatten());
        sort(&mut diagnostics, &self.sources);
        let asked_levels = self.asked_levels();
        Rosters {
            organisations,
            diagnostics,
            sources: take(&mut self.sources),
            files,
            whose,
            levels,
            asked_levels,
            all,
        }
    }

    fn asked_levels(&self) -> Vec<(SmolStr, Level)> {
        self.levels.iter().map(|(rule, level, _)| (rule.clone(), *level)).collect()
    }

    /// The levels of the workspace; rules that no platform has are findings.
    fn known_levels<'p>(&self, own: impl Iterator<Item = &'p Platform>, diagnostics: &mut Vec<Diagnostic>) -> Levels {
        let mut levels = Levels::default();
        if self.levels.is_empty() {
            return levels;
        }
        let built_in = BUILT_IN.iter().filter_map(|(id, _)| Platform::built_in(id));
        let built_in = built_in.flat_map(|platform| platform.rules).map(|rule| rule.id);
        let known: BTreeSet<SmolStr> =
            own.flat_map(|platform| &platform.rules).map(|rule| rule.id.clone()).chain(built_in).collect();
        for (rule, level, place) in &self.levels {
            if known.contains(rule) {
                levels.0.insert(rule.clone(), *level);
                continue;
            }
            let message = format!("there is no rule `{rule}` whose level could be set");
            let finding = Diagnostic::error("roster/unknown-rule", message).at(place.clone());
            let near = nearest(rule, known.iter().map(SmolStr::as_str)).map(str::to_owned);
            diagnostics.push(finding.help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if rule.starts_with("roster/") => "rules of the language itself always hold".to_owned(),
                None => "`rosterctl explain` lists the rules".to_owned(),
            }));
        }
        levels
    }
}

/// Sorts findings by path, line and column; those without a place come last.
pub fn sort(diagnostics: &mut [Diagnostic], sources: &Sources) {
    let key = |finding: &Diagnostic| {
        let place = finding.place.as_ref();
        place.map_or((true, "", 0), |place| (false, sources.path(place.file), place.span.start))
    };
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| (&a.rule, &a.message).cmp(&(&b.rule, &b.message))));
}
