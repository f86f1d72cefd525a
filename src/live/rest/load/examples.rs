//! What belongs at a key that a manifest lacks: an example to start from.

use crate::diagnostic::Diagnostic;

/// What to add for a key that is missing in a record, by the record's name and pointer.
pub(super) fn added(key: &str, what: &str, pointer: &str) -> String {
    match example(key, what, pointer) {
        Some(example) if pointer.starts_with("/contacts") => {
            format!("add `{key}:`, such as `{key}: {}`", example.replace("/users", "/contacts"))
        }
        Some(example) => format!("add `{key}:`, such as `{key}: {example}`"),
        None => format!("add `{key}:`"),
    }
}

/// Gives the findings about missing keys of a manifest their examples.
pub(super) fn show(findings: &mut [Diagnostic]) {
    for finding in findings.iter_mut().filter(|finding| finding.rule == "roster/missing-key") {
        let key = finding.help.as_deref().and_then(|help| help.strip_prefix("add `")?.strip_suffix(":`"));
        let Some(key) = key.map(str::to_owned) else { continue };
        let pointer = finding.place.as_ref().map_or("", |place| place.pointer.as_str());
        finding.help = Some(added(&key, &finding.message, pointer));
    }
}

/// A value as it may stand at a key.
fn example(key: &str, what: &str, pointer: &str) -> Option<&'static str> {
    let within = |word: &str| pointer.split('/').any(|own| own == word);
    let (groups, roles, fields) = (within("groups"), within("roles"), within("fields"));
    let members = what.starts_with("`members`");
    Some(match key {
        "id" if fields || roles => "item.id",
        "id" => "answer.body.id",
        "externalId" => "item.externalId",
        "name" if fields || roles => "item.name",
        "name" => "The portal's name",
        "attributes" => "item.attributes",
        "get" if within("one") => r#""/users/{id}""#,
        "get" => "/users",
        "items" => "answer.body.items",
        "value" => "answer.body.total",
        "next" => "answer.body.next",
        "size" => "100",
        "total" => "answer.body.total",
        "by" => "page",
        "end" => "total",
        "one" if groups => r#"{ get: "/groups/{id}" }"#,
        "one" => r#"{ get: "/users/{id}" }"#,
        "of" if roles => r#"{ get: "/users/{id}/roles", items: answer.body.roles }"#,
        "of" => r#"{ get: "/groups/{id}/members", items: answer.body.members }"#,
        "list" if roles => "{ get: /roles, items: answer.body.roles }",
        "list" if members && what.contains("in: table") => "{ get: /memberships, items: answer.body.memberships }",
        "list" if members => r#"{ get: "/groups/{id}/members", items: answer.body.members }"#,
        "list" if groups => "{ get: /groups, items: answer.body.groups }",
        "list" => "{ get: /users, items: answer.body.users }",
        "members" if groups && !members => "{ in: group, members: item.members }",
        "members" => "item.members",
        "in" => "group",
        "group" => "item.group",
        "member" => "item.member",
        "holders" => r#"{ get: "/roles/{id}/users", items: answer.body.users }"#,
        "holder" => "item.id",
        "add" if roles => r#"{ method: PUT, path: "/users/{member}/roles/{id}" }"#,
        "add" => r#"{ method: PUT, path: "/groups/{id}/members/{member}" }"#,
        "remove" if roles => r#"{ method: DELETE, path: "/users/{member}/roles/{id}" }"#,
        "remove" => r#"{ method: DELETE, path: "/groups/{id}/members/{member}" }"#,
        "deactivate" => r#"{ method: POST, path: "/users/{id}/disable" }"#,
        "reactivate" => r#"{ method: POST, path: "/users/{id}/enable" }"#,
        "method" => "PATCH",
        "path" => r#""/users/{id}""#,
        "body" => "{ name: person.name }",
        "fields" => "{ id: item.id, externalId: item.externalId, name: item.name }",
        _ => return None,
    })
}
