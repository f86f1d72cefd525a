//! A safe order: make before break, so that no step opens an error-level rule that another order would keep.
//!
//! Steps that must wait for another are held back; among the others those that open nothing go first, gains before
//! losses. Where every step left opens something, one that crosses a side which its rule allows is taken; failing that
//! a step is split into what it gives and what it takes; only then a rule is opened, and the plan says so.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use smol_str::SmolStr;

use super::diff::Delta;
use super::document::Action;
use super::merge::same;
use super::watch::{Effect, Opened, Watcher, as_person, is_group};
use crate::live::Object;
use crate::model::{Person, Value};
use crate::platform::Section;

/// A change in its place.
#[derive(Debug)]
pub struct Placed {
    /// The change.
    pub delta: Delta,
    /// Positions of the changes that must be done before.
    pub after: Vec<usize>,
    /// What it opens.
    pub opens: Vec<Opened>,
    /// The position of the later change that closes each of `opens`; none where it stays open.
    pub closed: Vec<Option<usize>>,
}

/// Changes in a safe order, and those that no order can carry out.
#[derive(Debug, Default)]
pub struct Ordered {
    /// The changes in order.
    pub placed: Vec<Placed>,
    /// Changes that wait for each other in a circle.
    pub circular: Vec<Delta>,
}

/// A change with what it waits for, by position in the list.
struct Node<'a> {
    delta: Cow<'a, Delta>,
    waits: Vec<usize>,
    /// What it would rather follow: where that comes first and fails, it is not tried.
    follows: Vec<usize>,
    phase: u8,
}

/// How often an order is looked for before one that opens a rule is taken.
const ATTEMPTS: usize = 12;

/// Where the usual phases begin: behind those of changes that are tried before all others.
const LATER: u8 = ATTEMPTS as u8;

/// Finds a safe order. `watch` watches the organisation from its live state on.
pub fn order<'a>(deltas: &[Delta], watch: impl Fn() -> Watcher<'a>) -> Ordered {
    if deltas.is_empty() {
        return Ordered::default();
    }
    let (best, wrong) = search(deltas, &watch);
    if wrong == 0 {
        return best;
    }
    // What somebody is to have may be needed before the address that comes with it is free.
    let apart: Vec<Delta> = dependencies(deltas)
        .into_iter()
        .zip(deltas)
        .flat_map(|((waits, _), delta)| match before_address(delta).filter(|_| !waits.is_empty()) {
            Some((first, second)) => vec![first, second],
            None => vec![delta.clone()],
        })
        .collect();
    let (other, fewer) = if apart.len() > deltas.len() { search(&apart, &watch) } else { (Ordered::default(), wrong) };
    if fewer < wrong { other } else { best }
}

/// The best order found, and how many steps open what they may not. Taking what is safe at once may use up what another
/// step needs: where a step opens a rule, it is tried again with that step, or the one that mends it, before all others.
fn search<'a>(deltas: &[Delta], watch: &impl Fn() -> Watcher<'a>) -> (Ordered, usize) {
    let mut early: Vec<usize> = Vec::new();
    let (mut best, mut wrong, mut hints) = attempt(deltas, &mut watch(), &early);
    for _ in 1..ATTEMPTS {
        let next = hints.iter().find(|index| !early.contains(index)).or(hints.first());
        let Some(next) = next.filter(|_| wrong > 0).copied() else { break };
        early.retain(|index| *index != next);
        early.push(next);
        let (ordered, fewer, others) = attempt(deltas, &mut watch(), &early);
        if fewer < wrong {
            (best, wrong) = (ordered, fewer);
        }
        hints = others;
    }
    (best, wrong)
}

