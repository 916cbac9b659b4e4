//! Everything a door into Portal is given: the services, put together once at the start.

use std::sync::Arc;

use crate::{
    actions::ActionRegistry,
    activity::ActivityRecorder,
    attempts::AttemptService,
    audit::AuditService,
    branding::BrandingService,
    catalog::CatalogService,
    changes::ChangeTracker,
    identity::{IdentityService, SignInProvider},
    ingestion::IngestionService,
    oauth::{
        AgentSessionService, AuthorizationService, BearerService, ClientRegistry, ClientService,
        PinnedDocument, TokenService,
    },
    org::{OrgService, ProviderOptions, conflicts::ConflictService, drill::OffboardingService},
    personal::PersonalService,
    ports::{Clock, DirectoryClient, DocumentFetcher, LocationReader, PictureMaker, Rng, SelfProbe, Store},
    rollout::RolloutService,
    self_check::SelfCheckService,
    settings::SettingsService,
    setup::{SetupNeeds, SetupService},
    tokens::StaticTokenService,
};

/// What every service is built from.
#[derive(Clone)]
pub struct Dependencies {
    /// What Portal keeps.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Fetches client documents.
    pub fetcher: Arc<dyn DocumentFetcher>,
    /// Asks Portal itself, at its public URL.
    pub self_probe: Arc<dyn SelfProbe>,
    /// Makes pictures anew.
    pub pictures: Arc<dyn PictureMaker>,
    /// Reads descriptor files.
    pub reader: Arc<dyn LocationReader>,
    /// The directories that the configuration names, in its order.
    pub directories: Arc<[Directory]>,
    /// The providers that people sign in with, in the order of the configuration.
    pub sign_in_providers: Arc<[SignInProvider]>,
    /// Counters by which caches know that they are stale.
    pub changes: Arc<ChangeTracker>,
    /// What the configuration says.
    pub configuration: Arc<Configuration>,
}

/// A directory: what the configuration says of it, and its adapter.
#[derive(Clone)]
pub struct Directory {
    /// What does not depend on its kind.
    pub options: ProviderOptions,
    /// Reads it.
    pub client: Arc<dyn DirectoryClient>,
}

/// The part of the configuration that the domain needs.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The OAuth issuer and origin of every address Portal makes, byte for byte; no trailing slash.
    pub public_url: String,
    /// Whether `public_url` is on loopback, so that client documents on loopback are taken.
    pub public_url_is_loopback: bool,
    /// Lifetime of access tokens, 10 to 1440 minutes.
    pub access_token_lifetime_minutes: u16,
    /// Client documents pinned by the admin, beside the built-in ones.
    pub pinned_clients: Vec<PinnedDocument>,
}

impl Configuration {
    /// The address of the MCP endpoint: the resource that tokens are for (RFC 8707).
    #[must_use]
    pub fn mcp_resource(&self) -> String {
        format!("{}{}", self.public_url, MCP_PATH)
    }
}

/// Path of the MCP endpoint.
pub const MCP_PATH: &str = "/api/mcp-actions/v1";

/// Below this path Portal serves the pictures of clients, each by its name.
pub const LOGO_PATH: &str = "/oauth/logo";

/// Below this path Portal serves the organization's own picture, by its name.
pub const BRANDING_LOGO_PATH: &str = "/branding/logo";

