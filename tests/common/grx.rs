//! A GRX organisation on the sandbox whose people have accepted, and what a plan by one of them may and may not do.

use rosterctl::platform::Platform;
use serde_json::Value as Json;

use super::{Finding, Project, Ran, words};

/// What a roster says of an administrator.
pub const ADMIN: &str = "roles: [account-administrator]";
/// What a roster says of a user manager.
pub const MANAGER: &str = "roles: [platform-user-manager]";
/// What a roster says of a contributor.
pub const CONTRIBUTOR: &str = "roles: [assessment-contributor]";

/// The people: two administrators, a user manager, and one person each for the work.
const TEAM: [(&str, &str); 6] = [
    ("ada", ADMIN),
    ("ben", ADMIN),
    ("pia", MANAGER),
    ("olga", "roles: [assessment-owner]"),
    ("carl", CONTRIBUTOR),
    ("dana", "roles: [data-request-authorizer]"),
];

const ROSTER: &str = "rosters/acme.yaml";

/// The line of a person.
fn line(id: &str, rest: &str) -> String {
    let name = id[..1].to_uppercase() + &id[1..];
    format!("  {id}: {{ name: {name}, email: {id}@acme.example, {rest} }}\n")
}

/// The team, with others instead of or besides its people.
fn roster(others: &[(&str, &str)]) -> String {
    let mut text =
        "version: 1\norganisation: acme\nplatform: grx\nprofile: { services: [third-party] }\nusers:\n".to_owned();
    let other = |id: &str| others.iter().find(|(other, _)| *other == id).map(|(_, rest)| *rest);
    TEAM.iter().for_each(|(id, rest)| text.push_str(&line(id, other(id).unwrap_or(rest))));
    let new = others.iter().filter(|(id, _)| TEAM.iter().all(|(known, _)| known != id));
    new.for_each(|(id, rest)| text.push_str(&line(id, rest)));
    text
}

/// The team with Ada as its only administrator.
pub fn only_ada() -> Project {
    Project::grx(&[("ben", CONTRIBUTOR)])
}

/// The team with Carl deactivated, and out of the roster.
pub fn without_carl() -> Project {
    let project = Project::grx(&[]);
    project.leaves("carl");
    project.apply();
    project.has_state("carl deactivated assessment-contributor");
    project
}

impl Project {
    /// The team, all of whom have accepted; some with other roles than usual.
    pub fn grx(others: &[(&str, &str)]) -> Project {
        let project = Project::applied(&roster(others));
        project.run("portal accept --all").exits(0);
        project
    }

    /// Writes what the roster wants of somebody, who may be new.
    pub fn wants(&self, id: &str, rest: &str) {
        self.leaves_quietly(id);
        self.write(ROSTER, self.read(ROSTER) + &line(id, rest));
    }

    /// Takes somebody out of the roster.
    #[track_caller]
    pub fn leaves(&self, id: &str) {
        assert!(self.leaves_quietly(id), "{id} is not in the roster");
    }

    fn leaves_quietly(&self, id: &str) -> bool {
        let text = self.read(ROSTER);
        let own = |line: &&str| line.starts_with(&format!("  {id}: "));
        self.write(ROSTER, text.lines().filter(|line| !own(line)).map(|line| format!("{line}\n")).collect::<String>());
        text.lines().any(|line| own(&line))
    }

    /// Leavers are deleted from now on.
    pub fn deletes(&self) {
        self.write("rosterctl.yaml", "version: 1\nrosters: [rosters]\nremoval: delete\n");
    }

    /// A plan by somebody, as JSON.
    #[track_caller]
    pub fn planned_by(&self, actor: &str) -> Ran {
        self.run(&format!("plan --format json --actor {actor}")).exits(0)
    }

