//! A catalog on a throw-away SQLite file, with a folder of descriptors and pages of one allowed host.

#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "not every suite uses everything, and a test stops where it cannot go on"
)]

pub mod caller;

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
};

use async_trait::async_trait;
use portal_core::{
    audit::Actor,
    catalog::CatalogService,
    changes::ChangeTracker,
    ids::LocationId,
    ingestion::{IngestionService, Rejection, RunOutcome, Target},
    ports::{Clock, DocumentFetcher, FetchError, FetchedDocument, Rng, Store},
    services::{Configuration, Dependencies},
    time::UnixMillis,
};
use portal_directory::{FileAndUrlReader, Options, TextSource};
use portal_store::{OpenOptions, SqlStore};
use tempfile::TempDir;
use url::Url;

pub const HOST: &str = "raw.example.org";

/// Pages of [`HOST`], by path.
#[derive(Default)]
pub struct Pages(Mutex<HashMap<String, Result<String, FetchError>>>);

impl Pages {
    pub fn put(&self, path: &str, text: &str) {
        self.0.lock().unwrap().insert(path.to_owned(), Ok(text.to_owned()));
    }

    /// From now on the host does not answer for this page.
    pub fn take_away(&self, path: &str) {
        self.0.lock().unwrap().insert(path.to_owned(), Err(FetchError::Timeout));
    }

    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().remove(path);
    }
}

#[async_trait]
impl TextSource for Pages {
    async fn text(&self, url: &Url, _: usize) -> Result<String, FetchError> {
        self.0.lock().unwrap().get(url.path()).cloned().unwrap_or(Err(FetchError::Status(404)))
    }
}

/// Goes on by a millisecond each time it is asked.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

struct Counting(AtomicU8);

impl Rng for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, Ordering::SeqCst));
    }
}

struct NoDocuments;

#[async_trait]
impl DocumentFetcher for NoDocuments {
    async fn fetch(&self, _: &str) -> Result<FetchedDocument, FetchError> {
        Err(FetchError::Dns)
    }
}

pub struct Harness {
    pub folder: TempDir,
    pub pages: Arc<Pages>,
    pub dependencies: Dependencies,
    pub catalog: Arc<CatalogService>,
    pub ingestion: Arc<IngestionService>,
}

impl Harness {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite://{}", folder.path().join("portal.db").display());
        let store: Arc<dyn Store> =
            Arc::new(SqlStore::open(&address, &OpenOptions::default()).await.unwrap());
        let clock: Arc<dyn Clock> = Arc::new(Ticking(AtomicI64::new(1_767_225_600_000)));
        let pages = Arc::new(Pages::default());
        let source: Arc<dyn TextSource> = Arc::<Pages>::clone(&pages);
        let options = Options { allowed_hosts: vec![HOST.to_owned()] };
        let dependencies = Dependencies {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            rng: Arc::new(Counting(AtomicU8::new(0))),
            fetcher: Arc::new(NoDocuments),
            self_probe: Arc::new(portal_testkit::fakes::NoWay),
            pictures: Arc::new(portal_testkit::fakes::NoPictures),
            reader: Arc::new(FileAndUrlReader::new(&options, source)),
            directories: Arc::from([]),
            sign_in_providers: Arc::from([]),
            changes: Arc::new(ChangeTracker::new(store, clock)),
            configuration: Arc::new(Configuration {
                public_url: "http://localhost:3000".to_owned(),
                public_url_is_loopback: true,
                access_token_lifetime_minutes: 60,
                pinned_clients: Vec::new(),
            }),
        };
        Self {
            catalog: Arc::new(CatalogService::new(dependencies.clone())),
            ingestion: Arc::new(IngestionService::new(dependencies.clone())),
            folder,
            pages,
            dependencies,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn file(&self, name: &str) -> Target {
        Target::File(self.path(name).to_str().unwrap().to_owned())
    }

    /// Configures these files: name, and kinds allowed.
    pub async fn configure(&self, files: &[(&str, Option<&[&str]>)]) {
        let locations: Vec<_> = files
            .iter()
            .map(|(name, allow)| {
                (self.file(name), allow.map(|kinds| kinds.iter().map(ToString::to_string).collect()))
            })
            .collect();
        self.ingestion.configure(&locations).await.unwrap();
    }

    /// What the last published run of a file came to, and what it rejected.
    pub async fn outcome(&self, name: &str) -> (RunOutcome, Vec<Rejection>) {
        let id = self.file(name).location_id();
        let location = self.ingestion.location_list().await.unwrap().into_iter().find(|found| found.id == id);
        let outcome =
            location.and_then(|location| location.last_outcome).expect("the location was published");
        (outcome, self.ingestion.rejection_list(&id, 1_000).await.unwrap())
    }

    pub async fn failure(&self, id: &LocationId) -> Option<String> {
        let locations = self.ingestion.location_list().await.unwrap();
        locations.into_iter().find(|location| location.id == *id)?.last_failure.map(|(_, reason)| reason)
    }

    /// References of everything in the catalog.
    pub async fn refs(&self) -> Vec<String> {
        let page = self.catalog.search("", None, 0, 500).await.unwrap();
        let mut refs: Vec<_> = page.items.into_iter().map(|entity| entity.entity_ref.to_string()).collect();
        refs.sort();
        refs
    }

    /// The relations of an entity, as text.
    pub async fn relations(&self, entity_ref: &str) -> Vec<String> {
        let entity =
            self.catalog.entity(&entity_ref.parse().unwrap()).await.unwrap().expect("it is in the catalog");
        entity.relations.iter().map(|relation| format!("{} {}", relation.kind, relation.target)).collect()
    }
}

pub fn agent() -> Actor {
    Actor::Agent {
        user_id: "1".to_owned(),
        name: "user:default/ada".to_owned(),
        client_id: "https://agent.example/client".to_owned(),
    }
}
