//! The answer of a rotation, sealed under a key that only the holder of the replaced token can derive.
//!
//! The store must not hold a token that works. So the answer that may have to be given once more is encrypted with
//! ChaCha20-Poly1305 (RFC 8439) under HKDF-SHA256 (RFC 5869) of the token that was presented, of which the store has a
//! hash only. Each key seals exactly one message, so the nonce is constant.

use chacha20poly1305::{
    ChaCha20Poly1305, Key, Nonce,
    aead::{Aead as _, KeyInit as _},
};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{secret::Secret, time::UnixMillis};

const KEY_USE: &[u8] = b"portal refresh answer 1";

/// An answer that can be given again.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedAnswer {
    pub access_token: String,
    pub access_expires_at: UnixMillis,
    pub refresh_token: String,
    pub scope: String,
}

fn cipher(presented: &Secret) -> Option<ChaCha20Poly1305> {
    let mut key = [0_u8; 32];
    Hkdf::<Sha256>::new(None, presented.expose().as_bytes()).expand(KEY_USE, &mut key).ok()?;
    Some(ChaCha20Poly1305::new(Key::from_slice(&key)))
}

/// Seals an answer for whoever presents the same token again; `None` if the cipher refuses, which it does not for
/// texts of this size.
pub(super) fn seal(presented: &Secret, answer: &SealedAnswer) -> Option<Vec<u8>> {
    let plain = serde_json::to_vec(answer).ok()?;
    cipher(presented)?.encrypt(&Nonce::default(), plain.as_slice()).ok()
}

/// Opens an answer sealed under this token; `None` when it was sealed under another or damaged.
pub(super) fn open(presented: &Secret, sealed: &[u8]) -> Option<SealedAnswer> {
    let plain = cipher(presented)?.decrypt(&Nonce::default(), sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: Portal section 1: the sealed answer is deleted when the grace is over
    #[test]
    fn only_the_same_token_opens_it() {
        let answer = SealedAnswer {
            access_token: "ptla_a".into(),
            access_expires_at: UnixMillis(5),
            refresh_token: "ptlr_b".into(),
            scope: "mcp:read".into(),
        };
        let sealed = seal(&Secret::new("ptlr_one"), &answer).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"ptlr_b"));
        assert_eq!(open(&Secret::new("ptlr_one"), &sealed).unwrap().refresh_token, "ptlr_b");
        assert!(open(&Secret::new("ptlr_two"), &sealed).is_none());
    }
}
