//! The portal's own will: each operation is looked at in the light of what is there and of what the platform allows.
//!
//! Nothing here trusts the plan. A wrong plan is refused as a portal of flesh and blood would refuse it.

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::acting::Acting;
use super::row::{self, Hand};
use crate::document::record::is_kebab;
use crate::live::{Operation, Refusal, Resource};
use crate::platform::{Check, Platform, Section, State, Verb};

/// Why an operation ends early.
pub(super) enum Stop {
    /// The portal refuses it.
    Refused(Refusal),
    /// The database failed: nothing of the whole call happens.
    Failed(rusqlite::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Stop {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => {
                Stop::Refused(Refusal::Failed(format!("the portal cannot: {error}")))
            }
            _ => Stop::Failed(error),
        }
    }
}

/// An operation is refused because the object is not as the plan saw it.
pub(super) fn stale<T>(message: String) -> Result<T, Stop> {
    Err(Stop::Refused(Refusal::Stale(message)))
}

/// An operation is refused because the platform forbids it.
pub(super) fn forbidden<T>(message: String) -> Result<T, Stop> {
    Err(Stop::Refused(Refusal::Forbidden(message)))
}

/// An operation is refused because it makes no sense.
pub(super) fn failed<T>(message: String) -> Result<T, Stop> {
    Err(Stop::Refused(Refusal::Failed(message)))
}

/// A portal in the middle of a transaction, under the platform that it enforces.
#[derive(Clone, Copy)]
pub(super) struct Portal<'a> {
    /// The transaction.
    pub(super) rows: &'a Connection,
    /// The platform.
    pub(super) platform: &'a Platform,
    /// Who acts.
    pub(super) acting: &'a Acting<'a>,
    /// Whose hand it is.
    pub(super) hand: Hand,
}

