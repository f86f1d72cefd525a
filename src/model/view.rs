//! What conditions are asked of: a person in the light of the organisation's profile and groups.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::{Group, Organisation, Person, Profile, Relationship, Value};
use crate::platform::{ApplicationIx, Field, LevelIx, Platform, State, Test};

/// Groups by id.
pub type GroupIndex<'a> = HashMap<SmolStr, &'a Group>;

/// The surroundings of a person: platform, profile and the groups that give access.
#[derive(Debug)]
pub struct View<'a> {
    /// The platform.
    pub platform: &'a Platform,
    /// Facts about the organisation.
    pub profile: &'a Profile,
    /// The permission groups.
    pub groups: GroupIndex<'a>,
}

impl<'a> View<'a> {
    /// The surroundings that an organisation gives its people.
    pub fn of(organisation: &'a Organisation) -> View<'a> {
        View::with(&organisation.platform, &organisation.profile, &organisation.groups)
    }

    /// Surroundings from their parts.
    pub fn with(platform: &'a Platform, profile: &'a Profile, groups: impl IntoIterator<Item = &'a Group>) -> View<'a> {
        let groups = groups.into_iter().map(|group| (group.id.clone(), group)).collect();
        View { platform, profile, groups }
    }

    /// The applications and levels that a person reaches, each with the group that gives it.
    pub fn access<'p>(&'p self, person: &'p Person) -> impl Iterator<Item = (ApplicationIx, LevelIx, &'a Group)> + 'p {
        let groups = person.groups.iter().filter(|_| person.active()).filter_map(|id| self.groups.get(&id.value));
        groups.flat_map(|group| group.applications.iter().map(|(application, level, _)| (*application, *level, *group)))
    }

    /// Whether a person reaches a level of an application.
    pub fn reaches(&self, person: &Person, application: ApplicationIx, level: LevelIx) -> bool {
        self.access(person).any(|(reached, at, _)| reached == application && at >= level)
    }

    /// Whether a condition holds of the organisation alone.
    pub fn holds_here(&self, test: &Test) -> bool {
        self.ask(test, None)
    }

    /// Whether a condition holds of a person.
    pub fn holds(&self, test: &Test, person: &Person) -> bool {
        self.ask(test, Some(person))
    }

    fn ask(&self, test: &Test, person: Option<&Person>) -> bool {
        let of = |fits: &dyn Fn(&Person) -> bool| person.is_some_and(fits);
        match test {
            Test::All(tests) => tests.iter().all(|test| self.ask(test, person)),
            Test::Any(tests) => tests.iter().any(|test| self.ask(test, person)),
            Test::Not(test) => !self.ask(test, person),
            Test::AttributeIs(attribute, wanted) => of(&|person| {
                let value = person.attribute(*attribute).map(|value| &value.value);
                value.map_or(!wanted, |value| *value == Value::Boolean(*wanted))
            }),
            Test::AttributeIncludes(attribute, words) => {
                of(&|person| person.words(*attribute).iter().any(|word| words.contains(&word.value)))
            }
            Test::HasAttribute(attribute) => of(&|person| {
                person.attribute(*attribute).is_some_and(|value| match &value.value {
                    Value::Boolean(_) => true,
                    Value::Text(text) => !text.is_empty(),
                    Value::List(words) => !words.is_empty(),
                })
            }),
            Test::Reaches(application, level) => of(&|person| self.reaches(person, *application, *level)),
            Test::Has(field) => of(&|person| has(person, *field)),
            Test::InSection(section) => of(&|person| person.section == *section),
            Test::IsType(entry_type) => of(&|person| person.entry_type.value == *entry_type),
            Test::HasStatus(status) => of(&|person| person.status.value == State::from(*status)),
            Test::HoldsRole(role) => of(&|person| person.holds(*role)),
            Test::OnlyRole(role) => of(&|person| person.roles.iter().all(|held| held.role == *role)),
            Test::OwnDomain => of(&|person| self.in_own_domain(person)),
            Test::Services(services) => services.iter().any(|service| self.profile.services.contains(service)),
            Test::IsSize(size) => self.profile.size == Some(*size),
            Test::AgreementIs(agreement) => self.profile.agreement == Some(*agreement),
            Test::RelationshipIn(ways) => ways.contains(&self.profile.relationship.unwrap_or(Relationship::Direct)),
            Test::HasDomains => !self.profile.domains.is_empty(),
        }
    }

    fn in_own_domain(&self, person: &Person) -> bool {
        let Some((_, domain)) = person.email.as_ref().and_then(|email| email.value.rsplit_once('@')) else {
            return false;
        };
        let domain = domain.to_ascii_lowercase();
        self.profile.domains.iter().any(|own| {
            domain == own.as_str() || domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.'))
        })
    }
}

fn has(person: &Person, field: Field) -> bool {
    let filled = |text: &Option<super::Text>| text.as_ref().is_some_and(|text| !text.value.trim().is_empty());
    match field {
        Field::Email => filled(&person.email),
        Field::Phone => filled(&person.phone),
        Field::Roles => !person.roles.is_empty(),
        Field::Groups => !person.groups.is_empty(),
        Field::Type | Field::Status => true,
        Field::Attributes => !person.attributes.is_empty(),
    }
}
