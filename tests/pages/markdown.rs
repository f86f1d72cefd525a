//! Comments: what a reader of GitHub Flavored Markdown makes of them, and that they always fit.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};

use rosterctl::plan::document::TargetRef;
use rosterctl::report::words::drift::CAUSES;

use crate::common::Project;
use crate::dom::Page;
use crate::scene::{DAY, grx, many, meddled, small};

/// GitHub's limit, in whatever it counts.
const LIMIT: usize = 65_536;

/// What a reader makes of a comment.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// The kinds of nodes, in order, with their depth; not those that only hold words.
    pub skeleton: Vec<String>,
    /// Words that are no code.
    pub words: Vec<String>,
    /// Where links lead.
    pub links: Vec<String>,
    /// HTML as it stands there.
    pub html: Vec<String>,
    /// What is code.
    pub code: Vec<String>,
}

/// Reads Markdown with everything that GitHub and GitLab understand.
pub fn read(text: &str) -> Read {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.description_lists = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.alerts = true;
    extension.superscript = true;
    extension.spoiler = true;
    extension.wikilinks_title_after_pipe = true;
    extension.underline = true;
    extension.multiline_block_quotes = true;
    let arena = Arena::new();
    let mut read = Read::default();
    for node in parse_document(&arena, text, &options).descendants() {
        let depth = node.ancestors().count();
        let value = &node.data.borrow().value;
        match value {
            NodeValue::Text(words) => read.words.push(words.to_string()),
            NodeValue::Code(code) => read.code.push(code.literal.clone()),
            NodeValue::HtmlBlock(html) => read.html.push(html.literal.trim().to_owned()),
            NodeValue::HtmlInline(html) => read.html.push(html.clone()),
            NodeValue::Link(link) => read.links.push(link.url.clone()),
            _ => {}
        }
        if !matches!(value, NodeValue::Text(_) | NodeValue::Code(_)) {
            let kind = format!("{value:?}");
            let kind = kind.split([' ', '(']).next().unwrap_or_default().to_owned();
            read.skeleton.push(format!("{depth} {kind}"));
        }
    }
    read
}

/// Asserts that a comment has no link, image, mention or HTML but what the template makes.
#[track_caller]
pub fn assert_tame(text: &str, base: Option<&str>) -> Read {
    assert!(text.len() < LIMIT && text.encode_utf16().count() < LIMIT, "{} bytes", text.len());
    let hidden = |c: char| c != '\n' && rosterctl::document::record::deceptive(c);
    assert_eq!(text.find(hidden), None, "{text}");
    let read = read(text);
    for kind in
        ["Image", "Table", "FootnoteReference", "FootnoteDefinition", "Math", "WikiLink", "TaskItem", "CodeBlock"]
    {
        assert!(!read.skeleton.iter().any(|one| one.ends_with(&format!(" {kind}"))), "{kind}\n{text}");
    }
    for link in &read.links {
        assert!(base.is_some_and(|base| link.starts_with(base)), "{link}\n{text}");
    }
    let mut open = 0;
    for html in &read.html {
        match html.as_str() {
            "</details>" => open -= 1,
            marker if marker.starts_with("<!-- rosterctl:") => assert!(marker.ends_with("-->"), "{marker}"),
            details => {
                open += 1;
                let inner = details.strip_prefix("<details><summary>").and_then(|rest| rest.strip_suffix("</summary>"));
                let inner = inner.unwrap_or_else(|| panic!("{details}\n{text}"));
                let (name, rest) = match inner.strip_prefix("<code>").map(|rest| rest.split_once("</code>: ").unwrap())
                {
                    Some((name, rest)) => (name, rest),
                    None => ("", inner),
                };
                assert!(!name.contains(['<', '>']) && !rest.contains(['<', '&', '@', '#']), "{details}");
            }
        }
    }
    assert_eq!((open, read.html.first().map(|html| html.starts_with("<!-- "))), (0, Some(true)), "{text}");
    for words in &read.words {
        let sign = words.find(['@', '#', '/', '$', '<', '>', '&', '*', '_', '~', '`', '[', ']', '|', '^', '\\']);
        assert_eq!(sign, None, "{words:?} is more than words\n{text}");
        for word in words.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '.' && c != ':') {
            let word = word.trim_end_matches(['.', ':']);
            let commit = word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
            let ticket = word.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
            assert!(!commit && !ticket && !word.contains(['.', ':']), "{word:?} of {words:?}\n{text}");
        }
    }
    read
}

fn comment(project: &Project, command: &str, code: i32) -> String {
    project.run(&format!("{command} --format markdown --as-of {DAY}")).exits(code).stdout
}

#[test]
fn comments_of_examples_are_tame() {
    assert_tame(&comment(&small(), "plan", 0), None);
    assert_tame(&comment(&grx(), "plan --actor sanne", 0), None);
    assert_tame(&comment(&meddled(), "drift", 2), None);
    assert_tame(&comment(&Project::copy_of("examples/broken"), "plan", 1), None);
    let nothing = Project::copy_of("examples/small");
    nothing.run(&format!("apply --yes --as-of {DAY}")).exits(0);
    assert!(comment(&nothing, "plan", 0).contains("**no changes**: acme is as its roster says"));
    assert!(comment(&nothing, "drift", 0).contains("**no drift**"));
}

