//! Dry runs: everything is read and compared, and nothing changes.

use std::time::Duration;

use portal_model::EntityRef;

use super::{
    OrgError, RunKind, RunRequest, RunState, Standing,
    comparing::{Tally, active_count, count_rows, exceeds, settle_namesakes},
    compose,
    rows::{GroupDifference, PersonDifference},
    run::{DirectoryRun, RunCounts, RunNumber, RunTrigger},
    stage,
    worker::{RunError, clear_away},
};
use crate::{
    changes::Topic,
    ports::{DirectoryError, DirectoryNext, StoreError},
    services::{Dependencies, Directory},
};

/// Differences that are listed; the rest is only counted.
pub const LISTED_MAX: usize = 1_000;
/// Longest single wait for a provider that asks for one.
const WAIT_MAX: Duration = Duration::from_mins(2);
/// Requests that may fail one after the other.
const ATTEMPTS_MAX: u32 = 5;
/// Differences read at once.
const PAGE: u32 = 1_000;
/// Most pages of a dry run.
const PAGES_MAX: u64 = 1_000_000;

/// What a run would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// What was read and what would change.
    pub counts: RunCounts,
    /// People who would come, change or leave, by stable id, at most [`LISTED_MAX`].
    pub people: Vec<PersonDifference>,
    /// Groups that would come, change or go, at most [`LISTED_MAX`].
    pub groups: Vec<GroupDifference>,
    /// People and groups that the catalog could not take, with the reason, at most [`LISTED_MAX`].
    pub rejected: Vec<(EntityRef, String)>,
    /// Whether so many people would leave that an admin would be asked.
    pub would_be_held: bool,
}

/// Reads everything under a run of its own.
///
/// # Errors
/// [`OrgError::Directory`] when it cannot be read to the end.
pub(super) async fn dry_run(
    dependencies: &Dependencies,
    directory: &Directory,
    limit_percent: u64,
) -> Result<DryRun, OrgError> {
    let provider = &directory.options.id;
    let state = dependencies.store.read().await?.directory_provider(provider).await?;
    let published = state.ok_or(OrgError::UnknownProvider)?.published_run;
    let request = RunRequest { kind: RunKind::DryRun, trigger: RunTrigger::CommandLine };
    let mut run = DirectoryRun::new(provider.clone(), request, dependencies.clock.now());
    let mut tx = dependencies.store.write().await?;
    run.number = tx.directory_run_insert(&run).await?;
    tx.commit().await?;
    let outcome = compared(dependencies, directory, &mut run, published, limit_percent).await;
    run.state = if outcome.is_ok() { RunState::Compared } else { RunState::Failed };
    run.error = outcome.as_ref().err().map(ToString::to_string);
    note(dependencies, &mut run, true).await?;
    clear_away(dependencies).await?;
    outcome
}

async fn compared(
    dependencies: &Dependencies,
    directory: &Directory,
    run: &mut DirectoryRun,
    published: Option<RunNumber>,
    limit_percent: u64,
) -> Result<DryRun, OrgError> {
    read(dependencies, directory, run).await?;
    settle_namesakes(dependencies, &directory.options, None, run.number).await.map_err(
        |error| match error {
            RunError::Store(error) => error,
            RunError::Overtaken => StoreError::Unavailable(error.to_string()),
        },
    )?;
    count_rows(&*dependencies.store, run).await?;
    let mut tally = Tally::default();
    let people = people(dependencies, published, run.number, &mut tally).await?;
    tally.groups(&*dependencies.store, published, run.number).await?;
    tally.write(&mut run.counts);
    let mut store = dependencies.store.read().await?;
    let listed = u32::try_from(LISTED_MAX).unwrap_or(u32::MAX);
    let groups = store.directory_group_differences(published, run.number, None, listed).await?;
    let mut rejected = store.directory_rejected(run.number, listed).await?;
    let new_people = people.iter().filter(|difference| {
        difference.after.as_ref().is_some_and(|after| after.standing == Standing::Active)
    });
    let refs: Vec<EntityRef> = new_people
        .filter_map(|difference| difference.after.as_ref().map(|after| after.entity_ref.clone()))
        .chain(groups.iter().filter_map(|difference| difference.after.clone()))
        .collect();
    let own = compose::location_id(&directory.options);
    for (entity_ref, place) in store.directory_defined_elsewhere(&own, &refs).await? {
        let reason = format!("it is defined by {place} already");
        rejected.push((entity_ref, reason));
    }
    rejected.truncate(LISTED_MAX);
    run.counts.rejected = rejected.len() as u64;
    let mut would_be_held = false;
    if let Some(published) = published {
        let unexplained = store.directory_unexplained_count(published, run.number).await?;
        run.counts.unexplained = u64::try_from(unexplained).unwrap_or(0);
        let before = active_count(&store.directory_standing_counts(published).await?);
        would_be_held = exceeds(run.counts.unexplained, before, limit_percent);
    }
    Ok(DryRun { counts: run.counts.clone(), people, groups, rejected, would_be_held })
}

async fn people(
    dependencies: &Dependencies,
    published: Option<RunNumber>,
    run: RunNumber,
    tally: &mut Tally,
) -> Result<Vec<PersonDifference>, StoreError> {
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = dependencies
            .store
            .read()
            .await?
            .directory_person_differences(published, run, after.as_ref(), PAGE)
            .await?;
        let Some(last) = page.last() else { return Ok(listed) };
        after = Some(last.subject.clone());
        tally.people(&page);
        let room = LISTED_MAX.saturating_sub(listed.len());
        listed.extend(page.into_iter().filter(|difference| difference.kind().is_some()).take(room));
    }
}

async fn read(
    dependencies: &Dependencies,
    directory: &Directory,
    run: &mut DirectoryRun,
) -> Result<(), OrgError> {
    loop {
        let page = match directory.client.read(run.next_read(None)).await {
            Ok(page) => page,
            Err(error) if error.is_transient() && run.attempts < ATTEMPTS_MAX => {
                run.attempts += 1;
                let wait = match error {
                    DirectoryError::Throttled { retry_after_seconds } => {
                        Duration::from_secs(retry_after_seconds)
                    }
                    _ => Duration::from_secs(u64::from(run.attempts)),
                };
                tokio::time::sleep(wait.min(WAIT_MAX)).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        run.attempts = 0;
        run.counts.pages += 1;
        let next = page.next.clone();
        for piece in stage::pieces(&directory.options, run.kind, page) {
            let mut tx = dependencies.store.write().await?;
            piece.write(tx.as_mut(), run.number).await?;
            tx.commit().await?;
            tokio::task::yield_now().await;
        }
        match next {
            DirectoryNext::End(_) => return Ok(()),
            DirectoryNext::More(cursor)
                if run.cursor.as_ref() != Some(&cursor) && run.counts.pages < PAGES_MAX =>
            {
                run.cursor = Some(cursor);
            }
            DirectoryNext::More(_) => {
                let words = "the next page is the same page again".to_owned();
                return Err(DirectoryError::Malformed(words).into());
            }
        }
        note(dependencies, run, false).await?;
    }
}

async fn note(dependencies: &Dependencies, run: &mut DirectoryRun, ended: bool) -> Result<(), StoreError> {
    let now = dependencies.clock.now();
    run.updated_at = now;
    run.ended_at = ended.then_some(now);
    let mut tx = dependencies.store.write().await?;
    tx.directory_run_update(run).await?;
    tx.change_record(Topic::Runs).await?;
    tx.commit().await
}
