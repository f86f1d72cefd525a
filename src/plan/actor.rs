//! The acting person: which permissions steps need, which steps that person may not take, and who could.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::diff::{Delta, Diff};
use super::guard::quoted;
use super::watch::as_person;
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::{Live, Object};
use crate::model::{Organisation, Person, View, grant};
use crate::platform::{ActorRule, Check, PermissionIx, Platform, RoleIx, Rule, Section, State};
use crate::rules::Levels;

/// The rules of a platform about who may take which step.
#[derive(Debug)]
pub struct Rules<'a>(Vec<(&'a Rule, &'a ActorRule, Severity)>);

impl<'a> Rules<'a> {
    /// Those of a platform, as they are weighed.
    pub fn of(platform: &'a Platform, levels: &Levels) -> Rules<'a> {
        let rules = platform.rules.iter().filter_map(|rule| match &rule.check {
            Check::Actor(parameters) => Some((rule, parameters, levels.weigh(rule, None)?)),
            _ => None,
        });
        Rules(rules.collect())
    }

    /// The permissions that a step needs, whoever takes it.
    pub fn needs(&self, delta: &Delta) -> Vec<PermissionIx> {
        let mut needs = Vec::new();
        for (_, parameters, _) in self.0.iter().filter(|(_, _, severity)| *severity == Severity::Error) {
            let everybodys = parameters.own.is_none() && parameters.by.is_empty();
            let permission = parameters.permission.filter(|one| everybodys && !needs.contains(one));
            needs.extend(permission.filter(|_| fits(parameters, delta)));
        }
        needs
    }
}

/// Judges steps by who takes them, in the order of the plan: what a step takes from the acting person counts for the
/// steps after it.
#[derive(Debug)]
pub struct Acting<'a> {
    organisation: &'a Organisation,
    rules: &'a Rules<'a>,
    /// What the groups give when the next step comes.
    view: View<'a>,
    /// The acting person, where one is named.
    actor: Option<Actor<'a>>,
    /// Who can take steps when the next one comes, by the permission needed.
    able: Vec<Able<'a>>,
}

/// Those who have a permission.
#[derive(Debug)]
struct Able<'a> {
    permission: PermissionIx,
    /// The portal's name for each, or the id of whoever it does not have yet; and the id.
    people: BTreeMap<&'a SmolStr, &'a SmolStr>,
    /// Whether anybody had it, before the plan or while it goes on.
    ever: bool,
}

/// The acting person as the steps go by.
#[derive(Debug)]
struct Actor<'a> {
    id: &'a str,
    /// The portal's name for the person and the person, while the portal has them.
    there: Option<(&'a SmolStr, Person)>,
}

/// What is to be said of a step.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Why it may not be taken: the rule and a message.
    pub refused: Option<(SmolStr, String)>,
    /// What else is to be said.
    pub warnings: Vec<Diagnostic>,
}

