//! git, asked by its own program: quietly, without questions to whoever sits there, and without a change to anything.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::given::{Given, OF_ONE_REPOSITORY};

/// A repository.
#[derive(Debug)]
pub struct Git {
    /// From where it is asked.
    folder: PathBuf,
    /// Where the environment says that it is, where that counts.
    given: Option<Given>,
    /// The folder that the root of its trees stands for.
    pub root: PathBuf,
}

/// Why git does not answer.
#[derive(Debug)]
pub enum Refused {
    /// There is no git.
    NoGit(String),
    /// What it said.
    Said(String),
}

impl Refused {
    /// Why, in words.
    pub fn said(self) -> String {
        match self {
            Refused::NoGit(why) => format!("git could not be started: {why}"),
            Refused::Said(why) => why,
        }
    }
}

/// An object of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// The name of its content.
    pub object: String,
    /// Its path from the root of the tree.
    pub path: PathBuf,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

/// How a file differs from a commit; paths are from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// It has another path.
    Moved {
        /// The one then.
        from: PathBuf,
        /// The one now.
        to: PathBuf,
    },
    /// It is not there any more.
    Gone(PathBuf),
}

impl Git {
    /// The repository that a folder is in; of a bare one the folder itself stands for its root.
    ///
    /// A hook is told by variables which repository it serves, and not always where its files begin (githooks(5)): what
    /// the folder itself is in counts, unless the variables name a root that is as near or nearer, or it is in none.
    pub fn of(folder: &Path) -> Result<Git, Refused> {
        let found = Git::at(folder, None);
        let Some(given) = Given::here() else { return found };
        match found {
            Err(Refused::Said(_)) => Git::at(given.asked_from(folder), Some(given.clone())).or(found),
            Ok(ref other) if given.is_nearer(folder, &other.root) => Git::at(folder, Some(given)).or(found),
            found => found,
        }
    }

    fn at(folder: &Path, given: Option<Given>) -> Result<Git, Refused> {
        let git = Git { folder: folder.to_owned(), given, root: folder.to_owned() };
        let bare = git.line(&["rev-parse", "--is-bare-repository"])? == "true";
        if bare {
            return Ok(git);
        }
        let mut root = git.ask(&["rev-parse", "--show-toplevel"])?;
        // One line feed is git's; another is part of the name.
        root.pop_if(|last| *last == b'\n');
        let root = path_of(&root);
        Ok(Git { root: root.canonicalize().unwrap_or(root), ..git })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(arguments).stdin(Stdio::null());
        OF_ONE_REPOSITORY.iter().for_each(|name| {
            command.env_remove(name);
        });
        if let Some(Given { directory, tree }) = &self.given {
            command.env("GIT_DIR", directory);
            tree.iter().for_each(|tree| {
                command.env("GIT_WORK_TREE", tree);
            });
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_LITERAL_PATHSPECS", "1");
        command
    }

    /// What git says to a question.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, Refused> {
        Git::answer(self.command(arguments))
    }

    fn answer(mut command: Command) -> Result<Vec<u8>, Refused> {
        let answer = command.output().map_err(|error| Refused::NoGit(error.to_string()))?;
        if answer.status.success() {
            return Ok(answer.stdout);
        }
        let why = String::from_utf8_lossy(&answer.stderr);
        let why = why.lines().next().unwrap_or("it gives no reason");
        let why = why.trim_start_matches("fatal: ").trim_start_matches("error: ");
        Err(Refused::Said(why.to_owned()))
    }

    fn line(&self, arguments: &[&str]) -> Result<String, Refused> {
        let answer = self.ask(arguments)?;
        Ok(String::from_utf8_lossy(&answer).trim_end_matches(['\n', '\r']).to_owned())
    }

