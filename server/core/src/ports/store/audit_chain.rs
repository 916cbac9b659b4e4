//! The chain over the audit log, and leases that make one node of several do a job.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    audit::{AuditEvent, Seal},
    ids::AuditId,
    time::UnixMillis,
};

/// Reads the chain.
#[async_trait]
pub trait AuditChainReads {
    /// The last sealed row's seal; the anchor when every sealed row was pruned; `None` when nothing was ever sealed.
    async fn audit_head(&mut self) -> Result<Option<Seal>, StoreError>;

    /// The seal of the last row that retention deleted; `None` when it has deleted none.
    async fn audit_anchor(&mut self) -> Result<Option<Seal>, StoreError>;

    /// Rows that are not sealed, by time, then id, at most `limit`.
    async fn audit_unsealed(&mut self, limit: u32) -> Result<Vec<AuditEvent>, StoreError>;

    /// How many rows are not sealed.
    async fn audit_unsealed_count(&mut self) -> Result<i64, StoreError>;

    /// Sealed rows with a sequence number above `after`, or all for `None`, in sequence, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] also when one of the rows cannot be read, as after someone changed it by hand.
    async fn audit_sealed(
        &mut self,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(Seal, AuditEvent)>, StoreError>;
}

/// Writes the chain.
#[async_trait]
pub trait AuditChainWrites {
    /// Seals rows that were not sealed. `false` when one of them was sealed already or is gone: nothing of the batch may
    /// be kept then.
    async fn audit_seal(&mut self, seals: &[(AuditId, Seal)]) -> Result<bool, StoreError>;

    /// Takes or renews the lease of this name for `holder` until `until`. `false` while another holder's lease lasts.
    async fn lease_take(
        &mut self,
        name: &str,
        holder: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Gives a lease back before its time, if `holder` has it.
    async fn lease_release(&mut self, name: &str, holder: &str) -> Result<(), StoreError>;
}
