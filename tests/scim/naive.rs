//! D13 to D31: what would break a client that believes the RFCs.

use serde_json::{Value as Json, json};

use crate::common::{ACME, replaced};
use crate::server::quirks::{Active, Discovery, Duplicates, Errors, Filter, Form, Ids, Named, Patch, Quirks, Versions};
use crate::server::{Act, Kind};
use crate::world::{World, crowd, number, plain, said, second, third, writes};
use rosterctl::live::scim::capabilities::{MemberChange, Seen};

/// All values of a key, however deep.
fn values<'j>(json: &'j Json, key: &str, found: &mut Vec<&'j Json>) {
    match json {
        Json::Object(map) => map.iter().for_each(|(name, value)| {
            if name == key {
                found.push(value);
            }
            values(value, key, found);
        }),
        Json::Array(items) => items.iter().for_each(|item| values(item, key, found)),
        _ => {}
    }
}

#[test]
fn d13_a_change_may_be_answered_with_or_without_the_resource() {
    for patch in [Patch::Shown, Patch::Silent, Patch::Mixed] {
        let world = World::probed(Quirks { patch, ..Quirks::default() });
        world.lives();
    }
}

#[test]
fn d14_members_are_removed_in_the_form_that_works() {
    use Form::{Filter, List, Put, Replace};
    let forms: [(&[Form], MemberChange); 4] = [
        (&[], MemberChange::Filter),
        (&[Filter], MemberChange::List),
        (&[Filter, List], MemberChange::Replace),
        (&[Filter, List, Replace], MemberChange::Put),
    ];
    for (refuses, form) in forms {
        let world = World::probed(Quirks { refuses, needs_reference: true, ..Quirks::default() });
        assert_eq!(world.learned().members.remove, form);
        world.roster(&crowd(5));
        world.converges();
        assert_eq!(world.members("IT operations").len(), 6);
        world.lives();
    }
    // Without PATCH at all, everything is written whole.
    let world = World::probed(Quirks { patch: Patch::Refused, refuses: &[Put], ..Quirks::default() });
    assert_eq!(world.learned().members.add, MemberChange::Unknown);
    let world = World::probed(Quirks { patch: Patch::Refused, ..Quirks::default() });
    let learned = world.learned();
    assert_eq!((learned.members.add, learned.members.remove), (MemberChange::Put, MemberChange::Put));
    world.lives();
    assert_eq!(world.learned().users.patch, Seen::No);
}

#[test]
fn d15_members_are_sent_in_pieces_that_the_portal_takes() {
    for status in [400, 413] {
        for limit in [1, 3, 7] {
            let world =
                World::probed(Quirks { member_limit: (limit, status), refuses: &[Form::Put], ..Quirks::default() });
            world.roster(&crowd(20));
            world.converges();
            assert_eq!(world.members("IT operations").len(), 21, "limit {limit}, status {status}");
            world.roster(ACME);
            world.run("apply --yes --allow-removals 20").exits(0);
            world.settled();
            assert_eq!(world.members("IT operations"), ["ada@acme.example"]);
        }
    }
}

#[test]
fn d15_a_limit_that_is_known_costs_no_try() {
    let world = World::probed(Quirks { member_limit: (10, 400), ..Quirks::default() });
    world.believe(|learned| learned.members.limit = 10);
    world.roster(&crowd(29));
    world.server.heard();
    world.run("apply --yes").exits(0);
    let heard = world.server.heard();
    assert_eq!(number(&heard, "PATCH", "/Groups"), 3);
    assert!(heard.iter().all(|one| one.status < 400), "{heard:#?}");
    world.settled();
}

#[test]
fn d16_members_are_recognised_by_id_user_name_or_address() {
    for named in [Named::Id, Named::UserName, Named::Reference] {
        for refuses in [&[][..], &[Form::Filter, Form::List]] {
            let world = World::probed(Quirks { named, refuses, ..Quirks::default() });
            world.lives();
        }
    }
}

#[test]
fn d17_ids_are_whatever_they_are() {
    for ids in [Ids::Hex, Ids::Numbers, Ids::Odd] {
        let world = World::probed(Quirks { ids, ..Quirks::default() });
        world.lives();
        // Members named by the address alone: its last part is escaped.
        let world = World::probed(Quirks { ids, named: Named::Reference, ..Quirks::default() });
        world.lives();
    }
}

