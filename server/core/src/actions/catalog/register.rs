//! `catalog.register-entity`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{input::Input, schema::definition};
use crate::{
    actions::{Action, ActionAttributes, ActionDefinition, ActionError, ActionOutput, CallContext},
    ingestion::{IngestionService, Location, RegisterError, Rejection, Target},
};

/// Most rejections told.
const REJECTIONS_TOLD_MAX: u32 = 20;

/// Registers a location.
pub(super) struct RegisterEntity {
    definition: ActionDefinition,
    ingestion: Arc<IngestionService>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the input, which is read by hand for better messages")]
struct RegisterInput {
    /// The https address of the descriptor file, such as `https://raw.example.org/team/repo/main/catalog-info.yaml`. Its host
    /// must be one that Portal's administrators allow.
    location_url: String,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the output")]
struct RegisterOutput {
    /// Identifier of the new location, for `catalog_unregister_entity`.
    location_id: String,
    /// How many entities it has brought into the catalog.
    entities: u64,
    /// How many of its entities and files were not taken.
    rejected: u64,
    /// Why, with file, line and path; the first twenty.
    rejections: Vec<String>,
}

impl RegisterEntity {
    pub(super) fn new(ingestion: Arc<IngestionService>) -> Self {
        let definition = definition::<RegisterInput, RegisterOutput>(
            "register-entity",
            "Register a catalog descriptor",
            "Adds the entities of a descriptor file to the catalog, and keeps them up to date from there. The file is read \
             first: nothing is registered when nothing in it can be taken. People and groups cannot be registered this \
             way. Check the file with catalog_validate_entity before. Needs permission to change things.",
            ActionAttributes { read_only: false, destructive: false, idempotent: false },
        );
        Self { definition, ingestion }
    }
}

#[async_trait]
impl Action for RegisterEntity {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(
        &self,
        CallContext { caller, origin }: CallContext<'_>,
        input: Map<String, Value>,
    ) -> Result<ActionOutput, ActionError> {
        let mut input = Input::new(input, &["locationUrl"])?;
        let url = input.required_text("locationUrl", "the https address of a descriptor file")?;
        let target = match url.strip_prefix("file:") {
            Some(path) => Target::File(path.to_owned()),
            None => Target::Url(url.strip_prefix("url:").unwrap_or(&url).to_owned()),
        };
        let registered = self.ingestion.register(target, &caller.actor(), origin).await;
        let id = registered.map_err(|error| match error {
            RegisterError::Store(error) => error.into(),
            RegisterError::Unusable(reason) => ActionError::Input(format!("locationUrl: {reason}")),
            RegisterError::Exists(id) => ActionError::Conflict(format!(
                "this location is registered already, as {id}; catalog_refresh_catalog_entity reads it again"
            )),
        })?;
        let location = self.ingestion.location_list().await?.into_iter().find(|location| location.id == id);
        let rejections = self.ingestion.rejection_list(&id, REJECTIONS_TOLD_MAX).await?;
        let outcome = location.as_ref().and_then(|location: &Location| location.last_outcome.as_ref());
        Ok(json!({
            "locationId": id.as_str(),
            "entities": outcome.map_or(0, |outcome| outcome.entities),
            "rejected": outcome.map_or(0, |outcome| outcome.rejected),
            "rejections": rejections.iter().map(told).collect::<Vec<_>>(),
        }))
    }
}

fn told(rejection: &Rejection) -> String {
    let line = rejection.line.map(|line| format!(" line {line}")).unwrap_or_default();
    let path = rejection.path.as_deref().map(|path| format!(" {path}")).unwrap_or_default();
    format!("{}{line}{path}: {}", rejection.file, rejection.reason)
}
