//! From differences to edits: what each of them asks of which file, and why some cannot be met.

use std::collections::HashSet;

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::choose::{item, unmanaged};
use super::entry::{self, Newcomers};
use super::{Declined, World};
use crate::diagnostic::{FileId, Span, pointer};
use crate::document::edit::{Change, Value, Wish, has_section};
use crate::live::{Live, Resource, SEVERAL_NAMES};
use crate::model::{Group, Organisation, Person};
use crate::plan::document::Action;
use crate::platform::{Section, State};
use crate::report::export::shuts_out;
use crate::report::{Cause, Difference};

/// What settles one difference, or several that are settled together.
#[derive(Clone, Debug)]
pub struct Task {
    /// The differences, by index.
    pub differences: Vec<usize>,
    /// The item, as it can be typed.
    pub item: String,
    /// The file of the entry.
    pub file: FileId,
    /// Where the entry stands in it.
    pub span: Span,
    /// The entry as a JSON Pointer.
    pub pointer: String,
    /// What changes there.
    pub wishes: Vec<Wish>,
    /// Where the entry goes afterwards, if it does.
    pub moving: Option<Moving>,
    /// What else is worth knowing.
    pub note: Option<String>,
}

/// An entry that goes to another section.
#[derive(Clone, Debug)]
pub struct Moving {
    /// Its removal from the file of the task.
    pub out: Wish,
    /// The file that takes it.
    pub file: FileId,
    /// Its place there.
    pub into: Wish,
}

impl Task {
    /// The task as one that was not carried out, for a reason still to be given.
    pub fn declined(&self, world: &World<'_>) -> Declined {
        let location = world.differences[self.differences[0]].location.clone();
        Declined { item: self.item.clone(), reason: String::new(), location, related: None }
    }
}

/// Why a difference cannot be accepted.
type Reason = String;

/// The tasks behind differences, and those differences of which nothing can be made.
pub fn tasks(world: &World<'_>, taken: &[usize]) -> (Vec<Task>, Vec<Declined>) {
    let mut tasks: Vec<Task> = Vec::new();
    let mut declined = Vec::new();
    let newcomers: Vec<Newcomers> =
        world.pairs.iter().map(|(organisation, live)| Newcomers::of(world, organisation, live, taken)).collect();
    for index in taken {
        let difference = &world.differences[*index];
        let Some(at) = world.pairs.iter().position(|(one, _)| one.id == difference.organisation.as_str()) else {
            continue;
        };
        let (organisation, live) = world.pairs[at];
        let asked = Asked { world, organisation, live, newcomers: &newcomers[at], difference, index: *index };
        match asked.task() {
            // A new entry settles all differences of somebody at once.
            Ok(task) => match tasks.iter_mut().find(|one| task.whole().is_some() && one.whole() == task.whole()) {
                Some(known) => known.differences.push(*index),
                None => tasks.push(task),
            },
            Err(reason) => {
                let item = item(world, difference);
                declined.push(Declined { item, reason, location: difference.location.clone(), related: None });
            }
        }
    }
    join(&mut tasks);
    (tasks, declined)
}

/// A move to the contacts takes groups and status along: their own differences are settled by it.
fn join(tasks: &mut Vec<Task>) {
    let asked = |task: &Task| {
        task.wishes
            .iter()
            .map(|one| [one.organisation.clone(), one.section.clone(), one.key.clone(), one.field.join("/").into()])
            .collect::<Vec<[SmolStr; 4]>>()
    };
    let moves: Vec<Task> = tasks.extract_if(.., |task| task.moving.is_some()).collect();
    for mut moving in moves {
        let along = asked(&moving);
        let same = |task: &mut Task| {
            task.moving.is_none() && !along.is_empty() && asked(task).iter().all(|one| along.contains(one))
        };
        let settled: Vec<Task> = tasks.extract_if(.., same).collect();
        moving.differences.extend(settled.into_iter().flat_map(|task| task.differences));
        tasks.push(moving);
    }
}

impl Task {
    /// The organisation, section and id of the new entry that it makes, if it does.
    fn whole(&self) -> Option<(&SmolStr, &SmolStr, &SmolStr)> {
        let new = |one: &&Wish| one.field.is_empty() && matches!(one.change, Change::Put(_));
        self.wishes.first().filter(new).map(|one| (&one.organisation, &one.section, &one.key))
    }
}

impl Task {
    /// The file that takes the entry and the file that gives it away, where it goes from one to another.
    pub fn files(&self) -> Option<(FileId, FileId)> {
        let moving = self.moving.as_ref().filter(|moving| moving.file != self.file)?;
        Some((moving.file, self.file))
    }
}

