//! What `validate` found, with everything that a format may tell of it: the findings, and what was checked to find them.

use std::fmt::Write;
use std::sync::Arc;

use super::{Root, Validation};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::document::Sources;
use crate::document::record::visible;
use crate::model::Organisation;
use crate::plan::document::Finding;
use crate::platform::{Platform, Rule};
use crate::rules::{Levels, checked_offline};

/// The findings of `validate` and where they come from.
#[derive(Debug)]
pub struct Verdict<'r> {
    /// What is reported.
    pub report: &'r Validation,
    /// The same findings before their places were worked out, for snippets.
    pub diagnostics: &'r [Diagnostic],
    /// The text of all files.
    pub sources: &'r Sources,
    /// The organisations that were checked.
    pub organisations: &'r [Organisation],
    /// How rules are weighed.
    pub levels: &'r Levels,
    /// The least severity that fails the run.
    pub deny: Severity,
    /// How the run ends, by its findings.
    pub exit: u8,
    /// Where the working directory lies in the repository.
    pub root: &'r Root,
}

impl<'r> Verdict<'r> {
    /// Whether a finding fails the run.
    pub fn denies(&self, finding: &Finding) -> bool {
        finding.severity <= self.deny
    }

    /// The platforms of the organisations, each once.
    pub fn platforms(&self) -> Vec<&'r Platform> {
        let mut platforms: Vec<&'r Arc<Platform>> = Vec::new();
        for organisation in self.organisations {
            if !platforms.iter().any(|known| Arc::ptr_eq(known, &organisation.platform)) {
                platforms.push(&organisation.platform);
            }
        }
        platforms.into_iter().map(Arc::as_ref).collect()
    }

    /// Whether a rule of a platform can be checked without live state, and is not off.
    pub fn checks(&self, rule: &Rule) -> bool {
        checked_offline(&rule.check) && self.levels.weigh(rule, None).is_some()
    }

    /// A platform's rules that were checked of the organisations to which they [apply](crate::rules::applies).
    pub fn checked<'p>(&self, platform: &'p Platform) -> Vec<&'p Rule> {
        platform.rules.iter().filter(|rule| self.checks(rule)).collect()
    }
}

/// Message and help of a finding, with line breaks and without any other character that could steer a reader.
pub fn said(finding: &Finding) -> String {
    let mut text = clean(&finding.message);
    if let Some(help) = &finding.help {
        text.push_str("\nhelp: ");
        text.push_str(&clean(help));
    }
    text
}

/// A text whose own line breaks stay and whose other invisible characters are written out.
pub fn clean(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// A place as compilers write it: path, line and column.
pub fn place(location: &Location, root: &Root) -> String {
    format!("{}:{}:{}", visible(&root.path(&location.path)), location.line, location.column)
}

/// A finding in plain lines: severity, rule, place and message in the first; help and second places below, set in.
/// Every line begins with something of ours, so that none can be taken for a command.
pub fn lines(finding: &Finding, root: &Root) -> String {
    let mut text = format!("{}[{}]", finding.severity, visible(&finding.rule));
    if let Some(location) = &finding.location {
        let _ = write!(text, " {}", place(location, root));
    }
    let set_in = |said: &str| clean(said).replace('\n', "\n  | ");
    let _ = writeln!(text, ": {}", set_in(&finding.message));
    if let Some(help) = &finding.help {
        let _ = writeln!(text, "  help: {}", set_in(help));
    }
    for related in &finding.related {
        let _ = writeln!(text, "  see {}: {}", place(&related.location, root), set_in(&related.message));
    }
    text
}
