//! One stream: looks whether its part changed, and says so.

use std::{convert::Infallible, time::Duration};

use axum::response::sse::Event;
use futures::{Stream, stream};
use portal_core::{identity::Identity, secret::Secret};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::{Part, places::Place};
use crate::state::AppState;

/// How often the counters of changes are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// A part is looked at this often though no counter rose: some of what it says depends on the time alone.
const RECHECK_INTERVAL: Duration = Duration::from_secs(10);
/// Looks after which a comment is sent, so that nobody in between takes the stream for dead.
const QUIET_LOOKS_MAX: u32 = 75;
/// How long a stream lasts; the browser asks again, and is known anew.
const STREAM_DURATION_MAX: Duration = Duration::from_mins(10);
/// When the browser asks again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// What a stream knows.
pub(super) struct Watch {
    state: AppState,
    identity: Identity,
    cookie: Option<Secret>,
    part: Part,
    version: String,
    told: bool,
    seen: Option<[i64; 2]>,
    checked_at: Instant,
    ends_at: Instant,
    looks: Interval,
    quiet_looks: u32,
    _place: Place,
}

impl Watch {
    /// A stream that begins with `version`.
    pub(super) fn new(
        state: AppState,
        identity: Identity,
        cookie: Option<Secret>,
        part: Part,
        version: String,
        place: Place,
    ) -> Self {
        let now = Instant::now();
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            state,
            identity,
            cookie,
            part,
            version,
            told: false,
            seen: None,
            checked_at: now,
            ends_at: now + STREAM_DURATION_MAX,
            looks,
            quiet_looks: 0,
            _place: place,
        }
    }

    /// The events: the present version at once, then each new one. It ends when whoever asked may not know any more.
    pub(super) fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
        stream::unfold(self, |mut watch| async move {
            let event = watch.next().await?;
            Some((Ok(event), watch))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if !self.told {
            self.told = true;
            return Some(self.event().retry(RETRY_INTERVAL));
        }
        let live = self.state.live.clone();
        loop {
            tokio::select! {
                _ = self.looks.tick() => {}
                () = live.ended() => return None,
            }
            if Instant::now() >= self.ends_at {
                return None;
            }
            if self.look().await? {
                self.quiet_looks = 0;
                return Some(self.event());
            }
            self.quiet_looks += 1;
            if self.quiet_looks >= QUIET_LOOKS_MAX {
                self.quiet_looks = 0;
                return Some(Event::default().comment("quiet"));
            }
        }
    }

    fn event(&self) -> Event {
        Event::default().event("version").data(&self.version)
    }

    /// Whether the version changed; `None` when nothing can or may be told any more.
    async fn look(&mut self) -> Option<bool> {
        let known = self.state.services.dependencies.changes.current().await.ok()?;
        let counters = [known.access, self.part.counter(known)];
        let due = self.checked_at.elapsed() >= RECHECK_INTERVAL;
        if self.seen == Some(counters) && !due {
            return Some(false);
        }
        self.identity_renew().await?;
        // What is read now may be newer than the counters, never older.
        let version = self.part.version(&self.state, &self.identity).await.ok()?;
        self.seen = Some(counters);
        self.checked_at = Instant::now();
        let changed = version != self.version;
        self.version = version;
        Some(changed)
    }

    /// Access may have been taken from whoever listens here.
    async fn identity_renew(&mut self) -> Option<()> {
        let origin = self.identity.origin().clone();
        self.identity = self.state.services.identity.identify(self.cookie.as_ref(), origin).await.ok()?;
        self.identity.signed_in().ok().map(|_| ())
    }
}
