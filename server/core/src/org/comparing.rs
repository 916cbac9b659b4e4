//! What a run that was read to its end would change, and whether that looks right.

use super::{
    ExclusionReason, Member, ProviderOptions, RunState, Standing,
    rows::{ACTIVE, DifferenceKind, PersonDifference},
    run::{DirectoryRun, Fence, Hold, ProviderState, RunCounts, RunNumber, SampledChange},
    worker::{RunError, Step, Worker, hold},
};
use crate::{
    ports::{Store, StoreError, WriteTransaction},
    services::Dependencies,
};

/// People who may leave without an explanation, however few there are.
const UNEXPLAINED_PEOPLE_FREE: u64 = 5;
/// Differences of people, and of groups, that are kept with a run.
const SAMPLE_MAX: usize = 50;
/// Differences read at once.
const DIFFERENCES_PAGE: u32 = 1_000;
/// Names that several have, settled at once.
const TWINS_PAGE: u32 = 200;
/// People of one name who are told apart; a directory in which more share one is refused.
const NAMESAKES_MAX: u32 = 1_000;
/// Most people and groups of which only the entities that differ are staged; beyond it all entities are staged anew.
pub(super) const PATCH_MAX: u32 = 2_000;

/// Whether so many people may not leave without an admin's word.
pub(super) const fn exceeds(unexplained: u64, before: u64, limit_percent: u64) -> bool {
    unexplained > UNEXPLAINED_PEOPLE_FREE && unexplained * 100 > before * limit_percent
}

/// How many of these people are in the catalog.
pub(super) fn active_count(counts: &[(String, i64)]) -> u64 {
    let active = counts.iter().find(|(word, _)| word == ACTIVE).map_or(0, |(_, count)| *count);
    u64::try_from(active).unwrap_or(0)
}

