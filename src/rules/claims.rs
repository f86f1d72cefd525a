//! Template `claims`: expectations do not ask a permission of people to whom the platform does not give it.

use super::{Breach, fill};
use crate::model::{Organisation, Roll};
use crate::platform::Claims;

/// The people whom expectations name as able to do something that they may not do, each with the expectation.
pub(super) fn breaches(parameters: &Claims, organisation: &Organisation, roll: &Roll<'_>) -> Vec<Breach> {
    let permission = &roll.view.platform[parameters.permission].id;
    let mut found = Vec::new();
    for stated in &organisation.expectations {
        let Some(can) = &stated.value.can else { continue };
        if can.what.0.as_ref().is_none_or(|word| word.value != *permission) {
            continue;
        }
        let named = can.claim.exactly.iter().chain(&can.claim.includes).flatten();
        let named = named.filter_map(|word| organisation.person(&word.value));
        for person in named.filter(|person| roll.grant(person, parameters.permission).is_none()) {
            let values = [("subject", person.id.as_str()), ("organisation", organisation.id.as_str())];
            found.push(Breach {
                level: None,
                subject: Some(person.id.clone()),
                message: fill(&parameters.say, &values),
                help: fill(&parameters.help, &values),
                place: stated.place.clone(),
                related: Vec::new(),
            });
        }
    }
    found
}
