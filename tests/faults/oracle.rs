//! What must be true of the server, said without the client's own eyes where that is possible.

use std::collections::BTreeSet;

use rosterctl::apply::Ended;
use rosterctl::document::workspace::Removal;
use rosterctl::live::object::PersonRecord;
use rosterctl::live::{Entry, Live};
use rosterctl::model::{Organisation, Person};
use rosterctl::plan::document::{Action, PlanDocument, Step};
use rosterctl::platform::{Section, State};

use crate::directory::Moment;
use crate::scene::{GROUPS, ORGANISATION, planned, role};

/// What people have before and after a change, and so at every moment between: by the server's names for them.
#[derive(Debug, Default)]
pub struct Kept {
    access: Vec<String>,
    groups: Vec<(String, String)>,
    roles: Vec<(String, &'static str)>,
}

fn is_user(person: &Person) -> bool {
    person.section == Section::Users && person.status.value == State::Active
}

/// The server's name for an account.
fn id(entry: &Entry<Person>) -> String {
    entry.handle.split_once('/').expect("a handle").1.to_owned()
}

impl Kept {
    /// Of two rosters, of which the first has been applied.
    pub fn between(before: &Organisation, after: &Organisation, live: &Live) -> Kept {
        let mut kept = Kept::default();
        for person in before.people.iter().filter(|person| is_user(person)) {
            let Some(then) = after.entry(Section::Users, &person.id).filter(|then| is_user(then)) else { continue };
            let entry = live.people.iter().find(|entry| entry.managed && entry.object.id == person.id);
            let id = id(entry.expect("it has been applied"));
            kept.access.push(id.clone());
            let groups = person.groups.iter().filter(|group| then.groups.contains(group));
            kept.groups.extend(groups.map(|group| (id.clone(), format!("{ORGANISATION}/{}", group.value))));
            let roles = person.roles.iter().filter(|held| then.holds(held.role));
            kept.roles.extend(roles.map(|held| (id.clone(), role(held.role))));
        }
        kept
    }

