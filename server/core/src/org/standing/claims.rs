//! Who has come to a reference: what was made for it before there was a directory becomes theirs.

use std::collections::HashMap;

use portal_model::EntityRef;

use super::{Batch, StandingContext};
use crate::{
    ingestion::Target,
    org::{DirectoryIdentity, IdentityKey},
    ports::{StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
};

/// Local accounts and static tokens that were tied to a reference before any directory knew it belong, from now on, to
/// the person who has it. Where something else defines the entity too, such as Portal itself for a local account, nothing
/// is guessed.
pub(super) async fn bind(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    batch: &Batch,
) -> Result<(), StoreError> {
    let own = Target::Provider(context.provider.id.to_string()).location_id();
    let people: HashMap<EntityRef, IdentityKey> =
        batch.claims().map(|identity| (identity.entity_ref.clone(), identity.key.clone())).collect();
    let refs: Vec<EntityRef> = people.keys().cloned().collect();
    for refs in refs.chunks(IDENTITY_BATCH_MAX) {
        let tokens = tx.static_token_list_unbound(refs).await?;
        let accounts = tx.account_list_unbound(refs).await?;
        if tokens.is_empty() && accounts.is_empty() {
            continue;
        }
        let elsewhere = tx.directory_defined_elsewhere(&own, refs).await?;
        let theirs = |entity_ref: &EntityRef| {
            let defined = elsewhere.iter().any(|(known, _)| known == entity_ref);
            people.get(entity_ref).filter(|_| !defined)
        };
        for token in tokens {
            if let Some(person) = theirs(&token.owner) {
                tx.static_token_bind(&token.id, person).await?;
            }
        }
        for account in accounts {
            if let Some(person) = theirs(&account.entity_ref) {
                tx.account_bind(&account.id, person).await?;
            }
        }
    }
    Ok(())
}

/// Everyone else who has, or had, a reference that someone has come to or left.
pub(super) async fn neighbours(
    tx: &mut dyn WriteTransaction,
    batch: &Batch,
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    let mut neighbours = Vec::new();
    for refs in batch.refs().chunks(IDENTITY_BATCH_MAX) {
        neighbours.extend(tx.identity_list_by_refs(refs).await?);
    }
    Ok(neighbours)
}
