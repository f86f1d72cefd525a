//! GitLab code quality: the part of the Code Climate format that GitLab reads.
//!
//! Shape: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::json;
use super::verdict::{Verdict, clean};
use crate::diagnostic::Severity;
use crate::plan::document::Finding;

/// Writes the findings as one JSON array.
pub fn write(verdict: &Verdict<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let issues = verdict.report.diagnostics.iter().map(|finding| Issue::of(finding, verdict, &mut fingerprints));
    json::stream_all(issues, out)
}

#[derive(Serialize)]
struct Issue<'r> {
    description: String,
    check_name: &'r str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

impl<'r> Issue<'r> {
    fn of(finding: &'r Finding, verdict: &Verdict<'_>, fingerprints: &mut Fingerprints) -> Issue<'r> {
        let mut description = clean(&finding.message);
        if let Some(help) = &finding.help {
            description.push_str("; help: ");
            description.push_str(&clean(help));
        }
        let severity = match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info => "info",
        };
        // GitLab takes no issue without a path: what has no place is about the working directory as a whole.
        let (path, lines) = match &finding.location {
            Some(location) => {
                let ends = [(location.line, location.column), (location.end_line, location.end_column)];
                (verdict.root.path(&location.path).into_owned(), ends)
            }
            None => (verdict.root.path(".").into_owned(), [(1, 1), (1, 1)]),
        };
        let [begin, end] = lines.map(|(line, column)| Position { line, column });
        Issue {
            description,
            check_name: &finding.rule,
            fingerprint: fingerprints.next(finding, verdict.root),
            severity,
            location: Place { path, positions: Positions { begin, end } },
        }
    }
}
