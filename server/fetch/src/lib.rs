//! The hardened outbound HTTP client.
//!
//! Every request resolves its host itself, judges every address that came back, and connects to those addresses only,
//! so that a name cannot point elsewhere between the check and the connection. No redirects, cookies or decompression;
//! time and size are bounded; only status 200 is an answer. Requests to configured providers ([`ProviderTransport`])
//! differ: they keep connections, may go through an egress proxy, and every status is an answer.

mod addresses;
mod cache_control;
mod documents;
mod failure;
mod governor;
mod issuer;
mod options;
mod own;
mod providers;
mod proxy;
mod raster;
mod resolver;
mod texts;
mod tls;
mod transport;
mod tunnel;

pub use addresses::{AddressScope, Reach, address_scope, is_loopback_url};
pub use cache_control::fresh_for_seconds;
pub use documents::HardenedFetcher;
pub use governor::{FETCHES_AT_ONCE_MAX, FETCHES_PER_HOST_MAX, FETCHES_PER_MINUTE_MAX, REPEAT_PAUSE_MS};
pub use issuer::{ISSUER_ANSWER_BYTES_MAX, ISSUER_REQUESTS_AT_ONCE_MAX, ISSUER_TOTAL_TIMEOUT, IssuerClient};
pub use options::{CONNECT_TIMEOUT, FetchOptions, FetchSetupError, TOTAL_TIMEOUT};
pub use own::{SELF_PROBES_AT_ONCE_MAX, SelfProbeClient, SmallPictures};
pub use providers::{
    PROVIDER_BYTES_MAX, PROVIDER_REDIRECTS_MAX, PROVIDER_REQUESTS_AT_ONCE_MAX, PROVIDER_TOTAL_TIMEOUT,
    ProviderAnswer, ProviderRequest, ProviderTransport,
};
pub use proxy::ProviderProxy;
pub use raster::{DECODED_AT_ONCE_MAX, PICTURE_SIDE_MAX};
pub use resolver::{Resolver, SystemResolver};
pub use texts::{HostTrust, TEXT_TOTAL_TIMEOUT, TEXTS_AT_ONCE_MAX, TextFetcher};
