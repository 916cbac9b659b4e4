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
    /// `EdDSA` with Ed25519.
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

/// The keys of a client or an issuer that can check a signature; keys of other kinds or for other uses are left out.
#[derive(Debug, Default)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads a set.
    ///
    /// # Errors
    /// It is not a JSON object with a list of keys, read strictly.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let members = parse_object(text)?;
        let keys = members.get("keys").and_then(Value::as_array).ok_or("there is no list of keys")?;
        Ok(Self(keys.iter().take(KEYS_MAX).filter_map(Value::as_object).filter_map(key).collect()))
    }

    /// Whether a key of this id is there.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Whether a signature by this algorithm is one of these keys': of the one with this id, or of any when none is named.
    #[must_use]
    pub fn verifies(&self, id: Option<&str>, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    /// What the signatures below sign; made by OpenSSL with keys that were thrown away.
    const MESSAGE: &[u8] = b"header.claims";
    const RSA_MODULUS: &str = "uxpq0W1d3Ig0TnRuxKdjIgBtYnEAVc897qGamWLZaUOA08Mm01MK7wYuz_rzNQ7ig4_3AguaqZwxWBHbKs3j_zlKLRNHLNK_y0G1nM0dDXJ_TXs3N7W48ZfiDmF0hqCvzZsurPGl0IwIljmdwT8g5XHolPpDskm9qe1CdO5IeI197Vlf96JKNBGGNAI0JMJjS6c59LNGpf_gw1v4SabNbcnv1tquKZwKAcG5QQPXh-Hg53JuvtbVjNgNr42VjeVqhf3vJTboaoqeZdokAMv577sidYKotXJoin3OCrUjkaEfSAIRm7gnQAprQwBAOToTHQXyfXtqrh9uROt0D-YJbQ";
    const RSA_SIGNATURE: &str = "cVITLlLU-0fB-owT8ErLrbysUfrzwYTu9UOIOakooBZPeuoq7CXSUlwjHguXjW-qij_75oOU9h3bFesGhVCTbmG1vJ4tkxZMYoydUsIpIgkMQZSXOTI4mAf3459Unu-5j_JyqsKrxjHV_TnnFierVN5aqmowxt9KQcw5CUomw_4EgeMamMLRW2FN80K_ItSLxu4d9wjIK1bY2_gEB8qOy_XQNSp4HpnQc6aLApzH5RGuxbzH6k16JcDviJV9dUaZtRQZpuIPHkDKU_0U10ajriWjYhhPuc_Iet23fM5RPJVZ8irYNBO1uoK2K9jYsK2uCp1DyUFcdajppI-3OABJKg";
    const EC_X: &str = "8QL_KELnaUivw2kdeVGa7xA-5xpOL8f3pPygPhvkDog";
    const EC_Y: &str = "LlMSeaiGcGPFe8tQJUCXCqeeVSkbudhWD4YOlqHMieU";
    const EC_SIGNATURE: &str =
        "h--yhBeHNV2zMkSSo35N_mp1Gom0Kux9dfQx0YRovVIbud4Dw_mcRB-Bo-Uka_9PFQ5iFksCpWQRKr34Mb5fnQ";

    fn set(keys: &Value) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn rsa() -> Value {
        json!({ "kty": "RSA", "kid": "r", "n": RSA_MODULUS, "e": "AQAB" })
    }

    fn ec() -> Value {
        json!({ "kty": "EC", "crv": "P-256", "kid": "e", "x": EC_X, "y": EC_Y })
    }

    /// Rule: RFC 7523 section 3: an assertion is signed by a key of its client
    /// Rule: RFC 8725 section 3.1: algorithms are listed: nothing symmetric, never none; the key decides
    #[test]
    fn each_key_checks_what_it_signed_and_nothing_else() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "o", "x": public });
        let keys = set(&json!([rsa(), ec(), ed]));
        let signed = [
            ("r", "RS256", bytes(RSA_SIGNATURE)),
            ("e", "ES256", bytes(EC_SIGNATURE)),
            ("o", "EdDSA", pair.sign(MESSAGE).as_ref().to_vec()),
        ];
        for (id, algorithm, signature) in &signed {
            assert!(keys.knows(id));
            assert!(keys.verifies(Some(id), algorithm, MESSAGE, signature), "{algorithm}");
            assert!(keys.verifies(None, algorithm, MESSAGE, signature), "{algorithm}");
            assert!(!keys.verifies(Some("other"), algorithm, MESSAGE, signature), "{algorithm}");
            assert!(!keys.verifies(Some(id), algorithm, b"header.other", signature), "{algorithm}");
            let mut broken = signature.clone();
            broken[5] ^= 1;
            assert!(!keys.verifies(Some(id), algorithm, MESSAGE, &broken), "{algorithm}");
            // The key decides, not the name that comes with the signature.
            for other in ["RS256", "ES256", "EdDSA", "HS256", "none", ""] {
                let expected = other == *algorithm;
                assert_eq!(
                    keys.verifies(Some(id), other, MESSAGE, signature),
                    expected,
                    "{algorithm} {other}"
                );
            }
        }
        assert!(!keys.verifies(None, "EdDSA", MESSAGE, &[]));
    }

    #[test]
    fn keys_for_other_things_are_left_out() {
        let with = |mut key: Value, name: &str, value: Value| {
            key.as_object_mut().unwrap().insert(name.to_owned(), value);
            set(&json!([key])).0.len()
        };
        assert_eq!(with(rsa(), "use", json!("sig")), 1);
        assert_eq!(with(rsa(), "use", json!("enc")), 0);
        assert_eq!(with(rsa(), "alg", json!("RS256")), 1);
        assert_eq!(with(rsa(), "alg", json!("PS256")), 0);
        assert_eq!(with(ec(), "key_ops", json!(["verify"])), 1);
        assert_eq!(with(ec(), "key_ops", json!(["deriveKey"])), 0);
        assert_eq!(with(ec(), "crv", json!("P-384")), 0);
        assert_eq!(with(ec(), "x", json!("AAAA")), 0);
        assert_eq!(with(ec(), "kty", json!("oct")), 0);
        assert_eq!(set(&json!([1, "x", {}])).0.len(), 0);
        let many: Vec<Value> = std::iter::repeat_n(rsa(), KEYS_MAX + 1).collect();
        assert_eq!(set(&Value::from(many)).0.len(), KEYS_MAX);
        for text in ["[]", "{}", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}", ""] {
            KeySet::parse(text.as_bytes()).unwrap_err();
        }
    }
}
