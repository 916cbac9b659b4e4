//! How many events are taken in a minute. Counted in this process only: more nodes take more.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use portal_core::time::UnixMillis;

/// Events of one provider a minute.
const EVENTS_MAX: u32 = 1_200;
/// Events that were not authentic, from one network a minute; after that it is not listened to.
const REFUSED_MAX: u32 = 30;
/// Networks remembered; when there are more, none of the unknown ones is counted.
const NETWORKS_MAX: usize = 10_000;

/// The counters of the present minute.
#[derive(Default)]
pub(super) struct EventLimits(Mutex<Window>);

#[derive(Default)]
struct Window {
    start: UnixMillis,
    providers: HashMap<String, u32>,
    refused: HashMap<String, u32>,
}

impl Window {
    fn at(&mut self, now: UnixMillis) -> &mut Self {
        if self.start != now.minute() {
            *self = Self { start: now.minute(), ..Self::default() };
        }
        self
    }
}

impl EventLimits {
    /// Whether an event may be looked at. `provider` is one of the configuration's.
    pub(super) fn admit(&self, provider: &str, network: &str, now: UnixMillis) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = window.at(now);
        if window.refused.get(network).is_some_and(|refused| *refused >= REFUSED_MAX) {
            return false;
        }
        let events = window.providers.entry(provider.to_owned()).or_default();
        *events += 1;
        *events <= EVENTS_MAX
    }

    /// Counts an event that was not authentic: against its network, not against what authentic events have.
    pub(super) fn refused(&self, provider: &str, network: &str, now: UnixMillis) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = window.at(now);
        if let Some(events) = window.providers.get_mut(provider) {
            *events = events.saturating_sub(1);
        }
        if let Some(refused) = window.refused.get_mut(network) {
            *refused += 1;
        } else if window.refused.len() < NETWORKS_MAX {
            window.refused.insert(network.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use portal_core::time::MINUTE_MS;

    use super::*;

    #[test]
    fn a_minute_has_so_many_events() {
        let (limits, now) = (EventLimits::default(), UnixMillis(MINUTE_MS));
        for _ in 0..EVENTS_MAX {
            assert!(limits.admit("acme", "a", now));
        }
        assert!(!limits.admit("acme", "b", now));
        assert!(limits.admit("other", "b", now));
        assert!(limits.admit("acme", "b", now.plus(MINUTE_MS)));
    }

    #[test]
    fn a_network_that_forges_is_not_listened_to() {
        let (limits, now) = (EventLimits::default(), UnixMillis(MINUTE_MS));
        for _ in 0..REFUSED_MAX {
            assert!(limits.admit("acme", "a", now));
            limits.refused("acme", "a", now);
        }
        assert!(!limits.admit("acme", "a", now));
        for _ in 0..EVENTS_MAX {
            assert!(limits.admit("acme", "b", now), "others are heard as before");
        }
    }
}
