//! From rows to people: what each cell says, and every cell that says nothing known.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;
use smol_str::{SmolStr, format_smolstr};

use super::cell::{is_address, is_mangled, parts, shown, unreadable};
use super::columns::{Lists, Mapping, Template};
use super::grid::{Grid, ITEM, Row, Unit};
use super::merge::People;
use super::nested::{self, NESTED};
use super::vocabulary::Vocabulary;
use super::whose::several;
use crate::diagnostic::{Located, Span};
use crate::document::record::is_kebab;
use crate::model::{EntryType, Held, Person, Value};
use crate::platform::{AttributeIx, AttributeType, Platform, RoleIx, Section, State};

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
    /// The columns that are read, by template.
    read: &'a [Vec<usize>],
    /// Those that say something of nobody else in the row, by template.
    own: &'a [Vec<usize>],
    /// What cells were found to mean: most cells are like others.
    roles: Known<Result<Vec<RoleIx>, SmolStr>>,
    yes: Known<Option<bool>>,
    kinds: Known<Option<(Section, EntryType)>>,
    states: HashMap<(usize, SmolStr), Option<State>, RandomState>,
    organisations: Known<SmolStr>,
    /// The names of permission groups by what the rosters call them.
    groups: HashMap<SmolStr, SmolStr>,
}

/// What words mean.
type Known<T> = HashMap<SmolStr, T, RandomState>;

/// Whose people are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The organisation.
    pub organisation: &'a str,
    /// Ids of organisations that nobody knows and that may be this one misspelt.
    pub near: &'a [SmolStr],
    /// Whether a row that names none is of this one: the workspace says whose the file is, and no row says otherwise.
    pub silent: bool,
}

/// How many rows are read in one go, side by side with others.
const SHARE: usize = 4096;

/// The people of an organisation in some rows, and the names of the groups that they are in. Rows of others are theirs.
pub fn people(
    grid: &Grid,
    rows: &[&Row],
    mapping: &Mapping,
    platform: &Platform,
    words: &Vocabulary,
    asked: Asked<'_>,
) -> (People, HashMap<SmolStr, SmolStr>) {
    let read: Vec<Vec<usize>> = mapping.people.iter().map(|template| template.all().collect()).collect();
    let others = |column: &usize| read.iter().filter(|columns| columns.contains(column)).count() > 1;
    let own = mapping.people.iter().map(|template| template.said().filter(|column| !others(column)).collect());
    let own: Vec<Vec<usize>> = own.collect();
    let shares = rows.par_chunks(SHARE).map(|share| {
        let mut rows = Rows {
            grid,
            mapping,
            platform,
            words,
            read: &read,
            own: &own,
            roles: HashMap::default(),
            yes: HashMap::default(),
            kinds: HashMap::default(),
            states: HashMap::default(),
            organisations: HashMap::default(),
            groups: HashMap::new(),
        };
        let mut found = Vec::with_capacity(share.len());
        let mut passed = 0;
        for row in share {
            let before = found.len();
            rows.row(row, asked, &mut found);
            passed += usize::from(found.len() == before);
        }
        (found, passed, rows.groups)
    });
    let shares: Vec<_> = shares.collect();
    let mut people = People::new(grid, shares.iter().map(|(found, ..)| found.len()).sum());
    let mut groups = HashMap::new();
    for (found, passed, named) in shares {
        found.into_iter().for_each(|found| people.add(found));
        people.passed += passed;
        named.into_iter().for_each(|(id, name)| {
            groups.entry(id).or_insert(name);
        });
    }
    (people, groups)
}

