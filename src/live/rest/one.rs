//! One item read by itself. Whom a list shows has to be there: where `one` does not find them, `one` is wrong, and nothing
//! is made of it. Else a deletion would seem done, and somebody who was just created would be created again.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::api::{One, PersonField, word};
use super::expression::Names;
use super::talk::Talk;
use super::view;
use crate::document::record::visible;
use crate::live::LiveError;
use crate::live::scim::Kind;

/// Whom the lists showed when somebody was not found by themselves.
#[derive(Debug, Default)]
pub struct Listed {
    ids: HashMap<Kind, HashSet<String>>,
    /// The kinds of which `one` is known not to find what is there.
    wrong: HashSet<Kind>,
}

/// What came of asking for one item.
enum Found {
    /// The item, and its version.
    There(Json, Option<String>),
    /// The portal says, by this status, that it is not there.
    Gone(u16),
}

impl Talk {
    /// The item of a kind that has an id, with its version; none where it is gone.
    pub(super) async fn item(&self, kind: Kind, id: &str) -> Result<Option<(Json, Option<String>)>, LiveError> {
        let Some(one) = self.api.one(kind) else { return Ok(None) };
        match self.ask(one, id).await? {
            Found::There(item, etag) => Ok(Some((item, etag))),
            Found::Gone(status) if self.is_listed(kind, id).await? => {
                let message = format!("{} answered {status}, although the portal has it", self.asked(one, id));
                Err(LiveError::new(message, "mend `one` in the manifest"))
            }
            Found::Gone(_) => Ok(None),
        }
    }

    /// What is wrong with how one item is read, tried on one that the list has just shown.
    pub(super) async fn alone(&self, kind: Kind, id: &str) -> Option<String> {
        let one = self.api.one(kind)?;
        let asked = self.asked(one, id);
        let item = match self.ask(one, id).await {
            Ok(Found::There(item, _)) => item,
            Ok(Found::Gone(status)) => {
                return Some(format!("{asked} answered {status}, and the list has just shown it"));
            }
            Err(error) => return Some(format!("{asked} failed: {error}")),
        };
        let told = view::told(&self.api, kind, &item);
        match view::word_of(&told, PersonField::Id) {
            Some(shown) if shown == id => None,
            Some(shown) => Some(format!("{asked} showed `{}`", visible(&shown))),
            None => Some(format!("{asked} showed something of which `fields.id` gives nothing")),
        }
    }

    /// A request for one item, and where the manifest says so.
    fn asked(&self, one: &One, id: &str) -> String {
        let names = Names::default().with("id", &id.into());
        let path = self.api.address(&one.get, None, &names).unwrap_or_else(|_| one.get.text.to_string());
        format!("GET {path}, as the manifest says: {},", self.api.place_at(one.get.at))
    }

    async fn ask(&self, one: &One, id: &str) -> Result<Found, LiveError> {
        let path = one.get.text.as_str();
        let wrong = |why: String| LiveError::new(format!("{path}: {why}"), "compare the manifest with what is sent");
        let names = Names::default().with("id", &id.into());
        let address = self.api.address(&one.get, one.query.as_ref(), &names).map_err(wrong)?;
        let answer = self.read(&address).await?;
        match self.status(&answer) {
            404 | 410 => return Ok(Found::Gone(answer.status)),
            200..=299 => {}
            _ => return Err(self.unexpected(path, &answer)),
        }
        let shown = self.shown_at(&one.get, &answer)?;
        let item = match one.item {
            None => shown.get("body").cloned().unwrap_or_default(),
            Some(slot) => {
                let names = Names::default().with("answer", &shown);
                self.api.give(slot, &names).map_err(|failure| wrong(failure.message().to_owned()))?
            }
        };
        Ok(Found::There(item, answer.etag))
    }

    /// Whether the list of a kind shows an id. It is read once, when somebody is not found for the first time.
    async fn is_listed(&self, kind: Kind, id: &str) -> Result<bool, LiveError> {
        let Some(list) = self.api.list(kind) else { return Ok(false) };
        let mut listed = self.listed.lock().await;
        let Listed { ids, wrong } = &mut *listed;
        let ids = match ids.entry(kind) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unread) => {
                let (items, _) = self.all(list, None).await?;
                let id_of = |item: &Json| {
                    let (_, slot) = self.api.fields(kind).iter().find(|(field, _)| *field == PersonField::Id)?;
                    word(&self.api.give(*slot, &Names::default().with("item", item)).ok()?)
                };
                unread.insert(items.iter().filter_map(id_of).collect())
            }
        };
        let there = ids.contains(id);
        if there {
            wrong.insert(kind);
        }
        Ok(there)
    }

    /// Somebody was created: a list that was read before does not show them.
    pub(super) async fn listed_anew(&self, kind: Kind, id: &str) {
        let mut listed = self.listed.lock().await;
        if !listed.wrong.contains(&kind) {
            listed.ids.remove(&kind);
        } else if let Some(ids) = listed.ids.get_mut(&kind) {
            ids.insert(id.to_owned());
        }
    }
}
