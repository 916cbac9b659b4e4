//! The organisation: people and groups as external directories know them, and what follows from their changes.
//!
//! An adapter reads a directory page by page ([`crate::ports::DirectoryClient`]); a run stages the pages, compares them
//! with what was published before, and publishes the difference together with its consequences for accounts.

pub mod change;
pub mod person;
pub mod provider;
pub mod rows;
pub mod run;
pub mod standing;

pub use change::{PersonChange, PersonState};
pub use person::{
    DirectoryEmail, DirectoryGroup, DirectoryPerson, Exclusion, ExclusionReason, GroupId, Member, Membership,
    Standing, Subject,
};
pub use provider::{LinkRule, ProviderId, ProviderIdError, ProviderKind, ProviderOptions};
pub use standing::{StandingContext, StandingOutcome};