impl Rows<'_> {
    /// Everybody of an organisation in a row.
    fn row(&mut self, row: &Row, asked: Asked<'_>, found: &mut Vec<Found>) {
        let (mapping, read) = (self.mapping, self.read);
        let torn = self.torn(row, mapping.headers.len());
        for (index, (template, columns)) in mapping.people.iter().zip(read).enumerate() {
            let mut misspelt = None;
            if let Some(column) = template.organisation {
                let whose = row.cell(column);
                let words = self.words;
                let id = known(&mut self.organisations, whose, || words.organisation(whose));
                let whose_is_it = whose.is_empty() && !asked.silent;
                misspelt = (whose_is_it || asked.near.contains(id)).then_some(column);
                let ours = id == asked.organisation || misspelt.is_some();
                // What is broken there may be anybody's.
                if !ours && !whose.is_empty() && unreadable(whose, String::new).is_none() {
                    continue;
                }
            }
            let stray = self.own[index].iter().copied().filter(|_| mapping.people.len() > 1);
            let mut stray = stray.filter(|column| self.words.yes(row.cell(*column)) != Some(false));
            let nobody = match mapping.people.len() {
                // Without names a row of somebody may have nothing in the columns that are read.
                1 if template.name.is_empty() => row.cells.iter().all(|cell| cell.trim().is_empty()),
                1 => columns.iter().all(|column| row.cell(*column).is_empty()),
                _ => template.identity().all(|column| row.cell(column).is_empty()),
            };
            let stray = stray.next().filter(|_| nobody);
            // A row that was cut off may have had somebody: it is told once.
            if nobody && stray.is_none() && (torn.is_none() || index > 0) {
                continue;
            }
            let mut somebody = self.somebody(row, template, columns);
            if let Some(column) = stray {
                somebody.troubles = vec![self.stray(row, column)];
            }
            somebody.troubles.extend(misspelt.map(|column| self.misspelt(row, column, asked.organisation)));
            if let Some(torn) = &torn {
                somebody.troubles = vec![torn.clone()];
            }
            found.push(somebody);
        }
    }

    /// A row of which it is not known whose it is: it names none, several, or one that may be this one.
    fn misspelt(&self, row: &Row, column: usize, organisation: &str) -> Trouble {
        let place = self.grid.cell(row.line, column, self.mapping.header(column));
        let cell = row.cell(column);
        let name = shown(cell);
        let (message, help) = if cell.is_empty() {
            let message = format!("{place}: the cell is empty, so it is not known of which organisation the row is");
            (message, "write the organisation into the cell, on the portal and in the file".to_owned())
        } else if several(cell, self.words).iter().any(|one| one == organisation) {
            let message = format!("{place}: `{name}` seems to name several organisations, and a row is read as of one");
            let help = format!(
                "give each organisation a row of its own; if it is one name, say whose: `words: {{ organisations: {{ \"{name}\": ID }} }}` of the target"
            );
            (message, help)
        } else {
            let message = format!("{place}: no roster is of the organisation `{name}`");
            let help = format!(
                "did you mean `{organisation}`? Then correct the cell; if it is another one, say so: `words: {{ organisations: {{ {name}: ID }} }}` of the target"
            );
            (message, help)
        };
        Trouble { rule: "snapshot/unknown-organisation", message, help }
    }

    /// Something said of one of several people in a row, and nothing says of whom.
    fn stray(&self, row: &Row, column: usize) -> Trouble {
        let place = self.grid.cell(row.line, column, self.mapping.header(column));
        let message = format!("{place}: `{}` stands there without a name and a mail address", shown(row.cell(column)));
        let help = "write whose it is into the row, on the portal and in the file, or empty the cell".to_owned();
        Trouble { rule: "snapshot/no-address", message, help }
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

    fn somebody(&mut self, row: &Row, template: &Template, columns: &[usize]) -> Found {
        let (grid, mapping, platform, words) = (self.grid, self.mapping, self.platform, self.words);
        let mut troubles = Vec::new();
        let cell = |column: Option<usize>| column.map_or("", |column| row.cell(column));
        let place = |column: usize| grid.cell(row.line, column, mapping.header(column));
        // Roles may be objects that name them.
        let objects = |column: &usize| template.roles.columns.contains(column) && row.cell(*column).contains(NESTED);
        for column in columns.iter().filter(|column| !objects(column)) {
            troubles.extend(unreadable(row.cell(*column), || place(*column)));
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
            Some((column, word)) => match *known(&mut self.kinds, word, || words.kind(word)) {
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
            let states = self.states.entry((column, word.into()));
            match *states.or_insert_with(|| words.state(word, mapping.header(column))) {
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
            let text = row.cell(*column);
            if text.is_empty() {
                continue;
            }
            let words = self.words;
            match known(&mut self.roles, text, || titles(text, template.roles.separator.as_deref(), words)) {
                Ok(known) => roles.extend(known),
                Err(word) => {
                    let place = self.grid.cell(row.line, *column, self.mapping.header(*column));
                    if let Some(object) = word.strip_prefix(NESTED) {
                        let message = format!("{place}: it cannot be told which role `{}` is", shown(object));
                        let help = "export roles as texts, or as objects of which one of the keys `name`, `id`, `value` and `display` has the role".to_owned();
                        troubles.push(Trouble { rule: "snapshot/unknown-role", message, help });
                        continue;
                    }
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
            words.extend(parts(row.cell(*column), lists.separator.as_deref()).map(SmolStr::from));
        }
        for (column, word) in &lists.each {
            if self.says_yes(row, *column, troubles) {
                words.push(word.clone());
            }
        }
        words
    }

    fn says_yes(&mut self, row: &Row, column: usize, troubles: &mut Vec<Trouble>) -> bool {
        let text = row.cell(column);
        let words = self.words;
        let answer = *known(&mut self.yes, text, || words.yes(text));
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
                (!row.cell(*column).is_empty()).then(|| Value::Boolean(self.says_yes(row, *column, troubles)))
            }
            AttributeType::Text | AttributeType::User => {
                let column = lists.columns.first()?;
                let text = row.cell(*column);
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

/// What a cell means: found out once.
fn known<'k, T>(known: &'k mut Known<T>, cell: &str, meaning: impl FnOnce() -> T) -> &'k T {
    // An entry would ask for a text of its own each time.
    if !known.contains_key(cell) {
        known.insert(cell.into(), meaning());
    }
    &known[cell]
}

/// The roles that a cell names; else the word that is none.
fn titles(text: &str, separator: Option<&str>, words: &Vocabulary) -> Result<Vec<RoleIx>, SmolStr> {
    if text.contains(NESTED) {
        let items = text.split(ITEM).filter(|item| !item.is_empty());
        let role = |item: &str| match item.strip_prefix(NESTED) {
            Some(object) => nested::role(object, words),
            None => words.role(item),
        };
        return items.map(|item| role(item).ok_or_else(|| item.into())).collect();
    }
    if let Some(role) = words.role(text) {
        return Ok(vec![role]);
    }
    // "None" of several languages names no role.
    if words.yes(text) == Some(false) {
        return Ok(Vec::new());
    }
    parts(text, separator).map(|part| words.role(part).ok_or_else(|| part.into())).collect()
}

/// What the portal calls somebody who is known by nothing but a row.
pub fn row_handle(line: u32) -> SmolStr {
    format_smolstr!("row {line}")
}
