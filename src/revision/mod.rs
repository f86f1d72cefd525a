//! The rosters as they were at a revision of their repository, read through git itself: from its objects alone, so that
//! shallow and bare clones serve as well, and nothing is checked out.

mod git;
mod given;
mod object;
mod tree;

use std::path::Path;
use std::sync::Arc;

pub use tree::{Earlier, Tree};

use git::{Git, Refused};

/// Why a revision cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A revision, and what is known of its place in the history.
#[derive(Debug)]
pub struct Revision {
    /// As it was named.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// Whether the commit checked out has it behind it; none where the history at hand does not tell.
    pub behind: Option<bool>,
    /// A branch that goes on from it, and that the commit checked out lacks, where no branch is named.
    pub further: Option<String>,
    /// Its files.
    pub tree: Arc<Tree>,
}

impl Revision {
    /// Finds a revision of the repository that a folder is in.
    pub fn find(folder: &Path, name: &str) -> Result<Revision, Unresolved> {
        if name.is_empty() || name.starts_with('-') || name.contains(['\0', '\n']) {
            let message = format!("`{}` is no name of a revision", name.escape_debug());
            return Err(Unresolved {
                message,
                help: "name a branch, a tag or a commit, such as origin/main".to_owned(),
            });
        }
        let git = Git::of(folder).map_err(|refused| no_repository(folder, name, refused))?;
        let Some(commit) = git.commit(name) else { return Err(missing(&git, name)) };
        let behind = git.is_behind(&commit);
        let further = git.goes_on(name, &commit);
        let tree = Arc::new(Tree::new(git, commit.clone()));
        Ok(Revision { name: name.to_owned(), commit, behind, further, tree })
    }

    /// That part of the revision is not among the objects at hand, once all was read that is wanted of it.
    pub fn broken(&self) -> Result<(), Unresolved> {
        let (broken, cure) = self.tree.broken();
        let Some(first) = broken.first() else { return Ok(()) };
        let more = match broken.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let message = format!("`{}` cannot be read whole: {first}{more}", self.name);
        Err(Unresolved { message, help: cure })
    }

    /// The name and the beginning of the commit, for people.
    pub fn words(&self) -> String {
        let short = self.commit.get(..10).unwrap_or(&self.commit);
        if self.commit.starts_with(&self.name) { short.to_owned() } else { format!("{} ({short})", self.name) }
    }
}

/// When a file was committed last, where it stands in a work tree as it was committed; and whether that is a shallow
/// clone, whose history begins late.
pub fn committed(file: &Path) -> Option<(jiff::Timestamp, bool)> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name()?.to_str()?;
    let git = Git::of(folder).ok()?;
    let time = git.committed(name)?;
    Some((time.parse().ok()?, git.is_shallow()))
}

fn no_repository(folder: &Path, name: &str, refused: Refused) -> Unresolved {
    match refused {
        Refused::NoGit(why) => Unresolved {
            message: format!("git could not be started, so `{name}` cannot be read: {why}"),
            help: "install git, or leave --base out".to_owned(),
        },
        Refused::Said(why) if why.contains("not a git repository") => Unresolved {
            message: format!("`{}` is in no git repository, so there is no `{name}`", folder.display()),
            help: "go to a clone of the rosters' repository, or leave --base out".to_owned(),
        },
        Refused::Said(why) => Unresolved {
            message: format!("git cannot use the repository of `{}`: {why}", folder.display()),
            help: "mend what git says, then run it again".to_owned(),
        },
    }
}

/// What to say of a revision that is not there: it may have to be fetched first.
fn missing(git: &Git, name: &str) -> Unresolved {
    let shallow = git.is_shallow();
    let here = if shallow { "this shallow clone" } else { "this repository" };
    let message = format!("there is no revision `{name}` in {here}");
    let named = "name a branch, a tag or a commit, such as origin/main".to_owned();
    if let Some(kind) = git.kind(name) {
        return Unresolved { message: format!("`{name}` is a {kind}, and no commit"), help: named };
    }
    if name.contains([':', '{']) {
        return Unresolved { message, help: named };
    }
    let names = git.names();
    let near = crate::diagnostic::nearest(name, names.iter().map(String::as_str));
    let fetch = fetched(git, name, shallow);
    let help = match (near, fetch) {
        (Some(near), None) => format!("did you mean `{near}`?"),
        (Some(near), Some((fetch, _))) if !shallow => format!("did you mean `{near}`? Else fetch it: {fetch}"),
        (_, Some((fetch, Some(then)))) => format!("fetch it with `{fetch}`, and name it `{then}`"),
        (_, Some((fetch, None))) => format!("fetch it: {fetch}"),
        (None, None) => format!("{named}; `git log` shows the commits"),
    };
    Unresolved { message, help }
}

/// The command that fetches a revision, and the name that it has then, where that is another one; none where nothing can
/// be fetched for that name.
fn fetched(git: &Git, name: &str, shallow: bool) -> Option<(String, Option<String>)> {
    if name.contains(['~', '^', '@']) {
        return shallow.then(|| ("git fetch --deepen=50".to_owned(), None));
    }
    let remotes = git.remotes();
    // The history of a whole clone is not cut for one branch.
    let depth = if shallow { "--depth=1 " } else { "" };
    let of_branch = |remote: &str, branch: &str| match !shallow && git.follows(remote) {
        true => format!("git fetch {remote} {branch}"),
        false => format!("git fetch {depth}{remote} {branch}:refs/remotes/{remote}/{branch}"),
    };
    if let Some((remote, branch)) = name.split_once('/').filter(|(remote, _)| remotes.iter().any(|one| one == remote)) {
        return Some((of_branch(remote, branch), None));
    }
    let origin = remotes.iter().find(|remote| *remote == "origin").or(remotes.first())?;
    if name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some((format!("git fetch {depth}{origin} {name}"), None));
    }
    Some((of_branch(origin, name), Some(format!("{origin}/{name}"))))
}
