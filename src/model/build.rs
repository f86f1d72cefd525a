//! From documents to organisations: references resolved against the platform, every word that is not there a finding.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use super::{Day, Group, Held, Managed, Organisation, Person, Platforms, Profile, Stated, Status, Text, Value, Waiver};
use crate::diagnostic::{Diagnostic, FileId, Located, Place, Span, nearest, pointer};
use crate::document::Written;
use crate::document::record::{Map, Required, is_kebab};
use crate::document::roster::{self, AttributeValue, EntryType, Roster};
use crate::platform::{AttributeType, Platform, Section, State};

/// What came out of the documents.
#[derive(Debug)]
pub struct Built {
    /// The organisations whose platform is known, by id.
    pub organisations: Vec<Organisation>,
    /// The findings on the way.
    pub diagnostics: Vec<Diagnostic>,
}

/// Builds the organisations out of their documents, on all cores. People whose last day is before `today` count as
/// removed.
pub fn build(documents: Vec<Written<Box<Roster>>>, platforms: &Platforms, today: Day) -> Built {
    let mut by_organisation: BTreeMap<SmolStr, Vec<Written<Box<Roster>>>> = BTreeMap::new();
    for document in documents {
        if let Some(id) = &document.value.organisation.0 {
            by_organisation.entry(id.value.0.clone()).or_default().push(document);
        }
    }
    let groups: Vec<_> = by_organisation.into_iter().collect();
    let built: Vec<(Option<Organisation>, Vec<Diagnostic>)> =
        groups.into_par_iter().map(|(id, documents)| Builder::new(id, today).build(documents, platforms)).collect();
    let mut result = Built { organisations: Vec::with_capacity(built.len()), diagnostics: Vec::new() };
    for (organisation, mut diagnostics) in built {
        result.organisations.extend(organisation);
        result.diagnostics.append(&mut diagnostics);
    }
    result
}

/// From so many people of one document on, they are taken in on all cores.
const MANY: usize = 4096;

pub(super) struct Builder {
    id: SmolStr,
    pub(super) today: Day,
    diagnostics: Vec<Diagnostic>,
    /// Groups that are declared and could not be read.
    pub(super) unread_groups: Vec<SmolStr>,
}

impl Builder {
    fn new(id: SmolStr, today: Day) -> Builder {
        Builder { id, today, diagnostics: Vec::new(), unread_groups: Vec::new() }
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.diagnostics.push(finding.organisation(self.id.clone()));
    }

    fn build(
        mut self,
        documents: Vec<Written<Box<Roster>>>,
        platforms: &Platforms,
    ) -> (Option<Organisation>, Vec<Diagnostic>) {
        let Some((platform, place)) = self.platform(&documents, platforms) else { return (None, self.diagnostics) };
        let profile = self.profile(&documents, &platform);
        let mut organisation = Organisation {
            asked: Vec::new(),
            id: self.id.clone(),
            platform: platform.clone(),
            place,
            profile,
            people: Vec::with_capacity(documents.iter().map(|document| document.value.people()).sum()),
            expired: Vec::new(),
            groups: Vec::new(),
            managed: Managed::default(),
            expectations: Vec::new(),
            waivers: Vec::new(),
        };
        for document in documents {
            self.document(document, &mut organisation);
        }
        self.settle(&mut organisation);
        (Some(organisation), self.diagnostics)
    }

    fn platform(
        &mut self,
        documents: &[Written<Box<Roster>>],
        platforms: &Platforms,
    ) -> Option<(Arc<Platform>, Place)> {
        let mut stated: Vec<(&Text, Place)> = Vec::new();
        for document in documents {
            if let Some(reference) = &document.value.platform {
                let place = Place { file: document.file, span: reference.span, pointer: "/platform".to_owned() };
                stated.push((reference, place));
            }
        }
        let Some((reference, place)) = stated.first().cloned() else {
            let first = &documents[0];
            let place = Place { file: first.file, span: first.head, pointer: String::new() };
            let message = format!("no document of organisation `{}` states its platform", self.id);
            let help = "add `platform: arxus`, or the path of a platform file, to exactly one of its documents";
            self.report(Diagnostic::error("roster/missing-key", message).at(place).help(help));
            return None;
        };
        for (_, second) in &stated[1..] {
            let message = format!("the platform of organisation `{}` is stated a second time", self.id);
            let finding = Diagnostic::error("roster/duplicate-key", message).at(second.clone());
            let help = "state it in exactly one document";
            self.report(finding.related(place.clone(), "first stated here").help(help));
        }
        Some((platforms.find(&reference.value, place.file)?, place))
    }

