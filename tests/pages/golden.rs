//! The pages of the examples as they are read: whoever changes them sees the change here.

use crate::common::{Project, assert_file};
use crate::scene::{DAY, grx, meddled, small};

/// Comment and page of a command, which are the same every time.
fn pages(name: &str, project: &Project, command: &str, code: i32) {
    for (format, file) in [("markdown", "md"), ("html", "html")] {
        let run = || project.run(&format!("{command} --format {format} --as-of {DAY}")).exits(code).without_complaint();
        let page = run().stdout;
        assert_eq!(page, run().stdout, "the same plan is the same page");
        // What tells one new portal from another is no part of the page; the digest covers it.
        let page = ["style", "script"].iter().fold(steady(&page), |page, tag| hollow(&page, tag));
        assert_file(&format!("tests/golden/pages/{name}.{file}"), &page);
    }
}

/// A page with its digests, which hold the identity of a new portal, put out of the way.
fn steady(page: &str) -> String {
    let page = &untimed(page);
    let mut steady = String::new();
    let mut rest = page.as_str();
    while let Some(at) = rest.find("sha256:") {
        let (before, digest) = rest.split_at(at + "sha256:".len());
        steady.push_str(before);
        let end = digest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digest.len());
        assert!(end == 64 || end == 12, "{}", &digest[..end]);
        rest = &digest[end..];
    }
    steady + rest
}

/// A page with the times put out of the way at which the portal was changed.
fn untimed(page: &str) -> String {
    const FORM: &str = "0000-00-00 00:00:00 UTC";
    let digits = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let mut parts = page.split(" UTC");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |page, part| {
        let at = page.len().saturating_sub(FORM.len() - " UTC".len());
        let is_time = page.get(at..).is_some_and(|time| FORM.starts_with(&digits(time)));
        let before = if is_time { page[..at].to_owned() + "TIME" } else { page };
        before + " UTC" + part
    })
}

/// A page without what is in such elements: it is the same in all of them.
fn hollow(page: &str, tag: &str) -> String {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let mut parts = page.split(&open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |page, part| {
        let (_, rest) = part.split_once(&close).expect("an end");
        page + &open + &close + rest
    })
}

#[test]
fn a_pull_request_on_the_small_example() {
    pages("small", &small(), "plan", 0);
}

#[test]
fn a_pull_request_on_the_example_of_grx_by_somebody_who_may_not_do_all() {
    pages("grx", &grx(), "plan --actor sanne", 0);
}

#[test]
fn what_somebody_changed_by_hand() {
    pages("drift", &meddled(), "drift", 2);
}

#[test]
fn rosters_with_errors() {
    pages("broken", &Project::copy_of("examples/broken"), "plan", 1);
}
