//! Public keys of clients, as JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};

use super::json::parse_object;

/// Most keys of one set that are looked at.
const KEYS_MAX: usize = 32;
/// Bytes of a coordinate on P-256, and of an Ed25519 key.
const COORDINATE_BYTES: usize = 32;

/// A public key, each with its one algorithm: the key decides, not the header of what it checks (RFC 8725 section 3.1).
#[derive(Debug)]
enum PublicKey {
    /// RS256, 2,048 to 8,192 bits.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// ES256: the uncompressed point.
    P256(Vec<u8>),
    /// EdDSA with Ed25519.
    Ed25519(Vec<u8>),
}

impl PublicKey {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Self::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
        }
    }
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    key: PublicKey,
}

/// The keys of one client that can check a signature; keys of other kinds or for other uses are left out.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads a set.
    ///
    /// # Errors
    /// It is not a JSON object with a list of keys, read strictly.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let members = parse_object(text)?;
        let keys = members.get("keys").and_then(Value::as_array).ok_or("there is no list of keys")?;
        Ok(Self(keys.iter().take(KEYS_MAX).filter_map(Value::as_object).filter_map(key).collect()))
    }

    /// Whether a key of this id is there.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Whether a signature by this algorithm is one of these keys': of the one with this id, or of any when none is named.
    pub(super) fn verifies(
        &self,
        id: Option<&str>,
        algorithm: &str,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let meant = |key: &&Key| id.is_none_or(|id| key.id.as_deref() == Some(id));
        let fitting = self.0.iter().filter(meant).filter(|key| key.key.algorithm() == algorithm);
        fitting.into_iter().any(|key| key.key.verifies(message, signature))
    }
}

fn key(members: &Map<String, Value>) -> Option<Key> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let key = match (text("kty")?, text("crv")) {
        ("RSA", _) => PublicKey::Rsa { modulus: bytes("n")?, exponent: bytes("e")? },
        ("EC", Some("P-256")) => PublicKey::P256(point(&bytes("x")?, &bytes("y")?)?),
        ("OKP", Some("Ed25519")) => {
            PublicKey::Ed25519(bytes("x").filter(|key| key.len() == COORDINATE_BYTES)?)
        }
        _ => return None,
    };
    let for_signing = text("use").is_none_or(|purpose| purpose == "sig");
    let for_algorithm = text("alg").is_none_or(|algorithm| algorithm == key.algorithm());
    let for_checking = members
        .get("key_ops")
        .is_none_or(|uses| uses.as_array().is_some_and(|uses| uses.iter().any(|one| one == "verify")));
    (for_signing && for_algorithm && for_checking).then(|| Key { id: text("kid").map(str::to_owned), key })
}

/// The point in its uncompressed form (SEC 1 section 2.3.3).
fn point(x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    (x.len() == COORDINATE_BYTES && y.len() == COORDINATE_BYTES).then(|| [&[4], x, y].concat())
}