#[test]
fn d18_addresses_are_built_and_not_believed() {
    for discovery in [Discovery::Whole, Discovery::Absolute] {
        let world = World::probed(Quirks { no_location: true, discovery, ..Quirks::default() });
        assert_eq!(world.learned().contacts.as_deref(), Some("/Contacts"));
        world.lives();
    }
}

#[test]
fn d19_errors_are_understood_by_their_status_whatever_they_look_like() {
    for errors in [Errors::Scim, Errors::Number, Errors::Nested, Errors::Wrong, Errors::Html, Errors::Empty] {
        let quirks = Quirks {
            errors,
            filter: Filter::Refused,
            refuses: &[Form::Filter],
            member_limit: (3, 400),
            ..Quirks::default()
        };
        let world = World::probed(quirks);
        world.lives();
        // One is refused; it says with which status, and the others are done.
        world.roster(&second());
        world.server.hook("POST", "/Users", 0, 1, Act::Status(400));
        let ran = world.run("apply --yes").exits(3);
        assert!(ran.stdout.contains("ben") && ran.stdout.contains("400"), "{errors:?}: {ran}");
        // One is gone already: nothing is left to do for it.
        world.converges();
        world.roster(&third());
        world.server.hook("DELETE", "/Users", 0, 1, Act::DoneThen(404));
        world.converges();
    }
}

#[test]
fn d20_somebody_who_is_there_by_now_is_found_and_not_made_twice() {
    for (duplicates, errors) in
        [(Duplicates::Conflict, Errors::Scim), (Duplicates::Conflict, Errors::Wrong), (Duplicates::Crash, Errors::Html)]
    {
        for (identity, exit) in [(Some("acme/ada"), 0), (None, 3)] {
            let world = World::probed(Quirks { duplicates, errors, ..Quirks::default() });
            world.server.hook(
                "POST",
                "/Users",
                0,
                1,
                Act::First(Box::new(move |portal| {
                    let mut other = json!({ "userName": "Ada@acme.example", "displayName": "Ada", "active": true });
                    if let Some(identity) = identity {
                        other["externalId"] = identity.into();
                    }
                    portal.insert(Kind::User, other);
                })),
            );
            let ran = world.run("apply --yes").exits(exit);
            assert!(exit == 0 || said(&ran).contains("take it over"), "{duplicates:?}: {ran}");
            // Planned again, whoever has the address is taken over.
            world.converges();
            assert_eq!(world.server.count(Kind::User), 1, "{duplicates:?}");
            let ada = world.server.one(Kind::User, "acme/ada");
            assert_eq!(
                (&ada["displayName"], &ada["roles"]),
                (&json!("Ada Peeters"), &json!([{ "value": "technical" }]))
            );
        }
    }
}

#[test]
fn d21_user_names_are_the_same_in_any_case() {
    for case_sensitive in [false, true] {
        let world = World::probed(Quirks { case_sensitive, ..Quirks::default() });
        let name = "ADA@Acme.Example";
        let body =
            json!({ "userName": name, "displayName": "A. Peeters", "active": true, "emails": [{ "value": name }] });
        let id = world.server.portal().insert(Kind::User, body);
        world.converges();
        assert_eq!(world.server.count(Kind::User), 1);
        assert_eq!(world.server.one(Kind::User, "acme/ada")["id"], id.as_str());
    }
}

#[test]
fn d22_whether_somebody_is_active_is_always_said_as_a_truth_value() {
    for active in [Active::Flag, Active::Text, Active::Unsaid, Active::DefaultsOnPut] {
        for patch in [Patch::Shown, Patch::Refused] {
            let quirks = Quirks { active, patch, required: &["Users/active"], contacts: false, ..Quirks::default() };
            let world = World::probed(quirks);
            assert_eq!(world.learned().users.active, Seen::Yes, "{active:?}");
            world.server.heard();
            world.lives();
            let heard = world.server.heard();
            for one in heard.iter().filter(|one| one.path.starts_with("/Users")) {
                let whole = ["POST", "PUT"].contains(&one.method.as_str());
                assert!(!whole || one.body["active"].is_boolean(), "{one:?}");
            }
            // Contacts are users without access, and a change of their names does not let them in.
            for name in ["grace", "dana", "soc"] {
                let contact = world.server.one(Kind::User, &format!("\"{name}@acme.example\""));
                assert_eq!(contact["active"], false, "{active:?} {patch:?} {name}");
            }
            assert_eq!(world.server.one(Kind::User, "acme/ada")["active"], true);
        }
    }
}

