//! Whether several users can be created by one request, and whether the answer shows them as they are kept.

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::super::account::Kind;
use super::super::bulk::Order;
use super::super::capabilities::{BulkCapabilities, Seen};
use super::super::client::Trouble;
use super::canary::{plain_user, same};
use super::{Announced, PROBE, Probe};

/// What an answer has to show as it is kept.
const TOLD: [&str; 5] = ["id", "userName", "name", "emails", "active"];

impl Probe {
    /// Tries it with two canaries, where the target does not say that it cannot.
    pub(super) async fn bulk(
        &mut self,
        announced: &Announced,
        name: &str,
        (primary, truthful): (bool, Seen),
        users: &mut Vec<SmolStr>,
    ) -> BulkCapabilities {
        if announced.bulk == Some(false) {
            return BulkCapabilities { create: Seen::No, ..BulkCapabilities::default() };
        }
        let (operations, bytes) = announced.bulk_most;
        let seen = BulkCapabilities { create: Seen::No, shows_kept: Seen::No, operations, bytes };
        let order = |word: &str| Order { name: word.to_owned(), body: plain_user(&format!("{name}-{word}"), primary) };
        let orders = [order("4"), order("5")];
        let answers = match self.client.create_together(&orders, PROBE).await {
            Ok(answers) => answers,
            Err(Trouble::Unknown(why)) => {
                self.left.push(format!("perhaps two users `{name}-4` and `{name}-5`: {why}"));
                return seen;
            }
            Err(_) => return seen,
        };
        // Who repeats what was sent to one request does so to several.
        let truthful = truthful.works();
        let mut made = 0;
        let mut shown = 0;
        for answer in answers.into_iter().filter(|answer| answer.status == 201) {
            let Some(json) = answer.shown else { continue };
            let Some(id) = json.get("id").and_then(Json::as_str) else { continue };
            users.push(id.into());
            let Ok(Some(now)) = self.client.get(Kind::User, id).await else { continue };
            made += 1;
            shown += usize::from(
                TOLD.iter().all(|told| json.get(*told).is_some_and(|told_now| same(now.json.get(*told), told_now))),
            );
        }
        BulkCapabilities {
            create: Seen::from(made == orders.len()),
            shows_kept: Seen::from(truthful && shown == orders.len()),
            ..seen
        }
    }
}
