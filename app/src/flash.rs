//! What became of the form that was just sent, carried over the redirect in a cookie.
//!
//! The cookie is not signed: whoever could forge it could only put codes of ours, and text into the fields of their own
//! form. It is bounded, parsed strictly, shown once and gone after a minute.

use portal_core::{secret::Secret, time::UnixMillis};
use portal_model::{ErrorCode, Field, FieldError};

/// Longest cookie value, in bytes.
const LENGTH_MAX: usize = 3_000;
/// Longest kept field value, in bytes.
const VALUE_LENGTH_MAX: usize = 512;
/// Most pairs in a cookie.
const PAIRS_MAX: usize = 24;
/// Longest subject, in bytes.
const SUBJECT_LENGTH_MAX: usize = 200;

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// A form of a page.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FormId {
            $($(#[$doc])* $name,)*
        }

        impl FormId {
            /// The word in the cookie.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

forms! {
    /// Sign in.
    SignIn = "sign-in";
    /// Make the first admin.
    FirstAdmin = "first-admin";
    /// Set a password by a link.
    Link = "link";
    /// Change one's own password.
    Password = "password";
    /// Answer an agent.
    Consent = "consent";
    /// Client ID metadata documents on or off.
    Cimd = "cimd";
    /// Which clients may connect.
    Policy = "policy";
    /// Patterns of client documents.
    Patterns = "patterns";
    /// Refresh tokens on or off.
    Refresh = "refresh";
    /// Both lifetimes.
    Lifetimes = "lifetimes";
    /// A plugin source on or off; the subject is its id.
    Source = "source";
    /// The announcement on or off.
    Announce = "announce";
    /// Whom the announcement is for.
    Audience = "audience";
    /// Name and accent.
    Branding = "branding";
    /// The organization's own picture.
    Logo = "logo";
    /// The banner is put away.
    Banner = "banner";
    /// The announcement's words.
    Message = "message";
    /// Invite someone; the subject is the account's id.
    Invite = "invite";
    /// A change to an account; the subject is its id.
    User = "user";
    /// A new password link for an account; the subject is its id.
    Reset = "reset";
    /// Register a client; the subject is its id, the token its secret.
    Client = "client";
    /// A new secret for a client; the subject is its id, the token its secret.
    ClientSecret = "client-secret";
    /// Delete a client; the subject is its id.
    ClientDelete = "client-delete";
    /// Sign-in with a password on or off.
    LocalSignIn = "local-sign-in";
    /// Dynamic client registration on or off.
    Dcr = "dcr";
    /// Star an entity, or take the star back; the subject is its reference.
    Star = "star";
    /// Read a location again; the subject is its id.
    Location = "location";
    /// A run of a directory is asked for.
    OrgRun = "org-run";
    /// A held run is approved or discarded.
    OrgDecision = "org-decision";
    /// The rules of a directory.
    OrgRules = "org-rules";
    /// Somebody is cut off.
    Offboarding = "offboarding";
    /// Disconnect agents; the subject is the client's host, or empty for all.
    Agents = "agents";
    /// Agents of everyone, ended by an admin; the subject is what was ended.
    EveryAgent = "every-agent";
    /// Make a static token; the subject is its name.
    Token = "token";
    /// A static token is replaced; the subject is its id.
    TokenRotation = "token-rotation";
    /// A static token is revoked; the subject is its id.
    TokenEnd = "token-end";
    /// Personal tokens on or off.
    PersonalTokens = "personal-tokens";
    /// Make a token of one's own; the subject is its name.
    OwnToken = "own-token";
    /// One's own token is revoked; the subject is its id.
    OwnTokenEnd = "own-token-end";
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlashOutcome {
    /// Done, at this time.
    Done(UnixMillis),
    /// Not done.
    Refused(Vec<FieldError>),
}

/// The outcome of one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// Which form.
    pub form: FormId,
    /// What it was about, when a page has several of the form.
    pub subject: Option<String>,
    /// How it ended.
    pub outcome: FlashOutcome,
    /// What was typed, never a secret.
    pub values: Vec<(Field, String)>,
    /// A one-time token to be shown once.
    pub link: Option<Secret>,
}

impl Flash {
    /// The cookie's value; `None` when it would be too long even without the typed values.
    #[must_use]
    pub fn encode(&self) -> Option<String> {
        let full = self.encode_with(&self.values);
        if full.len() <= LENGTH_MAX {
            return Some(full);
        }
        Some(self.encode_with(&[])).filter(|short| short.len() <= LENGTH_MAX)
    }

    fn encode_with(&self, values: &[(Field, String)]) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("form", self.form.as_str());
        if let Some(subject) = &self.subject {
            pairs.append_pair("of", subject);
        }
        match &self.outcome {
            FlashOutcome::Done(at) => {
                pairs.append_pair("at", &at.0.to_string());
            }
            FlashOutcome::Refused(errors) => {
                for error in errors {
                    let field = error.field.map_or_else(String::new, field_word);
                    pairs.append_pair("error", &format!("{}@{field}", error.code.as_str()));
                }
            }
        }
        for (field, value) in values.iter().filter(|(_, value)| value.len() <= VALUE_LENGTH_MAX) {
            pairs.append_pair(&format!("was-{}", field_word(*field)), value);
        }
        if let Some(link) = &self.link {
            pairs.append_pair("link", link.expose());
        }
        pairs.finish()
    }

    /// Reads the cookie's value. `None` for anything that [`Self::encode`] would not have written.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > LENGTH_MAX {
            return None;
        }
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).take(PAIRS_MAX + 1).collect();
        if pairs.len() > PAIRS_MAX {
            return None;
        }
        let (mut form, mut subject, mut at, mut link) = (None, None, None, None);
        let (mut errors, mut values) = (Vec::new(), Vec::new());
        for (key, value) in pairs {
            match key.as_ref() {
                "form" if form.is_none() => form = Some(FormId::parse(&value)?),
                "of" if subject.is_none() => subject = Some(bounded(&value, SUBJECT_LENGTH_MAX)?),
                "at" if at.is_none() => at = Some(UnixMillis(value.parse().ok()?)),
                "link" if link.is_none() => link = Some(one_time_token(&value)?),
                "error" => errors.push(parse_error(&value)?),
                other => {
                    let field = parse_field(other.strip_prefix("was-")?)?;
                    values.push((field, bounded(&value, VALUE_LENGTH_MAX)?));
                }
            }
        }
        let outcome = match (at, errors.is_empty()) {
            (Some(at), true) => FlashOutcome::Done(at),
            (None, false) => FlashOutcome::Refused(errors),
            _ => return None,
        };
        Some(Self { form: form?, subject, outcome, values, link })
    }
}

