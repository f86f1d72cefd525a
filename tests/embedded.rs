//! The embedded portal: what is written is read again, what is wrong is refused, and nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::path::{Path, PathBuf};

use common::portal::{platform, wait};
use rosterctl::diagnostic::{Located, Span};
use rosterctl::live::{Author, Embedded, Entry, Live, LiveError, Object, Operation, Read, Refusal, Resource, Write};
use rosterctl::model::{EntryType, Group, Held, Person, Value};
use rosterctl::platform::{Platform, Section, State, Verb};
use tempfile::TempDir;

/// Arxus with a longer life cycle: invitations, and users without access.
const CLUB: &str = "
version: 1
id: club
name: Club portal
extends: arxus
lifecycle:
  transitions:
    - { action: create, from: absent, to: pending }
    - { action: update, from: pending, to: pending }
    - { action: delete, from: pending, to: absent }
    - { action: update, from: active, to: active }
    - { action: deactivate, from: active, to: deactivated }
    - { action: reactivate, from: deactivated, to: active }
    - { action: delete, from: deactivated, to: absent }
";

fn arxus() -> Platform {
    Platform::built_in("arxus").unwrap()
}

/// A portal in a folder of its own, and what a test does with it.
struct World {
    folder: TempDir,
    portal: Embedded,
    platform: Platform,
}

impl World {
    fn new(platform: Platform) -> World {
        let folder = TempDir::new().unwrap();
        let portal = Embedded::open(&folder.path().join("deep/er/portal.db")).unwrap();
        let world = World { folder, portal, platform };
        wait(world.portal.prepare("acme", &world.platform)).unwrap();
        world
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("deep/er/portal.db")
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }

    fn live(&self) -> Live {
        wait(self.portal.read("acme", &self.platform)).unwrap()
    }

    fn find(&self, id: &str) -> Entry<Person> {
        let found = self.live().people.into_iter().find(|entry| entry.object.id == id);
        found.unwrap_or_else(|| panic!("`{id}` is on the portal"))
    }

    fn find_group(&self, id: &str) -> Entry<Group> {
        let found = self.live().groups.into_iter().find(|entry| entry.object.id == id);
        found.unwrap_or_else(|| panic!("the group `{id}` is on the portal"))
    }

    fn run(&self, operation: Operation) -> Result<(), Refusal> {
        wait(self.portal.execute(&self.platform, &[operation], &author())).unwrap().remove(0)
    }

    fn user(&self, id: &str, change: impl FnOnce(&mut Person, &Platform)) -> Person {
        let mut person = Person::new(Section::Users, id, id.to_uppercase());
        person.email = Some(Located::nowhere(format!("{id}@acme.example").into()));
        change(&mut person, &self.platform);
        person
    }

    fn create(&self, person: &Person) -> Result<(), Refusal> {
        self.run(creation(person))
    }

    fn create_group(&self, id: &str) -> Result<(), Refusal> {
        self.run(operation(Verb::Create, Resource::PermissionGroup, id, None, None, Some(Object::Group(group(id)))))
    }

    /// Changes a person from what the portal has now.
    fn change(&self, verb: Verb, id: &str, change: impl FnOnce(&mut Person, &Platform)) -> Result<(), Refusal> {
        let entry = self.find(id);
        let mut after = entry.object.clone();
        change(&mut after, &self.platform);
        self.run(step(verb, &entry, after))
    }

    fn delete(&self, id: &str) -> Result<(), Refusal> {
        self.run(removal(&self.find(id)))
    }
}

fn author() -> Author {
    Author { name: "ada".to_owned(), actor: None, digest: "sha256:feed".to_owned() }
}

fn group(id: &str) -> Group {
    common::portal::group(id, &id.to_uppercase())
}

fn operation(
    action: Verb,
    resource: Resource,
    key: &str,
    handle: Option<&str>,
    before: Option<Object>,
    after: Option<Object>,
) -> Operation {
    let handle = handle.map(Into::into);
    Operation { step: 7, organisation: "acme".into(), action, resource, key: key.into(), handle, before, after }
}

fn creation(person: &Person) -> Operation {
    let resource = if person.section == Section::Users { Resource::User } else { Resource::Contact };
    operation(Verb::Create, resource, &person.id, None, None, Some(Object::Person(Box::new(person.clone()))))
}

fn step(verb: Verb, entry: &Entry<Person>, after: Person) -> Operation {
    let resource = if after.section == Section::Users { Resource::User } else { Resource::Contact };
    let key = after.id.clone();
    let before = Some(Object::Person(Box::new(entry.object.clone())));
    operation(verb, resource, &key, Some(&entry.handle), before, Some(Object::Person(Box::new(after))))
}

fn removal(entry: &Entry<Person>) -> Operation {
    let before = Some(Object::Person(Box::new(entry.object.clone())));
    operation(Verb::Delete, Resource::User, &entry.object.id, Some(&entry.handle), before, None)
}

fn hold(person: &mut Person, platform: &Platform, roles: &[&str]) {
    let role = |word: &&str| Held { role: platform.role(word).unwrap(), index: 0, span: Span::default() };
    person.roles = roles.iter().map(role).collect();
}

fn join(person: &mut Person, groups: &[&str]) {
    person.groups = groups.iter().map(|id| Located::nowhere((*id).into())).collect();
}

