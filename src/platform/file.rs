//! A platform file as its author wrote it: vocabulary, routes, life cycle and rules as data.

use schemars::JsonSchema;
use smol_str::SmolStr;

use crate::diagnostic::Located;
use crate::document::record::{FromNode, Id, Map, Reader, Required, Text, record, words};
use crate::document::roster::{Agreement, EntryType, Relationship, Size, Status, Version};
use crate::document::tree::{Kind, Node};
use crate::document::workspace::Level;

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

record! {
    /// A rule: an instance of exactly one template.
    pub struct Rule as "a rule" {
        /// Its number in the collection of statements.
        "number" => number: Option<Text>,
        /// How much it weighs by default.
        "level" => level: Required<Located<Level>>,
        /// What holds, in one sentence.
        "title" => title: Required<Text>,
        /// The sentence of the platform's documentation that it comes from.
        "source" => source: Option<Text>,
        /// Why it matters, and what to do: shown by `explain`.
        "cure" => cure: Option<Text>,
        /// A part of a roster that breaks it.
        "breaks" => breaks: Option<Text>,
        /// A part of a roster that holds.
        "holds" => holds: Option<Text>,
        /// When it is checked at all.
        "when" => when: Option<Located<Condition>>,
        /// Template: each selected person must satisfy conditions.
        "requires" => requires: Option<Requires>,
        /// Template: how many people may hold a role.
        "cardinality" => cardinality: Option<Cardinality>,
        /// Template: among several holders of a role exactly one comes first.
        "primary" => primary: Option<Primary>,
        /// Template: roles are held only by those who may (the role's `heldBy`).
        "holder" => holder: Option<Switch>,
        /// Template: a permission group has applications and members.
        "usefulGroup" => useful_group: Option<Switch>,
        /// Template: an application that a user reaches answers to a responsibility of theirs.
        "leastPrivilege" => least_privilege: Option<LeastPrivilege>,
        /// Template, in plans: the last holder is not taken away without a replacement.
        "keeps" => keeps: Option<Keeps>,
        /// Template: somebody who holds a role names somebody who holds another.
        "names" => names: Option<Names>,
        /// Template: an event does not lose itself with people who cannot read it.
        "blackHole" => black_hole: Option<Switch>,
        /// Template: expectations do not ask a permission of people to whom the platform does not give it.
        "claims" => claims: Option<Claims>,
        /// Template, in plans: which permission steps need of the acting person, or that nobody may take them.
        "actor" => actor: Option<ActorRule>,
        /// Template, in plans: what becomes of a wish in a state that the life cycle leads out of in its own way only.
        "wish" => wish: Option<Wish>,
        /// Template, in plans: steps that touch holders of a role run one at a time, on a fresh reading.
        "serial" => serial: Option<Serial>,
        /// Template, in plans: the replacement is there before the previous holder goes.
        "makeBeforeBreak" => make_before_break: Option<Switch>,
        /// Template, in plans: people on the portal that no roster names are reported.
        "unmanaged" => unmanaged: Option<Switch>,
    }
}

/// Switches a template without parameters on: always `{}`.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Switch {}

impl FromNode for Switch {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Mapping || node.entries().next().is_some() {
            reader.wrong_type(node, "an empty map, `{}`");
            return None;
        }
        Some(Switch {})
    }
}

record! {
    /// Each selected person must satisfy conditions; the first one that fails is reported.
    pub struct Requires as "`requires`" {
        /// Which people are looked at.
        "of" => of: Required<Selector>,
        /// The conditions.
        "must" => must: Required<Vec<Clause>>,
        /// `true`, in plans: nobody else may have changed or deleted such a person on the portal.
        "untouched" => untouched: Option<bool>,
    }
}

record! {
    /// Selects people: all keys given must fit.
    pub struct Selector as "a selection" {
        /// Holders of a role.
        "role" => role: Option<Text>,
        /// Entries of a section.
        "section" => section: Option<Located<Section>>,
        /// Only those for whom this holds.
        "where" => condition: Option<Located<Condition>>,
    }
}

