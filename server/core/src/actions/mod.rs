//! Actions: what agents can call, registered by plugin sources, and the rule who may call what.

mod auth;
pub mod catalog;
mod registry;

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use portal_model::Scope;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};
use thiserror::Error;

pub use registry::{ActionRegistry, Refusal, SourceInfo, TOOL_NAME_BYTES_MAX};

use crate::{identity::RequestOrigin, oauth::Caller};

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

impl ActionDefinition {
    /// A definition whose schemas are those of two types. The tool's name comes of `source` and `name`.
    #[must_use]
    pub fn of<Input: JsonSchema, Output: JsonSchema>(
        source: &'static str,
        name: &'static str,
        title: &'static str,
        description: &'static str,
        attributes: ActionAttributes,
    ) -> Self {
        Self {
            source,
            name,
            tool_name: format!("{source}_{name}").replace('-', "_"),
            title,
            description,
            input_schema: schema_of::<Input>(),
            output_schema: schema_of::<Output>(),
            attributes,
        }
    }

    /// The other names by which the tool can be called, as the reference system writes them: `auth.who-am-i`,
    /// `auth_who-am-i`.
    #[must_use]
    pub fn aliases(&self) -> [Cow<'static, str>; 2] {
        ['.', '_'].map(|separator| Cow::Owned(format!("{}{separator}{}", self.source, self.name)))
    }
}

/// The JSON Schema (2020-12) of a type, everything in place: some clients do not follow `$ref`.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Arc<Map<String, Value>> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The type's name says nothing to a client.
    schema.remove("title");
    let mut object = schema.as_object().cloned().unwrap_or_default();
    // MCP demands an object with this member even when there is no input.
    object.entry("type").or_insert_with(|| "object".into());
    Arc::new(object)
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

/// Whom a call is made for, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct CallContext<'call> {
    /// Whom, by which token.
    pub caller: &'call Caller,
    /// The request that carried the call, for the audit log.
    pub origin: &'call RequestOrigin,
}

/// Something agents can call.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// What it is.
    fn definition(&self) -> &ActionDefinition;

    /// Does it. Whether the caller may was decided before; the input is checked here.
    ///
    /// # Errors
    /// [`ActionError`], shown to the agent.
    async fn call(
        &self,
        context: CallContext<'_>,
        input: Map<String, Value>,
    ) -> Result<ActionOutput, ActionError>;
}
