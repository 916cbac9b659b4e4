//! The audit log.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    audit::{AuditEvent, AuditFilter},
    ids::AuditId,
    time::UnixMillis,
};

/// Reads the audit log.
#[async_trait]
pub trait AuditReads {
    /// Rows that fit the filter, newest first, then by id; after the row `after`, at most `limit`.
    async fn audit_list(
        &mut self,
        filter: &AuditFilter,
        after: Option<&AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError>;
}

/// Writes the audit log.
#[async_trait]
pub trait AuditWrites {
    /// Adds a row.
    async fn audit_append(&mut self, event: &AuditEvent) -> Result<(), StoreError>;

    /// Deletes sealed rows from before `before`, at most `limit`, and each only with all rows that were sealed before it;
    /// the last one's seal becomes the anchor. Returns how many.
    async fn audit_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}
