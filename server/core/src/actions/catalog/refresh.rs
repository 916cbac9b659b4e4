//! `catalog.refresh-catalog-entity`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{
    ingestion_error,
    input::Input,
    related::{MEANT_FIELDS, Meant, MeantEntity},
    schema::definition,
};
use crate::{
    actions::{Action, ActionAttributes, ActionDefinition, ActionError, ActionOutput, CallContext},
    catalog::CatalogService,
    ingestion::{IngestionError, IngestionService},
};

/// Reads an entity's location again.
pub(super) struct RefreshEntity {
    definition: ActionDefinition,
    catalog: Arc<CatalogService>,
    ingestion: Arc<IngestionService>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the output")]
struct RefreshOutput {
    /// The entity whose location was read again.
    entity_ref: String,
}

impl RefreshEntity {
    pub(super) fn new(catalog: Arc<CatalogService>, ingestion: Arc<IngestionService>) -> Self {
        let definition = definition::<MeantEntity, RefreshOutput>(
            "refresh-catalog-entity",
            "Refresh a catalog entity",
            "Reads the location that defines an entity again, so that the catalog shows what its descriptor says now, \
             instead of waiting for the next scheduled reading. Use it after a descriptor was changed. Answers when \
             the reading is done. Needs permission to change things.",
            ActionAttributes { read_only: false, destructive: false, idempotent: true },
        );
        Self { definition, catalog, ingestion }
    }
}

#[async_trait]
impl Action for RefreshEntity {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(&self, _: CallContext<'_>, input: Map<String, Value>) -> Result<ActionOutput, ActionError> {
        let meant = Meant::read(&mut Input::new(input, &MEANT_FIELDS)?)?;
        let entity = meant.find(&self.catalog).await?;
        let outcome = self.ingestion.refresh_entity(&entity.entity_ref).await;
        outcome.map_err(|error| match error {
            IngestionError::NotFound => ActionError::Conflict(format!(
                "{} is kept by Portal itself; there is no file to read it from",
                entity.entity_ref
            )),
            error => ingestion_error(error),
        })?;
        Ok(json!({"entityRef": entity.entity_ref.to_string()}))
    }
}
