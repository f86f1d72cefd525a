//! What a plan means for people, in sentences.

use indexmap::IndexMap;

use super::steps::grouped;
use super::values::without;
use super::{Ink, Piece, listed, text};
use crate::plan::document::{
    AccessChange, BlackHoleChange, GainOrLoss, Impact, NotificationChange, OpenOrClosed, WithoutRole,
};

/// The most names in a sentence, unless everything is asked for.
pub const MOST_NAMES: usize = 8;

/// What a sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Who may do what.
    Access,
    /// Whom events reach.
    Notifications,
    /// Who holds which role.
    Roles,
}

/// A sentence about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What it is about.
    pub topic: Topic,
    /// Its words.
    pub pieces: Vec<Piece>,
    /// Whether it is bad news that is never folded.
    pub bad: bool,
    /// The ids of those for whom something changes.
    pub moved: Vec<String>,
    /// The ids of everybody who is concerned.
    pub people: Vec<String>,
}

/// The sentences, by organisation: access first, then events, then roles.
pub fn sentences(impact: &Impact, most: usize) -> IndexMap<&str, Vec<Sentence>> {
    let mut all: IndexMap<&str, Vec<Sentence>> = IndexMap::new();
    for (organisation, changes) in grouped(&impact.access, |change| &change.organisation) {
        all.entry(organisation).or_default().extend(access(&changes, most));
    }
    for (organisation, changes) in grouped(&impact.notifications, |change| &change.organisation) {
        all.entry(organisation).or_default().extend(changes.into_iter().map(|change| notification(change, most)));
    }
    for (organisation, changes) in grouped(&impact.black_holes, |change| &change.organisation) {
        all.entry(organisation).or_default().extend(changes.into_iter().map(|change| black_hole(change, most)));
    }
    for (organisation, people) in grouped(&impact.without_role, |person| &person.organisation) {
        all.entry(organisation).or_default().extend(people.into_iter().map(|person| without_role(person, most)));
    }
    all
}

/// What sentences have in common that are told as one; the number keeps apart those that are not.
type Same = (Topic, Vec<Piece>, usize);

/// Sentences in which events with the same readers are told together: `offer and renewal will reach hugo`.
pub fn merged(sentences: Vec<Sentence>, most: usize) -> Vec<Sentence> {
    let mut groups: IndexMap<Same, (Vec<String>, Sentence)> = IndexMap::new();
    for (place, sentence) in sentences.into_iter().enumerate() {
        let rest: Vec<Piece> = sentence.pieces.iter().skip(1).cloned().collect();
        // Only what reads the same of one event and of many.
        let many = sentence.topic == Topic::Notifications && text(&rest).starts_with(" will ");
        let subject = sentence.pieces.first().map(|piece| piece.text.clone()).unwrap_or_default();
        let key = (sentence.topic, rest, if many { usize::MAX } else { place });
        groups.entry(key).or_insert_with(|| (Vec::new(), sentence)).0.push(subject);
    }
    let told = groups.into_values().map(|(subjects, mut sentence)| {
        if subjects.len() > 1 {
            sentence.pieces.splice(..1, listed(&subjects, most, Ink::Bold));
        }
        sentence
    });
    told.collect()
}

fn without_role(person: &WithoutRole, most: usize) -> Sentence {
    let mut pieces =
        vec![Piece::name(Ink::Bold, &person.person), Piece::prose(Ink::Plain, " is left without any role (before: ")];
    pieces.extend(listed(&person.roles, most, Ink::Plain));
    pieces.push(Piece::prose(Ink::Plain, ")"));
    let people = vec![person.person.clone()];
    Sentence { topic: Topic::Roles, pieces, bad: false, moved: people.clone(), people }
}

fn black_hole(change: &BlackHoleChange, most: usize) -> Sentence {
    let opened = change.change == OpenOrClosed::Opened;
    let mut pieces = vec![Piece::name(Ink::Bold, &change.event), Piece::prose(Ink::Bold, " ")];
    if opened {
        pieces.push(Piece::prose(Ink::Bad, "may be lost"));
        pieces.push(Piece::prose(Ink::Plain, ": assigned to "));
    } else {
        pieces.push(Piece::prose(Ink::Plain, "is no longer lost: before, it was assigned to "));
    }
    pieces.extend(listed(&change.assigned, most, Ink::Plain));
    let rest =
        if opened { " only, who cannot read it (pending or deactivated)" } else { " only, who could not read it" };
    pieces.push(Piece::prose(Ink::Plain, rest));
    let people = change.assigned.clone();
    Sentence { topic: Topic::Notifications, pieces, bad: opened, moved: people.clone(), people }
}

