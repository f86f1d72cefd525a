//! Findings and what `validate` says, as they come out.

use super::*;
use crate::diagnostic::{FileId, Place, Severity, Span};
use crate::plan::document::Finding;
use crate::report::{REPORT_VERSION, Summary, Validation};

const PLAIN: Style = Style { color: false, width: 80, fitted: true, verbose: 0, quiet: false };

const ROSTER: &str = "version: 1\norganisation: acme\n\
    users:\n  ada:\n    roles: [technical, techncal]\n  bob:\n    email: ADA@acme.example\n";

fn sources_with(text: &str) -> Sources {
    Sources::from_texts([("rosters/acme.yaml".to_owned(), text.to_owned())])
}

fn place(sources: &Sources, file: u32, word: &str) -> Place {
    let start = sources.text(FileId(file)).find(word).expect("a line") as u32;
    Place { file: FileId(file), span: Span::new(start, start + word.len() as u32), pointer: String::new() }
}

fn span(start: usize, end: usize) -> Place {
    Place { file: FileId(0), span: Span::new(start as u32, end as u32), pointer: String::new() }
}

/// The column of the first caret under the line that begins with its number, and how many carets there are.
fn caret(drawn: &str) -> (usize, usize) {
    let line = drawn.lines().find(|line| line.trim_start().starts_with('|') && line.contains('^')).expect("a line");
    let bar = line.find('|').expect("a line");
    (line.find('^').expect("a line") - bar - 2, line.matches('^').count())
}

#[test]
fn a_finding_is_drawn_as_rustc_does() {
    let sources = sources_with(ROSTER);
    let finding = Diagnostic::error("roster/unknown-role", "`techncal` is no role of arxus")
        .at(place(&sources, 0, "techncal"))
        .help("did you mean `technical`?");
    let expected = "\
error[roster/unknown-role]: `techncal` is no role of arxus
 --> rosters/acme.yaml:5:24
  |
5 |     roles: [technical, techncal]
  |                        ^^^^^^^^
  |
  = help: did you mean `technical`?

";
    assert_eq!(findings(&[finding], &sources, &PLAIN), expected);
}

#[test]
fn second_places_stand_in_the_same_snippet_or_in_their_own() {
    let sources = Sources::from_texts([
        ("a.yaml".to_owned(), ROSTER.to_owned()),
        ("b.yaml".to_owned(), format!("{}eve: 1\n", "# x\n".repeat(99))),
    ]);
    let finding = Diagnostic::error("roster/duplicate-email", "two entries share one address")
        .at(place(&sources, 0, "ADA@acme.example"))
        .related(place(&sources, 0, "ada"), "its first holder")
        .related(place(&sources, 1, "eve"), "and here");
    let expected = "\
error[roster/duplicate-email]: two entries share one address
   --> a.yaml:7:12
    |
  4 |   ada:
    |   --- its first holder
...
  7 |     email: ADA@acme.example
    |            ^^^^^^^^^^^^^^^^
    |
   ::: b.yaml:100:1
    |
100 | eve: 1
    | --- and here

";
    assert_eq!(findings(&[finding], &sources, &PLAIN), expected);
}

#[test]
fn findings_without_a_place_name_the_organisation() {
    let finding = Diagnostic::new("arxus/dpo-missing", Severity::Warning, "nobody is told of a data breach")
        .organisation("acme")
        .help("give somebody the role `dpo`");
    let drawn = findings(&[finding], &Sources::default(), &PLAIN);
    let expected = "\
warning[arxus/dpo-missing]: nobody is told of a data breach
  |
  = note: organisation acme
  = help: give somebody the role `dpo`

";
    assert_eq!(drawn, expected);
}

#[test]
fn files_without_text_are_named() {
    let finding = Diagnostic::error("roster/syntax", "`rosters/acme.yaml` cannot be read").at(span(0, 0)).help("look");
    let expected = "\
error[roster/syntax]: `rosters/acme.yaml` cannot be read
 --> rosters/acme.yaml
  = help: look

";
    assert_eq!(findings(&[finding], &sources_with(""), &PLAIN), expected);
}

