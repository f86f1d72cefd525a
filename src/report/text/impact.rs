//! What a plan means for people, in sentences.

use indexmap::IndexMap;

use super::ink::{Ink, Page, Para};
use super::steps::grouped;
use super::values::{names, without};
use super::{FOLD_LINES, Style};
use crate::plan::document::{
    AccessChange, BlackHoleChange, GainOrLoss, Impact, NotificationChange, OpenOrClosed, WithoutRole,
};

/// The most names in a sentence, unless everything is asked for.
const MOST_NAMES: usize = 8;

/// A sentence, and whether it is bad news that is never folded.
struct Sentence {
    parts: Vec<(Ink, String)>,
    bad: bool,
}

/// Who gains and loses what, and whom events reach.
pub(super) fn impact(impact: &Impact, several: bool, style: &Style, page: &mut Page<'_>) {
    let most = if style.verbose > 0 { usize::MAX } else { MOST_NAMES };
    let mut all: IndexMap<&str, Vec<Sentence>> = IndexMap::new();
    for (organisation, changes) in grouped(&impact.access, |change| &change.organisation) {
        all.entry(organisation).or_default().extend(access(&changes, most));
    }
    for (organisation, changes) in grouped(&impact.notifications, |change| &change.organisation) {
        let sentences = changes.into_iter().map(|change| notification(change, most));
        all.entry(organisation).or_default().extend(sentences);
    }
    for (organisation, changes) in grouped(&impact.black_holes, |change| &change.organisation) {
        all.entry(organisation).or_default().extend(changes.into_iter().map(|change| black_hole(change, most)));
    }
    for (organisation, people) in grouped(&impact.without_role, |person| &person.organisation) {
        let sentence = |person: &WithoutRole| Sentence {
            parts: vec![
                (Ink::Bold, person.person.clone()),
                (Ink::Plain, format!(" is left without any role (before: {})", names(&person.roles, most))),
            ],
            bad: false,
        };
        all.entry(organisation).or_default().extend(people.into_iter().map(sentence));
    }
    let total = all.values().map(Vec::len).sum();
    let mut budget = if style.quiet { 0 } else { style.budget(total, FOLD_LINES, FOLD_LINES) };
    let mut folded = 0;
    let mut begun = false;
    let indent = if several { 4 } else { 2 };
    for (organisation, sentences) in all {
        let mut named = !several;
        for sentence in sentences {
            if !sentence.bad && budget == 0 {
                folded += 1;
                continue;
            }
            budget -= usize::from(!sentence.bad);
            if !begun {
                page.heading(0, Ink::Bold, "what this means");
            }
            if !named {
                page.add(Para::new(2, 4).with(Ink::Bold, organisation));
            }
            (begun, named) = (true, true);
            let mut line = Para::new(indent, indent + 2);
            sentence.parts.iter().for_each(|(ink, text)| line.push(*ink, text));
            page.add(line);
        }
    }
    if folded > 0 && !style.quiet {
        page.add(Para::new(2, 4).with(Ink::Dim, &format!("… and {folded} more (-v shows all)")));
    }
}

fn black_hole(change: &BlackHoleChange, most: usize) -> Sentence {
    let event = (Ink::Bold, format!("{} ", change.event));
    let who = names(&change.assigned, most);
    match change.change {
        OpenOrClosed::Opened => {
            let rest = format!(": assigned to {who} only, who cannot read it (pending or deactivated)");
            Sentence { parts: vec![event, (Ink::Bad, "may be lost".to_owned()), (Ink::Plain, rest)], bad: true }
        }
        OpenOrClosed::Closed => {
            let rest = format!("is no longer lost: before, it was assigned to {who} only, who could not read it");
            Sentence { parts: vec![event, (Ink::Plain, rest)], bad: false }
        }
    }
}

fn access(changes: &[&AccessChange], most: usize) -> Vec<Sentence> {
    let mut people: IndexMap<&str, [Vec<&str>; 2]> = IndexMap::new();
    for change in changes {
        let [gained, lost] = people.entry(&change.person).or_default();
        let list = if change.change == GainOrLoss::Gained { gained } else { lost };
        list.push(&change.permission);
    }
    let sentence = |(person, [gained, lost]): (&str, [Vec<&str>; 2])| {
        let mut parts = vec![(Ink::Bold, person.to_owned())];
        for (verb, ink, list) in [("gains", Ink::Add, &gained), ("loses", Ink::Remove, &lost)] {
            if !list.is_empty() {
                parts.push((Ink::Plain, if parts.len() > 1 { " and ".to_owned() } else { " ".to_owned() }));
                parts.push((ink, format!("{verb} {}", names(list, most))));
            }
        }
        Sentence { parts, bad: false }
    };
    people.into_iter().map(sentence).collect()
}

fn notification(change: &NotificationChange, most: usize) -> Sentence {
    let (before, after) = (&change.before, &change.after);
    let (gained, lost) = (without(after, before), without(before, after));
    let event = (Ink::Bold, format!("{} ", change.event));
    let says = |ink, text: String| (ink, text);
    let rest = match (before.is_empty(), after.is_empty(), gained.is_empty(), lost.is_empty()) {
        (_, true, ..) => {
            let reached =
                if before.is_empty() { "as before".to_owned() } else { format!("before: {}", names(before, most)) };
            let parts =
                vec![event, says(Ink::Bad, "now reaches nobody".to_owned()), says(Ink::Plain, format!(" ({reached})"))];
            return Sentence { parts, bad: true };
        }
        (true, ..) => format!("will reach {}; it reached nobody before", names(after, most)),
        (_, _, false, false) if gained.len() == after.len() => {
            format!("will reach {} instead of {}", names(after, most), names(before, most))
        }
        (_, _, false, false) => {
            format!("will also reach {}, and no longer {}", names(&gained, most), names(&lost, most))
        }
        (_, _, false, true) => format!("will reach {} besides {}", names(&gained, most), names(before, most)),
        (_, _, true, false) => format!("will no longer reach {}, only {}", names(&lost, most), names(after, most)),
        (_, _, true, true) => format!("will reach the same people in another order: {}", names(after, most)),
    };
    Sentence { parts: vec![event, says(Ink::Plain, rest)], bad: false }
}
