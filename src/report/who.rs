//! What `who` answers, as one value: the people, why, and the line that says so.

use serde::Serialize;

use crate::diagnostic::{FileId, Location, Place, nearest};
use crate::document::{Sources, locate};
use crate::model::{Answer, Organisation, Person, Roll, Why};
use crate::platform::{Dispute, EventIx, PermissionIx, Platform, RoleIx};

/// Answers of one kind, an organisation each.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answers<T> {
    /// The version of this format: 1.
    pub version: u32,
    /// Where was looked.
    pub from: Standpoint,
    /// The target, where one was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether everything there could be understood; else somebody may be missing.
    pub complete: bool,
    /// The answers.
    pub answers: Vec<T>,
}

/// Where a question looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standpoint {
    /// At what the rosters say.
    Rosters,
    /// At what is live.
    Live,
    /// At what is live, in the words of a plan.
    Before,
    /// At what is there once the plan is applied.
    After,
}

/// What is asked of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who is notified of the event.
    Notified,
    /// Who may do it.
    Can,
    /// Who holds the role.
    Holds,
}

/// An organisation as a question sees it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The organisation.
    pub organisation: &'a Organisation,
    /// Its people, from where the question looks.
    pub roll: Roll<'a>,
    /// The rosters' text.
    pub sources: &'a Sources,
    /// Whether the lines of the roster stand behind the people: not behind those who are live only.
    pub planned: bool,
}

/// The answer of one organisation to a question about a word.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The organisation.
    pub organisation: String,
    /// Whether its platform has the word; said only where it has not.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub known: bool,
    /// The people.
    pub people: Vec<Named>,
    /// Those to whom the event is assigned and who cannot be reached, where nobody else stands beside them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub black_hole: Vec<Named>,
    /// Why there is nobody, or fewer than one would think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A person of an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The id.
    pub person: String,
    /// The name.
    pub name: String,
    /// `active`, `pending` or `deactivated`.
    pub status: &'static str,
    /// Why.
    #[serde(flatten)]
    pub because: Because,
}

/// Why something is so, and the line that says it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Because {
    /// Whether the platform's documentation is clear about it.
    pub certain: bool,
    /// The reason.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The sentences that contradict each other, where it is not clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disputed: Option<Disputed>,
    /// The line of the roster; none for what is only live.
    pub location: Option<Location>,
}

/// Two sentences of a platform's documentation that contradict each other.
#[derive(Clone, Debug, Serialize)]
pub struct Disputed {
    /// The one that says yes.
    #[serde(rename = "for")]
    pub pro: String,
    /// The one that says no.
    #[serde(rename = "against")]
    pub contra: String,
}

/// All that there is to say of one person in one organisation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Portrait {
    /// The organisation.
    pub organisation: String,
    /// The id.
    pub person: String,
    /// The name.
    pub name: String,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `users` or `contacts`.
    pub section: &'static str,
    /// `active`, `pending` or `deactivated`.
    pub status: &'static str,
    /// The line of the entry.
    pub location: Option<Location>,
    /// The roles.
    pub roles: Vec<Held>,
    /// The permission groups.
    pub permission_groups: Vec<Held>,
    /// What the person may do.
    pub permissions: Vec<Held>,
    /// What the person reaches, as `APPLICATION:LEVEL`: the highest level of each.
    pub applications: Vec<Held>,
    /// What the person is notified of.
    pub events: Vec<Held>,
}

/// Something that a person has.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// Why.
    #[serde(flatten)]
    pub because: Because,
}

impl Asked {
    /// What sort of word it is.
    pub fn noun(self) -> &'static str {
        match self {
            Asked::Notified => "event",
            Asked::Can => "permission",
            Asked::Holds => "role",
        }
    }

    /// The words that a platform has for it, those of levels after all others.
    pub fn words(self, platform: &Platform) -> Vec<String> {
        match self {
            Asked::Notified => platform.events.iter().map(|event| event.id.to_string()).collect(),
            Asked::Holds => platform.roles.iter().map(|role| role.id.to_string()).collect(),
            Asked::Can => {
                let levels = platform.applications.iter().flat_map(|application| {
                    application.levels.iter().map(move |level| format!("{}:{level}", application.id))
                });
                platform.permissions.iter().map(|permission| permission.id.to_string()).chain(levels).collect()
            }
        }
    }
}

