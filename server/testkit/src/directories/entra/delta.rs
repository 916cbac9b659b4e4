//! Deltas: what changed since a token.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    lists::{fields, projected},
    refused, resync,
    state::{Change, MemberKey, PageState, State},
};
use crate::directories::{FakeAnswer, FakeRequest};

pub(super) fn answer(state: &mut State, request: &FakeRequest, of: &str, base: &Url) -> FakeAnswer {
    if !state.behaviour.has_delta {
        return refused(400, "Request_UnsupportedQuery", "Delta is not supported in this tenant.");
    }
    let token = request.parameter("$deltatoken").or(request.parameter("$skiptoken")).map(str::to_owned);
    let page = match token.as_deref() {
        Some("latest") => {
            let page = first(state, request, (state.number, state.number));
            return answered(state, base, of, &page, Vec::new(), false);
        }
        Some(token) => match state.pages.get(token).cloned() {
            Some(page) if page.range.0 >= state.expired => page,
            _ => return resync(base, of),
        },
        None => first(state, request, (0, state.number)),
    };
    let page = if request.parameter("$deltatoken").is_some() {
        PageState { range: (page.range.1, state.number), after: String::new(), ..page }
    } else {
        page
    };
    let items = changed(state, of, &page);
    if page.empty {
        let next = PageState { empty: false, ..page };
        return answered(state, base, of, &next, Vec::new(), true);
    }
    let top = state.behaviour.page_max;
    let mut rest: Vec<(String, Value)> = items.into_iter().filter(|(id, _)| *id > page.after).collect();
    let more = rest.len() > top;
    rest.truncate(top);
    let after = rest.last().map_or_else(|| page.after.clone(), |(id, _)| id.clone());
    let mut value: Vec<Value> = rest.into_iter().map(|(_, item)| item).collect();
    if state.behaviour.duplicates {
        value.extend(value.clone());
    }
    let next = PageState { after, empty: state.behaviour.empty_pages && more, ..page };
    answered(state, base, of, &next, value, more)
}

fn first(state: &State, request: &FakeRequest, range: (u64, u64)) -> PageState {
    PageState {
        path: request.path.clone(),
        fields: fields(request),
        top: state.behaviour.page_max,
        after: String::new(),
        range,
        empty: false,
    }
}

fn answered(
    state: &mut State,
    base: &Url,
    of: &str,
    next: &PageState,
    value: Vec<Value>,
    more: bool,
) -> FakeAnswer {
    let token = state.fresh("delta");
    let (link, parameter) =
        if more { ("@odata.nextLink", "$skiptoken") } else { ("@odata.deltaLink", "$deltatoken") };
    state.pages.insert(token.clone(), next.clone());
    let body = Map::from_iter([
        ("@odata.context".to_owned(), json!(format!("{base}v1.0/$metadata#{of}"))),
        ("value".to_owned(), Value::Array(value)),
        (link.to_owned(), json!(format!("{base}v1.0/{of}/delta?{parameter}={token}"))),
    ]);
    FakeAnswer::json(200, &Value::Object(body))
}

/// What happened within the range, by object, in order of ids.
fn changed(state: &State, of: &str, page: &PageState) -> BTreeMap<String, Value> {
    let (from, until) = page.range;
    let within = state.happened.iter().filter(|one| one.of == of && one.number > from && one.number <= until);
    let mut items: BTreeMap<String, Value> = BTreeMap::new();
    let mut members: BTreeMap<String, BTreeMap<MemberKey, bool>> = BTreeMap::new();
    let mut named: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for happened in within {
        match &happened.change {
            Change::Object(id, fields) => named.entry(id.clone()).or_default().extend(fields),
            Change::Deleted(id) => {
                items.insert(id.clone(), json!({ "id": id, "@removed": { "reason": "changed" } }));
            }
            Change::Erased(id) => {
                items.insert(id.clone(), json!({ "id": id, "@removed": { "reason": "deleted" } }));
            }
            Change::Member { group, member, removed } => {
                members.entry(group.clone()).or_default().insert(member.clone(), *removed);
            }
        }
    }
    let objects = if of == "users" { &state.users } else { &state.groups };
    for (id, changed_fields) in named {
        let Some(object) = objects.get(&id).filter(|object| !object.deleted) else { continue };
        let partial = state.behaviour.partial_changes && !changed_fields.is_empty();
        let fields: Vec<String> = page
            .fields
            .iter()
            .filter(|field| !partial || changed_fields.contains(field.as_str()))
            .cloned()
            .collect();
        items.insert(id, projected(object, &fields));
    }
    for (group, changes) in members {
        let Some(object) = objects.get(&group) else { continue };
        let item = items.entry(group).or_insert_with(|| {
            let fields: &[String] = if state.behaviour.partial_changes { &[] } else { &page.fields };
            projected(object, fields)
        });
        let list: Vec<Value> =
            changes.into_iter().map(|((kind, id), removed)| member(kind, &id, removed)).collect();
        item.as_object_mut().unwrap().insert("members@delta".to_owned(), Value::Array(list));
    }
    items
}

fn member(kind: &str, id: &str, removed: bool) -> Value {
    let mut item = json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id });
    if removed {
        item["@removed"] = json!({ "reason": "deleted" });
    }
    item
}
