//! The announcement of MCP to users: who sees the banner, and who has closed it.

use std::sync::Arc;

use thiserror::Error;

use crate::{
    catalog::{CatalogError, CatalogService},
    identity::SignedIn,
    ports::StoreError,
    settings::SettingsService,
};

/// Why the announcement cannot be told.
#[derive(Debug, Error)]
pub enum RolloutError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// The banner for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// The admin's own words; empty for Portal's.
    pub message: String,
}

/// What the shell and the home page show of MCP to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutView {
    /// The banner; `None` while not announced, not for this person, or once an agent is connected.
    pub banner: Option<Banner>,
    /// Whether the profile menu has "Portal MCP": while announced to this person, and for whoever has an agent.
    pub menu_entry: bool,
}

/// The announcement.
pub struct RolloutService {
    dependencies: crate::services::Dependencies,
    settings: Arc<SettingsService>,
    catalog: Arc<CatalogService>,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl RolloutService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: crate::services::Dependencies,
        settings: Arc<SettingsService>,
        catalog: Arc<CatalogService>,
    ) -> Self {
        Self { dependencies, settings, catalog }
    }

    /// What one person sees.
    ///
    /// # Errors
    /// [`RolloutError`].
    pub async fn view(&self, signed_in: &SignedIn) -> Result<RolloutView, RolloutError> {
        let _ = (signed_in, &self.dependencies, &self.settings, &self.catalog);
        Ok(RolloutView { banner: None, menu_entry: false })
    }
}
