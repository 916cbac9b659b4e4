//! Tokens of a service app (`private_key_jwt`, RFC 7523).

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    ids::RunId,
    ports::{Clock, DirectoryError, Rng},
    secret::Secret,
    time::SECOND_MS,
};
use portal_fetch::ProviderTransport;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{OktaCredential, OktaOptions};
use crate::api::{
    AccessToken, ApiAnswer, ApiClient, ApiOptions, ApiRequest, Credential, HeaderCredential, JwtSigner,
    SetupError, TokenCredential, TokenSource,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_LIFETIME_SECONDS: i64 = 300;
const SCOPES: &str = "okta.users.read okta.groups.read okta.logs.read";
const PATH: &str = "oauth2/v1/token";
const WHAT: &str = "a token for the service app";

/// What requests prove themselves with.
pub(super) fn credential(
    options: &OktaOptions,
    transport: Arc<ProviderTransport>,
    clock: &Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
) -> Result<Arc<dyn Credential>, SetupError> {
    match &options.credential {
        OktaCredential::Token(token) => {
            Ok(Arc::new(HeaderCredential::authorization("SSWS", token, "token")?))
        }
        OktaCredential::PrivateKey { client_id, key_id, private_key } => {
            let source = OktaTokens {
                api: ApiClient::new(
                    ApiOptions::new(options.url.clone()),
                    None,
                    transport,
                    Arc::clone(clock),
                )?,
                client_id: client_id.clone(),
                key_id: key_id.clone(),
                signer: JwtSigner::from_pem(private_key, "private_key")?,
                rng,
            };
            Ok(Arc::new(TokenCredential::new(source, Arc::clone(clock))))
        }
    }
}

/// Whether a credential can be used.
pub(crate) fn verify(credential: &OktaCredential) -> Result<(), SetupError> {
    match credential {
        OktaCredential::Token(token) => HeaderCredential::authorization("SSWS", token, "token").map(drop),
        OktaCredential::PrivateKey { private_key, .. } => {
            JwtSigner::from_pem(private_key, "private_key").map(drop)
        }
    }
}

struct OktaTokens {
    api: ApiClient,
    client_id: String,
    key_id: Option<String>,
    signer: JwtSigner,
    rng: Arc<dyn Rng>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRefusal {
    error: String,
    error_description: String,
}

#[async_trait]
impl TokenSource for OktaTokens {
    async fn issue(&self) -> Result<AccessToken, DirectoryError> {
        let now = self.api.clock().now();
        let seconds = now.0.div_euclid(SECOND_MS);
        let header: Map<String, Value> =
            self.key_id.iter().map(|id| ("kid".to_owned(), Value::from(id.as_str()))).collect();
        let claims = json!({
            "aud": format!("{}{PATH}", self.api.base_url()),
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": RunId::generate(&*self.rng).as_str(),
            "iat": seconds,
            "exp": seconds + ASSERTION_LIFETIME_SECONDS,
        });
        let assertion = self.signer.sign(header, &claims)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", SCOPES),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        let answer = self.api.answer(ApiRequest::post(PATH, WHAT).form(&form)).await?;
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        let token: TokenAnswer = answer.json()?;
        let lifetime = token.expires_in.clamp(0, 86_400).saturating_mul(SECOND_MS);
        Ok(AccessToken { token: Secret::new(token.access_token), expires_at: now.plus(lifetime) })
    }
}

impl OktaTokens {
    fn refusal(&self, answer: &ApiAnswer) -> DirectoryError {
        if !matches!(answer.status, 400 | 401) {
            return self.api.refusal(answer, WHAT);
        }
        let said: TokenRefusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        if said.error == "invalid_dpop_proof" {
            return DirectoryError::Unauthorized(
                "the service app demands proof of possession (DPoP), which Portal does not send; turn it off in the app's general settings"
                    .to_owned(),
            );
        }
        let words = if said.error_description.is_empty() { said.error } else { said.error_description };
        let words: String = words.chars().filter(|letter| !letter.is_control()).take(200).collect();
        DirectoryError::Unauthorized(format!("the service app, its key or its scopes: {words}"))
    }
}
