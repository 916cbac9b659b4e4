//! Bringing the entities of a run into the catalog, unseen, in short transactions.

use serde::{Deserialize, Serialize};

use super::{
    GroupId, Subject,
    compose::{self, Composed},
    rows::{GroupRow, PersonRow},
    run::{DirectoryRun, ProviderState},
    worker::{RunError, Step, Worker},
};
use crate::{
    ingestion::{REJECTIONS_MAX, Rejection},
    ports::{DirectoryCursor, StoreError, WriteTransaction},
};

/// Entities staged in one transaction.
const BATCH: u32 = 50;

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

impl Worker<'_> {
    /// Stages one batch of entities; after the last, publishes.
    pub(super) async fn compose(
        &self,
        _state: &ProviderState,
        mut run: DirectoryRun,
    ) -> Result<Step, RunError> {
        match Place::of(&run) {
            Place::Groups(after) => {
                let rows = self.groups_after(&run, after.as_ref()).await?;
                let next = rows.last().map(|row| (row.name.clone(), row.group.id.clone()));
                self.stage_groups(&mut run, &rows).await?;
                run.cursor = next.map_or(Place::People(None), |last| Place::Groups(Some(last))).cursor();
            }
            Place::People(after) => {
                let rows = self.people_after(&run, after.as_ref()).await?;
                let Some(last) = rows.last() else { return self.publish(run, None).await };
                let next = Place::People(Some((last.name.clone(), last.person.subject.clone())));
                self.stage_people(&mut run, &rows).await?;
                run.cursor = next.cursor();
            }
        }
        self.note(&mut run).await?;
        Ok(Step::Again)
    }

    async fn groups_after(
        &self,
        run: &DirectoryRun,
        after: Option<&(String, GroupId)>,
    ) -> Result<Vec<GroupRow>, StoreError> {
        let after = after.map(|(name, id)| (name.as_str(), id));
        self.dependencies.store.read().await?.directory_groups_page(run.number, after, BATCH).await
    }

    async fn people_after(
        &self,
        run: &DirectoryRun,
        after: Option<&(String, Subject)>,
    ) -> Result<Vec<PersonRow>, StoreError> {
        let after = after.map(|(name, subject)| (name.as_str(), subject));
        self.dependencies.store.read().await?.directory_people_page(run.number, after, BATCH).await
    }

    async fn stage_groups(&self, run: &mut DirectoryRun, rows: &[GroupRow]) -> Result<(), RunError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut store = self.dependencies.store.read().await?;
        let composed = compose::groups(&mut *store, self.options(), run.number, rows).await?;
        drop(store);
        let mut tx = self.write().await?;
        for (id, _, reason) in &composed.rejected {
            tx.directory_group_reject(run.number, id, reason).await?;
        }
        self.stage(tx.as_mut(), run, &composed).await?;
        Ok(tx.commit().await?)
    }

    async fn stage_people(&self, run: &mut DirectoryRun, rows: &[PersonRow]) -> Result<(), RunError> {
        let mut store = self.dependencies.store.read().await?;
        let composed = compose::people(&mut *store, self.options(), run.number, rows).await?;
        drop(store);
        let mut tx = self.write().await?;
        for (subject, _, reason) in &composed.rejected {
            tx.directory_person_reject(run.number, subject, reason).await?;
        }
        self.stage(tx.as_mut(), run, &composed).await?;
        Ok(tx.commit().await?)
    }

    async fn stage<K: Sync>(
        &self,
        tx: &mut dyn WriteTransaction,
        run: &mut DirectoryRun,
        composed: &Composed<K>,
    ) -> Result<(), RunError> {
        let (location, catalog_run) = (self.location(), run.number.catalog_run());
        if !composed.entities.is_empty() {
            tx.run_stage(&location, &catalog_run, &composed.entities).await?;
        }
        let kept = usize::try_from(run.counts.rejected).unwrap_or(usize::MAX);
        let rejections: Vec<Rejection> = composed
            .rejected
            .iter()
            .take(REJECTIONS_MAX.saturating_sub(kept))
            .map(|(_, entity_ref, reason)| Rejection {
                file: format!("provider:{}", self.options().id),
                line: None,
                path: Some("metadata.name".to_owned()),
                entity: Some(entity_ref.to_string()),
                reason: reason.clone(),
            })
            .collect();
        if !rejections.is_empty() {
            tx.run_reject(&location, &catalog_run, &rejections).await?;
        }
        run.counts.entities += composed.entities.len() as u64;
        run.counts.rejected += composed.rejected.len() as u64;
        Ok(())
    }
}
