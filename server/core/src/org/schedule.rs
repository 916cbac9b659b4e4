//! When providers are read.

use super::{
    ProviderOptions,
    run::{ProviderState, RunKind, RunRequest, RunTrigger},
};
use crate::{
    ports::Rng,
    time::{HOUR_MS, MINUTE_MS, SECOND_MS, UnixMillis},
};

/// Runs are spread by up to this part of their interval.
const JITTER_PART: i64 = 10;
/// And by no more than this.
const JITTER_MS_MAX: i64 = 5 * MINUTE_MS;
/// New providers are read within this time after the start, so that several do not begin at once.
const FIRST_JITTER_MS: i64 = 5 * SECOND_MS;
/// A run that failed is tried again after this time, then after twice as long, up to the usual interval.
const RETRY_MS: i64 = 5 * MINUTE_MS;
/// Longest wait for a provider that cannot be reached.
const OUTAGE_WAIT_MS_MAX: i64 = 10 * MINUTE_MS;
/// Longest wait that a provider may ask for.
const THROTTLE_WAIT_MS_MAX: i64 = 2 * HOUR_MS;
/// Highest power of two by which waits grow.
const DOUBLINGS_MAX: u32 = 10;

/// A random span from 0 to `max_ms`.
fn jitter(rng: &dyn Rng, max_ms: i64) -> i64 {
    let mut bytes = [0_u8; 8];
    rng.fill(&mut bytes);
    let random = i64::from_le_bytes(bytes).rem_euclid(max_ms.max(1) + 1);
    random.min(max_ms.max(0))
}

fn spread(rng: &dyn Rng, interval_ms: i64) -> i64 {
    interval_ms.saturating_add(jitter(rng, (interval_ms / JITTER_PART).min(JITTER_MS_MAX)))
}

fn doubled(base_ms: i64, failures: u32, max_ms: i64) -> i64 {
    base_ms.saturating_mul(1 << failures.saturating_sub(1).min(DOUBLINGS_MAX)).min(max_ms)
}

/// When a new provider is read first.
pub(super) fn first(rng: &dyn Rng, now: UnixMillis) -> UnixMillis {
    now.plus(jitter(rng, FIRST_JITTER_MS))
}

/// When everything is read after a run of any outcome.
pub(super) fn next_full(
    options: &ProviderOptions,
    rng: &dyn Rng,
    now: UnixMillis,
    failures: u32,
) -> UnixMillis {
    let interval = i64::from(options.schedule_minutes) * MINUTE_MS;
    if failures == 0 {
        return now.plus(spread(rng, interval));
    }
    now.plus(spread(rng, doubled(RETRY_MS, failures, interval)).min(interval))
}

/// When changes are read next; `None` where there is no delta.
pub(super) fn next_delta(options: &ProviderOptions, rng: &dyn Rng, now: UnixMillis) -> Option<UnixMillis> {
    let interval = i64::from(options.delta_minutes?) * MINUTE_MS;
    Some(now.plus(spread(rng, interval)))
}

/// Until when to leave a provider alone that cannot be reached.
pub(super) fn after_outage(rng: &dyn Rng, now: UnixMillis, attempts: u32) -> UnixMillis {
    now.plus(spread(rng, doubled(5 * SECOND_MS, attempts, OUTAGE_WAIT_MS_MAX)))
}

/// Until when to leave a provider alone that asks for it.
pub(super) fn after_throttling(now: UnixMillis, retry_after_seconds: u64) -> UnixMillis {
    let wait = i64::try_from(retry_after_seconds.max(1)).unwrap_or(i64::MAX).saturating_mul(SECOND_MS);
    now.plus(wait.min(THROTTLE_WAIT_MS_MAX))
}

/// What is to be read now; `None` when it is not time.
pub(super) fn due(state: &ProviderState, now: UnixMillis) -> Option<RunRequest> {
    if let Some(request) = &state.request {
        return Some(request.clone());
    }
    if state.full_due_at <= now {
        return Some(RunRequest { kind: RunKind::Full, trigger: RunTrigger::Schedule });
    }
    // What a held run found is not mixed with later changes.
    let delta_is_due = state.delta_due_at.is_some_and(|due| due <= now)
        && state.delta_cursor.is_some()
        && state.held_run.is_none();
    delta_is_due.then_some(RunRequest { kind: RunKind::Delta, trigger: RunTrigger::Schedule })
}
