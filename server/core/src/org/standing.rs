//! What follows for accounts, sessions and tokens when a directory says something new about people.
//!
//! A person is a provider and that provider's stable id. Whoever is left out, suspended or gone loses everything that
//! was issued to them, in the transaction that publishes the word; when they come back they may sign in again, and
//! nothing else comes back with them but their static tokens, which follow their owner. A rename moves what belongs to
//! the person along; whoever gets their name later is someone else.

mod accounts;
mod claims;
mod holdings;
mod relink;

use std::collections::{BTreeMap, BTreeSet};

pub use relink::relink;

use portal_model::EntityRef;

use super::{DirectoryIdentity, IdentityKey, IdentityStanding, PersonChange, ProviderOptions, Subject, link};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    identity::RequestOrigin,
    ports::{Rng, StoreError, WriteTransaction},
    services::Directory,
    time::UnixMillis,
};

/// What [`apply`] needs besides the changes.
#[derive(Clone, Copy)]
pub struct StandingContext<'run> {
    /// The provider that says so.
    pub provider: &'run ProviderOptions,
    /// Every directory of the configuration: others may know the same people.
    pub directories: &'run [Directory],
    /// The present time.
    pub now: UnixMillis,
    /// Randomness for new identifiers.
    pub rng: &'run dyn Rng,
    /// Where the word came from, for the audit log.
    pub origin: &'run RequestOrigin,
}

impl StandingContext<'_> {
    /// An audit row for a consequence.
    pub(super) fn event(&self, action: &str) -> AuditEvent {
        AuditEvent::done(self.rng, self.now, Actor::System, action, self.origin)
    }
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

/// Identities before and after a batch of changes.
#[derive(Default)]
struct Batch {
    before: BTreeMap<Subject, DirectoryIdentity>,
    after: Vec<DirectoryIdentity>,
}

impl Batch {
    async fn load(
        context: &StandingContext<'_>,
        tx: &mut dyn WriteTransaction,
        changes: &[PersonChange],
    ) -> Result<Self, StoreError> {
        let provider = &context.provider.id;
        let subjects: Vec<Subject> = changes.iter().map(|change| change.subject.clone()).collect();
        let known = tx.identity_list(provider, &subjects).await?;
        let before: BTreeMap<Subject, DirectoryIdentity> =
            known.into_iter().map(|identity| (identity.key.subject.clone(), identity)).collect();
        let after = changes.iter().filter_map(|change| {
            let known = before.get(&change.subject);
            let state = change.after.as_ref().or(change.before.as_ref());
            let entity_ref = state.map(|state| &state.entity_ref).or(known.map(|known| &known.entity_ref))?;
            let standing = change
                .after
                .as_ref()
                .map_or(IdentityStanding::Gone, |state| IdentityStanding::from(&state.standing));
            let key = IdentityKey { provider: provider.clone(), subject: change.subject.clone() };
            let mut identity = known.cloned().unwrap_or_else(|| {
                DirectoryIdentity::new(key, entity_ref.clone(), standing.clone(), context.now)
            });
            identity.entity_ref = entity_ref.clone();
            if identity.standing != standing {
                identity.standing = standing;
                identity.changed_at = context.now;
            }
            if let Some(person) = &change.person {
                identity.describe(person);
            }
            Some(identity)
        });
        let after = after.collect();
        Ok(Self { before, after })
    }

    fn was_active(&self, subject: &Subject) -> bool {
        self.before.get(subject).is_some_and(|identity| identity.standing.is_active())
    }

    fn ref_before(&self, subject: &Subject) -> Option<&EntityRef> {
        self.before.get(subject).map(|identity| &identity.entity_ref)
    }

    /// Active people who have come to their reference.
    fn claims(&self) -> impl Iterator<Item = &DirectoryIdentity> {
        self.after.iter().filter(|identity| {
            let subject = &identity.key.subject;
            let same = self.ref_before(subject) == Some(&identity.entity_ref);
            identity.standing.is_active() && !(same && self.was_active(subject))
        })
    }

    /// People whose reference is another one than before.
    fn moves(&self) -> impl Iterator<Item = &DirectoryIdentity> {
        self.after.iter().filter(|identity| {
            self.ref_before(&identity.key.subject).is_some_and(|before| *before != identity.entity_ref)
        })
    }

    /// Every reference that someone has come to or left.
    fn refs(&self) -> Vec<EntityRef> {
        let left = self.after.iter().filter_map(|identity| {
            let before = self.ref_before(&identity.key.subject)?;
            (!identity.standing.is_active() || *before != identity.entity_ref).then(|| before.clone())
        });
        let refs: BTreeSet<EntityRef> =
            self.claims().map(|identity| identity.entity_ref.clone()).chain(left).collect();
        refs.into_iter().collect()
    }
}

/// Carries out what a batch of at most 1,000 changes means for accounts, in the transaction that publishes them. The
/// order of batches, and of changes in them, does not matter.
///
/// The caller has raised the counter of [`Topic::Access`] before it locked any account, as everywhere; it is raised here
/// too, so that no cache outlives the word.
///
/// # Errors
/// The store failed.
pub async fn apply(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    changes: &[PersonChange],
) -> Result<StandingOutcome, StoreError> {
    if changes.is_empty() {
        return Ok(StandingOutcome::default());
    }
    tx.change_record(Topic::Access).await?;
    let batch = Batch::load(context, tx, changes).await?;
    tx.identity_put(&batch.after).await?;
    let relinked = link::update(context, tx, &batch.after).await?;
    claims::bind(context, tx, &batch).await?;
    let neighbours = claims::neighbours(tx, &batch).await?;
    let mut touched: BTreeSet<IdentityKey> =
        batch.after.iter().map(|identity| identity.key.clone()).collect();
    touched.extend(neighbours.iter().map(|identity| identity.key.clone()));
    touched.extend(relinked.iter().map(|relinked| relinked.key.clone()));
    let outcome = accounts::settle(context, tx, touched, &relinked).await?;
    holdings::follow(context, tx, &batch, &relinked).await?;
    holdings::end_lost(context, tx, &neighbours).await?;
    holdings::tell(context, tx, &batch).await?;
    Ok(outcome)
}
