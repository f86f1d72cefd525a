//! Expectations: assertions about the outcome, checked as tests are. A failed one shows the actual answer.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::diagnostic::{Diagnostic, Located, Place, nearest};
use crate::document::record::Text;
use crate::document::roster::{Claim, Expectation};
use crate::model::{Answer, Organisation, Roll, Stated, Why};
use crate::platform::Dispute;

/// What an expectation asks, what it claims of the answer, and the answer.
struct Asked<'e> {
    key: &'static str,
    /// Begins the sentence that the answer ends.
    subject: String,
    claim: &'e Claim,
    first: Option<&'e Text>,
    answers: Vec<Answer<'e>>,
}

/// Checks the expectations of an organisation; in doubt nobody is missed.
pub(super) fn check(organisation: &Organisation, roll: &Roll<'_>, doubt: bool) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for stated in &organisation.expectations {
        let mut found = match ask(roll, stated) {
            Ok(asked) => {
                asked.map(|asked| verify(organisation, roll, &stated.place, &asked, doubt)).unwrap_or_default()
            }
            Err(finding) => vec![*finding],
        };
        found.iter_mut().for_each(|finding| finding.organisation = Some(organisation.id.clone()));
        findings.append(&mut found);
    }
    findings
}

/// The answer to what an expectation asks; nothing where its question could not be read.
fn ask<'e>(roll: &'e Roll<'_>, stated: &'e Stated<Expectation>) -> Result<Option<Asked<'e>>, Box<Diagnostic>> {
    let platform = roll.view.platform;
    let here = &stated.place;
    let asked = match &stated.value {
        Expectation { notified: Some(notified), can: None, holds: None } => {
            let Some(word) = &notified.of.0 else { return Ok(None) };
            let events = platform.events.iter().map(|event| event.id.as_str());
            let event = platform.event(&word.value);
            let event = event.ok_or_else(|| unknown("event", word, "notified/of", events, here))?;
            let subject = format!("`{}` notifies", word.value);
            let first = notified.first.as_ref();
            Asked { key: "notified", subject, claim: &notified.claim, first, answers: roll.notified(event) }
        }
        Expectation { notified: None, can: Some(can), holds: None } => {
            let Some(word) = &can.what.0 else { return Ok(None) };
            let permissions = platform.permissions.iter().map(|permission| permission.id.as_str());
            let answers = roll.able_to(&word.value);
            let answers = answers.ok_or_else(|| unknown("permission", word, "can/do", permissions, here))?;
            let subject = format!("`{}` can be done by", word.value);
            Asked { key: "can", subject, claim: &can.claim, first: None, answers }
        }
        Expectation { notified: None, can: None, holds: Some(holds) } => {
            let Some(word) = &holds.role.0 else { return Ok(None) };
            let roles = platform.roles.iter().map(|role| role.id.as_str());
            let role = platform.role(&word.value);
            let role = role.ok_or_else(|| unknown("role", word, "holds/role", roles, here))?;
            let people = roll.holders(role).iter();
            let answers = people.map(|person| Answer { person, why: Why::Holds(role) }).collect();
            let subject = format!("`{}` is held by", word.value);
            Asked { key: "holds", subject, claim: &holds.claim, first: None, answers }
        }
        _ => {
            let message = "an expectation is exactly one of `notified`, `can` and `holds`";
            let finding = Diagnostic::error("roster/wrong-type", message).at(here.clone());
            return Err(Box::new(finding.help("write one list item for each")));
        }
    };
    Ok(Some(asked))
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
    asked: &Asked<'_>,
    doubt: bool,
) -> Vec<Diagnostic> {
    let Asked { key, subject, claim, first, answers } = asked;
    let nobody = claim.nobody.is_some_and(|nobody| nobody.value);
    let mut findings = Vec::new();
    let lists_nothing = claim.exactly.is_none() && claim.includes.is_none() && claim.excludes.is_none();
    if lists_nothing && claim.at_least.is_none() && first.is_none() && !nobody {
        let message = format!("this expectation of `{key}` claims nothing, so it always holds");
        let help = "add one of exactly, includes, excludes, atLeast and nobody";
        findings.push(Diagnostic::error("roster/missing-key", message).at(here.clone()).help(help));
    }
    let lists = [("exactly", &claim.exactly), ("includes", &claim.includes), ("excludes", &claim.excludes)];
    for (name, list) in lists {
        for (index, word) in list.iter().flatten().enumerate().filter(|_| !doubt) {
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
    let exactly = set(&claim.exactly);
    let wanted: BTreeSet<&str> = exactly.iter().map(SmolStr::as_str).collect();
    let exact = actual.is_subset(&wanted) && (doubt || wanted.is_subset(&possible));
    if claim.exactly.is_some() && !exact {
        failed(format!("expected exactly {}", words(&exactly)));
    }
    let missing: BTreeSet<SmolStr> =
        set(&claim.includes).into_iter().filter(|id| !actual.contains(id.as_str())).collect();
    if !missing.is_empty() && !doubt {
        failed(format!("expected {} among them", words(&missing)));
    }
    let present: BTreeSet<SmolStr> =
        set(&claim.excludes).into_iter().filter(|id| possible.contains(id.as_str())).collect();
    if !present.is_empty() {
        failed(format!("expected {} not to be among them", words(&present)));
    }
    let least = claim.at_least.map(|least| least.value).filter(|least| actual.len() < *least as usize);
    if let Some(least) = least.filter(|_| !doubt) {
        failed(format!("expected at least {least} people, found {}", actual.len()));
    }
    if nobody && !possible.is_empty() {
        failed("expected nobody".to_owned());
    }
    if let Some(first) = first
        && !doubt
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
    let platform = roll.view.platform;
    let quotes = |dispute: &Dispute| format!(" \"{}\" and \"{}\"", dispute.pro, dispute.contra);
    let quotes = answer.dispute(platform).map(quotes).unwrap_or_default();
    format!("{} ({}{quotes})", answer.person.id, answer.reason(platform))
}
