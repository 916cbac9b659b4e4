//! The sessions of everyone's agents, as admins see and end them.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    records::{AgentSession, AgentSessionFilter, EndReason},
    sessions::{AgentSessionService, SessionCount},
};
use crate::{
    audit::AuditEvent,
    changes::Topic,
    identity::{Admin, User, UserStatus},
    ids::{AgentSessionId, UserId},
    ports::StoreError,
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

/// Sessions that are ended together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsOf {
    /// All of one person.
    Person(UserId),
    /// All of one client, by its id.
    Client(String),
}

impl SessionsOf {
    fn open(&self) -> AgentSessionFilter {
        let open = AgentSessionFilter { open_only: true, ..AgentSessionFilter::default() };
        match self {
            Self::Person(user) => AgentSessionFilter { user_id: Some(user.clone()), ..open },
            Self::Client(client_id) => AgentSessionFilter { client_id: Some(client_id.clone()), ..open },
        }
    }

    fn target(&self) -> &str {
        match self {
            Self::Person(user) => user.as_str(),
            Self::Client(client_id) => client_id,
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

    /// How many open sessions would be ended together, and of how many people.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count_together(
        &self,
        _admin: &Admin,
        which: &SessionsOf,
    ) -> Result<SessionCount, StoreError> {
        self.count_of(&which.open()).await
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
            return Ok(None);
        }
        let details = json!({ "client_id": session.client.client_id, "user": session.user_id,
            "reason": EndReason::EndedByAdmin });
        let event = self.admin_event(admin, "agent-session.ended", id.as_str(), details);
        store.audit_append(&event).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(Some(session))
    }

    /// Ends all sessions of a person or a client, and returns how many there were.
    ///
    /// # Errors
    /// The store failed; nothing was ended.
    pub async fn end_together(&self, admin: &Admin, which: &SessionsOf) -> Result<u64, StoreError> {
        let now = self.dependencies.clock.now();
        let mut store = self.dependencies.store.write().await?;
        // First, as everywhere: whoever holds the counter may come for the sessions.
        store.change_record(Topic::Access).await?;
        let ended = store.agent_session_end_all(&which.open(), EndReason::EndedByAdmin, now).await?;
        if ended > 0 {
            let details = json!({ "sessions": ended, "reason": EndReason::EndedByAdmin });
            let event = self.admin_event(admin, "agent-session.all-ended", which.target(), details);
            store.audit_append(&event).await?;
            store.commit().await?;
            self.dependencies.changes.expire();
        }
        Ok(ended)
    }

    async fn count_of(&self, filter: &AgentSessionFilter) -> Result<SessionCount, StoreError> {
        let (sessions, people) = self.dependencies.store.read().await?.agent_session_count(filter).await?;
        Ok(SessionCount { sessions, people })
    }

    fn admin_event(&self, admin: &Admin, action: &str, target: &str, details: Value) -> AuditEvent {
        let (rng, now) = (&*self.dependencies.rng, self.dependencies.clock.now());
        AuditEvent::done(rng, now, admin.actor(), action, admin.origin()).target(target).details(details)
    }
}

fn found_by(search: &str) -> AgentSessionFilter {
    AgentSessionFilter { open_only: true, search: search.to_owned(), ..AgentSessionFilter::default() }
}
