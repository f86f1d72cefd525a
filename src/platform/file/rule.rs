//! A rule as its author wrote it: one of a small set of templates, with its parameters.

use schemars::JsonSchema;

use super::{Section, State, Verb};
use crate::diagnostic::Located;
use crate::document::record::{FromNode, Reader, Required, Text, record, words};
use crate::document::roster::{Agreement, EntryType, Relationship, Size, Status};
use crate::document::tree::{Kind, Node};
use crate::document::workspace::Level;

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
