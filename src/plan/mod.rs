//! Desired × live → a plan: pure functions from two states to ordered, guarded, explained steps.

mod actor;
pub mod base;
pub mod changes;
mod count;
pub mod diff;
pub mod document;
mod guard;
mod held;
mod impact;
pub mod merge;
mod order;
pub mod sides;
mod unread;
pub mod unseen;
mod watch;
mod wish;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, Severity};
use crate::document::workspace::Removal;
use crate::document::{Sources, locate};
use crate::live::object::hex;
use crate::live::{Live, Object, Resource};
use crate::model::{Day, Organisation};
use crate::platform::State;
use crate::rules::{Levels, Waived};
use actor::Rules;
pub use changes::{carried_out, changes};
use diff::{Delta, Diff};
use document::{
    Action, Blocked, Finding, Impact, PLAN_VERSION, PlanDocument, PlanSummary, Step, TargetRef, Unmanaged, Waiting,
};
pub use guard::unlisted;
use held::{Held, Settled};
use order::{Ordered, Placed};

/// How far a plan may go.
#[derive(Clone, Debug)]
pub struct Options {
    /// Removes what no roster names.
    pub prune: bool,
    /// How far leavers go where the platform knows more than one way.
    pub removal: Removal,
    /// A one-time allowance of removals, per organisation and kind.
    pub allow_removals: Option<usize>,
    /// A one-time allowance of grants, per organisation and kind.
    pub allow_grants: Option<usize>,
    /// Rules that steps may leave open this time.
    pub allow_open: Vec<String>,
    /// The acting person.
    pub actor: Option<SmolStr>,
    /// The limits of the workspace.
    pub guards: Guards,
    /// How rules are weighed.
    pub levels: Levels,
    /// The day that counts as today.
    pub today: Day,
}

/// The limits of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Removals, of what is live.
    pub max_removals: Limit,
    /// People already live who gain a role or a group.
    pub max_grants: Limit,
}

/// Two limits, of which the smaller wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So many.
    pub count: u32,
    /// So many of a hundred, rounded up.
    pub percent: u32,
}

impl Default for Guards {
    fn default() -> Guards {
        Guards { max_removals: Limit { count: 10, percent: 10 }, max_grants: Limit { count: 50, percent: 25 } }
    }
}

/// One organisation's part of a plan.
#[derive(Debug, Default)]
struct Part {
    steps: Vec<Step>,
    blocked: Vec<Blocked>,
    unmanaged: Vec<Unmanaged>,
    waiting: Vec<Waiting>,
    unchanged: usize,
    impact: Impact,
    diagnostics: Vec<Diagnostic>,
}

/// Plans organisations against their live states. `findings` are those that the rosters gave already.
pub fn plan(
    pairs: &[(&Organisation, &Live)],
    target: TargetRef,
    options: &Options,
    sources: &Sources,
    findings: &[Diagnostic],
) -> (PlanDocument, Vec<Diagnostic>) {
    let mut document = PlanDocument {
        version: PLAN_VERSION,
        digest: String::new(),
        organisations: pairs.iter().map(|(organisation, _)| organisation.id.to_string()).collect(),
        platforms: platforms(pairs),
        target,
        actor: options.actor.as_ref().map(ToString::to_string),
        needs: Vec::new(),
        base: None,
        complete: pairs.iter().all(|(_, live)| live.proof.holds()),
        summary: PlanSummary::default(),
        steps: Vec::new(),
        impact: Impact::default(),
        unmanaged: Vec::new(),
        waiting: Vec::new(),
        blocked: Vec::new(),
        diagnostics: Vec::new(),
    };
    let mut diagnostics = findings.to_vec();
    for (organisation, live) in pairs {
        let first = document.steps.len() as u32 + 1;
        let mut part = one(organisation, live, options, sources, first);
        document.steps.append(&mut part.steps);
        document.blocked.append(&mut part.blocked);
        document.unmanaged.append(&mut part.unmanaged);
        document.impact.access.append(&mut part.impact.access);
        document.impact.notifications.append(&mut part.impact.notifications);
        document.impact.black_holes.append(&mut part.impact.black_holes);
        document.impact.without_role.append(&mut part.impact.without_role);
        document.waiting.append(&mut part.waiting);
        document.summary.unchanged += part.unchanged;
        diagnostics.append(&mut part.diagnostics);
    }
    document.diagnostics = diagnostics.iter().map(|finding| Finding::of(finding, sources)).collect();
    document.summarise();
    document.digest = document.digest_now();
    (document, diagnostics)
}