/// One way through the changes, those of `early` before others and the last of them first. Also tells how many of them
/// open what they may not, and which these are and which mend it.
fn attempt(deltas: &[Delta], watcher: &mut Watcher<'_>, early: &[usize]) -> (Ordered, usize, Vec<usize>) {
    let mut nodes: Vec<Node<'_>> = deltas
        .iter()
        .zip(dependencies(deltas))
        .map(|(delta, (waits, follows))| Node {
            delta: Cow::Borrowed(delta),
            waits,
            follows,
            phase: LATER + phase(delta),
        })
        .collect();
    for (rank, index) in early.iter().rev().enumerate() {
        nodes[*index].phase = rank as u8;
    }
    let mut missing: Vec<usize> = nodes.iter().map(|node| node.waits.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        node.waits.iter().for_each(|before| followers[*before].push(index));
    }
    let mut ready: BTreeSet<(u8, usize)> =
        (0..nodes.len()).filter(|index| missing[*index] == 0).map(|index| (nodes[index].phase, index)).collect();
    let mut deferred: Vec<usize> = Vec::new();
    let mut position: HashMap<usize, usize> = HashMap::new();
    let mut taken: Vec<(usize, Effect, Vec<usize>)> = Vec::with_capacity(nodes.len());
    loop {
        let chosen = match ready.pop_first() {
            Some((_, index)) => {
                let effect = watcher.effect(&nodes[index].delta);
                if !effect.opened.is_empty() {
                    deferred.push(index);
                    continue;
                }
                (index, effect)
            }
            None if deferred.is_empty() => break,
            None => {
                let mut effects: Vec<(usize, Effect)> =
                    deferred.drain(..).map(|index| (index, watcher.effect(&nodes[index].delta))).collect();
                let open = |(_, effect): &(usize, Effect)| effect.opened.len();
                let best = match effects.iter().position(|(_, effect)| effect.allowed()) {
                    Some(best) => Some(best),
                    // The last step has nothing to wait for between its halves.
                    None => match split_one(&nodes, &effects, watcher).filter(|_| taken.len() + 1 < nodes.len()) {
                        Some((at, gain, loss)) => {
                            let index = effects[at].0;
                            let waits = std::mem::take(&mut nodes[index].waits);
                            // The gain takes over the step's place and frees what waited for its address or id; the
                            // loss follows it and frees the groups that it leaves, and what else becomes of the same object.
                            let gain_index = nodes.len();
                            let effect = watcher.effect(&gain);
                            nodes.push(Node { delta: Cow::Owned(gain), waits, follows: Vec::new(), phase: LATER + 1 });
                            let (delta, waits) = (Cow::Owned(loss), vec![gain_index]);
                            nodes[index] = Node { delta, waits, follows: Vec::new(), phase: LATER + 3 };
                            missing.push(0);
                            missing[index] = 1;
                            let (left, mut freed): (Vec<usize>, Vec<usize>) =
                                std::mem::take(&mut followers[index]).into_iter().partition(|follower| {
                                    let (follower, own) = (&nodes[*follower].delta, &nodes[index].delta);
                                    is_group(follower) || follower.handle.is_some() && follower.handle == own.handle
                                });
                            for follower in &freed {
                                let waits = nodes[*follower].waits.iter_mut();
                                waits.filter(|at| **at == index).for_each(|at| *at = gain_index);
                            }
                            freed.push(index);
                            followers[index] = left;
                            followers.push(freed);
                            effects.remove(at);
                            effects.push((gain_index, effect));
                            Some(effects.len() - 1)
                        }
                        None => effects.iter().enumerate().min_by_key(|(_, entry)| open(entry)).map(|(at, _)| at),
                    },
                };
                let Some(best) = best else { break };
                let chosen = effects.swap_remove(best);
                ready.extend(effects.into_iter().map(|(index, _)| (nodes[index].phase, index)));
                chosen
            }
        };
        let (index, effect) = chosen;
        let secured = watcher.take(&nodes[index].delta, &effect, taken.len());
        position.insert(index, taken.len());
        if effect.touches() {
            ready.extend(deferred.drain(..).map(|index| (nodes[index].phase, index)));
        }
        for follower in &followers[index] {
            missing[*follower] -= 1;
            if missing[*follower] == 0 {
                ready.insert((nodes[*follower].phase, *follower));
            }
        }
        taken.push((index, effect, secured));
    }
    let whole = |at: usize| Some(taken[at].0).filter(|index| *index < deltas.len());
    let (mut wrong, mut hints) = (0, Vec::new());
    for (at, (_, effect, _)) in taken.iter().enumerate().filter(|(_, (_, effect, _))| watcher.worsens(effect)) {
        wrong += 1;
        hints.extend(whole(at));
        hints.extend(effect.opened.iter().filter_map(|opened| whole(watcher.closing(opened, at)?)));
    }
    let placed = taken.into_iter().enumerate().map(|(at, (index, effect, secured))| Placed {
        delta: nodes[index].delta.clone().into_owned(),
        after: {
            let waits = nodes[index].waits.iter().chain(&nodes[index].follows);
            let waits = waits.filter_map(|before| position.get(before).copied()).filter(|before| *before < at);
            waits.chain(secured).collect::<BTreeSet<usize>>().into_iter().collect()
        },
        closed: effect.opened.iter().map(|opened| watcher.closing(opened, at)).collect(),
        opens: effect.opened,
    });
    let placed = placed.collect();
    let circular = (0..nodes.len()).filter(|index| !position.contains_key(index));
    let circular = circular.map(|index| nodes[index].delta.clone().into_owned()).collect();
    (Ordered { placed, circular }, wrong, hints)
}

