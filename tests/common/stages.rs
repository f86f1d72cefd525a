//! A roster in three stages, so that everything that may change does: people and access come, change and go.

use super::{ACME, replaced};

/// The roster with changes of every sort: a person and a contact more, a contact renamed, names, access, roles.
pub fn second() -> String {
    let text = replaced(ACME, "name: Ada Peeters", "name: Ada Peeters-Janssens");
    let text = replaced(&text, "roles: [technical]", "roles: [technical, watchlist]");
    let text = replaced(&text, "  dana:\n    name: Dana", "  dora:\n    previously: [dana]\n    name: Dora");
    let text = replaced(&text, "name: Grace Lindqvist", "name: Grace Hopper");
    let text = replaced(&text, "[it-administration, security]", "[it-administration]");
    let text = replaced(&text, "users-and-permissions: full }", "users-and-permissions: full, csp: read }");
    let ben = "  ben:\n    name: Ben Other\n    email: ben@acme.example\n    groups: [it-operations]\n    \
               attributes: { serviceNow: false }\n";
    let text = replaced(&text, "contacts:\n", &format!("{ben}contacts:\n"));
    let list = "  soc: { name: SOC, email: soc@acme.example, type: distribution-list, roles: [watchlist] }\n";
    replaced(&text, "permissionGroups:\n", &format!("{list}permissionGroups:\n"))
}

/// The same after that: who came leaves again, and what was given is taken.
pub fn third() -> String {
    let text = second();
    let start = text.find("  ben:").expect("Ben");
    let end = text.find("contacts:\n").expect("contacts");
    let text = format!("{}{}", &text[..start], &text[end..]);
    let text = replaced(&text, "roles: [technical, watchlist]", "roles: [technical]");
    let text = replaced(&text, "roles: [commercial]", "roles: [commercial, watchlist]");
    let text = replaced(&text, "serviceNow: true", "serviceNow: false");
    replaced(&text, ", csp: read }", " }")
}

/// A roster without what some portals cannot keep.
pub fn without_phone(roster: &str) -> String {
    replaced(roster, "    phone: \"+32 470 00 00 01\"\n", "")
}

/// A roster with so many users more in the group.
pub fn crowd(number: usize) -> String {
    let users = (0..number).map(|at| {
        format!("  u{at:03}: {{ name: User {at}, email: u{at:03}@acme.example, groups: [it-operations] }}\n")
    });
    replaced(ACME, "contacts:\n", &format!("{}contacts:\n", users.collect::<String>()))
}
