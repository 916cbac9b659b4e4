//! People, groups and memberships of runs. Everything is keyed by the number of its run; readers look at the run that
//! its provider has published.

use async_trait::async_trait;
use portal_model::EntityRef;

use super::StoreError;
use crate::{
    ids::LocationId,
    org::{
        GroupId, Member, Membership, ProviderId, Subject,
        rows::{GroupDifference, GroupRow, PersonDifference, PersonRow},
        run::RunNumber,
    },
    time::UnixMillis,
};

/// Reads people, groups and memberships.
#[async_trait]
pub trait OrgRowReads {
    /// A person as their provider has published them, whatever their standing.
    async fn directory_person(
        &mut self,
        provider: &ProviderId,
        subject: &Subject,
    ) -> Result<Option<PersonRow>, StoreError>;

    /// The groups that a published person is directly in, by id, at most 10,000.
    async fn directory_group_list_of_person(
        &mut self,
        provider: &ProviderId,
        subject: &Subject,
    ) -> Result<Vec<GroupRow>, StoreError>;

    /// Those of these people (at most 1,000) whom a run has.
    async fn directory_people(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<Vec<PersonRow>, StoreError>;

    /// Active people with entities of their own, by name and subject, after one of them, at most `limit`.
    async fn directory_people_page(
        &mut self,
        run: RunNumber,
        after: Option<(&str, &Subject)>,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError>;

    /// All people of a run by subject, at most `limit`; `None` for those that a delta takes away.
    async fn directory_people_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(Subject, Option<PersonRow>)>, StoreError>;

    /// Those of these groups (at most 1,000) that a run has.
    async fn directory_groups(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<Vec<GroupRow>, StoreError>;

    /// Groups that can be in the catalog, by name and id, after one of them, at most `limit`.
    async fn directory_groups_page(
        &mut self,
        run: RunNumber,
        after: Option<(&str, &GroupId)>,
        limit: u32,
    ) -> Result<Vec<GroupRow>, StoreError>;

    /// The group entities that these people (at most 1,000) are directly in, in order.
    async fn directory_groups_of_people(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<Vec<(Subject, EntityRef)>, StoreError>;

    /// The group entities directly above these groups (at most 1,000), in order.
    async fn directory_group_parents(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<Vec<(GroupId, EntityRef)>, StoreError>;

    /// The group entities directly below these groups (at most 1,000), in order.
    async fn directory_group_children(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
    ) -> Result<Vec<(GroupId, EntityRef)>, StoreError>;

    /// How many people a run has of each standing: `active` or the reason.
    async fn directory_standing_counts(&mut self, run: RunNumber) -> Result<Vec<(String, i64)>, StoreError>;

    /// How many groups and memberships a run has.
    async fn directory_group_counts(&mut self, run: RunNumber) -> Result<(i64, i64), StoreError>;

    /// Names that several active people of a run have, or several groups for `groups`; at most `limit`.
    async fn directory_name_twins(
        &mut self,
        run: RunNumber,
        groups: bool,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Active people of a run with this name, by subject, at most `limit`.
    async fn directory_people_named(
        &mut self,
        run: RunNumber,
        name: &str,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError>;

    /// Groups of a run with this name that are not rejected, by id, at most `limit`.
    async fn directory_groups_named(
        &mut self,
        run: RunNumber,
        name: &str,
        limit: u32,
    ) -> Result<Vec<GroupRow>, StoreError>;

    /// People and groups of a run that the catalog could not take, with the reason; by ref, at most `limit`.
    async fn directory_rejected(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(EntityRef, String)>, StoreError>;

    /// People whom the former run had as active, and the new one does not know or leaves out without saying that they
    /// are suspended, disabled or deleted.
    async fn directory_unexplained_count(
        &mut self,
        from: RunNumber,
        to: RunNumber,
    ) -> Result<i64, StoreError>;

    /// People who differ between two runs in anything but their groups, by subject, after one of them, at most `limit`;
    /// everyone of the new run when there is no former one.
    async fn directory_person_differences(
        &mut self,
        from: Option<RunNumber>,
        to: RunNumber,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<PersonDifference>, StoreError>;

    /// Groups that differ between two runs in anything but their members, by id.
    async fn directory_group_differences(
        &mut self,
        from: Option<RunNumber>,
        to: RunNumber,
        after: Option<&GroupId>,
        limit: u32,
    ) -> Result<Vec<GroupDifference>, StoreError>;

    /// People and groups whose entities can differ between two runs, memberships and names of groups included, at most
    /// `limit`.
    async fn directory_dirty(
        &mut self,
        from: RunNumber,
        to: RunNumber,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError>;

    /// Of the people noted as changed in a run, by subject, after one of them, those who differ in ref or standing and
    /// have an account, or whose ref before or after has an account or a static token; at most `limit`.
    async fn directory_affected(
        &mut self,
        provider: &ProviderId,
        from: Option<RunNumber>,
        to: RunNumber,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<PersonDifference>, StoreError>;

    /// Those of these entities (at most 1,000) that another location has published, with what it reads; by ref.
    async fn directory_defined_elsewhere(
        &mut self,
        own: &LocationId,
        refs: &[EntityRef],
    ) -> Result<Vec<(EntityRef, String)>, StoreError>;

    /// People of a run who were read alone after it began, by subject, at most `limit`.
    async fn directory_reread_people(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<Subject>, StoreError>;

    /// What is noted as to be done for a run, at most `limit`.
    async fn directory_changes(&mut self, run: RunNumber, limit: u32) -> Result<Vec<Member>, StoreError>;

    /// Memberships of a run, and whether each is taken away (in a delta), at most `limit`.
    async fn directory_memberships_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(Membership, bool)>, StoreError>;

    /// All groups of a run by id, at most `limit`; `None` for those that a delta takes away.
    async fn directory_groups_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<(GroupId, Option<GroupRow>)>, StoreError>;

    /// Groups of a delta whose memberships come anew, at most `limit`.
    async fn directory_replacements_first(
        &mut self,
        run: RunNumber,
        limit: u32,
    ) -> Result<Vec<GroupId>, StoreError>;
}

/// Writes people, groups and memberships.
#[async_trait]
pub trait OrgRowWrites {
    /// Adds or replaces people of a run. Those who were read alone since it began stay; in a run that reads everything, so
    /// does a row that leaves somebody out, when another one does not: it may be older. In one list the last counts.
    async fn directory_people_stage(
        &mut self,
        run: RunNumber,
        people: &[PersonRow],
    ) -> Result<(), StoreError>;

    /// Adds or replaces people of a run, whatever was there.
    async fn directory_people_put(&mut self, run: RunNumber, people: &[PersonRow]) -> Result<(), StoreError>;

    /// Marks people of a delta as gone.
    async fn directory_people_mark_gone(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<(), StoreError>;

    /// Deletes people of a run; with their memberships if `memberships`.
    async fn directory_people_delete(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
        memberships: bool,
    ) -> Result<(), StoreError>;

    /// Notes that the catalog cannot take a person.
    async fn directory_person_reject(
        &mut self,
        run: RunNumber,
        subject: &Subject,
        reason: &str,
    ) -> Result<(), StoreError>;

    /// Adds or replaces groups of a run.
    async fn directory_groups_put(&mut self, run: RunNumber, groups: &[GroupRow]) -> Result<(), StoreError>;

    /// Marks groups of a delta as gone.
    async fn directory_groups_mark_gone(&mut self, run: RunNumber, ids: &[GroupId])
    -> Result<(), StoreError>;

    /// Deletes groups of a run; with the memberships in them and of them if `memberships`.
    async fn directory_groups_delete(
        &mut self,
        run: RunNumber,
        ids: &[GroupId],
        memberships: bool,
    ) -> Result<(), StoreError>;

    /// Notes that the catalog cannot take a group.
    async fn directory_group_reject(
        &mut self,
        run: RunNumber,
        id: &GroupId,
        reason: &str,
    ) -> Result<(), StoreError>;

    /// Adds or replaces memberships of a run; `gone` for those that a delta takes away.
    async fn directory_memberships_put(
        &mut self,
        run: RunNumber,
        memberships: &[Membership],
        gone: bool,
    ) -> Result<(), StoreError>;

    /// Deletes memberships of a run.
    async fn directory_memberships_delete(
        &mut self,
        run: RunNumber,
        memberships: &[Membership],
    ) -> Result<(), StoreError>;

    /// Makes these the groups that a person is directly in.
    async fn directory_memberships_replace(
        &mut self,
        run: RunNumber,
        subject: &Subject,
        groups: &[GroupId],
    ) -> Result<(), StoreError>;

    /// Deletes all memberships in these groups.
    async fn directory_memberships_clear(
        &mut self,
        run: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError>;

    /// Notes groups of a delta whose memberships come anew.
    async fn directory_replacements_put(
        &mut self,
        run: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError>;

    /// Forgets such groups.
    async fn directory_replacements_delete(
        &mut self,
        run: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError>;

    /// Notes what is to be done for a run.
    async fn directory_changes_put(&mut self, run: RunNumber, members: &[Member]) -> Result<(), StoreError>;

    /// Notes for a run all direct members, parents and children that another run has of these groups.
    async fn directory_changes_put_near(
        &mut self,
        run: RunNumber,
        of: RunNumber,
        groups: &[GroupId],
    ) -> Result<(), StoreError>;

    /// Forgets what was noted.
    async fn directory_changes_delete(
        &mut self,
        run: RunNumber,
        members: &[Member],
    ) -> Result<(), StoreError>;

    /// Forgets that these people of a run were read alone.
    async fn directory_reread_forget(
        &mut self,
        run: RunNumber,
        subjects: &[Subject],
    ) -> Result<(), StoreError>;

    /// Deletes rows of runs that no provider has published, holds or works on, and of dry runs that nobody has heard of
    /// since `before`, roughly `limit` a call. Returns 0 when nothing is left to do.
    async fn directory_rows_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}
