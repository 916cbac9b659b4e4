//! The port's functions for people, groups and memberships.

use async_trait::async_trait;
use portal_core::{
    ids::LocationId,
    org::{
        GroupId, Member, Membership, ProviderId, Subject,
        rows::{GroupDifference, GroupRow, PersonDifference, PersonRow},
        run::RunNumber,
    },
    ports::{
        StoreError,
        store::{OrgRowReads, OrgRowWrites},
    },
    time::UnixMillis,
};
use portal_model::EntityRef;

use super::{changes, compare, delta, groups, memberships, people};
use crate::transaction::SqlTransaction;

/// Keys in one statement of a list.
pub(super) const KEYS_PER_STATEMENT: usize = 250;

#[async_trait]
impl OrgRowReads for SqlTransaction {
    async fn directory_person(
        &mut self,
        provider: &ProviderId,
        subject: &Subject,
    ) -> Result<Option<PersonRow>, StoreError> {
        people::published(self, provider, subject).await
    }

    async fn directory_group_list_of_person(
        &mut self,
        provider: &ProviderId,
        subject: &Subject,
    ) -> Result<Vec<GroupRow>, StoreError> {
        groups::list_of_person(self, provider, subject).await
    }

    async fn directory_people(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<Vec<PersonRow>, StoreError> {
        people::list(self, run, subjects).await
    }

    async fn directory_people_page(
        &mut self,
        run: RunNumber,
        after: Option<(&str, &Subject)>,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError> {
        people::page(self, run, after, limit).await
    }

    async fn directory_people_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(Subject, Option<PersonRow>)>, StoreError> {
        people::first(self, run, limit).await
    }

    async fn directory_groups(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<Vec<GroupRow>, StoreError> {
        groups::list(self, run, ids).await
    }

    async fn directory_groups_page(
        &mut self,
        run: RunNumber,
        after: Option<(&str, &GroupId)>,
        limit: u32,
    ) -> Result<Vec<GroupRow>, StoreError> {
        groups::page(self, run, after, limit).await
    }

    async fn directory_groups_of_people(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<Vec<(Subject, EntityRef)>, StoreError> {
        memberships::groups_of_people(self, run, subjects).await
    }

    async fn directory_group_parents(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<Vec<(GroupId, EntityRef)>, StoreError> {
        memberships::parents(self, run, ids).await
    }

    async fn directory_group_children(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<Vec<(GroupId, EntityRef)>, StoreError> {
        memberships::children(self, run, ids).await
    }

    async fn directory_standing_counts(&mut self, run: RunNumber) -> Result<Vec<(String, i64)>, StoreError> {
        people::standing_counts(self, run).await
    }

    async fn directory_group_counts(&mut self, run: RunNumber) -> Result<(i64, i64), StoreError> {
        groups::counts(self, run).await
    }

    async fn directory_name_twins(
        &mut self,
        run: RunNumber,
        groups: bool,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        compare::name_twins(self, run, groups, limit).await
    }

    async fn directory_people_named(
        &mut self,
        run: RunNumber,
        name: &str,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError> {
        people::named(self, run, name, limit).await
    }

    async fn directory_groups_named(
        &mut self,
        run: RunNumber,
        name: &str,
        limit: u32,
    ) -> Result<Vec<GroupRow>, StoreError> {
        groups::named(self, run, name, limit).await
    }

    async fn directory_rejected(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(EntityRef, String)>, StoreError> {
        compare::rejected(self, run, limit).await
    }

    async fn directory_unexplained_count(
        &mut self,
        from: RunNumber,
        to: RunNumber,
    ) -> Result<i64, StoreError> {
        compare::unexplained(self, from, to).await
    }

    async fn directory_person_differences(
        &mut self,
        from: Option<RunNumber>,
        to: RunNumber,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<PersonDifference>, StoreError> {
        compare::people(self, from, to, after, limit).await
    }

    async fn directory_group_differences(
        &mut self,
        from: Option<RunNumber>,
        to: RunNumber,
        after: Option<&GroupId>,
        limit: u32,
    ) -> Result<Vec<GroupDifference>, StoreError> {
        compare::groups(self, from, to, after, limit).await
    }

    async fn directory_dirty(
        &mut self,
        from: RunNumber,
        to: RunNumber,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        compare::dirty(self, from, to, limit).await
    }

    async fn directory_affected(
        &mut self,
        provider: &ProviderId,
        from: Option<RunNumber>,
        to: RunNumber,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<PersonDifference>, StoreError> {
        compare::affected(self, provider, from, to, after, limit).await
    }

    async fn directory_defined_elsewhere(
        &mut self,
        own: &LocationId,
        refs: &[EntityRef],
    ) -> Result<Vec<(EntityRef, String)>, StoreError> {
        compare::defined_elsewhere(self, own, refs).await
    }

    async fn directory_reread_people(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<Subject>, StoreError> {
        people::reread(self, run, limit).await
    }

    async fn directory_changes(&mut self, run: RunNumber, limit: u32) -> Result<Vec<Member>, StoreError> {
        changes::list(self, run, limit).await
    }

    async fn directory_memberships_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(Membership, bool)>, StoreError> {
        memberships::first(self, run, limit).await
    }

    async fn directory_groups_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(GroupId, Option<GroupRow>)>, StoreError> {
        groups::first(self, run, limit).await
    }

    async fn directory_replacements_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<GroupId>, StoreError> {
        delta::replacements(self, run, limit).await
    }
}

#[async_trait]
impl OrgRowWrites for SqlTransaction {
    async fn directory_people_stage(
        &mut self,
        run: RunNumber,
        people: &[PersonRow],
    ) -> Result<(), StoreError> {
        people::stage(self, run, people).await
    }

    async fn directory_people_put(&mut self, run: RunNumber, people: &[PersonRow]) -> Result<(), StoreError> {
        people::put(self, run, people).await
    }

    async fn directory_people_mark_gone(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<(), StoreError> {
        people::mark_gone(self, run, subjects).await
    }

    async fn directory_people_delete(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
        memberships: bool,
    ) -> Result<(), StoreError> {
        if memberships {
            memberships::delete_of_people(self, run, subjects).await?;
        }
        people::delete(self, run, subjects).await
    }

    async fn directory_person_reject(
        &mut self,
        run: RunNumber,
        subject: &Subject,
        reason: &str,
    ) -> Result<(), StoreError> {
        people::reject(self, run, subject, reason).await
    }

    async fn directory_groups_put(&mut self, run: RunNumber, groups: &[GroupRow]) -> Result<(), StoreError> {
        groups::put(self, run, groups).await
    }

    async fn directory_groups_mark_gone(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<(), StoreError> {
        groups::mark_gone(self, run, ids).await
    }

    async fn directory_groups_delete(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
        memberships: bool,
    ) -> Result<(), StoreError> {
        if memberships {
            memberships::clear(self, run, ids).await?;
            memberships::delete_of_groups(self, run, ids).await?;
        }
        groups::delete(self, run, ids).await
    }

    async fn directory_group_reject(
        &mut self,
        run: RunNumber,
        id: &GroupId,
        reason: &str,
    ) -> Result<(), StoreError> {
        groups::reject(self, run, id, reason).await
    }

    async fn directory_memberships_put(
        &mut self,
        run: RunNumber,
        memberships: &[Membership],
        gone: bool,
    ) -> Result<(), StoreError> {
        memberships::put(self, run, memberships, gone).await
    }

    async fn directory_memberships_delete(
        &mut self,
        run: RunNumber,
        memberships: &[Membership],
    ) -> Result<(), StoreError> {
        memberships::delete(self, run, memberships).await
    }

    async fn directory_memberships_replace(
        &mut self,
        run: RunNumber,
        subject: &Subject,
        groups: &[GroupId],
    ) -> Result<(), StoreError> {
        memberships::replace(self, run, subject, groups).await
    }

    async fn directory_memberships_clear(
        &mut self,
        run: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError> {
        memberships::clear(self, run, groups).await
    }

    async fn directory_replacements_put(
        &mut self,
        run: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError> {
        delta::replacements_put(self, run, groups).await
    }

    async fn directory_replacements_delete(
        &mut self,
        run: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError> {
        delta::replacements_delete(self, run, groups).await
    }

    async fn directory_changes_put(&mut self, run: RunNumber, members: &[Member]) -> Result<(), StoreError> {
        changes::put(self, run, members).await
    }

    async fn directory_changes_put_near(
        &mut self,
        run: RunNumber,
        of: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError> {
        changes::put_near(self, run, of, groups).await
    }

    async fn directory_changes_delete(
        &mut self,
        run: RunNumber,
        members: &[Member],
    ) -> Result<(), StoreError> {
        changes::delete(self, run, members).await
    }

    async fn directory_reread_forget(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<(), StoreError> {
        people::reread_forget(self, run, subjects).await
    }

    async fn directory_rows_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        delta::prune(self, before, limit).await
    }
}
