//! The records of clients that are registered here, rather than known by a document of their own.

use crate::{secret::SecretHash, time::UnixMillis};

/// What the id of every registered client begins with; never the beginning of an address.
pub const REGISTERED_PREFIX: &str = "ptl-client-";

/// How a registered client proves who it is at the token endpoint (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// It does not: a public client.
    None,
    /// By a secret in the Authorization header.
    SecretBasic(SecretHash),
    /// By a secret in the form.
    SecretPost(SecretHash),
}

impl ClientAuthentication {
    /// The hash of the secret; `None` for a public client.
    #[must_use]
    pub const fn secret(&self) -> Option<&SecretHash> {
        match self {
            Self::None => None,
            Self::SecretBasic(secret) | Self::SecretPost(secret) => Some(secret),
        }
    }

    /// The name of the method on the wire.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SecretBasic(_) => "client_secret_basic",
            Self::SecretPost(_) => "client_secret_post",
        }
    }
}

/// Who registered a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientRegistrar {
    /// An admin: the entity ref, or `command line`.
    Admin(String),
    /// The client itself (RFC 7591), from this address.
    Dynamic {
        /// The address it came from.
        address: Option<String>,
        /// The network of that address, by which its share is counted.
        network: String,
    },
}

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredClient {
    /// Its id, made by Portal: [`REGISTERED_PREFIX`] and 32 hexadecimal digits.
    pub client_id: String,
    /// Its name: remote text when it registered itself.
    pub name: String,
    /// Where answers may go, exactly; loopback addresses on any port.
    pub redirect_uris: Vec<String>,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// Whether it may have refresh tokens.
    pub refresh_grant: bool,
    /// Who registered it.
    pub registrar: ClientRegistrar,
    /// When.
    pub created_at: UnixMillis,
    /// When someone last signed in with it.
    pub used_at: Option<UnixMillis>,
}

/// Which registered clients are meant; an empty filter means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegisteredClientFilter {
    /// Only those that registered themselves (`Some(true)`), or only those that an admin registered (`Some(false)`).
    pub dynamic: Option<bool>,
    /// Only those that registered themselves from this network.
    pub network: Option<String>,
    /// Only those that nobody has ever signed in with.
    pub unused_only: bool,
    /// Id or name contains this, in any case.
    pub search: String,
}
