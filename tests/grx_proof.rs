//! GRX: no statement of the domain is without proof. A rule that a roster can break has its fixtures, a fact is answered
//! by `who` and `explain` (tests/grx.rs has the tables), and what concerns plans and portals has a test by its number.

mod common;

use std::fs;

use common::repository;
use rosterctl::platform::Platform;

/// What proves a statement.
enum Proof {
    /// `tests/rules/grx/<rule>`, by the rule with this number.
    Fixture,
    /// The same, and tests for plans and portals.
    FixtureAnd(&'static str),
    /// Fixtures of a rule of the language, which holds it.
    Language(&'static str),
    /// Nothing to report: it stands among the facts of the platform.
    Fact,
    /// Such a fact, and tests for what it means for plans.
    FactAnd(&'static str),
    /// Tests.
    Test(&'static str),
}
use Proof::{Fact, FactAnd, Fixture, FixtureAnd, Language, Test};

const PLANS: &str = "tests/grx_plans.rs";
const LIFE: &str = "tests/grx_life.rs";
const LIVE: &str = "tests/grx_live.rs";
const RACE: &str = "tests/race.rs";

/// Every statement of the domain by its number, and where it is proved.
const PROOFS: [(u8, Proof); 72] = [
    (1, Language("unknown-role")),
    (2, Fact),
    (3, Fixture),
    (4, FixtureAnd(LIFE)),
    (5, Fixture),
    (6, FixtureAnd(LIVE)),
    (7, Test(PLANS)),
    (8, Test(PLANS)),
    (9, Test(PLANS)),
    (10, FactAnd(PLANS)),
    (11, Test(PLANS)),
    (12, Fact),
    (13, Fact),
    (14, Fact),
    (15, Fact),
    (16, FixtureAnd(LIVE)),
    (17, FactAnd(PLANS)),
    (18, FactAnd(PLANS)),
    (19, FactAnd(PLANS)),
    (20, Test(PLANS)),
    (21, Test(PLANS)),
    (22, Fact),
    (23, Test(PLANS)),
    (24, Test(PLANS)),
    (25, Fact),
    (26, Fixture),
    (27, Fixture),
    (28, Fixture),
    (29, Fact),
    (30, Fact),
    (31, Fact),
    (32, Fixture),
    (33, Fact),
    (34, Fact),
    (35, Fact),
    (36, Fact),
    (37, Fixture),
    (38, Fixture),
    (39, Fixture),
    (40, Fact),
    (41, Fact),
    (42, Fixture),
    (43, Fixture),
    (44, Fixture),
    (45, Fact),
    (46, Fact),
    (47, Fact),
    (48, Fact),
    (49, Fact),
    (50, Fact),
    (51, Fact),
    (52, Fixture),
    (53, Language("wrong-type")),
    (54, Test(LIFE)),
    (55, Test(LIFE)),
    (56, FactAnd(LIFE)),
    (57, Test(LIFE)),
    (58, Fact),
    (59, Test(LIFE)),
    (60, Test(PLANS)),
    (61, Test(PLANS)),
    (62, Test(LIFE)),
    (63, Test(PLANS)),
    (64, Test(PLANS)),
    (65, FactAnd(PLANS)),
    (66, Test(RACE)),
    (67, Test(LIFE)),
    (68, Test(LIFE)),
    (69, FixtureAnd(LIVE)),
    (70, FixtureAnd(LIVE)),
    (71, Fixture),
    (72, Language("duplicate-email")),
];

/// Whether a file has a test whose name begins so and that runs.
fn tested(file: &str, name: &str) -> bool {
    let text = fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let lines: Vec<&str> = text.lines().collect();
    lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1].starts_with(&format!("fn {name}")))
}

fn has_fixtures(rule: &str) -> bool {
    let file = |name| repository(&format!("tests/rules/{rule}/{name}.yaml"));
    file("breaks").is_file() && file("holds").is_file()
}

#[test]
fn every_statement_of_the_domain_is_proved() {
    let platform = Platform::built_in("grx").expect("it loads");
    for (place, (number, proof)) in PROOFS.iter().enumerate() {
        assert_eq!(usize::from(*number), place + 1, "the numbers are complete and in order");
        let shown = format!("G{number}");
        let rule = platform.rules.iter().find(|rule| rule.number == shown.as_str()).map(|rule| rule.id.as_str());
        let fact = platform.facts.iter().any(|fact| fact.number == shown.as_str());
        let fixtures = rule.is_some_and(has_fixtures);
        let by_number = |file: &str| match file {
            RACE => tested(RACE, "two_runs_that_remove_each_others_master_do_not_both_win"),
            file => tested(file, &format!("g{number}_")),
        };
        let proved = match proof {
            Fixture => fixtures,
            FixtureAnd(file) => fixtures && by_number(file),
            Language(rule) => fact && has_fixtures(&format!("roster/{rule}")),
            Fact => fact,
            FactAnd(file) => fact && by_number(file),
            Test(file) => rule.is_some() && by_number(file),
        };
        assert!(proved, "{shown} ({}) has no proof where the table says", rule.unwrap_or("a fact"));
        assert!(!fixtures || matches!(proof, Fixture | FixtureAnd(_)), "{shown} has fixtures that the table forgets");
    }
}
