//! Rosters with known places, and readers of every format that know nothing of how it is written.

use serde_json::Value as Json;

use crate::common::{ACME, Project, Ran, replaced};

/// All formats of `validate`, each with a file name.
pub const ALL: [(&str, &str); 6] = [
    ("text", "out.txt"),
    ("json", "out.json"),
    ("sarif", "out.sarif"),
    ("github", "out.github"),
    ("junit", "out.xml"),
    ("gitlab", "out.gitlab.json"),
];

/// Runs `validate` with all six formats as reports.
#[track_caller]
pub fn validate(project: &Project, more: &str, code: i32) -> Ran {
    let reports: String = ALL.iter().map(|(format, file)| format!(" --report {format}={file}")).collect();
    project.run(&format!("validate{reports} {more}")).exits(code)
}

/// What a reader of a format sees of one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub severity: String,
    pub rule: String,
    pub path: String,
    /// Line and column where it begins, from 1.
    pub begin: (u64, u64),
    /// Line and column where it ends; the same as `begin` where the format does not tell.
    pub end: (u64, u64),
    pub message: String,
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_else(|| panic!("no text: {json}")).to_owned()
}

fn number(json: &Json) -> u64 {
    json.as_u64().unwrap_or_else(|| panic!("no number: {json}"))
}

/// What a machine sees in `--format json`, which other tests hold: what all others are compared with.
pub fn of_json(report: &str) -> Vec<Seen> {
    let report: Json = serde_json::from_str(report).expect("JSON");
    let found = report["diagnostics"].as_array().expect("findings").iter();
    found
        .map(|one| {
            let place = &one["location"];
            let help = one["help"].as_str().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
            Seen {
                severity: text(&one["severity"]),
                rule: text(&one["rule"]),
                path: place["path"].as_str().unwrap_or_default().to_owned(),
                begin: (place["line"].as_u64().unwrap_or(0), place["column"].as_u64().unwrap_or(0)),
                end: (place["endLine"].as_u64().unwrap_or(0), place["endColumn"].as_u64().unwrap_or(0)),
                message: text(&one["message"]) + &help,
            }
        })
        .collect()
}

/// An address as a path, its percent signs decoded.
pub fn decoded(uri: &str) -> String {
    let bytes = percent_encoding::percent_decode_str(uri);
    bytes.decode_utf8().expect("UTF-8").into_owned()
}

/// What code scanning sees.
pub fn of_sarif(log: &str) -> Vec<Seen> {
    let log: Json = serde_json::from_str(log).expect("JSON");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let seen = |result: &Json| {
        let index = number(&result["ruleIndex"]) as usize;
        assert_eq!(rules[index]["id"], result["ruleId"], "the index leads to the rule");
        let (mut path, mut begin, mut end) = (String::new(), (0, 0), (0, 0));
        if let Some(location) = result["locations"].get(0) {
            let place = &location["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
            path = decoded(&text(&place["artifactLocation"]["uri"]));
            let at = |line: &str, column: &str| (number(&place["region"][line]), number(&place["region"][column]));
            (begin, end) = (at("startLine", "startColumn"), at("endLine", "endColumn"));
        }
        Seen {
            severity: text(&result["level"]).replace("note", "info"),
            rule: text(&result["ruleId"]),
            path,
            begin,
            end,
            message: text(&result["message"]["text"]),
        }
    };
    run["results"].as_array().expect("results").iter().map(seen).collect()
}

/// What GitLab sees.
pub fn of_gitlab(report: &str) -> Vec<Seen> {
    let report: Json = serde_json::from_str(report).expect("JSON");
    let seen = |issue: &Json| {
        let severity = match issue["severity"].as_str() {
            Some("critical") => "error",
            Some("minor") => "warning",
            Some("info") => "info",
            other => panic!("GitLab has another meaning for {other:?}"),
        };
        let positions = &issue["location"]["positions"];
        let at = |end: &str| (number(&positions[end]["line"]), number(&positions[end]["column"]));
        Seen {
            severity: severity.to_owned(),
            rule: text(&issue["check_name"]),
            path: text(&issue["location"]["path"]),
            begin: at("begin"),
            end: at("end"),
            message: text(&issue["description"]).replacen("; help: ", "\nhelp: ", 1),
        }
    };
    report.as_array().expect("one array").iter().map(seen).collect()
}

/// A workflow command as the runner of GitHub Actions understands a line.
#[derive(Debug)]
pub struct Workflow {
    pub name: String,
    pub properties: Vec<(String, String)>,
    pub data: String,
}

/// Every command that the runner knows; an unknown name is no command.
const COMMANDS: &[&str] = &[
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "set-env",
    "add-path",
    "set-output",
    "save-state",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "stop-commands",
    "echo",
];

/// Reads a line as the runner does: the new form at the beginning of a line, else the old form anywhere in it.
pub fn command(line: &str) -> Option<Workflow> {
    let new = || {
        let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        COMMANDS.contains(&name).then(|| Workflow {
            name: name.to_owned(),
            properties: properties
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, value)| {
                    let value = unescaped(value).replace("%3A", ":").replace("%2C", ",");
                    (key.trim().to_owned(), value.replace("%25", "%"))
                })
                .collect(),
            data: unescaped(data).replace("%25", "%"),
        })
    };
    let old = || {
        let (head, data) = line.split_once("##[")?.1.split_once(']')?;
        let name = head.split(' ').next().unwrap_or_default();
        let known = COMMANDS.contains(&name);
        known.then(|| Workflow { name: format!("##[{name}]"), properties: Vec::new(), data: data.to_owned() })
    };
    new().or_else(old)
}

fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n")
}

/// Lines as .NET splits them.
pub fn runner_lines(log: &str) -> impl Iterator<Item = &str> {
    log.split(['\n', '\r'])
}

/// What GitHub shows as annotations. Where a command is not one of those that the program means to write, this fails.
pub fn of_github(log: &str) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut open = false;
    for command in runner_lines(log).filter_map(command) {
        let severity = match command.name.as_str() {
            "error" => "error",
            "warning" => "warning",
            "notice" => "info",
            "group" => {
                assert!(!open, "groups do not nest");
                open = true;
                continue;
            }
            "endgroup" => {
                assert!(open);
                open = false;
                continue;
            }
            other => panic!("`{other}` was smuggled into the log: {command:?}"),
        };
        assert!(open, "an annotation outside a group");
        let property = |name: &str| {
            let found = command.properties.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let number = |name: &str| property(name).parse().unwrap_or(0);
        let (begin, end) = ((number("line"), number("col")), (number("endLine"), number("endColumn")));
        let (rule, message) = (property("title"), command.data);
        seen.push(Seen { severity: severity.to_owned(), rule, path: property("file"), begin, end, message });
    }
    assert!(!open, "a group is left open");
    seen
}

/// What a line such as `error[rule] path:1:2: message` says; GitHub's log and JUnit have them.
pub fn of_lines(text: &str) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for line in text.lines() {
        let head =
            ["error[", "warning[", "info["].iter().find_map(|word| line.strip_prefix(word).map(|rest| (word, rest)));
        let Some((word, rest)) = head else {
            if let (Some(help), Some(last)) = (line.strip_prefix("  help: "), seen.last_mut()) {
                last.message.push_str(&format!("\nhelp: {help}"));
            }
            continue;
        };
        let (rule, rest) = rest.split_once(']').expect("the end of the rule");
        let (place, message) = rest.split_once(": ").expect("the end of the place");
        let mut parts = place.trim_start().rsplitn(3, ':');
        let column = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let line = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let severity = word.trim_end_matches('[').to_owned();
        let path = parts.next().unwrap_or_default().to_owned();
        let (rule, message) = (rule.to_owned(), message.to_owned());
        seen.push(Seen { severity, rule, path, begin: (line, column), end: (line, column), message });
    }
    seen
}

