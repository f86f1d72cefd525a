//! Of which organisations rosters are, file by file; and by that, what of another time has to be read besides them.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use smol_str::SmolStr;

use super::rosters::Rosters;
use crate::diagnostic::{Diagnostic, FileId};
use crate::document::roster::Roster;
use crate::document::source::Meant;
use crate::document::{Sources, Written};
use crate::platform::BUILT_IN;

/// Of which organisations rosters are.
#[derive(Debug, Default)]
pub struct Whose {
    /// The organisations of each file.
    files: HashMap<FileId, HashSet<SmolStr>>,
    /// Files that were not understood, or not wholly: of whom they are besides is not known.
    unclear: HashSet<FileId>,
    /// Organisations that depend on files other than their rosters, such as a platform of their own.
    apart: HashSet<SmolStr>,
}

/// What rosters of another time share with those at hand.
#[derive(Debug)]
pub struct Share {
    /// Files that were not there or had another text.
    pub changed: Vec<Meant>,
    /// What may be the same.
    pub same: Same,
}

/// Files that are the same then and now.
#[derive(Debug)]
pub struct Same {
    /// The files of now, with whose they are; and whether they are to be read in any case.
    files: Vec<(FileId, HashSet<SmolStr>, bool)>,
    /// Organisations of which something is not the same.
    other: HashSet<SmolStr>,
}

impl Whose {
    /// Of whom the documents of some files are, given what was found wrong with them.
    pub fn of(
        documents: &[Written<Box<Roster>>],
        findings: &[Diagnostic],
        files: &[FileId],
        sources: &Sources,
    ) -> Whose {
        let mut whose = Whose::default();
        for document in documents {
            let Some(id) = organisation(document) else {
                whose.unclear.insert(document.file);
                continue;
            };
            let platform = document.value.platform.as_ref();
            if platform.is_some_and(|word| !BUILT_IN.iter().any(|(id, _)| *id == word.value.as_str())) {
                whose.apart.insert(id.clone());
            }
            whose.files.entry(document.file).or_default().insert(id.clone());
        }
        let nobodys = findings.iter().filter(|finding| finding.organisation.is_none());
        whose.unclear.extend(nobodys.filter_map(|finding| Some(finding.place.as_ref()?.file)));
        whose.unclear.extend(files.iter().copied().filter(|file| !sources.readable(*file)));
        whose
    }

    /// What files of another time share with these. `comparable`: whether equal texts mean the same at all.
    pub fn share(&self, now: &Rosters, past: &Sources, meant: Vec<Meant>, comparable: bool) -> Share {
        let files: HashMap<&str, FileId> = now.files.iter().map(|file| (now.sources.path(*file), *file)).collect();
        let same = |file: &Meant| {
            let there = comparable.then(|| files.get(file.shown.as_str()).copied()).flatten();
            there.filter(|there| now.sources.readable(*there) && past.is(file, now.sources.text(*there)))
        };
        let found: Vec<Option<FileId>> = meant.par_iter().map(same).collect();
        let kept: HashSet<FileId> = found.iter().copied().flatten().collect();
        let whose = |file: &FileId| self.files.get(file).cloned().unwrap_or_default();
        let gone = now.files.iter().filter(|file| !kept.contains(file));
        let other = gone.flat_map(whose).chain(self.apart.iter().cloned()).collect();
        let files = found.iter().flatten().map(|file| (*file, whose(file), self.unclear.contains(file))).collect();
        let changed = meant.into_iter().zip(&found).filter(|(_, same)| same.is_none()).map(|(file, _)| file).collect();
        Share { changed, same: Same { files, other } }
    }
}

impl Same {
    /// Parts what has to be read after all, since its organisations have something else that changed, from the
    /// organisations of which nothing did. `then`: whose the changed files were.
    pub fn without(&mut self, then: &Whose) -> (Vec<FileId>, HashSet<SmolStr>) {
        self.other.extend(then.files.values().flatten().cloned());
        let mut read = Vec::new();
        loop {
            let other = &self.other;
            let (more, rest): (Vec<_>, Vec<_>) =
                self.files.drain(..).partition(|(_, ids, always)| *always || ids.iter().any(|id| other.contains(id)));
            self.files = rest;
            if more.is_empty() {
                break;
            }
            for (file, ids, _) in more {
                read.push(file);
                self.other.extend(ids);
            }
        }
        (read, self.files.iter().flat_map(|(_, ids, _)| ids.iter().cloned()).collect())
    }
}

/// The organisation of a document.
pub fn organisation(document: &Written<Box<Roster>>) -> Option<&SmolStr> {
    document.value.organisation.0.as_ref().map(|id| &id.value.0)
}
