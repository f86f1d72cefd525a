//! What the portal does with users and contacts.

use std::sync::LazyLock;

use rusqlite::OptionalExtension;
use smol_str::SmolStr;

use super::portal::{Portal, Stop, changed, failed, forbidden, quoted, stale};
use super::row::{self, Assignment, Decoder, PERSON, PersonColumns, Twice};
use crate::live::object::PersonRecord;
use crate::live::{Object, Operation, Refusal, Resource, serial};
use crate::model::{EntryType, Person};
use crate::platform::{Holder, Section, State, Verb};

static INSERT: Twice = Twice::new(|| insert(true), || insert(false));

fn insert(applied: bool) -> String {
    let Assignment { columns, places, .. } = row::assignment(&PERSON, 4, applied);
    let (own, now) = ("organisation, section, external_id, created, modified", row::NOW);
    format!("INSERT INTO person ({own}, {columns}) VALUES (?1, ?2, ?3, {now}, {now}, {places})")
}

static UPDATE: Twice = Twice::new(|| update(true), || update(false));

fn update(applied: bool) -> String {
    let Assignment { pairs, .. } = row::assignment(&PERSON, 4, applied);
    format!("UPDATE person SET section = ?2, external_id = ?3, {pairs} WHERE id = ?1")
}

static SELECT: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT organisation, section, external_id, {} FROM person WHERE id = ?1", PERSON.join(", "))
});

/// A person accepts: what rosterctl wrote of the state follows, since an invitation that is accepted is no drift.
const ACCEPT: &str = "UPDATE person SET state = ?2, applied_state = iif(applied_state = state, ?2, applied_state)
    WHERE id = ?1";

/// A person as the portal has it.
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) id: SmolStr,
    pub(super) managed: bool,
    pub(super) person: Person,
}

