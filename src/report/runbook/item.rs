//! From a step of a plan to one thing to do.

use serde_json::Value as Json;

use super::there::There;
use super::words::Words;
use super::{Able, Entry, Item};
use crate::live::unseen::UnseenGroups;
use crate::live::{Live, serial};
use crate::model::{self, Organisation};
use crate::plan::document::{Action, Change, Step};
use crate::platform::Way;
use crate::report::words::values::capital;

/// Fields that no form has: what rosters call a thing is nothing to type on a portal.
const NOT_TYPED: [&str; 2] = ["id", "section"];

/// The most people who are named where one has to stay.
const MOST_NAMED: usize = 5;

/// The item of a step.
pub(super) fn item(step: &Step, there: &There<'_>, able: &Able) -> Item {
    let There { organisation, live, .. } = *there;
    let words = Words::of(organisation, live);
    let whom = Whom::of(step, there);
    let way = way(step, organisation);
    let typed = |change: &&Change| !NOT_TYPED.contains(&change.field.as_str());
    let fields: Vec<Entry> = match step.action {
        // Who is invited is pending by that alone.
        Action::Create => {
            let own = step.changes.iter().filter(typed).filter(|change| change.to != "pending");
            own.map(|change| words.entry(change)).collect()
        }
        Action::Update => step.changes.iter().filter(typed).map(|change| words.entry(change)).collect(),
        Action::Deactivate | Action::Reactivate => {
            let others = step.changes.iter().filter(typed).filter(|change| change.field != "status");
            others.map(|change| words.entry(change)).collect()
        }
        Action::Delete => Vec::new(),
    };
    let text = |text: &smol_str::SmolStr| Some(text.to_string()).filter(|text| !text.is_empty());
    Item {
        number: step.id,
        organisation: step.organisation.clone(),
        action: step.action,
        title: format!("{} the {} {}", capital(step.action.as_str()), step.resource, whom.title()),
        location: step.location.clone(),
        who: able.who(step),
        who_is_known: !live.unseen.applications
            && live.unseen.groups == UnseenGroups::None
            && live.unseen.roles.is_empty(),
        needs: step.needs.clone(),
        after: step.after.clone(),
        before: before(step, organisation, live, &whom, &words),
        path: way.iter().flat_map(|way| &way.path).map(|word| word.replace("{name}", &whom.name)).collect(),
        documented: way.is_some_and(|way| !way.source.is_empty()),
        done: done(step, &whom, &fields, way),
        finish: way.and_then(|way| text(&way.finish)),
        fields,
        notes: step.notes.clone(),
    }
}

fn way<'a>(step: &Step, organisation: &'a Organisation) -> Option<&'a Way> {
    let section = step.resource.section();
    organisation.platform.menus.iter().find(|way| way.of == section && way.action == step.action.verb())
}

/// Whom a step concerns, as the portal shows them before it.
struct Whom<'a> {
    name: String,
    email: String,
    person: Option<&'a model::Person>,
}

impl<'a> Whom<'a> {
    fn of(step: &Step, there: &There<'a>) -> Whom<'a> {
        let (person, group) = (there.person(step), there.group(step));
        let new = |field: &str| {
            let change = step.changes.iter().find(|change| change.field == field);
            change.and_then(|change| change.to.as_str()).map(str::to_owned)
        };
        let name = person.map(|person| person.name.value.to_string());
        let name = name.or_else(|| group.map(|group| group.name.value.to_string())).or_else(|| new("name"));
        let email = match person {
            Some(person) => person.email.as_ref().map(|email| email.value.to_string()),
            None => new("email"),
        };
        Whom { name: name.unwrap_or_else(|| step.key.clone()), email: email.unwrap_or_default(), person }
    }

    /// The name, and the address where there is one.
    fn title(&self) -> String {
        let Whom { name, email, .. } = self;
        if email.is_empty() { format!("`{name}`") } else { format!("`{name}` (`{email}`)") }
    }
}

/// What to look at before: that things are as the plan saw them, and that somebody stays where somebody must.
fn before(step: &Step, organisation: &Organisation, live: &Live, whom: &Whom<'_>, words: &Words<'_>) -> Vec<String> {
    let mut checks = Vec::new();
    if step.action == Action::Create {
        checks.push(match whom.email.as_str() {
            "" => format!("nothing is called `{}` there yet", whom.name),
            email => format!("nobody there has the address `{email}` yet"),
        });
        return checks;
    }
    let seen = step.changes.iter().filter(|change| !NOT_TYPED.contains(&change.field.as_str()));
    let seen = seen.filter(|change| step.action != Action::Delete || told_of_leaver(change));
    for change in seen {
        checks.push(match words.value(&change.field, &change.from) {
            value if value.is_empty() => format!("{} shows nothing", words.label(&change.field)),
            value => format!("{} shows `{value}`", words.label(&change.field)),
        });
    }
    let loses = |role: &str| {
        let change = step.changes.iter().find(|change| change.field == "roles");
        let has = |value: &Json| value.as_array().is_some_and(|items| items.iter().any(|item| item == role));
        match step.action {
            Action::Delete | Action::Deactivate => true,
            _ => change.is_some_and(|change| has(&change.from) && !has(&change.to)),
        }
    };
    let platform = &organisation.platform;
    for (_, role) in serial(platform).filter(|(_, role)| whom.person.is_some_and(|person| person.holds(*role))) {
        if !loses(&platform[role].id) {
            continue;
        }
        let others = live.people.iter().map(|entry| &entry.object);
        let others = others.filter(|other| other.active() && other.holds(role) && Some(*other) != whom.person);
        let names: Vec<String> = others.take(MOST_NAMED).map(|other| format!("`{}`", other.name.value)).collect();
        let who = if names.is_empty() { String::new() } else { format!(", such as {}", names.join(" or ")) };
        checks.push(format!("somebody else who is active is {}{who}; stop if nobody is", platform[role].name));
    }
    checks
}

/// What tells of somebody who goes: the roles, and a state that is not the usual one.
fn told_of_leaver(change: &Change) -> bool {
    change.field == "roles" || change.field == "status" && change.from != "active"
}

/// How to see that it is done.
fn done(step: &Step, whom: &Whom<'_>, fields: &[Entry], way: Option<&Way>) -> Vec<String> {
    let mut signs: Vec<String> =
        way.iter().filter(|way| !way.then.is_empty()).map(|way| way.then.to_string()).collect();
    if signs.is_empty() && step.action == Action::Delete {
        signs.push(format!("{} is listed no more", whom.title()));
    }
    if step.action == Action::Update && !fields.is_empty() {
        let labels: Vec<&str> = fields.iter().map(|field| field.label.as_str()).collect();
        signs.push(format!("load the page again: {} as above", shown(&labels)));
    }
    signs
}

fn shown(labels: &[&str]) -> String {
    let verb = if labels.len() == 1 { "is now" } else { "are now" };
    match labels {
        [labels @ .., last] if !labels.is_empty() => format!("{} and {last} {verb}", labels.join(", ")),
        labels => format!("{} {verb}", labels.join("")),
    }
}
