//! Rows, columns and sheets that share a file: several people a row, several organisations, columns of one name, sheets
//! that nothing asks for. What cannot be told apart removes nobody.

use crate::common::words;
use crate::scene::project;

#[test]
fn people_by_role_may_be_users_of_the_roster() {
    let rows = "Company;Technical contact name;Technical contact email;Commercial contact name;Commercial contact email;DPO name;DPO email\nacme;Ada Peeters;ada@acme.example;Grace Lindqvist;grace@acme.example;Dana Kowalska;dana@acme.example\n";
    let snapshot = project(rows);
    let ran = snapshot.run("plan --prune --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "Ada is the user of the roster: {ran}");
    snapshot.run("drift").exits(0);
    // Whoever is in no section of the roster is still told.
    let other = rows.replace("Dana Kowalska;dana@", "Udo Alt;udo@");
    let ran = project(&other).run("plan --prune --format json").exits(0);
    let steps = words(&ran.json()["steps"]);
    assert!(steps.contains(&"create contact dana".to_owned()), "{steps:?}");
    assert!(steps.contains(&"delete contact udo@acme.example".to_owned()), "{steps:?}");
    assert!(steps.iter().all(|step| !step.contains("ada")), "{steps:?}");
    // What the file does say of a user counts.
    let moved = rows.replace("Ada Peeters;ada@", "Ada Peters;ada@");
    let ran = project(&moved).run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["update user ada"], "{ran}");
}
