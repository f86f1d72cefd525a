//! Rows in and out: what a person and a group look like in the embedded portal's tables.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Row, ToSql};
use serde_json::Value as Json;
use smol_str::{SmolStr, format_smolstr};

use crate::diagnostic::{FileId, Located, Span};
use crate::live::object::{GroupRecord, PersonRecord, json_value, state};
use crate::model::{EntryType, Group, Held, Person, Text, Value};
use crate::platform::{AttributeIx, Platform, Section};

/// The columns of a person, in the order of [`PersonColumns::values`].
pub(super) const PERSON: [&str; 8] = ["name", "email", "phone", "type", "state", "roles", "groups", "attributes"];

/// The columns of a group.
pub(super) const GROUP: [&str; 2] = ["name", "applications"];

/// This moment in SQL, in RFC 3339 and UTC.
pub(super) const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// How many different texts a [`Memo`] keeps.
const MEMORY: usize = 4096;

fn prefix(section: Section) -> char {
    match section {
        Section::Users | Section::Contacts => 'p',
        Section::PermissionGroups => 'g',
    }
}

/// The portal's own name for a row; that of a person stays when a user becomes a contact.
pub(super) fn handle(section: Section, number: i64) -> SmolStr {
    format_smolstr!("{}-{number:06}", prefix(section))
}

/// The row that a handle names, where it is a handle of this section at all.
pub(super) fn number(section: Section, word: &str) -> Option<i64> {
    let number = word.strip_prefix(prefix(section))?.strip_prefix('-')?.parse().ok()?;
    (handle(section, number) == word).then_some(number)
}

/// The external id of an object.
pub(super) fn external_id(organisation: &str, id: &str) -> String {
    format!("{organisation}/{id}")
}

/// The id in an external id.
pub(super) fn own_id<'e>(organisation: &str, external_id: &'e str) -> Result<&'e str, String> {
    let id = external_id.strip_prefix(organisation).and_then(|rest| rest.strip_prefix('/')).filter(|id| !id.is_empty());
    id.ok_or_else(|| format!("the external id `{external_id}` does not have the form `{organisation}/<id>`"))
}

/// The text of a column; none where it is NULL or empty.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize, name: &str) -> Result<Option<&'r str>, String> {
    match row.get_ref(column).map_err(|error| error.to_string())? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            Err(_) => Err(format!("`{name}` is not UTF-8 text")),
        },
        other => Err(format!("`{name}` holds {}, not text", article(other.data_type()))),
    }
}

fn article(data_type: Type) -> &'static str {
    match data_type {
        Type::Null => "nothing",
        Type::Integer => "an integer",
        Type::Real => "a number",
        Type::Text => "text",
        Type::Blob => "bytes",
    }
}

/// The section of a person, in a column of that name.
pub(super) fn person_section(row: &Row<'_>, column: usize) -> Result<Section, String> {
    match text(row, column, "section")?.and_then(Section::from_word) {
        Some(section @ (Section::Users | Section::Contacts)) => Ok(section),
        _ => Err("`section` is neither `users` nor `contacts`".to_owned()),
    }
}

/// The words of a list column.
pub(super) fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// A list column with a comma before and after every word, in SQL.
pub(super) fn listed(column: &str) -> String {
    format!("(',' || replace({column}, ' ', '') || ',')")
}

/// Whether a list column has the word that is the parameter `place`, in SQL.
pub(super) fn lists(column: &str, place: &str) -> String {
    format!("instr({}, ',' || {place} || ',')", listed(column))
}

/// What texts mean, remembered: most people have the same few roles, groups and attributes.
struct Memo<T>(HashMap<String, Vec<T>>);

impl<T: Clone> Memo<T> {
    fn get(&mut self, text: &str, read: impl FnOnce(&str) -> Result<Vec<T>, String>) -> Result<Vec<T>, String> {
        if let Some(known) = self.0.get(text) {
            return Ok(known.clone());
        }
        let value = read(text)?;
        if self.0.len() < MEMORY {
            self.0.insert(text.to_owned(), value.clone());
        }
        Ok(value)
    }
}

/// Reads rows of one organisation.
pub(super) struct Decoder<'a> {
    organisation: &'a str,
    platform: &'a Platform,
    roles: Memo<Held>,
    groups: Memo<Text>,
    attributes: Memo<(AttributeIx, Located<Value>)>,
}

