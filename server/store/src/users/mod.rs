//! People's accounts and what belongs to them.

pub(crate) mod accounts;
pub(crate) mod browser_sessions;
pub(crate) mod links;
pub(crate) mod provider_sign_ins;

use async_trait::async_trait;
use portal_core::{
    identity::{BrowserSession, LinkPurpose, OneTimeLink, User, UserStatus},
    ids::UserId,
    ports::{
        StoreError,
        store::{UserReads, UserWrites},
    },
    secret::SecretHash,
    time::UnixMillis,
};
use portal_model::EntityRef;

use crate::transaction::SqlTransaction;

#[async_trait]
impl UserReads for SqlTransaction {
    async fn user_by_id(&mut self, id: &UserId) -> Result<Option<User>, StoreError> {
        accounts::by_id(self, id).await
    }

    async fn user_by_email(&mut self, provider: &str, email: &str) -> Result<Option<User>, StoreError> {
        accounts::by_email(self, provider, email).await
    }

    async fn user_by_subject(&mut self, provider: &str, subject: &str) -> Result<Option<User>, StoreError> {
        accounts::by_subject(self, provider, subject).await
    }

    async fn user_list_by_entity_ref(&mut self, entity_ref: &EntityRef) -> Result<Vec<User>, StoreError> {
        accounts::list_by_entity_ref(self, entity_ref).await
    }

    async fn user_list(
        &mut self,
        search: &str,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        accounts::list(self, search, after, limit).await
    }

    async fn user_count_active_admins(&mut self) -> Result<i64, StoreError> {
        accounts::count_active_admins(self).await
    }

    async fn user_count(&mut self) -> Result<i64, StoreError> {
        accounts::count(self).await
    }

    async fn browser_session_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(BrowserSession, User)>, StoreError> {
        browser_sessions::by_hash(self, hash).await
    }

    async fn browser_session_count(&mut self, user: &UserId, now: UnixMillis) -> Result<i64, StoreError> {
        browser_sessions::count(self, user, now).await
    }

    async fn link_by_hash(&mut self, hash: &SecretHash) -> Result<Option<OneTimeLink>, StoreError> {
        links::by_hash(self, hash).await
    }

    async fn attempt_count(&mut self, bucket: &str, window_start: UnixMillis) -> Result<i64, StoreError> {
        links::attempt_count(self, bucket, window_start).await
    }

    async fn known_browser_exists(&mut self, user: &UserId, hash: &SecretHash) -> Result<bool, StoreError> {
        browser_sessions::known_browser_exists(self, user, hash).await
    }
}

#[async_trait]
impl UserWrites for SqlTransaction {
    async fn user_insert(&mut self, user: &User) -> Result<bool, StoreError> {
        accounts::insert(self, user).await
    }

    async fn user_update(&mut self, user: &User) -> Result<bool, StoreError> {
        accounts::update(self, user).await
    }

    async fn user_set_status(
        &mut self,
        id: &UserId,
        from: UserStatus,
        to: UserStatus,
    ) -> Result<bool, StoreError> {
        accounts::set_status(self, id, from, to).await
    }

    async fn user_raise_epoch(&mut self, id: &UserId) -> Result<Option<i64>, StoreError> {
        accounts::raise_epoch(self, id).await
    }

    async fn browser_session_insert(&mut self, session: &BrowserSession) -> Result<(), StoreError> {
        browser_sessions::insert(self, session).await
    }

    async fn browser_session_touch(
        &mut self,
        hash: &SecretHash,
        seen_at: UnixMillis,
    ) -> Result<(), StoreError> {
        browser_sessions::touch(self, hash, seen_at).await
    }

    async fn browser_session_delete(&mut self, hash: &SecretHash) -> Result<bool, StoreError> {
        browser_sessions::delete(self, hash).await
    }

    async fn browser_session_delete_by_user(&mut self, user: &UserId) -> Result<u64, StoreError> {
        browser_sessions::delete_by_user(self, user).await
    }

    async fn identity_prune(&mut self, before: UnixMillis) -> Result<u64, StoreError> {
        Ok(browser_sessions::prune(self, before).await? + links::prune(self, before).await?)
    }

    async fn link_insert(&mut self, link: &OneTimeLink) -> Result<(), StoreError> {
        links::insert(self, link).await
    }

    async fn link_consume(&mut self, hash: &SecretHash, now: UnixMillis) -> Result<bool, StoreError> {
        links::consume(self, hash, now).await
    }

    async fn link_delete(&mut self, purpose: LinkPurpose, user: Option<&UserId>) -> Result<u64, StoreError> {
        links::delete(self, purpose, user).await
    }

    async fn attempt_record(&mut self, bucket: &str, window_start: UnixMillis) -> Result<i64, StoreError> {
        links::attempt_record(self, bucket, window_start).await
    }

    async fn known_browser_put(
        &mut self,
        user: &UserId,
        hash: &SecretHash,
        seen_at: UnixMillis,
    ) -> Result<(), StoreError> {
        browser_sessions::known_browser_put(self, user, hash, seen_at).await
    }

    async fn known_browser_delete_by_user(&mut self, user: &UserId) -> Result<u64, StoreError> {
        browser_sessions::known_browser_delete_by_user(self, user).await
    }
}
