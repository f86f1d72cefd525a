//! Template `requires`: each selected person must satisfy conditions; the first that fails is reported.

use std::collections::BTreeSet;

use super::{Breach, fill};
use crate::model::{Organisation, Person, View};
use crate::platform::{AttributeIx, Field, Requires};

/// The first condition that a person fails, where the person is selected at all.
pub(super) fn breach(
    parameters: &Requires,
    organisation: &Organisation,
    view: &View<'_>,
    person: &Person,
) -> Option<Breach> {
    let selected = parameters.role.is_none_or(|role| person.holds(role))
        && parameters.section.is_none_or(|section| person.section == section)
        && parameters.only.as_ref().is_none_or(|only| view.holds(only, person));
    if !selected {
        return None;
    }
    let clause = parameters.must.iter().find(|clause| !view.holds(&clause.be, person))?;
    let role = parameters.role.map(|role| view.platform[role].id.as_str()).unwrap_or_default();
    let values = [("subject", person.id.as_str()), ("role", role), ("organisation", &organisation.id)];
    let of_role = || parameters.role.map_or_else(|| person.place(), |role| person.role_place(role));
    let place = match (clause.point, clause.attribute) {
        (Some(Field::Attributes), Some(attribute)) if person.attribute(attribute).is_some() => {
            person.attribute_place(view.platform, attribute)
        }
        (Some(Field::Attributes) | None, _) => of_role(),
        (Some(field), _) => match person.field_place(field) {
            place if place == person.place() => of_role(),
            place => place,
        },
    };
    let mut related = Vec::new();
    let role_place = of_role();
    if place != role_place && parameters.role.is_some() {
        let message = format!("the role `{role}` asks for it");
        related.push(crate::diagnostic::Related { place: role_place, message });
    }
    let sources: BTreeSet<String> =
        clause.be.attributes().into_iter().filter_map(|attribute| organisation.source(attribute)).collect();
    let sources = sources.iter().map(|source| format!(" ({source})")).collect::<String>();
    Some(Breach {
        level: clause.level,
        subject: Some(person.id.clone()),
        message: fill(&clause.say, &values) + &sources,
        help: elsewhere(organisation, &clause.be.attributes()).unwrap_or_else(|| fill(&clause.help, &values)),
        place,
        related,
    })
}

/// The cure where another target was asked: what the roster declares does not count then.
fn elsewhere(organisation: &Organisation, attributes: &[AttributeIx]) -> Option<String> {
    let asked = attributes.iter().find_map(|at| Some((*at, organisation.asked_of(*at)?)));
    asked.map(|(at, target)| {
        let attribute = &organisation.platform[at].name;
        format!("see to it on `{target}`: what that says counts, and not `{attribute}` as the roster declares it")
    })
}
