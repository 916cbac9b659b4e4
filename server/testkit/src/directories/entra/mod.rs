//! A tenant of Entra ID: tokens, lists, deltas with their traps, subscriptions.

mod csdl;
mod delta;
mod lists;
mod state;
mod tokens;

use std::sync::{Arc, Mutex};

use portal_core::ports::Clock as _;
use serde_json::{Value, json};
use url::Url;

use self::state::{Change, MemberKey, Object, State, group_fields, user_fields};
use super::{FakeAnswer, FakeApi, FakeRequest};
use crate::MockClock;

pub use csdl::Csdl;
pub use state::{EntraBehaviour, guid};

/// The tenant's id.
pub const TENANT_ID: &str = "11111111-2222-4333-8444-555555555555";
/// The application's id.
pub const CLIENT_ID: &str = "99999999-8888-4777-8666-555555555555";
/// The application's secret.
pub const CLIENT_SECRET: &str = "the~application's.secret";

/// A tenant.
pub struct EntraTenant {
    clock: Arc<MockClock>,
    state: Mutex<State>,
}

impl EntraTenant {
    /// A tenant without anybody.
    pub fn new(clock: Arc<MockClock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// Changes how the tenant behaves.
    pub fn behave(&self, change: impl FnOnce(&mut EntraBehaviour)) {
        change(&mut self.state.lock().unwrap().behaviour);
    }

    /// A member of the tenant, enabled, called `name@acme.example`. Answers the id.
    pub fn add_user(&self, number: u32, name: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.users.insert(guid(number), Object { fields: user_fields(number, name), ..Object::default() });
        state.record("users", Change::Object(guid(number), Vec::new()));
        guid(number)
    }

    /// A group. Answers the id.
    pub fn add_group(&self, number: u32, name: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.groups.insert(guid(number), Object { fields: group_fields(number, name), ..Object::default() });
        state.record("groups", Change::Object(guid(number), Vec::new()));
        guid(number)
    }

    /// Sets a field of a user or group.
    pub fn set(&self, id: &str, field: &'static str, value: Value) {
        let mut state = self.state.lock().unwrap();
        let of = if state.users.contains_key(id) { "users" } else { "groups" };
        state.objects(of).get_mut(id).unwrap().fields.insert(field.to_owned(), value);
        state.record(of, Change::Object(id.to_owned(), vec![field]));
    }

    /// Puts someone into a group; the type is `user`, `group`, `device` or `servicePrincipal`.
    pub fn add_member(&self, group: &str, kind: &'static str, id: &str) {
        self.member(group, (kind, id.to_owned()), false);
    }

    /// Takes someone out of a group.
    pub fn remove_member(&self, group: &str, kind: &'static str, id: &str) {
        self.member(group, (kind, id.to_owned()), true);
    }

    fn member(&self, group: &str, member: MemberKey, removed: bool) {
        let mut state = self.state.lock().unwrap();
        let members = &mut state.groups.get_mut(group).unwrap().members;
        if removed {
            members.remove(&member);
        } else {
            members.insert(member.clone());
        }
        state.record("groups", Change::Member { group: group.to_owned(), member, removed });
    }

    /// Deletes a user or group: users into the recycle bin, with a name that frees their own.
    pub fn delete(&self, id: &str) {
        let mut state = self.state.lock().unwrap();
        let now = self.clock.now().rfc3339();
        if let Some(user) = state.users.get_mut(id) {
            user.deleted = true;
            let name = user.fields["userPrincipalName"].as_str().unwrap().to_owned();
            user.fields
                .insert("userPrincipalName".to_owned(), json!(format!("{}{name}", id.replace('-', ""))));
            user.fields.insert("deletedDateTime".to_owned(), json!(now));
            for group in state.groups.values_mut() {
                group.members.retain(|(_, member)| member != id);
            }
            state.record("users", Change::Deleted(id.to_owned()));
        } else {
            state.groups.remove(id);
            state.record("groups", Change::Erased(id.to_owned()));
        }
    }

    /// Empties the recycle bin.
    pub fn erase(&self, id: &str) {
        let mut state = self.state.lock().unwrap();
        state.users.remove(id);
        state.record("users", Change::Erased(id.to_owned()));
    }

    /// Deltas that were begun until now have expired.
    pub fn expire_deltas(&self) {
        let mut state = self.state.lock().unwrap();
        state.number += 1;
        state.expired = state.number;
    }

    /// Tokens that were issued until now are refused.
    pub fn revoke_tokens(&self) {
        self.state.lock().unwrap().tokens.clear();
    }

    /// The subscriptions: resource, address, end.
    pub fn subscriptions(&self) -> Vec<(String, String, String)> {
        let state = self.state.lock().unwrap();
        let text = |subscription: &serde_json::Map<String, Value>, key: &str| {
            subscription[key].as_str().unwrap().to_owned()
        };
        let all = state.subscriptions.values();
        all.map(|found| {
            (text(found, "resource"), text(found, "notificationUrl"), text(found, "expirationDateTime"))
        })
        .collect()
    }

    /// The body that the tenant sends when users changed.
    pub fn notification(&self, client_state: &str, ids: &[&str]) -> Vec<u8> {
        let one = |id: &&str| {
            json!({
                "changeType": "updated",
                "clientState": client_state,
                "resource": format!("Users/{id}"),
                "resourceData": { "@odata.type": "#Microsoft.Graph.User", "@odata.id": format!("Users/{id}"), "id": id },
                "subscriptionExpirationDateTime": self.clock.now().rfc3339(),
                "subscriptionId": guid(77),
                "tenantId": TENANT_ID,
            })
        };
        json!({ "value": ids.iter().map(one).collect::<Vec<_>>() }).to_string().into_bytes()
    }
}

impl FakeApi for EntraTenant {
    fn answer(&self, request: &FakeRequest, base: &Url) -> FakeAnswer {
        let mut state = self.state.lock().unwrap();
        let path = request.path.trim_start_matches('/').to_owned();
        if path.ends_with("/oauth2/v2.0/token") {
            return tokens::issue(&mut state, request, base, self.clock.now());
        }
        if !tokens::is_valid(&state, request, self.clock.now()) {
            return refused(
                401,
                "InvalidAuthenticationToken",
                "Lifetime validation failed, the token is expired.",
            );
        }
        let Some(path) = path.strip_prefix("v1.0/") else {
            return refused(400, "BadRequest", "Invalid version.");
        };
        let steps: Vec<&str> = path.split('/').collect();
        let permission = if steps[0] == "groups" { "GroupMember.Read.All" } else { "User.Read.All" };
        if !state.behaviour.permissions.contains(&permission) {
            return refused(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
            );
        }
        match (request.method.as_str(), steps.as_slice()) {
            ("GET", [of @ ("users" | "groups"), "delta"]) => delta::answer(&mut state, request, of, base),
            ("GET", [of @ ("users" | "groups")]) => lists::objects(&mut state, request, of, false, base),
            ("GET", ["directory", "deletedItems", "microsoft.graph.user"]) => {
                lists::objects(&mut state, request, "users", true, base)
            }
            ("GET", [of @ ("users" | "groups"), id]) => lists::one(&mut state, request, of, id),
            ("GET", ["groups", id, "members"]) => lists::members(&mut state, request, id, base),
            ("GET", ["users", id, "memberOf"]) => lists::member_of(&mut state, request, id, base),
            (_, ["subscriptions", ..]) => subscription(&mut state, request, steps.get(1).copied()),
            _ => refused(404, "ResourceNotFound", "Invalid path."),
        }
    }
}

fn subscription(state: &mut State, request: &FakeRequest, id: Option<&str>) -> FakeAnswer {
    match (request.method.as_str(), id) {
        ("GET", None) => {
            // `clientState` is never told again.
            let all = state.subscriptions.values().cloned().map(|mut found| {
                found.insert("clientState".to_owned(), Value::Null);
                Value::Object(found)
            });
            FakeAnswer::json(200, &json!({ "value": all.collect::<Vec<_>>() }))
        }
        ("POST", None) => {
            let id = guid(u32::try_from(9_000 + state.number).unwrap());
            state.number += 1;
            let mut body = request.json().as_object().unwrap().clone();
            if !body["notificationUrl"].as_str().unwrap().starts_with("https://") {
                return refused(400, "InvalidRequest", "Subscription validation request failed.");
            }
            body.insert("id".to_owned(), json!(id));
            body.insert("applicationId".to_owned(), json!(CLIENT_ID));
            state.subscriptions.insert(id, body.clone());
            FakeAnswer::json(201, &Value::Object(body))
        }
        ("PATCH", Some(id)) if state.subscriptions.contains_key(id) => {
            let found = state.subscriptions.get_mut(id).unwrap();
            found.insert("expirationDateTime".to_owned(), request.json()["expirationDateTime"].clone());
            FakeAnswer::json(200, &Value::Object(found.clone()))
        }
        ("DELETE", Some(id)) if state.subscriptions.remove(id).is_some() => FakeAnswer::text(204, ""),
        _ => refused(404, "ResourceNotFound", "The object was not found."),
    }
}

/// A refusal as Graph words them.
fn refused(status: u16, code: &str, message: &str) -> FakeAnswer {
    let body = json!({
        "error": {
            "code": code,
            "message": message,
            "innerError": { "date": "2026-01-01T00:00:00", "request-id": guid(1), "client-request-id": guid(1) },
        }
    });
    FakeAnswer::json(status, &body).with("request-id", guid(1))
}

/// The refusal of a delta that expired.
fn resync(base: &Url, of: &str) -> FakeAnswer {
    refused(410, "syncStateNotFound", "The sync state generation is not found; resync required.")
        .with("location", format!("{base}v1.0/{of}/delta?$deltatoken="))
}
