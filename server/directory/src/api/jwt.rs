//! JWTs that an app signs (RFC 7515, RFC 7523).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_core::{ports::DirectoryError, secret::Secret};
use ring::{
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Map, Value, json};

use super::SetupError;

enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

fn rsa_key(key: RsaKeyPair) -> Key {
    Key::Rsa(Box::new(key))
}

/// Signs JWTs with RS256 or ES256, by the key.
pub struct JwtSigner {
    key: Key,
    random: SystemRandom,
}

impl JwtSigner {
    /// Reads a private key: PEM of PKCS #8 or PKCS #1, RSA of at least 2048 bits or P-256.
    ///
    /// # Errors
    /// [`SetupError`] for this key of the configuration, without a byte of the secret.
    pub fn from_pem(pem: &Secret, key: &'static str) -> Result<Self, SetupError> {
        let expected =
            |reason: &str| SetupError::new(key, format!("expected a private key in PEM form: {reason}"));
        let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| {
            expected("there is no -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----")
        })?;
        let random = SystemRandom::new();
        let unusable = || expected("RSA of 2048 to 4096 bits, or P-256 as PKCS #8");
        let read = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(rsa_key),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                let rsa = RsaKeyPair::from_pkcs8(der).ok().map(rsa_key);
                rsa.or_else(|| {
                    let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                    EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok().map(|key| Key::P256(Box::new(key)))
                })
            }
            _ => None,
        };
        Ok(Self { key: read.ok_or_else(unusable)?, random })
    }

    /// A new P-256 key, and its public half as a JWK (RFC 7517); `None` when the system gives no randomness.
    #[must_use]
    pub fn generate() -> Option<(Self, Value)> {
        let random = SystemRandom::new();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()?;
        // Uncompressed: 4, then both coordinates of 32 bytes each (SEC 1 section 2.3.3).
        let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) });
        Some((Self { key: Key::P256(Box::new(pair)), random }, public))
    }

    /// `RS256` or `ES256`.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "RS256",
            Key::P256(_) => "ES256",
        }
    }

    /// The claims, signed. `header` holds what stands in the header beside `alg`, such as `kid`; `typ` is `JWT` unless it
    /// says otherwise.
    ///
    /// # Errors
    /// [`DirectoryError::Outage`] when signing fails.
    pub fn sign(&self, header: Map<String, Value>, claims: &Value) -> Result<String, DirectoryError> {
        let mut header = header;
        header.insert("alg".to_owned(), json!(self.algorithm()));
        header.entry("typ").or_insert(json!("JWT"));
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&Value::Object(header)), encode(claims));
        let signature = self.signature(text.as_bytes());
        let signature =
            signature.ok_or_else(|| DirectoryError::Outage("the key could not sign".to_owned()))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn signature(&self, text: &[u8]) -> Option<Vec<u8>> {
        match &self.key {
            Key::Rsa(key) => {
                let mut bytes = vec![0; key.public().modulus_len()];
                key.sign(&signature::RSA_PKCS1_SHA256, &self.random, text, &mut bytes).ok()?;
                Some(bytes)
            }
            Key::P256(key) => Some(key.sign(&self.random, text).ok()?.as_ref().to_vec()),
        }
    }
}
