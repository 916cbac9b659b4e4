//! How far the announcement came with each person, and the organization's own picture.

use async_trait::async_trait;
use portal_model::EntityRef;

use super::StoreError;
use crate::{
    ids::UserId,
    oauth::records::LogoId,
    rollout::{RolloutNumbers, RolloutPerson, RolloutStep},
    time::UnixMillis,
};

/// Reads the rollout.
#[async_trait]
pub trait RolloutReads {
    /// How far it came with one person; nothing is set for a person it never reached.
    async fn rollout_person(&mut self, user: &UserId) -> Result<RolloutPerson, StoreError>;

    /// How many active accounts it is for and how far it came with them. `groups` names the audience, whose members are
    /// counted with those of the groups below; `None` for everyone. Connected are those of whom it was noted, those with a
    /// session of an agent, open or ended, and those whose static token was used.
    async fn rollout_numbers(&mut self, groups: Option<&[EntityRef]>) -> Result<RolloutNumbers, StoreError>;

    /// The name of the organization's picture; `None` while it has none.
    async fn branding_logo_id(&mut self) -> Result<Option<LogoId>, StoreError>;

    /// The bytes of the organization's picture, when it has this name.
    async fn branding_logo_picture(&mut self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Writes the rollout.
#[async_trait]
pub trait RolloutWrites {
    /// Notes when a person first came to a step. `false` when that was known: the first time stays.
    async fn rollout_note(
        &mut self,
        user: &UserId,
        step: RolloutStep,
        at: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Notes as connected whoever has a session of an agent or a static token that was used, before those records are
    /// taken out for their age. Returns how many were noted.
    async fn rollout_note_connected(&mut self, at: UnixMillis) -> Result<u64, StoreError>;

    /// Keeps the organization's picture, replacing the one before.
    async fn branding_logo_put(
        &mut self,
        id: &LogoId,
        png: &[u8],
        changed_at: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Forgets the organization's picture. `false` when there was none.
    async fn branding_logo_delete(&mut self) -> Result<bool, StoreError>;
}
