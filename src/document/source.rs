//! The files of a run: found by path, folder or glob, read once, and the way from bytes to lines and columns.

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::path::{Component, MAIN_SEPARATOR_STR, Path, PathBuf};
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobMatcher};
use rayon::prelude::*;

use crate::diagnostic::{Diagnostic, FileId, Place, Severity, Span, nearest};

/// Larger files are refused.
const MAX_BYTES: u64 = 1 << 30;
const RULE: &str = "roster/syntax";

/// The files of a run, each with its text.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// One file of a run.
#[derive(Debug)]
pub struct SourceFile {
    /// The path as shown: relative to the working directory where it is below it, with forward slashes.
    pub path: String,
    /// The text without a byte order mark. Of an unreadable file it is what a report can show, perhaps nothing.
    pub text: String,
    readable: bool,
    /// Where each line starts.
    lines: OnceLock<Vec<u32>>,
}

/// A place in a text as editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

/// Why a file's text cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, lower-case, without the path.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// As much of the text as a snippet needs.
    pub text: String,
    /// The bytes of `text` to underline.
    pub span: Span,
}

impl Sources {
    /// Finds and reads the files that `patterns` name, relative ones from `base`; paths are shown from `cwd`.
    ///
    /// A pattern is a file, a folder (all `*.yaml` and `*.yml` below it, names that begin with a dot and the workspace file left out) or,
    /// where nothing has that very name, a glob over such files and folders. Files are in the order of their shown
    /// paths, each once. Whatever cannot be found or read is a finding; a file that cannot be read is kept, but not
    /// [readable](Sources::readable).
    pub fn gather(&mut self, patterns: &[PathBuf], base: &Path, cwd: &Path) -> (Vec<FileId>, Vec<Diagnostic>) {
        let mut finder = Finder {
            cwd,
            real_cwd: fs::canonicalize(cwd).unwrap_or_else(|_| cwd.to_owned()),
            found: Vec::new(),
            diagnostics: Vec::new(),
        };
        for pattern in patterns {
            // Collecting the components drops every `.` between them.
            finder.pattern(cwd.join(base).join(pattern).components().collect());
        }
        let Finder { mut found, mut diagnostics, .. } = finder;
        // One file under several names is shown by the name that is not a link.
        found.sort_by(|a, b| (a.linked, &a.shown).cmp(&(b.linked, &b.shown)));
        let mut seen = HashSet::new();
        found.retain(|file| seen.insert(file.real.clone()));
        found.sort_by(|a, b| a.shown.cmp(&b.shown));
        let texts: Vec<_> = found.par_iter().map(|file| read_text(&file.path)).collect();
        let mut files = Vec::with_capacity(texts.len());
        for (file, text) in found.into_iter().zip(texts) {
            let (file, problem) = self.add(file.shown, text);
            files.push(file);
            diagnostics.extend(problem);
        }
        (files, diagnostics)
    }

    /// Files that are already at hand: compiled-in ones, or a test's.
    pub fn from_texts(files: impl IntoIterator<Item = (String, String)>) -> Sources {
        let mut sources = Sources::default();
        for (path, text) in files {
            sources.push(path, text);
        }
        sources
    }

    /// Adds a file whose text is at hand. A text of 4 GiB or more, which offsets cannot reach, is kept out.
    pub fn push(&mut self, path: String, text: String) -> FileId {
        let fits = u32::try_from(text.len()).is_ok();
        let text = if fits { text } else { String::new() };
        self.files.push(SourceFile { path, text, readable: fits, lines: OnceLock::new() });
        FileId(self.files.len() as u32 - 1)
    }

    /// Reads one more file and adds it, shown as `shown`, even where it is not readable: then with the reason.
    pub fn load(&mut self, path: &Path, shown: String) -> (FileId, Option<Diagnostic>) {
        self.add(shown, read_text(path))
    }

    fn add(&mut self, shown: String, text: Result<String, Unreadable>) -> (FileId, Option<Diagnostic>) {
        match text {
            Ok(text) => (self.push(shown, text), None),
            Err(why) => {
                let message = format!("`{shown}` {}", why.message);
                let file = self.push(shown, why.text);
                self.files[file.0 as usize].readable = false;
                let place = Place { file, span: why.span, pointer: String::new() };
                let mut finding = Diagnostic::error(RULE, message).at(place);
                finding.help = why.help;
                (file, Some(finding))
            }
        }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Every file, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = FileId> + ExactSizeIterator + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    fn file(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(file.0 as usize)
    }

    /// The path as shown; empty for [`FileId::NONE`].
    pub fn path(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.path)
    }

    /// The text; empty for [`FileId::NONE`].
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.text)
    }

    /// Whether the text is the whole file, so that it is worth parsing.
    pub fn readable(&self, file: FileId) -> bool {
        self.file(file).is_some_and(|file| file.readable)
    }

    /// The file with this shown path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.ids().find(|&file| self.path(file) == path)
    }

    /// The line and column of a byte. Offsets beyond the text mean its end, those within a character its start.
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        let Some(file) = self.file(file) else { return Position { line: 1, column: 1 } };
        let lines = file.lines.get_or_init(|| line_starts(&file.text));
        let mut offset = (offset as usize).min(file.text.len());
        while !file.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = lines.partition_point(|&start| start as usize <= offset);
        let start = line.checked_sub(1).map_or(0, |line| lines[line] as usize);
        Position { line: line.max(1) as u32, column: file.text[start..offset].chars().count() as u32 + 1 }
    }
}

