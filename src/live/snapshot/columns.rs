//! Which column is what: as the workspace says it, looked up in the header of the file.

use smol_str::SmolStr;

use super::cell::shown;
use super::grid::Grid;
use super::guess;
use super::vocabulary::{Places, Vocabulary, unknown};
use super::words::fold;
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::document::record::{Text, visible};
use crate::document::workspace::Snapshot as Keys;
use crate::document::workspace::snapshot::{Belongs, Cells, Columns, Taken};
use crate::live::unseen::UnseenGroups;
use crate::live::{LiveError, Unseen};
use crate::platform::{AttributeIx, Platform, RoleIx, Section};

/// How far down the header is looked for.
const HEADER_WITHIN: usize = 20;

/// The columns of one person of a row, counted from 0.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// The id in the roster.
    pub id: Option<usize>,
    /// The parts of the name.
    pub name: Vec<usize>,
    /// The mail address.
    pub email: Option<usize>,
    /// The telephone number.
    pub phone: Option<usize>,
    /// User, contact or list.
    pub kind: Option<usize>,
    /// The state.
    pub state: Option<usize>,
    /// The organisation.
    pub organisation: Option<usize>,
    /// Roles.
    pub roles: Lists<RoleIx>,
    /// Permission groups, by what the rosters call them.
    pub groups: Lists<SmolStr>,
    /// Attributes.
    pub attributes: Vec<(AttributeIx, Lists<SmolStr>)>,
    /// Where they belong, where no column tells.
    pub section: Option<Section>,
    /// The roles that they hold.
    pub holds: Vec<RoleIx>,
}

/// Columns that hold words, or one for each word.
#[derive(Clone, Debug)]
pub struct Lists<T> {
    /// Columns with words in them.
    pub columns: Vec<usize>,
    /// What stands between the words.
    pub separator: Option<SmolStr>,
    /// Columns that say yes or no to a word.
    pub each: Vec<(usize, T)>,
}

impl<T> Lists<T> {
    /// All of these columns.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().copied().chain(self.each.iter().map(|(column, _)| *column))
    }
}

impl<T> Default for Lists<T> {
    fn default() -> Lists<T> {
        Lists { columns: Vec::new(), separator: None, each: Vec::new() }
    }
}

impl Template {
    /// The columns that make somebody: where all of them are empty, there is nobody.
    pub fn identity(&self) -> impl Iterator<Item = usize> {
        self.id.into_iter().chain(self.name.iter().copied()).chain(self.email).chain(self.phone)
    }

    /// The columns of what somebody has: roles, groups and attributes.
    pub fn said(&self) -> impl Iterator<Item = usize> {
        let attributes = self.attributes.iter().flat_map(|(_, lists)| lists.all());
        attributes.chain(self.roles.all()).chain(self.groups.all())
    }

    /// Every column that is read.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        let single = [self.kind, self.state, self.organisation].into_iter().flatten();
        self.identity().chain(single).chain(self.said())
    }
}

/// Which column is what, and where the header is.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// The people of a row.
    pub people: Vec<Template>,
    /// The column with the time of the export.
    pub taken: Option<usize>,
    /// The place of the header among the rows.
    pub header: usize,
    /// The headers.
    pub headers: Vec<SmolStr>,
    /// Columns that seem to be of one of several people of a row, of whom nobody knows which role that is.
    pub doubtful: Vec<usize>,
}

