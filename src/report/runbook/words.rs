//! What a portal calls what rosters name by ids: labels of fields, names of roles, groups and applications.

use serde_json::Value as Json;

use super::Entry;
use crate::live::Live;
use crate::model::Organisation;
use crate::plan::document::Change;
use crate::platform::{AttributeType, Platform};
use crate::report::words::steps::difference;
use crate::report::words::values::{capital, is_empty};

/// The words of one organisation's portal.
pub struct Words<'a> {
    platform: &'a Platform,
    organisation: &'a Organisation,
    live: &'a Live,
    /// What stands between the items of a list.
    separator: &'a str,
}

impl<'a> Words<'a> {
    /// Those of an organisation.
    pub fn of(organisation: &'a Organisation, live: &'a Live) -> Words<'a> {
        Words { platform: &organisation.platform, organisation, live, separator: ", " }
    }

    /// The same with something else between the items of a list.
    pub fn separated(self, separator: &'a str) -> Words<'a> {
        Words { separator, ..self }
    }

    /// A field of a form, before and after.
    pub fn entry(&self, change: &Change) -> Entry {
        let (from, to) = (self.value(&change.field, &change.from), self.value(&change.field, &change.to));
        let list = difference(change, true).list.filter(|_| !is_empty(&change.from) && !is_empty(&change.to));
        let (add, remove) = list.map(|list| (list.gained, list.lost)).unwrap_or_default();
        let names = |items: Vec<String>| items.iter().map(|item| self.name(&change.field, item)).collect();
        let label = self.label(&change.field);
        Entry { field: change.field.clone(), label, from, to, add: names(add), remove: names(remove) }
    }

    /// What the portal's forms call a field; where the platform file does not say, its name in rosters.
    pub fn label(&self, field: &str) -> String {
        let known = self.platform.labels.iter().find(|(name, _)| name == field);
        match (known, field.split_once('.')) {
            (Some((_, label)), _) => label.to_string(),
            (None, Some(("applications", application))) => {
                self.platform.application(application).map_or(application, |at| &self.platform[at].name).to_owned()
            }
            (None, Some((_, name))) => capital(&spaced(name)),
            (None, None) => capital(field),
        }
    }

    /// A value as people type or choose it.
    pub fn value(&self, field: &str, value: &Json) -> String {
        match value {
            Json::Null => String::new(),
            Json::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Json::String(text) => self.name(field, text),
            Json::Array(items) => {
                let names: Vec<String> = items.iter().map(|item| self.value(field, item)).collect();
                names.join(self.separator)
            }
            other => other.to_string(),
        }
    }

    /// What the portal calls what an id stands for.
    fn name(&self, field: &str, id: &str) -> String {
        let platform = self.platform;
        let of_roles = || {
            let attribute = field.strip_prefix("attributes.").and_then(|name| platform.attribute(name));
            field == "roles" || attribute.is_some_and(|at| platform[at].value_type == AttributeType::Roles)
        };
        let role = platform.role(id).filter(|_| of_roles()).map(|role| platform[role].name.to_string());
        let group = || {
            let wanted = self.organisation.groups.iter().find(|group| group.id == id);
            let live = || self.live.groups.iter().find(|entry| entry.object.id == id).map(|entry| &entry.object);
            wanted.or_else(live).filter(|_| field == "groups").map(|group| group.name.value.to_string())
        };
        role.or_else(group).unwrap_or_else(|| id.to_owned())
    }
}

/// A camel-case name as words.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
