//! Principals: values that only a check can make, and that services demand.

use std::{net::IpAddr, sync::Arc};

use portal_model::ErrorCode;

use super::{User, limits::network};
use crate::{audit::Actor, secret::SecretHash};

/// Where a request came from, for limits and the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestOrigin {
    /// The client's address; behind trusted proxies the one they forward.
    pub address: Option<IpAddr>,
    /// The program's name for itself, cut to 256 characters.
    pub user_agent: String,
    /// Id of the request, as in the log.
    pub request_id: Option<String>,
}

impl RequestOrigin {
    /// The network that limits count by: the address, of IPv6 its /64; `unknown` without an address.
    #[must_use]
    pub fn network(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), network)
    }
}

/// Someone with a valid browser session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    user: Arc<User>,
    session: SecretHash,
    origin: RequestOrigin,
}

impl SignedIn {
    /// Only `IdentityService::identify` makes one, after checking the session.
    pub(super) fn new(user: Arc<User>, session: SecretHash, origin: RequestOrigin) -> Self {
        Self { user, session, origin }
    }

    /// The account, as it was when the request came in.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The browser session, by its hash.
    #[must_use]
    pub const fn session(&self) -> &SecretHash {
        &self.session
    }

    /// Where the request came from.
    #[must_use]
    pub const fn origin(&self) -> &RequestOrigin {
        &self.origin
    }

    /// Who this is, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.user.id.0.clone(), name: self.user.entity_ref.to_string() }
    }
}

/// Someone who may change Portal: a signed-in admin, or whoever has the machine's shell.
#[derive(Debug, Clone)]
pub struct Admin {
    actor: Actor,
    origin: RequestOrigin,
    session: Option<SecretHash>,
}

impl Admin {
    /// The operator at the shell: whoever can run `portal` beside its database is an admin already.
    #[must_use]
    pub fn command_line() -> Self {
        Self { actor: Actor::CommandLine, origin: RequestOrigin::default(), session: None }
    }

    /// Who this is, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// Where the request came from.
    #[must_use]
    pub const fn origin(&self) -> &RequestOrigin {
        &self.origin
    }

    /// The browser session; `None` for the operator at the shell.
    #[must_use]
    pub const fn session(&self) -> Option<&SecretHash> {
        self.session.as_ref()
    }
}

/// Who sent a request from a browser.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Nobody is signed in.
    Anonymous(RequestOrigin),
    /// Someone is.
    SignedIn(SignedIn),
}

impl Identity {
    /// Where the request came from.
    #[must_use]
    pub const fn origin(&self) -> &RequestOrigin {
        match self {
            Self::Anonymous(origin) => origin,
            Self::SignedIn(signed_in) => signed_in.origin(),
        }
    }

    /// The person, if someone is signed in.
    ///
    /// # Errors
    /// [`ErrorCode::SignInRequired`].
    pub const fn signed_in(&self) -> Result<&SignedIn, ErrorCode> {
        match self {
            Self::Anonymous(_) => Err(ErrorCode::SignInRequired),
            Self::SignedIn(signed_in) => Ok(signed_in),
        }
    }

    /// The admin, if an admin is signed in.
    ///
    /// # Errors
    /// [`ErrorCode::SignInRequired`] or [`ErrorCode::AdminRequired`].
    pub fn admin(&self) -> Result<Admin, ErrorCode> {
        let signed_in = self.signed_in()?;
        if !signed_in.user.admin {
            return Err(ErrorCode::AdminRequired);
        }
        Ok(Admin {
            actor: signed_in.actor(),
            origin: signed_in.origin.clone(),
            session: Some(signed_in.session),
        })
    }
}
