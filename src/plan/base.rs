//! Three sides of a change: the roster as it is, the roster at a revision, the portal. They tell what this branch changes,
//! what was on the base and is not applied yet, and what others changed on the portal; no state is kept anywhere for it.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::changes::fields;
use super::document::{Action, PlanDocument, Step};
use crate::diagnostic::{Diagnostic, Place};
use crate::live::{Entry, Live, Object, Resource};
use crate::model::{Group, Organisation, Person};
use crate::platform::Section;

/// Where the changes of a plan come from, seen from a revision of the rosters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Comparison {
    /// The revision, as it was named.
    pub revision: String,
    /// Its commit.
    pub commit: String,
    /// The changes, each with its origin.
    pub changes: Vec<Traced>,
}

/// The changes of a comparison, ready to be asked for single ones.
#[derive(Debug)]
pub struct Origins<'c> {
    /// The revision, as it was named.
    pub revision: &'c str,
    changes: HashMap<(&'c str, Resource, &'c str, Option<&'c str>), &'c Traced>,
}

impl<'c> Origins<'c> {
    /// The changes of a comparison.
    pub fn of(comparison: &'c Comparison) -> Origins<'c> {
        let named = |one: &'c Traced| (one.organisation.as_str(), one.resource, one.key.as_str(), one.field.as_deref());
        let changes = comparison.changes.iter().map(|one| (named(one), one));
        Origins { revision: &comparison.revision, changes: changes.collect() }
    }

    /// What is told of one field of an object; where the object as a whole comes or goes, what is told of that.
    pub fn of_change(
        &self,
        organisation: &str,
        resource: Resource,
        key: &str,
        field: Option<&str>,
    ) -> Option<&'c Traced> {
        let whole = self.changes.get(&(organisation, resource, key, None));
        whole.or_else(|| self.changes.get(&(organisation, resource, key, field))).copied()
    }
}

/// A change of a plan and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Traced {
    /// The organisation.
    pub organisation: String,
    /// The kind of object.
    pub resource: Resource,
    /// The id in the roster.
    pub key: String,
    /// The field; none where the whole object comes or goes.
    pub field: Option<String>,
    /// Where the change comes from.
    pub origin: Origin,
    /// The value at the revision; null where it says nothing.
    pub base: Json,
    /// The value of the roster.
    pub branch: Json,
    /// The value on the portal.
    pub live: Json,
}

/// Where a change comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The roster differs from the revision: this branch changes it.
    Branch,
    /// The roster is as at the revision, and that was not applied yet.
    Base,
    /// The roster is as at the revision, and somebody else changed the portal: the plan puts it back.
    Outside,
    /// This branch changes what somebody else changed on the portal.
    Conflict,
    /// The roster is as at the revision, and nothing tells whether it was applied.
    Unknown,
}

impl Origin {
    /// Where the change comes from, for people.
    pub fn words(self, revision: &str) -> String {
        match self {
            Origin::Branch => format!("changed on this branch, compared with {revision}"),
            Origin::Base => format!("on {revision} already, and not applied yet"),
            Origin::Outside => format!("changed outside: the roster is as on {revision}"),
            Origin::Conflict => "changed on this branch and outside".to_owned(),
            Origin::Unknown => format!("compared with {revision} it is not known: not applied yet, or changed outside"),
        }
    }
}

/// The rosters at a revision.
#[derive(Debug)]
pub struct Base<'b> {
    /// The revision, as it was named.
    pub revision: &'b str,
    /// Its commit.
    pub commit: &'b str,
    /// The organisations as they were.
    pub organisations: &'b [Organisation],
    /// Organisations that could not be understood then.
    pub unread: &'b HashSet<SmolStr>,
}

