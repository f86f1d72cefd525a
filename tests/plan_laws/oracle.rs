//! The slow oracle: it looks at every rule and every person of a state, and tries every order.

use std::collections::{BTreeSet, HashMap};

use rosterctl::diagnostic::Severity;
use rosterctl::live::{Object, Resource};
use rosterctl::model::{Group, Organisation, Person, View, grant};
use rosterctl::plan::diff::Delta;
use rosterctl::plan::document::{Action, PlanDocument};
use rosterctl::platform::{ActorRule, Check, Platform, RoleIx, Side, State};
use rosterctl::rules::{Levels, applies, counted, crossed, personal};

use crate::portal::{Portal, handle};

/// What is broken in a state: rules at error level, on which side or in whom.
pub type Broken = BTreeSet<(String, String)>;

/// Looks at every rule and every person of a state. `groups` are the groups by the words that people use.
pub fn broken(
    organisation: &Organisation,
    levels: &Levels,
    people: &[(&String, &Person)],
    groups: HashMap<String, &Group>,
) -> Broken {
    let platform: &Platform = &organisation.platform;
    let mut view = View::with(platform, &organisation.profile, []);
    view.groups = groups.into_iter().map(|(word, group)| (word.into(), group)).collect();
    let mut found = Broken::new();
    for rule in platform.rules.iter().filter(|rule| applies(rule, &view)) {
        let error = levels.weigh(rule, None) == Some(Severity::Error);
        let mut note = |what: &str| found.insert((rule.id.to_string(), what.to_owned()));
        match &rule.check {
            Check::Cardinality(_) | Check::Primary { .. } if error => {
                let mut sum = rosterctl::rules::Tally::default();
                for (_, person) in people {
                    let one = counted(rule, &view, person).unwrap();
                    sum.holders += one.holders;
                    sum.second += one.second;
                }
                match crossed(rule, sum) {
                    Some(Side::Gap) => drop(note("gap")),
                    Some(Side::Surplus) => drop(note("surplus")),
                    None => {}
                }
            }
            Check::Keeps { roles, permission } if error => {
                for role in roles {
                    if !people.iter().any(|(_, person)| person.active() && person.holds(*role)) {
                        note(&platform[*role].id);
                    }
                }
                if permission.is_some_and(|one| !people.iter().any(|(_, person)| grant(&view, person, one).is_some())) {
                    note("permission");
                }
            }
            Check::Actor(ActorRule { permission: Some(permission), keeps: true, .. })
                if error && !people.iter().any(|(_, person)| grant(&view, person, *permission).is_some()) =>
            {
                note("permission");
            }
            Check::BlackHole if error => {
                for event in platform.events.iter().filter(|event| event.always.is_empty()) {
                    let told = |person: &Person| event.to.iter().any(|role| person.holds(*role));
                    let told: Vec<&Person> = people.iter().map(|(_, person)| *person).filter(|one| told(one)).collect();
                    if !told.is_empty() && !told.iter().any(|person| person.active()) {
                        note(&event.id);
                    }
                }
            }
            Check::Requires(_) | Check::Holder | Check::LeastPrivilege { .. } => {
                for (handle, person) in people {
                    let breaches = personal(rule, organisation, &view, person);
                    if breaches.iter().any(|breach| levels.weigh(rule, breach.level) == Some(Severity::Error)) {
                        note(handle);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The rules that a change of state opens, and whether each may be open for a moment, or until the one whom the step
/// invites accepts: whom that person replaces could have stayed, so nobody must have counted at the start.
pub fn opened(
    platform: &Platform,
    start: &Portal,
    before: &Broken,
    after: &Broken,
    invited: Option<&Person>,
) -> Vec<(String, bool)> {
    let invited = invited.filter(|person| person.status.value == State::Pending);
    let waits = |roles: &[RoleIx]| {
        let holds = |person: &Person| roles.iter().any(|role| person.holds(*role));
        invited.is_some_and(holds) && !start.people().any(|(_, person)| person.active() && holds(person))
    };
    let new = after.difference(before).map(|(rule, what)| {
        let allowed = match platform.rule(rule).map(|rule| &rule.check) {
            Some(Check::Cardinality(parameters)) => match what.as_str() {
                "gap" => parameters.transit == Some(Side::Gap) || waits(&[parameters.role]),
                _ => parameters.transit == Some(Side::Surplus),
            },
            Some(Check::BlackHole) => waits(&platform[platform.event(what).unwrap()].to),
            _ => false,
        };
        (rule.clone(), allowed)
    });
    new.collect()
}

/// What the steps of a plan change; two halves of a step are one.
pub fn kept(document: &PlanDocument, states: &[Portal]) -> Vec<Delta> {
    let mut deltas: Vec<Delta> = Vec::new();
    for (step, states) in document.steps.iter().zip(states.windows(2)) {
        let [before, after] = [&states[0], &states[1]].map(|state| state.objects.get(&handle(step)).cloned());
        let half = |other: &&mut Delta| {
            let same = step.handle.is_some() && other.handle.as_deref() == step.handle.as_deref();
            same && step.action == Action::Update && other.action == Action::Update
        };
        if let Some(first) = deltas.iter_mut().find(half) {
            first.after = after;
            continue;
        }
        deltas.push(Delta {
            action: step.action,
            resource: step.resource,
            key: step.key.as_str().into(),
            handle: step.handle.as_deref().map(Into::into),
            managed: true,
            before,
            after,
            place: None,
            notes: Vec::new(),
        });
    }
    deltas
}

/// Every order of whole changes at once: for each set of changes done, the state that it leads to.
pub struct Oracle<'a> {
    pub organisation: &'a Organisation,
    pub levels: Levels,
    pub deltas: Vec<Delta>,
    pub start: Portal,
    pub renamed: HashMap<String, String>,
}

impl Oracle<'_> {
    pub fn state(&self, done: usize) -> Portal {
        let mut portal = self.start.clone();
        for (index, delta) in self.deltas.iter().enumerate().filter(|(index, _)| done & (1 << index) != 0) {
            let handle = delta.handle.as_ref().map_or_else(|| format!("+{index}"), ToString::to_string);
            match &delta.after {
                Some(object) => portal.put(&handle, true, object.clone()),
                None => {
                    portal.objects.remove(&handle);
                }
            }
        }
        portal
    }

    pub fn broken(&self, portal: &Portal) -> Broken {
        broken(self.organisation, &self.levels, &portal.people().collect::<Vec<_>>(), self.words(portal))
    }

    /// Groups by the words that people use: those that are to be renamed have their new word already.
    pub fn words<'p>(&self, portal: &'p Portal) -> HashMap<String, &'p Group> {
        let new = |id: &str| self.renamed.get(id).cloned().unwrap_or_else(|| id.to_owned());
        portal.groups().map(|(_, group)| (new(&group.id), group)).collect()
    }

    /// Whether a portal would carry out a change after those done.
    pub fn possible(&self, done: usize, index: usize, after: &Portal) -> bool {
        let delta = &self.deltas[index];
        if after.email_twice().is_some() || after.id_twice().is_some() {
            return false;
        }
        let words = [&delta.before, &delta.after].into_iter().flatten().filter_map(|object| match object {
            Object::Person(person) => Some(&person.groups),
            Object::Group(_) => None,
        });
        let named = words.flatten().all(|word| {
            let makes = |other: &&Delta| {
                other.resource == Resource::PermissionGroup
                    && other.key == word.value
                    && other.before.as_ref().map(Object::id) != other.after.as_ref().map(Object::id)
                    && other.after.is_some()
            };
            let maker = self.deltas.iter().position(|other| makes(&other));
            maker.is_none_or(|maker| done & (1 << maker) != 0)
        });
        // Nobody is in a group that goes, but for those whom nobody will ever move.
        let emptied = delta.resource != Resource::PermissionGroup || delta.after.is_some() || {
            self.deltas.iter().enumerate().all(|(other, member)| {
                let in_it = matches!(&member.before, Some(Object::Person(person))
                    if person.groups.iter().any(|group| group.value == delta.key));
                !in_it || done & (1 << other) != 0
            })
        };
        // Several changes to one object follow each other.
        let earlier = self.deltas[..index].iter().enumerate().all(|(other, change)| {
            change.handle.is_none() || change.handle != delta.handle || done & (1 << other) != 0
        });
        named && emptied && earlier
    }

    /// The fewest rules opened by any order: first those that may not be open, then all. None: no order is possible.
    pub fn best(&self) -> Option<(usize, usize)> {
        let all = 1usize << self.deltas.len();
        let states: Vec<Portal> = (0..all).map(|done| self.state(done)).collect();
        let broken: Vec<Broken> = states.iter().map(|state| self.broken(state)).collect();
        let mut best: Vec<Option<(usize, usize)>> = vec![None; all];
        best[0] = Some((0, 0));
        for done in 0..all {
            let Some((wrong, total)) = best[done] else { continue };
            for index in (0..self.deltas.len()).filter(|index| done & (1 << index) == 0) {
                let next = done | (1 << index);
                if !self.possible(done, index, &states[next]) {
                    continue;
                }
                let after = match &self.deltas[index].after {
                    Some(Object::Person(person)) => Some(&**person),
                    _ => None,
                };
                let before = &broken[done] | &broken[0];
                let opens = opened(&self.organisation.platform, &self.start, &before, &broken[next], after);
                let forbidden = opens.iter().filter(|(_, allowed)| !allowed).count();
                let cost = (wrong + forbidden, total + opens.len());
                if best[next].is_none_or(|known| cost < known) {
                    best[next] = Some(cost);
                }
            }
        }
        best[all - 1]
    }
}
