//! Event hooks.

use std::collections::BTreeSet;

use portal_core::{
    org::Subject,
    ports::{DirectoryEvent, DirectoryEventError, DirectoryEventRequest, PersonKey},
};
use serde_json::json;

use super::{OktaOptions, read::is_id, records::OktaHook};
use crate::api::{header_value, same_secret};

/// The header of Okta's one-time check of the endpoint.
const CHALLENGE_HEADER: &str = "x-okta-verification-challenge";
const CHALLENGE_LENGTH_MAX: usize = 1_024;
/// Most people of one delivery; with more a run is cheaper.
const EVENT_PEOPLE_MAX: usize = 1_000;

/// What a delivery asks for.
pub(super) fn event(
    request: &DirectoryEventRequest<'_>,
    options: &OktaOptions,
) -> Result<DirectoryEvent, DirectoryEventError> {
    let secret = options.webhook_secret.as_ref().ok_or(DirectoryEventError::NotConfigured)?;
    if request.method == "GET" {
        return challenge(request);
    }
    let given = header_value(request, &options.webhook_header).ok_or(DirectoryEventError::NotAuthentic)?;
    if !same_secret(given, secret) {
        return Err(DirectoryEventError::NotAuthentic);
    }
    let hook: OktaHook = serde_json::from_slice(request.body)
        .map_err(|_| DirectoryEventError::Malformed("expected an event hook's delivery".to_owned()))?;
    let mut people = BTreeSet::new();
    for event in hook.data.events {
        let targets = event.target.unwrap_or_default();
        let users: Vec<String> = targets
            .into_iter()
            .filter(|target| target.kind.as_deref() == Some("User"))
            .filter_map(|target| target.id.filter(|id| is_id(id)))
            .collect();
        // A group itself changed, or something happened to people who are not named.
        if users.is_empty()
            && (event.event_type.starts_with("group.") || event.event_type.starts_with("user."))
        {
            return Ok(DirectoryEvent::Run);
        }
        people.extend(users);
    }
    if people.len() > EVENT_PEOPLE_MAX {
        return Ok(DirectoryEvent::Run);
    }
    if people.is_empty() {
        return Ok(DirectoryEvent::Nothing);
    }
    Ok(DirectoryEvent::Reread(people.into_iter().map(|id| PersonKey::Subject(Subject(id))).collect()))
}

/// The answer to Okta's check: what it sent, as JSON.
fn challenge(request: &DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
    let value = header_value(request, CHALLENGE_HEADER).ok_or(DirectoryEventError::NotAuthentic)?;
    if value.is_empty()
        || value.len() > CHALLENGE_LENGTH_MAX
        || !value.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(DirectoryEventError::Malformed("expected a verification challenge".to_owned()));
    }
    let body = json!({ "verification": value }).to_string();
    Ok(DirectoryEvent::Challenge { content_type: "application/json", body })
}
