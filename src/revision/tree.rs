//! The files of a commit, as if they were on the disk.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;

use super::git::{Entry, Git, Kind, Since};
use super::object;
use crate::document::record::visible;
use crate::document::source::{Past, PastFile, is_yaml};

/// How many links may follow each other.
const MOST_LINKS: usize = 16;

/// From so many files on, another git reads as well.
const SHARE: usize = 256;

/// Up to so many questions git is asked for each path by itself; then all paths are listed, once.
const FEW: usize = 16;

/// The files of a commit.
#[derive(Debug)]
pub struct Tree {
    git: Git,
    commit: String,
    known: Mutex<Known>,
    /// All files, by their paths; none where git cannot list them all.
    all: OnceLock<Option<Vec<Entry>>>,
    /// What came, went and moved since; none where git cannot tell.
    since: OnceLock<Option<Vec<Since>>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Files by their absolute path: the names of their contents.
    objects: HashMap<PathBuf, String>,
    /// What is there and was not read, with the reason.
    left_out: BTreeSet<String>,
    /// What git should have and has not.
    broken: BTreeSet<String>,
    /// How often git was asked for a path.
    questions: usize,
}

/// Why nothing is found at a path.
enum Missing {
    /// It is there, and is not followed.
    LeftOut(String),
    /// git cannot say.
    Broken(String),
}

/// Where a file or a folder was, that is not at its path then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// These files were moved to it.
    At(Vec<PathBuf>),
    /// Nowhere: it was added since.
    Added,
    /// It may be one of these, by their paths from the root, which are gone since; git does not tell.
    Unclear(Vec<PathBuf>),
    /// In another repository, or in none.
    Outside,
}

impl Tree {
    /// The files of a commit of a repository.
    pub(super) fn new(git: Git, commit: String) -> Tree {
        Tree { git, commit, known: Mutex::default(), all: OnceLock::new(), since: OnceLock::new() }
    }

    /// What was met and not read, with the reason: submodules, links that lead nowhere, what lies elsewhere.
    pub fn left_out(&self) -> Vec<String> {
        self.known().left_out.iter().cloned().collect()
    }

    /// What git should have and has not, and how to get it.
    pub(super) fn broken(&self) -> (Vec<String>, String) {
        let cure = match (self.git.promisor(), self.git.remotes().first()) {
            (Some(remote), _) => format!("fetch it: git fetch --refetch --no-filter {remote}"),
            (None, Some(remote)) => format!("fetch it again: git fetch --refetch {remote}"),
            (None, None) => "`git fsck` lists what is missing; take it from another clone".to_owned(),
        };
        (self.known().broken.iter().cloned().collect(), cure)
    }

    /// Where a file or a folder was that is not at its path then: git tells what was moved, by its name or its content.
    pub fn earlier(&self, path: &Path) -> Earlier {
        let Some(now) = self.below_root(path) else { return Earlier::Outside };
        let since = self.since.get_or_init(|| self.git.since(&self.commit).ok());
        let Some(since) = since else { return Earlier::Unclear(Vec::new()) };
        let moved = since.iter().filter_map(|since| match since {
            Since::Moved { from, to } if to.starts_with(&now) => Some(self.git.root.join(from)),
            _ => None,
        });
        let moved: Vec<PathBuf> = moved.collect();
        if !moved.is_empty() {
            return Earlier::At(moved);
        }
        let gone = since.iter().filter_map(|since| match since {
            Since::Gone(path) if is_yaml(path.as_os_str()) => Some(path.clone()),
            _ => None,
        });
        let gone: Vec<PathBuf> = gone.collect();
        if gone.is_empty() { Earlier::Added } else { Earlier::Unclear(gone) }
    }

    /// Whether git is told of what is at a path now.
    pub fn tracks(&self, path: &Path) -> bool {
        self.below_root(path).is_some_and(|path| self.git.tracks(&self.git.root.join(path)))
    }

    /// Whether something is at a path.
    pub fn has(&self, path: &Path) -> bool {
        let found = self.below_root(path).map(|path| self.find(&path, 0));
        // What cannot be read is there, and is told of when it is read.
        found.is_some_and(|found| found.map_or(true, |(_, found)| !found.is_empty()))
    }

    /// The files with a name, anywhere.
    pub fn called(&self, name: &std::ffi::OsStr) -> Vec<PathBuf> {
        let Some(all) = self.all() else {
            self.lack(Missing::Broken("not all folders can be listed".to_owned()));
            return Vec::new();
        };
        let called = all.iter().filter(|entry| entry.kind == Kind::File && entry.path.file_name() == Some(name));
        called.map(|entry| self.git.root.join(&entry.path)).collect()
    }

