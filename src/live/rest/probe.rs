//! A manifest tried read-only: one page of each list, what every expression gave, and whether the end would be known.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::Rest;
use super::api::{List, PersonField, Slot, word};
use super::expression::{Failure, Names};
use super::lacks::Ability;
use super::manifest::{End, MembersIn};
use super::spelling::{Lost, Tally};
use super::view::{self, Told};
use crate::live::LiveError;
use crate::live::scim::{Kind, Next};

/// How many items are shown.
const SHOWN: usize = 3;

/// What a manifest gave.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// What the API is called.
    pub api: String,
    /// What whoever connects it has to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The lists.
    pub lists: Vec<Looked>,
    /// What the manifest says how to do.
    pub operations: Vec<Ability>,
}

/// What one page of a list gave.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Looked {
    /// `users`, `contacts`, `groups`, `members`, `roles` or `holders`.
    pub list: String,
    /// The path.
    pub path: String,
    /// Why it could not be read, and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many items the page has.
    pub items: usize,
    /// How many pages of this size that makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<usize>,
    /// How many there are in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How the end of the list is known, in words.
    pub end: String,
    /// Whether it is known.
    pub end_known: bool,
    /// What each expression gave.
    pub fields: Vec<Field>,
    /// What the manifest reads and no item of the page has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// The first item read by itself, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one: Option<Alone>,
    /// The first items as they are understood.
    pub first: Vec<Map<String, Json>>,
}

/// The first item of a list, read by itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alone {
    /// The path in the manifest.
    pub path: String,
    /// The line of the manifest that says it.
    pub place: String,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What an expression gave on a page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// The key in the manifest.
    pub field: &'static str,
    /// The expression.
    pub written: String,
    /// For how many items it gave something.
    pub given: usize,
    /// For how many it found nothing.
    pub absent: usize,
    /// For how many it failed.
    pub failed: usize,
    /// The first reason of a failure or, where it never gave anything, why there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Tried {
    /// How many users there are, where the portal says so.
    pub fn users(&self) -> Option<usize> {
        self.lists.iter().find(|looked| looked.list == "users")?.counted()
    }

    /// How many groups there are, where the portal says so.
    pub fn groups(&self) -> Option<usize> {
        self.lists.iter().find(|looked| looked.list == "groups")?.counted()
    }

    /// Whether the lists are whole: then how many there are is a measure, whatever else is to be mended.
    pub fn whole(&self) -> bool {
        self.lists.iter().all(|looked| {
            looked.error.is_none()
                && looked.end_known
                && !looked.lost.iter().any(|lost| lost.fatal)
                && looked.fields.iter().all(|field| field.failed == 0)
        })
    }

    /// What is to be mended first; none: everything that was tried worked.
    pub fn mend(&self) -> Option<String> {
        self.lists.iter().find_map(Looked::mend)
    }
}

impl Looked {
    /// What is to be mended first, in words.
    pub fn mend(&self) -> Option<String> {
        let name = &self.list;
        if self.error.is_some() {
            return Some(format!("the list `{name}`"));
        }
        if let Some(lost) = self.lost.iter().find(|lost| lost.fatal).or(self.lost.first()) {
            return Some(format!("`{}` of `{name}` ({})", lost.field, lost.place));
        }
        if let Some(field) = self.fields.iter().find(|field| field.failed > 0) {
            return Some(format!("`{}` of `{name}`", field.field));
        }
        if !self.end_known {
            return Some(format!("how the end of the list `{name}` is known"));
        }
        let one = self.one.as_ref().filter(|one| one.error.is_some())?;
        Some(format!("`one` of `{name}` ({})", one.place))
    }

    /// How many pages there are, as far as the portal says it.
    fn more(&mut self, list: &List, first: usize) {
        let total = self.total.and_then(|total| usize::try_from(total).ok()).filter(|total| *total >= first);
        if list.paging.is_none() || self.end == WHOLE {
            self.pages = self.end_known.then_some(1);
        } else if let Some(total) = total {
            self.pages = Some(if first == 0 { 1 } else { total.div_ceil(first) });
        }
    }

