//! What a manifest does not say how to do: found in the plan, before the first write, and listed by `target probe`.

use serde::Serialize;

use super::Rest;
use super::api::{Accounts, Api, PersonField};
use super::manifest::MembersIn;
use crate::diagnostic::{Diagnostic, Span};
use crate::live::Resource;
use crate::live::scim::Kind;
use crate::platform::Verb;

/// A key that a manifest does not have and a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    /// The resource: `users`, `contacts`, `groups`, `groups.members` or `roles`.
    pub resource: &'static str,
    /// The key.
    pub key: &'static str,
}

/// What can be done with a resource, and which keys are missing for the rest.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ability {
    /// The resource.
    pub resource: &'static str,
    /// What the manifest says how to do.
    pub can: Vec<&'static str>,
    /// What it does not say, by the key to add.
    pub cannot: Vec<&'static str>,
}

impl Api {
    /// Whether the members of a group can be changed.
    fn changes_members(&self) -> bool {
        self.groups.as_ref().is_some_and(|groups| {
            let whole = groups.members.place == MembersIn::Group && groups.update.is_some();
            groups.members.add.is_some() && groups.members.remove.is_some() || whole
        })
    }

    /// What is missing for a step: what it does, to which kind of object, and the fields that it changes.
    fn lacks(&self, verb: Verb, resource: Resource, fields: &[&str]) -> Vec<Lack> {
        let mut lacks = Vec::new();
        let mut need = |there: bool, resource: &'static str, key: &'static str| {
            if !there {
                lacks.push(Lack { resource, key });
            }
        };
        if resource == Resource::PermissionGroup {
            // That there are no groups at all is said of each group that a roster has.
            let Some(groups) = &self.groups else { return lacks };
            match verb {
                Verb::Create => need(groups.create.is_some(), "groups", "create"),
                Verb::Delete => need(groups.delete.is_some(), "groups", "delete"),
                _ => need(groups.update.is_some(), "groups", "update"),
            }
            return lacks;
        }
        let own = resource == Resource::Contact && self.contacts.is_some();
        let kind = if own { Kind::Contact } else { Kind::User };
        let name = if own { "contacts" } else { "users" };
        let Some(accounts) = self.accounts(kind) else { return lacks };
        let in_groups = |field: &str| {
            let words = field.starts_with("attributes") && !self.has(kind, PersonField::Attributes);
            let roles = field == "roles" && !self.has(kind, PersonField::Roles) && self.granted().is_none();
            !own && (field == "groups" || words || roles)
        };
        let granted = self.granted().filter(|_| !own && fields.contains(&"roles"));
        let elsewhere = |field: &str| in_groups(field) || field == "roles" && granted.is_some();
        match verb {
            Verb::Create => need(accounts.create.is_some(), name, "create"),
            Verb::Delete => need(accounts.delete.is_some(), name, "delete"),
            Verb::Deactivate => need(accounts.deactivate.is_some() || accounts.update.is_some(), name, "deactivate"),
            Verb::Reactivate => need(accounts.reactivate.is_some() || accounts.update.is_some(), name, "reactivate"),
            Verb::Update | Verb::Accept => {
                need(accounts.update.is_some() || fields.iter().all(|field| elsewhere(field)), name, "update");
            }
        }
        if let Some(roles) = granted.filter(|_| verb != Verb::Delete) {
            need(roles.add.is_some(), "roles", "add");
        }
        if self.groups.is_some() && fields.iter().any(|field| in_groups(field)) {
            need(self.changes_members(), "groups.members", "add");
        }
        lacks
    }

    /// Where a resource begins in the manifest.
    fn place_named(&self, resource: &str) -> Option<Span> {
        let top = resource.split('.').next().unwrap_or(resource);
        self.places.iter().find(|(name, _)| *name == top).map(|(_, span)| *span)
    }

    /// What can be done and what cannot, resource by resource.
    pub fn abilities(&self) -> Vec<Ability> {
        let mut all = vec![of_accounts("users", &self.users)];
        all.extend(self.contacts.as_ref().map(|contacts| of_accounts("contacts", contacts)));
        if let Some(groups) = &self.groups {
            let keys = [
                ("create", groups.create.is_some()),
                ("update", groups.update.is_some()),
                ("delete", groups.delete.is_some()),
            ];
            all.push(Ability::of("groups", &keys));
            let members = self.changes_members();
            all.push(Ability::of("groups.members", &[("add", members), ("remove", members)]));
        }
        if let Some(roles) = self.granted() {
            all.push(Ability::of("roles", &[("add", roles.add.is_some()), ("remove", roles.remove.is_some())]));
        }
        all
    }
}

impl Ability {
    fn of(resource: &'static str, keys: &[(&'static str, bool)]) -> Ability {
        let those = |there: bool| keys.iter().filter(|(_, own)| *own == there).map(|(key, _)| *key).collect();
        Ability { resource, can: those(true), cannot: those(false) }
    }
}

fn of_accounts(resource: &'static str, accounts: &Accounts) -> Ability {
    let mut keys = vec![
        ("create", accounts.create.is_some()),
        ("update", accounts.update.is_some()),
        ("delete", accounts.delete.is_some()),
    ];
    if accounts.fields.iter().any(|(field, _)| *field == PersonField::Active) {
        let moves = |own: bool| own || accounts.update.is_some();
        keys.push(("deactivate", moves(accounts.deactivate.is_some())));
        keys.push(("reactivate", moves(accounts.reactivate.is_some())));
    }
    Ability::of(resource, &keys)
}

impl Rest {
    /// What is missing for a step of a plan.
    pub fn lacks(&self, verb: Verb, resource: Resource, fields: &[&str]) -> Vec<Lack> {
        self.api.lacks(verb, resource, fields)
    }

    /// The finding about a key that so many steps need, of which one is in words; and where the resource stands in the
    /// manifest.
    pub fn lacking(&self, lack: Lack, steps: usize, first: &str) -> (Diagnostic, Option<Span>) {
        let Lack { resource, key } = lack;
        let span = self.api.place_named(resource);
        let others = match steps {
            1 => String::new(),
            2 => ", and so does another step".to_owned(),
            steps => format!(", and so do {} more steps", steps - 1),
        };
        let name = &self.name;
        let message = format!(
            "`{name}` cannot hold what is planned: its manifest has no `{resource}.{key}`, which {first} needs{others}"
        );
        let whereabouts = span.map_or_else(|| self.api.reference.clone(), |span| self.api.place_at(span.start));
        let other = match key {
            "deactivate" | "reactivate" => " (or `update`)",
            "add" => " and `remove`",
            _ => "",
        };
        let help =
            format!("add `{key}`{other} to `{resource}` in the manifest ({whereabouts}), where the API can do it");
        (Diagnostic::error("plan/cannot-hold", message).help(help), span)
    }
}
