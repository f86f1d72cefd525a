//! What a file seems to be: its columns, what is in them, and the mapping to paste into the workspace file.

use std::collections::BTreeSet;

use serde::Serialize;
use smol_str::SmolStr;

use super::cell::is_address;
use super::columns::{Lists, Mapping, Template, header, headers};
use super::grid::{Grid, Row};
use super::guess::{self, Sample};
use super::people::{Asked, people};
use super::vocabulary::Vocabulary;
use super::{Contents, Snapshot};
use crate::document::write::scalar;
use crate::live::{Live, LiveError};
use crate::platform::{Platform, Section};

/// How many findings are told.
const TOLD: usize = 10;

/// What a file seems to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// The file.
    pub file: String,
    /// Its encoding, delimiter, sheet.
    pub seen: String,
    /// Rows below the header.
    pub rows: usize,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Why no mapping can be proposed, and what to do.
    pub problem: Option<(String, String)>,
    /// Whether the workspace names the columns: then what is shown is what the target reads.
    pub configured: bool,
    /// The lines to paste at the target, or to add to what it names.
    pub yaml: String,
    /// How many people were read with it.
    pub people: usize,
    /// How many were not understood.
    pub unread: usize,
    /// How many further rows are of somebody who has a row already.
    pub joined: usize,
    /// How many rows have nobody in them.
    pub passed: usize,
    /// What was not understood: the first of it, each with its cure.
    pub findings: Vec<(String, Option<String>)>,
    /// What the file does not say.
    pub unseen: Vec<String>,
}

/// A column and what is in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// Its header.
    pub header: String,
    /// What it was taken for.
    pub used: Option<String>,
    /// What is in it, in words.
    pub holds: String,
}

impl Snapshot {
    /// Looks at the file and proposes a mapping. Changes nothing.
    pub async fn propose(&self, organisation: Option<&str>, platform: &Platform) -> Result<Proposal, LiveError> {
        let contents = self.contents().await?;
        let file = self.config().shown.clone();
        let Contents::Rows { grid, .. } = contents.as_ref() else {
            return Ok(Proposal {
                file,
                seen: "a roster in the tool's own form, which needs no mapping".to_owned(),
                rows: 0,
                columns: Vec::new(),
                problem: None,
                configured: false,
                yaml: String::new(),
                people: 0,
                unread: 0,
                joined: 0,
                passed: 0,
                findings: Vec::new(),
                unseen: Vec::new(),
            });
        };
        let words = self.words(platform)?;
        let keys = &self.config().keys;
        let configured = keys.columns.is_some() || keys.people.is_some();
        let read = match configured {
            true => self.mapping(grid, platform, &words),
            false => guess::mapping(grid, platform, &words),
        };
        let (mapping, problem) = match read {
            Ok(mapping) if configured => (mapping, None),
            Ok(mapping) if mapping.people.iter().all(|one| one.name.is_empty()) => {
                let message = "no column seems to hold the names of people".to_owned();
                (mapping, Some((message, "name all that count: `columns: { name: …, email: … }`".to_owned())))
            }
            Ok(mapping) if mapping.people.iter().all(|one| one.email.is_some() || one.id.is_some()) => (mapping, None),
            Ok(mapping) => {
                let message = "no column seems to hold mail addresses, by which people are recognised".to_owned();
                (mapping, Some((message, "name it: `columns: { email: … }`".to_owned())))
            }
            Err(error) => {
                let at = header(grid, |cells| cells.iter().filter(|cell| !cell.trim().is_empty()).count().min(2));
                let mapping = Mapping { header: at, headers: headers(grid, at), ..Mapping::default() };
                (mapping, Some((error.message, error.hint.unwrap_or_default())))
            }
        };
        let mut live = Live::default();
        let mut unseen = Vec::new();
        let (mut joined, mut passed) = (0, 0);
        if problem.is_none() {
            // Where several organisations share the file, all of its people are looked at.
            let mut everybody = mapping.clone();
            if organisation.is_none() {
                everybody.people.iter_mut().for_each(|one| one.organisation = None);
            }
            let rows: Vec<&Row> = grid.rows.iter().skip(mapping.header + 1).collect();
            let silent = self.config().organisation.is_some() && mapping.silent(grid);
            let asked = Asked { organisation: organisation.unwrap_or_default(), near: &[], silent };
            let (found, _) = people(grid, &rows, &everybody, platform, &words, asked);
            (joined, passed) = (found.joined, found.passed);
            found.into_live(&mut live);
            live.findings.extend(mapping.unknown_people(grid));
            super::sheet::unread(grid, &mut live);
            if let Some(part) = &grid.part {
                // Their rows are empty.
                passed = passed.saturating_sub(part.strange.len());
                part.tell(grid, false, &mut live);
            }
            unseen = mapping.unseen(platform).words(platform);
        }
        let named = used(&mapping, platform);
        let columns = mapping.headers.iter().enumerate().map(|(column, header)| Column {
            header: header.to_string(),
            used: named.iter().find(|(at, _)| *at == column).map(|(_, what)| what.clone()),
            holds: holds(grid, &mapping, column, &words),
        });
        Ok(Proposal {
            file,
            seen: grid.seen.clone(),
            rows: grid.rows.len().saturating_sub(mapping.header + 1),
            columns: columns.collect(),
            configured,
            yaml: match (&problem, configured) {
                (Some(_), _) => String::new(),
                (None, false) => yaml(&mapping, platform),
                (None, true) => {
                    added(grid, &mapping, platform, &words).map_or_else(String::new, |more| yaml(&more, platform))
                }
            },
            problem,
            people: live.people.len(),
            unread: live.unread.len(),
            joined,
            passed,
            findings: live.findings.into_iter().take(TOLD).map(|finding| (finding.message, finding.help)).collect(),
            unseen,
        })
    }
}