impl<'a> Acting<'a> {
    /// Somebody who acts on an organisation, or nobody in particular.
    pub fn new(
        organisation: &'a Organisation,
        live: &'a Live,
        found: &Diff,
        rules: &'a Rules<'a>,
        actor: Option<&'a str>,
    ) -> Acting<'a> {
        let mut view = View::with(&organisation.platform, &organisation.profile, []);
        view.groups = found.groups(live);
        let actor = actor.map(|id| {
            let mut users = live.people.iter().filter(|entry| entry.object.section == Section::Users);
            let known = users.find(|entry| entry.object.id == id || entry.handle == id);
            let there = known.map(|entry| (&entry.handle, found.in_new_words(&entry.object).into_owned()));
            Actor { id, there }
        });
        let mut acting = Acting { organisation, rules, view, actor, able: Vec::new() };
        if acting.actor.is_some() {
            let people: Vec<_> = live.people.iter().map(|entry| (entry, found.in_new_words(&entry.object))).collect();
            let needed: BTreeSet<PermissionIx> = rules.0.iter().filter_map(|(_, rule, _)| rule.permission).collect();
            for permission in needed {
                let able = people.iter().filter(|(_, person)| grant(&acting.view, person, permission).is_some());
                let people: BTreeMap<_, _> = able.map(|(entry, _)| (&entry.handle, &entry.object.id)).collect();
                acting.able.push(Able { permission, ever: !people.is_empty(), people });
            }
        }
        acting
    }

    /// Judges a step.
    pub fn judge(&self, delta: &Delta) -> Verdict {
        let mut verdict = Verdict::default();
        let Some(actor) = &self.actor else { return verdict };
        for (rule, parameters, severity) in &self.rules.0 {
            if !fits(parameters, delta) || !self.forbids(actor, parameters, delta) {
                continue;
            }
            let message = self.message(actor, rule, parameters, delta);
            if *severity == Severity::Error {
                verdict.refused = Some((rule.id.clone(), message));
                break;
            }
            let mut finding = Diagnostic::new(rule.id.clone(), *severity, message).subject(delta.key.clone());
            finding.place = delta.place.clone();
            finding.help = Some(filled(&parameters.help, delta)).filter(|help| !help.is_empty());
            verdict.warnings.push(finding);
        }
        verdict
    }

    /// Takes a step: what it does to the acting person, and to what groups give, counts from now on.
    pub fn take(&mut self, delta: &'a Delta) {
        match (&delta.before, &delta.after) {
            (_, Some(Object::Group(group))) => drop(self.view.groups.insert(delta.key.clone(), group)),
            (Some(Object::Group(_)), None) => drop(self.view.groups.remove(&delta.key)),
            (_, after) => {
                for Able { permission, people, ever } in &mut self.able {
                    let handle = delta.handle.as_ref().unwrap_or(&delta.key);
                    if as_person(after).is_some_and(|after| grant(&self.view, after, *permission).is_some()) {
                        people.insert(handle, &delta.key);
                        *ever = true;
                    } else {
                        people.remove(handle);
                    }
                }
                let actor = self.actor.as_mut().and_then(|actor| actor.there.as_mut());
                let own = actor.filter(|(handle, _)| delta.handle.as_ref() == Some(*handle));
                let Some((_, person)) = own else { return };
                match as_person(after) {
                    Some(after) => *person = after.clone(),
                    // Whoever is gone has no access.
                    None => person.status.value = State::Absent,
                }
            }
        }
    }

    fn forbids(&self, actor: &Actor<'_>, parameters: &ActorRule, delta: &Delta) -> bool {
        let own = actor.there.as_ref().is_some_and(|(handle, _)| delta.handle.as_ref() == Some(*handle));
        let person = actor.there.as_ref().map(|(_, person)| person);
        let by = |role: &RoleIx| person.is_some_and(|person| person.active() && person.holds(*role));
        if parameters.own.is_some_and(|wanted| wanted != own) {
            return false;
        }
        if !parameters.by.is_empty() && !parameters.by.iter().any(by) {
            return false;
        }
        match parameters.permission {
            None => person.is_some(),
            Some(permission) => {
                let able = person.is_some_and(|person| grant(&self.view, person, permission).is_some());
                // Where nobody at all is able, the portal is new: somebody has to begin.
                !able && self.able.iter().any(|able| able.permission == permission && able.ever)
            }
        }
    }

    /// Those who have a permission.
    fn able(&self, permission: PermissionIx) -> Option<&BTreeMap<&'a SmolStr, &'a SmolStr>> {
        self.able.iter().find(|able| able.permission == permission).map(|able| &able.people)
    }

    fn message(&self, actor: &Actor<'_>, rule: &Rule, parameters: &ActorRule, delta: &Delta) -> String {
        let platform = &self.organisation.platform;
        let Actor { id, there } = actor;
        let mut message = match (&parameters.say, parameters.permission) {
            (say, _) if !say.is_empty() => filled(say, delta).replace("{actor}", &format!("`{id}`")),
            (_, Some(permission)) => format!("`{id}` may not do this, it needs `{}`", platform[permission].id),
            (_, None) => format!("`{id}` may not do this to their own account"),
        };
        if there.is_none() {
            message.push_str(&format!(" (the portal has no user `{id}`)"));
        }
        if !message.contains('"') {
            message.push_str(&quoted(rule));
        }
        let mut needs = self.rules.needs(delta);
        needs.retain(|one| Some(*one) != parameters.permission);
        needs.splice(..0, parameters.permission);
        let Some((permission, others)) = needs.split_first() else { return message };
        let first = &platform[*permission];
        let what = match first.roles.as_slice() {
            [role] if first.application.is_none() && first.within.is_empty() => {
                let name = platform[*role].name.to_lowercase();
                let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                if parameters.own == Some(true) { format!("a different {name}") } else { format!("{article} {name}") }
            }
            _ => format!("somebody with `{}`", first.id),
        };
        // Nobody does to themselves what nobody may do to their own account.
        let own = |(_, parameters, severity): &(&Rule, &ActorRule, Severity)| {
            *severity == Severity::Error && parameters.own == Some(true) && fits(parameters, delta)
        };
        let not_own = self.rules.0.iter().any(own);
        let may = self.able(*permission).into_iter().flatten().filter(|(handle, _)| {
            let me = there.as_ref().is_some_and(|(own, _)| *handle == own);
            let subject = Some(**handle) == delta.handle.as_ref();
            !(me || not_own && subject)
        });
        let all = |(handle, _): &(&&SmolStr, &&SmolStr)| {
            others.iter().all(|one| self.able(*one).is_some_and(|able| able.contains_key(*handle)))
        };
        let mut others: Vec<&str> = may.clone().filter(all).map(|(_, id)| id.as_str()).collect();
        if others.is_empty() {
            others = may.map(|(_, id)| id.as_str()).collect();
        }
        let shown = others.iter().take(5).copied().collect::<Vec<_>>().join(" or ");
        message.push_str(&match others.len() {
            0 => format!("; it needs {what}, and there is nobody else like that on the portal"),
            1..=5 => format!("; it needs {what}: {shown}"),
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
