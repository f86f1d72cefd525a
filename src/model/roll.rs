//! Who holds what, who is told what, who may do what, and why: the questions that everything else asks.

use smol_str::SmolStr;

use super::{Group, Person, View};
use crate::platform::{ApplicationIx, AttributeType, EventIx, LevelIx, PermissionIx, RoleIx};

/// The people of an organisation, by role.
#[derive(Debug)]
pub struct Roll<'a> {
    /// The surroundings.
    pub view: View<'a>,
    /// The people.
    pub people: Vec<&'a Person>,
    holders: Vec<Vec<&'a Person>>,
}

/// A person in an answer, and why.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The person.
    pub person: &'a Person,
    /// The reason.
    pub why: Why,
}

/// Why a person belongs to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Holds the role.
    Holds(RoleIx),
    /// Holds the role and is contacted before its other holders.
    First(RoleIx),
    /// Holds the role, which gets a copy.
    Copy(RoleIx),
    /// Belongs to the group, which gives the level on the application.
    Group(SmolStr, ApplicationIx, LevelIx),
}

impl<'a> Roll<'a> {
    /// Calls the roll.
    pub fn new(view: View<'a>, people: impl IntoIterator<Item = &'a Person>) -> Roll<'a> {
        let mut holders = vec![Vec::new(); view.platform.roles.len()];
        let people: Vec<&Person> = people.into_iter().collect();
        for person in &people {
            for held in &person.roles {
                holders[held.role.0 as usize].push(*person);
            }
        }
        Roll { view, people, holders }
    }

    /// Everyone who holds a role, in the order of the roster.
    pub fn holders(&self, role: RoleIx) -> &[&'a Person] {
        &self.holders[role.0 as usize]
    }

    /// Who is notified of an event: those contacted first, then the others, then those who get a copy. Nobody where
    /// the event does not exist for the organisation.
    pub fn notified(&self, event: EventIx) -> Vec<Answer<'a>> {
        let event = &self.view.platform[event];
        if event.when.as_ref().is_some_and(|when| !self.view.holds_here(when)) {
            return Vec::new();
        }
        let mut answers: Vec<Answer<'a>> = Vec::new();
        for role in &event.to {
            let (first, others): (Vec<_>, Vec<_>) =
                self.reachable(*role).partition(|person| self.comes_first(person, *role));
            answers.extend(first.into_iter().map(|person| Answer { person, why: Why::First(*role) }));
            answers.extend(others.into_iter().map(|person| Answer { person, why: Why::Holds(*role) }));
        }
        for role in &event.copy {
            answers.extend(self.reachable(*role).map(|person| Answer { person, why: Why::Copy(*role) }));
        }
        let mut seen = std::collections::HashSet::new();
        answers.retain(|answer| seen.insert((answer.person.section, answer.person.id.clone())));
        answers
    }

    /// Who may do something.
    pub fn able(&self, permission: PermissionIx) -> Vec<Answer<'a>> {
        let able =
            self.people.iter().filter_map(|person| self.grant(person, permission).map(|why| Answer { person, why }));
        able.collect()
    }

    /// Who may do what a word says: a permission, or `APPLICATION:LEVEL`. Nothing where there is no such word.
    pub fn able_to(&self, word: &str) -> Option<Vec<Answer<'a>>> {
        let platform = self.view.platform;
        if let Some(permission) = platform.permission(word) {
            return Some(self.able(permission));
        }
        let (application, level) = word.split_once(':')?;
        let application = platform.application(application)?;
        let level = platform[application].level(level)?;
        let why = |person: &&'a Person| {
            let mut giving =
                self.view.access(person).filter(|(reached, at, _)| *reached == application && *at >= level);
            giving.next().map(|(_, at, group)| Why::Group(group.id.clone(), application, at))
        };
        Some(self.people.iter().filter_map(|person| why(person).map(|why| Answer { person, why })).collect())
    }

    /// Why a person may do something, where they may.
    pub fn grant(&self, person: &Person, permission: PermissionIx) -> Option<Why> {
        grant(&self.view, person, permission)
    }

    fn reachable(&self, role: RoleIx) -> impl Iterator<Item = &'a Person> + '_ {
        self.holders(role).iter().copied().filter(|person| person.active())
    }

    fn comes_first(&self, person: &Person, role: RoleIx) -> bool {
        let platform = self.view.platform;
        let lists = person.attributes.iter().filter(|(ix, _)| platform[*ix].value_type == AttributeType::Roles);
        lists.into_iter().any(|(ix, _)| person.primary(*ix, &platform[role].id))
    }
}

/// Why a person may do something, where they may.
pub fn grant(view: &View<'_>, person: &Person, permission: PermissionIx) -> Option<Why> {
    if !person.active() {
        return None;
    }
    let permission = &view.platform[permission];
    if let Some(role) = permission.roles.iter().find(|role| person.holds(**role)) {
        return Some(Why::Holds(*role));
    }
    let (application, level) = permission.application?;
    let giving = |(reached, at, group): (ApplicationIx, LevelIx, &Group)| {
        (reached == application && at >= level).then(|| Why::Group(group.id.clone(), reached, at))
    };
    view.access(person).find_map(giving)
}

impl Why {
    /// The reason in words, to follow a person's id.
    pub fn words(&self, platform: &crate::platform::Platform) -> String {
        match self {
            Why::Holds(role) => format!("holds {}", platform[*role].id),
            Why::First(role) => format!("holds {}, contacted first", platform[*role].id),
            Why::Copy(role) => format!("holds {}, gets a copy", platform[*role].id),
            Why::Group(group, application, level) => {
                let application = &platform[*application];
                format!("in {group}, which gives {}:{}", application.id, application.levels[level.0 as usize])
            }
        }
    }
}
