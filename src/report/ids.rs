//! Ids for people and groups whom no roster names yet, where the portal's own names for them are no ids.

use std::collections::{HashMap, HashSet};

use smol_str::{SmolStr, format_smolstr};

use crate::document::record::is_kebab;
use crate::live::{Entry, Live};
use crate::model::{Group, Person};

/// A live state in which everybody has an id that a roster can have: made of the mail address or the name.
pub fn with_ids(live: &Live) -> Live {
    with_ids_beside(live, &HashSet::new(), &HashSet::new())
}

/// The same, where people and groups of a roster have ids already: whom no roster names gets another one.
pub fn with_ids_beside(live: &Live, people: &HashSet<SmolStr>, groups: &HashSet<SmolStr>) -> Live {
    let mut live = live.clone();
    let mut taken = people.clone();
    let strange =
        |entry: &Entry<Person>| !is_kebab(&entry.object.id) || !entry.managed && people.contains(&entry.object.id);
    taken.extend(live.people.iter().filter(|entry| !strange(entry)).map(|entry| entry.object.id.clone()));
    for entry in live.people.iter_mut().filter(|entry| strange(entry)) {
        entry.object.id = free(&person_id(entry), &mut taken);
    }
    let mut taken = groups.clone();
    let strange =
        |entry: &Entry<Group>| !is_kebab(&entry.object.id) || !entry.managed && groups.contains(&entry.object.id);
    taken.extend(live.groups.iter().filter(|entry| !strange(entry)).map(|entry| entry.object.id.clone()));
    let mut renamed: HashMap<SmolStr, SmolStr> = HashMap::new();
    for entry in live.groups.iter_mut().filter(|entry| strange(entry)) {
        let id = free(&group_id(entry), &mut taken);
        renamed.insert(std::mem::replace(&mut entry.object.id, id.clone()), id);
    }
    for group in live.people.iter_mut().flat_map(|entry| &mut entry.object.groups) {
        if let Some(id) = renamed.get(&group.value) {
            group.value = id.clone();
        }
    }
    live
}

fn person_id(entry: &Entry<Person>) -> String {
    let address = entry.object.email.as_ref().and_then(|email| email.value.split('@').next());
    let word = slug(address.unwrap_or_default());
    if word.is_empty() { slug(&entry.object.name.value) } else { word }
}

fn group_id(entry: &Entry<Group>) -> String {
    slug(&entry.object.name.value)
}

/// Lower-case words with hyphens between them; what has no such letters is dropped.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    joined.chars().take(100).collect::<String>().trim_end_matches('-').to_owned()
}

/// The word, or the word with a number where somebody has it already.
fn free(word: &str, taken: &mut HashSet<SmolStr>) -> SmolStr {
    let word = if word.is_empty() { "unnamed" } else { word };
    let numbered = (2..).map(|number| format_smolstr!("{word}-{number}"));
    let mut words = std::iter::once(SmolStr::from(word)).chain(numbered);
    let free = words.find(|word| !taken.contains(word)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_ids_and_no_two_are_the_same() {
        assert_eq!(slug("Ada.Peeters+x"), "ada-peeters-x");
        assert_eq!(slug("IT & Operations (EU)"), "it-operations-eu");
        assert_eq!(slug("Łukasz"), "ukasz");
        assert_eq!(slug("名前"), "");
        let mut taken = HashSet::from(["ada".into()]);
        assert_eq!(free("ada", &mut taken), "ada-2");
        assert_eq!(free("ada", &mut taken), "ada-3");
        assert_eq!(free("", &mut taken), "unnamed");
        assert!(is_kebab(&slug(&"x-".repeat(200))));
    }
}
