//! The check of bearer tokens, for every MCP call (RFC 6750): access tokens of agents' sessions, and static tokens.

use std::sync::Arc;

use moka::sync::Cache;
use portal_model::{EntityRef, ScopeSet};
use serde_json::json;
use thiserror::Error;

use super::{
    caller::{Caller, Credential, Subject},
    format::TokenKind,
};
use crate::{
    activity::ActivityRecorder,
    audit::{AuditEvent, AuditOutcome},
    changes::Changes,
    identity::{RequestOrigin, User, UserStatus},
    ids::StaticTokenId,
    org::{IdentityKey, Person, people::ref_holder},
    ports::{ReadTransaction, StoreError},
    secret::SecretHash,
    services::Dependencies,
    time::{HOUR_MS, UnixMillis},
};

/// Most tokens that are remembered.
pub const REMEMBERED_TOKENS_MAX: u64 = 20_000;

/// Most tokens of which is remembered that their refusal was written down.
const REMEMBERED_REFUSALS_MAX: u64 = 10_000;

/// Why a bearer token is refused.
#[derive(Debug, Error)]
pub enum BearerError {
    /// Unknown, expired, ended, or of a person who may not use Portal any more (RFC 6750 `invalid_token`).
    #[error("the access token is not valid")]
    Invalid,
    /// The static token is good, but bound to other addresses.
    #[error("the token may not be used from this address")]
    AddressRefused,
    /// The store failed: nothing is known, the token may be good.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A caller, good until its token ends or a counter moves that it depends on.
#[derive(Clone)]
struct Remembered {
    access_counter: i64,
    catalog_counter: i64,
    caller: Arc<Caller>,
}

impl Remembered {
    fn is_current(&self, changes: &Changes) -> bool {
        self.access_counter == changes.access && self.catalog_counter == changes.catalog
    }
}

/// Checks bearer tokens.
pub struct BearerService {
    dependencies: Dependencies,
    activity: Arc<ActivityRecorder>,
    remembered: Cache<SecretHash, Remembered>,
    /// Static tokens whose refusal by address was written down, with the hour.
    refusals: Cache<StaticTokenId, UnixMillis>,
}

impl BearerService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, activity: Arc<ActivityRecorder>) -> Self {
        let (remembered, refusals) = (Cache::new(REMEMBERED_TOKENS_MAX), Cache::new(REMEMBERED_REFUSALS_MAX));
        Self { dependencies, activity, remembered, refusals }
    }

    /// The caller who holds this token, in a request from there. Answers from memory while nothing that takes access away has
    /// happened since the token was last looked up, as the counters tell; they are at most half a second old.
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn authenticate(
        &self,
        token: &str,
        origin: &RequestOrigin,
    ) -> Result<Arc<Caller>, BearerError> {
        let kind = [TokenKind::Access, TokenKind::Static].into_iter().find(|kind| kind.fits(token));
        let kind = kind.ok_or(BearerError::Invalid)?;
        let hash = SecretHash::of(token);
        let changes = self.dependencies.changes.current().await?;
        let remembered = self.remembered.get(&hash).filter(|remembered| remembered.is_current(&changes));
        let caller = match remembered {
            Some(remembered) => remembered.caller,
            // The counters were read before the token: what changes in between makes the entry stale, never wrong.
            None => self.look_up(kind, hash, &changes).await?,
        };
        if self.dependencies.clock.now() >= caller.expires_at {
            return Err(BearerError::Invalid);
        }
        if !caller.address_allowed(origin.address) {
            if let Err(error) = self.refusal_record(&caller, origin).await {
                tracing::warn!(%error, "the refusal of a static token by its address was not written down");
            }
            return Err(BearerError::AddressRefused);
        }
        Ok(caller)
    }

    async fn look_up(
        &self,
        kind: TokenKind,
        hash: SecretHash,
        changes: &Changes,
    ) -> Result<Arc<Caller>, BearerError> {
        let caller = Arc::new(match kind {
            TokenKind::Static => self.static_token(&hash).await?,
            _ => self.access_token(&hash).await?,
        });
        let remembered = Remembered {
            access_counter: changes.access,
            catalog_counter: changes.catalog,
            caller: Arc::clone(&caller),
        };
        self.remembered.insert(hash, remembered);
        Ok(caller)
    }

    /// Writes down that a token was refused at an address: once for each token and hour, however often it is tried.
    async fn refusal_record(&self, caller: &Caller, origin: &RequestOrigin) -> Result<(), StoreError> {
        let Credential::Token(token) = &caller.credential else { return Ok(()) };
        let now = self.dependencies.clock.now();
        let hour = UnixMillis(now.0 - now.0.rem_euclid(HOUR_MS));
        if self.refusals.get(&token.id) == Some(hour) {
            return Ok(());
        }
        let mut store = self.dependencies.store.write().await?;
        let first = store.attempt_record(&format!("static-token-address:{}", token.id), hour).await? == 1;
        if first {
            let (rng, actor) = (&*self.dependencies.rng, caller.actor());
            let event = AuditEvent::done(rng, now, actor, "static-token.refused", origin)
                .target(token.id.as_str())
                .outcome(AuditOutcome::Refused { reason: "address".to_owned() })
                .details(json!({ "name": token.name, "owner": token.owner }));
            store.audit_append(&event).await?;
        }
        store.commit().await?;
        self.refusals.insert(token.id.clone(), hour);
        Ok(())
    }

    /// An access token is refused when its session has ended, and when its person is disabled, has signed out everywhere or
    /// is missing in the catalog.
    async fn access_token(&self, hash: &SecretHash) -> Result<Caller, BearerError> {
        let mut store = self.dependencies.store.read().await?;
        let (token, session, user) = store.access_token_by_hash(hash).await?.ok_or(BearerError::Invalid)?;
        let alive = session.ended.is_none()
            && user.status == UserStatus::Active
            && user.revocation_epoch == session.epoch
            && session.resource == self.dependencies.configuration.mcp_resource();
        if !alive || store.entity_location(&user.entity_ref).await?.is_none() {
            return Err(BearerError::Invalid);
        }
        drop(store);
        if let Some(refresh) = token.refresh_hash {
            self.activity.confirm_refresh(refresh);
        }
        Ok(Caller {
            subject: Subject::Person { entity_ref: user.entity_ref.clone(), account: Some(Arc::new(user)) },
            credential: Credential::Session(Arc::new(session)),
            scope: token.scope,
            expires_at: token.expires_at,
        })
    }

    /// The accounts of the person to whom a token belongs. Refused while a directory says that they may not go on, and
    /// when the token's reference is another person's by now.
    async fn accounts_of(
        &self,
        store: &mut dyn ReadTransaction,
        person: &IdentityKey,
        owner: &EntityRef,
    ) -> Result<Vec<User>, BearerError> {
        let directories = &self.dependencies.directories;
        let found = Person::find(store, directories, person).await?.ok_or(BearerError::Invalid)?;
        if found.refusal(directories).is_some() || found.entity_ref() != owner {
            return Err(BearerError::Invalid);
        }
        if ref_holder(store, &found).await?.is_some() {
            return Err(BearerError::Invalid);
        }
        let mut accounts = Vec::new();
        for identity in found.identities() {
            let subject = std::slice::from_ref(&identity.key.subject);
            let held = store.account_list_of_people(&identity.key.provider, subject).await?;
            accounts.extend(held.into_iter().map(|(account, _)| account));
        }
        accounts.sort_by_key(|account| (account.status.is_refused(), account.created_at));
        Ok(accounts)
    }

    /// A static token follows its owner: it is refused while the owner is missing in the catalog, while an account of the
    /// owner is disabled, and while a directory says that the owner is suspended. Signing out everywhere does not touch
    /// it.
    async fn static_token(&self, hash: &SecretHash) -> Result<Caller, BearerError> {
        let mut store = self.dependencies.store.read().await?;
        let (token, accounts) = store.static_token_by_hash(hash).await?.ok_or(BearerError::Invalid)?;
        if !token.is_open(self.dependencies.clock.now()) {
            return Err(BearerError::Invalid);
        }
        let accounts = match store.static_token_person(&token.id).await? {
            Some(person) => self.accounts_of(&mut *store, &person, &token.owner).await?,
            None => accounts,
        };
        if accounts.iter().any(|account| account.status.is_refused()) {
            return Err(BearerError::Invalid);
        }
        if store.entity_location(&token.owner).await?.is_none() {
            return Err(BearerError::Invalid);
        }
        let entity_ref = token.owner.clone();
        let subject = match entity_ref.kind() {
            "group" => Subject::Service { group: entity_ref },
            _ => Subject::Person { entity_ref, account: accounts.into_iter().next().map(Arc::new) },
        };
        Ok(Caller {
            subject,
            scope: ScopeSet { level: token.scope, offline_access: false },
            expires_at: token.ends_at(),
            credential: Credential::Token(Arc::new(token)),
        })
    }
}
