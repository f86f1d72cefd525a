//! `rosterctl runbook`: a plan as a checklist for people, and how far they are with it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{Common, MakeArgs, RunbookArgs, RunbookCommand, VerifyArgs};
use super::connect::Target;
use super::context::{Context, Settings, block_on};
use super::output::Output;
use super::plan::Planned;
use super::reports::Reports;
use crate::diagnostic::Severity;
use crate::document::Sources;
use crate::document::record::visible;
use crate::document::source::replace;
use crate::error::{Error, Exit};
use crate::live::Live;
use crate::model::Organisation;
use crate::report::runbook::{Check, Checked, RUNBOOK_VERSION, Runbook, State, csv, verify};
use crate::report::web::Web;
use crate::report::words::values::count;
use crate::report::{Format, Renderer, Report, html, json, markdown, text};

/// The largest run-book that is read, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// What to do where a file is no run-book.
const NO_BOOK: &str = "name the JSON of a run-book (`rosterctl runbook make --report json=FILE`), or none for the last one \
                       that `apply` made; a new export is found through its target";

/// Runs the command.
pub fn run(args: &RunbookArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    match &args.command {
        RunbookCommand::Make(args) => make(args, common, output),
        RunbookCommand::Verify(args) => check(args, common, output),
    }
}

fn make(args: &MakeArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let reports = Reports::<Book>::of(&args.reports.report, None)?;
    let context = Context::open(common)?;
    let cwd = context.cwd.clone();
    let (rosters, settings, before) = context.rosters_since(args.reach.base.as_deref(), &args.paths, output)?;
    reports.spare(&rosters.sources, &cwd)?;
    let planned = block_on(Planned::make(rosters, &settings, &args.reach, before.as_ref(), common))??;
    if planned.refused() || common.deny.exit(&planned.diagnostics) != Exit::Clean {
        let exit = output.refuse(&planned.diagnostics, &planned.rosters.sources)?;
        output.remark("no run-book was made: what the findings above deny keeps the plan from being carried out");
        return Ok(exit);
    }
    let book = Book::of(&planned, &cwd);
    if let Some(folder) = &args.imports {
        let imports = planned.rosters.organisations.iter().any(|one| !one.platform.imports.is_empty());
        if !imports {
            let message = "the portal of none of these organisations is known to import anything".to_owned();
            return Err(Error::failed(
                message,
                "say how under `menus.imports` of its platform file, or leave --imports out",
            ));
        }
        // What is left of an earlier run would pass for this one's, and be taken in twice.
        book.forget(folder, &planned.rosters.organisations)?;
        book.import(folder, "", &cwd, output)?;
    }
    reports.deliver(&book, Exit::Clean, output)
}

/// A run-book with where its rosters can be looked at.
#[derive(Debug)]
pub struct Book {
    /// The run-book.
    pub runbook: Runbook,
    web: Option<Web>,
}

impl Book {
    /// The run-book of a plan.
    pub fn of(planned: &Planned, cwd: &Path) -> Book {
        Book { runbook: planned.runbook(planned.moment()), web: Web::of(|name| std::env::var(name).ok(), cwd) }
    }

