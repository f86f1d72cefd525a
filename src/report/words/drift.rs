//! What differs between rosters and portal: by who changed it, and how to settle it.

use super::values::capital;
use crate::diagnostic::Severity;
use crate::plan::document::{Action, TargetRef};
use crate::report::{Cause, Difference, Drift};

/// How the differences of one cause are called and settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The cause.
    pub cause: Cause,
    /// The heading of a list of them.
    pub heading: &'static str,
    /// What follows their number.
    pub short: &'static str,
    /// What to do about them where `apply` writes.
    settle: &'static str,
    /// What to do about them where people write by hand what a run-book says.
    by_hand: &'static str,
}

impl Told {
    /// The title of a part of a page.
    pub fn title(&self) -> String {
        capital(self.short)
    }

    /// What to do about them on this target.
    pub fn settle(&self, target: &TargetRef) -> &'static str {
        if target.kind == "snapshot" { self.by_hand } else { self.settle }
    }
}

/// All causes, in the order in which they are told.
pub const CAUSES: [Told; 5] = [
    Told {
        cause: Cause::Outside,
        heading: "changed outside rosterctl",
        short: "changed outside rosterctl",
        settle: "apply puts the roster back; `rosterctl accept` writes what the portal has into the roster",
        by_hand: "people change the portal back by hand, as `rosterctl runbook make` lists it; or `rosterctl accept` writes what the portal has into the roster",
    },
    Told {
        cause: Cause::NotApplied,
        heading: "not applied yet",
        short: "not applied yet",
        settle: "apply brings the portal up to date; to keep what the portal has, take the change out of the roster",
        by_hand: "people bring the portal up to date by hand, as `rosterctl runbook make` lists it; to keep what the portal has, take the change out of the roster",
    },
    Told {
        cause: Cause::Both,
        heading: "changed on both sides",
        short: "changed on both sides",
        settle: "decide which is right: apply puts the roster's value in place; `rosterctl accept` writes the portal's into the roster",
        by_hand: "decide which is right: people put the roster's value in place by hand, as `rosterctl runbook make` lists it; `rosterctl accept` writes the portal's into the roster",
    },
    Told {
        cause: Cause::Unknown,
        heading: "cannot tell",
        short: "of unknown origin",
        settle: "the portal keeps no record of who changed it; apply puts the roster back, `rosterctl accept` writes what the portal has into it",
        by_hand: "the portal keeps no record of who changed it; people change the portal by hand, as `rosterctl runbook make` lists it, or `rosterctl accept` writes what the portal has into the roster",
    },
    Told {
        cause: Cause::Unmanaged,
        heading: "in no roster",
        short: "in no roster",
        settle: "`rosterctl accept` takes it over with an entry of the same e-mail address; or remove it with apply --prune, or waive the finding",
        by_hand: "`rosterctl accept` takes it over with an entry of the same e-mail address; or have it removed by hand, as `rosterctl runbook make --prune` lists it, or waive the finding",
    },
];

/// Said where the live state was not read completely.
pub const INCOMPLETE: &str = "the live state could not be read completely, so there may be more";

/// Said where the rosters have errors.
pub const NOT_COMPARED: &str = "nothing was compared: the rosters have errors";

/// What is said where nothing differs, and whether that is good news.
pub fn none(drift: &Drift) -> (&'static str, bool) {
    let errors = drift.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
    match (drift.complete, errors) {
        (false, _) => ("no drift in what could be read", false),
        (true, true) => ("no drift besides what the errors name", false),
        (true, false) => ("no drift", true),
    }
}

/// What is said of a whole object that is there on one side only, or not with the same access.
pub fn says(difference: &Difference) -> &'static str {
    match difference.action {
        Action::Create => "in the roster, not on the portal",
        _ if difference.cause == Cause::Unmanaged => "on the portal, and no roster names it",
        Action::Delete => "on the portal, no longer in the roster",
        Action::Deactivate if difference.location.is_none() => "active on the portal, and no longer in the roster",
        Action::Deactivate => "active on the portal, deactivated in the roster",
        Action::Reactivate => "deactivated on the portal, active in the roster",
        Action::Update => "not the same on the portal as in the roster",
    }
}