    /// The commit that a name means.
    pub fn commit(&self, name: &str) -> Option<String> {
        let found = self.line(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).ok()?;
        (!found.is_empty() && found.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(found)
    }

    /// What kind of object a name means, where it means one.
    pub fn kind(&self, name: &str) -> Option<String> {
        self.line(&["cat-file", "-t", name]).ok()
    }

    /// Whether all branches of another repository are fetched without being named.
    pub fn follows(&self, remote: &str) -> bool {
        let all = self.line(&["config", "--get-all", &format!("remote.{remote}.fetch")]).unwrap_or_default();
        all.lines().any(|line| line.contains("refs/heads/*"))
    }

    /// When a file of the folder was committed last; none where it is not committed, or was changed since.
    pub fn committed(&self, name: &str) -> Option<String> {
        let changed = self.line(&["status", "--porcelain", "--ignored", "--", name]).ok()?;
        let time = self.line(&["log", "-1", "--format=%cI", "--", name]).ok()?;
        (changed.is_empty() && !time.is_empty()).then_some(time)
    }

    /// Whether a commit is among those behind the one checked out.
    pub fn is_behind(&self, commit: &str) -> Option<bool> {
        self.commit("HEAD")?;
        let status = self.command(&["merge-base", "--is-ancestor", commit, "HEAD"]).stderr(Stdio::null()).status();
        match status.ok()?.code()? {
            0 => Some(true),
            // Where history is cut off, the way between the two may be in the part that is missing.
            1 if !self.is_shallow() => Some(false),
            _ => None,
        }
    }

    /// A branch that goes on from a commit, and that the one checked out lacks; none where the name is that of a branch or
    /// a tag itself, or where the main branch ends there.
    pub fn goes_on(&self, name: &str, commit: &str) -> Option<String> {
        let refs = |filters: &[&str], patterns: &[&str]| {
            let all = [&["for-each-ref", "--count=1", "--format=%(refname:short)"], filters, patterns];
            self.line(&all.concat()).ok()
        };
        if !self.line(&["rev-parse", "--symbolic-full-name", name]).ok()?.is_empty() {
            return None;
        }
        let main = ["refs/heads/main", "refs/heads/master", "refs/remotes/*/HEAD"];
        let further = refs(&["--contains", commit, "--no-merged", "HEAD"], &["refs/heads", "refs/remotes"])?;
        (!further.is_empty() && refs(&["--points-at", commit], &main)?.is_empty()).then_some(further)
    }

    /// Whether part of the history was left out.
    pub fn is_shallow(&self) -> bool {
        self.line(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| answer == "true")
    }

    /// The names of branches and tags.
    pub fn names(&self) -> Vec<String> {
        let names = self.line(&["for-each-ref", "--format=%(refname:short)", "--count=10000"]).unwrap_or_default();
        names.lines().map(str::to_owned).collect()
    }

    /// The names of other repositories.
    pub fn remotes(&self) -> Vec<String> {
        self.line(&["remote"]).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The other repository from which objects that were left out at first are fetched.
    pub fn promisor(&self) -> Option<String> {
        let line = self.line(&["config", "--get-regexp", r"^remote\..*\.promisor$"]).ok()?;
        let (name, _) = line.lines().next()?.strip_prefix("remote.")?.split_once(".promisor")?;
        Some(name.to_owned())
    }

    /// What a tree has at a path from its root, or below it; an empty path: all.
    pub fn list(&self, commit: &str, path: &Path) -> Result<Vec<Entry>, Refused> {
        let mut command = self.command(&["ls-tree", "-r", "-z", "--full-tree", commit]);
        if !path.as_os_str().is_empty() {
            command.arg("--").arg(slashed(path));
        }
        Ok(Git::answer(command)?.split(|byte| *byte == 0).filter_map(entry).collect())
    }

    /// Whether git is told of a file, or of one in a folder.
    pub fn tracks(&self, path: &Path) -> bool {
        let mut command = self.command(&["ls-files", "-z", "--"]);
        command.arg(slashed(path));
        Git::answer(command).is_ok_and(|found| !found.is_empty())
    }

    /// What differs between a commit and the working tree, as far as git is told of it.
    pub fn since(&self, commit: &str) -> Result<Vec<Since>, Refused> {
        let options = ["--name-status", "-z", "--find-renames", "--diff-filter=DR", "--no-ext-diff", "--no-relative"];
        let answer = self.ask(&[&["diff"], &options[..], &[commit, "--"]].concat())?;
        let mut words = answer.split(|byte| *byte == 0);
        let mut since = Vec::new();
        while let (Some(status), Some(path)) = (words.next(), words.next()) {
            let path = path_of(path);
            match if status.starts_with(b"R") { words.next() } else { None } {
                Some(to) => since.push(Since::Moved { from: path, to: path_of(to) }),
                None => since.push(Since::Gone(path)),
            }
        }
        Ok(since)
    }

    /// The contents of objects, in their order.
    pub fn contents(&self, objects: &[String]) -> Result<Vec<Result<Vec<u8>, String>>, Refused> {
        let failed = |error: std::io::Error| Refused::NoGit(error.to_string());
        let mut command = self.command(&["cat-file", "--batch"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(failed)?;
        let (Some(mut questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Refused::NoGit("it has no input".to_owned()));
        };
        let list = objects.iter().fold(String::new(), |list, object| list + object + "\n");
        // Asked from a thread of its own: neither side waits for the other to read.
        let asked = std::thread::spawn(move || questions.write_all(list.as_bytes()));
        let mut answers = BufReader::with_capacity(1 << 16, answers);
        let contents = objects.iter().map(|_| content(&mut answers)).collect::<std::io::Result<Vec<_>>>();
        let _ = asked.join();
        let _ = child.wait();
        contents.map_err(|error| Refused::Said(format!("its objects could not be read: {error}")))
    }
}

/// `MODE TYPE OBJECT<TAB>PATH`.
fn entry(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let head = String::from_utf8_lossy(&line[..tab]);
    let path = path_of(&line[tab + 1..]);
    let mut words = head.split(' ');
    let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
    let kind = match mode {
        "120000" => Kind::Link,
        "160000" => Kind::Submodule,
        _ => Kind::File,
    };
    Some(Entry { kind, object: object.to_owned(), path })
}

/// A path as git writes it: bytes, with forward slashes.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        std::ffi::OsStr::from_bytes(bytes).into()
    }
    #[cfg(not(unix))]
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// A path as git reads it.
fn slashed(path: &Path) -> OsString {
    if std::path::MAIN_SEPARATOR == '/' {
        return path.into();
    }
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR_STR, "/").into()
}

/// One answer of `cat-file --batch`: `OBJECT blob SIZE`, the content, a line feed.
fn content(answers: &mut impl BufRead) -> std::io::Result<Result<Vec<u8>, String>> {
    let mut head = String::new();
    answers.read_line(&mut head)?;
    let mut words = head.split_whitespace();
    let (object, kind, size) = (words.next(), words.next(), words.next());
    let size: Option<usize> = size.and_then(|size| size.parse().ok());
    let (Some(_), Some("blob"), Some(size)) = (object, kind, size) else {
        if head.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        return Ok(Err("is not among the objects of this clone".to_owned()));
    };
    let mut bytes = Vec::with_capacity(size.min(1 << 30) + 1);
    answers.take(size as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() != size + 1 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    bytes.pop();
    Ok(Ok(bytes))
}
