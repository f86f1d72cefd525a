//! Every format of `validate`, end to end: places, hostile texts, limits, fingerprints, and reports in files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod content;
mod files;
mod hostile;
mod positions;
mod scene;
