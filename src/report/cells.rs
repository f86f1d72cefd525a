//! Cells of CSV that a spreadsheet shows and never runs.

/// A cell as it is written into CSV, before quoting: what a spreadsheet would take for a formula (OWASP, "CSV
/// injection") gets an apostrophe before it, which the reader of snapshots takes off again.
pub fn cell(text: &str) -> std::borrow::Cow<'_, str> {
    let runs = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    // Blanks before it do not keep every spreadsheet from it.
    if text.trim_start_matches([' ', '\u{a0}', '\u{feff}']).starts_with(runs) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// A line of CSV (RFC 4180) with its end: cells are quoted where they must be, and none is ever run.
pub fn line<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    let quoted = |text: &str| {
        let text = cell(text);
        if text.contains(['"', ',', ';', '\n', '\r', '\t']) || text.trim() != text {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.into_owned()
        }
    };
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_with_what_a_spreadsheet_runs() {
        for text in ["=1+1", "+32 470", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "=\"a\"", " =1", "＝1"] {
            let written = cell(text);
            assert_eq!(written, format!("'{text}"));
            let row = line([text]);
            let first = row.trim_start_matches('"').chars().next();
            assert_eq!(first, Some('\''), "{row:?}");
        }
        for text in ["Ada", "", "a=b", "ada@acme.example", "'t Hooft", "1-2"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn lines_are_read_back_by_another_reader() {
        let cells = ["a,b", "say \"hi\"", "two\nlines", "", " x ", "=1", "a;b"];
        let text = line(cells);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let read: Vec<String> = reader.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(read, ["a,b", "say \"hi\"", "two\nlines", "", " x ", "'=1", "a;b"]);
    }
}