    fn profile(&mut self, documents: &[Written<Box<Roster>>], platform: &Platform) -> Profile {
        let mut first: Option<Place> = None;
        let mut profile = Profile::default();
        for document in documents {
            let Some(written) = &document.value.profile else { continue };
            let place = Place { file: document.file, span: written.span, pointer: "/profile".to_owned() };
            let written = &written.value;
            if let Some(first) = &first {
                let message = format!("the profile of organisation `{}` is stated a second time", self.id);
                let finding = Diagnostic::error("roster/duplicate-key", message).at(place);
                self.report(
                    finding.related(first.clone(), "first stated here").help("state it in exactly one document"),
                );
                continue;
            }
            first = Some(place);
            let names = platform.services.iter().map(|service| service.id.as_str());
            for (index, service) in written.services.iter().flatten().enumerate() {
                if !platform.services.iter().any(|known| known.id == service.value) {
                    let place = Place {
                        file: document.file,
                        span: service.span,
                        pointer: pointer(["profile", "services", &index.to_string()]),
                    };
                    let message = format!("{} sells no service `{}`", platform.name, service.value);
                    let finding = Diagnostic::error("roster/wrong-type", message).at(place);
                    self.report(offer(finding, &service.value, names.clone(), "services"));
                }
            }
            profile = Profile {
                name: written.name.as_ref().map(|name| name.value.clone()),
                domains: written.domains.iter().flatten().map(|domain| domain.value.to_lowercase().into()).collect(),
                size: written.size.map(|size| size.value),
                services: written.services.iter().flatten().map(|service| service.value.clone()).collect(),
                agreement: written.service_agreement.map(|agreement| agreement.value),
                relationship: written.relationship.map(|relationship| relationship.value),
            };
        }
        profile
    }

    fn document(&mut self, document: Written<Box<Roster>>, organisation: &mut Organisation) {
        let Written { file, value: roster, .. } = document;
        let platform = organisation.platform.clone();
        organisation.managed.users |= roster.users.is_some();
        organisation.managed.contacts |= roster.contacts.is_some();
        organisation.managed.groups |= roster.permission_groups.is_some();
        for (section, there) in [
            (Section::Users, roster.users.as_ref().map(|map| map.span)),
            (Section::Contacts, roster.contacts.as_ref().map(|map| map.span)),
            (Section::PermissionGroups, roster.permission_groups.as_ref().map(|map| map.span)),
        ] {
            if let Some(span) = there.filter(|_| !platform.sections.contains(&section)) {
                let place = Place { file, span, pointer: pointer([section.as_str()]) };
                let message = format!("{} has no {section}", platform.name);
                let help = format!("take the section `{section}` out");
                self.report(Diagnostic::error("roster/unknown-key", message).at(place).help(help));
            }
        }
        let users = roster.users.map(|map: Map<_>| map.entries).unwrap_or_default();
        self.people(organisation, file, Section::Users, users);
        let contacts = roster.contacts.map(|map: Map<_>| map.entries).unwrap_or_default();
        self.people(organisation, file, Section::Contacts, contacts);
        let groups = roster.permission_groups.unwrap_or_default();
        self.unread_groups.extend(groups.unread);
        for (key, group) in groups.entries {
            let group = self.group(&platform, file, key, group);
            organisation.groups.push(group);
        }
        for (index, expectation) in roster.expectations.into_iter().flatten().enumerate() {
            let pointer = pointer(["expectations", &index.to_string()]);
            let place = Place { file, span: expectation.span, pointer };
            organisation.expectations.push(Stated { value: expectation.value, place });
        }
        for (index, waiver) in roster.waivers.into_iter().flatten().enumerate() {
            let place = Place { file, span: waiver.span, pointer: pointer(["waivers", &index.to_string()]) };
            if waiver.value.reason.0.as_ref().is_some_and(|reason| reason.value.trim().is_empty()) {
                let finding = Diagnostic::error("roster/missing-key", "a waiver needs a reason").at(place.clone());
                self.report(finding.help("say under `reason` why the finding is accepted"));
            }
            if let (Some(rule), Some(reason)) = (waiver.value.rule.0, waiver.value.reason.0) {
                organisation.waivers.push(Waiver {
                    rule: rule.value,
                    subject: waiver.value.subject.map(|subject| subject.value),
                    reason: reason.value,
                    until: waiver.value.until.map(|until| until.value),
                    place,
                });
            }
        }
    }

