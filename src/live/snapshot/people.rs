//! From rows to people: what each cell says, and every cell that says nothing known.

use std::collections::HashMap;

use smol_str::{SmolStr, format_smolstr};

use super::columns::{Lists, Mapping, Template};
use super::grid::{Grid, ITEM, Row, Unit, clean};
use super::merge::People;
use super::vocabulary::Vocabulary;
use crate::diagnostic::{Located, Span};
use crate::document::record::{deceptive, is_kebab, visible};
use crate::model::{EntryType, Held, Person, Value};
use crate::platform::{AttributeIx, AttributeType, Platform, RoleIx, Section};

/// What stands between the words of a cell where the workspace does not say.
const SEPARATORS: [char; 5] = [',', ';', '|', '\n', ITEM];

/// Something in a row that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The rule, `snapshot/…`.
    pub rule: &'static str,
    /// What is wrong and where, as one sentence.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Somebody of a row.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub line: u32,
    /// The id that the file gives.
    pub id: Option<SmolStr>,
    /// What could be read.
    pub person: Person,
    /// What could not.
    pub troubles: Vec<Trouble>,
}

/// Reads the rows of a grid.
pub struct Rows<'a> {
    grid: &'a Grid,
    mapping: &'a Mapping,
    platform: &'a Platform,
    words: &'a Vocabulary,
    /// What cells with roles were found to mean: most cells are like others.
    roles: HashMap<SmolStr, Result<Vec<RoleIx>, SmolStr>>,
    yes: HashMap<SmolStr, Option<bool>>,
    /// The names of permission groups by what the rosters call them.
    groups: HashMap<SmolStr, SmolStr>,
}

