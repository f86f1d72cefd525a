//! What is known of a portal besides what it shows: how many people it had when somebody looked last, and that people
//! were applied to it. One with far fewer is not believed, nor one that suddenly has nobody.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::live::LiveError;

/// The version of the file's language.
const VERSION: u32 = 1;

/// How many people a portal had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// The version of this language: 1.
    pub version: u32,
    /// The address that they were counted at.
    pub url: String,
    /// When, in RFC 3339 and UTC.
    pub at: String,
    /// Users, where the portal says how many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<usize>,
    /// Groups, where the portal says how many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
}

impl Counted {
    /// What was counted at an address at this moment.
    pub fn now(url: &str, users: Option<usize>, groups: Option<usize>) -> Counted {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        Counted { version: VERSION, url: url.to_owned(), at, users, groups }
    }

    /// Reads the file; none where it is not there or says something else: it is only ever a reason for doubt.
    pub fn load(path: &Path) -> Option<Counted> {
        let text = std::fs::read_to_string(path).ok()?;
        serde_yaml::from_str(&text).ok().filter(|counted: &Counted| counted.version == VERSION)
    }

    /// The text of its file.
    pub fn text(&self) -> Result<String, LiveError> {
        let body = serde_yaml::to_string(self)
            .map_err(|error| LiveError::new(format!("the count cannot be written: {error}"), "report this"))?;
        Ok(format!(
            "# How many people this target had. Written by `rosterctl target probe`; commit it: a portal that has far\n# fewer one day is not believed.\n{body}"
        ))
    }
}

/// Tells how many people were applied after a moment, or ever, and were not deleted again.
pub type Applied = Box<dyn Fn(Option<Timestamp>) -> usize + Send + Sync>;

/// What is known of a portal besides what it shows.
#[derive(Default)]
pub struct Known {
    /// What it had when it was probed last; none: it never was.
    pub probed: Option<Counted>,
    /// Who was applied to it, where there is a trail of that.
    pub applied: Option<Applied>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("probed", &self.probed).finish_non_exhaustive()
    }
}

impl Known {
    /// Why a portal that has nobody whom rosterctl manages is not believed, and what to do about it. `empty`: it has no
    /// users at all.
    pub fn doubt(&self, name: &str, empty: bool) -> Option<(String, String)> {
        let cure = |first: &str| format!("{first} `rosterctl target probe --target {name}`, then plan again");
        let since = self.probed.as_ref().and_then(|probed| probed.at.parse().ok());
        let applied = self.applied.as_ref().map_or(0, |applied| applied(since));
        if applied > 0 {
            let who = match applied {
                1 => "does not show the one person who was".to_owned(),
                _ => format!("shows none of the {applied} people who were"),
            };
            let then = if since.is_some() { " since it was probed" } else { "" };
            let message = format!("`{name}` {who} applied to it{then}, as the audit trail says");
            return Some((message, cure("see on the portal what became of them; where it is right so, confirm it by")));
        }
        let message = format!(
            "`{name}` shows no users and was never probed: nobody knows whether it has none, or does not show them"
        );
        (empty && self.probed.is_none()).then(|| (message, cure("see what it shows, and confirm that it is empty, by")))
    }
}
