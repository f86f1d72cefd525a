//! What a portal can take in from a file: the new people of a run-book as CSV.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Item;
use super::there::There;
use super::words::Words;
use crate::model::Organisation;
use crate::plan::document::{Action, Step};
use crate::platform;
use crate::report::cells::{cell, line};
use crate::report::words::values::join;

/// New people or groups of an organisation in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Import {
    /// The organisation.
    pub organisation: String,
    /// What is created: `users`, `contacts` or `permissionGroups`.
    pub section: String,
    /// What to choose on the portal's pages, in this order.
    pub path: Vec<String>,
    /// What to choose once the file is named.
    pub finish: Option<String>,
    /// The headings of the columns.
    pub columns: Vec<String>,
    /// The cells, a line for each item.
    pub rows: Vec<Vec<String>>,
    /// The items that the file carries out.
    pub items: Vec<u32>,
}

impl Import {
    /// What the portal of an organisation can take in of a plan, and a note at each item that is in it. Only what waits
    /// for nothing but others of the file is in it: a file is taken in at once.
    pub(super) fn all(there: &There<'_>, steps: &[Step], items: &mut [Item]) -> Vec<Import> {
        let imports = &there.organisation.platform.imports;
        imports
            .iter()
            .map(|import| Import::of(import, there, steps, items))
            .filter(|one| !one.rows.is_empty())
            .collect()
    }

    fn of(import: &platform::Import, there: &There<'_>, steps: &[Step], items: &mut [Item]) -> Import {
        let Organisation { id, .. } = there.organisation;
        let words = Words::of(there.organisation, there.live).separated(&import.separator);
        let mut made = Import {
            organisation: id.to_string(),
            section: import.of.as_str().to_owned(),
            path: import.path.iter().map(ToString::to_string).collect(),
            finish: Some(import.finish.to_string()).filter(|finish| !finish.is_empty()),
            columns: import.columns.iter().map(|(heading, _)| heading.to_string()).collect(),
            rows: Vec::new(),
            items: Vec::new(),
        };
        let creates = |step: &Step| {
            step.organisation == *id && step.action == Action::Create && step.resource.section() == import.of
        };
        for step in steps.iter().filter(|step| creates(step)) {
            let Some(item) = items.iter_mut().find(|item| item.number == step.id) else { continue };
            if !step.after.iter().all(|before| made.items.contains(before)) {
                continue;
            }
            let value = |field: &str| {
                let change = step.changes.iter().find(|change| change.field == field);
                // What a spreadsheet would run is written escaped, and would be taken in so: it is typed instead.
                let value = change.map(|change| words.value(field, &change.to)).unwrap_or_default();
                if cell(&value) == value { value } else { String::new() }
            };
            let row: Vec<String> = import.columns.iter().map(|(_, field)| value(field)).collect();
            let carried = |field: &str| {
                import.columns.iter().zip(&row).any(|((_, own), value)| own == field && !value.is_empty())
            };
            let left: Vec<String> =
                item.fields.iter().filter(|field| !carried(&field.field)).map(|field| field.label.clone()).collect();
            let then = match left.is_empty() {
                true => "nothing is left to type then".to_owned(),
                false => format!("{} must be typed then", join(&left, " and ")),
            };
            let way = join(&made.path, " > ");
            item.notes.push(format!("is in the import of {} ({way}): {then}", made.section));
            made.rows.push(row);
            made.items.push(step.id);
        }
        made
    }

    /// The file (RFC 4180), in UTF-8 with CRLF. No cell is a formula to a spreadsheet.
    pub fn csv(&self) -> String {
        let lines = std::iter::once(&self.columns).chain(&self.rows);
        lines.map(|cells| line(cells.iter().map(String::as_str))).collect()
    }
}
