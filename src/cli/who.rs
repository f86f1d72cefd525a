//! `rosterctl who`: who is notified, who may, who holds, and why.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::args::{Common, Question, WhoArgs};
use super::context::Context;
use super::output::Output;
use crate::diagnostic::{Severity, nearest};
use crate::document::record::visible;
use crate::document::{Sources, locate};
use crate::error::{Error, Exit};
use crate::model::{Answer, Organisation, Roll, View, Why};
use crate::report::{Format, json as as_json};

/// Runs the command.
pub fn run(args: &WhoArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let (word, paths) = match &args.question {
        Question::Notified { event, paths } => (event, paths),
        Question::Can { permission, paths } => (permission, paths),
        Question::Holds { role, paths } => (role, paths),
    };
    let paths: &[PathBuf] = paths;
    let (rosters, _) = Context::open(common)?.rosters(paths, output)?;
    let broken = rosters.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).count();
    let mut answers = Vec::new();
    let mut text = String::new();
    for organisation in &rosters.organisations {
        let roll = Roll::new(View::of(organisation), &organisation.people);
        let found = answer(&args.question, &roll).ok_or_else(|| unknown(&args.question, word, organisation))?;
        text.push_str(&words(&args.question, word, organisation, &roll, &found, &rosters.sources));
        answers.push(document(organisation, &roll, &found, &rosters.sources));
    }
    if rosters.organisations.is_empty() && broken == 0 {
        return Err(Error::usage("no organisation is declared here", "name the files of a roster"));
    }
    if broken > 0 {
        output.remark(&format!(
            "the rosters have errors ({broken}): the answer is only as good as they are (rosterctl validate)"
        ));
    }
    output.print(&match output.format {
        Format::Text => text,
        Format::Json => as_json::to_json(&json!({ "version": 1, "answers": answers })),
    })?;
    Ok(if broken > 0 { Exit::Findings } else { Exit::Clean })
}

fn answer<'a>(question: &Question, roll: &Roll<'a>) -> Option<Vec<Answer<'a>>> {
    let platform = roll.view.platform;
    Some(match question {
        Question::Notified { event, .. } => roll.notified(platform.event(event)?),
        Question::Can { permission, .. } => roll.able_to(permission)?,
        Question::Holds { role, .. } => {
            let role = platform.role(role)?;
            let holders = roll.holders(role).iter();
            holders.map(|person| Answer { person, why: Why::Holds(role) }).collect()
        }
    })
}

fn unknown(question: &Question, word: &str, organisation: &Organisation) -> Error {
    let platform = &organisation.platform;
    let (what, words): (&str, Vec<&str>) = match question {
        Question::Notified { .. } => ("event", platform.events.iter().map(|event| event.id.as_str()).collect()),
        Question::Can { .. } => ("permission", platform.permissions.iter().map(|one| one.id.as_str()).collect()),
        Question::Holds { .. } => ("role", platform.roles.iter().map(|role| role.id.as_str()).collect()),
    };
    let hint = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if what == "permission" => format!("it has: {}; and APPLICATION:LEVEL", words.join(", ")),
        None => format!("it has: {}", words.join(", ")),
    };
    Error::failed(format!("{} has no {what} `{}`", platform.name, visible(word)), hint)
}

fn words(
    question: &Question,
    word: &str,
    organisation: &Organisation,
    roll: &Roll<'_>,
    answers: &[Answer<'_>],
    sources: &Sources,
) -> String {
    let verb = match question {
        Question::Notified { .. } => "notified of",
        Question::Can { .. } => "able to do",
        Question::Holds { .. } => "holding",
    };
    if answers.is_empty() {
        return format!("{}: nobody is {verb} {word}{}\n", organisation.id, absent(question, roll));
    }
    let mut text = format!("{}: {verb} {word}\n", organisation.id);
    let longest = answers.iter().map(|answer| answer.person.id.chars().count()).max().unwrap_or(0).min(40);
    for answer in answers {
        let place = locate(sources, &answer.place());
        let name = visible(&answer.person.name.value);
        text.push_str(&format!(
            "  {:longest$}  {name}, {} ({}:{})\n",
            visible(&answer.person.id),
            answer.reason(roll.view.platform),
            visible(&place.path),
            place.line
        ));
    }
    text
}

/// Why an event reaches nobody, where the platform says so.
fn absent(question: &Question, roll: &Roll<'_>) -> String {
    let Question::Notified { event, .. } = question else { return String::new() };
    let Some(event) = roll.view.platform.event(event) else { return String::new() };
    let event = &roll.view.platform[event];
    if event.when.as_ref().is_some_and(|when| !roll.view.holds_here(when)) {
        return ": the event does not arise for this organisation".to_owned();
    }
    let roles: Vec<&str> =
        event.to.iter().chain(&event.copy).map(|role| roll.view.platform[*role].id.as_str()).collect();
    format!(": no active person holds {}", roles.join(" or "))
}

fn document(organisation: &Organisation, roll: &Roll<'_>, answers: &[Answer<'_>], sources: &Sources) -> Json {
    let people = answers.iter().map(|answer| {
        json!({
            "person": answer.person.id,
            "name": answer.person.name.value,
            "reason": answer.reason(roll.view.platform),
            "location": locate(sources, &answer.place()),
        })
    });
    json!({ "organisation": organisation.id, "people": people.collect::<Vec<_>>() })
}
