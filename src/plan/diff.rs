//! Desired × live → changes. Pure: `diff(x, x)` is empty, and applying `diff(a, b)` to `a` gives `b`.

mod groups;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::document::Action;
use super::merge::{agrees, merged, same};
use super::unread::{LeftOut, Unknowns};
use super::wish;
use crate::diagnostic::Place;
use crate::document::workspace::Removal;
use crate::live::{Entry, Live, Object, Resource};
use crate::model::{Day, GroupIndex, Organisation, Person, View};
use crate::platform::{Check, Field, RoleIx, Section, State, Verb};
use crate::rules::{Waived, black_hole};

/// One change to one object, before it has a number and an order.
#[derive(Clone, Debug)]
pub struct Delta {
    /// What is done.
    pub action: Action,
    /// The kind of object.
    pub resource: Resource,
    /// The id in the roster; for what left it, the id that it had.
    pub key: SmolStr,
    /// The portal's name for it; none where it is created.
    pub handle: Option<SmolStr>,
    /// Whether rosterctl managed it before.
    pub managed: bool,
    /// The object before, in the words of the rosters: renamed groups carry their new id.
    pub before: Option<Object>,
    /// The object after.
    pub after: Option<Object>,
    /// The line behind it.
    pub place: Option<Place>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Delta {
    /// The change in words: "delete user ben".
    pub fn words(&self) -> String {
        format!("{} {} {}", self.action.as_str(), self.resource, self.key)
    }
}

/// The difference between what an organisation wants and what is live.
#[derive(Debug, Default)]
pub struct Diff {
    /// The changes, in the order of the roster.
    pub deltas: Vec<Delta>,
    /// How many objects are as they should be.
    pub unchanged: usize,
    /// What is live and named by no roster, in managed sections.
    pub unmanaged: Vec<(Resource, SmolStr)>,
    /// Strangers who were not pruned, since the portal may be shared.
    pub spared: usize,
    /// Removals that are held back because the read was not complete, and newcomers who may be there unread.
    pub withheld: Vec<Delta>,
    /// Entries of the roster of which nothing can be said, since the portal's own cannot be understood.
    pub left_out: Vec<LeftOut>,
    /// People whose state cannot become what the roster wants.
    pub refused: Vec<Refused>,
    /// People who have been invited and have not accepted yet.
    pub waiting: Vec<SmolStr>,
    /// People who left the roster and are deactivated, where that is all that is wanted of leavers.
    pub retained: Vec<SmolStr>,
    /// Ids of groups that are renamed: old to new.
    pub renamed_groups: HashMap<SmolStr, SmolStr>,
}

impl Diff {
    /// A live person with renamed groups under their new ids.
    pub fn in_new_words<'p>(&self, person: &'p Person) -> Cow<'p, Person> {
        in_new_words(&self.renamed_groups, person)
    }

    /// The live groups by what the rosters call them.
    pub fn groups<'l>(&self, live: &'l Live) -> GroupIndex<'l> {
        let word = |id| self.renamed_groups.get(id).unwrap_or(id).clone();
        live.groups.iter().map(|entry| (word(&entry.object.id), &entry.object)).collect()
    }
}

/// A wish for a state to which the platform has no way.
#[derive(Debug)]
pub struct Refused {
    /// The person's id.
    pub key: SmolStr,
    /// Where the wish stands.
    pub place: Place,
    /// The state wanted.
    pub wanted: State,
    /// The state on the portal.
    pub from: State,
}

/// Compares an organisation with its live state. `prune` removes what no roster names; `removal` says how far
/// leavers go where the platform knows more than one way.
pub fn diff(organisation: &Organisation, live: &Live, prune: bool, removal: Removal, today: Day) -> Diff {
    let (complete, lacking) = (live.proof.holds(), live.lacks_people());
    let assigned = assigned_roles(organisation);
    let waived = Waived::of(organisation, today);
    let found = Diff::default();
    let mut comparison = Comparison { organisation, live, prune, removal, complete, lacking, assigned, waived, found };
    let mut unknowns = Unknowns::of(live);
    if organisation.managed.groups {
        comparison.groups(&mut unknowns);
    }
    comparison.people(&unknowns);
    comparison.found
}

/// A comparison under way.
struct Comparison<'a> {
    organisation: &'a Organisation,
    live: &'a Live,
    prune: bool,
    removal: Removal,
    complete: bool,
    /// Whether people may be there who were not read.
    lacking: bool,
    waived: Waived<'a>,
    /// The roles that leavers give up before the access.
    assigned: Vec<RoleIx>,
    found: Diff,
}