    /// Takes in the people of a section; many of them on all cores.
    fn people<T: Into<Entry> + Send>(
        &mut self,
        organisation: &mut Organisation,
        file: FileId,
        section: Section,
        entries: Vec<(Text, T)>,
    ) {
        let platform = &organisation.platform;
        if entries.len() < MANY {
            let people =
                entries.into_iter().map(|(key, entry)| self.person(platform, file, section, key, entry.into()));
            organisation.people.extend(people);
            return;
        }
        let read = |(key, entry): (Text, T)| {
            let mut builder = Builder::new(self.id.clone(), self.today);
            let person = builder.person(platform, file, section, key, entry.into());
            (person, builder.diagnostics)
        };
        let (people, findings): (Vec<Person>, Vec<Vec<Diagnostic>>) =
            entries.into_par_iter().with_min_len(MANY / 4).map(read).unzip();
        if organisation.people.is_empty() {
            organisation.people = people;
        } else {
            organisation.people.extend(people);
        }
        self.diagnostics.extend(findings.into_iter().flatten());
    }

    fn person(&mut self, platform: &Platform, file: FileId, section: Section, key: Text, written: Entry) -> Person {
        let mut person = Person {
            id: key.value,
            section,
            entry_type: written.entry_type.unwrap_or(Located::nowhere(EntryType::Person)),
            name: written.name.0.unwrap_or_default(),
            email: written.email.map(|email| Located::new(email.value.0, email.span)),
            phone: written.phone,
            status: written
                .status
                .map_or(Located::nowhere(State::Active), |status| Located::new(status.value.into(), status.span)),
            roles: Vec::with_capacity(written.roles.len()),
            groups: written.groups,
            attributes: Vec::with_capacity(written.attributes.len()),
            previously: written.previously.into_iter().map(|id| id.value.0).collect(),
            until: written.until,
            file,
            key: key.span,
        };
        for (index, word) in written.roles.iter().enumerate() {
            let place = || person.at(word.span, &["roles", &index.to_string()]);
            match platform.role(&word.value) {
                Some(role) => match person.roles.iter().find(|held: &&Held| held.role == role) {
                    Some(_) => {
                        let message = format!("`{}` lists the role `{}` twice", person.id, word.value);
                        let finding = Diagnostic::error("roster/duplicate-key", message).at(place());
                        let finding = finding.help("keep one of the two").subject(person.id.clone());
                        self.report(finding.related(person.role_place(role), "first listed here"));
                    }
                    None => person.roles.push(Held { role, index: index as u16, span: word.span }),
                },
                None => {
                    let message = format!("{} has no role `{}`", platform.name, word.value);
                    let finding =
                        Diagnostic::error("roster/unknown-role", message).at(place()).subject(person.id.clone());
                    let names = platform.roles.iter().map(|role| role.id.as_str());
                    self.report(offer(finding, &word.value, names, "roles"));
                }
            }
        }
        for (name, value) in written.attributes {
            self.attribute(platform, &mut person, name, value);
        }
        person.attributes.sort_by_key(|(attribute, _)| *attribute);
        person
    }

    fn attribute(&mut self, platform: &Platform, person: &mut Person, name: Text, written: Located<AttributeValue>) {
        let Some(attribute) = platform.attribute(&name.value) else {
            let place = person.at(name.span, &["attributes", &name.value]);
            let message = format!("{} has no attribute `{}`", platform.name, name.value);
            let finding = Diagnostic::error("roster/unknown-attribute", message).at(place).subject(person.id.clone());
            let names = platform.attributes.iter().map(|attribute| attribute.name.as_str());
            self.report(offer(finding, &name.value, names, "attributes"));
            return;
        };
        let known = &platform[attribute];
        let value = match (written.value, known.value_type) {
            (AttributeValue::Boolean(value), AttributeType::Boolean) => Some(Value::Boolean(value)),
            (AttributeValue::Text(text), AttributeType::Text | AttributeType::User) => Some(Value::Text(text)),
            (AttributeValue::List(words), AttributeType::List | AttributeType::Roles) => Some(Value::List(words)),
            _ => None,
        };
        let Some(value) = value else {
            let place = person.at(written.span, &["attributes", &name.value]);
            let expected = match known.value_type {
                AttributeType::Boolean => "true or false, without quotes",
                AttributeType::Text => "text",
                AttributeType::List => "a list of words",
                AttributeType::Roles => "a list of roles",
                AttributeType::User => "the id of a user",
            };
            let message = format!("the attribute `{}` must be {expected}", name.value);
            let help = format!("write {expected}; {}: {}", name.value, known.summary);
            let finding = Diagnostic::error("roster/wrong-type", message).at(place).help(help);
            self.report(finding.subject(person.id.clone()));
            return;
        };
        if let Value::List(words) = &value {
            for (index, word) in words.iter().enumerate() {
                let place = || person.at(word.span, &["attributes", &name.value, &index.to_string()]);
                let finding = match known.value_type {
                    AttributeType::Roles if platform.role(&word.value).is_none() => {
                        let message = format!("{} has no role `{}`", platform.name, word.value);
                        let names = platform.roles.iter().map(|role| role.id.as_str());
                        let finding = Diagnostic::error("roster/unknown-role", message).at(place());
                        Some(offer(finding, &word.value, names, "roles"))
                    }
                    AttributeType::List if !known.values.is_empty() && !known.values.contains(&word.value) => {
                        let message = format!("`{}` is not one of the words of `{}`", word.value, name.value);
                        let names = known.values.iter().map(SmolStr::as_str);
                        let finding = Diagnostic::error("roster/wrong-type", message).at(place());
                        Some(offer(finding, &word.value, names, "words"))
                    }
                    AttributeType::List if !is_kebab(&word.value) => {
                        let (message, help) = crate::document::record::id_problem(&word.value);
                        Some(Diagnostic::error("roster/wrong-type", message).at(place()).help(help))
                    }
                    _ => None,
                };
                if let Some(finding) = finding {
                    self.report(finding.subject(person.id.clone()));
                }
            }
        }
        person.attributes.push((attribute, Located::new(value, written.span)));
    }

