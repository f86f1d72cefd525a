//! Who holds what and whom events reach before and after a plan: what a page has room for and a plan does not say.
//!
//! Bounded: everybody for whom something changes, up to a limit, and of the others as many as help to read it. What is
//! left out is counted.

use std::collections::HashSet;

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::diagnostic::{FileId, Location};
use crate::document::{Sources, locate};
use crate::live::Live;
use crate::model::{Answer, Organisation, Person, Roll};
use crate::plan::Outcome;
use crate::plan::sides::Side;
use crate::platform::EventIx;

/// The most people of an organisation for whom something changes.
const MOST_CHANGED: usize = 300;

/// Organisations of at most so many people are shown whole.
const SMALL: usize = 30;

/// The most people on one side of an event for whom something changes, and the most others.
const MOST_MOVED: usize = 40;
const MOST_KEPT: usize = 6;

/// An organisation before and after.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The organisation.
    pub organisation: String,
    /// Its people: users, then contacts.
    pub people: Vec<Stand>,
    /// How many people for whom something changes are left out.
    pub more_changed: usize,
    /// How many people for whom nothing changes are left out.
    pub unchanged: usize,
    /// Its events, those with the same readers together.
    pub routes: Vec<Route>,
}

/// A person before and after.
#[derive(Clone, Debug)]
pub struct Stand {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// `users` or `contacts`.
    pub section: &'static str,
    /// The line of the roster; none for what no roster names.
    pub location: Option<Location>,
    /// The status before; none: not there.
    pub before: Option<&'static str>,
    /// The status after; none: gone.
    pub after: Option<&'static str>,
    /// Roles, before or after.
    pub roles: Vec<Held>,
    /// Permission groups, before or after.
    pub groups: Vec<Held>,
}

/// A role or a group that somebody has on one side or on both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// Whether it is held before.
    pub before: bool,
    /// Whether it is held after.
    pub after: bool,
}

/// Events with the same readers before and after.
#[derive(Clone, Debug)]
pub struct Route {
    /// The events.
    pub events: Vec<String>,
    /// Who is reached, those for whom that changes first.
    pub readers: Vec<Reader>,
    /// How many who lose, gain and keep it are left out.
    pub more: [usize; 3],
    /// Whether nobody is reached before, and after.
    pub nobody: [bool; 2],
    /// Those to whom it is assigned in the end and who cannot read it, where nobody else stands beside them.
    pub lost_to: Vec<String>,
}

/// Somebody whom an event reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// Whether reached before.
    pub before: bool,
    /// Whether reached after.
    pub after: bool,
    /// Whether the platform's documentation is clear about it.
    pub certain: bool,
}

impl Route {
    /// Whether its readers change.
    pub fn changes(&self) -> bool {
        self.readers.iter().any(|reader| reader.before != reader.after)
    }
}

impl Stand {
    /// Whether anything that is shown changes.
    pub fn changes(&self) -> bool {
        self.before != self.after || self.roles.iter().chain(&self.groups).any(|held| held.before != held.after)
    }
}

/// An organisation before and after what a plan makes of it.
pub fn standing(organisation: &Organisation, live: &Live, outcome: &Outcome, sources: &Sources) -> Standing {
    let changes: Vec<_> = outcome.changes.iter().collect();
    let before = Side::before(live, &changes, &outcome.renamed);
    let after = Side::after(live, &changes, &outcome.renamed);
    let there = live.people.iter().map(|entry| (before.person(entry), after.person(entry)));
    let pairs: Vec<_> = there.chain(after.newcomers.iter().map(|person| (None, Some(*person)))).collect();
    let mut standing = Standing {
        organisation: organisation.id.to_string(),
        people: Vec::new(),
        more_changed: 0,
        unchanged: 0,
        routes: routes(organisation, &before.roll(organisation), &after.roll(organisation)),
    };
    let small = pairs.len() <= SMALL;
    let mut changed = 0;
    for (old, new) in pairs {
        if !differs(old, new) && !small {
            standing.unchanged += 1;
        } else if differs(old, new) && changed == MOST_CHANGED {
            standing.more_changed += 1;
        } else {
            changed += usize::from(differs(old, new));
            standing.people.extend(stand(organisation, old, new, sources));
        }
    }
    standing.people.sort_by(|a, b| (b.section, &a.id).cmp(&(a.section, &b.id)));
    standing
}

