//! GitHub workflow commands: annotations in the log of a step, folded in a group for each organisation or file.
//!
//! Escaping and limits are those of the runner (`actions/runner`, `ActionCommand.cs` and `ExecutionContext.cs`): ten
//! annotations of a kind a step, messages of 4,096 characters. What exceeds them stands in the same group as plain lines,
//! so that nothing is lost. No text of a roster can begin a command: each line begins with a word of ours, and `##[`,
//! which an old form of commands has anywhere in a line, is taken apart.

use std::io::{self, Write};

use indexmap::IndexMap;

use super::root::Root;
use super::verdict::{Verdict, clean, lines, said};
use crate::diagnostic::Severity;
use crate::document::record::visible;
use crate::plan::document::Finding;

/// How many annotations of a kind GitHub shows of one step.
const MOST: usize = 10;

/// The runner cuts messages beyond 4,096 UTF-16 units; fewer characters leave room for the mark of what was cut.
const MESSAGE: usize = 2_000;

/// Stands where a message was cut.
const CUT: &str = " … (all of it is in the log)";

/// Writes the findings: annotations first come first served among the most severe, the rest as lines, and the sum.
pub fn write(verdict: &Verdict<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut groups: IndexMap<&str, Vec<&Finding>> = IndexMap::new();
    for finding in &verdict.report.diagnostics {
        let path = finding.location.as_ref().map(|location| location.path.as_str());
        groups.entry(finding.organisation.as_deref().or(path).unwrap_or("rosters")).or_default().push(finding);
    }
    let mut counts = [0; 3];
    for (name, mut findings) in groups {
        findings.sort_by_key(|finding| finding.severity);
        let title = format!("{}: {}", visible(name), tally(&findings));
        writeln!(out, "::group::{}", data(&title))?;
        for finding in findings {
            let count = &mut counts[finding.severity as usize];
            *count += 1;
            let whole = *count <= MOST && annotation(finding, verdict.root, out)?;
            if !whole {
                out.write_all(tame(&lines(finding, verdict.root)).as_bytes())?;
            }
        }
        writeln!(out, "::endgroup::")?;
    }
    let summary = &verdict.report.summary;
    writeln!(out, "{}", sum([summary.errors, summary.warnings, summary.infos], summary.organisations))
}

/// A failure of the run itself as an annotation.
pub fn failure(message: &str, help: Option<&str>) -> String {
    let help = help.map_or_else(String::new, |help| format!("\nhelp: {}", clean(help)));
    format!("::error title=rosterctl::{}\n", data(&format!("{}{help}", clean(message))))
}

/// Writes one annotation; false where its message had to be cut.
fn annotation(finding: &Finding, root: &Root, out: &mut dyn Write) -> io::Result<bool> {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    write!(out, "::{command} ")?;
    if let Some(location) = &finding.location {
        let (line, end) = (location.line, location.end_line);
        write!(out, "file={},line={line},endLine={end},", property(&root.path(&location.path)))?;
        // The runner drops columns that are on two lines.
        if line == end {
            write!(out, "col={},endColumn={},", location.column, location.end_column)?;
        }
    }
    let said = tame(&said(finding));
    let cut = said.char_indices().nth(MESSAGE);
    let message = match cut {
        Some((end, _)) => format!("{}{CUT}", &said[..end]),
        None => said,
    };
    writeln!(out, "title={}::{}", property(&visible(&finding.rule)), data(&message))?;
    Ok(cut.is_none())
}

/// How many findings of each kind.
fn tally(findings: &[&Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    kinds([of(Severity::Error), of(Severity::Warning), of(Severity::Info)])
}

fn kinds(counts: [usize; 3]) -> String {
    let words = [("error", "errors"), ("warning", "warnings"), ("info", "infos")];
    let present = counts.into_iter().zip(words).filter(|(count, _)| *count > 0);
    let said: Vec<String> =
        present.map(|(count, (one, many))| format!("{count} {}", if count == 1 { one } else { many })).collect();
    if said.is_empty() { "no findings".to_owned() } else { said.join(", ") }
}

/// The last line: what was found, and how much of it has no annotation.
fn sum(counts: [usize; 3], organisations: usize) -> String {
    let word = if organisations == 1 { "organisation" } else { "organisations" };
    let mut line = format!("checked {organisations} {word}: {}", kinds(counts));
    let beyond = counts.map(|count| count.saturating_sub(MOST));
    if beyond.iter().any(|count| *count > 0) {
        line.push_str(&format!(
            "; GitHub shows {MOST} annotations of a kind, so {} stand in the groups above as text only",
            kinds(beyond)
        ));
    }
    line
}

/// Text without the beginning of a command of the old form, `##[command]`.
fn tame(text: &str) -> String {
    text.replace("##[", "## [")
}

/// Text of a message, escaped.
fn data(text: &str) -> String {
    tame(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, escaped.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_a_command() {
        assert_eq!(data("100% a::b\r\n##[error]x"), "100%25 a::b%0D%0A## [error]x");
        assert_eq!(property("a:b,c=d%3A"), "a%3Ab%2Cc=d%253A");
    }

    #[test]
    fn the_sum_tells_what_github_leaves_out() {
        assert_eq!(sum([0, 0, 0], 1), "checked 1 organisation: no findings");
        let line = sum([13, 1, 11], 2);
        assert!(line.starts_with("checked 2 organisations: 13 errors, 1 warning, 11 infos; "), "{line}");
        assert!(line.contains("so 3 errors, 1 info stand"), "{line}");
    }
}
