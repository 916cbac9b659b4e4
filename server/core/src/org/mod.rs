//! The organisation: people and groups as external directories know them, and what follows from their changes.
//!
//! An adapter reads a directory page by page ([`crate::ports::DirectoryClient`]); a run stages the pages, compares them
//! with what was published before, and publishes the difference together with its consequences for accounts.

pub mod admins;
mod apply;
pub mod change;
mod comparing;
mod compose;
mod composing;
pub mod conflicts;
mod delta;
pub mod drill;
pub mod dry_run;
pub mod freshness;
pub mod identities;
pub mod link;
mod names;
pub mod overview;
pub mod people;
pub mod person;
mod progress;
pub mod provider;
mod publish;
mod reading;
mod reread;
pub mod rows;
pub mod run;
mod schedule;
mod service;
pub mod sign_in;
mod stage;
pub mod standing;
mod upkeep;
mod worker;

pub use change::{PersonChange, PersonState};
pub use compose::location_id as provider_location_id;
pub use dry_run::DryRun;
pub use freshness::ProviderFreshness;
pub use identities::{DirectoryIdentity, IdentityKey, IdentityStanding};
pub use overview::{ConnectionSample, ConnectionTest, ProviderOverview};
pub use people::{Person, RefHolder, person_at, user_refusal};
pub use person::{
    DirectoryEmail, DirectoryGroup, DirectoryPerson, Exclusion, ExclusionReason, GroupId, Member, Membership,
    Standing, Subject,
};
pub use provider::{LinkRule, ProviderId, ProviderIdError, ProviderKind, ProviderOptions};
pub use run::{DirectoryRun, RunCounts, RunKind, RunNumber, RunRequest, RunState, RunTrigger};
pub use service::{EventAnswer, OrgError, OrgEventError, OrgService};
pub use sign_in::{KnownPerson, SignInStanding, sign_in_standing};
pub use standing::{StandingContext, StandingOutcome};
