//! What a running Portal does besides answering: reads locations, writes the activity log, takes out what is old.

use std::time::Duration;

use portal_core::{
    ids::AuditId,
    ingestion::{IngestionError, Target},
    ports::StoreError,
    services::Services,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{directories, freshness};
use crate::{config::Config, metrics};

const ACTIVITY_PERIOD: Duration = Duration::from_secs(1);
/// Pause after attempts could not be written.
const ATTEMPTS_RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Attempts are cut to their bounds this often.
const ATTEMPTS_PRUNE_PERIOD: Duration = Duration::from_mins(5);
const SEAL_PERIOD: Duration = Duration::from_secs(1);
/// Sealed answers outlive their grace by this at most.
const FORGET_PERIOD: Duration = Duration::from_secs(15);
const MAINTENANCE_PERIOD: Duration = Duration::from_hours(1);
const REFRESH_PERIOD: Duration = Duration::from_mins(5);
/// Refreshes are spread by up to this, so that several nodes do not read everything at the same moment.
const REFRESH_JITTER_MS: u64 = 30_000;

/// The tasks that run.
pub(super) struct Background(JoinSet<()>);

impl Background {
    /// Waits until every task has ended.
    pub async fn finished(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// Starts the tasks; each ends soon after `stop`.
pub(super) fn start(services: &Services, config: &Config, stop: &CancellationToken) -> Background {
    let mut tasks = JoinSet::new();
    tasks.spawn(until(stop.clone(), refresh(services.clone(), config.locations.clone())));
    tasks.spawn(until(stop.clone(), write_activity(services.clone())));
    tasks.spawn(until(stop.clone(), write_attempts(services.clone())));
    tasks.spawn(until(stop.clone(), prune_attempts(services.clone())));
    tasks.spawn(until(stop.clone(), forget_answers(services.clone())));
    tasks.spawn(until(stop.clone(), maintain(services.clone())));
    if !services.dependencies.directories.is_empty() {
        tasks.spawn(until(stop.clone(), freshness::watch(services.clone())));
    }
    directories::start(&mut tasks, services, stop);
    tasks.spawn(seal_audit(services.clone(), stop.clone()));
    Background(tasks)
}

pub(super) async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = stop.cancelled() => {}
    }
}

async fn refresh(services: Services, locations: Vec<(Target, Option<Vec<String>>)>) {
    if let Err(error) = services.ingestion.configure(&locations).await {
        tracing::error!(%error, "the catalog's locations could not be set up");
    }
    loop {
        tokio::time::sleep(REFRESH_PERIOD + jitter(&services)).await;
        match services.ingestion.refresh_all().await {
            Ok(runs) => runs.iter().for_each(|(location, run)| match run {
                Ok(outcome) => metrics::catalog_run(true, outcome.entities, outcome.rejected),
                Err(error) => {
                    metrics::catalog_run(false, 0, 0);
                    log_failed_run(location.id.as_str(), error);
                }
            }),
            Err(error) => tracing::error!(%error, "the catalog could not be refreshed"),
        }
    }
}

fn log_failed_run(location: &str, error: &IngestionError) {
    tracing::warn!(location, %error, "a location could not be read; what it had published stays");
}

fn jitter(services: &Services) -> Duration {
    let mut bytes = [0_u8; 8];
    services.dependencies.rng.fill(&mut bytes);
    Duration::from_millis(u64::from_le_bytes(bytes) % REFRESH_JITTER_MS)
}

async fn write_activity(services: Services) {
    let mut tick = tokio::time::interval(ACTIVITY_PERIOD);
    loop {
        tick.tick().await;
        metrics::activity_lost(services.activity.lost());
        match services.activity.flush().await {
            Ok(written) => metrics::activity_flush(Ok(written)),
            Err(error) => {
                metrics::activity_flush(Err(()));
                tracing::error!(%error, "tool calls could not be written; they stay queued");
            }
        }
    }
}

/// Writes what was seen of agents that connect, a moment after it was seen.
async fn write_attempts(services: Services) {
    loop {
        services.attempts.work().await;
        metrics::attempts_lost(services.attempts.lost());
        while let Err(error) = services.attempts.flush().await {
            tracing::error!(%error, "connection attempts could not be written; they stay queued");
            tokio::time::sleep(ATTEMPTS_RETRY_PAUSE).await;
        }
    }
}

async fn prune_attempts(services: Services) {
    let mut tick = tokio::time::interval(ATTEMPTS_PRUNE_PERIOD);
    loop {
        tick.tick().await;
        if let Err(error) = services.attempts.prune().await {
            tracing::error!(%error, "old connection attempts could not be taken out; the next round tries again");
        }
    }
}

async fn forget_answers(services: Services) {
    let mut tick = tokio::time::interval(FORGET_PERIOD);
    loop {
        tick.tick().await;
        if let Err(error) = services.tokens.forget_answers().await {
            tracing::error!(%error, "answers of rotations could not be deleted; the next round tries again");
        }
    }
}

/// Seals the audit log while it is this process's turn, and hands the turn over at the end.
async fn seal_audit(services: Services, stop: CancellationToken) {
    let holder = AuditId::generate(&*services.dependencies.rng);
    let sealing = async {
        let mut tick = tokio::time::interval(SEAL_PERIOD);
        loop {
            tick.tick().await;
            if let Err(error) = services.audit.seal(holder.as_str()).await {
                tracing::error!(%error, "audit rows could not be sealed; they stay unsealed until the next second");
            }
        }
    };
    until(stop, sealing).await;
    // What the last requests left is sealed by whoever comes next.
    if let Err(error) = services.audit.stop_sealing(holder.as_str()).await {
        tracing::warn!(%error, "the sealing of audit rows was not handed over; it ends by itself");
    }
}

async fn maintain(services: Services) {
    let mut tick = tokio::time::interval(MAINTENANCE_PERIOD);
    loop {
        tick.tick().await;
        if let Err(error) = services.rollout.note_connected().await {
            tracing::error!(%error, "who has connected an agent could not be noted");
        }
        match portal_core::audit::prune(&services.dependencies).await {
            Ok(pruned) => tracing::debug!(?pruned, "took out what is past its retention"),
            Err(error) => tracing::error!(%error, "old records could not be taken out"),
        }
        match end_expired(&services).await {
            Ok(ended) => tracing::debug!(ended, "ended agents' sessions whose life is over"),
            Err(error) => tracing::error!(%error, "expired sessions could not be ended"),
        }
        match services.org.upkeep().await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot people who left long ago"),
            Err(error) => tracing::error!(%error, "people who left long ago could not be forgotten"),
        }
        match services.static_tokens.look_after_owners().await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "ended static tokens whose owners have left"),
            Err(error) => tracing::error!(%error, "the owners of static tokens could not be looked up"),
        }
    }
}

async fn end_expired(services: &Services) -> Result<u64, StoreError> {
    let settings = services.settings.current().await?;
    services.agent_sessions.end_expired(&settings).await
}