impl<'a> Comparison<'a> {
    fn people(&mut self, unknowns: &Unknowns<'a>) {
        let (organisation, live) = (self.organisation, self.live);
        let hasher = RandomState::default;
        let mut by_id: HashMap<(Section, &str), &Entry<Person>, RandomState> =
            HashMap::with_capacity_and_hasher(live.people.len(), hasher());
        let mut by_email: HashMap<String, &Entry<Person>> = HashMap::new();
        for entry in &live.people {
            if entry.managed {
                by_id.insert((entry.object.section, &entry.object.id), entry);
            }
        }
        let known: Vec<Option<&Entry<Person>>> = organisation
            .people
            .iter()
            .map(|person| by_id.get(&(person.section, person.id.as_str())).copied())
            .collect();
        // Only those who are not known by their id need to be looked up by their address.
        if known.iter().any(Option::is_none) {
            for entry in &live.people {
                if let Some(email) = &entry.object.email {
                    by_email.insert(email.value.to_ascii_lowercase(), entry);
                }
            }
        }
        let mut taken: HashSet<&str, RandomState> = HashSet::with_capacity_and_hasher(live.people.len(), hasher());
        let expected = |entry: &Entry<Person>| {
            let id = entry.object.id.as_str();
            entry.managed && organisation.entry(entry.object.section, id).is_some()
        };
        // Whom an entry that is not there yet names under `previously` is that entry's, and nobody else's by address;
        // and who stands in a section that is not managed stays there.
        let new = organisation.people.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(person, _)| person);
        let claims: HashSet<(Section, &str)> =
            new.flat_map(|person| person.previously.iter().map(|id| (person.section, id.as_str()))).collect();
        let free = |entry: &&&Entry<Person>| {
            let (section, id) = (entry.object.section, entry.object.id.as_str());
            let ours = organisation.managed.has(section);
            ours && !expected(entry) && !(entry.managed && claims.contains(&(section, id)))
        };
        for (wanted, exact) in organisation.people.iter().zip(known) {
            let earlier = || {
                let ids = wanted.previously.iter();
                let mut found = ids.filter_map(|id| by_id.get(&(wanted.section, id.as_str())));
                found.find(|entry| !expected(entry))
            };
            let same_address = || {
                let email = wanted.email.as_ref()?.value.to_ascii_lowercase();
                by_email.get(&email).filter(free)
            };
            let other = || {
                let other = if wanted.section == Section::Users { Section::Contacts } else { Section::Users };
                by_id.get(&(other, wanted.id.as_str())).filter(free)
            };
            let found = exact.or_else(|| earlier().or_else(other).or_else(same_address).copied());
            let found = found.filter(|entry| taken.insert(&entry.handle));
            if let Some(unread) = unknowns.person(wanted, exact.is_some()) {
                self.found.left_out.push(LeftOut::of(&unread.handle, &wanted.id, wanted.place()));
                continue;
            }
            match found {
                None => self.create_person(wanted),
                Some(entry) => self.update_person(wanted, entry),
            }
        }
        let ended: HashMap<(Section, &str), &Person> =
            organisation.expired.iter().map(|person| ((person.section, person.id.as_str()), person)).collect();
        for entry in live.people.iter().filter(|entry| !taken.contains(entry.handle.as_str())) {
            if !organisation.managed.has(entry.object.section) {
                continue;
            }
            let person = self.found.in_new_words(&entry.object).into_owned();
            let ended = ended.get(&(person.section, person.id.as_str())).copied();
            let resource = Resource::from(person.section);
            self.leaver(resource, entry.managed, &entry.handle, Object::Person(Box::new(person)), ended);
        }
    }

    fn create_person(&mut self, wanted: &Person) {
        let platform = &self.organisation.platform;
        let mut after = merged(None, wanted, false);
        if wanted.section == Section::Users {
            if wish::way(platform, State::Absent, wanted.status.value).as_deref() != Some(&[Verb::Create]) {
                return self.refuse(wanted, State::Absent);
            }
            after.status.value = wish::after(platform, Verb::Create, State::Absent);
        }
        // Who was not read would be there twice.
        let creates = if self.lacking { &mut self.found.withheld } else { &mut self.found.deltas };
        creates.push(Delta {
            action: Action::Create,
            resource: Resource::from(wanted.section),
            key: wanted.id.clone(),
            handle: None,
            managed: false,
            before: None,
            after: Some(Object::Person(Box::new(after))),
            place: Some(wanted.place()),
            notes: never_seen(wanted),
        });
    }

    fn refuse(&mut self, wanted: &Person, from: State) {
        let (key, place) = (wanted.id.clone(), wanted.field_place(Field::Status));
        self.found.refused.push(Refused { key, place, wanted: wanted.status.value, from });
    }

    fn update_person(&mut self, wanted: &Person, entry: &Entry<Person>) {
        let before = self.found.in_new_words(&entry.object);
        // Most people are as they should be.
        if entry.managed && before.status.value != State::Pending && agrees(&before, wanted, self.live.folds_case) {
            self.found.unchanged += 1;
            return;
        }
        let before = before.into_owned();
        let mut after = merged(Some(&before), wanted, self.live.folds_case);
        let mut action = Action::Update;
        if before.section == Section::Contacts && wanted.section == Section::Users {
            if wish::way(&self.organisation.platform, State::Absent, wanted.status.value).as_deref()
                != Some(&[Verb::Create])
            {
                return self.refuse(wanted, State::Absent);
            }
            after.status.value = wish::after(&self.organisation.platform, Verb::Create, State::Absent);
        }
        if before.section == Section::Users && wanted.section == Section::Users {
            let from = before.status.value;
            after.status.value = from;
            match wish::way(&self.organisation.platform, from, wanted.status.value).as_deref() {
                Some([]) if from == State::Pending => self.found.waiting.push(wanted.id.clone()),
                Some([]) => {}
                Some([verb]) => {
                    action = Action::from(*verb);
                    after.status.value = wish::after(&self.organisation.platform, *verb, from);
                }
                _ if self.live.switches && self.knows_no_way(from, wanted.status.value) => {
                    action = Action::Reactivate;
                    after.status.value = State::Active;
                }
                _ => return self.refuse(wanted, from),
            }
        }
        if entry.managed && same(&before, &after) {
            self.found.unchanged += 1;
            return;
        }
        let mut notes = adoption(entry.managed, "someone with this e-mail address is there already: taken over");
        if before.section != after.section {
            let (from, to) = (Resource::from(before.section), Resource::from(after.section));
            notes.push(format!("the {from} becomes a {to}"));
        }
        let delta = Delta {
            action,
            resource: Resource::from(wanted.section),
            key: wanted.id.clone(),
            handle: Some(entry.handle.clone()),
            managed: entry.managed,
            before: Some(Object::Person(Box::new(before.clone()))),
            after: Some(Object::Person(Box::new(after.clone()))),
            place: Some(wanted.place()),
            notes,
        };
        // Access is taken by itself: before what else changes where that gives something, after it where it only takes.
        if action != Action::Deactivate {
            return self.found.deltas.push(delta);
        }
        let gains = after.roles.iter().any(|held| !before.holds(held.role))
            || after.groups.iter().any(|group| !before.groups.contains(group));
        let mut between = if gains { before.clone() } else { after.clone() };
        between.status.value = if gains { after.status.value } else { State::Active };
        if same(&between, &before) || same(&between, &after) {
            return self.found.deltas.push(delta);
        }
        let between = Object::Person(Box::new(between));
        let (first, second) =
            if gains { (Action::Deactivate, Action::Update) } else { (Action::Update, Action::Deactivate) };
        let rest =
            Delta { action: second, managed: true, before: Some(between.clone()), notes: Vec::new(), ..delta.clone() };
        self.found.deltas.extend([Delta { action: first, after: Some(between), ..delta }, rest]);
    }

    /// Whether somebody shut out by the portal is wanted inside, and the platform does not know that people may be shut
    /// out: then the portal's own switch is the way.
    fn knows_no_way(&self, from: State, wanted: State) -> bool {
        let ways = &self.organisation.platform.transitions;
        let known = ways.iter().any(|way| way.from == State::Deactivated || way.to == State::Deactivated);
        from == State::Deactivated && wanted == State::Active && !known
    }

    fn leaver(&mut self, resource: Resource, managed: bool, handle: &SmolStr, object: Object, ended: Option<&Person>) {
        let spared = !managed && self.prune && self.live.shared;
        self.found.spared += usize::from(spared);
        if !managed && (!self.prune || spared || self.accepted(handle)) {
            if matches!(&object, Object::Person(person) if person.status.value == State::Deactivated) {
                self.found.retained.push(object.id().into());
            }
            self.found.unmanaged.push((resource, handle.clone()));
            return;
        }
        let key = SmolStr::from(object.id());
        let mut notes = Vec::new();
        let mut place = None;
        if let Some((ended, until)) = ended.and_then(|ended| Some((ended, ended.until?))) {
            notes.push(format!("the last day was {} (`until`)", until.value.0));
            place = Some(ended.at(until.span, &["until"]));
        }
        if !managed {
            notes.push("in no roster: removed by --prune".to_owned());
        }
        let platform = &self.organisation.platform;
        let verbs = match (&object, resource) {
            (Object::Person(person), Resource::User) => wish::way_out(platform, person.status.value, self.removal),
            _ => None,
        };
        let verbs = verbs.unwrap_or_else(|| vec![Verb::Delete]);
        if verbs.is_empty() {
            self.found.retained.push(key);
            return;
        }
        let mut states = Vec::new();
        if let Object::Person(person) = &object
            && verbs[0] == Verb::Deactivate
            && let Some(without) = self.without_assigned_roles(person)
        {
            notes.push("these roles are taken first, so that what they are told falls back to others".to_owned());
            states.push((Verb::Update, Some(Object::Person(Box::new(without)))));
        }
        for verb in verbs {
            let last = states.last().and_then(|(_, after)| after.as_ref()).unwrap_or(&object);
            let after = match last {
                Object::Person(person) if verb != Verb::Delete => {
                    let mut after = person.clone();
                    after.status.value = wish::after(platform, verb, person.status.value);
                    Some(Object::Person(after))
                }
                _ => None,
            };
            states.push((verb, after));
        }
        let (mut before, mut managed) = (object, managed);
        for (verb, after) in states {
            let removals = if self.complete { &mut self.found.deltas } else { &mut self.found.withheld };
            removals.push(Delta {
                action: Action::from(verb),
                resource,
                key: key.clone(),
                handle: Some(handle.clone()),
                managed,
                before: Some(before.clone()),
                after: after.clone(),
                place: place.clone(),
                notes: std::mem::take(&mut notes),
            });
            managed = true;
            before = after.unwrap_or(before);
        }
    }

    /// Whether it is waived that no roster names somebody: then nobody removes them either.
    fn accepted(&self, handle: &SmolStr) -> bool {
        let rules = &self.organisation.platform.rules;
        let mut rules = rules.iter().filter(|rule| matches!(rule.check, Check::Unmanaged));
        rules.any(|rule| self.waived.of_subject(&rule.id, handle))
    }

    /// A leaver without the roles to which events are assigned, where there are such and the platform lets them be taken.
    fn without_assigned_roles(&self, person: &Person) -> Option<Person> {
        self.organisation.platform.transition(Verb::Update, person.status.value)?;
        let mut without = person.clone();
        without.roles.retain(|held| !self.assigned.contains(&held.role));
        (without.roles.len() < person.roles.len()).then_some(without)
    }
}

