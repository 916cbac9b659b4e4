//! One runner at work: what is done next for a provider, and the lease without which nothing is written.

use super::{
    ProviderOptions, RunKind, RunRequest, RunState,
    run::{DirectoryRun, Fence, ProviderState, RunTrigger},
    schedule,
};
use crate::{
    changes::Topic,
    ids::LocationId,
    org::compose::location_id,
    ports::{StoreError, WriteTransaction},
    services::{Dependencies, Directory},
    settings::SettingsService,
    time::{HOUR_MS, SECOND_MS, UnixMillis},
};

/// How long a runner that is not heard of keeps its provider, in milliseconds.
pub const LEASE_MS: i64 = 120 * SECOND_MS;
/// Longest run. Beyond it the provider is changing faster than it can be read, or something hangs.
const RUN_MS_MAX: i64 = 24 * HOUR_MS;
/// Runs kept of each provider, besides those that still have rows.
const HISTORY_MAX: u32 = 200;
/// Rows deleted in one transaction when runs are cleared away.
const PRUNE_LIMIT: u32 = 1_000;
/// Entities deleted in one transaction.
const PRUNE_ENTITIES: u32 = 50;
/// Most such transactions after one run; the next run goes on.
const PRUNE_ROUNDS_MAX: usize = 20_000;
/// A dry run that nobody has heard of for so long is over.
const DRY_RUN_MS_MAX: i64 = HOUR_MS;

/// Why a runner stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// The store failed; the run goes on later.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another runner has taken over.
    #[error("another runner has taken over")]
    Overtaken,
}

/// What one step came to.
pub(super) enum Step {
    /// There is more to do.
    Again,
    /// A run ended.
    Ended(Box<DirectoryRun>),
    /// Nothing is to be done now.
    Wait,
}

/// A runner of one provider.
pub(super) struct Worker<'work> {
    /// The store, the clock and the rest.
    pub dependencies: &'work Dependencies,
    /// The settings.
    pub settings: &'work SettingsService,
    /// The provider.
    pub directory: &'work Directory,
    /// The right to work.
    pub fence: Fence,
}

