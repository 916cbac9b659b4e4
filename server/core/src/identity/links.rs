//! One-time links: the first admin, invitations, new passwords.

use portal_model::ErrorCode;

use super::{
    Admin, IdentityError, IdentityService, LinkPurpose, NewBrowserSession, OneTimeLink, RequestOrigin, User,
    UserStatus, hasher::Urgency, new_account::NewAccount, password::password_check, sign_in::user_lock,
};
use crate::{
    audit::Actor,
    changes::Topic,
    ids::UserId,
    ports::{StoreError, WriteTransaction},
    secret::Secret,
    time::DAY_MS,
};

/// How long a one-time link works, in milliseconds.
const LINK_LIFETIME_MS: i64 = DAY_MS;

impl IdentityService {
    /// A new link that makes the first admin, replacing earlier ones; `None` once an admin exists.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first_admin_link(&self) -> Result<Option<Secret>, IdentityError> {
        if self.dependencies.store.read().await?.user_count_active_admins().await? > 0 {
            return Ok(None);
        }
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        if tx.user_count_active_admins().await? > 0 {
            return Ok(None);
        }
        let token = self.link_replace(tx.as_mut(), LinkPurpose::FirstAdmin, None).await?;
        tx.audit_append(&self.event(Actor::System, "first-admin-link.created", &RequestOrigin::default()))
            .await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(Some(token))
    }

    /// Whether this token would make the first admin now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first_admin_link_valid(&self, token: &Secret) -> Result<bool, IdentityError> {
        let mut store = self.dependencies.store.read().await?;
        let link = store.link_by_hash(&token.hash()).await?;
        let works = link.is_some_and(|link| self.works(&link) && link.purpose == LinkPurpose::FirstAdmin);
        Ok(works && store.user_count_active_admins().await? == 0)
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
        if !self.first_admin_link_valid(token).await? {
            return Err(ErrorCode::LinkInvalid.into());
        }
        let account = self.admin_account(email, display_name, password).await?;
        let mut tx = self.dependencies.store.write().await?;
        // Whoever else makes an admin waits here, and is seen by the count or sees ours.
        tx.change_record(Topic::Access).await?;
        if tx.user_count_active_admins().await? > 0 || !tx.link_consume(&token.hash(), self.now()).await? {
            return Err(ErrorCode::LinkInvalid.into());
        }
        let mut user = self.account_insert(tx.as_mut(), account).await?;
        user.last_sign_in_at = Some(self.now());
        tx.user_update(&user).await?;
        let event = self.event(user_actor(&user), "user.created", origin).target(user.id.as_str());
        tx.audit_append(&event.details(serde_json::json!({ "admin": true, "by": "first-admin-link" })))
            .await?;
        let session = self.session_start(tx.as_mut(), user, None, origin).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(session)
    }

    /// Makes a local admin from the command line, active at once. Links that make the first admin stop working.
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
        let account = self.admin_account(email, display_name, password).await?;
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let user = self.account_insert(tx.as_mut(), account).await?;
        tx.link_delete(LinkPurpose::FirstAdmin, None).await?;
        let event = self.event(admin.actor(), "user.created", admin.origin()).target(user.id.as_str());
        tx.audit_append(&event.details(serde_json::json!({ "admin": true }))).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(user)
    }

    async fn admin_account(
        &self,
        email: &str,
        display_name: &str,
        password: &Secret,
    ) -> Result<NewAccount, IdentityError> {
        let account = NewAccount::parse(email, display_name, true)?;
        password_check(password, email.trim())?;
        Ok(account.with_password(self.hasher.hash(password, Urgency::Known).await?))
    }

    /// The account that an invitation or reset link is about; `None` when the link does not work any more.
    ///
    /// # Errors
    /// The store failed.
    pub async fn link_user(&self, token: &Secret) -> Result<Option<User>, IdentityError> {
        let mut store = self.dependencies.store.read().await?;
        let link = store.link_by_hash(&token.hash()).await?.filter(|link| self.works(link));
        let Some(user_id) = link.and_then(|link| link.user_id) else { return Ok(None) };
        let user = store.user_by_id(&user_id).await?;
        Ok(user.filter(|user| !user.status.is_refused()))
    }

    /// Sets a password by an invitation or reset link, and signs the person in. Every earlier browser session ends.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `link-invalid`, `password-…`, or `local-sign-in-off` for those who are no admins.
    pub async fn link_accept(
        &self,
        token: &Secret,
        password: &Secret,
        origin: &RequestOrigin,
    ) -> Result<NewBrowserSession, IdentityError> {
        let user = self.link_user(token).await?.ok_or(ErrorCode::LinkInvalid)?;
        // Admins can come in by a link of the command line, so that somebody can mend a provider's sign-in.
        if !user.admin && !self.local_sign_in_enabled().await? {
            return Err(ErrorCode::LocalSignInOff.into());
        }
        password_check(password, user.email.as_deref().unwrap_or_default())?;
        let hash = self.hasher.hash(password, Urgency::Known).await?;

        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let mut user = user_lock(tx.as_mut(), &user, user.status).await?.ok_or(ErrorCode::LinkInvalid)?;
        if !tx.link_consume(&token.hash(), self.now()).await? {
            return Err(ErrorCode::LinkInvalid.into());
        }
        if user.status == UserStatus::Invited {
            tx.user_set_status(&user.id, UserStatus::Invited, UserStatus::Active).await?;
            user.status = UserStatus::Active;
        }
        user.password_hash = Some(hash);
        user.last_sign_in_at = Some(self.now());
        tx.user_update(&user).await?;
        tx.browser_session_delete_by_user(&user.id).await?;
        // A browser that knew the old password has no privilege with the new one.
        tx.known_browser_delete_by_user(&user.id).await?;
        self.links_delete(tx.as_mut(), &user.id).await?;
        let event = self.event(user_actor(&user), "user.password-set", origin).target(user.id.as_str());
        tx.audit_append(&event).await?;
        let session = self.session_start(tx.as_mut(), user, None, origin).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(session)
    }

    /// Makes a link in place of the person's earlier ones, inside a transaction.
    pub(super) async fn link_replace(
        &self,
        tx: &mut dyn WriteTransaction,
        purpose: LinkPurpose,
        user: Option<&UserId>,
    ) -> Result<Secret, StoreError> {
        match user {
            Some(user) => self.links_delete(tx, user).await?,
            None => {
                tx.link_delete(purpose, None).await?;
            }
        }
        let token = Secret::generate(&*self.dependencies.rng);
        let now = self.now();
        let link = OneTimeLink {
            hash: token.hash(),
            purpose,
            user_id: user.cloned(),
            created_at: now,
            expires_at: now.plus(LINK_LIFETIME_MS),
            consumed_at: None,
        };
        tx.link_insert(&link).await?;
        Ok(token)
    }

    /// Takes all links of a person back.
    pub(super) async fn links_delete(
        &self,
        tx: &mut dyn WriteTransaction,
        user: &UserId,
    ) -> Result<(), StoreError> {
        tx.link_delete(LinkPurpose::Invitation, Some(user)).await?;
        tx.link_delete(LinkPurpose::PasswordReset, Some(user)).await?;
        Ok(())
    }

    fn works(&self, link: &OneTimeLink) -> bool {
        link.consumed_at.is_none() && self.now() < link.expires_at
    }
}

fn user_actor(user: &User) -> Actor {
    Actor::User { id: user.id.0.clone(), name: user.entity_ref.to_string() }
}
