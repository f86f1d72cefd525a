//! The audit trail of a target: JSON Lines, one line a step, written as each step ends.
//!
//! Names of people, mail addresses, telephone numbers and texts stay out of it unless the workspace asks for them; secrets
//! are never in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::Ended;
use crate::live::{Author, Object, Operation, Refusal};
use crate::plan::changes;
use crate::platform::Platform;

/// What stands in place of something personal.
const REDACTED: &str = "…";

/// An audit trail that is being written.
#[derive(Debug)]
pub struct Trail {
    file: File,
    path: PathBuf,
    target: String,
    author: Author,
    personal: bool,
    requests: bool,
}

/// A line of the trail.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// When the step ended, in RFC 3339 and UTC.
    time: String,
    target: &'a str,
    /// Who acts.
    actor: &'a str,
    /// The digest of the plan.
    plan: &'a str,
    step: u32,
    organisation: &'a SmolStr,
    action: &'static str,
    resource: String,
    key: &'a SmolStr,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<&'a SmolStr>,
    /// What the requests of this step are called in the target's logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// `done`, `stale`, `forbidden`, `failed` or `skipped`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What changes: field by field.
    changes: Vec<Changed>,
}

/// A change of a field; what is personal is left out.
#[derive(Debug, Serialize)]
struct Changed {
    field: String,
    from: Json,
    to: Json,
}

impl Trail {
    /// Opens a trail to append to. `personal`: names, addresses and texts are written too. `requests`: the target is
    /// reached by requests that have names.
    pub fn open(path: &Path, target: &str, author: &Author, personal: bool, requests: bool) -> io::Result<Trail> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let (file, path) = (options.open(path)?, path.to_owned());
        Ok(Trail { file, path, target: target.to_owned(), author: author.clone(), personal, requests })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the line of a step.
    pub fn write(&mut self, platform: &Platform, operation: &Operation, ended: &Ended) -> io::Result<()> {
        let (outcome, reason) = match ended {
            Ended::Done => ("done", None),
            Ended::Failed(refusal @ Refusal::Stale(_)) => ("stale", Some(refusal.to_string())),
            Ended::Failed(refusal @ Refusal::Forbidden(_)) => ("forbidden", Some(refusal.to_string())),
            Ended::Failed(refusal @ Refusal::Failed(_)) => ("failed", Some(refusal.to_string())),
            Ended::Skipped(reason) => ("skipped", Some(reason.clone())),
        };
        let line = Line {
            time: jiff::Timestamp::now().to_string(),
            target: &self.target,
            actor: &self.author.name,
            plan: &self.author.digest,
            step: operation.step,
            organisation: &operation.organisation,
            action: operation.action.as_str(),
            resource: operation.resource.to_string().replace(' ', "-"),
            key: &operation.key,
            handle: operation.handle.as_ref(),
            request_id: self.requests.then(|| self.author.request_id(operation.step)),
            outcome,
            reason: reason.map(|reason| self.cleaned(reason, operation)),
            changes: self.changed(platform, operation),
        };
        // One write a line: two processes that write at once do not mix their lines.
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        self.file.write_all(text.as_bytes())
    }

    /// Waits until the lines are on the disk.
    pub fn finish(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn changed(&self, platform: &Platform, operation: &Operation) -> Vec<Changed> {
        // Who carries no identity yet goes by the portal's own name until the step gives them one.
        let managed = operation.before.as_ref().is_none_or(|before| operation.handle.as_deref() != Some(before.id()));
        let changes = changes(platform, operation.before.as_ref(), operation.after.as_ref(), managed);
        let changed = changes.into_iter().map(|change| {
            let shown = |value: Json| if self.personal || !personal(&change.field) { value } else { redacted(value) };
            Changed { from: shown(change.from), to: shown(change.to), field: change.field.clone() }
        });
        changed.collect()
    }

    /// A reason without what is personal in it.
    fn cleaned(&self, reason: String, operation: &Operation) -> String {
        if self.personal {
            return reason;
        }
        let people = [&operation.before, &operation.after].into_iter().flatten().filter_map(Object::person);
        let mut words: Vec<SmolStr> = Vec::new();
        for person in people {
            words.push(person.name.value.clone());
            words.extend([&person.email, &person.phone].into_iter().flatten().map(|text| text.value.clone()));
        }
        words.retain(|word| !word.is_empty());
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let known = words.iter().fold(reason, |reason, word| reason.replace(word.as_str(), REDACTED));
        let parts = known.split_inclusive(char::is_whitespace);
        parts
            .map(|part| if part.contains('@') { format!("{REDACTED}{}", tail(part)) } else { part.to_owned() })
            .collect()
    }
}

/// The white space at the end of a word.
fn tail(word: &str) -> &str {
    &word[word.trim_end().len()..]
}

/// Whether a field tells of a person rather than of their access.
fn personal(field: &str) -> bool {
    matches!(field, "name" | "email" | "phone")
}

/// That there is a value, but not which.
fn redacted(value: Json) -> Json {
    if value.is_null() { value } else { Json::String(REDACTED.to_owned()) }
}
