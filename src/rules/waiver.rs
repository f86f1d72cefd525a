//! Waivers: findings accepted for a reason and for a time. An expired one is an error, an unused one a warning.

use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::model::{Day, Organisation, Waiver};
use crate::platform::Check;

/// A waiver that is in force, for findings that come up after the roster was checked, in plans.
#[derive(Debug)]
pub struct Waived<'a>(Vec<&'a Waiver>);

impl<'a> Waived<'a> {
    /// The waivers of an organisation that are in force.
    pub fn of(organisation: &'a Organisation, today: Day) -> Waived<'a> {
        Waived(organisation.waivers.iter().filter(|waiver| in_force(waiver, today)).collect())
    }

    /// Whether a rule is waived of one subject.
    pub fn of_subject(&self, rule: &str, subject: &str) -> bool {
        self.0.iter().any(|waiver| waiver.rule == rule && waiver.subject.as_deref() == Some(subject))
    }

    /// Whether a finding is accepted.
    pub fn covers(&self, finding: &Diagnostic) -> bool {
        self.0.iter().any(|waiver| matches(waiver, finding))
    }
}

fn in_force(waiver: &Waiver, today: Day) -> bool {
    waiver.until.is_none_or(|until| today <= until)
}

fn matches(waiver: &Waiver, finding: &Diagnostic) -> bool {
    let subject = match (&waiver.subject, &finding.subject) {
        (Some(wanted), Some(found)) => wanted == found,
        (Some(wanted), None) => Some(wanted) == finding.organisation.as_ref(),
        (None, found) => found.is_none(),
    };
    subject && waiver.rule == finding.rule
}

/// Splits findings into those that stand and what waivers themselves give rise to.
pub(super) fn apply(
    organisation: &Organisation,
    findings: Vec<Diagnostic>,
    today: Day,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut used = vec![false; organisation.waivers.len()];
    let stands = |finding: &Diagnostic| {
        let hits = organisation.waivers.iter().enumerate().filter(|(_, waiver)| matches(waiver, finding));
        let mut waived = false;
        for (index, waiver) in hits {
            used[index] = true;
            waived |= in_force(waiver, today);
        }
        !waived
    };
    let standing: Vec<Diagnostic> = findings.into_iter().filter(stands).collect();
    let mut own = Vec::new();
    for (waiver, used) in organisation.waivers.iter().zip(used) {
        let rule = organisation.platform.rule(&waiver.rule);
        let finding = match (rule, waiver.until) {
            (None, _) => Some(unknown(organisation, waiver)),
            (Some(_), Some(until)) if until < today => Some(
                Diagnostic::error(
                    "roster/waiver-expired",
                    format!("the waiver of {} ended on {}: {}", waiver.rule, until.0, waiver.reason),
                )
                .help("mend what it covers, or renew it with a new reason and date"),
            ),
            (Some(rule), _) if !used && checked_offline(&rule.check) => {
                let message = format!("the waiver of {} covers no finding", waiver.rule);
                let help = "take it out: the rule holds without it, or its subject is not the one that breaks it";
                Some(Diagnostic::new("roster/waiver-unused", Severity::Warning, message).help(help))
            }
            _ => None,
        };
        if let Some(mut finding) = finding {
            finding.subject = waiver.subject.clone();
            own.push(finding.at(waiver.place.clone()).organisation(organisation.id.clone()));
        }
    }
    (standing, own)
}

/// Whether a rule can be checked without live state.
pub fn checked_offline(check: &Check) -> bool {
    match check {
        Check::Requires(parameters) => !parameters.untouched,
        check => !check.of_plans(),
    }
}

fn unknown(organisation: &Organisation, waiver: &Waiver) -> Diagnostic {
    let rules = organisation.platform.rules.iter().map(|rule| rule.id.as_str());
    let finding = Diagnostic::error(
        "roster/unknown-rule",
        format!("{} has no rule `{}` that could be waived", organisation.platform.name, waiver.rule),
    );
    match nearest(&waiver.rule, rules) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("`rosterctl explain` lists the rules"),
    }
}