#[track_caller]
fn assert_forbidden(outcome: Result<(), Refusal>, words: &str) {
    match outcome {
        Err(Refusal::Forbidden(message)) if message.contains(words) => {}
        other => panic!("expected a refusal with `{words}`, got {other:?}"),
    }
}

#[track_caller]
fn assert_stale(outcome: Result<(), Refusal>, words: &str) {
    match outcome {
        Err(Refusal::Stale(message)) if message.contains(words) => {}
        other => panic!("expected a stale operation with `{words}`, got {other:?}"),
    }
}

#[track_caller]
fn assert_error<T>(result: Result<T, LiveError>, words: &[&str]) {
    let error = result.err().expect("an error");
    assert!(error.hint.is_some(), "{error} comes with a hint");
    for word in words {
        assert!(error.message.contains(word), "`{error}` says `{word}`");
    }
}

#[test]
fn what_is_created_is_read_again() {
    let world = World::new(arxus());
    world.create_group("it").unwrap();
    let ada = world.user("ada", |ada, platform| {
        ada.phone = Some(Located::nowhere("+32 470 00 00 01".into()));
        hold(ada, platform, &["technical", "dpo"]);
        join(ada, &["it"]);
        let attribute = |name: &str| platform.attribute(name).unwrap();
        let words = ["security", "finance"].map(|word| Located::nowhere(word.into())).to_vec();
        ada.attributes = vec![
            (attribute("serviceNow"), Located::nowhere(Value::Boolean(true))),
            (attribute("responsibilities"), Located::nowhere(Value::List(words))),
        ];
    });
    world.create(&ada).unwrap();
    let entry = world.find("ada");
    assert_eq!(entry.handle, "p-000001");
    assert!(entry.managed);
    assert_eq!(entry.applied(), Some(&entry.object));
    let words = |person: &Person| rosterctl::live::object::PersonRecord::of(person, &world.platform);
    assert_eq!(words(&entry.object), words(&ada));
    assert!(world.live().proof.holds());
    assert_eq!(world.live().proof.read, 2);
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let listed = threads.block_on(world.portal.organisations()).unwrap();
    assert_eq!((listed[0].id.as_str(), listed[0].platform.as_str()), ("acme", "arxus"));
    assert_eq!(listed[0].platform_text, world.platform.text);
}

#[test]
fn update_rename_and_delete_keep_the_handle() {
    let world = World::new(arxus());
    world.create(&world.user("ada-l", |_, _| {})).unwrap();
    world.change(Verb::Update, "ada-l", |ada, platform| hold(ada, platform, &["technical"])).unwrap();
    world.change(Verb::Update, "ada-l", |ada, _| ada.id = "ada".into()).unwrap();
    let entry = world.find("ada");
    assert_eq!((entry.handle.as_str(), entry.object.roles.len()), ("p-000001", 1));
    world.delete("ada").unwrap();
    assert!(world.live().people.is_empty());
    world.create(&world.user("bob", |_, _| {})).unwrap();
    assert_eq!(world.find("bob").handle, "p-000002", "handles are never given again");
}

#[test]
fn adoption_gives_an_id() {
    let world = World::new(arxus());
    world.sql(
        "INSERT INTO person (organisation, section, name, email) VALUES ('acme', 'users', 'Ada', 'Ada@Acme.example')",
    );
    let entry = world.find("p-000001");
    assert!(!entry.managed && entry.applied().is_none());
    let mut after = entry.object.clone();
    after.id = "ada".into();
    world.run(step(Verb::Update, &entry, after)).unwrap();
    let adopted = world.find("ada");
    assert!(adopted.managed && adopted.applied().is_some());
    assert_eq!(adopted.handle, entry.handle);
}

#[test]
fn what_others_change_is_read_and_told_from_what_was_applied() {
    let world = World::new(arxus());
    world.create(&world.user("ada", |ada, platform| hold(ada, platform, &["technical"]))).unwrap();
    world.sql("UPDATE person SET phone = '112', roles = 'dpo, technical', state = 'active'");
    let entry = world.find("ada");
    assert_eq!(entry.object.phone.as_ref().unwrap().value, "112");
    assert_eq!(entry.object.roles.len(), 2);
    let applied = entry.applied().unwrap().clone();
    assert_eq!((applied.phone, applied.roles.len()), (None, 1));
}

#[test]
fn what_others_delete_has_vanished_until_it_is_back() {
    let world = World::new(arxus());
    for id in ["ada", "bob", "cleo"] {
        world.create(&world.user(id, |_, _| {})).unwrap();
    }
    world.create_group("it").unwrap();
    world.sql("INSERT INTO person (organisation, section, name) VALUES ('acme', 'users', 'Stranger')");
    world.delete("bob").unwrap();
    assert!(world.live().vanished.is_empty(), "what the portal deletes for us did not vanish");
    world.sql("DELETE FROM person WHERE name <> 'CLEO'; DELETE FROM permission_group");
    let mut vanished = world.live().vanished;
    vanished.sort();
    assert_eq!(vanished, [(Resource::PermissionGroup, "it".into()), (Resource::User, "ada".into())]);
    world.create(&world.user("ada", |_, _| {})).unwrap();
    world.create_group("it").unwrap();
    assert!(world.live().vanished.is_empty());
}

