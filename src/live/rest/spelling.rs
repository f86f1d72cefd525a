//! Fields that a manifest reads and that no item has: misspelt there, or renamed on the portal. Taken for empty, they
//! would be changes to everybody.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};
use smol_str::SmolStr;

use super::api::{Api, PersonField};
use super::expression::{Failure, Lack};
use super::talk::{Talk, unusable};
use super::view::{self, Told};
use super::{Rest, shipped};
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::document::record::visible;
use crate::live::scim::{Kind, Page};
use crate::live::{Live, LiveError, Resource};
use crate::platform::Verb;

/// From so many items on, what none of them has is not there at all.
const ENOUGH: usize = 2;

/// Of so many items the names of fields are looked at.
const LOOKED: usize = 100;

/// So deep inside items.
const DEPTH: usize = 3;

/// What the expressions of a kind found in a list.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    items: usize,
    /// For each expression: whether a field that it reads was there in some item, and else which was not.
    fields: Vec<(bool, Option<Lack>)>,
    /// The names of fields that items have.
    keys: BTreeSet<SmolStr>,
    /// Whether somebody is managed already: then the portal has what was written.
    managed: bool,
}

/// A field that no item has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    /// The key in the manifest.
    pub field: &'static str,
    /// The field that is read.
    pub key: String,
    /// A field that items have and that may be meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// Whether nothing can be believed without it.
    pub fatal: bool,
    /// Whether it is a field of the item itself that is taken as it is.
    pub plain: bool,
    /// The line of the manifest.
    pub place: String,
    /// What is wrong and where.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Tally {
    /// Adds what an item told.
    pub fn add(&mut self, item: &Json, told: &[Told]) {
        self.fields.resize(told.len(), (false, None));
        if self.items < LOOKED {
            keys(item, DEPTH, &mut self.keys);
        }
        self.items += 1;
        for ((found, lost), told) in self.fields.iter_mut().zip(told) {
            match &told.value {
                // What lies inside a field that only some items have says more than the lack of the whole.
                Err(Failure::Absent(_, Some(lack))) => {
                    if lost.as_ref().is_none_or(|known| known.plain && !lack.plain) {
                        *lost = Some(lack.clone());
                    }
                }
                _ => *found = true,
            }
            self.managed |= told.field == PersonField::ExternalId && told.value.is_ok();
        }
    }

    /// What no item has, although the manifest reads it.
    pub fn lost(&self, api: &Api, kind: Kind) -> Vec<Lost> {
        let fields = api.fields(kind);
        let found = |field: PersonField| {
            let at = fields.iter().position(|(own, _)| *own == field);
            at.and_then(|at| self.fields.get(at)).is_some_and(|(found, _)| *found)
        };
        let written: Vec<&str> = fields.iter().map(|(_, slot)| api.written(*slot)).collect();
        let mentioned = |key: &str| {
            let word = |c: char| !c.is_alphanumeric() && c != '_';
            written.iter().any(|text| text.split(word).any(|own| own == key))
        };
        let free: Vec<&str> = self.keys.iter().map(SmolStr::as_str).filter(|key| !mentioned(key)).collect();
        let mut all = Vec::new();
        for ((field, _), (found_it, lack)) in fields.iter().zip(&self.fields) {
            let Some(lack) = lack.as_ref().filter(|_| !found_it) else { continue };
            let near = nearest(&lack.key, free.iter().copied());
            if near.is_none() && self.items < ENOUGH {
                continue;
            }
            let near_or = |other: bool| near.is_some() || other;
            let fatal = match field {
                PersonField::Id | PersonField::Active | PersonField::Name => true,
                PersonField::GivenName => near_or(!found(PersonField::FamilyName)),
                PersonField::FamilyName => near_or(!found(PersonField::GivenName)),
                PersonField::Email => near_or(!found(PersonField::UserName)),
                PersonField::UserName => near_or(!found(PersonField::Email)),
                // What was written there is there, even if it is an empty list.
                PersonField::Roles | PersonField::Access => lack.plain && self.managed,
                _ => false,
            };
            // A portal that nobody was written to yet has no ids of ours, and may leave out what is empty.
            let usual = match field {
                PersonField::Phone | PersonField::Attributes | PersonField::Roles | PersonField::Access => !lack.plain,
                PersonField::ExternalId | PersonField::Type | PersonField::Modified | PersonField::Version => true,
                _ => false,
            };
            if usual && !fatal && near.is_none() {
                continue;
            }
            let key = visible(&lack.key);
            let what = match kind {
                Kind::User => "users",
                Kind::Contact => "contacts",
                Kind::Group => "groups",
            };
            let none = match self.items {
                1 => format!("the only one of the {what} does not have"),
                items => format!("none of the {items} {what} has"),
            };
            let place = api.place_at(lack.span.start);
            let message = format!("{place}: `{}` of `{what}` reads the field `{key}`, which {none}", field.as_str());
            let help = match near {
                Some(near) => format!("did you mean `{}`? Mend the manifest, then plan again", visible(near)),
                None => format!(
                    "mend the manifest; where the portal leaves out what is empty, say so there: {}",
                    may_lack(&key)
                ),
            };
            let own = Lost {
                field: field.as_str(),
                key: key.clone(),
                near: near.map(visible),
                fatal,
                plain: lack.plain,
                place,
                message,
                help,
            };
            all.push(own);
        }
        all
    }
}

