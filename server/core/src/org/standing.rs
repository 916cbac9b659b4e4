//! What follows for accounts, sessions and tokens when a directory says something new about people.

use super::{PersonChange, ProviderOptions};
use crate::{
    identity::RequestOrigin,
    ports::{Rng, StoreError, WriteTransaction},
    time::UnixMillis,
};

/// What [`apply`] needs besides the changes.
#[derive(Clone, Copy)]
pub struct StandingContext<'run> {
    /// The provider that says so.
    pub provider: &'run ProviderOptions,
    /// The present time.
    pub now: UnixMillis,
    /// Randomness for new identifiers.
    pub rng: &'run dyn Rng,
    /// Where the word came from, for the audit log.
    pub origin: &'run RequestOrigin,
}

/// What the changes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StandingOutcome {
    /// Accounts that may no longer sign in.
    pub suspended: u64,
    /// Accounts that may sign in again.
    pub restored: u64,
    /// Accounts that follow a rename.
    pub renamed: u64,
    /// Accounts whose revocation epoch was raised.
    pub ended: u64,
}

impl StandingOutcome {
    /// Adds what another batch came to.
    pub const fn add(&mut self, other: Self) {
        self.suspended += other.suspended;
        self.restored += other.restored;
        self.renamed += other.renamed;
        self.ended += other.ended;
    }
}

/// Carries out what a batch of at most 1,000 changes means for accounts, in the transaction that publishes them.
///
/// # Errors
/// The store failed.
#[expect(clippy::unused_async, reason = "accounts follow directories once identities are kept")]
pub async fn apply(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    changes: &[PersonChange],
) -> Result<StandingOutcome, StoreError> {
    let _ = (context, tx, changes);
    Ok(StandingOutcome::default())
}
