//! The organisation: people and groups as external directories know them, and what follows from their changes.
//!
//! An adapter reads a directory page by page ([`crate::ports::DirectoryClient`]); a run stages the pages, compares them
//! with what was published before, and publishes the difference together with its consequences for accounts.

pub mod admins;
pub mod change;
pub mod conflicts;
pub mod drill;
pub mod freshness;
pub mod identities;
mod link;
pub mod people;
pub mod person;
pub mod provider;
pub mod rows;
pub mod run;
pub mod sign_in;
pub mod standing;

pub use change::{PersonChange, PersonState};
pub use freshness::ProviderFreshness;
pub use identities::{DirectoryIdentity, IdentityKey, IdentityStanding};
pub use people::{Person, RefHolder, person_at, user_refusal};
pub use person::{
    DirectoryEmail, DirectoryGroup, DirectoryPerson, Exclusion, ExclusionReason, GroupId, Member, Membership,
    Standing, Subject,
};
pub use provider::{LinkRule, ProviderId, ProviderIdError, ProviderKind, ProviderOptions};
pub use sign_in::{KnownPerson, SignInStanding, sign_in_standing};
pub use standing::{StandingContext, StandingOutcome};
