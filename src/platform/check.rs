//! Rules, ready to ask: each an instance of a template, with its words resolved.

use smol_str::SmolStr;

use super::{ApplicationIx, AttributeIx, Field, LevelIx, PermissionIx, RoleIx, Section, Side, State, Verb};
use crate::diagnostic::Severity;
use crate::document::roster::{Agreement, EntryType, Relationship, Size, Status};

/// A rule: an instance of a template.
#[derive(Debug)]
pub struct Rule {
    /// Its id, `<platform>/<rule>`.
    pub id: SmolStr,
    /// Its number.
    pub number: SmolStr,
    /// How much it weighs; none where it is off.
    pub level: Option<Severity>,
    /// What holds.
    pub title: SmolStr,
    /// The sentence of the platform's documentation.
    pub source: SmolStr,
    /// Why it matters, and what to do.
    pub cure: SmolStr,
    /// A part of a roster that breaks it.
    pub breaks: SmolStr,
    /// A part of a roster that holds.
    pub holds: SmolStr,
    /// When it is checked at all.
    pub when: Option<Test>,
    /// The template and its parameters.
    pub check: Check,
}

/// The templates that rules are instances of, with their parameters.
#[derive(Debug)]
pub enum Check {
    /// Each selected person must satisfy conditions.
    Requires(Requires),
    /// How many people may hold a role.
    Cardinality(Cardinality),
    /// Among several holders exactly one is marked by an attribute (a list of roles).
    Primary {
        /// The role.
        role: RoleIx,
        /// The attribute.
        attribute: AttributeIx,
    },
    /// Roles are held only by those who may.
    Holder,
    /// A permission group has applications and members.
    UsefulGroup,
    /// An application that a user reaches answers to a responsibility.
    LeastPrivilege {
        /// The attribute that holds the responsibilities.
        attribute: AttributeIx,
    },
    /// In plans: the last holder stays until there is another.
    Keeps {
        /// Roles that keep a holder.
        roles: Vec<RoleIx>,
        /// A permission that keeps a holder.
        permission: Option<PermissionIx>,
    },
    /// Somebody who holds a role names an active holder of another.
    Names(Names),
    /// An event does not lose itself with people who cannot read it.
    BlackHole,
    /// Expectations do not ask a permission of people to whom the platform does not give it.
    Claims(Claims),
    /// In plans: what steps need of the acting person.
    Actor(ActorRule),
    /// In plans: what becomes of a wish in a state that the life cycle leads out of in its own way only.
    Wish(Wish),
    /// In plans: steps that touch holders of this role run one at a time, on a fresh reading.
    Serial(RoleIx),
    /// In plans: the replacement comes first.
    MakeBeforeBreak,
    /// In plans: people that no roster names are reported.
    Unmanaged,
}

impl Check {
    /// Whether the rule speaks of plans, so that no roster alone can break it.
    pub fn of_plans(&self) -> bool {
        match self {
            Check::Keeps { .. } | Check::Actor(_) | Check::Wish(_) | Check::Serial(_) => true,
            Check::MakeBeforeBreak | Check::Unmanaged => true,
            Check::Requires(_) | Check::Cardinality(_) | Check::Primary { .. } | Check::Holder => false,
            Check::UsefulGroup | Check::LeastPrivilege { .. } => false,
            Check::Names(_) | Check::BlackHole | Check::Claims(_) => false,
        }
    }
}

/// Parameters of [`Check::Names`].
#[derive(Debug)]
pub struct Names {
    /// The role of those who name.
    pub role: RoleIx,
    /// The attribute that holds the id of a user.
    pub attribute: AttributeIx,
    /// The role that the named person holds.
    pub holds: RoleIx,
    /// What is wrong.
    pub say: SmolStr,
    /// What to do about it.
    pub help: SmolStr,
}

/// Parameters of [`Check::Claims`].
#[derive(Debug)]
pub struct Claims {
    /// The permission.
    pub permission: PermissionIx,
    /// What is wrong.
    pub say: SmolStr,
    /// What to do about it.
    pub help: SmolStr,
}

