//! Roles of which somebody active must always remain: steps that touch who holds one run one at a time, each after a
//! fresh look at the portal.

use std::collections::{BTreeSet, HashMap};

use smol_str::SmolStr;

use crate::live::{Entry, Live, LiveError, Object, Operation, Read, Sought, serial};
use crate::model::Person;
use crate::platform::{Platform, RoleIx};

/// Whether an operation touches somebody who holds such a role before or after it.
pub(super) fn alone(platform: &Platform, operation: &Operation) -> bool {
    let mut roles = serial(platform).map(|(_, role)| role);
    let people = || [&operation.before, &operation.after].into_iter().flatten().filter_map(Object::person);
    roles.any(|role| people().any(|person| person.holds(role)))
}

fn holds(person: &Person, role: RoleIx) -> bool {
    person.active() && person.holds(role)
}

/// The active holders of such roles as they should be by now: as the plan was approved, and as its steps went.
#[derive(Debug, Default)]
pub(super) struct Holders {
    ids: HashMap<(SmolStr, RoleIx), BTreeSet<SmolStr>>,
    /// The handles of everybody who held such a role when the plan was approved, with access or without.
    handles: HashMap<SmolStr, BTreeSet<SmolStr>>,
}

impl Holders {
    /// Notes who is there when the plan is approved.
    pub(super) fn note(&mut self, organisation: &str, platform: &Platform, live: &Live) {
        for (_, role) in serial(platform) {
            let people = live.people.iter().map(|entry| &entry.object).filter(|person| holds(person, role));
            self.ids.insert((organisation.into(), role), people.map(|person| person.id.clone()).collect());
            let known = live.people.iter().filter(|entry| entry.object.holds(role)).map(|entry| entry.handle.clone());
            self.handles.entry(organisation.into()).or_default().extend(known);
        }
    }

    /// Notes what a step did.
    pub(super) fn done(&mut self, platform: &Platform, operation: &Operation) {
        for (_, role) in serial(platform) {
            let expected = self.ids.entry((operation.organisation.clone(), role)).or_default();
            if let Some(before) = &operation.before {
                expected.remove(before.id());
            }
            let after = operation.after.as_ref().and_then(Object::person).filter(|person| holds(person, role));
            expected.extend(after.map(|person| person.id.clone()));
            if after.is_some() {
                self.handles.entry(operation.organisation.clone()).or_default().extend(operation.handle.clone());
            }
        }
    }

    /// Looks at the portal again before a step, and says why the step must not be taken: nobody would remain.
    pub(super) async fn look(
        &self,
        target: &impl Read,
        platform: &Platform,
        operation: &Operation,
    ) -> Result<Option<String>, LiveError> {
        let live = target.look(&operation.organisation, platform, &self.sought(operation)).await?;
        let after = operation.after.as_ref().and_then(Object::person);
        let refused = serial(platform).find_map(|(rule, role)| {
            let now = || live.iter().filter(|entry| holds(&entry.object, role));
            let others = || now().filter(|entry| operation.handle.as_ref() != Some(&entry.handle));
            if now().next().is_none() || others().next().is_some() || after.is_some_and(|after| holds(after, role)) {
                return None;
            }
            let (name, key) = (&platform[role].id, &operation.key);
            let refused = format!("without `{key}` nobody active would hold `{name}` any more");
            let why = self.why(operation, role, &live);
            Some(match rule.source.trim_end_matches('.') {
                _ if !why.is_empty() => format!("{refused}: {why} ({}); plan again", rule.id),
                // Nobody else held it when the plan was made either: another plan would fare no better.
                "" => format!("{refused} ({})", rule.id),
                source => format!("{refused}: \"{source}\" ({})", rule.id),
            })
        });
        Ok(refused)
    }

    /// Everybody of whom it is known that they hold such a role, held it, or were given it by a step.
    fn sought(&self, operation: &Operation) -> Sought {
        let mut handles = self.handles.get(&operation.organisation).cloned().unwrap_or_default();
        handles.extend(operation.handle.clone());
        let here = self.ids.iter().filter(|((organisation, _), _)| *organisation == operation.organisation);
        Sought { handles, ids: here.flat_map(|(_, ids)| ids.iter().cloned()).collect() }
    }

    /// Who held the role or should, and what became of them; empty: nothing.
    fn why(&self, operation: &Operation, role: RoleIx, live: &[Entry<Person>]) -> String {
        let held = live.iter().map(|entry| &entry.object).filter(|person| person.holds(role));
        let mut ids: BTreeSet<&SmolStr> = held.filter(|person| !person.active()).map(|person| &person.id).collect();
        ids.extend(self.ids.get(&(operation.organisation.clone(), role)).into_iter().flatten());
        let became = |id: &SmolStr| match live.iter().map(|entry| &entry.object).find(|one| one.id == *id) {
            None => Some(format!("`{id}` is gone")),
            Some(person) if !person.holds(role) => Some(format!("`{id}` holds it no longer")),
            Some(person) if !person.active() => Some(format!("`{id}` is {}", person.status.value)),
            Some(_) => None,
        };
        ids.into_iter().filter_map(became).collect::<Vec<String>>().join(", ")
    }
}