/// What could be named besides the columns that the workspace names; none: nothing that is known.
fn added(grid: &Grid, own: &Mapping, platform: &Platform, words: &Vocabulary) -> Option<Mapping> {
    let [named] = own.people.as_slice() else { return None };
    // The guess begins at the header that is known.
    let rows = grid.rows.get(own.header..).unwrap_or_default().to_vec();
    let below = Grid {
        shown: grid.shown.clone(),
        unit: grid.unit,
        rows,
        seen: String::new(),
        stamp: None,
        part: None,
        sheets: Vec::new(),
    };
    let mut guessed = guess::mapping(&below, platform, words).ok().filter(|guessed| guessed.header == 0)?;
    let taken: BTreeSet<usize> = named.all().chain(own.taken).collect();
    let free = |known: bool, column: Option<usize>| column.filter(|column| !known && !taken.contains(column));
    let [guess] = guessed.people.as_mut_slice() else { return None };
    let mut more = Template {
        id: free(named.id.is_some(), guess.id),
        email: free(named.email.is_some(), guess.email),
        phone: free(named.phone.is_some(), guess.phone),
        kind: free(named.kind.is_some() || named.section.is_some(), guess.kind),
        state: free(named.state.is_some(), guess.state),
        organisation: free(named.organisation.is_some(), guess.organisation),
        ..Template::default()
    };
    if named.name.is_empty() && !guess.name.iter().any(|column| taken.contains(column)) {
        more.name = std::mem::take(&mut guess.name);
    }
    let empty = named.roles.columns.is_empty() && named.roles.each.is_empty() && named.holds.is_empty();
    guess.roles.columns.retain(|column| empty && !taken.contains(column));
    guess.roles.each.retain(|(column, _)| empty && !taken.contains(column));
    more.roles = std::mem::take(&mut guess.roles);
    let empty = named.groups.columns.is_empty() && named.groups.each.is_empty();
    guess.groups.columns.retain(|column| empty && !taken.contains(column));
    more.groups = std::mem::take(&mut guess.groups);
    for (attribute, lists) in std::mem::take(&mut guess.attributes) {
        let known = named.attributes.iter().any(|(own, _)| *own == attribute);
        if !known && lists.columns.iter().all(|column| !taken.contains(column)) {
            more.attributes.push((attribute, lists));
        }
    }
    more.all().next()?;
    let (header, headers) = (own.header, own.headers.clone());
    Some(Mapping { people: vec![more], header, headers, ..Mapping::default() })
}

/// What is in a column, without what is personal.
fn holds(grid: &Grid, mapping: &Mapping, column: usize, words: &Vocabulary) -> String {
    let sample = Sample { grid, header: mapping.header };
    let cells: Vec<&str> = sample.cells(column).collect();
    if cells.is_empty() {
        return "empty".to_owned();
    }
    let different: BTreeSet<&str> = cells.iter().copied().collect();
    let most = |passes: &dyn Fn(&str) -> bool| sample.share(column, passes) > 0.8;
    let digits =
        |cell: &str| cell.chars().filter(char::is_ascii_digit).count() >= 7 && !cell.chars().any(char::is_alphabetic);
    let what = if most(&is_address) {
        "mail addresses".to_owned()
    } else if most(&|cell| words.yes(cell).is_some()) {
        "yes and no".to_owned()
    } else if most(&digits) {
        "telephone numbers or other numbers".to_owned()
    } else if most(&|cell| super::cell::parts(cell, None).all(|part| words.role(part).is_some())) {
        "titles of roles".to_owned()
    } else if different.len() * 4 <= cells.len() && different.len() <= 6 {
        // Words that come again and again are words of the portal, not names of people.
        let shown: Vec<String> = different.iter().map(|word| format!("`{}`", super::cell::shown(word))).collect();
        format!("the words {}", shown.join(", "))
    } else {
        "other text".to_owned()
    };
    let all = grid.rows.len().saturating_sub(mapping.header + 1);
    let looked = if all > cells.len() { format!("{} of {all} rows", cells.len()) } else { "every row".to_owned() };
    format!("{what} ({looked}, {} different)", different.len())
}