/// The first step whose gains alone open nothing that is not allowed, as its two halves.
fn split_one(
    nodes: &[Node<'_>],
    effects: &[(usize, Effect)],
    watcher: &mut Watcher<'_>,
) -> Option<(usize, Delta, Delta)> {
    effects.iter().enumerate().find_map(|(at, (index, _))| {
        let (gain, loss) = split(&nodes[*index].delta)?;
        watcher.effect(&gain).allowed().then_some((at, gain, loss))
    })
}

/// A step as two: first everything that it gives, then everything that it takes.
fn split(delta: &Delta) -> Option<(Delta, Delta)> {
    let (before, after) = update(delta)?;
    let reason = "so that nothing is taken before its replacement is there";
    halves(delta, both(before, after), reason, "what is taken")
}

/// A step as two: first what it gives, at the address that the person has, then everything else.
fn before_address(delta: &Delta) -> Option<(Delta, Delta)> {
    let (before, after) = update(delta).filter(|_| delta.managed)?;
    if before.email == after.email || before.id != after.id || before.section != after.section || !gives(before, after)
    {
        return None;
    }
    let between = Person { email: before.email.clone(), ..both(before, after) };
    halves(delta, between, "because the new address is not free before", "the address, and what is taken")
}

/// The person before and after an update.
fn update(delta: &Delta) -> Option<(&Person, &Person)> {
    Some((as_person(&delta.before)?, as_person(&delta.after)?)).filter(|_| delta.action == Action::Update)
}

/// The person after an update with all that was held before it.
fn both(before: &Person, after: &Person) -> Person {
    let mut between = after.clone();
    // What becomes a list, or a contact, cannot keep everything that it had: no portal would take it so.
    for held in before.roles.iter().filter(|_| before.entry_type == after.entry_type) {
        if !between.holds(held.role) {
            between.roles.push(*held);
        }
    }
    for group in before.groups.iter().filter(|_| after.section == Section::Users) {
        if !between.groups.contains(group) {
            between.groups.push(group.clone());
        }
    }
    for (attribute, value) in &mut between.attributes {
        match (&mut value.value, before.attribute(*attribute).map(|value| &value.value)) {
            (Value::Boolean(now), Some(Value::Boolean(true))) => *now = true,
            (Value::List(words), Some(Value::List(earlier))) => {
                for word in earlier {
                    if !words.contains(word) {
                        words.push(word.clone());
                    }
                }
            }
            _ => {}
        }
    }
    between
}

/// The two halves of an update, unless one of them would do nothing.
fn halves(delta: &Delta, between: Person, reason: &str, rest: &str) -> Option<(Delta, Delta)> {
    let (before, after) = update(delta)?;
    if same(&between, before) || same(&between, after) {
        return None;
    }
    let note = |what: &str| vec![format!("in two steps, {reason}: {what}")];
    let middle = Object::Person(Box::new(between));
    let mut gain = Delta { after: Some(middle.clone()), ..delta.clone() };
    gain.notes.extend(note("what is given"));
    let loss = Delta { before: Some(middle), managed: true, notes: note(rest), ..delta.clone() };
    Some((gain, loss))
}

fn phase(delta: &Delta) -> u8 {
    match (&delta.before, &delta.after) {
        (None, Some(Object::Group(_))) => 0,
        (Some(Object::Group(before)), Some(Object::Group(after))) => {
            let kept = before.applications.iter().all(|(application, level, _)| {
                after.applications.iter().any(|(other, at, _)| other == application && at >= level)
            });
            if kept { 0 } else { 5 }
        }
        (Some(Object::Group(_)), None) => 6,
        (None, _) => 1,
        (Some(Object::Person(before)), Some(Object::Person(after))) => {
            match (gives(before, after), gives(after, before)) {
                _ if before.active() && !after.active() => 4,
                (true, false) => 1,
                (false, true) => 3,
                _ => 2,
            }
        }
        (Some(_), _) => 4,
    }
}

/// Whether `after` has a role or group that `before` lacks.
fn gives(before: &Person, after: &Person) -> bool {
    after.roles.iter().any(|held| !before.holds(held.role))
        || after.groups.iter().any(|group| !before.groups.contains(group))
}

/// What each change must wait for: groups before their members, memberships dropped before a group goes, addresses and
/// ids freed before somebody else takes them.
fn dependencies(deltas: &[Delta]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut groups: HashMap<&SmolStr, usize> = HashMap::new();
    let mut freed_address: HashMap<String, usize> = HashMap::new();
    let mut freed_id: HashMap<(Section, &str), usize> = HashMap::new();
    let address = |person: &Person| person.email.as_ref().map(|email| email.value.to_ascii_lowercase());
    for (index, delta) in deltas.iter().enumerate() {
        if is_group(delta) {
            groups.insert(&delta.key, index);
        }
        if let Some(before) = as_person(&delta.before) {
            let after = as_person(&delta.after).and_then(address);
            if let Some(old) = address(before).filter(|old| after.as_ref() != Some(old)) {
                freed_address.insert(old, index);
            }
        }
        if let Some(place) =
            place(&delta.before).filter(|place| delta.managed && Some(*place) != self::place(&delta.after))
        {
            freed_id.insert(place, index);
        }
    }
    let mut waits: Vec<Vec<usize>> = vec![Vec::new(); deltas.len()];
    // Several changes to one object follow each other as they are listed.
    let mut earlier: HashMap<&SmolStr, usize> = HashMap::new();
    for (index, delta) in deltas.iter().enumerate() {
        let mut wait = |other: Option<&usize>| {
            if let Some(other) = other.filter(|other| **other != index)
                && !waits[index].contains(other)
            {
                waits[index].push(*other);
            }
        };
        let same = delta.handle.as_ref().and_then(|handle| earlier.insert(handle, index));
        wait(same.as_ref());
        if let Some(place) = place(&delta.after).filter(|place| Some(*place) != self::place(&delta.before)) {
            wait(freed_id.get(&place));
        }
        let own = as_person(&delta.before).and_then(address);
        if let Some(address) = as_person(&delta.after).and_then(address).filter(|new| own.as_ref() != Some(new)) {
            wait(freed_address.get(&address));
        }
        let groups_named =
            [&delta.before, &delta.after].into_iter().filter_map(as_person).flat_map(|person| &person.groups);
        for group in groups_named {
            let there = groups.get(&group.value).filter(|at| {
                let group = &deltas[**at];
                group.after.is_some() && id(&group.before) != id(&group.after)
            });
            wait(there);
        }
    }
    let mut follows: Vec<Vec<usize>> = vec![Vec::new(); deltas.len()];
    for (index, delta) in deltas.iter().enumerate().filter(|(_, delta)| !is_group(delta)) {
        for group in as_person(&delta.before).iter().flat_map(|person| &person.groups) {
            // A group that goes waits until it is empty; one that gives less follows those whom it gave that, if it can.
            let shrinking = |at: &&usize| {
                phase(&deltas[**at]) >= 5 && deltas[**at].before.as_ref().map(Object::id) == Some(&deltas[**at].key)
            };
            if let Some(at) = groups.get(&group.value).filter(shrinking) {
                let list = if deltas[*at].after.is_none() { &mut waits } else { &mut follows };
                list[*at].push(index);
            }
        }
    }
    waits.into_iter().zip(follows).collect()
}

fn id(object: &Option<Object>) -> Option<&str> {
    object.as_ref().map(Object::id)
}

/// The section and the id, which no two objects share.
fn place(object: &Option<Object>) -> Option<(Section, &str)> {
    object.as_ref().map(|object| (object.section(), object.id()))
}
