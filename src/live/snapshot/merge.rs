//! Several rows of one person become one: known by the id, else by the mail address. Rows that contradict each other
//! leave it open what is right.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::grid::Grid;
use super::people::{Found, Trouble, row_handle};
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::{Applied, Entry, Live, Resource, Unread};
use crate::model::{Person, Value};
use crate::platform::Section;

/// People by what they are known by.
pub struct People {
    found: Vec<Found>,
    by_id: HashMap<SmolStr, usize, foldhash::fast::RandomState>,
    by_address: HashMap<SmolStr, usize, foldhash::fast::RandomState>,
    shown: Grid,
    /// How often a row was of somebody who was there already.
    pub joined: usize,
    /// How many rows have nobody in them who was asked for.
    pub passed: usize,
}

impl People {
    /// Nobody yet; at most so many are expected.
    pub fn new(grid: &Grid, expected: usize) -> People {
        let (shown, seen) = (grid.shown.clone(), grid.seen.clone());
        let shown =
            Grid { shown, unit: grid.unit, rows: Vec::new(), seen, stamp: None, part: None, sheets: Vec::new() };
        People {
            found: Vec::with_capacity(expected),
            by_id: HashMap::default(),
            by_address: HashMap::with_capacity_and_hasher(expected, foldhash::fast::RandomState::default()),
            shown,
            joined: 0,
            passed: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Adds what a row says of somebody.
    pub fn add(&mut self, mut new: Found) {
        let address = new.person.address();
        let same_id = new.id.as_ref().and_then(|id| self.by_id.get(id)).copied();
        let same_address = address.as_ref().and_then(|address| self.by_address.get(address)).copied();
        let known = match (same_id, same_address) {
            (Some(by_id), Some(by_address)) if by_id != by_address => {
                self.shared_address(by_address, &mut new);
                Some(by_id)
            }
            (Some(known), _) => Some(known),
            (None, Some(known)) => match (&self.found[known].id, &new.id) {
                (Some(first), Some(second)) if first != second => {
                    self.shared_address(known, &mut new);
                    None
                }
                _ if !same_name(&self.found[known].person, &new.person) => {
                    self.shared_address(known, &mut new);
                    Some(known)
                }
                _ => Some(known),
            },
            (None, None) => None,
        };
        let at = match known {
            Some(known) => {
                self.joined += 1;
                self.join(known, new);
                known
            }
            None => {
                self.found.push(new);
                self.found.len() - 1
            }
        };
        if let Some(id) = &self.found[at].id {
            self.by_id.entry(id.clone()).or_insert(at);
        }
        if let Some(address) = address {
            self.by_address.entry(address).or_insert(at);
        }
    }

    /// Two people with one address: of neither can it be told whom a roster means by it.
    fn shared_address(&mut self, first: usize, second: &mut Found) {
        let address = second.person.email.as_ref().map(|email| email.value.clone()).unwrap_or_default();
        let names = [&self.found[first].person.name.value, &second.person.name.value];
        let [one, other] = names.map(|name| super::cell::shown(name));
        let message = format!(
            "{} and {} have the same mail address {}: `{one}` and `{other}`",
            self.shown.row(self.found[first].line),
            self.shown.row(second.line),
            super::cell::shown(&address),
        );
        let help = "give each an address of their own on the portal; where they are one person, give both rows one name and id";
        let trouble = Trouble { rule: "snapshot/duplicate-email", message, help: help.to_owned() };
        second.troubles.push(trouble.clone());
        self.found[first].troubles.push(trouble);
    }

    /// Another row of the same person: lists add up, and what is said once must not be said otherwise.
    fn join(&mut self, known: usize, new: Found) {
        let (first, second) = (self.shown.row(self.found[known].line), new.line);
        let second_row = self.shown.row(second);
        let old = &mut self.found[known];
        let against = |what: &str, one: &str, other: &str| {
            let [one, other] = [one, other].map(super::cell::shown);
            let message = format!(
                "{first} and {second_row} are the same person and disagree on the {what}: `{one}` and `{other}`"
            );
            let help = "correct it on the portal, or in the list, so that both rows say the same";
            Trouble { rule: "snapshot/contradiction", message, help: help.to_owned() }
        };
        let mut troubles = Vec::new();
        let (mine, theirs) = (&mut old.person, new.person);
        let text = |text: &Option<crate::model::Text>| text.as_ref().map(|text| text.value.clone());
        for (what, one, other) in
            [("telephone number", &mut mine.phone, &theirs.phone), ("mail address", &mut mine.email, &theirs.email)]
        {
            match (text(one), text(other)) {
                (Some(first), Some(second)) if !first.eq_ignore_ascii_case(&second) => {
                    troubles.push(against(what, &first, &second));
                }
                (None, Some(_)) => *one = other.clone(),
                _ => {}
            }
        }
        if !same_name(mine, &theirs) && new.troubles.iter().all(|trouble| trouble.rule != "snapshot/duplicate-email") {
            troubles.push(against("name", &mine.name.value, &theirs.name.value));
        }
        if mine.name.value.is_empty() {
            mine.name = theirs.name.clone();
        }
        // A user may be set as a contact too: then the portal lists both.
        let users = (mine.section == Section::Users, theirs.section == Section::Users);
        if mine.entry_type != theirs.entry_type {
            troubles.push(against("kind", mine.entry_type.value.as_str(), theirs.entry_type.value.as_str()));
        }
        if users == (true, true) && mine.status != theirs.status {
            troubles.push(against("state", mine.status.value.as_str(), theirs.status.value.as_str()));
        }
        if users == (false, true) {
            (mine.section, mine.status) = (theirs.section, theirs.status);
        }
        for held in theirs.roles {
            if !mine.holds(held.role) {
                mine.roles.push(held);
            }
        }
        for group in theirs.groups {
            if !mine.groups.contains(&group) {
                mine.groups.push(group);
            }
        }
        for (attribute, value) in theirs.attributes {
            match mine.attributes.iter_mut().find(|(known, _)| *known == attribute) {
                None => mine.attributes.push((attribute, value)),
                Some((_, own)) => match (&mut own.value, value.value) {
                    (Value::List(all), Value::List(more)) => {
                        all.extend(more);
                        all.sort_by(|a, b| a.value.cmp(&b.value));
                        all.dedup();
                    }
                    (Value::Boolean(one), Value::Boolean(other)) if *one != other => {
                        let word = |yes: bool| if yes { "yes" } else { "no" };
                        troubles.push(against("attribute", word(*one), word(other)));
                    }
                    (Value::Text(one), Value::Text(other)) if *one != other => {
                        troubles.push(against("attribute", one, &other));
                    }
                    _ => {}
                },
            }
        }
        mine.attributes.sort_by_key(|(attribute, _)| *attribute);
        old.id = old.id.take().or(new.id);
        old.troubles.extend(new.troubles);
        old.troubles.append(&mut troubles);
    }

    /// Puts everybody into a live state: those who were understood, and those who were not with what is wrong.
    pub fn into_live(self, live: &mut Live) {
        live.people.reserve(self.found.len());
        let mut handles: HashMap<SmolStr, usize, foldhash::fast::RandomState> =
            HashMap::with_capacity_and_hasher(self.found.len(), foldhash::fast::RandomState::default());
        for found in self.found {
            let Found { line, id, mut person, mut troubles } = found;
            let address = person.address();
            let mut handle = address.or_else(|| id.clone()).unwrap_or_else(|| row_handle(line));
            let count = handles.entry(handle.clone()).or_default();
            *count += 1;
            if *count > 1 {
                handle = smol_str::format_smolstr!("{handle} ({})", row_handle(line));
            }
            if troubles.is_empty() {
                person.id = id.clone().unwrap_or_else(|| handle.clone());
                live.people.push(Entry { object: person, handle, managed: id.is_some(), applied: Applied::Unknown });
                continue;
            }
            let mut told = std::collections::HashSet::new();
            troubles.retain(|trouble| told.insert(trouble.message.clone()));
            let unread = Unread {
                handle,
                resource: Some(Resource::from(person.section)),
                id,
                name: Some(person.name.value).filter(|name| !name.is_empty()),
                email: person.email.map(|email| email.value),
                reason: String::new(),
            };
            not_understood(live, unread, troubles);
        }
    }
}

/// Puts what is not understood into a live state, with everything that is wrong with it as its reason and as findings.
pub fn not_understood(live: &mut Live, unread: Unread, troubles: Vec<Trouble>) {
    let reason = troubles.iter().map(|trouble| trouble.message.as_str()).collect::<Vec<_>>().join("; ");
    for Trouble { rule, message, help } in troubles {
        let finding = Diagnostic::new(rule, Severity::Warning, message).help(help);
        live.findings.push(finding.subject(unread.handle.clone()));
    }
    live.unread.push(Unread { reason, ..unread });
}

/// Whether two rows name the same person; a row without a name says nothing against it.
fn same_name(one: &Person, other: &Person) -> bool {
    let (one, other) = (&one.name.value, &other.name.value);
    one.is_empty() || other.is_empty() || one == other || one.to_lowercase() == other.to_lowercase()
}
