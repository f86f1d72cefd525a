//! Who holds what, who is told what, who may do what, and why: the questions that everything else asks.

use smol_str::SmolStr;

use super::{Group, Person, View};
use crate::diagnostic::Place;
use crate::platform::{
    ApplicationIx, AttributeIx, AttributeType, Dispute, EventIx, LevelIx, PermissionIx, Platform, RoleIx,
};

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
    /// Holds the role, to which the event falls back while nobody holds one that receives it.
    Fallback(RoleIx, EventIx),
    /// Holds the role, which is notified whoever holds the others.
    Always(RoleIx),
    /// Holds the role, of which the documentation says both that it is notified of the event and that it is not.
    Disputed(RoleIx, EventIx),
    /// Holds the role, which gives the part that the attribute says.
    Within(RoleIx, AttributeIx),
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

    /// Who is notified of an event: those contacted first, then the others, those always notified, those who get a copy;
    /// last those of whom it is disputed. Nobody where the event does not exist for the organisation.
    pub fn notified(&self, event: EventIx) -> Vec<Answer<'a>> {
        if !self.exists(event) {
            return Vec::new();
        }
        let (index, event) = (event, &self.view.platform[event]);
        let mut answers: Vec<Answer<'a>> = Vec::new();
        for role in &event.to {
            let (first, others): (Vec<_>, Vec<_>) =
                self.reachable(*role).partition(|person| self.comes_first(person, *role));
            answers.extend(first.into_iter().map(|person| Answer { person, why: Why::First(*role) }));
            answers.extend(others.into_iter().map(|person| Answer { person, why: Why::Holds(*role) }));
        }
        let mut others = |roles: &[RoleIx], why: &dyn Fn(RoleIx) -> Why| {
            for role in roles {
                answers.extend(self.reachable(*role).map(|person| Answer { person, why: why(*role) }));
            }
        };
        if event.to.iter().all(|role| self.holders(*role).is_empty()) {
            others(&event.fallback, &|role| Why::Fallback(role, index));
        }
        others(&event.always, &Why::Always);
        others(&event.copy, &Why::Copy);
        let disputed: Vec<RoleIx> = event.disputed.iter().map(|dispute| dispute.role).collect();
        others(&disputed, &|role| Why::Disputed(role, index));
        let mut seen = std::collections::HashSet::new();
        answers.retain(|answer| seen.insert((answer.person.section, answer.person.id.clone())));
        answers
    }

    /// Whether an event exists for the organisation.
    pub fn exists(&self, event: EventIx) -> bool {
        self.view.platform[event].when.as_ref().is_none_or(|when| self.view.holds_here(when))
    }

    /// Those to whom an event is assigned, each with the role, where none of them is active: it may reach nobody, since
    /// they stand in the way of its fallback.
    pub fn black_hole(&self, event: EventIx) -> Vec<(&'a Person, RoleIx)> {
        let assigned = self.view.platform[event].to.iter();
        let assigned: Vec<(&Person, RoleIx)> =
            assigned.flat_map(|role| self.holders(*role).iter().map(|person| (*person, *role))).collect();
        let lost = self.exists(event)
            && self.view.platform[event].always.is_empty()
            && assigned.iter().all(|(person, _)| !person.active());
        if lost { assigned } else { Vec::new() }
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
    if permission.when.as_ref().is_some_and(|when| !view.holds_here(when)) {
        return None;
    }
    if let Some(role) = permission.roles.iter().find(|role| person.holds(**role)) {
        return Some(Why::Holds(*role));
    }
    let part = |(role, attribute): &&(RoleIx, AttributeIx)| person.holds(*role) && !person.words(*attribute).is_empty();
    if let Some((role, attribute)) = permission.within.iter().find(part) {
        return Some(Why::Within(*role, *attribute));
    }
    let (application, level) = permission.application?;
    let giving = |(reached, at, group): (ApplicationIx, LevelIx, &Group)| {
        (reached == application && at >= level).then(|| Why::Group(group.id.clone(), reached, at))
    };
    view.access(person).find_map(giving)
}

impl Answer<'_> {
    /// The reason in words, to follow a person's id.
    pub fn reason(&self, platform: &Platform) -> String {
        let id = |role: &RoleIx| &platform[*role].id;
        match &self.why {
            Why::Holds(role) => format!("holds {}", id(role)),
            Why::First(role) => format!("holds {}, contacted first", id(role)),
            Why::Copy(role) => format!("holds {}, gets a copy", id(role)),
            Why::Group(group, application, level) => {
                let application = &platform[*application];
                format!("in {group}, which gives {}:{}", application.id, application.levels[level.0 as usize])
            }
            Why::Fallback(role, event) => {
                let roles: Vec<&str> = platform[*event].to.iter().map(|role| id(role).as_str()).collect();
                format!("because nobody holds {}, so it falls back to {}", roles.join(" or "), id(role))
            }
            Why::Always(role) => format!("holds {}, notified whoever else is", id(role)),
            Why::Disputed(role, _) => format!("disputed: holds {}, of which the platform says both", id(role)),
            Why::Within(role, attribute) => {
                let words: Vec<&str> = self.person.words(*attribute).iter().map(|word| word.value.as_str()).collect();
                format!("holds {}, within {} {} only", id(role), platform[*attribute].name, words.join(", "))
            }
        }
    }

    /// The two sentences of the platform that contradict each other, where they are the reason.
    pub fn dispute<'p>(&self, platform: &'p Platform) -> Option<&'p Dispute> {
        let Why::Disputed(role, event) = self.why else { return None };
        platform[event].disputed.iter().find(|dispute| dispute.role == role)
    }

    /// Whether the platform says clearly that the person belongs to the answer.
    pub fn certain(&self) -> bool {
        !matches!(self.why, Why::Disputed(..))
    }

    /// The line that says so: of the role held or the group.
    pub fn place(&self) -> Place {
        match (self.why.role(), &self.why) {
            (Some(role), _) => self.person.role_place(role),
            (None, Why::Group(group, ..)) => self.person.group_place(group),
            _ => self.person.place(),
        }
    }
}

impl Why {
    /// The role that is the reason.
    pub fn role(&self) -> Option<RoleIx> {
        match self {
            Why::Holds(role) | Why::First(role) | Why::Copy(role) | Why::Always(role) => Some(*role),
            Why::Fallback(role, _) | Why::Disputed(role, _) | Why::Within(role, _) => Some(*role),
            Why::Group(..) => None,
        }
    }
}
