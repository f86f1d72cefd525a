//! The files of a commit, as if they were on the disk.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::git::{Entry, Git, Kind};
use crate::document::source::Past;

/// How many links may follow each other.
const MOST_LINKS: usize = 16;

/// From so many files on, another git reads as well.
const SHARE: usize = 256;

/// The files of a commit.
#[derive(Debug)]
pub struct Tree {
    git: Git,
    commit: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Files by their absolute path: the names of their contents.
    objects: HashMap<PathBuf, String>,
    /// What is there and was not read, with the reason.
    left_out: Vec<String>,
}

impl Tree {
    /// The files of a commit of a repository.
    pub(super) fn new(git: Git, commit: String) -> Tree {
        Tree { git, commit, known: Mutex::default() }
    }

    /// What was met and not read, with the reason: submodules, and links that lead nowhere.
    pub fn left_out(&self) -> Vec<String> {
        let mut left_out = self.known().left_out.clone();
        left_out.sort();
        left_out.dedup();
        left_out
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path from the root of the tree; none where it lies elsewhere.
    fn below_root(&self, path: &Path) -> Option<String> {
        let real = real(path);
        let below = real.strip_prefix(&self.git.root).ok()?;
        Some(below.to_string_lossy().replace(std::path::MAIN_SEPARATOR_STR, "/"))
    }

    /// What a link leads to, further links followed: a file, or what is in a folder; or why there is nothing.
    fn followed(&self, entry: &Entry, links: usize) -> Result<Vec<Entry>, String> {
        let text = self.git.contents(std::slice::from_ref(&entry.object));
        let target = text.ok().and_then(|mut texts| texts.pop()?.ok()).unwrap_or_default();
        let target = String::from_utf8_lossy(&target).into_owned();
        let folder = Path::new(&entry.path).parent().unwrap_or(Path::new(""));
        let nowhere = || format!("`{}` is a link to `{target}`, which is not in the repository then", entry.path);
        let path = plain(&folder.join(&target)).filter(|_| links < MOST_LINKS).ok_or_else(nowhere)?;
        let found = self.git.list(&self.commit, &path).map_err(|_| nowhere())?;
        match found.as_slice() {
            [] => Err(nowhere()),
            [one] if one.kind == Kind::Link && one.path == path => self.followed(one, links + 1),
            _ => Ok(found),
        }
    }

    /// Notes files under the paths by which they were found.
    fn note(&self, found: Vec<Entry>) -> Vec<PathBuf> {
        let mut paths = Vec::with_capacity(found.len());
        for entry in found {
            let path = self.git.root.join(&entry.path);
            let object = match entry.kind {
                Kind::File => Ok(entry.object),
                Kind::Submodule => {
                    Err(format!("`{}` is a submodule: what is in it belongs to another repository", entry.path))
                }
                Kind::Link => match self.followed(&entry, 0) {
                    Ok(target) if target.len() == 1 && target[0].kind == Kind::File => Ok(target[0].object.clone()),
                    Ok(_) => Err(format!("`{}` is a link to a folder, which is not followed", entry.path)),
                    Err(why) => Err(why),
                },
            };
            match object {
                Ok(object) => {
                    self.known().objects.insert(path.clone(), object);
                    paths.push(path);
                }
                Err(why) => self.known().left_out.push(why),
            }
        }
        paths
    }
}

impl Past for Tree {
    fn below(&self, path: &Path) -> Option<Vec<PathBuf>> {
        let from_root = self.below_root(path)?;
        let found = self.git.list(&self.commit, &from_root).ok()?;
        let found = match found.as_slice() {
            [] if from_root.is_empty() => Vec::new(),
            [] => return None,
            // What is named itself is followed, a folder too.
            [one] if one.kind == Kind::Link && one.path == from_root => match self.followed(one, 0) {
                Ok(found) => found,
                Err(why) => {
                    self.known().left_out.push(why);
                    return Some(Vec::new());
                }
            },
            _ => found,
        };
        let mut paths = self.note(found);
        if let [only] = paths.as_mut_slice()
            && *only == self.git.root.join(&from_root)
        {
            // Asked for by the name that it goes by here.
            let object = self.known().objects.get(only).cloned().unwrap_or_default();
            self.known().objects.insert(path.to_owned(), object);
            *only = path.to_owned();
        }
        Some(paths)
    }

    fn texts(&self, paths: &[PathBuf]) -> Vec<Result<Vec<u8>, String>> {
        let objects: Vec<Option<String>> = {
            let known = self.known();
            paths.iter().map(|path| known.objects.get(path).cloned()).collect()
        };
        let some: Vec<String> = objects.iter().flatten().cloned().collect();
        let share = some.len().div_ceil(rayon::current_num_threads().max(1)).max(SHARE);
        let read = |share: &[String]| match self.git.contents(share) {
            Ok(texts) => texts,
            Err(_) => share.iter().map(|_| Err("cannot be read by git".to_owned())).collect(),
        };
        let texts: Vec<Vec<_>> = some.par_chunks(share).map(read).collect();
        let mut texts = texts.into_iter().flatten();
        let missing = || Err("is not there".to_owned());
        objects
            .iter()
            .map(|object| object.as_ref().map_or_else(missing, |_| texts.next().unwrap_or_else(missing)))
            .collect()
    }
}

/// A path without `.` and `..`; none where it leads out of the root.
fn plain(path: &Path) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// A path with the links of what is on the disk resolved: the file itself may be of the past alone.
fn real(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let Ok(real) = there.canonicalize() {
            return path.strip_prefix(there).map_or(real.clone(), |rest| real.join(rest)).components().collect();
        }
    }
    path.to_owned()
}
