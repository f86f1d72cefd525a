//! What is counted while a plan runs: holders of roles and permissions, readers of events, as rules at error level ask.

use crate::diagnostic::Severity;
use crate::model::{Person, View, grant};
use crate::platform::{Check, EventIx, PermissionIx, Platform, RoleIx, Rule, Side};
use crate::rules::{Levels, Tally, applies, black_hole, counted, crossed};

/// Something that is counted while the plan runs.
#[derive(Debug)]
pub(super) enum Count<'a> {
    /// A rule that counts.
    Rule(&'a Rule),
    /// An event that can get lost.
    Event(&'a Rule, EventIx),
    /// A role that keeps a holder.
    Role(&'a Rule, RoleIx),
    /// A permission that keeps somebody who has it.
    Permission(&'a Rule, PermissionIx),
}

impl<'a> Count<'a> {
    pub(super) fn rule(&self) -> &'a Rule {
        match self {
            Count::Rule(rule) | Count::Event(rule, _) | Count::Role(rule, _) | Count::Permission(rule, _) => rule,
        }
    }

    pub(super) fn tally(&self, view: &View<'_>, person: &Person) -> Tally {
        let one = |yes: bool| Tally { holders: i64::from(yes), second: 0 };
        match self {
            Count::Rule(rule) => counted(rule, view, person).unwrap_or_default(),
            Count::Event(_, event) => black_hole::tally(*event, view, person),
            Count::Role(_, role) => one(person.holds(*role) && person.active()),
            Count::Permission(_, permission) => one(grant(view, person, *permission).is_some()),
        }
    }

    pub(super) fn crossed(&self, tally: Tally) -> Option<Side> {
        match self {
            Count::Rule(rule) => crossed(rule, tally),
            Count::Event(..) => black_hole::crossed(tally),
            Count::Role(..) | Count::Permission(..) => (tally.holders == 0).then_some(Side::Gap),
        }
    }

    /// Whether it speaks of a state by itself, and not only of what a plan takes away.
    pub(super) fn of_states(&self) -> bool {
        matches!(self, Count::Rule(_) | Count::Event(..))
    }

    /// The smallest and the largest count that hold; a side that may be crossed for a moment bounds nothing.
    pub(super) fn bounds(&self) -> (i64, i64) {
        match self {
            Count::Rule(rule) => match &rule.check {
                Check::Cardinality(parameters) => {
                    let least = if self.allows(Side::Gap) { 0 } else { i64::from(parameters.min) };
                    let most = if self.allows(Side::Surplus) { i64::MAX } else { i64::from(parameters.max) };
                    (least, most)
                }
                _ => (0, i64::MAX),
            },
            Count::Event(..) | Count::Role(..) | Count::Permission(..) => (1, i64::MAX),
        }
    }

    pub(super) fn allows(&self, side: Side) -> bool {
        match self {
            Count::Rule(rule) => {
                matches!(&rule.check, Check::Cardinality(parameters) if parameters.transit == Some(side))
            }
            _ => false,
        }
    }

    pub(super) fn text(&self, view: &View<'_>, side: Side) -> String {
        let mut who = "nobody";
        let (few, what) = match self {
            Count::Rule(rule) => match &rule.check {
                Check::Cardinality(parameters) => {
                    if view.platform.knows_deactivated() && !parameters.inactive {
                        who = "nobody who is active";
                    }
                    (parameters.min > 1, &view.platform[parameters.role].id)
                }
                _ => return format!("{} does not hold", rule.title.trim_end_matches('.')),
            },
            Count::Event(_, event) => return format!("`{}` is read by nobody", view.platform[*event].id),
            Count::Role(_, role) => (false, &view.platform[*role].id),
            Count::Permission(_, permission) => {
                return format!("nobody can {}", view.platform[*permission].id);
            }
        };
        match side {
            Side::Gap if few => format!("too few people hold {what}"),
            Side::Gap => format!("{who} holds {what}"),
            Side::Surplus => format!("one person too many holds {what}"),
        }
    }
}

/// Everything that is counted for an organisation.
pub(super) fn counts<'a>(platform: &'a Platform, levels: &Levels, view: &View<'_>) -> Vec<Count<'a>> {
    let mut counts = Vec::new();
    let error = |rule: &&Rule| levels.weigh(rule, None) == Some(Severity::Error) && applies(rule, view);
    for rule in platform.rules.iter().filter(error) {
        match &rule.check {
            Check::Cardinality(_) | Check::Primary { .. } => counts.push(Count::Rule(rule)),
            Check::BlackHole => counts.extend(black_hole::events(view).map(|event| Count::Event(rule, event))),
            Check::Keeps { roles, permission } => {
                counts.extend(roles.iter().map(|role| Count::Role(rule, *role)));
                counts.extend(permission.map(|permission| Count::Permission(rule, permission)));
            }
            Check::Actor(actor) if actor.keeps => {
                counts.extend(actor.permission.map(|permission| Count::Permission(rule, permission)));
            }
            _ => {}
        }
    }
    counts
}
