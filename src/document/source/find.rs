//! From files, folders and globs to the files that they mean: links followed once, never in a circle.

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Component, MAIN_SEPARATOR_STR, Path, PathBuf};
use std::{fs, io};

use globset::{GlobBuilder, GlobMatcher};

use super::{RULE, WORKSPACE_FILE};
use crate::diagnostic::{Diagnostic, Severity, nearest};

pub(super) struct Found {
    pub(super) shown: String,
    pub(super) path: PathBuf,
    /// The path with every link resolved.
    pub(super) real: PathBuf,
    /// A link leads to it.
    pub(super) linked: bool,
}

/// A folder to read, or a link to one.
struct Folder {
    path: PathBuf,
    /// The path with every link resolved; of a link, that of the folder it stands in.
    real: PathBuf,
    /// The path from where the walk began, with forward slashes.
    below: String,
    depth: usize,
    /// Every YAML file below belongs to the pattern.
    whole: bool,
    linked: bool,
}

/// Which of the files below a folder a glob means.
struct Filter {
    matcher: GlobMatcher,
    /// How many folders deep it can match.
    depth: usize,
}

pub(super) struct Finder<'c> {
    pub(super) cwd: &'c Path,
    pub(super) real_cwd: PathBuf,
    pub(super) found: Vec<Found>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Finder<'_> {
    pub(super) fn pattern(&mut self, path: PathBuf) {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                if self.walk(&path, None) == 0 {
                    let message = format!("the folder `{}` holds no *.yaml or *.yml file", self.shown(&path));
                    self.error(message, None);
                }
            }
            Ok(_) => {
                let linked = path.is_symlink();
                self.file(path, linked);
            }
            // `*` cannot stand in a file name on every system.
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => self.glob(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => self.glob(&path),
            Err(error) => self.unreachable(&path, &error),
        }
    }

    fn glob(&mut self, path: &Path) {
        let special = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
        let plain: PathBuf = path.components().take_while(|part| !special(part)).collect();
        let rest: Vec<_> = path.components().skip(plain.components().count()).collect();
        if rest.is_empty() || !plain.is_dir() {
            return self.missing(path);
        }
        let text = rest.iter().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let depth = if text.contains("**") { usize::MAX } else { rest.len() - 1 };
        let matched = match GlobBuilder::new(&text).literal_separator(true).build() {
            Ok(glob) => self.walk(&plain, Some(&Filter { matcher: glob.compile_matcher(), depth })),
            Err(error) => {
                let message = format!("`{}` is not a pattern: {}", self.shown(path), error.kind());
                return self.error(message, None);
            }
        };
        if matched == 0 {
            let help = "patterns are `*`, `?`, `[ab]`, `{a,b}` and, for any number of folders, `**`".to_owned();
            self.error(format!("no *.yaml or *.yml file matches `{}`", self.shown(path)), Some(help));
        }
    }

    /// Takes the YAML files below a folder and says how many there are. Links come last, so that what has a name of its
    /// own here goes by it.
    fn walk(&mut self, path: &Path, filter: Option<&Filter>) -> usize {
        let before = self.found.len();
        let mut folders = Vec::new();
        let mut links = VecDeque::new();
        let mut visited = HashSet::new();
        match fs::canonicalize(path) {
            Ok(real) => folders.push(Folder {
                path: path.to_owned(),
                real,
                below: String::new(),
                depth: 0,
                whole: filter.is_none(),
                linked: path.is_symlink(),
            }),
            Err(error) => self.unreachable(path, &error),
        }
        loop {
            let folder = match folders.pop() {
                Some(folder) => folder,
                None => match links.pop_front() {
                    Some(link) => match self.follow(link, &visited) {
                        Some(folder) => folder,
                        None => continue,
                    },
                    None => break,
                },
            };
            if !visited.insert(folder.real.clone()) {
                continue;
            }
            for (name, kind) in self.list(&folder.path) {
                let text = name.to_string_lossy();
                let below = if folder.depth == 0 { text.into_owned() } else { format!("{}/{text}", folder.below) };
                let whole = folder.whole || filter.is_some_and(|filter| filter.matcher.is_match(&below));
                let deeper = whole || filter.is_some_and(|filter| folder.depth < filter.depth);
                let (path, real) = (folder.path.join(&name), folder.real.join(&name));
                let next = |path, real, linked| Folder { path, real, below, depth: folder.depth + 1, whole, linked };
                if kind.is_symlink() {
                    match fs::metadata(&path) {
                        Ok(target) if target.is_dir() && deeper => {
                            links.push_back(next(path, folder.real.clone(), true));
                        }
                        Ok(target) if !target.is_dir() && whole && is_yaml(&name) => self.file(path, true),
                        Err(error) if whole => self.unreachable(&path, &error),
                        _ => {}
                    }
                } else if kind.is_dir() && deeper {
                    folders.push(next(path, real, folder.linked));
                } else if !kind.is_dir() && whole && is_yaml(&name) {
                    let shown = self.shown(&path);
                    self.found.push(Found { shown, path, real, linked: folder.linked });
                }
            }
        }
        self.found.len() - before
    }

    /// The folder that a link leads to, unless it was read already or is being read.
    fn follow(&mut self, link: Folder, visited: &HashSet<PathBuf>) -> Option<Folder> {
        match fs::canonicalize(&link.path) {
            Ok(real) if visited.contains(&real) || link.real.starts_with(&real) => {
                let message =
                    format!("`{}` links back to a folder already read; not read again", self.shown(&link.path));
                self.diagnostics.push(Diagnostic::new(RULE, Severity::Warning, message));
                None
            }
            Ok(real) => Some(Folder { real, ..link }),
            Err(error) => {
                self.unreachable(&link.path, &error);
                None
            }
        }
    }

    /// A folder's entries by name, those that begin with a dot left out.
    fn list(&mut self, path: &Path) -> Vec<(OsString, fs::FileType)> {
        let entry =
            |entry: io::Result<fs::DirEntry>| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)));
        match fs::read_dir(path).and_then(|entries| entries.map(entry).collect::<io::Result<Vec<_>>>()) {
            Ok(mut entries) => {
                entries.retain(|(name, _)| !name.as_encoded_bytes().starts_with(b".") && name != WORKSPACE_FILE);
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                entries
            }
            Err(error) => {
                self.unreachable(path, &error);
                Vec::new()
            }
        }
    }

    fn file(&mut self, path: PathBuf, linked: bool) {
        match fs::canonicalize(&path) {
            Ok(real) => self.found.push(Found { shown: self.shown(&path), path, real, linked }),
            Err(error) => self.unreachable(&path, &error),
        }
    }

    /// Nothing has this name: says which part of the path is wrong, and what is nearest to it.
    fn missing(&mut self, path: &Path) {
        let there = path.ancestors().skip(1).find(|parent| parent.exists()).unwrap_or(Path::new(""));
        let wrong: PathBuf = path.components().take(there.components().count() + 1).collect();
        let names: Vec<String> = fs::read_dir(there)
            .into_iter()
            .flatten()
            .take(10_000)
            .flatten()
            .map(|entry| lossy(entry.file_name()))
            .collect();
        let name = wrong.file_name().map(lossy).unwrap_or_default();
        let near = nearest(&name, names.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{}`?", self.shown(&there.join(near))));
        let first = "`rosterctl init` writes a first roster, `rosterctl export > FILE` one of who is on a target";
        let help = near.or_else(|| (wrong == path && !is_yaml(wrong.as_os_str())).then(|| first.to_owned()));
        let kind = if wrong == path { "file or folder" } else { "folder" };
        self.error(format!("there is no {kind} `{}`", self.shown(&wrong)), help);
    }

    fn unreachable(&mut self, path: &Path, error: &io::Error) {
        let shown = self.shown(path);
        match fs::read_link(path) {
            Ok(target) if error.kind() == io::ErrorKind::NotFound => {
                let message = format!("`{shown}` is a link to `{}`, which does not exist", lossy(target));
                self.error(message, Some("repair or remove the link".to_owned()));
            }
            _ => self.error(format!("`{shown}` cannot be read: {error}"), None),
        }
    }

    fn error(&mut self, message: String, help: Option<String>) {
        let mut finding = Diagnostic::error(RULE, message);
        finding.help = help;
        self.diagnostics.push(finding);
    }

    fn shown(&self, path: &Path) -> String {
        let direct =
            path.strip_prefix(self.cwd).ok().filter(|rest| !rest.components().any(|part| part == Component::ParentDir));
        let below = match direct {
            Some(below) => below.to_owned(),
            None => {
                let real = fs::canonicalize(path).ok();
                real.map_or_else(|| path.to_owned(), |real| relative(&real, &self.real_cwd))
            }
        };
        if below.as_os_str().is_empty() { ".".to_owned() } else { lossy(below).replace(MAIN_SEPARATOR_STR, "/") }
    }
}

/// Whether a file is YAML by its name.
pub fn is_yaml(name: &OsStr) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"))
}

fn lossy(name: impl AsRef<OsStr>) -> String {
    name.as_ref().to_string_lossy().into_owned()
}

/// A path as seen from a folder: with `..` where both lie in one tree below the root, else as it is.
pub(in crate::document) fn relative(path: &Path, from: &Path) -> PathBuf {
    let common = path.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    if common < 2 {
        return path.to_owned();
    }
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}
