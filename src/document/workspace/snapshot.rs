//! The keys of a target that is an export or a hand-kept list: which file, how old it may be, which column is what.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use smol_str::SmolStr;

use crate::diagnostic::Located;
use crate::document::record::{FromNode, Map, Reader, Required, Text, record, words};
use crate::document::tree::{Kind, Node};

record! {
    /// What is said of an export or a hand-kept list.
    pub struct Snapshot as "a target" {
        /// How old a snapshot may be before nothing is removed on it: `7d` (default), `12h`, `2w`.
        "maxAge" => max_age: Option<Located<Age>>,
        /// When a snapshot was exported: a day or a time, or where it stands.
        "taken" => taken: Option<Taken>,
        /// How a snapshot writes days, as strftime has it, such as "%d.%m.%Y"; default: told by the days themselves.
        "dateFormat" => date_format: Option<Text>,
        /// The sheet of a workbook; default the first one that is not hidden.
        "sheet" => sheet: Option<Text>,
        /// The encoding of a CSV file, such as windows-1252 or cp850; default: told by its bytes.
        "encoding" => encoding: Option<Text>,
        /// What stands between the cells of a CSV file; default: told by its lines.
        "delimiter" => delimiter: Option<Located<Delimiter>>,
        /// Where the list is in a JSON or YAML file: a JSON Pointer such as "/data/users".
        "items" => items: Option<Text>,
        /// Which column of a snapshot is what; default: told by their names. What is not named is not compared.
        "columns" => columns: Option<Columns>,
        /// Several people in one row: the columns of each of them, in place of `columns`.
        "people" => people: Option<Vec<Columns>>,
        /// Words that the snapshot uses, besides those known in English, German, Dutch and French.
        "words" => words: Option<Words>,
        /// A second file or sheet with permission groups and the access that they give.
        "groups" => groups: Option<GroupTable>,
    }
}

record! {
    /// Which column is what. A column is named by its header; in JSON and YAML by its key or a JSON Pointer.
    pub struct Columns as "`columns`" {
        /// The id under which the portal keeps the entry of the roster; without it, people are known by their addresses.
        "id" => id: Option<Text>,
        /// The name, or the parts of it: [First name, Last name].
        "name" => name: Option<Cells>,
        /// The mail address.
        "email" => email: Option<Text>,
        /// The telephone number.
        "phone" => phone: Option<Text>,
        /// Whether it is a user, a contact or a distribution list.
        "kind" => kind: Option<Text>,
        /// Whether the account is active.
        "state" => state: Option<Text>,
        /// The roles: a column, several, or one for each role with yes and no.
        "roles" => roles: Option<Cells>,
        /// The permission groups, likewise.
        "groups" => groups: Option<Cells>,
        /// The attributes, by their names.
        "attributes" => attributes: Option<Map<Cells, false>>,
        /// The organisation, where several share the file.
        "organisation" => organisation: Option<Text>,
        /// Where everybody in these columns belongs, where no column tells.
        "section" => section: Option<Located<Belongs>>,
        /// Roles that everybody in these columns holds.
        "holds" => holds: Option<Vec<Text>>,
    }
    hints {
        "type" => "did you mean `kind`?",
        "status" => "did you mean `state`?",
        "role" => "did you mean `roles`?",
        "group" => "did you mean `groups`?",
        "mail" => "did you mean `email`?",
    }
}

words! {
    /// The section in which somebody belongs.
    pub enum Belongs {
        /// With access.
        Users = "users",
        /// Without access.
        Contacts = "contacts",
    }
}