#[test]
fn d22_who_has_no_active_is_not_deactivated() {
    let world = World::applied(Quirks::default());
    let id = world.server.portal().find(Kind::User, "acme/ada");
    world.server.portal().change(Kind::User, &id, |one| {
        one.body.remove("active");
    });
    world.settled();
}

#[test]
fn d23_roles_are_written_in_the_form_that_everybody_takes() {
    let world = World::probed(Quirks { one_role_per_type: true, refuses_primary: true, ..Quirks::default() });
    world.server.heard();
    world.roster(&second());
    world.converges();
    world.roster(ACME);
    world.run("apply --yes --allow-removals 9").exits(0);
    let heard = world.server.heard();
    let mut roles = Vec::new();
    for one in writes(&heard) {
        if let Some(whole) = one.body.get("roles") {
            roles.push(whole.clone());
        }
        for operation in one.body["Operations"].as_array().into_iter().flatten() {
            if operation["path"].as_str().is_some_and(|path| path.starts_with("roles")) {
                assert_eq!((&operation["op"], &operation["path"]), (&json!("replace"), &json!("roles")));
                roles.push(operation["value"].clone());
            }
        }
    }
    let items: Vec<&Json> = roles.iter().flat_map(|roles| roles.as_array().unwrap()).collect();
    assert!(items.len() >= 5, "{roles:#?}");
    for item in items {
        assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ["value"]);
    }
}

#[test]
fn d23_where_roles_are_not_kept_there_is_a_group_for_each() {
    let world = World::probed(Quirks { drops: &["roles", "entitlements"], ..Quirks::default() });
    let plan = world.run("plan --format json").exits(0);
    assert!(plan.finding("plan/mapping").message.contains("roles as groups"));
    world.converges();
    let names: Vec<Json> = world.server.all(Kind::Group).iter().map(|one| one["displayName"].clone()).collect();
    assert!(names.contains(&json!("Technical Contact (acme)")), "{names:?}");
    assert_eq!(world.members("Technical Contact (acme)"), ["ada@acme.example"]);
    world.lives();
}

#[test]
fn d23_somebody_elses_roles_stay() {
    let world = World::applied(Quirks::default());
    let id = world.server.portal().find(Kind::User, "acme/ada");
    world.server.portal().change(Kind::User, &id, |one| {
        let theirs = json!([{ "value": "technical" }, { "value": "Chief Wizard", "type": "work" }]);
        one.body.insert("roles".to_owned(), theirs);
    });
    world.settled();
    world.roster(&replaced(ACME, "roles: [technical]", "roles: [technical, watchlist]"));
    world.converges();
    let roles = world.server.one(Kind::User, "acme/ada")["roles"].clone();
    assert_eq!(roles.as_array().unwrap().len(), 3);
    assert!(roles.to_string().contains("Chief Wizard") && roles.to_string().contains("work"), "{roles}");
}

#[test]
fn d24_no_extension_is_sent_that_the_portal_does_not_know() {
    for discovery in [Discovery::Whole, Discovery::Absent] {
        let world = World::new(Quirks { strict_schemas: true, discovery, ..plain() });
        world.probe();
        assert_eq!((world.learned().users.extension, world.learned().groups.extension), (Seen::No, Seen::No));
        let probing = world.server.heard();
        let ours =
            |heard: &[crate::server::Heard]| heard.iter().any(|one| one.body.to_string().contains("urn:rosterctl"));
        assert_eq!(ours(&probing), discovery == Discovery::Absent, "what is not declared is not even tried");
        world.lives();
        assert!(!ours(&world.server.heard()));
    }
    let world = World::probed(Quirks { strict_schemas: true, ..Quirks::default() });
    assert_eq!(world.learned().users.extension, Seen::Yes);
    world.lives();
    // The extension is named in `schemas` wherever it is sent whole.
    for one in world.server.heard() {
        let schemas = one.body["schemas"].to_string();
        for urn in one.body.as_object().into_iter().flatten().map(|(key, _)| key).filter(|key| key.starts_with("urn:"))
        {
            assert!(schemas.contains(urn.as_str()), "{urn} is not in {schemas}");
        }
    }
}

