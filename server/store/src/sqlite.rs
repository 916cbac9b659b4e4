//! What is special about SQLite: files, locks and connections.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    error::OpenError,
    migrations,
    store::{CommitCounts, Durability, OpenOptions},
    writer::{Turn, Writer},
};

/// Page cache of each connection that reads, in KiB.
const CACHE_SIZE_KIB: i32 = 8 * 1024;
/// Page cache of the connection that writes, in KiB: entities come into indexes all over the file.
const WRITER_CACHE_SIZE_KIB: i32 = 32 * 1024;
/// Pages of the log after which a commit brings them into the file: 16 MiB.
const CHECKPOINT_PAGES: u32 = 4_096;
/// To what the log is cut back once all of it is in the file, in bytes: staging a large catalog makes it grow.
const JOURNAL_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// A SQLite file: one connection that writes, some that read.
pub(crate) struct SqliteDatabase {
    path: PathBuf,
    writer: Writer,
    readers: SqlitePool,
}

/// Held while this process serves the database; released when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub struct ServingLock {
    _file: Option<File>,
}

impl ServingLock {
    /// For an engine on which several may serve.
    pub(crate) const fn shared() -> Self {
        Self { _file: None }
    }
}

impl SqliteDatabase {
    /// Opens the file, making it and its folder where they are missing, and brings it up to date.
    pub(crate) async fn open(address: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let path = path(address)?;
        create(&path).map_err(|source| OpenError::NotWritable { path: path.clone(), source })?;
        let connect = connect_options(&path, options);
        migrate(&path, &connect).await?;
        let readers = SqlitePoolOptions::new()
            .acquire_timeout(Duration::from_millis(options.wait_max_ms))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .max_connections(options.reader_connections.max(1))
            .connect_lazy_with(connect.clone().pragma("query_only", "ON"));
        let connect = connect
            .pragma("cache_size", format!("-{WRITER_CACHE_SIZE_KIB}"))
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string());
        Ok(Self { writer: Writer::start(connect, options), readers, path })
    }

    /// A snapshot to read from.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.readers.begin().await
    }

    /// A turn of the one connection that writes; `None` when too many wait for it already.
    pub(crate) async fn write(&self) -> Result<Option<Turn>, sqlx::Error> {
        self.writer.turn().await
    }

    /// What was committed since the start.
    pub(crate) fn commit_counts(&self) -> CommitCounts {
        self.writer.counts()
    }

    /// Claims the file for serving.
    pub(crate) fn lock_for_serving(&self) -> Result<ServingLock, OpenError> {
        let path = with_suffix(&self.path, ".lock");
        let not_writable = |source| OpenError::NotWritable { path: path.clone(), source };
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(not_writable)?;
        match file.try_lock() {
            Ok(()) => Ok(ServingLock { _file: Some(file) }),
            Err(fs::TryLockError::WouldBlock) => Err(OpenError::AlreadyServed { path: self.path.clone() }),
            Err(fs::TryLockError::Error(source)) => Err(not_writable(source)),
        }
    }

    /// Closes all connections, which moves the log into the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn path(address: &str) -> Result<PathBuf, OpenError> {
    let path =
        address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:")).unwrap_or(address);
    if path.is_empty() {
        return Err(OpenError::AddressUnknown("no file is named"));
    }
    if path.contains(":memory:") || path.contains('?') {
        return Err(OpenError::AddressUnknown("neither :memory: nor parameters are supported"));
    }
    Ok(PathBuf::from(path))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes folder and file. The file is for its owner only; SQLite gives the files beside it the same mode.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}

fn connect_options(path: &Path, options: &OpenOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(options.wait_max_ms))
        .synchronous(match options.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
            Durability::Off => SqliteSynchronous::Off,
        })
        .pragma("cache_size", format!("-{CACHE_SIZE_KIB}"))
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", JOURNAL_BYTES_MAX.to_string())
        .disable_statement_logging()
}

/// Applies what is missing. All of it in one immediate transaction: of several starts at once, one does the work.
async fn migrate(path: &Path, options: &SqliteConnectOptions) -> Result<(), OpenError> {
    let unreachable = |error: sqlx::Error| match error.as_database_error().and_then(DatabaseError::code) {
        // Read-only or cannot open: most often the folder, in which SQLite makes files beside the database.
        Some(code) if ["8", "14", "1032", "1544"].contains(&&*code) => {
            OpenError::NotWritable { path: path.to_owned(), source: io::ErrorKind::PermissionDenied.into() }
        }
        _ => OpenError::Unreachable(error.to_string()),
    };
    let mut connection = SqliteConnection::connect_with(options).await.map_err(unreachable)?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unreachable)?;
    migrations::sqlite()
        .run_direct(None, &mut *transaction, false)
        .await
        .map_err(|error| migrations::open_error(&error))?;
    transaction.commit().await.map_err(unreachable)?;
    connection.close().await.map_err(unreachable)
}