    fn group(&mut self, platform: &Platform, file: FileId, key: Text, written: roster::PermissionGroup) -> Group {
        let mut group = Group {
            id: key.value,
            name: written.name.0.unwrap_or_default(),
            applications: Vec::new(),
            previously: written.previously.into_iter().flatten().map(|id| id.value.0).collect(),
            file,
            key: key.span,
        };
        for (name, level) in written.applications.map(|map| map.entries).unwrap_or_default() {
            let place = |span: Span| Place {
                file,
                span,
                pointer: pointer(["permissionGroups", &group.id, "applications", &name.value]),
            };
            let Some(application) = platform.application(&name.value) else {
                let message = format!("{} has no application `{}`", platform.name, name.value);
                let finding = Diagnostic::error("roster/unknown-application", message).at(place(name.span));
                let names = platform.applications.iter().map(|application| application.id.as_str());
                self.report(offer(finding.subject(group.id.clone()), &name.value, names, "applications"));
                continue;
            };
            let Some(at) = platform[application].level(&level.value) else {
                let message = format!("`{}` has no level `{}`", name.value, level.value);
                let finding = Diagnostic::error("roster/wrong-type", message).at(place(level.span));
                let names = platform[application].levels.iter().map(SmolStr::as_str);
                self.report(offer(finding.subject(group.id.clone()), &level.value, names, "levels"));
                continue;
            };
            group.applications.push((application, at, name.span));
        }
        group.applications.sort_unstable_by_key(|(application, ..)| *application);
        group
    }
}

/// Adds the nearest word to a finding, or the whole choice where none is near.
pub(crate) fn offer<'w>(
    finding: Diagnostic,
    word: &str,
    words: impl Iterator<Item = &'w str> + Clone,
    what: &str,
) -> Diagnostic {
    match nearest(word, words.clone()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => {
            let choice: Vec<&str> = words.take(12).collect();
            if choice.is_empty() {
                finding.help(format!("there are no {what} to choose from"))
            } else {
                finding.help(format!("the {what} are: {}", choice.join(", ")))
            }
        }
    }
}

/// What users and contacts have in common, as written.
struct Entry {
    name: Required<Text>,
    email: Option<Located<roster::Email>>,
    phone: Option<Text>,
    entry_type: Option<Located<EntryType>>,
    status: Option<Located<Status>>,
    roles: Vec<Text>,
    groups: Vec<Text>,
    attributes: Vec<(Text, Located<AttributeValue>)>,
    previously: Vec<Located<crate::document::record::Id>>,
    until: Option<Located<Day>>,
}

impl From<Box<roster::User>> for Entry {
    fn from(user: Box<roster::User>) -> Entry {
        Entry {
            name: user.name,
            email: user.email,
            phone: user.phone,
            entry_type: user.entry_type,
            status: user.status,
            roles: user.roles.unwrap_or_default(),
            groups: user.groups.unwrap_or_default(),
            attributes: user.attributes.map(|map| map.entries).unwrap_or_default(),
            previously: user.previously.unwrap_or_default(),
            until: user.until,
        }
    }
}

impl From<Box<roster::Contact>> for Entry {
    fn from(contact: Box<roster::Contact>) -> Entry {
        Entry {
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            entry_type: contact.entry_type,
            status: None,
            roles: contact.roles.unwrap_or_default(),
            groups: Vec::new(),
            attributes: contact.attributes.map(|map| map.entries).unwrap_or_default(),
            previously: contact.previously.unwrap_or_default(),
            until: contact.until,
        }
    }
}
