//! Template `primary`: among several holders of a role exactly one comes first, and only a holder does.

use super::{Breach, Tally};
use crate::diagnostic::Related;
use crate::model::{Organisation, Person, Roll, View};
use crate::platform::{AttributeIx, RoleIx, Side};

/// What a person adds to the count.
pub(super) fn tally(role: RoleIx, attribute: AttributeIx, view: &View<'_>, person: &Person) -> Tally {
    let holds = person.holds(role) && person.active();
    let first = holds && person.primary(attribute, &view.platform[role].id);
    Tally { holders: i64::from(holds), second: i64::from(first) }
}

/// On which side a count is wrong.
pub(super) fn crossed(tally: Tally) -> Option<Side> {
    match (tally.holders, tally.second) {
        (2.., 0) => Some(Side::Gap),
        (_, 2..) => Some(Side::Surplus),
        _ => None,
    }
}

/// Several holders without one that comes first, several that come first, or one that comes first without the role.
pub(super) fn breaches(
    role: RoleIx,
    attribute: AttributeIx,
    organisation: &Organisation,
    roll: &Roll<'_>,
) -> Vec<Breach> {
    let platform = roll.view.platform;
    let (word, name) = (platform[role].id.as_str(), platform[attribute].name.as_str());
    let mut found = Vec::new();
    for person in roll.people.iter().filter(|person| person.primary(attribute, word) && !person.holds(role)) {
        found.push(Breach {
            level: None,
            subject: Some(person.id.clone()),
            message: format!("`{}` is to be contacted first as `{word}` but does not hold that role", person.id),
            help: format!("add `{word}` to the roles, or take it out of `{name}`"),
            place: person.attribute_place(platform, attribute),
            related: Vec::new(),
        });
    }
    let holders: Vec<&Person> = roll.holders(role).iter().copied().filter(|person| person.active()).collect();
    let first: Vec<&Person> = holders.iter().copied().filter(|person| person.primary(attribute, word)).collect();
    let count = Tally { holders: holders.len() as i64, second: first.len() as i64 };
    let shown = |people: &[&Person], message: &str| -> Vec<Related> {
        let others = people.iter().rev().skip(1).take(8);
        others
            .map(|other| Related { place: other.role_place(role), message: format!("`{}` {message}", other.id) })
            .collect()
    };
    match (crossed(count), holders.last(), first.last()) {
        (Some(Side::Gap), Some(last), _) => found.push(Breach {
            level: None,
            subject: Some(last.id.clone()),
            message: format!(
                "{} people of `{}` hold `{word}` and none of them is marked as the one contacted first",
                holders.len(),
                organisation.id
            ),
            help: format!("give exactly one of them `{name}: [{word}]` under `attributes`"),
            place: last.role_place(role),
            related: shown(&holders, "holds it too"),
        }),
        (Some(Side::Surplus), _, Some(last)) => found.push(Breach {
            level: None,
            subject: Some(last.id.clone()),
            message: format!(
                "{} people of `{}` are marked as contacted first as `{word}`",
                first.len(),
                organisation.id
            ),
            help: format!("leave `{word}` in `{name}` of exactly one of them"),
            place: last.attribute_place(platform, attribute),
            related: shown(&first, "is marked too"),
        }),
        _ => {}
    }
    found
}
