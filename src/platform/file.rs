//! A platform file as its author wrote it: vocabulary, routes, life cycle and rules as data.

mod menu;
mod rule;

use smol_str::SmolStr;

use crate::diagnostic::Located;
use crate::document::record::{Id, Map, Required, Text, record, words};
use crate::document::roster::{Status, Version};
pub use menu::{MenuImport, MenuWay, Menus};
pub use rule::*;

record! {
    /// A platform: what a portal knows of people, and the rules that hold there.
    pub struct PlatformFile as "a platform" {
        /// The version of this language: 1.
        "version" => version: Version,
        /// The platform's id; its rules are named `<id>/<rule>`.
        "id" => id: Required<Located<Id>>,
        /// The platform's name.
        "name" => name: Required<Text>,
        /// What it is, in a sentence.
        "summary" => summary: Option<Text>,
        /// The starter roster that `init` writes, with `{organisation}` for its id.
        "starter" => starter: Option<Text>,
        /// A built-in platform that this one adds to: entries of the same id replace, the others are kept.
        "extends" => extends: Option<Located<Id>>,
        /// Which kinds of object the portal has; default all three.
        "sections" => sections: Option<Vec<Located<Section>>>,
        /// What an organisation can buy.
        "services" => services: Option<Map<Term>>,
        /// The roles that people hold.
        "roles" => roles: Option<Map<Role>>,
        /// The facts about a person that rules ask for.
        "attributes" => attributes: Option<Map<Attribute, false>>,
        /// What permission groups give access to.
        "applications" => applications: Option<Map<Application>>,
        /// What people may do.
        "permissions" => permissions: Option<Map<Permission>>,
        /// What people are notified of.
        "events" => events: Option<Map<Event>>,
        /// The states of a user and the ways between them.
        "lifecycle" => lifecycle: Option<Lifecycle>,
        /// The words of the portal's own pages, for run-books.
        "menus" => menus: Option<Menus>,
        /// The rules, by short id.
        "rules" => rules: Option<Map<Rule>>,
        /// What the platform states and nothing can break: routes, abilities, advice. `explain` tells them.
        "facts" => facts: Option<Map<Fact>>,
    }
}

words! {
    /// A kind of object in a roster.
    pub enum Section {
        /// People with access.
        Users = "users",
        /// People and lists without access.
        Contacts = "contacts",
        /// Groups that give access.
        PermissionGroups = "permissionGroups",
    }
}

record! {
    /// A word of the platform's vocabulary.
    pub struct Term as "a term" {
        /// Its name in the portal.
        "name" => name: Required<Text>,
        /// What it means.
        "summary" => summary: Option<Text>,
    }
}

record! {
    /// A role that people hold.
    pub struct Role as "a role" {
        /// Its name in the portal.
        "name" => name: Required<Text>,
        /// What its holder does.
        "summary" => summary: Option<Text>,
        /// Who may hold it; default users and contacts that are people, as far as the platform has them.
        "heldBy" => held_by: Option<Vec<Located<Holder>>>,
        /// The sentence of the platform's documentation.
        "source" => source: Option<Text>,
    }
}

words! {
    /// Who may hold a role.
    pub enum Holder {
        /// A user.
        User = "user",
        /// A contact that is a person.
        Contact = "contact",
        /// A contact that is a distribution list.
        DistributionList = "distribution-list",
    }
}

record! {
    /// A fact about a person.
    pub struct Attribute as "an attribute" {
        /// The type of its value.
        "type" => value_type: Required<Located<AttributeType>>,
        /// What it means.
        "summary" => summary: Option<Text>,
        /// Words to choose from; absent: any.
        "values" => values: Option<Vec<Text>>,
        /// What a target that knows it better is said to provide: true for whom it has as an active account, or its list.
        "evidence" => evidence: Option<Text>,
    }
}

words! {
    /// The type of an attribute's value.
    pub enum AttributeType {
        /// True or false.
        Boolean = "boolean",
        /// Text.
        Text = "text",
        /// A list of kebab-case words.
        List = "list",
        /// A list of the platform's roles.
        Roles = "roles",
        /// The id of a user.
        User = "user",
    }
}

