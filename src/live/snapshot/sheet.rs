//! Workbooks: one sheet of an XLSX file, read cell by cell, so that an empty cell costs nothing however far out it is.

use std::io::{Cursor, Read, copy, sink};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use csv::StringRecord;

use super::grid::{Grid, MAX_COLUMNS, Row, Unit};
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::document::record::visible;
use crate::document::workspace::Snapshot as Keys;
use crate::live::{Live, LiveError};

/// The most that may come out of a workbook, in bytes.
const MAX_INFLATED: u64 = 1 << 30;

/// The most that one byte of a deflated stream becomes: a file below this part of the limit needs no counting.
const MOST_INFLATION: u64 = 1032;

/// The rows of a sheet: the named one, else the first that is not hidden; and which others nothing asks for.
pub fn read(bytes: &[u8], named: Option<&str>, keys: &Keys, shown: &str) -> Result<Grid, LiveError> {
    let broken = |why: String| {
        let message = format!("the snapshot `{shown}` cannot be read as a workbook: {why}");
        LiveError::new(message, "it was cut off or changed on its way: export it again, as .xlsx or as CSV")
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
    if archive.index_for_name("mimetype").is_some() {
        let message = format!("the snapshot `{shown}` is an OpenDocument file");
        return Err(LiveError::new(message, "save it as .xlsx or as CSV"));
    }
    count(&mut archive, bytes.len() as u64, shown)?;
    let stamp = modified(&mut archive).map(|time| (time, "the workbook itself".to_owned()));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
    let sheet = choose(&book, named, shown)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|error| broken(error.to_string()))?;
    let mut current: Option<Row> = None;
    let mut blank = true;
    let mut finish = |row: Option<Row>, blank: bool| rows.extend(row.filter(|_| !blank));
    while let Some(cell) = cells.next_cell().map_err(|error| broken(error.to_string()))? {
        let (row, column) = cell.get_position();
        let text = written(cell.get_value());
        if text.as_ref().is_empty() {
            continue;
        }
        if column as usize >= MAX_COLUMNS {
            let place = format!("{}{}", super::grid::letters(column as usize), row + 1);
            let message =
                format!("{shown}, sheet `{sheet}`: {place} is beyond the {MAX_COLUMNS} columns that are read");
            return Err(LiveError::new(message, "delete the columns far out, or export fewer"));
        }
        let line = row + 1;
        let same = current.as_ref().is_some_and(|current| current.line == line);
        if !same {
            finish(current.take(), blank);
            current = Some(Row { line, cells: StringRecord::new() });
            blank = true;
        }
        if let Some(current) = &mut current {
            while current.cells.len() < column as usize {
                current.cells.push_field("");
            }
            blank &= text.as_ref().trim().is_empty();
            current.cells.push_field(text.as_ref());
        }
    }
    finish(current, blank);
    drop(cells);
    let others: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|other| other.name != sheet)
        .map(|other| (other.name.clone(), other.visible == SheetVisible::Visible))
        .collect();
    let mut seen = format!("sheet `{}`", visible(&sheet));
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|(name, _)| format!("`{}`", visible(name))).collect();
        seen.push_str(&format!("; the workbook has besides: {}", names.join(", ")));
    }
    let groups = keys.groups.as_ref().filter(|groups| groups.path.is_none());
    let groups = groups.and_then(|groups| groups.sheet.as_ref()).map(|text| text.value.as_str());
    let asked = |name: &str| named.is_some() || groups == Some(name);
    let mut sheets = Vec::new();
    for (name, shows) in others.into_iter().filter(|(name, _)| !asked(name)) {
        if holds_rows(&mut book, &name, shows) {
            sheets.push(name);
        }
    }
    Ok(Grid { shown: format!("{shown}, sheet `{sheet}`"), unit: Unit::Row, rows, seen, stamp, part: None, sheets })
}

