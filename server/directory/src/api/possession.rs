//! Proofs that whoever sends a token holds the key that it is bound to (DPoP, RFC 9449).

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use portal_core::{
    ids::RunId,
    ports::{Clock, DirectoryError, Rng},
    secret::Secret,
    time::SECOND_MS,
};
use ring::digest;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{JwtSigner, SetupError, credential::RequestTarget};

/// The header of proofs.
pub(super) const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header by which a server gives the nonce of the next proof (section 8).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// Longest nonce that is taken over, in bytes.
const NONCE_BYTES_MAX: usize = 256;

#[derive(Serialize)]
struct Claims<'proof> {
    jti: String,
    htm: &'proof str,
    htu: &'proof str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
}

/// A key of this process alone, made when it starts: P-256.
pub struct PossessionKey {
    signer: JwtSigner,
    public: Value,
    nonce: Mutex<Option<String>>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl PossessionKey {
    /// A new key.
    ///
    /// # Errors
    /// [`SetupError`] when the system gives no randomness.
    pub fn generate(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, SetupError> {
        let (signer, public) = JwtSigner::generate()
            .ok_or_else(|| SetupError::new("private_key", "the system gives no randomness for a key"))?;
        Ok(Self { signer, public, nonce: Mutex::new(None), clock, rng })
    }

    /// A proof for one request, bound to the token that is sent with it (RFC 9449 section 4.2); for a request that asks
    /// for a token, without one.
    ///
    /// # Errors
    /// [`DirectoryError::Outage`] when signing fails.
    pub fn proof(
        &self,
        target: RequestTarget<'_>,
        token: Option<&Secret>,
    ) -> Result<HeaderValue, DirectoryError> {
        let mut address = target.url.clone();
        address.set_query(None);
        address.set_fragment(None);
        let hash = |token: &Secret| {
            URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.expose().as_bytes()))
        };
        let claims = Claims {
            jti: RunId::generate(&*self.rng).as_str().to_owned(),
            htm: target.method.as_str(),
            htu: address.as_str(),
            iat: self.clock.now().0.div_euclid(SECOND_MS),
            ath: token.map(hash),
            nonce: self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        let header =
            Map::from_iter([("typ".to_owned(), json!("dpop+jwt")), ("jwk".to_owned(), self.public.clone())]);
        let proof = self.signer.sign(header, &json!(claims))?;
        let mut value = HeaderValue::try_from(proof)
            .map_err(|_| DirectoryError::Outage("the proof of possession cannot be sent".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Remembers the nonce that an answer asks for in the next proof; whether there was one.
    pub fn note_nonce(&self, headers: &HeaderMap) -> bool {
        let nonce = headers.get(NONCE).and_then(|nonce| nonce.to_str().ok());
        let nonce = nonce.filter(|nonce| !nonce.is_empty() && nonce.len() <= NONCE_BYTES_MAX);
        let Some(nonce) = nonce else { return false };
        *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.to_owned());
        true
    }
}
