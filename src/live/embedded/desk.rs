//! The desk of the portal: what people and programs other than a plan ask of it, under the same rules and in the same
//! trail, several requests in one transaction.

use std::cell::RefCell;
use std::sync::Arc;

use rusqlite::{Savepoint, Transaction};
use smol_str::SmolStr;

use super::acting::Acting;
use super::portal::{Portal, Stop};
use super::row::Hand;
use super::shelf::{Shelf, Side, handle};
use super::{Embedded, audit, store};
use crate::live::object::{GroupRecord, PersonRecord};
use crate::live::{Author, LiveError, Object, Operation, Refusal, Resource};
use crate::model::Person;
use crate::platform::{Platform, State, Verb};

/// Why the desk does not do what is asked. Nothing of it was done.
#[derive(Debug)]
pub enum Denied {
    /// Another object has the id, the mail address or the name to sign in with.
    Taken(String),
    /// What is asked for is nothing that the platform has.
    Unknown(String),
    /// The portal refuses it.
    Refused(Refusal),
    /// The object breaks the platform's own rules, so that nobody can say what it is.
    Unread(String),
    /// The portal could not be used.
    Broken(LiveError),
}

impl From<LiveError> for Denied {
    fn from(error: LiveError) -> Denied {
        Denied::Broken(error)
    }
}

/// Who stands at the desk.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// For the trail.
    pub author: Author,
    /// Whether it is rosterctl, so that what is written counts as applied.
    pub rosterctl: bool,
    /// The step of the plan that is carried out; 0: none is known.
    pub step: u32,
}

/// What an object shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted<R> {
    /// The organisation.
    pub organisation: SmolStr,
    /// The id by which rosterctl manages the object; none: it does not.
    pub id: Option<SmolStr>,
    /// The object in words; the status of a person is the wish, `active` or `deactivated`.
    pub record: R,
    /// What is kept beside it.
    pub side: Side,
}

/// The portal in the middle of a transaction.
pub struct Desk<'t, 'c> {
    rows: &'t mut Transaction<'c>,
    portal: &'t Embedded,
}

/// One request: it is granted wholly or not at all.
pub struct Request<'s> {
    savepoint: &'s Savepoint<'s>,
    portal: &'s Embedded,
    visitor: &'s Visitor,
    able: RefCell<super::acting::Able>,
    refused: RefCell<Option<(Arc<Platform>, Operation, Refusal)>>,
}

/// A piece of work at the desk.
pub type Job<R> = Box<dyn FnOnce(&mut Desk<'_, '_>) -> R + Send>;

impl Embedded {
    /// Makes the portal's file where it is missing, and brings it up to date.
    pub fn ready(&self) -> Result<(), LiveError> {
        self.writing(|_| Ok(()))
    }

    /// Looks at the portal at one moment; none where there is no portal yet.
    pub fn look<R>(&self, work: impl FnOnce(&Shelf<'_>) -> Result<R, LiveError>) -> Result<Option<R>, LiveError> {
        let looked = self.looking(|rows| Ok(work(&Shelf { rows, path: &self.path, platforms: &self.platforms })));
        looked?.transpose()
    }

    /// Does several pieces of work in one transaction. Their results count once this returns: an error means that
    /// nothing at all was done.
    pub fn together<R>(&self, jobs: Vec<Job<R>>) -> Result<Vec<R>, LiveError> {
        self.writing(|rows| {
            let mut desk = Desk { rows, portal: self };
            Ok(jobs.into_iter().map(|job| job(&mut desk)).collect())
        })
    }
}

impl Desk<'_, '_> {
    /// Grants a request wholly, or does nothing but leave a trace of what was refused.
    pub fn grant<R, E: From<LiveError>>(
        &mut self,
        visitor: &Visitor,
        work: impl FnOnce(&Request<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let path = &self.portal.path;
        let told = |error| E::from(store::explain(path, error));
        let savepoint = self.rows.savepoint().map_err(told)?;
        let (able, refused) = (RefCell::default(), RefCell::default());
        let request = Request { savepoint: &savepoint, portal: self.portal, visitor, able, refused };
        let result = work(&request);
        let refused = request.refused.take();
        match result {
            Ok(result) => {
                savepoint.commit().map_err(told)?;
                Ok(result)
            }
            Err(error) => {
                savepoint.finish().map_err(told)?;
                if let Some((platform, operation, refusal)) = refused {
                    audit::record(self.rows, &platform, &operation, &visitor.author, &Err(refusal)).map_err(told)?;
                }
                Err(error)
            }
        }
    }
}

impl Request<'_> {
    /// Looks at the portal as it is at this moment of the request.
    pub fn shelf(&self) -> Shelf<'_> {
        Shelf { rows: self.savepoint, path: &self.portal.path, platforms: &self.portal.platforms }
    }

