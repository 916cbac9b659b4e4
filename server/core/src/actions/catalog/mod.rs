//! The plugin source `catalog`: looking things up, checking descriptors, and registering locations.

mod cursor;
mod describe;
mod get;
mod input;
mod predicate;
mod projection;
mod query;
mod refresh;
mod register;
mod related;
mod schema;
#[cfg(test)]
mod tests;
mod unregister;
mod validate;

use std::sync::Arc;

use super::{Action, ActionAttributes, ActionError};
use crate::{
    catalog::CatalogService,
    ingestion::{IngestionError, IngestionService},
};

/// Id of the source.
pub const SOURCE: &str = "catalog";

const LOOKS: ActionAttributes = ActionAttributes { read_only: true, destructive: false, idempotent: true };

/// The actions of the source.
#[must_use]
pub fn actions(catalog: Arc<CatalogService>, ingestion: Arc<IngestionService>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(get::GetEntity::new(Arc::clone(&catalog))),
        Arc::new(query::QueryEntities::new(Arc::clone(&catalog))),
        Arc::new(describe::DescribeModel::new(Arc::clone(&catalog))),
        Arc::new(validate::ValidateEntity::new()),
        Arc::new(register::RegisterEntity::new(Arc::clone(&ingestion))),
        Arc::new(refresh::RefreshEntity::new(catalog, Arc::clone(&ingestion))),
        Arc::new(unregister::UnregisterEntity::new(ingestion)),
    ]
}

/// A failure in words for agents. Names of files on Portal's machine are for admins only.
fn ingestion_error(error: IngestionError) -> ActionError {
    match error {
        IngestionError::Store(error) => error.into(),
        IngestionError::Read(_) => ActionError::Conflict(
            "the location cannot be read right now; what was published stays. Admins see why in App Settings, under \
             organisation data"
                .to_owned(),
        ),
        IngestionError::NotFound => ActionError::NotFound("there is no such location".to_owned()),
        IngestionError::Overtaken => ActionError::Conflict(error.to_string()),
    }
}