impl Base<'_> {
    /// Tells where each change of a plan comes from, notes it at the steps, and gives a finding for each conflict.
    pub fn compare(&self, plan: &mut PlanDocument, pairs: &[(&Organisation, &Live)]) -> Vec<Diagnostic> {
        let mut changes = Vec::new();
        let mut conflicts = Vec::new();
        let indexes: HashMap<&str, Index<'_>> =
            pairs.iter().map(|(now, live)| (now.id.as_str(), Index::of(self, now, live))).collect();
        let mut of_object: HashMap<(String, Resource, String), std::ops::Range<usize>> = HashMap::new();
        for object in objects(plan) {
            let Some(index) = indexes.get(object.organisation.as_str()) else { continue };
            let first = changes.len();
            for traced in Sides::of(index, &object).traced(&object) {
                if traced.origin == Origin::Conflict {
                    conflicts.push(self.conflict(index.now, &traced));
                }
                changes.push(traced);
            }
            of_object.insert((object.organisation, object.resource, object.key), first..changes.len());
        }
        let steps = plan.steps.iter_mut().chain(plan.blocked.iter_mut().map(|blocked| &mut blocked.step));
        for step in steps {
            let own = of_object.get(&(step.organisation.clone(), step.resource, step.key.clone()));
            let note = self.note(step, own.map_or(&[], |own| &changes[own.clone()]));
            step.notes.extend(note);
        }
        let (revision, commit) = (self.revision.to_owned(), self.commit.to_owned());
        plan.base = Some(Comparison { revision, commit, changes });
        conflicts
    }

    fn conflict(&self, organisation: &Organisation, traced: &Traced) -> Diagnostic {
        let (key, revision) = (&traced.key, self.revision);
        let what = traced.field.as_deref().unwrap_or("the entry");
        let [base, branch, live] = [&traced.base, &traced.branch, &traced.live].map(said);
        let message = format!(
            "`{key}`: {what} was changed on this branch and on the portal: {revision} says {base}, this branch {branch}, the \
             portal {live}"
        );
        let help = format!(
            "take the portal's value into the roster (`rosterctl accept {}/{key}`), or apply over it with --allow-conflicts",
            organisation.id
        );
        Diagnostic::error("plan/conflict", message)
            .at(place(organisation, traced))
            .subject(key.as_str())
            .organisation(organisation.id.clone())
            .help(help)
    }

    /// Where the changes of a step come from, in words.
    fn note(&self, step: &Step, changes: &[Traced]) -> Option<String> {
        let listed: HashSet<&str> = step.changes.iter().map(|change| change.field.as_str()).collect();
        let mut origins: BTreeMap<Origin, Vec<&str>> = BTreeMap::new();
        for traced in changes {
            let field = traced.field.as_deref();
            if field.is_none_or(|field| listed.contains(field)) {
                origins.entry(traced.origin).or_default().push(field.unwrap_or_default());
            }
        }
        let single = origins.len() == 1;
        let parts = origins.iter().map(|(origin, fields)| match (single, origin.words(self.revision)) {
            (true, words) => words,
            (false, words) => format!("{}: {words}", fields.join(", ")),
        });
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn said(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::String(word) => format!("`{word}`"),
        Json::Array(items) => items.iter().map(said).collect::<Vec<String>>().join(", "),
        other => format!("`{other}`"),
    }
}

fn place(organisation: &Organisation, traced: &Traced) -> Place {
    let person = |section| organisation.entry(section, &traced.key).map(Person::place);
    let found = match traced.resource {
        Resource::User => person(Section::Users),
        Resource::Contact => person(Section::Contacts),
        Resource::PermissionGroup => organisation.group(&traced.key).map(Group::place),
    };
    found.unwrap_or_else(|| organisation.place.clone())
}

/// An object that a plan changes, in one step or several.
struct Changed {
    organisation: String,
    resource: Resource,
    key: String,
    handle: Option<String>,
    /// What is done with the object as a whole.
    whole: Option<Action>,
    /// The fields that change, with the values that they have and get.
    fields: BTreeMap<String, (Json, Json)>,
}