    /// What somebody lost at some moment.
    pub fn lost(&self, history: &[Moment]) -> Option<String> {
        history.iter().enumerate().find_map(|(at, moment)| {
            let access = self.access.iter().find(|id| !moment.is_active(id)).map(|id| format!("{id} has no access"));
            let group = || self.groups.iter().find(|(id, group)| !moment.is_in(id, group));
            let role = || self.roles.iter().find(|(id, role)| !moment.holds(id, ORGANISATION, role));
            let lost = access
                .or_else(|| group().map(|(id, group)| format!("{id} is not in {group}")))
                .or_else(|| role().map(|(id, role)| format!("{id} does not hold {role}")));
            lost.map(|lost| format!("after {at} changes {lost}: {moment:#?}"))
        })
    }
}

/// Whether a plan removes somebody or something.
pub fn removes(document: &PlanDocument) -> bool {
    let removal = |step: &Step| matches!(step.action, Action::Delete | Action::Deactivate);
    document.steps.iter().chain(document.blocked.iter().map(|blocked| &blocked.step)).any(removal)
}

/// How a reading that calls itself whole differs from what is there.
pub fn lies(read: &Live, truth: &Live) -> Option<String> {
    if !read.proof.holds() {
        return None;
    }
    let people = |live: &Live| -> BTreeSet<String> {
        let mut people: Vec<Entry<Person>> = live.people.clone();
        for person in &mut people {
            person.object.groups.sort_by(|a, b| a.value.cmp(&b.value));
            person.object.roles.sort_by_key(|held| held.role);
        }
        people.iter().map(|entry| format!("{} {:?}", entry.handle, entry.object)).collect()
    };
    let groups = |live: &Live| -> BTreeSet<String> {
        live.groups.iter().map(|one| format!("{} {:?}", one.handle, one.object)).collect()
    };
    let differs = |read: BTreeSet<String>, truth: BTreeSet<String>| {
        let differs: Vec<String> = read.symmetric_difference(&truth).cloned().collect();
        (!differs.is_empty()).then(|| differs.join("\n"))
    };
    differs(people(read), people(truth)).or_else(|| differs(groups(read), groups(truth)))
}

/// A step that is said to be done and is not. Only the last step of each object can be seen.
pub fn untrue(document: &PlanDocument, steps: &[(u32, Ended)], wanted: &Organisation, truth: &Live) -> Option<String> {
    let object = |step: &Step| (step.resource, step.handle.clone(), step.key.clone());
    document.steps.iter().enumerate().find_map(|(at, step)| {
        let later = document.steps[at + 1..].iter().any(|later| object(later) == object(step));
        let done = steps.iter().any(|(id, ended)| *id == step.id && *ended == Ended::Done);
        if later || !done {
            return None;
        }
        let handle = step.handle.as_deref();
        let person = truth.people.iter().find(|entry| match handle {
            Some(handle) => entry.handle == handle,
            None => entry.managed && entry.object.id == step.key,
        });
        let group = truth.groups.iter().find(|entry| match handle {
            Some(handle) => entry.handle == handle,
            None => entry.managed && entry.object.id == step.key,
        });
        let wanted_person = wanted.person(&step.key);
        let is = match (step.action, step.resource.to_string().as_str()) {
            (Action::Delete, "permission group") => group.is_none(),
            (_, "permission group") => {
                let access = |group: &rosterctl::model::Group| -> Vec<_> {
                    group.applications.iter().map(|(application, level, _)| (*application, *level)).collect()
                };
                wanted.group(&step.key).is_none_or(|wanted| {
                    group.is_some_and(|is| is.object.name == wanted.name && access(&is.object) == access(wanted))
                })
            }
            (Action::Delete, _) => person.is_none(),
            (Action::Deactivate, _) if wanted_person.is_none() => {
                person.is_some_and(|person| person.object.status.value == State::Deactivated)
            }
            _ => wanted_person.is_none_or(|wanted| person.is_some_and(|is| same(&is.object, wanted))),
        };
        let now = || format!("{:#?} {:#?}", person.map(|one| &one.object), group.map(|one| &one.object));
        (!is).then(|| format!("{} {} {} is not done: {}", step.id, step.action.as_str(), step.key, now()))
    })
}

fn same(is: &Person, wanted: &Person) -> bool {
    let platform = &*crate::scene::PLATFORM;
    is.section == wanted.section && PersonRecord::of(is, platform) == PersonRecord::of(wanted, platform)
}

/// Why what is there is not what is wanted.
pub fn unfinished(now: &Moment, truth: &Live, wanted: &Organisation, removal: Removal) -> Option<String> {
    let twins = now.twins();
    if !twins.is_empty() {
        return Some(format!("there are twins: {twins:?}"));
    }
    let again = planned(wanted, truth, removal);
    if !again.is_empty() || again.errors().next().is_some() {
        return Some(format!("a second plan is not empty: {:#?} {:#?}", again.steps, again.diagnostics));
    }
    for person in &wanted.people {
        let mut found = truth.people.iter().filter(|entry| entry.managed && entry.object.id == person.id);
        let (Some(entry), None) = (found.next(), found.next()) else {
            return Some(format!("`{}` is not there, or twice", person.id));
        };
        if !same(&entry.object, person) {
            return Some(format!("`{}` is {:#?}, wanted {person:#?}", person.id, entry.object));
        }
        // The same once more as the server has it.
        let id = id(entry);
        if now.is_active(&id) != is_user(person) {
            return Some(format!("`{}` has access or not: {}", person.id, now.is_active(&id)));
        }
        for group in GROUPS {
            let wished = person.groups.iter().any(|own| own.value == group);
            if now.is_in(&id, &format!("{ORGANISATION}/{group}")) != wished {
                return Some(format!("`{}` is in {group} or not, wanted: {wished}", person.id));
            }
        }
    }
    let left = truth.people.iter().filter(|entry| entry.managed && wanted.person(&entry.object.id).is_none());
    for entry in left {
        let retained = removal == Removal::Deactivate && entry.object.section == Section::Users;
        if !retained || now.is_active(&id(entry)) {
            return Some(format!("`{}` left and is still there", entry.object.id));
        }
    }
    for group in GROUPS {
        let count = now.groups_of(&format!("{ORGANISATION}/{group}")).count();
        if count != usize::from(wanted.group(group).is_some()) {
            return Some(format!("the group `{group}` is there {count} times"));
        }
        // What tells its access goes with it.
        let access = now.groups_below(&format!("{ORGANISATION}/{group}/"));
        if wanted.group(group).is_none() && !access.is_empty() {
            return Some(format!("the group `{group}` is gone, and {access:?} is not"));
        }
    }
    None
}
