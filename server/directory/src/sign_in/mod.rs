//! Sign-in with providers: OpenID Connect for GitLab, Entra ID, Okta and whoever else speaks it, and GitHub's own way.
//!
//! The code flow is the crate `oauth2`'s, over the hardened client; ID tokens are judged by the domain, with keys that
//! are cached and fetched anew when an unknown one appears.

mod discovery;
mod exchange;
mod github;
mod network;
mod oidc;

use std::sync::Arc;

use portal_core::{
    identity::SignInBy,
    org::ProviderKind,
    ports::{Clock, SignInClient, SignInError},
    secret::Secret,
};
use portal_fetch::IssuerClient;

/// How people sign in with one provider.
#[derive(Debug, Clone)]
pub struct SignInOptions {
    /// What the provider speaks: GitHub its own way, all others OpenID Connect.
    pub kind: ProviderKind,
    /// The OpenID Connect issuer, byte for byte; of GitHub the address of its web pages. https, or http on loopback.
    pub issuer: String,
    /// Of GitHub the address of its REST API, where it does not follow from that of its pages.
    pub api: Option<String>,
    /// Our id there.
    pub client_id: String,
    /// Our secret there; `None` for a public client, which GitHub does not have.
    pub client_secret: Option<Secret>,
    /// How people are found: decides what has to be asked for.
    pub by: SignInBy,
}

/// A client for these options. Nothing is asked before someone signs in.
///
/// # Errors
/// [`SignInError::Misconfigured`] when the issuer is not an address.
pub fn sign_in_client(
    options: SignInOptions,
    client: Arc<IssuerClient>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn SignInClient>, SignInError> {
    Ok(match options.kind {
        ProviderKind::Github => Arc::new(github::GithubSignIn::new(options, client)?),
        _ => Arc::new(oidc::OidcSignIn::new(options, client, clock)?),
    })
}
