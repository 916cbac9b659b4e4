//! What belongs to one person alone: starred entities, and those looked at last.

use async_trait::async_trait;
use portal_model::EntityRef;

use super::StoreError;
use crate::{ids::UserId, personal::PersonalEntry, time::UnixMillis};

/// Reads stars and views.
#[async_trait]
pub trait PersonalReads {
    /// What an account has starred, newest first, then by ref, at most `limit`; whether or not the catalog still has it.
    async fn star_list(&mut self, user: &UserId, limit: u32) -> Result<Vec<PersonalEntry>, StoreError>;

    /// What an account has looked at, newest first, then by ref, at most `limit`; whether or not the catalog still has it.
    async fn view_list(&mut self, user: &UserId, limit: u32) -> Result<Vec<PersonalEntry>, StoreError>;
}

/// Writes stars and views.
#[async_trait]
pub trait PersonalWrites {
    /// Stars an entity; of one that is starred already nothing changes. `false` when the account has `most` others.
    async fn star_put(
        &mut self,
        user: &UserId,
        entity_ref: &EntityRef,
        at: UnixMillis,
        most: u32,
    ) -> Result<bool, StoreError>;

    /// Takes a star back. `false` when there was none.
    async fn star_delete(&mut self, user: &UserId, entity_ref: &EntityRef) -> Result<bool, StoreError>;

    /// Notes that an account has looked at an entity, and keeps the newest `keep` of its views.
    async fn view_put(
        &mut self,
        user: &UserId,
        entity_ref: &EntityRef,
        at: UnixMillis,
        keep: u32,
    ) -> Result<(), StoreError>;
}