impl Worker<'_> {
    /// Compares a run with what is published, then holds, discards, publishes or stages it.
    pub(super) async fn compare(
        &self,
        state: &ProviderState,
        mut run: DirectoryRun,
    ) -> Result<Step, RunError> {
        tracing::debug!(provider = %self.options().id, "directory run compares");
        settle_namesakes(self.dependencies, self.options(), Some(&self.fence), run.number).await?;
        let store = &*self.dependencies.store;
        let before = match state.published_run {
            Some(published) => store.read().await?.directory_standing_counts(published).await?,
            None => Vec::new(),
        };
        count_rows(store, &mut run).await?;
        if run.counts.people == 0 && !before.is_empty() {
            let words = "the answer was read to its end and nobody was in it; what was published stays";
            return self.end(run, RunState::Discarded, Some(words.to_owned())).await;
        }
        self.count_differences(state.published_run, &mut run).await?;
        if let Some(published) = state.published_run {
            let unexplained = store.read().await?.directory_unexplained_count(published, run.number).await?;
            run.counts.unexplained = u64::try_from(unexplained).unwrap_or(0);
            let before = active_count(&before);
            if let Some(hold) = self.reason_to_hold(published, before, &run.counts).await? {
                let words = hold_words(&hold);
                run.hold = Some(hold);
                return self.end(run, RunState::Held, Some(words)).await;
            }
        }
        self.begin_publishing(state, run).await
    }

    async fn reason_to_hold(
        &self,
        published: RunNumber,
        before: u64,
        counts: &RunCounts,
    ) -> Result<Option<Hold>, RunError> {
        let limit = self.settings.current().await?.provider(self.options().id.as_str()).removal_limit_percent;
        let limit = u64::from(limit);
        let (groups_before, _) =
            self.dependencies.store.read().await?.directory_group_counts(published).await?;
        let groups_before = u64::try_from(groups_before).unwrap_or(0);
        // Groups that all go at once mean a permission that went, not the end of every team.
        let no_group_left = counts.groups == 0 && groups_before > UNEXPLAINED_PEOPLE_FREE;
        let held = exceeds(counts.unexplained, before, limit) || no_group_left;
        Ok(held.then_some(Hold {
            unexplained: counts.unexplained,
            people_before: before,
            limit_percent: limit,
            groups_removed: counts.groups_removed,
        }))
    }

    /// Goes on with a run that looks right, or that an admin approved.
    pub(super) async fn begin_publishing(
        &self,
        state: &ProviderState,
        mut run: DirectoryRun,
    ) -> Result<Step, RunError> {
        if let Some(published) = state.published_run {
            let mut store = self.dependencies.store.read().await?;
            let dirty = store.directory_dirty(published, run.number, PATCH_MAX + 1).await?;
            drop(store);
            if dirty.len() <= PATCH_MAX as usize {
                let gone = self.compose_differences(state, &mut run, &dirty).await?;
                return self.publish(run, Some(gone)).await;
            }
        }
        run.state = RunState::Composing;
        run.cursor = None;
        run.counts.entities = 0;
        run.counts.rejected = 0;
        self.note(&mut run).await?;
        tracing::debug!(provider = %self.options().id, "directory run composes");
        Ok(Step::Again)
    }

    /// Counts who comes, changes and goes, and notes the people for whom that has consequences.
    async fn count_differences(
        &self,
        published: Option<RunNumber>,
        run: &mut DirectoryRun,
    ) -> Result<(), RunError> {
        let mut tally = Tally::default();
        let mut after = None;
        loop {
            let mut store = self.dependencies.store.read().await?;
            let page = store
                .directory_person_differences(published, run.number, after.as_ref(), DIFFERENCES_PAGE)
                .await?;
            drop(store);
            let Some(last) = page.last() else { break };
            after = Some(last.subject.clone());
            tally.people(&page);
            let members: Vec<Member> =
                page.iter().map(|difference| Member::Person(difference.subject.clone())).collect();
            let mut tx = self.write().await?;
            tx.directory_changes_put(run.number, &members).await?;
            tx.commit().await?;
            if page.len() < DIFFERENCES_PAGE as usize {
                break;
            }
        }
        tally.groups(&*self.dependencies.store, published, run.number).await?;
        tally.write(&mut run.counts);
        run.counts.removed += run.counts.left_at_once;
        Ok(())
    }
}

/// Of people or groups with the same name one is taken: whoever had it, else the first by stable id.
pub(super) async fn settle_namesakes(
    dependencies: &Dependencies,
    options: &ProviderOptions,
    fence: Option<&Fence>,
    run: RunNumber,
) -> Result<(), RunError> {
    loop {
        let mut store = dependencies.store.read().await?;
        let people = store.directory_name_twins(run, false, TWINS_PAGE).await?;
        let groups = store.directory_name_twins(run, true, TWINS_PAGE).await?;
        drop(store);
        if people.is_empty() && groups.is_empty() {
            return Ok(());
        }
        let mut tx = dependencies.store.write().await?;
        if let Some(fence) = fence {
            hold(dependencies, tx.as_mut(), fence).await?;
        }
        for name in people {
            settle_people(tx.as_mut(), options, run, &name).await?;
        }
        for name in groups {
            let rows = tx.directory_groups_named(run, &name, NAMESAKES_MAX).await?;
            for row in rows.iter().skip(1) {
                let reason = format!("another group of {} is {}", options.title, row.entity_ref);
                tx.directory_group_reject(run, &row.group.id, &reason).await?;
            }
        }
        tx.commit().await?;
    }
}

async fn settle_people(
    tx: &mut dyn WriteTransaction,
    options: &ProviderOptions,
    run: RunNumber,
    name: &str,
) -> Result<(), StoreError> {
    let rows = tx.directory_people_named(run, name, NAMESAKES_MAX).await?;
    let mut had = None;
    for row in &rows {
        let before = tx.directory_person(&options.id, &row.person.subject).await?;
        if before.is_some_and(|before| before.name == row.name && before.standing == Standing::Active) {
            had = Some(&row.person.subject);
        }
    }
    let keeps = had.or_else(|| rows.first().map(|row| &row.person.subject));
    for row in rows.iter().filter(|row| Some(&row.person.subject) != keeps) {
        let reason = format!("somebody else of {} is {}", options.title, row.entity_ref);
        tx.directory_person_reject(run, &row.person.subject, &reason).await?;
    }
    Ok(())
}