fn access(changes: &[&AccessChange], most: usize) -> Vec<Sentence> {
    let mut people: IndexMap<&str, [Vec<&str>; 2]> = IndexMap::new();
    for change in changes {
        let [gained, lost] = people.entry(&change.person).or_default();
        let list = if change.change == GainOrLoss::Gained { gained } else { lost };
        list.push(&change.permission);
    }
    let sentence = |(person, [gained, lost]): (&str, [Vec<&str>; 2])| {
        let mut pieces = vec![Piece::name(Ink::Bold, person)];
        for (verb, ink, list) in [("gains", Ink::Add, &gained), ("loses", Ink::Remove, &lost)] {
            if !list.is_empty() {
                pieces.push(Piece::prose(Ink::Plain, if pieces.len() > 1 { " and " } else { " " }));
                pieces.push(Piece::prose(ink, format!("{verb} ")));
                pieces.extend(listed(list, most, ink));
            }
        }
        let people = vec![person.to_owned()];
        Sentence { topic: Topic::Access, pieces, bad: false, moved: people.clone(), people }
    };
    people.into_iter().map(sentence).collect()
}

fn notification(change: &NotificationChange, most: usize) -> Sentence {
    let (before, after) = (&change.before, &change.after);
    let (gained, lost) = (without(after, before), without(before, after));
    let mut pieces = vec![Piece::name(Ink::Bold, &change.event), Piece::prose(Ink::Bold, " ")];
    let mut says = |words: &str, names: &[&str]| {
        pieces.push(Piece::prose(Ink::Plain, words));
        if !names.is_empty() {
            pieces.extend(listed(names, most, Ink::Plain));
        }
    };
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
    let bad = after.is_empty();
    match (before.is_empty(), after.is_empty(), gained.is_empty(), lost.is_empty()) {
        (_, true, ..) => {
            pieces.push(Piece::prose(Ink::Bad, "now reaches nobody"));
            pieces.push(Piece::prose(Ink::Plain, if before.is_empty() { " (as before" } else { " (before: " }));
            if !before.is_empty() {
                pieces.extend(listed(before, most, Ink::Plain));
            }
            pieces.push(Piece::prose(Ink::Plain, ")"));
        }
        (true, ..) => {
            says("will reach ", &new);
            says("; it reached nobody before", &[]);
        }
        (_, _, false, false) if gained.len() == after.len() => {
            says("will reach ", &new);
            says(" instead of ", &old);
        }
        (_, _, false, false) => {
            says("will also reach ", &gained);
            says(", and no longer ", &lost);
        }
        (_, _, false, true) => {
            says("will reach ", &gained);
            says(" besides ", &old);
        }
        (_, _, true, false) => {
            says("will no longer reach ", &lost);
            says(", only ", &new);
        }
        (_, _, true, true) => says("will reach the same people in another order: ", &new),
    }
    let moved: Vec<String> = gained.iter().chain(&lost).map(|person| (*person).to_owned()).collect();
    let mut people = after.clone();
    people.extend(lost.into_iter().map(str::to_owned));
    Sentence { topic: Topic::Notifications, pieces, bad, moved, people }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_with_the_same_readers_are_told_together() {
        let change = |event: &str, before: &[&str], after: &[&str]| NotificationChange {
            organisation: "acme".to_owned(),
            event: event.to_owned(),
            before: before.iter().map(ToString::to_string).collect(),
            after: after.iter().map(ToString::to_string).collect(),
        };
        let notifications = vec![
            change("offer", &["grace"], &["hugo"]),
            change("breach", &["dana"], &[]),
            change("renewal", &["grace"], &["hugo"]),
            change("audit", &["dana"], &[]),
        ];
        let impact = Impact { notifications, ..Impact::default() };
        let told: Vec<String> = sentences(&impact, 8)
            .into_values()
            .flat_map(|sentences| merged(sentences, 8))
            .map(|sentence| text(&sentence.pieces))
            .collect();
        let expected = [
            "offer and renewal will reach hugo instead of grace",
            "breach now reaches nobody (before: dana)",
            "audit now reaches nobody (before: dana)",
        ];
        assert_eq!(told, expected);
    }
}
