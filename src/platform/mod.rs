//! A platform as data, ready to ask: vocabulary by index, permissions, routes, life cycle and rules.
//!
//! A platform is a YAML file. The built-in ones are compiled in and read by the same loader as a user's own.

mod check;
pub mod file;
mod load;
mod rule;

use smol_str::SmolStr;

pub use check::{ActorRule, Cardinality, Check, Claims, Clause, Names, Requires, Rule, Test, Wish};
pub use file::{AttributeType, Field, Holder, ProfileFact, Section, Side, State, Verb};
pub use load::{Loader, load};

/// The built-in platforms: id and text.
pub const BUILT_IN: &[(&str, &str)] = &[("arxus", include_str!("arxus.yaml")), ("grx", include_str!("grx.yaml"))];

macro_rules! index {
    ($($(#[doc = $doc:literal])* $name:ident in $field:ident : $ty:ty),* $(,)?) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u16);

        impl std::ops::Index<$name> for Platform {
            type Output = $ty;
            fn index(&self, index: $name) -> &$ty {
                &self.$field[index.0 as usize]
            }
        }
    )* };
}

index! {
    /// A role of a platform.
    RoleIx in roles: Role,
    /// An attribute of a platform.
    AttributeIx in attributes: Attribute,
    /// An application of a platform.
    ApplicationIx in applications: Application,
    /// A permission of a platform.
    PermissionIx in permissions: Permission,
    /// An event of a platform.
    EventIx in events: Event,
}

/// A level of an application: its place in the application's list, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LevelIx(pub u8);

/// A platform: what a portal knows of people, and the rules that hold there.
#[derive(Debug)]
pub struct Platform {
    /// Its id.
    pub id: SmolStr,
    /// How rosters name it: the id of a built-in platform, or the path of a file.
    pub reference: SmolStr,
    /// Its name.
    pub name: SmolStr,
    /// What it is.
    pub summary: SmolStr,
    /// The starter roster that `init` writes, with `{organisation}` for its id.
    pub starter: String,
    /// The whole text of its file: what an embedded portal keeps to enforce the platform on its own.
    pub text: String,
    /// The kinds of object that the portal has.
    pub sections: Vec<Section>,
    /// What an organisation can buy.
    pub services: Vec<Term>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// The applications.
    pub applications: Vec<Application>,
    /// The permissions.
    pub permissions: Vec<Permission>,
    /// The events.
    pub events: Vec<Event>,
    /// The ways between the states of a user.
    pub transitions: Vec<Transition>,
    /// How things are done on the portal's own pages.
    pub menus: Vec<Way>,
    /// What the portal takes in from files.
    pub imports: Vec<Import>,
    /// What the portal's forms call the fields of a roster.
    pub labels: Vec<(SmolStr, SmolStr)>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// What the platform states and nothing can break.
    pub facts: Vec<Fact>,
}

/// A word of the vocabulary.
#[derive(Debug, Clone)]
pub struct Term {
    /// Its id.
    pub id: SmolStr,
    /// Its name in the portal.
    pub name: SmolStr,
    /// What it means.
    pub summary: SmolStr,
}

/// How one thing is done on the portal's own pages.
#[derive(Debug, Clone)]
pub struct Way {
    /// The kind of object.
    pub of: Section,
    /// What is done to it.
    pub action: Verb,
    /// What to choose, in this order; `{name}` stands for the object's name.
    pub path: Vec<SmolStr>,
    /// What to choose once the fields are filled in; empty: nothing.
    pub finish: SmolStr,
    /// What the portal shows when it is done; empty: nothing is known.
    pub then: SmolStr,
    /// The sentence of the platform's documentation; empty: the words are not documented.
    pub source: SmolStr,
}

/// An import of new objects from CSV.
#[derive(Debug, Clone)]
pub struct Import {
    /// The kind of object that it creates.
    pub of: Section,
    /// What to choose, in this order.
    pub path: Vec<SmolStr>,
    /// The columns: each heading with the field of a roster that stands below it.
    pub columns: Vec<(SmolStr, SmolStr)>,
    /// What stands between the items of a list.
    pub separator: SmolStr,
    /// What to choose once the file is named; empty: nothing.
    pub finish: SmolStr,
    /// The sentence of the platform's documentation; empty: the words are not documented.
    pub source: SmolStr,
}

/// A role.
#[derive(Debug)]
pub struct Role {
    /// Its id.
    pub id: SmolStr,
    /// Its name in the portal.
    pub name: SmolStr,
    /// What its holder does.
    pub summary: SmolStr,
    /// Who may hold it.
    pub held_by: Vec<Holder>,
    /// The sentence of the platform's documentation.
    pub source: SmolStr,
}

/// An attribute.
#[derive(Debug)]
pub struct Attribute {
    /// Its name, camelCase.
    pub name: SmolStr,
    /// The type of its value.
    pub value_type: AttributeType,
    /// What it means.
    pub summary: SmolStr,
    /// The words to choose from; empty: any.
    pub values: Vec<SmolStr>,
    /// What a target that knows it better provides; empty: rosters alone say it.
    pub evidence: SmolStr,
}

/// An application.
#[derive(Debug)]
pub struct Application {
    /// Its id.
    pub id: SmolStr,
    /// Its name in the portal.
    pub name: SmolStr,
    /// What it is for.
    pub summary: SmolStr,
    /// The levels of access, lowest first.
    pub levels: Vec<SmolStr>,
    /// The responsibilities that call for it; empty: any.
    pub responsibilities: Vec<SmolStr>,
}

/// A permission.
#[derive(Debug)]
pub struct Permission {
    /// Its id.
    pub id: SmolStr,
    /// What it allows.
    pub summary: SmolStr,
    /// The sentence of the platform's documentation.
    pub source: SmolStr,
    /// The roles that give it.
    pub roles: Vec<RoleIx>,
    /// Roles that give a part of it, and the attribute that says which part.
    pub within: Vec<(RoleIx, AttributeIx)>,
    /// The application and the level there that give it.
    pub application: Option<(ApplicationIx, LevelIx)>,
    /// When it exists at all.
    pub when: Option<Test>,
}

/// An event.
#[derive(Debug)]
pub struct Event {
    /// Its id.
    pub id: SmolStr,
    /// What happens.
    pub summary: SmolStr,
    /// The sentence of the platform's documentation.
    pub source: SmolStr,
    /// The roles that are notified.
    pub to: Vec<RoleIx>,
    /// The roles that get a copy.
    pub copy: Vec<RoleIx>,
    /// The roles that are notified instead while nobody at all holds one of `to`.
    pub fallback: Vec<RoleIx>,
    /// The roles that are notified besides, whoever holds the others.
    pub always: Vec<RoleIx>,
    /// Roles of which the documentation says both.
    pub disputed: Vec<Dispute>,
    /// When the event exists at all.
    pub when: Option<Test>,
}

/// A role of which the documentation says both that it is notified and that it is not.
#[derive(Debug)]
pub struct Dispute {
    /// The role.
    pub role: RoleIx,
    /// The sentence by which it is notified.
    pub pro: SmolStr,
    /// The sentence by which it is not.
    pub contra: SmolStr,
}

/// A way between states.
#[derive(Debug, Clone)]
pub struct Transition {
    /// What it does.
    pub action: Verb,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The permission that it needs.
    pub needs: Option<PermissionIx>,
    /// What else happens.
    pub note: Option<SmolStr>,
}

/// A statement of the platform that nothing can break.
#[derive(Debug)]
pub struct Fact {
    /// Its id, `<platform>/<fact>`.
    pub id: SmolStr,
    /// Its number.
    pub number: SmolStr,
    /// The statement.
    pub title: SmolStr,
    /// The sentence of the platform's documentation.
    pub source: SmolStr,
}

impl Platform {
    /// The role with this id.
    pub fn role(&self, id: &str) -> Option<RoleIx> {
        position(&self.roles, |role| role.id == id).map(RoleIx)
    }

    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Option<AttributeIx> {
        position(&self.attributes, |attribute| attribute.name == name).map(AttributeIx)
    }

    /// The application with this id.
    pub fn application(&self, id: &str) -> Option<ApplicationIx> {
        position(&self.applications, |application| application.id == id).map(ApplicationIx)
    }

    /// The permission with this id.
    pub fn permission(&self, id: &str) -> Option<PermissionIx> {
        position(&self.permissions, |permission| permission.id == id).map(PermissionIx)
    }

    /// The event with this id.
    pub fn event(&self, id: &str) -> Option<EventIx> {
        position(&self.events, |event| event.id == id).map(EventIx)
    }

    /// The rule with this id (`<platform>/<rule>`).
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The way that an action takes from a state, where there is one.
    pub fn transition(&self, action: Verb, from: State) -> Option<&Transition> {
        self.transitions.iter().find(|way| way.action == action && way.from == from)
    }

    /// Whether the platform knows users without access.
    pub fn knows_deactivated(&self) -> bool {
        self.transitions.iter().any(|way| way.to == State::Deactivated)
    }
}

impl Application {
    /// The level with this id.
    pub fn level(&self, id: &str) -> Option<LevelIx> {
        self.levels.iter().position(|level| level == id).map(|index| LevelIx(index as u8))
    }
}

fn position<T>(items: &[T], fits: impl Fn(&T) -> bool) -> Option<u16> {
    items.iter().position(fits).map(|index| index as u16)
}

impl Platform {
    /// A built-in platform. A test proves that every one of them loads.
    pub fn built_in(id: &str) -> Option<Platform> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == id)?;
        Platform::from_text(id, text).ok()
    }

    /// A platform from the text of its file; else what is wrong with it.
    pub fn from_text(reference: &str, text: &str) -> Result<Platform, Vec<crate::diagnostic::Diagnostic>> {
        let sources = crate::document::Sources::from_texts([(reference.to_owned(), text.to_owned())]);
        let mut diagnostics = Vec::new();
        let platform = load(&sources, crate::diagnostic::FileId(0), reference, &mut diagnostics);
        platform.ok_or(diagnostics)
    }
}
