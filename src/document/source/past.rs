//! Files as they were: the same patterns over a tree of the past in place of the disk.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;

use super::{Unreadable, WORKSPACE_FILE, decode, refused};

/// Files of another time. Paths are absolute, as they would be on the disk.
pub trait Past: fmt::Debug + Send + Sync {
    /// The file at a path, or the files below it; none where nothing has that name.
    fn below(&self, path: &Path) -> Option<Vec<PastFile>>;

    /// Whether a file that was found has these very bytes, told without reading it; false where that cannot be told.
    fn is(&self, path: &Path, bytes: &[u8]) -> bool;

    /// The bytes of files, in their order; or why one cannot be read, as in "`x` …".
    fn texts(&self, paths: &[PathBuf]) -> Vec<Result<Vec<u8>, String>>;
}

/// A file of another time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFile {
    /// Its path by the name that was asked for.
    pub path: PathBuf,
    /// Its path from what was asked for; empty: that very file.
    pub below: PathBuf,
    /// The path with every link resolved.
    pub real: PathBuf,
    /// A link leads to it.
    pub linked: bool,
}

/// A file of another time that a pattern means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Its path as shown.
    pub shown: String,
    /// Its path by the name that was asked for.
    pub path: PathBuf,
}

/// The texts of files of the past.
pub(super) fn read(past: &dyn Past, paths: &[PathBuf]) -> Vec<Result<String, Unreadable>> {
    let texts = past.texts(paths).into_iter();
    texts.map(|bytes| bytes.map_err(|why| refused(why, None)).and_then(decode)).collect()
}

/// The files that a pattern means: what it names, what is below it, else what it matches.
pub(super) fn matching(past: &dyn Past, pattern: &Path) -> Vec<PastFile> {
    if let Some(files) = past.below(pattern) {
        let meant = |file: &PastFile| file.below.as_os_str().is_empty() || is_roster(&file.below);
        return files.into_iter().filter(meant).collect();
    }
    let special = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let plain: PathBuf = pattern.components().take_while(|part| !special(part)).collect();
    let rest = pattern.strip_prefix(&plain).unwrap_or(pattern);
    if rest.as_os_str().is_empty() {
        return Vec::new();
    }
    let Ok(glob) = GlobBuilder::new(&slashed(rest)).literal_separator(true).build() else { return Vec::new() };
    let matcher = glob.compile_matcher();
    // A folder that matches means everything below it.
    let matches =
        |file: &PastFile| is_roster(&file.below) && file.below.ancestors().any(|part| matcher.is_match(slashed(part)));
    past.below(&plain).unwrap_or_default().into_iter().filter(matches).collect()
}

/// Whether a file below a folder is read as a roster: YAML, nothing hidden, not the workspace file.
fn is_roster(below: &Path) -> bool {
    let hidden = below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
    let name = below.file_name().unwrap_or_default();
    !hidden && name != WORKSPACE_FILE && super::find::is_yaml(name)
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR_STR, "/")
}