impl<'a> Decoder<'a> {
    /// A decoder of an organisation's rows.
    pub(super) fn new(organisation: &'a str, platform: &'a Platform) -> Decoder<'a> {
        let (roles, groups, attributes) = (Memo(HashMap::new()), Memo(HashMap::new()), Memo(HashMap::new()));
        Decoder { organisation, platform, roles, groups, attributes }
    }

    /// The organisation.
    pub(super) fn organisation(&self) -> &'a str {
        self.organisation
    }

    /// The id of the object in a row, from its column `external_id`, and whether it is managed.
    pub(super) fn id(&self, row: &Row<'_>, column: usize, handle: &str) -> Result<(SmolStr, bool), String> {
        match text(row, column, "external_id")? {
            Some(external) => Ok((own_id(self.organisation, external)?.into(), true)),
            None => Ok((handle.into(), false)),
        }
    }

    /// The person in the eight columns of [`PERSON`] that begin at `first`.
    pub(super) fn person(&mut self, row: &Row<'_>, first: usize, section: Section, id: &str) -> Result<Person, String> {
        let column = |index: usize| text(row, first + index, PERSON[index]);
        let required = |index: usize| column(index)?.ok_or_else(|| format!("`{}` is empty", PERSON[index]));
        let mut person = Person::new(section, id, required(0)?);
        person.email = column(1)?.map(|text| Located::nowhere(text.into()));
        person.phone = column(2)?.map(|text| Located::nowhere(text.into()));
        let entry_type = required(3)?;
        person.entry_type.value =
            EntryType::from_word(entry_type).ok_or_else(|| format!("unknown type `{entry_type}`"))?;
        let status = required(4)?;
        person.status.value = state(status).ok_or_else(|| format!("unknown state `{status}`"))?;
        let platform = self.platform;
        if let Some(list) = column(5)? {
            person.roles = self.roles.get(list, |list| roles(platform, list))?;
        }
        if let Some(list) = column(6)? {
            person.groups =
                self.groups.get(list, |list| Ok(words(list).map(|word| Located::nowhere(word.into())).collect()))?;
        }
        match column(7)? {
            None | Some("{}") => {}
            Some(json) => person.attributes = self.attributes.get(json, |json| attributes(platform, json))?,
        }
        Ok(person)
    }

    /// The group in the two columns of [`GROUP`] that begin at `first`.
    pub(super) fn group(&self, row: &Row<'_>, first: usize, id: &str) -> Result<Group, String> {
        let name = text(row, first, GROUP[0])?.ok_or("`name` is empty")?;
        let mut applications = Vec::new();
        for access in words(text(row, first + 1, GROUP[1])?.unwrap_or_default()) {
            let (word, level) =
                access.split_once('=').ok_or_else(|| format!("`{access}` is not of the form `application=level`"))?;
            let application = self.platform.application(word).ok_or_else(|| format!("unknown application `{word}`"))?;
            let level = self.platform[application]
                .level(level)
                .ok_or_else(|| format!("unknown level `{level}` of the application `{word}`"))?;
            applications.push((application, level, Span::default()));
        }
        applications.sort_unstable_by_key(|(application, ..)| *application);
        if let Some(pair) = applications.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("the application `{}` is listed twice", self.platform[pair[0].0].id));
        }
        let name = Located::nowhere(name.into());
        Ok(Group {
            id: id.into(),
            name,
            applications,
            previously: Vec::new(),
            file: FileId::NONE,
            key: Span::default(),
        })
    }
}

fn roles(platform: &Platform, list: &str) -> Result<Vec<Held>, String> {
    let held = words(list).enumerate().map(|(index, word)| {
        let role = platform.role(word).ok_or_else(|| format!("unknown role `{word}`"))?;
        Ok(Held { role, index: index as u16, span: Span::default() })
    });
    held.collect()
}

fn attributes(platform: &Platform, json: &str) -> Result<Vec<(AttributeIx, Located<Value>)>, String> {
    let object: BTreeMap<SmolStr, Json> =
        serde_json::from_str(json).map_err(|error| format!("`attributes` is not a JSON object: {error}"))?;
    let read = object.iter().map(|(name, json)| {
        let attribute = platform.attribute(name).ok_or_else(|| format!("unknown attribute `{name}`"))?;
        let value = json_value(json, platform[attribute].value_type)
            .ok_or_else(|| format!("attribute `{name}` has a value of the wrong type: {json}"))?;
        Ok((attribute, Located::nowhere(value)))
    });
    let mut attributes = read.collect::<Result<Vec<_>, String>>()?;
    attributes.sort_unstable_by_key(|(attribute, _)| *attribute);
    Ok(attributes)
}

