//! Hooks: system hooks of self-managed instances, and member hooks of groups.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_core::{
    org::Subject,
    ports::{DirectoryEvent, DirectoryEventError, DirectoryEventRequest, PersonKey},
    secret::Secret,
};
use serde::Deserialize;

use super::GitlabOptions;
use crate::api::{SetupError, header_value, same_secret, verify_hmac_sha256};

/// Bytes of a signing key.
const KEY_BYTES: usize = 32;

/// What events prove themselves with.
pub(super) struct Proofs {
    token: Option<Secret>,
    key: Option<Vec<u8>>,
}

impl Proofs {
    pub(super) fn new(options: &GitlabOptions) -> Result<Self, SetupError> {
        let key = options.webhook_signing_token.as_ref().map(|token| {
            let text = token.expose().trim().strip_prefix("whsec_");
            let key = text.and_then(|text| STANDARD.decode(text).ok()).filter(|key| key.len() == KEY_BYTES);
            key.ok_or_else(|| {
                SetupError::new(
                    "webhook_signing_token",
                    "expected whsec_ and 32 bytes in base64, as GitLab shows it",
                )
            })
        });
        let token = options.webhook_secret.clone().filter(|secret| !secret.expose().is_empty());
        Ok(Self { token, key: key.transpose()? })
    }

    /// By the signature where one is sent and its key is known, else by the secret token. Which one a hook sends is
    /// set on the hook; a forged one has neither.
    fn accept(&self, request: &DirectoryEventRequest<'_>) -> Result<(), DirectoryEventError> {
        if self.token.is_none() && self.key.is_none() {
            return Err(DirectoryEventError::NotConfigured);
        }
        let signed = header_value(request, "webhook-signature");
        let authentic = if let (Some(signed), Some(key)) = (signed, &self.key) {
            is_signed(request, signed, key)
        } else {
            let given = header_value(request, "x-gitlab-token");
            given.zip(self.token.as_ref()).is_some_and(|(given, token)| same_secret(given, token))
        };
        if authentic { Ok(()) } else { Err(DirectoryEventError::NotAuthentic) }
    }
}

/// `v1,<base64>`, several apart by spaces, of `<id>.<timestamp>.<body>` (Standard Webhooks).
fn is_signed(request: &DirectoryEventRequest<'_>, signed: &str, key: &[u8]) -> bool {
    let id = header_value(request, "webhook-id").unwrap_or_default();
    let timestamp = header_value(request, "webhook-timestamp").unwrap_or_default();
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", request.body];
    let signatures = signed.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    signatures
        .filter_map(|one| STANDARD.decode(one).ok())
        .any(|signature| verify_hmac_sha256(key, &parts, &signature))
}

#[derive(Deserialize)]
struct Payload {
    event_name: Option<String>,
    user_id: Option<u64>,
    /// Older member hooks name the person only by this.
    user_username: Option<String>,
    /// `user_failed_login` names nobody but by this.
    username: Option<String>,
}

pub(super) fn judge(
    proofs: &Proofs,
    request: DirectoryEventRequest<'_>,
) -> Result<DirectoryEvent, DirectoryEventError> {
    proofs.accept(&request)?;
    let payload: Payload = serde_json::from_slice(request.body)
        .map_err(|_| DirectoryEventError::Malformed("it is not a JSON object".to_owned()))?;
    let person = || {
        let by_id = payload.user_id.map(|id| PersonKey::Subject(Subject(id.to_string())));
        let by_name =
            payload.user_username.clone().or_else(|| payload.username.clone()).map(PersonKey::Login);
        // It names nobody: only a run can tell.
        by_id.or(by_name).map_or(DirectoryEvent::Run, |key| DirectoryEvent::Reread(vec![key]))
    };
    Ok(match payload.event_name.as_deref().unwrap_or_default() {
        "user_create"
        | "user_destroy"
        | "user_rename"
        | "user_failed_login"
        | "user_add_to_group"
        | "user_remove_from_group"
        | "user_update_for_group" => person(),
        "group_create" | "group_destroy" | "group_rename" | "subgroup_create" | "subgroup_destroy" => {
            DirectoryEvent::Run
        }
        _ => DirectoryEvent::Nothing,
    })
}
