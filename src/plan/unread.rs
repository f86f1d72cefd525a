//! What the portal has and nobody can understand: whom it may be, so that nobody is made twice, and what is said of it.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::diff::Diff;
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::live::{Live, Unread};
use crate::model::{Group, Person};

/// An entry of the roster of which nothing is planned: what the portal has of it cannot be understood.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// What the portal calls that which cannot be understood.
    pub handle: SmolStr,
    /// The id in the roster.
    pub key: SmolStr,
    /// The line in the roster.
    pub place: Place,
}

impl LeftOut {
    /// An entry and the handle of what stands in its way.
    pub fn of(handle: &SmolStr, key: &SmolStr, place: Place) -> LeftOut {
        LeftOut { handle: handle.clone(), key: key.clone(), place }
    }
}

/// What cannot be understood, by everything that an entry of a roster may be recognised by.
#[derive(Debug, Default)]
pub struct Unknowns<'a> {
    people: HashMap<&'a str, &'a Unread>,
    addresses: HashMap<String, &'a Unread>,
    groups: HashMap<&'a str, &'a Unread>,
    group_names: HashMap<&'a str, &'a Unread>,
    /// Wanted groups of which it is not known whether the portal has them under this id.
    uncertain: HashMap<&'a str, &'a Unread>,
}

impl<'a> Unknowns<'a> {
    /// Looks through a live state.
    pub fn of(live: &'a Live) -> Unknowns<'a> {
        let mut unknowns = Unknowns::default();
        for unread in &live.unread {
            let by_id = if unread.is_group() { &mut unknowns.groups } else { &mut unknowns.people };
            by_id.extend(unread.id.as_deref().map(|id| (id, unread)));
            unknowns.addresses.extend(unread.email.as_ref().map(|email| (email.to_ascii_lowercase(), unread)));
            let name = unread.name.as_deref().filter(|_| unread.is_group() && unread.id.is_none());
            unknowns.group_names.extend(name.map(|name| (name, unread)));
        }
        unknowns
    }

    /// What a wanted group may be that has not been found by its id.
    pub fn group(&mut self, wanted: &'a Group) -> Option<&'a Unread> {
        if let Some(same) = self.groups.get(wanted.id.as_str()) {
            return Some(same);
        }
        let earlier = wanted.previously.iter().find_map(|id| self.groups.get(id.as_str()));
        let found = earlier.or_else(|| self.group_names.get(wanted.name.value.as_str())).copied()?;
        self.uncertain.insert(&wanted.id, found);
        Some(found)
    }

    /// What a wanted person may be, or what has the address that the person wants; `known` by the id, only the latter.
    /// Who is in a group that may not be there has to wait as well.
    pub fn person(&self, wanted: &Person, known: bool) -> Option<&'a Unread> {
        if self.people.is_empty() && self.addresses.is_empty() && self.uncertain.is_empty() {
            return None;
        }
        let by_id = || {
            let mut ids = std::iter::once(&wanted.id).chain(&wanted.previously).filter(|_| !known);
            ids.find_map(|id| self.people.get(id.as_str()))
        };
        let by_address = || self.addresses.get(&wanted.email.as_ref()?.value.to_ascii_lowercase());
        let by_group = || wanted.groups.iter().find_map(|group| self.uncertain.get(group.value.as_str()));
        by_id().or_else(by_address).or_else(by_group).copied()
    }
}

/// One finding for each object that cannot be understood, at the entry that is left out because of it.
pub fn findings(live: &Live, diff: &Diff) -> Vec<Diagnostic> {
    let mut left_out: HashMap<&SmolStr, Vec<&LeftOut>> = HashMap::new();
    diff.left_out.iter().for_each(|one| left_out.entry(&one.handle).or_default().push(one));
    let mut told: HashMap<&SmolStr, Vec<&Diagnostic>> = HashMap::new();
    for (subject, finding) in live.findings.iter().filter_map(|finding| Some((finding.subject.as_ref()?, finding))) {
        told.entry(subject).or_default().push(finding);
    }
    let finding = |unread: &Unread| {
        let waiting = left_out.get(&unread.handle).map(Vec::as_slice).unwrap_or_default();
        let keys: Vec<String> = waiting.iter().map(|one| format!("`{}`", one.key)).collect();
        let then = match keys.as_slice() {
            [] => "it is left as it is".to_owned(),
            keys => format!("nothing is planned for {} of the roster", keys.join(", ")),
        };
        let subject = unread.id.as_ref().unwrap_or(&unread.handle).clone();
        let place = waiting.first().map(|one| one.place.clone());
        // What a snapshot cannot say is told by itself, cell by cell.
        if let Some(told) = told.get(&unread.handle) {
            let cells = told.iter().map(|finding| Diagnostic {
                message: format!("{}; {then}", finding.message),
                subject: Some(subject.clone()),
                place: place.clone(),
                ..(*finding).clone()
            });
            return cells.collect::<Vec<Diagnostic>>();
        }
        let help = "correct it on the portal, add the word to the platform file, or mend the manifest where there is one; then plan again";
        let message = format!("{unread}; {then}");
        let mut finding = Diagnostic::new("plan/unreadable", Severity::Warning, message).subject(subject).help(help);
        finding.place = place;
        vec![finding]
    };
    live.unread.iter().flat_map(finding).collect()
}
