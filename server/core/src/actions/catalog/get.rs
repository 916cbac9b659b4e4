//! `catalog.get-catalog-entity`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{
    LOOKS,
    input::Input,
    related::{MEANT_FIELDS, Meant, MeantEntity},
    schema::definition,
};
use crate::{
    actions::{Action, ActionDefinition, ActionError, ActionOutput, CallContext},
    catalog::CatalogService,
};

/// One entity, whole.
pub(super) struct GetEntity {
    definition: ActionDefinition,
    catalog: Arc<CatalogService>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the output")]
struct Output {
    /// The entity: apiVersion, kind, metadata, spec, relations, and status when something around it is wrong.
    entity: Map<String, Value>,
}

impl GetEntity {
    pub(super) fn new(catalog: Arc<CatalogService>) -> Self {
        let definition = definition::<MeantEntity, Output>(
            "get-catalog-entity",
            "Get one catalog entity",
            "Returns one entity of the software catalog (a component, API, system, team, person …) with everything known of \
             it: owner, type, links, API definition, and its relations to others. Use it when you know the name. When \
             several entities share the name, the error lists their references: call again with kind and namespace. \
             To find entities by other properties use catalog_query_catalog_entities.",
            LOOKS,
        );
        Self { definition, catalog }
    }
}

#[async_trait]
impl Action for GetEntity {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(&self, _: CallContext<'_>, input: Map<String, Value>) -> Result<ActionOutput, ActionError> {
        let meant = Meant::read(&mut Input::new(input, &MEANT_FIELDS)?)?;
        Ok(json!({"entity": meant.find(&self.catalog).await?.to_json()}))
    }
}
