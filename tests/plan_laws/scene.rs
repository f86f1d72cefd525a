//! Random rosters and what is live: two sides that plans are made from.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;
use rosterctl::diagnostic::{FileId, Located, Place, Span};
use rosterctl::document::Sources;
use rosterctl::document::roster::{Agreement, Relationship, Size};
use rosterctl::document::workspace::{Level, Removal};
use rosterctl::live::{Applied, Completeness, Entry, Live};
use rosterctl::model::{Day, Group, Held, Managed, Organisation, Person, Profile, Value};
use rosterctl::plan::document::{PlanDocument, TargetRef};
use rosterctl::plan::{Guards, Limit, Options, plan};
use rosterctl::platform::{Platform, Section, State};
use rosterctl::rules::Levels;

use crate::common::portal;
use crate::platforms::{LIFELONG, PLATFORMS};

pub const IDS: [&str; 6] = ["ada", "ben", "cleo", "dan", "eva", "fay"];
pub const GROUPS: [&str; 3] = ["admins", "desk", "finance"];
pub const APPLICATIONS: [&str; 3] = ["users-and-permissions", "service-desk", "csp"];

/// A person before the words are looked up. Masks and numbers choose from short lists, so that things coincide often.
#[derive(Clone, Debug)]
pub struct RawPerson {
    pub id: usize,
    pub contact: bool,
    pub name: u8,
    pub email: Option<u8>,
    pub capitals: bool,
    pub phone: Option<bool>,
    pub roles: u8,
    pub groups: u8,
    /// Among what is wanted, who is pending is active.
    pub state: State,
    pub service_now: Option<bool>,
    pub signing: Option<bool>,
    pub first: Option<u8>,
    pub previously: Option<usize>,
    pub managed: bool,
}

#[derive(Clone, Debug)]
pub struct RawGroup {
    pub id: usize,
    pub name: u8,
    pub access: [u8; 3],
    pub previously: Option<usize>,
    pub managed: bool,
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub struct Raw {
    pub people: Vec<RawPerson>,
    pub groups: Vec<RawGroup>,
}

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub struct Scene {
    pub platform: usize,
    pub wanted: Raw,
    pub live: Raw,
    pub managed: [bool; 3],
    pub strict: [bool; 3],
    pub prune: bool,
    pub removal: Removal,
    /// Who acts, where somebody does.
    pub actor: Option<&'static str>,
    /// Whether every rule may be left open.
    pub lenient: bool,
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![5 => Just(State::Active), 2 => Just(State::Deactivated), 2 => Just(State::Pending)]
}

fn raw_person() -> impl Strategy<Value = RawPerson> {
    let sparse = |below: u8| (0..below, 0..below).prop_map(|(one, other)| one & other);
    let who = (0..IDS.len(), prop::bool::weighted(0.3), 0..3u8, prop::option::weighted(0.8, 0..7u8), prop::bool::ANY);
    let what = (prop::option::of(prop::bool::ANY), sparse(32), sparse(8), state());
    let traits = (
        prop::option::of(prop::bool::weighted(0.8)),
        prop::option::weighted(0.7, prop::bool::weighted(0.8)),
        prop::option::weighted(0.3, sparse(32)),
        prop::option::weighted(0.2, 0..IDS.len()),
        prop::bool::weighted(0.85),
    );
    (who, what, traits).prop_map(|(who, what, traits)| RawPerson {
        id: who.0,
        contact: who.1,
        name: who.2,
        email: who.3,
        capitals: who.4,
        phone: what.0,
        roles: what.1,
        groups: what.2,
        state: what.3,
        service_now: traits.0,
        signing: traits.1,
        first: traits.2,
        previously: traits.3,
        managed: traits.4,
    })
}

pub fn raw_group() -> impl Strategy<Value = RawGroup> {
    let access = [0..3u8, 0..3u8, 0..3u8];
    (0..GROUPS.len(), 0..4u8, access, prop::option::weighted(0.2, 0..GROUPS.len()), prop::bool::weighted(0.85))
        .prop_map(|(id, name, access, previously, managed)| RawGroup { id, name, access, previously, managed })
}

pub fn raw() -> impl Strategy<Value = Raw> {
    (prop::collection::vec(raw_person(), 0..6), prop::collection::vec(raw_group(), 0..4))
        .prop_map(|(people, groups)| Raw { people, groups })
}

/// Two sides, of which the second is often the first with a few changes: those plans are the interesting ones.
pub fn scene() -> impl Strategy<Value = Scene> {
    scene_on(0..PLATFORMS.len())
}

/// The same, on some of the platforms.
pub fn scene_on(platforms: Range<usize>) -> impl Strategy<Value = Scene> {
    let sides = (raw(), raw(), prop::bool::weighted(0.6), prop::collection::vec(prop::bool::weighted(0.6), 12));
    let actor = prop::option::of(prop::sample::select([&IDS[..], &["zoe"]].concat()));
    let rest = (
        platforms,
        [prop::bool::weighted(0.9), prop::bool::weighted(0.9), prop::bool::weighted(0.9)],
        prop::array::uniform3(prop::bool::ANY),
        prop::bool::weighted(0.3),
        prop::sample::select(vec![Removal::Deactivate, Removal::Delete]),
        actor,
        prop::bool::ANY,
    );
    (sides, rest).prop_map(
        |((live, other, near, keep), (platform, managed, strict, prune, removal, actor, lenient))| {
            let mut wanted = other;
            if near {
                let (fresh_people, fresh_groups) = (wanted.people, wanted.groups);
                let kept = live.people.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(person, _)| person.clone());
                let kept_groups =
                    live.groups.iter().zip(&keep[8..]).filter(|(_, keep)| **keep).map(|(group, _)| group.clone());
                wanted = Raw {
                    people: fresh_people.into_iter().take(2).chain(kept).collect(),
                    groups: fresh_groups.into_iter().take(1).chain(kept_groups).collect(),
                };
            }
            let scene = Scene { platform, wanted, live, managed, strict, prune, removal, actor, lenient };
            if platform == LIFELONG { scene.of_users() } else { scene }
        },
    )
}

