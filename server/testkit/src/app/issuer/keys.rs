//! Keys of an issuer, and what they sign.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

/// Made by OpenSSL for these tests; it signs nothing else.
const RSA_KEY: &[u8] = include_bytes!("signing_key.der");

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// A key with an id.
pub(super) struct SigningKey {
    id: String,
    pair: Pair,
}

impl SigningKey {
    /// The RSA key: RS256.
    pub(super) fn rsa(id: &str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(RSA_KEY).expect("the key of the tests");
        Self { id: id.to_owned(), pair: Pair::Rsa(pair) }
    }

    /// A new P-256 key: ES256.
    pub(super) fn p256(id: &str) -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self { id: id.to_owned(), pair: Pair::P256(pair.expect("a key")) }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The public half as a JSON Web Key.
    pub(super) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Rsa(pair) => {
                let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
                    "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
                })
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id,
                    "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
                })
            }
        }
    }

    /// Claims, signed under this key's id or the one of another.
    pub(super) fn sign(&self, claims: &Value, id: &str, kind: &str) -> String {
        let algorithm = match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
        };
        let signed = unsigned(&json!({ "alg": algorithm, "kid": id, "typ": kind }), claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
                    .expect("a signature");
                signature
            }
            Pair::P256(pair) => pair.sign(&random, signed.as_bytes()).expect("a signature").as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Claims with a keyed hash, whose secret is what everybody can read of this key.
    pub(super) fn public_key_as_secret(&self, claims: &Value) -> String {
        let public = self.jwk()["n"].as_str().map(|n| URL_SAFE_NO_PAD.decode(n).expect("base64url"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &public.unwrap_or_default());
        let signed = unsigned(&json!({ "alg": "HS256", "kid": self.id, "typ": "JWT" }), claims);
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }
}

/// Header and claims, without a signature.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}
