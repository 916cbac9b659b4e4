//! Tools as the protocol lists them, prepared once per state of the settings; and the log of calls.

use std::{
    net::IpAddr,
    sync::{Arc, RwLock},
    time::Duration,
};

use portal_core::{
    actions::ActionDefinition,
    activity::{CallOutcome, ToolCall},
    oauth::{Caller, Credential},
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

/// Each tool with its source.
type Tools = Arc<[(&'static str, Tool)]>;

/// The list for one state of the settings.
#[derive(Clone)]
struct Prepared {
    settings: Arc<Settings>,
    tools: Tools,
}

impl ToolCatalogue {
    pub fn new(services: Services) -> Self {
        Self { services, prepared: RwLock::new(None) }
    }

    /// The tools of the sources that are on, and that the caller's credential may use, in a stable order.
    pub async fn list(&self, caller: Option<&Caller>) -> Result<Vec<Tool>, StoreError> {
        let prepared = self.prepared().await?;
        let allowed = |source: &str| caller.is_none_or(|caller| caller.source_allowed(source));
        Ok(prepared.iter().filter(|(source, _)| allowed(source)).map(|(_, tool)| tool.clone()).collect())
    }

    async fn prepared(&self) -> Result<Tools, StoreError> {
        let settings = self.services.settings.current().await?;
        // The settings service returns the same value until something changes.
        let prepared = self.prepared.read().ok().and_then(|prepared| prepared.clone());
        if let Some(prepared) = prepared.filter(|prepared| Arc::ptr_eq(&prepared.settings, &settings)) {
            return Ok(prepared.tools);
        }
        let definitions = self.services.actions.list(&settings).map(|action| action.definition());
        let tools: Tools = definitions.map(|definition| (definition.source, tool(definition))).collect();
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
        let (session_id, token_id) = match &self.caller.credential {
            Credential::Session(session) => (Some(session.id.clone()), None),
            Credential::Token(token) => (None, Some(token.id.clone())),
        };
        self.services.activity.record(ToolCall {
            at: self.services.dependencies.clock.now(),
            user_id: self.caller.account().map(|account| account.id.clone()),
            session_id,
            token_id,
            source: source.to_owned(),
            tool: tool.to_owned(),
            outcome,
            duration_us: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
            address: self.address.map(|address| address.to_string()),
        });
    }
}
