//! `catalog.unregister-entity`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{
    ingestion_error,
    input::{Input, wrong},
    schema::definition,
};
use crate::{
    actions::{Action, ActionAttributes, ActionDefinition, ActionError, ActionOutput, CallContext},
    ingestion::{IngestionError, IngestionService, Location, LocationOrigin, Target},
};

/// Takes a registered location back.
pub(super) struct UnregisterEntity {
    definition: ActionDefinition,
    ingestion: Arc<IngestionService>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the input, which is read by hand for better messages")]
struct UnregisterInput {
    /// Which location: `{"locationId": ".."}` or `{"locationUrl": ".."}`.
    #[schemars(rename = "type")]
    which: Which,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the input")]
struct Which {
    /// The identifier that `catalog_register_entity` returned.
    location_id: Option<String>,
    /// The address that was registered; case does not matter.
    location_url: Option<String>,
}

#[derive(JsonSchema)]
struct Nothing {}

impl UnregisterEntity {
    pub(super) fn new(ingestion: Arc<IngestionService>) -> Self {
        let definition = definition::<UnregisterInput, Nothing>(
            "unregister-entity",
            "Unregister a catalog location",
            "Takes a registered location out of the catalog, with every entity that came from it. Only locations that were \
             registered can be taken out, by whoever registered them or an admin; those of Portal's configuration stay. \
             Name it by locationId or locationUrl. Ask the user before: others may rely on these entities.",
            ActionAttributes { read_only: false, destructive: true, idempotent: true },
        );
        Self { definition, ingestion }
    }
}

#[async_trait]
impl Action for UnregisterEntity {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(
        &self,
        CallContext { caller, origin }: CallContext<'_>,
        input: Map<String, Value>,
    ) -> Result<ActionOutput, ActionError> {
        let meant = meant(input)?;
        let mut found: Vec<Location> = self.ingestion.location_list().await?;
        found.retain(|location| meant.fits(location));
        if found.is_empty() {
            return Err(ActionError::NotFound("no such location is registered".to_owned()));
        }
        let own = LocationOrigin::Registered(caller.entity_ref().to_string());
        for location in &found {
            if !matches!(location.origin, LocationOrigin::Registered(_)) {
                return Err(ActionError::NotAllowed(
                    "this location stands in Portal's configuration and can be taken out only there"
                        .to_owned(),
                ));
            }
            if location.origin != own && !caller.is_admin() {
                return Err(ActionError::NotAllowed(
                    "someone else registered this location; they or an admin can take it out".to_owned(),
                ));
            }
        }
        for location in found {
            match self.ingestion.unregister(&location.id, &caller.actor(), origin).await {
                // Gone meanwhile is gone.
                Ok(()) | Err(IngestionError::NotFound) => {}
                Err(error) => return Err(ingestion_error(error)),
            }
        }
        Ok(json!({}))
    }
}

enum Meant {
    Id(String),
    Url(String),
}

impl Meant {
    fn fits(&self, location: &Location) -> bool {
        match (self, &location.target) {
            (Self::Id(id), _) => location.id.as_str() == id,
            (Self::Url(url), Target::Url(target)) => target.eq_ignore_ascii_case(url),
            (Self::Url(_), Target::File(_) | Target::Provider(_)) => false,
        }
    }
}

/// The location named in `type`, or beside it, as models also write it.
fn meant(input: Map<String, Value>) -> Result<Meant, ActionError> {
    let mut input = Input::new(input, &["type", "locationId", "locationUrl"])?;
    let inner = input.object("type")?.unwrap_or_default();
    let mut inner = Input::new(inner, &["locationId", "locationUrl"])?;
    let mut field = |name: &str| Ok::<_, ActionError>(inner.text(name)?.or(input.text(name)?));
    match (field("locationId")?, field("locationUrl")?) {
        (Some(id), None) => Ok(Meant::Id(id)),
        (None, Some(url)) => {
            let url = url.strip_prefix("url:").unwrap_or(&url);
            // In the form in which registering stores it.
            Ok(Meant::Url(url::Url::parse(url).map_or_else(|_| url.to_owned(), String::from)))
        }
        _ => Err(wrong("type", "expected either {\"locationId\": \"..\"} or {\"locationUrl\": \"..\"}")),
    }
}
