//! Taking over what a delta read: published rows change in short transactions, and with them the entities.
//!
//! What a delta run has staged is used up as it is taken over, so that whoever goes on after an interruption goes on at
//! the right place: groups, memberships, people, and then everyone whose entity depends on these.

use portal_model::EntityRef;

use super::{
    GroupId, Member, Membership, RunKind, Subject, admins,
    apply::{self, UPDATES_MAX, Update, has_entity},
    comparing::Tally,
    compose,
    rows::GroupRow,
    run::{DirectoryRun, ProviderState, RunCounts, RunNumber, RunState},
    worker::{RunError, Step, Worker},
};
use crate::{
    changes::Topic,
    identity::RequestOrigin,
    ports::{StoreError, WriteTransaction},
};

/// Groups taken over in one transaction.
const GROUPS_BATCH: u32 = 20;
/// Memberships taken over in one transaction.
const MEMBERSHIPS_BATCH: u32 = 200;
/// Groups of one name looked at.
const NAMESAKES_MAX: u32 = 10;

impl Worker<'_> {
    /// Takes over one batch of a delta; after the last, ends the run.
    pub(super) async fn apply(&self, state: &ProviderState, mut run: DirectoryRun) -> Result<Step, RunError> {
        let Some(published) = state.published_run else {
            let words = "nothing was published that could be changed".to_owned();
            return self.end_with(run, RunState::Failed, Some(words), Some(RunKind::Full)).await;
        };
        let done = self.apply_groups(published, run.number).await?
            || self.apply_memberships(published, run.number).await?
            || self.apply_people(&mut run).await?
            || self.apply_dependants(published, &run).await?;
        if done {
            self.note(&mut run).await?;
            return Ok(Step::Again);
        }
        self.end_delta(run).await
    }

    async fn apply_groups(&self, published: RunNumber, run: RunNumber) -> Result<bool, RunError> {
        let mut store = self.dependencies.store.read().await?;
        let groups = store.directory_groups_first(run, GROUPS_BATCH).await?;
        drop(store);
        if groups.is_empty() {
            return Ok(false);
        }
        let ids: Vec<GroupId> = groups.iter().map(|(id, _)| id.clone()).collect();
        let mut tx = self.dependencies.store.write().await?;
        apply::lock_order(tx.as_mut()).await?;
        self.hold(tx.as_mut()).await?;
        let before = tx.directory_groups(published, &ids).await?;
        tx.directory_changes_put_near(run, published, &ids).await?;
        let (mut rows, mut gone) = (Vec::new(), Vec::new());
        for (id, row) in groups {
            match row {
                Some(row) => rows.push(self.with_verdict(tx.as_mut(), published, row).await?),
                None => gone.push(id),
            }
        }
        tx.directory_groups_put(published, &rows).await?;
        tx.directory_groups_delete(published, &gone, true).await?;
        tx.directory_changes_put_near(run, published, &ids).await?;
        let members: Vec<Member> = ids.iter().cloned().map(Member::Group).collect();
        tx.directory_changes_put(run, &members).await?;
        let refs: Vec<EntityRef> =
            before.into_iter().filter(|row| row.rejected.is_none()).map(|row| row.entity_ref).collect();
        self.put_groups(tx.as_mut(), published, &refs, &rows).await?;
        tx.directory_groups_delete(run, &ids, false).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(true)
    }

    /// The row, rejected when another group of the provider has its name.
    async fn with_verdict(
        &self,
        tx: &mut dyn WriteTransaction,
        published: RunNumber,
        mut row: GroupRow,
    ) -> Result<GroupRow, StoreError> {
        let namesakes = tx.directory_groups_named(published, &row.name, NAMESAKES_MAX).await?;
        if namesakes.iter().any(|other| other.group.id != row.group.id) {
            row.rejected = Some(format!("another group of {} is {}", self.options().title, row.entity_ref));
        }
        Ok(row)
    }

    async fn put_groups(
        &self,
        tx: &mut dyn WriteTransaction,
        published: RunNumber,
        gone: &[EntityRef],
        rows: &[GroupRow],
    ) -> Result<(), StoreError> {
        let composed = compose::groups(&mut *tx, self.options(), published, rows).await?;
        for (id, _, reason) in &composed.rejected {
            tx.directory_group_reject(published, id, reason).await?;
        }
        tx.entity_put_all(&self.location(), gone, &composed.entities).await
    }

    async fn apply_memberships(&self, published: RunNumber, run: RunNumber) -> Result<bool, RunError> {
        let mut store = self.dependencies.store.read().await?;
        let replaced = store.directory_replacements_first(run, GROUPS_BATCH).await?;
        let memberships = store.directory_memberships_first(run, MEMBERSHIPS_BATCH).await?;
        drop(store);
        if replaced.is_empty() && memberships.is_empty() {
            return Ok(false);
        }
        let mut tx = self.write().await?;
        if replaced.is_empty() {
            let (gone, come): (Vec<_>, Vec<_>) = memberships.into_iter().partition(|(_, gone)| *gone);
            let plain = |list: Vec<(Membership, bool)>| -> Vec<Membership> {
                list.into_iter().map(|(membership, _)| membership).collect()
            };
            let (gone, come) = (plain(gone), plain(come));
            tx.directory_memberships_delete(published, &gone).await?;
            tx.directory_memberships_put(published, &come, false).await?;
            for list in [gone, come] {
                let mut dependants: Vec<Member> =
                    list.iter().map(|membership| membership.member.clone()).collect();
                // A group's entity names the groups inside it.
                dependants.extend(
                    list.iter()
                        .filter(|membership| matches!(membership.member, Member::Group(_)))
                        .map(|membership| Member::Group(membership.group.clone())),
                );
                tx.directory_changes_put(run, &dependants).await?;
                tx.directory_memberships_delete(run, &list).await?;
            }
        } else {
            tx.directory_changes_put_near(run, published, &replaced).await?;
            let members: Vec<Member> = replaced.iter().cloned().map(Member::Group).collect();
            tx.directory_changes_put(run, &members).await?;
            tx.directory_memberships_clear(published, &replaced).await?;
            tx.directory_replacements_delete(run, &replaced).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn apply_people(&self, run: &mut DirectoryRun) -> Result<bool, RunError> {
        let limit = u32::try_from(UPDATES_MAX).unwrap_or(1);
        let mut store = self.dependencies.store.read().await?;
        let people = store.directory_people_first(run.number, limit).await?;
        drop(store);
        if people.is_empty() {
            return Ok(false);
        }
        let subjects: Vec<Subject> = people.iter().map(|(subject, _)| subject.clone()).collect();
        let updates: Vec<Update> =
            people.into_iter().map(|(subject, row)| Update { subject, row, groups: None }).collect();
        let differences = self.apply_now(&updates).await?;
        let mut tally = Tally::default();
        tally.people(&differences);
        let mut counts = RunCounts::default();
        tally.write(&mut counts);
        run.counts.added += counts.added;
        run.counts.changed += counts.changed;
        run.counts.removed += counts.removed;
        let room = UPDATES_MAX.saturating_sub(run.counts.sample.len());
        run.counts.sample.extend(counts.sample.into_iter().take(room));
        let members: Vec<Member> = subjects.iter().cloned().map(Member::Person).collect();
        let mut tx = self.write().await?;
        tx.directory_people_delete(run.number, &subjects, false).await?;
        tx.directory_changes_delete(run.number, &members).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes anew what depends on the groups and memberships that changed.
    async fn apply_dependants(&self, published: RunNumber, run: &DirectoryRun) -> Result<bool, RunError> {
        let limit = u32::try_from(UPDATES_MAX).unwrap_or(1);
        let members = self.dependencies.store.read().await?.directory_changes(run.number, limit).await?;
        if members.is_empty() {
            return Ok(false);
        }
        let (mut subjects, mut ids) = (Vec::new(), Vec::new());
        for member in &members {
            match member {
                Member::Person(subject) => subjects.push(subject.clone()),
                Member::Group(id) => ids.push(id.clone()),
            }
        }
        let mut tx = self.dependencies.store.write().await?;
        apply::lock_order(tx.as_mut()).await?;
        self.hold(tx.as_mut()).await?;
        let people = tx.directory_people(published, &subjects).await?;
        let refs: Vec<EntityRef> =
            people.iter().filter(|row| has_entity(row)).map(|row| row.entity_ref.clone()).collect();
        let composed = compose::people(tx.as_mut(), self.options(), published, &people).await?;
        tx.entity_put_all(&self.location(), &refs, &composed.entities).await?;
        let groups = tx.directory_groups(published, &ids).await?;
        let refs: Vec<EntityRef> =
            groups.iter().filter(|row| row.rejected.is_none()).map(|row| row.entity_ref.clone()).collect();
        self.put_groups(tx.as_mut(), published, &refs, &groups).await?;
        tx.directory_changes_delete(run.number, &members).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(true)
    }

    async fn end_delta(&self, mut run: DirectoryRun) -> Result<Step, RunError> {
        let settings = self.settings.current().await?;
        let origin = RequestOrigin::default();
        let now = self.now();
        run.state = RunState::Published;
        run.counts.removed += run.counts.left_at_once;
        run.updated_at = now;
        run.ended_at = Some(now);
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        self.hold(tx.as_mut()).await?;
        let Some(mut state) = tx.directory_provider_lock(&self.options().id).await? else {
            return Err(RunError::Overtaken);
        };
        state.active_run = None;
        state.watermark = Some(run.started_at);
        state.delta_cursor = run.delta_cursor.clone().or(state.delta_cursor);
        state.failures = 0;
        self.plan(&mut state, RunKind::Delta);
        tx.directory_run_update(&run).await?;
        tx.directory_provider_update(&state).await?;
        admins::settle(&self.standing_context(&origin), tx.as_mut(), &settings).await?;
        tx.change_record(Topic::Runs).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(Step::Ended(Box::new(run)))
    }
}
