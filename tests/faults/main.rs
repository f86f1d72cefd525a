//! Faults between client and server: connections that break before and after a change was made, answers that are late,
//! cut off or somebody else's, pages that repeat, totals that lie. Whatever they are: once they stop one apply
//! converges, nobody is there twice, nobody lost access who should have it, and no plan removed anybody on a reading
//! that was not whole. The same where the client is killed at any request.
//!
//! The cases are the same each time. `FAULT_SEED=n` takes others, `FAULT_CASES=n` another number of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod bulk;
mod client;
mod directory;
mod elsewhere;
mod kill;
mod laws;
mod oracle;
mod proxy;
mod scene;
