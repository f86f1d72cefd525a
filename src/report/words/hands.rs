//! Which roles change hands.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::impact::{Sentence, Topic};
use super::values::{items, without};
use super::{Ink, Piece, listed};
use crate::plan::document::PlanDocument;

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
