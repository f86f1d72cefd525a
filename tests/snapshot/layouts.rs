//! What columns look like: not there, in other languages, several people a row, several rows a person, yes and no.

use crate::common::{ACME, Project, words};
use crate::scene::{ACME_CSV, HEADER, export_with, project, with_keys};

const NONE: [String; 0] = [];

fn steps(project: &Project) -> Vec<String> {
    words(&project.run("plan --format json").exits(0).json()["steps"])
}

#[test]
fn what_the_file_does_not_say_is_unknown_and_not_empty() {
    let few =
        "Name;E-Mail\nAda Peeters;ada@acme.example\nGrace Lindqvist;GRACE@acme.example\nEva New;eva@acme.example\n";
    let project = project(few);
    let ran = project.run("plan --format json").exits(0);
    let plan = ran.json();
    assert_eq!(words(&plan["steps"]), ["create contact dana"], "{plan}");
    let fields: Vec<&str> = plan["steps"][0]["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter_map(|change| change["field"].as_str())
        .collect();
    assert_eq!(fields, ["name", "email", "roles"], "newcomers get all that the roster has");
    let told = ran.finding("plan/not-in-snapshot");
    assert_eq!(told.severity, "info");
    for word in ["phone", "roles", "groups", "attributes.serviceNow", "permissionGroups", "who is a user"] {
        assert!(
            told.message.contains(word) || word == "roles" && told.message.contains("the role technical"),
            "{word}: {}",
            told.message
        );
    }
    assert!(!told.message.contains("primaryFor"), "the roster says nothing of it: {}", told.message);
}

#[test]
fn titles_and_headers_are_known_in_several_languages() {
    let languages = [
        "Vorname,Nachname,E-Mail-Adresse,Telefon,Art,Kontaktrolle\nAda,Peeters,ada@acme.example,0032470000001,Benutzer,Technischer Kontakt\nGrace,Lindqvist,grace@acme.example,,Ansprechpartner,Kaufmännischer Ansprechpartner\nDana,Kowalska,dana@acme.example,,Kontakt,Datenschutzbeauftragte\n",
        "Voornaam|Achternaam|E-mailadres|Telefoon|Soort|Contactrol\nAda|Peeters|ada@acme.example|+32 470 000001|Gebruiker|Technisch contact\nGrace|Lindqvist|grace@acme.example||Contactpersoon|Commercieel contact\nDana|Kowalska|dana@acme.example||Contact|Functionaris gegevensbescherming\n",
        "Prénom\tNom\tAdresse e-mail\tTéléphone\tType\tRôles\nAda\tPeeters\tada@acme.example\t+32 470 00 00 01\tUtilisateur\tContact technique\nGrace\tLindqvist\tgrace@acme.example\t\tPersonne de contact\tContact commercial\nDana\tKowalska\tdana@acme.example\t\tContact\tDélégué à la protection des données\n",
    ];
    for text in languages {
        // `Rôles` is written without its accent nowhere; `Contactrol` and `Kontaktrolle` are singular.
        assert_eq!(steps(&project(text)), NONE, "{text}");
    }
}

#[test]
fn several_people_a_row_and_several_rows_a_person() {
    let row = "Company,Technical contact name,Technical contact e-mail,Commercial contact name,Commercial contact email,DPO name,DPO email\nAcme,Ada Peeters,ada@acme.example,Grace Lindqvist,grace@acme.example,Dana Kowalska,dana@acme.example\n";
    let contacts = ACME.replace("users:\n  ada:", "contacts:\n  ada:").replace("contacts:\n  grace:", "  grace:");
    let contacts = contacts.replace("    groups: [it-operations]\n", "");
    let project = project(row);
    project.write("rosters/acme.yaml", contacts.replace("permissionGroups:", "users: {}\npermissionGroups:"));
    assert_eq!(steps(&project), NONE);
    // The same, with the columns named.
    let named = with_keys(
        row,
        "people:\n      - { name: Technical contact name, email: Technical contact e-mail, section: contacts, holds: [technical] }\n      - { name: Commercial contact name, email: Commercial contact email, section: contacts, holds: [commercial] }\n      - { name: DPO name, email: DPO email, section: contacts, holds: [watchlist] }",
    );
    named.write("rosters/acme.yaml", project.read("rosters/acme.yaml"));
    assert_eq!(steps(&named), ["update contact dana"], "the last column is said to be the watchlist");
    let rows = "Name;Email;Type;Role\nAda Peeters;ada@acme.example;User;Technical\nGrace Lindqvist;grace@acme.example;Contact;Commercial\nDana Kowalska;Dana@acme.example;Contact;DPO\nDana Kowalska;dana@acme.example;Contact;Watchlist\n";
    assert_eq!(steps(&crate::scene::project(rows)), ["update contact dana"]);
    // A user may be set as a contact too.
    let both = rows.replace("Contact;Watchlist\n", "Contact;DPO\nAda Peeters;ada@acme.example;Contact;Technical\n");
    assert_eq!(steps(&crate::scene::project(both)), NONE);
}

#[test]
fn roles_in_columns_of_their_own() {
    let text = "Name;Email;Technical Contact;Commercial;DPO\nAda Peeters;ada@acme.example;x;;\nGrace Lindqvist;grace@acme.example;;✓;-\nDana Kowalska;dana@acme.example;no;Nein;Oui\n";
    let project = project(text);
    assert_eq!(steps(&project), NONE);
    project.edit("live/acme.csv", "ada@acme.example;x;;", "ada@acme.example;;;x");
    assert_eq!(steps(&project), ["update user ada"]);
    project.edit("live/acme.csv", "ada@acme.example;;;x", "ada@acme.example;maybe;;");
    let finding = project.run("plan --format json").exits(0).finding("snapshot/unknown-word");
    assert!(finding.message.contains("live/acme.csv:2, column `Technical Contact`: `maybe`"), "{}", finding.message);
    let named = with_keys(
        text,
        "columns: { name: Name, email: Email, roles: { columns: { technical: Technical Contact, commercial: Commercial, watchlist: DPO } } }",
    );
    assert_eq!(steps(&named), ["update contact dana"]);
}

#[test]
fn words_of_the_workspace_come_first() {
    let text = export_with("Technical Contact;", "Chief of everything;")
        .replace(";User;", ";Insider;")
        .replace("IT operations", "Team 7");
    let words =
        "words: { user: [Insider], roles: { Chief of everything: technical }, groups: { Team 7: it-operations } }";
    let project = with_keys(text, words);
    // The group is known; that the portal gives it another name is a difference.
    assert_eq!(steps(&project), ["update permission-group it-operations"]);
    let wrong = with_keys(ACME_CSV, "words: { roles: { Chief: techncal } }");
    wrong.run("plan").exits(1).complains("`techncal`").complains("did you mean `technical`?");
}

#[test]
fn groups_have_a_table_of_their_own() {
    let project = with_keys(ACME_CSV, "groups: { path: live/groups.csv }");
    let tables = [
        "Group;Application;Level\nIT operations;ServiceDesk Support;full\nIT operations;Users & Permissions;Vollzugriff\n",
        "Gruppe,service-desk,users-and-permissions,csp\nIT operations,full,volledig,\n",
    ];
    for table in tables {
        project.write("live/groups.csv", table);
        assert_eq!(steps(&project), NONE, "{table}");
    }
    project.edit("live/groups.csv", "volledig,", "lezen,");
    assert_eq!(steps(&project), ["update permission-group it-operations"]);
    project.write("live/groups.csv", "Group;Application;Level\nIT operations;Payroll;full\n");
    let ran = project.run("plan --format json").exits(0);
    assert!(ran.rules().contains(&"snapshot/unknown-application".to_owned()), "{ran}");
    assert_eq!(ran.json()["complete"], false);
    project.write("live/groups.csv", "Group;Application;Level\nOthers;csp;read\n");
    let ran = project.run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), NONE, "people are in it, so it is there");
    assert!(ran.finding("snapshot/unknown-group").message.contains("live/groups.csv does not list it"));
}

