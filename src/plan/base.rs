//! Three sides of a change: the roster as it is, the roster at a revision, the portal. They tell what this branch changes,
//! what was on the base and is not applied yet, and what others changed on the portal; no state is kept anywhere for it.

mod sides;
mod then;
mod unread;

pub use unread::Unread;

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::document::{Action, PlanDocument, Step};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::live::{Live, Resource};
use crate::model::{Group, Organisation, Person};
use crate::platform::Section;
use sides::{Index, Sides};

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
    /// The roster is as at the revision, and rosterctl wrote another value: since, from a branch that goes on from it, or
    /// before.
    Rewritten,
    /// The roster is as at the revision, and somebody else changed the portal: the plan puts it back.
    Outside,
    /// This branch changes what somebody else changed on the portal.
    Conflict,
    /// This branch adds somebody whom others have created on the portal, with another value.
    AddedTwice,
    /// The roster is as at the revision, and nothing tells whether it was applied.
    Unknown,
}

impl Traced {
    /// Where the change comes from, for people; of somebody who leaves, what others changed.
    pub fn words(&self, revision: &str) -> String {
        let words = self.origin.words(revision);
        if let (Origin::Conflict, Some(changes)) = (self.origin, self.deleted_outside()) {
            return format!("changed on this branch ({changes}), and deleted outside");
        }
        match (self.origin, &self.base) {
            (Origin::Conflict, Json::Object(_)) => {
                format!("{words}: {revision} says {}, the portal {}", said(&self.base), said(&self.live))
            }
            (Origin::Conflict, Json::Null) => "changed in the roster and outside".to_owned(),
            _ => words,
        }
    }

    /// What this branch changes of an object that others have deleted.
    fn deleted_outside(&self) -> Option<String> {
        let (Json::Object(then), Json::Object(now), None) = (&self.base, &self.branch, &self.field) else {
            return None;
        };
        let to = |field: &str| said(now.get(field).unwrap_or(&Json::Null));
        let each = then.iter().map(|(field, from)| format!("{field} from {} to {}", said(from), to(field)));
        Some(each.collect::<Vec<String>>().join(" and "))
    }
}

