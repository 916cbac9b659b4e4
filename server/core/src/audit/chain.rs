//! The chain that makes changes to old audit rows visible.
//!
//! Rows are written unchained, in the transaction of the decision they tell of, so that no decision waits for another.
//! One node at a time, the one that holds the lease, gives the unsealed rows their sequence numbers and hashes: each hash
//! covers the row and the hash before it. Whoever notes the head elsewhere can tell later that nothing before it was
//! changed, added or taken away: [`AuditService::verify`] takes the noted head.

use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{AuditEvent, AuditService, canonical::canonical};
use crate::{ids::AuditId, ports::StoreError, time::SECOND_MS};

/// Rows sealed in one transaction: decisions that come meanwhile wait for it.
const SEALED_MAX: u32 = 64;
/// Sealed rows read at once.
const PAGE: u32 = 500;
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
    /// The last row that is right; `None` when there is none.
    pub head: Option<Seal>,
    /// The seal of the last row that retention deleted, which the chain goes on from.
    pub anchor: Option<Seal>,
    /// Rows not sealed yet: they are not covered.
    pub unsealed: i64,
    /// The first place whose row is wrong or missing; `None` when the chain is whole.
    pub broken_at: Option<i64>,
}

impl Seal {
    /// The seal of the row that follows `before`.
    #[must_use]
    pub fn after(before: Option<&Self>, event: &AuditEvent) -> Self {
        let sequence = before.map_or(1, |seal| seal.sequence.saturating_add(1));
        let previous = before.map_or("", |seal| seal.hash.as_str());
        let text = canonical(&json!([
            previous,
            sequence,
            event.id,
            event.at,
            event.actor,
            event.action,
            event.target,
            event.outcome,
            event.address,
            event.request_id,
            event.details
        ]));
        Self { sequence, hash: hexadecimal(&Sha256::digest(text.as_bytes())) }
    }

    /// A seal as [`Display`](std::fmt::Display) writes it, `17:9f86d0…`; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sequence, hash) = text.trim().split_once(':')?;
        let whole = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0)?;
        whole.then(|| Self { sequence, hash: hash.to_ascii_lowercase() })
    }
}

impl std::fmt::Display for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.sequence, self.hash)
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
    /// Seals what is not sealed, if `holder` has or gets the lease. The server calls it every second, with a name that no
    /// other process has. Returns how many rows were sealed.
    ///
    /// # Errors
    /// The store failed; nothing of the last batch was sealed.
    pub async fn seal(&self, holder: &str) -> Result<u64, StoreError> {
        let mut sealed = 0;
        loop {
            // Read and hashed before anybody has to wait.
            let (head, seals) = self.next_seals().await?;
            if seals.is_empty() {
                return Ok(sealed);
            }
            let mut transaction = self.dependencies.store.write().await?;
            let now = self.dependencies.clock.now();
            if !transaction.lease_take(LEASE, holder, now, now.plus(LEASE_MS)).await? {
                return Ok(sealed);
            }
            // Another node had the lease in between.
            if transaction.audit_head().await? != head {
                return Ok(sealed);
            }
            if !transaction.audit_seal(&seals).await? {
                return Err(StoreError::Unavailable("another sealer was faster".to_owned()));
            }
            transaction.commit().await?;
            sealed += u64::try_from(seals.len()).unwrap_or_default();
            if seals.len() < SEALED_MAX as usize {
                return Ok(sealed);
            }
        }
    }

    /// The head of the chain, and the seals of the rows that come after it.
    async fn next_seals(&self) -> Result<(Option<Seal>, Vec<(AuditId, Seal)>), StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let events = store.audit_unsealed(SEALED_MAX).await?;
        if events.is_empty() {
            return Ok((None, Vec::new()));
        }
        let head = store.audit_head().await?;
        drop(store);
        let mut last = head.clone();
        let mut seals = Vec::with_capacity(events.len());
        for event in events {
            let seal = Seal::after(last.as_ref(), &event);
            last = Some(seal.clone());
            seals.push((event.id, seal));
        }
        Ok((head, seals))
    }

    /// Lets another node seal at once. The server calls it when it stops.
    ///
    /// # Errors
    /// The store failed; the lease ends by itself.
    pub async fn stop_sealing(&self, holder: &str) -> Result<(), StoreError> {
        let mut transaction = self.dependencies.store.write().await?;
        transaction.lease_release(LEASE, holder).await?;
        transaction.commit().await
    }

    /// Computes the whole chain again, from the anchor. With a head that was `noted` before, that row must still be there
    /// as it was; one that retention has deleted since is past being checked.
    ///
    /// # Errors
    /// The store failed.
    pub async fn verify(&self, noted: Option<&Seal>) -> Result<ChainReport, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let anchor = store.audit_anchor().await?;
        let unsealed = store.audit_unsealed_count().await?;
        let mut report = ChainReport { verified: 0, head: anchor.clone(), anchor, unsealed, broken_at: None };
        if let (Some(noted), Some(anchor)) = (noted, &report.anchor)
            && noted.sequence == anchor.sequence
            && noted != anchor
        {
            report.broken_at = Some(anchor.sequence);
            return Ok(report);
        }
        // The first look is for rows of any place, so that none can hide before the anchor.
        let (mut after, mut limit) = (None, PAGE);
        loop {
            let rows = match store.audit_sealed(after, limit).await {
                Ok(rows) => rows,
                // A row that cannot be read is a row that was changed; look for it one by one.
                Err(StoreError::Inconsistent(_)) if limit > 1 => {
                    limit = 1;
                    continue;
                }
                Err(StoreError::Inconsistent(_)) => {
                    report.broken_at = Some(next(report.head.as_ref()));
                    return Ok(report);
                }
                Err(error) => return Err(error),
            };
            if rows.is_empty() {
                break;
            }
            for (seal, event) in rows {
                let changed = noted.is_some_and(|noted| noted.sequence == seal.sequence && *noted != seal);
                if Seal::after(report.head.as_ref(), &event) != seal || changed {
                    report.broken_at = Some(next(report.head.as_ref()));
                    return Ok(report);
                }
                report.verified += 1;
                after = Some(seal.sequence);
                report.head = Some(seal);
            }
        }
        let end = report.head.as_ref().map_or(0, |head| head.sequence);
        if noted.is_some_and(|noted| noted.sequence > end) {
            report.broken_at = Some(next(report.head.as_ref()));
        }
        Ok(report)
    }
}