    /// Asserts that a plan by somebody does not contain these steps, since a rule forbids them, and that applying it does
    /// none of them. Gives the messages.
    #[track_caller]
    pub fn forbids(&self, actor: &str, steps: &[&str], rule: &str) -> Vec<String> {
        let ran = self.planned_by(actor);
        let plan = ran.json();
        assert_eq!(words(&plan["steps"]), [""; 0], "{ran}");
        let blocked = plan["blocked"].as_array().expect("blocked steps");
        let (mut found, mut messages) = (Vec::new(), Vec::new());
        for one in blocked {
            found.extend(words(&Json::Array(vec![one["step"].clone()])));
            assert_eq!(one["rule"], rule, "{ran}");
            messages.push(one["message"].as_str().expect("a message").to_owned());
        }
        assert_eq!(found, steps, "{ran}");
        let before = self.people_live();
        self.run(&format!("apply --yes --actor {actor}")).exits(3).says(rule);
        assert_eq!(self.people_live(), before, "nothing was done");
        messages.iter().for_each(|message| quotes(message));
        messages
    }

    /// Asserts that one step of a plan by somebody is forbidden by a rule, and that the message says all of this.
    #[track_caller]
    pub fn blocks(&self, actor: &str, step: &str, rule: &str, says: &[&str]) {
        for message in self.forbids(actor, &[step], rule) {
            says.iter().for_each(|part| assert!(message.contains(part), "{message:?} does not say {part:?}"));
        }
    }

    /// Asserts that a plan by somebody consists of these steps, that they are done, and that nothing is left to do.
    #[track_caller]
    pub fn lets(&self, actor: &str, steps: &[&str]) {
        let ran = self.planned_by(actor);
        let plan = ran.json();
        assert_eq!(words(&plan["steps"]), steps, "{ran}");
        assert_eq!(plan["summary"]["blocked"], 0, "{ran}");
        self.run(&format!("apply --yes --actor {actor}")).exits(0);
        self.is_settled();
    }

    /// Asserts that a second apply finds nothing to do, and that there is no drift.
    #[track_caller]
    pub fn is_settled(&self) {
        let again = self.run("apply --yes --format json").exits(0);
        assert_eq!(words(&again.json()["plan"]["steps"]), [""; 0], "{again}");
        self.run("drift").exits(0);
    }

    /// The plan of nobody in particular, as JSON; it ends with this code.
    #[track_caller]
    pub fn planned(&self, code: i32) -> Json {
        self.run("plan --format json").exits(code).json()
    }

    /// The steps of a plan of nobody in particular.
    #[track_caller]
    pub fn steps(&self) -> Vec<String> {
        words(&self.planned(0)["steps"])
    }

    /// The only finding of a rule in a plan that ends with this code.
    #[track_caller]
    pub fn finds(&self, rule: &str, code: i32) -> Finding {
        self.run("plan --format json").exits(code).finding(rule)
    }

    /// Applies, as nobody in particular.
    #[track_caller]
    pub fn apply(&self) {
        self.run("apply --yes").exits(0);
    }

    /// Somebody at the portal changes a person's row.
    pub fn turns(&self, id: &str, change: &str) {
        self.sql(&format!("UPDATE person SET {change} WHERE external_id = 'acme/{id}'"));
    }

    /// Asserts that this is one of the rows of `people_live`.
    #[track_caller]
    pub fn has_state(&self, row: &str) {
        assert!(self.people_live().contains(&row.to_owned()), "{:?}", self.people_live());
    }

    /// Everybody on the portal: id, state and roles.
    pub fn people_live(&self) -> Vec<String> {
        let row = "coalesce(substr(external_id, 6), email) || ' ' || state || ' ' || roles";
        self.column(&format!("SELECT rtrim({row}) FROM person ORDER BY email"))
    }
}

/// Asserts that a text quotes the platform, and nothing that the platform does not say.
#[track_caller]
pub fn quotes(text: &str) {
    let platform = Platform::built_in("grx").expect("it loads");
    let rules = platform.rules.iter().map(|rule| rule.source.as_str());
    let sources: Vec<&str> = rules.chain(platform.facts.iter().map(|fact| fact.source.as_str())).collect();
    let quoted: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    assert!(!quoted.is_empty(), "no sentence of the platform in: {text}");
    for quote in quoted {
        assert!(
            sources.iter().any(|source| source.contains(quote)),
            "{quote:?} is no sentence of the platform: {text}"
        );
    }
}
