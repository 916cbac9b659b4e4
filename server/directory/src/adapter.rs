//! Every kind of provider behind one door.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::ports::{Clock, DirectoryClient, FetchError, Rng};
use portal_fetch::{ProviderRequest, ProviderTransport};
use url::Url;

use crate::{
    FileAndUrlReader, Options, TextSource,
    api::{HeaderCredential, JwtSigner, SetupError},
    custom::{CustomDirectory, CustomOptions},
    entra::{self, EntraDirectory, EntraOptions},
    file::{FileDirectory, FileOptions, FileTarget},
    github::{self, GithubCredential, GithubOptions},
    gitlab::{self, GitlabOptions},
    okta::{self, OktaDirectory, OktaOptions},
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

/// What adapters reach the world by.
#[derive(Clone)]
pub struct AdapterContext {
    /// Requests to providers.
    pub transport: Arc<ProviderTransport>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
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

    /// Whether keys and certificates can be used, without asking anyone.
    ///
    /// # Errors
    /// [`SetupError`] names the key of the kind's table.
    pub fn verify(&self) -> Result<(), SetupError> {
        match self {
            Self::Entra(options) => entra::auth::verify(&options.credential),
            Self::Okta(options) => okta::auth::verify(&options.credential),
            Self::Github(options) => match &options.credential {
                GithubCredential::App { private_key, .. } => {
                    JwtSigner::from_pem(private_key, "private_key").map(drop)
                }
                GithubCredential::Token(token) => {
                    HeaderCredential::authorization("Bearer", token, "token").map(drop)
                }
            },
            Self::Gitlab(options) => gitlab::verify(options),
            Self::File(_) | Self::Custom(_) => Ok(()),
        }
    }

    /// The directory.
    ///
    /// # Errors
    /// [`SetupError`] names the key of the kind's table.
    pub fn open(self, context: &AdapterContext) -> Result<Arc<dyn DirectoryClient>, SetupError> {
        let AdapterContext { transport, clock, rng } = context.clone();
        Ok(match self {
            Self::Github(options) => github::connect(options, transport, clock)?,
            Self::Gitlab(options) => gitlab::connect(options, transport, clock)?,
            Self::Entra(options) => Arc::new(EntraDirectory::new(options, transport, clock, rng)?),
            Self::Okta(options) => Arc::new(OktaDirectory::new(options, transport, clock, rng)?),
            Self::File(options) => {
                let reader = file_reader(&options.target, transport);
                Arc::new(FileDirectory::new(options, Arc::new(reader)))
            }
            Self::Custom(options) => Arc::new(CustomDirectory::new(options, transport, clock)?),
        })
    }
}

/// A reader of the target's folder, or of its host and no other.
fn file_reader(target: &FileTarget, transport: Arc<ProviderTransport>) -> FileAndUrlReader {
    let allowed_hosts = match target {
        FileTarget::Folder(_) | FileTarget::File(_) => Vec::new(),
        FileTarget::Url(url) => vec![allowed_host(url)],
    };
    FileAndUrlReader::new(&Options { allowed_hosts }, Arc::new(ProviderTexts(transport)))
}

/// The host as the reader's list has it: with its scheme where that is not https.
fn allowed_host(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    // Files of github.com are read from its raw host.
    let origin = if origin == "https://github.com" { "https://raw.githubusercontent.com" } else { &origin };
    origin.strip_prefix("https://").unwrap_or(origin).to_owned()
}

/// Texts by the way to providers, an egress proxy included.
struct ProviderTexts(Arc<ProviderTransport>);

#[async_trait]
impl TextSource for ProviderTexts {
    async fn text(&self, url: &Url, bytes_max: usize) -> Result<String, FetchError> {
        let mut request = ProviderRequest::new(http::Method::GET, url.clone());
        request.bytes_max = bytes_max;
        let answer = self.0.send(request).await?;
        if answer.status != 200 {
            return Err(FetchError::Status(answer.status));
        }
        String::from_utf8(answer.body).map_err(|_| FetchError::NotText)
    }
}
