//! Sign-in, sessions, and the life of local accounts: what is asked and answered. What is done stands in the modules
//! beside: `sign_in`, `session`, `links`, `accounts`.

use std::sync::Arc;

use portal_model::{ErrorCode, FieldError};
use thiserror::Error;

use super::{User, hasher::PasswordHasher, limits::AttemptLimits, session::SessionCache};
use crate::{
    audit::{Actor, AuditEvent},
    identity::RequestOrigin,
    ports::StoreError,
    secret::Secret,
    services::Dependencies,
    settings::SettingsService,
    time::UnixMillis,
};

/// Why something about an account did not happen.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The input was refused.
    #[error(transparent)]
    Refused(#[from] FieldError),
    /// A fault of ours, such as a hash that cannot be computed.
    #[error("internal: {0}")]
    Internal(String),
}

/// A sign-in with e-mail and password.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: Secret,
    /// Value of the long-lived cookie that this browser holds since an earlier sign-in.
    pub known_browser: Option<Secret>,
    /// Cookie value of the session this browser has, if any; it ends.
    pub previous_session: Option<Secret>,
}

/// A browser session just made.
#[derive(Debug, Clone)]
pub struct NewBrowserSession {
    /// Value for the session cookie.
    pub cookie: Secret,
    /// Value for the long-lived cookie by which this browser is known again.
    pub known_browser: Secret,
    /// Whose it is.
    pub user: User,
}

/// What became of a sign-in. Refusals are counted and audited, so they are values, not errors.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "made once a sign-in and taken apart at once")]
pub enum SignInOutcome {
    /// Signed in.
    SignedIn(NewBrowserSession),
    /// Refused: `credentials-wrong`, `too-many-attempts`, `account-disabled` or `local-sign-in-off`.
    Refused(FieldError),
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// E-mail address, as typed.
    pub email: String,
    /// Name shown; taken from the e-mail when empty.
    pub display_name: String,
    /// The user entity to tie it to, as typed; a new one is made when empty.
    pub entity_ref: String,
    /// Whether the person shall be an admin.
    pub admin: bool,
}

/// An account made, and the link by which the person sets a password.
#[derive(Debug, Clone)]
pub struct InvitedUser {
    /// The account.
    pub user: User,
    /// Token for `/sign-in/link?token=…`; 24 hours, single use.
    pub link: Secret,
}

/// What an admin does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserChange {
    /// No sign-in any more; everything issued ends at once.
    Disable,
    /// Sign-in again.
    Enable,
    /// Admin from now on; the person's browser sessions end, so that no session has one id in two roles.
    GrantAdmin,
    /// No admin any more; the person's browser sessions end.
    RevokeAdmin,
}

impl From<ErrorCode> for IdentityError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code.into())
    }
}

/// Accounts and browser sessions.
pub struct IdentityService {
    pub(super) dependencies: Dependencies,
    pub(super) settings: Arc<SettingsService>,
    pub(super) hasher: PasswordHasher,
    pub(super) limits: AttemptLimits,
    pub(super) sessions: SessionCache,
}

impl IdentityService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        Self {
            hasher: PasswordHasher::new(Arc::clone(&dependencies.rng)),
            limits: AttemptLimits::default(),
            sessions: SessionCache::new(),
            settings,
            dependencies,
        }
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.dependencies.clock.now()
    }

    /// An audit row for something done now.
    pub(super) fn event(&self, actor: Actor, action: &str, origin: &RequestOrigin) -> AuditEvent {
        AuditEvent::done(&*self.dependencies.rng, self.now(), actor, action, origin)
    }
}
