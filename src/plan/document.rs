//! The plan as a document: what people read, what is saved, what `apply --plan` takes back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::document::{Sources, locate};
use crate::live::Resource;
use crate::platform::Verb;

/// The version of the plan format.
pub const PLAN_VERSION: u32 = 1;

/// What would change on a target, step by step, and what that means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanDocument {
    /// The version of this format: 1.
    pub version: u32,
    /// `sha256:` and the digest of what the plan would do and to what; not of how it is printed.
    pub digest: String,
    /// The organisations planned.
    pub organisations: Vec<String>,
    /// How the rosters name the platform of each organisation.
    #[serde(default)]
    pub platforms: BTreeMap<String, String>,
    /// Where the plan applies.
    pub target: TargetRef,
    /// The id of the acting person, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Where the changes come from, seen from the revision that `--base` named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<super::base::Comparison>,
    /// Whether the live state was read completely. Where it was not, the plan removes nothing.
    pub complete: bool,
    /// How much there is of everything.
    pub summary: PlanSummary,
    /// The permissions that the steps need of whoever acts.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What would be done, in a safe order.
    pub steps: Vec<Step>,
    /// What it means for people.
    pub impact: Impact,
    /// What is live and named by no roster; touched only with `--prune`.
    pub unmanaged: Vec<Unmanaged>,
    /// People of whom the portal waits for something.
    pub waiting: Vec<Waiting>,
    /// Steps that may not be taken.
    pub blocked: Vec<Blocked>,
    /// Findings about the rosters and about the live state.
    pub diagnostics: Vec<Finding>,
}

/// Where a plan applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetRef {
    /// The name in the workspace file.
    pub name: String,
    /// The kind of target.
    pub kind: String,
    /// What tells this portal from every other: for an embedded one the path of its file and, once it is there, its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
}

/// How much a plan holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanSummary {
    /// Objects created.
    pub create: usize,
    /// Objects changed (reactivated ones too).
    pub update: usize,
    /// Objects removed: deleted, or without access from then on.
    pub remove: usize,
    /// Objects that are as they should be.
    pub unchanged: usize,
    /// Objects that no roster names.
    pub unmanaged: usize,
    /// People of whom the portal waits for something.
    pub waiting: usize,
    /// Steps that may not be taken.
    pub blocked: usize,
}

/// One step: one change to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Its number, from 1, in the order of the plan.
    pub id: u32,
    /// The organisation.
    pub organisation: String,
    /// What is done.
    pub action: Action,
    /// The kind of object.
    pub resource: Resource,
    /// The id of the object in the roster.
    pub key: String,
    /// The portal's own name for the object; none where it is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// What changes, field by field.
    pub changes: Vec<Change>,
    /// The steps that must be done before.
    pub after: Vec<u32>,
    /// The line of the roster behind it; none for what left the roster.
    pub location: Option<Location>,
    /// The digest of the live object as the plan saw it; none where it is created.
    pub fingerprint: Option<String>,
    /// The permissions that it needs of whoever acts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Rules that it leaves broken until a later step closes them.
    pub opens: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Makes the object.
    Create,
    /// Changes it.
    Update,
    /// Takes its access away and keeps it.
    Deactivate,
    /// Gives its access back.
    Reactivate,
    /// Removes it.
    Delete,
}

impl Action {
    /// The platform's word for it.
    pub fn verb(self) -> Verb {
        match self {
            Action::Create => Verb::Create,
            Action::Update => Verb::Update,
            Action::Deactivate => Verb::Deactivate,
            Action::Reactivate => Verb::Reactivate,
            Action::Delete => Verb::Delete,
        }
    }

    /// The word that people read.
    pub fn as_str(self) -> &'static str {
        self.verb().as_str()
    }
}

impl From<Verb> for Action {
    fn from(verb: Verb) -> Action {
        match verb {
            Verb::Create => Action::Create,
            Verb::Update | Verb::Accept => Action::Update,
            Verb::Deactivate => Action::Deactivate,
            Verb::Reactivate => Action::Reactivate,
            Verb::Delete => Action::Delete,
        }
    }
}

