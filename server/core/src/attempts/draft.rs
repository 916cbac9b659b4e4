//! What a request leaves behind: an attempt before it is known whose it is.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{AttemptKind, record::client_text};
use crate::{
    identity::RequestOrigin,
    ids::{AgentSessionId, StaticTokenId, UserId},
    oauth::{Caller, Credential},
    secret::SecretHash,
    time::UnixMillis,
};

/// Characters of an id that is made of what the attempt is about.
const KEY_LENGTH: usize = 32;

/// By what it will be known whose it is.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// It is nobody's that is known.
    Nobody,
    /// A person's, by their browser session.
    Person(UserId),
    /// A person's, by their browser session, about this pending authorization of that browser.
    Request(SecretHash, UserId),
    /// Whoever allowed what this code stands for.
    Code(SecretHash),
    /// Whose session this refresh token is of.
    Refresh(SecretHash),
    /// Whose access or static token this is; what is wrong with it is found out too.
    Bearer(SecretHash),
    /// Whose access token this is.
    Issued(SecretHash),
    /// A caller who was let in.
    Known(Box<KnownCaller>),
}

/// What of a caller is kept.
#[derive(Debug, Clone)]
pub(super) struct KnownCaller {
    pub user_id: Option<UserId>,
    pub session_id: Option<AgentSessionId>,
    pub token_id: Option<StaticTokenId>,
    pub client_id: String,
    pub client_name: String,
}

impl KnownCaller {
    pub(super) fn of(caller: &Caller) -> Self {
        let user_id = caller.account().map(|account| account.id.clone());
        match &caller.credential {
            Credential::Session(session) => Self {
                user_id,
                session_id: Some(session.id.clone()),
                token_id: None,
                client_id: client_text(&session.client.client_id),
                client_name: client_text(&session.client.name),
            },
            Credential::Token(token) => Self {
                user_id,
                session_id: None,
                token_id: Some(token.id.clone()),
                client_id: String::new(),
                client_name: client_text(&token.name),
            },
        }
    }
}

/// An attempt before it is known whose it is.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub id: String,
    pub at: UnixMillis,
    pub kind: AttemptKind,
    pub detail: String,
    pub about: About,
    pub client_id: String,
    pub address: Option<IpAddr>,
    pub network: String,
}

impl Draft {
    /// A draft of something that happens once for each `key`: said again, it is kept once.
    pub(super) fn new(kind: AttemptKind, at: UnixMillis, about: About, key: &str) -> Self {
        // No kind's name has a line break in it.
        let hash = SecretHash::of(&format!("{}\n{key}", kind.as_str()));
        let mut id = URL_SAFE_NO_PAD.encode(hash.0);
        id.truncate(KEY_LENGTH);
        Self {
            id,
            at,
            kind,
            detail: String::new(),
            about,
            client_id: String::new(),
            address: None,
            network: String::new(),
        }
    }

    pub(super) fn client(mut self, client_id: Option<&str>) -> Self {
        self.client_id = client_text(client_id.unwrap_or_default());
        self
    }

    pub(super) fn detail(mut self, detail: impl AsRef<str>) -> Self {
        self.detail = super::record::detail_text(detail.as_ref());
        self
    }

    pub(super) fn origin(mut self, origin: &RequestOrigin) -> Self {
        self.address = origin.address;
        self.network = origin.network();
        self
    }
}
