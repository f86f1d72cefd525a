//! Everything that a target has, listed once for all organisations, each of which takes its part.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::account::{Account, Collection, Kind, Unnamed};
use super::capabilities::{Capabilities, MemberReading, Paging, PagingStyle};
use super::client::Client;
use super::listing::{Item, list};
use super::mapping::Carriers;
use super::wire::{AccountText, GroupText};
use crate::live::{LiveError, Resource, Unread};

/// What a target has.
#[derive(Debug, Default)]
pub struct Directory {
    /// What carries an organisation's identity.
    parts: HashMap<SmolStr, Part>,
    /// What carries nobody's.
    pub strangers: Arc<Part>,
    /// The organisations whose part was taken.
    taken: HashSet<SmolStr>,
    /// The organisations that have managed people.
    pub organisations: Vec<SmolStr>,
    /// Why this may not be all.
    pub gaps: Vec<String>,
    /// How many users and groups there are.
    pub sizes: (usize, usize),
    /// The groups by the identity that they carry.
    pub groups: HashMap<SmolStr, SmolStr>,
    /// The identities that several groups carry.
    pub twins: HashSet<SmolStr>,
    /// Whether all users and contacts, and all groups, were seen.
    pub whole: (bool, bool),
}

/// The part of a target that belongs to one organisation, or to none.
#[derive(Debug, Default)]
pub struct Part {
    /// Users and contacts.
    pub accounts: Vec<Account>,
    /// Groups.
    pub collections: Vec<Collection>,
    /// What cannot be understood.
    pub unread: Vec<Unread>,
}

impl Directory {
    /// Lists everything.
    pub async fn load(
        client: &Client,
        capabilities: Option<&Capabilities>,
        carriers: Carriers,
        contacts: bool,
    ) -> Result<Directory, LiveError> {
        let paging = capabilities.map_or(Paging { style: PagingStyle::Index, size: 0 }, |known| known.paging);
        let account = |contact: bool| move |raw: &RawValue| read_account(raw, &carriers, contact);
        let users = list(client, Kind::User, client.of_users(), paging, account(false)).await?;
        let mut gaps: Vec<String> = users.gap.into_iter().collect();
        let mut accounts = users.items;
        let users = accounts.len();
        if contacts {
            let listed = list(client, Kind::Contact, "", paging, account(true)).await?;
            gaps.extend(listed.gap);
            accounts.extend(listed.items);
        }
        let people_whole = gaps.is_empty();
        let reading = capabilities.map_or(MemberReading::Unknown, |known| known.members.read);
        let listed = list(client, Kind::Group, client.asked(), paging, move |raw| read_group(raw, &carriers)).await?;
        let whole = (people_whole, listed.gap.is_none());
        gaps.extend(listed.gap);
        let mut collections = listed.items;
        if reading == MemberReading::Single {
            for collection in collections.iter_mut().filter_map(|read| read.as_mut().ok()) {
                collection.members = client.members(&collection.id).await?;
            }
        }
        let sizes = (users, collections.len());
        let mut directory = Directory { gaps, sizes, whole, ..Directory::default() };
        directory.part(accounts, collections);
        Ok(directory)
    }

    /// The groups by the identity that they carry; an error where not all were seen.
    pub async fn groups(
        client: &Client,
        capabilities: &Capabilities,
        carriers: Carriers,
    ) -> Result<HashMap<SmolStr, SmolStr>, LiveError> {
        let listed = list(client, Kind::Group, "", capabilities.paging, move |raw| read_group(raw, &carriers)).await?;
        if let Some(gap) = listed.gap {
            return Err(LiveError::new(gap, "plan again"));
        }
        let carried = listed.items.into_iter().flatten().map(|group| (group.identity, group.id));
        Ok(carried.filter_map(|(identity, id)| Some((identity?, id))).collect())
    }

