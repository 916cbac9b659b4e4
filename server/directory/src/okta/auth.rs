//! Tokens of a service app (`private_key_jwt`, RFC 7523), bound to a key where the app demands it (DPoP, RFC 9449).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use http::{HeaderName, Method};
use portal_core::{
    ids::RunId,
    ports::{Clock, DirectoryError, Rng},
    time::SECOND_MS,
};
use portal_fetch::ProviderTransport;
use serde_json::{Map, Value, json};
use url::Url;

use super::{OktaCredential, OktaOptions};
use crate::api::{
    AccessToken, ApiAnswer, ApiClient, ApiOptions, ApiRequest, Credential, HeaderCredential, JwtSigner,
    PossessionKey, RequestTarget, SetupError, TokenAnswer, TokenCredential, TokenRefusal, TokenSource,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_LIFETIME_SECONDS: i64 = 300;
const SCOPES: &str = "okta.users.read okta.groups.read okta.logs.read";
const PATH: &str = "oauth2/v1/token";
const WHAT: &str = "a token for the service app";
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// Requests after the first one: with a proof, with a nonce, and with another nonce when that one just ran out.
const PROOF_ATTEMPTS_MAX: usize = 3;

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
            let api =
                ApiClient::new(ApiOptions::new(options.url.clone()), None, transport, Arc::clone(clock))?;
            let endpoint = api.base_url().join(PATH);
            let source = OktaTokens {
                endpoint: endpoint.map_err(|_| SetupError::new("url", "expected the address of an org"))?,
                api,
                client_id: client_id.clone(),
                key_id: key_id.clone(),
                signer: JwtSigner::from_pem(private_key, "private_key")?,
                possession: PossessionKey::generate(Arc::clone(clock), Arc::clone(&rng))?,
                demands_proof: AtomicBool::new(false),
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
    endpoint: Url,
    possession: PossessionKey,
    demands_proof: AtomicBool,
}

#[async_trait]
impl TokenSource for OktaTokens {
    async fn issue(&self) -> Result<AccessToken, DirectoryError> {
        let mut answer = self.asked().await?;
        // An app that demands proof of possession says so, and then which nonce it wants (RFC 9449 sections 7 and 8).
        for _ in 0..PROOF_ATTEMPTS_MAX {
            if answer.is_success() || !self.proves_better(&answer) {
                break;
            }
            answer = self.asked().await?;
        }
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        Ok(answer.json::<TokenAnswer>()?.into_token(self.api.clock().now()))
    }

    fn possession(&self) -> Option<&PossessionKey> {
        Some(&self.possession)
    }
}

impl OktaTokens {
    /// One request for a token, with a proof of possession once the app has demanded one.
    async fn asked(&self) -> Result<ApiAnswer, DirectoryError> {
        let assertion = self.assertion()?;
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", SCOPES),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        let mut request = ApiRequest::post(PATH, WHAT).form(&form);
        if self.demands_proof.load(Ordering::Relaxed) {
            let proof =
                self.possession.proof(RequestTarget { method: &Method::POST, url: &self.endpoint }, None)?;
            request = request.header(PROOF, proof.to_str().unwrap_or_default());
        }
        self.api.answer(request).await
    }

    fn assertion(&self) -> Result<String, DirectoryError> {
        let seconds = self.api.clock().now().0.div_euclid(SECOND_MS);
        let header: Map<String, Value> =
            self.key_id.iter().map(|id| ("kid".to_owned(), Value::from(id.as_str()))).collect();
        let claims = json!({
            "aud": self.endpoint.as_str(),
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": RunId::generate(&*self.rng).as_str(),
            "iat": seconds,
            "exp": seconds + ASSERTION_LIFETIME_SECONDS,
        });
        self.signer.sign(header, &claims)
    }

    /// Whether the next request will say more than the one that was refused with this answer.
    fn proves_better(&self, answer: &ApiAnswer) -> bool {
        match TokenRefusal::of(answer).error.as_str() {
            "invalid_dpop_proof" => !self.demands_proof.swap(true, Ordering::Relaxed),
            "use_dpop_nonce" => self.possession.note_nonce(&answer.headers),
            _ => false,
        }
    }

    fn refusal(&self, answer: &ApiAnswer) -> DirectoryError {
        if !matches!(answer.status, 400 | 401) {
            return self.api.refusal(answer, WHAT);
        }
        let said = TokenRefusal::of(answer);
        let words = if said.error_description.is_empty() { said.error } else { said.error_description };
        let words: String = words.chars().filter(|letter| !letter.is_control()).take(200).collect();
        DirectoryError::Unauthorized(format!("the service app, its key or its scopes: {words}"))
    }
}
