//! A manifest as a dialect: each wish of the engine that SCIM has too becomes requests of the portal's own API.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::api::{Accounts, Call};
use super::expression::Names;
use super::talk::Talk;
use crate::http::Safety;
use crate::live::LiveError;
use crate::live::scim::{Current, Dialect, Kind, Page, Trouble};

impl Dialect for Talk {
    fn name(&self, kind: Kind) -> &str {
        self.api.list(kind).map_or("a list that the manifest lacks", |list| list.get.text.as_str())
    }

    fn page<'a>(&'a self, kind: Kind, from: &'a str) -> BoxFuture<'a, Result<Page, LiveError>> {
        self.page_of(kind, from).boxed()
    }

    fn counted(&self, kind: Kind) -> Option<u64> {
        self.users.filter(|_| kind == Kind::User)
    }

    fn get<'a>(&'a self, kind: Kind, id: &'a str) -> BoxFuture<'a, Result<Option<Current>, LiveError>> {
        self.current(kind, id).boxed()
    }

    fn create<'a>(&'a self, kind: Kind, body: &'a Json, request: &'a str) -> BoxFuture<'a, Result<Current, Trouble>> {
        match kind {
            Kind::User if self.api.granted().is_some() => self.make_person(body, request).boxed(),
            kind => self.make(kind, body, request).boxed(),
        }
    }

    fn put<'a>(
        &'a self,
        kind: Kind,
        id: &'a str,
        body: &'a Json,
        version: Option<&'a str>,
        request: &'a str,
    ) -> BoxFuture<'a, Result<Option<Current>, Trouble>> {
        match kind {
            Kind::Group => self.put_group(id, body, version, request).boxed(),
            Kind::User if self.api.granted().is_some() => self.put_person(id, body, version, request).boxed(),
            kind => self.put_account(kind, id, body, version, request).boxed(),
        }
    }

    fn delete<'a>(
        &'a self,
        kind: Kind,
        id: &'a str,
        version: Option<&'a str>,
        request: &'a str,
    ) -> BoxFuture<'a, Result<(), Trouble>> {
        async move {
            let call = match kind {
                Kind::Group => self.api.groups.as_ref().and_then(|groups| groups.delete.as_ref()),
                kind => self.api.accounts(kind).and_then(|accounts| accounts.delete.as_ref()),
            };
            let call = call.ok_or_else(|| lacks("delete"))?;
            let names = Names::default().with("id", &id.into()).with("version", &json!(version));
            match self.change(call, &names, request, Safety::Idempotent).await {
                // A path that leads nowhere says so of everybody: only who is not shown any more is gone.
                Err(Trouble::Refused(status @ (404 | 410), why)) => match self.item(kind, id).await {
                    Ok(None) => Err(Trouble::Refused(status, why)),
                    Ok(Some(_)) => {
                        let (path, place) = (&call.path.text, self.api.place_at(call.path.at));
                        let asked = format!("{} {path}, as the manifest says: {place}", call.method);
                        Err(Trouble::NotDone(format!(
                            "{asked}, answered {status}, and the portal has it still: mend `delete`"
                        )))
                    }
                    Err(error) => Err(Trouble::Unknown(error.to_string())),
                },
                done => done.map(|_| ()),
            }
        }
        .boxed()
    }

    fn change_members<'a>(
        &'a self,
        group: &'a str,
        join: &'a [SmolStr],
        leave: &'a [SmolStr],
        request: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        self.join_and_leave(group, join, leave, request).boxed()
    }
}

/// Nothing was sent: the manifest does not say how.
pub(super) fn lacks(key: &str) -> Trouble {
    Trouble::NotDone(format!("the manifest of this target does not say how: it has no `{key}`"))
}

/// The requests that make a person what they shall be: access has requests of its own where the manifest says so.
pub(super) fn calls<'a>(
    accounts: &'a Accounts,
    now: impl FnOnce() -> Json,
    wanted: &Json,
) -> Result<Vec<&'a Call>, Trouble> {
    let mut calls = Vec::new();
    let (Some(shut), Some(open)) = (&accounts.deactivate, &accounts.reactivate) else {
        return Ok(vec![accounts.update.as_ref().ok_or_else(|| lacks("update"))?]);
    };
    let now = now();
    let other = |person: &Json| {
        let mut person = person.clone();
        person["active"] = Json::Null;
        person
    };
    if other(&now) != other(wanted) {
        calls.push(accounts.update.as_ref().ok_or_else(|| lacks("update"))?);
    }
    if now["active"] != wanted["active"] {
        calls.push(if wanted["active"] == true { open } else { shut });
    }
    Ok(calls)
}
