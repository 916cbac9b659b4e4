//! ID tokens (OpenID Connect Core sections 2 and 3.1.3.7, RFC 8725).

use serde_json::Value;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::{
    oauth::{Claims, KeySet, SignedJwt},
    secret::Secret,
    time::{MINUTE_MS, UnixMillis},
};

/// Longest ID token, in bytes: some providers list groups in it.
const ID_TOKEN_BYTES_MAX: usize = 65_536;
/// How far the provider's clock may be off.
const LEEWAY_MS: i64 = MINUTE_MS;
/// Longest subject, in bytes (OpenID Connect Core section 2 allows 255).
const SUBJECT_BYTES_MAX: usize = 255;

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdTokenFault {
    /// Not a JSON Web Token in its compact form, or longer than 65,536 bytes.
    #[error("it is not a signed JWT")]
    Unreadable,
    /// An algorithm that is not taken: only RS256, ES256 and `EdDSA` are.
    #[error("its alg is not RS256, ES256 or EdDSA")]
    Algorithm,
    /// A header that demands something unknown, or a type for another use.
    #[error("its header has a typ or crit that is not known here")]
    Header,
    /// No key of the provider made the signature.
    #[error("it is not signed by a key of the provider")]
    Signature,
    /// From another issuer.
    #[error("its iss is another issuer")]
    Issuer,
    /// For another client, or for several without naming this one as the one that asked.
    #[error("its aud or azp is another client")]
    Audience,
    /// Too old, or without an end.
    #[error("it has expired, or has no exp")]
    Expired,
    /// Not valid yet, or made in the future.
    #[error("it is from the future")]
    Early,
    /// Not for this sign-in.
    #[error("its nonce is not the one of this sign-in")]
    Nonce,
    /// Nobody is named.
    #[error("it names nobody")]
    Subject,
}

/// What an ID token must say.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedIdToken<'sign_in> {
    /// The issuer, byte for byte.
    pub issuer: &'sign_in str,
    /// Our id at the provider.
    pub client_id: &'sign_in str,
    /// The nonce of the sign-in.
    pub nonce: &'sign_in Secret,
}

/// An ID token that was read; nothing of it is believed before [`IdToken::judge`].
#[derive(Debug)]
pub struct IdToken(SignedJwt);

impl IdToken {
    /// Reads the compact serialization.
    ///
    /// # Errors
    /// [`IdTokenFault::Unreadable`].
    pub fn read(text: &str) -> Result<Self, IdTokenFault> {
        let short = Some(text).filter(|text| text.len() <= ID_TOKEN_BYTES_MAX);
        short.and_then(SignedJwt::read).map(Self).ok_or(IdTokenFault::Unreadable)
    }

    /// The id of the key it says it was signed with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.0.key_id()
    }

    /// Checks header, signature and claims (OpenID Connect Core section 3.1.3.7).
    ///
    /// # Errors
    /// The first [`IdTokenFault`].
    pub fn judge(
        self,
        keys: &KeySet,
        expected: ExpectedIdToken<'_>,
        now: UnixMillis,
    ) -> Result<IdTokenClaims, IdTokenFault> {
        if self.0.algorithm().is_none() {
            return Err(IdTokenFault::Algorithm);
        }
        let for_another_use = self
            .0
            .header("typ")
            .is_some_and(|kind| !kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("jwt")));
        if for_another_use || self.0.header("crit").is_some() {
            return Err(IdTokenFault::Header);
        }
        if !self.0.is_signed_by(keys) {
            return Err(IdTokenFault::Signature);
        }
        let claims = IdTokenClaims(self.0.into_claims());
        claims.check(expected, now)?;
        Ok(claims)
    }
}

/// The claims of an ID token that was checked.
#[derive(Debug, Clone)]
pub struct IdTokenClaims(Claims);

impl IdTokenClaims {
    /// A claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.text(name)
    }

    /// Whether a claim is true: as JSON, or in the words that some providers use for it.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        claim_is_true(self.0.get(name))
    }

    fn check(&self, expected: ExpectedIdToken<'_>, now: UnixMillis) -> Result<(), IdTokenFault> {
        if self.text("iss") != Some(expected.issuer) {
            return Err(IdTokenFault::Issuer);
        }
        if !self.is_for(expected.client_id) {
            return Err(IdTokenFault::Audience);
        }
        let end = self.0.time("exp").ok().flatten().ok_or(IdTokenFault::Expired)?;
        if now.since(end) >= LEEWAY_MS {
            return Err(IdTokenFault::Expired);
        }
        for name in ["nbf", "iat"] {
            let at = self.0.time(name).map_err(|_| IdTokenFault::Early)?;
            if at.is_some_and(|at| at.since(now) > LEEWAY_MS) {
                return Err(IdTokenFault::Early);
            }
        }
        let nonce = self.text("nonce").ok_or(IdTokenFault::Nonce)?;
        if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.expose().as_bytes())) {
            return Err(IdTokenFault::Nonce);
        }
        let named = self.text("sub").is_some_and(is_subject);
        if named { Ok(()) } else { Err(IdTokenFault::Subject) }
    }

    /// Whether we are an audience, and where there are several, the one that asked.
    fn is_for(&self, client_id: &str) -> bool {
        let (ours, several) = match self.0.get("aud") {
            Some(Value::String(one)) => (one == client_id, false),
            Some(Value::Array(all)) => (all.iter().any(|one| one == client_id), all.len() > 1),
            _ => (false, false),
        };
        let party = self.0.get("azp");
        ours && party.map_or(!several, |party| party == client_id)
    }
}

