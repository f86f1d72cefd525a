//! What only the whole organisation can tell: ids and addresses that stand twice, groups that are not there, people whose
//! last day has passed.

use std::borrow::Cow;
use std::collections::HashMap;

use smol_str::SmolStr;

use super::build::{Builder, offer};
use super::{Group, Organisation, Person, Value};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::document::record::visible;
use crate::platform::{self, AttributeType, Section};

impl Builder {
    /// Sorts, takes out who has left, and checks what only the whole organisation can tell.
    pub(super) fn settle(&mut self, organisation: &mut Organisation) {
        organisation.groups.sort_by(|a, b| a.id.cmp(&b.id));
        // People are large: their keys are sorted, then each of them is moved once.
        organisation.people.sort_by_cached_key(|person| (person.section, person.id.clone()));
        self.duplicate_ids(organisation);
        let today = self.today;
        let over = |person: &mut Person| person.until.is_some_and(|until| until.value < today);
        organisation.expired = organisation.people.extract_if(.., over).collect();
        self.duplicate_emails(organisation);
        self.duplicate_names(organisation);
        self.group_references(organisation);
        self.user_references(organisation);
        let people =
            organisation.people.iter().map(|person| (person.section, &person.id, &person.previously, person.place()));
        self.earlier_ids(people.collect());
        let section = Section::PermissionGroups;
        let groups = organisation.groups.iter().map(|group| (section, &group.id, &group.previously, group.place()));
        self.earlier_ids(groups.collect());
    }

    /// An earlier id belongs to one entry, and to none that is there under it.
    fn earlier_ids(&mut self, mut entries: Vec<(Section, &SmolStr, &Vec<SmolStr>, Place)>) {
        if entries.iter().all(|(_, _, earlier, _)| earlier.is_empty()) {
            return;
        }
        entries.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let mut claimed: HashMap<(Section, &SmolStr), &Place> = HashMap::new();
        for (section, id, earlier, place) in &entries {
            for old in earlier.iter() {
                let there = entries.binary_search_by(|entry| (entry.0, entry.1).cmp(&(*section, old)));
                let (message, second) = match (there, claimed.get(&(*section, old))) {
                    (Ok(at), _) => {
                        (format!("`{old}` cannot be an earlier id of `{id}`: it is declared itself"), &entries[at].3)
                    }
                    (_, Some(first)) => {
                        (format!("`{old}` is said to be an earlier id of `{id}` and of another entry"), *first)
                    }
                    _ => {
                        claimed.insert((*section, old), place);
                        continue;
                    }
                };
                let finding =
                    Diagnostic::error("roster/duplicate-key", message).at(place.clone()).subject((*id).clone());
                let finding =
                    finding.help("one person has one entry: take the id out of `previously`, or remove one of the two");
                self.report(finding.related(second.clone(), "the other entry"));
            }
        }
    }

    fn duplicate_ids(&mut self, organisation: &mut Organisation) {
        let twice = |id: &str, what: &str, second: Place, first: Place, help: &str| {
            let message = format!("{what} `{id}` is declared twice");
            let finding = Diagnostic::error("roster/duplicate-key", message).at(second).help(help.to_owned());
            finding.subject(id).related(first, "first declared here")
        };
        for pair in
            organisation.people.windows(2).filter(|pair| pair[0].section == pair[1].section && pair[0].id == pair[1].id)
        {
            let what = if pair[0].section == Section::Users { "user" } else { "contact" };
            let help = "keep one of the two, or give one of them another id";
            self.report(twice(&pair[1].id, what, pair[1].place(), pair[0].place(), help));
        }
        for pair in organisation.groups.windows(2).filter(|pair| pair[0].id == pair[1].id) {
            let help = "keep one of the two, or give one of them another id";
            self.report(twice(&pair[1].id, "permission group", pair[1].place(), pair[0].place(), help));
        }
        for contact in organisation.section(Section::Contacts) {
            if let Some(user) = organisation.entry(Section::Users, &contact.id) {
                let help = "keep the user: a user may hold contact roles too";
                self.report(twice(&contact.id, "the id", contact.place(), user.place(), help));
            }
        }
        let same = |a: &mut Person, b: &mut Person| a.section == b.section && a.id == b.id;
        organisation.people.dedup_by(same);
        organisation.groups.dedup_by(|a, b| a.id == b.id);
    }

