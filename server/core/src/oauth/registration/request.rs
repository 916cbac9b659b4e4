//! What an admin types to register a client, from text to checked values.

use portal_model::{ErrorCode, Field, FieldError};

use super::{AuthenticationMethod, NewClient};
use crate::oauth::RedirectUri;

/// Most redirect URIs of one client.
pub const REDIRECT_URIS_MAX: usize = 20;
/// Longest name, in characters.
pub(super) const NAME_LENGTH_MAX: usize = 100;

/// A client to be registered, as typed.
#[derive(Debug, Clone, Default)]
pub struct ClientRequest {
    /// What people will see.
    pub name: String,
    /// One address a line.
    pub redirect_uris: String,
    /// `none`, `client_secret_basic` or `client_secret_post`.
    pub method: String,
    /// Whether it may have refresh tokens.
    pub refresh_grant: bool,
}

impl ClientRequest {
    pub(super) fn check(&self) -> Result<NewClient, Vec<FieldError>> {
        let name = checked_name(&self.name);
        let written = self.redirect_uris.split_whitespace().map(str::to_owned).collect();
        let redirect_uris = checked_redirect_uris(written);
        let method = AuthenticationMethod::parse(self.method.trim())
            .ok_or(FieldError::on(Field::AuthenticationMethod, ErrorCode::Required));
        match (name, redirect_uris, method) {
            (Ok(name), Ok(redirect_uris), Ok(method)) => {
                Ok(NewClient { name, redirect_uris, method, refresh_grant: self.refresh_grant })
            }
            (name, redirect_uris, method) => {
                Err([name.err(), redirect_uris.err(), method.err()].into_iter().flatten().collect())
            }
        }
    }
}

fn checked_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(FieldError::on(Field::ClientName, ErrorCode::Required));
    }
    if name.chars().count() > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        return Err(FieldError::on(Field::ClientName, ErrorCode::TooLong));
    }
    Ok(name.to_owned())
}

/// The addresses, when there is at least one, not too many, and each is https or loopback.
pub(super) fn checked_redirect_uris(written: Vec<String>) -> Result<Vec<String>, FieldError> {
    if written.is_empty() {
        return Err(FieldError::on(Field::RedirectUris, ErrorCode::Required));
    }
    let usable = written.iter().all(|uri| RedirectUri::parse(uri).is_ok());
    if written.len() > REDIRECT_URIS_MAX || !usable {
        return Err(FieldError::on(Field::RedirectUris, ErrorCode::RedirectUriInvalid));
    }
    Ok(written)
}
