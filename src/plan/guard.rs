//! What a plan may not do without being asked for by name: too many removals or grants, rules left open, people nobody
//! named. Each has an allowance of its own, and no allowance stands for another.

use std::collections::{BTreeMap, HashMap, HashSet};

use smol_str::SmolStr;

use super::diff::{Delta, Diff};
use super::document::Action;
use super::order::Placed;
use super::watch::{Opened, Watcher, as_person};
use super::{Guards, Limit, Options};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::live::{Live, Object, Resource};
use crate::model::{Organisation, Person, View};
use crate::platform::{Check, Field, Requires, Rule, State};
use crate::rules::{Levels, applies, personal};

/// Findings of a plan about its own reach, for one organisation, which the caller names in them.
pub fn findings(
    organisation: &Organisation,
    live: &Live,
    diff: &Diff,
    steps: &[Placed],
    options: &Options,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if !live.proof.holds() {
        let message = incomplete(organisation, live, &diff.withheld);
        let understood = live.proof.read + live.unread.len() == live.proof.announced;
        let help = match (understood, &live.taken) {
            (true, None) => {
                "mend what `plan/unreadable` names, then plan again; all other steps can be applied meanwhile"
            }
            (true, Some(_)) => {
                "mend the rows that are named above, then plan again; all other steps can be done meanwhile"
            }
            (false, None) => "run it again; if it stays so, the portal is at fault",
            (false, Some(_)) => "export it from the portal again, then plan again",
        };
        findings.push(Diagnostic::new("plan/incomplete", Severity::Warning, message).help(help));
    }
    if let Some(suspect) = &live.suspect {
        let message = format!("the portal is not believed, and nothing is planned on it: {suspect}");
        let usual = match live.taken {
            None => {
                "see on the portal what became of them; where it is right, count anew with `rosterctl target probe`"
            }
            Some(_) => {
                "see whether the columns are the right ones (`rosterctl target probe` proposes them), or export it again"
            }
        };
        let help = live.cure.as_deref().unwrap_or(usual);
        findings.push(Diagnostic::error("plan/shrunk", message).at(organisation.place.clone()).help(help));
    }
    let told: HashSet<&SmolStr> = live.unread.iter().map(|unread| &unread.handle).collect();
    let whole = live.findings.iter().filter(|finding| finding.subject.as_ref().is_none_or(|one| !told.contains(one)));
    findings.extend(whole.cloned());
    findings.extend(super::unseen::finding(live, organisation));
    let mut foreign: BTreeMap<&SmolStr, Vec<&str>> = BTreeMap::new();
    live.foreign_members.iter().for_each(|(group, member)| foreign.entry(group).or_default().push(member));
    for (group, members) in foreign {
        let message = format!(
            "the group `{group}` has members on the portal who are none of `{}`: {}",
            organisation.id,
            members.join(", ")
        );
        let place = organisation.group(group).map_or_else(|| organisation.place.clone(), |group| group.place());
        let help = "they have what the group gives and no roster can say so: take them out of it on the portal";
        findings.push(Diagnostic::new("plan/foreign-member", Severity::Warning, message).at(place).help(help));
    }
    if diff.spared > 0 {
        let message = format!(
            "{} on the portal whom no roster names were not pruned: other organisations may share the portal",
            diff.spared
        );
        let help = format!("where it is `{0}`'s alone, add `organisation: {0}` to the target", organisation.id);
        findings.push(Diagnostic::new("plan/shared", Severity::Warning, message).help(help));
    }
    findings.append(&mut super::unread::findings(live, diff));
    limits(organisation, live, steps, options, &mut findings);
    unmanaged(organisation, live, diff, options, &mut findings);
    left_behind(organisation, live, diff, steps, options, &mut findings);
    tampered(organisation, live, options, &mut findings);
    unknown_groups(organisation, live, &mut findings);
    addresses(organisation, live, diff, &mut findings);
    findings
}

/// How many removals that are held back are named.
const NAMED: usize = 10;

