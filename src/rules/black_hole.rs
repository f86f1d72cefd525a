//! Template `blackHole`: an event whose receivers are all pending or deactivated may reach nobody. Whether it falls back
//! then, no documentation says: that is reported, never assumed.

use super::{Breach, Tally};
use crate::diagnostic::Related;
use crate::model::{Organisation, Person, Roll, View};
use crate::platform::{EventIx, Side};

/// The events that can get lost: they exist here, and nobody is told of them whoever holds the roles.
pub(crate) fn events<'v>(view: &'v View<'_>) -> impl Iterator<Item = EventIx> + 'v {
    let events = view.platform.events.iter().enumerate();
    let events = events.filter(|(_, event)| event.always.is_empty() && !event.to.is_empty());
    let here = events.filter(|(_, event)| event.when.as_ref().is_none_or(|when| view.holds_here(when)));
    here.map(|(index, _)| EventIx(index as u16))
}

/// What a person adds to the count of an event: as somebody who reads it, and as somebody to whom it is assigned.
pub(crate) fn tally(event: EventIx, view: &View<'_>, person: &Person) -> Tally {
    let assigned = view.platform[event].to.iter().any(|role| person.holds(*role));
    Tally { holders: i64::from(assigned && person.active()), second: i64::from(assigned) }
}

/// Whether an event is assigned and nobody reads it.
pub(crate) fn crossed(tally: Tally) -> Option<Side> {
    (tally.second > 0 && tally.holders == 0).then_some(Side::Gap)
}

/// The events that get lost, each with those to whom it is assigned.
pub(super) fn breaches(organisation: &Organisation, roll: &Roll<'_>) -> Vec<Breach> {
    let lost = events(&roll.view).filter_map(|event| breach(event, organisation, roll));
    lost.collect()
}

fn breach(event: EventIx, organisation: &Organisation, roll: &Roll<'_>) -> Option<Breach> {
    let lost = roll.black_hole(event);
    let (first, role) = *lost.first()?;
    let platform = roll.view.platform;
    let event = &platform[event];
    let who: Vec<String> =
        lost.iter().map(|(person, _)| format!("`{}` ({})", person.id, person.status.value)).collect();
    let related = lost.iter().skip(1).take(8).map(|(person, role)| Related {
        place: person.role_place(*role),
        message: format!("`{}` holds it too and is {}", person.id, person.status.value),
    });
    let role_id = &platform[role].id;
    Some(Breach {
        level: None,
        subject: Some(first.id.clone()),
        message: format!(
            "`{}` of `{}` is assigned to {} only, who cannot read it; whether it then falls back to somebody else is \
             not documented",
            event.id,
            organisation.id,
            who.join(", ")
        ),
        help: format!("give `{role_id}` to somebody who is active, or take it from those who are not"),
        place: first.role_place(role),
        related: related.collect(),
    })
}
