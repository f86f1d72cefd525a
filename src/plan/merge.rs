//! What a person shall be, and whether two people are the same to a portal.

use crate::diagnostic::Located;
use crate::model::{Person, Text, Value};

/// What a person shall be: what the roster says, and where it is silent what the portal has. `folds_case`: the portal
/// spells mail addresses its own way.
pub fn merged(live: Option<&Person>, wanted: &Person, folds_case: bool) -> Person {
    let filled = |text: &Option<Text>| text.clone().filter(|text| !text.value.is_empty());
    let mut after = wanted.clone();
    after.previously = Vec::new();
    after.until = None;
    after.email = match (&wanted.email, live) {
        (None, Some(live)) => live.email.clone(),
        (Some(email), Some(live)) if folds_case && live.has_address(&email.value) => live.email.clone(),
        (email, _) => filled(email),
    };
    after.phone = match (&wanted.phone, live) {
        (None, Some(live)) => live.phone.clone(),
        (phone, _) => filled(phone),
    };
    if let Some(live) = live {
        for (attribute, value) in &live.attributes {
            if wanted.attribute(*attribute).is_none() {
                after.attributes.push((*attribute, Located::nowhere(value.value.clone())));
            }
        }
        after.attributes.sort_by_key(|(attribute, _)| *attribute);
    }
    after
}

/// Whether two people are the same to a portal: order in lists means nothing.
pub fn same(a: &Person, b: &Person) -> bool {
    let scalars = a.id == b.id
        && a.section == b.section
        && a.name == b.name
        && a.email == b.email
        && a.phone == b.phone
        && a.entry_type == b.entry_type
        && a.status == b.status;
    scalars && same_set(&a.roles, &b.roles) && same_set(&a.groups, &b.groups) && same_attributes(a, b)
}

fn same_set<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a == b || a.iter().all(|item| b.contains(item)) && b.iter().all(|item| a.contains(item))
}

fn same_attributes(a: &Person, b: &Person) -> bool {
    a.attributes.len() == b.attributes.len()
        && a.attributes.iter().zip(&b.attributes).all(|((left, x), (right, y))| {
            left == right
                && match (&x.value, &y.value) {
                    (Value::List(x), Value::List(y)) => same_set(x, y),
                    (x, y) => x == y,
                }
        })
}
