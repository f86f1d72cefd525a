//! Which roles change hands, and with that all that a plan means for people.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::impact::{Sentence, Topic, merged, sentences as sentences_of};
use super::values::{items, without};
use super::{Ink, Piece, listed};
use crate::plan::document::PlanDocument;

/// Everything that a plan means for people, as pages tell it: by organisation, roles that change hands before people who
/// are left without any, events with the same readers together, bad news first.
pub fn meaning(plan: &PlanDocument, most: usize) -> Vec<(&str, Sentence)> {
    let mut all: Vec<(&str, Sentence)> = Vec::new();
    for told in [hands(plan, most), sentences_of(&plan.impact, most)] {
        for (organisation, sentences) in told {
            all.extend(merged(sentences, most).into_iter().map(|sentence| (organisation, sentence)));
        }
    }
    all.sort_by_key(|(_, sentence)| !sentence.bad);
    all
}

/// The roles of somebody before and after all steps.
type Roles = IndexMap<String, (Json, Json)>;

/// Who hands roles over and who takes them, by organisation, a sentence for each role.
pub fn hands(plan: &PlanDocument, most: usize) -> IndexMap<&str, Vec<Sentence>> {
    let mut organisations: IndexMap<&str, Roles> = IndexMap::new();
    for step in &plan.steps {
        for change in step.changes.iter().filter(|change| change.field == "roles") {
            // Somebody who changes in several steps has the last key in the end.
            let people = organisations.entry(&step.organisation).or_default();
            let fresh = || (change.from.clone(), Json::Null);
            people.entry(step.key.clone()).or_insert_with(fresh).1 = change.to.clone();
        }
    }
    organisations.into_iter().map(|(organisation, people)| (organisation, sentences(&people, most))).collect()
}

fn sentences(people: &Roles, most: usize) -> Vec<Sentence> {
    let mut roles: IndexMap<String, [Vec<String>; 2]> = IndexMap::new();
    for (person, (from, to)) in people {
        let (Some(from), Some(to)) = (items(from), items(to)) else { continue };
        for (place, list) in [without(&from, &to), without(&to, &from)].into_iter().enumerate() {
            for role in list {
                roles.entry(role.to_owned()).or_default()[place].push(person.clone());
            }
        }
    }
    roles.into_iter().map(|(role, [from, to])| sentence(&role, &from, &to, most)).collect()
}

fn sentence(role: &str, from: &[String], to: &[String], most: usize) -> Sentence {
    let mut pieces = vec![Piece::name(Ink::Bold, role)];
    let mut says = |words: &str, names: &[String], ink| {
        pieces.push(Piece::prose(Ink::Plain, words));
        pieces.extend(listed(names, most, ink));
    };
    match (from.is_empty(), to.is_empty()) {
        (false, false) => {
            says(" goes from ", from, Ink::Remove);
            says(" to ", to, Ink::Add);
        }
        (true, _) => says(" is given to ", to, Ink::Add),
        (_, true) => says(" is taken from ", from, Ink::Remove),
    }
    let people: Vec<String> = to.iter().chain(from).cloned().collect();
    Sentence { topic: Topic::Roles, pieces, bad: false, moved: people.clone(), people }
}
