//! Finding clients by their id, and judging documents for `portal cimd check`.

use std::sync::Arc;

use super::{
    Client, ClientError, ClientIdUrl, RuleReport,
    document::Document,
    finder::{Finder, Surroundings},
    memory::StoreMemory,
    rules::{self, Recorder},
};
use crate::{ports::DocumentFetcher, services::Dependencies, settings::SettingsService};

/// Finds clients by their id.
pub struct ClientService {
    settings: Arc<SettingsService>,
    fetcher: Arc<dyn DocumentFetcher>,
    allow_loopback: bool,
    finder: Finder,
}

impl ClientService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        let Dependencies { store, clock, fetcher, configuration, .. } = dependencies;
        let allow_loopback = configuration.public_url_is_loopback;
        let memory = Arc::new(StoreMemory(store));
        let surroundings = Surroundings { fetcher: Arc::clone(&fetcher), clock, memory, allow_loopback };
        let finder = Finder::new(surroundings, &configuration.pinned_clients);
        Self { settings, fetcher, allow_loopback, finder }
    }

    /// The client with this id: by policy, then from the cache, the store or the network. A document that the admin
    /// pinned is used without fetching; one that Portal holds itself serves while the live one cannot be had.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn find(&self, client_id: &str) -> Result<Arc<Client>, ClientError> {
        let settings = self.settings.current().await?;
        self.finder.find(&settings, client_id).await
    }

    /// Judges a document rule by rule, live, without touching cache, store or settings. One report for each rule, in
    /// a fixed order; what follows from an earlier fault is left unjudged.
    pub async fn check(&self, client_id: &str) -> Vec<RuleReport> {
        check(self.fetcher.as_ref(), self.allow_loopback, client_id).await
    }
}

pub(super) async fn check(
    fetcher: &dyn DocumentFetcher,
    allow_loopback: bool,
    client_id: &str,
) -> Vec<RuleReport> {
    let mut recorder = Recorder::default();
    let id = ClientIdUrl::parse(client_id, allow_loopback).map_err(|error| error.to_string());
    if let Some(id) = recorder.note(rules::ID_FORM, id) {
        let answer = fetcher.fetch(id.as_str()).await.map_err(|error| error.to_string());
        if let Some(document) = recorder.note(rules::ANSWER, answer) {
            Document::judge(&mut recorder, id.as_str(), &document.body);
        }
    }
    recorder.finish()
}