    /// Makes sure that the organisation is there.
    pub fn prepare(&self, organisation: &str, platform: &Platform) -> Result<(), LiveError> {
        self.shelf().told(|| super::prepare(self.savepoint, organisation, platform))
    }

    /// Makes a person; says which number it got.
    pub fn create_person(&self, resource: Resource, wanted: &Wanted<PersonRecord>) -> Result<i64, Denied> {
        let platform = self.platform(&wanted.organisation)?;
        let section = resource.section();
        let key = self.key(wanted, None);
        let mut after = wanted.record.person(&platform, section, &key).map_err(Denied::Unknown)?;
        let wish = after.status.value;
        let way = platform.transition(Verb::Create, State::Absent).filter(|_| resource == Resource::User);
        after.status.value = way.map_or(State::Active, |way| way.to);
        let operation = self.operation(Verb::Create, resource, wanted, None);
        let operation = Operation { after: Some(Object::Person(Box::new(after))), ..operation };
        self.carry_out(&platform, &operation, wanted.id.is_some(), |portal| {
            let Some(after) = operation.after.as_ref().and_then(Object::person) else { return Ok(()) };
            if wanted.id.is_some() {
                portal.id_free(&operation, section)?;
            }
            portal.email_free(&operation, after, section, None)
        })?;
        let number = self.newest("person")?;
        self.keep_person(number, &wanted.side)?;
        if wish == State::Deactivated {
            self.update_person(resource, number, wanted)?;
        }
        Ok(number)
    }

    /// Changes a person.
    pub fn update_person(&self, resource: Resource, number: i64, wanted: &Wanted<PersonRecord>) -> Result<(), Denied> {
        let platform = self.platform(&wanted.organisation)?;
        let (before, _) = self.person(&platform, &wanted.organisation, resource, number)?;
        let action = match (before.status.value, &*wanted.record.status) {
            (State::Active | State::Pending, "deactivated") => Verb::Deactivate,
            (State::Deactivated, "active") => Verb::Reactivate,
            _ => Verb::Update,
        };
        if action == Verb::Deactivate && self.changes(&platform, wanted, &before) {
            // To deactivate changes nothing else: first the one, then the other.
            let record = PersonRecord { status: State::Active.as_str().into(), ..wanted.record.clone() };
            self.change_person(resource, number, &Wanted { record, ..wanted.clone() }, Verb::Update)?;
        }
        self.change_person(resource, number, wanted, action)
    }

    /// Changes a person by one operation.
    fn change_person(
        &self,
        resource: Resource,
        number: i64,
        wanted: &Wanted<PersonRecord>,
        action: Verb,
    ) -> Result<(), Denied> {
        let platform = self.platform(&wanted.organisation)?;
        let section = resource.section();
        let (before, managed) = self.person(&platform, &wanted.organisation, resource, number)?;
        let handle = handle(resource, number);
        let mut after =
            wanted.record.person(&platform, section, &self.key(wanted, Some(&handle))).map_err(Denied::Unknown)?;
        if action == Verb::Update {
            // Who is wanted active and has not accepted yet is waited for.
            after.status.value = before.status.value;
        }
        let operation = Operation {
            before: Some(Object::Person(Box::new(before))),
            after: Some(Object::Person(Box::new(after))),
            ..self.operation(action, resource, wanted, Some(handle))
        };
        self.carry_out(&platform, &operation, wanted.id.is_some(), |portal| {
            let Some(after) = operation.after.as_ref().and_then(Object::person) else { return Ok(()) };
            let before = operation.before.as_ref().map(Object::id);
            if wanted.id.is_some() && !(managed && before == Some(&*operation.key)) {
                portal.id_free(&operation, section)?;
            }
            portal.email_free(&operation, after, section, Some(number))
        })?;
        self.keep_person(number, &wanted.side)
    }