    /// Writes the run-book in every format into the folder of the target, and says where.
    pub fn keep(&self, cwd: &Path, base: &Path, output: &Output) -> Result<(), Error> {
        let plan = &self.runbook.plan;
        let folder = shelf(base, &plan.target.name);
        let digest = plan.digest.trim_start_matches("sha256:");
        // The same plan again is another run-book: what was ticked off in the first one is not done in it.
        let made = self.runbook.made.replace([':', '-'], "");
        let name = format!("{made}-{}", digest.get(..12).unwrap_or(digest));
        let failed = |error: std::io::Error| {
            let message =
                format!("the run-book cannot be written to `{}`: {error}", visible(&folder.to_string_lossy()));
            Error::failed(message, "make room, or make the folder writable; nothing was changed on the portal")
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        // The one that `verify` reads comes first: the others are never newer than it.
        for format in [Format::Json, Format::Markdown, Format::Html, Format::Csv] {
            let Some(renderer) = Book::renderer(format) else { continue };
            let mut bytes = Vec::new();
            renderer(self, &output.style, &mut bytes).map_err(failed)?;
            let file = folder.join(format!("{name}.{}", ending(format)));
            replace(&file, &String::from_utf8_lossy(&bytes)).map_err(failed)?;
            output.remark(&format!("written: {}", visible(&Sources::shown(&file, cwd))));
        }
        self.import(&folder, &format!("{name}-import-"), cwd, output)
    }

    /// Removes imports that an earlier run wrote and that this one has not.
    fn forget(&self, folder: &Path, organisations: &[Organisation]) -> Result<(), Error> {
        for organisation in organisations {
            for import in &organisation.platform.imports {
                let file = folder.join(format!("{}-{}.csv", organisation.id, import.of.as_str()));
                if !file.is_file() {
                    continue;
                }
                let shown = visible(&file.to_string_lossy());
                fs::remove_file(&file).map_err(|error| {
                    Error::failed(
                        format!("`{shown}` of an earlier run cannot be removed: {error}"),
                        "remove it yourself",
                    )
                })?;
            }
        }
        Ok(())
    }

    /// Writes what the portal can import: `BEGINNING` `ORGANISATION-SECTION.csv`.
    fn import(&self, folder: &Path, beginning: &str, cwd: &Path, output: &Output) -> Result<(), Error> {
        for import in &self.runbook.imports {
            let file = folder.join(format!("{beginning}{}-{}.csv", import.organisation, import.section));
            let written = fs::create_dir_all(folder).and_then(|()| replace(&file, &import.csv()));
            let shown = visible(&Sources::shown(&file, cwd));
            written.map_err(|error| {
                Error::failed(format!("`{shown}` cannot be written: {error}"), "make room, or make the folder writable")
            })?;
            output.remark(&format!("written: {shown}"));
        }
        Ok(())
    }
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Markdown => "md",
        Format::Html => "html",
        Format::Csv => "csv",
        _ => "json",
    }
}

/// Of the run-book of a target that was made last, in words, where not all of it was seen done: how far it has come.
pub fn unfinished(base: &Path, target: &str) -> Option<String> {
    let book = open(&last(&shelf(base, target)).ok()?).ok()?;
    let (all, done) = (book.items.len(), book.checks.last().map_or(0, |check| check.done.len()));
    let day = book.made.split('T').next().unwrap_or_default();
    (done < all).then(|| format!("a run-book of {day}: {done} of {} seen done", count(all, "item")))
}

/// Where run-books of a target are kept.
fn shelf(base: &Path, target: &str) -> PathBuf {
    base.join(".rosterctl").join("runbooks").join(target)
}

impl Report for Book {
    fn renderer(format: Format) -> Option<Renderer<Self>> {
        match format {
            Format::Text => Some(|book, style, out| out.write_all(text::runbook(&book.runbook, style).as_bytes())),
            Format::Json => Some(|book, _, out| out.write_all(json::to_json(&book.runbook).as_bytes())),
            Format::Markdown => {
                Some(|book, _, out| out.write_all(markdown::runbook(&book.runbook, book.web.as_ref()).as_bytes()))
            }
            Format::Html => {
                Some(|book, _, out| out.write_all(html::runbook(&book.runbook, book.web.as_ref()).as_bytes()))
            }
            Format::Csv => Some(|book, _, out| out.write_all(csv(&book.runbook).as_bytes())),
            Format::Sarif | Format::Github | Format::Junit | Format::Gitlab => None,
        }
    }
}

impl Report for Checked {
    fn renderer(format: Format) -> Option<Renderer<Self>> {
        match format {
            Format::Text => Some(|checked, style, out| out.write_all(text::checked(checked, style).as_bytes())),
            Format::Json => Some(|checked, _, out| out.write_all(json::to_json(checked).as_bytes())),
            Format::Markdown => Some(|checked, _, out| out.write_all(markdown::checked(checked).as_bytes())),
            _ => None,
        }
    }
}

