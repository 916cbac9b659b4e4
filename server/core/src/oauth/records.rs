//! The records of the authorization server.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_model::{ScopeSet, settings::Settings};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    ids::{AgentSessionId, UserId},
    secret::SecretHash,
    services::Configuration,
    time::{MINUTE_MS, UnixMillis},
};

/// How the client document behind an authorization was had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DocumentOrigin {
    /// Fetched from its address, now or within the time it may be kept.
    Live,
    /// A copy that Portal or its admin holds, because the live one could not be had or is not to be fetched.
    Pinned {
        /// The day the copy was taken, `YYYY-MM-DD`.
        as_of: String,
    },
    /// There is none: an admin has registered the client here.
    Registered {
        /// The admin: an entity ref, or `command line`.
        by: String,
    },
    /// There is none: the client has registered itself (RFC 7591), and nobody vouches for it.
    Dynamic,
}

impl DocumentOrigin {
    /// Whether clients of this kind may sign in and renew their tokens under these settings.
    #[must_use]
    pub const fn is_open(&self, settings: &Settings) -> bool {
        match self {
            Self::Live | Self::Pinned { .. } => settings.cimd_enabled,
            Self::Registered { .. } => true,
            Self::Dynamic => settings.dcr_enabled,
        }
    }
}

/// What the consent page and the session list need to know of a client, as it was at the authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSnapshot {
    /// The client id, byte for byte.
    pub client_id: String,
    /// The host of the client id, the part that is vouched for; empty for registered clients, whose ids have none.
    pub host: String,
    /// The name the client gives itself: remote text.
    pub name: String,
    /// SHA-256 over the sorted redirect URIs, hexadecimal.
    pub redirect_uris_hash: String,
    /// Whether the client lists the `refresh_token` grant.
    pub lists_refresh_grant: bool,
    /// How its document was had.
    pub origin: DocumentOrigin,
    /// Whether it must prove who it is at the token endpoint.
    #[serde(default)]
    pub confidential: bool,
    /// Hash of the keys it signs with, or of where they are; empty when it signs with none.
    #[serde(default)]
    pub keys_hash: String,
}

/// An authorization request between `/oauth/authorize` and the person's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Hash of the id in the consent page's address.
    pub hash: SecretHash,
    /// Hash of the cookie that binds it to the browser it was started in.
    pub browser_hash: SecretHash,
    /// Who asks.
    pub client: ClientSnapshot,
    /// Where the answer goes, as the client wrote it.
    pub redirect_uri: String,
    /// What it asks for.
    pub scope: ScopeSet,
    /// Its `state`, to be returned verbatim.
    pub state: Option<String>,
    /// The resource the token is for (RFC 8707).
    pub resource: String,
    /// PKCE challenge, S256.
    pub code_challenge: String,
    /// Whether consent must be asked even where it is remembered (`prompt=consent`).
    pub prompt_consent: bool,
    /// Whether the person must sign in anew (`prompt=login`), or choose the account (`select_account`).
    pub prompt_login: bool,
    /// When it was started.
    pub created_at: UnixMillis,
    /// Until when it can be answered.
    pub expires_at: UnixMillis,
    /// When it was answered.
    pub answered_at: Option<UnixMillis>,
}

/// A code between the person's answer and the token request (RFC 6749 section 4.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// Hash of the code.
    pub hash: SecretHash,
    /// Who allowed it.
    pub user_id: UserId,
    /// That account's revocation epoch then.
    pub epoch: i64,
    /// Whom it was given to.
    pub client: ClientSnapshot,
    /// The redirect URI used, byte for byte.
    pub redirect_uri: String,
    /// What was granted.
    pub scope: ScopeSet,
    /// The resource granted.
    pub resource: String,
    /// PKCE challenge, S256.
    pub code_challenge: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Until when it can be exchanged.
    pub expires_at: UnixMillis,
    /// The session that came of it, once it was used.
    pub session_id: Option<AgentSessionId>,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The person disconnected the agent.
    Disconnected,
    /// An admin ended it.
    EndedByAdmin,
    /// The client revoked its token (RFC 7009).
    RevokedByClient,
    /// A code was presented twice.
    CodeReplayed,
    /// A refresh token was presented again after it was replaced.
    TokenReplayed,
    /// It reached its idle or absolute limit.
    Expired,
    /// The person may not use Portal any more, or signed out everywhere.
    UserRevoked,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Disconnected,
        Self::EndedByAdmin,
        Self::RevokedByClient,
        Self::CodeReplayed,
        Self::TokenReplayed,
        Self::Expired,
        Self::UserRevoked,
    ];

    /// The name in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::EndedByAdmin => "ended-by-admin",
            Self::RevokedByClient => "revoked-by-client",
            Self::CodeReplayed => "code-replayed",
            Self::TokenReplayed => "token-replayed",
            Self::Expired => "expired",
            Self::UserRevoked => "user-revoked",
        }
    }

    /// The reason with this name; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// One authorization of one agent installation, and the family of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSession {
    /// Identifier.
    pub id: AgentSessionId,
    /// Whom the agent acts for.
    pub user_id: UserId,
    /// That account's revocation epoch at the grant.
    pub epoch: i64,
    /// The client, as it was then.
    pub client: ClientSnapshot,
    /// The redirect URI used.
    pub redirect_uri: String,
    /// What was granted; refresh never widens it.
    pub scope: ScopeSet,
    /// The resource granted.
    pub resource: String,
    /// Whether refresh tokens are issued for it.
    pub refreshable: bool,
    /// Idle lifetime of its refresh tokens when it was granted, in days.
    pub token_lifetime_days: u16,
    /// Absolute lifetime when it was granted, in days.
    pub session_lifetime_days: u16,
    /// When it was granted.
    pub created_at: UnixMillis,
    /// When it was last used, to the second or so.
    pub used_at: Option<UnixMillis>,
    /// From where.
    pub used_from: Option<String>,
    /// When it ended, and why; `None` while it lives.
    pub ended: Option<(UnixMillis, EndReason)>,
}

