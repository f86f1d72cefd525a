//! Rules: instances of a small set of templates, checked against an organisation.
//!
//! A template is one file of this folder. Rules that speak of one person at a time are [`personal`]; rules that count
//! people are [`counted`]. The planner asks the same two questions of every state that a plan passes through.

pub(crate) mod black_hole;
mod cardinality;
mod claims;
mod doubt;
mod expectation;
mod holder;
mod least_privilege;
mod names;
mod primary;
mod requires;
mod useful_group;
mod waiver;

use std::collections::HashMap;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, Place, Related, Severity};
use crate::document::workspace::Level;
use crate::model::{Day, Organisation, Person, Roll, View};
use crate::platform::{Check, Rule, Side};
pub use doubt::Doubts;
pub use waiver::{Waived, checked_offline};

/// The shape rules of the language itself, with what each says. `explain` tells them.
pub const ROSTER_RULES: &[(&str, &str)] = &[
    ("roster/syntax", "the text is YAML, and the file can be read"),
    ("roster/unknown-key", "every key is one that the language knows"),
    ("roster/wrong-type", "every value is of the type that its key asks for"),
    ("roster/missing-key", "keys that must be there are there"),
    ("roster/duplicate-key", "nothing is declared twice"),
    ("roster/unknown-role", "roles are words of the platform"),
    ("roster/unknown-group", "permission groups that users list are declared"),
    ("roster/unknown-application", "applications are words of the platform"),
    ("roster/unknown-user", "people that expectations and attributes name are declared"),
    ("roster/unknown-attribute", "attributes are words of the platform"),
    ("roster/unknown-rule", "rules that waivers and levels name exist"),
    (
        "roster/duplicate-email",
        "one person is one entry: no two share an e-mail address, compared without regard to case",
    ),
    ("roster/invalid-email", "e-mail addresses are well-formed and in plain ASCII"),
    ("roster/null-section", "a section is managed, or absent: never without a value"),
    ("roster/version", "the version is one that this rosterctl reads"),
    ("roster/unknown-platform", "the platform is built in, or a file that can be read"),
    ("roster/expectation", "what is expected of the outcome holds"),
    ("roster/waiver-expired", "a waiver ends on its last day"),
    ("roster/waiver-unused", "a waiver matches a finding"),
];

