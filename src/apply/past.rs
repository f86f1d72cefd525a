//! What was applied before, read from the trail that [`super::trail`] writes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::live::Resource;
use crate::plan::document::Action;

/// A line is at most so long: longer ones are of no program of ours.
const LONGEST: u64 = 4 << 20;

/// A step that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// When it ended.
    pub at: Timestamp,
    /// The organisation.
    pub organisation: String,
    /// The kind of object.
    pub resource: Resource,
    /// The id of the object.
    pub key: String,
    /// What was done.
    pub action: Action,
    /// The fields that were written, each with what it became; what is personal may be left out of the values.
    pub changes: Vec<(String, Json)>,
}

/// A line, as far as it is of use.
#[derive(Deserialize)]
struct Line {
    time: Timestamp,
    organisation: String,
    resource: Resource,
    key: String,
    action: Action,
    outcome: String,
    #[serde(default)]
    changes: Vec<Changed>,
}

#[derive(Deserialize)]
struct Changed {
    field: String,
    #[serde(default)]
    to: Json,
}

/// Tells every step of a trail that was carried out, oldest first. A trail that is not there tells nothing; a line that
/// is no whole line of ours, such as the last one of a run that was killed, is passed over.
pub fn each(path: &Path, mut tell: impl FnMut(Applied)) -> io::Result<()> {
    let mut lines = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    loop {
        text.clear();
        if (&mut lines).take(LONGEST).read_until(b'\n', &mut text)? == 0 {
            return Ok(());
        }
        let Ok(line) = serde_json::from_slice::<Line>(&text) else { continue };
        if line.outcome == "done" {
            let changes = line.changes.into_iter().map(|changed| (changed.field, changed.to)).collect();
            let Line { time: at, organisation, resource, key, action, .. } = line;
            tell(Applied { at, organisation, resource, key, action, changes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_of_steps_that_were_done_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.jsonl");
        let mut found = Vec::new();
        each(&file, |applied| found.push(applied)).unwrap();
        assert!(found.is_empty(), "no trail, nothing applied");
        let line = |key: &str, outcome: &str| {
            format!(
                r#"{{"time":"2026-01-02T03:04:05Z","target":"t","actor":"a","plan":"sha256:1","step":1,"organisation":"acme","action":"update","resource":"permission-group","key":"{key}","outcome":"{outcome}","changes":[{{"field":"name","from":null,"to":"…"}}]}}"#
            )
        };
        let text =
            [line("one", "done"), line("two", "stale"), "{}".to_owned(), "\u{0}".to_owned(), line("three", "done")];
        std::fs::write(&file, text.join("\n") + "\n{\"time\":\"2026-").unwrap();
        each(&file, |applied| found.push(applied)).unwrap();
        assert_eq!(found.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["one", "three"]);
        assert_eq!((found[0].resource, found[0].action), (Resource::PermissionGroup, Action::Update));
        assert_eq!(found[0].changes, [("name".to_owned(), "…".into())]);
    }
}
