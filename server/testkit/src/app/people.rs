//! People of a directory, as a run would have published them.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    changes::Topic,
    ingestion::{Location, LocationOrigin, Provenance, Target, stage_document},
    org::{
        DirectoryEmail, DirectoryIdentity, DirectoryPerson, IdentityKey, IdentityStanding, ProviderId,
        ProviderKind, ProviderOptions, Standing, Subject,
    },
    ports::{
        Clock as _, ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
        DirectoryEventRequest, DirectoryPage, DirectoryRead, PersonKey, PersonNow,
    },
    services::Directory,
};
use portal_model::EntityRef;
use serde_json::json;

use super::TestApp;

/// Someone of a directory.
#[derive(Debug, Clone)]
pub struct DirectoryEntry {
    /// Id of the provider.
    pub provider: String,
    /// The stable id.
    pub subject: String,
    /// The name of the entity, in the namespace `default`.
    pub name: String,
    /// An e-mail address that the directory vouches for.
    pub email: Option<String>,
    /// Whether they may be in the catalog.
    pub standing: Standing,
}

impl DirectoryEntry {
    /// Someone active with an address at `example.com`.
    #[must_use]
    pub fn new(provider: &str, subject: &str, name: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            subject: subject.to_owned(),
            name: name.to_owned(),
            email: Some(format!("{name}@example.com")),
            standing: Standing::Active,
        }
    }

    fn entity_ref(&self) -> EntityRef {
        EntityRef::new("user", "default", &self.name).expect("a name of an entity")
    }

    fn identity(&self, app: &TestApp) -> DirectoryIdentity {
        let provider = ProviderId::parse(&self.provider).expect("an id of a provider");
        let key = IdentityKey { provider, subject: Subject(self.subject.clone()) };
        let standing = IdentityStanding::from(&self.standing);
        let mut identity = DirectoryIdentity::new(key, self.entity_ref(), standing, app.clock.now());
        identity.describe(&DirectoryPerson {
            subject: Subject(self.subject.clone()),
            login: self.name.clone(),
            email: self.email.clone().map(|address| DirectoryEmail { address, verified: true }),
            display_name: None,
            picture: None,
            standing: self.standing.clone(),
            annotations: std::collections::BTreeMap::new(),
        });
        identity
    }
}

impl TestApp {
    /// Publishes someone of a directory, with the entity in the catalog while they are active.
    pub async fn publish_person(&self, entry: &DirectoryEntry) {
        let target = Target::Provider(entry.provider.clone());
        let location = Location {
            id: target.location_id(),
            target,
            allow: Some(vec!["user".to_owned(), "group".to_owned()]),
            origin: LocationOrigin::Provider,
            created_at: self.clock.now(),
            published_run: None,
            last_outcome: None,
            last_failure: None,
        };
        let place = format!("provider:{}", entry.provider);
        let document = json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "metadata": { "name": entry.name, "namespace": "default" },
            "spec": { "profile": { "email": entry.email }, "memberOf": [] },
        });
        let staged = stage_document(&document, Provenance { managed_by: &place, origin: &place });
        let mut tx = self.services.dependencies.store.write().await.expect("a transaction");
        tx.change_record(Topic::Access).await.expect("a counter");
        tx.change_record(Topic::Catalog).await.expect("a counter");
        tx.identity_put(&[entry.identity(self)]).await.expect("an identity");
        if tx.location_by_id(&location.id).await.expect("a location").is_none() {
            assert!(tx.location_put(&location).await.expect("a location"), "another location is there");
        }
        if entry.standing == Standing::Active {
            tx.entity_put(&location.id, &staged.expect("a valid entity")).await.expect("an entity");
        } else {
            tx.entity_delete(&location.id, &entry.entity_ref()).await.expect("an entity");
        }
        tx.commit().await.expect("a commit");
        self.services.dependencies.changes.expire();
    }
}

/// A directory of this id that nothing reads; its people are published by [`TestApp::publish_person`].
#[must_use]
pub fn test_directory(id: &str, kind: ProviderKind) -> Directory {
    Directory {
        options: ProviderOptions {
            id: ProviderId::parse(id).expect("an id of a provider"),
            kind,
            title: id.to_owned(),
            schedule_minutes: 60,
            delta_minutes: None,
            namespace: "default".to_owned(),
            authoritative: true,
            link: None,
            admin_groups: Vec::new(),
        },
        client: Arc::new(Unread),
    }
}

struct Unread;

#[async_trait]
impl DirectoryClient for Unread {
    async fn read(&self, _read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        Err(DirectoryError::Outage("nothing reads this directory".to_owned()))
    }

    async fn person(&self, _key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        Err(DirectoryError::Unsupported("nothing reads this directory".to_owned()))
    }

    fn event(&self, _request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        Err(DirectoryEventError::NotConfigured)
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        Err(DirectoryError::Outage("nothing reads this directory".to_owned()))
    }
}
