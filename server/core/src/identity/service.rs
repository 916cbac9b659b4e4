//! Sign-in, sessions, and the life of local accounts.

use portal_model::{EntityRef, FieldError};
use thiserror::Error;

use super::{Admin, Identity, RequestOrigin, SignedIn, User};
use crate::{ids::UserId, ports::StoreError, secret::Secret};

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
pub enum SignInOutcome {
    /// Signed in.
    SignedIn(NewBrowserSession),
    /// Refused: `credentials-wrong`, `too-many-attempts` or `account-disabled`.
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
    /// Admin from now on; the person's browser sessions get new ids at the next sign-in.
    GrantAdmin,
    /// No admin any more; the person's browser sessions end.
    RevokeAdmin,
}

/// Accounts and browser sessions.
pub struct IdentityService {
    dependencies: crate::services::Dependencies,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl IdentityService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// A new link that makes the first admin, replacing earlier ones; `None` once an admin exists.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first_admin_link(&self) -> Result<Option<Secret>, IdentityError> {
        let _ = &self.dependencies;
        Ok(None)
    }

    /// Whether this token would make the first admin now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first_admin_link_valid(&self, token: &Secret) -> Result<bool, IdentityError> {
        let _ = token;
        Ok(false)
    }

    /// Makes the first admin by the link's token and signs them in. The link is used up only when the account is made.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `link-invalid`, `email-invalid`, `password-…`.
    pub async fn first_admin_create(
        &self,
        token: &Secret,
        email: &str,
        display_name: &str,
        password: &Secret,
        origin: &RequestOrigin,
    ) -> Result<NewBrowserSession, IdentityError> {
        let _ = (token, email, display_name, password, origin);
        Err(IdentityError::Internal(String::new()))
    }

    /// Makes a local admin from the command line, active at once.
    ///
    /// # Errors
    /// [`IdentityError::Refused`].
    pub async fn admin_create(
        &self,
        admin: &Admin,
        email: &str,
        display_name: &str,
        password: &Secret,
    ) -> Result<User, IdentityError> {
        let _ = (admin, email, display_name, password);
        Err(IdentityError::Internal(String::new()))
    }

    /// Signs in with e-mail and password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_in(&self, sign_in: SignIn, origin: &RequestOrigin) -> Result<SignInOutcome, IdentityError> {
        let _ = (sign_in, origin);
        Err(IdentityError::Internal(String::new()))
    }

    /// Who holds this session cookie: checks the session, its idle and absolute expiry, the account's status and epoch.
    ///
    /// # Errors
    /// The store failed.
    pub async fn identify(&self, cookie: Option<&Secret>, origin: RequestOrigin) -> Result<Identity, IdentityError> {
        let _ = cookie;
        Ok(Identity::Anonymous(origin))
    }

    /// Ends this browser session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), IdentityError> {
        let _ = signed_in;
        Ok(())
    }

    /// Ends every browser session and every agent session of the person.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out_everywhere(&self, signed_in: &SignedIn) -> Result<(), IdentityError> {
        let _ = signed_in;
        Ok(())
    }

    /// Changes the person's password; every browser session ends, this browser gets a new one.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] on `current_password` or `password`.
    pub async fn password_change(
        &self,
        signed_in: &SignedIn,
        current: &Secret,
        new: &Secret,
    ) -> Result<NewBrowserSession, IdentityError> {
        let _ = (signed_in, current, new);
        Err(IdentityError::Internal(String::new()))
    }

    /// The account that an invitation or reset link is about; `None` when the link does not work any more.
    ///
    /// # Errors
    /// The store failed.
    pub async fn link_user(&self, token: &Secret) -> Result<Option<User>, IdentityError> {
        let _ = token;
        Ok(None)
    }

    /// Sets a password by an invitation or reset link, and signs the person in.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `link-invalid` or `password-…`.
    pub async fn link_accept(
        &self,
        token: &Secret,
        password: &Secret,
        origin: &RequestOrigin,
    ) -> Result<NewBrowserSession, IdentityError> {
        let _ = (token, password, origin);
        Err(IdentityError::Internal(String::new()))
    }

    /// Makes an account that has no password yet.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] on `email` or `entity_ref`.
    pub async fn user_invite(&self, admin: &Admin, user: NewUser) -> Result<InvitedUser, IdentityError> {
        let _ = (admin, user);
        Err(IdentityError::Internal(String::new()))
    }

    /// Changes what an account may do.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `not-found`, `conflict` or `last-admin`.
    pub async fn user_change(&self, admin: &Admin, user: &UserId, change: UserChange) -> Result<User, IdentityError> {
        let _ = (admin, user, change);
        Err(IdentityError::Internal(String::new()))
    }

    /// A new link by which a person sets a new password (or the first one); earlier ones stop working.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `not-found` or `account-disabled`.
    pub async fn user_reset_password(&self, admin: &Admin, user: &UserId) -> Result<InvitedUser, IdentityError> {
        let _ = (admin, user);
        Err(IdentityError::Internal(String::new()))
    }

    /// Accounts that contain a text, by name, after one of them, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_list(
        &self,
        admin: &Admin,
        search: &str,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<User>, IdentityError> {
        let _ = (admin, search, after, limit);
        Ok(Vec::new())
    }

    /// The account a command names, by e-mail, entity ref or id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_find(&self, admin: &Admin, name: &str) -> Result<Option<User>, IdentityError> {
        let _ = (admin, name);
        Ok(None)
    }

    /// The accounts tied to a user entity.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_list_by_entity(&self, entity_ref: &EntityRef) -> Result<Vec<User>, IdentityError> {
        let _ = entity_ref;
        Ok(Vec::new())
    }
}
