//! Hygiene of dependencies, from what cargo itself knows: permissive licences, one registry, no heavy crate twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value as Json;

const PERMISSIVE: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Zlib",
    "Unlicense",
    "Unicode-3.0",
    "CC0-1.0",
    "MIT-0",
    "0BSD",
    // Of data, not of code: the authorities that are trusted where a system has none of its own.
    "CDLA-Permissive-2.0",
];

/// Crates that cost enough to build that two versions of one would hurt.
const HEAVY: &[&str] =
    &["tokio", "rusqlite", "libsqlite3-sys", "clap_builder", "serde", "serde_json", "schemars", "regex"];

fn packages() -> Vec<Json> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Json = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

#[test]
fn licences_are_permissive_and_sources_known() {
    let packages = packages();
    assert!(packages.len() > 20, "the list of packages is not the whole list");
    let mut wrong = Vec::new();
    for package in &packages {
        let name = &package["name"];
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ").replace(['(', ')'], "");
        let permissive = |choice: &str| choice.split(" AND ").all(|part| PERMISSIVE.contains(&part.trim()));
        if !licence.split(" OR ").any(permissive) {
            wrong.push(format!("{name}: licence {licence}"));
        }
        if package["source"].as_str().is_some_and(|source| !source.starts_with("registry+")) {
            wrong.push(format!("{name}: not from the registry"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_heavy_crate_is_there_twice() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        versions.entry(text("name")).or_default().insert(text("version"));
    }
    let twice: Vec<_> = versions.iter().filter(|(name, all)| HEAVY.contains(&name.as_str()) && all.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