    fn duplicate_emails(&mut self, organisation: &Organisation) {
        let mut seen: HashMap<Cow<'_, str>, &Person, foldhash::fast::RandomState> =
            HashMap::with_capacity_and_hasher(organisation.people.len(), foldhash::fast::RandomState::default());
        let mut found = Vec::new();
        for person in &organisation.people {
            let Some(email) = person.email.as_ref().filter(|email| !email.value.is_empty()) else { continue };
            match seen.entry(lower_case(&email.value)) {
                std::collections::hash_map::Entry::Vacant(vacant) => {
                    vacant.insert(person);
                }
                std::collections::hash_map::Entry::Occupied(first) => found.push((*first.get(), person)),
            }
        }
        for (first, second) in found {
            let email = second.email.as_ref().map(|email| email.value.as_str()).unwrap_or_default();
            let message = format!("`{}` has the e-mail address of `{}`: {email}", second.id, first.id);
            let help =
                "one person is one entry: a user may hold contact roles too; or give each an address of their own";
            let finding = Diagnostic::error("roster/duplicate-email", message)
                .at(second.field_place(platform::Field::Email))
                .help(help)
                .subject(second.id.clone());
            self.report(finding.related(first.field_place(platform::Field::Email), "the address stands here first"));
        }
    }

    /// Groups that are on the portal already are recognised by their names.
    fn duplicate_names(&mut self, organisation: &Organisation) {
        let mut seen: HashMap<&str, &Group> = HashMap::new();
        for group in organisation.groups.iter().filter(|group| !group.name.value.is_empty()) {
            let first = *seen.entry(&group.name.value).or_insert(group);
            if first.id == group.id {
                continue;
            }
            let message = format!("`{}` has the name of `{}`: {}", group.id, first.id, visible(&group.name.value));
            let finding = Diagnostic::error("roster/duplicate-key", message).at(group.name_place());
            let finding = finding.help("groups are recognised by their names: give each a name of its own");
            self.report(finding.subject(group.id.clone()).related(first.name_place(), "the name stands here first"));
        }
    }

    fn group_references(&mut self, organisation: &Organisation) {
        if !organisation.managed.groups && organisation.platform.sections.contains(&Section::PermissionGroups) {
            return;
        }
        for person in &organisation.people {
            for (index, group) in person.groups.iter().enumerate() {
                let place = || person.at(group.span, &["groups", &index.to_string()]);
                if organisation.group(&group.value).is_none() && !self.unread_groups.contains(&group.value) {
                    let message = format!("there is no permission group `{}`", group.value);
                    let finding =
                        Diagnostic::error("roster/unknown-group", message).at(place()).subject(person.id.clone());
                    let names = organisation.groups.iter().map(|group| group.id.as_str());
                    self.report(offer(finding, &group.value, names, "groups"));
                }
                if let Some(first) = person.groups[..index].iter().position(|earlier| earlier.value == group.value) {
                    let message = format!("`{}` lists the group `{}` twice", person.id, group.value);
                    let finding =
                        Diagnostic::error("roster/duplicate-key", message).at(place()).help("keep one of the two");
                    let earlier = person.at(person.groups[first].span, &["groups", &first.to_string()]);
                    self.report(finding.subject(person.id.clone()).related(earlier, "first listed here"));
                }
            }
        }
    }

    /// Attributes that hold the id of a user name one of the organisation, or one whose last day has passed.
    fn user_references(&mut self, organisation: &Organisation) {
        let platform = &organisation.platform;
        if !organisation.managed.users || platform.attributes.iter().all(|one| one.value_type != AttributeType::User) {
            return;
        }
        for person in &organisation.people {
            for (attribute, value) in &person.attributes {
                let Value::Text(id) = &value.value else { continue };
                let known = platform[*attribute].value_type != AttributeType::User
                    || id.is_empty()
                    || organisation.entry(Section::Users, id).is_some()
                    || organisation.expired.iter().any(|gone| gone.section == Section::Users && gone.id == *id);
                if !known {
                    let message = format!("`{}` names `{id}`, and no user has that id", platform[*attribute].name);
                    let finding = Diagnostic::error("roster/unknown-user", message)
                        .at(person.attribute_place(platform, *attribute))
                        .subject(person.id.clone());
                    let users = organisation.section(Section::Users).map(|user| user.id.as_str());
                    self.report(match nearest(id, users) {
                        Some(near) => finding.help(format!("did you mean `{near}`?")),
                        None => finding.help("write the id of a user of this organisation"),
                    });
                }
            }
        }
    }
}

/// A mail address as it is compared. Most are written so already.
fn lower_case(email: &str) -> Cow<'_, str> {
    if email.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(email.to_ascii_lowercase())
    } else {
        Cow::Borrowed(email)
    }
}
