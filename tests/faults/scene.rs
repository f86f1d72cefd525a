//! Random rosters before and after a change, on a platform without rules of its own: nothing but faults is in the way.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use rosterctl::diagnostic::{FileId, Located, Place, Span};
use rosterctl::document::Sources;
use rosterctl::document::workspace::Removal;
use rosterctl::live::Live;
use rosterctl::live::object::value_json;
use rosterctl::model::{Day, EntryType, Group, Held, Managed, Organisation, Person, Profile, Value};
use rosterctl::plan::document::{PlanDocument, TargetRef};
use rosterctl::plan::{Guards, Limit, Options, plan};
use rosterctl::platform::{LevelIx, Platform, RoleIx, Section, State};
use rosterctl::rules::Levels;
use serde_json::{Map, Value as Json, json};

use crate::common::portal;

pub const ORGANISATION: &str = "acme";
pub const IDS: [&str; 7] = ["ada", "ben", "cleo", "dan", "eva", "fay", "gus"];
pub const ROLES: [&str; 3] = ["operator", "auditor", "billing"];
pub const GROUPS: [&str; 3] = ["admins", "desk", "finance"];

/// The platform, as a file of its own too.
pub const PLATFORM_TEXT: &str = "
version: 1
id: fleet
name: Fleet portal
sections: [users, contacts, permissionGroups]
roles:
  operator: { name: Operator, heldBy: [user, contact, distribution-list] }
  auditor: { name: Auditor, heldBy: [user, contact, distribution-list] }
  billing: { name: Billing, heldBy: [user, contact, distribution-list] }
attributes:
  signing: { type: boolean, summary: Signs. }
  office: { type: text, summary: Where. }
  languages: { type: list, summary: Speaks. }
applications:
  tickets: { name: Tickets, levels: [read, full] }
  vault: { name: Vault, levels: [read, full] }
lifecycle:
  transitions:
    - { action: create, from: absent, to: active }
    - { action: update, from: active, to: active }
    - { action: update, from: deactivated, to: deactivated }
    - { action: deactivate, from: active, to: deactivated }
    - { action: reactivate, from: deactivated, to: active }
    - { action: delete, from: active, to: absent }
    - { action: delete, from: deactivated, to: absent }
";

pub static PLATFORM: LazyLock<Arc<Platform>> =
    LazyLock::new(|| Arc::new(portal::platform("./fleet.yaml", PLATFORM_TEXT)));

/// A person before the words are looked up. Masks and numbers choose from short lists, so that things coincide often.
#[derive(Clone, Debug)]
pub struct RawPerson {
    pub id: usize,
    pub contact: bool,
    pub list: bool,
    pub name: u8,
    pub email: u8,
    pub phone: u8,
    pub roles: u8,
    pub groups: u8,
    pub deactivated: bool,
    pub signing: bool,
    pub office: u8,
    pub languages: u8,
}

#[derive(Clone, Debug)]
pub struct RawGroup {
    pub name: u8,
    pub access: [u8; 2],
}

/// A roster.
#[derive(Clone, Debug)]
pub struct Raw {
    pub people: Vec<RawPerson>,
    pub groups: [Option<RawGroup>; 3],
}

fn raw_person() -> impl Strategy<Value = RawPerson> {
    let who = (0..IDS.len(), prop::bool::weighted(0.25), prop::bool::weighted(0.3), 0..3u8, 0..2u8, 0..3u8);
    let what = (0..8u8, 0..8u8, prop::bool::weighted(0.2), prop::bool::ANY, 0..3u8, 0..4u8);
    (who, what).prop_map(|(who, what)| RawPerson {
        id: who.0,
        contact: who.1,
        list: who.2,
        name: who.3,
        email: who.4,
        phone: who.5,
        roles: what.0,
        groups: what.1,
        deactivated: what.2,
        signing: what.3,
        office: what.4,
        languages: what.5,
    })
}

fn raw_group() -> impl Strategy<Value = Option<RawGroup>> {
    prop::option::weighted(0.8, (0..2u8, [0..3u8, 0..3u8]).prop_map(|(name, access)| RawGroup { name, access }))
}

fn raw() -> impl Strategy<Value = Raw> {
    let groups = [raw_group(), raw_group(), raw_group()];
    (prop::collection::vec(raw_person(), 0..7), groups).prop_map(|(people, groups)| Raw { people, groups })
}

/// Two rosters; shown as they would be written.
#[derive(Clone)]
pub struct Rosters {
    pub before: Organisation,
    pub after: Organisation,
}

