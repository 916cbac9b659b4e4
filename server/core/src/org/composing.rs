//! Bringing the entities of a run into the catalog, unseen, in short transactions.

use std::collections::HashSet;

use portal_model::EntityRef;
use serde::{Deserialize, Serialize};

use super::{
    GroupId, Member, Subject, apply,
    compose::{self, Composed},
    publish::REREADS_MAX,
    rows::{GroupRow, PersonRow},
    run::{DirectoryRun, ProviderState, RunNumber},
    worker::{RunError, Step, Worker},
};
use crate::{
    catalog::StagedEntity,
    ingestion::{REJECTIONS_MAX, Rejection},
    ports::{DirectoryCursor, ReadTransaction, StoreError, WriteTransaction},
};

/// Entities staged in one transaction.
const BATCH: u32 = 50;
/// Batches of one step; between two steps the run is looked at again.
const STEP_BATCHES: usize = 50;

/// Where composing goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    /// After this group.
    Groups(Option<(String, GroupId)>),
    /// After this person.
    People(Option<(String, Subject)>),
}

impl Place {
    fn of(run: &DirectoryRun) -> Self {
        let read = |cursor: &DirectoryCursor| serde_json::from_str(&cursor.0).ok();
        run.cursor.as_ref().and_then(read).unwrap_or(Self::Groups(None))
    }

    fn cursor(&self) -> Option<DirectoryCursor> {
        serde_json::to_string(self).ok().map(DirectoryCursor)
    }
}

/// Entities to be staged together, and what the catalog cannot take.
#[derive(Default)]
struct Batch {
    entities: Vec<StagedEntity>,
    people: Vec<(Subject, EntityRef)>,
    people_rejected: Vec<(Subject, EntityRef, String)>,
    groups_rejected: Vec<(GroupId, EntityRef, String)>,
}

impl Batch {
    fn people(rows: &[PersonRow], composed: Composed<Subject>) -> Self {
        let people = rows.iter().map(|row| (row.person.subject.clone(), row.entity_ref.clone())).collect();
        let Composed { entities, rejected } = composed;
        Self { entities, people, people_rejected: rejected, groups_rejected: Vec::new() }
    }

    fn groups(composed: Composed<GroupId>) -> Self {
        let Composed { entities, rejected } = composed;
        Self { entities, groups_rejected: rejected, ..Self::default() }
    }

    fn rejected(&self) -> impl Iterator<Item = (&EntityRef, &String)> {
        let people = self.people_rejected.iter().map(|(_, entity_ref, reason)| (entity_ref, reason));
        people.chain(self.groups_rejected.iter().map(|(_, entity_ref, reason)| (entity_ref, reason)))
    }
}

