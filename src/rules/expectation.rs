//! Expectations: assertions about the outcome, checked as tests are. A failed one shows the actual answer.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, Located, Place, nearest};
use crate::document::record::Text;
use crate::document::roster::{Can, Expectation, Holds, Notified};
use crate::model::{Answer, Organisation, Roll, Stated, Why};

/// What an expectation asserts of a set of people.
struct Claim<'e> {
    exactly: &'e Option<Vec<Text>>,
    includes: &'e Option<Vec<Text>>,
    excludes: &'e Option<Vec<Text>>,
    at_least: Option<u32>,
    nobody: bool,
    first: Option<&'e Text>,
}

macro_rules! claim {
    ($written:expr, $first:expr) => {
        Claim {
            exactly: &$written.exactly,
            includes: &$written.includes,
            excludes: &$written.excludes,
            at_least: $written.at_least.map(|number| number.value),
            nobody: $written.nobody.is_some_and(|nobody| nobody.value),
            first: $first,
        }
    };
}

/// Checks the expectations of an organisation.
pub(super) fn check(organisation: &Organisation, roll: &Roll<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for stated in &organisation.expectations {
        let mut found = one(organisation, roll, stated);
        found.iter_mut().for_each(|finding| finding.organisation = Some(organisation.id.clone()));
        findings.append(&mut found);
    }
    findings
}

fn one(organisation: &Organisation, roll: &Roll<'_>, stated: &Stated<Expectation>) -> Vec<Diagnostic> {
    let platform = roll.view.platform;
    let here = &stated.place;
    match &stated.value {
        Expectation { notified: Some(notified), can: None, holds: None } => {
            let Some(word) = &notified.of.0 else { return Vec::new() };
            let events = platform.events.iter().map(|event| event.id.as_str());
            let Some(event) = platform.event(&word.value) else {
                return vec![unknown("event", word, "notified/of", events, here)];
            };
            let Notified { first, .. } = notified;
            let subject = format!("`{}` notifies", word.value);
            verify(
                organisation,
                roll,
                here,
                "notified",
                &subject,
                &claim!(notified, first.as_ref()),
                &roll.notified(event),
            )
        }
        Expectation { notified: None, can: Some(can), holds: None } => {
            let Some(word) = &can.what.0 else { return Vec::new() };
            let permissions = platform.permissions.iter().map(|permission| permission.id.as_str());
            let Some(able) = roll.able_to(&word.value) else {
                return vec![unknown("permission", word, "can/do", permissions, here)];
            };
            let Can { .. } = can;
            let subject = format!("`{}` can be done by", word.value);
            verify(organisation, roll, here, "can", &subject, &claim!(can, None), &able)
        }
        Expectation { notified: None, can: None, holds: Some(holds) } => {
            let Some(word) = &holds.role.0 else { return Vec::new() };
            let roles = platform.roles.iter().map(|role| role.id.as_str());
            let Some(role) = platform.role(&word.value) else {
                return vec![unknown("role", word, "holds/role", roles, here)];
            };
            let Holds { .. } = holds;
            let subject = format!("`{}` is held by", word.value);
            let people = roll.holders(role).iter();
            let answers: Vec<Answer<'_>> = people.map(|person| Answer { person, why: Why::Holds(role) }).collect();
            verify(organisation, roll, here, "holds", &subject, &claim!(holds, None), &answers)
        }
        _ => {
            let message = "an expectation is exactly one of `notified`, `can` and `holds`";
            vec![Diagnostic::error("roster/wrong-type", message).at(here.clone()).help("write one list item for each")]
        }
    }
}

fn below(here: &Place, tail: &str, span: crate::diagnostic::Span) -> Place {
    Place { file: here.file, span, pointer: format!("{}/{tail}", here.pointer) }
}

fn unknown<'w>(
    what: &str,
    word: &Text,
    tail: &str,
    words: impl Iterator<Item = &'w str> + Clone,
    here: &Place,
) -> Diagnostic {
    let rule = if what == "role" { "roster/unknown-role" } else { "roster/expectation" };
    let finding = Diagnostic::error(rule, format!("the platform has no {what} `{}`", word.value));
    let finding = finding.at(below(here, tail, word.span));
    match nearest(&word.value, words.clone()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help(format!("it has: {}", words.collect::<Vec<_>>().join(", "))),
    }
}

