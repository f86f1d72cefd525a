//! Doubt: what a roster says that could not be taken in. Findings that may be there for that reason alone are held back,
//! because the roster's own errors must be mended first.

use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::Breach;
use crate::diagnostic::Diagnostic;
use crate::model::Organisation;
use crate::platform::{Check, Rule};

/// The rules of the language that, where they are broken, leave something out of what is known.
const LOSING: &[&str] = &[
    "roster/unknown-key",
    "roster/wrong-type",
    "roster/duplicate-key",
    "roster/unknown-role",
    "roster/unknown-group",
    "roster/unknown-application",
    "roster/unknown-attribute",
    "roster/invalid-email",
    "roster/null-section",
];

/// The organisations of which something could not be taken in.
#[derive(Debug, Default)]
pub struct Doubts(HashMap<SmolStr, Doubt>);

/// The people and groups of one organisation of which something could not be taken in.
#[derive(Debug, Default)]
pub(super) struct Doubt(HashSet<SmolStr>);

impl Doubts {
    /// What the findings about the shape of rosters put in doubt.
    pub fn of(findings: &[Diagnostic]) -> Doubts {
        let mut doubts = Doubts::default();
        for finding in findings.iter().filter(|finding| loses(finding)) {
            if let Some(organisation) = &finding.organisation {
                doubts.0.entry(organisation.clone()).or_default().0.extend(finding.subject.clone());
            }
        }
        doubts
    }

    pub(super) fn about(&self, organisation: &Organisation) -> Option<&Doubt> {
        self.0.get(&organisation.id)
    }
}

/// Whether a finding means that something about people or groups was left out.
fn loses(finding: &Diagnostic) -> bool {
    let assertion = |pointer: &str| pointer.starts_with("/expectations/") || pointer.starts_with("/waivers/");
    LOSING.contains(&finding.rule.as_str()) && !finding.place.as_ref().is_some_and(|place| assertion(&place.pointer))
}

impl Doubt {
    /// Whether a breach may be there only because of what was left out: of the person that it is about, or, where
    /// somebody is missing, of anybody. Too many are too many all the same.
    pub(super) fn explains(&self, rule: &Rule, breach: &Breach, organisation: &Organisation) -> bool {
        match (&rule.check, &breach.subject) {
            (Check::Requires(_) | Check::Holder | Check::LeastPrivilege { .. }, Some(id)) => {
                let person = organisation.person(id);
                let groups = person.iter().flat_map(|person| &person.groups);
                self.0.contains(id) || groups.into_iter().any(|group| self.0.contains(&group.value))
            }
            (Check::Cardinality(_), subject) => subject.is_none(),
            _ => true,
        }
    }
}