impl Worker<'_> {
    pub(super) fn now(&self) -> UnixMillis {
        self.dependencies.clock.now()
    }

    pub(super) const fn options(&self) -> &ProviderOptions {
        &self.directory.options
    }

    pub(super) fn location(&self) -> LocationId {
        location_id(self.options())
    }

    /// A transaction in which nobody else works for this provider.
    pub(super) async fn write(&self) -> Result<Box<dyn WriteTransaction>, RunError> {
        let mut tx = self.dependencies.store.write().await?;
        self.hold(tx.as_mut()).await?;
        Ok(tx)
    }

    /// Makes sure that no other runner has taken over.
    pub(super) async fn hold(&self, tx: &mut dyn WriteTransaction) -> Result<(), RunError> {
        hold(self.dependencies, tx, &self.fence).await
    }

    /// Works until nothing is to be done, and returns the runs that ended.
    pub async fn work(&self) -> Result<Vec<DirectoryRun>, RunError> {
        let mut ended = Vec::new();
        loop {
            match self.step().await? {
                Step::Again => {}
                Step::Ended(run) => ended.push(*run),
                Step::Wait => break,
            }
            tokio::task::yield_now().await;
        }
        if !ended.is_empty() {
            tracing::debug!(provider = %self.options().id, "directory run settled");
            self.clear_away().await?;
            tracing::debug!(provider = %self.options().id, "directory runner rests");
        }
        Ok(ended)
    }

    async fn step(&self) -> Result<Step, RunError> {
        let (state, run) = self.load().await?;
        let Some(state) = state else { return Ok(Step::Wait) };
        let Some(run) = run else {
            if self.settle(&state).await? {
                return Ok(Step::Again);
            }
            return self.start(state).await;
        };
        let now = self.now();
        if run.waiting_until.is_some_and(|until| until > now) {
            return Ok(Step::Wait);
        }
        if now.since(run.started_at) > RUN_MS_MAX && run.hold.is_none() {
            let hours = RUN_MS_MAX / HOUR_MS;
            return self.end(run, RunState::Failed, Some(format!("it took longer than {hours} hours"))).await;
        }
        match run.state {
            RunState::Reading => self.read(&state, run).await,
            RunState::Comparing => self.compare(&state, run).await,
            RunState::Composing => self.compose(&state, run).await,
            RunState::Applying => self.apply(&state, run).await,
            // It ended without being taken off; nothing is known of it any more.
            _ => self.end(run, RunState::Failed, Some("it was interrupted".to_owned())).await,
        }
    }

    async fn load(&self) -> Result<(Option<ProviderState>, Option<DirectoryRun>), StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let state = store.directory_provider(&self.options().id).await?;
        let run = match state.as_ref().and_then(|state| state.active_run) {
            Some(number) => store.directory_run(number).await?,
            None => None,
        };
        Ok((state, run))
    }

    /// Takes up a held run that an admin approved, or starts a run for which it is time.
    async fn start(&self, state: ProviderState) -> Result<Step, RunError> {
        if let Some(held) = state.held_run {
            let found = self.dependencies.store.read().await?.directory_run(held).await?;
            if found.is_some_and(|run| run.state.is_under_way()) {
                let mut tx = self.write().await?;
                tx.directory_provider_update(&ProviderState {
                    active_run: Some(held),
                    held_run: None,
                    ..state
                })
                .await?;
                tx.commit().await?;
                return Ok(Step::Again);
            }
        }
        let waits = state.request.is_none() && self.waits_for_another().await?;
        if waits || schedule::due(&state, self.now()).is_none() {
            return Ok(Step::Wait);
        }
        let mut tx = self.write().await?;
        // Somebody may have asked for another run meanwhile.
        let Some(mut state) = tx.directory_provider_lock(&self.options().id).await? else {
            return Ok(Step::Wait);
        };
        let Some(mut request) = schedule::due(&state, self.now()) else { return Ok(Step::Wait) };
        if request.kind == RunKind::Delta && state.delta_cursor.is_none() {
            request.kind = RunKind::Full;
        }
        let run = DirectoryRun::new(self.options().id.clone(), request, self.now());
        state.active_run = Some(tx.directory_run_insert(&run).await?);
        state.request = None;
        tx.directory_provider_update(&state).await?;
        tx.change_record(Topic::Runs).await?;
        tx.commit().await?;
        tracing::info!(provider = %self.options().id, kind = run.kind.as_str(), "directory run begins");
        Ok(Step::Again)
    }

    /// People who are linked to another provider's have their entities there: that one is read first, once.
    async fn waits_for_another(&self) -> Result<bool, StoreError> {
        let Some(link) = &self.options().link else { return Ok(false) };
        let other = self.dependencies.store.read().await?.directory_provider(link.to()).await?;
        Ok(other.is_some_and(|other| other.published_run.is_none() && other.failures == 0))
    }

    /// Notes how far a run is.
    pub(super) async fn note(&self, run: &mut DirectoryRun) -> Result<(), RunError> {
        let mut tx = self.write().await?;
        self.note_in(tx.as_mut(), run).await?;
        Ok(tx.commit().await?)
    }

    /// Notes how far a run is, as the last of a transaction. Pages learn of it within a second.
    pub(super) async fn note_in(
        &self,
        tx: &mut dyn WriteTransaction,
        run: &mut DirectoryRun,
    ) -> Result<(), StoreError> {
        run.updated_at = self.now();
        tx.directory_run_update(run).await?;
        tx.change_record(Topic::Runs).await
    }

    /// Ends a run that publishes nothing.
    pub(super) async fn end(
        &self,
        run: DirectoryRun,
        state: RunState,
        error: Option<String>,
    ) -> Result<Step, RunError> {
        self.end_with(run, state, error, None).await
    }

    /// Ends a run that publishes nothing, and asks for another one.
    pub(super) async fn end_with(
        &self,
        mut run: DirectoryRun,
        state: RunState,
        error: Option<String>,
        request: Option<RunKind>,
    ) -> Result<Step, RunError> {
        let now = self.now();
        run.state = state;
        run.error = error;
        run.updated_at = now;
        run.ended_at = (state != RunState::Held).then_some(now);
        run.waiting_until = None;
        let mut tx = self.write().await?;
        let Some(mut provider) = tx.directory_provider_lock(&self.options().id).await? else {
            return Err(RunError::Overtaken);
        };
        if let Some(kind) = request {
            provider.delta_cursor = None;
            provider.request = Some(RunRequest { kind, trigger: RunTrigger::Recovery });
        }
        provider.active_run = None;
        match state {
            RunState::Held => {
                if let Some(former) = provider.held_run.replace(run.number) {
                    super::publish::supersede(tx.as_mut(), former, now).await?;
                }
                provider.failures = 0;
            }
            RunState::Failed | RunState::Discarded => provider.failures = provider.failures.saturating_add(1),
            _ => provider.failures = 0,
        }
        self.plan(&mut provider, run.kind);
        tx.directory_run_update(&run).await?;
        tx.directory_provider_update(&provider).await?;
        tx.change_record(Topic::Runs).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        tracing::warn!(
            provider = %self.options().id, kind = run.kind.as_str(), outcome = state.as_str(),
            reason = run.error.as_deref().unwrap_or_default(), "directory run published nothing"
        );
        Ok(Step::Ended(Box::new(run)))
    }

    /// Sets when the provider is read next, after a run of this kind.
    pub(super) fn plan(&self, provider: &mut ProviderState, kind: RunKind) {
        let (options, rng, now) = (self.options(), &*self.dependencies.rng, self.now());
        if kind == RunKind::Full {
            provider.full_due_at = schedule::next_full(options, rng, now, provider.failures);
        }
        let has_delta = self.directory.client.has_delta();
        provider.delta_due_at = schedule::next_delta(options, rng, now).filter(|_| has_delta);
    }

    /// Deletes what no run needs any more, in short transactions.
    async fn clear_away(&self) -> Result<(), RunError> {
        clear_away(self.dependencies).await?;
        clear_catalog(self.dependencies).await?;
        let mut tx = self.dependencies.store.write().await?;
        tx.directory_run_prune(&self.options().id, HISTORY_MAX).await?;
        Ok(tx.commit().await?)
    }
}

