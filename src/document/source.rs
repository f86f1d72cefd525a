//! The files of a run: found by path, folder or glob, read once, and the way from bytes to lines and columns.

mod find;
mod past;
mod replace;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::diagnostic::{Diagnostic, FileId, Place, Span};
pub use find::is_yaml;
use find::{Finder, relative};
pub use past::{Meant, Past, PastFile};
pub use replace::{NotRewritten, Rewrite, Stuck, landing, replace, replace_with, rewrite, rewrite_all};

/// Larger files are refused.
const MAX_BYTES: u64 = 1 << 30;
const RULE: &str = "roster/syntax";

/// The files of a run, each with its text.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    /// Files of another time, read in place of those on the disk.
    past: Option<Arc<dyn Past>>,
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
    /// How many characters start before each multiple of [`STRIDE`] bytes, so that columns of a very long line are
    /// told without counting from its start.
    characters: OnceLock<Vec<u32>>,
}

/// How far apart the marks of [`SourceFile::characters`] are.
const STRIDE: usize = 4096;

impl SourceFile {
    /// How many characters start before a byte.
    fn characters_before(&self, offset: usize) -> u32 {
        let starts = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte as i8) >= -64).count() as u32;
        let bytes = self.text.as_bytes();
        let marks = self.characters.get_or_init(|| {
            let sums = bytes.chunks(STRIDE).scan(0, |sum, chunk| {
                *sum += starts(chunk);
                Some(*sum)
            });
            std::iter::once(0).chain(sums).collect()
        });
        marks[offset / STRIDE] + starts(&bytes[offset / STRIDE * STRIDE..offset])
    }
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
        if self.is_past() {
            return self.read_meant(self.meant(patterns, base, cwd));
        }
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

    /// Files of another time: nothing is read from the disk.
    pub fn past(past: Arc<dyn Past>) -> Sources {
        Sources { files: Vec::new(), past: Some(past) }
    }

    /// Whether these are files of another time.
    pub fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// Whether there is a file at a path, or a folder with files.
    pub fn is_there(&self, path: &Path) -> bool {
        self.past.as_ref().map_or_else(|| path.exists(), |past| past.below(path).is_some())
    }

    /// The files of another time that patterns mean, in the order of their shown paths, each once. What a pattern does not
    /// find was not there then, which is no fault. None where these are files on the disk.
    pub fn meant(&self, patterns: &[PathBuf], base: &Path, cwd: &Path) -> Vec<Meant> {
        let Some(past) = &self.past else { return Vec::new() };
        let full = |pattern: &PathBuf| cwd.join(base).join(pattern).components().collect::<PathBuf>();
        let real_cwd = fs::canonicalize(cwd).unwrap_or_else(|_| cwd.to_owned());
        let shown = |file: &PastFile| {
            let direct = file.path.strip_prefix(cwd).ok();
            let direct = direct.filter(|rest| !rest.components().any(|part| part == Component::ParentDir));
            let path = direct.map_or_else(|| relative(&file.real, &real_cwd), Path::to_owned);
            path.to_string_lossy().replace(std::path::MAIN_SEPARATOR_STR, "/")
        };
        let found = patterns.iter().flat_map(|pattern| past::matching(&**past, &full(pattern)));
        let mut found: Vec<(bool, String, PastFile)> = found.map(|file| (file.linked, shown(&file), file)).collect();
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let mut seen = HashSet::new();
        found.retain(|(_, _, file)| seen.insert(file.real.clone()));
        found.sort_by(|a, b| a.1.cmp(&b.1));
        found.into_iter().map(|(_, shown, file)| Meant { shown, path: file.path }).collect()
    }

    /// Whether a file of another time has this very text, told without reading it.
    pub fn is(&self, file: &Meant, text: &str) -> bool {
        self.past.as_ref().is_some_and(|past| past.is(&file.path, text.as_bytes()))
    }

    /// Reads files of another time.
    pub fn read_meant(&mut self, meant: Vec<Meant>) -> (Vec<FileId>, Vec<Diagnostic>) {
        let Some(past) = self.past.clone() else { return (Vec::new(), Vec::new()) };
        let (shown, paths): (Vec<String>, Vec<PathBuf>) = meant.into_iter().map(|file| (file.shown, file.path)).unzip();
        let (mut files, mut diagnostics) = (Vec::with_capacity(paths.len()), Vec::new());
        for (shown, text) in shown.into_iter().zip(past::read(&*past, &paths)) {
            let (file, problem) = self.add(shown, text);
            files.push(file);
            diagnostics.extend(problem);
        }
        (files, diagnostics)
    }

    /// The text of one more file.
    pub fn read(&self, path: &Path) -> Result<String, Unreadable> {
        let Some(past) = &self.past else { return read_text(path) };
        let missing = || refused("is not there", None);
        let found = past.below(path).filter(|files| files.len() == 1 && files[0].below.as_os_str().is_empty());
        let file = found.and_then(|mut files| files.pop()).ok_or_else(missing)?;
        past::read(&**past, &[file.path]).pop().unwrap_or_else(|| Err(missing()))
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
        self.files.push(SourceFile { path, text, readable: fits, lines: OnceLock::new(), characters: OnceLock::new() });
        FileId(self.files.len() as u32 - 1)
    }

    /// Takes another text for a file that was read, as if that stood on the disk.
    pub fn put(&mut self, file: FileId, text: String) {
        if let Some(there) = self.files.get_mut(file.0 as usize).filter(|_| u32::try_from(text.len()).is_ok()) {
            let path = std::mem::take(&mut there.path);
            let readable = there.readable;
            *there = SourceFile { path, text, readable, lines: OnceLock::new(), characters: OnceLock::new() };
        }
    }

    /// Reads one more file and adds it, shown as `shown`, even where it is not readable: then with the reason.
    pub fn load(&mut self, path: &Path, shown: String) -> (FileId, Option<Diagnostic>) {
        self.add(shown, self.read(path))
    }

    /// Adds a file that was read, shown as `shown`, or why it was not.
    pub fn add(&mut self, shown: String, text: Result<String, Unreadable>) -> (FileId, Option<Diagnostic>) {
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

    /// A path as users read it: from the working directory, with forward slashes.
    pub fn shown(path: &Path, cwd: &Path) -> String {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        relative(&real(path), &real(cwd)).to_string_lossy().replace(std::path::MAIN_SEPARATOR_STR, "/")
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

    /// Covers what must not be shown, such as a secret that was written down: every byte becomes a star.
    pub fn cover(&mut self, file: FileId, span: Span) {
        let Some(file) = self.files.get_mut(file.0 as usize) else { return };
        let (start, end) = (span.start as usize, (span.end as usize).min(file.text.len()));
        if let Some(secret) = file.text.get(start..end) {
            let stars: String = secret.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
            file.text.replace_range(start..end, &stars);
        }
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
        let column = if offset - start < STRIDE {
            file.text[start..offset].chars().count() as u32
        } else {
            file.characters_before(offset) - file.characters_before(start)
        };
        Position { line: line.max(1) as u32, column: column + 1 }
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

/// The name of the workspace file, which is never read as a roster.
pub const WORKSPACE_FILE: &str = "rosterctl.yaml";