#[test]
fn d25_what_some_require_is_always_sent() {
    let required =
        &["Users/active", "Users/name/familyName", "Users/name/formatted", "Users/emails/0/value", "Groups/members"];
    let quirks =
        Quirks { required, needs_reference: true, refuses_primary: true, contacts: false, ..Quirks::default() };
    // A group has to have the list of members even when its last member goes.
    let refuses = &[Form::Filter, Form::List];
    World::probed(Quirks { refuses, extension: false, drops: &["roles", "entitlements"], ..quirks.clone() }).lives();
    let world = World::probed(quirks);
    let learned = world.learned();
    assert_eq!(learned.users.primary_email, Seen::No);
    assert!(learned.members.needs_reference);
    assert_eq!(learned.members.on_create, Seen::Yes);
    world.lives();
    // One name alone is a family name.
    assert_eq!(world.learned().users.one_word_names, Seen::Yes);
    world.roster(&replaced(&third(), "name: Ada Peeters-Janssens", "name: Ada"));
    world.converges();
    // Where a given name is asked for, that is said before anything is written.
    let world = World::probed(Quirks { required: &["Users/name/givenName"], ..Quirks::default() });
    assert_eq!(world.learned().users.one_word_names, Seen::No);
    world.converges();
    world.roster(&replaced(ACME, "name: Ada Peeters", "name: Ada"));
    let mark = world.server.mark();
    assert!(world.run("plan --format json").exits(1).finding("plan/cannot-hold").message.contains("`Ada`"));
    world.run("apply --yes").exits(1);
    assert!(writes(&world.server.since(mark)).is_empty());
}

#[test]
fn d26_null_and_empty_lists_are_never_sent() {
    for patch in [Patch::Shown, Patch::Refused] {
        for extension in [true, false] {
            let world =
                World::probed(Quirks { refuses_empty: true, patch, extension, contacts: false, ..Quirks::default() });
            world.server.heard();
            world.lives();
            // What was there is taken away.
            let ben = "    groups: [it-operations]\n    attributes: { serviceNow: false }\n";
            let rich = "    groups: [it-operations]\n    roles: [watchlist]\n    phone: \"+32 1\"\n    \
                        attributes: { responsibilities: [it-administration] }\n";
            world.roster(&replaced(&second(), ben, rich));
            world.converges();
            let bare = "    groups: []\n    roles: []\n    phone: \"\"\n    attributes: { responsibilities: [] }\n";
            world.roster(&replaced(&second(), ben, bare));
            world.converges();
            let ben = world.server.one(Kind::User, "acme/ben");
            let empty = |name: &str| ben.get(name).is_none_or(|value| *value == json!([]));
            assert!(empty("phoneNumbers") && empty("roles"), "{patch:?} {ben:#}");
            for one in writes(&world.server.heard()) {
                if one.path.starts_with("/Users") && !one.body.is_null() {
                    let text = one.body.to_string();
                    assert!(!text.contains("null") && !text.contains("[]"), "{} {text}", one.method);
                }
            }
        }
    }
}

#[test]
fn d27_a_patch_says_what_it_is_and_its_operations_are_in_lower_case() {
    let world = World::probed(Quirks::default());
    world.lives();
    let patches: Vec<_> = world.server.heard().into_iter().filter(|one| one.method == "PATCH").collect();
    assert!(patches.len() > 3);
    // The server answers 400 to any that does not say so; here is the wording.
    for patch in &patches {
        assert_eq!(patch.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]));
        let mut ops = Vec::new();
        values(&patch.body, "op", &mut ops);
        assert!(!ops.is_empty());
        assert!(ops.iter().all(|op| [json!("add"), json!("replace"), json!("remove")].contains(op)), "{ops:?}");
    }
}

