//! Portals that speak SCIM: each of the 31 demands that real servers make (`D1` to `D31`), what a reading and an apply
//! cost in requests, and what keeps a portal safe from a wrong reading.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/scim/mod.rs"]
mod server;

mod data;
mod naive;
mod requests;
mod safety;
mod together;
mod world;

use std::fs;

/// The files with a test for each demand, by the number in its name.
const FILES: [&str; 2] = ["tests/scim/data.rs", "tests/scim/naive.rs"];

#[test]
fn every_demand_of_real_servers_has_a_test() {
    let text = FILES.map(|file| fs::read_to_string(common::repository(file)).unwrap()).concat();
    let lines: Vec<&str> = text.lines().collect();
    for number in 1..=31 {
        let name = format!("fn d{number}_");
        let tested = lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1].starts_with(&name));
        assert!(tested, "D{number} has no test");
    }
}
