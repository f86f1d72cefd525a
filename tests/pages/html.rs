//! Pages: what a browser's parser makes of them, without a browser.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::common::Project;
use crate::dom::Page;
use crate::scene::{DAY, grx, many, meddled, small};

pub fn page(project: &Project, command: &str, code: i32) -> String {
    project.run(&format!("{command} --format html --as-of {DAY}")).exits(code).stdout
}

/// The elements in their order, with the names of their attributes.
pub fn skeleton(text: &str) -> Vec<String> {
    let elements = Page::of(text).0.into_iter();
    elements.map(|one| format!("{} {:?}", one.name, one.attributes.keys().collect::<Vec<_>>())).collect()
}

/// Asserts that a page is whole, asks for nothing and runs nothing but its own script.
#[track_caller]
pub fn assert_sound(text: &str) {
    let hidden = |c: char| c != '\n' && rosterctl::document::record::deceptive(c);
    assert_eq!(text.find(hidden), None);
    let page = Page::of(text);
    assert_eq!(page.0[0].attribute("lang"), "en");
    for name in ["title", "h1", "main", "header", "nav", "script", "style"] {
        assert_eq!(page.all(name).len(), 1, "{name}");
    }
    for name in ["base", "img", "iframe", "object", "embed", "video", "audio", "source", "foreignObject", "use"] {
        assert_eq!(page.all(name).len(), 0, "{name}");
    }
    let metas = page.all("meta");
    let policy = metas.iter().find(|meta| meta.attributes.contains_key("http-equiv")).unwrap().attribute("content");
    for element in ["script", "style"] {
        let hash = STANDARD.encode(Sha256::digest(page.all(element)[0].text.as_bytes()));
        assert!(policy.contains(&format!("{element}-src 'sha256-{hash}'")), "{element} {policy}");
    }
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    let mut ids = BTreeSet::new();
    for (name, value) in page.0.iter().flat_map(|element| &element.attributes) {
        let active = name.starts_with("on") || ["style", "src", "srcset", "formaction"].contains(&name.as_str());
        assert!(!active, "{name}={value}");
        assert!(name != "id" || ids.insert(value.clone()), "{value} is there twice");
        let inner = value.starts_with('#') || value == "data:," || value.starts_with("https://");
        assert!(name != "href" || inner, "{value}");
    }
    for to in page.all("a").into_iter().filter_map(|link| link.attribute("href").strip_prefix('#')) {
        assert!(ids.contains(to), "{to} is nowhere");
    }
    let mut level = 0;
    for heading in page.0.iter().filter(|element| ["h1", "h2", "h3", "h4"].contains(&element.name.as_str())) {
        let next: usize = heading.name[1..].parse().unwrap();
        assert!(next <= level + 1, "after h{level} comes h{next}");
        level = next;
    }
}

#[test]
fn pages_of_examples_are_sound() {
    assert_sound(&page(&small(), "plan", 0));
    assert_sound(&page(&grx(), "plan --actor sanne", 0));
    assert_sound(&page(&meddled(), "drift", 2));
    assert_sound(&page(&Project::copy_of("examples/broken"), "plan", 1));
    assert_sound(&page(&Project::copy_of("examples/large"), "plan", 0));
    let nothing = Project::copy_of("examples/small");
    nothing.run(&format!("apply --yes --as-of {DAY}")).exits(0);
    assert_sound(&page(&nothing, "plan", 0));
    assert_sound(&page(&nothing, "drift", 0));
}

