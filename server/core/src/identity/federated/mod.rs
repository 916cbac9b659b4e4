//! Sign-in with the organisation's providers: who may sign in is what the catalog and the directories say; the provider
//! only vouches for who sits at the browser.
//!
//! A sign-in waits in the store as two hashes, of its `state` and of a cookie of the browser that began it. What has to
//! be known again when the browser comes back (the nonce, and the proof key of RFC 7636) is derived from both values
//! themselves, so that the store holds nothing that could finish a sign-in.

mod finish;
mod id_token;
mod keys;
mod local;
mod person;
mod start;

use std::sync::Arc;

use portal_model::ErrorCode;

use super::NewBrowserSession;
use crate::{
    org::ProviderId,
    ports::SignInClient,
    secret::{Secret, SecretHash},
    time::{MINUTE_MS, UnixMillis},
};

pub use id_token::{ExpectedIdToken, IdToken, IdTokenClaims, IdTokenFault};
pub(crate) use local::an_admin_can_sign_in;

/// How long a person may take at the provider, in milliseconds.
pub const PROVIDER_SIGN_IN_MS: i64 = 10 * MINUTE_MS;

/// A provider that people sign in with.
#[derive(Clone)]
pub struct SignInProvider {
    /// The provider of the directory whose people these are.
    pub id: ProviderId,
    /// What stands after "Sign in with".
    pub label: String,
    /// How the person is found.
    pub by: SignInBy,
    /// Asks the provider.
    pub client: Arc<dyn SignInClient>,
}

/// By what someone whom a provider vouches for is found among the people of its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignInBy {
    /// The stable id.
    #[default]
    Subject,
    /// An e-mail address that the provider says is verified, and that exactly one person of the directory has.
    VerifiedEmail,
}

/// A sign-in that waits for its browser to come back from the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    /// Hash of the state.
    pub state_hash: SecretHash,
    /// Hash of the cookie of the browser that began it.
    pub browser_hash: SecretHash,
    /// The provider that was asked.
    pub provider: String,
    /// The path of Portal to go on to.
    pub return_to: Option<String>,
    /// When it began.
    pub created_at: UnixMillis,
    /// When it stops working.
    pub expires_at: UnixMillis,
}

/// A sign-in to begin.
#[derive(Debug, Clone, Default)]
pub struct ProviderSignInStart {
    /// Id of the provider, as in the address.
    pub provider: String,
    /// The path of Portal to go on to, already known to be one.
    pub return_to: Option<String>,
    /// The browser's cookie for sign-ins under way, if it has one.
    pub browser: Option<Secret>,
    /// Whether the person wants to choose an account.
    pub again: bool,
}

/// What became of beginning a sign-in.
#[derive(Debug, Clone)]
pub enum ProviderSignInStarted {
    /// The browser is sent away.
    Begun {
        /// Where to.
        location: String,
        /// Value for the cookie that binds the sign-in to this browser.
        browser: Secret,
    },
    /// Refused: `not-found`, `too-many-attempts`, `provider-unavailable` or `provider-misconfigured`.
    Refused(ErrorCode),
}

/// What came back with a browser.
#[derive(Debug, Clone, Default)]
pub struct ProviderAnswer {
    /// Id of the provider, as in the address.
    pub provider: String,
    /// `state`
    pub state: Option<Secret>,
    /// `code`
    pub code: Option<Secret>,
    /// `error`
    pub error: Option<String>,
    /// `iss` (RFC 9207)
    pub issuer: Option<String>,
    /// The browser's cookie for sign-ins under way.
    pub browser: Option<Secret>,
    /// The long-lived cookie that this browser holds since an earlier sign-in.
    pub known_browser: Option<Secret>,
    /// Cookie value of the session this browser has, if any; it ends.
    pub previous_session: Option<Secret>,
}

/// What became of a sign-in with a provider. Refusals are audited, so they are values, not errors.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "made once a sign-in and taken apart at once")]
pub enum ProviderSignInOutcome {
    /// Signed in.
    SignedIn {
        /// The session.
        session: NewBrowserSession,
        /// The path of Portal to go on to.
        return_to: Option<String>,
    },
    /// Refused.
    Refused {
        /// Why.
        code: ErrorCode,
        /// The path of Portal to go on to after another try; `None` also when it is not known.
        return_to: Option<String>,
    },
}
