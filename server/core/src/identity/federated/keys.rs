//! What a sign-in needs again when its browser comes back, derived instead of kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::secret::Secret;

const NONCE_USE: &[u8] = b"portal provider sign-in nonce 1";
const VERIFIER_USE: &[u8] = b"portal provider sign-in verifier 1";

/// Nonce and proof key of one sign-in, 43 characters of base64url each.
pub(super) struct SignInKeys {
    pub(super) nonce: Secret,
    pub(super) verifier: Secret,
}

impl SignInKeys {
    /// Those of this state in this browser (HKDF-SHA256, RFC 5869): both values have 256 random bits, and only the
    /// browser holds both. `None` if the derivation refuses, which it does not for 32 bytes.
    pub(super) fn derive(state: &Secret, browser: &Secret) -> Option<Self> {
        let keys = Hkdf::<Sha256>::new(Some(state.expose().as_bytes()), browser.expose().as_bytes());
        let key = |purpose: &[u8]| {
            let mut bytes = [0_u8; 32];
            keys.expand(purpose, &mut bytes).ok()?;
            Some(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
        };
        Some(Self { nonce: key(NONCE_USE)?, verifier: key(VERIFIER_USE)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_belong_to_one_state_in_one_browser() {
        let derive = |state: &str, browser: &str| {
            SignInKeys::derive(&Secret::new(state), &Secret::new(browser)).unwrap()
        };
        let keys = derive("state", "browser");
        assert_eq!(keys.nonce, derive("state", "browser").nonce);
        assert_eq!(keys.verifier.expose().len(), 43);
        assert_ne!(keys.nonce, keys.verifier);
        for other in [derive("state", "other"), derive("other", "browser")] {
            assert_ne!(other.nonce, keys.nonce);
            assert_ne!(other.verifier, keys.verifier);
        }
    }
}
