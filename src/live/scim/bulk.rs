//! Several users created by one request (RFC 7644 §3.7), where the portal was seen to show each as it is kept.
//!
//! An operation that the portal refuses, and one of which nobody knows what became of it, ends as a single request
//! would: looked up before it is tried again, and never made twice.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::account::{Account, Kind};
use super::capabilities::BulkCapabilities;
use super::client::{Current, Trouble};
use super::people::{ATTEMPTS, Written, failed, parse};
use super::wanted::{Means, Wanted};
use super::writing::Writing;
use crate::live::{LiveError, Object, Operation, Refusal};
use crate::scim::BULK_REQUEST;

/// How many operations a request has at most, whatever the portal would take: they share one answer, and one fate.
const MOST: usize = 100;

/// How long a portal gets between two looks at what it has made so far.
const BETWEEN: Duration = Duration::from_millis(300);

/// How much longer a request is than its bodies, for each of them.
const AROUND: usize = 128;

/// A user to be created, as one operation of several.
#[derive(Clone, Debug)]
pub struct Order {
    /// The name of the operation in the request and in the answer.
    pub name: String,
    /// The whole user.
    pub body: Json,
}

impl Order {
    /// The request that creates all of them.
    pub fn message(orders: &[Order]) -> String {
        let operation =
            |order: &Order| json!({ "method": "POST", "path": "/Users", "bulkId": order.name, "data": order.body });
        let operations: Vec<Json> = orders.iter().map(operation).collect();
        json!({ "schemas": [BULK_REQUEST], "Operations": operations }).to_string()
    }
}

/// What the portal says of one operation.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The name of the operation.
    pub name: String,
    /// The HTTP status that a single request would have had.
    pub status: u16,
    /// The user as it is kept; where the answer does not show it, only its id.
    pub shown: Option<Json>,
}

impl Ordered {
    /// The operations of an answer; those that have no name cannot be told apart and are left out.
    pub fn all(mut answer: Json) -> Vec<Ordered> {
        let items = answer.get_mut("Operations").and_then(Json::as_array_mut).map(std::mem::take);
        items.unwrap_or_default().into_iter().filter_map(Ordered::read).collect()
    }

    fn read(mut item: Json) -> Option<Ordered> {
        let status = item.get("status")?;
        let status =
            status.as_u64().or_else(|| status.as_str()?.parse().ok()).and_then(|code| u16::try_from(code).ok());
        let name = item.get("bulkId")?.as_str()?.to_owned();
        let shown = item.get_mut("response").map(Json::take).filter(Json::is_object);
        let location = item.get("location").and_then(Json::as_str);
        let id = location.and_then(|location| location.rsplit('/').next()).filter(|id| !id.is_empty());
        let shown = shown.or_else(|| id.map(|id| json!({ "id": id })));
        Some(Ordered { name, status: status?, shown })
    }
}

/// Creations of one call, each with its place in it.
pub(super) type Part<'o> = Vec<(usize, &'o Operation)>;

/// How creations ended, each with its place in the call.
pub(super) type Outcomes = Vec<(usize, Result<Written, Refusal>)>;

/// Creations of which nobody knows what became of them. They are looked up once nothing else is under way: a list that
/// changes while it is read proves nothing.
pub(super) struct Doubtful<'o> {
    part: Part<'o>,
    why: String,
    /// Whether the portal is done with them, so that who is not there can be created.
    over: bool,
}

