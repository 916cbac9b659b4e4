//! `catalog.get-catalog-model-description`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{LOOKS, input::Input, schema::definition};
use crate::{
    actions::{Action, ActionDefinition, ActionError, ActionOutput, CallContext},
    catalog::CatalogService,
};

/// The kinds there are and their keys.
pub(super) struct DescribeModel {
    definition: ActionDefinition,
    catalog: Arc<CatalogService>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Nothing {}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the output")]
struct Output {
    /// Markdown: the kinds in this catalog, how many entities each has, their types, relations, and keys with examples.
    description: String,
}

impl DescribeModel {
    pub(super) fn new(catalog: Arc<CatalogService>) -> Self {
        let definition = definition::<Nothing, Output>(
            "get-catalog-model-description",
            "Describe the catalog's model",
            "Describes what this catalog holds: its kinds with counts, their types and relations, and the keys that can be \
             queried, with examples. Call it once before the first catalog_query_catalog_entities, or before writing a descriptor.",
            LOOKS,
        );
        Self { definition, catalog }
    }
}

#[async_trait]
impl Action for DescribeModel {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(&self, _: CallContext<'_>, input: Map<String, Value>) -> Result<ActionOutput, ActionError> {
        Input::new(input, &[])?;
        Ok(json!({"description": &*self.catalog.model_description().await?}))
    }
}
