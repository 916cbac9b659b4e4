//! Databases for tests: each its own, empty and up to date.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use portal_core::ports::Store;
use portal_store::{Durability, OpenOptions, SqlStore};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

/// Names the PostgreSQL on which tests make schemas: `postgres://user@host:port/database`.
pub const POSTGRES_VARIABLE: &str = "PORTAL_TEST_POSTGRES_URL";

/// An engine to test on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A schema of the PostgreSQL that [`POSTGRES_VARIABLE`] names.
    Postgres,
}

/// An empty database that goes when the test is over.
pub struct TestDatabase {
    store: Arc<SqlStore>,
    address: String,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Schema { server: String, name: String },
}

impl TestDatabase {
    /// A fresh database.
    pub async fn create(engine: Engine) -> Self {
        Self::create_with(engine, OpenOptions::default()).await
    }

    /// A fresh database, opened in this way, except that it never waits for the disk.
    pub async fn create_with(engine: Engine, options: OpenOptions) -> Self {
        let options = OpenOptions { durability: Durability::Off, postgres_connections: 4, ..options };
        let (place, address) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder can be made");
                let address = format!("sqlite://{}", folder.path().join("portal.db").display());
                (Place::Folder(folder), address)
            }
            Engine::Postgres => create_schema().await,
        };
        let store = SqlStore::open(&address, &options).await.expect("a fresh database can be opened");
        Self { store: Arc::new(store), address, place }
    }

    /// The store on it.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    /// The store on it, with what the adapter adds to the port.
    #[must_use]
    pub fn sql_store(&self) -> &Arc<SqlStore> {
        &self.store
    }

    /// Its address, for another store on it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The folder of a SQLite file.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Schema { .. } => None,
        }
    }

    /// Closes it and deletes what was in it. Without this call, a schema stays behind.
    pub async fn remove(self) {
        self.store.close().await;
        if let Place::Schema { server, name } = &self.place {
            let mut connection = PgConnection::connect(server).await.expect("PostgreSQL can be reached");
            drop_schema(&mut connection, name).await;
        }
    }
}

async fn create_schema() -> (Place, String) {
    static SCHEMAS: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
        panic!("{POSTGRES_VARIABLE} is not set: `cargo xtask test` starts a PostgreSQL and sets it");
    };
    // Process ids come again: what an earlier run left behind is in the way.
    let name = format!("portal_test_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL can be reached");
    drop_schema(&mut connection, &name).await;
    connection
        .execute(AssertSqlSafe(format!("CREATE SCHEMA {name}")))
        .await
        .expect("the user may make schemas");
    let separator = if server.contains('?') { '&' } else { '?' };
    let address = format!("{server}{separator}options[search_path]={name}");
    (Place::Schema { server, name }, address)
}

async fn drop_schema(connection: &mut PgConnection, name: &str) {
    let statement = format!("DROP SCHEMA IF EXISTS {name} CASCADE");
    connection.execute(AssertSqlSafe(statement)).await.expect("the user may drop schemas");
}
