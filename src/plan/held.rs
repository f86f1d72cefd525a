//! Steps that wait for people: who has only been invited cannot act yet, so whoever that person replaces stays until then.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::diff::{Delta, Diff};
use super::order::{self, Ordered, Placed};
use super::watch::{Opened, Watcher, as_person};
use crate::live::Live;
use crate::model::{Organisation, Person};
use crate::platform::State;
use crate::rules::Levels;

/// A step that is held back.
#[derive(Debug)]
pub struct Held {
    /// The step.
    pub delta: Delta,
    /// The rule that it would open.
    pub rule: SmolStr,
    /// For whom it waits, and why.
    pub message: String,
}

/// Puts the changes in a safe order, without those that would open a rule which only waits for somebody to accept an
/// invitation; rules of `allowed` may be opened.
pub fn order(
    organisation: &Organisation,
    live: &Live,
    found: &Diff,
    levels: &Levels,
    allowed: &[String],
) -> (Ordered, Vec<Held>) {
    let mut deltas = Cow::Borrowed(found.deltas.as_slice());
    let mut held = Vec::new();
    loop {
        let watch = || Watcher::new(organisation, live, &found.renamed_groups, &deltas, levels);
        let ordered = order::order(&deltas, watch);
        let opening = |placed: &&Placed| placed.opens.iter().zip(&placed.closed).any(|(opened, _)| !opened.allowed);
        let waiting =
            ordered.placed.iter().enumerate().filter(|(_, placed)| opening(placed)).find_map(|(at, placed)| {
                let unclosed = placed.opens.iter().zip(&placed.closed).filter(|(_, closed)| closed.is_none());
                let mut open =
                    unclosed.map(|(opened, _)| opened).filter(|opened| !allowed.contains(&opened.rule.to_string()));
                open.find_map(|opened| {
                    let who = watch().waits_for(opened, pending(live, &ordered.placed));
                    (!who.is_empty()).then(|| (at, opened.clone(), who))
                })
            });
        let Some((at, opened, who)) = waiting else { return (ordered, held) };
        held.append(&mut hold(deltas.to_mut(), &ordered.placed, at, &opened, &who));
    }
}

/// Takes a step, and those that need it, out of the changes.
fn hold(deltas: &mut Vec<Delta>, placed: &[Placed], at: usize, opened: &Opened, who: &[SmolStr]) -> Vec<Held> {
    let mut positions = HashSet::from([at]);
    for (later, placed) in placed.iter().enumerate().skip(at) {
        if placed.after.iter().any(|before| positions.contains(before)) {
            positions.insert(later);
        }
    }
    let who = who.join(" and ");
    let first = &placed[at].delta;
    let mut held = Vec::new();
    for (position, Placed { delta, .. }) in placed.iter().enumerate().filter(|(at, _)| positions.contains(at)) {
        let message = if position == at {
            format!("waits until {who} has accepted the invitation: before that, {}; apply again then", opened.text)
        } else {
            format!(
                "waits for {} {} {}, which waits until {who} has accepted the invitation",
                first.action.as_str(),
                first.resource,
                first.key
            )
        };
        held.push(Held { delta: delta.clone(), rule: opened.rule.clone(), message });
        let same =
            |other: &Delta| other.handle == delta.handle && other.key == delta.key && other.resource == delta.resource;
        if let Some(index) =
            deltas.iter().position(|other| same(other) && other.before == delta.before && other.after == delta.after)
        {
            deltas.remove(index);
        } else if let Some(whole) = deltas.iter_mut().find(|other| same(other) && other.after == delta.after) {
            // The second half of a step in two: the first one stays.
            whole.after = delta.before.clone();
        }
    }
    held
}

/// Those who have been invited once the steps are done.
fn pending<'p>(live: &'p Live, placed: &'p [Placed]) -> impl Iterator<Item = &'p Person> {
    let touched: HashMap<&str, Option<&Person>> = placed
        .iter()
        .filter_map(|placed| Some((placed.delta.handle.as_deref()?, as_person(&placed.delta.after))))
        .collect();
    let created = placed.iter().filter(|placed| placed.delta.handle.is_none());
    let created = created.filter_map(|placed| as_person(&placed.delta.after));
    let there = live.people.iter().filter_map(move |entry| match touched.get(entry.handle.as_str()) {
        Some(after) => *after,
        None => Some(&entry.object),
    });
    there.chain(created).filter(|person| person.status.value == State::Pending)
}
