//! What becomes of tokens whose owner is gone.

use serde_json::json;

use super::{StaticToken, StaticTokenEnd, StaticTokenFilter, StaticTokenService};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    identity::RequestOrigin,
    ids::StaticTokenId,
    org::Person,
    ports::{StoreError, WriteTransaction},
    time::DAY_MS,
};

/// Days for which a token waits, refused, for its owner to come back into the catalog.
pub const OWNER_MISSING_DAYS_MAX: i64 = 30;

/// Tokens looked at in one transaction.
const BATCH: u32 = 200;

impl StaticTokenService {
    /// Notes which tokens have lost their owner, and ends those that lost it [`OWNER_MISSING_DAYS_MAX`] days ago.
    /// The server calls it every hour. Returns how many ended.
    ///
    /// # Errors
    /// The store failed.
    pub async fn look_after_owners(&self) -> Result<u64, StoreError> {
        let open_at = Some(self.dependencies.clock.now());
        let filter = StaticTokenFilter { open_at, ..StaticTokenFilter::default() };
        let mut after: Option<StaticTokenId> = None;
        let mut ended = 0;
        loop {
            let now = self.dependencies.clock.now();
            let mut transaction = self.dependencies.store.write().await?;
            let tokens = transaction.static_token_list(&filter, after.as_ref(), BATCH).await?;
            let Some(last) = tokens.last() else { break };
            after = Some(last.id.clone());
            let mut gone = Vec::new();
            for token in &tokens {
                let present = self.owner_is_there(&mut *transaction, token).await?;
                match (present, token.owner_missing_since) {
                    (true, Some(_)) => transaction.static_token_set_owner_missing(&token.id, None).await?,
                    (false, None) => transaction.static_token_set_owner_missing(&token.id, Some(now)).await?,
                    (false, Some(since)) if now.since(since) >= OWNER_MISSING_DAYS_MAX * DAY_MS => {
                        gone.push(token);
                    }
                    _ => {}
                }
            }
            transaction.commit().await?;
            for token in gone {
                ended += u64::from(self.end_without_owner(token).await?);
            }
        }
        self.dependencies.changes.expire();
        Ok(ended)
    }

    /// Whether a token's owner is there, or at least known: a person who is suspended has not left. Someone else with the
    /// same reference is not the owner.
    async fn owner_is_there(
        &self,
        transaction: &mut dyn WriteTransaction,
        token: &StaticToken,
    ) -> Result<bool, StoreError> {
        let Some(key) = transaction.static_token_person(&token.id).await? else {
            return Ok(transaction.entity_location(&token.owner).await?.is_some());
        };
        let person = Person::find(transaction, &self.dependencies.directories, &key).await?;
        Ok(person.is_some_and(|person| person.identities().any(|identity| !identity.standing.has_left())))
    }

    /// Ends one token whose owner has left. `false` when it had ended.
    async fn end_without_owner(&self, token: &StaticToken) -> Result<bool, StoreError> {
        let now = self.dependencies.clock.now();
        let mut transaction = self.dependencies.store.write().await?;
        transaction.change_record(Topic::Access).await?;
        if !transaction.static_token_end(&token.id, StaticTokenEnd::OwnerGone, now).await? {
            return Ok(false);
        }
        let (rng, origin) = (&*self.dependencies.rng, RequestOrigin::default());
        let event = AuditEvent::done(rng, now, Actor::System, "static-token.ended", &origin);
        let details = json!({ "name": token.name, "owner": token.owner,
            "reason": StaticTokenEnd::OwnerGone.as_str() });
        transaction.audit_append(&event.target(token.id.as_str()).details(details)).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
