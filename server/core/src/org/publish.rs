//! Publishing a run: one short transaction, whatever the size of the organisation.
//!
//! Readers go from the former run to this one at once, in the catalog as in the directory; whoever has an account, a
//! session or a token and is left out by it loses them in the same transaction. What everybody else's changes mean is
//! noted right after it, in bounded batches.

use std::collections::HashMap;

use portal_model::{EntityRef, settings::Settings};

use super::{
    Member, PersonChange, PersonState, Standing, Subject, admins, apply, compose,
    rows::{PersonDifference, PersonRow},
    run::{DirectoryRun, ProviderState, RunKind, RunNumber, RunState},
    standing,
    worker::{RunError, Step, Worker},
};
use crate::{
    changes::Topic,
    identity::RequestOrigin,
    ingestion::RunOutcome,
    ports::{PersonKey, StoreError, WriteTransaction},
    time::UnixMillis,
};

/// People whose consequences are carried out together.
const AFFECTED_PAGE: u32 = 500;
/// People without accounts and tokens whose change is noted in one transaction.
const SETTLED_PAGE: u32 = 200;
/// Conflicts with other locations, and people who were read alone, that publishing puts right; more and the entities are
/// staged again.
const AMENDED_MAX: u32 = 500;
/// People who may wait to be read again; beyond that everything is read.
pub const REREADS_MAX: u32 = 10_000;

