//! Signed JWTs in their compact form (RFC 7515 section 3.1, RFC 7519).
//!
//! Read by hand, because only three algorithms and one serialization are taken, and the primitives are those that TLS
//! already brings.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{json::parse_object, jwk::KeySet};
use crate::time::{SECOND_MS, UnixMillis};

/// The algorithms that are taken, pinned: nothing symmetric, never `none` (RFC 8725 section 3.1).
pub(crate) const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];
/// Seconds beyond which a number is no point in time.
const SECONDS_MAX: f64 = 1e12;

/// A JWT that was read; nothing of it is believed before [`SignedJwt::is_signed_by`].
#[derive(Debug)]
pub(crate) struct SignedJwt {
    header: Map<String, Value>,
    claims: Claims,
    signed: String,
    signature: Vec<u8>,
}

/// What a JWT says.
#[derive(Debug, Clone)]
pub(crate) struct Claims(Map<String, Value>);

impl SignedJwt {
    /// Reads the compact serialization; `None` where it is not one, or an object has a member twice.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let object = |part: &str| parse_object(&bytes(part)?).ok();
        Some(Self {
            header: object(header)?,
            claims: Claims(object(claims)?),
            signature: bytes(signature)?,
            signed: signed.to_owned(),
        })
    }

    /// A parameter of its header.
    pub(crate) fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// The id of the key it says it was signed with.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.header("kid").and_then(Value::as_str)
    }

    /// The algorithm it names; `None` for one that is not taken.
    pub(crate) fn algorithm(&self) -> Option<&str> {
        self.header("alg").and_then(Value::as_str).filter(|named| ALGORITHMS.contains(named))
    }

    /// Whether one of these keys signed it, by the algorithm it names.
    pub(crate) fn is_signed_by(&self, keys: &KeySet) -> bool {
        let verifies =
            |algorithm| keys.verifies(self.key_id(), algorithm, self.signed.as_bytes(), &self.signature);
        self.algorithm().is_some_and(verifies)
    }

    /// What it says.
    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What it says, and nothing else of it.
    pub(crate) fn into_claims(self) -> Claims {
        self.claims
    }
}

impl Claims {
    /// A claim.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A point in time: seconds, whole or with a fraction that does not matter (`NumericDate`, RFC 7519 section 2). `None`
    /// where it is missing.
    ///
    /// # Errors
    /// It is no number, or too large for a time.
    pub(crate) fn time(&self, name: &str) -> Result<Option<UnixMillis>, NotATime> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = value.as_i64().or_else(|| {
            let seconds =
                value.as_f64().filter(|seconds| seconds.is_finite() && seconds.abs() < SECONDS_MAX)?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "bounded above, and the fraction does not matter"
            )]
            Some(seconds as i64)
        });
        Ok(Some(UnixMillis(seconds.ok_or(NotATime)?.saturating_mul(SECOND_MS))))
    }
}

/// A claim is there, and is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotATime;
