//! Reading people again, one by one: what events ask for.

use std::time::Duration;

use super::{
    OrgError, RunKind, RunRequest,
    apply::{self, Update, Updates},
    publish::REREADS_MAX,
    rows::Reread,
    run::RunTrigger,
    schedule, stage,
};
use crate::{
    changes::Topic,
    identity::RequestOrigin,
    org::StandingContext,
    ports::{DirectoryError, PersonKey, PersonNow, StoreError},
    services::{Dependencies, Directory},
    settings::SettingsService,
    time::SECOND_MS,
};

/// People taken from the queue at once.
const BATCH: u32 = 20;
/// Longest wait for one person; shorter than the claim.
const PERSON_TIME_MAX: Duration = Duration::from_secs(30);
/// How long whoever takes someone from the queue has, in milliseconds.
const CLAIM_MS: i64 = 60 * SECOND_MS;
/// Attempts on one person; after that everything is read.
const ATTEMPTS_MAX: u32 = 10;
/// People of one login looked at.
const NAMESAKES_MAX: u32 = 10;

/// Queues people to be read again. When the queue is full, everything is read instead.
///
/// # Errors
/// The store failed.
pub(super) async fn queue(
    dependencies: &Dependencies,
    directory: &Directory,
    keys: &[PersonKey],
) -> Result<(), StoreError> {
    let provider = &directory.options.id;
    let now = dependencies.clock.now();
    let mut tx = dependencies.store.write().await?;
    for key in keys {
        let text = match key {
            PersonKey::Subject(subject) => subject.as_str(),
            PersonKey::Login(login) => login,
        };
        if !stage::id_is_usable(text) {
            continue;
        }
        if !tx.directory_reread_put(provider, key, now, REREADS_MAX).await? {
            let request = RunRequest { kind: RunKind::Full, trigger: RunTrigger::Recovery };
            tx.directory_request(provider, &request).await?;
            tracing::warn!(%provider, "too many people wait to be read again; everything is read instead");
            break;
        }
    }
    tx.change_record(Topic::Runs).await?;
    tx.commit().await
}

/// Reads everyone who waits and is due. Several nodes may do so at once.
///
/// # Errors
/// The store failed.
pub(super) async fn work(
    dependencies: &Dependencies,
    settings: &SettingsService,
    directory: &Directory,
) -> Result<u64, OrgError> {
    let mut read = 0;
    loop {
        let now = dependencies.clock.now();
        let mut store = dependencies.store.read().await?;
        let due = store.directory_reread_due(&directory.options.id, now, BATCH).await?;
        drop(store);
        if due.is_empty() {
            return Ok(read);
        }
        for reread in due {
            read += u64::from(one(dependencies, settings, directory, reread).await?);
        }
    }
}

async fn one(
    dependencies: &Dependencies,
    settings: &SettingsService,
    directory: &Directory,
    reread: Reread,
) -> Result<bool, OrgError> {
    let provider = &directory.options.id;
    let now = dependencies.clock.now();
    let attempts = reread.attempts + 1;
    let mut tx = dependencies.store.write().await?;
    let taken = tx.directory_reread_defer(provider, &reread, now.plus(CLAIM_MS), attempts).await?;
    tx.commit().await?;
    if !taken {
        return Ok(false);
    }
    let reread = Reread { attempts, ..reread };
    let answer = tokio::time::timeout(PERSON_TIME_MAX, directory.client.person(&reread.key)).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(DirectoryError::Outage(format!("no answer within {} seconds", PERSON_TIME_MAX.as_secs())))
    });
    match answer {
        Ok(now) => {
            take(dependencies, settings, directory, &reread, now).await?;
            Ok(true)
        }
        Err(error) => {
            fail(dependencies, directory, &reread, &error).await?;
            Ok(false)
        }
    }
}

async fn take(
    dependencies: &Dependencies,
    settings: &SettingsService,
    directory: &Directory,
    reread: &Reread,
    answer: PersonNow,
) -> Result<(), StoreError> {
    let provider = &directory.options.id;
    let settings = settings.current().await?;
    let origin = RequestOrigin::default();
    let context = StandingContext {
        provider: &directory.options,
        directories: &dependencies.directories,
        now: dependencies.clock.now(),
        rng: &*dependencies.rng,
        origin: &origin,
    };
    let mut tx = dependencies.store.write().await?;
    apply::lock_order(tx.as_mut()).await?;
    let Some(state) = tx.directory_provider_lock(provider).await? else { return tx.commit().await };
    let updates = match (answer, &reread.key) {
        (PersonNow::Known { person, groups }, _) => {
            let row = stage::person_row(&directory.options, *person);
            row.map(|row| Update { subject: row.person.subject.clone(), row: Some(row), groups })
                .into_iter()
                .collect()
        }
        (PersonNow::Gone, PersonKey::Subject(subject)) => {
            vec![Update { subject: subject.clone(), row: None, groups: None }]
        }
        (PersonNow::Gone, PersonKey::Login(login)) => {
            // Whoever had the login may have another one now: they are asked for by what does not change.
            // The claim ends by itself, and then there may be somebody to look for.
            let Some(published) = state.published_run else { return tx.commit().await };
            let name = super::names::entity_name(login).to_lowercase();
            for row in tx.directory_people_named(published, &name, NAMESAKES_MAX).await? {
                let key = PersonKey::Subject(row.person.subject);
                tx.directory_reread_put(provider, &key, context.now, REREADS_MAX).await?;
            }
            Vec::new()
        }
    };
    if !updates.is_empty() {
        let updates = Updates { list: &updates, from_run: false };
        apply::people(&context, tx.as_mut(), &state, &settings, &updates).await?;
    }
    tx.directory_reread_delete(provider, reread).await?;
    tx.change_record(Topic::Runs).await?;
    tx.commit().await?;
    dependencies.changes.expire();
    Ok(())
}

async fn fail(
    dependencies: &Dependencies,
    directory: &Directory,
    reread: &Reread,
    error: &DirectoryError,
) -> Result<(), StoreError> {
    let provider = &directory.options.id;
    let now = dependencies.clock.now();
    let mut tx = dependencies.store.write().await?;
    let gives_up = matches!(error, DirectoryError::Unsupported(_)) || reread.attempts >= ATTEMPTS_MAX;
    if gives_up {
        tx.directory_reread_delete(provider, reread).await?;
        let request = RunRequest { kind: RunKind::Full, trigger: RunTrigger::Recovery };
        tx.directory_request(provider, &request).await?;
    } else {
        let due_at = match error {
            DirectoryError::Throttled { retry_after_seconds } => {
                schedule::after_throttling(now, *retry_after_seconds)
            }
            _ => schedule::after_outage(&*dependencies.rng, now, reread.attempts),
        };
        tx.directory_reread_defer(provider, reread, due_at, reread.attempts).await?;
    }
    tx.change_record(Topic::Runs).await?;
    tx.commit().await?;
    tracing::warn!(%provider, %error, gives_up, "somebody could not be read again");
    Ok(())
}
