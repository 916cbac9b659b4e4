//! An Okta org: lists that page by `Link`, a search that lags, statuses, limits, the System Log, event hooks.

mod filter;
mod limits;
mod lists;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use portal_core::{ports::Clock as _, time::UnixMillis};
use serde_json::{Value, json};
use url::Url;

pub use self::limits::too_many_at_once;
use self::{limits::Limits, tokens::IssuedToken};
use super::{FakeAnswer, FakeApi, FakeRequest};
use crate::MockClock;

/// An API token of the org.
pub const API_TOKEN: &str = "00-token-of-an-administrator";
/// The client id of its service app.
pub const CLIENT_ID: &str = "0oaserviceapp";

/// How the org behaves.
#[derive(Clone)]
pub struct OktaBehaviour {
    /// Largest page, whatever `limit` asks for.
    pub page_max: usize,
    /// Scopes of the service app, and what the token's creator may do.
    pub scopes: Vec<&'static str>,
    /// Whether the service app demands proof of possession.
    pub demands_dpop: bool,
    /// Lifetime of tokens, in seconds.
    pub token_seconds: i64,
    /// Requests a minute to each kind of endpoint.
    pub requests_per_minute: u32,
}

impl Default for OktaBehaviour {
    fn default() -> Self {
        Self {
            page_max: 200,
            scopes: vec!["okta.users.read", "okta.groups.read", "okta.logs.read"],
            demands_dpop: false,
            token_seconds: 3_600,
            requests_per_minute: 600,
        }
    }
}

#[derive(Default)]
struct State {
    users: BTreeMap<String, Value>,
    groups: BTreeMap<String, Value>,
    members: BTreeMap<String, BTreeSet<String>>,
    log: Vec<Value>,
    /// What `search` knows.
    index: BTreeMap<String, Value>,
    tokens: BTreeMap<String, IssuedToken>,
    /// Proofs of possession that were used.
    proofs: BTreeSet<String>,
    limits: Limits,
    behaviour: OktaBehaviour,
    number: u64,
}

/// An org.
pub struct OktaOrg {
    clock: Arc<MockClock>,
    state: Mutex<State>,
}

impl OktaOrg {
    /// An org without anybody.
    pub fn new(clock: Arc<MockClock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// Changes how the org behaves.
    pub fn behave(&self, change: impl FnOnce(&mut OktaBehaviour)) {
        change(&mut self.state.lock().unwrap().behaviour);
    }

    /// An active user called `name@acme.example`. Answers the id.
    pub fn add_user(&self, number: u32, name: &str) -> String {
        let id = format!("00u{number:017}");
        let now = self.clock.now().rfc3339_millis();
        let user = json!({
            "id": id,
            "status": "ACTIVE",
            "created": now, "activated": now, "statusChanged": now, "lastLogin": null,
            "lastUpdated": now, "passwordChanged": null,
            "type": { "id": "oty1" },
            "profile": {
                "login": format!("{name}@acme.example"),
                "email": format!("{name}@acme.example"),
                "firstName": name, "lastName": "Acme", "mobilePhone": null, "secondEmail": null,
            },
            "credentials": { "provider": { "type": "OKTA", "name": "OKTA" } },
            "_links": { "self": { "href": format!("https://acme.okta.com/api/v1/users/{id}") } },
        });
        self.state.lock().unwrap().users.insert(id.clone(), user);
        id
    }

    /// A group. Answers the id.
    pub fn add_group(&self, number: u32, name: &str, kind: &str) -> String {
        let id = format!("00g{number:017}");
        let now = self.clock.now().rfc3339_millis();
        let group = json!({
            "id": id, "created": now, "lastUpdated": now, "lastMembershipUpdated": now,
            "objectClass": ["okta:user_group"],
            "type": kind,
            "profile": { "name": name, "description": format!("The group {name}") },
            "_links": { "users": { "href": format!("https://acme.okta.com/api/v1/groups/{id}/users") } },
        });
        self.state.lock().unwrap().groups.insert(id.clone(), group);
        id
    }

    /// Sets a status, as a lifecycle operation does.
    pub fn set_status(&self, id: &str, status: &str) {
        let now = self.clock.now().rfc3339_millis();
        self.change(id, |user| {
            user["status"] = json!(status);
            user["statusChanged"] = json!(now);
        });
    }

    /// Changes a user.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        let user = state.users.get_mut(id).unwrap();
        change(user);
        user["lastUpdated"] = json!(self.clock.now().rfc3339_millis());
    }

    /// Renames a group.
    pub fn rename_group(&self, id: &str, name: &str) {
        let mut state = self.state.lock().unwrap();
        let group = state.groups.get_mut(id).unwrap();
        group["profile"]["name"] = json!(name);
        group["lastUpdated"] = json!(self.clock.now().rfc3339_millis());
    }

    /// Puts someone into a group.
    pub fn add_member(&self, group: &str, user: &str) {
        self.member(group, |members| members.insert(user.to_owned()));
    }

