//! Browser sessions: made, recognised, ended.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use moka::sync::Cache;

use super::{
    BrowserSession, Identity, IdentityError, IdentityService, NewBrowserSession, RequestOrigin, SignedIn,
    User, UserStatus,
};
use crate::{
    changes::Topic,
    ids::UserId,
    oauth::records::{AgentSessionFilter, EndReason},
    ports::{StoreError, WriteTransaction},
    secret::{Secret, SecretHash},
    time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMillis},
};

/// How long a browser session lives without being used, in milliseconds.
pub const SESSION_IDLE_MS: i64 = 12 * HOUR_MS;
/// How long a browser session lives at most, in milliseconds.
pub const SESSION_ABSOLUTE_MS: i64 = 7 * DAY_MS;
/// How exactly the last use of a session is remembered, in milliseconds.
const SEEN_PRECISION_MS: i64 = MINUTE_MS;
/// Most sessions kept in memory.
const SESSIONS_CACHED_MAX: u64 = 10_000;
/// Characters of a cookie value that Portal made.
const COOKIE_LENGTH: usize = 43;
/// Longest name of a browser for itself that is kept, in characters.
const USER_AGENT_LENGTH_MAX: usize = 256;

/// Sessions looked up lately, each good while the access counter has not moved.
pub(super) struct SessionCache(Cache<SecretHash, Arc<CachedSession>>);

struct CachedSession {
    access: i64,
    user: Arc<User>,
    expires_at: UnixMillis,
    seen_at: AtomicI64,
}

impl SessionCache {
    pub(super) fn new() -> Self {
        Self(Cache::new(SESSIONS_CACHED_MAX))
    }
}

impl CachedSession {
    fn new(access: i64, session: &BrowserSession, user: User) -> Self {
        let BrowserSession { expires_at, seen_at, .. } = *session;
        Self { access, user: Arc::new(user), expires_at, seen_at: AtomicI64::new(seen_at.0) }
    }

    fn lives(&self, now: UnixMillis) -> bool {
        now < self.expires_at && self.idle_ms(now) < SESSION_IDLE_MS
    }

    fn idle_ms(&self, now: UnixMillis) -> i64 {
        now.since(UnixMillis(self.seen_at.load(Ordering::Relaxed)))
    }

