//! The store: opening it, and starting transactions on it.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::ports::{ReadTransaction, Store, StoreError, WriteTransaction};

use crate::{
    error::{OpenError, store_error},
    postgres::PostgresDatabase,
    sqlite::{ServingLock, SqliteDatabase},
    statement::StatementLog,
    transaction::{Connection, SqlTransaction},
};

/// When SQLite waits for the disk. PostgreSQL follows its own configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// At every commit: nothing that was answered is lost. The only choice for a portal that people use.
    #[default]
    Full,
    /// Now and then: a power failure can take back the last commits.
    Normal,
    /// Never: a power failure can damage the file. For measurements and tests.
    Off,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// When SQLite waits for the disk.
    pub durability: Durability,
    /// Most connections that read a SQLite file at the same time.
    pub reader_connections: u32,
    /// Most transactions that write, or wait for their turn to, on SQLite; more are refused as unavailable.
    pub writer_queue_max: usize,
    /// Most transactions that share a commit on SQLite; 1 means that each has its own.
    pub group_transactions_max: usize,
    /// How long after its start a group of transactions still takes in others, in milliseconds.
    pub group_ms_max: u64,
    /// Most connections to PostgreSQL.
    pub postgres_connections: u32,
    /// How long to wait for a connection or a lock, in milliseconds.
    pub wait_max_ms: u64,
    /// Where to note which statements ran.
    pub statement_log: Option<Arc<StatementLog>>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            reader_connections: 4,
            writer_queue_max: 256,
            group_transactions_max: 128,
            group_ms_max: 5,
            postgres_connections: 16,
            wait_max_ms: 10_000,
            statement_log: None,
        }
    }
}

/// What was committed on SQLite since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitCounts {
    /// Transactions whose commit succeeded.
    pub transactions: u64,
    /// Commits that the engine made for them, each with one wait for the disk.
    pub commits: u64,
}

enum Engine {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

/// Portal's database: a SQLite file or a PostgreSQL database.
pub struct SqlStore {
    engine: Engine,
    log: Option<Arc<StatementLog>>,
}

impl SqlStore {
    /// Opens the database at `sqlite://path`, `postgres://…` or `postgresql://…`, creating what is missing, and
    /// brings it up to date. Several processes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`], in words for the admin.
    pub async fn open(address: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let engine = if address.starts_with("sqlite:") {
            Engine::Sqlite(SqliteDatabase::open(address, options).await?)
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            Engine::Postgres(PostgresDatabase::open(address, options).await?)
        } else {
            return Err(OpenError::AddressUnknown("this one starts otherwise"));
        };
        Ok(Self { engine, log: options.statement_log.clone() })
    }

    /// Claims the database for serving, until the lock is dropped. On SQLite one process at a time can; commands that
    /// only read or change something do not need it. On PostgreSQL everyone can.
    ///
    /// # Errors
    /// [`OpenError::AlreadyServed`] when another process has it, [`OpenError::NotWritable`] when the lock file
    /// (the database's name with `.lock`) cannot be made.
    pub fn lock_for_serving(&self) -> Result<ServingLock, OpenError> {
        match &self.engine {
            Engine::Sqlite(database) => database.lock_for_serving(),
            Engine::Postgres(_) => Ok(ServingLock::shared()),
        }
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub const fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// How many commits it took; `None` on PostgreSQL, which groups them by itself and does not say.
    #[must_use]
    pub fn commit_counts(&self) -> Option<CommitCounts> {
        match &self.engine {
            Engine::Sqlite(database) => Some(database.commit_counts()),
            Engine::Postgres(_) => None,
        }
    }

    /// Waits for running transactions and closes all connections; everything after is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(database) => database.close().await,
            Engine::Postgres(database) => database.close().await,
        }
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn read(&self) -> Result<Box<dyn ReadTransaction>, StoreError> {
        let begun = match &self.engine {
            Engine::Sqlite(database) => database.read().await.map(Connection::Sqlite),
            Engine::Postgres(database) => database.read().await.map(Connection::Postgres),
        };
        let connection = begun.map_err(|error| store_error("BEGIN_READ", &error))?;
        Ok(Box::new(SqlTransaction::new(connection, self.log.clone())))
    }

    async fn write(&self) -> Result<Box<dyn WriteTransaction>, StoreError> {
        let failed = |error| store_error("BEGIN_WRITE", &error);
        let connection = match &self.engine {
            Engine::Sqlite(database) => {
                let turn = database.write().await.map_err(failed)?;
                let full = || StoreError::Unavailable("too many wait to write".to_owned());
                Connection::Writer(turn.ok_or_else(full)?)
            }
            Engine::Postgres(database) => Connection::Postgres(database.write().await.map_err(failed)?),
        };
        Ok(Box::new(SqlTransaction::new(connection, self.log.clone())))
    }
}
