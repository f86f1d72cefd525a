//! Pages in Chromium: axe reads them, nothing is asked of the network, the filter works, they print.
//!
//! `ROSTERCTL_BROWSER_TESTS=all` makes a browser that cannot be had a failure, `some` skips then; unset, nothing is
//! looked at, and that is said. `ROSTERCTL_SCREENSHOTS=DIR` keeps pages, pictures and what was seen.

use std::io::Write;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::common::{Project, repository};
use crate::html::page;
use crate::scene::{HOSTILE, grx, many, meddled, named, small};

const WHICH: &str = "ROSTERCTL_BROWSER_TESTS";

/// Said past the test harness, which keeps what passing tests print to itself.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED pages in a browser: {why}");
}

#[test]
fn pages_in_a_browser() {
    let chosen = std::env::var(WHICH).unwrap_or_default();
    if !["all", "some"].contains(&chosen.as_str()) {
        assert_eq!(chosen, "", "{WHICH} is all or some");
        return skipped(&format!("set {WHICH}=all (after `tests/browser/browser install`) to look at them"));
    }
    let here = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("ROSTERCTL_SCREENSHOTS").map_or(here.path().to_owned(), Into::into);
    std::fs::create_dir_all(&folder).unwrap();
    let hostile: Vec<String> = HOSTILE.iter().map(|name| (*name).to_owned()).collect();
    let pages = [
        ("small", page(&small(), "plan", 0), "grace"),
        ("grx", page(&grx(), "plan --actor sanne", 0), "lena"),
        ("drift", page(&meddled(), "drift", 2), "ada"),
        ("runbook", page(&small(), "runbook make", 0), "grace"),
        ("broken", page(&Project::copy_of("examples/broken"), "plan", 1), ""),
        ("hostile", page(&Project::with_roster(&named(&hostile)), "plan", 0), "p3"),
        ("many", page(&many(10_000), "plan", 0), "user-7777"),
    ];
    for (name, page, _) in &pages {
        std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
    }
    let list =
        pages.each_ref().map(|(name, _, person)| json!({ "name": name, "person": person, "heavy": *name == "many" }));
    std::fs::write(folder.join("pages.json"), json!(list).to_string()).unwrap();
    let output = Command::new(repository("tests/browser/browser")).arg("check").arg(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => {}
        Some(77) if chosen == "some" => return skipped(&said),
        code => panic!("exit code {code:?}\n{}\n{said}", String::from_utf8_lossy(&output.stdout)),
    }
    let seen: Json = serde_json::from_slice(&output.stdout).unwrap();
    for (name, _, person) in &pages {
        judge(name, person, &seen[name]);
    }
}

fn judge(name: &str, person: &str, seen: &Json) {
    let heavy = name == "many";
    assert_eq!(seen["requests"], json!([]), "{name} asks the network");
    assert_eq!(seen["complaints"], json!([]), "{name}: the browser complains");
    assert_eq!((&seen["dialogs"], &seen["script"]), (&json!(0), &json!(true)), "{name} ran a script that is not ours");
    let axe = seen["axe"].as_object().unwrap();
    assert_eq!(axe.len(), if heavy { 0 } else { 12 }, "{name}: {axe:?}");
    for (how, violations) in axe {
        assert_eq!(violations, &json!([]), "{name}, {how}");
    }
    for (how, pixels) in seen["overflow"].as_object().unwrap() {
        assert_eq!(pixels, 0, "{name}, {how}: wider than the screen");
    }
    let milliseconds = seen["milliseconds"].as_u64().unwrap();
    assert!(milliseconds < 20_000, "{name} takes {milliseconds} ms to show");
    if !heavy {
        for how in ["light-wide-plain", "light-narrow-plain", "dark-wide-plain", "dark-narrow-plain"] {
            assert_eq!(seen[format!("form-{how}")], false, "{name}: a filter that does nothing is shown");
            assert_eq!(seen[format!("text-{how}")], seen["text"], "{name}: without scripts less is said");
        }
        assert_eq!(seen["printForm"], false, "{name}");
        assert!(seen["printed"].as_u64().unwrap() > 5_000, "{name}");
    }
    let ticks = if name == "runbook" { json!(["2", "2 of 5 ticked off."]) } else { Json::Null };
    assert_eq!(seen["ticks"], ticks, "{name}: what is ticked off is still so after a reload");
    if !person.is_empty() {
        assert_eq!(seen["skip"], "skip", "{name}: the first stop of the keyboard leads to the content");
        let filtered = seen["filtered"].as_array().unwrap();
        assert!(!filtered.is_empty(), "{name}: nothing concerns {person}");
        let concerns = |one: &Json| one.as_str().unwrap().split('\n').any(|word| word == person);
        assert!(filtered.iter().all(concerns), "{name}: {filtered:?}");
        assert!((filtered.len() as u64) < seen["entries"].as_u64().unwrap(), "{name}");
        assert!(seen["status"].as_str().unwrap().contains(" entries concern "), "{name}: {}", seen["status"]);
        assert_eq!((&seen["none"], &seen["restored"]), (&json!(0), &json!(true)), "{name}");
    }
}