    fn part(&mut self, accounts: Vec<Result<Account, Unread>>, collections: Vec<Result<Collection, Unread>>) {
        let mut strangers = Part::default();
        for account in accounts {
            match account {
                Ok(account) => match account.identity.as_ref().map(|(organisation, _)| organisation.clone()) {
                    Some(organisation) => self.parts.entry(organisation).or_default().accounts.push(account),
                    None => strangers.accounts.push(account),
                },
                Err(unread) => strangers.unread.push(unread),
            }
        }
        let with_people = self.parts.iter().filter(|(_, part)| !part.accounts.is_empty());
        self.organisations = with_people.map(|(organisation, _)| organisation.clone()).collect();
        self.organisations.sort_unstable();
        for collection in collections {
            match collection {
                Ok(collection) => {
                    if let Some(identity) = collection.identity.clone()
                        && self.groups.insert(identity.clone(), collection.id.clone()).is_some()
                    {
                        self.twins.insert(identity);
                    }
                    match collection.meaning().map(|(organisation, _)| SmolStr::from(organisation)) {
                        Some(organisation) => self.parts.entry(organisation).or_default().collections.push(collection),
                        None => strangers.collections.push(collection),
                    }
                }
                Err(unread) => strangers.unread.push(unread),
            }
        }
        self.groups.retain(|identity, _| !self.twins.contains(identity));
        self.strangers = Arc::new(strangers);
    }

    /// Takes the part of an organisation; none where it was taken already, so that a second reading is a fresh one.
    pub fn take(&mut self, organisation: &str) -> Option<Part> {
        self.taken.insert(organisation.into()).then(|| self.parts.remove(organisation).unwrap_or_default())
    }
}

fn read_account(raw: &RawValue, carriers: &Carriers, contact: bool) -> Item<Result<Account, Unread>> {
    let resource = Some(if contact { Resource::Contact } else { Resource::User });
    match serde_json::from_str::<AccountText>(raw.get()) {
        Ok(mut text) => {
            let (id, doubt) = (text.id.clone(), text.unread.take());
            let value = match (Account::read(text, carriers, contact), doubt) {
                (Ok(account), None) => Ok(account),
                (Ok(account), Some(reason)) => {
                    let id = account.identity.as_ref().map(|(_, id)| id.clone());
                    let (handle, name, email) = (account.handle(), Some(account.name), account.email);
                    Err(Unread { handle, resource, id, name, email, reason: reason.into() })
                }
                (Err(unnamed), _) => Err(without_id(unnamed, resource)),
            };
            Item { id, value }
        }
        Err(error) => Item { id: None, value: Err(broken(&error, resource)) },
    }
}

fn read_group(raw: &RawValue, carriers: &Carriers) -> Item<Result<Collection, Unread>> {
    let resource = Some(Resource::PermissionGroup);
    match serde_json::from_str::<GroupText>(raw.get()) {
        Ok(mut text) => {
            let (id, doubt) = (text.id.clone(), text.unread.take());
            let value = match (Collection::read(text, carriers), doubt) {
                (Ok(group), None) => Ok(group),
                (Ok(group), Some(reason)) => {
                    let (handle, name) = (group.handle(), Some(group.name));
                    Err(Unread { handle, resource, id: None, name, email: None, reason: reason.into() })
                }
                (Err(unnamed), _) => Err(without_id(unnamed, resource)),
            };
            Item { id, value }
        }
        Err(error) => Item { id: None, value: Err(broken(&error, resource)) },
    }
}

fn without_id(unnamed: Unnamed, resource: Option<Resource>) -> Unread {
    let reason = "the portal gives it no id".to_owned();
    Unread { handle: "?".into(), resource, id: None, name: unnamed.name, email: unnamed.email, reason }
}

fn broken(error: &serde_json::Error, resource: Option<Resource>) -> Unread {
    let reason = format!("its JSON is not sound: {error}");
    Unread { handle: "?".into(), resource, id: None, name: None, email: None, reason }
}

impl Part {
    /// The places of users by their ids.
    pub fn by_id(&self) -> HashMap<&str, usize> {
        self.accounts
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.contact)
            .map(|(at, one)| (one.id.as_str(), at))
            .collect()
    }
}

impl Collection {
    /// The handle.
    pub fn handle(&self) -> SmolStr {
        Kind::Group.handle(&self.id)
    }
}
