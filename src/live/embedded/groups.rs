//! What the portal does with permission groups.

use std::sync::LazyLock;

use rusqlite::OptionalExtension;
use smol_str::SmolStr;

use super::portal::{Portal, Stop, changed, failed, forbidden, stale};
use super::row::{self, Assignment, Decoder, GROUP, GroupColumns, Twice};
use crate::live::object::GroupRecord;
use crate::live::{Object, Operation};
use crate::model::Group;
use crate::platform::{Section, State, Verb};

static INSERT: Twice = Twice::new(|| insert(true), || insert(false));

fn insert(applied: bool) -> String {
    let Assignment { columns, places, .. } = row::assignment(&GROUP, 3, applied);
    let (own, now) = ("organisation, external_id, created, modified", row::NOW);
    format!("INSERT INTO permission_group ({own}, {columns}) VALUES (?1, ?2, {now}, {now}, {places})")
}

static UPDATE: Twice = Twice::new(|| update(true), || update(false));

fn update(applied: bool) -> String {
    let Assignment { pairs, .. } = row::assignment(&GROUP, 4, applied);
    format!(
        "UPDATE permission_group SET external_id = ?2, {pairs},
         formerly = ltrim(formerly || coalesce(',' || ?3, ''), ',') WHERE id = ?1"
    )
}

/// Puts the new word for a group where people have the old one.
static RENAME: LazyLock<String> = LazyLock::new(|| {
    let renamed =
        |column| format!("{column} = trim(replace({}, ',' || ?2 || ',', ',' || ?3 || ','), ',')", row::listed(column));
    let holds = |column| row::lists(column, "?2");
    let (groups, applied) = ("groups", "applied_groups");
    format!(
        "UPDATE person SET {}, {} WHERE organisation = ?1 AND ({} OR {})",
        renamed(groups),
        renamed(applied),
        holds(groups),
        holds(applied)
    )
});

/// A group as the portal has it.
pub(super) struct Found {
    number: i64,
    id: SmolStr,
    pub(super) managed: bool,
    pub(super) group: Group,
}

