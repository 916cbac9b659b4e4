//! The people of directories, and whose accounts and static tokens are.

use async_trait::async_trait;
use portal_model::EntityRef;

use super::StoreError;
use crate::{
    identity::{BrowserSession, User},
    ids::{StaticTokenId, UserId},
    org::{DirectoryIdentity, GroupId, IdentityKey, ProviderId, Subject},
    time::UnixMillis,
    tokens::StaticToken,
};

/// Most subjects, references or values of one question.
pub const IDENTITY_BATCH_MAX: usize = 1_000;

/// Reads identities. Lists of subjects, references and values have at most [`IDENTITY_BATCH_MAX`] items; answers are
/// ordered by provider, then subject.
#[async_trait]
pub trait IdentityReads {
    /// The identities of a provider with these subjects.
    async fn identity_list(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<DirectoryIdentity>, StoreError>;

    /// The identities, of every provider, that have one of these references, those that have gone too.
    async fn identity_list_by_refs(
        &mut self,
        refs: &[EntityRef],
    ) -> Result<Vec<DirectoryIdentity>, StoreError>;

    /// The identities that are linked to one of these people of a provider.
    async fn identity_list_linked(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<DirectoryIdentity>, StoreError>;

    /// The identities of a provider whose verified e-mail address, in lower case, is one of these; not those that have
    /// gone.
    async fn identity_list_by_emails(
        &mut self,
        provider: &ProviderId,
        emails: &[String],
    ) -> Result<Vec<DirectoryIdentity>, StoreError>;

    /// The identities of a provider that have one of these values of a key that was put with them; not those that have
    /// gone.
    async fn identity_list_by_keys(
        &mut self,
        provider: &ProviderId,
        key: &str,
        values: &[String],
    ) -> Result<Vec<DirectoryIdentity>, StoreError>;

    /// People who have gone or were deleted before then, and to whom nothing belongs: no account, no static token, no link;
    /// at most `limit`.
    async fn identity_list_forgettable(
        &mut self,
        before: UnixMillis,
        limit: u32,
    ) -> Result<Vec<IdentityKey>, StoreError>;

    /// References that people of several providers have, who are not linked, active or rejected because of it; in order, at
    /// most `limit`.
    async fn identity_shared_refs(&mut self, limit: u32) -> Result<Vec<EntityRef>, StoreError>;

    /// Unlinked people, active or rejected because of it, who have the reference of a local account that belongs to nobody of a directory and is not
    /// disabled: the person, the reference and the account, by reference; at most `limit`.
    async fn identity_local_conflicts(
        &mut self,
        limit: u32,
    ) -> Result<Vec<(IdentityKey, EntityRef, UserId)>, StoreError>;

    /// Verified e-mail addresses, in lower case, that people of both providers have, and several of one; in order, at most
    /// `limit`.
    async fn identity_ambiguous_emails(
        &mut self,
        from: &ProviderId,
        to: &ProviderId,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Values of a key that people of both providers have, and several of one; in order, at most `limit`.
    async fn identity_ambiguous_keys(
        &mut self,
        from: &ProviderId,
        to: &ProviderId,
        key: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Browser sessions of an account that have not ended, newest first, at most `limit`.
    async fn browser_session_list(
        &mut self,
        user: &UserId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<BrowserSession>, StoreError>;

    /// Identities of a provider in the order of their subjects, after one of them, at most `limit`.
    async fn identity_page(
        &mut self,
        provider: &ProviderId,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<DirectoryIdentity>, StoreError>;

    /// Accounts of a provider with these subjects, and local accounts that belong to these people, each with the person.
    async fn account_list_of_people(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<(User, Subject)>, StoreError>;

    /// The person to whom a local account belongs; `None` when it belongs to nobody of a directory.
    async fn account_person(&mut self, user: &UserId) -> Result<Option<IdentityKey>, StoreError>;

    /// Local accounts that are tied to one of these references and belong to nobody of a directory.
    async fn account_list_unbound(&mut self, refs: &[EntityRef]) -> Result<Vec<User>, StoreError>;

    /// The person to whom a static token belongs; `None` when it belongs to nobody of a directory.
    async fn static_token_person(&mut self, id: &StaticTokenId) -> Result<Option<IdentityKey>, StoreError>;

    /// Static tokens of these people that have not ended, with the person.
    async fn static_token_list_of_people(
        &mut self,
        provider: &ProviderId,
        subjects: &[Subject],
    ) -> Result<Vec<(StaticToken, Subject)>, StoreError>;

    /// Static tokens of these owners that have not ended and belong to nobody of a directory.
    async fn static_token_list_unbound(
        &mut self,
        owners: &[EntityRef],
    ) -> Result<Vec<StaticToken>, StoreError>;

    /// People who are members of these published groups of a provider, by id or name; of groups inside them too, up to
    /// 16 levels.
    async fn directory_members(
        &mut self,
        provider: &ProviderId,
        groups: &[GroupId],
    ) -> Result<Vec<Subject>, StoreError>;

    /// Accounts whose admin role comes from a group of this provider.
    async fn account_list_admins_by_group(&mut self, provider: &ProviderId) -> Result<Vec<User>, StoreError>;

    /// Whether the account's admin role comes from a group.
    async fn account_admin_by_group(&mut self, user: &UserId) -> Result<bool, StoreError>;
}

/// Writes identities.
#[async_trait]
pub trait IdentityWrites {
    /// Adds identities, or replaces those with the same provider and subject, but for when they were first seen.
    async fn identity_put(&mut self, identities: &[DirectoryIdentity]) -> Result<(), StoreError>;

    /// Forgets people, those of these that have gone or were deleted before then; returns how many.
    async fn identity_delete(
        &mut self,
        identities: &[IdentityKey],
        before: UnixMillis,
    ) -> Result<u64, StoreError>;

    /// Replaces the values by which someone can be recognised from another provider: key and value.
    async fn identity_put_keys(
        &mut self,
        identity: &IdentityKey,
        keys: &[(String, String)],
    ) -> Result<(), StoreError>;

    /// Says to whom a local account belongs.
    async fn account_bind(&mut self, user: &UserId, person: &IdentityKey) -> Result<(), StoreError>;

    /// Says to whom a static token belongs.
    async fn static_token_bind(&mut self, id: &StaticTokenId, person: &IdentityKey)
    -> Result<(), StoreError>;

    /// Gives a static token's owner another reference.
    async fn static_token_set_owner(
        &mut self,
        token: &StaticToken,
        owner: &EntityRef,
    ) -> Result<(), StoreError>;

    /// Says whether the account's admin role comes from a group.
    async fn account_set_admin_by_group(&mut self, user: &UserId, by_group: bool) -> Result<(), StoreError>;
}