record! {
    /// Something that permission groups give access to.
    pub struct Application as "an application" {
        /// Its name in the portal.
        "name" => name: Required<Text>,
        /// What it is for.
        "summary" => summary: Option<Text>,
        /// The levels of access, lowest first; a higher one includes the lower ones.
        "levels" => levels: Required<Vec<Text>>,
        /// The responsibilities that call for it; absent: any.
        "responsibilities" => responsibilities: Option<Vec<Text>>,
    }
}

record! {
    /// Something that people may do: through a role, or through a level on an application.
    pub struct Permission as "a permission" {
        /// What it allows.
        "summary" => summary: Option<Text>,
        /// The roles that give it.
        "roles" => roles: Option<Vec<Text>>,
        /// The application that gives it.
        "application" => application: Option<Text>,
        /// The level needed there.
        "level" => level: Option<Text>,
        /// Roles that give it in part only: role to the attribute (a list) that says which part.
        "within" => within: Option<Map<Text>>,
        /// When it exists at all.
        "when" => when: Option<Located<Condition>>,
        /// The sentence of the platform's documentation.
        "source" => source: Option<Text>,
    }
}

record! {
    /// Something that people are notified of.
    pub struct Event as "an event" {
        /// What happens.
        "summary" => summary: Option<Text>,
        /// The roles that are notified; the person marked as primary for a role comes first.
        "to" => to: Option<Vec<Text>>,
        /// The roles that get a copy.
        "copy" => copy: Option<Vec<Text>>,
        /// The roles that are notified instead while nobody at all holds one of `to`.
        "fallback" => fallback: Option<Vec<Text>>,
        /// The roles that are notified besides, whoever holds the others.
        "always" => always: Option<Vec<Text>>,
        /// Roles of which the documentation says both that they are notified and that they are not.
        "disputed" => disputed: Option<Map<Dispute>>,
        /// When the event exists at all.
        "when" => when: Option<Located<Condition>>,
        /// The sentence of the platform's documentation.
        "source" => source: Option<Text>,
    }
}

record! {
    /// Two sentences that contradict each other.
    pub struct Dispute as "a dispute" {
        /// The sentence by which the role is notified.
        "for" => pro: Required<Text>,
        /// The sentence by which it is not.
        "against" => contra: Required<Text>,
    }
}

record! {
    /// The states of a user and the ways between them.
    pub struct Lifecycle as "a life cycle" {
        /// The ways; a way that is not here does not exist.
        "transitions" => transitions: Required<Vec<Located<Transition>>>,
    }
}

record! {
    /// A way from one state to another.
    pub struct Transition as "a transition" {
        /// What it does.
        "action" => action: Required<Located<Verb>>,
        /// The state before.
        "from" => from: Required<Located<State>>,
        /// The state after.
        "to" => to: Required<Located<State>>,
        /// The permission that it needs; for `accept` none: only the person can.
        "needs" => needs: Option<Text>,
        /// What else happens, shown in plans.
        "note" => note: Option<Text>,
    }
}

words! {
    /// What a step does to an object.
    pub enum Verb {
        /// Makes it.
        Create = "create",
        /// Changes it.
        Update = "update",
        /// Takes its access away and keeps it.
        Deactivate = "deactivate",
        /// Gives its access back.
        Reactivate = "reactivate",
        /// Removes it.
        Delete = "delete",
        /// The person accepts the invitation: no step of a plan, nobody else can.
        Accept = "accept",
    }
}

words! {
    /// The state of a user on the portal.
    pub enum State {
        /// Not there.
        Absent = "absent",
        /// Invited, not yet accepted.
        Pending = "pending",
        /// With access.
        Active = "active",
        /// Without access, kept.
        Deactivated = "deactivated",
    }
}

impl From<Status> for State {
    fn from(status: Status) -> State {
        match status {
            Status::Active => State::Active,
            Status::Deactivated => State::Deactivated,
        }
    }
}

record! {
    /// What the platform states and nothing can break.
    pub struct Fact as "a fact" {
        /// Its number in the collection of statements.
        "number" => number: Option<Text>,
        /// The statement.
        "title" => title: Required<Text>,
        /// The sentence of the platform's documentation.
        "source" => source: Option<Text>,
    }
}

/// The text of a required key, or nothing where it is missing (which has been reported).
pub(super) fn text(value: &Required<Text>) -> SmolStr {
    value.0.as_ref().map(|text| text.value.clone()).unwrap_or_default()
}
