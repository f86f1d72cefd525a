//! Drift as a comment or an issue: what differs, on whose side, how to settle it.

use sha2::{Digest, Sha256};

use super::findings::findings;
use super::fit::{Entry, Section, fit};
use super::inline::{Inline, whole};
use super::{marker, owner};
use crate::diagnostic::Severity;
use crate::live::object::hex;
use crate::plan::base::Origins;
use crate::plan::document::Action;
use crate::report::review::Review;
use crate::report::web::Web;
use crate::report::words::drift::{CAUSES, INCOMPLETE, NOT_COMPARED, none, says};
use crate::report::words::settling::{accept, since};
use crate::report::words::values::{capital, count, value};
use crate::report::{Cause, Difference, Drift, json};

/// How to see what a comment leaves out.
const WHOLE: &str = "`rosterctl drift -v` shows everything, `rosterctl drift --format html` as a page.";

/// All differences.
pub fn drift(review: &Review<'_>, drift: &Drift) -> String {
    let differences = &drift.differences;
    let several = differences.iter().any(|difference| difference.organisation != differences[0].organisation);
    let base = drift.base.as_ref().map(Origins::of);
    let [errors, others] = findings(&review.findings(), several, review.web.as_ref());
    let mut sections = vec![errors];
    for told in CAUSES {
        let of_cause = differences.iter().filter(|difference| difference.cause == told.cause);
        sections.push(Section {
            title: told.title().into(),
            open: format!("\n{}.\n\n", Inline::new().prose(&capital(told.settle(&drift.target))).finish()),
            close: "",
            what: "difference",
            entries: of_cause.map(|difference| one(difference, base.as_ref(), several, review.web.as_ref())).collect(),
        });
    }
    sections.push(others);
    fit(&head(review, drift), &sections, WHOLE)
}

fn head(review: &Review<'_>, drift: &Drift) -> String {
    let digest = format!("sha256:{}", hex(&Sha256::digest(json::to_json(drift).as_bytes())));
    let title = Inline::new().raw("### Drift on ").code(&drift.target.name).finish();
    let mut text = marker("drift", &drift.target.name, &digest) + &title + "\n\n";
    text.push_str("How the portal differs from the rosters, and how to settle it.\n\n");
    let mut line = Inline::new();
    if !review.sound {
        line = line.raw("**").prose(NOT_COMPARED).raw("**");
    } else if drift.differences.is_empty() {
        line = line.raw("**").prose(none(drift).0).raw("**");
    } else {
        line = line.raw("**").prose(&count(drift.differences.len(), "difference")).raw("**: ");
        let of = |cause| drift.differences.iter().filter(|difference| difference.cause == cause).count();
        let counts = CAUSES.into_iter().map(|told| (of(told.cause), told)).filter(|(number, _)| *number > 0);
        for (place, (number, told)) in counts.enumerate() {
            line = line.raw(if place > 0 { ", " } else { "" }).number(number).raw(" ").raw(told.short);
        }
    }
    let weights = [(Severity::Error, "error"), (Severity::Warning, "warning")];
    for (severity, word) in weights.into_iter().filter(|(severity, _)| review.count(*severity) > 0) {
        line = line.raw("; ").prose(&count(review.count(severity), word));
    }
    text.push_str(&line.finish());
    if !drift.complete && review.sound {
        text.push_str(&format!("\n\n{}", Inline::new().raw("**").prose(INCOMPLETE).raw("**").finish()));
    }
    text + "\n"
}

fn one(difference: &Difference, base: Option<&Origins<'_>>, several: bool, web: Option<&Web>) -> Entry {
    let mut line = Inline::new().raw("- ").then(&owner(&difference.organisation, several));
    line = line.prose(&difference.resource.to_string()).raw(" ").code(&difference.key);
    if let Some(field) = &difference.field {
        line = line.raw(", ").code(field);
    }
    if let Some(location) = &difference.location {
        line = line.raw(" — ").place(location, web);
    }
    let mut text = line.finish() + "\n";
    let mut below = |line: Inline| text.push_str(&format!("  - {}\n", line.finish()));
    if difference.field.is_none() {
        below(Inline::new().prose(says(difference)));
    } else {
        below(Inline::new().raw("roster: ").code(&value(&difference.wanted, false)));
        below(Inline::new().raw("portal: ").code(&value(&difference.live, false)));
    }
    if let Some((words, revision, then)) = base.and_then(|base| difference.origin(base)) {
        below(Inline::new().code(revision).raw(": ").code(&value(then, false)).raw("; ").prose(&words));
    }
    if let Some(pieces) = since(difference) {
        below(Inline::new().pieces(&pieces));
    }
    if let Some(pieces) = accept(difference, whole) {
        below(Inline::new().pieces(&pieces));
    }
    let rank = match difference.cause {
        _ if difference.action == Action::Delete && difference.cause != Cause::Unmanaged => 0,
        Cause::Outside | Cause::Both => 1,
        Cause::Unknown => 2,
        Cause::Unmanaged => 3,
        Cause::NotApplied => 4,
    };
    Entry { text, rank }
}