#[test]
fn carets_stand_under_the_word_whatever_is_before_it() {
    // (text before the word on its line, columns that it takes on screen)
    let cases =
        [("", 0), ("\t", 4), ("é: ", 3), ("😀 ", 3), ("日本 ", 5), ("\u{1b}[31m", 5), ("\u{202e}", 1), ("\u{7}\t", 5)];
    for end in ["\n", "\r\n", "\r"] {
        for (before, columns) in cases {
            let text = format!("a: 1{end}{before}word: 2{end}b: 3{end}");
            let start = text.find("word").expect("a line");
            let finding = Diagnostic::error("r/x", "m").at(span(start, start + 4));
            let drawn = findings(&[finding], &sources_with(&text), &PLAIN);
            assert_eq!(caret(&drawn), (columns, 4), "{before:?} {end:?}\n{drawn}");
            let arrow = format!("--> rosters/acme.yaml:2:{}\n", before.chars().count() + 1);
            assert!(drawn.contains(&arrow), "{before:?} {end:?}\n{drawn}");
        }
    }
}

#[test]
fn empty_places_and_the_end_of_a_file_get_one_caret() {
    for (text, at, line, column) in
        [("ab\ncd", 5, 2, 3), ("ab\ncd\n", 6, 3, 1), ("ab\ncd", 3, 2, 1), ("ab\r\ncd", 2, 1, 3)]
    {
        let finding = Diagnostic::error("r/x", "m").at(span(at, at));
        let drawn = findings(&[finding], &sources_with(text), &PLAIN);
        assert!(drawn.contains(&format!("--> rosters/acme.yaml:{line}:{column}\n")), "{drawn}");
        assert_eq!(caret(&drawn), (column - 1, 1), "{text:?}\n{drawn}");
    }
    let beyond = Diagnostic::error("r/x", "m").at(span(90, 99));
    assert!(findings(&[beyond], &sources_with("ab"), &PLAIN).contains("acme.yaml:1:3"));
}

#[test]
fn places_over_several_lines_show_first_and_last() {
    let sources = sources_with(ROSTER);
    let start = ROSTER.find("ada").expect("a line");
    let finding = Diagnostic::error("r/x", "m").at(span(start, ROSTER.len()));
    let drawn = findings(&[finding], &sources, &PLAIN);
    assert!(drawn.contains("--> rosters/acme.yaml:4:3\n"), "{drawn}");
    assert!(drawn.contains("4 | /   ada:") && drawn.contains("7 | |     email:"), "{drawn}");
    let long = format!("a:\n{}z: 1\n", "  - x\n".repeat(5000));
    let finding = Diagnostic::error("r/x", "m").at(span(0, long.len()));
    let drawn = findings(&[finding], &sources_with(&long), &PLAIN);
    assert!(drawn.contains("^^ from here to line 5003"), "{drawn}");
}

