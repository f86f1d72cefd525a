//! What a plan means: who gains and loses which permission, and which event reaches whom before and after.

use std::collections::{BTreeSet, HashMap, HashSet};

use smol_str::SmolStr;

use super::diff::Delta;
use super::document::{
    AccessChange, BlackHoleChange, GainOrLoss, Impact, NotificationChange, OpenOrClosed, WithoutRole,
};
use super::sides::Side;
use crate::live::{Live, Object};
use crate::model::{Answer, Organisation, Person, Roll, View, grant};
use crate::platform::{ApplicationIx, EventIx, LevelIx, PermissionIx, Platform, State};

/// The impact of changes to one organisation: live state against what it becomes. `renamed` are the new ids of groups by
/// their old ones.
pub fn impact(
    organisation: &Organisation,
    live: &Live,
    changes: &[&Delta],
    renamed: &HashMap<SmolStr, SmolStr>,
) -> Impact {
    if changes.is_empty() {
        return Impact::default();
    }
    let (start, end) = (Side::before(live, changes, renamed), Side::after(live, changes, renamed));
    let (before, after) = (start.roll(organisation), end.roll(organisation));
    let groups =
        changes.iter().flat_map(|delta| [&delta.before, &delta.after]).flatten().filter_map(|object| match object {
            Object::Group(group) => Some(group.id.as_str()),
            Object::Person(_) => None,
        });
    let groups: HashSet<&str> = groups.collect();
    let mut impact = Impact::default();
    for entry in &live.people {
        let Some(old) = start.person(entry) else { continue };
        if !end.differs(entry) && !old.groups.iter().any(|group| groups.contains(group.value.as_str())) {
            continue;
        }
        let new = end.person(entry);
        let kept = new.map(|new| rights(&after.view, new)).unwrap_or_default();
        compare(&mut impact.access, organisation, &old.id, &rights(&before.view, old), &kept);
        if !old.roles.is_empty()
            && new.is_some_and(|new| new.roles.is_empty() && new.status.value != State::Deactivated)
        {
            let roles = old.roles.iter().map(|held| organisation.platform[held.role].id.to_string()).collect();
            let (organisation, person) = (organisation.id.to_string(), old.id.to_string());
            impact.without_role.push(WithoutRole { organisation, person, roles });
        }
    }
    for person in &end.newcomers {
        compare(&mut impact.access, organisation, &person.id, &BTreeSet::new(), &rights(&after.view, person));
    }
    for index in 0..organisation.platform.events.len() {
        event(organisation, EventIx(index as u16), &before, &after, &mut impact);
    }
    impact
}

/// Whom an event reaches before and after, and whether it gets lost.
fn event(organisation: &Organisation, event: EventIx, before: &Roll<'_>, after: &Roll<'_>, impact: &mut Impact) {
    let (id, word) = (organisation.id.to_string(), organisation.platform[event].id.to_string());
    let reached = |roll: &Roll<'_>| -> Vec<String> {
        let certain = roll.notified(event).into_iter().filter(Answer::certain);
        certain.map(|answer| answer.person.id.to_string()).collect()
    };
    let (old, new) = (reached(before), reached(after));
    if old != new {
        let (organisation, event) = (id.clone(), word.clone());
        impact.notifications.push(NotificationChange { organisation, event, before: old, after: new });
    }
    let lost = |roll: &Roll<'_>| -> Vec<String> {
        roll.black_hole(event).into_iter().map(|(person, _)| person.id.to_string()).collect()
    };
    let (old, new) = (lost(before), lost(after));
    if old.is_empty() != new.is_empty() {
        let opened = old.is_empty();
        let (change, assigned) = if opened { (OpenOrClosed::Opened, new) } else { (OpenOrClosed::Closed, old) };
        impact.black_holes.push(BlackHoleChange { organisation: id, event: word, change, assigned });
    }
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