    /// Whether a person shall be different in anything but the status.
    fn changes(&self, platform: &Platform, wanted: &Wanted<PersonRecord>, before: &Person) -> bool {
        let now = PersonRecord::of(before, platform);
        now != PersonRecord { status: now.status.clone(), ..wanted.record.clone() }
    }

    /// Makes a permission group; says which number it got.
    pub fn create_group(&self, wanted: &Wanted<GroupRecord>) -> Result<i64, Denied> {
        let platform = self.platform(&wanted.organisation)?;
        let after = wanted.record.group(&platform, &self.key(wanted, None)).map_err(Denied::Unknown)?;
        let operation = self.operation(Verb::Create, Resource::PermissionGroup, wanted, None);
        let operation = Operation { after: Some(Object::Group(after)), ..operation };
        self.carry_out(&platform, &operation, wanted.id.is_some(), |portal| match wanted.id {
            Some(_) => portal.group_id_free(&operation),
            None => Ok(()),
        })?;
        let number = self.newest("permission_group")?;
        self.keep_group(number, &wanted.side)?;
        Ok(number)
    }

    /// Changes a permission group.
    pub fn update_group(&self, number: i64, wanted: &Wanted<GroupRecord>) -> Result<(), Denied> {
        let platform = self.platform(&wanted.organisation)?;
        let resource = Resource::PermissionGroup;
        let handle = handle(resource, number);
        let operation = self.operation(Verb::Update, resource, wanted, Some(handle));
        let after = wanted.record.group(&platform, &operation.key).map_err(Denied::Unknown)?;
        let found = self.portal(&platform, true).group(&wanted.organisation, number);
        let found = self.understood(found.map_err(|error| self.told(error))?, &operation.key)?;
        let (before, managed) = (found.group, found.managed);
        let renamed = wanted.id.is_some() && !(managed && before.id == operation.key);
        let operation =
            Operation { before: Some(Object::Group(before)), after: Some(Object::Group(after)), ..operation };
        self.carry_out(&platform, &operation, wanted.id.is_some(), |portal| {
            if renamed { portal.group_id_free(&operation) } else { Ok(()) }
        })?;
        self.keep_group(number, &wanted.side)
    }

    /// Lets a user into a permission group, or takes them out.
    pub fn join(&self, organisation: &str, user: i64, group: &str, member: bool) -> Result<(), Denied> {
        let platform = self.platform(organisation)?;
        let (before, managed) = self.person(&platform, organisation, Resource::User, user)?;
        if before.groups.iter().any(|word| word.value == group) == member {
            return Ok(());
        }
        let mut after = before.clone();
        match member {
            true => after.groups.push(crate::diagnostic::Located::nowhere(group.into())),
            false => after.groups.retain(|word| word.value != group),
        }
        let operation = Operation {
            step: self.visitor.step,
            organisation: organisation.into(),
            action: Verb::Update,
            resource: Resource::User,
            key: before.id.clone(),
            handle: Some(handle(Resource::User, user)),
            before: Some(Object::Person(Box::new(before))),
            after: Some(Object::Person(Box::new(after))),
        };
        self.carry_out(&platform, &operation, managed, |_| Ok(()))
    }