fn differs(old: Option<&Person>, new: Option<&Person>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_some() != new.is_some() };
    let roles = |person: &Person| person.roles.iter().map(|held| held.role).collect::<HashSet<_>>();
    let groups = |person: &Person| person.groups.iter().map(|group| group.value.clone()).collect::<HashSet<_>>();
    old.status.value != new.status.value || roles(old) != roles(new) || groups(old) != groups(new)
}

fn stand(organisation: &Organisation, old: Option<&Person>, new: Option<&Person>, sources: &Sources) -> Option<Stand> {
    let last = new.or(old)?;
    let platform = &organisation.platform;
    let words = |person: Option<&Person>| -> [Vec<String>; 2] {
        let roles = person.iter().flat_map(|person| &person.roles).map(|held| platform[held.role].id.to_string());
        let groups = person.iter().flat_map(|person| &person.groups).map(|group| group.value.to_string());
        [roles.collect(), groups.collect()]
    };
    let ([old_roles, old_groups], [new_roles, new_groups]) = (words(old), words(new));
    let written = if last.file == FileId::NONE { organisation.entry(last.section, &last.id) } else { Some(last) };
    Some(Stand {
        id: last.id.to_string(),
        name: last.name.value.to_string(),
        section: last.section.as_str(),
        location: written.map(|person| locate(sources, &person.place())),
        before: old.map(|person| person.status.value.as_str()),
        after: new.map(|person| person.status.value.as_str()),
        roles: held(&old_roles, &new_roles),
        groups: held(&old_groups, &new_groups),
    })
}

fn held(old: &[String], new: &[String]) -> Vec<Held> {
    let all = old.iter().chain(new.iter().filter(|id| !old.contains(id)));
    all.map(|id| Held { id: id.clone(), before: old.contains(id), after: new.contains(id) }).collect()
}

/// The people on both sides of an event, and whether that is certain.
type Key = [Vec<(SmolStr, bool)>; 2];

fn routes(organisation: &Organisation, before: &Roll<'_>, after: &Roll<'_>) -> Vec<Route> {
    let mut routes: IndexMap<(Key, Vec<String>), Route> = IndexMap::new();
    for index in 0..organisation.platform.events.len() {
        let event = EventIx(index as u16);
        if !after.exists(event) && !before.exists(event) {
            continue;
        }
        let (old, new) = (before.notified(event), after.notified(event));
        let lost: Vec<String> = after.black_hole(event).iter().map(|(person, _)| person.id.to_string()).collect();
        let side = |answers: &[Answer<'_>]| {
            let one = |answer: &Answer<'_>| (answer.person.id.clone(), answer.certain());
            answers.iter().map(one).collect::<Vec<_>>()
        };
        let word = organisation.platform[event].id.to_string();
        let route = routes.entry(([side(&old), side(&new)], lost.clone())).or_insert_with(|| route(&old, &new, lost));
        route.events.push(word);
    }
    let (mut changed, rest): (Vec<Route>, Vec<Route>) = routes.into_values().partition(Route::changes);
    changed.extend(rest);
    changed
}

fn route(old: &[Answer<'_>], new: &[Answer<'_>], lost_to: Vec<String>) -> Route {
    let ids = |answers: &[Answer<'_>]| answers.iter().map(|answer| answer.person.id.clone()).collect::<HashSet<_>>();
    let (old_ids, new_ids) = (ids(old), ids(new));
    let reader = |answer: &Answer<'_>| Reader {
        id: answer.person.id.to_string(),
        name: answer.person.name.value.to_string(),
        before: old_ids.contains(&answer.person.id),
        after: new_ids.contains(&answer.person.id),
        certain: answer.certain(),
    };
    let lost = old.iter().filter(|answer| !new_ids.contains(&answer.person.id));
    let gained = new.iter().filter(|answer| !old_ids.contains(&answer.person.id));
    let kept = new.iter().filter(|answer| old_ids.contains(&answer.person.id));
    let lists: [Vec<&Answer<'_>>; 3] = [lost.collect(), gained.collect(), kept.collect()];
    let mosts = [MOST_MOVED, MOST_MOVED, MOST_KEPT];
    let more = [0, 1, 2].map(|place| lists[place].len().saturating_sub(mosts[place]));
    let shown = lists.iter().zip(mosts).flat_map(|(list, most)| list.iter().take(most));
    Route {
        events: Vec::new(),
        readers: shown.map(|answer| reader(answer)).collect(),
        more,
        nobody: [old.is_empty(), new.is_empty()],
        lost_to,
    }
}