record! {
    /// Words of a snapshot and what they mean.
    pub struct Words as "`words`" {
        /// Yes.
        "yes" => yes: Option<Vec<Text>>,
        /// No.
        "no" => no: Option<Vec<Text>>,
        /// Has access.
        "active" => active: Option<Vec<Text>>,
        /// Has an account and no access.
        "deactivated" => deactivated: Option<Vec<Text>>,
        /// Is invited and has not accepted.
        "pending" => pending: Option<Vec<Text>>,
        /// A user.
        "user" => user: Option<Vec<Text>>,
        /// A contact.
        "contact" => contact: Option<Vec<Text>>,
        /// A distribution list.
        "distributionList" => distribution_list: Option<Vec<Text>>,
        /// Titles of roles, and the roles that they are.
        "roles" => roles: Option<Map<Text, false>>,
        /// Names of permission groups, and the ids that they have in the roster.
        "groups" => groups: Option<Map<Text, false>>,
        /// Names of applications, and the applications that they are.
        "applications" => applications: Option<Map<Text, false>>,
        /// Names of levels of access, and the levels that they are.
        "levels" => levels: Option<Map<Text, false>>,
        /// Names of organisations, and their ids.
        "organisations" => organisations: Option<Map<Text, false>>,
    }
}

record! {
    /// Permission groups and the access that they give: a row for each group, or for each group and application.
    pub struct GroupTable as "`groups`" {
        /// The file, relative to this file; default the one with the people.
        "path" => path: Option<Text>,
        /// The sheet of a workbook.
        "sheet" => sheet: Option<Text>,
        /// Where the list is in a JSON or YAML file.
        "items" => items: Option<Text>,
        /// Which column is what.
        "columns" => columns: Option<GroupColumns>,
    }
}

record! {
    /// Which column of the permission groups is what.
    pub struct GroupColumns as "`columns` of groups" {
        /// The name of the group.
        "group" => group: Required<Text>,
        /// The application of the row.
        "application" => application: Option<Text>,
        /// The level of access to it.
        "level" => level: Option<Text>,
        /// One column for each application, with levels in it.
        "applications" => applications: Option<Map<Text, false>>,
        /// The organisation, where several share the file.
        "organisation" => organisation: Option<Text>,
    }
}

record! {
    /// A column with several words in a cell, or a column for each word.
    pub struct CellsText as "a column" {
        /// The header of the column.
        "column" => column: Option<Text>,
        /// What stands between the words of a cell; default comma, semicolon, bar or line end.
        "separator" => separator: Option<Text>,
        /// A column for each word, with yes or no in it.
        "columns" => columns: Option<Map<Text, false>>,
    }
}

/// The cells that hold something: of one column or several, or of one for each word.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// The headers of columns that hold words.
    pub columns: Vec<Text>,
    /// What stands between the words of a cell.
    pub separator: Option<Text>,
    /// Words, each with the header of the column that says yes or no.
    pub each: Vec<(Text, Text)>,
}

impl FromNode for Cells {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        match node.kind() {
            Kind::Sequence => Some(Cells { columns: Vec::read(node, reader)?, ..Cells::default() }),
            Kind::Mapping => {
                let text = CellsText::read(node, reader)?;
                let each = text.columns.map(|columns| columns.entries).unwrap_or_default();
                if text.column.is_some() != each.is_empty() {
                    reader.wrong_type(node, "either `{ column: … }` or `{ columns: { word: … } }`");
                    return None;
                }
                Some(Cells { columns: text.column.into_iter().collect(), separator: text.separator, each })
            }
            _ => Some(Cells { columns: vec![Text::read(node, reader)?], ..Cells::default() }),
        }
    }
}

impl JsonSchema for Cells {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cells".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let header = |what: &str| serde_json::json!({ "type": "string", "description": what });
        schemars::json_schema!({
            "description": "A column, several columns, or one for each word.",
            "oneOf": [
                header("The header of the column."),
                { "type": "array", "items": header("The header of a column.") },
                {
                    "type": "object", "additionalProperties": false, "required": ["column"],
                    "properties": {
                        "column": header("The header of the column."),
                        "separator": header("What stands between the words of a cell.")
                    }
                },
                {
                    "type": "object", "additionalProperties": false, "required": ["columns"],
                    "properties": {
                        "columns": {
                            "type": "object", "minProperties": 1, "additionalProperties": header("The header of the column."),
                            "description": "A column for each word, with yes or no in it."
                        },
                        "separator": header("What stands between the words of a cell.")
                    }
                }
            ]
        })
    }
}

