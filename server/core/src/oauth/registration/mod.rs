//! Clients that are registered here: by an admin, or by themselves where the admin allows it (RFC 7591).

mod dynamic;
mod request;

use std::sync::Arc;

use portal_model::ErrorCode;
use serde_json::json;

use dynamic::make_room;
pub use dynamic::{
    DYNAMIC_CLIENTS_MAX, DYNAMIC_UNUSED_PER_NETWORK_MAX, REGISTRATION_BYTES_MAX, RegistrationError,
    RegistrationResponse,
};
pub use request::{ClientRequest, REDIRECT_URIS_MAX};

use super::{
    SessionsOf, end_open,
    format::TokenKind,
    registered::{
        ClientAuthentication, ClientRegistrar, REGISTERED_PREFIX, RegisteredClient, RegisteredClientFilter,
    },
};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    form_error::FormError,
    identity::{Admin, RequestOrigin},
    ids::RegisteredClientId,
    ports::StoreError,
    secret::{Secret, SecretHash},
    services::Dependencies,
    settings::SettingsService,
};

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
    /// [`FormError::Refused`] with every fault and its field.
    pub async fn create(&self, admin: &Admin, request: &ClientRequest) -> Result<MadeClient, FormError> {
        let new = request.check().map_err(FormError::Refused)?;
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
    /// [`FormError::Refused`] with `not-found` for unknown and public clients.
    pub async fn rotate_secret(&self, admin: &Admin, client_id: &str) -> Result<Secret, FormError> {
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
    /// [`FormError::Refused`] with `not-found`.
    pub async fn delete(&self, admin: &Admin, client_id: &str) -> Result<u64, FormError> {
        let mut transaction = self.dependencies.store.write().await?;
        transaction.change_record(Topic::Access).await?;
        transaction.change_record(Topic::Settings).await?;
        if !transaction.registered_client_delete(client_id).await? {
            return Err(ErrorCode::NotFound.into());
        }
        let which = SessionsOf::Client(client_id.to_owned());
        let ended = end_open(&self.dependencies, &mut *transaction, admin, &which).await?;
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

    /// One client; `None` for an unknown id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(
        &self,
        _admin: &Admin,
        client_id: &str,
    ) -> Result<Option<RegisteredClient>, StoreError> {
        self.dependencies.store.read().await?.registered_client_by_id(client_id).await
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

    /// Adds a client. `false` when there is no room for one more that registers itself.
    async fn insert(
        &self,
        made: &MadeClient,
        actor: Actor,
        origin: &RequestOrigin,
    ) -> Result<bool, StoreError> {
        let client = &made.client;
        let mut transaction = self.dependencies.store.write().await?;
        // Whether agents can sign in at all may follow from it.
        transaction.change_record(Topic::Settings).await?;
        if let ClientRegistrar::Dynamic { network, .. } = &client.registrar
            && !make_room(&mut *transaction, network).await?
        {
            return Ok(false);
        }
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
        Ok(true)
    }

    fn audit(&self, actor: Actor, action: &str, origin: &RequestOrigin) -> AuditEvent {
        AuditEvent::done(&*self.dependencies.rng, self.dependencies.clock.now(), actor, action, origin)
    }
}
