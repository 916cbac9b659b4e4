//! What belongs to one person alone: the entities they starred and those they looked at last, and their home page.

mod home;
mod service;

use portal_model::{EntityRef, ErrorCode};
use thiserror::Error;

pub use home::{HomeGroup, HomeView, OWNED_SHOWN_MAX};
pub use service::{PersonalService, STARS_MAX, VIEW_AGAIN_MS, VIEWS_MAX};

use crate::{
    catalog::{CatalogError, StoredEntity},
    ports::StoreError,
    time::UnixMillis,
};

/// An entity that a person starred or looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalEntry {
    /// The entity; the catalog need not have it any more.
    pub entity_ref: EntityRef,
    /// When it was starred, or looked at last.
    pub at: UnixMillis,
}

/// The same with the entity itself, which the catalog has.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonalEntity {
    /// The entity.
    pub entity: StoredEntity,
    /// When it was starred, or looked at last.
    pub at: UnixMillis,
}

/// Why it was not done.
#[derive(Debug, Error)]
pub enum PersonalError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The entity is not in the catalog, or the person has [`STARS_MAX`] stars.
    #[error("{0:?}")]
    Refused(ErrorCode),
}