/// The rules of plans themselves and of snapshots that they read, with what each says.
pub const PLAN_RULES: &[(&str, &str)] = &[
    (
        "plan/max-removals",
        "a plan removes no more than the guard `maxRemovals` allows: per organisation and kind, of what is live, the smaller of \
         `count` (default 10) and `percent` (default 10, rounded up so that one leaver always passes); --allow-removals N \
         allows more once",
    ),
    (
        "plan/max-grants",
        "a plan gives roles or groups to no more people who are live already than the guard `maxGrants` allows: per \
         organisation and kind, the smaller of `count` (default 50) and `percent` (default 25, rounded up); --allow-grants N \
         allows more once",
    ),
    ("plan/incomplete", "what the portal announced was read; on a reading that is not complete nothing is removed"),
    (
        "plan/unreadable",
        "what the portal has keeps to the platform's own rules; what breaks them cannot be understood, so nothing is \
         planned for it, nor for the entries of the roster that it may be",
    ),
    (
        "plan/unlisted",
        "every organisation on the target whose people rosterctl manages is named by a roster of the workspace; nothing is \
         planned for one that is not",
    ),
    (
        "plan/conflict",
        "with --base REV: what this branch changes or adds was not changed or created on the target by others as well; \
         --allow-conflicts applies over it once",
    ),
    (
        "plan/behind-base",
        "with --base REV: the branch has all that is on the revision, so that nothing looks changed back",
    ),
    (
        "plan/base-unreadable",
        "with --base REV: the rosters at the revision can be found and understood, so that they can be compared",
    ),
    ("plan/no-such-field", "a field that a manifest reads is there in what the portal answers"),
    (
        "plan/evidence",
        "the targets that `provides` names can be asked for what rosters declare; where one cannot, what is declared counts",
    ),
    (
        "plan/new-portal",
        "the file of an embedded target is there; before the first apply there is none, and nobody is in it",
    ),
    ("plan/lifecycle", "each step is one for which the platform's life cycle has a way"),
    (
        "plan/circular",
        "no two entries exchange their ids or e-mail addresses in one plan: no order of single changes does that",
    ),
    (
        "plan/not-in-snapshot",
        "what a snapshot does not say is unknown and not empty: for people who are there it is taken to be as the roster says",
    ),
    ("manifest/expression", "expressions of a manifest parse, and name only what there is"),
    ("snapshot/too-old", "a snapshot is not older than `maxAge` (default 7d); on an older one nobody is removed"),
    ("snapshot/from-the-future", "a snapshot was not taken later than now; on such a one nobody is removed"),
    ("snapshot/one-page", "a list is all of it and not one page of several; on a part nobody is removed or created"),
    ("snapshot/no-entry", "every entry of a list in JSON or YAML is an object with keys"),
    ("snapshot/nested", "a value is plain in every entry of a list, or an object in every one"),
    ("snapshot/other-sheets", "the sheets of a workbook that hold rows are asked for; else nobody is removed"),
    (
        "snapshot/unknown-organisation",
        "rows name organisations that have rosters, or that `words: { organisations: … }` names; one that may be a \
         misspelt row of an organisation cannot be understood",
    ),
    ("snapshot/ragged-row", "every row of a CSV file has as many cells as its header"),
    ("snapshot/unknown-role", "titles of roles are those of the platform, or in `words: { roles: … }` of the target"),
    ("snapshot/unknown-group", "the table of permission groups lists each group that people are in"),
    ("snapshot/unknown-application", "applications are those of the platform, or in `words: { applications: … }`"),
    (
        "snapshot/unknown-word",
        "kinds, states, levels, yes and no are words that are known, or in `words` of the target",
    ),
    ("snapshot/invalid-email", "cells with mail addresses hold one address"),
    ("snapshot/invalid-id", "cells with ids hold ids of rosters"),
    ("snapshot/no-address", "everybody has a mail address or an id, by which they are recognised"),
    ("snapshot/duplicate-email", "no two people have one mail address"),
    ("snapshot/contradiction", "rows of one person or group say the same where both say something"),
    ("snapshot/mangled-number", "telephone numbers are not what a spreadsheet makes of them, such as 3.2E+10"),
    ("snapshot/formula", "cells hold values, not formulas and not errors of a spreadsheet"),
    ("snapshot/lost-letter", "no letter was lost by a wrong encoding"),
    ("snapshot/invisible-character", "no cell holds invisible characters that change how it looks"),
];

/// How rules are weighed in this run.
#[derive(Clone, Debug, Default)]
pub struct Levels(pub HashMap<SmolStr, Level>);

impl Levels {
    /// The severity of a rule's finding: what the workspace says, else what the clause says, else what the rule says.
    /// None: the rule is off.
    pub fn weigh(&self, rule: &Rule, clause: Option<Severity>) -> Option<Severity> {
        match self.0.get(&rule.id) {
            Some(level) => level.severity(),
            None => rule.level.map(|level| clause.unwrap_or(level)),
        }
    }
}

/// A rule that does not hold: what a template finds, before levels and waivers are applied.
#[derive(Debug)]
pub struct Breach {
    /// The weight that the template gives it; none: the rule's own.
    pub level: Option<Severity>,
    /// The person or group; none: the organisation as a whole.
    pub subject: Option<SmolStr>,
    /// What is wrong and why.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Where.
    pub place: Place,
    /// Second places.
    pub related: Vec<Related>,
}

/// Checks every rule and expectation of an organisation. Findings covered by a waiver are left out, and so are those
/// that may only follow from what could not be read.
pub fn check(organisation: &Organisation, levels: &Levels, doubts: &Doubts, today: Day) -> Vec<Diagnostic> {
    let roll = Roll::new(View::of(organisation), &organisation.people);
    let doubt = doubts.about(organisation);
    let mut findings = Vec::new();
    for rule in &organisation.platform.rules {
        if levels.weigh(rule, None).is_none() || !applies(rule, &roll.view) {
            continue;
        }
        let mut breaches = breaches(rule, organisation, &roll);
        breaches.retain(|breach| !doubt.is_some_and(|doubt| doubt.explains(rule, breach, organisation)));
        findings.extend(breaches.into_iter().filter_map(|breach| finding(rule, levels, breach, &organisation.id)));
    }
    let (mut findings, mut rest) = waiver::apply(organisation, findings, today);
    rest.retain(|finding| doubt.is_none() || finding.rule != "roster/waiver-unused");
    findings.append(&mut rest);
    findings.extend(expectation::check(organisation, &roll, doubt.is_some()));
    findings
}

