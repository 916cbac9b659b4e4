//! Where providers of people and groups stand, their runs, who works on them, and who is to be read again.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    org::{
        ProviderId,
        rows::Reread,
        run::{DirectoryRun, Fence, ProviderState, RunNumber, RunRequest},
    },
    ports::PersonKey,
    time::UnixMillis,
};

/// Reads where providers stand.
#[async_trait]
pub trait OrgRunReads {
    /// Every provider known to the store, by id.
    async fn directory_provider_list(&mut self) -> Result<Vec<ProviderState>, StoreError>;

    /// Where one provider stands.
    async fn directory_provider(&mut self, id: &ProviderId) -> Result<Option<ProviderState>, StoreError>;

    /// One run.
    async fn directory_run(&mut self, number: RunNumber) -> Result<Option<DirectoryRun>, StoreError>;

    /// Runs of a provider, newest first, before one of them, at most `limit`.
    async fn directory_run_list(
        &mut self,
        provider: &ProviderId,
        before: Option<RunNumber>,
        limit: u32,
    ) -> Result<Vec<DirectoryRun>, StoreError>;

    /// How many people wait to be read again.
    async fn directory_reread_count(&mut self, provider: &ProviderId) -> Result<i64, StoreError>;

    /// People who are to be read again now, longest waiting first, at most `limit`.
    async fn directory_reread_due(
        &mut self,
        provider: &ProviderId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Reread>, StoreError>;
}

/// Writes where providers stand.
#[async_trait]
pub trait OrgRunWrites {
    /// Adds a provider that has read nothing. `false` when it is there already.
    async fn directory_provider_insert(&mut self, state: &ProviderState) -> Result<bool, StoreError>;

    /// Deletes a provider, so that its rows are unseen and its runs can be pruned. `false` when there was none.
    async fn directory_provider_delete(&mut self, id: &ProviderId) -> Result<bool, StoreError>;

    /// The state of a provider, locked until the transaction ends.
    async fn directory_provider_lock(&mut self, id: &ProviderId)
    -> Result<Option<ProviderState>, StoreError>;

    /// Replaces the state of a provider; lock it first. The lease has functions of its own.
    async fn directory_provider_update(&mut self, state: &ProviderState) -> Result<(), StoreError>;

    /// Remembers that a run is wanted. A full one is not replaced by a delta. `false` when there is no such provider.
    async fn directory_request(&mut self, id: &ProviderId, request: &RunRequest) -> Result<bool, StoreError>;

    /// Takes the lease of a provider. `None` while another holder's lasts.
    async fn directory_lease_take(
        &mut self,
        id: &ProviderId,
        holder: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<Fence>, StoreError>;

    /// Prolongs the lease and locks the provider until the transaction ends. `false` when someone else has taken it:
    /// nothing of the transaction may be kept then.
    async fn directory_lease_hold(&mut self, fence: &Fence, until: UnixMillis) -> Result<bool, StoreError>;

    /// Gives the lease back before its time.
    async fn directory_lease_release(&mut self, fence: &Fence) -> Result<(), StoreError>;

    /// Adds a run and returns its number.
    async fn directory_run_insert(&mut self, run: &DirectoryRun) -> Result<RunNumber, StoreError>;

    /// Replaces everything of a run but its number, provider, kind, trigger and start.
    async fn directory_run_update(&mut self, run: &DirectoryRun) -> Result<(), StoreError>;

    /// Deletes ended runs of a provider but its newest `keep`, and those that have no rows left only; returns how many.
    async fn directory_run_prune(&mut self, provider: &ProviderId, keep: u32) -> Result<u64, StoreError>;

    /// Deletes runs of providers that are not there any more, those that were last heard of before then and have no rows
    /// left; returns how many.
    async fn directory_history_prune(&mut self, before: UnixMillis) -> Result<u64, StoreError>;

    /// Queues someone to be read again, once however often it is asked for. `false` when `limit` others wait already.
    async fn directory_reread_put(
        &mut self,
        provider: &ProviderId,
        key: &PersonKey,
        now: UnixMillis,
        limit: u32,
    ) -> Result<bool, StoreError>;

    /// Puts off someone who waits, if nobody asked or took it since: whoever may go on gets `true`.
    async fn directory_reread_defer(
        &mut self,
        provider: &ProviderId,
        reread: &Reread,
        due_at: UnixMillis,
        attempts: u32,
    ) -> Result<bool, StoreError>;

    /// Takes someone from the queue, unless it was asked for again since. `false` when it was.
    async fn directory_reread_delete(
        &mut self,
        provider: &ProviderId,
        reread: &Reread,
    ) -> Result<bool, StoreError>;
}
