//! What the Entra ID adapter is told.

use portal_core::secret::Secret;
use url::Url;

use crate::selection::{LoginForm, Selection};

/// How a tenant is read.
#[derive(Debug, Clone)]
pub struct EntraOptions {
    /// The tenant's id or one of its domains.
    pub tenant_id: String,
    /// The application's id.
    pub client_id: String,
    /// What the application proves itself with.
    pub credential: EntraCredential,
    /// Where the tenant is.
    pub cloud: EntraCloud,
    /// Whether guests are taken as people of the organisation.
    pub guests: bool,
    /// Whether the day on which people leave (`employeeLeaveDateTime`) is read and counts; needs a permission of its own.
    pub leave_dates: bool,
    /// What people's entities are named after.
    pub login: LoginForm,
    /// Which people and groups are taken.
    pub selection: Selection,
    /// `clientState` of the change notifications; `None` when none are taken.
    pub webhook_secret: Option<Secret>,
    /// Where Graph sends change notifications to; `None` when Portal does not subscribe by itself.
    pub notification_url: Option<Url>,
}

/// What an application proves itself with.
#[derive(Debug, Clone)]
pub enum EntraCredential {
    /// A client secret.
    Secret(Secret),
    /// A certificate.
    Certificate {
        /// The certificate, PEM.
        certificate: String,
        /// Its RSA key, PEM (PKCS #8).
        private_key: Secret,
    },
}

/// The addresses of a cloud, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraCloud {
    /// Where tokens come from, such as `https://login.microsoftonline.com`.
    pub login_url: Url,
    /// Where Graph is, such as `https://graph.microsoft.com`.
    pub graph_url: Url,
}

/// The clouds that Microsoft names: word in the configuration, login address, Graph address.
pub const ENTRA_CLOUDS: [(&str, &str, &str); 4] = [
    ("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
    ("us-government", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
    ("us-government-dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    ("china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
];
