//! The registry of actions.

use std::sync::Arc;

use portal_model::{Scope, settings::Settings};

use super::{Action, ActionDefinition};
use crate::{
    catalog::CatalogService, ingestion::IngestionService, oauth::Caller, settings::SettingsService,
};

/// Why a call is refused before the action runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such tool, or its source is off: the two look alike.
    Unknown,
    /// The token's scope is too small.
    InsufficientScope {
        /// The scope that the call needs.
        needed: Scope,
    },
}

/// A plugin source as the settings page shows it.
#[derive(Debug, Clone)]
pub struct SourceInfo {
    /// Id, such as `catalog`.
    pub id: &'static str,
    /// Name in words, such as "Catalog".
    pub title: &'static str,
    /// What it lets agents do, one sentence.
    pub description: &'static str,
    /// Its tools.
    pub tools: Vec<ActionDefinition>,
}

/// All actions of all plugin sources.
pub struct ActionRegistry {
    actions: Vec<Arc<dyn Action>>,
    sources: Vec<SourceInfo>,
}

impl ActionRegistry {
    /// The registry with the plugin sources that Portal brings.
    #[must_use]
    pub fn built_in(
        settings: Arc<SettingsService>,
        catalog: Arc<CatalogService>,
        ingestion: Arc<IngestionService>,
    ) -> Self {
        let _ = (settings, catalog, ingestion);
        Self { actions: Vec::new(), sources: Vec::new() }
    }

    /// The plugin sources, in the order shown.
    #[must_use]
    pub fn sources(&self) -> &[SourceInfo] {
        &self.sources
    }

    /// The actions whose sources are on, in a stable order. The same for every caller: a tool beyond the caller's scope
    /// is listed, so that the client can ask for more.
    pub fn list<'registry>(
        &'registry self,
        settings: &'registry Settings,
    ) -> impl Iterator<Item = &'registry Arc<dyn Action>> {
        self.actions.iter().filter(move |action| settings.source_enabled(action.definition().source))
    }

    /// The action that a tool name means, if this caller may call it. Also takes the names of the reference system,
    /// `auth.who-am-i` and `auth_who-am-i`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn authorize(
        &self,
        settings: &Settings,
        caller: &Caller,
        tool_name: &str,
    ) -> Result<&Arc<dyn Action>, Refusal> {
        let _ = (settings, caller, tool_name);
        Err(Refusal::Unknown)
    }
}