/// A difference that somebody wants accepted.
struct Asked<'a> {
    world: &'a World<'a>,
    organisation: &'a Organisation,
    live: &'a Live,
    newcomers: &'a Newcomers,
    difference: &'a Difference,
    index: usize,
}

/// The entry of the roster behind a difference.
#[derive(Clone, Copy)]
enum Written<'a> {
    Person(&'a Person),
    Group(&'a Group),
}

impl Written<'_> {
    fn place(self) -> crate::diagnostic::Place {
        match self {
            Written::Person(person) => person.place(),
            Written::Group(group) => group.place(),
        }
    }
}

impl<'a> Asked<'a> {
    fn section(&self) -> Section {
        self.difference.resource.section()
    }

    fn written(&self) -> Option<Written<'a>> {
        let key = &self.difference.key;
        match self.section() {
            Section::PermissionGroups => self.organisation.group(key).map(Written::Group),
            section => self.organisation.entry(section, key).map(Written::Person),
        }
    }

    fn wish(&self, section: Section, key: &str, field: &[&str], change: Change) -> Wish {
        Wish {
            organisation: self.organisation.id.clone(),
            section: section.as_str().into(),
            key: key.into(),
            field: field.iter().map(|part| SmolStr::from(*part)).collect(),
            change,
        }
    }

    fn task(&self) -> Result<Task, Reason> {
        self.certain()?;
        let difference = self.difference;
        if difference.cause == Cause::Unmanaged {
            let there = unmanaged(self.world, difference).ok_or("the portal does not have it any more")?;
            return self.newcomer(&there.handle, false);
        }
        if difference.live.as_str().is_some_and(|name| name.contains(SEVERAL_NAMES)) {
            return Err("the portal has several names for one person: settle there which is meant".to_owned());
        }
        if difference.field.as_deref() == Some("id") {
            return Err(
                "the portal does not know the id yet: `apply` writes it, no change of the roster can".to_owned()
            );
        }
        let Some(written) = self.written() else { return self.returned() };
        let place = written.place();
        let mut task = Task {
            differences: vec![self.index],
            item: item(self.world, difference),
            file: place.file,
            span: place.span,
            pointer: place.pointer,
            wishes: Vec::new(),
            moving: None,
            note: None,
        };
        let section = self.section();
        match (&difference.field, difference.action) {
            (Some(field), _) if field == "section" => self.moved(written, &mut task)?,
            (Some(field), _) => task.wishes.push(self.field(section, field)?),
            (None, Action::Create) => {
                task.wishes.push(self.wish(section, &difference.key, &[], Change::Remove));
                task.note = Some("its entry is taken out of the roster, comments included".to_owned());
            }
            (None, _) => return Err("it is no single value: name the field".to_owned()),
        }
        Ok(task)
    }

    /// Whether enough of the portal was read to believe the difference.
    fn certain(&self) -> Result<(), Reason> {
        let live = self.live;
        if let Some(suspect) = &live.suspect {
            return Err(format!("the reading of the portal is not to be believed: {suspect}"));
        }
        if live.proof.read + live.unread.len() < live.proof.announced {
            return Err("the portal was not read completely: try again".to_owned());
        }
        let group = self.difference.resource == Resource::PermissionGroup;
        let hidden = live.unread.iter().any(|unread| unread.is_group() == group || unread.resource.is_none());
        if hidden && self.difference.action == Action::Create && self.difference.field.is_none() {
            return Err("the portal has objects that cannot be understood: it may be one of them".to_owned());
        }
        let groups = live.unread.iter().any(|unread| unread.is_group());
        if groups && self.difference.field.as_deref() == Some("groups") {
            return Err("the portal has groups that cannot be understood: not all memberships are known".to_owned());
        }
        Ok(())
    }

    /// The change that gives a field the portal's value.
    fn field(&self, section: Section, field: &str) -> Result<Wish, Reason> {
        let live = &self.difference.live;
        let path: Vec<&str> = match field.split_once('.') {
            Some((map, key)) => vec![map, key],
            None => vec![field],
        };
        let change = match (path[0], live) {
            ("roles" | "groups", Json::Null) => Change::Put(Value::List(Vec::new())),
            ("groups", _) => Change::Put(Value::List(self.newcomers.group_ids(self.organisation, live)?)),
            ("phone", Json::Null) => Change::Put(Value::Text(SmolStr::default())),
            ("type", Json::Null) => Change::Put(Value::Text("person".into())),
            ("name", Json::Null) => return Err("the portal has no name for it, and a roster needs one".to_owned()),
            ("status", Json::String(status)) if status == State::Pending.as_str() => {
                return Err("who is invited and has not accepted cannot be written down: the portal waits".to_owned());
            }
            ("status", Json::String(status))
                if status == State::Deactivated.as_str() && !shuts_out(&self.organisation.platform) =>
            {
                return Err(format!(
                    "{} knows no deactivated people, so a roster cannot say it",
                    self.organisation.platform.name
                ));
            }
            (_, Json::Null) => Change::Remove,
            _ => Change::Put(entry::value(live).ok_or("it is no value that a roster can hold")?),
        };
        if let Change::Put(value) = &change {
            entry::writable(path[0], value)?;
        }
        Ok(self.wish(section, &self.difference.key, &path, change))
    }

    /// The change that moves an entry to where the portal has it.
    fn moved(&self, written: Written<'a>, task: &mut Task) -> Result<(), Reason> {
        let key = &self.difference.key;
        let (Written::Person(person), Some(to)) = (written, self.difference.live.as_str()) else {
            return Err("only people change sections".to_owned());
        };
        let to = [Section::Users, Section::Contacts].into_iter().find(|section| section.as_str() == to);
        let to = to.ok_or("the portal has it in a section that rosters do not have")?;
        if to == Section::Contacts {
            // A contact has neither; without access they mean nothing.
            for field in ["groups", "status"] {
                task.wishes.push(self.wish(person.section, key, &[field], Change::Remove));
            }
        }
        let file = self.home(to, Some(person.file))?;
        let out = self.wish(person.section, key, &[], Change::Remove);
        let into = self.wish(to, key, &[], Change::Remove);
        task.moving = Some(Moving { out, file, into });
        task.note = Some(format!("its entry moves to `{}`", to.as_str()));
        Ok(())
    }

    /// Somebody who left the roster and is still on the portal gets an entry again.
    fn returned(&self) -> Result<Task, Reason> {
        let (section, key) = (self.section(), self.difference.key.as_str());
        let ended = self.organisation.expired.iter().find(|person| person.section == section && person.id == key);
        if let Some(until) = ended.and_then(|person| person.until) {
            return Err(format!("the last day was {} (`until`): write another day into the roster", until.value.0));
        }
        let people = self.live.people.iter().filter(|entry| entry.managed && entry.object.id == key);
        let mut people = people.filter(|entry| entry.object.section == section).map(|entry| &entry.handle);
        let mut groups = self.live.groups.iter().filter(|entry| entry.managed && entry.object.id == key);
        let handle = match section {
            Section::PermissionGroups => groups.next().map(|entry| &entry.handle),
            _ => people.next(),
        };
        self.newcomer(handle.ok_or("the portal does not have it any more")?, true)
    }

    /// A new entry for what the portal has under a handle.
    fn newcomer(&self, handle: &str, managed: bool) -> Result<Task, Reason> {
        let section = self.section();
        let (id, value) = self.newcomers.entry(self.organisation, section, handle, managed)?;
        let file = self.home(section, None)?;
        let note = match managed {
            true => {
                "a new entry: it had left the roster; what the portal does not keep, such as `until`, comments and \
                     earlier ids, is not in it: to have that too, take the old entry back from git instead and \
                     accept once more"
                    .to_owned()
            }
            false => format!("a new entry under the id `{id}`; the next `apply` tells the portal"),
        };
        Ok(Task {
            differences: vec![self.index],
            item: item(self.world, self.difference),
            file,
            span: Span::default(),
            pointer: pointer([section.as_str(), &id]),
            wishes: vec![self.wish(section, &id, &[], Change::Put(value))],
            moving: None,
            note: Some(note),
        })
    }

    /// The file to which entries of a section are added: a given one if it has the section, else that of the section's
    /// last entry, else any that has it.
    fn home(&self, section: Section, first: Option<FileId>) -> Result<FileId, Reason> {
        let (sources, id) = (self.world.sources, &self.organisation.id);
        if !self.organisation.managed.has(section) {
            let word = section.as_str();
            return Err(format!("the section `{word}` is not managed: write `{word}: {{}}` into the roster first"));
        }
        let fits = |file: &FileId| has_section(sources.text(*file), id, section.as_str());
        let people = self.organisation.people.iter().filter(|person| person.section == section);
        let files: HashSet<FileId> = match section {
            Section::PermissionGroups => self.organisation.groups.iter().map(|group| group.file).collect(),
            _ => people.map(|person| person.file).collect(),
        };
        let last = files.into_iter().max();
        let near = first.into_iter().chain(last).find(fits);
        let any = || sources.ids().filter(|file| sources.readable(*file)).find(fits);
        near.or_else(any).ok_or_else(|| format!("no file has the section `{}` of `{id}`", section.as_str()))
    }
}