/// How a manifest says that a field may be missing.
fn may_lack(key: &str) -> String {
    format!("`'has(item.{key}) ? item.{key} : null'`")
}

impl Lost {
    /// What the field is called in the changes of steps; none: it is in no change.
    fn changed_as(&self) -> Option<&'static str> {
        Some(match self.field {
            "givenName" | "familyName" => "name",
            "userName" => "email",
            "access" => "applications",
            "externalId" => "id",
            field @ ("email" | "phone" | "roles" | "attributes" | "type") => field,
            _ => return None,
        })
    }

    /// Whether a step changes it: what it does, and the fields that it changes.
    fn is_changed(&self, verb: Verb, fields: &[&str]) -> bool {
        let Some(name) = self.changed_as() else { return false };
        let named = |field: &&str| *field == name || field.strip_prefix(name).is_some_and(|key| key.starts_with('.'));
        // Whoever is deleted needs no field, and whoever is created gets an id.
        verb != Verb::Delete && (fields.iter().any(named) || name == "id" && verb == Verb::Create)
    }
}

/// A step of a plan: what it does, to which kind of object, and the fields that it changes.
pub type Changing<'p> = (Verb, Resource, Vec<&'p str>);

impl Rest {
    /// Makes errors of the findings about fields that no item shows and that steps change: nobody could see whether the
    /// portal kept them.
    pub fn refuse_unseen(&self, steps: &[Changing<'_>], findings: &mut [Diagnostic]) {
        let Ok(tallies) = self.talk.tallies.lock() else { return };
        for kind in [Kind::User, Kind::Contact, Kind::Group] {
            let of_kind = |resource: Resource| match resource {
                Resource::PermissionGroup => kind == Kind::Group,
                Resource::Contact if self.api.contacts.is_some() => kind == Kind::Contact,
                _ => kind == Kind::User,
            };
            let all = tallies.get(&kind).map(|tally| tally.lost(&self.api, kind)).unwrap_or_default();
            for lost in all.into_iter().filter(|lost| lost.plain && !lost.fatal) {
                let changing =
                    |(verb, resource, fields): &&Changing<'_>| of_kind(*resource) && lost.is_changed(*verb, fields);
                let count = match steps.iter().filter(changing).count() {
                    0 => continue,
                    1 => "one step changes it".to_owned(),
                    count => format!("{count} steps change it"),
                };
                let help = match shipped(&self.api.reference) {
                    Some(_) => "see to it that the credentials may read this field on the portal".to_owned(),
                    None => {
                        let spelt = match &lost.near {
                            Some(near) => format!("did you mean `{near}`? Else"),
                            None => "spell it as the portal does, or".to_owned(),
                        };
                        let has = may_lack(&lost.key);
                        format!("{spelt} write {has} where the portal leaves out what is empty")
                    }
                };
                for finding in findings.iter_mut().filter(|finding| finding.message == lost.message) {
                    finding.severity = Severity::Error;
                    finding.message = format!("{}; {count}, and nobody could see whether it was kept", lost.message);
                    finding.help = Some(help.clone());
                }
            }
        }
    }
}

fn keys(json: &Json, depth: usize, all: &mut BTreeSet<SmolStr>) {
    if let Some(entries) = json.as_object().filter(|_| depth > 0) {
        for (key, value) in entries {
            all.insert(key.as_str().into());
            keys(value, depth - 1, all);
        }
    }
}

impl Talk {
    /// A page of resources. What their expressions found is kept.
    pub(super) async fn page_of(&self, kind: Kind, from: &str) -> Result<Page, LiveError> {
        let Some(list) = self.api.list(kind) else { return Ok(Page::default()) };
        if kind == Kind::Group && from.is_empty() {
            self.fill_table().await?;
        }
        if kind == Kind::User && from.is_empty() {
            self.fill_roles().await?;
        }
        let mut tally = match from {
            "" => Tally::default(),
            _ => self.tallies.lock().ok().and_then(|mut all| all.remove(&kind)).unwrap_or_default(),
        };
        let sheet = self.sheet(list, None, from).await?;
        let (api, items) = (self.api.clone(), sheet.items);
        // Expressions may take long: nobody else waits for them.
        let read = move || {
            let (mut read, mut groups) = (Vec::new(), Vec::new());
            for item in items {
                let told = view::told(&api, kind, &item);
                tally.add(&item, &told);
                match kind {
                    Kind::Group => groups.push((item, told)),
                    Kind::User | Kind::Contact => read.push(Json::Object(view::resource_of(kind, told, None))),
                }
            }
            (read, groups, tally)
        };
        let read = tokio::task::spawn_blocking(read).await;
        let (read, groups, tally) = read.map_err(|_| unusable(&list.get.text, "it could not be read"))?;
        if let Ok(mut all) = self.tallies.lock() {
            all.insert(kind, tally);
        }
        let (resources, gap) = match kind {
            Kind::Group => self.groups(groups).await?,
            Kind::User => self.with_roles(read).await?,
            Kind::Contact => (read, None),
        };
        let raw = |json: &Json| to_raw_value(json).map_err(|error| unusable(&list.get.text, &error.to_string()));
        let resources = resources.iter().map(raw).collect::<Result<Vec<Box<RawValue>>, LiveError>>()?;
        Ok(Page { resources, total: sheet.total, next: sheet.next, gap: sheet.gap.or(gap) })
    }

    /// Tells of a reading what the manifest reads and no item has; without what nobody can be without, it is not to be
    /// believed.
    pub(super) fn tell_lost(&self, live: &mut Live) {
        let Ok(tallies) = self.tallies.lock() else { return };
        let mut fatal: Vec<Lost> = Vec::new();
        for kind in [Kind::User, Kind::Contact, Kind::Group] {
            for lost in tallies.get(&kind).map(|tally| tally.lost(&self.api, kind)).unwrap_or_default() {
                if lost.fatal {
                    fatal.push(lost);
                    continue;
                }
                let finding = Diagnostic::new("plan/no-such-field", Severity::Warning, lost.message);
                live.findings.push(finding.help(lost.help));
            }
        }
        if let Some(first) = fatal.first() {
            let all: Vec<&str> = fatal.iter().map(|lost| lost.message.as_str()).collect();
            live.suspect.get_or_insert(all.join("; "));
            live.cure.get_or_insert(first.help.clone());
        }
    }
}
