//! An endpoint that speaks Portal's own contract, as someone might write one.

use std::sync::Mutex;

use serde_json::{Value, json};
use url::Url;

use super::{FakeAnswer, FakeApi, FakeRequest};

/// The endpoint's token.
pub const TOKEN: &str = "the-endpoint's-token";

#[derive(Default)]
struct State {
    users: Vec<Value>,
    groups: Vec<Value>,
    memberships: Vec<Value>,
    /// What changed, in order: a part of an answer each.
    changes: Vec<Value>,
    /// Changes before this one are forgotten.
    forgotten: usize,
    page_max: usize,
    limit: Option<u32>,
}

/// An endpoint.
#[derive(Default)]
pub struct CustomEndpoint {
    state: Mutex<State>,
}

impl CustomEndpoint {
    /// An endpoint that answers this many users a page.
    #[must_use]
    pub fn new(page_max: usize) -> Self {
        Self { state: Mutex::new(State { page_max, ..State::default() }) }
    }

    /// A user, as the contract writes one.
    pub fn add_user(&self, user: Value) {
        let mut state = self.state.lock().unwrap();
        state.changes.push(json!({ "users": [user] }));
        state.users.retain(|known| known["id"] != user["id"]);
        state.users.push(user);
    }

    /// A group.
    pub fn add_group(&self, group: Value) {
        let mut state = self.state.lock().unwrap();
        state.changes.push(json!({ "groups": [group] }));
        state.groups.push(group);
    }

    /// A membership.
    pub fn add_membership(&self, membership: Value) {
        let mut state = self.state.lock().unwrap();
        state.changes.push(json!({ "memberships": [membership] }));
        state.memberships.push(membership);
    }

    /// Takes a user away.
    pub fn remove_user(&self, id: &str) {
        let mut state = self.state.lock().unwrap();
        state.changes.push(json!({ "removed": { "users": [id] } }));
        state.users.retain(|known| known["id"] != id);
        state.memberships.retain(|known| known["user"] != id);
    }

    /// Forgets what changed until now.
    pub fn forget_changes(&self) {
        let mut state = self.state.lock().unwrap();
        state.forgotten = state.changes.len() + 1;
    }

    /// Takes so many requests and refuses the others.
    pub fn limit(&self, requests: Option<u32>) {
        self.state.lock().unwrap().limit = requests;
    }
}

impl FakeApi for CustomEndpoint {
    fn answer(&self, request: &FakeRequest, _: &Url) -> FakeAnswer {
        let mut state = self.state.lock().unwrap();
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return FakeAnswer::text(401, "who are you?");
        }
        if let Some(left) = &mut state.limit {
            if *left == 0 {
                return FakeAnswer::text(429, "later").with("retry-after", 7);
            }
            *left -= 1;
        }
        match request.parameter("ask") {
            Some("full") => page(&state, 0),
            Some("page") => match request.parameter("cursor").and_then(|text| text.strip_prefix("from-")) {
                Some(from) => page(&state, from.parse().unwrap()),
                None => FakeAnswer::text(400, "no such page"),
            },
            Some("changes") => changes(&state, request.parameter("since").unwrap_or_default()),
            Some("user") => user(&state, request),
            _ => FakeAnswer::text(400, "what?"),
        }
    }
}

fn since(state: &State) -> String {
    format!("change-{}", state.changes.len().max(state.forgotten))
}

fn page(state: &State, from: usize) -> FakeAnswer {
    let until = state.users.len().min(from + state.page_max);
    let mut answer = json!({ "version": 1, "users": state.users[from..until], "next": null });
    if from == 0 {
        answer["groups"] = json!(state.groups);
    }
    if until < state.users.len() {
        answer["next"] = json!(format!("from-{until}"));
    } else {
        answer["memberships"] = json!(state.memberships);
        answer["since"] = json!(since(state));
    }
    FakeAnswer::json(200, &answer)
}

fn changes(state: &State, text: &str) -> FakeAnswer {
    let from: usize = text.strip_prefix("change-").and_then(|number| number.parse().ok()).unwrap_or(0);
    if from < state.forgotten {
        return FakeAnswer::json(200, &json!({ "version": 1, "error": "since-too-old" }));
    }
    let mut answer = json!({ "version": 1, "next": null, "since": since(state), "removed": {} });
    for change in state.changes.iter().skip(from) {
        for (key, items) in change.as_object().unwrap() {
            if key == "removed" {
                answer["removed"] = items.clone();
            } else {
                let list = answer[key].as_array().cloned().unwrap_or_default();
                answer[key] = list.into_iter().chain(items.as_array().cloned().unwrap()).collect();
            }
        }
    }
    FakeAnswer::json(200, &answer)
}

fn user(state: &State, request: &FakeRequest) -> FakeAnswer {
    let is_meant = |user: &&Value| {
        request.parameter("id").is_some_and(|id| user["id"] == id)
            || request.parameter("login").is_some_and(|login| user["login"] == login)
    };
    let found = state.users.iter().find(is_meant);
    let groups = found.map(|user| {
        let of = state.memberships.iter().filter(|membership| membership["user"] == user["id"]);
        of.map(|membership| membership["group"].clone()).collect::<Vec<_>>()
    });
    FakeAnswer::json(200, &json!({ "version": 1, "user": found, "groups": groups }))
}
