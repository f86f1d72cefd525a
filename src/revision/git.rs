//! git, asked by its own program: quietly, without questions to whoever sits there, and without a change to anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A repository.
#[derive(Debug)]
pub struct Git {
    /// From where it is asked.
    folder: PathBuf,
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

/// An object of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// The name of its content.
    pub object: String,
    /// Its path from the root of the tree, with forward slashes.
    pub path: String,
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

impl Git {
    /// The repository that a folder is in; of a bare one the folder itself stands for its root.
    pub fn of(folder: &Path) -> Result<Git, Refused> {
        let git = Git { folder: folder.to_owned(), root: folder.to_owned() };
        let bare = git.line(&["rev-parse", "--is-bare-repository"])? == "true";
        if bare {
            return Ok(git);
        }
        let root = PathBuf::from(git.line(&["rev-parse", "--show-toplevel"])?);
        Ok(Git { root: root.canonicalize().unwrap_or(root), ..git })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(arguments).stdin(Stdio::null());
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_LITERAL_PATHSPECS", "1");
        command
    }

    /// What git says to a question.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, Refused> {
        let answer = self.command(arguments).output().map_err(|error| Refused::NoGit(error.to_string()))?;
        if answer.status.success() {
            return Ok(answer.stdout);
        }
        let why = String::from_utf8_lossy(&answer.stderr);
        let why = why.lines().next().unwrap_or("it gives no reason").trim_start_matches("fatal: ");
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

    /// What a tree has at a path from its root, or below it; an empty path: all.
    pub fn list(&self, commit: &str, path: &str) -> Result<Vec<Entry>, Refused> {
        let all = ["ls-tree", "-r", "-z", "--full-tree", commit];
        let some = ["ls-tree", "-r", "-z", "--full-tree", commit, "--", path];
        let answer = self.ask(if path.is_empty() { &all } else { &some })?;
        Ok(answer.split(|byte| *byte == 0).filter_map(entry).collect())
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
    let line = String::from_utf8_lossy(line);
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
    let kind = match mode {
        "120000" => Kind::Link,
        "160000" => Kind::Submodule,
        _ => Kind::File,
    };
    Some(Entry { kind, object: object.to_owned(), path: path.to_owned() })
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
        return Ok(Err("is not among the objects of this clone: fetch its history".to_owned()));
    };
    let mut bytes = Vec::with_capacity(size.min(1 << 30) + 1);
    answers.take(size as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() != size + 1 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    bytes.pop();
    Ok(Ok(bytes))
}