/// Why nothing is removed on a reading that is not complete, and nobody created where people may be missing in it; and
/// what would have been.
fn incomplete(organisation: &Organisation, live: &Live, withheld: &[Delta]) -> String {
    let nobody = if live.lacks_people() { " and nobody is created" } else { "" };
    let why = match live.gaps.as_slice() {
        [] if live.taken.is_some() => {
            let count = live.proof.announced - live.proof.read;
            format!("{count} in the snapshot cannot be understood: nothing is removed{nobody} on such a reading")
        }
        gaps if live.taken.is_some() => format!("nothing is removed{nobody} on this snapshot: {}", gaps.join("; ")),
        [] => format!(
            "the portal announced {} objects of `{}` and {} were read: nothing is removed on such a reading",
            live.proof.announced, organisation.id, live.proof.read
        ),
        gaps => format!("the portal was not read to the end, so nothing is removed: {}", gaps.join("; ")),
    };
    let named: Vec<String> = withheld.iter().take(NAMED).map(Delta::words).collect();
    let more = match withheld.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if named.is_empty() { why } else { format!("{why}. Held back: {}{more}", named.join(", ")) }
}

fn limits(
    organisation: &Organisation,
    live: &Live,
    steps: &[Placed],
    options: &Options,
    findings: &mut Vec<Diagnostic>,
) {
    let mut there: BTreeMap<Resource, usize> = BTreeMap::new();
    for entry in &live.people {
        *there.entry(Resource::from(entry.object.section)).or_default() += 1;
    }
    there.insert(Resource::PermissionGroup, live.groups.len());
    let mut removed: BTreeMap<Resource, HashSet<&str>> = BTreeMap::new();
    let mut granted: BTreeMap<Resource, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for placed in steps {
        let delta = &placed.delta;
        match (delta.action, &delta.before, &delta.after) {
            (Action::Delete | Action::Deactivate, ..) => {
                removed.entry(delta.resource).or_default().insert(&delta.key);
            }
            (_, Some(Object::Person(before)), Some(Object::Person(after))) => {
                if before.section != after.section {
                    removed.entry(Resource::from(before.section)).or_default().insert(&delta.key);
                }
                let role = after.roles.iter().any(|held| !before.holds(held.role));
                let group = after.groups.iter().any(|group| !before.groups.contains(group));
                if role || group {
                    // Measured against those among whom the person is live: a user who becomes a contact is a user here.
                    granted.entry(Resource::from(before.section)).or_default().insert(&delta.key);
                }
            }
            _ => {}
        }
    }
    let Guards { max_removals, max_grants } = options.guards;
    let mut check = |resource: Resource, count: usize, limit: Limit, allowed: Option<usize>, words: [&str; 4]| {
        let [rule, what, guard, flag] = words;
        let live = there.get(&resource).copied().unwrap_or(0);
        let limit = limit.of(live);
        if count > allowed.unwrap_or(limit).max(limit) {
            let of = format!("{count} of {live} {resource}s of `{}`", organisation.id);
            let message = format!("{of} would {what}; the guard `{guard}` allows {limit}");
            let help = format!("if that is meant, say so once with {flag} {count}");
            findings.push(Diagnostic::error(rule, message).help(help));
        }
    };
    let words = ["plan/max-removals", "be removed", "maxRemovals", "--allow-removals"];
    removed.iter().for_each(|(kind, people)| check(*kind, people.len(), max_removals, options.allow_removals, words));
    let words = ["plan/max-grants", "gain a role or a group", "maxGrants", "--allow-grants"];
    granted.iter().for_each(|(kind, people)| check(*kind, people.len(), max_grants, options.allow_grants, words));
}

impl Limit {
    /// How many of so many live objects; the smaller of count and share, a share rounded up.
    pub fn of(self, live: usize) -> usize {
        let share = (live * self.percent as usize).div_ceil(100);
        share.min(self.count as usize)
    }
}

