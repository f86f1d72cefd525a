//! Names from rosters and portals: whatever they are, a page has the structure that its template gives it.

use proptest::prelude::*;
use rosterctl::diagnostic::{Diagnostic, FileId, Location, Place, Span};
use rosterctl::document::Sources;
use rosterctl::live::Resource;
use rosterctl::plan::document::*;
use rosterctl::report::review::Review;
use rosterctl::report::standing::{Held, Reader, Route, Stand, Standing};
use rosterctl::report::{Cause, Difference, Drift, html, markdown};
use serde_json::json;

use crate::common::Project;
use crate::html::{assert_sound, page, skeleton};
use crate::markdown::assert_tame;
use crate::scene::{DAY, HOSTILE, named};

/// A plan, its drift and everything around, made of the words that a source gives.
struct World {
    plan: PlanDocument,
    drift: Drift,
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
    standings: Vec<Standing>,
}

impl World {
    fn of(mut word: impl FnMut() -> String) -> World {
        let (organisation, ada, bob, event) = (word(), word(), word(), word());
        let location = |path: String| {
            Some(Location { path, line: 3, column: 1, end_line: 3, end_column: 2, pointer: String::new() })
        };
        let mut step = |id: u32, action: Action, key: &str| Step {
            id,
            organisation: organisation.clone(),
            action,
            resource: Resource::User,
            key: key.to_owned(),
            handle: Some(word()),
            changes: vec![
                Change { field: "name".to_owned(), from: json!(word()), to: json!(word()) },
                Change { field: "roles".to_owned(), from: json!([word()]), to: json!([word(), word()]) },
                Change { field: word(), from: json!({ word(): word() }), to: json!(null) },
            ],
            after: vec![],
            location: location(word()),
            fingerprint: None,
            needs: vec![word()],
            opens: vec![word()],
            notes: vec![format!("until {} accepts `{}`, {}", word(), word(), word())],
        };
        let steps = vec![step(1, Action::Create, &ada), step(2, Action::Update, &bob), step(3, Action::Delete, "gone")];
        let held = step(4, Action::Update, "held");
        let target = TargetRef { name: word(), kind: word(), identity: word() };
        let impact = Impact {
            access: vec![AccessChange {
                organisation: organisation.clone(),
                person: ada.clone(),
                permission: word(),
                change: GainOrLoss::Gained,
            }],
            notifications: vec![
                NotificationChange {
                    organisation: organisation.clone(),
                    event: event.clone(),
                    before: vec![ada.clone()],
                    after: vec![bob.clone()],
                },
                NotificationChange {
                    organisation: organisation.clone(),
                    event: word(),
                    before: vec![word()],
                    after: vec![],
                },
            ],
            black_holes: vec![BlackHoleChange {
                organisation: organisation.clone(),
                event: word(),
                change: OpenOrClosed::Opened,
                assigned: vec![word()],
            }],
            without_role: vec![WithoutRole {
                organisation: organisation.clone(),
                person: bob.clone(),
                roles: vec![word()],
            }],
        };
        let mut difference = |cause, field: Option<String>| Difference {
            organisation: organisation.clone(),
            resource: Resource::Contact,
            key: word(),
            action: Action::Update,
            field,
            wanted: json!([word()]),
            live: json!(word()),
            cause,
            since: None,
            location: location(word()),
        };
        let differences = vec![
            difference(Cause::Outside, Some(ada.clone())),
            difference(Cause::Unmanaged, None),
            Difference { organisation: bob.clone(), ..difference(Cause::Both, Some(bob.clone())) },
        ];
        let text = format!("users:\n  {}: x\n", word().replace(['\n', '\r'], " "));
        let sources = Sources::from_texts([(word(), text)]);
        let place = Place { file: FileId(0), span: Span::new(7, 9), pointer: String::new() };
        let mut finding =
            Diagnostic::error(word(), format!("`{}` is not {}", word(), word())).at(place.clone()).help(word());
        finding = finding.related(place, word()).organisation(organisation.clone()).subject(word());
        let summary = PlanSummary { create: 1, update: 1, remove: 1, ..PlanSummary::default() };
        let plan = PlanDocument {
            base: None,
            version: 1,
            digest: format!("sha256:{}", "0".repeat(64)),
            organisations: vec![organisation.clone(), word()],
            platforms: Default::default(),
            target: target.clone(),
            actor: Some(word()),
            complete: false,
            summary,
            needs: vec![word()],
            steps,
            impact,
            unmanaged: vec![Unmanaged {
                organisation: organisation.clone(),
                resource: Resource::User,
                handle: word(),
                name: word(),
                email: Some(word()),
            }],
            waiting: vec![Waiting { organisation: organisation.clone(), person: word(), reason: word() }],
            blocked: vec![Blocked { step: held, rule: word(), message: word() }],
            diagnostics: vec![],
        };
        let held = |word: String, before, after| Held { id: word, before, after };
        let stand = Stand {
            id: ada.clone(),
            name: word(),
            section: "users",
            location: location(word()),
            before: None,
            after: Some("active"),
            roles: vec![held(word(), true, false)],
            groups: vec![held(word(), false, true)],
        };
        let reader = Reader { id: ada, name: word(), before: false, after: true, certain: false };
        let route = Route {
            events: vec![event],
            readers: vec![reader],
            more: [1, 0, 2],
            nobody: [true, false],
            lost_to: vec![word()],
        };
        let standing =
            Standing { organisation, people: vec![stand], more_changed: 1, unchanged: 2, routes: vec![route] };
        let drift = Drift { version: 1, target, complete: false, differences, base: None, diagnostics: vec![] };
        World { plan, drift, diagnostics: vec![finding], sources, standings: vec![standing] }
    }

