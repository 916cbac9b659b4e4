//! Making, listing, rotating and revoking static tokens.

use std::sync::Arc;

use portal_model::{EntityRef, ErrorCode, Field, FieldError};
use serde_json::json;

use super::{NewStaticToken, StaticToken, StaticTokenEnd, StaticTokenFilter, StaticTokenRequest};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    form_error::FormError,
    identity::{Admin, LOCAL_PROVIDER, RequestOrigin, SignedIn},
    ids::StaticTokenId,
    oauth::TokenKind,
    org::person_at,
    ports::{StoreError, WriteTransaction},
    secret::Secret,
    services::Dependencies,
    settings::SettingsService,
    time::{DAY_MS, HOUR_MS, UnixMillis},
};

/// Personal tokens that one person may have open.
pub const PERSONAL_TOKENS_MAX: i64 = 20;

/// How long a token goes on after it was replaced, unless it shall end at once, in milliseconds.
pub const ROTATION_GRACE_MS: i64 = HOUR_MS;

/// When a token ends that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OldTokenEnds {
    /// Now: whoever should not have it has it.
    AtOnce,
    /// After [`ROTATION_GRACE_MS`], or at its own time if that is sooner.
    #[default]
    InOneHour,
}

/// How many of a token's last characters are kept to tell tokens apart. They belong to the checksum.
const ENDING_LENGTH: usize = 4;
/// Who made a token that was made at the shell.
const COMMAND_LINE: &str = "command line";

/// A token just made; the only moment at which it can be seen.
#[derive(Debug, Clone)]
pub struct MadeStaticToken {
    /// The token.
    pub secret: Secret,
    /// What is kept of it.
    pub token: StaticToken,
}

/// Who makes or changes a token.
struct Maker {
    actor: Actor,
    name: String,
    origin: RequestOrigin,
}

impl From<&Admin> for Maker {
    fn from(admin: &Admin) -> Self {
        let name = match admin.actor() {
            Actor::User { name, .. } => name,
            _ => COMMAND_LINE.to_owned(),
        };
        Self { actor: admin.actor(), name, origin: admin.origin().clone() }
    }
}

impl From<&SignedIn> for Maker {
    fn from(person: &SignedIn) -> Self {
        Self {
            actor: person.actor(),
            name: person.user().entity_ref.to_string(),
            origin: person.origin().clone(),
        }
    }
}

/// Static tokens.
pub struct StaticTokenService {
    pub(super) dependencies: Dependencies,
    settings: Arc<SettingsService>,
}

