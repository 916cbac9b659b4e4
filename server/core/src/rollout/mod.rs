//! The announcement of MCP to users: who sees the banner and the menu entry.

use std::sync::Arc;

use portal_model::settings::{Audience, Settings};
use thiserror::Error;

use crate::{
    catalog::{CatalogError, CatalogService},
    identity::SignedIn,
    oauth::records::AgentSessionFilter,
    ports::StoreError,
    services::Dependencies,
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
    /// The admin's example prompts, at most five lines; empty for those of Portal.
    pub prompts: Vec<String>,
}

/// The announcement.
pub struct RolloutService {
    dependencies: Dependencies,
    settings: Arc<SettingsService>,
    catalog: Arc<CatalogService>,
}

impl RolloutService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: Dependencies,
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
        let settings = self.settings.current().await?;
        let announced = self.announced_to(&settings, signed_in).await?;
        let has_agent = self.has_agent(signed_in).await?;
        let banner = (announced && !has_agent).then(|| Banner { message: settings.rollout_message.clone() });
        let prompts = settings.rollout_prompts.clone();
        Ok(RolloutView { banner, menu_entry: announced || has_agent, prompts })
    }

    /// An announcement is silent while agents cannot sign in: it would lead nowhere.
    async fn announced_to(&self, settings: &Settings, signed_in: &SignedIn) -> Result<bool, RolloutError> {
        if !settings.rollout_announce || !self.settings.agents_can_sign_in().await? {
            return Ok(false);
        }
        match &settings.rollout_audience {
            Audience::Everyone => Ok(true),
            Audience::Groups(groups) => {
                let refs = self.catalog.ownership_refs(&signed_in.user().entity_ref).await?;
                Ok(refs.iter().any(|entity_ref| groups.contains(entity_ref)))
            }
        }
    }

    async fn has_agent(&self, signed_in: &SignedIn) -> Result<bool, StoreError> {
        let open = AgentSessionFilter {
            user_id: Some(signed_in.user().id.clone()),
            open_only: true,
            ..AgentSessionFilter::default()
        };
        let (sessions, _people) = self.dependencies.store.read().await?.agent_session_count(&open).await?;
        Ok(sessions > 0)
    }
}