fn platforms(pairs: &[(&Organisation, &Live)]) -> BTreeMap<String, String> {
    let named = |(organisation, _): &(&Organisation, &Live)| {
        (organisation.id.to_string(), organisation.platform.reference.to_string())
    };
    pairs.iter().map(named).collect()
}

/// A reading that is not believed gives no steps, which would only mislead: what is wrong with it is all that is said.
fn unbelieved(organisation: &Organisation, live: &Live, options: &Options) -> Part {
    let mut diagnostics = guard::findings(organisation, live, &Diff::default(), &[], options);
    diagnostics.iter_mut().for_each(|finding| finding.organisation = Some(organisation.id.clone()));
    Part { diagnostics, ..Part::default() }
}

fn one(organisation: &Organisation, live: &Live, options: &Options, sources: &Sources, first: u32) -> Part {
    if live.suspect.is_some() {
        return unbelieved(organisation, live, options);
    }
    let found = diff::diff(organisation, live, options.prune, options.removal, options.today);
    let rules = Rules::of(&organisation.platform, &options.levels);
    let Settled { ordered: Ordered { placed, circular }, warnings, mut held } =
        held::settle(organisation, live, &found, options, &rules);
    let mut diagnostics = guard::findings(organisation, live, &found, &placed, options);
    diagnostics.extend(warnings);
    let words = Words { organisation, rules, sources };
    let changes: Vec<&Delta> = placed.iter().map(|placed| &placed.delta).collect();
    let mut part = Part {
        steps: (0..placed.len()).map(|index| words.step(&placed, first, index)).collect(),
        unmanaged: unmanaged(organisation, live, &found),
        waiting: waiting(organisation, &found),
        unchanged: found.unchanged,
        impact: impact::impact(organisation, live, &changes, &found.renamed_groups),
        ..Part::default()
    };
    for (step, placed) in part.steps.iter().zip(&placed) {
        for (opened, closed) in placed.opens.iter().zip(&placed.closed) {
            let step = (step.id, &placed.delta);
            let whole = (organisation, live, &found);
            diagnostics.extend(guard::opened(step, opened, closed.is_some(), whole, options));
        }
    }
    diagnostics.extend(wish::findings(organisation, &found, options));
    diagnostics.extend(guard::on_the_portal(organisation, live, &found, &options.levels));
    let waived = Waived::of(organisation, options.today);
    diagnostics.iter_mut().for_each(|finding| finding.organisation = Some(organisation.id.clone()));
    diagnostics.retain(|finding| !waived.covers(finding));
    diagnostics.extend(in_circles(organisation, circular, &mut held));
    part.diagnostics = diagnostics;
    part.blocked = words.blocked(held, first + placed.len() as u32);
    part
}

/// What a plan would make of an organisation: its changes in order, without those that may not be made.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The changes.
    pub changes: Vec<Delta>,
    /// The new ids of groups by their old ones.
    pub renamed: HashMap<SmolStr, SmolStr>,
}

/// What a plan would make of an organisation.
pub fn outcome(organisation: &Organisation, live: &Live, options: &Options) -> Outcome {
    if live.suspect.is_some() {
        return Outcome::default();
    }
    let found = diff::diff(organisation, live, options.prune, options.removal, options.today);
    let rules = Rules::of(&organisation.platform, &options.levels);
    let Settled { ordered, .. } = held::settle(organisation, live, &found, options, &rules);
    let changes = ordered.placed.into_iter().map(|placed| placed.delta).collect();
    Outcome { changes, renamed: found.renamed_groups }
}

