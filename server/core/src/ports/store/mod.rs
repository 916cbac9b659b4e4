//! The Store port: everything that Portal keeps.
//!
//! The contract, held by every adapter and proved by the conformance suite in `portal-testkit`:
//!
//! - A [`WriteTransaction`] is atomic. Nothing of it is seen by others before [`WriteTransaction::commit`] returned
//!   `Ok`, and then everything is, durably. Dropping it without committing rolls it back.
//! - What a [`WriteTransaction`] reads may be another's that is not durable yet, on an engine where writers share their
//!   commits. What was decided on it holds once its own commit returned `Ok`: whoever answers that something is done
//!   commits first, also when it wrote nothing.
//! - After an `Err` of any of its functions a transaction does not commit.
//! - Writers do not overwrite each other silently: functions that move a record from one state to another name the
//!   state they expect, and say whether they found it (compare and set). They return `bool`; `false` changed nothing.
//! - "Not found" is `Ok(None)`, never an error.
//! - A denial that must persist is a value of the caller's, after which it commits; an `Err` means roll back.
//! - Lists have a stated order with a unique tie-breaker, and a limit that the caller names.

mod activity;
mod attempts;
mod audit;
mod audit_chain;
mod catalog;
mod clients;
mod identities;
mod oauth;
mod org_rows;
mod org_runs;
mod personal;
mod rollout;
mod settings;
mod sign_in;
mod tokens;
mod users;

use async_trait::async_trait;
use thiserror::Error;

pub use activity::{ActivityReads, ActivityWrites};
pub use attempts::{AttemptReads, AttemptWrites};
pub use audit::{AuditReads, AuditWrites};
pub use audit_chain::{AuditChainReads, AuditChainWrites};
pub use catalog::{CatalogReads, CatalogWrites};
pub use clients::{ClientReads, ClientWrites};
pub use identities::{IDENTITY_BATCH_MAX, IdentityReads, IdentityWrites};
pub use oauth::{OauthReads, OauthWrites, PresentedRefreshToken};
pub use org_rows::{OrgRowReads, OrgRowWrites};
pub use org_runs::{OrgRunReads, OrgRunWrites};
pub use personal::{PersonalReads, PersonalWrites};
pub use rollout::{RolloutReads, RolloutWrites};
pub use settings::{SettingReads, SettingWrites};
pub use sign_in::{SignInReads, SignInWrites};
pub use tokens::{TokenReads, TokenWrites};
pub use users::{UserReads, UserWrites};

/// Why the store did not do it. Opaque to callers: they answer 503 or 500 and log it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is busy or refused to commit; the same call may succeed later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The database holds, or was given, something that the adapter does not understand: a fault of ours.
    #[error("the store is inconsistent: {0}")]
    Inconsistent(String),
}

/// A database of Portal.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Starts reading. What is read may be a moment old, never uncommitted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be had.
    async fn read(&self) -> Result<Box<dyn ReadTransaction>, StoreError>;

    /// Starts a transaction that can write. On SQLite there is one at a time: keep it short, and never wait for the
    /// network inside it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be had.
    async fn write(&self) -> Result<Box<dyn WriteTransaction>, StoreError>;
}

/// Everything that can be read.
pub trait ReadTransaction:
    SettingReads
    + UserReads
    + OauthReads
    + ClientReads
    + CatalogReads
    + AuditReads
    + AuditChainReads
    + ActivityReads
    + AttemptReads
    + TokenReads
    + OrgRunReads
    + OrgRowReads
    + IdentityReads
    + PersonalReads
    + SignInReads
    + RolloutReads
    + Send
{
}

impl<T> ReadTransaction for T where
    T: SettingReads
        + UserReads
        + OauthReads
        + ClientReads
        + CatalogReads
        + AuditReads
        + AuditChainReads
        + ActivityReads
        + AttemptReads
        + TokenReads
        + OrgRunReads
        + OrgRowReads
        + IdentityReads
        + PersonalReads
        + SignInReads
        + RolloutReads
        + Send
{
}

/// Everything that can be written; reads inside it see its own writes.
#[async_trait]
pub trait WriteTransaction:
    ReadTransaction
    + SettingWrites
    + UserWrites
    + OauthWrites
    + ClientWrites
    + CatalogWrites
    + AuditWrites
    + AuditChainWrites
    + ActivityWrites
    + AttemptWrites
    + TokenWrites
    + OrgRunWrites
    + OrgRowWrites
    + IdentityWrites
    + PersonalWrites
    + SignInWrites
    + RolloutWrites
{
    /// Makes everything written durable and visible, and what others wrote that this transaction has read.
    ///
    /// # Errors
    /// Nothing of the transaction took effect.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
