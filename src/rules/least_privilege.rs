//! Template `leastPrivilege`: an application that a user reaches answers to one of the user's responsibilities.
//!
//! People who declare no responsibilities are left alone: nothing is known that the access could contradict.

use super::Breach;
use crate::diagnostic::Related;
use crate::model::{Organisation, Person, View};
use crate::platform::AttributeIx;

/// The applications that a person reaches for no declared reason, one finding each.
pub(super) fn breaches(
    attribute: AttributeIx,
    organisation: &Organisation,
    view: &View<'_>,
    person: &Person,
) -> Vec<Breach> {
    let declared = person.words(attribute);
    if declared.is_empty() {
        return Vec::new();
    }
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for (application, _, group) in view.access(person) {
        let needed = &view.platform[application].responsibilities;
        if needed.is_empty() || seen.contains(&application) || declared.iter().any(|word| needed.contains(&word.value)) {
            continue;
        }
        seen.push(application);
        let index = person.groups.iter().position(|word| word.value == group.id).unwrap_or(0);
        let place = person.at(person.groups[index].span, &["groups", &index.to_string()]);
        let granted = group.applications.iter().find(|(reached, ..)| *reached == application);
        let pointer = crate::diagnostic::pointer(["permissionGroups", &group.id, "applications", &view.platform[application].id]);
        let related = granted.map(|(.., span)| Related {
            place: crate::diagnostic::Place { file: group.file, span: *span, pointer },
            message: format!("`{}` gives it", group.id),
        });
        let words: Vec<&str> = declared.iter().map(|word| word.value.as_str()).collect();
        found.push(Breach {
            level: None,
            subject: Some(person.id.clone()),
            message: format!(
                "`{}` of `{}` reaches `{}` through `{}`, which none of the declared responsibilities ({}) calls for",
                person.id,
                organisation.id,
                view.platform[application].id,
                group.id,
                words.join(", ")
            ),
            help: format!("take `{}` out of the group, or declare one of: {}", person.id, needed.join(", ")),
            place,
            related: related.into_iter().collect(),
        });
    }
    found
}
