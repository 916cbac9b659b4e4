//! Webhooks.

use portal_core::{
    org::Subject,
    ports::{DirectoryEvent, DirectoryEventError, DirectoryEventRequest, PersonKey},
};
use serde::Deserialize;

use super::GithubOptions;
use crate::api::{header_value, verify_hmac_sha256};

#[derive(Deserialize)]
struct Payload {
    action: Option<String>,
    organization: Option<Account>,
    installation: Option<Installation>,
    /// Events `organization`: the membership, with its user.
    membership: Option<OrganizationMembership>,
    /// Events `membership`: the member of the team.
    member: Option<User>,
    /// Events `user` of an Enterprise Server.
    user: Option<User>,
}

#[derive(Deserialize)]
struct Account {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Installation {
    account: Option<Account>,
}

#[derive(Deserialize)]
struct OrganizationMembership {
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
}

/// Whether an event is authentic, by `X-Hub-Signature-256`, and what it asks for.
pub(super) fn judge(
    options: &GithubOptions,
    request: DirectoryEventRequest<'_>,
) -> Result<DirectoryEvent, DirectoryEventError> {
    let secret = options.webhook_secret.as_ref().ok_or(DirectoryEventError::NotConfigured)?;
    let signature =
        header_value(&request, "x-hub-signature-256").and_then(|value| value.strip_prefix("sha256="));
    let signature = signature.and_then(hex).ok_or(DirectoryEventError::NotAuthentic)?;
    if secret.expose().is_empty()
        || !verify_hmac_sha256(secret.expose().as_bytes(), &[request.body], &signature)
    {
        return Err(DirectoryEventError::NotAuthentic);
    }
    let kind = header_value(&request, "x-github-event")
        .ok_or_else(|| DirectoryEventError::Malformed("it has no X-GitHub-Event".to_owned()))?;
    if kind == "ping" {
        return Ok(DirectoryEvent::Nothing);
    }
    let payload: Payload = serde_json::from_slice(request.body).map_err(|_| {
        DirectoryEventError::Malformed(
            "it is not JSON; set the webhook's content type to application/json".to_owned(),
        )
    })?;
    Ok(if is_elsewhere(&payload, &options.organization) {
        DirectoryEvent::Nothing
    } else {
        asked(kind, payload)
    })
}

/// Whether the event is of another organisation: webhooks of apps and servers tell of all.
fn is_elsewhere(payload: &Payload, organization: &str) -> bool {
    let of_installation = payload.installation.as_ref().and_then(|found| found.account.as_ref());
    let account = payload.organization.as_ref().or(of_installation);
    let login = account.and_then(|account| account.login.as_deref());
    login.is_some_and(|login| !login.eq_ignore_ascii_case(organization))
}

fn asked(kind: &str, payload: Payload) -> DirectoryEvent {
    let reread = |user: Option<User>| match user {
        Some(user) => DirectoryEvent::Reread(vec![PersonKey::Subject(Subject(user.id.to_string()))]),
        // It names nobody: only a run can tell.
        None => DirectoryEvent::Run,
    };
    let action = payload.action.as_deref().unwrap_or_default();
    match (kind, action) {
        ("organization", "member_added" | "member_removed") => {
            reread(payload.membership.and_then(|membership| membership.user))
        }
        ("organization", "renamed" | "deleted")
        | ("team", "created" | "deleted" | "edited")
        | ("installation", "suspend" | "unsuspend" | "deleted" | "new_permissions_accepted") => {
            DirectoryEvent::Run
        }
        ("membership", "added" | "removed") => reread(payload.member),
        ("user", "created" | "deleted") => reread(payload.user),
        _ => DirectoryEvent::Nothing,
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}