impl Seen<'_> {
    /// Answers a question about a word.
    pub fn reply(&self, asked: Asked, word: &str) -> Reply {
        let platform = self.roll.view.platform;
        let mut reply = Reply {
            organisation: self.organisation.id.to_string(),
            known: true,
            people: Vec::new(),
            black_hole: Vec::new(),
            note: None,
        };
        let event = platform.event(word).filter(|_| asked == Asked::Notified);
        let answers = match asked {
            Asked::Notified => event.map(|event| self.roll.notified(event)),
            Asked::Can => self.roll.able_to(word),
            Asked::Holds => platform.role(word).map(|role| {
                let holders = self.roll.holders(role).iter();
                holders.map(|person| Answer { person, why: Why::Holds(role) }).collect()
            }),
        };
        let Some(answers) = answers else {
            reply.known = false;
            reply.note = Some(format!("{} has no {} `{word}`", platform.name, asked.noun()));
            return reply;
        };
        let named = |answer: &Answer<'_>| self.named(answer);
        reply.people = answers.iter().map(named).collect();
        let lost = event.map(|event| self.roll.black_hole(event)).unwrap_or_default();
        let mut lost: Vec<Answer<'_>> =
            lost.into_iter().map(|(person, role)| Answer { person, why: Why::Holds(role) }).collect();
        let mut seen = std::collections::HashSet::new();
        lost.retain(|answer| seen.insert((answer.person.section, &answer.person.id)));
        reply.black_hole = lost.iter().map(named).collect();
        reply.note = match event {
            Some(event) if !lost.is_empty() => Some(self.lost(event, &lost)),
            _ if answers.is_empty() => self.silence(asked, word),
            _ => None,
        };
        reply
    }

    /// Everything about the person with this id, earlier id or mail address, where the organisation has them.
    pub fn portrait(&self, word: &str) -> Option<Portrait> {
        let (platform, person) = (self.roll.view.platform, self.find(word)?);
        let held = |id: &str, answer: Answer<'_>| Held { id: id.to_owned(), because: self.why(&answer) };
        let plain = |id: &str, place: &dyn Fn(&Person) -> Place| {
            let because =
                Because { certain: true, reason: String::new(), disputed: None, location: self.line(person, place) };
            Held { id: id.to_owned(), because }
        };
        let roles = person.roles.iter();
        let roles = roles.map(|held| plain(&platform[held.role].id, &|person| person.role_place(held.role)));
        let groups = person.groups.iter();
        let groups = groups.map(|group| plain(&group.value, &|person| person.group_place(&group.value)));
        let permissions = (0..platform.permissions.len()).map(|index| PermissionIx(index as u16));
        let permissions = permissions.filter_map(|permission| {
            let why = self.roll.grant(person, permission)?;
            Some(held(&platform[permission].id, Answer { person, why }))
        });
        let mut reached = std::collections::BTreeMap::new();
        for (application, level, group) in self.roll.view.access(person) {
            let highest = reached.entry(application).or_insert((level, group));
            if level > highest.0 {
                *highest = (level, group);
            }
        }
        let applications = reached.into_iter().map(|(application, (level, group))| {
            let id = format!("{}:{}", platform[application].id, platform[application].levels[level.0 as usize]);
            held(&id, Answer { person, why: Why::Group(group.id.clone(), application, level) })
        });
        let events = (0..platform.events.len()).map(|index| EventIx(index as u16));
        let events = events.filter_map(|event| {
            let mut notified = self.roll.notified(event).into_iter();
            let answer = notified.find(|answer| std::ptr::eq(answer.person, person))?;
            Some(held(&platform[event].id, answer))
        });
        Some(Portrait {
            organisation: self.organisation.id.to_string(),
            person: person.id.to_string(),
            name: person.name.value.to_string(),
            email: person.email.as_ref().map(|email| email.value.to_string()).filter(|email| !email.is_empty()),
            section: person.section.as_str(),
            status: person.status.value.as_str(),
            location: self.line(person, &Person::place),
            roles: roles.collect(),
            permission_groups: groups.collect(),
            permissions: permissions.collect(),
            applications: applications.collect(),
            events: events.collect(),
        })
    }

    /// The id that is most like a word.
    pub fn nearest(&self, word: &str) -> Option<String> {
        nearest(word, self.roll.people.iter().map(|person| person.id.as_str())).map(str::to_owned)
    }

    fn find(&self, word: &str) -> Option<&Person> {
        let people = || self.roll.people.iter().copied();
        let has_id = |id: &str| people().find(|person| person.id == id);
        let has_address = || people().find(|person| person.has_address(word));
        let had_id = || {
            let mut wanted = self.organisation.people.iter();
            has_id(&wanted.find(|person| person.previously.iter().any(|id| id == word))?.id)
        };
        has_id(word).or_else(has_address).or_else(had_id)
    }

    fn named(&self, answer: &Answer<'_>) -> Named {
        let mut because = self.why(answer);
        let status = answer.person.status.value.as_str();
        if !answer.person.active() {
            because.reason = format!("{}, {status}", because.reason);
        }
        let (person, name) = (answer.person.id.to_string(), answer.person.name.value.to_string());
        Named { person, name, status, because }
    }

    fn why(&self, answer: &Answer<'_>) -> Because {
        let platform = self.roll.view.platform;
        let quotes = |dispute: &Dispute| Disputed { pro: dispute.pro.to_string(), contra: dispute.contra.to_string() };
        Because {
            certain: answer.certain(),
            reason: answer.reason(platform),
            disputed: answer.dispute(platform).map(quotes),
            location: self.line(answer.person, &|person| Answer { person, why: answer.why.clone() }.place()),
        }
    }

    /// The line of the roster for a person, where there is one.
    fn line(&self, person: &Person, place: &dyn Fn(&Person) -> Place) -> Option<Location> {
        // Whom no step touches came from the portal: the roster says the same in its own line.
        let wanted = || self.organisation.entry(person.section, &person.id).filter(|_| self.planned);
        let written = if person.file == FileId::NONE { wanted()? } else { person };
        Some(locate(self.sources, &place(written)))
    }

    fn lost(&self, event: EventIx, lost: &[Answer<'_>]) -> String {
        let who: Vec<String> =
            lost.iter().map(|answer| format!("{} ({})", answer.person.id, answer.person.status.value)).collect();
        let falls = match self.roll.view.platform[event].fallback.is_empty() {
            true => "",
            false => "; whether it falls back is not documented",
        };
        format!("assigned to {} only{falls}", who.join(", "))
    }

    /// Why there is nobody.
    fn silence(&self, asked: Asked, word: &str) -> Option<String> {
        let view = &self.roll.view;
        let platform = view.platform;
        let no_active = |roles: Vec<RoleIx>| {
            let mut ids: Vec<&str> = Vec::new();
            for role in roles {
                let id = platform[role].id.as_str();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            let holders = format!("no active person holds {}", ids.join(" or "));
            (!ids.is_empty()).then_some(holders)
        };
        match asked {
            Asked::Holds => None,
            Asked::Notified => {
                let event = platform.event(word)?;
                if !self.roll.exists(event) {
                    return Some("the event does not arise for this organisation".to_owned());
                }
                let event = &platform[event];
                let roles = [&event.to, &event.fallback, &event.always, &event.copy];
                no_active(roles.into_iter().flatten().copied().collect())
            }
            Asked::Can => {
                let group = |level: &str| format!("no active person is in a permission group that gives {level}");
                let Some(permission) = platform.permission(word) else { return Some(group(word)) };
                let permission = &platform[permission];
                if permission.when.as_ref().is_some_and(|when| !view.holds_here(when)) {
                    return Some("the permission does not exist for this organisation".to_owned());
                }
                let within = permission.within.iter().map(|(role, _)| *role);
                let roles = no_active(permission.roles.iter().copied().chain(within).collect());
                let level = permission.application.map(|(application, level)| {
                    let application = &platform[application];
                    group(&format!("{}:{}", application.id, application.levels[level.0 as usize]))
                });
                let reasons: Vec<String> = roles.into_iter().chain(level).collect();
                (!reasons.is_empty()).then(|| reasons.join(", and "))
            }
        }
    }
}