#[test]
fn a_stale_operation_is_refused_and_the_rest_goes_on() {
    let world = World::new(arxus());
    for id in ["ada", "bob"] {
        world.create(&world.user(id, |_, _| {})).unwrap();
    }
    let (ada, bob) = (world.find("ada"), world.find("bob"));
    world.sql("UPDATE person SET name = 'Augusta', phone = '1' WHERE external_id = 'acme/ada'");
    let named = |entry: &Entry<Person>| {
        let mut after = entry.object.clone();
        after.name = Located::nowhere("New".into());
        step(Verb::Update, entry, after)
    };
    let operations = [named(&ada), named(&bob)];
    let mut outcomes = wait(world.portal.execute(&world.platform, &operations, &author())).unwrap();
    assert_eq!(outcomes.pop().unwrap(), Ok(()));
    assert_stale(outcomes.pop().unwrap(), "name, phone");
    assert_eq!(world.find("ada").object.name.value, "Augusta");
    assert_eq!(world.find("bob").object.name.value, "New");
}

#[test]
fn what_is_gone_or_there_already_is_stale() {
    let world = World::new(arxus());
    let ada = world.user("ada", |_, _| {});
    world.create(&ada).unwrap();
    assert_stale(world.create(&ada), "on the portal already (`p-000001`)");
    let twin = world.user("twin", |twin, _| twin.email = Some(Located::nowhere("ADA@acme.example".into())));
    assert_stale(world.create(&twin), "belongs to `acme/ada`");
    let mut contact = twin;
    contact.section = Section::Contacts;
    assert_forbidden(world.create(&contact), "belongs to `acme/ada` in `users`");
    world.create(&world.user("bob", |_, _| {})).unwrap();
    let mail = |bob: &mut Person, _: &Platform| bob.email = Some(Located::nowhere("Ada@Acme.Example".into()));
    assert_forbidden(world.change(Verb::Update, "bob", mail), "belongs to");
    assert_stale(world.change(Verb::Update, "bob", |bob, _| bob.id = "ada".into()), "on the portal already");
    let entry = world.find("ada");
    world.delete("ada").unwrap();
    assert_stale(world.run(step(Verb::Update, &entry, entry.object.clone())), "no longer on the portal");
    world.sql("UPDATE person SET external_id = 'acme/robert'");
    let mut gone = world.find("robert");
    gone.object.id = "bob".into();
    assert_stale(world.run(step(Verb::Update, &gone, gone.object.clone())), "has the id `robert` by now");
}

#[test]
fn the_platform_is_enforced() {
    let world = World::new(arxus());
    world.create(&world.user("ada", |_, _| {})).unwrap();
    let off = |ada: &mut Person, _: &Platform| ada.status.value = State::Deactivated;
    assert_forbidden(
        world.change(Verb::Deactivate, "ada", off),
        "Arxus customer portal` has no way to deactivate a user that is active",
    );
    assert_forbidden(world.change(Verb::Update, "ada", off), "has no deactivated users");
    assert_forbidden(world.create(&world.user("eve", off)), "has no deactivated users");
    let list = |person: &mut Person| person.entry_type.value = EntryType::DistributionList;
    assert_forbidden(world.create(&world.user("soc", |soc, _| list(soc))), "not a distribution list");
    let contact = |roles: &[&str]| {
        world.user("soc", |soc, platform| {
            soc.section = Section::Contacts;
            list(soc);
            hold(soc, platform, roles);
        })
    };
    assert_forbidden(world.create(&contact(&["dpo"])), "`dpo` cannot be held by a distribution-list");
    world.create(&contact(&["watchlist"])).unwrap();
    assert_eq!(world.find("soc").handle, "p-000002");
    let grouped = world.user("dan", |dan, _| join(dan, &["it"]));
    assert_forbidden(world.create(&grouped), "no permission group `it`");
    world.create_group("it").unwrap();
    let mut grouped = grouped;
    grouped.section = Section::Contacts;
    assert_forbidden(world.create(&grouped), "a contact has no access");
}

#[test]
fn a_user_becomes_a_contact_and_comes_back() {
    let world = World::new(arxus());
    world.create_group("it").unwrap();
    world.create(&world.user("ada", |ada, _| join(ada, &["it"]))).unwrap();
    let entry = world.find("ada");
    let moved = |change: &dyn Fn(&mut Person)| {
        let mut after = world.find("ada").object;
        change(&mut after);
        world.run(step(Verb::Update, &world.find("ada"), after))
    };
    assert_forbidden(moved(&|ada| ada.section = Section::Contacts), "a contact has no access");
    let go = |ada: &mut Person| {
        ada.section = Section::Contacts;
        join(ada, &[]);
    };
    moved(&go).unwrap();
    assert_eq!((world.find("ada").object.section, world.find("ada").handle), (Section::Contacts, entry.handle.clone()));
    assert_stale(world.run(step(Verb::Update, &entry, entry.object.clone())), "section, groups");
    moved(&|ada| ada.section = Section::Users).unwrap();
    assert_eq!(world.find("ada").object.section, Section::Users);
    let contact = Operation { resource: Resource::Contact, ..removal(&world.find("ada")) };
    assert!(matches!(world.run(contact), Err(Refusal::Failed(_))));

    let world = World::new(platform("arxus", CLUB));
    world.create(&world.user("ada", invited)).unwrap();
    world.sql("UPDATE person SET state = 'active'");
    assert_forbidden(world.change(Verb::Update, "ada", |ada, _| go(ada)), "no way to delete a user that is active");
}