/// What is counted of differences.
#[derive(Default)]
pub(super) struct Tally {
    people: [u64; 3],
    groups: [u64; 3],
    sampled_people: Vec<SampledChange>,
    sampled_groups: Vec<SampledChange>,
}

impl Tally {
    const fn slot(kind: DifferenceKind) -> usize {
        match kind {
            DifferenceKind::Added => 0,
            DifferenceKind::Changed => 1,
            DifferenceKind::Removed => 2,
        }
    }

    /// Counts people.
    pub(super) fn people(&mut self, differences: &[PersonDifference]) {
        for difference in differences {
            let Some(kind) = difference.kind() else { continue };
            if let Some(slot) = self.people.get_mut(Self::slot(kind)) {
                *slot += 1;
            }
            let state = difference.after.as_ref().or(difference.before.as_ref());
            if let Some(state) = state.filter(|_| self.sampled_people.len() < SAMPLE_MAX) {
                self.sampled_people.push(SampledChange { kind, entity: state.entity_ref.to_string() });
            }
        }
    }

    /// Counts groups.
    pub(super) async fn groups(
        &mut self,
        store: &dyn Store,
        from: Option<RunNumber>,
        to: RunNumber,
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = store
                .read()
                .await?
                .directory_group_differences(from, to, after.as_ref(), DIFFERENCES_PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for difference in &page {
                let Some(kind) = difference.kind() else { continue };
                if let Some(slot) = self.groups.get_mut(Self::slot(kind)) {
                    *slot += 1;
                }
                let entity = difference.after.as_ref().or(difference.before.as_ref());
                if let Some(entity) = entity.filter(|_| self.sampled_groups.len() < SAMPLE_MAX) {
                    self.sampled_groups.push(SampledChange { kind, entity: entity.to_string() });
                }
            }
        }
        Ok(())
    }

    /// Writes the numbers down.
    pub(super) fn write(self, counts: &mut RunCounts) {
        let ([added, changed, removed], [groups_added, groups_changed, groups_removed]) =
            (self.people, self.groups);
        counts.sample = self.sampled_people;
        counts.sample.extend(self.sampled_groups);
        counts.added = added;
        counts.changed = changed;
        counts.removed = removed;
        counts.groups_added = groups_added;
        counts.groups_changed = groups_changed;
        counts.groups_removed = groups_removed;
    }
}

/// Replaces what was counted page by page by what there is.
pub(super) async fn count_rows(store: &dyn Store, run: &mut DirectoryRun) -> Result<(), StoreError> {
    let mut reader = store.read().await?;
    let standings = reader.directory_standing_counts(run.number).await?;
    let (groups, memberships) = reader.directory_group_counts(run.number).await?;
    let counts = &mut run.counts;
    counts.people = standings.iter().map(|(_, count)| u64::try_from(*count).unwrap_or(0)).sum();
    counts.excluded = standings
        .iter()
        .filter_map(|(word, count)| Some((ExclusionReason::parse(word)?, u64::try_from(*count).unwrap_or(0))))
        .collect();
    counts.groups = u64::try_from(groups).unwrap_or(0);
    counts.memberships = u64::try_from(memberships).unwrap_or(0);
    Ok(())
}

/// Why a run waits, in words.
pub(super) fn hold_words(hold: &Hold) -> String {
    format!(
        "{} of {} people would leave without the directory saying that they were suspended, disabled or deleted \
        (limit: {} percent and {UNEXPLAINED_PEOPLE_FREE} people), and {} groups would go; an admin approves or discards this",
        hold.unexplained, hold.people_before, hold.limit_percent, hold.groups_removed
    )
}
