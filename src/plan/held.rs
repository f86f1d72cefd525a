//! Steps that are held back: those that wait for somebody to accept an invitation, since whom that person replaces stays
//! until then; those that may not be taken; and whatever needs them. The others are ordered without them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use smol_str::SmolStr;

use super::Options;
use super::actor::{Acting, Rules};
use super::diff::{Delta, Diff};
use super::guard::quoted;
use super::order::{self, Ordered, Placed};
use super::watch::{Watcher, as_person};
use crate::diagnostic::Diagnostic;
use crate::live::{Live, Resource};
use crate::model::{Organisation, Person};
use crate::platform::State;

/// What is done, and what is held back.
#[derive(Debug)]
pub struct Settled {
    /// The steps in a safe order.
    pub ordered: Ordered,
    /// What else is to be said of them.
    pub warnings: Vec<Diagnostic>,
    /// The steps that are held back.
    pub held: Vec<Held>,
}

/// A step that is held back.
#[derive(Debug)]
pub struct Held {
    /// The step.
    pub delta: Delta,
    /// The rule behind it.
    pub rule: SmolStr,
    /// Why.
    pub message: String,
}

/// Why a step is held back.
struct Reason {
    rule: SmolStr,
    /// Why it is.
    message: String,
    /// Why those are that need it.
    others: String,
}

impl Reason {
    fn new(delta: &Delta, rule: &SmolStr, message: String, state: &str) -> Reason {
        let others = format!("waits for {}, which {state}", delta.words());
        Reason { rule: rule.clone(), message, others }
    }
}

/// Puts the changes in a safe order, without those that are to be held back. What is left is ordered anew each time:
/// no step of the plan relies on one that is not in it.
pub fn settle(organisation: &Organisation, live: &Live, found: &Diff, options: &Options, rules: &Rules<'_>) -> Settled {
    let mut deltas = Cow::Borrowed(found.deltas.as_slice());
    let mut held = Vec::new();
    loop {
        let watch = || Watcher::new(organisation, live, found, &deltas, &options.levels);
        let ordered = order::order(&deltas, watch);
        let mut warnings = Vec::new();
        let mut reasons = waiting(organisation, live, &ordered.placed, &options.allow_open, watch);
        if reasons.is_empty() {
            let acting = Acting::new(organisation, live, found, rules, options.actor.as_deref());
            reasons = refused(organisation, acting, &ordered.placed, &mut warnings);
        }
        if reasons.is_empty() {
            return Settled { ordered, warnings, held };
        }
        let held_now = hold(deltas.to_mut(), ordered.placed, reasons);
        held.extend(held_now);
    }
}

/// The first step that opens a rule which only waits for somebody to accept an invitation, and those that need it; rules
/// of `allowed` may be opened.
fn waiting<'a>(
    organisation: &Organisation,
    live: &Live,
    placed: &[Placed],
    allowed: &[String],
    watch: impl Fn() -> Watcher<'a>,
) -> BTreeMap<usize, Reason> {
    let first = placed.iter().enumerate().find_map(|(at, step)| {
        let opened = step.opens.iter().zip(&step.closed);
        let mut open = opened.filter(|(opened, closed)| {
            opened.lacks_somebody()
                && !opened.allowed
                && closed.is_none()
                && !allowed.iter().any(|rule| *rule == opened.rule)
        });
        open.find_map(|(opened, _)| {
            // Nobody waits for an invitation that waits for them.
            let needing = needing(placed, at);
            let others = placed.iter().enumerate().filter(|(other, _)| !needing.contains(other));
            let others: Vec<&Placed> = others.map(|(_, step)| step).collect();
            let who = watch().waits_for(opened, pending(live, &others));
            let who: Vec<String> = who.iter().map(|id| format!("`{id}`")).collect();
            let who = who.join(" and ");
            let state = format!("waits until {who} has accepted the invitation");
            let source = organisation.platform.rule(&opened.rule).map(quoted).unwrap_or_default();
            let message = format!("{state}: before that, {}{source}; apply again then", opened.text);
            (!who.is_empty()).then(|| (at, Reason::new(&step.delta, &opened.rule, message, &state)))
        })
    });
    let Some((first, reason)) = first else { return BTreeMap::new() };
    let mut reason = Some(reason);
    reasons(placed, |at, _| if at == first { reason.take() } else { None })
}