impl Origin {
    /// Where the change comes from, for people.
    pub fn words(self, revision: &str) -> String {
        match self {
            Origin::Branch => format!("changed on this branch, compared with {revision}"),
            Origin::Base => format!("on {revision} already, and not applied yet"),
            Origin::Rewritten => format!(
                "as on {revision}, and rosterctl wrote another value: since, from a newer main or another branch, or before"
            ),
            Origin::Outside => format!("changed outside: the roster is as on {revision}"),
            Origin::Conflict => "changed on this branch and outside".to_owned(),
            Origin::AddedTwice => {
                format!("added on this branch, and created outside with another value: {revision} has neither")
            }
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
    /// A branch that goes on from it, and that the rosters lack, where no branch is named.
    pub further: Option<&'b str>,
    /// The organisations as they were, besides those of `same`.
    pub organisations: &'b [Organisation],
    /// The organisations that are as they were.
    pub same: &'b HashSet<SmolStr>,
    /// What could not be understood then.
    pub unread: &'b Unread,
}

impl<'b> Base<'b> {
    /// An organisation as it was.
    pub fn organisation(&self, now: &'b Organisation) -> Option<&'b Organisation> {
        if self.same.contains(&now.id) {
            return Some(now);
        }
        self.organisations.iter().find(|then| then.id == now.id)
    }

    /// Tells where each change of a plan comes from, notes it at the steps, and gives a finding for each conflict.
    pub fn compare(&self, plan: &mut PlanDocument, pairs: &[(&'b Organisation, &'b Live)]) -> Vec<Diagnostic> {
        let mut changes = Vec::new();
        let mut conflicts = Vec::new();
        let indexes: HashMap<&str, Index<'_>> =
            pairs.iter().map(|(now, live)| (now.id.as_str(), Index::of(self, now, live))).collect();
        let mut of_object: HashMap<(String, Resource, String), std::ops::Range<usize>> = HashMap::new();
        for object in objects(plan) {
            let Some(index) = indexes.get(object.organisation.as_str()) else { continue };
            let first = changes.len();
            let sides = Sides::of(index, &object);
            for traced in sides.traced(&object) {
                if traced.origin == Origin::Conflict {
                    conflicts.push(self.conflict(index.now, &traced, sides.readable));
                }
                changes.push(traced);
            }
            let twice: Vec<&Traced> = changes[first..].iter().filter(|one| one.origin == Origin::AddedTwice).collect();
            conflicts.extend(self.added_twice(index.now, &twice));
            of_object.insert((object.organisation, object.resource, object.key), first..changes.len());
        }
        let steps = plan.steps.iter_mut().chain(plan.blocked.iter_mut().map(|blocked| &mut blocked.step));
        for step in steps {
            let own = of_object.get(&(step.organisation.clone(), step.resource, step.key.clone()));
            let note = self.note(step, own.map_or(&[], |own| &changes[own.clone()]));
            step.notes.extend(note);
        }
        conflicts.extend(self.rewritten(&changes));
        let (revision, commit) = (self.revision.to_owned(), self.commit.to_owned());
        plan.base = Some(Comparison { revision, commit, changes });
        conflicts
    }

    /// `known`: whether it is known what the revision says.
    fn conflict(&self, organisation: &Organisation, traced: &Traced, known: bool) -> Diagnostic {
        let (key, revision) = (&traced.key, self.revision);
        let what = traced.field.as_deref().unwrap_or("the entry");
        let [base, branch, live] = [&traced.base, &traced.branch, &traced.live].map(said);
        let here = if known { "on this branch" } else { "in the roster" };
        let field = traced.field.iter().map(|field| format!("/{field}"));
        let accept = format!("rosterctl accept {}/{key}{}", organisation.id, field.collect::<String>());
        let then = if known { format!("{revision} says {base}") } else { format!("what {revision} says is not known") };
        let says = if known { "" } else { "says " };
        let deleted = traced.deleted_outside();
        let (message, help) = match (&traced.live, &traced.field) {
            _ if deleted.is_some() => {
                let kind = if traced.resource == Resource::PermissionGroup { "group" } else { "person" };
                let changes = deleted.unwrap_or_default();
                (
                    format!("`{key}`: this branch changes {changes}, and the portal deleted the {kind}"),
                    format!("take the entry out (`{accept}`), or create the {kind} again with --allow-conflicts"),
                )
            }
            (Json::Object(_), None) => (
                format!(
                    "`{key}`: leaves on this branch, and was changed on the portal: {then}, the portal {says}{live}"
                ),
                format!(
                    "put the entry back as {revision} has it and take the portal's values into it (`{accept}`), or apply over it with --allow-conflicts"
                ),
            ),
            _ => (
                format!(
                    "`{key}`: {what} was changed {here} and on the portal: {then}, this branch {says}{branch}, the portal {live}"
                ),
                format!(
                    "take the portal's value into the roster (`{accept}`), or apply over it with --allow-conflicts"
                ),
            ),
        };
        Diagnostic::error("plan/conflict", message)
            .at(place(organisation, traced))
            .subject(key.as_str())
            .organisation(organisation.id.clone())
            .help(help)
    }

    /// What was written from a newer state may be undone by this plan.
    fn rewritten(&self, changes: &[Traced]) -> Option<Diagnostic> {
        let further = self.further?;
        let mut items = changes.iter().filter(|one| one.origin == Origin::Rewritten).map(|one| {
            let field = one.field.iter().map(|field| format!("/{field}")).collect::<String>();
            format!("{}/{}{field}", one.organisation, one.key)
        });
        let first = items.next()?;
        let more = match items.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let revision = self.revision;
        let message = format!(
            "{further} goes on from {revision}, and this branch lacks that: rosterctl may have written another value of \
             `{first}`{more} since, from a newer main or another branch, which this plan undoes"
        );
        let help =
            "name the tip of the branch that is applied, such as --base origin/main, and merge it into this branch";
        Some(Diagnostic::new("plan/behind-base", Severity::Warning, message).help(help))
    }

    /// Nothing that the rosters knew of is undone: it is said, and forbids nothing.
    fn added_twice(&self, organisation: &Organisation, fields: &[&Traced]) -> Option<Diagnostic> {
        let first = fields.first()?;
        let name = |one: &&Traced| one.field.clone().unwrap_or_default();
        let each = fields.iter().map(|one| {
            format!("{} is {} on this branch and {} on the portal", name(one), said(&one.branch), said(&one.live))
        });
        let each = each.collect::<Vec<String>>().join("; ");
        let message = format!("`{}`: added on this branch, and created on the portal by others: {each}", first.key);
        let help = format!(
            "apply takes that person over with the branch's values; for the portal's: `rosterctl accept {}/{}`",
            organisation.id, first.key
        );
        let finding = Diagnostic::new("plan/conflict", Severity::Warning, message).at(place(organisation, first));
        Some(finding.subject(first.key.as_str()).organisation(organisation.id.clone()).help(help))
    }

    /// Where the changes of a step come from, in words.
    fn note(&self, step: &Step, changes: &[Traced]) -> Option<String> {
        let listed: HashSet<&str> = step.changes.iter().map(|change| change.field.as_str()).collect();
        let mut origins: BTreeMap<(Origin, String), Vec<&str>> = BTreeMap::new();
        for traced in changes {
            let field = traced.field.as_deref();
            if field.is_none_or(|field| listed.contains(field)) {
                let words = (traced.origin, traced.words(self.revision));
                origins.entry(words).or_default().push(field.unwrap_or_default());
            }
        }
        let single = origins.len() == 1;
        let parts = origins.iter().map(|((_, words), fields)| match (single, words.clone()) {
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
        Json::Object(fields) => {
            let fields = fields.iter().map(|(field, value)| format!("{field} {}", said(value)));
            fields.collect::<Vec<String>>().join(" and ")
        }
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
