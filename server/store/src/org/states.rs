//! The port's functions for providers, their runs and people to be read again.

use async_trait::async_trait;
use portal_core::{
    org::{
        ProviderId,
        rows::Reread,
        run::{DirectoryRun, Fence, ProviderState, RunNumber, RunRequest},
    },
    ports::{
        PersonKey, StoreError,
        store::{OrgRunReads, OrgRunWrites},
    },
    time::UnixMillis,
};

use super::{providers, rereads, runs};
use crate::transaction::SqlTransaction;

#[async_trait]
impl OrgRunReads for SqlTransaction {
    async fn directory_provider_list(&mut self) -> Result<Vec<ProviderState>, StoreError> {
        providers::list(self).await
    }

    async fn directory_provider(&mut self, id: &ProviderId) -> Result<Option<ProviderState>, StoreError> {
        providers::find(self, id).await
    }

    async fn directory_run(&mut self, number: RunNumber) -> Result<Option<DirectoryRun>, StoreError> {
        runs::find(self, number).await
    }

    async fn directory_run_list(
        &mut self,
        provider: &ProviderId,
        before: Option<RunNumber>,
        limit: u32,
    ) -> Result<Vec<DirectoryRun>, StoreError> {
        runs::list(self, provider, before, limit).await
    }

    async fn directory_reread_count(&mut self, provider: &ProviderId) -> Result<i64, StoreError> {
        rereads::count(self, provider).await
    }

    async fn directory_reread_due(
        &mut self,
        provider: &ProviderId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Reread>, StoreError> {
        rereads::due(self, provider, now, limit).await
    }
}

#[async_trait]
impl OrgRunWrites for SqlTransaction {
    async fn directory_provider_insert(&mut self, state: &ProviderState) -> Result<bool, StoreError> {
        providers::insert(self, state).await
    }

    async fn directory_provider_delete(&mut self, id: &ProviderId) -> Result<bool, StoreError> {
        rereads::clear(self, id).await?;
        providers::delete(self, id).await
    }

    async fn directory_provider_lock(
        &mut self,
        id: &ProviderId,
    ) -> Result<Option<ProviderState>, StoreError> {
        providers::lock(self, id).await
    }

    async fn directory_provider_update(&mut self, state: &ProviderState) -> Result<(), StoreError> {
        providers::update(self, state).await
    }

    async fn directory_request(&mut self, id: &ProviderId, request: &RunRequest) -> Result<bool, StoreError> {
        providers::request(self, id, request).await
    }

    async fn directory_lease_take(
        &mut self,
        id: &ProviderId,
        holder: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<Fence>, StoreError> {
        providers::lease_take(self, id, holder, now, until).await
    }

    async fn directory_lease_hold(&mut self, fence: &Fence, until: UnixMillis) -> Result<bool, StoreError> {
        providers::lease_hold(self, fence, until).await
    }

    async fn directory_lease_release(&mut self, fence: &Fence) -> Result<(), StoreError> {
        providers::lease_release(self, fence).await
    }

    async fn directory_run_insert(&mut self, run: &DirectoryRun) -> Result<RunNumber, StoreError> {
        runs::insert(self, run).await
    }

    async fn directory_run_update(&mut self, run: &DirectoryRun) -> Result<(), StoreError> {
        runs::update(self, run).await
    }

    async fn directory_run_prune(&mut self, provider: &ProviderId, keep: u32) -> Result<u64, StoreError> {
        runs::prune(self, provider, keep).await
    }

    async fn directory_history_prune(&mut self, before: UnixMillis) -> Result<u64, StoreError> {
        runs::prune_removed(self, before).await
    }

    async fn directory_reread_put(
        &mut self,
        provider: &ProviderId,
        key: &PersonKey,
        now: UnixMillis,
        limit: u32,
    ) -> Result<bool, StoreError> {
        rereads::put(self, provider, key, now, limit).await
    }

    async fn directory_reread_defer(
        &mut self,
        provider: &ProviderId,
        reread: &Reread,
        due_at: UnixMillis,
        attempts: u32,
    ) -> Result<bool, StoreError> {
        rereads::defer(self, provider, reread, due_at, attempts).await
    }

    async fn directory_reread_delete(
        &mut self,
        provider: &ProviderId,
        reread: &Reread,
    ) -> Result<bool, StoreError> {
        rereads::delete(self, provider, reread).await
    }
}