impl Mapping {
    /// The mapping that the workspace asks for; where it names no columns, the one that their names suggest.
    pub fn of(
        grid: &Grid,
        keys: &Keys,
        platform: &Platform,
        words: &Vocabulary,
        place: Places<'_>,
    ) -> Result<Mapping, LiveError> {
        let one = keys.columns.iter();
        let said: Vec<&Columns> = match &keys.people {
            Some(people) => people.iter().collect(),
            None => one.collect(),
        };
        let mut mapping = if said.is_empty() {
            let guessed = guess::mapping(grid, platform, words)?;
            guessed.check(grid)?;
            guessed.check_names(grid)?;
            guessed
        } else {
            let named: Vec<&str> =
                said.iter().flat_map(|columns| names(columns)).map(|name| name.value.as_str()).collect();
            let header =
                header(grid, |cells| cells.iter().filter(|cell| named.iter().any(|name| is(cell, name))).count());
            let headers = headers(grid, header);
            let mut lookup = Lookup { grid, header, headers: &headers, problems: Vec::new(), place };
            let mut people = Vec::new();
            for columns in said {
                let mut template = lookup.template(columns, platform)?;
                // What a row says of all its people stands in `columns`.
                let shared = keys.columns.as_ref().and_then(|columns| columns.organisation.as_ref());
                if let Some(shared) = shared.filter(|_| template.organisation.is_none()) {
                    template.organisation = lookup.find(shared);
                }
                people.push(template);
            }
            lookup.finish()?;
            Mapping { people, taken: None, header, headers, doubtful: Vec::new() }
        };
        if let Some(Taken::Column(column)) = &keys.taken {
            let (header, headers) = (mapping.header, &mapping.headers);
            let mut lookup = Lookup { grid, header, headers, problems: Vec::new(), place };
            let found = lookup.find(column);
            lookup.finish()?;
            mapping.taken = found;
        }
        mapping.check(grid)?;
        Ok(mapping)
    }

    /// Somebody must be known by something.
    fn check(&self, grid: &Grid) -> Result<(), LiveError> {
        if self.people.iter().all(|person| person.email.is_some() || person.id.is_some()) {
            return Ok(());
        }
        let message =
            format!("no column of {} is known to hold mail addresses, by which people are recognised", grid.shown);
        let hint =
            format!("name one with `columns: {{ email: … }}` at the target; the columns are {}", listed(&self.headers));
        Err(LiveError::new(message, hint))
    }

    /// Where the workspace does not say that there are none, people have names.
    pub fn check_names(&self, grid: &Grid) -> Result<(), LiveError> {
        let nobody = grid.rows.len() <= self.header + 1;
        if nobody || self.people.iter().any(|person| !person.name.is_empty()) {
            return Ok(());
        }
        let message = format!("no column of {} is known to hold the names of people", grid.shown);
        let hint = format!(
            "name all columns that count with `columns: {{ name: …, email: … }}` at the target; the columns are {}",
            listed(&self.headers)
        );
        Err(LiveError::new(message, hint))
    }

    /// Columns of people whose role nobody knows: who is in them is not read.
    pub fn unknown_people(&self, grid: &Grid) -> Option<Diagnostic> {
        let named: Vec<String> =
            self.doubtful.iter().map(|column| format!("`{}`", shown(self.header(*column)))).collect();
        let message = format!(
            "{}: people are not read from {}: it is not known which role that is",
            grid.shown,
            named.join(", ")
        );
        let help = "name all people of a row under `people` of the target, each with the role that it `holds`; `rosterctl target probe` prints those that are known";
        let finding = || Diagnostic::new("snapshot/unknown-role", Severity::Warning, message).help(help);
        (!named.is_empty()).then(finding)
    }

    /// Whether no row says of which organisation it is.
    pub fn silent(&self, grid: &Grid) -> bool {
        let columns: Vec<usize> = self.people.iter().filter_map(|person| person.organisation).collect();
        let rows = grid.rows.iter().skip(self.header + 1);
        rows.flat_map(|row| columns.iter().map(|column| row.cell(*column))).all(str::is_empty)
    }

    /// The header of a column.
    pub fn header(&self, column: usize) -> &str {
        self.headers.get(column).map_or("", SmolStr::as_str)
    }