pub fn person(
    platform: &Platform,
    raw: &RawPerson,
    emails: &mut BTreeSet<String>,
    groups: &BTreeSet<String>,
) -> Person {
    let section = if raw.contact { Section::Contacts } else { Section::Users };
    let mut person = Person::new(section, IDS[raw.id], format!("Name {}", raw.name));
    if let Some(number) = raw.email.filter(|number| emails.insert(format!("m{number}@acme.example"))) {
        let email = if raw.capitals { format!("M{number}@Acme.example") } else { format!("m{number}@acme.example") };
        person.email = Some(Located::nowhere(email.into()));
    }
    person.phone = raw.phone.map(|phone| Located::nowhere(if phone { "+32 470 00 00 01" } else { "" }.into()));
    let bits = |mask: u8, length: usize| (0..length).filter(move |bit| mask & (1 << bit) != 0);
    for role in bits(raw.roles, platform.roles.len()) {
        let role = rosterctl::platform::RoleIx(role as u16);
        person.roles.push(Held { role, index: person.roles.len() as u16, span: Span::default() });
    }
    if !raw.contact {
        let known =
            bits(raw.groups, GROUPS.len()).filter_map(|bit| groups.iter().find(|id| id.as_str() == GROUPS[bit]));
        person.groups = known.map(|id| Located::nowhere(id.as_str().into())).collect();
        if platform.transitions.iter().any(|way| way.to == raw.state) {
            person.status.value = raw.state;
        }
    }
    let mut attribute = |name: &str, value: Option<Value>| {
        let found = platform.attribute(name).zip(value);
        person.attributes.extend(found.map(|(attribute, value)| (attribute, Located::nowhere(value))));
    };
    attribute("serviceNow", raw.service_now.map(Value::Boolean));
    attribute("signingAuthority", raw.signing.map(Value::Boolean));
    let words = |mask: u8| bits(mask, platform.roles.len()).map(|bit| Located::nowhere(platform.roles[bit].id.clone()));
    attribute("primaryFor", raw.first.map(|mask| Value::List(words(mask).collect())));
    person.attributes.sort_by_key(|(attribute, _)| *attribute);
    person
}