impl<'a> Rows<'a> {
    /// A reader of these rows.
    pub fn new(grid: &'a Grid, mapping: &'a Mapping, platform: &'a Platform, words: &'a Vocabulary) -> Rows<'a> {
        Rows { grid, mapping, platform, words, roles: HashMap::new(), yes: HashMap::new(), groups: HashMap::new() }
    }

    /// The people of an organisation, and the names of the groups that they are in. Rows of others are theirs.
    pub fn people(mut self, organisation: &str) -> (People, HashMap<SmolStr, SmolStr>) {
        let mut people = People::new(self.grid);
        let width = self.mapping.headers.len();
        let mut belongs: HashMap<SmolStr, bool> = HashMap::new();
        for row in self.grid.rows.iter().skip(self.mapping.header + 1) {
            let before = people.len() + people.joined;
            let torn = self.torn(row, width);
            for (index, template) in self.mapping.people.iter().enumerate() {
                let cell = |column: usize| row.cells.get(column).map(clean).unwrap_or_default();
                if let Some(column) = template.organisation {
                    let whose = cell(column);
                    let ours = match belongs.get(whose) {
                        Some(ours) => *ours,
                        None => {
                            let ours = self.words.organisation(whose) == organisation;
                            belongs.insert(whose.into(), ours);
                            ours
                        }
                    };
                    // What is broken there may be anybody's.
                    if !ours && !whose.is_empty() && unreadable(whose, String::new).is_none() {
                        continue;
                    }
                }
                let nobody = match self.mapping.people.len() {
                    // Without names a row of somebody may have nothing in the columns that are read.
                    1 if template.name.is_empty() => row.cells.iter().all(|cell| cell.trim().is_empty()),
                    1 => template.all().all(|column| cell(column).is_empty()),
                    _ => template.identity().all(|column| cell(column).is_empty()),
                };
                // A row that was cut off may have had somebody: it is told once.
                if nobody && (torn.is_none() || index > 0) {
                    continue;
                }
                let mut found = self.somebody(row, template);
                if let Some(torn) = &torn {
                    found.troubles = vec![torn.clone()];
                }
                people.add(found);
            }
            people.passed += usize::from(people.len() + people.joined == before);
        }
        (people, self.groups)
    }

    /// A row with more or fewer cells than the header: nobody can say which cell belongs to which column.
    fn torn(&self, row: &Row, width: usize) -> Option<Trouble> {
        let extra = row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
        let short = row.cells.len() < width;
        // In other files a cell knows its column by itself.
        if self.grid.unit != Unit::Line || !extra && !short {
            return None;
        }
        let place = self.grid.row(row.line);
        let message = format!("{place} has {} cells, and the header has {width}", row.cells.len());
        let help = if short {
            "the row was cut off, or a line end stands in a cell without quotes: export the file again"
        } else {
            "a delimiter stands in a cell without quotes: export the file again, or mend the row"
        };
        Some(Trouble { rule: "snapshot/ragged-row", message, help: help.to_owned() })
    }

    fn somebody(&mut self, row: &Row, template: &Template) -> Found {
        let (grid, mapping, platform) = (self.grid, self.mapping, self.platform);
        let mut troubles = Vec::new();
        let cell =
            |column: Option<usize>| column.and_then(|column| row.cells.get(column)).map(clean).unwrap_or_default();
        let place = |column: usize| grid.cell(row.line, column, mapping.header(column));
        for column in template.all() {
            troubles.extend(unreadable(cell(Some(column)), || place(column)));
        }
        let trouble = |rule, column: usize, what: String, help: &str| Trouble {
            rule,
            message: format!("{}: {what}", place(column)),
            help: help.to_owned(),
        };
        let mut name = String::new();
        for part in template.name.iter().map(|column| cell(Some(*column))).flat_map(str::split_whitespace) {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(part);
        }
        let email = cell(template.email);
        if let Some(column) = template.email.filter(|_| !email.is_empty() && !is_address(email)) {
            let what = format!("`{}` is no mail address", shown(email));
            troubles.push(trouble(
                "snapshot/invalid-email",
                column,
                what,
                "write one address, such as ada@acme.example",
            ));
        }
        let id = Some(cell(template.id)).filter(|id| !id.is_empty());
        if let Some((column, id)) = template.id.zip(id).filter(|(_, id)| !is_kebab(id)) {
            let what = format!("`{}` is no id of a roster", shown(id));
            let help = "ids are lower-case letters, digits and hyphens; where the column holds something else, take `id` out of `columns`";
            troubles.push(trouble("snapshot/invalid-id", column, what, help));
        }
        let (section, entry_type) = match template.kind.map(|column| (column, cell(Some(column)))) {
            Some((column, word)) => match self.words.kind(word) {
                Some(known) => known,
                None => {
                    let what = match word {
                        "" => "the cell is empty, so it is not known whether this is a user or a contact".to_owned(),
                        word => format!("`{}` is no kind of entry that is known", shown(word)),
                    };
                    let help = "write user, contact or distribution list; or add the word under `words` of the target";
                    troubles.push(trouble("snapshot/unknown-word", column, what, help));
                    (Section::Users, EntryType::Person)
                }
            },
            None => (template.section.unwrap_or(Section::Users), EntryType::Person),
        };
        let mut person = Person::new(section, SmolStr::default(), name.as_str());
        person.entry_type.value = entry_type;
        person.email = Some(email).filter(|email| is_address(email)).map(|email| Located::nowhere(email.into()));
        let phone = cell(template.phone);
        if let Some(column) = template.phone.filter(|_| is_mangled(phone)) {
            let what = format!("`{}` is what a spreadsheet made of a telephone number", shown(phone));
            let help = "its digits are lost: export the file again, and open it with the column as text";
            troubles.push(trouble("snapshot/mangled-number", column, what, help));
        }
        person.phone = Some(phone).filter(|phone| !phone.is_empty()).map(|phone| Located::nowhere(phone.into()));
        if let Some(column) = template.state.filter(|_| section == Section::Users) {
            let word = cell(Some(column));
            match self.words.state(word, mapping.header(column)) {
                Some(state) => person.status.value = state,
                None if word.is_empty() && !platform.knows_deactivated() => {}
                None => {
                    let what = match word {
                        "" => "the cell is empty, so it is not known whether the account is active".to_owned(),
                        word => format!("`{}` is no state that is known", shown(word)),
                    };
                    let help =
                        "add the word under `words: { active: […], deactivated: […], pending: […] }` of the target";
                    troubles.push(trouble("snapshot/unknown-word", column, what, help));
                }
            }
        }
        let roles = self.roles(row, template, &mut troubles);
        let held = |(index, role)| Held { role, index: index as u16, span: Span::default() };
        person.roles = roles.into_iter().enumerate().map(held).collect();
        let mut groups: Vec<SmolStr> = Vec::new();
        for word in self.list(row, &template.groups, &mut troubles) {
            let known = template.groups.each.iter().any(|(_, group)| *group == word);
            let id = if known { word.clone() } else { self.words.group(&word) };
            self.groups.entry(id.clone()).or_insert(word);
            groups.push(id);
        }
        groups.sort_unstable();
        groups.dedup();
        person.groups = groups.into_iter().map(Located::nowhere).collect();
        for (attribute, lists) in &template.attributes {
            if let Some(value) = self.attribute(row, *attribute, lists, &mut troubles) {
                person.attributes.push((*attribute, Located::nowhere(value)));
            }
        }
        person.attributes.sort_by_key(|(attribute, _)| *attribute);
        if email.is_empty() && id.is_none() {
            let who = if name.is_empty() {
                "nobody knows whom this row means".to_owned()
            } else {
                format!("`{}` has no mail address", shown(&name))
            };
            let message = format!("{}: {who}, so it cannot be told which entry of a roster it is", grid.row(row.line));
            let help = "give the row an address, on the portal and in the file";
            troubles.push(Trouble { rule: "snapshot/no-address", message, help: help.to_owned() });
        }
        Found { line: row.line, id: id.map(SmolStr::from), person, troubles }
    }

    fn roles(&mut self, row: &Row, template: &Template, troubles: &mut Vec<Trouble>) -> Vec<RoleIx> {
        let mut roles = template.holds.clone();
        for column in &template.roles.columns {
            let text = row.cells.get(*column).map(clean).unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            if !self.roles.contains_key(text) {
                let read = titles(text, template.roles.separator.as_deref(), self.words);
                self.roles.insert(text.into(), read);
            }
            match &self.roles[text] {
                Ok(known) => roles.extend(known),
                Err(word) => {
                    let place = self.grid.cell(row.line, *column, self.mapping.header(*column));
                    let message = format!("{place}: {} has no role `{}`", self.platform.name, shown(word));
                    let help = match self.words.near_role(word) {
                        Some(near) => format!(
                            "did you mean `{near}`? Else say which role it is: `words: {{ roles: {{ {}: … }} }}` of the target",
                            shown(word)
                        ),
                        None => format!(
                            "say which role it is: `words: {{ roles: {{ {}: … }} }}` of the target",
                            shown(word)
                        ),
                    };
                    troubles.push(Trouble { rule: "snapshot/unknown-role", message, help });
                }
            }
        }
        for (column, role) in &template.roles.each {
            if self.says_yes(row, *column, troubles) {
                roles.push(*role);
            }
        }
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The words that columns hold, and those to which others say yes.
    fn list(&mut self, row: &Row, lists: &Lists<SmolStr>, troubles: &mut Vec<Trouble>) -> Vec<SmolStr> {
        let mut words = Vec::new();
        for column in &lists.columns {
            let text = row.cells.get(*column).map(clean).unwrap_or_default();
            words.extend(parts(text, lists.separator.as_deref()).map(SmolStr::from));
        }
        for (column, word) in &lists.each {
            if self.says_yes(row, *column, troubles) {
                words.push(word.clone());
            }
        }
        words
    }

    fn says_yes(&mut self, row: &Row, column: usize, troubles: &mut Vec<Trouble>) -> bool {
        let text = row.cells.get(column).map(clean).unwrap_or_default();
        let answer = match self.yes.get(text) {
            Some(answer) => *answer,
            None => {
                let answer = self.words.yes(text);
                self.yes.insert(text.into(), answer);
                answer
            }
        };
        if answer.is_none() {
            let place = self.grid.cell(row.line, column, self.mapping.header(column));
            let message = format!("{place}: `{}` is neither yes nor no", shown(text));
            let help = "add the word under `words: { yes: […], no: […] }` of the target".to_owned();
            troubles.push(Trouble { rule: "snapshot/unknown-word", message, help });
        }
        answer.unwrap_or_default()
    }

    fn attribute(
        &mut self,
        row: &Row,
        attribute: AttributeIx,
        lists: &Lists<SmolStr>,
        troubles: &mut Vec<Trouble>,
    ) -> Option<Value> {
        let described = &self.platform[attribute];
        match described.value_type {
            AttributeType::Boolean => {
                let column = lists.columns.first()?;
                // An empty cell says neither that it was set nor that it was taken.
                let filled = row.cells.get(*column).map(clean).is_some_and(|text| !text.is_empty());
                filled.then(|| Value::Boolean(self.says_yes(row, *column, troubles)))
            }
            AttributeType::Text | AttributeType::User => {
                let column = lists.columns.first()?;
                let text = row.cells.get(*column).map(clean).unwrap_or_default();
                (!text.is_empty()).then(|| Value::Text(text.into()))
            }
            AttributeType::List | AttributeType::Roles => {
                let words = self.list(row, lists, troubles);
                let roles = described.value_type == AttributeType::Roles;
                let mut list: Vec<SmolStr> = Vec::new();
                for word in words {
                    let role = self.words.role(&word).filter(|_| roles);
                    list.push(
                        role.map_or_else(|| super::vocabulary::slug(&word), |role| self.platform[role].id.clone()),
                    );
                }
                list.sort_unstable();
                list.dedup();
                (!list.is_empty()).then(|| Value::List(list.into_iter().map(Located::nowhere).collect()))
            }
        }
    }
}