/// Rules at error level that do not hold on the portal as it is. Where it has nobody yet, there is nothing to say.
pub fn on_the_portal(organisation: &Organisation, live: &Live, diff: &Diff, levels: &Levels) -> Vec<Diagnostic> {
    if live.people.is_empty() || !(organisation.managed.users || organisation.managed.contacts) {
        return Vec::new();
    }
    // Whoever of a snapshot is not understood, or not in it, may be the one who is missing.
    if live.lacks_people() {
        return Vec::new();
    }
    let watcher = Watcher::new(organisation, live, diff, &diff.deltas, levels);
    let broken = watcher.broken(live).map(|(rule, text, invited)| {
        let (why, help) = match invited.as_slice() {
            [] => {
                (String::new(), "what the steps of the plan do not mend, somebody has to mend on the portal".to_owned())
            }
            who => {
                let who = who.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" or ");
                let help = format!("remind {who}; or give the role to somebody who is active");
                (format!(", until {who} accepts the invitation"), help)
            }
        };
        let message = format!("on the portal, as it is, {text}{why}{}", quoted(rule));
        Diagnostic::new(rule.id.clone(), Severity::Warning, message).help(help)
    });
    broken.collect()
}

/// What deactivation leaves behind: people who stay on the portal with something that a rule speaks against, and of whom
/// the roster does not say so.
fn left_behind(
    organisation: &Organisation,
    live: &Live,
    diff: &Diff,
    steps: &[Placed],
    options: &Options,
    findings: &mut Vec<Diagnostic>,
) {
    let view = View::of(organisation);
    let rules: Vec<&Rule> = organisation.platform.rules.iter().filter(|rule| applies(rule, &view)).collect();
    let retained: HashSet<&SmolStr> = diff.retained.iter().collect();
    let retained = live.people.iter().map(|entry| &entry.object).filter(|person| retained.contains(&person.id));
    let deactivated = steps.iter().filter_map(|placed| as_person(&placed.delta.after));
    let deactivated = deactivated.filter(|person| person.status.value == State::Deactivated);
    for person in retained.chain(deactivated) {
        // Roles that are left count for nothing, and what the roster itself says of the person is told already.
        let without_roles = Person { roles: Vec::new(), ..person.clone() };
        let wanted = organisation.entry(person.section, &person.id);
        for rule in &rules {
            let told = wanted.map(|wanted| personal(rule, organisation, &view, wanted)).unwrap_or_default();
            for breach in personal(rule, organisation, &view, &without_roles) {
                let told = told.iter().any(|told| told.message == breach.message);
                let Some(severity) = options.levels.weigh(rule, breach.level).filter(|_| !told) else { continue };
                let quote = if breach.message.contains('"') { String::new() } else { quoted(rule) };
                let message = format!("once deactivated: {}{quote}", breach.message);
                let finding = Diagnostic::new(rule.id.clone(), severity.max(Severity::Warning), message);
                findings.push(finding.subject(person.id.clone()).help(breach.help));
            }
        }
    }
}

/// The sentence that a rule comes from, to follow a message.
pub fn quoted(rule: &Rule) -> String {
    if rule.source.is_empty() { String::new() } else { format!(": \"{}\"", rule.source.trim_end_matches('.')) }
}

/// People whom no roster names and whom a rule counts, in words that say how to have one of them less.
fn strangers(organisation: &Organisation, live: &Live, diff: &Diff, opened: &Opened) -> Option<String> {
    let rule = organisation.platform.rules.iter().find(|rule| rule.id == opened.rule)?;
    let Check::Cardinality(parameters) = &rule.check else { return None };
    let unmanaged: HashSet<&str> = diff.unmanaged.iter().map(|(_, handle)| handle.as_str()).collect();
    let holds = |person: &Person| person.holds(parameters.role) && (person.active() || parameters.inactive);
    let people = live.people.iter().filter(|entry| unmanaged.contains(entry.handle.as_str()) && holds(&entry.object));
    let names: Vec<String> = people.map(|entry| format!("`{}`", entry.object.name.value)).collect();
    let role = &organisation.platform[parameters.role].id;
    let (who, whom) = match names.as_slice() {
        [] => return None,
        [one] => (format!("{one}, whom no roster names, holds {role} there"), "that person"),
        several => (format!("{}, whom no roster names, hold {role} there", several.join(" and ")), "them"),
    };
    Some(format!(
        "{who}: remove {whom} with --prune (or with --base, where the rosters named {whom}), or take {whom} into the roster \
         in the place of the new one"
    ))
}

