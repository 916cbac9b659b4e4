//! Tools as the protocol lists them, prepared once per state of the settings; and the log of calls.

use std::{
    net::IpAddr,
    sync::{Arc, RwLock},
    time::Duration,
};

use portal_core::{
    actions::ActionDefinition,
    activity::{CallOutcome, ToolCall},
    oauth::Caller,
    ports::StoreError,
    services::Services,
};
use portal_model::settings::Settings;
use rmcp::model::{Tool, ToolAnnotations};

use crate::metrics;

/// The tools that are listed.
pub(super) struct ToolCatalogue {
    pub services: Services,
    prepared: RwLock<Option<Prepared>>,
}

/// The list for one state of the settings.
#[derive(Clone)]
struct Prepared {
    settings: Arc<Settings>,
    tools: Arc<[Tool]>,
}

impl ToolCatalogue {
    pub fn new(services: Services) -> Self {
        Self { services, prepared: RwLock::new(None) }
    }

    /// The tools of the sources that are on, in a stable order.
    pub async fn list(&self) -> Result<Arc<[Tool]>, StoreError> {
        let settings = self.services.settings.current().await?;
        // The settings service returns the same value until something changes.
        let prepared = self.prepared.read().ok().and_then(|prepared| prepared.clone());
        if let Some(prepared) = prepared.filter(|prepared| Arc::ptr_eq(&prepared.settings, &settings)) {
            return Ok(prepared.tools);
        }
        let tools: Arc<[Tool]> =
            self.services.actions.list(&settings).map(|action| tool(action.definition())).collect();
        if let Ok(mut prepared) = self.prepared.write() {
            *prepared = Some(Prepared { settings, tools: Arc::clone(&tools) });
        }
        Ok(tools)
    }
}

fn tool(definition: &ActionDefinition) -> Tool {
    let attributes = definition.attributes;
    let annotations = ToolAnnotations::with_title(definition.title)
        .read_only(attributes.read_only)
        .destructive(attributes.destructive)
        .idempotent(attributes.idempotent)
        .open_world(false);
    Tool::new(definition.tool_name.clone(), definition.description, Arc::clone(&definition.input_schema))
        .with_title(definition.title)
        .with_raw_output_schema(Arc::clone(&definition.output_schema))
        .with_annotations(annotations)
}

/// Where a call is written down.
pub(super) struct CallLog<'call> {
    pub services: &'call Services,
    pub caller: &'call Caller,
    pub address: Option<IpAddr>,
}

impl CallLog<'_> {
    /// Writes a call to the activity log and the metrics; never waits.
    pub fn record(&self, source: &str, tool: &str, outcome: CallOutcome, duration: Duration) {
        metrics::tool_call(tool, outcome, duration);
        self.services.activity.record(ToolCall {
            at: self.services.dependencies.clock.now(),
            user_id: self.caller.user.id.clone(),
            session_id: self.caller.session.id.clone(),
            source: source.to_owned(),
            tool: tool.to_owned(),
            outcome,
            duration_us: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
            address: self.address.map(|address| address.to_string()),
        });
    }
}
