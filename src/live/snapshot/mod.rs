//! A portal without an API: an export or a hand-kept list as live state. It can be read and never written.
//!
//! What the file does not say is unknown and not empty ([`Unseen`](super::Unseen)); a row that cannot be understood is told and keeps
//! everybody from being removed; and the older the file is, the less is believed.

mod age;
mod bytes;
mod cell;
mod columns;
mod delimited;
mod grid;
mod groups;
mod guess;
mod items;
mod merge;
mod nested;
mod pages;
mod people;
mod portal;
pub mod probe;
mod roster;
mod sheet;
mod vocabulary;
mod whose;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::Mutex;

use super::{Completeness, Listed, Live, LiveError};
use crate::diagnostic::Span;
use crate::document::Written;
use crate::document::record::visible;
use crate::document::roster::Roster;
use crate::document::workspace::Snapshot as Keys;
use crate::document::workspace::snapshot::{GroupTable, Taken as TakenText};
use crate::platform::{Platform, Section};
use crate::revision::committed;
use bytes::Form;
use columns::Mapping;
use grid::Grid;
use vocabulary::Vocabulary;
use whose::Whose;

/// Where more rows than this part are not understood, none of them is believed.
const HALF: usize = 2;

/// A snapshot as the workspace describes it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name in the workspace.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// The file as the workspace writes it.
    pub shown: String,
    /// The folder to which other files are relative.
    pub base: PathBuf,
    /// How it is read.
    pub keys: Keys,
    /// Whose it is, where the workspace says so.
    pub organisation: Option<SmolStr>,
    /// The platform, where the workspace says so.
    pub platform: Option<Listed>,
    /// The time that counts as now.
    pub now: Timestamp,
}

/// An export or a hand-kept list.
#[derive(Debug)]
pub struct Snapshot {
    config: Config,
    kept: Mutex<Kept>,
    groups: OnceLock<Arc<Contents>>,
    shared: OnceLock<Arc<Whose>>,
    /// When it was committed, and whether that is all of the history.
    committed: OnceLock<Option<(Timestamp, bool)>>,
    known: OnceLock<Vec<SmolStr>>,
    /// The workspace file.
    written: OnceLock<PathBuf>,
}

/// What was read already.
#[derive(Debug, Default)]
struct Kept {
    people: Option<Arc<Contents>>,
    /// The organisation that was asked for, where the file does not say whose it is.
    asked: Option<SmolStr>,
}

/// What a file holds.
#[derive(Debug)]
enum Contents {
    /// Rows.
    Rows { grid: Box<Grid>, taken: Option<String> },
    /// The tool's own form.
    Rosters(Vec<Written<Box<Roster>>>),
}

impl Snapshot {
    /// A snapshot; nothing is read yet.
    pub fn new(config: Config) -> Snapshot {
        let (groups, shared, committed, known, written) = Default::default();
        Snapshot { config, kept: Mutex::default(), groups, shared, committed, known, written }
    }

    /// Tells in which file the target is described, so that what is wrong there can be pointed at.
    pub fn written_in(&self, workspace: &Path) {
        // There is one workspace file.
        let _ = self.written.set(workspace.to_owned());
    }