    /// Deletes an object.
    pub fn delete(&self, resource: Resource, organisation: &str, number: i64) -> Result<(), Denied> {
        let platform = self.platform(organisation)?;
        let handle = handle(resource, number);
        let (before, managed) = match resource {
            Resource::PermissionGroup => {
                let found = self.portal(&platform, true).group(organisation, number);
                let found = self.understood(found.map_err(|error| self.told(error))?, &handle)?;
                (Object::Group(found.group), found.managed)
            }
            Resource::User | Resource::Contact => {
                let (person, managed) = self.person(&platform, organisation, resource, number)?;
                (Object::Person(Box::new(person)), managed)
            }
        };
        let operation = Operation {
            step: self.visitor.step,
            organisation: organisation.into(),
            action: Verb::Delete,
            resource,
            key: before.id().into(),
            handle: Some(handle),
            before: Some(before),
            after: None,
        };
        self.carry_out(&platform, &operation, managed, |_| Ok(()))
    }

    /// The platform of an organisation that is there.
    pub fn platform(&self, organisation: &str) -> Result<Arc<Platform>, Denied> {
        self.shelf()
            .platform(organisation)?
            .ok_or_else(|| Denied::Unknown(format!("the portal does not know the organisation `{organisation}`")))
    }

    fn key<R>(&self, wanted: &Wanted<R>, handle: Option<&SmolStr>) -> SmolStr {
        let unmanaged = || wanted.side.user_name.clone().or(wanted.side.foreign_id.clone());
        wanted.id.clone().or(handle.cloned()).or_else(unmanaged).unwrap_or_else(|| "new".into())
    }

    fn operation<R>(&self, action: Verb, resource: Resource, wanted: &Wanted<R>, handle: Option<SmolStr>) -> Operation {
        let key = self.key(wanted, handle.as_ref());
        let organisation = wanted.organisation.clone();
        Operation { step: self.visitor.step, organisation, action, resource, key, handle, before: None, after: None }
    }

    /// The person in a row, and whether rosterctl manages it.
    fn person(
        &self,
        platform: &Platform,
        organisation: &str,
        resource: Resource,
        number: i64,
    ) -> Result<(Person, bool), Denied> {
        let found = self.portal(platform, true).person(organisation, number);
        let found = self.understood(found.map_err(|error| self.told(error))?, &handle(resource, number))?;
        Ok((found.person, found.managed))
    }

    fn understood<T>(&self, found: Result<Option<T>, String>, word: &str) -> Result<T, Denied> {
        match found {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(Denied::Refused(Refusal::Stale(format!("`{word}` is no longer on the portal")))),
            Err(reason) => Err(Denied::Unread(format!("`{word}`: the portal's row cannot be understood: {reason}"))),
        }
    }

    fn portal<'p>(&'p self, platform: &'p Platform, managed: bool) -> At<'p> {
        let id = self.visitor.author.actor.as_ref();
        let acting = Acting { id, known: &self.portal.known, able: &self.able };
        At {
            acting,
            platform,
            hand: Hand { managed, applied: managed && self.visitor.rosterctl },
            rows: self.savepoint,
        }
    }