/// The objects that a plan changes, in its order.
fn objects(plan: &PlanDocument) -> Vec<Changed> {
    let mut objects: Vec<Changed> = Vec::new();
    let mut known: HashMap<(&str, Resource, &str), usize> = HashMap::new();
    for step in plan.steps.iter().chain(plan.blocked.iter().map(|blocked| &blocked.step)) {
        let at = *known.entry((&step.organisation, step.resource, &step.key)).or_insert_with(|| {
            objects.push(Changed {
                organisation: step.organisation.clone(),
                resource: step.resource,
                key: step.key.clone(),
                handle: step.handle.clone(),
                whole: None,
                fields: BTreeMap::new(),
            });
            objects.len() - 1
        });
        let object = &mut objects[at];
        match step.action {
            Action::Create | Action::Delete => object.whole = Some(step.action),
            Action::Deactivate => object.whole = object.whole.or(Some(step.action)),
            Action::Update | Action::Reactivate => {}
        }
        for change in &step.changes {
            let field = object.fields.entry(change.field.clone());
            field
                .and_modify(|(_, to)| *to = change.to.clone())
                .or_insert_with(|| (change.from.clone(), change.to.clone()));
        }
    }
    objects
}

/// An organisation on all sides, ready to be asked for single objects.
struct Index<'i> {
    now: &'i Organisation,
    then: Option<&'i Organisation>,
    people: HashMap<&'i str, &'i Entry<Person>>,
    groups: HashMap<&'i str, &'i Entry<Group>>,
    vanished: HashSet<(Resource, &'i str)>,
    /// Whether the portal keeps a record of what rosterctl wrote.
    recorded: bool,
    /// Whether the rosters of the revision can be understood.
    readable: bool,
}

impl<'i> Index<'i> {
    fn of(base: &Base<'i>, now: &'i Organisation, live: &'i Live) -> Index<'i> {
        Index {
            now,
            then: base.organisations.iter().find(|then| then.id == now.id),
            people: live.people.iter().map(|entry| (entry.handle.as_str(), entry)).collect(),
            groups: live.groups.iter().map(|entry| (entry.handle.as_str(), entry)).collect(),
            vanished: live.vanished.iter().map(|(resource, id)| (*resource, id.as_str())).collect(),
            recorded: live.records,
            readable: !base.unread.contains(&now.id),
        }
    }
}

/// An object as the sides have it.
struct Sides {
    /// Whether the roster names it.
    wanted: bool,
    base: Option<Map<String, Json>>,
    base_id: Option<SmolStr>,
    base_section: Option<Section>,
    /// What rosterctl wrote last: none where the portal keeps no record.
    applied: Option<Map<String, Json>>,
    /// Whether the portal keeps a record of what rosterctl wrote.
    recorded: bool,
    vanished: bool,
    managed: bool,
    live: Map<String, Json>,
    /// Whether the rosters of the revision can be understood.
    readable: bool,
}

impl Sides {
    fn of(index: &Index<'_>, object: &Changed) -> Sides {
        let (now, platform) = (index.now, &index.now.platform);
        let before = index.then.and_then(|then| named(then, now, object));
        let handle = object.handle.as_deref().unwrap_or_default();
        let of_person = |person: &Person| fields(platform, &Object::Person(Box::new(person.clone())));
        let of_group = |group: &Group| fields(platform, &Object::Group(group.clone()));
        let (managed, live, applied) = match object.resource {
            Resource::PermissionGroup => index.groups.get(handle).map_or((true, None, None), |entry| {
                (entry.managed, Some(of_group(&entry.object)), entry.applied().map(of_group))
            }),
            _ => index.people.get(handle).map_or((true, None, None), |entry| {
                (entry.managed, Some(of_person(&entry.object)), entry.applied().map(of_person))
            }),
        };
        let then = index.then.map_or(platform, |then| &then.platform);
        Sides {
            wanted: match object.resource {
                Resource::PermissionGroup => now.group(&object.key).is_some(),
                _ => now.person(&object.key).is_some(),
            },
            base_id: before.as_ref().map(|before| before.id().into()),
            base_section: before.as_ref().map(Object::section),
            base: before.map(|before| fields(then, &before)),
            applied,
            recorded: index.recorded,
            vanished: index.vanished.contains(&(object.resource, object.key.as_str())),
            managed,
            live: live.unwrap_or_default(),
            readable: index.readable,
        }
    }

