//! What the words of a snapshot mean on a platform: those known in several languages, and those that the workspace adds.

use std::collections::HashMap;

use smol_str::{SmolStr, format_smolstr};

use super::words::{self, fold};
use crate::diagnostic::{Span, nearest};
use crate::document::record::{Text, visible};
use crate::document::workspace::snapshot::Words;
use crate::live::LiveError;
use crate::model::EntryType;
use crate::platform::{ApplicationIx, LevelIx, Platform, RoleIx, Section, State};

/// Tells where something stands in the workspace file, to begin a message with.
pub type Places<'p> = &'p dyn Fn(Span) -> String;

/// The meaning of words.
#[derive(Debug)]
pub struct Vocabulary {
    yes: HashMap<String, bool>,
    states: HashMap<String, State>,
    kinds: HashMap<String, (Section, EntryType)>,
    roles: HashMap<String, RoleIx>,
    groups: HashMap<String, SmolStr>,
    applications: HashMap<String, ApplicationIx>,
    levels: HashMap<String, SmolStr>,
    organisations: HashMap<String, SmolStr>,
    /// What may be offered for a word that is no role.
    role_names: Vec<SmolStr>,
}

impl Vocabulary {
    /// The words of a platform, and those that the workspace adds; an error where it adds one for something unknown.
    pub fn new(platform: &Platform, own: Option<&Words>, place: Places<'_>) -> Result<Vocabulary, LiveError> {
        let mut known = Vocabulary {
            yes: list(&[(words::YES, true), (words::NO, false)]),
            states: list(&[
                (words::ACTIVE, State::Active),
                (words::DEACTIVATED, State::Deactivated),
                (words::PENDING, State::Pending),
            ]),
            kinds: list(&[
                (words::USER, (Section::Users, EntryType::Person)),
                (words::CONTACT, (Section::Contacts, EntryType::Person)),
                (words::LIST, (Section::Contacts, EntryType::DistributionList)),
            ]),
            roles: HashMap::new(),
            groups: HashMap::new(),
            applications: HashMap::new(),
            levels: HashMap::new(),
            organisations: HashMap::new(),
            role_names: platform.roles.iter().map(|role| role.name.clone()).collect(),
        };
        for (index, role) in platform.roles.iter().enumerate() {
            let index = RoleIx(index as u16);
            titles(&role.id, &role.name).into_iter().for_each(|title| {
                known.roles.entry(title).or_insert(index);
            });
        }
        for (index, application) in platform.applications.iter().enumerate() {
            for word in [&application.id, &application.name] {
                known.applications.entry(fold(word)).or_insert(ApplicationIx(index as u16));
            }
            for level in &application.levels {
                known.levels.insert(fold(level), level.clone());
                let others = words::LEVELS.iter().filter(|(id, _)| id == level).flat_map(|(_, words)| words.iter());
                others.for_each(|word| {
                    known.levels.insert((*word).to_owned(), level.clone());
                });
            }
        }
        if let Some(own) = own {
            known.add(platform, own, place)?;
        }
        Ok(known)
    }

    fn add(&mut self, platform: &Platform, own: &Words, place: Places<'_>) -> Result<(), LiveError> {
        const KEY: &str = "`words` of the target";
        let folded =
            |words: &Option<Vec<Text>>| words.iter().flatten().map(|word| key(&word.value)).collect::<Vec<_>>();
        for (words, meaning) in [(&own.yes, true), (&own.no, false)] {
            self.yes.extend(folded(words).into_iter().map(|word| (word, meaning)));
        }
        let states =
            [(&own.active, State::Active), (&own.deactivated, State::Deactivated), (&own.pending, State::Pending)];
        for (words, meaning) in states {
            self.states.extend(folded(words).into_iter().map(|word| (word, meaning)));
        }
        let kinds = [
            (&own.user, (Section::Users, EntryType::Person)),
            (&own.contact, (Section::Contacts, EntryType::Person)),
            (&own.distribution_list, (Section::Contacts, EntryType::DistributionList)),
        ];
        for (words, meaning) in kinds {
            self.kinds.extend(folded(words).into_iter().map(|word| (word, meaning)));
        }
        let pairs = |map: &Option<crate::document::record::Map<Text, false>>| -> Vec<(SmolStr, Text)> {
            let entries = map.iter().flat_map(|map| &map.entries);
            entries.map(|(word, id)| (word.value.clone(), id.clone())).collect()
        };
        for (word, id) in pairs(&own.roles) {
            let all = || platform.roles.iter().map(|one| one.id.as_str());
            let role = platform.role(&id.value).ok_or_else(|| unknown(KEY, "role", &id, all(), place))?;
            self.roles.insert(key(&word), role);
        }
        for (word, id) in pairs(&own.applications) {
            let all = || platform.applications.iter().map(|one| one.id.as_str());
            let found =
                platform.application(&id.value).ok_or_else(|| unknown(KEY, "application", &id, all(), place))?;
            self.applications.insert(key(&word), found);
        }
        for (word, id) in pairs(&own.levels) {
            let all = || platform.applications.iter().flat_map(|application| &application.levels);
            if !all().any(|level| *level == id.value) {
                return Err(unknown(KEY, "level", &id, all().map(SmolStr::as_str), place));
            }
            self.levels.insert(key(&word), id.value);
        }
        self.groups.extend(pairs(&own.groups).into_iter().map(|(word, id)| (key(&word), id.value)));
        self.organisations.extend(pairs(&own.organisations).into_iter().map(|(word, id)| (key(&word), id.value)));
        Ok(())
    }