#[test]
fn the_matrix_says_who_held_what_and_who_will() {
    let page = Page::of(&page(&small(), "plan", 0));
    let columns: Vec<&str> = page.all(".matrix .up").into_iter().map(|cell| cell.text.as_str()).collect();
    let roles = ["commercial", "dpo", "security-incident-escalation", "technical", "watchlist"];
    assert_eq!(columns, [&roles[..], &["it-operations", "purchasing"]].concat());
    let row = |id: &str| -> Vec<&str> {
        let who = |row: &usize| page.0[*row].attributes.get("data-who").and_then(|who| who.split('\n').next());
        let cells = page.all(".matrix td").into_iter();
        cells.filter(|cell| cell.above.iter().any(|row| who(row) == Some(id))).map(|cell| cell.text.as_str()).collect()
    };
    assert_eq!(row("grace"), ["active", "−lost", "", "", "", "", "", "●kept"]);
    assert_eq!(row("hugo"), ["active", "+gained", "", "", "", "", "", "●kept"]);
    assert_eq!(row("ines"), ["+ new, active", "", "", "", "", "", "", "+gained"]);
    assert_eq!(row("dana"), ["− removed", "", "−lost", "", "", "", "", ""]);
}

#[test]
fn every_event_that_exists_is_routed() {
    let project = small();
    let page = Page::of(&page(&project, "plan", 0));
    let captions: Vec<&str> = page.all("figcaption").into_iter().map(|one| one.text.as_str()).collect();
    let told = |start: &str| captions.iter().any(|one| one.starts_with(start));
    assert!(told("tenant-request: gained: hugo. lost: grace. kept: ada, bilal."), "{captions:#?}");
    assert!(told("offer, renewal, engagement and csp-contract: gained: hugo. lost: grace."), "{captions:#?}");
    for event in ["data-breach", "major-breach", "incident-ticket-mail", "tenant-issue"] {
        let after = project.run(&format!("who notified {event} --after --format json --as-of {DAY}")).exits(0).json();
        let caption = captions.iter().find(|one| one.split(": ").next().unwrap().contains(event)).unwrap();
        let people = after["answers"][0]["people"].as_array().unwrap();
        assert!(!people.is_empty(), "{after}");
        for person in people {
            assert!(caption.contains(person["person"].as_str().unwrap()), "{event}: {caption}");
        }
    }
}

#[test]
fn findings_have_their_lines() {
    let project = Project::copy_of("examples/broken");
    let page = Page::of(&page(&project, "plan", 1));
    let drawn = page.all(".findings pre");
    // As wide as on a page, and wrapped as on a terminal of that width.
    let text = project.run(&format!("plan --as-of {DAY}")).env("COLUMNS", "100").exits(1).stdout;
    assert!(drawn.len() > 5);
    for one in drawn {
        assert!(text.contains(one.text.trim_end()), "{}\nis not what the terminal shows:\n{text}", one.text);
    }
    assert_eq!(page.first(".banner"), "Nothing was planned: the rosters have errors.");
}

#[test]
fn what_the_platform_knows_about_life_is_there() {
    let page = Page::of(&page(&grx(), "plan --actor sanne", 0));
    let text = page.first("main");
    for said in ["Held back", "Waiting for people", "needs an account administrator", "authorize-report"] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    assert!(page.first("header").contains("as sanne"));
    // Only what changes is open.
    let open = page.all("#holds h3").into_iter().filter(|one| one.above.iter().all(|at| page.0[*at].name != "details"));
    assert_eq!(open.map(|one| one.text.as_str()).collect::<Vec<_>>(), ["meridian-hosting"]);
}

#[test]
fn large_plans_hold_every_step_and_bound_the_rest() {
    let text = page(&many(10_000), "plan", 0);
    assert!(text.len() < 20_000_000, "{}", text.len());
    let page = Page::of(&text);
    assert_eq!(page.all(".steps .number").len(), 10_004);
    assert_eq!(page.all("details .steps .number").len(), 10_004);
    let rows = page.all(".matrix tr").into_iter().filter(|row| row.attributes.contains_key("data-who")).count();
    assert_eq!(rows, 300);
    let holds = page.first("#holds");
    assert!(holds.contains("Left out here: 9703 people more"), "{}", &holds[..300]);
}

#[test]
fn commands_without_pages_say_so() {
    let project = small();
    for command in ["validate", "apply --yes", "who holds dpo", "export"] {
        for format in ["markdown", "html"] {
            let ran = project.run(&format!("{command} --format {format}")).exits(64).complains("--format");
            assert_eq!(ran.stdout, "");
        }
    }
}
