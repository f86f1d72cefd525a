//! The platforms that rosters name: built-in ones, and files relative to the roster that names them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, FileId, Place, nearest};
use crate::document::roster::Roster;
use crate::document::{Sources, Written};
use crate::platform::{self, BUILT_IN, Platform};

/// The platforms that the rosters of a run name, each read once.
#[derive(Debug, Default)]
pub struct Platforms {
    loaded: HashMap<(SmolStr, FileId), Option<Arc<Platform>>>,
    built_in: HashMap<SmolStr, Arc<Platform>>,
}

impl Platforms {
    /// Reads the platforms that documents name. Paths are relative to the roster that names them.
    pub fn load(documents: &[Written<Box<Roster>>], sources: &mut Sources, cwd: &Path) -> (Platforms, Vec<Diagnostic>) {
        let mut platforms = Platforms::default();
        let mut diagnostics = Vec::new();
        let mut files: HashMap<std::path::PathBuf, Option<Arc<Platform>>> = HashMap::new();
        for document in documents {
            let Some(reference) = &document.value.platform else { continue };
            let word = reference.value.as_str();
            if BUILT_IN.iter().any(|(id, _)| *id == word) {
                platforms.built_in.entry(word.into()).or_insert_with(|| built_in(word));
                continue;
            }
            let place = Place { file: document.file, span: reference.span, pointer: "/platform".to_owned() };
            let looks_like_path = word.contains(['/', '\\']) || word.ends_with(".yaml") || word.ends_with(".yml");
            if !looks_like_path {
                let (message, help) = no_platform(word);
                diagnostics.push(Diagnostic::error("roster/unknown-platform", message).at(place).help(help));
                continue;
            }
            let folder = cwd.join(sources.path(document.file));
            let path = folder.parent().unwrap_or(cwd).join(word);
            let path = path.canonicalize().unwrap_or(path);
            let platform = files.entry(path.clone()).or_insert_with(|| {
                let text = match sources.read(&path) {
                    Ok(text) => text,
                    Err(problem) => {
                        let message = format!("the platform file `{word}` {}", problem.message);
                        let help = "write its path relative to this roster, or the id of a built-in platform";
                        diagnostics.push(Diagnostic::error("roster/unknown-platform", message).at(place).help(help));
                        return None;
                    }
                };
                let shown = Sources::shown(&path, cwd);
                let file = sources.push(shown.clone(), text);
                platform::load(sources, file, &shown, &mut diagnostics).map(Arc::new)
            });
            platforms.loaded.insert((reference.value.clone(), document.file), platform.clone());
        }
        (platforms, diagnostics)
    }

    pub(super) fn find(&self, reference: &str, file: FileId) -> Option<Arc<Platform>> {
        let built_in = self.built_in.get(reference).cloned();
        built_in.or_else(|| self.loaded.get(&(SmolStr::from(reference), file)).cloned().flatten())
    }
}

/// A built-in platform. Their texts are proven sound by a test, so a broken one yields an empty platform here.
fn built_in(id: &str) -> Arc<Platform> {
    Arc::new(Platform::built_in(id).unwrap_or_else(|| unreachable!("built-in platform {id} is tested to load")))
}

/// What to say of a word that names no platform, and what to write instead.
pub fn no_platform(word: &str) -> (String, String) {
    let names: Vec<&str> = BUILT_IN.iter().map(|(id, _)| *id).collect();
    let help = match nearest(word, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("built in: {}; or write the path of a platform file such as ./mine.yaml", names.join(", ")),
    };
    (format!("there is no platform `{}`", crate::document::record::visible(word)), help)
}
