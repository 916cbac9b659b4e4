//! The audit log: who decided what, when, from where, with which outcome.
//!
//! A decision writes its row in its own transaction, so there is no decision without a row and no row without a
//! decision. Rows never hold a secret: the fields are made of ids, names and codes.

mod canonical;
mod chain;
mod filter;
mod retention;

use portal_model::ErrorCode;
use serde::{Deserialize, Serialize};

use crate::{identity::RequestOrigin, ids::AuditId, ports::Rng, time::UnixMillis};

pub use chain::{ChainReport, Seal};
pub use filter::AuditFilterRequest;
pub use retention::{ACTIVITY_RETENTION_DAYS, AUDIT_RETENTION_DAYS, Pruned, prune};

/// Most rows of one page of the log.
const AUDIT_LIST_LENGTH_MAX: u32 = 500;

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Actor {
    /// A person in a browser.
    User {
        /// Account id.
        id: String,
        /// What to show: the person's entity ref.
        name: String,
    },
    /// An agent acting for a person.
    Agent {
        /// Account id of the person.
        user_id: String,
        /// The person's entity ref.
        name: String,
        /// The client.
        client_id: String,
    },
    /// A program with a static token.
    StaticToken {
        /// Id of the token.
        token_id: String,
        /// Entity ref of its owner, a user or a group.
        name: String,
    },
    /// Someone at the shell of the machine.
    CommandLine,
    /// Portal itself.
    System,
    /// Someone who is not known (yet).
    Anonymous,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum AuditOutcome {
    /// Done.
    Done,
    /// Refused, by this reason: an error code or a protocol's error word.
    Refused {
        /// The code.
        reason: String,
    },
}

impl From<ErrorCode> for AuditOutcome {
    fn from(code: ErrorCode) -> Self {
        Self::Refused { reason: code.as_str().to_owned() }
    }
}

/// One row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Identifier.
    pub id: AuditId,
    /// When.
    pub at: UnixMillis,
    /// Who.
    pub actor: Actor,
    /// What was done, dotted noun first: `setting.changed`, `user.disabled`, `authorization.allowed`.
    pub action: String,
    /// To what: an id, a ref, a setting's key.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Address it came from.
    pub address: Option<String>,
    /// Id of the request, to find its log lines.
    pub request_id: Option<String>,
    /// More facts, as JSON; never a secret.
    pub details: serde_json::Value,
}

impl AuditEvent {
    /// A row for something that was done.
    #[must_use]
    pub fn done(rng: &dyn Rng, at: UnixMillis, actor: Actor, action: &str, origin: &RequestOrigin) -> Self {
        Self {
            id: AuditId::generate(rng),
            at,
            actor,
            action: action.to_owned(),
            target: None,
            outcome: AuditOutcome::Done,
            address: origin.address.map(|address| address.to_string()),
            request_id: origin.request_id.clone(),
            details: serde_json::Value::Null,
        }
    }

    /// The row as one JSON object, for export.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "id": self.id,
            "at": self.at.rfc3339(),
            "actor": self.actor,
            "action": self.action,
            "target": self.target,
            "outcome": self.outcome,
            "address": self.address,
            "request_id": self.request_id,
            "details": self.details,
        })
    }

    /// The same row with what it was done to.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The same row with another outcome.
    #[must_use]
    pub fn outcome(mut self, outcome: impl Into<AuditOutcome>) -> Self {
        self.outcome = outcome.into();
        self
    }

    /// The same row with more facts.
    #[must_use]
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }
}

/// Which rows are meant; an empty filter means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Actions that start with this.
    pub action_prefix: Option<String>,
    /// Of this target.
    pub target: Option<String>,
    /// By an actor whose ids, name, client or kind contain this, in any case of ASCII letters.
    pub actor: Option<String>,
    /// Not before.
    pub from: Option<UnixMillis>,
    /// Before.
    pub until: Option<UnixMillis>,
    /// Only what was refused, or only what was done; `None` for both.
    pub refused: Option<bool>,
}

/// Reads the audit log for admins. [`prune`] keeps it within its retention.
pub struct AuditService {
    dependencies: crate::services::Dependencies,
}

impl AuditService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// Rows that fit the filter, newest first, after one of them, at most `limit` (and never more than 500).
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(
        &self,
        _admin: &crate::identity::Admin,
        filter: &AuditFilter,
        after: Option<&AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, crate::ports::StoreError> {
        self.dependencies
            .store
            .read()
            .await?
            .audit_list(filter, after, limit.min(AUDIT_LIST_LENGTH_MAX))
            .await
    }

    /// Writes down that an admin takes the log out of Portal.
    ///
    /// # Errors
    /// The store failed.
    pub async fn record_export(
        &self,
        admin: &crate::identity::Admin,
        request: &AuditFilterRequest,
    ) -> Result<(), crate::ports::StoreError> {
        let (rng, now) = (&*self.dependencies.rng, self.dependencies.clock.now());
        let event = AuditEvent::done(rng, now, admin.actor(), "audit.exported", admin.origin());
        let mut transaction = self.dependencies.store.write().await?;
        transaction.audit_append(&event.details(request.json())).await?;
        transaction.commit().await
    }
}
