//! Who has come to a reference: what was made for it before there was a directory becomes theirs.

use std::collections::HashMap;

use portal_model::EntityRef;

use super::Batch;
use crate::{
    identity::local_location_id,
    org::{DirectoryIdentity, IdentityKey},
    ports::{StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
};

/// Local accounts and static tokens that were tied to a reference before any directory knew it belong, from now on, to
/// the person who has it. Entities that Portal made itself for a local account are that account's: nothing is guessed.
pub(super) async fn bind(tx: &mut dyn WriteTransaction, batch: &Batch) -> Result<(), StoreError> {
    let people: HashMap<EntityRef, IdentityKey> =
        batch.claims().map(|identity| (identity.entity_ref.clone(), identity.key.clone())).collect();
    let refs: Vec<EntityRef> = people.keys().cloned().collect();
    for refs in refs.chunks(IDENTITY_BATCH_MAX) {
        for token in tx.static_token_list_unbound(refs).await? {
            if let Some(person) = people.get(&token.owner)
                && tx.entity_location(&token.owner).await? != Some(local_location_id())
            {
                tx.static_token_bind(&token.id, person).await?;
            }
        }
        for account in tx.account_list_unbound(refs).await? {
            if let Some(person) = people.get(&account.entity_ref)
                && tx.entity_location(&account.entity_ref).await? != Some(local_location_id())
            {
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
