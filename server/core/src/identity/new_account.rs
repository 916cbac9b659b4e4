//! The making of a local account, inside a transaction.

use portal_model::{EntityRef, ErrorCode, Field, FieldError, entity_ref::DEFAULT_NAMESPACE};

use super::{
    IdentityError, IdentityService, LOCAL_PROVIDER, PasswordHash, User, UserStatus,
    email::Email,
    local_entity::{USER_KIND, entity_ensure, entity_ref_new, entity_suggest},
};
use crate::{
    ids::UserId,
    org::{person_at, user_refusal},
    ports::WriteTransaction,
};

/// Longest name shown, in characters.
const DISPLAY_NAME_LENGTH_MAX: usize = 100;

/// An account to be made, its values checked.
pub(super) struct NewAccount {
    email: Email,
    display_name: String,
    entity_ref: Option<EntityRef>,
    admin: bool,
    password_hash: Option<PasswordHash>,
}

impl NewAccount {
    /// Reads what was typed. Without a display name the e-mail gives one.
    ///
    /// # Errors
    /// On `email` or `display_name`.
    pub(super) fn parse(email: &str, display_name: &str, admin: bool) -> Result<Self, FieldError> {
        let email = Email::parse(email)?;
        let display_name = display_name.trim();
        let on_name = |code| Err(FieldError::on(Field::DisplayName, code));
        if display_name.chars().take(DISPLAY_NAME_LENGTH_MAX + 1).count() > DISPLAY_NAME_LENGTH_MAX {
            return on_name(ErrorCode::TooLong);
        }
        if display_name.chars().any(char::is_control) {
            return on_name(ErrorCode::Invalid);
        }
        let display_name =
            if display_name.is_empty() { email.display_name() } else { display_name.to_owned() };
        Ok(Self { email, display_name, entity_ref: None, admin, password_hash: None })
    }

    /// The same account tied to the entity that was typed; `user:` and `default/` may be left out.
    ///
    /// # Errors
    /// `entity-ref-invalid` on `entity_ref`, also for a ref of another kind.
    pub(super) fn tied_to(mut self, typed: &str) -> Result<Self, FieldError> {
        let typed = typed.trim();
        if !typed.is_empty() {
            let invalid = FieldError::on(Field::EntityRef, ErrorCode::EntityRefInvalid);
            let entity_ref =
                EntityRef::parse_with(typed, Some(USER_KIND), DEFAULT_NAMESPACE).map_err(|_| invalid)?;
            if entity_ref.kind() != USER_KIND {
                return Err(invalid);
            }
            self.entity_ref = Some(entity_ref);
        }
        Ok(self)
    }

    /// The same account with a password: active, not invited.
    pub(super) fn with_password(mut self, hash: PasswordHash) -> Self {
        self.password_hash = Some(hash);
        self
    }
}

impl IdentityService {
    /// Adds an account and ties it to its entity: the one that was typed; else the one user of the catalog that has this
    /// e-mail address and no account; else a new one. The transaction has raised the access counter before, so that no
    /// two accounts take one entity.
    ///
    /// # Errors
    /// `email-taken` on `email`, `entity-taken` on `entity_ref`.
    pub(super) async fn account_insert(
        &self,
        tx: &mut dyn WriteTransaction,
        account: NewAccount,
    ) -> Result<User, IdentityError> {
        let email_taken = FieldError::on(Field::Email, ErrorCode::EmailTaken);
        if tx.user_by_email(LOCAL_PROVIDER, account.email.as_str()).await?.is_some() {
            return Err(email_taken.into());
        }
        let entity_ref = self.account_entity(tx, &account).await?;
        let id = UserId::generate(&*self.dependencies.rng);
        let user = User {
            provider: LOCAL_PROVIDER.to_owned(),
            subject: id.0.clone(),
            id,
            entity_ref,
            email: Some(account.email.to_string()),
            display_name: account.display_name,
            status: if account.password_hash.is_some() { UserStatus::Active } else { UserStatus::Invited },
            admin: account.admin,
            password_hash: account.password_hash,
            revocation_epoch: 0,
            created_at: self.now(),
            last_sign_in_at: None,
        };
        if !tx.user_insert(&user).await? {
            return Err(email_taken.into());
        }
        entity_ensure(tx, &user, self.now()).await?;
        // Tied to the entity of someone whom a directory knows, the account is theirs, and follows what is said of them.
        if let Some(person) = person_at(&mut *tx, &user.entity_ref).await? {
            tx.account_bind(&user.id, &person).await?;
            if user_refusal(tx, &self.dependencies.directories, &user).await? {
                return Err(FieldError::on(Field::EntityRef, ErrorCode::AccountSuspended).into());
            }
        }
        Ok(user)
    }

    async fn account_entity(
        &self,
        tx: &mut dyn WriteTransaction,
        account: &NewAccount,
    ) -> Result<EntityRef, IdentityError> {
        if let Some(entity_ref) = &account.entity_ref {
            if tx.user_list_by_entity_ref(entity_ref).await?.is_empty() {
                return Ok(entity_ref.clone());
            }
            return Err(FieldError::on(Field::EntityRef, ErrorCode::EntityTaken).into());
        }
        match entity_suggest(tx, &account.email).await? {
            Some(entity_ref) => Ok(entity_ref),
            None => Ok(entity_ref_new(tx, &account.email, &*self.dependencies.rng).await?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tied(text: &str) -> Result<Option<String>, FieldError> {
        let account = NewAccount::parse("ada@example.com", "", false)?.tied_to(text)?;
        Ok(account.entity_ref.map(|entity_ref| entity_ref.to_string()))
    }

    #[test]
    fn refs_are_of_users() {
        assert_eq!(tied("Ada"), Ok(Some("user:default/ada".to_owned())));
        assert_eq!(tied("user:acme/ada"), Ok(Some("user:acme/ada".to_owned())));
        assert_eq!(tied("  "), Ok(None));
        for text in ["group:default/ada", "a b", "user:x/y/z"] {
            assert_eq!(
                tied(text),
                Err(FieldError::on(Field::EntityRef, ErrorCode::EntityRefInvalid)),
                "{text}"
            );
        }
    }

    #[test]
    fn names_are_bounded_and_plain() {
        let named = |name: &str| {
            NewAccount::parse("ada@example.com", name, false).map(|account| account.display_name)
        };
        assert_eq!(named("  Ada "), Ok("Ada".to_owned()));
        assert_eq!(named(""), Ok("Ada".to_owned()));
        assert_eq!(named("a\u{0}b"), Err(FieldError::on(Field::DisplayName, ErrorCode::Invalid)));
        assert_eq!(named(&"a".repeat(101)), Err(FieldError::on(Field::DisplayName, ErrorCode::TooLong)));
    }
}
