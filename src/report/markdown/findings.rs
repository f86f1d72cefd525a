//! Findings in a comment: those that deny the plan first.

use super::fit::{Entry, Section};
use super::inline::Inline;
use super::owner;
use crate::diagnostic::Severity;
use crate::plan::document::Finding;
use crate::report::web::Web;

/// Second places shown with a finding.
const MOST_RELATED: usize = 5;

/// The findings: the errors, which stand before everything that will not come of it, and the others, the gravest first.
pub(super) fn findings(findings: &[Finding], several: bool, web: Option<&Web>) -> [Section; 2] {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| rank(finding.severity));
    let (errors, others): (Vec<&Finding>, _) =
        sorted.into_iter().partition(|finding| finding.severity == Severity::Error);
    [("Errors", errors), ("Findings", others)].map(|(title, part)| {
        let entries = part.into_iter().map(|finding| Entry {
            text: one(finding, several, web),
            rank: [0, 5, 9][usize::from(rank(finding.severity))],
        });
        Section { title: title.into(), open: "\n".to_owned(), close: "", what: "finding", entries: entries.collect() }
    })
}

fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}

fn one(finding: &Finding, several: bool, web: Option<&Web>) -> String {
    let mut line = Inline::new().raw(match finding.severity {
        Severity::Error => "- **error** ",
        Severity::Warning => "- **warning** ",
        Severity::Info => "- info ",
    });
    let organisation = finding.organisation.as_deref().filter(|_| finding.location.is_none());
    if let Some(organisation) = organisation {
        line = line.then(&owner(organisation, several));
    }
    line = line.prose(&finding.message).raw(" (").code(&finding.rule).raw(")");
    if let Some(location) = &finding.location {
        line = line.raw(", ").place(location, web);
    }
    let mut text = line.finish() + "\n";
    let mut below = |line: Inline| text.push_str(&format!("  - {}\n", line.finish()));
    for related in finding.related.iter().take(MOST_RELATED) {
        below(Inline::new().place(&related.location, web).raw(": ").prose(&related.message));
    }
    let more = finding.related.len().saturating_sub(MOST_RELATED);
    if more > 0 {
        below(Inline::new().raw("… and ").number(more).raw(" more places"));
    }
    if let Some(help) = &finding.help {
        below(Inline::new().raw("help: ").prose(help));
    }
    text
}
