//! The authorization server: client documents, authorization and consent, tokens, and the check of bearer tokens.

mod admin_sessions;
mod authorize;
mod bearer;
mod caller;
mod client;
mod consent;
mod credentials;
mod form;
mod format;
mod parameters;
mod pkce;
pub mod records;
mod redirect;
pub mod refusals;
pub mod registered;
mod registration;
mod remembered;
mod seal;
mod sessions;
mod token;

use crate::time::{DAY_MS, UnixMillis};

pub(crate) use admin_sessions::end_open;
pub use admin_sessions::{AdminSession, Affected, CLIENTS_TOLD_MAX, SessionsOf};
pub use authorize::{
    AuthorizationService, AuthorizeError, Begun, BegunAuthorization, PENDING_LIFETIME_MS, RedirectError,
};
pub use bearer::{BearerError, BearerService};
pub use caller::{Caller, Credential, Subject};
pub use client::{
    ASSERTION_ALGORITHMS, Assertion, Client, ClientError, ClientId, ClientIdError, ClientIdUrl,
    ClientService, DocumentRule, KeyFinder, KeySet, PinnedDocument, Presented, RedirectUri, RedirectUriError,
    RuleReport, UrlFault,
};
pub(crate) use client::{Claims, SignedJwt, document_admitted};
pub use consent::{ConsentDecision, ConsentError, ConsentStep, ConsentView};
pub use credentials::{BEARER_BYTES_MAX, BearerHeader, basic_credentials, bearer_token};
pub use form::Form;
pub use format::TokenKind;
pub use parameters::{AuthorizeParameters, CheckedParameters, Prompt, STATE_LENGTH_MAX};
pub use redirect::answer as redirect_answer;
pub use registration::{
    AuthenticationMethod, ClientRegistry, ClientRequest, DYNAMIC_CLIENTS_MAX, DYNAMIC_UNUSED_PER_NETWORK_MAX,
    MadeClient, REDIRECT_URIS_MAX, REGISTRATION_BYTES_MAX, RegistrationError, RegistrationResponse,
};
pub(crate) use sessions::end_expired;
pub use sessions::{AgentSessionService, SESSION_LIST_MAX, SessionCount};
pub use token::{
    ClientProof, RevokeRequest, TokenError, TokenErrorCode, TokenRequest, TokenResponse, TokenService,
};

/// When a session that was granted at a point in time ends at the latest.
fn session_end(granted_at: UnixMillis, lifetime_days: u16) -> UnixMillis {
    granted_at.plus(i64::from(lifetime_days) * DAY_MS)
}
