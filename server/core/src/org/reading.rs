//! Reading a directory, page by page.

use std::{collections::HashSet, time::Duration};

use super::{
    DirectoryPerson, Standing, Subject,
    apply::{self, Update, Updates},
    comparing::exceeds,
    link::linked_entities,
    rows::PersonDifference,
    run::{DirectoryRun, ProviderState, RunKind, RunState},
    schedule,
    stage::{self, Piece},
    worker::{RunError, Step, Worker},
};
use crate::{
    identity::RequestOrigin,
    org::StandingContext,
    ports::{DIRECTORY_CURSOR_BYTES_MAX, DirectoryError, DirectoryNext, DirectoryPage, StoreError},
    time::SECOND_MS,
};

/// Longest wait for one page; shorter than the lease.
const PAGE_TIME_MAX: Duration = Duration::from_secs(100);
/// Age of the last note with which a page may still be asked for, in milliseconds.
const NOTE_MS_MAX: i64 = 10 * SECOND_MS;
/// Most pages of one run.
const PAGES_MAX: u64 = 1_000_000;
/// Most people and groups of one provider.
const PEOPLE_MAX: u64 = 2_000_000;
/// Most memberships of one provider.
const MEMBERSHIPS_MAX: u64 = 50_000_000;
/// Requests that may fail one after the other; with the waits between them, several hours.
const ATTEMPTS_MAX: u32 = 40;

