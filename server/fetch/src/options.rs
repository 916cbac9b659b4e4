//! How the outbound client is set up.

use std::{path::PathBuf, sync::Arc, time::Duration};

use thiserror::Error;

use crate::{providers::PROVIDER_TOTAL_TIMEOUT, proxy::ProviderProxy, resolver::Resolver};

/// Time to resolve a name, and again time to connect, TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for a whole client document, from the first step to the last byte.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How the outbound client is set up. The default is what production uses.
#[derive(Clone)]
pub struct FetchOptions {
    /// PEM file of private certificate authorities, trusted beside the usual ones (`[fetch] extra_ca_file`).
    pub extra_ca_file: Option<PathBuf>,
    /// Whether client documents on loopback are taken, http included: only when Portal itself is there.
    pub allow_loopback: bool,
    /// Time to resolve a name, and again time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time for a whole client document.
    pub total_timeout: Duration,
    /// Longest time for a whole request to a provider.
    pub provider_timeout: Duration,
    /// Where addresses come from; `None` for the system's name servers.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// The egress proxy (`[fetch] proxy`): requests to providers use it.
    pub proxy: Option<ProviderProxy>,
    /// Whether client documents are fetched through the proxy too, by addresses that were judged here.
    pub proxy_client_documents: bool,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            extra_ca_file: None,
            allow_loopback: false,
            connect_timeout: CONNECT_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            provider_timeout: PROVIDER_TOTAL_TIMEOUT,
            resolver: None,
            proxy: None,
            proxy_client_documents: false,
        }
    }
}

/// Why the outbound client cannot be set up.
#[derive(Debug, Error)]
pub enum FetchSetupError {
    /// The file of private certificate authorities cannot be used.
    #[error("[fetch] extra_ca_file {path}: {reason}", path = path.display())]
    ExtraCaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error("the outbound client cannot be set up: {0}")]
    Client(String),
}
