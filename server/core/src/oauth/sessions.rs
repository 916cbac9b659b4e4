//! The sessions of agents, as the people they act for see and end them.

use portal_model::settings::Settings;
use serde_json::json;

use super::{
    records::{AgentSession, AgentSessionFilter, EndReason, SessionLimits},
    session_end,
};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    identity::{RequestOrigin, SignedIn},
    ids::{AgentSessionId, UserId},
    ports::{StoreError, WriteTransaction},
    services::Dependencies,
    time::{MINUTE_MS, UnixMillis},
};

/// Most sessions of one person that are listed.
pub const SESSION_LIST_MAX: u32 = 200;
/// Sessions that are ended as expired in one transaction.
const EXPIRED_BATCH: u32 = 10_000;

/// How many sessions are open, and of how many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionCount {
    /// Open sessions.
    pub sessions: i64,
    /// People they act for.
    pub people: i64,
}

/// Agent sessions.
pub struct AgentSessionService {
    pub(super) dependencies: Dependencies,
}

impl AgentSessionService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies) -> Self {
        Self { dependencies }
    }

    /// The person's sessions that can still be used, newest first, at most [`SESSION_LIST_MAX`].
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, signed_in: &SignedIn) -> Result<Vec<AgentSession>, StoreError> {
        let filter = open_of(signed_in.user().id.clone());
        let mut store = self.dependencies.store.read().await?;
        let mut sessions = store.agent_session_list(&filter, None, SESSION_LIST_MAX).await?;
        let now = self.dependencies.clock.now();
        sessions.retain(|session| {
            session.epoch == signed_in.user().revocation_epoch && now < self.ends_at(session)
        });
        Ok(sessions)
    }

    /// When a session ends at the latest: after its own lifetime, or with its only access token.
    #[must_use]
    pub fn ends_at(&self, session: &AgentSession) -> UnixMillis {
        if session.refreshable {
            session_end(session.created_at, session.session_lifetime_days)
        } else {
            let minutes = self.dependencies.configuration.access_token_lifetime_minutes;
            session.created_at.plus(i64::from(minutes) * MINUTE_MS)
        }
    }

    /// Ends one of the person's sessions: its tokens are refused at once. Returns it; `None` when it is not theirs, had
    /// ended or never was.
    ///
    /// # Errors
    /// The store failed; nothing was ended.
    pub async fn end(
        &self,
        signed_in: &SignedIn,
        id: &AgentSessionId,
    ) -> Result<Option<AgentSession>, StoreError> {
        let now = self.dependencies.clock.now();
        let mut store = self.dependencies.store.write().await?;
        let found = store.agent_session_by_id(id).await?;
        let Some(session) = found.filter(|session| session.user_id == signed_in.user().id) else {
            return Ok(None);
        };
        store.change_record(Topic::Access).await?;
        if !store.agent_session_end(id, EndReason::Disconnected, now).await? {
            // Whoever ended it a moment ago may not have committed yet.
            store.commit().await?;
            return Ok(None);
        }
        // Whoever disconnects an agent wants to be asked before it comes back.
        store.consent_delete(&session.user_id, Some(&session.client.client_id)).await?;
        let details = json!({ "client_id": session.client.client_id });
        store
            .audit_append(&self.event(signed_in, "agent-session.ended").target(id.as_str()).details(details))
            .await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(Some(session))
    }

    /// Ends all of the person's sessions and returns how many there were.
    ///
    /// # Errors
    /// The store failed; nothing was ended.
    pub async fn end_all(&self, signed_in: &SignedIn) -> Result<u64, StoreError> {
        let now = self.dependencies.clock.now();
        let user = signed_in.user().id.clone();
        let mut store = self.dependencies.store.write().await?;
        store.change_record(Topic::Access).await?;
        let ended = store.agent_session_end_all(&open_of(user.clone()), EndReason::Disconnected, now).await?;
        store.consent_delete(&user, None).await?;
        if ended > 0 {
            let details = json!({ "sessions": ended });
            let event =
                self.event(signed_in, "agent-session.all-ended").target(user.as_str()).details(details);
            store.audit_append(&event).await?;
        }
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(ended)
    }

    /// Ends sessions whose life is over, so that lists and counts show those that live. The server calls it every hour;
    /// nothing depends on it, because a session that is used is judged anew. Returns how many ended.
    ///
    /// # Errors
    /// The store failed; what was ended until then stays so.
    pub async fn end_expired(&self, settings: &Settings) -> Result<u64, StoreError> {
        let limits = SessionLimits::of(settings, &self.dependencies.configuration);
        let mut ended = 0;
        loop {
            let mut store = self.dependencies.store.write().await?;
            let batch = end_expired(&self.dependencies, &mut *store, &limits).await?;
            store.commit().await?;
            ended += batch;
            if batch < u64::from(EXPIRED_BATCH) {
                return Ok(ended);
            }
        }
    }

    /// How many sessions are open.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count(&self) -> Result<SessionCount, StoreError> {
        let filter = AgentSessionFilter { open_only: true, ..AgentSessionFilter::default() };
        let (sessions, people) = self.dependencies.store.read().await?.agent_session_count(&filter).await?;
        Ok(SessionCount { sessions, people })
    }

    fn event(&self, signed_in: &SignedIn, action: &str) -> AuditEvent {
        let now = self.dependencies.clock.now();
        AuditEvent::done(&*self.dependencies.rng, now, signed_in.actor(), action, signed_in.origin())
    }
}

/// Ends up to [`EXPIRED_BATCH`] sessions whose life is over under these limits; returns how many.
pub(crate) async fn end_expired(
    dependencies: &Dependencies,
    store: &mut dyn WriteTransaction,
    limits: &SessionLimits,
) -> Result<u64, StoreError> {
    let now = dependencies.clock.now();
    let ended = store.agent_session_end_expired(limits, now, EXPIRED_BATCH).await?;
    if ended > 0 {
        let (rng, origin) = (&*dependencies.rng, RequestOrigin::default());
        let event = AuditEvent::done(rng, now, Actor::System, "agent-session.expired", &origin);
        store.audit_append(&event.details(json!({ "sessions": ended }))).await?;
    }
    Ok(ended)
}

fn open_of(user: UserId) -> AgentSessionFilter {
    AgentSessionFilter { user_id: Some(user), open_only: true, ..AgentSessionFilter::default() }
}
