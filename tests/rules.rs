//! Every rule is broken by one file and held by another, and a file that holds is silent under all rules.
//!
//! `tests/rules/<platform>/<rule>/{breaks,holds}.yaml`; the rules of the language itself are in `tests/rules/roster`.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::{ACME, Finding, Project, replaced, repository};
use rosterctl::platform::{BUILT_IN, Check, Platform};
use rosterctl::rules::ROSTER_RULES;

/// The day on which the fixtures are read.
const DAY: &str = "2026-06-01";

/// What `domain.md` of the project says of a platform.
struct Stated {
    platform: &'static str,
    /// How the numbers of its statements begin, and how many there are.
    letter: &'static str,
    statements: usize,
    /// The rules that a roster, a portal or a plan can break: number, id, level. One without a number carries out the one
    /// before it.
    rules: &'static [(&'static str, &'static str, &'static str)],
}

const DOMAIN: &[Stated] = &[
    Stated { platform: "arxus", letter: "A", statements: 50, rules: ARXUS },
    Stated { platform: "grx", letter: "G", statements: 72, rules: GRX },
];

const ARXUS: &[(&str, &str, &str)] = &[
    ("A4", "contact-no-role", "warning"),
    ("A6", "user-no-group", "warning"),
    ("A7", "technical-servicenow", "error"),
    ("A8", "technical-reachable", "error"),
    ("A9", "technical-global-admin", "warning"),
    ("A10", "technical-missing", "warning"),
    ("A11", "technical-order", "warning"),
    ("A13", "commercial-signing", "error"),
    ("A14", "commercial-count", "error"),
    ("A15", "commercial-incorrect", "error"),
    ("A16", "commercial-internal", "warning"),
    ("A17", "agreement-before-tenant", "error"),
    ("A21", "dpo-missing", "warning"),
    ("A23", "dpo-seniority", "warning"),
    ("A27", "dl-only-watchlist", "error"),
    ("A28", "dl-not-user", "error"),
    ("A30", "siec-subscription", "error"),
    ("A31", "siec-servicenow-user", "error"),
    ("A32", "siec-responsibility", "error"),
    ("A33", "siec-missing", "warning"),
    ("A34", "siec-order", "warning"),
    ("A35", "siec-reachable", "warning"),
    ("A40", "empty-group", "warning"),
    ("A42", "least-privilege", "warning"),
    ("A45", "verbs", "error"),
    ("A46", "actor", "error"),
    ("A48", "coverage-after-plan", "error"),
    ("A49", "make-before-break", "error"),
    ("A50", "unmanaged", "warning"),
];

const GRX: &[(&str, &str, &str)] = &[
    ("G3", "no-role", "warning"),
    ("G4", "last-admin", "error"),
    ("G5", "single-admin", "warning"),
    ("G6", "admin-must-be-active", "error"),
    ("G7", "grant-admin", "error"),
    ("G8", "revoke-admin", "error"),
    ("G9", "self-revoke", "error"),
    ("G11", "self-removal", "error"),
    ("G16", "black-hole", "error"),
    ("G20", "pum-tokens", "warning"), // a fact, but for the warning that its last column asks for
    ("G21", "pum-not-admin", "error"),
    ("G23", "pum-vs-admin-account", "error"),
    ("G24", "self-escalation", "warning"),
    ("G26", "submit", "error"),
    ("G27", "owner-missing", "warning"),
    ("G28", "owner-many", "warning"),
    ("G32", "nobody-submits", "warning"),
    ("G37", "delegate-designated", "error"),
    ("G38", "delegate-scope", "error"),
    ("G39", "scope-without-delegate", "warning"),
    ("G42", "cpm-routes", "warning"),
    ("G43", "tppm-customers", "error"),
    ("G44", "brm-customers", "error"),
    ("G52", "brm-without-tppm", "warning"),
    ("G54", "pending-to-active", "error"),
    ("G55", "pending-no-deactivate", "error"),
    ("G57", "deactivated-was-active", "error"),
    ("G59", "retention", "warning"),
    ("G60", "who-deactivates", "error"),
    ("G61", "who-deletes", "error"),
    ("G62", "delete-two-steps", "error"),
    ("G63", "reactivate", "error"),
    ("G64", "who-edits", "error"),
    ("", "who-creates", "error"),
    ("", "who-assigns-roles", "error"),
    ("", "who-assigns-tokens", "error"),
    ("G66", "serial-recheck", "error"),
    ("G67", "invite-side-effect", "warning"),
    ("G68", "reuse", "error"),
    ("G69", "roles-on-deactivated", "warning"),
    ("G70", "token-owner", "warning"),
    ("G71", "sod-submit-release", "warning"),
];

fn platforms() -> Vec<Platform> {
    BUILT_IN.iter().map(|(id, _)| Platform::built_in(id).unwrap_or_else(|| panic!("{id} does not load"))).collect()
}

/// What the domain says of a platform.
fn stated(platform: &Platform) -> &'static Stated {
    DOMAIN.iter().find(|stated| stated.platform == platform.id).unwrap_or_else(|| panic!("nothing on {}", platform.id))
}