/// The steps that may not be taken, and those that need them: the platform has no way, or the acting person may not.
fn refused<'a>(
    organisation: &Organisation,
    mut acting: Acting<'a>,
    placed: &'a [Placed],
    warnings: &mut Vec<Diagnostic>,
) -> BTreeMap<usize, Reason> {
    let platform = &organisation.platform;
    reasons(placed, |at, free| {
        let delta = &placed[at].delta;
        let (from, verb) = (super::state(delta.before.as_ref()), delta.action.verb());
        let verdict = acting.judge(delta);
        let refused = if delta.resource == Resource::User && platform.transition(verb, from).is_none() {
            let message = format!("{} knows no way to {verb} a user who is {from}", platform.name);
            Some(("plan/lifecycle".into(), message))
        } else {
            verdict.refused
        };
        if refused.is_none() && free {
            acting.take(delta);
            warnings.extend(verdict.warnings);
        }
        refused.map(|(rule, message)| Reason::new(delta, &rule, message, "may not be taken"))
    })
}

/// Asks of every step in order why it is to be held back, telling whether all that it needs is done; what needs a step
/// that is held back is so too.
fn reasons(placed: &[Placed], mut why: impl FnMut(usize, bool) -> Option<Reason>) -> BTreeMap<usize, Reason> {
    let mut reasons: BTreeMap<usize, Reason> = BTreeMap::new();
    for (at, step) in placed.iter().enumerate() {
        let needed = step.after.iter().find_map(|before| reasons.get(before));
        let needed = needed.map(|Reason { rule, others, .. }| (rule.clone(), others.clone()));
        let own = why(at, needed.is_none());
        let reason = own.or(needed.map(|(rule, others)| Reason { rule, message: others.clone(), others }));
        reasons.extend(reason.map(|reason| (at, reason)));
    }
    reasons
}

/// Takes steps out of the changes.
fn hold(deltas: &mut Vec<Delta>, placed: Vec<Placed>, mut reasons: BTreeMap<usize, Reason>) -> Vec<Held> {
    let steps = placed.into_iter().enumerate();
    let held = steps.filter_map(|(at, Placed { delta, .. })| Some((delta, reasons.remove(&at)?)));
    let held: Vec<Held> = held.map(|(delta, Reason { rule, message, .. })| Held { delta, rule, message }).collect();
    let object = |delta: &Delta| (delta.resource, delta.handle.clone(), delta.key.clone());
    let mut of: HashMap<(Resource, Option<SmolStr>, SmolStr), Vec<usize>> = HashMap::new();
    for (index, delta) in deltas.iter().enumerate() {
        of.entry(object(delta)).or_default().push(index);
    }
    let mut gone = HashSet::new();
    for Held { delta, .. } in held.iter().rev() {
        let same = of.get(&object(delta)).into_iter().flatten().find(|index| deltas[**index].after == delta.after);
        let Some(index) = same.copied() else { continue };
        if deltas[index].before == delta.before {
            gone.insert(index);
        } else {
            // The second half of a step in two: the first one stays, unless it goes next.
            deltas[index].after = delta.before.clone();
        }
    }
    let mut index = 0..;
    deltas.retain(|_| index.next().is_none_or(|index| !gone.contains(&index)));
    held
}

/// A step and those that need it.
fn needing(placed: &[Placed], first: usize) -> BTreeSet<usize> {
    let mut needing = BTreeSet::from([first]);
    for (at, step) in placed.iter().enumerate().skip(first) {
        if step.after.iter().any(|before| needing.contains(before)) {
            needing.insert(at);
        }
    }
    needing
}

/// Those who have been invited once steps are done.
fn pending<'p>(live: &'p Live, steps: &[&'p Placed]) -> impl Iterator<Item = &'p Person> {
    let deltas = steps.iter().map(|step| &step.delta);
    let touched: HashMap<&str, Option<&Person>> =
        deltas.clone().filter_map(|delta| Some((delta.handle.as_deref()?, as_person(&delta.after)))).collect();
    let created: Vec<&Person> =
        deltas.filter(|delta| delta.handle.is_none()).filter_map(|delta| as_person(&delta.after)).collect();
    let there = live.people.iter().filter_map(move |entry| match touched.get(entry.handle.as_str()) {
        Some(after) => *after,
        None => Some(&entry.object),
    });
    there.chain(created).filter(|person| person.status.value == State::Pending)
}
