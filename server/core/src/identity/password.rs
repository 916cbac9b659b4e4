//! What makes a password good enough to be set.

use portal_model::{ErrorCode, Field, FieldError};

use super::email::local_part;
use crate::secret::Secret;

/// Shortest password, in characters.
pub(super) const PASSWORD_LENGTH_MIN: usize = 12;
/// Longest password, in characters.
pub(super) const PASSWORD_LENGTH_MAX: usize = 256;
/// Fewest different characters in a password.
const PASSWORD_DISTINCT_MIN: usize = 4;
/// Longest piece that makes a password easy to guess when it is nothing but this piece repeated, in characters.
const REPEATED_PIECE_LENGTH_MAX: usize = 6;
/// Shortest own name that is looked for in a password, in characters; shorter ones occur by chance.
const OWN_NAME_LENGTH_MIN: usize = 4;

/// The words that the most common passwords are made of, one a line, letters only.
const COMMON_WORDS: &str = include_str!("common_words.txt");
/// Rows that fingers follow; parts of them are no passwords, forwards or backwards.
const RUNS: [&str; 5] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890qwertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// Checks a password that shall be set: its length, and that it is neither a common one nor the e-mail address.
///
/// # Errors
/// `required`, `password-too-short`, `password-too-long` or `password-too-common`, on the field `password`.
pub(super) fn password_check(password: &Secret, email: &str) -> Result<(), FieldError> {
    let refuse = |code| Err(FieldError::on(Field::Password, code));
    let text = password.expose();
    // Counting stops at the limit: the text comes from outside.
    match text.chars().take(PASSWORD_LENGTH_MAX + 1).count() {
        0 => refuse(ErrorCode::Required),
        length if length < PASSWORD_LENGTH_MIN => refuse(ErrorCode::PasswordTooShort),
        length if length > PASSWORD_LENGTH_MAX => refuse(ErrorCode::PasswordTooLong),
        _ if is_common(&text.to_lowercase()) || is_own_name(&text.to_lowercase(), email) => {
            refuse(ErrorCode::PasswordTooCommon)
        }
        _ => Ok(()),
    }
}

/// `password` is in lower case, here and below.
fn is_common(password: &str) -> bool {
    let characters: Vec<char> = password.chars().collect();
    let mut distinct = characters.clone();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < PASSWORD_DISTINCT_MIN
        || is_repetition(&characters)
        || is_run(&characters)
        || is_dressed_word(password)
}

fn is_repetition(characters: &[char]) -> bool {
    (1..=REPEATED_PIECE_LENGTH_MAX).any(|length| {
        characters.len() >= 2 * length
            && characters.iter().zip(characters.iter().skip(length)).all(|(left, right)| left == right)
    })
}

fn is_run(characters: &[char]) -> bool {
    let forwards: String = characters.iter().collect();
    let backwards: String = characters.iter().rev().collect();
    RUNS.iter().any(|run| run.contains(&forwards) || run.contains(&backwards))
}

/// Whether digits and signs around or inside, or in place of letters, are all that a common word was given:
/// `P4ssw0rd2026!`.
fn is_dressed_word(password: &str) -> bool {
    let is_word = |letters: &str| COMMON_WORDS.lines().any(|word| word == letters);
    let bare: String = password.chars().filter(|character| character.is_alphabetic()).collect();
    let stripped = password.trim_matches(|character: char| !character.is_alphabetic());
    let unfolded: String =
        stripped.chars().map(letter_for).filter(|character| character.is_alphabetic()).collect();
    is_word(&bare) || is_word(&unfolded)
}

/// The letter that a digit or sign usually stands for.
const fn letter_for(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Whether too little is left of a password without the person's own address.
fn is_own_name(password: &str, email: &str) -> bool {
    let email = email.to_lowercase();
    let name = local_part(&email);
    let mut rest = password.replace(&email, "");
    if name.len() >= OWN_NAME_LENGTH_MIN {
        rest = rest.replace(name, "");
    }
    rest.len() < password.len() && rest.chars().count() < PASSWORD_LENGTH_MIN / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), ErrorCode> {
        password_check(&Secret::new(password), "ada.lovelace@example.com").map_err(|error| error.code)
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(check(""), Err(ErrorCode::Required));
        assert_eq!(check("pear-tree-7"), Err(ErrorCode::PasswordTooShort));
        assert_eq!(check("pear-tree-71"), Ok(()));
        assert_eq!(check("größer-wäre"), Err(ErrorCode::PasswordTooShort));
        assert_eq!(check(&"pear-tree-71 ".repeat(19)), Ok(()));
        assert_eq!(check(&"pear-tree-71 ".repeat(20)), Err(ErrorCode::PasswordTooLong));
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "aaaaaaaaaaaa",
            "121212121212",
            "abcabcabcabc",
            "123456789012",
            "210987654321",
            "qwertyuiopas",
            "Password1234",
            "P4ssw0rd2026!",
            "!!!welcome2026",
            "Administrator1",
            "correcthorsebatterystaple",
            "passwordpassword",
            "1q2w3e4r5t6y",
        ] {
            assert_eq!(check(password), Err(ErrorCode::PasswordTooCommon), "{password}");
        }
    }

    #[test]
    fn the_own_address_is_no_password() {
        assert_eq!(check("ada.lovelace@example.com"), Err(ErrorCode::PasswordTooCommon));
        assert_eq!(check("Ada.Lovelace2026"), Err(ErrorCode::PasswordTooCommon));
        assert_eq!(check("ada.lovelace likes pears"), Ok(()));
    }

    #[test]
    fn other_phrases_are_taken() {
        for password in
            ["tangerine bicycle 4", "V7#kq!mZp02x", "password-of-the-lighthouse", "гречневая каша"]
        {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }
}
