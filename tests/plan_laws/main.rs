//! Laws of planning, held against random organisations on several platforms: what a plan does, in what order, and what
//! its digest stands for. A slow oracle that tries every order judges the fast one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod actor;
mod apply;
mod cases;
mod change;
mod digest;
mod life;
mod oracle;
mod order;
mod platforms;
mod portal;
mod scene;