impl Worker<'_> {
    /// Publishes a run whose entities are staged. With `gone`, only those that differ are, and these refs leave.
    pub(super) async fn publish(
        &self,
        mut run: DirectoryRun,
        gone: Option<Vec<EntityRef>>,
    ) -> Result<Step, RunError> {
        let settings = self.settings.current().await?;
        let mut tx = self.dependencies.store.write().await?;
        apply::lock_order(tx.as_mut()).await?;
        self.hold(tx.as_mut()).await?;
        let Some(state) = tx.directory_provider_lock(&self.options().id).await? else {
            return Err(RunError::Overtaken);
        };
        if state.active_run != Some(run.number) {
            return Err(RunError::Overtaken);
        }
        if !self.swap_catalog(tx.as_mut(), &mut run, gone.as_deref()).await? {
            drop(tx);
            run.state = RunState::Composing;
            run.cursor = None;
            self.note(&mut run).await?;
            return Ok(Step::Again);
        }
        self.keep_rereads(tx.as_mut(), &run).await?;
        self.swap_directory(tx.as_mut(), &state, &mut run).await?;
        self.carry_out(tx.as_mut(), &state, &run, &settings).await?;
        tx.change_record(Topic::Runs).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        tracing::info!(
            provider = %self.options().id, kind = run.kind.as_str(), people = run.counts.people,
            groups = run.counts.groups, added = run.counts.added, changed = run.counts.changed,
            removed = run.counts.removed, "directory run published"
        );
        Ok(Step::Ended(Box::new(run)))
    }

    /// Makes the location point at the staged entities; or with `gone`, brings those into the published ones. `false` when
    /// too much has to be staged again first.
    async fn swap_catalog(
        &self,
        tx: &mut dyn WriteTransaction,
        run: &mut DirectoryRun,
        gone: Option<&[EntityRef]>,
    ) -> Result<bool, RunError> {
        let (location, catalog_run) = (self.location(), run.number.catalog_run());
        // What another location has published since this was staged stays.
        let conflicts = tx.run_conflicts(&location, &catalog_run, AMENDED_MAX).await?;
        if conflicts.len() >= AMENDED_MAX as usize {
            return Ok(false);
        }
        for entity_ref in &conflicts {
            let reason = format!("{entity_ref} is defined by another location already; that one stays");
            for row in tx.directory_people_named(run.number, entity_ref.name(), AMENDED_MAX).await? {
                if row.entity_ref == *entity_ref {
                    tx.directory_person_reject(run.number, &row.person.subject, &reason).await?;
                }
            }
            for row in tx.directory_groups_named(run.number, entity_ref.name(), AMENDED_MAX).await? {
                if row.entity_ref == *entity_ref {
                    tx.directory_group_reject(run.number, &row.group.id, &reason).await?;
                }
            }
        }
        tx.run_unstage(&catalog_run, &conflicts).await?;
        run.counts.rejected += conflicts.len() as u64;
        run.counts.entities = run.counts.entities.saturating_sub(conflicts.len() as u64);
        if let Some(gone) = gone {
            if !gone.is_empty() || run.counts.entities > 0 {
                tx.run_adopt(&location, &catalog_run, gone).await?;
            }
            return Ok(true);
        }
        let now = self.now();
        let outcome = RunOutcome {
            at: now,
            entities: i64::try_from(run.counts.entities).unwrap_or(i64::MAX),
            with_errors: 0,
            rejected: i64::try_from(run.counts.rejected).unwrap_or(i64::MAX),
            duration_ms: now.since(run.started_at).max(0),
        };
        if run.counts.entities == 0 && run.counts.rejected == 0 {
            // Nothing was staged under this id: there is nothing to point at, and nothing must stay.
            tx.run_stage(&location, &catalog_run, &[]).await?;
        }
        if !tx.run_publish(&location, &catalog_run, &outcome).await? {
            return Err(StoreError::Inconsistent("the provider has no location".to_owned()).into());
        }
        Ok(true)
    }

    /// People who were read alone since the run began: their entities are made from what was read then, and they are read
    /// once more.
    async fn keep_rereads(&self, tx: &mut dyn WriteTransaction, run: &DirectoryRun) -> Result<(), RunError> {
        loop {
            let subjects = tx.directory_reread_people(run.number, AMENDED_MAX).await?;
            if subjects.is_empty() {
                return Ok(());
            }
            let rows = tx.directory_people(run.number, &subjects).await?;
            let refs: Vec<EntityRef> =
                rows.iter().filter(|row| row.own).map(|row| row.entity_ref.clone()).collect();
            let refs = self.without_namesakes(tx, run.number, &subjects, refs).await?;
            let composed = compose::people(&mut *tx, self.options(), run.number, &rows).await?;
            tx.entity_put_all(&self.location(), &refs, &composed.entities).await?;
            tx.directory_reread_forget(run.number, &subjects).await?;
            for subject in subjects {
                let key = PersonKey::Subject(subject);
                tx.directory_reread_put(&self.options().id, &key, self.now(), REREADS_MAX).await?;
            }
        }
    }

    /// Refs that nobody else of the run has.
    async fn without_namesakes(
        &self,
        tx: &mut dyn WriteTransaction,
        run: RunNumber,
        subjects: &[Subject],
        refs: Vec<EntityRef>,
    ) -> Result<Vec<EntityRef>, RunError> {
        let mut free = Vec::with_capacity(refs.len());
        for entity_ref in refs {
            let namesakes = tx.directory_people_named(run, entity_ref.name(), AMENDED_MAX).await?;
            if namesakes.iter().all(|row| subjects.contains(&row.person.subject)) {
                free.push(entity_ref);
            }
        }
        Ok(free)
    }

    async fn swap_directory(
        &self,
        tx: &mut dyn WriteTransaction,
        state: &ProviderState,
        run: &mut DirectoryRun,
    ) -> Result<(), RunError> {
        let now = self.now();
        run.state = RunState::Published;
        run.cursor = None;
        run.updated_at = now;
        run.ended_at = Some(now);
        tx.directory_run_update(run).await?;
        if let Some(held) = state.held_run {
            supersede(tx, held, now).await?;
        }
        let mut next = ProviderState {
            published_run: Some(run.number),
            active_run: None,
            held_run: None,
            watermark: Some(run.started_at),
            delta_cursor: run.delta_cursor.clone(),
            failures: 0,
            ..state.clone()
        };
        self.plan(&mut next, RunKind::Full);
        Ok(tx.directory_provider_update(&next).await?)
    }

    /// What the run means for accounts, sessions and tokens.
    async fn carry_out(
        &self,
        tx: &mut dyn WriteTransaction,
        state: &ProviderState,
        run: &DirectoryRun,
        settings: &Settings,
    ) -> Result<(), RunError> {
        let origin = RequestOrigin::default();
        let context = self.standing_context(&origin);
        let mut after: Option<Subject> = None;
        loop {
            let affected = tx
                .directory_affected(
                    &self.options().id,
                    state.published_run,
                    run.number,
                    after.as_ref(),
                    AFFECTED_PAGE,
                )
                .await?;
            let Some(last) = affected.last() else { break };
            after = Some(last.subject.clone());
            let members: Vec<Member> =
                affected.iter().map(|difference| Member::Person(difference.subject.clone())).collect();
            let changes = changes(tx, run.number, affected).await?;
            standing::apply(&context, tx, &changes).await?;
            tx.directory_changes_delete(run.number, &members).await?;
        }
        admins::settle(&context, tx, settings).await?;
        Ok(())
    }

    /// Notes what the published run means for people who had neither account nor token when it was published. `false` when
    /// nothing is left to note.
    pub(super) async fn settle(&self, state: &ProviderState) -> Result<bool, RunError> {
        let Some(published) = state.published_run else { return Ok(false) };
        let members =
            self.dependencies.store.read().await?.directory_changes(published, SETTLED_PAGE).await?;
        if members.is_empty() {
            return Ok(false);
        }
        let origin = RequestOrigin::default();
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        self.hold(tx.as_mut()).await?;
        let subjects: Vec<Subject> = members
            .iter()
            .filter_map(|member| match member {
                Member::Person(subject) => Some(subject.clone()),
                Member::Group(_) => None,
            })
            .collect();
        let rows = tx.directory_people(published, &subjects).await?;
        let mut rows: HashMap<Subject, PersonRow> =
            rows.into_iter().map(|row| (row.person.subject.clone(), row)).collect();
        let changes: Vec<PersonChange> = subjects
            .into_iter()
            .map(|subject| {
                let row = rows.remove(&subject);
                PersonChange {
                    after: row.as_ref().map(state_of),
                    person: row.map(|row| row.person),
                    before: None,
                    subject,
                }
            })
            .collect();
        standing::apply(&self.standing_context(&origin), tx.as_mut(), &changes).await?;
        tx.directory_changes_delete(published, &members).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(true)
    }
}