    /// Whether the caller shall remember the use: one of all, once a minute.
    fn claim_touch(&self, now: UnixMillis) -> bool {
        let seen_at = self.seen_at.load(Ordering::Relaxed);
        now.since(UnixMillis(seen_at)) >= SEEN_PRECISION_MS
            && self.seen_at.compare_exchange(seen_at, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl IdentityService {
    /// Who holds this session cookie: checks the session, its idle and absolute expiry, the account's status and epoch.
    /// Answers from memory while the access counter has not moved.
    ///
    /// # Errors
    /// The store failed.
    pub async fn identify(
        &self,
        cookie: Option<&Secret>,
        origin: RequestOrigin,
    ) -> Result<Identity, IdentityError> {
        let Some(cookie) = cookie.filter(|cookie| cookie.expose().len() == COOKIE_LENGTH) else {
            return Ok(Identity::Anonymous(origin));
        };
        let hash = cookie.hash();
        let now = self.now();
        let access = self.dependencies.changes.current().await?.access;
        let cached = self.sessions.0.get(&hash).filter(|cached| cached.access == access && cached.lives(now));
        let found = match cached {
            Some(cached) => Some(cached),
            // Another node may have seen the session in use: the store says whether it is idle.
            None => self.session_load(&hash, access, now).await?,
        };
        let Some(session) = found else { return Ok(Identity::Anonymous(origin)) };
        if session.claim_touch(now) {
            self.session_touch(&hash, now).await;
        }
        Ok(Identity::SignedIn(SignedIn::new(Arc::clone(&session.user), hash, origin)))
    }

    async fn session_load(
        &self,
        hash: &SecretHash,
        access: i64,
        now: UnixMillis,
    ) -> Result<Option<Arc<CachedSession>>, StoreError> {
        let found = self.dependencies.store.read().await?.browser_session_by_hash(hash).await?;
        let valid = found.filter(|(session, user)| {
            user.status == UserStatus::Active && session.epoch >= user.revocation_epoch
        });
        let cached = valid
            .map(|(session, user)| Arc::new(CachedSession::new(access, &session, user)))
            .filter(|cached| cached.lives(now));
        match &cached {
            Some(cached) => self.sessions.0.insert(*hash, Arc::clone(cached)),
            None => self.sessions.0.invalidate(hash),
        }
        Ok(cached)
    }

    /// A page is not refused because its use could not be remembered.
    async fn session_touch(&self, hash: &SecretHash, now: UnixMillis) {
        let touch = async {
            let mut tx = self.dependencies.store.write().await?;
            tx.browser_session_touch(hash, now).await?;
            tx.commit().await
        };
        if let Err(error) = touch.await {
            tracing::warn!(%error, "the use of a browser session was not remembered");
        }
    }

    /// Ends this browser session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), IdentityError> {
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        if tx.browser_session_delete(signed_in.session()).await? {
            let event = self.event(signed_in.actor(), "user.signed-out", signed_in.origin());
            tx.audit_append(&event.target(signed_in.user().id.as_str())).await?;
        }
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    /// Ends every browser session and every agent session of the person.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out_everywhere(&self, signed_in: &SignedIn) -> Result<(), IdentityError> {
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let user = &signed_in.user().id;
        let ended = access_end(tx.as_mut(), user, self.now()).await?;
        let event = self.event(signed_in.actor(), "user.signed-out-everywhere", signed_in.origin());
        tx.audit_append(&event.target(user.as_str()).details(ended.details())).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    /// Makes a session inside a transaction that has locked the account.
    pub(super) async fn session_start(
        &self,
        tx: &mut dyn WriteTransaction,
        user: User,
        known_browser: Option<Secret>,
        origin: &RequestOrigin,
    ) -> Result<NewBrowserSession, StoreError> {
        let now = self.now();
        let cookie = Secret::generate(&*self.dependencies.rng);
        let known_browser = known_browser.unwrap_or_else(|| Secret::generate(&*self.dependencies.rng));
        let session = BrowserSession {
            hash: cookie.hash(),
            user_id: user.id.clone(),
            epoch: user.revocation_epoch,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(SESSION_ABSOLUTE_MS),
            address: origin.address,
            user_agent: origin.user_agent.chars().take(USER_AGENT_LENGTH_MAX).collect(),
        };
        tx.browser_session_insert(&session).await?;
        tx.known_browser_put(&user.id, &known_browser.hash(), now).await?;
        Ok(NewBrowserSession { cookie, known_browser, user })
    }
}

/// How much ended with someone's access.
pub(crate) struct EndedAccess {
    pub(crate) browser_sessions: u64,
    pub(crate) agent_sessions: u64,
}

impl EndedAccess {
    pub(crate) fn details(&self) -> serde_json::Value {
        serde_json::json!({ "browserSessions": self.browser_sessions, "agentSessions": self.agent_sessions })
    }
}

/// Ends everything issued to a person: the epoch for what is under way, the sessions for what is listed.
pub(crate) async fn access_end(
    tx: &mut dyn WriteTransaction,
    user: &UserId,
    now: UnixMillis,
) -> Result<EndedAccess, StoreError> {
    tx.user_raise_epoch(user).await?;
    let open =
        AgentSessionFilter { user_id: Some(user.clone()), open_only: true, ..AgentSessionFilter::default() };
    Ok(EndedAccess {
        browser_sessions: tx.browser_session_delete_by_user(user).await?,
        agent_sessions: tx.agent_session_end_all(&open, EndReason::UserRevoked, now).await?,
    })
}
