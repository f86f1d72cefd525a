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
//! Below `live` stand `http`, which portals on the network are reached with, and `scim`, the words of SCIM 2.0. Imports run one way, from left to right:
//! `diagnostic < document < platform < model < rules < http < scim < live < plan < apply < report < error < cli`.
//! `tests/shape.rs` holds that.

#![forbid(unsafe_code)]

pub mod apply;
pub mod cli;
pub mod diagnostic;
pub mod document;
pub mod error;
pub mod http;
pub mod live;
pub mod model;
pub mod plan;
pub mod platform;
pub mod report;
pub mod rules;
pub mod scim;
