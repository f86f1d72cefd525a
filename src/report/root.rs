//! Where the working directory lies in the repository, since readers of CI reports count paths from the repository's root.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The way from the repository's root down to the working directory: empty, or folders with a slash after each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root(String);

impl Root {
    /// The working directory itself is the root, unless it is known to lie below another folder.
    pub fn of(cwd: &Path, repository: Option<PathBuf>) -> Root {
        repository.and_then(|repository| Root::below(&repository, cwd)).unwrap_or_default()
    }

    /// The way down from a folder to the working directory; none where that lies elsewhere.
    pub fn below(repository: &Path, cwd: &Path) -> Option<Root> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (cwd, repository) = (real(cwd), real(repository));
        let below = cwd.strip_prefix(repository).ok()?;
        Some(Root(below.components().map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()))
    }

    /// The way down.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A shown path, which counts from the working directory, as it counts from the root.
    pub fn path<'p>(&self, shown: &'p str) -> Cow<'p, str> {
        if self.0.is_empty() || absolute(shown) {
            return Cow::Borrowed(shown);
        }
        let mut parts: Vec<&str> = self.0.split_terminator('/').collect();
        for part in shown.split('/').filter(|part| *part != ".") {
            match part {
                ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Cow::Owned(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
    }
}

/// Whether a path with forward slashes begins at the root of a file system, that of Windows too.
pub fn absolute(path: &str) -> bool {
    let drive = |path: &[u8]| path.len() > 2 && path[0].is_ascii_alphabetic() && path[1] == b':' && path[2] == b'/';
    path.starts_with('/') || drive(path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_root() {
        let root = Root("people/eu/".to_owned());
        let paths = ["rosters/a.yaml", "../shared/b.yaml", "../../c.yaml", "../../../d.yaml", "/e.yaml", "C:/f.yaml"];
        let expected =
            ["people/eu/rosters/a.yaml", "people/shared/b.yaml", "c.yaml", "../d.yaml", "/e.yaml", "C:/f.yaml"];
        assert_eq!(paths.map(|path| root.path(path).into_owned()), expected);
        assert_eq!(Root::default().path("../a.yaml"), "../a.yaml");
    }
}