record! {
    /// Where a snapshot says when it was exported.
    pub struct TakenText as "`taken`" {
        /// The header of a column that has it in every row.
        "column" => column: Option<Text>,
        /// The cell that has it, such as B1.
        "cell" => cell: Option<Text>,
        /// The JSON Pointer of it.
        "pointer" => pointer: Option<Text>,
    }
}

/// When a snapshot was exported, or where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Then: a day or a time.
    At(Text),
    /// In a column.
    Column(Text),
    /// In a cell.
    Cell(Text),
    /// At a JSON Pointer.
    Pointer(Text),
}

impl FromNode for Taken {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Mapping {
            let text = Text::read(node, reader)?;
            let known =
                text.value.parse::<jiff::Timestamp>().is_ok() || text.value.parse::<jiff::civil::Date>().is_ok();
            if !known {
                reader.wrong_type(
                    node,
                    "a day such as 2027-06-30, a time such as 2027-06-30T12:00:00Z, or where it stands",
                );
                return None;
            }
            return Some(Taken::At(text));
        }
        let text = TakenText::read(node, reader)?;
        match (text.column, text.cell, text.pointer) {
            (Some(column), None, None) => Some(Taken::Column(column)),
            (None, Some(cell), None) => Some(Taken::Cell(cell)),
            (None, None, Some(pointer)) => Some(Taken::Pointer(pointer)),
            _ => {
                reader.wrong_type(node, "a day, or one of `{ column: … }`, `{ cell: … }` and `{ pointer: … }`");
                None
            }
        }
    }
}

impl JsonSchema for Taken {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Taken".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let only = |key: &str, what: &str| {
            serde_json::json!({
                "type": "object", "additionalProperties": false, "required": [key],
                "properties": { key: { "type": "string", "description": what } }
            })
        };
        schemars::json_schema!({
            "description": "When the snapshot was exported, or where that stands.",
            "oneOf": [
                { "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([Tt ].*)?$", "description": "A day or a time." },
                only("column", "The header of a column that has it in every row."),
                only("cell", "The cell that has it, such as B1."),
                only("pointer", "The JSON Pointer of it.")
            ]
        })
    }
}

/// How old a snapshot may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// As it is written.
    pub text: SmolStr,
    /// In hours.
    pub hours: u32,
}

impl FromNode for Age {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let text = node.text().filter(|_| node.kind() == Kind::String);
        let hours = text.and_then(|text| {
            let unit = match text.chars().next_back()? {
                'h' => 1,
                'd' => 24,
                'w' => 24 * 7,
                _ => return None,
            };
            let count: u32 = text[..text.len() - 1].parse().ok()?;
            count.checked_mul(unit).filter(|hours| *hours > 0 && *hours <= 24 * 3660)
        });
        match (text, hours) {
            (Some(text), Some(hours)) => Some(Age { text: text.into(), hours }),
            _ => {
                reader.wrong_type(node, "a span of hours, days or weeks such as 12h, 7d or 2w");
                None
            }
        }
    }
}

impl JsonSchema for Age {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Age".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]+[hdw]$" })
    }
}

/// The character between the cells of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(pub u8);

impl FromNode for Delimiter {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let sign = match node.text() {
            Some("tab" | "\t") => Some(b'\t'),
            Some(",") => Some(b','),
            Some(";") => Some(b';'),
            Some("|") => Some(b'|'),
            _ => None,
        };
        if sign.is_none() {
            reader.wrong_type(node, "one of \",\", \";\", \"|\", tab");
        }
        sign.map(Delimiter)
    }
}

impl JsonSchema for Delimiter {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Delimiter".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "enum": [",", ";", "|", "tab", "\t"] })
    }
}