#[test]
fn states_are_known_and_pending_people_wait() {
    let roster = "version: 1\norganisation: acme\nplatform: grx\nprofile: { services: [third-party] }\nusers:\n  ann: { name: Ann, email: ann@acme.example, roles: [account-administrator] }\n  ben: { name: Ben, email: ben@acme.example, roles: [account-administrator] }\n  cem: { name: Cem, email: cem@acme.example, roles: [assessment-owner] }\n";
    let text = "Name,Email,User role,Status\nAnn,ann@acme.example,Account Administrator,Active\nBen,ben@acme.example,Account Administrator,Eingeladen\nCem,cem@acme.example,Assessment Owner,inactif\n";
    let project = Project::with_roster(roster).with_workspace(crate::scene::WORKSPACE).with("live/acme.csv", text);
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(words(&plan["steps"]), ["reactivate user cem"]);
    assert_eq!(plan["summary"]["waiting"], 1);
    let disabled = text
        .replace("Status", "Disabled")
        .replace(",Active", ",no")
        .replace(",Eingeladen", ",FALSE")
        .replace(",inactif", ",true");
    project.write("live/acme.csv", disabled);
    assert_eq!(steps(&project), ["reactivate user cem"], "yes in a column `Disabled` means no access");
}

#[test]
fn json_and_yaml_lists_are_read_by_keys_and_pointers() {
    let json = r#"{ "exportedAt": "2026-11-20T10:00:00Z", "users": [
        { "displayName": "Ada Peeters", "type": "user", "contact": { "mail": "ada@acme.example" }, "roles": ["Technical Contact"], "groups": ["IT operations"] },
        { "displayName": "Grace Lindqvist", "type": "contact", "contact": { "mail": "grace@acme.example" }, "roles": ["Commercial Contact"], "groups": [] },
        { "displayName": "Dana Kowalska", "type": "contact", "contact": { "mail": "dana@acme.example" }, "roles": ["DPO"] } ] }"#;
    let keys = "columns: { name: displayName, email: /contact/mail, kind: type, roles: roles, groups: groups }";
    let project = with_keys("", keys);
    project.edit("rosterctl.yaml", "live/acme.csv", "live/acme.json");
    project.write("live/acme.json", json);
    assert_eq!(words(&project.run("plan --format json --as-of 2026-11-21").exits(0).json()["steps"]), NONE);
    let old = project.run("plan --format json --as-of 2026-12-21").exits(0).finding("snapshot/too-old");
    assert!(old.message.contains("its own `exportedAt`"), "{}", old.message);
    project.edit("rosterctl.yaml", "live/acme.json", "live/acme.yaml");
    project.write("live/acme.yaml", "- { displayName: Ada Peeters, type: user, contact: { mail: ada@acme.example }, roles: [Technical], groups: [it-operations] }\n- { displayName: Grace Lindqvist, type: contact, contact: { mail: grace@acme.example }, roles: commercial }\n- { displayName: Dana Kowalska, type: contact, contact: { mail: dana@acme.example }, roles: [dpo, watchlist] }\n");
    assert_eq!(steps(&project), ["update contact dana"]);
    project.write("live/acme.yaml", "a: [{ x: 1 }]\nb: [{ y: 2 }]\n");
    project.run("plan").exits(1).complains("name one under `items`: /a, /b");
}

