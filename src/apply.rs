//! An approved plan × a portal → an outcome: one bad step stops only what depends on it.

pub mod agreed;
pub mod past;
mod serial;
pub mod trail;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::live::{Author, Live, LiveError, Object, Operation, Read, Refusal, Resource, Write};
use crate::model::{Group, Person};
use crate::plan::carried_out;
use crate::plan::diff::in_new_words;
use crate::plan::document::{Action, PlanDocument, Step};
use crate::platform::Platform;
use serial::{Holders, alone};

/// A plan whose digest is right, that nothing forbids, and whose objects are as the plan saw them.
#[derive(Debug)]
pub struct ApprovedPlan {
    document: PlanDocument,
    operations: Vec<Operation>,
    platforms: BTreeMap<String, Arc<Platform>>,
    holders: Holders,
}

/// Why a plan is not approved.
#[derive(Debug)]
pub enum Refused {
    /// The content does not match the digest.
    Edited,
    /// The plan holds findings that forbid it.
    Forbidden(Vec<String>),
    /// Objects changed on the portal since the plan was made: one sentence each.
    Stale(Vec<String>),
    /// The portal cannot be read.
    Live(LiveError),
}

impl ApprovedPlan {
    /// Approves a plan against the portal as it is now.
    pub async fn approve(
        document: PlanDocument,
        platforms: BTreeMap<String, Arc<Platform>>,
        target: &impl Read,
    ) -> Result<ApprovedPlan, Refused> {
        if document.digest != document.digest_now() {
            return Err(Refused::Edited);
        }
        let forbidden: Vec<String> = document.errors().map(|finding| finding.message.clone()).collect();
        if !forbidden.is_empty() {
            return Err(Refused::Forbidden(forbidden));
        }
        let mut operations = Vec::with_capacity(document.steps.len());
        let mut stale = Vec::new();
        let mut holders = Holders::default();
        for (organisation, platform) in &platforms {
            let steps: Vec<&Step> = document.steps.iter().filter(|step| step.organisation == *organisation).collect();
            if steps.is_empty() {
                continue;
            }
            let live = target.read(organisation, platform).await.map_err(Refused::Live)?;
            if let Some(suspect) = &live.suspect {
                let message = format!("the portal is not believed, and nothing is done on it: {suspect}");
                return Err(Refused::Live(LiveError::new(
                    message,
                    "see what happened there, then make the plan again",
                )));
            }
            holders.note(organisation, platform, &live);
            let mut state = State::new(&live, &steps);
            for step in steps {
                match state.operation(step, platform) {
                    Ok(operation) => operations.push(operation),
                    Err(reason) => stale.push(format!("{} {} of {organisation}: {reason}", step.resource, step.key)),
                }
            }
        }
        if !stale.is_empty() {
            return Err(Refused::Stale(stale));
        }
        operations.sort_by_key(|operation| operation.step);
        Ok(ApprovedPlan { document, operations, platforms, holders })
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The plan.
    pub fn document(&self) -> &PlanDocument {
        &self.document
    }

    /// Carries the plan out. `stop` is asked between batches; `settled` hears how each step ended, as soon as it did.
    pub async fn apply(
        self,
        target: &impl Write,
        author: &Author,
        stop: impl Fn() -> bool,
        mut settled: impl FnMut(&Platform, &Operation, &Ended),
    ) -> Done {
        let ApprovedPlan { document, operations, platforms, mut holders } = self;
        let after: HashMap<u32, &Vec<u32>> = document.steps.iter().map(|step| (step.id, &step.after)).collect();
        let mut ended: HashMap<u32, Ended> = HashMap::with_capacity(operations.len());
        let mut prepared: HashSet<SmolStr> = HashSet::new();
        let mut interrupted = false;
        let mut rest = operations.as_slice();
        while !rest.is_empty() {
            interrupted = interrupted || stop();
            if interrupted {
                break;
            }
            let organisation = &rest[0].organisation;
            let platform = &platforms[organisation.as_str()];
            let (batch, next) = rest.split_at(batch_length(rest, target.batch(), &after, platform));
            rest = next;
            let mut runnable = Vec::with_capacity(batch.len());
            for operation in batch {
                let failed = after.get(&operation.step).into_iter().flat_map(|before| before.iter());
                let failed = failed.filter(|before| ended.get(before) != Some(&Ended::Done)).min();
                match failed {
                    Some(before) => {
                        ended.insert(
                            operation.step,
                            Ended::Skipped(format!("step {before}, which it needs, was not done")),
                        );
                    }
                    None => runnable.push(operation.clone()),
                }
            }
            let mut ready = Ok(());
            if prepared.insert(organisation.clone()) {
                ready = target.prepare(organisation, platform).await;
            }
            let refused = match runnable.as_slice() {
                [operation] if ready.is_ok() && alone(platform, operation) => {
                    holders.look(target, platform, operation).await
                }
                _ => ready.map(|()| None),
            };
            let results = match refused {
                Ok(Some(reason)) => Ok(vec![Err(Refusal::Stale(reason))]),
                Ok(None) if runnable.is_empty() => Ok(Vec::new()),
                Ok(None) => target.execute(platform, &runnable, author).await,
                Err(error) => Err(error),
            };
            match results {
                Ok(results) => {
                    for (operation, result) in runnable.iter().zip(results) {
                        if result.is_ok() {
                            holders.done(platform, operation);
                        }
                        let how = result.map_or_else(Ended::Failed, |()| Ended::Done);
                        ended.insert(operation.step, how);
                    }
                }
                Err(error) => {
                    for operation in &runnable {
                        ended.insert(operation.step, Ended::Failed(Refusal::Failed(error.to_string())));
                    }
                }
            }
            for operation in batch {
                if let Some(ended) = ended.get(&operation.step) {
                    settled(platform, operation, ended);
                }
            }
        }
        for operation in rest {
            let stopped = Ended::Skipped(STOPPED.to_owned());
            settled(&platforms[operation.organisation.as_str()], operation, &stopped);
        }
        let steps = document.steps.iter().map(|step| {
            let stopped = || Ended::Skipped(STOPPED.to_owned());
            (step.id, ended.remove(&step.id).unwrap_or_else(stopped))
        });
        let steps = steps.collect();
        Done { document, steps, interrupted }
    }
}

/// Why steps after an interruption were not taken.
const STOPPED: &str = "the run was stopped before it";

/// What became of a plan.
#[derive(Debug)]
pub struct Done {
    /// The plan.
    pub document: PlanDocument,
    /// Its steps and how each ended.
    pub steps: Vec<(u32, Ended)>,
    /// Whether the run was stopped.
    pub interrupted: bool,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Carried out.
    Done,
    /// Refused by the portal; nothing of it was done.
    Failed(Refusal),
    /// Not tried.
    Skipped(String),
}

/// How many operations can go together: of one organisation, none waiting for another of them, none that goes alone.
fn batch_length(operations: &[Operation], most: usize, after: &HashMap<u32, &Vec<u32>>, platform: &Platform) -> usize {
    let mut together: HashSet<u32> = HashSet::new();
    for operation in operations.iter().take(most) {
        let waits = after.get(&operation.step).is_some_and(|before| before.iter().any(|step| together.contains(step)));
        let alone = alone(platform, operation);
        if waits || operation.organisation != operations[0].organisation || alone && !together.is_empty() {
            break;
        }
        together.insert(operation.step);
        if alone {
            break;
        }
    }
    together.len()
}

/// The portal's objects as the steps go by.
struct State {
    objects: HashMap<SmolStr, Object>,
    /// Why there is nothing to be said of these handles.
    unread: HashMap<SmolStr, String>,
    ids: HashSet<(Resource, SmolStr)>,
}

impl State {
    fn new(live: &Live, steps: &[&Step]) -> State {
        let renamed: HashMap<SmolStr, SmolStr> = steps
            .iter()
            .filter(|step| step.resource == Resource::PermissionGroup)
            .flat_map(|step| step.changes.iter().map(move |change| (step, change)))
            .filter(|(_, change)| change.field == "id")
            // A group that is taken over had no id: its members name it by its handle.
            .filter_map(|(step, change)| Some((change.from.as_str().or(step.handle.as_deref())?, change.to.as_str()?)))
            .map(|(old, new)| (old.into(), new.into()))
            .collect();
        let person = |person: &Person| Object::Person(Box::new(in_new_words(&renamed, person).into_owned()));
        let people = live.people.iter().map(|entry| (entry, person(&entry.object)));
        let groups = live.groups.iter().map(|entry| (entry, Object::Group(entry.object.clone())));
        let ids = |managed: bool, object: &Object| managed.then(|| (kind(object), SmolStr::from(object.id())));
        let unread = live.unread.iter().map(|unread| (unread.handle.clone(), unread.to_string())).collect();
        let mut state = State { objects: HashMap::new(), unread, ids: HashSet::new() };
        state.ids.extend(live.unread.iter().filter_map(|unread| unread.resource.zip(unread.id.clone())));
        for (entry, object) in people {
            state.ids.extend(ids(entry.managed, &object));
            state.objects.insert(entry.handle.clone(), object);
        }
        for (entry, object) in groups {
            let entry: &crate::live::Entry<Group> = entry;
            state.ids.extend(ids(entry.managed, &object));
            state.objects.insert(entry.handle.clone(), object);
        }
        state
    }