/// Whether a sheet may hold people: it has an address, or more rows than a header. Of a hidden one, which often has but
/// the words that cells may take, only addresses count.
fn holds_rows(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, shows: bool) -> bool {
    let mut first = None;
    // What cannot be read may hold anything, other than a chart, which has no cells.
    let Ok(mut cells) = book.worksheet_cells_reader(name) else {
        return book.sheets_metadata().iter().any(|sheet| sheet.name == name && sheet.typ == SheetType::WorkSheet);
    };
    loop {
        let cell = match cells.next_cell() {
            Ok(Some(cell)) => cell,
            Ok(None) => return false,
            Err(_) => return true,
        };
        let text = written(cell.get_value());
        let text = text.as_ref().trim();
        let row = cell.get_position().0;
        if text.contains('@') || shows && !text.is_empty() && *first.get_or_insert(row) != row {
            return true;
        }
    }
}

/// Says which sheets nothing asks for, though they hold rows: the people in them are not read, so nobody is removed.
pub fn unread(grid: &Grid, live: &mut Live) {
    let shown = visible(&grid.shown);
    let gap = format!("other sheets than {shown} hold rows");
    if grid.sheets.is_empty() || live.gaps.contains(&gap) {
        return;
    }
    let names: Vec<String> = grid.sheets.iter().map(|name| format!("`{}`", visible(name))).collect();
    let (word, hold) = if names.len() == 1 { ("the sheet", "holds") } else { ("the sheets", "hold") };
    let message =
        format!("{shown} is all that is read, and {word} {} {hold} rows too: nothing is removed", names.join(", "));
    let help = "name the sheet that counts: `sheet: NAME` at the target; where people stand in several, put them into one, or make a target of each";
    live.findings.push(Diagnostic::new("snapshot/other-sheets", Severity::Warning, message).help(help));
    live.gaps.push(gap);
}

/// Counts what comes out of an archive, before anything is made of it.
fn count(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, size: u64, shown: &str) -> Result<(), LiveError> {
    if size.saturating_mul(MOST_INFLATION) <= MAX_INFLATED {
        return Ok(());
    }
    let mut left = MAX_INFLATED;
    for index in 0..archive.len() {
        // What cannot be read here is told by who reads the workbook.
        let Ok(entry) = archive.by_index(index) else { continue };
        let came = copy(&mut entry.take(left + 1), &mut sink()).unwrap_or_default();
        if came > left {
            let message = format!("the snapshot `{shown}` unpacks to more than 1 GB");
            return Err(LiveError::new(message, "no export of people is that large: get it from the portal again"));
        }
        left -= came;
    }
    Ok(())
}

fn choose<R: Read + std::io::Seek>(book: &Xlsx<R>, named: Option<&str>, shown: &str) -> Result<String, LiveError> {
    let sheets = book.sheets_metadata();
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    match named {
        Some(named) if names.contains(&named) => Ok(named.to_owned()),
        Some(named) => {
            let hint = match nearest(named, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its sheets are: {}", names.join(", ")),
            };
            Err(LiveError::new(format!("the snapshot `{shown}` has no sheet `{named}`"), hint))
        }
        None => {
            let visible = sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible);
            let missing = || LiveError::new(format!("the snapshot `{shown}` has no sheet"), "export it again");
            visible.map(|sheet| sheet.name.clone()).ok_or_else(missing)
        }
    }
}

/// When the workbook was saved last, as its core properties say (ECMA-376, part 2, §11).
fn modified(archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> Option<String> {
    let mut text = String::new();
    archive.by_name("docProps/core.xml").ok()?.take(64 * 1024).read_to_string(&mut text).ok()?;
    let rest = &text[text.find("<dcterms:modified")?..];
    let rest = &rest[rest.find('>')? + 1..];
    Some(rest[..rest.find('<')?].trim().to_owned())
}

/// A cell that is borrowed from the workbook or was put into words.
enum Written<'c> {
    Borrowed(&'c str),
    Owned(String),
}

impl AsRef<str> for Written<'_> {
    fn as_ref(&self) -> &str {
        match self {
            Written::Borrowed(text) => text,
            Written::Owned(text) => text,
        }
    }
}

/// What a cell says, in words: days as ISO 8601, whole numbers without a fraction.
fn written<'c>(value: &'c DataRef<'_>) -> Written<'c> {
    Written::Owned(match value {
        DataRef::Empty => return Written::Borrowed(""),
        DataRef::SharedString(text) => return Written::Borrowed(text),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            return Written::Borrowed(text);
        }
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") }
        }
        DataRef::Error(error) => error.to_string(),
    })
}
