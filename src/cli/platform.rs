//! The platform that a word of the command line or of a plan names.

use std::path::Path;

use crate::document::record::visible;
use crate::document::source;
use crate::error::Error;
use crate::model::no_platform;
use crate::platform::Platform;

/// The platform that `word` names: a built-in one by its id, another one by the path of its file, from `folder`.
pub fn platform(word: &str, folder: &Path) -> Result<Platform, Error> {
    if let Some(platform) = Platform::built_in(word) {
        return Ok(platform);
    }
    let path = folder.join(word);
    if word.is_empty() || !path.exists() {
        let (message, hint) = no_platform(word);
        return Err(Error::usage(message, hint));
    }
    let shown = visible(word);
    let text = source::read_text(&path).map_err(|why| {
        let hint = why.help.unwrap_or_else(|| "name the path of a platform file".to_owned());
        Error::failed(format!("the platform file `{shown}` {}", why.message), hint)
    })?;
    Platform::from_text(word, &text).map_err(|findings| {
        let first = findings.first().map(|finding| finding.message.as_str()).unwrap_or_default();
        let message = format!("the platform `{shown}` has errors: {first}");
        Error::failed(message, "`rosterctl validate` with a roster that names it shows them all")
    })
}
