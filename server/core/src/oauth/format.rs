//! How Portal's tokens look: a prefix, 256 random bits in base 62, and a checksum, so that secret scanners find them
//! and typing errors are refused without a look into the store.

use sha2::{Digest as _, Sha256};

use crate::{
    ports::Rng,
    secret::{SECRET_BYTES, Secret},
};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of 256 bits in base 62.
const BODY_LENGTH: usize = 43;
/// Digits of 32 bits in base 62.
const CHECKSUM_LENGTH: usize = 6;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `ptla_`
    Access,
    /// `ptlr_`
    Refresh,
    /// `ptls_`
    Static,
    /// `ptlc_`: an authorization code
    Code,
    /// `ptlk_`: the secret of a registered client
    ClientSecret,
}

impl TokenKind {
    /// The prefix, underscore included.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "ptla_",
            Self::Refresh => "ptlr_",
            Self::Static => "ptls_",
            Self::Code => "ptlc_",
            Self::ClientSecret => "ptlk_",
        }
    }

    /// A new token.
    #[must_use]
    pub fn generate(self, rng: &dyn Rng) -> Secret {
        let mut bytes = [0_u8; SECRET_BYTES];
        rng.fill(&mut bytes);
        let mut text = String::with_capacity(self.prefix().len() + BODY_LENGTH + CHECKSUM_LENGTH);
        text.push_str(self.prefix());
        push_base62(&mut text, &bytes, BODY_LENGTH);
        let checksum = checksum(&text);
        push_base62(&mut text, &checksum, CHECKSUM_LENGTH);
        Secret::new(text)
    }

    /// Whether a text has the form of such a token, checksum included.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        let length = self.prefix().len() + BODY_LENGTH;
        let Some(digits) = text.strip_prefix(self.prefix()) else { return false };
        if text.len() != length + CHECKSUM_LENGTH || !digits.bytes().all(|byte| DIGITS.contains(&byte)) {
            return false;
        }
        let (body, written) = text.split_at(length);
        let mut computed = String::with_capacity(CHECKSUM_LENGTH);
        push_base62(&mut computed, &checksum(body), CHECKSUM_LENGTH);
        computed == written
    }
}

/// The first 32 bits of SHA-256 over prefix and body.
fn checksum(text: &str) -> [u8; 4] {
    let digest = Sha256::digest(text.as_bytes());
    let mut first = [0_u8; 4];
    first.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    first
}

/// Appends a big-endian number in base 62, padded with zeros to `length` digits.
fn push_base62(text: &mut String, bytes: &[u8], length: usize) {
    let mut number: Vec<u8> = bytes.to_vec();
    let mut digits = Vec::with_capacity(length);
    for _ in 0..length {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        digits.push(DIGITS.get(remainder as usize).copied().unwrap_or(b'0'));
    }
    text.extend(digits.iter().rev().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    // Named, because proptest has an Rng of its own.
    use crate::ports::Rng;

    struct Fixed(u8);

    impl Rng for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn a_token_fits_its_own_kind_only() {
        let token = TokenKind::Access.generate(&Fixed(7));
        assert_eq!(token.expose().len(), 5 + 43 + 6);
        assert!(TokenKind::Access.fits(token.expose()));
        assert!(!TokenKind::Refresh.fits(token.expose()));
        assert!(!TokenKind::Refresh.fits(&token.expose().replacen("ptla_", "ptlr_", 1)));
    }

    #[test]
    fn the_largest_number_has_no_more_digits_than_the_body() {
        let token = TokenKind::Static.generate(&Fixed(u8::MAX));
        assert!(TokenKind::Static.fits(token.expose()));
        assert_ne!(token.expose().get(5..6), Some("0"));
    }

    /// Found by fuzzing: a checksum can be made for any text, and the rest must be a number all the same.
    #[test]
    fn only_digits_are_taken() {
        for body in ["|".repeat(43), format!("{} ", "0".repeat(42)), format!("{}é", "0".repeat(41))] {
            let mut text = format!("ptla_{body}");
            let checksum = checksum(&text);
            push_base62(&mut text, &checksum, CHECKSUM_LENGTH);
            assert!(!TokenKind::Access.fits(&text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_changed_character_is_noticed(seed: u8, position in 5_usize..54, digit in 0_usize..62) {
            let token = TokenKind::Refresh.generate(&Fixed(seed));
            let mut changed = token.expose().as_bytes().to_vec();
            prop_assume!(changed[position] != DIGITS[digit]);
            changed[position] = DIGITS[digit];
            prop_assert!(!TokenKind::Refresh.fits(&String::from_utf8(changed).unwrap()));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = TokenKind::Access.fits(&text);
        }
    }
}