    fn counted(&self) -> Option<usize> {
        let whole = (self.end_known && self.end == WHOLE).then_some(self.items);
        self.total.map(|total| total as usize).or(whole)
    }
}

const WHOLE: &str = "everything came with the first page";

/// Tries the manifest of a target. Nothing is written.
pub async fn probe(rest: &Rest) -> Tried {
    let api = rest.api();
    let mut lists = Vec::new();
    for (kind, name) in [(Kind::User, "users"), (Kind::Contact, "contacts"), (Kind::Group, "groups")] {
        let Some(list) = api.list(kind) else { continue };
        let (looked, first) = look(rest, kind, name, list).await;
        lists.push(looked);
        if kind == Kind::Group {
            lists.extend(members(rest, first.as_deref()).await);
        }
    }
    lists.extend(super::roles::looked(rest).await);
    let operations = api.abilities();
    Tried { operations, api: api.name.to_string(), about: api.about.as_ref().map(ToString::to_string), lists }
}

/// What a page gave, and the id of its first item.
async fn look(rest: &Rest, kind: Kind, name: &str, list: &List) -> (Looked, Option<String>) {
    let mut looked = Looked { list: name.to_owned(), path: list.get.text.to_string(), ..Looked::default() };
    let sheet = match rest.talk.sheet(list, None, "").await {
        Ok(sheet) => sheet,
        Err(error) => {
            looked.error = Some(in_words(error));
            return (looked, None);
        }
    };
    looked.items = sheet.items.len();
    looked.total = sheet.total;
    (looked.end, looked.end_known) = end(list, sheet.total, &sheet.next, sheet.gap.as_deref());
    let told: Vec<Vec<Told>> = sheet.items.iter().map(|item| view::told(rest.api(), kind, item)).collect();
    looked.fields = fields(rest, kind, &told);
    let mut tally = Tally::default();
    sheet.items.iter().zip(&told).for_each(|(item, told)| tally.add(item, told));
    looked.lost = tally.lost(rest.api(), kind);
    looked.more(list, sheet.items.len());
    let id = told.first().and_then(|told| view::word_of(told, PersonField::Id));
    if let Some((one, id)) = rest.api().one(kind).zip(id.as_deref()) {
        let (path, place) = (one.get.text.to_string(), rest.api().place_at(one.get.at));
        looked.one = Some(Alone { path, place, error: rest.talk.alone(kind, id).await });
    }
    looked.first = told.into_iter().take(SHOWN).map(plain).collect();
    (looked, id)
}

/// How the end of a list will be known.
fn end(list: &List, total: Option<u64>, next: &Next, gap: Option<&str>) -> (String, bool) {
    if let Some(gap) = gap {
        return (gap.to_owned(), false);
    }
    let counted = match total {
        Some(total) => format!("the portal says that there are {total} in all"),
        None => "the portal does not say how many there are".to_owned(),
    };
    match (list.paging.map(|paging| paging.end), next) {
        (None, _) => (WHOLE.to_owned(), true),
        (Some(_), Next::Nothing | Next::NothingSeen) if total.is_none() => (WHOLE.to_owned(), true),
        (Some(End::Total), _) => (format!("{counted}, and it is read until all are there"), total.is_some()),
        (Some(End::NoNext), _) => (format!("{counted}; the last page names no next one"), true),
        (Some(End::EmptyPage), _) if total.is_none() => {
            (format!("{counted}; an empty page ends the list, which is read twice to be sure"), true)
        }
        (Some(End::EmptyPage), _) => (format!("{counted}; an empty page ends the list"), true),
        (Some(End::ShortPage), _) => (format!("{counted}; a short page ends the list"), true),
    }
}