impl Worker<'_> {
    /// Stages some batches of entities; after the last, publishes. While one is written the next is made.
    pub(super) async fn compose(
        &self,
        _state: &ProviderState,
        mut run: DirectoryRun,
    ) -> Result<Step, RunError> {
        let number = run.number;
        let mut next = self.batch(number, &Place::of(&run)).await?;
        for _ in 0..STEP_BATCHES {
            let Some((batch, place)) = next else { return self.publish(run, None).await };
            let (written, following) =
                tokio::join!(self.write_batch(&mut run, batch, Some(&place)), self.batch(number, &place));
            written?;
            next = following?;
            tokio::task::yield_now().await;
        }
        Ok(Step::Again)
    }

    /// Stages the entities of people and groups that differ, and returns the refs that they had before. Whoever begins
    /// again after an interruption stages the same once more.
    pub(super) async fn compose_differences(
        &self,
        state: &ProviderState,
        run: &mut DirectoryRun,
        dirty: &[Member],
    ) -> Result<Vec<EntityRef>, RunError> {
        run.counts.entities = 0;
        run.counts.rejected = 0;
        let mut gone = Vec::new();
        for members in dirty.chunks(BATCH as usize) {
            let (mut subjects, mut ids) = (Vec::new(), Vec::new());
            for member in members {
                match member {
                    Member::Person(subject) => subjects.push(subject.clone()),
                    Member::Group(id) => ids.push(id.clone()),
                }
            }
            let mut store = self.dependencies.store.read().await?;
            let store = store.as_mut();
            if let Some(published) = state.published_run {
                let people = store.directory_people(published, &subjects).await?;
                gone.extend(people.into_iter().filter(apply::has_entity).map(|row| row.entity_ref));
                let groups = store.directory_groups(published, &ids).await?;
                gone.extend(
                    groups.into_iter().filter(|row| row.rejected.is_none()).map(|row| row.entity_ref),
                );
            }
            let people = store.directory_people(run.number, &subjects).await?;
            let groups = store.directory_groups(run.number, &ids).await?;
            let people = self.batch_of_people(store, run.number, &people).await?;
            let groups = self.batch_of_groups(store, run.number, &groups).await?;
            for batch in [people, groups] {
                self.write_batch(run, batch, None).await?;
            }
        }
        Ok(gone)
    }

    /// What comes at a place, and the place after it; `None` after the last.
    async fn batch(&self, run: RunNumber, place: &Place) -> Result<Option<(Batch, Place)>, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let store = store.as_mut();
        if let Place::Groups(after) = place {
            let after = after.as_ref().map(|(name, id)| (name.as_str(), id));
            let rows = store.directory_groups_page(run, after, BATCH).await?;
            if let Some(last) = rows.last() {
                let next = Place::Groups(Some((last.name.clone(), last.group.id.clone())));
                return Ok(Some((self.batch_of_groups(store, run, &rows).await?, next)));
            }
        }
        let after = match place {
            Place::People(Some((name, subject))) => Some((name.as_str(), subject)),
            _ => None,
        };
        let rows = store.directory_people_page(run, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let next = Place::People(Some((last.name.clone(), last.person.subject.clone())));
        Ok(Some((self.batch_of_people(store, run, &rows).await?, next)))
    }

    async fn batch_of_people(
        &self,
        store: &mut dyn ReadTransaction,
        run: RunNumber,
        rows: &[PersonRow],
    ) -> Result<Batch, StoreError> {
        Ok(Batch::people(rows, compose::people(store, self.options(), run, rows).await?))
    }

    async fn batch_of_groups(
        &self,
        store: &mut dyn ReadTransaction,
        run: RunNumber,
        rows: &[GroupRow],
    ) -> Result<Batch, StoreError> {
        Ok(Batch::groups(compose::groups(store, self.options(), run, rows).await?))
    }

    /// Stages a batch, in one transaction with the place after it. Without a place it takes the place of what was staged
    /// of the same refs before.
    async fn write_batch(
        &self,
        run: &mut DirectoryRun,
        mut batch: Batch,
        place: Option<&Place>,
    ) -> Result<(), RunError> {
        let (location, catalog_run) = (self.location(), run.number.catalog_run());
        let mut tx = self.write().await?;
        leave_out_read_alone(tx.as_mut(), run.number, &mut batch).await?;
        for (subject, _, reason) in &batch.people_rejected {
            tx.directory_person_reject(run.number, subject, reason).await?;
        }
        for (id, _, reason) in &batch.groups_rejected {
            tx.directory_group_reject(run.number, id, reason).await?;
        }
        if place.is_none() {
            let refs: Vec<EntityRef> =
                batch.entities.iter().map(|entity| entity.entity_ref.clone()).collect();
            tx.run_unstage(&catalog_run, &refs).await?;
        }
        if !batch.entities.is_empty() {
            tx.run_stage(&location, &catalog_run, &batch.entities).await?;
        }
        let kept = usize::try_from(run.counts.rejected).unwrap_or(usize::MAX);
        let rejections: Vec<Rejection> = batch
            .rejected()
            .take(REJECTIONS_MAX.saturating_sub(kept))
            .map(|(entity_ref, reason)| self.rejection(entity_ref, reason))
            .collect();
        if place.is_some() && !rejections.is_empty() {
            tx.run_reject(&location, &catalog_run, &rejections).await?;
        }
        run.counts.entities += batch.entities.len() as u64;
        run.counts.rejected += batch.rejected().count() as u64;
        if let Some(place) = place {
            run.cursor = place.cursor();
        }
        self.note_in(tx.as_mut(), run).await?;
        Ok(tx.commit().await?)
    }

    fn rejection(&self, entity_ref: &EntityRef, reason: &str) -> Rejection {
        Rejection {
            file: format!("provider:{}", self.options().id),
            line: None,
            path: Some("metadata.name".to_owned()),
            entity: Some(entity_ref.to_string()),
            reason: reason.to_owned(),
        }
    }
}

/// People who were read alone since the batch was made are not staged from what was known before: publishing makes their
/// entities from what was read then.
async fn leave_out_read_alone(
    tx: &mut dyn WriteTransaction,
    run: RunNumber,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    if batch.people.is_empty() {
        return Ok(());
    }
    let alone: HashSet<Subject> = tx.directory_reread_people(run, REREADS_MAX).await?.into_iter().collect();
    if alone.is_empty() {
        return Ok(());
    }
    let refs: HashSet<&EntityRef> = batch
        .people
        .iter()
        .filter(|(subject, _)| alone.contains(subject))
        .map(|(_, entity_ref)| entity_ref)
        .collect();
    batch.entities.retain(|entity| !refs.contains(&entity.entity_ref));
    batch.people_rejected.retain(|(subject, ..)| !alone.contains(subject));
    Ok(())
}
