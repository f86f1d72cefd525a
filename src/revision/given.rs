//! The repository that the environment names: git sets variables for the hooks that it runs, and people for files that are
//! kept in a repository elsewhere.

use std::path::{Path, PathBuf};

/// Variables that say where one repository is (`git rev-parse --local-env-vars`), those of its settings left out: another
/// one is misread with them.
pub const OF_ONE_REPOSITORY: [&str; 11] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_NAMESPACE",
];

/// A repository and its files, as the environment names them.
#[derive(Clone, Debug)]
pub struct Given {
    /// `GIT_DIR`, absolute.
    pub directory: PathBuf,
    /// `GIT_WORK_TREE`, absolute; none: the folder in which git is asked.
    pub tree: Option<PathBuf>,
}

impl Given {
    /// What the environment names.
    pub fn here() -> Option<Given> {
        let cwd = std::env::current_dir().ok()?;
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| cwd.join(value));
        Some(Given { directory: named("GIT_DIR")?, tree: named("GIT_WORK_TREE") })
    }

    /// Whether a folder lies in the files that are named, and these do not begin further up than another root does.
    pub fn is_nearer(&self, folder: &Path, root: &Path) -> bool {
        let Some(tree) = self.tree.as_ref().and_then(|tree| tree.canonicalize().ok()) else { return false };
        tree.starts_with(root) && folder.canonicalize().is_ok_and(|folder| folder.starts_with(&tree))
    }

    /// From where git is asked: where no files are named, they begin in the working directory.
    pub fn asked_from<'f>(&self, folder: &'f Path) -> &'f Path {
        if self.tree.is_some() { folder } else { Path::new(".") }
    }
}