/// Findings about the steps that leave rules open, one for each rule and step.
pub fn opened(
    (step, delta): (u32, &Delta),
    opened: &Opened,
    closed: bool,
    (organisation, live, diff): (&Organisation, &Live, &Diff),
    options: &Options,
) -> Option<Diagnostic> {
    let permitted = options.allow_open.iter().any(|rule| *rule == opened.rule);
    let permitted = permitted || opened.invited || opened.allowed && closed;
    if permitted {
        return None;
    }
    let strangers = || strangers(organisation, live, diff, opened).filter(|_| opened.has_too_many());
    let (length, cure) = match (closed, opened.has_too_many()) {
        (true, _) => (
            "until a later step mends it: no order of the steps avoids that",
            "apply the change in two parts".to_owned(),
        ),
        (false, true) => (
            "and no later step mends it",
            strangers().unwrap_or_else(|| "let one person less hold it in the roster".to_owned()),
        ),
        (false, false) => ("and no later step mends it", "name a replacement in the roster".to_owned()),
    };
    let message = format!("step {step} ({}) would break {}: {}, {length}", delta.words(), opened.rule, opened.text);
    let help = format!("{cure}; or accept it once with --allow-open {}", opened.rule);
    Some(Diagnostic::error(opened.rule.clone(), message).help(help))
}

fn unmanaged(organisation: &Organisation, live: &Live, diff: &Diff, options: &Options, findings: &mut Vec<Diagnostic>) {
    if diff.unmanaged.is_empty() {
        return;
    }
    // Who is deactivated has no access any more, as after every removal that deactivates.
    let people = live.people.iter().filter(|entry| entry.object.status.value != State::Deactivated);
    let people = people.map(|entry| (entry.handle.as_str(), entry.object.name.value.as_str()));
    let groups = live.groups.iter().map(|entry| (entry.handle.as_str(), entry.object.name.value.as_str()));
    let names: HashMap<&str, &str> = people.chain(groups).collect();
    let rules = organisation.platform.rules.iter();
    for rule in rules.filter(|rule| matches!(rule.check, Check::Unmanaged)) {
        let Some(severity) = options.levels.weigh(rule, None) else { continue };
        for (resource, handle) in &diff.unmanaged {
            let Some(name) = names.get(handle.as_str()) else { continue };
            let message = format!("the portal has the {resource} `{handle}` ({name}), whom no roster names");
            let message =
                if *resource == Resource::PermissionGroup { message.replace("whom", "which") } else { message };
            let help = "add an entry with the same e-mail address (or, for a group, name) to take it over, or remove it with --prune";
            let finding = Diagnostic::new(rule.id.clone(), severity, message).help(help);
            findings.push(finding.subject(handle.clone()));
        }
    }
}

/// People who must not be touched from outside and were: changed or deleted on the portal by somebody else.
fn tampered(organisation: &Organisation, live: &Live, options: &Options, findings: &mut Vec<Diagnostic>) {
    for rule in &organisation.platform.rules {
        let (Check::Requires(Requires { role: Some(role), untouched: true, .. }), Some(severity)) =
            (&rule.check, options.levels.weigh(rule, None))
        else {
            continue;
        };
        let word = &organisation.platform[*role].id;
        let mut report = |id: &str, what: &str, help: &str| {
            let message = format!("`{id}`, who holds `{word}`, was {what} on the portal by someone else");
            let severity = severity.max(Severity::Warning);
            let mut finding = Diagnostic::new(rule.id.clone(), severity, message).help(help).subject(id);
            finding.place = organisation.person(id).map(|person| person.role_place(*role));
            findings.push(finding);
        };
        for entry in live.people.iter().filter(|entry| entry.managed) {
            let (Some(applied), now) = (entry.applied(), &entry.object) else { continue };
            let held = applied.holds(*role) || now.holds(*role);
            let same =
                applied.name == now.name && applied.email == now.email && applied.holds(*role) == now.holds(*role);
            if held && !same {
                report(&now.id, "changed", "find out by whom, and whether it is right, before you apply");
            }
        }
        for (resource, id) in &live.vanished {
            let holder = organisation
                .people
                .iter()
                .find(|person| Resource::from(person.section) == *resource && person.id == *id);
            if holder.is_some_and(|person| person.holds(*role)) {
                report(id, "deleted", "find out whether the person is still the right one before you apply");
            }
        }
    }
}

