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

/// Whether somebody who is there and in the section and state that is wanted would stay as they are: the same as asking
/// whether [`merged`] makes them another, without making it.
pub fn agrees(live: &Person, wanted: &Person, folds_case: bool) -> bool {
    // What the roster is silent about stays, and an empty text takes what is there.
    let text = |live: &Option<Text>, wanted: &Option<Text>| match (live, wanted) {
        (_, None) => true,
        (live, Some(wanted)) if wanted.value.is_empty() => live.is_none(),
        (live, Some(wanted)) => live.as_ref() == Some(wanted),
    };
    let folded = || folds_case && wanted.email.as_ref().is_some_and(|email| live.has_address(&email.value));
    live.id == wanted.id
        && live.section == wanted.section
        && live.name == wanted.name
        && (text(&live.email, &wanted.email) || folded())
        && text(&live.phone, &wanted.phone)
        && live.entry_type == wanted.entry_type
        && live.status == wanted.status
        && same_set(&live.roles, &wanted.roles)
        && same_set(&live.groups, &wanted.groups)
        && wanted.attributes.iter().all(|(attribute, value)| {
            live.attribute(*attribute).is_some_and(|own| same_value(&own.value, &value.value))
        })
}

fn same_set<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a == b || a.iter().all(|item| b.contains(item)) && b.iter().all(|item| a.contains(item))
}

fn same_attributes(a: &Person, b: &Person) -> bool {
    a.attributes.len() == b.attributes.len()
        && a.attributes
            .iter()
            .zip(&b.attributes)
            .all(|((left, x), (right, y))| left == right && same_value(&x.value, &y.value))
}

fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => same_set(a, b),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Held;
    use crate::platform::{AttributeIx, RoleIx, Section, State};

    /// People of whom each two differ in something.
    fn people() -> Vec<Person> {
        let text = |text: &str| Some(Located::nowhere(text.into()));
        let list = |words: &[&str]| Value::List(words.iter().map(|word| Located::nowhere((*word).into())).collect());
        let one = |change: &dyn Fn(&mut Person)| {
            let mut person = Person::new(Section::Users, "ada", "Ada");
            change(&mut person);
            person
        };
        let role = |role| Held { role: RoleIx(role), index: 0, span: crate::diagnostic::Span::default() };
        let attribute = |index, value| (AttributeIx(index), Located::nowhere(value));
        vec![
            one(&|_| {}),
            one(&|person| person.email = text("ada@acme.example")),
            one(&|person| person.email = text("ADA@acme.example")),
            one(&|person| person.email = text("")),
            one(&|person| person.phone = text("+32")),
            one(&|person| person.phone = text("")),
            one(&|person| person.name = Located::nowhere("Bob".into())),
            one(&|person| person.status.value = State::Deactivated),
            one(&|person| person.roles = vec![role(0), role(1)]),
            one(&|person| person.roles = vec![role(1), role(0)]),
            one(&|person| person.groups = vec![Located::nowhere("it".into())]),
            one(&|person| person.attributes = vec![attribute(0, Value::Boolean(false))]),
            one(&|person| {
                person.attributes = vec![attribute(0, Value::Boolean(true)), attribute(1, list(&["a", "b"]))]
            }),
            one(&|person| person.attributes = vec![attribute(1, list(&["b", "a"]))]),
            one(&|person| person.id = "ben".into()),
        ]
    }

    #[test]
    fn whoever_agrees_is_whom_merging_leaves_the_same() {
        let mut agreeing = 0;
        for live in people() {
            for wanted in people() {
                for folds_case in [false, true] {
                    let same = same(&live, &merged(Some(&live), &wanted, folds_case));
                    assert_eq!(agrees(&live, &wanted, folds_case), same, "{live:?} {wanted:?} {folds_case}");
                    agreeing += usize::from(same);
                }
            }
        }
        assert!(agreeing > 2 * people().len(), "silence agrees with much");
    }
}