fn check(args: &VerifyArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let reports = Reports::<Checked>::of(&args.reports.report, None)?;
    let context = Context::open(common)?;
    let (cwd, base) = (context.cwd.clone(), context.base.clone());
    let (rosters, settings) = context.rosters(&[], &output.silent())?;
    let file = match &args.file {
        Some(file) => file.clone(),
        None => last(&shelf(&base, &settings.reference(common).name))?,
    };
    output.remark(&format!("the run-book is {}", visible(&Sources::shown(&file, &cwd))));
    reports.spare(&rosters.sources, &cwd)?;
    let mut runbook = open(&file)?;
    let name = common.target.clone().or_else(|| Some(runbook.plan.target.name.clone()));
    let named = Common { target: name, ..common.clone() };
    let planned: Vec<_> =
        rosters.organisations.iter().filter(|one| runbook.plan.organisations.iter().any(|id| one.id == *id)).collect();
    let (target, live) = block_on(async {
        let target = identified(&settings, &named, &runbook).await?;
        let mut live = Vec::with_capacity(planned.len());
        if let Some(snapshot) = target.portal.snapshot() {
            snapshot.know(rosters.organisations.iter().map(|organisation| &organisation.id));
        }
        for organisation in &planned {
            live.push(target.live(organisation, None).await?);
        }
        Ok::<_, Error>((target, live))
    })??;
    for live in &live {
        not_older(live, &runbook)?;
        let findings = live.findings.iter().filter(|finding| finding.severity != Severity::Info);
        findings.for_each(|finding| output.remark(&format!("{}: {}", finding.rule, finding.message)));
    }
    let pairs: Vec<_> = planned.into_iter().zip(&live).collect();
    let checked = verify(&runbook, target.reference.clone(), &pairs);
    let done = checked.items.iter().filter(|item| item.state == State::Done).map(|item| item.number);
    runbook.checks.push(Check { at: Timestamp::now().to_string(), done: done.collect() });
    replace(&file, &json::to_json(&runbook)).map_err(|error| {
        let message = format!("what was seen cannot be noted in `{}`: {error}", visible(&file.to_string_lossy()));
        Error::failed(message, "make the file writable")
    })?;
    let all = checked.summary.done == checked.items.len();
    reports.deliver(&checked, if all { Exit::Clean } else { Exit::Changes }, output)
}

/// An export from before the run-book cannot tell what of it is done.
fn not_older(live: &Live, runbook: &Runbook) -> Result<(), Error> {
    let made = runbook
        .made
        .parse::<Timestamp>()
        .map_err(|error| Error::failed(error.to_string(), "make the run-book again"))?;
    let Some(taken) = live.taken.as_ref().filter(|taken| taken.at < made) else { return Ok(()) };
    let message = format!(
        "the export was taken at {} ({} says so), and the run-book was made at {}: it cannot tell what was done since",
        taken.at.strftime("%Y-%m-%d %H:%M"),
        taken.by,
        made.strftime("%Y-%m-%d %H:%M")
    );
    Err(Error::failed(message, "export again, and let the target read the new export"))
}

/// The target of a run-book, if it is the one that the run-book was made for.
async fn identified(settings: &Settings, common: &Common, runbook: &Runbook) -> Result<Target, Error> {
    let target = settings.identified(common).await?;
    let made_for = &runbook.plan.target;
    if (&target.reference.name, &target.reference.kind) != (&made_for.name, &made_for.kind) {
        let message = format!("the run-book was made for the target `{}`", visible(&made_for.name));
        return Err(Error::usage(message, "name that one with --target, or leave --target out"));
    }
    Ok(target)
}

/// Reads a run-book.
fn open(file: &Path) -> Result<Runbook, Error> {
    let shown = visible(&file.to_string_lossy());
    let size = fs::metadata(file).map(|meta| meta.len());
    let text = match size {
        Ok(size) if size > MOST_BYTES => Err(format!("it has {size} bytes, more than any run-book")),
        _ => fs::read_to_string(file).map_err(|error| error.to_string()),
    };
    let text = text.map_err(|why| Error::failed(format!("the run-book `{shown}` cannot be read: {why}"), NO_BOOK))?;
    let runbook: Runbook = serde_json::from_str(&text).map_err(|error| {
        let message = format!("`{shown}` is not a run-book as JSON: {error}");
        Error::failed(message, NO_BOOK)
    })?;
    if runbook.version != RUNBOOK_VERSION || runbook.plan.digest != runbook.plan.digest_now() || !runbook.is_whole() {
        let message = format!("the run-book `{shown}` was edited or damaged");
        return Err(Error::failed(message, "make the run-book again"));
    }
    Ok(runbook)
}

/// The run-book that was made last.
fn last(folder: &Path) -> Result<PathBuf, Error> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let books = files.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    // Their names begin with when they were made.
    books.max().ok_or_else(|| {
        let message = format!("there is no run-book in `{}`", visible(&folder.to_string_lossy()));
        Error::failed(message, "name the file of one, or make one with `rosterctl apply` or `rosterctl runbook make`")
    })
}
