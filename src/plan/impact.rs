//! What a plan means: who gains and loses which permission, and which event reaches whom before and after.

use std::collections::{BTreeSet, HashMap};

use smol_str::SmolStr;

use super::diff::Diff;
use super::document::{
    AccessChange, BlackHoleChange, GainOrLoss, Impact, NotificationChange, OpenOrClosed, WithoutRole,
};
use super::order::Placed;
use crate::live::{Entry, Live, Object};
use crate::model::{Group, Organisation, Person, Roll, View, grant};
use crate::platform::{ApplicationIx, EventIx, LevelIx, PermissionIx, Platform};

/// The impact of a plan on one organisation: live state against what it becomes by the steps.
pub fn impact(organisation: &Organisation, live: &Live, diff: &Diff, steps: &[&Placed]) -> Impact {
    if steps.is_empty() {
        return Impact::default();
    }
    let platform: &Platform = &organisation.platform;
    let old_groups: Vec<&Group> = live.groups.iter().map(|entry| &entry.object).collect();
    let mut new_groups = old_groups.clone();
    let mut people_after: Vec<&Person> = Vec::with_capacity(live.people.len());
    let mut touched: HashMap<&str, Option<&Person>> = HashMap::new();
    let mut created: Vec<&Person> = Vec::new();
    let mut regrouped: BTreeSet<&str> = BTreeSet::new();
    for placed in steps {
        let delta = &placed.delta;
        match (&delta.before, &delta.after) {
            (before, Some(Object::Group(group))) => {
                if let Some(Object::Group(before)) = before {
                    new_groups.retain(|other| other.id != before.id);
                    regrouped.insert(&before.id);
                }
                regrouped.insert(&group.id);
                new_groups.push(group);
            }
            (Some(Object::Group(group)), None) => {
                new_groups.retain(|other| other.id != group.id);
                regrouped.insert(&group.id);
            }
            (None, Some(Object::Person(person))) => created.push(person),
            (_, after) => {
                let after = match after {
                    Some(Object::Person(person)) => Some(person.as_ref()),
                    _ => None,
                };
                touched.insert(delta.handle.as_deref().unwrap_or_default(), after);
            }
        }
    }
    let before_view = View::with(platform, &organisation.profile, old_groups);
    let mut after_view = View::with(platform, &organisation.profile, new_groups);
    // People who are not touched still name renamed groups by their old id.
    for (old, new) in &diff.renamed_groups {
        if let Some(group) = after_view.groups.get(new).copied() {
            after_view.groups.insert(old.clone(), group);
        }
    }
    let mut access = Vec::new();
    for entry in &live.people {
        let before = &entry.object;
        let after = touched.get(entry.handle.as_str()).copied().unwrap_or(Some(before));
        people_after.extend(after);
        let affected = touched.contains_key(entry.handle.as_str())
            || before.groups.iter().any(|group| regrouped.contains(group.value.as_str()));
        if affected {
            let held = rights(&before_view, before);
            let kept = after.map(|after| rights(&after_view, after)).unwrap_or_default();
            let id = after.map_or(&before.id, |after| &after.id);
            compare(&mut access, organisation, id, &held, &kept);
        }
    }
    for person in &created {
        compare(&mut access, organisation, &person.id, &BTreeSet::new(), &rights(&after_view, person));
    }
    people_after.extend(created);
    // A renamed person is the same person: known by the new id before and after.
    let renames = steps.iter().filter_map(|placed| match (&placed.delta.before, &placed.delta.after) {
        (Some(Object::Person(before)), Some(Object::Person(after))) if before.id != after.id => {
            Some((&before.id, &after.id))
        }
        _ => None,
    });
    let renamed: HashMap<&SmolStr, &SmolStr> = renames.collect();
    let before = Roll::new(before_view, live.people.iter().map(|entry| &entry.object));
    let after = Roll::new(after_view, people_after);
    let mut notifications = Vec::new();
    let mut black_holes = Vec::new();
    for index in 0..platform.events.len() {
        let event = EventIx(index as u16);
        let reached = |roll: &Roll<'_>| -> Vec<String> {
            let ids = roll.notified(event).into_iter().map(|answer| &answer.person.id);
            ids.map(|id| renamed.get(id).copied().unwrap_or(id).to_string()).collect()
        };
        let (old, new) = (reached(&before), reached(&after));
        if old != new {
            notifications.push(NotificationChange {
                organisation: organisation.id.to_string(),
                event: platform[event].id.to_string(),
                before: old,
                after: new,
            });
        }
        let lost = |roll: &Roll<'_>| -> Vec<String> {
            roll.black_hole(event).into_iter().map(|(person, _)| person.id.to_string()).collect()
        };
        let (old, new) = (lost(&before), lost(&after));
        if old.is_empty() != new.is_empty() {
            let (change, assigned) =
                if old.is_empty() { (OpenOrClosed::Opened, new) } else { (OpenOrClosed::Closed, old) };
            let (organisation, event) = (organisation.id.to_string(), platform[event].id.to_string());
            black_holes.push(BlackHoleChange { organisation, event, change, assigned });
        }
    }
    let without_role = without_role(organisation, live, &touched);
    Impact { access, notifications, black_holes, without_role }
}

