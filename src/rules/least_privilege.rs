//! Template `leastPrivilege`: an application that a user reaches answers to one of the user's responsibilities.
//!
//! People who declare no responsibilities are left alone: nothing is known that the access could contradict.

use super::Breach;
use crate::diagnostic::Related;
use crate::model::{Organisation, Person, View};
use crate::platform::AttributeIx;

/// What a person reaches for no declared reason: one finding for each group that gives such access.
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
    let platform = view.platform;
    let mut found: Vec<Breach> = Vec::new();
    let mut seen = Vec::new();
    for (index, word) in person.groups.iter().enumerate() {
        let Some(group) = view.groups.get(&word.value).filter(|_| person.active()) else { continue };
        let uncalled: Vec<_> = group
            .applications
            .iter()
            .filter(|(application, ..)| {
                let needed = &platform[*application].responsibilities;
                !needed.is_empty()
                    && !declared.iter().any(|word| needed.contains(&word.value))
                    && !seen.contains(application)
            })
            .collect();
        let Some((first, _, span)) = uncalled.first() else { continue };
        seen.extend(uncalled.iter().map(|(application, ..)| *application));
        let names: Vec<&str> = uncalled.iter().map(|(application, ..)| platform[*application].id.as_str()).collect();
        let pointer = crate::diagnostic::pointer(["permissionGroups", &group.id, "applications", names[0]]);
        let words: Vec<&str> = declared.iter().map(|word| word.value.as_str()).collect();
        found.push(Breach {
            level: None,
            subject: Some(person.id.clone()),
            message: format!(
                "`{}` of `{}` reaches {} through `{}`, which none of the declared responsibilities ({}) calls for",
                person.id,
                organisation.id,
                names.join(", "),
                group.id,
                words.join(", ")
            ),
            help: format!(
                "take `{}` out of the group, or declare a responsibility that calls for it: {} is for {}",
                person.id,
                names[0],
                platform[*first].responsibilities.join(", ")
            ),
            place: person.at(word.span, &["groups", &index.to_string()]),
            related: vec![Related {
                place: crate::diagnostic::Place { file: group.file, span: *span, pointer },
                message: format!("`{}` gives it", group.id),
            }],
        });
    }
    found
}
