//! Proof key for code exchange (RFC 7636), method S256 only.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Characters of an S256 challenge: base64url of 32 bytes.
const CHALLENGE_LENGTH: usize = 43;
/// Shortest and longest verifier (RFC 7636 section 4.1).
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// Whether a text can be an S256 challenge.
pub(super) fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a verifier has the right form and is the one the challenge was made of.
pub(super) fn verifies(challenge: &str, verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if !VERIFIER_LENGTH.contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return false;
    }
    let computed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    computed.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: RFC 7636 section 4.2: the S256 example of appendix B verifies
    #[test]
    fn the_example_of_rfc_7636_appendix_b_verifies() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge));
        assert!(verifies(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!verifies(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj"));
    }

    /// Rule: RFC 7636 section 4.1: a verifier has 43 to 128 unreserved characters, the tilde too
    #[test]
    fn verifiers_of_the_wrong_form_are_refused_and_tilde_is_taken() {
        let of = |verifier: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let tilde = "~".repeat(43);
        assert!(verifies(&of(&tilde), &tilde));
        for wrong in ["a".repeat(42), "a".repeat(129), format!("{} ", "a".repeat(43)), "é".repeat(30)] {
            assert!(!verifies(&of(&wrong), &wrong), "{wrong}");
        }
    }

    #[test]
    fn challenges_of_the_wrong_form_are_refused() {
        for wrong in ["", "plain", &"a".repeat(44), &"=".repeat(43), &"+".repeat(43)] {
            assert!(!is_challenge(wrong), "{wrong}");
        }
    }
}