#[test]
fn a_section_that_the_platform_lacks_is_refused() {
    let world = World::new(platform("arxus", "version: 1\nid: club\nname: Club\nextends: arxus\nsections: [users]\n"));
    let contact = world.user("bob", |bob, _| bob.section = Section::Contacts);
    assert_forbidden(world.create(&contact), "has no contacts");
    assert_forbidden(world.create_group("it"), "has no permission groups");
}

#[test]
fn a_longer_life_cycle_is_walked_step_by_step() {
    let world = World::new(platform("arxus", CLUB));
    let off = |ada: &mut Person, _: &Platform| ada.status.value = State::Deactivated;
    assert_forbidden(world.create(&world.user("ada", off)), "to create leads to pending, not to deactivated");
    assert_forbidden(world.create(&world.user("ada", |_, _| {})), "to create leads to pending, not to active");
    world.create(&world.user("ada", invited)).unwrap();
    assert_forbidden(world.change(Verb::Deactivate, "ada", off), "no way to deactivate a user that is pending");
    world.sql("UPDATE person SET state = 'active'");
    assert_forbidden(world.delete("ada"), "no way to delete a user that is active");
    assert_forbidden(world.change(Verb::Update, "ada", off), "to update leads to active, not to deactivated");
    let grab = |ada: &mut Person, platform: &Platform| {
        off(ada, platform);
        hold(ada, platform, &["dpo"]);
    };
    assert_forbidden(world.change(Verb::Deactivate, "ada", grab), "cannot give roles");
    world.change(Verb::Deactivate, "ada", off).unwrap();
    assert_eq!(world.find("ada").object.status.value, State::Deactivated);
    world.change(Verb::Reactivate, "ada", |ada, _| ada.status.value = State::Active).unwrap();
    world.change(Verb::Deactivate, "ada", off).unwrap();
    world.delete("ada").unwrap();
}

#[test]
fn a_group_with_members_stays() {
    let world = World::new(arxus());
    world.create_group("it").unwrap();
    world.create(&world.user("ada", |ada, _| join(ada, &["it"]))).unwrap();
    let entry = world.find_group("it");
    let removal = || {
        let before = Some(Object::Group(entry.object.clone()));
        operation(Verb::Delete, Resource::PermissionGroup, "it", Some(&entry.handle), before, None)
    };
    assert_forbidden(world.run(removal()), "still has a member");
    world.change(Verb::Update, "ada", |ada, _| join(ada, &[])).unwrap();
    world.run(removal()).unwrap();
    assert!(world.live().groups.is_empty());
}

#[test]
fn a_renamed_group_keeps_its_members_and_older_plans_find_it() {
    let world = World::new(arxus());
    world.create_group("it").unwrap();
    world.create(&world.user("ada", |ada, _| join(ada, &["it"]))).unwrap();
    let ada = world.find("ada");
    let entry = world.find_group("it");
    let (before, after) = (Object::Group(entry.object.clone()), Object::Group(group("operations")));
    let rename = |key: &str| {
        let (before, after) = (Some(before.clone()), Some(after.clone()));
        operation(Verb::Update, Resource::PermissionGroup, key, Some(&entry.handle), before, after)
    };
    world.run(rename("operations")).unwrap();
    assert_eq!(world.find_group("operations").handle, entry.handle);
    assert_eq!(world.find("ada").object.groups[0].value, "operations");
    let applied = world.find("ada").applied().unwrap().clone();
    assert_eq!(applied.groups[0].value, "operations", "a rename of ours is no drift");
    let mut after = ada.object.clone();
    after.name = Located::nowhere("Ada L.".into());
    world.run(step(Verb::Update, &ada, after)).unwrap();
    assert_eq!(world.find("ada").object.groups[0].value, "operations");
}

#[test]
fn a_group_changes_its_access() {
    let world = World::new(arxus());
    world.create_group("it").unwrap();
    let entry = world.find_group("it");
    let mut after = entry.object.clone();
    let application = world.platform.application("csp").unwrap();
    let level = world.platform[application].level("full").unwrap();
    after.applications = vec![(application, level, Span::default())];
    let change = |after: &Group| {
        let (before, after) = (Some(Object::Group(entry.object.clone())), Some(Object::Group(after.clone())));
        operation(Verb::Update, Resource::PermissionGroup, "it", Some(&entry.handle), before, after)
    };
    world.run(change(&after)).unwrap();
    assert_eq!(world.find_group("it").object, after);
    assert_stale(world.run(change(&after)), "applications");
}

#[test]
fn two_connections_at_once_lose_no_write() {
    let world = World::new(arxus());
    let path = world.path();
    let write = |prefix: &str| {
        let portal = Embedded::open(&path).unwrap();
        for number in 0..60 {
            let person = world.user(&format!("{prefix}{number}"), |_, _| {});
            let outcomes = wait(portal.execute(&world.platform, &[creation(&person)], &author())).unwrap();
            assert_eq!(outcomes, [Ok(())]);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| write("a"));
        scope.spawn(|| write("b"));
    });
    let live = world.live();
    assert_eq!(live.people.len(), 120);
    assert!(live.proof.holds());
    assert_eq!(world.portal.audit(None).unwrap().len(), 120);
}