    fn traced(&self, object: &Changed) -> Vec<Traced> {
        let one = |field: Option<&str>, origin, base: Json, branch: Json, live: Json| Traced {
            organisation: object.organisation.clone(),
            resource: object.resource,
            key: object.key.clone(),
            field: field.map(str::to_owned),
            origin,
            base,
            branch,
            live,
        };
        let there = |there: bool| Json::from(if there { "present" } else { "absent" });
        match object.whole {
            Some(Action::Create) => {
                let origin = self.of_newcomer(object);
                vec![one(None, origin, there(self.base.is_some()), there(true), there(false))]
            }
            Some(_) if !self.wanted => {
                vec![one(None, self.of_leaver(), there(self.base.is_some()), there(false), there(true))]
            }
            _ => {
                let each = object.fields.iter().map(|(field, (live, branch))| {
                    let base = self.base_value(field, live);
                    one(Some(field), self.of_field(field, &base, branch, live), base, branch.clone(), live.clone())
                });
                each.collect()
            }
        }
    }

    fn of_newcomer(&self, object: &Changed) -> Origin {
        let Some(base) = self.base.as_ref().filter(|_| self.readable) else {
            return if self.readable { Origin::Branch } else { Origin::Unknown };
        };
        let same = object.fields.iter().all(|(field, (_, branch))| {
            matches!(field.as_str(), "id" | "section" | "status") || base.get(field).unwrap_or(&Json::Null) == branch
        });
        match (self.vanished, same, self.recorded) {
            (true, true, _) => Origin::Outside,
            (true, false, _) => Origin::Conflict,
            (false, _, true) => Origin::Base,
            (false, ..) => Origin::Unknown,
        }
    }

    fn of_leaver(&self) -> Origin {
        let touched = self.applied.as_ref().is_some_and(|applied| *applied != self.live);
        match (self.managed, &self.base) {
            _ if !self.readable => Origin::Unknown,
            (false, _) => Origin::Outside,
            (true, None) => Origin::Base,
            (true, Some(_)) if touched => Origin::Conflict,
            (true, Some(_)) => Origin::Branch,
        }
    }

    /// What the revision says of a field. Where it says nothing of a scalar, it leaves it as the portal has it.
    fn base_value(&self, field: &str, live: &Json) -> Json {
        let Some(base) = &self.base else { return Json::Null };
        match (base.get(field), field) {
            (_, "id") => self.base_id.as_deref().map_or(Json::Null, Json::from),
            (_, "section") => self.base_section.map_or(Json::Null, |section| section.as_str().into()),
            (Some(value), _) => value.clone(),
            (None, "status") => "active".into(),
            (None, "email" | "phone") => live.clone(),
            (None, _) => Json::Null,
        }
    }

    fn of_field(&self, field: &str, base: &Json, branch: &Json, live: &Json) -> Origin {
        let usual = || if field == "status" { "active".into() } else { Json::Null };
        let applied = self.applied.as_ref().filter(|_| field != "id" && field != "section");
        let applied = applied.map(|applied| applied.get(field).cloned().unwrap_or_else(usual));
        if !self.readable {
            // Without the base, what was applied last tells whether both sides have changed since.
            let both = applied.is_some_and(|applied| applied != *live && applied != *branch);
            return if both { Origin::Conflict } else { Origin::Unknown };
        }
        match (branch == base, applied) {
            (true, Some(applied)) if applied == *live => Origin::Base,
            (true, Some(_)) => Origin::Outside,
            // An id is given by rosterctl alone.
            (true, None) if field == "id" => Origin::Base,
            (true, None) => Origin::Unknown,
            (false, _) if base == live || self.base.is_none() => Origin::Branch,
            (false, Some(applied)) if applied == *live => Origin::Branch,
            (false, None) if field == "id" => Origin::Branch,
            (false, _) => Origin::Conflict,
        }
    }
}

/// The object at the revision: by its id, or by an earlier one.
fn named(then: &Organisation, now: &Organisation, object: &Changed) -> Option<Object> {
    let key = object.key.as_str();
    if object.resource == Resource::PermissionGroup {
        let earlier = || now.group(key)?.previously.iter().find_map(|id| then.group(id));
        return then.group(key).or_else(earlier).map(|group| Object::Group(group.clone()));
    }
    let earlier = || now.person(key)?.previously.iter().find_map(|id| then.person(id));
    then.person(key).or_else(earlier).map(|person| Object::Person(Box::new(person.clone())))
}
