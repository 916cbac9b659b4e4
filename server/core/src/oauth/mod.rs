//! The authorization server: client documents, authorization and consent, tokens, and the check of bearer tokens.

mod admin_sessions;
mod authorize;
mod bearer;
mod caller;
mod client;
mod consent;
mod format;
mod pkce;
pub mod records;
mod redirect;
pub mod registered;
mod registration;
mod seal;
mod sessions;
mod token;

use crate::time::{DAY_MS, UnixMillis};

pub use admin_sessions::{AdminSession, SessionsOf};
pub use authorize::{
    AuthorizationService, AuthorizeError, AuthorizeParameters, Begun, BegunAuthorization,
    PENDING_LIFETIME_MS, RedirectError,
};
pub use bearer::{BearerError, BearerService};
pub use caller::{Caller, Credential, Subject};
pub use client::{
    ASSERTION_ALGORITHMS, Client, ClientError, ClientId, ClientIdError, ClientIdUrl, ClientService,
    DocumentRule, KeyFinder, KeySet, PinnedDocument, RedirectUri, RedirectUriError, RuleReport, UrlFault,
};
pub(crate) use client::parse_object;
pub use consent::{ConsentDecision, ConsentError, ConsentView};
pub use format::TokenKind;
pub use registration::{
    AuthenticationMethod, ClientRegistry, ClientRegistryError, ClientRequest, DYNAMIC_CLIENTS_MAX,
    MadeClient, REDIRECT_URIS_MAX, REGISTRATION_BYTES_MAX, RegistrationError, RegistrationResponse,
};
pub use sessions::{AgentSessionService, SESSION_LIST_MAX, SessionCount};
pub use token::{
    ClientProof, RevokeRequest, TokenError, TokenErrorCode, TokenRequest, TokenResponse, TokenService,
};

/// When a session that was granted at a point in time ends at the latest.
fn session_end(granted_at: UnixMillis, lifetime_days: u16) -> UnixMillis {
    granted_at.plus(i64::from(lifetime_days) * DAY_MS)
}
