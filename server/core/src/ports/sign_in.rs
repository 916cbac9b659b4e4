//! Asking an identity provider who sits at a browser (OAuth 2.0 code flow, OpenID Connect where the provider speaks it).

use async_trait::async_trait;
use thiserror::Error;

use crate::{org::Subject, secret::Secret};

/// Most verified e-mail addresses of one person that are looked at.
pub const VERIFIED_EMAILS_MAX: usize = 20;

/// What one sign-in sends to the provider. State, nonce and verifier are 43 characters of base64url, each used once.
#[derive(Debug, Clone, Copy)]
pub struct SignInQuestion<'sign_in> {
    /// Where the provider sends the browser back to.
    pub redirect_uri: &'sign_in str,
    /// Comes back with the browser (RFC 6749 section 4.1.1).
    pub state: &'sign_in Secret,
    /// Comes back inside the ID token (OpenID Connect Core section 3.1.2.1).
    pub nonce: &'sign_in Secret,
    /// Proves at the token endpoint that the code is ours (RFC 7636); only its hash goes with the browser.
    pub verifier: &'sign_in Secret,
    /// Whether the person wants to choose an account rather than go on as whoever is signed in there.
    pub again: bool,
}

/// What came back with the browser.
#[derive(Debug, Clone, Copy)]
pub struct SignInReply<'sign_in> {
    /// The authorization code.
    pub code: &'sign_in Secret,
    /// The issuer that says it answered (RFC 9207); `None` when none was named.
    pub issuer: Option<&'sign_in str>,
    /// As in the question.
    pub redirect_uri: &'sign_in str,
    /// As in the question.
    pub nonce: &'sign_in Secret,
    /// As in the question.
    pub verifier: &'sign_in Secret,
}

/// Someone whom the provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchedPerson {
    /// The provider's stable id.
    pub subject: Subject,
    /// E-mail addresses of which the provider says that they are verified, at most [`VERIFIED_EMAILS_MAX`]; empty unless
    /// people are recognised by them.
    pub verified_emails: Vec<String>,
}

/// Why the provider vouched for nobody. The texts are for the log: nothing secret, nothing that the provider wrote.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignInError {
    /// No answer, or one that says nothing definite.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// The provider refused this sign-in, such as a code that is used or too old.
    #[error("the provider refused the sign-in: {0}")]
    Refused(String),
    /// An answer that does not prove what it says.
    #[error("the provider's answer cannot be trusted: {0}")]
    NotTrusted(String),
    /// The configuration does not fit the provider, such as a wrong client secret.
    #[error("the sign-in is configured wrongly: {0}")]
    Misconfigured(String),
}

/// Signs people in with one provider. Holds no state that another node needs.
#[async_trait]
pub trait SignInClient: Send + Sync + 'static {
    /// The address that the browser is sent to.
    ///
    /// # Errors
    /// [`SignInError`].
    async fn question(&self, question: SignInQuestion<'_>) -> Result<String, SignInError>;

    /// Who answered: exchanges the code and checks every proof that the provider gives.
    ///
    /// # Errors
    /// [`SignInError`].
    async fn person(&self, reply: SignInReply<'_>) -> Result<VouchedPerson, SignInError>;
}
