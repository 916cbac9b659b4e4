//! What every request handler is given.

use std::{ops::Deref, sync::Arc};

use ipnet::IpNet;
use portal_core::services::Services;

use crate::{
    config::PublicUrl,
    http::{live::LivePlaces, mcp::McpEndpoint},
    middleware::RequestIds,
};

/// The services and what the configuration says about requests; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<AppParts>);

/// What an [`AppState`] holds.
pub struct AppParts {
    /// Everything Portal can do.
    pub services: Services,
    /// The address under which Portal is reached.
    pub public_url: PublicUrl,
    /// Address ranges whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Browser origins besides `public_url` that may call MCP.
    pub mcp_allowed_origins: Vec<String>,
    /// The MCP endpoint.
    pub(crate) mcp: McpEndpoint,
    /// The streams that tell pages what changed.
    pub(crate) live: LivePlaces,
    /// Makes request ids.
    pub(crate) request_ids: RequestIds,
}

impl AppState {
    /// Puts the state together.
    #[must_use]
    pub fn new(
        services: Services,
        public_url: PublicUrl,
        trusted_proxies: Vec<IpNet>,
        mcp_allowed_origins: Vec<String>,
    ) -> Self {
        let mcp = McpEndpoint::new(services.clone());
        let request_ids = RequestIds::new(&*services.dependencies.rng);
        Self(Arc::new(AppParts {
            services,
            public_url,
            trusted_proxies,
            mcp_allowed_origins,
            mcp,
            live: LivePlaces::default(),
            request_ids,
        }))
    }
}

impl Deref for AppState {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}
