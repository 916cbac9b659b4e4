//! Guides for this Portal.

use std::sync::Arc;

use super::{Agent, Guide, Openings};
use crate::{oauth::document_admitted, ports::StoreError, services::Dependencies, settings::SettingsService};

/// Makes guides from the settings in force.
pub struct SetupService {
    pub(super) dependencies: Dependencies,
    settings: Arc<SettingsService>,
}

impl SetupService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        Self { dependencies, settings }
    }

    /// The guide for one agent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn guide(&self, agent: Agent) -> Result<Guide, StoreError> {
        Ok(Guide::new(agent, &self.openings(agent).await?))
    }

    /// The guides for all agents, in the order in which they are offered.
    ///
    /// # Errors
    /// The store failed.
    pub async fn guides(&self) -> Result<Vec<Guide>, StoreError> {
        let mut guides = Vec::with_capacity(Agent::ALL.len());
        for agent in Agent::ALL {
            guides.push(self.guide(*agent).await?);
        }
        Ok(guides)
    }

    async fn openings(&self, agent: Agent) -> Result<Openings, StoreError> {
        let settings = self.settings.current().await?;
        let configuration = &self.dependencies.configuration;
        Ok(Openings {
            endpoint: configuration.mcp_resource(),
            https: configuration.public_url.starts_with("https://"),
            loopback: configuration.public_url_is_loopback,
            documents: settings.cimd_enabled,
            document_allowed: document_admitted(&settings, agent.abilities().document.client_id()),
            registration: settings.dcr_enabled,
            registered_client: self.settings.has_registered_clients().await?,
            personal_tokens: settings.personal_tokens_enabled,
        })
    }
}
