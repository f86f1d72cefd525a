//! rosterctl: GitOps for the people in an organisation's portals.
//!
//! One straight way through the house:
//!
//! ```text
//! YAML text ─ document ─► model ─► rules ─► plan ─► apply
//!                           ▲        ▲       ▲  ▲      │
//!                  platform ┴────────┘       │  └ live ┘      report renders what each stage hands it; cli wires them
//!                                      desired, live: one type
//! ```
//!
//! Imports run one way, from left to right: `diagnostic < document < revision < platform < model < rules < http < scim <
//! live < serve < plan < apply < report < clock < error < cli`. `tests/shape.rs` holds that.
//!
//! `revision` reads rosters as they were at an earlier commit. `http` is how portals on the network are reached, `scim` has
//! the words of that protocol, `live::scim` speaks it as a client, `live::rest` makes other APIs a dialect of it, `serve`
//! speaks it for the embedded portal. `clock` looks for drift
//! again and again, and says so.

#![forbid(unsafe_code)]

pub mod apply;
pub mod cli;
pub mod clock;
pub mod diagnostic;
pub mod document;
pub mod error;
pub mod http;
pub mod live;
pub mod model;
pub mod plan;
pub mod platform;
pub mod report;
pub mod revision;
pub mod rules;
pub mod scim;
pub mod serve;
