//! Which column is what, guessed: by the names of the columns in several languages, and by what is in them.

use super::columns::{Lists, Mapping, Template, clearest, header, headers};
use super::grid::{Grid, Unit, letters};
use super::vocabulary::Vocabulary;
use super::words::{self, fold};
use crate::document::record::visible;
use crate::live::LiveError;
use crate::platform::{AttributeIx, Platform, RoleIx, Section};

/// How many rows are looked at.
const LOOKED_AT: usize = 200;

/// The field of a person that a header may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    FirstName,
    LastName,
    Email,
    Phone,
}

/// The mapping that headers and cells suggest. An error where two columns have the name of one that is read: nobody can
/// say which of them counts.
pub fn mapping(grid: &Grid, platform: &Platform, words: &Vocabulary) -> Result<Mapping, LiveError> {
    let mapping = suggested(grid, platform, words)?;
    let folded: Vec<String> = mapping.headers.iter().map(|header| fold(header)).collect();
    let mut read: Vec<usize> = mapping.people.iter().flat_map(Template::all).chain(mapping.taken).collect();
    read.sort_unstable();
    for column in read {
        let same: Vec<usize> = (0..folded.len()).filter(|other| folded[*other] == folded[column]).collect();
        if same.len() < 2 || folded[column].is_empty() {
            continue;
        }
        let line = grid.rows.get(mapping.header).map_or(0, |row| row.line);
        let named: Vec<String> = same
            .iter()
            .map(|column| {
                let place = if grid.unit == Unit::Row { letters(*column) } else { (column + 1).to_string() };
                format!("{place} (`{}`)", visible(&mapping.headers[*column]))
            })
            .collect();
        let place = if line == 0 { grid.shown.clone() } else { grid.row(line) };
        let message = format!("{place} has {} columns of one name: {}", same.len(), named.join(", "));
        return Err(LiveError::new(message, "export them under different names, or leave one out"));
    }
    Ok(mapping)
}

fn suggested(grid: &Grid, platform: &Platform, words: &Vocabulary) -> Result<Mapping, LiveError> {
    let fields = [
        words::NAME,
        words::FIRST_NAME,
        words::LAST_NAME,
        words::EMAIL,
        words::PHONE,
        words::KIND,
        words::STATE,
        words::ROLES,
        words::GROUPS,
        words::ID,
        words::ORGANISATION,
    ];
    let known = |cell: &&&str| {
        let folded = fold(cell);
        fields.iter().any(|list| list.contains(&folded.as_str())) || words.role(cell).is_some()
    };
    let header = header(grid, |cells| cells.iter().filter(known).count());
    let headers = headers(grid, header);
    let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
    let sample = Sample { grid, header };
    let find = |list: &[&str]| clearest(&folded, list);
    let addresses: Vec<usize> =
        (0..folded.len()).filter(|column| words::EMAIL.contains(&folded[*column].as_str())).collect();
    if let [_, _, ..] = addresses.as_slice() {
        let names: Vec<String> = addresses.iter().map(|column| format!("`{}`", visible(&headers[*column]))).collect();
        let message = format!("several columns of {} may be the mail address: {}", grid.shown, names.join(", "));
        return Err(LiveError::new(
            message,
            "say which one: `columns: { email: … }` at the target, and all others that count",
        ));
    }
    let taken = find(words::TAKEN);
    let organisation = find(words::ORGANISATION);
    let several = several_people(&folded, words, platform, organisation);
    let plain_email = addresses.first().copied();
    if !several.is_empty() && plain_email.is_none() {
        let doubtful = nobodys(&folded, &several);
        return Ok(Mapping { people: several, taken, header, headers, doubtful });
    }
    let mut person = Template { organisation, ..Template::default() };
    person.email = plain_email.or_else(|| {
        let mut addresses = (0..headers.len()).filter(|column| sample.share(*column, |cell| cell.contains('@')) > 0.8);
        addresses.next().filter(|_| addresses.next().is_none())
    });
    let (first, last) = (find(words::FIRST_NAME), find(words::LAST_NAME));
    person.name = match (first, last) {
        (Some(first), Some(last)) => vec![first, last],
        _ => find(words::NAME).into_iter().collect(),
    };
    let free = |column: &usize| Some(*column) != person.email && !person.name.contains(column);
    person.phone = find(words::PHONE).filter(free);
    person.state = find(words::STATE).filter(free);
    person.id = find(words::ID);
    if platform.sections.contains(&Section::Contacts) {
        let kind = find(words::KIND);
        person.kind = kind.filter(|column| sample.share(*column, |cell| words.kind(cell).is_some()) > 0.0);
    }
    if platform.sections.contains(&Section::PermissionGroups) {
        person.groups.columns = find(words::GROUPS).into_iter().collect();
    }
    person.roles.columns = find(words::ROLES).into_iter().collect();
    if person.roles.columns.is_empty() {
        person.roles.each = role_columns(&headers, words, &sample, &person);
    }
    for (index, attribute) in platform.attributes.iter().enumerate() {
        let own = fold(&attribute.name);
        let others = words::ATTRIBUTES.iter().filter(|(name, _)| *name == attribute.name);
        let mut names: Vec<&str> = others.flat_map(|(_, names)| names.iter().copied()).collect();
        names.push(&own);
        let taken = |column: &usize| person.all().any(|used| used == *column);
        let column = find(&names).filter(|column| !taken(column));
        if let Some(column) = column {
            person.attributes.push((AttributeIx(index as u16), Lists { columns: vec![column], ..Lists::default() }));
        }
    }
    Ok(Mapping { people: vec![person], taken, header, headers, doubtful: Vec::new() })
}

