//! An object on the sides of a comparison, and where each of its changes comes from.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::then::Then;
use super::{Base, Changed, Origin, Traced};
use crate::live::{Entry, Live, Object, Resource};
use crate::model::{Group, Organisation, Person};
use crate::plan::changes::fields;
use crate::plan::document::Action;
use crate::platform::Section;

/// An organisation on all sides, ready to be asked for single objects.
pub(super) struct Index<'i> {
    /// The organisation as the roster has it.
    pub(super) now: &'i Organisation,
    then: Option<Then<'i>>,
    people: HashMap<&'i str, &'i Entry<Person>>,
    groups: HashMap<&'i str, &'i Entry<Group>>,
    vanished: HashSet<(Resource, &'i str)>,
    /// Whether the portal keeps a record of what rosterctl wrote.
    recorded: bool,
    /// Whether the rosters of the revision can be understood.
    readable: bool,
    /// Whether some of them were not found.
    partial: bool,
    folds_case: bool,
    /// Whether a branch goes on from the revision.
    further: bool,
}

impl<'i> Index<'i> {
    /// The sides of an organisation.
    pub(super) fn of(base: &Base<'i>, now: &'i Organisation, live: &'i Live) -> Index<'i> {
        let then = base.organisation(now);
        Index {
            now,
            then: then.map(Then::new),
            people: live.people.iter().map(|entry| (entry.handle.as_str(), entry)).collect(),
            groups: live.groups.iter().map(|entry| (entry.handle.as_str(), entry)).collect(),
            vanished: live.vanished.iter().map(|(resource, id)| (*resource, id.as_str())).collect(),
            recorded: live.records,
            readable: !base.unread.has(&now.id, then.is_some()),
            partial: base.unread.is_partial(),
            folds_case: live.folds_case,
            further: base.further.is_some(),
        }
    }

    /// The id that an object on the portal has from rosterctl.
    fn managed_id(&self, resource: Resource, handle: &str) -> Option<&'i str> {
        match resource {
            Resource::PermissionGroup => {
                self.groups.get(handle).filter(|entry| entry.managed).map(|entry| entry.object.id.as_str())
            }
            _ => self.people.get(handle).filter(|entry| entry.managed).map(|entry| entry.object.id.as_str()),
        }
    }
}

/// A field that others changed on the portal.
struct Outside {
    field: String,
    base: Json,
    live: Json,
}

/// An object as the sides have it.
pub(super) struct Sides {
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
    /// Whether it is known what the revision says of it.
    pub(super) readable: bool,
    /// Whether the portal spells mail addresses its own way.
    folds_case: bool,
    /// Whether a branch goes on from the revision.
    further: bool,
}

