//! Tokens of a GitHub App's installation.

use std::sync::Arc;

use async_trait::async_trait;
use http::header;
use portal_core::{
    ports::DirectoryError,
    secret::Secret,
    time::{SECOND_MS, UnixMillis},
};
use serde::Deserialize;
use serde_json::{Map, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::OnceCell;

use super::refusal;
use crate::api::{AccessToken, ApiAnswer, ApiClient, ApiRequest, JwtSigner, TokenScheme, TokenSource};

/// The JWT begins in the past, so that clocks may differ by a minute.
const JWT_BACKDATED_SECONDS: i64 = 60;
/// GitHub takes 10 minutes at most; clocks may differ here too.
const JWT_LIFETIME_SECONDS: i64 = 8 * 60;

/// A GitHub App.
pub(super) struct App {
    api: Arc<ApiClient>,
    signer: JwtSigner,
    /// Its app id or client id.
    issuer: String,
    organization: String,
    installation: OnceCell<u64>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct InstallationToken {
    token: String,
    expires_at: String,
}

#[derive(Deserialize)]
struct AppName {
    name: String,
}

impl App {
    /// The app; `api` sends no credential of its own.
    pub(super) fn new(
        api: Arc<ApiClient>,
        signer: JwtSigner,
        issuer: String,
        organization: String,
        installation: Option<u64>,
    ) -> Self {
        let installation = OnceCell::new_with(installation);
        Self { api, signer, issuer, organization, installation }
    }

    /// The app's name.
    pub(super) async fn name(&self) -> Result<String, DirectoryError> {
        let answer = self.send(ApiRequest::get("app", "the GitHub App (app_id and private_key)")).await?;
        Ok(answer.json::<AppName>()?.name)
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiAnswer, DirectoryError> {
        let request = request.header(header::AUTHORIZATION, &format!("Bearer {}", self.jwt()?));
        let what = request.what().to_owned();
        let answer = self.api.answer(request).await?;
        if answer.is_success() { Ok(answer) } else { Err(refusal::of(&self.api, &answer, &what)) }
    }

    fn jwt(&self) -> Result<String, DirectoryError> {
        let now = self.api.clock().now().0 / SECOND_MS;
        let claims = json!({
            "iat": now - JWT_BACKDATED_SECONDS,
            "exp": now + JWT_LIFETIME_SECONDS,
            "iss": self.issuer,
        });
        self.signer.sign(Map::new(), &claims)
    }

    async fn installation(&self) -> Result<u64, DirectoryError> {
        let find = async || {
            let what = format!("the installation of the app on {}; install it there", self.organization);
            let answer =
                self.send(ApiRequest::get(&format!("orgs/{}/installation", self.organization), what)).await?;
            Ok(answer.json::<Installation>()?.id)
        };
        self.installation.get_or_try_init(find).await.copied()
    }
}

/// Where installation tokens come from.
pub(super) struct Installations(pub(super) Arc<App>);

#[async_trait]
impl TokenSource for Installations {
    async fn issue(&self) -> Result<AccessToken, DirectoryError> {
        let id = self.0.installation().await?;
        let path = format!("app/installations/{id}/access_tokens");
        // Less than the app may have: only what is needed.
        let request = ApiRequest::post(&path, "a token of the app's installation")
            .json(&json!({ "permissions": { "members": "read" } }));
        let answer = self.0.send(request).await.map_err(|error| match error {
            DirectoryError::Malformed(words) if words.contains("status 422") => DirectoryError::Forbidden(
                "the app's installation lacks the organization permission Members: read".to_owned(),
            ),
            other => other,
        })?;
        let InstallationToken { token, expires_at } = answer.json()?;
        let expires_at = OffsetDateTime::parse(&expires_at, &Rfc3339)
            .map_err(|_| DirectoryError::Malformed("expires_at of the token is not a time".to_owned()))?;
        let expires_at = UnixMillis(expires_at.unix_timestamp().saturating_mul(SECOND_MS));
        Ok(AccessToken { token: Secret::new(token), scheme: TokenScheme::Bearer, expires_at })
    }
}
