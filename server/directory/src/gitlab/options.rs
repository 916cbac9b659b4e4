//! How a GitLab is read.

use portal_core::secret::Secret;
use url::Url;

use crate::selection::Selection;

/// How a GitLab is read.
#[derive(Debug, Clone)]
pub struct GitlabOptions {
    /// Where it is: `https://gitlab.com`, or a self-managed one, with its sub-path if it has one.
    pub base_url: Url,
    /// A personal, group or service-account token with `read_api`; of an administrator for [`GitlabScope::Instance`].
    pub token: Secret,
    /// Whose people are read.
    pub scope: GitlabScope,
    /// Whether users marked as external are taken; else they are left out as guests.
    pub external_users: bool,
    /// Whether members without a seat are left out: on gitlab.com a member banned from the group is still told to be
    /// active, and only the missing seat shows it. Without it that is concluded only for access from Reporter up, where
    /// everyone else has a seat.
    pub seat_required: bool,
    /// Which people and groups are taken; groups by full path.
    pub selection: Selection,
    /// The secret token of the hook (`X-Gitlab-Token`).
    pub webhook_secret: Option<Secret>,
    /// The signing token of the hook (`webhook-signature`), as GitLab shows it: `whsec_…`.
    pub webhook_signing_token: Option<Secret>,
}

impl GitlabOptions {
    /// gitlab.com.
    pub const BASE_URL: &'static str = "https://gitlab.com";
}

/// Whose people are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitlabScope {
    /// The members of a top-level group, inherited and invited ones included, and the groups below it. The only way on
    /// gitlab.com, and the one for tokens of non-administrators.
    Group(String),
    /// Every user and group of a self-managed instance.
    Instance,
}
