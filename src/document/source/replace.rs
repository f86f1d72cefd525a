//! Files written whole or not at all: beside their place first, then moved into it.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// How many bytes of a name leave room for what a name beside it has more.
const LONG_NAME: usize = 200;

/// How many links may follow each other.
const MOST_LINKS: usize = 40;

/// Puts a text into a file whole or not at all: written beside it, then moved into its place.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_with(path, |file| {
        file.write_all(text.as_bytes())?;
        // A pipe cannot be synchronised, and need not be.
        if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) }
    })
}

/// Puts what is written piece by piece into a file whole or not at all. It outlives a kill; one that shall outlive the
/// loss of power as well must be synchronised by who writes it.
pub fn replace_with(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let real = landing(path);
    if fs::metadata(&real).is_ok_and(|there| !there.is_file()) {
        // A pipe or a device takes the text, and stays what it is.
        return fs::OpenOptions::new().write(true).open(&real).and_then(|mut file| write(&mut file));
    }
    Beside::write(real, write)?.take_its_place()
}

/// Where a text that is written to a path comes to lie: links followed, also to what is not there yet.
pub fn landing(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // Of what has no path of its own, such as a pipe, the name that leads to it is all there is.
    if fs::metadata(&path).is_ok() && fs::canonicalize(&path).is_err() {
        return path;
    }
    for _ in 0..MOST_LINKS {
        if let Ok(real) = fs::canonicalize(&path) {
            return real;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => {
                let beside = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
                return beside().unwrap_or_else(|| path.components().collect());
            }
        }
    }
    path
}

/// A text that lies beside the file whose place it shall take; gone again unless it does.
struct Beside {
    real: PathBuf,
    beside: PathBuf,
}

impl Beside {
    fn write(real: PathBuf, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<Beside> {
        let beside = real.with_file_name(name_beside(&real)?);
        let beside = Beside { real, beside };
        let mut file = fs::File::create(&beside.beside)?;
        if let Ok(metadata) = fs::metadata(&beside.real) {
            file.set_permissions(metadata.permissions())?;
        }
        write(&mut file)?;
        Ok(beside)
    }

    fn take_its_place(self) -> io::Result<()> {
        fs::rename(&self.beside, &self.real)?;
        std::mem::forget(self);
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.beside);
    }
}

/// `.NAME.PROCESS.tmp`; of a name that leaves no room for that, a digest of it.
fn name_beside(path: &Path) -> io::Result<OsString> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut beside = OsString::from(".");
    if name.len() > LONG_NAME {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        beside.push(format!("{:016x}", hasher.finish()));
    } else {
        beside.push(name);
    }
    beside.push(format!(".{}.tmp", std::process::id()));
    Ok(beside)
}

/// Why a file was not rewritten. It is as it was.
#[derive(Debug)]
pub enum NotRewritten {
    /// It holds another text than the one that the change was made for.
    Changed,
    /// It could not be read or written.
    Failed(io::Error),
}

/// A file and the text that it shall hold in place of another.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite<'t> {
    /// The file.
    pub path: &'t Path,
    /// The text that it must still hold, without a byte order mark.
    pub before: &'t str,
    /// The text that it shall hold; a byte order mark stays.
    pub after: &'t str,
}

/// Why several files were not rewritten.
#[derive(Debug)]
pub struct Stuck {
    /// The file that could not be, by its place in the list.
    pub file: usize,
    /// Why.
    pub why: NotRewritten,
    /// Those that were rewritten already and could not be put back.
    pub done: Vec<usize>,
}

/// Puts another text into a file that still holds `before`, whole or not at all; a byte order mark stays.
pub fn rewrite(path: &Path, before: &str, after: &str) -> Result<(), NotRewritten> {
    let file = Rewrite { path, before, after };
    staged(file)?.take_its_place().map_err(NotRewritten::Failed)
}

/// Rewrites all files or none: first all texts are written beside them, then each is moved into its place. Who is killed
/// before the moves has changed nothing, and between two moves has the first files as they shall be and the rest as they
/// were. Where one cannot be moved, those before it are put back, the last one first; where that fails too, those before
/// it stay, so that what later files gave away is still in them.
pub fn rewrite_all(files: &[Rewrite<'_>]) -> Result<(), Stuck> {
    let mut ready = Vec::with_capacity(files.len());
    for (file, one) in files.iter().enumerate() {
        ready.push(staged(*one).map_err(|why| Stuck { file, why, done: Vec::new() })?);
    }
    for (file, beside) in ready.into_iter().enumerate() {
        let moved = still(files[file]).and_then(|_| beside.take_its_place().map_err(NotRewritten::Failed));
        if let Err(why) = moved {
            let back = |one: &Rewrite<'_>| rewrite(one.path, one.after, one.before).is_err();
            let stays = (0..file).rev().find(|done| back(&files[*done]));
            return Err(Stuck { file, why, done: stays.map_or_else(Vec::new, |last| (0..=last).collect()) });
        }
    }
    Ok(())
}

/// Whether a file still holds the text that is to be replaced; the mark that it begins with.
fn still(file: Rewrite<'_>) -> Result<&'static str, NotRewritten> {
    let there = fs::read(file.path).map_err(NotRewritten::Failed)?;
    let mark = "\u{feff}";
    match there.strip_prefix(mark.as_bytes()) {
        Some(bare) if bare == file.before.as_bytes() => Ok(mark),
        None if there == file.before.as_bytes() => Ok(""),
        _ => Err(NotRewritten::Changed),
    }
}

fn staged(file: Rewrite<'_>) -> Result<Beside, NotRewritten> {
    let mark = still(file)?;
    let write = |beside: &mut fs::File| {
        beside.write_all(mark.as_bytes())?;
        beside.write_all(file.after.as_bytes())?;
        beside.sync_all()
    };
    Beside::write(landing(file.path), write).map_err(NotRewritten::Failed)
}
