//! Where fetched documents are remembered between starts and nodes.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    oauth::records::StoredClientDocument,
    ports::{Store, StoreError},
};

/// Clients whose documents are remembered; those longest unused go first.
pub(super) const REMEMBERED_MAX: u32 = 1_000;

/// Remembers documents that were found valid.
#[async_trait]
pub(super) trait DocumentMemory: Send + Sync + 'static {
    async fn get(&self, client_id: &str) -> Result<Option<StoredClientDocument>, StoreError>;
    async fn put(&self, document: &StoredClientDocument) -> Result<(), StoreError>;
}

/// The memory in the store.
pub(super) struct StoreMemory(pub(super) Arc<dyn Store>);

#[async_trait]
impl DocumentMemory for StoreMemory {
    async fn get(&self, client_id: &str) -> Result<Option<StoredClientDocument>, StoreError> {
        self.0.read().await?.client_document_get(client_id).await
    }

    async fn put(&self, document: &StoredClientDocument) -> Result<(), StoreError> {
        let mut transaction = self.0.write().await?;
        transaction.client_document_put(document, REMEMBERED_MAX).await?;
        transaction.commit().await
    }
}
