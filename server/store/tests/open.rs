//! Opening a database: what is made, what is refused, and in which words.

use std::{fs, sync::Arc};

use portal_core::ports::{Store as _, StoreError};
use portal_store::{OpenError, OpenOptions, SqlStore};
use portal_testkit::conformance::{Engine, TestDatabase};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

/// Pretends that a later version has been here.
const ADD_MIGRATION: &str =
    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of the future', TRUE, ";

async fn open(address: &str) -> Result<SqlStore, OpenError> {
    SqlStore::open(address, &OpenOptions::default()).await
}

/// The error of an opening that must fail.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn refusal(address: &str) -> OpenError {
    open(address).await.err().unwrap()
}

#[tokio::test]
async fn folder_and_file_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/folder/portal.db");
    let store = open(&format!("sqlite://{}", file.display())).await.unwrap();
    assert_eq!(store.engine_name(), "sqlite");
    assert!(file.is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    store.close().await;
}

#[tokio::test]
async fn unknown_addresses_are_refused() {
    for address in
        ["mysql://localhost/portal", "portal.db", "", "sqlite://", "sqlite://:memory:", "sqlite://a?mode=ro"]
    {
        let error = refusal(address).await;
        assert!(matches!(error, OpenError::AddressUnknown(_)), "{address}: {error}");
        assert!(error.to_string().contains("sqlite://"), "{error}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refusal(&format!("sqlite://{}", file.join("portal.db").display())).await;
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
    assert!(error.to_string().contains("portal.db"), "{error}");
}

#[tokio::test]
async fn another_file_is_not_taken_for_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.db");
    fs::write(&file, "This is a letter, not a database. ".repeat(100)).unwrap();
    let error = refusal(&format!("sqlite://{}", file.display())).await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("This is a letter"));
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_refused_without_its_password() {
    let error = refusal("postgres://portal:secret-word@127.0.0.1:1/portal").await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret-word"), "{error}");
}

#[tokio::test]
async fn a_newer_sqlite_database_is_refused() {
    let database = TestDatabase::create(Engine::Sqlite).await;
    let mut connection = SqliteConnection::connect(database.address()).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("{ADD_MIGRATION} x'00', 1)"));
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    let error = refusal(database.address()).await;
    assert!(matches!(error, OpenError::Newer(9999)), "{error}");
}

#[tokio::test]
async fn a_newer_postgres_database_is_refused() {
    let database = TestDatabase::create(Engine::Postgres).await;
    let mut connection = PgConnection::connect(database.address()).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("{ADD_MIGRATION} '\\x00', 1)"));
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    let error = refusal(database.address()).await;
    assert!(matches!(error, OpenError::Newer(9999)), "{error}");
    // The refusal leaves no lock behind that would stop the next one.
    assert!(matches!(refusal(database.address()).await, OpenError::Newer(9999)));
    database.remove().await;
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let database = TestDatabase::create(Engine::Sqlite).await;
    let mut connection = SqliteConnection::connect(database.address()).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'").execute(&mut connection).await.unwrap();
    let error = refusal(database.address()).await;
    assert!(matches!(error, OpenError::MigrationChanged(1)), "{error}");
}

#[tokio::test]
async fn several_starts_at_once_agree() {
    let folder = tempfile::tempdir().unwrap();
    let address = Arc::new(format!("sqlite://{}", folder.path().join("portal.db").display()));
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let address = Arc::clone(&address);
        starts.spawn(async move {
            let store = open(&address).await.unwrap();
            store.read().await.unwrap().setting_list().await.unwrap()
        });
    }
    while let Some(started) = starts.join_next().await {
        assert_eq!(started.unwrap(), []);
    }
}

#[tokio::test]
async fn one_process_serves_a_sqlite_file_and_commands_work_beside_it() {
    let database = TestDatabase::create(Engine::Sqlite).await;
    let lock = database.sql_store().lock_for_serving().unwrap();
    let beside = open(database.address()).await.unwrap();
    let error = beside.lock_for_serving().unwrap_err();
    assert!(matches!(error, OpenError::AlreadyServed { .. }), "{error}");
    let mut tx = beside.write().await.unwrap();
    tx.setting_put("a", "1").await.unwrap();
    tx.commit().await.unwrap();
    let list = database.store().read().await.unwrap().setting_list().await.unwrap();
    assert_eq!(list, [("a".to_owned(), "1".to_owned())]);
    drop(lock);
    beside.lock_for_serving().unwrap();
}

#[tokio::test]
async fn several_serve_a_postgres_database() {
    let database = TestDatabase::create(Engine::Postgres).await;
    let _first = database.sql_store().lock_for_serving().unwrap();
    let _second = database.sql_store().lock_for_serving().unwrap();
    database.remove().await;
}

#[tokio::test]
async fn a_full_queue_of_writers_turns_the_next_away() {
    let options = OpenOptions { writer_queue_max: 1, ..OpenOptions::default() };
    let database = TestDatabase::create_with(Engine::Sqlite, options).await;
    let store = database.store();
    let writer = store.write().await.unwrap();
    let refused = store.write().await.err().unwrap();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    drop(writer);
    store.write().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_writer_that_waits_too_long_is_turned_away() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let options = OpenOptions { wait_max_ms: 50, ..OpenOptions::default() };
        let database = TestDatabase::create_with(engine, options).await;
        let store = database.store();
        let mut writers = Vec::new();
        let refused = loop {
            match store.write().await {
                Ok(writer) => writers.push(writer),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
        drop(writers);
        store.write().await.unwrap().commit().await.unwrap();
        database.remove().await;
    }
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = TestDatabase::create(engine).await;
        database.sql_store().close().await;
        let refused = database.store().write().await.err().unwrap();
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
        database.remove().await;
    }
}