    /// What no column tells.
    pub fn unseen(&self, platform: &Platform) -> Unseen {
        let people = &self.people;
        let both = platform.sections.contains(&Section::Users) && platform.sections.contains(&Section::Contacts);
        let told = people.iter().all(|person| person.kind.is_some() || person.section.is_some());
        let absent = |section: &Section| {
            both && people
                .iter()
                .all(|person| person.kind.is_none() && person.section.is_some_and(|own| own != *section))
        };
        let all_roles = people.iter().any(|person| !person.roles.columns.is_empty());
        let role_told = |role: &RoleIx| {
            let each = |(_, own): &(usize, RoleIx)| own == role;
            people.iter().any(|person| person.holds.contains(role) || person.roles.each.iter().any(each))
        };
        let roles = (0..platform.roles.len()).map(|index| RoleIx(index as u16));
        let attributes = (0..platform.attributes.len()).map(|index| AttributeIx(index as u16));
        let attribute_told = |attribute: &AttributeIx| {
            people.iter().any(|person| person.attributes.iter().any(|(own, _)| own == attribute))
        };
        let groups = people.iter().any(|person| !person.groups.columns.is_empty());
        let named = people.iter().flat_map(|person| person.groups.each.iter().map(|(_, group)| group.clone()));
        Unseen {
            sections: [Section::Users, Section::Contacts].into_iter().filter(absent).collect(),
            section: both && !told,
            entry_type: people.iter().any(|person| person.kind.is_none()),
            name: people.iter().any(|person| person.name.is_empty()),
            email: people.iter().any(|person| person.email.is_none()),
            phone: people.iter().any(|person| person.phone.is_none()),
            status: people.iter().any(|person| person.state.is_none()),
            roles: if all_roles { Vec::new() } else { roles.filter(|role| !role_told(role)).collect() },
            groups: if groups { UnseenGroups::None } else { UnseenGroups::Except(named.collect()) },
            attributes: attributes.filter(|attribute| !attribute_told(attribute)).collect(),
            permission_groups: true,
            applications: true,
        }
    }
}

/// The row that is the header: the first of those that `score` values most; where it values none, the first.
pub fn header(grid: &Grid, score: impl Fn(&[&str]) -> usize) -> usize {
    let scores = grid.rows.iter().take(HEADER_WITHIN).map(|row| score(&row.cells.iter().collect::<Vec<_>>()));
    scores.enumerate().max_by_key(|(index, score)| (*score, std::cmp::Reverse(*index))).map_or(0, |(index, _)| index)
}

