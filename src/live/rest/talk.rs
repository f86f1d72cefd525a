//! A portal's own API, spoken in place of SCIM: requests as the manifest says, and answers understood as it says.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use serde_json::{Map, Value as Json, json};

use super::api::{Api, Call, PersonField, word};
use super::dialect::{calls, lacks};
use super::expression::Names;
use super::manifest::{MembersIn, Verb};
use super::spelling::Tally;
use super::template::lay_over;
use super::view::{self, NATIVE, Told};
use crate::http::{Answer, Failure, Http, Method, Request, Safety, Url};
use crate::live::LiveError;
use crate::live::scim::{Current, Kind, Trouble, detail, refused};

/// A portal and how it is talked to.
#[derive(Debug)]
pub struct Talk {
    pub(super) http: Arc<Http>,
    pub(super) api: Arc<Api>,
    writes: Arc<AtomicU64>,
    /// How many users there were when somebody counted them last.
    pub(super) users: Option<u64>,
    /// Who is in which group, where one list tells that of all groups: as it was when groups were listed last.
    table: tokio::sync::Mutex<Arc<Table>>,
    /// What the expressions found when people and groups were listed last.
    pub(super) tallies: std::sync::Mutex<HashMap<Kind, Tally>>,
    /// Roles that are a resource of their own.
    pub(super) roles: super::roles::Known,
    /// Whom the lists show, where `one` did not.
    pub(super) listed: tokio::sync::Mutex<super::one::Listed>,
}

/// All memberships.
#[derive(Debug, Default)]
struct Table {
    members: HashMap<String, Vec<String>>,
    gap: Option<String>,
}

/// A membership: the member, and the portal's name for the membership itself.
pub(super) struct Row {
    pub(super) member: String,
    pub(super) link: Option<String>,
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    }
}

/// What expressions call `answer`.
fn as_answer(answer: &Answer, body: Json) -> Json {
    let headers: Map<String, Json> =
        answer.headers.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect();
    json!({ "status": answer.status, "body": body, "headers": headers, "location": answer.location })
}

/// A list that cannot be used.
pub(super) fn unusable(path: &str, why: &str) -> LiveError {
    let message = format!("the list {path} of the portal cannot be used: {why}");
    LiveError::new(message, "compare the manifest with what the portal sends")
}

impl Talk {
    /// How a portal is talked to. `writes` counts what is sent to change something; `users`: how many users there were
    /// when somebody counted them last.
    pub fn new(http: Arc<Http>, api: Arc<Api>, writes: Arc<AtomicU64>, users: Option<u64>) -> Talk {
        Talk {
            http,
            api,
            writes,
            users,
            table: tokio::sync::Mutex::default(),
            tallies: Default::default(),
            roles: Default::default(),
            listed: Default::default(),
        }
    }

    /// An address below the portal's own.
    fn url(&self, address: &str) -> Result<Url, String> {
        let address = format!("{}{address}", self.http.base().as_str().trim_end_matches('/'));
        Url::parse(&address).map_err(|error| format!("`{address}` is no address: {error}"))
    }

    fn request(&self, method: Method, url: Url, safety: Safety) -> Request {
        let headers = self.api.headers.iter().map(|(name, value)| (name.to_string().into(), value.to_string()));
        Request { also: headers.collect(), ..Request::new(method, url, safety) }
    }

    /// What the portal answers to a reading, whatever its status.
    pub(super) async fn read(&self, address: &str) -> Result<Answer, LiveError> {
        let url = self.url(address).map_err(|why| LiveError::new(why, "check the path in the manifest"))?;
        self.fetch(url).await
    }

    /// The same of an address that the portal itself told.
    pub(super) async fn read_at(&self, address: &str) -> Result<Answer, LiveError> {
        let wrong = |error| {
            let message = format!("the portal names a next page that is no address: {error}");
            LiveError::new(message, "check `next` in the manifest")
        };
        self.fetch(Url::parse(address).map_err(wrong)?).await
    }

