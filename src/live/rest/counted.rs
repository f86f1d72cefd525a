//! How many people a portal had when somebody looked last: one with far fewer is not believed.

use std::path::Path;

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
    /// Users.
    pub users: usize,
    /// Groups, where the portal says how many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
}

impl Counted {
    /// What was counted at an address at this moment.
    pub fn now(url: &str, users: usize, groups: Option<usize>) -> Counted {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
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
