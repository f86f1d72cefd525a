//! What other portals say of people: facts that rosters declare, and that somebody else knows better.
//!
//! A platform file says which attribute can be asked for elsewhere (`evidence`), the workspace which target answers
//! (`provides`). Where one does, what it says counts in rules instead of what the roster declares.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::{Organisation, Person, Text, Value};
use crate::diagnostic::Located;
use crate::platform::{AttributeIx, AttributeType, Check, Platform, Rule};

/// What a target says of the people of an organisation.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it knows: the word of the platform file, such as `service-now-users`.
    pub capability: SmolStr,
    /// The name of the target.
    pub target: SmolStr,
    /// Who is there, by mail address in lower case.
    people: HashMap<String, Known>,
    /// Whether nobody is there who was not seen.
    complete: bool,
}

/// What is known of somebody.
#[derive(Clone, Debug)]
enum Known {
    /// There, with an account that is shut.
    Shut,
    /// There and active: what the lists hold, by attribute.
    Active(HashMap<AttributeIx, Vec<Text>>),
    /// There, and what was shown could not be understood.
    Unclear,
}

impl Evidence {
    /// What the people on a target show. `unclear`: the addresses of those whose rows could not be understood.
    /// `complete`: nobody is there besides these.
    pub fn of<'p>(
        capability: SmolStr,
        target: SmolStr,
        complete: bool,
        people: impl Iterator<Item = &'p Person>,
        unclear: impl Iterator<Item = &'p SmolStr>,
    ) -> Evidence {
        let mut known: HashMap<String, Known> =
            unclear.map(|email| (email.to_ascii_lowercase(), Known::Unclear)).collect();
        for person in people {
            let Some(email) = &person.email else { continue };
            let one = known.entry(email.value.to_ascii_lowercase()).or_insert(Known::Shut);
            if !person.active() {
                continue;
            }
            if matches!(one, Known::Shut) {
                *one = Known::Active(HashMap::new());
            }
            let Known::Active(lists) = one else { continue };
            for (attribute, value) in &person.attributes {
                if let Value::List(words) = &value.value {
                    lists.entry(*attribute).or_default().extend(words.iter().cloned());
                }
            }
        }
        Evidence { capability, target, complete, people: known }
    }

    /// What it says of an attribute of somebody; nothing where it cannot know.
    fn says(&self, platform: &Platform, attribute: AttributeIx, person: &Person) -> Option<Value> {
        let email = person.email.as_ref()?;
        let lists = match self.people.get(&email.value.to_ascii_lowercase()) {
            Some(Known::Active(lists)) => Some(lists),
            Some(Known::Shut) => None,
            None if self.complete => None,
            Some(Known::Unclear) | None => return None,
        };
        match platform[attribute].value_type {
            AttributeType::Boolean => Some(Value::Boolean(lists.is_some())),
            AttributeType::List => {
                Some(Value::List(lists.and_then(|lists| lists.get(&attribute)).cloned().unwrap_or_default()))
            }
            AttributeType::Text | AttributeType::Roles | AttributeType::User => None,
        }
    }
}

impl Organisation {
    /// The organisation with what others say of its people in the place of what its roster declares.
    pub fn heard(&self, evidence: &[Evidence]) -> Organisation {
        let mut heard = self.clone();
        let platform = self.platform.clone();
        for (number, attribute) in platform.attributes.iter().enumerate() {
            let Some(known) = evidence.iter().find(|one| one.capability == attribute.evidence) else { continue };
            let at = AttributeIx(number as u16);
            for person in &mut heard.people {
                let Some(value) = known.says(&platform, at, person) else { continue };
                match person.attributes.iter_mut().find(|(own, _)| *own == at) {
                    Some((_, declared)) => declared.value = value,
                    None => {
                        person.attributes.push((at, Located::nowhere(value)));
                        person.attributes.sort_by_key(|(own, _)| *own);
                    }
                }
            }
            heard.asked.push((known.capability.clone(), known.target.clone()));
        }
        heard
    }

    /// Whether a rule rests on what another target was asked for: no step on this one can break or mend that.
    pub fn asks_elsewhere(&self, rule: &Rule) -> bool {
        let Check::Requires(parameters) = &rule.check else { return false };
        let mut attributes = parameters.must.iter().flat_map(|clause| clause.be.attributes());
        attributes.any(|at| self.asked_of(at).is_some())
    }

    /// The target that was asked for an attribute, where one was.
    pub fn asked_of(&self, attribute: AttributeIx) -> Option<&str> {
        let capability = &self.platform[attribute].evidence;
        self.asked.iter().find(|(known, _)| known == capability).map(|(_, target)| target.as_str())
    }

    /// Where what counts of an attribute comes from, in words, where it can be asked for elsewhere.
    pub fn source(&self, attribute: AttributeIx) -> Option<String> {
        if self.platform[attribute].evidence.is_empty() {
            return None;
        }
        Some(match self.asked_of(attribute) {
            Some(target) => format!("asked of `{target}`"),
            None => "as the roster declares".to_owned(),
        })
    }
}
