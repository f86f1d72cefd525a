//! Since when a difference is there, as far as somebody wrote it down: the audit trail of the portal, the time at which
//! it last changed the object, or the trail of what rosterctl applied. Where nobody did, nothing is said.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::{Cause, Difference};
use crate::apply::past::Applied;
use crate::live::{Live, Past, Resource};
use crate::model::Organisation;
use crate::plan::document::Action;

/// Since when a difference is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Since {
    /// The time, in RFC 3339 and UTC.
    pub at: String,
    /// What the time says.
    pub bound: Bound,
    /// Who wrote it down.
    pub source: Source,
    /// Who made the change, where that is written down too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What a time says of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// It came to be then.
    Exact,
    /// It came to be then or earlier.
    NoLaterThan,
    /// It came to be later: both sides agreed then.
    NotBefore,
    /// The portal's side is as it is since then, or longer; when the roster began to differ is not known.
    Unchanged,
}

/// Who wrote a time down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The audit trail of the portal.
    PortalAudit,
    /// The portal, which keeps when an object was made and changed last (SCIM: `meta`, RFC 7643 §3.1).
    Portal,
    /// The trail of what rosterctl applied.
    Applied,
}

impl Since {
    fn new(at: Timestamp, bound: Bound, source: Source) -> Since {
        Since { at: at.to_string(), bound, source, by: None }
    }

    /// The same without who made the change, unless what is personal is asked for.
    pub fn anonymous(&self, personal: bool) -> Since {
        Since { by: self.by.clone().filter(|_| personal), ..self.clone() }
    }
}

/// What is found out about one difference.
#[derive(Debug, Default)]
struct Clues {
    /// When the portal's trail saw it begin: when, who, and whether both sides agreed just before.
    began: Option<(Timestamp, SmolStr, bool)>,
    /// When the portal's trail saw the value come that is there.
    came: Option<Timestamp>,
    /// Whether the last that the trail knows is what is there.
    current: bool,
    /// When the portal made the object.
    created: Option<Timestamp>,
    /// When the portal last changed the object.
    modified: Option<Timestamp>,
    /// When rosterctl last wrote it, and whether it wrote what the roster still wants.
    written: Option<(Timestamp, bool)>,
}

/// Gathers what is written down of differences.
#[derive(Debug)]
pub struct Dating<'d> {
    differences: &'d mut [Difference],
    clues: Vec<Clues>,
    /// The differences of an object, by kind and id.
    places: HashMap<(String, Resource, String), Vec<usize>>,
    /// What came later than the reading tells nothing of what was read.
    read: Timestamp,
}

impl<'d> Dating<'d> {
    /// Nothing is known yet of these differences, which were read at that time.
    pub fn of(differences: &'d mut [Difference], read: Timestamp) -> Dating<'d> {
        let mut places: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, one) in differences.iter().enumerate() {
            places.entry((one.organisation.clone(), one.resource, one.id().to_owned())).or_default().push(at);
        }
        let clues = differences.iter().map(|_| Clues::default()).collect();
        Dating { differences, clues, places, read }
    }

    /// The ids of an organisation's objects that differ.
    pub fn keys(&self, organisation: &str) -> BTreeSet<SmolStr> {
        let own = self.places.keys().filter(|(of, ..)| of == organisation);
        own.map(|(_, _, key)| SmolStr::from(key.as_str())).collect()
    }

    /// The portal's own names for these objects, with the places of their differences.
    pub fn handles(&self, organisation: &Organisation, live: &Live) -> HashMap<SmolStr, Vec<usize>> {
        let mut found: HashMap<SmolStr, Vec<usize>> = HashMap::new();
        let mut add = |resource: Resource, id: &SmolStr, handle: &SmolStr| {
            let key = (organisation.id.to_string(), resource, id.to_string());
            if let Some(places) = self.places.get(&key) {
                found.entry(handle.clone()).or_default().extend(places);
            }
        };
        for entry in &live.people {
            add(entry.object.section.into(), &entry.object.id, &entry.handle);
        }
        for entry in &live.groups {
            add(Resource::PermissionGroup, &entry.object.id, &entry.handle);
        }
        found
    }

    /// The portal changed the object of these differences last at that time. `spread`: some of its fields are kept
    /// elsewhere, so that the time says nothing of them.
    pub fn modified(&mut self, places: &[usize], at: Timestamp, spread: impl Fn(&str) -> bool) {
        for place in places.iter().copied().filter(|_| at <= self.read) {
            let field = self.differences[place].field.as_deref();
            if !field.is_some_and(&spread) {
                self.clues[place].modified = Some(at);
            }
        }
    }

    /// The portal made the object of these differences at that time.
    pub fn created(&mut self, places: &[usize], at: Timestamp) {
        for place in places.iter().copied().filter(|_| at <= self.read) {
            self.clues[place].created = Some(at);
        }
    }

