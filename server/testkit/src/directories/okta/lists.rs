//! Lists and single objects.

use serde_json::{Value, json};
use url::Url;

use super::{State, filter, refused};
use crate::directories::{FakeAnswer, FakeRequest};

const USER_FILTERS: [&str; 7] = [
    "status",
    "lastUpdated",
    "id",
    "profile.login",
    "profile.email",
    "profile.firstName",
    "profile.lastName",
];
const GROUP_FILTERS: [&str; 4] = ["id", "type", "lastUpdated", "lastMembershipUpdated"];
const SEARCHES: [&str; 5] = ["id", "status", "created", "statusChanged", "lastUpdated"];

pub(super) fn answer(state: &State, request: &FakeRequest, steps: &[&str], base: &Url) -> FakeAnswer {
    match (request.method.as_str(), steps) {
        ("GET", ["users"]) => users(state, request, base),
        ("GET", ["users", "me"]) => one(state.users.values().next()),
        ("GET", ["users", key]) => {
            let key = key.replace("%40", "@");
            let found = state.users.get(&key).or_else(|| {
                let login = |user: &&Value| user["profile"]["login"] == json!(key);
                state.users.values().find(login)
            });
            one(found)
        }
        ("GET", ["users", id, "groups"]) => {
            let of = |group: &&String| state.members.get(*group).is_some_and(|members| members.contains(*id));
            let groups = state.groups.iter().filter(|(group, _)| of(group));
            listed(state, request, base, groups.map(|(id, group)| (id.clone(), group.clone())).collect(), 200)
        }
        ("GET", ["groups"]) => groups(state, request, base),
        ("GET", ["groups", id]) => one(state.groups.get(*id)),
        ("GET", ["groups", id, "users"]) => {
            if !state.groups.contains_key(*id) {
                return not_found();
            }
            let members = state.members.get(*id).into_iter().flatten();
            let users = members.filter_map(|id| Some((id.clone(), state.users.get(id)?.clone())));
            listed(state, request, base, users.collect(), 1_000)
        }
        ("GET", ["logs"]) => logs(state, request, base),
        _ => not_found(),
    }
}

fn not_found() -> FakeAnswer {
    refused(404, "E0000007", "Not found: Resource not found")
}

fn one(found: Option<&Value>) -> FakeAnswer {
    found.map_or_else(not_found, |value| FakeAnswer::json(200, value))
}

fn invalid(what: &str) -> FakeAnswer {
    refused(400, "E0000031", &format!("Invalid {what} criteria."))
}

fn users(state: &State, request: &FakeRequest, base: &Url) -> FakeAnswer {
    let (source, expression, allowed): (_, _, &[&str]) =
        match (request.parameter("search"), request.parameter("filter")) {
            (Some(search), _) => (&state.index, Some(search), &SEARCHES),
            (None, filter) => (&state.users, filter, &USER_FILTERS),
        };
    let mut found = Vec::new();
    for (id, user) in source {
        let taken = match expression {
            // The trap: without a filter the deprovisioned are left out.
            None => user["status"] != "DEPROVISIONED",
            Some(expression) => match filter::matches(expression, user, allowed) {
                Some(taken) => taken,
                None => return invalid("search"),
            },
        };
        if taken {
            found.push((id.clone(), user.clone()));
        }
    }
    listed(state, request, base, found, 200)
}

fn groups(state: &State, request: &FakeRequest, base: &Url) -> FakeAnswer {
    let mut found = Vec::new();
    for (id, group) in &state.groups {
        let taken = request
            .parameter("filter")
            .map_or(Some(true), |expression| filter::matches(expression, group, &GROUP_FILTERS));
        match taken {
            Some(true) => found.push((id.clone(), group.clone())),
            Some(false) => {}
            None => return invalid("filter"),
        }
    }
    listed(state, request, base, found, 200)
}

/// The log between two times; a polling query without an end always has a next page.
fn logs(state: &State, request: &FakeRequest, base: &Url) -> FakeAnswer {
    let since = request.parameter("since").unwrap_or_default().to_owned();
    let until = request.parameter("until").unwrap_or("9999").to_owned();
    let mut found = Vec::new();
    for entry in &state.log {
        let published = entry["published"].as_str().unwrap();
        let taken = request
            .parameter("filter")
            .map_or(Some(true), |expression| filter::matches(expression, entry, &["eventType"]));
        match taken {
            Some(true) if published >= since.as_str() && published < until.as_str() => {
                found.push((entry["uuid"].as_str().unwrap().to_owned(), entry.clone()));
            }
            Some(_) => {}
            None => return invalid("filter"),
        }
    }
    listed(state, request, base, found, 1_000)
}

/// A page of what stands in order, after the item that the link's cursor names.
fn listed(
    state: &State,
    request: &FakeRequest,
    base: &Url,
    found: Vec<(String, Value)>,
    limit_max: usize,
) -> FakeAnswer {
    let limit = request.number("limit").unwrap_or(200).clamp(1, limit_max).min(state.behaviour.page_max);
    let after = request.parameter("after").unwrap_or_default();
    let mut rest: Vec<_> = found.into_iter().filter(|(id, _)| id.as_str() > after).collect();
    let more = rest.len() > limit;
    rest.truncate(limit);
    let last = rest.last().map(|(id, _)| id.clone());
    let body = rest.into_iter().map(|(_, value)| value).collect();
    let path = request.path.trim_start_matches('/');
    let mut own = Url::parse(&format!("{base}{path}")).unwrap();
    own.query_pairs_mut().extend_pairs(request.query.iter().filter(|(name, _)| name != "after"));
    let answer = FakeAnswer::json(200, &Value::Array(body)).with("link", format!("<{own}>; rel=\"self\""));
    match last.filter(|_| more) {
        Some(last) => {
            let mut next = own;
            next.query_pairs_mut().append_pair("after", &last);
            answer.with("link", format!("<{next}>; rel=\"next\""))
        }
        None => answer,
    }
}