    /// Where something stands in the workspace file, to begin a message with; nothing where that is not known.
    fn place(&self, span: Span) -> String {
        let Some(file) = self.written.get() else { return String::new() };
        let Ok(text) = std::fs::read(file) else { return String::new() };
        let before = &text[..(span.start as usize).min(text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        format!("{}:{line}: ", visible(&name))
    }

    /// The words of a platform, and those of the workspace.
    fn words(&self, platform: &Platform) -> Result<Vocabulary, LiveError> {
        Vocabulary::new(platform, self.config.keys.words.as_ref(), &|span| self.place(span))
    }

    /// Which column is what.
    fn mapping(&self, grid: &Grid, platform: &Platform, words: &Vocabulary) -> Result<Mapping, LiveError> {
        Mapping::of(grid, &self.config.keys, platform, words, &|span| self.place(span))
    }

    /// Tells which organisations there are rosters of: rows of others may be misspelt.
    pub fn know<'o>(&self, organisations: impl Iterator<Item = &'o SmolStr>) {
        let words = self.config.keys.words.iter().filter_map(|words| words.organisations.as_ref());
        let named = words.flat_map(|map| map.entries.iter().map(|(_, id)| id.value.clone()));
        // What is told before anything is read counts.
        let _ = self.known.set(organisations.cloned().chain(named).collect());
    }

    /// How the workspace describes it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// An organisation, with the platform that the workspace gives it.
    pub fn organisation(&self, id: &str) -> Listed {
        let platform = self.config.platform.as_ref();
        let (platform, platform_text) =
            platform.map_or_else(Default::default, |listed| (listed.platform.clone(), listed.platform_text.clone()));
        Listed { id: id.into(), platform, platform_text }
    }

    async fn contents(&self) -> Result<Arc<Contents>, LiveError> {
        let mut kept = self.kept.lock().await;
        if let Some(contents) = &kept.people {
            return Ok(contents.clone());
        }
        let pointer = match &self.config.keys.taken {
            Some(TakenText::Pointer(pointer)) => Some(pointer.value.as_str()),
            _ => None,
        };
        let Config { path, shown, keys, .. } = &self.config;
        let sheet = keys.sheet.as_ref().map(|text| text.value.as_str());
        let items = keys.items.as_ref().map(|text| text.value.as_str());
        let contents = Arc::new(load(path, shown, keys, (sheet, items), pointer)?);
        kept.people = Some(contents.clone());
        Ok(contents)
    }

    /// Whose people are asked for: those of the organisation that the workspace or the file names.
    async fn whose(&self, organisation: &str, told: bool) -> Result<(), LiveError> {
        let Config { shown, name, organisation: own, .. } = &self.config;
        let other = |own: &str| {
            let message = format!("the snapshot `{shown}` is of `{own}`, so it says nothing of `{organisation}`");
            let hint = format!("name the rosters of `{own}` on the command line, or another target with --target");
            Err(LiveError::new(message, hint))
        };
        match own {
            Some(own) if own != organisation => return other(own),
            Some(_) => return Ok(()),
            None if told => return Ok(()),
            None => {}
        }
        let mut kept = self.kept.lock().await;
        match &kept.asked {
            Some(asked) if asked != organisation => {
                let message =
                    format!("it is not known whose people `{shown}` has: those of `{asked}` or of `{organisation}`");
                let hint = format!(
                    "add `organisation: {asked}` to the target `{name}`, or name the column under `columns: {{ organisation: … }}`"
                );
                Err(LiveError::new(message, hint))
            }
            _ => {
                kept.asked = Some(organisation.into());
                Ok(())
            }
        }
    }

    fn live_of_rows(
        &self,
        grid: &Grid,
        pointer: Option<&String>,
        organisation: &str,
        platform: &Platform,
        (mapping, words): (&Mapping, &Vocabulary),
    ) -> Result<Live, LiveError> {
        let Config { shown, keys, path, .. } = &self.config;
        let mut live = Live::default();
        let shared = self.shared(grid, mapping, words);
        let known = self.known.get().map(Vec::as_slice).unwrap_or_default();
        let near = shared.as_ref().map(|shared| shared.near(organisation, known)).unwrap_or_default();
        let rows = match &shared {
            Some(shared) => shared.rows(grid, organisation, &near),
            None => grid.rows.iter().skip(mapping.header + 1).collect(),
        };
        let silent = self.config.organisation.is_some() && mapping.silent(grid);
        let whose = people::Asked { organisation, near: &near, silent };
        let (found, names) = people::people(grid, &rows, mapping, platform, words, whose);
        if found.len() == 0 {
            let rows = grid.rows.len().saturating_sub(mapping.header + 1);
            let message = match rows {
                0 => format!(
                    "the snapshot `{shown}` has a header and no rows, which does not mean that the portal has nobody"
                ),
                rows => format!(
                    "none of the {rows} rows of the snapshot `{shown}` is of `{organisation}`, which does not mean that the portal has nobody"
                ),
            };
            return Err(LiveError::new(
                message,
                "export it again; see whether a filter was set, and whose people it shows",
            ));
        }
        found.into_live(&mut live);
        live.unseen = mapping.unseen(platform);
        // Told once, with the first of all organisations.
        if let Some(shared) = shared.filter(|_| known.first().is_some_and(|first| first == organisation)) {
            live.findings.extend(shared.strangers(grid, known));
        }
        live.findings.extend(mapping.unknown_people(grid));
        sheet::unread(grid, &mut live);
        // Whoever is asked for may stand on a sheet that was not read.
        live.partial |= !grid.sheets.is_empty();
        if let Some(part) = &grid.part {
            part.tell(grid, false, &mut live);
        }
        let mut table_shown = None;
        if let Some(table) = keys.groups.as_ref().filter(|_| platform.sections.contains(&Section::PermissionGroups)) {
            let contents = self.table(table)?;
            let Contents::Rows { grid, .. } = contents.as_ref() else {
                let shown = table.path.as_ref().map_or(shown.as_str(), |path| path.value.as_str());
                let message = format!("`{shown}` is a roster, and `groups` asks for a table");
                return Err(LiveError::new(message, "name a CSV, XLSX, JSON or YAML file with one row a group"));
            };
            let told = groups::read(
                grid,
                (table.columns.as_ref(), &|span| self.place(span)),
                organisation,
                platform,
                words,
                &mut live,
            )?;
            sheet::unread(grid, &mut live);
            if let Some(part) = &grid.part {
                part.tell(grid, true, &mut live);
            }
            table_shown = Some(grid.shown.clone());
            live.unseen.permission_groups = false;
            live.unseen.applications = !told;
        }
        groups::of_members(&names, table_shown.as_deref(), &mut live);
        let column = mapping.taken.map(|column| {
            let rows = grid.rows.iter().skip(mapping.header + 1);
            let cells = rows.map(|row| row.cell(column)).filter(|cell| !cell.is_empty());
            let mut cells: Vec<String> = cells.map(str::to_owned).collect();
            cells.sort_unstable();
            cells.dedup();
            cells
        });
        let clues = age::Clues {
            path,
            shown,
            grid: Some(grid),
            column: column.unwrap_or_default(),
            pointer: pointer.cloned(),
            said: keys.taken.as_ref(),
            format: keys.date_format.as_ref().map(|text| text.value.as_str()),
            committed: &|| self.committed(),
        };
        live.taken = Some(clues.taken(self.config.now)?);
        Ok(live)
    }

    fn live_of_rosters(
        &self,
        documents: &[Written<Box<Roster>>],
        organisation: &str,
        platform: &Platform,
    ) -> Result<Live, LiveError> {
        let Config { shown, keys, path, .. } = &self.config;
        let mut live = Live::default();
        roster::read(documents, organisation, platform, shown, &mut live);
        if live.people.is_empty() && live.unread.is_empty() {
            let message = format!(
                "the snapshot `{shown}` has nobody of `{organisation}`, which does not mean that the portal has nobody"
            );
            return Err(LiveError::new(message, "export it again"));
        }
        let said = keys.taken.as_ref();
        let committed = &|| self.committed();
        let (grid, column, pointer, format) = Default::default();
        let clues = age::Clues { path, shown, grid, column, pointer, said, format, committed };
        live.taken = Some(clues.taken(self.config.now)?);
        Ok(live)
    }

    /// The table of permission groups.
    fn table(&self, table: &GroupTable) -> Result<Arc<Contents>, LiveError> {
        if let Some(contents) = self.groups.get() {
            return Ok(contents.clone());
        }
        let Config { shown, keys, path, base, .. } = &self.config;
        let own = table.path.as_ref().map(|path| path.value.as_str());
        let (file, shown) = own.map_or((path.clone(), shown.as_str()), |own| (base.join(own), own));
        let sheet = table.sheet.as_ref().or(keys.sheet.as_ref()).map(|text| text.value.as_str());
        let items = table.items.as_ref().map(|text| text.value.as_str());
        let contents = Arc::new(load(&file, shown, keys, (sheet, items), None)?);
        Ok(self.groups.get_or_init(|| contents).clone())
    }

    /// Which rows are whose, where the rows say so.
    fn shared(&self, grid: &Grid, mapping: &Mapping, words: &Vocabulary) -> Option<Arc<Whose>> {
        if let Some(shared) = self.shared.get().filter(|shared| shared.fits(mapping)) {
            return Some(shared.clone());
        }
        let shared = Arc::new(Whose::of(grid, mapping, words)?);
        // Platforms may differ in what they take columns for: then the first counts here.
        let _ = self.shared.set(shared.clone());
        Some(shared)
    }

    fn committed(&self) -> Option<(Timestamp, bool)> {
        *self.committed.get_or_init(|| committed(&self.config.path))
    }

    /// What there is to say of the reading as a whole.
    fn judge(&self, live: &mut Live) {
        let Config { shown, keys, now, .. } = &self.config;
        if let Some(taken) = &live.taken
            && let Some((finding, gap)) = age::judge(taken, keys.max_age.as_ref().map(|age| &age.value), shown, *now)
        {
            live.findings.push(finding);
            live.gaps.push(gap);
        }
        let unread = live.unread.iter().filter(|unread| !unread.is_group()).count();
        if unread * HALF > live.people.len() + unread {
            let all = live.people.len() + unread;
            live.suspect = Some(format!("{unread} of the {all} people in `{}` cannot be understood", visible(shown)));
        }
        live.folds_case = true;
        live.switches = !live.unseen.status;
        let read = live.people.len() + live.groups.len();
        let missing = live.unread.len() + usize::from(!live.gaps.is_empty());
        live.proof = Completeness { read, announced: read + missing };
    }

    async fn live(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        let contents = self.contents().await?;
        let mut live = match contents.as_ref() {
            Contents::Rows { grid, taken } => {
                let words = self.words(platform)?;
                let mapping = self.mapping(grid, platform, &words)?;
                self.whose(organisation, mapping.people.iter().all(|person| person.organisation.is_some())).await?;
                self.live_of_rows(grid, taken.as_ref(), organisation, platform, (&mapping, &words))?
            }
            Contents::Rosters(documents) => {
                self.whose(organisation, true).await?;
                self.live_of_rosters(documents, organisation, platform)?
            }
        };
        self.judge(&mut live);
        Ok(live)
    }
}

/// Reads a file; a table in it is that of the sheet or at the pointer. `taken`: the pointer of when it was exported.
fn load(
    path: &Path,
    shown: &str,
    keys: &Keys,
    (sheet, items): (Option<&str>, Option<&str>),
    taken: Option<&str>,
) -> Result<Contents, LiveError> {
    let bytes = bytes::read(path, shown)?;
    let form = bytes::form(&bytes, path, shown)?;
    if form == Form::Workbook {
        return Ok(Contents::Rows { grid: Box::new(sheet::read(&bytes, sheet, keys, shown)?), taken: None });
    }
    let (text, encoding) = bytes::decode(&bytes, keys.encoding.as_ref().map(|text| text.value.as_str()), shown)?;
    drop(bytes);
    if form == Form::Delimited {
        let delimiter = keys.delimiter.as_ref().map(|sign| sign.value.0);
        return Ok(Contents::Rows { grid: Box::new(delimited::read(text, encoding, delimiter, shown)?), taken: None });
    }
    if let Some(documents) = roster::documents(&text, shown)? {
        return Ok(Contents::Rosters(documents));
    }
    let document = if form == Form::Json { items::json(&text, shown)? } else { items::yaml(&text, shown)? };
    let taken = taken.and_then(|pointer| document.pointer(pointer)?.as_str().map(str::to_owned));
    Ok(Contents::Rows { grid: Box::new(items::grid(&document, items, shown)?), taken })
}
