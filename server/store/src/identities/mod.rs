//! The people of directories, and whose accounts and static tokens are.

pub(crate) mod conflicts;
pub(crate) mod holdings;
pub(crate) mod members;
pub(crate) mod people;

use async_trait::async_trait;
use portal_core::{
    identity::{BrowserSession, User},
    ids::{StaticTokenId, UserId},
    org::{DirectoryIdentity, GroupId, IdentityKey, ProviderId, Subject},
    ports::{
        StoreError,
        store::{IdentityReads, IdentityWrites},
    },
    time::UnixMillis,
    tokens::StaticToken,
};
use portal_model::EntityRef;

use crate::{transaction::SqlTransaction, users::browser_sessions};

#[async_trait]
impl IdentityReads for SqlTransaction {
    async fn identity_list(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<DirectoryIdentity>, StoreError> {
        people::list(self, provider, subjects).await
    }

    async fn identity_list_by_refs(
        &mut self,
        refs: &[EntityRef],
    ) -> Result<Vec<DirectoryIdentity>, StoreError> {
        people::list_by_refs(self, refs).await
    }

    async fn identity_list_forgettable(
        &mut self,
        before: UnixMillis,
        limit: u32,
    ) -> Result<Vec<IdentityKey>, StoreError> {
        people::list_forgettable(self, before, limit).await
    }

    async fn identity_list_linked(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<DirectoryIdentity>, StoreError> {
        people::list_linked(self, provider, subjects).await
    }

    async fn identity_list_by_emails(
        &mut self,
        provider: &ProviderId,
        emails: &[String],
    ) -> Result<Vec<DirectoryIdentity>, StoreError> {
        people::list_by_emails(self, provider, emails).await
    }

    async fn identity_list_by_keys(
        &mut self,
        provider: &ProviderId,
        key: &str,
        values: &[String],
    ) -> Result<Vec<DirectoryIdentity>, StoreError> {
        people::list_by_keys(self, provider, key, values).await
    }

    async fn identity_shared_refs(&mut self, limit: u32) -> Result<Vec<EntityRef>, StoreError> {
        conflicts::shared_refs(self, limit).await
    }

    async fn identity_local_conflicts(
        &mut self,
        limit: u32,
    ) -> Result<Vec<(IdentityKey, EntityRef, UserId)>, StoreError> {
        conflicts::local_accounts(self, limit).await
    }

    async fn identity_ambiguous_emails(
        &mut self,
        from: &ProviderId,
        to: &ProviderId,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        conflicts::ambiguous_emails(self, from, to, limit).await
    }

    async fn identity_ambiguous_keys(
        &mut self,
        from: &ProviderId,
        to: &ProviderId,
        key: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        conflicts::ambiguous_keys(self, from, to, key, limit).await
    }

    async fn browser_session_list(
        &mut self,
        user: &UserId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<BrowserSession>, StoreError> {
        browser_sessions::list(self, user, now, limit).await
    }

    async fn identity_page(
        &mut self,
        provider: &ProviderId,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<DirectoryIdentity>, StoreError> {
        people::page(self, provider, after, limit).await
    }

    async fn account_list_of_people(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<(User, Subject)>, StoreError> {
        holdings::accounts_of_people(self, provider, subjects).await
    }

    async fn account_person(&mut self, user: &UserId) -> Result<Option<IdentityKey>, StoreError> {
        holdings::account_person(self, user).await
    }

    async fn account_list_unbound(&mut self, refs: &[EntityRef]) -> Result<Vec<User>, StoreError> {
        holdings::accounts_unbound(self, refs).await
    }

    async fn static_token_person(&mut self, id: &StaticTokenId) -> Result<Option<IdentityKey>, StoreError> {
        holdings::token_person(self, id).await
    }

    async fn static_token_list_of_people(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<(StaticToken, Subject)>, StoreError> {
        holdings::tokens_of_people(self, provider, subjects).await
    }

    async fn static_token_list_unbound(
        &mut self,
        owners: &[EntityRef],
    ) -> Result<Vec<StaticToken>, StoreError> {
        holdings::tokens_unbound(self, owners).await
    }

    async fn directory_members(
        &mut self,
        provider: &ProviderId,
        groups: &[GroupId],
    ) -> Result<Vec<Subject>, StoreError> {
        members::of_groups(self, provider, groups).await
    }

    async fn account_list_admins_by_group(&mut self, provider: &ProviderId) -> Result<Vec<User>, StoreError> {
        members::admins_by_group(self, provider).await
    }

    async fn account_admin_by_group(&mut self, user: &UserId) -> Result<bool, StoreError> {
        members::is_admin_by_group(self, user).await
    }
}

#[async_trait]
impl IdentityWrites for SqlTransaction {
    async fn identity_put(&mut self, identities: &[DirectoryIdentity]) -> Result<(), StoreError> {
        people::put(self, identities).await
    }

    async fn identity_delete(
        &mut self,
        identities: &[IdentityKey],
        before: UnixMillis,
    ) -> Result<u64, StoreError> {
        people::delete(self, identities, before).await
    }

    async fn identity_put_keys(
        &mut self,
        identity: &IdentityKey,
        keys: &[(String, String)],
    ) -> Result<(), StoreError> {
        people::put_keys(self, identity, keys).await
    }

    async fn account_bind(&mut self, user: &UserId, person: &IdentityKey) -> Result<(), StoreError> {
        holdings::account_bind(self, user, person).await
    }

    async fn static_token_bind(
        &mut self,
        id: &StaticTokenId,
        person: &IdentityKey,
    ) -> Result<(), StoreError> {
        holdings::token_bind(self, id, person).await
    }

    async fn static_token_set_owner(
        &mut self,
        token: &StaticToken,
        owner: &EntityRef,
    ) -> Result<(), StoreError> {
        holdings::token_set_owner(self, token, owner).await
    }

    async fn account_set_admin_by_group(&mut self, user: &UserId, by_group: bool) -> Result<(), StoreError> {
        members::set_admin_by_group(self, user, by_group).await
    }
}