#[test]
fn a_portal_is_made_once_by_many() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("portal.db");
    let platform = arxus();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (path, platform) = (&path, &platform);
            let portal = move || Embedded::open(path).unwrap();
            scope.spawn(move || wait(portal().prepare(&format!("org-{number}"), platform)).unwrap());
        }
    });
    assert_eq!(wait(Embedded::open(&path).unwrap().organisations()).unwrap().len(), 4);
}

#[test]
fn reading_makes_nothing_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("not/yet/portal.db");
    let platform = arxus();
    let look = || {
        let portal = Embedded::open(&path).unwrap();
        let live = wait(portal.read("acme", &platform)).unwrap();
        (live.people.len(), live.proof.holds(), portal.audit(None).unwrap().len())
    };
    assert_eq!(look(), (0, true, 0));
    assert!(!folder.path().join("not").exists());
    wait(Embedded::open(&path).unwrap().prepare("acme", &platform)).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(look(), (0, true, 0));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let files =
        |folder: &Path| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(files(&folder.path().join("not/yet")), ["portal.db"], "nothing lies about");
}

#[test]
fn a_writer_at_work_does_not_disturb_readers() {
    let world = World::new(arxus());
    world.create(&world.user("ada", |_, _| {})).unwrap();
    let mut other = rusqlite::Connection::open(world.path()).unwrap();
    let half = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    half.execute("DELETE FROM person", []).unwrap();
    assert_eq!(world.live().people.len(), 1);
    half.commit().unwrap();
    assert_eq!(world.live().people.len(), 0);
}

#[test]
fn files_that_are_no_portal_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("portal.db");
    let platform = arxus();
    let both = |words: &[&str]| {
        let before = std::fs::read(&path).unwrap();
        assert_error(Embedded::open(&path), words);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    };
    std::fs::write(&path, "users: {}\n".repeat(200)).unwrap();
    both(&["not a SQLite database", "portal.db"]);
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE song (title)").unwrap();
    both(&["not a portal of rosterctl"]);
    std::fs::remove_file(&path).unwrap();
    wait(Embedded::open(&path).unwrap().prepare("acme", &platform)).unwrap();
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    both(&["of version 3, this rosterctl knows version 2"]);
    assert_error(Embedded::open(folder.path()), &["it is a folder"]);
    assert_error(Embedded::open(&path.join("below")), &["not a folder"]);
    std::fs::write(&path, "").unwrap();
    wait(Embedded::open(&path).unwrap().prepare("acme", &platform)).unwrap();
}

#[test]
fn a_row_that_cannot_be_understood_is_told_apart_and_the_others_are_read() {
    let rubbish = [
        ("roles = 'technical,boss'", "unknown role `boss`"),
        ("state = 'suspended'", "unknown state `suspended`"),
        ("type = 'robot'", "unknown type `robot`"),
        ("attributes = '[]'", "`attributes` is not a JSON object"),
        ("attributes = '{\"serviceNow\": 1}'", "attribute `serviceNow` has a value of the wrong type"),
        ("attributes = '{\"shoeSize\": 1}'", "unknown attribute `shoeSize`"),
        ("external_id = 'ada'", "does not have the form `acme/<id>`"),
        ("external_id = CAST(x'ff' AS TEXT)", "`external_id` is not UTF-8 text"),
        ("section = 'guests'", "neither `users` nor `contacts`"),
        ("email = x'ff'", "`email` holds bytes"),
        ("name = x'ff'", "`name` holds bytes"),
        ("name = ''", "`name` is empty"),
    ];
    for (change, words) in rubbish {
        let world = World::new(arxus());
        world.create(&world.user("ada", |_, _| {})).unwrap();
        world.create(&world.user("bob", |_, _| {})).unwrap();
        world.sql(&format!("UPDATE person SET {change} WHERE id = 1"));
        let live = world.live();
        let (read, unread) = (&live.people[0].object.id, &live.unread[0]);
        assert_eq!((read.as_str(), live.people.len(), live.unread.len()), ("bob", 1, 1), "{change}");
        assert!(unread.handle == "p-000001" && unread.reason.contains(words), "{change}: {unread:?}");
        assert_eq!(unread.id.is_some(), !change.starts_with("external_id"), "{change}");
        assert_eq!(unread.email.is_some(), !change.starts_with("email"), "{change}");
        assert_eq!(unread.resource.is_some(), !change.starts_with("section"), "{change}");
        assert!(!live.proof.holds() && (live.proof.read, live.proof.announced) == (1, 2), "{change}");
        world.sql("DELETE FROM person WHERE id = 1");
        assert!(world.live().proof.holds(), "{change}");
    }
}

