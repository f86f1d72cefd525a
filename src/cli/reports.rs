//! Reports in files beside the human output: `--report FORMAT=FILE`, and which formats fit which command.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rayon::prelude::*;

use super::args::{Command, RunbookArgs, RunbookCommand};
use super::drift::Compared;
use super::output::Output;
use super::plan::Planned;
use super::runbook::Book;
use crate::diagnostic::FileId;
use crate::document::Sources;
use crate::document::record::visible;
use crate::document::source::{landing, replace_with};
use crate::error::{Error, Exit};
use crate::report::runbook::Checked;
use crate::report::text::Style;
use crate::report::{Format, Renderer, Report, Verdict, names};

/// A report as it is asked for on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    format: String,
    file: PathBuf,
}

/// Reads `FORMAT=FILE`.
pub fn asked(text: &str) -> Result<Asked, String> {
    match text.split_once('=') {
        Some((format, file)) if !format.is_empty() && !file.is_empty() => {
            Ok(Asked { format: format.to_owned(), file: PathBuf::from(file) })
        }
        _ => Err("write the format and the file, such as sarif=report.sarif".to_owned()),
    }
}

/// The reports that a run writes, each in a format that fits what it reports.
pub struct Reports<R> {
    wanted: Vec<(Renderer<R>, PathBuf)>,
    earlier: Earlier,
}

/// The reports of an earlier run. Where this one ends before it has anything to report they are removed: they would pass
/// for its own.
struct Earlier {
    files: Vec<PathBuf>,
    /// Whether the files are known to be reports, and are still there.
    stale: AtomicBool,
}

impl Drop for Earlier {
    fn drop(&mut self) {
        if !*self.stale.get_mut() {
            return;
        }
        for file in &self.files {
            // A pipe, a device, a link to something else: whoever made it wants to have it still.
            if fs::symlink_metadata(file).is_ok_and(|there| there.is_file()) {
                // What cannot be removed cannot be said either: the run fails already, with a reason of its own.
                let _ = fs::remove_file(file);
            }
        }
    }
}

impl<R: Report + Sync> Reports<R> {
    /// The reports that were asked for; `taken` is a file that the run writes besides.
    pub fn of(asked: &[Asked], taken: Option<&Path>) -> Result<Reports<R>, Error> {
        let mut wanted = Vec::new();
        let mut files: Vec<PathBuf> = taken.into_iter().map(landing).collect();
        for Asked { format, file } in asked {
            let Some(renderer) = Format::named(format).and_then(R::renderer) else {
                let message = format!("--report: no format `{}` fits this command", visible(format));
                return Err(Error::usage(message, format!("the formats are: {}", names(&R::formats()))));
            };
            if file == Path::new("-") {
                let hint = format!("name a file, or print it with `--format {format}`");
                return Err(Error::usage("--report writes files, and `-` is none", hint));
            }
            let place = landing(file);
            if files.contains(&place) {
                let message = format!("`{}` is named for two results", shown(file));
                return Err(Error::usage(message, "give each report a file of its own"));
            }
            files.push(place);
            wanted.push((renderer, file.clone()));
        }
        let files = wanted.iter().map(|(_, file)| file.clone()).collect();
        Ok(Reports { wanted, earlier: Earlier { files, stale: AtomicBool::new(false) } })
    }

    /// Refuses to write a report over a file that the run has read, such as a roster. What is there else is a report of
    /// an earlier run from here on.
    pub fn spare(&self, sources: &Sources, cwd: &Path) -> Result<(), Error> {
        let read = Spared::of(sources, cwd);
        self.wanted.iter().try_for_each(|(_, file)| read.spare(file))?;
        self.earlier.stale.store(true, Relaxed);
        Ok(())
    }

    /// Prints the report in the format of the run, then writes all files on all cores, and says how the run ends. A file that cannot
    /// be written keeps none of the others from being written.
    pub fn deliver(&self, report: &R, exit: Exit, output: &Output) -> Result<Exit, Error> {
        self.earlier.stale.store(false, Relaxed);
        let printed = output.show(report);
        // What lies in files has no colours, is as wide as on a pipe, and has all of it.
        let style = Style { color: false, width: 100, fitted: false, quiet: false, ..output.style };
        let written = self.wanted.par_iter().map(|(renderer, file)| write(*renderer, report, &style, file));
        let failed: Vec<Error> = written.filter_map(Result::err).collect();
        failed.iter().for_each(|error| output.complain(error));
        printed.map(|()| if failed.is_empty() { exit } else { Exit::Findings })
    }
}

/// The files that a run has read, by where they really are, which is looked up when it is first asked for.
pub struct Spared<'r> {
    sources: &'r Sources,
    cwd: &'r Path,
    files: OnceCell<HashSet<PathBuf>>,
}

impl<'r> Spared<'r> {
    /// The files of a run that is in `cwd`.
    pub fn of(sources: &'r Sources, cwd: &'r Path) -> Spared<'r> {
        Spared { sources, cwd, files: OnceCell::new() }
    }

    fn has(&self, real: &Path) -> bool {
        let files = self.files.get_or_init(|| {
            let (sources, cwd) = (self.sources, self.cwd);
            let ids: Vec<FileId> = sources.ids().collect();
            ids.par_iter().filter_map(|id| cwd.join(sources.path(*id)).canonicalize().ok()).collect()
        });
        files.contains(real)
    }

    /// Refuses to write over a file that the run has read, by whichever name, or that is no report by its name: a roster
    /// that the run did not read, the database of a portal.
    pub fn spare(&self, file: &Path) -> Result<(), Error> {
        let Ok(real) = self.cwd.join(file).canonicalize() else { return Ok(()) };
        let kind = real.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_ascii_lowercase();
        let precious = matches!(kind.as_str(), "yaml" | "yml" | "db" | "sqlite" | "sqlite3");
        let message = match real.is_file() {
            true if self.has(&real) => {
                format!("`{}` is a file that this run reads: no report is written over it", shown(file))
            }
            true if precious => format!("`{}` is no report by its name: nothing is written over it", shown(file)),
            _ => return Ok(()),
        };
        Err(Error::usage(message, "name another file"))
    }
}

/// Writes one report whole or not at all.
fn write<R>(renderer: Renderer<R>, report: &R, style: &Style, file: &Path) -> Result<(), Error> {
    let written = replace_with(file, |out| {
        let mut out = BufWriter::with_capacity(1 << 16, out);
        renderer(report, style, &mut out)?;
        out.flush()
    });
    written.map_err(|error| {
        let message = format!("the report `{}` could not be written: {error}", shown(file));
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        match folder {
            Some(folder) => Error::failed(message, format!("make its folder first: mkdir -p {}", shown(folder))),
            None => Error::failed(message, "make room or name another file; nothing of it was written"),
        }
    })
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

/// Refuses a `--format` that the command does not have.
pub fn check(command: &Command, format: Format) -> Result<(), Error> {
    let formats = match command {
        Command::Validate(_) => Verdict::formats(),
        Command::Plan(_) => Planned::formats(),
        Command::Drift(args) if args.clock.every.is_none() => Compared::formats(),
        Command::Runbook(RunbookArgs { command: RunbookCommand::Make(_) }) => Book::formats(),
        Command::Runbook(RunbookArgs { command: RunbookCommand::Verify(_) }) => Checked::formats(),
        _ => vec![Format::Text, Format::Json],
    };
    if formats.contains(&format) {
        return Ok(());
    }
    let message = format!("--format: `{}` does not fit this command", format.name());
    Err(Error::usage(message, format!("the formats are: {}", names(&formats))))
}
