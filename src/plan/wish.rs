//! What becomes of a wish: the way from the state that a user is in to the one wanted, through the platform's life cycle.

use std::collections::VecDeque;

use super::Options;
use super::diff::{Diff, Refused};
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::workspace::Removal;
use crate::model::Organisation;
use crate::platform::{Check, Platform, Rule, State, Verb, Wish};

/// The shortest way from a state to one that fulfils the wish; nothing where there is none. Who only has to accept an
/// invitation is active as far as anybody but that person can make it so.
pub fn way(platform: &Platform, from: State, wanted: State) -> Option<Vec<Verb>> {
    let accepts = |state: State| wanted == State::Active && platform.transition(Verb::Accept, state).is_some();
    let reached = |state: State| state == wanted || accepts(state);
    let mut seen = vec![from];
    let mut ways = VecDeque::from([(from, Vec::new())]);
    while let Some((state, verbs)) = ways.pop_front() {
        if reached(state) {
            return Some(verbs);
        }
        let nobodys = [Verb::Accept, Verb::Update];
        for next in platform.transitions.iter().filter(|next| next.from == state && !nobodys.contains(&next.action)) {
            if !seen.contains(&next.to) {
                seen.push(next.to);
                ways.push_back((next.to, [verbs.as_slice(), &[next.action]].concat()));
            }
        }
    }
    None
}

/// The way of somebody who leaves: without access where that is enough and the platform knows it, else out.
pub fn way_out(platform: &Platform, from: State, removal: Removal) -> Option<Vec<Verb>> {
    let kept = (removal == Removal::Deactivate).then(|| way(platform, from, State::Deactivated)).flatten();
    kept.or_else(|| way(platform, from, State::Absent))
}

/// The state to which a verb leads from another; the same where the platform does not say.
pub fn after(platform: &Platform, verb: Verb, from: State) -> State {
    platform.transition(verb, from).map_or(from, |way| way.to)
}

/// The rule that speaks of a wish in a state.
pub fn rule(platform: &Platform, wanted: State, from: State) -> Option<(&Rule, &Wish)> {
    platform.rules.iter().find_map(|rule| match &rule.check {
        Check::Wish(wish) if wish.wanted == wanted && wish.from == from => Some((rule, wish)),
        _ => None,
    })
}

/// Findings about wishes that cannot be fulfilled, and about people who left the roster and are still to be seen.
pub fn findings(organisation: &Organisation, diff: &Diff, options: &Options) -> Vec<Diagnostic> {
    let platform = &organisation.platform;
    let refused = diff.refused.iter().map(|Refused { key, place, wanted, from }| {
        let known = rule(platform, *wanted, *from);
        let id = known.map_or("plan/lifecycle", |(rule, _)| rule.id.as_str());
        let generic = || format!("`{key}` is {from} on {}, from where no way leads to {wanted}", platform.name);
        let (message, help) = words(known, key, generic);
        let finding = Diagnostic::error(id.to_owned(), message).at(place.clone()).subject(key.clone());
        finding.help(help.unwrap_or_else(|| "write the state that the portal can reach".to_owned()))
    });
    let known = rule(platform, State::Absent, State::Deactivated);
    let severity = known.and_then(|(rule, _)| options.levels.weigh(rule, Some(Severity::Warning)));
    let retained = diff.retained.iter().filter_map(|key| {
        let (message, help) = words(known, key, || format!("`{key}` left the roster and is still deactivated"));
        let finding = Diagnostic::new(known?.0.id.clone(), severity?, message).subject(key.clone());
        Some(finding.help(help.unwrap_or_else(|| "set `removal: delete` to delete who left".to_owned())))
    });
    refused.chain(retained).collect()
}

fn words(known: Option<(&Rule, &Wish)>, key: &str, generic: impl Fn() -> String) -> (String, Option<String>) {
    let filled = |text: &str| text.replace("{subject}", &format!("`{key}`"));
    let said = known.map(|(_, wish)| filled(&wish.say)).filter(|said| !said.is_empty());
    let mut message = said.unwrap_or_else(generic);
    if let Some((rule, _)) = known.filter(|(rule, _)| !rule.source.is_empty() && !message.contains('"')) {
        message.push_str(&format!(": \"{}\"", rule.source));
    }
    (message, known.map(|(_, wish)| filled(&wish.help)).filter(|help| !help.is_empty()))
}
