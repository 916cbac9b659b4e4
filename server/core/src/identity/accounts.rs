//! What admins do with accounts.

use portal_model::{EntityRef, ErrorCode, entity_ref::DEFAULT_NAMESPACE};

use super::{
    Admin, IdentityError, IdentityService, InvitedUser, LOCAL_PROVIDER, LinkPurpose, NewUser, User,
    UserChange, UserStatus,
    local_entity::{USER_KIND, entity_ensure, entity_remove},
    new_account::NewAccount,
    session::access_end,
    sign_in::user_lock,
};
use crate::{changes::Topic, ids::UserId, org::user_refusal, ports::WriteTransaction};

/// Most accounts of one page of a list.
const USER_LIST_LENGTH_MAX: u32 = 200;

impl UserChange {
    const fn action(self) -> &'static str {
        match self {
            Self::Disable => "user.disabled",
            Self::Enable => "user.enabled",
            Self::GrantAdmin => "user.admin-granted",
            Self::RevokeAdmin => "user.admin-revoked",
        }
    }

    /// Whether the account is as this change would make it.
    const fn is_made(self, user: &User) -> bool {
        match self {
            Self::Disable => matches!(user.status, UserStatus::Disabled),
            Self::Enable => !matches!(user.status, UserStatus::Disabled),
            Self::GrantAdmin => user.admin,
            Self::RevokeAdmin => !user.admin,
        }
    }
}

impl IdentityService {
    /// Makes an account that has no password yet. Without an entity ref it is tied to the one user of the catalog that
    /// has this e-mail address and no account, or else to a new one.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] on `email`, `display_name` or `entity_ref`.
    pub async fn user_invite(&self, admin: &Admin, user: NewUser) -> Result<InvitedUser, IdentityError> {
        let account =
            NewAccount::parse(&user.email, &user.display_name, user.admin)?.tied_to(&user.entity_ref)?;
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let user = self.account_insert(tx.as_mut(), account).await?;
        let link = self.link_replace(tx.as_mut(), LinkPurpose::Invitation, Some(&user.id)).await?;
        let event = self.event(admin.actor(), "user.invited", admin.origin()).target(user.id.as_str());
        let details = serde_json::json!({ "entityRef": user.entity_ref, "admin": user.admin });
        tx.audit_append(&event.details(details)).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(InvitedUser { user, link })
    }

    /// Changes what an account may do.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `not-found`, `conflict` when it is so already, or `last-admin`.
    pub async fn user_change(
        &self,
        admin: &Admin,
        user: &UserId,
        change: UserChange,
    ) -> Result<User, IdentityError> {
        let mut tx = self.dependencies.store.write().await?;
        // Two admins who take each other's role at the same moment wait here for each other.
        tx.change_record(Topic::Access).await?;
        let found = tx.user_by_id(user).await?.ok_or(ErrorCode::NotFound)?;
        let user = user_lock(tx.as_mut(), &found, found.status).await?.ok_or(ErrorCode::Conflict)?;
        if change == UserChange::Enable {
            self.directories_agree(tx.as_mut(), &user).await?;
        }
        if change == UserChange::RevokeAdmin && tx.account_admin_by_group(&user.id).await? {
            return Err(ErrorCode::AdminByGroup.into());
        }
        if change.is_made(&user) {
            return Err(ErrorCode::Conflict.into());
        }
        let details = self.change_make(tx.as_mut(), user.clone(), change).await?;
        let was_active_admin = user.admin && user.status == UserStatus::Active;
        if was_active_admin {
            self.last_admin_check(tx.as_mut()).await?;
        }
        let event = self.event(admin.actor(), change.action(), admin.origin()).target(user.id.as_str());
        tx.audit_append(&event.details(details)).await?;
        let changed = tx.user_by_id(&user.id).await?.ok_or(ErrorCode::NotFound)?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(changed)
    }

    /// Nobody whom a directory says to be suspended is let in by hand.
    async fn directories_agree(
        &self,
        tx: &mut dyn WriteTransaction,
        user: &User,
    ) -> Result<(), IdentityError> {
        let refused = user_refusal(tx, &self.dependencies.directories, user).await?;
        if user.status == UserStatus::Suspended || refused {
            Err(ErrorCode::AccountSuspended.into())
        } else {
            Ok(())
        }
    }