#[test]
fn huge_lines_and_many_findings_stay_cheap_and_narrow() {
    let line = format!("{}needle{}", "x".repeat(20_000_000), "y".repeat(20_000_000));
    let sources = sources_with(&line);
    let finding = Diagnostic::error("r/x", "m").at(span(20_000_000, 20_000_006));
    let drawn = findings(std::slice::from_ref(&finding), &sources, &PLAIN);
    assert!(drawn.contains("--> rosters/acme.yaml:1:20000001\n"), "{drawn}");
    assert!(drawn.lines().all(|line| line.len() <= 80), "{drawn}");
    let many: String = (0..20_000).map(|n| format!("  user-{n}: x\n")).collect();
    let sources = sources_with(&many);
    let starts = many.match_indices("user").map(|(at, _)| at);
    let findings: Vec<_> = starts.map(|at| Diagnostic::error("r/x", "m").at(span(at, at + 4))).collect();
    let begun = std::time::Instant::now();
    let drawn = super::findings(&findings, &sources, &PLAIN);
    assert_eq!(drawn.matches("error[r/x]").count(), 20_000);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

fn report(diagnostics: &[Diagnostic], sources: &Sources) -> Validation {
    let mut summary = Summary { organisations: 1, users: 3, contacts: 1, ..Summary::default() };
    summary.count(diagnostics);
    let diagnostics = diagnostics.iter().map(|diagnostic| Finding::of(diagnostic, sources)).collect();
    Validation { version: REPORT_VERSION, summary, base: None, diagnostics }
}

#[test]
fn validation_ends_with_what_was_checked() {
    let sources = sources_with(ROSTER);
    let none = report(&[], &sources);
    let clean = "checked 1 organisation, 3 users, 1 contact: no findings\n";
    assert_eq!(validation(&none, &[], &sources, &PLAIN), clean);
    let quiet = Style { quiet: true, ..PLAIN };
    assert_eq!(validation(&none, &[], &sources, &quiet), "");
    let color = validation(&none, &[], &sources, &Style { color: true, ..PLAIN });
    assert!(color.starts_with("\u{1b}[32m\u{2713}\u{1b}[0m checked"), "{color:?}");
    let found = [
        Diagnostic::error("r/a", "one").at(span(0, 7)),
        Diagnostic::error("r/b", "two").at(span(0, 7)),
        Diagnostic::new("r/c", Severity::Warning, "three").at(span(0, 7)),
        Diagnostic::new("r/d", Severity::Info, "four").at(span(0, 7)),
    ];
    let report = report(&found, &sources);
    let drawn = validation(&report, &found, &sources, &PLAIN);
    assert!(
        drawn.ends_with("\n\nchecked 1 organisation, 3 users, 1 contact: 2 errors, 1 warning, 1 info\n"),
        "{drawn}"
    );
    let drawn = validation(&report, &found, &sources, &quiet);
    assert!(drawn.contains("three") && !drawn.contains("four") && !drawn.contains("checked"), "{drawn}");
}

/// Whether a text holds anything that could steer a terminal.
fn steers(text: &str) -> Option<char> {
    text.chars()
        .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
}

#[test]
fn hostile_text_never_gets_out_raw_at_any_width() {
    const BAD: &str = "x\u{1b}[31m\u{202e}\nfake: line\r\t\u{9b}2J";
    let text = format!("a: {BAD}\nb: {}{BAD}word\n\u{e000}c: 日本😀é {BAD}\n", "z".repeat(500));
    let sources = Sources::from_texts([(BAD.to_owned(), text.clone()), ("b".to_owned(), ROSTER.to_owned())]);
    let mut findings: Vec<Diagnostic> = Vec::new();
    for (at, _) in text.char_indices() {
        for long in [0, 1, 3, 40, text.len()] {
            let finding = Diagnostic::error(BAD, format!("{BAD}\u{e000}")).at(span(at, at + long)).help(BAD);
            findings.push(finding.related(span(at / 2, at), BAD).related(place(&sources, 1, "ada"), BAD));
        }
    }
    findings.push(Diagnostic::error(BAD, BAD).organisation(BAD));
    let step = findings.len() / 40;
    for width in 0..=300 {
        let style = Style { width, verbose: (width % 2) as u8, ..PLAIN };
        let some: Vec<Diagnostic> = findings.iter().skip(width % step).step_by(step).cloned().collect();
        let drawn = super::findings(&some, &sources, &style);
        assert_eq!(steers(&drawn), None, "{drawn}");
        assert!(!drawn.contains("\nfake") && !drawn.contains('\u{e000}'), "{drawn}");
        let colored = super::findings(&some, &sources, &Style { color: true, ..style });
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), drawn);
    }
    let drawn = super::findings(&findings, &sources, &PLAIN);
    assert_eq!(steers(&drawn), None);
    assert_eq!(drawn.matches("--> x\\u{1b}[31m").count(), findings.len() - 1);
}
