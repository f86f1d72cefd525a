//! The rules at work while a plan runs: what each step opens and closes, told from the state that it meets.

use std::collections::{BTreeMap, HashMap, HashSet};

use smol_str::SmolStr;

use super::count::{self, Count};
use super::diff::{Delta, Diff};
use crate::diagnostic::Severity;
use crate::live::{Live, Object};
use crate::model::{Group, Organisation, Person, View};
use crate::platform::{Check, Rule, Side, State};
use crate::rules::{Levels, Tally, applies, personal};

/// How a count came to where it is: the steps that led it away from a gap, and those that lowered it.
#[derive(Debug, Default)]
struct History {
    start: i64,
    gains: Vec<(usize, Tally)>,
    /// All gains together.
    given: Tally,
    losses: Vec<usize>,
}

/// What is open: a count on one side, or a rule in one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Spot {
    Count(usize, bool),
    Personal(SmolStr, SmolStr),
}

/// A rule that a step opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    spot: Spot,
    /// The rule.
    pub rule: SmolStr,
    /// Whether the rule allows to be crossed on this side for a moment, or nobody counted before the invitation.
    pub allowed: bool,
    /// Whether it holds again once the person of the step accepts the invitation.
    pub invited: bool,
    /// What it means, in words.
    pub text: String,
}

impl Opened {
    /// Whether somebody is missing, so that an acceptance may close it.
    pub fn lacks_somebody(&self) -> bool {
        matches!(self.spot, Spot::Count(_, true))
    }

    /// Whether somebody is there too many.
    pub fn has_too_many(&self) -> bool {
        matches!(self.spot, Spot::Count(_, false))
    }
}

/// What a step would do to the rules.
#[derive(Debug, Default)]
pub struct Effect {
    counts: Vec<(usize, Tally)>,
    closed: Vec<Spot>,
    /// The rules that it opens.
    pub opened: Vec<Opened>,
}

impl Effect {
    /// Whether it touches any rule at all.
    pub fn touches(&self) -> bool {
        !self.counts.is_empty() || !self.opened.is_empty() || !self.closed.is_empty()
    }

    /// Whether everything that it opens may be open for a moment.
    pub fn allowed(&self) -> bool {
        self.opened.iter().all(|opened| opened.allowed)
    }
}

/// The rules at error level, and the state that the plan has reached.
#[derive(Debug)]
pub struct Watcher<'a> {
    organisation: &'a Organisation,
    levels: &'a Levels,
    view: View<'a>,
    watches: Vec<Count<'a>>,
    personal: Vec<&'a Rule>,
    tallies: Vec<Tally>,
    histories: Vec<History>,
    /// By group and handle; in order, so that what a change opens is told in the same order every time.
    members: HashMap<SmolStr, BTreeMap<SmolStr, Person>>,
    begun: HashSet<Spot>,
    groups_after: HashMap<&'a str, &'a Group>,
    closings: HashMap<Spot, Vec<usize>>,
}

