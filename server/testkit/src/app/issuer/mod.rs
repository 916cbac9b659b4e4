//! Identity providers on loopback, reached through the real adapters over real connections: an OpenID Connect issuer and
//! a GitHub. They check what Portal sends as strictly as the real ones, and can be told to lie.

mod forgery;
mod github;
mod keys;
mod oidc;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::Router;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_core::{
    identity::{SignInBy, SignInProvider},
    org::{ProviderId, ProviderKind},
    ports::Clock,
    secret::Secret,
};
use portal_directory::{SignInOptions, sign_in_client};
use portal_fetch::{FetchOptions, IssuerClient};
use ring::digest::{SHA256, digest};

pub use forgery::Forgery;
pub use github::FakeGithub;
pub use oidc::FakeIssuer;

/// Portal's id at the fakes.
pub const SIGN_IN_CLIENT_ID: &str = "portal";
/// Portal's secret there; with characters that have to be encoded.
pub const SIGN_IN_CLIENT_SECRET: &str = "a secret/with+signs:";

/// Someone who has an account at a fake.
#[derive(Debug, Clone, Default)]
pub struct Vouched {
    /// `sub`, or the number of GitHub.
    pub subject: String,
    /// `oid`
    pub object_id: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Whether it is verified.
    pub email_verified: bool,
}

impl Vouched {
    /// Someone of whom only the stable id is told.
    #[must_use]
    pub fn new(subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..Self::default() }
    }

    /// The same person with an e-mail address.
    #[must_use]
    pub fn email(self, address: &str, verified: bool) -> Self {
        Self { email: Some(address.to_owned()), email_verified: verified, ..self }
    }
}

/// A code that was given out, and what it is good for.
#[derive(Debug, Clone)]
struct Granted {
    person: Vouched,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    scope: String,
}

/// The provider as the configuration would make it, with the real adapter.
fn provider(
    (id, kind, label): (&str, ProviderKind, &str),
    issuer: &str,
    by: SignInBy,
    clock: Arc<dyn Clock>,
) -> SignInProvider {
    let client = Arc::new(IssuerClient::new(&FetchOptions::default()).expect("an outbound client"));
    let options = SignInOptions {
        kind,
        issuer: issuer.to_owned(),
        api: None,
        client_id: SIGN_IN_CLIENT_ID.to_owned(),
        client_secret: Some(Secret::new(SIGN_IN_CLIENT_SECRET)),
        by,
    };
    SignInProvider {
        id: ProviderId::parse(id).expect("an id of a provider"),
        label: label.to_owned(),
        by,
        client: sign_in_client(options, client, clock).expect("a client"),
    }
}

/// Serves these routes on a free port of loopback, until the test ends.
async fn serve(routes: impl FnOnce(&str) -> Router) -> String {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = tokio::net::TcpListener::bind(address).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let routes = routes(&url);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

/// The parameters of an address's query; each once.
fn parameters(address: &str) -> HashMap<String, String> {
    let url = url::Url::parse(address).expect("an address");
    let mut found = HashMap::new();
    for (name, value) in url.query_pairs() {
        let twice = found.insert(name.clone().into_owned(), value.into_owned());
        assert!(twice.is_none(), "{name} is there twice");
    }
    found
}

/// Whether a verifier is the one of this challenge (RFC 7636, S256).
fn verifies(challenge: &str, verifier: &str) -> bool {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) == challenge
}