#[test]
fn a_difference_says_since_when_it_is_there_and_how_it_is_accepted() {
    let project = meddled();
    project.sql("INSERT INTO person (organisation, section, name, email) SELECT organisation, section, 'Zoë', 'z@acme.example' FROM person WHERE external_id = 'acme/ada'");
    let text = project.run(&format!("drift --as-of {DAY}")).exits(2).stdout;
    let markdown = comment(&project, "drift", 2);
    assert_tame(&markdown, None);
    let html = Page::of(&crate::html::page(&project, "drift", 2));
    let (html, commands) = (html.first("main"), html.all(".fields code"));
    for key in ["ada/phone", "hugo/name"] {
        let command = format!("rosterctl accept acme/{key}");
        assert!(text.contains(&command), "{text}");
        assert!(markdown.contains(&format!("  - accept: `{command}`\n")), "{markdown}");
        assert!(commands.iter().any(|code| code.text == command), "{html}");
    }
    let unmanaged = text.lines().find_map(|line| line.split_once("accept: ").filter(|(_, rest)| rest.contains("/p-")));
    let (_, command) = unmanaged.expect("a stranger is accepted too");
    assert!(markdown.contains(&format!("`{command}`")) && html.contains(command), "{command}\n{markdown}");
    let since = text.lines().find(|line| line.contains("since ") && line.contains("UTC")).expect("a time").trim();
    let time = since.split("; ").next().unwrap();
    let time = &time[time.find("20").expect("a year")..time.find(" UTC").expect("a zone") + 4];
    assert!(markdown.contains(&format!("`{time}`")) && html.contains(time), "{time}\n{markdown}");
    // What was meant and waits for `apply` is not offered to be undone.
    assert!(!markdown.contains("rosterctl accept acme/grace"), "{markdown}");
}

#[test]
fn what_people_settle_by_hand_is_not_promised_of_apply() {
    let target = |kind: &str| TargetRef { name: "t".into(), kind: kind.into(), identity: "x".into() };
    for told in CAUSES {
        assert!(!told.settle(&target("snapshot")).contains("apply"), "{}", told.settle(&target("snapshot")));
        assert!(!told.settle(&target("embedded")).contains("runbook"));
    }
}

#[test]
fn meaning_comes_before_doing_with_the_line_behind_it() {
    let text = comment(&small(), "plan", 0);
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}"));
    let order = [
        "<!-- rosterctl:plan sandbox digest sha256:",
        "**2 to create**",
        "#### What this means",
        "**Access gained and lost**",
        "**`grace`** loses `approve-csp-contract`",
        "**Notifications rerouted**",
        "**`offer`**, **`renewal`**, **`engagement`** and **`csp-contract`** will reach `hugo` instead of `grace`",
        "**Roles changing hands**",
        "**`commercial`** goes from `grace` to `hugo` — `rosters/acme.yaml:",
        "#### What it does",
        "<details><summary>",
        "**opens** `arxus/commercial-count`",
        "</details>",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
}

#[test]
fn the_marker_finds_the_comment_and_tells_plans_apart() {
    let project = small();
    let marker = |text: String| text.lines().next().unwrap().to_owned();
    let first = marker(comment(&project, "plan", 0));
    project.edit("rosters/acme.yaml", "name: Ines Vermeulen", "name: Ines Maes");
    let second = marker(comment(&project, "plan", 0));
    let stable = |line: &str| line.split_once("digest ").unwrap().0.to_owned();
    assert_eq!(stable(&first), "<!-- rosterctl:plan sandbox ");
    assert_eq!(stable(&first), stable(&second));
    assert_ne!(first, second);
    let digest = project.run(&format!("plan --format json --as-of {DAY}")).exits(0).json()["digest"].clone();
    assert!(second.contains(digest.as_str().unwrap()), "{second} {digest}");
}

#[test]
fn lines_are_links_where_the_run_says_where_the_repository_is() {
    let project = small();
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let root = project.path("").to_string_lossy().into_owned();
    let run = |server: &str| {
        let run = project.run(&format!("plan --format markdown --as-of {DAY}")).env("GITHUB_SERVER_URL", server);
        let run = run.env("GITHUB_REPOSITORY", "acme/people").env("GITHUB_SHA", sha).env("GITHUB_WORKSPACE", &root);
        run.exits(0).stdout
    };
    let base = format!("https://github.example/acme/people/blob/{sha}/rosters/acme.yaml#L");
    let read = assert_tame(&run("https://github.example"), Some(&base));
    assert!(read.links.len() > 5, "{read:?}");
    assert_eq!(assert_tame(&run("javascript:alert(1)"), None).links, Vec::<String>::new());
}

#[test]
fn twenty_thousand_steps_fit_and_what_is_folded_is_said() {
    let text = comment(&many(20_000), "plan", 0);
    let read = assert_tame(&text, None);
    assert!(text.len() > 50_000, "{}", text.len());
    let notice = text.lines().find(|line| line.starts_with("**Cut to fit in a comment:** ")).expect("a notice");
    assert!(notice.contains("`rosterctl plan -v` shows everything"), "{notice}");
    let number = |what: &str| -> usize {
        let (before, _) = notice.split_once(what).unwrap_or_else(|| panic!("{what} is not in {notice}"));
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let shown = |sign: &str| text.lines().filter(|line| line.starts_with("- ") && line.contains(sign)).count();
    assert_eq!(number(" steps") + shown(": **create**"), 20_004, "{notice}");
    assert_eq!(number(" sentences") + shown("** gains "), 20_002, "{notice}");
    assert!(text.contains("**20004 to create**"), "{}", &text[..600]);
    assert!(read.html.iter().any(|html| html.contains("20004 steps, in this order")));
}
