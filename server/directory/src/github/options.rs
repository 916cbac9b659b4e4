//! How one organisation of GitHub is read.

use portal_core::secret::Secret;
use url::Url;

use crate::selection::Selection;

/// How one organisation of GitHub is read.
#[derive(Debug, Clone)]
pub struct GithubOptions {
    /// Where people open GitHub: `https://github.com`, `https://<name>.ghe.com`, or an Enterprise Server. The addresses
    /// of its APIs follow from it.
    pub base_url: Url,
    /// The address of the REST API of a GitHub in the cloud where it does not follow from `base_url`, as behind a
    /// gateway; GraphQL is below it. `None` as a rule, and for Enterprise Server always.
    pub api_url: Option<Url>,
    /// The login of the organisation.
    pub organization: String,
    /// Who Portal is there.
    pub credential: GithubCredential,
    /// The enterprise whose people are managed by an identity provider: then only members with an active SCIM identity
    /// are taken. Without it nobody on github.com is known to be suspended. Not for Enterprise Server, which tells by
    /// itself.
    pub enterprise: Option<GithubEnterprise>,
    /// Which people and teams are taken; teams by slug.
    pub selection: Selection,
    /// The secret of the webhook; without it no event is taken.
    pub webhook_secret: Option<Secret>,
}

impl GithubOptions {
    /// github.com.
    pub const BASE_URL: &'static str = "https://github.com";
}

/// Who Portal is at GitHub.
#[derive(Debug, Clone)]
pub enum GithubCredential {
    /// A classic personal access token with `read:org`, `read:user` and `user:email`, or a fine-grained one with the
    /// organisation permission Members: read.
    Token(Secret),
    /// A GitHub App with the organisation permission Members: read.
    App {
        /// Its app id or client id.
        app_id: String,
        /// Its private key, PEM.
        private_key: Secret,
        /// Its installation; `None` to find it by the organisation.
        installation_id: Option<u64>,
    },
}

/// An enterprise with managed users (EMU).
#[derive(Debug, Clone)]
pub struct GithubEnterprise {
    /// Its slug.
    pub slug: String,
    /// A classic token of an owner with `scim:enterprise` and `read:enterprise`.
    pub token: Secret,
}