/// The roles that a cell names; else the word that is none.
fn titles(text: &str, separator: Option<&str>, words: &Vocabulary) -> Result<Vec<RoleIx>, SmolStr> {
    if let Some(role) = words.role(text) {
        return Ok(vec![role]);
    }
    // "None" of several languages names no role.
    if words.yes(text) == Some(false) {
        return Ok(Vec::new());
    }
    parts(text, separator).map(|part| words.role(part).ok_or_else(|| part.into())).collect()
}

/// The words of a cell.
pub fn parts<'t>(text: &'t str, separator: Option<&'t str>) -> impl Iterator<Item = &'t str> {
    let apart: Vec<&str> = match separator {
        Some(separator) if !separator.is_empty() => text.split(separator).collect(),
        _ => text.split(SEPARATORS).collect(),
    };
    apart.into_iter().map(str::trim).filter(|part| !part.is_empty())
}

/// What no cell may hold: a formula that was not calculated, an error of the spreadsheet, a letter that was lost.
fn unreadable(text: &str, place: impl Fn() -> String) -> Option<Trouble> {
    let first = text.bytes().next()?;
    let problem = match first {
        b'=' => Some((
            "snapshot/formula",
            "holds a formula and not what it gives",
            "export values: in a spreadsheet, paste as values, then save",
        )),
        b'#' if is_error(text) => {
            Some(("snapshot/formula", "holds an error of the spreadsheet", "mend the cell, or export the file again"))
        }
        _ if text.is_ascii()
            && !text.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x1f)) =>
        {
            None
        }
        _ if text.contains(char::REPLACEMENT_CHARACTER) || is_garbled(text) => {
            let help = "it was saved in another encoding than it was read in: export it again as UTF-8 or XLSX, or name the right `encoding`";
            Some(("snapshot/lost-letter", "has letters that were lost", help))
        }
        _ if text.chars().any(|c| deceptive(c) && !matches!(c, '\n' | '\r' | '\t' | ITEM | '\u{ad}')) => Some((
            "snapshot/invisible-character",
            "holds an invisible character, which can hide what it says",
            "take it out on the portal, then export again",
        )),
        _ => None,
    };
    problem.map(|(rule, what, help)| Trouble {
        rule,
        message: format!("{} {what}: `{}`", place(), shown(text)),
        help: help.to_owned(),
    })
}

fn is_error(text: &str) -> bool {
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#NV", "#BEZUG!", "#WERT!"].contains(&text)
}

/// UTF-8 that was read as one byte a letter: `Ã` or `Â` before a sign that follows it only there.
fn is_garbled(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let garbled = matches!(before, 'Ã' | 'Â') && ('\u{80}'..='\u{bf}').contains(&c)
            || before == 'Ã' && "¼¶¤Ÿ©¨«ª®¯§±³²´µ¹º»½¾¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œž".contains(c);
        before = c;
        garbled
    })
}

/// Whether a telephone number was made a number of: `3.2E+10`.
fn is_mangled(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        && mantissa.bytes().any(|byte| byte.is_ascii_digit())
        && exponent.strip_prefix('+').is_some_and(digits)
}

/// Whether a text has the shape of a mail address.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>\"()".contains(c));
    plain
        && !local.is_empty()
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

/// A cell, short and safe to print.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", visible(&short))
}

/// What the portal calls somebody who is known by nothing but a row.
pub fn row_handle(line: u32) -> SmolStr {
    format_smolstr!("row {line}")
}
