//! Text with delimiters: CSV as spreadsheets write it.

use csv::{ReaderBuilder, StringRecord};

use super::grid::{Grid, MAX_COLUMNS, Row, Unit};
use crate::live::LiveError;

/// The delimiters that are looked for.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many rows tell the delimiter.
const TELLING: usize = 50;

/// Stands after the last row: where it does not come out as a row of its own, a quote was never closed.
const END: &str = "\u{1}end of the snapshot\u{1}";

/// The rows of a text in an encoding.
pub fn read(mut text: String, encoding: &str, named: Option<u8>, shown: &str) -> Result<Grid, LiveError> {
    if !text.contains('\n') && text.contains('\r') {
        text = text.replace('\r', "\n");
    }
    let (said, skipped) = announced(&text);
    let delimiter = named.or(said).unwrap_or_else(|| sniffed(&text[skipped..]));
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    let mut reader = rows_of(&text[skipped..], delimiter);
    let mut lines = Lines { bytes: &text.as_bytes()[skipped..], at: 0, line: 1 + u32::from(skipped > 0) };
    let mut rows: Vec<Row> = Vec::new();
    let mut closed = false;
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            LiveError::new(format!("the snapshot `{shown}` cannot be read as CSV: {error}"), "export it again")
        })?;
        if !more {
            break;
        }
        let line = lines.of(record.position().map_or(0, |position| position.byte() as usize));
        // Looked for cell by cell only where its first sign is there at all.
        let marked = record.as_slice().contains('\u{1}');
        if marked && record.len() == 1 && record.get(0) == Some(END) {
            closed = true;
            continue;
        }
        if marked && record.iter().any(|cell| cell.contains(END)) {
            let message =
                format!("{shown}:{line}: a quotation mark is opened and never closed, so the rest is one cell");
            return Err(LiveError::new(
                message,
                "the file was cut off, or a quote in a cell is not doubled: export it again",
            ));
        }
        if record.len() > MAX_COLUMNS {
            let message = format!("{shown}:{line} has {} columns, more than {MAX_COLUMNS}", record.len());
            return Err(LiveError::new(message, "see whether `delimiter` is right, or export fewer columns"));
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        rows.push(Row { line, cells: record.clone() });
    }
    if !closed {
        let message = format!("the snapshot `{shown}` was not read to its end: a quotation mark is never closed");
        return Err(LiveError::new(message, "export it again"));
    }
    let sign = match delimiter {
        b'\t' => "tabs".to_owned(),
        sign => format!("`{}`", sign as char),
    };
    let seen = format!("{encoding}, cells separated by {sign}");
    Ok(Grid { shown: shown.to_owned(), unit: Unit::Line, rows, seen, stamp: None, part: None, sheets: Vec::new() })
}

/// Counts the lines before each row: the reader's own count comes before the line feed of CR LF.
struct Lines<'t> {
    bytes: &'t [u8],
    /// So far it was counted.
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the row that the reader began at a byte; rows come in order.
    fn of(&mut self, start: usize) -> u32 {
        let ends = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = start + ends;
        self.line += self.bytes[self.at..start].iter().filter(|byte| **byte == b'\n').count() as u32;
        self.at = start;
        self.line
    }
}

fn rows_of(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// The delimiter that a first line `sep=;` announces, and how many bytes that line has.
fn announced(text: &str) -> (Option<u8>, usize) {
    let line = text.split_inclusive('\n').next().unwrap_or_default();
    let word = line.trim_end_matches(['\n', '\r']).trim_matches('"');
    match word.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &word.as_bytes()[4..]) {
        Some([sign]) => (Some(*sign), line.len()),
        _ => (None, 0),
    }
}

/// The delimiter by which most rows have the same number of cells, and more than one.
fn sniffed(text: &str) -> u8 {
    let judged = DELIMITERS.map(|delimiter| {
        let rows = rows_of(text, delimiter).into_records().take(TELLING);
        let mut counts = std::collections::BTreeMap::new();
        rows.flatten().for_each(|row| *counts.entry(row.len()).or_insert(0usize) += 1);
        let usual = counts.into_iter().filter(|(cells, _)| *cells > 1).max_by_key(|(cells, rows)| (*rows, *cells));
        (usual.map(|(cells, rows)| (rows, cells)), delimiter)
    });
    // Of equals the first in the list counts.
    let best = judged.iter().rev().max_by_key(|(usual, _)| *usual);
    best.map_or(b',', |(_, delimiter)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let grid = read(text.to_owned(), "UTF-8", None, "a.csv").unwrap();
        grid.rows.iter().map(|row| (row.line, row.cells.iter().map(str::to_owned).collect())).collect()
    }

    #[test]
    fn delimiters_are_told_by_the_rows() {
        for sign in [',', ';', '\t', '|'] {
            let text = format!("Name{sign}Mail\n\"Peeters{sign} Ada\"{sign}a@b.c\n");
            assert_eq!(rows(&text)[1], (2, vec![format!("Peeters{sign} Ada"), "a@b.c".to_owned()]));
        }
        let text = "Name;Roles\nAda;a, b, c\nBob;a, b\n";
        assert_eq!(rows(text)[1].1, ["Ada", "a, b, c"]);
        assert_eq!(rows("Mail\na@b.c\n")[1].1, ["a@b.c"]);
    }

    #[test]
    fn the_line_that_excel_reads_is_no_row() {
        assert_eq!(rows("sep=;\r\nName;Mail\r\nA,B;x\r\n")[1], (3, vec!["A,B".to_owned(), "x".to_owned()]));
        assert_eq!(rows("\"sep=|\"\nName|Mail\n")[0].0, 2);
    }

    #[test]
    fn line_ends_in_cells_and_old_line_ends_are_counted() {
        let text = "Name;Note\r\n\"Ada\r\nPeeters\";x\r\nBob;y\r\n";
        let found: Vec<u32> = rows(text).iter().map(|(line, _)| *line).collect();
        assert_eq!(found, [1, 2, 4]);
        let found: Vec<u32> = rows("Name;Note\rAda;x\rBob;y\r").iter().map(|(line, _)| *line).collect();
        assert_eq!(found, [1, 2, 3]);
    }

    #[test]
    fn a_quote_that_never_ends_is_an_error_with_its_line() {
        let error = read("Name,Mail\nAda,\"a@b.c\nBob,b@b.c\n".to_owned(), "UTF-8", None, "a.csv").unwrap_err();
        assert!(error.message.contains("a.csv:2: a quotation mark"), "{error}");
    }

    #[test]
    fn a_million_columns_are_refused() {
        let error = read(",".repeat(1_000_000) + "x", "UTF-8", None, "a.csv").unwrap_err();
        assert!(error.message.contains("1000001 columns"), "{error}");
    }
}
