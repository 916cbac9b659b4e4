//! Bounds how much is fetched, so that a flood of client ids exhausts neither sockets nor other people's servers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use portal_core::ports::FetchError;
use tokio::time::Instant;

/// Documents fetched at once.
pub const FETCHES_AT_ONCE_MAX: usize = 16;
/// Documents fetched at once from one host.
pub const FETCHES_PER_HOST_MAX: usize = 4;
/// Documents fetched within any minute.
pub const FETCHES_PER_MINUTE_MAX: usize = 120;
/// Pause between two fetches of one document, in milliseconds.
pub const REPEAT_PAUSE_MS: u64 = 1_000;

const WINDOW: Duration = Duration::from_mins(1);
const REPEAT_PAUSE: Duration = Duration::from_millis(REPEAT_PAUSE_MS);

#[derive(Default)]
struct State {
    /// Hosts of the fetches under way, at most [`FETCHES_AT_ONCE_MAX`].
    under_way: Vec<String>,
    /// Starts within the window, oldest first, at most [`FETCHES_PER_MINUTE_MAX`].
    started: VecDeque<(Instant, String)>,
}

/// Lets fetches through or not; never makes one wait.
#[derive(Clone, Default)]
pub(crate) struct Governor {
    state: Arc<Mutex<State>>,
}

impl Governor {
    /// Lets one fetch of `document` from `host` through, until the permit is dropped.
    ///
    /// # Errors
    /// [`FetchError::Overloaded`] beyond a bound.
    pub(crate) fn admit(&self, host: &str, document: &str) -> Result<Permit, FetchError> {
        let now = Instant::now();
        let mut state = self.lock();
        while state.started.front().is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            state.started.pop_front();
        }
        let of_host = state.under_way.iter().filter(|other| *other == host).count();
        let mut recent =
            state.started.iter().rev().take_while(|(at, _)| now.duration_since(*at) < REPEAT_PAUSE);
        let repeated = recent.any(|(_, other)| other == document);
        let full = state.under_way.len() >= FETCHES_AT_ONCE_MAX
            || of_host >= FETCHES_PER_HOST_MAX
            || state.started.len() >= FETCHES_PER_MINUTE_MAX;
        if full || repeated {
            return Err(FetchError::Overloaded);
        }
        state.under_way.push(host.to_owned());
        state.started.push_back((now, document.to_owned()));
        Ok(Permit { governor: self.clone(), host: host.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for one fetch under way.
pub(crate) struct Permit {
    governor: Governor,
    host: String,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.governor.lock();
        if let Some(index) = state.under_way.iter().position(|host| *host == self.host) {
            state.under_way.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: &Result<Permit, FetchError>) -> bool {
        matches!(result, Err(FetchError::Overloaded))
    }

    /// Rule: Portal section 6: a flood of client ids is bounded in memory, sockets and by time
    /// Attack: 1.4: floods of ids and of requests for one id
    #[tokio::test(start_paused = true)]
    async fn one_host_gets_four_and_all_hosts_sixteen_at_once() {
        let governor = Governor::default();
        let mut held = Vec::new();
        for number in 0..FETCHES_PER_HOST_MAX {
            held.push(governor.admit("a.example", &format!("a{number}")).unwrap());
        }
        assert!(refused(&governor.admit("a.example", "a-more")));
        for number in held.len()..FETCHES_AT_ONCE_MAX {
            held.push(governor.admit(&format!("{number}.example"), &number.to_string()).unwrap());
        }
        assert!(refused(&governor.admit("b.example", "b")));
        held.remove(0);
        assert!(governor.admit("a.example", "a-again").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_document_is_fetched_once_a_second() {
        let governor = Governor::default();
        drop(governor.admit("a.example", "document").unwrap());
        assert!(refused(&governor.admit("a.example", "document")));
        assert!(governor.admit("a.example", "another").is_ok());
        tokio::time::advance(REPEAT_PAUSE).await;
        assert!(governor.admit("a.example", "document").is_ok());
    }

    /// Rule: Portal section 6: a flood of client ids is bounded in memory, sockets and by time
    #[tokio::test(start_paused = true)]
    async fn a_minute_has_room_for_120_and_then_again() {
        let governor = Governor::default();
        for number in 0..FETCHES_PER_MINUTE_MAX {
            drop(governor.admit("a.example", &number.to_string()).unwrap());
        }
        assert!(refused(&governor.admit("b.example", "one-more")));
        tokio::time::advance(WINDOW).await;
        assert!(governor.admit("b.example", "one-more").is_ok());
    }
}