impl<'a> Watcher<'a> {
    /// Watches an organisation from its live state on. `deltas` tells which groups will change.
    pub fn new(
        organisation: &'a Organisation,
        live: &'a Live,
        found: &Diff,
        deltas: &'a [Delta],
        levels: &'a Levels,
    ) -> Watcher<'a> {
        let mut view = View::with(&organisation.platform, &organisation.profile, []);
        view.groups = found.groups(live);
        let watches = count::counts(&organisation.platform, levels, &view);
        let persons = organisation.platform.rules.iter().filter(|rule| {
            let personal = matches!(rule.check, Check::Requires(_) | Check::Holder | Check::LeastPrivilege { .. });
            personal && levels.weigh(rule, None).is_some() && applies(rule, &view) && !organisation.asks_elsewhere(rule)
        });
        let persons = persons.collect();
        let changing: HashSet<&SmolStr> =
            deltas.iter().filter(|delta| is_group(delta)).map(|delta| &delta.key).collect();
        let mut watcher = Watcher {
            organisation,
            levels,
            view,
            tallies: vec![Tally::default(); watches.len()],
            histories: watches.iter().map(|_| History::default()).collect(),
            watches,
            personal: persons,
            begun: HashSet::new(),
            members: changing.iter().map(|id| ((*id).clone(), BTreeMap::new())).collect(),
            groups_after: deltas
                .iter()
                .filter_map(|delta| match &delta.after {
                    Some(Object::Group(group)) => Some((delta.key.as_str(), group)),
                    _ => None,
                })
                .collect(),
            closings: HashMap::new(),
        };
        for entry in &live.people {
            let person = found.in_new_words(&entry.object);
            for (watch, tally) in watcher.watches.iter().zip(&mut watcher.tallies) {
                add(tally, watch.tally(&watcher.view, &person), 1);
            }
            watcher.join(&entry.handle, &person);
        }
        for (history, tally) in watcher.histories.iter_mut().zip(&watcher.tallies) {
            history.start = tally.holders;
        }
        for (index, (watch, tally)) in watcher.watches.iter().zip(&watcher.tallies).enumerate() {
            watcher.begun.extend(watch.crossed(*tally).map(|side| Spot::Count(index, side == Side::Gap)));
        }
        watcher
    }

    fn join(&mut self, handle: &SmolStr, person: &Person) {
        if self.members.is_empty() {
            return;
        }
        for group in &person.groups {
            if let Some(members) = self.members.get_mut(&group.value) {
                members.insert(handle.clone(), person.clone());
            }
        }
    }

    /// What a step would open and close in the state reached.
    pub fn effect(&mut self, delta: &Delta) -> Effect {
        let mut effect = Effect::default();
        let mut counts = vec![Tally::default(); self.watches.len()];
        match (&delta.before, &delta.after) {
            (Some(Object::Group(_)), _) | (_, Some(Object::Group(_))) => {
                let members: Vec<Person> =
                    self.members.get(&delta.key).map(|members| members.values().cloned().collect()).unwrap_or_default();
                let earlier: Vec<Vec<SmolStr>> =
                    members.iter().map(|person| self.count(&mut counts, person, -1)).collect();
                let previous = self.swap(delta);
                for (person, broken) in members.iter().zip(earlier) {
                    let now = self.count(&mut counts, person, 1);
                    self.compare(&mut effect, person, broken, now);
                }
                self.restore(delta, previous);
            }
            (before, after) => {
                let (before, after) = (as_person(before), as_person(after));
                let broken = before.map(|person| self.count(&mut counts, person, -1)).unwrap_or_default();
                let now = after.map(|person| self.count(&mut counts, person, 1)).unwrap_or_default();
                if let Some(person) = after.or(before) {
                    self.compare(&mut effect, person, broken, now);
                }
            }
        }
        for (index, change) in counts.into_iter().enumerate().filter(|(_, change)| *change != Tally::default()) {
            effect.counts.push((index, change));
            let watch = &self.watches[index];
            let mut after = self.tallies[index];
            add(&mut after, change, 1);
            let (was, is) = (watch.crossed(self.tallies[index]), watch.crossed(after));
            if was == is {
                continue;
            }
            effect.closed.extend(was.map(|side| Spot::Count(index, side == Side::Gap)));
            effect.opened.extend(is.map(|side| {
                let spot = Spot::Count(index, side == Side::Gap);
                let invited = side == Side::Gap && self.would_count(index, as_person(&delta.after));
                // Where somebody counted before the plan, that person can stay until then.
                let allowed = invited && self.histories[index].start == 0 || watch.allows(side);
                Opened { spot, rule: watch.rule().id.clone(), allowed, invited, text: watch.text(&self.view, side) }
            }));
        }
        effect
    }

    fn count(&self, counts: &mut [Tally], person: &Person, sign: i64) -> Vec<SmolStr> {
        for (watch, tally) in self.watches.iter().zip(counts) {
            add(tally, watch.tally(&self.view, person), sign);
        }
        let broken = |rule: &&&Rule| {
            let breaches = personal(rule, self.organisation, &self.view, person);
            breaches.iter().any(|breach| self.levels.weigh(rule, breach.level) == Some(Severity::Error))
        };
        self.personal.iter().filter(broken).map(|rule| rule.id.clone()).collect()
    }

    fn compare(&self, effect: &mut Effect, person: &Person, before: Vec<SmolStr>, after: Vec<SmolStr>) {
        for rule in &after {
            if !before.contains(rule) {
                effect.opened.push(Opened {
                    spot: Spot::Personal(rule.clone(), person.id.clone()),
                    rule: rule.clone(),
                    allowed: false,
                    invited: false,
                    text: format!("{rule} does not hold for {}", person.id),
                });
            }
        }
        let closed = before.into_iter().filter(|rule| !after.contains(rule));
        effect.closed.extend(closed.map(|rule| Spot::Personal(rule, person.id.clone())));
    }

    fn swap(&mut self, delta: &Delta) -> Option<&'a Group> {
        match self.groups_after.get(delta.key.as_str()) {
            Some(group) => self.view.groups.insert(delta.key.clone(), group),
            None => self.view.groups.remove(&delta.key),
        }
    }

    fn restore(&mut self, delta: &Delta, previous: Option<&'a Group>) {
        match previous {
            Some(group) => self.view.groups.insert(delta.key.clone(), group),
            None => self.view.groups.remove(&delta.key),
        };
    }

    /// Takes a step as number `position` of the plan: the state that the next steps meet. Gives the positions of the
    /// earlier steps without which this one would open a rule: if one of them fails, it must not be tried.
    pub fn take(&mut self, delta: &Delta, effect: &Effect, position: usize) -> Vec<usize> {
        let mut secured = Vec::new();
        for (index, change) in &effect.counts {
            add(&mut self.tallies[*index], *change, 1);
            let (watch, history) = (&self.watches[*index], &mut self.histories[*index]);
            let (least, most) = watch.bounds();
            let now = self.tallies[*index];
            // A gap is nearer with one holder less, or with one more for whose sake a holder is asked for.
            let nearer = change.holders < 0 || change.holders == 0 && change.second > 0;
            if !nearer {
                history.gains.push((position, *change));
                add(&mut history.given, *change, 1);
            }
            if change.holders < 0 {
                history.losses.push(position);
            }
            if nearer && least > 0 && watch.crossed(now) != Some(Side::Gap) {
                // What the count would be if nothing before had been given, and then if the last of it had.
                let mut bare = now;
                add(&mut bare, history.given, -1);
                let mut gains = history.gains.iter().rev();
                while watch.crossed(bare) == Some(Side::Gap)
                    && let Some((gained, gain)) = gains.next()
                {
                    secured.push(*gained);
                    add(&mut bare, *gain, 1);
                }
            }
            // What it would be if nothing had been taken.
            let high = history.start + history.given.holders;
            if change.holders > 0 && high > most && now.holders <= most {
                secured.extend(history.losses.iter().rev().take((high - most) as usize));
            }
        }
        for spot in &effect.closed {
            self.closings.entry(spot.clone()).or_default().push(position);
        }
        if is_group(delta) {
            self.swap(delta);
            return secured;
        }
        let handle = delta.handle.clone().unwrap_or_else(|| format!("+{}/{}", delta.resource, delta.key).into());
        for members in self.members.values_mut() {
            members.remove(&handle);
        }
        if let Some(Object::Person(person)) = &delta.after {
            self.join(&handle, person);
        }
        secured
    }

    /// Whether a step with this effect breaks what may not be broken and was not broken before the plan began.
    pub fn worsens(&self, effect: &Effect) -> bool {
        effect.opened.iter().any(|opened| !opened.allowed && !self.begun.contains(&opened.spot))
    }

    /// Of these people those for whom a rule that a step opened waits: it would hold if they were active.
    pub fn waits_for<'p>(&self, opened: &Opened, people: impl Iterator<Item = &'p Person>) -> Vec<SmolStr> {
        let Spot::Count(index, true) = opened.spot else { return Vec::new() };
        let waited_for = people.filter(|person| self.would_count(index, Some(person)));
        waited_for.map(|person| person.id.clone()).collect()
    }

    /// Whether somebody who has been invited counts once the invitation is accepted.
    fn would_count(&self, index: usize, person: Option<&Person>) -> bool {
        let Some(person) = person.filter(|person| person.status.value == State::Pending) else { return false };
        let mut active = person.clone();
        active.status.value = State::Active;
        self.watches[index].tally(&self.view, &active).holders > 0
    }

    /// What does not hold on the portal before any step: the rule, what that means, and those of `live` for whom it waits.
    pub fn broken(&self, live: &Live) -> impl Iterator<Item = (&'a Rule, String, Vec<SmolStr>)> {
        let counts = self.watches.iter().zip(&self.tallies).enumerate().filter(|(_, (count, _))| count.of_states());
        counts.filter_map(|(index, (count, tally))| {
            let side = count.crossed(*tally)?;
            let people = live.people.iter().map(|entry| &entry.object);
            let invited = people.filter(|person| side == Side::Gap && self.would_count(index, Some(person)));
            Some((count.rule(), count.text(&self.view, side), invited.map(|person| person.id.clone()).collect()))
        })
    }

    /// The position of the step that closed what the step at `position` opened.
    pub fn closing(&self, opened: &Opened, position: usize) -> Option<usize> {
        self.closings.get(&opened.spot)?.iter().copied().find(|closing| *closing > position)
    }
}

/// Whether a change is one to a group.
pub fn is_group(delta: &Delta) -> bool {
    delta.resource == crate::live::Resource::PermissionGroup
}

/// The person that an object is.
pub fn as_person(object: &Option<Object>) -> Option<&Person> {
    match object {
        Some(Object::Person(person)) => Some(person),
        _ => None,
    }
}

fn add(tally: &mut Tally, change: Tally, sign: i64) {
    tally.holders += sign * change.holders;
    tally.second += sign * change.second;
}