/// People who are on the portal and have not accepted their invitation.
fn waiting(organisation: &Organisation, found: &Diff) -> Vec<Waiting> {
    let waiting = found.waiting.iter().map(|person| Waiting {
        organisation: organisation.id.to_string(),
        person: person.to_string(),
        reason: "has not accepted the invitation yet".to_owned(),
    });
    waiting.collect()
}

fn unmanaged(organisation: &Organisation, live: &Live, found: &Diff) -> Vec<Unmanaged> {
    let handles: HashSet<&SmolStr> = found.unmanaged.iter().map(|(_, handle)| handle).collect();
    let people = live.people.iter().filter(|entry| handles.contains(&entry.handle)).map(|entry| Unmanaged {
        organisation: organisation.id.to_string(),
        resource: Resource::from(entry.object.section),
        handle: entry.handle.to_string(),
        name: entry.object.name.value.to_string(),
        email: entry.object.email.as_ref().map(|email| email.value.to_string()),
    });
    let groups = live.groups.iter().filter(|entry| handles.contains(&entry.handle)).map(|entry| Unmanaged {
        organisation: organisation.id.to_string(),
        resource: Resource::PermissionGroup,
        handle: entry.handle.to_string(),
        name: entry.object.name.value.to_string(),
        email: None,
    });
    people.chain(groups).collect()
}

/// What changes become in a plan.
struct Words<'a> {
    organisation: &'a Organisation,
    rules: Rules<'a>,
    sources: &'a Sources,
}

impl Words<'_> {
    fn step(&self, all: &[Placed], first: u32, index: usize) -> Step {
        let Words { organisation, rules, sources } = self;
        let placed = &all[index];
        let platform = &organisation.platform;
        let delta: &Delta = &placed.delta;
        let mut notes = delta.notes.clone();
        let transition = platform
            .transition(delta.action.verb(), state(delta.before.as_ref()))
            .filter(|_| delta.resource == Resource::User);
        notes.extend(transition.and_then(|way| way.note.as_ref()).map(ToString::to_string));
        for (opened, closed) in placed.opens.iter().zip(&placed.closed) {
            notes.push(match closed {
                Some(closing) => {
                    let step = all[*closing].delta.words();
                    format!("until step {} ({step}) {}", first + *closing as u32, opened.text)
                }
                None if opened.invited => format!("until `{}` accepts the invitation, {}", delta.key, opened.text),
                None => format!("from then on {}", opened.text),
            });
        }
        let mut opens: Vec<String> = placed.opens.iter().map(|opened| opened.rule.to_string()).collect();
        opens.dedup();
        Step {
            id: first + index as u32,
            organisation: organisation.id.to_string(),
            action: delta.action,
            resource: delta.resource,
            key: delta.key.to_string(),
            handle: delta.handle.as_ref().map(ToString::to_string),
            changes: changes(platform, delta.before.as_ref(), delta.after.as_ref(), delta.managed),
            after: placed.after.iter().map(|before| first + *before as u32).collect(),
            location: delta.place.as_ref().map(|place| locate(sources, place)),
            fingerprint: fingerprint(organisation, delta),
            needs: rules.needs(delta).into_iter().map(|permission| platform[permission].id.to_string()).collect(),
            opens,
            notes,
        }
    }

    /// Steps that are no part of the order.
    fn blocked(&self, held: Vec<Held>, first: u32) -> Vec<Blocked> {
        let alone = |delta| Placed { delta, after: Vec::new(), opens: Vec::new(), closed: Vec::new() };
        let (placed, reasons): (Vec<Placed>, Vec<(SmolStr, String)>) =
            held.into_iter().map(|held| (alone(held.delta), (held.rule, held.message))).unzip();
        let blocked = reasons.into_iter().enumerate().map(|(index, (rule, message))| Blocked {
            step: self.step(&placed, first, index),
            rule: rule.to_string(),
            message,
        });
        blocked.collect()
    }
}