    async fn fetch(&self, url: Url) -> Result<Answer, LiveError> {
        let sent = self.http.send(self.request(Method::GET, url, Safety::Read)).await;
        sent.map_err(|failure| {
            let denied = matches!(failure, Failure::Denied { .. });
            let mut error = refused(failure);
            if let Some(sign_in) = self.api.sign_in.as_ref().filter(|_| denied) {
                error.hint = Some(sign_in.to_string());
            }
            error
        })
    }

    /// What expressions call `answer`. What should be JSON and is not is an error, never an empty answer.
    pub(super) fn shown(&self, answer: &Answer) -> Result<Json, LiveError> {
        let body: Json = answer.json().map_err(refused)?;
        Ok(as_answer(answer, body))
    }

    fn loosely(answer: &Answer) -> Json {
        as_answer(answer, answer.json().unwrap_or_default())
    }

    /// What an answer says, for messages.
    pub(super) fn said(&self, answer: &Answer) -> String {
        let names = Names::default().with("answer", &Talk::loosely(answer));
        let own = self.api.answers.message.and_then(|slot| self.api.give(slot, &names).ok());
        match own.as_ref().and_then(Json::as_str).filter(|text| !text.is_empty()) {
            Some(text) => answer.shown(text),
            None => detail(answer),
        }
    }

    /// What an answer means in the statuses that everybody knows (RFC 9110 §15).
    pub(super) fn status(&self, answer: &Answer) -> u16 {
        let answers = &self.api.answers;
        let meanings = [(answers.exists, 409), (answers.gone, 404), (answers.changed, 412)];
        if answer.succeeded() || meanings.iter().all(|(slot, _)| slot.is_none()) {
            return answer.status;
        }
        let names = Names::default().with("answer", &Talk::loosely(answer));
        let holds = |slot| self.api.give(slot, &names).is_ok_and(|given| given == true);
        let meant = meanings.into_iter().find(|(slot, _)| slot.is_some_and(holds));
        meant.map_or(answer.status, |(_, status)| status)
    }

    /// Sends what changes something. The answer is a success.
    pub(super) async fn change(
        &self,
        call: &Call,
        names: &Names,
        request: &str,
        safety: Safety,
    ) -> Result<Answer, Trouble> {
        let not_done = |why: String| Trouble::NotDone(format!("{}: {why}", call.path.text));
        let address = self.api.address(&call.path, call.query.as_ref(), names).map_err(not_done)?;
        let url = self.url(&address).map_err(not_done)?;
        let mut sent = self.request(method(call.method), url, safety);
        sent.body = self.body(call, names).map_err(not_done)?.map(|body| body.to_string().into());
        if let Some(slot) = call.if_match {
            let version = self.api.give(slot, names).map_err(|failure| not_done(failure.message().to_owned()))?;
            sent.if_match = word(&version);
        }
        sent.id = Some(request.to_owned());
        self.writes.fetch_add(1, Ordering::Relaxed);
        let answer = match self.http.send(sent).await {
            Ok(answer) => answer,
            // What one object refuses (403) it may say why; wrong credentials (401) are wrong everywhere.
            Err(Failure::Denied { status: 403, answer: Some(answer), .. }) => *answer,
            Err(Failure::NotSent { message, .. } | Failure::Denied { message, .. }) => {
                return Err(Trouble::NotDone(message));
            }
            Err(Failure::Unknown { message, .. } | Failure::Unusable { message, .. }) => {
                return Err(Trouble::Unknown(message));
            }
        };
        let place = || format!("{} {}, {}", call.method, call.path.text, self.api.place_at(call.path.at));
        match self.status(&answer) {
            200..=299 if answer.body.is_empty() => Ok(answer),
            // A sign-in page is sent with 200 as well.
            200..=299 => match answer.json::<Json>() {
                Ok(_) => Ok(answer),
                Err(failure) => Err(Trouble::Unknown(format!("{} ({})", failure.message(), place()))),
            },
            500.. => {
                let (status, said) = (answer.status, self.said(&answer));
                Err(Trouble::Unknown(format!("the portal answered {status}: {said} ({})", place())))
            }
            status => Err(Trouble::Refused(status, self.refusal(call, &answer, self.said(&answer)))),
        }
    }

