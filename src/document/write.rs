//! YAML that rosterctl composes itself: rosters out of live state.
//!
//! `serde_yaml` knows which texts YAML 1.2 reads back as they are: what it emits without quotes stands without quotes.
//! It does not know that readers of YAML 1.1 (PyYAML among them) take `on`, `12:30:45` or `=` for something else, and
//! it quotes in three styles and spreads text over lines. So the rest is quoted here, on one line, as JSON does it:
//! JSON strings mean the same to every version of YAML. Order and layout are those of [`super::format`].

use std::fmt::Write;

use smol_str::SmolStr;

use super::format::WIDTH;
use super::record::deceptive;
use super::roster::{AttributeValue, EntryType, Status};

/// What a roster says, as plain data. A section that is `None` is not managed.
#[derive(Clone, Debug, Default)]
pub struct RosterText {
    /// The organisation's id.
    pub organisation: SmolStr,
    /// A built-in platform or the path of a platform file.
    pub platform: SmolStr,
    /// Services of the profile.
    pub services: Vec<SmolStr>,
    /// The users, in the order in which they are written.
    pub users: Option<Vec<Entry>>,
    /// The contacts.
    pub contacts: Option<Vec<Entry>>,
    /// The permission groups.
    pub groups: Option<Vec<GroupEntry>>,
}

/// A user or a contact. Lists that are empty and values that are `None` are not written.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The id.
    pub id: SmolStr,
    /// The name.
    pub name: SmolStr,
    /// The mail address.
    pub email: Option<SmolStr>,
    /// The telephone number.
    pub phone: Option<SmolStr>,
    /// What the entry stands for.
    pub entry_type: Option<EntryType>,
    /// Whether a user has access.
    pub status: Option<Status>,
    /// The roles held.
    pub roles: Vec<SmolStr>,
    /// The permission groups that a user belongs to.
    pub groups: Vec<SmolStr>,
    /// The attributes by name.
    pub attributes: Vec<(SmolStr, AttributeValue)>,
}

/// A permission group.
#[derive(Clone, Debug, Default)]
pub struct GroupEntry {
    /// The id.
    pub id: SmolStr,
    /// The name.
    pub name: SmolStr,
    /// Application to level.
    pub applications: Vec<(SmolStr, SmolStr)>,
}

/// What the reader of an exported roster has to know.
const HEADER: &str = "\
# Written from live state. A portal does not know the profile (name, domains, size, services, serviceAgreement,
# relationship) that rules ask for: add what is missing of it below `platform`.
";

/// The text of a roster: in canonical form, so `fmt` has nothing to change in it.
pub fn roster(organisation: &RosterText) -> String {
    let mut page = Page::default();
    page.out.push_str(HEADER);
    page.line(0, "version", "1");
    page.text(0, "organisation", &organisation.organisation);
    page.text(0, "platform", &organisation.platform);
    if !organisation.services.is_empty() {
        let services: Vec<String> = organisation.services.iter().map(|word| item(word)).collect();
        page.line(0, "profile", "");
        page.line(
            2,
            "services",
            &format!("[{}] # somebody holds a role that there is only with this", services.join(", ")),
        );
    }
    page.section("users", organisation.users.as_deref(), Page::person);
    page.section("contacts", organisation.contacts.as_deref(), Page::person);
    page.section("permissionGroups", organisation.groups.as_deref(), Page::group);
    page.out
}

/// A text as one YAML scalar, quoted where a reader of YAML 1.2 or 1.1 would take it for something else.
pub fn scalar(text: &str) -> String {
    let emitted = serde_yaml::to_string(text).unwrap_or_default();
    let plain = emitted.strip_suffix('\n') == Some(text) && !is_special(text) && !text.contains(deceptive);
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text as a scalar inside of brackets.
pub(super) fn item(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) { quoted(text) } else { scalar(text) }
}

/// A text in double quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            '\n' => write!(quoted, "\\n"),
            '\t' => write!(quoted, "\\t"),
            c if deceptive(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => write!(quoted, "\\u{:04X}", u32::from(c)),
            c => write!(quoted, "{c}"),
        };
    }
    quoted.push('"');
    quoted
}