/// What columns were taken for.
fn used(mapping: &Mapping, platform: &Platform) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for person in &mapping.people {
        let whose = person.holds.first().map(|role| format!(" of {}", platform[*role].id)).unwrap_or_default();
        let mut add = |column: usize, what: &str| used.push((column, format!("{what}{whose}")));
        person.name.iter().for_each(|column| add(*column, "name"));
        let single = [
            (person.id, "id"),
            (person.email, "email"),
            (person.phone, "phone"),
            (person.kind, "kind"),
            (person.state, "state"),
            (person.organisation, "organisation"),
        ];
        single.into_iter().for_each(|(column, what)| column.into_iter().for_each(|column| add(column, what)));
        person.roles.columns.iter().for_each(|column| add(*column, "roles"));
        person.roles.each.iter().for_each(|(column, role)| add(*column, &format!("role {}", platform[*role].id)));
        person.groups.columns.iter().for_each(|column| add(*column, "groups"));
        person.groups.each.iter().for_each(|(column, group)| add(*column, &format!("group {group}")));
        for (attribute, lists) in &person.attributes {
            let name = format!("attributes.{}", platform[*attribute].name);
            lists.all().for_each(|column| add(column, &name));
        }
    }
    used.extend(mapping.taken.map(|column| (column, "time of the export".to_owned())));
    used
}

/// The lines of a mapping, two spaces deep for each level.
fn yaml(mapping: &Mapping, platform: &Platform) -> String {
    let mut lines = String::new();
    if let Some(taken) = mapping.taken {
        lines.push_str(&format!("taken: {{ column: {} }}\n", scalar(mapping.header(taken))));
    }
    match mapping.people.as_slice() {
        [one] => {
            lines.push_str("columns:\n");
            person(one, mapping, platform, "  ", "  ", &mut lines);
        }
        several => {
            lines.push_str("people:\n");
            several.iter().for_each(|one| person(one, mapping, platform, "  - ", "    ", &mut lines));
        }
    }
    lines
}

fn person(one: &Template, mapping: &Mapping, platform: &Platform, first: &str, next: &str, lines: &mut String) {
    let name = |column: usize| scalar(mapping.header(column));
    let mut entries: Vec<String> = Vec::new();
    let mut add =
        |key: &str, column: Option<usize>| entries.extend(column.map(|column| format!("{key}: {}", name(column))));
    add("id", one.id);
    match one.name.as_slice() {
        [] => {}
        [column] => add("name", Some(*column)),
        several => {
            let all: Vec<String> = several.iter().map(|column| name(*column)).collect();
            entries.push(format!("name: [{}]", all.join(", ")));
        }
    }
    let mut add =
        |key: &str, column: Option<usize>| entries.extend(column.map(|column| format!("{key}: {}", name(column))));
    add("email", one.email);
    add("phone", one.phone);
    add("kind", one.kind);
    add("state", one.state);
    let lists = |key: &str, columns: &Lists<SmolStr>, entries: &mut Vec<String>| {
        entries.extend(columns.columns.first().map(|column| format!("{key}: {}", name(*column))));
    };
    entries.extend(one.roles.columns.first().map(|column| format!("roles: {}", name(*column))));
    if !one.roles.each.is_empty() {
        entries.push(format!("roles:\n{next}  columns:"));
        for (column, role) in &one.roles.each {
            entries.push(format!("    {}: {}", platform[*role].id, name(*column)));
        }
    }
    lists("groups", &one.groups, &mut entries);
    if !one.attributes.is_empty() {
        entries.push("attributes:".to_owned());
        for (attribute, columns) in &one.attributes {
            lists(&format!("  {}", platform[*attribute].name), columns, &mut entries);
        }
    }
    entries.extend(one.organisation.map(|column| format!("organisation: {}", name(column))));
    entries.extend(
        one.section.map(|section| format!("section: {}", if section == Section::Users { "users" } else { "contacts" })),
    );
    if !one.holds.is_empty() {
        let roles: Vec<&str> = one.holds.iter().map(|role| platform[*role].id.as_str()).collect();
        entries.push(format!("holds: [{}]", roles.join(", ")));
    }
    for (index, entry) in entries.iter().enumerate() {
        lines.push_str(if index == 0 { first } else { next });
        lines.push_str(entry);
        lines.push('\n');
    }
}
