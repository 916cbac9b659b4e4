//! Whom a tool call is made for, and by what.

use std::{net::IpAddr, sync::Arc};

use portal_model::{EntityRef, ScopeSet};

use super::records::AgentSession;
use crate::{audit::Actor, identity::User, time::UnixMillis, tokens::StaticToken};

/// Whom a tool call is made for.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A person.
    Person {
        /// The user entity of the catalog that the person is.
        entity_ref: EntityRef,
        /// The person's account; `None` for the owner of a static token who has none.
        account: Option<Arc<User>>,
    },
    /// A service of a group, which no single person answers for.
    Service {
        /// The group.
        group: EntityRef,
    },
}

/// What was presented.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An access token of an agent's session.
    Session(Arc<AgentSession>),
    /// A static token.
    Token(Arc<StaticToken>),
}

/// Whom a tool call is made for, by a token that was checked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whom.
    pub subject: Subject,
    /// By what.
    pub credential: Credential,
    /// What the token may do.
    pub scope: ScopeSet,
    /// When the token stops working.
    pub expires_at: UnixMillis,
}

impl Caller {
    /// The user or group that the caller is in the catalog.
    #[must_use]
    pub const fn entity_ref(&self) -> &EntityRef {
        match &self.subject {
            Subject::Person { entity_ref, .. } => entity_ref,
            Subject::Service { group } => group,
        }
    }

    /// The account; `None` for a service, and for a person of the catalog without one.
    #[must_use]
    pub fn account(&self) -> Option<&User> {
        match &self.subject {
            Subject::Person { account, .. } => account.as_deref(),
            Subject::Service { .. } => None,
        }
    }

    /// Kind of principal, as who-am-i names it: `user` or `service`.
    #[must_use]
    pub const fn principal(&self) -> &'static str {
        match self.subject {
            Subject::Person { .. } => "user",
            Subject::Service { .. } => "service",
        }
    }

    /// Whether the caller may do what only admins may. A static token never may, whoever owns it: it lies in files and
    /// variables, and an admin who needs more can sign in.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        matches!(self.credential, Credential::Session(_))
            && self.account().is_some_and(|account| account.admin)
    }

    /// What was presented, in words for a log: the client's host, or the static token's name.
    #[must_use]
    pub fn client_label(&self) -> &str {
        match &self.credential {
            Credential::Session(session) => &session.client.host,
            Credential::Token(token) => &token.name,
        }
    }

    /// Who this is, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let name = self.entity_ref().to_string();
        match &self.credential {
            Credential::Session(session) => Actor::Agent {
                user_id: session.user_id.as_str().to_owned(),
                name,
                client_id: session.client.client_id.clone(),
            },
            Credential::Token(token) => Actor::StaticToken { token_id: token.id.as_str().to_owned(), name },
        }
    }

    /// Whether the credential may call tools of this plugin source; whether the source is on is another question.
    #[must_use]
    pub fn source_allowed(&self, source: &str) -> bool {
        match &self.credential {
            Credential::Session(_) => true,
            Credential::Token(token) => {
                token.sources.as_ref().is_none_or(|sources| sources.iter().any(|allowed| allowed == source))
            }
        }
    }

    /// Whether the credential may be used from this address. One bound to ranges may not be used from an unknown address.
    #[must_use]
    pub fn address_allowed(&self, address: Option<IpAddr>) -> bool {
        match &self.credential {
            Credential::Session(_) => true,
            Credential::Token(token) => {
                let inside = |address: IpAddr| {
                    let address = address.to_canonical();
                    token.ranges.iter().any(|range| range.contains(&address))
                };
                token.ranges.is_empty() || address.is_some_and(inside)
            }
        }
    }
}
