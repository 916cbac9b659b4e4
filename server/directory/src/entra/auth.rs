//! Tokens by client credentials (RFC 6749 section 4.4), with a secret or a certificate (RFC 7523).

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_core::{
    ids::RunId,
    ports::{Clock, DirectoryError, Rng},
    secret::Secret,
    time::SECOND_MS,
};
use portal_fetch::ProviderTransport;
use ring::digest;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::{Map, Value, json};

use super::{EntraCredential, EntraOptions};
use crate::api::{
    AccessToken, ApiAnswer, ApiClient, ApiOptions, ApiRequest, JwtSigner, SetupError, TokenAnswer,
    TokenRefusal, TokenSource,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_LIFETIME_SECONDS: i64 = 300;
const WHAT: &str = "a token for the application";

/// Gets tokens for Graph.
pub(super) struct EntraTokens {
    api: ApiClient,
    path: String,
    client_id: String,
    scope: String,
    proof: Proof,
    rng: Arc<dyn Rng>,
}

enum Proof {
    Secret(Secret),
    Certificate { signer: Box<JwtSigner>, sha1: String, sha256: String },
}

impl EntraTokens {
    pub(super) fn new(
        options: &EntraOptions,
        transport: Arc<ProviderTransport>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, SetupError> {
        let proof = match &options.credential {
            EntraCredential::Secret(secret) => Proof::Secret(secret.clone()),
            EntraCredential::Certificate { certificate, private_key } => {
                let (sha1, sha256) = thumbprints(certificate)?;
                Proof::Certificate { signer: Box::new(signer(private_key)?), sha1, sha256 }
            }
        };
        let api = ApiClient::new(ApiOptions::new(options.cloud.login_url.clone()), None, transport, clock)?;
        let graph = options.cloud.graph_url.origin().ascii_serialization();
        Ok(Self {
            api,
            path: format!("{}/oauth2/v2.0/token", options.tenant_id),
            client_id: options.client_id.clone(),
            scope: format!("{graph}/.default"),
            proof,
            rng,
        })
    }

    fn assertion(&self) -> Result<Option<String>, DirectoryError> {
        let Proof::Certificate { signer, sha1, sha256 } = &self.proof else { return Ok(None) };
        let now = self.api.clock().now().0.div_euclid(SECOND_MS);
        // The tenant's certificates are known by either thumbprint.
        let header = Map::from_iter([
            ("x5t".to_owned(), Value::from(sha1.as_str())),
            ("x5t#S256".to_owned(), Value::from(sha256.as_str())),
        ]);
        let audience = format!("{}{}", self.api.base_url(), self.path);
        let claims = json!({
            "aud": audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": RunId::generate(&*self.rng).as_str(),
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_LIFETIME_SECONDS,
        });
        signer.sign(header, &claims).map(Some)
    }
}

/// Whether a certificate and its key can be used.
pub(crate) fn verify(credential: &EntraCredential) -> Result<(), SetupError> {
    match credential {
        EntraCredential::Secret(_) => Ok(()),
        EntraCredential::Certificate { certificate, private_key } => {
            thumbprints(certificate)?;
            signer(private_key).map(drop)
        }
    }
}

fn signer(private_key: &Secret) -> Result<JwtSigner, SetupError> {
    let signer = JwtSigner::from_pem(private_key, "private_key")?;
    if signer.algorithm() != "RS256" {
        return Err(SetupError::new("private_key", "expected an RSA key: Entra ID takes no other"));
    }
    Ok(signer)
}

fn thumbprints(certificate: &str) -> Result<(String, String), SetupError> {
    let der = CertificateDer::from_pem_slice(certificate.as_bytes())
        .map_err(|_| SetupError::new("certificate", "expected a certificate in PEM"))?;
    let hash = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &der));
    Ok((hash(&digest::SHA1_FOR_LEGACY_USE_ONLY), hash(&digest::SHA256)))
}

#[async_trait]
impl TokenSource for EntraTokens {
    async fn issue(&self) -> Result<AccessToken, DirectoryError> {
        let assertion = self.assertion()?;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("scope", self.scope.as_str()),
        ];
        match (&self.proof, &assertion) {
            (Proof::Secret(secret), _) => form.push(("client_secret", secret.expose())),
            (_, Some(assertion)) => {
                form.extend([
                    ("client_assertion_type", ASSERTION_TYPE),
                    ("client_assertion", assertion.as_str()),
                ]);
            }
            _ => {}
        }
        let answer = self.api.answer(ApiRequest::post(&self.path, WHAT).form(&form)).await?;
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        Ok(answer.json::<TokenAnswer>()?.into_token(self.api.clock().now()))
    }
}

impl EntraTokens {
    fn refusal(&self, answer: &ApiAnswer) -> DirectoryError {
        if !matches!(answer.status, 400 | 401) {
            return self.api.refusal(answer, WHAT);
        }
        let said = TokenRefusal::of(answer);
        // After the first sentence come ids and times of this one request.
        let words = said.error_description.split(" Trace ID:").next().unwrap_or_default();
        let words: String = words.chars().filter(|letter| !letter.is_control()).take(200).collect();
        let words = if words.trim().is_empty() { said.error.chars().take(60).collect() } else { words };
        DirectoryError::Unauthorized(format!("tenant, application or its secret: {}", words.trim()))
    }
}