/// Whether readers of YAML 1.1 see no text in it: a truth value, a number, a time, an operator.
fn is_special(text: &str) -> bool {
    let words = ["y", "yes", "n", "no", "on", "off", "true", "false", "null", "~", "=", "<<"];
    words.iter().any(|word| word.eq_ignore_ascii_case(text)) || is_number(text) || is_time(text)
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let of = |digits: &str, known: &str| digits.chars().all(|c| known.contains(c));
    let decimal = |digits: &str| of(digits, "0123456789_");
    if let Some(digits) = unsigned.strip_prefix("0b") {
        return of(digits, "01_");
    }
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return of(digits, "0123456789abcdefABCDEF_");
    }
    let float = unsigned.strip_prefix('.').unwrap_or(unsigned);
    let infinite = ["inf", "nan"].iter().any(|word| word.eq_ignore_ascii_case(float));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, ""));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scientific = decimal(whole) && decimal(fraction) && of(exponent, "0123456789+-");
    // Groups after colons are digits to the base of sixty.
    let sixties = mantissa.contains(':') && whole.split(':').all(decimal) && decimal(fraction) && exponent.is_empty();
    let digits = mantissa.contains(|c: char| c.is_ascii_digit());
    infinite && unsigned != float || digits && (scientific || sixties)
}

/// Whether a text starts as a calendar day does and goes on with nothing or a time.
fn is_time(text: &str) -> bool {
    let mut rest = text;
    for (length, end) in [(4..=4, "-"), (1..=2, "-"), (1..=2, "")] {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match rest[digits..].strip_prefix(end) {
            Some(next) if length.contains(&digits) => rest = next,
            _ => return false,
        }
    }
    rest.is_empty() || rest.starts_with(['T', 't', ' ', '\t'])
}

/// A text that grows by whole lines.
#[derive(Default)]
struct Page {
    out: String,
}

impl Page {
    fn line(&mut self, indent: usize, key: &str, value: &str) {
        let space = if value.is_empty() { "" } else { " " };
        let _ = writeln!(self.out, "{:indent$}{}:{space}{value}", "", scalar(key));
    }

    fn text(&mut self, indent: usize, key: &str, text: &str) {
        self.line(indent, key, &scalar(text));
    }

    fn list<'w>(&mut self, indent: usize, key: &str, words: impl Iterator<Item = &'w str> + Clone) {
        let items: Vec<String> = words.clone().map(item).collect();
        let flow = format!("[{}]", items.join(", "));
        let width = indent + scalar(key).chars().count() + 2 + flow.chars().count();
        if width <= WIDTH || items.is_empty() {
            return self.line(indent, key, &flow);
        }
        self.line(indent, key, "");
        for word in words {
            let _ = writeln!(self.out, "{:indent$}  - {}", "", scalar(word));
        }
    }

    fn section<T>(&mut self, key: &str, entries: Option<&[T]>, write: fn(&mut Page, &T)) {
        let Some(entries) = entries else { return };
        if !entries.is_empty() || self.out.lines().last().is_some_and(|line| line.starts_with(' ')) {
            self.out.push('\n');
        }
        self.line(0, key, if entries.is_empty() { "{}" } else { "" });
        entries.iter().for_each(|entry| write(self, entry));
    }

    fn person(&mut self, entry: &Entry) {
        self.line(2, &entry.id, "");
        self.text(4, "name", &entry.name);
        let words = [
            ("email", entry.email.as_deref()),
            ("phone", entry.phone.as_deref()),
            ("type", entry.entry_type.map(EntryType::as_str)),
            ("status", entry.status.map(Status::as_str)),
        ];
        for (key, text) in words {
            text.iter().for_each(|text| self.text(4, key, text));
        }
        for (key, list) in [("roles", &entry.roles), ("groups", &entry.groups)] {
            if !list.is_empty() {
                self.list(4, key, list.iter().map(SmolStr::as_str));
            }
        }
        if !entry.attributes.is_empty() {
            self.line(4, "attributes", "");
        }
        for (name, value) in &entry.attributes {
            match value {
                AttributeValue::Boolean(value) => self.line(6, name, if *value { "true" } else { "false" }),
                AttributeValue::Text(text) => self.text(6, name, text),
                AttributeValue::List(words) => self.list(6, name, words.iter().map(|word| word.value.as_str())),
            }
        }
    }

    fn group(&mut self, group: &GroupEntry) {
        self.line(2, &group.id, "");
        self.text(4, "name", &group.name);
        if !group.applications.is_empty() {
            self.line(4, "applications", "");
        }
        for (application, level) in &group.applications {
            self.text(6, application, level);
        }
    }
}
