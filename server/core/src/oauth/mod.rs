//! The authorization server: client documents, authorization and consent, tokens, and the check of bearer tokens.

mod authorize;
mod bearer;
mod client;
pub mod records;
mod token;

pub use authorize::{
    AuthorizationService, AuthorizeError, AuthorizeParameters, BegunAuthorization, ConsentDecision, ConsentError,
    ConsentView, RedirectError,
};
pub use bearer::{BearerError, BearerService, Caller};
pub use client::{
    Client, ClientError, ClientIdUrl, ClientService, DocumentRule, PinnedDocument, RedirectUri, RedirectUriError,
    RuleReport, UrlFault,
};
pub use token::{RevokeRequest, TokenError, TokenErrorCode, TokenRequest, TokenResponse, TokenService};