/// The place after the last one that is right.
fn next(head: Option<&Seal>) -> i64 {
    head.map_or(1, |head| head.sequence.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{Actor, AuditOutcome},
        time::UnixMillis,
    };

    fn event() -> AuditEvent {
        AuditEvent {
            id: AuditId("0123".to_owned()),
            at: UnixMillis(1_795_000_000_000),
            actor: Actor::User { id: "1".to_owned(), name: "user:default/ada".to_owned() },
            action: "setting.changed".to_owned(),
            target: Some("mcp.cimd.enabled".to_owned()),
            outcome: AuditOutcome::Done,
            address: None,
            request_id: None,
            details: json!({ "to": true, "from": false }),
        }
    }

    /// The hash of a row must stay what it is: chains of running databases are checked by it.
    #[test]
    fn the_first_seal_is_this_one() {
        let hash = "49fa612d6914f01bf3c99c67a6d378048e1f8709bb4efea1060b403fcfc4777f";
        assert_eq!(Seal::after(None, &event()), Seal { sequence: 1, hash: hash.to_owned() });
    }

    #[test]
    fn every_field_and_the_place_are_covered() {
        let first = Seal::after(None, &event());
        let changed = [
            AuditEvent { id: AuditId("0124".to_owned()), ..event() },
            AuditEvent { at: UnixMillis(1), ..event() },
            AuditEvent { actor: Actor::System, ..event() },
            AuditEvent { action: "setting.changes".to_owned(), ..event() },
            AuditEvent { target: None, ..event() },
            AuditEvent { outcome: AuditOutcome::Refused { reason: "x".to_owned() }, ..event() },
            AuditEvent { address: Some("::1".to_owned()), ..event() },
            AuditEvent { request_id: Some("r".to_owned()), ..event() },
            AuditEvent { details: json!({ "to": true, "from": true }), ..event() },
        ];
        for other in changed {
            assert_ne!(Seal::after(None, &other).hash, first.hash, "{other:?}");
        }
        let second = Seal::after(Some(&first), &event());
        assert_eq!(second.sequence, 2);
        assert_ne!(second.hash, first.hash);
    }

    #[test]
    fn a_seal_is_read_as_it_is_written() {
        let seal = Seal::after(None, &event());
        assert_eq!(Seal::parse(&seal.to_string()), Some(seal));
        for text in ["", "1", "1:", "0:00", "x:00", "-1:00", &format!("0:{}", "0".repeat(64))] {
            assert_eq!(Seal::parse(text), None, "{text}");
        }
    }
}
