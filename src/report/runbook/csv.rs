//! A run-book as a table to tick off in a spreadsheet: one line for each field to fill in.

use super::{Item, Runbook};
use crate::report::cells::line;

/// The heading of each column.
const COLUMNS: [&str; 10] =
    ["item", "done", "organisation", "what", "who", "where", "field", "value", "check before", "check after"];

/// The table (RFC 4180), in UTF-8 with CRLF. No cell is a formula to a spreadsheet.
pub fn csv(runbook: &Runbook) -> String {
    let mut text = line(COLUMNS);
    for item in &runbook.items {
        rows(item).iter().for_each(|row| text.push_str(&line(row.iter().map(String::as_str))));
    }
    text
}

fn rows(item: &Item) -> Vec<[String; 10]> {
    let who: Vec<&str> = item.who.iter().map(|person| person.name.as_str()).collect();
    let place: Vec<&str> = item.path.iter().map(String::as_str).collect();
    let first = |field: &str, value: &str| {
        [
            item.number.to_string(),
            String::new(),
            item.organisation.clone(),
            plain(&item.title),
            who.join(" or "),
            place.join(" > "),
            field.to_owned(),
            value.to_owned(),
            plain(&item.before.join("; ")),
            plain(&item.done.join("; ")),
        ]
    };
    let rest = |field: &str, value: &str| {
        let mut row: [String; 10] = Default::default();
        row[0] = item.number.to_string();
        (row[6], row[7]) = (field.to_owned(), value.to_owned());
        row
    };
    let mut rows = Vec::new();
    for field in &item.fields {
        let row = if rows.is_empty() { first(&field.label, &field.to) } else { rest(&field.label, &field.to) };
        rows.push(row);
    }
    if rows.is_empty() {
        rows.push(first("", ""));
    }
    rows
}

/// A sentence without the marks around names.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
