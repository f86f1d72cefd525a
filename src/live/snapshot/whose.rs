//! Which rows are whose, where several organisations share a file.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::cell::{shown, unreadable};
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
                            let named = Named { written: cell.into(), rows: Vec::new() };
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

    /// The rows of an organisation, and those that may be anybody's, in their order.
    pub fn rows<'g>(&self, grid: &'g Grid, organisation: &str) -> Vec<&'g Row> {
        let own = self.named.get(organisation).map(|named| named.rows.as_slice()).unwrap_or_default();
        let mut all = [own, &self.anybodys].concat();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(|at| &grid.rows[at]).collect()
    }

    /// Rows of organisations that nobody knows: those that may be misspelt rows of this one with why nothing is removed
    /// then, and of the others, which are told once, how many they are. `known` are all organisations that are known.
    pub fn strangers(&self, grid: &Grid, organisation: &str, known: &[SmolStr]) -> (Vec<Diagnostic>, Option<String>) {
        let mut strange: Vec<(&SmolStr, &Named)> = self.named.iter().filter(|(id, _)| !known.contains(id)).collect();
        strange.sort_by_key(|(_, named)| named.rows.first());
        let (near, far): (Vec<_>, Vec<_>) =
            strange.into_iter().partition(|(id, _)| nearest(id, known.iter().map(SmolStr::as_str)).is_some());
        let ours = |id: &SmolStr| nearest(id, known.iter().map(SmolStr::as_str)) == Some(organisation);
        let mut findings = Vec::new();
        let mut gap = None;
        for (id, named) in near.into_iter().filter(|(id, _)| ours(id)) {
            let name = shown(&named.written);
            let message = format!(
                "{} of the organisation `{name}`, which no roster names: {}",
                count(named.rows.len(), &grid.shown),
                places(grid, &named.rows)
            );
            let help = format!(
                "did you mean `{organisation}`? Then correct the cells; else say that it is another one: `words: {{ organisations: {{ {name}: {id} }} }}` of the target"
            );
            let finding = Diagnostic::new("snapshot/unknown-organisation", Severity::Warning, message);
            findings.push(finding.help(help));
            gap.get_or_insert_with(|| format!("rows of `{name}` may be of `{organisation}`"));
        }
        let first = known.first().is_some_and(|first| first == organisation);
        if let (true, [_, ..]) = (first, far.as_slice()) {
            let mut names: Vec<String> =
                far.iter().take(TOLD).map(|(_, named)| format!("`{}`", shown(&named.written))).collect();
            if far.len() > TOLD {
                names.push(format!("{} more", far.len() - TOLD));
            }
            let mut rows: Vec<usize> = far.iter().flat_map(|(_, named)| named.rows.iter().copied()).collect();
            rows.sort_unstable();
            let message = format!(
                "{} of organisations that no roster names: {}; {}",
                count(rows.len(), &grid.shown),
                names.join(", "),
                places(grid, &rows)
            );
            let help = "nothing is planned for them; where one is an organisation of a roster under another name, say so: `words: { organisations: { NAME: ID } }` of the target";
            let finding = Diagnostic::new("snapshot/unknown-organisation", Severity::Info, message);
            findings.push(finding.help(help));
        }
        (findings, gap)
    }
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