/// How a row reads as published.
pub(super) fn state_of(row: &PersonRow) -> PersonState {
    PersonState { entity_ref: row.entity_ref.clone(), standing: row.standing.clone() }
}

/// Differences with the people themselves.
async fn changes(
    tx: &mut dyn WriteTransaction,
    run: RunNumber,
    differences: Vec<PersonDifference>,
) -> Result<Vec<PersonChange>, StoreError> {
    let subjects: Vec<Subject> = differences.iter().map(|difference| difference.subject.clone()).collect();
    let rows = tx.directory_people(run, &subjects).await?;
    let mut people: HashMap<Subject, _> =
        rows.into_iter().map(|row| (row.person.subject.clone(), row.person)).collect();
    Ok(differences
        .into_iter()
        .map(|PersonDifference { subject, before, after }| {
            let person = people.remove(&subject);
            PersonChange { subject, before, after, person }
        })
        .collect())
}

/// Ends a held run that a later one makes pointless.
pub(super) async fn supersede(
    tx: &mut dyn WriteTransaction,
    held: RunNumber,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let Some(mut run) = tx.directory_run(held).await? else { return Ok(()) };
    run.state = RunState::Discarded;
    run.updated_at = now;
    run.ended_at = Some(now);
    run.error = Some("a later run took its place".to_owned());
    tx.directory_run_update(&run).await
}

/// Whether somebody is in the catalog by this row.
pub(super) fn is_active(row: &PersonRow) -> bool {
    row.standing == Standing::Active
}
