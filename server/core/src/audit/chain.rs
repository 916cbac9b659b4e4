//! The chain that makes changes to old audit rows visible.
//!
//! Rows are written unchained, in the transaction of the decision they tell of, so that no decision waits for another.
//! One node at a time, the one that holds the lease, gives the unsealed rows their sequence numbers and hashes: each hash
//! covers the row and the hash before it. Whoever notes the head's hash elsewhere can tell later that nothing before it
//! was changed, added or taken away.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{AuditEvent, AuditService};
use crate::{
    ports::{StoreError, WriteTransaction},
    time::SECOND_MS,
};

/// Rows sealed in one transaction.
const BATCH: u32 = 500;
/// How long a sealer that fell silent keeps others waiting, in milliseconds.
const LEASE_MS: i64 = 10 * SECOND_MS;
/// Name of the lease.
const LEASE: &str = "audit-sealer";

/// A row's place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seal {
    /// Place, from 1.
    pub sequence: i64,
    /// SHA-256 over the row and the hash before it, hexadecimal.
    pub hash: String,
}

/// What a look at the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Rows whose hash is right.
    pub verified: i64,
    /// The last sealed row; `None` when there is none.
    pub head: Option<Seal>,
    /// The seal of the last row that retention deleted, which the chain goes on from.
    pub anchor: Option<Seal>,
    /// Rows not sealed yet: they are not covered.
    pub unsealed: i64,
    /// The first row whose hash or place is wrong; `None` when the chain is whole.
    pub broken_at: Option<i64>,
}

impl Seal {
    /// The seal of the row that follows `before`.
    #[must_use]
    pub fn after(before: Option<&Self>, event: &AuditEvent) -> Self {
        let sequence = before.map_or(1, |seal| seal.sequence.saturating_add(1));
        let previous = before.map_or("", |seal| seal.hash.as_str());
        // serde_json writes the keys of an object in a fixed order, so the same row has the same text.
        let text = json!([previous, sequence, event.id, event.at, event.actor, event.action, event.target,
            event.outcome, event.address, event.request_id, event.details])
        .to_string();
        Self { sequence, hash: hexadecimal(&Sha256::digest(text.as_bytes())) }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl AuditService {
    /// Seals what is not sealed, if this node holds or gets the lease. The server calls it every second. Returns how
    /// many rows were sealed.
    ///
    /// # Errors
    /// The store failed; nothing of the last batch was sealed.
    pub async fn seal(&self, holder: &Arc<str>) -> Result<u64, StoreError> {
        let mut sealed = 0;
        loop {
            if self.dependencies.store.read().await?.audit_unsealed_count().await? == 0 {
                return Ok(sealed);
            }
            let mut transaction = self.dependencies.store.write().await?;
            let now = self.dependencies.clock.now();
            if !transaction.lease_take(LEASE, holder, now, now.plus(LEASE_MS)).await? {
                return Ok(sealed);
            }
            let count = seal_batch(&mut *transaction).await?;
            transaction.commit().await?;
            sealed += count;
            if count < u64::from(BATCH) {
                return Ok(sealed);
            }
        }
    }

    /// Computes the whole chain again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn verify(&self) -> Result<ChainReport, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let anchor = store.audit_anchor().await?;
        let unsealed = store.audit_unsealed_count().await?;
        let mut report = ChainReport { verified: 0, head: anchor.clone(), anchor, unsealed, broken_at: None };
        loop {
            let after = report.head.as_ref().map_or(0, |seal| seal.sequence);
            let rows = store.audit_sealed(after, BATCH).await?;
            if rows.is_empty() {
                return Ok(report);
            }
            for (seal, event) in rows {
                if Seal::after(report.head.as_ref(), &event) != seal {
                    report.broken_at = Some(seal.sequence);
                    return Ok(report);
                }
                report.verified += 1;
                report.head = Some(seal);
            }
        }
    }
}

async fn seal_batch(transaction: &mut dyn WriteTransaction) -> Result<u64, StoreError> {
    let mut head = transaction.audit_head().await?;
    let mut seals = Vec::new();
    for event in transaction.audit_unsealed(BATCH).await? {
        let seal = Seal::after(head.as_ref(), &event);
        head = Some(seal.clone());
        seals.push((event.id, seal));
    }
    if !transaction.audit_seal(&seals).await? {
        return Err(StoreError::Unavailable("another sealer was faster".to_owned()));
    }
    Ok(u64::try_from(seals.len()).unwrap_or_default())
}
