//! Second targets: what they know of people better than rosters do is asked of them before rules are weighed.

use std::collections::BTreeSet;
use std::mem::take;

use smol_str::SmolStr;

use super::connect::Target;
use super::context::Settings;
use super::rosters::{Rosters, sort};
use crate::diagnostic::{Diagnostic, Located, Severity, not_among};
use crate::error::Error;
use crate::live::{Live, Read, Rest};
use crate::model::{Evidence, Organisation, Value};
use crate::platform::{AttributeIx, AttributeType};
use crate::rules::{self, Doubts};

/// Asks every target that the workspace says provides something, and weighs the rules by what it says.
pub async fn hear(rosters: &mut Rosters, settings: &Settings) -> Result<(), Error> {
    let providers = settings.providers();
    if providers.is_empty() {
        return Ok(());
    }
    let wanted: BTreeSet<SmolStr> = rosters.organisations.iter().flat_map(asked_for).collect();
    let (mut findings, mut asked) = (Vec::new(), BTreeSet::new());
    let mut evidence: Vec<Vec<Evidence>> = rosters.organisations.iter().map(|_| Vec::new()).collect();
    for (name, capabilities) in providers {
        let (known, unknown): (Vec<SmolStr>, Vec<SmolStr>) =
            capabilities.into_iter().partition(|one| wanted.contains(one));
        findings.extend(unknown.iter().map(|capability| useless(&name, capability, &wanted)));
        let (second, known): (Vec<SmolStr>, Vec<SmolStr>) = known.into_iter().partition(|one| asked.contains(one));
        findings.extend(second.iter().map(|capability| twice(&name, capability)));
        asked.extend(known.iter().cloned());
        if known.is_empty() {
            continue;
        }
        let target = match settings.named(&name) {
            Ok(target) => target,
            Err(error) => {
                findings.push(silent(&name, &error.message, error.hint.as_deref()));
                continue;
            }
        };
        for (organisation, evidence) in rosters.organisations.iter().zip(&mut evidence) {
            let capabilities: Vec<SmolStr> = asked_for(organisation).filter(|one| known.contains(one)).collect();
            if !capabilities.is_empty() {
                match testimony(&target, organisation, capabilities).await {
                    Ok((mut heard, mut said)) => {
                        evidence.append(&mut heard);
                        findings.append(&mut said);
                    }
                    Err(finding) => findings.push(finding),
                }
            }
        }
    }
    let doubts = Doubts::of(&rosters.diagnostics);
    for (organisation, evidence) in rosters.organisations.iter_mut().zip(&evidence).filter(|(_, all)| !all.is_empty()) {
        let weigh = |organisation: &Organisation| rules::check(organisation, &rosters.levels, &doubts, settings.today);
        let path = |file| rosters.sources.path(file).to_owned();
        rosters.diagnostics = not_among(&weigh(organisation), take(&mut rosters.diagnostics), [&path, &path]);
        let heard = organisation.heard(evidence);
        findings.append(&mut weigh(&heard));
        organisation.asked = heard.asked;
    }
    rosters.diagnostics.append(&mut findings);
    sort(&mut rosters.diagnostics, &rosters.sources);
    Ok(())
}

/// What rules of an organisation could ask of others.
fn asked_for(organisation: &Organisation) -> impl Iterator<Item = SmolStr> {
    let words = organisation.platform.attributes.iter().map(|attribute| attribute.evidence.clone());
    words.filter(|word| !word.is_empty())
}