/// The roles to which events are assigned that may get lost: while somebody without access holds one, nobody may be told.
/// None where no rule of the platform speaks of that.
fn assigned_roles(organisation: &Organisation) -> Vec<RoleIx> {
    let platform = &organisation.platform;
    if !platform.rules.iter().any(|rule| matches!(rule.check, Check::BlackHole)) {
        return Vec::new();
    }
    let view = View::with(platform, &organisation.profile, []);
    black_hole::events(&view).flat_map(|event| platform[event].to.iter().copied()).collect()
}

/// A live person with renamed groups under their new ids.
pub(crate) fn in_new_words<'p>(renamed: &HashMap<SmolStr, SmolStr>, person: &'p Person) -> Cow<'p, Person> {
    let mut person = Cow::Borrowed(person);
    if !renamed.is_empty() && person.groups.iter().any(|group| renamed.contains_key(&group.value)) {
        for group in &mut person.to_mut().groups {
            if let Some(new) = renamed.get(&group.value) {
                group.value = new.clone();
            }
        }
    }
    person
}

/// What is worth knowing of a newcomer who is said to have had other ids.
fn never_seen(wanted: &Person) -> Vec<String> {
    let ids: Vec<&str> = wanted.previously.iter().map(SmolStr::as_str).collect();
    let note = || format!("nobody on the portal has an earlier id of `previously` ({}): a new entry", ids.join(", "));
    if ids.is_empty() { Vec::new() } else { vec![note()] }
}

fn adoption(managed: bool, note: &str) -> Vec<String> {
    if managed { Vec::new() } else { vec![note.to_owned()] }
}
