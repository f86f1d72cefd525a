//! Reports to look at: one HTML page with everything in it. It asks the network for nothing, runs no script but its own,
//! says the same without scripts, prints, and is read by whoever cannot see it.
//!
//! Text from rosters and portals reaches a page through `text::T` only, which shows what would hide; the templates
//! escape all that they are given.

mod drift;
mod findings;
mod folds;
mod matrix;
mod plan;
mod routing;
mod runbook;
mod shell;
mod steps;
mod text;

pub use drift::drift;
pub use plan::plan;
pub use runbook::runbook;

/// How a page calls the two sides that it compares.
struct Sides {
    /// What is there on the second side only.
    gained: &'static str,
    /// What is there on the first side only.
    lost: &'static str,
    /// What is there on both.
    kept: &'static str,
    /// Somebody who is there on the second side only.
    new: &'static str,
    /// Somebody who is there on the first side only.
    gone: &'static str,
    /// Said of events with the same readers on both.
    same: &'static str,
    /// Said of organisations in which nobody's roles or groups differ.
    still_holds: &'static str,
    /// Said of organisations in which no event's readers differ.
    still_reaches: &'static str,
    /// Said of people for whom the two sides are the same.
    unchanged: &'static str,
}

/// Before and after a plan.
const PLAN: Sides = Sides {
    gained: "gained",
    lost: "lost",
    kept: "kept",
    new: "new",
    gone: "removed",
    same: "whose readers stay the same",
    still_holds: "in which nobody gains or loses a role or a group",
    still_reaches: "in which events reach the same people as before",
    unchanged: "for whom nothing changes",
};

/// What the portal has and what the rosters say.
const DRIFT: Sides = Sides {
    gained: "in the rosters only",
    lost: "on the portal only",
    kept: "on both",
    new: "in the rosters only",
    gone: "on the portal only",
    same: "with the same readers on both sides",
    still_holds: "in which roles and groups are the same on both sides",
    still_reaches: "in which events reach the same people on both sides",
    unchanged: "who are the same on both sides",
};