impl StaticTokenService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        Self { dependencies, settings }
    }

    /// Makes a token for a user or group of the catalog.
    ///
    /// # Errors
    /// [`FormError::Refused`] with every fault and its field.
    pub async fn create(
        &self,
        admin: &Admin,
        request: &StaticTokenRequest,
    ) -> Result<MadeStaticToken, FormError> {
        let new = request.check(self.find_owner(request).await?).map_err(FormError::Refused)?;
        let mut transaction = self.dependencies.store.write().await?;
        let made = self.insert(&mut *transaction, &Maker::from(admin), new, false).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Makes a token by which a person's own agent acts as that person, where the admin allows it.
    ///
    /// # Errors
    /// [`FormError::Refused`]: personal tokens are off, there are too many, or the input has faults.
    pub async fn create_personal(
        &self,
        person: &SignedIn,
        request: &StaticTokenRequest,
    ) -> Result<MadeStaticToken, FormError> {
        if !self.settings.current().await?.personal_tokens_enabled {
            return Err(ErrorCode::PersonalTokensOff.into());
        }
        let owner = person.user().entity_ref.clone();
        let new = request.check(Ok(owner.clone())).map_err(FormError::Refused)?;
        let mut transaction = self.dependencies.store.write().await?;
        // Two requests at once cannot both see the last free place.
        transaction.change_record(Topic::Access).await?;
        if transaction.entity_location(&owner).await?.is_none() {
            return Err(ErrorCode::OwnerUnknown.into());
        }
        if transaction.static_token_count(&self.open_of(owner)).await? >= PERSONAL_TOKENS_MAX {
            return Err(ErrorCode::TooManyTokens.into());
        }
        let made = self.insert(&mut *transaction, &Maker::from(person), new, true).await?;
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Ok(made)
    }

    /// Makes a new token with the same name, owner, scope, sources and ranges, good for as long as the old one was; the
    /// old one ends at once, or goes on for [`ROTATION_GRACE_MS`], so that what uses it can be given the new one.
    ///
    /// # Errors
    /// [`FormError::Refused`] with `not-found` when it has ended, was rotated before or is unknown.
    pub async fn rotate(
        &self,
        admin: &Admin,
        id: &StaticTokenId,
        old_ends: OldTokenEnds,
    ) -> Result<MadeStaticToken, FormError> {
        let maker = Maker::from(admin);
        let mut transaction = self.dependencies.store.write().await?;
        let now = self.dependencies.clock.now();
        // First, as everywhere: two rotations of one token wait here for each other.
        transaction.change_record(Topic::Access).await?;
        let found = transaction.static_token_by_id(id).await?;
        let fresh = |old: &StaticToken| old.ended.is_none() && old.is_open(now);
        let old = found.filter(fresh).ok_or(ErrorCode::NotFound)?;
        let end = match old_ends {
            OldTokenEnds::AtOnce => now,
            OldTokenEnds::InOneHour => now.plus(ROTATION_GRACE_MS).min(old.expires_at),
        };
        self.end(&mut *transaction, &maker, &old, (StaticTokenEnd::Rotated, end)).await?;
        let (lifetime_days, personal) = (old.expires_at.since(old.created_at) / DAY_MS, old.personal);
        let new = NewStaticToken {
            name: old.name,
            owner: old.owner,
            scope: old.scope,
            expires_days: u16::try_from(lifetime_days).unwrap_or(super::EXPIRY_DAYS_DEFAULT),
            sources: old.sources,
            ranges: old.ranges,
        };
        let made = self.insert(&mut *transaction, &maker, new, personal).await?;
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Ok(made)
    }

    /// Ends a token; its next use is refused.
    ///
    /// # Errors
    /// [`FormError::Refused`] with `not-found` when it has ended or is unknown.
    pub async fn revoke(&self, admin: &Admin, id: &StaticTokenId) -> Result<(), FormError> {
        self.revoke_as(&Maker::from(admin), id, |_| true).await
    }

    /// Ends a person's own token.
    ///
    /// # Errors
    /// [`FormError::Refused`] with `not-found` when it has ended, is unknown or another's.
    pub async fn revoke_own(&self, person: &SignedIn, id: &StaticTokenId) -> Result<(), FormError> {
        self.revoke_as(&Maker::from(person), id, |token| token.owner == person.user().entity_ref).await
    }

    /// The token with this id; `None` when there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, _admin: &Admin, id: &StaticTokenId) -> Result<Option<StaticToken>, StoreError> {
        self.dependencies.store.read().await?.static_token_by_id(id).await
    }

    /// How many tokens fit the filter.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count(&self, _admin: &Admin, filter: &StaticTokenFilter) -> Result<i64, StoreError> {
        self.dependencies.store.read().await?.static_token_count(filter).await
    }

    /// Tokens that fit the filter, newest first, after one of them, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(
        &self,
        _admin: &Admin,
        filter: &StaticTokenFilter,
        after: Option<&StaticTokenId>,
        limit: u32,
    ) -> Result<Vec<StaticToken>, StoreError> {
        self.dependencies.store.read().await?.static_token_list(filter, after, limit).await
    }

    /// A person's own tokens, newest first, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_own(&self, person: &SignedIn, limit: u32) -> Result<Vec<StaticToken>, StoreError> {
        let filter = self.open_of(person.user().entity_ref.clone());
        self.dependencies.store.read().await?.static_token_list(&filter, None, limit).await
    }

    fn open_of(&self, owner: EntityRef) -> StaticTokenFilter {
        let open_at = Some(self.dependencies.clock.now());
        StaticTokenFilter { owner: Some(owner), open_at, ..StaticTokenFilter::default() }
    }

    async fn find_owner(
        &self,
        request: &StaticTokenRequest,
    ) -> Result<Result<EntityRef, FieldError>, StoreError> {
        let owner = match request.owner_ref() {
            Ok(owner) => owner,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut store = self.dependencies.store.read().await?;
        let owner = match owner {
            Some(owner) => Some(owner),
            None => store
                .user_by_email(LOCAL_PROVIDER, request.owner.trim())
                .await?
                .map(|account| account.entity_ref),
        };
        let known = match &owner {
            Some(owner) => store.entity_location(owner).await?.is_some(),
            None => false,
        };
        Ok(owner.filter(|_| known).ok_or(FieldError::on(Field::Owner, ErrorCode::OwnerUnknown)))
    }

    async fn insert(
        &self,
        transaction: &mut dyn WriteTransaction,
        maker: &Maker,
        new: NewStaticToken,
        personal: bool,
    ) -> Result<MadeStaticToken, StoreError> {
        let Dependencies { clock, rng, .. } = &self.dependencies;
        let now = clock.now();
        let secret = TokenKind::Static.generate(&**rng);
        let ending = secret.expose().len().saturating_sub(ENDING_LENGTH);
        let token = StaticToken {
            id: StaticTokenId::generate(&**rng),
            hash: secret.hash(),
            ending: secret.expose().get(ending..).unwrap_or_default().to_owned(),
            name: new.name,
            owner: new.owner,
            scope: new.scope,
            sources: new.sources,
            ranges: new.ranges,
            personal,
            created_by: maker.name.clone(),
            created_at: now,
            expires_at: now.plus(i64::from(new.expires_days) * DAY_MS),
            used_at: None,
            used_from: None,
            owner_missing_since: None,
            ended: None,
        };
        transaction.static_token_insert(&token).await?;
        if let Some(person) = person_at(&mut *transaction, &token.owner).await? {
            transaction.static_token_bind(&token.id, &person).await?;
        }
        let details = json!({ "name": token.name, "owner": token.owner, "scope": token.scope,
            "sources": token.sources, "expires_at": token.expires_at.rfc3339() });
        transaction.audit_append(&self.audit(maker, "static-token.created", &token).details(details)).await?;
        Ok(MadeStaticToken { secret, token })
    }

    async fn revoke_as(
        &self,
        maker: &Maker,
        id: &StaticTokenId,
        may: impl FnOnce(&StaticToken) -> bool + Send,
    ) -> Result<(), FormError> {
        let mut transaction = self.dependencies.store.write().await?;
        transaction.change_record(Topic::Access).await?;
        let now = self.dependencies.clock.now();
        let token = transaction.static_token_by_id(id).await?.filter(may).ok_or(ErrorCode::NotFound)?;
        self.end(&mut *transaction, maker, &token, (StaticTokenEnd::Revoked, now)).await?;
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    async fn end(
        &self,
        transaction: &mut dyn WriteTransaction,
        maker: &Maker,
        token: &StaticToken,
        (reason, at): (StaticTokenEnd, UnixMillis),
    ) -> Result<(), FormError> {
        if !transaction.static_token_end(&token.id, reason, at).await? {
            return Err(ErrorCode::NotFound.into());
        }
        let details = json!({ "name": token.name, "owner": token.owner, "reason": reason.as_str(),
            "ends_at": at.rfc3339() });
        transaction.audit_append(&self.audit(maker, "static-token.ended", token).details(details)).await?;
        Ok(())
    }

    fn audit(&self, maker: &Maker, action: &str, token: &StaticToken) -> AuditEvent {
        let now = self.dependencies.clock.now();
        AuditEvent::done(&*self.dependencies.rng, now, maker.actor.clone(), action, &maker.origin)
            .target(token.id.as_str())
    }
}
