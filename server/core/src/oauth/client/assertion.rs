//! Client assertions: `private_key_jwt` (RFC 7523 sections 2.2 and 3, RFC 8725).

use serde_json::Value;

use super::{
    jwk::KeySet,
    jwt::{ALGORITHMS, SignedJwt},
};
use crate::time::{MINUTE_MS, UnixMillis};

/// The algorithms that an assertion may be signed with.
pub const ASSERTION_ALGORITHMS: [&str; 3] = ALGORITHMS;
/// Types that an assertion may name; without one it is taken too (RFC 8725 section 3.11). The last one is what the working
/// copy of the client document draft recommends (section 6).
const TYPES: [&str; 3] = ["jwt", "client-authentication+jwt", "oauth-client-auth+jwt"];
/// How far ahead an assertion may end.
const LIFETIME_MAX_MS: i64 = 5 * MINUTE_MS;
/// How far the client's clock may be off.
const LEEWAY_MS: i64 = MINUTE_MS;
/// Longest id of an assertion, in bytes.
const ID_BYTES_MAX: usize = 256;
/// Longest assertion, in bytes.
const ASSERTION_BYTES_MAX: usize = 8_192;

/// An assertion that was read; nothing of it is believed before its signature was checked.
#[derive(Debug)]
pub struct Assertion(SignedJwt);

/// What a checked assertion says, to be remembered until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Its id, used once.
    pub id: String,
    /// Until when it could be presented again.
    pub until: UnixMillis,
}

type Checked<T> = Result<T, &'static str>;

impl Assertion {
    /// Reads the compact serialization.
    ///
    /// # Errors
    /// What is wrong, for whoever debugs the client.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > ASSERTION_BYTES_MAX {
            return Err("client_assertion is too long");
        }
        SignedJwt::read(text).map(Self).ok_or("client_assertion is not a signed JWT")
    }

    /// Judges it as a whole, with keys at hand: header, claims, then the signature. `only` is the one algorithm that the
    /// client's document names, if it names one.
    ///
    /// # Errors
    /// What is wrong, for whoever debugs the client.
    pub fn judge(
        &self,
        client_id: &str,
        audiences: &[String],
        keys: &KeySet,
        only: Option<&str>,
        now: UnixMillis,
    ) -> Result<Presented, &'static str> {
        self.check_header(only)?;
        let presented = self.check_claims(client_id, audiences, now)?;
        self.check_signature(keys)?;
        Ok(presented)
    }

    /// The client that it says it is of, before anything is checked.
    pub(in crate::oauth) fn subject(&self) -> Option<&str> {
        self.0.claims().text("sub")
    }

    /// The id of the key it says it was signed with.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.0.key_id()
    }

    /// Checks the header: an algorithm that is taken, a type for this purpose, and nothing critical that we do not know.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn check_header(&self, only: Option<&str>) -> Checked<()> {
        let algorithm = self.0.algorithm().ok_or("the assertion's alg must be RS256, ES256 or EdDSA")?;
        if only.is_some_and(|only| only != algorithm) {
            return Err("the assertion's alg is not the one of the client's document");
        }
        if let Some(kind) = self.0.header("typ") {
            let kind = kind.as_str().unwrap_or_default().to_ascii_lowercase();
            if !TYPES.contains(&kind.strip_prefix("application/").unwrap_or(&kind)) {
                return Err("the assertion's typ must be client-authentication+jwt or JWT");
            }
        }
        if self.0.header("crit").is_some() {
            return Err("the assertion has a crit header, which is not known here");
        }
        Ok(())
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// No key of the client made it.
    pub(super) fn check_signature(&self, keys: &KeySet) -> Checked<()> {
        if self.0.is_signed_by(keys) {
            Ok(())
        } else {
            Err("the assertion is not signed by a key of the client")
        }
    }

    /// Checks the claims (RFC 7523 section 3): who, for whom, when, and an id.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn check_claims(
        &self,
        client_id: &str,
        audiences: &[String],
        now: UnixMillis,
    ) -> Checked<Presented> {
        let text = |name: &str| self.0.claims().text(name);
        if text("iss") != Some(client_id) || text("sub") != Some(client_id) {
            return Err("the assertion's iss and sub must be the client_id");
        }
        if !self.is_for(audiences) {
            return Err("the assertion's aud must be this issuer or its token endpoint, and nothing else");
        }
        let end = self.time("exp")?.ok_or("the assertion has no exp")?;
        if now.since(end) >= LEEWAY_MS {
            return Err("the assertion has expired");
        }
        if end.since(now) > LIFETIME_MAX_MS + LEEWAY_MS {
            return Err("the assertion's exp is more than 5 minutes ahead");
        }
        for name in ["nbf", "iat"] {
            if self.time(name)?.is_some_and(|at| at.since(now) > LEEWAY_MS) {
                return Err("the assertion is from the future");
            }
        }
        let id = text("jti").filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX);
        let id = id.ok_or("the assertion has no usable jti")?.to_owned();
        Ok(Presented { id, until: end.plus(LEEWAY_MS) })
    }

    /// Whether it is meant for us and for nobody else, who could present it here.
    fn is_for(&self, audiences: &[String]) -> bool {
        let ours = |value: &Value| value.as_str().is_some_and(|text| audiences.iter().any(|one| one == text));
        match self.0.claims().get("aud") {
            Some(Value::Array(all)) => !all.is_empty() && all.iter().all(ours),
            Some(one) => ours(one),
            None => false,
        }
    }

    fn time(&self, name: &str) -> Checked<Option<UnixMillis>> {
        self.0.claims().time(name).map_err(|_| "a time of the assertion is not a number")
    }
}