/// Those who are still there and hold no role any more.
fn without_role(
    organisation: &Organisation,
    live: &Live,
    touched: &HashMap<&str, Option<&Person>>,
) -> Vec<WithoutRole> {
    let kept = |entry: &Entry<Person>| touched.get(entry.handle.as_str()).copied().flatten();
    let lost = live
        .people
        .iter()
        .filter(|entry| !entry.object.roles.is_empty() && kept(entry).is_some_and(|after| after.roles.is_empty()));
    let lost = lost.map(|entry| WithoutRole {
        organisation: organisation.id.to_string(),
        person: kept(entry).map_or(&entry.object.id, |after| &after.id).to_string(),
        roles: entry.object.roles.iter().map(|held| organisation.platform[held.role].id.to_string()).collect(),
    });
    lost.collect()
}

/// Something that a person may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Permission(PermissionIx),
    Level(ApplicationIx, LevelIx),
}

impl Right {
    fn words(self, platform: &Platform) -> String {
        match self {
            Right::Permission(permission) => platform[permission].id.to_string(),
            Right::Level(application, level) => {
                let application = &platform[application];
                format!("{}:{}", application.id, application.levels[level.0 as usize])
            }
        }
    }
}

/// Everything that a person may do; a level of an application includes those below it.
fn rights(view: &View<'_>, person: &Person) -> BTreeSet<Right> {
    let permissions = (0..view.platform.permissions.len()).map(|index| PermissionIx(index as u16));
    let permissions = permissions.filter(|permission| grant(view, person, *permission).is_some());
    let mut rights: BTreeSet<Right> = permissions.map(Right::Permission).collect();
    for (application, level, _) in view.access(person) {
        rights.extend((0..=level.0).map(|level| Right::Level(application, LevelIx(level))));
    }
    rights
}

fn compare(
    access: &mut Vec<AccessChange>,
    organisation: &Organisation,
    person: &str,
    old: &BTreeSet<Right>,
    new: &BTreeSet<Right>,
) {
    let platform: &Platform = &organisation.platform;
    let mut note = |permission: &str, change| {
        access.push(AccessChange {
            organisation: organisation.id.to_string(),
            person: person.to_owned(),
            permission: permission.to_owned(),
            change,
        });
    };
    highest(new.difference(old)).for_each(|right| note(&right.words(platform), GainOrLoss::Gained));
    highest(old.difference(new)).for_each(|right| note(&right.words(platform), GainOrLoss::Lost));
}

/// Of the levels of one application the highest only: the lower ones go without saying.
fn highest<'r>(rights: impl Iterator<Item = &'r Right>) -> impl Iterator<Item = &'r Right> {
    let mut rights = rights.peekable();
    std::iter::from_fn(move || {
        let mut right = rights.next()?;
        while let (Right::Level(application, _), Some(Right::Level(next, _))) = (right, rights.peek().copied())
            && application == next
        {
            right = rights.next()?;
        }
        Some(right)
    })
}