impl Worker<'_> {
    /// Reads one page and stages it.
    pub(super) async fn read(&self, state: &ProviderState, run: DirectoryRun) -> Result<Step, RunError> {
        // Each note prolongs the lease; it has to last longer than the page may take.
        if self.now().since(run.updated_at) > NOTE_MS_MAX {
            self.write().await?.commit().await?;
        }
        let read = run.next_read(state.delta_cursor.as_ref());
        let answer = tokio::time::timeout(PAGE_TIME_MAX, self.directory.client.read(read)).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(DirectoryError::Outage(format!("no answer within {} seconds", PAGE_TIME_MAX.as_secs())))
        });
        match answer {
            Ok(page) => match fault(&run, &page) {
                None => self.take(state, run, page).await,
                Some(fault) => self.end(run, RunState::Discarded, Some(fault)).await,
            },
            Err(DirectoryError::DeltaExpired) if run.kind == RunKind::Delta => {
                let words = DirectoryError::DeltaExpired.to_string();
                self.end_with(run, RunState::Discarded, Some(words), Some(RunKind::Full)).await
            }
            Err(error) if error.is_transient() && run.attempts < ATTEMPTS_MAX => {
                self.put_off(run, &error).await
            }
            Err(error) => {
                let state = match error {
                    DirectoryError::Malformed(_) => RunState::Discarded,
                    _ => RunState::Failed,
                };
                self.end(run, state, Some(error.to_string())).await
            }
        }
    }

    /// Goes on later, at the same page.
    async fn put_off(&self, mut run: DirectoryRun, error: &DirectoryError) -> Result<Step, RunError> {
        run.attempts += 1;
        let now = self.now();
        run.waiting_until = Some(match error {
            DirectoryError::Throttled { retry_after_seconds } => {
                schedule::after_throttling(now, *retry_after_seconds)
            }
            _ => schedule::after_outage(&*self.dependencies.rng, now, run.attempts),
        });
        run.error = Some(error.to_string());
        tracing::info!(provider = %self.options().id, %error, "directory run waits");
        self.note(&mut run).await?;
        Ok(Step::Wait)
    }

    async fn take(
        &self,
        state: &ProviderState,
        mut run: DirectoryRun,
        page: DirectoryPage,
    ) -> Result<Step, RunError> {
        run.counts.pages += 1;
        run.counts.people += page.people.len() as u64 + page.people_removed.len() as u64;
        run.counts.groups += page.groups.len() as u64 + page.groups_removed.len() as u64;
        run.counts.memberships += page.memberships.len() as u64 + page.memberships_removed.len() as u64;
        for person in &page.people {
            if let Standing::Excluded(exclusion) = &person.standing {
                *run.counts.excluded.entry(exclusion.reason).or_default() += 1;
            }
        }
        let (left, leaving) = self.leave_at_once(state, &page).await?;
        run.counts.left_at_once += left;
        run.counts.unexplained += leaving;
        run.attempts = 0;
        run.waiting_until = None;
        run.error = None;
        match page.next.clone() {
            DirectoryNext::More(cursor) => run.cursor = Some(cursor),
            DirectoryNext::End(delta) => {
                run.cursor = None;
                run.delta_cursor = delta;
                if run.kind != RunKind::Delta {
                    run.state = RunState::Comparing;
                } else if self.delta_is_too_large(state, &run).await? {
                    let words =
                        "more people than usual would leave; everything is read to make sure".to_owned();
                    return self.end_with(run, RunState::Discarded, Some(words), Some(RunKind::Full)).await;
                } else {
                    run.state = RunState::Applying;
                }
            }
        }
        self.stage_page(&mut run, page).await?;
        Ok(Step::Again)
    }

    /// Stages a page in short transactions, the last of which notes that it was read.
    async fn stage_page(&self, run: &mut DirectoryRun, page: DirectoryPage) -> Result<(), RunError> {
        let mut pieces = stage::pieces(self.options(), run.kind, page).into_iter().peekable();
        if pieces.peek().is_none() {
            return self.note(run).await;
        }
        while let Some(mut piece) = pieces.next() {
            if let Piece::People(rows) = &mut piece {
                self.leave_linked_to_others(rows).await?;
            }
            let mut tx = self.write().await?;
            piece.write(tx.as_mut(), run.number).await?;
            if pieces.peek().is_none() {
                self.note_in(tx.as_mut(), run).await?;
            }
            tx.commit().await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Whoever the directory says is suspended, disabled or deleted goes now, whatever becomes of the run. Returns how many
    /// people that were, and how many of the page are in the catalog and would leave without such a word.
    async fn leave_at_once(
        &self,
        state: &ProviderState,
        page: &DirectoryPage,
    ) -> Result<(u64, u64), RunError> {
        let Some(published) = state.published_run else { return Ok((0, 0)) };
        let (mut left, mut unexplained) = (0, 0);
        let left_out: Vec<&DirectoryPerson> =
            page.people.iter().filter(|person| person.standing != Standing::Active).collect();
        for people in left_out.chunks(apply::UPDATES_MAX) {
            let subjects: Vec<Subject> = people.iter().map(|person| person.subject.clone()).collect();
            let present: HashSet<Subject> = self.active(published, &subjects).await?;
            let mut updates = Vec::new();
            for person in people.iter().filter(|person| present.contains(&person.subject)) {
                let Standing::Excluded(exclusion) = &person.standing else { continue };
                if !exclusion.reason.is_explicit() {
                    unexplained += 1;
                } else if let Some(row) = stage::person_row(self.options(), (*person).clone()) {
                    updates.push(Update {
                        subject: row.person.subject.clone(),
                        row: Some(row),
                        groups: None,
                    });
                }
            }
            if !updates.is_empty() {
                left += self.apply_now(&updates).await?.len() as u64;
            }
        }
        for subjects in page.people_removed.chunks(apply::UPDATES_MAX) {
            unexplained += self.active(published, subjects).await?.len() as u64;
        }
        Ok((left, unexplained))
    }

    async fn active(
        &self,
        published: super::run::RunNumber,
        subjects: &[Subject],
    ) -> Result<HashSet<Subject>, StoreError> {
        let rows = self.dependencies.store.read().await?.directory_people(published, subjects).await?;
        let active = rows.into_iter().filter(|row| row.standing == Standing::Active);
        Ok(active.map(|row| row.person.subject).collect())
    }

    /// Changes published people in one short transaction.
    pub(super) async fn apply_now(&self, updates: &[Update]) -> Result<Vec<PersonDifference>, RunError> {
        let settings = self.settings.current().await?;
        let origin = RequestOrigin::default();
        let mut tx = self.dependencies.store.write().await?;
        apply::lock_order(tx.as_mut()).await?;
        self.hold(tx.as_mut()).await?;
        let Some(state) = tx.directory_provider_lock(&self.options().id).await? else {
            return Err(RunError::Overtaken);
        };
        let context = self.standing_context(&origin);
        let updates = Updates { list: updates, from_run: true };
        let differences = apply::people(&context, tx.as_mut(), &state, &settings, &updates).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(differences)
    }

    pub(super) fn standing_context<'context>(
        &'context self,
        origin: &'context RequestOrigin,
    ) -> StandingContext<'context> {
        StandingContext {
            provider: self.options(),
            directories: &self.dependencies.directories,
            now: self.now(),
            rng: &*self.dependencies.rng,
            origin,
        }
    }

    async fn delta_is_too_large(&self, state: &ProviderState, run: &DirectoryRun) -> Result<bool, RunError> {
        let Some(published) = state.published_run else { return Ok(false) };
        let counts = self.dependencies.store.read().await?.directory_standing_counts(published).await?;
        let before = super::comparing::active_count(&counts);
        let limit = self.settings.current().await?.provider(self.options().id.as_str()).removal_limit_percent;
        Ok(exceeds(run.counts.unexplained, before, u64::from(limit)))
    }

    /// People who are recognised as people of another provider have their entity there.
    async fn leave_linked_to_others(&self, rows: &mut [super::rows::PersonRow]) -> Result<(), RunError> {
        if self.options().link.is_none() {
            return Ok(());
        }
        let subjects: Vec<Subject> = rows.iter().map(|row| row.person.subject.clone()).collect();
        let mut store = self.dependencies.store.read().await?;
        let linked =
            linked_entities(&mut *store, &self.dependencies.directories, self.options(), rows).await?;
        let known = store.identity_list(&self.options().id, &subjects).await?;
        let kept: HashSet<Subject> = known
            .into_iter()
            .filter(|identity| identity.link.is_some())
            .map(|identity| identity.key.subject)
            .collect();
        for row in rows {
            let subject = &row.person.subject;
            row.own = !(linked.contains_key(subject) || kept.contains(subject));
        }
        Ok(())
    }
}

/// What makes a page unusable whatever is in it.
fn fault(run: &DirectoryRun, page: &DirectoryPage) -> Option<String> {
    let malformed = |words: &str| Some(DirectoryError::Malformed(words.to_owned()).to_string());
    let cursor = match &page.next {
        DirectoryNext::More(cursor) => Some(cursor),
        DirectoryNext::End(cursor) => cursor.as_ref(),
    };
    if cursor.is_some_and(|cursor| cursor.0.len() > DIRECTORY_CURSOR_BYTES_MAX) {
        return malformed("where the next page begins takes more than 65,536 bytes to say");
    }
    if matches!(&page.next, DirectoryNext::More(cursor) if run.cursor.as_ref() == Some(cursor)) {
        return malformed("the next page is the same page again");
    }
    let counts = &run.counts;
    if counts.pages >= PAGES_MAX
        || counts.people + counts.groups > PEOPLE_MAX
        || counts.memberships > MEMBERSHIPS_MAX
    {
        return malformed("it is larger than any organisation that Portal is made for");
    }
    None
}
