//! Who may take which step: the plan is made again as each of the people who come into question, and what is not held
//! back from them they may do.

use std::collections::HashMap;

use super::Person;
use crate::document::Sources;
use crate::live::Live;
use crate::model::{Organisation, View, grant};
use crate::plan::document::{PlanDocument, Step};
use crate::plan::{Options, plan};

/// The most people of an organisation who are tried: a run-book names a few who may, not all.
const MOST: usize = 12;

/// Who may take the steps of a plan.
#[derive(Debug, Default)]
pub struct Able {
    /// By organisation: each person with the steps that they may take.
    people: HashMap<String, Vec<(Person, PlanDocument)>>,
}

impl Able {
    /// Tries the people who are there.
    pub fn of(document: &PlanDocument, pairs: &[(&Organisation, &Live)], options: &Options, sources: &Sources) -> Able {
        let mut able = Able::default();
        for (organisation, live) in pairs {
            let platform = &organisation.platform;
            let needed = document.needs.iter().filter_map(|word| platform.permission(word));
            let needed: Vec<_> = needed.collect();
            let view = View::with(platform, &organisation.profile, live.groups.iter().map(|entry| &entry.object));
            let people = live.people.iter().map(|entry| &entry.object);
            let holds = people.filter(|person| needed.iter().any(|need| grant(&view, person, *need).is_some()));
            let mut holds: Vec<_> = holds.collect();
            holds.sort_by(|a, b| a.id.cmp(&b.id));
            let tried = holds.into_iter().take(MOST).map(|person| {
                let options = Options { actor: Some(person.id.clone()), ..options.clone() };
                let (as_them, _) = plan(&[(organisation, live)], document.target.clone(), &options, sources, &[]);
                (Person { id: person.id.to_string(), name: person.name.value.to_string() }, as_them)
            });
            able.people.insert(organisation.id.to_string(), tried.collect());
        }
        able
    }

    /// Those who may take a step.
    pub fn who(&self, step: &Step) -> Vec<Person> {
        let same = |other: &&Step| {
            (other.resource, other.action, &other.key, &other.changes)
                == (step.resource, step.action, &step.key, &step.changes)
        };
        let people = self.people.get(&step.organisation).into_iter().flatten();
        let may = people.filter(|(_, plan)| plan.steps.iter().any(|other| same(&other)));
        may.map(|(person, _)| person.clone()).collect()
    }
}
