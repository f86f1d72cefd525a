//! Which rows are whose, where several organisations share a file.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::cell::{parts, shown, unreadable};
use super::columns::Mapping;
use super::grid::{Grid, Row};
use super::vocabulary::Vocabulary;
use crate::diagnostic::{Diagnostic, Severity, nearest};

/// How many rows, and how many names, are told.
const TOLD: usize = 5;

/// The rows of a grid by the organisations that they name.
#[derive(Debug)]
pub struct Whose {
    /// The columns that were looked at, by template.
    columns: Vec<Option<usize>>,
    header: usize,
    named: HashMap<SmolStr, Named, RandomState>,
    /// Rows that may be anybody's: they name nobody, or what they name cannot be read.
    anybodys: Vec<usize>,
}

/// An organisation that rows name.
#[derive(Debug)]
struct Named {
    /// As it is written first.
    written: SmolStr,
    /// Where it is a list of several names, their ids.
    several: Vec<SmolStr>,
    /// Its rows, by their places in the grid.
    rows: Vec<usize>,
}

impl Whose {
    /// Looks through the rows; none where they do not say whose they are.
    pub fn of(grid: &Grid, mapping: &Mapping, words: &Vocabulary) -> Option<Whose> {
        let columns: Vec<Option<usize>> = mapping.people.iter().map(|template| template.organisation).collect();
        let read: Option<Vec<usize>> = columns.iter().copied().collect();
        let mut read = read?;
        read.sort_unstable();
        read.dedup();
        let mut ids: HashMap<&str, Option<SmolStr>, RandomState> = HashMap::default();
        let mut whose = Whose { columns, header: mapping.header, named: HashMap::default(), anybodys: Vec::new() };
        for (at, row) in grid.rows.iter().enumerate().skip(mapping.header + 1) {
            for column in &read {
                let cell = row.cell(*column);
                let readable = || !cell.is_empty() && unreadable(cell, String::new).is_none();
                let id = ids.entry(cell).or_insert_with(|| readable().then(|| words.organisation(cell)));
                let rows = match id {
                    None => &mut whose.anybodys,
                    Some(id) => match whose.named.get_mut(id) {
                        Some(named) => &mut named.rows,
                        None => {
                            let several = several(cell, words);
                            let named = Named { written: cell.into(), several, rows: Vec::new() };
                            &mut whose.named.entry(id.clone()).or_insert(named).rows
                        }
                    },
                };
                if rows.last() != Some(&at) {
                    rows.push(at);
                }
            }
        }
        Some(whose)
    }

    /// Whether it was made of the columns that a mapping names.
    pub fn fits(&self, mapping: &Mapping) -> bool {
        self.header == mapping.header
            && self.columns.len() == mapping.people.len()
            && self.columns.iter().zip(&mapping.people).all(|(column, template)| *column == template.organisation)
    }

    /// The names that rows give, known to nobody, that may be this organisation misspelt or name it among others: as ids.
    pub fn near(&self, organisation: &str, known: &[SmolStr]) -> Vec<SmolStr> {
        let strange = self.named.iter().filter(|(id, _)| *id != organisation && !known.contains(id));
        let may_be = |(id, named): &(&SmolStr, &Named)| {
            named.several.iter().any(|one| one == organisation) || nearest_of(id, known) == Some(organisation)
        };
        strange.filter(may_be).map(|(id, _)| id.clone()).collect()
    }

    /// The rows of an organisation and of names near to it, and those that may be anybody's, in their order.
    pub fn rows<'g>(&self, grid: &'g Grid, organisation: &str, near: &[SmolStr]) -> Vec<&'g Row> {
        let named = near.iter().map(SmolStr::as_str).chain([organisation]).filter_map(|id| self.named.get(id));
        let mut all: Vec<usize> = named.flat_map(|named| named.rows.iter().copied()).collect();
        all.extend(&self.anybodys);
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(|at| &grid.rows[at]).collect()
    }

    /// Says how many rows are of organisations that nobody knows. `known`: all that are.
    pub fn strangers(&self, grid: &Grid, known: &[SmolStr]) -> Option<Diagnostic> {
        let of_nobody = |named: &Named| !named.several.iter().any(|one| known.contains(one));
        let strange = self.named.iter().filter(|(id, _)| !known.contains(id) && nearest_of(id, known).is_none());
        let strange = strange.filter(|(_, named)| of_nobody(named));
        let mut strange: Vec<&Named> = strange.map(|(_, named)| named).collect();
        strange.sort_by_key(|named| named.rows.first());
        let mut names: Vec<String> =
            strange.iter().take(TOLD).map(|named| format!("`{}`", shown(&named.written))).collect();
        if strange.len() > TOLD {
            names.push(format!("{} more", strange.len() - TOLD));
        }
        let mut rows: Vec<usize> = strange.iter().flat_map(|named| named.rows.iter().copied()).collect();
        rows.sort_unstable();
        let message = format!(
            "{} of organisations that no roster names: {}; {}",
            count(rows.len(), &grid.shown),
            names.join(", "),
            places(grid, &rows)
        );
        let help = "nothing is planned for them; where one is an organisation of a roster under another name, say so: `words: { organisations: { NAME: ID } }` of the target";
        let finding = || Diagnostic::new("snapshot/unknown-organisation", Severity::Info, message).help(help);
        (!rows.is_empty()).then(finding)
    }
}

/// The ids of the organisations that a cell lists; none where it names one.
pub fn several(cell: &str, words: &Vocabulary) -> Vec<SmolStr> {
    let ids: Vec<SmolStr> = parts(cell, None).map(|name| words.organisation(name)).collect();
    if ids.len() > 1 { ids } else { Vec::new() }
}

fn nearest_of<'k>(id: &str, known: &'k [SmolStr]) -> Option<&'k str> {
    nearest(id, known.iter().map(SmolStr::as_str))
}

fn count(rows: usize, shown: &str) -> String {
    if rows == 1 { format!("1 row of `{shown}` is") } else { format!("{rows} rows of `{shown}` are") }
}

/// Where rows are: the first of them.
fn places(grid: &Grid, rows: &[usize]) -> String {
    let first = rows.iter().take(TOLD).map(|at| grid.rows[*at].line.to_string());
    let first = first.collect::<Vec<_>>().join(", ");
    let (word, more) = (grid.unit.word(), rows.len().saturating_sub(TOLD));
    match (rows.len(), more) {
        (1, _) => format!("{word} {first}"),
        (_, 0) => format!("{word}s {first}"),
        _ => format!("{word}s {first} and {more} more"),
    }
}
