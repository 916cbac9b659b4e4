//! Conflicts: what Portal will not guess. They are found anew each time, so that none outlives its cause.

use portal_model::EntityRef;
use serde::Serialize;

use super::{IdentityKey, LinkRule, ProviderId, link::rules};
use crate::{
    identity::Admin,
    ids::UserId,
    ports::{ReadTransaction, StoreError},
    services::Dependencies,
};

/// Most conflicts of one kind that are listed.
pub const CONFLICTS_MAX: u32 = 100;

/// Something that an admin has to settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Conflict {
    /// People of several providers have one reference, and no rule says that they are one person. The one whose provider
    /// was set up first keeps it; the others cannot sign in.
    SharedReference {
        /// The reference.
        entity_ref: EntityRef,
        /// Who has it.
        people: Vec<IdentityKey>,
    },
    /// A person of a directory has the reference of a local account that nothing says to be theirs. The person cannot sign
    /// in until the local account is disabled, or one of them gets another name.
    LocalAccount {
        /// The reference.
        entity_ref: EntityRef,
        /// The person.
        person: IdentityKey,
        /// The local account.
        account: UserId,
    },
    /// The link rule of a provider finds several people on one side: nobody is linked.
    SeveralCandidates {
        /// The provider whose rule it is.
        from: ProviderId,
        /// The provider that it leads to.
        to: ProviderId,
        /// The e-mail address, or value of the annotation.
        value: String,
        /// Whom it finds, on both sides.
        people: Vec<IdentityKey>,
    },
}

/// Finds conflicts.
pub struct ConflictService {
    dependencies: Dependencies,
}

impl ConflictService {
    /// The service.
    #[must_use]
    pub const fn new(dependencies: Dependencies) -> Self {
        Self { dependencies }
    }

    /// Every conflict there is at this moment, at most [`CONFLICTS_MAX`] of each kind.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, _admin: &Admin) -> Result<Vec<Conflict>, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let store = store.as_mut();
        let mut found = shared_references(store).await?;
        for (person, entity_ref, account) in store.identity_local_conflicts(CONFLICTS_MAX).await? {
            found.push(Conflict::LocalAccount { entity_ref, person, account });
        }
        found.extend(self.candidates(store).await?);
        Ok(found)
    }

    async fn candidates(&self, store: &mut dyn ReadTransaction) -> Result<Vec<Conflict>, StoreError> {
        let mut found = Vec::new();
        for rule in rules(&self.dependencies.directories) {
            let (from, to) = (rule.from, rule.link.to());
            let values = match rule.link {
                LinkRule::VerifiedEmail { .. } => {
                    store.identity_ambiguous_emails(from, to, CONFLICTS_MAX).await?
                }
                LinkRule::Annotation { key, .. } => {
                    store.identity_ambiguous_keys(from, to, key, CONFLICTS_MAX).await?
                }
            };
            let mut sources = rule.candidates(store, from, &values).await?;
            let mut targets = rule.candidates(store, to, &values).await?;
            for value in values {
                let sides = [sources.remove(&value), targets.remove(&value)];
                let people = sides.into_iter().flatten().flatten().map(|identity| identity.key).collect();
                found.push(Conflict::SeveralCandidates { from: from.clone(), to: to.clone(), value, people });
            }
        }
        Ok(found)
    }
}

async fn shared_references(store: &mut dyn ReadTransaction) -> Result<Vec<Conflict>, StoreError> {
    let refs = store.identity_shared_refs(CONFLICTS_MAX).await?;
    let mut conflicts: Vec<Conflict> = Vec::with_capacity(refs.len());
    let people = store.identity_list_by_refs(&refs).await?;
    for entity_ref in refs {
        let here = people.iter().filter(|identity| {
            let there = matches!(identity.standing.as_str(), "active" | "rejected");
            identity.entity_ref == entity_ref && there && identity.link.is_none()
        });
        let people = here.map(|identity| identity.key.clone()).collect();
        conflicts.push(Conflict::SharedReference { entity_ref, people });
    }
    Ok(conflicts)
}
