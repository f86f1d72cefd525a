//! `rosterctl portal`: what only the embedded portal can do: play the person who accepts an invitation, show its trail.

use serde_json::json;

use super::args::{AcceptArgs, AuditArgs, Common, PortalArgs, PortalCommand};
use super::connect::Target;
use super::context::{Context, Settings, block_on};
use super::export::{choose, platform};
use super::output::Output;
use crate::diagnostic::nearest;
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::live::{Entry, Live, Read};
use crate::model::Person;
use crate::platform::{Section, State};
use crate::report::{Plain, REPORT_VERSION, json as as_json, text};

/// Runs the command.
pub fn run(args: &PortalArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let context = Context::open(common)?;
    if !context.diagnostics.is_empty() {
        return output.refuse(&context.diagnostics, &context.sources);
    }
    let target = Settings::from(context).target(common)?;
    match &args.command {
        PortalCommand::Accept(args) => block_on(accept(args, &target, output))?,
        PortalCommand::Audit(args) => block_on(audit(args, &target, output))?,
    }
}

async fn accept(args: &AcceptArgs, target: &Target, output: &Output) -> Result<Exit, Error> {
    let listed = target.portal.organisations().await?;
    let organisation = choose(&listed, args.organisation.as_deref(), &target.reference.name)?;
    let platform = platform(organisation)?;
    let live = target.portal.read(&organisation.id, &platform).await?;
    let mut people: Vec<&Entry<Person>> = Vec::new();
    if args.all {
        people.extend(users(&live).filter(|entry| entry.object.status.value == State::Pending));
    }
    for word in &args.people {
        let found = find(&live, word, &organisation.id)?;
        if !people.iter().any(|entry| entry.handle == found.handle) {
            people.push(found);
        }
    }
    let outcomes = target.embedded()?.accept(&organisation.id, &platform, &people)?;
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for (entry, outcome) in people.iter().zip(outcomes) {
        match outcome {
            Ok(()) => accepted.push(&entry.object.id),
            Err(refusal) => refused.push(refusal.to_string()),
        }
    }
    let lines = accepted.iter().map(|id| format!("{} has accepted the invitation and is active\n", visible(id)));
    output.print(&match output.format {
        Plain::Text if people.is_empty() => format!("nobody in {} is pending\n", organisation.id),
        Plain::Text => lines.collect(),
        Plain::Json => as_json::to_json(&json!({
            "version": REPORT_VERSION, "organisation": organisation.id, "accepted": accepted, "refused": refused,
        })),
    })?;
    if refused.is_empty() {
        return Ok(Exit::Clean);
    }
    let hint = "only who has been invited and is pending can accept";
    output.complain(&Error::failed(refused.join("\n  "), hint));
    Ok(if accepted.is_empty() { Exit::Findings } else { Exit::Partial })
}

fn users(live: &Live) -> impl Iterator<Item = &Entry<Person>> {
    live.people.iter().filter(|entry| entry.object.section == Section::Users)
}

fn email(entry: &Entry<Person>) -> Option<&str> {
    entry.object.email.as_ref().map(|email| email.value.as_str())
}

/// The user with this id or mail address.
fn find<'l>(live: &'l Live, word: &str, organisation: &str) -> Result<&'l Entry<Person>, Error> {
    let fits = |entry: &&Entry<Person>| entry.object.id == word || entry.object.has_address(word);
    if let Some(found) = users(live).find(fits) {
        return Ok(found);
    }
    let names = users(live).flat_map(|entry| [Some(entry.object.id.as_str()), email(entry)]).flatten();
    let unread =
        live.unread.iter().find(|unread| [&unread.id, &unread.email].into_iter().flatten().any(|own| own == word));
    let hint = match (unread, nearest(word, names)) {
        (Some(unread), _) => visible(&unread.to_string()),
        (_, Some(near)) => format!("did you mean `{}`?", visible(near)),
        _ => "name the id or the e-mail address; `rosterctl export` shows everybody".to_owned(),
    };
    Err(Error::failed(format!("there is no user `{}` in {organisation}", visible(word)), hint))
}

async fn audit(args: &AuditArgs, target: &Target, output: &Output) -> Result<Exit, Error> {
    let organisation = match args.organisation.as_deref() {
        Some(wanted) => {
            let listed = target.portal.organisations().await?;
            Some(choose(&listed, Some(wanted), &target.reference.name)?.id.clone())
        }
        None => None,
    };
    let trail = target.embedded()?.audit(organisation.as_deref())?;
    output.print(&match output.format {
        Plain::Text => text::audit(&trail, &output.style),
        Plain::Json => as_json::to_json(&json!({ "version": REPORT_VERSION, "audit": trail })),
    })?;
    Ok(Exit::Clean)
}