    /// Notes that something is not read, and why.
    pub fn leave_out(&self, why: String) {
        self.known().left_out.insert(why);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path from the root of the tree; none where it lies elsewhere.
    fn below_root(&self, path: &Path) -> Option<PathBuf> {
        // A folder on the way may be of the past alone: what leads out of it again cannot be asked of the disk.
        plain(real(path).strip_prefix(&self.git.root).ok()?)
    }

    fn all(&self) -> Option<&Vec<Entry>> {
        let sorted = |mut all: Vec<Entry>| {
            all.sort_by(|a, b| a.path.cmp(&b.path));
            all
        };
        self.all.get_or_init(|| self.git.list(&self.commit, Path::new("")).ok().map(sorted)).as_ref()
    }

    /// What is at a path itself, or below it.
    fn list(&self, path: &Path) -> Result<Vec<Entry>, Missing> {
        let questions = {
            let mut known = self.known();
            known.questions += 1;
            known.questions
        };
        if questions > FEW
            && let Some(all) = self.all()
        {
            let first = all.partition_point(|entry| entry.path.as_path() < path);
            return Ok(all[first..].iter().take_while(|entry| entry.path.starts_with(path)).cloned().collect());
        }
        let broken = |why| Missing::Broken(format!("`{}` cannot be listed: {why}", shown(path)));
        self.git.list(&self.commit, path).map_err(|refused| broken(refused.said()))
    }

    /// The same with links followed: the path where it is, and what is there.
    fn find(&self, path: &Path, links: usize) -> Result<(PathBuf, Vec<Entry>), Missing> {
        let found = self.list(path)?;
        match found.as_slice() {
            [one] if one.kind == Kind::Link && one.path == path => self.find(&self.target(one, links)?, links + 1),
            [] => self.find_behind(path, links),
            _ => Ok((path.to_owned(), found)),
        }
    }

    /// What is at a path of which a folder may be a link, or another repository.
    fn find_behind(&self, path: &Path, links: usize) -> Result<(PathBuf, Vec<Entry>), Missing> {
        for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
            let found = self.list(folder)?;
            match found.as_slice() {
                [one] if one.path == folder && one.kind == Kind::Link => {
                    let rest = path.strip_prefix(folder).unwrap_or(path);
                    return self.find(&self.target(one, links)?.join(rest), links + 1);
                }
                [one] if one.path == folder && one.kind == Kind::Submodule => {
                    return Err(Missing::LeftOut(submodule(folder)));
                }
                [] => {}
                _ => break,
            }
        }
        Ok((path.to_owned(), Vec::new()))
    }

    /// The path that a link leads to.
    fn target(&self, link: &Entry, links: usize) -> Result<PathBuf, Missing> {
        let texts = self.git.contents(std::slice::from_ref(&link.object));
        let text = texts.map_err(|refused| refused.said()).and_then(|mut texts| texts.pop().unwrap_or(Ok(Vec::new())));
        let text = text.map_err(|why| Missing::Broken(format!("`{}` {why}", shown(&link.path))))?;
        let target = super::git::path_of(&text);
        let folder = link.path.parent().unwrap_or(Path::new(""));
        let path = plain(&folder.join(&target)).filter(|_| links < MOST_LINKS);
        path.ok_or_else(|| Missing::LeftOut(nowhere(&link.path, &target)))
    }

    /// The file that a link among others leads to: its path and its content.
    fn behind(&self, link: &Entry) -> Result<(PathBuf, String), Missing> {
        let target = self.target(link, 0)?;
        let (path, found) = self.find(&target, 1)?;
        match found.as_slice() {
            [] => Err(Missing::LeftOut(nowhere(&link.path, &target))),
            [file] if file.kind == Kind::File && file.path == path => Ok((path, file.object.clone())),
            _ => {
                let why = format!("`{}` is a link to a folder, which is not followed", shown(&link.path));
                Err(Missing::LeftOut(why))
            }
        }
    }

    /// A file that was asked for by `asked` and found below `root`, noted by the path under which it is asked for again.
    fn note(&self, entry: Entry, asked: &Path, root: &Path, linked: bool) -> Result<PastFile, Missing> {
        let below = entry.path.strip_prefix(root).unwrap_or(&entry.path).to_owned();
        let link = entry.kind == Kind::Link;
        let (real, object) = match entry.kind {
            Kind::File => (entry.path, entry.object),
            Kind::Link => self.behind(&entry)?,
            Kind::Submodule => return Err(Missing::LeftOut(submodule(&entry.path))),
        };
        let path = if below.as_os_str().is_empty() { asked.to_owned() } else { asked.join(&below) };
        self.known().objects.insert(path.clone(), object);
        Ok(PastFile { path, below, real: self.git.root.join(real), linked: linked || link })
    }

    fn lack(&self, missing: Missing) {
        match missing {
            Missing::LeftOut(why) => self.known().left_out.insert(why),
            Missing::Broken(why) => self.known().broken.insert(why),
        };
    }
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

fn submodule(path: &Path) -> String {
    format!("`{}` is a submodule: what is in it belongs to another repository", shown(path))
}

fn nowhere(link: &Path, target: &Path) -> String {
    format!("`{}` is a link to `{}`, which is not in the repository then", shown(link), shown(target))
}

impl Past for Tree {
    fn below(&self, path: &Path) -> Option<Vec<PastFile>> {
        let from_root = self.below_root(path)?;
        let (root, found) = match self.find(&from_root, 0) {
            Ok((root, found)) if found.is_empty() && !root.as_os_str().is_empty() => return None,
            Ok(found) => found,
            Err(missing) => {
                self.lack(missing);
                return Some(Vec::new());
            }
        };
        let linked = root != from_root;
        let mut files = Vec::with_capacity(found.len());
        for entry in found {
            match self.note(entry, path, &root, linked) {
                Ok(file) => files.push(file),
                Err(missing) => self.lack(missing),
            }
        }
        Some(files)
    }

    fn is(&self, path: &Path, bytes: &[u8]) -> bool {
        let object = self.known().objects.get(path).cloned();
        object.is_some_and(|object| object::is(&object, bytes))
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
        let text = |(path, object): (&PathBuf, &Option<String>)| {
            let text = object.as_ref().map_or_else(missing, |_| texts.next().unwrap_or_else(missing));
            if let (Some(_), Err(why)) = (object, &text) {
                let path = path.strip_prefix(&self.git.root).unwrap_or(path);
                self.lack(Missing::Broken(format!("`{}` {why}", shown(path))));
            }
            text
        };
        paths.iter().zip(&objects).map(text).collect()
    }
}

/// A path without `.` and `..`; none where it leads out of the root.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::ParentDir if parts.pop() => {}
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts)
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