/// Columns that are named like roles and say yes or no.
fn role_columns(
    headers: &[smol_str::SmolStr],
    words: &Vocabulary,
    sample: &Sample<'_>,
    person: &Template,
) -> Vec<(usize, RoleIx)> {
    let mut found: Vec<(usize, RoleIx)> = Vec::new();
    for (column, header) in headers.iter().enumerate() {
        let Some(role) = words.role(header) else { continue };
        let free = !person.all().any(|used| used == column) && found.iter().all(|(_, known)| *known != role);
        let answers = sample.share(column, |cell| words.yes(cell).is_some()) >= 0.5;
        if free && (answers || sample.cells(column).next().is_none()) {
            found.push((column, role));
        }
    }
    found
}

/// People by role: "Commercial contact name", "Commercial contact e-mail", and so on.
fn several_people(
    headers: &[String],
    words: &Vocabulary,
    platform: &Platform,
    organisation: Option<usize>,
) -> Vec<Template> {
    let mut people: Vec<(RoleIx, Template)> = Vec::new();
    let titles = words.role_titles();
    for (column, header) in headers.iter().enumerate() {
        let parted = titles.iter().find_map(|(title, role)| {
            let rest = header.strip_prefix(title).filter(|_| title.len() > 2)?;
            part(rest).or_else(|| part(rest.strip_prefix("contact")?)).map(|part| (*role, part))
        });
        let Some((role, part)) = parted else { continue };
        let at = people.iter().position(|(known, _)| *known == role).unwrap_or_else(|| {
            let section = platform.sections.contains(&Section::Contacts).then_some(Section::Contacts);
            people.push((role, Template { holds: vec![role], section, organisation, ..Template::default() }));
            people.len() - 1
        });
        let person = &mut people[at].1;
        match part {
            Part::Name => person.name = vec![column],
            Part::FirstName => person.name.insert(0, column),
            Part::LastName => person.name.push(column),
            Part::Email => person.email = Some(column),
            Part::Phone => person.phone = Some(column),
        }
    }
    people.into_iter().map(|(_, person)| person).filter(|person| person.email.is_some()).collect()
}

/// Besides people by role, mail addresses of others: "Boss e-mail" where no role is called so.
fn nobodys(headers: &[String], people: &[Template]) -> Vec<usize> {
    let used = |column: &usize| people.iter().any(|person| person.all().any(|used| used == *column));
    // What belongs to the organisation is nobody's.
    let others = ["company", "organisation", "organization", "customer", "general", "support", "info"];
    let ends = |header: &str| {
        words::EMAIL
            .iter()
            .any(|word| header.strip_suffix(word).is_some_and(|whose| whose.len() > 1 && !others.contains(&whose)))
    };
    (0..headers.len()).filter(|column| !used(column) && ends(&headers[*column])).collect()
}

fn part(word: &str) -> Option<Part> {
    let lists = [
        (words::EMAIL, Part::Email),
        (words::PHONE, Part::Phone),
        (words::FIRST_NAME, Part::FirstName),
        (words::NAME, Part::Name),
        (words::LAST_NAME, Part::LastName),
    ];
    lists.into_iter().find(|(list, _)| list.contains(&word)).map(|(_, part)| part)
}

/// The first rows below a header.
pub struct Sample<'g> {
    /// The rows.
    pub grid: &'g Grid,
    /// The place of the header among them.
    pub header: usize,
}

impl<'g> Sample<'g> {
    /// The cells of a column that are not empty.
    pub fn cells(&self, column: usize) -> impl Iterator<Item = &'g str> {
        let rows = self.grid.rows.iter().skip(self.header + 1).take(LOOKED_AT);
        rows.map(move |row| row.cell(column)).filter(|cell| !cell.is_empty())
    }

    /// The share of a column's cells that pass, of those that are not empty.
    pub fn share(&self, column: usize, passes: impl Fn(&str) -> bool) -> f64 {
        let (mut all, mut passed) = (0usize, 0usize);
        for cell in self.cells(column) {
            all += 1;
            passed += usize::from(passes(cell));
        }
        if all == 0 { 0.0 } else { passed as f64 / all as f64 }
    }
}
