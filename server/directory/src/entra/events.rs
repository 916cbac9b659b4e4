//! Change notifications.

use std::collections::BTreeSet;

use portal_core::{
    org::Subject,
    ports::{DirectoryEvent, DirectoryEventError, DirectoryEventRequest, PersonKey},
    secret::Secret,
};
use serde_json::Value;
use url::form_urlencoded;

use super::records::{Notification, Notifications};
use crate::api::same_secret;

/// Longest token of Graph's check of the endpoint.
const VALIDATION_TOKEN_LENGTH_MAX: usize = 1_024;
/// Most people of one delivery; with more a run is cheaper.
const EVENT_PEOPLE_MAX: usize = 1_000;

/// What a delivery asks for.
pub(super) fn event(
    request: &DirectoryEventRequest<'_>,
    secret: Option<&Secret>,
) -> Result<DirectoryEvent, DirectoryEventError> {
    let secret = secret.ok_or(DirectoryEventError::NotConfigured)?;
    if let Some(token) = parameter(request.query, "validationToken") {
        return challenge(token);
    }
    let delivery: Notifications = serde_json::from_slice(request.body)
        .map_err(|_| DirectoryEventError::Malformed("expected change notifications".to_owned()))?;
    let authentic = |notification: &Notification| {
        notification.client_state.as_deref().is_some_and(|state| same_secret(state, secret))
    };
    if delivery.value.is_empty() || !delivery.value.iter().all(authentic) {
        return Err(DirectoryEventError::NotAuthentic);
    }
    let mut people = BTreeSet::new();
    for notification in &delivery.value {
        // Missed, removed, about to end: the run asks for what was missed, and renews the subscription.
        if notification.lifecycle_event.is_some() {
            return Ok(DirectoryEvent::Run);
        }
        match user_id(notification) {
            Some(id) => people.insert(id),
            None => return Ok(DirectoryEvent::Run),
        };
    }
    if people.len() > EVENT_PEOPLE_MAX {
        return Ok(DirectoryEvent::Run);
    }
    Ok(DirectoryEvent::Reread(people.into_iter().map(|id| PersonKey::Subject(Subject(id))).collect()))
}

/// The answer to Graph's check. Whoever asks gets back what they sent, as text; so only what a token may hold.
fn challenge(token: String) -> Result<DirectoryEvent, DirectoryEventError> {
    let legal = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    if token.is_empty() || token.len() > VALIDATION_TOKEN_LENGTH_MAX || !token.chars().all(legal) {
        return Err(DirectoryEventError::Malformed("expected a validation token".to_owned()));
    }
    Ok(DirectoryEvent::Challenge { content_type: "text/plain", body: token })
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The user that a notification is about; `None` for one about something else.
fn user_id(notification: &Notification) -> Option<String> {
    let mut steps = notification.resource.trim_start_matches('/').splitn(2, '/');
    if !steps.next()?.eq_ignore_ascii_case("users") {
        return None;
    }
    let data = notification.resource_data.as_ref().and_then(|data| data.get("id")).and_then(Value::as_str);
    let id = data.or_else(|| steps.next())?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!id.is_empty() && id.len() <= 64 && id.bytes().all(legal)).then(|| id.to_owned())
}