impl Portal<'_> {
    /// Carries an operation out or says why not; after a refusal the caller rolls back.
    pub(super) fn carry_out(self, operation: &Operation) -> Result<(), Stop> {
        let organisation = &operation.organisation;
        let mut known = self.rows.prepare_cached("SELECT 1 FROM organisation WHERE id = ?1")?;
        if !known.exists([organisation.as_str()])? {
            return failed(format!("the portal does not know the organisation `{organisation}`; prepare it first"));
        }
        if operation.action == Verb::Accept {
            let why = self.sentence(State::Pending, State::Active);
            return forbidden(format!("`{}`: nobody but the person can accept the invitation{why}", operation.key));
        }
        let section = operation.resource.section();
        if !self.platform.sections.contains(&section) {
            return forbidden(format!("the platform `{}` has no {}s", self.platform.name, operation.resource));
        }
        match section {
            Section::PermissionGroups => self.change_group(operation),
            Section::Users | Section::Contacts => self.change_person(operation, section),
        }
    }

    /// The state that an action leads to. The life cycle is that of users; contacts and groups come, change and go.
    pub(super) fn way(self, operation: &Operation, from: State) -> Result<State, Stop> {
        let (Operation { key, resource, action, .. }, platform) = (operation, &self.platform.name);
        let goal = match action {
            Verb::Create | Verb::Reactivate | Verb::Accept => State::Active,
            Verb::Deactivate => State::Deactivated,
            Verb::Delete => State::Absent,
            Verb::Update => from,
        };
        match (resource, action, self.platform.transition(*action, from)) {
            (Resource::User, _, Some(way)) => {
                if let Some(permission) = way.needs {
                    self.may(operation, permission, &self.platform[permission].source)?;
                }
                // No update lets anybody in or out, whatever the platform's file says.
                Ok(if *action == Verb::Update { from } else { way.to })
            }
            (Resource::Contact | Resource::PermissionGroup, Verb::Create | Verb::Update | Verb::Delete, _) => Ok(goal),
            _ => forbidden(format!(
                "`{key}`: the platform `{platform}` has no way to {action} a {resource} that is {from}{}",
                self.sentence(from, goal)
            )),
        }
    }

    /// What the platform says of a wish for a state while in another, to follow a refusal.
    pub(super) fn sentence(self, from: State, wanted: State) -> String {
        let of = |check: &Check| matches!(check, Check::Wish(wish) if wish.from == from && wish.wanted == wanted);
        let rule = self.platform.rules.iter().find(|rule| of(&rule.check));
        rule.map_or_else(String::new, |rule| quoted(&rule.source))
    }

    /// The number of the row that the operation names.
    pub(super) fn number(self, operation: &Operation) -> Result<i64, Stop> {
        let Operation { key, action, resource, .. } = operation;
        let Some(handle) = &operation.handle else {
            return failed(format!("`{key}`: to {action} a {resource}, the operation must name its handle"));
        };
        match row::number(resource.section(), handle) {
            Some(number) => Ok(number),
            None => failed(format!("`{key}`: `{handle}` is not the handle of a {resource} on this portal")),
        }
    }

    /// Refuses to create what has a handle, and ids that are none.
    pub(super) fn may_create(self, operation: &Operation) -> Result<(), Stop> {
        let Operation { key, resource, .. } = operation;
        if let Some(handle) = &operation.handle {
            return failed(format!("`{key}`: there is nothing to create, the {resource} has the handle `{handle}`"));
        }
        if self.hand.managed { self.may_name(key) } else { Ok(()) }
    }

    /// The external id that the object gets; none where it is not one of rosterctl's.
    pub(super) fn external(self, operation: &Operation) -> Option<String> {
        self.hand.managed.then(|| row::external_id(&operation.organisation, &operation.key))
    }

    /// Refuses ids that are none.
    pub(super) fn may_name(self, key: &str) -> Result<(), Stop> {
        if is_kebab(key) { Ok(()) } else { failed(format!("`{key}` is no id: ids are kebab-case words")) }
    }

    /// Deletes a row; what rosterctl deletes did not vanish.
    pub(super) fn delete(self, table: &'static str, number: i64) -> Result<(), Stop> {
        if self.hand.applied {
            self.rows
                .prepare_cached(&format!("UPDATE {table} SET applied_name = NULL WHERE id = ?1"))?
                .execute([number])?;
        }
        self.rows.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?.execute([number])?;
        Ok(())
    }

    /// Forgets that an object with this id vanished.
    pub(super) fn is_here(self, operation: &Operation, external_id: Option<&str>) -> Result<(), Stop> {
        let Some(external_id) = external_id else { return Ok(()) };
        let sql = "DELETE FROM vanished WHERE organisation = ?1 AND section = ?2 AND external_id = ?3";
        let section = operation.resource.section().as_str();
        self.rows.prepare_cached(sql)?.execute((operation.organisation.as_str(), section, external_id))?;
        Ok(())
    }

    /// What the group is called now that had this id when the plan was made: by its id or, unmanaged, its handle.
    pub(super) fn group_word(self, organisation: &str, word: &str) -> rusqlite::Result<Option<String>> {
        let sql = "SELECT 1 FROM permission_group WHERE external_id = ?1";
        if self.rows.prepare_cached(sql)?.exists([row::external_id(organisation, word)])? {
            return Ok(Some(word.to_owned()));
        }
        let sql = "SELECT id, external_id FROM permission_group WHERE organisation = ?1
            AND (id = ?2 OR instr(',' || formerly || ',', ',' || ?3 || ','))";
        let number = row::number(Section::PermissionGroups, word);
        let mut statement = self.rows.prepare_cached(sql)?;
        let found = statement.query_row((organisation, number, word), |found| {
            Ok((found.get::<_, i64>(0)?, found.get::<_, Option<String>>(1)?))
        });
        Ok(found.optional()?.map(|(number, external)| {
            let own = external.as_deref().and_then(|external| row::own_id(organisation, external).ok());
            own.map_or_else(|| row::handle(Section::PermissionGroups, number).into(), str::to_owned)
        }))
    }
}

/// A sentence of the platform's documentation, to follow a refusal.
pub(super) fn quoted(source: &str) -> String {
    if source.is_empty() { String::new() } else { format!(": \"{source}\"") }
}

/// Names that differ, for "has changed since: name, roles".
pub(super) fn changed<const N: usize>(fields: [(&str, bool); N]) -> Option<String> {
    let names: Vec<&str> = fields.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