/// All services.
#[derive(Clone)]
pub struct Services {
    /// What they were built from.
    pub dependencies: Dependencies,
    /// Settings.
    pub settings: Arc<SettingsService>,
    /// Accounts and browser sessions.
    pub identity: Arc<IdentityService>,
    /// Client documents.
    pub clients: Arc<ClientService>,
    /// Clients registered here.
    pub registry: Arc<ClientRegistry>,
    /// `/oauth/authorize` and the consent page.
    pub authorization: Arc<AuthorizationService>,
    /// `/oauth/token` and `/oauth/revoke`.
    pub tokens: Arc<TokenService>,
    /// Agents' sessions, as people see and end them.
    pub agent_sessions: Arc<AgentSessionService>,
    /// Checks bearer tokens.
    pub bearer: Arc<BearerService>,
    /// Static tokens.
    pub static_tokens: Arc<StaticTokenService>,
    /// Entities.
    pub catalog: Arc<CatalogService>,
    /// Stars, views and the home page.
    pub personal: Arc<PersonalService>,
    /// Locations.
    pub ingestion: Arc<IngestionService>,
    /// MCP actions.
    pub actions: Arc<ActionRegistry>,
    /// What admins have to settle about people of directories.
    pub conflicts: Arc<ConflictService>,
    /// Directories of people and groups, and their runs.
    pub org: Arc<OrgService>,
    /// Somebody's leaving, planned and carried out.
    pub offboarding: Arc<OffboardingService>,
    /// The announcement.
    pub rollout: Arc<RolloutService>,
    /// The organization's own looks.
    pub branding: Arc<BrandingService>,
    /// Discovery as an agent would do it.
    pub self_check: Arc<SelfCheckService>,
    /// How agents are connected.
    pub setup: Arc<SetupService>,
    /// The audit log.
    pub audit: Arc<AuditService>,
    /// The activity log.
    pub activity: Arc<ActivityRecorder>,
    /// How agents connect, and why they do not.
    pub attempts: Arc<AttemptService>,
}

impl Services {
    /// Puts the services together.
    #[must_use]
    pub fn new(dependencies: Dependencies) -> Self {
        let settings = Arc::new(SettingsService::new(dependencies.clone()));
        let clients = Arc::new(ClientService::new(dependencies.clone(), Arc::clone(&settings)));
        let catalog = Arc::new(CatalogService::new(dependencies.clone()));
        let ingestion = Arc::new(IngestionService::new(dependencies.clone()));
        let activity = Arc::new(ActivityRecorder::new(dependencies.clone()));
        let attempts = Arc::new(AttemptService::new(dependencies.clone()));
        let agent_sessions = Arc::new(AgentSessionService::new(dependencies.clone()));
        let static_tokens = Arc::new(StaticTokenService::new(dependencies.clone(), Arc::clone(&settings)));
        let actions = Arc::new(ActionRegistry::built_in(Arc::clone(&catalog), Arc::clone(&ingestion)));
        let setup = SetupService::new(
            dependencies.clone(),
            SetupNeeds {
                settings: Arc::clone(&settings),
                attempts: Arc::clone(&attempts),
                agent_sessions: Arc::clone(&agent_sessions),
                static_tokens: Arc::clone(&static_tokens),
                actions: Arc::clone(&actions),
                catalog: Arc::clone(&catalog),
            },
        );
        Self {
            identity: Arc::new(IdentityService::new(dependencies.clone(), Arc::clone(&settings))),
            authorization: Arc::new(AuthorizationService::new(
                dependencies.clone(),
                Arc::clone(&settings),
                Arc::clone(&clients),
            )),
            tokens: Arc::new(TokenService::new(
                dependencies.clone(),
                Arc::clone(&settings),
                Arc::clone(&clients),
            )),
            registry: Arc::new(ClientRegistry::new(dependencies.clone(), Arc::clone(&settings))),
            agent_sessions,
            static_tokens,
            bearer: Arc::new(BearerService::new(dependencies.clone(), Arc::clone(&activity))),
            conflicts: Arc::new(ConflictService::new(dependencies.clone())),
            org: Arc::new(OrgService::new(dependencies.clone(), Arc::clone(&settings))),
            offboarding: Arc::new(OffboardingService::new(dependencies.clone())),
            actions,
            personal: Arc::new(PersonalService::new(dependencies.clone(), Arc::clone(&catalog))),
            rollout: Arc::new(RolloutService::new(
                dependencies.clone(),
                Arc::clone(&settings),
                Arc::clone(&catalog),
            )),
            branding: Arc::new(BrandingService::new(dependencies.clone(), Arc::clone(&settings))),
            self_check: Arc::new(SelfCheckService::new(dependencies.clone(), Arc::clone(&settings))),
            setup: Arc::new(setup),
            audit: Arc::new(AuditService::new(dependencies.clone())),
            activity,
            attempts,
            settings,
            clients,
            catalog,
            ingestion,
            dependencies,
        }
    }
}
