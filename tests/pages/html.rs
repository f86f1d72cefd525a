//! Pages: what a browser's parser makes of them, without a browser.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scraper::{Html, Node, Selector};
use sha2::{Digest, Sha256};

use crate::common::Project;
use crate::scene::{DAY, grx, many, meddled, small};

pub fn page(project: &Project, command: &str, code: i32) -> String {
    project.run(&format!("{command} --format html --as-of {DAY}")).exits(code).stdout
}

/// The elements in their order, with the names of their attributes.
pub fn skeleton(text: &str) -> Vec<String> {
    let page = Html::parse_document(text);
    let elements = page.tree.nodes().filter_map(|node| match node.value() {
        Node::Element(element) => Some(element),
        _ => None,
    });
    elements
        .map(|element| {
            let attributes: BTreeSet<&str> = element.attrs().map(|(name, _)| name).collect();
            format!("{} {attributes:?}", element.name())
        })
        .collect()
}

/// Asserts that a page is whole, asks for nothing and runs nothing but its own script.
#[track_caller]
pub fn assert_sound(text: &str) {
    let hidden = |c: char| c != '\n' && rosterctl::document::record::deceptive(c);
    assert_eq!(text.find(hidden), None);
    let page = Html::parse_document(text);
    let all = |selector: &str| -> Vec<_> { page.select(&Selector::parse(selector).unwrap()).collect() };
    assert_eq!(all("html[lang=en]").len(), 1);
    for (selector, number) in [
        ("title", 1),
        ("h1", 1),
        ("main", 1),
        ("header", 1),
        ("nav", 1),
        ("script", 1),
        ("style", 1),
        ("base, img, iframe, object, embed, video, audio, source, foreignObject, use", 0),
    ] {
        assert_eq!(all(selector).len(), number, "{selector}");
    }
    let policy = all("meta[http-equiv]")[0].attr("content").unwrap();
    for element in ["script", "style"] {
        let inner: String = all(element)[0].text().collect();
        let hash = STANDARD.encode(Sha256::digest(inner.as_bytes()));
        assert!(policy.contains(&format!("{element}-src 'sha256-{hash}'")), "{element} {policy}");
    }
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    let mut ids = BTreeSet::new();
    for element in all("*") {
        for (name, value) in element.value().attrs() {
            assert!(
                !name.starts_with("on") && !["style", "src", "srcset", "action", "formaction"].contains(&name),
                "{name}={value}"
            );
            if name == "id" {
                assert!(ids.insert(value.to_owned()), "{value} is there twice");
            }
            if name == "href" {
                let inner = value.starts_with('#') || value == "data:," || value.starts_with("https://");
                assert!(inner, "{value}");
            }
        }
    }
    for link in all("a[href^='#']") {
        let to = &link.attr("href").unwrap()[1..];
        assert!(ids.contains(to), "{to} is nowhere");
    }
    let mut level = 0;
    for heading in all("h1, h2, h3, h4") {
        let next: usize = heading.value().name()[1..].parse().unwrap();
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

/// The text of the first element that a selector finds.
#[track_caller]
fn first(page: &Html, selector: &str) -> String {
    let found = page.select(&Selector::parse(selector).unwrap()).next();
    let words: Vec<&str> = found.unwrap_or_else(|| panic!("no {selector}")).text().collect();
    words.concat().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_matrix_says_who_held_what_and_who_will() {
    let page = Html::parse_document(&page(&small(), "plan", 0));
    let columns: Vec<String> =
        page.select(&Selector::parse(".matrix thead th.up").unwrap()).map(|cell| cell.text().collect()).collect();
    assert_eq!(
        columns,
        ["commercial", "dpo", "security-incident-escalation", "technical", "watchlist", "it-operations", "purchasing"]
    );
    let row = |id: &str| -> Vec<String> {
        let rows = Selector::parse(".matrix tbody tr[data-who]").unwrap();
        let mut row = page.select(&rows).filter(|row| row.attr("data-who").unwrap().split('\n').next() == Some(id));
        let row = row.next().unwrap_or_else(|| panic!("no row of {id}"));
        row.select(&Selector::parse("td").unwrap()).map(|cell| cell.text().collect::<String>()).collect()
    };
    assert_eq!(row("grace"), ["active", "−lost", "", "", "", "", "", "●kept"]);
    assert_eq!(row("hugo"), ["active", "+gained", "", "", "", "", "", "●kept"]);
    assert_eq!(row("ines"), ["+ new, active", "", "", "", "", "", "", "+gained"]);
    assert_eq!(row("dana"), ["− removed", "", "−lost", "", "", "", "", ""]);
}

#[test]
fn every_event_that_exists_is_routed() {
    let project = small();
    let page = Html::parse_document(&page(&project, "plan", 0));
    let captions: Vec<String> =
        page.select(&Selector::parse("figcaption").unwrap()).map(|one| one.text().collect()).collect();
    assert!(
        captions.iter().any(|one| one.starts_with("tenant-request: gained: hugo. lost: grace. kept: ada, bilal.")),
        "{captions:#?}"
    );
    assert!(
        captions
            .iter()
            .any(|one| one.starts_with("offer, renewal, engagement and csp-contract: gained: hugo. lost: grace.")),
        "{captions:#?}"
    );
    let after =
        |event: &str| project.run(&format!("who notified {event} --after --format json --as-of {DAY}")).exits(0).json();
    for event in ["data-breach", "major-breach", "incident-ticket-mail", "tenant-issue"] {
        let caption = captions.iter().find(|one| one.split(": ").next().unwrap().contains(event)).unwrap();
        for person in after(event)["answers"][0]["people"].as_array().unwrap() {
            assert!(caption.contains(person["person"].as_str().unwrap()), "{event}: {caption}");
        }
    }
}

#[test]
fn findings_have_their_lines() {
    let project = Project::copy_of("examples/broken");
    let page = Html::parse_document(&page(&project, "plan", 1));
    let drawn: Vec<String> =
        page.select(&Selector::parse(".findings pre").unwrap()).map(|one| one.text().collect()).collect();
    let text = project.run(&format!("plan --as-of {DAY}")).env("COLUMNS", "100").exits(1).stdout;
    assert!(drawn.len() > 5);
    for one in &drawn {
        assert!(text.contains(one.trim_end()), "{one}\nis not what the terminal shows:\n{text}");
    }
    assert_eq!(first(&page, ".banner"), "Nothing was planned: the rosters have errors.");
}

#[test]
fn what_the_platform_knows_about_life_is_there() {
    let page = Html::parse_document(&page(&grx(), "plan --actor sanne", 0));
    let text = first(&page, "main");
    for said in ["Held back", "Waiting for people", "needs an account administrator", "authorize-report"] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    assert!(first(&page, "header").contains("as sanne"));
}

#[test]
fn large_plans_hold_every_step_and_bound_the_rest() {
    let text = page(&many(10_000), "plan", 0);
    assert!(text.len() < 20_000_000, "{}", text.len());
    let page = Html::parse_document(&text);
    let number = |selector: &str| page.select(&Selector::parse(selector).unwrap()).count();
    assert_eq!(number(".steps > li"), 10_004);
    assert_eq!(number("details .steps > li"), 10_004);
    assert!((300..=310).contains(&number(".matrix tr[data-who]")), "{}", number(".matrix tr[data-who]"));
    assert!(first(&page, "#holds").contains("Left out here: 9703 people more"), "{}", &first(&page, "#holds")[..300]);
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
