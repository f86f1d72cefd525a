//! Where the fault is when a manifest and a portal do not fit: the line of the manifest, and what to do there.

use super::api::{Api, Call, Path, Slot};
use super::shipped;
use super::talk::Talk;
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
        let message = format!("the list {path} of the portal cannot be used: {why}");
        let place = self.api.place_of(slot);
        LiveError::new(
            message,
            format!("look at the manifest ({place}), not at the portal: `rosterctl target probe` shows what it sends"),
        )
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
