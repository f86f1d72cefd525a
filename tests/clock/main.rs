//! Drift on the clock: a real process with its log, metrics and health, webhooks against servers that misbehave, and
//! since when differences are there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod dated;
mod hook;
mod process;
mod watched;