    /// Whether a cell says yes; an empty one says no. None where it says neither.
    pub fn yes(&self, cell: &str) -> Option<bool> {
        match cell {
            "" | "-" | "–" | "—" | "☐" | "✗" | "✘" => Some(false),
            "✓" | "✔" | "☑" | "☒" => Some(true),
            _ => self.yes.get(&key(cell)).copied(),
        }
    }

    /// The state that a cell in a column of that name means.
    pub fn state(&self, cell: &str, header: &str) -> Option<State> {
        if let Some(state) = self.states.get(&key(cell)) {
            return Some(*state);
        }
        let inverted = words::INVERTED.contains(&fold(header).as_str());
        // An empty cell says nothing of a state.
        let yes = self.yes(cell).filter(|_| !cell.is_empty())?;
        Some(if yes != inverted { State::Active } else { State::Deactivated })
    }

    /// What an entry is.
    pub fn kind(&self, cell: &str) -> Option<(Section, EntryType)> {
        self.kinds.get(&key(cell)).copied()
    }

    /// The role with this title.
    pub fn role(&self, title: &str) -> Option<RoleIx> {
        self.roles.get(&key(title)).copied()
    }

    /// The titles of roles, folded, the longest first.
    pub fn role_titles(&self) -> Vec<(&str, RoleIx)> {
        let mut titles: Vec<(&str, RoleIx)> = self.roles.iter().map(|(title, role)| (title.as_str(), *role)).collect();
        titles.sort_by_key(|(title, role)| (std::cmp::Reverse(title.len()), role.0));
        titles
    }

    /// The role that a word may be meant to be.
    pub fn near_role(&self, word: &str) -> Option<&str> {
        nearest(word, self.role_names.iter().map(SmolStr::as_str))
    }

    /// What a group is called by in a roster: the id that the workspace gives, else one made of the name.
    pub fn group(&self, name: &str) -> SmolStr {
        self.groups.get(&key(name)).cloned().unwrap_or_else(|| slug(name))
    }

    /// The application with this name.
    pub fn application(&self, name: &str) -> Option<ApplicationIx> {
        self.applications.get(&key(name)).copied()
    }

    /// The level of an application that a cell means. Yes is its highest.
    pub fn level(&self, platform: &Platform, application: ApplicationIx, cell: &str) -> Option<LevelIx> {
        let levels = &platform[application].levels;
        if let Some(level) = self.levels.get(&key(cell)) {
            return platform[application].level(level);
        }
        let highest = levels.len().checked_sub(1).map(|last| LevelIx(last as u8));
        self.yes(cell).filter(|yes| *yes).and(highest)
    }

    /// The organisation with this name.
    pub fn organisation(&self, name: &str) -> SmolStr {
        self.organisations.get(&key(name)).cloned().unwrap_or_else(|| slug(name))
    }
}

/// By what a word is found; signs alone are found as they are.
fn key(word: &str) -> String {
    let folded = fold(word);
    if folded.is_empty() { word.trim().to_owned() } else { folded }
}

fn list<T: Copy>(lists: &[(&[&str], T)]) -> HashMap<String, T> {
    lists.iter().flat_map(|(words, meaning)| words.iter().map(|word| ((*word).to_owned(), *meaning))).collect()
}

/// By what a role goes: its id, its name, what the name begins with, what stands in parentheses, other languages.
fn titles(id: &str, name: &str) -> Vec<String> {
    let mut titles = vec![fold(id), fold(name)];
    let bare = name.split('(').next().unwrap_or(name);
    titles.push(fold(bare));
    titles.push(fold(bare.trim().trim_end_matches("Contact")));
    titles.extend(name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(word, _)| fold(word)));
    let others = words::TITLES.iter().filter(|(role, _)| *role == id);
    titles.extend(others.flat_map(|(_, titles)| titles.iter().map(|title| (*title).to_owned())));
    let plain: Vec<String> = titles.iter().map(|title| format!("{title}contact")).collect();
    titles.extend(plain.into_iter().filter(|title| !title.ends_with("contactcontact")));
    titles.retain(|title| !title.is_empty());
    titles
}

/// A name in the form of an id.
pub fn slug(name: &str) -> SmolStr {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(fold).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    if crate::document::record::is_kebab(&joined) { joined.into() } else { format_smolstr!("{}", name.trim()) }
}

/// An error where a key of the workspace names something that the platform does not have, with the nearest that it has.
pub fn unknown<'w>(
    key: &str,
    what: &str,
    word: &Text,
    all: impl Iterator<Item = &'w str>,
    place: Places<'_>,
) -> LiveError {
    let all: Vec<&str> = all.collect();
    let hint = match nearest(&word.value, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the {what}s are: {}", all.join(", ")),
    };
    let (place, word) = (place(word.span), visible(&word.value));
    LiveError::new(format!("{place}{key} names the {what} `{word}`, which the platform does not have"), hint)
}
