//! People's accounts, their browser sessions, one-time links and counted attempts.

use async_trait::async_trait;
use portal_model::EntityRef;

use super::StoreError;
use crate::{
    identity::{BrowserSession, LinkPurpose, OneTimeLink, User, UserStatus},
    ids::UserId,
    secret::SecretHash,
    time::UnixMillis,
};

/// Reads accounts and what belongs to them.
#[async_trait]
pub trait UserReads {
    /// The account with this id.
    async fn user_by_id(&mut self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// The account of a provider with this e-mail, compared in lower case.
    async fn user_by_email(&mut self, provider: &str, email: &str) -> Result<Option<User>, StoreError>;

    /// The account of a provider with this stable id.
    async fn user_by_subject(&mut self, provider: &str, subject: &str) -> Result<Option<User>, StoreError>;

    /// The accounts tied to this user entity.
    async fn user_list_by_entity_ref(&mut self, entity_ref: &EntityRef) -> Result<Vec<User>, StoreError>;

    /// Accounts whose e-mail, name or entity ref contains `search` (any case; empty for all), ordered by display
    /// name in lower case, then id; after the account `after` in that order, at most `limit`.
    async fn user_list(
        &mut self,
        search: &str,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// How many accounts are admins and active.
    async fn user_count_active_admins(&mut self) -> Result<i64, StoreError>;

    /// How many accounts there are, other than disabled and suspended ones.
    async fn user_count(&mut self) -> Result<i64, StoreError>;

    /// The browser session with this hash, and its account.
    async fn browser_session_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(BrowserSession, User)>, StoreError>;

    /// How many browser sessions of the account have not ended.
    async fn browser_session_count(&mut self, user: &UserId, now: UnixMillis) -> Result<i64, StoreError>;

    /// The one-time link with this hash, used or not.
    async fn link_by_hash(&mut self, hash: &SecretHash) -> Result<Option<OneTimeLink>, StoreError>;

    /// How many attempts were recorded in this bucket's window that starts at `window_start`.
    async fn attempt_count(&mut self, bucket: &str, window_start: UnixMillis) -> Result<i64, StoreError>;

    /// Whether this browser has signed in to the account before (see [`UserWrites::known_browser_put`]).
    async fn known_browser_exists(&mut self, user: &UserId, hash: &SecretHash) -> Result<bool, StoreError>;
}

/// Writes accounts and what belongs to them.
#[async_trait]
pub trait UserWrites {
    /// Adds an account. `false` when provider and e-mail, provider and subject, or the id are taken.
    async fn user_insert(&mut self, user: &User) -> Result<bool, StoreError>;

    /// Replaces e-mail, display name, entity ref, admin flag, password and last sign-in of an account. Status and
    /// revocation epoch have functions of their own. `false` when there is no such account or the e-mail is taken.
    async fn user_update(&mut self, user: &User) -> Result<bool, StoreError>;

    /// Moves an account from one status to another. `false` when it was not in `from`.
    async fn user_set_status(
        &mut self,
        id: &UserId,
        from: UserStatus,
        to: UserStatus,
    ) -> Result<bool, StoreError>;

    /// Raises the revocation epoch of an account by one and returns the new one; `None` when there is no such account.
    /// Everything issued under an earlier epoch is refused from then on.
    async fn user_raise_epoch(&mut self, id: &UserId) -> Result<Option<i64>, StoreError>;

    /// Adds a browser session.
    async fn browser_session_insert(&mut self, session: &BrowserSession) -> Result<(), StoreError>;

    /// Remembers that a browser session was used.
    async fn browser_session_touch(
        &mut self,
        hash: &SecretHash,
        seen_at: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Ends one browser session. `false` when there was none.
    async fn browser_session_delete(&mut self, hash: &SecretHash) -> Result<bool, StoreError>;

    /// Ends all browser sessions of an account and returns how many there were.
    async fn browser_session_delete_by_user(&mut self, user: &UserId) -> Result<u64, StoreError>;

    /// Deletes browser sessions, links and attempts that ended before `before`, at most 10,000 of each, and known
    /// browsers last seen 400 days before it; returns how many sessions, links and attempts went.
    async fn identity_prune(&mut self, before: UnixMillis) -> Result<u64, StoreError>;

    /// Adds a one-time link.
    async fn link_insert(&mut self, link: &OneTimeLink) -> Result<(), StoreError>;

    /// Marks an unused link that expires after `now` as used. `false` when it was used, expired or unknown.
    async fn link_consume(&mut self, hash: &SecretHash, now: UnixMillis) -> Result<bool, StoreError>;

    /// Deletes the links of one purpose, of one account or (for `None`) of no account.
    async fn link_delete(&mut self, purpose: LinkPurpose, user: Option<&UserId>) -> Result<u64, StoreError>;

    /// Counts one more attempt in the bucket's window that starts at `window_start`, and returns the new count.
    async fn attempt_record(&mut self, bucket: &str, window_start: UnixMillis) -> Result<i64, StoreError>;

    /// Remembers that a browser, known by the hash of its long-lived cookie, has signed in to an account.
    async fn known_browser_put(
        &mut self,
        user: &UserId,
        hash: &SecretHash,
        seen_at: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Forgets every browser that has signed in to the account; returns how many.
    async fn known_browser_delete_by_user(&mut self, user: &UserId) -> Result<u64, StoreError>;
}