/// The digest of the live object that a step changes, as it was read.
fn fingerprint(organisation: &Organisation, delta: &Delta) -> Option<String> {
    let (before, handle) = (delta.before.as_ref()?, delta.handle.as_ref()?);
    Some(before.fingerprint(&organisation.platform, handle))
}

/// Steps that wait for each other in a circle cannot be carried out one by one: they are held back.
fn in_circles(organisation: &Organisation, circular: Vec<Delta>, held: &mut Vec<Held>) -> Option<Diagnostic> {
    let place = circular.iter().find_map(|delta| delta.place.clone());
    let keys: Vec<&str> = circular.iter().map(|delta| delta.key.as_str()).collect();
    let message = format!("{} exchange ids or e-mail addresses: no order of single changes does that", keys.join(", "));
    let mut finding = Diagnostic::error("plan/circular", message.clone()).organisation(organisation.id.clone());
    finding.place = place;
    let found = !circular.is_empty();
    let rule = SmolStr::from("plan/circular");
    held.extend(circular.into_iter().map(|delta| Held { delta, rule: rule.clone(), message: message.clone() }));
    found.then(|| finding.help("give one of them a third address first, apply, then the final one"))
}

/// The state of an object in the life cycle of users.
fn state(object: Option<&Object>) -> State {
    match object {
        None => State::Absent,
        Some(Object::Person(person)) => person.status.value,
        Some(Object::Group(_)) => State::Active,
    }
}

impl PlanDocument {
    fn summarise(&mut self) {
        let needs = self.steps.iter().flat_map(|step| step.needs.iter().cloned());
        self.needs = needs.collect::<std::collections::BTreeSet<String>>().into_iter().collect();
        // Several steps may change one object: it counts once, by what becomes of it.
        let mut objects: HashMap<_, Action> = HashMap::new();
        for step in &self.steps {
            let object = (&step.organisation, step.resource, &step.handle, &step.key);
            let became = objects.entry(object).or_insert(Action::Update);
            match step.action {
                Action::Create => *became = Action::Create,
                Action::Delete | Action::Deactivate => *became = Action::Delete,
                Action::Update | Action::Reactivate => {}
            }
        }
        let count = |wanted: &dyn Fn(Action) -> bool| objects.values().filter(|action| wanted(**action)).count();
        self.summary = PlanSummary {
            create: count(&|action| action == Action::Create),
            update: count(&|action| !matches!(action, Action::Create | Action::Delete)),
            remove: count(&|action| action == Action::Delete),
            unchanged: self.summary.unchanged,
            unmanaged: self.unmanaged.len(),
            waiting: self.waiting.len(),
            blocked: self.blocked.len(),
        };
    }

    /// The digest of what the plan would do and to what, as it stands.
    pub fn digest_now(&self) -> String {
        let steps = self.steps.iter().map(|step| {
            json!([
                step.id,
                step.organisation,
                step.action,
                step.resource,
                step.key,
                step.handle,
                step.changes,
                step.after,
                step.fingerprint,
                step.opens
            ])
        });
        let refused: Vec<&str> = self.errors().map(|finding| finding.rule.as_str()).collect();
        let content = json!({
            "version": self.version,
            "target": self.target,
            "organisations": self.organisations,
            "platforms": self.platforms,
            "actor": self.actor,
            "complete": self.complete,
            "steps": steps.collect::<Vec<_>>(),
            "refused": refused,
        });
        format!("sha256:{}", hex(&Sha256::digest(content.to_string().as_bytes())))
    }

    /// The findings that forbid to apply the plan.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.diagnostics.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// Whether anything would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.blocked.is_empty()
    }
}