impl fmt::Debug for Rosters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\nbefore {}\nafter  {}\n", roster(&self.before), roster(&self.after))
    }
}

/// A roster and the one after it, which is mostly the first with changes.
pub fn rosters() -> impl Strategy<Value = Rosters> {
    (raw(), raw(), prop::collection::vec(prop::bool::weighted(0.5), 10)).prop_map(|(before, other, keep)| {
        let kept = before.people.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(person, _)| person.clone());
        let mut after = Raw { people: kept.chain(other.people).collect(), groups: other.groups };
        for ((own, before), keep) in after.groups.iter_mut().zip(&before.groups).zip(&keep[7..]) {
            if *keep {
                own.clone_from(before);
            }
        }
        let before = organisation(&before, None);
        let after = organisation(&after, Some(&before));
        Rosters { before, after }
    })
}

fn someone(id: usize, roles: u8, groups: u8) -> RawPerson {
    RawPerson {
        id,
        contact: false,
        list: false,
        name: 0,
        email: 0,
        phone: 1,
        roles,
        groups,
        deactivated: false,
        signing: true,
        office: 1,
        languages: 1,
    }
}

/// Two rosters between which everything happens that can: people come, go, change sides, names, addresses, roles, groups
/// and attributes; groups come, go, and are given other names and other access.
pub fn everything() -> (Organisation, Organisation) {
    let group = |name, access| Some(RawGroup { name, access });
    let before = Raw {
        people: vec![
            someone(0, 0b011, 0b001),
            someone(1, 0b001, 0b101),
            someone(2, 0b010, 0b100),
            RawPerson { contact: true, ..someone(3, 0b100, 0) },
            someone(4, 0b100, 0b001),
        ],
        groups: [group(0, [1, 2]), None, group(0, [2, 0])],
    };
    let after = Raw {
        people: vec![
            RawPerson { signing: false, office: 2, languages: 2, ..someone(0, 0b101, 0b011) },
            RawPerson { deactivated: true, ..someone(1, 0b001, 0b001) },
            RawPerson { contact: true, ..someone(2, 0b010, 0) },
            RawPerson { name: 1, email: 1, phone: 0, ..someone(3, 0b100, 0b010) },
            RawPerson { phone: 2, ..someone(5, 0b011, 0b011) },
        ],
        groups: [group(1, [2, 2]), group(0, [1, 1]), None],
    };
    let before = organisation(&before, None);
    let after = organisation(&after, Some(&before));
    (before, after)
}

/// The organisation that a roster describes, after another. Nobody is created without access: the platform has no way.
pub fn organisation(raw: &Raw, earlier: Option<&Organisation>) -> Organisation {
    let platform = PLATFORM.clone();
    let groups: Vec<Group> =
        raw.groups.iter().enumerate().filter_map(|(at, raw)| Some(group(at, raw.as_ref()?))).collect();
    let mut groups = groups;
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    let known: BTreeSet<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut people: Vec<Person> = raw
        .people
        .iter()
        .filter(|raw| seen.insert(raw.id))
        .map(|raw| {
            let mut person = person(raw, &known);
            let there = earlier.and_then(|earlier| earlier.entry(Section::Users, IDS[raw.id]));
            if person.section == Section::Users && raw.deactivated && there.is_some() {
                person.status.value = State::Deactivated;
            }
            person
        })
        .collect();
    people.sort_by(|a, b| (a.section, &a.id).cmp(&(b.section, &b.id)));
    Organisation {
        asked: Vec::new(),
        id: ORGANISATION.into(),
        platform,
        place: Place { file: FileId(0), span: Span::default(), pointer: "/platform".to_owned() },
        profile: Profile::default(),
        people,
        expired: Vec::new(),
        groups,
        managed: Managed { users: true, contacts: true, groups: true },
        expectations: Vec::new(),
        waivers: Vec::new(),
    }
}

