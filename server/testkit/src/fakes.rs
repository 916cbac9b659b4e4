//! The world around Portal, made up: client documents, descriptor files, a store that goes away.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use portal_core::{
    ingestion::Target,
    ports::{
        DocumentFetcher, FetchError, FetchedDocument, FetchedLogo, LocationReader, PictureMaker, ReadError,
        ReadFile, ReadTransaction, SelfProbe, SelfProbeAnswer, SelfProbeRequest, Store, StoreError,
        WriteTransaction,
    },
};
use portal_store::SqlStore;

/// Client documents by address; every other address has none.
#[derive(Default)]
pub struct ScriptedFetcher {
    documents: Mutex<HashMap<String, Result<String, FetchError>>>,
    logos: Mutex<HashMap<String, Vec<u8>>>,
    fetched: Mutex<Vec<String>>,
}

impl ScriptedFetcher {
    /// Serves a document from now on.
    pub fn serve(&self, url: &str, body: &serde_json::Value) {
        self.answer(url, Ok(body.to_string()));
    }

    /// Fails from now on.
    pub fn fail(&self, url: &str, error: FetchError) {
        self.answer(url, Err(error));
    }

    /// Serves a picture from now on; `None` for nothing. Taken as it is: making pictures anew is the real fetcher's business.
    pub fn serve_logo(&self, url: &str, png: Option<&[u8]>) {
        let mut logos = self.logos.lock().unwrap_or_else(PoisonError::into_inner);
        match png {
            Some(png) => logos.insert(url.to_owned(), png.to_vec()),
            None => logos.remove(url),
        };
    }

    fn answer(&self, url: &str, answer: Result<String, FetchError>) {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), answer);
    }

    /// Every address fetched so far, in order.
    #[must_use]
    pub fn fetched(&self) -> Vec<String> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl DocumentFetcher for ScriptedFetcher {
    async fn fetch(&self, client_id_url: &str) -> Result<FetchedDocument, FetchError> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).push(client_id_url.to_owned());
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        match documents.get(client_id_url) {
            Some(Ok(body)) => {
                Ok(FetchedDocument { body: body.clone().into_bytes(), fresh_for_seconds: Some(300) })
            }
            Some(Err(error)) => Err(error.clone()),
            None => Err(FetchError::Status(404)),
        }
    }

    async fn fetch_logo(&self, logo_uri: &str) -> Result<FetchedLogo, FetchError> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).push(logo_uri.to_owned());
        let logos = self.logos.lock().unwrap_or_else(PoisonError::into_inner);
        let png = logos.get(logo_uri).cloned().ok_or(FetchError::Status(404))?;
        Ok(FetchedLogo { png, fresh_for_seconds: None })
    }

    async fn fetch_keys(&self, jwks_uri: &str) -> Result<FetchedDocument, FetchError> {
        self.fetch(jwks_uri).await
    }
}

/// Descriptor files by the name in their location; every other file is missing.
#[derive(Default)]
pub struct ScriptedReader {
    files: Mutex<HashMap<String, String>>,
}

impl ScriptedReader {
    /// Puts a file there.
    pub fn put(&self, name: &str, text: &str) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), text.to_owned());
    }
}

#[async_trait]
impl LocationReader for ScriptedReader {
    async fn read(&self, _root: &Target, _base: Option<&str>, target: &str) -> Result<ReadFile, ReadError> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let text = files.get(target).cloned().ok_or_else(|| ReadError::Unreachable {
            target: target.to_owned(),
            reason: "there is no such file".to_owned(),
        })?;
        Ok(ReadFile { name: target.to_owned(), text })
    }
}

/// Leads nowhere: Portal cannot be reached at its public URL.
pub struct NoWay;

#[async_trait]
impl SelfProbe for NoWay {
    async fn ask(&self, _request: &SelfProbeRequest) -> Result<SelfProbeAnswer, FetchError> {
        Err(FetchError::Connect)
    }
}

/// Takes no picture.
pub struct NoPictures;

#[async_trait]
impl PictureMaker for NoPictures {
    async fn remake(&self, _content_type: &str, _bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::NotPicture)
    }
}

/// A store that a test can take away.
pub struct BreakableStore {
    /// The store.
    pub inner: Arc<SqlStore>,
    broken: AtomicBool,
}

impl BreakableStore {
    /// A store that is there.
    #[must_use]
    pub fn new(inner: Arc<SqlStore>) -> Self {
        Self { inner, broken: AtomicBool::new(false) }
    }

    /// Takes it away, or gives it back.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("taken away by the test".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Store for BreakableStore {
    async fn read(&self) -> Result<Box<dyn ReadTransaction>, StoreError> {
        self.check()?;
        self.inner.read().await
    }

    async fn write(&self) -> Result<Box<dyn WriteTransaction>, StoreError> {
        self.check()?;
        self.inner.write().await
    }
}