pub fn group(platform: &Platform, raw: &RawGroup) -> Group {
    let access = APPLICATIONS.iter().zip(raw.access).filter(|(_, level)| *level > 0).map(|(application, level)| {
        (platform.application(application).unwrap(), rosterctl::platform::LevelIx(level - 1), Span::default())
    });
    let mut applications: Vec<_> = access.collect();
    applications.sort_by_key(|(application, ..)| *application);
    Group { applications, ..portal::group(GROUPS[raw.id], &format!("Group {}", raw.name)) }
}

/// Keeps the first entry of every id, or whatever else tells them apart.
pub fn unique<T: Clone>(items: &[T], id: impl Fn(&T) -> usize) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.iter().filter(|item| seen.insert(id(item))).cloned().collect()
}

impl Scene {
    /// A scene of two sides, with nobody in particular who acts.
    pub fn between(platform: usize, live: Raw, wanted: Raw) -> Scene {
        let managed = [true, true, false];
        let (strict, prune, removal, actor, lenient) = ([false; 3], false, Removal::Deactivate, None, false);
        Scene { platform, wanted, live, managed, strict, prune, removal, actor, lenient }
    }

    /// The same without contacts and groups, for a portal that knows only users.
    fn of_users(mut self) -> Scene {
        for side in [&mut self.live, &mut self.wanted] {
            side.people.iter_mut().for_each(|person| person.contact = false);
            side.groups.clear();
        }
        self.managed = [self.managed[0], false, false];
        self
    }

    pub fn platform(&self) -> Arc<Platform> {
        PLATFORMS[self.platform].clone()
    }

    pub fn levels(&self) -> Levels {
        let rules = ["technical-order", "dpo-missing", "technical-missing"];
        let strict = rules.iter().zip(self.strict).filter(|(_, strict)| *strict);
        Levels(strict.map(|(rule, _)| (format!("{}/{rule}", self.platform().id).into(), Level::Error)).collect())
    }

    pub fn options(&self) -> Options {
        let no_limit = Limit { count: u32::MAX, percent: 100 };
        Options {
            removal: self.removal,
            prune: self.prune,
            allow_removals: None,
            allow_grants: None,
            allow_open: self.platform().rules.iter().map(|rule| rule.id.to_string()).collect(),
            actor: None,
            guards: Guards { max_removals: no_limit, max_grants: no_limit },
            levels: self.levels(),
            today: Day("2026-01-01".parse().unwrap()),
        }
    }

    /// The options with the acting person of the scene, and rules left open only where the scene says so.
    pub fn acted(&self) -> Options {
        let options = self.options();
        let allow_open = if self.lenient { options.allow_open.clone() } else { Vec::new() };
        Options { actor: self.actor.map(Into::into), allow_open, ..options }
    }

    pub fn profile(&self) -> Profile {
        Profile {
            name: None,
            domains: vec!["acme.example".into()],
            size: Some(Size::Small),
            services: vec!["secwise-watch".into()],
            agreement: Some(Agreement::Signed),
            relationship: Some(Relationship::Direct),
        }
    }

    pub fn live(&self) -> Live {
        let platform = self.platform();
        let groups = unique(&self.live.groups, |group| group.id);
        let groups: Vec<Entry<Group>> = groups
            .iter()
            .enumerate()
            .map(|(index, raw)| {
                let handle = format!("g-{:06}", index + 1);
                let mut object = group(&platform, raw);
                if !raw.managed {
                    object.id = handle.as_str().into();
                }
                Entry { object, handle: handle.into(), managed: raw.managed, applied: Applied::Unknown }
            })
            .collect();
        let word =
            |raw: &RawGroup, handle: &str| if raw.managed { GROUPS[raw.id].to_owned() } else { handle.to_owned() };
        let words: HashMap<&str, String> = unique(&self.live.groups, |group| group.id)
            .iter()
            .zip(&groups)
            .map(|(raw, entry)| (GROUPS[raw.id], word(raw, &entry.handle)))
            .collect();
        let known: BTreeSet<String> = words.keys().map(|id| (*id).to_owned()).collect();
        let mut emails = BTreeSet::new();
        let people = unique(&self.live.people, |person| person.id);
        let people: Vec<Entry<Person>> = people
            .iter()
            .enumerate()
            .map(|(index, raw)| {
                let handle = format!("p-{:06}", index + 1);
                let mut object = person(&platform, raw, &mut emails, &known);
                object.phone = object.phone.filter(|phone| !phone.value.is_empty());
                for group in &mut object.groups {
                    group.value = words[group.value.as_str()].as_str().into();
                }
                if !raw.managed {
                    object.id = handle.as_str().into();
                }
                Entry { object, handle: handle.into(), managed: raw.managed, applied: Applied::Unknown }
            })
            .collect();
        let count = people.len() + groups.len();
        let proof = Completeness { read: count, announced: count };
        Live { people, groups, proof, ..Live::default() }
    }

