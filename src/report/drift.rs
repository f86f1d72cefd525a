//! From the steps that a plan would take to differences, each with the side on which it arose.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::{Cause, Difference};
use crate::live::{Live, Object, Resource};
use crate::model::Organisation;
use crate::plan::changes;
use crate::plan::document::{Action, Blocked, PlanDocument, Step};
use crate::platform::Check;

/// What rosterctl wrote last, by organisation and handle: present where the portal keeps it.
type Applied<'a> = HashMap<(&'a str, &'a str), Object>;

/// The differences behind the steps of a plan, blocked ones too.
pub fn differences(plan: &PlanDocument, pairs: &[(&Organisation, &Live)]) -> Vec<Difference> {
    let steps = whole_steps(plan.steps.iter().chain(plan.blocked.iter().map(|Blocked { step, .. }| step)));
    let renamed = renamed_groups(&steps);
    let mut applied: Applied<'_> = HashMap::new();
    for (organisation, live) in pairs {
        for entry in &live.people {
            if let Some(person) = entry.applied() {
                let mut person = person.clone();
                for group in &mut person.groups {
                    if let Some(new) = renamed.get(&(organisation.id.as_str(), group.value.as_str())) {
                        group.value = (*new).into();
                    }
                }
                applied.insert((&organisation.id, &entry.handle), Object::Person(Box::new(person)));
            }
        }
        for entry in &live.groups {
            if let Some(object) = entry.applied() {
                applied.insert((&organisation.id, &entry.handle), Object::Group(object.clone()));
            }
        }
    }
    let mut found = Vec::new();
    for step in &steps {
        let pair = pairs.iter().find(|(organisation, _)| organisation.id == step.organisation.as_str());
        let Some((organisation, live)) = pair else { continue };
        let handle = step.handle.as_deref().unwrap_or_default();
        let before = applied.get(&(step.organisation.as_str(), handle));
        match step.action {
            Action::Create => {
                let vanished = live.vanished.iter().any(|(resource, id)| *resource == step.resource && *id == step.key);
                let cause = match (vanished, live.records) {
                    (true, _) => Cause::Outside,
                    (false, true) => Cause::NotApplied,
                    // It may have been there and was taken away.
                    (false, false) => Cause::Unknown,
                };
                found.push(whole(step, cause, "present", "absent"));
            }
            Action::Delete => found.push(whole(step, Cause::NotApplied, "absent", "present")),
            _ => fields(organisation, step, before, &mut found),
        }
    }
    found.extend(unmanaged(plan, pairs));
    found
}

/// The steps, with those in one that change an object in two halves.
fn whole_steps<'p>(steps: impl Iterator<Item = &'p Step>) -> Vec<Step> {
    let mut whole: Vec<Step> = Vec::new();
    let mut first: HashMap<(&str, &str), usize> = HashMap::new();
    for step in steps {
        let known = step.handle.as_deref().map(|handle| (step.organisation.as_str(), handle));
        if let Some(index) = known.and_then(|known| first.get(&known)) {
            if step.action == Action::Delete {
                whole[*index].action = step.action;
            }
            let changes = &mut whole[*index].changes;
            for change in &step.changes {
                match changes.iter_mut().find(|earlier| earlier.field == change.field) {
                    Some(earlier) => earlier.to = change.to.clone(),
                    None => changes.push(change.clone()),
                }
            }
            changes.retain(|change| change.from != change.to);
            continue;
        }
        first.extend(known.map(|known| (known, whole.len())));
        whole.push(step.clone());
    }
    whole
}

/// The ids that groups will have, by organisation and by what their members call them now.
fn renamed_groups(steps: &[Step]) -> HashMap<(&str, &str), &str> {
    let groups = steps.iter().filter(|step| step.resource == Resource::PermissionGroup);
    let changes = groups.flat_map(|step| step.changes.iter().map(move |change| (step, change)));
    let renames = changes.filter(|(_, change)| change.field == "id").filter_map(|(step, change)| {
        let old = change.from.as_str().or(step.handle.as_deref())?;
        Some(((step.organisation.as_str(), old), change.to.as_str()?))
    });
    renames.collect()
}

/// What no roster names, unless the finding about it is waived or off.
fn unmanaged<'p>(plan: &'p PlanDocument, pairs: &'p [(&Organisation, &Live)]) -> impl Iterator<Item = Difference> + 'p {
    let rules = pairs.iter().flat_map(|(organisation, _)| &organisation.platform.rules);
    let rules: HashSet<&str> =
        rules.filter(|rule| matches!(rule.check, Check::Unmanaged)).map(|rule| rule.id.as_str()).collect();
    let found = plan.diagnostics.iter().filter(move |finding| rules.contains(finding.rule.as_str()));
    let reported: HashSet<(Option<&str>, Option<&str>)> =
        found.map(|finding| (finding.organisation.as_deref(), finding.subject.as_deref())).collect();
    let there = plan.unmanaged.iter();
    let there = there.filter(move |one| reported.contains(&(Some(&one.organisation), Some(&one.handle))));
    there.map(|one| Difference {
        organisation: one.organisation.clone(),
        resource: one.resource,
        key: one.email.as_ref().map_or_else(|| one.handle.clone(), |email| format!("{} ({email})", one.handle)),
        action: Action::Delete,
        field: None,
        wanted: Json::Null,
        live: one.name.as_str().into(),
        cause: Cause::Unmanaged,
        location: None,
        since: None,
    })
}

fn whole(step: &Step, cause: Cause, wanted: &str, live: &str) -> Difference {
    Difference {
        organisation: step.organisation.clone(),
        resource: step.resource,
        key: step.key.clone(),
        action: step.action,
        field: None,
        wanted: wanted.into(),
        live: live.into(),
        cause,
        location: step.location.clone(),
        since: None,
    }
}

fn fields(organisation: &Organisation, step: &Step, applied: Option<&Object>, found: &mut Vec<Difference>) {
    let written: Option<HashMap<String, Json>> = applied.map(|object| {
        let all = changes(&organisation.platform, None, Some(object), true);
        all.into_iter().map(|change| (change.field, change.to)).collect()
    });
    for change in &step.changes {
        // The usual status is not listed among the fields of an object.
        let unlisted = || if change.field == "status" { "active".into() } else { Json::Null };
        let last = written.as_ref().map(|fields| fields.get(&change.field).cloned().unwrap_or_else(unlisted));
        let cause = match (last, change.field.as_str()) {
            (_, "id") => Cause::NotApplied,
            (_, "section") => Cause::Unknown,
            (None, _) => Cause::Unknown,
            (Some(last), _) if last == change.from => Cause::NotApplied,
            (Some(last), _) if last == change.to => Cause::Outside,
            (Some(_), _) => Cause::Both,
        };
        found.push(Difference {
            organisation: step.organisation.clone(),
            resource: step.resource,
            key: step.key.clone(),
            action: step.action,
            field: Some(change.field.clone()),
            wanted: change.to.clone(),
            live: change.from.clone(),
            cause,
            location: step.location.clone(),
            since: None,
        });
    }
}
