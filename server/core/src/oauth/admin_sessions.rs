//! The sessions of everyone's agents, as admins see and end them.

use std::collections::HashMap;

use serde_json::json;

use super::{
    records::{AgentSession, AgentSessionFilter, ClientKind, ClientSnapshot, EndReason},
    sessions::{AgentSessionService, SessionCount},
};
use crate::{
    audit::AuditEvent,
    changes::Topic,
    identity::{Admin, User, UserStatus},
    ids::{AgentSessionId, UserId},
    ports::{StoreError, WriteTransaction},
    services::Dependencies,
};

/// A session with the person it acts for.
#[derive(Debug, Clone)]
pub struct AdminSession {
    /// The session.
    pub session: AgentSession,
    /// The account.
    pub user: User,
    /// Whether its tokens work: not run out, and the person neither disabled nor signed out everywhere since.
    pub usable: bool,
}

/// Open sessions that are meant together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsOf {
    /// All of one person.
    Person(UserId),
    /// All of one client, by its id.
    Client(String),
    /// What a search finds, as in [`AgentSessionFilter`]; all when it is empty.
    Search(String),
    /// All of clients of one kind.
    Kind(ClientKind),
    /// All that got refresh tokens.
    Refreshable,
}

/// What would be touched, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affected {
    /// How many sessions, and of how many people.
    pub count: SessionCount,
    /// Their clients with the number of their sessions, those with the most first, at most [`CLIENTS_TOLD_MAX`].
    pub clients: Vec<(ClientSnapshot, i64)>,
}

/// Most clients that are told of many sessions.
pub const CLIENTS_TOLD_MAX: u32 = 8;

impl SessionsOf {
    fn open(&self) -> AgentSessionFilter {
        let open = AgentSessionFilter { open_only: true, ..AgentSessionFilter::default() };
        match self {
            Self::Person(user) => AgentSessionFilter { user_id: Some(user.clone()), ..open },
            Self::Client(client_id) => AgentSessionFilter { client_id: Some(client_id.clone()), ..open },
            Self::Search(search) => AgentSessionFilter { search: search.clone(), ..open },
            Self::Kind(kind) => AgentSessionFilter { clients: Some(*kind), ..open },
            Self::Refreshable => AgentSessionFilter { refreshable_only: true, ..open },
        }
    }

    fn target(&self) -> &str {
        match self {
            Self::Person(user) => user.as_str(),
            Self::Client(client_id) => client_id,
            Self::Search(search) => search,
            Self::Kind(ClientKind::Document) => "documents",
            Self::Kind(ClientKind::Dynamic) => "dynamic-registration",
            Self::Refreshable => "refresh-tokens",
        }
    }
}

impl AgentSessionService {
    /// Open sessions of everyone, newest first, after one of them, at most `limit`. `search` as in [`AgentSessionFilter`].
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_all(
        &self,
        _admin: &Admin,
        search: &str,
        after: Option<&AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AdminSession>, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let sessions = store.agent_session_list(&found_by(search), after, limit).await?;
        let now = self.dependencies.clock.now();
        let mut users: HashMap<UserId, User> = HashMap::new();
        let mut found = Vec::with_capacity(sessions.len());
        for session in sessions {
            if !users.contains_key(&session.user_id)
                && let Some(user) = store.user_by_id(&session.user_id).await?
            {
                users.insert(session.user_id.clone(), user);
            }
            let Some(user) = users.get(&session.user_id).cloned() else { continue };
            let usable = user.status == UserStatus::Active
                && user.revocation_epoch == session.epoch
                && now < self.ends_at(&session);
            found.push(AdminSession { session, user, usable });
        }
        Ok(found)
    }