fn verify(
    organisation: &Organisation,
    roll: &Roll<'_>,
    here: &Place,
    key: &str,
    subject: &str,
    claim: &Claim<'_>,
    answers: &[Answer<'_>],
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let lists_nothing = claim.exactly.is_none() && claim.includes.is_none() && claim.excludes.is_none();
    if lists_nothing && claim.at_least.is_none() && claim.first.is_none() && !claim.nobody {
        let message = format!("this expectation of `{key}` claims nothing, so it always holds");
        let help = "add one of exactly, includes, excludes, atLeast and nobody";
        findings.push(Diagnostic::error("roster/missing-key", message).at(here.clone()).help(help));
    }
    let lists = [("exactly", claim.exactly), ("includes", claim.includes), ("excludes", claim.excludes)];
    for (name, list) in lists {
        for (index, word) in list.iter().flatten().enumerate() {
            findings.extend(unknown_user(
                organisation,
                word,
                &below(here, &format!("{key}/{name}/{index}"), word.span),
            ));
        }
    }
    // Whoever is disputed belongs to the answer for what must not be, and not for what must be.
    let people = |certain: bool| -> BTreeSet<&str> {
        let people = answers.iter().filter(|answer| !certain || answer.certain());
        people.map(|answer| answer.person.id.as_str()).collect()
    };
    let (actual, possible) = (people(true), people(false));
    let set = |list: &Option<Vec<Text>>| -> BTreeSet<SmolStr> {
        list.iter().flatten().map(|word: &Located<SmolStr>| word.value.clone()).collect()
    };
    let mut failed = |what: String| {
        let shown: Vec<String> = answers.iter().take(12).map(|answer| reason(roll, answer)).collect();
        let more = answers.len().saturating_sub(shown.len());
        let actual = match (shown.is_empty(), more) {
            (true, _) => "nobody".to_owned(),
            (false, 0) => shown.join("; "),
            (false, more) => format!("{}; and {more} more", shown.join("; ")),
        };
        let mut finding =
            Diagnostic::error("roster/expectation", format!("{what}: {subject} {actual}")).at(here.clone());
        finding.help = Some("change the roster so that it holds, or the expectation if it is out of date".to_owned());
        for answer in answers.iter().take(4) {
            if let Some(role) = answer.why.role() {
                let message = format!("`{}` holds `{}` here", answer.person.id, roll.view.platform[role].id);
                finding.related.push(crate::diagnostic::Related { place: answer.place(), message });
            }
        }
        findings.push(finding);
    };
    let words = |set: &BTreeSet<SmolStr>| {
        if set.is_empty() {
            "nobody".to_owned()
        } else {
            set.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", ")
        }
    };
    let exactly = set(claim.exactly);
    let wanted: BTreeSet<&str> = exactly.iter().map(SmolStr::as_str).collect();
    if claim.exactly.is_some() && !(actual.is_subset(&wanted) && wanted.is_subset(&possible)) {
        failed(format!("expected exactly {}", words(&exactly)));
    }
    let missing: BTreeSet<SmolStr> =
        set(claim.includes).into_iter().filter(|id| !actual.contains(id.as_str())).collect();
    if !missing.is_empty() {
        failed(format!("expected {} among them", words(&missing)));
    }
    let present: BTreeSet<SmolStr> =
        set(claim.excludes).into_iter().filter(|id| possible.contains(id.as_str())).collect();
    if !present.is_empty() {
        failed(format!("expected {} not to be among them", words(&present)));
    }
    if let Some(least) = claim.at_least.filter(|least| actual.len() < *least as usize) {
        failed(format!("expected at least {least} people, found {}", actual.len()));
    }
    if claim.nobody && !possible.is_empty() {
        failed("expected nobody".to_owned());
    }
    if let Some(first) = claim.first
        && answers.first().is_none_or(|answer| answer.person.id != first.value || !answer.certain())
    {
        failed(format!("expected {} to be contacted first", first.value));
    }
    findings
}

fn unknown_user(organisation: &Organisation, word: &Text, place: &Place) -> Option<Diagnostic> {
    let everyone_known = organisation.managed.users && organisation.managed.contacts;
    let expired = organisation.expired.iter().any(|person| person.id == word.value);
    if organisation.person(&word.value).is_some() || expired || !everyone_known && organisation.people.is_empty() {
        return None;
    }
    let finding = Diagnostic::error("roster/unknown-user", format!("nobody here has the id `{}`", word.value));
    let finding = finding.at(place.clone()).subject(word.value.clone());
    let near = nearest(&word.value, organisation.people.iter().map(|person| person.id.as_str()));
    Some(match near {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("write the id of a user or contact of this organisation"),
    })
}

/// A person of an answer with the reason, in words.
fn reason(roll: &Roll<'_>, answer: &Answer<'_>) -> String {
    format!("{} ({})", answer.person.id, answer.reason(roll.view.platform))
}