    async fn change_make(
        &self,
        tx: &mut dyn WriteTransaction,
        mut user: User,
        change: UserChange,
    ) -> Result<serde_json::Value, IdentityError> {
        match change {
            UserChange::Disable => {
                tx.user_set_status(&user.id, user.status, UserStatus::Disabled).await?;
                self.links_delete(tx, &user.id).await?;
                tx.known_browser_delete_by_user(&user.id).await?;
                entity_remove(tx, &user).await?;
                Ok(access_end(tx, &user.id, self.now()).await?.details())
            }
            UserChange::Enable => {
                let status = if user.password_hash.is_some() || user.provider != LOCAL_PROVIDER {
                    UserStatus::Active
                } else {
                    UserStatus::Invited
                };
                tx.user_set_status(&user.id, UserStatus::Disabled, status).await?;
                if user.provider == LOCAL_PROVIDER {
                    entity_ensure(tx, &user, self.now()).await?;
                }
                Ok(serde_json::Value::Null)
            }
            UserChange::GrantAdmin | UserChange::RevokeAdmin => {
                user.admin = change == UserChange::GrantAdmin;
                tx.user_update(&user).await?;
                tx.account_set_admin_by_group(&user.id, false).await?;
                // A new role needs a new session id; the person's browser gets it at the next sign-in.
                let ended = tx.browser_session_delete_by_user(&user.id).await?;
                Ok(serde_json::json!({ "browserSessions": ended }))
            }
        }
    }

    /// A new link by which a person sets a new password (or the first one); earlier ones stop working. The password in
    /// force works until the link is used.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] with `not-found`, `invalid` for an account of another provider, or `account-disabled`.
    pub async fn user_reset_password(
        &self,
        admin: &Admin,
        user: &UserId,
    ) -> Result<InvitedUser, IdentityError> {
        let mut tx = self.dependencies.store.write().await?;
        let found = tx.user_by_id(user).await?.ok_or(ErrorCode::NotFound)?;
        let user = user_lock(tx.as_mut(), &found, found.status).await?.ok_or(ErrorCode::Conflict)?;
        if user.provider != LOCAL_PROVIDER {
            return Err(ErrorCode::Invalid.into());
        }
        let purpose = match user.status {
            UserStatus::Disabled => return Err(ErrorCode::AccountDisabled.into()),
            UserStatus::Suspended => return Err(ErrorCode::AccountSuspended.into()),
            UserStatus::Invited => LinkPurpose::Invitation,
            UserStatus::Active => LinkPurpose::PasswordReset,
        };
        let link = self.link_replace(tx.as_mut(), purpose, Some(&user.id)).await?;
        let event = self.event(admin.actor(), "user.link-created", admin.origin()).target(user.id.as_str());
        tx.audit_append(&event.details(serde_json::json!({ "purpose": purpose.as_str() }))).await?;
        tx.commit().await?;
        Ok(InvitedUser { user, link })
    }

    /// Accounts that contain a text, by name, after one of them, at most `limit` (and never more than 200).
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_list(
        &self,
        _admin: &Admin,
        search: &str,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<User>, IdentityError> {
        let mut store = self.dependencies.store.read().await?;
        Ok(store.user_list(search.trim(), after, limit.min(USER_LIST_LENGTH_MAX)).await?)
    }

    /// The account a command names, by id, e-mail or entity ref; `None` also when several accounts have the ref.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_find(&self, _admin: &Admin, name: &str) -> Result<Option<User>, IdentityError> {
        let name = name.trim();
        let mut store = self.dependencies.store.read().await?;
        if let Some(user) = store.user_by_id(&UserId(name.to_owned())).await? {
            return Ok(Some(user));
        }
        if name.contains('@') {
            return Ok(store.user_by_email(LOCAL_PROVIDER, name).await?);
        }
        let Ok(entity_ref) = EntityRef::parse_with(name, Some(USER_KIND), DEFAULT_NAMESPACE) else {
            return Ok(None);
        };
        let mut users = store.user_list_by_entity_ref(&entity_ref).await?.into_iter();
        Ok(users.next().filter(|_| users.next().is_none()))
    }

    /// The accounts tied to a user entity.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_list_by_entity(&self, entity_ref: &EntityRef) -> Result<Vec<User>, IdentityError> {
        Ok(self.dependencies.store.read().await?.user_list_by_entity_ref(entity_ref).await?)
    }
}
