//! The configuration: `portal.toml`, environment variables over it, and what holds while neither says anything.

mod error;
mod org;
mod public_url;
mod raw;
mod resolve;
mod source;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use portal_core::{ingestion::Target, oauth::PinnedDocument, secret::Secret, services::Configuration};
use portal_fetch::ProviderProxy;

pub use error::{ConfigError, Place};
pub use org::{ProviderConfig, SignInConfig};
pub use public_url::PublicUrl;
pub use raw::LogFormat;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "portal.toml";

/// A configuration that was checked as a whole.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses to listen on, at least one.
    pub listen: Vec<SocketAddr>,
    /// Whether somebody wrote the addresses, so that each of them must work.
    pub listen_written: bool,
    /// The address under which Portal is reached.
    pub public_url: PublicUrl,
    /// Address ranges whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// `sqlite://path` or `postgres://…`, which may hold a password.
    pub database_url: Secret,
    /// Locations with the kinds they may define.
    pub locations: Vec<(Target, Option<Vec<String>>)>,
    /// Hosts, in lower case, that url locations and placeholders may name.
    pub allowed_hosts: Vec<String>,
    /// Directories of people and groups, in the order written.
    pub providers: Vec<ProviderConfig>,
    /// Outbound requests.
    pub fetch: FetchConfig,
    /// Lifetime of access tokens, 10 to 1440 minutes.
    pub access_token_lifetime_minutes: u16,
    /// Client documents that are used without fetching.
    pub pinned_clients: Vec<PinnedDocument>,
    /// Browser origins besides `public_url` that may call MCP.
    pub mcp_allowed_origins: Vec<String>,
    /// Where `/metrics` is served; `None` for nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether somebody wrote that address, so that it must work.
    pub metrics_written: bool,
}

/// How Portal reaches out.
#[derive(Debug, Clone, Default)]
pub struct FetchConfig {
    /// PEM file with certificate authorities beside the usual ones.
    pub extra_ca_file: Option<PathBuf>,
    /// The egress proxy of requests to providers.
    pub proxy: Option<ProviderProxy>,
    /// Whether client documents go through it too.
    pub proxy_client_documents: bool,
}

impl Config {
    /// Reads and checks the configuration: this file, else [`DEFAULT_FILE`] of the working directory if it is there;
    /// and of the variables those that begin with `PORTAL_` and have `__` in their names.
    ///
    /// # Errors
    /// The first fault, with its place, its key and what was expected.
    pub fn load(file: Option<&Path>, variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.exists().then_some(default));
        let (raw, sources) = source::read(file, variables)?;
        resolve::resolve(raw, &sources, file)
    }

    /// Environment variables as [`Config::load`] takes them. Those that are not Unicode are left out.
    #[must_use]
    pub fn environment() -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("PORTAL_"))
            .collect()
    }

    /// The part that the domain needs.
    #[must_use]
    pub fn domain(&self) -> Configuration {
        Configuration {
            public_url: self.public_url.as_str().to_owned(),
            public_url_is_loopback: self.public_url.is_loopback(),
            access_token_lifetime_minutes: self.access_token_lifetime_minutes,
            pinned_clients: self.pinned_clients.clone(),
        }
    }
}
