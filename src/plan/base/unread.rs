//! What of the rosters at a revision is not known.

use std::collections::HashSet;

use smol_str::SmolStr;

/// What of the rosters at a revision could not be read: what it said is unknown, which is not the same as nothing.
#[derive(Debug, Default)]
pub struct Unread {
    all: bool,
    partial: bool,
    organisations: HashSet<SmolStr>,
    texts: Vec<String>,
}

impl Unread {
    /// Notes that nothing tells whose entries were in what could not be read.
    pub fn everything(&mut self) {
        self.all = true;
    }

    /// Notes an organisation that could not be understood.
    pub fn organisation(&mut self, id: SmolStr) {
        self.organisations.insert(id);
    }

    /// Notes the text of a roster that could not be understood: it is of organisations that it names, or of none that
    /// another roster names.
    pub fn roster(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }

    /// Notes that a roster was not found: entries that are nowhere else may have been in it.
    pub fn partial(&mut self) {
        self.partial = true;
    }

    /// Whether a roster was not found.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Whether it is not known what an organisation said. `found`: whether other rosters of the revision have it.
    pub fn has(&self, id: &str, found: bool) -> bool {
        let named = self.texts.iter().any(|text| text.contains(id));
        self.all || self.organisations.contains(id) || named || !found && !self.texts.is_empty()
    }
}