impl Portal<'_> {
    /// Carries out an operation on a permission group.
    pub(super) fn change_group(self, operation: &Operation) -> Result<(), Stop> {
        let Operation { key, organisation, .. } = operation;
        self.by_the_rules(operation, None, None, None)?;
        if operation.action == Verb::Create {
            return self.create_group(operation);
        }
        let found = self.find_group(operation)?;
        self.group_as_planned(operation, &found)?;
        self.way(operation, State::Active)?;
        if operation.action == Verb::Delete {
            self.empty(operation, &found)?;
            return self.delete("permission_group", found.number);
        }
        let columns = self.wanted_group(operation)?;
        let former = (found.id != *key).then_some(found.id.as_str());
        if self.hand.managed && (former.is_some() || !found.managed) {
            self.may_name(key)?;
            self.group_id_free(operation)?;
        }
        let former_id = former.filter(|_| found.managed);
        let external = self.external(operation);
        let values = columns.values();
        let parameters = row::parameters(&[&found.number, &external, &former_id], &values);
        self.rows.prepare_cached(UPDATE.by(self.hand))?.execute(parameters.as_slice())?;
        if let Some(former) = former {
            self.rows.prepare_cached(&RENAME)?.execute((organisation.as_str(), former, key.as_str()))?;
        }
        self.is_here(operation, external.as_deref())
    }

    fn create_group(self, operation: &Operation) -> Result<(), Stop> {
        self.may_create(operation)?;
        self.way(operation, State::Absent)?;
        if self.hand.managed {
            self.group_id_free(operation)?;
        }
        let columns = self.wanted_group(operation)?;
        let organisation = operation.organisation.as_str();
        let external = self.external(operation);
        let values = columns.values();
        let parameters = row::parameters(&[&organisation, &external], &values);
        self.rows.prepare_cached(INSERT.by(self.hand))?.execute(parameters.as_slice())?;
        self.is_here(operation, external.as_deref())
    }

    fn find_group(self, operation: &Operation) -> Result<Found, Stop> {
        let Operation { key, organisation, .. } = operation;
        match self.group(organisation, self.number(operation)?)? {
            Ok(Some(found)) => Ok(found),
            Ok(None) => stale(format!("`{key}`: the permission group is no longer on the portal; plan again")),
            Err(reason) => failed(format!("`{key}`: the portal's row cannot be understood: {reason}")),
        }
    }

    /// The group in a row, where the row is there and of this organisation; else why it cannot be understood.
    pub(super) fn group(self, organisation: &str, number: i64) -> rusqlite::Result<Result<Option<Found>, String>> {
        let sql = "SELECT external_id, name, applications FROM permission_group WHERE id = ?1 AND organisation = ?2";
        let mut statement = self.rows.prepare_cached(sql)?;
        let mut rows = statement.query((number, organisation))?;
        let Some(found) = rows.next()? else { return Ok(Ok(None)) };
        let decoder = Decoder::new(organisation, self.platform);
        let handle = row::handle(Section::PermissionGroups, number);
        Ok(decoder.id(found, 0, &handle).and_then(|(id, managed)| {
            let group = decoder.group(found, 1, &id)?;
            Ok(Some(Found { number, id, managed, group }))
        }))
    }

    fn group_as_planned(self, operation: &Operation, found: &Found) -> Result<(), Stop> {
        let key = &operation.key;
        let Some(Object::Group(before)) = &operation.before else {
            return failed(format!("`{key}`: the operation does not say what the plan saw"));
        };
        if found.managed && found.id != before.id && found.id != *key {
            return stale(format!("`{key}` has the id `{}` by now; plan again", found.id));
        }
        let now = GroupRecord::of(&found.group, self.platform);
        let before = GroupRecord::of(before, self.platform);
        let differences =
            changed([("name", now.name == before.name), ("applications", now.applications == before.applications)]);
        match differences {
            None => Ok(()),
            Some(fields) => {
                stale(format!("`{key}` has changed on the portal since the plan was made: {fields}; plan again"))
            }
        }
    }

    fn wanted_group(self, operation: &Operation) -> Result<GroupColumns, Stop> {
        let key = &operation.key;
        match &operation.after {
            Some(Object::Group(after)) if after.name.value.trim().is_empty() => {
                forbidden(format!("`{key}` has no name"))
            }
            Some(Object::Group(after)) => Ok(GroupColumns::new(GroupRecord::of(after, self.platform))),
            _ => failed(format!("`{key}`: the operation does not say what permission group shall be")),
        }
    }

    pub(super) fn group_id_free(self, operation: &Operation) -> Result<(), Stop> {
        let Operation { key, organisation, .. } = operation;
        let mut statement = self.rows.prepare_cached("SELECT id FROM permission_group WHERE external_id = ?1")?;
        let taken = statement.query_row([row::external_id(organisation, key)], |row| row.get(0)).optional()?;
        match taken.map(|number| row::handle(Section::PermissionGroups, number)) {
            None => Ok(()),
            Some(handle) => stale(format!(
                "a permission group with the id `{key}` is on the portal already (`{handle}`); plan again"
            )),
        }
    }

    /// Refuses where the group has members.
    fn empty(self, operation: &Operation, found: &Found) -> Result<(), Stop> {
        let [own, handle] = ["?2", "?3"].map(|place| row::lists("groups", place));
        let sql = format!("SELECT count(*) FROM person WHERE organisation = ?1 AND ({own} OR {handle})");
        let handle = row::handle(Section::PermissionGroups, found.number);
        let words = (operation.organisation.as_str(), found.id.as_str(), handle.as_str());
        match self.rows.prepare_cached(&sql)?.query_row(words, |row| row.get::<_, i64>(0))? {
            0 => Ok(()),
            1 => forbidden(format!("`{}`: the permission group still has a member; take it out first", found.id)),
            many => {
                forbidden(format!("`{}`: the permission group still has {many} members; take them out first", found.id))
            }
        }
    }
}
