//! Who may do what: the acting person as the portal has them at that moment, and what the platform asks of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

use rusqlite::OptionalExtension;
use smol_str::SmolStr;

use super::people::Found;
use super::portal::{Portal, Stop, failed, forbidden, quoted, stale};
use super::row::{self, Decoder};
use super::{lock, reading};
use crate::diagnostic::Severity;
use crate::live::{Operation, serial};
use crate::model::{Group, Person, Profile, Roll, View, grant};
use crate::platform::{ActorRule, Check, PermissionIx, RoleIx, Section, State};

/// The rows of people who act, by organisation and id: who is renamed or removed meanwhile does not become nobody.
pub(super) type Known = HashMap<(SmolStr, SmolStr), i64>;

/// Who has a permission in an organisation.
pub(super) type Able = HashMap<(SmolStr, PermissionIx), Vec<SmolStr>>;

/// Who acts in one call.
pub(super) struct Acting<'a> {
    /// The id of the acting person.
    pub(super) id: Option<&'a SmolStr>,
    /// Who has acted before.
    pub(super) known: &'a Mutex<Known>,
    /// Who had a permission when it was first missed.
    pub(super) able: &'a RefCell<Able>,
}

impl Portal<'_> {
    /// Refuses where the acting person lacks a permission. Who is nobody on the portal is not limited, and nobody is
    /// while no active person has the permission: somebody has to be the first.
    pub(super) fn may(self, operation: &Operation, permission: PermissionIx, source: &str) -> Result<(), Stop> {
        let Operation { organisation, key, action, resource, .. } = operation;
        let Some(actor) = self.actor(organisation)? else { return Ok(()) };
        if self.has(organisation, &actor.person, permission)? {
            return Ok(());
        }
        let able = self.able(organisation, permission)?;
        if able.is_empty() {
            return Ok(());
        }
        forbidden(format!(
            "`{key}`: `{}` may not {action} this {resource}, it needs `{}`{}; those who could: {}",
            actor.person.id,
            self.platform[permission].id,
            quoted(source),
            able.join(", ")
        ))
    }

    /// Refuses what the platform's rules do not let the acting person do, and to shut themselves out. `number` is the
    /// row of the person who changes.
    pub(super) fn by_the_rules(
        self,
        operation: &Operation,
        number: Option<i64>,
        before: Option<&Person>,
        after: Option<&Person>,
    ) -> Result<(), Stop> {
        let Operation { organisation, key, action, .. } = operation;
        let Some(actor) = self.actor(organisation)? else { return Ok(()) };
        let own = number == Some(actor.number);
        let lost = |role: &RoleIx| only(before, after, *role);
        let gained = |role: &RoleIx| only(after, before, *role);
        let speaks = |asked: &ActorRule| {
            let moves = asked.grants.is_empty() && asked.revokes.is_empty()
                || asked.grants.iter().any(gained)
                || asked.revokes.iter().any(lost);
            (asked.actions.is_empty() || asked.actions.contains(action))
                && moves
                && (asked.by.is_empty() || asked.by.iter().any(|role| actor.person.holds(*role)))
                && (!asked.roles || new_roles(before, after))
                && asked.own.is_none_or(|asked| asked == own)
                && asked.attribute.is_none_or(|attribute| {
                    let value = |person: &Person| person.attribute(attribute).map(|value| value.value.clone());
                    after.is_some_and(|after| value(after) != before.and_then(value))
                })
        };
        // What depends on the organisation's profile, which no portal knows, is for the plan to say.
        let rules =
            self.platform.rules.iter().filter(|rule| rule.level == Some(Severity::Error) && rule.when.is_none());
        for rule in rules {
            match &rule.check {
                Check::Actor(asked) if speaks(asked) => match asked.permission {
                    Some(permission) => self.may(operation, permission, &rule.source)?,
                    None => {
                        let title = rule.title.trim_end_matches('.');
                        return forbidden(format!("`{key}`: {title}{}", quoted(&rule.source)));
                    }
                },
                _ => {}
            }
        }
        if !own {
            return Ok(());
        }
        let inside = |person: &Person| person.section == Section::Users && person.status.value != State::Deactivated;
        if before.is_some_and(inside) && !after.is_some_and(inside) {
            return forbidden(format!("`{key}`: nobody takes their own access away; somebody else has to do it"));
        }
        match serial(self.platform).find(|(_, role)| lost(role)) {
            None => Ok(()),
            Some((_, role)) => forbidden(format!(
                "`{key}`: nobody takes `{}` from themselves; somebody else who may has to do it",
                self.platform[role].id
            )),
        }
    }

    /// The acting person, where the portal knows them.
    fn actor(self, organisation: &SmolStr) -> Result<Option<Found>, Stop> {
        let Some(id) = self.acting.id else { return Ok(None) };
        let key = (organisation.clone(), id.clone());
        let seen = lock(self.acting.known).get(&key).copied();
        let number = match seen {
            Some(number) => number,
            None => {
                let sql = "SELECT id FROM person WHERE external_id = ?1
                    UNION ALL SELECT id FROM person WHERE id = ?2 AND organisation = ?3 AND external_id IS NULL";
                let (external, handle) = (row::external_id(organisation, id), row::number(Section::Users, id));
                let mut statement = self.rows.prepare_cached(sql)?;
                let found = statement.query_row((external, handle, organisation.as_str()), |row| row.get(0));
                let Some(number) = found.optional()? else { return Ok(None) };
                lock(self.acting.known).insert(key, number);
                number
            }
        };
        match self.person(organisation, number)? {
            Ok(Some(found)) => Ok(Some(found)),
            Ok(None) => stale(format!("`{id}`, who acts, is no longer on the portal; plan again")),
            Err(reason) => failed(format!("the row of `{id}`, who acts, cannot be understood: {reason}")),
        }
    }

    fn has(self, organisation: &str, person: &Person, permission: PermissionIx) -> Result<bool, Stop> {
        let sql = "SELECT name, applications FROM permission_group
            WHERE external_id = ?1 OR id = ?2 AND organisation = ?3 AND external_id IS NULL";
        let mut statement = self.rows.prepare_cached(sql)?;
        let decoder = Decoder::new(organisation, self.platform);
        let mut groups: Vec<Group> = Vec::new();
        for word in person.groups.iter().map(|group| &group.value) {
            let (external, handle) =
                (row::external_id(organisation, word), row::number(Section::PermissionGroups, word));
            let group =
                statement.query_row((external, handle, organisation), |row| Ok(decoder.group(row, 0, word).ok()));
            groups.extend(group.optional()?.flatten());
        }
        let profile = Profile::default();
        let view = View::with(self.platform, &profile, &groups);
        Ok(grant(&view, person, permission).is_some())
    }

    /// Who has a permission: looked up once a call.
    fn able(self, organisation: &SmolStr, permission: PermissionIx) -> Result<Vec<SmolStr>, Stop> {
        let key = (organisation.clone(), permission);
        if let Some(able) = self.acting.able.borrow().get(&key) {
            return Ok(able.clone());
        }
        let live = reading::live(self.rows, organisation, self.platform)?;
        let profile = Profile::default();
        let view = View::with(self.platform, &profile, live.groups.iter().map(|entry| &entry.object));
        let roll = Roll::new(view, live.people.iter().map(|entry| &entry.object));
        let able: Vec<SmolStr> = roll.able(permission).iter().map(|answer| answer.person.id.clone()).collect();
        self.acting.able.borrow_mut().insert(key, able.clone());
        Ok(able)
    }
}

/// Whether somebody holds a role in the one state and, or with access as there, not in the other.
fn only(one: Option<&Person>, other: Option<&Person>, role: RoleIx) -> bool {
    let outside = |person: &Person| person.status.value == State::Deactivated;
    one.is_some_and(|one| {
        one.holds(role) && !other.is_some_and(|other| other.holds(role) && (!outside(other) || outside(one)))
    })
}

/// Whether somebody who stays holds other roles than before.
fn new_roles(before: Option<&Person>, after: Option<&Person>) -> bool {
    let roles = |person: &Person| person.roles.iter().map(|held| held.role).collect::<std::collections::BTreeSet<_>>();
    after.is_some_and(|after| roles(after) != before.map(roles).unwrap_or_default())
}
