//! GitHub: github.com, Enterprise Cloud with managed users, Enterprise Server.
//!
//! People are members of one organisation; groups are its teams, with direct members only and the team above each.
//! A person's stable id is GitHub's numeric user id (`databaseId`), a team's its own: node ids were changed once, logins
//! and slugs change any day. Outside collaborators, invited people and bots are no members.

mod auth;
mod cursor;
mod endpoints;
mod events;
mod graphql;
mod options;
mod person;
mod queries;
mod read;
mod records;
mod refusal;
mod roster;

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::ports::{
    Clock, ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
    DirectoryEventRequest, DirectoryPage, DirectoryRead, PersonKey, PersonNow,
};
use portal_fetch::ProviderTransport;
use tokio::sync::OnceCell;

use self::{
    auth::{App, Installations},
    cursor::{Cursor, People},
    endpoints::Endpoints,
    roster::Enterprise,
};
use crate::api::{
    ApiClient, ApiOptions, ApiRequest, Credential, HeaderCredential, JwtSigner, SetupError, TokenCredential,
};

pub use options::{GithubCredential, GithubEnterprise, GithubOptions};

/// The header by which an Enterprise Server is recognised.
const SERVER_HEADER: &str = "x-github-enterprise-version";

/// Reads one organisation.
struct Github {
    options: GithubOptions,
    endpoints: Endpoints,
    api: ApiClient,
    app: Option<Arc<App>>,
    enterprise: Option<Enterprise>,
    /// Set when the host was found to be what it was taken for.
    recognised: OnceCell<()>,
}

/// A reader of one organisation. Asks for nothing yet.
///
/// # Errors
/// [`SetupError`] names the option that cannot be used.
pub fn connect(
    options: GithubOptions,
    transport: Arc<ProviderTransport>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn DirectoryClient>, SetupError> {
    check_name(&options.organization, "organization")?;
    let endpoints = Endpoints::of(&options.base_url, options.api_url.as_ref())?;
    let reach = (transport, clock);
    let client = |credential: Option<Arc<dyn Credential>>| {
        let options =
            ApiOptions { accept: "application/vnd.github+json", ..ApiOptions::new(endpoints.rest.clone()) };
        ApiClient::new(options, credential, Arc::clone(&reach.0), Arc::clone(&reach.1))
    };
    let (credential, app): (Arc<dyn Credential>, _) = match &options.credential {
        GithubCredential::Token(token) => {
            (Arc::new(HeaderCredential::authorization("Bearer", token, "token")?), None)
        }
        GithubCredential::App { app_id, private_key, installation_id } => {
            let signer = JwtSigner::from_pem(private_key, "private_key")?;
            let organization = options.organization.clone();
            let app =
                App::new(Arc::new(client(None)?), signer, app_id.clone(), organization, *installation_id);
            let app = Arc::new(app);
            let source = Installations(Arc::clone(&app));
            (Arc::new(TokenCredential::new(source, Arc::clone(&reach.1))), Some(app))
        }
    };
    let enterprise = match &options.enterprise {
        None => None,
        Some(_) if endpoints.is_server => {
            let words = "expected none for Enterprise Server, which tells by itself who is suspended";
            return Err(SetupError::new("enterprise", words));
        }
        Some(enterprise) => {
            check_name(&enterprise.slug, "enterprise")?;
            let token = HeaderCredential::authorization("Bearer", &enterprise.token, "enterprise_token")?;
            let api = client(Some(Arc::new(token)))?;
            Some(Enterprise::new(api, endpoints.graphql.clone(), enterprise.clone()))
        }
    };
    let api = client(Some(credential))?;
    Ok(Arc::new(Github { options, endpoints, api, app, enterprise, recognised: OnceCell::new() }))
}

/// Names become parts of paths.
fn check_name(name: &str, key: &'static str) -> Result<(), SetupError> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if (1..=100).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(SetupError::new(key, "expected a name as it stands in GitHub's addresses, such as acme"))
}

impl Github {
    /// Makes sure that the host is what the configuration takes it for: who is suspended is told in different ways, and
    /// the wrong one would take everybody for active.
    async fn recognise(&self) -> Result<(), DirectoryError> {
        if self.endpoints.is_known {
            return Ok(());
        }
        let ask = async || {
            let what = "what kind of GitHub this is";
            let answer = self.api.answer(ApiRequest::get("meta", what)).await?;
            let says_server = answer.headers.contains_key(SERVER_HEADER);
            match (says_server, self.endpoints.is_server) {
                (true, true) | (false, false) => Ok(()),
                _ if answer.status >= 500 => Err(self.api.refusal(&answer, what)),
                (false, true) => Err(DirectoryError::Malformed(format!(
                    "{} does not answer as a GitHub Enterprise Server (no {SERVER_HEADER}); check base_url",
                    self.endpoints.rest
                ))),
                (true, false) => Err(DirectoryError::Malformed(
                    "this is a GitHub Enterprise Server; give its address as base_url, without api_url"
                        .to_owned(),
                )),
            }
        };
        self.recognised.get_or_try_init(ask).await?;
        Ok(())
    }

    fn members_words(&self) -> String {
        format!("the members of the organization {}", self.options.organization)
    }

    fn teams_words(&self) -> String {
        format!("the teams of the organization {}", self.options.organization)
    }
}

#[async_trait]
impl DirectoryClient for Github {
    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        let cursor = match read {
            DirectoryRead::Full if self.enterprise.is_some() => {
                Cursor::Scim { start: 1, then: People::default() }
            }
            DirectoryRead::Full => Cursor::People(People::default()),
            DirectoryRead::Page(cursor) => Cursor::parse(&cursor)?,
            DirectoryRead::Delta(_) => {
                return Err(DirectoryError::Unsupported("GitHub does not tell what changed".to_owned()));
            }
        };
        self.recognise().await?;
        self.page(cursor).await
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        self.recognise().await?;
        self.person_now(key).await
    }

    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        events::judge(&self.options, request)
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        self.recognise().await?;
        self.connection_report().await
    }
}