/// Whether a rule is checked at all for the organisation.
pub fn applies(rule: &Rule, view: &View<'_>) -> bool {
    rule.when.as_ref().is_none_or(|when| view.holds_here(when))
}

/// A breach as a finding, unless the rule is off.
pub fn finding(rule: &Rule, levels: &Levels, breach: Breach, organisation: &SmolStr) -> Option<Diagnostic> {
    let severity = levels.weigh(rule, breach.level)?;
    let mut finding = Diagnostic::new(rule.id.clone(), severity, breach.message);
    finding.organisation = Some(organisation.clone());
    finding.subject = breach.subject;
    finding.help = (!breach.help.is_empty()).then_some(breach.help);
    finding.place = Some(breach.place);
    finding.related = breach.related;
    Some(finding)
}

/// From so many people on, rules that speak of one person at a time are checked on all cores.
const PARALLEL: usize = 4096;

fn breaches(rule: &Rule, organisation: &Organisation, roll: &Roll<'_>) -> Vec<Breach> {
    match &rule.check {
        Check::Requires(_) | Check::Holder | Check::LeastPrivilege { .. } | Check::Names(_) => {
            let found = |person: &&Person| personal(rule, organisation, &roll.view, person);
            // Threads are worth their start for many people only.
            match roll.people.len() {
                0..PARALLEL => roll.people.iter().flat_map(found).collect(),
                _ => roll.people.par_iter().with_min_len(PARALLEL / 4).flat_map_iter(found).collect(),
            }
        }
        Check::Cardinality(parameters) => cardinality::breach(parameters, organisation, roll).into_iter().collect(),
        Check::Primary { role, attribute } => primary::breaches(*role, *attribute, organisation, roll),
        Check::UsefulGroup => useful_group::breaches(organisation),
        Check::BlackHole => black_hole::breaches(organisation, roll),
        Check::Claims(parameters) => claims::breaches(parameters, organisation, roll),
        _ => Vec::new(),
    }
}

/// What a rule that speaks of one person at a time finds in a person.
pub fn personal(rule: &Rule, organisation: &Organisation, view: &View<'_>, person: &Person) -> Vec<Breach> {
    match &rule.check {
        Check::Requires(parameters) => requires::breach(parameters, organisation, view, person).into_iter().collect(),
        Check::Holder => holder::breaches(rule, view, person),
        Check::Names(parameters) => names::breach(parameters, organisation, view, person).into_iter().collect(),
        Check::LeastPrivilege { attribute } => least_privilege::breaches(*attribute, organisation, view, person),
        _ => Vec::new(),
    }
}

/// How many people a counting rule counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those who count.
    pub holders: i64,
    /// A second count: holders who come first (`primary`), those whose being there makes the rule apply (`cardinality`),
    /// those to whom the event is assigned (`blackHole`).
    pub second: i64,
}

/// What a person adds to the count of a rule that counts; nothing for other rules.
pub fn counted(rule: &Rule, view: &View<'_>, person: &Person) -> Option<Tally> {
    match &rule.check {
        Check::Cardinality(parameters) => Some(cardinality::tally(parameters, view, person)),
        Check::Primary { role, attribute } => Some(primary::tally(*role, *attribute, view, person)),
        _ => None,
    }
}

/// On which side a count breaks its rule.
pub fn crossed(rule: &Rule, tally: Tally) -> Option<Side> {
    match &rule.check {
        Check::Cardinality(parameters) => cardinality::crossed(parameters, tally),
        Check::Primary { .. } => primary::crossed(tally),
        _ => None,
    }
}

/// A message with its placeholders filled in; ids stand in backticks as everywhere.
fn fill(template: &str, ids: &[(&str, &str)]) -> String {
    ids.iter().fold(template.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), &format!("`{id}`")))
}
