//! E-mail addresses as names of accounts.

use std::fmt;

use portal_model::{ErrorCode, Field, FieldError};

/// Longest e-mail address, in characters (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const EMAIL_LENGTH_MAX: usize = 254;
/// Longest part before the `@`, in characters (RFC 5321 section 4.5.3.1.1).
const LOCAL_PART_LENGTH_MAX: usize = 64;

/// An e-mail address: trimmed, one `@`, plain ASCII, so that two addresses that look alike are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Email(String);

impl Email {
    /// Reads an address as a person types it.
    ///
    /// # Errors
    /// `required` when empty, else `email-invalid`; on the field `email`.
    pub(super) fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldError::on(Field::Email, ErrorCode::Required));
        }
        let allowed = |byte: u8| byte.is_ascii_graphic() && !br#"<>()[],;:\""#.contains(&byte);
        let valid = text.len() <= EMAIL_LENGTH_MAX
            && text.bytes().all(allowed)
            && text.split_once('@').is_some_and(|(local, domain)| {
                (1..=LOCAL_PART_LENGTH_MAX).contains(&local.len()) && domain_valid(domain)
            });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::on(Field::Email, ErrorCode::EmailInvalid))
        }
    }

    /// The address as written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in lower case, by which accounts are compared.
    pub(super) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What stands before the `@`.
    pub(super) fn local_part(&self) -> &str {
        local_part(&self.0)
    }

    /// A name to show while nobody has given one: `ada.lovelace@…` becomes `Ada Lovelace`.
    pub(super) fn display_name(&self) -> String {
        let words = self.local_part().split(['.', '_', '-', '+']).filter(|word| !word.is_empty());
        let name = words.map(capitalized).collect::<Vec<_>>().join(" ");
        if name.is_empty() { self.0.clone() } else { name }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What stands before the `@`; the whole text when there is none.
pub(super) fn local_part(email: &str) -> &str {
    email.split_once('@').map_or(email, |(local, _)| local)
}

fn domain_valid(domain: &str) -> bool {
    let label_valid = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    domain.split('.').all(label_valid)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_keep_their_spelling() {
        let email = Email::parse("  Ada.Lovelace@Example.com ").unwrap();
        assert_eq!(email.as_str(), "Ada.Lovelace@Example.com");
        assert_eq!(email.folded(), "ada.lovelace@example.com");
        assert_eq!(email.display_name(), "Ada Lovelace");
        assert!(Email::parse("root@localhost").is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            "a b@c",
            "ada@example..com",
            "ada@-x.com",
            "ада@example.com",
            "<ada@example.com>",
            "ada@example.com\nbcc: eve@example.com",
            long.as_str(),
        ] {
            let refused = FieldError::on(Field::Email, ErrorCode::EmailInvalid);
            assert_eq!(Email::parse(text), Err(refused), "{text}");
        }
        assert_eq!(Email::parse(" "), Err(FieldError::on(Field::Email, ErrorCode::Required)));
    }
}