fn fields(rest: &Rest, kind: Kind, items: &[Vec<Told>]) -> Vec<Field> {
    let api = rest.api();
    let mut fields: Vec<Field> = Vec::new();
    for (field, slot) in api.fields(kind) {
        let written = api.written(*slot).to_owned();
        fields.push(Field { field: field.as_str(), written, given: 0, absent: 0, failed: 0, why: None });
    }
    let mut nothing: Vec<Option<String>> = vec![None; fields.len()];
    for item in items {
        for (at, told) in item.iter().enumerate() {
            let seen = &mut fields[at];
            match &told.value {
                Ok(_) => seen.given += 1,
                Err(Failure::Absent(why, _)) => {
                    seen.absent += 1;
                    nothing[at].get_or_insert_with(|| why.clone());
                }
                Err(Failure::Failed(why)) => {
                    seen.failed += 1;
                    seen.why.get_or_insert_with(|| why.clone());
                }
            }
        }
    }
    for (seen, why) in fields.iter_mut().zip(nothing) {
        if seen.given == 0 && seen.why.is_none() {
            seen.why = why;
        }
    }
    fields
}

/// An item as it is understood.
fn plain(told: Vec<Told>) -> Map<String, Json> {
    let known = told.into_iter().filter(|told| told.field != PersonField::Version);
    known.filter_map(|told| Some((told.field.as_str().to_owned(), told.value.ok()?))).collect()
}

/// The members of the first group, or a page of all memberships.
async fn members(rest: &Rest, first: Option<&str>) -> Option<Looked> {
    let api = rest.api();
    let members = &api.groups.as_ref()?.members;
    let list = members.list.as_ref()?;
    let id = first.filter(|_| members.place == MembersIn::List);
    if members.place == MembersIn::List && id.is_none() {
        return None;
    }
    let slots = [("group", members.group), ("member", members.member), ("link", members.link)];
    let slots: Vec<(&'static str, Slot)> = slots.into_iter().filter_map(|(name, slot)| Some((name, slot?))).collect();
    Some(look_at(rest, "members", list, id, &slots).await.0)
}

/// The first page of a list that is no list of people or groups: what these expressions give of its items.
pub(super) async fn look_at(
    rest: &Rest,
    name: &str,
    list: &List,
    id: Option<&str>,
    slots: &[(&'static str, Slot)],
) -> (Looked, Vec<Json>) {
    let api = rest.api();
    let mut looked = Looked { list: name.to_owned(), path: list.get.text.to_string(), ..Looked::default() };
    let sheet = match rest.talk.sheet(list, id, "").await {
        Ok(sheet) => sheet,
        Err(error) => {
            looked.error = Some(in_words(error));
            return (looked, Vec::new());
        }
    };
    looked.items = sheet.items.len();
    looked.total = sheet.total;
    (looked.end, looked.end_known) = end(list, sheet.total, &sheet.next, sheet.gap.as_deref());
    looked.more(list, sheet.items.len());
    let names: Vec<Names> = sheet.items.iter().map(|item| Names::default().with("item", item)).collect();
    for (name, slot) in slots {
        let written = api.written(*slot).to_owned();
        let mut seen = Field { field: name, written, given: 0, absent: 0, failed: 0, why: None };
        for names in &names {
            match api.give(*slot, names) {
                Ok(given) if word(&given).is_some() => seen.given += 1,
                Ok(_) => seen.absent += 1,
                Err(failure) => {
                    seen.failed += 1;
                    seen.why.get_or_insert(failure.message().to_owned());
                }
            }
        }
        looked.fields.push(seen);
    }
    let plain = |names: &Names| {
        slots.iter().filter_map(|(name, slot)| Some(((*name).to_owned(), api.give(*slot, names).ok()?))).collect()
    };
    looked.first = names.iter().take(SHOWN).map(plain).collect();
    (looked, sheet.items)
}

fn in_words(error: LiveError) -> String {
    match error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message,
    }
}
