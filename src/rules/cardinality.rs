//! Template `cardinality`: how many people may hold a role.

use super::{Breach, Tally, fill};
use crate::diagnostic::{Related, Severity};
use crate::model::{Organisation, Person, Roll, View};
use crate::platform::{Cardinality, Side};

/// What a person adds to the count.
pub(super) fn tally(parameters: &Cardinality, view: &View<'_>, person: &Person) -> Tally {
    let counts = person.holds(parameters.role)
        && (parameters.inactive || person.active())
        && parameters.only.as_ref().is_none_or(|only| view.holds(only, person));
    let given = parameters.given.iter().any(|role| person.holds(*role));
    Tally { holders: i64::from(counts), second: i64::from(given) }
}

/// On which side a count is wrong.
pub(super) fn crossed(parameters: &Cardinality, tally: Tally) -> Option<Side> {
    if !parameters.given.is_empty() && tally.second == 0 {
        None
    } else if tally.holders < i64::from(parameters.min) {
        Some(Side::Gap)
    } else if tally.holders > i64::from(parameters.max) {
        Some(Side::Surplus)
    } else {
        None
    }
}

/// Too few or too many holders: too many point at every holder, too few at whoever held the role until lately.
pub(super) fn breach(parameters: &Cardinality, organisation: &Organisation, roll: &Roll<'_>) -> Option<Breach> {
    let counted = |person: &&&Person| tally(parameters, &roll.view, person).holders > 0;
    let holders: Vec<&Person> = roll.holders(parameters.role).iter().filter(counted).copied().collect();
    let given: usize = parameters.given.iter().map(|role| roll.holders(*role).len()).sum();
    let side = crossed(parameters, Tally { holders: holders.len() as i64, second: given as i64 })?;
    if side == Side::Gap && !(organisation.managed.users || organisation.managed.contacts) {
        return None; // a roster that manages no people says nothing about who is missing
    }
    let role = roll.view.platform[parameters.role].id.as_str();
    let count = holders.len().to_string();
    let mut related = Vec::new();
    let (subject, place, say) = match side {
        Side::Gap => {
            for person in organisation.expired.iter().filter(|person| person.holds(parameters.role)) {
                let Some(until) = person.until else { continue };
                let message = format!("`{}` held the role until {}", person.id, until.value.0);
                related.push(Related { place: person.at(until.span, &["until"]), message });
            }
            for person in roll.holders(parameters.role).iter().filter(|person| !counted(person)) {
                let message = format!("`{}` holds the role but does not count", person.id);
                related.push(Related { place: person.role_place(parameters.role), message });
            }
            (None, organisation.place.clone(), &parameters.few)
        }
        Side::Surplus => {
            let (last, others) = holders.split_last()?;
            let others = others.iter().take(8);
            related.extend(others.map(|other| Related {
                place: other.role_place(parameters.role),
                message: format!("`{}` holds it too", other.id),
            }));
            (Some(last.id.clone()), last.role_place(parameters.role), &parameters.many)
        }
    };
    let subject_text = subject.clone().unwrap_or_default();
    let values = [("subject", subject_text.as_str()), ("role", role), ("organisation", organisation.id.as_str())];
    let say = if say.is_empty() { default_message(side) } else { say.as_str() };
    let help = fill(&parameters.help, &values);
    let mut message = fill(say, &values).replace("{count}", &count);
    let mut level = None;
    if side == Side::Gap && !organisation.managed.users {
        level = Some(Severity::Warning);
        message.push_str("; unless one of the users does, whom this roster does not manage");
    }
    Some(Breach { level, subject, message, help, place, related })
}

fn default_message(side: Side) -> &'static str {
    match side {
        Side::Gap => "too few people of {organisation} hold the role {role}: {count}",
        Side::Surplus => "too many people of {organisation} hold the role {role}: {count}",
    }
}