/// Whether a roster alone can break the rule; the others speak of plans and portals.
fn of_the_roster(check: &Check) -> bool {
    !check.of_plans()
}

fn fixture(rule: &str, name: &str) -> String {
    let path = repository(&format!("tests/rules/{rule}/{name}.yaml"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{rule} has no {name}.yaml: {error}"))
}

/// A workspace file that gives levels to rules.
fn levels<'l>(levels: impl IntoIterator<Item = (&'l str, &'l str)>) -> String {
    let lines: String = levels.into_iter().map(|(rule, level)| format!("    {rule}: {level}\n")).collect();
    format!("version: 1\nrosters: [rosters]\nrules:\n  levels:\n{}", if lines.is_empty() { "    {}\n" } else { &lines })
}

/// A workspace file in which the rules that are off by default are warnings.
fn all_on() -> String {
    let platforms = platforms();
    let off = platforms.iter().flat_map(|platform| &platform.rules).filter(|rule| rule.level.is_none());
    levels(off.map(|rule| (rule.id.as_str(), "warning")))
}

/// The workspace for a rule's fixtures. Opt-in rules are of platforms: the language's own fixtures need not hold them.
fn workspace_of(rule: &str) -> String {
    if rule.starts_with("roster/") { levels([]) } else { all_on() }
}

/// The level that makes a rule checked which is off by default.
fn raised(rule: &str) -> Option<(&str, &'static str)> {
    let platforms = platforms();
    let mut rules = platforms.iter().flat_map(|platform| &platform.rules);
    rules.any(|one| one.id == rule && one.level.is_none()).then_some((rule, "warning"))
}

/// What `validate` finds in a roster, with the code it ends with.
#[track_caller]
fn validated(roster: &str, workspace: &str, arguments: &str) -> (i32, Vec<Finding>) {
    let project = Project::with_roster(roster).with_workspace(workspace);
    let ran = project.run(&format!("validate --format json --as-of {DAY} {arguments}")).ends();
    let found = ran.findings();
    (ran.code.expect("an exit code"), found)
}

/// What `validate` finds in a roster on a day, as rules and severities.
#[track_caller]
fn found(roster: &str) -> Vec<(String, String)> {
    let (_, found) = validated(roster, &levels([]), "");
    found.into_iter().map(|finding| (finding.rule, finding.severity)).collect()
}

#[track_caller]
fn clean(roster: &str) {
    let (code, found) = validated(roster, &levels([]), "--deny warning");
    assert_eq!((code, found.as_slice()), (0, [].as_slice()), "findings in:\n{roster}");
}

/// ACME with a part replaced.
fn acme(from: &str, to: &str) -> String {
    replaced(ACME, from, to)
}

#[test]
fn acme_itself_is_clean() {
    let (code, found) = validated(ACME, &all_on(), "--deny warning");
    assert_eq!((code, found), (0, Vec::new()));
}

#[test]
fn every_rule_has_its_fixtures_and_every_fixture_its_rule() {
    let mut known: BTreeSet<String> = ROSTER_RULES.iter().map(|(id, _)| (*id).to_owned()).collect();
    for platform in platforms() {
        let rules = platform.rules.iter().filter(|rule| of_the_roster(&rule.check));
        known.extend(rules.map(|rule| rule.id.to_string()));
    }
    let mut there = BTreeSet::new();
    for folder in fs::read_dir(repository("tests/rules")).expect("the fixtures") {
        let folder = folder.expect("an entry");
        for rule in fs::read_dir(folder.path()).expect("a folder") {
            let rule = rule.expect("an entry");
            let id = format!("{}/{}", folder.file_name().to_string_lossy(), rule.file_name().to_string_lossy());
            let names: BTreeSet<String> = fs::read_dir(rule.path())
                .expect("a folder")
                .map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            assert_eq!(names.into_iter().collect::<Vec<_>>(), ["breaks.yaml", "holds.yaml"], "in tests/rules/{id}");
            there.insert(id);
        }
    }
    let missing: Vec<_> = known.difference(&there).collect();
    assert!(missing.is_empty(), "rules without fixtures: {missing:?}");
    let unknown: Vec<_> = there.difference(&known).collect();
    assert!(unknown.is_empty(), "fixtures of no rule: {unknown:?}");
}

/// Every rule that has fixtures.
fn fixtures() -> Vec<String> {
    let language = ROSTER_RULES.iter().map(|(id, _)| (*id).to_owned());
    let platforms = platforms();
    let rules = platforms.iter().flat_map(|platform| &platform.rules).filter(|rule| of_the_roster(&rule.check));
    language.chain(rules.map(|rule| rule.id.to_string())).collect()
}

#[test]
fn breaks_breaks_its_rule_at_a_place_in_the_file() {
    for rule in fixtures() {
        let text = fixture(&rule, "breaks");
        let (code, found) = validated(&text, &levels(raised(&rule)), "--deny warning");
        assert_eq!(code, 1, "{rule}: {found:?}");
        let hits: Vec<&Finding> = found.iter().filter(|finding| finding.rule == rule).collect();
        assert!(!hits.is_empty(), "{rule} is not found by its own fixture: {found:?}");
        for hit in hits {
            assert_eq!(hit.path, "rosters/acme.yaml", "{rule}");
            let lines: Vec<&str> = text.lines().collect();
            let line = lines.get(hit.line as usize - 1).copied().unwrap_or_default();
            assert!(hit.at() != (1, 1), "{rule} points at the first character, which is a comment");
            assert!(hit.line as usize <= lines.len(), "{rule} points behind the file: {hit:?}");
            assert!(hit.column as usize <= line.chars().count() + 1, "{rule} points behind the line: {hit:?}");
            assert!(!line.trim_start().starts_with('#'), "{rule} points at a comment: {hit:?}");
            assert!(!hit.message.contains(['{', '}']) || rule.starts_with("roster/"), "{rule}: {}", hit.message);
            assert!(!hit.help.is_empty() || rule == "roster/syntax", "{rule} names no cure");
            assert!(!hit.help.contains("{subject}") && !hit.help.contains("{organisation}"), "{rule}: {}", hit.help);
            let name = platforms().iter().any(|platform| hit.message.starts_with(platform.name.as_str()));
            let upper = hit.message.starts_with(|first: char| first.is_uppercase());
            assert!(name || !upper, "{rule}: messages are lower-case: {}", hit.message);
        }
        // Whatever else a fixture breaks must be a consequence of the same mistake, and said here.
        let others: BTreeSet<&str> =
            found.iter().map(|finding| finding.rule.as_str()).filter(|id| *id != rule).collect();
        let expected: &[&str] = match rule.as_str() {
            "arxus/agreement-before-tenant" => &["arxus/commercial-count"],
            "grx/admin-must-be-active" => &["grx/roles-on-deactivated", "grx/single-admin"],
            "grx/black-hole" => &["grx/roles-on-deactivated"],
            "grx/submit" => &["roster/expectation"],
            "roster/waiver-expired" => &["arxus/dpo-seniority"],
            _ => &[],
        };
        assert_eq!(others, expected.iter().copied().collect(), "{rule} breaks other rules too");
    }
}

#[test]
fn holds_is_silent_under_all_rules() {
    for rule in fixtures() {
        let (code, found) = validated(&fixture(&rule, "holds"), &workspace_of(&rule), "--deny warning");
        assert_eq!((code, found), (0, Vec::new()), "tests/rules/{rule}/holds.yaml is not silent");
    }
}

#[test]
fn fixtures_of_platforms_differ_in_what_they_are_about_only() {
    for rule in fixtures() {
        let (breaks, holds) = (fixture(&rule, "breaks"), fixture(&rule, "holds"));
        assert!(breaks.starts_with("# ") && holds.starts_with("# "), "{rule}: a fixture says what it shows");
        let (breaks, holds) = (breaks.lines().collect::<BTreeSet<_>>(), holds.lines().collect::<BTreeSet<_>>());
        let differing = breaks.symmetric_difference(&holds).count();
        assert!((1..=30).contains(&differing), "{rule}: {differing} lines differ");
    }
}

/// The fragments that `explain` shows, made whole.
fn whole(platform: &Platform, fragment: &str) -> String {
    let mut text = format!("version: 1\norganisation: acme\nplatform: {}\n{fragment}", platform.id);
    if !fragment.contains("profile:") {
        text.push_str("profile: { services: [] }\n");
    }
    text
}

#[test]
fn the_fragments_that_explain_shows_break_and_hold() {
    for platform in platforms() {
        for rule in &platform.rules {
            let ordered = matches!(rule.check, Check::MakeBeforeBreak);
            assert!(ordered || !rule.breaks.is_empty() && !rule.holds.is_empty(), "{} shows no example", rule.id);
            if ordered {
                continue;
            }
            let (_, broken) = validated(&whole(&platform, &rule.breaks), &all_on(), "");
            let (_, held) = validated(&whole(&platform, &rule.holds), &all_on(), "");
            let hit = |found: &[Finding]| found.iter().any(|finding| finding.rule == rule.id.as_str());
            if of_the_roster(&rule.check) {
                assert!(hit(&broken), "the fragment `breaks` of {} does not: {broken:?}", rule.id);
            }
            assert!(!hit(&held), "the fragment `holds` of {} does not: {held:?}", rule.id);
            for finding in broken.iter().chain(&held) {
                let shape = finding.rule.starts_with("roster/") && finding.rule != "roster/expectation";
                assert!(!shape, "a fragment of {} is no roster: {finding:?}", rule.id);
            }
        }
    }
}

#[test]
fn severities_and_numbers_are_those_of_the_domain() {
    for platform in platforms() {
        let rules = stated(&platform).rules.iter();
        let stated: BTreeMap<String, (&str, &str)> =
            rules.map(|(number, rule, level)| (format!("{}/{rule}", platform.id), (*number, *level))).collect();
        for rule in &platform.rules {
            let level = rule.level.map_or("off".to_owned(), |level| level.to_string());
            // Rules of our own are opt-in: they are not of the platform's documentation. That whoever is in no roster is
            // reported is the language's own word, on every platform.
            let own = if matches!(rule.check, Check::Unmanaged) { "warning" } else { "off" };
            let expected = stated.get(rule.id.as_str()).copied().unwrap_or(("", own));
            assert_eq!((rule.number.as_str(), level.as_str()), expected, "{}", rule.id);
        }
        let there: BTreeSet<&str> = platform.rules.iter().map(|rule| rule.id.as_str()).collect();
        let missing: Vec<&String> = stated.keys().filter(|rule| !there.contains(rule.as_str())).collect();
        assert!(missing.is_empty(), "rules of the domain that the platform does not have: {missing:?}");
    }
}

#[test]
fn every_statement_of_the_domain_is_there_once() {
    for platform in platforms() {
        let rules = platform.rules.iter().map(|rule| (rule.number.as_str(), rule.id.as_str()));
        let facts = platform.facts.iter().map(|fact| (fact.number.as_str(), fact.id.as_str()));
        let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for (number, id) in rules.chain(facts) {
            assert!(ids.insert(id), "{id} is there twice");
            if !number.is_empty() {
                let other = numbers.insert(number, id);
                assert_eq!(other, None, "{number} is {id} too");
            }
        }
        let Stated { letter, statements, .. } = stated(&platform);
        let all = (1..=*statements).map(|number| format!("{letter}{number}"));
        let missing: Vec<String> = all.filter(|number| !numbers.contains_key(number.as_str())).collect();
        assert!(missing.is_empty(), "statements without a place: {missing:?}");
        assert_eq!(numbers.len(), *statements);
        for rule in &platform.rules {
            assert!(!rule.source.is_empty() || rule.number.is_empty(), "{} does not quote its source", rule.id);
            assert!(!rule.cure.is_empty() && !rule.title.is_empty(), "{} has no title or cure", rule.id);
        }
    }
}

#[test]
fn findings_weigh_what_their_rule_says() {
    let platforms = platforms();
    for rule in platforms.iter().flat_map(|platform| &platform.rules).filter(|rule| of_the_roster(&rule.check)) {
        let Some(level) = rule.level else { continue };
        let (_, found) = validated(&fixture(&rule.id, "breaks"), &levels([]), "");
        let hit = found.iter().find(|finding| finding.rule == rule.id.as_str()).expect("a finding");
        assert_eq!(hit.severity, level.to_string(), "{}", rule.id);
    }
    for (rule, _) in ROSTER_RULES {
        let (_, found) = validated(&fixture(rule, "breaks"), &levels([]), "");
        let hit = found.iter().find(|finding| finding.rule == *rule).expect("a finding");
        let expected = if *rule == "roster/waiver-unused" { "warning" } else { "error" };
        assert_eq!(hit.severity, expected, "{rule}");
    }
}

#[test]
fn a_clause_may_weigh_less_than_its_rule() {
    let phoneless = acme("    phone: \"+32 470 00 00 01\"\n", "");
    assert_eq!(found(&phoneless), [("arxus/technical-reachable".to_owned(), "warning".to_owned())]);
    let silent = replaced(&phoneless, "    email: ada@acme.example\n", "");
    assert_eq!(found(&silent), [("arxus/technical-reachable".to_owned(), "error".to_owned())]);
    // A level set for the rule holds for all of its clauses.
    let (code, raised) = validated(&phoneless, &levels([("arxus/technical-reachable", "error")]), "");
    assert_eq!((code, raised[0].severity.as_str()), (1, "error"));

    let holder = |services: &str| {
        let text = acme("size: small", &format!("size: small\n  services: [{services}]"));
        replaced(&text, "roles: [technical]", "roles: [technical, security-incident-escalation]")
    };
    assert_eq!(found(&holder("")), [("arxus/siec-subscription".to_owned(), "error".to_owned())]);
    assert_eq!(found(&holder("secwise-care")), [("arxus/siec-subscription".to_owned(), "warning".to_owned())]);
    clean(&holder("secwise-watch"));
    clean(&holder("secwise-watch, secwise-care"));
}

#[test]
fn equivalents_and_exceptions_of_arxus() {
    // A7: of their own, or through a group with the service desk; a contact may have the account too.
    clean(&acme("      serviceNow: true\n", ""));
    clean(&acme("service-desk: full, ", ""));
    let neither = replaced(&acme("      serviceNow: true\n", ""), "service-desk: full, ", "");
    assert_eq!(found(&neither), [("arxus/technical-servicenow".to_owned(), "error".to_owned())]);
    // A9: privileges equivalent to Global Administrator.
    for role in ["privileged-role-administrator", "privileged-authentication-administrator"] {
        clean(&acme("[global-administrator]", &format!("[reports-reader, {role}]")));
    }
    // A13: authority that is not stated does not count, nor does a stated `false`.
    for stated in ["", "    attributes: { signingAuthority: false }\n"] {
        let text = acme("    attributes: { signingAuthority: true }\n", stated);
        assert_eq!(found(&text), [("arxus/commercial-signing".to_owned(), "error".to_owned())], "{stated:?}");
    }
    // A14: none, and a second one, who is pointed at together with the first.
    let nobody = acme("roles: [commercial]", "roles: [watchlist]");
    assert_eq!(found(&nobody), [("arxus/commercial-count".to_owned(), "error".to_owned())]);
    // A16: other domains, with sub-domains, and partners.
    let outside = acme("email: grace@acme.example", "email: grace@partner.example");
    assert_eq!(found(&outside), [("arxus/commercial-internal".to_owned(), "warning".to_owned())]);
    clean(&acme("email: grace@acme.example", "email: grace@Legal.ACME.example"));
    for way in ["reseller", "value-add-partner"] {
        clean(&replaced(&outside, "size: small", &format!("size: small\n  relationship: {way}")));
    }
    clean(&replaced(&outside, "  domains: [acme.example]\n", ""));
    let similar = acme("email: grace@acme.example", "email: grace@notacme.example");
    assert_eq!(found(&similar), [("arxus/commercial-internal".to_owned(), "warning".to_owned())]);
    // A21 and A25: a watchlist contact stands in for nobody.
    let dpo = acme("roles: [dpo]", "roles: [watchlist]");
    assert_eq!(found(&dpo), [("arxus/dpo-missing".to_owned(), "warning".to_owned())]);
    // A23: large organisations only.
    let both = acme("roles: [dpo]", "roles: [dpo, watchlist]");
    clean(&both);
    let large = replaced(&both, "size: small", "size: large");
    assert_eq!(found(&large), [("arxus/dpo-seniority".to_owned(), "warning".to_owned())]);
    // A26: a watchlist contact may be a list.
    let list = "contacts:\n  soc:\n    name: SOC\n    email: soc@acme.example\n    type: distribution-list\n    roles: [watchlist]\n";
    clean(&acme("contacts:\n", list));
    // A2: a user may hold contact roles.
    clean(&acme("roles: [technical]", "roles: [technical, watchlist]"));
}

#[test]
fn a_surplus_points_at_every_holder() {
    let project = Project::with_roster(&fixture("arxus/commercial-count", "breaks"));
    let json = project.run("validate --format json").exits(1).json();
    let related = json["diagnostics"][0]["related"].as_array().expect("second places").clone();
    assert_eq!(related.len(), 1);
    assert_eq!(related[0]["location"]["path"], "rosters/acme.yaml");
    assert_ne!(related[0]["location"]["line"], json["diagnostics"][0]["location"]["line"]);
}

#[test]
fn absent_sections_are_no_wish() {
    let empty = "version: 1\norganisation: acme\nplatform: arxus\n";
    clean(empty);
    let none = found(&format!("{empty}users: {{}}\ncontacts: {{}}\n"));
    let rules: Vec<&str> = none.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(rules, ["arxus/commercial-count", "arxus/dpo-missing", "arxus/technical-missing"]);
}

#[test]
fn levels_weigh_rules() {
    let text = fixture("arxus/dpo-missing", "breaks");
    for (level, code, denied) in [("error", 1, 1), ("warning", 0, 1), ("info", 0, 0)] {
        let workspace = levels([("arxus/dpo-missing", level)]);
        let (end, found) = validated(&text, &workspace, "");
        assert_eq!((end, found.len(), found[0].severity.as_str()), (code, 1, level));
        let (end, _) = validated(&text, &workspace, "--deny warning");
        assert_eq!(end, denied, "{level} with --deny warning");
    }
    let (code, found) = validated(&text, &levels([("arxus/dpo-missing", "off")]), "--deny warning");
    assert_eq!((code, found), (0, Vec::new()));
}

#[test]
fn a_rule_that_is_off_by_default_is_raised_by_the_workspace() {
    let platforms = platforms();
    let off: Vec<_> =
        platforms.iter().flat_map(|platform| &platform.rules).filter(|rule| rule.level.is_none()).collect();
    assert!(!off.is_empty());
    for rule in off {
        let text = fixture(&rule.id, "breaks");
        let (code, found) = validated(&text, &levels([]), "--deny warning");
        assert_eq!((code, found), (0, Vec::new()), "{} is off", rule.id);
        for level in ["error", "warning", "info"] {
            let (_, found) = validated(&text, &levels([(rule.id.as_str(), level)]), "");
            let weights: Vec<_> =
                found.iter().map(|finding| (finding.rule.as_str(), finding.severity.as_str())).collect();
            assert_eq!(weights, [(rule.id.as_str(), level)]);
        }
    }
}

#[test]
fn levels_of_rules_that_do_not_exist_are_findings() {
    let (code, found) = validated(ACME, &levels([("arxus/dpo-mising", "error")]), "");
    assert_eq!((code, found.len()), (1, 1));
    assert_eq!((found[0].rule.as_str(), found[0].path.as_str()), ("roster/unknown-rule", "rosterctl.yaml"));
    assert_eq!((found[0].line, found[0].column, found[0].pointer.as_str()), (5, 5, "/rules/levels/arxus~1dpo-mising"));
    assert!(found[0].help.contains("`arxus/dpo-missing`"), "{}", found[0].help);
    let (code, found) = validated(ACME, &levels([("roster/unknown-key", "off")]), "");
    assert_eq!((code, found[0].rule.as_str()), (1, "roster/unknown-rule"));
    assert!(found[0].help.contains("always hold"), "{}", found[0].help);
    let (_, found) = validated(ACME, &levels([("arxus/dpo-missing", "fatal")]), "");
    assert_eq!(found[0].rule, "roster/wrong-type");
}

/// A large organisation whose officer, Dana, holds a second role: `arxus/dpo-seniority` speaks of her.
fn waived(waiver: &str) -> String {
    let text = replaced(&acme("size: small", "size: large"), "roles: [dpo]", "roles: [dpo, watchlist]");
    format!("{text}waivers:\n  - {waiver}\n")
}

#[test]
fn waivers_cover_what_they_name_until_their_last_day() {
    let text =
        waived("{ rule: arxus/dpo-seniority, subject: dana, reason: Until the new hire starts., until: 2027-01-31 }");
    let on = |day: &str| {
        let project = Project::with_roster(&text);
        project.run(&format!("validate --format json --as-of {day}")).ends().rules()
    };
    assert_eq!(on("2026-06-01"), [] as [&str; 0]);
    assert_eq!(on("2027-01-30"), [] as [&str; 0]);
    assert_eq!(on("2027-01-31"), [] as [&str; 0], "the last day counts");
    assert_eq!(on("2027-02-01"), ["arxus/dpo-seniority", "roster/waiver-expired"]);

    let ran = Project::with_roster(&text).run("validate --format json --as-of 2027-02-01").exits(1);
    let expired = ran.finding("roster/waiver-expired");
    assert!(expired.message.contains("2027-01-31") && expired.message.contains("Until the new hire starts."));
    assert_eq!((expired.severity.as_str(), expired.subject.as_deref()), ("error", Some("dana")));
    assert_eq!(expired.pointer, "/waivers/0");
    clean(&waived("{ rule: arxus/dpo-seniority, subject: dana, reason: For good. }"));
}

#[test]
fn waivers_that_cover_nothing_are_warnings() {
    for waiver in [
        "{ rule: arxus/dpo-seniority, subject: ada, reason: Wrong person. }",
        "{ rule: arxus/dpo-seniority, reason: Not the organisation as a whole. }",
        "{ rule: arxus/dpo-missing, subject: dana, reason: Another rule. }",
    ] {
        let rules: Vec<String> =
            found(&waived(waiver)).into_iter().map(|(rule, severity)| format!("{severity} {rule}")).collect();
        assert_eq!(rules, ["warning arxus/dpo-seniority", "warning roster/waiver-unused"], "{waiver}");
    }
    let unknown = found(&waived("{ rule: arxus/dpo-seniorty, subject: dana, reason: Misspelt. }"));
    assert_eq!(unknown[1], ("roster/unknown-rule".to_owned(), "error".to_owned()));
    // A rule that is off finds nothing, so there is nothing to waive.
    let waiver = "{ rule: arxus/dpo-seniority, subject: dana, reason: It is off. }";
    let (_, found) = validated(&waived(waiver), &levels([("arxus/dpo-seniority", "off")]), "");
    assert_eq!(found.into_iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["roster/waiver-unused"]);
}

#[test]
fn waivers_speak_of_the_organisation_by_no_subject_or_by_its_id() {
    let text = acme("roles: [dpo]", "roles: [watchlist]");
    clean(&format!("{text}waivers:\n  - {{ rule: arxus/dpo-missing, reason: Being hired. }}\n"));
    clean(&format!("{text}waivers:\n  - {{ rule: arxus/dpo-missing, subject: acme, reason: Being hired. }}\n"));
}

#[test]
fn waivers_never_cover_the_language_itself() {
    let text = format!(
        "{}waivers:\n  - {{ rule: roster/unknown-role, subject: dana, reason: No. }}\n",
        acme("[dpo]", "[dop]")
    );
    let rules: Vec<String> = found(&text).into_iter().map(|(rule, _)| rule).collect();
    assert!(
        rules.contains(&"roster/unknown-role".to_owned()) && rules.contains(&"roster/unknown-rule".to_owned()),
        "{rules:?}"
    );
}

#[test]
fn expectations_of_every_kind_hold_and_fail() {
    let cases = [
        ("notified: { of: data-breach, exactly: [dana] }", "notified: { of: data-breach, exactly: [grace] }"),
        ("notified: { of: data-breach, exactly: [dana] }", "notified: { of: data-breach, exactly: [dana, grace] }"),
        (
            "notified: { of: tenant-request, includes: [ada] }",
            "notified: { of: tenant-request, includes: [ada, dana] }",
        ),
        (
            "notified: { of: tenant-request, excludes: [dana] }",
            "notified: { of: tenant-request, excludes: [dana, ada] }",
        ),
        ("notified: { of: tenant-request, atLeast: 2 }", "notified: { of: tenant-request, atLeast: 3 }"),
        ("notified: { of: incident-ticket-mail, nobody: true }", "notified: { of: data-breach, nobody: true }"),
        ("notified: { of: incident-ticket-mail, exactly: [] }", "notified: { of: data-breach, exactly: [] }"),
        ("notified: { of: tenant-issue, first: ada }", "notified: { of: tenant-issue, first: dana }"),
        // No service agreement document is sent while there is an agreement.
        ("notified: { of: service-agreement, nobody: true }", "notified: { of: service-agreement, exactly: [grace] }"),
        ("can: { do: approve-csp-contract, exactly: [grace] }", "can: { do: approve-csp-contract, exactly: [ada] }"),
        ("can: { do: manage-users, includes: [ada] }", "can: { do: manage-users, excludes: [ada] }"),
        ("can: { do: manage-users, atLeast: 1 }", "can: { do: manage-users, atLeast: 2 }"),
        ("can: { do: manage-users, exactly: [ada] }", "can: { do: manage-users, nobody: true }"),
        ("holds: { role: technical, exactly: [ada] }", "holds: { role: technical, exactly: [grace] }"),
        ("holds: { role: watchlist, nobody: true }", "holds: { role: dpo, nobody: true }"),
        ("holds: { role: dpo, includes: [dana] }", "holds: { role: dpo, excludes: [dana] }"),
        ("holds: { role: dpo, atLeast: 1 }", "holds: { role: dpo, atLeast: 2 }"),
    ];
    for (holds, fails) in cases {
        clean(&format!("{ACME}expectations:\n  - {holds}\n"));
        let (code, found) = validated(&format!("{ACME}expectations:\n  - {fails}\n"), &levels([]), "");
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!((code, rules.as_slice()), (1, ["roster/expectation"].as_slice()), "{fails}");
        assert_eq!((found[0].line, found[0].pointer.as_str()), (34, "/expectations/0"), "{fails}");
    }
    // What failed is said together with what is.
    let (_, found) = validated(&format!("{ACME}expectations:\n  - {}\n", cases[0].1), &levels([]), "");
    assert!(found[0].message.contains("grace") && found[0].message.contains("dana"), "{}", found[0].message);
}

#[test]
fn expectations_that_cannot_be_understood_are_findings() {
    let cases = [
        ("notified: { of: data-breech, exactly: [dana] }", "roster/expectation", "data-breach"),
        ("can: { do: manage-user, exactly: [ada] }", "roster/expectation", "manage-users"),
        ("holds: { role: dop, exactly: [dana] }", "roster/unknown-role", "dpo"),
        ("holds: { role: dpo, exactly: [dnaa] }", "roster/unknown-user", "dana"),
        ("{ holds: { role: dpo, atLeast: 1 }, can: { do: manage-users, atLeast: 1 } }", "roster/wrong-type", "item"),
        ("{}", "roster/wrong-type", "item"),
        ("notified: { exactly: [dana] }", "roster/missing-key", "of"),
        ("reached: { of: data-breach }", "roster/unknown-key", ""),
        ("can: { do: manage-users, first: ada }", "roster/unknown-key", ""),
        ("holds: { role: dpo, atLeast: many }", "roster/wrong-type", ""),
        ("notified: { of: data-breach, nobody: no }", "roster/wrong-type", ""),
    ];
    for (text, rule, help) in cases {
        let (code, found) = validated(&format!("{ACME}expectations:\n  - {text}\n"), &levels([]), "");
        assert_eq!(code, 1, "{text}");
        let hit = found.iter().find(|finding| finding.rule == rule);
        let hit = hit.unwrap_or_else(|| panic!("{text} is not {rule}: {found:?}"));
        assert!(hit.help.contains(help), "{text}: {}", hit.help);
        assert!(hit.line == 34 || rule == "roster/expectation", "{text}: {hit:?}");
    }
}

#[test]
fn what_could_not_be_read_gives_rise_to_one_finding_only() {
    let grace = "  grace:\n    name: Grace Lindqvist\n    email: grace@acme.example\n";
    let twice =
        format!("  grace:\n    name: Grace Smit\n    email: smit@acme.example\n    roles: [watchlist]\n{grace}");
    let spread = format!("{}---\nversion: 1\norganisation: acme\ncontacts:\n{grace}    roles: [commercial]\n", {
        acme("email: grace@acme.example\n    roles: [commercial]", "email: g@acme.example\n    roles: [watchlist]")
    });
    let asked = "expectations:\n  - holds: { role: dpo, exactly: [dana] }\n  - can: { do: manage-users, atLeast: 1 }\n\
                 \x20 - notified: { of: tenant-issue, first: ada }\n";
    for (text, rule) in [
        (acme(grace, &twice), "roster/duplicate-key"),
        (spread, "roster/duplicate-key"),
        (acme("roles: [commercial]", "roles: [comercial]"), "roster/unknown-role"),
        (acme("roles: [commercial]", "roles: commercial"), "roster/wrong-type"),
        (acme("roles: [commercial]", "role: [commercial]"), "roster/unknown-key"),
        (acme("roles: [commercial]", "roles: [[commercial]]"), "roster/wrong-type"),
        (acme("roles: [technical]", "roles: [techncal]") + asked, "roster/unknown-role"),
        (acme("contacts:\n", "contact:\n") + asked, "roster/unknown-key"),
        (acme("    roles: [dpo]\n", "    roles: [dop]\n") + asked, "roster/unknown-role"),
        (acme("phone: \"+32 470 00 00 01\"", "phone: 32"), "roster/wrong-type"),
        (acme("{ signingAuthority: true }", "{ signingAuthorty: true }"), "roster/unknown-attribute"),
        (acme("{ signingAuthority: true }", "{ signingAuthority: yes }"), "roster/wrong-type"),
        (acme("groups: [it-operations]", "groups: [it-operatons]"), "roster/unknown-group"),
        (
            acme("  it-operations:\n    name: IT operations\n    applications: {", "  it-operations: {"),
            "roster/unknown-key",
        ),
        (
            acme(
                "  it-operations:\n    name: IT operations\n    applications: { service-desk: full, users-and-permissions: full }",
                "  it-operations: full",
            ) + asked,
            "roster/wrong-type",
        ),
        (
            acme("roles: [dpo]", "roles: dpo") + "waivers: [{ rule: arxus/dpo-missing, reason: Being hired. }]\n",
            "roster/wrong-type",
        ),
    ] {
        let mut rules: Vec<String> = found(&text).into_iter().map(|(rule, _)| rule).collect();
        rules.retain(|rule| rule != "roster/missing-key");
        rules.dedup();
        assert_eq!(rules, [rule], "in:\n{text}");
    }
}

#[test]
fn what_is_missing_or_wrong_all_the_same_is_reported() {
    let rules = |text: &str| -> Vec<String> { found(text).into_iter().map(|(rule, _)| rule).collect() };
    let none = acme("roles: [commercial]", "roles: [watchlist]");
    assert_eq!(rules(&none), ["arxus/commercial-count"]);
    // A mistake elsewhere says nothing about people.
    for elsewhere in ["expectations:\n  - holds: { rle: dpo }\n", "waivers:\n  - { rule: arxus/x, why: no }\n"] {
        assert!(rules(&format!("{none}{elsewhere}")).contains(&"arxus/commercial-count".to_owned()), "{elsewhere}");
    }
    // Nor does one of another organisation.
    let project = Project::with_roster(&none);
    let other =
        replaced(&acme("roles: [commercial]", "roles: [comercial]"), "organisation: acme", "organisation: beta");
    project.write("rosters/beta.yaml", other);
    assert_eq!(
        project.run("validate --format json").exits(1).rules(),
        ["arxus/commercial-count", "roster/unknown-role"]
    );
    // Too many are too many, and who is read whole is checked whole.
    let two = acme("roles: [dpo]", "roles: [dpo, commercial, watchlst]");
    let found = rules(&two);
    assert!(found.contains(&"arxus/commercial-count".to_owned()), "{found:?}");
    let unsigned = replaced(&acme("signingAuthority: true", "signingAuthority: false"), "roles: [dpo]", "roles: [dop]");
    let mut found = rules(&unsigned);
    found.sort();
    assert_eq!(found, ["arxus/commercial-signing", "roster/unknown-role"]);
    let extra = replaced(&two, "commercial, ", "") + "expectations:\n  - holds: { role: dpo, exactly: [] }\n";
    assert!(rules(&extra).contains(&"roster/expectation".to_owned()));
}

#[test]
fn access_ends_the_day_after_until() {
    let text = acme("    roles: [technical]\n", "    roles: [technical]\n    until: 2027-06-30\n");
    let project = Project::with_roster(&text);
    for (day, users, rules) in [
        ("2027-06-29", 1, &[][..]),
        ("2027-06-30", 1, &[]),
        ("2027-07-01", 0, &["arxus/empty-group", "arxus/technical-missing"]),
    ] {
        let ran = project.run(&format!("validate --format json --as-of {day}")).exits(0);
        assert_eq!(ran.json()["summary"]["users"], users, "{day}");
        let found: BTreeSet<String> = ran.rules().into_iter().collect();
        assert_eq!(found, rules.iter().map(|rule| (*rule).to_owned()).collect(), "{day}");
        let held = project.run(&format!("who holds technical --as-of {day}")).exits(0).stdout;
        assert_eq!(held.contains("ada"), users == 1, "{day}: {held}");
    }
    // Who has left is named as the reason.
    let json = project.run("validate --format json --as-of 2027-07-01").exits(0).json();
    let missing = json["diagnostics"].as_array().expect("findings");
    let missing = missing.iter().find(|one| one["rule"] == "arxus/technical-missing").expect("a finding").to_string();
    assert!(missing.contains("2027-06-30"), "{missing}");
}

#[test]
fn findings_are_sorted_and_come_all_at_once() {
    let text = replaced(&acme("roles: [technical]", "roles: [techncal]"), "email: dana@acme.example", "email: dana");
    let project = Project::with_roster(&text);
    project.write("rosters/b.yaml", replaced(&text, "organisation: acme", "organisation: beta"));
    let places: Vec<(String, u64, u64)> = project
        .run("validate --format json")
        .exits(1)
        .findings()
        .into_iter()
        .map(|finding| (finding.path, finding.line, finding.column))
        .collect();
    let mut sorted = places.clone();
    sorted.sort();
    assert_eq!(places, sorted);
    assert!(places.len() >= 4, "{places:?}");
}
