//! What a target cannot hold of a roster, and how what it can hold is kept there: said in the plan, before any write.

use super::capabilities::{Capabilities, Seen};
use super::mapping::{Applications, GroupIdentity, Identity, Roles, Words};
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::LiveError;
use crate::model::{Organisation, Person, Value};
use crate::platform::{Field, Section, State};

/// The longest name of a group that servers are known to keep.
const LONGEST: usize = 255;

/// The findings about an organisation on a target.
pub fn findings(organisation: &Organisation, target: &str, capabilities: Option<&Capabilities>) -> Vec<Diagnostic> {
    let Some(known) = capabilities else {
        let error = not_probed(target, &[]);
        return vec![error_finding(error)];
    };
    let untried = known.untried(&organisation.platform);
    if !untried.is_empty() {
        return vec![error_finding(not_probed(target, &untried))];
    }
    let mut findings = Vec::new();
    findings.extend(kept(organisation, target, known));
    let held = |person: &Person| held(organisation, person, target, known);
    findings.extend(organisation.people.iter().flat_map(held));
    findings
}

/// The error of a target of which too little is known to write to it.
pub fn not_probed(target: &str, untried: &[&str]) -> LiveError {
    let what = match untried {
        [] => "what it keeps has never been tried".to_owned(),
        untried => format!("it has not been tried whether it keeps: {}", untried.join(", ")),
    };
    LiveError::new(
        format!("nothing can be written to `{target}` yet: {what}"),
        format!(
            "run `rosterctl target probe --write --target {target}`: it creates two users and two groups of its own \
             there, and removes them again"
        ),
    )
}

fn error_finding(error: LiveError) -> Diagnostic {
    let finding = Diagnostic::error("plan/not-probed", error.message);
    match error.hint {
        Some(hint) => finding.help(hint),
        None => finding,
    }
}

/// How what a roster says is kept where the target has no place of its own for it.
fn kept(organisation: &Organisation, target: &str, known: &Capabilities) -> Option<Diagnostic> {
    let carriers = known.carriers();
    let mut ways = Vec::new();
    match carriers.identity {
        Identity::ExternalId => {}
        Identity::EmployeeNumber => ways.push("ids as employee numbers"),
        Identity::UserName => ways.push("ids as user names, `organisation.id`"),
    }
    match carriers.group_identity {
        GroupIdentity::ExternalId => {}
        GroupIdentity::DisplayName => ways.push("ids of groups in their names, in parentheses"),
    }
    let people = &organisation.people;
    if people.iter().any(|person| !person.roles.is_empty()) {
        match carriers.roles {
            Roles::Roles => {}
            Roles::Entitlements => ways.push("roles as entitlements"),
            Roles::Groups => ways.push("roles as groups, one for each role"),
        }
    }
    if people.iter().any(|person| !person.attributes.is_empty()) {
        match carriers.words {
            Words::Extension => {}
            Words::Entitlements => ways.push("attributes as entitlements"),
            Words::Groups => ways.push("attributes as groups, one for each value"),
        }
    }
    if organisation.groups.iter().any(|group| !group.applications.is_empty())
        && carriers.applications == Applications::Groups
    {
        ways.push("the access that a group gives as more groups, one for each application");
    }
    if known.contacts.is_none() && people.iter().any(|person| person.section == Section::Contacts) {
        ways.push("contacts as users without access");
    }
    if ways.is_empty() {
        return None;
    }
    let message = format!("`{target}` keeps of `{}`: {}", organisation.id, ways.join("; "));
    let place = organisation.place.clone();
    let help = format!("`{target}` was seen to keep them no other way; its capabilities file says what was tried");
    Some(Diagnostic::new("plan/mapping", Severity::Info, message).at(place).help(help))
}

/// What the target cannot hold of a person.
fn held(organisation: &Organisation, person: &Person, target: &str, known: &Capabilities) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let carriers = known.carriers();
    let id = &person.id;
    let mut cannot = |what: String, place, help: &str| {
        let message = format!("`{target}` cannot hold {what} of `{id}`");
        findings.push(Diagnostic::error("plan/cannot-hold", message).at(place).help(help.to_owned()));
    };
    let contact = person.section == Section::Contacts;
    let own = contact && known.contacts.is_some();
    let phone = person.phone.as_ref().filter(|phone| !phone.value.is_empty());
    if phone.is_some() && !carriers.phone && !own {
        let help = "leave `phone` out of the roster, or have the portal keep `phoneNumbers` and probe again";
        cannot("the phone number".to_owned(), person.field_place(Field::Phone), help);
    }
    if known.users.one_word_names == Seen::No && !own && !person.name.value.contains(' ') {
        let help = "the portal asks for a given name and a family name: write both";
        cannot(format!("the name `{}`", person.name.value), person.place(), help);
    }
    let shut_out = contact || person.status.value == State::Deactivated;
    if shut_out && !own && !known.users.active.works() {
        let help = "the portal does not keep `active: false`, so everybody there has access: leave the entry out";
        cannot("an account without access".to_owned(), person.place(), help);
    }
    if contact && !own && organisation.entry(Section::Users, id).is_some() {
        let help = "give the contact another id: on this portal contacts are users, and no two may have one id";
        cannot("a user and a contact with the same id".to_owned(), person.place(), help);
    }
    if carriers.words == Words::Groups && !own {
        for (attribute, value) in &person.attributes {
            let longest = match &value.value {
                Value::Boolean(_) => 5,
                Value::Text(text) => text.len(),
                Value::List(words) => words.iter().map(|word| word.value.len()).max().unwrap_or(0),
            };
            let name = &organisation.platform[*attribute].name;
            // The name of the group has the value twice: once to read, once in its identity.
            if 2 * (longest + name.len()) + organisation.id.len() + 20 > LONGEST {
                let place = person.attribute_place(&organisation.platform, *attribute);
                cannot(
                    format!("so long a value of `{name}`"),
                    place,
                    "shorten it: it becomes the name of a group there",
                );
            }
        }
    }
    findings
}
