//! Who may take which step: the plan is made again as each of the people who come into question, and what is not held
//! back from them they may do.

use std::collections::HashMap;

use super::Person;
use crate::document::Sources;
use crate::live::{Live, Resource};
use crate::model::{Organisation, View, grant};
use crate::plan::document::{Action, PlanDocument, Step};
use crate::plan::{Options, plan};

/// The most people of an organisation who are tried: a run-book names a few who may, not all.
const MOST: usize = 12;

/// Who may take the steps of a plan.
#[derive(Debug, Default)]
pub struct Able {
    /// By organisation: each person with the steps that they may take.
    people: HashMap<String, Vec<(Person, Steps)>>,
}

/// Steps by what they do and to whom; several may do the same to one object, one after the other.
type Steps = HashMap<(Resource, Action, String), Vec<Step>>;

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
                let mut steps = Steps::new();
                for step in as_them.steps {
                    steps.entry((step.resource, step.action, step.key.clone())).or_default().push(step);
                }
                (Person { id: person.id.to_string(), name: person.name.value.to_string() }, steps)
            });
            able.people.insert(organisation.id.to_string(), tried.collect());
        }
        able
    }

    /// Those who may take a step.
    pub fn who(&self, step: &Step) -> Vec<Person> {
        let key = (step.resource, step.action, step.key.clone());
        let same = |steps: &Steps| steps.get(&key).is_some_and(|all| all.iter().any(|one| one.changes == step.changes));
        let people = self.people.get(&step.organisation).into_iter().flatten();
        let may = people.filter(|(_, steps)| same(steps));
        may.map(|(person, _)| person.clone()).collect()
    }
}