fn person(raw: &RawPerson, known: &BTreeSet<&str>) -> Person {
    let section = if raw.contact { Section::Contacts } else { Section::Users };
    let id = IDS[raw.id];
    let mut person = Person::new(section, id, format!("{} Name{}", id.to_uppercase(), raw.name));
    let text = |text: String| Located::nowhere(text.into());
    person.email = Some(text(format!("{id}{}@acme.example", raw.email)));
    person.phone = Some(text(if raw.phone == 0 { String::new() } else { format!("+32 2 000 0{}", raw.phone) }));
    let bits = |mask: u8, length: usize| (0..length).filter(move |bit| mask & (1 << bit) != 0);
    for bit in bits(raw.roles, ROLES.len()) {
        let role = PLATFORM.role(ROLES[bit]).expect("a role");
        person.roles.push(Held { role, index: bit as u16, span: Span::default() });
    }
    if raw.contact {
        person.entry_type.value = if raw.list { EntryType::DistributionList } else { EntryType::Person };
    } else {
        let groups = bits(raw.groups, GROUPS.len()).filter(|bit| known.contains(GROUPS[*bit]));
        person.groups = groups.map(|bit| Located::nowhere(GROUPS[bit].into())).collect();
    }
    let words = bits(raw.languages, 2).map(|bit| Located::nowhere(["dutch", "french"][bit].into()));
    let values = [
        ("signing", Value::Boolean(raw.signing)),
        ("office", Value::Text(format!("floor {}", raw.office).into())),
        ("languages", Value::List(words.collect())),
    ];
    let attribute = |name: &str| PLATFORM.attribute(name).expect("an attribute");
    person.attributes = values.into_iter().map(|(name, value)| (attribute(name), Located::nowhere(value))).collect();
    person.attributes.sort_by_key(|(attribute, _)| *attribute);
    person.file = FileId(0);
    person
}

fn group(at: usize, raw: &RawGroup) -> Group {
    let access = ["tickets", "vault"].iter().zip(raw.access).filter(|(_, level)| *level > 0);
    let access = access.map(|(application, level)| {
        (PLATFORM.application(application).expect("an application"), LevelIx(level - 1), Span::default())
    });
    let mut applications: Vec<_> = access.collect();
    applications.sort_by_key(|(application, ..)| *application);
    let name = format!("{} {}", GROUPS[at].to_uppercase(), raw.name);
    Group { applications, file: FileId(0), ..portal::group(GROUPS[at], &name) }
}

/// An organisation as a roster; JSON is YAML.
pub fn roster(organisation: &Organisation) -> String {
    let words = |words: Vec<&str>| Json::from(words);
    let section = |section: Section| -> Map<String, Json> {
        let people = organisation.section(section).map(|person| {
            let mut entry = json!({
                "name": person.name.value,
                "email": person.email.as_ref().map(|email| &email.value),
                "phone": person.phone.as_ref().map(|phone| &phone.value),
                "roles": words(person.roles.iter().map(|held| PLATFORM[held.role].id.as_str()).collect()),
                "attributes": person.attributes.iter().map(|(attribute, value)| {
                    (PLATFORM[*attribute].name.to_string(), value_json(&value.value))
                }).collect::<Map<String, Json>>(),
            });
            if section == Section::Users {
                entry["groups"] = words(person.groups.iter().map(|group| group.value.as_str()).collect());
                entry["status"] = person.status.value.as_str().into();
            }
            (person.id.to_string(), entry)
        });
        people.collect()
    };
    let groups = organisation.groups.iter().map(|group| {
        let access = group.applications.iter().map(|(application, level, _)| {
            let application = &PLATFORM[*application];
            (application.id.to_string(), application.levels[level.0 as usize].as_str().into())
        });
        let entry = json!({ "name": group.name.value, "applications": access.collect::<Map<String, Json>>() });
        (group.id.to_string(), entry)
    });
    let roster = json!({
        "version": 1,
        "organisation": ORGANISATION,
        "platform": "../fleet.yaml",
        "users": section(Section::Users),
        "contacts": section(Section::Contacts),
        "permissionGroups": groups.collect::<Map<String, Json>>(),
    });
    roster.to_string()
}

/// The id of a role.
pub fn role(role: RoleIx) -> &'static str {
    let id = &PLATFORM[role].id;
    ROLES.iter().find(|role| *role == id).expect("a role")
}

/// A plan without limits, on what was read.
pub fn planned(organisation: &Organisation, live: &Live, removal: Removal) -> PlanDocument {
    let no_limit = Limit { count: u32::MAX, percent: 100 };
    let options = Options {
        removal,
        prune: false,
        allow_removals: None,
        allow_grants: None,
        allow_open: Vec::new(),
        actor: None,
        guards: Guards { max_removals: no_limit, max_grants: no_limit },
        levels: Levels::default(),
        today: Day("2026-01-01".parse().expect("a day")),
    };
    let target = TargetRef { name: "faulty".to_owned(), kind: "scim".to_owned(), identity: String::new() };
    let sources = Sources::from_texts([("acme.yaml".to_owned(), String::new())]);
    plan(&[(organisation, live)], target, &options, &sources, &[]).0
}
