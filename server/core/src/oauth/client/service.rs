//! Finding clients by their id, their pictures, and judging documents for `portal cimd check`.

use std::{collections::HashMap, sync::Arc};

use super::{
    Client, ClientError, ClientId, ClientIdUrl, ClientKeys, KeySource, RuleReport,
    assertion::{Assertion, Presented},
    document::Document,
    finder::{Finder, Surroundings},
    jwk::KeySet,
    keys::KeyFinder,
    logo::LogoFinder,
    memory::StoreMemory,
    rules::{self, Recorder},
};
use crate::{
    oauth::{records::LogoId, registered::REGISTERED_PREFIX},
    ports::{Clock, DocumentFetcher, FetchError, Store, StoreError},
    services::Dependencies,
    settings::SettingsService,
};

/// Finds clients by their id.
pub struct ClientService {
    settings: Arc<SettingsService>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    fetcher: Arc<dyn DocumentFetcher>,
    allow_loopback: bool,
    finder: Finder,
    keys: KeyFinder,
    logos: LogoFinder,
}

/// Why an assertion does not prove who a client is.
#[derive(Debug)]
pub(in crate::oauth) enum AssertionError {
    /// It is not the client's: what is wrong.
    Refused(&'static str),
    /// The client is not to be had.
    Client(ClientError),
    /// Its keys cannot be had right now: nothing is known.
    Keys(FetchError),
}

impl ClientService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        let Dependencies { store, clock, fetcher, configuration, .. } = dependencies;
        let allow_loopback = configuration.public_url_is_loopback;
        let memory = Arc::new(StoreMemory(Arc::clone(&store)));
        let keys = KeyFinder::new(Arc::clone(&fetcher), Arc::clone(&clock));
        let logos = LogoFinder::new(Arc::clone(&fetcher), Arc::clone(&clock), Arc::clone(&store));
        let surroundings =
            Surroundings { fetcher: Arc::clone(&fetcher), clock: Arc::clone(&clock), memory, allow_loopback };
        let finder = Finder::new(surroundings, &configuration.pinned_clients);
        Self { settings, store, clock, fetcher, allow_loopback, finder, keys, logos }
    }

    /// The client with this id. One that is registered here: from the store. Any other: by policy, then from the cache,
    /// the store or the network; a document that the admin pinned is used without fetching, one that Portal holds itself
    /// serves while the live one cannot be had.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn find(&self, client_id: &str) -> Result<Arc<Client>, ClientError> {
        let settings = self.settings.current().await?;
        if client_id.starts_with(REGISTERED_PREFIX) {
            let registered = self.store.read().await?.registered_client_by_id(client_id).await?;
            let client = Client::from(registered.ok_or(ClientError::Unknown)?);
            return if client.origin.is_open(&settings) {
                Ok(Arc::new(client))
            } else {
                Err(ClientError::RegistrationDisabled)
            };
        }
        if !client_id.starts_with("http") {
            return Err(ClientError::Unknown);
        }
        self.finder.find(&settings, client_id).await
    }

    /// Sees to it that the client's picture, as its document names it now, is at hand for the page that asks the person.
    /// Takes at most a few seconds, and that only the first time; where it fails, there is no picture.
    pub(in crate::oauth) async fn keep_logo(&self, client: &Client) {
        if matches!(client.id, ClientId::Url(_)) {
            self.logos.keep(client.id.as_str(), client.logo_uri.as_deref()).await;
        }
    }

    /// The names of the pictures that are kept of these clients (of at most 200), by client id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn logos<'id>(
        &self,
        client_ids: impl Iterator<Item = &'id str> + Send,
    ) -> Result<HashMap<String, LogoId>, StoreError> {
        self.logos.names(client_ids).await
    }

    /// A picture by its name: a PNG that Portal has made; `None` when it is not kept (any more).
    ///
    /// # Errors
    /// The store failed.
    pub async fn logo(&self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError> {
        self.logos.picture(id).await
    }

    /// Whether a client is known, from memory alone, to have to sign.
    pub(in crate::oauth) async fn must_sign(&self, client_id: &str) -> bool {
        self.finder.held(client_id).await.is_some_and(|client| client.confidential)
    }

    /// Whether an assertion is this client's, for one of these audiences; what it says, to be remembered.
    ///
    /// # Errors
    /// [`AssertionError`].
    pub(in crate::oauth) async fn check_assertion(
        &self,
        client_id: &str,
        assertion: &Assertion,
        audiences: &[String],
    ) -> Result<Presented, AssertionError> {
        let client = self.find(client_id).await.map_err(AssertionError::Client)?;
        let Some(ClientKeys { source, algorithm }) = &client.keys else {
            return Err(AssertionError::Refused("the client's document does not offer private_key_jwt"));
        };
        // What costs nothing first: keys are fetched only for assertions that could be good.
        assertion.check_header(algorithm.as_deref()).map_err(AssertionError::Refused)?;
        let now = self.clock.now();
        let presented = assertion.check_claims(client_id, audiences, now).map_err(AssertionError::Refused)?;
        let keys = match source {
            KeySource::Document(set) => {
                let unusable = |_| AssertionError::Refused("the client's jwks cannot be used");
                Arc::new(KeySet::parse(set.as_bytes()).map_err(unusable)?)
            }
            KeySource::Address(address) => {
                self.keys.find(address, assertion.key_id()).await.map_err(AssertionError::Keys)?
            }
        };
        assertion.check_signature(&keys).map_err(AssertionError::Refused)?;
        Ok(presented)
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