#[test]
fn a_group_that_cannot_be_understood_is_told_apart() {
    for (applications, words) in [
        ("csp=none", "unknown level `none`"),
        ("csp", "not of the form `application=level`"),
        ("csp=full,csp=read", "the application `csp` is listed twice"),
        ("csp=full, csp=full", "the application `csp` is listed twice"),
    ] {
        let world = World::new(arxus());
        world.create_group("it").unwrap();
        world.sql(&format!("UPDATE permission_group SET applications = '{applications}'"));
        let live = world.live();
        let unread = &live.unread[0];
        assert!(live.groups.is_empty() && unread.is_group() && unread.handle == "g-000001", "{unread:?}");
        assert_eq!((unread.id.as_deref(), unread.name.as_deref()), (Some("it"), Some("IT")));
        assert!(unread.reason.contains(words), "{unread:?}");
    }
}

#[test]
fn organisations_with_managed_people_are_listed() {
    let world = World::new(arxus());
    assert!(wait(world.portal.managed()).unwrap().is_empty());
    world.sql("INSERT INTO person (organisation, section, name) VALUES ('acme', 'users', 'Stranger')");
    assert!(wait(world.portal.managed()).unwrap().is_empty());
    world.create(&world.user("ada", |_, _| {})).unwrap();
    assert_eq!(wait(world.portal.managed()).unwrap(), ["acme"]);
}

#[test]
fn the_audit_trail_tells_what_was_done_and_what_was_refused() {
    let world = World::new(arxus());
    let ada = world.user("ada", |_, _| {});
    world.create(&ada).unwrap();
    world.create(&ada).unwrap_err();
    world.create_group("it").unwrap();
    let trail = world.portal.audit(Some("acme")).unwrap();
    let told: Vec<_> =
        trail.iter().map(|row| (row.action.as_str(), row.resource.as_str(), row.outcome.as_str())).collect();
    let expected = [("create", "user", "done"), ("create", "user", "stale"), ("create", "permission-group", "done")];
    assert_eq!(told, expected);
    let first = &trail[0];
    assert_eq!((first.who.as_str(), first.plan_digest.as_str(), first.step), ("ada", "sha256:feed", 7));
    assert!(first.at.ends_with('Z') && first.at.parse::<jiff::Timestamp>().is_ok(), "{}", first.at);
    assert_eq!(first.detail["after"]["email"], "ada@acme.example");
    assert!(first.detail["before"].is_null());
    assert!(trail[1].detail["reason"].as_str().unwrap().contains("already"));
    assert!(world.portal.audit(Some("other")).unwrap().is_empty());
}

#[test]
fn operations_that_make_no_sense_fail() {
    let world = World::new(arxus());
    let ada = world.user("ada", |_, _| {});
    let fails = |operation: Operation, words: &str| match world.run(operation) {
        Err(Refusal::Failed(message)) => assert!(message.contains(words), "{message}"),
        other => panic!("expected a failure, got {other:?}"),
    };
    let mut elsewhere = creation(&ada);
    elsewhere.organisation = "elsewhere".into();
    fails(elsewhere, "does not know the organisation");
    fails(Operation { key: "Not Kebab".into(), ..creation(&ada) }, "is no id");
    fails(Operation { handle: Some("p-000009".into()), ..creation(&ada) }, "nothing to create");
    world.create(&ada).unwrap();
    let entry = world.find("ada");
    let update = || step(Verb::Update, &entry, entry.object.clone());
    fails(Operation { handle: None, ..update() }, "must name its handle");
    fails(Operation { handle: Some("p-1".into()), ..update() }, "is not the handle");
    fails(Operation { before: None, ..update() }, "what the plan saw");
    fails(Operation { after: None, ..update() }, "what shall be");
}

/// A platform with invitations, whose masters and stewards manage it, each within limits.
const GUILD: &str = r#"
version: 1
id: guild
name: Guild portal
sections: [users]
roles:
  master: { name: Master, heldBy: [user] }
  steward: { name: Steward, heldBy: [user] }
  member: { name: Member, heldBy: [user] }
permissions:
  manage: { roles: [master, steward], source: Masters and stewards look after the members. }
  rule: { roles: [master] }
lifecycle:
  transitions:
    - { action: create, from: absent, to: pending, needs: manage, note: an invitation is sent }
    - { action: accept, from: pending, to: active }
    - { action: update, from: pending, to: pending, needs: manage }
    - { action: update, from: active, to: active, needs: manage }
    - { action: deactivate, from: active, to: deactivated, needs: manage }
    - { action: reactivate, from: deactivated, to: active, needs: rule }
    - { action: delete, from: pending, to: absent, needs: rule }
    - { action: delete, from: deactivated, to: absent, needs: rule }
rules:
  invited:
    level: error
    title: Who is invited is not deactivated.
    source: The invited can only be deleted.
    wish: { wanted: deactivated, from: pending }
  was-active:
    level: error
    title: Nobody begins deactivated.
    source: Deactivated members were active once.
    wish: { wanted: deactivated, from: absent }
  accepts:
    level: error
    title: Only the person accepts.
    source: Once they accept they are active.
    wish: { wanted: active, from: pending }
  one-master:
    level: error
    title: There is a master.
    source: There must always be at least one master.
    serial: { role: master }
  makes-masters:
    level: error
    title: Masters make masters.
    source: Only a master makes a master.
    actor: { permission: rule, grants: [master] }
  unmakes-masters:
    level: error
    title: Masters unmake masters.
    source: Only a master unmakes a master.
    actor: { permission: rule, revokes: [master] }
  self-made:
    level: error
    title: Nobody unmakes themselves.
    source: A master stays until another one says otherwise.
    actor: { self: true, revokes: [master] }