/// Lines end as YAML's do: at a line feed, a carriage return, or both.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|&(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect()
}

/// The text of a regular file of at most 1 GiB that is valid UTF-8, without its byte order mark.
pub fn read_text(path: &Path) -> Result<String, Unreadable> {
    let failed = |error: io::Error| refused(format!("cannot be read: {error}"), None);
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(refused("is a folder, not a file", None));
    } else if !metadata.is_file() {
        return Err(refused("is not a regular file, so it is not read", Some("name a file or a folder")));
    }
    let too_large = || refused("is larger than 1 GiB", Some("split it into several files"));
    if metadata.len() > MAX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    decode(bytes)
}

fn decode(mut bytes: Vec<u8>) -> Result<String, Unreadable> {
    let help = Some("save it as UTF-8");
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(refused("is UTF-16 text", help));
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let message = format!("is not UTF-8 text: byte 0x{:02X}", bytes.get(good).copied().unwrap_or_default());
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(good + 1024)]).into_owned();
        let span = Span::new(good as u32, (good + char::REPLACEMENT_CHARACTER.len_utf8()) as u32);
        Unreadable { text, span, ..refused(message, help) }
    })
}

fn refused(message: impl Into<String>, help: Option<&str>) -> Unreadable {
    let help = help.map(str::to_owned);
    Unreadable { message: message.into(), help, text: String::new(), span: Span::default() }
}

struct Found {
    shown: String,
    path: PathBuf,
    /// The path with every link resolved.
    real: PathBuf,
    /// A link leads to it.
    linked: bool,
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

struct Finder<'c> {
    cwd: &'c Path,
    real_cwd: PathBuf,
    found: Vec<Found>,
    diagnostics: Vec<Diagnostic>,
}

impl Finder<'_> {
    fn pattern(&mut self, path: PathBuf) {
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
        let help = near.map(|near| format!("did you mean `{}`?", self.shown(&there.join(near))));
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
                let below = real.and_then(|real| real.strip_prefix(&self.real_cwd).map(Path::to_owned).ok());
                below.unwrap_or_else(|| path.to_owned())
            }
        };
        if below.as_os_str().is_empty() { ".".to_owned() } else { lossy(below).replace(MAIN_SEPARATOR_STR, "/") }
    }
}