    fn operation(&mut self, step: &Step, platform: &Platform) -> Result<Operation, String> {
        let handle = step.handle.as_deref().map(SmolStr::from);
        let before = match &handle {
            Some(handle) => {
                let gone = || self.unread.get(handle).map_or("it is gone from the portal", String::as_str);
                let object = self.objects.get(handle).cloned().ok_or_else(gone)?;
                if step.fingerprint.as_deref() != Some(object.fingerprint(platform, handle).as_str()) {
                    return Err("it was changed on the portal since the plan was made".to_owned());
                }
                Some(object)
            }
            None if self.ids.contains(&(step.resource, step.key.as_str().into())) => {
                return Err("it was created on the portal since the plan was made".to_owned());
            }
            None => None,
        };
        let after = match step.action {
            Action::Delete => None,
            _ => Some(carried_out(platform, step.resource, &step.key, before.as_ref(), &step.changes)?),
        };
        if let Some(handle) = &handle {
            match &after {
                Some(after) => self.objects.insert(handle.clone(), after.clone()),
                None => self.objects.remove(handle),
            };
        }
        if let Some(before) = &before {
            self.ids.remove(&(kind(before), before.id().into()));
        }
        if let Some(after) = &after {
            self.ids.insert((step.resource, after.id().into()));
        }
        Ok(Operation {
            step: step.id,
            organisation: step.organisation.as_str().into(),
            action: step.action.verb(),
            resource: step.resource,
            key: step.key.as_str().into(),
            handle,
            before,
            after,
        })
    }
}

fn kind(object: &Object) -> Resource {
    Resource::from(object.section())
}
