//! A key of a client, and assertions signed with it (RFC 7523).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_core::time::{SECOND_MS, UnixMillis};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The type of an assertion on the wire.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An Ed25519 key with an id.
pub struct Signer {
    id: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// The key of this seed.
    #[must_use]
    pub fn new(id: &str, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed of 32 bytes");
        Self { id: id.to_owned(), pair }
    }

    /// Its public half as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let public = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.id, "x": public })
    }

    /// The header that assertions of this key have.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "kid": self.id, "typ": "client-authentication+jwt" })
    }

    /// The claims of a good assertion.
    #[must_use]
    pub fn claims(client_id: &str, audience: &str, id: &str, now: UnixMillis) -> Value {
        let seconds = now.0 / SECOND_MS;
        json!({ "iss": client_id, "sub": client_id, "aud": audience, "jti": id, "iat": seconds, "exp": seconds + 60 })
    }

    /// Header and claims, signed.
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}
