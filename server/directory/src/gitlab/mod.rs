//! GitLab: gitlab.com and self-managed.
//!
//! A person's stable id is GitLab's numeric user id, a group's its own: user names and paths change. Groups hold their
//! direct members and name the group above. Bots of tokens, service accounts and GitLab's own accounts are left out.

mod cursor;
mod events;
mod options;
mod pages;
mod person;
mod read;
mod records;
mod status;

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderName;
use portal_core::ports::{
    Clock, ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
    DirectoryEventRequest, DirectoryPage, DirectoryRead, PersonKey, PersonNow,
};
use portal_fetch::ProviderTransport;

use self::{
    cursor::{Cursor, List},
    events::Proofs,
};
use crate::api::{ApiAnswer, ApiClient, ApiOptions, HeaderCredential, SetupError};

pub use options::{GitlabOptions, GitlabScope};

/// Reads one GitLab.
struct Gitlab {
    options: GitlabOptions,
    api: ApiClient,
    /// What the names of annotations begin with.
    host: String,
    proofs: Proofs,
}

/// A reader of one GitLab. Asks for nothing yet.
///
/// # Errors
/// [`SetupError`] names the option that cannot be used.
pub fn connect(
    options: GitlabOptions,
    transport: Arc<ProviderTransport>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn DirectoryClient>, SetupError> {
    let host = options.base_url.host_str().unwrap_or_default().to_ascii_lowercase();
    match &options.scope {
        GitlabScope::Instance if host == "gitlab.com" => {
            return Err(SetupError::new("group", "expected the path of a top-level group on gitlab.com"));
        }
        GitlabScope::Group(path) if !is_path(path) => {
            return Err(SetupError::new(
                "group",
                "expected the full path of a group, such as acme or acme/platform",
            ));
        }
        _ => {}
    }
    let mut base = options.base_url.clone();
    base.set_query(None);
    let path = base.path().trim_end_matches('/').trim_end_matches("/api/v4").to_owned();
    base.set_path(&format!("{path}/api/v4/"));
    let token = HeaderCredential::named(HeaderName::from_static("private-token"), &options.token, "token")?;
    let api = ApiClient::new(ApiOptions::new(base), Some(Arc::new(token)), transport, clock)?;
    let proofs = Proofs::new(&options)?;
    Ok(Arc::new(Gitlab { options, api, host, proofs }))
}

/// Whether the tokens can be used, without asking anyone.
pub(crate) fn verify(options: &GitlabOptions) -> Result<(), SetupError> {
    HeaderCredential::named(HeaderName::from_static("private-token"), &options.token, "token")?;
    Proofs::new(options).map(drop)
}

/// Paths of groups become parts of addresses, and numbers are ids.
fn is_path(path: &str) -> bool {
    let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/');
    let steps = path.split('/').all(|step| !step.is_empty() && step != "." && step != "..");
    (1..=255).contains(&path.len()) && path.chars().all(fits) && steps
}

impl Gitlab {
    /// The path of a request about the configured group, such as `groups/acme%2Fplatform/members`.
    fn group_path(path: &str, rest: &str) -> String {
        format!("groups/{}{rest}", path.replace('/', "%2F"))
    }

    /// What a status means; GitLab answers 404 where a token may not see something.
    fn refusal(&self, answer: &ApiAnswer, what: &str) -> DirectoryError {
        match self.api.refusal(answer, what) {
            DirectoryError::NotFound(words) => {
                DirectoryError::NotFound(format!("{words}; it does not exist, or the token may not see it"))
            }
            other => other,
        }
    }
}

#[async_trait]
impl DirectoryClient for Gitlab {
    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        match read {
            DirectoryRead::Full => {
                self.demand_administrator().await?;
                self.page(Cursor::People(List::default())).await
            }
            DirectoryRead::Page(cursor) => self.page(Cursor::parse(&cursor)?).await,
            DirectoryRead::Delta(_) => {
                Err(DirectoryError::Unsupported("GitLab does not tell what changed".to_owned()))
            }
        }
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        self.person_now(key).await
    }

    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        events::judge(&self.proofs, request)
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        self.connection_report().await
    }
}