fn bounded(value: &str, length_max: usize) -> Option<String> {
    let fits = value.len() <= length_max && !value.chars().any(char::is_control);
    fits.then(|| value.to_owned())
}

fn one_time_token(value: &str) -> Option<Secret> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (!value.is_empty() && value.len() <= 128 && value.bytes().all(allowed)).then(|| Secret::new(value))
}

fn parse_error(value: &str) -> Option<FieldError> {
    let (code, field) = value.split_once('@')?;
    let field = if field.is_empty() { None } else { Some(parse_field(field)?) };
    Some(FieldError { code: ErrorCode::parse(code)?, field })
}

fn field_word(field: Field) -> String {
    // The serialized form is the one list of names; a unit variant always serializes to a string.
    serde_json::to_value(field).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn parse_field(word: &str) -> Option<Field> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Flash {
        Flash {
            form: FormId::Lifetimes,
            subject: None,
            outcome: FlashOutcome::Refused(vec![
                FieldError::on(Field::TokenLifetimeDays, ErrorCode::TokenLifetimeOutOfRange),
                ErrorCode::Conflict.into(),
            ]),
            values: vec![(Field::TokenLifetimeDays, "a;b=\"<ü>".to_owned())],
            link: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let done = Flash {
            form: FormId::Invite,
            subject: Some("user:default/ada".to_owned()),
            outcome: FlashOutcome::Done(UnixMillis(1_795_000_000_000)),
            values: Vec::new(),
            link: Some(Secret::new("abc-DEF_123")),
        };
        for flash in [refused(), done] {
            let text = flash.encode().unwrap();
            assert!(crate::cookies::set(crate::cookies::FLASH, &text, true, 60).is_some(), "{text}");
            assert_eq!(Flash::decode(&text), Some(flash));
        }
    }

    #[test]
    fn forged_cookies_show_nothing() {
        let forged = [
            "",
            "form=lifetimes",
            "form=lifetimes&at=1&error=conflict@",
            "form=unknown&at=1",
            "form=cimd&at=now",
            "form=cimd&error=You+have+won@",
            "form=cimd&error=conflict@nowhere",
            "form=cimd&at=1&message=Call+555",
            "form=cimd&at=1&form=cimd",
            "form=invite&at=1&link=%22%3E%3Cscript%3E",
            "form=cimd&at=1&of=a%0Ab",
        ];
        for text in forged {
            assert_eq!(Flash::decode(text), None, "{text}");
        }
        assert_eq!(Flash::decode(&format!("form=cimd&at=1&of={}", "a".repeat(LENGTH_MAX))), None);
    }

    #[test]
    fn values_too_long_for_a_cookie_are_dropped_before_the_outcome() {
        let mut flash = refused();
        flash.values = (0..10).map(|_| (Field::Message, "ä".repeat(250))).collect();
        let text = flash.encode().unwrap();
        assert_eq!(Flash::decode(&text).map(|flash| flash.values), Some(Vec::new()));
    }
}
