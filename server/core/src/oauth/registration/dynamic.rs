//! Dynamic client registration (RFC 7591), for agents that know no other way. Off unless an admin switches it on.

use portal_model::ErrorCode;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    AuthenticationMethod, ClientRegistry, NewClient,
    request::{NAME_LENGTH_MAX, checked_redirect_uris},
};
use crate::{
    audit::Actor,
    identity::RequestOrigin,
    oauth::{
        client::presentable,
        registered::{ClientRegistrar, RegisteredClientFilter},
    },
    ports::{StoreError, WriteTransaction},
    time::{HOUR_MS, SECOND_MS, UnixMillis},
};

/// Largest registration, in bytes.
pub const REGISTRATION_BYTES_MAX: usize = 16_384;
/// Most clients that have registered themselves.
pub const DYNAMIC_CLIENTS_MAX: i64 = 5_000;
/// Most clients of one network that have registered themselves and that nobody has signed in with: its share of the places.
pub const DYNAMIC_UNUSED_PER_NETWORK_MAX: i64 = 20;
/// Registrations that one network may make in an hour.
const PER_HOUR_MAX: i64 = 20;
/// The name of a client that gives itself none.
const NAME_DEFAULT: &str = "An agent without a name";

/// Why a client was not registered (RFC 7591 section 3.2.2).
#[derive(Debug, Error)]
pub enum RegistrationError {
    /// Dynamic registration is switched off.
    #[error("dynamic client registration is switched off")]
    Disabled,
    /// Too many came from this address, or there are too many.
    #[error("too many clients were registered; try again in an hour")]
    TooMany,
    /// `invalid_redirect_uri`
    #[error("redirect_uris must be 1 to 20 https or loopback addresses without fragment")]
    RedirectUriInvalid,
    /// `invalid_client_metadata`; says what was expected.
    #[error("{0}")]
    MetadataInvalid(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The metadata that a client sends; members that are not known are ignored.
#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// The answer to a registration (RFC 7591 section 3.2.1).
#[derive(Debug, Serialize)]
pub struct RegistrationResponse {
    client_id: String,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    client_name: String,
    redirect_uris: Vec<String>,
    grant_types: Vec<&'static str>,
    response_types: [&'static str; 1],
    token_endpoint_auth_method: &'static str,
}

impl ClientRegistry {
    /// Registers a client by the metadata it sends, JSON text of at most a few kilobytes.
    ///
    /// # Errors
    /// [`RegistrationError`].
    pub async fn register(
        &self,
        body: &[u8],
        origin: &RequestOrigin,
    ) -> Result<RegistrationResponse, RegistrationError> {
        if !self.settings.current().await?.dcr_enabled {
            return Err(RegistrationError::Disabled);
        }
        if body.len() > REGISTRATION_BYTES_MAX {
            return Err(RegistrationError::MetadataInvalid("the metadata are longer than 16,384 bytes"));
        }
        let new = checked(body)?;
        self.count(origin).await?;
        let address = origin.address.map(|address| address.to_string());
        let made = self.make(new, ClientRegistrar::Dynamic { address, network: origin.network() });
        if !self.insert(&made, Actor::Anonymous, origin).await? {
            return Err(RegistrationError::TooMany);
        }
        let client = made.client;
        Ok(RegistrationResponse {
            client_id_issued_at: client.created_at.0 / SECOND_MS,
            client_secret_expires_at: made.secret.as_ref().map(|_| 0),
            client_secret: made.secret.map(|secret| secret.expose().to_owned()),
            token_endpoint_auth_method: client.authentication.method(),
            client_id: client.client_id,
            client_name: client.name,
            redirect_uris: client.redirect_uris,
            grant_types: if client.refresh_grant {
                vec!["authorization_code", "refresh_token"]
            } else {
                vec!["authorization_code"]
            },
            response_types: ["code"],
        })
    }

    async fn count(&self, origin: &RequestOrigin) -> Result<(), RegistrationError> {
        let now = self.dependencies.clock.now();
        let window_start = UnixMillis(now.0 - now.0.rem_euclid(HOUR_MS));
        let bucket = format!("register:{}", origin.network());
        // Beyond the limit nothing is written, so that a flood costs little.
        let made = self.dependencies.store.read().await?.attempt_count(&bucket, window_start).await?;
        if made >= PER_HOUR_MAX {
            return Err(RegistrationError::TooMany);
        }
        let mut transaction = self.dependencies.store.write().await?;
        let attempts = transaction.attempt_record(&bucket, window_start).await?;
        transaction.commit().await?;
        if attempts > PER_HOUR_MAX { Err(RegistrationError::TooMany) } else { Ok(()) }
    }
}

/// Makes room for one more client that registers itself, of this network. What nobody has signed in with gives way, the
/// oldest first: of the same network when that has its share, else, when all places are taken, of any. `false` when every
/// place is taken by a client in use.
pub(super) async fn make_room(
    transaction: &mut dyn WriteTransaction,
    network: &str,
) -> Result<bool, StoreError> {
    let all = RegisteredClientFilter { dynamic: Some(true), ..RegisteredClientFilter::default() };
    let unused_here =
        RegisteredClientFilter { network: Some(network.to_owned()), unused_only: true, ..all.clone() };
    let unused = transaction.registered_client_count(&unused_here).await?;
    let beyond = |count: i64, most: i64| u32::try_from(count + 1 - most).unwrap_or(0);
    let evicted = beyond(unused, DYNAMIC_UNUSED_PER_NETWORK_MAX);
    if evicted > 0 {
        transaction.registered_client_evict(Some(network), evicted).await?;
    }
    let excess = beyond(transaction.registered_client_count(&all).await?, DYNAMIC_CLIENTS_MAX);
    Ok(excess == 0 || transaction.registered_client_evict(None, excess).await? == u64::from(excess))
}

fn checked(body: &[u8]) -> Result<NewClient, RegistrationError> {
    let metadata: Metadata = serde_json::from_slice(body).map_err(|_| {
        RegistrationError::MetadataInvalid("the body must be a JSON object of client metadata")
    })?;
    let redirect_uris = checked_redirect_uris(metadata.redirect_uris).map_err(|fault| match fault.code {
        ErrorCode::Required | ErrorCode::RedirectUriInvalid => RegistrationError::RedirectUriInvalid,
        _ => RegistrationError::MetadataInvalid("redirect_uris cannot be used"),
    })?;
    if metadata.response_types.is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        return Err(RegistrationError::MetadataInvalid("response_types must contain code"));
    }
    let grants = metadata.grant_types.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    if !grants.iter().any(|grant| grant == "authorization_code") {
        return Err(RegistrationError::MetadataInvalid("grant_types must contain authorization_code"));
    }
    // RFC 7591 section 2: a client that names no method means client_secret_basic.
    let method = metadata.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    let method = AuthenticationMethod::parse(method).ok_or(RegistrationError::MetadataInvalid(
        "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post",
    ))?;
    let name = presentable(metadata.client_name.as_deref().unwrap_or_default());
    Ok(NewClient {
        name: if name.is_empty() {
            NAME_DEFAULT.to_owned()
        } else {
            name.chars().take(NAME_LENGTH_MAX).collect()
        },
        redirect_uris,
        method,
        refresh_grant: grants.iter().any(|grant| grant == "refresh_token"),
    })
}
