//! What pages are made of: a plan, its findings with their source lines, and who stands where before and after.

use super::standing::Standing;
use super::web::Web;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Sources;
use crate::plan::document::{Finding, PlanDocument};

/// A plan and everything that a page can show of it.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    /// The plan.
    pub plan: &'a PlanDocument,
    /// Whether the rosters have no errors, so that something was planned at all.
    pub sound: bool,
    /// The findings, in the order in which they are told.
    pub diagnostics: &'a [Diagnostic],
    /// The rosters' text.
    pub sources: &'a Sources,
    /// The organisations before and after; empty where only words are asked for.
    pub standings: Vec<Standing>,
    /// Where the rosters can be looked at in a browser, where that is known.
    pub web: Option<Web>,
}

impl Review<'_> {
    /// The findings with their places.
    pub fn findings(&self) -> Vec<Finding> {
        self.diagnostics.iter().map(|finding| Finding::of(finding, self.sources)).collect()
    }

    /// How many findings have a weight.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }
}