/// Puts a text into a file whole or not at all: written beside it, then moved into its place.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = real.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy().into_owned();
    let beside = real.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut file| {
        if let Ok(metadata) = fs::metadata(&real) {
            file.set_permissions(metadata.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&beside, &real));
    if moved.is_err() {
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// The name of the workspace file, which is never read as a roster.
pub const WORKSPACE_FILE: &str = "rosterctl.yaml";

fn is_yaml(name: &OsStr) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"))
}

fn lossy(name: impl AsRef<OsStr>) -> String {
    name.as_ref().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A folder with these files; a path that ends in `/` is a folder.
    fn gathered(patterns: &[PathBuf], base: &Path, cwd: &Path) -> (Sources, Vec<Diagnostic>) {
        let mut sources = Sources::default();
        let (_, findings) = sources.gather(patterns, base, cwd);
        (sources, findings)
    }

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn gather(root: &Path, patterns: &[&str]) -> (Sources, Vec<String>) {
        let patterns: Vec<PathBuf> = patterns.iter().map(PathBuf::from).collect();
        let (sources, findings) = gathered(&patterns, root, root);
        (sources, findings.into_iter().map(|finding| format!("{}: {}", finding.severity, finding.message)).collect())
    }

    fn paths(sources: &Sources) -> Vec<&str> {
        sources.ids().map(|file| sources.path(file)).collect()
    }

    #[test]
    fn files_folders_and_globs() {
        let all = [
            "b.yml",
            "a/x.yaml",
            "a/b/y.yaml",
            "a/b.yaml/z.yaml",
            "a/.hidden/h.yaml",
            "a/.h.yaml",
            "a/no.txt",
            "[q].yaml",
        ];
        let root = folder(&all.map(|path| (path, path.as_bytes())));
        let found = |patterns: &[&str]| {
            let (sources, findings) = gather(root.path(), patterns);
            assert_eq!(findings, [] as [&str; 0]);
            assert!(sources.ids().all(|file| sources.text(file) == sources.path(file)));
            paths(&sources).join(" ")
        };
        assert_eq!(found(&["."]), "[q].yaml a/b.yaml/z.yaml a/b/y.yaml a/x.yaml b.yml");
        assert_eq!(found(&["b.yml", "a/no.txt", "./a/../b.yml", "b.yml"]), "a/no.txt b.yml");
        assert_eq!(found(&["a/*.yaml"]), "a/b.yaml/z.yaml a/x.yaml");
        assert_eq!(found(&["a/**/y*", "*.{yml,txt}"]), "a/b/y.yaml b.yml");
        assert_eq!(found(&["**"]), "[q].yaml a/b.yaml/z.yaml a/b/y.yaml a/x.yaml b.yml");
        assert_eq!(found(&["[q].yaml"]), "[q].yaml");
        assert_eq!(found(&["a/.hidden/*"]), "a/.hidden/h.yaml");
        let (sources, _) = gathered(&["../b.yml".into()], Path::new("a"), root.path());
        assert_eq!(paths(&sources), ["b.yml"]);
        let (sources, _) = gathered(&[root.path().join("b.yml")], Path::new(""), &root.path().join("a"));
        assert!(Path::new(sources.path(FileId(0))).is_absolute());
    }

    #[test]
    fn what_is_not_there_is_said() {
        let root = folder(&[("rosters/acme.yaml", b"a: 1"), ("empty/x.txt", b"")]);
        let said = |pattern| gather(root.path(), &[pattern]).1.concat();
        assert_eq!(said("rosters/acmee.yaml"), "error: there is no file or folder `rosters/acmee.yaml`");
        assert_eq!(said("roster/acme.yaml"), "error: there is no folder `roster`");
        assert_eq!(said("empty"), "error: the folder `empty` holds no *.yaml or *.yml file");
        assert_eq!(said("empty/*"), "error: no *.yaml or *.yml file matches `empty/*`");
        assert!(said("empty/[").starts_with("error: `empty/[` is not a pattern"));
        let (_, findings) = gathered(&["roster".into()], root.path(), root.path());
        assert_eq!(findings[0].help.as_deref(), Some("did you mean `rosters`?"));
    }

    #[test]
    fn unreadable_files_are_kept_and_flagged() {
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain("a: 1".bytes().flat_map(|byte| [byte, 0])).collect();
        let root = folder(&[
            ("a.yaml", b"\xEF\xBB\xBFa: \xC3\xBC\nb: \xFFx"),
            ("b.yaml", &wide),
            ("c.yaml", b"\xEF\xBB\xBFc: 1"),
        ]);
        let (sources, findings) = gathered(&[".".into()], root.path(), root.path());
        let said: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(said, ["`a.yaml` is not UTF-8 text: byte 0xFF", "`b.yaml` is UTF-16 text"]);
        let place = findings[0].place.as_ref().unwrap();
        assert_eq!(sources.position(place.file, place.span.start), Position { line: 2, column: 4 });
        assert!(sources.text(place.file).get(place.span.start as usize..place.span.end as usize).is_some());
        assert_eq!(sources.ids().map(|file| sources.readable(file)).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(sources.text(FileId(2)), "c: 1");
        assert_eq!(sources.find("c.yaml"), Some(FileId(2)));
        let missing = Sources::default().load(&root.path().join("no.yaml"), "no.yaml".into()).1.unwrap();
        assert!(missing.message.starts_with("`no.yaml` cannot be read: "));
        assert!(read_text(root.path()).unwrap_err().message.contains("folder"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn links_are_followed_once() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let root =
            folder(&[("in/r/a.yaml", b"1"), ("in/z/b.yaml", b"2"), ("out/c.yaml", b"3"), ("out/sub/d.yaml", b"4")]);
        let path = |name: &str| root.path().join(name);
        symlink("..", path("in/r/up")).unwrap();
        symlink("z", path("in/again")).unwrap();
        symlink("../out", path("in/other")).unwrap();
        symlink("../out/sub", path("in/first")).unwrap();
        symlink("z/b.yaml", path("in/b2.yaml")).unwrap();
        symlink("nowhere", path("in/dangling")).unwrap();
        symlink("self", path("in/self")).unwrap();
        let _listener = UnixListener::bind(path("in/socket.yaml")).unwrap();
        let (sources, findings) = gather(root.path(), &["in"]);
        assert_eq!(
            paths(&sources),
            ["in/first/d.yaml", "in/other/c.yaml", "in/r/a.yaml", "in/socket.yaml", "in/z/b.yaml"]
        );
        let expected = [
            "error: `in/dangling` is a link to `nowhere`, which does not exist",
            "error: `in/self` cannot be read: Too many levels of symbolic links (os error 40)",
            "warning: `in/again` links back to a folder already read; not read again",
            "warning: `in/r/up` links back to a folder already read; not read again",
            "error: `in/socket.yaml` is not a regular file, so it is not read",
        ];
        assert_eq!(findings, expected);
    }

    #[test]
    fn positions_count_characters() {
        let sources = Sources::from_texts([("x".into(), "aü\r\nb\rc\n\n𝄞d".into()), ("y".into(), String::new())]);
        let at = |offset| {
            let Position { line, column } = sources.position(FileId(0), offset);
            (line, column)
        };
        assert_eq!(
            [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 14, 15, 99].map(at),
            [(1, 1), (1, 2), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (5, 1), (5, 2), (5, 3), (5, 3),]
        );
        assert_eq!(sources.position(FileId(1), 7), Position { line: 1, column: 1 });
        assert_eq!(sources.position(FileId::NONE, 7), Position { line: 1, column: 1 });
    }
}