    /// The portal's trail has this change; older ones come first.
    pub fn past(&mut self, organisation: &str, past: &Past) {
        let key = (organisation.to_owned(), past.resource, past.key.to_string());
        let Some(places) = self.places.get(&key).filter(|_| past.at <= self.read) else { return };
        for place in places {
            let (one, clues) = (&self.differences[*place], &mut self.clues[*place]);
            let (before, after) = (side(one, &past.before), side(one, &past.after));
            match (after == one.wanted, &clues.began) {
                (true, _) => clues.began = None,
                (false, None) => clues.began = Some((past.at, past.who.clone(), before == one.wanted)),
                (false, Some(_)) => {}
            }
            clues.current = after == one.live;
            if clues.current && (clues.came.is_none() || before != after) {
                clues.came = Some(past.at);
            } else if !clues.current {
                clues.came = None;
            }
        }
    }

    /// rosterctl applied this; older ones come first.
    pub fn applied(&mut self, applied: &Applied) {
        let key = (applied.organisation.clone(), applied.resource, applied.key.clone());
        let Some(places) = self.places.get(&key).filter(|_| applied.at <= self.read) else { return };
        for place in places {
            let one = &self.differences[*place];
            let written = match &one.field {
                // Whoever was written was in the roster then; whoever was removed was not.
                None => (applied.action != Action::Delete).then_some(one.action == Action::Create),
                Some(field) => applied.changes.iter().find(|(own, _)| own == field).map(|(_, to)| *to == one.wanted),
            };
            if let Some(same) = written {
                self.clues[*place].written = Some((applied.at, same));
            }
        }
    }

    /// Writes down what was found out.
    pub fn finish(self) {
        for (one, clues) in self.differences.iter_mut().zip(self.clues) {
            one.since = clues.since(one.cause, one.action, one.field.is_none());
        }
    }
}

impl Clues {
    /// What can be said without guessing.
    fn since(self, cause: Cause, action: Action, whole: bool) -> Option<Since> {
        let Clues { began, came, current, created, modified, written } = self;
        let audited = |at, bound| Since::new(at, bound, Source::PortalAudit);
        let changed = |bound| modified.map(|at| Since::new(at, bound, Source::Portal));
        let not_before = |(at, _)| Since::new(at, Bound::NotBefore, Source::Applied);
        let came = came.filter(|_| current);
        match cause {
            Cause::Outside => {
                let seen = began.filter(|_| current).map(|(at, who, agreed)| {
                    let bound = if agreed { Bound::Exact } else { Bound::NoLaterThan };
                    Since { by: agreed.then(|| who.to_string()), ..audited(at, bound) }
                });
                // Who is gone was not changed: what is left of the object says nothing.
                seen.or_else(|| changed(Bound::NoLaterThan)).or_else(|| written.map(not_before))
            }
            Cause::Both => came.map(|at| audited(at, Bound::NoLaterThan)).or_else(|| changed(Bound::NoLaterThan)),
            Cause::NotApplied if action == Action::Create => None,
            Cause::NotApplied => {
                let came = came.filter(|_| !whole).map(|at| audited(at, Bound::NotBefore));
                written.map(not_before).or(came)
            }
            Cause::Unknown => match (written, modified) {
                // Both sides agreed when rosterctl wrote; the portal was changed later, so it was changed away.
                (Some((at, true)), Some(later)) if later > at => changed(Bound::NoLaterThan),
                (Some(written), _) => Some(not_before(written)),
                (None, _) => came.map(|at| audited(at, Bound::Unchanged)).or_else(|| changed(Bound::Unchanged)),
            },
            // Whoever was made then is there since then; whoever was changed then is there for longer.
            Cause::Unmanaged => {
                let made = created.map(|at| Since::new(at, Bound::Unchanged, Source::Portal));
                let came = came.map(|at| audited(at, Bound::Unchanged));
                made.or(came).or_else(|| changed(Bound::Unchanged))
            }
        }
    }
}