impl Sides {
    /// The sides of an object.
    pub(super) fn of(index: &Index<'_>, object: &Changed) -> Sides {
        let (now, platform) = (index.now, &index.now.platform);
        let handle = object.handle.as_deref().unwrap_or_default();
        let before =
            index.then.as_ref().and_then(|then| then.object(now, object, index.managed_id(object.resource, handle)));
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
        let then = index.then.as_ref().map_or(platform, |then| &then.organisation.platform);
        let readable = index.readable && (before.is_some() || !index.partial);
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
            readable,
            folds_case: index.folds_case,
            further: index.further,
        }
    }

    /// The object's changes, each with its origin.
    pub(super) fn traced(&self, object: &Changed) -> Vec<Traced> {
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
                // What this branch changes of somebody whom others have deleted is what the two sides are at odds about.
                let (base, branch) = match origin {
                    Origin::Conflict => (
                        self.changed(object).map(|(field, base, _)| (field.clone(), base.clone())).collect(),
                        self.changed(object).map(|(field, _, branch)| (field.clone(), branch.clone())).collect(),
                    ),
                    _ => (there(self.base.is_some()), there(true)),
                };
                vec![one(None, origin, base, branch, there(false))]
            }
            Some(_) if !self.wanted => {
                let outside = self.outside();
                let origin = self.of_leaver(!outside.is_empty());
                // What others changed of somebody who leaves here is what the two sides are at odds about.
                let side = |value: fn(&Outside) -> &Json, usual: bool| match origin {
                    Origin::Conflict => outside.iter().map(|one| (one.field.clone(), value(one).clone())).collect(),
                    _ => there(usual),
                };
                let base = match origin {
                    Origin::Conflict if self.base.is_none() => Json::Null,
                    _ => side(|one| &one.base, self.base.is_some()),
                };
                vec![one(None, origin, base, there(false), side(|one| &one.live, true))]
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

    /// The fields of somebody new on the portal that differ from the revision: what it says, and what the roster says.
    fn changed<'c>(&'c self, object: &'c Changed) -> impl Iterator<Item = (&'c String, &'c Json, &'c Json)> {
        let of_base = |field: &str| self.base.as_ref().and_then(|base| base.get(field)).unwrap_or(&Json::Null);
        let all = object.fields.iter().map(move |(field, (_, branch))| (field, of_base(field), branch));
        all.filter(|(field, base, branch)| !matches!(field.as_str(), "id" | "section" | "status") && base != branch)
    }

    fn of_newcomer(&self, object: &Changed) -> Origin {
        if !self.readable || self.base.is_none() {
            return if self.readable { Origin::Branch } else { Origin::Unknown };
        }
        let same = self.changed(object).next().is_none();
        match (self.vanished, same, self.recorded) {
            (true, true, _) => Origin::Outside,
            (true, false, _) => Origin::Conflict,
            (false, _, true) => self.as_at_base(),
            (false, ..) => Origin::Unknown,
        }
    }

    /// What others changed on the portal: since rosterctl wrote it or, where the portal keeps no record of that, compared
    /// with the revision.
    fn outside(&self) -> Vec<Outside> {
        let of = |side: &Map<String, Json>, field: &str| side.get(field).cloned().unwrap_or_else(|| usual(field));
        let base = self.base.clone().unwrap_or_default();
        let known = self.applied.as_ref().unwrap_or(&base);
        let silent = |field: &str| {
            let kept = matches!(field, "email" | "phone") || field.starts_with("attributes.");
            kept && self.applied.is_none() && !base.contains_key(field)
        };
        let names = known.keys().chain(self.live.keys().filter(|field| !known.contains_key(*field)));
        let changed = names.filter(|field| !silent(field)).filter_map(|field| {
            let (before, live) = (of(known, field), of(&self.live, field));
            let said = base.get(field).cloned().unwrap_or_else(|| before.clone());
            (!self.alike(field, &before, &live)).then(|| Outside { field: field.clone(), base: said, live })
        });
        changed.collect()
    }

    /// Whether two values of a field mean the same: order in lists means nothing, an invitation waits for its person.
    fn alike(&self, field: &str, before: &Json, live: &Json) -> bool {
        match (before, live) {
            (Json::Array(before), Json::Array(live)) => {
                before.len() == live.len() && before.iter().all(|item| live.contains(item))
            }
            (Json::String(before), Json::String(live)) if field == "email" && self.folds_case => {
                before.eq_ignore_ascii_case(live)
            }
            (before, live) => before == live || field == "status" && before == "active" && live == "pending",
        }
    }

    /// The roster is as at the revision, and the portal as rosterctl wrote it: before that, or since.
    fn as_at_base(&self) -> Origin {
        if self.further { Origin::Rewritten } else { Origin::Base }
    }

    fn of_leaver(&self, touched: bool) -> Origin {
        match (self.managed, &self.base) {
            // Without the base, what was applied last tells of others.
            _ if !self.readable => {
                if self.managed && touched && self.applied.is_some() {
                    Origin::Conflict
                } else {
                    Origin::Unknown
                }
            }
            (false, _) => Origin::Outside,
            (true, None) if self.recorded => self.as_at_base(),
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

    /// Whether this branch adds somebody whom others have created on the portal, with another value.
    fn added_twice(&self, field: &str, live: &Json) -> bool {
        let own = matches!(field, "id" | "section" | "status");
        self.base.is_none() && !self.managed && !own && !live.is_null()
    }

    fn of_field(&self, field: &str, base: &Json, branch: &Json, live: &Json) -> Origin {
        let applied = self.applied.as_ref().filter(|_| field != "id" && field != "section");
        let applied = applied.map(|applied| applied.get(field).cloned().unwrap_or_else(|| usual(field)));
        // Without the base, what was applied last tells whether both sides have changed since.
        let both = applied
            .as_ref()
            .is_some_and(|applied| !self.alike(field, applied, live) && !self.alike(field, applied, branch));
        if !self.readable {
            return if both { Origin::Conflict } else { Origin::Unknown };
        }
        match (branch == base, applied) {
            (true, Some(applied)) if applied == *live => self.as_at_base(),
            (true, Some(_)) => Origin::Outside,
            // An id is given by rosterctl alone.
            (true, None) if field == "id" => Origin::Base,
            (true, None) => Origin::Unknown,
            (false, _) if self.added_twice(field, live) => Origin::AddedTwice,
            (false, _) if self.base.is_none() && both => Origin::Conflict,
            (false, _) if base == live || self.base.is_none() => Origin::Branch,
            (false, Some(applied)) if applied == *live => Origin::Branch,
            (false, None) if field == "id" => Origin::Branch,
            (false, _) => Origin::Conflict,
        }
    }
}

/// What a field says of which nothing is written.
fn usual(field: &str) -> Json {
    if field == "status" { "active".into() } else { Json::Null }
}
