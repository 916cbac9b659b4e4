//! Lists and single objects.

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    refused,
    state::{Object, PageState, State},
};
use crate::directories::{FakeAnswer, FakeRequest};

/// What Graph tells of a user to whoever does not ask: neither `accountEnabled` nor `userType`.
const DEFAULT_FIELDS: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

pub(super) fn fields(request: &FakeRequest) -> Vec<String> {
    request.parameter("$select").map_or_else(
        || DEFAULT_FIELDS.iter().map(ToString::to_string).collect(),
        |select| select.split(',').map(str::to_owned).collect(),
    )
}

pub(super) fn projected(object: &Object, fields: &[String]) -> Value {
    let chosen = object.fields.iter().filter(|(key, _)| *key == "id" || fields.contains(key));
    Value::Object(chosen.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The state of a page: of the link's token, or of the first page.
fn page_state(state: &State, request: &FakeRequest) -> Option<PageState> {
    if let Some(token) = request.parameter("$skiptoken") {
        return state.pages.get(token).filter(|page| page.path == request.path).cloned();
    }
    Some(PageState {
        path: request.path.clone(),
        fields: fields(request),
        top: request.number("$top").unwrap_or(100).min(999).min(state.behaviour.page_max),
        after: String::new(),
        range: (0, 0),
        empty: false,
    })
}

/// A page of items that are in order of their ids.
fn page(state: &mut State, request: &FakeRequest, base: &Url, items: Vec<(String, Value)>) -> FakeAnswer {
    let Some(page) = page_state(state, request) else {
        return refused(400, "Directory_ExpiredPageToken", "The specified page token value has expired.");
    };
    let mut next = page.clone();
    let mut value = Vec::new();
    let rest: Vec<_> = items.into_iter().filter(|(id, _)| *id > page.after).collect();
    let more = page.empty || rest.len() > page.top;
    if page.empty {
        next.empty = false;
    } else {
        for (id, item) in rest.into_iter().take(page.top) {
            next.after = id;
            value.push(item);
        }
        next.empty = state.behaviour.empty_pages;
    }
    let mut body = Map::from_iter([("@odata.context".to_owned(), json!(format!("{base}v1.0/$metadata")))]);
    if more {
        let token = state.fresh("page");
        let path = request.path.trim_start_matches('/');
        body.insert("@odata.nextLink".to_owned(), json!(format!("{base}{path}?$skiptoken={token}")));
        state.pages.insert(token, next);
    }
    body.insert("value".to_owned(), Value::Array(value));
    FakeAnswer::json(200, &Value::Object(body)).with("x-ms-resource-unit", 1)
}

pub(super) fn objects(
    state: &mut State,
    request: &FakeRequest,
    of: &str,
    deleted: bool,
    base: &Url,
) -> FakeAnswer {
    let Some(found) = page_state(state, request) else {
        return refused(400, "Directory_ExpiredPageToken", "The specified page token value has expired.");
    };
    let items = state
        .objects(of)
        .iter()
        .filter(|(_, object)| object.deleted == deleted)
        .map(|(id, object)| (id.clone(), projected(object, &found.fields)))
        .collect();
    page(state, request, base, items)
}

pub(super) fn one(state: &mut State, request: &FakeRequest, of: &str, id: &str) -> FakeAnswer {
    let id = id.replace("%40", "@");
    let fields = fields(request);
    let mut all = state.objects(of).iter();
    let found = all.find(|(key, object)| {
        let named = object.fields.get("userPrincipalName").and_then(Value::as_str) == Some(id.as_str());
        !object.deleted && (**key == id || named)
    });
    match found {
        Some((_, object)) => FakeAnswer::json(200, &projected(object, &fields)),
        None => refused(
            404,
            "Request_ResourceNotFound",
            "Resource does not exist or one of its queried reference-property objects are not present.",
        ),
    }
}

pub(super) fn members(state: &mut State, request: &FakeRequest, id: &str, base: &Url) -> FakeAnswer {
    let Some(group) = state.groups.get(id) else {
        return refused(404, "Request_ResourceNotFound", "Resource does not exist.");
    };
    let items = group.members.iter();
    let mut items: Vec<_> = items
        .map(|(kind, id)| {
            (id.clone(), json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id }))
        })
        .collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    page(state, request, base, items)
}

pub(super) fn member_of(state: &mut State, request: &FakeRequest, id: &str, base: &Url) -> FakeAnswer {
    let of = |object: &Object| object.members.iter().any(|(_, member)| member == id);
    let groups = state.groups.iter().filter(|(_, object)| of(object));
    let mut items: Vec<_> = groups
        .map(|(id, _)| (id.clone(), json!({ "@odata.type": "#microsoft.graph.group", "id": id })))
        .collect();
    // Roles are listed among the groups.
    items.push((
        "ffffffff".to_owned(),
        json!({ "@odata.type": "#microsoft.graph.directoryRole", "id": "ffffffff" }),
    ));
    page(state, request, base, items)
}
