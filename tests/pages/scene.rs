//! Scenes: examples that were applied, and what a pull request changes of them; rosters of many people; hostile names.

use crate::common::Project;

/// The day on which everything happens.
pub const DAY: &str = "2026-06-01";

/// The example, applied, and what it expects taken out, so that it may be changed.
fn applied(example: &str, rosters: &[&str]) -> Project {
    let project = Project::copy_of(&format!("examples/{example}"));
    project.run(&format!("apply --yes --as-of {DAY}")).exits(0);
    for roster in rosters {
        let text = project.read(roster);
        let (kept, _) = text.split_once("\nexpectations:").expect("expectations");
        project.write(roster, kept.trim_end().to_owned() + "\n");
    }
    project
}

const ACME: &str = "rosters/acme.yaml";

/// `examples/small` under review: Hugo signs instead of Grace, the officer changes, Ines is new.
pub fn small() -> Project {
    let project = applied("small", &[ACME]);
    project.edit(ACME, "    roles: [commercial] # exactly one: contracts go to her, and she may sign them\n", "");
    project.edit(ACME, "    email: hugo@acme.example\n", "    email: hugo@acme.example\n    roles: [commercial]\n");
    project.edit(
        ACME,
        "      responsibilities: [procurement]\n",
        "      signingAuthority: true\n      responsibilities: [procurement]\n",
    );
    project.edit(
        ACME,
        "\n# Contacts are",
        "  ines:\n    name: Ines Vermeulen\n    email: ines@acme.example\n    groups: [purchasing]\n\n# Contacts are",
    );
    project.edit(
        ACME,
        "  dana:\n    name: Dana Kowalska\n    email: dana@acme.example\n",
        "  noor:\n    name: Noor Haddad\n    email: noor@acme.example\n",
    );
    project
}

const MERIDIAN: &str = "rosters/meridian-hosting.yaml";
const LINDNER: &str = "rosters/bankhaus-lindner.yaml";

/// `examples/grx` under review, where people are invited: some leave, some change, some have yet to accept.
pub fn grx() -> Project {
    let project = applied("grx", &[MERIDIAN, LINDNER]);
    for organisation in ["meridian-hosting", "nordlys-pay"] {
        project.run(&format!("portal accept --all --organisation {organisation}")).exits(0);
    }
    project.edit(
        MERIDIAN,
        "  noor:\n    name: Noor Haddad\n    email: noor@meridian.example\n    roles: [assessment-contributor]\n",
        "",
    );
    project.edit(
        MERIDIAN,
        "    email: daan@meridian.example\n    roles: [data-request-authorizer]\n",
        "    email: daan@meridian.example\n    roles: [assessment-owner]\n",
    );
    project.edit(
        MERIDIAN,
        "  # Of new requests",
        "  lena:\n    name: Lena Fischer\n    email: lena@meridian.example\n    roles: [data-request-authorizer, account-administrator]\n  # Of new requests",
    );
    project
}

/// `examples/small` after somebody worked at the portal by hand.
pub fn meddled() -> Project {
    let project = applied("small", &[ACME]);
    project.sql(
        "UPDATE person SET phone = '+32 999' WHERE external_id = 'acme/ada';
         UPDATE person SET name = 'Hugo De Smet' WHERE external_id = 'acme/hugo';
         DELETE FROM person WHERE external_id = 'acme/helpdesk-list';",
    );
    project.edit(ACME, "    name: Grace Lindqvist\n", "    name: Grace Lindqvist-Maes\n");
    project
}

/// One organisation of so many new people.
pub fn many(people: usize) -> Project {
    let one = |number| {
        format!("  user-{number}: {{ name: User {number}, email: user-{number}@acme.example, groups: [it] }}\n")
    };
    Project::with_roster(&roster(&(0..people).map(one).collect::<String>()))
}

/// A sound roster with these users besides.
fn roster(users: &str) -> String {
    format!(
        r#"version: 1
organisation: acme
platform: arxus
profile: {{ domains: [acme.example], size: small, serviceAgreement: signed }}
users:
  ada:
    name: Ada Peeters
    email: ada@acme.example
    phone: "+32 470 00 00 01"
    roles: [technical]
    groups: [it]
    attributes: {{ serviceNow: true, responsibilities: [it-administration, security], directoryRoles: [global-administrator] }}
{users}contacts:
  grace: {{ name: Grace, email: grace@acme.example, roles: [commercial], attributes: {{ signingAuthority: true }} }}
  dana: {{ name: Dana, email: dana@acme.example, roles: [dpo] }}
permissionGroups:
  it: {{ name: IT, applications: {{ service-desk: full, users-and-permissions: full }} }}
"#
    )
}

/// Names that try everything.
pub const HOSTILE: [&str; 12] = [
    "<script>window.hostile=1</script>",
    "<img src=x onerror='window.hostile=1'>",
    "</details></code></pre></title></style></script><h1>x",
    "\" onfocus=\"window.hostile=1\" autofocus x=\"",
    "`` ` ```\\` [a](https://evil.example) ![b](https://evil.example/x.png)",
    "@everyone #1 GH-1 acme/people#2 https://evil.example www.evil.example a@evil.example",
    "-->\u{2028}<!-- rosterctl:plan sandbox -->",
    "| a | b || --- | --- |",
    "**bold** _it_ ~~no~~ $x$ :tada: [^1] <b>",
    "\u{202e}rtl\u{202c}\u{200b}\u{feff}zero",
    "# heading",
    "{{7*7}} ${x} &lt;b&gt; &#64;ada",
];

/// A roster of one organisation whose people have these names.
pub fn named(names: &[String]) -> String {
    // What nobody sees is refused before it gets anywhere. JSON is YAML.
    let seen = |name: &String| name.chars().filter(|c| !rosterctl::document::record::deceptive(*c)).collect::<String>();
    let name = |name: &String| serde_json::to_string(&seen(name)).unwrap();
    let one = |(number, text): (usize, &String)| {
        let name = name(text);
        format!("  p{number}: {{ name: {name}, email: p{number}@acme.example, phone: {name}, groups: [it] }}\n")
    };
    roster(&names.iter().enumerate().map(one).collect::<String>())
}
