//! Who joins and who leaves a group, one request for each or several together, as the manifest says.

use std::collections::HashSet;

use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use smol_str::SmolStr;

use super::api::Call;
use super::dialect::lacks;
use super::expression::Names;
use super::talk::Talk;
use crate::http::Safety;
use crate::live::scim::Trouble;

impl Talk {
    async fn membership(
        &self,
        call: &Call,
        group: &str,
        ids: &[SmolStr],
        link: Option<&str>,
        request: &str,
    ) -> Result<(), String> {
        let names = Names::default().with("id", &group.into()).with("members", &json!(ids));
        let names = names.with("member", &json!(ids.first())).with("link", &json!(link));
        match self.change(call, &names, request, Safety::Once).await {
            // Who is there already has joined, and who is gone has left. What became of a request without an answer is
            // seen when the group is read again.
            Ok(_) | Err(Trouble::Unknown(_) | Trouble::Refused(404 | 409, _)) => Ok(()),
            Err(trouble) => Err(trouble.message().to_owned()),
        }
    }

    pub(super) async fn join_and_leave(
        &self,
        group: &str,
        join: &[SmolStr],
        leave: &[SmolStr],
        request: &str,
    ) -> Result<(), String> {
        let members = self.api.groups.as_ref().map(|groups| &groups.members);
        let calls = members.and_then(|members| members.add.as_ref().zip(members.remove.as_ref()));
        let (Some((add, remove)), Some(members)) = (calls, members) else {
            return Err(lacks("add").message().to_owned());
        };
        let (rows, gap) = self.rows(group).await.map_err(|error| error.to_string())?;
        // Nobody joins twice, and nobody is taken out of a group that was not read to its end.
        if let Some(gap) = gap {
            return Err(format!("{gap}; nothing was done"));
        }
        let there: HashSet<&str> = rows.iter().map(|row| row.member.as_str()).collect();
        let leaving: HashSet<&str> = leave.iter().map(SmolStr::as_str).collect();
        let new: Vec<SmolStr> = join.iter().filter(|one| !there.contains(one.as_str())).cloned().collect();
        let joins = new.chunks(members.together).map(|ids| self.membership(add, group, ids, None, request).boxed());
        let gone = rows.iter().filter(|row| leaving.contains(row.member.as_str()));
        let gone: Vec<(Vec<SmolStr>, Option<&str>)> =
            gone.map(|row| (vec![SmolStr::from(row.member.as_str())], row.link.as_deref())).collect();
        let leaves = gone.iter().map(|(ids, link)| self.membership(remove, group, ids, *link, request).boxed());
        let all: Vec<_> = joins.chain(leaves).collect();
        let mut under_way = futures_util::stream::iter(all).buffer_unordered(self.http.concurrency().max(1));
        let mut failed = None;
        while let Some(outcome) = under_way.next().await {
            failed = failed.or(outcome.err());
        }
        failed.map_or(Ok(()), Err)
    }
}