/// Prolongs a lease, and makes sure that nobody else has it.
pub(super) async fn hold(
    dependencies: &Dependencies,
    tx: &mut dyn WriteTransaction,
    fence: &Fence,
) -> Result<(), RunError> {
    if tx.directory_lease_hold(fence, dependencies.clock.now().plus(LEASE_MS)).await? {
        Ok(())
    } else {
        Err(RunError::Overtaken)
    }
}

/// Deletes rows of runs that nobody needs, in short transactions with pauses between them.
pub(super) async fn clear_away(dependencies: &Dependencies) -> Result<(), StoreError> {
    let before = dependencies.clock.now().plus(-DRY_RUN_MS_MAX);
    for _ in 0..PRUNE_ROUNDS_MAX {
        let mut tx = dependencies.store.write().await?;
        let rows = tx.directory_rows_prune(before, PRUNE_LIMIT).await?;
        tx.commit().await?;
        if rows == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Deletes entities of catalog runs that nobody needs, as reading locations does too.
pub(super) async fn clear_catalog(dependencies: &Dependencies) -> Result<(), StoreError> {
    for _ in 0..PRUNE_ROUNDS_MAX {
        let mut tx = dependencies.store.write().await?;
        let gone = tx.run_prune(&[], PRUNE_ENTITIES).await?;
        tx.commit().await?;
        if gone < u64::from(PRUNE_ENTITIES) {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
