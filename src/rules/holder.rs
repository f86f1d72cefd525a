//! Template `holder`: roles are held only by those who may, as the role's `heldBy` says.

use super::Breach;
use crate::model::{EntryType, Person, View};
use crate::platform::{Holder, Rule, Section};

/// The roles that a person holds and may not.
pub(super) fn breaches(rule: &Rule, view: &View<'_>, person: &Person) -> Vec<Breach> {
    let (kind, kind_text) = match (person.section, person.entry_type.value) {
        (_, EntryType::DistributionList) => (Holder::DistributionList, "a distribution list"),
        (Section::Users, EntryType::Person) => (Holder::User, "a user"),
        (_, EntryType::Person) => (Holder::Contact, "a contact without access"),
    };
    let forbidden = person.roles.iter().filter(|held| !view.platform[held.role].held_by.contains(&kind));
    let breach = |role: crate::platform::RoleIx| {
        let role_data = &view.platform[role];
        let allowed: Vec<&str> = role_data.held_by.iter().map(|holder| holder.as_str()).collect();
        let open = view.platform.roles.iter().filter(|other| other.held_by.contains(&kind));
        let open: Vec<&str> = open.map(|other| other.id.as_str()).collect();
        let because = if rule.source.is_empty() { String::new() } else { format!(": \"{}\"", rule.source) };
        let place = person.role_place(role);
        let key = person.field_place(crate::platform::Field::Type);
        let related = (key != person.place())
            .then(|| crate::diagnostic::Related { place: key, message: format!("`{}` is {kind_text}", person.id) });
        Breach {
            level: None,
            subject: Some(person.id.clone()),
            message: format!(
                "`{}` is {kind_text} and cannot hold `{}`, which is for {}{because}",
                person.id,
                role_data.id,
                allowed.join(" or ")
            ),
            help: format!("name a person for it; {kind_text} may hold: {}", open.join(", ")),
            place,
            related: related.into_iter().collect(),
        }
    };
    forbidden.map(|held| breach(held.role)).collect()
}
