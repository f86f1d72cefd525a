//! Rows of cells, whatever file they come from, and how a place among them is named.

use csv::StringRecord;

use super::pages::Part;
use crate::document::record::visible;

/// Wider tables are refused.
pub const MAX_COLUMNS: usize = 1000;

/// Between the items of a list that stands in one cell, such as one of JSON.
pub const ITEM: char = '\u{1f}';

/// How the rows of a file are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a text.
    Line,
    /// Rows of a sheet.
    Row,
    /// Items of a list.
    Item,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number as people count, from 1; of a row with line ends in it the first line.
    pub line: u32,
    /// Its cells.
    pub cells: StringRecord,
}

impl Row {
    /// What the cell in a column says; nothing where the row ends before it.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map(clean).unwrap_or_default()
    }
}

/// The rows of a file, the header among them.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The file and, of a workbook, the sheet.
    pub shown: String,
    /// How its rows are counted.
    pub unit: Unit,
    /// The rows that are not blank.
    pub rows: Vec<Row>,
    /// What was seen of the file as a whole: its encoding, its delimiter, its sheet.
    pub seen: String,
    /// When the file itself says that it was made, and where it says so.
    pub stamp: Option<(String, String)>,
    /// Why it is not all, where something says so.
    pub part: Option<Part>,
    /// Sheets of the workbook that hold rows and that nothing asks for.
    pub sheets: Vec<String>,
}

impl Unit {
    /// How one of them is called.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Line => "line",
            Unit::Row => "row",
            Unit::Item => "item",
        }
    }
}

impl Grid {
    /// A row as a message names it.
    pub fn row(&self, line: u32) -> String {
        let shown = visible(&self.shown);
        match self.unit {
            Unit::Line => format!("{shown}:{line}"),
            Unit::Row => format!("{shown}, row {line}"),
            Unit::Item => format!("{shown}, item {line}"),
        }
    }

    /// A cell as a message names it.
    pub fn cell(&self, line: u32, column: usize, header: &str) -> String {
        let header = visible(header);
        match self.unit {
            Unit::Row => format!("{}, {}{line} (`{header}`)", visible(&self.shown), letters(column)),
            _ => format!("{}, column `{header}`", self.row(line)),
        }
    }
}

/// The letters by which spreadsheets name a column, counted from 0.
pub fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push((b'A' + (column % 26) as u8) as char);
        column /= 26;
        if column == 0 {
            return letters.iter().rev().collect();
        }
        column -= 1;
    }
}

/// The row and column, from 0, of a cell such as B1.
pub fn place(cell: &str) -> Option<(u32, usize)> {
    let digits = cell.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = cell.split_at(digits);
    let number = letters.bytes().try_fold(0usize, |sum, letter| {
        letter.is_ascii_alphabetic().then(|| sum * 26 + (letter.to_ascii_uppercase() - b'A') as usize + 1)
    });
    let row: u32 = row.parse().ok()?;
    let column = number.filter(|column| (1..=MAX_COLUMNS).contains(column) && letters.len() <= 3)?;
    Some((row.checked_sub(1)?, column - 1))
}

/// What a cell says: without blanks around it, a formula that is only text without its shell, and without the
/// apostrophe that keeps a spreadsheet from calculating.
pub fn clean(cell: &str) -> &str {
    // Most cells have nothing to take off.
    if let [first, .., last] = cell.as_bytes()
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
        && !matches!(first, b'=' | b'\'')
    {
        return cell;
    }
    let cell = cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'));
    if let Some(text) = cell.strip_prefix("=\"").and_then(|text| text.strip_suffix('"'))
        && !text.contains('"')
    {
        return text.trim();
    }
    match cell.strip_prefix('\'') {
        Some(text) if text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) => text.trim(),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), name);
        }
        assert_eq!(place("B1"), Some((0, 1)));
        assert_eq!(place("aa17"), Some((16, 26)));
        for wrong in ["", "B", "1", "B0", "B1C", "ÄB1", "ZZZZ1"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn formulas_as_text_are_text() {
        assert_eq!(clean("=\"0123\""), "0123");
        assert_eq!(clean("'+32 470"), "+32 470");
        assert_eq!(clean(" \u{a0}Ada\u{200b} "), "Ada");
        assert_eq!(clean("=SUM(A1)"), "=SUM(A1)");
        assert_eq!(clean("'t Hooft"), "'t Hooft");
    }
}