/// How a client makes itself known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// By a document of its own, fetched or pinned.
    Document,
    /// It has registered itself (RFC 7591).
    Dynamic,
}

/// What bounds the life of sessions at some moment, beside what was in force when each was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Idle lifetime, in days.
    pub token_days: u16,
    /// Absolute lifetime, in days.
    pub session_days: u16,
    /// Lifetime of access tokens, and so of sessions that get no refresh tokens, in milliseconds.
    pub access_ms: i64,
}

impl SessionLimits {
    /// What is in force under these settings and this configuration.
    #[must_use]
    pub fn of(settings: &Settings, configuration: &Configuration) -> Self {
        Self {
            token_days: settings.refresh_lifetimes.token().days(),
            session_days: settings.refresh_lifetimes.session().days(),
            access_ms: i64::from(configuration.access_token_lifetime_minutes) * MINUTE_MS,
        }
    }
}

/// Which sessions are meant. An empty filter means all, ended ones too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentSessionFilter {
    /// Of this person.
    pub user_id: Option<UserId>,
    /// Of this client.
    pub client_id: Option<String>,
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those that got refresh tokens.
    pub refreshable_only: bool,
    /// Only those of clients of this kind.
    pub clients: Option<ClientKind>,
    /// The person's name, e-mail or entity ref, or the client's id, host or name contains this, in any case; empty for all.
    pub search: String,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// Hash of the token.
    pub hash: SecretHash,
    /// The session it belongs to.
    pub session_id: AgentSessionId,
    /// What it may do: the session's scope, or less.
    pub scope: ScopeSet,
    /// When it was issued.
    pub created_at: UnixMillis,
    /// When it stops working.
    pub expires_at: UnixMillis,
    /// The refresh token issued with it, to be confirmed by its first use.
    pub refresh_hash: Option<SecretHash>,
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshState {
    /// It can be used.
    Current,
    /// It was replaced.
    Rotated {
        /// When.
        at: UnixMillis,
        /// By which token.
        successor: SecretHash,
        /// The answer given then, sealed under a key derived from this token; `None` once it was deleted.
        sealed_answer: Option<Vec<u8>>,
    },
}

/// A refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Hash of the token.
    pub hash: SecretHash,
    /// The session it belongs to.
    pub session_id: AgentSessionId,
    /// When it was issued; its idle lifetime counts from here.
    pub created_at: UnixMillis,
    /// When it, or the access token issued with it, was first presented.
    pub confirmed_at: Option<UnixMillis>,
    /// What became of it.
    pub state: RefreshState,
}

/// A client document that was fetched and found valid, kept within its bounds and for the admin's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClientDocument {
    /// The client id.
    pub client_id: String,
    /// The document's JSON text.
    pub body: String,
    /// When it was fetched.
    pub fetched_at: UnixMillis,
    /// Until when it may be used without fetching.
    pub fresh_until: UnixMillis,
}

/// Characters of a [`LogoId`].
const LOGO_ID_LENGTH: usize = 43;

/// What names a picture of a client: the SHA-256 of its bytes, 43 characters of base64url. Whatever has this name is the
/// same for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogoId(String);

impl LogoId {
    /// The name of these bytes.
    #[must_use]
    pub fn of(png: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(png)))
    }

    /// The name, when it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == LOGO_ID_LENGTH && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is known of a client's picture, beside the picture itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLogo {
    /// The client id.
    pub client_id: String,
    /// Where it was fetched from.
    pub uri: String,
    /// Its name.
    pub id: LogoId,
    /// When it was fetched.
    pub fetched_at: UnixMillis,
    /// Until when it is used without fetching it again.
    pub fresh_until: UnixMillis,
}

/// A remembered consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who consented.
    pub user_id: UserId,
    /// To which client.
    pub client_id: String,
    /// The client's redirect URIs then, its name, its keys and whether it must authenticate, as one hash.
    pub redirect_uris_hash: String,
    /// To what.
    pub scope: ScopeSet,
    /// When.
    pub given_at: UnixMillis,
}
