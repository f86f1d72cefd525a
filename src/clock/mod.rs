//! Drift on the clock: when rounds begin, what one found against the one before, and who is told.
//!
//! - [`schedule`]: when the next round begins. Waiting goes by a clock that only runs forward.
//! - [`round`]: what a round found, and what of it is new, changed or settled.
//! - [`mod@line`]: one line a round, for people or as JSON Lines.
//! - [`metrics`] and [`listen`]: what Prometheus reads, and whether the process lives and succeeds.
//! - [`message`] and [`webhook`]: what is sent when something changes, and how it gets there.
//!
//! Nothing here reads rosters or portals: the caller does, and hands over what it saw.

pub mod line;
pub mod listen;
pub mod message;
pub mod metrics;
pub mod round;
pub mod schedule;
pub mod webhook;

pub use metrics::Metrics;
pub use round::{Item, Look, Outcome, Round, Seen, Trouble, Watch};
pub use schedule::{Clock, Pace, Schedule};
pub use webhook::{Hook, Sender};