/// Organisations in which rosterctl manages people and which no roster of the run names: nothing is planned for them.
pub fn unlisted(managed: &[SmolStr], organisations: &[Organisation]) -> Vec<Diagnostic> {
    let named: HashSet<&SmolStr> = organisations.iter().map(|organisation| &organisation.id).collect();
    let unlisted = managed.iter().filter(|id| !named.contains(id));
    let finding = |id: &SmolStr| {
        let message =
            format!("the portal has managed people of `{id}`, which no roster names: nothing is planned for it");
        let help = format!(
            "add its roster, or write one with `rosterctl export --organisation {id}`; to remove its people, apply a roster with empty sections"
        );
        Diagnostic::new("plan/unlisted", Severity::Info, message).help(help).organisation(id.clone())
    };
    unlisted.map(finding).collect()
}

/// Groups that users list while the roster does not manage groups: they must be known to the portal.
fn unknown_groups(organisation: &Organisation, live: &Live, findings: &mut Vec<Diagnostic>) {
    if organisation.managed.groups {
        return;
    }
    let unread = live.unread.iter().filter(|unread| unread.is_group());
    let unread = unread.map(|unread| unread.id.as_ref().unwrap_or(&unread.handle).as_str());
    let known: HashSet<&str> = live.groups.iter().map(|entry| entry.object.id.as_str()).chain(unread).collect();
    for person in &organisation.people {
        for (index, group) in
            person.groups.iter().enumerate().filter(|(_, group)| !known.contains(group.value.as_str()))
        {
            let place: Place = person.at(group.span, &["groups", &index.to_string()]);
            let message = format!("the permission group `{}` is neither declared nor known to the portal", group.value);
            let near = crate::diagnostic::nearest(&group.value, known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `permissionGroups`, or list a group that the portal has".to_owned(),
            };
            findings.push(
                Diagnostic::error("roster/unknown-group", message).at(place).subject(person.id.clone()).help(help),
            );
        }
    }
}

/// Addresses that two people would have: a roster cannot show that, since it need not name everybody's.
fn addresses(organisation: &Organisation, live: &Live, diff: &Diff, findings: &mut Vec<Diagnostic>) {
    let address = |person: &Person| person.email.as_ref().map(|email| email.value.to_ascii_lowercase());
    let person = |object| as_person(object).and_then(address);
    let mut wanted: HashMap<String, Vec<&Delta>> = HashMap::new();
    for delta in diff.deltas.iter().filter(|delta| person(&delta.before) != person(&delta.after)) {
        if let Some(address) = person(&delta.after) {
            wanted.entry(address).or_default().push(delta);
        }
    }
    if wanted.is_empty() {
        return;
    }
    let changes = diff.deltas.iter().filter_map(|delta| Some((delta.handle.as_ref()?, delta)));
    let changes: HashMap<&SmolStr, &Delta> = changes.collect();
    for entry in &live.people {
        let Some(before) = address(&entry.object) else { continue };
        let Some(deltas) = wanted.get(&before) else { continue };
        if changes.get(&entry.handle).is_some_and(|delta| person(&delta.after).as_ref() != Some(&before)) {
            continue;
        }
        for delta in deltas {
            let (section, id) = (entry.object.section, &entry.object.id);
            let (whose, help) = if organisation.managed.has(section) {
                ("who keeps it", "give one of the two another address, or take the other person out first".to_owned())
            } else {
                let help = format!("manage `{section}` too, so that the entry can be moved, or use another address");
                ("which this roster does not manage", help)
            };
            let message = format!(
                "the e-mail address of `{}` is that of `{id}` in the {section} of the portal, {whose}",
                delta.key
            );
            let mut finding = Diagnostic::error("roster/duplicate-email", message).subject(delta.key.clone());
            let wanted = organisation.person(&delta.key);
            finding.place = wanted.map(|person| person.field_place(Field::Email)).or_else(|| delta.place.clone());
            findings.push(finding.help(help));
        }
    }
}