record! {
    /// A condition and what to say where it fails.
    pub struct Clause as "a clause" {
        /// What must hold.
        "be" => be: Required<Located<Condition>>,
        /// How much a failure weighs; default the rule's level. A level set for the rule applies to all its clauses.
        "level" => level: Option<Located<Level>>,
        /// What is wrong, with `{subject}`, `{role}`, `{organisation}` filled in.
        "say" => say: Required<Text>,
        /// What to do about it.
        "help" => help: Option<Text>,
        /// Which key of the person to point at; default the role or the id.
        "point" => point: Option<Located<Field>>,
    }
}

words! {
    /// A part of a person that conditions and findings speak of.
    pub enum Field {
        /// The mail address.
        Email = "email",
        /// The telephone number.
        Phone = "phone",
        /// The roles held.
        Roles = "roles",
        /// The permission groups.
        Groups = "groups",
        /// What the entry stands for.
        Type = "type",
        /// The status.
        Status = "status",
        /// The attribute that the condition names.
        Attributes = "attributes",
    }
}

words! {
    /// A fact of the organisation's profile.
    pub enum ProfileFact {
        /// Its mail domains.
        Domains = "domains",
    }
}

record! {
    /// What must hold of a person or an organisation: every key given, all at once.
    pub struct Condition as "a condition" {
        /// One of these holds.
        "any" => any: Option<Vec<Condition>>,
        /// This does not hold.
        "not" => not: Option<Box<Condition>>,
        /// The person has this attribute …
        "attribute" => attribute: Option<Text>,
        /// … with this truth value (default true, for booleans) …
        "is" => is: Option<bool>,
        /// … or with one of these words in its list.
        "includes" => includes: Option<Vec<Text>>,
        /// The person reaches this application through a group.
        "application" => application: Option<Text>,
        /// The level needed there; default the lowest.
        "level" => level: Option<Text>,
        /// The person has a value there that is not empty.
        "has" => has: Option<Located<Field>>,
        /// The entry stands in this section.
        "section" => section: Option<Located<Section>>,
        /// The entry stands for this.
        "type" => entry_type: Option<Located<EntryType>>,
        /// The person's status.
        "status" => status: Option<Located<Status>>,
        /// The person holds this role.
        "role" => role: Option<Text>,
        /// The person holds no role but this one.
        "onlyRole" => only_role: Option<Text>,
        /// `true`: the mail address is below a domain of the profile.
        "ownDomain" => own_domain: Option<bool>,
        /// The organisation has one of these services.
        "services" => services: Option<Vec<Text>>,
        /// The organisation is of this size.
        "size" => size: Option<Located<Size>>,
        /// The state of the service agreement.
        "serviceAgreement" => service_agreement: Option<Located<Agreement>>,
        /// The organisation does business in one of these ways; where the profile is silent, `direct`.
        "relationship" => relationship: Option<Vec<Located<Relationship>>>,
        /// The profile states this.
        "profile" => profile: Option<Located<ProfileFact>>,
    }
}

record! {
    /// How many people may hold a role.
    pub struct Cardinality as "`cardinality`" {
        /// The role.
        "role" => role: Required<Text>,
        /// Only holders for whom this holds count.
        "where" => condition: Option<Located<Condition>>,
        /// `true`: holders without access count too.
        "inactive" => inactive: Option<bool>,
        /// Only where somebody holds one of these roles, with or without access.
        "given" => given: Option<Vec<Text>>,
        /// At least so many.
        "min" => min: Option<u32>,
        /// At most so many.
        "max" => max: Option<u32>,
        /// Which side a plan may cross for a moment; default neither.
        "transit" => transit: Option<Located<Side>>,
        /// What to say when there are too few.
        "few" => few: Option<Text>,
        /// What to say when there are too many.
        "many" => many: Option<Text>,
        /// What to do about it.
        "help" => help: Option<Text>,
    }
}

words! {
    /// A side of a number that can be crossed.
    pub enum Side {
        /// Too few.
        Gap = "gap",
        /// Too many.
        Surplus = "surplus",
    }
}

record! {
    /// Among several holders of a role exactly one comes first.
    pub struct Primary as "`primary`" {
        /// The role.
        "role" => role: Required<Text>,
        /// The attribute (a list of roles) that marks the one.
        "attribute" => attribute: Required<Text>,
    }
}

