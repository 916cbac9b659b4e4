//! Every kind of provider behind one door.

use crate::{
    custom::CustomOptions, entra::EntraOptions, file::FileOptions, github::GithubOptions,
    gitlab::GitlabOptions, okta::OktaOptions,
};

/// What one provider's adapter is told.
#[derive(Debug, Clone)]
pub enum AdapterOptions {
    /// GitHub.
    Github(GithubOptions),
    /// GitLab.
    Gitlab(GitlabOptions),
    /// Entra ID.
    Entra(EntraOptions),
    /// Okta.
    Okta(OktaOptions),
    /// Descriptors in a folder or at an address.
    File(FileOptions),
    /// An endpoint or a command of one's own.
    Custom(CustomOptions),
}

impl AdapterOptions {
    /// Whether the provider can tell what changed since an earlier read.
    #[must_use]
    pub const fn has_delta(&self) -> bool {
        match self {
            Self::Entra(_) | Self::Okta(_) => true,
            Self::Custom(options) => options.delta,
            Self::Github(_) | Self::Gitlab(_) | Self::File(_) => false,
        }
    }
}