impl Writing<'_> {
    /// The creations of a call that go together, in requests of a size that keeps every connection busy.
    pub(super) fn together<'o>(&self, operations: &'o [Operation]) -> Vec<Part<'o>> {
        let bulk = &self.capabilities.bulk;
        // Where people may be there unseen, each is looked for before.
        if !bulk.pays() || !self.scim.names().whole.0 {
            return Vec::new();
        }
        let creates: Part<'o> = operations.iter().enumerate().filter(|(_, one)| self.is_new_user(one)).collect();
        if creates.len() < 2 {
            return Vec::new();
        }
        let each = creates.len().div_ceil(self.scim.client.concurrency().max(1)).clamp(2, most(bulk));
        creates.chunks(each).map(<[_]>::to_vec).collect()
    }

    fn is_new_user(&self, operation: &Operation) -> bool {
        operation.handle.is_none() && self.account_of(operation).is_ok_and(|(wanted, _)| !wanted.contact)
    }

    /// The account that an operation creates, and by what means.
    fn account_of<'o>(&'o self, operation: &'o Operation) -> Result<(Wanted, Means<'o>), Refusal> {
        let Some(person) = operation.after.as_ref().and_then(Object::person) else {
            return Err(Refusal::Failed(format!("`{}`: the operation does not say what shall be", operation.key)));
        };
        let means = self.means(&operation.organisation);
        Ok((Wanted::of(person, &means, true), means))
    }

    /// Creates users by one request.
    pub(super) async fn create_together<'o>(&self, part: Part<'o>) -> (Outcomes, Vec<Doubtful<'o>>) {
        let mut orders = Vec::with_capacity(part.len());
        for (_, operation) in &part {
            let Ok((wanted, means)) = self.account_of(operation) else { continue };
            orders.push(Order { name: self.request_id(operation.step), body: wanted.body(&means) });
        }
        let long = |orders: &[Order]| orders.iter().map(|order| order.body.to_string().len() + AROUND).sum::<usize>();
        let limit = self.capabilities.bulk.bytes as usize;
        if limit > 0 && part.len() > 1 && long(&orders) > limit {
            return self.halves(part).await;
        }
        let id = orders.first().map(|order| order.name.clone()).unwrap_or_default();
        match self.scim.client.create_together(&orders, &id).await {
            Ok(answers) => self.answered(part, answers).await,
            // There is no such thing here any more: nothing was done.
            Err(Trouble::Refused(404 | 405, _)) => (self.one_by_one(part).await, Vec::new()),
            Err(Trouble::Refused(status, why)) => {
                let why = format!("the portal answered {status} to several at once: {why}");
                (Outcomes::new(), vec![Doubtful { part, why, over: true }])
            }
            Err(trouble @ (Trouble::NotDone(_) | Trouble::Half(_))) => {
                let failed = part.into_iter().map(|(at, one)| (at, Err(failed(one, "nothing was done", &trouble))));
                (failed.collect(), Vec::new())
            }
            // The portal may still be at work on it: who is not there yet may come, so nobody is created again.
            Err(Trouble::Unknown(why)) => (Outcomes::new(), vec![Doubtful { part, why, over: false }]),
        }
    }

    async fn halves<'o>(&self, mut part: Part<'o>) -> (Outcomes, Vec<Doubtful<'o>>) {
        let rest = part.split_off(part.len() / 2);
        let (mut outcomes, mut doubtful) = Box::pin(self.create_together(part)).await;
        let (more, others) = Box::pin(self.create_together(rest)).await;
        outcomes.extend(more);
        doubtful.extend(others);
        (outcomes, doubtful)
    }

    /// What the answer does not settle is settled one by one.
    async fn answered<'o>(&self, part: Part<'o>, answers: Vec<Ordered>) -> (Outcomes, Vec<Doubtful<'o>>) {
        let mut told: HashMap<String, Vec<Ordered>> = HashMap::new();
        answers.into_iter().for_each(|answer| told.entry(answer.name.clone()).or_default().push(answer));
        let (mut outcomes, mut unknown) = (Outcomes::new(), Part::new());
        for (at, operation) in part {
            let mut answers = told.remove(&self.request_id(operation.step)).unwrap_or_default();
            let only = answers.pop().filter(|_| answers.is_empty());
            match only.map(|answer| (answer.status, answer.shown)) {
                Some((200..=299, Some(json))) => {
                    outcomes.push((at, self.shown(operation, Current { json, version: None }).await));
                }
                // Whatever is said of it: it is looked up, and the reason is found by asking for this one alone.
                _ => unknown.push((at, operation)),
            }
        }
        let why = "the answer to a request for several does not tell".to_owned();
        (outcomes, vec![Doubtful { part: unknown, why, over: true }])
    }

    async fn shown(&self, operation: &Operation, current: Current) -> Result<Written, Refusal> {
        let (wanted, means) = self.account_of(operation)?;
        self.created(operation, Kind::User, current, &wanted, &means).await
    }

    async fn adopted(&self, operation: &Operation, current: Current) -> Result<Written, Refusal> {
        let (wanted, means) = self.account_of(operation)?;
        self.adopt(operation, Kind::User, current, &wanted, &means).await
    }

    async fn one_by_one(&self, part: Part<'_>) -> Outcomes {
        let single = |(at, operation)| async move { (at, self.account(operation).await) };
        let single: Vec<_> = part.into_iter().map(single).collect();
        futures_util::stream::iter(single).buffer_unordered(self.scim.client.concurrency().max(1)).collect().await
    }

    /// Looks up who was created by requests that did not tell, all of them in one listing, and creates the rest one by
    /// one where that is safe.
    pub(super) async fn looked_up(&self, doubtful: Vec<Doubtful<'_>>) -> Outcomes {
        let all: Part<'_> = doubtful.iter().flat_map(|one| &one.part).copied().collect();
        if all.is_empty() {
            return Outcomes::new();
        }
        let mut there = self.settled(&all).await;
        let (mut outcomes, mut rest) = (Outcomes::new(), Part::new());
        for Doubtful { part, why, over } in doubtful {
            for (at, operation) in part {
                let refused = |text: String| Err(Refusal::Failed(format!("`{}`: {text}", operation.key)));
                let mut found = match &mut there {
                    Ok(there) => there.remove(&identity(operation)).unwrap_or_default(),
                    Err(error) => {
                        let unknown =
                            format!("nobody knows whether it was created ({why}), and it could not be looked");
                        outcomes.push((at, refused(format!("{unknown} up ({error}); plan again to see"))));
                        continue;
                    }
                };
                match (found.len(), found.pop()) {
                    (1, Some(current)) => outcomes.push((at, self.adopted(operation, current).await)),
                    (0, _) if over => rest.push((at, operation)),
                    (0, _) => {
                        let unsure = format!("it is not there by now, and may still come ({why}); plan again to see");
                        outcomes.push((at, refused(unsure)));
                    }
                    (count, _) => {
                        let several = format!("the portal has {count} of them now; remove all but one there");
                        outcomes.push((at, refused(several)));
                    }
                }
            }
        }
        outcomes.extend(self.one_by_one(rest).await);
        outcomes
    }

    /// The accounts by identity, once no more of these arrive: the portal may still be at work on the request.
    async fn settled(&self, part: &Part<'_>) -> Result<HashMap<SmolStr, Vec<Current>>, LiveError> {
        let mut arrived = None;
        for _ in 0..ATTEMPTS {
            let mut there: HashMap<SmolStr, Vec<Current>> = HashMap::new();
            for current in self.all(Kind::User).await? {
                let account =
                    parse(&current.json).and_then(|text| Account::read(text, &self.scim.carriers, false).ok());
                if let Some((organisation, id)) = account.and_then(|account| account.identity) {
                    there.entry(format!("{organisation}/{id}").into()).or_default().push(current);
                }
            }
            let count = part.iter().filter(|(_, operation)| there.contains_key(&identity(operation))).count();
            if count == part.len() || arrived == Some(count) {
                return Ok(there);
            }
            arrived = Some(count);
            tokio::time::sleep(BETWEEN).await;
        }
        Err(LiveError::new("the portal is still creating users", "plan again in a while"))
    }
}

fn identity(operation: &Operation) -> SmolStr {
    format!("{}/{}", operation.organisation, operation.key).into()
}

fn most(bulk: &BulkCapabilities) -> usize {
    match bulk.operations as usize {
        0 => MOST,
        announced => announced.clamp(2, MOST),
    }
}