    /// Carries an operation out as one of a plan would be. What `free` refuses is taken already.
    fn carry_out(
        &self,
        platform: &Arc<Platform>,
        operation: &Operation,
        managed: bool,
        free: impl FnOnce(Portal<'_>) -> Result<(), Stop>,
    ) -> Result<(), Denied> {
        let at = self.portal(platform, managed);
        let taken = |refusal: Refusal| Denied::Taken(refusal.to_string().trim_end_matches("; plan again").to_owned());
        let outcome = match free(at.portal()) {
            Err(Stop::Refused(refusal)) => Err((refusal.clone(), taken(refusal))),
            Err(Stop::Failed(error)) => return Err(self.told(error)),
            Ok(()) => match at.portal().carry_out(operation) {
                Err(Stop::Refused(refusal)) => Err((refusal.clone(), Denied::Refused(refusal))),
                Err(Stop::Failed(error)) => return Err(self.told(error)),
                Ok(()) => Ok(()),
            },
        };
        let Err((refusal, denied)) = outcome else {
            let recorded = audit::record(self.savepoint, platform, operation, &self.visitor.author, &Ok(()));
            return recorded.map_err(|error| self.told(error));
        };
        *self.refused.borrow_mut() = Some((platform.clone(), operation.clone(), refusal));
        Err(denied)
    }

    /// The number of the row that was made last.
    fn newest(&self, table: &str) -> Result<i64, Denied> {
        let sql = format!("SELECT max(id) FROM {table}");
        let newest = self.savepoint.prepare_cached(&sql).and_then(|mut newest| newest.query_row([], |row| row.get(0)));
        newest.map_err(|error| self.told(error))
    }

    fn keep_person(&self, number: i64, side: &Side) -> Result<(), Denied> {
        let sql = "SELECT section, id FROM person WHERE user_name = ?1 COLLATE NOCASE AND id <> ?2
            UNION ALL SELECT section, id FROM person WHERE email = ?1 COLLATE NOCASE AND user_name IS NULL AND id <> ?2
            AND +section = 'users'";
        if let Some(name) = &side.user_name {
            let mut statement = self.savepoint.prepare_cached(sql).map_err(|error| self.told(error))?;
            let mut holders = statement.query((name.as_str(), number)).map_err(|error| self.told(error))?;
            if let Some(holder) = holders.next().map_err(|error| self.told(error))? {
                let holder: i64 = holder.get(1).map_err(|error| self.told(error))?;
                let holder = handle(Resource::User, holder);
                return Err(Denied::Taken(format!("the user name `{name}` belongs to `{holder}` already")));
            }
        }
        let sql = "UPDATE person SET user_name = ?2, foreign_id = ?3, beside = ?4 WHERE id = ?1
            AND (user_name IS NOT ?2 OR foreign_id IS NOT ?3 OR beside IS NOT ?4)";
        let values = (number, side.user_name.as_deref(), side.foreign_id.as_deref(), side.beside.as_deref());
        let kept = self.savepoint.prepare_cached(sql).and_then(|mut keep| keep.execute(values));
        if kept.map_err(|error| self.told(error))? == 0 {
            return Ok(());
        }
        self.keep_addresses(number, &side.addresses).map_err(|error| self.told(error))
    }

    fn keep_addresses(&self, number: i64, addresses: &[SmolStr]) -> rusqlite::Result<()> {
        self.savepoint.prepare_cached("DELETE FROM address WHERE person = ?1")?.execute([number])?;
        let mut keep =
            self.savepoint.prepare_cached("INSERT OR IGNORE INTO address (value, person) VALUES (?1, ?2)")?;
        for address in addresses {
            keep.execute((address.as_str(), number))?;
        }
        Ok(())
    }

    fn keep_group(&self, number: i64, side: &Side) -> Result<(), Denied> {
        let sql = "UPDATE permission_group SET foreign_id = ?2, beside = ?3 WHERE id = ?1
            AND (foreign_id IS NOT ?2 OR beside IS NOT ?3)";
        let values = (number, side.foreign_id.as_deref(), side.beside.as_deref());
        let kept = self.savepoint.prepare_cached(sql).and_then(|mut keep| keep.execute(values));
        kept.map(|_| ()).map_err(|error| self.told(error))
    }

    fn told(&self, error: rusqlite::Error) -> Denied {
        Denied::Broken(store::explain(&self.portal.path, error))
    }
}

/// The portal as one operation meets it.
struct At<'p> {
    acting: Acting<'p>,
    platform: &'p Platform,
    hand: Hand,
    rows: &'p rusqlite::Connection,
}

impl At<'_> {
    fn portal(&self) -> Portal<'_> {
        Portal { rows: self.rows, platform: self.platform, acting: &self.acting, hand: self.hand }
    }

    fn person(
        &self,
        organisation: &str,
        number: i64,
    ) -> rusqlite::Result<Result<Option<super::people::Found>, String>> {
        self.portal().person(organisation, number)
    }

    fn group(&self, organisation: &str, number: i64) -> rusqlite::Result<Result<Option<super::groups::Found>, String>> {
        self.portal().group(organisation, number)
    }
}