/// What a target says of an organisation, and what is to be said of that.
async fn testimony(
    target: &Target,
    organisation: &Organisation,
    capabilities: Vec<SmolStr>,
) -> Result<(Vec<Evidence>, Vec<Diagnostic>), Diagnostic> {
    let name = &target.reference.name;
    let live = target.portal.read(&organisation.id, &organisation.platform).await;
    let mut live = live.map_err(|error| silent(name, &error.message, error.hint.as_deref()))?;
    if let Some(old) =
        live.findings.iter().find(|finding| matches!(&*finding.rule, "snapshot/too-old" | "snapshot/from-the-future"))
    {
        return Err(silent(name, &old.message, old.help.as_deref()));
    }
    let feeds = target.portal.rest().and_then(|rest| Some((rest, SmolStr::from(rest.feeds()?))));
    let feeds = feeds.filter(|(_, feeds)| capabilities.contains(feeds));
    let (mut capabilities, mut said) = (capabilities, None);
    let mut fed = None;
    if let Some((rest, feeds)) = feeds {
        said = feed(name, rest, &feeds, &mut live, organisation).await.err();
        if said.is_some() {
            capabilities.retain(|one| *one != feeds);
        }
        fed = Some(feeds);
    }
    let people_unread = || live.unread.iter().filter(|unread| !unread.is_group());
    let seen =
        live.gaps.is_empty() && live.suspect.is_none() && live.proof.read + live.unread.len() >= live.proof.announced;
    let complete = seen && people_unread().all(|unread| unread.email.is_some());
    let people = || live.people.iter().map(|entry| &entry.object);
    let (known, hidden): (Vec<SmolStr>, Vec<SmolStr>) =
        capabilities.into_iter().partition(|one| fed.as_ref() == Some(one) || shows(target, &live, organisation, one));
    let heard = known.into_iter().map(|one| {
        Evidence::of(
            one,
            name.as_str().into(),
            complete,
            people(),
            people_unread().filter_map(|one| one.email.as_ref()),
        )
    });
    let hidden = hidden.into_iter().map(|capability| {
        let message = format!("`{name}` does not show `{capability}`, so what the roster declares counts");
        let help =
            "let an export that has them provide it: a target of kind `snapshot` with a column for the attribute";
        Diagnostic::new("plan/evidence", Severity::Warning, message).help(help)
    });
    let finding = (!complete || people_unread().next().is_some()).then(|| {
        let first = people_unread().next().map(|unread| format!(" ({unread})")).unwrap_or_default();
        let message = format!(
            "not all of `{name}` could be read{first}: of whom it did not show, what the roster of `{}` declares counts",
            organisation.id
        );
        Diagnostic::new("plan/evidence", Severity::Warning, message)
            .help("`rosterctl target probe` tells what is wrong there")
    });
    Ok((heard.collect(), said.into_iter().chain(hidden).chain(finding).collect()))
}

/// Has people show what the roles of a second target say of them, in the place of what is kept there. An error says why
/// it could not be asked.
async fn feed(
    name: &str,
    rest: &Rest,
    capability: &str,
    live: &mut Live,
    organisation: &Organisation,
) -> Result<(), Diagnostic> {
    let (held, gap) = rest.evidence().await.map_err(|error| silent(name, &error.message, error.hint.as_deref()))?;
    if let Some(gap) = gap {
        return Err(silent(name, &gap, Some("`rosterctl target probe` tells what is wrong there")));
    }
    let attributes = organisation.platform.attributes.iter().enumerate();
    let asked = attributes.filter(|(_, one)| one.evidence == capability && one.value_type == AttributeType::List);
    for at in asked.map(|(at, _)| AttributeIx(at as u16)) {
        for entry in &mut live.people {
            let words = held.get(&entry.handle).into_iter().flatten();
            let value = Value::List(words.map(|word| Located::nowhere(word.clone())).collect());
            entry.object.attributes.retain(|(own, _)| *own != at);
            entry.object.attributes.push((at, Located::nowhere(value)));
        }
    }
    Ok(())
}

/// Whether a target tells what it is said to provide: every one tells who is there; what else people have there it must
/// have a place for, and what rosterctl itself wrote to a portal on the network is no evidence.
fn shows(target: &Target, live: &Live, organisation: &Organisation, capability: &SmolStr) -> bool {
    let platform = &organisation.platform;
    let mut attributes = platform.attributes.iter().enumerate().filter(|(_, one)| one.evidence == *capability);
    attributes.all(|(at, attribute)| match attribute.value_type {
        AttributeType::Boolean => !live.unseen.email,
        _ => target.portal.network().is_none() && !live.unseen.attributes.contains(&AttributeIx(at as u16)),
    })
}

/// A target that could not be asked.
fn silent(target: &str, why: &str, hint: Option<&str>) -> Diagnostic {
    let message = format!("`{target}` could not be asked, so what the rosters declare counts: {why}");
    let finding = Diagnostic::new("plan/evidence", Severity::Warning, message);
    hint.map_or(finding.clone(), |hint| finding.help(hint))
}

/// A word in `provides` of a second target.
fn twice(target: &str, capability: &str) -> Diagnostic {
    let message = format!("`{target}` is not asked for `{capability}`: another target provides it already");
    Diagnostic::new("plan/evidence", Severity::Warning, message).help("take it out of `provides` of one of them")
}

/// A word in `provides` that no platform of these rosters asks for.
fn useless(target: &str, capability: &str, wanted: &BTreeSet<SmolStr>) -> Diagnostic {
    let message = format!("`{target}` provides `{capability}`, which no platform of these rosters asks for");
    let words: Vec<String> = wanted.iter().map(|word| format!("`{word}`")).collect();
    let help = match words.is_empty() {
        true => "take it out of `provides`".to_owned(),
        false => format!("they ask for {}", words.join(", ")),
    };
    Diagnostic::new("plan/evidence", Severity::Warning, message).help(help)
}