"#;

fn invited(person: &mut Person, _: &Platform) {
    person.status.value = State::Pending;
}

fn off(person: &mut Person, _: &Platform) {
    person.status.value = State::Deactivated;
}

impl World {
    /// A guild in which these are active members with a role each.
    fn guild(members: &[(&str, &str)]) -> World {
        let world = World::new(platform("guild.yaml", GUILD));
        for (id, role) in members {
            world.invite(id, role);
            world.accept(id).unwrap();
        }
        world
    }

    fn invite(&self, id: &str, role: &str) {
        let person = self.user(id, |person, platform| {
            invited(person, platform);
            hold(person, platform, &[role]);
        });
        self.create(&person).unwrap();
    }

    fn accept(&self, id: &str) -> Result<(), Refusal> {
        self.portal.accept("acme", &self.platform, &[&self.find(id)]).unwrap().remove(0)
    }

    /// Somebody changes a person; without `after` the person is deleted.
    fn by(&self, actor: &str, verb: Verb, id: &str, change: Change) -> Result<(), Refusal> {
        let entry = self.find(id);
        let mut after = entry.object.clone();
        change(&mut after, &self.platform);
        let operation = if verb == Verb::Delete { removal(&entry) } else { step(verb, &entry, after) };
        self.run_by(actor, operation)
    }

    fn run_by(&self, actor: &str, operation: Operation) -> Result<(), Refusal> {
        let author = Author { actor: Some(actor.into()), ..author() };
        wait(self.portal.execute(&self.platform, &[operation], &author)).unwrap().remove(0)
    }
}

type Change = fn(&mut Person, &Platform);

const AS_IT_IS: Change = |_, _| {};
const ON: Change = |person, _| person.status.value = State::Active;
const MEMBER: Change = |person, platform| hold(person, platform, &["member"]);
const MASTER: Change = |person, platform| hold(person, platform, &["master"]);
const NAMED: Change = |person, _| person.name = Located::nowhere("Another".into());

#[test]
fn an_invitation_is_accepted_by_the_person_alone() {
    let world = World::guild(&[("ann", "master")]);
    world.invite("bob", "member");
    let status = |id: &str| world.find(id).object.status.value;
    assert_eq!(status("bob"), State::Pending);
    for verb in [Verb::Update, Verb::Reactivate] {
        assert_forbidden(world.change(verb, "bob", ON), "Once they accept they are active.");
    }
    assert_forbidden(world.change(Verb::Accept, "bob", ON), "nobody but the person can accept");
    assert_forbidden(world.change(Verb::Deactivate, "bob", off), "The invited can only be deleted.");
    assert_forbidden(world.create(&world.user("eve", off)), "Deactivated members were active once.");
    world.change(Verb::Update, "bob", NAMED).unwrap();
    world.accept("bob").unwrap();
    let bob = world.find("bob");
    assert_eq!(bob.object.status.value, State::Active);
    assert_eq!(bob.applied(), Some(&bob.object), "what follows from an invitation is no change from outside");
    assert_forbidden(world.accept("bob"), "`bob` is active already");
    let last = world.portal.audit(None).unwrap().into_iter().rev().find(|row| row.outcome == "done").unwrap();
    assert_eq!((last.who.as_str(), last.action.as_str(), last.plan_digest.as_str()), ("bob", "accept", ""));
    assert_eq!(
        (&last.detail["before"]["status"], &last.detail["after"]["status"]),
        (&"pending".into(), &"active".into())
    );
    assert_forbidden(world.delete("bob"), "no way to delete a user that is active");
    world.change(Verb::Deactivate, "bob", off).unwrap();
    assert_forbidden(world.accept("bob"), "`bob` is deactivated");
    assert_forbidden(world.change(Verb::Update, "bob", NAMED), "no way to update a user that is deactivated");
    assert_forbidden(world.change(Verb::Reactivate, "bob", AS_IT_IS), "to reactivate leads to active");
    let again = |bob: &mut Person, platform: &Platform| {
        ON(bob, platform);
        hold(bob, platform, &["steward"]);
    };
    world.change(Verb::Reactivate, "bob", again).unwrap();
    assert!(world.find("bob").object.holds(world.platform.role("steward").unwrap()), "with its roles");
    let arxus = arxus();
    assert_error(world.portal.accept("acme", &arxus, &[]), &["knows no invitations"]);
}