#[test]
fn d28_connections_that_close_and_break_are_made_anew() {
    let world = World::probed(Quirks { http10: true, page_size: 10, ..Quirks::default() });
    world.roster(&crowd(30));
    for skip in [0, 3, 7] {
        world.server.hook("GET", "/Users", skip, 1, Act::Gone);
    }
    world.converges();
    assert_eq!(world.server.count(Kind::User), 31);
    world.lives_after_a_crowd();
}

impl World {
    #[track_caller]
    fn lives_after_a_crowd(&self) {
        self.roster(ACME);
        self.run("apply --yes --allow-removals 40").exits(0);
        self.lives();
    }
}

#[test]
fn d29_twins_are_told_and_none_of_them_is_picked() {
    let world = World::applied(Quirks::default());
    let twin = json!({ "userName": "ada2@acme.example", "externalId": "acme/ada", "displayName": "Ada Two", "active": true,
        "emails": [{ "value": "ada2@acme.example" }] });
    let twin = world.server.portal().insert(Kind::User, twin);
    let group = json!({ "displayName": "IT operations", "externalId": "acme/it-operations" });
    world.server.portal().insert(Kind::Group, group);
    let before = world.server.state();
    world.roster(&second());
    let plan = world.run("plan --format json").ends().json();
    let findings = plan["diagnostics"].to_string();
    assert!(findings.contains("has 2 of them") && findings.contains("acme/ada"), "{findings}");
    let steps = plan["steps"].to_string();
    assert!(!steps.contains("\"key\":\"ada\"") && !steps.contains("\"key\":\"it-operations\""), "{steps}");
    // Ben is to be in the group of which there are two: he is in neither, and that is said.
    let ran = world.run("apply --yes").exits(3);
    assert!(said(&ran).contains("several groups `acme/it-operations`"), "{ran}");
    let of = |state: &[Json], text: &str| -> Vec<Json> {
        state.iter().filter(|one| one["externalId"] == text).cloned().collect()
    };
    let after = world.server.state();
    for id in ["acme/ada", "acme/it-operations"] {
        assert_eq!(of(&after, id), of(&before, id), "nobody touched {id}");
    }
    // One of them goes, and everything goes on.
    let mut portal = world.server.portal();
    let at = portal.place(Kind::User, &twin).unwrap();
    portal.delete(Kind::User, at);
    let at = portal.all[1].len() - 1;
    portal.delete(Kind::Group, at);
    drop(portal);
    world.converges();
}

#[test]
fn d29_unique_or_not_is_learned_and_both_work() {
    for unique in [false, true] {
        let world = World::probed(Quirks { unique_groups: unique, unique_everything: unique, ..Quirks::default() });
        assert_eq!(world.learned().groups.unique_names, Seen::from(unique));
        world.lives();
    }
}

#[test]
fn d30_quotes_and_backslashes_are_escaped_or_not_asked_for() {
    let roster = replaced(ACME, "name: IT operations", r#"name: 'IT "ops" \ team & more'"#);
    for filter in [Filter::Works, Filter::NoEscapes, Filter::Refused, Filter::Nobody] {
        let world = World::probed(Quirks { filter, ..Quirks::default() });
        world.roster(&roster);
        // The answer is lost, so that the group has to be looked up by its name.
        world.server.hook("POST", "/Groups", 0, 1, Act::DoneThen(500));
        world.converges();
        assert_eq!(world.server.count(Kind::Group), 1, "{filter:?}");
        assert_eq!(world.members(r#"IT "ops" \ team & more"#), ["ada@acme.example"]);
    }
}

#[test]
fn d31_discovery_may_be_absent_or_nonsense() {
    for discovery in [Discovery::Absent, Discovery::Denied, Discovery::Html, Discovery::Nonsense] {
        for versions in [Versions::Counter, Versions::Absent] {
            let world = World::new(Quirks { discovery, versions, contacts: false, ..Quirks::default() });
            let ran = world.probe();
            assert!(discovery == Discovery::Nonsense || ran.stdout.contains("cannot be read"), "{discovery:?}: {ran}");
            assert_eq!(world.learned().users.extension, Seen::Yes, "tried although it was not announced");
            world.lives();
        }
    }
}