    fn body(&self, call: &Call, names: &Names) -> Result<Option<Json>, String> {
        let Some(template) = &call.body else { return Ok(None) };
        let wanted = template.make(&self.api, names).map_err(|failure| format!("`body`: {}", failure.message()))?;
        let Some(keep) = call.keep else { return Ok(Some(wanted)) };
        let mut whole = self.api.give(keep, names).map_err(|failure| format!("`keep`: {}", failure.message()))?;
        if let Some(whole) = whole.as_object_mut() {
            whole.retain(|key, _| !call.without.iter().any(|without| without == key));
        }
        lay_over(&mut whole, wanted);
        Ok(Some(whole))
    }

    /// How many requests are under way at once.
    pub(super) fn side_by_side(&self) -> usize {
        self.http.concurrency().max(1)
    }

    /// The ids of those who are in a group, and why they may not be all.
    pub(super) async fn members_of(&self, group: &str) -> Result<(Vec<String>, Option<String>), LiveError> {
        let (rows, gap) = self.rows(group).await?;
        Ok((rows.into_iter().map(|row| row.member).collect(), gap))
    }

    /// Who is in a group.
    pub(super) async fn rows(&self, group: &str) -> Result<(Vec<Row>, Option<String>), LiveError> {
        let Some(members) = self.api.groups.as_ref().map(|groups| &groups.members) else {
            return Ok((Vec::new(), None));
        };
        let Some(list) = members.of_one() else {
            let item = self.item(Kind::Group, group).await?.map(|(item, _)| item).unwrap_or_default();
            let ids = self.members_in(&item).map_err(|why| unusable("of members", &why))?;
            return Ok((ids.into_iter().map(|member| Row { member, link: None }).collect(), None));
        };
        let (items, gap) = self.all(list, Some(group)).await?;
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let names = Names::default().with("item", &item);
            let give = |slot| {
                let given = self.api.give(slot, &names).map_err(|failure| failure.message().to_owned())?;
                word(&given).ok_or_else(|| format!("`{}` gives no word", self.api.written(slot)))
            };
            let member = members.member.map(give).transpose();
            let member = member.map_err(|why| unusable(&list.get.text, &why))?.unwrap_or_default();
            rows.push(Row { member, link: members.link.and_then(|slot| give(slot).ok()) });
        }
        Ok((rows, gap))
    }

    /// The members that stand in a group itself.
    fn members_in(&self, item: &Json) -> Result<Vec<String>, String> {
        let Some(slot) = self.api.groups.as_ref().and_then(|groups| groups.members.members) else {
            return Ok(Vec::new());
        };
        let names = Names::default().with("item", item);
        let given = self.api.give(slot, &names).map_err(|failure| failure.message().to_owned())?;
        let items = given.as_array().ok_or_else(|| format!("`{}` gives no list", self.api.written(slot)))?;
        items.iter().map(|item| word(item).ok_or_else(|| "a member has no id".to_owned())).collect()
    }

    /// Reads all memberships, where one list tells them.
    pub(super) async fn fill_table(&self) -> Result<(), LiveError> {
        let Some(members) = self.api.groups.as_ref().map(|groups| &groups.members) else { return Ok(()) };
        let (MembersIn::Table, Some(list)) = (members.place, &members.list) else { return Ok(()) };
        let (items, gap) = self.all(list, None).await?;
        let mut table = Table { members: HashMap::new(), gap };
        for item in items {
            let names = Names::default().with("item", &item);
            let give = |slot: Option<super::api::Slot>| {
                let given = slot.and_then(|slot| self.api.give(slot, &names).ok());
                given.as_ref().and_then(word).filter(|word| !word.is_empty())
            };
            match (give(members.group), give(members.member)) {
                (Some(group), Some(member)) => table.members.entry(group).or_default().push(member),
                _ => {
                    let why = format!("{}: a membership does not tell its group or its member", list.get.text);
                    table.gap.get_or_insert(why);
                }
            }
        }
        *self.table.lock().await = Arc::new(table);
        Ok(())
    }

    /// The groups of a page, with what their fields told, as resources with their members.
    pub(super) async fn groups(&self, items: Vec<(Json, Vec<Told>)>) -> Result<(Vec<Json>, Option<String>), LiveError> {
        let table = self.table.lock().await.clone();
        let place = self.api.groups.as_ref().map(|groups| groups.members.place);
        let mut gap = table.gap.clone();
        let one = |(item, told): (Json, Vec<Told>)| {
            let table = table.clone();
            async move {
                let id = view::word_of(&told, PersonField::Id);
                let (members, gap) = match (place, id) {
                    (Some(MembersIn::Group), _) => match self.members_in(&item) {
                        Ok(members) => (Some(members), None),
                        Err(why) => (None, Some(format!("members of a group: {why}"))),
                    },
                    (Some(MembersIn::List), Some(id)) => {
                        let (rows, gap) = self.rows(&id).await?;
                        (Some(rows.into_iter().map(|row| row.member).collect()), gap)
                    }
                    (Some(MembersIn::Table), Some(id)) => {
                        (Some(table.members.get(&id).cloned().unwrap_or_default()), None)
                    }
                    _ => (None, None),
                };
                Ok::<_, LiveError>((Json::Object(view::resource_of(Kind::Group, told, members)), gap))
            }
        };
        let most = self.http.concurrency().max(1);
        let all: Vec<_> = items.into_iter().map(one).collect();
        let mut under_way = futures_util::stream::iter(all).buffered(most);
        let mut groups = Vec::new();
        while let Some(read) = under_way.next().await {
            let (group, missing) = read?;
            gap = gap.or(missing);
            groups.push(group);
        }
        Ok((groups, gap))
    }

    pub(super) async fn current(&self, kind: Kind, id: &str) -> Result<Option<Current>, LiveError> {
        let Some((item, etag)) = self.item(kind, id).await? else { return Ok(None) };
        let members = match kind {
            Kind::Group => match self.api.groups.as_ref().map(|groups| groups.members.place) {
                Some(MembersIn::Group) => Some(self.members_in(&item).map_err(|why| unusable("of members", &why))?),
                _ => match self.rows(id).await? {
                    (_, Some(gap)) => return Err(LiveError::new(gap, "plan again")),
                    (rows, None) => Some(rows.into_iter().map(|row| row.member).collect()),
                },
            },
            _ => None,
        };
        let told = view::told(&self.api, kind, &item);
        let version = view::word_of(&told, PersonField::Version).or(etag);
        let mut resource = view::resource_of(kind, told, members);
        // Whoever is asked for one and shows another would have the wrong one changed.
        let shown = resource.get("id").and_then(Json::as_str).unwrap_or_default();
        if shown != id {
            let message =
                format!("the portal was asked for `{id}` and showed `{}`", crate::document::record::visible(shown));
            return Err(LiveError::new(message, "check `one` and `fields.id` in the manifest"));
        }
        resource.insert(NATIVE.to_owned(), item);
        self.show_roles(kind, id, &mut resource).await?;
        Ok(Some(Current { json: Json::Object(resource), version }))
    }

    pub(super) async fn make(&self, kind: Kind, body: &Json, request: &str) -> Result<Current, Trouble> {
        let (call, name, value) = match kind {
            Kind::Group => (self.api.groups.as_ref().and_then(|one| one.create.as_ref()), "group", view::group(body)),
            _ => (self.api.accounts(kind).and_then(|one| one.create.as_ref()), "person", view::person(kind, body)),
        };
        let call = call.ok_or_else(|| lacks("create"))?;
        let names = Names::default().with(name, &value).with("unguessable", &json!(crate::http::unguessable()));
        let answer = self.change(call, &names, request, Safety::Once).await?;
        let unknown = |why: String| Trouble::Unknown(format!("the portal answered that it created it, {why}"));
        let names = Names::default().with("answer", &Talk::loosely(&answer));
        let id = call.id.map(|slot| self.api.give(slot, &names));
        let id = id.and_then(|given| given.ok()).as_ref().and_then(word).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| unknown("but not what: `id` of `create` gives nothing".to_owned()))?;
        self.listed_anew(kind, &id).await;
        let made = self.current(kind, &id).await.map_err(|error| unknown(format!("and cannot show it: {error}")))?;
        let made = made.ok_or_else(|| unknown("and does not have it".to_owned()))?;
        let shut_out = value.get("active").is_some_and(|active| *active == false);
        if !shut_out || view::person(kind, &made.json)["active"] != true {
            return Ok(made);
        }
        // Some portals let in whoever is created: that is taken back at once.
        let mut wanted = made.json.clone();
        wanted["active"] = false.into();
        match self.put_account(kind, &id, &wanted, made.version.as_deref(), request).await {
            Ok(current) => Ok(current.unwrap_or(made)),
            Err(trouble) => Err(unknown(format!("with access, which could not be taken: {}", trouble.message()))),
        }
    }

    pub(super) async fn put_account(
        &self,
        kind: Kind,
        id: &str,
        body: &Json,
        version: Option<&str>,
        request: &str,
    ) -> Result<Option<Current>, Trouble> {
        let accounts = self.api.accounts(kind).ok_or_else(|| lacks("update"))?;
        let mut version = version.map(str::to_owned);
        let mut item = match body.get(NATIVE) {
            Some(item) => item.clone(),
            None => {
                let now = self.item(kind, id).await.map_err(|error| Trouble::NotDone(error.to_string()))?;
                now.ok_or_else(|| Trouble::Refused(404, "it is gone".to_owned()))?.0
            }
        };
        let wanted = view::person(kind, body);
        let granted = kind == Kind::User && self.api.granted().is_some();
        let now = || {
            let told = view::told(&self.api, kind, &item);
            let mut now = view::person(kind, &Json::Object(view::resource_of(kind, told, None)));
            if granted {
                now["roles"] = wanted["roles"].clone();
            }
            now
        };
        // Roles alone are given by requests of their own.
        let same = granted && now() == wanted;
        let calls = if same { Vec::new() } else { calls(accounts, now, &wanted)? };
        let mut after = None;
        for (at, call) in calls.iter().enumerate() {
            let names = Names::default().with("person", &wanted).with("item", &item).with("id", &id.into());
            let names = names.with("version", &self.version(kind, &item, version.as_deref()));
            self.change(call, &names, request, Safety::Idempotent).await?;
            after = match self.current(kind, id).await {
                Ok(after) => after,
                // The next request would build on what is not known: it is not sent.
                Err(error) if at + 1 < calls.len() => return Err(Trouble::Unknown(error.to_string())),
                Err(_) => None,
            };
            if let Some(after) = &after {
                item = after.json.get(NATIVE).cloned().unwrap_or_default();
                version.clone_from(&after.version);
            }
        }
        Ok(after)
    }

    /// Changes a group. What came of it is not shown: whoever changes groups looks at them afterwards in any case.
    pub(super) async fn put_group(
        &self,
        id: &str,
        body: &Json,
        version: Option<&str>,
        request: &str,
    ) -> Result<Option<Current>, Trouble> {
        let call = self.api.groups.as_ref().and_then(|groups| groups.update.as_ref()).ok_or_else(|| lacks("update"))?;
        let item = body.get(NATIVE).cloned().unwrap_or_default();
        let names = Names::default().with("group", &view::group(body)).with("item", &item).with("id", &id.into());
        let names = names.with("version", &self.version(Kind::Group, &item, version));
        self.change(call, &names, request, Safety::Idempotent).await.map(|_| None)
    }

    /// A version as the portal writes it, such as a number, where the item has it; else as it was read.
    fn version(&self, kind: Kind, item: &Json, read: Option<&str>) -> Json {
        let slot = self.api.fields(kind).iter().find(|(field, _)| *field == PersonField::Version);
        let own = slot.and_then(|(_, slot)| self.api.give(*slot, &Names::default().with("item", item)).ok());
        let own = own.filter(|own| !own.is_null());
        own.filter(|own| read.is_none() || word(own).as_deref() == read).unwrap_or_else(|| json!(read))
    }
}
