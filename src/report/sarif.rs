//! SARIF 2.1.0 for code scanning: the rules that were checked, with help, and every finding with its places.
//!
//! Numbers in parentheses are sections of the standard (OASIS, SARIF 2.1.0). Braces of messages stay single, against
//! §3.11.5: no message here has arguments, and GitHub would show doubled ones.

mod rules;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

use super::fingerprint::Fingerprints;
use super::json;
use super::root::{Root, absolute};
use super::verdict::{Verdict, clean, said};
use crate::diagnostic::{Location, Severity};
use crate::plan::document::Finding;
use rules::Rules;

/// The schema that the log keeps to.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The base of all relative addresses: the root of the repository (§3.14.14).
const SRCROOT: &str = "%SRCROOT%";

/// What stays as it is in a path that is part of an address (RFC 3986 §2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Writes the findings as one log with one run.
pub fn write(verdict: &Verdict<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules = Rules::of(verdict);
    let results = Results { verdict, index: rules.index(), fingerprints: RefCell::default() };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver { name: "rosterctl", semantic_version: env!("CARGO_PKG_VERSION"), rules: &rules.list },
            },
            // GitHub tells analyses apart by what stands before the last slash: one for each folder of a repository.
            automation_details: Automation { id: format!("rosterctl/validate/{}", verdict.root.as_str()) },
            invocations: [Invocation {
                execution_successful: true,
                exit_code: verdict.exit,
                exit_code_description: match verdict.exit {
                    0 => "done and clean",
                    _ => "findings at the denied level",
                },
            }],
            original_uri_base_ids: HashMap::from([(
                SRCROOT,
                Base {
                    description: Text::of("The root of the repository, or the working directory of the run.".into()),
                },
            )]),
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    json::stream(&log, out)
}

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Tool<'r>,
    automation_details: Automation,
    invocations: [Invocation; 1],
    original_uri_base_ids: HashMap<&'static str, Base<'r>>,
    column_kind: &'static str,
    results: Results<'r>,
}

#[derive(Serialize)]
struct Tool<'r> {
    driver: Driver<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'r> {
    name: &'static str,
    semantic_version: &'static str,
    rules: &'r [rules::Descriptor],
}

#[derive(Serialize)]
struct Automation {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    exit_code_description: &'static str,
}

#[derive(Serialize)]
struct Base<'r> {
    description: Text<'r>,
}

/// A message without Markdown.
#[derive(Serialize)]
struct Text<'r> {
    text: Cow<'r, str>,
}

impl<'r> Text<'r> {
    /// A text as it is, but for links: `[text](address)` would be one (§3.11.6), and no roster may place it here.
    fn of(text: Cow<'r, str>) -> Text<'r> {
        let text = if text.contains("](") { Cow::Owned(text.replace("](", "] (")) } else { text };
        Text { text }
    }
}

/// The results, made one by one while they are written: many findings need no more memory than few.
struct Results<'r> {
    verdict: &'r Verdict<'r>,
    index: HashMap<String, usize>,
    fingerprints: RefCell<Fingerprints>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.verdict.report.diagnostics.iter().map(|finding| self.result(finding)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'r> {
    rule_id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text<'r>,
    locations: [Site<'r>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Site<'r>>,
    partial_fingerprints: Fingerprint,
    properties: Properties<'r>,
}

#[derive(Serialize)]
struct Fingerprint {
    /// The form of the fingerprint is part of its name (§3.27.17), so that another one later is not compared with it.
    #[serde(rename = "rosterctlFinding/v1")]
    finding: String,
}

#[derive(Serialize)]
struct Properties<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'r str>,
}

/// A location: the main one, or a related one with its number and message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Site<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'r> Results<'r> {
    fn result(&self, finding: &'r Finding) -> Outcome<'r> {
        let root = self.verdict.root;
        let site = |location: &Location, id, message| Site { id, physical_location: physical(location, root), message };
        let related = finding.related.iter().enumerate().map(|(number, related)| {
            site(&related.location, Some(number + 1), Some(Text::of(clean(&related.message).into())))
        });
        Outcome {
            rule_id: &finding.rule,
            rule_index: self.index.get(&finding.rule).copied(),
            level: level(finding.severity),
            message: Text::of(said(finding).into()),
            locations: [match &finding.location {
                Some(location) => site(location, None, None),
                None => Site { id: None, physical_location: nowhere(root), message: None },
            }],
            related_locations: related.collect(),
            partial_fingerprints: Fingerprint { finding: self.fingerprints.borrow_mut().next(finding, root) },
            properties: Properties {
                organisation: finding.organisation.as_deref(),
                subject: finding.subject.as_deref(),
                pointer: finding.location.as_ref().map(|location| location.pointer.as_str()),
            },
        }
    }
}

/// The word for a severity (§3.27.10).
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// The place of what has none: the working directory as a whole. GitHub refuses a log with a result without a place.
fn nowhere(root: &Root) -> Physical {
    let region = Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
    Physical { artifact_location: artifact(&root.path(".")), region }
}

fn artifact(path: &str) -> Artifact {
    let encoded = utf8_percent_encode(path, KEPT).to_string();
    match absolute(path) {
        true => Artifact { uri: format!("file:///{}", encoded.trim_start_matches('/')), uri_base_id: None },
        false => Artifact { uri: encoded, uri_base_id: Some(SRCROOT) },
    }
}

fn physical(location: &Location, root: &Root) -> Physical {
    let artifact_location = artifact(&root.path(&location.path));
    let region = Region {
        start_line: location.line,
        start_column: location.column,
        end_line: location.end_line,
        end_column: location.end_column,
    };
    Physical { artifact_location, region }
}
