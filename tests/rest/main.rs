//! Portals with REST APIs of their own, connected by manifests: every manner of paging, what would destroy data if it were
//! trusted, what an apply sends, and expressions that are wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;

mod demo;
mod expressions;
mod graph;
mod mending;
mod odd;
mod reading;
mod roles;
mod server;
mod spelling;
mod tables;
mod world;
mod writing;