/// One field and its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The field as in the roster; attributes and applications as `attributes.NAME` and `applications.NAME`; `id` where
    /// the object is renamed or adopted.
    pub field: String,
    /// The value before; null where there is none.
    pub from: Json,
    /// The value after; null where there is none.
    pub to: Json,
}

/// What a plan means for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Impact {
    /// Permissions and application levels gained and lost.
    pub access: Vec<AccessChange>,
    /// Events whose recipients change.
    pub notifications: Vec<NotificationChange>,
    /// Events that get lost, or no longer do: all to whom they are assigned are pending or deactivated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub black_holes: Vec<BlackHoleChange>,
    /// People who keep their account and lose their last role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_role: Vec<WithoutRole>,
}

/// An event that gets lost, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlackHoleChange {
    /// The organisation.
    pub organisation: String,
    /// The event.
    pub event: String,
    /// Opened or closed.
    pub change: OpenOrClosed,
    /// Those to whom it is assigned, none of whom can read it.
    pub assigned: Vec<String>,
}

/// Opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OpenOrClosed {
    /// Somebody or nobody was told of it by the platform's own rules before; now it may be lost.
    Opened,
    /// It may have been lost before.
    Closed,
}

/// Somebody who loses the last role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithoutRole {
    /// The organisation.
    pub organisation: String,
    /// The person's id.
    pub person: String,
    /// The roles held before.
    pub roles: Vec<String>,
}

/// A permission gained or lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessChange {
    /// The organisation.
    pub organisation: String,
    /// The person's id.
    pub person: String,
    /// A permission of the platform, or `APPLICATION:LEVEL`.
    pub permission: String,
    /// Gained or lost.
    pub change: GainOrLoss,
}

/// Gained or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GainOrLoss {
    /// Had it not before, has it after.
    Gained,
    /// Had it before, has it not after.
    Lost,
}

/// An event whose recipients change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationChange {
    /// The organisation.
    pub organisation: String,
    /// The event.
    pub event: String,
    /// Who was reached.
    pub before: Vec<String>,
    /// Who will be reached; empty: nobody.
    pub after: Vec<String>,
}

/// Something live that no roster names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unmanaged {
    /// The organisation.
    pub organisation: String,
    /// The kind of object.
    pub resource: Resource,
    /// The portal's own name for it.
    pub handle: String,
    /// Its name.
    pub name: String,
    /// Its mail address, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A person of whom the portal waits for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waiting {
    /// The organisation.
    pub organisation: String,
    /// The person's id.
    pub person: String,
    /// What is waited for.
    pub reason: String,
}

/// A step that may not be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blocked {
    /// The step, as it would be.
    pub step: Step,
    /// The rule that forbids it.
    pub rule: String,
    /// Why, and who could do it.
    pub message: String,
}

/// A finding, ready for readers and machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// The organisation, where it is known.
    pub organisation: Option<String>,
    /// The person, group or other thing that it concerns.
    pub subject: Option<String>,
    /// What is wrong and why.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where; none for findings about live state.
    pub location: Option<Location>,
    /// Second places.
    pub related: Vec<RelatedFinding>,
}

/// A second place of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelatedFinding {
    /// Where.
    pub location: Location,
    /// What it has to do with the finding.
    pub message: String,
}

impl Finding {
    /// A diagnostic with its places worked out.
    pub fn of(diagnostic: &Diagnostic, sources: &Sources) -> Finding {
        let related = diagnostic.related.iter();
        Finding {
            rule: diagnostic.rule.to_string(),
            severity: diagnostic.severity,
            organisation: diagnostic.organisation.as_ref().map(ToString::to_string),
            subject: diagnostic.subject.as_ref().map(ToString::to_string),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            location: diagnostic.place.as_ref().map(|place| locate(sources, place)),
            related: related
                .map(|related| RelatedFinding {
                    location: locate(sources, &related.place),
                    message: related.message.clone(),
                })
                .collect(),
        }
    }
}