    pub fn organisation(&self) -> Organisation {
        let platform = self.platform();
        let [users, contacts, with_groups] = self.managed;
        let mut groups = Vec::new();
        let known: BTreeSet<String> = if with_groups {
            for raw in unique(&self.wanted.groups, |group| group.id) {
                let previously = raw.previously.filter(|id| *id != raw.id).map(|id| GROUPS[id].into());
                groups.push(Group { previously: previously.into_iter().collect(), ..group(&platform, &raw) });
            }
            groups.iter().map(|group| group.id.to_string()).collect()
        } else {
            self.live().groups.iter().filter(|entry| entry.managed).map(|entry| entry.object.id.to_string()).collect()
        };
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        let mut emails = BTreeSet::new();
        let mut people: Vec<Person> = unique(&self.wanted.people, |person| person.id)
            .iter()
            .filter(|raw| if raw.contact { contacts } else { users })
            .map(|raw| {
                let previously = raw.previously.filter(|id| *id != raw.id).map(|id| IDS[id].into());
                let mut person = person(&platform, raw, &mut emails, &known);
                if person.status.value == State::Pending {
                    person.status.value = State::Active;
                }
                Person { previously: previously.into_iter().collect(), ..person }
            })
            .collect();
        people.sort_by(|a, b| (a.section, &a.id).cmp(&(b.section, &b.id)));
        Organisation {
            asked: Vec::new(),
            id: "acme".into(),
            platform,
            place: Place { file: FileId(0), span: Span::default(), pointer: "/platform".to_owned() },
            profile: self.profile(),
            people,
            expired: Vec::new(),
            groups,
            managed: Managed { users, contacts, groups: with_groups },
            expectations: Vec::new(),
            waivers: Vec::new(),
        }
    }
}

pub fn sources() -> Sources {
    Sources::from_texts([("acme.yaml".to_owned(), String::new())])
}

pub fn target() -> TargetRef {
    TargetRef { name: "sandbox".to_owned(), kind: "embedded".to_owned(), identity: "portal.db".to_owned() }
}

pub fn planned(organisation: &Organisation, live: &Live, options: &Options) -> PlanDocument {
    // Placeless: the text is empty, and so is every span.
    let mut organisation = organisation.clone();
    organisation.people.iter_mut().for_each(|person| person.file = FileId(0));
    organisation.groups.iter_mut().for_each(|group| group.file = FileId(0));
    plan(&[(&organisation, live)], target(), options, &sources(), &[]).0
}

pub fn has_finding(document: &PlanDocument, rule: &str) -> bool {
    document.diagnostics.iter().any(|finding| finding.rule == rule)
}

/// An entry by hand, for the cases that have a name.
pub fn someone(id: usize, roles: &[&str], platform: &Platform) -> RawPerson {
    let mask = roles.iter().map(|role| 1u8 << platform.role(role).unwrap().0).sum();
    RawPerson {
        id,
        contact: false,
        name: 0,
        email: Some(id as u8),
        capitals: false,
        phone: Some(true),
        roles: mask,
        groups: 0,
        state: State::Active,
        service_now: Some(true),
        signing: Some(true),
        first: None,
        previously: None,
        managed: true,
    }
}
