//! The acting person: which permissions steps need, which steps that person may not take, and who could.

use smol_str::SmolStr;

use super::diff::Delta;
use super::watch::as_person;
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::{Entry, Live};
use crate::model::{Organisation, Person, View, grant};
use crate::platform::{ActorRule, Check, PermissionIx, RoleIx, Rule};
use crate::rules::Levels;

/// Judges steps by who takes them, in the order of the plan: what a step takes from the acting person counts for the
/// steps after it.
#[derive(Debug)]
pub struct Acting<'a> {
    organisation: &'a Organisation,
    view: View<'a>,
    live: &'a Live,
    rules: Vec<(&'a Rule, &'a ActorRule, Severity)>,
    /// The acting person, where one is named: the id, and the person where the portal has them.
    actor: Option<(&'a str, Option<Actor>)>,
}

/// The acting person as the steps go by.
#[derive(Debug)]
struct Actor {
    handle: SmolStr,
    person: Person,
}

/// What is to be said of a step.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The permissions that it needs.
    pub needs: Vec<PermissionIx>,
    /// Why it may not be taken: the rule and a message.
    pub refused: Option<(SmolStr, String)>,
    /// What else is to be said.
    pub warnings: Vec<Diagnostic>,
}

impl<'a> Acting<'a> {
    /// Somebody who acts on an organisation, or nobody in particular.
    pub fn new(organisation: &'a Organisation, live: &'a Live, levels: &Levels, actor: Option<&'a str>) -> Acting<'a> {
        let platform = &organisation.platform;
        let rules = platform.rules.iter().filter_map(|rule| match &rule.check {
            Check::Actor(parameters) => Some((rule, parameters, levels.weigh(rule, None)?)),
            _ => None,
        });
        let actor = actor.map(|id| {
            let known = live.people.iter().find(|entry| entry.object.id == id || entry.handle == id);
            (id, known.map(|entry| Actor { handle: entry.handle.clone(), person: entry.object.clone() }))
        });
        let groups = live.groups.iter().map(|entry| &entry.object);
        let view = View::with(platform, &organisation.profile, groups);
        Acting { organisation, view, live, rules: rules.collect(), actor }
    }

    /// Judges a step.
    pub fn judge(&self, delta: &Delta) -> Verdict {
        let mut verdict = Verdict::default();
        for (_, parameters, severity) in &self.rules {
            let everybodys = parameters.own.is_none() && parameters.by.is_empty();
            if let Some(permission) = parameters.permission
                && everybodys
                && *severity == Severity::Error
                && fits(parameters, delta)
                && !verdict.needs.contains(&permission)
            {
                verdict.needs.push(permission);
            }
        }
        for (rule, parameters, severity) in &self.rules {
            if !fits(parameters, delta) || !self.forbids(parameters, delta) {
                continue;
            }
            let message = self.message(rule, parameters, delta, &verdict.needs);
            if *severity == Severity::Error {
                verdict.refused = Some((rule.id.clone(), message));
                break;
            }
            let mut finding = Diagnostic::new(rule.id.clone(), *severity, message).subject(delta.key.clone());
            finding.organisation = Some(self.organisation.id.clone());
            finding.place = delta.place.clone();
            finding.help = Some(filled(&parameters.help, delta)).filter(|help| !help.is_empty());
            verdict.warnings.push(finding);
        }
        verdict
    }

    /// Takes a step: what it does to the acting person counts from now on.
    pub fn take(&mut self, delta: &Delta) {
        if let Some((_, Some(actor))) = &mut self.actor
            && delta.handle.as_ref() == Some(&actor.handle)
            && let Some(after) = as_person(&delta.after)
        {
            actor.person = after.clone();
        }
    }

    fn forbids(&self, parameters: &ActorRule, delta: &Delta) -> bool {
        let Some((_, actor)) = &self.actor else { return false };
        let own = actor.as_ref().is_some_and(|actor| delta.handle.as_ref() == Some(&actor.handle));
        let person = actor.as_ref().map(|actor| &actor.person);
        let by = |role: &RoleIx| person.is_some_and(|person| person.active() && person.holds(*role));
        if parameters.own.is_some_and(|wanted| wanted != own) {
            return false;
        }
        if !parameters.by.is_empty() && !parameters.by.iter().any(by) {
            return false;
        }
        match parameters.permission {
            None => actor.is_some(),
            Some(permission) => {
                let able = person.is_some_and(|person| grant(&self.view, person, permission).is_some());
                // Where nobody at all is able, the portal is new: somebody has to begin.
                !able && self.able(&[permission]).next().is_some()
            }
        }
    }

    /// Those on the portal who have all these permissions.
    fn able(&self, needs: &[PermissionIx]) -> impl Iterator<Item = &Person> {
        let all = move |entry: &&Entry<Person>| {
            needs.iter().all(|permission| grant(&self.view, &entry.object, *permission).is_some())
        };
        self.live.people.iter().filter(all).map(|entry| &entry.object)
    }

    fn message(&self, rule: &Rule, parameters: &ActorRule, delta: &Delta, needs: &[PermissionIx]) -> String {
        let platform = &self.organisation.platform;
        let (id, actor) = self.actor.as_ref().map_or(("", &None), |(id, actor)| (*id, actor));
        let mut message = match (&parameters.say, parameters.permission) {
            (say, _) if !say.is_empty() => filled(say, delta).replace("{actor}", &format!("`{id}`")),
            (_, Some(permission)) => format!("`{id}` may not do this, it needs `{}`", platform[permission].id),
            (_, None) => format!("`{id}` may not do this to their own account"),
        };
        if actor.is_none() {
            message.push_str(&format!(" (the portal has no user `{id}`)"));
        }
        if !rule.source.is_empty() && !message.contains('"') {
            message.push_str(&format!(": \"{}\"", rule.source.trim_end_matches('.')));
        }
        let needs: Vec<PermissionIx> = parameters.permission.into_iter().chain(needs.iter().copied()).collect();
        let Some(first) = needs.first().map(|permission| &platform[*permission]) else { return message };
        let what = match first.roles.as_slice() {
            [role] if first.application.is_none() && first.within.is_empty() => {
                let name = platform[*role].name.to_lowercase();
                let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                if parameters.own == Some(true) { format!("a different {name}") } else { format!("{article} {name}") }
            }
            _ => format!("somebody with `{}`", first.id),
        };
        let others = self
            .able(&needs)
            .filter(|person| person.id != id && actor.as_ref().is_none_or(|actor| person.id != actor.person.id));
        let others: Vec<&str> = others.map(|person| person.id.as_str()).collect();
        let shown = others.iter().take(5).copied().collect::<Vec<_>>().join(" or ");
        message.push_str(&match others.len() {
            0 => format!("; it needs {what}, and nobody else on the portal is one"),
            0..=5 => format!("; it needs {what}: {shown}"),
            more => format!("; it needs {what}: {shown} or {} more", more - 5),
        });
        message
    }
}

fn filled(text: &str, delta: &Delta) -> String {
    text.replace("{subject}", &format!("`{}`", delta.key))
}

/// Whether a rule speaks of a step at all, whoever takes it.
fn fits(parameters: &ActorRule, delta: &Delta) -> bool {
    let (before, after) = (as_person(&delta.before), as_person(&delta.after));
    let grants = |role: &RoleIx| {
        after.is_some_and(|after| after.holds(*role)) && !before.is_some_and(|before| before.holds(*role))
    };
    let revokes = |role: &RoleIx| {
        let keeps =
            |before: &Person| after.is_some_and(|after| after.holds(*role) && (after.active() || !before.active()));
        before.is_some_and(|before| before.holds(*role) && !keeps(before))
    };
    let roles = |person: Option<&Person>| {
        let mut roles: Vec<RoleIx> = person.iter().flat_map(|person| &person.roles).map(|held| held.role).collect();
        roles.sort_unstable();
        roles
    };
    let moved = match (parameters.grants.as_slice(), parameters.revokes.as_slice()) {
        ([], []) => true,
        (given, taken) => given.iter().any(grants) || taken.iter().any(revokes),
    };
    let attribute = |attribute| {
        let of = |person: Option<&Person>| person.and_then(|person| person.attribute(attribute).cloned());
        of(before) != of(after)
    };
    (parameters.actions.is_empty() || parameters.actions.contains(&delta.action.verb()))
        && moved
        && (!parameters.roles || after.is_some() && roles(before) != roles(after))
        && parameters.attribute.is_none_or(attribute)
}