#[test]
fn the_last_active_holder_stays() {
    let world = World::guild(&[("ann", "master"), ("bob", "master"), ("cleo", "member")]);
    let only = "no active `master` would be left: \"There must always be at least one master.\"";
    world.invite("dirk", "master");
    world.change(Verb::Update, "ann", MEMBER).unwrap();
    for (verb, change) in [(Verb::Update, MEMBER), (Verb::Deactivate, off as Change)] {
        assert_forbidden(world.change(verb, "bob", change), only);
    }
    world.change(Verb::Update, "bob", NAMED).unwrap();
    world.delete("dirk").unwrap();
    world.change(Verb::Update, "ann", MASTER).unwrap();
    world.change(Verb::Deactivate, "bob", off).unwrap();
    world.delete("bob").unwrap();
    // Each of two takes the other's place, in one transaction and whatever the plan says.
    world.change(Verb::Update, "cleo", MASTER).unwrap();
    let (ann, cleo) = (world.find("ann"), world.find("cleo"));
    let demoted = |entry: &Entry<Person>| {
        let mut after = entry.object.clone();
        MEMBER(&mut after, &world.platform);
        step(Verb::Update, entry, after)
    };
    let both = [demoted(&ann), demoted(&cleo)];
    let mut outcomes = wait(world.portal.execute(&world.platform, &both, &author())).unwrap();
    assert_forbidden(outcomes.pop().unwrap(), only);
    assert_eq!(outcomes.pop().unwrap(), Ok(()));
}

#[test]
fn the_acting_person_does_what_they_may() {
    let world = World::guild(&[("ann", "master"), ("max", "master"), ("stu", "steward"), ("bob", "member")]);
    assert_forbidden(
        world.by("bob", Verb::Update, "stu", NAMED),
        "`bob` may not update this user, it needs `manage`: \"Masters and stewards look after the members.\"; \
         those who could: ann, max, stu",
    );
    world.by("stu", Verb::Update, "bob", NAMED).unwrap();
    world.by("stu", Verb::Deactivate, "bob", off).unwrap();
    assert_forbidden(world.by("stu", Verb::Delete, "bob", AS_IT_IS), "it needs `rule`; those who could: ann, max");
    assert_forbidden(world.by("stu", Verb::Reactivate, "bob", ON), "it needs `rule`");
    assert_forbidden(world.by("bob", Verb::Update, "stu", NAMED), "`bob` may not");
    world.by("ann", Verb::Reactivate, "bob", ON).unwrap();
    assert_forbidden(world.by("stu", Verb::Update, "bob", MASTER), "Only a master makes a master.");
    for (verb, change) in [(Verb::Update, MEMBER), (Verb::Deactivate, off as Change)] {
        assert_forbidden(world.by("stu", verb, "ann", change), "Only a master unmakes a master.");
        assert_forbidden(world.by("ann", verb, "ann", change), "A master stays until another one says otherwise.");
    }
    assert_forbidden(world.by("stu", Verb::Deactivate, "stu", off), "nobody takes their own access away");
    world.by("stu", Verb::Update, "stu", NAMED).unwrap();
    world.by("max", Verb::Update, "ann", MEMBER).unwrap();
    assert_forbidden(world.by("ann", Verb::Update, "max", MEMBER), "it needs `manage`");
    world.by("nobody", Verb::Update, "bob", MASTER).unwrap();
}

#[test]
fn who_acts_does_not_become_nobody_on_the_way() {
    let world = World::guild(&[("ann", "master"), ("bob", "member"), ("cleo", "steward")]);
    world.by("cleo", Verb::Update, "cleo", |cleo, _| cleo.id = "cleopatra".into()).unwrap();
    assert_forbidden(world.by("cleo", Verb::Update, "bob", MASTER), "`cleopatra` may not update this user");
    world.sql("DELETE FROM person WHERE external_id = 'acme/cleopatra'");
    assert_stale(world.by("cleo", Verb::Update, "bob", MEMBER), "`cleo`, who acts, is no longer on the portal");
}

#[test]
fn the_first_to_come_are_not_limited_while_nobody_could_do_it() {
    let world = World::new(platform("guild.yaml", GUILD));
    let person = |id: &str| {
        world.user(id, |person, platform| {
            invited(person, platform);
            hold(person, platform, &["master"]);
        })
    };
    world.run_by("ann", creation(&person("ann"))).unwrap();
    world.run_by("ann", creation(&person("bob"))).unwrap();
    world.accept("bob").unwrap();
    assert_forbidden(world.run_by("ann", creation(&person("cleo"))), "those who could: bob");
}

#[test]
fn access_by_groups_lets_act_and_contacts_and_groups_are_protected_too() {
    let world = World::new(arxus());
    let mut admins = group("admins");
    let application = world.platform.application("users-and-permissions").unwrap();
    admins.applications = vec![(application, world.platform[application].level("full").unwrap(), Span::default())];
    let made = |group: &Group| {
        operation(Verb::Create, Resource::PermissionGroup, &group.id, None, None, Some(Object::Group(group.clone())))
    };
    world.run(made(&admins)).unwrap();
    world.create(&world.user("ada", |ada, _| join(ada, &["admins"]))).unwrap();
    world.create(&world.user("bob", |_, _| {})).unwrap();
    let contact = creation(&world.user("soc", |soc, _| soc.section = Section::Contacts));
    let why = "it needs `manage-users`";
    assert_forbidden(world.run_by("bob", contact.clone()), why);
    assert_forbidden(world.run_by("bob", made(&group("it"))), why);
    assert_forbidden(world.by("bob", Verb::Update, "ada", NAMED), why);
    world.run_by("ada", contact).unwrap();
    world.run_by("ada", made(&group("it"))).unwrap();
    world.by("ada", Verb::Update, "bob", NAMED).unwrap();
    assert_forbidden(world.by("ada", Verb::Delete, "ada", AS_IT_IS), "nobody takes their own access away");
}