/// What an object in words says of a difference: the value of its field, or whether it is there at all.
fn side(difference: &Difference, record: &Json) -> Json {
    let Some(field) = &difference.field else {
        return match (record.is_null(), difference.cause) {
            // A stranger is there or is not; which name is the same person's.
            (false, Cause::Unmanaged) => difference.live.clone(),
            (true, Cause::Unmanaged) => Json::Null,
            (true, _) => "absent".into(),
            (false, _) => "present".into(),
        };
    };
    let value = match field.split_once('.') {
        Some((spread @ ("attributes" | "applications"), key)) => &record[spread][key],
        _ => &record[field.as_str()],
    };
    match value {
        Json::Array(items) if items.is_empty() => Json::Null,
        Json::String(word) if field == "type" && word == "person" => Json::Null,
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn difference(cause: Cause) -> Difference {
        Difference {
            organisation: "acme".to_owned(),
            resource: Resource::User,
            key: "ada".to_owned(),
            action: Action::Update,
            field: Some("roles".to_owned()),
            wanted: json!(["technical"]),
            live: json!(["technical", "dpo"]),
            cause,
            location: None,
            since: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn past(second: i64, who: &str, before: Json, after: Json) -> Past {
        let record = |roles: Json| json!({ "roles": roles });
        let (before, after) = (record(before), record(after));
        Past { at: at(second), who: who.into(), resource: Resource::User, key: "ada".into(), before, after }
    }

    fn dated(cause: Cause, tell: impl Fn(&mut Dating<'_>)) -> Option<Since> {
        let mut differences = [difference(cause)];
        let mut dating = Dating::of(&mut differences, at(1000));
        tell(&mut dating);
        dating.finish();
        let [one] = differences;
        one.since
    }

    fn applied(second: i64, to: Json) -> Applied {
        let changes = vec![("roles".to_owned(), to)];
        let (organisation, key) = ("acme".to_owned(), "ada".to_owned());
        Applied { at: at(second), organisation, resource: Resource::User, key, action: Action::Update, changes }
    }

    #[test]
    fn the_trail_of_the_portal_names_the_change_that_made_the_difference() {
        let (wanted, live) = (json!(["technical"]), json!(["technical", "dpo"]));
        let since = dated(Cause::Outside, |dating| {
            dating.past("acme", &past(10, "rosterctl", json!([]), wanted.clone()));
            dating.past("acme", &past(20, "grace", wanted.clone(), live.clone()));
            dating.past("acme", &past(30, "eve", live.clone(), live.clone()));
            dating.past("globex", &past(40, "eve", live.clone(), wanted.clone()));
            dating.past("acme", &past(2000, "later", live.clone(), wanted.clone()));
        });
        let since = since.expect("a time");
        assert_eq!((since.at.as_str(), since.bound), ("1970-01-01T00:00:20Z", Bound::Exact));
        assert_eq!((since.source, since.by.as_deref()), (Source::PortalAudit, Some("grace")));
        assert_eq!(since.anonymous(false).by, None);
    }

    #[test]
    fn what_the_trail_did_not_see_is_not_called_exact() {
        let (wanted, live) = (json!(["technical"]), json!(["technical", "dpo"]));
        // Somebody changed it past the trail; the next change that is in it found it so.
        let since = dated(Cause::Outside, |dating| {
            dating.past("acme", &past(10, "rosterctl", json!([]), wanted.clone()));
            dating.past("acme", &past(20, "grace", live.clone(), live.clone()));
        });
        assert_eq!(since.map(|since| (since.bound, since.by)), Some((Bound::NoLaterThan, None)));
        // What is there came past the trail too: the portal's own time is all that is known.
        let since = dated(Cause::Outside, |dating| {
            dating.past("acme", &past(20, "grace", wanted.clone(), json!(["dpo"])));
            dating.modified(&[0], at(50), |_| false);
        });
        assert_eq!(
            since.map(|since| (since.at, since.source)),
            Some(("1970-01-01T00:00:50Z".to_owned(), Source::Portal))
        );
    }

    #[test]
    fn nothing_is_invented() {
        for cause in [Cause::Outside, Cause::NotApplied, Cause::Both, Cause::Unknown, Cause::Unmanaged] {
            assert_eq!(dated(cause, |_| {}), None);
            let later = dated(cause, |dating| dating.modified(&[0], at(1001), |_| false));
            assert_eq!(later, None, "what happened after the reading tells nothing of it");
            let elsewhere = dated(cause, |dating| dating.modified(&[0], at(5), |field| field == "roles"));
            assert_eq!(elsewhere, None, "the account's time tells nothing of what groups hold");
        }
        // When the portal was changed says nothing of when the roster was.
        assert_eq!(dated(Cause::NotApplied, |dating| dating.modified(&[0], at(5), |_| false)), None);
    }

    #[test]
    fn what_rosterctl_wrote_bounds_what_came_later() {
        let bound = |cause, to: Json, modified: Option<i64>| {
            dated(cause, |dating| {
                dating.applied(&applied(100, to.clone()));
                if let Some(second) = modified {
                    dating.modified(&[0], at(second), |_| false);
                }
            })
            .map(|since| (since.at, since.bound))
        };
        let time = |second: i64| at(second).to_string();
        let (wanted, live) = (json!(["technical"]), json!(["technical", "dpo"]));
        assert_eq!(bound(Cause::NotApplied, live.clone(), None), Some((time(100), Bound::NotBefore)));
        assert_eq!(bound(Cause::Unknown, wanted.clone(), Some(200)), Some((time(200), Bound::NoLaterThan)));
        assert_eq!(bound(Cause::Unknown, wanted, Some(100)), Some((time(100), Bound::NotBefore)));
        assert_eq!(bound(Cause::Unknown, live, Some(200)), Some((time(100), Bound::NotBefore)));
        let unknown = dated(Cause::Unknown, |dating| dating.modified(&[0], at(7), |_| false));
        assert_eq!(unknown.map(|since| since.bound), Some(Bound::Unchanged));
    }
}
