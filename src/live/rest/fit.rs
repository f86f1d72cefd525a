//! What a portal cannot hold of a roster by its manifest, and how what it can hold is kept: said in the plan, before any
//! write.

use smol_str::SmolStr;

use super::api::{Api, PersonField};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::live::scim::Kind;
use crate::model::{Organisation, Person};
use crate::platform::{Field, Section, State};

/// The findings about an organisation on a target.
pub fn findings(organisation: &Organisation, target: &str, api: &Api) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = kept(organisation, target, api).into_iter().collect();
    let makes_groups = api.groups.as_ref().is_some_and(|groups| groups.create.is_some());
    if api.groups.is_none() {
        for group in &organisation.groups {
            let what = format!("the permission group `{}`", group.id);
            let place = Place { file: group.file, span: group.key, pointer: String::new() };
            findings.push(cannot(target, &what, place, "its manifest has no `groups`"));
        }
    }
    for person in &organisation.people {
        findings.extend(held(organisation, person, target, api, makes_groups));
    }
    findings
}

fn cannot(target: &str, what: &str, place: Place, why: &str) -> Diagnostic {
    let message = format!("`{target}` cannot hold {what}: {why}");
    Diagnostic::error("plan/cannot-hold", message)
        .at(place)
        .help("add it to the manifest, or leave it out of the roster")
}

/// The roles that somebody needs and the portal does not have: one finding for each, at the first who needs it. `missing`
/// says of a role what it is called there and where roles are made, where the portal lacks it.
pub fn roles(
    organisation: &Organisation,
    target: &str,
    missing: impl Fn(&str) -> Option<(String, Option<SmolStr>)>,
) -> Vec<Diagnostic> {
    let mut needed: Vec<(&str, Place, usize)> = Vec::new();
    for person in &organisation.people {
        for held in &person.roles {
            let id = organisation.platform[held.role].id.as_str();
            match needed.iter_mut().find(|(known, ..)| *known == id) {
                Some((.., people)) => *people += 1,
                None => needed.push((id, person.role_place(held.role), 1)),
            }
        }
    }
    let lacking = needed.into_iter().filter_map(|(id, place, people)| Some((id, place, people, missing(id)?)));
    let finding = |(id, place, people, (name, about)): (&str, Place, usize, (String, Option<SmolStr>))| {
        let who = if people == 1 { "one entry needs".to_owned() } else { format!("{people} entries need") };
        let called = if name == id { "it has no such role".to_owned() } else { format!("it has no role `{name}`") };
        let message = format!("`{target}` cannot hold the role `{id}`, which {who}: {called}");
        let made = about.map(|about| format!(" ({about})")).unwrap_or_default();
        Diagnostic::error("plan/cannot-hold", message)
            .at(place)
            .help(format!("create the role `{name}` there{made}, and plan again"))
    };
    lacking.map(finding).collect()
}

/// How what a roster says is kept where the portal has no place of its own for it.
fn kept(organisation: &Organisation, target: &str, api: &Api) -> Option<Diagnostic> {
    let mut ways = Vec::new();
    let people = &organisation.people;
    let has = |field| api.has(Kind::User, field) || field == PersonField::Roles && api.granted().is_some();
    if people.iter().any(|person| !person.roles.is_empty()) && !has(PersonField::Roles) {
        ways.push("roles as groups, one for each role");
    }
    if people.iter().any(|person| !person.attributes.is_empty()) && !has(PersonField::Attributes) {
        ways.push("attributes as groups, one for each value");
    }
    let groups = &organisation.groups;
    if api.groups.is_some() && !groups.is_empty() && !api.has(Kind::Group, PersonField::ExternalId) {
        ways.push("ids of groups in their names, in parentheses");
    }
    let access = groups.iter().any(|group| !group.applications.is_empty());
    if api.groups.is_some() && access && !api.has(Kind::Group, PersonField::Access) {
        ways.push("the access that a group gives as more groups, one for each application");
    }
    if api.contacts.is_none() && people.iter().any(|person| person.section == Section::Contacts) {
        ways.push("contacts as users without access");
    }
    if ways.is_empty() {
        return None;
    }
    let message = format!("`{target}` keeps of `{}`: {}", organisation.id, ways.join("; "));
    let help = format!("the manifest `{}` names no other place for it", api.reference);
    Some(Diagnostic::new("plan/mapping", Severity::Info, message).at(organisation.place.clone()).help(help))
}

/// What the portal cannot hold of a person.
fn held(organisation: &Organisation, person: &Person, target: &str, api: &Api, makes_groups: bool) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let id = &person.id;
    let contact = person.section == Section::Contacts;
    let own = contact && api.contacts.is_some();
    let kind = if own { Kind::Contact } else { Kind::User };
    let granted = kind == Kind::User && api.granted().is_some();
    let lacks = |field: PersonField| !(api.has(kind, field) || granted && field == PersonField::Roles);
    let mut add = |what: String, place: Place, why: String| findings.push(cannot(target, &what, place, &why));
    let no_field = |field: PersonField| format!("its manifest has no `fields.{}`", field.as_str());
    let no_groups = |field: PersonField| {
        format!("its manifest has neither `fields.{}` nor `groups` that can be created", field.as_str())
    };
    if person.phone.as_ref().is_some_and(|phone| !phone.value.is_empty()) && lacks(PersonField::Phone) {
        add(format!("the phone number of `{id}`"), person.field_place(Field::Phone), no_field(PersonField::Phone));
    }
    if person.email.as_ref().is_some_and(|email| !email.value.is_empty()) && lacks(PersonField::Email) {
        add(format!("the mail address of `{id}`"), person.field_place(Field::Email), no_field(PersonField::Email));
    }
    let shut_out = (contact || person.status.value == State::Deactivated) && !own;
    if shut_out && lacks(PersonField::Active) {
        add(format!("an account without access for `{id}`"), person.place(), no_field(PersonField::Active));
    }
    if !person.roles.is_empty() && lacks(PersonField::Roles) && (own || !makes_groups) {
        add(format!("the roles of `{id}`"), person.place(), no_groups(PersonField::Roles));
    }
    let words = !person.attributes.is_empty() || contact && !own;
    if words && lacks(PersonField::Attributes) && (own || !makes_groups) {
        let what = if person.attributes.is_empty() { "that somebody is a contact," } else { "the attributes" };
        add(format!("{what} of `{id}`"), person.place(), no_groups(PersonField::Attributes));
    }
    if contact && !own && organisation.entry(Section::Users, id).is_some() {
        let why = "there contacts are users, and no two may have one id".to_owned();
        add(format!("a user and a contact with the same id, `{id}`"), person.place(), why);
    }
    findings
}