/// A suite of a JUnit report.
#[derive(Debug, Default)]
pub struct Suite {
    pub name: String,
    /// Name, `passed`, `failed` or `skipped`, and all text in it.
    pub cases: Vec<(String, &'static str, String)>,
}

impl Suite {
    /// How a case ended, and what it says.
    #[track_caller]
    pub fn case(&self, name: &str) -> (&'static str, &str) {
        let case = self.cases.iter().find(|(own, ..)| own == name);
        case.map(|(_, end, text)| (*end, text.as_str())).unwrap_or_else(|| panic!("no case {name} in {self:?}"))
    }
}

/// What a reader of JUnit XML sees. Counts in attributes must be right.
pub fn of_junit(xml: &str) -> Vec<Suite> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut suites: Vec<Suite> = Vec::new();
    let mut claimed: Vec<[usize; 3]> = Vec::new();
    let mut inside = false;
    loop {
        let event = reader.read_event().expect("well-formed XML");
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                let attribute = |name: &str| {
                    let found =
                        tag.attributes().map(|one| one.expect("an attribute")).find(|one| one.key.as_ref() == name);
                    found.map(|one| quick_xml::escape::unescape(&one.value).expect("known entities").into_owned())
                };
                inside = matches!(tag.name().as_ref(), "failure" | "system-out");
                match tag.name().as_ref() {
                    "testsuite" => {
                        let count = |name: &str| attribute(name).and_then(|count| count.parse().ok()).expect("a count");
                        claimed.push([count("tests"), count("failures"), count("skipped")]);
                        suites.push(Suite { name: attribute("name").expect("a name"), cases: Vec::new() });
                    }
                    "testcase" => {
                        let suite = suites.last_mut().expect("a suite");
                        assert_eq!(attribute("time").as_deref(), Some("0"));
                        suite.cases.push((attribute("name").expect("a name"), "passed", String::new()));
                    }
                    kind @ ("failure" | "skipped") => {
                        let case = suites.last_mut().and_then(|suite| suite.cases.last_mut()).expect("a case");
                        case.1 = if kind == "failure" { "failed" } else { "skipped" };
                        assert_eq!(empty, kind == "skipped");
                    }
                    _ => {}
                }
            }
            Event::End(_) => inside = false,
            Event::Text(part) if inside => {
                if let Some(case) = suites.last_mut().and_then(|suite| suite.cases.last_mut()) {
                    case.2.push_str(&part);
                }
            }
            Event::GeneralRef(part) => {
                let case = suites.last_mut().and_then(|suite| suite.cases.last_mut()).expect("a case");
                let entity = format!("&{};", &*part);
                case.2.push_str(&quick_xml::escape::unescape(&entity).expect("a known entity"));
            }
            _ => {}
        }
    }
    for (suite, claimed) in suites.iter().zip(claimed) {
        let ended = |end: &str| suite.cases.iter().filter(|(_, own, _)| *own == end).count();
        assert_eq!(claimed, [suite.cases.len(), ended("failed"), ended("skipped")], "counts of {}", suite.name);
    }
    suites
}

/// What all failures and remarks of a JUnit report say.
pub fn of_cases(xml: &str) -> Vec<Seen> {
    of_junit(xml).iter().flat_map(|suite| &suite.cases).flat_map(|(_, _, text)| of_lines(text)).collect()
}

/// Without where it ends, for formats that do not tell.
pub fn begins(mut all: Vec<Seen>) -> Vec<Seen> {
    all.iter_mut().for_each(|seen| seen.end = seen.begin);
    all.sort();
    all
}

/// The texts that somebody may put into a roster to break a report or whatever reads it.
pub const HOSTILE: &[&str] = &[
    "::error::pwned",
    "::set-env name=PATH::/evil",
    "x\n::add-mask::y",
    "x\r\n  ::stop-commands::z",
    "##[set-env name=A]b",
    "a##[error]b ##[group]c",
    "]]><script>alert(1)</script><![CDATA[",
    "</failure></testcase><testcase name='evil'/>",
    "\" onload=\"x' & &amp; &#0; &lt;",
    "nul \0 bell \u{7} escape \u{1b}[31m delete \u{7f} next \u{85}",
    "not a character \u{fffe} \u{ffff} \u{1fffe}",
    "bidi \u{202e} hidden \u{200b} mark \u{feff} line \u{2028} paragraph \u{2029}",
    "emoji 😀 e\u{301} 日本語 \u{10ffff}",
    "%0A%0D%25 100% %3A",
    "[link](https://evil.example) {0} {{1}} ![i](x)",
    "`; rm -rf /; $(x) ${{ secrets.X }}",
    "@everyone #1 <img src=x> ```",
];

/// A roster in which every hostile text is a role that nobody knows and the reason of a waiver that has expired.
pub fn hostile() -> String {
    let quoted: Vec<String> = HOSTILE.iter().map(|text| yaml(text)).collect();
    let roles = replaced(ACME, "roles: [technical]", &format!("roles: [technical, {}]", quoted.join(", ")));
    let waiver = |text: &String| {
        format!("  - rule: arxus/dpo-missing\n    subject: ada\n    reason: {text}\n    until: 2020-01-01\n")
    };
    roles + "waivers:\n" + &quoted.iter().map(waiver).collect::<String>()
}

/// A text as a double-quoted scalar of YAML.
pub fn yaml(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        c => format!("\\U{:08x}", c as u32),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// A roster with findings whose places are known: what stands between `«` and `»` is the place of one finding.
pub fn marked(text: &str) -> (String, Vec<[(u64, u64); 2]>) {
    let mut places = Vec::new();
    let (mut line, mut column, mut begin) = (1, 1, None);
    let mut clean = String::new();
    for c in text.chars() {
        match c {
            '«' => begin = Some((line, column)),
            '»' => places.push([begin.take().expect("a beginning"), (line, column)]),
            c => {
                clean.push(c);
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
        }
    }
    (clean, places)
}
