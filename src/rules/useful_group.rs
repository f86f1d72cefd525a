//! Template `usefulGroup`: a permission group has applications, and members where users are managed.

use std::collections::HashSet;

use super::Breach;
use crate::model::Organisation;

/// Groups that give nothing, or give it to nobody.
pub(super) fn breaches(organisation: &Organisation) -> Vec<Breach> {
    let used: HashSet<&str> =
        organisation.people.iter().flat_map(|person| &person.groups).map(|group| group.value.as_str()).collect();
    let mut found = Vec::new();
    for group in &organisation.groups {
        let (message, help) = if group.applications.is_empty() {
            (
                format!("the permission group `{}` gives access to nothing: it has no applications", group.id),
                "list what it gives under `applications`, or take the group out",
            )
        } else if organisation.managed.users && !used.contains(group.id.as_str()) {
            (
                format!("the permission group `{}` has no members, so nobody gets what it gives", group.id),
                "list it under the `groups` of the users who need it, or take the group out",
            )
        } else {
            continue;
        };
        found.push(Breach {
            level: None,
            subject: Some(group.id.clone()),
            message,
            help: help.to_owned(),
            place: group.place(),
            related: Vec::new(),
        });
    }
    found
}
