//! A fake of GitLab: a top-level group of gitlab.com, and self-managed instances.
//!
//! GitLab publishes no schema of these answers that could be put here; [`attributes`] lists what its documentation says,
//! and every answer is held against it.

pub mod attributes;
mod hooks;
mod routes;
mod state;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use portal_core::ports::Clock;
use serde_json::json;
use url::Url;

use super::server::{FakeAnswer, FakeApi, FakeRequest, FakeServer};
use crate::MockClock;

pub use hooks::{HOOK_SECRET, SIGNING_TOKEN, hook_headers, signed_hook};
pub use state::{FakeGroup, FakeMember, FakeToken, FakeUser, Limit, LimitStyle, State};

/// The token of an administrator, or of the owner of the top-level group.
pub const TOKEN: &str = "glpat-fake";
/// Access of a developer.
pub const DEVELOPER: u32 = 30;

/// The fake. All clones share one state.
#[derive(Clone)]
pub struct GitlabFake {
    state: Arc<Mutex<State>>,
    clock: Arc<MockClock>,
}

impl GitlabFake {
    /// A GitLab with one user, `root`, whose token is [`TOKEN`].
    pub fn new(clock: Arc<MockClock>) -> Self {
        let state =
            State { page_max: 100, tells_total: true, tells_seats: true, next_id: 10, ..State::default() };
        let fake = Self { state: Arc::new(Mutex::new(state)), clock };
        let root = fake.user("root");
        fake.state().tokens.insert(TOKEN.to_owned(), FakeToken { user: root, administrator: true });
        fake
    }

    /// Puts it on the network.
    pub async fn start(&self) -> FakeServer {
        FakeServer::start(Arc::new(self.clone())).await
    }

    /// The state, to look at and to change.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A new user who is in no group; the id.
    pub fn user(&self, username: &str) -> u64 {
        let mut state = self.state();
        let id = state.id();
        let user = FakeUser {
            id,
            username: username.to_owned(),
            name: format!("Person {username}"),
            state: "active".to_owned(),
            email: format!("{username}@acme.example"),
            confirmed: true,
            external: false,
            bot: false,
            enterprise: true,
            banned_from_group: false,
            saml_uid: None,
            scim_active: None,
        };
        state.users.insert(id, user);
        id
    }

    /// A new group, its members developers; the id.
    pub fn group(&self, path: &str, parent: Option<u64>, members: &[u64]) -> u64 {
        let mut state = self.state();
        let id = state.id();
        let above = parent.and_then(|id| state.groups.get(&id)).map(|group| group.full_path.clone());
        let full_path = above.map_or_else(|| path.to_owned(), |above| format!("{above}/{path}"));
        let group = FakeGroup {
            id,
            name: format!("Group {path}"),
            full_path,
            parent_id: parent,
            members: members.iter().map(|id| (*id, member(DEVELOPER))).collect(),
            shared_with: Vec::new(),
            marked_for_deletion: false,
        };
        state.groups.insert(id, group);
        id
    }

    /// Takes someone out of all groups.
    pub fn leave(&self, user: u64) {
        for group in self.state().groups.values_mut() {
            group.members.remove(&user);
        }
    }

    /// Deletes a user.
    pub fn delete(&self, user: u64) {
        self.leave(user);
        self.state().users.remove(&user);
    }

    /// Changes a user.
    pub fn change(&self, user: u64, change: impl FnOnce(&mut FakeUser)) {
        change(self.state().users.get_mut(&user).expect("a user"));
    }

    /// Changes how someone is in a group.
    pub fn change_member(&self, group: u64, user: u64, change: impl FnOnce(&mut FakeMember)) {
        let mut state = self.state();
        change(
            state.groups.get_mut(&group).and_then(|group| group.members.get_mut(&user)).expect("a member"),
        );
    }

    fn limited(&self) -> Option<FakeAnswer> {
        let now = self.clock.now();
        let mut state = self.state();
        let limit = state.limit.as_mut()?;
        if now >= limit.reset_at {
            state.limit = None;
            return None;
        }
        if limit.remaining > 0 {
            limit.remaining -= 1;
            return None;
        }
        let reset = limit.reset_at.0 / 1_000;
        let wait = (limit.reset_at.0 - now.0) / 1_000;
        let answer = FakeAnswer::text(429, "Retry later\n");
        Some(match limit.style {
            LimitStyle::Headers => answer
                .with("ratelimit-limit", 2_000)
                .with("ratelimit-observed", 2_001)
                .with("ratelimit-remaining", 0)
                .with("ratelimit-reset", reset)
                .with("retry-after", wait),
            LimitStyle::ResetOnly => answer.with("ratelimit-reset", reset),
            LimitStyle::Bare => answer,
        })
    }
}

/// A member who is in with this access.
pub fn member(access_level: u32) -> FakeMember {
    FakeMember { access_level, membership_state: "active".to_owned(), expires_at: None }
}

impl FakeApi for GitlabFake {
    fn answer(&self, request: &FakeRequest, base: &Url) -> FakeAnswer {
        if let Some(refused) = self.limited() {
            return refused;
        }
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let token = request.header("private-token").or(bearer);
        let state = self.state();
        let Some(token) = token.and_then(|token| state.tokens.get(token)) else {
            return FakeAnswer::json(401, &json!({ "message": "401 Unauthorized" }));
        };
        let answer = routes::answer(&state, *token, request, base);
        attributes::demand_documented(request, &answer);
        answer
    }
}

/// Everybody's user names, by id.
pub fn usernames(state: &State) -> BTreeMap<u64, String> {
    state.users.values().map(|user| (user.id, user.username.clone())).collect()
}