/// Whether a text can name a person: 1 to 255 printable ASCII characters.
pub(super) fn is_subject(text: &str) -> bool {
    (1..=SUBJECT_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn claim_is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true") || word == "1",
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;
    use crate::time::SECOND_MS;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const ISSUER: &str = "https://login.example.com/tenant";

    struct Key(Ed25519KeyPair);

    impl Key {
        fn new(seed: u8) -> Self {
            Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
        }

        fn public(&self) -> String {
            URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref())
        }

        fn set(&self) -> KeySet {
            let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": self.public() });
            KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let signature = self.0.sign(signed.as_bytes());
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
        }
    }

    fn header() -> Value {
        json!({ "alg": "EdDSA", "kid": "one" })
    }

    fn claims() -> Value {
        let now = NOW.0 / SECOND_MS;
        json!({
            "iss": ISSUER, "aud": "portal", "sub": "00u1", "nonce": "abc", "iat": now, "exp": now + 300,
            "email": "ada@example.com", "email_verified": "True",
        })
    }

    fn judged(token: &str) -> Result<IdTokenClaims, IdTokenFault> {
        let nonce = Secret::new("abc");
        let expected = ExpectedIdToken { issuer: ISSUER, client_id: "portal", nonce: &nonce };
        IdToken::read(token)?.judge(&Key::new(1).set(), expected, NOW)
    }

    fn with(name: &str, value: Value) -> Option<IdTokenFault> {
        let mut claims = claims();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        judged(&Key::new(1).sign(&header(), &claims)).err()
    }

    #[test]
    fn a_good_token_says_who() {
        let claims = judged(&Key::new(1).sign(&header(), &claims())).unwrap();
        assert_eq!(claims.text("sub"), Some("00u1"));
        assert!(claims.is_true("email_verified") && !claims.is_true("email"));
    }

    #[test]
    fn claims_are_for_us_and_for_now() {
        let now = NOW.0 / SECOND_MS;
        for (name, value, fault) in [
            ("iss", json!("https://login.example.com/tenant/"), Some(IdTokenFault::Issuer)),
            ("iss", Value::Null, Some(IdTokenFault::Issuer)),
            ("aud", json!("other"), Some(IdTokenFault::Audience)),
            ("aud", Value::Null, Some(IdTokenFault::Audience)),
            ("aud", json!([]), Some(IdTokenFault::Audience)),
            ("aud", json!(["portal"]), None),
            ("aud", json!(["portal", "other"]), Some(IdTokenFault::Audience)),
            ("azp", json!("portal"), None),
            ("azp", json!("other"), Some(IdTokenFault::Audience)),
            ("azp", json!(7), Some(IdTokenFault::Audience)),
            ("exp", Value::Null, Some(IdTokenFault::Expired)),
            ("exp", json!(now - 60), Some(IdTokenFault::Expired)),
            ("exp", json!(now - 59), None),
            ("exp", json!("soon"), Some(IdTokenFault::Expired)),
            ("nbf", json!(now + 61), Some(IdTokenFault::Early)),
            ("nbf", json!(now + 60), None),
            ("nbf", json!("later"), Some(IdTokenFault::Early)),
            ("iat", json!(now + 61), Some(IdTokenFault::Early)),
            ("iat", Value::Null, None),
            ("nonce", Value::Null, Some(IdTokenFault::Nonce)),
            ("nonce", json!("abd"), Some(IdTokenFault::Nonce)),
            ("nonce", json!("abcd"), Some(IdTokenFault::Nonce)),
            ("sub", Value::Null, Some(IdTokenFault::Subject)),
            ("sub", json!(""), Some(IdTokenFault::Subject)),
            ("sub", json!("a b"), Some(IdTokenFault::Subject)),
            ("sub", json!("a".repeat(256)), Some(IdTokenFault::Subject)),
        ] {
            assert_eq!(with(name, value.clone()), fault, "{name} {value}");
        }
        let mut several = claims();
        several["aud"] = json!(["portal", "other"]);
        several["azp"] = json!("portal");
        assert!(judged(&Key::new(1).sign(&header(), &several)).is_ok());
    }

    #[test]
    fn only_the_providers_own_signature_counts() {
        let fault = |token: &str| judged(token).err();
        let key = Key::new(1);
        assert_eq!(fault(&Key::new(2).sign(&header(), &claims())), Some(IdTokenFault::Signature));
        let other_key = json!({ "alg": "EdDSA", "kid": "two" });
        assert_eq!(fault(&key.sign(&other_key, &claims())), Some(IdTokenFault::Signature));
        for algorithm in ["none", "None", "HS256", "HS512", "PS256", "RS512", ""] {
            let header = json!({ "alg": algorithm, "kid": "one" });
            assert_eq!(fault(&key.sign(&header, &claims())), Some(IdTokenFault::Algorithm), "{algorithm}");
        }
        let rsa = json!({ "alg": "RS256", "kid": "one" });
        assert_eq!(fault(&key.sign(&rsa, &claims())), Some(IdTokenFault::Signature), "the key decides");
        let access_token = json!({ "alg": "EdDSA", "kid": "one", "typ": "at+jwt" });
        assert_eq!(fault(&key.sign(&access_token, &claims())), Some(IdTokenFault::Header));
        let critical = json!({ "alg": "EdDSA", "kid": "one", "crit": ["b64"], "b64": false });
        assert_eq!(fault(&key.sign(&critical, &claims())), Some(IdTokenFault::Header));
        let good = key.sign(&header(), &claims());
        let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
        assert_eq!(fault(&unsigned), Some(IdTokenFault::Signature));
        for text in ["", "a", "a.b", "....", &format!("{good}."), &"a".repeat(ID_TOKEN_BYTES_MAX + 1)] {
            assert_eq!(fault(text), Some(IdTokenFault::Unreadable), "{text:.20}");
        }
    }
}