/// A person as columns.
pub(super) struct PersonColumns {
    record: PersonRecord,
    roles: String,
    groups: String,
    attributes: String,
}

impl PersonColumns {
    /// The columns of a person in words.
    pub(super) fn new(record: PersonRecord) -> PersonColumns {
        let attributes = serde_json::to_string(&record.attributes).unwrap_or_else(|_| "{}".to_owned());
        let (roles, groups) = (record.roles.join(","), record.groups.join(","));
        PersonColumns { record, roles, groups, attributes }
    }

    /// The values of the columns [`PERSON`].
    pub(super) fn values(&self) -> [Option<&str>; 8] {
        let record = &self.record;
        let (email, phone) = (record.email.as_deref(), record.phone.as_deref());
        let filled =
            [&*record.name, &*record.entry_type, &*record.status, &*self.roles, &*self.groups, &*self.attributes];
        let [name, entry_type, state, roles, groups, attributes] = filled.map(Some);
        [name, email, phone, entry_type, state, roles, groups, attributes]
    }
}

/// A group as columns.
pub(super) struct GroupColumns {
    name: SmolStr,
    applications: String,
}

impl GroupColumns {
    /// The columns of a group in words.
    pub(super) fn new(record: GroupRecord) -> GroupColumns {
        let access = record.applications.iter().map(|(application, level)| format!("{application}={level}"));
        GroupColumns { applications: access.collect::<Vec<String>>().join(","), name: record.name }
    }

    /// The values of the columns [`GROUP`].
    pub(super) fn values(&self) -> [Option<&str>; 2] {
        [Some(&self.name), Some(&self.applications)]
    }
}

/// A statement in two forms: for what rosterctl writes, which is also kept as applied, and for what others do.
pub(super) struct Twice(LazyLock<String>, LazyLock<String>);

impl Twice {
    /// A statement that is made of whether rosterctl writes.
    pub(super) const fn new(applied: fn() -> String, others: fn() -> String) -> Twice {
        Twice(LazyLock::new(applied), LazyLock::new(others))
    }

    /// The form for whoever writes.
    pub(super) fn by(&self, hand: Hand) -> &str {
        if hand.applied { &self.0 } else { &self.1 }
    }
}

/// Whose hand carries an operation out, and what it makes of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hand {
    /// The object carries an external id of ours; else it stays somebody else's and its key is the portal's handle.
    pub(super) managed: bool,
    /// What is written counts as what rosterctl wrote last.
    pub(super) applied: bool,
}

impl Hand {
    /// A plan of rosterctl.
    pub(super) const PLAN: Hand = Hand { managed: true, applied: true };
}

/// SQL and parameters that write columns: as they are and, where rosterctl writes, as it wrote them last.
pub(super) struct Assignment {
    /// `name, …, applied_name, …`
    pub(super) columns: String,
    /// `?3, …, ?3, …`
    pub(super) places: String,
    /// `name = ?3, …, applied_name = ?3, …`
    pub(super) pairs: String,
}

/// How to write `columns` whose values are the parameters from number `first` on.
pub(super) fn assignment(columns: &[&str], first: usize, applied: bool) -> Assignment {
    let numbered = || columns.iter().enumerate().map(|(index, column)| (format!("?{}", first + index), column));
    let both = numbered()
        .map(|(place, column)| (place, (*column).to_owned()))
        .chain(numbered().filter(|_| applied).map(|(place, column)| (place, format!("applied_{column}"))));
    let both: Vec<(String, String)> = both.collect();
    let join = |part: &dyn Fn(&(String, String)) -> String| both.iter().map(part).collect::<Vec<String>>().join(", ");
    Assignment {
        columns: join(&|(_, column)| column.clone()),
        places: join(&|(place, _)| place.clone()),
        pairs: join(&|(place, column)| format!("{column} = {place}")),
    }
}

/// Parameters of a statement: some of its own, then columns.
pub(super) fn parameters<'p>(own: &[&'p dyn ToSql], columns: &'p [Option<&'p str>]) -> Vec<&'p dyn ToSql> {
    own.iter().copied().chain(columns.iter().map(|value| value as &dyn ToSql)).collect()
}