#[test]
fn a_title_above_the_header_is_no_header() {
    let text = format!("Export of users;;;;;;;;;\nAcme NV;;;;;;;;;\n\n{ACME_CSV}");
    assert_eq!(steps(&project(text)), NONE);
    assert!(HEADER.starts_with("Name;"));
}

#[test]
fn organisations_share_a_file_where_a_column_tells_them_apart() {
    let text: String = ACME_CSV
        .lines()
        .enumerate()
        .map(|(index, line)| match index {
            0 => format!("{line};Customer\n"),
            _ => format!("{line};Acme\n"),
        })
        .collect();
    let project = project(text + "Zoe Other;zoe@globex.example;;User;;;;;;;Globex\n");
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!((words(&plan["steps"]), &plan["summary"]["unmanaged"]), (NONE.to_vec(), &0.into()));
    project.write("rosters/initech.yaml", ACME.replace("acme", "initech"));
    project.run("plan").exits(1).complains("is of `initech`");
    let shared = crate::scene::project(ACME_CSV);
    shared.write("rosters/initech.yaml", ACME.replace("acme", "initech"));
    shared.run("plan").exits(1).complains("it is not known whose people");
}

#[test]
fn an_empty_cell_is_no_and_is_not_exported() {
    let project = project(export_with(";;Contact;Commercial Contact;;;yes;;", ";;Contact;Commercial Contact;;;;;"));
    assert_eq!(steps(&project), ["update contact grace"]);
    project.edit("rosters/acme.yaml", "signingAuthority: true", "signingAuthority: true, serviceNow: false");
    project.write("live/acme.csv", ACME_CSV);
    assert_eq!(steps(&project), NONE);
    let project = with_keys(ACME_CSV, "organisation: acme\n    platform: arxus");
    let roster = project.run("export").exits(0).complains("permissionGroups").stdout;
    assert!(!roster.contains("false"), "{roster}");
}
