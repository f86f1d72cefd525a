//! A user becomes a contact, or the other way round, where contacts have a resource type of their own: a resource cannot
//! change its type, so another one comes and the old one goes.

use super::account::Kind;
use super::people::{Written, failed, parse, unread};
use super::wanted::{Attribute, Means, Wanted};
use super::writing::Writing;
use crate::live::{Operation, Refusal};
use crate::model::Person;

/// Whether the entry carries an identity: without one a person's id is the handle.
fn managed(operation: &Operation, before: &Person) -> bool {
    operation.handle.as_ref() != Some(&before.id)
}

impl Writing<'_> {
    /// Makes the new entry before the old one goes. Where the portal wants every mail address once, the old entry first
    /// gives its own up, and gets it back should the new one not come to be.
    pub(super) async fn across(
        &self,
        operation: &Operation,
        (kind, id): (Kind, &str),
        before: &Person,
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<Written, Refusal> {
        let request = self.request_id(operation.step);
        let written = match self.create(operation, wanted, means).await {
            Ok(written) => written,
            Err(first) if before.email.is_some() && wanted.has_address(before) => {
                if !self.give_up_address(operation, (kind, id), before, means).await? {
                    return Err(first);
                }
                match self.create(operation, wanted, means).await {
                    Ok(written) => written,
                    Err(second) => {
                        self.take_address_back(operation, (kind, id), before, means).await?;
                        return Err(second);
                    }
                }
            }
            Err(refusal) => return Err(refusal),
        };
        let gone = self.scim.client.delete(kind, id, None, &request).await;
        gone.map(|()| written).map_err(|trouble| failed(operation, "the old entry stays", &trouble))
    }

    /// Leaves an entry without its mail address; false where the portal does not let it go.
    async fn give_up_address(
        &self,
        operation: &Operation,
        (kind, id): (Kind, &str),
        before: &Person,
        means: &Means<'_>,
    ) -> Result<bool, Refusal> {
        let without = Wanted::of(&Person { email: None, ..before.clone() }, means, managed(operation, before));
        self.readdress(operation, (kind, id), &without, means).await
    }

    async fn take_address_back(
        &self,
        operation: &Operation,
        (kind, id): (Kind, &str),
        before: &Person,
        means: &Means<'_>,
    ) -> Result<(), Refusal> {
        let as_before = Wanted::of(before, means, managed(operation, before));
        if self.readdress(operation, (kind, id), &as_before, means).await? {
            return Ok(());
        }
        Err(Refusal::Failed(format!(
            "`{}`: the new entry could not be created, and the old one is without its mail address now; apply again",
            operation.key
        )))
    }

    async fn readdress(
        &self,
        operation: &Operation,
        (kind, id): (Kind, &str),
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<bool, Refusal> {
        let current = self.scim.client.get(kind, id).await.map_err(|error| unread(operation, &error))?;
        let Some(current) = current.filter(|current| parse(&current.json).is_some()) else { return Ok(false) };
        let mut attributes = vec![Attribute::Email];
        attributes.extend((kind == Kind::User && wanted.user_name.is_some()).then_some(Attribute::UserName));
        Ok(self.write(operation, (kind, id), &current, wanted, &attributes, means).await.is_ok())
    }
}
