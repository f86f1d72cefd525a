//! Where the fault is when a manifest and a portal do not fit: the line of the manifest, and what to do there.

use serde_json::Value as Json;

use super::api::{Api, Call, Path, Slot};
use super::expression::{Beside, Failure, Names};
use super::shipped;
use super::talk::Talk;
use crate::diagnostic::nearest;
use crate::document::record::{cut, visible};
use crate::http::Answer;
use crate::live::LiveError;

impl Api {
    /// The paths that are read.
    fn read_paths(&self) -> impl Iterator<Item = &Path> {
        let accounts = [Some(&self.users), self.contacts.as_ref()].into_iter().flatten();
        let ones = accounts.clone().map(|one| &one.one.get).chain(self.groups.iter().map(|groups| &groups.one.get));
        let members = self.groups.iter().flat_map(|groups| [&groups.members.list, &groups.members.of]).flatten();
        let roles = self.roles.iter().flat_map(|roles| {
            [Some(&roles.list), roles.holders.as_ref().map(|(list, _)| list), roles.of.as_ref()].into_iter().flatten()
        });
        let lists = accounts.map(|one| &one.list).chain(self.groups.iter().map(|groups| &groups.list));
        let lists = lists.chain(members).chain(roles);
        lists.flat_map(|list| [Some(&list.get), list.count.as_ref().map(|count| &count.get)]).flatten().chain(ones)
    }

    fn whereabouts(&self, path: &str) -> String {
        let path = self.read_paths().find(|own| own.text == path);
        path.map_or_else(|| self.reference.clone(), |path| self.place_at(path.at))
    }

    /// What to look at first: a manifest that is built in is right more often than the address in the workspace.
    fn where_to_look(&self, whereabouts: &str) -> String {
        match shipped(&self.reference) {
            Some(_) => format!(
                "look at the `url` of the target first: the path comes after it, and is built in ({whereabouts}); the \
                 portal may be in order"
            ),
            None => format!(
                "look at the manifest ({whereabouts}), and at the `url` of the target, which comes before the path: the \
                 portal may be in order"
            ),
        }
    }
}

/// So many keys are shown, and so many characters of each.
const KEYS: usize = 12;
const LETTERS: usize = 40;

/// What a value is, without the values in it, which may be personal.
fn sort(value: &Json) -> String {
    match value {
        Json::Object(entries) if entries.is_empty() => "a map with nothing in it".to_owned(),
        Json::Object(entries) => {
            let shown = entries.keys().take(KEYS).map(|key| format!("`{}`", visible(&cut(key, LETTERS))));
            let more = if entries.len() > KEYS { ", …" } else { "" };
            format!("a map, which has {}{more}", shown.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => format!("a list of {}", items.len()),
        Json::Null => "nothing".to_owned(),
        Json::String(_) => "text".to_owned(),
        Json::Bool(_) | Json::Number(_) => "a single value".to_owned(),
    }
}

impl Talk {
    /// A status that no reading should have.
    pub(super) fn unexpected(&self, path: &str, answer: &Answer) -> LiveError {
        let message = format!("the portal answered {} to GET {path}: {}", answer.status, self.said(answer));
        match answer.status {
            404 | 405 => LiveError::new(message, self.api.where_to_look(&self.api.whereabouts(path))),
            _ => LiveError::new(message, "try again; if it stays so, tell whoever runs the portal"),
        }
    }

    /// An expression that does not fit what the portal answers to a path.
    pub(super) fn no_fit(&self, slot: Slot, path: &str, why: &str) -> LiveError {
        let place = self.api.position(self.api.begins(slot));
        LiveError::new(
            format!("the list {path} of the portal cannot be used: {why}"),
            format!("mend the manifest ({place}); the portal may be in order"),
        )
    }

    /// Items that are not where the manifest looks for them: what there is instead, and what may be meant.
    pub(super) fn no_items(&self, slot: Slot, path: &str, given: Result<Json, Failure>, names: &Names) -> LiveError {
        let written = self.api.written(slot);
        let failure = match given {
            Ok(given) => {
                return self.no_fit(slot, path, &format!("`items: {written}` gives no list but {}", sort(&given)));
            }
            Err(failure) => failure,
        };
        let why = format!("`items: {written}`: {}", failure.message());
        let beside = self.api.expressions.get(slot.0).and_then(|expression| expression.beside(names));
        let Some(Beside { what, there, sought }) = beside else { return self.no_fit(slot, path, &why) };
        let there_is = sort(&there);
        let says = match there_is.strip_prefix("a map, which ") {
            Some(has) => format!("{what} {has}"),
            None => format!("{what} is {there_is}"),
        };
        let mut error = self.no_fit(slot, path, &format!("{why}; {says}"));
        let place = match &failure {
            Failure::Absent(_, Some(lack)) => self.api.position(lack.span.start),
            _ => self.api.position(self.api.begins(slot)),
        };
        let keys = there.as_object().into_iter().flat_map(|entries| entries.keys().map(String::as_str));
        error.hint = Some(match nearest(&sought, keys) {
            Some(near) => format!("did you mean `{}`? Mend the manifest ({place})", visible(near)),
            None => format!("mend the manifest ({place}); the portal may be in order"),
        });
        error
    }

    /// What a refusal of a request says: where the portal does not know the request itself, the manifest is named.
    pub(super) fn refusal(&self, call: &Call, answer: &Answer, said: String) -> String {
        match answer.status {
            404 | 405 => {
                let method = call.method;
                let place = self.api.place_at(call.path.at);
                format!("{said} ({method} {}, as the manifest says: {place})", call.path.text)
            }
            _ => said,
        }
    }
}