record! {
    /// An application that a user reaches answers to a responsibility of theirs.
    pub struct LeastPrivilege as "`leastPrivilege`" {
        /// The attribute (a list) that holds the responsibilities.
        "attribute" => attribute: Required<Text>,
    }
}

record! {
    /// The last holder is not taken away without a replacement.
    pub struct Keeps as "`keeps`" {
        /// These roles keep a holder.
        "roles" => roles: Option<Vec<Text>>,
        /// This permission keeps a holder.
        "permission" => permission: Option<Text>,
    }
}

record! {
    /// What steps need of the acting person; all keys given must fit a step for the rule to speak of it, but of `grants`
    /// and `revokes` one is enough. Of several rules that refuse a step the first in the file is told.
    pub struct ActorRule as "`actor`" {
        /// The permission that the steps need. Absent: nobody may take them.
        "permission" => permission: Option<Text>,
        /// `true`: the permission is not taken from the last person who has it.
        "keeps" => keeps: Option<bool>,
        /// Steps that do this.
        "actions" => actions: Option<Vec<Located<Verb>>>,
        /// Steps that give one of these roles.
        "grants" => grants: Option<Vec<Text>>,
        /// Steps that take one of these roles, or the access of somebody who holds it.
        "revokes" => revokes: Option<Vec<Text>>,
        /// `true`: steps that change roles at all.
        "roles" => roles: Option<bool>,
        /// Steps that change this attribute.
        "attribute" => attribute: Option<Text>,
        /// `true`: steps that change the acting person; `false`: all others.
        "self" => own: Option<bool>,
        /// Only for acting people who hold one of these roles.
        "by" => by: Option<Vec<Text>>,
        /// What to say, with `{actor}`, `{subject}`, `{role}` filled in.
        "say" => say: Option<Text>,
        /// What is allowed instead.
        "help" => help: Option<Text>,
    }
}

record! {
    /// What becomes of a wish for a user who is in another state.
    pub struct Wish as "`wish`" {
        /// The state wanted; `absent` for who left the roster.
        "wanted" => wanted: Required<Located<State>>,
        /// The state on the portal.
        "from" => from: Required<Located<State>>,
        /// What to say where the wish cannot be fulfilled, with `{subject}` filled in.
        "say" => say: Option<Text>,
        /// What is allowed instead.
        "help" => help: Option<Text>,
    }
}

record! {
    /// Steps that touch holders of a role run one at a time, each after a fresh look at who holds it.
    pub struct Serial as "`serial`" {
        /// The role, of which somebody active must remain.
        "role" => role: Required<Text>,
    }
}

record! {
    /// Somebody who holds a role names, in an attribute, an active holder of another.
    pub struct Names as "`names`" {
        /// The role of those who name.
        "role" => role: Required<Text>,
        /// The attribute (a user).
        "attribute" => attribute: Required<Text>,
        /// The role that the named person holds.
        "holds" => holds: Required<Text>,
        /// What is wrong, with `{subject}` filled in.
        "say" => say: Required<Text>,
        /// What to do about it.
        "help" => help: Option<Text>,
    }
}

record! {
    /// Expectations do not ask a permission of people to whom the platform does not give it.
    pub struct Claims as "`claims`" {
        /// The permission.
        "permission" => permission: Required<Text>,
        /// What is wrong, with `{subject}` filled in.
        "say" => say: Required<Text>,
        /// What to do about it.
        "help" => help: Option<Text>,
    }
}

/// The keys of [`Rule`] that name a template.
pub const TEMPLATES: &[&str] = &[
    "requires",
    "cardinality",
    "primary",
    "holder",
    "usefulGroup",
    "leastPrivilege",
    "names",
    "blackHole",
    "claims",
    "keeps",
    "actor",
    "wish",
    "serial",
    "makeBeforeBreak",
    "unmanaged",
];

/// The text of a required key, or nothing where it is missing (which has been reported).
pub(super) fn text(value: &Required<Text>) -> SmolStr {
    value.0.as_ref().map(|text| text.value.clone()).unwrap_or_default()
}
