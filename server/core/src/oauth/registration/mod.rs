//! Clients that are registered here: by an admin, or by themselves where the admin allows it (RFC 7591).

mod dynamic;
mod request;

use std::sync::Arc;

use portal_model::{ErrorCode, FieldError};
use serde_json::json;
use thiserror::Error;

pub use dynamic::{DYNAMIC_CLIENTS_MAX, REGISTRATION_BYTES_MAX, RegistrationError, RegistrationResponse};
pub use request::{ClientRequest, REDIRECT_URIS_MAX};

use super::{
    format::TokenKind,
    records::{AgentSessionFilter, EndReason},
    registered::{
        ClientAuthentication, ClientRegistrar, REGISTERED_PREFIX, RegisteredClient, RegisteredClientFilter,
    },
};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    identity::{Admin, RequestOrigin},
    ids::RegisteredClientId,
    ports::StoreError,
    secret::{Secret, SecretHash},
    services::Dependencies,
    settings::SettingsService,
};

/// Why something about a registered client did not happen.
#[derive(Debug, Error)]
pub enum ClientRegistryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The input was refused; at least one fault.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    Refused(Vec<FieldError>),
}

impl From<ErrorCode> for ClientRegistryError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(vec![code.into()])
    }
}

/// A client just registered; the only moment at which its secret can be seen.
#[derive(Debug, Clone)]
pub struct MadeClient {
    /// What is kept of it.
    pub client: RegisteredClient,
    /// Its secret; `None` for a public client.
    pub secret: Option<Secret>,
}

/// How a new client will prove who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationMethod {
    /// `none`
    None,
    /// `client_secret_basic`
    SecretBasic,
    /// `client_secret_post`
    SecretPost,
}

impl AuthenticationMethod {
    /// The method with this name on the wire; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "client_secret_basic" => Some(Self::SecretBasic),
            "client_secret_post" => Some(Self::SecretPost),
            _ => None,
        }
    }

    const fn with(self, secret: SecretHash) -> ClientAuthentication {
        match self {
            Self::None => ClientAuthentication::None,
            Self::SecretBasic => ClientAuthentication::SecretBasic(secret),
            Self::SecretPost => ClientAuthentication::SecretPost(secret),
        }
    }
}

/// Registered clients.
pub struct ClientRegistry {
    dependencies: Dependencies,
    settings: Arc<SettingsService>,
}

/// What a client will be, checked.
struct NewClient {
    name: String,
    redirect_uris: Vec<String>,
    method: AuthenticationMethod,
    refresh_grant: bool,
}

impl ClientRegistry {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        Self { dependencies, settings }
    }

    /// Registers a client.
    ///
    /// # Errors
    /// [`ClientRegistryError::Refused`] with every fault and its field.
    pub async fn create(
        &self,
        admin: &Admin,
        request: &ClientRequest,
    ) -> Result<MadeClient, ClientRegistryError> {
        let new = request.check().map_err(ClientRegistryError::Refused)?;
        let registrar = match admin.actor() {
            Actor::User { name, .. } => name,
            _ => "command line".to_owned(),
        };
        let made = self.make(new, ClientRegistrar::Admin(registrar));
        self.insert(&made, admin.actor(), admin.origin()).await?;
        Ok(made)
    }

    /// A new secret for a confidential client; the old one stops working at once.
    ///
    /// # Errors
    /// [`ClientRegistryError::Refused`] with `not-found` for unknown and public clients.
    pub async fn rotate_secret(&self, admin: &Admin, client_id: &str) -> Result<Secret, ClientRegistryError> {
        let secret = TokenKind::ClientSecret.generate(&*self.dependencies.rng);
        let mut transaction = self.dependencies.store.write().await?;
        if !transaction.registered_client_set_secret(client_id, &secret.hash()).await? {
            return Err(ErrorCode::NotFound.into());
        }
        let event = self.audit(admin.actor(), "client.secret-replaced", admin.origin()).target(client_id);
        transaction.audit_append(&event).await?;
        transaction.commit().await?;
        Ok(secret)
    }

    /// Takes a client away, and ends its sessions at once. Returns how many those were.
    ///
    /// # Errors
    /// [`ClientRegistryError::Refused`] with `not-found`.
    pub async fn delete(&self, admin: &Admin, client_id: &str) -> Result<u64, ClientRegistryError> {
        let now = self.dependencies.clock.now();
        let mut transaction = self.dependencies.store.write().await?;
        transaction.change_record(Topic::Access).await?;
        transaction.change_record(Topic::Settings).await?;
        if !transaction.registered_client_delete(client_id).await? {
            return Err(ErrorCode::NotFound.into());
        }
        let ended =
            transaction.agent_session_end_all(&open_of(client_id), EndReason::EndedByAdmin, now).await?;
        let event = self.audit(admin.actor(), "client.deleted", admin.origin()).target(client_id);
        transaction.audit_append(&event.details(json!({ "sessions_ended": ended }))).await?;
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Ok(ended)
    }

    /// Clients that fit the filter, newest first, after one of them, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(
        &self,
        _admin: &Admin,
        filter: &RegisteredClientFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RegisteredClient>, StoreError> {
        self.dependencies.store.read().await?.registered_client_list(filter, after, limit).await
    }

    /// One client, and how many of its sessions are open; `None` for an unknown id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(
        &self,
        _admin: &Admin,
        client_id: &str,
    ) -> Result<Option<(RegisteredClient, i64)>, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let Some(client) = store.registered_client_by_id(client_id).await? else { return Ok(None) };
        let (sessions, _people) = store.agent_session_count(&open_of(client_id)).await?;
        Ok(Some((client, sessions)))
    }

    fn make(&self, new: NewClient, registrar: ClientRegistrar) -> MadeClient {
        let Dependencies { clock, rng, .. } = &self.dependencies;
        let secret = TokenKind::ClientSecret.generate(&**rng);
        let client = RegisteredClient {
            client_id: format!("{}{}", REGISTERED_PREFIX, RegisteredClientId::generate(&**rng)),
            name: new.name,
            redirect_uris: new.redirect_uris,
            authentication: new.method.with(secret.hash()),
            refresh_grant: new.refresh_grant,
            registrar,
            created_at: clock.now(),
            used_at: None,
        };
        let secret = (new.method != AuthenticationMethod::None).then_some(secret);
        MadeClient { client, secret }
    }

    async fn insert(
        &self,
        made: &MadeClient,
        actor: Actor,
        origin: &RequestOrigin,
    ) -> Result<(), StoreError> {
        let client = &made.client;
        let mut transaction = self.dependencies.store.write().await?;
        // Whether agents can sign in at all may follow from it.
        transaction.change_record(Topic::Settings).await?;
        if !transaction.registered_client_insert(client).await? {
            return Err(StoreError::Inconsistent("a new client id was taken".to_owned()));
        }
        let details = json!({ "name": client.name, "redirect_uris": client.redirect_uris,
            "method": client.authentication.method(),
            "dynamic": matches!(client.registrar, ClientRegistrar::Dynamic { .. }) });
        let event = self.audit(actor, "client.registered", origin).target(&client.client_id).details(details);
        transaction.audit_append(&event).await?;
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    fn audit(&self, actor: Actor, action: &str, origin: &RequestOrigin) -> AuditEvent {
        AuditEvent::done(&*self.dependencies.rng, self.dependencies.clock.now(), actor, action, origin)
    }
}

fn open_of(client_id: &str) -> AgentSessionFilter {
    AgentSessionFilter {
        client_id: Some(client_id.to_owned()),
        open_only: true,
        ..AgentSessionFilter::default()
    }
}