    /// How many open sessions a search finds, and of how many people.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count_all(&self, _admin: &Admin, search: &str) -> Result<SessionCount, StoreError> {
        self.count_of(&found_by(search)).await
    }

    /// What would be touched if these sessions were ended.
    ///
    /// # Errors
    /// The store failed.
    pub async fn affected(&self, which: &SessionsOf) -> Result<Affected, StoreError> {
        let open = which.open();
        let mut store = self.dependencies.store.read().await?;
        let (sessions, people) = store.agent_session_count(&open).await?;
        let clients = store.agent_session_client_list(&open, CLIENTS_TOLD_MAX).await?;
        Ok(Affected { count: SessionCount { sessions, people }, clients })
    }

    /// Ends one session of anyone: its tokens are refused at once. Returns it; `None` when it had ended or never was.
    ///
    /// # Errors
    /// The store failed; nothing was ended.
    pub async fn end_one(
        &self,
        admin: &Admin,
        id: &AgentSessionId,
    ) -> Result<Option<AgentSession>, StoreError> {
        let now = self.dependencies.clock.now();
        let mut store = self.dependencies.store.write().await?;
        // First, as everywhere: whoever holds the counter may come for the sessions.
        store.change_record(Topic::Access).await?;
        let Some(session) = store.agent_session_by_id(id).await? else { return Ok(None) };
        if !store.agent_session_end(id, EndReason::EndedByAdmin, now).await? {
            // Whoever ended it a moment ago may not have committed yet.
            store.commit().await?;
            return Ok(None);
        }
        let details = json!({ "client_id": session.client.client_id, "user": session.user_id,
            "reason": EndReason::EndedByAdmin });
        // Whoever's agent is ended is asked before it comes back.
        store.consent_delete(&session.user_id, Some(&session.client.client_id)).await?;
        let (rng, actor) = (&*self.dependencies.rng, admin.actor());
        let event = AuditEvent::done(rng, now, actor, "agent-session.ended", admin.origin());
        store.audit_append(&event.target(id.as_str()).details(details)).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(Some(session))
    }

    /// Ends these sessions, and returns how many there were. Their agents are not remembered: whoever they acted for is asked
    /// before they come back.
    ///
    /// # Errors
    /// The store failed; nothing was ended.
    pub async fn end_together(&self, admin: &Admin, which: &SessionsOf) -> Result<u64, StoreError> {
        let mut store = self.dependencies.store.write().await?;
        // First, as everywhere: whoever holds the counter may come for the sessions.
        store.change_record(Topic::Access).await?;
        let ended = end_open(&self.dependencies, &mut *store, admin, which).await?;
        // Also when there were none: whoever ended them a moment ago may not have committed yet.
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(ended)
    }

    async fn count_of(&self, filter: &AgentSessionFilter) -> Result<SessionCount, StoreError> {
        let (sessions, people) = self.dependencies.store.read().await?.agent_session_count(filter).await?;
        Ok(SessionCount { sessions, people })
    }
}

/// Ends these sessions inside a transaction that has raised the counter of [`Topic::Access`]; returns how many.
pub(crate) async fn end_open(
    dependencies: &Dependencies,
    store: &mut dyn WriteTransaction,
    admin: &Admin,
    which: &SessionsOf,
) -> Result<u64, StoreError> {
    let (filter, now) = (which.open(), dependencies.clock.now());
    // Before the sessions, by which some of the consents are found. A consent may be there without an open session.
    let remembered = AgentSessionFilter { open_only: false, ..filter.clone() };
    let forgotten = store.consent_delete_all(&remembered).await?;
    let ended = store.agent_session_end_all(&filter, EndReason::EndedByAdmin, now).await?;
    if ended > 0 || forgotten > 0 {
        let details = json!({ "sessions": ended, "consents": forgotten, "reason": EndReason::EndedByAdmin });
        let (rng, action) = (&*dependencies.rng, "agent-session.all-ended");
        let event = AuditEvent::done(rng, now, admin.actor(), action, admin.origin());
        store.audit_append(&event.target(which.target()).details(details)).await?;
    }
    Ok(ended)
}

fn found_by(search: &str) -> AgentSessionFilter {
    AgentSessionFilter { open_only: true, search: search.to_owned(), ..AgentSessionFilter::default() }
}
