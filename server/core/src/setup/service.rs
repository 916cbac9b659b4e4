//! Guides for this Portal, and what became of the attempts to follow them.

use std::sync::Arc;

use super::{Agent, Guide, Openings};
use crate::{
    actions::ActionRegistry,
    attempts::AttemptService,
    catalog::CatalogService,
    oauth::{AgentSessionService, document_admitted},
    ports::StoreError,
    services::Dependencies,
    settings::SettingsService,
    tokens::StaticTokenService,
};

/// The services that the guided setup asks.
pub struct SetupNeeds {
    /// Settings.
    pub settings: Arc<SettingsService>,
    /// What was seen of agents that connect.
    pub attempts: Arc<AttemptService>,
    /// Agents' sessions.
    pub agent_sessions: Arc<AgentSessionService>,
    /// Static tokens.
    pub static_tokens: Arc<StaticTokenService>,
    /// What agents can call.
    pub actions: Arc<ActionRegistry>,
    /// Entities, for examples.
    pub catalog: Arc<CatalogService>,
}

/// Makes guides from the settings in force, and knows what became of them.
pub struct SetupService {
    pub(super) dependencies: Dependencies,
    pub(super) settings: Arc<SettingsService>,
    pub(super) attempts: Arc<AttemptService>,
    pub(super) agent_sessions: Arc<AgentSessionService>,
    pub(super) static_tokens: Arc<StaticTokenService>,
    pub(super) actions: Arc<ActionRegistry>,
    pub(super) catalog: Arc<CatalogService>,
}

impl SetupService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, needs: SetupNeeds) -> Self {
        let SetupNeeds { settings, attempts, agent_sessions, static_tokens, actions, catalog } = needs;
        Self { dependencies, settings, attempts, agent_sessions, static_tokens, actions, catalog }
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
