//! Rosters as organisations write them, of any size: clean, so that `validate` finds nothing, and the same every time.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// How large the rosters of a case are.
#[derive(Clone, Copy)]
pub struct Size {
    /// How many organisations there are.
    pub organisations: usize,
    /// How many files each of them has.
    pub files: usize,
    /// How many users each file holds.
    pub users: usize,
}

impl Size {
    /// Everybody.
    pub fn people(self) -> usize {
        self.organisations * self.files * self.users
    }
}

const GIVEN: [&str; 16] = [
    "Ada", "Bilal", "Chen", "Daan", "Élise", "Fatima", "Grace", "Hugo", "Ines", "Jakub", "Katrien", "Lotte", "Mehdi",
    "Nora", "Olivier", "Priya",
];
const FAMILY: [&str; 16] = [
    "Peeters",
    "Nowak",
    "Lindqvist",
    "Desmet",
    "Kowalska",
    "Van den Broeck",
    "O'Neill",
    "Janssens",
    "Maes",
    "Dubois",
    "Yılmaz",
    "Haddad",
    "Claes",
    "Wouters",
    "Singh",
    "Moreau",
];

/// What a user does: groups and responsibilities, which call for what the groups give.
const WORK: [(&str, &str); 6] = [
    ("sales, staff", "sales, account-management"),
    ("developers, staff", "development"),
    ("purchasing, staff", "finance, procurement"),
    ("staff", "human-resources, recruitment"),
    ("staff", "marketing, communication, events"),
    ("security, staff", "security, physical-security"),
];

/// Writes the rosters of a case, a workspace file and its target's place into a folder; gives the bytes of the rosters.
pub fn write(folder: &Path, size: Size) -> io::Result<u64> {
    fs::create_dir_all(folder.join("rosters"))?;
    let workspace = "version: 1\nrosters: [rosters]\ntargets:\n  portal: { kind: embedded, path: portal.db }\n";
    fs::write(folder.join("rosterctl.yaml"), workspace)?;
    let mut bytes = 0;
    for organisation in 0..size.organisations {
        for file in 0..size.files {
            let text = document(organisation, file, size);
            bytes += text.len() as u64;
            fs::write(folder.join(format!("rosters/organisation-{organisation:05}-{file:04}.yaml")), text)?;
        }
    }
    Ok(bytes)
}

/// One file: the first of an organisation says what holds for all of it.
fn document(organisation: usize, file: usize, size: Size) -> String {
    let mut text = format!("# The people of organisation {organisation}, part {file}.\nversion: 1\n");
    let _ = writeln!(text, "organisation: organisation-{organisation:05}");
    if file == 0 {
        let _ = write!(
            text,
            "platform: arxus
profile:
  name: Organisation {organisation}
  domains: [organisation-{organisation:05}.example]
  size: small
  services: []
  serviceAgreement: signed
  relationship: direct
"
        );
    }
    text.push_str("\nusers:\n");
    for index in 0..size.users {
        user(&mut text, organisation, file * size.users + index);
    }
    if file == 0 {
        text.push_str(FOOT);
    }
    text
}

fn user(text: &mut String, organisation: usize, number: usize) {
    let (given, family) = (GIVEN[number % 16], FAMILY[number / 16 % 16]);
    let word = |name: &str| name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let id = format!("{}-{}-{number}", word(given), word(family));
    let _ = write!(
        text,
        "  {id}:\n    name: {given} {family}\n    email: {}.{}.{number}@organisation-{organisation:05}.example\n    \
         phone: \"+32 4{:02} {:02} {:02} {:02}\"\n",
        word(given),
        word(family),
        number % 100,
        number / 100 % 100,
        number / 10_000 % 100,
        number * 7 % 100,
    );
    text.push_str(match number {
        0 => TECHNICAL_FIRST,
        1 => TECHNICAL,
        2 => COMMERCIAL,
        3 => PRIVACY,
        _ => "",
    });
    if number < 4 {
        return;
    }
    let (groups, responsibilities) = WORK[number % 6];
    if number.is_multiple_of(20) {
        text.push_str("    roles: [watchlist]\n");
    }
    let _ = write!(text, "    groups: [{groups}]\n    attributes:\n      responsibilities: [{responsibilities}]\n");
    if number.is_multiple_of(50) {
        text.push_str("    until: 2999-12-31 # the contract ends\n");
    }
}

const TECHNICAL_FIRST: &str = "    roles: [technical]
    groups: [it-operations]
    attributes:
      serviceNow: true
      responsibilities: [it-administration, security]
      directoryRoles: [global-administrator]
      primaryFor: [technical] # called first
";

const TECHNICAL: &str = "    roles: [technical]
    groups: [it-operations]
    attributes:
      serviceNow: true
      responsibilities: [it-administration]
      directoryRoles: [privileged-role-administrator]
";

const COMMERCIAL: &str = "    roles: [commercial]
    groups: [purchasing]
    attributes:
      signingAuthority: true
      responsibilities: [management, finance]
";

const PRIVACY: &str = "    roles: [dpo]
    groups: [staff]
    attributes:
      responsibilities: [legal]
";

const FOOT: &str = "
permissionGroups:
  it-operations:
    name: IT operations
    applications:
      users-and-permissions: full
      service-desk: full
      tenant-configuration: full
      azure-usage: read
  purchasing:
    name: Purchasing
    applications: { csp: full, service-desk: read }
  sales:
    name: Sales
    applications: { customer-management: full, csp: read }
  developers:
    name: Developers
    applications: { azure-usage: full }
  security:
    name: Security
    applications: { tenant-configuration: read, azure-usage: read }
  staff:
    name: Everybody else
    applications: { service-desk: read }

expectations:
  - can: { do: manage-users, atLeast: 2 }
  - holds: { role: commercial, atLeast: 1 }
";

/// Writes an assessed company, acted on by its first administrator; `changed` gives every twentieth another role.
pub fn write_assessed(folder: &Path, users: usize, changed: bool) -> io::Result<()> {
    fs::create_dir_all(folder.join("rosters"))?;
    let workspace =
        "version: 1\nrosters: [rosters]\ntargets:\n  portal: { kind: embedded, path: portal.db, actor: user-0 }\n";
    fs::write(folder.join("rosterctl.yaml"), workspace)?;
    fs::write(folder.join("rosters/assessed.yaml"), assessed(users, changed))
}

/// Users of ProcessUnity GRX: administrators, an owner, an authorizer, and many whom no event reaches. Where it is
/// `changed`, every twentieth has another role.
pub fn assessed(users: usize, changed: bool) -> String {
    let mut text = String::from(
        "version: 1\norganisation: assessed\nplatform: grx\nprofile:\n  services: [third-party, customer]\nusers:\n",
    );
    for number in 0..users {
        let (given, family) = (GIVEN[number % 16], FAMILY[number / 16 % 16]);
        let role = match number {
            0..3 => "account-administrator",
            3 => "assessment-owner",
            4 => "data-request-authorizer",
            5 => "third-party-portfolio-manager",
            _ if changed && number.is_multiple_of(20) => "assessment-contributor, platform-user-manager",
            _ => ["assessment-contributor", "platform-user-manager", "business-relationship-manager"][number % 3],
        };
        let _ = writeln!(
            text,
            "  user-{number}:\n    name: {given} {family}\n    email: user.{number}@assessed.example\n    roles: [{role}]"
        );
    }
    text
}