/// Parameters of [`Check::Actor`]: all that are given must fit a step for the rule to speak of it, but of `grants` and
/// `revokes` one is enough.
#[derive(Debug)]
pub struct ActorRule {
    /// The permission that the steps need; none: nobody may take them.
    pub permission: Option<PermissionIx>,
    /// Whether the permission is not taken from the last person who has it.
    pub keeps: bool,
    /// Steps that do this; empty: all.
    pub actions: Vec<Verb>,
    /// Steps that give one of these roles; empty: all.
    pub grants: Vec<RoleIx>,
    /// Steps that take one of these roles, or the access of somebody who holds it; empty: all.
    pub revokes: Vec<RoleIx>,
    /// Only steps that change roles.
    pub roles: bool,
    /// Steps that change this attribute.
    pub attribute: Option<AttributeIx>,
    /// Steps that change the acting person, or all others.
    pub own: Option<bool>,
    /// Only for acting people who hold one of these roles; empty: for all.
    pub by: Vec<RoleIx>,
    /// What to say.
    pub say: SmolStr,
    /// What is allowed instead.
    pub help: SmolStr,
}

/// Parameters of [`Check::Wish`].
#[derive(Debug)]
pub struct Wish {
    /// The state wanted.
    pub wanted: State,
    /// The state on the portal.
    pub from: State,
    /// What to say where the wish cannot be fulfilled.
    pub say: SmolStr,
    /// What is allowed instead.
    pub help: SmolStr,
}

/// Parameters of [`Check::Requires`].
#[derive(Debug)]
pub struct Requires {
    /// Holders of this role.
    pub role: Option<RoleIx>,
    /// Entries of this section.
    pub section: Option<Section>,
    /// Only those for whom this holds.
    pub only: Option<Test>,
    /// The conditions, in order.
    pub must: Vec<Clause>,
    /// In plans: nobody else may have changed or deleted such a person on the portal.
    pub untouched: bool,
}

/// A condition and what to say where it fails.
#[derive(Debug)]
pub struct Clause {
    /// What must hold.
    pub be: Test,
    /// How much a failure weighs, where that differs from the rule.
    pub level: Option<Severity>,
    /// What is wrong.
    pub say: SmolStr,
    /// What to do about it.
    pub help: SmolStr,
    /// Where to point.
    pub point: Option<Field>,
    /// The attribute to point at, where `point` says so.
    pub attribute: Option<AttributeIx>,
}

/// Parameters of [`Check::Cardinality`].
#[derive(Debug)]
pub struct Cardinality {
    /// The role.
    pub role: RoleIx,
    /// Only holders for whom this holds count.
    pub only: Option<Test>,
    /// Whether holders without access count too.
    pub inactive: bool,
    /// Only where somebody holds one of these roles, with or without access; empty: always.
    pub given: Vec<RoleIx>,
    /// At least so many.
    pub min: u32,
    /// At most so many.
    pub max: u32,
    /// Which side a plan may cross for a moment.
    pub transit: Option<Side>,
    /// What to say when there are too few.
    pub few: SmolStr,
    /// What to say when there are too many.
    pub many: SmolStr,
    /// What to do about it.
    pub help: SmolStr,
}

/// A condition on a person or an organisation.
#[derive(Debug)]
pub enum Test {
    /// All of these hold.
    All(Vec<Test>),
    /// One of these holds.
    Any(Vec<Test>),
    /// This does not hold.
    Not(Box<Test>),
    /// A boolean attribute has this value.
    AttributeIs(AttributeIx, bool),
    /// A list attribute has one of these words.
    AttributeIncludes(AttributeIx, Vec<SmolStr>),
    /// The attribute has a value that is not empty.
    HasAttribute(AttributeIx),
    /// The person reaches this level of an application through a group.
    Reaches(ApplicationIx, LevelIx),
    /// The person has a value there that is not empty.
    Has(Field),
    /// The entry stands in this section.
    InSection(Section),
    /// The entry stands for this.
    IsType(EntryType),
    /// The person's status.
    HasStatus(Status),
    /// The person holds this role.
    HoldsRole(RoleIx),
    /// The person holds no role but this one.
    OnlyRole(RoleIx),
    /// The mail address is below a domain of the profile.
    OwnDomain,
    /// The organisation has one of these services.
    Services(Vec<SmolStr>),
    /// The organisation is of this size.
    IsSize(Size),
    /// The state of the service agreement.
    AgreementIs(Agreement),
    /// The organisation does business in one of these ways.
    RelationshipIn(Vec<Relationship>),
    /// The profile states its mail domains.
    HasDomains,
}

impl Test {
    /// The attributes that it looks at.
    pub fn attributes(&self) -> Vec<AttributeIx> {
        match self {
            Test::All(tests) | Test::Any(tests) => tests.iter().flat_map(Test::attributes).collect(),
            Test::Not(test) => test.attributes(),
            Test::AttributeIs(attribute, _) | Test::AttributeIncludes(attribute, _) | Test::HasAttribute(attribute) => {
                vec![*attribute]
            }
            _ => Vec::new(),
        }
    }
}
