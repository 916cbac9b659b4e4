//! Reading an organisation's people and groups from outside.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::org::{DirectoryGroup, DirectoryPerson, GroupId, Membership, Subject};

/// Longest cursor, in bytes: cursors are kept in the store between pages.
pub const DIRECTORY_CURSOR_BYTES_MAX: usize = 65_536;

/// Largest body of an event, in bytes.
pub const DIRECTORY_EVENT_BYTES_MAX: usize = 1_048_576;

/// Where a page begins: the adapter's own text, opaque to everyone else, at most [`DIRECTORY_CURSOR_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryCursor(pub String);

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryRead {
    /// Everything, from the beginning.
    Full,
    /// What changed since an earlier read ended.
    Delta(DirectoryCursor),
    /// The next page of a read that has begun, after an interruption too.
    Page(DirectoryCursor),
}

/// One page. Order does not matter: a membership may come before its group or person, and what comes twice counts once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectoryPage {
    /// People, those to be left out too.
    pub people: Vec<DirectoryPerson>,
    /// Groups.
    pub groups: Vec<DirectoryGroup>,
    /// Direct memberships.
    pub memberships: Vec<Membership>,
    /// Delta only: people who are gone.
    pub people_removed: Vec<Subject>,
    /// Delta only: groups that are gone.
    pub groups_removed: Vec<GroupId>,
    /// Delta only: memberships that are gone.
    pub memberships_removed: Vec<Membership>,
    /// Delta only: groups whose memberships come anew and complete in this read.
    pub memberships_replaced: Vec<GroupId>,
    /// What comes after it.
    pub next: DirectoryNext,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryNext {
    /// Another page.
    More(DirectoryCursor),
    /// Nothing: all was read to the end. From the cursor, where there is one, a delta can be read.
    End(Option<DirectoryCursor>),
}

impl Default for DirectoryNext {
    fn default() -> Self {
        Self::End(None)
    }
}

/// Why a directory could not be read. The texts are shown to admins: plain words, what is wrong and what to do, nothing
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// The credential is refused or has expired.
    #[error("the provider refused the credential: {0}")]
    Unauthorized(String),
    /// The credential is good but may not read this.
    #[error("the credential lacks a permission: {0}")]
    Forbidden(String),
    /// What the configuration names does not exist there.
    #[error("the provider does not know what the configuration names: {0}")]
    NotFound(String),
    /// Too many requests. Nothing is lost; the same page can be read after this many seconds.
    #[error("the provider asks to wait {retry_after_seconds} seconds")]
    Throttled {
        /// How long to wait, at least 1.
        retry_after_seconds: u64,
    },
    /// No answer, or one that says nothing definite: network, timeout, 5xx.
    #[error("the provider cannot be reached: {0}")]
    Outage(String),
    /// An answer that contradicts the API's contract, or a list that ended early. The run must not go on.
    #[error("the provider's answer cannot be used: {0}")]
    Malformed(String),
    /// The delta cursor is too old; only a full read helps.
    #[error("the provider no longer tells what changed since the last run; everything is read again")]
    DeltaExpired,
    /// This read or question is not something that the provider's API can answer.
    #[error("the provider's API cannot answer this: {0}")]
    Unsupported(String),
}

impl DirectoryError {
    /// Whether reading the same page again later may work without anyone doing something.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Outage(_))
    }
}

/// By what an event names a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonKey {
    /// The stable id.
    Subject(Subject),
    /// The login, where the event has nothing better.
    Login(String),
}

/// A person as the directory tells them at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonNow {
    /// Known; possibly to be left out.
    Known {
        /// The person.
        person: Box<DirectoryPerson>,
        /// All groups the person is directly in; `None` where finding out costs too much.
        groups: Option<Vec<GroupId>>,
    },
    /// Not, or no longer, a person of this directory.
    Gone,
}

/// A request at the provider's webhook.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryEventRequest<'request> {
    /// `GET` or `POST`.
    pub method: &'request str,
    /// Header names, in lower case, and values.
    pub headers: &'request [(String, String)],
    /// The raw query, without the question mark.
    pub query: &'request str,
    /// The raw body, at most [`DIRECTORY_EVENT_BYTES_MAX`] bytes.
    pub body: &'request [u8],
}

/// What an authentic event asks for. Events are never believed: they only cause people to be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryEvent {
    /// Read these people again.
    Reread(Vec<PersonKey>),
    /// More changed than people's own state: run soon.
    Run,
    /// The provider checks that the endpoint is ours: answer 200 with this content type and body.
    Challenge {
        /// `text/plain` or `application/json`.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// Authentic, and about nothing that Portal keeps.
    Nothing,
}

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectoryEventError {
    /// No secret is configured, so that no event can be authentic.
    #[error("the provider takes no events: no secret is configured")]
    NotConfigured,
    /// The signature or secret is missing or wrong.
    #[error("the event is not authentic")]
    NotAuthentic,
    /// It cannot be read.
    #[error("the event cannot be read: {0}")]
    Malformed(String),
}

/// What a test of the connection found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// Who Portal is there, such as `GitHub App portal-sync, installed on acme`.
    pub connected_as: String,
    /// Each permission that is needed.
    pub permissions: Vec<PermissionCheck>,
}

/// One permission that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionCheck {
    /// The vendor's name for it, and what it is needed for.
    pub permission: String,
    /// Whether it is there.
    pub granted: bool,
    /// What to do when it is not; empty when it is.
    pub remedy: String,
}

/// Reads one directory. Adapters hold no state that another node needs: cursors carry it all.
#[async_trait]
pub trait DirectoryClient: Send + Sync + 'static {
    /// Whether [`DirectoryRead::Delta`] works with this directory.
    fn has_delta(&self) -> bool {
        false
    }

    /// Reads one page. Waiting is the caller's: a refusal for too many requests is [`DirectoryError::Throttled`].
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError>;

    /// Reads one person anew.
    ///
    /// # Errors
    /// [`DirectoryError`]; [`DirectoryError::Unsupported`] where only a run can tell.
    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError>;

    /// Whether an event is authentic, and what it asks for. Does no io.
    ///
    /// # Errors
    /// [`DirectoryEventError`].
    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError>;

    /// Tries the credential and each permission.
    ///
    /// # Errors
    /// [`DirectoryError`] when not even the credential works.
    async fn check(&self) -> Result<ConnectionReport, DirectoryError>;
}
