//! From a configuration to services: opens the database, brings it up to date and puts the adapters behind the ports.

use std::sync::Arc;

use portal_core::{
    changes::ChangeTracker,
    identity::SignInProvider,
    org::ProviderId,
    ports::{Clock, DocumentFetcher, LocationReader, Rng, Store},
    services::{Dependencies, Directory, Services},
};
use portal_directory::{AdapterContext, FileAndUrlReader, sign_in_client};
use portal_fetch::{
    FetchOptions, HardenedFetcher, IssuerClient, ProviderTransport, SelfProbeClient, SmallPictures,
    TextFetcher,
};
use portal_store::{OpenError, OpenOptions, SqlStore};

use crate::{
    config::{Config, ProviderConfig, SignInConfig},
    environment::{SystemClock, SystemRng},
    state::AppState,
};

/// Why Portal could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The outbound client.
    #[error("outbound requests cannot be set up: {0}")]
    Fetch(#[from] portal_fetch::FetchSetupError),
    /// An address to listen on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Portal, put together.
pub(crate) struct Started {
    /// Everything Portal can do.
    pub services: Services,
    /// The database, to be locked or closed.
    pub store: Arc<SqlStore>,
}

/// Opens the database of this configuration, creating and migrating it, and builds the services on it.
pub(crate) async fn open(config: &Config) -> Result<Started, StartError> {
    let fetch = FetchOptions {
        extra_ca_file: config.fetch.extra_ca_file.clone(),
        allow_loopback: config.public_url.is_loopback(),
        proxy: config.fetch.proxy.clone(),
        proxy_client_documents: config.fetch.proxy_client_documents,
        ..FetchOptions::default()
    };
    let fetcher: Arc<dyn DocumentFetcher> = Arc::new(HardenedFetcher::new(&fetch)?);
    let reader: Arc<dyn LocationReader> = Arc::new(FileAndUrlReader::new(
        &portal_directory::Options { allowed_hosts: config.allowed_hosts.clone() },
        Arc::new(TextFetcher::new(&fetch)?),
    ));
    let store = Arc::new(SqlStore::open(config.database_url.expose(), &OpenOptions::default()).await?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let port: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
    let directories = directories(config, &fetch, &clock, &rng)?;
    let services = Services::new(Dependencies {
        store: Arc::clone(&port),
        clock: Arc::clone(&clock),
        rng,
        fetcher,
        self_probe: Arc::new(SelfProbeClient::new(&fetch, config.public_url.as_str())?),
        pictures: Arc::new(SmallPictures::default()),
        reader,
        directories,
        sign_in_providers: sign_in_providers(config, &fetch, &clock)?,
        changes: Arc::new(ChangeTracker::new(port, clock)),
        configuration: Arc::new(config.domain()),
    });
    Ok(Started { services, store })
}

/// The directories that the configuration names.
fn directories(
    config: &Config,
    fetch: &FetchOptions,
    clock: &Arc<dyn Clock>,
    rng: &Arc<dyn Rng>,
) -> Result<Arc<[Directory]>, StartError> {
    if config.providers.is_empty() {
        return Ok(Arc::from([]));
    }
    let context = AdapterContext {
        transport: Arc::new(ProviderTransport::new(fetch)?),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
    };
    let open = |provider: &ProviderConfig| {
        let options = provider.options.clone();
        let client = provider.adapter.clone().open(&context).map_err(|error| {
            StartError::Other(format!("the provider {}: {}.{error}", options.id, options.kind.as_str()))
        })?;
        Ok(Directory { options, client })
    };
    config.providers.iter().map(open).collect()
}

/// The providers that people sign in with.
fn sign_in_providers(
    config: &Config,
    fetch: &FetchOptions,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<[SignInProvider]>, StartError> {
    let named: Vec<_> =
        config.providers.iter().filter_map(|one| Some((&one.options.id, one.sign_in.as_ref()?))).collect();
    if named.is_empty() {
        return Ok(Arc::from([]));
    }
    let network = Arc::new(IssuerClient::new(fetch)?);
    let open = |(id, sign_in): (&ProviderId, &SignInConfig)| {
        let SignInConfig { label, options } = sign_in.clone();
        let by = options.by;
        let client = sign_in_client(options, Arc::clone(&network), Arc::clone(clock))
            .map_err(|error| StartError::Other(format!("the provider {id}: sign_in: {error}")))?;
        Ok(SignInProvider { id: id.clone(), label, by, client })
    };
    named.into_iter().map(open).collect()
}

/// The state of the router over these services.
pub(crate) fn state(config: &Config, services: Services) -> AppState {
    AppState::new(
        services,
        config.public_url.clone(),
        config.trusted_proxies.clone(),
        config.mcp_allowed_origins.clone(),
    )
}
