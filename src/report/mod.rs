//! One report value, many renderings. Renderers turn values into text; the command line alone prints it.

pub mod accept;
pub mod cells;
pub mod drift;
pub mod export;
mod fingerprint;
mod format;
pub mod github;
pub mod gitlab;
pub mod html;
mod ids;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod review;
mod root;
pub mod runbook;
pub mod sarif;
pub mod schema;
pub mod since;
pub mod standing;
pub mod text;
mod verdict;
pub mod web;
pub mod who;
pub mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Severity};
use crate::live::Resource;
use crate::plan::base::{Origin, Origins};
use crate::plan::document::{Action, Finding, PlanDocument, TargetRef};

pub use format::{Format, Plain, Renderer, Report, names};
pub use root::Root;
pub use verdict::Verdict;

/// The version of the report format.
pub const REPORT_VERSION: u32 = 1;

/// What `validate` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validation {
    /// The version of this format: 1.
    pub version: u32,
    /// How much there is of everything.
    pub summary: Summary,
    /// What was there at the revision that `--base` named; its findings are not among those below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseFindings>,
    /// The findings, by path, line and column.
    pub diagnostics: Vec<Finding>,
}

/// The findings of a revision of the rosters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseFindings {
    /// The revision, as it was named.
    pub revision: String,
    /// Its commit.
    pub commit: String,
    /// How many of its findings are still there.
    pub remaining: usize,
    /// How many are not there any more.
    pub mended: usize,
    /// Organisations that cannot be read there: all of their findings are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncompared: Vec<String>,
}

/// How much was read and found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Summary {
    /// Organisations read.
    pub organisations: usize,
    /// Users read.
    pub users: usize,
    /// Contacts read.
    pub contacts: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings worth knowing.
    pub infos: usize,
}

/// How a drift check ended: what differs between rosters and portal, and on whose side it changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Drift {
    /// The version of this format: 1.
    pub version: u32,
    /// Where was looked.
    pub target: TargetRef,
    /// Whether the live state was read completely.
    pub complete: bool,
    /// The differences.
    pub differences: Vec<Difference>,
    /// Where they come from, seen from the revision that `--base` named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<crate::plan::base::Comparison>,
    /// Findings.
    pub diagnostics: Vec<Finding>,
}

/// One field of one object that differs, or a whole object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Difference {
    /// The organisation.
    pub organisation: String,
    /// The kind of object.
    pub resource: Resource,
    /// The id of the object, or the portal's handle where no roster names it.
    pub key: String,
    /// What `apply` would do about it.
    pub action: Action,
    /// The field; none where the whole object appears or disappears.
    pub field: Option<String>,
    /// What the roster wants.
    pub wanted: serde_json::Value,
    /// What the portal has.
    pub live: serde_json::Value,
    /// On whose side it changed.
    pub cause: Cause,
    /// The line of the roster.
    pub location: Option<crate::diagnostic::Location>,
    /// Since when it is there, where somebody wrote that down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<since::Since>,
}

impl Difference {
    /// The id of the object, or the portal's handle where no roster names it: nothing else of a stranger.
    pub fn id(&self) -> &str {
        let handle = || self.key.split_once(" (").map(|(handle, _)| handle);
        if self.cause == Cause::Unmanaged { handle().unwrap_or(&self.key) } else { &self.key }
    }

    /// What it is called on the command line: `organisation/id`, or `organisation/id/field`.
    pub fn item(&self) -> String {
        let object = format!("{}/{}", self.organisation, self.id());
        self.field.as_ref().map_or(object.clone(), |field| format!("{object}/{field}"))
    }

    /// Where it comes from, in words, seen from a revision of the rosters: with its name and the value there.
    pub fn origin<'b>(&self, base: &Origins<'b>) -> Option<(String, &'b str, &'b serde_json::Value)> {
        let traced = base.of_change(&self.organisation, self.resource, &self.key, self.field.as_deref())?;
        Some((traced.words(base.revision), base.revision, &traced.base))
    }
}

impl Difference {
    /// Takes from a comparison with a revision on whose side it arose, where the portal keeps no record that could tell.
    pub fn settle_cause(&mut self, base: &Origins<'_>) {
        let traced = base.of_change(&self.organisation, self.resource, &self.key, self.field.as_deref());
        self.cause = match (self.cause, traced.map(|traced| traced.origin)) {
            (Cause::Unknown, Some(Origin::Branch | Origin::Base)) => Cause::NotApplied,
            (Cause::Unknown, Some(Origin::Outside)) => Cause::Outside,
            (Cause::Unknown, Some(Origin::Conflict)) => Cause::Both,
            (cause, _) => cause,
        };
    }
}

/// On whose side a difference arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The portal was changed by someone else since rosterctl wrote it.
    Outside,
    /// The roster was changed and not applied yet.
    NotApplied,
    /// Both, differently.
    Both,
    /// The portal keeps no record that could tell.
    Unknown,
    /// The portal has it and no roster names it.
    Unmanaged,
}

impl Cause {
    /// The word, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Outside => "outside",
            Cause::NotApplied => "not-applied",
            Cause::Both => "both",
            Cause::Unknown => "unknown",
            Cause::Unmanaged => "unmanaged",
        }
    }
}

/// How an apply ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The version of this format: 1.
    pub version: u32,
    /// The plan that was applied.
    pub plan: PlanDocument,
    /// Every step and how it went, in the order of the plan.
    pub steps: Vec<StepOutcome>,
    /// Whether it was stopped by the user.
    pub interrupted: bool,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepOutcome {
    /// The step's number.
    pub id: u32,
    /// How it went.
    pub result: StepResult,
    /// Why, where it did not go well.
    pub reason: Option<String>,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepResult {
    /// Carried out.
    Done,
    /// Refused or failed; nothing of it was done.
    Failed,
    /// Not tried: a step before it failed, or the run was stopped.
    NotAttempted,
}

/// Findings by path, line and column; those without a place last.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| {
            let place = finding.location.as_ref();
            (place.is_none(), place.map(|l| (l.path.clone(), l.line, l.column)), finding.rule.clone())
        };
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
}

impl Summary {
    /// Counts findings into the summary.
    pub fn count(&mut self, findings: &[Diagnostic]) {
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        self.errors = of(Severity::Error);
        self.warnings = of(Severity::Warning);
        self.infos = of(Severity::Info);
    }
}