impl Portal<'_> {
    /// Carries out an operation on a user or a contact.
    pub(super) fn change_person(self, operation: &Operation, section: Section) -> Result<(), Stop> {
        if operation.action == Verb::Create {
            return self.create_person(operation, section);
        }
        let found = self.find_person(operation)?;
        self.as_planned(operation, &found)?;
        let to = if found.person.section == section {
            self.way(operation, found.person.status.value)?
        } else {
            self.way_across(operation, &found)?
        };
        if operation.action == Verb::Delete {
            self.may_change(operation, &found, None)?;
            return self.delete("person", found.number);
        }
        let key = &operation.key;
        let (mut after, mut record) = match &operation.after {
            Some(_) => self.wanted(operation, section)?,
            None => (found.person.clone(), PersonRecord::of(&found.person, self.platform)),
        };
        if operation.after.is_none() {
            if operation.action == Verb::Update {
                return failed(format!("`{key}`: the operation does not say what shall be"));
            }
            after.status.value = to;
            record.status = to.as_str().into();
        }
        self.arrives(operation, &after, found.person.status.value, to)?;
        self.may_change(operation, &found, Some(&after))?;
        if operation.action == Verb::Deactivate {
            // Taking access away must not fail over what is wrong already.
            self.gives_nothing(key, &PersonRecord::of(&found.person, self.platform), &record)?;
        } else {
            self.allowed(key, &after, section)?;
        }
        if self.hand.managed && !(found.managed && found.id == *key && found.person.section == section) {
            self.may_name(key)?;
            self.id_free(operation, section)?;
        }
        self.email_free(operation, &after, section, Some(found.number))?;
        let columns = PersonColumns::new(record);
        let external = self.external(operation);
        let (section, values) = (section.as_str(), columns.values());
        let parameters = row::parameters(&[&found.number, &section, &external], &values);
        self.rows.prepare_cached(UPDATE.by(self.hand))?.execute(parameters.as_slice())?;
        self.is_here(operation, external.as_deref())
    }

    /// The state of a user who becomes a contact, or the other way round: the one goes, the other comes.
    fn way_across(self, operation: &Operation, found: &Found) -> Result<State, Stop> {
        let Operation { key, resource, action, .. } = operation;
        if *action == Verb::Delete {
            return failed(format!(
                "`{key}`: to {action} a {resource}, the operation names one in `{}`",
                found.person.section
            ));
        }
        let part = |resource, action| Operation { resource, action, before: None, after: None, ..operation.clone() };
        match found.person.section {
            Section::Users => {
                self.way(&part(Resource::User, Verb::Delete), found.person.status.value).and(Ok(State::Active))
            }
            _ => self.way(&part(Resource::User, Verb::Create), State::Absent),
        }
    }

    fn create_person(self, operation: &Operation, section: Section) -> Result<(), Stop> {
        self.may_create(operation)?;
        let to = self.way(operation, State::Absent)?;
        if self.hand.managed {
            self.id_free(operation, section)?;
        }
        let (after, record) = self.wanted(operation, section)?;
        self.email_free(operation, &after, section, None)?;
        self.arrives(operation, &after, State::Absent, to)?;
        self.by_the_rules(operation, None, None, Some(&after))?;
        self.allowed(&operation.key, &after, section)?;
        let columns = PersonColumns::new(record);
        let (organisation, section) = (operation.organisation.as_str(), section.as_str());
        let external = self.external(operation);
        let values = columns.values();
        let parameters = row::parameters(&[&organisation, &section, &external], &values);
        self.rows.prepare_cached(INSERT.by(self.hand))?.execute(parameters.as_slice())?;
        self.is_here(operation, external.as_deref())
    }

    /// The person invited accepts. Nobody else can, so this is no operation of a plan.
    pub(super) fn accept(self, operation: &Operation) -> Result<(), Stop> {
        let found = self.find_person(operation)?;
        let (key, state) = (&operation.key, found.person.status.value);
        let way = self.platform.transition(Verb::Accept, state).filter(|_| found.person.section == Section::Users);
        match way {
            Some(way) => self.rows.prepare_cached(ACCEPT)?.execute((found.number, way.to.as_str()))?,
            None if state == State::Active => return forbidden(format!("`{key}` is active already")),
            None => return forbidden(format!("`{key}` is {state}: only who is invited can accept")),
        };
        Ok(())
    }

    /// Refuses what the acting person may not do to this one, and to take the last one whom the platform needs.
    fn may_change(self, operation: &Operation, found: &Found, after: Option<&Person>) -> Result<(), Stop> {
        self.by_the_rules(operation, Some(found.number), Some(&found.person), after)?;
        for (rule, role) in serial(self.platform) {
            let holds = |person: &Person| person.active() && person.holds(role);
            if !holds(&found.person) || after.is_some_and(holds) {
                continue;
            }
            let role = &self.platform[role].id;
            let sql = format!(
                "SELECT 1 FROM person WHERE organisation = ?1 AND id <> ?2 AND state = 'active' AND {}",
                row::lists("roles", "?3")
            );
            let mut others = self.rows.prepare_cached(&sql)?;
            if !others.exists((operation.organisation.as_str(), found.number, role.as_str()))? {
                let why = quoted(&rule.source);
                return forbidden(format!("`{}`: no active `{role}` would be left{why}", operation.key));
            }
        }
        Ok(())
    }

    fn find_person(self, operation: &Operation) -> Result<Found, Stop> {
        let Operation { key, organisation, resource, .. } = operation;
        match self.person(organisation, self.number(operation)?)? {
            Ok(Some(found)) => Ok(found),
            Ok(None) => stale(format!("`{key}`: the {resource} is no longer on the portal; plan again")),
            Err(reason) => failed(format!("`{key}`: the portal's row cannot be understood: {reason}")),
        }
    }

    /// The person in a row, where the row is there and of this organisation; else why it cannot be understood.
    pub(super) fn person(self, organisation: &str, number: i64) -> rusqlite::Result<Result<Option<Found>, String>> {
        let mut statement = self.rows.prepare_cached(&SELECT)?;
        let mut rows = statement.query([number])?;
        Ok(match rows.next()? {
            Some(row) if row::text(row, 0, "organisation") == Ok(Some(organisation)) => {
                let mut decoder = Decoder::new(organisation, self.platform);
                row::person_section(row, 1).and_then(|section| {
                    let (id, managed) = decoder.id(row, 2, &row::handle(section, number))?;
                    let person = decoder.person(row, 3, section, &id)?;
                    Ok(Some(Found { number, id, managed, person }))
                })
            }
            _ => Ok(None),
        })
    }

    /// Refuses where the person is not as the plan saw it.
    fn as_planned(self, operation: &Operation, found: &Found) -> Result<(), Stop> {
        let Operation { key, organisation, .. } = operation;
        let Some(Object::Person(before)) = &operation.before else {
            return failed(format!("`{key}`: the operation does not say what the plan saw"));
        };
        if found.managed && found.id != before.id && found.id != *key {
            return stale(format!("`{key}` has the id `{}` by now; plan again", found.id));
        }
        let now = PersonRecord::of(&found.person, self.platform);
        let section = before.section;
        let mut before = PersonRecord::of(before, self.platform);
        if now.groups != before.groups {
            self.rename_groups(organisation, &mut before)?;
        }
        let differences = changed([
            ("section", found.person.section == section),
            ("name", now.name == before.name),
            ("e-mail address", now.email == before.email),
            ("phone", now.phone == before.phone),
            ("type", now.entry_type == before.entry_type),
            ("status", now.status == before.status),
            ("roles", now.roles == before.roles),
            ("groups", now.groups == before.groups),
            ("attributes", now.attributes == before.attributes),
        ]);
        match differences {
            None => Ok(()),
            Some(fields) => {
                stale(format!("`{key}` has changed on the portal since the plan was made: {fields}; plan again"))
            }
        }
    }

    /// Calls groups what they are called now; what is no group stays as it is.
    fn rename_groups(self, organisation: &str, record: &mut PersonRecord) -> Result<(), Stop> {
        for word in &mut record.groups {
            if let Some(now) = self.group_word(organisation, word)? {
                *word = now.into();
            }
        }
        record.groups.sort_unstable();
        record.groups.dedup();
        Ok(())
    }

    /// The person that shall be, also in words; its groups exist.
    fn wanted(self, operation: &Operation, section: Section) -> Result<(Person, PersonRecord), Stop> {
        let key = &operation.key;
        let after = match &operation.after {
            Some(Object::Person(after)) if after.section == section => (**after).clone(),
            _ => return failed(format!("`{key}`: the operation does not say what {} shall be", operation.resource)),
        };
        let mut record = PersonRecord::of(&after, self.platform);
        for word in &mut record.groups {
            match self.group_word(&operation.organisation, word)? {
                Some(now) => *word = now.into(),
                None => return forbidden(format!("`{key}`: there is no permission group `{word}` on the portal")),
            }
        }
        record.groups.sort_unstable();
        record.groups.dedup();
        Ok((after, record))
    }

    /// Refuses a status that the action does not lead to.
    fn arrives(self, operation: &Operation, after: &Person, from: State, to: State) -> Result<(), Stop> {
        let Operation { key, action, .. } = operation;
        let (wanted, platform) = (after.status.value, &self.platform.name);
        if wanted == State::Deactivated && !self.platform.knows_deactivated() {
            return forbidden(format!("`{key}`: the platform `{platform}` has no deactivated users"));
        }
        if wanted != to {
            return forbidden(format!(
                "`{key}`: on the platform `{platform}` to {action} leads to {to}, not to {wanted}{}",
                self.sentence(from, wanted)
            ));
        }
        Ok(())
    }

    /// Refuses what the platform does not let a person be or have.
    fn allowed(self, key: &str, after: &Person, section: Section) -> Result<(), Stop> {
        let list = after.entry_type.value == EntryType::DistributionList;
        let holder = match section {
            Section::Users if list => {
                return forbidden(format!("`{key}`: a user is a person, not a distribution list"));
            }
            Section::Users => Holder::User,
            _ if list => Holder::DistributionList,
            _ => Holder::Contact,
        };
        if after.name.value.trim().is_empty() {
            return forbidden(format!("`{key}` has no name"));
        }
        if section == Section::Contacts && !after.groups.is_empty() {
            return forbidden(format!("`{key}`: a contact has no access, so it cannot be in permission groups"));
        }
        for held in &after.roles {
            let role = &self.platform[held.role];
            if !role.held_by.contains(&holder) {
                return forbidden(format!("`{key}`: the role `{}` cannot be held by a {holder}", role.id));
            }
        }
        Ok(())
    }

    /// Refuses to give roles or groups on the way out.
    fn gives_nothing(self, key: &str, now: &PersonRecord, after: &PersonRecord) -> Result<(), Stop> {
        let gained = |now: &[SmolStr], after: &[SmolStr]| after.iter().any(|word| !now.contains(word));
        if gained(&now.roles, &after.roles) || gained(&now.groups, &after.groups) {
            return forbidden(format!("`{key}`: to deactivate cannot give roles or groups"));
        }
        Ok(())
    }

    pub(super) fn id_free(self, operation: &Operation, section: Section) -> Result<(), Stop> {
        let Operation { key, organisation, resource, .. } = operation;
        let mut statement =
            self.rows.prepare_cached("SELECT id FROM person WHERE external_id = ?1 AND section = ?2")?;
        let taken = statement.query_row((row::external_id(organisation, key), section.as_str()), |row| row.get(0));
        match taken.optional()? {
            None => Ok(()),
            Some(number) => stale(format!(
                "a {resource} with the id `{key}` is on the portal already (`{}`); plan again",
                row::handle(section, number)
            )),
        }
    }

    /// Refuses a mail address that another person of the organisation has.
    pub(super) fn email_free(
        self,
        operation: &Operation,
        after: &Person,
        section: Section,
        own: Option<i64>,
    ) -> Result<(), Stop> {
        let Some(email) = after.email.as_ref().map(|email| &email.value).filter(|email| !email.is_empty()) else {
            return Ok(());
        };
        let sql = "SELECT section, coalesce(external_id, 'row ' || id) FROM person
            WHERE email = ?1 COLLATE NOCASE AND organisation = ?2 AND id IS NOT ?3";
        let mut statement = self.rows.prepare_cached(sql)?;
        let holder = statement.query_row((email.as_str(), operation.organisation.as_str(), own), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        });
        let Some((there, holder)) = holder.optional()? else { return Ok(()) };
        let message =
            format!("`{}`: the e-mail address `{email}` belongs to `{holder}` in `{there}` already", operation.key);
        // In the same section a new plan adopts whom it finds.
        let adoptable = own.is_none() && there == section.as_str();
        Err(if adoptable { Refusal::Stale(message + "; plan again") } else { Refusal::Forbidden(message) }.into())
    }
}
