//! Roles that are a resource of their own, as a manifest names them.

use super::super::api::Roles;
use super::super::formula::Formula;
use super::super::manifest::{Manifest, RolesText};
use super::super::shape::{Scope, Shape};
use super::{Loader, OF_ITEM, OF_LIST, OF_LIST_OF_ONE};

const OF_KEY: Scope = &[("key", Shape::Text)];
const OF_HOLDER: Scope = &[("id", Shape::Text), ("member", Shape::Text), ("role", Shape::Any)];

impl Loader<'_> {
    pub(super) fn roles(&mut self, written: &RolesText, manifest: &Manifest) -> Option<Roles> {
        let (list, id) = (written.list.0.as_ref()?, written.id.0.as_ref()?);
        let before = self.diagnostics.len();
        let feeds = written.feeds.is_some();
        match (&written.holders, &written.holder, &written.of) {
            (Some(_), None, _) => self.missing(id, "holder", "`holders`"),
            (None, Some(_), _) => self.missing(id, "holders", "`holder`"),
            (None, None, None) => self.missing(id, "holders", "`roles`"),
            (None, None, Some(_)) if feeds => self.missing(id, "holders", "`roles` with `feeds`"),
            _ => {}
        }
        match (&written.add, &written.remove) {
            (Some(_), None) => self.missing(id, "remove", "`roles` with `add`"),
            (None, Some(_)) => self.missing(id, "add", "`roles` with `remove`"),
            _ => {}
        }
        if let Some(through) = &written.through {
            self.through(through, written, manifest);
        }
        let only_read = [
            ("add", written.add.is_some()),
            ("called", written.called.is_some()),
            ("of", written.of.is_some()),
            ("about", written.about.is_some()),
        ];
        for (key, _) in only_read.into_iter().filter(|(_, there)| feeds && *there) {
            let message = format!("`roles` with `feeds` are evidence and only read: `{key}` is of no use there");
            self.odd(id, &message, "take it out, or take `feeds` out");
        }
        let fields = manifest.users.0.as_ref().and_then(|users| users.fields.0.as_ref());
        if let Some(own) = fields.and_then(|fields| fields.roles.as_ref()).filter(|_| !feeds) {
            self.odd(own, "roles are told twice: by `fields.roles` and by `roles`", "take one of them out");
        }
        let holders = written.holders.as_ref().map(|list| self.list(list, OF_LIST_OF_ONE));
        let holder = self.maybe(&written.holder, OF_ITEM, Shape::Any);
        let roles = Roles {
            list: self.list(list, OF_LIST),
            id: self.slot(id, OF_ITEM, Shape::Any),
            name: self.must(&written.name, OF_ITEM, Shape::Text),
            called: self.maybe(&written.called, OF_KEY, Shape::Text),
            holders: holders.zip(holder),
            through: self.maybe(&written.through, OF_ITEM, Shape::Bool),
            of: written.of.as_ref().map(|list| self.list(list, OF_LIST_OF_ONE)),
            add: written.add.as_ref().map(|call| self.call(call, OF_HOLDER, false)),
            remove: written.remove.as_ref().map(|call| self.call(call, OF_HOLDER, false)),
            about: written.about.as_ref().map(|about| about.value.clone()),
            feeds: written.feeds.as_ref().map(|feeds| feeds.value.clone()),
        };
        (self.diagnostics.len() == before).then_some(roles)
    }

    /// Who holds a role through a group is known where the members of groups are.
    fn through(&mut self, through: &Formula, written: &RolesText, manifest: &Manifest) {
        if written.holders.is_none() {
            self.missing(through, "holders", "`through`");
        }
        if manifest.groups.is_none() {
            let help = "add `groups`, of which `members` are read then";
            self.odd(through, "`through` needs the members of groups, and the manifest has no `groups`", help);
        }
    }
}
