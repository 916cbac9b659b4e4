//! Actions: what agents can call, registered by plugin sources, and the rule who may call what.

mod registry;

use std::sync::Arc;

use async_trait::async_trait;
use portal_model::Scope;
use serde_json::{Map, Value};
use thiserror::Error;

pub use registry::{ActionRegistry, Refusal, SourceInfo};

use crate::oauth::Caller;

/// How an action behaves, for clients that ask before calling and for the scope it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionAttributes {
    /// It changes nothing.
    pub read_only: bool,
    /// It may delete or overwrite.
    pub destructive: bool,
    /// Calling it again with the same input changes nothing more.
    pub idempotent: bool,
}

impl ActionAttributes {
    /// The scope a call needs.
    #[must_use]
    pub const fn scope(self) -> Scope {
        if self.read_only {
            Scope::Read
        } else if self.destructive {
            Scope::Destructive
        } else {
            Scope::Write
        }
    }
}

/// What an action is, as listed.
#[derive(Debug, Clone)]
pub struct ActionDefinition {
    /// Plugin source, such as `catalog`.
    pub source: &'static str,
    /// Name in the source, such as `get-catalog-entity`.
    pub name: &'static str,
    /// Tool name, `<source>_<name>` in `[a-z0-9_]`, at most 64 characters.
    pub tool_name: String,
    /// Title in words.
    pub title: &'static str,
    /// What it does, for the model that reads it.
    pub description: &'static str,
    /// JSON Schema of the input, an object.
    pub input_schema: Arc<Map<String, Value>>,
    /// JSON Schema of the output, an object.
    pub output_schema: Arc<Map<String, Value>>,
    /// How it behaves.
    pub attributes: ActionAttributes,
}

/// What an action answers: a JSON object that fits its output schema.
pub type ActionOutput = Value;

/// Why an action did not do it; the agent reads the text.
#[derive(Debug, Error)]
pub enum ActionError {
    /// The input breaks a rule: names the field and what was expected.
    #[error("InputError: {0}")]
    Input(String),
    /// There is no such thing.
    #[error("NotFoundError: {0}")]
    NotFound(String),
    /// The input fits more than one thing, or something is there already.
    #[error("ConflictError: {0}")]
    Conflict(String),
    /// The caller may not.
    #[error("NotAllowedError: {0}")]
    NotAllowed(String),
    /// The store or a directory cannot be reached; the same call may succeed later.
    #[error("ServiceUnavailableError: Portal cannot answer right now. Try again in a moment.")]
    Unavailable,
    /// A fault of ours; the cause is in the log.
    #[error("InternalError: something went wrong in Portal. Quote the request id to whoever runs it.")]
    Internal,
}

impl From<crate::ports::StoreError> for ActionError {
    fn from(error: crate::ports::StoreError) -> Self {
        tracing::error!(%error, "an action could not use the store");
        match error {
            crate::ports::StoreError::Unavailable(_) => Self::Unavailable,
            crate::ports::StoreError::Inconsistent(_) => Self::Internal,
        }
    }
}

impl From<crate::catalog::CatalogError> for ActionError {
    fn from(error: crate::catalog::CatalogError) -> Self {
        match error {
            crate::catalog::CatalogError::Store(error) => error.into(),
        }
    }
}

/// Something agents can call.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// What it is.
    fn definition(&self) -> &ActionDefinition;

    /// Does it for a caller. Whether the caller may was decided before; the input is checked here.
    ///
    /// # Errors
    /// [`ActionError`], shown to the agent.
    async fn call(&self, caller: &Caller, input: Map<String, Value>) -> Result<ActionOutput, ActionError>;
}
