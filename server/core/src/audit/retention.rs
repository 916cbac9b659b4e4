//! How long Portal keeps what nobody needs any more.
//!
//! Rows go in bounded batches, each a short transaction, so that requests pass between them.

use serde_json::json;

use super::{Actor, AuditEvent};
use crate::{
    identity::RequestOrigin,
    ports::{StoreError, WriteTransaction},
    services::Dependencies,
    time::{DAY_MS, UnixMillis},
};

/// How long the audit log is kept, in days.
pub const AUDIT_RETENTION_DAYS: i64 = 400;
/// How long the activity log is kept, in days.
pub const ACTIVITY_RETENTION_DAYS: i64 = 90;
/// How long ended authorizations, tokens and agent sessions are kept for whoever asks what happened, in days.
const OAUTH_RETENTION_DAYS: i64 = 7;
/// How long ended and expired static tokens are kept in the list, in days.
const STATIC_TOKEN_RETENTION_DAYS: i64 = 90;
/// How long ended browser sessions, links and counted attempts are kept, in days.
const IDENTITY_RETENTION_DAYS: i64 = 1;

/// How long a client that registered itself may be unused, in days.
const DYNAMIC_CLIENT_UNUSED_DAYS: i64 = 30;

/// Most rows of one kind deleted in one transaction.
const BATCH_LENGTH_MAX: u32 = 1_000;
/// Most transactions for one kind in one run; the next run goes on.
const BATCHES_MAX: u32 = 200;

/// How many rows went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Of the audit log.
    pub audit: u64,
    /// Of the activity log.
    pub activity: u64,
    /// Browser sessions, links, counted attempts.
    pub identity: u64,
    /// Authorizations, codes, tokens, agent sessions.
    pub oauth: u64,
    /// Clients that registered themselves and were not used, and client assertions that expired.
    pub clients: u64,
    /// Static tokens that ended or expired.
    pub static_tokens: u64,
}

/// What is deleted by one transaction.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Audit,
    Activity,
    Oauth,
    StaticToken,
    DynamicClient,
    Assertion,
}

/// Deletes what has been kept long enough. The server calls it every hour; a run that is cut short loses nothing.
///
/// # Errors
/// The store failed; what was deleted until then stays deleted.
pub async fn prune(dependencies: &Dependencies) -> Result<Pruned, StoreError> {
    let now = dependencies.clock.now();
    let days_ago = |days: i64| now.plus(-days * DAY_MS);

    let mut tx = dependencies.store.write().await?;
    let identity =
        tx.identity_prune(days_ago(IDENTITY_RETENTION_DAYS)).await? + tx.provider_sign_in_prune(now).await?;
    tx.commit().await?;

    let unused = batches(dependencies, Kind::DynamicClient, days_ago(DYNAMIC_CLIENT_UNUSED_DAYS)).await?;
    let clients = unused + batches(dependencies, Kind::Assertion, now).await?;
    let oauth = batches(dependencies, Kind::Oauth, days_ago(OAUTH_RETENTION_DAYS)).await?;
    Ok(Pruned {
        identity,
        clients,
        static_tokens: batches(dependencies, Kind::StaticToken, days_ago(STATIC_TOKEN_RETENTION_DAYS))
            .await?,
        oauth,
        activity: batches(dependencies, Kind::Activity, days_ago(ACTIVITY_RETENTION_DAYS)).await?,
        audit: batches(dependencies, Kind::Audit, days_ago(AUDIT_RETENTION_DAYS)).await?,
    })
}

async fn batches(dependencies: &Dependencies, kind: Kind, before: UnixMillis) -> Result<u64, StoreError> {
    let mut pruned = 0;
    for _ in 0..BATCHES_MAX {
        let mut tx = dependencies.store.write().await?;
        let batch = match kind {
            Kind::Audit => prune_audit(dependencies, &mut *tx, before).await?,
            Kind::Activity => tx.tool_call_prune(before, BATCH_LENGTH_MAX).await?,
            Kind::Oauth => tx.oauth_prune(before, BATCH_LENGTH_MAX).await?,
            Kind::DynamicClient => tx.registered_client_prune(before, BATCH_LENGTH_MAX).await?,
            Kind::Assertion => tx.assertion_prune(before, BATCH_LENGTH_MAX).await?,
            Kind::StaticToken => tx.static_token_prune(before, BATCH_LENGTH_MAX).await?,
        };
        tx.commit().await?;
        pruned += batch;
        if batch < u64::from(BATCH_LENGTH_MAX) {
            break;
        }
    }
    Ok(pruned)
}

/// Deletes audit rows, and says so in a row of its own: it keeps the anchor in the chain, where it cannot be changed
/// without being seen.
async fn prune_audit(
    dependencies: &Dependencies,
    tx: &mut dyn WriteTransaction,
    before: UnixMillis,
) -> Result<u64, StoreError> {
    let pruned = tx.audit_prune(before, BATCH_LENGTH_MAX).await?;
    if pruned > 0 {
        let (rng, now) = (&*dependencies.rng, dependencies.clock.now());
        let event = AuditEvent::done(rng, now, Actor::System, "audit.pruned", &RequestOrigin::default());
        let details = json!({ "rows": pruned, "anchor": tx.audit_anchor().await? });
        tx.audit_append(&event.details(details)).await?;
    }
    Ok(pruned)
}
