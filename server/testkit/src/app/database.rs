//! A database that belongs to one test: a SQLite file, or a new PostgreSQL database where `PORTAL_TEST_APP_POSTGRES_URL`
//! names a server.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use portal_store::{Durability, OpenOptions, SqlStore};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

/// Names a PostgreSQL server and one of its databases.
const POSTGRES_URL: &str = "PORTAL_TEST_APP_POSTGRES_URL";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The database; a file goes with the last clone.
#[derive(Clone)]
pub(super) struct TestDatabase {
    address: String,
    options: OpenOptions,
    opened: Arc<AtomicU64>,
    _folder: Option<Arc<tempfile::TempDir>>,
}

impl TestDatabase {
    /// A new, empty database.
    pub async fn create() -> Self {
        Self::create_on(std::env::var(POSTGRES_URL).ok().as_deref()).await
    }

    /// A new, empty database on this PostgreSQL server, or else a file.
    pub async fn create_on(server: Option<&str>) -> Self {
        if let Some(server) = server {
            return Self::at(create_postgres(server).await);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("sqlite://{}", folder.path().join("portal.db").display());
        Self { _folder: Some(Arc::new(folder)), ..Self::at(address) }
    }

    /// One that is there, for a test that does not wait for the disk.
    fn at(address: String) -> Self {
        let options =
            OpenOptions { durability: Durability::Off, postgres_connections: 4, ..OpenOptions::default() };
        Self::with_options(address, options, 0)
    }

    /// One that is there, opened in this way; where another process has drawn ids, the seeds go on from here.
    pub fn with_options(address: String, options: OpenOptions, seed: u64) -> Self {
        Self { address, options, opened: Arc::new(AtomicU64::new(seed)), _folder: None }
    }

    /// Runs SQL as somebody would who has the database itself.
    pub async fn execute(&self, sql: &'static str) {
        if self.address.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.address).await.expect("a connection");
            connection.execute(sql).await.expect("SQL that runs");
            connection.close().await.expect("an end");
        } else {
            let mut connection = SqliteConnection::connect(&self.address).await.expect("a connection");
            connection.execute(sql).await.expect("SQL that runs");
            connection.close().await.expect("an end");
        }
    }

    /// Everything that is stored, as text: what a copy of the database would show.
    pub async fn dump(&self) -> String {
        if self.address.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.address).await.expect("a connection");
            let names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
            let tables: Vec<String> =
                sqlx::query_scalar(names).fetch_all(&mut connection).await.expect("tables");
            let mut dump = String::new();
            for table in tables {
                let rows = format!("SELECT t::text FROM {table} t");
                let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(rows));
                dump.push_str(&rows.fetch_all(&mut connection).await.expect("rows").join("\n"));
            }
            connection.close().await.expect("an end");
            return dump;
        }
        let path = self.address.trim_start_matches("sqlite://");
        let files = [path.to_owned(), format!("{path}-wal")];
        let bytes = files.iter().filter_map(|path| std::fs::read(path).ok()).flatten().collect::<Vec<u8>>();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its address, for another process.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The number that a query of one row and one column gives.
    pub async fn number(&self, sql: &'static str) -> i64 {
        if self.address.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.address).await.expect("a connection");
            let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number");
            connection.close().await.expect("an end");
            number
        } else {
            let mut connection = SqliteConnection::connect(&self.address).await.expect("a connection");
            let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number");
            connection.close().await.expect("an end");
            number
        }
    }

    /// Opens it, and says how often that has happened: a seed by which no id is drawn twice.
    pub async fn open(&self) -> (SqlStore, u64) {
        let store = SqlStore::open(&self.address, &self.options).await.expect("a database");
        (store, self.opened.fetch_add(1, Ordering::SeqCst))
    }
}

async fn create_postgres(server: &str) -> String {
    let name = format!("portal_app_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(server).await.expect("a PostgreSQL server");
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a new database");
    connection.close().await.expect("an end");
    let mut url = url::Url::parse(server).expect("a url");
    url.set_path(&name);
    url.into()
}