    fn review(&self) -> Review<'_> {
        Review {
            plan: &self.plan,
            sound: true,
            diagnostics: &self.diagnostics,
            sources: &self.sources,
            standings: self.standings.clone(),
            web: None,
        }
    }

    fn comments(&self) -> [String; 2] {
        [markdown::plan(&self.review()), markdown::drift(&self.review(), &self.drift)]
    }

    fn pages(&self) -> [String; 2] {
        [html::plan(&self.review()), html::drift(&self.review(), &self.drift)]
    }
}

/// Words that hurt, alone and put together; each is told from all others by its end.
fn hostile() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        "[`<>&@#*_~|$:/\\\\\\[\\](){}!^=+.,;\"' -]{1,6}",
        "[a-f0-9]{7,12}",
        prop::sample::select(vec![
            "GH-",
            "www.",
            "https://",
            "1.",
            "- ",
            "x@y.z ",
            "    ",
            "\t",
            "\n\n",
            "```",
            "<!--",
            "]]>",
            "\u{1b}[31m",
            "&amp;",
            "\u{0}",
            "日本",
            "😀",
            "\r\n"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    let word = prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    prop::collection::vec(word, 1..8)
}

/// Gives out words in turn, each with a number at its end, so that no two are the same.
fn turns(words: &[String]) -> impl FnMut() -> String + '_ {
    let mut number = 0;
    move || {
        number += 1;
        format!("{}z{number}", words[number % words.len()])
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn comments_keep_their_structure(words in hostile()) {
        let calm = World::of(turns(&["name".to_owned()])).comments();
        for (wild, calm) in World::of(turns(&words)).comments().iter().zip(&calm) {
            let (wild_read, calm_read) = (assert_tame(wild, None), assert_tame(calm, None));
            prop_assert_eq!(&wild_read.skeleton, &calm_read.skeleton, "{}\n\n{}", wild, calm);
            prop_assert_eq!(wild_read.html.len(), calm_read.html.len());
        }
    }

    #[test]
    fn pages_keep_their_structure(words in hostile()) {
        let calm = World::of(turns(&["name".to_owned()])).pages();
        for (wild, calm) in World::of(turns(&words)).pages().iter().zip(&calm) {
            assert_sound(wild);
            let (wild_shape, calm_shape) = (skeleton(wild), skeleton(calm));
            // Prose sets what stands between backticks as a name.
            let blocks = |shape: Vec<String>| shape.into_iter().filter(|one| !one.starts_with("code ")).collect::<Vec<_>>();
            prop_assert_eq!(blocks(wild_shape), blocks(calm_shape), "{}", wild);
        }
    }
}

#[test]
fn the_world_of_the_properties_is_whole() {
    let world = World::of(turns(&["name".to_owned()]));
    let [plan, drift] = world.comments();
    let after = ["What this means", "What it does", "Held back", "Waiting for people", "In no roster"];
    for heading in ["Errors"].into_iter().chain(after) {
        assert!(plan.contains(&format!("#### {heading}\n")), "{heading}\n{plan}");
    }
    assert!(drift.contains("#### Changed on both sides"), "{drift}");
    let [plan, _] = world.pages();
    for id in ["means", "holds", "events", "steps", "held-back", "waiting", "unmanaged", "findings"] {
        assert!(plan.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
}

#[test]
fn hostile_names_of_a_roster_are_shown_and_do_nothing() {
    let hostile: Vec<String> = HOSTILE.iter().map(|name| (*name).to_owned()).collect();
    let calm: Vec<String> = (0..hostile.len()).map(|number| format!("Name {number}")).collect();
    let of = |names: &[String]| {
        let project = Project::with_roster(&named(names));
        let comment = project.run(&format!("plan --format markdown --as-of {DAY}")).ends();
        let code = comment.code.expect("an exit code");
        (assert_tame(&comment.stdout, None), page(&project, "plan", code))
    };
    let ((wild, wild_page), (calm, calm_page)) = (of(&hostile), of(&calm));
    assert_eq!(wild.skeleton, calm.skeleton);
    assert!(wild.code.iter().any(|code| code == "<script>window.hostile=1</script>"), "{:?}", wild.code);
    assert_sound(&wild_page);
    assert_eq!(skeleton(&wild_page).len(), skeleton(&calm_page).len());
    assert!(wild_page.contains("&lt;script&gt;window.hostile=1&lt;/script&gt;"));
}