    /// Takes someone out of a group.
    pub fn remove_member(&self, group: &str, user: &str) {
        self.member(group, |members| members.remove(user));
    }

    fn member(&self, group: &str, change: impl FnOnce(&mut BTreeSet<String>) -> bool) {
        let mut state = self.state.lock().unwrap();
        change(state.members.entry(group.to_owned()).or_default());
        state.groups.get_mut(group).unwrap()["lastMembershipUpdated"] =
            json!(self.clock.now().rfc3339_millis());
    }

    /// Deletes a user or group, and writes it into the log.
    pub fn delete(&self, id: &str) {
        let mut state = self.state.lock().unwrap();
        let (kind, event) = if state.users.remove(id).is_some() {
            for members in state.members.values_mut() {
                members.remove(id);
            }
            ("User", "user.lifecycle.delete.completed")
        } else {
            state.groups.remove(id);
            state.members.remove(id);
            ("UserGroup", "group.lifecycle.delete")
        };
        state.number += 1;
        let entry = log_event(event, &[(kind, id)], self.clock.now(), state.number);
        state.log.push(entry);
    }

    /// Lets `search` know what is true now.
    pub fn index(&self) {
        let mut state = self.state.lock().unwrap();
        state.index = state.users.clone();
    }

    /// Tokens that were issued until now are refused.
    pub fn revoke_tokens(&self) {
        self.state.lock().unwrap().tokens.clear();
    }

    /// A delivery of an event hook: each event with its targets.
    pub fn hook(&self, events: &[(&str, &[(&str, &str)])]) -> Vec<u8> {
        let entries: Vec<Value> = events
            .iter()
            .enumerate()
            .map(|(index, (event, targets))| log_event(event, targets, self.clock.now(), index as u64))
            .collect();
        let now = self.clock.now().rfc3339_millis();
        json!({
            "eventType": "com.okta.event_hook",
            "eventTypeVersion": "1.0",
            "cloudEventsVersion": "0.1",
            "source": "https://acme.okta.com/api/v1/eventHooks/who1",
            "eventId": "b5a188b9",
            "data": { "events": entries },
            "eventTime": now,
            "contentType": "application/json",
        })
        .to_string()
        .into_bytes()
    }
}

fn log_event(event: &str, targets: &[(&str, &str)], at: UnixMillis, number: u64) -> Value {
    let targets: Vec<Value> = targets
        .iter()
        .map(|(kind, id)| json!({ "id": id, "type": kind, "alternateId": "x@acme.example", "displayName": "X" }))
        .collect();
    json!({
        "uuid": format!("00000000-0000-4000-8000-{number:012}"),
        "published": at.rfc3339_millis(),
        "eventType": event,
        "version": "0",
        "severity": "INFO",
        "legacyEventType": "core",
        "displayMessage": event,
        "actor": { "id": "00uadmin", "type": "User", "alternateId": "admin@acme.example", "displayName": "Admin" },
        "outcome": { "result": "SUCCESS" },
        "target": targets,
    })
}

/// Times as Okta writes them: with three digits of a second, so that they can be compared as texts.
trait Millis {
    fn rfc3339_millis(self) -> String;
}

impl Millis for UnixMillis {
    fn rfc3339_millis(self) -> String {
        let at = self.date_time().unwrap();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

impl FakeApi for OktaOrg {
    fn answer(&self, request: &FakeRequest, base: &Url) -> FakeAnswer {
        let mut state = self.state.lock().unwrap();
        let now = self.clock.now();
        let path = request.path.trim_start_matches('/').to_owned();
        if path == "oauth2/v1/token" {
            return tokens::issue(&mut state, request, base, now);
        }
        if !tokens::is_valid(&mut state, request, base, now) {
            return refused(401, "E0000011", "Invalid token provided");
        }
        let Some(rest) = path.strip_prefix("api/v1/") else {
            return refused(404, "E0000007", "Not found: Resource not found");
        };
        let steps: Vec<&str> = rest.split('/').collect();
        let kind = steps[0];
        let most = state.behaviour.requests_per_minute;
        let limit = match state.limits.take(kind, most, now) {
            Ok(limit) => limit,
            Err(refusal) => return refusal,
        };
        let scope = match kind {
            "groups" => "okta.groups.read",
            "logs" => "okta.logs.read",
            _ => "okta.users.read",
        };
        if !state.behaviour.scopes.contains(&scope) {
            return refused(403, "E0000006", "You do not have permission to perform the requested action");
        }
        limit.on(lists::answer(&state, request, &steps, base))
    }
}

/// A refusal as Okta words them.
fn refused(status: u16, code: &str, summary: &str) -> FakeAnswer {
    let body = json!({
        "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaeHfmOAx1iRLa0H10DeMz5fQ",
        "errorCauses": [],
    });
    FakeAnswer::json(status, &body)
}