/// The headers of a grid.
pub fn headers(grid: &Grid, header: usize) -> Vec<SmolStr> {
    let cells = grid.rows.get(header).map(|row| &row.cells);
    cells
        .into_iter()
        .flatten()
        .map(|cell| SmolStr::from(cell.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

/// Headers as a message lists them.
pub fn listed(headers: &[SmolStr]) -> String {
    headers.iter().take(30).map(|header| format!("`{}`", visible(header))).collect::<Vec<_>>().join(", ")
}

/// Of several columns the one whose name, folded, says most clearly that it is what a list is of: lists begin with the
/// clearest words.
pub fn clearest(folded: &[String], list: &[&str]) -> Option<usize> {
    let place = |column: &usize| list.iter().position(|word| *word == folded[*column]);
    (0..folded.len()).filter(|column| place(column).is_some()).min_by_key(place)
}

/// Whether a header is the one that is named: as it is, else whatever its case, its blanks and signs.
fn is(header: &str, name: &str) -> bool {
    let (header, name) = (header.trim(), name.trim());
    header == name || !fold(name).is_empty() && fold(header) == fold(name)
}

/// The headers that columns name.
fn names(columns: &Columns) -> Vec<&Text> {
    let Columns { id, name, email, phone, kind, state, roles, groups, attributes, organisation, section: _, holds: _ } =
        columns;
    let mut all: Vec<&Text> = [id, email, phone, kind, state, organisation].into_iter().flatten().collect();
    let attributes = attributes.iter().flat_map(|map| map.entries.iter().map(|(_, cells)| cells));
    for cells in [name, roles, groups].into_iter().flatten().chain(attributes) {
        all.extend(cells.columns.iter().chain(cells.each.iter().map(|(_, header)| header)));
    }
    all
}

/// Looks columns up and gathers what is not there.
pub struct Lookup<'g> {
    /// The rows.
    pub grid: &'g Grid,
    /// The place of the header among them.
    pub header: usize,
    /// The headers.
    pub headers: &'g [SmolStr],
    /// What was not found.
    pub problems: Vec<(String, String)>,
    /// Where things stand in the workspace file.
    pub place: Places<'g>,
}

impl Lookup<'_> {
    /// The column with a header.
    pub fn find(&mut self, name: &Text) -> Option<usize> {
        let same = |exact: bool| {
            let fits = move |header: &SmolStr| {
                if exact { header.trim() == name.value.trim() } else { is(header, &name.value) }
            };
            let found = self.headers.iter().enumerate().filter(|(_, header)| fits(header));
            found.map(|(column, _)| column).collect::<Vec<usize>>()
        };
        let exact = same(true);
        let found = if exact.is_empty() { same(false) } else { exact };
        match found.as_slice() {
            [column] => Some(*column),
            [] => {
                let folded = fold(&name.value);
                let near = nearest(&name.value, self.headers.iter().map(SmolStr::as_str));
                // A header that got longer or shorter is the same in its beginning or end.
                let part = || {
                    let mut headers = self.headers.iter().filter(|_| folded.len() > 3);
                    headers.find(|header| {
                        let header = fold(header);
                        header.len() > 3 && (header.contains(&folded) || folded.contains(&header))
                    })
                };
                let hint = match near.or_else(|| part().map(SmolStr::as_str)) {
                    Some(near) => {
                        format!("`{}` is near: if it is the same under a new name, write that", visible(near))
                    }
                    None => "see whether it has another name now, or was left out of the export".to_owned(),
                };
                self.problems.push((format!("no column `{}`", visible(&name.value)), hint));
                None
            }
            _ => {
                let problem = format!("{} columns `{}`", found.len(), visible(&name.value));
                self.problems.push((problem, "export them under different names, or leave one out".to_owned()));
                None
            }
        }
    }

    /// An error where something was not found.
    pub fn finish(self) -> Result<(), LiveError> {
        let Some(row) = self.grid.rows.get(self.header).filter(|_| !self.problems.is_empty()) else { return Ok(()) };
        let what: Vec<&str> = self.problems.iter().map(|(what, _)| what.as_str()).collect();
        let place = if row.line == 0 { self.grid.shown.clone() } else { self.grid.row(row.line) };
        let mut hints: Vec<String> = match self.problems.as_slice() {
            [(_, hint)] => vec![hint.clone()],
            several => several.iter().map(|(what, hint)| format!("{what}: {hint}")).collect(),
        };
        hints.push(format!("the columns are {}", listed(self.headers)));
        let message = format!("{place} has {}, which the target names", what.join(", "));
        Err(LiveError::new(message, hints.join("; ")))
    }

    fn lists<T>(
        &mut self,
        cells: Option<&Cells>,
        mut meaning: impl FnMut(&Text) -> Result<T, LiveError>,
    ) -> Result<Lists<T>, LiveError> {
        let Some(cells) = cells else { return Ok(Lists::default()) };
        let columns = cells.columns.iter().filter_map(|name| self.find(name)).collect();
        let mut each = Vec::new();
        for (word, name) in &cells.each {
            let word = meaning(word)?;
            each.extend(self.find(name).map(|column| (column, word)));
        }
        Ok(Lists { columns, separator: cells.separator.as_ref().map(|text| text.value.clone()), each })
    }

    fn template(&mut self, columns: &Columns, platform: &Platform) -> Result<Template, LiveError> {
        let place = self.place;
        let role = |word: &Text| {
            platform.role(&word.value).ok_or_else(|| {
                let all = platform.roles.iter().map(|role| role.id.as_str());
                unknown("the target", "role", word, all, place)
            })
        };
        let word = |word: &Text| Ok(word.value.clone());
        let mut attributes = Vec::new();
        for (name, cells) in columns.attributes.iter().flat_map(|map| &map.entries) {
            let attribute = platform.attribute(&name.value).ok_or_else(|| {
                let all = platform.attributes.iter().map(|one| one.name.as_str());
                unknown("the target", "attribute", name, all, place)
            })?;
            attributes.push((attribute, self.lists(Some(cells), word)?));
        }
        let find = |text: &Option<Text>, lookup: &mut Self| text.as_ref().and_then(|name| lookup.find(name));
        Ok(Template {
            id: find(&columns.id, self),
            name: self.lists(columns.name.as_ref(), word)?.columns,
            email: find(&columns.email, self),
            phone: find(&columns.phone, self),
            kind: find(&columns.kind, self),
            state: find(&columns.state, self),
            organisation: find(&columns.organisation, self),
            roles: self.lists(columns.roles.as_ref(), role)?,
            groups: self.lists(columns.groups.as_ref(), word)?,
            attributes,
            section: columns.section.as_ref().map(|section| match section.value {
                Belongs::Users => Section::Users,
                Belongs::Contacts => Section::Contacts,
            }),
            holds: columns.holds.iter().flatten().map(role).collect::<Result<_, _>>()?,
        })
    }
}
