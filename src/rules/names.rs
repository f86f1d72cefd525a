//! Template `names`: somebody who holds a role names, in an attribute, an active holder of another.

use super::{Breach, fill};
use crate::model::{Organisation, Person, Value, View};
use crate::platform::{Names, Section};

/// The breach of a person who holds the role and names nobody, or somebody who does not hold the other one.
pub(super) fn breach(
    parameters: &Names,
    organisation: &Organisation,
    view: &View<'_>,
    person: &Person,
) -> Option<Breach> {
    if !person.holds(parameters.role) {
        return None;
    }
    let named = person.attribute(parameters.attribute).and_then(|value| match &value.value {
        Value::Text(id) => organisation.entry(Section::Users, id),
        _ => None,
    });
    if named.is_some_and(|named| named.holds(parameters.holds) && named.active()) {
        return None;
    }
    let values = [("subject", person.id.as_str()), ("organisation", organisation.id.as_str())];
    let related = named.map(|named| crate::diagnostic::Related {
        place: named.place(),
        message: format!("`{}` is not an active holder of `{}`", named.id, view.platform[parameters.holds].id),
    });
    let place = match person.attribute(parameters.attribute) {
        Some(_) => person.attribute_place(view.platform, parameters.attribute),
        None => person.role_place(parameters.role),
    };
    Some(Breach {
        level: None,
        subject: Some(person.id.clone()),
        message: fill(&parameters.say, &values),
        help: fill(&parameters.help, &values),
        place,
        related: related.into_iter().collect(),
    })
}
